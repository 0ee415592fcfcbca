//! Entries: an admitted envelope with its time, and the leaf bytes that are hashed.

use crate::{envelope::Envelope, time::Timestamp};

/// The most bytes an entry may have (c2sp.org/tlog-tiles).
pub const ENTRY_BYTES_MAX: usize = 65_535;

/// An admitted envelope with its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When it was admitted.
    pub admitted: Timestamp,
    /// As it was submitted.
    pub envelope: Envelope,
}

impl Entry {
    /// Writes the leaf bytes. The envelope was verified, so its parts are within their limits.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        unimplemented!()
    }

    /// Reads leaf bytes; only bytes that [`Self::encode`] writes are an entry.
    pub fn decode(leaf: &[u8]) -> Result<Self, EntryError> {
        let _ = leaf;
        unimplemented!()
    }
}

/// Why bytes are no entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EntryError {
    /// They end too early.
    #[error("truncated")]
    Truncated,
}
