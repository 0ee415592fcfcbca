//! Stores: where ledgers are kept. One atomic, durable batch per commit with a size check.
//!
//! A store keeps bytes, their hashes and their order; it never knows what they mean. What it returns is not believed: opening
//! folds every ledger to its checkpoint, and every proof is checked by whom it is given to.

mod check;
pub mod disk;
pub mod log;
pub mod memory;
pub mod sled;

use std::fmt;

use bytes::Bytes;

use crate::{
    digest::Digest,
    ledger::LedgerId,
    merkle::{
        index::{LeafIndex, NodeIndex, TreeSize},
        tree::Frontier,
    },
    store::log::LogDamage,
};

/// Where ledgers are kept. Calls wait for the disk; who must not wait calls from a thread of its own.
pub trait Store: Send + Sync + 'static {
    /// Returns at most `max` ledgers with their heads in the order of their ids, from the one after `after` on.
    fn ledgers(&self, after: Option<LedgerId>, max: usize) -> Result<Vec<(LedgerId, Head)>, StoreError>;

    /// Returns the head of a ledger, if it is there.
    fn head(&self, ledger: LedgerId) -> Result<Option<Head>, StoreError>;

    /// Returns leaves in order from `from` on: at most `max`, and no further one once there are `bytes_max` bytes.
    /// Fewer come back only at the end of the ledger.
    fn leaves(&self, ledger: LedgerId, from: LeafIndex, max: usize, bytes_max: usize)
    -> Result<Vec<Bytes>, StoreError>;

    /// Returns the roots of perfect subtrees, in the order asked for.
    fn nodes(&self, ledger: LedgerId, nodes: &[NodeIndex]) -> Result<Vec<Digest>, StoreError>;

    /// Returns where the envelope with this id stands.
    fn find(&self, ledger: LedgerId, envelope: Digest) -> Result<Option<LeafIndex>, StoreError>;

    /// Appends to ledgers, each at most once, in one atomic batch that is durable when this returns.
    ///
    /// The leaves of each are read back from where they were written, hashed again and pushed onto `before`; the root that
    /// this makes is given to `sign`, and the note that comes back is kept with them.
    ///
    /// The outcome of each is in the order of `appends`: its note, or why nothing of it was written, while the others were.
    /// Errors: [`CommitError`] speaks of all of them.
    fn commit(&self, appends: Vec<Append>) -> Result<Vec<Result<String, NotAppended>>, CommitError>;

    /// Returns the last snapshot that was kept beside a ledger.
    fn snapshot(&self, ledger: LedgerId) -> Result<Option<Bytes>, StoreError>;

    /// Returns what was kept beside a ledger under each of `keys`, in the order asked for.
    fn records(&self, ledger: LedgerId, keys: &[Bytes]) -> Result<Vec<Option<Bytes>>, StoreError>;

    /// Returns at most `max` keys in `from..upto` with what is kept under them, in the order of keys; `reverse`: the greatest
    /// first.
    fn list_records(
        &self,
        ledger: LedgerId,
        from: &[u8],
        upto: &[u8],
        reverse: bool,
        max: usize,
    ) -> Result<Vec<(Bytes, Bytes)>, StoreError>;

    /// Replaces the snapshot beside a ledger, and puts or removes what is kept under keys of at most [`KEY_BYTES_MAX`], in one
    /// atomic step.
    ///
    /// It is derived from the ledger's entries and never a second truth: a crash may undo whole steps, the last first, and
    /// never a part of one. Errors: [`StoreError::NoLedger`] for a ledger without entries.
    fn keep(&self, ledger: LedgerId, snapshot: Bytes, records: Vec<(Bytes, Option<Bytes>)>) -> Result<(), StoreError>;

    /// Returns why it has stopped, if it has: then every call fails until it is opened anew.
    fn stopped(&self) -> Option<String> {
        None
    }
}

/// The most bytes of a key beside a ledger.
pub const KEY_BYTES_MAX: usize = 512;

/// Size and checkpoint of a ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Number of entries.
    pub size: TreeSize,
    /// The note of the checkpoint that covers them all.
    pub note: String,
}

/// What is appended to one ledger.
pub struct Append {
    /// Which one.
    pub ledger: LedgerId,
    /// The tree before; the ledger must have its size, and none founds it.
    pub before: Frontier,
    /// The leaves, each with the id of its envelope; at least one.
    pub leaves: Vec<(Digest, Bytes)>,
    /// The roots of the perfect subtrees that the leaves complete, in the order they are completed.
    pub nodes: Vec<(NodeIndex, Digest)>,
    /// Signs the checkpoint that covers the ledger afterwards.
    pub sign: Sign,
}

/// Signs a checkpoint of so many entries and this root, and returns its note; `None` if the root is not the one it expects.
pub type Sign = Box<dyn FnOnce(TreeSize, Digest) -> Option<String> + Send>;

impl Append {
    /// Returns the size that the ledger must have.
    #[must_use]
    pub const fn size_before(&self) -> TreeSize {
        self.before.size()
    }

    /// Returns the size of the ledger afterwards.
    #[must_use]
    pub fn size_after(&self) -> Option<TreeSize> {
        let count = u64::try_from(self.leaves.len()).ok()?;
        TreeSize::new(self.size_before().get().checked_add(count)?)
    }
}

impl fmt::Debug for Append {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let leaves = self.leaves.len();
        f.debug_struct("Append").field("ledger", &self.ledger).field("leaves", &leaves).finish_non_exhaustive()
    }
}

/// Why nothing of an append was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotAppended {
    /// The ledger has another size.
    #[error(transparent)]
    Moved(#[from] Moved),
    /// What was read back after it was written is not what was to be written, or nobody signs its root.
    #[error("what was written reads back with another root than the one expected at {size} entries: {root}")]
    RootDiffers {
        /// The size afterwards.
        size: TreeSize,
        /// The root that what was read back makes.
        root: Digest,
    },
}

/// The ledger has another size than the append says: somebody else appended to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the ledger has {found} entries, the append expects {expected}")]
pub struct Moved {
    /// The size the append expects.
    pub expected: TreeSize,
    /// The size the ledger has.
    pub found: TreeSize,
}

/// Why nothing of a commit, or nobody knows what, was written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CommitError {
    /// Nothing was written.
    #[error("nothing was written")]
    NotWritten {
        /// Why.
        #[source]
        source: StoreError,
    },
    /// It may have been written, and may be lost at the next power cut. The store takes no further commit.
    #[error("unclear whether it was written")]
    Unclear {
        /// Why.
        #[source]
        source: StoreError,
    },
}

/// Why a store cannot be opened, read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Another process has it open.
    #[error("another process has the store {path} open: stop it, or use another store")]
    InUse {
        /// Where it is.
        path: String,
    },
    /// It cannot be opened.
    #[error("the store {path} cannot be opened: {problem}; restore it from the bundles that parties exported")]
    Unopenable {
        /// Where it is.
        path: String,
        /// What is wrong with it.
        problem: String,
    },
    /// It holds less than it once held.
    #[error(
        "the store {path} holds {held} of the {durable} commits that were durable: its file is damaged, or an older copy was put in its place; restore it from the bundles that parties exported"
    )]
    Behind {
        /// Where it is.
        path: String,
        /// How many commits it holds.
        held: u64,
        /// How many it held.
        durable: u64,
    },
    /// It is of a format that this version does not know.
    #[error("the store {path} has format `{found}`, this version knows `{known}`: use the version that wrote it")]
    Format {
        /// Where it is.
        path: String,
        /// The format found.
        found: String,
        /// The format known.
        known: &'static str,
    },
    /// What is kept of a ledger does not fit together.
    #[error("{what} of ledger {ledger:?} is missing or damaged")]
    Damaged {
        /// Which ledger.
        ledger: LedgerId,
        /// What: `entry 12`.
        what: String,
    },
    /// An append contradicts itself.
    #[error("the append to ledger {ledger:?} is malformed: {problem}")]
    AppendMalformed {
        /// Which ledger.
        ledger: LedgerId,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The log is damaged where it was durable.
    #[error("{0}")]
    LogDamaged(Box<LogDamage>),
    /// The disk is full, or nearly so.
    #[error("the disk of the store {path} is full: {free_bytes} bytes are free, {needed_bytes} are needed")]
    DiskFull {
        /// Where the store is.
        path: String,
        /// How many bytes are free.
        free_bytes: u64,
        /// How many the commit needs, with what is always left free.
        needed_bytes: u64,
    },
    /// Nothing can be kept beside a ledger that is not there.
    #[error("ledger {ledger:?} is not there")]
    NoLedger {
        /// Which ledger.
        ledger: LedgerId,
    },
    /// A key beside a ledger is too long.
    #[error("a key beside ledger {ledger:?} has {bytes} bytes, at most {KEY_BYTES_MAX} are kept")]
    KeyTooLong {
        /// Which ledger.
        ledger: LedgerId,
        /// How long it is.
        bytes: usize,
    },
    /// A write or sync failed before, so nothing can be promised any more.
    #[error("the store takes no more writes since one failed: restart the server")]
    Stopped,
    /// The database failed.
    #[error("the database failed")]
    Database {
        /// Why.
        #[source]
        source: ::sled::Error,
    },
    /// The disk failed.
    #[error("{doing} failed")]
    Disk {
        /// What was being done.
        doing: &'static str,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}
