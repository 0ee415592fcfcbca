//! The outlook: what the books come to at a size, and where that would leave them.

use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

use crate::{
    agreement::{
        refusal::settlement::SettlementRefusal,
        settle::{
            Account, Books, FlowsBefore, Limits, StreamSum,
            doubt::{Doubt, Open, intervals},
            figures::{Figures, amount, digest_of, entitlement_bits_max, nets_of, shares_digest},
            instalment::{Instalment, Points, fade, fitted, shares_of, widened},
            not_computable,
            pending::{FlowKey, Sums},
            replay::{Event, Replay, Sharing, State, bounds_over},
        },
    },
    split::{End, Exact, Fractions, Intervals, Ratio, ShareIntervals, Shares, SplitError, Step, Tiers},
    statement::{CurrencyAccount, PartyAccount, Settlement, rules::SharePolicy, terms::Terms},
};

/// What the books come to at a size, and where a settlement would leave them.
#[derive(Clone, Debug)]
pub(in crate::agreement) struct Outlook {
    pub(in crate::agreement) account: Account,
    pub(super) instalments: Vec<Instalment>,
    pub(super) events: Vec<Event>,
    pub(super) state: State,
}

/// What is laid out for an account.
#[derive(Clone)]
struct Plan {
    tree_size: u64,
    terms: Arc<Terms>,
    instalments: Vec<Instalment>,
    /// All of them, and how many the last settlement had.
    events: Vec<Event>,
    settled_events: usize,
    /// Whether what was settled is as it was.
    untouched: bool,
    /// The shares of the last instalment.
    shares: Shares,
    /// By the points of which instalment all before it are shared, too.
    trued_up: Option<usize>,
}

impl Plan {
    /// Returns the place of the instalment by whose points the one at `place` is shared.
    fn shared_by(&self, place: usize) -> usize {
        self.trued_up.map_or(place, |trued_up| trued_up.max(place))
    }
}

impl Books {
    /// Computes what the books come to at `tree_size`.
    ///
    /// Errors, and panics: as [`Self::account_at`].
    pub(in crate::agreement) fn outlook(&self, tree_size: u64) -> Result<Outlook, SettlementRefusal> {
        if tree_size <= self.cut_off {
            return Err(SettlementRefusal::TooOld { tree_size, settled_size: self.cut_off });
        }
        let plan = self.plan(tree_size).map_err(not_computable)?;
        let state = self.lay_out(&plan).map_err(|error| self.too_fine(&plan, error))?;
        let limits = self.limits(&plan).map_err(|error| self.too_fine(&plan, error))?;
        let account = self.account_of(&plan, &state, limits.as_ref())?;
        let Plan { instalments, events, .. } = plan;
        Ok(Outlook { account, instalments, events, state })
    }

    /// Returns the steps of the money in an account at `tree_size`, in their order: for explanations.
    pub(in crate::agreement) fn steps_at(
        &self,
        tree_size: u64,
        mut tell: impl FnMut(u64, usize, &Step, &Fractions),
    ) -> Result<(), SettlementRefusal> {
        let plan = if tree_size > self.cut_off { self.plan(tree_size).map(Some) } else { self.settled_plan() };
        let Some(plan) = plan.map_err(not_computable)? else { return Ok(()) };
        let sharing = |place: usize| self.certain_sharing(&plan, place);
        let replay = self.replay(&plan, &sharing);
        let told = State::new().lay(&replay, &plan.events, |told| {
            tell(plan.instalments[told.step.instalment].cut_off, told.currency, told.step, &told.sharing.shares);
            Ok(())
        });
        told.map_err(|error| self.too_fine(&plan, error))
    }

    fn plan(&self, tree_size: u64) -> Result<Plan, SplitError> {
        let version = self.version_at(tree_size);
        let terms = Arc::clone(&self.terms[version].1);
        let mut instalments = Cow::Borrowed(&self.instalments);
        let sums = self.since.sums_at(self.cut_off, tree_size);
        let mut fresh = Instalment {
            cut_off: tree_size,
            version,
            points: Arc::new(self.fresh_points(&sums, &terms)),
            net: fresh_flows(&self.since.settled, &sums),
            costs: BTreeMap::new(),
        };
        let mut untouched = true;
        for (_, anew) in self.shared_anew.iter().filter(|(at, _)| *at < tree_size) {
            instalments.to_mut().iter_mut().for_each(|instalment| instalment.version = *anew);
            untouched = false;
        }
        for back in self.backs.iter().take_while(|back| back.at < tree_size) {
            let key = (back.benefit.currency, back.benefit.stream);
            let place = self.instalment_of(back.benefit.at);
            untouched &= place == self.instalments.len();
            let net =
                if place == self.instalments.len() { &mut fresh.net } else { &mut instalments.to_mut()[place].net };
            take(net.entry(key).or_default(), back.amount)?;
        }
        for cost in self.costs.iter().take_while(|cost| cost.at < tree_size) {
            let place = self.instalment_of(cost.from);
            untouched &= place == self.instalments.len();
            let costs =
                if place == self.instalments.len() { &mut fresh.costs } else { &mut instalments.to_mut()[place].costs };
            let sum = costs.entry((cost.currency, cost.party)).or_default();
            let changed = i128::from(*sum) + cost.amount;
            *sum = u64::try_from(changed).map_err(|_| SplitError::AmountTooLarge)?;
        }
        for correction in self.corrections.iter().take_while(|correction| correction.at < tree_size) {
            let first = self.instalment_of(correction.from);
            untouched &= first == self.instalments.len();
            for place in first..self.instalments.len() {
                let left = self.left_of(correction.from, place, None);
                correction.correct(Arc::make_mut(&mut instalments.to_mut()[place].points), &left);
            }
            let left = self.left_of(correction.from, self.instalments.len(), Some(&terms));
            correction.correct(Arc::make_mut(&mut fresh.points), &left);
        }
        if let Some(last) = instalments.last().filter(|last| last.points == fresh.points) {
            fresh.points = Arc::clone(&last.points);
        }
        let mut instalments = instalments.into_owned();
        instalments.push(fresh);
        let mut events = self.events.clone();
        let released = self.released.iter().filter(|(at, _)| *at < tree_size);
        events.extend(released.map(|(_, place)| Event::Released(*place)));
        events.push(Event::Taken(instalments.len() - 1));
        let now = fitted(&instalments[instalments.len() - 1].points, &terms, &self.leavers, tree_size);
        let shares = shares_of(&terms, &now)?;
        let settled_events = self.events.len();
        let trued_up = self.trued_up(&instalments);
        Ok(Plan { tree_size, terms, instalments, events, settled_events, untouched, shares, trued_up })
    }

    /// Returns what the last settlement laid out, if there was one.
    fn settled_plan(&self) -> Result<Option<Plan>, SplitError> {
        let Some(last) = self.instalments.last() else { return Ok(None) };
        Ok(Some(Plan {
            tree_size: self.cut_off,
            terms: Arc::clone(&self.terms[last.version].1),
            instalments: self.instalments.clone(),
            events: self.events.clone(),
            settled_events: self.events.len(),
            untouched: true,
            shares: self.shares_of(last)?,
            trued_up: self.trued_up(&self.instalments),
        }))
    }

    /// Returns the place of the last settlement that shared anew all that was shared before it. A policy of sharing prospectively
    /// that came later leaves it so.
    fn trued_up(&self, instalments: &[Instalment]) -> Option<usize> {
        let policy = |instalment: &Instalment| self.terms[instalment.version].1.share_policy;
        instalments.iter().rposition(|instalment| policy(instalment) == SharePolicy::TrueUp)
    }

    /// What counts at a size: what did at the last cut-off, as far as it has not faded, and what came to count since.
    fn fresh_points(&self, sums: &Sums, terms: &Terms) -> Points {
        let mut points = widened(Points::clone(&self.points), terms);
        if !self.instalments.is_empty() {
            fade(&mut points, terms.decay);
        }
        let settled = &self.since.settled.points;
        for (dimension, now) in sums.points.iter().enumerate() {
            for (party, now) in now.iter().enumerate() {
                let before = settled.get(dimension).and_then(|settled| settled.get(party));
                match before {
                    Some(before) if before == now => {}
                    Some(before) => points[dimension][party] += now - before,
                    None => points[dimension][party] += now,
                }
            }
        }
        points
    }

    /// Returns what is left, in the instalment at `place`, of points that came to count with entry `from`. `fresh`: the terms of the
    /// next instalment, if that is the one.
    fn left_of(&self, from: u64, place: usize, fresh: Option<&Terms>) -> Exact {
        let first = self.instalment_of(from);
        let decays = (first + 1..=place).map(|place| match (self.instalments.get(place), fresh) {
            (Some(instalment), _) => self.terms[instalment.version].1.decay,
            (None, Some(terms)) => terms.decay,
            (None, None) => Ratio::ZERO,
        });
        decays.fold(Exact::ONE, |left, decay| left * (Exact::ONE - decay.exact()))
    }

    fn replay<'a>(&'a self, plan: &'a Plan, sharing: &'a dyn Fn(usize) -> Result<Sharing, SplitError>) -> Replay<'a> {
        Replay {
            terms: &self.terms,
            instalments: &plan.instalments,
            sharing,
            parties: plan.terms.parties.len(),
            currencies: plan.terms.currencies.len(),
        }
    }

    fn lay_out(&self, plan: &Plan) -> Result<State, SplitError> {
        let sharing = |place: usize| self.certain_sharing(plan, place);
        let replay = self.replay(plan, &sharing);
        // Money that was shared stays so, as long as nothing touches it.
        let goes_on = plan.untouched && plan.trued_up.is_none_or(|trued_up| trued_up < self.instalments.len());
        let (mut state, events) = if goes_on {
            (self.state.clone(), &plan.events[plan.settled_events..])
        } else {
            (State::new(), &plan.events[..])
        };
        state.lay(&replay, events, |_| Ok(()))?;
        Ok(state)
    }

    /// Returns the shares of a settlement.
    pub(in crate::agreement) fn shares_of(&self, instalment: &Instalment) -> Result<Shares, SplitError> {
        let terms = &self.terms[instalment.version].1;
        shares_of(terms, &fitted(&instalment.points, terms, &self.leavers, instalment.cut_off))
    }

    fn certain_sharing(&self, plan: &Plan, place: usize) -> Result<Sharing, SplitError> {
        let place = plan.shared_by(place);
        if place + 1 == plan.instalments.len() {
            return Ok(Sharing { shares: plan.shares.shares.clone(), intervals: None });
        }
        let instalment = &plan.instalments[place];
        let terms = &self.terms[instalment.version].1;
        let points = fitted(&instalment.points, terms, &self.leavers, instalment.cut_off);
        Ok(Sharing { shares: shares_of(terms, &points)?.shares, intervals: None })
    }

    /// Returns by currency what every party gets at least and at most, where there are doubts.
    fn limits(&self, plan: &Plan) -> Result<Option<Limits>, SplitError> {
        let open: Vec<&Open> = self.doubts.values().filter(|open| open.is_open_at(plan.tree_size)).collect();
        if open.is_empty() {
            return Ok(None);
        }
        let parties = plan.terms.parties.len();
        let mut payers: Vec<usize> = open.iter().filter_map(|open| payer(&open.doubt)).collect();
        payers.sort_unstable();
        payers.dedup();
        let about_money = open.iter().any(|open| !matches!(open.doubt, Doubt::Points(_)));
        let mut limits = vec![(vec![Exact::ZERO; parties], vec![Exact::ZERO; parties]); plan.terms.currencies.len()];
        // Who paid a cost that is in doubt is worst off without it, and all others with it.
        for payer in payers.iter().copied().map(Some).chain([None]) {
            let concerns = |party: usize| match payer {
                Some(payer) => party == payer,
                None => !payers.contains(&party),
            };
            for least in [true, false] {
                if !least && !about_money {
                    break;
                }
                let mut plan = plan.clone();
                self.doubt_money(&mut plan.instalments, &open, payer, least)?;
                let sharing = |place: usize| self.doubtful_sharing(&plan, place, &open);
                let bounds = bounds_over(&self.replay(&plan, &sharing), &plan.events)?;
                for ((low, high), bounds) in limits.iter_mut().zip(&bounds) {
                    if least {
                        limit(low, bounds, End::Low, concerns);
                    }
                    if !least || !about_money {
                        limit(high, bounds, End::High, concerns);
                    }
                }
            }
        }
        Ok(Some(limits))
    }

    fn doubtful_sharing(&self, plan: &Plan, place: usize, open: &[&Open]) -> Result<Sharing, SplitError> {
        let (last, place) = (plan.instalments.len() - 1, plan.shared_by(place));
        let mut sharing = self.certain_sharing(plan, place)?;
        let instalment = &plan.instalments[place];
        let terms = &self.terms[instalment.version].1;
        let points = widened(Points::clone(&instalment.points), terms);
        let fresh = (place == last).then_some(&**terms);
        let faded = |from: u64| self.left_of(from, place, fresh);
        sharing.intervals = match intervals(terms, &points, instalment.cut_off, &self.leavers, open, faded) {
            Ok(intervals) => Some(intervals),
            // With unequal party coefficients the work of one may raise the share of another, and no outcome is the worst for
            // sure: nobody is sure of anything.
            Err(SplitError::CoefficientsUnequal) => {
                let parties = terms.parties.len();
                Some(ShareIntervals { low: vec![Exact::ZERO; parties], high: vec![Exact::ONE; parties] })
            }
            Err(other) => return Err(other),
        };
        Ok(sharing)
    }

    /// Lets benefits in doubt have brought the least, or the most, that they may; and costs in doubt be as they are the worst, or the
    /// best, for `payer`, or for all who paid none.
    fn doubt_money(
        &self,
        instalments: &mut [Instalment],
        open: &[&Open],
        payer: Option<usize>,
        least: bool,
    ) -> Result<(), SplitError> {
        for open in open {
            match open.doubt {
                Doubt::Points(_) => {}
                Doubt::Benefit { came_in, stands, may } => {
                    let place = self.instalment_of(came_in.at).min(instalments.len() - 1);
                    let net = instalments[place].net.entry((came_in.currency, came_in.stream)).or_default();
                    let wanted = if least { stands.min(may) } else { stands.max(may) };
                    take(net, i128::from(stands) - i128::from(wanted))?;
                }
                Doubt::Cost { from, currency, party, stands, may } => {
                    let place = self.instalment_of(from).min(instalments.len() - 1);
                    let small = (payer == Some(party)) == least;
                    let wanted = if small { stands.min(may) } else { stands.max(may) };
                    let sum = instalments[place].costs.entry((currency, party)).or_default();
                    *sum = sum.saturating_sub(stands).checked_add(wanted).ok_or(SplitError::AmountTooLarge)?;
                }
            }
        }
        Ok(())
    }

    fn account_of(&self, plan: &Plan, state: &State, limits: Option<&Limits>) -> Result<Account, SettlementRefusal> {
        let currencies = plan.terms.currencies.len();
        let streams = self.stream_sums(plan, state).map_err(not_computable)?;
        let mut account = Account {
            settlement: Settlement {
                tree_size: plan.tree_size,
                shares: shares_digest(&plan.shares),
                accounts: Vec::with_capacity(currencies),
            },
            shares: plan.shares.clone(),
            streams,
            entitlements: Vec::with_capacity(currencies),
            figures: Vec::with_capacity(currencies),
            nets: Vec::with_capacity(currencies),
        };
        for currency in 0..currencies {
            let limits = limits.map(|limits| &limits[currency]);
            self.split_currency(plan, currency, &state.tiers[currency], limits, &mut account)?;
        }
        Ok(account)
    }

    fn split_currency(
        &self,
        plan: &Plan,
        position: usize,
        tiers: &Tiers,
        limits: Option<&(Vec<Exact>, Vec<Exact>)>,
        account: &mut Account,
    ) -> Result<(), SettlementRefusal> {
        let currency = plan.terms.currencies[position].code.clone();
        let max = entitlement_bits_max(&plan.terms);
        let exact = tiers.owed();
        if exact.denominator_bits() > max {
            return Err(SettlementRefusal::EntitlementTooFine { currency, bits: exact.denominator_bits(), max });
        }
        let before = &self.allocations[position];
        let before = |party: usize| before.get(party).copied().unwrap_or(0);
        let figures = Figures::of(tiers, limits, before).map_err(not_computable)?;
        let streams = || account.streams.iter().filter(move |sum| sum.currency == position);
        let pool = streams().try_fold(0_u64, |sum, stream| sum.checked_add(stream.pooled));
        let pool = pool.ok_or_else(|| not_computable(SplitError::AmountTooLarge))?;
        let allocations = &figures.allocations;
        let nets = nets_of(&plan.terms, allocations, streams()).map_err(not_computable)?;
        let parties = allocations.iter().enumerate();
        let line =
            |(party, now): (usize, &i64)| PartyAccount { allocation: *now, due: now.saturating_sub(before(party)) };
        let parties = parties.map(line).collect();
        let digest = digest_of("counterfoil entitlements v1", exact.iter());
        account.settlement.accounts.push(CurrencyAccount {
            currency,
            pool,
            entitlements: digest,
            parties,
            fees: figures.fees.iter().sum(),
            held_back: figures.held_back,
            disputed: figures.disputed,
            reserve: figures.reserve,
        });
        account.entitlements.push(exact);
        account.figures.push(figures);
        account.nets.push(nets);
        Ok(())
    }

    fn stream_sums(&self, plan: &Plan, state: &State) -> Result<Vec<StreamSum>, SplitError> {
        let before = self.flows_before()?;
        let mut sums = Vec::new();
        for (key, flow) in &state.flows {
            let (currency, stream) = *key;
            if stream >= plan.terms.streams.len() || currency >= plan.terms.currencies.len() {
                continue;
            }
            let (gross_before, pooled_before) = before.get(key).copied().unwrap_or_default();
            sums.push(StreamSum {
                stream,
                currency,
                gross: amount(flow.gross)?,
                pooled: flow.pooled()?,
                gross_before,
                pooled_before,
            });
        }
        Ok(sums)
    }

    fn flows_before(&self) -> Result<FlowsBefore, SplitError> {
        let flows = self.state.flows.iter();
        flows.map(|(key, flow)| Ok((*key, (amount(flow.gross)?, flow.pooled()?)))).collect()
    }

    fn too_fine(&self, plan: &Plan, error: SplitError) -> SettlementRefusal {
        match error {
            SplitError::EntitlementTooFine { bits } => SettlementRefusal::EntitlementTooFine {
                // Which of several it is, the error does not say; mostly there is one.
                currency: plan.terms.currencies[0].code.clone(),
                bits,
                max: entitlement_bits_max(&plan.terms),
            },
            other => not_computable(other),
        }
    }
}

/// Adds to the limits what the parties that are `concerned` have at an end, and takes from guarantors what they bear for those:
/// what is the worst for a guarantor depends on what is the worst for whom it guarantees.
fn limit(limits: &mut [Exact], bounds: &Intervals, end: End, concerned: impl Fn(usize) -> bool) {
    for (party, owed) in bounds.before_bearing(end).into_iter().enumerate().filter(|(party, _)| concerned(*party)) {
        limits[party] += owed;
    }
    for (_, guarantor, borne) in bounds.borne(end).filter(|(party, _, _)| concerned(*party)) {
        limits[guarantor] -= borne;
    }
}

fn payer(doubt: &Doubt) -> Option<usize> {
    match doubt {
        Doubt::Cost { party, .. } => Some(*party),
        Doubt::Points(_) | Doubt::Benefit { .. } => None,
    }
}

/// Takes `amount` from a sum, or gives it where it is below zero.
fn take(sum: &mut u128, amount: i128) -> Result<(), SplitError> {
    let left = i128::try_from(*sum).ok().and_then(|sum| sum.checked_sub(amount));
    *sum = left.and_then(|left| u128::try_from(left).ok()).ok_or(SplitError::AmountTooLarge)?;
    Ok(())
}

fn fresh_flows(settled: &Sums, sums: &Sums) -> BTreeMap<FlowKey, u128> {
    let fresh = sums.came.iter().filter_map(|(flow, came)| {
        let before = settled.came.get(flow).copied().unwrap_or_default();
        (came.times > before.times).then(|| (*flow, came.sum - before.sum))
    });
    fresh.collect()
}
