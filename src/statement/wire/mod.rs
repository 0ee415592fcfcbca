//! The only place that knows both the generated statement and ours: bytes to values and back.
//!
//! [`open`] decides in this order, which is part of the format: the envelope (size, type, key, signature), then whether
//! the payload decodes, whether its bytes are canonical, whether its signer is the envelope's, and whether its fields are
//! within the limits of `proto/counterfoil/v1`, in the order of their numbers. Whether a statement may
//! enter, and whether terms make sense, the law decides.

mod problem;
mod read;
mod read_change;
mod read_dispute;
mod read_field;
mod read_money;
mod read_rules;
mod read_terms;
mod read_work;
mod reason;
mod write;
mod write_change;
mod write_dispute;
mod write_money;
mod write_rules;
mod write_terms;
mod write_work;

use bytes::Bytes;
use prost::Message;

pub use problem::FieldProblem;
use problem::{FieldError, Within};

use crate::{
    envelope::{Envelope, EnvelopeError, PAYLOAD_BYTES_MAX, Verified},
    keys::{KnownKeys, PublicKey, SecretKey},
    proto::counterfoil::v1,
    statement::{Signed, Statement, dispute::Outcome, id::StatementId},
    together::with_each,
};

/// Verifies an envelope, reads the statement in it, and checks that its bytes are canonical.
///
/// Errors: [`OpenError`], for the first check that fails; the same in every reader.
pub fn open(envelope: &Envelope) -> Result<Signed, OpenError> {
    open_with(envelope, &KnownKeys::new(1))
}

/// As [`open`], for who opens many: `known` spares finding the points of keys that have signed before.
///
/// Errors: the same.
pub fn open_with(envelope: &Envelope, known: &KnownKeys) -> Result<Signed, OpenError> {
    read_verified(envelope.verify(known)?)
}

/// As [`open_with`], for each of many at once, which costs less.
///
/// Errors: for each, the same.
pub fn open_each<'a>(
    envelopes: impl IntoIterator<Item = &'a Envelope>,
    known: &KnownKeys,
) -> Vec<Result<Signed, OpenError>> {
    Envelope::verify_each(envelopes, known).into_iter().map(|verified| read_verified(verified?)).collect()
}

/// An envelope and the statement in it. Only opening makes one, so the two are never of different statements: what is judged
/// is what is kept.
#[derive(Clone, Debug)]
pub struct Opened {
    envelope: Envelope,
    signed: Signed,
}

impl Opened {
    /// As [`open_with`], and keeps the envelope.
    ///
    /// Errors: the same.
    pub fn open(envelope: Envelope, known: &KnownKeys) -> Result<Self, OpenError> {
        let signed = open_with(&envelope, known)?;
        Ok(Self { envelope, signed })
    }

    /// As [`open_each`], and keeps the envelopes; what is none stays where it is.
    ///
    /// Errors: for each, the same.
    pub fn open_each<E: From<OpenError>>(
        envelopes: Vec<Result<Envelope, E>>,
        known: &KnownKeys,
    ) -> Vec<Result<Self, E>> {
        let opened = with_each(envelopes, |envelopes| open_each(envelopes.iter().copied(), known));
        let opened = opened.into_iter().map(|one| {
            let (envelope, signed) = one?;
            Ok(Self { envelope, signed: signed? })
        });
        opened.collect()
    }

    /// Returns the envelope.
    #[must_use]
    pub const fn envelope(&self) -> &Envelope {
        &self.envelope
    }

    /// Returns the statement.
    #[must_use]
    pub const fn signed(&self) -> &Signed {
        &self.signed
    }

    /// Returns both.
    #[must_use]
    pub fn into_parts(self) -> (Envelope, Signed) {
        (self.envelope, self.signed)
    }
}

fn read_verified(verified: Verified<'_>) -> Result<Signed, OpenError> {
    let statement = read(verified.payload(), verified.signer())?;
    Ok(Signed { id: StatementId::from_digest(verified.id()), statement })
}

/// Writes the canonical bytes of a statement: the payload to sign.
#[must_use]
pub fn encode(statement: &Statement) -> Bytes {
    v1::Statement::from(statement).encode_to_vec().into()
}

/// Signs a statement.
///
/// Errors: those with which [`open`] would refuse the envelope; what nobody would take is never signed.
pub fn sign(statement: &Statement, key: &SecretKey) -> Result<Envelope, OpenError> {
    let payload = encode(statement);
    if payload.len() > PAYLOAD_BYTES_MAX {
        return Err(EnvelopeError::PayloadTooLarge { bytes: payload.len() }.into());
    }
    read(&payload, key.public())?;
    Ok(Envelope::sign(payload, key))
}

fn read(payload: &Bytes, signer: PublicKey) -> Result<Statement, OpenError> {
    let decoded = v1::Statement::decode(payload.clone()).map_err(|source| OpenError::Malformed { source })?;
    let canonical = decoded.encode_to_vec();
    if canonical != payload.as_ref() {
        let offset = canonical.iter().zip(payload).take_while(|(canonical, found)| canonical == found).count();
        return Err(OpenError::NotCanonical { offset });
    }
    // A key that was verified needs no second look.
    if decoded.signer != signer.as_bytes().as_slice() {
        let named = read_field::public_key(&decoded.signer).within("signer")?;
        return Err(OpenError::SignerMismatch { envelope: signer, statement: named });
    }
    Ok(read::statement(decoded, signer)?)
}

/// Why an envelope holds no statement.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The envelope is not believed.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// The payload does not decode.
    #[error("payload is not a statement")]
    Malformed {
        /// What failed.
        #[source]
        source: prost::DecodeError,
    },
    /// The payload decodes, but has bytes that the canonical encoding has not.
    #[error("payload is not in its canonical encoding: byte {offset} differs")]
    NotCanonical {
        /// The position of the first byte that differs, from 0.
        offset: usize,
    },
    /// The payload names another signer than the envelope.
    #[error("statement names {statement} as its signer, but {envelope} signed it")]
    SignerMismatch {
        /// Who signed.
        envelope: PublicKey,
        /// Who is named.
        statement: PublicKey,
    },
    /// A field is outside its limits.
    #[error("{field}: {problem}")]
    Field {
        /// The path of the field: `contribution.artifacts[2].digest`.
        field: String,
        /// What is wrong with it.
        problem: FieldProblem,
    },
}

/// Reads the outcomes of a dispute as an offer or a ruling would have them: for who asks what they would do.
///
/// Errors: [`OpenError`], with the field below `outcomes`.
pub fn read_outcomes(from: Vec<v1::Outcome>) -> Result<Vec<Outcome>, OpenError> {
    Ok(read_dispute::outcomes(from).within("outcomes")?)
}

impl From<FieldError> for OpenError {
    fn from(FieldError { path, problem }: FieldError) -> Self {
        Self::Field { field: path, problem }
    }
}
