//! Reading: recent first, then the index, then the log, whose leaves are held against their hashes.

use std::sync::mpsc;

use bytes::Bytes;

use crate::{
    digest::Digest,
    ledger::LedgerId,
    merkle::{
        hash::leaf_hash,
        index::{LeafIndex, NodeIndex},
    },
    store::{
        Append, CommitError, Head, NotAppended, Store, StoreError,
        check::check_keys,
        log::{
            Inner, LogStore, Settling,
            damage::read_head,
            index::Index,
            keys::{first_of_run, id_keys, index_of_id, piece_key, read_place, run_key, under_key, under_of},
            ledgers::Kept,
            run::{Place, Run, completed_by, id_at, node_at},
            tail::long,
            whole,
            writer::{Keep, write_some},
        },
        memory::node_missing,
    },
};

/// The most envelopes of one ledger whose ids may begin alike, before a search for one of them gives up.
const ALIKE_MAX: usize = 1_000;

impl Inner {
    fn kept(&self, ledger: LedgerId) -> Result<Option<Kept>, StoreError> {
        if self.has_stopped() {
            return Err(StoreError::Stopped);
        }
        Ok(whole(self.ledgers.read()).get(ledger).copied())
    }

    /// Finds the run that holds a leaf, which the ledger must have: its first leaf, and where it stands.
    fn run(&self, ledger: LedgerId, kept: &Kept, leaf: u64) -> Result<(u64, Place), StoreError> {
        if let Some(found) = whole(self.recent.read()).run(kept.number, leaf) {
            return Ok(found);
        }
        let upto = run_key(kept.number, leaf.saturating_add(1));
        let found = self.index.range(&run_key(kept.number, 0), &upto, true, 1)?.pop();
        let found = found.and_then(|(key, value)| Some((first_of_run(&key)?, read_place(&value)?)));
        found.filter(|(first, place)| leaf - first < u64::from(place.count)).ok_or_else(|| missing(ledger, leaf))
    }

    fn read(&self, ledger: LedgerId, leaf: u64, offset: u64, bytes: usize) -> Result<Vec<u8>, StoreError> {
        let mut read = vec![0; bytes];
        match self.segments.read(offset, &mut read) {
            Ok(()) => Ok(read),
            // A place that does not lie in the log is as good as none.
            Err(error) if matches!(error.kind(), std::io::ErrorKind::UnexpectedEof | std::io::ErrorKind::NotFound) => {
                Err(missing(ledger, leaf))
            }
            Err(source) => Err(StoreError::Disk { doing: "reading the log", source }),
        }
    }

    /// Reads the nodes of a run, in the order they are completed.
    fn run_nodes(&self, ledger: LedgerId, first: u64, place: &Place) -> Result<Vec<u8>, StoreError> {
        let count = usize::from(place.count);
        let from = long(2 + 2 * count);
        let upto = id_at(first, count, 0).filter(|upto| *upto <= u64::from(place.bytes));
        let bytes = upto.and_then(|upto| usize::try_from(upto - from).ok()).ok_or_else(|| missing(ledger, first))?;
        self.read(ledger, first, place.offset + from, bytes)
    }

    fn id_is(&self, ledger: LedgerId, kept: &Kept, leaf: u64, id: &Digest) -> Result<bool, StoreError> {
        let (first, place) = self.run(ledger, kept, leaf)?;
        let at = id_at(first, usize::from(place.count), leaf - first).ok_or_else(|| missing(ledger, leaf))?;
        Ok(self.read(ledger, leaf, place.offset + at, 32)? == id.as_bytes())
    }
}

impl Store for LogStore {
    fn ledgers(&self, after: Option<LedgerId>, max: usize) -> Result<Vec<(LedgerId, Head)>, StoreError> {
        if self.inner.has_stopped() {
            return Err(StoreError::Stopped);
        }
        let listed: Vec<_> = whole(self.inner.ledgers.read()).after(after).take(max).collect();
        listed.into_iter().map(|(id, kept)| Ok((id, read_head(&self.inner.segments, id, &kept)?))).collect()
    }

    fn head(&self, ledger: LedgerId) -> Result<Option<Head>, StoreError> {
        self.inner.kept(ledger)?.map(|kept| read_head(&self.inner.segments, ledger, &kept)).transpose()
    }

    fn leaves(
        &self,
        ledger: LedgerId,
        from: LeafIndex,
        max: usize,
        bytes_max: usize,
    ) -> Result<Vec<Bytes>, StoreError> {
        let (mut leaves, mut bytes, mut next) = (Vec::new(), 0, from.get());
        let Some(kept) = self.inner.kept(ledger)? else { return Ok(leaves) };
        while next < kept.size.get() && leaves.len() < max && bytes < bytes_max {
            let (first, place) = self.inner.run(ledger, &kept, next)?;
            let read = self.inner.read(ledger, next, place.offset, usize::try_from(place.bytes).unwrap_or(0))?;
            let run = Bytes::from(read);
            for at in usize::try_from(next - first).unwrap_or(usize::MAX)..usize::from(place.count) {
                if leaves.len() >= max || bytes >= bytes_max {
                    break;
                }
                let leaf = leaf_of(&run, first, at).ok_or_else(|| missing(ledger, next))?;
                bytes += leaf.len();
                leaves.push(leaf);
                next += 1;
            }
        }
        Ok(leaves)
    }

    fn nodes(&self, ledger: LedgerId, nodes: &[NodeIndex]) -> Result<Vec<Digest>, StoreError> {
        let kept = self.inner.kept(ledger)?;
        // Neighbours stand in one run: many cost few reads.
        let mut last: Option<(u64, Place, Vec<u8>)> = None;
        let mut found = Vec::with_capacity(nodes.len());
        for node in nodes {
            let missing = || node_missing(ledger, *node);
            let (Some(kept), Some(leaf)) = (&kept, completed_by(*node)) else { return Err(missing()) };
            if leaf >= kept.size.get() {
                return Err(missing());
            }
            if let Some(digest) = self.inner.high.get(kept.number, *node) {
                found.push(digest);
                continue;
            }
            let holds = |(first, place, _): &(u64, Place, Vec<u8>)| {
                leaf.checked_sub(*first).is_some_and(|at| at < u64::from(place.count))
            };
            if !last.as_ref().is_some_and(holds) {
                let (first, place) = self.inner.run(ledger, kept, leaf)?;
                last = Some((first, place, self.inner.run_nodes(ledger, first, &place)?));
            }
            let digest = last.as_ref().and_then(|(first, place, bytes)| {
                let count = usize::from(place.count);
                let at = usize::try_from(node_at(*first, count, *node)?).ok()? - (2 + 2 * count);
                Digest::try_from(bytes.get(at..at + 32)?).ok()
            });
            let digest = digest.ok_or_else(missing)?;
            self.inner.high.put(kept.number, *node, digest);
            found.push(digest);
        }
        Ok(found)
    }

    fn find(&self, ledger: LedgerId, envelope: Digest) -> Result<Option<LeafIndex>, StoreError> {
        let Some(kept) = self.inner.kept(ledger)? else { return Ok(None) };
        if let Some(found) = whole(self.inner.recent.read()).find(kept.number, envelope) {
            return Ok(Some(LeafIndex::new(found)));
        }
        let (from, upto) = id_keys(kept.number, &envelope);
        for (key, _) in self.inner.index.range(&from, &upto, true, ALIKE_MAX)? {
            let damaged = || StoreError::Damaged { ledger, what: format!("the place of envelope {envelope}") };
            let index = index_of_id(&key).filter(|index| *index < kept.size.get()).ok_or_else(damaged)?;
            if self.inner.id_is(ledger, &kept, index, &envelope)? {
                return Ok(Some(LeafIndex::new(index)));
            }
        }
        Ok(None)
    }

    fn commit(&self, appends: Vec<Append>) -> Result<Vec<Result<String, NotAppended>>, CommitError> {
        self.commit_all(appends)
    }

    fn snapshot(&self, ledger: LedgerId) -> Result<Option<Bytes>, StoreError> {
        let Some(kept) = self.inner.kept(ledger)? else { return Ok(None) };
        let _whole = whole(self.inner.keeping.read());
        let damaged = |()| StoreError::Damaged { ledger, what: "the snapshot".into() };
        read_snapshot(self.inner.index.as_ref(), kept.number)?.map_err(damaged)
    }

    fn records(&self, ledger: LedgerId, keys: &[Bytes]) -> Result<Vec<Option<Bytes>>, StoreError> {
        let Some(kept) = self.inner.kept(ledger)? else { return Ok(vec![None; keys.len()]) };
        keys.iter().map(|key| self.inner.index.get(&under_key(kept.number, key))).collect()
    }

    fn list_records(
        &self,
        ledger: LedgerId,
        from: &[u8],
        upto: &[u8],
        reverse: bool,
        max: usize,
    ) -> Result<Vec<(Bytes, Bytes)>, StoreError> {
        let Some(kept) = self.inner.kept(ledger)? else { return Ok(Vec::new()) };
        list_under(self.inner.index.as_ref(), kept.number, (from, upto), reverse, max)
    }

    fn keep(&self, ledger: LedgerId, snapshot: Bytes, records: Vec<(Bytes, Option<Bytes>)>) -> Result<(), StoreError> {
        check_keys(ledger, records.iter().map(|(key, _)| key.as_ref()))?;
        let kept = self.inner.kept(ledger)?.ok_or(StoreError::NoLedger { ledger })?;
        let (done, kept_it) = mpsc::sync_channel(1);
        self.inner.queue.keep(Keep { number: kept.number, snapshot, under: records, done });
        if self.settling == Settling::WhenAsked {
            while write_some(&self.inner) && !self.inner.queue.is_empty() {}
        }
        kept_it.recv().unwrap_or(Err(StoreError::Stopped))
    }

    fn stopped(&self) -> Option<String> {
        self.inner.stopped.get().cloned()
    }
}

/// Puts the snapshot beside a ledger together from its pieces; `Err` within if they do not fit together.
pub(super) fn read_snapshot(index: &dyn Index, number: u32) -> Result<Result<Option<Bytes>, ()>, StoreError> {
    let Some(first) = index.get(&piece_key(number, 0))? else { return Ok(Ok(None)) };
    let Some((length, first)) = first.split_first_chunk() else { return Ok(Err(())) };
    let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
    let mut snapshot = first.to_vec();
    for piece in 1..=u16::MAX {
        if snapshot.len() >= length {
            break;
        }
        let Some(next) = index.get(&piece_key(number, piece))? else { return Ok(Err(())) };
        snapshot.extend_from_slice(&next);
    }
    Ok(if snapshot.len() == length { Ok(Some(snapshot.into())) } else { Err(()) })
}

/// Lists what is kept beside a ledger in a range of keys.
pub(super) fn list_under(
    index: &dyn Index,
    number: u32,
    (from, upto): (&[u8], &[u8]),
    reverse: bool,
    max: usize,
) -> Result<Vec<(Bytes, Bytes)>, StoreError> {
    let listed = index.range(&under_key(number, from), &under_key(number, upto), reverse, max)?;
    Ok(listed.into_iter().map(|(key, value)| (under_of(&key), value)).collect())
}

/// Cuts a leaf out of its run; `None` if it is not the leaf whose hash stands there.
fn leaf_of(run: &Bytes, first: u64, at: usize) -> Option<Bytes> {
    let parts = Run::read(first, run)?;
    let (_, leaf) = parts.leaf(at)?;
    (parts.leaf_hash(at)? == leaf_hash(leaf)).then(|| run.slice_ref(leaf))
}

fn missing(ledger: LedgerId, leaf: u64) -> StoreError {
    StoreError::Damaged { ledger, what: format!("entry {leaf}") }
}
