//! Walking through a log that nobody need have open: for checking it from outside, and for copying it while it is written.

use std::sync::Arc;

use bytes::Bytes;

use crate::{
    digest::Digest,
    ledger::LedgerId,
    merkle::index::TreeSize,
    store::{
        StoreError,
        disk::Disk,
        log::{
            damage::describe,
            frame::{Frame, LogId},
            ledgers::Ledgers,
            mark::Mark,
            scan::{Files, Step},
            segments::Position,
        },
    },
};

/// Reads the frames of a log in order, with every check.
pub struct Walker {
    disk: Arc<dyn Disk>,
    files: Files,
    ledgers: Ledgers,
    position: Position,
    durable: Option<Position>,
}

/// A frame of a log: what one commit wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalkedFrame {
    /// Where it begins in the log.
    pub offset: u64,
    /// Where it ends, with its number and check.
    pub end: Position,
    /// What was appended to ledgers, each at most once.
    pub appends: Vec<WalkedAppend>,
}

/// What a frame appends to one ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalkedAppend {
    /// Which one.
    pub ledger: LedgerId,
    /// Its size before.
    pub before: TreeSize,
    /// Its size afterwards.
    pub after: TreeSize,
    /// The leaves, each with the id of its envelope.
    pub leaves: Vec<(Digest, Bytes)>,
    /// The hashes of the perfect subtrees that the leaves complete, in the order they are completed.
    pub nodes: Vec<Digest>,
    /// The note of the checkpoint afterwards.
    pub note: String,
}

impl Walker {
    /// Begins at the first frame. Takes no lock: what is written meanwhile is walked through as well.
    ///
    /// Errors: [`StoreError`].
    pub fn open(disk: Arc<dyn Disk>) -> Result<Self, StoreError> {
        let failed = |source| StoreError::Disk { doing: "reading the high-water mark", source };
        // Before the log: everything that the mark speaks of is in it.
        let mark = Mark::open(disk.as_ref()).map_err(failed)?;
        let files = Files::find(&disk, mark.as_ref().map(|(_, log, _)| *log))?;
        let log = files.segments.log;
        let durable = mark.filter(|(_, of, _)| *of == log).map(|(_, _, position)| position);
        Ok(Self { disk, files, ledgers: Ledgers::default(), position: Position::start(), durable })
    }

    /// Begins at the first frame of a log that must go up to `end`, whatever its mark says.
    pub(super) fn up_to(disk: &Arc<dyn Disk>, log: LogId, end: Position) -> Result<Self, StoreError> {
        let files = Files::find(disk, Some(log))?;
        let (ledgers, position) = (Ledgers::default(), Position::start());
        Ok(Self { disk: Arc::clone(disk), files, ledgers, position, durable: Some(end) })
    }

    /// Returns the files it reads.
    pub(super) const fn files(&self) -> &Files {
        &self.files
    }

    /// Returns which log it is.
    #[must_use]
    pub const fn log(&self) -> LogId {
        self.files.segments.log
    }

    /// Returns up to where the log was durable when this was opened, if its mark says so.
    #[must_use]
    pub const fn high_water(&self) -> Option<Position> {
        self.durable
    }

    /// Returns where the last frame ended.
    #[must_use]
    pub const fn position(&self) -> Position {
        self.position
    }

    /// Returns the next frame; `None` at the end, also when only a part of one stands there that was never acknowledged.
    ///
    /// Errors: [`StoreError::LogDamaged`] where a frame that was durable is missing or bad.
    pub fn next_frame(&mut self) -> Result<Option<WalkedFrame>, StoreError> {
        let Some(frame) = self.step()? else { return Ok(None) };
        let not_ours = || StoreError::Unopenable {
            path: self.disk.place(),
            problem: format!("frame {} is none that this version writes", frame.sequence),
        };
        let appends = walked(&frame).ok_or_else(not_ours)?;
        Ok(Some(WalkedFrame { offset: frame.offset, end: self.position, appends }))
    }

    fn step(&mut self) -> Result<Option<Frame>, StoreError> {
        let failed = |source| StoreError::Disk { doing: "reading the log", source };
        let durable = self.durable.map_or(0, |durable| durable.sequence);
        let last = self.position;
        let mut scan = self.files.scan(last);
        let (bad, later) = match scan.next().map_err(failed)? {
            Step::Frame(frame) => {
                if self.ledgers.take(&frame).is_some() {
                    self.position = scan.position;
                    return Ok(Some(frame));
                }
                ((frame.offset, "does not follow what stands before it"), None)
            }
            Step::End if last.sequence >= durable => return Ok(None),
            Step::End => ((last.offset, "is missing: the log ends before it"), None),
            Step::Bad(offset, problem) => {
                let later = scan.later(offset).map_err(failed)?;
                let in_last = self.files.spans.last().is_some_and(|(start, _)| offset >= *start);
                if later.is_none() && in_last && last.sequence >= durable {
                    return Ok(None);
                }
                ((offset, problem), later)
            }
        };
        Err(describe(&self.files, &last, &self.ledgers, bad, later, durable))
    }
}

/// Reads what a frame appends; `None` if it is none as we write them.
pub(super) fn walked(frame: &Frame) -> Option<Vec<WalkedAppend>> {
    let appends = frame.appends()?.into_iter().map(|(append, note)| {
        let leaves = append.leaves().map(|(id, leaf)| (id, frame.bytes.slice_ref(leaf))).collect();
        let (nodes, note) = (append.nodes().collect(), frame.note(note).unwrap_or_default().to_owned());
        WalkedAppend { ledger: append.ledger, before: append.before, after: append.after, leaves, nodes, note }
    });
    Some(appends.collect())
}
