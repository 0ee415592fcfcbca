//! Attestations: other parties' judgements, by which alone a contribution comes to count.
//!
//! All contributions an attestation names are judged, or none. One rejection rejects; one request for changes leaves the
//! contribution to be withdrawn; it counts once as many parties as its unit asks have accepted it, with the smallest
//! quality among theirs.

use dashu_int::{UBig, ops::BitTest};

use crate::{
    agreement::{
        Agreement, Entry, Said,
        contribution::{Change, Contributions, Outcome, Slot},
        refusal::{Refusal, contribution::ContributionRefusal},
        settle::Books,
        state::ContributionState,
        work::plan::Uses,
    },
    split::{COUNTED_DENOMINATOR_BITS_MAX, Exact, Ratio, joint_denominator},
    statement::{Attestation, Verdict, id::StatementId},
};

/// One party's judgement of a contribution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// The position of the party that judged.
    pub party: usize,
    /// The index of the attestation's entry.
    pub index: u64,
    /// What it said.
    pub verdict: Verdict,
}

/// What an attestation does.
#[derive(Debug)]
pub(super) struct Judged {
    party: usize,
    verdict: Verdict,
    /// By entry of the contribution: the points it counts from now on, if it does.
    contributions: Vec<(u64, Option<Exact>)>,
    /// By dimension, where it grew: the common denominator of the points.
    denominators: Vec<(usize, UBig)>,
    /// What is used of the budgets of tasks.
    uses: Uses,
}

impl Judged {
    /// Returns the entries of the contributions.
    pub(super) fn entries(&self) -> Vec<u64> {
        self.contributions.iter().map(|(index, _)| *index).collect()
    }

    /// Returns what is used of the budgets of tasks.
    pub(super) fn uses(&self) -> Uses {
        self.uses.clone()
    }
}

impl Agreement {
    pub(super) fn attest(&self, said: Said<'_>, body: &Attestation) -> Result<Change, Refusal> {
        let party = said.speaker.party;
        self.check_stays(party)?;
        let mut judged = Judged {
            party,
            verdict: body.verdict,
            contributions: Vec::with_capacity(body.contributions.len()),
            denominators: Vec::new(),
            uses: Uses::new(),
        };
        for id in &body.contributions {
            let (index, slot) = self.contributions.find(*id)?;
            self.check_attestor(*id, index, slot, party)?;
            self.check_undisputed(index, *id)?;
            let points = match body.verdict {
                Verdict::Accepted { quality, .. } => self.points_with(index, slot, quality),
                Verdict::Rejected | Verdict::ChangesRequested => None,
            };
            if let Verdict::Accepted { unplanned, .. } = body.verdict {
                self.check_budget(*id, slot, (unplanned, points.as_ref()), &mut judged.uses)?;
            }
            if let Some(points) = &points {
                self.check_fineness(*id, slot.dimension, points, &mut judged.denominators)?;
            }
            judged.contributions.push((index, points));
        }
        Ok(Change::Judged(judged))
    }

    fn check_attestor(
        &self,
        contribution: StatementId,
        index: u64,
        slot: &Slot,
        party: usize,
    ) -> Result<(), ContributionRefusal> {
        if slot.party == party {
            return Err(ContributionRefusal::OwnContribution { contribution, party: self.party_name(party) });
        }
        let (unit, entry) = self.unit_of(index, slot);
        let attestors = &entry.attestors;
        if !attestors.is_empty() && !attestors.contains(&party) {
            let (unit, party) = (unit.name.clone(), self.party_name(party));
            return Err(ContributionRefusal::NotAttestor { contribution, unit, party });
        }
        if slot.judgements.iter().any(|judgement| judgement.party == party) {
            return Err(ContributionRefusal::AlreadyAttested { contribution, party: self.party_name(party) });
        }
        match slot.state(self.books.cut_off()) {
            ContributionState::Claimed => Ok(()),
            state => Err(ContributionRefusal::NotClaimed { contribution, state }),
        }
    }

    /// Returns the points a contribution counts with one more acceptance, if that makes enough of them.
    fn points_with(&self, index: u64, slot: &Slot, quality: Ratio) -> Option<Exact> {
        let (unit, _) = self.unit_of(index, slot);
        let enough = u32::try_from(slot.judgements.len() + 1).is_ok_and(|judgements| judgements >= unit.attestations);
        // A contribution that is still CLAIMED has only acceptances.
        let qualities = slot.judgements.iter().filter_map(|judgement| match judgement.verdict {
            Verdict::Accepted { quality, .. } => Some(quality.exact()),
            Verdict::Rejected | Verdict::ChangesRequested => None,
        });
        let smallest = qualities.fold(quality.exact(), Exact::min);
        enough.then(|| slot.claimed.quantity().exact() * unit.points.exact() * smallest)
    }

    /// Checks that the points of a dimension stay computable with `points` among them; `grown`: what others before it in the same
    /// statement bring.
    pub(super) fn check_fineness(
        &self,
        contribution: StatementId,
        dimension: usize,
        points: &Exact,
        grown: &mut Vec<(usize, UBig)>,
    ) -> Result<(), ContributionRefusal> {
        let place = grown.iter().position(|(of, _)| *of == dimension);
        let reached = place.map_or(&self.contributions.denominators[dimension], |place| &grown[place].1);
        let joint = joint_denominator(reached, points.denominator());
        let bits = joint.bit_len();
        if bits > COUNTED_DENOMINATOR_BITS_MAX {
            let dimension = self.terms().dimensions[dimension].name.clone();
            return Err(ContributionRefusal::PointsTooFine { contribution, dimension, bits });
        }
        if joint != *reached {
            match place {
                Some(place) => grown[place].1 = joint,
                None => grown.push((dimension, joint)),
            }
        }
        Ok(())
    }
}

pub(super) fn apply(contributions: &mut Contributions, entry: Entry, judged: Judged, books: &mut Books) {
    let Judged { party, verdict, contributions: judged, denominators, .. } = judged;
    for (dimension, denominator) in denominators {
        contributions.denominators[dimension] = denominator;
    }
    for (index, points) in judged {
        let slot = contributions.slots.change(&index).expect("what was admitted is at hand");
        if slot.judgements.is_empty() {
            // Mostly there is one judgement, and there are many contributions.
            slot.judgements.reserve_exact(1);
        }
        slot.judgements.push(Judgement { party, index: entry.index, verdict });
        match verdict {
            Verdict::Accepted { .. } => {
                if let Some(points) = points {
                    books.count(entry.index, slot.party, slot.dimension, points.clone());
                    slot.outcome = Outcome::Accepted { at: entry.index, points };
                }
            }
            Verdict::Rejected => {
                slot.outcome = Outcome::Rejected;
                contributions.release(index);
            }
            Verdict::ChangesRequested => slot.outcome = Outcome::ChangesRequested,
        }
    }
}
