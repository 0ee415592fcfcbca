//! Signed notes (c2sp.org/signed-note): text and signature lines.

use crate::keys::{PublicKey, SecretKey};

/// A key that verifies notes, with its name: a vkey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteVerifier {
    name: String,
    key: PublicKey,
}

impl NoteVerifier {
    /// Takes a name and an Ed25519 key.
    pub fn new(name: &str, key: PublicKey) -> Result<Self, NoteError> {
        let _ = (name, key);
        unimplemented!()
    }

    /// Reads a vkey: `<name>+<key id>+<base64>`.
    pub fn parse(vkey: &str) -> Result<Self, NoteError> {
        let _ = vkey;
        unimplemented!()
    }

    /// Returns the name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the key.
    #[must_use]
    pub const fn key(&self) -> PublicKey {
        self.key
    }

    /// Writes the vkey.
    #[must_use]
    pub fn vkey(&self) -> String {
        unimplemented!()
    }
}

/// A key that signs notes, with its name.
pub struct NoteSigner {
    name: String,
    key: SecretKey,
}

impl NoteSigner {
    /// Takes a name and a key.
    pub fn new(name: &str, key: SecretKey) -> Result<Self, NoteError> {
        let _ = (name, &key);
        unimplemented!()
    }

    /// Returns the verifier of its signatures.
    #[must_use]
    pub fn verifier(&self) -> NoteVerifier {
        let _ = (&self.name, &self.key);
        unimplemented!()
    }
}

/// Why a note is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoteError {
    /// It is not a note.
    #[error("not a signed note")]
    Malformed,
}
