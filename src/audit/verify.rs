//! Opens the envelopes of a batch on all cores: nearly all of an audit's time is signatures.

use std::{num::NonZero, thread};

use crate::{
    digest::Digest,
    ledger::{
        bundle::BundledEntry,
        entry::{Entry, EntryError},
    },
    merkle::hash::leaf_hash,
    statement::{
        Signed,
        wire::{self, OpenError},
    },
};

/// What stands in one entry of a bundle, computed from its bytes alone.
pub(super) struct Opened {
    /// The hash of the bytes as they are.
    pub(super) leaf_hash: Digest,
    /// The entry and the statement in it, as far as the bytes are one.
    pub(super) entry: Result<(Entry, Result<Signed, OpenError>), EntryError>,
}

/// Opens every entry, in order.
pub(super) fn open_all(batch: &[BundledEntry]) -> Vec<Opened> {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let part = batch.len().div_ceil(cores).max(PART_ENTRIES_MIN);
    if batch.len() <= part {
        return batch.iter().map(open).collect();
    }
    thread::scope(|scope| {
        let parts: Vec<_> =
            batch.chunks(part).map(|part| scope.spawn(move || part.iter().map(open).collect::<Vec<_>>())).collect();
        parts
            .into_iter()
            .flat_map(|part| part.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    })
}

/// Below this a thread costs more than it brings.
const PART_ENTRIES_MIN: usize = 32;

fn open(bundled: &BundledEntry) -> Opened {
    let entry = Entry::decode(&bundled.leaf).map(|entry| {
        let signed = wire::open(&entry.envelope);
        (entry, signed)
    });
    Opened { leaf_hash: leaf_hash(&bundled.leaf), entry }
}
