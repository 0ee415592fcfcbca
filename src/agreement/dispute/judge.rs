//! What may be said in a dispute.

use std::collections::BTreeSet;

use crate::{
    agreement::{
        Agreement, Said,
        change::Parting,
        contribution::Outcome as Judged,
        dispute::{
            Case, Change, DISPUTED_ENTRIES_MAX, DISPUTES_MAX, Disputes, EVIDENCE_MAX, Given, OPEN_DISPUTES_MAX,
            subject::{After, Stands, Subject},
            together::Together,
        },
        motion::Quorum,
        refusal::{Refusal, change::ChangeRefusal, dispute::DisputeRefusal},
        settle::CameIn,
    },
    split::{Exact, Ratio},
    statement::{
        Body,
        dispute::{Dispute, Evidence, Outcome, Remedy, Ruling},
        id::StatementId,
        rules::Windows,
    },
    time::Timestamp,
};

impl Agreement {
    pub(in crate::agreement) fn judge_dispute(&self, said: Said<'_>, body: &Body) -> Result<Change, Refusal> {
        match body {
            Body::Dispute(body) => self.open_dispute(said, body),
            Body::Evidence(body) => self.give_evidence(said, body),
            Body::Ruling(body) => self.rule(said, body),
            _ => unreachable!("only disputes, evidence and rulings come here"),
        }
    }

    fn open_dispute(&self, said: Said<'_>, body: &Dispute) -> Result<Change, Refusal> {
        let party = said.speaker.party;
        if self.disputes.over.iter().any(|ended| ended.id == said.id) || self.disputes.open.contains_key(&said.id) {
            return Err(DisputeRefusal::AlreadyDisputed { subject: said.id }.into());
        }
        self.check_room_to_dispute(party, body.outcomes.len())?;
        let mut subjects = Vec::with_capacity(body.outcomes.len());
        let mut together = Together::default();
        let mut sides = vec![party];
        let mut concerns_all = false;
        for Outcome { subject, remedy } in &body.outcomes {
            let subject = self.subject(*subject, remedy, said.at, &mut together)?;
            sides.push(subject.stands.owner());
            if let Some(after) = subject.stands.after(remedy, self.terms()) {
                concerns_all |= self.concerns_all(&subject.stands, &after);
                if let After::Points(Some((to, _))) = after {
                    sides.push(to);
                }
            }
            subjects.push(subject);
        }
        self.check_sums(&together)?;
        self.check_raised(&together)?;
        sides.sort_unstable();
        sides.dedup();
        // Nobody settles with itself alone, nor at the cost of who is not asked, whether that has left or not.
        if concerns_all || sides.len() < 2 {
            sides = (0..self.terms().parties.len()).collect();
        }
        let (id, index, opened, evidence) = (said.id, said.index, said.at, Vec::new());
        let attestors = self.attestors_of(&subjects);
        Ok(Change::Opened(Box::new(Case { id, index, opened, party, sides, attestors, subjects, evidence })))
    }

    /// Checks that a party may dispute so many entries more.
    fn check_room_to_dispute(&self, party: usize, more: usize) -> Result<(), DisputeRefusal> {
        let Disputes { open, over, made, .. } = &self.disputes;
        let own = || open.values().filter(|case| case.party == party);
        let (ever, waiting) = (made.of(party), own().count());
        if waiting >= OPEN_DISPUTES_MAX || ever >= DISPUTES_MAX {
            let party = self.party_name(party);
            return Err(DisputeRefusal::TooMany { party, open: waiting, ever, max: OPEN_DISPUTES_MAX });
        }
        let since = over.iter().rev().take_while(|ended| ended.at >= self.books.cut_off());
        let ended = since.filter(|ended| ended.party == party).map(|ended| ended.entries);
        let entries = own().map(|case| case.subjects.len()).chain(ended).fold(more, usize::saturating_add);
        if entries > DISPUTED_ENTRIES_MAX {
            let party = self.party_name(party);
            return Err(DisputeRefusal::TooManyEntries { party, entries, max: DISPUTED_ENTRIES_MAX });
        }
        Ok(())
    }

    /// Returns the parties that have judged what is disputed, ascending.
    fn attestors_of(&self, subjects: &[Subject]) -> Vec<usize> {
        let slots = subjects.iter().filter_map(|subject| self.contributions.slots.get(&subject.index));
        let judges: BTreeSet<usize> = slots.flat_map(|slot| &slot.judgements).map(|judged| judged.party).collect();
        judges.into_iter().collect()
    }

    /// Whether an outcome could take something from parties whose entry it is not: more points for somebody, less of a benefit, more of
    /// a cost, or work of one that weighs more as another's. Where party coefficients differ, or only a part of the owner's points
    /// counts, any change of work may.
    pub(super) fn concerns_all(&self, stands: &Stands, after: &After) -> bool {
        match (stands, after) {
            (Stands::Contribution { party, dimension, points, .. }, After::Points(counts)) => {
                let weight = |party: usize| self.terms().dimensions[*dimension].coefficients[party];
                let weighs_more = |to: usize, counts: &Exact| {
                    points.as_ref().is_none_or(|points| counts > points)
                        || (to != *party && weight(to) != weight(*party))
                };
                match (points, counts) {
                    (None, None) => false,
                    (Some(stands), Some((to, counts))) if to == party && counts == stands => false,
                    (_, counts) => {
                        self.weighs_apart(*party)
                            || counts.as_ref().is_some_and(|(to, counts)| weighs_more(*to, counts))
                    }
                }
            }
            (Stands::Benefit { amount, .. }, After::Amount(after)) => after < amount,
            (Stands::Cost { amount, .. }, After::Amount(after)) => after > amount,
            _ => true,
        }
    }

    /// Whether the points of a party count otherwise than those of others.
    fn weighs_apart(&self, party: usize) -> bool {
        let mut coefficients = self.terms().parties.iter().map(|party| party.coefficient);
        let first = coefficients.next();
        let in_part = |parting: &Parting| parting.party == party && parting.factor != Ratio::ONE;
        coefficients.any(|coefficient| Some(coefficient) != first) || self.partings.iter().any(in_part)
    }

    /// Whose acceptance an offer needs: the sides', or everybody's if it could take something from others.
    pub(in crate::agreement) fn quorum_of_offer(
        &self,
        dispute: StatementId,
        outcomes: &[Outcome],
    ) -> Result<Quorum, DisputeRefusal> {
        let case = self.find_case(dispute)?;
        let concerns_all = case.subjects.iter().zip(outcomes).any(|(subject, outcome)| {
            let after = subject.stands.after(&outcome.remedy, self.terms());
            after.is_some_and(|after| self.concerns_all(&subject.stands, &after))
        });
        Ok(if concerns_all { Quorum::All } else { Quorum::These(case.sides.clone()) })
    }

    fn subject(
        &self,
        id: StatementId,
        sought: &Remedy,
        at: Timestamp,
        together: &mut Together,
    ) -> Result<Subject, Refusal> {
        let (index, admitted, stands) = self.what_stands(id)?;
        if self.disputes.disputed.contains_key(&index) {
            return Err(DisputeRefusal::AlreadyDisputed { subject: id }.into());
        }
        let days = match self.terms().windows.audit {
            0 => Windows::AUDIT_DAYS,
            days => days,
        };
        if self.course.window_over(admitted, days, at) {
            return Err(DisputeRefusal::BeyondAudit { subject: id, admitted, days }.into());
        }
        let now = stands.after(&Remedy::Stand, self.terms());
        match stands.after(sought, self.terms()) {
            None => Err(DisputeRefusal::RemedyUnfit { subject: id }.into()),
            after if after == now => Err(DisputeRefusal::NothingSought { subject: id }.into()),
            Some(after) => {
                self.check_outcome((id, index), &stands, &after, together)?;
                Ok(Subject { id, index, stands, sought: sought.clone() })
            }
        }
    }

    /// Returns the entry of what is disputed, when it was admitted, and what it counts.
    pub(super) fn what_stands(&self, id: StatementId) -> Result<(u64, Timestamp, Stands), DisputeRefusal> {
        if let Ok((index, slot)) = self.contributions.find(id) {
            if slot.decided.is_some() {
                return Err(DisputeRefusal::AlreadyDecided { subject: id });
            }
            if slot.withdrawn.is_some() {
                return Err(DisputeRefusal::NotDisputable { subject: id });
            }
            let (unit, _) = self.unit_of(index, slot);
            let full = slot.claimed.quantity().exact() * unit.points.exact();
            let judged = || slot.judgements.last().map(|judgement| judgement.index);
            let (from, points) = match &slot.outcome {
                Judged::Accepted { at, points } => (Some(*at), Some(points.clone())),
                Judged::Rejected | Judged::ChangesRequested => (judged(), None),
                Judged::Claimed if self.books.doubt_about(index).is_some() => (None, None),
                Judged::Claimed => return Err(DisputeRefusal::NotDisputable { subject: id }),
            };
            let (party, dimension) = (slot.party, slot.dimension);
            return Ok((index, slot.admitted, Stands::Contribution { party, dimension, from, points, full }));
        }
        if let Ok((index, slot)) = self.benefits.find(id) {
            if slot.decided.is_some() {
                return Err(DisputeRefusal::AlreadyDecided { subject: id });
            }
            let Some(at) = slot.confirmed else { return Err(DisputeRefusal::NotDisputable { subject: id }) };
            let came_in = CameIn { currency: slot.currency, stream: slot.stream, at };
            let (reporter, amount, reversed) = (slot.reporter, slot.amount, slot.reversed);
            return Ok((index, slot.admitted, Stands::Benefit { reporter, came_in, amount, reversed }));
        }
        if let Some(cost) = self.money.cost(id) {
            if cost.decided {
                return Err(DisputeRefusal::AlreadyDecided { subject: id });
            }
            let Some(from) = cost.confirmed else { return Err(DisputeRefusal::NotDisputable { subject: id }) };
            let stands = Stands::Cost { party: cost.party, currency: cost.currency, from, amount: cost.amount };
            return Ok((cost.index, cost.reported, stands));
        }
        Err(DisputeRefusal::UnknownSubject { subject: id })
    }

    fn give_evidence(&self, said: Said<'_>, body: &Evidence) -> Result<Change, Refusal> {
        let case = self.find_case(body.dispute)?;
        // No party's key: the mediator's.
        let party = Some(said.speaker.party).filter(|party| *party < self.terms().parties.len());
        if let Some(party) = party.filter(|party| !case.sides.contains(party) && !case.attestors.contains(party)) {
            return Err(DisputeRefusal::NotASide { dispute: case.id, party: self.party_name(party) }.into());
        }
        let days = self.terms().windows.evidence;
        if days > 0 && self.course.window_over(case.opened, days, said.at) {
            return Err(DisputeRefusal::EvidenceLate { dispute: case.id, days }.into());
        }
        let own = || case.evidence.iter().filter(|given| given.party == party);
        if own().any(|given| given.digest == body.digest) {
            return Err(DisputeRefusal::EvidenceTwice { dispute: case.id, digest: body.digest }.into());
        }
        if own().count() >= EVIDENCE_MAX {
            return Err(DisputeRefusal::TooMuchEvidence { dispute: case.id, max: EVIDENCE_MAX }.into());
        }
        let given = Given { index: said.index, party, digest: body.digest };
        Ok(Change::Evidence { dispute: case.id, given })
    }

    fn rule(&self, said: Said<'_>, body: &Ruling) -> Result<Change, Refusal> {
        let signer = said.speaker.key;
        if self.appointed.is_none() {
            return Err(ChangeRefusal::NoMediator.into());
        }
        if !self.mediates(signer) {
            return Err(ChangeRefusal::NotMediator { signer }.into());
        }
        let case = self.find_case(body.dispute)?;
        self.check_outcomes(case, &body.outcomes)?;
        for (subject, outcome) in case.subjects.iter().zip(&body.outcomes) {
            if !subject.allows(&outcome.remedy, self.terms()) {
                return Err(DisputeRefusal::OutsidePositions { subject: subject.id }.into());
            }
        }
        self.check_claims_moved(case, &body.outcomes)?;
        let computed = self.effect_of(case, &body.outcomes)?.digest;
        if computed != body.effect {
            return Err(ChangeRefusal::EffectMismatch { stated: body.effect, computed }.into());
        }
        Ok(Change::Ruled { dispute: case.id, outcomes: body.outcomes.clone() })
    }

    pub(in crate::agreement) fn check_offer(&self, dispute: StatementId, outcomes: &[Outcome]) -> Result<(), Refusal> {
        let case = self.find_case(dispute)?;
        self.check_outcomes(case, outcomes)?;
        self.check_claims_moved(case, outcomes)?;
        // What cannot be computed cannot be settled: it could not be decided otherwise any more.
        self.account_after(case, outcomes).map(drop)
    }

    /// Checks that there is one outcome for each subject, of a kind that fits it, and that all together can be computed.
    pub(super) fn check_outcomes(&self, case: &Case, outcomes: &[Outcome]) -> Result<(), Refusal> {
        let same = case.subjects.iter().map(|subject| subject.id).eq(outcomes.iter().map(|outcome| outcome.subject));
        if !same {
            return Err(DisputeRefusal::OtherSubjects { dispute: case.id }.into());
        }
        let mut together = Together::default();
        for (subject, outcome) in case.subjects.iter().zip(outcomes) {
            let after = subject.stands.after(&outcome.remedy, self.terms());
            let after = after.ok_or(DisputeRefusal::RemedyUnfit { subject: subject.id })?;
            self.check_outcome((subject.id, subject.index), &subject.stands, &after, &mut together)?;
        }
        Ok(self.check_sums(&together)?)
    }

    pub(in crate::agreement) fn find_case(&self, dispute: StatementId) -> Result<&Case, DisputeRefusal> {
        self.disputes.open.get(&dispute).ok_or(DisputeRefusal::UnknownDispute { dispute })
    }

    /// Checks that an offer is made by a side.
    pub(in crate::agreement) fn check_side(&self, dispute: StatementId, party: usize) -> Result<(), DisputeRefusal> {
        let case = self.find_case(dispute)?;
        if case.sides.contains(&party) {
            return Ok(());
        }
        Err(DisputeRefusal::NotASide { dispute, party: self.party_name(party) })
    }

    /// Checks that nobody disputes an entry.
    pub(in crate::agreement) fn check_undisputed(
        &self,
        index: u64,
        subject: StatementId,
    ) -> Result<(), DisputeRefusal> {
        match self.disputes.disputed.get(&index) {
            Some(dispute) => Err(DisputeRefusal::Disputed { subject, dispute: *dispute }),
            None => Ok(()),
        }
    }
}
