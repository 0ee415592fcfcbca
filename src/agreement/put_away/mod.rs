//! Putting away: what an agreement remembers of old entries leaves memory, and is recalled when a statement needs it.
//!
//! An agreement is a summary and slips under keys ([`key`]). Its keeper asks [`Agreement::put_away`] for what has changed,
//! and keeps it; from then on the agreement may [`Agreement::forget`] it, and is [`Agreement::restore`]d from the summary.
//! Before a statement is judged, [`Agreement::wanted`] says what of the slips it takes; the keeper looks each up and
//! [`Agreement::recall`]s it. Nothing here knows where things are kept, and whoever never forgets is never asked.
//!
//! All of it follows from the entries: what is damaged, or of another version, is thrown away and folded anew.

mod at_hand;
mod books;
pub(super) mod form;
mod kept;
pub mod key;
mod same;
pub(super) mod shelf;
mod slips;
mod summary;

use std::ops::Range;

pub use kept::{KeptBenefit, KeptContribution, Standing};

use crate::{
    agreement::{
        Agreement,
        benefit::{BenefitSlot, Benefits, ReversalPlace, ReversalSlot},
        contribution::{Contributions, Slot},
        dispute::Stands,
        motion::Matter,
        put_away::{
            form::FORMAT,
            slips::{BenefitForm, ClaimsForm, ContributionForm, ReversalForm, SheetForm},
            summary::SummaryForm,
        },
        table::is_mediators,
    },
    statement::{ArtifactDigest, Body, Signed, Verdict, dispute::Outcome, id::StatementId},
    time::Timestamp,
};

/// A key and what is kept under it.
pub type Slip = (Vec<u8>, Vec<u8>);

/// What has changed since the last time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PutAway {
    /// The whole summary.
    pub summary: Vec<u8>,
    /// By key: the slip, or that there is none any more.
    pub slips: Vec<(Vec<u8>, Option<Vec<u8>>)>,
}

/// Something that was put away and is needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// The contribution that a statement claimed.
    Contribution(StatementId),
    /// The benefit that a statement reported.
    Benefit(StatementId),
    /// The reversal that a statement reported.
    Reversal(StatementId),
    /// What is claimed of an artifact.
    Claims(ArtifactDigest),
    /// The last sheet that begins in a range of entries.
    Sheet(Range<u64>),
}

/// Where something that was put away is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Under a key.
    Under(Vec<u8>),
    /// Under the greatest key of a range.
    Last(Range<Vec<u8>>),
}

/// What was put away cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PutAwayError {
    /// Another version wrote it.
    #[error("the summary is of format {found}, this version reads {FORMAT}")]
    Format {
        /// The format found.
        found: u8,
    },
    /// It is not what was written.
    #[error("what is kept under `{}` is damaged", hex::encode(key))]
    Damaged {
        /// The key; empty: the summary.
        key: Vec<u8>,
    },
    /// It is not there.
    #[error("{wanted:?} is missing")]
    Missing {
        /// What was wanted.
        wanted: Wanted,
    },
}

impl PutAwayError {
    fn damaged(key: &[u8]) -> Self {
        Self::Damaged { key: key.to_vec() }
    }
}

impl Wanted {
    /// Returns the statement whose entry has to be known, if any: without it, nothing is there.
    #[must_use]
    pub const fn statement(&self) -> Option<StatementId> {
        match self {
            Self::Contribution(id) | Self::Benefit(id) | Self::Reversal(id) => Some(*id),
            Self::Claims(_) | Self::Sheet(_) => None,
        }
    }

    /// Returns where it is found; `entry` is the index of the statement's entry, where one has to be known.
    #[must_use]
    pub fn place(&self, entry: u64) -> Place {
        Place::Under(match self {
            Self::Contribution(_) => key::contribution(entry),
            Self::Benefit(_) => key::benefit(entry),
            Self::Reversal(_) => key::reversal(entry),
            Self::Claims(artifact) => key::claims(artifact),
            Self::Sheet(range) => return Place::Last(key::sheet(range.start)..key::sheet(range.end)),
        })
    }
}

impl Agreement {
    /// Returns what has to be recalled before `signed` can be judged at `at`: nothing, as long as nothing was forgotten.
    ///
    /// What is recalled may show that more is wanted; so this is asked until it is nothing.
    #[must_use]
    pub fn wanted(&self, signed: &Signed, at: Timestamp) -> Vec<Wanted> {
        // Who is heard may be a matter of time: the keys of a party that joins on a date.
        if self.has_forgotten() { self.by(at).wanted_now(signed, at) } else { Vec::new() }
    }

    /// What is wanted when time has passed already.
    pub(super) fn wanted_now(&self, signed: &Signed, at: Timestamp) -> Vec<Wanted> {
        let mut wanted = Vec::new();
        // Nothing is looked up for who is refused whatever it would show.
        if !self.has_forgotten() || !self.is_heard(signed, at) {
            return wanted;
        }
        match &signed.statement().body {
            Body::Contribution(body) => {
                wanted.extend(body.artifacts.iter().filter_map(|artifact| self.claims_wanted(artifact.digest)));
            }
            Body::ContributionWithdrawal(body) => self.want_contribution(body.contribution, true, &mut wanted),
            Body::Attestation(body) => {
                let releases = body.verdict == Verdict::Rejected;
                body.contributions.iter().for_each(|id| self.want_contribution(*id, releases, &mut wanted));
            }
            Body::BenefitConfirmation(body) => {
                wanted.extend(body.benefits.iter().filter_map(|id| self.benefit_wanted(*id)));
            }
            Body::Reversal(body) => wanted.extend(self.benefit_wanted(body.benefit)),
            Body::ReversalConfirmation(body) => {
                wanted.extend(body.reversals.iter().filter_map(|id| self.reversal_wanted(*id)));
            }
            Body::Settlement(body) => wanted.extend(self.wanted_at(body.tree_size)),
            Body::Challenge(body) => {
                body.contributions.iter().for_each(|id| self.want_contribution(*id, false, &mut wanted));
            }
            Body::Withdrawal(body) => {
                let challenged = self.challenged_by(body.statement).iter();
                challenged.for_each(|(_, id)| self.want_contribution(*id, false, &mut wanted));
                let subjects = self.disputes.open.get(&body.statement).into_iter().flat_map(|case| &case.subjects);
                let contributions = subjects.filter(|subject| matches!(subject.stands, Stands::Contribution { .. }));
                contributions.for_each(|subject| self.want_contribution(subject.id, false, &mut wanted));
            }
            Body::Acceptance(body) => {
                if let Some(Matter::Offer { dispute, outcomes }) =
                    self.motions.find(body.proposal).ok().map(|motion| &motion.matter)
                {
                    self.want_subjects(*dispute, outcomes, &mut wanted);
                }
            }
            Body::Offer(body) => self.want_subjects(body.dispute, &body.outcomes, &mut wanted),
            Body::Ruling(body) => self.want_subjects(body.dispute, &body.outcomes, &mut wanted),
            Body::Dispute(body) => {
                for outcome in &body.outcomes {
                    self.want_contribution(outcome.subject, false, &mut wanted);
                    wanted.extend(self.benefit_wanted(outcome.subject));
                }
            }
            Body::Cost(body) => wanted.extend(self.claims_wanted(ArtifactDigest::Sha256(body.invoice))),
            Body::Proposal(_)
            | Body::CounterProposal(_)
            | Body::Decline(_)
            | Body::ProposalWithdrawal(_)
            | Body::MediatorConsent(_)
            | Body::Needs(_)
            | Body::Plan(_)
            | Body::Benefit(_)
            | Body::CostConfirmation(_)
            | Body::NilReport(_)
            | Body::Closing(_)
            | Body::Acknowledgement(_)
            | Body::Payment(_)
            | Body::PaymentConfirmation(_)
            | Body::Evidence(_)
            | Body::Amendment(_)
            | Body::KeyGrant(_)
            | Body::KeyRevocation(_)
            | Body::Exit(_)
            | Body::Risk(_)
            | Body::RiskAssessment(_)
            | Body::Contingency(_)
            | Body::TrialResult(_)
            | Body::Feedback(_)
            | Body::FeedbackResponse(_)
            | Body::MaintenanceCommitment(_)
            | Body::MaintenanceFulfilment(_)
            | Body::Suspension(_)
            | Body::Resumption(_)
            | Body::MediatorReplacement(_)
            | Body::Close(_) => {}
        }
        wanted
    }

    /// Returns what has to be recalled before the account at `tree_size` can be computed.
    #[must_use]
    pub fn wanted_at(&self, tree_size: u64) -> Option<Wanted> {
        self.books.wanted(tree_size.min(self.size)).map(Wanted::Sheet)
    }

    /// Whether the signer may say such a thing at `at`, as the guards that every statement passes first decide; and of what only a
    /// mediator says, whether it is the mediator.
    fn is_heard(&self, signed: &Signed, at: Timestamp) -> bool {
        let statement = signed.statement();
        let (signer, kind) = (statement.signer, statement.body.kind());
        let mediator = || self.mediator().is_some_and(|mediator| mediator.keys.contains(&signer));
        self.speaker_of(statement, at).is_ok()
            && self.check_phase(kind, at).is_ok()
            && (!is_mediators(kind) || mediator())
    }

    /// What outcomes of a dispute would correct.
    fn want_subjects(&self, dispute: StatementId, outcomes: &[Outcome], wanted: &mut Vec<Wanted>) {
        let Some(case) = self.dispute(&dispute) else { return };
        for (subject, _) in case.subjects.iter().zip(outcomes) {
            match subject.stands {
                // What is decided to count claims its artifacts, and what is not gives them back.
                Stands::Contribution { .. } => self.want_contribution(subject.id, true, wanted),
                Stands::Benefit { .. } => wanted.extend(self.benefit_wanted(subject.id)),
                Stands::Cost { .. } => {}
            }
        }
    }

    fn want_contribution(&self, id: StatementId, claims: bool, wanted: &mut Vec<Wanted>) {
        match self.contributions.find(id) {
            Ok((_, slot)) if claims => {
                wanted.extend(slot.claimed.artifacts().filter_map(|(artifact, _)| self.claims_wanted(artifact)));
            }
            Ok(_) => {}
            Err(_) if self.contributions.absent.contains(&id) => {}
            Err(_) => wanted.push(Wanted::Contribution(id)),
        }
    }

    fn claims_wanted(&self, artifact: ArtifactDigest) -> Option<Wanted> {
        (!self.contributions.claims.knows(&artifact)).then_some(Wanted::Claims(artifact))
    }

    fn benefit_wanted(&self, id: StatementId) -> Option<Wanted> {
        let known = self.benefits.by_id.contains_key(&id) || self.benefits.absent.contains(&id);
        (!known).then_some(Wanted::Benefit(id))
    }

    fn reversal_wanted(&self, id: StatementId) -> Option<Wanted> {
        let known = self.benefits.reversals_by_id.contains_key(&id) || self.benefits.reversals_absent.contains(&id);
        (!known).then_some(Wanted::Reversal(id))
    }

    /// Returns everything that was changed since the last time, with the summary: what is put away afterwards.
    ///
    /// Of the changes since the last settlement the `newest` stay in the summary; older ones go into sheets.
    pub fn put_away(&mut self, newest: usize) -> PutAway {
        let mut slips = Vec::with_capacity(self.changed());
        self.books.cut(newest);
        self.contributions.slots.put_away(|index, slot| {
            let key = key::contribution(*index);
            let slip = slot.map(|slot| form::write(&key, &ContributionForm::of(slot)));
            slips.push((key, slip));
        });
        self.contributions.claims.put_away(|artifact, claims| {
            let key = key::claims(artifact);
            let slip = claims.map(|claims| form::write(&key, &ClaimsForm::of(claims)));
            slips.push((key, slip));
        });
        self.benefits.slots.put_away(|index, slot| {
            let key = key::benefit(*index);
            let slip = slot.map(|slot| form::write(&key, &BenefitForm::of(slot)));
            slips.push((key, slip));
        });
        self.benefits.reversals.put_away(|place, slot| {
            // Under its own entry, to be recalled; under its benefit's, to be listed.
            for key in [key::reversal(place.1), key::reversal_of(*place)] {
                let slip = slot.map(|slot| form::write(&key, &ReversalForm::of(place.0, slot)));
                slips.push((key, slip));
            }
        });
        for sheet in self.books.put_away() {
            if let Some(first) = sheet.first() {
                let key = key::sheet(first);
                let slip = form::write(&key, &SheetForm::of(sheet));
                slips.push((key, Some(slip)));
            }
        }
        let mut summary = vec![FORMAT];
        summary.extend(form::write(key::SUMMARY, &SummaryForm::of(self)));
        PutAway { summary, slips }
    }

    /// Returns about how many slips [`Self::put_away`] would write.
    #[must_use]
    pub const fn changed(&self) -> usize {
        let Contributions { slots, claims, .. } = &self.contributions;
        let reversals = self.benefits.reversals.changed();
        slots.changed() + claims.changed() + self.benefits.slots.changed() + 2 * reversals
    }

    /// Whether something was forgotten: whole statements are then to be read from their entries.
    #[must_use]
    pub const fn has_forgotten(&self) -> bool {
        self.forgotten > 0
    }

    /// Opens an agreement as it was when `summary` was written, from its founding statement: with nothing else at hand.
    ///
    /// Errors: [`PutAwayError::Format`], [`PutAwayError::Damaged`].
    pub fn restore(founding: &Signed, summary: &[u8]) -> Result<Self, PutAwayError> {
        let damaged = || PutAwayError::damaged(key::SUMMARY);
        let (found, summary) = summary.split_first().ok_or_else(damaged)?;
        if *found != FORMAT {
            return Err(PutAwayError::Format { found: *found });
        }
        let form: SummaryForm = form::read(key::SUMMARY, summary)?;
        form.read(founding).ok_or_else(damaged)
    }

    /// Returns a copy without what is in slips: for readers who look at the books, and list the slips themselves.
    #[must_use]
    pub fn without_slips(&self) -> Self {
        let mut contributions = Contributions::restored(self.terms());
        contributions.denominators.clone_from(&self.contributions.denominators);
        let mut benefits = Benefits::restored(self.terms());
        benefits.confirmed.clone_from(&self.benefits.confirmed);
        Self {
            versions: self.versions.clone(),
            course: self.course.clone(),
            negotiation: self.negotiation.clone(),
            motions: self.motions.clone(),
            keyring: self.keyring.clone(),
            appointed: self.appointed.clone(),
            partings: self.partings.clone(),
            work: self.work.clone(),
            money: self.money.clone(),
            disputes: self.disputes.clone(),
            contributions,
            benefits,
            settlements: self.settlements.without_whole(),
            books: self.books.clone(),
            forgotten: self.forgotten + 1,
            ..*self
        }
    }

    pub(super) fn assert_whole(&self) {
        assert!(!self.has_forgotten(), "who has put things away lists them from there");
    }

    fn contribution_slip(&self, index: u64, slot: &Slot) -> Slip {
        let key = key::contribution(index);
        let slip = form::write(&key, &ContributionForm::of(slot));
        (key, slip)
    }

    fn benefit_slip(&self, index: u64, slot: &BenefitSlot) -> Slip {
        let key = key::benefit(index);
        let slip = form::write(&key, &BenefitForm::of(slot));
        (key, slip)
    }

    fn reversal_slip(&self, place: ReversalPlace, slot: &ReversalSlot) -> Slip {
        let key = key::reversal_of(place);
        let slip = form::write(&key, &ReversalForm::of(place.0, slot));
        (key, slip)
    }
}
