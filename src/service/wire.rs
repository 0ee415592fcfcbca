//! What the ledger's messages say, to and from the protocol.

use std::time::Duration;

use crate::{
    agreement::refusal::Refusal,
    checkpoint::SignedCheckpoint,
    digest::Digest,
    envelope::Envelope,
    ledger::{
        entry::{Entry, EntryError},
        receipt,
    },
    merkle::index::LeafIndex,
    proto::counterfoil::v1,
    sequencer::{ReadError, SubmitError, Submitted},
    service::{
        status::{
            AGREEMENT_INVALID, AGREEMENT_NOT_FOUND, COMMIT_UNCLEAR, INDEX_BEYOND_TREE, LEDGER_BUSY, NOT_COMMITTED, No,
            REQUEST_MALFORMED,
        },
        stop::stopping,
    },
    statement::id::{AgreementId, StatementId},
};

/// Reads an agreement's id.
pub(super) fn agreement(text: &str) -> Result<AgreementId, No> {
    text.parse().map_err(|error| No::new(AGREEMENT_INVALID, format!("agreement: {error}")).with("field", "agreement"))
}

/// Reads an envelope. Its payload is checked by nobody yet, and by others than this module.
pub(super) fn envelope(envelope: Option<v1::Envelope>) -> Result<Envelope, No> {
    let envelope = envelope.ok_or_else(|| missing("envelope"))?;
    Ok(Envelope {
        payload_type: envelope.payload_type,
        payload: envelope.payload,
        key: exactly(&envelope.key, "envelope.key", "KEY_INVALID")?,
        signature: exactly(&envelope.signature, "envelope.signature", "SIGNATURE_INVALID")?,
    })
}

fn exactly<const N: usize>(bytes: &[u8], field: &'static str, reason: &'static str) -> Result<[u8; N], No> {
    bytes.try_into().map_err(|_| {
        let message = format!("{field} has {} bytes, expected {N}", bytes.len());
        No::new(reason, message).with("field", field)
    })
}

/// The no to a request without what it is about.
pub(super) fn missing(field: &'static str) -> No {
    No::new("FIELD_MISSING", format!("{field}: missing")).with("field", field)
}

/// Writes an envelope.
fn to_envelope(envelope: Envelope) -> v1::Envelope {
    v1::Envelope {
        payload_type: envelope.payload_type,
        payload: envelope.payload,
        key: envelope.key.to_vec().into(),
        signature: envelope.signature.to_vec().into(),
    }
}

/// Writes an entry, given its leaf bytes. A store that gives back bytes that are none is our own fault.
pub(super) fn entry(index: u64, leaf: &[u8]) -> Result<v1::Entry, No> {
    let Entry { admitted, envelope } = Entry::decode(leaf).map_err(|cause: EntryError| No::internal(&cause))?;
    Ok(v1::Entry { index, admitted_time_ms: admitted.as_ms(), envelope: Some(to_envelope(envelope)) })
}

/// Writes a checkpoint.
pub(super) fn checkpoint(signed: &SignedCheckpoint) -> v1::Checkpoint {
    let checkpoint = signed.checkpoint();
    v1::Checkpoint {
        note: signed.note().to_owned(),
        tree_size: checkpoint.size.get(),
        root: checkpoint.root.as_bytes().to_vec().into(),
    }
}

/// Writes the receipt of a statement that was submitted.
pub(super) fn receipt(submitted: &Submitted) -> v1::Receipt {
    // Who submitted has the leaf: it is his envelope and the admission time. He must not need ours.
    let note = submitted.checkpoint.note();
    let file = receipt::write(None, LeafIndex::new(submitted.index), &submitted.path, note);
    v1::Receipt {
        agreement: submitted.agreement.to_string(),
        statement_id: submitted.statement.digest().as_bytes().to_vec().into(),
        index: submitted.index,
        admitted_time_ms: submitted.admitted.as_ms(),
        tlog_proof: file,
        already_recorded: submitted.already_recorded,
    }
}

impl From<SubmitError> for No {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::AgreementNotFound => not_found(),
            SubmitError::Refused(refused) => {
                let no = Self::from(refused.refusal);
                match refused.signed {
                    Some(signed) => no.with_refusal(&signed),
                    None => no,
                }
            }
            SubmitError::Busy => Self::new(LEDGER_BUSY, error.to_string()).retry_after(BUSY_RETRY_AFTER),
            SubmitError::NotCommitted => Self::new(NOT_COMMITTED, error.to_string()).retry_after(COMMIT_RETRY_AFTER),
            SubmitError::CommitUnclear => Self::new(COMMIT_UNCLEAR, error.to_string()).retry_after(COMMIT_RETRY_AFTER),
            SubmitError::ShuttingDown => stopping(),
        }
    }
}

impl From<Refusal> for No {
    fn from(refusal: Refusal) -> Self {
        Self::new(refusal.reason(), refusal.to_string())
    }
}

impl From<ReadError> for No {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::AgreementNotFound => not_found(),
            ReadError::BeyondTree { asked, size } => beyond(asked, size),
            ReadError::Stopped => stopping(),
            ReadError::Failed
            | ReadError::Unlike { .. }
            | ReadError::Store { .. }
            | ReadError::PutAway { .. }
            | ReadError::Fold { .. } => Self::internal(&error),
        }
    }
}

fn not_found() -> No {
    No::new(AGREEMENT_NOT_FOUND, "no such agreement on this server")
}

/// The no to an index or a size that the tree does not reach.
pub(super) fn beyond(asked: u64, size: u64) -> No {
    No::new(INDEX_BEYOND_TREE, format!("{asked} is beyond the tree of {size} entries"))
        .with("tree_size", size.to_string())
}

/// The no to a request that cannot be meant.
pub(super) fn malformed(field: &'static str, message: &str) -> No {
    No::new(REQUEST_MALFORMED, format!("{field}: {message}")).with("field", field)
}

/// Reads a statement's id.
pub(super) fn statement_id(bytes: &[u8]) -> Result<StatementId, No> {
    let digest = Digest::try_from(bytes).map_err(|error| malformed("statement_id", &error.to_string()))?;
    Ok(StatementId::from_digest(digest))
}

/// About as long as it takes to write what a full queue holds.
pub(super) const BUSY_RETRY_AFTER: Duration = Duration::from_millis(50);
/// Longer than one flush, so that the recovery after a failed commit has begun.
const COMMIT_RETRY_AFTER: Duration = Duration::from_millis(100);
