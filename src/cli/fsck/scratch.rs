//! The scratch: what a check has to remember of every entry, on disk beyond the first ones. In memory are a cache and what the database
//! keeps of its pages.
//!
//! It is a folder where the machine keeps what is temporary, and is removed in the end. When it cannot be written or read, the check
//! ends, and what was asked of it meanwhile was answered with nothing.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    env, fs, io,
    path::{Path, PathBuf},
    process,
    rc::Rc,
};

use bytes::Bytes;

use crate::{
    cli::error::Failure,
    store::log::index::{Index, sled::SledIndex},
};

/// What is remembered of all ledgers.
#[derive(Default)]
pub(super) struct Scratch {
    /// What is not written yet.
    fresh: BTreeMap<Vec<u8>, Option<Bytes>>,
    written: Option<Folder>,
    failed: Option<Failure>,
}

/// What is remembered of one ledger.
#[derive(Clone)]
pub(super) struct Own {
    scratch: Rc<RefCell<Scratch>>,
    ledger: u32,
}

/// What kind of thing is remembered.
#[derive(Clone, Copy)]
#[repr(u8)]
pub(super) enum Kind {
    /// Statements, with the indexes of their entries.
    Id = b'i',
    /// Nodes of the tree of the entries.
    Node = b'n',
    /// Nodes of the tree of the hashes that stand beside the entries.
    NodeBeside = b'o',
    /// What the law has put away.
    Slip = b's',
}

/// So many changes are in memory before they are written.
const FRESH_MAX: usize = 4_096;
const CACHE_BYTES: u64 = 16 * 1024 * 1024;

impl Scratch {
    /// Returns why the check cannot go on, if it cannot.
    pub(super) fn failure(&mut self) -> Option<Failure> {
        self.failed.take()
    }

    pub(super) const fn has_failed(&self) -> bool {
        self.failed.is_some()
    }

    fn get(&mut self, key: &[u8]) -> Option<Bytes> {
        if let Some(value) = self.fresh.get(key) {
            return value.clone();
        }
        let found = self.written.as_ref()?.index.get(key);
        self.or_fail(found).flatten()
    }

    fn put(&mut self, key: Vec<u8>, value: Option<Bytes>) {
        self.fresh.insert(key, value);
        if self.fresh.len() >= FRESH_MAX {
            if self.written.is_none() {
                let made = Folder::make();
                self.written = self.or_fail(made);
            }
            self.write();
        }
    }

    fn write(&mut self) {
        let changes = std::mem::take(&mut self.fresh).into_iter().collect();
        if let Some(folder) = &self.written {
            let written = folder.index.apply(changes);
            self.or_fail(written);
        }
    }

    fn list(&mut self, from: &[u8], upto: &[u8], reverse: bool, max: usize) -> Vec<(Bytes, Bytes)> {
        if self.written.is_some() {
            self.write();
        }
        if let Some(folder) = &self.written {
            let found = folder.index.range(from, upto, reverse, max);
            return self.or_fail(found).unwrap_or_default();
        }
        let found = self.fresh.range(from.to_vec()..upto.to_vec());
        let found = found.filter_map(|(key, value)| Some((Bytes::copy_from_slice(key), value.clone()?)));
        if reverse { found.rev().take(max).collect() } else { found.take(max).collect() }
    }

    /// Takes note of a failure; the first is what counts.
    fn or_fail<T>(&mut self, done: Result<T, impl Into<Failure>>) -> Option<T> {
        match done {
            Ok(done) => Some(done),
            Err(error) => {
                self.failed.get_or_insert_with(|| error.into());
                None
            }
        }
    }
}

impl Own {
    pub(super) const fn new(scratch: Rc<RefCell<Scratch>>, ledger: u32) -> Self {
        Self { scratch, ledger }
    }

    pub(super) fn get(&self, kind: Kind, key: &[u8]) -> Option<Bytes> {
        self.scratch.borrow_mut().get(&self.key(kind, key))
    }

    pub(super) fn put(&self, kind: Kind, key: &[u8], value: Option<Bytes>) {
        self.scratch.borrow_mut().put(self.key(kind, key), value);
    }

    /// Returns at most `max` keys in `from..upto` with their values, in order; `reverse`: the greatest first.
    pub(super) fn list(
        &self,
        kind: Kind,
        (from, upto): (&[u8], &[u8]),
        reverse: bool,
        max: usize,
    ) -> Vec<(Bytes, Bytes)> {
        let (from, upto) = (self.key(kind, from), self.key(kind, upto));
        let found = self.scratch.borrow_mut().list(&from, &upto, reverse, max);
        found.into_iter().map(|(key, value)| (key.slice(PREFIX_BYTES..), value)).collect()
    }

    /// Takes note that what is remembered is not what was put there.
    pub(super) fn fail(&self, failure: Failure) {
        self.scratch.borrow_mut().or_fail::<()>(Err(failure));
    }

    pub(super) fn has_failed(&self) -> bool {
        self.scratch.borrow().has_failed()
    }

    #[expect(clippy::as_conversions, reason = "the letter of a kind is its number")]
    fn key(&self, kind: Kind, key: &[u8]) -> Vec<u8> {
        [&self.ledger.to_be_bytes(), &[kind as u8][..], key].concat()
    }
}

const PREFIX_BYTES: usize = size_of::<u32>() + 1;

/// The folder of a scratch; dropped, it is removed.
struct Folder {
    index: SledIndex,
    _removed: Removed,
}

/// Removes a folder when it is dropped, which is after what is open in it.
struct Removed(PathBuf);

impl Folder {
    fn make() -> Result<Self, Failure> {
        let within = env::temp_dir();
        let cannot = |cause: io::Error| {
            let says = format!("what a check must remember cannot be written in {}", within.display());
            Failure::io(says, cause).hint("name a directory on a disk with room in the variable TMPDIR")
        };
        let removed = Removed(make_in(&within).map_err(cannot)?);
        let index = SledIndex::open(&removed.0.join("index"), CACHE_BYTES)?;
        Ok(Self { index, _removed: removed })
    }
}

/// Makes a folder that was not there: what somebody else has put in the way is left alone.
fn make_in(within: &Path) -> io::Result<PathBuf> {
    let mut number = 0_u32;
    loop {
        let path = within.join(format!("counterfoil-fsck-{}-{number}", process::id()));
        match fs::create_dir(&path) {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && number < TRIES => number += 1,
            Err(error) => return Err(error),
        }
    }
}

const TRIES: u32 = 1_000;

impl Drop for Removed {
    fn drop(&mut self) {
        // What is left of it is nobody's, and the machine's to clear.
        let _ = fs::remove_dir_all(&self.0);
    }
}
