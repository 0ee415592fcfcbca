//! Backups: the log copied to another folder, as often as one likes, and only what is new each time.
//!
//! The log may be open and written meanwhile: up to its high-water mark nothing of it ever changes. What is copied is read back
//! and checked from the first frame on, and only then does the backup's own mark say that it is there. Whatever happens before
//! leaves the backup as good as it was: who reads it reads up to its mark. The index is not copied: it is made anew.

use std::{collections::BTreeMap, io, sync::Arc};

use crate::store::{
    StoreError,
    disk::{Disk, DiskFile},
    log::{
        SLED, TABLES,
        damage::describe,
        frame::{Frame, LogId},
        ledgers::Ledgers,
        mark::Mark,
        roots::{Standings, stand_in},
        scan::{Files, SEGMENT_HEADER_LENGTH, Step, read_header},
        segments::{Position, SegmentHeader, name_of, start_of},
        walk::Walker,
    },
};

/// What a backup came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backup {
    /// Which log it is of.
    pub log: LogId,
    /// Up to where it went before.
    pub before: Position,
    /// How many bytes were copied.
    pub bytes: u64,
    /// Up to where it goes now, and how its ledgers stand: all of it was read back and checked.
    pub standings: Standings,
}

/// Why there is no new backup; the one before is as good as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// The store, or the disk of the backup, failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The target holds something else.
    #[error("{path} is no backup of this log: {problem}")]
    NotABackup {
        /// The target.
        path: String,
        /// What it is instead.
        problem: &'static str,
    },
    /// The backup has frames that the store does not have.
    #[error(
        "the backup {path} has {held} frames, and the store {store} has {found}: the store is older than its backup"
    )]
    StoreOlder {
        /// The target.
        path: String,
        /// The store.
        store: String,
        /// How many frames the backup has.
        held: u64,
        /// How many the store has.
        found: u64,
    },
    /// The backup and the store have one beginning, or not even that, and then each its own history.
    #[error("frame {sequence} of the backup {path} is not the one of the store {store}: their histories differ")]
    Forked {
        /// The target.
        path: String,
        /// The store.
        store: String,
        /// The number of the frame.
        sequence: u64,
    },
    /// What was copied, or what the backup held before, does not read back whole.
    #[error("the backup {path} does not read back whole, and stays as it was")]
    Copy {
        /// The target.
        path: String,
        /// What is wrong with it.
        #[source]
        source: StoreError,
    },
}

/// Brings the backup on `to` to where the log on `from` is durable. `to` is empty, or a backup of this log.
///
/// Errors: [`BackupError`]; then the backup is what it was before.
pub fn backup(from: &Arc<dyn Disk>, to: &Arc<dyn Disk>) -> Result<Backup, BackupError> {
    let failed = |doing| move |source| StoreError::Disk { doing, source };
    let held = to.lock().map_err(failed("taking the backup's lock"))?;
    let _held = held.ok_or_else(|| StoreError::InUse { path: to.place() })?;
    let source = open_source(from)?;
    let files = source.files();
    let durable = source.high_water().unwrap_or(Position::start());
    let (mut mark, before) = open_target(files, durable, to)?;
    // Who has more than the mark of the store says, because the power went before that was written, has nothing to take.
    let end = if before.sequence > durable.sequence { before } else { durable };
    make_room(to.as_ref(), end.offset - before.offset)?;
    drop_unfinished(to.as_ref(), before).map_err(failed("removing what an unfinished backup left"))?;
    let bytes = Copying::new(files, to.as_ref(), before)?.up_to(end)?;
    let standings = Walker::up_to(to, source.log(), end)
        .and_then(|mut walker| stand_in(&mut walker, &BTreeMap::new(), Some(end)))
        .map_err(|source| BackupError::Copy { path: to.place(), source })?;
    if standings.end != end {
        let problem = format!("its frame {} is not the one that was copied", end.sequence);
        let source = StoreError::Unopenable { path: to.place(), problem };
        return Err(BackupError::Copy { path: to.place(), source });
    }
    // Last: from here on whoever reads the backup reads all of it.
    mark.write(source.log(), &end).and_then(|()| mark.sync()).map_err(failed("writing the backup's mark"))?;
    Ok(Backup { log: source.log(), before, bytes, standings })
}

/// Opens the log to be copied, which others may be writing.
fn open_source(from: &Arc<dyn Disk>) -> Result<Walker, BackupError> {
    let mut walker = Walker::open(Arc::clone(from))?;
    // Both slots of the mark may be caught while they are written, but not again and again.
    for _ in 0..MARK_TRIES {
        if walker.high_water().is_some() {
            break;
        }
        walker = Walker::open(Arc::clone(from))?;
    }
    let unopenable = |problem: &str| StoreError::Unopenable { path: from.place(), problem: problem.into() };
    if walker.files().spans.is_empty() {
        return Err(unopenable("there is no log in it").into());
    }
    if walker.high_water().is_none() {
        return Err(unopenable("its high-water mark is missing or damaged").into());
    }
    Ok(walker)
}

const MARK_TRIES: u32 = 16;

/// Opens the backup's mark, and sees that the log goes on from there.
fn open_target(source: &Files, durable: Position, to: &Arc<dyn Disk>) -> Result<(Mark, Position), BackupError> {
    let failed = |doing| move |source| StoreError::Disk { doing, source };
    let (log, path) = (source.segments.log, to.place());
    let not_a_backup = |problem| Err(BackupError::NotABackup { path: to.place(), problem });
    let Some((mark, of, position)) = Mark::open(to.as_ref()).map_err(failed("reading the backup's mark"))? else {
        let listed = to.list().map_err(failed("looking into the backup"))?;
        if listed.iter().any(|(name, _)| !Mark::is_name(name) && name != LOCK_NAME) {
            return not_a_backup("it holds files, and no high-water mark that can be read");
        }
        // Before anything else is there: what an unfinished first backup leaves is known for what it is.
        let mark = Mark::create(to.as_ref(), log, &Position::start()).map_err(failed("making the backup's mark"))?;
        return Ok((mark, Position::start()));
    };
    let held = Files::find(to, Some(of))?;
    if of != log || held.segments.log != log {
        return not_a_backup("it is of another log");
    }
    // Before its first frame it has nothing but what an unfinished first backup left.
    if position.sequence > 0 && !held.leads_to(&position).map_err(failed("reading the backup"))? {
        return not_a_backup("it is damaged: its files do not lead to its high-water mark");
    }
    // Whole frames behind the mark are what an unfinished backup left, or somebody else's, and then not ours to remove.
    let mut behind = held.scan(position);
    while let Step::Frame(_) = behind.next().map_err(failed("reading the backup"))? {}
    for position in [position, behind.position] {
        if !source.leads_to(&position).map_err(failed("reading the log"))? {
            let (store, held, found) = (source.segments.disk.place(), position.sequence, durable.sequence);
            return Err(if held > found {
                BackupError::StoreOlder { path, store, held, found }
            } else {
                BackupError::Forked { path, store, sequence: held }
            });
        }
    }
    Ok((mark, position))
}

const LOCK_NAME: &str = "lock";

/// Whether a backup, or a store that was made of one, may have a file or folder of this name.
#[must_use]
pub fn may_hold(name: &str) -> bool {
    name == LOCK_NAME || Mark::is_name(name) || start_of(name).is_some() || [TABLES, SLED].contains(&name)
}

fn make_room(to: &dyn Disk, bytes: u64) -> Result<(), StoreError> {
    let free_bytes = to.free_bytes().map_err(|source| StoreError::Disk { doing: "asking for room", source })?;
    let needed_bytes = bytes.saturating_add(ROOM_BYTES);
    if free_bytes < needed_bytes {
        return Err(StoreError::DiskFull { path: to.place(), free_bytes, needed_bytes });
    }
    Ok(())
}

/// For the mark, the headers of new files, and what the file system needs.
const ROOM_BYTES: u64 = 1024 * 1024;

/// Removes the files that an unfinished backup began.
fn drop_unfinished(to: &dyn Disk, before: Position) -> io::Result<()> {
    for (name, _) in to.list()? {
        if start_of(&name).is_some_and(|start| start >= before.offset) {
            to.remove(&name)?;
        }
    }
    to.sync_folder()
}

/// Frames on their way from one log to its copy.
struct Copying<'a> {
    from: &'a Files,
    to: &'a dyn Disk,
    position: Position,
    /// The file that is written, and where in the log it starts.
    file: Option<(u64, Arc<dyn DiskFile>)>,
    bytes: u64,
}

impl<'a> Copying<'a> {
    /// Goes on behind what is there.
    fn new(from: &'a Files, to: &'a dyn Disk, position: Position) -> Result<Self, StoreError> {
        let start = position.offset.checked_sub(1).and_then(|last| from.segments.start_before(last));
        let open = |start| to.open(&name_of(start)).map(|file| (start, file));
        let file = start.map(open).transpose().map_err(writing)?;
        Ok(Self { from, to, position, file, bytes: 0 })
    }

    /// Copies frame by frame, each checked before it is written; returns how many bytes there were.
    fn up_to(mut self, end: Position) -> Result<u64, StoreError> {
        let mut scan = self.from.scan(self.position);
        while scan.position.sequence < end.sequence {
            let last = scan.position;
            let (offset, problem) =
                match scan.next().map_err(|source| StoreError::Disk { doing: "reading the log", source })? {
                    Step::Frame(frame) if frame.sequence < end.sequence || frame.check == end.check => {
                        self.frame(&frame).map_err(writing)?;
                        self.position = scan.position;
                        continue;
                    }
                    Step::Frame(frame) => (frame.offset, "is not the one that was durable"),
                    Step::End => (last.offset, "is missing: the log ends before it"),
                    Step::Bad(offset, problem) => (offset, problem),
                };
            let (ledgers, durable) = (Ledgers::default(), end.sequence);
            return Err(describe(self.from, &last, &ledgers, (offset, problem), None, durable));
        }
        if end == Position::start() {
            self.header_alone().map_err(writing)?;
        }
        self.finish().and_then(|()| self.to.sync_folder()).map_err(writing)?;
        Ok(self.bytes)
    }

    fn frame(&mut self, frame: &Frame) -> io::Result<()> {
        let start = self.from.segments.start_before(frame.offset).ok_or(io::ErrorKind::NotFound)?;
        let file = match &self.file {
            Some((of, file)) if *of == start => Arc::clone(file),
            _ => self.begin(start, &SegmentHeader::write(self.from.segments.log, self.position))?,
        };
        file.write_at(&frame.bytes, frame.offset - start)?;
        self.bytes += frame.end() - frame.offset;
        Ok(())
    }

    /// Ends the file before, and begins the next.
    fn begin(&mut self, start: u64, header: &[u8]) -> io::Result<Arc<dyn DiskFile>> {
        self.finish()?;
        let file = self.to.create(&name_of(start))?;
        file.write_at(header, 0)?;
        self.bytes += SEGMENT_HEADER_LENGTH;
        self.file = Some((start, Arc::clone(&file)));
        Ok(file)
    }

    /// A log without frames has a header, which says which log it is.
    fn header_alone(&mut self) -> io::Result<()> {
        let first = self.from.spans.first().filter(|(start, _)| *start == 0);
        let Some((start, upto)) = first.copied() else { return Ok(()) };
        if let Some(Ok(_)) = read_header(&self.from.segments, start, upto)? {
            self.begin(start, &SegmentHeader::write(self.from.segments.log, Position::start()))?;
        }
        Ok(())
    }

    /// Makes the file durable as far as it was copied, and cuts off what an unfinished backup left in it.
    fn finish(&mut self) -> io::Result<()> {
        let Some((start, file)) = self.file.take() else { return Ok(()) };
        let length = (self.position.offset - start).max(SEGMENT_HEADER_LENGTH);
        if file.length()? > length {
            file.set_length(length)?;
        }
        file.sync_data()
    }
}

fn writing(source: io::Error) -> StoreError {
    StoreError::Disk { doing: "writing the backup", source }
}
