//! What the formula promises for every agreement, as properties; what it cannot promise, as counterexamples.
//!
//! The rows of `formula.md` 6 in their order, for exact shares and for whole units, then what rounding, the waterfall
//! and the interval of a dispute promise, and the theorems of 7. A failing property prints the smallest case it found and the seed that repeats it.

mod intervals;
mod model;
mod money;
mod rounding;
mod theorems;
mod waterfall;

use counterfoil::split::{Entitlements, Exact, Fractions, Ratio, largest_remainder};
use model::{Agreement, Dimension, agreement, any_agreement, by_the_book, exact, order, pick, points, ratio, sum};
use proptest::{prelude::*, sample::Index};

/// The units of one pool.
fn units(shares: &Fractions, pool: i64) -> Vec<i64> {
    let mut entitlements = Entitlements::new(shares.len());
    entitlements.add(shares, pool).unwrap();
    entitlements.largest_remainder().unwrap()
}

fn list(fractions: &Fractions) -> Vec<Exact> {
    fractions.iter().collect()
}

/// One dimension of whole points, without floor mass and with everything else equal.
fn dimension(weight: Ratio, counted: &[u64]) -> Dimension {
    let parties = counted.len();
    Dimension {
        weight,
        mass: Ratio::ZERO,
        defaults: vec![ratio(1, u64::try_from(parties).unwrap()); parties],
        coefficients: vec![Ratio::ONE; parties],
        points: counted.iter().map(|points| Exact::from(*points)).collect(),
    }
}

fn one_dimension(counted: &[u64]) -> Agreement {
    Agreement { dimensions: vec![dimension(Ratio::ONE, counted)], kappa: vec![Ratio::ONE; counted.len()] }
}

proptest! {
    #[test]
    fn shares_are_those_of_the_book(agreement in any_agreement()) {
        prop_assert_eq!(list(&agreement.split().shares), by_the_book(&agreement));
    }

    #[test]
    fn efficiency_everything_is_shared(agreement in any_agreement(), pool in -100_000..100_000_i64) {
        let split = agreement.split();
        for shares in split.dimensions.iter().map(|dimension| &dimension.shares).chain([&split.blend, &split.shares]) {
            prop_assert_eq!(shares.sum(), Exact::ONE);
            prop_assert!(shares.iter().all(|share| share >= Exact::ZERO));
        }
        prop_assert_eq!(units(&split.shares, pool).iter().sum::<i64>(), pool);
    }

    #[test]
    fn anonymity_shares_go_with_the_party_and_not_with_its_place(
        (agreement, order) in any_agreement().prop_flat_map(|a| { let n = a.parties(); (Just(a), order(n)) }),
    ) {
        let reordered = agreement.reordered(&order).split();
        prop_assert_eq!(list(&reordered.shares), pick(&list(&agreement.split().shares), &order));
    }

    #[test]
    fn symmetry_equals_differ_by_at_most_a_unit_and_the_first_has_it(
        agreement in any_agreement(), twin in any::<Index>(), pool in 0..10_000_i64,
    ) {
        // A twin with the same points, coefficients and kappa; the default share is halved between the two.
        let twin = twin.index(agreement.parties());
        let places: Vec<usize> = (0..agreement.parties()).chain([twin]).collect();
        let mut agreement = agreement.reordered(&places);
        for dimension in &mut agreement.dimensions {
            let half = dimension.defaults[twin];
            let half = ratio(half.numerator(), half.denominator() * 2);
            dimension.defaults[twin] = half;
            *dimension.defaults.last_mut().unwrap() = half;
        }
        let shares = agreement.split().shares;
        let last = agreement.parties() - 1;
        prop_assert_eq!(shares.get(twin), shares.get(last));
        let units = units(&shares, pool);
        prop_assert!((0..=1).contains(&(units[twin] - units[last])), "{:?}", units);
    }

    #[test]
    fn null_player_gets_nothing_without_a_default_or_once_the_mass_is_reached(
        mut agreement in any_agreement(), null in any::<Index>(), with_default: bool, pool in -10_000..10_000_i64,
    ) {
        if agreement.parties() == 1 {
            return Ok(());
        }
        let null = null.index(agreement.parties());
        for dimension in &mut agreement.dimensions {
            dimension.points[null] = Exact::ZERO;
            if with_default {
                // Somebody else reaches any mass there may be.
                let other = (null + 1) % dimension.points.len();
                dimension.points[other] = dimension.mass.exact() / dimension.coefficients[other].exact() + Exact::ONE;
            } else {
                let defaults = dimension.defaults.len();
                dimension.defaults = vec![Ratio::ZERO; defaults];
                dimension.defaults[(null + 1) % defaults] = Ratio::ONE;
            }
        }
        let shares = agreement.split().shares;
        prop_assert_eq!(shares.get(null), Some(Exact::ZERO));
        prop_assert_eq!(units(&shares, pool)[null], 0);
    }

    #[test]
    fn own_monotonicity_whoever_does_more_never_gets_a_smaller_share(
        agreement in any_agreement(), party in any::<Index>(), at in any::<Index>(), more in points(),
    ) {
        let (party, at) = (party.index(agreement.parties()), at.index(agreement.dimensions.len()));
        let mut after = agreement.clone();
        after.dimensions[at].points[party] += more;
        prop_assert!(after.split().shares.get(party) >= agreement.split().shares.get(party));
    }

    #[test]
    fn own_and_cross_monotonicity_under_equal_kappa(
        agreement in agreement(), party in any::<Index>(), at in any::<Index>(), more in points(), pool in 0..500_i64,
    ) {
        let (party, at) = (party.index(agreement.parties()), at.index(agreement.dimensions.len()));
        let mut after = agreement.clone();
        after.dimensions[at].points[party] += more;
        let (before, after) = (agreement.split().shares, after.split().shares);
        for other in (0..agreement.parties()).filter(|other| *other != party) {
            prop_assert!(after.get(other) <= before.get(other));
        }
        // Sharper than the page: where everybody else's entitlement falls, the own units never do.
        let (before, after) = (units(&before, pool), units(&after, pool));
        prop_assert!(after[party] >= before[party]);
        // The others' may, by their one unit of rounding.
        for other in (0..agreement.parties()).filter(|other| *other != party) {
            prop_assert!(after[other] - before[other] <= 1);
        }
    }

    #[test]
    fn own_units_fall_by_at_most_one_under_any_kappa(
        agreement in any_agreement(), party in any::<Index>(), at in any::<Index>(), more in points(), pool in 0..500_i64,
    ) {
        let (party, at) = (party.index(agreement.parties()), at.index(agreement.dimensions.len()));
        let mut after = agreement.clone();
        after.dimensions[at].points[party] += more;
        prop_assert!(units(&after.split().shares, pool)[party] >= units(&agreement.split().shares, pool)[party] - 1);
    }

    #[test]
    fn continuity_a_small_contribution_moves_shares_little_where_there_is_a_floor_mass(
        mut agreement in agreement(), party in any::<Index>(), at in any::<Index>(), denominator in 1..1_000_000_u64,
    ) {
        let (party, at) = (party.index(agreement.parties()), at.index(agreement.dimensions.len()));
        for dimension in &mut agreement.dimensions {
            if dimension.mass.is_zero() {
                dimension.mass = Ratio::ONE;
            }
        }
        let small = exact(1, denominator);
        let dimension = &agreement.dimensions[at];
        // At most what the points added are of the floor mass, times the weight of the dimension.
        let most = dimension.weight.exact() * dimension.coefficients[party].exact() * &small / dimension.mass.exact();
        let mut after = agreement.clone();
        after.dimensions[at].points[party] += small;
        for (before, after) in agreement.split().shares.iter().zip(after.split().shares.iter()) {
            prop_assert!(&after - &before <= most && before - after <= most);
        }
    }

    #[test]
    fn scale_invariance_units_and_mass_scale_together(
        agreement in any_agreement(), at in any::<Index>(), factor in (1..1_000_u64, 1..1_000_u64),
    ) {
        let mut scaled = agreement.clone();
        let dimension = &mut scaled.dimensions[at.index(agreement.dimensions.len())];
        dimension.mass = ratio(dimension.mass.numerator() * factor.0, dimension.mass.denominator() * factor.1);
        for points in &mut dimension.points {
            *points *= ratio(factor.0, factor.1).exact();
        }
        prop_assert_eq!(scaled.split().shares, agreement.split().shares);
    }

    #[test]
    fn additivity_and_order_independence_instalments_of_a_pool_in_any_order_are_the_pool(
        (agreement, pools, order) in (any_agreement(), proptest::collection::vec(-500..500_i64, 0..10))
            .prop_flat_map(|(agreement, pools)| { let n = pools.len(); (Just(agreement), Just(pools), order(n)) }),
    ) {
        let shares = agreement.split().shares;
        let total = |pools: &[i64]| {
            let mut entitlements = Entitlements::new(shares.len());
            pools.iter().for_each(|pool| entitlements.add(&shares, *pool).unwrap());
            (entitlements.iter().collect::<Vec<_>>(), entitlements.largest_remainder().unwrap())
        };
        prop_assert_eq!(total(&pools), total(&[pools.iter().sum()]));
        prop_assert_eq!(total(&pools), total(&pick(&pools, &order)));
    }

    #[test]
    fn splitting_into_two_parties_gains_no_share_and_at_most_a_unit(
        agreement in any_agreement(), party in any::<Index>(), part in (0..=10_u64, 0..=10_u64), pool in 0..10_000_i64,
    ) {
        let party = party.index(agreement.parties());
        let places: Vec<usize> = (0..agreement.parties()).chain([party]).collect();
        let mut sybil = agreement.reordered(&places);
        let last = agreement.parties();
        for dimension in &mut sybil.dimensions {
            let second = &dimension.points[party] * exact(1, 10) * Exact::from(part.0);
            dimension.points[party] -= &second;
            dimension.points[last] = second;
            // The default shares do not grow by it; how the two divide theirs is their own business.
            let agreed = dimension.defaults[party];
            let share = |tenths| ratio(agreed.numerator() * tenths, agreed.denominator() * 10);
            dimension.defaults[party] = share(10 - part.1);
            dimension.defaults[last] = share(part.1);
        }
        let (one, two) = (agreement.split().shares, sybil.split().shares);
        prop_assert_eq!(one.get(party).unwrap(), two.get(party).unwrap() + two.get(last).unwrap());
        let (one, two) = (units(&one, pool), units(&two, pool));
        prop_assert!((two[party] + two[last] - one[party]).abs() <= 1);
    }

    #[test]
    fn explainability_each_share_is_a_sum_of_a_fraction_for_each_dimension(agreement in any_agreement()) {
        let split = agreement.split();
        for party in 0..agreement.parties() {
            let mut blend = Exact::ZERO;
            for (stated, shown) in agreement.dimensions.iter().zip(&split.dimensions) {
                let points = shown.points.get(party).unwrap();
                prop_assert_eq!(&points, &stated.points[party]);
                let weighted = shown.weighted.get(party).unwrap();
                prop_assert_eq!(&weighted, &(points * stated.coefficients[party].exact()));
                prop_assert_eq!(shown.weighted.sum(), shown.total.clone());
                let share = shown.shares.get(party).unwrap();
                let held = &shown.unfilled * stated.defaults[party].exact();
                let of = &shown.total + &shown.unfilled;
                if !of.is_zero() {
                    prop_assert_eq!(&share, &((weighted + held) / of));
                }
                blend += stated.weight.exact() * share;
            }
            prop_assert_eq!(split.blend.get(party), Some(blend));
        }
        for shown in &split.dimensions {
            match shown.rates() {
                Some(rates) => prop_assert_eq!(rates.sum(), Exact::ONE),
                None => prop_assert_eq!(shown.points.sum(), Exact::ZERO),
            }
        }
    }
}

#[test]
fn refuted_cross_monotonicity_under_unequal_kappa() {
    let split = |counted: &[u64]| {
        let half = ratio(1, 2);
        let dimensions = vec![dimension(half, counted), dimension(half, &[1, 0, 0])];
        Agreement { dimensions, kappa: vec![Ratio::ONE, ratio(1, 10), Ratio::ONE] }.split().shares
    };
    // The second does nine times as much, and the share of the first rises.
    assert_eq!(split(&[0, 1, 1]).get(0), Some(exact(20, 31)));
    assert_eq!(split(&[0, 9, 1]).get(0), Some(exact(100, 119)));
}

#[test]
fn refuted_cross_monotonicity_of_units() {
    // The second does its first work, and the first goes from 0 to 1: less of the remainders stands before it.
    assert_eq!(units(&one_dimension(&[1, 0, 4]).split().shares, 2), [0, 0, 2]);
    assert_eq!(units(&one_dimension(&[1, 1, 4]).split().shares, 2), [1, 0, 1]);
}

#[test]
fn refuted_own_monotonicity_of_units_under_unequal_kappa() {
    let units = |counted: &[u64]| {
        let half = ratio(1, 2);
        let dimensions = vec![dimension(half, counted), dimension(half, &[5, 0, 1])];
        let kappa = vec![ratio(2, 1), ratio(1, 10), ratio(1, 2)];
        units(&Agreement { dimensions, kappa }.split().shares, 12)
    };
    assert_eq!(units(&[0, 7, 1]), [10, 1, 1]);
    assert_eq!(units(&[0, 9, 1]), [11, 0, 1]);
}

#[test]
fn refuted_continuity_without_a_floor_mass() {
    // However little it is, the first contribution to an empty dimension takes all of its weight.
    for denominator in [1_000, 1_000_000_000] {
        let half = ratio(1, 2);
        let mut second = dimension(half, &[0, 0]);
        second.defaults = vec![ratio(7, 10), ratio(3, 10)];
        let first = dimension(half, &[90, 10]);
        let mut agreement = Agreement { dimensions: vec![first, second], kappa: vec![Ratio::ONE; 2] };
        assert_eq!(agreement.split().shares.get(1), Some(exact(1, 5)));
        agreement.dimensions[1].points[1] = exact(1, denominator);
        assert_eq!(agreement.split().shares.get(1), Some(exact(11, 20)));
        // With one it moves by what it is worth.
        agreement.dimensions[1].mass = ratio(1_000, 1);
        assert!(agreement.split().shares.get(1).unwrap() - exact(1, 5) < exact(1, denominator));
    }
}

#[test]
fn refuted_order_independence_across_cut_offs() {
    // Work that comes in after a cut-off changes no earlier settlement: that is agreed, not an accident.
    let (early, late) = (one_dimension(&[1, 0]).split().shares, one_dimension(&[1, 1]).split().shares);
    let settled = |first: &Fractions, second: &Fractions| {
        let mut entitlements = Entitlements::new(2);
        entitlements.add(first, 100).unwrap();
        entitlements.add(second, 300).unwrap();
        entitlements.largest_remainder().unwrap()
    };
    assert_eq!(settled(&early, &late), [250, 150]);
    assert_eq!(settled(&late, &late), [200, 200]);
}

#[test]
fn refuted_split_proofness_with_a_cap_or_equal_parts() {
    // One party does nine tenths; each may get half at most. In two halves it gets all nine.
    let capped = |counted: &[u64], parties: &[usize]| {
        let shares = one_dimension(counted).split().shares;
        sum(&parties.iter().map(|party| shares.get(*party).unwrap().min(exact(1, 2))).collect::<Vec<_>>())
    };
    assert_eq!(capped(&[18, 2], &[0]), exact(1, 2));
    assert_eq!(capped(&[9, 9, 2], &[0, 1]), exact(9, 10));
    // An equal split per head gives 1 of 2, then 2 of 3.
    let per_head = |heads: u64, parties: u64| ratio(heads, parties).exact();
    assert!(per_head(2, 3) > per_head(1, 2));
}

#[test]
fn refuted_individual_rationality() {
    // Alone the first makes 100; the second does as much, but together they make only 110: a share of 55.
    let (alone, together) = (100, 110);
    let allocated = units(&one_dimension(&[1, 1]).split().shares, together);
    assert!(allocated[0] < alone);
}

#[test]
fn refuted_house_monotonicity() {
    let shares = [exact(3, 100), exact(7, 100), exact(9, 10)];
    let units = |pool: i64| largest_remainder(&shares.clone().map(|share| share * Exact::from(pool))).unwrap();
    assert_eq!(units(49), [2, 3, 44]);
    assert_eq!(units(51), [1, 4, 46]);
}
