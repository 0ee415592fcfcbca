//! Why a statement was not taken in, or something could not be read, and why a store is not opened.

use crate::{
    agreement::{put_away::PutAwayError, refusal::Refusal},
    checkpoint::note::NoteError,
    ledger::refusal::SignedRefusal,
    statement::id::AgreementId,
    store::StoreError,
};

/// Why a statement is not in the ledger, or may not be.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SubmitError {
    /// There is no such agreement.
    #[error("there is no such agreement here")]
    AgreementNotFound,
    /// The law refuses it now. Boxed: most answers are receipts.
    #[error(transparent)]
    Refused(Box<Refused>),
    /// Too many statements wait for this ledger.
    #[error("too many statements wait for this ledger")]
    Busy,
    /// It was looked for and is not in the ledger, and was not written: the same envelope may be submitted again.
    #[error("the statement was not written")]
    NotCommitted,
    /// Nobody knows whether it was written: the same envelope may be submitted again.
    #[error("it is unclear whether the statement was written")]
    CommitUnclear,
    /// The server is stopping.
    #[error("the server is stopping")]
    ShuttingDown,
}

/// The law's no to a statement.
#[derive(Debug, thiserror::Error)]
#[error("{refusal}")]
pub struct Refused {
    /// Why.
    pub refusal: Refusal,
    /// What the log signed of it: for a statement that was submitted, never for one that was only asked about.
    pub signed: Option<SignedRefusal>,
}

impl Refused {
    /// Returns the reason code.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        self.refusal.reason()
    }
}

impl From<Refusal> for SubmitError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Box::new(Refused { refusal, signed: None }))
    }
}

/// Why something could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// There is no such agreement.
    #[error("there is no such agreement here")]
    AgreementNotFound,
    /// The index or size lies beyond what is durable.
    #[error("{asked} lies beyond the ledger, which has {size} entries")]
    BeyondTree {
        /// What was asked for.
        asked: u64,
        /// The size of what is durable.
        size: u64,
    },
    /// The sequencer has stopped.
    #[error("the server is stopping")]
    Stopped,
    /// Reading came to an end that is our fault, or the ledger cannot be recovered; the log says why.
    #[error("reading the ledger failed")]
    Failed,
    /// The store failed, or what it returned does not fit together.
    #[error("the ledger cannot be read")]
    Store {
        /// Why.
        #[source]
        source: StoreError,
    },
    /// What is kept of the agreement beside its ledger cannot be read.
    #[error("what is kept of the agreement cannot be read")]
    PutAway {
        /// Why.
        #[source]
        source: PutAwayError,
    },
    /// What is kept of an entry is not what the entry says.
    #[error("what is kept of entry {index} is not what it says")]
    Unlike {
        /// The entry.
        index: u64,
    },
    /// The ledger does not fold to its checkpoint.
    #[error("the ledger cannot be folded")]
    Fold {
        /// Why.
        #[source]
        source: Box<OpenError>,
    },
}

/// Why a store is not opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The operator's name cannot be part of an origin.
    #[error("operator `{operator}` cannot be the name of a log: no spaces, no `+`")]
    Operator {
        /// The name given.
        operator: String,
        /// Why.
        #[source]
        source: NoteError,
    },
    /// The committer's thread cannot be started.
    #[error("a thread cannot be started")]
    Thread {
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Opening came to an end that is our fault.
    #[error("opening the ledgers panicked")]
    Panicked,
    /// The store cannot be read.
    #[error("the store cannot be read")]
    Store {
        /// Why.
        #[source]
        source: StoreError,
    },
    /// The last checkpoint is not this log's.
    #[error(
        "the last checkpoint of {agreement} is not signed by this log as {origin}: is it another operator's store or log key?"
    )]
    Checkpoint {
        /// The agreement.
        agreement: AgreementId,
        /// The origin expected.
        origin: String,
        /// Why.
        #[source]
        source: NoteError,
    },
    /// An entry is not what was committed.
    #[error(
        "{agreement} does not fold to its last checkpoint: entry {index} is the first bad one ({problem}); restore the store"
    )]
    Entry {
        /// The agreement.
        agreement: AgreementId,
        /// The first bad index.
        index: u64,
        /// What is wrong with it.
        problem: String,
    },
    /// The entries are whole but make another root.
    #[error(
        "{agreement} does not fold to its last checkpoint: its {size} entries make another root; restore the store"
    )]
    Root {
        /// The agreement.
        agreement: AgreementId,
        /// Number of entries.
        size: u64,
    },
}
