//! What is believed of an answer, and how it is checked first.

use std::sync::{Arc, Mutex, PoisonError};

use prost::Message;

use crate::{
    checkpoint::{SignedCheckpoint, note::NoteVerifier},
    client::{Client, ClientError, Recorded, Refused},
    digest::Digest,
    envelope::Envelope,
    keys::KnownKeys,
    ledger::{entry::Entry, receipt::Receipt, refusal::SignedRefusal},
    merkle::{hash::leaf_hash, proof::check_inclusion},
    proto::counterfoil::v1,
    statement::id::{AgreementId, StatementId},
    time::Timestamp,
};

/// The note of the checkpoint that was verified last, by whose key, and what it says; and the keys of logs.
#[derive(Clone, Default)]
pub(super) struct LastCheckpoint {
    last: Arc<Mutex<Option<(NoteVerifier, SignedCheckpoint)>>>,
    known: Arc<KnownKeys>,
}

impl LastCheckpoint {
    /// Opens a note of `verifier`; its signature is not checked twice in a row.
    fn open(&self, note: &str, verifier: &NoteVerifier) -> Result<SignedCheckpoint, ClientError> {
        // A poisoned lock guards nothing worse than a value that is compared before it is used.
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((by, checkpoint)) = &*last
            && by == verifier
            && checkpoint.note() == note
        {
            return Ok(checkpoint.clone());
        }
        let opened = SignedCheckpoint::open_with(note, verifier, &self.known)
            .map_err(|source| ClientError::CheckpointInvalid { source })?;
        *last = Some((verifier.clone(), opened.clone()));
        Ok(opened)
    }
}

impl Client {
    /// Opens a checkpoint of the ledger of `agreement`.
    pub(super) fn open_checkpoint(
        &self,
        call: &'static str,
        checkpoint: Option<v1::Checkpoint>,
        agreement: AgreementId,
        verifier: &NoteVerifier,
    ) -> Result<SignedCheckpoint, ClientError> {
        let checkpoint = checkpoint.ok_or(ClientError::Answer { call, what: "checkpoint is missing" })?;
        is_ledger_of(verifier, agreement)?;
        self.last_checkpoint.open(&checkpoint.note, verifier)
    }

    /// Checks that the receipt proves exactly the envelope that was sent.
    pub(super) fn check_receipt(
        &self,
        sent: &Sent,
        receipt: v1::Receipt,
        verifier: &NoteVerifier,
    ) -> Result<Recorded, ClientError> {
        is_ledger_of(verifier, sent.agreement)?;
        let malformed = |source| ClientError::ReceiptMalformed { statement: sent.id, source };
        let wrong = |what| ClientError::Answer { call: "SubmitStatement", what };
        let admitted = Timestamp::from_ms(receipt.admitted_time_ms).map_err(|_| wrong("admitted_time_ms"))?;
        let leaf = Entry { admitted, envelope: sent.envelope.clone() }.encode();
        let mut file = Receipt::parse(&receipt.tlog_proof).map_err(malformed)?;
        let checkpoint = self.last_checkpoint.open(&file.note, verifier)?;
        let under = checkpoint.checkpoint();
        check_inclusion(file.index, under.size, &leaf_hash(&leaf), &file.path, &under.root)
            .map_err(|source| ClientError::ReceiptInvalid { statement: sent.id, source })?;
        file.extra = Some(leaf);
        Ok(Recorded {
            agreement: sent.agreement,
            statement: sent.id,
            index: file.index.get(),
            admitted,
            already_recorded: receipt.already_recorded,
            receipt: file,
            checkpoint,
        })
    }
}

impl Client {
    /// Takes the signed refusal out of a server's no, and checks it.
    ///
    /// Errors: [`ClientError::RefusalInvalid`]; and when the log's key cannot be had.
    pub(super) async fn with_signed(
        &mut self,
        sent: &Sent,
        mut refused: Refused,
        verifier: Option<&NoteVerifier>,
    ) -> Result<Refused, ClientError> {
        let Some(note) = refused.metadata.remove(REFUSAL) else { return Ok(refused) };
        let verifier = self.verifier(sent.agreement, verifier).await?;
        is_ledger_of(&verifier, sent.agreement)?;
        let invalid = |refused, source| ClientError::RefusalInvalid { refused: Box::new(refused), source };
        match SignedRefusal::open(&note, &verifier) {
            Ok(signed)
                if signed.refusal().statement == sent.id.digest() && signed.refusal().reason == refused.reason =>
            {
                refused.signed = Some(Box::new(signed));
                Ok(refused)
            }
            Ok(_) => Err(invalid(refused, None)),
            Err(source) => Err(invalid(refused, Some(source))),
        }
    }
}

/// What the signed refusal is called in the metadata of a no.
const REFUSAL: &str = "refusal";

/// An envelope, and what its receipt must be of.
#[derive(Clone)]
pub(super) struct Sent {
    pub(super) envelope: Envelope,
    pub(super) id: StatementId,
    pub(super) agreement: AgreementId,
}

impl Sent {
    /// Reads from the envelope itself which ledger it belongs to. Verifies nothing: the server will, and whether the
    /// receipt is of this envelope does not depend on it.
    pub(super) fn new(envelope: Envelope) -> Self {
        let id = StatementId::from_digest(envelope.id());
        let named = Head::decode(envelope.payload.clone()).ok();
        let named = named.and_then(|head| Digest::try_from(head.agreement_id.as_ref()).ok());
        Self { id, agreement: named.map_or_else(|| id.into(), AgreementId::from_digest), envelope }
    }

    pub(super) fn to_proto(&self) -> v1::Envelope {
        v1::Envelope {
            payload_type: self.envelope.payload_type.clone(),
            payload: self.envelope.payload.clone(),
            key: self.envelope.key.to_vec().into(),
            signature: self.envelope.signature.to_vec().into(),
        }
    }
}

/// The first field of a statement; what follows it is skipped.
#[derive(Clone, PartialEq, Message)]
struct Head {
    #[prost(bytes = "bytes", tag = "1")]
    agreement_id: bytes::Bytes,
}

/// The origin of an agreement's checkpoints ends with its id: a log of another agreement proves nothing about this one.
pub(super) fn is_ledger_of(verifier: &NoteVerifier, agreement: AgreementId) -> Result<(), ClientError> {
    if verifier.name().ends_with(&format!("/ledger/{agreement}")) {
        Ok(())
    } else {
        Err(ClientError::WrongLedger { agreement, found: verifier.name().to_owned() })
    }
}

/// Reads an entry; that it is in the ledger is another matter.
pub(super) fn entry(call: &'static str, entry: v1::Entry) -> Result<(u64, Entry), ClientError> {
    let wrong = |what| ClientError::Answer { call, what };
    let envelope = entry.envelope.ok_or(wrong("an entry has no envelope"))?;
    let envelope = Envelope {
        payload_type: envelope.payload_type,
        payload: envelope.payload,
        key: envelope.key.as_ref().try_into().map_err(|_| wrong("a key has not 32 bytes"))?,
        signature: envelope.signature.as_ref().try_into().map_err(|_| wrong("a signature has not 64 bytes"))?,
    };
    let admitted = Timestamp::from_ms(entry.admitted_time_ms).map_err(|_| wrong("an admission time is no time"))?;
    Ok((entry.index, Entry { admitted, envelope }))
}
