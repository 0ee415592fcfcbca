//! Doubts: entries of which it is not certain what they count, because nobody judged them in time, or because they are challenged or
//! disputed. Until they are decided, every party gets what it would get at least (`formula.md` 7 C).

use serde::{Deserialize, Serialize};

use crate::{
    agreement::settle::{
        CameIn,
        instalment::{Leaver, Points, fitted, inputs, party_coefficients},
    },
    split::{Disputed, Exact, Exclusive, ShareIntervals, SplitError, share_intervals},
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

/// Between which shares every party is at `cut_off`, where `points` count as long as nothing is decided. `faded`: what is left of
/// points that came to count with an entry.
pub(super) fn intervals(
    terms: &Terms,
    points: &Points,
    cut_off: u64,
    leavers: &[Leaver],
    doubts: &[&Open],
    faded: impl Fn(u64) -> Exact,
) -> Result<ShareIntervals, SplitError> {
    let mut certain = points.clone();
    let (mut disputed, mut exclusive) = (Vec::new(), Vec::new());
    for (from, doubt) in doubts.iter().filter_map(|open| open.points()).filter(|(from, _)| *from < cut_off) {
        let (left, dimension) = (faded(from), doubt.dimension);
        if let Some((party, points)) = &doubt.stands {
            certain[dimension][*party] -= points * &left;
        }
        let all = || doubt.may.iter().chain([&doubt.stands]);
        let mut parties: Vec<usize> = all().flatten().map(|(party, _)| *party).collect();
        parties.sort_unstable();
        parties.dedup();
        match parties.as_slice() {
            [] => {}
            [party] => {
                let counts = || all().map(|counted| counted.as_ref().map_or(Exact::ZERO, |(_, points)| points.clone()));
                let least = counts().min().unwrap_or(Exact::ZERO) * &left;
                let most = counts().max().unwrap_or(Exact::ZERO) * &left;
                disputed.push(Disputed { party: *party, dimension, points: most - &least });
                certain[dimension][*party] += least;
            }
            _ => exclusive.push(Exclusive {
                dimension,
                outcomes: all()
                    .map(|counted| counted.as_ref().map(|(party, points)| (*party, points * &left)))
                    .collect(),
            }),
        }
    }
    let certain = fitted(&certain, terms, leavers, cut_off);
    let factor = |party: usize| {
        let gone = leavers.iter().filter(|leaver| leaver.party == party && leaver.at < cut_off);
        gone.fold(Exact::ONE, |product, leaver| product * leaver.factor.exact())
    };
    disputed.iter_mut().for_each(|item| item.points *= factor(item.party));
    for (party, points) in exclusive.iter_mut().flat_map(|item| &mut item.outcomes).flatten() {
        *points *= factor(*party);
    }
    share_intervals(&inputs(terms, &certain), &party_coefficients(terms), &disputed, &exclusive)
}

impl Correction {
    /// Corrects points that count it.
    pub(super) fn correct(&self, points: &mut Points, left: &Exact) {
        if let Some((party, counted)) = &self.before {
            points[self.dimension][*party] -= counted * left;
        }
        if let Some((party, counted)) = &self.after {
            points[self.dimension][*party] += counted * left;
        }
    }
}
