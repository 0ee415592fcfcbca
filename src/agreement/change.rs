//! Changes of the agreement itself: what may be moved, and what it does once it is accepted.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{
    agreement::{
        Agreement, Entry, Said,
        benefit::Benefits,
        contribution::Contributions,
        directory::Directory,
        dispute::{self, End},
        keyring::{GRANTED_KEYS_MAX, Granted},
        motion::{self, Amended, Matter, Motion, Quorum},
        negotiation::Negotiation,
        refusal::{Refusal, change::ChangeRefusal, terms::TermsFault},
        settle::Books,
        state::Phase,
        terms,
        versions::{Coming, Version},
    },
    keys::PublicKey,
    split::Ratio,
    statement::{
        change::{CounterProposal, KeyGrant, MediatorConsent, TrialVerdict, Withdrawal},
        id::StatementId,
        rules::{Guarantee, Mediator},
        terms::Terms,
        work::Contingency,
    },
    time::Timestamp,
};

/// A party that leaves or has left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parting {
    /// The position of the party.
    pub party: usize,
    /// When it leaves.
    pub leaves: Timestamp,
    /// What of its points counts from then on.
    pub factor: Ratio,
    /// Whether the time has come.
    pub(super) gone: bool,
}

/// Who decides disputes, and what it said of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Appointed {
    /// The mediator.
    pub mediator: Mediator,
    /// Conflicts of interest that it declared; without, it has not consented yet.
    pub conflicts: Option<String>,
}

impl Agreement {
    /// Returns who decides disputes.
    #[must_use]
    pub const fn appointed(&self) -> Option<&Appointed> {
        self.appointed.as_ref()
    }

    /// Returns the parties that leave or have left.
    #[must_use]
    pub fn partings(&self) -> &[Parting] {
        &self.partings
    }

    pub(super) fn mediator(&self) -> Option<&Mediator> {
        self.appointed.as_ref().map(|appointed| &appointed.mediator)
    }

    /// Whether a key is that of a mediator who has consented.
    pub(super) fn mediates(&self, key: PublicKey) -> bool {
        let consented = self.appointed.as_ref().filter(|appointed| appointed.conflicts.is_some());
        consented.is_some_and(|appointed| appointed.mediator.keys.contains(&key))
    }

    /// Whether a party has left.
    #[must_use]
    pub fn has_left(&self, party: usize) -> bool {
        self.partings.iter().any(|parting| parting.party == party && parting.gone)
    }

    pub(super) fn quorum_of(&self, matter: &Matter) -> Result<Quorum, Refusal> {
        Ok(match matter {
            Matter::KeyGrant { .. } | Matter::KeyRevocation { .. } | Matter::Exit { .. } => Quorum::Own,
            Matter::RiskAssessment(_) | Matter::Contingency(_) => Quorum::Another,
            Matter::Offer { dispute, outcomes } => self.quorum_of_offer(*dispute, outcomes)?,
            Matter::Plan(_)
            | Matter::Amendment(_)
            | Matter::TrialResult(_)
            | Matter::Suspension
            | Matter::Resumption
            | Matter::MediatorReplacement(_)
            | Matter::Close => Quorum::All,
        })
    }

    /// Checks that what `mover` moves is possible at `at`: when it is moved, and again when it is complete.
    pub(super) fn check_matter(&self, mover: usize, matter: &Matter, at: Timestamp) -> Result<(), Refusal> {
        if self.has_left(mover)
            && !matches!(matter, Matter::Offer { .. } | Matter::KeyGrant { .. } | Matter::KeyRevocation { .. })
        {
            return Err(ChangeRefusal::PartyLeft { party: self.party_name(mover) }.into());
        }
        match matter {
            Matter::Plan(plan) => self.check_plan(plan)?,
            Matter::Contingency(contingency) => self.check_contingency(mover, contingency)?,
            Matter::RiskAssessment(assessment) => self.check_assessment(mover, assessment)?,
            Matter::Amendment(amended) => self.check_amendment(amended, at)?,
            Matter::KeyGrant { key, expires, .. } => self.check_grant(mover, *key, *expires, at)?,
            Matter::KeyRevocation { key } => self.check_revocation(mover, *key, at)?,
            Matter::Exit { leaves } => self.check_exit(mover, *leaves, at)?,
            Matter::TrialResult(verdict) => self.check_trial_result(*verdict)?,
            Matter::Suspension | Matter::Resumption => {}
            Matter::MediatorReplacement(mediator) => self.check_mediator(mediator, self.terms())?,
            Matter::Close => self.check_close()?,
            Matter::Offer { dispute, outcomes } => self.check_offer(*dispute, outcomes)?,
        }
        Ok(())
    }

    fn check_amendment(&self, amended: &Amended, at: Timestamp) -> Result<(), Refusal> {
        let live = self.versions.current().id;
        if amended.replaces != live {
            return Err(ChangeRefusal::TermsReplaced { live, named: amended.replaces }.into());
        }
        if let Some(coming) = &self.versions.coming {
            return Err(ChangeRefusal::AmendmentPending { pending: coming.id }.into());
        }
        if let Some(effective) = amended.effective.filter(|effective| *effective < at) {
            return Err(ChangeRefusal::EffectiveInPast { effective, at }.into());
        }
        self.check_continued(&amended.terms)?;
        terms::check(&amended.terms)?;
        self.check_thresholds(&amended.terms, at)?;
        self.check_guarantors(&amended.terms)?;
        // Terms that leave the mediator as it was leave who is appointed.
        let stays = amended.terms.mediator == self.terms().mediator;
        let mediator = if stays { self.mediator() } else { amended.terms.mediator.as_ref() };
        mediator.map_or(Ok(()), |mediator| self.check_mediator(mediator, &amended.terms))?;
        match amended.retroactive {
            Some(stated) => self.check_retroactive(&amended.terms, stated),
            None => Ok(()),
        }
    }

    /// Checks that nobody who has left guarantees more than it did.
    fn check_guarantors(&self, after: &Terms) -> Result<(), ChangeRefusal> {
        let now = &self.terms().waterfall.guarantees;
        let bears = |guarantee: &Guarantee| {
            let same = |now: &&Guarantee| {
                (&now.party, &now.guarantor, &now.currency)
                    == (&guarantee.party, &guarantee.guarantor, &guarantee.currency)
            };
            now.iter().find(same).is_some_and(|now| now.amount >= guarantee.amount)
        };
        for guarantee in after.waterfall.guarantees.iter().filter(|guarantee| !bears(guarantee)) {
            if let Some(party) = self.directory().party(&guarantee.guarantor) {
                self.check_stays(party)?;
            }
        }
        Ok(())
    }

    /// Checks that terms go on where the present ones are: what the books keep by position stays at its position.
    pub(super) fn check_continued(&self, after: &Terms) -> Result<(), ChangeRefusal> {
        let now = self.terms();
        let begins = |what: &'static str, same: bool| match same {
            true => Ok(()),
            false => Err(ChangeRefusal::TermsNotContinued { what }),
        };
        self.check_continued_parties(after)?;
        let mut dimensions = now.dimensions.iter().zip(&after.dimensions);
        let same = dimensions.all(|(now, after)| now.name == after.name);
        begins("dimensions", after.dimensions.len() >= now.dimensions.len() && same)?;
        let mut currencies = now.currencies.iter().zip(&after.currencies);
        let same = currencies.all(|(now, after)| now == after);
        begins("currencies", after.currencies.len() >= now.currencies.len() && same)?;
        let mut streams = now.streams.iter().zip(&after.streams);
        let same = streams.all(|(now, after)| now.name == after.name && now.collector == after.collector);
        begins("streams", after.streams.len() >= now.streams.len() && same)?;
        let mut fees = now.waterfall.fees.iter().zip(&after.waterfall.fees);
        let same = fees.all(|(now, after)| now.name == after.name && now.currency == after.currency);
        begins("fees", after.waterfall.fees.len() >= now.waterfall.fees.len() && same)?;
        begins("calendar", now.calendar == after.calendar)?;
        let newcomers = after.parties.iter().skip(now.parties.len()).flat_map(|party| &party.keys);
        match newcomers.into_iter().find(|key| self.keyring.knows(self.directory(), key.key)) {
            Some(key) => Err(ChangeRefusal::KeyUsed { key: key.key }),
            None => Ok(()),
        }
    }

    /// Nobody may put other keys in the place of a party's, nor another party in its place.
    fn check_continued_parties(&self, after: &Terms) -> Result<(), ChangeRefusal> {
        let now = self.terms();
        let mut parties = now.parties.iter().zip(&after.parties);
        let same = parties.all(|(now, after)| now.name == after.name && now.keys == after.keys);
        if after.parties.len() < now.parties.len() || !same {
            return Err(ChangeRefusal::TermsNotContinued { what: "parties" });
        }
        Ok(())
    }

    pub(super) fn check_mediator(&self, mediator: &Mediator, terms: &Terms) -> Result<(), ChangeRefusal> {
        let listed = terms.parties.iter().flat_map(|party| &party.keys).map(|key| key.key);
        let granted = self.keyring.granted.keys().copied();
        let mut parties = listed.chain(granted);
        match parties.find(|key| mediator.keys.contains(key)) {
            Some(key) => Err(ChangeRefusal::MediatorIsParty { key }),
            None => Ok(()),
        }
    }

    fn check_grant(
        &self,
        mover: usize,
        key: PublicKey,
        expires: Option<Timestamp>,
        at: Timestamp,
    ) -> Result<(), ChangeRefusal> {
        let mediators = self.mediator().is_some_and(|mediator| mediator.keys.contains(&key));
        if mediators || self.keyring.knows(self.directory(), key) {
            return Err(ChangeRefusal::KeyUsed { key });
        }
        if let Some(expires) = expires.filter(|expires| *expires < at) {
            return Err(ChangeRefusal::ExpiryInPast { expires, at });
        }
        if self.keyring.granted_to(mover) >= GRANTED_KEYS_MAX {
            return Err(ChangeRefusal::TooManyKeys { party: self.party_name(mover), max: GRANTED_KEYS_MAX });
        }
        Ok(())
    }

    fn check_revocation(&self, mover: usize, key: PublicKey, at: Timestamp) -> Result<(), ChangeRefusal> {
        let speaker = self.keyring.speaker(self.directory(), key).filter(|speaker| speaker.party == mover);
        if speaker.is_none() {
            return Err(ChangeRefusal::KeyNotYours { key, party: self.party_name(mover) });
        }
        if self.keyring.revoked.contains(&key) {
            return Err(ChangeRefusal::KeyRevoked { key });
        }
        let governing = || self.keyring.govern_keys(self.directory(), mover, at);
        // Without a key that does not govern, or not any more, as much is accepted as before.
        if !governing().any(|governing| governing == key) {
            return Ok(());
        }
        let others = governing().filter(|governing| *governing != key).count();
        self.check_enough_keys(mover, others, self.terms().parties[mover].govern_threshold)
    }

    fn check_enough_keys(&self, party: usize, left: usize, needed: u32) -> Result<(), ChangeRefusal> {
        if u32::try_from(left).is_ok_and(|left| left < needed) {
            return Err(ChangeRefusal::KeysTooFew { party: self.party_name(party), left, needed });
        }
        Ok(())
    }

    /// Checks that no party would need more keys than it has left.
    fn check_thresholds(&self, after: &Terms, at: Timestamp) -> Result<(), ChangeRefusal> {
        for (party, (now, after)) in self.terms().parties.iter().zip(&after.parties).enumerate() {
            let (before, needed) = (now.govern_threshold, after.govern_threshold);
            if needed > before {
                let left = self.keyring.govern_keys(self.directory(), party, at).count();
                self.check_enough_keys(party, left, needed)?;
            }
        }
        Ok(())
    }

    /// Checks the signature of a new key over its own grant to the party that moves it. Only when it is moved: what it covers never
    /// changes.
    pub(super) fn check_grant_proof(&self, mover: usize, grant: &KeyGrant) -> Result<(), ChangeRefusal> {
        let message = grant.message(self.id, &self.terms().parties[mover].name);
        grant.key.verify(&message, &grant.proof).map_err(|_| ChangeRefusal::KeyProofInvalid { key: grant.key })
    }

    fn check_exit(&self, mover: usize, leaves: Timestamp, at: Timestamp) -> Result<(), ChangeRefusal> {
        if self.terms().exit.is_none() {
            return Err(ChangeRefusal::NoExitTerms);
        }
        if self.partings.iter().any(|parting| parting.party == mover) {
            return Err(ChangeRefusal::AlreadyLeaving { party: self.party_name(mover) });
        }
        if leaves < at {
            return Err(ChangeRefusal::LeavesInPast { leaves, at });
        }
        Ok(())
    }

    fn check_trial_result(&self, verdict: TrialVerdict) -> Result<(), ChangeRefusal> {
        let until = self.course.trial_until;
        match (verdict, until) {
            (TrialVerdict::Extended { until: later }, Some(until)) if later <= until => {
                Err(ChangeRefusal::ExtensionNotLater { until })
            }
            _ => Ok(()),
        }
    }

    fn check_close(&self) -> Result<(), ChangeRefusal> {
        let disputes = self.open_disputes();
        if disputes > 0 {
            return Err(ChangeRefusal::DisputesOpen { disputes });
        }
        Ok(())
    }

    pub(super) fn consent(&self, said: Said<'_>, body: &MediatorConsent) -> Result<Change, Refusal> {
        let signer = said.speaker.key;
        if let Some(motion) = self.motions.open.get(&body.proposal) {
            let named = self.new_mediator(&motion.matter);
            if !named.is_some_and(|mediator| mediator.keys.contains(&signer)) {
                return Err(ChangeRefusal::NotMediator { signer }.into());
            }
            if motion.conflicts.is_some() {
                return Err(ChangeRefusal::AlreadyConsented.into());
            }
            return Ok(Change::Motion(self.consent_to_motion(motion, &body.conflicts, said.at)?));
        }
        let live = self.versions.current().id;
        if self.course.phase != Phase::Negotiating {
            return Err(ChangeRefusal::UnknownMotion { motion: body.proposal }.into());
        }
        if body.proposal != live {
            return Err(Refusal::OtherProposal { live, named: body.proposal });
        }
        let Some(appointed) = &self.appointed else { return Err(ChangeRefusal::NoMediator.into()) };
        if !appointed.mediator.keys.contains(&signer) {
            return Err(ChangeRefusal::NotMediator { signer }.into());
        }
        if appointed.conflicts.is_some() {
            return Err(ChangeRefusal::AlreadyConsented.into());
        }
        Ok(Change::Consented { conflicts: body.conflicts.clone() })
    }

    pub(super) fn counter(&self, said: Said<'_>, body: &CounterProposal) -> Result<Change, Refusal> {
        let live = self.versions.current().id;
        if body.proposal != live {
            return Err(Refusal::OtherProposal { live, named: body.proposal });
        }
        self.check_continued_parties(&body.terms)?;
        let directory = Directory::new(&body.terms);
        terms::check_with(&body.terms, &directory)?;
        if let Some(mediator) = &body.terms.mediator {
            self.check_mediator(mediator, &body.terms)?;
        }
        if let Some(deadline) = body.terms.acceptance_deadline.filter(|deadline| *deadline < said.at) {
            return Err(TermsFault::DeadlinePassed { deadline, at: said.at }.into());
        }
        let (party, key) = (said.speaker.party, said.speaker.key);
        Ok(Change::Countered(Box::new(Countered { terms: body.terms.clone(), party, key })))
    }

    /// Takes back what the signer's party has said and is still open.
    pub(super) fn take_back(&self, said: Said<'_>, body: &Withdrawal) -> Result<super::Change, Refusal> {
        let (statement, party) = (body.statement, said.speaker.party);
        if let Some(motion) = self.motions.open.get(&statement) {
            if motion.mover != party {
                return Err(ChangeRefusal::NotYours { statement, party: self.party_name(party) }.into());
            }
            let ended = motion::Change::Ended { motion: statement };
            return Ok(super::Change::Agreement(Change::Motion(ended)));
        }
        if let Some(change) = self.take_challenge_back(statement, party)? {
            return Ok(super::Change::Work(change));
        }
        if let Some(case) = self.disputes.open.get(&statement) {
            if case.party != party {
                return Err(ChangeRefusal::NotYours { statement, party: self.party_name(party) }.into());
            }
            return Ok(super::Change::Dispute(dispute::Change::Withdrawn { dispute: statement }));
        }
        if let Some(change) = self.take_money_back(party, statement)? {
            return Ok(super::Change::Money(change));
        }
        Err(ChangeRefusal::NothingToTakeBack { statement }.into())
    }

    pub(super) fn apply_change(&mut self, entry: Entry, change: Change) {
        match change {
            Change::Consented { conflicts } => {
                if let Some(appointed) = &mut self.appointed {
                    appointed.conflicts = Some(conflicts);
                }
                self.begin_if_accepted(entry.at);
            }
            Change::Motion(change) => self.apply_motion(entry, change),
            Change::Countered(countered) => {
                let Countered { terms, party, key } = *countered;
                self.negotiation = Negotiation::open(&terms, entry.id, party, key);
                self.appoint(terms.mediator.clone(), None);
                self.contributions = Contributions::new(&terms);
                self.benefits = Benefits::new(&terms);
                self.books = Books::new(&terms);
                self.versions.replace(Version::new(entry.id, 0, terms));
            }
        }
    }

    /// Does what a motion moved, now that it is complete.
    pub(super) fn take_effect(&mut self, entry: Entry, motion: Motion) {
        match motion.matter {
            Matter::Plan(plan) => self.adopt(entry, motion.id, plan, None),
            Matter::Contingency(Contingency { risk, plan }) => self.adopt(entry, motion.id, plan, Some(risk)),
            Matter::RiskAssessment(assessment) => self.assess(entry, assessment),
            Matter::Amendment(amended) => {
                let Amended { terms, effective, retroactive, .. } = *amended;
                let retroactive = retroactive.is_some();
                match effective {
                    Some(effective) if effective > entry.at => {
                        let conflicts = motion.conflicts;
                        let coming = Coming { id: motion.id, effective, terms, retroactive, conflicts };
                        self.versions.coming = Some(Box::new(coming));
                    }
                    _ => self.enact(entry.index, motion.id, terms, retroactive, motion.conflicts),
                }
            }
            Matter::KeyGrant { key, scopes, expires, daily_max } => {
                self.keyring.grant(key, Granted { party: motion.mover, scopes, expires, daily_max });
            }
            Matter::KeyRevocation { key } => self.keyring.revoke(key),
            Matter::Exit { leaves } => self.part(motion.mover, leaves, entry.at),
            Matter::TrialResult(verdict) => self.course.try_out(verdict, entry.at),
            Matter::Suspension => self.course.suspend(entry.at),
            Matter::Resumption => self.course.resume(entry.at),
            Matter::MediatorReplacement(mediator) => self.appoint(Some(mediator), motion.conflicts),
            Matter::Close => self.course.wind_down(entry.at),
            Matter::Offer { dispute, outcomes } => self.decide(entry, dispute, &outcomes, End::Settled),
        }
    }

    pub(super) fn appoint(&mut self, mediator: Option<Mediator>, conflicts: Option<String>) {
        self.appointed = mediator.map(|mediator| Appointed { mediator, conflicts });
    }

    /// Puts terms in force from entry `index` on.
    pub(super) fn enact(
        &mut self,
        index: u64,
        id: StatementId,
        terms: Terms,
        retroactive: bool,
        conflicts: Option<String>,
    ) {
        let stays = self.terms().mediator == terms.mediator;
        match &terms.mediator {
            None if !stays => self.appoint(None, None),
            // Who has not consented to them was appointed already when all accepted them.
            Some(mediator) if !stays && conflicts.is_some() => self.appoint(Some(mediator.clone()), conflicts),
            _ => {}
        }
        self.versions.push(Version::new(id, index, terms));
        let terms = Arc::clone(&self.versions.current().terms);
        self.contributions.widen(&terms);
        self.benefits.widen(&terms);
        self.books.enact(index, terms, retroactive);
    }

    fn part(&mut self, party: usize, leaves: Timestamp, at: Timestamp) {
        let Some(exit) = self.terms().exit else { return };
        let in_time = leaves >= at.days_later(exit.notice_days);
        let factor = if in_time { exit.factor } else { exit.factor_without_notice };
        self.partings.push(Parting { party, leaves, factor, gone: false });
    }

    /// Begins the agreement once every party has accepted and the mediator has consented.
    pub(super) fn begin_if_accepted(&mut self, at: Timestamp) {
        let terms = Arc::clone(&self.versions.current().terms);
        let consented = self.appointed.as_ref().is_none_or(|appointed| appointed.conflicts.is_some());
        if self.course.phase == Phase::Negotiating && consented && self.negotiation.all_accepted(&terms) {
            self.course.begin(at, &terms);
            self.money.begin(&terms, at);
        }
    }
}

#[derive(Debug)]
pub(super) enum Change {
    /// The mediator consented before the agreement was in force.
    Consented {
        conflicts: String,
    },
    Motion(motion::Change),
    /// Other terms are proposed.
    Countered(Box<Countered>),
}

/// See [`Change::Countered`].
#[derive(Debug)]
pub(super) struct Countered {
    terms: Terms,
    party: usize,
    key: PublicKey,
}
