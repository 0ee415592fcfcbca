//! `contribute`: a party claims what it contributed, one thing or a whole history.

use std::path::PathBuf;

use clap::Args;

use crate::{
    agreement::Agreement,
    cli::{
        args::{AgreementArgs, SignArgs, Span},
        bulk,
        config::nearest,
        csv_file::MappingArgs,
        digests,
        error::{Exit, Failure},
        session::{Session, now},
        signing::Signer,
    },
    split::Ratio,
    statement::{
        Body, Contribution,
        terms::{Name, Terms},
    },
    time::Timestamp,
};

/// Claim what you contributed: one thing, or every row of a CSV file
#[derive(Args, Debug)]
#[command(
    after_help = "A claim counts nothing until other parties have attested it. Artifacts are named by their digest; the \
ledger keeps no file, and no personal data should go into the note.

With --from, every row of your party becomes a contribution, signed by you; rows of others are counted and left out. The \
columns are party, unit, quantity, time (or work_start and work_end), and, if you like, artifact, artifact_kind, \
artifact_fraction, artifact_uri, task and note. Run it again after an interruption: rows that are in the ledger are left out.

Examples:
  counterfoil contribute 3 review-hour --worked 2026-03-01..2026-03-02 --key community.key
  counterfoil contribute 3 review-hour --worked 2026-03-01 --task parser --key community.key
  counterfoil contribute 1 release --worked 2026-03-31 --artifact release:v1.0.tar.gz
  counterfoil contribute --from history.csv --column time=landed --set unit=commit"
)]
pub(super) struct ContributeArgs {
    /// How many units: 3, 3/2, 1.5
    #[arg(required_unless_present = "from", requires = "unit", allow_negative_numbers = true)]
    quantity: Option<Ratio>,
    /// The unit, as the terms name it
    unit: Option<String>,
    /// When the work was done: a day, or FIRST..LAST
    #[arg(long, value_name = "DAYS", required_unless_present = "from")]
    worked: Option<Span>,
    /// What shows the work, as often as needed: KIND:DIGEST or KIND:FILE, and ,fraction=1/2 ,uri=... ,type=...
    #[arg(long = "artifact", value_name = "ARTIFACT")]
    artifacts: Vec<String>,
    /// The task of the plan that it belongs to; without, it is unplanned work
    #[arg(long, value_name = "NAME")]
    task: Option<String>,
    /// A line for people; the ledger keeps it for ever
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    note: String,
    /// Claim every row of your party in a CSV file, plain or gzip
    #[arg(long, value_name = "FILE.csv", conflicts_with_all = ["quantity", "worked", "artifacts", "note", "task", "offline", "receipt"])]
    from: Option<PathBuf>,
    #[command(flatten)]
    mapping: MappingArgs,
    #[command(flatten)]
    agreement: AgreementArgs,
    #[command(flatten)]
    sign: SignArgs,
}

pub(super) fn run(args: &ContributeArgs, session: &mut Session) -> Result<Exit, Failure> {
    let agreement = args.agreement.agreement.as_deref();
    if let Some(path) = &args.from {
        return bulk::contribute(session, &args.sign, agreement, path, &args.mapping);
    }
    let (Some(quantity), Some(unit), Some(worked)) = (args.quantity, &args.unit, args.worked) else {
        return Err(Failure::usage("quantity, unit and --worked are needed, or --from FILE.csv"));
    };
    let mut signer = Signer::begin(session, &args.sign, agreement)?;
    let terms = signer.agreement().terms();
    let unit = terms.units.iter().find(|known| known.name.as_str() == unit).ok_or_else(|| unknown_unit(unit, terms))?;
    let body = Body::Contribution(Contribution {
        party: signer.party().name.clone(),
        unit: unit.name.clone(),
        quantity,
        work_start: worked.start,
        work_end: done_by_now(worked.start, worked.end),
        artifacts: args.artifacts.iter().map(|text| digests::artifact(text)).collect::<Result<_, _>>()?,
        note: args.note.clone(),
        task: args.task.as_deref().map(|task| task_of(signer.agreement(), task)).transpose()?,
    });
    signer.say(vec![body], "", |_, entries| {
        let entry = entries.first()?;
        Some(format!("another party attests it: counterfoil attest {entry}"))
    })
}

/// Returns when work has ended: today is not over, but what was done of it was done by now.
pub(super) fn done_by_now(start: Timestamp, end: Timestamp) -> Timestamp {
    let now = now();
    if start <= now { end.min(now) } else { end }
}

fn task_of(agreement: &Agreement, text: &str) -> Result<Name, Failure> {
    let Some(plan) = agreement.plan_at(now()) else {
        return Err(Failure::new(Exit::Refused, format!("there is no task `{text}`: no plan is in force"))
            .reason("UNKNOWN_TASK")
            .hint("leave --task out, or move a plan first: counterfoil plan FILE.toml"));
    };
    let task = plan.tasks.iter().find(|view| view.task.name.as_str() == text).map(|view| view.task.name.clone());
    task.ok_or_else(|| {
        Failure::new(Exit::Refused, format!("there is no task `{text}` in the plan"))
            .reason("UNKNOWN_TASK")
            .hint(nearest(text, plan.tasks.iter().map(|view| view.task.name.as_str())))
    })
}

fn unknown_unit(name: &str, terms: &Terms) -> Failure {
    Failure::new(Exit::Refused, format!("there is no unit `{name}` in the terms"))
        .reason("UNKNOWN_UNIT")
        .hint(nearest(name, terms.units.iter().map(|unit| unit.name.as_str())))
}
