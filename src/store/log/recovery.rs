//! Opening a log: what is in the index already is not read again, but for where its files begin and end; the rest is, with every
//! check; then both stand at one frame.
//!
//! A bad frame at the very end that was never acknowledged is cut off: the power went while it was written. A bad frame that was
//! durable keeps the store closed: to sign on from there would fork what parties hold.

use std::{
    io, mem,
    panic::{self, AssertUnwindSafe},
    sync::Arc,
};

use tracing::{info, warn};

use crate::store::{
    StoreError,
    disk::Disk,
    log::{
        LogConfig,
        damage::describe,
        frame::{Frame, LogId},
        index::{Change, Index},
        keys::{APPLIED_KEY, Applied, FORMAT, FORMAT_KEY, LEDGERS, first_of_run, read_ledger, read_place, run_key},
        ledgers::{Ledgers, Update},
        mark::Mark,
        scan::{Files, SEGMENT_HEADER_LENGTH, Step, read_header},
        segments::{Position, SegmentHeader, Segments, name_of},
        tail::{Tail, long},
    },
};

/// An open log and what is in memory of it.
pub(super) struct Recovered {
    pub(super) files: Files,
    pub(super) tail: Tail,
    pub(super) mark: Mark,
    pub(super) ledgers: Ledgers,
    pub(super) index: Box<dyn Index>,
}

/// Opens the log on a disk, or makes one, and brings the index to where it stands.
pub(super) fn recover(
    disk: &Arc<dyn Disk>,
    mut index: Box<dyn Index>,
    config: &LogConfig,
) -> Result<Recovered, StoreError> {
    let failed = |doing| move |source| StoreError::Disk { doing, source };
    let mark = Mark::open(disk.as_ref()).map_err(failed("reading the high-water mark"))?;
    let marked = mark.as_ref().map(|(_, log, position)| (*log, *position));
    let indexed = applied(index.as_ref());
    let mut files = Files::find(disk, marked.map(|(log, _)| log))?;
    let durable = marked.map_or(0, |(_, position)| position.sequence);
    let promised = durable.max(indexed.map_or(0, |indexed| indexed.position.sequence));
    if promised == 0 && is_unborn(&files).map_err(failed("reading the log"))? {
        make(disk, &files, config.log).map_err(failed("making the log"))?;
        files = Files::find(disk, None)?;
    }
    write_again(&files, durable_upto(&files, marked)).map_err(failed("syncing the end of the log"))?;
    let log = files.segments.log;
    let known = Known {
        mark: marked.filter(|(of, _)| *of == log).map(|(_, position)| position),
        // A folder whose log is gone altogether has no log of its own to be held against.
        indexed: indexed.filter(|indexed| indexed.log == log || files.spans.is_empty()),
    };
    let (ledgers, end) = catch_up(&files, index.as_mut(), &known)?;
    let mut mark = match mark {
        Some((mark, of, _)) if of == log => mark,
        Some((_, _, durable)) if durable.sequence > 0 || end.sequence > 0 => {
            return Err(unopenable(disk.as_ref(), "its high-water mark is another log's"));
        }
        // New, or killed before its first commit.
        _ if end.sequence == 0 => {
            Mark::create(disk.as_ref(), log, &end).map_err(failed("writing the high-water mark"))?
        }
        _ => return Err(unopenable(disk.as_ref(), "its high-water mark is missing or damaged")),
    };
    // The mark of a process that failed when it made it may be there to be read, and not be durable.
    mark.write(log, &end).and_then(|()| mark.sync()).map_err(failed("writing the high-water mark"))?;
    let tail = cut(&mut files, end, config).map_err(failed("cutting off what was never acknowledged"))?;
    Ok(Recovered { files, tail, mark, ledgers, index })
}

/// What was durable, as others than the log say.
struct Known {
    mark: Option<Position>,
    indexed: Option<Applied>,
}

impl Known {
    fn sequence(&self) -> u64 {
        let indexed = self.indexed.map_or(0, |indexed| indexed.position.sequence);
        self.mark.map_or(0, |mark| mark.sequence).max(indexed)
    }
}

/// Whether there is no log, or one whose making was not finished.
fn is_unborn(files: &Files) -> io::Result<bool> {
    Ok(match files.spans.as_slice() {
        [] => true,
        [(0, end)] => *end <= SEGMENT_HEADER_LENGTH && read_header(&files.segments, 0, *end)?.is_none(),
        _ => false,
    })
}

fn make(disk: &Arc<dyn Disk>, files: &Files, log: LogId) -> io::Result<()> {
    let name = name_of(0);
    if !files.spans.is_empty() {
        disk.remove(&name)?;
    }
    let file = disk.create(&name)?;
    file.write_at(&SegmentHeader::write(log, Position::start()), 0)?;
    file.sync_data()?;
    disk.sync_folder()
}

fn durable_upto(files: &Files, mark: Option<(LogId, Position)>) -> u64 {
    mark.filter(|(log, _)| *log == files.segments.log).map_or(0, |(_, position)| position.offset)
}

/// Writes what is behind an offset over itself, and syncs it with the names of the files.
///
/// What a killed process wrote is there to be read, and not yet durable; and after a sync that failed the system may hold it for
/// written and never write it, so that a sync alone would prove nothing.
fn write_again(files: &Files, from: u64) -> io::Result<()> {
    let Some((start, end)) = files.spans.last().copied() else { return Ok(()) };
    let file = files.segments.file(start)?;
    let mut at = from.max(start);
    while at < end {
        let mut bytes = vec![0; usize::try_from(end - at).unwrap_or(AGAIN_BYTES).min(AGAIN_BYTES)];
        file.read_at(&mut bytes, at - start)?;
        file.write_at(&bytes, at - start)?;
        at += long(bytes.len());
    }
    file.sync_data()?;
    files.segments.disk.sync_folder()
}

const AGAIN_BYTES: usize = 1024 * 1024;

/// Reads what is not in the index into it, or everything, if it is of no use.
fn catch_up(files: &Files, index: &mut dyn Index, known: &Known) -> Result<(Ledgers, Position), StoreError> {
    let failed = |source| StoreError::Disk { doing: "reading the log", source };
    if let Some(indexed) = &known.indexed {
        if files.leads_to(&indexed.position).map_err(failed)? {
            if let Some(mut ledgers) = load(index, indexed) {
                let end = read_on(files, indexed.position, &mut ledgers, Some(index), known)?;
                return Ok((ledgers, end));
            }
            warn!("the index does not add up: it is made anew from the log");
        } else {
            // Before anything is thrown away: if it is the log that is at fault, the store is not opened.
            read_on(files, Position::start(), &mut Ledgers::default(), None, known)?;
            warn!("the index is not of this log: it is made anew from the log");
        }
    }
    let spoilt = || !index.range(&[], &[0xff], false, 1).is_ok_and(|found| found.is_empty());
    if panic::catch_unwind(AssertUnwindSafe(spoilt)).unwrap_or(true) {
        index.reset()?;
    }
    index.apply(vec![(FORMAT_KEY.to_vec(), Some(FORMAT.into()))])?;
    let mut ledgers = Ledgers::default();
    let end = read_on(files, Position::start(), &mut ledgers, Some(index), known)?;
    Ok((ledgers, end))
}

/// Reads how far the log is in an index; `None` if it is of no use.
fn applied(index: &dyn Index) -> Option<Applied> {
    let read = || {
        let format = index.get(FORMAT_KEY).ok()??;
        (format == FORMAT).then(|| index.get(APPLIED_KEY).ok()?.and_then(|value| Applied::read(&value)))?
    };
    panic::catch_unwind(AssertUnwindSafe(read)).ok()?
}

/// Reads the ledgers out of an index; `None` if it does not hold what it says.
fn load(index: &dyn Index, applied: &Applied) -> Option<Ledgers> {
    let read = || {
        let (mut ledgers, mut from) = (Ledgers::default(), LEDGERS.0.to_vec());
        loop {
            let page = index.range(&from, LEDGERS.1, false, PAGE).ok()?;
            for (key, value) in &page {
                let (id, kept) = read_ledger(key, value)?;
                let last = kept.size.get().checked_sub(1)?;
                let (run, place) =
                    index.range(&run_key(kept.number, 0), &run_key(kept.number, last + 1), true, 1).ok()?.pop()?;
                let run = first_of_run(&run)?;
                if run + u64::from(read_place(&place)?.count) != kept.size.get() {
                    return None;
                }
                ledgers.put(id, kept);
            }
            match page.last() {
                Some((last, _)) if page.len() == PAGE => from = [last, &[0][..]].concat(),
                _ => break,
            }
        }
        ((ledgers.count(), ledgers.entries) == (applied.ledgers, applied.entries)).then_some(ledgers)
    };
    panic::catch_unwind(AssertUnwindSafe(read)).ok()?
}

const PAGE: usize = 1_000;

/// Reads the log from a frame on, up to its end, and puts what it says into the index.
fn read_on(
    files: &Files,
    from: Position,
    ledgers: &mut Ledgers,
    index: Option<&dyn Index>,
    known: &Known,
) -> Result<Position, StoreError> {
    let failed = |source| StoreError::Disk { doing: "reading the log", source };
    let mut scan = files.scan(from);
    let mut filling = Filling::new(files.segments.log, ledgers);
    loop {
        let last = scan.position;
        let (bad, later) = match scan.next().map_err(failed)? {
            Step::Frame(frame) => match take(ledgers, &frame, known) {
                Ok(update) => {
                    filling.take(&update, index)?;
                    continue;
                }
                Err(problem) => ((frame.offset, problem), None),
            },
            Step::End if known.sequence() <= last.sequence => break,
            Step::End => ((last.offset, "is missing: the log ends before it"), None),
            Step::Bad(offset, problem) => {
                let later = scan.later(offset).map_err(failed)?;
                let acknowledged = later.is_some() || known.sequence() > last.sequence;
                if !acknowledged && may_be_torn(files, offset) {
                    warn!(frame = last.sequence + 1, %problem, "cutting off a frame that was never acknowledged");
                    break;
                }
                ((offset, problem), later)
            }
        };
        return Err(describe(files, &last, ledgers, bad, later, known.sequence()));
    }
    filling.finish(index, ledgers)?;
    Ok(scan.position)
}

fn take(ledgers: &mut Ledgers, frame: &Frame, known: &Known) -> Result<Update, &'static str> {
    if known.mark.is_some_and(|mark| mark.sequence == frame.sequence && mark.check != frame.check) {
        return Err("is not the one that was durable");
    }
    ledgers.take(frame).ok_or("does not follow what stands before it")
}

/// Whether a crash can have left something bad at an offset: behind the last whole frame of the last file, or a last file whose
/// making was not finished.
fn may_be_torn(files: &Files, offset: u64) -> bool {
    let Some(((start, end), before)) = files.spans.split_last() else { return false };
    // A file is cut off and synced before the next is begun: one that goes on behind its end was not left by a crash.
    let begins_anew = before.last().is_some_and(|(_, before)| before == start);
    offset > *start || offset == *start && end - start <= SEGMENT_HEADER_LENGTH && begins_anew
}

/// What is on its way into the index.
struct Filling {
    log: LogId,
    indexed: (u32, u64),
    applied: Option<Applied>,
    changes: Vec<Change>,
    frames: u64,
}

/// Put into the index at once.
const CHANGES_MAX: usize = 1_000;

impl Filling {
    fn new(log: LogId, ledgers: &Ledgers) -> Self {
        let indexed = (ledgers.count(), ledgers.entries);
        Self { log, indexed, applied: None, changes: Vec::new(), frames: 0 }
    }

    fn take(&mut self, update: &Update, index: Option<&dyn Index>) -> Result<(), StoreError> {
        self.frames += 1;
        let Some(index) = index else { return Ok(()) };
        update.changes(&mut self.changes);
        self.applied = Some(update.applied(self.log, &mut self.indexed));
        if self.changes.len() < CHANGES_MAX { Ok(()) } else { self.put(index) }
    }

    fn put(&mut self, index: &dyn Index) -> Result<(), StoreError> {
        let mut changes = mem::take(&mut self.changes);
        changes.extend(self.applied.take().map(|applied| (APPLIED_KEY.to_vec(), Some(applied.write()))));
        index.apply(changes)
    }

    fn finish(&mut self, index: Option<&dyn Index>, ledgers: &Ledgers) -> Result<(), StoreError> {
        let Some(index) = index.filter(|_| self.frames > 0) else { return Ok(()) };
        self.put(index)?;
        index.sync()?;
        info!(frames = self.frames, entries = ledgers.entries, "read the end of the log into the index");
        Ok(())
    }
}

/// Cuts off what stands behind the last frame, and returns the end to write on.
fn cut(files: &mut Files, end: Position, config: &LogConfig) -> io::Result<Tail> {
    let disk = Arc::clone(&files.segments.disk);
    let mut strays = Vec::new();
    for (start, upto) in files.spans.iter().copied().filter(|(start, _)| *start >= end.offset) {
        let header = read_header(&files.segments, start, upto)?.and_then(Result::ok);
        if start > end.offset || header.is_none_or(|header| header.before != end) {
            strays.push(start);
        }
    }
    // Whoever is killed while he begins a file leaves one. More are somebody else's, and not ours to remove.
    if strays.len() > 1 {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "more than one file stands behind where the log ends"));
    }
    if let Some(start) = strays.pop() {
        disk.remove(&name_of(start))?;
        disk.sync_folder()?;
        files.spans.pop();
        files.segments = Segments::new(disk, files.segments.log, files.segments.starts_before(start));
    }
    let (start, filled) = files.spans.last().copied().ok_or(io::ErrorKind::NotFound)?;
    let file = files.segments.file(start)?;
    let mut tail = Tail { start, file, filled, position: end, ahead_bytes: config.ahead_bytes };
    if tail.next() < filled {
        tail.cut()?;
        tail.file.sync_data()?;
    }
    Ok(tail)
}

fn unopenable(disk: &dyn Disk, problem: &str) -> StoreError {
    StoreError::Unopenable { path: disk.place(), problem: problem.into() }
}
