//! The three hashes of RFC 6962 section 2.1: of nothing, of a leaf, of a node.

use crate::digest::Digest;

/// Returns the root of the tree without leaves: SHA-256 of nothing.
#[must_use]
pub fn empty_root() -> Digest {
    Digest::of(&[])
}

/// Returns the hash of a leaf: SHA-256(0x00 || leaf).
#[must_use]
pub fn leaf_hash(leaf: &[u8]) -> Digest {
    Digest::of(&[&[0x00], leaf])
}

/// Returns the hash of an inner node: SHA-256(0x01 || left || right).
#[must_use]
pub fn node_hash(left: &Digest, right: &Digest) -> Digest {
    Digest::of(&[&[0x01], left.as_bytes(), right.as_bytes()])
}
