//! The ledgers that a sequencer has tasks for, and what others may hold of each.

use std::{
    collections::BTreeMap,
    ops::Bound,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{mpsc, watch};

use crate::{
    checkpoint::SignedCheckpoint,
    sequencer::{error::ReadError, task::Command},
    statement::id::AgreementId,
};

/// What is durable of a ledger, as its task tells it. Outlives the task: a ledger whose task failed is still what it was.
pub(super) struct Durable {
    checkpoint: watch::Sender<Option<Arc<SignedCheckpoint>>>,
    size: watch::Sender<u64>,
}

impl Durable {
    pub(super) fn new(checkpoint: Option<SignedCheckpoint>) -> Self {
        let durable = Self { checkpoint: watch::Sender::new(None), size: watch::Sender::new(0) };
        if let Some(checkpoint) = checkpoint {
            durable.tell(checkpoint);
        }
        durable
    }

    /// Returns the last checkpoint; `None` while the ledger is being founded.
    pub(super) fn checkpoint(&self) -> Option<Arc<SignedCheckpoint>> {
        self.checkpoint.borrow().clone()
    }

    /// Tells that everything under `checkpoint` is durable.
    pub(super) fn tell(&self, checkpoint: SignedCheckpoint) {
        let size = checkpoint.checkpoint().size.get();
        self.checkpoint.send_replace(Some(Arc::new(checkpoint)));
        // After the rest: a watcher that is told must find what it was told of.
        self.size.send_replace(size);
    }

    /// Returns a watch of the size, which ends with the sequencer.
    pub(super) fn watch(&self) -> watch::Receiver<u64> {
        self.size.subscribe()
    }
}

/// What others hold of a ledger's task.
#[derive(Clone)]
pub(super) struct Handle {
    pub(super) queue: mpsc::Sender<Command>,
    pub(super) durable: Arc<Durable>,
}

/// Every ledger of the store, and those being founded.
pub(super) struct Ledgers {
    /// `None` once the sequencer was told to stop.
    open: Mutex<Option<BTreeMap<AgreementId, Handle>>>,
}

impl Ledgers {
    pub(super) fn new() -> Self {
        Self { open: Mutex::new(Some(BTreeMap::new())) }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.lock().is_none()
    }

    /// Errors: [`ReadError::AgreementNotFound`], [`ReadError::Stopped`].
    pub(super) fn get(&self, agreement: AgreementId) -> Result<Handle, ReadError> {
        let open = self.lock();
        open.as_ref().ok_or(ReadError::Stopped)?.get(&agreement).cloned().ok_or(ReadError::AgreementNotFound)
    }

    /// Returns the ledger, or what `start` makes of it if there is none. Errors: [`ReadError::Stopped`].
    pub(super) fn get_or_start(
        &self,
        agreement: AgreementId,
        start: impl FnOnce() -> Handle,
    ) -> Result<Handle, ReadError> {
        let mut open = self.lock();
        Ok(open.as_mut().ok_or(ReadError::Stopped)?.entry(agreement).or_insert_with(start).clone())
    }

    /// Puts `restart` of a ledger in the place of `ended`, whose task has; forgets one that was never founded.
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
            match ended.durable.checkpoint() {
                Some(_) => open.insert(agreement, restart(&ended.durable)),
                None => open.remove(&agreement),
            };
        }
        Ok(())
    }

    /// Lists what is durable, in the order of ids, from the one after `after` on. Errors: [`ReadError::Stopped`].
    pub(super) fn list(
        &self,
        after: Option<AgreementId>,
        max: usize,
    ) -> Result<Vec<(AgreementId, SignedCheckpoint)>, ReadError> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let open = self.lock();
        let ledgers = open.as_ref().ok_or(ReadError::Stopped)?.range((from, Bound::Unbounded));
        let durable = ledgers.filter_map(|(id, handle)| Some((*id, handle.durable.checkpoint()?.as_ref().clone())));
        Ok(durable.take(max).collect())
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
