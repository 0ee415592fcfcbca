//! A log of 15 entries written by Tessera, with its checkpoint and its tiles at every size.

use std::{fs, path::Path};

use counterfoil::{
    checkpoint::{SignedCheckpoint, note::NoteVerifier},
    digest::Digest,
    merkle::{
        hash::leaf_hash,
        index::LeafIndex,
        overlay::Overlay,
        proof::{check_consistency, check_inclusion, prove_consistency, prove_inclusion},
        tree::Frontier,
    },
};

use crate::common;

const VKEY: &str = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx";
const SIZE: u64 = 15;

fn checkpoint(log: &Path, size: u64) -> SignedCheckpoint {
    let note = fs::read_to_string(log.join(format!("checkpoint.{size}"))).unwrap();
    let signed = SignedCheckpoint::open(&note, &NoteVerifier::parse(VKEY).unwrap()).unwrap();
    assert_eq!(signed.checkpoint().size.get(), size);
    assert_eq!(signed.checkpoint().to_string(), signed.text());
    signed
}

/// Reads an entry bundle of c2sp.org/tlog-tiles: each entry behind its length as u16.
fn entries(log: &Path, size: u64) -> Vec<Vec<u8>> {
    let bundle = fs::read(log.join(format!("tile/entries/000.p/{size}"))).unwrap();
    let (mut rest, mut entries) = (bundle.as_slice(), Vec::new());
    while let Some((length, behind)) = rest.split_first_chunk() {
        let (entry, behind) = behind.split_at(usize::from(u16::from_be_bytes(*length)));
        entries.push(entry.to_vec());
        rest = behind;
    }
    entries
}

fn grow(entries: &[Vec<u8>]) -> (Frontier, Overlay) {
    let (mut frontier, mut nodes) = (Frontier::empty(), Overlay::default());
    for entry in entries {
        frontier.push(leaf_hash(entry), |node, digest| nodes.insert(node, digest));
    }
    (frontier, nodes)
}

#[test]
fn every_checkpoint_verifies_and_says_the_root_of_its_entries() {
    let Some(log) = common::shared("vectors/tlog-tiles-tessera/log") else { return };
    for size in 0..=SIZE {
        let signed = checkpoint(&log, size);
        let entries = if size == 0 { Vec::new() } else { entries(&log, size) };
        let (frontier, _) = grow(&entries);
        assert_eq!((frontier.size(), frontier.root()), (signed.checkpoint().size, signed.checkpoint().root));
        if size > 0 {
            let tile = fs::read(log.join(format!("tile/0/000.p/{size}"))).unwrap();
            let hashes: Vec<u8> = entries.iter().flat_map(|entry| *leaf_hash(entry).as_bytes()).collect();
            assert_eq!(tile, hashes, "size {size}");
        }
    }
    let latest = fs::read_to_string(log.join("checkpoint")).unwrap();
    assert_eq!(latest, checkpoint(&log, SIZE).note());
}

#[test]
fn every_pair_of_checkpoints_is_consistent_and_every_entry_is_in_each() {
    let Some(log) = common::shared("vectors/tlog-tiles-tessera/log") else { return };
    let entries = entries(&log, SIZE);
    let (_, nodes) = grow(&entries);
    let checkpoints: Vec<_> = (0..=SIZE).map(|size| checkpoint(&log, size).checkpoint().clone()).collect();
    for second in &checkpoints[1..] {
        for (index, entry) in (0..second.size.get()).map(LeafIndex::new).zip(&entries) {
            let path = prove_inclusion(&nodes, index, second.size).unwrap();
            assert_eq!(check_inclusion(index, second.size, &leaf_hash(entry), &path, &second.root), Ok(()));
        }
        for first in checkpoints[1..].iter().filter(|first| first.size <= second.size) {
            let path = prove_consistency(&nodes, first.size, second.size).unwrap();
            assert_eq!(check_consistency(first.size, &first.root, second.size, &second.root, &path), Ok(()));
            let other = Digest::of(&[first.root.as_bytes()]);
            assert!(check_consistency(first.size, &other, second.size, &second.root, &path).is_err());
        }
    }
}

#[test]
fn each_changed_byte_of_an_entry_or_a_checkpoint_is_noticed() {
    let Some(log) = common::shared("vectors/tlog-tiles-tessera/log") else { return };
    let signed = checkpoint(&log, SIZE);
    let good = entries(&log, SIZE);
    for (index, byte) in
        good.iter().enumerate().flat_map(|(index, entry)| (0..entry.len()).map(move |byte| (index, byte)))
    {
        let mut changed = good.clone();
        changed[index][byte] ^= 1;
        assert_ne!(grow(&changed).0.root(), signed.checkpoint().root, "entry {index}, byte {byte}");
    }
    let verifier = NoteVerifier::parse(VKEY).unwrap();
    for at in 0..signed.note().len() {
        let mut changed = signed.note().as_bytes().to_vec();
        changed[at] ^= 1;
        let Ok(changed) = String::from_utf8(changed) else { continue };
        assert!(SignedCheckpoint::open(&changed, &verifier).is_err(), "byte {at}");
    }
}
