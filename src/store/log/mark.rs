//! The high-water mark: where the log stood when its last frame was known to be durable, in a file of its own.
//!
//! A log that lost its end folds to an earlier checkpoint, and signing on from there would fork its ledgers. A log that ends
//! before the mark is not opened.
//!
//! The mark is written after a frame was synced and is not synced itself: it costs next to nothing, is never ahead of what is
//! durable, survives a kill, and after a power cut is at most as old as what the system had not yet written back.

use std::{
    io::{self, ErrorKind},
    sync::Arc,
};

use crate::{
    digest::Digest,
    store::{
        disk::{Disk, DiskFile},
        log::{frame::LogId, segments::Position},
    },
};

const MARK_NAME: &str = "high-water";
/// What the name of a mark ends with while it is made.
const MAKING: &str = ".new";
/// Two slots, written in turn, on pages of their own: a torn write leaves the other.
const SLOT_BYTES: u64 = 4_096;
pub(super) const MARK_FILE_BYTES: u64 = 2 * SLOT_BYTES;
/// Log, offset, number and check, and the check of these.
const MARK_BYTES: usize = 8 + 8 + 8 + 32 + 32;

/// The mark of an open log.
pub(super) struct Mark {
    file: Arc<dyn DiskFile>,
    /// Where the next is written: never over the last.
    slot: u64,
}

impl Mark {
    /// Whether a file of this name is the mark of a log, or was to become it.
    pub(super) fn is_name(name: &str) -> bool {
        name.strip_suffix(MAKING).unwrap_or(name) == MARK_NAME
    }

    /// Opens the mark and reads it; `None` if there is none, or it cannot be read.
    pub(super) fn open(disk: &dyn Disk) -> io::Result<Option<(Self, LogId, Position)>> {
        Self::open_named(disk, MARK_NAME)
    }

    /// The same for a mark of another name.
    pub(super) fn open_named(disk: &dyn Disk, name: &str) -> io::Result<Option<(Self, LogId, Position)>> {
        let file = match disk.open(name) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let slots = [(1, read(file.as_ref(), 0)?), (0, read(file.as_ref(), 1)?)];
        let slots = slots.into_iter().filter_map(|(next, read)| read.map(|(log, position)| (next, log, position)));
        let latest = slots.max_by_key(|(_, _, position)| position.sequence);
        Ok(latest.map(|(slot, log, position)| (Self { file, slot }, log, position)))
    }

    /// Makes the mark of a log that has none, or whose mark is of no use.
    pub(super) fn create(disk: &dyn Disk, log: LogId, position: &Position) -> io::Result<Self> {
        Self::create_named(disk, MARK_NAME, log, position)
    }

    /// The same for a mark of another name. It has that name only once it is whole: one that says nothing is one that somebody
    /// emptied.
    pub(super) fn create_named(disk: &dyn Disk, name: &str, log: LogId, position: &Position) -> io::Result<Self> {
        let making = format!("{name}{MAKING}");
        match disk.remove(&making) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut mark = Self { file: disk.create(&making)?, slot: 0 };
        mark.file.set_length(MARK_FILE_BYTES)?;
        mark.write(log, position)?;
        mark.file.sync_data()?;
        disk.rename(&making, name)?;
        mark.file = disk.open(name)?;
        disk.sync_folder()?;
        Ok(mark)
    }

    /// Makes durable what the mark says, and that it is there.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    /// Says that the log is durable up to there.
    pub(super) fn write(&mut self, log: LogId, position: &Position) -> io::Result<()> {
        let mut bytes = [&log.0[..], &position.offset.to_be_bytes(), &position.sequence.to_be_bytes()].concat();
        bytes.extend_from_slice(position.check.as_bytes());
        let check = check_of(&bytes);
        bytes.extend_from_slice(check.as_bytes());
        self.file.write_at(&bytes, self.slot * SLOT_BYTES)?;
        self.slot = 1 - self.slot;
        Ok(())
    }
}

fn read(file: &dyn DiskFile, slot: u64) -> io::Result<Option<(LogId, Position)>> {
    let mut bytes = [0; MARK_BYTES];
    match file.read_at(&mut bytes, slot * SLOT_BYTES) {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
        read => read?,
    }
    Ok(decode(&bytes))
}

fn decode(bytes: &[u8; MARK_BYTES]) -> Option<(LogId, Position)> {
    let (log, rest) = bytes.split_first_chunk()?;
    let (offset, rest) = rest.split_first_chunk()?;
    let (sequence, rest) = rest.split_first_chunk()?;
    let (check, of_all) = rest.split_first_chunk()?;
    let (offset, sequence) = (u64::from_be_bytes(*offset), u64::from_be_bytes(*sequence));
    let position = Position { offset, sequence, check: Digest::from_bytes(*check) };
    (check_of(bytes.get(..MARK_BYTES - 32)?).as_bytes() == of_all).then_some((LogId(*log), position))
}

fn check_of(bytes: &[u8]) -> Digest {
    Digest::of(&[b"counterfoil/store/high-water/v2\n", bytes])
}
