//! `attest`: a party judges the contributions of others.

use std::{
    collections::{HashMap, HashSet},
    path::{Path, PathBuf},
};

use clap::Args;

use crate::{
    agreement::{Agreement, contribution::ContributionView, state::ContributionState},
    cli::{
        args::{AgreementArgs, SignArgs},
        config::nearest,
        csv_file::MappingArgs,
        csv_rows::{self, JUDGEMENT_FIELDS, Judged},
        error::{Exit, Failure},
        ids,
        session::Session,
        signing::Signer,
        words::Named,
    },
    split::Ratio,
    statement::{ArtifactDigest, Attestation, Body, Verdict, id::StatementId},
};

/// Judge contributions of other parties: accept them, reject them, or ask for changes
#[derive(Args, Debug)]
#[command(
    after_help = "A contribution counts once as many parties as its unit asks have accepted it. Each party judges it \
once. While a plan is in force, work in none of its tasks, or beyond a budget, counts only with --accepts-unplanned. All contributions named together are judged together, or none.

With --from, each row of the file judges: its columns are contribution (st1...) or artifact (a digest that \
contributions name), and, if you like, verdict (accepted, rejected, changes-requested), quality, accepts_unplanned (yes or no) and reason. A file of \
contributions will do: each is then accepted by its artifact. What you have judged already is left out, so that the same \
file can be sent again.

Examples:
  counterfoil attest 3 4 5 --key enterprise.key
  counterfoil attest 6 --quality 1/2 --reason \"half of it was reviewed before\" --key enterprise.key
  counterfoil attest 7 --accepts-unplanned --key enterprise.key
  counterfoil attest --all-of community --key enterprise.key
  counterfoil attest --from judged.csv --key enterprise.key"
)]
pub(super) struct AttestArgs {
    /// The contributions: their entries, or st1...
    #[arg(required_unless_present_any = ["all_of", "from"], value_name = "ENTRY|ID")]
    ids: Vec<String>,
    /// Every contribution of PARTY that waits for your judgement
    #[arg(long, value_name = "PARTY", conflicts_with_all = ["ids", "from"])]
    all_of: Option<String>,
    /// Judgements from a CSV file
    #[arg(long, value_name = "FILE.csv", conflicts_with_all = ["ids", "quality", "reject", "request_changes", "reason"])]
    from: Option<PathBuf>,
    #[command(flatten)]
    mapping: MappingArgs,
    /// How much of the work counts, from 0 to 1
    #[arg(long, value_name = "FRACTION", default_value = "1", allow_negative_numbers = true, conflicts_with_all = ["reject", "request_changes"])]
    quality: Ratio,
    /// Accept also work that is in no task of the plan, or beyond the budget of its task
    #[arg(long, conflicts_with_all = ["reject", "request_changes", "from"])]
    accepts_unplanned: bool,
    /// Reject: it never counts
    #[arg(long, requires = "reason")]
    reject: bool,
    /// Ask for changes: it does not count as it is
    #[arg(long, requires = "reason", conflicts_with = "reject")]
    request_changes: bool,
    /// Why, for the other parties
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    reason: String,
    #[command(flatten)]
    agreement: AgreementArgs,
    #[command(flatten)]
    sign: SignArgs,
}

/// A contribution and what is said of it.
struct Judgement {
    contribution: StatementId,
    verdict: Verdict,
    reason: String,
}

pub(super) fn run(args: &AttestArgs, session: &mut Session) -> Result<Exit, Failure> {
    let mut signer = Signer::begin(session, &args.sign, args.agreement.agreement.as_deref())?;
    let judgements = match (&args.from, &args.all_of) {
        (Some(path), _) => from_file(&signer, path, &args.mapping)?,
        (None, Some(party)) => with_verdict(args, waiting_of(&signer, party)?),
        (None, None) => {
            let agreement = signer.agreement();
            let known = || agreement.contributions().map(|view| (view.index, view.id));
            let find = |text: &String| ids::find(text, "contribution", known());
            with_verdict(args, args.ids.iter().map(find).collect::<Result<_, _>>()?)
        }
    };
    if judgements.is_empty() {
        return Err(Failure::usage("nothing waits for your judgement")
            .hint("`counterfoil contributions` lists what was claimed, and who judged it"));
    }
    let named: Vec<Named> =
        judgements.iter().filter_map(|judgement| named(signer.agreement(), &judgement.contribution)).collect();
    signer.show_named(&named);
    signer.say(attestations(&judgements), "", |_, _| {
        Some(
            "`counterfoil split` shows what it makes of the shares; a settlement counts it: counterfoil settle"
                .to_owned(),
        )
    })
}

/// Returns what is judged, to be shown to who judges it.
fn named(agreement: &Agreement, contribution: &StatementId) -> Option<Named> {
    let view = agreement.contribution(contribution)?;
    let party = agreement.terms().parties[view.party].name.to_string();
    Some(Named { index: view.index, party, body: Body::Contribution(view.contribution.clone()) })
}

fn with_verdict(args: &AttestArgs, contributions: Vec<StatementId>) -> Vec<Judgement> {
    let verdict = match (args.reject, args.request_changes) {
        (true, _) => Verdict::Rejected,
        (_, true) => Verdict::ChangesRequested,
        _ => Verdict::Accepted { quality: args.quality, unplanned: args.accepts_unplanned },
    };
    let judge = |contribution| Judgement { contribution, verdict, reason: args.reason.clone() };
    contributions.into_iter().map(judge).collect()
}

/// Reads judgements from a file; what the signer's party has judged already, or claimed itself, is left out and counted.
fn from_file(signer: &Signer<'_>, path: &Path, mapping: &MappingArgs) -> Result<Vec<Judgement>, Failure> {
    let agreement = signer.agreement();
    let rows = csv_rows::read_judgements(path, &mapping.mapping(&csv_rows::names(&JUDGEMENT_FIELDS))?)?;
    let mut by_artifact: HashMap<ArtifactDigest, Vec<StatementId>> = HashMap::new();
    for view in agreement.contributions() {
        for artifact in &view.contribution.artifacts {
            by_artifact.entry(artifact.digest).or_default().push(view.id);
        }
    }
    let (mut judgements, mut done, mut unknown) = (Vec::new(), 0_usize, 0_usize);
    let mut seen = HashSet::new();
    for row in rows {
        let named = match row.judged {
            Judged::Contribution(id) => vec![id],
            Judged::Artifact(digest) => by_artifact.get(&digest).cloned().unwrap_or_default(),
        };
        if named.is_empty() {
            unknown += 1;
        }
        for contribution in named {
            match agreement.contribution(&contribution) {
                None => unknown += 1,
                Some(view) if view.party == signer.party || is_judged_by(&view, signer.party) => done += 1,
                Some(_) if !seen.insert(contribution) => {}
                Some(_) => {
                    judgements.push(Judgement { contribution, verdict: row.verdict, reason: row.reason.clone() });
                }
            }
        }
    }
    let output = signer.session().output;
    if done > 0 {
        output.note(format!("{done} left out: you have judged them already, or claimed them yourself."));
    }
    if unknown > 0 {
        output.note(format!("{unknown} left out: no contribution in this ledger is meant."));
    }
    Ok(judgements)
}

/// Puts judgements that say the same into one attestation, in their order.
fn attestations(judgements: &[Judgement]) -> Vec<Body> {
    let mut said: Vec<Attestation> = Vec::new();
    let mut open: HashMap<(VerdictKey, &str), usize> = HashMap::new();
    let mut named = HashSet::new();
    for judgement in judgements.iter().filter(|judgement| named.insert(judgement.contribution)) {
        let key = (VerdictKey::of(judgement.verdict), judgement.reason.as_str());
        let has_room = |at: &&usize| said[**at].contributions.len() < NAMED_MAX;
        match open.get(&key).filter(has_room).copied() {
            Some(at) => said[at].contributions.push(judgement.contribution),
            None => {
                open.insert(key, said.len());
                said.push(Attestation {
                    contributions: vec![judgement.contribution],
                    verdict: judgement.verdict,
                    reason: judgement.reason.clone(),
                });
            }
        }
    }
    said.into_iter().map(Body::Attestation).collect()
}

/// A verdict that can be looked up.
#[derive(PartialEq, Eq, Hash)]
enum VerdictKey {
    /// The quality, and whether also as unplanned work.
    Accepted(Ratio, bool),
    Rejected,
    ChangesRequested,
}

impl VerdictKey {
    const fn of(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Accepted { quality, unplanned } => Self::Accepted(quality, unplanned),
            Verdict::Rejected => Self::Rejected,
            Verdict::ChangesRequested => Self::ChangesRequested,
        }
    }
}

/// How many contributions one attestation names.
const NAMED_MAX: usize = 1_000;

fn is_judged_by(view: &ContributionView<'_>, party: usize) -> bool {
    view.judgements.iter().any(|judgement| judgement.party == party)
}

/// Returns what the party claimed and the signer may judge and has not.
fn waiting_of(signer: &Signer<'_>, party: &str) -> Result<Vec<StatementId>, Failure> {
    let agreement: &Agreement = signer.agreement();
    let terms = agreement.terms();
    let position = terms.parties.iter().position(|known| known.name.as_str() == party).ok_or_else(|| {
        Failure::usage(format!("there is no party `{party}`"))
            .hint(nearest(party, terms.parties.iter().map(|known| known.name.as_str())))
    })?;
    let me = &terms.parties[signer.party].name;
    let may_judge = |view: &ContributionView<'_>| {
        let unit = terms.units.iter().find(|unit| unit.name == view.contribution.unit);
        unit.is_some_and(|unit| unit.attestors.is_empty() || unit.attestors.contains(me))
    };
    let waiting = agreement.contributions().filter(|view| {
        view.party == position
            && view.state == ContributionState::Claimed
            && !is_judged_by(view, signer.party)
            && may_judge(view)
    });
    Ok(waiting.map(|view| view.id).collect())
}
