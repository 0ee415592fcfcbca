//! `fsck`: checks a store that no server has open, from bytes to law, and lists everything that does not hold.

mod check;
mod kept;
mod law;
mod ledger;
mod report;
mod scratch;
mod tree;

use std::{path::Path, sync::Arc};

use clap::Args;

use crate::{
    cli::{
        config::Word,
        error::{Exit, Failure},
        fsck::{
            check::check,
            report::{Finding, GuardReport, Place, Report},
        },
        guarding::look_at,
        session::Session,
        store_place::{guard_path, known_log_key, store_path},
    },
    keys::PublicKey,
    store::{
        StoreError,
        disk::{Disk, folder::FolderDisk},
        log::{LogStore, guard::Guarded, open_existing_index, remove_index},
    },
};

/// Check a store that no server has open, from bytes to law, and list everything that does not hold
#[derive(Args, Debug)]
#[command(
    after_help = "Every frame of the log is read with its check, every entry is held against its hashes, every checkpoint \
that was ever signed against the entries before it, every signature is verified, every statement is judged again by the law, \
and the index is held against the log. What a server keeps of the law beside its ledgers, to open them faster, is restored and held \
against what the entries make, slip by slip; and the store against the guard, which remembers how far it was. Nothing is written but an index, if one is asked for. For each ledger that is hurt the \
first bad entry is named, and the last checkpoint before it that holds.

Ends with 0 when everything holds, with 11 when something was found, with 14 when there is no store or a server has it open. \
An index that differs is no finding: it is only a cache, which --rebuild-index makes anew. What is kept of the law and cannot be \
read is none either: a server does not use it. What can be read and is not what the entries make is a finding, and --rebuild-index \
throws it away. A copy or a backup may be older than its guard says: check it with --no-guard.

What has to be remembered of every entry, about as much as the index has, is written into a folder in TMPDIR while the check runs;
in memory is a cache of it.

Examples:
  counterfoil fsck --store ./ledgers
  counterfoil fsck --store ./ledgers --log-key key1... --json
  counterfoil fsck --store ./ledgers --rebuild-index
  counterfoil fsck --store /mnt/backup/ledgers --no-guard --log-key key1..."
)]
pub(super) struct FsckArgs {
    /// The directory of the ledgers [setting: store; default: server/store in your home directory for receipts]
    #[arg(long, value_name = "DIRECTORY")]
    store: Option<String>,
    /// The log's public key: key1... or a verifier key; without, the log key file says it [setting: log_key]
    #[arg(long, value_name = "KEY")]
    log_key: Option<String>,
    /// The file of the log's secret key [setting: log_key_file; default: log.key beside the store]
    #[arg(long, value_name = "FILE")]
    log_key_file: Option<String>,
    /// The file that holds the passphrase of the log key file [setting: passphrase_file]
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<String>,
    /// Make the index anew from the log, if the log is whole
    #[arg(long)]
    rebuild_index: bool,
    /// The file that remembers how far the log was [setting: guard; default: log.guard beside the log key]
    #[arg(long, value_name = "FILE")]
    guard: Option<String>,
    /// The store is a copy or a backup: do not hold it against the guard
    #[arg(long, conflicts_with = "guard")]
    no_guard: bool,
}

const CACHE_BYTES: u64 = 64 * 1024 * 1024;

pub(super) fn run(args: &FsckArgs, session: &mut Session) -> Result<Exit, Failure> {
    for (word, value) in [
        (Word::Store, &args.store),
        (Word::LogKey, &args.log_key),
        (Word::LogKeyFile, &args.log_key_file),
        (Word::PassphraseFile, &args.passphrase_file),
        (Word::Guard, &args.guard),
    ] {
        session.settings.flag(word, value.as_deref());
    }
    let path = store_path(session)?;
    if !path.is_dir() {
        return Err(Failure::configuration(format!("there is no store {}", path.display()))
            .hint("name its directory with --store"));
    }
    let key = known_log_key(session, &path)?;
    let mut report = check_store(&path, key)?;
    if !args.no_guard {
        ask_guard(&guard_path(session, &path), &path, &mut report)?;
    }
    if args.rebuild_index && report.is_mendable() {
        remove_index(&path)?;
        LogStore::open(&path, CACHE_BYTES)?.settle();
        report.rebuilt();
    }
    session.output.answer(|| report.to_json(), || report.to_string())?;
    Ok(if report.is_sound() { Exit::Done } else { Exit::Findings })
}

/// Checks a store that no server has open, from bytes to law.
///
/// Errors: there is none, or somebody has it open.
pub(super) fn check_store(path: &Path, key: Option<PublicKey>) -> Result<Report, Failure> {
    let disk: Arc<dyn Disk> = Arc::new(FolderDisk::at(path));
    let held = disk.lock().map_err(|cause| Failure::io("the store's lock cannot be taken", cause))?;
    let _held = held.ok_or_else(|| StoreError::InUse { path: path.display().to_string() })?;
    let mut report = Report::new(path, key);
    let index = open_existing_index(path, CACHE_BYTES).and_then(|index| index.ok_or_else(|| "there is none".into()));
    let index = index.map_err(|problem| report.index.push(problem)).ok();
    check(&disk, index, &mut report)?;
    Ok(report)
}

/// Holds the guard against the store.
fn ask_guard(guard: &Path, store: &Path, report: &mut Report) -> Result<(), Failure> {
    let file = guard.display().to_string();
    let (says, sequence, rule) = match look_at(guard, store)? {
        Guarded::Holds => ("the store has what it remembers", 0, None),
        Guarded::Missing => ("there is none: whether the store is the newest copy, only the parties can tell", 0, None),
        Guarded::Unreadable => {
            ("it is damaged: whether the store is the newest copy, it cannot tell", 0, Some("GUARD_DAMAGED"))
        }
        Guarded::Older { sequence } => (
            "the store is older than what was signed: it does not have the frame that the guard remembers",
            sequence,
            Some("STORE_OLDER_THAN_SIGNED"),
        ),
        Guarded::Another { sequence } => {
            ("it remembers a frame of another log than the store's", sequence, Some("STORE_IS_ANOTHER"))
        }
    };
    if let Some(rule) = rule {
        let place = Place { frame: sequence, file: file.clone(), offset: 0 };
        report.find(Finding { ledger: None, entry: None, place, rule, says: says.into() });
    }
    report.guard = GuardReport::Says { file, says };
    Ok(())
}
