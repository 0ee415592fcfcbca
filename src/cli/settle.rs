//! `settle`: a party states the account of all at a cut-off; admitted only if the law computes the same.

use clap::Args;

use crate::{
    cli::{
        args::{AgreementArgs, SignArgs},
        error::{Exit, Failure},
        session::Session,
        signing::Signer,
        statement_of_account::words,
    },
    statement::Body,
};

/// State the account of all parties at a cut-off
#[derive(Args, Debug)]
#[command(after_help = "The statement of account is computed here, from the entries; the server admits it only if it \
computes the same. Look at it first with `counterfoil split`.

Examples:
  counterfoil settle --key community.key
  counterfoil settle --at 12 --key community.key")]
pub(super) struct SettleArgs {
    /// Cover the entries before this one [default: all]
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
    let account = agreement.account_at(args.at.unwrap_or_else(|| agreement.size()))?;
    let preface = format!("{}\n", words(&account, agreement.terms()));
    signer.say(vec![Body::Settlement(account.settlement)], &preface, |_, _| {
        Some("`counterfoil account` prints the statement of account, and who pays whom".to_owned())
    })
}
