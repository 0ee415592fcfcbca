//! Our own formats, frozen: what this release writes must be the bytes in `tests/vectors/v1`, and those must read for ever.
//!
//! The payloads are no statements: these are the log's formats, and the log does not know what an entry means.

use std::{fs, path::PathBuf, sync::Arc};

use bytes::Bytes;
use counterfoil::{
    checkpoint::{
        Checkpoint, SignedCheckpoint,
        cosignature::{CosignatureTime, Cosigner},
        note::{Note, NoteSigner},
    },
    envelope::{Envelope, STATEMENT_TYPE},
    keys::{KnownKeys, SecretKey},
    ledger::{
        LedgerId,
        bundle::{BundleReader, BundleWriter},
        entry::Entry,
        receipt::Receipt,
        refusal::{Refusal, SignedRefusal},
    },
    merkle::{hash::leaf_hash, index::LeafIndex, overlay::Overlay, proof::prove_inclusion, tree::Frontier},
    store::{
        Append, Store as _,
        disk::memory::MemoryDisk,
        log::{
            LogConfig, LogId, LogStore, Settling,
            index::{Index, memory::MemoryIndex},
            walk::Walker,
        },
    },
    time::Timestamp,
};

const ORIGIN: &str = "ledger.example/ledger/frozen";
/// The entry that the leaf and the receipt are of.
const INDEX: usize = 3;

fn log() -> NoteSigner {
    NoteSigner::new(ORIGIN, SecretKey::from_seed(&[1; 32])).unwrap()
}

fn witness() -> Cosigner {
    Cosigner::new("witness.example", SecretKey::from_seed(&[3; 32])).unwrap()
}

fn entry(index: u64) -> Entry {
    let payload = Bytes::from(format!("payload {index}"));
    let envelope = Envelope::sign(payload, &SecretKey::from_seed(&[2; 32]));
    assert_eq!(envelope.payload_type, STATEMENT_TYPE);
    // 2026-11-23T18:00:00Z and a second for each entry.
    Entry { admitted: Timestamp::from_ms(1_795_456_800_000 + index * 1_000).unwrap(), envelope }
}

/// The refusal of the sixth entry's statement under the five before it.
fn refusal(under: Checkpoint) -> Refusal {
    let judged = entry(5).admitted;
    Refusal { under, statement: entry(5).envelope.id(), reason: "NOT_IN_FORCE".into(), judged }
}

/// What this release writes.
struct Written {
    leaf: Vec<u8>,
    checkpoint: String,
    cosigned: String,
    receipt: String,
    refusal: String,
    bundle: Vec<u8>,
    /// The files of a store's log, and its high-water mark.
    store: Vec<(String, Vec<u8>)>,
}

/// The same entries in a store: three commits in two files.
fn write_store(leaves: &[Vec<u8>]) -> Vec<(String, Vec<u8>)> {
    let disk = MemoryDisk::new();
    let store = open_store(&disk);
    let mut frontier = Frontier::empty();
    for leaves in [&leaves[..1], &leaves[1..4], &leaves[4..]] {
        let (before, mut nodes) = (frontier.clone(), Vec::new());
        let appended = leaves.iter().map(|leaf| {
            frontier.push(leaf_hash(leaf), |node, digest| nodes.push((node, digest)));
            (Entry::decode(leaf).unwrap().envelope.id(), Bytes::copy_from_slice(leaf))
        });
        let leaves = appended.collect();
        let sign = |size, root| {
            let checkpoint = Checkpoint { origin: ORIGIN.into(), size, root };
            Some(SignedCheckpoint::sign(checkpoint, &log()).note().to_owned())
        };
        let ledger = LedgerId::new(entry(0).envelope.id());
        let outcomes = store.commit(vec![Append { ledger, before, leaves, nodes, sign: Box::new(sign) }]).unwrap();
        assert!(outcomes[0].is_ok());
    }
    drop(store);
    disk.files()
}

fn open_store(disk: &MemoryDisk) -> LogStore {
    let index: Box<dyn Index> = Box::new(MemoryIndex::new());
    let usual = LogConfig::new(LogId(*b"a frozen"));
    let config = LogConfig { segment_bytes: 1_500, ahead_bytes: 0, settling: Settling::WhenAsked, ..usual };
    LogStore::open_on(Arc::new(disk.clone()), move || Ok(index), config).unwrap()
}

fn write() -> Written {
    let leaves: Vec<_> = (0..5).map(|index| entry(index).encode()).collect();
    let (mut frontier, mut nodes) = (Frontier::empty(), Overlay::default());
    for leaf in &leaves {
        frontier.push(leaf_hash(leaf), |node, digest| nodes.insert(node, digest));
    }
    let checkpoint = Checkpoint { origin: ORIGIN.into(), size: frontier.size(), root: frontier.root() };
    let signed = SignedCheckpoint::sign(checkpoint, &log());
    let time = CosignatureTime::from_seconds(1_795_456_900).unwrap();
    let cosigned = signed.with_signature(&witness().cosign(&signed, time)).unwrap();
    let index = LeafIndex::new(u64::try_from(INDEX).unwrap());
    let path = prove_inclusion(&nodes, index, frontier.size()).unwrap();
    let receipt = Receipt { extra: Some(leaves[INDEX].clone()), index, path, note: signed.note().into() };
    let refusal = SignedRefusal::sign(refusal(signed.checkpoint().clone()), &log());
    let mut bundle = BundleWriter::begin(Vec::new(), &log().verifier(), 5).unwrap();
    leaves.iter().for_each(|leaf| bundle.entry(leaf).unwrap());
    Written {
        leaf: leaves[INDEX].clone(),
        checkpoint: signed.note().into(),
        cosigned: cosigned.note().into(),
        receipt: receipt.to_text(),
        refusal: refusal.note().into(),
        bundle: bundle.finish(&signed).unwrap(),
        store: write_store(&leaves),
    }
}

impl Written {
    fn files(&self) -> Vec<(String, &[u8])> {
        let single: [(&str, &[u8]); 6] = [
            ("entry.leaf", &self.leaf),
            ("checkpoint", self.checkpoint.as_bytes()),
            ("checkpoint.cosigned", self.cosigned.as_bytes()),
            ("entry.tlog-proof", self.receipt.as_bytes()),
            ("statement.refusal", self.refusal.as_bytes()),
            ("log.counterfoil", &self.bundle),
        ];
        let store = self.store.iter().map(|(name, bytes)| (format!("store/{name}"), bytes.as_slice()));
        single.into_iter().map(|(name, bytes)| (name.to_owned(), bytes)).chain(store).collect()
    }
}

fn frozen(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/v1").join(name)
}

fn frozen_text(name: &str) -> String {
    fs::read_to_string(frozen(name)).unwrap()
}

#[test]
fn this_release_writes_the_frozen_bytes() {
    for (name, bytes) in write().files() {
        assert_eq!(fs::read(frozen(&name)).unwrap(), bytes, "{name} is not what it was when it was frozen");
    }
}

#[test]
fn the_frozen_entry_reads() {
    let leaf = fs::read(frozen("entry.leaf")).unwrap();
    assert_eq!(Entry::decode(&leaf), Ok(entry(3)));
    assert!(entry(3).envelope.verify(&KnownKeys::default()).is_ok());
}

#[test]
fn the_frozen_checkpoint_is_the_logs_and_its_cosignature_the_witnesss() {
    let signed = SignedCheckpoint::open(&frozen_text("checkpoint"), &log().verifier()).unwrap();
    let cosigned = SignedCheckpoint::open(&frozen_text("checkpoint.cosigned"), &log().verifier()).unwrap();
    assert_eq!(signed.checkpoint(), cosigned.checkpoint());
    let note = Note::parse(cosigned.note()).unwrap();
    let time = witness().verifier().verify(&note).unwrap();
    assert_eq!(time.map(CosignatureTime::as_seconds), Some(1_795_456_900));
}

#[test]
fn the_frozen_receipt_holds() {
    let receipt = Receipt::parse(&frozen_text("entry.tlog-proof")).unwrap();
    let signed = receipt.check(receipt.extra.as_deref().unwrap(), &log().verifier()).unwrap();
    assert_eq!((receipt.index.get(), signed.checkpoint().size.get()), (3, 5));
}

#[test]
fn the_frozen_refusal_is_the_logs_and_no_checkpoint() {
    let signed = SignedRefusal::open(&frozen_text("statement.refusal"), &log().verifier()).unwrap();
    let under = SignedCheckpoint::open(&frozen_text("checkpoint"), &log().verifier()).unwrap().checkpoint().clone();
    assert_eq!(signed.refusal(), &refusal(under));
    assert!(SignedCheckpoint::open(signed.note(), &log().verifier()).is_err());
}

#[test]
fn the_frozen_bundle_reads() {
    let file = fs::File::open(frozen("log.counterfoil")).unwrap();
    let mut bundle = BundleReader::open(file).unwrap();
    assert_eq!((bundle.vkey(), bundle.count()), (log().verifier().vkey().as_str(), 5));
    for index in 0..5 {
        let read = bundle.next_entry().unwrap().unwrap();
        assert_eq!((read.leaf_hash, read.leaf), (leaf_hash(&entry(index).encode()), entry(index).encode()));
    }
    assert_eq!(bundle.next_entry().unwrap(), None);
    assert_eq!(bundle.finish().unwrap(), frozen_text("checkpoint"));
}

#[test]
fn the_frozen_store_opens_and_is_walked_through() {
    let disk = MemoryDisk::new();
    for file in fs::read_dir(frozen("store")).unwrap().map(Result::unwrap) {
        disk.put(file.file_name().to_str().unwrap(), &fs::read(file.path()).unwrap());
    }
    let mut walker = Walker::open(Arc::new(disk.clone())).unwrap();
    let mut frames = Vec::new();
    while let Some(frame) = walker.next_frame().unwrap() {
        frames.push((frame.end.sequence, frame.appends[0].before.get(), frame.appends[0].leaves.len()));
    }
    assert_eq!(frames, [(1, 0, 1), (2, 1, 3), (3, 4, 1)]);
    let (store, ledger) = (open_store(&disk), LedgerId::new(entry(0).envelope.id()));
    let leaves = store.leaves(ledger, LeafIndex::new(0), usize::MAX, usize::MAX).unwrap();
    assert!(leaves.iter().eq((0..5).map(|index| entry(index).encode()).collect::<Vec<_>>().iter()));
    let head = store.head(ledger).unwrap().unwrap();
    assert_eq!((head.size.get(), head.note), (5, frozen_text("checkpoint")));
}

/// Writes the files of a new version of a format, when it is asked to by `COUNTERFOIL_FREEZE_FORMATS`, and never over one that
/// is frozen: each must then be what is written now.
#[test]
fn what_is_frozen_is_never_written_over() {
    for (name, bytes) in write().files() {
        let path = frozen(&name);
        if !path.exists() && std::env::var_os("COUNTERFOIL_FREEZE_FORMATS").is_some() {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, bytes).unwrap();
        }
        assert_eq!(fs::read(&path).unwrap(), bytes, "{name}");
    }
}
