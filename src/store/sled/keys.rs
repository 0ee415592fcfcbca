//! The keys of the one tree: a letter for each kind of value, the ledger, and where in it.

use crate::{
    digest::Digest,
    ledger::LedgerId,
    merkle::index::{LeafIndex, NodeIndex},
};

/// Where the format of the store stands.
pub(super) const FORMAT_KEY: &[u8] = b"v";
/// The format that this version writes and reads.
pub(super) const FORMAT: &str = "counterfoil store 1";

/// How many commits there were, u64be.
pub(super) const COMMITS_KEY: &[u8] = b"c";

/// The most bytes of a value. sled splits a page at 16 values, and puts pages over about 128 KB into files of their own that
/// are never synced.
pub(super) const VALUE_BYTES_MAX: usize = 6_000;
/// The most leaves in one value: with fewer a commit writes more pages, with more it writes the same page more often.
pub(super) const CHUNK_LEAVES_MAX: usize = 12;
/// Nodes of one level in one value.
const CHUNK_NODES: u64 = 32;

/// Head: `h`, ledger. Value: size u64be, note.
pub(super) fn head_key(ledger: LedgerId) -> Vec<u8> {
    key(b'h', ledger, &[])
}

/// What every head's key begins with.
pub(super) const fn head_prefix() -> &'static [u8] {
    b"h"
}

/// Place of an envelope: `i`, ledger, envelope id. Value: index u64be.
pub(super) fn index_key(ledger: LedgerId, envelope: &Digest) -> Vec<u8> {
    key(b'i', ledger, &[envelope.as_bytes()])
}

/// Leaves: `e`, ledger, index of the first u64be, piece u8. Value: leaves, each u32be length and bytes, cut into pieces.
pub(super) fn leaves_key(ledger: LedgerId, first: LeafIndex, piece: u8) -> Vec<u8> {
    key(b'e', ledger, &[&first.get().to_be_bytes(), &[piece]])
}

/// What every key of a ledger's leaves begins with.
pub(super) fn leaves_prefix(ledger: LedgerId) -> Vec<u8> {
    key(b'e', ledger, &[])
}

/// Reads first index and piece out of a key of leaves.
pub(super) fn leaves_of_key(key: &[u8]) -> Option<(LeafIndex, u8)> {
    let (first, piece) = key.get(33..)?.split_first_chunk()?;
    let [piece] = piece else { return None };
    Some((LeafIndex::new(u64::from_be_bytes(*first)), *piece))
}

/// Nodes: `n`, ledger, level u8, number of the chunk u64be. Value: hashes of 32 bytes. Also returns where in it the node stands.
pub(super) fn node_chunk(ledger: LedgerId, node: NodeIndex) -> (Vec<u8>, usize) {
    let at = usize::try_from(node.index % CHUNK_NODES).unwrap_or(0) * 32;
    (key(b'n', ledger, &[&[node.level], &(node.index / CHUNK_NODES).to_be_bytes()]), at)
}

/// The snapshot beside a ledger: `s`, ledger; each piece of it: also its number u16be.
pub(super) fn snapshot_key(ledger: LedgerId) -> Vec<u8> {
    key(b's', ledger, &[])
}

/// A piece of the snapshot.
pub(super) fn piece_key(ledger: LedgerId, number: u16) -> Vec<u8> {
    key(b's', ledger, &[&number.to_be_bytes()])
}

/// What the law keeps beside a ledger: `r`, ledger, the law's key.
pub(super) fn under_key(ledger: LedgerId, under: &[u8]) -> Vec<u8> {
    key(b'r', ledger, &[under])
}

fn key(kind: u8, ledger: LedgerId, parts: &[&[u8]]) -> Vec<u8> {
    let mut key = vec![kind];
    key.extend_from_slice(ledger.digest().as_bytes());
    for part in parts {
        key.extend_from_slice(part);
    }
    key
}
