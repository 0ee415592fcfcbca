//! `demo`: a whole agreement in one command, from its proposal to an audit that finds a changed byte.

use clap::Args;

use crate::cli::{
    error::{Exit, Failure},
    session::Session,
};

/// Walk through a whole agreement on this machine, from the proposal to an audit
#[derive(Args, Debug)]
#[command(after_help = "Example:
  counterfoil demo")]
pub(super) struct DemoArgs {}

pub(super) fn run(_args: &DemoArgs, _session: &mut Session) -> Result<Exit, Failure> {
    Err(Failure::usage("this version has no demo"))
}
