//! What a client can come back with instead of an answer.

use std::{collections::BTreeMap, error::Error, io, time::Duration};

use tonic::{Code, transport::Error as TransportError};

use crate::{
    checkpoint::note::NoteError,
    keys::PublicKey,
    ledger::{
        receipt::ReceiptError,
        refusal::{RefusalError, SignedRefusal},
    },
    merkle::proof::ProofError,
    statement::id::{AgreementId, StatementId},
};

/// A server's no, with its reason code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refused {
    /// The gRPC status code.
    pub code: Code,
    /// The reason code: `SIGNER_NOT_PARTY`.
    pub reason: String,
    /// A text for people.
    pub message: String,
    /// What belongs to the reason: `field`, `request_id`, ...
    pub metadata: BTreeMap<String, String>,
    /// When the server says that the same may work; `None`: it will not.
    pub retry_after: Option<Duration>,
    /// What the log signed of it, checked: of this statement, for this reason. Only of statements that were submitted and
    /// that the law refuses.
    pub signed: Option<Box<SignedRefusal>>,
}

/// Why a client has no answer that it could believe.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The address is none.
    #[error("`{url}` is not an address like https://log.example.org or http://127.0.0.1:7401")]
    Address {
        /// The address given.
        url: String,
    },
    /// TLS cannot be spoken with the host of the address.
    #[error("TLS cannot be spoken with {url}")]
    Tls {
        /// The address given.
        url: String,
        /// Why not.
        #[source]
        source: TransportError,
    },
    /// The server cannot be reached, or went away.
    #[error("the server at {url} cannot be reached")]
    Unreachable {
        /// Its address.
        url: String,
        /// Why.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// The server went on answering that it may work later.
    #[error("the server is busy or cannot write; tried {tries} times")]
    Busy {
        /// How often it was tried.
        tries: u32,
        /// The last answer.
        #[source]
        refused: Refused,
    },
    /// The server, or the agreement, refuses.
    #[error(transparent)]
    Refused(Refused),
    /// The server failed, and says so.
    #[error("the server failed")]
    Server {
        /// Its answer, with the request id by which its operator finds the cause.
        #[source]
        refused: Refused,
    },
    /// The receipt does not prove that the statement was recorded.
    #[error("the receipt of {statement} does not hold; nothing may be taken as recorded")]
    ReceiptInvalid {
        /// The statement.
        statement: StatementId,
        /// What is wrong with its proof.
        #[source]
        source: ProofError,
    },
    /// What came in the place of a receipt is none.
    #[error("the receipt of {statement} cannot be read; nothing may be taken as recorded")]
    ReceiptMalformed {
        /// The statement.
        statement: StatementId,
        /// What is wrong with it.
        #[source]
        source: ReceiptError,
    },
    /// The statement is refused, and what should be the log's signed refusal is none of it.
    #[error("the statement was refused ({}), but the signed refusal of it does not hold", .refused.reason)]
    RefusalInvalid {
        /// The server's answer.
        refused: Box<Refused>,
        /// What is wrong with its signed refusal; none: it is of another statement or reason.
        #[source]
        source: Option<RefusalError>,
    },
    /// A checkpoint is not signed as it should be.
    #[error("the checkpoint is not believed")]
    CheckpointInvalid {
        /// What is wrong with it.
        #[source]
        source: NoteError,
    },
    /// The ledger does not contain what it contained before.
    #[error("the ledger of {second} entries does not continue the ledger of {first} entries seen before")]
    Inconsistent {
        /// The size seen before.
        first: u64,
        /// The size said now.
        second: u64,
        /// What is wrong with the proof.
        #[source]
        source: ProofError,
    },
    /// The log's key is not the pinned one.
    #[error("the log signs with {found}, the pinned key is {pinned}")]
    LogKeyChanged {
        /// The pinned key.
        pinned: PublicKey,
        /// The key the server says.
        found: PublicKey,
    },
    /// What was proved belongs to another ledger.
    #[error("the log is `{found}`, which is not the ledger of {agreement}")]
    WrongLedger {
        /// The agreement asked for.
        agreement: AgreementId,
        /// The origin found.
        found: String,
    },
    /// The answer is not what the protocol says.
    #[error("the answer to {call} is not what the protocol says: {what}")]
    Answer {
        /// The call.
        call: &'static str,
        /// What is wrong.
        what: &'static str,
    },
    /// What was fetched cannot be written down.
    #[error("cannot be written")]
    Write {
        /// Why.
        #[source]
        source: io::Error,
    },
}
