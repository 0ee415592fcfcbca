//! The kinds of statement.

use std::fmt;

/// The kinds of statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// See [`super::Body::Proposal`].
    Proposal,
    /// See [`super::Body::Acceptance`].
    Acceptance,
    /// See [`super::Body::Decline`].
    Decline,
    /// See [`super::Body::ProposalWithdrawal`].
    ProposalWithdrawal,
    /// See [`super::Body::Contribution`].
    Contribution,
    /// See [`super::Body::ContributionWithdrawal`].
    ContributionWithdrawal,
    /// See [`super::Body::Attestation`].
    Attestation,
    /// See [`super::Body::Benefit`].
    Benefit,
    /// See [`super::Body::BenefitConfirmation`].
    BenefitConfirmation,
    /// See [`super::Body::Reversal`].
    Reversal,
    /// See [`super::Body::ReversalConfirmation`].
    ReversalConfirmation,
    /// See [`super::Body::Settlement`].
    Settlement,
    /// See [`super::Body::CounterProposal`].
    CounterProposal,
    /// See [`super::Body::MediatorConsent`].
    MediatorConsent,
    /// See [`super::Body::Needs`].
    Needs,
    /// See [`super::Body::Plan`].
    Plan,
    /// See [`super::Body::Challenge`].
    Challenge,
    /// See [`super::Body::Withdrawal`].
    Withdrawal,
    /// See [`super::Body::Cost`].
    Cost,
    /// See [`super::Body::CostConfirmation`].
    CostConfirmation,
    /// See [`super::Body::NilReport`].
    NilReport,
    /// See [`super::Body::Closing`].
    Closing,
    /// See [`super::Body::Acknowledgement`].
    Acknowledgement,
    /// See [`super::Body::Payment`].
    Payment,
    /// See [`super::Body::PaymentConfirmation`].
    PaymentConfirmation,
    /// See [`super::Body::Dispute`].
    Dispute,
    /// See [`super::Body::Evidence`].
    Evidence,
    /// See [`super::Body::Offer`].
    Offer,
    /// See [`super::Body::Ruling`].
    Ruling,
    /// See [`super::Body::Amendment`].
    Amendment,
    /// See [`super::Body::KeyGrant`].
    KeyGrant,
    /// See [`super::Body::KeyRevocation`].
    KeyRevocation,
    /// See [`super::Body::Exit`].
    Exit,
    /// See [`super::Body::Risk`].
    Risk,
    /// See [`super::Body::RiskAssessment`].
    RiskAssessment,
    /// See [`super::Body::Contingency`].
    Contingency,
    /// See [`super::Body::TrialResult`].
    TrialResult,
    /// See [`super::Body::Feedback`].
    Feedback,
    /// See [`super::Body::FeedbackResponse`].
    FeedbackResponse,
    /// See [`super::Body::MaintenanceCommitment`].
    MaintenanceCommitment,
    /// See [`super::Body::MaintenanceFulfilment`].
    MaintenanceFulfilment,
    /// See [`super::Body::Suspension`].
    Suspension,
    /// See [`super::Body::Resumption`].
    Resumption,
    /// See [`super::Body::MediatorReplacement`].
    MediatorReplacement,
    /// See [`super::Body::Close`].
    Close,
}

impl Kind {
    /// Every kind, in the order of the protocol.
    pub const ALL: [Self; 45] = [
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
        Self::CounterProposal,
        Self::MediatorConsent,
        Self::Needs,
        Self::Plan,
        Self::Challenge,
        Self::Withdrawal,
        Self::Cost,
        Self::CostConfirmation,
        Self::NilReport,
        Self::Closing,
        Self::Acknowledgement,
        Self::Payment,
        Self::PaymentConfirmation,
        Self::Dispute,
        Self::Evidence,
        Self::Offer,
        Self::Ruling,
        Self::Amendment,
        Self::KeyGrant,
        Self::KeyRevocation,
        Self::Exit,
        Self::Risk,
        Self::RiskAssessment,
        Self::Contingency,
        Self::TrialResult,
        Self::Feedback,
        Self::FeedbackResponse,
        Self::MaintenanceCommitment,
        Self::MaintenanceFulfilment,
        Self::Suspension,
        Self::Resumption,
        Self::MediatorReplacement,
        Self::Close,
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
            Self::CounterProposal => "counter-proposal",
            Self::MediatorConsent => "mediator consent",
            Self::Needs => "needs",
            Self::Plan => "plan",
            Self::Challenge => "challenge",
            Self::Withdrawal => "withdrawal",
            Self::Cost => "cost",
            Self::CostConfirmation => "cost confirmation",
            Self::NilReport => "nil report",
            Self::Closing => "closing",
            Self::Acknowledgement => "acknowledgement",
            Self::Payment => "payment",
            Self::PaymentConfirmation => "payment confirmation",
            Self::Dispute => "dispute",
            Self::Evidence => "evidence",
            Self::Offer => "offer",
            Self::Ruling => "ruling",
            Self::Amendment => "amendment",
            Self::KeyGrant => "key grant",
            Self::KeyRevocation => "key revocation",
            Self::Exit => "exit",
            Self::Risk => "risk",
            Self::RiskAssessment => "risk assessment",
            Self::Contingency => "contingency",
            Self::TrialResult => "trial result",
            Self::Feedback => "feedback",
            Self::FeedbackResponse => "feedback response",
            Self::MaintenanceCommitment => "maintenance commitment",
            Self::MaintenanceFulfilment => "maintenance fulfilment",
            Self::Suspension => "suspension",
            Self::Resumption => "resumption",
            Self::MediatorReplacement => "mediator replacement",
            Self::Close => "close",
        }
    }
}

impl Kind {
    /// Returns the kind with its article: `an attestation`.
    #[must_use]
    pub fn with_article(self) -> String {
        let article = if self.as_str().starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
        format!("{article} {self}")
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
