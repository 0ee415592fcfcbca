//! `settle`: a party states the account of all at a cut-off; admitted only if the law computes the same.

use clap::Args;

use crate::{
    agreement::Agreement,
    cli::{
        args::{AgreementArgs, SignArgs},
        error::{Exit, Failure},
        session::{Session, now},
        signing::Signer,
        statement_of_account::words,
    },
    statement::Body,
};

/// State the account of all parties at a cut-off
#[derive(Args, Debug)]
#[command(after_help = "The statement of account is computed here, from the entries; the server admits it only if it \
computes the same. Look at it first with `counterfoil split`. With a calendar, the closed period says what is covered: nobody \
chooses the moment.

Examples:
  counterfoil settle --key community.key
  counterfoil settle --at 12 --key community.key")]
pub(super) struct SettleArgs {
    /// Cover the entries before this one [default: all; with a calendar, those of the next closed period]
    #[arg(long, value_name = "SIZE")]
    at: Option<u64>,
    #[command(flatten)]
    agreement: AgreementArgs,
    #[command(flatten)]
    sign: SignArgs,
}

pub(super) fn run(args: &SettleArgs, session: &mut Session) -> Result<Exit, Failure> {
    let mut signer = Signer::begin(session, &args.sign, args.agreement.agreement.as_deref())?;
    let agreement = signer.agreement();
    let at = match args.at {
        Some(at) => at,
        None => agreement.next_settlement(now()).ok_or_else(|| no_cut_off(agreement))?,
    };
    let account = agreement.account_at(at)?;
    let preface = format!("{}\n", words(&account));
    signer.say(vec![Body::Settlement(account.settlement)], &preface, |_, _| {
        Some("`counterfoil account` prints the statement of account, and who pays whom".to_owned())
    })
}

fn no_cut_off(agreement: &Agreement) -> Failure {
    let failure = Failure::new(Exit::Refused, "no period is closed that is not settled").reason("PERIOD_NOT_CLOSED");
    if agreement.settlement_places().is_empty() {
        return failure.hint("all parties close the first one when it is over: counterfoil close-period");
    }
    failure.hint(
        "all parties close the next one when it is over: counterfoil close-period; counterfoil periods shows them",
    )
}
