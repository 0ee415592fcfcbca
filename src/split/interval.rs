//! What each party is sure of while points are disputed: between which entitlements every outcome leaves it.
//!
//! With equal party coefficients more points of one's own never lower a share, and more points of others never raise it.
//! So the worst outcome for a party is that its own disputed items are rejected and all others accepted, the best is the
//! reverse, and each is so for all instalments and dimensions at once. `formula.md` 7 C.
//!
//! Caps and floors break the second half: what another party may not have by its cap goes to the others by *their*
//! proportions, which its work in one dimension shifts. There the bounds are those of the limits under the worst share of
//! the party beside the best shares of all others: they hold for every outcome, but need not be reached by one. The same
//! goes for a guarantor, whose worst outcome is not that of the party it guarantees.

use std::collections::BTreeMap;

use dashu_int::{IBig, UBig, ops::BitTest};

use crate::split::{
    DimensionInput, ENTITLEMENT_DENOMINATOR_BITS_MAX, Exact, Exclusive, Fractions, POINTS_DENOMINATOR_BITS_MAX, Ratio,
    SplitError, Step, Waterfall,
    clamp::Water,
    contested::Contested,
    fractions::{joint_denominator, magnitude},
    shares::{coefficients_of, default_shares_of, points_of, weights_of},
    waterfall::limits,
};

/// Points of one item that are disputed: any part of them may be accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disputed {
    /// Whose they are.
    pub party: usize,
    /// In which dimension.
    pub dimension: usize,
    /// How many, not below zero.
    pub points: Exact,
}

/// Which end of an interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The worst outcome for the party.
    Low,
    /// The best.
    High,
}

/// An outcome of a dispute that is the worst or the best for somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scenario {
    /// For whom; none: for every party without disputed items.
    pub party: Option<usize>,
    /// Which of the two.
    pub end: End,
}

/// Returns the scenarios that settle every interval: two for each party with disputed items, and two for all others.
///
/// Errors: [`SplitError::CoefficientsUnequal`]; [`SplitError::PositionUnknown`].
pub fn scenarios(party_coefficients: &[Ratio], disputed: &[Disputed]) -> Result<Vec<Scenario>, SplitError> {
    equal(party_coefficients)?;
    let mut disputes = vec![false; party_coefficients.len()];
    for item in disputed {
        *disputes.get_mut(item.party).ok_or(unknown(item.party, party_coefficients.len()))? = true;
    }
    let own = disputes.iter().enumerate().filter(|(_, disputes)| **disputes).map(|(party, _)| Some(party));
    let shared = disputes.iter().any(|disputes| !disputes).then_some(None);
    Ok(own.chain(shared).flat_map(|party| [End::Low, End::High].map(|end| Scenario { party, end })).collect())
}

impl Scenario {
    /// Whether the disputed items of `party` are accepted in it.
    #[must_use]
    pub fn accepts(&self, party: usize) -> bool {
        (self.party == Some(party)) == (self.end == End::High)
    }

    /// Returns the points it leaves, by dimension and party: those undisputed, and the items it accepts. An instalment
    /// has its own of both.
    ///
    /// Errors: [`SplitError::PositionUnknown`]; [`SplitError::BelowZero`].
    pub fn points(&self, undisputed: &[Vec<Exact>], disputed: &[Disputed]) -> Result<Vec<Vec<Exact>>, SplitError> {
        let mut points = undisputed.to_vec();
        for item in disputed {
            if *item.points.numerator() < IBig::ZERO {
                return Err(SplitError::BelowZero { party: Some(item.party) });
            }
            let dimensions = points.len();
            let dimension = points.get_mut(item.dimension).ok_or(unknown(item.dimension, dimensions))?;
            let parties = dimension.len();
            let sum = dimension.get_mut(item.party).ok_or(unknown(item.party, parties))?;
            if self.accepts(item.party) {
                *sum += &item.points;
            }
        }
        Ok(points)
    }
}

/// Between which shares each party is, whatever comes of a dispute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShareIntervals {
    /// The least share of each party; together at most 1.
    pub low: Vec<Exact>,
    /// The greatest; together at least 1.
    pub high: Vec<Exact>,
}

/// Computes the shares of all parties, each in its own [`scenarios`], at the cost of two splits and not of two for each
/// party: a scenario differs from everything accepted, or nothing, by the party's own points alone.
///
/// An exclusive item is worst for a party when it goes to whom it weighs most with among the others, and best when it is its own;
/// for who has no claim to it, when it goes to whom it weighs least with.
///
/// Errors: [`SplitError::CoefficientsUnequal`]; [`SplitError::PositionUnknown`]; [`SplitError::BelowZero`]; those of
/// [`shares`](crate::split::shares).
pub fn share_intervals(
    dimensions: &[DimensionInput<'_>],
    party_coefficients: &[Ratio],
    disputed: &[Disputed],
    exclusive: &[Exclusive],
) -> Result<ShareIntervals, SplitError> {
    equal(party_coefficients)?;
    let parties = party_coefficients.len();
    let (weight_denominator, weights) = weights_of(dimensions)?;
    let mut named = disputed.iter().map(|item| item.dimension).chain(exclusive.iter().map(|item| item.dimension));
    if let Some(named) = named.find(|named| *named >= dimensions.len()) {
        return Err(unknown(named, dimensions.len()));
    }
    let mut intervals = ShareIntervals { low: vec![Exact::ZERO; parties], high: vec![Exact::ZERO; parties] };
    for (position, (input, weight)) in dimensions.iter().zip(weights).enumerate() {
        let mine = disputed.iter().filter(|item| item.dimension == position);
        let contested = exclusive.iter().filter(|item| item.dimension == position);
        let dimension = Dimension::new(position, input, parties, mine, contested)?;
        let weight = Exact::from_parts(weight.into(), weight_denominator.clone());
        for party in 0..parties {
            let (least, most) = (&dimension.least[party], &dimension.most[party]);
            let others_most = &dimension.most_sum - most + &dimension.contested_most[party];
            let others_least = &dimension.least_sum - least + &dimension.contested_least[party];
            let own_most = most + &dimension.contested_own[party];
            intervals.low[party] += dimension.share(party, least, others_most + least) * &weight;
            intervals.high[party] += dimension.share(party, &own_most, others_least + &own_most) * &weight;
        }
    }
    Ok(intervals)
}

/// One dimension with everything rejected, and with everything accepted; weighted points over one denominator.
struct Dimension {
    least: Vec<IBig>,
    most: Vec<IBig>,
    least_sum: IBig,
    most_sum: IBig,
    /// By party: what exclusive items bring it at most, and what they bring others at most and at least then.
    contested_own: Vec<IBig>,
    contested_most: Vec<IBig>,
    contested_least: Vec<IBig>,
    /// The floor mass, over the same denominator times its own.
    mass: IBig,
    mass_denominator: UBig,
    defaults: Vec<UBig>,
    default_denominator: UBig,
}

impl Dimension {
    fn new<'a>(
        position: usize,
        input: &DimensionInput<'_>,
        parties: usize,
        disputed: impl Iterator<Item = &'a Disputed>,
        exclusive: impl Iterator<Item = &'a Exclusive>,
    ) -> Result<Self, SplitError> {
        for found in [input.default_shares.len(), input.coefficients.len(), input.points.len()] {
            if found != parties {
                return Err(SplitError::LengthDiffers { expected: parties, found });
            }
        }
        let mut accepted = input.points.to_vec();
        for item in disputed {
            if *item.points.numerator() < IBig::ZERO {
                return Err(SplitError::BelowZero { party: Some(item.party) });
            }
            *accepted.get_mut(item.party).ok_or(unknown(item.party, parties))? += &item.points;
        }
        let (coefficient_denominator, coefficients) = coefficients_of(position, input.coefficients)?;
        let (default_denominator, defaults) = default_shares_of(position, input.default_shares)?;
        let (rejected, accepted) = (points_of(position, input.points)?, points_of(position, &accepted)?);
        let mut denominator = joint_denominator(rejected.denominator(), accepted.denominator());
        let exclusive: Vec<&Exclusive> = exclusive.collect();
        for (party, points) in exclusive.iter().flat_map(|item| &item.outcomes).flatten() {
            if *points.numerator() < IBig::ZERO {
                return Err(SplitError::BelowZero { party: Some(*party) });
            }
            if *party >= parties {
                return Err(unknown(*party, parties));
            }
            denominator = joint_denominator(&denominator, points.denominator());
            if denominator.bit_len() > 2 * POINTS_DENOMINATOR_BITS_MAX {
                return Err(SplitError::PointsTooFine { dimension: position, bits: denominator.bit_len() });
            }
        }
        let weighted = |points: &Fractions| -> Vec<IBig> {
            let factor = &denominator / points.denominator();
            points.numerators().iter().zip(&coefficients).map(|(points, a)| points * &factor * a).collect()
        };
        let (least, most) = (weighted(&rejected), weighted(&accepted));
        let weight = |(party, points): &(usize, Exact)| {
            let factor = &denominator / points.denominator();
            (*party, points.numerator() * factor * &coefficients[*party])
        };
        let contested = Contested::of(parties, &exclusive, weight);
        Ok(Self {
            contested_own: contested.own,
            contested_most: contested.others_most,
            contested_least: contested.others_least,
            least_sum: least.iter().sum(),
            most_sum: most.iter().sum(),
            least,
            most,
            mass: IBig::from(&denominator * coefficient_denominator * input.floor_mass.numerator()),
            mass_denominator: input.floor_mass.denominator().into(),
            defaults,
            default_denominator,
        })
    }

    /// The share of a party with `own` of `sum` weighted points; see [`shares`](crate::split::shares).
    fn share(&self, party: usize, own: &IBig, sum: IBig) -> Exact {
        let lacking = &self.mass - &sum * &self.mass_denominator;
        let default = &self.defaults[party];
        if lacking > IBig::ZERO {
            let numerator = own * &self.mass_denominator * &self.default_denominator + lacking * default;
            Exact::from_parts(numerator, magnitude(self.mass.clone()) * &self.default_denominator)
        } else if sum.is_zero() {
            Exact::from_parts(default.clone().into(), self.default_denominator.clone())
        } else {
            Exact::from_parts(own.clone(), magnitude(sum))
        }
    }
}

/// Between which amounts each party is owed, over a history of instalments; minor units of one currency, cumulative.
///
/// It is told every [`Step`] of the money, in order: what comes before the shares does not depend on them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intervals {
    low: Vec<Sum>,
    high: Vec<Sum>,
    top_ups: Vec<Borne>,
}

/// What a guarantor bears, between its bounds.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Borne {
    party: usize,
    guarantor: usize,
    /// Of the guaranteed party's least and greatest entitlement: what it has above them.
    at_ends: [Exact; 2],
    /// The most and the least that the guarantor bears.
    bounds: [Exact; 2],
}

/// What the parts of a remainder are at both ends.
struct Ends {
    low: Vec<Exact>,
    high: Vec<Exact>,
}

impl Intervals {
    /// Returns those of so many parties, before any money.
    #[must_use]
    pub fn new(parties: usize) -> Self {
        let zeros = || vec![Sum { numerator: IBig::ZERO, denominator: UBig::ONE }; parties];
        Self { low: zeros(), high: zeros(), top_ups: Vec::new() }
    }

    /// Adds a step, with the share intervals and the terms of its instalment. On an error nothing is changed.
    ///
    /// Errors: [`SplitError::LengthDiffers`]; [`SplitError::EntitlementTooFine`]; those of [`Waterfall::check`].
    pub fn add(&mut self, shares: &ShareIntervals, waterfall: &Waterfall, step: &Step) -> Result<(), SplitError> {
        waterfall.check(self.low.len())?;
        for found in [shares.low.len(), shares.high.len(), step.recouped.len()] {
            if found != self.low.len() {
                return Err(SplitError::LengthDiffers { expected: self.low.len(), found });
            }
        }
        let (rises, before) = if waterfall.is_bounded() {
            let now = bounded(waterfall, shares, &(&step.remainder_before + &step.remainder))?;
            let before = bounded(waterfall, shares, &step.remainder_before)?;
            let rise = |now: &[Exact], was: &[Exact]| now.iter().zip(was).map(|(now, was)| now - was).collect();
            let rises = Ends { low: rise(&now.low, &before.low), high: rise(&now.high, &before.high) };
            (rises, Some(before))
        } else {
            let of = |shares: &[Exact]| shares.iter().map(|share| share * &step.remainder).collect();
            (Ends { low: of(&shares.low), high: of(&shares.high) }, None)
        };
        let mut next = self.clone();
        for (party, recouped) in step.recouped.numerators().iter().enumerate() {
            for (sum, rise) in [(&mut next.low[party], &rises.low[party]), (&mut next.high[party], &rises.high[party])]
            {
                sum.add(recouped, step.recouped.denominator())?;
                sum.add(rise.numerator(), rise.denominator())?;
            }
        }
        next.guarantee(waterfall, step, &rises, before.as_ref());
        *self = next;
        Ok(())
    }

    fn guarantee(&mut self, waterfall: &Waterfall, step: &Step, rises: &Ends, before: Option<&Ends>) {
        let mut granted: BTreeMap<(usize, usize), Exact> = BTreeMap::new();
        for guarantee in waterfall.guarantees.iter().filter(|_| !step.is_release) {
            let key = (guarantee.party, guarantee.guarantor);
            *granted.entry(key).or_insert(Exact::ZERO) += Exact::from(guarantee.amount);
        }
        for (party, guarantor) in granted.keys() {
            if !self.top_ups.iter().any(|borne| (borne.party, borne.guarantor) == (*party, *guarantor)) {
                let zeros = || [Exact::ZERO, Exact::ZERO];
                self.top_ups.push(Borne { party: *party, guarantor: *guarantor, at_ends: zeros(), bounds: zeros() });
            }
        }
        // By party what its entitlement rises by: at its ends, and at least and at most. The last two differ from the
        // first where a release under limits is the difference of two bounds.
        let mut left: BTreeMap<usize, [Exact; 4]> = BTreeMap::new();
        for borne in &mut self.top_ups {
            let party = borne.party;
            let left = left.entry(party).or_insert_with(|| {
                let recouped = step.recouped.get(party).unwrap_or(Exact::ZERO);
                let apart = before.map_or(Exact::ZERO, |before| &before.high[party] - &before.low[party]);
                let (low, high) = (&rises.low[party] + &recouped, &rises.high[party] + recouped);
                [low.clone(), high.clone(), low - &apart, high + apart]
            });
            let grant = granted.get(&(party, borne.guarantor)).cloned().unwrap_or(Exact::ZERO);
            for (amount, left) in borne.at_ends.iter_mut().chain(&mut borne.bounds).zip(left) {
                let most = &*amount + &grant;
                *amount = (&most - &*left).max(Exact::ZERO);
                *left = (&*left - most).max(Exact::ZERO);
            }
        }
    }

    /// Returns what each party is owed at least, guarantees included. Together they are at most what is owed.
    #[must_use]
    pub fn low(&self) -> Vec<Exact> {
        self.owed(End::Low)
    }

    /// Returns what each party is owed at most, guarantees included. Together they are at least what is owed.
    #[must_use]
    pub fn high(&self) -> Vec<Exact> {
        self.owed(End::High)
    }

    /// Returns what each party is entitled to at an end, before guarantees.
    #[must_use]
    pub fn entitled(&self, end: End) -> Vec<Exact> {
        let sums = if end == End::Low { &self.low } else { &self.high };
        sums.iter().map(|sum| Exact::from_parts(sum.numerator.clone(), sum.denominator.clone())).collect()
    }

    /// Returns what each party is owed at an end, guarantees included, but for what it bears as a guarantor.
    #[must_use]
    pub fn before_bearing(&self, end: End) -> Vec<Exact> {
        let mut owed = self.entitled(end);
        let place = usize::from(end == End::High);
        self.top_ups.iter().for_each(|borne| owed[borne.party] += &borne.at_ends[place]);
        owed
    }

    /// Returns who is guaranteed, who guarantees it, and what that bears at its own worst (low) or best (high).
    pub fn borne(&self, end: End) -> impl Iterator<Item = (usize, usize, &Exact)> {
        self.top_ups
            .iter()
            .map(move |borne| (borne.party, borne.guarantor, &borne.bounds[usize::from(end == End::High)]))
    }

    fn owed(&self, end: End) -> Vec<Exact> {
        let mut owed = self.before_bearing(end);
        self.borne(end).for_each(|(_, guarantor, borne)| owed[guarantor] -= borne);
        owed
    }
}

/// What is payable at once while the rest is disputed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undisputed {
    /// By party, whole minor units.
    pub payable: Vec<i64>,
    /// What stays behind until the dispute is over.
    pub held: i64,
}

/// Returns the whole units of what each party is owed at least, and what is left of `total`, which all are owed together.
///
/// Errors: [`SplitError::AmountTooLarge`].
pub fn undisputed(low: &[Exact], total: i64) -> Result<Undisputed, SplitError> {
    let payable: Vec<i64> = low
        .iter()
        .map(|low| i64::try_from(low.floor()).map_err(|_| SplitError::AmountTooLarge))
        .collect::<Result<_, _>>()?;
    let held = payable.iter().try_fold(total, |held, units| held.checked_sub(*units));
    Ok(Undisputed { payable, held: held.ok_or(SplitError::AmountTooLarge)? })
}

/// Parts under limits at both ends: more weight of one's own raises them, more weight of others lowers them.
fn bounded(waterfall: &Waterfall, shares: &ShareIntervals, remainder: &Exact) -> Result<Ends, SplitError> {
    let parties = shares.low.len();
    let all: Vec<Exact> = shares.low.iter().chain(&shares.high).cloned().collect();
    let all = Fractions::of(&all);
    let (low, high) = all.numerators().split_at(parties);
    let (floors, caps) = limits(waterfall, remainder);
    let water = |weights: &[IBig]| -> Result<Water, SplitError> {
        let weights = Fractions::reduced(UBig::ONE, weights.to_vec());
        Water::new(&weights, remainder, &floors, &caps)
    };
    let (others_high, others_low) = (water(high)?, water(low)?);
    let parts = |water: &Water, weights: &[IBig]| {
        weights.iter().enumerate().map(|(party, weight)| water.part_with(party, weight)).collect()
    };
    Ok(Ends { low: parts(&others_high, low), high: parts(&others_low, high) })
}

/// A sum whose fractions are not reduced: greatest common divisors would be most of the work.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Sum {
    numerator: IBig,
    denominator: UBig,
}

impl Sum {
    fn add(&mut self, numerator: &IBig, denominator: &UBig) -> Result<(), SplitError> {
        if numerator.is_zero() {
            return Ok(());
        }
        if denominator.is_one() || (&self.denominator % denominator).is_zero() {
            self.numerator += numerator * (&self.denominator / denominator);
            return Ok(());
        }
        let bits = self.denominator.bit_len() + denominator.bit_len();
        if bits > ENTITLEMENT_DENOMINATOR_BITS_MAX {
            return Err(SplitError::EntitlementTooFine { bits });
        }
        self.numerator = &self.numerator * denominator + numerator * &self.denominator;
        self.denominator *= denominator;
        Ok(())
    }
}

fn equal(party_coefficients: &[Ratio]) -> Result<(), SplitError> {
    match party_coefficients {
        [] => Err(SplitError::NoParties),
        [first, rest @ ..] if rest.iter().any(|other| other != first) => Err(SplitError::CoefficientsUnequal),
        _ => Ok(()),
    }
}

const fn unknown(position: usize, of: usize) -> SplitError {
    SplitError::PositionUnknown { position, of }
}
