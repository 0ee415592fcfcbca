//! Fractions that parties state, and the exact numbers computed from them.

use std::{fmt, str::FromStr};

use dashu_int::{IBig, UBig};
use dashu_ratio::RBig;
use serde::{Deserialize, Serialize};

/// An exact number of any size: what is computed, never what is stated.
pub type Exact = RBig;

/// A fraction that a party states: not negative, in lowest terms, both parts within 64 bits. Zero is 0/1.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Ratio {
    numerator: u64,
    denominator: u64,
}

impl Ratio {
    /// 0/1.
    pub const ZERO: Self = Self { numerator: 0, denominator: 1 };
    /// 1/1.
    pub const ONE: Self = Self { numerator: 1, denominator: 1 };

    /// Takes a fraction that is in lowest terms.
    ///
    /// Errors: [`RatioError`] otherwise: who signs a number must write it in its one form.
    pub const fn new(numerator: u64, denominator: u64) -> Result<Self, RatioError> {
        if denominator == 0 {
            return Err(RatioError::DenominatorZero);
        }
        if greatest_common_divisor(numerator, denominator) != 1 {
            return Err(RatioError::NotReduced { numerator, denominator });
        }
        Ok(Self { numerator, denominator })
    }

    /// Takes any fraction and writes it in lowest terms: for what people type, not for what was signed.
    ///
    /// Errors: [`RatioError::DenominatorZero`].
    pub const fn reduced(numerator: u64, denominator: u64) -> Result<Self, RatioError> {
        if denominator == 0 {
            return Err(RatioError::DenominatorZero);
        }
        let divisor = greatest_common_divisor(numerator, denominator);
        Ok(Self { numerator: numerator / divisor, denominator: denominator / divisor })
    }

    /// Returns the numerator.
    #[must_use]
    pub const fn numerator(self) -> u64 {
        self.numerator
    }

    /// Returns the denominator, at least 1.
    #[must_use]
    pub const fn denominator(self) -> u64 {
        self.denominator
    }

    /// Whether this is 0/1.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.numerator == 0
    }

    /// Whether this is at most 1.
    #[must_use]
    pub const fn is_at_most_one(self) -> bool {
        self.numerator <= self.denominator
    }

    /// Returns it as an exact number.
    #[must_use]
    pub fn exact(self) -> Exact {
        RBig::from_parts(IBig::from(self.numerator), UBig::from(self.denominator))
    }
}

const fn greatest_common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.denominator == 1 {
            write!(f, "{}", self.numerator)
        } else {
            write!(f, "{}/{}", self.numerator, self.denominator)
        }
    }
}

impl fmt::Debug for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Ratio {
    type Err = RatioError;

    /// Reads what people write: `3`, `3/2`, `1.5`, `70%`, in any terms.
    fn from_str(text: &str) -> Result<Self, RatioError> {
        let text_given = text;
        let wrong = || RatioError::Text { text: text.to_owned() };
        let (text_value, hundredth) = match text.trim().strip_suffix('%') {
            Some(value) => (value.trim(), true),
            None => (text.trim(), false),
        };
        let digits = |text: &str| -> Result<u128, RatioError> {
            if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(wrong());
            }
            let digits = text.trim_start_matches('0');
            if digits.len() > 20 {
                return Err(RatioError::TooLarge { text: text_given.to_owned() });
            }
            if digits.is_empty() { Ok(0) } else { digits.parse().map_err(|_| wrong()) }
        };
        let (numerator, denominator) = match (text_value.split_once('/'), text_value.split_once('.')) {
            (Some((numerator, denominator)), None) => (digits(numerator)?, digits(denominator)?),
            (None, Some((whole, part))) => {
                let scale = u32::try_from(part.len()).ok().and_then(|places| 10_u128.checked_pow(places));
                let scale = scale.ok_or_else(wrong)?;
                let whole = digits(whole)?.checked_mul(scale).ok_or_else(wrong)?;
                (whole.checked_add(digits(part)?).ok_or_else(wrong)?, scale)
            }
            (None, None) => (digits(text_value)?, 1),
            (Some(_), Some(_)) => return Err(wrong()),
        };
        let denominator = if hundredth { denominator.checked_mul(100).ok_or_else(wrong)? } else { denominator };
        if denominator == 0 {
            return Err(RatioError::DenominatorZero);
        }
        let (mut a, mut b) = (numerator, denominator);
        while b != 0 {
            (a, b) = (b, a % b);
        }
        let too_large = |_| RatioError::TooLarge { text: text.to_owned() };
        Ok(Self {
            numerator: u64::try_from(numerator / a).map_err(too_large)?,
            denominator: u64::try_from(denominator / a).map_err(too_large)?,
        })
    }
}

/// Why something is not a fraction.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RatioError {
    /// The denominator is zero.
    #[error("the denominator is zero")]
    DenominatorZero,
    /// It is not in lowest terms.
    #[error("{numerator}/{denominator} is not in lowest terms")]
    NotReduced {
        /// The numerator given.
        numerator: u64,
        /// The denominator given.
        denominator: u64,
    },
    /// The text is no fraction.
    #[error("`{text}` is not a fraction: write 3, 3/2, 1.5 or 70%")]
    Text {
        /// The text given.
        text: String,
    },
    /// A part of it does not fit in 64 bits.
    #[error("`{text}` does not fit: numerator and denominator must be below 2^64")]
    TooLarge {
        /// The text given.
        text: String,
    },
}

#[cfg(test)]
mod tests {
    use super::{Ratio, RatioError};

    #[test]
    fn only_lowest_terms_are_a_ratio() {
        assert_eq!(Ratio::new(2, 4), Err(RatioError::NotReduced { numerator: 2, denominator: 4 }));
        assert_eq!(Ratio::new(0, 2), Err(RatioError::NotReduced { numerator: 0, denominator: 2 }));
        assert_eq!(Ratio::new(1, 0), Err(RatioError::DenominatorZero));
        assert_eq!(Ratio::new(0, 1), Ok(Ratio::ZERO));
        assert!(Ratio::new(u64::MAX, u64::MAX - 1).is_ok());
    }

    #[test]
    fn what_people_write_is_read_and_reduced() {
        for (text, numerator, denominator) in [
            ("3", 3, 1),
            ("6/4", 3, 2),
            ("1.5", 3, 2),
            ("0.10", 1, 10),
            ("70%", 7, 10),
            ("12.5 %", 1, 8),
            ("0/9", 0, 1),
            ("18446744073709551615", u64::MAX, 1),
        ] {
            let ratio: Ratio = text.parse().unwrap();
            assert_eq!((ratio.numerator(), ratio.denominator()), (numerator, denominator), "{text}");
        }
    }

    #[test]
    fn what_is_no_fraction_is_refused() {
        for text in ["", "-1", "+1", "1e3", "1/2/3", "1./2", ".5", "5.", "1,5", "٣", "1/0", "18446744073709551616"] {
            assert!(text.parse::<Ratio>().is_err(), "{text}");
        }
    }
}
