//! Why a split cannot be computed. Parties, dimensions and streams are named by position.

use crate::split::{Exact, Ratio};

/// Why a split cannot be computed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SplitError {
    /// There is nobody to split among.
    #[error("no party")]
    NoParties,
    /// There is nothing to split by.
    #[error("no dimension")]
    NoDimensions,
    /// A list does not have one number for each party, or for each stream.
    #[error("{found} numbers where {expected} are needed")]
    LengthDiffers {
        /// How many there must be.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// The weights of the dimensions do not sum to one.
    #[error("the weights of the dimensions sum to {sum}, not to 1")]
    WeightsNotOne {
        /// Their sum.
        sum: Exact,
    },
    /// The default shares of a dimension do not sum to one.
    #[error("the default shares of dimension {dimension} sum to {sum}, not to 1")]
    DefaultSharesNotOne {
        /// The dimension.
        dimension: usize,
        /// Their sum.
        sum: Exact,
    },
    /// A coefficient is zero: it would take away whatever a party does.
    #[error("{part}: that of party {party} is zero")]
    CoefficientZero {
        /// Which coefficients.
        part: TermsPart,
        /// The party.
        party: usize,
    },
    /// A party has less than no points.
    #[error("the points of party {party} in dimension {dimension} are below zero")]
    PointsNegative {
        /// The dimension.
        dimension: usize,
        /// The party.
        party: usize,
    },
    /// The points of a dimension have no common denominator within
    /// [`POINTS_DENOMINATOR_BITS_MAX`](crate::split::POINTS_DENOMINATOR_BITS_MAX).
    #[error("the points of dimension {dimension} are too fine: their common denominator has {bits} bits or more")]
    PointsTooFine {
        /// The dimension.
        dimension: usize,
        /// Bits of the denominator where counting stopped: above the limit.
        bits: usize,
    },
    /// Numbers of the terms have no common denominator within
    /// [`TERMS_DENOMINATOR_BITS_MAX`](crate::split::TERMS_DENOMINATOR_BITS_MAX).
    #[error("{part} are too fine: their common denominator has {bits} bits or more")]
    TermsTooFine {
        /// Which numbers.
        part: TermsPart,
        /// Bits of the denominator where counting stopped: above the limit.
        bits: usize,
    },
    /// Entitlements have no common denominator within
    /// [`ENTITLEMENT_DENOMINATOR_BITS_MAX`](crate::split::ENTITLEMENT_DENOMINATOR_BITS_MAX).
    #[error("the entitlements are too fine: their common denominator has {bits} bits or more")]
    EntitlementTooFine {
        /// Bits of the denominator where counting stopped: above the limit.
        bits: usize,
    },
    /// A pool rate is above one: more than the gross would be shared.
    #[error("the pool rate {rate} is above 1")]
    RateAboveOne {
        /// The rate.
        rate: Ratio,
    },
    /// A fraction of the waterfall is above one: it would take more than there is.
    #[error("{part} is {ratio}, above 1: state a part of the whole")]
    PartAboveOne {
        /// Which fraction.
        part: TermsPart,
        /// It.
        ratio: Ratio,
    },
    /// A weight, a floor, a cap, disputed points or another number that must not be is below zero.
    #[error("a number{} is below zero", party.map(|party| format!(" of party {party}")).unwrap_or_default())]
    BelowZero {
        /// Whose it is; none if it is nobody's alone.
        party: Option<usize>,
    },
    /// Something is said of a party, or a dimension, that there is not.
    #[error("position {position} of a list of {of}: name one that there is")]
    PositionUnknown {
        /// The position named.
        position: usize,
        /// How many there are.
        of: usize,
    },
    /// A guarantee that the guaranteed party itself would bear.
    #[error("party {party} guarantees its own minimum: name another guarantor")]
    OwnGuarantor {
        /// The party.
        party: usize,
    },
    /// More is released than is held back of an instalment.
    #[error("{released} minor units to release of instalment {held}, of which {left} are held back")]
    ReleaseTooLarge {
        /// The instalment.
        held: usize,
        /// What is held back of it.
        left: u64,
        /// What was to be released.
        released: u64,
    },
    /// The parties have not all the same coefficient. Then the work of one party may raise the share of another (example
    /// V33: from 64.5 % to 84.0 %), and there is no single outcome of a dispute that is the worst for a party.
    #[error("the coefficients of the parties are not equal, so no outcome of a dispute is the worst for each party")]
    CoefficientsUnequal,
    /// There are more players than all their coalitions can be gone through for.
    #[error("{players} players, and at most {max} can be computed exactly")]
    PlayersTooMany {
        /// How many there are.
        players: usize,
        /// How many there may be.
        max: usize,
    },
    /// The coalition of nobody must be worth nothing.
    #[error("the coalition without players is worth {worth}, not 0")]
    NobodyWorth {
        /// What it is worth.
        worth: Exact,
    },
    /// An amount does not fit in 63 bits.
    #[error("an amount is not below 2^63 minor units")]
    AmountTooLarge,
    /// Entitlements that do not sum to whole minor units cannot be apportioned.
    #[error("the entitlements do not sum to whole minor units")]
    NotWhole,
    /// Shares that do not sum to one cannot be carried, nor residuals that do not sum to zero.
    #[error("the shares do not sum to 1, or the residuals not to 0")]
    Unbalanced,
}

/// Which numbers of the terms an error speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TermsPart {
    /// omega.
    #[error("the weights of the dimensions")]
    Weights,
    /// d of one dimension.
    #[error("the default shares of dimension {dimension}")]
    DefaultShares {
        /// The dimension.
        dimension: usize,
    },
    /// a, b of one dimension.
    #[error("the coefficients of dimension {dimension}")]
    Coefficients {
        /// The dimension.
        dimension: usize,
    },
    /// kappa.
    #[error("the coefficients of the parties")]
    PartyCoefficients,
    /// The rate of a fee of the waterfall.
    #[error("the rate of fee {position}")]
    FeeRate {
        /// The fee.
        position: usize,
    },
    /// What part of each instalment is held back.
    #[error("the holdback")]
    Holdback,
    /// What part of the money costs are recouped from.
    #[error("the recoupment corridor")]
    Corridor,
    /// The cap of a party.
    #[error("the cap of party {party}")]
    Cap {
        /// The party.
        party: usize,
    },
    /// What part of the basis is lost in a period.
    #[error("the decay")]
    Decay,
    /// What part of its points a party that left keeps.
    #[error("the leaver factor")]
    LeaverFactor,
}
