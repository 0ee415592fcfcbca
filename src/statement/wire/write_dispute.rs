//! Statements in a dispute, to generated messages.

use crate::{
    proto::counterfoil::v1,
    statement::{
        dispute::{Dispute, Evidence, Offer, Outcome, Remedy, Ruling},
        wire::write::{digest, id},
    },
};

impl From<&Dispute> for v1::Dispute {
    fn from(from: &Dispute) -> Self {
        Self { outcomes: outcomes(&from.outcomes), reason: from.reason.clone() }
    }
}

impl From<&Outcome> for v1::Outcome {
    fn from(from: &Outcome) -> Self {
        let remedy = match from.remedy {
            Remedy::Stand => v1::Remedy::Stand,
            Remedy::Reject => v1::Remedy::Reject,
            Remedy::Quality(_) => v1::Remedy::Quality,
            Remedy::Reassign(_) => v1::Remedy::Reassign,
            Remedy::Amount(_) => v1::Remedy::Amount,
        };
        let mut outcome = Self { subject_id: id(from.subject), remedy: remedy.into(), ..Self::default() };
        match &from.remedy {
            Remedy::Stand | Remedy::Reject => {}
            Remedy::Quality(quality) => outcome.quality = Some((*quality).into()),
            Remedy::Reassign(party) => outcome.party = party.to_string(),
            Remedy::Amount(amount) => outcome.amount_minor = *amount,
        }
        outcome
    }
}

impl From<&Evidence> for v1::Evidence {
    fn from(from: &Evidence) -> Self {
        Self {
            dispute_id: id(from.dispute),
            digest: digest(from.digest),
            media_type: from.media_type.clone(),
            uri: from.uri.clone(),
            note: from.note.clone(),
        }
    }
}

impl From<&Offer> for v1::Offer {
    fn from(from: &Offer) -> Self {
        Self { dispute_id: id(from.dispute), outcomes: outcomes(&from.outcomes) }
    }
}

impl From<&Ruling> for v1::Ruling {
    fn from(from: &Ruling) -> Self {
        Self {
            dispute_id: id(from.dispute),
            outcomes: outcomes(&from.outcomes),
            effect_digest: digest(from.effect),
            reasons_digest: digest(from.reasons),
        }
    }
}

fn outcomes(from: &[Outcome]) -> Vec<v1::Outcome> {
    from.iter().map(v1::Outcome::from).collect()
}
