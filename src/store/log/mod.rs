//! The log: the truth of a store is our own checksummed append-only log; an index beside it finds things in it.
//!
//! - A commit is one frame: the leaves and nodes of many ledgers, read back and hashed again before anything is signed, the notes
//!   of their checkpoints, a check that covers all of it and the check before it; then one sync (`commit`, `frame`).
//! - Any failed sync stops the store for good: the pages may be gone, so trying again proves nothing, and what is read may not
//!   be what is durable.
//! - The index is written behind, by one thread, from a queue that has an end (`writer`). What is not yet in it is looked up in
//!   memory first (`recent`). It is made anew from the log whenever it is missing, too old, or not of this log (`recovery`). It is
//!   kept in sorted tables (`index::tables`) or in sled; nothing depends on which.
//! - A log that ends before its high-water mark, or is bad where it is read when it is opened, is not opened, and says where
//!   (`damage`). Read then is, with every check, what is behind the index, and of what is in the index where each file begins and
//!   ends, and the last frame's check; everything, if the index is of no use. What is older is held against its hash when a leaf is
//!   read, and against the checkpoint before anything is signed over it (`sequencer`); all of it is read by each backup and by
//!   `fsck` (`backup`, `survey`).
//! - A backup is a copy up to the mark, read back from the first frame to the last root before its own mark says that it is there
//!   (`backup`, `roots`); an older copy in the log's place is found out by a guard elsewhere (`guard`).
//! - In memory there are a few numbers for each ledger, and none for its entries.
//!
//! It stands as the truth, and not sled (`store::sled`), because of what cuts of the power did to sled: flushed as it offers it
//! all of 20 lost acknowledged batches and 10 databases did not open again; synced under one writer 109 were without loss, but
//! with several writers 5 of 40 did not open, and one flipped bit makes it drop everything behind without a word. Here a bit
//! anywhere is named by the first who reads it, and the log is 2 to 4 times faster at batches of 256 and 4,096 in one run, at less than
//! a third of the bytes on disk (`benches/store.rs`).

pub mod backup;
mod commit;
mod damage;
mod frame;
pub mod guard;
mod high;
pub mod index;
mod keys;
mod ledgers;
mod mark;
mod read;
mod recent;
mod recovery;
pub mod roots;
mod run;
mod scan;
mod segments;
pub mod survey;
mod tail;
pub mod walk;
mod writer;

use std::{
    error::Error,
    fs,
    path::Path,
    sync::{Arc, Mutex, OnceLock, PoisonError, RwLock},
    thread::{self, JoinHandle},
};

use tracing::info;

pub use damage::{LAST_GOOD_MAX, LogDamage};
pub use frame::LogId;
pub use segments::Position;

use crate::{
    causes::Causes,
    store::{
        StoreError,
        disk::{Disk, Held, folder::FolderDisk},
        log::{
            high::HighNodes,
            index::{
                Index,
                sled::SledIndex,
                tables::{TablesConfig, TablesIndex},
            },
            ledgers::Ledgers,
            mark::Mark,
            recent::Recent,
            recovery::recover,
            segments::{SEGMENT_BYTES, Segments},
            tail::Tail,
            writer::Queue,
        },
    },
};

/// How a log is written.
#[derive(Clone, Copy, Debug)]
pub struct LogConfig {
    /// Which log it is if there is none yet: a number that no other log has.
    pub log: LogId,
    /// A file of the log that has so many bytes is ended.
    pub segment_bytes: u64,
    /// How many zeros are written ahead of small frames, so that a sync need not write a new length as well.
    pub ahead_bytes: usize,
    /// When the index is written.
    pub settling: Settling,
}

/// When the index is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settling {
    /// Behind the log, by a thread of its own.
    Behind,
    /// When [`LogStore::settle`] is called, when something is to be kept beside a ledger, and when too much waits: for simulation,
    /// where nothing may run beside what is simulated.
    WhenAsked,
}

impl LogConfig {
    /// Returns how a log is usually written.
    #[must_use]
    pub const fn new(log: LogId) -> Self {
        Self { log, segment_bytes: SEGMENT_BYTES, ahead_bytes: AHEAD_BYTES, settling: Settling::Behind }
    }
}

const AHEAD_BYTES: usize = 256 * 1024;

/// What the index of a log is kept in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IndexKind {
    /// Sorted tables of our own.
    #[default]
    Tables,
    /// sled: larger, and it takes more of the processor.
    Sled,
}

/// A store whose truth is a log.
pub struct LogStore {
    inner: Arc<Inner>,
    /// Held for the length of a commit.
    end: Mutex<End>,
    settling: Settling,
    segment_bytes: u64,
    thread: Option<JoinHandle<()>>,
    _held: Held,
}

/// What readers, the commit and the index's thread share.
struct Inner {
    segments: Segments,
    ledgers: RwLock<Ledgers>,
    recent: RwLock<Recent>,
    index: Box<dyn Index>,
    high: HighNodes,
    queue: Queue,
    /// Held for reading while a snapshot is put together from its pieces, and for writing while they are replaced.
    keeping: RwLock<()>,
    /// Why a sync has failed: from then on what can be read may not be what is durable, so nothing is read either.
    stopped: OnceLock<String>,
}

/// What only a commit touches.
struct End {
    tail: Tail,
    mark: Mark,
    buffers: Buffers,
}

/// The memory of a frame, for the next: whatever is taken from the system anew is cleared by it first, page for page.
#[derive(Default)]
struct Buffers {
    body: Vec<u8>,
    read: Vec<u8>,
}

impl LogStore {
    /// Opens the store in the folder `path`, or makes one, with the usual index and a cache of `cache_bytes` for it.
    ///
    /// Errors: [`StoreError`], with the path and what to do.
    pub fn open(path: &Path, cache_bytes: u64) -> Result<Self, StoreError> {
        Self::open_with(path, IndexKind::default(), cache_bytes)
    }

    /// As [`Self::open`], with an index of a kind. One of another kind is removed: the log has all that is in it.
    ///
    /// Errors: the same.
    pub fn open_with(path: &Path, kind: IndexKind, cache_bytes: u64) -> Result<Self, StoreError> {
        if path.join("db").exists() {
            let (path, found) = (path.display().to_string(), "counterfoil store 1".into());
            return Err(StoreError::Format { path, found, known: "counterfoil log 1" });
        }
        let disk = FolderDisk::make(path);
        let disk = disk.map_err(|source| StoreError::Disk { doing: "making the store's folder", source })?;
        let mut log = [0; 8];
        getrandom::fill(&mut log).map_err(|error| StoreError::Disk {
            doing: "drawing a number by lot",
            source: std::io::Error::other(error.to_string()),
        })?;
        let index = || open_index(path, kind, cache_bytes);
        Self::open_on(Arc::new(disk), index, LogConfig::new(LogId(log)))
    }

    /// Opens the store on a disk, or makes one, with the index that `index` opens once the disk is its.
    ///
    /// Errors: [`StoreError`].
    pub fn open_on(
        disk: Arc<dyn Disk>,
        index: impl FnOnce() -> Result<Box<dyn Index>, StoreError>,
        config: LogConfig,
    ) -> Result<Self, StoreError> {
        let held = disk.lock().map_err(|source| StoreError::Disk { doing: "taking the store's lock", source })?;
        let held = held.ok_or_else(|| StoreError::InUse { path: disk.place() })?;
        let recovered = recover(&disk, index()?, &config)?;
        let indexed = (recovered.ledgers.count(), recovered.ledgers.entries);
        let inner = Arc::new(Inner {
            segments: recovered.files.segments,
            ledgers: RwLock::new(recovered.ledgers),
            recent: RwLock::default(),
            index: recovered.index,
            high: HighNodes::new(),
            queue: Queue::new(indexed),
            keeping: RwLock::default(),
            stopped: OnceLock::new(),
        });
        let thread = match config.settling {
            Settling::WhenAsked => None,
            Settling::Behind => {
                let inner = Arc::clone(&inner);
                let spawned = thread::Builder::new().name("index".into()).spawn(move || writer::run(&inner));
                Some(spawned.map_err(|source| StoreError::Disk { doing: "starting the index's thread", source })?)
            }
        };
        let end = Mutex::new(End { tail: recovered.tail, mark: recovered.mark, buffers: Buffers::default() });
        let LogConfig { settling, segment_bytes, .. } = config;
        Ok(Self { inner, end, settling, segment_bytes, thread, _held: held })
    }

    /// Waits until everything that was committed is in the index, and durable there.
    pub fn settle(&self) {
        match self.settling {
            Settling::Behind => self.inner.queue.wait_until_empty(|| self.inner.has_stopped()),
            Settling::WhenAsked => {
                while writer::write_some(&self.inner) && !self.inner.queue.is_empty() {}
                writer::sync(&self.inner);
            }
        }
    }

    /// Returns which log it is.
    #[must_use]
    pub fn log(&self) -> LogId {
        self.inner.segments.log
    }

    /// Returns where the log ends: everything before it is durable.
    ///
    /// Errors: [`StoreError::Stopped`].
    pub fn position(&self) -> Result<Position, StoreError> {
        let end = self.end.lock().map_err(|_| StoreError::Stopped)?;
        if self.inner.has_stopped() { Err(StoreError::Stopped) } else { Ok(end.tail.position) }
    }
}

impl Inner {
    fn has_stopped(&self) -> bool {
        self.stopped.get().is_some()
    }

    fn stop(&self, why: &dyn Error) {
        // The first is why; what fails behind it fails because of it.
        let _ = self.stopped.set(Causes(why).to_string());
        self.queue.wake();
    }
}

impl Drop for LogStore {
    fn drop(&mut self) {
        self.inner.queue.stop();
        if let Some(thread) = self.thread.take() {
            // It tells of its own failures, and catches its panics.
            let _ = thread.join();
        }
    }
}

/// Opens the index of the log in the folder `path`.
fn open_index(path: &Path, kind: IndexKind, cache_bytes: u64) -> Result<Box<dyn Index>, StoreError> {
    let (tables, sled) = (path.join(TABLES), path.join(SLED));
    let other = if kind == IndexKind::Tables { &sled } else { &tables };
    if other.is_dir() {
        info!(index = %other.display(), "an index of another kind is removed");
        fs::remove_dir_all(other).map_err(|source| StoreError::Disk { doing: "removing another index", source })?;
    }
    Ok(match kind {
        IndexKind::Tables => Box::new(TablesIndex::open(&tables, TablesConfig::new(cache_bytes))?),
        IndexKind::Sled => Box::new(SledIndex::open(&sled, cache_bytes)?),
    })
}

/// Opens the index that is in the folder `path`, to be read; `None` if there is none.
///
/// Errors: what is wrong with it, in words.
pub fn open_existing_index(path: &Path, cache_bytes: u64) -> Result<Option<Arc<dyn Index>>, String> {
    if let Some(index) = TablesIndex::open_existing(&path.join(TABLES), cache_bytes)? {
        return Ok(Some(Arc::new(index)));
    }
    let sled = SledIndex::open_existing(&path.join(SLED), cache_bytes)?;
    Ok(sled.map(|index| -> Arc<dyn Index> { Arc::new(index) }))
}

/// Removes the index of the log in the folder `path`, of whatever kind: whoever opens the store next makes it anew.
///
/// Errors: [`StoreError::Disk`].
pub fn remove_index(path: &Path) -> Result<(), StoreError> {
    let folders = [path.join(TABLES), path.join(SLED)];
    let removed = folders.iter().filter(|folder| folder.is_dir()).try_for_each(fs::remove_dir_all);
    removed.map_err(|source| StoreError::Disk { doing: "removing the index", source })
}

/// The folders of the indexes, in that of the log.
const TABLES: &str = "tables";
const SLED: &str = "index";

fn whole<T>(locked: Result<T, PoisonError<T>>) -> T {
    // Nothing under these locks can be left half done: a panic elsewhere changes nothing here.
    locked.unwrap_or_else(PoisonError::into_inner)
}
