//! The outlook: what the books come to at a size, and where that would leave them.

use std::{
    borrow::Cow,
    collections::{BTreeMap, btree_map::Entry},
    sync::Arc,
};

use crate::{
    agreement::{
        refusal::settlement::SettlementRefusal,
        settle::{
            Account, Books, FlowsBefore, Limits, StreamSum,
            doubt::{Correction, Ranges},
            figures::{Figures, amount, digest_of, entitlement_bits_max, nets_of, shares_digest},
            instalment::{Instalment, Instalments, Points, fitted, shares_of, widened},
            not_computable,
            pending::{FlowKey, Sums},
            recount::{Changes, put},
            replay::{Event, Replay, Sharing, Sharings, State, shared_by},
        },
    },
    split::{Exact, Fractions, Ratio, Shares, SplitError, Step, Tiers, faded},
    statement::{CurrencyAccount, PartyAccount, Settlement, rules::SharePolicy, terms::Terms},
};

/// What the books come to at a size, and where a settlement would leave them.
#[derive(Clone, Debug)]
pub(in crate::agreement) struct Outlook {
    pub(in crate::agreement) account: Account,
    /// Those that were settled, where something of them is otherwise now.
    pub(super) settled: Option<Vec<Instalment>>,
    pub(super) next: Instalment,
    /// What happens besides what happened.
    pub(super) events: Vec<Event>,
    pub(super) state: State,
}

/// What is laid out for an account.
pub(super) struct Plan<'a> {
    pub(super) tree_size: u64,
    pub(super) terms: Arc<Terms>,
    pub(super) instalments: Instalments<'a>,
    /// Besides those that the last settlement had.
    pub(super) events: Vec<Event>,
    /// The shares of the last instalment.
    shares: Shares,
    /// By the points of which instalment all before it are shared, too.
    trued_up: Option<usize>,
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
        let Plan { instalments: Instalments { settled, next }, events, .. } = plan;
        let settled = match settled {
            Cow::Owned(settled) => Some(settled),
            Cow::Borrowed(_) => None,
        };
        Ok(Outlook { account, settled, next, events, state })
    }

    /// Returns the steps of the money in an account at `tree_size`, in their order: for explanations.
    pub(in crate::agreement) fn steps_at(
        &self,
        tree_size: u64,
        mut tell: impl FnMut(u64, usize, &Step, &Fractions),
    ) -> Result<(), SettlementRefusal> {
        let plan = if tree_size > self.cut_off { self.plan(tree_size).map(Some) } else { self.settled_plan() };
        let Some(plan) = plan.map_err(not_computable)? else { return Ok(()) };
        let events = || self.events.iter().chain(&plan.events);
        let sharings = self.sharings(&plan, events(), None).map_err(not_computable)?;
        let told = State::new().lay(&self.replay(&plan, &sharings), events().copied(), |told| {
            tell(plan.instalments.get(told.step.instalment).cut_off, told.currency, told.step, &told.sharing.shares);
            Ok(())
        });
        told.map_err(|error| self.too_fine(&plan, error))
    }

    fn plan(&self, tree_size: u64) -> Result<Plan<'_>, SplitError> {
        let version = self.version_at(tree_size);
        let terms = Arc::clone(&self.terms[version].1);
        let sums = self.since.sums_at(self.cut_off, tree_size);
        let decay = if self.instalments.is_empty() { Ratio::ZERO } else { terms.decay };
        let next = Instalment {
            cut_off: tree_size,
            version,
            decay,
            points: Arc::new(self.next_points(&sums, &terms, decay, tree_size)?),
            net: next_flows(&self.since.settled, &sums),
            costs: BTreeMap::new(),
        };
        let mut instalments = Instalments { settled: Cow::Borrowed(&self.instalments), next };
        for (_, anew) in self.shared_anew.iter().filter(|(at, _)| *at < tree_size) {
            instalments.settled.to_mut().iter_mut().for_each(|instalment| instalment.version = *anew);
        }
        self.correct_instalments(&mut instalments, tree_size)?;
        if let Some(last) = instalments.settled.last().filter(|last| last.points == instalments.next.points) {
            instalments.next.points = Arc::clone(&last.points);
        }
        let released = self.released.iter().filter(|(at, _)| *at < tree_size);
        let mut events: Vec<Event> = released.map(|(_, place)| Event::Released(*place)).collect();
        events.push(Event::Taken(instalments.last()));
        let shares = self.shares_of(&instalments.next)?;
        let trued_up = self.trued_up(&instalments);
        Ok(Plan { tree_size, terms, instalments, events, shares, trued_up })
    }

    /// Lays into the instalments what was given back, confirmed as cost or decided before `tree_size`.
    fn correct_instalments(&self, instalments: &mut Instalments<'_>, tree_size: u64) -> Result<(), SplitError> {
        for back in self.backs.iter().take_while(|back| back.at < tree_size) {
            let flow = (back.benefit.currency, back.benefit.stream);
            instalments.change(self.instalment_of(back.benefit.at)).take(flow, back.amount)?;
        }
        for cost in self.costs.iter().take_while(|cost| cost.at < tree_size) {
            let costs = &mut instalments.change(self.instalment_of(cost.from)).costs;
            let sum = costs.entry((cost.currency, cost.party)).or_default();
            let changed = i128::from(*sum) + cost.amount;
            *sum = u64::try_from(changed).map_err(|_| SplitError::AmountTooLarge)?;
        }
        let mut changes = Changes::default();
        for correction in self.corrections.iter().take_while(|correction| correction.at < tree_size) {
            correction.note(self.instalment_of(correction.from), &mut changes);
        }
        let mut recounted = changes.recount(instalments)?;
        // Settlements keep what was withdrawn after them; what comes next is as if it had never counted.
        if self.withdrawn_before(tree_size).next().is_some() {
            self.withdrawn_before(tree_size).for_each(|late| late.note(self.instalment_of(late.from), &mut changes));
            let last = instalments.last();
            recounted.extend(changes.recount(instalments)?.split_off(&last));
        }
        for (place, cells) in recounted {
            put(Arc::make_mut(&mut instalments.change(place).points), &cells);
        }
        Ok(())
    }

    /// Returns what was withdrawn before `tree_size` after a settlement had counted it, though that came later.
    fn withdrawn_before(&self, tree_size: u64) -> impl Iterator<Item = &Correction> {
        self.withdrawn.iter().filter(move |late| late.at < tree_size && late.from < self.cut_off)
    }

    /// Returns what the last settlement laid out, if there was one.
    fn settled_plan(&self) -> Result<Option<Plan<'_>>, SplitError> {
        let Some((last, settled)) = self.instalments.split_last() else { return Ok(None) };
        let instalments = Instalments { settled: Cow::Borrowed(settled), next: last.clone() };
        Ok(Some(Plan {
            tree_size: self.cut_off,
            terms: Arc::clone(&self.terms[last.version].1),
            events: Vec::new(),
            shares: self.shares_of(last)?,
            trued_up: self.trued_up(&instalments),
            instalments,
        }))
    }

    /// Returns the place of the last settlement that shared anew all that was shared before it. A policy of sharing prospectively
    /// that came later leaves it so.
    fn trued_up(&self, instalments: &Instalments<'_>) -> Option<usize> {
        let policy = |place: &usize| self.terms[instalments.get(*place).version].1.share_policy;
        (0..=instalments.last()).rev().find(|place| policy(place) == SharePolicy::TrueUp)
    }

    /// What counts at a size: what did at the last cut-off, as far as it has not faded, and what came to count since.
    fn next_points(&self, sums: &Sums, terms: &Terms, decay: Ratio, tree_size: u64) -> Result<Points, SplitError> {
        let mut points = widened(Points::clone(&self.points), terms);
        for points in points.iter_mut().flatten().filter(|_| !decay.is_zero()) {
            *points = faded(points, decay)?;
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
        // What is left of it by now is taken out when all corrections are known.
        for late in self.withdrawn_before(tree_size) {
            if let Some((party, counted)) = &late.before {
                points[late.dimension][*party] += counted;
            }
        }
        Ok(points)
    }

    pub(super) fn replay<'a>(&'a self, plan: &'a Plan<'_>, sharings: &'a Sharings) -> Replay<'a> {
        Replay {
            terms: &self.terms,
            instalments: &plan.instalments,
            sharings,
            trued_up: plan.trued_up,
            parties: plan.terms.parties.len(),
            currencies: plan.terms.currencies.len(),
            only: None,
        }
    }

    fn lay_out(&self, plan: &Plan<'_>) -> Result<State, SplitError> {
        // Money that was shared stays so, as long as nothing touches it.
        let goes_on = plan.instalments.untouched() && plan.trued_up.is_none_or(|place| place < plan.instalments.last());
        let (mut state, settled) =
            if goes_on { (self.state.clone(), &[][..]) } else { (State::new(), &self.events[..]) };
        let events = || settled.iter().chain(&plan.events);
        let sharings = self.sharings(plan, events(), None)?;
        state.lay(&self.replay(plan, &sharings), events().copied(), |_| Ok(()))?;
        Ok(state)
    }

    /// Returns the shares of a settlement.
    pub(in crate::agreement) fn shares_of(&self, instalment: &Instalment) -> Result<Shares, SplitError> {
        let terms = &self.terms[instalment.version].1;
        shares_of(terms, &fitted(&instalment.points, terms, &self.leavers, instalment.cut_off)?)
    }

    /// Returns what the instalments of `events` are shared by; `ranges`: what of their points is in doubt.
    pub(super) fn sharings<'a>(
        &self,
        plan: &Plan<'_>,
        events: impl Iterator<Item = &'a Event>,
        ranges: Option<&Ranges>,
    ) -> Result<Sharings, SplitError> {
        let mut sharings = Sharings::new();
        for event in events {
            let place = shared_by(plan.trued_up, event.place());
            let Entry::Vacant(vacant) = sharings.entry(place) else { continue };
            let instalment = plan.instalments.get(place);
            let shares = if place == plan.instalments.last() {
                plan.shares.shares.clone()
            } else {
                self.shares_of(instalment)?.shares
            };
            let terms = &self.terms[instalment.version].1;
            let intervals = match ranges {
                Some(ranges) => ranges.intervals(place, instalment, terms, &self.leavers)?,
                None => None,
            };
            vacant.insert(Sharing { shares, intervals }.widened(plan.terms.parties.len()));
        }
        Ok(sharings)
    }

    fn account_of(
        &self,
        plan: &Plan<'_>,
        state: &State,
        limits: Option<&Limits>,
    ) -> Result<Account, SettlementRefusal> {
        let currencies = plan.terms.currencies.len();
        let streams = self.stream_sums(plan, state).map_err(not_computable)?;
        let mut account = Account {
            terms: Arc::clone(&plan.terms),
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
        plan: &Plan<'_>,
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

    fn stream_sums(&self, plan: &Plan<'_>, state: &State) -> Result<Vec<StreamSum>, SplitError> {
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
                rates: self.rates_of(plan.instalments.all(), *key).ok_or(SplitError::AmountTooLarge)?,
            });
        }
        Ok(sums)
    }

    fn flows_before(&self) -> Result<FlowsBefore, SplitError> {
        let flows = self.state.flows.iter();
        flows.map(|(key, flow)| Ok((*key, (amount(flow.gross)?, flow.pooled()?)))).collect()
    }

    fn too_fine(&self, plan: &Plan<'_>, error: SplitError) -> SettlementRefusal {
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

fn next_flows(settled: &Sums, sums: &Sums) -> BTreeMap<FlowKey, u128> {
    let next = sums.came.iter().filter_map(|(flow, came)| {
        let before = settled.came.get(flow).copied().unwrap_or_default();
        (came.times > before.times).then(|| (*flow, came.sum - before.sum))
    });
    next.collect()
}
