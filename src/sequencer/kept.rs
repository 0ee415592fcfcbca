//! What is kept of the law beside a ledger, held against a fold of its entries: for checks of a store that no server has open.

use bytes::Bytes;

use crate::{
    agreement::{
        Agreement,
        put_away::{Place, Wanted},
        refusal::Refusal,
        settle::Account,
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

    /// Holds it and its slips against what the first [`Self::size`] entries make: their root, and the agreement, of which all is put away
    /// and listed by `own`.
    ///
    /// Errors: [`KeptError`].
    pub fn check(
        &self,
        founding: &Signed,
        (whole, own): (&Agreement, List<'_>),
        root: Digest,
        list: List<'_>,
    ) -> Result<(), KeptError> {
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
        self.check_slips(own, list)?;
        self.check_sheets(&restored, (whole, own), list)
    }

    /// Every slip but the sheets, which depend on when they were written.
    fn check_slips(&self, own: List<'_>, list: List<'_>) -> Result<(), KeptError> {
        let mut expected = slips(own, Vec::new(), vec![0xff]);
        let found = slips(list, prefixed(self.lineage, &[]).to_vec(), prefixed(self.lineage, &[0xff]).to_vec());
        let lineage_bytes = prefixed(self.lineage, &[]).len();
        let is_sheet = |key: &[u8]| key.first() == sheets_begin().as_ref();
        let mut next =
            || expected.by_ref().find(|slip| slip.as_ref().map_or(true, |(key, _)| !is_sheet(key))).transpose();
        for slip in found {
            let (key, slip) = slip.map_err(unusable)?;
            let key = key.slice(lineage_bytes..);
            if is_sheet(&key) {
                continue;
            }
            match next().map_err(unusable)? {
                Some((of, is)) if of == key && is == slip => {}
                Some((of, _)) if of <= key => return Err(differs(slip_of(&of))),
                _ => return Err(differs(format!("{}, which is one too many", slip_of(&key)))),
            }
        }
        next().map_err(unusable)?.map_or(Ok(()), |(of, _)| Err(differs(format!("{}, which is missing", slip_of(&of)))))
    }

    /// The sheets that are still needed: at the ends of each, the account is that of the agreement of all entries.
    fn check_sheets(
        &self,
        restored: &Agreement,
        (whole, own): (&Agreement, List<'_>),
        list: List<'_>,
    ) -> Result<(), KeptError> {
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
                if recalled.account_at(size) != account_of(whole, own, size)? {
                    return Err(differs(sheet()));
                }
            }
            // The sheet before it ends where this one begins.
            size = first;
        }
    }
}

/// Returns the account of an agreement at a size, whatever it needs for that.
fn account_of(whole: &Agreement, own: List<'_>, size: u64) -> Result<Result<Account, Refusal>, KeptError> {
    let mut whole = whole.clone();
    if let Some(wanted) = whole.wanted_at(size)
        && let Place::Last(range) = wanted.place(0)
    {
        let found = own(&range.start, &range.end, true, 1).map_err(unusable)?;
        whole.recall(&wanted, found.first().map(|(key, slip)| (key.as_ref(), slip.as_ref()))).map_err(unusable)?;
    }
    Ok(whole.account_at(size))
}

/// Returns everything in a range of keys, page by page.
fn slips(
    list: List<'_>,
    from: Vec<u8>,
    upto: Vec<u8>,
) -> impl Iterator<Item = Result<(Bytes, Bytes), StoreError>> + '_ {
    let mut from = Some(from);
    let mut page = Vec::new().into_iter();
    std::iter::from_fn(move || {
        loop {
            if let Some(slip) = page.next() {
                return Some(Ok(slip));
            }
            let found = match list(&from.take()?, &upto, false, PAGE) {
                Ok(found) => found,
                Err(error) => return Some(Err(error)),
            };
            from = found.last().filter(|_| found.len() == PAGE).map(|(last, _)| [last, &[0][..]].concat());
            page = found.into_iter();
        }
    })
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
