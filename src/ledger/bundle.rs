//! Bundles: a whole ledger in one file. See `proto/README.md` for the bytes.

use std::io::{self, Read, Write};

use crate::{
    checkpoint::{SignedCheckpoint, note::NoteVerifier},
    digest::Digest,
};

/// Writes a bundle: the log's key, then entries in order, then the checkpoint.
pub struct BundleWriter<W: Write> {
    out: W,
}

impl<W: Write> BundleWriter<W> {
    /// Begins a bundle of exactly `count` entries.
    pub fn begin(out: W, verifier: &NoteVerifier, count: u64) -> io::Result<Self> {
        let _ = (verifier, count);
        Ok(Self { out })
    }

    /// Writes the next entry's leaf bytes.
    pub fn entry(&mut self, leaf: &[u8]) -> io::Result<()> {
        let _ = (leaf, &self.out);
        unimplemented!()
    }

    /// Writes the checkpoint and ends the bundle. Errors when fewer or more entries were written than announced.
    pub fn finish(self, checkpoint: &SignedCheckpoint) -> io::Result<W> {
        let _ = checkpoint;
        unimplemented!()
    }
}

/// Reads a bundle with limits, in order, believing nothing; memory is that of one entry.
pub struct BundleReader<R: Read> {
    input: R,
}

/// One entry of a bundle as it stands there: neither decoded nor compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BundledEntry {
    /// Leaf bytes.
    pub leaf: Vec<u8>,
    /// The leaf hash that was written beside them, so that a changed entry can be named.
    pub leaf_hash: Digest,
}

impl<R: Read> BundleReader<R> {
    /// Reads the head of a bundle.
    pub fn open(input: R) -> Result<Self, BundleError> {
        Ok(Self { input })
    }

    /// Returns the vkey of the log as the bundle says it; believe your own if you have it.
    #[must_use]
    pub fn vkey(&self) -> &str {
        let _ = &self.input;
        unimplemented!()
    }

    /// Returns how many entries the bundle announces.
    #[must_use]
    pub fn count(&self) -> u64 {
        unimplemented!()
    }

    /// Reads the next entry; `None` after the last.
    pub fn next_entry(&mut self) -> Result<Option<BundledEntry>, BundleError> {
        unimplemented!()
    }

    /// Reads the checkpoint's note and sees that nothing follows it.
    pub fn finish(self) -> Result<String, BundleError> {
        unimplemented!()
    }
}

/// Why bytes are no bundle.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BundleError {
    /// It could not be read.
    #[error("cannot be read")]
    Read {
        /// Why.
        #[source]
        source: io::Error,
    },
}
