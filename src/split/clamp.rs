//! Caps and floors by water-filling: each gets `clamp(level * weight, floor, cap)` at the one level that spends the pool.
//!
//! The sum is piecewise linear in the level and bends only where somebody leaves its floor or reaches its cap, so that
//! the level is found exactly at the bends: sorting them is all the work. `formula.md` 5.

use std::cmp::Ordering;

use dashu_int::{IBig, UBig};

use crate::split::{
    ENTITLEMENT_DENOMINATOR_BITS_MAX, Exact, Fractions, SplitError,
    fractions::{common_denominator, joint_denominator, magnitude},
};

/// What a pool comes to under caps and floors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clamped {
    /// The part of each party, in their order.
    pub parts: Fractions,
    /// What nobody may have: the pool is more than all caps together. `parts` and this sum to the pool.
    pub reserve: Exact,
    /// lambda: what one of weight 1 has that is neither at its floor nor at its cap; none where nobody is in between.
    pub level: Option<Exact>,
}

/// Divides `pool` by `weights` so that nobody has less than its floor or more than its cap, in O(n log n).
///
/// A floor that stands above a cap holds: the cap is raised to it. Floors that together are more than the pool are
/// scaled to it in proportion; what is above all caps is the reserve. A weight of 0 has its floor and no more.
///
/// Errors: [`SplitError::LengthDiffers`]; [`SplitError::BelowZero`] if a weight, a floor, a cap or the pool is;
/// [`SplitError::EntitlementTooFine`].
pub fn clamp(
    weights: &Fractions,
    pool: &Exact,
    floors: &[Exact],
    caps: &[Option<Exact>],
) -> Result<Clamped, SplitError> {
    Ok(Water::new(weights, pool, floors, caps)?.clamped())
}

/// The pool, its limits and the bends of the sum, sorted: enough to answer for other weights of a single party too.
pub(in crate::split) struct Water {
    weights: Vec<IBig>,
    /// Of the weights.
    weight_denominator: UBig,
    pool: IBig,
    floors: Vec<IBig>,
    caps: Vec<Option<IBig>>,
    /// Of the pool, the floors and the caps.
    denominator: UBig,
    floor_sum: IBig,
    bends: Vec<Bend>,
    /// Before each bend, and after the last: what is had by those at their floor or cap, and the weights of the others.
    fixed: Vec<IBig>,
    between: Vec<IBig>,
    /// By party: which bends are its own.
    rises_at: Vec<Option<usize>>,
    stops_at: Vec<Option<usize>>,
}

/// The level `amount / weight` at which a party leaves its floor or reaches its cap.
struct Bend {
    amount: IBig,
    weight: IBig,
    party: usize,
    stops: bool,
}

impl Water {
    pub(in crate::split) fn new(
        weights: &Fractions,
        pool: &Exact,
        floors: &[Exact],
        caps: &[Option<Exact>],
    ) -> Result<Self, SplitError> {
        let parties = weights.len();
        for found in [floors.len(), caps.len()] {
            if found != parties {
                return Err(SplitError::LengthDiffers { expected: parties, found });
            }
        }
        let below = |number: &Exact| *number.numerator() < IBig::ZERO;
        let party_below = (0..parties).find(|party| {
            weights.numerators()[*party] < IBig::ZERO
                || below(&floors[*party])
                || caps[*party].as_ref().is_some_and(below)
        });
        if party_below.is_some() || below(pool) {
            return Err(SplitError::BelowZero { party: party_below });
        }
        let limits = floors.iter().chain(caps.iter().flatten()).map(|limit| limit.denominator().clone());
        let denominator = common_denominator(limits, ENTITLEMENT_DENOMINATOR_BITS_MAX)
            .map_err(|bits| SplitError::EntitlementTooFine { bits })?;
        let denominator = joint_denominator(&denominator, pool.denominator());
        let scaled = |number: &Exact| number.numerator() * (&denominator / number.denominator());
        let floors: Vec<IBig> = floors.iter().map(scaled).collect();
        let caps = caps.iter().zip(&floors).map(|(cap, floor)| Some(scaled(cap.as_ref()?).max(floor.clone())));
        let mut water = Self {
            weights: weights.numerators().to_vec(),
            weight_denominator: weights.denominator().clone(),
            pool: scaled(pool),
            caps: caps.collect(),
            floor_sum: floors.iter().sum(),
            floors,
            denominator,
            bends: Vec::new(),
            fixed: Vec::new(),
            between: Vec::new(),
            rises_at: vec![None; parties],
            stops_at: vec![None; parties],
        };
        water.bend();
        Ok(water)
    }

    fn bend(&mut self) {
        for (party, weight) in self.weights.iter().enumerate().filter(|(_, weight)| !weight.is_zero()) {
            let bend = |amount: &IBig, stops| Bend { amount: amount.clone(), weight: weight.clone(), party, stops };
            self.bends.push(bend(&self.floors[party], false));
            self.bends.extend(self.caps[party].as_ref().map(|cap| bend(cap, true)));
        }
        // The sum is the same at all bends of a level, so that their order among themselves is no matter.
        self.bends.sort_by(Bend::level_cmp);
        let (mut fixed, mut between) = (self.floor_sum.clone(), IBig::ZERO);
        for (position, bend) in self.bends.iter().enumerate() {
            self.fixed.push(fixed.clone());
            self.between.push(between.clone());
            if bend.stops {
                fixed += &bend.amount;
                between -= &bend.weight;
                self.stops_at[bend.party] = Some(position);
            } else {
                fixed -= &bend.amount;
                between += &bend.weight;
                self.rises_at[bend.party] = Some(position);
            }
        }
        self.fixed.push(fixed);
        self.between.push(between);
    }

    fn clamped(&self) -> Clamped {
        if self.floor_sum > self.pool {
            let numerators = self.floors.iter().map(|floor| floor * &self.pool).collect();
            let parts = Fractions::reduced(magnitude(self.floor_sum.clone()) * &self.denominator, numerators);
            return Clamped { parts, reserve: Exact::ZERO, level: None };
        }
        let first_full = self.bends.partition_point(|bend| {
            let position = if bend.stops { self.stops_at[bend.party] } else { self.rises_at[bend.party] };
            let position = position.unwrap_or_default();
            &self.fixed[position] * &bend.weight + &bend.amount * &self.between[position] < &self.pool * &bend.weight
        });
        let between = &self.between[first_full];
        let rest = &self.pool - &self.fixed[first_full];
        let nobody = between.is_zero();
        // Over denominator * between, or over denominator where nobody is in between.
        let scale = if nobody { IBig::ONE } else { between.clone() };
        let numerators = (0..self.weights.len())
            .map(|party| match self.place(party, first_full) {
                Place::Floor => &self.floors[party] * &scale,
                Place::Between => &self.weights[party] * &rest,
                Place::Cap(cap) => cap * &scale,
            })
            .collect();
        let parts = Fractions::reduced(magnitude(scale.clone()) * &self.denominator, numerators);
        let level = (!nobody).then(|| {
            Exact::from_parts(&rest * &self.weight_denominator, magnitude(between.clone()) * &self.denominator)
        });
        let reserve = if nobody { Exact::from_parts(rest, self.denominator.clone()) } else { Exact::ZERO };
        Clamped { parts, reserve, level }
    }

    /// Returns the part of `party` if it alone had the weight `weight`, a numerator as those of the others, in O(log n).
    pub(in crate::split) fn part_with(&self, party: usize, weight: &IBig) -> Exact {
        let (floor, cap) = (&self.floors[party], self.caps[party].as_ref());
        if self.floor_sum > self.pool {
            return Exact::from_parts(floor * &self.pool, magnitude(self.floor_sum.clone()) * &self.denominator);
        }
        // clamp(amount * weight, floor, cap), all times what the amount is over.
        let had = |weight: &IBig, bend: &Bend| {
            let most = cap.map(|cap| cap * &bend.weight);
            let had = (&bend.amount * weight).max(floor * &bend.weight);
            most.map_or_else(|| had.clone(), |most| had.clone().min(most))
        };
        let (mut first, mut last) = (0, self.bends.len());
        while first < last {
            let middle = first.midpoint(last);
            let bend = &self.bends[middle];
            let sum = &self.fixed[middle] * &bend.weight + &bend.amount * &self.between[middle];
            let sum = sum - had(&self.weights[party], bend) + had(weight, bend);
            if sum < &self.pool * &bend.weight { first = middle + 1 } else { last = middle }
        }
        let (mut fixed, mut between) = (self.fixed[first].clone(), self.between[first].clone());
        match self.place(party, first) {
            Place::Floor => fixed -= floor,
            Place::Between => between -= &self.weights[party],
            Place::Cap(cap) => fixed -= cap,
        }
        let between = between + weight;
        if weight.is_zero() {
            return Exact::from_parts(floor.clone(), self.denominator.clone());
        }
        // As if it had no limits; a limit that this breaks is what it has, as the others only move the same way.
        let part = Exact::from_parts(weight * (&self.pool - fixed), magnitude(between.clone()) * &self.denominator);
        let limit = |limit: &IBig| Exact::from_parts(limit.clone(), self.denominator.clone());
        let part = part.max(limit(floor));
        match cap.map(limit) {
            Some(most) => part.min(most),
            None => part,
        }
    }

    /// Where a party stands just before the bend at `position`.
    fn place(&self, party: usize, position: usize) -> Place<'_> {
        let passed = |at: Option<usize>| at.is_some_and(|at| at < position);
        match &self.caps[party] {
            Some(cap) if passed(self.stops_at[party]) => Place::Cap(cap),
            _ if passed(self.rises_at[party]) => Place::Between,
            _ => Place::Floor,
        }
    }
}

enum Place<'a> {
    Floor,
    Between,
    Cap(&'a IBig),
}

impl Bend {
    fn level_cmp(&self, other: &Self) -> Ordering {
        match (self.amount.is_zero(), other.amount.is_zero()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            (false, false) => (&self.amount * &other.weight).cmp(&(&other.amount * &self.weight)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Clamped, clamp};
    use crate::split::{Exact, Fractions, SplitError, exact_text};

    fn whole(number: i64) -> Exact {
        Exact::from(number)
    }

    fn texts(clamped: &Clamped) -> Vec<String> {
        clamped.parts.iter().chain([clamped.reserve.clone()]).map(|part| exact_text(&part)).collect()
    }

    fn clamped(weights: [i64; 3], pool: i64, floors: [i64; 3], caps: [Option<i64>; 3]) -> Vec<String> {
        let weights = Fractions::of(&weights.map(whole));
        texts(&clamp(&weights, &whole(pool), &floors.map(whole), &caps.map(|cap| cap.map(whole))).unwrap())
    }

    #[test]
    fn limits_bind_one_after_the_other() {
        assert_eq!(clamped([6, 3, 1], 100, [0; 3], [None; 3]), ["60", "30", "10", "0"]);
        assert_eq!(clamped([6, 3, 1], 100, [0, 0, 15], [Some(50), None, None]), ["50", "35", "15", "0"]);
        // What the cap leaves lifts the last above its floor.
        assert_eq!(clamped([6, 3, 1], 100, [0, 0, 15], [Some(10), None, None]), ["10", "135/2", "45/2", "0"]);
        assert_eq!(clamped([0, 1, 1], 10, [4, 0, 0], [None; 3]), ["4", "3", "3", "0"]);
    }

    #[test]
    fn what_the_limits_do_not_allow_is_scaled_or_is_nobodys() {
        assert_eq!(clamped([1, 1, 1], 10, [10, 20, 0], [None; 3]), ["10/3", "20/3", "0", "0"]);
        assert_eq!(clamped([1, 2, 3], 100, [0; 3], [Some(10), Some(20), Some(30)]), ["10", "20", "30", "40"]);
        assert_eq!(clamped([0, 0, 0], 7, [1, 0, 0], [None; 3]), ["1", "0", "0", "6"]);
        // The floor holds where it stands above the cap.
        assert_eq!(clamped([1, 1, 0], 10, [8, 0, 0], [Some(5), None, None]), ["8", "2", "0", "0"]);
        assert_eq!(clamped([1, 1, 1], 0, [0, 0, 5], [Some(0), None, None]), ["0", "0", "0", "0"]);
        assert_eq!(clamped([1, 1, 1], 30, [10, 10, 10], [None; 3]), ["10", "10", "10", "0"]);
    }

    #[test]
    fn what_is_below_zero_or_does_not_fit_together_is_refused() {
        let weights = Fractions::of(&[whole(1), whole(-1)]);
        let zeros = [whole(0), whole(0)];
        let refused = clamp(&weights, &whole(1), &zeros, &[None, None]);
        assert_eq!(refused, Err(SplitError::BelowZero { party: Some(1) }));
        let weights = Fractions::of(&[whole(1), whole(1)]);
        let refused = clamp(&weights, &whole(-1), &zeros, &[None, None]);
        assert_eq!(refused, Err(SplitError::BelowZero { party: None }));
        let refused = clamp(&weights, &whole(1), &zeros, &[None]);
        assert_eq!(refused, Err(SplitError::LengthDiffers { expected: 2, found: 1 }));
    }
}
