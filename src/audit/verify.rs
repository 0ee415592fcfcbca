//! Opens the envelopes of a piece of a bundle: nearly all of an audit's time is signatures.

use crate::{
    digest::Digest,
    keys::KnownKeys,
    ledger::{
        bundle::BundledEntry,
        entry::{Entry, EntryError},
    },
    merkle::hash::leaf_hash,
    statement::{
        Signed,
        wire::{self, OpenError},
    },
    together::with_each,
};

/// An entry of a bundle, and what stands in it, computed from its bytes alone.
pub(super) struct Opened {
    /// As it stands in the bundle.
    pub(super) bundled: BundledEntry,
    /// The hash of the bytes as they are.
    pub(super) leaf_hash: Digest,
    /// The entry and the statement in it, as far as the bytes are one.
    pub(super) entry: Result<(Entry, Result<Signed, OpenError>), EntryError>,
}

/// Opens every entry, in order.
pub(super) fn open_all(bundled: Vec<BundledEntry>, known: &KnownKeys) -> Vec<Opened> {
    let entries = bundled.iter().map(|bundled| Entry::decode(&bundled.leaf)).collect();
    let entries =
        with_each(entries, |entries| wire::open_each(entries.iter().map(|entry: &&Entry| &entry.envelope), known));
    let opened = |(bundled, entry): (BundledEntry, _)| Opened { leaf_hash: leaf_hash(&bundled.leaf), entry, bundled };
    bundled.into_iter().zip(entries).map(opened).collect()
}
