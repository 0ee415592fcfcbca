//! Rules that terms may choose beside the split itself: what old work and the work of a party that left are worth, and whether a
//! party is better off than alone.

use dashu_int::{IBig, ops::DivRemEuclid};

use crate::split::{Exact, Ratio, SplitError, TermsPart};

/// Points that fade, or count in part, are rounded down to whole parts of a point, so many to one: without that their fractions
/// would become finer with every period, until nobody could compute them.
pub const POINT_PARTS: u64 = 1_000_000_000_000;

/// Returns what a party keeps and is allocated, less what it spent and would have had alone: below zero, it does not win. Minor
/// units of one currency; what it would have had alone is what it says. `formula.md` 6, example V34.
#[must_use]
pub const fn surplus(retained: i128, allocation: i128, costs: i128, baseline: i128) -> i128 {
    retained.saturating_add(allocation).saturating_sub(costs).saturating_sub(baseline)
}

/// Returns what is left of points after one more period: less the part `decay` of them, rounded down ([`POINT_PARTS`]). Example V32.
///
/// Errors: [`SplitError::PartAboveOne`].
pub fn faded(points: &Exact, decay: Ratio) -> Result<Exact, SplitError> {
    check_part(decay, TermsPart::Decay)?;
    Ok(if decay.is_zero() { points.clone() } else { rounded_down(&(points * (Exact::ONE - decay.exact()))) })
}

/// Returns the points that a party that left keeps for benefits after its exit: the part `factor` of them, rounded down
/// ([`POINT_PARTS`]). What it was entitled to before is untouched. Example V21.
///
/// Errors: as [`faded`].
pub fn after_exit(points: &Exact, factor: Ratio) -> Result<Exact, SplitError> {
    check_part(factor, TermsPart::LeaverFactor)?;
    Ok(if factor == Ratio::ONE { points.clone() } else { rounded_down(&(points * factor.exact())) })
}

/// Returns the most whole parts of a point ([`POINT_PARTS`]) that are not more than `points`.
#[must_use]
pub fn rounded_down(points: &Exact) -> Exact {
    let (parts, _) = (points.numerator() * IBig::from(POINT_PARTS)).div_rem_euclid(points.denominator().as_ibig());
    Exact::from(parts) / Exact::from(POINT_PARTS)
}

fn check_part(ratio: Ratio, part: TermsPart) -> Result<(), SplitError> {
    if ratio.is_at_most_one() { Ok(()) } else { Err(SplitError::PartAboveOne { part, ratio }) }
}

#[cfg(test)]
mod tests {
    use dashu_int::{UBig, ops::BitTest};

    use super::{POINT_PARTS, after_exit, faded, rounded_down, surplus};
    use crate::split::{
        COUNTED_DENOMINATOR_BITS_MAX, Exact, POINTS_DENOMINATOR_BITS_MAX, Ratio, SplitError, TermsPart,
    };

    #[test]
    fn who_has_less_than_alone_does_not_win() {
        assert_eq!((surplus(10, 5, 1, 14), surplus(10, 5, 1, 15)), (0, -1));
    }

    #[test]
    fn points_that_faded_stay_within_their_limit_beside_all_that_may_be_counted() {
        let bits = UBig::from(POINT_PARTS).bit_len();
        assert_eq!(POINTS_DENOMINATOR_BITS_MAX, COUNTED_DENOMINATOR_BITS_MAX + bits);
    }

    #[test]
    fn factors_are_parts() {
        let three_halves = Ratio::new(3, 2).unwrap();
        let refused = SplitError::PartAboveOne { part: TermsPart::Decay, ratio: three_halves };
        assert_eq!(faded(&Exact::ONE, three_halves), Err(refused));
        let refused = SplitError::PartAboveOne { part: TermsPart::LeaverFactor, ratio: three_halves };
        assert_eq!(after_exit(&Exact::ONE, three_halves), Err(refused));
    }

    #[test]
    fn what_is_left_is_rounded_down_and_what_is_untouched_is_not() {
        let third = Exact::from(1) / Exact::from(3);
        let parts = |parts: u64| Exact::from(parts) / Exact::from(POINT_PARTS);
        assert_eq!(faded(&third, Ratio::ZERO), Ok(third.clone()));
        assert_eq!(after_exit(&third, Ratio::ONE), Ok(third.clone()));
        assert_eq!(rounded_down(&third), parts(333_333_333_333));
        assert_eq!(rounded_down(&-third.clone()), -parts(333_333_333_334));
        assert_eq!(faded(&third, Ratio::new(1, 2).unwrap()), Ok(parts(166_666_666_666)));
        assert_eq!(after_exit(&third, Ratio::new(1, 2).unwrap()), Ok(parts(166_666_666_666)));
        assert_eq!(faded(&Exact::ONE, Ratio::ONE), Ok(Exact::ZERO));
        let mut left = Exact::ONE;
        for _ in 0..10_000 {
            left = faded(&left, Ratio::new(1, 1_000).unwrap()).unwrap();
        }
        assert!(left > Exact::ZERO && left < parts(50_000_000));
    }
}
