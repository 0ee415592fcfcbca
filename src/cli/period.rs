//! Calendar periods in UTC: months, quarters, years.

use std::fmt;

use clap::ValueEnum;

use crate::time::Timestamp;

/// How long a period is
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Every {
    /// A calendar month
    Month,
    /// A calendar quarter
    Quarter,
    /// A calendar year
    Year,
}

impl Every {
    const fn months(self) -> i32 {
        match self {
            Self::Month => 1,
            Self::Quarter => 3,
            Self::Year => 12,
        }
    }
}

/// A period of the calendar, such as the third quarter of 2018.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Period {
    every: Every,
    /// How many such periods lie between the year 0 and this one.
    number: i32,
}

impl Period {
    /// Returns the period that a moment lies in.
    #[must_use]
    pub fn of(every: Every, time: Timestamp) -> Self {
        let ms = i64::try_from(time.as_ms()).expect("the largest timestamp fits");
        let instant = jiff::Timestamp::from_millisecond(ms).expect("years 1970 to 9999 fit");
        let date = jiff::tz::Offset::UTC.to_datetime(instant).date();
        let months = i32::from(date.year()) * MONTHS + i32::from(date.month()) - 1;
        Self { every, number: months / every.months() }
    }

    /// Returns the period after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self { every: self.every, number: self.number + 1 }
    }

    /// Returns its first moment.
    #[must_use]
    pub fn start(self) -> Timestamp {
        let (year, month) = self.first_month();
        // Beyond the calendar there is no period that a moment lies in.
        format!("{year:04}-{month:02}-01").parse().unwrap_or(Timestamp::EPOCH)
    }

    /// Returns its last moment.
    #[must_use]
    pub fn end(self) -> Timestamp {
        let next = self.next().start().as_ms();
        Timestamp::from_ms(next.saturating_sub(1)).unwrap_or(Timestamp::EPOCH)
    }

    fn first_month(self) -> (i32, i32) {
        let months = self.number * self.every.months();
        (months / MONTHS, months % MONTHS + 1)
    }
}

const MONTHS: i32 = 12;

impl fmt::Display for Period {
    /// `2018-07`, `2018-Q3`, `2018`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month) = self.first_month();
        match self.every {
            Every::Month => write!(f, "{year:04}-{month:02}"),
            Every::Quarter => write!(f, "{year:04}-Q{}", (month - 1) / 3 + 1),
            Every::Year => write!(f, "{year:04}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Every, Period};

    #[test]
    fn moments_lie_in_their_period_and_periods_follow_each_other() {
        for (time, month, quarter, year) in [
            ("2018-07-01T00:00:00Z", "2018-07", "2018-Q3", "2018"),
            ("2018-06-30T23:59:59.999Z", "2018-06", "2018-Q2", "2018"),
            ("2019-01-01T00:30:00+01:00", "2018-12", "2018-Q4", "2018"),
            ("1970-01-01", "1970-01", "1970-Q1", "1970"),
        ] {
            let time = time.parse().unwrap();
            for (every, text) in [(Every::Month, month), (Every::Quarter, quarter), (Every::Year, year)] {
                let period = Period::of(every, time);
                assert_eq!(period.to_string(), text);
                assert!(period.start() <= time && time <= period.end(), "{period}");
                assert_eq!(Period::of(every, period.start()), period);
                assert_eq!(Period::of(every, period.end()), period);
                assert_eq!(Period::of(every, period.next().start()), period.next());
            }
        }
    }
}
