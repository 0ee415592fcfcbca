//! Statements about the agreement itself, to generated messages.

use bytes::Bytes;

use crate::{
    proto::counterfoil::v1,
    statement::{
        change::{
            Amendment, Close, CounterProposal, Exit, KeyGrant, KeyRevocation, MediatorConsent, MediatorReplacement,
            Resumption, Suspension, TrialResult, TrialVerdict, Withdrawal,
        },
        wire::{
            write::{digest, id},
            write_terms::scopes,
        },
    },
    time::Timestamp,
};

impl From<&CounterProposal> for v1::CounterProposal {
    fn from(from: &CounterProposal) -> Self {
        Self { proposal_id: id(from.proposal), terms: Some((&from.terms).into()) }
    }
}

impl From<&MediatorConsent> for v1::MediatorConsent {
    fn from(from: &MediatorConsent) -> Self {
        Self { proposal_id: id(from.proposal), conflicts: from.conflicts.clone() }
    }
}

impl From<&Withdrawal> for v1::Withdrawal {
    fn from(from: &Withdrawal) -> Self {
        Self { statement_id: id(from.statement), reason: from.reason.clone() }
    }
}

impl From<&Amendment> for v1::Amendment {
    fn from(from: &Amendment) -> Self {
        Self {
            replaces_id: id(from.replaces),
            terms: Some((&from.terms).into()),
            effective_ms: from.effective.map_or(0, Timestamp::as_ms),
            retroactive: from.retroactive.is_some(),
            effect_digest: from.retroactive.map_or_else(Bytes::new, digest),
        }
    }
}

impl From<&KeyGrant> for v1::KeyGrant {
    fn from(from: &KeyGrant) -> Self {
        Self {
            public_key: Bytes::copy_from_slice(from.key.as_bytes()),
            scopes: scopes(&from.scopes),
            expires_ms: from.expires.map_or(0, Timestamp::as_ms),
            daily_max: from.daily_max.unwrap_or(0),
            proof: Bytes::copy_from_slice(from.proof.as_bytes()),
        }
    }
}

impl From<&KeyRevocation> for v1::KeyRevocation {
    fn from(from: &KeyRevocation) -> Self {
        Self { public_key: Bytes::copy_from_slice(from.key.as_bytes()), reason: from.reason.clone() }
    }
}

impl From<&Exit> for v1::Exit {
    fn from(from: &Exit) -> Self {
        Self { leaves_ms: from.leaves.as_ms(), reason: from.reason.clone() }
    }
}

impl From<&TrialResult> for v1::TrialResult {
    fn from(from: &TrialResult) -> Self {
        let (verdict, until) = match from.verdict {
            TrialVerdict::Passed => (v1::TrialVerdict::Passed, None),
            TrialVerdict::Failed => (v1::TrialVerdict::Failed, None),
            TrialVerdict::Extended { until } => (v1::TrialVerdict::Extended, Some(until)),
        };
        Self {
            verdict: verdict.into(),
            evidence_digest: digest(from.evidence),
            until_ms: until.map_or(0, Timestamp::as_ms),
        }
    }
}

impl From<&Suspension> for v1::Suspension {
    fn from(from: &Suspension) -> Self {
        Self { reason: from.reason.clone() }
    }
}

impl From<&Resumption> for v1::Resumption {
    fn from(from: &Resumption) -> Self {
        Self { reason: from.reason.clone() }
    }
}

impl From<&MediatorReplacement> for v1::MediatorReplacement {
    fn from(from: &MediatorReplacement) -> Self {
        Self { mediator: Some((&from.mediator).into()) }
    }
}

impl From<&Close> for v1::Close {
    fn from(from: &Close) -> Self {
        Self { reason: from.reason.clone() }
    }
}
