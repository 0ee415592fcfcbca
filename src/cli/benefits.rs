//! `benefits`: what came in, what went back, and where each report stands.

use clap::Args;
use serde_json::{Value, json};

use crate::{
    agreement::{Agreement, benefit::BenefitView},
    cli::{
        args::LedgerArgs,
        error::{Exit, Failure},
        output::plain,
        session::Session,
        table::Table,
        verified,
        words::short,
    },
    statement::terms::CurrencyCode,
};

/// List benefits and their reversals, and where each stands
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  counterfoil benefits agr1...
  counterfoil benefits dispute.counterfoil --stream support-sales --json")]
pub(super) struct BenefitsArgs {
    #[command(flatten)]
    ledger: LedgerArgs,
    /// Only of this stream
    #[arg(long, value_name = "NAME")]
    stream: Option<String>,
}

pub(super) fn run(args: &BenefitsArgs, session: &mut Session) -> Result<Exit, Failure> {
    let wanted = args.ledger.apply(&mut session.settings);
    let ledger = verified::open(session, wanted)?;
    let agreement = &ledger.agreement;
    let asked =
        |view: &BenefitView<'_>| args.stream.as_ref().is_none_or(|stream| view.benefit.stream.as_str() == stream);
    let views = || agreement.benefits().filter(asked);
    session.output.answer(
        || json!({ "agreement": agreement.id().to_string(), "benefits": views().map(|view| value(&view, agreement)).collect::<Vec<_>>() }),
        || {
            let mut table = Table::new(&[">ENTRY", "STREAM", "REPORTED BY", ">AMOUNT", "EARNED UNTIL", "STATE", "ID", "NOTE"]);
            for view in views() {
                table.row(row(&view, agreement));
                for reversal in view.reversals() {
                    let back = format!("-{}", amount_of(reversal.amount, &view.benefit.currency, agreement));
                    let index = reversal.index.to_string();
                    let (state, id) = (reversal.state.to_string(), short(&reversal.id.to_string()));
                    table.row([index, "  reversal".into(), String::new(), back, String::new(), state, id, String::new()]);
                }
            }
            table.text(0)
        },
    )?;
    Ok(ledger.exit())
}

fn row(view: &BenefitView<'_>, agreement: &Agreement) -> [String; 8] {
    let said = view.benefit;
    [
        view.index.to_string(),
        said.stream.to_string(),
        agreement.terms().parties[view.reporter].name.to_string(),
        amount_of(said.amount, &said.currency, agreement),
        said.period_end.to_string(),
        view.state.to_string(),
        short(&view.id.to_string()),
        plain(&said.note),
    ]
}

fn amount_of(minor: u64, code: &CurrencyCode, agreement: &Agreement) -> String {
    let currency = agreement.terms().currencies.iter().find(|currency| currency.code == *code);
    currency.map_or_else(|| format!("{minor} minor units of {code}"), |currency| currency.amount(minor.into()))
}

fn value(view: &BenefitView<'_>, agreement: &Agreement) -> Value {
    let said = view.benefit;
    let reversals: Vec<Value> = view
        .reversals()
        .map(|reversal| {
            json!({
                "statement": reversal.id.to_string(), "index": reversal.index, "amount_minor": reversal.amount,
                "state": reversal.state.as_str(), "confirmed_by_entry": reversal.confirmed,
            })
        })
        .collect();
    json!({
        "statement": view.id.to_string(), "index": view.index, "admitted": view.admitted.to_string(),
        "stream": said.stream.as_str(), "currency": said.currency.as_str(), "amount_minor": said.amount,
        "reporter": agreement.terms().parties[view.reporter].name.as_str(),
        "period_start": said.period_start.to_string(), "period_end": said.period_end.to_string(),
        "evidence": said.evidence.to_string(), "note": said.note, "state": view.state.as_str(),
        "confirmed_by_entry": view.confirmed, "reversals": reversals,
    })
}
