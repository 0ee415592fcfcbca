//! The interval of a dispute, beside every outcome there may be: all of 2^k rulings, and any fractions in between.

use counterfoil::split::{
    Bounds, DimensionInput, Disputed, End, Exact, Fractions, Guarantee, Inflow, Intervals, Ratio, Scenario,
    ShareIntervals, SplitError, Step, Tiers, Waterfall, scenarios, share_intervals, undisputed,
};
use proptest::{collection::vec, prelude::*, sample::Index};

use super::{
    dimension,
    model::{Agreement, Dimension, agreement, exact, points, ratio, sum},
    money::{Allowed, waterfall},
};

/// Instalments of an agreement: what counts at each, undisputed and disputed, and what came in.
#[derive(Clone, Debug)]
struct History {
    waterfall: Waterfall,
    instalments: Vec<(Agreement, i64)>,
    /// Each with the instalment from which on it counts.
    items: Vec<(usize, Disputed)>,
    released: bool,
}

impl History {
    fn parties(&self) -> usize {
        self.instalments[0].0.parties()
    }

    fn items_at(&self, at: usize) -> Vec<Disputed> {
        self.items.iter().filter(|(from, _)| *from <= at).map(|(_, item)| item.clone()).collect()
    }

    /// The shares of each instalment if so much of each item is accepted.
    fn shares(&self, accepted: &[Exact]) -> Vec<Fractions> {
        let shares = |(at, (agreement, _)): (usize, &(Agreement, i64))| {
            let mut agreement = agreement.clone();
            for ((from, item), part) in self.items.iter().zip(accepted) {
                if *from <= at {
                    agreement.dimensions[item.dimension].points[item.party] += part * &item.points;
                }
            }
            agreement.split().shares
        };
        self.instalments.iter().enumerate().map(shares).collect()
    }

    /// Lays the money under these shares; all that is held back is released in the end, or nothing.
    fn lay(&self, shares: &[Fractions]) -> (Tiers, Vec<Step>) {
        let (mut tiers, costs) = (Tiers::new(self.parties()), vec![0; self.parties()]);
        let inflow = |at: usize, pool| Inflow { shares: &shares[at], pool, costs: &costs, waterfall: &self.waterfall };
        let mut steps = Vec::new();
        for (at, (_, pool)) in self.instalments.iter().enumerate() {
            steps.push(tiers.take(&inflow(at, *pool)).unwrap());
        }
        for at in (0..self.instalments.len()).filter(|_| self.released) {
            let left = i64::try_from(tiers.held_of(at)).unwrap();
            steps.push(tiers.release(at, &inflow(at, left)).unwrap());
        }
        (tiers, steps)
    }

    fn share_intervals(&self, at: usize) -> ShareIntervals {
        let agreement = &self.instalments[at].0;
        let inputs: Vec<DimensionInput<'_>> = agreement.dimensions.iter().map(Dimension::input).collect();
        share_intervals(&inputs, &agreement.kappa, &self.items_at(at), &[]).unwrap()
    }

    fn intervals(&self, steps: &[Step]) -> Intervals {
        let mut intervals = Intervals::new(self.parties());
        for step in steps {
            intervals.add(&self.share_intervals(step.instalment), &self.waterfall, step).unwrap();
        }
        intervals
    }

    /// All rulings that accept or reject each item whole.
    fn rulings(&self) -> impl Iterator<Item = Vec<Exact>> {
        let items = self.items.len();
        (0..1_usize << items).map(move |ruling| (0..items).map(|item| Exact::from(ruling >> item & 1)).collect())
    }

    fn owed(&self, accepted: &[Exact]) -> Vec<Exact> {
        self.lay(&self.shares(accepted)).0.owed().iter().collect()
    }
}

fn history(allowed: Allowed) -> impl Strategy<Value = History> {
    agreement().prop_flat_map(move |agreement| {
        let parties = agreement.parties();
        let more = vec((any::<Index>(), any::<Index>(), points()), 0..4);
        let instalments = vec((more, 0..3_000_i64), 1..4);
        let items = vec((any::<Index>(), any::<Index>(), any::<Index>(), points()), 0..5);
        (Just(agreement), waterfall(parties, allowed), instalments, items, any::<bool>()).prop_map(
            move |(mut agreement, waterfall, instalments, items, released)| {
                let dimensions = agreement.dimensions.len();
                let mut laid = Vec::new();
                for (more, pool) in instalments {
                    for (party, dimension, points) in more {
                        agreement.dimensions[dimension.index(dimensions)].points[party.index(parties)] += points;
                    }
                    laid.push((agreement.clone(), pool));
                }
                let item = |(from, party, dimension, points): (Index, Index, Index, Exact)| {
                    let (party, dimension) = (party.index(parties), dimension.index(dimensions));
                    (from.index(laid.len()), Disputed { party, dimension, points })
                };
                let items = items.into_iter().map(item).collect();
                History { waterfall, instalments: laid, items, released }
            },
        )
    })
}

fn fraction() -> impl Strategy<Value = Exact> {
    (0..=6_i64, 6..9_u64).prop_map(|(part, of)| exact(part, of))
}

const TIERS: Allowed = Allowed { fees: 2, holdback: true, costs: true, bounds: false, guarantees: false };

proptest! {
    #[test]
    fn theorem_c_the_ends_are_the_least_and_most_of_all_outcomes(history in history(TIERS), fractions in vec(fraction(), 5)) {
        let steps = history.lay(&history.shares(&vec![Exact::ZERO; history.items.len()])).1;
        let intervals = history.intervals(&steps);
        let (low, high) = (intervals.low(), intervals.high());
        let outcomes: Vec<Vec<Exact>> = history.rulings().map(|ruling| history.owed(&ruling)).collect();
        for party in 0..history.parties() {
            let owed = outcomes.iter().map(|outcome| &outcome[party]);
            prop_assert_eq!(Some(&low[party]), owed.clone().min());
            prop_assert_eq!(Some(&high[party]), owed.max());
        }
        let between = history.owed(&fractions[..history.items.len()]);
        for (party, owed) in between.iter().enumerate() {
            prop_assert!(low[party] <= *owed && *owed <= high[party]);
        }
        // What is payable at once is there, and never too much.
        let total = i64::try_from(sum(&between).floor()).unwrap();
        let now = undisputed(&low, total).unwrap();
        prop_assert!(now.held >= 0);
        prop_assert_eq!(now.payable.iter().sum::<i64>() + now.held, total);
        if history.items.is_empty() {
            prop_assert_eq!(low, high);
        }
    }

    #[test]
    fn every_outcome_is_within_the_interval_under_limits_and_guarantees(
        history in history(Allowed::ALL), fractions in vec(fraction(), 5),
    ) {
        let steps = history.lay(&history.shares(&vec![Exact::ONE; history.items.len()])).1;
        let intervals = history.intervals(&steps);
        let (low, high) = (intervals.low(), intervals.high());
        let between = fractions[..history.items.len()].to_vec();
        for outcome in history.rulings().chain([between]) {
            for (party, owed) in history.owed(&outcome).iter().enumerate() {
                prop_assert!(low[party] <= *owed, "{party} {} {owed}", low[party]);
                prop_assert!(*owed <= high[party], "{party} {} {owed}", high[party]);
            }
        }
        if history.items.is_empty() {
            let owed = history.owed(&[]);
            prop_assert!(low == owed && high == owed);
        }
    }

    #[test]
    fn the_ends_of_shares_are_those_of_the_scenarios(history in history(Allowed::NOTHING)) {
        let agreement = &history.instalments[0].0;
        let items = history.items_at(0);
        let ends = history.share_intervals(0);
        let undisputed: Vec<Vec<Exact>> = agreement.dimensions.iter().map(|dimension| dimension.points.clone()).collect();
        let all = scenarios(&agreement.kappa, &items).unwrap();
        let disputes = |party: usize| items.iter().any(|item| item.party == party);
        for party in 0..agreement.parties() {
            for (end, shares) in [(End::Low, &ends.low), (End::High, &ends.high)] {
                let scenario = Scenario { party: disputes(party).then_some(party), end };
                prop_assert!(all.contains(&scenario));
                let mut outcome = agreement.clone();
                let points = scenario.points(&undisputed, &items).unwrap();
                for (dimension, points) in outcome.dimensions.iter_mut().zip(points) {
                    dimension.points = points;
                }
                prop_assert_eq!(outcome.split().shares.get(party), Some(shares[party].clone()));
            }
        }
        let disputing = (0..agreement.parties()).filter(|party| disputes(*party)).count();
        prop_assert_eq!(all.len(), 2 * (disputing + usize::from(disputing < agreement.parties())));
    }
}

fn two_dimensions(first: &[u64], second: &[u64]) -> Agreement {
    let half = ratio(1, 2);
    let kappa = vec![Ratio::ONE; first.len()];
    Agreement { dimensions: vec![dimension(half, first), dimension(half, second)], kappa }
}

#[test]
fn refuted_others_work_never_helps_under_a_cap() {
    // The second may have a fifth at most. Its work takes from the third in their dimension, and by its cap leaves what
    // it takes to the others by proportions that have moved to the first.
    let bounds = vec![Bounds::default(), Bounds { cap: Some(ratio(1, 5)), floor: 0 }, Bounds::default()];
    let history = History {
        waterfall: Waterfall { bounds, ..Waterfall::default() },
        instalments: vec![(two_dimensions(&[0, 1, 1], &[1, 0, 0]), 1_100)],
        items: vec![(0, Disputed { party: 1, dimension: 0, points: exact(8, 1) })],
        released: false,
    };
    let (rejected, accepted) = (history.owed(&[Exact::ZERO]), history.owed(&[Exact::ONE]));
    assert_eq!(rejected[0], exact(1_760, 3));
    assert_eq!(accepted[0], exact(800, 1));
    // The bound holds all the same.
    let steps = history.lay(&history.shares(&[Exact::ONE])).1;
    assert!(history.intervals(&steps).low()[0] <= rejected[0]);
}

#[test]
fn refuted_others_work_never_helps_a_guarantor() {
    let guarantees = vec![Guarantee { party: 1, guarantor: 0, amount: 50 }];
    let history = History {
        waterfall: Waterfall { guarantees, ..Waterfall::default() },
        instalments: vec![(
            Agreement { dimensions: vec![dimension(Ratio::ONE, &[50, 0, 50])], kappa: vec![Ratio::ONE; 3] },
            100,
        )],
        items: vec![(0, Disputed { party: 1, dimension: 0, points: exact(100, 1) })],
        released: false,
    };
    // Accepted, the second needs nothing from the first; rejected, it takes all that the first has.
    assert_eq!(history.owed(&[Exact::ONE])[0], exact(25, 1));
    assert_eq!(history.owed(&[Exact::ZERO])[0], exact(0, 1));
    let steps = history.lay(&history.shares(&[Exact::ONE])).1;
    assert_eq!(history.intervals(&steps).low()[0], exact(-25, 1));
}

#[test]
fn unequal_coefficients_have_no_worst_outcome() {
    let agreement = Agreement { kappa: vec![Ratio::ONE, ratio(1, 10)], ..two_dimensions(&[0, 1], &[1, 0]) };
    let inputs: Vec<DimensionInput<'_>> = agreement.dimensions.iter().map(Dimension::input).collect();
    assert_eq!(share_intervals(&inputs, &agreement.kappa, &[], &[]), Err(SplitError::CoefficientsUnequal));
    assert_eq!(scenarios(&agreement.kappa, &[]), Err(SplitError::CoefficientsUnequal));
    let ones = [Ratio::ONE; 2];
    let item = |party, dimension, points| [Disputed { party, dimension, points: exact(points, 1) }];
    let unknown = SplitError::PositionUnknown { position: 2, of: 2 };
    assert_eq!(share_intervals(&inputs, &ones, &item(2, 0, 1), &[]), Err(unknown.clone()));
    assert_eq!(share_intervals(&inputs, &ones, &item(0, 2, 1), &[]), Err(unknown.clone()));
    assert_eq!(scenarios(&ones, &item(2, 0, 1)), Err(unknown));
    assert_eq!(share_intervals(&inputs, &ones, &item(1, 0, -1), &[]), Err(SplitError::BelowZero { party: Some(1) }));
}
