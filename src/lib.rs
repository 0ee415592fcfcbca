//! Counterfoil: the book between parties who build together.

pub mod agreement;
pub mod audit;
pub mod checkpoint;
pub mod cli;
pub mod client;
pub mod digest;
pub mod envelope;
pub mod keys;
pub mod ledger;
pub mod merkle;
pub mod proto;
pub mod sequencer;
pub mod service;
pub mod split;
pub mod statement;
pub mod store;
pub mod text;
pub mod time;
