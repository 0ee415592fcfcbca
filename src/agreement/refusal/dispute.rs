//! Why something may not be disputed, or said in a dispute.

use crate::{
    digest::Digest,
    statement::{id::StatementId, terms::Name},
    time::Timestamp,
};

/// Why something may not be disputed, or said in a dispute.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DisputeRefusal {
    /// The party disputes too much.
    #[error("{open} disputes of {party} are open, at most {max} may be; it has opened {ever}")]
    TooMany {
        /// The party.
        party: Name,
        /// How many of its disputes are open.
        open: usize,
        /// How many it ever opened.
        ever: usize,
        /// How many may be open.
        max: usize,
    },
    /// The party disputes too many entries.
    #[error("{party} would dispute {entries} entries since the last settlement, at most {max} may be")]
    TooManyEntries {
        /// The party.
        party: Name,
        /// How many would be.
        entries: usize,
        /// How many may be.
        max: usize,
    },
    /// No such entry can be disputed.
    #[error("no contribution, benefit or cost {subject} in this ledger")]
    UnknownSubject {
        /// The statement named.
        subject: StatementId,
    },
    /// A dispute has decided the entry.
    #[error("{subject} was decided in a dispute before")]
    AlreadyDecided {
        /// The entry.
        subject: StatementId,
    },
    /// The entry counts nothing and nobody has refused it.
    #[error("{subject} counts nothing that could be disputed")]
    NotDisputable {
        /// The entry.
        subject: StatementId,
    },
    /// The entry is disputed already.
    #[error("{subject} is disputed already")]
    AlreadyDisputed {
        /// The entry.
        subject: StatementId,
    },
    /// The audit period of the entry is over.
    #[error("{subject} was admitted at {admitted}; entries may be disputed for {days} days")]
    BeyondAudit {
        /// The entry.
        subject: StatementId,
        /// When it was admitted.
        admitted: Timestamp,
        /// How long it could be disputed.
        days: u32,
    },
    /// The remedy does not fit the entry.
    #[error("the remedy is none for {subject}")]
    RemedyUnfit {
        /// The entry.
        subject: StatementId,
    },
    /// Nothing else is sought than what stands.
    #[error("what is sought for {subject} is what stands")]
    NothingSought {
        /// The entry.
        subject: StatementId,
    },
    /// The amount is less than was given back, or too large.
    #[error("the amount does not fit {subject}")]
    AmountUnfit {
        /// The entry.
        subject: StatementId,
    },
    /// No such dispute is open.
    #[error("no open dispute {dispute}")]
    UnknownDispute {
        /// The dispute named.
        dispute: StatementId,
    },
    /// The time for evidence is over.
    #[error("evidence in {dispute} could be given for {days} days")]
    EvidenceLate {
        /// The dispute.
        dispute: StatementId,
        /// How long.
        days: u32,
    },
    /// The party has given the document.
    #[error("{digest} was given in {dispute} before")]
    EvidenceTwice {
        /// The dispute.
        dispute: StatementId,
        /// The document.
        digest: Digest,
    },
    /// The party, or the mediator, has given as much evidence as it may.
    #[error("{max} pieces of evidence were given in {dispute} by the same")]
    TooMuchEvidence {
        /// The dispute.
        dispute: StatementId,
        /// How many it may have.
        max: usize,
    },
    /// The party is no side of the dispute, and has not attested what is disputed.
    #[error("{party} is no side of {dispute}")]
    NotASide {
        /// The dispute.
        dispute: StatementId,
        /// The party of the signer.
        party: Name,
    },
    /// The outcomes are not one for each disputed entry.
    #[error("the outcomes are not those of the entries of {dispute}")]
    OtherSubjects {
        /// The dispute.
        dispute: StatementId,
    },
    /// A ruling stays between what is and what is sought.
    #[error("the outcome for {subject} lies outside what is and what is sought")]
    OutsidePositions {
        /// The entry.
        subject: StatementId,
    },
    /// The entry is disputed, and its dispute decides.
    #[error("{subject} is disputed in {dispute}")]
    Disputed {
        /// The entry.
        subject: StatementId,
        /// The dispute.
        dispute: StatementId,
    },
}

impl DisputeRefusal {
    /// Returns the reason code.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::TooMany { .. } => "TOO_MANY_DISPUTES",
            Self::TooManyEntries { .. } => "TOO_MANY_DISPUTED_ENTRIES",
            Self::UnknownSubject { .. } => "UNKNOWN_SUBJECT",
            Self::AlreadyDecided { .. } => "ALREADY_DECIDED",
            Self::NotDisputable { .. } => "NOT_DISPUTABLE",
            Self::AlreadyDisputed { .. } => "ALREADY_DISPUTED",
            Self::BeyondAudit { .. } => "BEYOND_AUDIT",
            Self::RemedyUnfit { .. } => "REMEDY_UNFIT",
            Self::NothingSought { .. } => "NOTHING_SOUGHT",
            Self::AmountUnfit { .. } => "AMOUNT_UNFIT",
            Self::UnknownDispute { .. } => "UNKNOWN_DISPUTE",
            Self::EvidenceLate { .. } => "EVIDENCE_LATE",
            Self::EvidenceTwice { .. } => "EVIDENCE_TWICE",
            Self::TooMuchEvidence { .. } => "TOO_MUCH_EVIDENCE",
            Self::NotASide { .. } => "NOT_A_SIDE",
            Self::OtherSubjects { .. } => "OTHER_SUBJECTS",
            Self::OutsidePositions { .. } => "OUTSIDE_POSITIONS",
            Self::Disputed { .. } => "DISPUTED",
        }
    }
}
