//! Doubts: entries of which it is not certain what they count, because nobody judged them in time, or because they are challenged or
//! disputed. Until they are decided, every party gets what it would get at least (`formula.md` 7 C).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    agreement::settle::{
        CameIn,
        instalment::{Instalment, Instalments, Leaver, Points, fitted, inputs, party_coefficients, widened},
        recount::{Changes, Recounted, put},
    },
    split::{
        Disputed, Exact, Exclusive, POINT_PARTS, ShareIntervals, SplitError, faded, rounded_down, share_intervals,
    },
    statement::terms::Terms,
};

/// Points of a party; none: nothing counts.
pub(in crate::agreement) type Counted = Option<(usize, Exact)>;

/// What is not certain about an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::agreement) enum Doubt {
    /// What a contribution counts.
    Points(PointsDoubt),
    /// How much a benefit brought in, minor units.
    Benefit {
        /// Where it came in.
        came_in: CameIn,
        /// As long as nothing is decided.
        stands: u64,
        /// What it may come to be.
        may: u64,
    },
    /// How much of a cost is recoupable, minor units.
    Cost {
        /// The entry that confirmed it.
        from: u64,
        /// The position of its currency.
        currency: usize,
        /// Who paid it.
        party: usize,
        /// As long as nothing is decided.
        stands: u64,
        /// What it may come to be.
        may: u64,
    },
}

/// What a contribution may count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::agreement) struct PointsDoubt {
    /// The position of its dimension.
    pub(in crate::agreement) dimension: usize,
    /// The entry from which on it counts what it does, or would; none: the one from which on it is in doubt.
    pub(in crate::agreement) from: Option<u64>,
    /// What it counts as long as nothing is decided.
    pub(in crate::agreement) stands: Counted,
    /// What it may come to count instead, or any part between; of several parties one alone may have it.
    pub(in crate::agreement) may: Vec<Counted>,
}

/// A doubt about an entry, and from when to when there is one.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::agreement) struct Open {
    /// The entry from which on there is doubt.
    pub(in crate::agreement) at: u64,
    /// The entry it is about.
    pub(in crate::agreement) subject: u64,
    /// The entry from which on there is none any more.
    pub(in crate::agreement) over: Option<u64>,
    pub(in crate::agreement) doubt: Doubt,
}

/// What was decided about a contribution: from entry `from` on it counts something else, as entry `at` says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::agreement) struct Correction {
    pub(in crate::agreement) at: u64,
    pub(in crate::agreement) from: u64,
    pub(in crate::agreement) dimension: usize,
    pub(in crate::agreement) before: Counted,
    pub(in crate::agreement) after: Counted,
}

impl Correction {
    /// Notes what it changes, from the instalment at `place` on.
    pub(super) fn note(&self, place: usize, changes: &mut Changes) {
        changes.take(place, self.dimension, &self.before);
        changes.add(place, self.dimension, &self.after);
    }
}

impl Open {
    /// Whether there is doubt in an account at `tree_size`.
    pub(super) fn is_open_at(&self, tree_size: u64) -> bool {
        self.at < tree_size && self.over.is_none_or(|over| over >= tree_size)
    }

    /// Returns the doubt about points, and the entry from which on they matter.
    fn points(&self) -> Option<(u64, &PointsDoubt)> {
        match &self.doubt {
            Doubt::Points(points) => Some((points.from.unwrap_or(self.at), points)),
            Doubt::Benefit { .. } | Doubt::Cost { .. } => None,
        }
    }
}

/// What the points in doubt may come to, by the place of the instalment.
pub(super) struct Ranges {
    /// Cells that count at least so much.
    least: Recounted,
    /// The same cells: at most so much.
    most: Recounted,
    /// Items of which it is in doubt whose they are.
    exclusive: Vec<Contested>,
}

/// An item of which it is in doubt whose it is.
struct Contested {
    dimension: usize,
    first: usize,
    /// By instalment from the first one that counts it on: what is left of each outcome, and by how much that may be too much or
    /// too little, for what fades is rounded.
    left: Vec<(Vec<Counted>, Exact)>,
}

impl Ranges {
    /// `instalment_of`: the place of the instalment that counts what comes with an entry.
    ///
    /// Errors: as [`faded`].
    pub(super) fn of(
        doubts: &[&Open],
        instalments: &Instalments<'_>,
        instalment_of: impl Fn(u64) -> usize,
    ) -> Result<Self, SplitError> {
        let (mut least, mut most, mut exclusive) = (Changes::default(), Changes::default(), Vec::new());
        for (from, doubt) in doubts.iter().filter_map(|open| open.points()) {
            let (place, dimension) = (instalment_of(from), doubt.dimension);
            for changes in [&mut least, &mut most] {
                changes.take(place, dimension, &doubt.stands);
            }
            let all = || doubt.may.iter().chain([&doubt.stands]);
            let mut parties: Vec<usize> = all().flatten().map(|(party, _)| *party).collect();
            parties.sort_unstable();
            parties.dedup();
            match parties.as_slice() {
                [] => {}
                [party] => {
                    let counts =
                        || all().map(|counted| counted.as_ref().map_or(Exact::ZERO, |(_, points)| points.clone()));
                    least.add(place, dimension, &counts().min().map(|points| (*party, points)));
                    most.add(place, dimension, &counts().max().map(|points| (*party, points)));
                }
                _ => {
                    let outcomes = all().cloned().collect();
                    exclusive.push(Contested::of(dimension, place, outcomes, instalments)?);
                }
            }
        }
        Ok(Self { least: least.recount(instalments)?, most: most.recount(instalments)?, exclusive })
    }

    /// Returns between which shares every party is in the instalment at a place; none: nothing of it is in doubt.
    pub(super) fn intervals(
        &self,
        place: usize,
        instalment: &Instalment,
        terms: &Terms,
        leavers: &[Leaver],
    ) -> Result<Option<ShareIntervals>, SplitError> {
        let contested: Vec<_> = self.exclusive.iter().filter_map(|item| item.at(place)).collect();
        if contested.is_empty() && !self.least.contains_key(&place) {
            return Ok(None);
        }
        let points = |recounted: &Recounted| {
            let mut points = widened(Points::clone(&instalment.points), terms);
            put(&mut points, recounted.get(&place).map_or(&[], Vec::as_slice));
            fitted(&points, terms, leavers, instalment.cut_off)
        };
        let (least, most) = (points(&self.least)?, points(&self.most)?);
        let factor = |party: usize| {
            let gone = leavers.iter().filter(|leaver| leaver.party == party && leaver.at < instalment.cut_off);
            gone.fold(Exact::ONE, |product, leaver| product * leaver.factor.exact())
        };
        let (mut disputed, mut exclusive) = (Vec::new(), Vec::new());
        for (dimension, outcomes, off) in contested {
            let mut certain = Vec::with_capacity(outcomes.len());
            for counted in outcomes {
                let Some((party, points)) = counted else {
                    certain.push(None);
                    continue;
                };
                let factor = factor(*party);
                let off = if factor == Exact::ONE { off.clone() } else { off + part() };
                let points = points * factor;
                if off > Exact::ZERO {
                    disputed.push(Disputed { party: *party, dimension, points: &off * Exact::from(2) });
                }
                certain.push(Some((*party, (points - off).max(Exact::ZERO))));
            }
            exclusive.push(Exclusive { dimension, outcomes: certain });
        }
        Ok(Some(shares_between(terms, &least, &most, disputed, &exclusive)))
    }
}

/// Returns the shares between points that are certain, `least`, and all that may be, `most` and besides.
fn shares_between(
    terms: &Terms,
    least: &Points,
    most: &Points,
    besides: Vec<Disputed>,
    exclusive: &[Exclusive],
) -> ShareIntervals {
    let kappa = party_coefficients(terms);
    let between = |least: &Points, most: &Points, mut disputed: Vec<Disputed>, exclusive: &[Exclusive]| {
        for (dimension, (least, most)) in least.iter().zip(most).enumerate() {
            let apart = least.iter().zip(most).enumerate().filter(|(_, (least, most))| least < most);
            disputed.extend(apart.map(|(party, (least, most))| Disputed { party, dimension, points: most - least }));
        }
        share_intervals(&inputs(terms, least), &kappa, &disputed, exclusive)
    };
    let found = match between(least, most, besides.clone(), exclusive) {
        // Whoever disputes may seek fractions that have no common denominator with others: then bounds a little further out do.
        Err(SplitError::PointsTooFine { .. }) => {
            let (least, most) = rounded_outward(least, most, &besides, exclusive);
            between(&least, &most, Vec::new(), &[])
        }
        found => found,
    };
    // With unequal party coefficients the work of one may raise the share of another, and no outcome is the worst for sure: nobody
    // is sure of anything.
    found.unwrap_or_else(|_| {
        let parties = terms.parties.len();
        ShareIntervals { low: vec![Exact::ZERO; parties], high: vec![Exact::ONE; parties] }
    })
}

/// Returns bounds that hold all that is between others, in whole parts of a point.
fn rounded_outward(least: &Points, most: &Points, besides: &[Disputed], exclusive: &[Exclusive]) -> (Points, Points) {
    let (mut least, mut most) = (least.clone(), most.clone());
    for item in besides {
        most[item.dimension][item.party] += &item.points;
    }
    for item in exclusive {
        let mut greatest: BTreeMap<usize, &Exact> = BTreeMap::new();
        for (party, points) in item.outcomes.iter().flatten() {
            let most = greatest.entry(*party).or_insert(points);
            *most = (*most).max(points);
        }
        greatest.into_iter().for_each(|(party, points)| most[item.dimension][party] += points);
    }
    least.iter_mut().flatten().for_each(|points| *points = rounded_down(points));
    most.iter_mut().flatten().for_each(|points| *points = -rounded_down(&-&*points));
    (least, most)
}

impl Contested {
    fn of(
        dimension: usize,
        first: usize,
        outcomes: Vec<Counted>,
        instalments: &Instalments<'_>,
    ) -> Result<Self, SplitError> {
        let mut left = vec![(outcomes, Exact::ZERO)];
        for place in first + 1..=instalments.last() {
            let decay = instalments.get(place).decay;
            let (outcomes, off) = &left[left.len() - 1];
            let fade = |counted: &Counted| match counted {
                Some((party, points)) => Ok(Some((*party, faded(points, decay)?))),
                None => Ok(None),
            };
            let outcomes = outcomes.iter().map(fade).collect::<Result<_, SplitError>>()?;
            // The sum that it is a part of is rounded down, with it and without it.
            let off = if decay.is_zero() { off.clone() } else { off + part() * Exact::from(2) };
            left.push((outcomes, off));
        }
        Ok(Self { dimension, first, left })
    }

    fn at(&self, place: usize) -> Option<(usize, &[Counted], &Exact)> {
        let (outcomes, off) = self.left.get(place.checked_sub(self.first)?)?;
        Some((self.dimension, outcomes, off))
    }
}

/// What points are rounded to.
fn part() -> Exact {
    Exact::ONE / Exact::from(POINT_PARTS)
}
