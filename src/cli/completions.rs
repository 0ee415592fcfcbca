//! `completions`: what a shell needs to complete the command line.

use clap::Args;
use clap_complete::Shell;

use crate::cli::{
    command,
    error::{Exit, Failure},
    session::Session,
};

/// Print completions for a shell
#[derive(Args, Debug)]
#[command(after_help = "Example:
  counterfoil completions bash > /etc/bash_completion.d/counterfoil")]
pub(super) struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

pub(super) fn run(args: &CompletionsArgs, session: &mut Session) -> Result<Exit, Failure> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut command(), "counterfoil", &mut text);
    session.output.answer_bytes(&text)?;
    Ok(Exit::Done)
}
