//! The story: three parties, from a proposal to a settlement, and a few things that are refused.

use serde_json::{Value, json};

use crate::{
    cli::{
        amount,
        demo::{
            narrator::{Narrator, entries},
            stage::{Actor, Stage, cast, fresh_key, ours},
        },
        error::Failure,
        statement_of_account,
        terms_toml::{self, Purpose},
        toml_file::TomlFile,
    },
    digest::Digest,
    split::Ratio,
    statement::{
        Acceptance, Artifact, ArtifactDigest, ArtifactKind, Attestation, Benefit, BenefitConfirmation, Body,
        Contribution, Verdict,
        id::StatementId,
        terms::{Name, Terms},
    },
    time::Timestamp,
};

/// The terms that the demonstration walks through.
pub(super) const TERMS: &str = include_str!("../../../examples/demo.toml");

/// Whose turn it is: positions in the terms.
const COMMUNITY: usize = 0;
const AURORA: usize = 1;
const BOREALIS: usize = 2;

/// Who contributed how much of what, and what shows it.
const CONTRIBUTIONS: [(usize, &str, &str, ArtifactKind, &str); 8] = [
    (COMMUNITY, "120", "commit", ArtifactKind::GitCommit, "the merges of January to March"),
    (COMMUNITY, "40", "review-hour", ArtifactKind::Documentation, "the review diary"),
    (COMMUNITY, "2", "dataset", ArtifactKind::Dataset, "the manifests of two data sets"),
    (AURORA, "80", "commit", ArtifactKind::GitCommit, "the merges of the training code"),
    (AURORA, "600", "gpu-hour", ArtifactKind::ComputeInvoice, "the invoice of the cluster"),
    (AURORA, "1", "weights-release", ArtifactKind::ModelWeights, "the manifest of the weights"),
    (BOREALIS, "24", "commit", ArtifactKind::GitCommit, "the merges of the deployment code"),
    (BOREALIS, "1", "dataset", ArtifactKind::Dataset, "the manifest of one data set"),
];
/// The one that counts at half.
const HALVED: usize = 6;

/// Plays the story up to the settlement.
pub(super) async fn play(stage: &mut Stage, narrator: &mut Narrator) -> Result<Value, Failure> {
    let file = TomlFile::new("examples/demo.toml".as_ref(), TERMS.to_owned());
    let mut terms = terms_toml::read(&file, Purpose::Try)?;
    let actors = cast(&mut terms, &stage.folder)?;
    let names: Vec<&str> = actors.iter().map(|actor| actor.name.as_str()).collect();
    narrator.step(&format!("Three parties make their keys: {}, {} and {}.", names[0], names[1], names[2]));
    negotiate(stage, narrator, &terms, &actors).await?;
    let claimed = contribute(stage, narrator, &actors).await?;
    refusals(stage, narrator, &actors, &claimed).await?;
    attest(stage, narrator, &actors, &claimed).await?;
    earn(stage, narrator, &terms, &actors).await?;
    settle(stage, narrator, &actors[BOREALIS]).await
}

async fn negotiate(stage: &mut Stage, narrator: &mut Narrator, terms: &Terms, actors: &[Actor]) -> Result<(), Failure> {
    narrator.step(&format!("aurora proposes \"{}\".", terms.title));
    let recorded = stage.say(&actors[AURORA], Body::Proposal(terms.clone())).await?;
    narrator.line(&format!("entry 0, the receipt is checked; the agreement is {}", stage.id()?));
    narrator.line("its worked example comes out to the cent: a proposal whose examples do not is refused");
    narrator.step("The others accept. All have now signed the same bytes, and the agreement is in force.");
    let mut indexes = Vec::new();
    for actor in [&actors[COMMUNITY], &actors[BOREALIS]] {
        let accepted = stage.say(actor, Body::Acceptance(Acceptance { proposal: recorded.statement })).await?;
        indexes.push(accepted.index);
    }
    narrator.line(&entries(&indexes));
    Ok(())
}

async fn contribute(stage: &mut Stage, narrator: &mut Narrator, actors: &[Actor]) -> Result<Vec<StatementId>, Failure> {
    narrator.step("Each party signs what it contributed. Artifacts are named by digest; the ledger keeps no file.");
    let mut claimed = Vec::new();
    let mut lines: Vec<(Vec<u64>, Vec<String>)> = vec![Default::default(); actors.len()];
    for (party, quantity, unit, kind, artifact) in CONTRIBUTIONS {
        let body = contribution(&actors[party].name, quantity, unit, kind, artifact)?;
        let recorded = stage.say(&actors[party], body).await?;
        claimed.push(recorded.statement);
        lines[party].0.push(recorded.index);
        lines[party].1.push(format!("{quantity} {unit}"));
    }
    for (actor, (indexes, said)) in actors.iter().zip(lines) {
        narrator.line(&format!("{:<10} {:<20} {}", actor.name, entries(&indexes), said.join(", ")));
    }
    Ok(claimed)
}

fn contribution(party: &Name, quantity: &str, unit: &str, kind: ArtifactKind, artifact: &str) -> Result<Body, Failure> {
    let artifact = Artifact {
        kind,
        digest: ArtifactDigest::Sha256(Digest::of(&[artifact.as_bytes()])),
        media_type: String::new(),
        uri: String::new(),
        fraction: Ratio::ONE,
    };
    let (work_start, work_end) = quarter()?;
    Ok(Body::Contribution(Contribution {
        party: party.clone(),
        unit: ours(unit.parse())?,
        quantity: ours(quantity.parse())?,
        work_start,
        work_end,
        artifacts: vec![artifact],
        note: String::new(),
        task: None,
    }))
}

/// The quarter that everything happens in: long ago, whatever the clock says.
fn quarter() -> Result<(Timestamp, Timestamp), Failure> {
    Ok((ours("2024-01-01".parse())?, ours("2024-03-31".parse())?))
}

async fn refusals(
    stage: &mut Stage,
    narrator: &mut Narrator,
    actors: &[Actor],
    claimed: &[StatementId],
) -> Result<(), Failure> {
    narrator.step("What the agreement does not allow is refused with its reason, and nothing is written.");
    let own = stage.be_refused(&actors[COMMUNITY], accepted(&claimed[..1], Ratio::ONE, "")).await?;
    narrator.refused("community attests its own commits", &own);
    let (_, _, _, kind, artifact) = CONTRIBUTIONS[2];
    let again = contribution(&actors[BOREALIS].name, "2", "dataset", kind, artifact)?;
    let again = stage.be_refused(&actors[BOREALIS], again).await?;
    narrator.refused("borealis claims the data sets of community", &again);
    let stranger = Actor { name: actors[AURORA].name.clone(), key: fresh_key()? };
    let (_, quantity, unit, kind, _) = CONTRIBUTIONS[3];
    let forged = contribution(&stranger.name, quantity, unit, kind, "nobody's work")?;
    let forged = stage.be_refused(&stranger, forged).await?;
    narrator.refused("a stranger signs for aurora", &forged);
    Ok(())
}

fn accepted(contributions: &[StatementId], quality: Ratio, reason: &str) -> Body {
    let verdict = Verdict::Accepted { quality, unplanned: false };
    Body::Attestation(Attestation { contributions: contributions.to_vec(), verdict, reason: reason.to_owned() })
}

async fn attest(
    stage: &mut Stage,
    narrator: &mut Narrator,
    actors: &[Actor],
    claimed: &[StatementId],
) -> Result<(), Failure> {
    narrator.step("The others attest. Only now does the work count, one of it at half.");
    let half = ours("1/2".parse())?;
    for (actor, judged, quality, reason, says) in [
        (AURORA, &claimed[..3], Ratio::ONE, "", "the work of community"),
        (COMMUNITY, &claimed[3..6], Ratio::ONE, "", "the work of aurora"),
        (AURORA, &claimed[7..], Ratio::ONE, "", "the data set of borealis"),
        (COMMUNITY, &claimed[HALVED..=HALVED], half, "half of it was written again", "the 24 commits of borealis"),
    ] {
        let recorded = stage.say(&actors[actor], accepted(judged, quality, reason)).await?;
        let why = if reason.is_empty() { String::new() } else { format!(", quality {quality}: {reason}") };
        narrator.line(&format!("{:<10} entry {:<3} accepts {says}{why}", actors[actor].name, recorded.index));
    }
    Ok(())
}

async fn earn(stage: &mut Stage, narrator: &mut Narrator, terms: &Terms, actors: &[Actor]) -> Result<(), Failure> {
    narrator.step("Money comes in. Who collects it reports it; another party confirms.");
    let (period_start, period_end) = quarter()?;
    for (stream, amount, collector, other) in [(0, "50000.00", COMMUNITY, AURORA), (1, "987654.32", AURORA, COMMUNITY)]
    {
        let body = Body::Benefit(Benefit {
            stream: terms.streams[stream].name.clone(),
            currency: terms.currencies[0].code.clone(),
            amount: ours(amount::minor_units(amount, &terms.currencies[0]))?,
            period_start,
            period_end,
            evidence: Digest::of(&[b"the books of ", terms.streams[stream].name.as_str().as_bytes()]),
            note: String::new(),
        });
        let reported = stage.say(&actors[collector], body).await?;
        let confirmation = BenefitConfirmation { benefits: vec![reported.statement] };
        let confirmed = stage.say(&actors[other], Body::BenefitConfirmation(confirmation)).await?;
        narrator.line(&format!(
            "{:<10} entry {:<3} reports {amount} EUR of {}; {} confirms by entry {}",
            actors[collector].name, reported.index, terms.streams[stream].name, actors[other].name, confirmed.index
        ));
    }
    Ok(())
}

async fn settle(stage: &mut Stage, narrator: &mut Narrator, actor: &Actor) -> Result<Value, Failure> {
    narrator.step(&format!("{} settles: it computes the account from the entries and signs it.", actor.name));
    let agreement = stage.agreement()?;
    let account = agreement.account_at(agreement.size())?;
    let recorded = stage.say(actor, Body::Settlement(account.settlement.clone())).await?;
    narrator.line(&format!(
        "entry {}: the server computed the same, to the last cent, or would have refused",
        recorded.index
    ));
    narrator.text(&format!("\n{}", statement_of_account::words_in_brief(&account)));
    Ok(json!({ "settlement_entry": recorded.index, "account": statement_of_account::json(&account) }))
}
