//! What one instalment, or a release of what was held back of it, came to.

use crate::split::{Exact, Fractions};

/// What one instalment, or a release, came to, tier by tier: the lines of a statement of account. Minor units.
///
/// `pool + released == fees + held + recouped + parts + reserve`, each the sum of its lines; what is recouped and the
/// parts are what entitlements rise by. Top-ups move between parties and change no sum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Which instalment, counted from 0.
    pub instalment: usize,
    /// What came in; 0 for a release.
    pub pool: u64,
    /// What was released of what was held back of this instalment; 0 for the instalment itself.
    pub released: u64,
    /// What each fee took.
    pub fees: Vec<u64>,
    /// What is held back.
    pub held: u64,
    /// Whether this is a release.
    pub is_release: bool,
    /// What each party has of its costs.
    pub recouped: Fractions,
    /// What is left to be shared.
    pub remainder: Exact,
    /// What earlier steps of the same instalment left to be shared: limits are on both together.
    pub remainder_before: Exact,
    /// What each party has of the remainder, by its share and within its limits. A release may take part of a minor
    /// unit back, where a cap came to a unit more for another.
    pub parts: Fractions,
    /// What caps leave over of the remainder: nobody's yet.
    pub reserve: Exact,
    /// The guarantees that changed.
    pub top_ups: Vec<TopUp>,
}

/// What a guarantor bears for a party.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopUp {
    /// Who has it.
    pub party: usize,
    /// Who bears it.
    pub guarantor: usize,
    /// How much it is now: what the party is owed above its entitlement.
    pub amount: Exact,
    /// By how much this step changed it; below zero where the entitlement caught up.
    pub change: Exact,
}
