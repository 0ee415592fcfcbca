//! Terms to generated messages.

use bytes::Bytes;

use crate::{
    proto::counterfoil::v1,
    split::Ratio,
    statement::{
        rules::{Waterfall, Windows},
        terms::{
            Currency, Dimension, LegalText, Licence, Party, PartyKey, Prevails, Role, Scope, Stream, Terms, Unit,
            WorkedExample,
        },
        wire::write::digest,
    },
    time::Timestamp,
};

impl From<&Terms> for v1::Terms {
    fn from(from: &Terms) -> Self {
        Self {
            title: from.title.clone(),
            parties: from.parties.iter().map(v1::Party::from).collect(),
            legal_text: Some((&from.legal_text).into()),
            currencies: from.currencies.iter().map(v1::Currency::from).collect(),
            dimensions: from.dimensions.iter().map(v1::Dimension::from).collect(),
            units: from.units.iter().map(v1::Unit::from).collect(),
            streams: from.streams.iter().map(v1::Stream::from).collect(),
            licences: from.licences.iter().map(v1::Licence::from).collect(),
            examples: from.examples.iter().map(v1::WorkedExample::from).collect(),
            acceptance_deadline_ms: from.acceptance_deadline.map_or(0, Timestamp::as_ms),
            lapses_on_decline: from.lapses_on_decline,
            back_date_days_max: from.back_date_days_max.unwrap_or(0),
            mediator: from.mediator.as_ref().map(v1::Mediator::from),
            calendar: v1::Calendar::from(from.calendar).into(),
            windows: (from.windows != Windows::default()).then(|| (&from.windows).into()),
            waterfall: (from.waterfall != Waterfall::default()).then(|| (&from.waterfall).into()),
            share_policy: v1::SharePolicy::from(from.share_policy).into(),
            rounding: v1::Rounding::from(from.rounding).into(),
            decay: (!from.decay.is_zero()).then(|| from.decay.into()),
            trial: from.trial.as_ref().map(v1::Trial::from),
            exit: from.exit.as_ref().map(v1::ExitTerms::from),
            tail_days: from.tail_days,
            baselines: from.baselines.iter().map(v1::Baseline::from).collect(),
            daily_claims_max: from.daily_claims_max.unwrap_or(0),
        }
    }
}

impl From<&Party> for v1::Party {
    fn from(from: &Party) -> Self {
        Self {
            name: from.name.to_string(),
            display_name: from.display_name.clone(),
            role: v1::Role::from(from.role).into(),
            keys: from.keys.iter().map(v1::PartyKey::from).collect(),
            govern_threshold: from.govern_threshold,
            coefficient: Some(from.coefficient.into()),
        }
    }
}

impl From<Role> for v1::Role {
    fn from(from: Role) -> Self {
        match from {
            Role::Community => Self::Community,
            Role::Enterprise => Self::Enterprise,
            Role::Foundation => Self::Foundation,
            Role::Individual => Self::Individual,
            Role::Academic => Self::Academic,
            Role::Other => Self::Other,
        }
    }
}

impl From<&PartyKey> for v1::PartyKey {
    fn from(from: &PartyKey) -> Self {
        Self { public_key: Bytes::copy_from_slice(from.key.as_bytes()), scopes: scopes(&from.scopes) }
    }
}

impl From<Scope> for v1::Scope {
    fn from(from: Scope) -> Self {
        match from {
            Scope::Govern => Self::Govern,
            Scope::Claim => Self::Claim,
            Scope::Attest => Self::Attest,
            Scope::Report => Self::Report,
        }
    }
}

impl From<&LegalText> for v1::LegalText {
    fn from(from: &LegalText) -> Self {
        let prevails = match from.prevails {
            Prevails::Prose => v1::Prevails::Prose,
            Prevails::Computation => v1::Prevails::Computation,
        };
        Self { digest: digest(from.digest), uri: from.uri.clone(), prevails: prevails.into() }
    }
}

impl From<&Currency> for v1::Currency {
    fn from(from: &Currency) -> Self {
        Self { code: from.code.to_string(), exponent: from.exponent }
    }
}

impl From<&Dimension> for v1::Dimension {
    fn from(from: &Dimension) -> Self {
        Self {
            name: from.name.to_string(),
            title: from.title.clone(),
            weight: Some(from.weight.into()),
            floor_mass: Some(from.floor_mass.into()),
            default_shares: ratios(&from.default_shares),
            coefficients: ratios(&from.coefficients),
            no_floor_mass: from.no_floor_mass,
        }
    }
}

impl From<&Unit> for v1::Unit {
    fn from(from: &Unit) -> Self {
        Self {
            name: from.name.to_string(),
            dimension: from.dimension.to_string(),
            points: Some(from.points.into()),
            attestations: from.attestations,
            attestors: from.attestors.iter().map(ToString::to_string).collect(),
        }
    }
}

impl From<&Stream> for v1::Stream {
    fn from(from: &Stream) -> Self {
        Self {
            name: from.name.to_string(),
            title: from.title.clone(),
            collector: from.collector.to_string(),
            pool_rate: Some(from.pool_rate.into()),
        }
    }
}

impl From<&Licence> for v1::Licence {
    fn from(from: &Licence) -> Self {
        Self { deliverable: from.deliverable.clone(), spdx: from.spdx.clone() }
    }
}

impl From<&WorkedExample> for v1::WorkedExample {
    fn from(from: &WorkedExample) -> Self {
        let points = from.points.iter();
        let gross = from.gross.iter();
        Self {
            title: from.title.clone(),
            points: points
                .map(|(dimension, points)| v1::ExamplePoints {
                    dimension: dimension.to_string(),
                    points: ratios(points),
                })
                .collect(),
            currency: from.currency.to_string(),
            gross: gross
                .map(|(stream, amount)| v1::ExampleGross { stream: stream.to_string(), amount_minor: *amount })
                .collect(),
            allocations_minor: from.allocations.clone(),
        }
    }
}

fn ratios(from: &[Ratio]) -> Vec<v1::Ratio> {
    from.iter().map(|ratio| (*ratio).into()).collect()
}

/// Writes what a key may sign.
pub(super) fn scopes(from: &[Scope]) -> Vec<i32> {
    from.iter().map(|scope| v1::Scope::from(*scope).into()).collect()
}
