//! `maintain` and `fulfil`: a party commits itself to maintenance by dates, and shows that it kept them.

use clap::Args;
use serde_json::{Value, json};

use crate::{
    agreement::work::maintenance::DateView,
    cli::{
        args::{AgreementArgs, SignArgs, Until},
        digests,
        error::{Exit, Failure},
        ids,
        output::{bad, good, plain},
        session::{Session, now},
        signing::Signer,
        table::Table,
        verified,
        words::until_text,
    },
    statement::{
        Body,
        work::{MaintenanceCommitment, MaintenanceFulfilment},
    },
    time::Timestamp,
};

/// Commit your party to maintenance by dates; without a title, list all commitments
#[derive(Args, Debug)]
#[command(after_help = "A date that passes without `counterfoil fulfil` shows as a risk: counterfoil risks.

Examples:
  counterfoil maintain \"security fixes\" --criteria promise.md --due 2027-03-31 --due 2027-06-30 --key community.key
  counterfoil maintain --agreement agr1...")]
pub(super) struct MaintainArgs {
    /// What is maintained
    #[arg(value_name = "TITLE", requires = "criteria", requires = "due")]
    title: Option<String>,
    /// What is promised: a file, which is hashed, or its digest as sha256:HEX
    #[arg(long, value_name = "FILE|DIGEST", requires = "title")]
    criteria: Option<String>,
    /// By when; as often as there are dates
    #[arg(long, value_name = "DATE", requires = "title")]
    due: Vec<Until>,
    #[command(flatten)]
    agreement: AgreementArgs,
    #[command(flatten)]
    sign: SignArgs,
}

/// Show that a date of a maintenance commitment of your party was kept
#[derive(Args, Debug)]
#[command(after_help = "Example:
  counterfoil fulfil 40 --due 2027-03-31 --evidence advisory.md --key community.key")]
pub(super) struct FulfilArgs {
    /// The commitment: its entry, or st1...
    #[arg(value_name = "ENTRY|ID")]
    commitment: String,
    /// Which of its dates
    #[arg(long, value_name = "DATE")]
    due: Until,
    /// What shows it: a file, which is hashed, or its digest as sha256:HEX
    #[arg(long, value_name = "FILE|DIGEST")]
    evidence: String,
    #[command(flatten)]
    agreement: AgreementArgs,
    #[command(flatten)]
    sign: SignArgs,
}

pub(super) fn run(args: &MaintainArgs, session: &mut Session) -> Result<Exit, Failure> {
    let agreement = args.agreement.agreement.as_deref();
    let (Some(title), Some(criteria)) = (&args.title, &args.criteria) else {
        args.sign.apply(&mut session.settings);
        return list(session, agreement);
    };
    let mut due: Vec<Timestamp> = args.due.iter().map(|due| due.0).collect();
    // Their order means nothing to people, and everything to the one form that is signed.
    due.sort_unstable();
    due.dedup();
    let body = MaintenanceCommitment { title: title.clone(), criteria: digests::sha256(criteria)?, due };
    let mut signer = Signer::begin(session, &args.sign, agreement)?;
    signer.say(vec![Body::MaintenanceCommitment(body)], "", |_, entries| {
        let entry = entries.first()?;
        Some(format!("show that a date was kept with: counterfoil fulfil {entry} --due DATE --evidence FILE"))
    })
}

pub(super) fn fulfil(args: &FulfilArgs, session: &mut Session) -> Result<Exit, Failure> {
    let evidence = digests::sha256(&args.evidence)?;
    let mut signer = Signer::begin(session, &args.sign, args.agreement.agreement.as_deref())?;
    let known = signer.agreement().commitments_at(now()).into_iter().map(|view| (view.index, view.id));
    let commitment = ids::find(&args.commitment, "commitment", known.collect::<Vec<_>>().into_iter())?;
    let body = MaintenanceFulfilment { commitment, due: args.due.0, evidence };
    signer.say(vec![Body::MaintenanceFulfilment(body)], "", |_, _| {
        Some("the date is kept: counterfoil maintain lists those to come".to_owned())
    })
}

fn list(session: &Session, agreement: Option<&str>) -> Result<Exit, Failure> {
    let ledger = verified::open(session, agreement)?;
    let agreement = &ledger.agreement;
    let commitments = agreement.commitments_at(now());
    let name = |party: usize| agreement.terms().parties[party].name.to_string();
    let value = || {
        let all: Vec<Value> = commitments
            .iter()
            .map(|view| {
                let dates: Vec<Value> = view
                    .dates
                    .iter()
                    .map(|date| json!({ "due": date.due.to_string(), "fulfilled_by": date.fulfilled, "missed": date.missed }))
                    .collect();
                json!({
                    "entry": view.index, "statement": view.id.to_string(), "party": name(view.party),
                    "title": view.title, "criteria_sha256": view.criteria.to_string(), "dates": dates,
                })
            })
            .collect();
        json!({ "agreement": agreement.id().to_string(), "commitments": all })
    };
    let words = || {
        let mut table = Table::new(&[">ENTRY", "PARTY", "MAINTAINS", "DUE", "STATE"]);
        for view in &commitments {
            for date in &view.dates {
                let (entry, title) = (view.index.to_string(), plain(view.title));
                table.row([entry, name(view.party), title, until_text(date.due), state(date)]);
            }
        }
        if table.is_empty() { "nobody has committed itself to maintenance".to_owned() } else { table.text(0) }
    };
    session.output.answer(value, words)?;
    Ok(ledger.exit())
}

fn state(date: &DateView) -> String {
    match (date.fulfilled, date.missed) {
        (Some(entry), _) => good(&format!("kept, by entry {entry}")),
        (None, true) => bad("missed"),
        (None, false) => "to come".to_owned(),
    }
}
