//! `close`: a party moves that the agreement ends.

use clap::Args;

use crate::{
    agreement::Agreement,
    cli::{
        args::{AgreementArgs, SignArgs},
        error::{Exit, Failure},
        motions::after_moving,
        session::Session,
        signing::Signer,
        words::time_text,
    },
    statement::{Body, change::Close},
};

/// Move that the agreement ends
#[derive(Args, Debug)]
#[command(
    after_help = "In force once all parties have accepted it. Then only what is left is reported, settled and paid; when the tail of \
the terms is over, the agreement is closed. Open disputes are decided first.

Example:
  counterfoil close --reason \"the model is finished\" --key community.key"
)]
pub(super) struct CloseArgs {
    /// Why, for the other parties
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    reason: String,
    #[command(flatten)]
    agreement: AgreementArgs,
    #[command(flatten)]
    sign: SignArgs,
}

pub(super) fn run(args: &CloseArgs, session: &mut Session) -> Result<Exit, Failure> {
    let mut signer = Signer::begin(session, &args.sign, args.agreement.agreement.as_deref())?;
    let body = Body::Close(Close { reason: args.reason.clone() });
    signer.say(vec![body], "", |after, entries| after_moving(after, entries, &ended(after)))
}

/// Says what is left of an agreement that ends.
pub(super) fn ended(agreement: &Agreement) -> String {
    let closed =
        agreement.closes().map_or(String::new(), |closes| format!(" until it is closed, on {}", time_text(closes)));
    format!("the agreement is wound down: report, settle and pay what is left{closed}")
}
