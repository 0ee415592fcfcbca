//! Rules that terms may choose beside the split itself: what old work, a party that left, and late work are worth, and
//! whether all parties win.

use dashu_int::ops::BitTest;

use crate::split::{
    Apportionment, Entitlements, Exact, Fractions, POINTS_DENOMINATOR_BITS_MAX, Ratio, SplitError, TermsPart,
    apportion::within,
};

/// Whether an agreement leaves every party better off than alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WinWin {
    /// By party: what it keeps and is allocated, less what it spent and would have had alone. Minor units.
    pub surplus: Vec<i64>,
    /// Whether none of them is below zero.
    pub win_win: bool,
}

/// Returns `retained + allocation - cost - baseline` of each party, and the verdict. Minor units of one currency; what
/// a party would have had alone is what it says. `formula.md` 6, example V34.
///
/// Errors: [`SplitError::LengthDiffers`]; [`SplitError::AmountTooLarge`].
pub fn win_win(retained: &[i64], allocations: &[i64], costs: &[i64], baselines: &[i64]) -> Result<WinWin, SplitError> {
    for found in [allocations.len(), costs.len(), baselines.len()] {
        if found != retained.len() {
            return Err(SplitError::LengthDiffers { expected: retained.len(), found });
        }
    }
    let surplus = |party: usize| {
        let has = i128::from(retained[party]) + i128::from(allocations[party]);
        let without = i128::from(costs[party]) + i128::from(baselines[party]);
        i64::try_from(has - without).map_err(|_| SplitError::AmountTooLarge)
    };
    let surplus: Vec<i64> = (0..retained.len()).map(surplus).collect::<Result<_, _>>()?;
    let win_win = surplus.iter().all(|surplus| *surplus >= 0);
    Ok(WinWin { surplus, win_win })
}

/// Returns the basis after one more period: what there was, less the part `decay` of it, and what is new. Example V32.
///
/// Errors: [`SplitError::PartAboveOne`]; [`SplitError::BasisTooFine`] once so many periods have decayed that the fraction
/// is beyond [`POINTS_DENOMINATOR_BITS_MAX`].
pub fn decayed(basis: &Exact, decay: Ratio, new: &Exact) -> Result<Exact, SplitError> {
    part(decay, TermsPart::Decay)?;
    fine(basis * (Exact::ONE - decay.exact()) + new)
}

/// Returns the points that a party that left keeps for benefits after its exit: the part `factor` of them. What it was
/// entitled to before is untouched. Example V21.
///
/// Errors: as [`decayed`].
pub fn after_exit(points: &Exact, factor: Ratio) -> Result<Exact, SplitError> {
    part(factor, TermsPart::LeaverFactor)?;
    fine(points * factor.exact())
}

fn part(ratio: Ratio, part: TermsPart) -> Result<(), SplitError> {
    if ratio.is_at_most_one() { Ok(()) } else { Err(SplitError::PartAboveOne { part, ratio }) }
}

fn fine(points: Exact) -> Result<Exact, SplitError> {
    let bits = points.denominator().bit_len();
    if bits > POINTS_DENOMINATOR_BITS_MAX { Err(SplitError::BasisTooFine { bits }) } else { Ok(points) }
}

/// Returns the entitlements where all pools are shared by the latest shares, those of long ago too. Example V18.
///
/// A party may then have been paid more than it is entitled to; see [`within_cash`].
///
/// Errors: [`SplitError::AmountTooLarge`]; those of [`Entitlements::add`].
pub fn true_up(pools: &[i64], latest: &Fractions) -> Result<Entitlements, SplitError> {
    let total = pools.iter().try_fold(0_i64, |sum, pool| sum.checked_add(*pool)).ok_or(SplitError::AmountTooLarge)?;
    let mut entitlements = Entitlements::new(latest.len());
    entitlements.add(latest, total)?;
    Ok(entitlements)
}

/// Dues as far as there is cash for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carried {
    /// What each party is paid now, minor units; none is negative.
    pub payments: Vec<i64>,
    /// What is left of each due for later: below zero for a party that was overpaid.
    pub carried: Vec<i64>,
}

/// Pays dues out of `cash`: nobody is asked to pay back, and where the others are due more than there is, the cash is
/// divided in proportion to what they are due, by the largest remainder. Example V18.
///
/// Errors: [`SplitError::AmountTooLarge`].
pub fn within_cash(dues: &[i64], cash: u64) -> Result<Carried, SplitError> {
    let cash = i64::try_from(cash).map_err(|_| SplitError::AmountTooLarge)?;
    let claims: Vec<i64> = dues.iter().map(|due| (*due).max(0)).collect();
    let sum: i128 = claims.iter().copied().map(i128::from).sum();
    let payments = if sum <= i128::from(cash) {
        claims
    } else {
        let scale = Exact::from(cash) / Exact::from(sum);
        let scaled: Vec<Exact> = claims.iter().map(|claim| &scale * Exact::from(*claim)).collect();
        let scaled = within(&scaled)?;
        Apportionment::of(scaled.denominator(), scaled.numerators())?.into_allocations()
    };
    let carried = dues.iter().zip(&payments).map(|(due, paid)| due - paid).collect();
    Ok(Carried { payments, carried })
}

#[cfg(test)]
mod tests {
    use super::{Carried, after_exit, decayed, win_win, within_cash};
    use crate::split::{Exact, Ratio, SplitError, TermsPart};

    #[test]
    fn one_loser_is_no_win_win() {
        let verdict = win_win(&[10, 10], &[5, 5], &[1, 1], &[14, 15]).unwrap();
        assert_eq!((verdict.surplus, verdict.win_win), (vec![0, -1], false));
        assert_eq!(win_win(&[1], &[1, 2], &[1], &[1]), Err(SplitError::LengthDiffers { expected: 1, found: 2 }));
        assert_eq!(win_win(&[i64::MAX], &[1], &[0], &[0]), Err(SplitError::AmountTooLarge));
    }

    #[test]
    fn cash_is_divided_by_claims_and_nobody_pays_back() {
        let enough = Carried { payments: vec![0, 5, 7], carried: vec![-3, 0, 0] };
        assert_eq!(within_cash(&[-3, 5, 7], 100), Ok(enough));
        let short = Carried { payments: vec![0, 4, 6], carried: vec![-3, 1, 1] };
        assert_eq!(within_cash(&[-3, 5, 7], 10), Ok(short));
        assert_eq!(within_cash(&[i64::MIN, 0], 0), Ok(Carried { payments: vec![0, 0], carried: vec![i64::MIN, 0] }));
    }

    #[test]
    fn factors_are_parts_and_do_not_outgrow_their_limit() {
        let three_halves = Ratio::new(3, 2).unwrap();
        let refused = SplitError::PartAboveOne { part: TermsPart::Decay, ratio: three_halves };
        assert_eq!(decayed(&Exact::ONE, three_halves, &Exact::ZERO), Err(refused));
        let refused = SplitError::PartAboveOne { part: TermsPart::LeaverFactor, ratio: three_halves };
        assert_eq!(after_exit(&Exact::ONE, three_halves), Err(refused));
        let half = Ratio::new(1, 2).unwrap();
        let mut basis = Exact::ONE;
        let periods = (0..).find(|_| match decayed(&basis, half, &Exact::ZERO) {
            Ok(next) => {
                basis = next;
                false
            }
            Err(error) => error == SplitError::BasisTooFine { bits: 257 },
        });
        assert_eq!(periods, Some(255));
    }
}
