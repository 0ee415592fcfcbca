//! `proto/conformance.json`: one example of every byte that is signed, hashed or written, frozen. Other implementations
//! check themselves against it; here it is written anew and must come out the same.

mod json;
mod refused;
mod story;
mod unrecorded;

use std::{collections::BTreeSet, env, fs, path::Path};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use counterfoil::{
    audit::{Options, audit},
    checkpoint::{
        Checkpoint, SignedCheckpoint,
        note::{NoteSigner, NoteVerifier},
    },
    envelope::{Envelope, pre_authentication_encoding},
    keys::SecretKey,
    ledger::{
        bundle::{BundleReader, BundleWriter},
        receipt::Receipt,
    },
    merkle::{
        hash::leaf_hash,
        index::{LeafIndex, TreeSize},
        proof::{prove_consistency, prove_inclusion},
    },
    proto::counterfoil::v1,
    split::{Exact, exact_text},
    statement::{Body, Kind, Settlement, id::StatementId, wire},
};
use prost::Message;
use serde::Serialize;

use crate::conformance::{
    json::{Json, Protocol},
    refused::Refused,
    story::{COMMUNITY, ENTERPRISE, Story, key, story},
    unrecorded::{MEDIATOR, unrecorded},
};

/// Set to write the file anew: only when a format has a new version, never to make a test pass.
const REWRITE: &str = "COUNTERFOIL_REWRITE_CONFORMANCE";
const LOG: u8 = 9;
const OPERATOR: &str = "conformance.example";

#[derive(Serialize)]
struct Conformance {
    about: &'static str,
    keys: Vec<Key>,
    log: Log,
    agreement_id_hex: String,
    agreement_id_text: String,
    entries: Vec<Entry>,
    consistency: Vec<Consistency>,
    bundle_base64: String,
    settlements: Vec<Computed>,
    unrecorded: Vec<Signed>,
    refused: Vec<Refused>,
}

#[derive(Serialize)]
struct Key {
    name: &'static str,
    seed_hex: String,
    secret_text: String,
    public_hex: String,
    public_text: String,
}

#[derive(Serialize)]
struct Log {
    operator: &'static str,
    origin: String,
    vkey: String,
}

#[derive(Serialize)]
struct Signed {
    statement: Json,
    payload_hex: String,
    pae_hex: String,
    statement_id_hex: String,
    statement_id_text: String,
    signature_hex: String,
    envelope_hex: String,
}

#[derive(Serialize)]
struct Entry {
    index: usize,
    #[serde(flatten)]
    signed: Signed,
    admitted_time_ms: u64,
    leaf_hex: String,
    leaf_hash_hex: String,
    root_hex: String,
    checkpoint: String,
    receipt: String,
}

#[derive(Serialize)]
struct Consistency {
    first_size: u64,
    second_size: u64,
    path_hex: Vec<String>,
}

/// What a settlement's digests cover.
#[derive(Serialize)]
struct Computed {
    index: usize,
    shares: Vec<String>,
    shares_digest_hex: String,
    entitlements: Vec<Entitlements>,
}

#[derive(Serialize)]
struct Entitlements {
    currency: String,
    entitlements: Vec<String>,
    entitlements_digest_hex: String,
}

fn written() -> String {
    let story = story();
    let protocol = Protocol::read();
    let signer = log_key(story.statements[0]);
    let conformance = Conformance {
        about: "One example of every byte that Counterfoil signs, hashes or writes; see README.md beside this file. \
                The keys are for tests alone.",
        keys: [("community", COMMUNITY), ("enterprise", ENTERPRISE), ("mediator", MEDIATOR), ("log", LOG)]
            .map(|(name, seed)| of(name, seed))
            .into(),
        log: Log { operator: OPERATOR, origin: signer.name().to_owned(), vkey: signer.verifier().vkey() },
        agreement_id_hex: story.agreement.id().digest().to_string(),
        agreement_id_text: story.agreement.id().to_string(),
        entries: (0..story.entries.len()).map(|index| entry(&story, index, &signer, &protocol)).collect(),
        consistency: consistency(&story),
        bundle_base64: STANDARD.encode(bundle(&story, &signer)),
        settlements: settlements(&story),
        unrecorded: unrecorded(&story).iter().map(|envelope| signed(envelope, &protocol)).collect(),
        refused: refused::all(story.agreement.id()),
    };
    serde_json::to_string_pretty(&conformance).unwrap() + "\n"
}

fn log_key(founding: StatementId) -> NoteSigner {
    let agreement = counterfoil::statement::id::AgreementId::from(founding);
    NoteSigner::new(&format!("{OPERATOR}/ledger/{agreement}"), key(LOG)).unwrap()
}

fn of(name: &'static str, seed: u8) -> Key {
    let secret: SecretKey = key(seed);
    Key {
        name,
        seed_hex: hex::encode([seed; 32]),
        secret_text: secret.to_text().to_string(),
        public_hex: hex::encode(secret.public().as_bytes()),
        public_text: secret.public().to_string(),
    }
}

fn signed(envelope: &Envelope, protocol: &Protocol) -> Signed {
    let pae = pre_authentication_encoding(&envelope.payload_type, &envelope.payload);
    let id = wire::open(envelope).unwrap().id();
    Signed {
        statement: protocol.json(".counterfoil.v1.Statement", &envelope.payload),
        payload_hex: hex::encode(&envelope.payload),
        pae_hex: hex::encode(pae),
        statement_id_hex: id.digest().to_string(),
        statement_id_text: id.to_string(),
        signature_hex: hex::encode(envelope.signature),
        envelope_hex: hex::encode(message(envelope)),
    }
}

/// The protobuf bytes of an envelope, as it is submitted.
fn message(envelope: &Envelope) -> Vec<u8> {
    let message = v1::Envelope {
        payload_type: envelope.payload_type.clone(),
        payload: envelope.payload.clone(),
        key: envelope.key.to_vec().into(),
        signature: envelope.signature.to_vec().into(),
    };
    message.encode_to_vec()
}

fn entry(story: &Story, index: usize, signer: &NoteSigner, protocol: &Protocol) -> Entry {
    let entry = &story.entries[index];
    let leaf = entry.encode();
    let position = u64::try_from(index).unwrap();
    let size = TreeSize::new(u64::try_from(story.entries.len()).unwrap()).unwrap();
    let index_in_tree = LeafIndex::new(position);
    let receipt = Receipt {
        extra: Some(leaf.clone()),
        index: index_in_tree,
        path: prove_inclusion(&story.nodes, index_in_tree, size).unwrap(),
        note: checkpoint(story, size.get(), signer).note().to_owned(),
    };
    Entry {
        index,
        signed: signed(&entry.envelope, protocol),
        admitted_time_ms: entry.admitted.as_ms(),
        leaf_hash_hex: leaf_hash(&leaf).to_string(),
        leaf_hex: hex::encode(&leaf),
        root_hex: story.root(position + 1).to_string(),
        checkpoint: checkpoint(story, position + 1, signer).note().to_owned(),
        receipt: receipt.to_text(),
    }
}

fn checkpoint(story: &Story, size: u64, signer: &NoteSigner) -> SignedCheckpoint {
    let origin = signer.name().to_owned();
    SignedCheckpoint::sign(Checkpoint { origin, size: TreeSize::new(size).unwrap(), root: story.root(size) }, signer)
}

fn consistency(story: &Story) -> Vec<Consistency> {
    let last = u64::try_from(story.entries.len()).unwrap();
    let size = |size| TreeSize::new(size).unwrap();
    [(1, 3), (3, 7), (4, 8), (7, last), (last, last)]
        .map(|(first, second)| {
            let path = prove_consistency(&story.nodes, size(first), size(second)).unwrap();
            Consistency {
                first_size: first,
                second_size: second,
                path_hex: path.iter().map(ToString::to_string).collect(),
            }
        })
        .into()
}

fn bundle(story: &Story, signer: &NoteSigner) -> Vec<u8> {
    let count = u64::try_from(story.entries.len()).unwrap();
    let mut writer = BundleWriter::begin(Vec::new(), &signer.verifier(), count).unwrap();
    for entry in &story.entries {
        writer.entry(&entry.encode()).unwrap();
    }
    writer.finish(&checkpoint(story, count, signer)).unwrap()
}

/// Folds the ledger again up to each settlement, for the exact numbers that its digests cover.
fn settlements(story: &Story) -> Vec<Computed> {
    let mut agreement = None;
    let mut computed = Vec::new();
    for (index, entry) in story.entries.iter().enumerate() {
        let signed = wire::open(&entry.envelope).unwrap();
        let Some(agreement) = &mut agreement else {
            agreement = Some(counterfoil::agreement::Agreement::found(&signed, entry.admitted).unwrap());
            continue;
        };
        if let Body::Settlement(settlement) = &signed.statement().body {
            let account = agreement.account_at(settlement.tree_size).unwrap();
            let parties = agreement.terms().parties.len();
            assert_eq!(account.settlement, *settlement);
            let entitlements =
                account.entitlements.iter().map(|of| texts((0..parties).map_while(|party| of.exact(party))));
            computed.push(covered(index, settlement, texts(account.shares.shares.iter()), entitlements));
        }
        let admission = agreement.admit(&signed, entry.admitted).unwrap();
        agreement.apply(admission);
    }
    computed
}

fn texts(numbers: impl IntoIterator<Item = Exact>) -> Vec<String> {
    numbers.into_iter().map(|number| exact_text(&number)).collect()
}

fn covered(
    index: usize,
    settlement: &Settlement,
    shares: Vec<String>,
    entitlements: impl Iterator<Item = Vec<String>>,
) -> Computed {
    let of_currency = |(account, entitlements): (&counterfoil::statement::CurrencyAccount, _)| Entitlements {
        currency: account.currency.to_string(),
        entitlements,
        entitlements_digest_hex: account.entitlements.to_string(),
    };
    Computed {
        index,
        shares,
        shares_digest_hex: settlement.shares.to_string(),
        entitlements: settlement.accounts.iter().zip(entitlements).map(of_currency).collect(),
    }
}

#[test]
fn what_is_written_today_is_what_was_frozen() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("proto/conformance.json");
    let written = written();
    if env::var_os(REWRITE).is_some() {
        fs::write(&path, &written).unwrap();
    }
    let frozen = fs::read_to_string(&path).unwrap();
    let line = frozen.lines().zip(written.lines()).position(|(frozen, written)| frozen != written);
    assert_eq!(line.map(|line| line + 1), None, "the first line of {} that comes out otherwise", path.display());
    assert_eq!(frozen.len(), written.len());
}

#[test]
fn the_file_has_a_statement_of_every_kind() {
    let story = story();
    let entered = story.entries.iter().map(|entry| entry.envelope.clone());
    let kinds: BTreeSet<Kind> = entered
        .chain(unrecorded(&story))
        .map(|envelope| wire::open(&envelope).unwrap().statement().body.kind())
        .collect();
    assert!(kinds.iter().eq(&Kind::ALL), "{kinds:?}");
}

#[test]
fn what_was_frozen_still_verifies() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("proto/conformance.json");
    let frozen: serde_json::Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let verifier = NoteVerifier::parse(frozen["log"]["vkey"].as_str().unwrap()).unwrap();
    let bytes = STANDARD.decode(frozen["bundle_base64"].as_str().unwrap()).unwrap();
    let report = audit(bytes.as_slice(), &Options { log_key: Some(verifier.key()), ..Options::default() }).report;
    assert!(report.is_sound(), "{report}");
    let mut bundle = BundleReader::open(bytes.as_slice()).unwrap();
    for entry in frozen["entries"].as_array().unwrap() {
        let bundled = bundle.next_entry().unwrap().unwrap();
        assert_eq!(hex::encode(&bundled.leaf), entry["leaf_hex"].as_str().unwrap());
        let receipt = Receipt::parse(entry["receipt"].as_str().unwrap()).unwrap();
        assert_eq!(receipt.extra.as_ref(), Some(&bundled.leaf));
        receipt.check(&bundled.leaf, &verifier).unwrap();
    }
    assert_eq!(bundle.next_entry().unwrap(), None);
    SignedCheckpoint::open(&bundle.finish().unwrap(), &verifier).unwrap();
}
