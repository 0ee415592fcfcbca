//! Statements about the work, to generated messages.

use bytes::Bytes;

use crate::{
    proto::counterfoil::v1,
    statement::{
        wire::write::{digest, id, ids},
        work::{
            Assessment, Challenge, Contingency, Feedback, FeedbackResponse, Ground, MaintenanceCommitment,
            MaintenanceFulfilment, Milestone, Needs, Plan, Risk, RiskAssessment, Task,
        },
    },
    time::Timestamp,
};

impl From<&Needs> for v1::Needs {
    fn from(from: &Needs) -> Self {
        Self { minutes_digest: digest(from.minutes), needs: from.needs.clone() }
    }
}

impl From<&Plan> for v1::Plan {
    fn from(from: &Plan) -> Self {
        Self {
            tasks: from.tasks.iter().map(v1::Task::from).collect(),
            milestones: from.milestones.iter().map(v1::Milestone::from).collect(),
            feedback_ids: ids(&from.feedback),
        }
    }
}

impl From<&Task> for v1::Task {
    fn from(from: &Task) -> Self {
        Self {
            name: from.name.to_string(),
            title: from.title.clone(),
            owner: from.owner.to_string(),
            dimension: from.dimension.to_string(),
            budget: Some(from.budget.into()),
            due_ms: from.due.as_ms(),
            criteria_digest: digest(from.criteria),
        }
    }
}

impl From<&Milestone> for v1::Milestone {
    fn from(from: &Milestone) -> Self {
        let tasks = from.tasks.iter().map(ToString::to_string).collect();
        Self { title: from.title.clone(), due_ms: from.due.as_ms(), tasks }
    }
}

impl From<&Challenge> for v1::Challenge {
    fn from(from: &Challenge) -> Self {
        Self {
            contribution_ids: ids(&from.contributions),
            ground: v1::Ground::from(from.ground).into(),
            reason: from.reason.clone(),
        }
    }
}

impl From<Ground> for v1::Ground {
    fn from(from: Ground) -> Self {
        match from {
            Ground::NotDone => Self::NotDone,
            Ground::Quantity => Self::Quantity,
            Ground::Quality => Self::Quality,
            Ground::Affiliation => Self::Affiliation,
            Ground::Rights => Self::Rights,
            Ground::CountedTwice => Self::CountedTwice,
        }
    }
}

impl From<&Risk> for v1::Risk {
    fn from(from: &Risk) -> Self {
        Self {
            title: from.title.clone(),
            assessment: Some((&from.assessment).into()),
            owner: from.owner.to_string(),
            trigger: from.trigger.clone(),
            plan_digest: from.plan.map_or_else(Bytes::new, digest),
        }
    }
}

impl From<&Assessment> for v1::Assessment {
    fn from(from: &Assessment) -> Self {
        match from {
            Assessment::Graded { likelihood, impact } => {
                Self { likelihood: *likelihood, impact: *impact, ..Self::default() }
            }
            Assessment::Valued { probability, currency, amount } => Self {
                probability: Some((*probability).into()),
                currency: currency.to_string(),
                amount_minor: *amount,
                ..Self::default()
            },
        }
    }
}

impl From<&RiskAssessment> for v1::RiskAssessment {
    fn from(from: &RiskAssessment) -> Self {
        Self { risk_id: id(from.risk), assessment: Some((&from.assessment).into()), closed: from.closed }
    }
}

impl From<&Contingency> for v1::Contingency {
    fn from(from: &Contingency) -> Self {
        Self { risk_id: id(from.risk), plan: Some((&from.plan).into()) }
    }
}

impl From<&Feedback> for v1::Feedback {
    fn from(from: &Feedback) -> Self {
        Self { digest: digest(from.digest), summary: from.summary.clone() }
    }
}

impl From<&FeedbackResponse> for v1::FeedbackResponse {
    fn from(from: &FeedbackResponse) -> Self {
        Self { feedback_id: id(from.feedback), accepted: from.accepted, reason: from.reason.clone() }
    }
}

impl From<&MaintenanceCommitment> for v1::MaintenanceCommitment {
    fn from(from: &MaintenanceCommitment) -> Self {
        let due_ms = from.due.iter().copied().map(Timestamp::as_ms).collect();
        Self { title: from.title.clone(), criteria_digest: digest(from.criteria), due_ms }
    }
}

impl From<&MaintenanceFulfilment> for v1::MaintenanceFulfilment {
    fn from(from: &MaintenanceFulfilment) -> Self {
        let evidence_digest = digest(from.evidence);
        Self { commitment_id: id(from.commitment), due_ms: from.due.as_ms(), evidence_digest }
    }
}
