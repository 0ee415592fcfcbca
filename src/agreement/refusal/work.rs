//! Why something may not be said now about the work.

use crate::{
    agreement::state::ContributionState,
    split::Ratio,
    statement::{id::StatementId, terms::Name, work::Ground},
    time::Timestamp,
};

/// Why something may not be said now about the work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WorkRefusal {
    /// The party has said needs as often as it may.
    #[error("{party} has said needs {max} times, no more are taken in")]
    TooManyNeeds {
        /// The party.
        party: Name,
        /// How often it may.
        max: usize,
    },
    /// The contribution names a task that the plan in force does not have.
    #[error("no task `{task}` in the plan in force")]
    UnknownTask {
        /// The task named.
        task: Name,
    },
    /// The task is another party's.
    #[error("task `{task}` is {owner}'s, not {party}'s")]
    NotTaskOwner {
        /// The task.
        task: Name,
        /// The party that does it.
        owner: Name,
        /// The party of the signer.
        party: Name,
    },
    /// The task counts in another dimension than the unit.
    #[error("task `{task}` counts in `{dimension}`, unit `{unit}` does not")]
    TaskDimensionOther {
        /// The task.
        task: Name,
        /// Its dimension.
        dimension: Name,
        /// The unit claimed.
        unit: Name,
    },
    /// So many claims of the party wait for judgement that no more are taken in.
    #[error("{max} contributions of {party} wait for judgement, no more are taken in")]
    TooManyOpenClaims {
        /// The party.
        party: Name,
        /// How many may wait.
        max: usize,
    },
    /// The contribution is in no task of the plan, and the attestation does not say that it accepts that.
    #[error("{contribution} is in no task of the plan in force, and accepts_unplanned is not set")]
    UnplannedNotAccepted {
        /// The contribution.
        contribution: StatementId,
    },
    /// The contribution goes beyond the budget of its task, and the attestation does not say that it accepts that.
    #[error(
        "{contribution} counts {points} points, {left} are left of the budget of task `{task}`, and accepts_unplanned is not set"
    )]
    TaskBudgetExceeded {
        /// The contribution.
        contribution: StatementId,
        /// Its task.
        task: Name,
        /// What is left of its budget, exact.
        left: String,
        /// What the contribution counts, exact.
        points: String,
    },
    /// A task's owner is no party.
    #[error("task `{task}` is to be done by {owner}, which is no party")]
    TaskOwnerUnknown {
        /// The task.
        task: Name,
        /// The owner named.
        owner: Name,
    },
    /// A task's dimension is not in the terms.
    #[error("task `{task}` counts in `{dimension}`, which the terms do not have")]
    TaskDimensionUnknown {
        /// The task.
        task: Name,
        /// The dimension named.
        dimension: Name,
    },
    /// A task counts in a dimension of which no points are expected.
    #[error("task `{task}` counts in `{dimension}`, which has no floor mass that a plan could share out")]
    TaskWithoutFloorMass {
        /// The task.
        task: Name,
        /// Its dimension.
        dimension: Name,
    },
    /// The budgets of a dimension do not add up to its floor mass.
    #[error("the budgets in `{dimension}` add up to {sum}, its floor mass is {floor_mass}")]
    BudgetsNotFloorMass {
        /// The dimension.
        dimension: Name,
        /// The sum of the budgets, exact.
        sum: String,
        /// Its floor mass.
        floor_mass: Ratio,
    },
    /// A milestone names a task that the plan does not have.
    #[error("milestone `{milestone}` names task `{task}`, which the plan does not have")]
    MilestoneTaskUnknown {
        /// The title of the milestone.
        milestone: String,
        /// The task named.
        task: Name,
    },
    /// A plan takes in feedback that does not wait for one.
    #[error("feedback {feedback} is not accepted, or was taken in before")]
    FeedbackNotAccepted {
        /// The feedback named.
        feedback: StatementId,
    },
    /// A party challenges its own contribution.
    #[error("{contribution} is {party}'s own")]
    OwnChallenge {
        /// The contribution.
        contribution: StatementId,
        /// Its party.
        party: Name,
    },
    /// The contribution counts nothing that could be challenged.
    #[error("{contribution} is {state}; only what is ACCEPTED or FINAL can be challenged")]
    NotAccepted {
        /// The contribution.
        contribution: StatementId,
        /// Where it stands.
        state: ContributionState,
    },
    /// The terms at the place of the contribution have no challenge window.
    #[error("the terms under which {contribution} was claimed foresee no challenge")]
    ChallengeNotForeseen {
        /// The contribution.
        contribution: StatementId,
    },
    /// The challenge window is over.
    #[error("{contribution} was accepted at {accepted}, and could be challenged for {days} days")]
    ChallengeLate {
        /// The contribution.
        contribution: StatementId,
        /// When it was accepted.
        accepted: Timestamp,
        /// The window.
        days: u32,
    },
    /// The party has challenged the contribution on this ground.
    #[error("{party} has challenged {contribution} on the ground {ground} before")]
    ChallengedBefore {
        /// The contribution.
        contribution: StatementId,
        /// The party of the signer.
        party: Name,
        /// The ground.
        ground: Ground,
    },
    /// The contribution was challenged as often as it may be.
    #[error("{contribution} was challenged {max} times, no more are taken in")]
    TooManyChallenges {
        /// The contribution.
        contribution: StatementId,
        /// How often it may be.
        max: usize,
    },
    /// The party challenges so many contributions that no more are taken in.
    #[error("open challenges of {party} would name more than {max} contributions")]
    TooManyChallenged {
        /// The party.
        party: Name,
        /// How many they may name.
        max: usize,
    },
    /// A risk's owner is no party.
    #[error("the risk is to be watched by {owner}, which is no party")]
    RiskOwnerUnknown {
        /// The owner named.
        owner: Name,
    },
    /// The party has put as many risks on the register as it may.
    #[error("of {party} at most {max} risks are open at once, and {ever} are taken in altogether")]
    TooManyRisks {
        /// The party.
        party: Name,
        /// How many may be open.
        max: usize,
        /// How many there may be altogether.
        ever: usize,
    },
    /// No such risk on the register.
    #[error("no risk {risk} on the register")]
    UnknownRisk {
        /// The risk named.
        risk: StatementId,
    },
    /// The risk is over.
    #[error("risk {risk} is closed")]
    RiskClosed {
        /// The risk named.
        risk: StatementId,
    },
    /// Another party watches the risk.
    #[error("{owner} watches risk {risk}, not {party}")]
    NotRiskOwner {
        /// The risk.
        risk: StatementId,
        /// The party that watches it.
        owner: Name,
        /// The party of the signer.
        party: Name,
    },
    /// So much feedback of the party waits that no more is taken in.
    #[error("of {party} at most {max} pieces of feedback wait at once, and {ever} are taken in altogether")]
    TooMuchFeedback {
        /// The party.
        party: Name,
        /// How many may wait.
        max: usize,
        /// How many there may be altogether.
        ever: usize,
    },
    /// No such feedback.
    #[error("no feedback {feedback} in this ledger")]
    UnknownFeedback {
        /// The feedback named.
        feedback: StatementId,
    },
    /// A party answers its own feedback.
    #[error("feedback {feedback} is {party}'s own")]
    OwnFeedback {
        /// The feedback.
        feedback: StatementId,
        /// The party of the signer.
        party: Name,
    },
    /// The feedback is answered.
    #[error("feedback {feedback} is answered")]
    FeedbackAnswered {
        /// The feedback.
        feedback: StatementId,
    },
    /// The party has made as many commitments as it may.
    #[error("{party} has made {max} maintenance commitments, no more are taken in")]
    TooManyCommitments {
        /// The party.
        party: Name,
        /// How many there may be.
        max: usize,
    },
    /// No such commitment.
    #[error("no maintenance commitment {commitment} in this ledger")]
    UnknownCommitment {
        /// The commitment named.
        commitment: StatementId,
    },
    /// The commitment is another party's.
    #[error("commitment {commitment} is {committed}'s, not {party}'s")]
    NotYourCommitment {
        /// The commitment.
        commitment: StatementId,
        /// The party that has committed itself.
        committed: Name,
        /// The party of the signer.
        party: Name,
    },
    /// The date is none of the commitment's.
    #[error("commitment {commitment} has no date {due}")]
    UnknownDueDate {
        /// The commitment.
        commitment: StatementId,
        /// The date named.
        due: Timestamp,
    },
    /// The date is fulfilled.
    #[error("the date {due} of commitment {commitment} is fulfilled")]
    AlreadyFulfilled {
        /// The commitment.
        commitment: StatementId,
        /// The date.
        due: Timestamp,
    },
}

impl WorkRefusal {
    /// Returns the reason code.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::TooManyNeeds { .. } => "TOO_MANY_NEEDS",
            Self::UnknownTask { .. } => "UNKNOWN_TASK",
            Self::NotTaskOwner { .. } => "NOT_TASK_OWNER",
            Self::TaskDimensionOther { .. } => "TASK_DIMENSION_OTHER",
            Self::TooManyOpenClaims { .. } => "TOO_MANY_OPEN_CLAIMS",
            Self::UnplannedNotAccepted { .. } => "UNPLANNED_NOT_ACCEPTED",
            Self::TaskBudgetExceeded { .. } => "TASK_BUDGET_EXCEEDED",
            Self::TaskOwnerUnknown { .. } => "TASK_OWNER_UNKNOWN",
            Self::TaskDimensionUnknown { .. } => "TASK_DIMENSION_UNKNOWN",
            Self::TaskWithoutFloorMass { .. } => "TASK_WITHOUT_FLOOR_MASS",
            Self::BudgetsNotFloorMass { .. } => "BUDGETS_NOT_FLOOR_MASS",
            Self::MilestoneTaskUnknown { .. } => "MILESTONE_TASK_UNKNOWN",
            Self::FeedbackNotAccepted { .. } => "FEEDBACK_NOT_ACCEPTED",
            Self::OwnChallenge { .. } => "OWN_CHALLENGE",
            Self::NotAccepted { .. } => "NOT_ACCEPTED",
            Self::ChallengeNotForeseen { .. } => "CHALLENGE_NOT_FORESEEN",
            Self::ChallengeLate { .. } => "CHALLENGE_LATE",
            Self::ChallengedBefore { .. } => "CHALLENGED_BEFORE",
            Self::TooManyChallenges { .. } => "TOO_MANY_CHALLENGES",
            Self::TooManyChallenged { .. } => "TOO_MANY_CHALLENGED",
            Self::RiskOwnerUnknown { .. } => "RISK_OWNER_UNKNOWN",
            Self::TooManyRisks { .. } => "TOO_MANY_RISKS",
            Self::UnknownRisk { .. } => "UNKNOWN_RISK",
            Self::RiskClosed { .. } => "RISK_CLOSED",
            Self::NotRiskOwner { .. } => "NOT_RISK_OWNER",
            Self::TooMuchFeedback { .. } => "TOO_MUCH_FEEDBACK",
            Self::UnknownFeedback { .. } => "UNKNOWN_FEEDBACK",
            Self::OwnFeedback { .. } => "OWN_FEEDBACK",
            Self::FeedbackAnswered { .. } => "FEEDBACK_ANSWERED",
            Self::TooManyCommitments { .. } => "TOO_MANY_COMMITMENTS",
            Self::UnknownCommitment { .. } => "UNKNOWN_COMMITMENT",
            Self::NotYourCommitment { .. } => "NOT_YOUR_COMMITMENT",
            Self::UnknownDueDate { .. } => "UNKNOWN_DUE_DATE",
            Self::AlreadyFulfilled { .. } => "ALREADY_FULFILLED",
        }
    }
}
