//! Amounts as people write them: `100.00`, `100.00EUR`, `100 EUR`. In between they are whole minor units, never a float.

use crate::{
    cli::error::Failure,
    statement::terms::{Currency, CurrencyCode},
};

/// Reads an amount of major units, `58.33`, as minor units of `currency`. A code behind it must be the currency's.
///
/// Errors: [`AmountError`]: no number, more decimal digits than the currency has, or 2^64 minor units and more.
pub fn minor_units(text: &str, currency: &Currency) -> Result<u64, AmountError> {
    if text.trim().starts_with('-') {
        return Err(AmountError::Negative { text: text.to_owned() });
    }
    let (digits, code) = parts(text);
    if !code.is_empty() && code != currency.code.as_str() {
        return Err(AmountError::OtherCurrency { text: text.to_owned(), expected: currency.code.clone() });
    }
    let not_an_amount = || AmountError::NotAnAmount { text: text.to_owned() };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(part) {
        return Err(not_an_amount());
    }
    let part = part.trim_end_matches('0');
    let places = u32::try_from(part.len()).unwrap_or(u32::MAX);
    if places > currency.exponent {
        let (currency, places) = (currency.code.clone(), currency.exponent);
        return Err(AmountError::TooFine { text: text.to_owned(), currency, places });
    }
    let too_large = || AmountError::TooLarge { text: text.to_owned() };
    let number = |digits: &str, scale: u32| -> Option<u64> {
        let digits = if digits.is_empty() { "0" } else { digits };
        digits.parse::<u64>().ok()?.checked_mul(10_u64.checked_pow(scale)?)
    };
    let whole = match number(whole, currency.exponent) {
        Some(whole) => whole,
        // Zero of a currency whose unit has more minor units than 2^64 is zero all the same.
        None if whole.bytes().all(|byte| byte == b'0') => 0,
        None => return Err(too_large()),
    };
    let part = number(part, currency.exponent - places).ok_or_else(too_large)?;
    whole.checked_add(part).ok_or_else(too_large)
}

/// Reads an amount with its code, `58.33EUR`, as the position of its currency among `currencies` and minor units of it.
/// The code may be left out where there is only one currency.
///
/// Errors: [`AmountError`].
pub fn amount_among(text: &str, currencies: &[Currency]) -> Result<(usize, u64), AmountError> {
    let (_, code) = parts(text.trim().trim_start_matches('-'));
    let known = || currencies.iter().map(|currency| currency.code.as_str()).collect::<Vec<_>>().join(", ");
    let position = match (code, currencies) {
        ("", [_]) => 0,
        ("", _) => return Err(AmountError::CodeMissing { text: text.to_owned(), known: known() }),
        _ => currencies
            .iter()
            .position(|currency| currency.code.as_str() == code)
            .ok_or_else(|| AmountError::CodeUnknown { code: code.to_owned(), known: known() })?,
    };
    Ok((position, minor_units(text, &currencies[position])?))
}

/// Reads an amount given as one or two arguments, `1234.50 EUR`, as [`amount_among`].
///
/// Errors: a usage failure that says how it is written.
pub fn of_args(args: &[String], currencies: &[Currency]) -> Result<(usize, u64), Failure> {
    amount_among(&args.join(" "), currencies).map_err(|cause| {
        Failure::usage(cause.to_string()).hint("write it in major units with its currency: 1234.50 EUR")
    })
}

/// Parts an amount into its digits and its code, which may be empty.
fn parts(text: &str) -> (&str, &str) {
    let text = text.trim();
    let is_digit = |c: char| c.is_ascii_digit() || c == '.';
    let end = text.find(|c| !is_digit(c)).unwrap_or(text.len());
    let (digits, code) = text.split_at(end);
    (digits, code.trim_start())
}

/// Why a text is no amount.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AmountError {
    /// It is no number.
    #[error("`{text}` is not an amount like 100.00")]
    NotAnAmount {
        /// The text given.
        text: String,
    },
    /// It is less than nothing.
    #[error("`{text}` is less than nothing; what goes back is said by `counterfoil reverse`")]
    Negative {
        /// The text given.
        text: String,
    },
    /// It is finer than the currency.
    #[error("`{text}` is finer than {currency}, which has {places} decimal digits")]
    TooFine {
        /// The text given.
        text: String,
        /// The currency.
        currency: CurrencyCode,
        /// Its decimal digits.
        places: u32,
    },
    /// It has too many minor units.
    #[error("`{text}` has 2^64 minor units or more")]
    TooLarge {
        /// The text given.
        text: String,
    },
    /// It is of another currency.
    #[error("`{text}` is not an amount of {expected}")]
    OtherCurrency {
        /// The text given.
        text: String,
        /// The currency it should be of.
        expected: CurrencyCode,
    },
    /// There is more than one currency, and it names none.
    #[error("`{text}` does not say of which currency it is: {known}")]
    CodeMissing {
        /// The text given.
        text: String,
        /// The currencies of the agreement.
        known: String,
    },
    /// It is of a currency that the agreement has not.
    #[error("`{code}` is no currency of this agreement, which has {known}")]
    CodeUnknown {
        /// The code given.
        code: String,
        /// The currencies of the agreement.
        known: String,
    },
}

#[cfg(test)]
mod tests {
    use super::{AmountError, amount_among, minor_units};
    use crate::statement::terms::Currency;

    fn currency(code: &str, exponent: u32) -> Currency {
        Currency { code: code.parse().unwrap(), exponent }
    }

    #[test]
    fn amounts_are_read_to_the_minor_unit() {
        let euro = currency("EUR", 2);
        for (text, minor) in [
            ("100.00", 10_000),
            ("100", 10_000),
            ("0.01", 1),
            ("58.3", 5_830),
            ("58.330", 5_833),
            ("58.33EUR", 5_833),
            (" 58.33 EUR", 5_833),
            ("184467440737095516.15", u64::MAX),
        ] {
            assert_eq!(minor_units(text, &euro), Ok(minor), "{text}");
        }
        assert_eq!(minor_units("7", &currency("JPY", 0)), Ok(7));
        assert_eq!(minor_units("0.000000000000000001", &currency("WEI", 18)), Ok(1));
    }

    #[test]
    fn what_is_no_amount_is_told_apart() {
        let euro = currency("EUR", 2);
        for text in ["", "EUR", "-1", "1,5", "1.", ".5", "1.2.3", "1e3"] {
            assert!(minor_units(text, &euro).is_err(), "{text}");
        }
        assert!(matches!(minor_units("0.001", &euro), Err(AmountError::TooFine { .. })));
        assert!(matches!(minor_units("7.5", &currency("JPY", 0)), Err(AmountError::TooFine { .. })));
        assert!(matches!(minor_units("184467440737095516.16", &euro), Err(AmountError::TooLarge { .. })));
        assert!(matches!(minor_units("1USD", &euro), Err(AmountError::OtherCurrency { .. })));
    }

    #[test]
    fn the_code_may_be_left_out_where_there_is_no_choice() {
        let both = [currency("EUR", 2), currency("JPY", 0)];
        assert_eq!(amount_among("12.50EUR", &both), Ok((0, 1_250)));
        assert_eq!(amount_among("12 JPY", &both), Ok((1, 12)));
        assert_eq!(amount_among("12.5", &both[..1]), Ok((0, 1_250)));
        assert!(matches!(amount_among("12.5", &both), Err(AmountError::CodeMissing { .. })));
        assert!(matches!(amount_among("12.5USD", &both), Err(AmountError::CodeUnknown { .. })));
    }
}
