//! `balances`: what every party has, is owed or owes, and whether all are better off than alone.

use clap::Args;
use serde_json::json;

use crate::{
    agreement::{Agreement, money::views::Balance},
    cli::{
        args::LedgerArgs,
        error::{Exit, Failure},
        output::heading,
        session::{Session, now},
        standing,
        statement_of_account::kept_back,
        table::Table,
        verified,
    },
    statement::terms::Currency,
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
            let kept = kept(agreement).into_iter().map(
                |(currency, what, minor)| json!({ "currency": currency.code.as_str(), "what": what, "minor": minor }),
            );
            value["kept_by_collectors"] = kept.collect();
            value
        },
        || format!("{}{}", standing::words(agreement, at), kept_words(agreement)),
    )?;
    let balances = agreement.balances();
    let is_owed = |balance: &Balance| balance.balance > 0;
    if balances.iter().any(is_owed) {
        session.output.next("who owes pays, and says so: counterfoil pay PARTY AMOUNT --evidence FILE");
    }
    Ok(ledger.exit())
}

/// What of the pool is nobody's balance: the collectors owe it to no party now.
fn kept(agreement: &Agreement) -> Vec<(&Currency, String, u64)> {
    let Some(account) = agreement.last_account() else { return Vec::new() };
    let terms = agreement.terms();
    let of = |(position, currency)| {
        kept_back(account, terms, position).into_iter().map(move |(what, minor)| (currency, what, minor))
    };
    terms.currencies.iter().enumerate().flat_map(of).collect()
}

fn kept_words(agreement: &Agreement) -> String {
    let kept = kept(agreement);
    if kept.is_empty() {
        return String::new();
    }
    let mut table = Table::new(&["", ">"]);
    for (currency, what, minor) in kept {
        table.row([what, currency.amount(minor.into())]);
    }
    format!(
        "{}\n{}   so what is owed may be more than parties are owed: who pays fees on, the collectors settle among themselves\n",
        heading("With who collected it, and owed to no party now"),
        table.text(3)
    )
}
