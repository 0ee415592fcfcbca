//! Periods of the calendar, in UTC: a period is numbered by how many of its kind began since 1970, that year's first being 0.
//!
//! A period begins with its first moment and ends with the first moment of the next one. The last one that begins in the
//! range of times never ends in it.

use std::fmt;

use jiff::{civil::Date, tz::Offset};

use crate::{statement::rules::Calendar, time::Timestamp};

const FIRST_YEAR: u32 = 1970;
const MONTHS: u32 = 12;

/// A period of a calendar by its number; written as people do: `2018-07`, `2018-Q3`, `2018`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NumberedPeriod {
    /// The calendar.
    pub calendar: Calendar,
    /// Its number there.
    pub number: u32,
}

impl fmt::Display for NumberedPeriod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { calendar, number } = *self;
        // In 64 bits no number can be too large.
        let month = u64::from(number) * u64::from(months(calendar));
        let (year, part) = (u64::from(FIRST_YEAR) + month / u64::from(MONTHS), month % u64::from(MONTHS));
        let part = part / u64::from(months(calendar)) + 1;
        match calendar {
            Calendar::Month => write!(f, "{year:04}-{part:02}"),
            Calendar::Quarter => write!(f, "{year:04}-Q{part}"),
            Calendar::Year => write!(f, "{year:04}"),
        }
    }
}

/// Returns the period that `at` lies in.
#[must_use]
pub fn period_at(calendar: Calendar, at: Timestamp) -> u32 {
    let ms = i64::try_from(at.as_ms()).expect("the largest timestamp fits");
    let instant = jiff::Timestamp::from_millisecond(ms).expect("years 1970 to 9999 fit");
    let date = Offset::UTC.to_datetime(instant).date();
    let year = u32::try_from(date.year()).expect("no timestamp lies before 1970");
    let month = u32::try_from(date.month()).expect("months count from 1");
    ((year - FIRST_YEAR) * MONTHS + month - 1) / months(calendar)
}

/// Returns the period that a time from `start` to `end` belongs to: the one in which its last moment lies. Who writes the
/// last day, and who writes the first moment after it, means the same.
#[must_use]
pub fn period_of(calendar: Calendar, start: Timestamp, end: Timestamp) -> u32 {
    let last = if end > start { Timestamp::from_ms(end.as_ms() - 1).unwrap_or(end) } else { end };
    period_at(calendar, last)
}

/// Returns the first moment of a period; `None` if it lies beyond the last timestamp.
#[must_use]
pub fn period_start(calendar: Calendar, period: u32) -> Option<Timestamp> {
    let month = period.checked_mul(months(calendar))?;
    let year = i16::try_from(month / MONTHS + FIRST_YEAR).ok()?;
    let date = Date::new(year, i8::try_from(month % MONTHS + 1).ok()?, 1).ok()?;
    let instant = Offset::UTC.to_timestamp(date.at(0, 0, 0, 0)).ok()?;
    Timestamp::from_ms(u64::try_from(instant.as_millisecond()).ok()?).ok()
}

/// Returns the first moment after a period; `None` if it lies beyond the last timestamp.
#[must_use]
pub fn period_end(calendar: Calendar, period: u32) -> Option<Timestamp> {
    period_start(calendar, period.checked_add(1)?)
}

const fn months(calendar: Calendar) -> u32 {
    match calendar {
        Calendar::Month => 1,
        Calendar::Quarter => 3,
        Calendar::Year => MONTHS,
    }
}

#[cfg(test)]
mod tests {
    use super::{NumberedPeriod, period_at, period_end, period_of, period_start};
    use crate::{
        statement::rules::Calendar::{self, Month, Quarter, Year},
        time::Timestamp,
    };

    const LAST_MS: u64 = 253_402_207_200_000;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn periods_are_counted_since_1970() {
        for (calendar, time, period) in [
            (Month, "1970-01-01", 0),
            (Month, "1970-12-31T23:59:59.999Z", 11),
            (Month, "2026-03-15", 674),
            (Quarter, "1970-03-31", 0),
            (Quarter, "2026-03-31T23:59:59.999Z", 224),
            (Quarter, "2026-04-01", 225),
            (Year, "1970-12-31", 0),
            (Year, "2026-11-29T12:00:00Z", 56),
        ] {
            assert_eq!(period_at(calendar, at(time)), period, "{calendar:?} {time}");
        }
    }

    #[test]
    fn periods_have_the_names_that_people_give_them() {
        for (calendar, number, name) in [
            (Month, 0, "1970-01"),
            (Month, 674, "2026-03"),
            (Quarter, 224, "2026-Q1"),
            (Quarter, 227, "2026-Q4"),
            (Year, 56, "2026"),
            (Month, u32::MAX, "357915911-04"),
        ] {
            assert_eq!(NumberedPeriod { calendar, number }.to_string(), name);
        }
    }

    #[test]
    fn a_period_begins_where_the_one_before_ends() {
        for (calendar, period, start, end) in [
            (Month, 0, "1970-01-01", "1970-02-01"),
            (Month, 25, "1972-02-01", "1972-03-01"),
            (Month, 649, "2024-02-01", "2024-03-01"),
            (Quarter, 223, "2025-10-01", "2026-01-01"),
            (Year, 54, "2024-01-01", "2025-01-01"),
            (Year, 130, "2100-01-01", "2101-01-01"),
        ] {
            assert_eq!(period_start(calendar, period), Some(at(start)), "{calendar:?} {period}");
            assert_eq!(period_end(calendar, period), Some(at(end)), "{calendar:?} {period}");
        }
        // A leap day more or less: 29 days in 2024, 28 in 2100 although it is divisible by 4.
        let days = |period| {
            let (start, end) = (period_start(Month, period).unwrap(), period_end(Month, period).unwrap());
            (end.as_ms() - start.as_ms()) / (24 * 60 * 60 * 1_000)
        };
        assert_eq!((days(649), days(648 + 12 + 1), days(130 * 12 + 1), days(30 * 12 + 1)), (29, 28, 28, 29));
    }

    #[test]
    fn every_moment_lies_in_its_period() {
        for calendar in [Month, Quarter, Year] {
            let mut period = 0;
            while let Some(end) = period_end(calendar, period) {
                assert_eq!(period_at(calendar, Timestamp::from_ms(end.as_ms() - 1).unwrap()), period);
                assert_eq!(period_at(calendar, end), period + 1);
                period += 1;
            }
            assert_eq!(period, period_at(calendar, Timestamp::from_ms(LAST_MS).unwrap()), "the last one has no end");
        }
    }

    #[test]
    fn what_lies_beyond_the_range_has_no_start() {
        assert!(period_start(Year, 8_029).is_some());
        for calendar in [Month, Quarter, Year] {
            assert_eq!(period_start(calendar, u32::MAX), None);
            assert_eq!(period_end(calendar, u32::MAX), None);
        }
        assert_eq!(period_end(Year, 8_029), None);
    }

    #[test]
    fn a_time_belongs_to_the_period_of_its_last_moment() {
        let of = |calendar: Calendar, start: &str, end: &str| period_of(calendar, at(start), at(end));
        assert_eq!(of(Month, "2026-01-01", "2026-01-31"), 672);
        assert_eq!(of(Month, "2026-01-01", "2026-02-01"), 672);
        assert_eq!(of(Month, "2026-02-01", "2026-02-01"), 673);
        assert_eq!(of(Month, "2025-11-05", "2026-02-01T00:00:00.001Z"), 673);
        assert_eq!(of(Year, "1970-01-01", "1970-01-01"), 0);
    }
}
