//! Merging: a few tables of like size become one, so that there are never many to look into, and what was put anew or removed gives
//! its room back.
//!
//! Tables are in tiers by size, each four times the one before. Whoever looks a key up looks into few; and what is put once is
//! written once for each tier, which grows with the logarithm of what there is.

use std::{cmp::Ordering, io, ops::Range, sync::Arc};

use crate::store::{
    disk::Disk,
    log::index::tables::{
        cache::Pages,
        table::{Cursor, Table, TableWriter, name_of},
    },
};

/// So many tables of a tier are merged.
const TABLES_OF_A_TIER: usize = 4;

/// Returns which neighbours are to be merged, by their sizes, the newest first; `first_tier`: how large a table may be that is in
/// none above the first.
pub(super) fn to_merge(sizes: &[u64], first_tier: u64) -> Option<Range<usize>> {
    let tier = |size: u64| {
        let (mut tier, mut upto) = (0_u32, first_tier.max(1));
        while size > upto {
            (tier, upto) = (tier + 1, upto.saturating_mul(4));
        }
        tier
    };
    let tiers: Vec<u32> = sizes.iter().map(|size| tier(*size)).collect();
    let greatest = tiers.iter().copied().max()?;
    // Neighbours alone: a key that was put anew must not come to stand behind its older value.
    (0..=greatest).find_map(|tier| {
        let mut begins = 0;
        tiers.split_inclusive(|other| *other > tier).find_map(|neighbours| {
            let from = begins;
            begins += neighbours.len();
            let count = neighbours.iter().filter(|other| **other <= tier).count();
            let enough = neighbours.iter().filter(|other| **other == tier).count() >= TABLES_OF_A_TIER;
            enough.then_some(from..from + count)
        })
    })
}

/// Merges neighbours, the newest first, into one table under `number`. `to_the_end`: nothing older is left behind them, so what is
/// removed leaves no trace. `None`: nothing is left of them, or `stops` says so.
pub(super) fn merge(
    disk: &dyn Disk,
    number: u64,
    tables: &[Arc<Table>],
    to_the_end: bool,
    stops: impl Fn() -> bool,
) -> io::Result<Merged> {
    let pages = Pages::none();
    let mut cursors = Vec::with_capacity(tables.len());
    for table in tables {
        cursors.extend(Cursor::at_or_after(table, &pages, &[], None)?);
    }
    let mut writer = TableWriter::create(disk, number)?;
    let mut merged = 0_u64;
    while let Some(place) = first_of(&cursors) {
        if let Some((key, value)) = cursors[place].entry()
            && (value.is_some() || !to_the_end)
        {
            writer.put(key, value)?;
        }
        if !pass(&mut cursors, place)? {
            break;
        }
        merged += 1;
        if merged.is_multiple_of(1_024) && stops() {
            disk.remove(&name_of(number))?;
            return Ok(Merged::Stopped);
        }
    }
    match writer.finish()? {
        Some(table) => Ok(Merged::Table(Arc::new(table))),
        None => {
            disk.remove(&name_of(number))?;
            Ok(Merged::Nothing)
        }
    }
}

/// What comes of merging.
pub(super) enum Merged {
    Table(Arc<Table>),
    /// Everything was removed.
    Nothing,
    Stopped,
}

/// Returns who stands at the smallest key; of several the newest, which is the first.
fn first_of(cursors: &[Cursor<'_>]) -> Option<usize> {
    let keys = cursors.iter().enumerate().filter_map(|(place, cursor)| Some((cursor.entry()?.0, place)));
    keys.min().map(|(_, place)| place)
}

/// Lets everybody go on who stands at the key that the one at `place` stands at. `false`: nobody is left.
fn pass(cursors: &mut Vec<Cursor<'_>>, place: usize) -> io::Result<bool> {
    let Some(key) = cursors.get(place).and_then(Cursor::entry).map(|(key, _)| key.to_vec()) else { return Ok(false) };
    let mut at = 0;
    while let Some(cursor) = cursors.get_mut(at) {
        let is_there = cursor.entry().is_some_and(|(other, _)| other.cmp(&key) == Ordering::Equal);
        if is_there && !cursor.forth()? {
            cursors.remove(at);
        } else {
            at += 1;
        }
    }
    Ok(!cursors.is_empty())
}

#[cfg(test)]
mod tests {
    use super::to_merge;

    #[test]
    fn four_neighbours_of_a_tier_are_merged_with_what_is_smaller_between_them() {
        for (sizes, expected) in [
            (&[][..], None),
            (&[9, 9, 9], None),
            (&[9, 9, 9, 9], Some(0..4)),
            (&[1, 9, 10, 2, 40], Some(0..4)),
            (&[9, 9, 9, 40, 9], None),
            (&[40, 9, 9, 9, 9, 40], Some(1..5)),
            (&[40, 40, 9, 40, 40, 160], Some(0..5)),
            (&[9, 9, 9, 9, 40, 40, 40, 40], Some(0..4)),
            (&[160, 40, 40, 40, 160, 160], None),
            (&[160, 40, 160, 160, 160], Some(0..5)),
        ] {
            assert_eq!(to_merge(sizes, 10), expected, "{sizes:?}");
        }
    }

    #[test]
    fn however_much_there_is_few_tables_are_left() {
        let mut sizes: Vec<u64> = Vec::new();
        let (mut put, mut written) = (0_u64, 0_u64);
        for turn in 0..20_000_u64 {
            let size = 5 + turn * 7 % 6;
            put += size;
            sizes.insert(0, size);
            while let Some(range) = to_merge(&sizes, 10) {
                let merged = sizes[range.clone()].iter().sum();
                written += merged;
                sizes.splice(range, [merged]);
            }
            assert!(sizes.len() <= 24, "{sizes:?}");
        }
        assert!(written <= 8 * put, "each was written {} times", written / put);
    }
}
