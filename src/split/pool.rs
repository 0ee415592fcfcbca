//! Pool formation: how much of what a stream brought in is shared (the money reading of the source's c).

use crate::split::{Ratio, SplitError};

/// Returns the pool of a stream that brought in `cumulative_gross` minor units so far: the floor of the product.
///
/// The part of a unit that is cut off stays with the reporter, less than one unit once for ever.
///
/// Errors: [`SplitError::RateAboveOne`]; [`SplitError::AmountTooLarge`] from 2^63 on.
pub fn pool(rate: Ratio, cumulative_gross: u64) -> Result<i64, SplitError> {
    if !rate.is_at_most_one() {
        return Err(SplitError::RateAboveOne { rate });
    }
    if i64::try_from(cumulative_gross).is_err() {
        return Err(SplitError::AmountTooLarge);
    }
    let pooled = u128::from(cumulative_gross) * u128::from(rate.numerator()) / u128::from(rate.denominator());
    i64::try_from(pooled).map_err(|_| SplitError::AmountTooLarge)
}

/// Returns what each instalment adds to the pools: one list by stream for each of `instalments`, in their order.
///
/// `instalments` are the net gross amounts by stream, in the order of `rates`. The pools of a stream over all
/// instalments sum to the floor of the rate times the cumulative gross: its parts of a unit are never lost.
///
/// Errors: as [`pool`], and [`SplitError::LengthDiffers`] where an instalment has not one amount for each stream.
pub fn pools<'a>(
    rates: &[Ratio],
    instalments: impl IntoIterator<Item = &'a [u64]>,
) -> Result<Vec<Vec<i64>>, SplitError> {
    let mut reached: Vec<(u64, i64)> = vec![(0, 0); rates.len()];
    let mut added = Vec::new();
    for instalment in instalments {
        if instalment.len() != rates.len() {
            return Err(SplitError::LengthDiffers { expected: rates.len(), found: instalment.len() });
        }
        let mut by_stream = Vec::with_capacity(rates.len());
        for ((rate, net), (gross, pooled)) in rates.iter().zip(instalment).zip(&mut reached) {
            *gross = gross.checked_add(*net).ok_or(SplitError::AmountTooLarge)?;
            let now = pool(*rate, *gross)?;
            by_stream.push(now - *pooled);
            *pooled = now;
        }
        added.push(by_stream);
    }
    Ok(added)
}

#[cfg(test)]
mod tests {
    use super::{pool, pools};
    use crate::split::{Ratio, SplitError};

    #[test]
    fn instalments_lose_nothing_of_a_unit() {
        let third = Ratio::new(1, 3).unwrap();
        let added = pools(&[third, Ratio::ONE], [[1, 5].as_slice(), &[1, 0], &[1, 7], &[2, 1]]).unwrap();
        assert_eq!(added, [[0, 5], [0, 0], [1, 7], [0, 1]]);
    }

    #[test]
    fn the_largest_amounts_fit_or_are_refused() {
        let largest = u64::try_from(i64::MAX).unwrap();
        assert_eq!(pool(Ratio::ONE, largest), Ok(i64::MAX));
        let almost_one = Ratio::new(u64::MAX - 1, u64::MAX).unwrap();
        assert_eq!(pool(almost_one, largest), Ok(i64::MAX - 1));
        assert_eq!(pool(Ratio::ONE, largest + 1), Err(SplitError::AmountTooLarge));
        let rate = Ratio::new(3, 2).unwrap();
        assert_eq!(pool(rate, 1), Err(SplitError::RateAboveOne { rate }));
        assert_eq!(pools(&[Ratio::ONE], [[u64::MAX].as_slice()]), Err(SplitError::AmountTooLarge));
        assert_eq!(pools(&[Ratio::ZERO], [[largest].as_slice(), &[largest]]), Err(SplitError::AmountTooLarge));
        let differs = SplitError::LengthDiffers { expected: 1, found: 2 };
        assert_eq!(pools(&[Ratio::ONE], [[1, 2].as_slice()]), Err(differs));
    }
}
