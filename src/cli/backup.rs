//! `backup`: copies what is new of a store's log into another directory, also while its server runs.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::Args;
use serde_json::json;

use crate::{
    cli::{
        config::Word,
        error::{Exit, Failure},
        output::good,
        session::Session,
        store_place::store_path,
    },
    store::{
        disk::{Disk, folder::FolderDisk},
        log::backup::{Backup, BackupError, backup, may_hold},
    },
};

/// Copy what is new of a store into another directory, also while its server runs
#[derive(Args, Debug)]
#[command(
    after_help = "The first time all of the log is copied, and after that only what is new. Everything in the backup is then read \
back and checked, from the first frame to the last root, and only then the backup says that it goes further than before: one that \
is interrupted leaves the backup before it as good as it was, and the next run finishes it. It goes up to what was durable when it \
began; the server need not stop, and is not slowed but by the reading. What is not checked here, for it needs the log's key and the \
law: the signatures of checkpoints and statements, and whether each statement follows from those before it. `counterfoil restore` checks \
that before it gives a store its name, and `counterfoil fsck --store TARGET --no-guard` at any time.

The target is an empty or missing directory, or a backup of the same log. One that has more than the store, or another history, \
is refused and left as it is. Keep it on another disk, and the guard and a copy of the log key file in a third place: neither is in \
the backup, and without the log key no checkpoint can be signed any more. `counterfoil restore` brings it back.

Ends with 0 when the backup holds all that was durable, with 10 when the store or the backup does not hold what it should, with 14 \
when the target is no backup of this store.

Examples:
  counterfoil backup --store ./ledgers /mnt/backup/ledgers
  counterfoil backup /mnt/backup/ledgers --json"
)]
pub(super) struct BackupArgs {
    /// The directory of the backup
    #[arg(value_name = "TARGET")]
    target: PathBuf,
    /// The directory of the ledgers [setting: store; default: server/store in your home directory for receipts]
    #[arg(long, value_name = "DIRECTORY")]
    store: Option<String>,
}

pub(super) fn run(args: &BackupArgs, session: &mut Session) -> Result<Exit, Failure> {
    session.settings.flag(Word::Store, args.store.as_deref());
    let store = store_path(session)?;
    if !store.is_dir() {
        return Err(Failure::configuration(format!("there is no store {}", store.display()))
            .hint("name its directory with --store"));
    }
    check_target(&store, &args.target)?;
    let disk = FolderDisk::make(&args.target);
    let disk = disk.map_err(|cause| Failure::io(format!("{} cannot be made", args.target.display()), cause))?;
    let (from, to): (Arc<dyn Disk>, Arc<dyn Disk>) = (Arc::new(FolderDisk::at(&store)), Arc::new(disk));
    let Backup { before, bytes, standings, .. } = backup(&from, &to)?;
    let (frames, ledgers, entries) = (standings.end.sequence, standings.ledgers.len(), standings.entries());
    let new = frames - before.sequence;
    session.output.answer(
        || {
            json!({
                "store": store, "backup": args.target, "frames": frames, "new_frames": new, "new_bytes": bytes,
                "ledgers": ledgers, "entries": entries,
            })
        },
        || {
            format!(
                "{} {} holds {frames} frames, {ledgers} ledgers, {entries} entries, all read back and held against every root; {new} frames and \
                 {bytes} bytes of them are new",
                good("backed up:"),
                args.target.display()
            )
        },
    )?;
    Ok(Exit::Done)
}

/// Refuses what cannot be a backup of this store, before anything is written there.
fn check_target(store: &Path, target: &Path) -> Result<(), Failure> {
    let shown = target.display();
    let cannot = |cause| Failure::io(format!("{shown} cannot be looked into"), cause);
    let inside = nearest(target).and_then(|target| Ok(target.starts_with(fs::canonicalize(store)?))).map_err(cannot)?;
    if inside {
        return Err(Failure::configuration(format!("{shown} is the store {} itself, or in it", store.display()))
            .hint("name a directory elsewhere, on another disk if you can"));
    }
    let entries = match fs::read_dir(target) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(cause) => return Err(cannot(cause)),
    };
    for entry in entries {
        let name = entry.map_err(cannot)?.file_name().to_string_lossy().into_owned();
        if !may_hold(&name) {
            return Err(Failure::configuration(format!("{shown} is no backup: it holds {name}"))
                .reason("NOT_A_BACKUP")
                .hint("name an empty or missing directory, or a backup of this store"));
        }
    }
    Ok(())
}

/// Returns the whole path of a directory, or of the nearest above it that is there.
fn nearest(path: &Path) -> io::Result<PathBuf> {
    let there = path.ancestors().find(|path| path.exists()).filter(|path| !path.as_os_str().is_empty());
    fs::canonicalize(there.unwrap_or(Path::new(".")))
}

impl From<BackupError> for Failure {
    fn from(error: BackupError) -> Self {
        let (exit, reason, hint) = match error {
            BackupError::Store(error) => return error.into(),
            BackupError::NotABackup { .. } => {
                (Exit::Configuration, "NOT_A_BACKUP", "name an empty or missing directory, or a backup of this store")
            }
            BackupError::StoreOlder { .. } => (
                Exit::Unverified,
                "BACKUP_NEWER",
                "do not go on with the store: restore this backup with `counterfoil restore` into a new directory",
            ),
            BackupError::Forked { .. } => (
                Exit::Unverified,
                "BACKUP_FORKED",
                "keep both, find out from the parties' checkpoints which of them they know, and begin another backup in an empty \
                 directory",
            ),
            BackupError::Copy { .. } => (
                Exit::Unverified,
                "BACKUP_DAMAGED",
                "check the store with `counterfoil fsck` when its server has stopped; if it is sound, begin a new backup in an empty \
                 directory",
            ),
        };
        Self::new(exit, error.to_string()).because(error).reason(reason).hint(hint)
    }
}
