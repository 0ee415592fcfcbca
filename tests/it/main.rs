//! The one integration test binary. Each module names what it tests.

mod architecture;
mod common;
mod vectors;
