//! `man`: the manual pages.

use std::{fs, path::PathBuf};

use clap::Args;
use clap_mangen::Man;

use crate::cli::{
    command,
    error::{Exit, Failure},
    session::Session,
};

/// Print the manual, or write a page for each verb
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  counterfoil man | man -l -
  counterfoil man --to /usr/local/share/man/man1")]
pub(super) struct ManArgs {
    /// Write a page for each verb into this directory
    #[arg(long, value_name = "DIRECTORY")]
    to: Option<PathBuf>,
}

pub(super) fn run(args: &ManArgs, session: &mut Session) -> Result<Exit, Failure> {
    let mut whole = command();
    whole.build();
    let Some(directory) = &args.to else {
        session.output.answer_bytes(&page(Man::new(exits(whole)))?)?;
        return Ok(Exit::Done);
    };
    let failed = |cause| Failure::io(format!("{} cannot be written", directory.display()), cause);
    fs::create_dir_all(directory).map_err(failed)?;
    let mut written = vec!["counterfoil.1".to_owned()];
    for verb in whole.get_subcommands().filter(|verb| !verb.is_hide_set()) {
        let name = format!("counterfoil-{}", verb.get_name());
        let file = format!("{name}.1");
        let verb = verb.clone().display_name(name);
        fs::write(directory.join(&file), page(Man::new(exits(verb)))?).map_err(failed)?;
        written.push(file);
    }
    fs::write(directory.join("counterfoil.1"), page(Man::new(exits(whole)))?).map_err(failed)?;
    session.output.answer(
        || serde_json::json!({ "directory": directory, "pages": written }),
        || format!("{} pages written to {}", written.len(), directory.display()),
    )?;
    Ok(Exit::Done)
}

fn page(man: Man) -> Result<Vec<u8>, Failure> {
    let mut text = Vec::new();
    man.render(&mut text).map_err(|cause| Failure::io("the manual cannot be written", cause))?;
    Ok(text)
}

/// Adds the exit codes after the examples.
fn exits(command: clap::Command) -> clap::Command {
    let examples = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let codes: Vec<String> = Exit::ALL.iter().map(|(_, code, means)| format!("  {code:>2}  {means}")).collect();
    command.after_help(format!("{examples}\n\nExit codes:\n{}", codes.join("\n")))
}
