//! What a decision does to the claims of artifacts: what counts holds them, and what counts nothing gives them back.

use std::collections::BTreeMap;

use crate::{
    agreement::{
        Agreement,
        contribution::{Claims, Outcome as Judged},
        dispute::{Case, subject::After},
        refusal::Refusal,
    },
    statement::{ArtifactDigest, dispute::Outcome},
};

/// The contributions, by their entries, whose claims of artifacts a decision moves.
pub(super) struct Moved {
    released: Vec<u64>,
    claimed: Vec<u64>,
}

impl Agreement {
    /// Returns whose claims outcomes would move. The contributions are at hand.
    pub(super) fn claims_moved(&self, case: &Case, outcomes: &[Outcome]) -> Moved {
        let mut moved = Moved { released: Vec::new(), claimed: Vec::new() };
        for (subject, outcome) in case.subjects.iter().zip(outcomes) {
            let Some(slot) = self.contributions.slots.get(&subject.index) else { continue };
            let Some(After::Points(after)) = subject.stands.after(&outcome.remedy, self.terms()) else { continue };
            // What was rejected gave them back then; whatever else waited, or was accepted, still holds them.
            let held = !matches!(slot.outcome, Judged::Rejected);
            match (held, after.is_some()) {
                (true, false) => moved.released.push(subject.index),
                (false, true) => moved.claimed.push(subject.index),
                _ => {}
            }
        }
        moved
    }

    /// Checks that what is to count again finds its artifacts free, or claimed by what is to count no more.
    ///
    /// Errors: those of claiming them anew.
    pub(super) fn check_claims_moved(&self, case: &Case, outcomes: &[Outcome]) -> Result<(), Refusal> {
        let Moved { released, claimed } = self.claims_moved(case, outcomes);
        let artifacts = |indexes: Vec<u64>| {
            let slots = indexes.into_iter().filter_map(|index| self.contributions.slots.get(&index));
            slots.flat_map(|slot| slot.claimed.artifacts())
        };
        let mut left: BTreeMap<ArtifactDigest, Claims> = BTreeMap::new();
        let claims = |artifact| self.contributions.claims.get(&artifact).cloned().unwrap_or_default();
        for (artifact, fraction) in artifacts(released) {
            left.entry(artifact).or_insert_with(|| claims(artifact)).take(fraction);
        }
        for (artifact, fraction) in artifacts(claimed) {
            let left = left.entry(artifact).or_insert_with(|| claims(artifact));
            left.check(artifact, fraction)?;
            left.add(fraction);
            self.check_no_cost(artifact)?;
        }
        Ok(())
    }

    /// Gives back first, so that one of two may take what the other had.
    pub(super) fn move_claims(&mut self, moved: Moved) {
        moved.released.into_iter().for_each(|index| self.contributions.release(index));
        moved.claimed.into_iter().for_each(|index| self.contributions.claim_again(index));
    }
}
