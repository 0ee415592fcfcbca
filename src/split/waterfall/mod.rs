//! The waterfall: what the money of one currency passes before it is shared, and what is shared under limits.
//!
//! Each instalment goes down in this order: fees, holdback, recoupment of costs, then by shares under caps and floors,
//! then guarantees. Without any of them the shares of the whole pool are left, as without a waterfall. Knows numbers by
//! position; the running state is [`Tiers`], and what one instalment came to a [`Step`]. `formula.md` 2 and 5.

mod costs;
mod fees;
mod form;
mod step;
mod tiers;

pub use fees::FeeAccount;
pub use form::TiersForm;
pub use step::{Step, TopUp};
pub(in crate::split) use tiers::limits;
pub use tiers::{Held, Inflow, Tiers};

use crate::split::{Ratio, SplitError, TermsPart};

/// What the terms say of the money of one currency. By default nothing: then every unit goes by the shares.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Waterfall {
    /// The first tier, in their order: of mediators, operators and so on. A fee keeps its place as long as the agreement
    /// lives; one that ended has the rate 0.
    pub fees: Vec<Fee>,
    /// What part of each instalment after fees is held back, rounded up to a minor unit.
    pub holdback: Option<Ratio>,
    /// What part of the money after fees and holdback goes to costs first. Without one, costs are not recouped.
    pub corridor: Option<Ratio>,
    /// Empty, or one for each party.
    pub bounds: Vec<Bounds>,
    /// Who has at least how much of each instalment, and from whom.
    pub guarantees: Vec<Guarantee>,
    /// How entitlements become whole minor units.
    pub rounding: RoundingRule,
}

/// Part of all money for somebody outside the split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fee {
    /// What part of the pool, at most 1: so far, the floor of the product with the cumulative pool.
    pub rate: Ratio,
    /// How many minor units at most, over the whole life.
    pub cap: Option<u64>,
}

/// Between which limits the part of a party in an instalment is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    /// At most this part of what each instalment leaves to be shared, rounded down to a minor unit; at most 1.
    pub cap: Option<Ratio>,
    /// At least so many minor units of each instalment; where there are fewer than all floors, in proportion to them. It
    /// holds where it stands above the cap.
    pub floor: u64,
}

/// A minimum for each instalment: `P(t) = max(E(t), P(t - 1) + amount)`. The guarantor bears what P is above E, and has
/// it back as E catches up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guarantee {
    /// Who has it.
    pub party: usize,
    /// Who bears it.
    pub guarantor: usize,
    /// Minor units for each instalment.
    pub amount: u64,
}

/// How entitlements become whole minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RoundingRule {
    /// By the largest remainder of the cumulative entitlements: within a unit, whatever happened before.
    #[default]
    LargestRemainder,
    /// By the largest deficit, instalment by instalment: no instalment takes a unit back, but the units depend on the
    /// order of the instalments. From the first instalment that says so on.
    NeverNegative,
}

impl Waterfall {
    /// Checks that it fits so many parties.
    ///
    /// Errors: [`SplitError::PartAboveOne`]; [`SplitError::LengthDiffers`] if there are bounds, but not one for each;
    /// [`SplitError::PositionUnknown`] and [`SplitError::OwnGuarantor`] for a guarantee.
    pub fn check(&self, parties: usize) -> Result<(), SplitError> {
        let rates = self.fees.iter().enumerate().map(|(at, fee)| (TermsPart::FeeRate { position: at }, Some(fee.rate)));
        let caps = self.bounds.iter().enumerate().map(|(party, bounds)| (TermsPart::Cap { party }, bounds.cap));
        let single = [(TermsPart::Holdback, self.holdback), (TermsPart::Corridor, self.corridor)];
        for (part, ratio) in rates.chain(caps).chain(single) {
            if let Some(ratio) = ratio.filter(|ratio| !ratio.is_at_most_one()) {
                return Err(SplitError::PartAboveOne { part, ratio });
            }
        }
        if !self.bounds.is_empty() && self.bounds.len() != parties {
            return Err(SplitError::LengthDiffers { expected: parties, found: self.bounds.len() });
        }
        for guarantee in &self.guarantees {
            for position in [guarantee.party, guarantee.guarantor] {
                if position >= parties {
                    return Err(SplitError::PositionUnknown { position, of: parties });
                }
            }
            if guarantee.party == guarantee.guarantor {
                return Err(SplitError::OwnGuarantor { party: guarantee.party });
            }
        }
        Ok(())
    }

    /// Whether any bound says anything.
    #[must_use]
    pub fn is_bounded(&self) -> bool {
        self.bounds.iter().any(|bounds| bounds.cap.is_some() || bounds.floor > 0)
    }
}
