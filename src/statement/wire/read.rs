//! Generated statements to values: every limit that `statement.proto` names, checked in the order of the field numbers.

use std::collections::HashMap;

use bytes::Bytes;

use crate::{
    digest::Digest,
    keys::PublicKey,
    proto::counterfoil::v1,
    split::Ratio,
    statement::{
        Acceptance, Artifact, ArtifactDigest, ArtifactKind, Attestation, Benefit, BenefitConfirmation, Body,
        Contribution, ContributionWithdrawal, CurrencyAccount, Decline, PartyAccount, ProposalWithdrawal, Reversal,
        ReversalConfirmation, SeenCheckpoint, Settlement, Statement, Verdict,
        id::{AgreementId, StatementId},
        wire::{
            problem::{FieldError, FieldProblem, Within},
            read_terms,
        },
    },
    time::Timestamp,
};

/// The most bytes of a reason, a note or a URI.
pub(super) const TEXT_BYTES_MAX: usize = 2_000;
/// The most statements that one attestation or confirmation names.
const NAMED_STATEMENTS_MAX: usize = 1_000;
const ARTIFACTS_MAX: usize = 64;
const MEDIA_TYPE_BYTES_MAX: usize = 255;
const GIT_SHA1_BYTES: usize = 20;
pub(super) const PARTIES_MAX: usize = 1_000;
pub(super) const CURRENCIES_MAX: usize = 16;

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
    Ok(Statement {
        agreement,
        signer,
        nonce: fixed(&from.nonce).within("nonce")?,
        claimed_time: Timestamp::from_ms(from.claimed_time_ms).within("claimed_time_ms")?,
        seen: from.seen.map(|from| seen(&from)).transpose().within("seen")?,
        body: read_body(body.within("body")?)?,
    })
}

fn seen(from: &v1::SeenCheckpoint) -> Result<SeenCheckpoint, FieldError> {
    if from.tree_size == 0 {
        return Err(FieldProblem::Zero).within("tree_size");
    }
    Ok(SeenCheckpoint { tree_size: from.tree_size, root: digest(&from.root).within("root")? })
}

fn read_body(from: v1::statement::Body) -> Result<Body, FieldError> {
    use v1::statement::Body as Wire;
    Ok(match from {
        Wire::Proposal(from) => {
            let terms = from.terms.ok_or(FieldProblem::Missing.into()).and_then(read_terms::terms);
            Body::Proposal(terms.within("terms").within("proposal")?)
        }
        Wire::Acceptance(from) => {
            let proposal = id(&from.proposal_id).within("proposal_id").within("acceptance")?;
            Body::Acceptance(Acceptance { proposal })
        }
        Wire::Decline(from) => {
            let (proposal, reason) = reasoned(&from.proposal_id, "proposal_id", from.reason).within("decline")?;
            Body::Decline(Decline { proposal, reason })
        }
        Wire::ProposalWithdrawal(from) => {
            let read = reasoned(&from.proposal_id, "proposal_id", from.reason);
            let (proposal, reason) = read.within("proposal_withdrawal")?;
            Body::ProposalWithdrawal(ProposalWithdrawal { proposal, reason })
        }
        Wire::Contribution(from) => Body::Contribution(contribution(from).within("contribution")?),
        Wire::ContributionWithdrawal(from) => {
            let read = reasoned(&from.contribution_id, "contribution_id", from.reason);
            let (contribution, reason) = read.within("contribution_withdrawal")?;
            Body::ContributionWithdrawal(ContributionWithdrawal { contribution, reason })
        }
        Wire::Attestation(from) => Body::Attestation(attestation(from).within("attestation")?),
        Wire::Benefit(from) => Body::Benefit(benefit(from).within("benefit")?),
        Wire::BenefitConfirmation(from) => {
            let benefits = ids(&from.benefit_ids).within("benefit_ids").within("benefit_confirmation")?;
            Body::BenefitConfirmation(BenefitConfirmation { benefits })
        }
        Wire::Reversal(from) => Body::Reversal(reversal(from).within("reversal")?),
        Wire::ReversalConfirmation(from) => {
            let reversals = ids(&from.reversal_ids).within("reversal_ids").within("reversal_confirmation")?;
            Body::ReversalConfirmation(ReversalConfirmation { reversals })
        }
        Wire::Settlement(from) => Body::Settlement(settlement(from).within("settlement")?),
    })
}

fn reasoned(of: &Bytes, field: &str, reason: String) -> Result<(StatementId, String), FieldError> {
    Ok((id(of).within(field)?, text(reason, TEXT_BYTES_MAX).within("reason")?))
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
    Ok(Contribution { party, unit, quantity, work_start, work_end, artifacts, note })
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
        Wire::Accepted => Verdict::Accepted { quality: at_most_one(from.quality).within("quality")? },
        Wire::Rejected | Wire::ChangesRequested if from.quality.is_some() => {
            return Err(FieldProblem::NotAllowed).within("quality");
        }
        Wire::Rejected => Verdict::Rejected,
        Wire::ChangesRequested => Verdict::ChangesRequested,
    };
    if from.reason.is_empty() && matches!(verdict, Verdict::Rejected | Verdict::ChangesRequested) {
        return Err(FieldProblem::Missing).within("reason");
    }
    Ok(Attestation { contributions, verdict, reason: text(from.reason, TEXT_BYTES_MAX).within("reason")? })
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

fn reversal(from: v1::Reversal) -> Result<Reversal, FieldError> {
    let benefit = id(&from.benefit_id).within("benefit_id")?;
    if from.amount_minor == 0 {
        return Err(FieldProblem::Zero).within("amount_minor");
    }
    let evidence = digest(&from.evidence_digest).within("evidence_digest")?;
    let note = text(from.note, TEXT_BYTES_MAX).within("note")?;
    Ok(Reversal { benefit, amount: from.amount_minor, evidence, note })
}

fn settlement(from: v1::Settlement) -> Result<Settlement, FieldError> {
    if from.tree_size == 0 {
        return Err(FieldProblem::Zero).within("tree_size");
    }
    let shares = digest(&from.shares_digest).within("shares_digest")?;
    at_most(from.accounts.len(), CURRENCIES_MAX).within("accounts")?;
    let accounts = each(from.accounts, currency_account).within("accounts")?;
    Ok(Settlement { tree_size: from.tree_size, shares, accounts })
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
    })
}

fn period(start: (u64, &str), end: (u64, &str)) -> Result<(Timestamp, Timestamp), FieldError> {
    let from = Timestamp::from_ms(start.0).within(start.1)?;
    let to = Timestamp::from_ms(end.0).within(end.1)?;
    if to < from { Err(FieldProblem::EndBeforeBegin).within(end.1) } else { Ok((from, to)) }
}

fn ids(from: &[Bytes]) -> Result<Vec<StatementId>, FieldError> {
    if from.is_empty() {
        return Err(FieldProblem::Missing.into());
    }
    at_most(from.len(), NAMED_STATEMENTS_MAX)?;
    let ids = each(from, |bytes| id(bytes).map_err(FieldError::from))?;
    once(ids.iter().copied(), "")?;
    Ok(ids)
}

fn id(bytes: &[u8]) -> Result<StatementId, FieldProblem> {
    digest(bytes).map(StatementId::from_digest)
}

pub(super) fn digest(bytes: &[u8]) -> Result<Digest, FieldProblem> {
    fixed(bytes).map(Digest::from_bytes)
}

/// Reads bytes whose number is fixed. None at all are a missing field: on the wire the two are one.
pub(super) fn fixed<const N: usize>(bytes: &[u8]) -> Result<[u8; N], FieldProblem> {
    if bytes.is_empty() {
        return Err(FieldProblem::Missing);
    }
    bytes.try_into().map_err(|_| FieldProblem::Length { bytes: bytes.len(), expected: N })
}

pub(super) fn public_key(bytes: &[u8]) -> Result<PublicKey, FieldProblem> {
    Ok(PublicKey::from_bytes(fixed(bytes)?)?)
}

/// Reads a name or a code, of which the empty text is never one.
pub(super) fn required<T: std::str::FromStr>(from: String) -> Result<T, FieldProblem>
where
    FieldProblem: From<T::Err>,
{
    if from.is_empty() { Err(FieldProblem::Missing) } else { Ok(from.parse()?) }
}

pub(super) fn text(from: String, max: usize) -> Result<String, FieldProblem> {
    if from.len() > max { Err(FieldProblem::TooLong { bytes: from.len(), max }) } else { Ok(from) }
}

pub(super) fn ratio(from: Option<v1::Ratio>) -> Result<Ratio, FieldProblem> {
    let from = from.ok_or(FieldProblem::Missing)?;
    Ok(Ratio::new(from.numerator, from.denominator)?)
}

pub(super) fn at_most_one(from: Option<v1::Ratio>) -> Result<Ratio, FieldProblem> {
    let ratio = ratio(from)?;
    if ratio.is_at_most_one() { Ok(ratio) } else { Err(FieldProblem::AboveOne) }
}

pub(super) fn above_zero(ratio: Result<Ratio, FieldProblem>) -> Result<Ratio, FieldProblem> {
    let ratio = ratio?;
    if ratio.is_zero() { Err(FieldProblem::Zero) } else { Ok(ratio) }
}

pub(super) fn at_most(count: usize, max: usize) -> Result<(), FieldProblem> {
    if count > max { Err(FieldProblem::TooMany { count, max }) } else { Ok(()) }
}

/// Reads a choice of the protocol, which may still be the unspecified one.
pub(super) fn choice<T: TryFrom<i32>>(number: i32) -> Result<T, FieldProblem> {
    T::try_from(number).map_err(|_| FieldProblem::NotOneOf { number })
}

/// Reads every item of a list, and says which one is wrong.
pub(super) fn each<T, V>(
    from: impl IntoIterator<Item = T>,
    read: impl Fn(T) -> Result<V, FieldError>,
) -> Result<Vec<V>, FieldError> {
    from.into_iter().enumerate().map(|(position, item)| read(item).at(position)).collect()
}

/// Checks that no item stands in a list again; `field` is the part of the item that is compared.
pub(super) fn once<T: Eq + std::hash::Hash>(items: impl Iterator<Item = T>, field: &str) -> Result<(), FieldError> {
    let mut seen = HashMap::new();
    for (position, item) in items.enumerate() {
        if let Some(first) = seen.insert(item, position) {
            let duplicate = Err(FieldProblem::Duplicate { first });
            return if field.is_empty() { duplicate.at(position) } else { duplicate.within(field).at(position) };
        }
    }
    Ok(())
}
