//! The limits of what changes the agreement.

use bytes::Bytes;
use counterfoil::proto::counterfoil::v1::{
    Amendment, Close, CounterProposal, Exit, KeyGrant, KeyRevocation, Mediator, MediatorConsent, MediatorReplacement,
    Resumption, Suspension, TrialResult, Withdrawal, statement::Body,
};

use super::{LATE, Reasons, digest, public, statement, table, terms};

fn long() -> String {
    "x".repeat(2_001)
}

pub(super) fn limits(met: &mut Reasons) {
    other_terms(met);
    keys(met);
    ends(met);
    others(met);
}

fn other_terms(met: &mut Reasons) {
    table(
        CounterProposal { proposal_id: digest(1), terms: Some(terms()) },
        |c| statement(Body::CounterProposal(c)),
        &[
            ("counter_proposal.proposal_id", "FIELD_LENGTH", |c| c.proposal_id = vec![1; 31].into()),
            ("counter_proposal.terms", "FIELD_MISSING", |c| c.terms = None),
            ("counter_proposal.terms.title", "FIELD_MISSING", |c| c.terms.as_mut().unwrap().title.clear()),
        ],
        met,
    );
    let amendment = Amendment {
        replaces_id: digest(1),
        terms: Some(terms()),
        effective_ms: 1,
        retroactive: true,
        effect_digest: digest(2),
    };
    table(
        amendment,
        |a| statement(Body::Amendment(a)),
        &[
            ("amendment.replaces_id", "FIELD_MISSING", |a| a.replaces_id = Bytes::new()),
            ("amendment.terms", "FIELD_MISSING", |a| a.terms = None),
            ("amendment.effective_ms", "TIME_TOO_LATE", |a| a.effective_ms = LATE),
            ("amendment.effect_digest", "FIELD_MISSING", |a| a.effect_digest = Bytes::new()),
            ("amendment.effect_digest", "FIELD_LENGTH", |a| a.effect_digest = vec![1; 20].into()),
            ("amendment.effect_digest", "FIELD_NOT_ALLOWED", |a| a.retroactive = false),
        ],
        met,
    );
}

fn keys(met: &mut Reasons) {
    let grant =
        KeyGrant { public_key: public(5), scopes: vec![1, 4], expires_ms: 0, daily_max: 0, proof: vec![1; 64].into() };
    table(
        grant,
        |k| statement(Body::KeyGrant(k)),
        &[
            ("key_grant.public_key", "FIELD_MISSING", |k| k.public_key = Bytes::new()),
            ("key_grant.public_key", "KEY_INVALID", |k| k.public_key = digest(2)),
            ("key_grant.scopes", "FIELD_MISSING", |k| k.scopes.clear()),
            ("key_grant.scopes[0]", "FIELD_NOT_ONE_OF", |k| k.scopes[0] = 5),
            ("key_grant.scopes[1]", "LIST_DUPLICATE", |k| k.scopes[1] = 1),
            ("key_grant.scopes[1]", "LIST_NOT_ASCENDING", |k| k.scopes = vec![3, 2]),
            ("key_grant.expires_ms", "TIME_TOO_LATE", |k| k.expires_ms = LATE),
            ("key_grant.proof", "FIELD_MISSING", |k| k.proof = Bytes::new()),
            ("key_grant.proof", "FIELD_LENGTH", |k| k.proof = vec![1; 63].into()),
        ],
        met,
    );
    table(
        KeyRevocation { public_key: public(5), reason: String::new() },
        |k| statement(Body::KeyRevocation(k)),
        &[
            ("key_revocation.public_key", "FIELD_LENGTH", |k| k.public_key = vec![1; 33].into()),
            ("key_revocation.reason", "FIELD_TOO_LONG", |k| k.reason = long()),
        ],
        met,
    );
}

fn ends(met: &mut Reasons) {
    table(
        Exit { leaves_ms: 1, reason: String::new() },
        |e| statement(Body::Exit(e)),
        &[
            ("exit.leaves_ms", "TIME_TOO_LATE", |e| e.leaves_ms = LATE),
            ("exit.reason", "FIELD_TOO_LONG", |e| e.reason = long()),
        ],
        met,
    );
    table(
        TrialResult { verdict: 3, evidence_digest: digest(1), until_ms: 1 },
        |t| statement(Body::TrialResult(t)),
        &[
            ("trial_result.verdict", "FIELD_MISSING", |t| t.verdict = 0),
            ("trial_result.verdict", "FIELD_NOT_ONE_OF", |t| t.verdict = 4),
            ("trial_result.evidence_digest", "FIELD_MISSING", |t| t.evidence_digest = Bytes::new()),
            ("trial_result.until_ms", "FIELD_MISSING", |t| t.until_ms = 0),
            ("trial_result.until_ms", "TIME_TOO_LATE", |t| t.until_ms = LATE),
            ("trial_result.until_ms", "FIELD_NOT_ALLOWED", |t| t.verdict = 1),
            ("trial_result.until_ms", "FIELD_NOT_ALLOWED", |t| t.verdict = 2),
        ],
        met,
    );
    table(
        Suspension { reason: "A flood".into() },
        |s| statement(Body::Suspension(s)),
        &[
            ("suspension.reason", "FIELD_MISSING", |s| s.reason.clear()),
            ("suspension.reason", "FIELD_TOO_LONG", |s| s.reason = long()),
        ],
        met,
    );
    table(
        Resumption::default(),
        |r| statement(Body::Resumption(r)),
        &[("resumption.reason", "FIELD_TOO_LONG", |r| r.reason = long())],
        met,
    );
    table(
        Close::default(),
        |c| statement(Body::Close(c)),
        &[("close.reason", "FIELD_TOO_LONG", |c| c.reason = long())],
        met,
    );
}

fn others(met: &mut Reasons) {
    table(
        MediatorConsent { proposal_id: digest(1), conflicts: String::new() },
        |m| statement(Body::MediatorConsent(m)),
        &[
            ("mediator_consent.proposal_id", "FIELD_MISSING", |m| m.proposal_id = Bytes::new()),
            ("mediator_consent.conflicts", "FIELD_TOO_LONG", |m| m.conflicts = long()),
        ],
        met,
    );
    table(
        MediatorReplacement {
            mediator: Some(Mediator { display_name: "The arbiter".into(), public_keys: vec![public(7)] }),
        },
        |m| statement(Body::MediatorReplacement(m)),
        &[
            ("mediator_replacement.mediator", "FIELD_MISSING", |m| m.mediator = None),
            ("mediator_replacement.mediator.public_keys", "LIST_TOO_SHORT", |m| {
                m.mediator.as_mut().unwrap().public_keys.clear();
            }),
        ],
        met,
    );
    table(
        Withdrawal { statement_id: digest(1), reason: String::new() },
        |w| statement(Body::Withdrawal(w)),
        &[
            ("withdrawal.statement_id", "FIELD_MISSING", |w| w.statement_id = Bytes::new()),
            ("withdrawal.reason", "FIELD_TOO_LONG", |w| w.reason = long()),
        ],
        met,
    );
}
