//! Checkpoints: size and root of a ledger as a C2SP signed note (c2sp.org/tlog-checkpoint).

pub mod note;

use crate::{
    checkpoint::note::{NoteError, NoteSigner, NoteVerifier},
    digest::Digest,
    merkle::index::TreeSize,
};

/// Size and root of a ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which ledger: unique for ever.
    pub origin: String,
    /// Number of entries.
    pub size: TreeSize,
    /// RFC 6962 root.
    pub root: Digest,
}

/// A checkpoint and the note that says it, signed by the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedCheckpoint {
    checkpoint: Checkpoint,
    note: String,
}

impl SignedCheckpoint {
    /// Signs a checkpoint.
    #[must_use]
    pub fn sign(checkpoint: Checkpoint, signer: &NoteSigner) -> Self {
        let _ = (&checkpoint, signer);
        unimplemented!()
    }

    /// Opens a note: valid signature of `verifier`, origin equal to the verifier's name, strict text.
    pub fn open(note: &str, verifier: &NoteVerifier) -> Result<Self, NoteError> {
        let _ = (note, verifier);
        unimplemented!()
    }

    /// Returns size and root.
    #[must_use]
    pub const fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// Returns the note.
    #[must_use]
    pub fn note(&self) -> &str {
        &self.note
    }
}
