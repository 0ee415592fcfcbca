//! The guard: how far the log was when it was last looked at, in a small file outside the store's folder. An older copy of the
//! folder that is put in its place does not have that frame, and is not signed over: a rollback must not become a fork.
//!
//! It is written behind the log and never ahead of what is durable, in two slots with checks, and synced. What was committed
//! after it was last written it does not know of: what closes that window are the checkpoints that parties hold.

use std::{io, sync::Arc};

use crate::store::{
    StoreError,
    disk::{Disk, DiskFile},
    log::{
        LogStore,
        mark::{MARK_FILE_BYTES, Mark},
        scan::Files,
        segments::Position,
    },
};

/// The guard of an open store.
pub struct Guard {
    mark: Mark,
    last: Position,
}

/// What a guard says of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guarded {
    /// The log has the frame that the guard names.
    Holds,
    /// There is no guard, or an empty file in its place.
    Missing,
    /// There is a guard that cannot be read.
    Unreadable,
    /// The log does not have the frame of this number, or has another in its place.
    Older {
        /// The number of the frame.
        sequence: u64,
    },
    /// It is another log than the one whose frame of this number the guard names.
    Another {
        /// The number of the frame.
        sequence: u64,
    },
}

/// Holds the log on `store` against the guard `name` on `disk`. Writes nothing.
///
/// Errors: [`StoreError`].
pub fn look(disk: &dyn Disk, name: &str, store: &Arc<dyn Disk>) -> Result<Guarded, StoreError> {
    let failed = |source| StoreError::Disk { doing: "reading the guard", source };
    let Some((_, log, position)) = Mark::open_named(disk, name).map_err(failed)? else {
        return Ok(match disk.open(name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Guarded::Missing,
            Err(source) => return Err(failed(source)),
            // It names no frame. That there is a file all the same, which is never made empty, is for the caller to judge.
            Ok(file) if is_blank(file.as_ref()).map_err(failed)? => Guarded::Missing,
            Ok(_) => Guarded::Unreadable,
        });
    };
    let files = Files::find(store, Some(log))?;
    let sequence = position.sequence;
    Ok(match files.segments.log == log {
        // Before its first frame a log promised nothing.
        _ if sequence == 0 => Guarded::Holds,
        true if files.leads_to(&position).map_err(failed)? => Guarded::Holds,
        true => Guarded::Older { sequence },
        false => Guarded::Another { sequence },
    })
}

fn is_blank(file: &dyn DiskFile) -> io::Result<bool> {
    let mut bytes = vec![0; usize::try_from(file.length()?.min(MARK_FILE_BYTES)).unwrap_or(0)];
    file.read_at(&mut bytes, 0)?;
    Ok(bytes.iter().all(|byte| *byte == 0))
}

impl Guard {
    /// Makes the guard anew for an open store, in the place of the one before.
    ///
    /// Errors: [`StoreError`].
    pub fn make(disk: &dyn Disk, name: &str, store: &LogStore) -> Result<Self, StoreError> {
        let last = store.position()?;
        let made = match Mark::open_named(disk, name) {
            Ok(Some((mut mark, ..))) => mark
                .write(store.log(), &last)
                .and_then(|()| mark.sync())
                .and_then(|()| disk.sync_folder())
                .map(|()| mark),
            Ok(None) => Mark::create_named(disk, name, store.log(), &last),
            Err(error) => Err(error),
        };
        let mark = made.map_err(|source| StoreError::Disk { doing: "writing the guard", source })?;
        Ok(Self { mark, last })
    }

    /// Makes the guard say what an open store says that is older than it, because everybody who holds checkpoints was asked.
    ///
    /// Killed on the way, it says what it said before. Errors: [`StoreError`].
    pub fn roll_back(disk: &dyn Disk, name: &str, store: &LogStore) -> Result<Self, StoreError> {
        let failed = |source| StoreError::Disk { doing: "writing the guard", source };
        let last = store.position()?;
        if let Some((mut mark, ..)) = Mark::open_named(disk, name).map_err(failed)? {
            // The slot that names more is the last to go: of two that can be read, the one that names more is believed.
            for _ in 0..2 {
                mark.write(store.log(), &last).and_then(|()| mark.sync()).map_err(failed)?;
            }
        }
        Self::make(disk, name, store)
    }

    /// Brings the guard to where the log is durable now.
    ///
    /// Errors: [`StoreError`].
    pub fn follow(&mut self, store: &LogStore) -> Result<(), StoreError> {
        let position = store.position()?;
        if position != self.last {
            let written = self.mark.write(store.log(), &position).and_then(|()| self.mark.sync());
            written.map_err(|source| StoreError::Disk { doing: "writing the guard", source })?;
            self.last = position;
        }
        Ok(())
    }
}
