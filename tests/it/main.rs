//! The one integration test binary. Each module names what it tests.
#![expect(clippy::unwrap_used, reason = "a test that panics has failed, and says where")]
#![expect(clippy::print_stderr, reason = "a test that is skipped, and the seed of a random one, must be seen")]
#![expect(clippy::type_complexity, reason = "a table of cases is read where it stands")]

mod arbitrary;
mod architecture;
mod audit;
mod cli;
mod client;
mod common;
mod conformance;
mod docs;
mod examples;
mod faults;
mod fuzz;
mod keeper;
mod kill;
mod law;
mod limits;
mod onnx;
mod onnx_dispute;
mod overload;
mod parties;
mod sequencer;
mod service;
mod serving;
mod simulation;
mod split_hostile;
mod split_properties;
mod store;
mod stories;
mod vectors;
mod wire;
