//! The largest remainder: exact entitlements to whole minor units, and the reason for every single one of them.

use dashu_int::{IBig, UBig, ops::DivRemEuclid};

use crate::split::{ENTITLEMENT_DENOMINATOR_BITS_MAX, Exact, Fractions, SplitError, fractions::common_denominator};

/// Entitlements rounded to whole minor units: what each party is allocated, and why.
///
/// Everyone gets the whole units of its entitlement; the left-over units go, one each, to the largest remainders, ties
/// to the lower ordinal. A negative total is mirrored: rounded as its opposite and negated. `formula.md` 3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Apportionment {
    denominator: UBig,
    numerators: Vec<IBig>,
    allocations: Vec<i64>,
    remainders: Vec<UBig>,
    order: Vec<usize>,
    left_over: usize,
    mirrored: bool,
}

/// How the entitlement of one party became whole minor units: `allocation = whole + unit`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rounding {
    /// The exact entitlement.
    pub entitlement: Exact,
    /// Its whole units: rounded down; up where the total of all is negative.
    pub whole: i64,
    /// What the whole units leave over, at least 0 and below 1: `|entitlement - whole|`.
    pub remainder: Exact,
    /// The place of the remainder among those of all parties: 1 is the largest; ties by ordinal.
    pub rank: usize,
    /// How many left-over units there were: those of rank up to this many got one.
    pub left_over: usize,
    /// The left-over unit: 1, or 0 without; -1 where the total of all is negative.
    pub unit: i64,
    /// What the party is allocated.
    pub allocation: i64,
}

impl Apportionment {
    /// Rounds `numerators / denominator`.
    ///
    /// Errors: [`SplitError::NotWhole`] if they do not sum to an integer; [`SplitError::AmountTooLarge`] if an
    /// allocation does not fit in 64 bits.
    pub(in crate::split) fn of(denominator: &UBig, numerators: &[IBig]) -> Result<Self, SplitError> {
        let sum: IBig = numerators.iter().sum();
        let mirrored = sum < IBig::ZERO;
        let (wholes, remainders): (Vec<IBig>, Vec<UBig>) = numerators
            .iter()
            .map(|numerator| {
                let (whole, remainder) = numerator.div_rem_euclid(denominator.as_ibig());
                // -E has the floor -whole and no remainder, or the floor -whole - 1 and the rest up to one.
                match (mirrored, remainder.is_zero()) {
                    (false, _) => (whole, remainder),
                    (true, true) => (-whole, remainder),
                    (true, false) => (-whole - IBig::ONE, denominator - remainder),
                }
            })
            .unzip();
        let (left_over, rest) = remainders.iter().sum::<UBig>().div_rem_euclid(denominator);
        if !rest.is_zero() {
            return Err(SplitError::NotWhole);
        }
        // Below the number of parties: each remainder is below one.
        let left_over = usize::try_from(left_over).map_err(|_| SplitError::AmountTooLarge)?;

        let mut order: Vec<usize> = (0..remainders.len()).collect();
        // Stable: equal remainders stay in the order of the parties.
        order.sort_by(|a, b| remainders[*b].cmp(&remainders[*a]));
        let mut allocations = wholes;
        for party in order.iter().take(left_over) {
            allocations[*party] += IBig::ONE;
        }
        let allocations = allocations
            .into_iter()
            .map(|units| i64::try_from(if mirrored { -units } else { units }).map_err(|_| SplitError::AmountTooLarge))
            .collect::<Result<_, _>>()?;
        let (denominator, numerators) = (denominator.clone(), numerators.to_vec());
        Ok(Self { denominator, numerators, allocations, remainders, order, left_over, mirrored })
    }

    /// Returns the whole minor units, in the order of the parties.
    #[must_use]
    pub fn allocations(&self) -> &[i64] {
        &self.allocations
    }

    /// Returns the whole minor units, in the order of the parties.
    #[must_use]
    pub fn into_allocations(self) -> Vec<i64> {
        self.allocations
    }

    /// Returns how many units were left over after everyone got its whole units: fewer than there are parties.
    #[must_use]
    pub const fn left_over(&self) -> usize {
        self.left_over
    }

    /// Returns the parties by remainder, the largest first: the first [`Self::left_over`] of them got a unit each.
    #[must_use]
    pub fn order(&self) -> &[usize] {
        &self.order
    }

    /// Returns how the entitlement of `party` was rounded, if there is such a party.
    #[must_use]
    pub fn rounding(&self, party: usize) -> Option<Rounding> {
        let allocation = *self.allocations.get(party)?;
        let place = self.order.iter().position(|other| *other == party)?;
        let unit = match (place < self.left_over, self.mirrored) {
            (false, _) => 0,
            (true, false) => 1,
            (true, true) => -1,
        };
        Some(Rounding {
            entitlement: Exact::from_parts(self.numerators[party].clone(), self.denominator.clone()),
            whole: allocation - unit,
            remainder: Exact::from_parts(self.remainders[party].clone().into(), self.denominator.clone()),
            rank: place + 1,
            left_over: self.left_over,
            unit,
            allocation,
        })
    }
}

/// Rounds exact entitlements, in the order of the parties, to whole minor units by the largest remainder.
///
/// Errors: [`SplitError::NotWhole`] if they do not sum to an integer; [`SplitError::EntitlementTooFine`];
/// [`SplitError::AmountTooLarge`].
pub fn largest_remainder(entitlements: &[Exact]) -> Result<Vec<i64>, SplitError> {
    let entitlements = within(entitlements)?;
    Apportionment::of(entitlements.denominator(), entitlements.numerators()).map(Apportionment::into_allocations)
}

/// Returns `numbers` over their common denominator if that is not too fine for entitlements.
pub(in crate::split) fn within(numbers: &[Exact]) -> Result<Fractions, SplitError> {
    let denominators = numbers.iter().map(|number| number.denominator().clone());
    common_denominator(denominators, ENTITLEMENT_DENOMINATOR_BITS_MAX)
        .map_err(|bits| SplitError::EntitlementTooFine { bits })?;
    Ok(Fractions::of(numbers))
}

#[cfg(test)]
mod tests {
    use super::{Rounding, largest_remainder};
    use crate::split::{Entitlements, Exact, Fractions, SplitError};

    fn exact(numerator: i64, denominator: u64) -> Exact {
        Exact::from_parts(numerator.into(), denominator.into())
    }

    #[test]
    fn every_unit_has_its_reason() {
        let mut entitlements = Entitlements::new(3);
        let shares = Fractions::of(&[exact(1, 6), exact(1, 2), exact(1, 3)]);
        entitlements.add(&shares, 100).unwrap();
        let apportionment = entitlements.apportion().unwrap();
        assert_eq!(apportionment.allocations(), [17, 50, 33]);
        let first = Rounding {
            entitlement: exact(50, 3),
            whole: 16,
            remainder: exact(2, 3),
            rank: 1,
            left_over: 1,
            unit: 1,
            allocation: 17,
        };
        assert_eq!(apportionment.rounding(0), Some(first));
        let third = Rounding {
            entitlement: exact(100, 3),
            whole: 33,
            remainder: exact(1, 3),
            rank: 2,
            left_over: 1,
            unit: 0,
            allocation: 33,
        };
        assert_eq!(apportionment.rounding(2), Some(third));
        assert_eq!(apportionment.rounding(3), None);
    }

    #[test]
    fn a_negative_total_mirrors_its_opposite_and_its_reasons() {
        let mut entitlements = Entitlements::new(3);
        let third = Fractions::of(&[exact(1, 3), exact(1, 3), exact(1, 3)]);
        entitlements.add(&third, -100).unwrap();
        let apportionment = entitlements.apportion().unwrap();
        assert_eq!(apportionment.allocations(), [-34, -33, -33]);
        let rounding = apportionment.rounding(0).unwrap();
        assert_eq!((rounding.whole, rounding.unit, rounding.remainder), (-33, -1, exact(1, 3)));
        let rounding = apportionment.rounding(1).unwrap();
        assert_eq!((rounding.whole, rounding.unit, rounding.rank), (-33, 0, 2));
    }

    #[test]
    fn mixed_signs_round_down_and_their_mirror_up() {
        assert_eq!(largest_remainder(&[exact(5, 2), exact(-1, 2), exact(1, 1)]), Ok(vec![3, -1, 1]));
        assert_eq!(largest_remainder(&[exact(-5, 2), exact(1, 2), exact(-1, 1)]), Ok(vec![-3, 1, -1]));
    }

    #[test]
    fn what_is_not_whole_or_does_not_fit_is_refused() {
        assert_eq!(largest_remainder(&[exact(1, 2), exact(1, 3)]), Err(SplitError::NotWhole));
        assert_eq!(largest_remainder(&[exact(i64::MAX, 1) + exact(1, 1)]), Err(SplitError::AmountTooLarge));
        assert_eq!(largest_remainder(&[exact(i64::MIN, 1)]), Ok(vec![i64::MIN]));
        assert_eq!(largest_remainder(&[]), Ok(vec![]));
    }
}
