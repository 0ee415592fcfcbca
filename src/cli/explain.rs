//! `explain`: what stands behind one party's line, down to the last minor unit.

use clap::Args;
use serde_json::{Value, json};

use crate::{
    agreement::{
        Agreement,
        dispute::Effect,
        explain::{Step, StepKind},
        settle::Account,
    },
    cli::{
        args::LedgerArgs,
        error::{Exit, Failure},
        figures::percent,
        ids,
        output::heading,
        remedies,
        session::{Session, now},
        table::Table,
        verified::{self, VerifiedLedger},
    },
    split::{Exact, exact_text},
    statement::terms::{Currency, Terms},
};

/// Explain one party's line: every item, attestation, term and rounding step behind each minor unit
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  counterfoil explain --party community
  counterfoil explain dispute.counterfoil --party community --currency EUR --at 12
  counterfoil explain --party community --without 42")]
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
    /// Show instead what would be if this contribution, benefit or cost counted nothing: its entry, or st1...
    #[arg(long, value_name = "ENTRY|ID", conflicts_with = "at")]
    without: Option<String>,
}

pub(super) fn run(args: &ExplainArgs, session: &mut Session) -> Result<Exit, Failure> {
    let wanted = args.ledger.apply(&mut session.settings);
    let ledger = verified::open(session, wanted)?;
    if let Some(text) = &args.without {
        return without(session, &ledger, args, text);
    }
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

/// Sets beside each other what is and what would be without an entry.
fn without(session: &Session, ledger: &VerifiedLedger, args: &ExplainArgs, text: &str) -> Result<Exit, Failure> {
    let agreement = &ledger.agreement;
    let party = ids::party(agreement, &args.party)?;
    let position = currency(agreement, args.currency.as_deref())?;
    let known = remedies::disputable(agreement);
    let subject = remedies::find_disputable(text, &known)?;
    let entry = known.iter().find(|(_, id)| *id == subject).map(|(index, _)| *index);
    let effect = agreement.effect_without(subject, now())?;
    let terms = agreement.terms();
    let currency = &terms.currencies[position];
    let allocations = [allocated(&effect.before, position)?, allocated(&effect.after, position)?];
    let lines: Vec<Line<'_>> = (0..terms.parties.len()).map(|at| Line::of(&effect, &allocations, terms, at)).collect();
    let in_doubt = [&effect.before, &effect.after].iter().any(|account| account.figures[position].limits.is_some());
    let value = || {
        let lines: Vec<Value> = lines.iter().map(Line::json).collect();
        json!({
            "agreement": agreement.id().to_string(), "party": args.party, "currency": currency.code.as_str(),
            "without": subject.to_string(), "without_entry": entry, "in_doubt": in_doubt, "parties": lines,
        })
    };
    let words = || {
        let entry = entry.map_or_else(|| subject.to_string(), |entry| format!("entry {entry}"));
        let code = &currency.code;
        let mut table = Table::new(&["", ">share", ">allocated", ">share without", ">allocated without", ">it makes"]);
        lines.iter().for_each(|line| table.row(line.row(currency)));
        let makes = currency.amount(lines[party].difference().into());
        let title = heading(&format!("With and without {entry}, {code}"));
        let doubt = if in_doubt {
            "something is in doubt: this is what would be allocated if all stood as it is; payable now is what \
             `counterfoil split` says\n"
        } else {
            ""
        };
        format!("{title}\n\n{}\n{entry} makes {makes} for {}\n{doubt}", table.text(3), args.party)
    };
    session.output.answer(value, words)?;
    Ok(ledger.exit())
}

/// Returns what an account allocates to each party, were nothing in it in doubt.
fn allocated(account: &Account, currency: usize) -> Result<Vec<i64>, Failure> {
    let figures = &account.figures[currency];
    if figures.limits.is_none() {
        return Ok(figures.allocations.clone());
    }
    let apportioned = account.entitlements[currency].apportion_with(&figures.exact_reserve);
    let apportioned =
        apportioned.map_err(|cause| Failure::new(Exit::Fault, "this cannot be computed").because(cause))?;
    Ok((0..figures.allocations.len())
        .map(|party| apportioned.rounding(party).map_or(0, |rounding| rounding.allocation))
        .collect())
}

/// What a party has in one currency, with and without an entry.
struct Line<'a> {
    party: &'a str,
    shares: [Exact; 2],
    allocations: [i64; 2],
}

impl<'a> Line<'a> {
    fn of(effect: &Effect, allocations: &[Vec<i64>; 2], terms: &'a Terms, party: usize) -> Self {
        let accounts = [&effect.before, &effect.after];
        Self {
            party: terms.parties[party].name.as_str(),
            shares: accounts.map(|account| account.shares.shares.get(party).unwrap_or(Exact::ZERO)),
            allocations: [allocations[0][party], allocations[1][party]],
        }
    }

    const fn difference(&self) -> i64 {
        self.allocations[0].saturating_sub(self.allocations[1])
    }

    fn row(&self, currency: &Currency) -> [String; 6] {
        let [with, without] = self.allocations.map(|minor| currency.decimal(minor.into()));
        let [share, share_without] = [percent(&self.shares[0]), percent(&self.shares[1])];
        let makes = currency.decimal(self.difference().into());
        [self.party.to_owned(), share, with, share_without, without, makes]
    }

    fn json(&self) -> Value {
        json!({
            "party": self.party, "share": exact_text(&self.shares[0]), "share_without": exact_text(&self.shares[1]),
            "allocation_minor": self.allocations[0], "allocation_without_minor": self.allocations[1],
        })
    }
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
        text.push_str(&format!("  {}{entries}\n", step.text));
    }
    text
}

const INDEXES_SHOWN: usize = 12;

fn value(step: &Step) -> Value {
    json!({ "kind": step.kind.as_str(), "text": step.text, "value": step.value, "indexes": step.indexes })
}
