//! The index in sled 0.34.7. One tree and one thread that writes; `flush` alone survives no power cut, so the `db` file is synced
//! after it by a second handle. An index that does not open, or panics when it is opened, is thrown away: the log has it all.

use std::{
    any::Any,
    fs::{self, File},
    io::{self, ErrorKind},
    panic::{self, AssertUnwindSafe},
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use bytes::Bytes;
use sled::{Batch, Db, Tree};
use tracing::warn;

use crate::store::{
    StoreError,
    log::index::{Change, Index},
};

/// An index in a folder.
pub struct SledIndex {
    path: PathBuf,
    cache_bytes: u64,
    /// `None` only while it begins anew.
    open: Option<Open>,
}

struct Open {
    db: Db,
    tree: Tree,
    /// The second handle of the `db` file.
    file: File,
}

impl SledIndex {
    /// Opens the index in the folder `path`, or begins a new one there, with a cache of `cache_bytes`.
    ///
    /// Errors: [`StoreError::InUse`], and when the folder cannot be written.
    pub fn open(path: &Path, cache_bytes: u64) -> Result<Self, StoreError> {
        let mut index = Self { path: path.to_owned(), cache_bytes, open: None };
        match index.try_open() {
            Ok(open) => index.open = Some(open),
            Err(Problem::InUse) => return Err(StoreError::InUse { path: path.display().to_string() }),
            Err(Problem::Spoilt(problem)) => {
                warn!(index = %path.display(), %problem, "the index does not open: it is made anew from the log");
                index.reset()?;
            }
        }
        Ok(index)
    }

    /// Opens the index in the folder `path` as it is; `None` if there is none.
    ///
    /// Errors: what is wrong with it, in words.
    pub fn open_existing(path: &Path, cache_bytes: u64) -> Result<Option<Self>, String> {
        if !path.join("db").exists() {
            return Ok(None);
        }
        let mut index = Self { path: path.to_owned(), cache_bytes, open: None };
        match index.try_open() {
            Ok(open) => index.open = Some(open),
            Err(Problem::InUse) => return Err("another process has it open".into()),
            Err(Problem::Spoilt(problem)) => return Err(format!("it does not open: {problem}")),
        }
        Ok(Some(index))
    }

    fn try_open(&self) -> Result<Open, Problem> {
        let config = sled::Config::new().path(&self.path).cache_capacity(self.cache_bytes);
        let config = config.mode(sled::Mode::HighThroughput);
        let opened = panic::catch_unwind(AssertUnwindSafe(|| -> Result<Open, Problem> {
            let db = open_unlocked(&config)?;
            let tree = db.open_tree("index").map_err(|error| Problem::Spoilt(error.to_string()))?;
            let file = File::open(self.path.join("db")).map_err(|error| Problem::Spoilt(error.to_string()))?;
            Ok(Open { db, tree, file })
        }));
        opened.unwrap_or_else(|panicked| Err(Problem::Spoilt(words_of(panicked.as_ref()))))
    }

    fn tree(&self) -> Result<&Tree, StoreError> {
        self.open.as_ref().map(|open| &open.tree).ok_or(StoreError::Stopped)
    }
}

impl Drop for SledIndex {
    fn drop(&mut self) {
        // sled panics when it cannot sync what it leaves behind. Nobody is promised anything by that: the log has it all.
        let open = self.open.take();
        if panic::catch_unwind(AssertUnwindSafe(|| drop(open))).is_err() {
            warn!(index = %self.path.display(), "the index could not be closed: it may be made anew from the log");
        }
    }
}

enum Problem {
    InUse,
    Spoilt(String),
}

/// Opens the database, as soon as nobody else has it open: sled gives its lock back a moment after it was dropped.
fn open_unlocked(config: &sled::Config) -> Result<Db, Problem> {
    for tried in 0..=LOCK_TRIES {
        match config.open() {
            Ok(db) => return Ok(db),
            Err(sled::Error::Io(error)) if is_lock(&error) && tried == LOCK_TRIES => return Err(Problem::InUse),
            Err(sled::Error::Io(error)) if is_lock(&error) => thread::sleep(LOCK_PAUSE),
            Err(error) => return Err(Problem::Spoilt(error.to_string())),
        }
    }
    Err(Problem::InUse)
}

/// Two seconds in all.
const LOCK_TRIES: u32 = 100;
const LOCK_PAUSE: Duration = Duration::from_millis(20);

fn is_lock(error: &io::Error) -> bool {
    error.kind() == ErrorKind::WouldBlock || error.to_string().contains("could not acquire lock")
}

/// Returns what a panic said.
fn words_of(panicked: &(dyn Any + Send)) -> String {
    let words = panicked.downcast_ref::<String>().map(String::as_str);
    let words = words.or_else(|| panicked.downcast_ref::<&str>().copied()).unwrap_or("it did not say why");
    format!("its recovery panicked: {words}")
}

fn database(source: sled::Error) -> StoreError {
    StoreError::Database { source }
}

fn owned(value: &[u8]) -> Bytes {
    Bytes::copy_from_slice(value)
}

impl Index for SledIndex {
    fn get(&self, key: &[u8]) -> Result<Option<Bytes>, StoreError> {
        Ok(self.tree()?.get(key).map_err(database)?.map(|value| owned(&value)))
    }

    fn range(&self, from: &[u8], upto: &[u8], reverse: bool, max: usize) -> Result<Vec<(Bytes, Bytes)>, StoreError> {
        if from >= upto {
            return Ok(Vec::new());
        }
        let mut range = self.tree()?.range(from..upto);
        let mut found = Vec::new();
        while found.len() < max {
            let Some(next) = (if reverse { range.next_back() } else { range.next() }) else { break };
            let (key, value) = next.map_err(database)?;
            found.push((owned(&key), owned(&value)));
        }
        Ok(found)
    }

    fn apply(&self, changes: Vec<Change>) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        for (key, value) in changes {
            match value {
                Some(value) => batch.insert(key, value.as_ref()),
                None => batch.remove(key),
            }
        }
        self.tree()?.apply_batch(batch).map_err(database)
    }

    fn sync(&self) -> Result<(), StoreError> {
        let open = self.open.as_ref().ok_or(StoreError::Stopped)?;
        open.db.flush().map_err(database)?;
        open.file.sync_data().map_err(|source| StoreError::Disk { doing: "syncing the index", source })
    }

    fn reset(&mut self) -> Result<(), StoreError> {
        let disk = |source| StoreError::Disk { doing: "making the index anew", source };
        self.open = None;
        // Another name first: what is being removed must never be opened as the index.
        let discarded = self.path.with_extension("discarded");
        remove(&discarded).map_err(disk)?;
        if_there(fs::rename(&self.path, &discarded)).map_err(disk)?;
        self.open = Some(self.try_open().map_err(|problem| match problem {
            Problem::InUse => StoreError::InUse { path: self.path.display().to_string() },
            Problem::Spoilt(problem) => StoreError::Unopenable { path: self.path.display().to_string(), problem },
        })?);
        remove(&discarded).map_err(disk)
    }
}

/// Removes a folder, or a file that stands in its place.
fn remove(path: &Path) -> io::Result<()> {
    if_there(if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) })
}

fn if_there(done: io::Result<()>) -> io::Result<()> {
    match done {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        done => done,
    }
}
