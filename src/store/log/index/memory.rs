//! An index in memory: for tests and simulation, where it forgets as a seed says.

use std::{
    collections::BTreeMap,
    mem,
    ops::Bound,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;

use crate::store::{
    StoreError,
    log::index::{Change, Index},
};

/// An index in memory. Clones are the same index.
#[derive(Clone, Debug, Default)]
pub struct MemoryIndex {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    now: BTreeMap<Vec<u8>, Bytes>,
    durable: BTreeMap<Vec<u8>, Bytes>,
    unsynced: Vec<Vec<Change>>,
    fails: bool,
}

impl MemoryIndex {
    /// Returns an index without keys.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the power away: of the batches that were not synced, the first `kept` stay.
    pub fn crash(&self, kept: usize) {
        let mut state = self.state();
        let mut survived = mem::take(&mut state.durable);
        for batch in mem::take(&mut state.unsynced).into_iter().take(kept) {
            put(&mut survived, batch);
        }
        state.now.clone_from(&survived);
        state.durable = survived;
        state.fails = false;
    }

    /// Makes everything that changes it fail.
    pub fn fail(&self, fails: bool) {
        self.state().fails = fails;
    }

    /// Changes what it holds behind the back of whoever uses it.
    pub fn spoil<R>(&self, spoil: impl FnOnce(&mut BTreeMap<Vec<u8>, Bytes>) -> R) -> R {
        spoil(&mut self.state().now)
    }

    /// Returns an index of its own that holds the same, durable.
    #[must_use]
    pub fn copy(&self) -> Self {
        let now = self.state().now.clone();
        let state = State { now: now.clone(), durable: now, unsynced: Vec::new(), fails: false };
        Self { state: Arc::new(Mutex::new(state)) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn changing(&self) -> Result<MutexGuard<'_, State>, StoreError> {
        let state = self.state();
        let fails = || StoreError::Disk { doing: "writing the index", source: std::io::Error::other("as planned") };
        if state.fails { Err(fails()) } else { Ok(state) }
    }
}

fn put(into: &mut BTreeMap<Vec<u8>, Bytes>, batch: Vec<Change>) {
    for (key, value) in batch {
        match value {
            Some(value) => drop(into.insert(key, value)),
            None => drop(into.remove(&key)),
        }
    }
}

impl Index for MemoryIndex {
    fn get(&self, key: &[u8]) -> Result<Option<Bytes>, StoreError> {
        Ok(self.state().now.get(key).cloned())
    }

    fn range(&self, from: &[u8], upto: &[u8], reverse: bool, max: usize) -> Result<Vec<(Bytes, Bytes)>, StoreError> {
        if from >= upto {
            return Ok(Vec::new());
        }
        let state = self.state();
        let range = state.now.range::<[u8], _>((Bound::Included(from), Bound::Excluded(upto)));
        let owned = |(key, value): (&Vec<u8>, &Bytes)| (Bytes::copy_from_slice(key), value.clone());
        Ok(if reverse { range.rev().take(max).map(owned).collect() } else { range.take(max).map(owned).collect() })
    }

    fn apply(&self, changes: Vec<Change>) -> Result<(), StoreError> {
        let mut state = self.changing()?;
        put(&mut state.now, changes.clone());
        state.unsynced.push(changes);
        Ok(())
    }

    fn sync(&self) -> Result<(), StoreError> {
        let mut state = self.changing()?;
        for batch in mem::take(&mut state.unsynced) {
            put(&mut state.durable, batch);
        }
        Ok(())
    }

    fn reset(&mut self) -> Result<(), StoreError> {
        *self.changing()? = State::default();
        Ok(())
    }
}
