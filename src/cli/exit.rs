//! `exit`: a party leaves under the exit terms.

use clap::Args;

use crate::{
    cli::{
        args::{AgreementArgs, SignArgs},
        error::{Exit, Failure},
        motions::after_moving,
        session::{Session, now},
        signing::Signer,
        words::time_text,
    },
    statement::{Body, change},
    time::Timestamp,
};

/// Leave the agreement under its exit terms
#[derive(Args, Debug)]
#[command(
    after_help = "What your party is entitled to by then stays its own. From that day on its points count less, as the exit terms \
say: with notice by one factor, without by another. Which it is, is shown before you are asked.

Example:
  counterfoil exit --on 2027-06-30 --reason \"other plans\" --key enterprise.key"
)]
pub(super) struct ExitArgs {
    /// The day from which on your party has left
    #[arg(long, value_name = "DATE")]
    on: Timestamp,
    /// Why, for the other parties
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    reason: String,
    #[command(flatten)]
    agreement: AgreementArgs,
    #[command(flatten)]
    sign: SignArgs,
}

pub(super) fn run(args: &ExitArgs, session: &mut Session) -> Result<Exit, Failure> {
    let mut signer = Signer::begin(session, &args.sign, args.agreement.agreement.as_deref())?;
    let preface = signer.agreement().terms().exit.map_or(String::new(), |exit| {
        let (factor, how) = match args.on >= now().days_later(exit.notice_days) {
            true => (exit.factor, "with"),
            false => (exit.factor_without_notice, "WITHOUT"),
        };
        format!(
            "Your party leaves {how} the notice of {} days: from {} on, {factor} of its points go on counting.\n\n",
            exit.notice_days,
            time_text(args.on)
        )
    });
    let body = change::Exit { leaves: args.on, reason: args.reason.clone() };
    let leaves = args.on;
    signer.say(vec![Body::Exit(body)], &preface, |after, entries| {
        let done = format!("your party leaves on {}; until then everything goes on", time_text(leaves));
        after_moving(after, entries, &done)
    })
}
