//! The running state of a waterfall: what came in, and what it came to, tier by tier.

use std::collections::BTreeMap;

use dashu_int::{IBig, UBig, ops::DivRemEuclid};

use crate::split::{
    Apportionment, Entitlements, Exact, Fractions, RoundingRule, SplitError, Step, TopUp, Waterfall,
    clamp::clamp,
    deficit::serve,
    fractions::joint_denominator,
    waterfall::{costs::Costs, fees::FeeAccount},
};

/// What one settlement brings to a waterfall, or what is released of what it held back.
#[derive(Clone, Copy, Debug)]
pub struct Inflow<'a> {
    /// The shares of the parties at its cut-off; they sum to 1.
    pub shares: &'a Fractions,
    /// What came in, or what is released: minor units, not negative.
    pub pool: i64,
    /// The recoupable costs confirmed since the step before, by party, minor units.
    pub costs: &'a [u64],
    /// The terms in force at its cut-off.
    pub waterfall: &'a Waterfall,
}

/// The money of one currency on its way down the waterfall, cumulative. A step that fails changes nothing.
///
/// There is no way back: who takes back a benefit lays the steps again with less, in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tiers {
    pub(super) pooled: u64,
    pub(super) fees: Vec<FeeAccount>,
    /// How many instalments there were.
    pub(super) instalments: usize,
    /// Of which instalments something is held back.
    pub(super) held: BTreeMap<usize, Held>,
    pub(super) costs: Costs,
    pub(super) entitlements: Entitlements,
    pub(super) reserve: Exact,
    /// Over the denominator of the entitlements.
    pub(super) top_ups: Vec<Borne>,
    /// What was paid under [`RoundingRule::NeverNegative`], the reserve last.
    pub(super) paid: Option<Vec<i64>>,
}

/// What is held back of one instalment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// How many minor units still are, above zero.
    pub left: u64,
    /// What all steps of the instalment left to be shared so far.
    pub remainder: Exact,
}

/// What `guarantor` bears for `party`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Borne {
    pub(super) party: usize,
    pub(super) guarantor: usize,
    pub(super) amount: IBig,
}

impl Tiers {
    /// Returns those of so many parties, before any money.
    #[must_use]
    pub fn new(parties: usize) -> Self {
        Self {
            pooled: 0,
            fees: Vec::new(),
            instalments: 0,
            held: BTreeMap::new(),
            costs: Costs::new(parties),
            entitlements: Entitlements::new(parties),
            reserve: Exact::ZERO,
            top_ups: Vec::new(),
            paid: None,
        }
    }

    /// Takes in an instalment, and returns what it came to.
    ///
    /// Errors: those of [`Waterfall::check`]; [`SplitError::LengthDiffers`]; [`SplitError::Unbalanced`] if the shares do
    /// not sum to 1; [`SplitError::BelowZero`] for a negative pool; [`SplitError::AmountTooLarge`];
    /// [`SplitError::EntitlementTooFine`].
    pub fn take(&mut self, inflow: &Inflow<'_>) -> Result<Step, SplitError> {
        let pool = self.check(inflow)?;
        let mut next = self.clone();
        next.pooled = next.pooled.checked_add(pool).ok_or(SplitError::AmountTooLarge)?;
        if i64::try_from(next.pooled).is_err() {
            return Err(SplitError::AmountTooLarge);
        }
        let mut left = pool;
        let mut fees = Vec::with_capacity(inflow.waterfall.fees.len());
        for (position, fee) in inflow.waterfall.fees.iter().enumerate() {
            if position == next.fees.len() {
                next.fees.push(FeeAccount::new(fee.rate));
            }
            let charged = next.fees[position].charge(fee, pool, left)?;
            left -= charged;
            fees.push(charged);
        }
        let held = match inflow.waterfall.holdback {
            Some(part) => {
                let product = u128::from(left) * u128::from(part.numerator());
                let held = product.div_ceil(u128::from(part.denominator()));
                u64::try_from(held).map_err(|_| SplitError::AmountTooLarge)?
            }
            None => 0,
        };
        let instalment = next.instalments;
        next.instalments += 1;
        if held > 0 {
            next.held.insert(instalment, Held { left: held, remainder: Exact::ZERO });
        }
        let step = next.pass_down(self, instalment, left - held, inflow)?;
        *self = next;
        Ok(Step { pool, fees, held, ..step })
    }

    /// Releases `inflow.pool` of what is held back of instalment `held`, counted from 0: it goes down the tiers below
    /// the holdback with the shares and the terms of its own instalment, which `inflow` must repeat, and under limits on
    /// the whole instalment. It is no instalment of its own: guarantees do not grow by it.
    ///
    /// Errors: [`SplitError::PositionUnknown`]; [`SplitError::ReleaseTooLarge`]; those of [`Self::take`].
    pub fn release(&mut self, held: usize, inflow: &Inflow<'_>) -> Result<Step, SplitError> {
        let released = self.check(inflow)?;
        if held >= self.instalments {
            return Err(SplitError::PositionUnknown { position: held, of: self.instalments });
        }
        let left = self.held_of(held);
        let still = left.checked_sub(released).ok_or(SplitError::ReleaseTooLarge { held, left, released })?;
        let mut next = self.clone();
        if let Some(back) = next.held.get_mut(&held) {
            back.left = still;
        }
        let step = next.pass_down(self, held, released, inflow)?;
        // What is released whole is not heard of any more.
        next.held.retain(|_, held| held.left > 0);
        *self = next;
        Ok(Step { released, is_release: true, ..step })
    }

    /// Makes room for parties that came later; what they are owed and have paid begins at nothing.
    pub fn widen(&mut self, parties: usize) {
        let more = parties.saturating_sub(self.parties());
        self.entitlements.widen(parties);
        self.costs.widen(parties);
        if let Some(paid) = &mut self.paid {
            // The last line is the reserve's.
            let reserve = paid.len() - 1;
            paid.splice(reserve..reserve, std::iter::repeat_n(0, more));
        }
    }

    /// Counts the next instalment as number `instalment` from 0: those that it leaves out brought nothing.
    pub fn skip_to(&mut self, instalment: usize) {
        self.instalments = self.instalments.max(instalment);
    }

    fn check(&self, inflow: &Inflow<'_>) -> Result<u64, SplitError> {
        inflow.waterfall.check(self.parties())?;
        if inflow.shares.len() != self.parties() {
            return Err(SplitError::LengthDiffers { expected: self.parties(), found: inflow.shares.len() });
        }
        if !inflow.shares.sum_is_one() {
            return Err(SplitError::Unbalanced);
        }
        u64::try_from(inflow.pool).map_err(|_| SplitError::BelowZero { party: None })
    }

    /// Brings `base` minor units of an instalment down from below the holdback. `self` is `before` with the tiers above.
    fn pass_down(
        &mut self,
        before: &Self,
        instalment: usize,
        base: u64,
        inflow: &Inflow<'_>,
    ) -> Result<Step, SplitError> {
        let waterfall = inflow.waterfall;
        self.costs.confirm(inflow.costs)?;
        let (total, recouped) = self.costs.recoup(waterfall.corridor, base);
        if !total.is_zero() {
            self.entitlements.add_numbers(&recouped)?;
        }
        let remainder = Exact::from(base) - total;
        let remainder_before = self.held.get(&instalment).map_or(Exact::ZERO, |held| held.remainder.clone());
        let (parts, reserve) = if waterfall.is_bounded() {
            bounded(waterfall, inflow.shares, &remainder_before, &remainder)?
        } else {
            (by_shares(inflow.shares, &remainder), Exact::ZERO)
        };
        match i64::try_from(remainder.numerator()) {
            // The shares as they are, so that entitlements are those without a waterfall to the last bit.
            Ok(whole) if !waterfall.is_bounded() && remainder.denominator().is_one() => {
                self.entitlements.add(inflow.shares, whole)?;
            }
            _ => self.entitlements.add_numbers(&parts)?,
        }
        self.reserve += &reserve;
        if let Some(held) = self.held.get_mut(&instalment) {
            held.remainder += &remainder;
        }
        let is_instalment = instalment >= before.instalments;
        let top_ups = self.guarantee(&before.entitlements, if is_instalment { Some(waterfall) } else { None });
        self.round(before, waterfall.rounding, base)?;
        let (fees, held, released, pool) = (Vec::new(), 0, 0, 0);
        Ok(Step {
            instalment,
            pool,
            released,
            fees,
            held,
            is_release: false,
            recouped,
            remainder,
            remainder_before,
            parts,
            reserve,
            top_ups,
        })
    }

    /// What is borne grows by the guaranteed amount, and shrinks by what the party came to be entitled to, the oldest
    /// first: `P(t) - E(t) = max(0, P(t - 1) - E(t - 1) + amount - (E(t) - E(t - 1)))`.
    fn guarantee(&mut self, before: &Entitlements, instalment: Option<&Waterfall>) -> Vec<TopUp> {
        let mut granted: BTreeMap<(usize, usize), IBig> = BTreeMap::new();
        for guarantee in instalment.into_iter().flat_map(|waterfall| &waterfall.guarantees) {
            *granted.entry((guarantee.party, guarantee.guarantor)).or_default() += guarantee.amount;
        }
        for (party, guarantor) in granted.keys() {
            if !self.top_ups.iter().any(|borne| (borne.party, borne.guarantor) == (*party, *guarantor)) {
                self.top_ups.push(Borne { party: *party, guarantor: *guarantor, amount: IBig::ZERO });
            }
        }
        let denominator = self.entitlements.denominator();
        let factor = denominator / before.denominator();
        let mut rises: BTreeMap<usize, IBig> = BTreeMap::new();
        let mut changes = Vec::new();
        for borne in &mut self.top_ups {
            let party = borne.party;
            let rise = rises
                .entry(party)
                .or_insert_with(|| &self.entitlements.numerators()[party] - &before.numerators()[party] * &factor);
            let was = &borne.amount * &factor;
            let grant = granted.get(&(party, borne.guarantor)).map(|amount| amount * denominator);
            let most = &was + grant.unwrap_or_default();
            let now = (&most - &*rise).max(IBig::ZERO);
            *rise = (&*rise - most).max(IBig::ZERO);
            if now != was {
                let exact = |numerator: IBig| Exact::from_parts(numerator, denominator.clone());
                let (amount, change) = (exact(now.clone()), exact(&now - was));
                changes.push(TopUp { party, guarantor: borne.guarantor, amount, change });
            }
            borne.amount = now;
        }
        changes
    }

    fn round(&mut self, before: &Self, rule: RoundingRule, base: u64) -> Result<(), SplitError> {
        self.paid = match rule {
            RoundingRule::LargestRemainder => None,
            RoundingRule::NeverNegative => {
                let mut paid = before.allocations()?;
                let (denominator, mut deficits) = self.lines();
                for (deficit, paid) in deficits.iter_mut().zip(&paid) {
                    *deficit -= denominator.as_ibig() * IBig::from(*paid);
                }
                for (sum, units) in paid.iter_mut().zip(serve(&denominator, &deficits, base)) {
                    let units = i64::try_from(units).map_err(|_| SplitError::AmountTooLarge)?;
                    *sum = sum.checked_add(units).ok_or(SplitError::AmountTooLarge)?;
                }
                Some(paid)
            }
        };
        Ok(())
    }

    /// What each party is owed, and last the reserve, over a common denominator. They sum to a whole number.
    fn lines(&self) -> (UBig, Vec<IBig>) {
        let owed = self.owed();
        let denominator = joint_denominator(owed.denominator(), self.reserve.denominator());
        let factor = &denominator / owed.denominator();
        let reserve = self.reserve.numerator() * (&denominator / self.reserve.denominator());
        let lines = owed.numerators().iter().map(|owed| owed * &factor).chain([reserve]).collect();
        (denominator, lines)
    }

    /// Returns how many parties there are.
    #[must_use]
    pub fn parties(&self) -> usize {
        self.entitlements.parties()
    }

    /// Returns what came in so far, minor units.
    #[must_use]
    pub const fn pooled(&self) -> u64 {
        self.pooled
    }

    /// Returns what each fee has come to.
    #[must_use]
    pub fn fees(&self) -> &[FeeAccount] {
        &self.fees
    }

    /// Returns how many instalments there were.
    #[must_use]
    pub const fn instalments(&self) -> usize {
        self.instalments
    }

    /// Returns the instalments of which something is held back, and what.
    pub fn held(&self) -> impl Iterator<Item = (usize, &Held)> {
        self.held.iter().map(|(instalment, held)| (*instalment, held))
    }

    /// Returns what is held back of an instalment, minor units.
    #[must_use]
    pub fn held_of(&self, instalment: usize) -> u64 {
        self.held.get(&instalment).map_or(0, |held| held.left)
    }

    /// Returns the confirmed recoupable costs by party, minor units.
    #[must_use]
    pub fn confirmed_costs(&self) -> &[u64] {
        &self.costs.confirmed
    }

    /// Returns what of the costs is not recouped yet, by party.
    #[must_use]
    pub fn outstanding_costs(&self) -> Fractions {
        self.costs.outstanding()
    }

    /// Returns what of the costs is recouped, by party.
    #[must_use]
    pub fn recouped_costs(&self) -> Fractions {
        self.costs.recouped()
    }

    /// Returns what caps left over: nobody's yet, minor units.
    #[must_use]
    pub const fn reserve(&self) -> &Exact {
        &self.reserve
    }

    /// Returns the exact entitlements before guarantees: what was recouped and the parts of the remainders.
    #[must_use]
    pub const fn entitlements(&self) -> &Entitlements {
        &self.entitlements
    }

    /// Returns who bears how much for whom: party, guarantor, minor units.
    pub fn top_ups(&self) -> impl Iterator<Item = (usize, usize, Exact)> {
        self.top_ups.iter().map(|borne| {
            let amount = Exact::from_parts(borne.amount.clone(), self.entitlements.denominator().clone());
            (borne.party, borne.guarantor, amount)
        })
    }

    /// Returns what each party is owed after guarantees; below zero for a guarantor that bears more than it has. They
    /// sum to the entitlements.
    #[must_use]
    pub fn owed(&self) -> Entitlements {
        let mut owed = self.entitlements.clone();
        for borne in &self.top_ups {
            owed.shift(borne.guarantor, borne.party, &borne.amount);
        }
        owed
    }

    /// Rounds what is owed by the largest remainder. After the parties comes one line for the reserve, so that the sum is
    /// whole; without a reserve it gets no unit.
    ///
    /// Errors: [`SplitError::AmountTooLarge`].
    pub fn apportion(&self) -> Result<Apportionment, SplitError> {
        let (denominator, lines) = self.lines();
        Apportionment::of(&denominator, &lines)
    }

    /// Returns the whole minor units of each party, and last those of the reserve, by the rule of the last step.
    ///
    /// Errors: [`SplitError::AmountTooLarge`].
    pub fn allocations(&self) -> Result<Vec<i64>, SplitError> {
        match &self.paid {
            Some(paid) => Ok(paid.clone()),
            None => self.apportion().map(Apportionment::into_allocations),
        }
    }
}

fn by_shares(shares: &Fractions, remainder: &Exact) -> Fractions {
    let parts = shares.numerators().iter().map(|share| share * remainder.numerator()).collect();
    Fractions::reduced(shares.denominator() * remainder.denominator(), parts)
}

/// What a step adds to the parts of an instalment whose earlier steps left `before`: the limits are on both together.
fn bounded(
    waterfall: &Waterfall,
    shares: &Fractions,
    before: &Exact,
    remainder: &Exact,
) -> Result<(Fractions, Exact), SplitError> {
    let whole = before + remainder;
    let (floors, caps) = limits(waterfall, &whole);
    let now = clamp(shares, &whole, &floors, &caps)?;
    if before.is_zero() {
        return Ok((now.parts, now.reserve));
    }
    let (floors, caps) = limits(waterfall, before);
    let was = clamp(shares, before, &floors, &caps)?;
    Ok((now.parts.minus(&was.parts), now.reserve - was.reserve))
}

/// The floors and caps of the parties in an instalment that leaves so much to be shared.
pub(in crate::split) fn limits(waterfall: &Waterfall, remainder: &Exact) -> (Vec<Exact>, Vec<Option<Exact>>) {
    waterfall
        .bounds
        .iter()
        .map(|bounds| {
            let cap = bounds.cap.map(|cap| {
                let numerator = remainder.numerator() * IBig::from(cap.numerator());
                let denominator = remainder.denominator() * UBig::from(cap.denominator());
                Exact::from(numerator.div_rem_euclid(denominator.as_ibig()).0)
            });
            (Exact::from(bounds.floor), cap)
        })
        .unzip()
}
