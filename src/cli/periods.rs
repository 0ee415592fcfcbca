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
        words::{Teller, time_text},
    },
    keys::PublicKey,
    statement::Body,
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
    let mut closings: Vec<(u32, PublicKey)> = Vec::new();
    let ledger = verified::open_each(session, wanted, |entry| {
        if let Some(signed) = entry.signed.filter(|_| entry.admitted)
            && let Body::Closing(closing) = signed.statement().body
        {
            closings.push((closing.period, signed.statement().signer));
        }
    })?;
    let agreement = &ledger.agreement;
    let teller = Teller::of(agreement);
    let closed: Vec<(u32, String)> =
        closings.into_iter().map(|(period, signer)| (period, teller.party(signer))).collect();
    let views = agreement.periods(now());
    session.output.answer(
        || {
            let periods: Vec<Value> = views.iter().map(|view| value(view, agreement, &closed)).collect();
            json!({ "agreement": agreement.id().to_string(), "periods": periods })
        },
        || words(&views, agreement, &closed),
    )?;
    Ok(ledger.exit())
}

fn words(views: &[PeriodView], agreement: &Agreement, closed: &[(u32, String)]) -> String {
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
            closers_text(view, agreement, closed),
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

/// Returns who has closed it, as the entries say: the law forgets it once the period is closed.
fn closers<'a>(view: &PeriodView, closed: &'a [(u32, String)]) -> Vec<&'a str> {
    closed.iter().filter(|(period, _)| *period == view.period).map(|(_, party)| party.as_str()).collect()
}

/// Whether time closed it, for who had kept silent.
fn by_deadline(view: &PeriodView, agreement: &Agreement, closed: &[(u32, String)]) -> bool {
    view.cut_off.is_some() && closers(view, closed).len() < agreement.terms().parties.len()
}

fn closers_text(view: &PeriodView, agreement: &Agreement, closed: &[(u32, String)]) -> String {
    let mut closers = closers(view, closed);
    if by_deadline(view, agreement, closed) {
        closers.push("time");
    }
    closers.join(", ")
}

fn missing(view: &PeriodView, agreement: &Agreement) -> Vec<String> {
    view.missing.iter().map(|stream| agreement.terms().streams[*stream].name.to_string()).collect()
}

fn value(view: &PeriodView, agreement: &Agreement, closed: &[(u32, String)]) -> Value {
    json!({
        "period": name(view, agreement), "number": view.period, "state": state(view.state),
        "start": view.start.map(|start| start.to_string()), "end": view.end.map(|end| end.to_string()),
        "deadline": view.deadline.map(|deadline| deadline.to_string()), "closed_by": closers(view, closed), "closed_by_time": by_deadline(view, agreement, closed),
        "covers_entries": view.cut_off, "missing_reports": missing(view, agreement),
    })
}
