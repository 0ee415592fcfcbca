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
}
