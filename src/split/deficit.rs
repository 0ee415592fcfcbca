//! Largest deficit first: payments that never go below zero, at the price of a memory. An alternative to the
//! cumulative largest remainder for pools that are not negative.

use dashu_int::{IBig, UBig, ops::DivRemEuclid};

use crate::split::{Exact, SplitError, apportion::within};

/// Pays `pool` whole units: adds each party's share to what it is still owed (`residuals`), then hands out unit by
/// unit to whoever is owed most, ties to the lower ordinal. Returns what each party gets and leaves in `residuals` what
/// it is still owed. On an error nothing is changed.
///
/// Starting from zeros, nobody is ever owed more than H_n - 1 (`formula.md` 7 B). Computed in closed form: the cost
/// does not depend on the pool.
///
/// Errors: [`SplitError::LengthDiffers`]; [`SplitError::Unbalanced`] unless the residuals sum to 0 and the shares to 1;
/// [`SplitError::EntitlementTooFine`]; [`SplitError::AmountTooLarge`].
pub fn largest_deficit_first(residuals: &mut [Exact], pool: u64, shares: &[Exact]) -> Result<Vec<i64>, SplitError> {
    if residuals.len() != shares.len() {
        return Err(SplitError::LengthDiffers { expected: residuals.len(), found: shares.len() });
    }
    if residuals.is_empty() {
        return Err(SplitError::NoParties);
    }
    let (residuals_before, shares) = (within(residuals)?, within(shares)?);
    if !residuals_before.sum().is_zero() || !shares.sum_is_one() {
        return Err(SplitError::Unbalanced);
    }
    let owed: Vec<Exact> = residuals_before
        .iter()
        .zip(shares.iter())
        .map(|(residual, share)| residual + share * IBig::from(pool))
        .collect();
    let owed_within = within(&owed)?;
    let payments = serve(owed_within.denominator(), owed_within.numerators(), pool);
    let payments_fit: Vec<i64> = payments
        .iter()
        .map(|units| i64::try_from(units).map_err(|_| SplitError::AmountTooLarge))
        .collect::<Result<_, _>>()?;
    for ((residual, owed), paid) in residuals.iter_mut().zip(owed).zip(payments) {
        *residual = owed - paid;
    }
    Ok(payments_fit)
}

/// Returns how many of `pool` units each gets that is owed `numerators / denominator`, which sum to the pool.
///
/// Serving unit by unit takes from each party owed `r` the levels r, r - 1, ...: of all levels of all parties the
/// `pool` highest. All levels whose whole part is above some `level` are served; of those at `level`, the rest of the
/// pool by remainder.
pub(in crate::split) fn serve(denominator: &UBig, numerators: &[IBig], pool: u64) -> Vec<IBig> {
    let (wholes, remainders): (Vec<IBig>, Vec<UBig>) =
        numerators.iter().map(|numerator| numerator.div_rem_euclid(denominator.as_ibig())).unzip();
    let level = lowest_full_level(&wholes, pool);
    let mut payments: Vec<IBig> =
        wholes.iter().map(|whole| if *whole > level { whole - &level } else { IBig::ZERO }).collect();
    let rest = IBig::from(pool) - payments.iter().sum::<IBig>();
    // Fewer than there are parties: else the next level would have been full too.
    let rest = usize::try_from(rest).unwrap_or(usize::MAX);
    let mut order: Vec<usize> = (0..wholes.len()).filter(|party| wholes[*party] >= level).collect();
    order.sort_by(|a, b| remainders[*b].cmp(&remainders[*a]));
    for party in order.into_iter().take(rest) {
        payments[party] += IBig::ONE;
    }
    payments
}

/// Returns the lowest level above which all can be served: the least L with `sum of max(whole - L, 0) <= pool`.
fn lowest_full_level(wholes: &[IBig], pool: u64) -> IBig {
    let mut descending: Vec<&IBig> = wholes.iter().collect();
    descending.sort_by(|a, b| b.cmp(a));
    let mut sum = -IBig::from(pool);
    let mut level = IBig::ZERO;
    for (index, whole) in descending.iter().enumerate() {
        // With the parties up to `index` served down to L, their sum less count * L is the pool.
        sum += *whole;
        let count = IBig::from(index + 1);
        let (quotient, remainder) = (&sum).div_rem_euclid(count);
        level = if remainder.is_zero() { quotient } else { quotient + IBig::ONE };
        if descending.get(index + 1).is_none_or(|next| **next <= level) {
            break;
        }
    }
    level
}

#[cfg(test)]
mod tests {
    use super::largest_deficit_first;
    use crate::split::{Exact, SplitError, exact_text};

    fn exact(numerator: i64, denominator: u64) -> Exact {
        Exact::from_parts(numerator.into(), denominator.into())
    }

    #[test]
    fn the_alabama_pools_are_never_taken_back() {
        let shares = [exact(3, 100), exact(7, 100), exact(9, 10)];
        let mut residuals = vec![exact(0, 1); 3];
        assert_eq!(largest_deficit_first(&mut residuals, 49, &shares).unwrap(), [2, 3, 44]);
        assert_eq!(residuals.iter().map(exact_text).collect::<Vec<_>>(), ["-53/100", "43/100", "1/10"]);
        assert_eq!(largest_deficit_first(&mut residuals, 2, &shares).unwrap(), [0, 0, 2]);
        assert_eq!(residuals.iter().map(exact_text).collect::<Vec<_>>(), ["-47/100", "57/100", "-1/10"]);
    }

    #[test]
    fn what_cannot_be_carried_is_refused_and_changes_nothing() {
        let mut residuals = vec![exact(1, 2), exact(0, 1)];
        let before = residuals.clone();
        let halves = [exact(1, 2), exact(1, 2)];
        let more_than_one = [exact(1, 2), exact(2, 3)];
        assert_eq!(largest_deficit_first(&mut residuals, 1, &halves), Err(SplitError::Unbalanced));
        assert_eq!(residuals, before);
        let mut residuals = vec![exact(0, 1); 2];
        assert_eq!(largest_deficit_first(&mut residuals, 1, &more_than_one), Err(SplitError::Unbalanced));
        let mut one = [exact(0, 1)];
        assert_eq!(largest_deficit_first(&mut one, u64::MAX, &[exact(1, 1)]), Err(SplitError::AmountTooLarge));
        assert_eq!(one, [exact(0, 1)]);
        assert_eq!(largest_deficit_first(&mut [], 1, &[]), Err(SplitError::NoParties));
    }
}
