//! The high-water mark: how many commits were durable, in a file of its own beside sled's.
//!
//! One flipped bit in sled's file makes its recovery drop everything written since, without a word: the ledgers then fold to
//! an earlier checkpoint, and signing on from there would fork them. A store that holds fewer commits than the mark says is
//! not opened.
//!
//! The mark is written after a commit was synced and is not synced itself: it costs next to nothing, is never ahead of
//! what is durable, survives a kill, and after a power cut is at most as old as what the system had not yet written back.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    path::Path,
};

use crate::digest::Digest;

const NAME: &str = "high-water";
/// Two slots, written in turn, on pages of their own: a torn write leaves the other.
const SLOT_BYTES: u64 = 4_096;

/// The mark of an open store.
pub(super) struct Mark {
    file: File,
}

impl Mark {
    /// Opens the mark of the store in `folder` and reads it; `None` if there is none, or it cannot be read.
    pub(super) fn open(folder: &Path) -> io::Result<Option<(Self, u64)>> {
        let opened = OpenOptions::new().read(true).write(true).open(folder.join(NAME));
        let mut mark = match opened {
            Ok(file) => Self { file },
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let slots = [mark.read(0)?, mark.read(1)?];
        Ok(slots.into_iter().flatten().max().map(|commits| (mark, commits)))
    }

    /// Makes the mark of a new store.
    pub(super) fn create(folder: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).truncate(true).read(true).write(true).open(folder.join(NAME))?;
        file.set_len(2 * SLOT_BYTES)?;
        let mut mark = Self { file };
        mark.write(0)?;
        mark.file.sync_all()?;
        Ok(mark)
    }

    /// Says that so many commits are durable.
    pub(super) fn write(&mut self, commits: u64) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(commits % 2 * SLOT_BYTES))?;
        self.file.write_all(&[commits.to_be_bytes().as_slice(), check_of(commits).as_bytes()].concat())
    }

    fn read(&mut self, slot: u64) -> io::Result<Option<u64>> {
        let (mut commits, mut check) = ([0; 8], [0; 32]);
        self.file.seek(SeekFrom::Start(slot * SLOT_BYTES))?;
        match self.file.read_exact(&mut commits).and_then(|()| self.file.read_exact(&mut check)) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            read => read?,
        }
        let commits = u64::from_be_bytes(commits);
        Ok((check_of(commits).as_bytes() == &check).then_some(commits))
    }
}

fn check_of(commits: u64) -> Digest {
    Digest::of(&[b"counterfoil/store/high-water/v1\n", &commits.to_be_bytes()])
}
