//! Reading a log from front to back, with every check: when it is opened, and when it is walked.

use std::{io, sync::Arc};

use crate::store::{
    StoreError,
    disk::Disk,
    log::{
        frame::{Frame, LogId},
        segments::{
            Found, Position, SEGMENT_HEADER_BYTES, SegmentHeader, Segments, find_later, name_of, read_next, start_of,
        },
    },
};

/// A log, read frame by frame.
pub(super) struct Scan<'a> {
    segments: &'a Segments,
    /// Where each segment starts and ends.
    spans: &'a [(u64, u64)],
    /// The segment of the next frame.
    place: usize,
    /// Behind the last frame that was read.
    pub(super) position: Position,
    /// Whether it began behind damage, which may be that the first files are gone.
    behind_damage: bool,
}

/// What stands next in a log.
pub(super) enum Step {
    Frame(Frame),
    /// The log ends here.
    End,
    /// Something else than the next frame stands at this offset.
    Bad(u64, &'static str),
}

impl<'a> Scan<'a> {
    /// Begins behind a frame.
    pub(super) fn new(segments: &'a Segments, spans: &'a [(u64, u64)], position: Position) -> Self {
        let place = spans.partition_point(|(start, _)| *start < position.offset).saturating_sub(1);
        Self { segments, spans, place, position, behind_damage: false }
    }

    pub(super) fn next(&mut self) -> io::Result<Step> {
        let Some(mut span) = self.spans.get(self.place) else { return Ok(Step::End) };
        if self.position.offset == span.1 && self.position.offset > span.0 {
            match self.spans.get(self.place + 1) {
                Some(next) => span = next,
                None => return Ok(Step::End),
            }
            self.place += 1;
        }
        let (start, end) = *span;
        let mut offset = self.position.offset;
        if self.place == 0 && start != 0 && !self.behind_damage || offset < start {
            return Ok(Step::Bad(offset, "is missing: a file of the log is gone, or cut off"));
        }
        if offset == start {
            if let Some(problem) = self.check_header(start, end)? {
                return Ok(Step::Bad(offset, problem));
            }
            offset += SEGMENT_HEADER_LENGTH;
        }
        let last = self.place + 1 == self.spans.len();
        match read_next(self.segments, &self.position, offset, end)? {
            Found::Frame(frame) => {
                self.position = Position { offset: frame.end(), sequence: frame.sequence, check: frame.check };
                Ok(Step::Frame(frame))
            }
            Found::Nothing if last => Ok(Step::End),
            Found::Nothing => Ok(Step::Bad(offset, "is missing: zeros stand in its place")),
            Found::Bad(problem) => Ok(Step::Bad(offset, problem)),
        }
    }

    fn check_header(&self, start: u64, end: u64) -> io::Result<Option<&'static str>> {
        match read_header(self.segments, start, end)? {
            Some(Ok(header)) if header.log != self.segments.log => Ok(Some("is in a file of another log")),
            Some(Ok(header)) if header.start == start && header.before == self.position => Ok(None),
            Some(Ok(_)) => Ok(Some("is in a file that stood elsewhere, or was written behind something else")),
            Some(Err(_)) => Ok(Some("is in a file of a version that is not known")),
            None => Ok(Some("is in a file whose header is torn or spoilt")),
        }
    }

    /// Looks for a whole frame behind the bad one at `offset`.
    pub(super) fn later(&self, offset: u64) -> io::Result<Option<Frame>> {
        for (start, end) in self.spans.iter().filter(|(_, end)| *end > offset) {
            let found =
                find_later(self.segments, self.position.sequence + 1, offset.max(*start).saturating_add(1), *end)?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }
}

#[expect(clippy::as_conversions, reason = "a small constant, and `from` is not const")]
pub(super) const SEGMENT_HEADER_LENGTH: u64 = SEGMENT_HEADER_BYTES as u64;

pub(super) fn read_header(segments: &Segments, start: u64, end: u64) -> io::Result<Option<Result<SegmentHeader, u32>>> {
    if end - start < SEGMENT_HEADER_LENGTH {
        return Ok(None);
    }
    let mut bytes = [0; SEGMENT_HEADER_BYTES];
    segments.file(start)?.read_at(&mut bytes, 0)?;
    Ok(SegmentHeader::read(&bytes))
}

/// The files of a log as they lie on a disk.
pub(super) struct Files {
    pub(super) segments: Segments,
    /// Where each segment starts and ends, in order; none: there is no log.
    pub(super) spans: Vec<(u64, u64)>,
}

impl Files {
    /// Finds the files of a log. Which log it is, its first file says, or the next that can be read, or else `known` does.
    ///
    /// Errors: [`StoreError`] when the disk fails, and for a log of another version.
    pub(super) fn find(disk: &Arc<dyn Disk>, known: Option<LogId>) -> Result<Self, StoreError> {
        let failed = |source| StoreError::Disk { doing: "looking for the files of the log", source };
        let listed = disk.list().map_err(failed)?;
        let mut spans: Vec<(u64, u64)> = listed
            .into_iter()
            .filter_map(|(name, length)| start_of(&name).map(|start| (start, start.saturating_add(length))))
            .collect();
        spans.sort_unstable();
        let starts = spans.iter().map(|(start, _)| *start).collect();
        let mut segments = Segments::new(Arc::clone(disk), known.unwrap_or(LogId([0; 8])), starts);
        for (start, end) in &spans {
            match read_header(&segments, *start, *end).map_err(failed)? {
                Some(Ok(header)) => {
                    segments.log = header.log;
                    break;
                }
                Some(Err(version)) => {
                    let (path, found) = (disk.place(), format!("counterfoil log {version}"));
                    return Err(StoreError::Format { path, found, known: "counterfoil log 1" });
                }
                None => {}
            }
        }
        Ok(Self { segments, spans })
    }

    pub(super) fn scan(&self, from: Position) -> Scan<'_> {
        Scan::new(&self.segments, &self.spans, from)
    }

    /// Goes on behind a frame that was found behind damage.
    pub(super) fn scan_behind_damage(&self, from: Position) -> Scan<'_> {
        Scan { behind_damage: true, ..self.scan(from) }
    }

    /// Whether a frame ends at a position, and the files before it lie side by side, each behind the one before it.
    pub(super) fn leads_to(&self, position: &Position) -> io::Result<bool> {
        let mut expected = 0;
        for (start, end) in self.spans.iter().take_while(|(start, _)| *start == 0 || *start < position.offset) {
            let header = read_header(&self.segments, *start, *end)?;
            let header = header.and_then(Result::ok).filter(|header| header.log == self.segments.log);
            let Some(header) = header.filter(|header| header.start == *start && *start == expected) else {
                return Ok(false);
            };
            if *start > 0 && !self.ends_in(*start, &header.before.check.as_bytes()[..])? {
                return Ok(false);
            }
            expected = *end;
        }
        if *position == Position::start() {
            return Ok(true);
        }
        Ok(position.offset <= expected && self.ends_in(position.offset, position.check.as_bytes())?)
    }

    /// Whether these bytes stand right before an offset, in one file.
    fn ends_in(&self, offset: u64, expected: &[u8]) -> io::Result<bool> {
        let mut found = vec![0; expected.len()];
        let Some(at) = offset.checked_sub(u64::try_from(found.len()).unwrap_or(u64::MAX)) else { return Ok(false) };
        match self.segments.read(at, &mut found) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
            read => read.map(|()| found == expected),
        }
    }

    /// Says which file an offset is in, and where in it.
    pub(super) fn file_at(&self, offset: u64) -> (String, u64) {
        let start = self.segments.start_before(offset).unwrap_or(0);
        (name_of(start), offset - start)
    }
}
