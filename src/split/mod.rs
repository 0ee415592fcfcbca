//! The split: from counted points and gross amounts to shares, entitlements and whole minor units, exactly.
//!
//! Knows numbers by position (party 0, 1, ...; dimension 0, 1, ...); never names, statements or time. No float, and
//! nothing is rounded but where `formula.md`'s rounding rule says so:
//!
//! 1. [`shares`]: points, coefficients, floor masses, default shares and weights -> one share per party;
//! 2. [`pools`]: gross amounts of the streams -> whole pools, by the floor of the cumulative product;
//! 3. [`Entitlements`]: what each party is owed, exactly: the sum of its shares of all pools;
//! 4. [`Apportionment`]: entitlements -> whole minor units by the largest remainder, once, on the cumulative numbers.
//!
//! Many numbers are kept over one common denominator ([`Fractions`]): no step reduces a single fraction by a greatest
//! common divisor, which is what makes a split of a thousand parties cost about a millisecond. How fine a denominator
//! may become is bounded, so that a hostile agreement gets a [`SplitError`] and not a busy server.

mod apportion;
mod deficit;
mod entitlements;
mod error;
mod fractions;
mod pool;
mod ratio;
mod shares;

pub use apportion::{Apportionment, Rounding, largest_remainder};
pub use deficit::largest_deficit_first;
pub use entitlements::{ENTITLEMENT_DENOMINATOR_BITS_MAX, Entitlements, Instalment};
pub use error::{SplitError, TermsPart};
pub use fractions::{Fractions, common_denominator_bits, exact_text, joint_denominator};
pub use pool::{pool, pools};
pub use ratio::{Exact, Ratio, RatioError};
pub use shares::{
    DimensionInput, DimensionShares, POINTS_DENOMINATOR_BITS_MAX, Shares, TERMS_DENOMINATOR_BITS_MAX, shares,
};
