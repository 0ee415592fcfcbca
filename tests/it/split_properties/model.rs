//! Agreements at random, and the formula written down as plainly as it can be.

use counterfoil::split::{DimensionInput, Exact, Fractions, Ratio, Shares, shares};
use proptest::{collection::vec, prelude::*};

/// Everything a split is computed from.
#[derive(Clone, Debug)]
pub struct Agreement {
    pub dimensions: Vec<Dimension>,
    pub kappa: Vec<Ratio>,
}

/// One dimension; lists in the order of the parties.
#[derive(Clone, Debug)]
pub struct Dimension {
    pub weight: Ratio,
    pub mass: Ratio,
    pub defaults: Vec<Ratio>,
    pub coefficients: Vec<Ratio>,
    pub points: Vec<Exact>,
}

impl Agreement {
    pub fn parties(&self) -> usize {
        self.kappa.len()
    }

    pub fn split(&self) -> Shares {
        let inputs: Vec<DimensionInput<'_>> = self.dimensions.iter().map(Dimension::input).collect();
        shares(&inputs, &self.kappa).unwrap()
    }

    /// Returns the same agreement with its parties in the order `order`.
    pub fn reordered(&self, order: &[usize]) -> Self {
        let mut other = self.clone();
        other.kappa = pick(&self.kappa, order);
        for (dimension, from) in other.dimensions.iter_mut().zip(&self.dimensions) {
            dimension.defaults = pick(&from.defaults, order);
            dimension.coefficients = pick(&from.coefficients, order);
            dimension.points = pick(&from.points, order);
        }
        other
    }
}

impl Dimension {
    pub fn input(&self) -> DimensionInput<'_> {
        DimensionInput {
            weight: self.weight,
            floor_mass: self.mass,
            default_shares: &self.defaults,
            coefficients: &self.coefficients,
            points: &self.points,
        }
    }
}

pub fn pick<T: Clone>(from: &[T], order: &[usize]) -> Vec<T> {
    order.iter().map(|position| from[*position].clone()).collect()
}

/// `formula.md` 2 as it stands there, every step a fraction in lowest terms.
pub fn by_the_book(agreement: &Agreement) -> Vec<Exact> {
    let mut blend = vec![Exact::ZERO; agreement.parties()];
    for dimension in &agreement.dimensions {
        let weighted: Vec<Exact> =
            dimension.coefficients.iter().zip(&dimension.points).map(|(a, x)| a.exact() * x).collect();
        let (total, mass) = (sum(&weighted), dimension.mass.exact());
        for (party, sum) in blend.iter_mut().enumerate() {
            let (y, d) = (&weighted[party], dimension.defaults[party].exact());
            let share = if total >= mass && !total.is_zero() {
                y / &total
            } else if total < mass {
                (y + (&mass - &total) * d) / &mass
            } else {
                d
            };
            *sum += dimension.weight.exact() * share;
        }
    }
    let scored: Vec<Exact> = blend.iter().zip(&agreement.kappa).map(|(q, kappa)| q * kappa.exact()).collect();
    let total = sum(&scored);
    scored.into_iter().map(|score| score / &total).collect()
}

/// Rounding cent by cent: the mirror, the floors, and then one unit after the other.
pub fn units_one_by_one(entitlements: &[Exact]) -> Vec<i64> {
    let total = sum(entitlements);
    if total < Exact::ZERO {
        let mirror: Vec<Exact> = entitlements.iter().map(|entitlement| -entitlement.clone()).collect();
        return units_one_by_one(&mirror).into_iter().map(|units| -units).collect();
    }
    let mut units: Vec<i64> =
        entitlements.iter().map(|entitlement| i64::try_from(entitlement.floor()).unwrap()).collect();
    let mut left = i64::try_from(total.floor()).unwrap() - units.iter().sum::<i64>();
    let mut served = vec![false; units.len()];
    while left > 0 {
        let waiting = (0..units.len()).filter(|party| !served[*party]);
        let next = highest(waiting, |party| &entitlements[party] - Exact::from(units[party]));
        (units[next], served[next], left) = (units[next] + 1, true, left - 1);
    }
    units
}

/// Largest deficit first, as its name says: unit by unit.
pub fn deficits_one_by_one(residuals: &mut [Exact], pool: u64, shares: &[Exact]) -> Vec<i64> {
    for (residual, share) in residuals.iter_mut().zip(shares) {
        *residual += share * Exact::from(pool);
    }
    let mut paid = vec![0; shares.len()];
    for _ in 0..pool {
        let next = highest(0..shares.len(), |party| residuals[party].clone());
        residuals[next] -= Exact::ONE;
        paid[next] += 1;
    }
    paid
}

/// Returns the party with the highest number; the first of several.
fn highest(parties: impl Iterator<Item = usize>, number: impl Fn(usize) -> Exact) -> usize {
    parties.reduce(|best, party| if number(party) > number(best) { party } else { best }).unwrap()
}

pub fn sum<'a>(numbers: impl IntoIterator<Item = &'a Exact>) -> Exact {
    numbers.into_iter().fold(Exact::ZERO, |sum, number| sum + number)
}

pub fn ratio(numerator: u64, denominator: u64) -> Ratio {
    Ratio::reduced(numerator, denominator).unwrap()
}

pub fn exact(numerator: i64, denominator: u64) -> Exact {
    Exact::from_parts(numerator.into(), denominator.into())
}

/// Parts that sum to one: `parts / sum of parts`.
pub fn parts_of_one(parts: &[u64]) -> Vec<Ratio> {
    parts.iter().map(|part| ratio(*part, parts.iter().sum())).collect()
}

/// Agreements whose parties all have the same kappa: where cross-monotonicity holds.
pub fn agreement() -> impl Strategy<Value = Agreement> {
    (any_agreement(), positive()).prop_map(|(mut agreement, kappa)| {
        agreement.kappa.fill(kappa);
        agreement
    })
}

/// Agreements of 1 to 6 parties and 1 to 3 dimensions: with and without floor mass, reached or not.
pub fn any_agreement() -> impl Strategy<Value = Agreement> {
    (1..=6_usize, 1..=3_usize).prop_flat_map(|(parties, dimensions)| {
        (some_parts(dimensions), vec(dimension(parties), dimensions), vec(positive(), parties)).prop_map(
            |(weights, mut dimensions, kappa)| {
                for (dimension, weight) in dimensions.iter_mut().zip(parts_of_one(&weights)) {
                    dimension.weight = weight;
                }
                Agreement { dimensions, kappa }
            },
        )
    })
}

fn dimension(parties: usize) -> impl Strategy<Value = Dimension> {
    (mass(), some_parts(parties), vec(positive(), parties), vec(points(), parties)).prop_map(
        |(mass, defaults, coefficients, points)| Dimension {
            weight: Ratio::ZERO,
            mass,
            defaults: parts_of_one(&defaults),
            coefficients,
            points,
        },
    )
}

fn mass() -> impl Strategy<Value = Ratio> {
    prop_oneof![Just(Ratio::ZERO), (1..400_u64, 1..5_u64).prop_map(|(mass, denominator)| ratio(mass, denominator))]
}

pub fn positive() -> impl Strategy<Value = Ratio> {
    prop_oneof![Just(Ratio::ONE), (1..30_u64, 1..30_u64).prop_map(|(a, b)| ratio(a, b))]
}

pub fn points() -> impl Strategy<Value = Exact> {
    prop_oneof![1 => Just(Exact::ZERO), 4 => (0..100_i64, 1..8_u64).prop_map(|(points, denominator)| exact(points, denominator))]
}

/// Weights, not all zero.
fn some_parts(count: usize) -> impl Strategy<Value = Vec<u64>> {
    vec(prop_oneof![1 => Just(0_u64), 3 => 1..20_u64], count).prop_map(|mut parts| {
        if parts.iter().all(|part| *part == 0) {
            parts[0] = 1;
        }
        parts
    })
}

/// Pools of 0 to 40 units, each with its own shares: small, so that rounding is all that happens.
pub fn events() -> impl Strategy<Value = Vec<(u64, Vec<Exact>)>> {
    (1..=6_usize).prop_flat_map(|parties| {
        let shares = some_parts(parties).prop_map(|parts| parts_of_one(&parts).into_iter().map(Ratio::exact).collect());
        vec((0..40_u64, shares), 1..12)
    })
}

/// A new order of `count` parties.
pub fn order(count: usize) -> impl Strategy<Value = Vec<usize>> {
    Just((0..count).collect::<Vec<_>>()).prop_shuffle()
}

/// Exact entitlements of either sign that sum to whole units.
pub fn entitlements() -> impl Strategy<Value = Vec<Exact>> {
    (vec((-300..300_i64, 1..12_u64), 0..6), -20..20_i64).prop_map(|(parts, total)| {
        let mut entitlements: Vec<Exact> = parts.into_iter().map(|(n, d)| exact(n, d)).collect();
        entitlements.push(exact(total, 1) - sum(&entitlements));
        entitlements
    })
}

pub fn fractions(shares: &[Exact]) -> Fractions {
    Fractions::of(shares)
}
