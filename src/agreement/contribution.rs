//! Contributions: claimed, and taken back. How others judge them is in [`super::attestation`].

use std::collections::HashMap;

use dashu_int::{UBig, ops::BitTest};

use crate::{
    agreement::{
        Agreement, Entry, Said,
        attestation::{self, Judgement},
        refusal::contribution::ContributionRefusal,
        settle::Books,
        state::ContributionState,
    },
    split::{Exact, exact_text, joint_denominator},
    statement::{Artifact, ArtifactDigest, Contribution, ContributionWithdrawal, id::StatementId, terms::Terms},
    time::Timestamp,
};

/// Bits that the common denominator of all claims of one artifact may have, counted since it was last unclaimed.
pub const ARTIFACT_DENOMINATOR_BITS_MAX: usize = 256;

/// A contribution and where it stands.
#[derive(Clone, Copy, Debug)]
pub struct ContributionView<'a> {
    /// Its statement id.
    pub id: StatementId,
    /// The index of its entry.
    pub index: u64,
    /// When it was admitted.
    pub admitted: Timestamp,
    /// The position of the contributing party.
    pub party: usize,
    /// The position of its dimension.
    pub dimension: usize,
    /// What was claimed.
    pub contribution: &'a Contribution,
    /// Where it stands.
    pub state: ContributionState,
    /// The judgements so far, in ledger order.
    pub judgements: &'a [Judgement],
    /// The points it counts; none while it counts nothing.
    pub points: Option<&'a Exact>,
}

/// All contributions of an agreement.
#[derive(Clone, Debug)]
pub(super) struct Contributions {
    /// In ledger order.
    pub(super) list: Vec<Slot>,
    by_id: HashMap<StatementId, usize>,
    claims: HashMap<ArtifactDigest, Claims>,
    /// By dimension: the common denominator of all points ever counted, whatever was taken back.
    pub(super) denominators: Vec<UBig>,
}

/// A contribution as it is kept.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    pub(super) id: StatementId,
    pub(super) index: u64,
    admitted: Timestamp,
    pub(super) party: usize,
    pub(super) unit: usize,
    pub(super) dimension: usize,
    pub(super) contribution: Contribution,
    pub(super) judgements: Vec<Judgement>,
    pub(super) outcome: Outcome,
    /// The entry that took it back.
    withdrawn: Option<u64>,
}

/// What the judgements of others came to.
#[derive(Clone, Debug)]
pub(super) enum Outcome {
    /// Not enough have judged.
    Claimed,
    /// Counts from entry `at` on.
    Accepted { at: u64, points: Exact },
    /// Never counts.
    Rejected,
    /// Does not count as it is.
    ChangesRequested,
}

/// What live contributions claim of one artifact.
#[derive(Clone, Debug)]
struct Claims {
    sum: Exact,
    /// The common denominator of the claims since the artifact was last unclaimed.
    denominator: UBig,
}

#[derive(Debug)]
pub(super) enum Change {
    Claimed { party: usize, unit: usize, dimension: usize, contribution: Box<Contribution> },
    Withdrawn { position: usize },
    Judged(attestation::Judged),
}

impl Slot {
    pub(super) fn state(&self, cut_off: u64) -> ContributionState {
        match &self.outcome {
            _ if self.withdrawn.is_some() => ContributionState::Withdrawn,
            Outcome::Claimed => ContributionState::Claimed,
            Outcome::Rejected => ContributionState::Rejected,
            Outcome::ChangesRequested => ContributionState::ChangesRequested,
            Outcome::Accepted { at, .. } if *at < cut_off => ContributionState::Final,
            Outcome::Accepted { .. } => ContributionState::Accepted,
        }
    }

    /// Returns the points it counts in an account at `tree_size`, if it counts there.
    pub(super) fn counted_at(&self, tree_size: u64) -> Option<&Exact> {
        match &self.outcome {
            Outcome::Accepted { at, points } if *at < tree_size && self.withdrawn.is_none_or(|at| at >= tree_size) => {
                Some(points)
            }
            _ => None,
        }
    }

    fn view(&self, cut_off: u64) -> ContributionView<'_> {
        ContributionView {
            id: self.id,
            index: self.index,
            admitted: self.admitted,
            party: self.party,
            dimension: self.dimension,
            contribution: &self.contribution,
            state: self.state(cut_off),
            judgements: &self.judgements,
            points: self.counted_at(u64::MAX),
        }
    }
}

impl Contributions {
    pub(super) fn new(terms: &Terms) -> Self {
        let denominators = vec![UBig::ONE; terms.dimensions.len()];
        Self { list: Vec::new(), by_id: HashMap::new(), claims: HashMap::new(), denominators }
    }

    pub(super) fn index_of(&self, id: StatementId) -> Option<u64> {
        self.by_id.get(&id).map(|position| self.list[*position].index)
    }

    pub(super) fn find(&self, contribution: StatementId) -> Result<(usize, &Slot), ContributionRefusal> {
        let unknown = ContributionRefusal::UnknownContribution { contribution };
        self.by_id.get(&contribution).map(|position| (*position, &self.list[*position])).ok_or(unknown)
    }

    pub(super) fn apply(&mut self, entry: Entry, change: Change, books: &mut Books) {
        match change {
            Change::Claimed { party, unit, dimension, contribution } => {
                contribution.artifacts.iter().for_each(|artifact| self.claim(artifact));
                self.by_id.insert(entry.id, self.list.len());
                self.list.push(Slot {
                    id: entry.id,
                    index: entry.index,
                    admitted: entry.at,
                    party,
                    unit,
                    dimension,
                    contribution: *contribution,
                    judgements: Vec::new(),
                    outcome: Outcome::Claimed,
                    withdrawn: None,
                });
            }
            Change::Withdrawn { position } => {
                let slot = &mut self.list[position];
                slot.withdrawn = Some(entry.index);
                if let Outcome::Accepted { points, .. } = &slot.outcome {
                    books.discount(entry.index, slot.party, slot.dimension, points.clone());
                }
                self.release(position);
            }
            Change::Judged(judged) => attestation::apply(self, entry, judged, books),
        }
    }

    fn claim(&mut self, artifact: &Artifact) {
        let fraction = artifact.fraction.exact();
        let claims =
            self.claims.entry(artifact.digest).or_insert_with(|| Claims { sum: Exact::ZERO, denominator: UBig::ONE });
        claims.denominator = joint_denominator(&claims.denominator, fraction.denominator());
        claims.sum += fraction;
    }

    /// Gives the artifacts of a contribution that no longer lives back to others.
    pub(super) fn release(&mut self, position: usize) {
        for artifact in &self.list[position].contribution.artifacts {
            if let Some(claims) = self.claims.get_mut(&artifact.digest) {
                claims.sum -= artifact.fraction.exact();
                if claims.sum == Exact::ZERO {
                    self.claims.remove(&artifact.digest);
                }
            }
        }
    }

    fn check_claim(&self, artifact: &Artifact) -> Result<(), ContributionRefusal> {
        let Some(claims) = self.claims.get(&artifact.digest) else { return Ok(()) };
        let fraction = artifact.fraction.exact();
        if &claims.sum + &fraction > Exact::ONE {
            let (claimed, others) = (exact_text(&fraction), exact_text(&claims.sum));
            return Err(ContributionRefusal::Overclaim { artifact: artifact.digest, claimed, others });
        }
        let bits = joint_denominator(&claims.denominator, fraction.denominator()).bit_len();
        if bits > ARTIFACT_DENOMINATOR_BITS_MAX {
            return Err(ContributionRefusal::ArtifactTooFine { artifact: artifact.digest, bits });
        }
        Ok(())
    }
}

impl Agreement {
    /// Returns every contribution in ledger order.
    pub fn contributions(&self) -> impl ExactSizeIterator<Item = ContributionView<'_>> {
        self.contributions_from(0)
    }

    /// Returns the contributions in entries from `index` on, in ledger order.
    pub fn contributions_from(&self, index: u64) -> impl ExactSizeIterator<Item = ContributionView<'_>> {
        let list = &self.contributions.list;
        let cut_off = self.books.cut_off();
        list[list.partition_point(|slot| slot.index < index)..].iter().map(move |slot| slot.view(cut_off))
    }

    /// Returns one contribution.
    #[must_use]
    pub fn contribution(&self, id: &StatementId) -> Option<ContributionView<'_>> {
        self.contributions.find(*id).ok().map(|(_, slot)| slot.view(self.books.cut_off()))
    }

    pub(super) fn claim(&self, said: Said<'_>, body: &Contribution) -> Result<Change, ContributionRefusal> {
        let party = said.speaker.party;
        if self.directory.party(&body.party) != Some(party) {
            let (named, party) = (body.party.clone(), self.party_name(party));
            return Err(ContributionRefusal::NotYourParty { named, party });
        }
        let Some(unit) = self.directory.unit(&body.unit) else {
            return Err(ContributionRefusal::UnknownUnit { unit: body.unit.clone() });
        };
        if body.work_end > said.at {
            return Err(ContributionRefusal::WorkInFuture { work_end: body.work_end, at: said.at });
        }
        if let Some(days_max) = self.terms.back_date_days_max
            && body.work_end < said.at.days_earlier(days_max)
        {
            return Err(ContributionRefusal::WorkTooOld { work_end: body.work_end, at: said.at, days_max });
        }
        body.artifacts.iter().try_for_each(|artifact| self.contributions.check_claim(artifact))?;
        let (unit, dimension) = (unit.position, unit.dimension);
        Ok(Change::Claimed { party, unit, dimension, contribution: Box::new(body.clone()) })
    }

    pub(super) fn withdraw(
        &self,
        said: Said<'_>,
        body: &ContributionWithdrawal,
    ) -> Result<Change, ContributionRefusal> {
        let contribution = body.contribution;
        let (position, slot) = self.contributions.find(contribution)?;
        if slot.party != said.speaker.party {
            let (claimant, party) = (self.party_name(slot.party), self.party_name(said.speaker.party));
            return Err(ContributionRefusal::NotClaimant { contribution, claimant, party });
        }
        let settled_size = self.books.cut_off();
        match slot.state(settled_size) {
            ContributionState::Claimed | ContributionState::Accepted | ContributionState::ChangesRequested => {
                Ok(Change::Withdrawn { position })
            }
            ContributionState::Final => Err(ContributionRefusal::ContributionFinal { contribution, settled_size }),
            state @ (ContributionState::Rejected | ContributionState::Withdrawn) => {
                Err(ContributionRefusal::ContributionGone { contribution, state })
            }
        }
    }
}
