//! Two parties, their agreement, and what they say in it.

use std::sync::atomic::{AtomicU64, Ordering};

use counterfoil::{
    digest::Digest,
    envelope::Envelope,
    keys::SecretKey,
    proto::counterfoil::v1,
    split::Ratio,
    statement::{
        Acceptance, Artifact, ArtifactDigest, ArtifactKind, Attestation, Benefit, BenefitConfirmation, Body,
        Contribution, Settlement, Statement, Verdict,
        id::{AgreementId, StatementId},
        terms::{Currency, Dimension, LegalText, Licence, Party, PartyKey, Prevails, Role, Scope, Stream, Terms, Unit},
        wire,
    },
    time::Timestamp,
};
use prost::Message;

/// When everything in these tests is signed and admitted, unless a test says otherwise.
pub const NOW_MS: u64 = 1_780_000_000_000;

/// A party's one key, with every scope.
pub fn key(name: &str) -> SecretKey {
    SecretKey::from_seed(Digest::of(&[b"a party of the tests", name.as_bytes()]).as_bytes())
}

fn ratio(numerator: u64, denominator: u64) -> Ratio {
    Ratio::new(numerator, denominator).unwrap()
}

/// The terms between `community` and `enterprise`: one dimension, one unit, one stream that `enterprise` collects.
pub fn terms() -> Terms {
    terms_between(["community", "enterprise"])
}

/// The same terms between two others.
pub fn terms_between(names: [&str; 2]) -> Terms {
    let party = |name: &str| Party {
        name: name.parse().unwrap(),
        display_name: name.to_owned(),
        role: Role::Other,
        keys: vec![PartyKey {
            key: key(name).public(),
            scopes: vec![Scope::Govern, Scope::Claim, Scope::Attest, Scope::Report],
        }],
        govern_threshold: 1,
        coefficient: Ratio::ONE,
    };
    Terms {
        parties: names.map(party).to_vec(),
        currencies: vec![Currency { code: "EUR".parse().unwrap(), exponent: 2 }],
        dimensions: vec![Dimension {
            name: "T".parse().unwrap(),
            title: "Co-creation".into(),
            weight: Ratio::ONE,
            floor_mass: ratio(10, 1),
            default_shares: vec![ratio(1, 2); 2],
            coefficients: vec![Ratio::ONE; 2],
            no_floor_mass: false,
        }],
        units: vec![Unit {
            name: "review-hour".parse().unwrap(),
            dimension: "T".parse().unwrap(),
            points: Ratio::ONE,
            attestations: 1,
            attestors: Vec::new(),
        }],
        streams: vec![Stream {
            name: "support".parse().unwrap(),
            title: "Support".into(),
            collector: names[1].parse().unwrap(),
            pool_rate: ratio(1, 2),
        }],
        licences: vec![Licence { deliverable: "code".into(), spdx: "Apache-2.0".into() }],
        ..Terms::titled(
            "A model and its tools".into(),
            LegalText { digest: Digest::of(&[b"paper"]), uri: String::new(), prevails: Prevails::Prose },
        )
    }
}

/// A statement of `signer`, with a nonce of its own.
pub fn statement(signer: &str, agreement: Option<AgreementId>, body: Body) -> Statement {
    static NONCE: AtomicU64 = AtomicU64::new(0);
    let mut nonce = [0; 16];
    nonce[..8].copy_from_slice(&NONCE.fetch_add(1, Ordering::Relaxed).to_be_bytes());
    let claimed_time = Timestamp::from_ms(NOW_MS).unwrap();
    Statement { agreement, signer: key(signer).public(), nonce, claimed_time, seen: None, body }
}

/// A signed statement of `signer`.
pub fn say(signer: &str, agreement: AgreementId, body: Body) -> Envelope {
    wire::sign(&statement(signer, Some(agreement), body), &key(signer)).unwrap()
}

/// A signed proposal of `signer`, and the agreement it founds.
pub fn propose(signer: &str, terms: Terms) -> (AgreementId, Envelope) {
    let envelope = wire::sign(&statement(signer, None, Body::Proposal(terms)), &key(signer)).unwrap();
    (StatementId::from_digest(envelope.id()).into(), envelope)
}

/// The acceptance of the proposal that founds `agreement`.
pub fn accept(signer: &str, agreement: AgreementId) -> Envelope {
    let proposal = StatementId::from_digest(agreement.digest());
    say(signer, agreement, Body::Acceptance(Acceptance { proposal }))
}

/// The id of the statement in an envelope.
pub fn id(envelope: &Envelope) -> StatementId {
    StatementId::from_digest(envelope.id())
}

/// What a contribution of so many review hours says; its artifact is unlike any other.
pub fn hours(party: &str, hours: u64) -> Contribution {
    static COMMIT: AtomicU64 = AtomicU64::new(0);
    let commit = Digest::of(&[&COMMIT.fetch_add(1, Ordering::Relaxed).to_be_bytes()]);
    Contribution {
        party: party.parse().unwrap(),
        unit: "review-hour".parse().unwrap(),
        quantity: ratio(hours, 1),
        work_start: Timestamp::from_ms(NOW_MS - 1).unwrap(),
        work_end: Timestamp::from_ms(NOW_MS).unwrap(),
        artifacts: vec![Artifact {
            kind: ArtifactKind::GitCommit,
            digest: ArtifactDigest::Sha256(commit),
            media_type: String::new(),
            uri: String::new(),
            fraction: Ratio::ONE,
        }],
        note: String::new(),
        task: None,
    }
}

/// A contribution of one review hour.
pub fn contribute(party: &str, agreement: AgreementId) -> Envelope {
    say(party, agreement, Body::Contribution(hours(party, 1)))
}

/// The acceptance of contributions in full.
pub fn attest(signer: &str, agreement: AgreementId, contributions: &[StatementId]) -> Envelope {
    let contributions = contributions.to_vec();
    let verdict = Verdict::Accepted { quality: Ratio::ONE, unplanned: false };
    say(signer, agreement, Body::Attestation(Attestation { contributions, verdict, reason: String::new() }))
}

/// A benefit of the stream.
pub fn benefit(signer: &str, agreement: AgreementId, amount: u64) -> Envelope {
    let body = Body::Benefit(Benefit {
        stream: "support".parse().unwrap(),
        currency: "EUR".parse().unwrap(),
        amount,
        period_start: Timestamp::from_ms(1).unwrap(),
        period_end: Timestamp::from_ms(2).unwrap(),
        evidence: Digest::of(&[b"invoice"]),
        note: String::new(),
    });
    say(signer, agreement, body)
}

/// The confirmation of benefits.
pub fn confirm(signer: &str, agreement: AgreementId, benefits: &[StatementId]) -> Envelope {
    say(signer, agreement, Body::BenefitConfirmation(BenefitConfirmation { benefits: benefits.to_vec() }))
}

/// A settlement.
pub fn settle(signer: &str, agreement: AgreementId, settlement: Settlement) -> Envelope {
    say(signer, agreement, Body::Settlement(settlement))
}

/// A statement of `signer`, changed where no value could be, and signed nevertheless.
pub fn say_raw(signer: &str, agreement: AgreementId, body: Body, change: impl FnOnce(&mut v1::Statement)) -> Envelope {
    let mut raw = v1::Statement::from(&statement(signer, Some(agreement), body));
    change(&mut raw);
    Envelope::sign(raw.encode_to_vec().into(), &key(signer))
}
