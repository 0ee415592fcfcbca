//! The ledgers that a sequencer has tasks for, and what others may hold of each.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{Notify, Semaphore, mpsc, watch};

use crate::{
    checkpoint::SignedCheckpoint,
    sequencer::{command::Command, error::ReadError},
    statement::id::AgreementId,
};

/// What is durable of a ledger, as its tasks tell it. Outlives a task that failed: the ledger is still what it was.
pub(super) struct Durable {
    checkpoint: watch::Sender<Option<Arc<SignedCheckpoint>>>,
    size: watch::Sender<u64>,
    /// Whether the store has it: then, until its task has opened it, what the store has is what is durable.
    pub(super) founded: bool,
    /// Held by the ledger's task for as long as it lives: one that comes after it waits, so that there is one writer.
    pub(super) writer: Arc<tokio::sync::Mutex<()>>,
}

impl Durable {
    /// Begins without a checkpoint: the ledger's task tells it once it has opened or founded the ledger.
    pub(super) fn new(founded: bool) -> Self {
        Self { checkpoint: watch::Sender::new(None), size: watch::Sender::new(0), founded, writer: Arc::default() }
    }

    /// Returns the last checkpoint; `None` while the ledger is being founded or opened.
    pub(super) fn checkpoint(&self) -> Option<Arc<SignedCheckpoint>> {
        self.checkpoint.borrow().clone()
    }

    /// Tells that everything under `checkpoint` is durable.
    pub(super) fn tell(&self, checkpoint: Arc<SignedCheckpoint>) {
        let size = checkpoint.checkpoint().size.get();
        self.checkpoint.send_replace(Some(checkpoint));
        // After the rest: a watcher that is told must find what it was told of.
        self.size.send_replace(size);
    }
}

/// What others hold of a ledger's task.
#[derive(Clone)]
pub(super) struct Handle {
    pub(super) queue: mpsc::Sender<Command>,
    /// Leave to ask something of the task: what waits in front of statements.
    pub(super) questions: Arc<Semaphore>,
    pub(super) durable: Arc<Durable>,
}

/// The ledgers that are in memory, and those being founded.
pub(super) struct Ledgers {
    /// `None` once the sequencer was told to stop.
    open: Mutex<Option<BTreeMap<AgreementId, Handle>>>,
    /// How many may be in memory; beyond, the one that has been idle longest is asked to leave.
    live_max: usize,
    /// Wakes one idle task, the one that waits longest.
    pub(super) room: Arc<Notify>,
}

impl Ledgers {
    pub(super) fn new(live_max: usize) -> Self {
        Self { open: Mutex::new(Some(BTreeMap::new())), live_max, room: Arc::default() }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.lock().is_none()
    }

    /// Returns how many ledgers are in memory.
    pub(super) fn live(&self) -> usize {
        self.lock().as_ref().map_or(0, BTreeMap::len)
    }

    /// Returns the ledger if it is in memory. Errors: [`ReadError::Stopped`].
    pub(super) fn get(&self, agreement: AgreementId) -> Result<Option<Handle>, ReadError> {
        Ok(self.lock().as_ref().ok_or(ReadError::Stopped)?.get(&agreement).cloned())
    }

    /// Returns a watch of a ledger's durable size, if it is in memory, where it then stays. Errors: [`ReadError::Stopped`].
    pub(super) fn watch(&self, agreement: AgreementId) -> Result<Option<watch::Receiver<u64>>, ReadError> {
        // Under the lock, as the question of a task whether anybody watches.
        let open = self.lock();
        let handle = open.as_ref().ok_or(ReadError::Stopped)?.get(&agreement);
        Ok(handle.map(|handle| handle.durable.size.subscribe()))
    }

    /// Returns the ledger, or what `start` makes of it if there is none. Errors: [`ReadError::Stopped`].
    pub(super) fn get_or_start(
        &self,
        agreement: AgreementId,
        start: impl FnOnce() -> Handle,
    ) -> Result<Handle, ReadError> {
        let mut open = self.lock();
        let open = open.as_mut().ok_or(ReadError::Stopped)?;
        if let Some(handle) = open.get(&agreement) {
            return Ok(handle.clone());
        }
        if open.len() >= self.live_max {
            self.room.notify_one();
        }
        let handle = start();
        open.insert(agreement, handle.clone());
        Ok(handle)
    }

    /// Puts `restart` of a ledger in the place of `ended`, whose task takes nothing more.
    ///
    /// Errors: [`ReadError::Stopped`].
    pub(super) fn replace(
        &self,
        agreement: AgreementId,
        ended: &Handle,
        restart: impl FnOnce(&Arc<Durable>) -> Handle,
    ) -> Result<(), ReadError> {
        let mut open = self.lock();
        let open = open.as_mut().ok_or(ReadError::Stopped)?;
        // Somebody else may have seen it first.
        if open.get(&agreement).is_some_and(|handle| handle.queue.same_channel(&ended.queue)) {
            open.insert(agreement, restart(&ended.durable));
        }
        Ok(())
    }

    /// Whether a task may leave: nobody watches what it tells.
    pub(super) fn may_leave(&self, durable: &Durable) -> bool {
        let _open = self.lock();
        durable.size.receiver_count() == 0
    }

    /// Forgets a ledger whose task takes nothing more, unless another was started in its place, or somebody watches: then it
    /// stays to be started again.
    pub(super) fn forget(&self, agreement: AgreementId, durable: &Arc<Durable>) {
        let mut open = self.lock();
        let Some(open) = open.as_mut() else { return };
        let ended = |handle: &Handle| Arc::ptr_eq(&handle.durable, durable) && handle.queue.is_closed();
        if durable.size.receiver_count() == 0 && open.get(&agreement).is_some_and(ended) {
            open.remove(&agreement);
        }
    }

    /// Takes all out; from now on there are none.
    pub(super) fn close(&self) -> Vec<Handle> {
        self.lock().take().unwrap_or_default().into_values().collect()
    }

    /// The map is never left half changed, so a poisoned lock is as good as any.
    fn lock(&self) -> MutexGuard<'_, Option<BTreeMap<AgreementId, Handle>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
