//! `simulate`: what terms make of a history, without server, key or signature.

use clap::Args;

use crate::cli::{
    error::{Exit, Failure},
    session::Session,
};

/// Compute what terms make of a history, before anybody signs them
#[derive(Args, Debug)]
#[command(after_help = "Example:
  counterfoil simulate agreement.toml --contributions history.csv")]
pub(super) struct SimulateArgs {}

pub(super) fn run(_args: &SimulateArgs, _session: &mut Session) -> Result<Exit, Failure> {
    Err(Failure::usage("this version has no simulation"))
}
