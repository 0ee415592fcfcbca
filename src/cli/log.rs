//! `log`: the entries of a ledger, one line each.

use clap::Args;
use serde_json::{Value, json};

use crate::{
    cli::{
        args::LedgerArgs,
        error::{Exit, Failure},
        ids,
        session::Session,
        table::Table,
        verified,
        words::Teller,
    },
    statement::Signed,
    time::Timestamp,
};

/// List the entries of a ledger, one line each
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  counterfoil log agr1...
  counterfoil log dispute.counterfoil --from 12 --count 1 --json")]
pub(super) struct LogArgs {
    #[command(flatten)]
    ledger: LedgerArgs,
    /// The first entry to show
    #[arg(long, value_name = "ENTRY", default_value_t = 0)]
    from: u64,
    /// At most so many entries
    #[arg(long, value_name = "NUMBER")]
    count: Option<u64>,
    /// Only the entries of this statement, st1... or its beginning
    #[arg(long, value_name = "ID")]
    statement: Option<String>,
}

/// An entry to show.
struct Line {
    index: u64,
    admitted: Timestamp,
    /// `None` if nobody signed what stands there.
    signed: Option<Signed>,
    /// Whether the law let it in.
    holds: bool,
}

pub(super) fn run(args: &LogArgs, session: &mut Session) -> Result<Exit, Failure> {
    let wanted = args.ledger.apply(&mut session.settings);
    let only = args.statement.as_deref();
    if let Some(only) = only.filter(|only| !ids::is_beginning(only)) {
        return Err(Failure::usage(format!("`{only}` is no id")).hint("give st1... in full or by its beginning"));
    }
    let end = args.count.map_or(u64::MAX, |count| args.from.saturating_add(count));
    let (mut lines, mut places) = (Vec::new(), Vec::new());
    let ledger = verified::open_each(session, wanted, |entry| {
        places.extend(entry.signed.map(|signed| (signed.id(), entry.index)));
        let asked =
            only.is_none_or(|only| entry.signed.is_some_and(|signed| signed.id().to_string().starts_with(only)));
        if (args.from..end).contains(&entry.index) && asked {
            let (signed, admitted) = (entry.signed.cloned(), entry.entry.admitted);
            lines.push(Line { index: entry.index, admitted, signed, holds: entry.admitted });
        }
    })?;
    let agreement = &ledger.agreement;
    let mut teller = Teller::of(agreement);
    // The first entry founded what all others speak of.
    places.into_iter().skip(1).for_each(|(id, index)| teller.learn(id, index));
    let says = |line: &Line| match &line.signed {
        Some(signed) if line.holds => teller.line(&signed.statement().body),
        Some(signed) => format!("NOT ADMITTED: {}", teller.line(&signed.statement().body)),
        None => "NOT SIGNED: see counterfoil audit".to_owned(),
    };
    let who = |line: &Line| line.signed.as_ref().map(|signed| teller.party(signed.statement().signer));
    let value = || {
        let entries: Vec<Value> = lines
            .iter()
            .map(|line| {
                json!({
                    "index": line.index,
                    "admitted": line.admitted.to_string(),
                    "statement": line.signed.as_ref().map(|signed| signed.id().to_string()),
                    "kind": line.signed.as_ref().map(|signed| signed.statement().body.kind().as_str()),
                    "signer": line.signed.as_ref().map(|signed| signed.statement().signer.to_string()),
                    "party": who(line),
                    "holds": line.holds,
                    "says": says(line),
                })
            })
            .collect();
        json!({ "agreement": agreement.id().to_string(), "tree_size": ledger.report.entries, "entries": entries })
    };
    let words = || {
        let mut table = Table::new(&[">ENTRY", "ADMITTED", "PARTY", "SAYS"]);
        for line in &lines {
            table.row([line.index.to_string(), line.admitted.to_string(), who(line).unwrap_or_default(), says(line)]);
        }
        table.text(0)
    };
    session.output.answer(value, words)?;
    Ok(ledger.exit())
}
