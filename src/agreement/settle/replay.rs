//! The replay of the money: every instalment and every release of what was held back, in their order, down the waterfall.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    agreement::settle::{
        figures::amount,
        instalment::{Instalment, Instalments, waterfall_of},
        pending::FlowKey,
    },
    split::{Exact, Fractions, Inflow, Intervals, Ratio, ShareIntervals, SplitError, Step, Tiers, Waterfall},
    statement::terms::Terms,
};

/// What happened to the money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::agreement) enum Event {
    /// The instalment at a place came in.
    Taken(usize),
    /// What was held back of the instalment at a place was released.
    Released(usize),
}

impl Event {
    /// Returns the place of the instalment that it is about.
    pub(in crate::agreement) const fn place(self) -> usize {
        let (Self::Taken(place) | Self::Released(place)) = self;
        place
    }
}

/// Where the money stands after some events.
#[derive(Clone, Debug)]
pub(in crate::agreement) struct State {
    pub(in crate::agreement) flows: BTreeMap<FlowKey, Flow>,
    /// By currency.
    pub(in crate::agreement) tiers: Vec<Tiers>,
}

/// What came in of one currency and stream.
#[derive(Clone, Debug, Default)]
pub(in crate::agreement) struct Flow {
    /// Gross.
    pub(in crate::agreement) gross: u128,
    /// The pool rates times the gross amounts under them, exactly.
    pub(in crate::agreement) reached: Exact,
}

impl Flow {
    /// Returns what is pooled: the part of a unit that is cut off stays with the collector, less than one unit for ever.
    pub(in crate::agreement) fn pooled(&self) -> Result<u64, SplitError> {
        u64::try_from(self.reached.floor()).map_err(|_| SplitError::AmountTooLarge)
    }
}

/// What an instalment is shared by.
#[derive(Clone, Debug)]
pub(super) struct Sharing {
    pub(super) shares: Fractions,
    /// Where there are doubts.
    pub(super) intervals: Option<ShareIntervals>,
}

/// What instalments are shared by, by the place of the one whose points they are.
pub(super) type Sharings = BTreeMap<usize, Sharing>;

/// What is laid out, and by what.
#[derive(Clone, Copy)]
pub(super) struct Replay<'a> {
    /// By version.
    pub(super) terms: &'a [(u64, std::sync::Arc<Terms>)],
    pub(super) instalments: &'a Instalments<'a>,
    /// Of every instalment that is laid out.
    pub(super) sharings: &'a Sharings,
    /// By the points of which instalment all before it are shared, too.
    pub(super) trued_up: Option<usize>,
    /// How many parties there are in the end.
    pub(super) parties: usize,
    /// How many currencies there are in the end.
    pub(super) currencies: usize,
    /// The one that is laid out; none: all.
    pub(super) only: Option<usize>,
}

impl Replay<'_> {
    fn sharing(&self, place: usize) -> Result<&Sharing, SplitError> {
        let (position, of) = (shared_by(self.trued_up, place), self.sharings.len());
        self.sharings.get(&position).ok_or(SplitError::PositionUnknown { position, of })
    }
}

/// Returns the place of the instalment by whose points the one at `place` is shared.
pub(super) fn shared_by(trued_up: Option<usize>, place: usize) -> usize {
    trued_up.map_or(place, |trued_up| trued_up.max(place))
}

impl State {
    pub(super) const fn new() -> Self {
        Self { flows: BTreeMap::new(), tiers: Vec::new() }
    }

    /// Makes room for parties and currencies that came later.
    pub(super) fn widen(&mut self, parties: usize, currencies: usize) {
        self.tiers.iter_mut().for_each(|tiers| tiers.widen(parties));
        self.tiers.resize_with(currencies, || Tiers::new(parties));
    }

    /// Lays out `events` on top of this state, and tells every step with its currency and sharing.
    pub(super) fn lay(
        &mut self,
        replay: &Replay<'_>,
        events: impl Iterator<Item = Event>,
        mut tell: impl FnMut(Told<'_>) -> Result<(), SplitError>,
    ) -> Result<(), SplitError> {
        self.widen(replay.parties, replay.currencies);
        for event in events {
            let place = event.place();
            let instalment = replay.instalments.get(place);
            let terms = &*replay.terms[instalment.version].1;
            let sharing = replay.sharing(place)?;
            let concerns = |currency: usize| replay.only.is_none_or(|only| only == currency);
            let pools = match event {
                Event::Taken(_) => self.pools_of(instalment, terms, concerns)?,
                Event::Released(_) => BTreeMap::new(),
            };
            for currency in (0..terms.currencies.len()).filter(|currency| concerns(*currency)) {
                let waterfall = waterfall_of(terms, currency, replay.parties);
                let tiers = &mut self.tiers[currency];
                let mut costs = vec![0; replay.parties];
                let held = tiers.held_of(place);
                let pool = if let Event::Taken(_) = event {
                    for ((_, party), cost) in instalment.costs.range((currency, 0)..(currency + 1, 0)) {
                        costs[*party] = *cost;
                    }
                    pools.get(&currency).copied().unwrap_or(0)
                } else {
                    held
                };
                let pool = i64::try_from(pool).map_err(|_| SplitError::AmountTooLarge)?;
                let inflow = Inflow { shares: &sharing.shares, pool, costs: &costs, waterfall: &waterfall };
                let step = match event {
                    Event::Taken(_) => {
                        // A currency that came later has held nothing back of the instalments before it.
                        tiers.skip_to(place);
                        tiers.take(&inflow)?
                    }
                    Event::Released(_) if held == 0 => continue,
                    Event::Released(_) => tiers.release(place, &inflow)?,
                };
                tell(Told { currency, sharing, waterfall: &waterfall, step: &step })?;
            }
        }
        Ok(())
    }

    /// Takes in what came in of the currencies that it `concerns`; returns by currency what is pooled of it.
    fn pools_of(
        &mut self,
        instalment: &Instalment,
        terms: &Terms,
        concerns: impl Fn(usize) -> bool,
    ) -> Result<BTreeMap<usize, u64>, SplitError> {
        let mut pools = BTreeMap::new();
        for (key, net) in instalment.net.iter().filter(|((currency, _), _)| concerns(*currency)) {
            let (currency, stream) = *key;
            let flow = self.flows.entry(*key).or_default();
            let before = flow.pooled()?;
            flow.gross = flow.gross.checked_add(*net).ok_or(SplitError::AmountTooLarge)?;
            amount(flow.gross)?;
            let rate = terms.streams.get(stream).map_or(Ratio::ZERO, |stream| stream.pool_rate);
            flow.reached += rate.exact() * Exact::from(*net);
            let pool: &mut u64 = pools.entry(currency).or_default();
            *pool = pool.checked_add(flow.pooled()? - before).ok_or(SplitError::AmountTooLarge)?;
        }
        Ok(pools)
    }
}

/// A step, as it is told.
pub(super) struct Told<'a> {
    pub(super) currency: usize,
    pub(super) sharing: &'a Sharing,
    pub(super) waterfall: &'a Waterfall,
    pub(super) step: &'a Step,
}

impl Sharing {
    /// Returns the same for more parties: those that came later have nothing of it.
    pub(super) fn widened(mut self, parties: usize) -> Self {
        self.shares = self.shares.widened(parties);
        if let Some(intervals) = &mut self.intervals {
            intervals.low.resize(parties, Exact::ZERO);
            intervals.high.resize(parties, Exact::ZERO);
        }
        self
    }
}

/// Between which amounts every party is, by currency.
pub(super) fn bounds_over(
    replay: &Replay<'_>,
    events: impl Iterator<Item = Event>,
) -> Result<Vec<Intervals>, SplitError> {
    let mut state = State::new();
    let mut bounds = vec![Intervals::new(replay.parties); replay.currencies];
    state.lay(replay, events, |told| {
        let certain;
        let shares = match &told.sharing.intervals {
            Some(shares) => shares,
            None => {
                let all: Vec<Exact> = told.sharing.shares.iter().collect();
                certain = ShareIntervals { low: all.clone(), high: all };
                &certain
            }
        };
        bounds[told.currency].add(shares, told.waterfall, told.step)
    })?;
    Ok(bounds)
}
