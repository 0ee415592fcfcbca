//! Why a contribution may not be claimed, withdrawn or attested.

use crate::{
    agreement::{contribution::ARTIFACT_DENOMINATOR_BITS_MAX, state::ContributionState},
    split::COUNTED_DENOMINATOR_BITS_MAX,
    statement::{ArtifactDigest, id::StatementId, terms::Name},
    time::Timestamp,
};

/// Why a contribution may not be claimed, withdrawn or attested now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ContributionRefusal {
    /// A party claims for itself alone.
    #[error("the contribution is claimed for {named}, but the signer's party is {party}")]
    NotYourParty {
        /// The party named.
        named: Name,
        /// The party of the signer.
        party: Name,
    },
    /// The unit is not in the unit table.
    #[error("no unit `{unit}` in the terms")]
    UnknownUnit {
        /// The unit named.
        unit: Name,
    },
    /// The work had not ended.
    #[error("the work ends at {work_end}, after its admission at {at}")]
    WorkInFuture {
        /// The end claimed.
        work_end: Timestamp,
        /// The admission time.
        at: Timestamp,
    },
    /// The work ended too long ago.
    #[error(
        "the work ended at {work_end}; at {at} the terms admit only work that ended {days_max} days before, or later"
    )]
    WorkTooOld {
        /// The end claimed.
        work_end: Timestamp,
        /// The admission time.
        at: Timestamp,
        /// How many days are allowed.
        days_max: u32,
    },
    /// The claims of one artifact add up to more than the whole of it.
    #[error("{claimed} of artifact {artifact} is claimed here and {others} elsewhere: more than the whole of it")]
    Overclaim {
        /// The artifact.
        artifact: ArtifactDigest,
        /// The part claimed, exact.
        claimed: String,
        /// What live contributions claim of it, exact.
        others: String,
    },
    /// The claims of one artifact have no common denominator within the limit.
    #[error(
        "the claims of artifact {artifact} need a common denominator of {bits} bits, at most {ARTIFACT_DENOMINATOR_BITS_MAX} are allowed"
    )]
    ArtifactTooFine {
        /// The artifact.
        artifact: ArtifactDigest,
        /// The bits needed.
        bits: usize,
    },
    /// No such contribution in this ledger.
    #[error("no contribution {contribution} in this ledger")]
    UnknownContribution {
        /// The contribution named.
        contribution: StatementId,
    },
    /// A party does not judge its own work.
    #[error("{contribution} is {party}'s own; another party must attest it")]
    OwnContribution {
        /// The contribution.
        contribution: StatementId,
        /// Its party.
        party: Name,
    },
    /// The unit names who may attest, and the signer's party is not among them.
    #[error("the terms do not let {party} attest `{unit}`, the unit of {contribution}")]
    NotAttestor {
        /// The contribution.
        contribution: StatementId,
        /// Its unit.
        unit: Name,
        /// The party of the signer.
        party: Name,
    },
    /// A party judges a contribution once.
    #[error("{party} has already judged {contribution}")]
    AlreadyAttested {
        /// The contribution.
        contribution: StatementId,
        /// The party of the signer.
        party: Name,
    },
    /// The contribution is not open to judgement.
    #[error("{contribution} is {state}; only a CLAIMED contribution can be attested")]
    NotClaimed {
        /// The contribution.
        contribution: StatementId,
        /// Where it stands.
        state: ContributionState,
    },
    /// The points of a dimension have no common denominator within the limit.
    #[error(
        "with {contribution} the points of `{dimension}` need a common denominator of {bits} bits, at most {COUNTED_DENOMINATOR_BITS_MAX} are allowed"
    )]
    PointsTooFine {
        /// The contribution.
        contribution: StatementId,
        /// Its dimension.
        dimension: Name,
        /// The bits needed.
        bits: usize,
    },
    /// Only the party that claimed may withdraw.
    #[error("{claimant} claimed {contribution}; {party} cannot withdraw it")]
    NotClaimant {
        /// The contribution.
        contribution: StatementId,
        /// The party that claimed it.
        claimant: Name,
        /// The party of the signer.
        party: Name,
    },
    /// A settlement counted it.
    #[error("{contribution} was counted by the settlement at {settled_size} entries and stands")]
    ContributionFinal {
        /// The contribution.
        contribution: StatementId,
        /// The cut-off of the last settlement.
        settled_size: u64,
    },
    /// It counts nothing any more.
    #[error("{contribution} is {state}; there is nothing to withdraw")]
    ContributionGone {
        /// The contribution.
        contribution: StatementId,
        /// Where it stands.
        state: ContributionState,
    },
}

impl ContributionRefusal {
    /// Returns the reason code.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::NotYourParty { .. } => "NOT_YOUR_PARTY",
            Self::UnknownUnit { .. } => "UNKNOWN_UNIT",
            Self::WorkInFuture { .. } => "WORK_IN_FUTURE",
            Self::WorkTooOld { .. } => "WORK_TOO_OLD",
            Self::Overclaim { .. } => "OVERCLAIM",
            Self::ArtifactTooFine { .. } => "ARTIFACT_TOO_FINE",
            Self::UnknownContribution { .. } => "UNKNOWN_CONTRIBUTION",
            Self::OwnContribution { .. } => "OWN_CONTRIBUTION",
            Self::NotAttestor { .. } => "NOT_ATTESTOR",
            Self::AlreadyAttested { .. } => "ALREADY_ATTESTED",
            Self::NotClaimed { .. } => "NOT_CLAIMED",
            Self::PointsTooFine { .. } => "POINTS_TOO_FINE",
            Self::NotClaimant { .. } => "NOT_CLAIMANT",
            Self::ContributionFinal { .. } => "CONTRIBUTION_FINAL",
            Self::ContributionGone { .. } => "CONTRIBUTION_GONE",
        }
    }
}
