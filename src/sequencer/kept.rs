//! What is kept of the law beside a ledger, held against a fold of its entries: for checks of a store that no server has open.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::{
    agreement::{
        Agreement,
        put_away::{Place, PutAway, Wanted},
    },
    digest::Digest,
    sequencer::keeping::{Snapshot, prefixed, unprefixed},
    statement::Signed,
    store::StoreError,
};

/// A snapshot that is kept beside a ledger, as it was read.
#[derive(Clone, Debug)]
pub struct KeptLaw {
    lineage: u32,
    size: u64,
    root: Digest,
    summary: Vec<u8>,
}

/// What is kept is not used by any server, or must not be.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeptError {
    /// A server throws it away, and folds the ledger anew.
    #[error("it is of no use, and not used: {problem}")]
    Unusable {
        /// Why.
        problem: String,
    },
    /// A server would go on from it, and it is not what the entries make.
    #[error("it is not what the entries make: {problem}")]
    Differs {
        /// In what.
        problem: String,
    },
}

/// Lists keys beside a ledger: from, upto, whether the greatest come first, and how many at most.
pub type List<'a> = &'a dyn Fn(&[u8], &[u8], bool, usize) -> Result<Vec<(Bytes, Bytes)>, StoreError>;

fn unusable(problem: impl ToString) -> KeptError {
    KeptError::Unusable { problem: problem.to_string() }
}

fn differs(problem: impl Into<String>) -> KeptError {
    KeptError::Differs { problem: problem.into() }
}

impl KeptLaw {
    /// Reads a snapshot. Errors: [`KeptError::Unusable`].
    pub fn read(bytes: &[u8]) -> Result<Self, KeptError> {
        let Snapshot { lineage, size, root, summary } =
            Snapshot::read(bytes).ok_or_else(|| unusable("the snapshot is damaged"))?;
        Ok(Self { lineage, size, root, summary: summary.to_vec() })
    }

    /// Returns how many entries it covers.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Holds it and its slips against what the first [`Self::size`] entries make: their root, and the agreement with everything
    /// at hand.
    ///
    /// Errors: [`KeptError`].
    pub fn check(&self, founding: &Signed, whole: &Agreement, root: Digest, list: List<'_>) -> Result<(), KeptError> {
        if root != self.root || whole.size() != self.size {
            return Err(unusable("the ledger has another root"));
        }
        let restored = Agreement::restore(founding, &self.summary).map_err(unusable)?;
        if restored.size() != self.size {
            return Err(unusable("the snapshot is of another size than it says"));
        }
        if !restored.is_like(whole) {
            return Err(differs(format!("the snapshot of {} entries", self.size)));
        }
        self.check_slips(whole, list)?;
        self.check_sheets(&restored, whole, list)
    }

    /// Every slip but the sheets, which depend on when they were written.
    fn check_slips(&self, whole: &Agreement, list: List<'_>) -> Result<(), KeptError> {
        let PutAway { slips, .. } = whole.clone().put_away(usize::MAX);
        let expected: BTreeMap<Vec<u8>, Vec<u8>> =
            slips.into_iter().filter_map(|(key, slip)| Some((key, slip?))).collect();
        let sheets = sheets_begin();
        let mut expected = expected.into_iter();
        let mut from = prefixed(self.lineage, &[]);
        let upto = prefixed(self.lineage, &[0xff]);
        loop {
            let page = list(&from, &upto, false, PAGE).map_err(unusable)?;
            for (key, slip) in page.iter().map(|(key, slip)| (unprefixed(key), slip)) {
                if key.first().is_some_and(|kind| sheets == Some(*kind)) {
                    continue;
                }
                match expected.next() {
                    Some((of, is)) if of == key && is == slip.as_ref() => {}
                    Some((of, _)) if of.as_slice() <= key => return Err(differs(slip_of(&of))),
                    _ => return Err(differs(format!("{}, which is one too many", slip_of(key)))),
                }
            }
            match page.last() {
                Some((last, _)) if page.len() == PAGE => from = [last, &[0][..]].concat().into(),
                _ => break,
            }
        }
        expected.next().map_or(Ok(()), |(of, _)| Err(differs(format!("{}, which is missing", slip_of(&of)))))
    }

    /// The sheets that are still needed: at the ends of each, the account is that of the whole agreement.
    fn check_sheets(&self, restored: &Agreement, whole: &Agreement, list: List<'_>) -> Result<(), KeptError> {
        let is_in_sheet = |size: u64| restored.wanted_at(size).is_some();
        let Some(last) = last_where(self.size, is_in_sheet, restored) else { return Ok(()) };
        let mut size = last;
        loop {
            let Some(wanted) = restored.wanted_at(size) else { return Ok(()) };
            let Place::Last(range) = wanted.place(0) else { return Ok(()) };
            let (from, upto) = (prefixed(self.lineage, &range.start), prefixed(self.lineage, &range.end));
            let found = list(&from, &upto, true, 1).map_err(unusable)?;
            let found = found.first().map(|(key, slip)| (unprefixed(key), slip.as_ref()));
            let sheet = || format!("the sheet that tells the account of {size} entries");
            let mut recalled = restored.clone();
            recalled.recall(&wanted, found).map_err(|error| differs(format!("{}: {error}", sheet())))?;
            let first = found.and_then(|(key, _)| key.last_chunk()).map_or(0, |first| u64::from_be_bytes(*first));
            for size in [size, first.saturating_add(1)] {
                if recalled.account_at(size) != whole.account_at(size) {
                    return Err(differs(sheet()));
                }
            }
            // The sheet before it ends where this one begins.
            size = first;
        }
    }
}

/// Returns the greatest size at which a sheet tells the account. From the first such size on, all up to it are.
fn last_where(size: u64, is_in_sheet: impl Fn(u64) -> bool, restored: &Agreement) -> Option<u64> {
    let settled = restored.last_account().map_or(0, |account| account.settlement.tree_size);
    let first = (settled..=size).find(|size| is_in_sheet(*size))?;
    let (mut is, mut is_not) = (first, size.saturating_add(1));
    while is_not - is > 1 {
        let middle = is + (is_not - is) / 2;
        if is_in_sheet(middle) { is = middle } else { is_not = middle }
    }
    Some(is)
}

fn slip_of(key: &[u8]) -> String {
    format!("the slip under `{}`", hex::encode(key))
}

/// What the keys of sheets begin with: it is asked of the law, which alone knows.
fn sheets_begin() -> Option<u8> {
    match Wanted::Sheet(0..1).place(0) {
        Place::Last(range) => range.start.first().copied(),
        Place::Under(_) => None,
    }
}

const PAGE: usize = 1_000;
