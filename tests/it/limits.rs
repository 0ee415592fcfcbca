//! The limits of every field that the protocol's comments name: a table of one change each, and how it is refused.

mod change;
mod money;
mod rules;
mod work;

use std::collections::BTreeSet;

use bytes::Bytes;
use counterfoil::{
    envelope::Envelope,
    keys::SecretKey,
    proto::counterfoil::v1::{
        Artifact, Attestation, Benefit, BenefitConfirmation, Contribution, Currency, CurrencyAccount, Decline,
        Dimension, ExampleGross, ExamplePoints, LegalText, Licence, Party, PartyAccount, PartyKey, Proposal, Ratio,
        Reversal, SeenCheckpoint, Settlement, Statement, Stream, Terms, Unit, WorkedExample, statement::Body,
    },
    statement::wire::{OpenError, open},
};
use prost::Message;

const LATE: u64 = 253_402_207_200_001;

fn key(seed: u8) -> SecretKey {
    SecretKey::from_seed(&[seed; 32])
}

fn public(seed: u8) -> Bytes {
    Bytes::copy_from_slice(key(seed).public().as_bytes())
}

fn ratio(numerator: u64, denominator: u64) -> Option<Ratio> {
    Some(Ratio { numerator, denominator })
}

fn digest(byte: u8) -> Bytes {
    vec![byte; 32].into()
}

fn statement(body: Body) -> Statement {
    let founds = matches!(body, Body::Proposal(_));
    Statement {
        agreement_id: if founds { Bytes::new() } else { digest(3) },
        signer: public(1),
        nonce: vec![9; 16].into(),
        claimed_time_ms: 1,
        seen: Some(SeenCheckpoint { tree_size: 1, root: digest(4) }),
        body: Some(body),
    }
}

fn terms() -> Terms {
    let party = |name: &str, seed| Party {
        name: name.into(),
        display_name: name.into(),
        role: 1,
        keys: vec![
            PartyKey { public_key: public(seed), scopes: vec![1, 2] },
            PartyKey { public_key: public(seed + 10), scopes: vec![3, 4] },
        ],
        govern_threshold: 1,
        coefficient: ratio(1, 1),
    };
    Terms {
        title: "A model and its tools".into(),
        parties: vec![party("community", 1), party("enterprise", 2)],
        legal_text: Some(LegalText { digest: digest(5), uri: String::new(), prevails: 1 }),
        currencies: vec![Currency { code: "EUR".into(), exponent: 2 }],
        dimensions: vec![Dimension {
            name: "T".into(),
            title: "Co-creation".into(),
            weight: ratio(1, 1),
            floor_mass: ratio(10, 1),
            default_shares: vec![Ratio { numerator: 1, denominator: 2 }; 2],
            coefficients: vec![Ratio { numerator: 1, denominator: 1 }; 2],
            no_floor_mass: false,
        }],
        units: vec![Unit {
            name: "review-hour".into(),
            dimension: "T".into(),
            points: ratio(1, 1),
            attestations: 1,
            attestors: vec!["enterprise".into()],
        }],
        streams: vec![Stream {
            name: "support".into(),
            title: "Support".into(),
            collector: "enterprise".into(),
            pool_rate: ratio(1, 10),
        }],
        licences: vec![Licence { deliverable: "code".into(), spdx: "Apache-2.0".into() }],
        examples: vec![WorkedExample {
            title: "Nothing measured".into(),
            points: vec![ExamplePoints { dimension: "T".into(), points: vec![Ratio { numerator: 0, denominator: 1 }] }],
            currency: "EUR".into(),
            gross: vec![ExampleGross { stream: "support".into(), amount_minor: 100 }],
            allocations_minor: vec![5, 5],
        }],
        acceptance_deadline_ms: 0,
        lapses_on_decline: false,
        back_date_days_max: 0,
        ..Terms::default()
    }
}

fn contribution() -> Contribution {
    let artifact = Artifact { kind: 1, digest: vec![1; 20].into(), fraction: ratio(1, 1), ..Artifact::default() };
    Contribution {
        party: "community".into(),
        unit: "review-hour".into(),
        quantity: ratio(3, 2),
        work_start_ms: 5,
        work_end_ms: 6,
        artifacts: vec![artifact],
        note: String::new(),
        task: String::new(),
    }
}

fn attestation() -> Attestation {
    let contribution_ids = vec![digest(1), digest(2)];
    Attestation { contribution_ids, verdict: 1, quality: ratio(1, 2), reason: String::new(), accepts_unplanned: true }
}

fn benefit() -> Benefit {
    Benefit {
        stream: "support".into(),
        currency: "EUR".into(),
        amount_minor: 0,
        period_start_ms: 1,
        period_end_ms: 1,
        evidence_digest: digest(1),
        note: String::new(),
    }
}

fn settlement() -> Settlement {
    let parties = vec![PartyAccount { allocation_minor: -1, due_minor: 1 }];
    let account = CurrencyAccount {
        currency: "EUR".into(),
        pool_minor: 0,
        entitlements_digest: digest(1),
        parties,
        ..CurrencyAccount::default()
    };
    Settlement { tree_size: 1, shares_digest: digest(2), accounts: vec![account] }
}

/// Opens a statement as changed; the reason and the field of its refusal.
fn refused(statement: &Statement) -> Option<(String, String)> {
    let envelope = Envelope::sign(statement.encode_to_vec().into(), &key(1));
    let error = open(&envelope).err()?;
    Some((error.reason().to_owned(), error.field().unwrap_or_default().to_owned()))
}

/// A field, the reason it is refused by, and the change that is refused.
type Row<T> = (&'static str, &'static str, fn(&mut T));

/// Makes one change after the other to `good`, and checks how each is refused.
fn table<T: Clone>(good: T, wrap: impl Fn(T) -> Statement, rows: &[Row<T>], met: &mut Reasons) {
    assert_eq!(refused(&wrap(good.clone())), None, "the statement without a change");
    for (field, reason, change) in rows {
        let mut changed = good.clone();
        change(&mut changed);
        assert_eq!(refused(&wrap(changed)), Some(((*reason).to_owned(), (*field).to_owned())));
        met.insert((*reason).to_owned());
    }
}

type Reasons = BTreeSet<String>;

fn heads(met: &mut Reasons) {
    table(
        statement(Body::Contribution(contribution())),
        |statement| statement,
        &[
            ("agreement_id", "FIELD_MISSING", |s| s.agreement_id = Bytes::new()),
            ("agreement_id", "FIELD_LENGTH", |s| s.agreement_id = vec![1; 31].into()),
            ("signer", "FIELD_MISSING", |s| s.signer = Bytes::new()),
            ("signer", "FIELD_LENGTH", |s| s.signer = vec![1; 33].into()),
            ("signer", "SIGNER_MISMATCH", |s| s.signer = public(2)),
            ("nonce", "FIELD_MISSING", |s| s.nonce = Bytes::new()),
            ("nonce", "FIELD_LENGTH", |s| s.nonce = vec![1; 17].into()),
            ("claimed_time_ms", "TIME_TOO_LATE", |s| s.claimed_time_ms = LATE),
            ("seen.tree_size", "FIELD_ZERO", |s| s.seen.as_mut().unwrap().tree_size = 0),
            ("seen.root", "FIELD_LENGTH", |s| s.seen.as_mut().unwrap().root = vec![1; 64].into()),
            ("body", "FIELD_MISSING", |s| s.body = None),
        ],
        met,
    );
    table(
        statement(Body::Proposal(Proposal { terms: Some(terms()) })),
        |statement| statement,
        &[
            ("agreement_id", "FIELD_NOT_ALLOWED", |s| s.agreement_id = digest(3)),
            ("proposal.terms", "FIELD_MISSING", |s| s.body = Some(Body::Proposal(Proposal { terms: None }))),
        ],
        met,
    );
    table(
        Decline { proposal_id: digest(1), reason: "no".into() },
        |d| statement(Body::Decline(d)),
        &[
            ("decline.proposal_id", "FIELD_MISSING", |d| d.proposal_id = Bytes::new()),
            ("decline.reason", "FIELD_TOO_LONG", |d| d.reason = "x".repeat(2_001)),
        ],
        met,
    );
}

fn parties(met: &mut Reasons) {
    table(
        terms(),
        |terms| statement(Body::Proposal(Proposal { terms: Some(terms) })),
        &[
            ("proposal.terms.title", "FIELD_MISSING", |t| t.title.clear()),
            ("proposal.terms.title", "FIELD_TOO_LONG", |t| t.title = "é".repeat(101)),
            ("proposal.terms.parties", "LIST_TOO_LONG", |t| t.parties = vec![Party::default(); 1_001]),
            ("proposal.terms.parties[1].name", "FIELD_MISSING", |t| t.parties[1].name.clear()),
            ("proposal.terms.parties[1].name", "NAME_INVALID", |t| t.parties[1].name = "a b".into()),
            ("proposal.terms.parties[1].name", "NAME_INVALID", |t| t.parties[1].name = "x".repeat(65)),
            ("proposal.terms.parties[0].display_name", "FIELD_MISSING", |t| t.parties[0].display_name.clear()),
            ("proposal.terms.parties[0].role", "FIELD_MISSING", |t| t.parties[0].role = 0),
            ("proposal.terms.parties[0].role", "FIELD_NOT_ONE_OF", |t| t.parties[0].role = 7),
            ("proposal.terms.parties[0].role", "FIELD_NOT_ONE_OF", |t| t.parties[0].role = -1),
            ("proposal.terms.parties[0].keys", "LIST_TOO_LONG", |t| t.parties[0].keys = vec![PartyKey::default(); 65]),
            ("proposal.terms.parties[0].keys[1].public_key", "FIELD_LENGTH", |t| {
                t.parties[0].keys[1].public_key = vec![1; 31].into();
            }),
            ("proposal.terms.parties[0].keys[1].public_key", "KEY_WEAK", |t| {
                t.parties[0].keys[1].public_key = [&[1][..], &[0; 31]].concat().into();
            }),
            ("proposal.terms.parties[0].keys[1].public_key", "KEY_NOT_CANONICAL", |t| {
                t.parties[0].keys[1].public_key = [&[0xee][..], &[0xff; 30], &[0x7f]].concat().into();
            }),
            ("proposal.terms.parties[0].keys[1].public_key", "KEY_INVALID", |t| {
                t.parties[0].keys[1].public_key = digest(2);
            }),
            ("proposal.terms.parties[0].keys[0].scopes", "FIELD_MISSING", |t| t.parties[0].keys[0].scopes.clear()),
            ("proposal.terms.parties[0].keys[0].scopes[1]", "FIELD_MISSING", |t| t.parties[0].keys[0].scopes[1] = 0),
            ("proposal.terms.parties[0].keys[0].scopes[1]", "LIST_DUPLICATE", |t| t.parties[0].keys[0].scopes[1] = 1),
            ("proposal.terms.parties[0].keys[0].scopes[1]", "LIST_NOT_ASCENDING", |t| {
                t.parties[0].keys[0].scopes = vec![2, 1];
            }),
            ("proposal.terms.parties[0].coefficient", "FIELD_MISSING", |t| t.parties[0].coefficient = None),
            ("proposal.terms.parties[0].coefficient", "RATIO_NOT_REDUCED", |t| t.parties[0].coefficient = ratio(0, 2)),
            ("proposal.terms.parties[0].coefficient", "RATIO_DENOMINATOR_ZERO", |t| {
                t.parties[0].coefficient = ratio(0, 0);
            }),
        ],
        met,
    );
}

fn lists(met: &mut Reasons) {
    table(
        terms(),
        |terms| statement(Body::Proposal(Proposal { terms: Some(terms) })),
        &[
            ("proposal.terms.legal_text", "FIELD_MISSING", |t| t.legal_text = None),
            ("proposal.terms.legal_text.digest", "FIELD_MISSING", |t| t.legal_text = Some(LegalText::default())),
            ("proposal.terms.legal_text.prevails", "FIELD_MISSING", |t| t.legal_text.as_mut().unwrap().prevails = 0),
            ("proposal.terms.currencies", "LIST_TOO_SHORT", |t| t.currencies.clear()),
            ("proposal.terms.currencies", "LIST_TOO_LONG", |t| t.currencies = vec![Currency::default(); 17]),
            ("proposal.terms.currencies[0].code", "NAME_INVALID", |t| t.currencies[0].code = "eur".into()),
            ("proposal.terms.currencies[0].exponent", "FIELD_OUT_OF_RANGE", |t| t.currencies[0].exponent = 19),
            ("proposal.terms.dimensions", "LIST_TOO_SHORT", |t| t.dimensions.clear()),
            ("proposal.terms.dimensions", "LIST_TOO_LONG", |t| t.dimensions = vec![Dimension::default(); 17]),
            ("proposal.terms.dimensions[0].weight", "FIELD_MISSING", |t| t.dimensions[0].weight = None),
            ("proposal.terms.dimensions[0].default_shares[1]", "RATIO_NOT_REDUCED", |t| {
                t.dimensions[0].default_shares[1] = Ratio { numerator: 2, denominator: 4 };
            }),
            ("proposal.terms.units", "LIST_TOO_SHORT", |t| t.units.clear()),
            ("proposal.terms.units", "LIST_TOO_LONG", |t| t.units = vec![Unit::default(); 1_001]),
            ("proposal.terms.streams", "LIST_TOO_LONG", |t| t.streams = vec![Stream::default(); 65]),
            ("proposal.terms.licences", "LIST_TOO_LONG", |t| t.licences = vec![Licence::default(); 65]),
            ("proposal.terms.licences[0].spdx", "FIELD_TOO_LONG", |t| t.licences[0].spdx = "x".repeat(201)),
            ("proposal.terms.examples", "LIST_TOO_LONG", |t| t.examples = vec![WorkedExample::default(); 65]),
            ("proposal.terms.examples[0].allocations_minor", "LIST_TOO_LONG", |t| {
                t.examples[0].allocations_minor = vec![1; 1_001];
            }),
            ("proposal.terms.acceptance_deadline_ms", "TIME_TOO_LATE", |t| t.acceptance_deadline_ms = u64::MAX),
        ],
        met,
    );
}

fn work(met: &mut Reasons) {
    table(
        contribution(),
        |contribution| statement(Body::Contribution(contribution)),
        &[
            ("contribution.party", "FIELD_MISSING", |c| c.party.clear()),
            ("contribution.unit", "NAME_INVALID", |c| c.unit = "ünit".into()),
            ("contribution.quantity", "FIELD_MISSING", |c| c.quantity = None),
            ("contribution.quantity", "QUANTITY_ZERO", |c| c.quantity = ratio(0, 1)),
            ("contribution.work_start_ms", "TIME_TOO_LATE", |c| c.work_start_ms = LATE),
            ("contribution.work_end_ms", "END_BEFORE_BEGIN", |c| c.work_end_ms = 4),
            ("contribution.artifacts", "LIST_TOO_LONG", |c| c.artifacts = vec![Artifact::default(); 65]),
            ("contribution.artifacts[0].kind", "FIELD_MISSING", |c| c.artifacts[0].kind = 0),
            ("contribution.artifacts[0].kind", "FIELD_NOT_ONE_OF", |c| c.artifacts[0].kind = 13),
            // Only a git commit is named by 20 bytes.
            ("contribution.artifacts[0].digest", "FIELD_LENGTH", |c| c.artifacts[0].kind = 2),
            ("contribution.artifacts[0].digest", "FIELD_LENGTH", |c| c.artifacts[0].digest = vec![1; 21].into()),
            ("contribution.artifacts[1].digest", "LIST_DUPLICATE", |c| c.artifacts = vec![c.artifacts[0].clone(); 2]),
            ("contribution.artifacts[0].media_type", "FIELD_TOO_LONG", |c| c.artifacts[0].media_type = "x".repeat(256)),
            ("contribution.artifacts[0].uri", "FIELD_TOO_LONG", |c| c.artifacts[0].uri = "x".repeat(2_001)),
            ("contribution.artifacts[0].fraction", "FIELD_ZERO", |c| c.artifacts[0].fraction = ratio(0, 1)),
            ("contribution.artifacts[0].fraction", "FIELD_OUT_OF_RANGE", |c| c.artifacts[0].fraction = ratio(2, 1)),
            ("contribution.note", "FIELD_TOO_LONG", |c| c.note = "x".repeat(2_001)),
            ("contribution.task", "NAME_INVALID", |c| c.task = "a task".into()),
        ],
        met,
    );
    table(
        attestation(),
        |attestation| statement(Body::Attestation(attestation)),
        &[
            ("attestation.contribution_ids", "FIELD_MISSING", |a| a.contribution_ids.clear()),
            ("attestation.contribution_ids", "LIST_TOO_LONG", |a| {
                a.contribution_ids = (0..1_001).map(numbered).collect()
            }),
            ("attestation.contribution_ids[1]", "LIST_DUPLICATE", |a| a.contribution_ids[1] = digest(1)),
            ("attestation.contribution_ids[1]", "FIELD_LENGTH", |a| a.contribution_ids[1] = vec![1].into()),
            ("attestation.verdict", "FIELD_MISSING", |a| a.verdict = 0),
            ("attestation.verdict", "FIELD_NOT_ONE_OF", |a| a.verdict = 4),
            ("attestation.quality", "FIELD_MISSING", |a| a.quality = None),
            ("attestation.quality", "FIELD_OUT_OF_RANGE", |a| a.quality = ratio(3, 2)),
            ("attestation.quality", "FIELD_NOT_ALLOWED", |a| a.verdict = 2),
            ("attestation.accepts_unplanned", "FIELD_NOT_ALLOWED", |a| {
                (a.verdict, a.quality, a.reason) = (2, None, "no".into());
            }),
            ("attestation.reason", "FIELD_MISSING", |a| (a.verdict, a.quality) = (3, None)),
        ],
        met,
    );
}

fn money(met: &mut Reasons) {
    table(
        benefit(),
        |benefit| statement(Body::Benefit(benefit)),
        &[
            ("benefit.stream", "FIELD_MISSING", |b| b.stream.clear()),
            ("benefit.currency", "NAME_INVALID", |b| b.currency = "EURO-CASH".into()),
            ("benefit.period_end_ms", "END_BEFORE_BEGIN", |b| b.period_end_ms = 0),
            ("benefit.evidence_digest", "FIELD_MISSING", |b| b.evidence_digest = Bytes::new()),
        ],
        met,
    );
    let confirmation = BenefitConfirmation { benefit_ids: vec![digest(1)] };
    table(
        confirmation,
        |confirmation| statement(Body::BenefitConfirmation(confirmation)),
        &[
            ("benefit_confirmation.benefit_ids", "FIELD_MISSING", |c| c.benefit_ids.clear()),
            ("benefit_confirmation.benefit_ids[1]", "LIST_DUPLICATE", |c| c.benefit_ids = vec![digest(1); 2]),
        ],
        met,
    );
    let reversal = Reversal { benefit_id: digest(1), amount_minor: 1, evidence_digest: digest(2), note: String::new() };
    table(
        reversal,
        |reversal| statement(Body::Reversal(reversal)),
        &[
            ("reversal.amount_minor", "FIELD_ZERO", |r| r.amount_minor = 0),
            ("reversal.evidence_digest", "FIELD_LENGTH", |r| r.evidence_digest = vec![1; 20].into()),
        ],
        met,
    );
    table(
        settlement(),
        |settlement| statement(Body::Settlement(settlement)),
        &[
            ("settlement.tree_size", "FIELD_ZERO", |s| s.tree_size = 0),
            ("settlement.shares_digest", "FIELD_MISSING", |s| s.shares_digest = Bytes::new()),
            ("settlement.accounts", "LIST_TOO_LONG", |s| s.accounts = vec![CurrencyAccount::default(); 17]),
            ("settlement.accounts[0].currency", "NAME_INVALID", |s| s.accounts[0].currency = "E".into()),
            ("settlement.accounts[0].parties", "LIST_TOO_LONG", |s| {
                s.accounts[0].parties = vec![PartyAccount::default(); 1_001];
            }),
        ],
        met,
    );
}

fn numbered(number: u16) -> Bytes {
    [&number.to_be_bytes()[..], &[0; 30]].concat().into()
}

#[test]
fn every_limit_refuses_by_its_reason_and_names_the_field() {
    let mut met = Reasons::new();
    heads(&mut met);
    parties(&mut met);
    lists(&mut met);
    work(&mut met);
    money(&mut met);
    rules::limits(&mut met);
    change::limits(&mut met);
    self::work::limits(&mut met);
    self::money::limits(&mut met);
    let of_the_envelope =
        ["PAYLOAD_TOO_LARGE", "PAYLOAD_TYPE_UNKNOWN", "SIGNATURE_INVALID", "STATEMENT_MALFORMED", "NOT_CANONICAL"];
    met.extend(of_the_envelope.map(str::to_owned));
    let listed: Reasons = OpenError::REASONS.iter().map(|(reason, _)| (*reason).to_owned()).collect();
    assert_eq!(met, listed, "reasons met here and reasons listed");
}
