//! Segments: the files of the log. Each is named by the offset it starts at, begins with a header, and never changes once the next
//! one is there.

use std::{
    collections::VecDeque,
    io,
    sync::{Arc, Mutex, PoisonError, RwLock},
};

use crate::{
    digest::Digest,
    store::{
        disk::{Disk, DiskFile},
        log::frame::{CHECK_BYTES, Frame, HEADER_BYTES, Header, LogId},
    },
};

/// A frame that would begin further into a segment begins the next one.
pub(super) const SEGMENT_BYTES: u64 = 64 * 1024 * 1024;

const SEGMENT_MAGIC: &[u8; 16] = b"counterfoil-log\n";
const VERSION: u32 = 1;
/// Magic, version, log, start, sequence of the first frame, check of these and of what follows, check of the frame before.
pub(super) const SEGMENT_HEADER_BYTES: usize = 16 + 4 + 8 + 8 + 8 + 32 + 32;
const ENDS_IN: &str = ".log";
/// Files held open for reading: a log may have many more than a process may open.
const OPEN_MAX: usize = 64;

/// Where a frame ends, and the log begins to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// From the beginning of the log.
    pub offset: u64,
    /// Of the frame that ends there; the first has 1.
    pub sequence: u64,
    /// Its check.
    pub check: Digest,
}

impl Position {
    /// Returns where a log begins.
    #[must_use]
    pub const fn start() -> Self {
        Self { offset: 0, sequence: 0, check: Digest::from_bytes([0; 32]) }
    }
}

/// What a segment's header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SegmentHeader {
    pub(super) log: LogId,
    pub(super) start: u64,
    /// The last frame before it.
    pub(super) before: Position,
}

impl SegmentHeader {
    pub(super) fn write(log: LogId, before: Position) -> Vec<u8> {
        let mut bytes = SEGMENT_MAGIC.to_vec();
        bytes.extend_from_slice(&VERSION.to_be_bytes());
        bytes.extend_from_slice(&log.0);
        bytes.extend_from_slice(&before.offset.to_be_bytes());
        bytes.extend_from_slice(&(before.sequence + 1).to_be_bytes());
        let check = Digest::of(&[&bytes, before.check.as_bytes()]);
        bytes.extend_from_slice(check.as_bytes());
        bytes.extend_from_slice(before.check.as_bytes());
        bytes
    }

    /// Reads a header; `None` if it is not one as we write it. Another version: the number.
    pub(super) fn read(bytes: &[u8; SEGMENT_HEADER_BYTES]) -> Option<Result<Self, u32>> {
        let (magic, rest) = bytes.split_first_chunk()?;
        let (version, rest) = rest.split_first_chunk()?;
        let (log, rest) = rest.split_first_chunk()?;
        let (start, rest) = rest.split_first_chunk()?;
        let (sequence, rest) = rest.split_first_chunk()?;
        let (check, before) = rest.split_first_chunk::<32>()?;
        let version = u32::from_be_bytes(*version);
        if magic == SEGMENT_MAGIC && version != VERSION {
            return Some(Err(version));
        }
        let covered = bytes.get(..SEGMENT_HEADER_BYTES - 64)?;
        let whole = magic == SEGMENT_MAGIC && Digest::of(&[covered, before]).as_bytes() == check;
        let (offset, sequence) = (u64::from_be_bytes(*start), u64::from_be_bytes(*sequence).checked_sub(1)?);
        let before = Position { offset, sequence, check: Digest::try_from(before).ok()? };
        whole.then_some(Ok(Self { log: LogId(*log), start: offset, before }))
    }
}

/// The name of the segment that starts at an offset.
pub(super) fn name_of(start: u64) -> String {
    format!("{start:016x}{ENDS_IN}")
}

/// The offset that a segment of this name starts at; `None` if it is no name of one.
pub(super) fn start_of(name: &str) -> Option<u64> {
    let start = u64::from_str_radix(name.strip_suffix(ENDS_IN)?, 16).ok()?;
    (name_of(start) == name).then_some(start)
}

/// The files of a log, for reading.
pub(super) struct Segments {
    pub(super) disk: Arc<dyn Disk>,
    pub(super) log: LogId,
    /// In order.
    starts: RwLock<Vec<u64>>,
    /// Those read last are behind.
    open: Mutex<VecDeque<(u64, Arc<dyn DiskFile>)>>,
}

impl Segments {
    pub(super) fn new(disk: Arc<dyn Disk>, log: LogId, starts: Vec<u64>) -> Self {
        Self { disk, log, starts: RwLock::new(starts), open: Mutex::default() }
    }

    /// Fills `bytes` from an offset of the log on; all of them are of one segment.
    pub(super) fn read(&self, offset: u64, bytes: &mut [u8]) -> io::Result<()> {
        let start = self.start_before(offset).ok_or(io::ErrorKind::NotFound)?;
        self.file(start)?.read_at(bytes, offset - start)
    }

    /// Returns the file that starts at an offset.
    pub(super) fn file(&self, start: u64) -> io::Result<Arc<dyn DiskFile>> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = open.iter().rposition(|(of, _)| *of == start) {
            let found = open.remove(place).ok_or(io::ErrorKind::NotFound)?;
            let file = Arc::clone(&found.1);
            open.push_back(found);
            return Ok(file);
        }
        let file = self.disk.open(&name_of(start))?;
        open.push_back((start, Arc::clone(&file)));
        if open.len() > OPEN_MAX {
            open.pop_front();
        }
        Ok(file)
    }

    /// Says that there is one more.
    pub(super) fn add(&self, start: u64) {
        self.starts.write().unwrap_or_else(PoisonError::into_inner).push(start);
    }

    /// Returns where the segment that holds an offset starts.
    pub(super) fn start_before(&self, offset: u64) -> Option<u64> {
        let starts = self.starts.read().unwrap_or_else(PoisonError::into_inner);
        starts.partition_point(|start| *start <= offset).checked_sub(1).and_then(|place| starts.get(place).copied())
    }

    /// Returns where the segments before one start.
    pub(super) fn starts_before(&self, end: u64) -> Vec<u64> {
        let starts = self.starts.read().unwrap_or_else(PoisonError::into_inner);
        starts.iter().copied().filter(|start| *start < end).collect()
    }
}

/// What stands where a frame could begin.
pub(super) enum Found {
    Frame(Frame),
    /// Nothing but zeros up to the end of the segment.
    Nothing,
    /// Something that is no frame, or not the next.
    Bad(&'static str),
}

/// Reads the frame behind `before` in a segment that ends at `end`.
pub(super) fn read_next(segments: &Segments, before: &Position, offset: u64, end: u64) -> io::Result<Found> {
    let Some(found) = read_frame(segments, &before.check, offset, end)? else {
        let spoilt = any_but_zeros(segments, offset, end)?;
        return Ok(if spoilt { Found::Bad("it is torn or spoilt") } else { Found::Nothing });
    };
    if found.sequence != before.sequence + 1 {
        return Ok(Found::Bad("its number is not the next"));
    }
    Ok(Found::Frame(found))
}

/// Reads a frame at an offset, behind one of check `before`; `None` if there is no whole one of this log.
pub(super) fn read_frame(segments: &Segments, before: &Digest, offset: u64, end: u64) -> io::Result<Option<Frame>> {
    let left = usize::try_from(end.saturating_sub(offset)).unwrap_or(usize::MAX);
    if left < HEADER_BYTES + 4 + CHECK_BYTES {
        return Ok(None);
    }
    let mut bytes = vec![0; HEADER_BYTES];
    segments.read(offset, &mut bytes)?;
    let Some(header) = Header::read(&bytes).filter(|header| header.log == segments.log) else { return Ok(None) };
    let more = |bytes: &mut Vec<u8>, count: usize| -> io::Result<bool> {
        let from = bytes.len();
        if left - from < count {
            return Ok(false);
        }
        bytes.resize(from + count, 0);
        segments.read(offset + u64::try_from(from).unwrap_or(u64::MAX), &mut bytes[from..])?;
        Ok(true)
    };
    if !more(&mut bytes, header.body.saturating_add(4))? {
        return Ok(None);
    }
    let notes = bytes.last_chunk().map(|length| u32::from_be_bytes(*length)).and_then(|length| length.try_into().ok());
    let notes: usize = notes.unwrap_or(usize::MAX);
    if !more(&mut bytes, notes.saturating_add(CHECK_BYTES))? {
        return Ok(None);
    }
    let (covered, check) = bytes.split_at(bytes.len() - CHECK_BYTES);
    let expected = Digest::of(&[before.as_bytes(), covered]);
    if expected.as_bytes() != check {
        return Ok(None);
    }
    Ok(Some(Frame { offset, sequence: header.sequence, check: expected, bytes: bytes.into() }))
}

fn any_but_zeros(segments: &Segments, offset: u64, end: u64) -> io::Result<bool> {
    let mut at = offset;
    while at < end {
        let mut window = vec![0; usize::try_from(end - at).unwrap_or(WINDOW_BYTES).min(WINDOW_BYTES)];
        segments.read(at, &mut window)?;
        if window.iter().any(|byte| *byte != 0) {
            return Ok(true);
        }
        at += u64::try_from(window.len()).unwrap_or(u64::MAX);
    }
    Ok(false)
}

/// Looks for a whole frame with a number above `sequence` between two offsets: proof that everything before it was durable.
pub(super) fn find_later(segments: &Segments, sequence: u64, from: u64, end: u64) -> io::Result<Option<Frame>> {
    let mut at = from;
    while at < end {
        let mut window = vec![0; usize::try_from(end - at).unwrap_or(WINDOW_BYTES).min(WINDOW_BYTES)];
        segments.read(at, &mut window)?;
        for place in 0..window.len() {
            let header = window.get(place..place + HEADER_BYTES).and_then(Header::read);
            if !header.is_some_and(|header| header.log == segments.log && header.sequence > sequence) {
                continue;
            }
            let offset = at + u64::try_from(place).unwrap_or(0);
            let mut before = [0; 32];
            segments.read(offset.saturating_sub(32), &mut before)?;
            if let Some(frame) = read_frame(segments, &Digest::from_bytes(before), offset, end)? {
                return Ok(Some(frame));
            }
        }
        if window.len() <= HEADER_BYTES {
            break;
        }
        // A header may stand across the border.
        at += u64::try_from(window.len() - HEADER_BYTES + 1).unwrap_or(u64::MAX);
    }
    Ok(None)
}

const WINDOW_BYTES: usize = 1024 * 1024;
