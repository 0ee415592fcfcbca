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
        refusal::contribution::ContributionRefusal,
        settle::Books,
        state::ContributionState,
    },
    split::{Exact, POINTS_DENOMINATOR_BITS_MAX, Ratio, joint_denominator},
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
}

impl Agreement {
    pub(super) fn attest(&self, said: Said<'_>, body: &Attestation) -> Result<Change, ContributionRefusal> {
        let party = said.speaker.party;
        let mut judged = Judged {
            party,
            verdict: body.verdict,
            contributions: Vec::with_capacity(body.contributions.len()),
            denominators: Vec::new(),
        };
        for id in &body.contributions {
            let (index, slot) = self.contributions.find(*id)?;
            self.check_attestor(*id, slot, party)?;
            let points = match body.verdict {
                Verdict::Accepted { quality } => self.points_with(slot, quality),
                Verdict::Rejected | Verdict::ChangesRequested => None,
            };
            if let Some(points) = &points {
                self.check_fineness(*id, slot.dimension, points, &mut judged.denominators)?;
            }
            judged.contributions.push((index, points));
        }
        Ok(Change::Judged(judged))
    }

    fn check_attestor(&self, contribution: StatementId, slot: &Slot, party: usize) -> Result<(), ContributionRefusal> {
        if slot.party == party {
            return Err(ContributionRefusal::OwnContribution { contribution, party: self.party_name(party) });
        }
        let unit = &self.terms.units[slot.unit].name;
        let attestors = self.directory.unit(unit).map_or(&[][..], |unit| &unit.attestors);
        if !attestors.is_empty() && !attestors.contains(&party) {
            let (unit, party) = (unit.clone(), self.party_name(party));
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
    fn points_with(&self, slot: &Slot, quality: Ratio) -> Option<Exact> {
        let unit = &self.terms.units[slot.unit];
        let enough = u32::try_from(slot.judgements.len() + 1).is_ok_and(|judgements| judgements >= unit.attestations);
        // A contribution that is still CLAIMED has only acceptances.
        let qualities = slot.judgements.iter().filter_map(|judgement| match judgement.verdict {
            Verdict::Accepted { quality } => Some(quality.exact()),
            Verdict::Rejected | Verdict::ChangesRequested => None,
        });
        let smallest = qualities.fold(quality.exact(), Exact::min);
        enough.then(|| slot.claimed.quantity().exact() * unit.points.exact() * smallest)
    }

    fn check_fineness(
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
        if bits > POINTS_DENOMINATOR_BITS_MAX {
            let dimension = self.terms.dimensions[dimension].name.clone();
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
    let Judged { party, verdict, contributions: judged, denominators } = judged;
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
