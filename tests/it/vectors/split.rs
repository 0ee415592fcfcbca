//! The worked examples of the formula: to the last minor unit and as exact fractions.

mod money;

use std::collections::{BTreeMap, BTreeSet};

use counterfoil::split::{
    DimensionInput, Entitlements, Exact, Fractions, Instalment, Ratio, Shares, exact_text, largest_deficit_first,
    largest_remainder, pool, pools, shares,
};
use serde_json::Value;

use crate::common;

/// The vectors that are covered, each with its check.
const CHECKS: &[(&str, fn(&Value, &Value))] = &[
    ("V01", one_dimension),
    ("V02", coefficients_that_repeat_the_rate_square_it),
    ("V03", money_reading),
    ("V05", many_pools_under_the_same_shares),
    ("V06", cumulative),
    ("V07", cumulative_against_stateless),
    ("V08", floor_mass_against_renormalising),
    ("V10", one_dimension),
    ("V11", refund_with_the_original_shares),
    ("V12", money::caps_and_floors),
    ("V13", money::recoupment),
    ("V15", money::holdback),
    ("V16", money::interval_of_a_dispute),
    ("V18", money::late_contributions),
    ("V19", many_pools_under_the_same_shares),
    ("V21", money::leaver),
    ("V22", claims_up_to_one),
    ("V24", fractional_quantities),
    ("V25", money::shapley_values),
    ("V27", points_in_any_order),
    ("V28", cumulative),
    ("V30", one_pool_under_given_shares),
    ("V32", money::decaying_basis),
    ("V33", unequal_party_coefficients),
    ("V34", money::everybody_wins),
    ("V35", degenerate_sizes),
    ("V38", mixed_signs),
    ("V39", one_dimension),
];

#[test]
fn every_vector_is_met_to_the_last_unit() {
    let Some(path) = common::shared("vectors/split/split_vectors.json") else { return };
    let file: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let vectors: BTreeMap<&str, &Value> =
        list(&file["vectors"]).iter().map(|vector| (text(&vector["id"]), vector)).collect();
    let missing: Vec<&str> = CHECKS.iter().map(|(id, _)| *id).filter(|id| !vectors.contains_key(id)).collect();
    assert!(missing.is_empty(), "not in the file of vectors: {missing:?}");
    for (id, check) in CHECKS {
        eprintln!("{id} {}", text(&vectors[id]["title"]));
        check(&vectors[id]["input"], &vectors[id]["expected"]);
    }
}

#[test]
fn the_list_of_vectors_is_the_one_that_was_agreed() {
    let agreed = "V01 V02 V03 V05 V06 V07 V08 V10 V11 V12 V13 V15 V16 V18 V19 V21 V22 V24 V25 V27 V28 V30 V32 V33 V34 V35 \
                  V38 V39";
    let checked: BTreeSet<&str> = CHECKS.iter().map(|(id, _)| *id).collect();
    assert_eq!(checked, agreed.split(' ').collect());
    assert_eq!(checked.len(), CHECKS.len());
}

fn one_dimension(input: &Value, expected: &Value) {
    let counted = exacts(&input["points"]["T"]);
    let parties = counted.len();
    let or_ones = |value: &Value| if value.is_null() { vec![Ratio::ONE; parties] } else { ratios(value) };
    let defaults = if input["defaults"].is_null() { equal(parties) } else { ratios(&input["defaults"]["T"]) };
    let mass = if input["floor_mass"].is_null() { Ratio::ZERO } else { ratio(&input["floor_mass"]["T"]) };
    let weight = if input["omega"].is_null() { Ratio::ONE } else { ratio(&input["omega"]["T"]) };
    let split = shares(
        &[DimensionInput {
            weight,
            floor_mass: mass,
            default_shares: &defaults,
            coefficients: &or_ones(&input["a"]),
            points: &counted,
        }],
        &or_ones(&input["kappa"]),
    )
    .unwrap();
    if !expected["T_total_weighted_points"].is_null() {
        assert_eq!(split.dimensions[0].total, exact(&expected["T_total_weighted_points"]));
    }
    same(split.shares.iter(), &expected["shares"]);
    one_pool(&split.shares, int(&input["pool"]), expected);
}

fn coefficients_that_repeat_the_rate_square_it(input: &Value, expected: &Value) {
    let rates = exacts(&input["C"]);
    for (coefficients, expected) in list(&input["cases_a"]).iter().zip(list(&expected["cases"])) {
        assert_eq!(*coefficients, expected["a"]);
        let split = by_points(&rates, &ratios(coefficients));
        assert_eq!(split.dimensions[0].total, exact(&expected["T"]));
        same(split.dimensions[0].rates().unwrap().iter(), &input["C"]);
        same(split.shares.iter(), &expected["shares"]);
        one_pool(&split.shares, int(&input["pool"]), expected);
    }
}

fn money_reading(input: &Value, expected: &Value) {
    let rates = ratios(&input["c"]);
    let gross: Vec<u64> = ints(&input["gross"]).into_iter().map(|gross| u64::try_from(gross).unwrap()).collect();
    let contributed: Vec<i64> = rates.iter().zip(&gross).map(|(rate, gross)| pool(*rate, *gross).unwrap()).collect();
    assert_eq!(contributed, ints(&expected["contributed"]));
    assert_eq!(pools(&rates, [gross.as_slice()]).unwrap(), std::slice::from_ref(&contributed));
    assert_eq!(contributed.iter().sum::<i64>(), int(&expected["W"]));
    let shares = Fractions::of(&exacts(&input["shares"]));
    one_pool(&shares, int(&expected["W"]), expected);

    let instalments = [Instalment { shares, gross: gross.clone() }];
    let entitlements = Entitlements::from_instalments(2, &rates, &instalments).unwrap();
    same(entitlements.iter(), &expected["entitlement"]);
    let allocations = entitlements.largest_remainder().unwrap();
    let net: Vec<i64> = allocations.iter().zip(&contributed).map(|(got, brought)| got - brought).collect();
    assert_eq!(net, ints(&expected["net_settlement"]));
    let kept = gross.iter().zip(&net).map(|(gross, net)| i64::try_from(*gross).unwrap() + net);
    assert_eq!(kept.collect::<Vec<_>>(), ints(&expected["retained_plus_share"]));
}

fn many_pools_under_the_same_shares(input: &Value, expected: &Value) {
    let shares = Fractions::of(&exacts(&input["shares"]));
    let pools = list(&input["pools"]);
    assert_eq!(pools.len(), list(&expected["cases"]).len());
    for (pool, expected) in pools.iter().zip(list(&expected["cases"])) {
        let pool = if pool.is_object() { int(&pool["pool"]) } else { int(pool) };
        assert_eq!(pool, int(&expected["pool"]));
        one_pool(&shares, pool, expected);
    }
}

fn cumulative(input: &Value, expected: &Value) {
    let events = events(input);
    let parties = events[0].1.len();
    let (mut entitlements, mut before) = (Entitlements::new(parties), vec![0; parties]);
    let statements = list(&expected["cumulative_lrm"]);
    assert_eq!(statements.len(), events.len());
    for ((pool, shares), expected) in events.iter().zip(statements) {
        entitlements.add(&Fractions::of(shares), *pool).unwrap();
        before = statement(&entitlements, &before, expected);
    }
    let mut residuals = vec![Exact::ZERO; parties];
    let statements = list(&expected["largest_deficit_first"]);
    assert_eq!(statements.len(), events.len());
    for ((pool, shares), expected) in events.iter().zip(statements) {
        let paid = largest_deficit_first(&mut residuals, u64::try_from(*pool).unwrap(), shares).unwrap();
        assert_eq!(paid, ints(&expected["pay"]));
        same(residuals.iter().cloned(), &expected["residual"]);
    }
}

fn cumulative_against_stateless(input: &Value, expected: &Value) {
    let mut entitlements = Entitlements::new(3);
    let (mut before, mut stateless) = (vec![0; 3], vec![0; 3]);
    let dues = list(&expected["cumulative_dues"]);
    let events = events(input);
    assert_eq!(dues.len(), events.len());
    for ((pool, shares), expected) in events.iter().zip(dues) {
        let shares = Fractions::of(shares);
        entitlements.add(&shares, *pool).unwrap();
        let now = entitlements.largest_remainder().unwrap();
        assert_eq!(differences(&now, &before), ints(expected));
        before = now;
        let mut alone = Entitlements::new(3);
        alone.add(&shares, *pool).unwrap();
        for (sum, units) in stateless.iter_mut().zip(alone.largest_remainder().unwrap()) {
            *sum += units;
        }
    }
    assert_eq!(before, ints(&expected["cumulative_total"]));
    assert_eq!(stateless, ints(&expected["stateless_total"]));
}

fn floor_mass_against_renormalising(input: &Value, expected: &Value) {
    let (weights, defaults) = (ratios(&input["omega"]), ratios(&input["defaults_S"]));
    let (first, ones) = (exacts(&input["T_points"]), vec![Ratio::ONE; 2]);
    let cases = [
        ("S_points_before", "naive_before", "mass_before", "alloc_before"),
        ("S_points_after", "naive_after", "mass_after", "alloc_after"),
    ];
    for (second, naive, mass, allocation) in cases {
        let second = exacts(&input[second]);
        let dimension = |position: usize, floor_mass, points| DimensionInput {
            weight: weights[position],
            floor_mass,
            default_shares: &defaults,
            coefficients: &ones,
            points,
        };
        let split =
            shares(&[dimension(0, Ratio::ZERO, &first), dimension(1, ratio(&input["floor_mass_S"]), &second)], &ones)
                .unwrap();
        same(split.shares.iter(), &expected[mass]);
        let mut entitlements = Entitlements::new(2);
        entitlements.add(&split.shares, int(&input["pool"])).unwrap();
        assert_eq!(entitlements.largest_remainder().unwrap(), ints(&expected[allocation]));
        same(renormalised(&weights, &[&first, &second]), &expected[naive]);
    }
}

/// What the formula is not: dimensions without points drop out, and the weights of the others are blown up to 1.
fn renormalised(weights: &[Ratio], dimensions: &[&[Exact]]) -> impl Iterator<Item = Exact> {
    let active: Vec<(Exact, &[Exact])> = weights
        .iter()
        .zip(dimensions)
        .filter(|(_, points)| !sum(**points).is_zero())
        .map(|(weight, points)| (weight.exact(), *points))
        .collect();
    let weight_sum = sum(active.iter().map(|(weight, _)| weight));
    let parties = dimensions[0].len();
    (0..parties).map(move |party| {
        let parts: Vec<Exact> = active.iter().map(|(weight, points)| weight * &points[party] / sum(*points)).collect();
        sum(&parts) / &weight_sum
    })
}

fn refund_with_the_original_shares(input: &Value, expected: &Value) {
    let events = events(input);
    let statements = list(&expected["statements"]);
    assert_eq!(statements.len(), events.len());
    let (mut entitlements, mut before) = (Entitlements::new(2), vec![0; 2]);
    for ((pool, shares), expected) in events.iter().zip(statements) {
        entitlements.add(&Fractions::of(shares), *pool).unwrap();
        before = statement(&entitlements, &before, expected);
    }

    // The same from the instalments: the refund empties the one that took its benefit in.
    let instalment = |(pool, shares): &(i64, Vec<Exact>)| Instalment {
        shares: Fractions::of(shares),
        gross: vec![pool.unsigned_abs()],
    };
    let mut instalments = vec![instalment(&events[0]), instalment(&events[1])];
    instalments[0].gross[0] = 0;
    let rebuilt = Entitlements::from_instalments(2, &[Ratio::ONE], &instalments).unwrap();
    same(rebuilt.iter(), &statements[2]["E"]);
    assert_eq!(rebuilt.largest_remainder().unwrap(), before);

    let mut wrong = Entitlements::new(2);
    for (pool, shares) in [(events[0].0, 0), (events[1].0, 1), (events[2].0, 1)] {
        wrong.add(&Fractions::of(&events[shares].1), pool).unwrap();
    }
    assert_eq!(wrong.largest_remainder().unwrap(), ints(&expected["wrong_if_current_shares"]["A"]));
}

fn claims_up_to_one(input: &Value, expected: &Value) {
    let (claims, agreed) = (exacts(&input["claims"]), exacts(&input["claims_after_agreement"]));
    assert_eq!(sum(&claims), exact(&expected["sum_of_claims"]));
    assert_eq!(Value::from(sum(&claims) <= Exact::ONE), expected["accepted_automatically"]);
    // What is not accepted counts nothing, for anybody.
    same(claims.iter().map(|_| Exact::ZERO), &expected["provisional_points_counted"]);
    assert!(sum(&agreed) <= Exact::ONE);
    let value = exact(&input["artefact_value"]);
    let points: Vec<Exact> =
        exacts(&input["other_points"]).iter().zip(&agreed).map(|(other, part)| other + part * &value).collect();
    same(points.iter().cloned(), &expected["after_agreement_points"]);
    let split = by_points(&points, &[Ratio::ONE; 2]);
    same(split.shares.iter(), &expected["shares"]);
    one_pool(&split.shares, int(&input["pool"]), expected);
}

fn fractional_quantities(input: &Value, expected: &Value) {
    let points: Vec<Exact> =
        exacts(&input["qty"]).iter().zip(&exacts(&input["unit_value"])).map(|(qty, value)| qty * value).collect();
    same(points.iter().cloned(), &expected["points"]);
    let split = by_points(&points, &[Ratio::ONE; 3]);
    same(split.dimensions[0].points.iter(), &expected["points"]);
    same(split.shares.iter(), &expected["shares"]);
    one_pool(&split.shares, int(&input["pool"]), expected);
}

fn points_in_any_order(input: &Value, expected: &Value) {
    let points = exacts(&input["points"]);
    let pool = int(&input["pool"]);
    let split = |points: &[Exact]| by_points(points, &vec![Ratio::ONE; points.len()]).shares;
    one_pool(&split(&points), pool, expected);
    assert_ne!(expected["allocation"], expected["rusty_money_reported"]);
    // No two left-over units depend on the order here, so the reverse order gets the reverse allocation.
    let mut entitlements = Entitlements::new(points.len());
    entitlements.add(&split(&points.iter().rev().cloned().collect::<Vec<_>>()), pool).unwrap();
    let mut reverse = entitlements.largest_remainder().unwrap();
    reverse.reverse();
    assert_eq!(reverse, ints(&expected["allocation"]));
}

fn one_pool_under_given_shares(input: &Value, expected: &Value) {
    one_pool(&Fractions::of(&exacts(&input["shares"])), int(&input["pool"]), expected);
}

fn unequal_party_coefficients(input: &Value, expected: &Value) {
    let (weights, kappa) = (ratios(&input["omega"]), ratios(&input["kappa"]));
    let (defaults, ones, second) = (equal(3), vec![Ratio::ONE; 3], exacts(&input["S"]));
    for (first, expected) in [("T_before", &expected["before"]), ("T_after", &expected["after"])] {
        let first = exacts(&input[first]);
        let dimension = |position: usize, points| DimensionInput {
            weight: weights[position],
            floor_mass: Ratio::ZERO,
            default_shares: &defaults,
            coefficients: &ones,
            points,
        };
        let split = shares(&[dimension(0, &first), dimension(1, &second)], &kappa).unwrap();
        same(split.shares.iter(), expected);
    }
}

fn degenerate_sizes(input: &Value, expected: &Value) {
    let allocations = list(&expected["allocations"]);
    let cases = list(&input["cases"]);
    assert_eq!(cases.len(), allocations.len());
    for (case, expected) in cases.iter().zip(allocations) {
        let shares = if case["points"].is_null() {
            Fractions::of(&exacts(&case["shares"]))
        } else {
            let (first, last) = text(&case["points"]).split_once("..").unwrap();
            let range = first.parse::<u64>().unwrap()..=last.parse().unwrap();
            let points: Vec<Exact> = range.map(Exact::from).collect();
            by_points(&points, &vec![Ratio::ONE; points.len()]).shares
        };
        let mut entitlements = Entitlements::new(shares.len());
        entitlements.add(&shares, int(&case["pool"])).unwrap();
        assert_eq!(entitlements.largest_remainder().unwrap(), ints(expected));
    }
}

fn mixed_signs(input: &Value, expected: &Value) {
    let allocations = list(&expected["allocations"]);
    assert_eq!(list(&input["E"]).len(), allocations.len());
    for (entitlements, expected) in list(&input["E"]).iter().zip(allocations) {
        assert_eq!(largest_remainder(&exacts(entitlements)).unwrap(), ints(expected));
    }
}

/// One dimension, nothing agreed but the coefficients.
fn by_points(points: &[Exact], coefficients: &[Ratio]) -> Shares {
    let dimension = DimensionInput {
        weight: Ratio::ONE,
        floor_mass: Ratio::ZERO,
        default_shares: &equal(points.len()),
        coefficients,
        points,
    };
    shares(&[dimension], &vec![Ratio::ONE; points.len()]).unwrap()
}

/// Checks entitlement and allocation of one pool, by both doors, and that every unit is accounted for.
fn one_pool(shares: &Fractions, pool: i64, expected: &Value) {
    let mut entitlements = Entitlements::new(shares.len());
    entitlements.add(shares, pool).unwrap();
    same(entitlements.iter(), &expected["entitlement"]);
    let apportionment = entitlements.apportion().unwrap();
    assert_eq!(apportionment.allocations(), ints(&expected["allocation"]));
    assert_eq!(apportionment.allocations().iter().sum::<i64>(), pool);
    let exact: Vec<Exact> = entitlements.iter().collect();
    assert_eq!(largest_remainder(&exact).unwrap(), apportionment.allocations());
    for (party, entitlement) in exact.iter().enumerate() {
        let rounding = apportionment.rounding(party).unwrap();
        assert_eq!(rounding.entitlement, *entitlement);
        assert_eq!(rounding.whole + rounding.unit, apportionment.allocations()[party]);
        assert_eq!(rounding.unit != 0, rounding.rank <= rounding.left_over);
        let sign = Exact::from(if pool < 0 { -1 } else { 1 });
        assert_eq!(Exact::from(rounding.whole) + sign * rounding.remainder, *entitlement);
    }
}

/// Checks one statement of account and returns its allocations.
fn statement(entitlements: &Entitlements, before: &[i64], expected: &Value) -> Vec<i64> {
    same(entitlements.iter(), &expected["E"]);
    let now = entitlements.largest_remainder().unwrap();
    assert_eq!(now, ints(&expected["A"]));
    assert_eq!(differences(&now, before), ints(&expected["due"]));
    now
}

fn differences(now: &[i64], before: &[i64]) -> Vec<i64> {
    now.iter().zip(before).map(|(now, before)| now - before).collect()
}

fn events(input: &Value) -> Vec<(i64, Vec<Exact>)> {
    list(&input["events"]).iter().map(|event| (int(&event["pool"]), exacts(&event["shares"]))).collect()
}

fn sum<'a>(numbers: impl IntoIterator<Item = &'a Exact>) -> Exact {
    numbers.into_iter().fold(Exact::ZERO, |sum, number| sum + number)
}

fn equal(parties: usize) -> Vec<Ratio> {
    vec![Ratio::new(1, u64::try_from(parties).unwrap()).unwrap(); parties]
}

/// Compares by the text too: what is printed is what the vectors say.
fn same(computed: impl Iterator<Item = Exact>, expected: &Value) {
    let computed: Vec<Exact> = computed.collect();
    assert_eq!(computed, exacts(expected));
    for (number, expected) in computed.iter().zip(list(expected)) {
        let expected = text(expected);
        assert_eq!(exact_text(number), expected.strip_suffix("/1").unwrap_or(expected));
    }
}

fn list(value: &Value) -> &Vec<Value> {
    value.as_array().unwrap_or_else(|| panic!("a list and not {value}"))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("a text and not {value}"))
}

fn int(value: &Value) -> i64 {
    value.as_i64().unwrap_or_else(|| panic!("an integer and not {value}"))
}

fn ints(value: &Value) -> Vec<i64> {
    list(value).iter().map(int).collect()
}

fn exact(value: &Value) -> Exact {
    text(value).parse().unwrap_or_else(|_| panic!("a fraction and not {value}"))
}

fn exacts(value: &Value) -> Vec<Exact> {
    list(value).iter().map(exact).collect()
}

fn ratio(value: &Value) -> Ratio {
    text(value).parse().unwrap_or_else(|_| panic!("a fraction and not {value}"))
}

fn ratios(value: &Value) -> Vec<Ratio> {
    list(value).iter().map(ratio).collect()
}
