//! What is disputed: an entry, what it counts as it stands, and what is sought for it.

use serde::{Deserialize, Serialize};

use crate::{
    agreement::settle::{
        CameIn,
        doubt::{Counted, Doubt, PointsDoubt},
    },
    split::{Exact, Ratio},
    statement::{
        dispute::Remedy,
        id::StatementId,
        terms::{Name, Terms},
    },
};

/// A disputed entry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Subject {
    /// The statement id of the contribution, benefit or cost.
    pub id: StatementId,
    /// The index of its entry.
    pub index: u64,
    /// What it counts as it stands.
    pub stands: Stands,
    /// What is sought for it.
    pub sought: Remedy,
}

/// What a disputed entry counts as it stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Stands {
    /// A contribution.
    Contribution {
        /// The position of the party that claimed it.
        party: usize,
        /// The position of its dimension.
        dimension: usize,
        /// The entry from which on it counts, or was refused to; none: nobody has judged it in time.
        from: Option<u64>,
        /// What it counts: none, or so many points.
        points: Option<Exact>,
        /// What it would count in full quality.
        full: Exact,
    },
    /// A benefit.
    Benefit {
        /// The position of the party that reported it.
        reporter: usize,
        /// Where it came in.
        came_in: CameIn,
        /// Minor units.
        amount: u64,
        /// What was given back of it, minor units.
        reversed: u64,
    },
    /// A cost.
    Cost {
        /// The position of the party that paid it.
        party: usize,
        /// The position of its currency.
        currency: usize,
        /// The entry that confirmed it.
        from: u64,
        /// Minor units.
        amount: u64,
    },
}

/// What an entry counts after a remedy.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum After {
    /// A contribution.
    Points(Counted),
    /// A benefit or cost, minor units.
    Amount(u64),
}

impl Stands {
    /// Returns the position of the party whose entry it is.
    #[must_use]
    pub const fn owner(&self) -> usize {
        match self {
            Self::Contribution { party, .. } | Self::Cost { party, .. } => *party,
            Self::Benefit { reporter, .. } => *reporter,
        }
    }

    /// Returns what it counts after a remedy; `None`: the remedy is none for such an entry.
    pub(super) fn after(&self, remedy: &Remedy, terms: &Terms) -> Option<After> {
        match (self, remedy) {
            (Self::Contribution { party, points, .. }, Remedy::Stand) => {
                Some(After::Points(points.clone().map(|points| (*party, points))))
            }
            (Self::Contribution { .. }, Remedy::Reject) => Some(After::Points(None)),
            (Self::Contribution { party, full, .. }, Remedy::Quality(quality)) => {
                Some(After::Points(points(*party, full, *quality)))
            }
            (Self::Contribution { party, points, full, .. }, Remedy::Reassign(to)) => {
                let to = position(to, terms).filter(|to| to != party)?;
                Some(After::Points(Some((to, points.clone().unwrap_or_else(|| full.clone())))))
            }
            (Self::Benefit { amount, .. } | Self::Cost { amount, .. }, Remedy::Stand) => Some(After::Amount(*amount)),
            (Self::Benefit { .. } | Self::Cost { .. }, Remedy::Reject) => Some(After::Amount(0)),
            (Self::Benefit { .. } | Self::Cost { .. }, Remedy::Amount(amount)) => Some(After::Amount(*amount)),
            _ => None,
        }
    }

    /// Returns the doubt about it as long as `sought` may come true.
    pub(super) fn doubt(&self, sought: &After) -> Option<Doubt> {
        match (self, sought) {
            (Self::Contribution { party, dimension, from, points, .. }, After::Points(sought)) => {
                Some(Doubt::Points(PointsDoubt {
                    dimension: *dimension,
                    from: *from,
                    stands: points.clone().map(|points| (*party, points)),
                    may: vec![sought.clone()],
                }))
            }
            (Self::Benefit { came_in, amount, .. }, After::Amount(sought)) => {
                Some(Doubt::Benefit { came_in: *came_in, stands: *amount, may: *sought })
            }
            (Self::Cost { party, currency, from, amount }, After::Amount(sought)) => {
                Some(Doubt::Cost { from: *from, currency: *currency, party: *party, stands: *amount, may: *sought })
            }
            _ => None,
        }
    }
}

impl Subject {
    /// Whether an outcome lies between what is and what is sought.
    pub(super) fn allows(&self, outcome: &Remedy, terms: &Terms) -> bool {
        let after = |remedy: &Remedy| self.stands.after(remedy, terms);
        let (Some(stands), Some(sought), Some(found)) = (after(&Remedy::Stand), after(&self.sought), after(outcome))
        else {
            return false;
        };
        match (&stands, &sought, &found) {
            (After::Amount(stands), After::Amount(sought), After::Amount(found)) => {
                (*stands.min(sought)..=*stands.max(sought)).contains(found)
            }
            (After::Points(stands), After::Points(sought), After::Points(found)) => {
                found == stands || found == sought || between(stands, sought, found, self.stands.owner())
            }
            _ => false,
        }
    }
}

/// Whether points of the claimant lie between two others of the claimant.
fn between(stands: &Counted, sought: &Counted, found: &Counted, owner: usize) -> bool {
    let own = |counted: &Counted| match counted {
        None => Some(Exact::ZERO),
        Some((party, points)) if *party == owner => Some(points.clone()),
        Some(_) => None,
    };
    match (own(stands), own(sought), own(found)) {
        (Some(stands), Some(sought), Some(found)) => {
            let (least, most) = if stands < sought { (stands, sought) } else { (sought, stands) };
            least <= found && found <= most
        }
        _ => false,
    }
}

/// Nothing counted is no points of nobody.
fn points(party: usize, full: &Exact, quality: Ratio) -> Counted {
    (!quality.is_zero()).then(|| (party, full * quality.exact()))
}

fn position(party: &Name, terms: &Terms) -> Option<usize> {
    terms.parties.iter().position(|listed| listed.name == *party)
}
