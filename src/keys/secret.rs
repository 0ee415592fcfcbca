//! Secret keys: never printed, wiped from memory when dropped.

use ed25519_dalek::{Signer as _, SigningKey};

use crate::keys::{PublicKey, Signature};

/// A secret key. Has no `Debug` and no `Display`, so that no log line and no error can carry it.
#[derive(Clone)]
pub struct SecretKey(SigningKey);

impl SecretKey {
    /// Takes a seed of 32 random bytes.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// Returns the public key.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }

    /// Signs `message` (RFC 8032, deterministic).
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> Signature {
        Signature(self.0.sign(message).to_bytes())
    }
}
