//! The split before numbers chosen to hurt: an answer or an error, soon, and never a panic.

use std::time::{Duration, Instant};

use counterfoil::split::{
    Bounds, DimensionInput, ENTITLEMENT_DENOMINATOR_BITS_MAX, Entitlements, Exact, Fractions, Inflow, Intervals,
    POINTS_DENOMINATOR_BITS_MAX, Ratio, ShareIntervals, Shares, SplitError, TERMS_DENOMINATOR_BITS_MAX, TermsPart,
    Tiers, Waterfall, clamp, common_denominator_bits, largest_deficit_first, largest_remainder, pools, shares,
};
use proptest::{collection::vec, prelude::*};

const PARTIES: usize = 1_000;

/// Far above what anything here takes, unoptimised and on a busy machine; far below what unbounded arithmetic would.
const SOON: Duration = Duration::from_secs(20);

fn soon<T>(work: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let result = work();
    assert!(started.elapsed() < SOON, "took {:?}", started.elapsed());
    result
}

/// The largest 64-bit numbers that have no divisor in common, `count` of them.
fn coprime(count: usize) -> Vec<u64> {
    let divides = |a: u64, b: u64| Ratio::new(a, b).is_err();
    let mut found: Vec<u64> = Vec::new();
    for candidate in (0..=u64::MAX).rev() {
        if found.len() == count {
            break;
        }
        if !found.iter().any(|other| divides(candidate, *other)) {
            found.push(candidate);
        }
    }
    found
}

struct Input {
    weights: Vec<Ratio>,
    mass: Ratio,
    defaults: Vec<Ratio>,
    coefficients: Vec<Ratio>,
    points: Vec<Exact>,
    kappa: Vec<Ratio>,
}

impl Input {
    fn plain(parties: usize) -> Self {
        let mut defaults = vec![Ratio::ZERO; parties];
        defaults[0] = Ratio::ONE;
        Self {
            weights: vec![Ratio::ONE],
            mass: Ratio::ONE,
            defaults,
            coefficients: vec![Ratio::ONE; parties],
            points: vec![Exact::ONE; parties],
            kappa: vec![Ratio::ONE; parties],
        }
    }

    fn split(&self) -> Result<Shares, SplitError> {
        let dimensions: Vec<DimensionInput<'_>> = self
            .weights
            .iter()
            .map(|weight| DimensionInput {
                weight: *weight,
                floor_mass: self.mass,
                default_shares: &self.defaults,
                coefficients: &self.coefficients,
                points: &self.points,
            })
            .collect();
        shares(&dimensions, &self.kappa)
    }
}

#[test]
fn numbers_without_a_common_denominator_are_refused_where_they_are() {
    let coprime = coprime(8);
    let finest: Vec<Ratio> = (0..PARTIES).map(|party| Ratio::new(1, coprime[party % 8]).unwrap()).collect();
    let too_fine = |result: Result<Shares, SplitError>| match result {
        Err(SplitError::TermsTooFine { part, bits }) => {
            assert!(bits > TERMS_DENOMINATOR_BITS_MAX);
            part
        }
        other => panic!("{other:?}"),
    };
    let input = Input { coefficients: finest.clone(), ..Input::plain(PARTIES) };
    assert_eq!(too_fine(soon(|| input.split())), TermsPart::Coefficients { dimension: 0 });
    let input = Input { kappa: finest.clone(), ..Input::plain(PARTIES) };
    assert_eq!(too_fine(soon(|| input.split())), TermsPart::PartyCoefficients);
    let input = Input { defaults: finest.clone(), ..Input::plain(PARTIES) };
    assert_eq!(too_fine(soon(|| input.split())), TermsPart::DefaultShares { dimension: 0 });
    let input = Input { weights: finest[..8].to_vec(), ..Input::plain(PARTIES) };
    assert_eq!(too_fine(soon(|| input.split())), TermsPart::Weights);
    let points: Vec<Exact> = finest.iter().map(|ratio| ratio.exact()).collect();
    assert_eq!(common_denominator_bits(&points), 512);
    let input = Input { points, ..Input::plain(PARTIES) };
    match soon(|| input.split()) {
        Err(SplitError::PointsTooFine { dimension: 0, bits }) => assert!(bits > POINTS_DENOMINATOR_BITS_MAX),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_finest_numbers_within_the_limits_get_an_exact_answer_soon() {
    let coprime = coprime(4);
    let finest = |numerator: u64| -> Vec<Ratio> {
        (0..PARTIES).map(|party| Ratio::reduced(numerator, coprime[party % 4]).unwrap()).collect()
    };
    // Two defaults hold everything: nearly all of it, and as little as a fraction can say.
    let mut defaults = vec![Ratio::ZERO; PARTIES];
    let largest = coprime[0];
    defaults[0] = Ratio::reduced(largest - 1, largest).unwrap();
    defaults[PARTIES - 1] = Ratio::new(1, largest).unwrap();
    let points: Vec<Exact> = finest(u64::MAX - 1).iter().map(|ratio| ratio.exact() * Exact::from(u64::MAX)).collect();
    assert!(common_denominator_bits(&points) <= POINTS_DENOMINATOR_BITS_MAX);
    for mass in [Ratio::ZERO, Ratio::new(u64::MAX, 1).unwrap(), Ratio::new(1, u64::MAX).unwrap()] {
        let input = Input {
            weights: vec![
                Ratio::ZERO,
                Ratio::reduced(1, largest).unwrap(),
                Ratio::reduced(largest - 1, largest).unwrap(),
            ],
            mass,
            defaults: defaults.clone(),
            coefficients: finest(u64::MAX - 2),
            points: points.clone(),
            kappa: finest(3),
        };
        let split = soon(|| input.split()).unwrap();
        assert_eq!(split.shares.sum(), Exact::ONE);
        let mut entitlements = Entitlements::new(PARTIES);
        soon(|| entitlements.add(&split.shares, i64::MAX)).unwrap();
        let units = soon(|| entitlements.largest_remainder()).unwrap();
        assert_eq!(units.iter().map(|units| i128::from(*units)).sum::<i128>(), i128::from(i64::MAX));
        assert_eq!(soon(|| split.shares.iter().collect::<Vec<_>>()).len(), PARTIES);
    }
}

#[test]
fn entitlements_become_so_fine_and_no_finer() {
    // Each settlement brings shares over a new number that has no divisor in common with those before.
    let mut entitlements = Entitlements::new(4);
    let mut before = entitlements.clone();
    let error = soon(|| {
        (0..100_000_u64).find_map(|settlement| {
            let denominator = u64::MAX - 2 * settlement;
            let part = Exact::from_parts(1.into(), denominator.into());
            let shares = Fractions::of(&[part.clone(), Exact::ONE - part, Exact::ZERO, Exact::ZERO]);
            before.clone_from(&entitlements);
            entitlements.add(&shares, 1_000_003).err()
        })
    });
    match error {
        Some(SplitError::EntitlementTooFine { bits }) => assert!(bits > ENTITLEMENT_DENOMINATOR_BITS_MAX),
        other => panic!("{other:?}"),
    }
    assert_eq!(entitlements, before, "a refused settlement changes nothing");
    assert!(entitlements.denominator_bits() > ENTITLEMENT_DENOMINATOR_BITS_MAX - 64);
    let units = soon(|| entitlements.largest_remainder()).unwrap();
    assert_eq!(units.iter().sum::<i64>() % 1_000_003, 0);
    // Exact and printed, too.
    assert!(soon(|| counterfoil::split::exact_text(&entitlements.exact(0).unwrap())).len() > 50_000);
}

#[test]
fn amounts_beyond_63_bits_are_refused() {
    let mut entitlements = Entitlements::new(1);
    let all = Fractions::of(&[Exact::ONE]);
    entitlements.add(&all, i64::MAX).unwrap();
    assert_eq!(entitlements.largest_remainder().unwrap(), [i64::MAX]);
    entitlements.add(&all, 1).unwrap();
    assert_eq!(entitlements.largest_remainder(), Err(SplitError::AmountTooLarge));
    entitlements.add(&all, i64::MIN).unwrap();
    assert_eq!(entitlements.largest_remainder().unwrap(), [0]);
    entitlements.add(&all, i64::MIN).unwrap();
    assert_eq!(entitlements.largest_remainder().unwrap(), [i64::MIN]);
}

#[test]
fn what_does_not_fit_together_is_refused() {
    let shares = Fractions::of(&[Exact::ONE]);
    let mut entitlements = Entitlements::new(2);
    assert_eq!(entitlements.add(&shares, 1), Err(SplitError::LengthDiffers { expected: 2, found: 1 }));
    let shares = Fractions::of(&[Exact::ONE, Exact::ONE]);
    assert_eq!(entitlements.add(&shares, 1), Err(SplitError::Unbalanced));
    let input = Input { points: vec![-Exact::ONE], ..Input::plain(1) };
    assert_eq!(input.split(), Err(SplitError::PointsNegative { dimension: 0, party: 0 }));
    let input = Input { weights: vec![Ratio::ONE, Ratio::ONE], ..Input::plain(1) };
    assert_eq!(input.split(), Err(SplitError::WeightsNotOne { sum: Exact::from(2) }));
    let input = Input { kappa: vec![Ratio::ONE, Ratio::ZERO], ..Input::plain(2) };
    let part = TermsPart::PartyCoefficients;
    assert_eq!(input.split(), Err(SplitError::CoefficientZero { part, party: 1 }));
}

#[test]
fn the_largest_pool_over_the_most_parties_costs_no_unit_by_unit_work() {
    let one = Exact::from_parts(1.into(), PARTIES.into());
    let shares = vec![one; PARTIES];
    let mut residuals = vec![Exact::ZERO; PARTIES];
    let pool = u64::try_from(i64::MAX).unwrap();
    let paid = soon(|| largest_deficit_first(&mut residuals, pool, &shares)).unwrap();
    assert_eq!(paid.iter().map(|units| i128::from(*units)).sum::<i128>(), i128::from(pool));
    let error = soon(|| largest_deficit_first(&mut residuals[..1], u64::MAX, &[Exact::ONE]));
    assert_eq!(error, Err(SplitError::Unbalanced));
}

/// Any 64-bit fraction, mostly at the edges.
fn any_ratio() -> impl Strategy<Value = Ratio> {
    let part =
        || prop_oneof![Just(0), Just(1), Just(u64::MAX), Just(u64::MAX - 1), Just(1 << 63), any::<u64>(), 0..9_u64];
    (part(), part()).prop_map(|(numerator, denominator)| Ratio::reduced(numerator, denominator.max(1)).unwrap())
}

fn any_exact() -> impl Strategy<Value = Exact> {
    (any_ratio(), any_ratio(), any::<i8>()).prop_map(|(a, b, sign)| a.exact() * b.exact() * Exact::from(sign))
}

proptest! {
    #[test]
    fn any_numbers_get_an_answer_or_an_error(
        weights in vec(any_ratio(), 0..3), mass in any_ratio(), defaults in vec(any_ratio(), 0..4),
        coefficients in vec(any_ratio(), 0..4), points in vec(any_exact(), 0..4), kappa in vec(any_ratio(), 0..4),
        sums_to_one: bool, pool: i64,
    ) {
        let mut input = Input { weights, mass, defaults, coefficients, points, kappa };
        if sums_to_one {
            // Past the first guards, to the arithmetic.
            let parties = input.kappa.len();
            input.weights = vec![Ratio::ONE];
            input.defaults = Input::plain(parties.max(1)).defaults;
            input.coefficients.resize(parties, Ratio::ONE);
            input.points.resize(parties, Exact::ONE);
        }
        if let Ok(split) = input.split() {
            prop_assert_eq!(split.shares.sum(), Exact::ONE);
            let mut entitlements = Entitlements::new(input.kappa.len());
            entitlements.add(&split.shares, pool).unwrap();
            let units = entitlements.largest_remainder().unwrap();
            prop_assert_eq!(units.iter().map(|units| i128::from(*units)).sum::<i128>(), i128::from(pool));
        }
    }

    #[test]
    fn any_entitlements_are_rounded_or_refused(entitlements in vec(any_exact(), 0..6), pool: u64) {
        if let Ok(units) = largest_remainder(&entitlements) {
            prop_assert_eq!(units.len(), entitlements.len());
        }
        let mut residuals = vec![Exact::ZERO; entitlements.len()];
        let _ = largest_deficit_first(&mut residuals, pool, &entitlements);
    }

    #[test]
    fn any_amounts_are_pooled_or_refused(rates in vec(any_ratio(), 0..3), gross in vec(vec(any::<u64>(), 0..3), 0..4)) {
        if let Ok(added) = pools(&rates, gross.iter().map(Vec::as_slice)) {
            prop_assert!(added.iter().flatten().all(|pool| *pool >= 0));
        }
    }
}

/// 1 / prime^n and the rest of 1: a denominator of at least `bits` bits that has no divisor in common with another's.
fn fine_shares(prime: u64, bits: usize) -> [Exact; 2] {
    let mut part = Exact::ONE;
    while common_denominator_bits([&part]) < bits {
        part /= Exact::from(prime).pow(64);
    }
    [part.clone(), Exact::ONE - part]
}

const PRIMES: [u64; 16] = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53];

#[test]
fn a_waterfall_that_becomes_too_fine_is_refused_soon_and_stays_as_it_was() {
    let terms = |at: usize| Waterfall {
        corridor: Ratio::new(1, u64::MAX - u64::try_from(at).unwrap()).ok(),
        bounds: vec![Bounds { cap: Ratio::new(u64::MAX - 1, u64::MAX).ok(), floor: 0 }, Bounds::default()],
        ..Waterfall::default()
    };
    let refused = soon(|| {
        let (mut tiers, mut intervals) = (Tiers::new(2), Intervals::new(2));
        PRIMES.iter().enumerate().find_map(|(at, prime)| {
            let [low, high] = fine_shares(*prime, 20_000);
            let shares = Fractions::of(&[low.clone(), high.clone()]);
            let ends = ShareIntervals { low: vec![low, Exact::ZERO], high: vec![Exact::ONE, high] };
            let waterfall = terms(at);
            let inflow = Inflow { shares: &shares, pool: i64::MAX / 16, costs: &[1 << 60, 3], waterfall: &waterfall };
            let (before, ends_before) = (tiers.clone(), intervals.clone());
            match tiers.take(&inflow) {
                Ok(step) => {
                    if intervals.add(&ends, &waterfall, &step).is_err() {
                        assert_eq!(intervals, ends_before);
                    }
                    None
                }
                Err(error) => {
                    assert_eq!(tiers, before);
                    Some(error)
                }
            }
        })
    });
    assert!(
        matches!(refused, Some(SplitError::EntitlementTooFine { bits }) if bits > ENTITLEMENT_DENOMINATOR_BITS_MAX)
    );
}

#[test]
fn limits_that_are_too_fine_together_are_refused_soon() {
    let floors: Vec<Exact> = PRIMES.iter().map(|prime| fine_shares(*prime, 20_000)[0].clone()).collect();
    let weights = Fractions::of(&vec![Exact::ONE; floors.len()]);
    let refused = soon(|| clamp(&weights, &Exact::ONE, &floors, &vec![None; floors.len()]));
    assert!(matches!(refused, Err(SplitError::EntitlementTooFine { bits }) if bits > ENTITLEMENT_DENOMINATOR_BITS_MAX));
}
