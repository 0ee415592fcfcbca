//! Statements: what a party says, as values. Their bytes are opened and built in [`wire`] alone.
//!
//! A [`Signed`] is proof that the signature was verified and the bytes were canonical: only [`wire::open`] makes one.
//! Fields are within the limits of `proto/counterfoil/v1`; whether a statement may enter, the law decides.

pub mod id;
pub mod terms;
pub mod wire;

use std::fmt;

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
        }
    }
}

/// The kinds of statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// See [`Body::Proposal`].
    Proposal,
    /// See [`Body::Acceptance`].
    Acceptance,
    /// See [`Body::Decline`].
    Decline,
    /// See [`Body::ProposalWithdrawal`].
    ProposalWithdrawal,
    /// See [`Body::Contribution`].
    Contribution,
    /// See [`Body::ContributionWithdrawal`].
    ContributionWithdrawal,
    /// See [`Body::Attestation`].
    Attestation,
    /// See [`Body::Benefit`].
    Benefit,
    /// See [`Body::BenefitConfirmation`].
    BenefitConfirmation,
    /// See [`Body::Reversal`].
    Reversal,
    /// See [`Body::ReversalConfirmation`].
    ReversalConfirmation,
    /// See [`Body::Settlement`].
    Settlement,
}

impl Kind {
    /// Every kind, in the order of the protocol.
    pub const ALL: [Self; 12] = [
        Self::Proposal,
        Self::Acceptance,
        Self::Decline,
        Self::ProposalWithdrawal,
        Self::Contribution,
        Self::ContributionWithdrawal,
        Self::Attestation,
        Self::Benefit,
        Self::BenefitConfirmation,
        Self::Reversal,
        Self::ReversalConfirmation,
        Self::Settlement,
    ];

    /// Returns the kind in words: `contribution withdrawal`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Proposal => "proposal",
            Self::Acceptance => "acceptance",
            Self::Decline => "decline",
            Self::ProposalWithdrawal => "proposal withdrawal",
            Self::Contribution => "contribution",
            Self::ContributionWithdrawal => "contribution withdrawal",
            Self::Attestation => "attestation",
            Self::Benefit => "benefit",
            Self::BenefitConfirmation => "benefit confirmation",
            Self::Reversal => "reversal",
            Self::ReversalConfirmation => "reversal confirmation",
            Self::Settlement => "settlement",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
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
}

/// One party's line of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartyAccount {
    /// Whole minor units.
    pub allocation: i64,
    /// The difference to its allocation in the settlement before.
    pub due: i64,
}
