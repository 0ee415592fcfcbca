//! Statements: what a party says, as values. Their bytes are opened and built in [`wire`] alone.
//!
//! A [`Signed`] is proof that the signature was verified and the bytes were canonical: only [`wire::open`] makes one.
//! Fields are within the limits of `proto/counterfoil/v1`; whether a statement may enter, the law decides.

pub mod change;
pub mod dispute;
pub mod id;
mod kind;
pub mod money;
pub mod rules;
pub mod terms;
pub mod wire;
pub mod work;

use std::fmt;

pub use kind::Kind;

use crate::{
    digest::Digest,
    keys::PublicKey,
    split::Ratio,
    statement::{
        id::{AgreementId, StatementId},
        terms::{CurrencyCode, Name, Terms},
    },
    time::Timestamp,
};

/// A statement whose signature was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// SHA-256 of the PAE.
    id: StatementId,
    /// What was signed.
    statement: Statement,
}

impl Signed {
    /// Returns the id.
    #[must_use]
    pub const fn id(&self) -> StatementId {
        self.id
    }

    /// Returns what was signed.
    #[must_use]
    pub const fn statement(&self) -> &Statement {
        &self.statement
    }

    /// Returns the agreement it belongs to: the one it names, or the one it founds.
    #[must_use]
    pub fn agreement(&self) -> AgreementId {
        self.statement.agreement.unwrap_or_else(|| self.id.into())
    }
}

/// What a party says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The agreement; without only in a proposal, which founds one.
    pub agreement: Option<AgreementId>,
    /// Who says it.
    pub signer: PublicKey,
    /// Makes equal statements distinct.
    pub nonce: [u8; 16],
    /// When the signer says it was signed.
    pub claimed_time: Timestamp,
    /// The checkpoint the signer last verified.
    pub seen: Option<SeenCheckpoint>,
    /// What is said.
    pub body: Body,
}

/// A checkpoint as one signer remembers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeenCheckpoint {
    /// Number of entries, at least 1.
    pub tree_size: u64,
    /// Root hash.
    pub root: Digest,
}

/// What is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// Founds an agreement.
    Proposal(Terms),
    /// Accepts the live proposal.
    Acceptance(Acceptance),
    /// Declines the live proposal.
    Decline(Decline),
    /// Takes back the signer's own proposal.
    ProposalWithdrawal(ProposalWithdrawal),
    /// Claims a contribution.
    Contribution(Contribution),
    /// Takes back the signer's own contribution.
    ContributionWithdrawal(ContributionWithdrawal),
    /// Judges contributions of other parties.
    Attestation(Attestation),
    /// Reports a benefit.
    Benefit(Benefit),
    /// Confirms benefits of other parties.
    BenefitConfirmation(BenefitConfirmation),
    /// Reports that (part of) a benefit was given back.
    Reversal(Reversal),
    /// Confirms reversals of other parties.
    ReversalConfirmation(ReversalConfirmation),
    /// States the account.
    Settlement(Settlement),
    /// Puts other terms in the place of the live proposal's.
    CounterProposal(change::CounterProposal),
    /// The mediator consents to be one.
    MediatorConsent(change::MediatorConsent),
    /// Says what the cooperation needs.
    Needs(work::Needs),
    /// Moves a plan.
    Plan(work::Plan),
    /// Challenges contributions that were accepted.
    Challenge(work::Challenge),
    /// Takes back the signer's own challenge, dispute, offer or motion.
    Withdrawal(change::Withdrawal),
    /// Reports a cost that is recouped.
    Cost(money::Cost),
    /// Confirms costs of other parties.
    CostConfirmation(money::CostConfirmation),
    /// Reports that a stream brought nothing in a period.
    NilReport(money::NilReport),
    /// Closes a period for one party.
    Closing(money::Closing),
    /// Agrees with a settlement.
    Acknowledgement(money::Acknowledgement),
    /// Reports a payment.
    Payment(money::Payment),
    /// Confirms payments received.
    PaymentConfirmation(money::PaymentConfirmation),
    /// Disputes entries.
    Dispute(dispute::Dispute),
    /// Adds evidence to a dispute.
    Evidence(dispute::Evidence),
    /// Offers how to settle a dispute.
    Offer(dispute::Offer),
    /// Decides a dispute.
    Ruling(dispute::Ruling),
    /// Moves other terms.
    Amendment(change::Amendment),
    /// Moves that a party has one more key.
    KeyGrant(change::KeyGrant),
    /// Moves that a key signs nothing any more.
    KeyRevocation(change::KeyRevocation),
    /// Moves that the signer's party leaves.
    Exit(change::Exit),
    /// Puts a risk on the register.
    Risk(work::Risk),
    /// Moves another assessment of a risk.
    RiskAssessment(work::RiskAssessment),
    /// Moves that the plan for a risk takes the place of the plan.
    Contingency(work::Contingency),
    /// Moves how the trial came out.
    TrialResult(change::TrialResult),
    /// Feeds back what was learned.
    Feedback(work::Feedback),
    /// Answers feedback.
    FeedbackResponse(work::FeedbackResponse),
    /// Commits a party to maintenance.
    MaintenanceCommitment(work::MaintenanceCommitment),
    /// Shows that a date of a maintenance commitment was kept.
    MaintenanceFulfilment(work::MaintenanceFulfilment),
    /// Moves that the agreement stands still.
    Suspension(change::Suspension),
    /// Moves that the agreement goes on.
    Resumption(change::Resumption),
    /// Moves another mediator.
    MediatorReplacement(change::MediatorReplacement),
    /// Moves that the agreement ends.
    Close(change::Close),
}

impl Body {
    /// Returns the kind.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Proposal(_) => Kind::Proposal,
            Self::Acceptance(_) => Kind::Acceptance,
            Self::Decline(_) => Kind::Decline,
            Self::ProposalWithdrawal(_) => Kind::ProposalWithdrawal,
            Self::Contribution(_) => Kind::Contribution,
            Self::ContributionWithdrawal(_) => Kind::ContributionWithdrawal,
            Self::Attestation(_) => Kind::Attestation,
            Self::Benefit(_) => Kind::Benefit,
            Self::BenefitConfirmation(_) => Kind::BenefitConfirmation,
            Self::Reversal(_) => Kind::Reversal,
            Self::ReversalConfirmation(_) => Kind::ReversalConfirmation,
            Self::Settlement(_) => Kind::Settlement,
            Self::CounterProposal(_) => Kind::CounterProposal,
            Self::MediatorConsent(_) => Kind::MediatorConsent,
            Self::Needs(_) => Kind::Needs,
            Self::Plan(_) => Kind::Plan,
            Self::Challenge(_) => Kind::Challenge,
            Self::Withdrawal(_) => Kind::Withdrawal,
            Self::Cost(_) => Kind::Cost,
            Self::CostConfirmation(_) => Kind::CostConfirmation,
            Self::NilReport(_) => Kind::NilReport,
            Self::Closing(_) => Kind::Closing,
            Self::Acknowledgement(_) => Kind::Acknowledgement,
            Self::Payment(_) => Kind::Payment,
            Self::PaymentConfirmation(_) => Kind::PaymentConfirmation,
            Self::Dispute(_) => Kind::Dispute,
            Self::Evidence(_) => Kind::Evidence,
            Self::Offer(_) => Kind::Offer,
            Self::Ruling(_) => Kind::Ruling,
            Self::Amendment(_) => Kind::Amendment,
            Self::KeyGrant(_) => Kind::KeyGrant,
            Self::KeyRevocation(_) => Kind::KeyRevocation,
            Self::Exit(_) => Kind::Exit,
            Self::Risk(_) => Kind::Risk,
            Self::RiskAssessment(_) => Kind::RiskAssessment,
            Self::Contingency(_) => Kind::Contingency,
            Self::TrialResult(_) => Kind::TrialResult,
            Self::Feedback(_) => Kind::Feedback,
            Self::FeedbackResponse(_) => Kind::FeedbackResponse,
            Self::MaintenanceCommitment(_) => Kind::MaintenanceCommitment,
            Self::MaintenanceFulfilment(_) => Kind::MaintenanceFulfilment,
            Self::Suspension(_) => Kind::Suspension,
            Self::Resumption(_) => Kind::Resumption,
            Self::MediatorReplacement(_) => Kind::MediatorReplacement,
            Self::Close(_) => Kind::Close,
        }
    }
}

/// Accepts a proposal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acceptance {
    /// The proposal, whose id covers every byte of the terms.
    pub proposal: StatementId,
}

/// Declines a proposal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decline {
    /// The proposal.
    pub proposal: StatementId,
    /// Why, for people.
    pub reason: String,
}

/// Takes a proposal back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProposalWithdrawal {
    /// The proposal.
    pub proposal: StatementId,
    /// Why, for people.
    pub reason: String,
}

/// Claims that a party contributed something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contribution {
    /// The contributing party.
    pub party: Name,
    /// The unit.
    pub unit: Name,
    /// How many units.
    pub quantity: Ratio,
    /// When the work began, as claimed.
    pub work_start: Timestamp,
    /// When the work ended, as claimed; not before its begin.
    pub work_end: Timestamp,
    /// What shows the work; no digest twice.
    pub artifacts: Vec<Artifact>,
    /// A line for people.
    pub note: String,
    /// The task of the plan it belongs to; without, it is unplanned.
    pub task: Option<Name>,
}

/// Something that exists outside the ledger, named by its digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artifact {
    /// What it is.
    pub kind: ArtifactKind,
    /// SHA-256, or the object id of a git commit: 32 or 20 bytes.
    pub digest: ArtifactDigest,
    /// Its media type.
    pub media_type: String,
    /// Where it may be found; nobody trusts it.
    pub uri: String,
    /// The part of it that is claimed, in (0, 1].
    pub fraction: Ratio,
}

/// The digest of an artifact: 32 bytes, or 20 for a git commit named by SHA-1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ArtifactDigest {
    /// SHA-256.
    Sha256(Digest),
    /// A git object id of 20 bytes.
    GitSha1([u8; 20]),
}

impl ArtifactDigest {
    /// Returns the 20 or 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Sha256(digest) => digest.as_bytes(),
            Self::GitSha1(bytes) => bytes,
        }
    }
}

impl fmt::Display for ArtifactDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.as_bytes()))
    }
}

impl fmt::Debug for ArtifactDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What an artifact is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArtifactKind {
    /// A git commit.
    GitCommit,
    /// A pull or merge request.
    PullRequest,
    /// The files of a release.
    Release,
    /// The manifest of a data set.
    Dataset,
    /// The manifest of model weights.
    ModelWeights,
    /// An evaluation report.
    Evaluation,
    /// An invoice for compute.
    ComputeInvoice,
    /// A grant.
    Grant,
    /// Documentation.
    Documentation,
    /// Hours of support.
    Support,
    /// A security advisory.
    SecurityAdvisory,
    /// Anything else.
    Other,
}

/// Takes a contribution back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContributionWithdrawal {
    /// The contribution.
    pub contribution: StatementId,
    /// Why, for people.
    pub reason: String,
}

/// Judges contributions of other parties.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attestation {
    /// The contributions: at least one, each once.
    pub contributions: Vec<StatementId>,
    /// The judgement.
    pub verdict: Verdict,
    /// Why, for people; given unless accepted.
    pub reason: String,
}

/// A judgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Confirmed.
    Accepted {
        /// How much of the work counts, in [0, 1].
        quality: Ratio,
        /// Whether work in no task of the plan, or beyond its budget, is accepted, too.
        unplanned: bool,
    },
    /// Not confirmed; never counts.
    Rejected,
    /// Does not count as it is.
    ChangesRequested,
}

/// Reports money that came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Benefit {
    /// The stream.
    pub stream: Name,
    /// The currency.
    pub currency: CurrencyCode,
    /// The gross amount, minor units.
    pub amount: u64,
    /// The begin of the time it was earned in.
    pub period_start: Timestamp,
    /// The end of that time; not before its begin.
    pub period_end: Timestamp,
    /// SHA-256 of the evidence.
    pub evidence: Digest,
    /// A line for people.
    pub note: String,
}

/// Confirms benefits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BenefitConfirmation {
    /// The benefits: at least one, each once.
    pub benefits: Vec<StatementId>,
}

/// Reports that (part of) a benefit was given back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reversal {
    /// The benefit.
    pub benefit: StatementId,
    /// How much of the gross amount, minor units, greater than zero.
    pub amount: u64,
    /// SHA-256 of the evidence.
    pub evidence: Digest,
    /// A line for people.
    pub note: String,
}

/// Confirms reversals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReversalConfirmation {
    /// The reversals: at least one, each once.
    pub reversals: Vec<StatementId>,
}

/// States the account of the parties at a tree size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// It covers the entries before this size.
    pub tree_size: u64,
    /// Covers the exact share of each party.
    pub shares: Digest,
    /// One account for each currency of the terms.
    pub accounts: Vec<CurrencyAccount>,
}

/// The account of one currency; cumulative but for the dues.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CurrencyAccount {
    /// The currency.
    pub currency: CurrencyCode,
    /// What was pooled, minor units.
    pub pool: u64,
    /// Covers the exact entitlement of each party.
    pub entitlements: Digest,
    /// One line for each party, in the order of the terms.
    pub parties: Vec<PartyAccount>,
    /// What of the pool goes to fees, minor units.
    pub fees: u64,
    /// What of the pool is held back until later, minor units.
    pub held_back: u64,
    /// What of the pool is held because it is disputed, minor units.
    pub disputed: u64,
    /// What caps leave over and belongs to nobody yet, minor units.
    pub reserve: u64,
}

/// One party's line of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartyAccount {
    /// Whole minor units.
    pub allocation: i64,
    /// The difference to its allocation in the settlement before.
    pub due: i64,
}
