//! Values to generated messages: the other direction, which cannot fail. Views of the service use it too.

use bytes::Bytes;

use crate::{
    digest::Digest,
    proto::counterfoil::v1,
    split::Ratio,
    statement::{
        Artifact, ArtifactKind, Attestation, Benefit, Body, Contribution, CurrencyAccount, PartyAccount, Reversal,
        SeenCheckpoint, Settlement, Statement, Verdict, id::StatementId,
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
            Body::Acceptance(from) => Self::Acceptance(v1::Acceptance { proposal_id: id(from.proposal) }),
            Body::Decline(from) => {
                Self::Decline(v1::Decline { proposal_id: id(from.proposal), reason: from.reason.clone() })
            }
            Body::ProposalWithdrawal(from) => Self::ProposalWithdrawal(v1::ProposalWithdrawal {
                proposal_id: id(from.proposal),
                reason: from.reason.clone(),
            }),
            Body::Contribution(from) => Self::Contribution(from.into()),
            Body::ContributionWithdrawal(from) => Self::ContributionWithdrawal(v1::ContributionWithdrawal {
                contribution_id: id(from.contribution),
                reason: from.reason.clone(),
            }),
            Body::Attestation(from) => Self::Attestation(from.into()),
            Body::Benefit(from) => Self::Benefit(from.into()),
            Body::BenefitConfirmation(from) => {
                Self::BenefitConfirmation(v1::BenefitConfirmation { benefit_ids: ids(&from.benefits) })
            }
            Body::Reversal(from) => Self::Reversal(from.into()),
            Body::ReversalConfirmation(from) => {
                Self::ReversalConfirmation(v1::ReversalConfirmation { reversal_ids: ids(&from.reversals) })
            }
            Body::Settlement(from) => Self::Settlement(from.into()),
        }
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
        }
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
        let quality = match from.verdict {
            Verdict::Accepted { quality } => Some(quality.into()),
            Verdict::Rejected | Verdict::ChangesRequested => None,
        };
        Self {
            contribution_ids: ids(&from.contributions),
            verdict: v1::Verdict::from(from.verdict).into(),
            quality,
            reason: from.reason.clone(),
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

fn id(from: StatementId) -> Bytes {
    digest(from.digest())
}

fn ids(from: &[StatementId]) -> Vec<Bytes> {
    from.iter().copied().map(id).collect()
}
