//! The server's guard: held against the store before it opens, and written while it runs; and what an operator may go on with when
//! the store is older than it.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        mpsc::{self, RecvTimeoutError, Sender},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use tracing::{error, info};

use crate::{
    causes::Causes,
    cli::{
        checkpoint_files::{PartyCheckpoint, hold_all, without_any},
        error::{Exit, Failure},
    },
    store::{
        StoreError,
        disk::{Disk, folder::FolderDisk},
        log::{
            LogStore,
            guard::{Guard, Guarded, look},
            roots::Standings,
        },
    },
};

/// How far behind the log the guard may be.
const BEHIND: Duration = Duration::from_secs(1);

/// What the guard says of a store that may be gone on with.
#[derive(Debug)]
pub(super) enum GuardSays {
    /// It is as new as what was signed.
    Fine,
    /// Nothing against it; but this is to be said.
    Careful(String),
    /// It is older than what was signed, and may be gone on with all the same.
    RollbackAccepted(String),
}

/// Holds the guard against the store, and refuses one that is older than what was signed, unless that is accepted and what
/// parties hold allows it.
///
/// What parties hold is held against the store in any case: `held` is refused if it is newer. Writes nothing.
pub(super) fn refuse_older(
    guard: &Path,
    store: &Path,
    held: &[PartyCheckpoint],
    accept: bool,
) -> Result<GuardSays, Failure> {
    let standings = if held.is_empty() { None } else { Some(hold_all(held, store)?) };
    let at = guard.display();
    let says = match look_at(guard, store)? {
        Guarded::Holds => return Ok(GuardSays::Fine),
        Guarded::Missing | Guarded::Unreadable if !has_log(store) => return Ok(GuardSays::Fine),
        // There, and empty: somebody emptied it.
        Guarded::Missing if guard.exists() => damaged(guard),
        Guarded::Missing => {
            return Ok(GuardSays::Careful(format!(
                "there is no guard {at}: whether {} is the newest copy only the parties' checkpoints can tell",
                store.display()
            )));
        }
        Guarded::Another { sequence } => {
            return Err(refused(
                "STORE_IS_ANOTHER",
                format!("{} is another log than the one whose frame {sequence} {at} remembers", store.display()),
            )
            .hint("name the right store with --store, or its guard with --guard"));
        }
        Guarded::Unreadable => damaged(guard),
        Guarded::Older { sequence } if !accept && !has_log(store) => {
            return Err(refused(
                "STORE_OLDER_THAN_SIGNED",
                format!("the store {} is empty, and {at} remembers frame {sequence} of a store", store.display()),
            )
            .hint(format!(
                "if that store is lost, {REMEDY}. A second store has a log key and a guard of its own: give it --log-key-file and \
                 --guard"
            )));
        }
        Guarded::Older { sequence } => refused(
            "STORE_OLDER_THAN_SIGNED",
            format!(
                "the store {} is older than what was signed: it does not have frame {sequence}, which {at} remembers; a rollback \
                 cannot become a fork",
                store.display()
            ),
        ),
    };
    if !accept {
        return Err(says.hint(REMEDY));
    }
    accepted(says, held, standings)
}

const REMEDY: &str = "bring back the newer copy. If there is none, ask every party for the checkpoint it holds, and go on with \
                      --accept-rollback and a --checkpoint FILE of every ledger: to sign over what a party holds is a fork that its \
                      receipt proves";

fn damaged(guard: &Path) -> Failure {
    let at = guard.display();
    refused("GUARD_DAMAGED", format!("the guard {at} is damaged: whether the store is the newest copy, it cannot tell"))
}

/// Accepts a rollback if somebody's checkpoint of every ledger is known, none of them newer.
fn accepted(says: Failure, held: &[PartyCheckpoint], standings: Option<Standings>) -> Result<GuardSays, Failure> {
    let Some(standings) = standings.filter(|standings| !standings.ledgers.is_empty()) else {
        return Err(says.hint(
            "--accept-rollback needs a --checkpoint FILE that a party holds of every ledger, and a store that has ledgers: \
             restore the newest backup first",
        ));
    };
    let lacking = without_any(held, &standings);
    if let Some(first) = lacking.first() {
        let others = match lacking.len() {
            1 => String::new(),
            count => format!(" and {} more", count - 1),
        };
        // The guard counts frames: of which ledgers the lost ones were, only the parties can tell.
        return Err(says.hint(format!(
            "no --checkpoint FILE was given of {first}{others}: ask the parties of every ledger, for any may have been in what \
             is lost"
        )));
    }
    Ok(GuardSays::RollbackAccepted(format!(
        "{}; accepted: none of {} checkpoints that parties hold is newer. What parties hold that was not shown may still prove a \
         fork",
        says.says,
        held.len()
    )))
}

fn refused(reason: &str, says: String) -> Failure {
    Failure::new(Exit::Unverified, says).reason(reason)
}

/// Holds the log in a folder against the guard. Writes nothing.
pub(super) fn look_at(guard: &Path, store: &Path) -> Result<Guarded, Failure> {
    let disk: Arc<dyn Disk> = Arc::new(FolderDisk::at(store));
    let (folder, name) = place_of(guard)?;
    match look(&FolderDisk::at(folder), name, &disk) {
        Ok(guarded) => Ok(guarded),
        // The folder of the store is not there: nor is what the guard may name.
        Err(_) if !store.is_dir() && !guard.exists() => Ok(Guarded::Missing),
        Err(_) if !store.is_dir() => Ok(Guarded::Older { sequence: 0 }),
        Err(error) => Err(error.into()),
    }
}

fn has_log(store: &Path) -> bool {
    FolderDisk::at(store).list().is_ok_and(|files| files.iter().any(|(name, _)| name.ends_with(".log")))
}

/// Follows the store with its guard, until it is dropped.
pub(super) struct Guarding {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Guarding {
    /// Writes the guard, and then again at most a second behind the log, on a thread of its own. `says`: a rollback that was
    /// accepted is written over it.
    pub(super) fn start(path: &Path, store: &Arc<LogStore>, says: &GuardSays) -> Result<Self, Failure> {
        let mut guard = write_guard(path, store, matches!(says, GuardSays::RollbackAccepted(_)))?;
        let (stop, stopped) = mpsc::channel();
        let (store, path): (_, PathBuf) = (Arc::clone(store), path.to_owned());
        let follow = move || {
            let mut failing = false;
            loop {
                let last = !matches!(stopped.recv_timeout(BEHIND), Err(RecvTimeoutError::Timeout));
                let followed = guard.follow(&store);
                match &followed {
                    Ok(()) if failing => info!(guard = %path.display(), "the guard is written again"),
                    Ok(()) => {}
                    // It ends with the store, which tells of itself.
                    Err(StoreError::Stopped) => return,
                    // It may be behind, and is written whole or not at all: what fails now may work in a second.
                    Err(error) if !failing => {
                        let error = Causes(error);
                        error!(guard = %path.display(), %error, "the guard cannot be written, and falls behind: see to its disk");
                    }
                    Err(_) => {}
                }
                failing = followed.is_err();
                if last {
                    return;
                }
            }
        };
        let thread = thread::Builder::new().name("guard".into()).spawn(follow);
        let thread = thread.map_err(|cause| Failure::io("the guard's thread cannot be started", cause))?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Guarding {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // It tells of its own failures.
            let _ = thread.join();
        }
    }
}

/// Makes the guard say what an open store says; `older`: also when the store is older than it.
pub(super) fn write_guard(path: &Path, store: &LogStore, older: bool) -> Result<Guard, Failure> {
    let (folder, name) = place_of(path)?;
    let disk = FolderDisk::make(folder).map_err(|cause| Failure::io("the guard's folder cannot be made", cause))?;
    let written = if older { Guard::roll_back(&disk, name, store) } else { Guard::make(&disk, name, store) };
    Ok(written?)
}

fn place_of(path: &Path) -> Result<(&Path, &str), Failure> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.file_name().and_then(|name| name.to_str());
    let name = name.ok_or_else(|| Failure::configuration(format!("{} names no file for the guard", path.display())))?;
    Ok((folder, name))
}
