//! The real store with an observer: every signature, and every commit with what became of it, is written down.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use counterfoil::{
    digest::Digest,
    ledger::LedgerId,
    merkle::{
        hash::leaf_hash,
        index::{LeafIndex, NodeIndex},
    },
    store::{Append, CommitError, Head, NotAppended, Store, StoreError, log::LogStore},
};

use crate::simulation::record::{Attempt, Record, long};

pub(super) struct Observed {
    pub(super) log: LogStore,
    pub(super) record: Arc<Mutex<Record>>,
    /// After so many commits, says once that it wrote and did not; none: it is as it should be.
    pub(super) forgets: Mutex<Option<u64>>,
    /// Ledgers whose snapshot was read, and that were not read from their first entry on since.
    pub(super) restored: Mutex<BTreeSet<LedgerId>>,
}

impl Observed {
    fn forgets_now(&self) -> bool {
        let mut forgets = self.forgets.lock().unwrap();
        let left = forgets.and_then(|left| left.checked_sub(1));
        let now = *forgets == Some(0);
        *forgets = left;
        now
    }

    /// Lets everything be signed and writes nothing.
    fn forget(appends: Vec<Append>) -> Vec<Result<String, NotAppended>> {
        let signed = appends.into_iter().map(|append| {
            let mut after = append.before;
            append.leaves.iter().for_each(|(_, leaf)| after.push(leaf_hash(leaf), |_, _| ()));
            let (size, root) = (after.size(), after.root());
            (append.sign)(size, root).ok_or(NotAppended::RootDiffers { size, root })
        });
        signed.collect()
    }
}

impl Store for Observed {
    fn ledgers(&self, after: Option<LedgerId>, max: usize) -> Result<Vec<(LedgerId, Head)>, StoreError> {
        self.log.ledgers(after, max)
    }

    fn head(&self, ledger: LedgerId) -> Result<Option<Head>, StoreError> {
        self.log.head(ledger)
    }

    fn leaves(
        &self,
        ledger: LedgerId,
        from: LeafIndex,
        max: usize,
        bytes_max: usize,
    ) -> Result<Vec<Bytes>, StoreError> {
        // A single one is the founding, which says what terms the snapshot is of.
        if from == LeafIndex::new(0) && max > 1 {
            self.restored.lock().unwrap().remove(&ledger);
        }
        self.log.leaves(ledger, from, max, bytes_max)
    }

    fn nodes(&self, ledger: LedgerId, nodes: &[NodeIndex]) -> Result<Vec<Digest>, StoreError> {
        self.log.nodes(ledger, nodes)
    }

    fn find(&self, ledger: LedgerId, envelope: Digest) -> Result<Option<LeafIndex>, StoreError> {
        self.log.find(ledger, envelope)
    }

    fn commit(&self, mut appends: Vec<Append>) -> Result<Vec<Result<String, NotAppended>>, CommitError> {
        let mut attempt: Attempt = Vec::new();
        for append in &mut appends {
            let (ledger, record) = (append.ledger, Arc::clone(&self.record));
            let leaves = append.leaves.iter().map(|(_, leaf)| leaf.clone()).collect();
            attempt.push((ledger, append.size_before().get(), leaves));
            let sign = std::mem::replace(&mut append.sign, Box::new(|_, _| None));
            append.sign = Box::new(move |size, root| {
                let note = sign(size, root)?;
                record.lock().unwrap().sign(ledger, size.get(), root);
                Some(note)
            });
        }
        let outcomes = if self.forgets_now() { Ok(Self::forget(appends)) } else { self.log.commit(appends) };
        let mut record = self.record.lock().unwrap();
        match &outcomes {
            Ok(outcomes) => {
                let mut outcomes = outcomes.iter();
                attempt.retain(|_| outcomes.next().is_some_and(Result::is_ok));
                record.acknowledge(&attempt);
            }
            // Not even tried.
            Err(CommitError::NotWritten { source: StoreError::Stopped }) => {}
            Err(_) => record.doubt(attempt),
        }
        outcomes
    }

    fn snapshot(&self, ledger: LedgerId) -> Result<Option<Bytes>, StoreError> {
        let snapshot = self.log.snapshot(ledger)?;
        if snapshot.is_some() {
            self.restored.lock().unwrap().insert(ledger);
        }
        Ok(snapshot)
    }

    fn records(&self, ledger: LedgerId, keys: &[Bytes]) -> Result<Vec<Option<Bytes>>, StoreError> {
        let records = self.log.records(ledger, keys)?;
        self.record.lock().unwrap().told.recalled += long(records.iter().flatten().count());
        Ok(records)
    }

    fn list_records(
        &self,
        ledger: LedgerId,
        from: &[u8],
        upto: &[u8],
        reverse: bool,
        max: usize,
    ) -> Result<Vec<(Bytes, Bytes)>, StoreError> {
        let records = self.log.list_records(ledger, from, upto, reverse, max)?;
        self.record.lock().unwrap().told.recalled += long(records.len());
        Ok(records)
    }

    fn keep(&self, ledger: LedgerId, snapshot: Bytes, records: Vec<(Bytes, Option<Bytes>)>) -> Result<(), StoreError> {
        let kept = self.log.keep(ledger, snapshot, records);
        let mut record = self.record.lock().unwrap();
        record.trace(&format!("keeps a snapshot: {}", kept.is_ok()));
        match &kept {
            Ok(()) => record.told.kept += 1,
            Err(_) => record.told.not_kept += 1,
        }
        kept
    }
}
