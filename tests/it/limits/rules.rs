//! The limits of the rules that terms may set.

use bytes::Bytes;
use counterfoil::proto::counterfoil::v1::{
    Baseline, Bound, ExitTerms, Fee, Guarantee, Mediator, Proposal, Ratio, Terms, Trial, Waterfall, Windows,
    statement::Body,
};

use super::{Reasons, digest, public, ratio, statement, table, terms};

fn ruled() -> Terms {
    let party = || "community".to_owned();
    let currency = || "EUR".to_owned();
    Terms {
        mediator: Some(Mediator { display_name: "The arbiter".into(), public_keys: vec![public(7), public(8)] }),
        calendar: 1,
        windows: Some(Windows { attest_days: 1, ..Windows::default() }),
        waterfall: Some(Waterfall {
            fees: vec![Fee {
                name: "hosting".into(),
                payee: "The host".into(),
                rate: ratio(1, 20),
                currency: currency(),
                cap_minor: 0,
            }],
            holdback: ratio(0, 1),
            holdback_days: 0,
            cost_categories: vec!["compute".into(), "travel".into()],
            corridor: ratio(1, 1),
            bounds: vec![Bound { party: party(), currency: currency(), cap: ratio(1, 1), floor_minor: 0 }],
            guarantees: vec![Guarantee {
                party: party(),
                guarantor: "enterprise".into(),
                currency: currency(),
                amount_minor: 1,
            }],
        }),
        share_policy: 1,
        rounding: 1,
        decay: ratio(1, 2),
        trial: Some(Trial { days: 1, criteria_digest: digest(1) }),
        exit: Some(ExitTerms { notice_days: 0, factor: ratio(1, 1), factor_without_notice: ratio(0, 1) }),
        tail_days: 1,
        baselines: vec![Baseline { party: party(), currency: currency(), amount_minor: 0 }],
        daily_claims_max: 1,
        ..terms()
    }
}

fn waterfall(terms: &mut Terms) -> &mut Waterfall {
    terms.waterfall.as_mut().unwrap()
}

fn proposed(rows: &[super::Row<Terms>], met: &mut Reasons) {
    table(ruled(), |terms| statement(Body::Proposal(Proposal { terms: Some(terms) })), rows, met);
}

pub(super) fn limits(met: &mut Reasons) {
    who_and_when(met);
    waterfalls(met);
    ends(met);
}

fn who_and_when(met: &mut Reasons) {
    proposed(
        &[
            ("proposal.terms.mediator.display_name", "FIELD_MISSING", |t| t.mediator = Some(Mediator::default())),
            ("proposal.terms.mediator.display_name", "FIELD_TOO_LONG", |t| {
                t.mediator.as_mut().unwrap().display_name = "x".repeat(201);
            }),
            ("proposal.terms.mediator.public_keys", "LIST_TOO_SHORT", |t| {
                t.mediator.as_mut().unwrap().public_keys.clear();
            }),
            ("proposal.terms.mediator.public_keys", "LIST_TOO_LONG", |t| {
                t.mediator.as_mut().unwrap().public_keys = vec![Bytes::new(); 17];
            }),
            ("proposal.terms.mediator.public_keys[1]", "FIELD_LENGTH", |t| {
                t.mediator.as_mut().unwrap().public_keys[1] = vec![1; 31].into();
            }),
            ("proposal.terms.mediator.public_keys[1]", "LIST_DUPLICATE", |t| {
                t.mediator.as_mut().unwrap().public_keys = vec![public(7); 2];
            }),
            ("proposal.terms.calendar", "FIELD_NOT_ONE_OF", |t| t.calendar = 4),
            ("proposal.terms.windows", "FIELD_NOT_ALLOWED", |t| t.windows = Some(Windows::default())),
            ("proposal.terms.waterfall", "FIELD_NOT_ALLOWED", |t| t.waterfall = Some(Waterfall::default())),
            ("proposal.terms.share_policy", "FIELD_NOT_ONE_OF", |t| t.share_policy = 2),
            ("proposal.terms.rounding", "FIELD_NOT_ONE_OF", |t| t.rounding = -1),
            ("proposal.terms.decay", "FIELD_NOT_ALLOWED", |t| t.decay = ratio(0, 1)),
            ("proposal.terms.decay", "FIELD_OUT_OF_RANGE", |t| t.decay = ratio(1, 1)),
            ("proposal.terms.decay", "FIELD_OUT_OF_RANGE", |t| t.decay = ratio(3, 2)),
            ("proposal.terms.decay", "RATIO_NOT_REDUCED", |t| t.decay = ratio(2, 4)),
            ("proposal.terms.decay", "RATIO_DENOMINATOR_ZERO", |t| t.decay = ratio(0, 0)),
        ],
        met,
    );
}

fn waterfalls(met: &mut Reasons) {
    proposed(
        &[
            ("proposal.terms.waterfall.fees", "LIST_TOO_LONG", |t| waterfall(t).fees = vec![Fee::default(); 17]),
            ("proposal.terms.waterfall.fees[0].name", "NAME_INVALID", |t| waterfall(t).fees[0].name = "a fee".into()),
            ("proposal.terms.waterfall.fees[0].payee", "FIELD_MISSING", |t| waterfall(t).fees[0].payee.clear()),
            ("proposal.terms.waterfall.fees[0].payee", "FIELD_TOO_LONG", |t| {
                waterfall(t).fees[0].payee = "x".repeat(201);
            }),
            ("proposal.terms.waterfall.fees[0].rate", "FIELD_MISSING", |t| waterfall(t).fees[0].rate = None),
            ("proposal.terms.waterfall.fees[0].rate", "FIELD_OUT_OF_RANGE", |t| {
                waterfall(t).fees[0].rate = ratio(2, 1);
            }),
            ("proposal.terms.waterfall.fees[0].currency", "NAME_INVALID", |t| {
                waterfall(t).fees[0].currency = "eur".into();
            }),
            ("proposal.terms.waterfall.holdback", "FIELD_OUT_OF_RANGE", |t| waterfall(t).holdback = ratio(2, 1)),
            ("proposal.terms.waterfall.cost_categories", "LIST_TOO_LONG", |t| {
                waterfall(t).cost_categories = vec![String::new(); 17];
            }),
            ("proposal.terms.waterfall.cost_categories[1]", "FIELD_MISSING", |t| {
                waterfall(t).cost_categories[1].clear();
            }),
            ("proposal.terms.waterfall.cost_categories[1]", "LIST_DUPLICATE", |t| {
                waterfall(t).cost_categories = vec!["travel".into(); 2];
            }),
            ("proposal.terms.waterfall.corridor", "FIELD_ZERO", |t| waterfall(t).corridor = ratio(0, 1)),
            ("proposal.terms.waterfall.corridor", "FIELD_OUT_OF_RANGE", |t| waterfall(t).corridor = ratio(3, 2)),
            ("proposal.terms.waterfall.bounds", "LIST_TOO_LONG", |t| {
                waterfall(t).bounds = vec![Bound::default(); 2_001];
            }),
            ("proposal.terms.waterfall.bounds[0].party", "FIELD_MISSING", |t| waterfall(t).bounds[0].party.clear()),
            ("proposal.terms.waterfall.bounds[0].currency", "FIELD_MISSING", |t| {
                waterfall(t).bounds[0].currency.clear();
            }),
            ("proposal.terms.waterfall.bounds[0].cap", "FIELD_ZERO", |t| waterfall(t).bounds[0].cap = ratio(0, 1)),
            ("proposal.terms.waterfall.bounds[0].cap", "FIELD_OUT_OF_RANGE", |t| {
                waterfall(t).bounds[0].cap = ratio(2, 1);
            }),
            ("proposal.terms.waterfall.bounds[1]", "LIST_DUPLICATE", |t| {
                waterfall(t).bounds = vec![waterfall(t).bounds[0].clone(); 2];
            }),
            ("proposal.terms.waterfall.guarantees", "LIST_TOO_LONG", |t| {
                waterfall(t).guarantees = vec![Guarantee::default(); 2_001];
            }),
            ("proposal.terms.waterfall.guarantees[0].party", "NAME_INVALID", |t| {
                waterfall(t).guarantees[0].party = "ü".into();
            }),
            ("proposal.terms.waterfall.guarantees[0].guarantor", "FIELD_MISSING", |t| {
                waterfall(t).guarantees[0].guarantor.clear();
            }),
            ("proposal.terms.waterfall.guarantees[0].currency", "NAME_INVALID", |t| {
                waterfall(t).guarantees[0].currency = "E".into();
            }),
            ("proposal.terms.waterfall.guarantees[1]", "LIST_DUPLICATE", |t| {
                waterfall(t).guarantees = vec![waterfall(t).guarantees[0].clone(); 2];
            }),
        ],
        met,
    );
}

fn ends(met: &mut Reasons) {
    proposed(
        &[
            ("proposal.terms.trial.days", "FIELD_ZERO", |t| t.trial.as_mut().unwrap().days = 0),
            ("proposal.terms.trial.criteria_digest", "FIELD_MISSING", |t| {
                t.trial.as_mut().unwrap().criteria_digest = Bytes::new();
            }),
            ("proposal.terms.exit.factor", "FIELD_MISSING", |t| t.exit = Some(ExitTerms::default())),
            ("proposal.terms.exit.factor", "FIELD_OUT_OF_RANGE", |t| t.exit.as_mut().unwrap().factor = ratio(2, 1)),
            ("proposal.terms.exit.factor_without_notice", "FIELD_OUT_OF_RANGE", |t| {
                t.exit.as_mut().unwrap().factor_without_notice = Some(Ratio { numerator: 5, denominator: 4 });
            }),
            ("proposal.terms.baselines", "LIST_TOO_LONG", |t| t.baselines = vec![Baseline::default(); 2_001]),
            ("proposal.terms.baselines[0].party", "FIELD_MISSING", |t| t.baselines[0].party.clear()),
            ("proposal.terms.baselines[0].currency", "NAME_INVALID", |t| t.baselines[0].currency = "€".into()),
            ("proposal.terms.baselines[1]", "LIST_DUPLICATE", |t| t.baselines = vec![t.baselines[0].clone(); 2]),
        ],
        met,
    );
}
