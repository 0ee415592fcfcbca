//! A store that counts its commits, can be held, fails when it is told to, and returns what it should not.

use std::{
    collections::VecDeque,
    panic,
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use bytes::Bytes;
use counterfoil::{
    digest::Digest,
    ledger::LedgerId,
    merkle::index::{LeafIndex, NodeIndex},
    store::{Append, CommitError, Head, NotAppended, Store, StoreError, memory::MemoryStore},
};

/// What becomes of one commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It succeeds.
    Nothing,
    /// It is not written, and says so.
    NotWritten,
    /// It is written, but nobody knows.
    UnclearButWritten,
    /// It is not written, but nobody knows.
    UnclearAndLost,
    /// The store panics before it writes.
    Panic,
}

pub(crate) const FAULTS: [Fault; 5] =
    [Fault::Nothing, Fault::NotWritten, Fault::UnclearButWritten, Fault::UnclearAndLost, Fault::Panic];

/// Changes what is read.
pub(crate) type Spoil<T> = Box<dyn Fn(LedgerId, T) -> Result<T, StoreError> + Send + Sync>;

pub(crate) struct Watched {
    kept: Arc<MemoryStore>,
    faults: Mutex<VecDeque<Fault>>,
    commits: AtomicUsize,
    /// How many commits may begin before the store is held; none: it is not.
    leave: Mutex<Option<usize>>,
    changed: Condvar,
    reads_fail: AtomicBool,
    keeps_fail: AtomicBool,
    /// The indexes of the leaves that were read.
    pub(crate) leaves_read: Mutex<Vec<u64>>,
    pub(crate) spoil_leaf: Option<Spoil<(u64, Bytes)>>,
    pub(crate) spoil_node: Option<Spoil<(NodeIndex, Digest)>>,
    pub(crate) spoil_place: Option<Spoil<Option<LeafIndex>>>,
    pub(crate) spoil_head: Option<Spoil<Head>>,
}

impl Watched {
    pub(crate) fn new() -> Self {
        Self::over(Arc::default())
    }

    /// Over what another store of this kind has kept.
    pub(crate) fn over(kept: Arc<MemoryStore>) -> Self {
        Self {
            kept,
            faults: Mutex::default(),
            commits: AtomicUsize::new(0),
            leave: Mutex::new(None),
            changed: Condvar::new(),
            reads_fail: AtomicBool::new(false),
            keeps_fail: AtomicBool::new(false),
            leaves_read: Mutex::default(),
            spoil_leaf: None,
            spoil_node: None,
            spoil_place: None,
            spoil_head: None,
        }
    }

    pub(crate) fn kept(&self) -> Arc<MemoryStore> {
        Arc::clone(&self.kept)
    }

    /// How many commits were begun.
    pub(crate) fn commits(&self) -> usize {
        self.commits.load(Ordering::SeqCst)
    }

    /// Says what becomes of the next commits.
    pub(crate) fn plan(&self, faults: impl IntoIterator<Item = Fault>) {
        self.faults.lock().unwrap().extend(faults);
    }

    /// Makes every read fail, or work again.
    pub(crate) fn fail_reads(&self, fail: bool) {
        self.reads_fail.store(fail, Ordering::SeqCst);
    }

    /// Makes it fail to keep anything beside a ledger, or work again.
    pub(crate) fn fail_keeps(&self, fail: bool) {
        self.keeps_fail.store(fail, Ordering::SeqCst);
    }

    /// Lets no commit begin.
    pub(crate) fn hold(&self) {
        *self.leave.lock().unwrap() = Some(0);
    }

    /// Lets every commit begin.
    pub(crate) fn let_go(&self) {
        *self.leave.lock().unwrap() = None;
        self.changed.notify_all();
    }

    fn wait_for_leave(&self) {
        let held = |leave: &mut Option<usize>| *leave == Some(0);
        let mut leave = self.changed.wait_while(self.leave.lock().unwrap(), held).unwrap();
        *leave = leave.map(|left| left - 1);
    }

    fn read(&self) -> Result<&MemoryStore, StoreError> {
        if self.reads_fail.load(Ordering::SeqCst) {
            let source = std::io::Error::other("the disk does not answer");
            return Err(StoreError::Disk { doing: "reading", source });
        }
        Ok(&self.kept)
    }
}

fn spoilt<T>(spoil: &Option<Spoil<T>>, ledger: LedgerId, value: T) -> Result<T, StoreError> {
    match spoil {
        Some(spoil) => spoil(ledger, value),
        None => Ok(value),
    }
}

impl Store for Watched {
    fn ledgers(&self, after: Option<LedgerId>, max: usize) -> Result<Vec<(LedgerId, Head)>, StoreError> {
        let ledgers = self.read()?.ledgers(after, max)?;
        ledgers.into_iter().map(|(id, head)| Ok((id, spoilt(&self.spoil_head, id, head)?))).collect()
    }

    fn head(&self, ledger: LedgerId) -> Result<Option<Head>, StoreError> {
        let head = self.read()?.head(ledger)?;
        head.map(|head| spoilt(&self.spoil_head, ledger, head)).transpose()
    }

    fn leaves(
        &self,
        ledger: LedgerId,
        from: LeafIndex,
        max: usize,
        bytes_max: usize,
    ) -> Result<Vec<Bytes>, StoreError> {
        let leaves = self.read()?.leaves(ledger, from, max, bytes_max)?;
        let leaves = (from.get()..).zip(leaves);
        self.leaves_read.lock().unwrap().extend(leaves.clone().map(|(index, _)| index));
        leaves.map(|(index, leaf)| Ok(spoilt(&self.spoil_leaf, ledger, (index, leaf))?.1)).collect()
    }

    fn nodes(&self, ledger: LedgerId, nodes: &[NodeIndex]) -> Result<Vec<Digest>, StoreError> {
        let kept = self.read()?.nodes(ledger, nodes)?;
        let kept = nodes.iter().copied().zip(kept);
        kept.map(|kept| Ok(spoilt(&self.spoil_node, ledger, kept)?.1)).collect()
    }

    fn find(&self, ledger: LedgerId, envelope: Digest) -> Result<Option<LeafIndex>, StoreError> {
        spoilt(&self.spoil_place, ledger, self.read()?.find(ledger, envelope)?)
    }

    fn commit(&self, appends: Vec<Append>) -> Result<Vec<Result<String, NotAppended>>, CommitError> {
        self.commits.fetch_add(1, Ordering::SeqCst);
        self.wait_for_leave();
        let fault = self.faults.lock().unwrap().pop_front().unwrap_or(Fault::Nothing);
        let source = || StoreError::Disk { doing: "writing", source: std::io::Error::other("as planned") };
        match fault {
            Fault::Nothing => self.kept.commit(appends),
            Fault::NotWritten => Err(CommitError::NotWritten { source: source() }),
            Fault::UnclearButWritten => {
                self.kept.commit(appends)?;
                Err(CommitError::Unclear { source: source() })
            }
            Fault::UnclearAndLost => Err(CommitError::Unclear { source: source() }),
            // Without the words that a panic prints.
            Fault::Panic => panic::resume_unwind(Box::new("as planned")),
        }
    }

    fn snapshot(&self, ledger: LedgerId) -> Result<Option<Bytes>, StoreError> {
        self.read()?.snapshot(ledger)
    }

    fn records(&self, ledger: LedgerId, keys: &[Bytes]) -> Result<Vec<Option<Bytes>>, StoreError> {
        self.read()?.records(ledger, keys)
    }

    fn list_records(
        &self,
        ledger: LedgerId,
        from: &[u8],
        upto: &[u8],
        reverse: bool,
        max: usize,
    ) -> Result<Vec<(Bytes, Bytes)>, StoreError> {
        self.read()?.list_records(ledger, from, upto, reverse, max)
    }

    fn keep(&self, ledger: LedgerId, snapshot: Bytes, records: Vec<(Bytes, Option<Bytes>)>) -> Result<(), StoreError> {
        if self.keeps_fail.load(Ordering::SeqCst) {
            return Err(StoreError::Stopped);
        }
        self.read()?.keep(ledger, snapshot, records)
    }
}
