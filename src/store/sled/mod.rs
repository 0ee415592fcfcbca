//! sled 0.34.7 as the truth, guarded against what was measured of it: what the log ([`crate::store::log`]) is compared with. No
//! server uses it.
//!
//! - `flush()` survives SIGKILL but not a power cut, so after it the `db` file is synced by a second handle, and only then is
//!   a commit durable. Never `flush_async`, which waits for ever with eight or more callers.
//! - One writer: commits wait for each other. Several writers left databases that did not open again.
//! - Any failed write or sync stops the writer for good: the page may be gone, so trying again proves nothing.
//! - Values stay below `keys::VALUE_BYTES_MAX`: larger pages go to files that are never synced.
//! - One flipped bit makes sled forget everything after it: a mark of our own beside its file notices (`mark`).
//! - One tree, a key prefix for each kind of value, so that one batch is atomic.

mod chunk;
mod keys;
mod mark;

use std::{
    any::Any,
    collections::{HashMap, hash_map::Entry},
    fs::{self, File},
    io::ErrorKind,
    mem,
    panic::{self, AssertUnwindSafe},
    path::Path,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use bytes::Bytes;
use sled::{Batch, Db, Tree};

use crate::{
    digest::Digest,
    ledger::LedgerId,
    merkle::index::{LeafIndex, NodeIndex, TreeSize},
    store::{
        Append, CommitError, Head, Moved, NotAppended, Store, StoreError,
        check::{check, check_keys, rehash, sign},
        memory::node_missing,
        sled::{
            chunk::{LeafChunks, append_leaves, append_nodes},
            keys::{
                COMMITS_KEY, FORMAT, FORMAT_KEY, VALUE_BYTES_MAX, head_key, head_prefix, index_key, node_chunk,
                piece_key, snapshot_key, under_key,
            },
            mark::Mark,
        },
    },
};

/// A store in a folder on disk.
pub struct SledStore {
    db: Db,
    tree: Tree,
    /// Held for the length of a commit.
    writer: Mutex<Writer>,
    /// Set once a write or sync has failed: from then on what sled shows may not be what is durable, so nothing is read either.
    stopped: AtomicBool,
}

/// What only a commit touches.
struct Writer {
    /// The second handle of the `db` file.
    file: File,
    mark: Mark,
    /// How many commits there were.
    commits: u64,
}

impl SledStore {
    /// Opens the store in the folder `path`, or makes one, with a cache of `cache_bytes`.
    ///
    /// Errors: [`StoreError`], with the path and what to do.
    pub fn open(path: &Path, cache_bytes: u64) -> Result<Self, StoreError> {
        let shown = path.display().to_string();
        let disk = |doing| move |source| StoreError::Disk { doing, source };
        let new: Vec<&Path> = path.ancestors().take_while(|folder| is_new(folder)).collect();
        fs::create_dir_all(path).map_err(disk("creating the store's folder"))?;
        let config = sled::Config::new().path(path).cache_capacity(cache_bytes).mode(sled::Mode::HighThroughput);
        let db = match open_unlocked(&config) {
            Ok(Ok(db)) => db,
            Ok(Err(sled::Error::Io(error))) if is_lock(&error) => return Err(StoreError::InUse { path: shown }),
            Ok(Err(error)) => return Err(StoreError::Unopenable { path: shown, problem: error.to_string() }),
            Err(panicked) => return Err(StoreError::Unopenable { path: shown, problem: words_of(panicked.as_ref()) }),
        };
        let tree = db.open_tree("counterfoil").map_err(database)?;
        let file = File::open(path.join("db")).map_err(disk("opening the store's file"))?;
        let (mark, commits) = check_mark(path, &tree, &shown)?;
        check_format(&db, &tree, &file, &shown)?;
        // The entries of folders too: a file that nobody finds again is lost.
        for folder in [path].into_iter().chain(new.into_iter().map(parent)) {
            File::open(folder).and_then(|folder| folder.sync_all()).map_err(disk("syncing the store's folder"))?;
        }
        let writer = Mutex::new(Writer { file, mark, commits });
        Ok(Self { db, tree, writer, stopped: AtomicBool::new(false) })
    }

    fn get(&self, key: &[u8]) -> Result<Option<sled::IVec>, StoreError> {
        self.tree()?.get(key).map_err(database)
    }

    fn tree(&self) -> Result<&Tree, StoreError> {
        // Poisoned: sled panicked in the middle of a commit.
        let stopped = self.stopped.load(Ordering::SeqCst) || self.writer.is_poisoned();
        if stopped { Err(StoreError::Stopped) } else { Ok(&self.tree) }
    }

    /// Puts one append into the batch, unless the ledger has moved or nobody signs its root.
    fn add(&self, mut append: Append, batch: &mut Batch) -> Result<Result<String, NotAppended>, StoreError> {
        let (ledger, expected) = (append.ledger, append.size_before());
        let found = self.head(ledger)?.map_or(TreeSize::ZERO, |head| head.size);
        if found != expected {
            return Ok(Err(NotAppended::Moved(Moved { expected, found })));
        }
        // Read back from memory: what sled makes of a batch cannot be read before it is applied.
        let leaves = append.leaves.iter().map(|(_, leaf)| leaf.as_ref());
        let after = rehash(append.before.clone(), leaves, append.nodes.iter().map(|(_, digest)| *digest));
        let unsigned = mem::replace(&mut append.sign, Box::new(|_, _| None));
        let (after, note) = match after.and_then(|after| sign(&after, unsigned).map(|note| (after, note))) {
            Ok(signed) => signed,
            Err(differs) => return Ok(Err(differs)),
        };
        append_leaves(self.tree()?, &append, batch)?;
        append_nodes(self.tree()?, &append, batch)?;
        for (index, (envelope, _)) in (expected.get()..).zip(&append.leaves) {
            batch.insert(index_key(ledger, envelope), &index.to_be_bytes());
        }
        batch.insert(head_key(ledger), [&after.size().get().to_be_bytes(), note.as_bytes()].concat());
        Ok(Ok(note))
    }
}

/// Opens the database, as soon as nobody else has it open, or says how its recovery panicked, as it does on some damaged files.
///
/// sled gives its lock back a moment after it was dropped, and so does a server that is stopping: who comes next waits for it.
fn open_unlocked(config: &sled::Config) -> thread::Result<sled::Result<Db>> {
    for _ in 0..LOCK_TRIES {
        match panic::catch_unwind(AssertUnwindSafe(|| config.open())) {
            Ok(Err(sled::Error::Io(error))) if is_lock(&error) => thread::sleep(LOCK_PAUSE),
            opened => return opened,
        }
    }
    panic::catch_unwind(AssertUnwindSafe(|| config.open()))
}

/// Two seconds in all.
const LOCK_TRIES: u32 = 100;
const LOCK_PAUSE: Duration = Duration::from_millis(20);

impl Store for SledStore {
    fn ledgers(&self, after: Option<LedgerId>, max: usize) -> Result<Vec<(LedgerId, Head)>, StoreError> {
        let after = after.map(head_key);
        let from = after.clone().unwrap_or_else(|| head_prefix().to_vec());
        let heads = self.tree()?.range(from..head_prefix_end());
        let mut ledgers = Vec::new();
        for found in heads {
            let (key, value) = found.map_err(database)?;
            if Some(key.as_ref()) == after.as_deref() {
                continue;
            }
            if ledgers.len() == max {
                break;
            }
            let id = key.get(1..).and_then(|id| Digest::try_from(id).ok()).map(LedgerId::new);
            let id = id.ok_or_else(|| StoreError::Unopenable {
                path: "of this server".into(),
                problem: "the id of a ledger is damaged".into(),
            })?;
            ledgers.push((id, decode_head(id, &value)?));
        }
        Ok(ledgers)
    }

    fn head(&self, ledger: LedgerId) -> Result<Option<Head>, StoreError> {
        self.get(&head_key(ledger))?.map(|value| decode_head(ledger, &value)).transpose()
    }

    fn leaves(
        &self,
        ledger: LedgerId,
        from: LeafIndex,
        max: usize,
        bytes_max: usize,
    ) -> Result<Vec<Bytes>, StoreError> {
        let Some(head) = self.head(ledger)? else { return Ok(Vec::new()) };
        let (mut leaves, mut bytes) = (Vec::new(), 0);
        let mut chunks = LeafChunks::from(self.tree()?, ledger, from, head.size)?;
        while leaves.len() < max && bytes < bytes_max {
            let Some(leaf) = chunks.next()? else { break };
            bytes += leaf.len();
            leaves.push(leaf);
        }
        Ok(leaves)
    }

    fn nodes(&self, ledger: LedgerId, nodes: &[NodeIndex]) -> Result<Vec<Digest>, StoreError> {
        // Neighbours stand in one value: many cost few reads.
        let mut chunks: HashMap<Vec<u8>, Option<sled::IVec>> = HashMap::new();
        let mut found = Vec::with_capacity(nodes.len());
        for node in nodes {
            let (key, at) = node_chunk(ledger, *node);
            let chunk = match chunks.entry(key) {
                Entry::Occupied(read) => read.into_mut(),
                Entry::Vacant(new) => {
                    let read = self.get(new.key())?;
                    new.insert(read)
                }
            };
            let digest = chunk.as_ref().and_then(|chunk| chunk.get(at..at + 32)).map(Digest::try_from);
            found.push(digest.and_then(Result::ok).ok_or_else(|| node_missing(ledger, *node))?);
        }
        Ok(found)
    }

    fn find(&self, ledger: LedgerId, envelope: Digest) -> Result<Option<LeafIndex>, StoreError> {
        let Some(value) = self.get(&index_key(ledger, &envelope))? else { return Ok(None) };
        let index = value.as_ref().try_into().map(u64::from_be_bytes);
        let index =
            index.map_err(|_| StoreError::Damaged { ledger, what: format!("the place of envelope {envelope}") })?;
        Ok(Some(LeafIndex::new(index)))
    }

    fn commit(&self, appends: Vec<Append>) -> Result<Vec<Result<String, NotAppended>>, CommitError> {
        let not_written = |source| CommitError::NotWritten { source };
        check(&appends).map_err(not_written)?;
        let mut writer = self.writer.lock().map_err(|_| not_written(StoreError::Stopped))?;
        let tree = self.tree().map_err(not_written)?;
        let mut batch = Batch::default();
        let mut outcomes = Vec::with_capacity(appends.len());
        for append in appends {
            outcomes.push(self.add(append, &mut batch).map_err(not_written)?);
        }
        if outcomes.iter().all(Result::is_err) {
            return Ok(outcomes);
        }
        let commits = writer.commits + 1;
        batch.insert(COMMITS_KEY, &commits.to_be_bytes());
        let written = tree.apply_batch(batch).and_then(|()| self.db.flush()).map_err(database);
        let synced = written.and_then(|_| {
            writer.file.sync_data().map_err(|source| StoreError::Disk { doing: "syncing the store's file", source })?;
            // Only now: the mark must never be ahead of what is durable.
            writer
                .mark
                .write(commits)
                .map_err(|source| StoreError::Disk { doing: "writing the high-water mark", source })
        });
        if let Err(source) = synced {
            // A failed sync may have dropped the page and cleared the error: never tried again.
            self.stopped.store(true, Ordering::SeqCst);
            return Err(CommitError::Unclear { source });
        }
        writer.commits = commits;
        Ok(outcomes)
    }

    fn snapshot(&self, ledger: LedgerId) -> Result<Option<Bytes>, StoreError> {
        let mut snapshot = Vec::new();
        for (number, found) in (0_u16..).zip(self.tree()?.scan_prefix(snapshot_key(ledger))) {
            let (key, piece) = found.map_err(database)?;
            if key.as_ref() != piece_key(ledger, number) {
                return Err(StoreError::Damaged { ledger, what: "the snapshot".into() });
            }
            // A snapshot of nothing is one empty piece.
            snapshot.push(piece);
        }
        Ok((!snapshot.is_empty()).then(|| Bytes::from(snapshot.concat())))
    }

    fn records(&self, ledger: LedgerId, keys: &[Bytes]) -> Result<Vec<Option<Bytes>>, StoreError> {
        let get = |key: &Bytes| self.get(&under_key(ledger, key)).map(|found| found.map(|value| value.to_vec().into()));
        keys.iter().map(get).collect()
    }

    fn list_records(
        &self,
        ledger: LedgerId,
        from: &[u8],
        upto: &[u8],
        reverse: bool,
        max: usize,
    ) -> Result<Vec<(Bytes, Bytes)>, StoreError> {
        if from >= upto {
            return Ok(Vec::new());
        }
        let mut range = self.tree()?.range(under_key(ledger, from)..under_key(ledger, upto));
        let mut found = Vec::new();
        while found.len() < max {
            let Some(next) = (if reverse { range.next_back() } else { range.next() }) else { break };
            let (key, value) = next.map_err(database)?;
            let key = key.get(33..).unwrap_or_default();
            found.push((Bytes::copy_from_slice(key), Bytes::copy_from_slice(&value)));
        }
        Ok(found)
    }

    fn keep(&self, ledger: LedgerId, snapshot: Bytes, records: Vec<(Bytes, Option<Bytes>)>) -> Result<(), StoreError> {
        check_keys(ledger, records.iter().map(|(key, _)| key.as_ref()))?;
        let _writer = self.writer.lock().map_err(|_| StoreError::Stopped)?;
        if self.head(ledger)?.is_none() {
            return Err(StoreError::NoLedger { ledger });
        }
        let tree = self.tree()?;
        let mut batch = Batch::default();
        for key in tree.scan_prefix(snapshot_key(ledger)).keys() {
            batch.remove(key.map_err(database)?);
        }
        let empty = snapshot.is_empty().then_some(&[][..]);
        for (number, piece) in (0_u16..).zip(snapshot.chunks(VALUE_BYTES_MAX).chain(empty)) {
            batch.insert(piece_key(ledger, number), piece);
        }
        for (key, value) in records {
            match value {
                Some(value) => batch.insert(under_key(ledger, &key), value.as_ref()),
                None => batch.remove(under_key(ledger, &key)),
            }
        }
        // Not flushed: it may be forgotten. The next commit carries it along.
        tree.apply_batch(batch).map_err(database)
    }
}

/// Refuses a store that holds fewer commits than were durable. Comes before anything is written to it.
fn check_mark(path: &Path, tree: &Tree, shown: &str) -> Result<(Mark, u64), StoreError> {
    let disk = |source| StoreError::Disk { doing: "reading the high-water mark", source };
    let held = tree.get(COMMITS_KEY).map_err(database)?;
    let held = held.and_then(|value| value.as_ref().try_into().ok()).map_or(0, u64::from_be_bytes);
    match Mark::open(path).map_err(disk)? {
        Some((mark, durable)) if durable <= held => Ok((mark, held)),
        Some((_, durable)) => Err(StoreError::Behind { path: shown.to_owned(), held, durable }),
        // New, or killed before its first commit.
        None if held == 0 => Ok((Mark::create(path).map_err(disk)?, held)),
        None => {
            let problem = "its high-water mark is missing or damaged".into();
            Err(StoreError::Unopenable { path: shown.to_owned(), problem })
        }
    }
}

fn head_prefix_end() -> Vec<u8> {
    let mut end = head_prefix().to_vec();
    if let Some(last) = end.last_mut() {
        *last += 1;
    }
    end
}

fn check_format(db: &Db, tree: &Tree, file: &File, path: &str) -> Result<(), StoreError> {
    match tree.get(FORMAT_KEY).map_err(database)? {
        Some(found) if found.as_ref() == FORMAT.as_bytes() => Ok(()),
        Some(found) => Err(StoreError::Format {
            path: path.to_owned(),
            found: String::from_utf8_lossy(&found).into_owned(),
            known: FORMAT,
        }),
        None if tree.is_empty() => {
            tree.insert(FORMAT_KEY, FORMAT.as_bytes()).map_err(database)?;
            db.flush().map_err(database)?;
            file.sync_all().map_err(|source| StoreError::Disk { doing: "syncing the store's file", source })
        }
        None => Err(StoreError::Format { path: path.to_owned(), found: "none".into(), known: FORMAT }),
    }
}

fn decode_head(ledger: LedgerId, value: &[u8]) -> Result<Head, StoreError> {
    let decode = || {
        let (size, note) = value.split_first_chunk()?;
        let size = TreeSize::new(u64::from_be_bytes(*size))?;
        Some(Head { size, note: String::from_utf8(note.to_vec()).ok()? })
    };
    decode().ok_or_else(|| StoreError::Damaged { ledger, what: "the head".into() })
}

fn is_new(folder: &Path) -> bool {
    !folder.as_os_str().is_empty() && !folder.exists()
}

fn parent(folder: &Path) -> &Path {
    folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Returns what a panic said.
fn words_of(panicked: &(dyn Any + Send)) -> String {
    let words = panicked.downcast_ref::<String>().map(String::as_str);
    let words = words.or_else(|| panicked.downcast_ref::<&str>().copied()).unwrap_or("it did not say why");
    format!("its recovery panicked: {words}")
}

fn is_lock(error: &std::io::Error) -> bool {
    error.kind() == ErrorKind::WouldBlock || error.to_string().contains("could not acquire lock")
}

fn database(source: sled::Error) -> StoreError {
    StoreError::Database { source }
}
