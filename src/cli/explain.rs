//! `explain`: what stands behind one party's line, down to the last minor unit.

use clap::Args;
use serde_json::{Value, json};

use crate::{
    agreement::{
        Agreement,
        explain::{Step, StepKind},
    },
    cli::{
        args::LedgerArgs,
        error::{Exit, Failure},
        ids,
        output::heading,
        session::Session,
        verified,
    },
};

/// Explain one party's line: every item, attestation, term and rounding step behind each minor unit
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  counterfoil explain --party community
  counterfoil explain dispute.counterfoil --party community --currency EUR --at 12")]
pub(super) struct ExplainArgs {
    #[command(flatten)]
    ledger: LedgerArgs,
    /// The party whose line is explained
    #[arg(long, value_name = "NAME")]
    party: String,
    /// The currency [default: the first of the terms]
    #[arg(long, value_name = "CODE")]
    currency: Option<String>,
    /// Cover the entries before this number, as a settlement there would [default: all]
    #[arg(long, value_name = "ENTRIES")]
    at: Option<u64>,
}

pub(super) fn run(args: &ExplainArgs, session: &mut Session) -> Result<Exit, Failure> {
    let wanted = args.ledger.apply(&mut session.settings);
    let ledger = verified::open(session, wanted)?;
    let at = args.at.unwrap_or(ledger.agreement.size());
    let agreement = ledger.agreement_for(at)?;
    let party = ids::party(&agreement, &args.party)?;
    let currency = currency(&agreement, args.currency.as_deref())?;
    let explanation = agreement.explain(party, currency, at)?;
    let name = agreement.terms().parties[party].name.as_str();
    let code = agreement.terms().currencies[currency].code.as_str();
    session.output.answer(
        || {
            let steps: Vec<Value> = explanation.steps.iter().map(value).collect();
            json!({ "agreement": agreement.id().to_string(), "party": name, "currency": code, "tree_size": at, "steps": steps })
        },
        || words(name, code, at, &explanation.steps),
    )?;
    Ok(ledger.exit())
}

fn currency(agreement: &Agreement, code: Option<&str>) -> Result<usize, Failure> {
    let Some(code) = code else { return Ok(0) };
    let currencies = &agreement.terms().currencies;
    let found = currencies.iter().position(|currency| currency.code.as_str() == code);
    found.ok_or_else(|| {
        let known: Vec<&str> = currencies.iter().map(|currency| currency.code.as_str()).collect();
        Failure::usage(format!("{code} is no currency of this agreement")).hint(format!("it has {}", known.join(", ")))
    })
}

fn words(party: &str, code: &str, at: u64, steps: &[Step]) -> String {
    let mut text = format!("{}\n", heading(&format!("{party}, {code}, entries before {at}")));
    let mut last: Option<StepKind> = None;
    for step in steps {
        if last != Some(step.kind) {
            text.push_str(&format!("\n{}\n", step.kind));
            last = Some(step.kind);
        }
        let entries = match step.indexes.as_slice() {
            [] => String::new(),
            [one] => format!("  [entry {one}]"),
            several if several.len() <= INDEXES_SHOWN => {
                let several: Vec<String> = several.iter().map(ToString::to_string).collect();
                format!("  [entries {}]", several.join(", "))
            }
            many => {
                format!("  [{} entries, {} to {}; all of them with --json]", many.len(), many[0], many[many.len() - 1])
            }
        };
        text.push_str(&format!("  {} = {}{entries}\n", step.text, step.value));
    }
    text
}

const INDEXES_SHOWN: usize = 12;

fn value(step: &Step) -> Value {
    json!({ "kind": step.kind.as_str(), "text": step.text, "value": step.value, "indexes": step.indexes })
}
