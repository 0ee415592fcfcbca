//! What parties say about the work: needs, plans, challenges, risks, feedback, maintenance.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    digest::Digest,
    split::Ratio,
    statement::{
        id::StatementId,
        terms::{CurrencyCode, Name},
    },
    time::Timestamp,
};

/// Says what the cooperation needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needs {
    /// SHA-256 of the minutes.
    pub minutes: Digest,
    /// What is needed: at least one line.
    pub needs: Vec<String>,
}

/// A plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The tasks: at least one.
    pub tasks: Vec<Task>,
    /// The milestones.
    pub milestones: Vec<Milestone>,
    /// The feedback that it takes in, each once.
    pub feedback: Vec<StatementId>,
}

/// A task of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// Its name, unique in the plan.
    pub name: Name,
    /// Its title.
    pub title: String,
    /// The party that does it.
    pub owner: Name,
    /// The dimension its work counts in.
    pub dimension: Name,
    /// The points it may bring.
    pub budget: Ratio,
    /// When it is due.
    pub due: Timestamp,
    /// SHA-256 of the acceptance criteria.
    pub criteria: Digest,
}

/// A milestone of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Milestone {
    /// Its title.
    pub title: String,
    /// When it is due.
    pub due: Timestamp,
    /// The tasks that must be done for it.
    pub tasks: Vec<Name>,
}

/// Challenges contributions that were accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// The contributions: at least one, each once.
    pub contributions: Vec<StatementId>,
    /// Why.
    pub ground: Ground,
    /// Why, for people; not empty.
    pub reason: String,
}

/// Why a contribution is challenged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Ground {
    /// The work was not done, or not as claimed.
    NotDone,
    /// The quantity is too high.
    Quantity,
    /// The quality is below what was accepted.
    Quality,
    /// It is another party's work.
    Affiliation,
    /// It may not be used: licence, privacy, security.
    Rights,
    /// It is counted elsewhere.
    CountedTwice,
}

impl Ground {
    /// Every ground.
    pub const ALL: [Self; 6] =
        [Self::NotDone, Self::Quantity, Self::Quality, Self::Affiliation, Self::Rights, Self::CountedTwice];

    /// Returns the ground as it is written: `NOT_DONE`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotDone => "NOT_DONE",
            Self::Quantity => "QUANTITY",
            Self::Quality => "QUALITY",
            Self::Affiliation => "AFFILIATION",
            Self::Rights => "RIGHTS",
            Self::CountedTwice => "COUNTED_TWICE",
        }
    }
}

impl fmt::Display for Ground {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Puts a risk on the register.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Risk {
    /// Its title.
    pub title: String,
    /// How large it is.
    pub assessment: Assessment,
    /// The party that watches it.
    pub owner: Name,
    /// What shows that it has come.
    pub trigger: String,
    /// SHA-256 of the plan for that case.
    pub plan: Option<Digest>,
}

/// How large a risk is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Assessment {
    /// By grades.
    Graded {
        /// 1 (rare) to 5 (almost certain).
        likelihood: u32,
        /// 1 (negligible) to 5 (severe).
        impact: u32,
    },
    /// By money.
    Valued {
        /// In [0, 1].
        probability: Ratio,
        /// A currency of the terms.
        currency: CurrencyCode,
        /// Minor units.
        amount: u64,
    },
}

/// Moves another assessment of a risk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RiskAssessment {
    /// The risk.
    pub risk: StatementId,
    /// How large it is.
    pub assessment: Assessment,
    /// Whether it is over.
    pub closed: bool,
}

/// Moves that a plan takes the place of the plan because a risk has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contingency {
    /// The risk.
    pub risk: StatementId,
    /// The plan.
    pub plan: Plan,
}

/// Feeds back what was learned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feedback {
    /// SHA-256 of the document.
    pub digest: Digest,
    /// A line for people; not empty.
    pub summary: String,
}

/// Answers feedback of another party.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedbackResponse {
    /// The feedback.
    pub feedback: StatementId,
    /// Whether the next plan takes it in.
    pub accepted: bool,
    /// Why, for people; given unless accepted.
    pub reason: String,
}

/// Commits a party to maintenance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MaintenanceCommitment {
    /// Its title.
    pub title: String,
    /// SHA-256 of what is promised.
    pub criteria: Digest,
    /// By when: at least one date, ascending.
    pub due: Vec<Timestamp>,
}

/// Shows that a date of a maintenance commitment was kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MaintenanceFulfilment {
    /// The commitment.
    pub commitment: StatementId,
    /// The date, one of the commitment's.
    pub due: Timestamp,
    /// SHA-256 of the evidence.
    pub evidence: Digest,
}
