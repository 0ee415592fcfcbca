//! DSSE envelopes with exactly one signature (DSSE v1.0.2): the bridge of signed bytes between the log and the law.

use bytes::Bytes;

use crate::{
    digest::Digest,
    keys::{Claim, KeyError, KeyPoint, KnownKeys, PublicKey, SecretKey, Signature, SignatureInvalid, verify_each},
    together::with_each,
};

/// The payload type of a statement, version 1.
pub const STATEMENT_TYPE: &str = "application/vnd.counterfoil.statement.v1+protobuf";

/// The most bytes a payload may have.
pub const PAYLOAD_BYTES_MAX: usize = 60_000;

/// A signed payload as it travels and is kept; nothing in it is verified yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// What the payload is.
    pub payload_type: String,
    /// The bytes that were signed; never written anew.
    pub payload: Bytes,
    /// The signer's public key.
    pub key: [u8; 32],
    /// The signature over the PAE.
    pub signature: [u8; 64],
}

/// An envelope's payload after its signature was verified. Only [`Envelope::verify`] makes one.
#[derive(Clone, Copy, Debug)]
pub struct Verified<'a> {
    payload: &'a Bytes,
    signer: PublicKey,
    id: Digest,
}

impl Envelope {
    /// Signs the PAE of `payload`, the bytes of a statement. Looks at nothing in it: see `statement::wire::sign`.
    #[must_use]
    pub fn sign(payload: Bytes, key: &SecretKey) -> Self {
        let signature = key.sign(&pre_authentication_encoding(STATEMENT_TYPE, &payload));
        let key = *key.public().as_bytes();
        Self { payload_type: STATEMENT_TYPE.to_owned(), payload, key, signature: *signature.as_bytes() }
    }

    /// Verifies size, type, key and signature, in this order; `known` spares finding the point of a key that has signed before.
    ///
    /// Errors: [`EnvelopeError`], for the first that fails.
    pub fn verify(&self, known: &KnownKeys) -> Result<Verified<'_>, EnvelopeError> {
        let claimed = self.claimed(known)?;
        let verdict = claimed.point.verify(&claimed.message, &self.signature());
        claimed.verified(verdict, known)
    }

    /// Verifies each of many envelopes for itself, as [`Self::verify`] would, for less.
    ///
    /// Errors: for each, the same.
    pub fn verify_each<'a>(
        envelopes: impl IntoIterator<Item = &'a Self>,
        known: &KnownKeys,
    ) -> Vec<Result<Verified<'a>, EnvelopeError>> {
        let claimed = envelopes.into_iter().map(|envelope| envelope.claimed(known)).collect();
        let judged = with_each(claimed, |claimed| {
            let claims: Vec<_> = claimed.iter().map(|claimed| claimed.claim()).collect();
            verify_each(&claims)
        });
        let verified = |(claimed, verdict): (Claimed<'a>, _)| claimed.verified(verdict, known);
        judged.into_iter().map(|judged| judged.and_then(verified)).collect()
    }

    fn signature(&self) -> Signature {
        Signature::from_bytes(self.signature)
    }

    fn claimed(&self, known: &KnownKeys) -> Result<Claimed<'_>, EnvelopeError> {
        if self.payload.len() > PAYLOAD_BYTES_MAX {
            return Err(EnvelopeError::PayloadTooLarge { bytes: self.payload.len() });
        }
        if self.payload_type != STATEMENT_TYPE {
            return Err(EnvelopeError::PayloadType { found: self.payload_type.clone() });
        }
        let point = known.point(self.key).map_err(|source| EnvelopeError::Key { source })?;
        let message = pre_authentication_encoding(&self.payload_type, &self.payload);
        Ok(Claimed { envelope: self, point, message })
    }

    /// Returns SHA-256 of the PAE, under which the log finds the envelope again. Verifies nothing.
    #[must_use]
    pub fn id(&self) -> Digest {
        Digest::of(&[&pre_authentication_encoding(&self.payload_type, &self.payload)])
    }
}

/// An envelope of which everything was verified but the signature.
struct Claimed<'a> {
    envelope: &'a Envelope,
    point: KeyPoint,
    message: Vec<u8>,
}

impl<'a> Claimed<'a> {
    fn claim(&self) -> Claim<'_> {
        Claim { key: &self.point, message: &self.message, signature: self.envelope.signature() }
    }

    fn verified(self, verdict: Result<(), SignatureInvalid>, known: &KnownKeys) -> Result<Verified<'a>, EnvelopeError> {
        let signer = self.point.public();
        verdict.map_err(|source| EnvelopeError::Signature { signer, source })?;
        known.remember(&self.point);
        Ok(Verified { payload: &self.envelope.payload, signer, id: Digest::of(&[&self.message]) })
    }
}

impl<'a> Verified<'a> {
    /// Returns the bytes that were signed.
    #[must_use]
    pub const fn payload(&self) -> &'a Bytes {
        self.payload
    }

    /// Returns who signed them.
    #[must_use]
    pub const fn signer(&self) -> PublicKey {
        self.signer
    }

    /// Returns SHA-256 of the PAE.
    #[must_use]
    pub const fn id(&self) -> Digest {
        self.id
    }
}

/// Returns what is signed: `DSSEv1 SP LEN(type) SP type SP LEN(payload) SP payload`. DSSE v1.0.2, protocol.md.
#[must_use]
pub fn pre_authentication_encoding(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let head = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len());
    [head.as_bytes(), payload].concat()
}

/// Why an envelope is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EnvelopeError {
    /// The payload is too large.
    #[error("payload has {bytes} bytes, at most {PAYLOAD_BYTES_MAX} are allowed")]
    PayloadTooLarge {
        /// How many it has.
        bytes: usize,
    },
    /// The payload is of another type.
    #[error("payload_type is `{found}`, expected `{STATEMENT_TYPE}`")]
    PayloadType {
        /// The type found.
        found: String,
    },
    /// The key is none.
    #[error("key is not acceptable")]
    Key {
        /// Why.
        #[source]
        source: KeyError,
    },
    /// The signature is not the key's over this payload.
    #[error("signature of {signer} does not verify")]
    Signature {
        /// Whose it should be.
        signer: PublicKey,
        /// What failed.
        #[source]
        source: SignatureInvalid,
    },
}
