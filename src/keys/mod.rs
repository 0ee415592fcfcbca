//! Ed25519 keys (RFC 8032): public keys that are canonical and not weak, and strict verification.
//!
//! The verdict on a signature must be the same in every tool for decades, so there is one rule: `verify_strict` of
//! ed25519-dalek over keys that passed [`PublicKey::from_bytes`]. Batch verification is never used for a verdict.

mod secret;

use std::{fmt, str::FromStr};

use ed25519_dalek::{Signature as DalekSignature, VerifyingKey};

pub use secret::SecretKey;

use crate::text::{self, TextError};

/// A public key: the 32 bytes that a party registered, canonical and not of small order. Compared as bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// Takes the 32 bytes of a key.
    ///
    /// Errors: [`KeyError`] when the bytes are no point, another encoding of a point, or a point of small order,
    /// for which signatures hold that nobody made.
    pub fn from_bytes(bytes: [u8; 32]) -> Result<Self, KeyError> {
        let key = VerifyingKey::from_bytes(&bytes).map_err(|_| KeyError::NotAPoint)?;
        if key.to_edwards().compress().to_bytes() != bytes {
            return Err(KeyError::NotCanonical);
        }
        if key.is_weak() {
            return Err(KeyError::Weak);
        }
        Ok(Self(bytes))
    }

    /// Takes bytes of any length that should be a key.
    ///
    /// Errors: as [`Self::from_bytes`], and [`KeyError::Length`].
    pub fn from_slice(bytes: &[u8]) -> Result<Self, KeyError> {
        let bytes = bytes.try_into().map_err(|_| KeyError::Length { length: bytes.len() })?;
        Self::from_bytes(bytes)
    }

    /// Returns the 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Checks strictly that `signature` is this key's over `message`.
    ///
    /// Errors: [`SignatureInvalid`], for whatever reason.
    pub fn verify(&self, message: &[u8], signature: &Signature) -> Result<(), SignatureInvalid> {
        let key = VerifyingKey::from_bytes(&self.0).map_err(|_| SignatureInvalid)?;
        key.verify_strict(message, &DalekSignature::from_bytes(&signature.0)).map_err(|_| SignatureInvalid)
    }
}

const KIND: &str = "key";

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&text::encode(KIND, &self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for PublicKey {
    type Err = KeyTextError;

    fn from_str(text: &str) -> Result<Self, KeyTextError> {
        Ok(Self::from_bytes(text::decode(KIND, text)?)?)
    }
}

/// An Ed25519 signature: 64 bytes, not yet known to be anybody's.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature([u8; 64]);

impl Signature {
    /// Takes 64 bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 64]) -> Self {
        Self(bytes)
    }

    /// Returns the 64 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 64] {
        &self.0
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// Why bytes are not a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// They are not 32.
    #[error("a public key has 32 bytes, not {length}")]
    Length {
        /// How many there are.
        length: usize,
    },
    /// They are no point of the curve.
    #[error("the bytes are no Ed25519 public key")]
    NotAPoint,
    /// They are another encoding of a key.
    #[error("the key is not in its canonical encoding")]
    NotCanonical,
    /// The key is of small order.
    #[error("the key is weak: signatures hold for it that nobody made")]
    Weak,
}

/// Why a text is not a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyTextError {
    /// The text is wrong.
    #[error(transparent)]
    Text(#[from] TextError),
    /// The text is right, but its bytes are no key.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// A signature does not verify.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not verify")]
pub struct SignatureInvalid;
