//! The ledgers of a log in memory: a few numbers for each, none for its entries.

use std::{collections::BTreeMap, ops::Bound};

use crate::{
    digest::Digest,
    ledger::LedgerId,
    merkle::index::TreeSize,
    store::log::{
        frame::Frame,
        frame::LogId,
        index::Change,
        keys::{Applied, LEAVES_MAX, id_key, ledger_key, run_key, write_kept, write_place},
        run::Place,
        segments::Position,
    },
};

/// What is in memory of a ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kept {
    /// Stands for its id in the keys of the index.
    pub(super) number: u32,
    pub(super) size: TreeSize,
    /// Where the note of its last checkpoint stands in the log.
    pub(super) note_offset: u64,
    pub(super) note_bytes: u16,
}

/// All ledgers, as they stand after a frame.
#[derive(Clone, Debug, Default)]
pub(super) struct Ledgers {
    by_id: BTreeMap<LedgerId, Kept>,
    pub(super) entries: u64,
}

impl Ledgers {
    pub(super) fn get(&self, ledger: LedgerId) -> Option<&Kept> {
        self.by_id.get(&ledger)
    }

    pub(super) fn size(&self, ledger: LedgerId) -> TreeSize {
        self.get(ledger).map_or(TreeSize::ZERO, |kept| kept.size)
    }

    pub(super) fn after(&self, after: Option<LedgerId>) -> impl Iterator<Item = (LedgerId, Kept)> + '_ {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.by_id.range((from, Bound::Unbounded)).map(|(id, kept)| (*id, *kept))
    }

    /// How many there are, which is the number of the next.
    pub(super) fn count(&self) -> u32 {
        u32::try_from(self.by_id.len()).unwrap_or(u32::MAX)
    }

    pub(super) fn put(&mut self, ledger: LedgerId, kept: Kept) {
        let before = self.by_id.insert(ledger, kept).map_or(0, |before| before.size.get());
        self.entries += kept.size.get().saturating_sub(before);
    }

    /// Takes in what a frame says; `None`, and nothing is changed, if it does not follow what was before.
    pub(super) fn take(&mut self, frame: &Frame) -> Option<Update> {
        self.take_with(frame, |_| ())
    }

    /// The same; `before` is told before anything is changed.
    pub(super) fn take_with(&mut self, frame: &Frame, before: impl FnOnce(&Update)) -> Option<Update> {
        let mut update = Update { heads: Vec::new(), runs: Vec::new(), ids: Vec::new(), position: position_of(frame) };
        let mut new = self.count();
        for (append, note) in frame.appends()? {
            let number = match self.get(append.ledger) {
                Some(kept) => kept.number,
                None => {
                    new = new.checked_add(1)?;
                    new - 1
                }
            };
            if self.size(append.ledger) != append.before || append.after.get() > LEAVES_MAX {
                return None;
            }
            frame.note(note)?;
            let note_offset = frame.offset + u64::try_from(note.0).ok()?;
            let kept = Kept { number, size: append.after, note_offset, note_bytes: note.1 };
            update.heads.push((append.ledger, kept));
            update.runs.extend(append.places(frame.offset).map(|(first, place)| (number, first, place)));
            let ids = (append.before.get()..).zip(append.leaves());
            update.ids.extend(ids.map(|(index, (id, _))| (number, id, index)));
        }
        before(&update);
        for (ledger, kept) in &update.heads {
            self.put(*ledger, *kept);
        }
        Some(update)
    }
}

fn position_of(frame: &Frame) -> Position {
    Position { offset: frame.end(), sequence: frame.sequence, check: frame.check }
}

/// What one frame changes in the index.
pub(super) struct Update {
    pub(super) position: Position,
    pub(super) heads: Vec<(LedgerId, Kept)>,
    /// Number of the ledger, first leaf, and where the run stands.
    pub(super) runs: Vec<(u32, u64, Place)>,
    /// Number of the ledger, id of the envelope, and its index.
    pub(super) ids: Vec<(u32, Digest, u64)>,
}

impl Update {
    /// How many keys it changes.
    pub(super) fn keys(&self) -> usize {
        self.heads.len() + self.runs.len() + self.ids.len()
    }

    pub(super) fn changes(&self, into: &mut Vec<Change>) {
        into.extend(self.heads.iter().map(|(ledger, kept)| (ledger_key(*ledger), Some(write_kept(kept)))));
        into.extend(
            self.runs.iter().map(|(number, first, place)| (run_key(*number, *first), Some(write_place(place)))),
        );
        into.extend(self.ids.iter().map(|(number, id, index)| (id_key(*number, id, *index), Some(Default::default()))));
    }

    /// How far the index is when this was applied to what `before` says.
    pub(super) fn applied(&self, log: LogId, before: &mut (u32, u64)) -> Applied {
        let (ledgers, entries) = before;
        for (_, kept) in &self.heads {
            *ledgers = (*ledgers).max(kept.number.saturating_add(1));
        }
        *entries += u64::try_from(self.ids.len()).unwrap_or(0);
        Applied { log, position: self.position, ledgers: *ledgers, entries: *entries }
    }
}
