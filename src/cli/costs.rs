//! `costs`: what was reported as cost, and where each stands.

use clap::Args;
use serde_json::{Value, json};

use crate::{
    agreement::{Agreement, money::costs::CostView},
    cli::{
        args::LedgerArgs,
        error::{Exit, Failure},
        session::Session,
        table::Table,
        verified,
        words::short,
    },
};

/// List costs, and where each stands
#[derive(Args, Debug)]
#[command(after_help = "What of them is recouped is on the statement of account: counterfoil account.

Examples:
  counterfoil costs agr1...
  counterfoil costs dispute.counterfoil --json")]
pub(super) struct CostsArgs {
    #[command(flatten)]
    ledger: LedgerArgs,
}

pub(super) fn run(args: &CostsArgs, session: &mut Session) -> Result<Exit, Failure> {
    let wanted = args.ledger.apply(&mut session.settings);
    let ledger = verified::open(session, wanted)?;
    let agreement = &ledger.agreement;
    let costs = agreement.costs();
    session.output.answer(
        || json!({ "agreement": agreement.id().to_string(), "costs": costs.iter().map(|cost| value(cost, agreement)).collect::<Vec<_>>() }),
        || words(&costs, agreement),
    )?;
    Ok(ledger.exit())
}

fn words(costs: &[CostView], agreement: &Agreement) -> String {
    if costs.is_empty() {
        return "no costs were reported".to_owned();
    }
    let terms = agreement.terms();
    let mut table = Table::new(&[">ENTRY", "PARTY", "CATEGORY", ">AMOUNT", "STATE", "ID"]);
    for cost in costs {
        table.row([
            cost.index.to_string(),
            terms.parties[cost.party].name.to_string(),
            cost.category.to_string(),
            terms.currencies[cost.currency].amount(cost.amount.into()),
            cost.state.to_string(),
            short(&cost.id.to_string()),
        ]);
    }
    table.text(0)
}

fn value(cost: &CostView, agreement: &Agreement) -> Value {
    let terms = agreement.terms();
    json!({
        "statement": cost.id.to_string(), "index": cost.index, "admitted": cost.admitted.to_string(),
        "party": terms.parties[cost.party].name.as_str(), "category": cost.category.as_str(),
        "currency": terms.currencies[cost.currency].code.as_str(), "amount_minor": cost.amount,
        "invoice": cost.invoice.to_string(), "state": cost.state.as_str(), "confirmed_by_entry": cost.confirmed,
    })
}
