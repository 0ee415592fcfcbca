//! Where an agreement and what was said in it stand.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Where an agreement stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Phase {
    /// Proposed, not accepted by all.
    Negotiating,
    /// Accepted by all, on trial.
    Trial,
    /// Accepted by all.
    InForce,
    /// Stands still.
    Suspended,
    /// Ended but for what is left to report, settle and pay.
    WindingDown,
    /// Over.
    Closed,
    /// Never accepted: declined, withdrawn or expired.
    Lapsed,
}

impl Phase {
    /// Every phase.
    pub const ALL: [Self; 7] =
        [Self::Negotiating, Self::Trial, Self::InForce, Self::Suspended, Self::WindingDown, Self::Closed, Self::Lapsed];

    /// Returns the phase as it is written: `IN_FORCE`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Negotiating => "NEGOTIATING",
            Self::Trial => "TRIAL",
            Self::InForce => "IN_FORCE",
            Self::Suspended => "SUSPENDED",
            Self::WindingDown => "WINDING_DOWN",
            Self::Closed => "CLOSED",
            Self::Lapsed => "LAPSED",
        }
    }
}

/// Where a contribution stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ContributionState {
    /// Claimed; counts nothing.
    Claimed,
    /// Attested by as many as its unit asks; counts.
    Accepted,
    /// Rejected; never counts.
    Rejected,
    /// Does not count as it is; can only be withdrawn.
    ChangesRequested,
    /// Taken back by its claimant.
    Withdrawn,
    /// Counted in a settlement; can no longer be withdrawn.
    Final,
    /// Decided in a dispute.
    Corrected,
}

impl ContributionState {
    /// Every state.
    pub const ALL: [Self; 7] = [
        Self::Claimed,
        Self::Accepted,
        Self::Rejected,
        Self::ChangesRequested,
        Self::Withdrawn,
        Self::Final,
        Self::Corrected,
    ];

    /// Returns the state as it is written: `CHANGES_REQUESTED`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Claimed => "CLAIMED",
            Self::Accepted => "ACCEPTED",
            Self::Rejected => "REJECTED",
            Self::ChangesRequested => "CHANGES_REQUESTED",
            Self::Withdrawn => "WITHDRAWN",
            Self::Final => "FINAL",
            Self::Corrected => "CORRECTED",
        }
    }
}

/// Where a benefit or a reversal stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BenefitState {
    /// Reported; counts nothing.
    Reported,
    /// Confirmed; enters the next settlement.
    Confirmed,
    /// Taken in by a settlement.
    Settled,
}

impl BenefitState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Reported, Self::Confirmed, Self::Settled];

    /// Returns the state as it is written: `CONFIRMED`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reported => "REPORTED",
            Self::Confirmed => "CONFIRMED",
            Self::Settled => "SETTLED",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for ContributionState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for BenefitState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
