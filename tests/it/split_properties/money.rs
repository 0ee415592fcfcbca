//! Waterfalls at random, and the tiers written down as plainly as they can be.

use counterfoil::split::{
    Bounds, Exact, Fee, Fractions, Guarantee, Inflow, Ratio, RoundingRule, SplitError, Step, Tiers, Waterfall,
};
use proptest::{collection::vec, option, prelude::*};

use super::model::{fractions, parts_of_one, ratio, sum};

/// One settlement: its shares, what came in, and what costs were confirmed with it.
#[derive(Clone, Debug)]
pub struct Instalment {
    pub shares: Fractions,
    pub pool: i64,
    pub costs: Vec<u64>,
}

impl Instalment {
    pub fn inflow<'a>(&'a self, waterfall: &'a Waterfall) -> Inflow<'a> {
        Inflow { shares: &self.shares, pool: self.pool, costs: &self.costs, waterfall }
    }
}

/// Lays instalments, one after the other.
pub fn lay(parties: usize, waterfall: &Waterfall, instalments: &[Instalment]) -> Tiers {
    let mut tiers = Tiers::new(parties);
    for instalment in instalments {
        tiers.take(&instalment.inflow(waterfall)).unwrap();
    }
    tiers
}

/// Releases so many units of what is held back of `instalment`.
pub fn release(
    tiers: &mut Tiers,
    at: usize,
    released: u64,
    instalment: &Instalment,
    waterfall: &Waterfall,
) -> Result<Step, SplitError> {
    let costs = vec![0; instalment.costs.len()];
    let pool = i64::try_from(released).unwrap();
    tiers.release(at, &Inflow { shares: &instalment.shares, pool, costs: &costs, waterfall })
}

/// The tiers by the book: cumulative rules as they stand in `formula.md` 2 and 5, for one waterfall all the time.
pub struct Book {
    pub fees: Vec<i64>,
    pub held: i64,
    pub entitlements: Vec<Exact>,
    pub reserve: Exact,
    /// P by party that has a guarantee.
    pub minima: Vec<Exact>,
    pooled: i64,
    outstanding: Vec<Exact>,
}

impl Book {
    pub fn new(parties: usize, waterfall: &Waterfall) -> Self {
        Self {
            fees: vec![0; waterfall.fees.len()],
            held: 0,
            entitlements: vec![Exact::ZERO; parties],
            reserve: Exact::ZERO,
            minima: vec![Exact::ZERO; waterfall.guarantees.len()],
            pooled: 0,
            outstanding: vec![Exact::ZERO; parties],
        }
    }

    /// Takes in an instalment under at most one fee.
    pub fn take(&mut self, waterfall: &Waterfall, instalment: &Instalment) {
        self.pooled += instalment.pool;
        let mut base = instalment.pool;
        for (fee, charged) in waterfall.fees.iter().zip(&mut self.fees) {
            let reached = whole((fee.rate.exact() * Exact::from(self.pooled)).floor());
            let now = fee.cap.map_or(reached, |cap| reached.min(i64::try_from(cap).unwrap()));
            base -= now - *charged;
            *charged = now;
        }
        let held = whole((waterfall.holdback.unwrap_or(Ratio::ZERO).exact() * Exact::from(base)).ceil());
        self.held += held;
        let base = Exact::from(base - held);
        for (outstanding, cost) in self.outstanding.iter_mut().zip(&instalment.costs) {
            *outstanding += Exact::from(*cost);
        }
        let total = sum(&self.outstanding);
        let recouped = (waterfall.corridor.unwrap_or(Ratio::ZERO).exact() * &base).min(total.clone());
        if !recouped.is_zero() {
            for (outstanding, entitlement) in self.outstanding.iter_mut().zip(&mut self.entitlements) {
                let part = &*outstanding * &recouped / &total;
                *outstanding -= &part;
                *entitlement += part;
            }
        }
        let remainder = base - recouped;
        let shares: Vec<Exact> = instalment.shares.iter().collect();
        let parts = if waterfall.bounds.is_empty() {
            shares.iter().map(|share| share * &remainder).collect()
        } else {
            let floors: Vec<Exact> = waterfall.bounds.iter().map(|bounds| Exact::from(bounds.floor)).collect();
            let cap = |bounds: &Bounds| Some(Exact::from((bounds.cap?.exact() * &remainder).floor()));
            let caps: Vec<Option<Exact>> = waterfall.bounds.iter().map(cap).collect();
            clamped(&shares, &remainder, &floors, &caps)
        };
        self.reserve += remainder - sum(&parts);
        for (entitlement, part) in self.entitlements.iter_mut().zip(parts) {
            *entitlement += part;
        }
        for (minimum, guarantee) in self.minima.iter_mut().zip(&waterfall.guarantees) {
            let more = &*minimum + Exact::from(guarantee.amount);
            *minimum = self.entitlements[guarantee.party].clone().max(more);
        }
    }

    /// What each is owed, under guarantees for different parties.
    pub fn owed(&self, waterfall: &Waterfall) -> Vec<Exact> {
        let mut owed = self.entitlements.clone();
        for (minimum, guarantee) in self.minima.iter().zip(&waterfall.guarantees) {
            let borne = minimum - &self.entitlements[guarantee.party];
            owed[guarantee.party] += &borne;
            owed[guarantee.guarantor] -= borne;
        }
        owed
    }
}

fn whole(number: impl TryInto<i64, Error: std::fmt::Debug>) -> i64 {
    number.try_into().unwrap()
}

/// Parts under limits: tries every level at which the sum bends.
pub fn clamped(weights: &[Exact], pool: &Exact, floors: &[Exact], caps: &[Option<Exact>]) -> Vec<Exact> {
    let lowest = sum(floors);
    if lowest > *pool {
        return floors.iter().map(|floor| floor * pool / &lowest).collect();
    }
    let cap = |party: usize| caps[party].as_ref().map(|cap| cap.clone().max(floors[party].clone()));
    let at = |level: &Exact| -> Vec<Exact> {
        (0..weights.len())
            .map(|party| {
                let part = (level * &weights[party]).max(floors[party].clone());
                cap(party).map_or(part.clone(), |cap| part.min(cap))
            })
            .collect()
    };
    let mut levels = vec![Exact::ZERO];
    for party in (0..weights.len()).filter(|party| !weights[*party].is_zero()) {
        levels.push(&floors[party] / &weights[party]);
        levels.extend(cap(party).map(|cap| cap / &weights[party]));
    }
    levels.sort();
    let last = levels.last().unwrap() + Exact::ONE;
    levels.push(last);
    let below = levels.iter().rposition(|level| sum(&at(level)) <= *pool).unwrap();
    let low = &levels[below];
    // Straight from here to the next bend, or for ever: a step of one tells the slope after the last.
    let high = levels.get(below + 1).cloned().unwrap_or_else(|| low + Exact::ONE);
    let (at_low, at_high) = (sum(&at(low)), sum(&at(&high)));
    if at_low == at_high {
        return at(low);
    }
    at(&(low + (pool - &at_low) * (high - low) / (at_high - at_low)))
}

/// What of a waterfall there may be.
#[derive(Clone, Copy, Debug)]
pub struct Allowed {
    pub fees: usize,
    pub holdback: bool,
    pub costs: bool,
    pub bounds: bool,
    pub guarantees: bool,
}

impl Allowed {
    pub const ALL: Self = Self { fees: 3, holdback: true, costs: true, bounds: true, guarantees: true };
    pub const NOTHING: Self = Self { fees: 0, holdback: false, costs: false, bounds: false, guarantees: false };
}

/// A waterfall for so many parties. Guarantees are for different parties.
pub fn waterfall(parties: usize, allowed: Allowed) -> impl Strategy<Value = Waterfall> {
    let part = || (0..=10_u64, 10..14_u64).prop_map(|(part, of)| ratio(part, of));
    let maybe = move |allowed: bool| option::weighted(0.7, part()).prop_map(move |part| part.filter(|_| allowed));
    let fee = (part(), option::of(0..200_u64)).prop_map(|(part, cap)| Fee { rate: part_of(part, 4), cap });
    let bounds = (option::of(part()), prop_oneof![Just(0), 0..150_u64]).prop_map(|(cap, floor)| Bounds { cap, floor });
    let bounds = vec(bounds, if allowed.bounds { parties } else { 0 });
    let guarantee = (1..parties.max(2), 0..300_u64);
    let guarantees = vec(guarantee, if allowed.guarantees && parties > 1 { 0..=parties } else { 0..=0 });
    (vec(fee, 0..=allowed.fees), maybe(allowed.holdback), maybe(allowed.costs), bounds, guarantees, any::<bool>())
        .prop_map(move |(fees, holdback, corridor, bounds, guarantees, empty)| Waterfall {
            fees,
            holdback,
            corridor,
            bounds: if empty { Vec::new() } else { bounds },
            guarantees: guarantees
                .into_iter()
                .enumerate()
                .map(|(party, (step, amount))| Guarantee { party, guarantor: (party + step) % parties, amount })
                .collect(),
            rounding: RoundingRule::LargestRemainder,
        })
}

fn part_of(part: Ratio, of: u64) -> Ratio {
    ratio(part.numerator(), part.denominator() * of)
}

/// Settlements of so many parties, each with its own shares.
pub fn instalments(parties: usize, costs: bool) -> impl Strategy<Value = Vec<Instalment>> {
    let shares = vec(prop_oneof![1 => Just(0_u64), 5 => 1..20_u64], parties).prop_map(|mut parts| {
        parts[0] += u64::from(parts.iter().all(|part| *part == 0));
        fractions(&parts_of_one(&parts).into_iter().map(Ratio::exact).collect::<Vec<_>>())
    });
    let cost = prop_oneof![2 => Just(0), 1 => 0..400_u64];
    let costs = vec(cost.prop_map(move |cost| if costs { cost } else { 0 }), parties);
    let instalment = (shares, 0..2_000_i64, costs).prop_map(|(shares, pool, costs)| Instalment { shares, pool, costs });
    vec(instalment, 1..7)
}

/// A waterfall with instalments of as many parties.
pub fn history(allowed: Allowed) -> impl Strategy<Value = (usize, Waterfall, Vec<Instalment>)> {
    (1..=5_usize)
        .prop_flat_map(move |parties| (Just(parties), waterfall(parties, allowed), instalments(parties, allowed.costs)))
}
