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
    store::{
        Append, CommitError, Head, Moved, NotAppended, Store, StoreError,
        check::{check, check_keys, rehash, sign},
    },
};

/// A store in memory.
#[derive(Debug, Default)]
pub struct MemoryStore {
    ledgers: RwLock<BTreeMap<LedgerId, Kept>>,
    beside: RwLock<HashMap<LedgerId, Beside>>,
}

#[derive(Debug)]
struct Kept {
    head: Head,
    leaves: Vec<Bytes>,
    nodes: HashMap<NodeIndex, Digest>,
    index: HashMap<Digest, LeafIndex>,
}

/// What the law keeps beside a ledger.
#[derive(Debug, Default)]
struct Beside {
    snapshot: Bytes,
    under: BTreeMap<Bytes, Bytes>,
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

    fn beside(&self) -> RwLockReadGuard<'_, HashMap<LedgerId, Beside>> {
        self.beside.read().unwrap_or_else(PoisonError::into_inner)
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

    fn commit(&self, appends: Vec<Append>) -> Result<Vec<Result<String, NotAppended>>, CommitError> {
        let mut kept = self.ledgers.write().unwrap_or_else(PoisonError::into_inner);
        check(&appends).map_err(|source| CommitError::NotWritten { source })?;
        Ok(appends.into_iter().map(|append| put(&mut kept, append)).collect())
    }

    fn snapshot(&self, ledger: LedgerId) -> Result<Option<Bytes>, StoreError> {
        Ok(self.beside().get(&ledger).map(|beside| beside.snapshot.clone()))
    }

    fn records(&self, ledger: LedgerId, keys: &[Bytes]) -> Result<Vec<Option<Bytes>>, StoreError> {
        let beside = self.beside();
        let beside = beside.get(&ledger);
        Ok(keys.iter().map(|key| beside.and_then(|beside| beside.under.get(key).cloned())).collect())
    }

    fn list_records(
        &self,
        ledger: LedgerId,
        from: &[u8],
        upto: &[u8],
        reverse: bool,
        max: usize,
    ) -> Result<Vec<(Bytes, Bytes)>, StoreError> {
        let beside = self.beside();
        let Some(beside) = beside.get(&ledger).filter(|_| from < upto) else { return Ok(Vec::new()) };
        let range = beside.under.range::<[u8], _>((Bound::Included(from), Bound::Excluded(upto)));
        let owned = |(key, value): (&Bytes, &Bytes)| (key.clone(), value.clone());
        Ok(if reverse { range.rev().take(max).map(owned).collect() } else { range.take(max).map(owned).collect() })
    }

    fn keep(&self, ledger: LedgerId, snapshot: Bytes, records: Vec<(Bytes, Option<Bytes>)>) -> Result<(), StoreError> {
        check_keys(ledger, records.iter().map(|(key, _)| key.as_ref()))?;
        if !self.read().contains_key(&ledger) {
            return Err(StoreError::NoLedger { ledger });
        }
        let mut beside = self.beside.write().unwrap_or_else(PoisonError::into_inner);
        let beside = beside.entry(ledger).or_default();
        beside.snapshot = snapshot;
        for (key, value) in records {
            match value {
                Some(value) => drop(beside.under.insert(key, value)),
                None => drop(beside.under.remove(&key)),
            }
        }
        Ok(())
    }
}

fn put(ledgers: &mut BTreeMap<LedgerId, Kept>, append: Append) -> Result<String, NotAppended> {
    let (found, expected) =
        (ledgers.get(&append.ledger).map_or(TreeSize::ZERO, |kept| kept.head.size), append.size_before());
    if found != expected {
        return Err(NotAppended::Moved(Moved { expected, found }));
    }
    let leaves = append.leaves.iter().map(|(_, leaf)| leaf.as_ref());
    let after = rehash(append.before, leaves, append.nodes.iter().map(|(_, digest)| *digest))?;
    let head = Head { size: after.size(), note: sign(&after, append.sign)? };
    let empty = || Kept { head: head.clone(), leaves: Vec::new(), nodes: HashMap::new(), index: HashMap::new() };
    let kept = ledgers.entry(append.ledger).or_insert_with(empty);
    for (index, (envelope, leaf)) in (expected.get()..).zip(append.leaves) {
        kept.index.insert(envelope, LeafIndex::new(index));
        kept.leaves.push(leaf);
    }
    kept.nodes.extend(append.nodes);
    kept.head = head.clone();
    Ok(head.note)
}

pub(super) fn node_missing(ledger: LedgerId, node: NodeIndex) -> StoreError {
    StoreError::Damaged { ledger, what: format!("node {} of level {}", node.index, node.level) }
}
