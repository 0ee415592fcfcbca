//! Generated statements to values: every limit that `statement.proto` names, checked in the order of the field numbers.

use crate::{
    keys::PublicKey,
    proto::counterfoil::v1,
    statement::{
        Acceptance, Artifact, ArtifactDigest, ArtifactKind, Attestation, Benefit, BenefitConfirmation, Body,
        Contribution, ContributionWithdrawal, CurrencyAccount, Decline, PartyAccount, ProposalWithdrawal, Reversal,
        ReversalConfirmation, SeenCheckpoint, Settlement, Statement, Verdict,
        id::AgreementId,
        terms::Terms,
        wire::{
            problem::{FieldError, FieldProblem, Within},
            read_change, read_dispute,
            read_field::{
                CURRENCIES_MAX, MEDIA_TYPE_BYTES_MAX, PARTIES_MAX, TEXT_BYTES_MAX, above_zero, at_most, at_most_one,
                choice, digest, each, fixed, id, ids, not_given, not_zero, once, optional, period, ratio, reasoned,
                required, text,
            },
            read_money, read_terms, read_work,
        },
    },
    time::Timestamp,
};

const ARTIFACTS_MAX: usize = 64;
const GIT_SHA1_BYTES: usize = 20;

/// Reads a statement whose signer, the key that was verified, is `signer`.
pub(super) fn statement(from: v1::Statement, signer: PublicKey) -> Result<Statement, FieldError> {
    let body = from.body.ok_or(FieldProblem::Missing);
    let founds = matches!(body, Ok(v1::statement::Body::Proposal(_)));
    let agreement = match (from.agreement_id.is_empty(), founds) {
        (true, true) => None,
        // A statement without a body is told so, and not that its agreement is missing.
        (true, false) if body.is_err() => None,
        (true, false) => return Err(FieldProblem::Missing).within("agreement_id"),
        (false, true) => return Err(FieldProblem::NotAllowed).within("agreement_id"),
        (false, false) => Some(AgreementId::from_digest(digest(&from.agreement_id).within("agreement_id")?)),
    };
    let nonce = fixed(&from.nonce).within("nonce")?;
    let claimed_time = Timestamp::from_ms(from.claimed_time_ms).within("claimed_time_ms")?;
    let seen = from.seen.map(|from| seen(&from)).transpose().within("seen")?;
    // A closing says what is complete as far as its signer has seen.
    if seen.is_none() && matches!(body, Ok(v1::statement::Body::Closing(_))) {
        return Err(FieldProblem::Missing).within("seen");
    }
    Ok(Statement { agreement, signer, nonce, claimed_time, seen, body: read_body(body.within("body")?)? })
}

fn seen(from: &v1::SeenCheckpoint) -> Result<SeenCheckpoint, FieldError> {
    let tree_size = not_zero(from.tree_size).within("tree_size")?;
    Ok(SeenCheckpoint { tree_size, root: digest(&from.root).within("root")? })
}

fn read_body(from: v1::statement::Body) -> Result<Body, FieldError> {
    use v1::statement::Body as Wire;
    Ok(match from {
        Wire::Proposal(from) => Body::Proposal(proposal(from).within("proposal")?),
        Wire::Acceptance(from) => Body::Acceptance(acceptance(from).within("acceptance")?),
        Wire::Decline(from) => Body::Decline(decline(from).within("decline")?),
        Wire::ProposalWithdrawal(from) => {
            Body::ProposalWithdrawal(proposal_withdrawal(from).within("proposal_withdrawal")?)
        }
        Wire::Contribution(from) => Body::Contribution(contribution(from).within("contribution")?),
        Wire::ContributionWithdrawal(from) => {
            Body::ContributionWithdrawal(contribution_withdrawal(from).within("contribution_withdrawal")?)
        }
        Wire::Attestation(from) => Body::Attestation(attestation(from).within("attestation")?),
        Wire::Benefit(from) => Body::Benefit(benefit(from).within("benefit")?),
        Wire::BenefitConfirmation(from) => {
            Body::BenefitConfirmation(benefit_confirmation(from).within("benefit_confirmation")?)
        }
        Wire::Reversal(from) => Body::Reversal(reversal(from).within("reversal")?),
        Wire::ReversalConfirmation(from) => {
            Body::ReversalConfirmation(reversal_confirmation(from).within("reversal_confirmation")?)
        }
        Wire::Settlement(from) => Body::Settlement(settlement(from).within("settlement")?),
        Wire::CounterProposal(from) => {
            Body::CounterProposal(read_change::counter_proposal(from).within("counter_proposal")?)
        }
        Wire::MediatorConsent(from) => {
            Body::MediatorConsent(read_change::mediator_consent(from).within("mediator_consent")?)
        }
        Wire::Needs(from) => Body::Needs(read_work::needs(from).within("needs")?),
        Wire::Plan(from) => Body::Plan(read_work::plan(from).within("plan")?),
        Wire::Challenge(from) => Body::Challenge(read_work::challenge(from).within("challenge")?),
        Wire::Withdrawal(from) => Body::Withdrawal(read_change::withdrawal(from).within("withdrawal")?),
        Wire::Cost(from) => Body::Cost(read_money::cost(from).within("cost")?),
        Wire::CostConfirmation(from) => {
            Body::CostConfirmation(read_money::cost_confirmation(from).within("cost_confirmation")?)
        }
        Wire::NilReport(from) => Body::NilReport(read_money::nil_report(from).within("nil_report")?),
        Wire::Closing(from) => Body::Closing(read_money::closing(&from)),
        Wire::Acknowledgement(from) => {
            Body::Acknowledgement(read_money::acknowledgement(from).within("acknowledgement")?)
        }
        Wire::Payment(from) => Body::Payment(read_money::payment(from).within("payment")?),
        Wire::PaymentConfirmation(from) => {
            Body::PaymentConfirmation(read_money::payment_confirmation(from).within("payment_confirmation")?)
        }
        Wire::Dispute(from) => Body::Dispute(read_dispute::dispute(from).within("dispute")?),
        Wire::Evidence(from) => Body::Evidence(read_dispute::evidence(from).within("evidence")?),
        Wire::Offer(from) => Body::Offer(read_dispute::offer(from).within("offer")?),
        Wire::Ruling(from) => Body::Ruling(read_dispute::ruling(from).within("ruling")?),
        Wire::Amendment(from) => Body::Amendment(read_change::amendment(from).within("amendment")?),
        Wire::KeyGrant(from) => Body::KeyGrant(read_change::key_grant(from).within("key_grant")?),
        Wire::KeyRevocation(from) => Body::KeyRevocation(read_change::key_revocation(from).within("key_revocation")?),
        Wire::Exit(from) => Body::Exit(read_change::exit(from).within("exit")?),
        Wire::Risk(from) => Body::Risk(read_work::risk(from).within("risk")?),
        Wire::RiskAssessment(from) => Body::RiskAssessment(read_work::risk_assessment(from).within("risk_assessment")?),
        Wire::Contingency(from) => Body::Contingency(read_work::contingency(from).within("contingency")?),
        Wire::TrialResult(from) => Body::TrialResult(read_change::trial_result(from).within("trial_result")?),
        Wire::Feedback(from) => Body::Feedback(read_work::feedback(from).within("feedback")?),
        Wire::FeedbackResponse(from) => {
            Body::FeedbackResponse(read_work::feedback_response(from).within("feedback_response")?)
        }
        Wire::MaintenanceCommitment(from) => {
            Body::MaintenanceCommitment(read_work::maintenance_commitment(from).within("maintenance_commitment")?)
        }
        Wire::MaintenanceFulfilment(from) => {
            Body::MaintenanceFulfilment(read_work::maintenance_fulfilment(from).within("maintenance_fulfilment")?)
        }
        Wire::Suspension(from) => Body::Suspension(read_change::suspension(from).within("suspension")?),
        Wire::Resumption(from) => Body::Resumption(read_change::resumption(from).within("resumption")?),
        Wire::MediatorReplacement(from) => {
            Body::MediatorReplacement(read_change::mediator_replacement(from).within("mediator_replacement")?)
        }
        Wire::Close(from) => Body::Close(read_change::close(from).within("close")?),
    })
}

fn proposal(from: v1::Proposal) -> Result<Terms, FieldError> {
    read_terms::needed(from.terms).within("terms")
}

fn acceptance(from: v1::Acceptance) -> Result<Acceptance, FieldError> {
    Ok(Acceptance { proposal: id(&from.proposal_id).within("proposal_id")? })
}

fn decline(from: v1::Decline) -> Result<Decline, FieldError> {
    let (proposal, reason) = reasoned(&from.proposal_id, "proposal_id", from.reason)?;
    Ok(Decline { proposal, reason })
}

fn proposal_withdrawal(from: v1::ProposalWithdrawal) -> Result<ProposalWithdrawal, FieldError> {
    let (proposal, reason) = reasoned(&from.proposal_id, "proposal_id", from.reason)?;
    Ok(ProposalWithdrawal { proposal, reason })
}

fn contribution(from: v1::Contribution) -> Result<Contribution, FieldError> {
    let party = required(from.party).within("party")?;
    let unit = required(from.unit).within("unit")?;
    let quantity = ratio(from.quantity).within("quantity")?;
    if quantity.is_zero() {
        return Err(FieldProblem::QuantityZero).within("quantity");
    }
    let (work_start, work_end) = period((from.work_start_ms, "work_start_ms"), (from.work_end_ms, "work_end_ms"))?;
    at_most(from.artifacts.len(), ARTIFACTS_MAX).within("artifacts")?;
    let artifacts = each(from.artifacts, artifact).within("artifacts")?;
    once(artifacts.iter().map(|artifact| artifact.digest), "digest").within("artifacts")?;
    let note = text(from.note, TEXT_BYTES_MAX).within("note")?;
    let task = optional(from.task).within("task")?;
    Ok(Contribution { party, unit, quantity, work_start, work_end, artifacts, note, task })
}

fn contribution_withdrawal(from: v1::ContributionWithdrawal) -> Result<ContributionWithdrawal, FieldError> {
    let (contribution, reason) = reasoned(&from.contribution_id, "contribution_id", from.reason)?;
    Ok(ContributionWithdrawal { contribution, reason })
}

fn artifact(from: v1::Artifact) -> Result<Artifact, FieldError> {
    let kind = artifact_kind(from.kind).within("kind")?;
    let digest = if kind == ArtifactKind::GitCommit && from.digest.len() == GIT_SHA1_BYTES {
        ArtifactDigest::GitSha1(fixed(&from.digest).within("digest")?)
    } else {
        ArtifactDigest::Sha256(digest(&from.digest).within("digest")?)
    };
    let media_type = text(from.media_type, MEDIA_TYPE_BYTES_MAX).within("media_type")?;
    let uri = text(from.uri, TEXT_BYTES_MAX).within("uri")?;
    let fraction = above_zero(at_most_one(from.fraction)).within("fraction")?;
    Ok(Artifact { kind, digest, media_type, uri, fraction })
}

fn artifact_kind(number: i32) -> Result<ArtifactKind, FieldProblem> {
    use v1::ArtifactKind as Wire;
    Ok(match choice::<Wire>(number)? {
        Wire::Unspecified => return Err(FieldProblem::Missing),
        Wire::GitCommit => ArtifactKind::GitCommit,
        Wire::PullRequest => ArtifactKind::PullRequest,
        Wire::Release => ArtifactKind::Release,
        Wire::Dataset => ArtifactKind::Dataset,
        Wire::ModelWeights => ArtifactKind::ModelWeights,
        Wire::Evaluation => ArtifactKind::Evaluation,
        Wire::ComputeInvoice => ArtifactKind::ComputeInvoice,
        Wire::Grant => ArtifactKind::Grant,
        Wire::Documentation => ArtifactKind::Documentation,
        Wire::Support => ArtifactKind::Support,
        Wire::SecurityAdvisory => ArtifactKind::SecurityAdvisory,
        Wire::Other => ArtifactKind::Other,
    })
}

fn attestation(from: v1::Attestation) -> Result<Attestation, FieldError> {
    use v1::Verdict as Wire;
    let contributions = ids(&from.contribution_ids).within("contribution_ids")?;
    let verdict = match choice::<Wire>(from.verdict).within("verdict")? {
        Wire::Unspecified => return Err(FieldProblem::Missing).within("verdict"),
        Wire::Accepted => {
            let quality = at_most_one(from.quality).within("quality")?;
            Verdict::Accepted { quality, unplanned: from.accepts_unplanned }
        }
        Wire::Rejected | Wire::ChangesRequested if from.quality.is_some() => {
            return Err(FieldProblem::NotAllowed).within("quality");
        }
        Wire::Rejected => Verdict::Rejected,
        Wire::ChangesRequested => Verdict::ChangesRequested,
    };
    if from.reason.is_empty() && matches!(verdict, Verdict::Rejected | Verdict::ChangesRequested) {
        return Err(FieldProblem::Missing).within("reason");
    }
    let reason = text(from.reason, TEXT_BYTES_MAX).within("reason")?;
    if !matches!(verdict, Verdict::Accepted { .. }) {
        not_given(from.accepts_unplanned).within("accepts_unplanned")?;
    }
    Ok(Attestation { contributions, verdict, reason })
}

fn benefit(from: v1::Benefit) -> Result<Benefit, FieldError> {
    let stream = required(from.stream).within("stream")?;
    let currency = required(from.currency).within("currency")?;
    let (period_start, period_end) =
        period((from.period_start_ms, "period_start_ms"), (from.period_end_ms, "period_end_ms"))?;
    let evidence = digest(&from.evidence_digest).within("evidence_digest")?;
    let note = text(from.note, TEXT_BYTES_MAX).within("note")?;
    Ok(Benefit { stream, currency, amount: from.amount_minor, period_start, period_end, evidence, note })
}

fn benefit_confirmation(from: v1::BenefitConfirmation) -> Result<BenefitConfirmation, FieldError> {
    Ok(BenefitConfirmation { benefits: ids(&from.benefit_ids).within("benefit_ids")? })
}

fn reversal(from: v1::Reversal) -> Result<Reversal, FieldError> {
    let benefit = id(&from.benefit_id).within("benefit_id")?;
    let amount = not_zero(from.amount_minor).within("amount_minor")?;
    let evidence = digest(&from.evidence_digest).within("evidence_digest")?;
    let note = text(from.note, TEXT_BYTES_MAX).within("note")?;
    Ok(Reversal { benefit, amount, evidence, note })
}

fn reversal_confirmation(from: v1::ReversalConfirmation) -> Result<ReversalConfirmation, FieldError> {
    Ok(ReversalConfirmation { reversals: ids(&from.reversal_ids).within("reversal_ids")? })
}

fn settlement(from: v1::Settlement) -> Result<Settlement, FieldError> {
    let tree_size = not_zero(from.tree_size).within("tree_size")?;
    let shares = digest(&from.shares_digest).within("shares_digest")?;
    at_most(from.accounts.len(), CURRENCIES_MAX).within("accounts")?;
    let accounts = each(from.accounts, currency_account).within("accounts")?;
    Ok(Settlement { tree_size, shares, accounts })
}

fn currency_account(from: v1::CurrencyAccount) -> Result<CurrencyAccount, FieldError> {
    let currency = required(from.currency).within("currency")?;
    let entitlements = digest(&from.entitlements_digest).within("entitlements_digest")?;
    at_most(from.parties.len(), PARTIES_MAX).within("parties")?;
    let line = |from: &v1::PartyAccount| PartyAccount { allocation: from.allocation_minor, due: from.due_minor };
    Ok(CurrencyAccount {
        currency,
        pool: from.pool_minor,
        entitlements,
        parties: from.parties.iter().map(line).collect(),
        fees: from.fees_minor,
        held_back: from.held_back_minor,
        disputed: from.disputed_minor,
        reserve: from.reserve_minor,
    })
}
