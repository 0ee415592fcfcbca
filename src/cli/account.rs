//! `account`: the statement of account of the last settlement.

use clap::Args;

use crate::cli::{
    args::LedgerArgs,
    error::{Exit, Failure},
    session::Session,
    statement_of_account::{json, words},
    verified,
};

/// Show the statement of account of the last settlement: T, S, W, and who gets what
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  counterfoil account agr1...
  counterfoil account dispute.counterfoil --json")]
pub(super) struct AccountArgs {
    #[command(flatten)]
    ledger: LedgerArgs,
}

pub(super) fn run(args: &AccountArgs, session: &mut Session) -> Result<Exit, Failure> {
    let wanted = args.ledger.apply(&mut session.settings);
    let ledger = verified::open(session, wanted)?;
    let agreement = &ledger.agreement;
    let Some(account) = agreement.last_account() else {
        return Err(Failure::usage("nothing is settled yet").hint("see what a settlement would say: counterfoil split"));
    };
    session.output.answer(|| json(account, agreement.terms()), || words(account, agreement.terms()))?;
    Ok(ledger.exit())
}
