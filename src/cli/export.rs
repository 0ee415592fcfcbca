//! `export`: writes a whole ledger into one file, verified on the way.

use std::{fs, path::PathBuf};

use clap::Args;
use serde_json::json;

use crate::cli::{
    args::LedgerArgs,
    error::{Exit, Failure},
    home,
    session::Session,
    verified,
};

/// Write a whole ledger into one file that anybody can audit offline
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  counterfoil export agr1... --out dispute.counterfoil
  counterfoil export --out dispute.counterfoil && counterfoil audit dispute.counterfoil")]
pub(super) struct ExportArgs {
    #[command(flatten)]
    ledger: LedgerArgs,
    /// The file to write [default: the beginning of the agreement's id, with .counterfoil]
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write over a file that is there already
    #[arg(long)]
    force: bool,
}

pub(super) fn run(args: &ExportArgs, session: &mut Session) -> Result<Exit, Failure> {
    let wanted = args.ledger.apply(&mut session.settings);
    let ledger = verified::open(session, wanted)?;
    let agreement = ledger.agreement.id().to_string();
    let out = args.out.clone().unwrap_or_else(|| PathBuf::from(format!("{}.counterfoil", &agreement[..NAME_BYTES])));
    if !args.force {
        home::must_be_new(&out).map_err(|failure| failure.hint("give another --out, or --force"))?;
    }
    let bytes = fs::read(&ledger.file).map_err(|cause| home::cannot("read", &ledger.file, cause))?;
    home::write(&out, &bytes)?;
    let entries = ledger.report.entries;
    session.output.answer(
        || {
            json!({
                "agreement": agreement, "file": out.display().to_string(), "entries": entries, "bytes": bytes.len(),
                "root": ledger.report.root.to_string(), "sound": ledger.report.is_sound(),
            })
        },
        || format!("wrote {entries} entries of {agreement} to {} ({} bytes)", out.display(), bytes.len()),
    )?;
    session.output.next(format!("anybody can check it: counterfoil audit {}", out.display()));
    Ok(ledger.exit())
}

/// Enough of an id to tell agreements apart by eye.
const NAME_BYTES: usize = 12;
