//! The auditor: where the log and the law meet to read. Works from one file; has no network, no store and no clock in reach.
//!
//! The path: the head of the bundle; every entry's bytes hashed and its envelope opened by the same [`wire::open`] that let
//! it in; the same `admit` and `apply` for each; root and size against the checkpoint; the checkpoint's signature. Broken
//! input is the auditor's subject, so there is a [`Report`] with every finding, and never an error.
//!
//! [`wire::open`]: crate::statement::wire::open

pub mod refusal;
mod replay;
mod report;
mod verify;

use std::io::Read;

pub use report::{Finding, KeySource, NOT_SHOWN, RULES, Report};

use crate::{
    agreement::Agreement,
    audit::{
        replay::Replay,
        verify::{Opened, open_all},
    },
    checkpoint::{SignedCheckpoint, note::NoteVerifier},
    keys::{KnownKeys, PublicKey},
    ledger::{
        bundle::{BundleError, BundleReader, BundledEntry},
        entry::Entry,
    },
    parallel::in_order,
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

/// Audits a bundle and shows each entry that can be decoded to `each`, in order, with the memory of a few pieces of it.
#[must_use]
pub fn audit_each(input: impl Read, options: &Options, each: impl FnMut(Audited<'_>)) -> Audit {
    audit_at(input, options, None, each, |_| ())
}

/// As [`audit_each`], and shows the replay to `look` once so many entries were taken, if there are so many.
fn audit_at(
    input: impl Read,
    options: &Options,
    at: Option<u64>,
    mut each: impl FnMut(Audited<'_>),
    mut look: impl FnMut(&Replay),
) -> Audit {
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
    let known = KnownKeys::default();
    let mut broken = None;
    in_order(
        || {
            let piece = if broken.is_none() { read_piece(&mut bundle, &mut broken) } else { Vec::new() };
            (!piece.is_empty()).then_some(piece)
        },
        |piece| open_all(piece, &known),
        |piece| {
            take_piece(&mut replay, piece, &mut each, |replay| {
                if at == Some(replay.size()) {
                    look(replay);
                }
            });
            true
        },
    );
    if let Some(error) = broken {
        replay.broken_bundle(Some(replay.size()), &error);
        return replay.finish();
    }
    match bundle.finish() {
        Ok(note) => replay.checkpoint(&note, verifier.as_ref(), announced),
        Err(error) => replay.broken_bundle(None, &error),
    }
    replay.finish()
}

/// Enough that handing them over costs nothing beside verifying, and few enough to be held in memory at their largest.
const PIECE_ENTRIES: usize = 64;

/// Reads the next entries, and says what it could not read behind them.
fn read_piece<R: Read>(bundle: &mut BundleReader<R>, broken: &mut Option<BundleError>) -> Vec<BundledEntry> {
    let mut piece = Vec::with_capacity(PIECE_ENTRIES);
    while piece.len() < PIECE_ENTRIES {
        match bundle.next_entry() {
            Ok(Some(entry)) => piece.push(entry),
            Ok(None) => break,
            Err(error) => {
                *broken = Some(error);
                break;
            }
        }
    }
    piece
}

fn take_piece(
    replay: &mut Replay,
    piece: Vec<Opened>,
    each: &mut impl FnMut(Audited<'_>),
    mut taken: impl FnMut(&Replay),
) {
    for opened in piece {
        let index = replay.size();
        let admitted = replay.entry(&opened);
        if let Ok((entry, signed)) = &opened.entry {
            each(Audited { index, entry, signed: signed.as_ref().ok(), admitted });
        }
        taken(replay);
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
