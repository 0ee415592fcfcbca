//! Whether an agreement that was restored is the one that its entries make: for whoever holds what is kept against a fold.

use crate::agreement::{
    Agreement,
    put_away::{form, key, summary::SummaryForm},
};

impl Agreement {
    /// Whether this agreement, restored from a summary, is in everything but its slips and sheets the same as `whole`, which has
    /// everything at hand.
    #[must_use]
    pub fn is_like(&self, whole: &Self) -> bool {
        let plain = |agreement: &Self| form::write(key::SUMMARY, &SummaryForm::of(agreement).without_history());
        let sums = |agreement: &Self| agreement.books.since.sums_at(agreement.books.cut_off, agreement.size);
        // The sums alone would not tell in which entry a change came in, which older sizes ask for.
        plain(self) == plain(whole) && sums(self) == sums(whole) && self.books.since.ends_as(&whole.books.since)
    }
}
