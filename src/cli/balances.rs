//! `balances`: what every party has, is owed or owes, and whether all are better off than alone.

use clap::Args;
use serde_json::json;

use crate::cli::{
    args::LedgerArgs,
    error::{Exit, Failure},
    session::{Session, now},
    standing, verified,
};

/// Show what every party is owed or owes, what was paid, and whether all are better off than alone
#[derive(Args, Debug)]
#[command(
    after_help = "A balance is what the last settlement allocates to a party, less what it collected for the pool, less what \
it was paid, and what it paid. Above zero it is owed, below zero it owes.

Examples:
  counterfoil balances agr1...
  counterfoil balances dispute.counterfoil --json"
)]
pub(super) struct BalancesArgs {
    #[command(flatten)]
    ledger: LedgerArgs,
}

pub(super) fn run(args: &BalancesArgs, session: &mut Session) -> Result<Exit, Failure> {
    let wanted = args.ledger.apply(&mut session.settings);
    let ledger = verified::open(session, wanted)?;
    let agreement = &ledger.agreement;
    if agreement.settlement_places().is_empty() {
        return Err(Failure::usage("nothing is settled yet, so that nothing is due")
            .hint("see what a settlement would say: counterfoil split"));
    }
    let at = now();
    session.output.answer(
        || {
            let mut value = json!({ "agreement": agreement.id().to_string() });
            standing::extend(&mut value, agreement, at);
            value
        },
        || standing::words(agreement, at),
    )?;
    session.output.next("who owes pays, and says so: counterfoil pay PARTY AMOUNT --evidence FILE");
    Ok(ledger.exit())
}
