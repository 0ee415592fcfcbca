//! Values to generated messages: the other direction, which cannot fail. Views of the service use it too.

use bytes::Bytes;

use crate::{
    digest::Digest,
    proto::counterfoil::v1,
    split::Ratio,
    statement::{
        Acceptance, Artifact, ArtifactKind, Attestation, Benefit, BenefitConfirmation, Body, Contribution,
        ContributionWithdrawal, CurrencyAccount, Decline, PartyAccount, ProposalWithdrawal, Reversal,
        ReversalConfirmation, SeenCheckpoint, Settlement, Statement, Verdict, id::StatementId, terms::Name,
    },
};

impl From<&Statement> for v1::Statement {
    fn from(from: &Statement) -> Self {
        Self {
            agreement_id: from.agreement.map_or_else(Bytes::new, |id| digest(id.digest())),
            signer: Bytes::copy_from_slice(from.signer.as_bytes()),
            nonce: Bytes::copy_from_slice(&from.nonce),
            claimed_time_ms: from.claimed_time.as_ms(),
            seen: from.seen.map(v1::SeenCheckpoint::from),
            body: Some((&from.body).into()),
        }
    }
}

impl From<SeenCheckpoint> for v1::SeenCheckpoint {
    fn from(from: SeenCheckpoint) -> Self {
        Self { tree_size: from.tree_size, root: digest(from.root) }
    }
}

impl From<&Body> for v1::statement::Body {
    fn from(from: &Body) -> Self {
        match from {
            Body::Proposal(terms) => Self::Proposal(v1::Proposal { terms: Some(terms.into()) }),
            Body::Acceptance(from) => Self::Acceptance(from.into()),
            Body::Decline(from) => Self::Decline(from.into()),
            Body::ProposalWithdrawal(from) => Self::ProposalWithdrawal(from.into()),
            Body::Contribution(from) => Self::Contribution(from.into()),
            Body::ContributionWithdrawal(from) => Self::ContributionWithdrawal(from.into()),
            Body::Attestation(from) => Self::Attestation(from.into()),
            Body::Benefit(from) => Self::Benefit(from.into()),
            Body::BenefitConfirmation(from) => Self::BenefitConfirmation(from.into()),
            Body::Reversal(from) => Self::Reversal(from.into()),
            Body::ReversalConfirmation(from) => Self::ReversalConfirmation(from.into()),
            Body::Settlement(from) => Self::Settlement(from.into()),
            Body::CounterProposal(from) => Self::CounterProposal(from.into()),
            Body::MediatorConsent(from) => Self::MediatorConsent(from.into()),
            Body::Needs(from) => Self::Needs(from.into()),
            Body::Plan(from) => Self::Plan(from.into()),
            Body::Challenge(from) => Self::Challenge(from.into()),
            Body::Withdrawal(from) => Self::Withdrawal(from.into()),
            Body::Cost(from) => Self::Cost(from.into()),
            Body::CostConfirmation(from) => Self::CostConfirmation(from.into()),
            Body::NilReport(from) => Self::NilReport(from.into()),
            Body::Closing(from) => Self::Closing(from.into()),
            Body::Acknowledgement(from) => Self::Acknowledgement(from.into()),
            Body::Payment(from) => Self::Payment(from.into()),
            Body::PaymentConfirmation(from) => Self::PaymentConfirmation(from.into()),
            Body::Dispute(from) => Self::Dispute(from.into()),
            Body::Evidence(from) => Self::Evidence(from.into()),
            Body::Offer(from) => Self::Offer(from.into()),
            Body::Ruling(from) => Self::Ruling(from.into()),
            Body::Amendment(from) => Self::Amendment(from.into()),
            Body::KeyGrant(from) => Self::KeyGrant(from.into()),
            Body::KeyRevocation(from) => Self::KeyRevocation(from.into()),
            Body::Exit(from) => Self::Exit(from.into()),
            Body::Risk(from) => Self::Risk(from.into()),
            Body::RiskAssessment(from) => Self::RiskAssessment(from.into()),
            Body::Contingency(from) => Self::Contingency(from.into()),
            Body::TrialResult(from) => Self::TrialResult(from.into()),
            Body::Feedback(from) => Self::Feedback(from.into()),
            Body::FeedbackResponse(from) => Self::FeedbackResponse(from.into()),
            Body::MaintenanceCommitment(from) => Self::MaintenanceCommitment(from.into()),
            Body::MaintenanceFulfilment(from) => Self::MaintenanceFulfilment(from.into()),
            Body::Suspension(from) => Self::Suspension(from.into()),
            Body::Resumption(from) => Self::Resumption(from.into()),
            Body::MediatorReplacement(from) => Self::MediatorReplacement(from.into()),
            Body::Close(from) => Self::Close(from.into()),
        }
    }
}

impl From<&Acceptance> for v1::Acceptance {
    fn from(from: &Acceptance) -> Self {
        Self { proposal_id: id(from.proposal) }
    }
}

impl From<&Decline> for v1::Decline {
    fn from(from: &Decline) -> Self {
        Self { proposal_id: id(from.proposal), reason: from.reason.clone() }
    }
}

impl From<&ProposalWithdrawal> for v1::ProposalWithdrawal {
    fn from(from: &ProposalWithdrawal) -> Self {
        Self { proposal_id: id(from.proposal), reason: from.reason.clone() }
    }
}

impl From<&Contribution> for v1::Contribution {
    fn from(from: &Contribution) -> Self {
        Self {
            party: from.party.to_string(),
            unit: from.unit.to_string(),
            quantity: Some(from.quantity.into()),
            work_start_ms: from.work_start.as_ms(),
            work_end_ms: from.work_end.as_ms(),
            artifacts: from.artifacts.iter().map(v1::Artifact::from).collect(),
            note: from.note.clone(),
            task: name(from.task.as_ref()),
        }
    }
}

impl From<&ContributionWithdrawal> for v1::ContributionWithdrawal {
    fn from(from: &ContributionWithdrawal) -> Self {
        Self { contribution_id: id(from.contribution), reason: from.reason.clone() }
    }
}

impl From<&Artifact> for v1::Artifact {
    fn from(from: &Artifact) -> Self {
        Self {
            kind: v1::ArtifactKind::from(from.kind).into(),
            digest: Bytes::copy_from_slice(from.digest.as_bytes()),
            media_type: from.media_type.clone(),
            uri: from.uri.clone(),
            fraction: Some(from.fraction.into()),
        }
    }
}

impl From<ArtifactKind> for v1::ArtifactKind {
    fn from(from: ArtifactKind) -> Self {
        match from {
            ArtifactKind::GitCommit => Self::GitCommit,
            ArtifactKind::PullRequest => Self::PullRequest,
            ArtifactKind::Release => Self::Release,
            ArtifactKind::Dataset => Self::Dataset,
            ArtifactKind::ModelWeights => Self::ModelWeights,
            ArtifactKind::Evaluation => Self::Evaluation,
            ArtifactKind::ComputeInvoice => Self::ComputeInvoice,
            ArtifactKind::Grant => Self::Grant,
            ArtifactKind::Documentation => Self::Documentation,
            ArtifactKind::Support => Self::Support,
            ArtifactKind::SecurityAdvisory => Self::SecurityAdvisory,
            ArtifactKind::Other => Self::Other,
        }
    }
}

impl From<&Attestation> for v1::Attestation {
    fn from(from: &Attestation) -> Self {
        let (quality, accepts_unplanned) = match from.verdict {
            Verdict::Accepted { quality, unplanned } => (Some(quality.into()), unplanned),
            Verdict::Rejected | Verdict::ChangesRequested => (None, false),
        };
        Self {
            contribution_ids: ids(&from.contributions),
            verdict: v1::Verdict::from(from.verdict).into(),
            quality,
            reason: from.reason.clone(),
            accepts_unplanned,
        }
    }
}

impl From<Verdict> for v1::Verdict {
    fn from(from: Verdict) -> Self {
        match from {
            Verdict::Accepted { .. } => Self::Accepted,
            Verdict::Rejected => Self::Rejected,
            Verdict::ChangesRequested => Self::ChangesRequested,
        }
    }
}

impl From<&Benefit> for v1::Benefit {
    fn from(from: &Benefit) -> Self {
        Self {
            stream: from.stream.to_string(),
            currency: from.currency.to_string(),
            amount_minor: from.amount,
            period_start_ms: from.period_start.as_ms(),
            period_end_ms: from.period_end.as_ms(),
            evidence_digest: digest(from.evidence),
            note: from.note.clone(),
        }
    }
}

impl From<&BenefitConfirmation> for v1::BenefitConfirmation {
    fn from(from: &BenefitConfirmation) -> Self {
        Self { benefit_ids: ids(&from.benefits) }
    }
}

impl From<&Reversal> for v1::Reversal {
    fn from(from: &Reversal) -> Self {
        Self {
            benefit_id: id(from.benefit),
            amount_minor: from.amount,
            evidence_digest: digest(from.evidence),
            note: from.note.clone(),
        }
    }
}

impl From<&ReversalConfirmation> for v1::ReversalConfirmation {
    fn from(from: &ReversalConfirmation) -> Self {
        Self { reversal_ids: ids(&from.reversals) }
    }
}

impl From<&Settlement> for v1::Settlement {
    fn from(from: &Settlement) -> Self {
        Self {
            tree_size: from.tree_size,
            shares_digest: digest(from.shares),
            accounts: from.accounts.iter().map(v1::CurrencyAccount::from).collect(),
        }
    }
}

impl From<&CurrencyAccount> for v1::CurrencyAccount {
    fn from(from: &CurrencyAccount) -> Self {
        Self {
            currency: from.currency.to_string(),
            pool_minor: from.pool,
            entitlements_digest: digest(from.entitlements),
            parties: from.parties.iter().map(|line| (*line).into()).collect(),
            fees_minor: from.fees,
            held_back_minor: from.held_back,
            disputed_minor: from.disputed,
            reserve_minor: from.reserve,
        }
    }
}

impl From<PartyAccount> for v1::PartyAccount {
    fn from(from: PartyAccount) -> Self {
        Self { allocation_minor: from.allocation, due_minor: from.due }
    }
}

impl From<Ratio> for v1::Ratio {
    fn from(from: Ratio) -> Self {
        Self { numerator: from.numerator(), denominator: from.denominator() }
    }
}

pub(super) fn digest(from: Digest) -> Bytes {
    Bytes::copy_from_slice(from.as_bytes())
}

pub(super) fn id(from: StatementId) -> Bytes {
    digest(from.digest())
}

pub(super) fn ids(from: &[StatementId]) -> Vec<Bytes> {
    from.iter().copied().map(id).collect()
}

/// Writes a name that may be left out.
fn name(from: Option<&Name>) -> String {
    from.map_or_else(String::new, ToString::to_string)
}
