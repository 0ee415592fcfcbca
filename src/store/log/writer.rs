//! The index is written behind the log: by one thread, from a queue that has an end.

use std::{
    collections::VecDeque,
    io, mem,
    panic::{self, AssertUnwindSafe},
    sync::{Condvar, Mutex, MutexGuard, PoisonError, mpsc},
    time::{Duration, Instant},
};

use bytes::Bytes;
use tracing::error;

use crate::{
    causes::Causes,
    store::{
        StoreError,
        log::{
            Inner,
            index::Change,
            keys::{APPLIED_KEY, PIECE_BYTES, piece_key, under_key},
            ledgers::Update,
        },
    },
};

/// A commit waits while so many keys wait for the index.
const WAITING_KEYS_MAX: usize = 100_000;
/// The most keys that are put into the index at once: readers wait meanwhile; and sled holds on to every page
/// that a batch touches until it is through: with batches of 8,000 keys it was measured at 2 GB where 1,000 took 200 MB.
const BATCH_KEYS: usize = 1_000;
/// What comes in during this time goes into the index at once.
const PAUSE: Duration = Duration::from_millis(50);

/// What waits for the index.
#[derive(Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    items: VecDeque<Item>,
    keys: usize,
    /// Somebody waits for what is in the queue: no pause.
    hurry: bool,
    /// Somebody waits for a sync.
    wanted: bool,
    /// Something is on its way into the index.
    busy: bool,
    /// Something in the index is not synced.
    dirty: bool,
    stop: bool,
    /// Nothing will be written any more: what comes is dropped, and with it whoever waits for it is told.
    ended: bool,
    /// How many ledgers and entries are in the index.
    indexed: (u32, u64),
}

enum Item {
    Frame(Update),
    Keep(Keep),
}

impl Item {
    /// How many keys it changes.
    fn keys(&self) -> usize {
        match self {
            Self::Frame(update) => update.keys(),
            Self::Keep(keep) => 1 + keep.under.len(),
        }
    }
}

/// What the law wants kept beside a ledger.
pub(super) struct Keep {
    pub(super) number: u32,
    pub(super) snapshot: Bytes,
    pub(super) under: Vec<(Bytes, Option<Bytes>)>,
    pub(super) done: mpsc::SyncSender<Result<(), StoreError>>,
}

impl Queue {
    pub(super) fn new(indexed: (u32, u64)) -> Self {
        Self { state: Mutex::new(State { indexed, ..State::default() }), changed: Condvar::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn push(&self, update: Update) {
        self.put(Item::Frame(update));
    }

    pub(super) fn keep(&self, keep: Keep) {
        self.put(Item::Keep(keep));
    }

    fn put(&self, item: Item) {
        let mut state = self.state();
        if state.ended {
            return;
        }
        state.keys += item.keys();
        state.hurry |= matches!(item, Item::Keep(_));
        state.items.push_back(item);
        self.changed.notify_all();
    }

    /// Drops what waits, and whatever comes: whoever waits for it learns from its sender that nobody writes any more.
    fn end(&self) {
        let mut state = self.state();
        state.ended = true;
        let dropped = mem::take(&mut state.items);
        self.changed.notify_all();
        drop(state);
        drop(dropped);
    }

    /// Whether so much waits that a commit has to.
    pub(super) fn is_full(&self) -> bool {
        self.state().keys >= WAITING_KEYS_MAX
    }

    /// Waits until there is room, or nothing will be written any more.
    pub(super) fn wait_for_room(&self, stopped: impl Fn() -> bool) {
        let full = |state: &mut State| state.keys >= WAITING_KEYS_MAX && !stopped();
        drop(self.changed.wait_while(self.state(), full).unwrap_or_else(PoisonError::into_inner));
    }

    /// Waits until everything is in the index and synced, or nothing will be written any more.
    pub(super) fn wait_until_empty(&self, stopped: impl Fn() -> bool) {
        let mut state = self.state();
        (state.hurry, state.wanted) = (true, true);
        self.changed.notify_all();
        let waiting = |state: &mut State| (state.busy || state.dirty || !state.items.is_empty()) && !stopped();
        drop(self.changed.wait_while(state, waiting).unwrap_or_else(PoisonError::into_inner));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.state().items.is_empty()
    }

    /// Lets everybody look who waits.
    pub(super) fn wake(&self) {
        // Under the lock, so that nobody is between looking and waiting.
        let _state = self.state();
        self.changed.notify_all();
    }

    pub(super) fn stop(&self) {
        self.state().stop = true;
        self.changed.notify_all();
    }

    /// Waits for something to do.
    fn wait(&self, written: Instant) -> Next {
        let mut state = self.state();
        loop {
            let empty = state.items.is_empty();
            let now = state.hurry || state.stop || state.keys >= BATCH_KEYS;
            // Nothing else waits for it: what is not durable when the power goes is read from the log again.
            if state.dirty && empty && (state.stop || state.wanted) {
                return Next::Sync;
            }
            if !empty && (now || written.elapsed() >= PAUSE) {
                return Next::Write;
            }
            if empty && state.stop {
                return Next::End;
            }
            state = if empty {
                self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
            } else {
                let left = PAUSE.saturating_sub(written.elapsed());
                self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
            };
        }
    }

    /// Takes what is to be put into the index at once.
    fn take(&self) -> (Vec<Item>, usize, (u32, u64)) {
        let mut state = self.state();
        let (mut taken, mut keys) = (Vec::new(), 0);
        while keys < BATCH_KEYS {
            let Some(item) = state.items.pop_front() else { break };
            keys += item.keys();
            taken.push(item);
        }
        state.busy = !taken.is_empty();
        if state.items.is_empty() {
            state.hurry = false;
        }
        (taken, keys, state.indexed)
    }

    fn finished(&self, keys: usize, indexed: Option<(u32, u64)>) {
        let mut state = self.state();
        (state.busy, state.dirty) = (false, state.dirty || indexed.is_some());
        state.keys = state.keys.saturating_sub(keys);
        state.indexed = indexed.unwrap_or(state.indexed);
        self.changed.notify_all();
    }

    fn synced(&self) {
        let mut state = self.state();
        (state.dirty, state.wanted) = (false, false);
        self.changed.notify_all();
    }
}

enum Next {
    Write,
    Sync,
    End,
}

/// Ends a queue, whichever way its thread ends.
struct Ends<'a>(&'a Queue);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// Works until it is told to stop, and nothing is left, or the store has stopped.
pub(super) fn run(inner: &Inner) {
    let _ends = Ends(&inner.queue);
    let mut written = Instant::now();
    loop {
        let went_well = match inner.queue.wait(written) {
            Next::End => return,
            Next::Write => {
                written = Instant::now();
                write_some(inner)
            }
            Next::Sync => sync(inner),
        };
        if !went_well {
            return;
        }
    }
}

/// Syncs the index; `false` if it failed: then the store has stopped.
pub(super) fn sync(inner: &Inner) -> bool {
    match panic::catch_unwind(AssertUnwindSafe(|| inner.index.sync())) {
        Ok(Ok(())) => inner.queue.synced(),
        Ok(Err(problem)) => failed(inner, &problem),
        Err(_) => failed(inner, &panicked()),
    }
    !inner.has_stopped()
}

fn panicked() -> StoreError {
    StoreError::Disk { doing: "writing the index", source: io::Error::other("it panicked") }
}

fn failed(inner: &Inner, problem: &StoreError) {
    let why = Causes(problem);
    error!(%why, "the index cannot be written: the store stops; at the next start it is made anew from the log");
    inner.stop(problem);
    inner.queue.end();
}

/// Puts some of what waits into the index; `false` if it failed: then the store has stopped.
pub(super) fn write_some(inner: &Inner) -> bool {
    let (items, keys, before) = inner.queue.take();
    if items.is_empty() {
        return true;
    }
    let written = panic::catch_unwind(AssertUnwindSafe(|| write(inner, &items, before)));
    let problem = match written {
        Ok(Ok(indexed)) => {
            inner.queue.finished(keys, Some(indexed));
            return true;
        }
        Ok(Err(problem)) => problem,
        Err(_) => panicked(),
    };
    failed(inner, &problem);
    for item in items {
        if let Item::Keep(keep) = item {
            // Who asked may have gone.
            let _ = keep.done.try_send(Err(StoreError::Stopped));
        }
    }
    inner.queue.finished(keys, None);
    false
}

fn write(inner: &Inner, items: &[Item], before: (u32, u64)) -> Result<(u32, u64), StoreError> {
    let (mut changes, mut indexed, mut applied) = (Vec::new(), before, None);
    for item in items {
        match item {
            Item::Frame(update) => {
                update.changes(&mut changes);
                applied = Some(update.applied(inner.segments.log, &mut indexed));
            }
            Item::Keep(keep) => keep_changes(inner, keep, &mut changes)?,
        }
    }
    changes.extend(applied.map(|applied| (APPLIED_KEY.to_vec(), Some(applied.write()))));
    {
        let _whole = inner.keeping.write().unwrap_or_else(PoisonError::into_inner);
        inner.index.apply(changes)?;
    }
    let mut recent = inner.recent.write().unwrap_or_else(PoisonError::into_inner);
    for item in items {
        match item {
            Item::Frame(update) => recent.forget(update),
            // Who asked may have gone.
            Item::Keep(keep) => drop(keep.done.try_send(Ok(()))),
        }
    }
    drop(recent);
    Ok(indexed)
}

fn keep_changes(inner: &Inner, keep: &Keep, changes: &mut Vec<Change>) -> Result<(), StoreError> {
    let pieces = inner.index.range(&piece_key(keep.number, 0), &piece_key(keep.number, u16::MAX), false, usize::MAX)?;
    changes.extend(pieces.into_iter().map(|(key, _)| (key.to_vec(), None)));
    let length = u32::try_from(keep.snapshot.len()).unwrap_or(u32::MAX).to_be_bytes();
    let bytes = [&length[..], &keep.snapshot].concat();
    for (piece, bytes) in (0_u16..).zip(bytes.chunks(PIECE_BYTES)) {
        changes.push((piece_key(keep.number, piece), Some(Bytes::copy_from_slice(bytes))));
    }
    changes.extend(keep.under.iter().map(|(key, value)| (under_key(keep.number, key), value.clone())));
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{RecvError, sync_channel};

    use bytes::Bytes;

    use super::{Keep, Queue};

    #[test]
    fn what_comes_after_the_end_is_dropped_like_what_waited_for_it() {
        let queue = Queue::new((0, 0));
        let keep = || {
            let (done, told) = sync_channel(1);
            queue.keep(Keep { number: 0, snapshot: Bytes::new(), under: Vec::new(), done });
            told
        };
        let waiting = keep();
        queue.end();
        for told in [waiting, keep()] {
            assert_eq!(told.recv().err(), Some(RecvError));
        }
        assert!(queue.is_empty());
    }
}
