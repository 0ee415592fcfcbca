//! `contributions`: what was claimed, and where each claim stands.

use std::collections::HashMap;

use clap::Args;
use serde_json::{Value, json};

use crate::{
    agreement::{Agreement, contribution::ContributionView, state::ContributionState, work::open::OpenClaimView},
    cli::{
        args::LedgerArgs,
        error::{Exit, Failure},
        ids,
        output::plain,
        session::{Session, now},
        table::Table,
        verified,
        words::{artifact_kind, short, until_text},
    },
    split::exact_text,
    statement::Verdict,
};

/// List contributions, and where each stands
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  counterfoil contributions agr1... --state claimed
  counterfoil contributions dispute.counterfoil --party community --json")]
pub(super) struct ContributionsArgs {
    #[command(flatten)]
    ledger: LedgerArgs,
    /// Only what this party claimed, or what counts for it
    #[arg(long, value_name = "NAME")]
    party: Option<String>,
    /// Only in this state: claimed, accepted, rejected, changes-requested, withdrawn, final, corrected
    #[arg(long, value_name = "STATE", value_parser = state)]
    state: Option<ContributionState>,
}

pub(super) fn run(args: &ContributionsArgs, session: &mut Session) -> Result<Exit, Failure> {
    let wanted = args.ledger.apply(&mut session.settings);
    let ledger = verified::open(session, wanted)?;
    let agreement = &ledger.agreement;
    let party = match &args.party {
        Some(name) => Some(ids::party(agreement, name)?),
        None => None,
    };
    let asked = |view: &ContributionView<'_>| {
        party.is_none_or(|party| view.party == party || view.counts_for == Some(party))
            && args.state.is_none_or(|state| view.state == state)
    };
    let views = || agreement.contributions().filter(asked);
    let held: HashMap<u64, OpenClaimView> =
        agreement.open_claims_at(now()).into_iter().map(|claim| (claim.index, claim)).collect();
    session.output.answer(
        || json!({ "agreement": agreement.id().to_string(), "contributions": views().map(|view| value(&view, agreement, &held)).collect::<Vec<_>>() }),
        || {
            let heads = [">ENTRY", "PARTY", ">QUANTITY", "UNIT", "WORK UNTIL", "STATE", ">POINTS", "ID", "NOTE"];
            let mut table = Table::new(&heads);
            views().for_each(|view| table.row(row(&view, agreement, &held)));
            table.text(0)
        },
    )?;
    Ok(ledger.exit())
}

fn state(text: &str) -> Result<ContributionState, String> {
    let wanted = text.replace('-', "_").to_uppercase();
    let known = ContributionState::ALL.into_iter().find(|state| state.as_str() == wanted);
    known.ok_or_else(|| {
        "it is one of claimed, accepted, rejected, changes-requested, withdrawn, final, corrected".to_owned()
    })
}

/// Says where it stands, and why if that is not what the attestations came to.
fn state_text(view: &ContributionView<'_>, agreement: &Agreement, open: &HashMap<u64, OpenClaimView>) -> String {
    let name = |party: usize| &agreement.terms().parties[party].name;
    let mut text = view.state.to_string();
    if let Some(entry) = view.decided {
        text.push_str(&format!(" by entry {entry}"));
    }
    if let Some(party) = view.counts_for.filter(|party| *party != view.party) {
        text.push_str(&format!(", counts for {}", name(party)));
    }
    if view.challenged {
        text.push_str(", challenged");
    }
    if open.get(&view.index).is_some_and(|claim| claim.overdue) {
        text.push_str(", held: not judged in time");
    }
    text
}

fn row(view: &ContributionView<'_>, agreement: &Agreement, open: &HashMap<u64, OpenClaimView>) -> [String; 9] {
    let said = view.contribution;
    [
        view.index.to_string(),
        agreement.terms().parties[view.party].name.to_string(),
        said.quantity.to_string(),
        said.unit.to_string(),
        until_text(said.work_end),
        state_text(view, agreement, open),
        view.points.map(exact_text).unwrap_or_default(),
        short(&view.id.to_string()),
        plain(&said.note),
    ]
}

fn value(view: &ContributionView<'_>, agreement: &Agreement, open: &HashMap<u64, OpenClaimView>) -> Value {
    let said = view.contribution;
    let parties = &agreement.terms().parties;
    let artifacts: Vec<Value> = said.artifacts.iter().map(|artifact| {
        json!({ "kind": artifact_kind(artifact.kind), "digest": artifact.digest.to_string(), "uri": artifact.uri, "fraction": artifact.fraction.to_string() })
    }).collect();
    let judgements: Vec<Value> = view.judgements.iter().map(|judgement| {
        let (verdict, quality) = match judgement.verdict {
            Verdict::Accepted { quality, .. } => ("ACCEPTED", Some(quality.to_string())),
            Verdict::Rejected => ("REJECTED", None),
            Verdict::ChangesRequested => ("CHANGES_REQUESTED", None),
        };
        json!({ "party": parties[judgement.party].name.as_str(), "index": judgement.index, "verdict": verdict, "quality": quality })
    }).collect();
    json!({
        "statement": view.id.to_string(), "index": view.index, "admitted": view.admitted.to_string(),
        "party": parties[view.party].name.as_str(), "unit": said.unit.as_str(), "quantity": said.quantity.to_string(),
        "work_start": said.work_start.to_string(), "work_end": said.work_end.to_string(), "note": said.note,
        "artifacts": artifacts, "state": view.state.as_str(), "judgements": judgements, "points": view.points.map(exact_text),
        "counts_for": view.counts_for.map(|party| parties[party].name.as_str()), "decided_by": view.decided,
        "challenged": view.challenged,
        "to_be_judged_until": open.get(&view.index).and_then(|claim| claim.until).map(|until| until.to_string()),
        "held": open.get(&view.index).is_some_and(|claim| claim.overdue),
    })
}
