//! Calendar periods in UTC: months, quarters, years.

use std::{fmt, str::FromStr};

use clap::ValueEnum;

use crate::{
    agreement::calendar::NumberedPeriod,
    cli::error::{Exit, Failure},
    statement::{rules::Calendar, terms::Terms},
    time::Timestamp,
};

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
    /// Returns how long the periods of a calendar are.
    #[must_use]
    pub const fn of(calendar: Calendar) -> Self {
        match calendar {
            Calendar::Month => Self::Month,
            Calendar::Quarter => Self::Quarter,
            Calendar::Year => Self::Year,
        }
    }

    const fn months(self) -> i32 {
        match self {
            Self::Month => 1,
            Self::Quarter => 3,
            Self::Year => 12,
        }
    }
}

impl fmt::Display for Every {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
        })
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

    /// Returns the period that an agreement with `calendar` numbers so: by how many began since 1970, that year's first being 0.
    #[must_use]
    pub fn numbered(calendar: Calendar, number: u32) -> Self {
        let every = Every::of(calendar);
        let number = i32::try_from(number).unwrap_or(i32::MAX / MONTHS);
        Self { every, number: number.saturating_add(first_number(every)) }
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
const FIRST_YEAR: i32 = 1970;

/// How many such periods lie between the year 0 and 1970.
const fn first_number(every: Every) -> i32 {
    FIRST_YEAR * MONTHS / every.months()
}

/// Returns the number of a period in the calendar of an agreement.
///
/// Errors: there is no calendar, or it has other periods.
pub fn number_in(period: Period, terms: &Terms) -> Result<u32, Failure> {
    let Some(calendar) = terms.calendar else {
        return Err(Failure::new(Exit::Refused, "the terms have no calendar, and so no periods")
            .reason("NO_CALENDAR")
            .hint("an amendment can agree on one: calendar = \"quarter\""));
    };
    let every = Every::of(calendar);
    if period.every != every {
        let like = match every {
            Every::Month => "2026-03",
            Every::Quarter => "2026-Q1",
            Every::Year => "2026",
        };
        return Err(Failure::usage(format!("{period} is no period of this agreement's calendar"))
            .hint(format!("write it like {like}; `counterfoil periods` lists them")));
    }
    u32::try_from(period.number - first_number(every))
        .map_err(|_| Failure::usage("no agreement has a period before 1970").hint("`counterfoil periods` lists them"))
}

/// Why a text is no period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a period is written like 2026-Q1, 2026-03 or 2026")]
pub struct PeriodError;

impl FromStr for Period {
    type Err = PeriodError;

    fn from_str(text: &str) -> Result<Self, PeriodError> {
        let number = |text: &str, digits: usize| {
            let is_number = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
            is_number.then(|| text.parse::<i32>().ok()).flatten().ok_or(PeriodError)
        };
        let (year, part) = text.split_once('-').unwrap_or((text, ""));
        let year = number(year, 4)?;
        let (every, part) = match part.strip_prefix('Q') {
            _ if part.is_empty() => (Every::Year, 1),
            Some(quarter) => (Every::Quarter, number(quarter, 1)?),
            None => (Every::Month, number(part, 2)?),
        };
        let in_year = MONTHS / every.months();
        if !(1..=in_year).contains(&part) {
            return Err(PeriodError);
        }
        Ok(Self { every, number: year * in_year + part - 1 })
    }
}

impl fmt::Display for Period {
    /// `2018-07`, `2018-Q3`, `2018`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let calendar = match self.every {
            Every::Month => Calendar::Month,
            Every::Quarter => Calendar::Quarter,
            Every::Year => Calendar::Year,
        };
        match u32::try_from(self.number - first_number(self.every)) {
            Ok(number) => NumberedPeriod { calendar, number }.fmt(f),
            Err(_) => f.write_str("a period before 1970"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Every, Period};
    use crate::{agreement::calendar::period_at, statement::rules::Calendar};

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
    #[test]
    fn periods_are_read_as_they_are_written_and_numbered_as_the_law_does() {
        for (text, time, calendar) in [
            ("2026-Q1", "2026-02-11", Calendar::Quarter),
            ("1970-Q1", "1970-01-01", Calendar::Quarter),
            ("2025-12", "2025-12-31T23:59:59Z", Calendar::Month),
            ("2026", "2026-07-01", Calendar::Year),
        ] {
            let period: Period = text.parse().unwrap();
            assert_eq!(period.to_string(), text);
            assert_eq!(Period::numbered(calendar, period_at(calendar, time.parse().unwrap())), period, "{text}");
        }
        for text in ["", "2026-Q5", "2026-13", "2026-Q", "26-Q1", "2026-1", "2026-Q01", "Q1-2026"] {
            assert!(text.parse::<Period>().is_err(), "{text}");
        }
    }
}
