//! The ledger of the conformance file: what two parties said, one statement after the other, admitted by the law.

use counterfoil::{
    agreement::{Agreement, refusal::check_seen},
    digest::Digest,
    envelope::Envelope,
    keys::{PublicKey, SecretKey},
    ledger::entry::Entry,
    merkle::{hash::leaf_hash, index::TreeSize, overlay::Overlay, proof::root_at, tree::Frontier},
    split::Ratio,
    statement::{
        Acceptance, Artifact, ArtifactDigest, ArtifactKind, Attestation, Benefit, BenefitConfirmation, Body,
        Contribution, ContributionWithdrawal, Reversal, ReversalConfirmation, SeenCheckpoint, Statement, Verdict,
        id::{AgreementId, StatementId},
        terms::{
            Currency, Dimension, LegalText, Licence, Party, PartyKey, Prevails, Role, Scope, Stream, Terms, Unit,
            WorkedExample,
        },
        wire,
    },
    time::Timestamp,
};

pub(crate) const COMMUNITY: u8 = 1;
pub(crate) const ENTERPRISE: u8 = 2;
/// 2026-01-01T00:00:00Z.
pub(crate) const NEW_YEAR_MS: u64 = 1_767_225_600_000;

/// A key whose seed is one byte, again and again: for tests alone.
pub(crate) fn key(seed: u8) -> SecretKey {
    SecretKey::from_seed(&[seed; 32])
}

/// A ledger in the making.
pub(crate) struct Story {
    pub(crate) entries: Vec<Entry>,
    pub(crate) statements: Vec<StatementId>,
    pub(crate) agreement: Agreement,
    pub(crate) nodes: Overlay,
    frontier: Frontier,
}

impl Story {
    fn found() -> Self {
        let envelope = signed(COMMUNITY, 0, None, None, Body::Proposal(terms()));
        let entry = Entry { admitted: at(0, 250), envelope };
        let opened = wire::open(&entry.envelope).unwrap();
        let mut story = Self {
            entries: Vec::new(),
            statements: vec![opened.id()],
            agreement: Agreement::found(&opened, entry.admitted).unwrap(),
            nodes: Overlay::default(),
            frontier: Frontier::empty(),
        };
        story.append(entry);
        story
    }

    fn append(&mut self, entry: Entry) {
        self.frontier.push(leaf_hash(&entry.encode()), |node, digest| self.nodes.insert(node, digest));
        self.entries.push(entry);
    }

    /// Admits what `signer` says next, who remembers the checkpoint at `seen` entries.
    fn say(&mut self, signer: u8, seen: Option<u64>, body: Body) -> StatementId {
        let position = self.frontier.size().get();
        let seen = seen.map(|size| self.seen(size));
        let envelope = signed(signer, position, Some(self.agreement.id()), seen, body);
        let opened = wire::open(&envelope).unwrap();
        let entry = Entry { admitted: at(position, 250), envelope };
        check_seen(&opened, seen.map(|seen| self.root(seen.tree_size))).unwrap();
        let admission = self.agreement.admit(&opened, entry.admitted).unwrap();
        self.agreement.apply(admission);
        self.append(entry);
        self.statements.push(opened.id());
        opened.id()
    }

    fn settle(&mut self, signer: u8) {
        let size = self.frontier.size().get();
        let account = self.agreement.account_at(size).unwrap();
        self.say(signer, Some(size), Body::Settlement(account.settlement));
    }

    /// Returns the checkpoint at a size, as a signer remembers it.
    pub(crate) fn seen(&self, size: u64) -> SeenCheckpoint {
        SeenCheckpoint { tree_size: size, root: self.root(size) }
    }

    /// Returns the root at a size, which must not lie beyond the ledger's.
    pub(crate) fn root(&self, size: u64) -> Digest {
        root_at(&self.nodes, TreeSize::new(size).unwrap()).unwrap()
    }
}

/// An agreement that is kept, measured, settled, and corrected after a refund.
pub(crate) fn story() -> Story {
    let mut story = Story::found();
    let proposal = story.statements[0];
    story.say(ENTERPRISE, Some(1), Body::Acceptance(Acceptance { proposal }));
    let contribution = story.say(COMMUNITY, None, Body::Contribution(contribution(Ratio::new(9, 2).unwrap())));
    story.say(
        ENTERPRISE,
        Some(3),
        Body::Attestation(Attestation {
            contributions: vec![contribution],
            verdict: Verdict::Accepted { quality: Ratio::new(1, 2).unwrap(), unplanned: false },
            reason: String::new(),
        }),
    );
    let benefit = story.say(ENTERPRISE, None, Body::Benefit(benefit()));
    story.say(COMMUNITY, None, Body::BenefitConfirmation(BenefitConfirmation { benefits: vec![benefit] }));
    story.settle(ENTERPRISE);
    let evidence = Digest::of(&[b"credit note 17"]);
    let reversal = Reversal { benefit, amount: 3_333_333, evidence, note: "Refund after review".to_owned() };
    let reversal = story.say(ENTERPRISE, None, Body::Reversal(reversal));
    let reversals = vec![reversal];
    story.say(COMMUNITY, Some(8), Body::ReversalConfirmation(ReversalConfirmation { reversals }));
    let mistaken = Contribution { artifacts: Vec::new(), ..self::contribution(Ratio::new(1, 3).unwrap()) };
    let contribution = story.say(COMMUNITY, None, Body::Contribution(mistaken));
    let reason = "Entered twice".to_owned();
    story.say(COMMUNITY, None, Body::ContributionWithdrawal(ContributionWithdrawal { contribution, reason }));
    story.settle(COMMUNITY);
    story
}

/// A contribution for bytes that are to be changed.
pub(crate) fn claim(agreement: AgreementId) -> Statement {
    let artifacts = Vec::new();
    let contribution = Contribution { artifacts, ..contribution(Ratio::new(3, 2).unwrap()) };
    statement(COMMUNITY, 200, Some(agreement), None, Body::Contribution(contribution))
}

pub(crate) fn signed(
    signer: u8,
    position: u64,
    agreement: Option<AgreementId>,
    seen: Option<SeenCheckpoint>,
    body: Body,
) -> Envelope {
    wire::sign(&statement(signer, position, agreement, seen, body), &key(signer)).unwrap()
}

fn statement(
    signer: u8,
    position: u64,
    agreement: Option<AgreementId>,
    seen: Option<SeenCheckpoint>,
    body: Body,
) -> Statement {
    let nonce = Digest::of(&[b"nonce", &position.to_be_bytes()]).as_bytes()[..16].try_into().unwrap();
    Statement { agreement, signer: key(signer).public(), nonce, claimed_time: at(position, 0), seen, body }
}

/// An hour for each position, and some milliseconds.
fn at(position: u64, ms: u64) -> Timestamp {
    Timestamp::from_ms(NEW_YEAR_MS + position * 3_600_000 + ms).unwrap()
}

fn contribution(quantity: Ratio) -> Contribution {
    Contribution {
        party: "community".parse().unwrap(),
        unit: "review-hour".parse().unwrap(),
        quantity,
        work_start: Timestamp::from_ms(NEW_YEAR_MS - 86_400_000).unwrap(),
        work_end: Timestamp::from_ms(NEW_YEAR_MS).unwrap(),
        artifacts: vec![
            Artifact {
                kind: ArtifactKind::GitCommit,
                digest: ArtifactDigest::GitSha1([0xc0; 20]),
                media_type: String::new(),
                uri: "https://git.example/tools/commit/c0c0c0".to_owned(),
                fraction: Ratio::ONE,
            },
            Artifact {
                kind: ArtifactKind::Evaluation,
                digest: ArtifactDigest::Sha256(Digest::of(&[b"report"])),
                media_type: "application/pdf".to_owned(),
                uri: String::new(),
                fraction: Ratio::new(2, 3).unwrap(),
            },
        ],
        note: "Review of the data loader".to_owned(),
        task: None,
    }
}

fn benefit() -> Benefit {
    Benefit {
        stream: "support".parse().unwrap(),
        currency: "EUR".parse().unwrap(),
        amount: 10_000_017,
        period_start: Timestamp::from_ms(NEW_YEAR_MS - 7_948_800_000).unwrap(),
        period_end: Timestamp::from_ms(NEW_YEAR_MS - 1).unwrap(),
        evidence: Digest::of(&[b"invoices of the quarter"]),
        note: String::new(),
    }
}

pub(crate) fn terms() -> Terms {
    let ratio = |numerator, denominator| Ratio::new(numerator, denominator).unwrap();
    let dimension = |name: &str, title: &str, weight, floor_mass: Ratio| Dimension {
        name: name.parse().unwrap(),
        title: title.to_owned(),
        weight,
        floor_mass,
        default_shares: vec![ratio(7, 10), ratio(3, 10)],
        coefficients: vec![Ratio::ONE, Ratio::ONE],
        no_floor_mass: floor_mass.is_zero(),
    };
    Terms {
        parties: vec![
            party("community", Role::Community, key(COMMUNITY).public(), key(11).public()),
            party("enterprise", Role::Enterprise, key(ENTERPRISE).public(), key(12).public()),
        ],
        currencies: vec![currency("EUR", 2), currency("JPY", 0)],
        dimensions: vec![
            dimension("T", "Co-creation", ratio(3, 4), ratio(10, 1)),
            dimension("S", "Sharing", ratio(1, 4), Ratio::ZERO),
        ],
        units: vec![Unit {
            name: "review-hour".parse().unwrap(),
            dimension: "T".parse().unwrap(),
            points: ratio(3, 2),
            attestations: 1,
            attestors: Vec::new(),
        }],
        streams: vec![Stream {
            name: "support".parse().unwrap(),
            title: "Support".to_owned(),
            collector: "enterprise".parse().unwrap(),
            pool_rate: ratio(1, 10),
        }],
        licences: vec![Licence { deliverable: "code".to_owned(), spdx: "Apache-2.0 OR MIT".to_owned() }],
        examples: vec![WorkedExample {
            title: "Nothing measured yet".to_owned(),
            points: Vec::new(),
            currency: "EUR".parse().unwrap(),
            gross: vec![("support".parse().unwrap(), 100_000)],
            allocations: vec![7_000, 3_000],
        }],
        acceptance_deadline: Some(Timestamp::from_ms(NEW_YEAR_MS + 2_592_000_000).unwrap()),
        lapses_on_decline: true,
        back_date_days_max: Some(90),
        ..Terms::titled(
            "Model tools, kept by a community and sold with support".to_owned(),
            LegalText {
                digest: Digest::of(&[b"the text on paper"]),
                uri: "https://law.example/agreement.pdf".to_owned(),
                prevails: Prevails::Computation,
            },
        )
    }
}

fn party(name: &str, role: Role, key: PublicKey, second: PublicKey) -> Party {
    let everything = vec![Scope::Govern, Scope::Claim, Scope::Attest, Scope::Report];
    Party {
        name: name.parse().unwrap(),
        display_name: format!("The {name}"),
        role,
        keys: vec![PartyKey { key, scopes: everything }, PartyKey { key: second, scopes: vec![Scope::Govern] }],
        govern_threshold: 1,
        coefficient: Ratio::ONE,
    }
}

fn currency(code: &str, exponent: u32) -> Currency {
    Currency { code: code.parse().unwrap(), exponent }
}
