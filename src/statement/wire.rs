//! The only place that knows both the generated statement and ours: bytes to values and back.

use bytes::Bytes;

use crate::{
    envelope::{Envelope, EnvelopeError},
    statement::{Signed, Statement},
};

/// Verifies an envelope, reads the statement in it, and checks that its bytes are canonical.
pub fn open(envelope: &Envelope) -> Result<Signed, OpenError> {
    let _ = envelope;
    unimplemented!()
}

/// Writes the canonical bytes of a statement: the payload to sign.
#[must_use]
pub fn encode(statement: &Statement) -> Bytes {
    let _ = statement;
    unimplemented!()
}

/// Why an envelope holds no statement.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The envelope is not believed.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
}
