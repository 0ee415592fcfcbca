//! The one integration test binary. Each module names what it tests.

mod arbitrary;
mod architecture;
mod client;
mod common;
mod limits;
mod split_properties;
mod vectors;
mod wire;
