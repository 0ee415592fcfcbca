//! The split: from counted points and gross amounts to shares, entitlements and whole minor units, exactly.
//!
//! Knows numbers by position (party 0, 1, ...; dimension 0, 1, ...); never names, statements or time. No float, and
//! nothing is rounded but where `formula.md`'s rounding rule says so:
//!
//! 1. [`shares`]: points, coefficients, floor masses, default shares and weights -> one share per party;
//! 2. [`pools`]: gross amounts of the streams -> whole pools, by the floor of the cumulative product;
//! 3. [`Entitlements`]: what each party is owed, exactly: the sum of its shares of all pools;
//! 4. [`Tiers`]: the same where money first goes to fees, holdbacks and costs, and is shared under limits ([`Waterfall`]);
//! 5. [`Apportionment`]: entitlements -> whole minor units by the largest remainder, once, on the cumulative numbers.
//!
//! Many numbers are kept over one common denominator ([`Fractions`]): no step reduces a single fraction by a greatest
//! common divisor, which is what makes a split of a thousand parties cost about a millisecond. How fine a denominator
//! may become is bounded, so that a hostile agreement gets a [`SplitError`] and not a busy server.

mod apportion;
mod clamp;
mod contested;
mod deficit;
mod entitlements;
mod error;
mod fractions;
mod interval;
mod policy;
mod pool;
mod ratio;
mod shapley;
mod shares;
mod waterfall;

pub use apportion::{Apportionment, Rounding, largest_remainder};
pub use clamp::{Clamped, clamp};
pub use contested::Exclusive;
pub use deficit::largest_deficit_first;
pub use entitlements::{ENTITLEMENT_DENOMINATOR_BITS_MAX, Entitlements, Instalment};
pub use error::{SplitError, TermsPart};
pub use fractions::{Fractions, common_denominator_bits, exact_text, joint_denominator};
pub use interval::{
    Disputed, End, Intervals, Scenario, ShareIntervals, Undisputed, scenarios, share_intervals, undisputed,
};
pub use policy::{POINT_PARTS, after_exit, faded, rounded_down, surplus};
pub use pool::{pool, pools};
pub use ratio::{Exact, Ratio, RatioError};
pub use shapley::{PLAYERS_MAX, risk_corrected, shapley};
pub use shares::{
    COUNTED_DENOMINATOR_BITS_MAX, DimensionInput, DimensionShares, POINTS_DENOMINATOR_BITS_MAX, Shares,
    TERMS_DENOMINATOR_BITS_MAX, shares,
};
pub use waterfall::{
    Bounds, Fee, FeeAccount, Guarantee, Held, Inflow, RoundingRule, Step, Tiers, TiersForm, TopUp, Waterfall,
};
