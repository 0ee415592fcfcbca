//! Receipts: `c2sp.org/tlog-proof@v1`.

use crate::{
    checkpoint::{SignedCheckpoint, note::NoteVerifier},
    digest::Digest,
    merkle::index::LeafIndex,
};

/// That an entry is in a ledger; nothing in it is checked yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Application data that nobody trusts. Ours: the leaf bytes, so that one file is enough to check.
    pub extra: Option<Vec<u8>>,
    /// The index.
    pub index: LeafIndex,
    /// The inclusion path, leaf side first.
    pub path: Vec<Digest>,
    /// The checkpoint's note, verbatim.
    pub note: String,
}

impl Receipt {
    /// Writes the file.
    #[must_use]
    pub fn to_text(&self) -> String {
        unimplemented!()
    }

    /// Reads the file.
    pub fn parse(text: &str) -> Result<Self, ReceiptError> {
        let _ = text;
        unimplemented!()
    }

    /// Checks that `leaf` stands at `index` in the ledger whose log key is `verifier`.
    pub fn check(&self, leaf: &[u8], verifier: &NoteVerifier) -> Result<SignedCheckpoint, ReceiptError> {
        let _ = (leaf, verifier);
        unimplemented!()
    }
}

/// Why a receipt does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiptError {
    /// It is no receipt.
    #[error("not a receipt")]
    Malformed,
}
