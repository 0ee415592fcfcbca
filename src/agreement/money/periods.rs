//! Periods: how the parties close them, one after the other, and what was reported of each stream in them.
//!
//! A period that is over is closed by all parties, each of whom says that everything it has is in the ledger; the entry of
//! the last one is the last that the period's settlement covers. Who keeps silent is overtaken by the deadline: then the
//! settlement covers the entries before the first one after it. So nobody chooses the moment a settlement is made at.
//!
//! A party that has left is not waited for. While the agreement is wound down, the parties may also close the running period
//! together before it is over: what is left could otherwise not be settled in time.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    agreement::{
        Agreement, Said,
        calendar::{NumberedPeriod, period_at, period_end, period_of, period_start},
        money::Change,
        refusal::{Refusal, money::MoneyRefusal},
        state::Phase,
    },
    statement::{
        Benefit, Settlement,
        id::StatementId,
        money::{Closing, NilReport},
        rules::Calendar,
    },
    time::Timestamp,
};

/// See [`self`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::agreement) struct Periods {
    pub(super) calendar: Calendar,
    /// The period in which the agreement came in force.
    pub(super) first: u32,
    /// The cut-offs of the closed ones, from the first on: as many as time makes.
    pub(super) cut_offs: Vec<u64>,
    /// Who has closed the next one.
    pub(super) closers: BTreeMap<usize, ClosedBy>,
    /// What was reported, by period and stream: of periods that are not settled, and of those that the last settlement covers.
    pub(super) reports: BTreeMap<(u32, usize), Report>,
}

/// How a party has closed a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClosedBy {
    /// The index of the entry.
    pub index: u64,
    /// How many entries the signer had seen.
    pub seen: Option<u64>,
}

/// What was reported of a stream in a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Report {
    /// Something came in.
    Benefit,
    /// Nothing came in; the statement that says so.
    Nil(StatementId),
    /// That nothing came in was taken back; what did come in is still missing.
    NilTakenBack,
}

/// Where a period stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeriodState {
    /// It goes on.
    Running,
    /// It is over, and not closed.
    Over,
    /// It is closed, and not settled.
    Closed,
    /// A settlement covers it.
    Settled,
}

/// A period and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeriodView {
    /// Its number.
    pub period: u32,
    /// Its first moment.
    pub start: Option<Timestamp>,
    /// The first moment after it; none beyond the range of times.
    pub end: Option<Timestamp>,
    /// Where it stands.
    pub state: PeriodState,
    /// When it is closed though not all have; none: only once all have, or while the agreement stands still.
    pub deadline: Option<Timestamp>,
    /// By party: how it has closed it; of a period that is not closed.
    pub closed_by: BTreeMap<usize, ClosedBy>,
    /// How many entries its settlement covers, once it is closed.
    pub cut_off: Option<u64>,
    /// The streams of which neither a benefit nor a nil report came, once it is over; ascending.
    pub missing: Vec<usize>,
}

impl Periods {
    pub(super) fn begin(calendar: Calendar, at: Timestamp) -> Self {
        Self {
            calendar,
            first: period_at(calendar, at),
            cut_offs: Vec::new(),
            closers: BTreeMap::new(),
            reports: BTreeMap::new(),
        }
    }

    /// Returns the first period that is not closed.
    pub(super) fn next(&self) -> u32 {
        self.after(self.cut_offs.len())
    }

    /// Returns the period that comes after so many.
    fn after(&self, periods: usize) -> u32 {
        u32::try_from(periods).map_or(u32::MAX, |periods| self.first.saturating_add(periods))
    }

    /// Returns the period that a time belongs to; what was before the first one belongs to it.
    pub(super) fn of(&self, start: Timestamp, end: Timestamp) -> u32 {
        period_of(self.calendar, start, end).max(self.first)
    }

    /// Returns the cut-off of a closed period.
    pub(super) fn cut_off(&self, period: u32) -> Option<u64> {
        let place = usize::try_from(period.checked_sub(self.first)?).ok()?;
        self.cut_offs.get(place).copied()
    }

    /// Returns how many periods settlements cover that cover `settled` entries.
    pub(super) fn settled(&self, settled: u64) -> usize {
        self.cut_offs.partition_point(|cut_off| *cut_off <= settled)
    }

    /// Returns a period as people name it.
    fn named(&self, number: u32) -> NumberedPeriod {
        NumberedPeriod { calendar: self.calendar, number }
    }

    fn end_of_next(&self) -> Option<Timestamp> {
        period_end(self.calendar, self.next())
    }

    pub(super) fn close(&mut self, cut_off: u64) {
        self.cut_offs.push(cut_off);
        self.closers.clear();
    }

    /// Drops what was reported of periods before those that a settlement of `tree_size` covers.
    pub(super) fn forget_reports(&mut self, tree_size: u64) {
        let before = self.cut_offs.partition_point(|cut_off| *cut_off < tree_size);
        self.reports = self.reports.split_off(&(self.after(before), 0));
    }

    /// Returns the period and stream of a nil report that stands.
    pub(super) fn nil(&self, statement: StatementId) -> Option<(u32, usize)> {
        let mut reports = self.reports.iter();
        reports.find(|(_, report)| **report == Report::Nil(statement)).map(|(place, _)| *place)
    }
}

impl Agreement {
    pub(super) fn close(&self, said: Said<'_>, body: Closing) -> Result<Change, MoneyRefusal> {
        let (period, party) = (body.period, said.speaker.party);
        let periods = self.check_period(period)?;
        let next = periods.next();
        if !self.is_over(periods, period, said.at) {
            return Err(MoneyRefusal::PeriodNotOver {
                period: periods.named(period),
                end: period_end(periods.calendar, period),
                at: said.at,
            });
        }
        if period != next {
            return Err(MoneyRefusal::PeriodOutOfOrder { period: periods.named(period), next: periods.named(next) });
        }
        if periods.closers.contains_key(&party) {
            return Err(MoneyRefusal::AlreadyClosedByParty {
                period: periods.named(period),
                party: self.party_name(party),
            });
        }
        let completes = self.all_closed(periods, Some(party));
        Ok(Change::Closed { party, seen: said.seen.map(|seen| seen.tree_size), completes })
    }

    pub(super) fn report_nil(&self, said: Said<'_>, body: &NilReport) -> Result<Change, Refusal> {
        let (name, period) = (&body.stream, body.period);
        let stream = self.collected_stream(name, said.speaker.party)?;
        let periods = self.check_period(period)?;
        let end = period_end(periods.calendar, period);
        if end.is_none_or(|end| end > said.at) {
            return Err(MoneyRefusal::PeriodNotOver { period: periods.named(period), end, at: said.at }.into());
        }
        let (stream_name, named) = (name.clone(), periods.named(period));
        match periods.reports.get(&(period, stream)) {
            None => Ok(Change::Nil { period, stream }),
            Some(Report::Benefit) => Err(MoneyRefusal::NilBesideBenefit { stream: stream_name, period: named }.into()),
            Some(Report::Nil(_) | Report::NilTakenBack) => {
                Err(MoneyRefusal::NilTwice { stream: stream_name, period: named }.into())
            }
        }
    }

    /// Checks that a benefit may be reported at `at` for the time it was earned in.
    pub(in crate::agreement) fn check_earned(
        &self,
        stream: usize,
        benefit: &Benefit,
        at: Timestamp,
    ) -> Result<(), MoneyRefusal> {
        let Some(periods) = &self.money.periods else { return Ok(()) };
        let period = periods.of(benefit.period_start, benefit.period_end);
        self.check_period_open(period)?;
        if period > period_at(periods.calendar, at) {
            return Err(MoneyRefusal::PeriodNotBegun { period: periods.named(period), at });
        }
        match periods.reports.get(&(period, stream)) {
            Some(Report::Nil(_)) => {
                let (stream, period) = (benefit.stream.clone(), periods.named(period));
                Err(MoneyRefusal::BenefitBesideNil { stream, period })
            }
            None | Some(Report::Benefit | Report::NilTakenBack) => Ok(()),
        }
    }

    /// Checks that work done in a time may still be claimed.
    pub(in crate::agreement) fn check_worked(&self, start: Timestamp, end: Timestamp) -> Result<(), MoneyRefusal> {
        match &self.money.periods {
            Some(periods) => self.check_period_open(periods.of(start, end)),
            None => Ok(()),
        }
    }

    pub(super) fn check_period_open(&self, period: u32) -> Result<(), MoneyRefusal> {
        match &self.money.periods {
            Some(periods) if period < periods.next() => Err(MoneyRefusal::PeriodClosed {
                period: periods.named(period),
                next: periods.named(periods.next()),
                is_first: period == periods.first,
            }),
            _ => Ok(()),
        }
    }

    fn check_period(&self, period: u32) -> Result<&Periods, MoneyRefusal> {
        let periods = self.money.periods.as_ref().ok_or(MoneyRefusal::NoCalendar)?;
        if period < periods.first {
            let (period, first) = (periods.named(period), periods.named(periods.first));
            return Err(MoneyRefusal::PeriodBeforeFirst { period, first });
        }
        self.check_period_open(period)?;
        Ok(periods)
    }

    /// Checks that a settlement covers what the calendar says it must.
    pub(in crate::agreement) fn check_cut_off(&self, body: &Settlement) -> Result<(), MoneyRefusal> {
        let Some(periods) = &self.money.periods else { return Ok(()) };
        let settled = periods.settled(self.books.cut_off());
        match periods.cut_offs.get(settled).copied() {
            None => Err(MoneyRefusal::PeriodNotClosed { next: periods.named(periods.next()) }),
            Some(cut_off) if cut_off == body.tree_size => Ok(()),
            Some(cut_off) => {
                let (tree_size, period) = (body.tree_size, periods.named(periods.after(settled)));
                Err(MoneyRefusal::SettlementNotAtCutOff { tree_size, period, cut_off })
            }
        }
    }

    /// Whether a period is over at `at`, or the parties may close it as if it were.
    fn is_over(&self, periods: &Periods, period: u32, at: Timestamp) -> bool {
        let ending = self.course.phase == Phase::WindingDown && period <= period_at(periods.calendar, at);
        ending || period_end(periods.calendar, period).is_some_and(|end| end <= at)
    }

    /// Whether all parties that have not left have closed the next period, `party` included.
    fn all_closed(&self, periods: &Periods, party: Option<usize>) -> bool {
        let has_closed = |other: usize| Some(other) == party || periods.closers.contains_key(&other);
        (0..self.terms().parties.len()).all(|other| has_closed(other) || self.has_left(other))
    }

    /// Whether the next period is closed until `at` without anybody saying so: its deadline is over, or who has not closed
    /// it has left.
    pub(super) fn closes_by_itself(&self, periods: &Periods, at: Timestamp) -> bool {
        if !self.is_over(periods, periods.next(), at) {
            return false;
        }
        let days = self.terms().windows.closing;
        let late = |end| self.course.window_over(end, days, at);
        self.all_closed(periods, None) || (days > 0 && periods.end_of_next().is_some_and(late))
    }

    /// Fixes the cut-off of periods that are closed by time alone at `at`: entry `index` comes after it.
    pub(in crate::agreement) fn close_periods(&mut self, index: u64, at: Timestamp) {
        while self.money.period_ends(self, at)
            && let Some(periods) = &mut self.money.periods
        {
            periods.close(index);
        }
    }

    /// Returns the closed periods and how many entries the settlement of each covers, in their order.
    pub fn closed_periods(&self) -> impl ExactSizeIterator<Item = (u32, u64)> {
        let (first, cut_offs) =
            self.money.periods.as_ref().map_or((0, &[][..]), |periods| (periods.first, &periods.cut_offs));
        cut_offs.iter().zip(first..).map(|(cut_off, period)| (period, *cut_off)).collect::<Vec<_>>().into_iter()
    }

    /// Returns the nil reports that stand, of periods that are not closed: what their party can still take back.
    #[must_use]
    pub fn open_nil_reports(&self) -> Vec<StatementId> {
        let Some(periods) = &self.money.periods else { return Vec::new() };
        let open = periods.reports.range((periods.next(), 0)..);
        open.filter_map(|(_, report)| match report {
            Report::Nil(statement) => Some(*statement),
            Report::Benefit | Report::NilTakenBack => None,
        })
        .collect()
    }

    /// Returns how many periods are settled.
    #[must_use]
    pub fn settled_periods(&self) -> usize {
        self.money.periods.as_ref().map_or(0, |periods| periods.settled(self.books.cut_off()))
    }

    /// Returns the periods that the last settlement covers, and all after them up to the one that `now` lies in. Empty without a
    /// calendar. What time alone closes is closed though no entry shows it yet.
    #[must_use]
    pub fn periods(&self, now: Timestamp) -> Vec<PeriodView> {
        let mut later = None;
        if self.time_brings_something(now) {
            later.insert(self.without_slips()).pass_time(now);
        }
        let shown = later.as_ref().unwrap_or(self);
        let Some(periods) = &shown.money.periods else { return Vec::new() };
        let settled = self.books.cut_off();
        let before = periods.cut_offs.partition_point(|cut_off| *cut_off < settled);
        let oldest = periods.after(before);
        let newest = period_at(periods.calendar, now).max(periods.next().saturating_sub(1));
        (oldest..=newest).map(|period| shown.period_view(periods, period, now)).collect()
    }

    /// Returns how many entries the next settlement must cover if it is made at `now`: all without a calendar, else those of the next
    /// closed period; `None` as long as none is.
    #[must_use]
    pub fn next_settlement(&self, now: Timestamp) -> Option<u64> {
        if self.money.periods.is_none() {
            return Some(self.size);
        }
        let closed = |view: &PeriodView| view.state == PeriodState::Closed;
        self.periods(now).into_iter().find(closed).and_then(|view| view.cut_off)
    }

    fn period_view(&self, periods: &Periods, period: u32, now: Timestamp) -> PeriodView {
        let end = period_end(periods.calendar, period);
        let cut_off = periods.cut_off(period);
        let over = end.is_some_and(|end| end <= now);
        let state = match cut_off {
            Some(cut_off) if cut_off <= self.books.cut_off() => PeriodState::Settled,
            Some(_) => PeriodState::Closed,
            None if over => PeriodState::Over,
            None => PeriodState::Running,
        };
        let days = self.terms().windows.closing;
        // A stream that came in with later terms is not missing in periods before.
        let terms = cut_off.map_or(self.terms(), |cut_off| self.terms_at(cut_off.saturating_sub(1)));
        let missing =
            |stream: &usize| matches!(periods.reports.get(&(period, *stream)), None | Some(Report::NilTakenBack));
        PeriodView {
            period,
            start: period_start(periods.calendar, period),
            end,
            state,
            deadline: end.filter(|_| days > 0).and_then(|end| self.course.window_end(end, days)),
            closed_by: if period == periods.next() { periods.closers.clone() } else { BTreeMap::new() },
            cut_off,
            missing: match state {
                PeriodState::Running => Vec::new(),
                _ => (0..terms.streams.len()).filter(missing).collect(),
            },
        }
    }
}
