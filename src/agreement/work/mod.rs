//! The work: needs, plans and their budgets, silence about claims, challenges, risks, feedback, maintenance.
//!
//! All of it is bounded by constants of its own and kept whole in the summary; what belongs to one contribution stands in
//! its slot. Whatever is said here is known again by its statement id for as long as the agreement lives, so that nothing
//! has its effect twice.

pub mod challenge;
pub mod feedback;
pub mod maintenance;
pub mod open;
pub mod plan;
pub mod risk;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    agreement::{
        Agreement, Entry, Said,
        refusal::{Refusal, change::ChangeRefusal, work::WorkRefusal},
        work::{
            challenge::Challenges,
            feedback::FeedbackRegister,
            maintenance::Commitment,
            open::OpenClaims,
            plan::PlanInForce,
            risk::{Entered, Risks},
        },
    },
    digest::Digest,
    statement::{
        Body,
        id::StatementId,
        work::{Ground, MaintenanceCommitment, Needs},
    },
    time::Timestamp,
};

/// How many times one party may say what the cooperation needs, over the life of an agreement.
pub const NEEDS_MAX: usize = 64;

/// See [`self`].
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Work {
    needs: Vec<NeedsView>,
    plan: Option<PlanInForce>,
    claims: OpenClaims,
    challenges: Challenges,
    risks: Risks,
    feedback: FeedbackRegister,
    commitments: BTreeMap<StatementId, Commitment>,
}

/// What a party said that the cooperation needs; the lines stand in its entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NeedsView {
    /// The statement id.
    pub id: StatementId,
    /// The index of its entry.
    pub index: u64,
    /// The position of the party that said it.
    pub party: usize,
    /// How many lines it has.
    pub count: usize,
}

#[derive(Debug)]
pub(super) enum Change {
    Needed { party: usize, count: usize },
    Challenged { party: usize, ground: Ground, places: Vec<(u64, StatementId)> },
    ChallengeWithdrawn { challenge: StatementId },
    RiskRaised(Box<Entered>),
    FedBack { party: usize, digest: Digest },
    Answered { feedback: StatementId, accepted: bool },
    Committed { party: usize, commitment: Box<MaintenanceCommitment> },
    Fulfilled { commitment: StatementId, due: Timestamp },
}

impl Work {
    /// Returns the entry of a statement about the work that must not come in twice.
    pub(super) fn index_of(&self, id: StatementId) -> Option<u64> {
        let needs = || self.needs.iter().find(|needs| needs.id == id).map(|needs| needs.index);
        let commitment = || self.commitments.get(&id).map(Commitment::index);
        self.challenges
            .index_of(id)
            .or_else(|| self.risks.index_of(id))
            .or_else(|| self.feedback.index_of(id))
            .or_else(commitment)
            .or_else(needs)
    }
}

impl Agreement {
    /// Returns what parties said that the cooperation needs, in ledger order.
    #[must_use]
    pub fn needs(&self) -> &[NeedsView] {
        &self.work.needs
    }

    pub(super) fn judge_work(&self, said: Said<'_>, body: &Body) -> Result<Change, Refusal> {
        Ok(match body {
            Body::Needs(needs) => self.judge_needs(said, needs)?,
            Body::Challenge(challenge) => self.challenge(said, challenge)?,
            Body::Risk(risk) => self.raise_risk(said, risk)?,
            Body::Feedback(feedback) => self.feed_back(said, feedback)?,
            Body::FeedbackResponse(response) => self.answer_feedback(said, response)?,
            Body::MaintenanceCommitment(commitment) => self.commit(said, commitment)?,
            Body::MaintenanceFulfilment(fulfilment) => self.fulfil(said, fulfilment)?,
            _ => unreachable!("only statements about the work come here"),
        })
    }

    fn judge_needs(&self, said: Said<'_>, needs: &Needs) -> Result<Change, WorkRefusal> {
        let party = said.speaker.party;
        if self.work.needs.iter().filter(|needs| needs.party == party).count() >= NEEDS_MAX {
            return Err(WorkRefusal::TooManyNeeds { party: self.party_name(party), max: NEEDS_MAX });
        }
        Ok(Change::Needed { party, count: needs.needs.len() })
    }

    pub(super) fn apply_work(&mut self, entry: Entry, change: Change) {
        match change {
            Change::Needed { party, count } => {
                self.work.needs.push(NeedsView { id: entry.id, index: entry.index, party, count });
            }
            Change::Challenged { party, ground, places } => self.put_in_doubt(entry, party, ground, places),
            Change::ChallengeWithdrawn { challenge } => self.withdraw_challenge(entry, challenge),
            Change::RiskRaised(risk) => self.work.risks.enter(entry, *risk),
            Change::FedBack { party, digest } => self.work.feedback.enter(entry, party, digest),
            Change::Answered { feedback, accepted } => self.work.feedback.answer(feedback, entry.index, accepted),
            Change::Committed { party, commitment } => {
                self.work.commitments.insert(entry.id, Commitment::new(entry, party, *commitment));
            }
            Change::Fulfilled { commitment, due } => {
                if let Some(commitment) = self.work.commitments.get_mut(&commitment) {
                    commitment.fulfil(due, entry.index);
                }
            }
        }
    }

    /// Checks that a party has not left.
    pub(in crate::agreement) fn check_stays(&self, party: usize) -> Result<(), ChangeRefusal> {
        match self.has_left(party) {
            true => Err(ChangeRefusal::PartyLeft { party: self.party_name(party) }),
            false => Ok(()),
        }
    }
}
