//! One formula over a history: the law's own books, filled in the order of the calendar.

use std::{
    collections::{BTreeMap, HashMap},
    path::PathBuf,
};

use crate::{
    agreement::{
        refusal::Refusal,
        settle::{Account, Books},
    },
    cli::{
        amount,
        csv_rows::{BenefitRow, ContributionRow, Contributions, LeftOut},
        error::Failure,
        period::{Every, Period},
    },
    split::Exact,
    statement::{ArtifactDigest, terms::Terms},
    time::Timestamp,
};

/// What terms make of a history.
pub(super) struct Simulation {
    /// The file of the terms.
    pub(super) path: PathBuf,
    /// The terms.
    pub(super) terms: Terms,
    /// How often is settled.
    pub(super) every: Every,
    /// What of the history belongs to others.
    left_out: LeftOut,
    /// How many rows claim an artifact that others claim in full: the law would refuse them.
    overclaimed: usize,
    /// In the order of the calendar; only those in which there was anything.
    pub(super) periods: Vec<Settled>,
    /// The account of the last period.
    pub(super) account: Account,
}

/// One period, settled; each list in the order of the parties.
pub(super) struct Settled {
    /// The period.
    pub(super) period: Period,
    /// How many contributions were counted.
    pub(super) counted: Vec<usize>,
    /// The shares at its end.
    pub(super) shares: Vec<Exact>,
    /// By currency: what is due.
    pub(super) dues: Vec<Vec<i64>>,
}

/// What comes in.
pub(super) enum Benefits {
    /// Each at its own time.
    Listed(Vec<BenefitRow>),
    /// The same in each period.
    EachPeriod {
        /// The position of the stream.
        stream: usize,
        /// The position of the currency.
        currency: usize,
        /// Minor units.
        amount: u64,
    },
}

impl Benefits {
    /// Reads `[STREAM=]AMOUNT`.
    pub(super) fn each_period(text: &str, terms: &Terms) -> Result<Self, Failure> {
        let wrong = |says: String| Failure::usage(format!("--benefit-per-period {text}: {says}"));
        let names = || terms.streams.iter().map(|stream| stream.name.as_str()).collect::<Vec<_>>().join(", ");
        let (stream, amount) = match text.split_once('=') {
            Some((name, amount)) => {
                let stream = terms.streams.iter().position(|stream| stream.name.as_str() == name);
                (stream.ok_or_else(|| wrong(format!("there is no stream `{name}`")).hint(names()))?, amount)
            }
            None if terms.streams.len() == 1 => (0, text),
            None => {
                let hint = format!("write STREAM={text}; the streams are {}", names());
                return Err(wrong("there are several streams".to_owned()).hint(hint));
            }
        };
        let (currency, amount) =
            amount::amount_among(amount, &terms.currencies).map_err(|error| wrong(error.to_string()))?;
        Ok(Self::EachPeriod { stream, currency, amount })
    }
}

impl Simulation {
    /// Says what was not counted, in a line each.
    pub(super) fn left_out_words(&self) -> Vec<String> {
        let others = (self.left_out.rows() > 0).then(|| self.left_out.to_string());
        let twice = (self.overclaimed > 0).then(|| {
            format!("{} rows left out that claim an artifact others claim already: OVERCLAIM", self.overclaimed)
        });
        others.into_iter().chain(twice).collect()
    }

    /// Returns what was not counted.
    pub(super) const fn left_out(&self) -> (&LeftOut, usize) {
        (&self.left_out, self.overclaimed)
    }
}

/// What happens in one period.
#[derive(Default)]
struct Happening {
    rows: Vec<ContributionRow>,
    /// Stream, currency, amount.
    benefits: Vec<(usize, usize, u64)>,
}

/// Computes what `terms`, which fit together, make of a history.
pub(super) fn compute(
    path: PathBuf,
    terms: Terms,
    read: Contributions,
    benefits: &Benefits,
    every: Every,
) -> Result<Simulation, Failure> {
    let Contributions { mut rows, left_out } = read;
    rows.sort_by_key(|row| row.contribution.work_end);
    let overclaimed = leave_out_overclaims(&mut rows);
    let happenings = by_period(rows, benefits, every);
    let dimensions: Vec<usize> = terms
        .units
        .iter()
        .map(|unit| terms.dimensions.iter().position(|dimension| dimension.name == unit.dimension).unwrap_or(0))
        .collect();
    let mut books = Books::new(&terms);
    let mut at = 0_u64;
    let mut periods = Vec::with_capacity(happenings.len());
    let mut last = None;
    for (period, happening) in happenings {
        let mut counted = vec![0; terms.parties.len()];
        for row in happening.rows {
            let unit = &terms.units[row.unit];
            let points = row.contribution.quantity.exact() * unit.points.exact() * row.quality.exact();
            books.count(at, row.party, dimensions[row.unit], points);
            counted[row.party] += 1;
            at += 1;
        }
        for (stream, currency, amount) in happening.benefits {
            books.take_in(at, stream, currency, amount);
            at += 1;
        }
        // The settlement itself is an entry, too: without it a period of nothing but it would cover nothing new.
        at += 1;
        let account = books.settle_at(at, Timestamp::EPOCH).map_err(Refusal::from)?;
        periods.push(Settled { period, counted, shares: account.shares.shares.iter().collect(), dues: dues(&account) });
        last = Some(account);
    }
    let account = last.ok_or_else(|| Failure::usage("there is nothing to count"))?;
    Ok(Simulation { path, terms, every, left_out, overclaimed, periods, account })
}

fn dues(account: &Account) -> Vec<Vec<i64>> {
    let accounts = account.settlement.accounts.iter();
    accounts.map(|account| account.parties.iter().map(|party| party.due).collect()).collect()
}

/// Leaves out rows of which an artifact is claimed already as far as the law lets it, and returns how many.
fn leave_out_overclaims(rows: &mut Vec<ContributionRow>) -> usize {
    let before = rows.len();
    let mut claimed: HashMap<ArtifactDigest, Exact> = HashMap::new();
    rows.retain(|row| {
        let artifacts = &row.contribution.artifacts;
        let fits = artifacts.iter().all(|artifact| {
            let others = claimed.get(&artifact.digest).cloned().unwrap_or(Exact::ZERO);
            others + artifact.fraction.exact() <= Exact::ONE
        });
        if fits {
            for artifact in artifacts {
                *claimed.entry(artifact.digest).or_insert(Exact::ZERO) += artifact.fraction.exact();
            }
        }
        fits
    });
    before - rows.len()
}

fn by_period(rows: Vec<ContributionRow>, benefits: &Benefits, every: Every) -> BTreeMap<Period, Happening> {
    let mut periods: BTreeMap<Period, Happening> = BTreeMap::new();
    for row in rows {
        periods.entry(Period::of(every, row.contribution.work_end)).or_default().rows.push(row);
    }
    match benefits {
        Benefits::Listed(listed) => {
            for row in listed {
                let benefits = &mut periods.entry(Period::of(every, row.time)).or_default().benefits;
                benefits.push((row.stream, row.currency, row.amount));
            }
        }
        Benefits::EachPeriod { stream, currency, amount } => {
            let (first, last) = (periods.keys().next().copied(), periods.keys().next_back().copied());
            let mut next = first;
            while let Some(period) = next.filter(|period| Some(*period) <= last) {
                periods.entry(period).or_default().benefits.push((*stream, *currency, *amount));
                next = Some(period.next());
            }
        }
    }
    periods
}
