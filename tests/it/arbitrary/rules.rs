//! Any rules that terms may set besides the formula's figures.

use std::collections::HashSet;

use counterfoil::{
    keys::{PublicKey, SecretKey},
    split::Ratio,
    statement::rules::{
        Baseline, Bound, Calendar, ExitTerms, Fee, Guarantee, Mediator, Rounding, SharePolicy, Trial, Waterfall,
        Windows,
    },
};
use proptest::{
    collection::{hash_set, vec},
    option,
    prelude::{Just, Strategy, any, prop_oneof},
    sample::select,
};

use super::{at_most_one, code, digest, name, some_text};

/// The rules of any terms.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    pub(super) mediator: Option<Mediator>,
    pub(super) calendar: Option<Calendar>,
    pub(super) windows: Windows,
    pub(super) waterfall: Waterfall,
    pub(super) share_policy: SharePolicy,
    pub(super) rounding: Rounding,
    pub(super) decay: Ratio,
    pub(super) trial: Option<Trial>,
    pub(super) exit: Option<ExitTerms>,
    pub(super) tail_days: u32,
    pub(super) baselines: Vec<Baseline>,
    pub(super) daily_claims_max: Option<u32>,
}

pub(super) fn rules() -> impl Strategy<Value = Rules> {
    let calendar = option::of(select(vec![Calendar::Month, Calendar::Quarter, Calendar::Year]));
    let exit = (any::<u32>(), at_most_one(), at_most_one()).prop_map(|(notice_days, factor, factor_without_notice)| {
        ExitTerms { notice_days, factor, factor_without_notice }
    });
    let trial = (1..=u32::MAX, digest()).prop_map(|(days, criteria)| Trial { days, criteria });
    let choices = (
        select(vec![SharePolicy::Prospective, SharePolicy::TrueUp]),
        select(vec![Rounding::LargestRemainder, Rounding::NeverNegative]),
        prop_oneof![
            Just(Ratio::ZERO),
            at_most_one().prop_map(|part| if part == Ratio::ONE { Ratio::ZERO } else { part })
        ],
    );
    let ends = (option::of(trial), option::of(exit), any::<u32>(), baselines(), option::of(1..=u32::MAX));
    (option::of(mediator()), calendar, windows().boxed(), waterfall().boxed(), choices, ends.boxed()).prop_map(
        |(mediator, calendar, windows, waterfall, (share_policy, rounding, decay), ends)| {
            let (trial, exit, tail_days, baselines, daily_claims_max) = ends;
            Rules {
                mediator,
                calendar,
                windows,
                waterfall,
                share_policy,
                rounding,
                decay,
                trial,
                exit,
                tail_days,
                baselines,
                daily_claims_max,
            }
        },
    )
}

pub(super) fn mediator() -> impl Strategy<Value = Mediator> {
    (some_text(200), hash_set(key(), 1..4))
        .prop_map(|(display_name, keys)| Mediator { display_name, keys: keys.into_iter().collect() })
}

/// The key of any of 255 seeds.
pub(super) fn key() -> impl Strategy<Value = PublicKey> {
    (1..=u8::MAX).prop_map(|seed| SecretKey::from_seed(&[seed; 32]).public())
}

fn windows() -> impl Strategy<Value = Windows> {
    let days = || prop_oneof![Just(0), any::<u32>()];
    let windows = (days(), days(), days(), days(), days(), days()).prop_map(
        |(attest, challenge, closing, statement, evidence, audit)| Windows {
            attest,
            challenge,
            closing,
            statement,
            evidence,
            audit,
        },
    );
    prop_oneof![Just(Windows::default()), windows]
}

fn waterfall() -> impl Strategy<Value = Waterfall> {
    let fee = (name(), some_text(200), at_most_one(), code(), option::of(1..=u64::MAX))
        .prop_map(|(name, payee, rate, currency, cap)| Fee { name, payee, rate, currency, cap });
    let bounds = vec(
        (name(), code(), option::of(part()), any::<u64>()).prop_map(|(party, currency, cap, floor)| Bound {
            party,
            currency,
            cap,
            floor,
        }),
        0..3,
    )
    .prop_map(|found| once(found, |bound| (bound.party.to_string(), bound.currency.to_string())));
    let guarantees = vec(
        (name(), name(), code(), any::<u64>()).prop_map(|(party, guarantor, currency, amount)| Guarantee {
            party,
            guarantor,
            currency,
            amount,
        }),
        0..3,
    )
    .prop_map(|found| once(found, |guarantee| (guarantee.party.to_string(), guarantee.currency.to_string())));
    let held = (option::of(at_most_one()), any::<u32>());
    let costs = (hash_set(name(), 0..3), option::of(part()));
    let waterfall = (vec(fee, 0..3), held, costs, bounds, guarantees).prop_map(
        |(fees, (holdback, holdback_days), (cost_categories, corridor), bounds, guarantees)| Waterfall {
            fees,
            holdback,
            holdback_days,
            cost_categories: cost_categories.into_iter().collect(),
            corridor,
            bounds,
            guarantees,
        },
    );
    prop_oneof![Just(Waterfall::default()), waterfall]
}

/// A fraction in (0, 1].
fn part() -> impl Strategy<Value = Ratio> {
    at_most_one().prop_map(|part| if part.is_zero() { Ratio::ONE } else { part })
}

fn baselines() -> impl Strategy<Value = Vec<Baseline>> {
    let baseline = (name(), code(), any::<u64>());
    vec(baseline.prop_map(|(party, currency, amount)| Baseline { party, currency, amount }), 0..3)
        .prop_map(|found| once(found, |baseline| (baseline.party.to_string(), baseline.currency.to_string())))
}

/// Leaves out what has the same key as an item before.
fn once<T>(mut items: Vec<T>, key: impl Fn(&T) -> (String, String)) -> Vec<T> {
    let mut seen = HashSet::new();
    items.retain(|item| seen.insert(key(item)));
    items
}
