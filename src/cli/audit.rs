//! `audit`: checks a ledger from one file, offline, and lists everything it finds.

use std::path::PathBuf;

use clap::Args;

use crate::cli::{
    config::Word,
    error::{Exit, Failure},
    output::{bad, good},
    session::Session,
    verified::{audit_file, reader_key},
};

/// Check a ledger from one file, offline, and list everything that does not hold
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  counterfoil audit dispute.counterfoil
  counterfoil audit dispute.counterfoil --log-key key1...

Signatures, order, root and checkpoint are checked, every statement is judged again by the law, and every settlement is \
computed again. Ends with 0 when everything holds, with 11 when something was found.")]
pub(super) struct AuditArgs {
    /// The file of a bundle, as `counterfoil export` writes it
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The log's public key as you know it: key1... or a verifier key [setting: log_key]
    #[arg(long, value_name = "KEY")]
    log_key: Option<String>,
}

pub(super) fn run(args: &AuditArgs, session: &mut Session) -> Result<Exit, Failure> {
    session.settings.flag(Word::LogKey, args.log_key.as_deref());
    let own = reader_key(session, &args.file)?;
    let report = audit_file(&args.file, own, |_| ())?.report;
    session.output.answer(|| report.to_json(), || coloured(&report.to_string()))?;
    Ok(if report.is_sound() { Exit::Done } else { Exit::Findings })
}

fn coloured(report: &str) -> String {
    let lines = report.lines().map(|line| {
        let rest = |word: &str| line.strip_prefix(word).map(str::to_owned);
        match (rest("unsound:"), rest("sound:")) {
            (Some(rest), _) => format!("{}{rest}", bad("unsound:")),
            (_, Some(rest)) => format!("{}{rest}", good("sound:")),
            _ => line.to_owned(),
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}
