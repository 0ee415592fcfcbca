//! From points to shares: rates, floor mass, default shares, weights and coefficients of the parties.
//!
//! Each dimension keeps its parties over one common denominator, the blend over one for all; see `formula.md` 2.

use dashu_int::{IBig, UBig};

use crate::split::{
    Exact, Fractions, Ratio, SplitError, TermsPart,
    fractions::{common_denominator, joint_denominator, magnitude, ratios_within},
};

/// Bits that the common denominator of everything that is counted in one dimension may have.
pub const COUNTED_DENOMINATOR_BITS_MAX: usize = 256;

/// Bits that the common denominator of the points of one dimension may have: of what is counted, some of which may have faded to whole
/// parts of a point ([`POINT_PARTS`](crate::split::POINT_PARTS), 40 bits).
pub const POINTS_DENOMINATOR_BITS_MAX: usize = COUNTED_DENOMINATOR_BITS_MAX + 40;

/// Bits that the common denominator of the coefficients, the default shares (each of one dimension), the weights, and
/// the coefficients of the parties may have.
pub const TERMS_DENOMINATOR_BITS_MAX: usize = 256;

/// What is counted and agreed in one dimension; each list in the order of the parties.
#[derive(Clone, Copy, Debug)]
pub struct DimensionInput<'a> {
    /// omega: the weights of all dimensions sum to 1.
    pub weight: Ratio,
    /// M: below so many weighted points, the default shares hold the rest.
    pub floor_mass: Ratio,
    /// d: they sum to 1.
    pub default_shares: &'a [Ratio],
    /// a, b: none is zero.
    pub coefficients: &'a [Ratio],
    /// X: the counted points, none negative.
    pub points: &'a [Exact],
}

/// One dimension of a split; each list in the order of the parties.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DimensionShares {
    /// X: the counted points.
    pub points: Fractions,
    /// Y: the points times the coefficients.
    pub weighted: Fractions,
    /// The source's T, S: the sum of the weighted points.
    pub total: Exact,
    /// How many weighted points the floor mass still lacks; 0 once it is reached.
    pub unfilled: Exact,
    /// t: the shares in this dimension; they sum to 1.
    pub shares: Fractions,
}

impl DimensionShares {
    /// Returns the source's rates C, A: each party's part of all counted points; none while nothing is counted.
    #[must_use]
    pub fn rates(&self) -> Option<Fractions> {
        let sum = UBig::try_from(self.points.numerators().iter().sum::<IBig>()).ok()?;
        (!sum.is_zero()).then(|| Fractions::reduced(sum, self.points.numerators().to_vec()))
    }
}

/// The shares of the parties, and the steps that led to them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shares {
    /// By dimension.
    pub dimensions: Vec<DimensionShares>,
    /// Q: the shares of the dimensions, blended by their weights; they sum to 1.
    pub blend: Fractions,
    /// sigma: the blend under the coefficients of the parties; they sum to 1.
    pub shares: Fractions,
}

/// Computes the shares of the parties from `dimensions` and `party_coefficients` (kappa, one for each party).
///
/// Errors: [`SplitError`] if the lists do not fit together, sums that must be 1 are not, a coefficient is zero, points
/// are negative, or common denominators are beyond the limits. `formula.md` 2.
pub fn shares(dimensions: &[DimensionInput<'_>], party_coefficients: &[Ratio]) -> Result<Shares, SplitError> {
    if party_coefficients.is_empty() {
        return Err(SplitError::NoParties);
    }
    if dimensions.is_empty() {
        return Err(SplitError::NoDimensions);
    }
    let kappa = coefficients(party_coefficients, TermsPart::PartyCoefficients)?;
    let (weight_denominator, weights) = weights_of(dimensions)?;
    let dimensions: Vec<_> = dimensions
        .iter()
        .enumerate()
        .map(|(dimension, input)| dimension_shares(dimension, input, party_coefficients.len()))
        .collect::<Result<_, _>>()?;
    let blend = blend(&dimensions, &weight_denominator, &weights);
    let shares = if party_coefficients.iter().all(|coefficient| *coefficient == party_coefficients[0]) {
        blend.clone()
    } else {
        let scored: Vec<IBig> = blend.numerators().iter().zip(&kappa.1).map(|(part, kappa)| part * kappa).collect();
        Fractions::reduced(magnitude(scored.iter().sum()), scored)
    };
    Ok(Shares { dimensions, blend, shares })
}

pub(in crate::split) fn weights_of(dimensions: &[DimensionInput<'_>]) -> Result<(UBig, Vec<UBig>), SplitError> {
    let weights: Vec<Ratio> = dimensions.iter().map(|input| input.weight).collect();
    let (denominator, numerators) = ratios_within(&weights, TERMS_DENOMINATOR_BITS_MAX)
        .map_err(|bits| SplitError::TermsTooFine { part: TermsPart::Weights, bits })?;
    let sum: UBig = numerators.iter().sum();
    if sum != denominator {
        return Err(SplitError::WeightsNotOne { sum: Exact::from_parts(sum.into(), denominator) });
    }
    Ok((denominator, numerators))
}

pub(in crate::split) fn coefficients_of(dimension: usize, ratios: &[Ratio]) -> Result<(UBig, Vec<UBig>), SplitError> {
    coefficients(ratios, TermsPart::Coefficients { dimension })
}

fn coefficients(ratios: &[Ratio], part: TermsPart) -> Result<(UBig, Vec<UBig>), SplitError> {
    if let Some(party) = ratios.iter().position(|ratio| ratio.is_zero()) {
        return Err(SplitError::CoefficientZero { part, party });
    }
    ratios_within(ratios, TERMS_DENOMINATOR_BITS_MAX).map_err(|bits| SplitError::TermsTooFine { part, bits })
}

pub(in crate::split) fn default_shares_of(dimension: usize, ratios: &[Ratio]) -> Result<(UBig, Vec<UBig>), SplitError> {
    let part = TermsPart::DefaultShares { dimension };
    let (denominator, numerators) =
        ratios_within(ratios, TERMS_DENOMINATOR_BITS_MAX).map_err(|bits| SplitError::TermsTooFine { part, bits })?;
    let sum: UBig = numerators.iter().sum();
    if sum != denominator {
        let sum = Exact::from_parts(sum.into(), denominator);
        return Err(SplitError::DefaultSharesNotOne { dimension, sum });
    }
    Ok((denominator, numerators))
}

pub(in crate::split) fn points_of(dimension: usize, points: &[Exact]) -> Result<Fractions, SplitError> {
    if let Some(party) = points.iter().position(|points| *points.numerator() < IBig::ZERO) {
        return Err(SplitError::PointsNegative { dimension, party });
    }
    let denominators = points.iter().map(|points| points.denominator().clone());
    let denominator = common_denominator(denominators, POINTS_DENOMINATOR_BITS_MAX)
        .map_err(|bits| SplitError::PointsTooFine { dimension, bits })?;
    let numerators = points.iter().map(|points| points.numerator() * (&denominator / points.denominator())).collect();
    Ok(Fractions::reduced(denominator, numerators))
}

fn dimension_shares(
    dimension: usize,
    input: &DimensionInput<'_>,
    parties: usize,
) -> Result<DimensionShares, SplitError> {
    for found in [input.default_shares.len(), input.coefficients.len(), input.points.len()] {
        if found != parties {
            return Err(SplitError::LengthDiffers { expected: parties, found });
        }
    }
    let (default_denominator, defaults) = default_shares_of(dimension, input.default_shares)?;
    let (coefficient_denominator, coefficients) = coefficients_of(dimension, input.coefficients)?;
    let points = points_of(dimension, input.points)?;

    let weighted: Vec<IBig> = points.numerators().iter().zip(&coefficients).map(|(x, a)| x * a).collect();
    let denominator = points.denominator() * coefficient_denominator;
    let sum = magnitude(weighted.iter().sum());

    // Both over denominator * mass_denominator, so that they compare as integers.
    let mass_denominator = UBig::from(input.floor_mass.denominator());
    let reached = &sum * &mass_denominator;
    let mass = &denominator * input.floor_mass.numerator();
    let lacking = if mass > reached { mass.clone() - reached } else { UBig::ZERO };

    let shares = if !lacking.is_zero() {
        // (Y + (M - Sum) d) / M, all times denominator * mass_denominator * default_denominator.
        let of_weighted = &mass_denominator * &default_denominator;
        let numerators = weighted.iter().zip(&defaults).map(|(y, d)| y * &of_weighted + &lacking * d).collect();
        Fractions::reduced(mass * default_denominator, numerators)
    } else if sum.is_zero() {
        Fractions::reduced(default_denominator, defaults.into_iter().map(IBig::from).collect())
    } else {
        Fractions::reduced(sum.clone(), weighted.clone())
    };
    Ok(DimensionShares {
        points,
        total: Exact::from_parts(sum.into(), denominator.clone()),
        unfilled: Exact::from_parts(lacking.into(), &denominator * mass_denominator),
        weighted: Fractions::reduced(denominator, weighted),
        shares,
    })
}

fn blend(dimensions: &[DimensionShares], weight_denominator: &UBig, weights: &[UBig]) -> Fractions {
    let common =
        dimensions.iter().fold(UBig::ONE, |common, next| joint_denominator(&common, next.shares.denominator()));
    let parties = dimensions.first().map_or(0, |first| first.shares.len());
    let mut numerators = vec![IBig::ZERO; parties];
    for (dimension, weight) in dimensions.iter().zip(weights) {
        let factor = &common / dimension.shares.denominator() * weight;
        for (sum, share) in numerators.iter_mut().zip(dimension.shares.numerators()) {
            *sum += share * &factor;
        }
    }
    Fractions::reduced(common * weight_denominator, numerators)
}

#[cfg(test)]
mod tests {
    use super::{DimensionInput, shares};
    use crate::split::{Exact, Ratio, SplitError, TermsPart, exact_text};

    fn ratio(text: &str) -> Ratio {
        text.parse().unwrap()
    }

    fn ratios(texts: &[&str]) -> Vec<Ratio> {
        texts.iter().map(|text| ratio(text)).collect()
    }

    fn points(texts: &[&str]) -> Vec<Exact> {
        texts.iter().map(|text| ratio(text).exact()).collect()
    }

    /// One dimension of two parties.
    fn split(
        mass: &str,
        defaults: &[&str],
        coefficients: &[&str],
        counted: &[&str],
    ) -> Result<Vec<String>, SplitError> {
        let (default_shares, coefficients) = (ratios(defaults), ratios(coefficients));
        let input = DimensionInput {
            weight: Ratio::ONE,
            floor_mass: ratio(mass),
            default_shares: &default_shares,
            coefficients: &coefficients,
            points: &points(counted),
        };
        let shares = shares(&[input], &[Ratio::ONE, Ratio::ONE])?;
        Ok(shares.shares.iter().map(|share| exact_text(&share)).collect())
    }

    #[test]
    fn the_floor_mass_holds_the_default_shares_until_it_is_reached() {
        let seventy_thirty = ["7/10", "3/10"];
        assert_eq!(split("10", &seventy_thirty, &["1", "1"], &["0", "0"]).unwrap(), ["7/10", "3/10"]);
        assert_eq!(split("10", &seventy_thirty, &["1", "1"], &["0", "5"]).unwrap(), ["7/20", "13/20"]);
        assert_eq!(split("10", &seventy_thirty, &["1", "1"], &["0", "10"]).unwrap(), ["0", "1"]);
        assert_eq!(split("10", &seventy_thirty, &["1", "1"], &["0", "11"]).unwrap(), ["0", "1"]);
        assert_eq!(split("0", &seventy_thirty, &["1", "1"], &["0", "0"]).unwrap(), ["7/10", "3/10"]);
        assert_eq!(split("0", &seventy_thirty, &["3/2", "1"], &["1/3", "1/2"]).unwrap(), ["1/2", "1/2"]);
    }

    #[test]
    fn what_does_not_fit_together_is_refused() {
        let defaults = ["1/2", "1/3"];
        let sum = Exact::from_parts(5.into(), 6_u8.into());
        let refused = SplitError::DefaultSharesNotOne { dimension: 0, sum };
        assert_eq!(split("0", &defaults, &["1", "1"], &["1", "1"]), Err(refused));
        let refused = SplitError::CoefficientZero { part: TermsPart::Coefficients { dimension: 0 }, party: 1 };
        assert_eq!(split("0", &["1", "0"], &["1", "0"], &["1", "1"]), Err(refused));
        let refused = SplitError::LengthDiffers { expected: 2, found: 3 };
        assert_eq!(split("0", &["1", "0"], &["1", "1"], &["1", "1", "1"]), Err(refused));
        assert_eq!(shares(&[], &[]), Err(SplitError::NoParties));
        assert_eq!(shares(&[], &[Ratio::ONE]), Err(SplitError::NoDimensions));
    }

    #[test]
    fn rates_are_parts_of_what_was_counted_without_coefficients() {
        let (defaults, coefficients) = (ratios(&["1/2", "1/2"]), ratios(&["3", "1"]));
        let input = |points| DimensionInput {
            weight: Ratio::ONE,
            floor_mass: Ratio::ZERO,
            default_shares: &defaults,
            coefficients: &coefficients,
            points,
        };
        let (counted, nothing) = (points(&["1/2", "3/2"]), points(&["0", "0"]));
        let some = shares(&[input(&counted)], &[Ratio::ONE, Ratio::ONE]).unwrap();
        let rates = some.dimensions[0].rates().unwrap();
        assert_eq!(rates.iter().map(|rate| exact_text(&rate)).collect::<Vec<_>>(), ["1/4", "3/4"]);
        assert_eq!(exact_text(&some.dimensions[0].total), "3");
        let none = shares(&[input(&nothing)], &[Ratio::ONE, Ratio::ONE]).unwrap();
        assert_eq!(none.dimensions[0].rates(), None);
    }
}
