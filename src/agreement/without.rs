//! What-if: the account as it would be without one contribution.

use crate::{
    agreement::{
        Agreement,
        contribution::{Outcome, Slot},
        put_away::KeptContribution,
        refusal::Refusal,
        settle::Account,
    },
    statement::id::StatementId,
};

/// An account as it is, and as it would be if a contribution were rejected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Without {
    /// Whether the contribution counts in it.
    pub counts: bool,
    /// As it is.
    pub now: Account,
    /// As it would be.
    pub without: Account,
}

impl Agreement {
    /// Returns the size of an account of everything that is in the ledger: [`Self::size`], unless a settlement covers all of it.
    #[must_use]
    pub fn account_size(&self) -> u64 {
        self.next_size()
    }

    /// Computes the account at `tree_size`, larger than the last settlement's, as it is and as it would be if a contribution were
    /// rejected in a dispute. Which settlement it came to count in is all one: what was settled is laid out again without it. What
    /// it used of a task's budget stays used.
    ///
    /// Errors, and panics: as [`Self::account_at`].
    pub fn account_without(&self, kept: &KeptContribution, tree_size: u64) -> Result<Without, Refusal> {
        self.without_slot(kept.index(), kept.slot(), tree_size)
    }

    /// As [`Self::account_without`], of a contribution that is at hand. `None`: there is no such contribution.
    ///
    /// # Panics
    ///
    /// Also if something was forgotten.
    pub fn account_without_id(&self, id: StatementId, tree_size: u64) -> Option<Result<Without, Refusal>> {
        self.assert_whole();
        let (index, slot) = self.contributions.find(id).ok()?;
        Some(self.without_slot(index, slot, tree_size))
    }

    fn without_slot(&self, index: u64, slot: &Slot, tree_size: u64) -> Result<Without, Refusal> {
        let now = self.account_at(tree_size)?;
        let counted = slot.counted_at(tree_size).map(|(party, points)| (party, points.clone()));
        let mut books = self.books.clone();
        // As the last entry before that size: everything that it corrects has come in by then.
        let at = tree_size.saturating_sub(1);
        books.no_doubt(at, index);
        let counts = counted.is_some();
        if counts {
            books.correct((at, counts_from(slot, at)), slot.dimension, counted, None);
        }
        let without = books.account_at(tree_size)?;
        Ok(Without { counts, now, without })
    }
}

/// Returns the entry from which on a contribution counts.
fn counts_from(slot: &Slot, at: u64) -> u64 {
    match (&slot.outcome, slot.judgements.last(), &slot.decided) {
        (Outcome::Accepted { at, .. }, ..) => *at,
        // What was refused and then decided counts from where it was refused on.
        (_, Some(judgement), _) => judgement.index,
        (_, None, Some(decided)) => decided.at,
        (_, None, None) => at,
    }
}
