//! Reading what is put away without recalling it: for listings and explanations, which look at everything once.
//!
//! A slip may be newer than what is asked for; what came later carries the index of its entry and is left out.

use crate::{
    agreement::{
        Agreement,
        benefit::{BenefitSlot, BenefitView, ReversalSlot},
        contribution::{ContributionView, Slot},
        explain::Gathered,
        put_away::{
            PutAwayError, Slip, form, key,
            slips::{BenefitForm, ContributionForm, ReversalForm},
        },
        state::{BenefitState, ContributionState},
    },
    statement::{Benefit, Contribution, id::StatementId},
    time::Timestamp,
};

/// The size of a ledger that somebody looks at, and how much of it was settled then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    cut_off: u64,
    tree_size: u64,
}

/// A contribution that is put away.
#[derive(Clone, Debug)]
pub struct KeptContribution {
    pub(super) index: u64,
    pub(super) slot: Slot,
}

/// A benefit that is put away, and its reversals.
#[derive(Clone, Debug)]
pub struct KeptBenefit {
    pub(super) index: u64,
    pub(super) slot: BenefitSlot,
    reversals: Vec<(u64, ReversalSlot)>,
}

impl KeptContribution {
    /// Returns the index of its entry, which holds what was said.
    #[must_use]
    pub const fn index(&self) -> u64 {
        self.index
    }

    pub(in crate::agreement) const fn slot(&self) -> &Slot {
        &self.slot
    }

    /// Returns the position of the contributing party.
    #[must_use]
    pub const fn party(&self) -> usize {
        self.slot.party
    }

    /// Returns where it stood.
    #[must_use]
    pub fn state(&self, standing: Standing) -> ContributionState {
        self.slot.state_at(standing.cut_off, standing.tree_size)
    }

    /// Writes it as it stood; what was said and when is read from its entry.
    #[must_use]
    pub fn view<'a>(
        &'a self,
        id: StatementId,
        admitted: Timestamp,
        contribution: &'a Contribution,
        standing: Standing,
    ) -> ContributionView<'a> {
        self.slot.view(self.index, (id, admitted, contribution), (standing.cut_off, standing.tree_size))
    }
}

impl KeptBenefit {
    /// Returns the index of its entry, which holds what was said.
    #[must_use]
    pub const fn index(&self) -> u64 {
        self.index
    }

    /// Returns the position of its stream.
    #[must_use]
    pub const fn stream(&self) -> usize {
        self.slot.stream
    }

    /// Whether anything of it was given back, so that it has reversals.
    #[must_use]
    pub const fn has_reversals(&self) -> bool {
        self.slot.reversed > 0
    }

    /// Returns where it stood.
    #[must_use]
    pub fn state(&self, standing: Standing) -> BenefitState {
        self.slot.state_at(standing.cut_off, standing.tree_size)
    }

    /// Writes it as it stood; what was said and when is read from its entry.
    #[must_use]
    pub fn view<'a>(
        &self,
        id: StatementId,
        admitted: Timestamp,
        benefit: &'a Benefit,
        standing: Standing,
    ) -> BenefitView<'a> {
        let Standing { cut_off, tree_size } = standing;
        let reversals = self.reversals.iter().take_while(|(index, _)| *index < tree_size);
        let reversals = reversals.map(|(index, slot)| slot.view(*index, (cut_off, tree_size))).collect();
        self.slot.view(self.index, (id, admitted, benefit), (cut_off, tree_size), reversals)
    }
}

impl Agreement {
    /// Returns how an agreement stood that has grown since, when its ledger had `tree_size` entries.
    #[must_use]
    pub fn standing_at(&self, tree_size: u64) -> Standing {
        let places = &self.settlements.places;
        let settled = places.partition_point(|place| place.index < tree_size).checked_sub(1);
        Standing { cut_off: settled.map_or(0, |last| places[last].tree_size), tree_size }
    }

    /// Reads a contribution that was put away.
    ///
    /// Errors: [`PutAwayError::Damaged`].
    pub fn read_contribution(&self, key: &[u8], slip: &[u8]) -> Result<KeptContribution, PutAwayError> {
        let read = |form: ContributionForm| {
            let index = key::last_number(key)?;
            Some((index, form.read(index, self)?))
        };
        let (index, slot) = read(form::read(key, slip)?).ok_or_else(|| PutAwayError::damaged(key))?;
        Ok(KeptContribution { index, slot })
    }

    /// Reads a benefit that was put away, with the slips of all its reversals.
    ///
    /// Errors: [`PutAwayError::Damaged`].
    pub fn read_benefit<'a>(
        &self,
        key: &[u8],
        slip: &[u8],
        reversals: impl IntoIterator<Item = (&'a [u8], &'a [u8])>,
    ) -> Result<KeptBenefit, PutAwayError> {
        let read = |form: BenefitForm| Some((key::last_number(key)?, form.read(self.terms())?));
        let (index, slot) = read(form::read(key, slip)?).ok_or_else(|| PutAwayError::damaged(key))?;
        let reversals = reversals.into_iter().map(|(key, slip)| self.read_reversal(key, slip));
        Ok(KeptBenefit { index, slot, reversals: reversals.collect::<Result<_, _>>()? })
    }

    fn read_reversal(&self, key: &[u8], slip: &[u8]) -> Result<(u64, ReversalSlot), PutAwayError> {
        let read = |form: ReversalForm| {
            let ((_, index), slot) = form.read(key::last_number(key)?, self.terms())?;
            Some((index, slot))
        };
        read(form::read(key, slip)?).ok_or_else(|| PutAwayError::damaged(key))
    }

    /// Returns the slips of contributions that were changed and not put away since, from an entry on.
    #[must_use]
    pub fn changed_contributions(&self, from: u64) -> Vec<Slip> {
        let changes = self.contributions.slots.changes(from..);
        changes.filter_map(|(index, slot)| Some(self.contribution_slip(*index, slot?))).collect()
    }

    /// Returns the slips of benefits that were changed and not put away since, from an entry on.
    #[must_use]
    pub fn changed_benefits(&self, from: u64) -> Vec<Slip> {
        let changes = self.benefits.slots.changes(from..);
        changes.filter_map(|(index, slot)| Some(self.benefit_slip(*index, slot?))).collect()
    }

    /// Returns the slips of reversals that were changed and not put away since, of benefits from an entry on.
    #[must_use]
    pub fn changed_reversals(&self, benefit: u64) -> Vec<Slip> {
        let changes = self.benefits.reversals.changes((benefit, 0)..);
        changes.filter_map(|(place, slot)| Some(self.reversal_slip(*place, slot?))).collect()
    }
}

impl Gathered {
    /// Takes a contribution that is put away.
    pub fn take_contribution(&mut self, agreement: &Agreement, kept: &KeptContribution) {
        self.take_slot(agreement, kept.index, &kept.slot);
    }

    /// Takes a benefit that is put away.
    pub fn take_benefit(&mut self, kept: &KeptBenefit) {
        self.take_benefit_slot(kept.index, &kept.slot, kept.reversals.iter().map(|(index, slot)| (*index, slot)));
    }
}
