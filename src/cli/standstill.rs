//! `suspend` and `resume`: an agreement stands still, and goes on.

use clap::Args;

use crate::{
    cli::{
        args::{AgreementArgs, SignArgs},
        error::{Exit, Failure},
        motions::after_moving,
        session::Session,
        signing::Signer,
    },
    statement::{
        Body,
        change::{Resumption, Suspension},
    },
};

/// Move that the agreement stands still
#[derive(Args, Debug)]
#[command(
    after_help = "In force once all parties have accepted it. Nothing is worked on or settled then, and every window stands still, \
too; what is owed is still paid.

Example:
  counterfoil suspend --reason \"the data centre is flooded\" --key community.key"
)]
pub(super) struct SuspendArgs {
    /// Why, for the other parties
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    agreement: AgreementArgs,
    #[command(flatten)]
    sign: SignArgs,
}

/// Move that an agreement that stands still goes on
#[derive(Args, Debug)]
#[command(after_help = "In force once all parties have accepted it.

Example:
  counterfoil resume --key community.key")]
pub(super) struct ResumeArgs {
    /// Why, for the other parties
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    reason: String,
    #[command(flatten)]
    agreement: AgreementArgs,
    #[command(flatten)]
    sign: SignArgs,
}

pub(super) fn suspend(args: &SuspendArgs, session: &mut Session) -> Result<Exit, Failure> {
    let mut signer = Signer::begin(session, &args.sign, args.agreement.agreement.as_deref())?;
    let body = Body::Suspension(Suspension { reason: args.reason.clone() });
    signer.say(vec![body], "", |after, entries| {
        after_moving(after, entries, "the agreement stands still; it goes on with: counterfoil resume")
    })
}

pub(super) fn resume(args: &ResumeArgs, session: &mut Session) -> Result<Exit, Failure> {
    let mut signer = Signer::begin(session, &args.sign, args.agreement.agreement.as_deref())?;
    let body = Body::Resumption(Resumption { reason: args.reason.clone() });
    signer.say(vec![body], "", |after, entries| after_moving(after, entries, "the agreement goes on"))
}
