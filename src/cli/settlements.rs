//! `settlements`: the statements of account that were admitted.

use clap::Args;
use serde_json::{Value, json};

use crate::{
    agreement::{Agreement, settlement::SettlementEntry},
    cli::{
        args::LedgerArgs,
        error::{Exit, Failure},
        session::Session,
        table::Table,
        verified,
    },
};

/// List settlements: what was pooled, allocated and due in each
#[derive(Args, Debug)]
#[command(after_help = "Example:
  counterfoil settlements agr1...")]
pub(super) struct SettlementsArgs {
    #[command(flatten)]
    ledger: LedgerArgs,
}

pub(super) fn run(args: &SettlementsArgs, session: &mut Session) -> Result<Exit, Failure> {
    let wanted = args.ledger.apply(&mut session.settings);
    let ledger = verified::open(session, wanted)?;
    let agreement = &ledger.agreement;
    session.output.answer(
        || {
            let settlements: Vec<Value> = agreement.settlements().iter().map(|entry| value(entry, agreement)).collect();
            json!({ "agreement": agreement.id().to_string(), "settlements": settlements })
        },
        || {
            let mut table = Table::new(&[">ENTRY", ">COVERS", "SIGNED BY", "PARTY", ">ALLOCATED IN ALL", ">DUE THEN"]);
            agreement.settlements().iter().for_each(|entry| rows(entry, agreement, &mut table));
            table.text(0)
        },
    )?;
    Ok(ledger.exit())
}

fn rows(entry: &SettlementEntry, agreement: &Agreement, table: &mut Table) {
    let terms = agreement.terms();
    let mut head =
        [entry.index.to_string(), entry.settlement.tree_size.to_string(), terms.parties[entry.party].name.to_string()];
    for (account, currency) in entry.settlement.accounts.iter().zip(&terms.currencies) {
        for (line, party) in account.parties.iter().zip(&terms.parties) {
            let [index, covers, signer] = std::mem::take(&mut head);
            let allocated = currency.amount(line.allocation.into());
            table.row([index, covers, signer, party.name.to_string(), allocated, currency.amount(line.due.into())]);
        }
    }
}

fn value(entry: &SettlementEntry, agreement: &Agreement) -> Value {
    let terms = agreement.terms();
    let accounts: Vec<Value> = entry
        .settlement
        .accounts
        .iter()
        .map(|account| {
            let lines = account.parties.iter().zip(&terms.parties).map(|(line, party)| {
                json!({ "party": party.name.as_str(), "allocation_minor": line.allocation, "due_minor": line.due })
            });
            json!({
                "currency": account.currency.as_str(), "pool_minor": account.pool,
                "entitlements_digest": account.entitlements.to_string(), "parties": lines.collect::<Vec<_>>(),
            })
        })
        .collect();
    json!({
        "statement": entry.id.to_string(), "index": entry.index, "admitted": entry.admitted.to_string(),
        "party": terms.parties[entry.party].name.as_str(), "tree_size": entry.settlement.tree_size,
        "shares_digest": entry.settlement.shares.to_string(), "accounts": accounts,
    })
}
