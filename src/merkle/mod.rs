//! The Merkle tree of a ledger (RFC 6962 section 2.1, SHA-256). Knows hashes and sizes; never what an entry means.

pub mod hash;
pub mod index;
pub mod overlay;
pub mod proof;
pub mod tree;
