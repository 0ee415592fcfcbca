//! What no settlement covers yet: sums, and the changes that lead from one to the next.
//!
//! The account at any size since the last settlement can be computed, so the changes since then are kept with the indexes
//! of their entries. The newest are at hand; older ones may be put away in sheets, each with the sums before it.

use std::collections::{BTreeMap, btree_map::Entry};

use crate::{split::Exact, statement::terms::Terms};

/// A currency and a stream, by position.
pub(in crate::agreement) type FlowKey = (usize, usize);

/// Everything counted and everything that came in, in the entries before some size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::agreement) struct Sums {
    /// By dimension and party.
    pub(in crate::agreement) points: Vec<Vec<Exact>>,
    /// Gross, whatever was given back of it later.
    pub(in crate::agreement) came: BTreeMap<FlowKey, Came>,
}

/// What came in of one currency and stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::agreement) struct Came {
    /// In how many changes: also nothing may come in.
    pub(in crate::agreement) times: u64,
    /// Minor units. Wider than an amount, so that sums cannot fail before they are used.
    pub(in crate::agreement) sum: u128,
}

/// A change of the sums.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::agreement) struct Pending {
    /// The index of its entry.
    pub(in crate::agreement) at: u64,
    pub(in crate::agreement) change: Change,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::agreement) enum Change {
    /// Points of a party; negative when a contribution is taken back.
    Points { dimension: usize, party: usize, points: Exact },
    /// A benefit came in.
    In { flow: FlowKey, amount: u64 },
}

/// Changes that were put away, and the sums before them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::agreement) struct Sheet {
    pub(in crate::agreement) before: Sums,
    /// In the order of their entries; at least one.
    pub(in crate::agreement) changes: Vec<Pending>,
    /// The index of the entry of the next change.
    pub(in crate::agreement) upto: u64,
}

/// The sums since the last settlement.
#[derive(Clone, Debug)]
pub(in crate::agreement) struct Since {
    /// At the last settlement.
    pub(in crate::agreement) settled: Sums,
    /// Before the tail; none: those at the last settlement.
    pub(in crate::agreement) before_tail: Option<Sums>,
    /// The newest changes.
    pub(in crate::agreement) tail: Vec<Pending>,
    /// Where the sheets that are still needed begin and end: from the index of the first change on, up to the size from
    /// which on the tail says everything.
    pub(in crate::agreement) sheets: Option<(u64, u64)>,
    /// Sheets at hand, by the index of the entry of their first change.
    at_hand: BTreeMap<u64, Sheet>,
    /// Those at hand that are not put away.
    unwritten: Vec<u64>,
    /// Those that are at hand because they were recalled.
    recalled: Vec<u64>,
}

/// Which sheet is needed: the last one that begins in `from..upto`.
pub(in crate::agreement) type SheetWanted = std::ops::Range<u64>;

impl Sums {
    fn new(terms: &Terms) -> Self {
        Self { points: vec![vec![Exact::ZERO; terms.parties.len()]; terms.dimensions.len()], came: BTreeMap::new() }
    }

    /// Makes room for dimensions and parties that came later.
    pub(in crate::agreement) fn widen(&mut self, dimensions: usize, parties: usize) {
        if self.points.len() < dimensions {
            self.points.resize_with(dimensions, Vec::new);
        }
        for points in &mut self.points {
            if points.len() < parties {
                points.resize(parties, Exact::ZERO);
            }
        }
    }

    fn add(&mut self, change: &Change) {
        match change {
            Change::Points { dimension, party, points } => {
                self.widen(dimension + 1, party + 1);
                self.points[*dimension][*party] += points;
            }
            Change::In { flow, amount } => {
                let came = self.came.entry(*flow).or_default();
                came.times += 1;
                came.sum += u128::from(*amount);
            }
        }
    }

    fn with(mut self, changes: &[Pending], tree_size: u64) -> Self {
        let before = changes.partition_point(|pending| pending.at < tree_size);
        changes[..before].iter().for_each(|pending| self.add(&pending.change));
        self
    }
}

impl Sheet {
    /// Returns the index of the entry of its first change.
    pub(in crate::agreement) fn first(&self) -> Option<u64> {
        self.changes.first().map(|pending| pending.at)
    }

    /// Whether it tells the sums at a size.
    pub(in crate::agreement) fn covers(&self, tree_size: u64) -> bool {
        self.first().is_some_and(|first| first < tree_size) && tree_size <= self.upto
    }
}

impl Since {
    pub(super) fn new(terms: &Terms) -> Self {
        Self::restored(Sums::new(terms), None, Vec::new(), None)
    }

    pub(in crate::agreement) const fn restored(
        settled: Sums,
        before_tail: Option<Sums>,
        tail: Vec<Pending>,
        sheets: Option<(u64, u64)>,
    ) -> Self {
        Self {
            settled,
            before_tail,
            tail,
            sheets,
            at_hand: BTreeMap::new(),
            unwritten: Vec::new(),
            recalled: Vec::new(),
        }
    }

    /// Makes room for the dimensions and parties of new terms.
    pub(super) fn widen(&mut self, terms: &Terms) {
        let (dimensions, parties) = (terms.dimensions.len(), terms.parties.len());
        self.settled.widen(dimensions, parties);
        if let Some(sums) = &mut self.before_tail {
            sums.widen(dimensions, parties);
        }
    }

    pub(super) fn push(&mut self, at: u64, change: Change) {
        // One attestation may accept a thousand contributions of one party.
        if let Change::Points { dimension, party, points } = &change
            && let Some(Pending {
                at: last_at,
                change: Change::Points { dimension: last_dimension, party: last_party, points: sum },
            }) = self.tail.last_mut()
            && (*last_at, *last_dimension, *last_party) == (at, *dimension, *party)
        {
            *sum += points;
            return;
        }
        self.tail.push(Pending { at, change });
    }

    /// Returns which sheet tells the sums at a size, if it is not at hand and one does.
    pub(super) fn wanted(&self, cut_off: u64, tree_size: u64) -> Option<SheetWanted> {
        let (from, _) =
            self.sheets.filter(|(from, upto)| tree_size > cut_off && (from + 1..*upto).contains(&tree_size))?;
        self.sheet(tree_size).is_none().then_some(from..tree_size)
    }

    /// Returns the sums at a size from the last settlement's on.
    ///
    /// # Panics
    ///
    /// If a sheet is wanted.
    pub(in crate::agreement) fn sums_at(&self, cut_off: u64, tree_size: u64) -> Sums {
        match self.sheets {
            _ if tree_size <= cut_off => self.settled.clone(),
            Some((from, _)) if tree_size <= from => self.settled.clone(),
            Some((_, upto)) if tree_size < upto => {
                let sheet =
                    self.sheet(tree_size).expect("what is wanted for a size was recalled before it is asked for");
                sheet.before.clone().with(&sheet.changes, tree_size)
            }
            _ => self.before_tail.as_ref().unwrap_or(&self.settled).clone().with(&self.tail, tree_size),
        }
    }

    /// Whether the newest changes are the same, as far as both have them at hand, and came in the same entries.
    pub(in crate::agreement) fn ends_as(&self, other: &Self) -> bool {
        self.tail.iter().rev().zip(other.tail.iter().rev()).all(|(own, others)| own == others)
    }

    fn sheet(&self, tree_size: u64) -> Option<&Sheet> {
        self.at_hand.range(..tree_size).next_back().map(|(_, sheet)| sheet).filter(|sheet| sheet.covers(tree_size))
    }

    /// Takes in a settlement of the entries before `tree_size`.
    pub(super) fn settle(&mut self, cut_off: u64, tree_size: u64) {
        self.settled = self.sums_at(cut_off, tree_size);
        match self.sheets {
            Some((from, upto)) if tree_size < upto => {
                let first = self.sheet(tree_size).and_then(Sheet::first).unwrap_or(from);
                self.sheets = Some((first, upto));
            }
            _ => {
                self.tail.drain(..self.tail.partition_point(|pending| pending.at < tree_size));
                (self.before_tail, self.sheets) = (None, None);
            }
        }
    }

    /// Puts what is older than the `newest` changes into sheets, if that is worth it.
    pub(super) fn cut(&mut self, newest: usize) {
        // A sheet repeats the sums: with at least as many changes as those have numbers it costs about twice the changes.
        let numbers: usize = self.settled.points.iter().map(Vec::len).sum();
        let length = newest.max(numbers).max(1);
        while self.tail.len() >= length.saturating_mul(2) {
            // An entry's changes stay together.
            let last = self.tail[length - 1].at;
            let end = self.tail.partition_point(|pending| pending.at <= last);
            let Some(upto) = self.tail.get(end).map(|next| next.at) else { return };
            let changes: Vec<Pending> = self.tail.drain(..end).collect();
            let before = self.before_tail.clone().unwrap_or_else(|| self.settled.clone());
            self.before_tail = Some(before.clone().with(&changes, upto));
            let first = changes[0].at;
            self.sheets = Some((self.sheets.map_or(first, |(from, _)| from), last + 1));
            self.at_hand.insert(first, Sheet { before, changes, upto });
            self.unwritten.push(first);
        }
    }

    /// Returns the sheets that are not put away, which they then are.
    pub(super) fn put_away(&mut self) -> impl Iterator<Item = &Sheet> {
        std::mem::take(&mut self.unwritten).into_iter().filter_map(|first| self.at_hand.get(&first))
    }

    pub(super) fn recall(&mut self, sheet: Sheet) {
        if let Some(first) = sheet.first()
            && let Entry::Vacant(place) = self.at_hand.entry(first)
        {
            place.insert(sheet);
            self.recalled.push(first);
        }
    }

    /// Returns how many changes are at hand only because their sheets were recalled.
    pub(super) fn recalled(&self) -> usize {
        self.recalled.iter().filter_map(|first| self.at_hand.get(first)).map(|sheet| sheet.changes.len()).sum()
    }

    pub(super) fn forget_recalled(&mut self) {
        std::mem::take(&mut self.recalled).iter().for_each(|first| drop(self.at_hand.remove(first)));
    }

    pub(super) fn forget(&mut self) {
        let unwritten = &self.unwritten;
        self.at_hand.retain(|first, _| unwritten.contains(first));
        self.recalled.clear();
    }
}
