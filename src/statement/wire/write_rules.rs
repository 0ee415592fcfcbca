//! The rules that terms set, to generated messages.

use bytes::Bytes;

use crate::{
    proto::counterfoil::v1,
    statement::{
        rules::{
            Baseline, Bound, Calendar, ExitTerms, Fee, Guarantee, Mediator, Rounding, SharePolicy, Trial, Waterfall,
            Windows,
        },
        wire::write::digest,
    },
};

impl From<&Mediator> for v1::Mediator {
    fn from(from: &Mediator) -> Self {
        let public_keys = from.keys.iter().map(|key| Bytes::copy_from_slice(key.as_bytes())).collect();
        Self { display_name: from.display_name.clone(), public_keys }
    }
}

impl From<Option<Calendar>> for v1::Calendar {
    fn from(from: Option<Calendar>) -> Self {
        match from {
            None => Self::Unspecified,
            Some(Calendar::Month) => Self::Month,
            Some(Calendar::Quarter) => Self::Quarter,
            Some(Calendar::Year) => Self::Year,
        }
    }
}

impl From<&Windows> for v1::Windows {
    fn from(from: &Windows) -> Self {
        Self {
            attest_days: from.attest,
            challenge_days: from.challenge,
            closing_days: from.closing,
            statement_days: from.statement,
            evidence_days: from.evidence,
            audit_days: from.audit,
        }
    }
}

impl From<&Waterfall> for v1::Waterfall {
    fn from(from: &Waterfall) -> Self {
        Self {
            fees: from.fees.iter().map(v1::Fee::from).collect(),
            holdback: from.holdback.map(v1::Ratio::from),
            holdback_days: from.holdback_days,
            cost_categories: from.cost_categories.iter().map(ToString::to_string).collect(),
            corridor: from.corridor.map(v1::Ratio::from),
            bounds: from.bounds.iter().map(v1::Bound::from).collect(),
            guarantees: from.guarantees.iter().map(v1::Guarantee::from).collect(),
        }
    }
}

impl From<&Fee> for v1::Fee {
    fn from(from: &Fee) -> Self {
        Self {
            name: from.name.to_string(),
            payee: from.payee.clone(),
            rate: Some(from.rate.into()),
            currency: from.currency.to_string(),
            cap_minor: from.cap.unwrap_or(0),
        }
    }
}

impl From<&Bound> for v1::Bound {
    fn from(from: &Bound) -> Self {
        Self {
            party: from.party.to_string(),
            currency: from.currency.to_string(),
            cap: from.cap.map(v1::Ratio::from),
            floor_minor: from.floor,
        }
    }
}

impl From<&Guarantee> for v1::Guarantee {
    fn from(from: &Guarantee) -> Self {
        Self {
            party: from.party.to_string(),
            guarantor: from.guarantor.to_string(),
            currency: from.currency.to_string(),
            amount_minor: from.amount,
        }
    }
}

impl From<SharePolicy> for v1::SharePolicy {
    fn from(from: SharePolicy) -> Self {
        match from {
            SharePolicy::Prospective => Self::Unspecified,
            SharePolicy::TrueUp => Self::TrueUp,
        }
    }
}

impl From<Rounding> for v1::Rounding {
    fn from(from: Rounding) -> Self {
        match from {
            Rounding::LargestRemainder => Self::Unspecified,
            Rounding::NeverNegative => Self::NeverNegative,
        }
    }
}

impl From<&Trial> for v1::Trial {
    fn from(from: &Trial) -> Self {
        Self { days: from.days, criteria_digest: digest(from.criteria) }
    }
}

impl From<&ExitTerms> for v1::ExitTerms {
    fn from(from: &ExitTerms) -> Self {
        Self {
            notice_days: from.notice_days,
            factor: Some(from.factor.into()),
            factor_without_notice: Some(from.factor_without_notice.into()),
        }
    }
}

impl From<&Baseline> for v1::Baseline {
    fn from(from: &Baseline) -> Self {
        Self { party: from.party.to_string(), currency: from.currency.to_string(), amount_minor: from.amount }
    }
}
