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
        KeyPoint::from_bytes(bytes).map(|point| point.public())
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
        KeyPoint(key).verify(message, signature)
    }
}

/// A public key with its point: finding the point is a tenth of a verification, so who reads a key and verifies at once
/// finds it once.
#[derive(Clone, Copy, Debug)]
pub struct KeyPoint(VerifyingKey);

impl KeyPoint {
    /// Takes the 32 bytes of a key.
    ///
    /// Errors: as [`PublicKey::from_bytes`].
    pub fn from_bytes(bytes: [u8; 32]) -> Result<Self, KeyError> {
        let key = VerifyingKey::from_bytes(&bytes).map_err(|_| KeyError::NotAPoint)?;
        if !is_below_field_order(&bytes) {
            return Err(KeyError::NotCanonical);
        }
        if key.is_weak() {
            // The other points with two encodings are those whose x is zero, and they are weak.
            let canonical = key.to_edwards().compress().to_bytes() == bytes;
            return Err(if canonical { KeyError::Weak } else { KeyError::NotCanonical });
        }
        Ok(Self(key))
    }

    /// Returns the key.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.to_bytes())
    }

    /// Checks strictly that `signature` is this key's over `message`.
    ///
    /// Errors: [`SignatureInvalid`], for whatever reason.
    pub fn verify(&self, message: &[u8], signature: &Signature) -> Result<(), SignatureInvalid> {
        self.0.verify_strict(message, &DalekSignature::from_bytes(&signature.0)).map_err(|_| SignatureInvalid)
    }
}

/// Whether y, the number that a key's 255 low bits make, is below 2^255 - 19: then it is y's one spelling.
fn is_below_field_order(bytes: &[u8; 32]) -> bool {
    let [lowest, middle @ .., highest] = bytes;
    *highest & 0x7f != 0x7f || middle.iter().any(|byte| *byte != 0xff) || *lowest < 0xed
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

#[cfg(test)]
mod tests {
    use ed25519_dalek::VerifyingKey;
    use proptest::{prelude::any, prop_assert_eq, proptest};

    use super::{KeyError, PublicKey, is_below_field_order};

    /// The rule as it is written down: decode, encode, compare; then look whether it is weak.
    fn as_written(bytes: [u8; 32]) -> Result<(), KeyError> {
        let key = VerifyingKey::from_bytes(&bytes).map_err(|_| KeyError::NotAPoint)?;
        if key.to_edwards().compress().to_bytes() != bytes {
            return Err(KeyError::NotCanonical);
        }
        if key.is_weak() { Err(KeyError::Weak) } else { Ok(()) }
    }

    #[test]
    fn every_spelling_near_the_field_order_is_judged_by_the_rule() {
        let mut judged = [0; 4];
        for highest in [0x00, 0x7f, 0x80, 0xff] {
            for lowest in 0..=0xff {
                let mut bytes = [if highest & 0x7f == 0 { 0 } else { 0xff }; 32];
                (bytes[0], bytes[31]) = (lowest, highest);
                let found = PublicKey::from_bytes(bytes).map(|_| ());
                assert_eq!(found, as_written(bytes), "{}", hex::encode(bytes));
                judged[match found {
                    Ok(()) => 0,
                    Err(KeyError::NotAPoint) => 1,
                    Err(KeyError::NotCanonical) => 2,
                    Err(_) => 3,
                }] += 1;
            }
        }
        assert!(judged.iter().all(|count| *count > 0), "{judged:?}");
    }

    #[test]
    fn the_field_order_itself_is_not_below_it() {
        let mut order = [0xff; 32];
        (order[0], order[31]) = (0xed, 0x7f);
        assert!(!is_below_field_order(&order));
        order[0] = 0xec;
        assert!(is_below_field_order(&order));
    }

    proptest! {
        #[test]
        fn any_bytes_are_judged_by_the_rule(bytes in any::<[u8; 32]>()) {
            prop_assert_eq!(PublicKey::from_bytes(bytes).map(|_| ()), as_written(bytes));
        }
    }
}
