//! The server's guard: held against the store before it opens, and written while it runs.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        mpsc::{self, RecvTimeoutError, Sender},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use tracing::error;

use crate::{
    cli::error::{Exit, Failure},
    store::{
        disk::{Disk, folder::FolderDisk},
        log::{
            LogStore,
            guard::{Guard, Guarded, look},
        },
    },
};

/// How far behind the log the guard may be.
const BEHIND: Duration = Duration::from_secs(1);

/// Refuses a store that is older than what was signed; says what to be careful about.
pub(super) fn refuse_older(guard: &Path, store: &Path) -> Result<Option<String>, Failure> {
    let at = guard.display();
    let disk: Arc<dyn Disk> = Arc::new(FolderDisk::at(store));
    let there = disk.list().is_ok_and(|files| files.iter().any(|(name, _)| name.ends_with(".log")));
    let (folder, name) = place_of(guard)?;
    let guarded = match look(&FolderDisk::at(folder), name, &disk) {
        Ok(guarded) => guarded,
        // The folder of the store is not there: nor is what the guard may name.
        Err(_) if !store.is_dir() && !guard.exists() => Guarded::Missing,
        Err(_) if !store.is_dir() => Guarded::Older { sequence: 0 },
        Err(error) => return Err(error.into()),
    };
    let remedy = format!(
        "bring back the newer copy. If there is none, ask every party for the checkpoint it holds; only when none is newer than \
         this store, remove {at} and start again: to sign over what a party holds is a fork that its receipt proves"
    );
    match guarded {
        Guarded::Holds => Ok(None),
        Guarded::Missing if !there => Ok(None),
        Guarded::Missing => Ok(Some(format!(
            "there is no guard {at}: it is made now, but whether {} is the newest copy only the parties' checkpoints can tell",
            store.display()
        ))),
        Guarded::Unreadable if !there => Ok(None),
        Guarded::Unreadable => {
            Err(Failure::new(Exit::Unverified, format!("the guard {at} is damaged: whether the store is the newest copy, it cannot tell"))
                .reason("GUARD_DAMAGED")
                .hint(remedy))
        }
        Guarded::Older { sequence } => Err(Failure::new(
            Exit::Unverified,
            format!(
                "the store {} is older than what was signed, or another: it does not have frame {sequence}, which {at} remembers; \
                 a rollback cannot become a fork",
                store.display()
            ),
        )
        .reason("STORE_OLDER_THAN_SIGNED")
        .hint(remedy)),
    }
}

/// Follows the store with its guard, until it is dropped.
pub(super) struct Guarding {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Guarding {
    /// Writes the guard, and then again at most a second behind the log, on a thread of its own.
    pub(super) fn start(path: &Path, store: &Arc<LogStore>) -> Result<Self, Failure> {
        let (folder, name) = place_of(path)?;
        let disk = FolderDisk::make(folder).map_err(|cause| Failure::io("the guard's folder cannot be made", cause))?;
        let mut guard = Guard::make(&disk, name, store)?;
        let (stop, stopped) = mpsc::channel();
        let (store, path): (_, PathBuf) = (Arc::clone(store), path.to_owned());
        let follow = move || {
            loop {
                let last = !matches!(stopped.recv_timeout(BEHIND), Err(RecvTimeoutError::Timeout));
                if let Err(error) = guard.follow(&store) {
                    error!(guard = %path.display(), %error, "the guard is not written any more");
                    return;
                }
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

fn place_of(path: &Path) -> Result<(&Path, &str), Failure> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.file_name().and_then(|name| name.to_str());
    let name = name.ok_or_else(|| Failure::configuration(format!("{} names no file for the guard", path.display())))?;
    Ok((folder, name))
}
