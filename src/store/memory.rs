//! A store in memory: for tests, and for trying things out. Keeps nothing when the process ends.

use std::{
    collections::{BTreeMap, HashMap},
    ops::Bound,
    sync::{PoisonError, RwLock, RwLockReadGuard},
};

use bytes::Bytes;

use crate::{
    digest::Digest,
    ledger::LedgerId,
    merkle::index::{LeafIndex, NodeIndex, TreeSize},
    store::{Append, CommitError, Head, Moved, Store, StoreError, check::check},
};

/// A store in memory.
#[derive(Debug, Default)]
pub struct MemoryStore {
    ledgers: RwLock<BTreeMap<LedgerId, Kept>>,
}

#[derive(Debug)]
struct Kept {
    head: Head,
    leaves: Vec<Bytes>,
    nodes: HashMap<NodeIndex, Digest>,
    index: HashMap<Digest, LeafIndex>,
}

impl MemoryStore {
    /// Returns a store without ledgers.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A panic elsewhere cannot leave a commit half done here, so a poisoned lock is as good as any.
    fn read(&self) -> RwLockReadGuard<'_, BTreeMap<LedgerId, Kept>> {
        self.ledgers.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for MemoryStore {
    fn ledgers(&self, after: Option<LedgerId>, max: usize) -> Result<Vec<(LedgerId, Head)>, StoreError> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let kept = self.read();
        Ok(kept.range((from, Bound::Unbounded)).take(max).map(|(id, kept)| (*id, kept.head.clone())).collect())
    }

    fn head(&self, ledger: LedgerId) -> Result<Option<Head>, StoreError> {
        Ok(self.read().get(&ledger).map(|kept| kept.head.clone()))
    }

    fn leaves(
        &self,
        ledger: LedgerId,
        from: LeafIndex,
        max: usize,
        bytes_max: usize,
    ) -> Result<Vec<Bytes>, StoreError> {
        let kept = self.read();
        let Some(kept) = kept.get(&ledger) else { return Ok(Vec::new()) };
        let from = usize::try_from(from.get()).unwrap_or(usize::MAX);
        let (mut leaves, mut bytes) = (Vec::new(), 0);
        for leaf in kept.leaves.iter().skip(from).take(max) {
            if bytes >= bytes_max {
                break;
            }
            bytes += leaf.len();
            leaves.push(leaf.clone());
        }
        Ok(leaves)
    }

    fn nodes(&self, ledger: LedgerId, nodes: &[NodeIndex]) -> Result<Vec<Digest>, StoreError> {
        let kept = self.read();
        let found = |node: &NodeIndex| kept.get(&ledger).and_then(|kept| kept.nodes.get(node).copied());
        nodes.iter().map(|node| found(node).ok_or_else(|| node_missing(ledger, *node))).collect()
    }

    fn find(&self, ledger: LedgerId, envelope: Digest) -> Result<Option<LeafIndex>, StoreError> {
        Ok(self.read().get(&ledger).and_then(|kept| kept.index.get(&envelope).copied()))
    }

    fn commit(&self, appends: &[Append]) -> Result<Vec<Result<(), Moved>>, CommitError> {
        let mut kept = self.ledgers.write().unwrap_or_else(PoisonError::into_inner);
        check(appends).map_err(|source| CommitError::NotWritten { source })?;
        let outcomes = appends.iter().map(|append| {
            let found = kept.get(&append.ledger).map_or(TreeSize::ZERO, |kept| kept.head.size);
            if found != append.size_before {
                return Err(Moved { expected: append.size_before, found });
            }
            put(&mut kept, append);
            Ok(())
        });
        Ok(outcomes.collect())
    }
}

fn put(ledgers: &mut BTreeMap<LedgerId, Kept>, append: &Append) {
    let size = append.size_after().unwrap_or(append.size_before);
    let head = Head { size, note: append.note.clone() };
    let empty = || Kept { head: head.clone(), leaves: Vec::new(), nodes: HashMap::new(), index: HashMap::new() };
    let kept = ledgers.entry(append.ledger).or_insert_with(empty);
    for (index, (envelope, leaf)) in (append.size_before.get()..).zip(&append.leaves) {
        kept.index.insert(*envelope, LeafIndex::new(index));
        kept.leaves.push(leaf.clone());
    }
    kept.nodes.extend(append.nodes.iter().copied());
    kept.head = head;
}

pub(super) fn node_missing(ledger: LedgerId, node: NodeIndex) -> StoreError {
    StoreError::Damaged { ledger, what: format!("node {} of level {}", node.index, node.level) }
}
