//! `periods`: the periods of the calendar, who has closed them, and which reports are missing.

use clap::Args;
use serde_json::{Value, json};

use crate::{
    agreement::{
        Agreement,
        money::periods::{PeriodState, PeriodView},
    },
    cli::{
        args::LedgerArgs,
        error::{Exit, Failure},
        period::Period,
        session::{Session, now},
        table::Table,
        verified,
        words::time_text,
    },
};

/// Show the periods: who has closed them, what their settlements cover, which reports are missing
#[derive(Args, Debug)]
#[command(after_help = "Shown are the periods that the last settlement covers, and all after them.

Examples:
  counterfoil periods agr1...
  counterfoil periods dispute.counterfoil --json")]
pub(super) struct PeriodsArgs {
    #[command(flatten)]
    ledger: LedgerArgs,
}

pub(super) fn run(args: &PeriodsArgs, session: &mut Session) -> Result<Exit, Failure> {
    let wanted = args.ledger.apply(&mut session.settings);
    let ledger = verified::open(session, wanted)?;
    let agreement = &ledger.agreement;
    let views = agreement.periods(now());
    session.output.answer(
        || json!({ "agreement": agreement.id().to_string(), "periods": views.iter().map(|view| value(view, agreement)).collect::<Vec<_>>() }),
        || words(&views, agreement),
    )?;
    Ok(ledger.exit())
}

fn words(views: &[PeriodView], agreement: &Agreement) -> String {
    if views.is_empty() {
        return match agreement.terms().calendar {
            None => "the terms have no calendar: the parties settle when they like".to_owned(),
            Some(_) => "the agreement is not in force yet: its first period is the one in which it is".to_owned(),
        };
    }
    let mut table =
        Table::new(&["PERIOD", "UNTIL", "STATE", "CLOSED BY", "CLOSES ITSELF AFTER", ">COVERS", "NO REPORT OF"]);
    for view in views {
        table.row([
            name(view, agreement),
            view.end.map(time_text).unwrap_or_default(),
            state(view.state).to_owned(),
            closers(view, agreement).join(", "),
            view.deadline.map(time_text).unwrap_or_default(),
            view.cut_off.map(|cut_off| cut_off.to_string()).unwrap_or_default(),
            missing(view, agreement).join(", "),
        ]);
    }
    table.text(0)
}

const fn state(state: PeriodState) -> &'static str {
    match state {
        PeriodState::Running => "RUNNING",
        PeriodState::Over => "OVER",
        PeriodState::Closed => "CLOSED",
        PeriodState::Settled => "SETTLED",
    }
}

fn name(view: &PeriodView, agreement: &Agreement) -> String {
    let calendar = agreement.terms().calendar;
    calendar.map_or_else(|| view.period.to_string(), |calendar| Period::numbered(calendar, view.period).to_string())
}

fn closers(view: &PeriodView, agreement: &Agreement) -> Vec<String> {
    view.closed_by.keys().map(|party| agreement.terms().parties[*party].name.to_string()).collect()
}

fn missing(view: &PeriodView, agreement: &Agreement) -> Vec<String> {
    view.missing.iter().map(|stream| agreement.terms().streams[*stream].name.to_string()).collect()
}

fn value(view: &PeriodView, agreement: &Agreement) -> Value {
    json!({
        "period": name(view, agreement), "number": view.period, "state": state(view.state),
        "start": view.start.map(|start| start.to_string()), "end": view.end.map(|end| end.to_string()),
        "deadline": view.deadline.map(|deadline| deadline.to_string()), "closed_by": closers(view, agreement),
        "covers_entries": view.cut_off, "missing_reports": missing(view, agreement),
    })
}
