//! The books: what counts, what came in, and what settlements made of it. Knows terms and positions; never statements.
//!
//! The base is what stood at the last cut-off; every change after it keeps the index of its entry, so that the account
//! at any size since then can be computed. A settlement takes the changes before its cut-off into the base: it costs as
//! much as there are parties, dimensions and changes, however long the ledger is. What touches older settlements (a
//! reversal of what one took in, a decision on what one counted, a retroactive amendment) and whatever is in doubt costs
//! one step for each settlement: they are laid out again in their order (`formula.md` 5).
//!
//! Points and what came in are summed up from the first entry on, so that old changes may be put away (`pending`). What
//! was given back or confirmed as cost since the last settlement stays at hand, however much it is: both are few.

pub(super) mod doubt;
pub(super) mod figures;
pub(super) mod instalment;
mod intake;
mod limits;
pub(super) mod outlook;
pub(super) mod pending;
mod recount;
pub(super) mod replay;

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

pub use figures::Figures;

use crate::{
    agreement::{
        refusal::settlement::SettlementRefusal,
        settle::{
            doubt::{Correction, Open},
            instalment::{Instalment, Leaver, Points},
            outlook::Outlook,
            pending::{FlowKey, Since},
            replay::{Event, State},
        },
    },
    split::{Entitlements, Exact, Ratio, Shares, SplitError, Tiers},
    statement::{Settlement, terms::Terms},
    time::Timestamp,
};

/// Where a benefit came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct CameIn {
    /// The position of its currency.
    pub currency: usize,
    /// The position of its stream.
    pub stream: usize,
    /// The index of the entry that confirmed it.
    pub at: u64,
}

/// A statement of account: what a settlement says, and the sums behind it. Parties, dimensions, streams and currencies
/// stand in the order of the terms; amounts are minor units and cumulative.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The terms that it is shared under: those in force may be others by now.
    pub terms: Arc<Terms>,
    /// What a settlement must say to be admitted.
    pub settlement: Settlement,
    /// The sums T, S and so on, the blend, and the share of each party.
    pub shares: Shares,
    /// The parts of W: one for each currency and stream with any benefit.
    pub streams: Vec<StreamSum>,
    /// By currency: what each party is entitled to, exactly, guarantees included.
    pub entitlements: Vec<Entitlements>,
    /// By currency: what came before the shares, and what is in doubt.
    pub figures: Vec<Figures>,
    /// By currency and party: its allocation less what is pooled of the streams it collects.
    pub nets: Vec<Vec<i64>>,
}

/// What one stream brought in in one currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamSum {
    /// The stream's position.
    pub stream: usize,
    /// The currency's position.
    pub currency: usize,
    /// P: confirmed gross less reversals.
    pub gross: u64,
    /// What is pooled of it: floor(rho * P).
    pub pooled: u64,
    /// P at the settlement before.
    pub gross_before: u64,
    /// What was pooled at the settlement before.
    pub pooled_before: u64,
    /// Under which pool rates how much of P came in, in the order of settlements: rho where the terms never changed it.
    pub rates: Vec<(Ratio, u64)>,
}

/// The books of an agreement.
#[derive(Clone, Debug)]
pub struct Books {
    /// The versions of the terms, each from an entry on.
    pub(super) terms: Vec<(u64, Arc<Terms>)>,
    /// The size the last settlement covers.
    pub(super) cut_off: u64,
    /// What counts and what came in.
    pub(super) since: Since,
    /// What counts at the last cut-off, faded and corrected.
    pub(super) points: Arc<Points>,
    /// What was given back, or added, in entries from the cut-off on, in their order.
    pub(super) backs: Vec<Back>,
    /// Costs that were confirmed in entries from the cut-off on, in their order.
    pub(super) costs: Vec<Cost>,
    /// What was decided in entries from the cut-off on, in their order.
    pub(super) corrections: Vec<Correction>,
    /// What was withdrawn in entries from the cut-off on, though a settlement that is still to come may count it: in their order.
    pub(super) withdrawn: Vec<Correction>,
    /// What is in doubt, or was in entries before the next cut-off: by the entry it is about, and the one from which on it is.
    pub(super) doubts: BTreeMap<(u64, u64), Open>,
    /// Retroactive amendments in entries from the cut-off on: the entry, and the version.
    pub(super) shared_anew: Vec<(u64, usize)>,
    /// Who has left.
    pub(super) leavers: Vec<Leaver>,
    /// When what was held back of which settlement is released, in that order.
    pub(super) releases: VecDeque<(Timestamp, usize)>,
    /// What was released in entries from the cut-off on.
    pub(super) released: Vec<(u64, usize)>,
    /// The settlements.
    pub(super) instalments: Vec<Instalment>,
    /// What happened to the money up to the last settlement.
    pub(super) events: Vec<Event>,
    /// Where that left it.
    pub(super) state: State,
    /// By currency and party, at the cut-off.
    pub(super) allocations: Vec<Vec<i64>>,
}

/// Part of a benefit was given back, or more of it turned up.
#[derive(Clone, Copy, Debug, serde::Serialize, serde::Deserialize)]
pub(super) struct Back {
    /// The index of the entry that says so.
    pub(super) at: u64,
    pub(super) benefit: CameIn,
    /// Minor units; below zero: more turned up.
    pub(super) amount: i128,
}

/// A cost was confirmed, or corrected.
#[derive(Clone, Copy, Debug, serde::Serialize, serde::Deserialize)]
pub(super) struct Cost {
    /// The index of the entry that says so.
    pub(super) at: u64,
    /// The entry that confirmed it: the same, unless it is corrected.
    pub(super) from: u64,
    pub(super) currency: usize,
    pub(super) party: usize,
    /// Minor units; below zero: so much less.
    pub(super) amount: i128,
}

impl Books {
    /// Opens empty books for `terms`, which fit together (see [`super::terms::check`]).
    #[must_use]
    pub fn new(terms: &Terms) -> Self {
        let parties = terms.parties.len();
        Self {
            terms: vec![(0, Arc::new(terms.clone()))],
            cut_off: 0,
            since: Since::new(terms),
            points: Arc::new(Points::new()),
            backs: Vec::new(),
            costs: Vec::new(),
            corrections: Vec::new(),
            withdrawn: Vec::new(),
            doubts: BTreeMap::new(),
            shared_anew: Vec::new(),
            leavers: Vec::new(),
            releases: VecDeque::new(),
            released: Vec::new(),
            instalments: Vec::new(),
            events: Vec::new(),
            state: State::new(),
            allocations: vec![vec![0; parties]; terms.currencies.len()],
        }
    }

    /// Returns the size the last settlement covers; 0 before the first.
    #[must_use]
    pub const fn cut_off(&self) -> u64 {
        self.cut_off
    }

    /// Computes the account at `tree_size`: of everything in the entries before it.
    ///
    /// Errors: [`SettlementRefusal::TooOld`] unless it is greater than [`Self::cut_off`]; otherwise only when numbers
    /// outgrow their limits.
    ///
    /// # Panics
    ///
    /// If changes that it covers were put away and not recalled.
    pub fn account_at(&self, tree_size: u64) -> Result<Account, SettlementRefusal> {
        self.outlook(tree_size).map(|outlook| outlook.account)
    }

    /// Settles at `tree_size`, in an entry that is admitted at `at`; returns the account.
    ///
    /// Errors, and panics: as [`Self::account_at`].
    pub fn settle_at(&mut self, tree_size: u64, at: Timestamp) -> Result<Account, SettlementRefusal> {
        let outlook = self.outlook(tree_size)?;
        Ok(self.settle(outlook, at))
    }

    /// Takes in a settlement that was computed by [`Self::outlook`] and admitted at `at`.
    pub(super) fn settle(&mut self, outlook: Outlook, at: Timestamp) -> Account {
        let Outlook { account, settled, next, events, state } = outlook;
        let tree_size = account.settlement.tree_size;
        self.points = Arc::clone(&next.points);
        if let Some(settled) = settled {
            self.instalments = settled;
        }
        self.instalments.push(next);
        self.events.extend(events);
        self.state = state;
        self.since.settle(self.cut_off, tree_size);
        self.backs.retain(|back| back.at >= tree_size);
        self.costs.retain(|cost| cost.at >= tree_size);
        self.corrections.retain(|correction| correction.at >= tree_size);
        self.withdrawn.retain(|withdrawn| withdrawn.at >= tree_size);
        self.shared_anew.retain(|(at, _)| *at >= tree_size);
        self.released.retain(|(at, _)| *at >= tree_size);
        self.doubts.retain(|_, open| open.over.is_none_or(|over| over >= tree_size));
        self.schedule_releases(at);
        self.allocations = account
            .settlement
            .accounts
            .iter()
            .map(|account| account.parties.iter().map(|party| party.allocation).collect())
            .collect();
        self.cut_off = tree_size;
        // It may cover a size at which there were fewer.
        self.make_room();
        account
    }

    /// Notes when everything that is held back is released, where that is not known yet: mostly of what has just come in, but an
    /// amendment or a decision may bring older settlements to hold something back.
    fn schedule_releases(&mut self, at: Timestamp) {
        let due = self.releases.iter().map(|(_, place)| *place);
        let known: BTreeSet<usize> = due.chain(self.released.iter().map(|(_, place)| *place)).collect();
        let held = self.state.tiers.iter().flat_map(Tiers::held).map(|(place, _)| place);
        let fresh: BTreeSet<usize> = held.filter(|place| !known.contains(place)).collect();
        for place in fresh {
            let due = at.days_later(self.terms[self.instalments[place].version].1.waterfall.holdback_days);
            // Mostly the latest is released last; an amendment may shorten the time.
            let position = self.releases.partition_point(|(other, _)| *other <= due);
            self.releases.insert(position, (due, place));
        }
    }

    /// Makes room for the currencies and parties of the latest terms.
    fn make_room(&mut self) {
        let Some((_, terms)) = self.terms.last() else { return };
        self.allocations.resize_with(terms.currencies.len(), Vec::new);
        self.allocations.iter_mut().for_each(|allocations| allocations.resize(terms.parties.len(), 0));
    }

    /// Returns the version of the terms that an account at `tree_size` is shared under.
    fn version_at(&self, tree_size: u64) -> usize {
        self.terms.partition_point(|(from, _)| *from < tree_size).saturating_sub(1)
    }

    /// Returns under which pool rates how much came in of a currency and stream.
    pub(in crate::agreement) fn rates_of<'a>(
        &self,
        instalments: impl IntoIterator<Item = &'a Instalment>,
        key: FlowKey,
    ) -> Option<Vec<(Ratio, u64)>> {
        let mut rates: Vec<(Ratio, u64)> = Vec::new();
        for instalment in instalments {
            let Some(net) = instalment.net.get(&key) else { continue };
            let net = u64::try_from(*net).ok()?;
            let rate =
                self.terms[instalment.version].1.streams.get(key.1).map_or(Ratio::ZERO, |stream| stream.pool_rate);
            match rates.last_mut() {
                Some((last, sum)) if *last == rate => *sum = sum.checked_add(net)?,
                _ => rates.push((rate, net)),
            }
        }
        Some(rates)
    }

    /// Returns the place of the instalment that took in what entry `at` brought; the next one if none has.
    fn instalment_of(&self, at: u64) -> usize {
        self.instalments.partition_point(|instalment| instalment.cut_off <= at)
    }
}

fn not_computable(source: SplitError) -> SettlementRefusal {
    SettlementRefusal::NotComputable { source: Box::new(source) }
}

/// By currency: what every party may have at least and at most.
type Limits = Vec<(Vec<Exact>, Vec<Exact>)>;

/// Gross and pooled by currency and stream, before and after.
type FlowsBefore = BTreeMap<pending::FlowKey, (u64, u64)>;
