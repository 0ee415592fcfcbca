//! Surveying a log that may be damaged: every frame that can be read, also behind what cannot, and the index held against them.

use std::{collections::BTreeMap, mem, sync::Arc};

use bytes::Bytes;

use crate::{
    digest::Digest,
    ledger::LedgerId,
    store::{
        StoreError,
        disk::Disk,
        log::{
            damage::{LogDamage, describe},
            frame::{CHECK_BYTES, Frame, HEADER_BYTES, Header, LogId},
            index::Index,
            keys::{APPLIED_KEY, Applied, FORMAT, FORMAT_KEY, ledger_key, write_kept},
            ledgers::{Ledgers, Update},
            mark::Mark,
            read::{list_under, read_snapshot},
            scan::{Files, SEGMENT_HEADER_LENGTH, Step},
            segments::Position,
            tail::long,
            walk::{WalkedAppend, walked},
        },
    },
};

/// Reads what can be read of a log, in order, and writes nothing.
pub struct Survey {
    files: Files,
    ledgers: Ledgers,
    position: Position,
    durable: Option<Position>,
    index: Option<IndexCheck>,
    /// The first frame that can be read again behind damage.
    pending: Option<Frame>,
    damaged: bool,
    ended: bool,
    torn: bool,
}

/// What stands next in a log.
#[derive(Clone, Debug)]
pub enum Surveyed {
    /// A whole frame.
    Frame(SurveyedFrame),
    /// Frames that were durable and are missing or bad, with what can still be read of them.
    Damage(Box<LogDamage>, Vec<SurveyedFrame>),
}

/// A frame and where it stands.
#[derive(Clone, Debug)]
pub struct SurveyedFrame {
    /// Its number.
    pub sequence: u64,
    /// The file it is in.
    pub file: String,
    /// Where in the file it begins.
    pub offset: u64,
    /// What was appended to ledgers.
    pub appends: Vec<WalkedAppend>,
}

impl Survey {
    /// Begins at the first frame. With an index, what should be in it is looked up on the way.
    ///
    /// Errors: [`StoreError`] when the disk fails, and for a log of another version.
    pub fn open(disk: &Arc<dyn Disk>, index: Option<Arc<dyn Index>>) -> Result<Self, StoreError> {
        let failed = |source| StoreError::Disk { doing: "reading the high-water mark", source };
        let mark = Mark::open(disk.as_ref()).map_err(failed)?;
        let files = Files::find(disk, mark.as_ref().map(|(_, log, _)| *log))?;
        let log = files.segments.log;
        let durable = mark.filter(|(_, of, _)| *of == log).map(|(_, _, position)| position);
        let index = index.map(|index| IndexCheck::new(index, log));
        let (ledgers, position) = (Ledgers::default(), Position::start());
        Ok(Self { files, ledgers, position, durable, index, pending: None, damaged: false, ended: false, torn: false })
    }

    /// Returns which log it is.
    #[must_use]
    pub const fn log(&self) -> LogId {
        self.files.segments.log
    }

    /// Returns up to where the log was durable, if its mark says so.
    #[must_use]
    pub const fn high_water(&self) -> Option<Position> {
        self.durable
    }

    /// Returns where the last frame that could be read ended.
    #[must_use]
    pub const fn position(&self) -> Position {
        self.position
    }

    /// Whether the log ends in a part of a frame that was never acknowledged: the server cuts it off.
    #[must_use]
    pub const fn is_torn(&self) -> bool {
        self.torn
    }

    /// Whether there are files of a log at all.
    #[must_use]
    pub fn is_there(&self) -> bool {
        !self.files.spans.is_empty()
    }

    /// Returns what stands next; `None` at the end.
    ///
    /// Errors: [`StoreError`] when the disk fails.
    pub fn next_frame(&mut self) -> Result<Option<Surveyed>, StoreError> {
        let failed = |source| StoreError::Disk { doing: "reading the log", source };
        if self.ended {
            return Ok(None);
        }
        if let Some(taken) = self.pending.take().and_then(|frame| self.take(&frame)) {
            return Ok(Some(taken));
        }
        let durable = self.durable.map_or(0, |durable| durable.sequence);
        let last = self.position;
        let files = &self.files;
        let mut scan = if self.damaged { files.scan_behind_damage(last) } else { files.scan(last) };
        let step = scan.next().map_err(failed)?;
        let behind = scan.position;
        let (bad, later) = match step {
            Step::Frame(frame) => match self.take(&frame) {
                Some(taken) => return Ok(Some(taken)),
                None => {
                    self.position = behind;
                    let problem = "is not the one that was durable, or does not follow what stands before it";
                    ((frame.offset, problem), None)
                }
            },
            Step::End if last.sequence >= durable => {
                self.ended = true;
                return Ok(None);
            }
            Step::End => ((last.offset, "is missing: the log ends before it"), None),
            Step::Bad(offset, problem) => {
                let later = self.files.scan(last).later(offset).map_err(failed)?;
                let in_last = self.files.spans.last().is_some_and(|(start, _)| offset >= *start);
                if later.is_none() && in_last && last.sequence >= durable {
                    (self.ended, self.torn) = (true, true);
                    return Ok(None);
                }
                ((offset, problem), later)
            }
        };
        let StoreError::LogDamaged(damage) = describe(&self.files, &last, &self.ledgers, bad, later.clone(), durable)
        else {
            return Ok(None);
        };
        let next = if self.position == last { u64::MAX } else { self.position.offset };
        let upto = later.as_ref().map_or(next, |later| later.offset);
        let salvaged = self.salvage(bad.0, upto);
        self.damaged = true;
        self.ended = later.is_none() && self.position == last;
        self.pending = later;
        Ok(Some(Surveyed::Damage(damage, salvaged)))
    }

    /// Takes a whole frame; `None` if it is none as we write them, or, before any damage, does not follow.
    fn take(&mut self, frame: &Frame) -> Option<Surveyed> {
        let appends = walked(frame)?;
        let is_other = self.durable.is_some_and(|mark| mark.sequence == frame.sequence && mark.check != frame.check);
        if !self.damaged {
            if is_other {
                return None;
            }
            let update = self.ledgers.take(frame)?;
            if let Some(index) = &mut self.index {
                index.take(&update);
            }
        }
        self.position = Position { offset: frame.end(), sequence: frame.sequence, check: frame.check };
        let (file, offset) = self.files.file_at(frame.offset);
        Some(Surveyed::Frame(SurveyedFrame { sequence: frame.sequence, file, offset, appends }))
    }

    /// Reads frames side by side whose checks do not hold, as far as their forms do.
    fn salvage(&self, from: u64, upto: u64) -> Vec<SurveyedFrame> {
        let (mut at, mut found) = (from, Vec::new());
        while at < upto {
            let Some(frame) = self.read_unchecked(at) else { break };
            let Some(appends) = walked(&frame) else { break };
            let (file, offset) = self.files.file_at(at);
            found.push(SurveyedFrame { sequence: frame.sequence, file, offset, appends });
            at = frame.end();
        }
        found
    }

    fn read_unchecked(&self, offset: u64) -> Option<Frame> {
        let (start, end) = self.files.spans.iter().find(|(start, end)| (*start..*end).contains(&offset))?;
        let header_end = start + SEGMENT_HEADER_LENGTH;
        let offset = if offset == *start { header_end } else { offset };
        let read = |from: u64, count: usize| -> Option<Vec<u8>> {
            let fits = from.checked_add(long(count)).is_some_and(|upto| upto <= *end);
            let mut bytes = vec![0; if fits { count } else { return None }];
            self.files.segments.read(from, &mut bytes).ok()?;
            Some(bytes)
        };
        let header = Header::read(&read(offset, HEADER_BYTES)?).filter(|header| header.log == self.log())?;
        let upto_notes = HEADER_BYTES.checked_add(header.body)?.checked_add(4)?;
        let notes = *read(offset, upto_notes)?.last_chunk()?;
        let all = upto_notes.checked_add(usize::try_from(u32::from_be_bytes(notes)).ok()?)?.checked_add(CHECK_BYTES)?;
        let bytes = Bytes::from(read(offset, all)?);
        let check = Digest::try_from(bytes.get(bytes.len() - CHECK_BYTES..)?).ok()?;
        Some(Frame { offset, sequence: header.sequence, check, bytes })
    }

    /// Returns what the law keeps beside a ledger that was reached; `None` without an index of this log, or once there was damage.
    #[must_use]
    pub fn beside(&self, ledger: LedgerId) -> Option<Beside> {
        let check = self.index.as_ref().filter(|check| !self.damaged && check.applied.is_some())?;
        Some(Beside { index: Arc::clone(&check.index), number: self.ledgers.get(ledger)?.number })
    }

    /// Ends the survey, and says what of the index is not as the log says: nothing if it was not given.
    #[must_use]
    pub fn index_problems(self) -> Vec<String> {
        let damaged = self.damaged;
        match self.index {
            Some(_) if damaged => vec!["it was not held against the log, which is damaged".into()],
            Some(index) => index.finish(),
            None => Vec::new(),
        }
    }
}

/// What the law keeps beside a ledger, read from an index that nobody writes.
#[derive(Clone)]
pub struct Beside {
    index: Arc<dyn Index>,
    number: u32,
}

impl Beside {
    /// Returns the snapshot. Errors: [`StoreError`]; then it cannot be read by anybody else either.
    pub fn snapshot(&self) -> Result<Option<Bytes>, StoreError> {
        read_snapshot(self.index.as_ref(), self.number)?.map_err(|()| StoreError::Disk {
            doing: "putting a snapshot together from its pieces",
            source: std::io::ErrorKind::InvalidData.into(),
        })
    }

    /// Returns at most `max` keys in `from..upto` with what is kept under them, in order; `reverse`: the greatest first.
    ///
    /// Errors: [`StoreError`].
    pub fn list(&self, from: &[u8], upto: &[u8], reverse: bool, max: usize) -> Result<Vec<(Bytes, Bytes)>, StoreError> {
        list_under(self.index.as_ref(), self.number, (from, upto), reverse, max)
    }
}

/// The index, held against the log frame by frame.
struct IndexCheck {
    index: Arc<dyn Index>,
    applied: Option<Applied>,
    /// The heads as of the last frame that is in the index.
    heads: BTreeMap<LedgerId, Bytes>,
    keys: u64,
    reached: bool,
    problems: Vec<String>,
    more: u64,
}

/// So many problems are named; the others are counted.
const PROBLEMS_MAX: usize = 20;
const PAGE: usize = 4_096;

impl IndexCheck {
    fn new(index: Arc<dyn Index>, log: LogId) -> Self {
        let format = index.get(FORMAT_KEY).ok().flatten().is_some_and(|format| format == FORMAT);
        let applied = index.get(APPLIED_KEY).ok().flatten().and_then(|value| Applied::read(&value));
        let applied = applied.filter(|applied| format && applied.log == log);
        let mut check =
            Self { index, applied, heads: BTreeMap::new(), keys: 0, reached: false, problems: Vec::new(), more: 0 };
        if applied.is_none() {
            check.found("it is not of this log, or does not say how far it is".into());
        }
        check
    }

    fn found(&mut self, problem: String) {
        if self.problems.len() < PROBLEMS_MAX { self.problems.push(problem) } else { self.more += 1 }
    }

    fn take(&mut self, update: &Update) {
        let Some(applied) = self.applied.filter(|applied| update.position.sequence <= applied.position.sequence) else {
            return;
        };
        for (ledger, kept) in &update.heads {
            self.heads.insert(*ledger, write_kept(kept));
        }
        let mut changes = Vec::new();
        update.changes(&mut changes);
        for (key, value) in changes.into_iter().filter(|(key, _)| !key.starts_with(b"h")) {
            self.keys += 1;
            match self.index.get(&key) {
                Ok(found) if found == value => {}
                Ok(_) => self.found(format!("key {} is missing or wrong", hex(&key))),
                Err(error) => self.found(format!("key {} cannot be read: {error}", hex(&key))),
            }
        }
        if update.position.sequence == applied.position.sequence {
            self.reached = update.position == applied.position;
        }
    }

    fn finish(mut self) -> Vec<String> {
        if let Some(applied) = self.applied {
            if !self.reached && applied.position.sequence > 0 {
                self.found(format!("it goes up to frame {}, which is not in the log", applied.position.sequence));
            }
            for (ledger, expected) in mem::take(&mut self.heads) {
                let found = self.index.get(&ledger_key(ledger)).ok().flatten();
                if found.as_ref() != Some(&expected) {
                    self.found(format!("the head of ledger {} is missing or wrong", ledger.digest()));
                }
                self.keys += 1;
            }
            let kept = [(b"h", b"j"), (b"r", b"s")].map(|(from, upto)| self.count(from, upto)).iter().sum::<u64>();
            if kept != self.keys {
                self.found(format!("it has {kept} keys where the log makes {}", self.keys));
            }
        }
        if self.more > 0 {
            self.problems.push(format!("and {} more", self.more));
        }
        self.problems
    }

    fn count(&self, from: &[u8], upto: &[u8]) -> u64 {
        let (mut from, mut count) = (from.to_vec(), 0);
        while let Ok(page) = self.index.range(&from, upto, false, PAGE) {
            count += long(page.len());
            match page.last() {
                Some((last, _)) if page.len() == PAGE => from = [last, &[0][..]].concat(),
                _ => break,
            }
        }
        count
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
