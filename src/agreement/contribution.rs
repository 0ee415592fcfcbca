//! Contributions: claimed, and taken back. How others judge them is in [`super::attestation`].

use std::collections::{HashMap, HashSet};

use dashu_int::{UBig, ops::BitTest};

use crate::{
    agreement::{
        Agreement, Entry, Said,
        attestation::{self, Judgement},
        claimed::{Claimed, Whole},
        directory::UnitEntry,
        put_away::shelf::Shelf,
        refusal::{Refusal, change::ChangeRefusal, contribution::ContributionRefusal},
        settle::{Books, doubt::Counted},
        state::ContributionState,
        work::{challenge::ChallengeMark, open::OpenClaim},
    },
    keys::PublicKey,
    split::{Exact, Ratio, exact_text, joint_denominator},
    statement::{
        ArtifactDigest, Contribution, ContributionWithdrawal,
        id::StatementId,
        terms::{Name, Terms, Unit},
    },
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
    /// Whether what it counts is in doubt because another party challenges it.
    pub challenged: bool,
    /// The position of the party it counts for: another than claimed it, where a dispute found so.
    pub counts_for: Option<usize>,
    /// The entry that decided in a dispute what it counts.
    pub decided: Option<u64>,
}

/// All contributions of an agreement.
#[derive(Clone, Debug)]
pub(super) struct Contributions {
    /// By the index of the entry.
    pub(super) slots: Shelf<u64, Slot>,
    /// The entries of those at hand.
    pub(super) by_id: HashMap<StatementId, u64>,
    /// Statements of which it was found that they are no contributions.
    pub(super) absent: HashSet<StatementId>,
    pub(super) claims: Shelf<ArtifactDigest, Claims>,
    /// By dimension: the common denominator of all points ever counted, whatever was taken back.
    pub(super) denominators: Vec<UBig>,
}

/// A contribution as it is kept.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    pub(super) party: usize,
    pub(super) unit: usize,
    pub(super) dimension: usize,
    pub(super) claimed: Claimed,
    pub(super) judgements: Vec<Judgement>,
    pub(super) outcome: Outcome,
    /// The entry that took it back.
    pub(super) withdrawn: Option<u64>,
    /// The task it names.
    pub(super) task: Option<Name>,
    /// When it was accepted, where the terms at its place let it be challenged.
    pub(super) accepted: Option<Timestamp>,
    /// Whoever has challenged it, in ledger order.
    pub(super) challenges: Vec<ChallengeMark>,
    /// When it was claimed.
    pub(super) admitted: Timestamp,
    /// What a dispute made of it.
    pub(super) decided: Option<Box<Decided>>,
}

/// What a dispute made of a contribution.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Decided {
    /// The entry that decided.
    pub(super) at: u64,
    /// What it counts since, and for whom.
    pub(super) counts: Counted,
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
pub(super) struct Claims {
    pub(super) sum: Exact,
    /// The common denominator of the claims since the artifact was last unclaimed.
    pub(super) denominator: UBig,
}

#[derive(Debug)]
pub(super) enum Change {
    Claimed { party: usize, unit: usize, dimension: usize, contribution: Box<Contribution> },
    Withdrawn { index: u64 },
    Judged(attestation::Judged),
}

impl Slot {
    pub(super) fn state(&self, cut_off: u64) -> ContributionState {
        self.state_at(cut_off, u64::MAX)
    }

    /// Returns for whom it counts in an account at `tree_size`, and how many points, if it counts there.
    pub(super) fn counted_at(&self, tree_size: u64) -> Option<(usize, &Exact)> {
        if let Some(decided) = self.decided.as_deref().filter(|decided| decided.at < tree_size) {
            return decided.counts.as_ref().map(|(party, points)| (*party, points));
        }
        match &self.outcome {
            Outcome::Accepted { at, points } if *at < tree_size && self.withdrawn.is_none_or(|at| at >= tree_size) => {
                Some((self.party, points))
            }
            _ => None,
        }
    }

    /// Returns the outcome as it was when the ledger had `tree_size` entries.
    pub(super) fn outcome_at(&self, tree_size: u64) -> &Outcome {
        // Only what is CLAIMED is judged, so that the last judgement is the one that decided.
        match self.judgements.last() {
            Some(last) if last.index < tree_size => &self.outcome,
            _ => &Outcome::Claimed,
        }
    }

    /// Returns where it stood when the ledger had `tree_size` entries, `cut_off` of them settled.
    pub(super) fn state_at(&self, cut_off: u64, tree_size: u64) -> ContributionState {
        if self.withdrawn.is_some_and(|at| at < tree_size) {
            return ContributionState::Withdrawn;
        }
        if self.decided.as_ref().is_some_and(|decided| decided.at < tree_size) {
            return ContributionState::Corrected;
        }
        match self.outcome_at(tree_size) {
            Outcome::Claimed => ContributionState::Claimed,
            Outcome::Rejected => ContributionState::Rejected,
            Outcome::ChangesRequested => ContributionState::ChangesRequested,
            Outcome::Accepted { at, .. } if *at < cut_off => ContributionState::Final,
            Outcome::Accepted { .. } => ContributionState::Accepted,
        }
    }

    /// Writes it as it was when the ledger had `tree_size` entries, `cut_off` of them settled.
    pub(super) fn view<'a>(
        &'a self,
        index: u64,
        (id, admitted, contribution): (StatementId, Timestamp, &'a Contribution),
        (cut_off, tree_size): (u64, u64),
    ) -> ContributionView<'a> {
        let judgements = self.judgements.partition_point(|judgement| judgement.index < tree_size);
        ContributionView {
            id,
            index,
            admitted,
            party: self.party,
            dimension: self.dimension,
            contribution,
            state: self.state_at(cut_off, tree_size),
            judgements: &self.judgements[..judgements],
            points: self.counted_at(tree_size).map(|(_, points)| points),
            counts_for: self.counted_at(tree_size).map(|(party, _)| party),
            decided: self.decided.as_deref().map(|decided| decided.at).filter(|at| *at < tree_size),
            challenged: self.is_challenged_at(tree_size),
        }
    }
}

impl Default for Claims {
    fn default() -> Self {
        Self { sum: Exact::ZERO, denominator: UBig::ONE }
    }
}

impl Claims {
    pub(super) fn add(&mut self, fraction: Ratio) {
        let fraction = fraction.exact();
        self.denominator = joint_denominator(&self.denominator, fraction.denominator());
        self.sum += fraction;
    }

    pub(super) fn take(&mut self, fraction: Ratio) {
        self.sum -= fraction.exact();
        if self.sum == Exact::ZERO {
            *self = Self::default();
        }
    }

    /// Checks that one more may claim so much.
    pub(super) fn check(&self, artifact: ArtifactDigest, fraction: Ratio) -> Result<(), ContributionRefusal> {
        let fraction = fraction.exact();
        if &self.sum + &fraction > Exact::ONE {
            let (claimed, others) = (exact_text(&fraction), exact_text(&self.sum));
            return Err(ContributionRefusal::Overclaim { artifact, claimed, others });
        }
        let bits = joint_denominator(&self.denominator, fraction.denominator()).bit_len();
        if bits > ARTIFACT_DENOMINATOR_BITS_MAX {
            return Err(ContributionRefusal::ArtifactTooFine { artifact, bits });
        }
        Ok(())
    }
}

impl Contributions {
    pub(super) fn new(terms: &Terms) -> Self {
        let denominators = vec![UBig::ONE; terms.dimensions.len()];
        Self {
            slots: Shelf::default(),
            by_id: HashMap::new(),
            absent: HashSet::new(),
            claims: Shelf::default(),
            denominators,
        }
    }

    pub(super) fn index_of(&self, id: StatementId) -> Option<u64> {
        self.by_id.get(&id).copied()
    }

    pub(super) fn find(&self, contribution: StatementId) -> Result<(u64, &Slot), ContributionRefusal> {
        let index = self.by_id.get(&contribution).copied();
        let found = index.and_then(|index| Some((index, self.slots.get(&index)?)));
        found.ok_or(ContributionRefusal::UnknownContribution { contribution })
    }

    /// `whole`: whether whole statements are remembered.
    pub(super) fn apply(&mut self, entry: Entry, change: Change, books: &mut Books, whole: bool) {
        match change {
            Change::Claimed { party, unit, dimension, contribution } => {
                let task = contribution.task.clone();
                let claimed = Claimed::Whole(Box::new(Whole { id: entry.id, admitted: entry.at, said: *contribution }));
                let slot = Slot {
                    party,
                    unit,
                    dimension,
                    claimed: if whole { claimed } else { claimed.brief() },
                    judgements: Vec::new(),
                    outcome: Outcome::Claimed,
                    withdrawn: None,
                    task,
                    accepted: None,
                    challenges: Vec::new(),
                    admitted: entry.at,
                    decided: None,
                };
                slot.claimed.artifacts().for_each(|(artifact, fraction)| self.claim(artifact, fraction));
                self.by_id.insert(entry.id, entry.index);
                self.absent.remove(&entry.id);
                self.slots.put(entry.index, slot);
            }
            Change::Withdrawn { index } => {
                let slot = self.slots.change(&index).expect("what was admitted is at hand");
                slot.withdrawn = Some(entry.index);
                if let Outcome::Accepted { points, .. } = &slot.outcome {
                    books.discount(entry.index, slot.party, slot.dimension, points.clone());
                }
                self.release(index);
            }
            Change::Judged(judged) => attestation::apply(self, entry, judged, books),
        }
    }

    fn claim(&mut self, artifact: ArtifactDigest, fraction: Ratio) {
        match self.claims.change(&artifact) {
            Some(claims) => claims.add(fraction),
            None => {
                let mut claims = Claims::default();
                claims.add(fraction);
                self.claims.put(artifact, claims);
            }
        }
    }

    /// Claims the artifacts of a contribution that gave them back.
    pub(super) fn claim_again(&mut self, index: u64) {
        let Some(slot) = self.slots.get(&index) else { return };
        let artifacts: Vec<_> = slot.claimed.artifacts().collect();
        artifacts.into_iter().for_each(|(artifact, fraction)| self.claim(artifact, fraction));
    }

    /// Gives the artifacts of a contribution that no longer lives back to others.
    pub(super) fn release(&mut self, index: u64) {
        let Some(slot) = self.slots.get(&index) else { return };
        for (artifact, fraction) in slot.claimed.artifacts() {
            if let Some(claims) = self.claims.change(&artifact) {
                claims.take(fraction);
                if claims.sum == Exact::ZERO {
                    self.claims.remove(&artifact);
                }
            }
        }
    }

    fn check_claim(&self, artifact: ArtifactDigest, fraction: Ratio) -> Result<(), ContributionRefusal> {
        self.claims.get(&artifact).map_or(Ok(()), |claims| claims.check(artifact, fraction))
    }

    /// Makes room for the dimensions of new terms.
    pub(super) fn widen(&mut self, terms: &Terms) {
        self.denominators.resize(terms.dimensions.len(), UBig::ONE);
    }
}

impl Agreement {
    pub(super) fn apply_contribution(&mut self, entry: Entry, signer: PublicKey, change: Change, whole: bool) {
        match &change {
            Change::Claimed { party, unit, dimension, contribution } => {
                let max = self.terms().daily_claims_max;
                self.keyring.claimed(signer, entry.at, max);
                let (party, unit, dimension, quantity) = (*party, *unit, *dimension, contribution.quantity);
                self.open_claim(entry, OpenClaim { admitted: entry.at, party, unit, dimension, quantity });
                self.contributions.apply(entry, change, &mut self.books, whole);
            }
            Change::Withdrawn { index } => {
                let index = *index;
                self.close_claim(entry, index);
                self.give_budget_back(index);
                // Who takes back what others challenge concedes.
                self.end_challenges(entry, index);
                self.note_late_withdrawal(entry, index);
                self.contributions.apply(entry, change, &mut self.books, whole);
            }
            Change::Judged(judged) => {
                let (entries, uses) = (judged.entries(), judged.uses());
                self.contributions.apply(entry, change, &mut self.books, whole);
                self.use_budgets(uses);
                entries.into_iter().for_each(|index| self.judged(entry, index));
            }
        }
    }

    /// Notes that the contribution in entry `index` is withdrawn after the cut-off of a settlement that will still count it.
    fn note_late_withdrawal(&mut self, entry: Entry, index: u64) {
        let Some((_, cut_off)) = self.closed_periods().last() else { return };
        let Some(Slot { party, dimension, outcome: Outcome::Accepted { at, points }, .. }) =
            self.contributions.slots.get(&index)
        else {
            return;
        };
        if *at < cut_off {
            self.books.withdrawn_late((entry.index, *at), *dimension, Some((*party, points.clone())));
        }
    }

    /// Notes what a judgement did to the contribution in entry `index`, if that decided it.
    fn judged(&mut self, entry: Entry, index: u64) {
        let challenges = self.terms_at(index).windows.challenge > 0;
        let Some(slot) = self.contributions.slots.change(&index) else { return };
        match slot.outcome {
            Outcome::Claimed => return,
            Outcome::Accepted { .. } if challenges => slot.accepted = Some(entry.at),
            Outcome::Accepted { .. } | Outcome::Rejected | Outcome::ChangesRequested => {}
        }
        self.close_claim(entry, index);
    }

    /// Returns every contribution in ledger order.
    ///
    /// # Panics
    ///
    /// If something was forgotten: then they are read as [`super::put_away`] says.
    pub fn contributions(&self) -> impl Iterator<Item = ContributionView<'_>> {
        self.contributions_from(0)
    }

    /// Returns the contributions in entries from `index` on, in ledger order.
    ///
    /// # Panics
    ///
    /// As [`Self::contributions`].
    pub fn contributions_from(&self, index: u64) -> impl Iterator<Item = ContributionView<'_>> {
        self.assert_whole();
        let slots = self.contributions.slots.range(index..);
        slots.filter_map(|(index, slot)| self.contribution_view(*index, slot))
    }

    /// Returns one contribution.
    ///
    /// # Panics
    ///
    /// As [`Self::contributions`].
    #[must_use]
    pub fn contribution(&self, id: &StatementId) -> Option<ContributionView<'_>> {
        self.assert_whole();
        self.contributions.find(*id).ok().and_then(|(index, slot)| self.contribution_view(index, slot))
    }

    /// Returns the unit of a contribution, under the terms at its own place.
    pub(super) fn unit_of(&self, index: u64, slot: &Slot) -> (&Unit, &UnitEntry) {
        self.versions.unit(index, slot.unit).expect("a unit was found when the contribution was claimed")
    }

    fn contribution_view<'a>(&self, index: u64, slot: &'a Slot) -> Option<ContributionView<'a>> {
        match &slot.claimed {
            Claimed::Whole(whole) => {
                let entry = (whole.id, whole.admitted, &whole.said);
                Some(slot.view(index, entry, (self.books.cut_off(), u64::MAX)))
            }
            Claimed::Brief(_) => None,
        }
    }

    pub(super) fn claim(&self, said: Said<'_>, body: &Contribution) -> Result<Change, Refusal> {
        let party = said.speaker.party;
        if self.directory().party(&body.party) != Some(party) {
            let (named, party) = (body.party.clone(), self.party_name(party));
            return Err(ContributionRefusal::NotYourParty { named, party }.into());
        }
        self.keyring.check_claims(said.speaker.key, said.at, self.terms().daily_claims_max)?;
        if self.has_left(party) {
            return Err(ChangeRefusal::PartyLeft { party: self.party_name(party) }.into());
        }
        let Some(unit) = self.directory().unit(&body.unit) else {
            return Err(ContributionRefusal::UnknownUnit { unit: body.unit.clone() }.into());
        };
        if body.work_end > said.at {
            return Err(ContributionRefusal::WorkInFuture { work_end: body.work_end, at: said.at }.into());
        }
        if let Some(days_max) = self.terms().back_date_days_max
            && body.work_end < said.at.days_earlier(days_max)
        {
            return Err(ContributionRefusal::WorkTooOld { work_end: body.work_end, at: said.at, days_max }.into());
        }
        self.check_worked(body.work_start, body.work_end)?;
        for artifact in &body.artifacts {
            self.contributions.check_claim(artifact.digest, artifact.fraction)?;
            self.check_no_cost(artifact.digest)?;
        }
        self.check_task(party, body)?;
        self.check_open_claims(party)?;
        let (unit, dimension) = (unit.position, unit.dimension);
        Ok(Change::Claimed { party, unit, dimension, contribution: Box::new(body.clone()) })
    }

    pub(super) fn withdraw(&self, said: Said<'_>, body: &ContributionWithdrawal) -> Result<Change, Refusal> {
        let contribution = body.contribution;
        let (index, slot) = self.contributions.find(contribution)?;
        if slot.party != said.speaker.party {
            let (claimant, party) = (self.party_name(slot.party), self.party_name(said.speaker.party));
            return Err(ContributionRefusal::NotClaimant { contribution, claimant, party }.into());
        }
        self.check_undisputed(index, contribution)?;
        let settled_size = self.books.cut_off();
        match slot.state(settled_size) {
            ContributionState::Claimed | ContributionState::Accepted | ContributionState::ChangesRequested => {
                Ok(Change::Withdrawn { index })
            }
            ContributionState::Final | ContributionState::Corrected => {
                Err(ContributionRefusal::ContributionFinal { contribution, settled_size }.into())
            }
            state @ (ContributionState::Rejected | ContributionState::Withdrawn) => {
                Err(ContributionRefusal::ContributionGone { contribution, state }.into())
            }
        }
    }
}
