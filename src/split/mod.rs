//! The split: from counted points and gross amounts to shares, entitlements and whole minor units, exactly.
//!
//! Knows numbers by position (party 0, 1, ...; dimension 0, 1, ...); never names, statements or time. No float, and
//! nothing is rounded but where `formula.md`'s rounding rule says so.

mod ratio;

pub use ratio::{Exact, Ratio, RatioError};
