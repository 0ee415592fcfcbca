//! Bits that went bad in what was signed long ago, under an index that says all of it was read before: nothing is signed over
//! them a second time.

use std::{fs, path::Path, sync::Arc};

use counterfoil::{
    checkpoint::SignedCheckpoint,
    digest::Digest,
    merkle::hash::{leaf_hash, node_hash},
    sequencer::{Part, ReadError, Sequencer, SubmitError},
    statement::{Body, SeenCheckpoint, wire},
    store::{StoreError, log::LogStore},
};

use crate::sequencer::{
    deal::{Deal, hour},
    open, submit, try_open,
};

const CACHE_BYTES: u64 = 16 * 1024 * 1024;
const SIZE: u64 = 200;

fn store(path: &Path) -> Arc<LogStore> {
    Arc::new(LogStore::open(path, CACHE_BYTES).unwrap())
}

/// Flips a bit of a hash wherever it stands in the log.
fn flip(path: &Path, digest: &Digest) {
    let mut flipped = 0;
    for entry in fs::read_dir(path).unwrap().map(Result::unwrap) {
        let file = entry.path();
        if file.extension().is_none_or(|ends| ends != "log") {
            continue;
        }
        let mut bytes = fs::read(&file).unwrap();
        let found: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(digest.as_bytes())).collect();
        flipped += found.len();
        found.into_iter().for_each(|at| bytes[at + 7] ^= 4);
        fs::write(&file, bytes).unwrap();
    }
    assert_eq!(flipped, 1, "it stands there once");
}

/// A ledger whose checkpoint of two entries was signed, and in which a bit of the only hash that its root is made of has gone bad
/// since.
async fn rotten(path: &Path, deal: &Deal) -> (Sequencer, SignedCheckpoint) {
    let sequencer = open(&store(path)).await;
    for envelope in deal.opening() {
        submit(&sequencer, envelope).await.unwrap();
    }
    let early = sequencer.checkpoint(deal.id).await.unwrap();
    for number in 2..SIZE {
        submit(&sequencer, deal.contribution(number)).await.unwrap();
    }
    let leaves = sequencer.entries(deal.id, 0, 2).await.unwrap();
    sequencer.shut_down().await;
    drop(sequencer);
    let bad = node_hash(&leaf_hash(&leaves[0]), &leaf_hash(&leaves[1]));
    assert_eq!(bad, early.checkpoint().root);
    flip(path, &bad);
    // What is in the index, and under a snapshot, is not read again when a server starts.
    (try_open(&store(path)).await.unwrap(), early)
}

fn names_the_damage<T>(answer: Result<T, ReadError>, what: &str) {
    match answer.err() {
        Some(ReadError::Store { source: StoreError::Damaged { what: named, .. } }) => {
            assert!(named.contains("hash"), "{what}: {named}");
        }
        other => panic!("{what}: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_second_root_is_signed_for_a_size_whose_hashes_went_bad() {
    let (folder, deal) = (tempfile::tempdir().unwrap(), Deal::new(1));
    let (sequencer, early) = rotten(folder.path(), &deal).await;
    let note = |checkpoint: &SignedCheckpoint| checkpoint.note().to_owned();
    names_the_damage(sequencer.checkpoint_at(deal.id, 2).await.map(|signed| note(&signed)), "an old size");
    names_the_damage(sequencer.checkpoint_at(deal.id, 3).await.map(|signed| note(&signed)), "a size that builds on it");
    let read = sequencer.read(deal.id, Some(2), Part::Books, move |reader| note(reader.checkpoint()));
    names_the_damage(read.await, "a page of an old size");
    // Proofs are signed by nobody, but they would accuse the log.
    names_the_damage(sequencer.prove_inclusion(deal.id, 3).await, "an inclusion");
    names_the_damage(sequencer.prove_consistency(deal.id, 3, 150).await, "a consistency");
    // What does not rest on it is told as before.
    let leaf = sequencer.prove_inclusion(deal.id, 1).await.unwrap().leaf;
    assert_eq!(leaf, sequencer.entries(deal.id, 1, 1).await.unwrap()[0]);
    assert_eq!(sequencer.checkpoint_at(deal.id, 128).await.unwrap().checkpoint().size.get(), 128);
    assert_eq!(early.checkpoint().size.get(), 2);
    assert_eq!(submit(&sequencer, deal.contribution(SIZE)).await.unwrap().index, SIZE);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_seen_what_went_bad_is_not_refused_for_it() {
    let (folder, deal) = (tempfile::tempdir().unwrap(), Deal::new(1));
    let (sequencer, early) = rotten(folder.path(), &deal).await;
    let checkpoint = early.checkpoint();
    let seen = SeenCheckpoint { tree_size: checkpoint.size.get(), root: checkpoint.root };
    let honest = deal.say("community", SIZE, Some(seen), Body::Contribution(hour("community", Vec::new())));
    let signed = wire::open(&honest).unwrap();
    let asked = sequencer.validate(signed).await;
    assert!(matches!(asked, Err(SubmitError::NotCommitted)), "{asked:?}");
    let answer = submit(&sequencer, honest).await;
    assert!(matches!(answer, Err(SubmitError::NotCommitted)), "a refusal would convict the log: {answer:?}");
    // Whoever does not speak of it is recorded.
    assert_eq!(submit(&sequencer, deal.contribution(SIZE)).await.unwrap().index, SIZE);
}
