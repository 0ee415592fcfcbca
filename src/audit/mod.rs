//! The auditor: where the log and the law meet to read. Works from one file; has no network, no store and no clock in reach.
//!
//! The path: the head of the bundle; every entry's bytes hashed and its envelope opened by the same [`wire::open`] that let
//! it in; the same `admit` and `apply` for each; root and size against the checkpoint; the checkpoint's signature. Broken
//! input is the auditor's subject, so there is a [`Report`] with every finding, and never an error.
//!
//! [`wire::open`]: crate::statement::wire::open

mod replay;
mod report;
mod verify;

use std::io::Read;

pub use report::{Finding, KeySource, NOT_SHOWN, RULES, Report};

use crate::{
    agreement::Agreement,
    audit::{replay::Replay, verify::open_all},
    checkpoint::{SignedCheckpoint, note::NoteVerifier},
    keys::PublicKey,
    ledger::{
        bundle::{BundleReader, BundledEntry},
        entry::Entry,
    },
    statement::Signed,
};

/// What the reader brings to an audit.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The log's key as the reader knows it. Without, the bundle's own word is taken, and the report says so.
    pub log_key: Option<PublicKey>,
    /// What the file is called, for the hints of the report.
    pub file: String,
}

/// What an audit shows.
#[derive(Debug)]
pub struct Audit {
    /// Everything that was checked and found.
    pub report: Report,
    /// The agreement as far as its entries follow from each other; what was found wrong had no effect on it.
    pub agreement: Option<Agreement>,
    /// The checkpoint, if its signature holds.
    pub checkpoint: Option<SignedCheckpoint>,
}

/// An entry of the bundle on its way through the audit.
#[derive(Clone, Copy, Debug)]
pub struct Audited<'a> {
    /// Its index.
    pub index: u64,
    /// Its bytes, decoded.
    pub entry: &'a Entry,
    /// What it says, when its envelope could be opened.
    pub signed: Option<&'a Signed>,
    /// Whether the law let it in.
    pub admitted: bool,
}

/// Audits a bundle.
#[must_use]
pub fn audit(input: impl Read, options: &Options) -> Audit {
    audit_each(input, options, |_| ())
}

/// Audits a bundle and shows each entry that can be decoded to `each`, in order, with the memory of one batch.
#[must_use]
pub fn audit_each(input: impl Read, options: &Options, mut each: impl FnMut(Audited<'_>)) -> Audit {
    let mut replay = Replay::new(options.file.clone());
    let mut bundle = match BundleReader::open(input) {
        Ok(bundle) => bundle,
        Err(error) => {
            replay.broken_bundle(None, &error);
            return replay.finish();
        }
    };
    let announced = bundle.count();
    let verifier = choose_verifier(bundle.vkey(), options, &mut replay);
    let mut whole = true;
    while whole {
        let mut batch = Vec::new();
        while batch.len() < BATCH_ENTRIES {
            match bundle.next_entry() {
                Ok(Some(entry)) => batch.push(entry),
                Ok(None) => break,
                Err(error) => {
                    let index = replay.size() + u64::try_from(batch.len()).unwrap_or(u64::MAX);
                    replay.broken_bundle(Some(index), &error);
                    whole = false;
                    break;
                }
            }
        }
        if batch.is_empty() {
            break;
        }
        take_batch(&mut replay, batch, &mut each);
    }
    if whole {
        match bundle.finish() {
            Ok(note) => replay.checkpoint(&note, verifier.as_ref(), announced),
            Err(error) => replay.broken_bundle(None, &error),
        }
    }
    replay.finish()
}

/// Enough that starting threads costs nothing beside verifying, and few enough to be held in memory at their largest.
const BATCH_ENTRIES: usize = 2_048;

fn take_batch(replay: &mut Replay, batch: Vec<BundledEntry>, each: &mut impl FnMut(Audited<'_>)) {
    let opened = open_all(&batch);
    for (bundled, opened) in batch.iter().zip(opened) {
        let index = replay.size();
        let admitted = replay.entry(bundled, &opened);
        if let Ok((entry, signed)) = &opened.entry {
            each(Audited { index, entry, signed: signed.as_ref().ok(), admitted });
        }
    }
}

/// The reader's own key counts more than the bundle's; only the name must come from the bundle.
fn choose_verifier(vkey: &str, options: &Options, replay: &mut Replay) -> Option<NoteVerifier> {
    let stated = match NoteVerifier::parse(vkey) {
        Ok(stated) => stated,
        Err(error) => {
            replay.bad_log_key(vkey, &error);
            return None;
        }
    };
    let Some(own) = options.log_key else {
        replay.key_source(KeySource::Bundle(stated.key()));
        return Some(stated);
    };
    replay.key_source(KeySource::Reader(own));
    if own == stated.key() {
        return Some(stated);
    }
    replay.other_log_key(own, &stated);
    NoteVerifier::new(stated.name(), own).ok()
}
