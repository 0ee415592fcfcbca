//! Ed25519 keys (RFC 8032): public keys that are canonical and not weak, and strict verification.
//!
//! The verdict on a signature must be the same in every tool for decades, so there is one rule: `verify_strict` of
//! ed25519-dalek over keys that passed [`PublicKey::from_bytes`]. Batch verification is never used for a verdict.
//! [`KeyPoint::verify`] reaches that verdict for less, [`verify_each`] for less still when there are many, and [`KnownKeys`]
//! spares finding the point of a key again, and for keys that sign much the greater part of the arithmetic.

mod known;
mod multiples;
mod secret;

use std::{
    fmt,
    str::FromStr,
    sync::{Arc, LazyLock},
};

use curve25519_dalek::{
    constants::ED25519_BASEPOINT_POINT,
    edwards::{CompressedEdwardsY, EdwardsPoint},
    scalar::Scalar,
    traits::Identity as _,
};
use ed25519_dalek::{Signature as DalekSignature, Verifier as _, VerifyingKey};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use sha2::{Digest as _, Sha512};

pub use known::KnownKeys;
pub use secret::SecretKey;

use crate::{
    keys::multiples::Multiples,
    text::{self, TextError},
    together::with_each,
};

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
        KeyPoint::new(key).verify(message, signature)
    }
}

impl Serialize for PublicKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_bytes(<[u8; 32]>::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// A public key with its point: finding the point is a tenth of a verification, so who reads a key and verifies at once
/// finds it once.
#[derive(Clone, Debug)]
pub struct KeyPoint {
    key: VerifyingKey,
    /// Of the negative of the point.
    multiples: Option<Arc<Multiples>>,
}

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
        Ok(Self::new(key))
    }

    fn new(key: VerifyingKey) -> Self {
        Self { key, multiples: None }
    }

    /// Finds multiples of the point, 128 KiB of them, with which a verification takes half the time. Finding them takes as
    /// long as ten verifications.
    #[must_use]
    pub fn prepared(&self) -> Self {
        let multiples = Multiples::of(&-self.key.to_edwards(), KEY_WINDOW_BITS);
        Self { key: self.key, multiples: Some(Arc::new(multiples)) }
    }

    /// Whether it is prepared.
    fn is_prepared(&self) -> bool {
        self.multiples.is_some()
    }

    /// Returns the key.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(self.key.to_bytes())
    }

    /// Checks that `signature` is this key's over `message`: the verdict of `verify_strict`, for a sixth less, and for half of
    /// it when the key is [prepared](Self::prepared).
    ///
    /// Strict verification accepts what plain verification accepts, unless the key or R is of small order. No key here is.
    /// Plain verification compares the bytes of R with those of the one canonical encoding of the R it computes, so R is of
    /// small order only if its bytes are among eight. Nothing is left that R would have to be decompressed for.
    ///
    /// Errors: [`SignatureInvalid`], for whatever reason.
    pub fn verify(&self, message: &[u8], signature: &Signature) -> Result<(), SignatureInvalid> {
        if self.is_prepared() {
            let claim = Claim { key: self, message, signature: *signature };
            let expected = claim.expected().ok_or(SignatureInvalid)?;
            return signature.check_r(&expected.compress());
        }
        let signature = DalekSignature::from_bytes(&signature.0);
        if SMALL_ORDER.contains(signature.r_bytes()) {
            return Err(SignatureInvalid);
        }
        self.key.verify(message, &signature).map_err(|_| SignatureInvalid)
    }
}

/// 128 KiB for each key, and 51 additions.
const KEY_WINDOW_BITS: usize = 5;

/// Multiples of the point that all keys are multiples of: 640 KiB, and 32 additions.
static BASE: LazyLock<Multiples> = LazyLock::new(|| Multiples::of(&ED25519_BASEPOINT_POINT, 8));

/// A signature that somebody is said to have made over a message.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// Whose it should be.
    pub key: &'a KeyPoint,
    /// What was signed.
    pub message: &'a [u8],
    /// The signature.
    pub signature: Signature,
}

impl Claim<'_> {
    /// Computes the R that the signature must begin with (RFC 8032, section 5.1.7): sB - kA. None: it holds in no case.
    fn expected(&self) -> Option<EdwardsPoint> {
        let signature = DalekSignature::from_bytes(&self.signature.0);
        if SMALL_ORDER.contains(signature.r_bytes()) {
            return None;
        }
        let s = Option::from(Scalar::from_canonical_bytes(*signature.s_bytes()))?;
        let key = &self.key.key;
        let hash = Sha512::new().chain_update(signature.r_bytes()).chain_update(key.as_bytes());
        let k = Scalar::from_bytes_mod_order_wide(&hash.chain_update(self.message).finalize().into());
        Some(match &self.key.multiples {
            Some(multiples) => multiples.add_product(BASE.add_product(EdwardsPoint::identity(), &s), &k),
            None => EdwardsPoint::vartime_double_scalar_mul_basepoint(&k, &-key.to_edwards(), &s),
        })
    }
}

/// Checks each of many signatures, for itself alone and with the verdict of [`KeyPoint::verify`], for a tenth less: what it
/// takes to write a point, an inversion in the field, is done once for all of them.
#[must_use]
pub fn verify_each(claims: &[Claim<'_>]) -> Vec<Result<(), SignatureInvalid>> {
    let expected = claims.iter().map(|claim| Ok((claim.expected().ok_or(SignatureInvalid)?, claim.signature)));
    let written = with_each(expected.collect(), |expected| {
        let points: Vec<_> = expected.iter().map(|(point, _)| *point).collect();
        EdwardsPoint::compress_batch_alloc(&points)
    });
    let verdict = |((_, signature), r): ((_, Signature), CompressedEdwardsY)| signature.check_r(&r);
    written.into_iter().map(|one| one.and_then(verdict)).collect()
}

/// The canonical encodings of the eight points of small order.
const SMALL_ORDER: [[u8; 32]; 8] = {
    let mut points = [[0; 32]; 8];
    // Of order 1: y = 1. Of order 2: y = -1. Of order 4: y = 0, with either sign of x.
    points[0][0] = 0x01;
    points[1] = [0xff; 32];
    points[1][0] = 0xec;
    points[1][31] = 0x7f;
    points[3][31] = 0x80;
    // Of order 8: two values of y, with either sign of x.
    points[4] = [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf,
        0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ];
    points[5] = points[4];
    points[5][31] |= 0x80;
    points[6] = [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20,
        0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ];
    points[7] = points[6];
    points[7][31] |= 0x80;
    points
};

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

    /// Checks that its R is spelt as `r` is.
    fn check_r(&self, r: &CompressedEdwardsY) -> Result<(), SignatureInvalid> {
        if self.0.starts_with(r.as_bytes()) { Ok(()) } else { Err(SignatureInvalid) }
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
mod tests;
