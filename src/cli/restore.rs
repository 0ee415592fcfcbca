//! `restore`: makes a store of a backup, after holding it against the guard and what parties hold.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::Args;
use serde_json::json;

use crate::{
    cli::{
        checkpoint_files::{PartyCheckpoint, RollbackArgs},
        config::Word,
        error::{Exit, Failure},
        fsck::check_store,
        guarding::{GuardSays, refuse_older, write_guard},
        home::cannot,
        output::good,
        session::Session,
        store_place::{guard_path, known_log_key, store_path},
    },
    store::{
        disk::{Disk, folder::FolderDisk},
        log::{
            LogStore,
            backup::{Backup, backup},
        },
    },
};

/// Make a store of a backup, after holding it against the guard and the checkpoints that parties hold
#[derive(Args, Debug)]
#[command(
    after_help = "The store's directory must be new. The backup is copied into a directory beside it, DIRECTORY.restoring, and read \
back from the first frame to the last root; it is held against the guard and against each --checkpoint; its index is made, and \
every entry, signature, checkpoint and statement is checked as `counterfoil fsck` does. Only then it gets its name. One that is \
interrupted or refused leaves DIRECTORY.restoring, and the next goes on from there.

A backup that is older than what was signed is refused: to sign over what parties hold would be a fork. If nothing newer is left, \
ask the parties of every ledger for a receipt, bundle or checkpoint, and give --accept-rollback and each of them as --checkpoint. It \
is refused if one of them is newer than the backup or has another history; else the guard is written anew.

Ends with 0 when the store is there, with 10 when the backup is older than what was signed or does not hold what it should, with 11 \
when the check of its entries found something, with 14 when the directory is not new or the backup missing.

Examples:
  counterfoil restore /mnt/backup/ledgers --store ./ledgers
  counterfoil restore /mnt/backup/ledgers --store ./ledgers --checkpoint 000012-benefit.receipt --checkpoint ledger.counterfoil"
)]
pub(super) struct RestoreArgs {
    /// The directory of the backup
    #[arg(value_name = "BACKUP")]
    backup: PathBuf,
    /// The new directory of the ledgers [setting: store; default: server/store in your home directory for receipts]
    #[arg(long, value_name = "DIRECTORY")]
    store: Option<String>,
    #[command(flatten)]
    rollback: RollbackArgs,
    /// The file that remembers how far the log was [setting: guard; default: log.guard beside the log key]
    #[arg(long, value_name = "FILE")]
    guard: Option<String>,
    /// The log's public key: key1... or a verifier key; without, the log key file says it [setting: log_key]
    #[arg(long, value_name = "KEY")]
    log_key: Option<String>,
    /// The file of the log's secret key [setting: log_key_file; default: log.key beside the store]
    #[arg(long, value_name = "FILE")]
    log_key_file: Option<String>,
    /// The file that holds the passphrase of the log key file [setting: passphrase_file]
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<String>,
}

const CACHE_BYTES: u64 = 64 * 1024 * 1024;

pub(super) fn run(args: &RestoreArgs, session: &mut Session) -> Result<Exit, Failure> {
    for (word, value) in [
        (Word::Store, &args.store),
        (Word::Guard, &args.guard),
        (Word::LogKey, &args.log_key),
        (Word::LogKeyFile, &args.log_key_file),
        (Word::PassphraseFile, &args.passphrase_file),
    ] {
        session.settings.flag(word, value.as_deref());
    }
    let store = store_path(session)?;
    check_places(&args.backup, &store)?;
    let key = known_log_key(session, &store)?;
    let held = match key {
        _ if args.rollback.checkpoints.is_empty() => Vec::new(),
        Some(key) => PartyCheckpoint::read_all(&args.rollback.checkpoints, key)?,
        None => {
            return Err(Failure::configuration("the checkpoints cannot be checked: the log's key is not known")
                .hint("name it with --log-key, or its file with --log-key-file"));
        }
    };
    let guard = guard_path(session, &store);
    let staging = staging_of(&store);
    let Backup { standings, .. } = stage(&args.backup, &staging)?;
    let says = refuse_older(&guard, &staging, &held, args.rollback.accept_rollback)?;
    match &says {
        GuardSays::Fine => {}
        // Nothing at all to hold the backup against: it may be any age.
        GuardSays::Careful(_) if held.is_empty() => {
            let says = format!(
                "there is no guard {}, and no checkpoint was given: the backup may be an old one",
                guard.display()
            );
            return Err(Failure::new(Exit::Unverified, says).reason("GUARD_MISSING").hint(
                "name the guard with --guard, or give what parties hold, a receipt, bundle or checkpoint of each ledger: \
                 --checkpoint FILE...",
            ));
        }
        GuardSays::Careful(said) | GuardSays::RollbackAccepted(said) => session.output.warn(said),
    }
    LogStore::open(&staging, CACHE_BYTES)?.settle();
    let report = check_store(&staging, key)?;
    if !report.is_sound() {
        session.output.answer(|| report.to_json(), || report.to_string())?;
        return Ok(Exit::Findings);
    }
    put_in_place(&staging, &store)?;
    if let GuardSays::RollbackAccepted(_) = says {
        // Killed before this, the server asks for the checkpoints again.
        drop(write_guard(&guard, &LogStore::open(&store, CACHE_BYTES)?, true)?);
    }
    let (frames, ledgers, entries) = (standings.end.sequence, standings.ledgers.len(), standings.entries());
    session.output.answer(
        || {
            json!({
                "store": store, "backup": args.backup, "frames": frames, "ledgers": ledgers, "entries": entries,
                "checkpoints_held": held.len(), "log_key": key.map(|key| key.to_string()),
                "rollback_accepted": matches!(says, GuardSays::RollbackAccepted(_)),
            })
        },
        || {
            let signed = if key.is_some() { "" } else { "; signatures of checkpoints not checked: give --log-key" };
            format!(
                "{} {} holds {frames} frames, {ledgers} ledgers, {entries} entries, all checked{signed}",
                good("restored:"),
                store.display()
            )
        },
    )?;
    session.output.next(format!("counterfoil serve --store {}", store.display()));
    Ok(Exit::Done)
}

fn check_places(backup: &Path, store: &Path) -> Result<(), Failure> {
    if !backup.is_dir() {
        return Err(Failure::configuration(format!("there is no backup {}", backup.display()))
            .hint("name the directory that `counterfoil backup` wrote"));
    }
    let is_new = match fs::read_dir(store) {
        Ok(mut entries) => entries.next().is_none(),
        Err(_) => !store.exists(),
    };
    if !is_new {
        return Err(Failure::configuration(format!("{} is there already", store.display()))
            .hint("a backup is restored into a new directory only: move this one away, or name another with --store"));
    }
    Ok(())
}

/// Beside the store, so that it can be given its name in one step.
fn staging_of(store: &Path) -> PathBuf {
    let mut name = store.file_name().unwrap_or_default().to_owned();
    name.push(".restoring");
    store.with_file_name(name)
}

fn stage(from: &Path, staging: &Path) -> Result<Backup, Failure> {
    let disk = FolderDisk::make(staging).map_err(|cause| cannot("made", staging, cause))?;
    let (from, to): (Arc<dyn Disk>, Arc<dyn Disk>) = (Arc::new(FolderDisk::at(from)), Arc::new(disk));
    backup(&from, &to).map_err(|error| {
        let failure = Failure::from(error);
        match failure.reason {
            // What is said of a backup is said of the directory beside the store here.
            Some(_) => failure.hint(format!(
                "{} is what another restore left: remove it and try again. If it is still so, this backup is damaged: take another",
                staging.display()
            )),
            None => failure,
        }
    })
}

fn put_in_place(staging: &Path, store: &Path) -> Result<(), Failure> {
    fs::rename(staging, store).map_err(|cause| cannot("put in place", store, cause))?;
    let folder = store.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|cause| cannot("made durable", store, cause))
}
