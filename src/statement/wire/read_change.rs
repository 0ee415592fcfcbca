//! Statements about the agreement itself, from generated messages.

use crate::{
    keys::Signature,
    proto::counterfoil::v1,
    statement::{
        change::{
            Amendment, Close, CounterProposal, Exit, KeyGrant, KeyRevocation, MediatorConsent, MediatorReplacement,
            Resumption, Suspension, TrialResult, TrialVerdict, Withdrawal,
        },
        wire::{
            problem::{FieldError, FieldProblem, Within},
            read_field::{
                TEXT_BYTES_MAX, choice, digest, fixed, id, not_given, optional_time, public_key, reasoned, some_text,
                text,
            },
            read_rules, read_terms,
        },
    },
    time::Timestamp,
};

pub(super) fn counter_proposal(from: v1::CounterProposal) -> Result<CounterProposal, FieldError> {
    let proposal = id(&from.proposal_id).within("proposal_id")?;
    Ok(CounterProposal { proposal, terms: read_terms::needed(from.terms).within("terms")? })
}

pub(super) fn mediator_consent(from: v1::MediatorConsent) -> Result<MediatorConsent, FieldError> {
    let proposal = id(&from.proposal_id).within("proposal_id")?;
    Ok(MediatorConsent { proposal, conflicts: text(from.conflicts, TEXT_BYTES_MAX).within("conflicts")? })
}

pub(super) fn withdrawal(from: v1::Withdrawal) -> Result<Withdrawal, FieldError> {
    let (statement, reason) = reasoned(&from.statement_id, "statement_id", from.reason)?;
    Ok(Withdrawal { statement, reason })
}

pub(super) fn amendment(from: v1::Amendment) -> Result<Amendment, FieldError> {
    let replaces = id(&from.replaces_id).within("replaces_id")?;
    let terms = read_terms::needed(from.terms).within("terms")?;
    let effective = optional_time(from.effective_ms).within("effective_ms")?;
    let retroactive = if from.retroactive {
        Some(digest(&from.effect_digest).within("effect_digest")?)
    } else {
        not_given(!from.effect_digest.is_empty()).within("effect_digest")?;
        None
    };
    Ok(Amendment { replaces, terms, effective, retroactive })
}

pub(super) fn key_grant(from: v1::KeyGrant) -> Result<KeyGrant, FieldError> {
    let key = public_key(&from.public_key).within("public_key")?;
    let scopes = read_terms::scopes(from.scopes).within("scopes")?;
    let expires = optional_time(from.expires_ms).within("expires_ms")?;
    let daily_max = (from.daily_max != 0).then_some(from.daily_max);
    let proof = Signature::from_bytes(fixed(&from.proof).within("proof")?);
    Ok(KeyGrant { key, scopes, expires, daily_max, proof })
}

pub(super) fn key_revocation(from: v1::KeyRevocation) -> Result<KeyRevocation, FieldError> {
    let key = public_key(&from.public_key).within("public_key")?;
    Ok(KeyRevocation { key, reason: text(from.reason, TEXT_BYTES_MAX).within("reason")? })
}

pub(super) fn exit(from: v1::Exit) -> Result<Exit, FieldError> {
    let leaves = Timestamp::from_ms(from.leaves_ms).within("leaves_ms")?;
    Ok(Exit { leaves, reason: text(from.reason, TEXT_BYTES_MAX).within("reason")? })
}

pub(super) fn trial_result(from: v1::TrialResult) -> Result<TrialResult, FieldError> {
    use v1::TrialVerdict as Wire;
    let said = choice::<Wire>(from.verdict).within("verdict")?;
    if said == Wire::Unspecified {
        return Err(FieldProblem::Missing).within("verdict");
    }
    let evidence = digest(&from.evidence_digest).within("evidence_digest")?;
    let until = optional_time(from.until_ms).within("until_ms")?;
    let verdict = match (said, until) {
        (Wire::Extended, Some(until)) => TrialVerdict::Extended { until },
        (Wire::Extended, None) => return Err(FieldProblem::Missing).within("until_ms"),
        (_, Some(_)) => return Err(FieldProblem::NotAllowed).within("until_ms"),
        (Wire::Failed, None) => TrialVerdict::Failed,
        (Wire::Passed | Wire::Unspecified, None) => TrialVerdict::Passed,
    };
    Ok(TrialResult { verdict, evidence })
}

pub(super) fn suspension(from: v1::Suspension) -> Result<Suspension, FieldError> {
    Ok(Suspension { reason: some_text(from.reason).within("reason")? })
}

pub(super) fn resumption(from: v1::Resumption) -> Result<Resumption, FieldError> {
    Ok(Resumption { reason: text(from.reason, TEXT_BYTES_MAX).within("reason")? })
}

pub(super) fn mediator_replacement(from: v1::MediatorReplacement) -> Result<MediatorReplacement, FieldError> {
    let mediator = from.mediator.ok_or(FieldProblem::Missing.into()).and_then(read_rules::mediator);
    Ok(MediatorReplacement { mediator: mediator.within("mediator")? })
}

pub(super) fn close(from: v1::Close) -> Result<Close, FieldError> {
    Ok(Close { reason: text(from.reason, TEXT_BYTES_MAX).within("reason")? })
}
