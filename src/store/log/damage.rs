//! What to say of a log that is damaged: where, and how far it can be trusted.

use std::{collections::BTreeSet, fmt, io};

use crate::{
    ledger::LedgerId,
    merkle::index::TreeSize,
    store::{
        Head, StoreError,
        log::{
            frame::{Frame, Header, read_body},
            ledgers::{Kept, Ledgers},
            scan::{Files, Step},
            segments::{Position, Segments},
        },
    },
};

/// A log that is damaged where it was durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogDamage {
    /// Where the store is.
    pub place: String,
    /// The file of the first bad frame.
    pub file: String,
    /// Where in the file it begins.
    pub offset: u64,
    /// The number of the first bad frame.
    pub sequence: u64,
    /// What is wrong with it.
    pub problem: &'static str,
    /// How many frames were durable, as far as is known.
    pub durable: u64,
    /// The ledgers that the bad frame itself appends to, as far as that can be read; at most [`LAST_GOOD_MAX`].
    pub named: Vec<LedgerId>,
    /// The last good checkpoints of ledgers that have entries in the bad frame or behind it, as far as these can be read; at
    /// most [`LAST_GOOD_MAX`].
    pub last_good: Vec<(LedgerId, Head)>,
}

/// How many ledgers a damage names.
pub const LAST_GOOD_MAX: usize = 16;

impl fmt::Display for LogDamage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, file, offset, sequence, problem, durable, .. } = self;
        write!(f, "the store {place} is damaged: frame {sequence} {problem} (file {file}, byte {offset}), and ")?;
        write!(
            f,
            "{durable} frames were durable; restore it from a backup, or from the bundles that parties exported"
        )?;
        for (ledger, head) in &self.last_good {
            write!(f, "; ledger {} is whole up to {} entries", ledger.digest(), head.size)?;
        }
        Ok(())
    }
}

/// Reads the note of a ledger's last checkpoint.
pub(super) fn read_head(segments: &Segments, ledger: LedgerId, kept: &Kept) -> Result<Head, StoreError> {
    let mut note = vec![0; usize::from(kept.note_bytes)];
    let failed = |source| StoreError::Disk { doing: "reading a checkpoint", source };
    segments.read(kept.note_offset, &mut note).map_err(failed)?;
    let damaged = |_| StoreError::Damaged { ledger, what: "the head".into() };
    Ok(Head { size: kept.size, note: String::from_utf8(note).map_err(damaged)? })
}

/// Describes the frame at `offset` that should have come after `last`, while the ledgers stood as in `ledgers`.
pub(super) fn describe(
    files: &Files,
    last: &Position,
    ledgers: &Ledgers,
    (offset, problem): (u64, &'static str),
    later: Option<Frame>,
    known_durable: u64,
) -> StoreError {
    let (file, at) = files.file_at(offset);
    let mut durable = known_durable.max(later.as_ref().map_or(0, |later| later.sequence));
    let mut affected = named_in(files, offset).unwrap_or_default();
    let named = affected.iter().copied().take(LAST_GOOD_MAX).collect();
    if let Some(later) = later {
        affected.extend(ledgers_of(&later));
        let from = Position { offset: later.end(), sequence: later.sequence, check: later.check };
        let mut rest = files.scan_behind_damage(from);
        // Only as far as it can be read.
        while let Ok(Step::Frame(frame)) = rest.next() {
            durable = durable.max(frame.sequence);
            if affected.len() < LAST_GOOD_MAX {
                affected.extend(ledgers_of(&frame));
            }
        }
    }
    let good = |ledger: LedgerId| {
        let kept = ledgers.get(ledger).filter(|kept| kept.size > TreeSize::ZERO)?;
        Some((ledger, read_head(&files.segments, ledger, kept).ok()?))
    };
    let last_good = affected.into_iter().filter_map(good).take(LAST_GOOD_MAX).collect();
    StoreError::LogDamaged(Box::new(LogDamage {
        place: files.segments.disk.place(),
        file,
        offset: at,
        sequence: last.sequence + 1,
        problem,
        durable,
        named,
        last_good,
    }))
}

fn ledgers_of(frame: &Frame) -> Vec<LedgerId> {
    frame.appends().unwrap_or_default().into_iter().map(|(append, _)| append.ledger).collect()
}

/// Which ledgers a bad frame speaks of, if that much of it can be read.
fn named_in(files: &Files, offset: u64) -> io::Result<BTreeSet<LedgerId>> {
    let end = files.spans.iter().find(|(start, end)| (*start..*end).contains(&offset)).map_or(0, |(_, end)| *end);
    let mut bytes = vec![0; usize::try_from(end.saturating_sub(offset)).unwrap_or(0).min(BODY_BYTES)];
    files.segments.read(offset, &mut bytes)?;
    let whole = Header::read(&bytes).and_then(|_| read_body(&bytes));
    Ok(whole.unwrap_or_default().into_iter().map(|append| append.ledger).collect())
}

/// How much of a bad frame is read.
const BODY_BYTES: usize = 64 * 1024 * 1024;
