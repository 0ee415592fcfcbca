//! Feedback: what was learned, and what another party makes of it. What is accepted waits for the next plan that takes it
//! in; what is declined is over.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    agreement::{Agreement, Entry, Said, refusal::work::WorkRefusal, tally::Tally, work::Change},
    digest::Digest,
    statement::{
        id::StatementId,
        work::{Feedback, FeedbackResponse},
    },
};

/// How much feedback of one party may wait at once: for an answer, or for a plan.
pub const FEEDBACK_MAX: usize = 250;

/// How much feedback one party may give over the life of an agreement.
pub const FEEDBACK_EVER_MAX: usize = 2_500;

/// All feedback of an agreement.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct FeedbackRegister {
    waiting: BTreeMap<StatementId, Waiting>,
    /// Statement and entry of what was declined, or taken in by a plan.
    over: BTreeMap<StatementId, u64>,
    /// By who gave it: what waits, and all that there ever was.
    open: Tally,
    made: Tally,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Waiting {
    index: u64,
    party: usize,
    digest: Digest,
    /// The entry that accepted it.
    accepted: Option<u64>,
}

/// Feedback that waits, for people; its summary stands in its entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeedbackView {
    /// The statement id.
    pub id: StatementId,
    /// The index of its entry.
    pub index: u64,
    /// The position of the party that gave it.
    pub party: usize,
    /// SHA-256 of the document.
    pub digest: Digest,
    /// The entry that accepted it: it waits for a plan. Without, it waits for an answer.
    pub accepted: Option<u64>,
}

impl FeedbackRegister {
    pub(super) fn index_of(&self, id: StatementId) -> Option<u64> {
        self.waiting.get(&id).map(|waiting| waiting.index).or_else(|| self.over.get(&id).copied())
    }

    pub(super) fn enter(&mut self, entry: Entry, party: usize, digest: Digest) {
        self.open.add(party, 1);
        self.made.add(party, 1);
        self.waiting.insert(entry.id, Waiting { index: entry.index, party, digest, accepted: None });
    }

    pub(super) fn answer(&mut self, feedback: StatementId, index: u64, accepted: bool) {
        match self.waiting.get_mut(&feedback) {
            Some(waiting) if accepted => waiting.accepted = Some(index),
            _ => self.take_in(feedback),
        }
    }

    /// It waits no more.
    pub(super) fn take_in(&mut self, feedback: StatementId) {
        if let Some(waiting) = self.waiting.remove(&feedback) {
            self.open.take(waiting.party, 1);
            self.over.insert(feedback, waiting.index);
        }
    }

    /// Checks that feedback is accepted and waits for a plan.
    pub(super) fn check_accepted(&self, feedback: StatementId) -> Result<(), WorkRefusal> {
        match self.waiting.get(&feedback) {
            Some(waiting) if waiting.accepted.is_some() => Ok(()),
            _ => Err(WorkRefusal::FeedbackNotAccepted { feedback }),
        }
    }
}

impl Agreement {
    /// Returns all feedback that waits for an answer or a plan, in ledger order.
    #[must_use]
    pub fn feedback(&self) -> Vec<FeedbackView> {
        let waiting = self.work.feedback.waiting.iter().map(|(id, waiting)| {
            let Waiting { index, party, digest, accepted } = *waiting;
            FeedbackView { id: *id, index, party, digest, accepted }
        });
        let mut views: Vec<_> = waiting.collect();
        views.sort_by_key(|view| view.index);
        views
    }

    pub(super) fn feed_back(&self, said: Said<'_>, body: &Feedback) -> Result<Change, WorkRefusal> {
        let party = said.speaker.party;
        let FeedbackRegister { open, made, .. } = &self.work.feedback;
        if open.of(party) >= FEEDBACK_MAX || made.of(party) >= FEEDBACK_EVER_MAX {
            let party = self.party_name(party);
            return Err(WorkRefusal::TooMuchFeedback { party, max: FEEDBACK_MAX, ever: FEEDBACK_EVER_MAX });
        }
        Ok(Change::FedBack { party, digest: body.digest })
    }

    pub(super) fn answer_feedback(&self, said: Said<'_>, body: &FeedbackResponse) -> Result<Change, WorkRefusal> {
        let (feedback, party) = (body.feedback, said.speaker.party);
        let Some(waiting) = self.work.feedback.waiting.get(&feedback) else {
            return Err(match self.work.feedback.over.contains_key(&feedback) {
                true => WorkRefusal::FeedbackAnswered { feedback },
                false => WorkRefusal::UnknownFeedback { feedback },
            });
        };
        if waiting.party == party {
            return Err(WorkRefusal::OwnFeedback { feedback, party: self.party_name(party) });
        }
        if waiting.accepted.is_some() {
            return Err(WorkRefusal::FeedbackAnswered { feedback });
        }
        Ok(Change::Answered { feedback, accepted: body.accepted })
    }
}
