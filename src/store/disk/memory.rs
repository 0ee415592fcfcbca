//! A disk in memory: what is written and what is durable are two things. For tests and simulation, where disks fail and power
//! goes as a seed says.

use std::{
    collections::BTreeMap,
    io::{self, ErrorKind},
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::store::disk::{Disk, DiskFile, Held};

/// A disk in memory. Clones are the same disk.
#[derive(Clone, Debug)]
pub struct MemoryDisk {
    state: Arc<Mutex<State>>,
}

/// What becomes of one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It fails and does nothing. A sync that fails forgets what it should have made durable.
    Fails(ErrorKind),
    /// A write that fails after half of it is written; any other call fails.
    Tears(ErrorKind),
}

#[derive(Debug)]
struct State {
    files: BTreeMap<String, Contents>,
    /// Removed, but the folder was not synced since.
    removed: Vec<(String, Contents)>,
    /// Given another name, but the folder was not synced since.
    renamed: Vec<Renamed>,
    calls: u64,
    faults: BTreeMap<u64, Fault>,
    /// From this call on nothing works.
    dead_from: u64,
    lies: bool,
    free_bytes: u64,
    held: bool,
    /// Counts crashes: what was opened before the last does not work any more.
    life: u64,
}

#[derive(Debug)]
struct Renamed {
    from: String,
    to: String,
    /// What had the name before.
    instead_of: Option<Contents>,
}

#[derive(Clone, Debug, Default)]
struct Contents {
    now: Vec<u8>,
    durable: Vec<u8>,
    /// What happened since the last sync.
    unsynced: Vec<Change>,
    named: bool,
}

#[derive(Clone, Debug)]
enum Change {
    Write(usize, Vec<u8>),
    Length(usize),
}

/// What every call gets when the power is gone, and by whoever opened the disk before it came back.
const GONE: Fault = Fault::Fails(ErrorKind::BrokenPipe);

/// A write reaches the disk in pieces of this size, each or not.
const SECTOR_BYTES: usize = 512;

impl Default for MemoryDisk {
    fn default() -> Self {
        let state = State {
            files: BTreeMap::new(),
            removed: Vec::new(),
            renamed: Vec::new(),
            calls: 0,
            faults: BTreeMap::new(),
            dead_from: u64::MAX,
            lies: false,
            free_bytes: u64::MAX,
            held: false,
            life: 0,
        };
        Self { state: Arc::new(Mutex::new(state)) }
    }
}

impl MemoryDisk {
    /// Returns a disk without files.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns a disk of its own with the same files, all of them durable.
    #[must_use]
    pub fn copy(&self) -> Self {
        let copy = Self::new();
        for (name, contents) in &self.state().files {
            copy.put(name, &contents.now);
        }
        copy
    }

    /// Returns the names and contents of all files.
    #[must_use]
    pub fn files(&self) -> Vec<(String, Vec<u8>)> {
        self.state().files.iter().map(|(name, contents)| (name.clone(), contents.now.clone())).collect()
    }

    /// Puts a durable file there, over one of this name.
    pub fn put(&self, name: &str, bytes: &[u8]) {
        let (now, durable) = (bytes.to_vec(), bytes.to_vec());
        let contents = Contents { now, durable, unsynced: Vec::new(), named: true };
        self.state().files.insert(name.to_owned(), contents);
    }

    /// Returns how many calls there were.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.state().calls
    }

    /// Says what becomes of the call after so many.
    pub fn plan(&self, call: u64, fault: Fault) {
        self.state().faults.insert(call, fault);
    }

    /// Lets nothing work from the call after so many on, as when the power goes; [`Self::crash`] brings it back.
    pub fn die_at(&self, call: u64) {
        self.state().dead_from = call;
    }

    /// Makes syncs say that they succeed and do nothing, as broken disks do.
    pub fn lie(&self, lies: bool) {
        self.state().lies = lies;
    }

    /// Says how many bytes are free.
    pub fn set_free_bytes(&self, free_bytes: u64) {
        self.state().free_bytes = free_bytes;
    }

    /// Ends the process that had it open: what it wrote is there.
    pub fn kill(&self) {
        let mut state = self.state();
        state.life += 1;
        state.held = false;
        state.dead_from = u64::MAX;
        state.faults.clear();
    }

    /// Takes the power away: of what was not synced, files included, each sector is there or not, as the seed says.
    pub fn crash(&self, seed: u64) {
        self.kill();
        let mut state = self.state();
        let mut lot = Lot(seed);
        // All of it, nothing of it, or each piece by lot.
        let mode = lot.next() % 4;
        let mut reached = || match mode {
            0 => false,
            1 => true,
            _ => lot.next().is_multiple_of(2),
        };
        // A name that did not reach the disk is the one before; nothing later that builds on it did either.
        let mut renamed = mem::take(&mut state.renamed);
        let kept = renamed.iter().take_while(|_| reached()).count();
        for Renamed { from, to, instead_of } in renamed.drain(kept..).rev() {
            if let Some(contents) = state.files.remove(&to) {
                state.files.insert(from, contents);
            }
            state.files.extend(instead_of.map(|contents| (to, contents)));
        }
        for Renamed { to, .. } in renamed {
            state.files.get_mut(&to).into_iter().for_each(|contents| contents.named = true);
        }
        for (name, contents) in mem::take(&mut state.removed) {
            if !reached() {
                state.files.entry(name).or_insert(contents);
            }
        }
        state.files.retain(|_, contents| contents.named || reached());
        for contents in state.files.values_mut() {
            let mut survived = mem::take(&mut contents.durable);
            for change in mem::take(&mut contents.unsynced) {
                for part in change.parts() {
                    if reached() {
                        part.apply(&mut survived);
                    }
                }
            }
            contents.now.clone_from(&survived);
            contents.durable = survived;
            contents.named = true;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a call and lets it work, or says why not.
    fn call(&self, life: Option<u64>) -> Result<MutexGuard<'_, State>, (MutexGuard<'_, State>, Fault)> {
        let mut state = self.state();
        let call = state.calls;
        state.calls += 1;
        let dead = call >= state.dead_from || life.is_some_and(|life| life != state.life);
        let fault = if dead { Some(GONE) } else { state.faults.remove(&call) };
        match fault {
            Some(fault) => Err((state, fault)),
            None => Ok(state),
        }
    }

    fn plain(&self) -> io::Result<MutexGuard<'_, State>> {
        self.call(None).map_err(|(_, fault)| fault.error())
    }
}

impl Fault {
    fn error(self) -> io::Error {
        let (Self::Fails(kind) | Self::Tears(kind)) = self;
        io::Error::new(kind, "as planned")
    }
}

impl Change {
    /// Cuts a write at the borders of sectors.
    fn parts(self) -> Vec<Self> {
        let Self::Write(offset, bytes) = self else { return vec![self] };
        let (mut parts, mut at, mut rest) = (Vec::new(), offset, bytes.as_slice());
        while !rest.is_empty() {
            let (part, next) = rest.split_at(rest.len().min(SECTOR_BYTES - at % SECTOR_BYTES));
            parts.push(Self::Write(at, part.to_vec()));
            at += part.len();
            rest = next;
        }
        parts
    }

    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Write(offset, written) => {
                let end = offset + written.len();
                bytes.resize(bytes.len().max(end), 0);
                bytes[*offset..end].copy_from_slice(written);
            }
            Self::Length(length) => bytes.resize(*length, 0),
        }
    }
}

impl Disk for MemoryDisk {
    fn place(&self) -> String {
        "in memory".into()
    }

    fn list(&self) -> io::Result<Vec<(String, u64)>> {
        let state = self.plain()?;
        Ok(state.files.iter().map(|(name, contents)| (name.clone(), long(contents.now.len()))).collect())
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        let state = self.plain()?;
        if !state.files.contains_key(name) {
            return Err(ErrorKind::NotFound.into());
        }
        Ok(Arc::new(MemoryFile { disk: self.clone(), name: name.to_owned(), life: state.life }))
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        let mut state = self.plain()?;
        if state.files.contains_key(name) {
            return Err(ErrorKind::AlreadyExists.into());
        }
        state.files.insert(name.to_owned(), Contents::default());
        Ok(Arc::new(MemoryFile { disk: self.clone(), name: name.to_owned(), life: state.life }))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut state = self.plain()?;
        let contents = state.files.remove(name).ok_or(ErrorKind::NotFound)?;
        if contents.named {
            state.removed.push((name.to_owned(), contents));
        }
        Ok(())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.plain()?;
        let contents = state.files.remove(from).ok_or(ErrorKind::NotFound)?;
        let instead_of = state.files.insert(to.to_owned(), contents);
        state.renamed.push(Renamed { from: from.to_owned(), to: to.to_owned(), instead_of });
        Ok(())
    }

    fn sync_folder(&self) -> io::Result<()> {
        let mut state = self.plain()?;
        if !state.lies {
            state.removed.clear();
            state.renamed.clear();
            state.files.values_mut().for_each(|contents| contents.named = true);
        }
        Ok(())
    }

    fn lock(&self) -> io::Result<Option<Held>> {
        let mut state = self.plain()?;
        if mem::replace(&mut state.held, true) {
            return Ok(None);
        }
        Ok(Some(Box::new(Lock { disk: self.clone(), life: state.life })))
    }

    fn free_bytes(&self) -> io::Result<u64> {
        Ok(self.plain()?.free_bytes)
    }
}

struct Lock {
    disk: MemoryDisk,
    life: u64,
}

impl Drop for Lock {
    fn drop(&mut self) {
        let mut state = self.disk.state();
        if state.life == self.life {
            state.held = false;
        }
    }
}

struct MemoryFile {
    disk: MemoryDisk,
    name: String,
    life: u64,
}

impl MemoryFile {
    fn with<R>(&self, then: impl FnOnce(&mut Contents, bool) -> io::Result<R>) -> io::Result<R> {
        let mut state = self.disk.call(Some(self.life)).map_err(|(_, fault)| fault.error())?;
        let lies = state.lies;
        then(state.files.get_mut(&self.name).ok_or(ErrorKind::NotFound)?, lies)
    }

    fn change(&self, change: Change) -> io::Result<()> {
        let (mut state, change, outcome) = match (self.disk.call(Some(self.life)), change) {
            (Ok(state), change) => (state, change, Ok(())),
            (Err((state, Fault::Tears(kind))), Change::Write(offset, bytes)) => {
                let half = bytes[..bytes.len() / 2].to_vec();
                (state, Change::Write(offset, half), Err(Fault::Tears(kind).error()))
            }
            (Err((_, fault)), _) => return Err(fault.error()),
        };
        let contents = state.files.get_mut(&self.name).ok_or(ErrorKind::NotFound)?;
        change.apply(&mut contents.now);
        contents.unsynced.push(change);
        outcome
    }
}

impl DiskFile for MemoryFile {
    fn length(&self) -> io::Result<u64> {
        self.with(|contents, _| Ok(long(contents.now.len())))
    }

    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        self.with(|contents, _| {
            let from = short(offset);
            let found = from.checked_add(bytes.len()).and_then(|end| contents.now.get(from..end));
            bytes.copy_from_slice(found.ok_or(ErrorKind::UnexpectedEof)?);
            Ok(())
        })
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.change(Change::Write(short(offset), bytes.to_vec()))
    }

    fn set_length(&self, length: u64) -> io::Result<()> {
        self.change(Change::Length(short(length)))
    }

    fn sync_data(&self) -> io::Result<()> {
        match self.disk.call(Some(self.life)) {
            Ok(mut state) => {
                let lies = state.lies;
                let contents = state.files.get_mut(&self.name).ok_or(ErrorKind::NotFound)?;
                if !lies {
                    for change in mem::take(&mut contents.unsynced) {
                        change.apply(&mut contents.durable);
                    }
                }
                Ok(())
            }
            // As the kernel does it: what could not be written counts as written from then on, and is gone after a crash.
            Err((mut state, fault)) => {
                if let Some(contents) = state.files.get_mut(&self.name).filter(|_| fault != GONE) {
                    contents.unsynced.clear();
                }
                Err(fault.error())
            }
        }
    }
}

/// A sequence of numbers (splitmix64).
struct Lot(u64);

impl Lot {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

fn long(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

fn short(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}
