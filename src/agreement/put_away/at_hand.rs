//! What is at hand of what is put away: it is recalled when it is wanted, and forgotten again.

use crate::{
    agreement::{
        Agreement,
        benefit::Benefits,
        claimed::{Brief, Claimed},
        contribution::Contributions,
        put_away::{
            KeptBenefit, KeptContribution, PutAwayError, Wanted, form, key,
            shelf::Shelf,
            slips::{ClaimsForm, ReversalForm, SheetForm},
        },
    },
    split::Ratio,
    statement::terms::Terms,
};

impl Agreement {
    /// Takes in what was found where something wanted is kept: its key and slip, or that there is none.
    ///
    /// What is at hand already stands: it is as new, or newer. Errors: [`PutAwayError`]; then nothing is changed.
    pub fn recall(&mut self, wanted: &Wanted, found: Option<(&[u8], &[u8])>) -> Result<(), PutAwayError> {
        // What an entry says that is still to come is not there yet.
        let found = found.filter(|(key, _)| {
            wanted.statement().is_none() || key::last_number(key).is_some_and(|index| index < self.size)
        });
        match (wanted, found) {
            (Wanted::Contribution(id), Some((key, slip))) => {
                let KeptContribution { index, slot } = self.read_contribution(key, slip)?;
                self.contributions.by_id.insert(*id, index);
                self.contributions.slots.recall(index, Some(slot));
            }
            (Wanted::Contribution(id), None) => drop(self.contributions.absent.insert(*id)),
            (Wanted::Benefit(id), Some((key, slip))) => {
                let KeptBenefit { index, slot, .. } = self.read_benefit(key, slip, [])?;
                self.benefits.by_id.insert(*id, index);
                self.benefits.slots.recall(index, Some(slot));
            }
            (Wanted::Benefit(id), None) => drop(self.benefits.absent.insert(*id)),
            (Wanted::Reversal(id), Some((key, slip))) => {
                let read = |form: ReversalForm| form.read(key::last_number(key)?, self.terms());
                let (place, slot) = read(form::read(key, slip)?).ok_or_else(|| PutAwayError::damaged(key))?;
                self.benefits.reversals_by_id.insert(*id, place);
                self.benefits.reversals.recall(place, Some(slot));
            }
            (Wanted::Reversal(id), None) => drop(self.benefits.reversals_absent.insert(*id)),
            (Wanted::Claims(artifact), Some((key, slip))) => {
                let form: ClaimsForm = form::read(key, slip)?;
                let claims = form.read().ok_or_else(|| PutAwayError::damaged(key))?;
                self.contributions.claims.recall(*artifact, Some(claims));
            }
            (Wanted::Claims(artifact), None) => self.contributions.claims.recall(*artifact, None),
            (Wanted::Sheet(range), Some((key, slip))) => {
                let form: SheetForm = form::read(key, slip)?;
                // The size asked for is the end of the range.
                let sheet = form.read(self.terms()).filter(|sheet| sheet.covers(range.end));
                self.books.recall(sheet.ok_or_else(|| PutAwayError::damaged(key))?);
            }
            (Wanted::Sheet(_), None) => return Err(PutAwayError::Missing { wanted: wanted.clone() }),
        }
        Ok(())
    }

    /// Returns how much is at hand only because it was recalled: slips, changes in sheets, and what was found not to be there.
    #[must_use]
    pub fn recalled(&self) -> usize {
        let Contributions { slots, claims, absent, .. } = &self.contributions;
        let contributions = slots.recalled() + claims.recalled() + absent.len();
        let Benefits { slots, reversals, absent, reversals_absent, .. } = &self.benefits;
        let benefits = slots.recalled() + reversals.recalled() + absent.len() + reversals_absent.len();
        contributions + benefits + self.books.recalled()
    }

    /// Drops from memory what is at hand only because it was recalled: it is kept as it is, and what is wanted of it is recalled
    /// anew. What was put away and is not known to be kept stays, so this may be called at any time.
    pub fn forget_recalled(&mut self) {
        if self.recalled() > 0 {
            self.forgotten += 1;
            self.contributions.forget_recalled();
            self.benefits.forget_recalled();
            self.books.forget_recalled();
        }
    }

    /// Drops from memory what is put away, but for the newest `keep` of each kind.
    ///
    /// Called only when what [`Self::put_away`] returned is kept: until then it would be nowhere. From then on, whole
    /// statements are not remembered any more: who will put things away calls this as soon as the agreement is founded.
    pub fn forget(&mut self, keep: usize) {
        self.forgotten += 1;
        self.settlements.whole = Vec::new();
        self.contributions.forget(keep);
        self.benefits.forget(keep);
        self.books.forget();
    }
}

impl Contributions {
    pub(super) fn restored(terms: &Terms) -> Self {
        Self { slots: Shelf::restored(), claims: Shelf::restored(), ..Self::new(terms) }
    }

    fn forget(&mut self, keep: usize) {
        self.slots.forget(keep);
        self.claims.forget(keep);
        self.slots.each(|slot| {
            let nothing = Claimed::Brief(Box::new(Brief { quantity: Ratio::ZERO, artifacts: Vec::new() }));
            slot.claimed = std::mem::replace(&mut slot.claimed, nothing).brief();
        });
        self.forget_recalled();
        self.by_id.shrink_to_fit();
    }

    fn forget_recalled(&mut self) {
        self.slots.forget_recalled();
        self.claims.forget_recalled();
        self.by_id.retain(|_, index| self.slots.knows(index));
        self.absent.clear();
    }
}

impl Benefits {
    pub(super) fn restored(terms: &Terms) -> Self {
        Self { slots: Shelf::restored(), reversals: Shelf::restored(), ..Self::new(terms) }
    }

    fn forget(&mut self, keep: usize) {
        self.slots.forget(keep);
        self.reversals.forget(keep);
        self.slots.each(|slot| slot.whole = None);
        self.forget_recalled();
    }

    fn forget_recalled(&mut self) {
        self.slots.forget_recalled();
        self.reversals.forget_recalled();
        self.by_id.retain(|_, index| self.slots.knows(index));
        self.reversals_by_id.retain(|_, place| self.reversals.knows(place));
        self.absent.clear();
        self.reversals_absent.clear();
    }
}
