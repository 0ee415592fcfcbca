//! Exact numbers for the eye: as they are while they are short, cut to some decimal digits beyond, and never as floats.

use dashu_int::IBig;
use serde_json::Value;

use crate::split::{Exact, exact_text};

/// Writes an exact number as a percentage of two decimal digits, rounded half up: `58.33 %`.
#[must_use]
pub fn percent(number: &Exact) -> String {
    let hundredths = number * Exact::from(10_000) + Exact::from_parts(IBig::from(1), 2_u8.into());
    let hundredths = hundredths.floor();
    let (sign, size) = if hundredths < IBig::ZERO { ("-", -hundredths) } else { ("", hundredths) };
    let (whole, part) = (&size / IBig::from(100), &size % IBig::from(100));
    // Padding goes by characters of the text, which an integer of any size does not know of itself.
    format!("{sign}{whole}.{:0>2} %", part.to_string())
}

/// Writes an exact number with at most `places` decimal digits, cut and not rounded; `...` behind them if there are more.
#[must_use]
pub fn decimal(number: &Exact, places: usize) -> String {
    let scale = IBig::from(10).pow(places);
    let scaled = number * Exact::from(scale.clone());
    let is_cut = !scaled.denominator().is_one();
    let cut = scaled.trunc();
    let (sign, size) = if *number < Exact::ZERO { ("-", -cut) } else { ("", cut) };
    let (whole, part) = (&size / &scale, &size % &scale);
    let digits = format!("{:0>places$}", part.to_string());
    let digits = if is_cut { digits.as_str() } else { digits.trim_end_matches('0') };
    let more = if is_cut { "..." } else { "" };
    if digits.is_empty() || places == 0 {
        format!("{sign}{whole}{more}")
    } else {
        format!("{sign}{whole}.{digits}{more}")
    }
}

/// Writes an exact number as the fraction it is if that is short, otherwise cut to six decimal digits.
#[must_use]
pub fn short(number: &Exact) -> String {
    let exact = exact_text(number);
    if exact.len() <= EXACT_CHARACTERS_MAX { exact } else { decimal(number, 6) }
}

const EXACT_CHARACTERS_MAX: usize = 15;

/// Returns an amount of minor units in JSON: a sum may be more than readers take for a number without loss; then it is a text.
#[must_use]
pub fn minor_json(amount: i128) -> Value {
    let is_safe = amount.unsigned_abs() <= JSON_NUMBER_MAX;
    i64::try_from(amount).ok().filter(|_| is_safe).map_or_else(|| Value::from(amount.to_string()), Value::from)
}

/// 2^53: beyond it, readers who keep numbers as floats lose cents.
const JSON_NUMBER_MAX: u128 = 1 << 53;

#[cfg(test)]
mod tests {
    use dashu_int::IBig;

    use super::{decimal, percent, short};
    use crate::split::Exact;

    fn exact(numerator: i64, denominator: u64) -> Exact {
        Exact::from_parts(IBig::from(numerator), denominator.into())
    }

    #[test]
    fn percentages_round_half_up() {
        for (number, text) in [
            (exact(7, 12), "58.33 %"),
            (exact(2, 3), "66.67 %"),
            (exact(1, 1), "100.00 %"),
            (exact(0, 1), "0.00 %"),
            (exact(1, 20_000), "0.01 %"),
            (exact(1, 20_001), "0.00 %"),
            (exact(-1, 8), "-12.50 %"),
        ] {
            assert_eq!(percent(&number), text);
        }
    }

    #[test]
    fn decimals_are_cut_and_say_so() {
        for (number, places, text) in [
            (exact(17_500, 3), 4, "5833.3333..."),
            (exact(5, 2), 4, "2.5"),
            (exact(-5, 2), 1, "-2.5"),
            (exact(-1, 3), 2, "-0.33..."),
            (exact(7, 1), 2, "7"),
            (exact(7, 2), 0, "3..."),
            (exact(1, 1_000), 2, "0.00..."),
        ] {
            assert_eq!(decimal(&number, places), text);
        }
    }

    #[test]
    fn short_fractions_stay_what_they_are() {
        assert_eq!(short(&exact(7, 12)), "7/12");
        assert_eq!(short(&exact(1_234_567_891, 9_876_543_210)), "0.124999...");
    }
}
