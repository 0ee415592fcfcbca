//! Refusals: the law's no, each with one reason code, the same in the code, on the wire, in the audit and in the documents.
//!
//! Guards stand in a fixed order, and that order is part of the format, so that two honest readers refuse for the same
//! reason: agreement, seen checkpoint, recorded before, admission time, signer, scope, phase, then the statement's own fields in their
//! order, then how they relate to what stands in the ledger. The reasons in words are in [`reasons`].

pub mod benefit;
pub mod change;
pub mod contribution;
pub mod dispute;
pub mod money;
pub mod reasons;
pub mod settlement;
pub mod terms;
pub mod work;

use crate::{
    agreement::{
        refusal::{
            benefit::BenefitRefusal, change::ChangeRefusal, contribution::ContributionRefusal, dispute::DisputeRefusal,
            money::MoneyRefusal, settlement::SettlementRefusal, terms::TermsFault, work::WorkRefusal,
        },
        state::Phase,
    },
    digest::Digest,
    keys::PublicKey,
    statement::{
        Kind, Signed,
        id::{AgreementId, StatementId},
        terms::{Name, Scope},
    },
    time::Timestamp,
};

/// Why a statement may not enter now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The first entry of a ledger is no proposal.
    #[error("a ledger begins with a proposal, not with {}", .kind.with_article())]
    NotFounded {
        /// What was said instead.
        kind: Kind,
    },
    /// An agreement is founded once.
    #[error("the agreement is already founded")]
    AlreadyFounded,
    /// The statement belongs to another agreement.
    #[error("the statement belongs to {found}, not to {expected}")]
    OtherAgreement {
        /// The agreement asked.
        expected: AgreementId,
        /// The agreement named.
        found: AgreementId,
    },
    /// The checkpoint the signer remembers is not one of this ledger.
    #[error("the signer saw another ledger: at {tree_size} entries the root {stated} was seen, here it is {}", root_text(.actual))]
    SeenCheckpointWrong {
        /// The size seen.
        tree_size: u64,
        /// The root seen.
        stated: Digest,
        /// The root of this ledger at that size; none if it is not that large.
        actual: Option<Digest>,
    },
    /// Admission times never run back.
    #[error("admission time {at} lies before that of the last entry, {last}")]
    TimeRanBack {
        /// The time given.
        at: Timestamp,
        /// The time of the last entry.
        last: Timestamp,
    },
    /// The same statement is already in the ledger.
    #[error("{statement} is already entry {index}")]
    AlreadyRecorded {
        /// The statement.
        statement: StatementId,
        /// Its entry.
        index: u64,
    },
    /// The signer is no party.
    #[error("signer {signer} is not a party")]
    SignerNotParty {
        /// Who signed.
        signer: PublicKey,
    },
    /// The signer's key may not sign this kind of statement.
    #[error("key {signer} of {party} lacks the scope {scope} that {} needs", .kind.with_article())]
    ScopeMissing {
        /// Who signed.
        signer: PublicKey,
        /// The party the key belongs to.
        party: Name,
        /// The scope needed.
        scope: Scope,
        /// What was said.
        kind: Kind,
    },
    /// There is nothing to negotiate any more.
    #[error("{} is possible only while the agreement is NEGOTIATING; it is {phase}", .kind.with_article())]
    NotNegotiating {
        /// What was said.
        kind: Kind,
        /// Where the agreement stands.
        phase: Phase,
    },
    /// The proposal was not accepted by all in time.
    #[error("the proposal could be accepted until {deadline}; {} at {at} comes too late", .kind.with_article())]
    ProposalExpired {
        /// What was said.
        kind: Kind,
        /// The end of the time for acceptance.
        deadline: Timestamp,
        /// The admission time.
        at: Timestamp,
    },
    /// Not all parties have accepted.
    #[error("{} is possible only once the agreement is IN_FORCE; it is {phase}", .kind.with_article())]
    NotInForce {
        /// What was said.
        kind: Kind,
        /// Where the agreement stands.
        phase: Phase,
    },
    /// Another proposal is named than the live one.
    #[error("the live proposal is {live}, not {named}")]
    OtherProposal {
        /// The proposal that founded the agreement.
        live: StatementId,
        /// The proposal named.
        named: StatementId,
    },
    /// The key has accepted.
    #[error("key {signer} has already accepted")]
    AlreadyAccepted {
        /// Who signed.
        signer: PublicKey,
    },
    /// The key has declined.
    #[error("key {signer} has already declined")]
    AlreadyDeclined {
        /// Who signed.
        signer: PublicKey,
    },
    /// Only the proposing party may take a proposal back.
    #[error("{proposer} made the proposal; {party} cannot withdraw it")]
    NotProposer {
        /// The party of the signer.
        party: Name,
        /// The party that proposed.
        proposer: Name,
    },
    /// The terms do not fit together.
    #[error(transparent)]
    Terms(#[from] TermsFault),
    /// About contributions, their withdrawal and their attestation.
    #[error(transparent)]
    Contribution(#[from] ContributionRefusal),
    /// About benefits, reversals and their confirmation.
    #[error(transparent)]
    Benefit(#[from] BenefitRefusal),
    /// About settlements.
    #[error(transparent)]
    Settlement(#[from] SettlementRefusal),
    /// The agreement stands still.
    #[error("the agreement stands still; {} has to wait until it goes on", .kind.with_article())]
    Suspended {
        /// What was said.
        kind: Kind,
    },
    /// The agreement is being wound down.
    #[error("the agreement is being wound down; {} comes too late", .kind.with_article())]
    WindingDown {
        /// What was said.
        kind: Kind,
    },
    /// The agreement is over.
    #[error("the agreement is closed; {} comes too late", .kind.with_article())]
    Closed {
        /// What was said.
        kind: Kind,
    },
    /// There is no trial.
    #[error("the agreement is not on trial; it is {phase}")]
    NotInTrial {
        /// Where the agreement stands.
        phase: Phase,
    },
    /// The agreement does not stand still.
    #[error("the agreement does not stand still; it is {phase}")]
    NotSuspended {
        /// Where the agreement stands.
        phase: Phase,
    },
    /// About changes of the agreement itself.
    #[error(transparent)]
    Change(#[from] ChangeRefusal),
    /// About the work.
    #[error(transparent)]
    Work(#[from] WorkRefusal),
    /// About money besides benefits.
    #[error(transparent)]
    Money(#[from] MoneyRefusal),
    /// About disputes.
    #[error(transparent)]
    Dispute(#[from] DisputeRefusal),
}

impl Refusal {
    /// Returns the reason code: `SIGNER_NOT_PARTY`.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::NotFounded { .. } => "NOT_FOUNDED",
            Self::AlreadyFounded => "ALREADY_FOUNDED",
            Self::OtherAgreement { .. } => "OTHER_AGREEMENT",
            Self::SeenCheckpointWrong { .. } => "SEEN_CHECKPOINT_WRONG",
            Self::TimeRanBack { .. } => "TIME_RAN_BACK",
            Self::AlreadyRecorded { .. } => "ALREADY_RECORDED",
            Self::SignerNotParty { .. } => "SIGNER_NOT_PARTY",
            Self::ScopeMissing { .. } => "SCOPE_MISSING",
            Self::NotNegotiating { .. } => "NOT_NEGOTIATING",
            Self::ProposalExpired { .. } => "PROPOSAL_EXPIRED",
            Self::NotInForce { .. } => "NOT_IN_FORCE",
            Self::OtherProposal { .. } => "OTHER_PROPOSAL",
            Self::AlreadyAccepted { .. } => "ALREADY_ACCEPTED",
            Self::AlreadyDeclined { .. } => "ALREADY_DECLINED",
            Self::NotProposer { .. } => "NOT_PROPOSER",
            Self::Terms(fault) => fault.reason(),
            Self::Contribution(refusal) => refusal.reason(),
            Self::Benefit(refusal) => refusal.reason(),
            Self::Settlement(refusal) => refusal.reason(),
            Self::Suspended { .. } => "SUSPENDED",
            Self::WindingDown { .. } => "WINDING_DOWN",
            Self::Closed { .. } => "CLOSED",
            Self::NotInTrial { .. } => "NOT_IN_TRIAL",
            Self::NotSuspended { .. } => "NOT_SUSPENDED",
            Self::Change(refusal) => refusal.reason(),
            Self::Work(refusal) => refusal.reason(),
            Self::Money(refusal) => refusal.reason(),
            Self::Dispute(refusal) => refusal.reason(),
        }
    }
}

/// Checks the checkpoint a signer remembers against `root`, the ledger's own at that size, or none if it lies beyond.
///
/// To be called before [`super::Agreement::found`] or [`super::Agreement::admit`], by whoever keeps the ledger: the law
/// does not see the log. Errors: [`Refusal::SeenCheckpointWrong`].
pub fn check_seen(signed: &Signed, root: Option<Digest>) -> Result<(), Refusal> {
    match signed.statement().seen {
        Some(seen) if root != Some(seen.root) => {
            Err(Refusal::SeenCheckpointWrong { tree_size: seen.tree_size, stated: seen.root, actual: root })
        }
        _ => Ok(()),
    }
}

fn root_text(root: &Option<Digest>) -> String {
    root.map_or_else(|| "not that long".to_owned(), |root| root.to_string())
}
