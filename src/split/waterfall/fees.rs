//! What a fee has come to so far.

use crate::split::{Fee, Ratio, SplitError, pool};

/// What a fee has come to so far, minor units.
///
/// It counts what it is due on the cumulative pool, so that instalments lose nothing of a unit. A new rate is for what
/// comes in under it; less than a unit of what the old one came to is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeeAccount {
    pub(in crate::split::waterfall) rate: Ratio,
    /// What came in under this rate.
    pub(in crate::split::waterfall) pooled: u64,
    /// What the rates before it came to.
    pub(in crate::split::waterfall) before: u64,
    pub(in crate::split::waterfall) charged: u64,
}

impl FeeAccount {
    /// Returns that of a fee of which nothing is charged yet.
    #[must_use]
    pub const fn new(rate: Ratio) -> Self {
        Self { rate, pooled: 0, before: 0, charged: 0 }
    }

    /// Returns what was charged so far, minor units.
    #[must_use]
    pub const fn charged(&self) -> u64 {
        self.charged
    }

    /// Charges the fee on `amount` more minor units, of which `left` are left by the fees before it: together they may
    /// reach a whole unit at once, and what they find missing they take of the next instalment.
    pub(in crate::split::waterfall) fn charge(&mut self, fee: &Fee, amount: u64, left: u64) -> Result<u64, SplitError> {
        if fee.rate != self.rate {
            self.before = self.reached()?;
            (self.rate, self.pooled) = (fee.rate, 0);
        }
        self.pooled = self.pooled.checked_add(amount).ok_or(SplitError::AmountTooLarge)?;
        let reached = self.reached()?;
        let due = fee.cap.map_or(reached, |cap| cap.min(reached)).saturating_sub(self.charged).min(left);
        self.charged = self.charged.checked_add(due).ok_or(SplitError::AmountTooLarge)?;
        Ok(due)
    }

    fn reached(&self) -> Result<u64, SplitError> {
        let under_rate = pool(self.rate, self.pooled)?.unsigned_abs();
        self.before.checked_add(under_rate).ok_or(SplitError::AmountTooLarge)
    }
}

#[cfg(test)]
mod tests {
    use super::FeeAccount;
    use crate::split::{Fee, Ratio};

    #[test]
    fn instalments_lose_nothing_of_a_unit_and_the_cap_is_for_life() {
        let fee = Fee { rate: Ratio::new(1, 3).unwrap(), cap: Some(4) };
        let mut account = FeeAccount::new(fee.rate);
        let charged: Vec<u64> = [1, 1, 1, 5, 4, 90].map(|pool| account.charge(&fee, pool, pool).unwrap()).into();
        assert_eq!(charged, [0, 0, 1, 1, 2, 0]);
        assert_eq!(account.charged(), 4);
    }

    #[test]
    fn a_new_rate_is_for_what_comes_in_under_it() {
        let rate = |numerator, denominator| Fee { rate: Ratio::new(numerator, denominator).unwrap(), cap: None };
        let mut account = FeeAccount::new(rate(1, 2).rate);
        assert_eq!(account.charge(&rate(1, 2), 101, 101), Ok(50));
        assert_eq!(account.charge(&rate(1, 10), 99, 99), Ok(9));
        assert_eq!(account.charge(&rate(0, 1), 1_000, 1_000), Ok(0));
        assert_eq!(account.charged(), 59);
    }

    #[test]
    fn what_is_not_there_is_charged_later() {
        let half = Fee { rate: Ratio::new(1, 2).unwrap(), cap: None };
        let mut account = FeeAccount::new(half.rate);
        assert_eq!(account.charge(&half, 2, 0), Ok(0));
        assert_eq!(account.charge(&half, 2, 2), Ok(2));
    }
}
