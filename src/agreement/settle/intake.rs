//! What entries bring to the books, each with its index.

use std::sync::Arc;

use crate::{
    agreement::settle::{
        Back, Books, CameIn, Cost,
        doubt::{Correction, Counted, Doubt, Open},
        instalment::Leaver,
        pending::{Change, Sheet, SheetWanted},
    },
    split::{Exact, Ratio},
    statement::terms::Terms,
    time::Timestamp,
};

impl Books {
    /// Counts points of a party from entry `at` on. Entries are given in their order.
    pub fn count(&mut self, at: u64, party: usize, dimension: usize, points: Exact) {
        self.since.push(at, Change::Points { dimension, party, points });
    }

    /// Takes back from entry `at` on what was counted before.
    pub fn discount(&mut self, at: u64, party: usize, dimension: usize, points: Exact) {
        self.count(at, party, dimension, -points);
    }

    /// Notes that what counts from entry `from` on was discounted in entry `at`, where a settlement that is still to come counts it: then
    /// what fades is without it.
    pub(in crate::agreement) fn withdrawn_late(&mut self, (at, from): (u64, u64), dimension: usize, counted: Counted) {
        self.withdrawn.push(Correction { at, from, dimension, before: counted, after: None });
    }

    /// Takes in a benefit of `amount` minor units that entry `at` confirmed.
    pub fn take_in(&mut self, at: u64, stream: usize, currency: usize, amount: u64) -> CameIn {
        self.since.push(at, Change::In { flow: (currency, stream), amount });
        CameIn { currency, stream, at }
    }

    /// Gives back `amount` minor units of a benefit from entry `at` on.
    pub fn reverse(&mut self, at: u64, benefit: CameIn, amount: u64) {
        self.backs.push(Back { at, benefit, amount: amount.into() });
    }

    /// From entry `at` on a benefit brought `after` minor units and not `before`.
    pub(in crate::agreement) fn correct_benefit(&mut self, at: u64, benefit: CameIn, before: u64, after: u64) {
        self.backs.push(Back { at, benefit, amount: i128::from(before) - i128::from(after) });
    }

    /// From entry `at` on a cost of a party is recoupable.
    pub(in crate::agreement) fn cost(&mut self, at: u64, currency: usize, party: usize, amount: u64) {
        self.costs.push(Cost { at, from: at, currency, party, amount: amount.into() });
    }

    /// From entry `at` on a cost that entry `from` confirmed is `after` minor units and not `before`.
    pub(in crate::agreement) fn correct_cost(
        &mut self,
        (at, from): (u64, u64),
        currency: usize,
        party: usize,
        (before, after): (u64, u64),
    ) {
        let amount = i128::from(after) - i128::from(before);
        self.costs.push(Cost { at, from, currency, party, amount });
    }

    /// From entry `at` on, what came to count with entry `from` counts something else.
    pub(in crate::agreement) fn correct(
        &mut self,
        (at, from): (u64, u64),
        dimension: usize,
        before: Counted,
        after: Counted,
    ) {
        self.corrections.push(Correction { at, from, dimension, before, after });
    }

    /// From entry `at` on there is doubt about entry `subject`; another doubt about it is over.
    pub(in crate::agreement) fn doubt(&mut self, at: u64, subject: u64, doubt: Doubt) {
        self.no_doubt(at, subject);
        self.doubts.insert((subject, at), Open { at, subject, over: None, doubt });
    }

    /// From entry `at` on there is no doubt any more about entry `subject`.
    pub(in crate::agreement) fn no_doubt(&mut self, at: u64, subject: u64) {
        let about = (subject, 0)..=(subject, u64::MAX);
        let open = self.doubts.range(about).filter(|(_, open)| open.over.is_none()).map(|(key, _)| *key).next_back();
        let Some(key) = open else { return };
        // What nobody can see any more is dropped: no account will be asked for at a size where it was in doubt.
        if key.1 == at || at <= self.cut_off {
            self.doubts.remove(&key);
        } else if let Some(open) = self.doubts.get_mut(&key) {
            open.over = Some(at);
        }
    }

    /// Returns the doubt about entry `subject`.
    pub(in crate::agreement) fn doubt_about(&self, subject: u64) -> Option<&Doubt> {
        let about = self.doubts.range((subject, 0)..=(subject, u64::MAX));
        about.map(|(_, open)| open).find(|open| open.over.is_none()).map(|open| &open.doubt)
    }

    /// Leaves no doubt but those about these entries: to see what is at stake in them alone.
    pub(in crate::agreement) fn doubt_only(&mut self, subjects: &[u64]) {
        self.doubts.retain(|(subject, _), open| open.over.is_none() && subjects.contains(subject));
    }

    /// Lets what is paid while something is in doubt not depend on what was paid before.
    pub(in crate::agreement) fn forget_allocations(&mut self) {
        self.allocations.iter_mut().flatten().for_each(|allocation| *allocation = i64::MIN);
    }

    /// From entry `at` on only a part of a party's points counts.
    pub(in crate::agreement) fn leave(&mut self, at: u64, party: usize, factor: Ratio) {
        self.leavers.push(Leaver { at, party, factor });
    }

    /// Returns what part of a party's points counts in an account at `tree_size`: all, unless it has left.
    pub(in crate::agreement) fn left_of_leaver(&self, party: usize, tree_size: u64) -> Exact {
        let gone = self.leavers.iter().filter(|leaver| leaver.party == party && leaver.at < tree_size);
        gone.fold(Exact::ONE, |left, leaver| left * leaver.factor.exact())
    }

    /// Whether any terms so far let points fade.
    pub(in crate::agreement) fn decays(&self) -> bool {
        self.terms.iter().any(|(_, terms)| !terms.decay.is_zero())
    }

    /// From entry `at` on other terms are in force; `retroactive`: for what was settled, too.
    pub(in crate::agreement) fn enact(&mut self, at: u64, terms: Arc<Terms>, retroactive: bool) {
        self.since.widen(&terms);
        self.terms.push((at, terms));
        self.make_room();
        if retroactive {
            self.shared_anew.push((at, self.terms.len() - 1));
        }
    }

    /// Returns when something that was held back is released next.
    pub(in crate::agreement) fn next_release(&self) -> Option<Timestamp> {
        self.releases.front().map(|(due, _)| *due)
    }

    /// Releases from entry `index` on what is due at `at`.
    pub(in crate::agreement) fn release(&mut self, index: u64, at: Timestamp) {
        while let Some((_, place)) = self.releases.pop_front_if(|(due, _)| *due <= at) {
            self.released.push((index, place));
        }
    }

    /// Returns the sheet without which the account at `tree_size` cannot be computed, if it is not at hand.
    pub(in crate::agreement) fn wanted(&self, tree_size: u64) -> Option<SheetWanted> {
        self.since.wanted(self.cut_off, tree_size)
    }

    /// Puts changes older than the `newest` into sheets.
    pub(in crate::agreement) fn cut(&mut self, newest: usize) {
        self.since.cut(newest);
    }

    /// Returns the sheets that are not put away, which they then are.
    pub(in crate::agreement) fn put_away(&mut self) -> impl Iterator<Item = &Sheet> {
        self.since.put_away()
    }

    /// Takes in a sheet that was put away.
    pub(in crate::agreement) fn recall(&mut self, sheet: Sheet) {
        self.since.recall(sheet);
    }

    /// Returns how many changes are at hand only because their sheets were recalled.
    pub(in crate::agreement) fn recalled(&self) -> usize {
        self.since.recalled()
    }

    /// Drops the sheets that are at hand only because they were recalled.
    pub(in crate::agreement) fn forget_recalled(&mut self) {
        self.since.forget_recalled();
    }

    /// Drops the sheets that are put away.
    pub(in crate::agreement) fn forget(&mut self) {
        self.since.forget();
    }
}
