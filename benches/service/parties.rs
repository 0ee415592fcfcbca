//! An agreement and signed contributions to it, like those of the published histories: a commit, an hour, a note.

use counterfoil::{
    digest::Digest,
    envelope::Envelope,
    keys::SecretKey,
    split::Ratio,
    statement::{
        Acceptance, Artifact, ArtifactDigest, ArtifactKind, Body, Contribution, Statement,
        id::{AgreementId, StatementId},
        terms::{Currency, Dimension, LegalText, Party, PartyKey, Prevails, Role, Scope, Stream, Terms, Unit},
        wire::{OpenError, sign},
    },
    time::Timestamp,
};

pub const NAMES: [&str; 2] = ["community", "enterprise"];

/// The one key of a party.
pub fn key(name: &str) -> SecretKey {
    SecretKey::from_seed(Digest::of(&[name.as_bytes()]).as_bytes())
}

type Failed = Box<dyn std::error::Error>;

fn terms(title: &str) -> Result<Terms, Failed> {
    let parties = NAMES.map(|name| -> Result<Party, Failed> {
        Ok(Party {
            name: name.parse()?,
            display_name: name.to_owned(),
            role: Role::Other,
            keys: vec![PartyKey {
                key: key(name).public(),
                scopes: vec![Scope::Govern, Scope::Claim, Scope::Attest, Scope::Report],
            }],
            govern_threshold: 1,
            coefficient: Ratio::ONE,
        })
    });
    let half = Ratio::new(1, 2)?;
    Ok(Terms {
        title: title.to_owned(),
        parties: parties.into_iter().collect::<Result<_, _>>()?,
        legal_text: LegalText { digest: Digest::of(&[]), uri: String::new(), prevails: Prevails::Prose },
        currencies: vec![Currency { code: "EUR".parse()?, exponent: 2 }],
        dimensions: vec![Dimension {
            name: "T".parse()?,
            title: "Co-creation".into(),
            weight: Ratio::ONE,
            floor_mass: Ratio::ONE,
            default_shares: vec![half; 2],
            coefficients: vec![Ratio::ONE; 2],
            no_floor_mass: false,
        }],
        units: vec![Unit {
            name: "merged-change".parse()?,
            dimension: "T".parse()?,
            points: Ratio::ONE,
            attestations: 1,
            attestors: Vec::new(),
        }],
        streams: vec![Stream {
            name: "support".parse()?,
            title: "Support".into(),
            collector: NAMES[1].parse()?,
            pool_rate: half,
        }],
        licences: Vec::new(),
        examples: Vec::new(),
        acceptance_deadline: None,
        lapses_on_decline: false,
        back_date_days_max: None,
    })
}

fn say(signer: &str, agreement: Option<AgreementId>, number: u64, body: Body) -> Result<Envelope, OpenError> {
    let mut nonce = [0; 16];
    nonce[8..].copy_from_slice(&number.to_be_bytes());
    let key = key(signer);
    let statement =
        Statement { agreement, signer: key.public(), nonce, claimed_time: Timestamp::EPOCH, seen: None, body };
    sign(&statement, &key)
}

/// The proposal and the acceptance that bring agreement `number` into force.
pub fn found(number: u64) -> Result<(AgreementId, [Envelope; 2]), Failed> {
    let proposal = say(NAMES[0], None, number, Body::Proposal(terms("A model and its tools")?))?;
    let founding = StatementId::from_digest(proposal.id());
    let agreement = founding.into();
    let acceptance = say(NAMES[1], Some(agreement), number, Body::Acceptance(Acceptance { proposal: founding }))?;
    Ok((agreement, [proposal, acceptance]))
}

/// Contribution `number` to an agreement.
pub fn contribution(agreement: AgreementId, number: u64) -> Result<Envelope, Failed> {
    let commit = Digest::of(&[&number.to_be_bytes()]);
    let mut id = [0; 20];
    id.copy_from_slice(&commit.as_bytes()[..20]);
    let body = Body::Contribution(Contribution {
        party: NAMES[0].parse()?,
        unit: "merged-change".parse()?,
        quantity: Ratio::ONE,
        work_start: Timestamp::EPOCH,
        work_end: Timestamp::EPOCH,
        artifacts: vec![Artifact {
            kind: ArtifactKind::GitCommit,
            digest: ArtifactDigest::GitSha1(id),
            media_type: String::new(),
            uri: format!("https://github.com/onnx/onnx/commit/{}", ArtifactDigest::GitSha1(id)),
            fraction: Ratio::ONE,
        }],
        note: "Make the shape inference of operators agree with the specification".into(),
    });
    Ok(say(NAMES[0], Some(agreement), number, body)?)
}

/// Contributions to agreements in turn, signed on every core.
pub fn contributions(agreements: &[AgreementId], first: u64, count: usize) -> Result<Vec<Envelope>, Failed> {
    let cores = std::thread::available_parallelism()?.get();
    let numbers: Vec<(AgreementId, u64)> = agreements.iter().copied().cycle().zip(first..).take(count).collect();
    let parts: Vec<Result<Vec<Envelope>, String>> = std::thread::scope(|scope| {
        let working: Vec<_> = numbers
            .chunks(count.div_ceil(cores).max(1))
            .map(|part| {
                scope.spawn(|| {
                    let signed = part.iter().map(|(agreement, number)| contribution(*agreement, *number));
                    signed.collect::<Result<Vec<_>, _>>().map_err(|error| error.to_string())
                })
            })
            .collect();
        working.into_iter().map(|part| part.join().map_err(|_| "signing panicked".to_owned())?).collect()
    });
    Ok(parts.into_iter().collect::<Result<Vec<_>, _>>()?.concat())
}
