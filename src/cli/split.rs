//! `split`: what a settlement would say now, or would have said at an earlier size. Writes nothing.

use clap::Args;

use crate::cli::{
    args::LedgerArgs,
    error::{Exit, Failure},
    session::Session,
    statement_of_account::{json, words},
    verified,
};

/// Compute what a settlement would say now, or at an earlier size; writes nothing
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  counterfoil split agr1...
  counterfoil split dispute.counterfoil --at 12")]
pub(super) struct SplitArgs {
    #[command(flatten)]
    ledger: LedgerArgs,
    /// Cover the entries before this number, as a settlement there would [default: all]
    #[arg(long, value_name = "ENTRIES")]
    at: Option<u64>,
}

pub(super) fn run(args: &SplitArgs, session: &mut Session) -> Result<Exit, Failure> {
    let wanted = args.ledger.apply(&mut session.settings);
    let ledger = verified::open(session, wanted)?;
    let at = args.at.unwrap_or(ledger.agreement.size());
    let agreement = ledger.agreement_for(at)?;
    let account = agreement.account_at(at)?;
    session.output.answer(|| json(&account), || words(&account))?;
    session.output.next("to make it stand: counterfoil settle");
    Ok(ledger.exit())
}
