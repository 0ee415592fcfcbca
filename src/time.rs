//! Points in time: milliseconds since 1970-01-01T00:00:00Z. There is no clock in here; who needs to know the time is told.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A point in time in milliseconds, UTC, between the years 1970 and 9999.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The first point in time, 1970-01-01T00:00:00Z.
    pub const EPOCH: Self = Self(0);

    /// Takes milliseconds since 1970-01-01T00:00:00Z.
    ///
    /// Errors: [`TimeError::TooLate`] after the year 9999.
    pub const fn from_ms(ms: u64) -> Result<Self, TimeError> {
        if ms > TIMESTAMP_MS_MAX { Err(TimeError::TooLate { ms }) } else { Ok(Self(ms)) }
    }

    /// Returns milliseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn as_ms(self) -> u64 {
        self.0
    }

    /// Returns the point in time `days` days of 24 hours earlier, but not before [`Self::EPOCH`].
    #[must_use]
    pub const fn days_earlier(self, days: u32) -> Self {
        #[expect(clippy::as_conversions, reason = "u32 to u64 cannot lose bits, and From is not const")]
        Self(self.0.saturating_sub(DAY_MS * days as u64))
    }
}

impl Timestamp {
    /// Returns the time `days` days later, at most the last one there is.
    #[must_use]
    pub const fn days_later(self, days: u32) -> Self {
        #[expect(clippy::as_conversions, reason = "u32 to u64 cannot lose bits, and From is not const")]
        self.ms_later(DAY_MS * days as u64)
    }

    /// Returns the time `ms` milliseconds later, at most the last one there is.
    #[must_use]
    pub const fn ms_later(self, ms: u64) -> Self {
        let later = self.0.saturating_add(ms);
        Self(if later > TIMESTAMP_MS_MAX { TIMESTAMP_MS_MAX } else { later })
    }

    /// Returns the day it lies in (UTC): days since 1970-01-01.
    #[must_use]
    pub const fn day(self) -> u64 {
        self.0 / DAY_MS
    }
}

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;
/// 9999-12-30T22:00:00Z: the last moment whose date is a year of four digits at every offset, and jiff's last.
const TIMESTAMP_MS_MAX: u64 = 253_402_207_200_000;

/// Why something is not a point in time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TimeError {
    /// It lies after the year 9999.
    #[error("{ms} ms after 1970 is later than the year 9999")]
    TooLate {
        /// The milliseconds given.
        ms: u64,
    },
    /// The text is no date and time.
    #[error(
        "`{text}` is not a date (2026-03-31) or a time with its offset (2026-03-31T18:00:00Z), from 1970-01-01 to 9999-12-30"
    )]
    Text {
        /// The text given.
        text: String,
    },
}

impl FromStr for Timestamp {
    type Err = TimeError;

    /// Reads an RFC 3339 time with any offset, or a date alone, which is its first moment in UTC.
    fn from_str(text: &str) -> Result<Self, TimeError> {
        let wrong = || TimeError::Text { text: text.to_owned() };
        let instant = match text.parse::<jiff::Timestamp>() {
            Ok(instant) => instant,
            // A civil date would also be read out of a time without an offset, which could be any moment.
            Err(_) if text.len() != "2026-03-31".len() => return Err(wrong()),
            Err(_) => {
                let date: jiff::civil::Date = text.parse().map_err(|_| wrong())?;
                jiff::tz::Offset::UTC.to_timestamp(date.at(0, 0, 0, 0)).map_err(|_| wrong())?
            }
        };
        let ms = u64::try_from(instant.as_millisecond()).map_err(|_| wrong())?;
        Self::from_ms(ms)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = i64::try_from(self.0).expect("the largest timestamp fits");
        let instant = jiff::Timestamp::from_millisecond(ms).expect("years 1970 to 9999 fit");
        write!(f, "{instant}")
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::{DAY_MS, TIMESTAMP_MS_MAX, TimeError, Timestamp};

    #[test]
    fn texts_with_any_offset_and_dates_alone_are_read() {
        for (text, ms) in [
            ("1970-01-01T00:00:00Z", 0),
            ("1970-01-02", DAY_MS),
            ("2018-07-02T13:27:52-07:00", 1_530_563_272_000),
            ("2018-07-02T20:27:52.250Z", 1_530_563_272_250),
        ] {
            assert_eq!(text.parse::<Timestamp>().map(Timestamp::as_ms), Ok(ms), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in ["", "yesterday", "2018-13-01", "1969-12-31T23:59:59Z", "2018-07-02T20:27:52"] {
            assert!(matches!(text.parse::<Timestamp>(), Err(TimeError::Text { .. })), "{text}");
        }
        assert!(Timestamp::from_ms(TIMESTAMP_MS_MAX + 1).is_err());
    }

    #[test]
    fn the_last_timestamp_can_be_printed() {
        let last = Timestamp::from_ms(TIMESTAMP_MS_MAX).unwrap();
        assert_eq!(last.to_string(), "9999-12-30T22:00:00Z");
    }
}
