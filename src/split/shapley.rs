//! The Shapley value: what each player adds to the coalitions before it, on average over all orders of arrival.
//!
//! A mediator's diagnostic, not a rule of the split: it needs the worth of every coalition, which nobody signs, and it
//! rewards who appears as two. `formula.md` 8, examples V24 and V25.

use dashu_int::{IBig, UBig};

use crate::split::{Exact, Fractions, SplitError, apportion::within};

/// How many players there may be: the work and the worths needed double with each.
pub const PLAYERS_MAX: usize = 12;

/// Returns the Shapley value of each player. `worth` is that of each coalition: at index `i` the one of the players whose
/// bits are set in `i`; there are a power of two of them. The values sum to the worth of all together.
///
/// Errors: [`SplitError::PlayersTooMany`]; [`SplitError::LengthDiffers`]; [`SplitError::NobodyWorth`];
/// [`SplitError::EntitlementTooFine`].
pub fn shapley(worth: &[Exact]) -> Result<Vec<Exact>, SplitError> {
    let players = usize::try_from(worth.len().max(1).ilog2()).unwrap_or(usize::MAX);
    if !worth.len().is_power_of_two() {
        return Err(SplitError::LengthDiffers { expected: worth.len().next_power_of_two(), found: worth.len() });
    }
    if players > PLAYERS_MAX {
        return Err(SplitError::PlayersTooMany { players, max: PLAYERS_MAX });
    }
    if !worth[0].is_zero() {
        return Err(SplitError::NobodyWorth { worth: worth[0].clone() });
    }
    let worth = within(worth)?;
    // Of at most 12, which is below 2^29.
    let factorial = |k: usize| (1_u64..).take(k).product::<u64>();
    let denominator = worth.denominator() * UBig::from(factorial(players));
    let value = |player: usize| {
        let bit = 1 << player;
        let without = (0..worth.len()).filter(|coalition| coalition & bit == 0);
        // |S|! (n - |S| - 1)! of the n! orders of arrival have exactly S before the player.
        let orders = without.map(|coalition| {
            let size = usize::try_from(coalition.count_ones()).unwrap_or(usize::MAX);
            let orders = factorial(size) * factorial(players - size - 1);
            (&worth.numerators()[coalition | bit] - &worth.numerators()[coalition]) * IBig::from(orders)
        });
        Exact::from_parts(orders.sum(), denominator.clone())
    };
    Ok((0..players).map(value).collect())
}

/// Corrects values for the risk that each player bears: `value + (risk - 1/n) * sum of all values`. The sum stays.
///
/// Errors: [`SplitError::LengthDiffers`]; [`SplitError::NoParties`]; [`SplitError::Unbalanced`] if the risks do not sum
/// to 1; [`SplitError::EntitlementTooFine`].
pub fn risk_corrected(values: &[Exact], risks: &[Exact]) -> Result<Vec<Exact>, SplitError> {
    if values.len() != risks.len() {
        return Err(SplitError::LengthDiffers { expected: values.len(), found: risks.len() });
    }
    let players = u64::try_from(values.len()).map_err(|_| SplitError::AmountTooLarge)?;
    if players == 0 {
        return Err(SplitError::NoParties);
    }
    let (values, risks): (Fractions, Fractions) = (within(values)?, within(risks)?);
    if !risks.sum_is_one() {
        return Err(SplitError::Unbalanced);
    }
    let (sum, even) = (values.sum(), Exact::from_parts(IBig::ONE, UBig::from(players)));
    Ok(values.iter().zip(risks.iter()).map(|(value, risk)| value + (risk - &even) * &sum).collect())
}

#[cfg(test)]
mod tests {
    use super::{risk_corrected, shapley};
    use crate::split::{Exact, SplitError};

    fn wholes(numbers: &[i64]) -> Vec<Exact> {
        numbers.iter().map(|number| Exact::from(*number)).collect()
    }

    #[test]
    fn everything_is_shared_and_who_adds_nothing_gets_nothing() {
        // The third adds nothing to any coalition.
        let values = shapley(&wholes(&[0, 10, 20, 60, 0, 10, 20, 60])).unwrap();
        assert_eq!(values, wholes(&[25, 35, 0]));
        assert_eq!(shapley(&wholes(&[0])), Ok(vec![]));
        let twelve: Vec<Exact> =
            (0..1_u64 << 12).map(|coalition| Exact::from(u64::from(coalition.count_ones()))).collect();
        assert_eq!(shapley(&twelve), Ok(vec![Exact::ONE; 12]));
    }

    #[test]
    fn what_is_no_game_is_refused() {
        assert_eq!(shapley(&wholes(&[0, 1, 2])), Err(SplitError::LengthDiffers { expected: 4, found: 3 }));
        assert_eq!(shapley(&[]), Err(SplitError::LengthDiffers { expected: 1, found: 0 }));
        assert_eq!(shapley(&wholes(&[1, 1])), Err(SplitError::NobodyWorth { worth: Exact::ONE }));
        let many = vec![Exact::ZERO; 1 << 13];
        assert_eq!(shapley(&many), Err(SplitError::PlayersTooMany { players: 13, max: 12 }));
        assert_eq!(risk_corrected(&wholes(&[1, 2]), &wholes(&[1, 1])), Err(SplitError::Unbalanced));
        assert_eq!(risk_corrected(&[], &[]), Err(SplitError::NoParties));
    }
}
