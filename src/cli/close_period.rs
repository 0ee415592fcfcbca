//! `close-period`: a party says that everything it has for a period is in the ledger.

use clap::Args;

use crate::{
    agreement::{
        Agreement,
        money::periods::{PeriodState, PeriodView},
    },
    cli::{
        args::{AgreementArgs, SignArgs},
        error::{Exit, Failure},
        period::{self, Period},
        session::{Session, now},
        signing::Signer,
        words::and,
    },
    statement::{Body, money::Closing},
};

/// Say that everything your party has for a period is in the ledger
#[derive(Args, Debug)]
#[command(
    after_help = "Periods are closed one after the other. The entry of the last party that closes one is the last that its \
settlement covers; who keeps silent is overtaken by the deadline of the terms. You sign what you have seen of the ledger.

Examples:
  counterfoil close-period --key community.key
  counterfoil close-period 2026-Q1 --key community.key"
)]
pub(super) struct ClosePeriodArgs {
    /// The period: 2026-Q1, 2026-03 or 2026 [default: the first that is over and not closed]
    period: Option<Period>,
    #[command(flatten)]
    agreement: AgreementArgs,
    #[command(flatten)]
    sign: SignArgs,
}

pub(super) fn run(args: &ClosePeriodArgs, session: &mut Session) -> Result<Exit, Failure> {
    let mut signer = Signer::begin(session, &args.sign, args.agreement.agreement.as_deref())?;
    let agreement = signer.agreement();
    let period = match args.period {
        Some(period) => period::number_in(period, agreement.terms())?,
        None => next_to_close(agreement)?,
    };
    let preface = missing_reports(agreement, period);
    signer.say(vec![Body::Closing(Closing { period })], &preface, |after, _| {
        let view = after.periods(now()).into_iter().find(|view| view.period == period)?;
        if view.state == PeriodState::Closed {
            return Some("all have closed it: counterfoil settle".to_owned());
        }
        let waits = (0..after.terms().parties.len())
            .filter(|party| !view.closed_by.contains_key(party) && !after.has_left(*party));
        let waits: Vec<&str> = waits.map(|party| after.terms().parties[party].name.as_str()).collect();
        let deadline = view.deadline.map(|deadline| format!(", or until {deadline}")).unwrap_or_default();
        Some(format!("waits for {}{deadline}", and(&waits)))
    })
}

fn next_to_close(agreement: &Agreement) -> Result<u32, Failure> {
    let views = agreement.periods(now());
    let over = |view: &&PeriodView| view.state == PeriodState::Over;
    if let Some(view) = views.iter().find(over) {
        return Ok(view.period);
    }
    if agreement.terms().calendar.is_none() {
        return Err(Failure::new(Exit::Refused, "the terms have no calendar: there are no periods to close")
            .reason("NO_CALENDAR")
            .hint("settle at any time: counterfoil settle"));
    }
    let running = views.iter().find(|view| view.state == PeriodState::Running);
    // What is wound down may be closed before its time; the law knows.
    match running {
        Some(view) if agreement.phase_at(now()) == crate::agreement::state::Phase::WindingDown => Ok(view.period),
        Some(view) => {
            let end = view.end.map(|end| format!(" until {end}")).unwrap_or_default();
            Err(Failure::new(Exit::Refused, format!("no period waits to be closed: the running one lasts{end}"))
                .reason("PERIOD_NOT_OVER")
                .hint("`counterfoil periods` shows where each stands"))
        }
        None => {
            Err(Failure::usage("no period waits to be closed").hint("`counterfoil periods` shows where each stands"))
        }
    }
}

/// Says before signing which reports are missing: once it is closed, they come too late.
fn missing_reports(agreement: &Agreement, period: u32) -> String {
    let view = agreement.periods(now()).into_iter().find(|view| view.period == period);
    let missing = view.map(|view| view.missing).unwrap_or_default();
    if missing.is_empty() {
        return String::new();
    }
    let names: Vec<&str> = missing.iter().map(|stream| agreement.terms().streams[*stream].name.as_str()).collect();
    format!("No report yet of {}: report what came in, or a nil report, before all have closed.\n\n", and(&names))
}
