//! The books: what counts, what came in, and what settlements made of it. Knows terms and positions; never statements.
//!
//! The base is what stood at the last cut-off; every change after it keeps the index of its entry, so that the account
//! at any size since then can be computed. A settlement takes the changes before its cut-off into the base: it costs as
//! much as there are parties, dimensions and changes, however long the ledger is. A reversal of a benefit that an older
//! settlement took in goes back to that settlement's shares (`formula.md` 5), and costs one step for each settlement
//! since.
//!
//! Points and what came in are summed up from the first entry on, so that old changes may be put away (`pending`). What
//! was given back since the last settlement stays at hand, however much it is: which settlement each goes back to is
//! known only at the next one, and refunds are few.

pub(super) mod figures;
pub(super) mod pending;

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    agreement::{
        refusal::settlement::SettlementRefusal,
        settle::{
            figures::{amount, digest_of, entitlement_bits_max, nets_of, pool_of, pooled, shares_digest},
            pending::{Change, FlowKey, Sheet, SheetWanted, Since, Sums},
        },
    },
    split::{DimensionInput, Entitlements, Exact, Fractions, Ratio, Shares, SplitError, shares},
    statement::{CurrencyAccount, PartyAccount, Settlement, terms::Terms},
};

/// Where a benefit came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    /// What a settlement must say to be admitted.
    pub settlement: Settlement,
    /// The sums T, S and so on, the blend, and the share of each party.
    pub shares: Shares,
    /// The parts of W: one for each currency and stream with any benefit.
    pub streams: Vec<StreamSum>,
    /// By currency: what each party is entitled to, exactly.
    pub entitlements: Vec<Entitlements>,
    /// By currency and party: its allocation less what is pooled of the streams it collects. They sum to zero.
    pub nets: Vec<Vec<i64>>,
}

/// What one stream brought in in one currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
}

/// The books of an agreement.
#[derive(Clone, Debug)]
pub struct Books {
    /// The size the last settlement covers.
    pub(super) cut_off: u64,
    /// What counts and what came in.
    pub(super) since: Since,
    /// What was given back in entries from the cut-off on, in their order.
    pub(super) backs: Vec<Back>,
    /// The settlements that took in any money.
    pub(super) instalments: Vec<Instalment>,
    /// By (currency, stream): what those settlements took in.
    pub(super) flows: BTreeMap<FlowKey, Flow>,
    /// By currency, at the cut-off.
    pub(super) entitlements: Vec<Entitlements>,
    /// By currency and party, at the cut-off.
    pub(super) allocations: Vec<Vec<i64>>,
}

/// Part of a benefit was given back.
#[derive(Clone, Copy, Debug)]
pub(super) struct Back {
    /// The index of the entry that confirmed it.
    pub(super) at: u64,
    pub(super) benefit: CameIn,
    pub(super) amount: u64,
}

/// A settlement that took in money.
#[derive(Clone, Debug)]
pub(super) struct Instalment {
    pub(super) cut_off: u64,
    /// Shared between settlements with the same shares.
    pub(super) shares: Arc<Fractions>,
}

/// The net gross of one currency and stream.
#[derive(Clone, Debug, Default)]
pub(super) struct Flow {
    /// What each instalment took in less what was given back of it; only those that took in any. Wider than an amount,
    /// so that sums cannot fail before they are used.
    pub(super) net: Vec<(usize, u128)>,
    pub(super) total: u128,
}

/// What pending changes do to the money.
#[derive(Default)]
struct Moved {
    /// Came in, less what was given back of it.
    fresh: BTreeMap<FlowKey, u128>,
    /// Given back of what an instalment took in.
    returned: BTreeMap<FlowKey, BTreeMap<usize, u128>>,
}

/// What one settlement's pool is in one currency, and the shares it is split by; for explanations.
pub(super) struct PoolLine {
    /// The size the settlement covers.
    pub(super) cut_off: u64,
    /// The pool, minor units.
    pub(super) pool: i64,
    /// The shares of the parties.
    pub(super) shares: Arc<Fractions>,
}

impl Books {
    /// Opens empty books for `terms`, which fit together (see [`super::terms::check`]).
    #[must_use]
    pub fn new(terms: &Terms) -> Self {
        let parties = terms.parties.len();
        Self {
            cut_off: 0,
            since: Since::new(terms),
            backs: Vec::new(),
            instalments: Vec::new(),
            flows: BTreeMap::new(),
            entitlements: vec![Entitlements::new(parties); terms.currencies.len()],
            allocations: vec![vec![0; parties]; terms.currencies.len()],
        }
    }

    /// Returns the size the last settlement covers; 0 before the first.
    #[must_use]
    pub const fn cut_off(&self) -> u64 {
        self.cut_off
    }

    /// Counts points of a party from entry `at` on. Entries are given in their order.
    pub fn count(&mut self, at: u64, party: usize, dimension: usize, points: Exact) {
        self.since.push(at, Change::Points { dimension, party, points });
    }

    /// Takes back from entry `at` on what was counted before.
    pub fn discount(&mut self, at: u64, party: usize, dimension: usize, points: Exact) {
        self.count(at, party, dimension, -points);
    }

    /// Takes in a benefit of `amount` minor units that entry `at` confirmed.
    pub fn take_in(&mut self, at: u64, stream: usize, currency: usize, amount: u64) -> CameIn {
        self.since.push(at, Change::In { flow: (currency, stream), amount });
        CameIn { currency, stream, at }
    }

    /// Gives back `amount` minor units of a benefit from entry `at` on.
    pub fn reverse(&mut self, at: u64, benefit: CameIn, amount: u64) {
        self.backs.push(Back { at, benefit, amount });
    }

    /// Returns the sheet without which the account at `tree_size` cannot be computed, if it is not at hand.
    pub(super) fn wanted(&self, tree_size: u64) -> Option<SheetWanted> {
        self.since.wanted(self.cut_off, tree_size)
    }

    /// Puts changes older than the `newest` into sheets.
    pub(super) fn cut(&mut self, newest: usize) {
        self.since.cut(newest);
    }

    /// Returns the sheets that are not put away, which they then are.
    pub(super) fn put_away(&mut self) -> impl Iterator<Item = &Sheet> {
        self.since.put_away()
    }

    /// Takes in a sheet that was put away.
    pub(super) fn recall(&mut self, sheet: Sheet) {
        self.since.recall(sheet);
    }

    /// Drops the sheets that are put away.
    pub(super) fn forget(&mut self) {
        self.since.forget();
    }

    /// Computes the account at `tree_size`: of everything in the entries before it.
    ///
    /// Errors: [`SettlementRefusal::TooOld`] unless it is greater than [`Self::cut_off`]; otherwise only when numbers
    /// outgrow their limits.
    ///
    /// # Panics
    ///
    /// If changes that it covers were put away and not recalled.
    pub fn account_at(&self, terms: &Terms, tree_size: u64) -> Result<Account, SettlementRefusal> {
        if tree_size <= self.cut_off {
            return Err(SettlementRefusal::TooOld { tree_size, settled_size: self.cut_off });
        }
        let sums = self.since.sums_at(self.cut_off, tree_size);
        let shares = shares_of(terms, &sums.points).map_err(not_computable)?;
        let moved = self.moved(&sums, tree_size);
        let streams = self.stream_sums(terms, &moved).map_err(not_computable)?;
        let mut account = Account {
            settlement: Settlement {
                tree_size,
                shares: shares_digest(&shares),
                accounts: Vec::with_capacity(terms.currencies.len()),
            },
            shares,
            streams,
            entitlements: Vec::with_capacity(terms.currencies.len()),
            nets: Vec::with_capacity(terms.currencies.len()),
        };
        for currency in 0..terms.currencies.len() {
            self.split_currency(terms, currency, &moved, &mut account)?;
        }
        Ok(account)
    }

    fn split_currency(
        &self,
        terms: &Terms,
        position: usize,
        moved: &Moved,
        account: &mut Account,
    ) -> Result<(), SettlementRefusal> {
        let currency = terms.currencies[position].code.clone();
        let max = entitlement_bits_max(terms);
        let too_fine = |bits| SettlementRefusal::EntitlementTooFine { currency: currency.clone(), bits, max };
        let exact =
            self.entitlements_at(terms, position, moved, &account.shares.shares).map_err(|error| match error {
                SplitError::EntitlementTooFine { bits } => too_fine(bits),
                other => not_computable(other),
            })?;
        if exact.denominator_bits() > max {
            return Err(too_fine(exact.denominator_bits()));
        }
        let allocations = exact.largest_remainder().map_err(not_computable)?;
        let streams = || account.streams.iter().filter(move |sum| sum.currency == position);
        let pool = streams().try_fold(0_u64, |sum, stream| sum.checked_add(stream.pooled));
        let pool = pool.ok_or_else(|| not_computable(SplitError::AmountTooLarge))?;
        let nets = nets_of(terms, &allocations, streams()).map_err(not_computable)?;
        let parties = allocations.iter().zip(&self.allocations[position]);
        let parties = parties.map(|(now, before)| PartyAccount { allocation: *now, due: now - before }).collect();
        let digest = digest_of("counterfoil entitlements v1", exact.iter());
        account.settlement.accounts.push(CurrencyAccount { currency, pool, entitlements: digest, parties });
        account.entitlements.push(exact);
        account.nets.push(nets);
        Ok(())
    }

    /// Takes in a settlement that says what [`Self::account_at`] computed for it.
    pub fn settle(&mut self, account: &Account) {
        let tree_size = account.settlement.tree_size;
        let moved = self.moved(&self.since.sums_at(self.cut_off, tree_size), tree_size);
        for (flow, returned) in moved.returned {
            let flow = self.flows.entry(flow).or_default();
            for (instalment, net) in &mut flow.net {
                let back = returned.get(instalment).copied().unwrap_or(0);
                *net -= back;
                flow.total -= back;
            }
        }
        if !moved.fresh.is_empty() {
            let position = self.instalments.len();
            for (flow, net) in moved.fresh {
                let flow = self.flows.entry(flow).or_default();
                flow.net.push((position, net));
                flow.total += net;
            }
            let shares = match self.instalments.last() {
                Some(last) if *last.shares == account.shares.shares => Arc::clone(&last.shares),
                _ => Arc::new(account.shares.shares.clone()),
            };
            self.instalments.push(Instalment { cut_off: tree_size, shares });
        }
        self.since.settle(self.cut_off, tree_size);
        self.backs.drain(..self.backs.partition_point(|back| back.at < tree_size));
        self.entitlements.clone_from(&account.entitlements);
        self.allocations = account
            .settlement
            .accounts
            .iter()
            .map(|account| account.parties.iter().map(|party| party.allocation).collect())
            .collect();
        self.cut_off = tree_size;
    }

    /// Returns the pools that make up the entitlements of `account` in one currency, in the order of the settlements.
    pub(super) fn pool_lines(
        &self,
        terms: &Terms,
        account: &Account,
        currency: usize,
    ) -> Result<Vec<PoolLine>, SettlementRefusal> {
        let tree_size = account.settlement.tree_size;
        let moved = self.moved(&self.since.sums_at(self.cut_off, tree_size), tree_size);
        let mut pools = vec![0_i64; self.instalments.len() + 1];
        for (stream, terms) in terms.streams.iter().enumerate() {
            let key = (currency, stream);
            let change = self.pool_change(terms.pool_rate, key, &moved).map_err(not_computable)?;
            let flow = self.flows.get(&key);
            let mut reached = 0_u128;
            let mut pooled = 0_i64;
            for (instalment, net) in flow.map_or(&[][..], |flow| &flow.net) {
                reached += net;
                let now = pool_of(terms.pool_rate, reached).map_err(not_computable)?;
                pools[*instalment] += now - pooled;
                pooled = now;
            }
            for (instalment, difference) in change.past {
                pools[instalment] += difference;
            }
            if let Some(last) = pools.last_mut() {
                *last += change.fresh;
            }
        }
        let fresh = Instalment { cut_off: tree_size, shares: Arc::new(account.shares.shares.clone()) };
        Ok(self
            .instalments
            .iter()
            .chain([&fresh])
            .zip(pools)
            .map(|(instalment, pool)| PoolLine {
                cut_off: instalment.cut_off,
                pool,
                shares: Arc::clone(&instalment.shares),
            })
            .collect())
    }

    fn moved(&self, sums: &Sums, tree_size: u64) -> Moved {
        let mut moved = Moved::default();
        for (flow, came) in &sums.came {
            let before = self.since.settled.came.get(flow).copied().unwrap_or_default();
            if came.times > before.times {
                moved.fresh.insert(*flow, came.sum - before.sum);
            }
        }
        for Back { benefit, amount, .. } in self.backs.iter().take_while(|back| back.at < tree_size) {
            let flow = (benefit.currency, benefit.stream);
            if benefit.at >= self.cut_off {
                // A benefit is reversed after it came in, so that the subtraction stays above zero.
                *moved.fresh.entry(flow).or_default() -= u128::from(*amount);
            } else {
                let instalment = self.instalments.partition_point(|instalment| instalment.cut_off <= benefit.at);
                let returned = moved.returned.entry(flow).or_default();
                *returned.entry(instalment).or_default() += u128::from(*amount);
            }
        }
        moved
    }

    fn stream_sums(&self, terms: &Terms, moved: &Moved) -> Result<Vec<StreamSum>, SplitError> {
        let mut sums = Vec::new();
        for currency in 0..terms.currencies.len() {
            for (stream, stream_terms) in terms.streams.iter().enumerate() {
                let key = (currency, stream);
                let flow = self.flows.get(&key);
                let fresh = moved.fresh.get(&key).copied();
                if flow.is_none() && fresh.is_none() {
                    continue;
                }
                let before = flow.map_or(0, |flow| flow.total);
                let returned: u128 = moved.returned.get(&key).map_or(0, |returned| returned.values().sum());
                let gross = before - returned + fresh.unwrap_or(0);
                sums.push(StreamSum {
                    stream,
                    currency,
                    gross: amount(gross)?,
                    pooled: pooled(stream_terms.pool_rate, gross)?,
                    gross_before: amount(before)?,
                    pooled_before: pooled(stream_terms.pool_rate, before)?,
                });
            }
        }
        Ok(sums)
    }

    fn entitlements_at(
        &self,
        terms: &Terms,
        currency: usize,
        moved: &Moved,
        shares: &Fractions,
    ) -> Result<Entitlements, SplitError> {
        let mut entitlements = self.entitlements[currency].clone();
        let mut fresh = 0_i64;
        for (stream, stream_terms) in terms.streams.iter().enumerate() {
            let change = self.pool_change(stream_terms.pool_rate, (currency, stream), moved)?;
            for (instalment, difference) in change.past {
                entitlements.add(&self.instalments[instalment].shares, difference)?;
            }
            fresh = fresh.checked_add(change.fresh).ok_or(SplitError::AmountTooLarge)?;
        }
        entitlements.add(shares, fresh)?;
        Ok(entitlements)
    }

    /// Returns how the pools of one currency and stream change. The pool of a settlement is the floor of the rate times
    /// the cumulative gross, less what was pooled before it; so what is given back of one settlement may shift a minor
    /// unit between those after it.
    fn pool_change(&self, rate: Ratio, key: FlowKey, moved: &Moved) -> Result<PoolChange, SplitError> {
        let flow = self.flows.get(&key);
        let mut past = Vec::new();
        let mut reached = flow.map_or(0, |flow| flow.total);
        if let (Some(flow), Some(returned)) = (flow, moved.returned.get(&key)) {
            let (mut before, mut after) = ((0_u128, 0_i64), (0_u128, 0_i64));
            for (instalment, net) in &flow.net {
                let left = net - returned.get(instalment).copied().unwrap_or(0);
                let (was, is) = (before.0 + net, after.0 + left);
                let (pool_was, pool_is) = (pool_of(rate, was)?, pool_of(rate, is)?);
                let difference = (pool_is - after.1) - (pool_was - before.1);
                if difference != 0 {
                    past.push((*instalment, difference));
                }
                (before, after) = ((was, pool_was), (is, pool_is));
            }
            reached = after.0;
        }
        let fresh = moved.fresh.get(&key).copied().unwrap_or(0);
        Ok(PoolChange { past, fresh: pool_of(rate, reached + fresh)? - pool_of(rate, reached)? })
    }
}

/// Returns the shares that points, by dimension and party, come to under `terms`.
pub(super) fn shares_of(terms: &Terms, points: &[Vec<Exact>]) -> Result<Shares, SplitError> {
    let dimensions: Vec<DimensionInput<'_>> = terms
        .dimensions
        .iter()
        .zip(points)
        .map(|(dimension, points)| DimensionInput {
            weight: dimension.weight,
            floor_mass: dimension.floor_mass,
            default_shares: &dimension.default_shares,
            coefficients: &dimension.coefficients,
            points,
        })
        .collect();
    let party_coefficients: Vec<Ratio> = terms.parties.iter().map(|party| party.coefficient).collect();
    shares(&dimensions, &party_coefficients)
}

/// How the pools of one currency and stream change.
struct PoolChange {
    /// By instalment, where it changes.
    past: Vec<(usize, i64)>,
    /// What the new settlement takes in.
    fresh: i64,
}

fn not_computable(source: SplitError) -> SettlementRefusal {
    SettlementRefusal::NotComputable { source: Box::new(source) }
}
