//! Keeping the law beside its ledger: a snapshot that is bound to a size and root, and the slips that belong to it.
//!
//! What is kept follows from the entries and is believed only when it fits them: else the ledger is folded anew, under keys
//! of another *lineage*, so that nothing of the old one is ever mistaken for the new.

use std::{collections::BTreeMap, ops::Range};

use bytes::Bytes;
use tracing::warn;

use crate::{
    agreement::{
        Agreement,
        put_away::{Place, PutAway, PutAwayError, Slip, Wanted},
    },
    digest::Digest,
    ledger::{LedgerId, entry::Entry},
    merkle::{
        hash::leaf_hash,
        index::{LeafIndex, NodeIndex, TreeSize},
        tree::Frontier,
    },
    sequencer::read::StoreNodes,
    statement::{Kind, Signed, wire},
    store::{Store, StoreError},
    time::Timestamp,
};

/// How much of an agreement is in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// So many slips may differ from what is kept before they are put away.
    pub changed_max: usize,
    /// So many slips of each kind stay at hand when they are put away: the newest, which are asked for most. No more stay that were
    /// recalled for a statement and are as they were.
    pub at_hand_max: usize,
    /// So many of the changes since the last settlement stay in the summary.
    pub changes_max: usize,
    /// An idle ledger is put away when at least so many entries would have to be folded to open it again.
    pub folded_max: u64,
}

impl Default for Memory {
    fn default() -> Self {
        Self { changed_max: 4_096, at_hand_max: 1_024, changes_max: 1_024, folded_max: 64 }
    }
}

/// What the ledger's task knows of what is kept.
pub(super) struct Keeping {
    memory: Memory,
    lineage: u32,
    /// The lineage and size of the snapshot that the store has: if it has another, somebody else writes there.
    last: Option<Name>,
    /// Put away, and not known to be kept.
    waiting: BTreeMap<Vec<u8>, Option<Bytes>>,
    /// Whether there are slips of older lineages.
    sweeping: bool,
    /// Whether something that is kept could not be read: then the ledger is to be folded anew.
    spoilt: bool,
}

/// The lineage and size of a snapshot.
type Name = (u32, u64);

/// A snapshot on its way to the store.
pub(super) struct Kept {
    /// The one that it replaces.
    last: Option<Name>,
    name: Name,
    snapshot: Bytes,
    slips: Vec<(Bytes, Option<Bytes>)>,
    /// The end of the keys of older lineages, if there are any.
    sweep: Option<[u8; LINEAGE_BYTES]>,
}

/// A ledger as its snapshot has it.
pub(super) struct Opened {
    pub(super) agreement: Agreement,
    pub(super) frontier: Frontier,
    pub(super) keeping: Keeping,
}

/// Why something that is kept cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum KeepingError {
    /// The store failed.
    #[error("the store cannot be read")]
    Store {
        #[source]
        source: StoreError,
    },
    /// It is damaged, missing or of another version.
    #[error("what is kept beside the ledger cannot be read")]
    PutAway {
        #[source]
        source: PutAwayError,
    },
    /// The snapshot does not fit the entries.
    #[error("the snapshot does not fit its ledger: {problem}")]
    Unfit { problem: &'static str },
}

impl From<StoreError> for KeepingError {
    fn from(source: StoreError) -> Self {
        Self::Store { source }
    }
}

impl From<PutAwayError> for KeepingError {
    fn from(source: PutAwayError) -> Self {
        Self::PutAway { source }
    }
}

const fn unfit(problem: &'static str) -> KeepingError {
    KeepingError::Unfit { problem }
}

impl Keeping {
    /// Begins for a ledger beside which nothing is kept.
    pub(super) const fn new(memory: Memory) -> Self {
        Self { memory, lineage: 0, last: None, waiting: BTreeMap::new(), sweeping: false, spoilt: false }
    }

    /// Begins anew, whatever is kept beside the ledger.
    pub(super) fn anew(store: &dyn Store, ledger: LedgerId, memory: Memory) -> Result<Self, StoreError> {
        let last = store.snapshot(ledger).ok().flatten().and_then(|bytes| Snapshot::name(&bytes));
        let slips = store.list_records(ledger, &[], &[0xff; LINEAGE_BYTES], true, 1)?;
        let slips = slips.first().and_then(|(key, _)| key.first_chunk().map(|bytes| u32::from_be_bytes(*bytes)));
        let lineage = last.map(|(lineage, _)| lineage).max(slips).map_or(0, |last| last.saturating_add(1));
        Ok(Self { lineage, last, sweeping: lineage > 0, ..Self::new(memory) })
    }

    /// Opens a ledger of at least `size_max` entries as its snapshot has it; `None` if there is none.
    pub(super) fn open(
        store: &dyn Store,
        ledger: LedgerId,
        size_max: TreeSize,
        memory: Memory,
    ) -> Result<Option<Opened>, KeepingError> {
        let Some(bytes) = store.snapshot(ledger)? else { return Ok(None) };
        let Snapshot { lineage, size, root, summary } = Snapshot::read(&bytes).ok_or(unfit("it is damaged"))?;
        let tree_size = TreeSize::new(size).filter(|size| *size <= size_max && *size > TreeSize::ZERO);
        let tree_size = tree_size.ok_or(unfit("the ledger is shorter"))?;
        let frontier = Frontier::gather(&StoreNodes { store, ledger }, tree_size)?;
        if frontier.root() != root {
            return Err(unfit("the ledger has another root"));
        }
        let agreement = Agreement::restore(&founding(store, ledger)?, summary)?;
        if agreement.size() != size {
            return Err(unfit("it is of another size than it says"));
        }
        let keeping = Self { lineage, last: Some((lineage, size)), sweeping: lineage > 0, ..Self::new(memory) };
        Ok(Some(Opened { agreement, frontier, keeping }))
    }

    pub(super) const fn lineage(&self) -> u32 {
        self.lineage
    }

    /// Whether the ledger is to be folded anew.
    pub(super) const fn is_spoilt(&self) -> bool {
        self.spoilt
    }

    /// Takes note that something kept under a lineage could not be read.
    pub(super) fn spoil(&mut self, lineage: u32) {
        self.spoilt |= lineage == self.lineage;
    }

    /// Whether so much has changed that it is to be put away.
    pub(super) const fn is_full(&self, agreement: &Agreement) -> bool {
        agreement.changed() >= self.memory.changed_max
    }

    /// Whether a ledger that leaves is to be put away first.
    pub(super) fn is_worth_it(&self, agreement: &Agreement) -> bool {
        let kept = self.last.filter(|(lineage, _)| *lineage == self.lineage).map_or(0, |(_, size)| size);
        agreement.size().saturating_sub(kept) >= self.memory.folded_max
    }

    /// Recalls what a statement needs to be judged at `at`, and forgets what was recalled for those before it once that is much: it
    /// may be for nothing, as what is refused changes nothing and brings no snapshot.
    pub(super) fn recall(
        &mut self,
        store: &dyn Store,
        ledger: LedgerId,
        agreement: &mut Agreement,
        signed: &Signed,
        at: Timestamp,
    ) -> Result<(), KeepingError> {
        if agreement.recalled() > self.memory.at_hand_max {
            agreement.forget_recalled();
        }
        loop {
            let wanted = agreement.wanted(signed, at);
            if wanted.is_empty() {
                return Ok(());
            }
            if let Err(error) = recall_all(store, ledger, self.lineage, agreement, &wanted) {
                self.spoilt |= matches!(error, KeepingError::PutAway { .. });
                return Err(error);
            }
        }
    }

    /// Puts away what has changed. What comes of it is kept when the ledger of this size and root is durable.
    pub(super) fn put_away(&mut self, agreement: &mut Agreement, root: Digest) -> Kept {
        let PutAway { summary, slips } = agreement.put_away(self.memory.changes_max);
        // With what could not be kept the last time.
        self.waiting.extend(slips.into_iter().map(|(key, slip)| (key, slip.map(Bytes::from))));
        let prefix = self.lineage.to_be_bytes();
        let slips = self.waiting.iter().map(|(key, slip)| (prefixed(self.lineage, key), slip.clone())).collect();
        let size = agreement.size();
        let snapshot = Snapshot { lineage: self.lineage, size, root, summary: &summary }.write();
        let name = (self.lineage, size);
        Kept { last: self.last, name, snapshot, slips, sweep: self.sweeping.then_some(prefix) }
    }

    /// Takes note that a snapshot is kept: what is in it may be forgotten. `swept`: nothing is left of older lineages.
    pub(super) fn kept(&mut self, agreement: &mut Agreement, Done { name, swept }: Done) {
        self.last = Some(name);
        self.waiting.clear();
        self.sweeping &= !swept;
        agreement.forget(self.memory.at_hand_max);
    }

    /// Takes note that a snapshot is not kept. It is with the next, unless somebody else has written one.
    pub(super) const fn not_kept(&mut self, error: &KeepingError) {
        if let KeepingError::Unfit { .. } = error {
            self.spoilt = true;
        }
    }

    /// Returns what was put away in a range of keys and is not known to be kept.
    pub(super) fn waiting(&self, range: Range<Vec<u8>>) -> impl Iterator<Item = (&[u8], Option<&Bytes>)> {
        self.waiting.range(range).map(|(key, slip)| (key.as_slice(), slip.as_ref()))
    }
}

/// What was kept.
pub(super) struct Done {
    name: Name,
    swept: bool,
}

impl Kept {
    /// Writes to the store, which waits for the disk.
    ///
    /// Errors: [`KeepingError::Unfit`] if the store has another snapshot than it should: slips of two writers must not mix.
    pub(super) fn keep(self, store: &dyn Store, ledger: LedgerId) -> Result<Done, KeepingError> {
        let Self { last, name, snapshot, mut slips, sweep } = self;
        let found = store.snapshot(ledger).ok().flatten().and_then(|bytes| Snapshot::name(&bytes));
        if found != last {
            return Err(unfit("somebody else has written it"));
        }
        let stale =
            sweep.map_or(Ok(Vec::new()), |upto| store.list_records(ledger, &[], &upto, false, SWEPT_AT_ONCE))?;
        let swept = stale.is_empty();
        slips.extend(stale.into_iter().map(|(key, _)| (key, None)));
        store.keep(ledger, snapshot, slips)?;
        Ok(Done { name, swept })
    }
}

const SWEPT_AT_ONCE: usize = 4_096;

/// Looks each of `wanted` up and recalls it.
pub(super) fn recall_all(
    store: &dyn Store,
    ledger: LedgerId,
    lineage: u32,
    agreement: &mut Agreement,
    wanted: &[Wanted],
) -> Result<(), KeepingError> {
    let (mut under, mut keys) = (Vec::new(), Vec::new());
    for one in wanted {
        let entry = match one.statement() {
            Some(id) => match store.find(ledger, id.digest())? {
                Some(index) => index.get(),
                None => {
                    agreement.recall(one, None)?;
                    continue;
                }
            },
            None => 0,
        };
        match one.place(entry) {
            Place::Under(key) => {
                keys.push(prefixed(lineage, &key));
                under.push((one, key));
            }
            Place::Last(Range { start, end }) => {
                let (from, upto) = (prefixed(lineage, &start), prefixed(lineage, &end));
                let last = store.list_records(ledger, &from, &upto, true, 1)?;
                let last = last.first().map(|(key, slip)| (unprefixed(key), slip.as_ref()));
                agreement.recall(one, last)?;
            }
        }
    }
    let slips = store.records(ledger, &keys)?;
    for ((one, key), slip) in under.into_iter().zip(slips) {
        if slip.is_none() && is_lost(store, ledger, agreement, one)? {
            return Err(PutAwayError::Missing { wanted: one.clone() }.into());
        }
        agreement.recall(one, slip.as_ref().map(|slip| (key.as_slice(), slip.as_ref())))?;
    }
    Ok(())
}

/// Whether there should be a slip, though there is none: what a statement names may also be no such thing.
fn is_lost(store: &dyn Store, ledger: LedgerId, agreement: &Agreement, wanted: &Wanted) -> Result<bool, KeepingError> {
    let kind = match wanted {
        Wanted::Contribution(_) => Kind::Contribution,
        Wanted::Benefit(_) => Kind::Benefit,
        Wanted::Reversal(_) => Kind::Reversal,
        Wanted::Claims(_) | Wanted::Sheet(_) => return Ok(false),
    };
    let index = wanted.statement().map(|id| store.find(ledger, id.digest())).transpose()?.flatten();
    let Some(index) = index.filter(|index| index.get() < agreement.size()) else { return Ok(false) };
    let leaves = store.leaves(ledger, index, 1, usize::MAX)?;
    let entry = leaves.first().and_then(|leaf| Entry::decode(leaf).ok());
    let signed = entry.and_then(|entry| wire::open(&entry.envelope).ok());
    Ok(signed.is_some_and(|signed| signed.statement().body.kind() == kind))
}

/// Returns the key in the store of a slip.
pub(super) fn prefixed(lineage: u32, key: &[u8]) -> Bytes {
    [&lineage.to_be_bytes(), key].concat().into()
}

/// Returns the key of a slip that has this key in the store.
pub(super) fn unprefixed(key: &[u8]) -> &[u8] {
    key.get(LINEAGE_BYTES..).unwrap_or_default()
}

/// Returns the slip of a key in the store.
pub(super) fn slip(key: &[u8], slip: &[u8]) -> Slip {
    (unprefixed(key).to_vec(), slip.to_vec())
}

const LINEAGE_BYTES: usize = size_of::<u32>();

fn founding(store: &dyn Store, ledger: LedgerId) -> Result<Signed, KeepingError> {
    let leaves = store.leaves(ledger, LeafIndex::new(0), 1, usize::MAX)?;
    let leaf = leaves.first().ok_or(unfit("entry 0 is missing"))?;
    let nodes = store.nodes(ledger, &[NodeIndex { level: 0, index: 0 }])?;
    if nodes != [leaf_hash(leaf)] {
        return Err(unfit("entry 0 does not hash to what is kept of it"));
    }
    let entry = Entry::decode(leaf).map_err(|_| unfit("entry 0 is no entry"))?;
    wire::open(&entry.envelope).map_err(|_| unfit("entry 0 is no statement"))
}

/// A summary, and which ledger it is of.
pub(super) struct Snapshot<'a> {
    pub(super) lineage: u32,
    pub(super) size: u64,
    pub(super) root: Digest,
    pub(super) summary: &'a [u8],
}

const SNAPSHOT_HEADING: &[u8] = b"counterfoil snapshot v1\n";

impl<'a> Snapshot<'a> {
    /// Writes heading, lineage, size, root and summary, and SHA-256 of them all.
    fn write(&self) -> Bytes {
        let numbers = [&self.lineage.to_be_bytes()[..], &self.size.to_be_bytes()].concat();
        let parts = [SNAPSHOT_HEADING, &numbers, self.root.as_bytes(), self.summary];
        let digest = Digest::of(&parts);
        [&parts.concat(), digest.as_bytes().as_slice()].concat().into()
    }

    /// Reads which one it is, without a look at the rest.
    fn name(bytes: &[u8]) -> Option<Name> {
        let (lineage, rest) = bytes.strip_prefix(SNAPSHOT_HEADING)?.split_first_chunk()?;
        Some((u32::from_be_bytes(*lineage), u64::from_be_bytes(*rest.first_chunk()?)))
    }

    pub(super) fn read(bytes: &'a [u8]) -> Option<Self> {
        let (body, digest) = bytes.split_last_chunk::<32>()?;
        if Digest::of(&[body]).as_bytes() != digest {
            return None;
        }
        let (lineage, rest) = body.strip_prefix(SNAPSHOT_HEADING)?.split_first_chunk()?;
        let (size, rest) = rest.split_first_chunk()?;
        let (root, summary) = rest.split_first_chunk()?;
        let (lineage, size) = (u32::from_be_bytes(*lineage), u64::from_be_bytes(*size));
        Some(Self { lineage, size, root: Digest::from_bytes(*root), summary })
    }
}

/// Says that what is kept of a ledger is not used, and why.
pub(super) fn warn_unusable(ledger: LedgerId, error: &KeepingError) {
    let cause = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    warn!(ledger = %ledger.digest(), %error, %cause, "what is kept beside a ledger is not used: it is folded anew");
}
