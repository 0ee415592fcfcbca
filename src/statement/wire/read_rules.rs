//! The rules that terms set besides the formula's figures, from generated messages. Unlike the figures, everything that their
//! comments name is checked here: ranges, and what may stand once.
//!
//! A rule that is not set has one encoding, none: a message that says nothing is refused.

use crate::{
    proto::counterfoil::v1,
    split::Ratio,
    statement::{
        rules::{
            Baseline, Bound, Calendar, ExitTerms, Fee, Guarantee, Mediator, Rounding, SharePolicy, Trial, Waterfall,
            Windows,
        },
        terms::Name,
        wire::{
            problem::{FieldError, FieldProblem, Within},
            read_field::{
                above_zero, at_most, at_most_one, choice, digest, each, not_given, not_zero, once, public_key, ratio,
                required, title, within_counts,
            },
        },
    },
};

const MEDIATOR_KEYS_MAX: usize = 16;
const FEES_MAX: usize = 16;
const COST_CATEGORIES_MAX: usize = 16;
/// The most parties times currencies of an agreement.
const PARTY_CURRENCIES_MAX: usize = 2_000;

pub(super) fn mediator(from: v1::Mediator) -> Result<Mediator, FieldError> {
    let display_name = title(from.display_name).within("display_name")?;
    within_counts(from.public_keys.len(), 1, MEDIATOR_KEYS_MAX).within("public_keys")?;
    let keys = each(from.public_keys, |bytes| Ok(public_key(&bytes)?)).within("public_keys")?;
    once(keys.iter(), "").within("public_keys")?;
    Ok(Mediator { display_name, keys })
}

pub(super) fn calendar(number: i32) -> Result<Option<Calendar>, FieldProblem> {
    Ok(match choice::<v1::Calendar>(number)? {
        v1::Calendar::Unspecified => None,
        v1::Calendar::Month => Some(Calendar::Month),
        v1::Calendar::Quarter => Some(Calendar::Quarter),
        v1::Calendar::Year => Some(Calendar::Year),
    })
}

pub(super) fn windows(from: Option<v1::Windows>) -> Result<Windows, FieldProblem> {
    let Some(from) = from else { return Ok(Windows::default()) };
    let windows = Windows {
        attest: from.attest_days,
        challenge: from.challenge_days,
        closing: from.closing_days,
        statement: from.statement_days,
        evidence: from.evidence_days,
        audit: from.audit_days,
    };
    not_given(windows == Windows::default())?;
    Ok(windows)
}

pub(super) fn waterfall(from: Option<v1::Waterfall>) -> Result<Waterfall, FieldError> {
    let Some(from) = from else { return Ok(Waterfall::default()) };
    at_most(from.fees.len(), FEES_MAX).within("fees")?;
    let fees = each(from.fees, fee).within("fees")?;
    let holdback = from.holdback.map(|part| at_most_one(Some(part))).transpose().within("holdback")?;
    at_most(from.cost_categories.len(), COST_CATEGORIES_MAX).within("cost_categories")?;
    let cost_categories = each(from.cost_categories, |name| Ok(required::<Name>(name)?)).within("cost_categories")?;
    once(cost_categories.iter(), "").within("cost_categories")?;
    let corridor = from.corridor.map(|part| above_zero(at_most_one(Some(part)))).transpose().within("corridor")?;
    at_most(from.bounds.len(), PARTY_CURRENCIES_MAX).within("bounds")?;
    let bounds = each(from.bounds, bound).within("bounds")?;
    once(bounds.iter().map(|bound| (&bound.party, &bound.currency)), "").within("bounds")?;
    at_most(from.guarantees.len(), PARTY_CURRENCIES_MAX).within("guarantees")?;
    let guarantees = each(from.guarantees, guarantee).within("guarantees")?;
    once(guarantees.iter().map(|guarantee| (&guarantee.party, &guarantee.currency)), "").within("guarantees")?;
    let waterfall =
        Waterfall { fees, holdback, holdback_days: from.holdback_days, cost_categories, corridor, bounds, guarantees };
    not_given(waterfall == Waterfall::default())?;
    Ok(waterfall)
}

fn fee(from: v1::Fee) -> Result<Fee, FieldError> {
    let name = required(from.name).within("name")?;
    let payee = title(from.payee).within("payee")?;
    let rate = at_most_one(from.rate).within("rate")?;
    let currency = required(from.currency).within("currency")?;
    Ok(Fee { name, payee, rate, currency, cap: (from.cap_minor != 0).then_some(from.cap_minor) })
}

fn bound(from: v1::Bound) -> Result<Bound, FieldError> {
    let party = required(from.party).within("party")?;
    let currency = required(from.currency).within("currency")?;
    let cap = from.cap.map(|cap| above_zero(at_most_one(Some(cap)))).transpose().within("cap")?;
    Ok(Bound { party, currency, cap, floor: from.floor_minor })
}

fn guarantee(from: v1::Guarantee) -> Result<Guarantee, FieldError> {
    let party = required(from.party).within("party")?;
    let guarantor = required(from.guarantor).within("guarantor")?;
    let currency = required(from.currency).within("currency")?;
    Ok(Guarantee { party, guarantor, currency, amount: from.amount_minor })
}

pub(super) fn share_policy(number: i32) -> Result<SharePolicy, FieldProblem> {
    Ok(match choice::<v1::SharePolicy>(number)? {
        v1::SharePolicy::Unspecified => SharePolicy::Prospective,
        v1::SharePolicy::TrueUp => SharePolicy::TrueUp,
    })
}

pub(super) fn rounding(number: i32) -> Result<Rounding, FieldProblem> {
    Ok(match choice::<v1::Rounding>(number)? {
        v1::Rounding::Unspecified => Rounding::LargestRemainder,
        v1::Rounding::NeverNegative => Rounding::NeverNegative,
    })
}

pub(super) fn decay(from: Option<v1::Ratio>) -> Result<Ratio, FieldProblem> {
    if from.is_none() {
        return Ok(Ratio::ZERO);
    }
    let decay = ratio(from)?;
    not_given(decay.is_zero())?;
    if decay == Ratio::ONE || !decay.is_at_most_one() { Err(FieldProblem::NotBelowOne) } else { Ok(decay) }
}

pub(super) fn trial(from: &v1::Trial) -> Result<Trial, FieldError> {
    not_zero(from.days.into()).within("days")?;
    Ok(Trial { days: from.days, criteria: digest(&from.criteria_digest).within("criteria_digest")? })
}

pub(super) fn exit(from: &v1::ExitTerms) -> Result<ExitTerms, FieldError> {
    let factor = at_most_one(from.factor).within("factor")?;
    let factor_without_notice = at_most_one(from.factor_without_notice).within("factor_without_notice")?;
    Ok(ExitTerms { notice_days: from.notice_days, factor, factor_without_notice })
}

pub(super) fn baselines(from: Vec<v1::Baseline>) -> Result<Vec<Baseline>, FieldError> {
    at_most(from.len(), PARTY_CURRENCIES_MAX)?;
    let baselines = each(from, baseline)?;
    once(baselines.iter().map(|baseline| (&baseline.party, &baseline.currency)), "")?;
    Ok(baselines)
}

fn baseline(from: v1::Baseline) -> Result<Baseline, FieldError> {
    let party = required(from.party).within("party")?;
    let currency = required(from.currency).within("currency")?;
    Ok(Baseline { party, currency, amount: from.amount_minor })
}
