//! Statements in a dispute, from generated messages.

use crate::{
    proto::counterfoil::v1,
    statement::{
        dispute::{Dispute, Evidence, Offer, Outcome, Remedy, Ruling},
        wire::{
            problem::{FieldError, FieldProblem, Within},
            read_field::{
                MEDIA_TYPE_BYTES_MAX, NAMED_STATEMENTS_MAX, TEXT_BYTES_MAX, at_most_one, choice, digest, each, id,
                not_given, once, required, some_text, text, within_counts,
            },
        },
    },
};

pub(super) fn dispute(from: v1::Dispute) -> Result<Dispute, FieldError> {
    let outcomes = outcomes(from.outcomes).within("outcomes")?;
    Ok(Dispute { outcomes, reason: some_text(from.reason).within("reason")? })
}

pub(super) fn outcomes(from: Vec<v1::Outcome>) -> Result<Vec<Outcome>, FieldError> {
    within_counts(from.len(), 1, NAMED_STATEMENTS_MAX)?;
    let outcomes = each(from, outcome)?;
    once(outcomes.iter().map(|outcome| outcome.subject), "subject_id")?;
    Ok(outcomes)
}

fn outcome(from: v1::Outcome) -> Result<Outcome, FieldError> {
    use v1::Remedy as Wire;
    let subject = id(&from.subject_id).within("subject_id")?;
    let said = choice::<Wire>(from.remedy).within("remedy")?;
    if said == Wire::Unspecified {
        return Err(FieldProblem::Missing).within("remedy");
    }
    not_given(said != Wire::Quality && from.quality.is_some()).within("quality")?;
    let named = !from.party.is_empty();
    let remedy = match said {
        Wire::Unspecified | Wire::Stand => Remedy::Stand,
        Wire::Reject => Remedy::Reject,
        Wire::Quality => Remedy::Quality(at_most_one(from.quality).within("quality")?),
        Wire::Reassign => Remedy::Reassign(required(from.party).within("party")?),
        Wire::Amount => Remedy::Amount(from.amount_minor),
    };
    not_given(named && said != Wire::Reassign).within("party")?;
    not_given(said != Wire::Amount && from.amount_minor != 0).within("amount_minor")?;
    Ok(Outcome { subject, remedy })
}

pub(super) fn evidence(from: v1::Evidence) -> Result<Evidence, FieldError> {
    let dispute = id(&from.dispute_id).within("dispute_id")?;
    let digest = digest(&from.digest).within("digest")?;
    let media_type = text(from.media_type, MEDIA_TYPE_BYTES_MAX).within("media_type")?;
    let uri = text(from.uri, TEXT_BYTES_MAX).within("uri")?;
    Ok(Evidence { dispute, digest, media_type, uri, note: text(from.note, TEXT_BYTES_MAX).within("note")? })
}

pub(super) fn offer(from: v1::Offer) -> Result<Offer, FieldError> {
    let dispute = id(&from.dispute_id).within("dispute_id")?;
    Ok(Offer { dispute, outcomes: outcomes(from.outcomes).within("outcomes")? })
}

pub(super) fn ruling(from: v1::Ruling) -> Result<Ruling, FieldError> {
    let dispute = id(&from.dispute_id).within("dispute_id")?;
    let outcomes = outcomes(from.outcomes).within("outcomes")?;
    let effect = digest(&from.effect_digest).within("effect_digest")?;
    Ok(Ruling { dispute, outcomes, effect, reasons: digest(&from.reasons_digest).within("reasons_digest")? })
}
