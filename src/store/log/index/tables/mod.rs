//! The index in sorted tables: what is put is collected in memory, written as a table when it is much, and tables of like size are
//! merged beside it.
//!
//! Nothing but whole tables is ever durable, and no journal is: what was not yet in a table when the process ended is read from the
//! log again, which has it all. So a key costs one place in memory and some ten bytes of writing for each tier, where sled's pages
//! were written again and again: of a statement's time on the server it took a third, and four bytes of disk for one of keys and
//! values (`benches/store.rs`).

mod cache;
mod filter;
mod live;
mod merge;
mod page;
mod range;
mod table;

use std::{
    collections::BTreeMap,
    fs, io,
    ops::Bound,
    path::Path,
    sync::{Arc, Condvar, Mutex, RwLock, RwLockReadGuard, RwLockWriteGuard},
    thread::{self, JoinHandle},
    time::Duration,
};

use bytes::Bytes;
use tracing::warn;

use crate::store::{
    StoreError,
    disk::{Disk, folder::FolderDisk},
    log::{
        index::{
            Change, Index,
            tables::{
                cache::Pages,
                filter::{beginning, beginning_of_all},
                live::{Found, Live, find},
                merge::{Merged, merge, to_merge},
                range::{Source, collect},
                table::{Cursor, Table, TableWriter, damaged, name_of},
            },
        },
        whole,
    },
};

/// How an index in tables is kept.
#[derive(Clone, Copy, Debug)]
pub struct TablesConfig {
    /// How many bytes of tables are kept in memory.
    pub cache_bytes: u64,
    /// So many bytes of keys and values are collected before they are written.
    pub fresh_bytes: usize,
    /// Who merges.
    pub merging: Merging,
}

/// Who merges tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Merging {
    /// A thread of its own.
    Beside,
    /// Who writes a table: for tests, where nothing may run beside what is tested.
    WhenWritten,
}

impl TablesConfig {
    /// Returns how it is usually kept.
    #[must_use]
    pub const fn new(cache_bytes: u64) -> Self {
        Self { cache_bytes, fresh_bytes: FRESH_BYTES, merging: Merging::Beside }
    }
}

const FRESH_BYTES: usize = 4 * 1_024 * 1_024;

/// An index in tables.
pub struct TablesIndex {
    inner: Arc<Inner>,
    merger: Option<JoinHandle<()>>,
}

type Fresh = BTreeMap<Vec<u8>, Option<Bytes>>;

struct Inner {
    disk: Arc<dyn Disk>,
    config: TablesConfig,
    pages: Pages,
    state: RwLock<State>,
    /// Held by whoever changes which tables are live.
    list: Mutex<List>,
    merges: Mutex<Merges>,
    wake: Condvar,
}

#[derive(Default)]
struct State {
    /// What is in no table yet.
    fresh: Fresh,
    fresh_bytes: usize,
    /// What is on its way into a table.
    leaving: Arc<Fresh>,
    /// The newest first.
    tables: Arc<[Arc<Table>]>,
}

struct List {
    live: Option<Live>,
    next: u64,
}

#[derive(Default)]
struct Merges {
    wanted: bool,
    stop: bool,
}

impl TablesIndex {
    /// Opens the index in the folder `path`, or begins a new one there, or where one is damaged.
    ///
    /// Errors: [`StoreError::Disk`].
    pub fn open(path: &Path, config: TablesConfig) -> Result<Self, StoreError> {
        let making = |source| StoreError::Disk { doing: "making the index's folder", source };
        if path.is_file() {
            warn!(index = %path.display(), "the index is not even a folder: it is made anew from the log");
            fs::remove_file(path).map_err(making)?;
        }
        let disk = FolderDisk::make(path).map_err(making)?;
        Self::open_on(Arc::new(disk), config)
    }

    /// Opens the index in the folder `path` as it is, to be read; `None` if there is none.
    ///
    /// Errors: what is wrong with it, in words.
    pub fn open_existing(path: &Path, cache_bytes: u64) -> Result<Option<Self>, String> {
        if !path.is_dir() {
            return Ok(None);
        }
        let disk: Arc<dyn Disk> = Arc::new(FolderDisk::at(path));
        let opened = Inner::open(&disk, TablesConfig::new(cache_bytes)).map_err(|error| error.to_string())?;
        let Ok(inner) = opened else { return Err("what it lists is not there, or damaged".into()) };
        let has_list = whole(inner.list.lock()).live.is_some();
        Ok(has_list.then(|| Self { inner: Arc::new(inner), merger: None }))
    }

    /// Opens the index on a disk, or begins a new one there.
    ///
    /// Errors: [`StoreError::Disk`].
    pub fn open_on(disk: Arc<dyn Disk>, config: TablesConfig) -> Result<Self, StoreError> {
        let opening = |source| StoreError::Disk { doing: "opening the index", source };
        let inner = match Inner::open(&disk, config).map_err(opening)? {
            Ok(inner) => inner,
            Err(found) => {
                warn!(index = disk.place(), "the index is damaged: it is made anew from the log");
                clear(disk.as_ref(), &found.files).map_err(opening)?;
                Inner::new(&disk, config, Vec::new(), List { live: None, next: found.next })
            }
        };
        inner.sweep().map_err(opening)?;
        let inner = Arc::new(inner);
        let mut index = Self { inner, merger: None };
        index.start()?;
        Ok(index)
    }

    fn start(&mut self) -> Result<(), StoreError> {
        // What the last process did not get to is merged now.
        *whole(self.inner.merges.lock()) = Merges { wanted: true, stop: false };
        if self.inner.config.merging == Merging::Beside {
            let inner = Arc::clone(&self.inner);
            let spawned = thread::Builder::new().name("index merges".into()).spawn(move || inner.merge_on());
            let starting = |source| StoreError::Disk { doing: "starting the thread that merges the index", source };
            self.merger = Some(spawned.map_err(starting)?);
        }
        Ok(())
    }

    /// Stops merging; what is under way is given up.
    fn stop(&mut self) {
        whole(self.inner.merges.lock()).stop = true;
        self.inner.wake.notify_all();
        if let Some(merger) = self.merger.take() {
            // It catches what fails; whatever it was at, the tables are as they were.
            drop(merger.join());
        }
    }
}

impl Drop for TablesIndex {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Index for TablesIndex {
    fn get(&self, key: &[u8]) -> Result<Option<Bytes>, StoreError> {
        self.inner.get(key).map_err(reading)
    }

    fn range(&self, from: &[u8], upto: &[u8], reverse: bool, max: usize) -> Result<Vec<(Bytes, Bytes)>, StoreError> {
        self.inner.range(from, upto, reverse, max).map_err(reading)
    }

    fn apply(&self, changes: Vec<Change>) -> Result<(), StoreError> {
        let is_much = {
            let mut state = self.inner.write_state();
            for (key, value) in changes {
                state.fresh_bytes += key.len() + value.as_ref().map_or(0, Bytes::len) + BESIDE_BYTES;
                state.fresh.insert(key, value);
            }
            state.fresh_bytes >= self.inner.config.fresh_bytes
        };
        if is_much { self.inner.write_table().map_err(writing) } else { Ok(()) }
    }

    fn sync(&self) -> Result<(), StoreError> {
        self.inner.write_table().map_err(writing)
    }

    fn reset(&mut self) -> Result<(), StoreError> {
        self.stop();
        self.inner.clear().map_err(writing)?;
        self.start()
    }
}

/// Whoever writes waits for merges when there are more tables than this, so long at most.
const TABLES_MAX: usize = 48;
const MERGE_PATIENCE: Duration = Duration::from_secs(1);

/// What a key takes in memory beside its own bytes.
const BESIDE_BYTES: usize = 32;

impl Inner {
    fn new(disk: &Arc<dyn Disk>, config: TablesConfig, tables: Vec<Arc<Table>>, list: List) -> Self {
        Self {
            disk: Arc::clone(disk),
            config,
            pages: Pages::new(config.cache_bytes),
            state: RwLock::new(State { tables: tables.into(), ..State::default() }),
            list: Mutex::new(list),
            merges: Mutex::default(),
            wake: Condvar::new(),
        }
    }

    /// Opens what is listed; what was found, if a part of it is missing or damaged.
    fn open(disk: &Arc<dyn Disk>, config: TablesConfig) -> io::Result<Result<Self, Found>> {
        let found = find(disk.as_ref())?;
        let next = found.next;
        for live in &found.lists {
            if let Some(tables) = open_tables(disk.as_ref(), &found, live)? {
                return Ok(Ok(Self::new(disk, config, tables, List { live: Some(live.clone()), next })));
            }
        }
        // Files without any list are what is left of one that begins.
        let is_new = found.lists.is_empty() && !found.files.iter().any(|name| name.ends_with(live::SUFFIX));
        Ok(if is_new { Ok(Self::new(disk, config, Vec::new(), List { live: None, next })) } else { Err(found) })
    }

    /// Removes files that are not listed: what was being written when the process ended.
    fn sweep(&self) -> io::Result<()> {
        let list = whole(self.list.lock());
        let listed = |name: &String| {
            let live = list.live.as_ref();
            live.is_some_and(|live| live.file() == *name || live.tables.iter().any(|table| name_of(*table) == *name))
        };
        let mut files = find(self.disk.as_ref())?.files;
        files.retain(|name| !listed(name));
        clear(self.disk.as_ref(), &files)
    }

    fn clear(&self) -> io::Result<()> {
        let mut list = whole(self.list.lock());
        let found = find(self.disk.as_ref())?;
        *self.write_state() = State::default();
        (list.live, list.next) = (None, list.next.max(found.next));
        clear(self.disk.as_ref(), &found.files)
    }

    fn read_state(&self) -> RwLockReadGuard<'_, State> {
        whole(self.state.read())
    }

    fn write_state(&self) -> RwLockWriteGuard<'_, State> {
        whole(self.state.write())
    }

    fn get(&self, key: &[u8]) -> io::Result<Option<Bytes>> {
        let tables = {
            let state = self.read_state();
            if let Some(found) = state.fresh.get(key).or_else(|| state.leaving.get(key)) {
                return Ok(found.clone());
            }
            Arc::clone(&state.tables)
        };
        let beginning = (!tables.is_empty()).then(|| beginning(key));
        for table in tables.iter() {
            let cursor = Cursor::at_or_after(table, &self.pages, key, beginning).map_err(|error| self.spoil(error))?;
            if let Some((found, value)) = cursor.as_ref().and_then(Cursor::entry)
                && found == key
            {
                return Ok(value.map(Bytes::copy_from_slice));
            }
        }
        Ok(None)
    }

    fn range(&self, from: &[u8], upto: &[u8], reverse: bool, max: usize) -> io::Result<Vec<(Bytes, Bytes)>> {
        if from >= upto || max == 0 {
            return Ok(Vec::new());
        }
        let found = {
            // For as long as it is held nothing is put: what is fresh and what is in tables belong together.
            let state = self.read_state();
            self.range_in(&state, (from, upto), reverse, max)
        };
        found.map_err(|error| self.spoil(error))
    }

    fn range_in(
        &self,
        state: &State,
        (from, upto): (&[u8], &[u8]),
        reverse: bool,
        max: usize,
    ) -> io::Result<Vec<(Bytes, Bytes)>> {
        let beginning = beginning_of_all(from, upto);
        let bounds = (Bound::Included(from), Bound::Excluded(upto));
        let mut sources = vec![
            Source::fresh(state.fresh.range::<[u8], _>(bounds), reverse),
            Source::fresh(state.leaving.range::<[u8], _>(bounds), reverse),
        ];
        for table in state.tables.iter() {
            let cursor = if reverse {
                Cursor::before(table, &self.pages, upto, beginning)
            } else {
                Cursor::at_or_after(table, &self.pages, from, beginning)
            };
            sources.extend(cursor?.map(Source::Table));
        }
        collect(sources, (from, upto), reverse, max)
    }

    /// Writes what is fresh as a table, and lists it.
    fn write_table(&self) -> io::Result<()> {
        let mut list = whole(self.list.lock());
        let leaving = {
            let mut state = self.write_state();
            if state.fresh.is_empty() {
                return Ok(());
            }
            state.fresh_bytes = 0;
            state.leaving = Arc::new(std::mem::take(&mut state.fresh));
            Arc::clone(&state.leaving)
        };
        if let Err(error) = self.write_leaving(&mut list, &leaving) {
            // It is as fresh as it was: only who puts writes, so nothing came meanwhile.
            let mut state = self.write_state();
            state.leaving = Arc::default();
            state.fresh = Arc::unwrap_or_clone(leaving);
            return Err(error);
        }
        drop(list);
        match self.config.merging {
            Merging::WhenWritten => while self.merge_some()? {},
            Merging::Beside => {
                let mut merges = whole(self.merges.lock());
                merges.wanted = true;
                self.wake.notify_all();
                if self.read_state().tables.len() > TABLES_MAX {
                    // Every look-up looks into all of them. For a while only: where merging fails, writing goes on.
                    let many = |merges: &mut Merges| !merges.stop && self.read_state().tables.len() > TABLES_MAX;
                    drop(whole(self.wake.wait_timeout_while(merges, MERGE_PATIENCE, many)));
                }
            }
        }
        Ok(())
    }

    fn write_leaving(&self, list: &mut List, leaving: &Fresh) -> io::Result<()> {
        let number = list.number();
        let mut writer = TableWriter::create(self.disk.as_ref(), number)?;
        for (key, value) in leaving {
            writer.put(key, value.as_deref())?;
        }
        let table = writer.finish()?.ok_or_else(|| damaged(number))?;
        let tables = [Arc::new(table)].into_iter().chain(self.read_state().tables.iter().cloned()).collect();
        self.install(list, tables)
    }

    /// Lists tables, and lets them be seen. What was on its way is in them.
    fn install(&self, list: &mut List, tables: Vec<Arc<Table>>) -> io::Result<()> {
        let live = Live { number: list.number(), tables: tables.iter().map(|table| table.number).collect() };
        live.write(self.disk.as_ref(), list.live.as_ref())?;
        list.live = Some(live);
        let mut state = self.write_state();
        (state.tables, state.leaving) = (tables.into(), Arc::default());
        Ok(())
    }

    /// Merges until it is told to stop.
    fn merge_on(&self) {
        loop {
            let mut merges = whole(self.merges.lock());
            while !merges.wanted && !merges.stop {
                merges = whole(self.wake.wait(merges));
            }
            if merges.stop {
                return;
            }
            merges.wanted = false;
            drop(merges);
            loop {
                match self.merge_some() {
                    Ok(true) => {}
                    Ok(false) => break,
                    // Everything stays readable, and the next table asks for it again.
                    Err(error) => {
                        warn!(index = self.disk.place(), %error, "tables of the index cannot be merged");
                        break;
                    }
                }
            }
        }
    }

    /// Merges a few tables, if that is called for.
    fn merge_some(&self) -> io::Result<bool> {
        let tables = Arc::clone(&self.read_state().tables);
        let sizes: Vec<u64> = tables.iter().map(|table| table.bytes).collect();
        let first_tier = u64::try_from(self.config.fresh_bytes).unwrap_or(u64::MAX);
        let Some(range) = to_merge(&sizes, first_tier) else { return Ok(false) };
        let number = whole(self.list.lock()).number();
        let merging = &tables[range.clone()];
        let stops = || whole(self.merges.lock()).stop;
        let merged = merge(self.disk.as_ref(), number, merging, range.end == tables.len(), stops);
        let merged = match merged.map_err(|error| self.spoil(error))? {
            Merged::Table(table) => vec![table],
            Merged::Nothing => Vec::new(),
            Merged::Stopped => return Ok(false),
        };
        let mut list = whole(self.list.lock());
        // Newer ones may have come before them meanwhile; nobody else takes any away.
        let mut tables = self.read_state().tables.to_vec();
        let from = tables.len() - sizes.len() + range.start;
        tables.splice(from..from + range.len(), merged);
        self.install(&mut list, tables)?;
        for table in merging {
            self.disk.remove(&name_of(table.number))?;
        }
        drop(list);
        self.wake.notify_all();
        Ok(true)
    }

    /// Lets the index be made anew at the next start, if it is damaged.
    fn spoil(&self, error: io::Error) -> io::Error {
        if error.kind() == io::ErrorKind::InvalidData {
            let list = whole(self.list.lock());
            // If that fails too, the next start fails as this read did.
            let _ = list.live.as_ref().map(|live| self.disk.remove(&live.file()));
        }
        error
    }
}

impl List {
    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next - 1
    }
}

/// Opens the tables of a list; none, if one of them is missing or damaged.
fn open_tables(disk: &dyn Disk, found: &Found, live: &Live) -> io::Result<Option<Vec<Arc<Table>>>> {
    let mut tables = Vec::with_capacity(live.tables.len());
    for number in &live.tables {
        let is_there = found.files.contains(&name_of(*number));
        let Some(table) = (if is_there { Table::open(disk, *number)? } else { None }) else { return Ok(None) };
        tables.push(Arc::new(table));
    }
    Ok(Some(tables))
}

fn clear(disk: &dyn Disk, files: &[String]) -> io::Result<()> {
    // Lists first: a list whose tables are gone would be a damaged index.
    let (lists, tables): (Vec<&String>, _) = files.iter().partition(|name| name.ends_with(live::SUFFIX));
    lists.into_iter().chain(tables).try_for_each(|name: &String| disk.remove(name))
}

fn reading(source: io::Error) -> StoreError {
    StoreError::Disk { doing: "reading the index", source }
}

fn writing(source: io::Error) -> StoreError {
    StoreError::Disk { doing: "writing the index", source }
}
