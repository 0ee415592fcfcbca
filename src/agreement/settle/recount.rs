//! What points come to where some of them count otherwise: from the settlement that counted them first on, they fade anew.
//!
//! What fades is rounded down, so that the difference does not simply fade along with the rest: the points of a party in a dimension
//! are laid out again from there on, as if they had counted so from the beginning.

use std::collections::BTreeMap;

use crate::{
    agreement::settle::{
        doubt::Counted,
        instalment::{Instalments, Points},
    },
    split::{Exact, SplitError, faded},
};

/// A dimension and a party.
pub(super) type Cell = (usize, usize);

/// How much more counts, or less, by cell and by the place of the instalment that counts it first.
#[derive(Clone, Debug, Default)]
pub(super) struct Changes(BTreeMap<Cell, BTreeMap<usize, Exact>>);

/// What cells come to, by the place of the instalment.
pub(super) type Recounted = BTreeMap<usize, Vec<(Cell, Exact)>>;

impl Changes {
    /// From the instalment at `place` on something counts, besides.
    pub(super) fn add(&mut self, place: usize, dimension: usize, counted: &Counted) {
        if let Some((party, points)) = counted {
            *self.at(place, (dimension, *party)) += points;
        }
    }

    /// From the instalment at `place` on something does not count.
    pub(super) fn take(&mut self, place: usize, dimension: usize, counted: &Counted) {
        if let Some((party, points)) = counted {
            *self.at(place, (dimension, *party)) -= points;
        }
    }

    fn at(&mut self, place: usize, cell: Cell) -> &mut Exact {
        self.0.entry(cell).or_default().entry(place).or_insert(Exact::ZERO)
    }

    /// Returns what each changed cell comes to, from the first instalment on that counts a change of it.
    ///
    /// Errors: as [`faded`].
    pub(super) fn recount(&self, instalments: &Instalments<'_>) -> Result<Recounted, SplitError> {
        let mut recounted = Recounted::new();
        for (cell, changes) in &self.0 {
            let Some(first) = changes.keys().next() else { continue };
            // At the place before: as it is, and as it comes to be.
            let (mut was, mut is) = (Exact::ZERO, Exact::ZERO);
            for place in *first..=instalments.last() {
                let instalment = instalments.get(place);
                let counted = at(&instalment.points, *cell);
                let mut comes_to = counted.clone();
                if was != is {
                    comes_to += faded(&is, instalment.decay)? - faded(&was, instalment.decay)?;
                }
                if let Some(change) = changes.get(&place) {
                    comes_to += change;
                }
                // What was withdrawn after it was settled is not in what fades: that may be a part of a point off.
                comes_to = comes_to.max(Exact::ZERO);
                recounted.entry(place).or_default().push((*cell, comes_to.clone()));
                (was, is) = (counted, comes_to);
            }
        }
        Ok(recounted)
    }
}

fn at(points: &Points, (dimension, party): Cell) -> Exact {
    points.get(dimension).and_then(|row| row.get(party)).cloned().unwrap_or(Exact::ZERO)
}

/// Puts what cells come to into points that have a place for them.
pub(super) fn put(points: &mut Points, recounted: &[(Cell, Exact)]) {
    for ((dimension, party), comes_to) in recounted {
        points[*dimension][*party].clone_from(comes_to);
    }
}
