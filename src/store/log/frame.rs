//! Frames: what one commit writes. See `proto/README.md` for the bytes.
//!
//! A frame ends in a check: the SHA-256 of the check before it and of everything in it. So a frame that is torn, spoilt, missing,
//! or in another's place is noticed. What stands in front of a frame is always the check before it, also in a new segment; so
//! a frame can be checked wherever it is found.

use bytes::Bytes;

use crate::{
    digest::Digest,
    ledger::LedgerId,
    merkle::index::TreeSize,
    store::{
        Append,
        log::run::{Place, Run, write_runs},
    },
};

/// What a frame begins with. No text does, and no zeros do.
pub(super) const MAGIC: [u8; 4] = [0xff, b'c', b'f', 0x01];
pub(super) const HEADER_BYTES: usize = 24;
pub(super) const CHECK_BYTES: usize = 32;

/// Which log: drawn by lot when it is made. No other log's frame is taken for its own, nor bytes that somebody put into an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogId(pub [u8; 8]);

/// What a frame's header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) log: LogId,
    pub(super) sequence: u64,
    /// How many bytes the appends have.
    pub(super) body: usize,
}

impl Header {
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let rest = bytes.strip_prefix(&MAGIC)?;
        let (log, rest) = rest.split_first_chunk()?;
        let (sequence, rest) = rest.split_first_chunk()?;
        let (body, _) = rest.split_first_chunk()?;
        let body = usize::try_from(u32::from_be_bytes(*body)).ok()?;
        Some(Self { log: LogId(*log), sequence: u64::from_be_bytes(*sequence), body })
    }
}

/// Writes a frame up to the notes, header and appends, over what is in `bytes`. `None` if it would be too long.
pub(super) fn write_body<'a>(
    log: LogId,
    sequence: u64,
    appends: impl IntoIterator<Item = &'a Append>,
    bytes: &mut Vec<u8>,
) -> Option<()> {
    bytes.clear();
    for part in [&MAGIC[..], &log.0, &sequence.to_be_bytes(), &[0; 4], &[0; 4]] {
        bytes.extend_from_slice(part);
    }
    let mut count = 0_u32;
    for append in appends {
        count += 1;
        bytes.extend_from_slice(append.ledger.digest().as_bytes());
        bytes.extend_from_slice(&append.size_before().get().to_be_bytes());
        bytes.extend_from_slice(&u32::try_from(append.leaves.len()).ok()?.to_be_bytes());
        write_runs(append.size_before().get(), &append.leaves, &append.nodes, bytes);
    }
    let body = u32::try_from(bytes.len() - HEADER_BYTES).ok()?;
    bytes[20..24].copy_from_slice(&body.to_be_bytes());
    bytes[24..28].copy_from_slice(&count.to_be_bytes());
    Some(())
}

/// Writes the rest of a frame: the notes, behind their length, and the check.
pub(super) fn write_notes(before: &Digest, body: &[u8], notes: &[&str]) -> Option<(Vec<u8>, Digest)> {
    let mut bytes = vec![0; 4];
    for note in notes {
        bytes.extend_from_slice(&u16::try_from(note.len()).ok()?.to_be_bytes());
        bytes.extend_from_slice(note.as_bytes());
    }
    let length = u32::try_from(bytes.len() - 4).ok()?;
    bytes[..4].copy_from_slice(&length.to_be_bytes());
    let check = Digest::of(&[before.as_bytes(), body, &bytes]);
    bytes.extend_from_slice(check.as_bytes());
    Some((bytes, check))
}

/// An append as it stands in a frame.
pub(super) struct Framed<'a> {
    pub(super) ledger: LedgerId,
    pub(super) before: TreeSize,
    pub(super) after: TreeSize,
    /// Where it begins and ends in the frame.
    pub(super) span: (usize, usize),
    /// The first leaf of each run, and where it begins in the frame.
    pub(super) runs: Vec<(u64, usize, Run<'a>)>,
}

impl<'a> Framed<'a> {
    pub(super) fn leaves(&self) -> impl Iterator<Item = (Digest, &'a [u8])> + '_ {
        self.runs.iter().flat_map(|(_, _, run)| run.leaves())
    }

    pub(super) fn nodes(&self) -> impl Iterator<Item = Digest> + '_ {
        self.runs.iter().flat_map(|(_, _, run)| run.nodes())
    }

    /// Returns the runs with the first leaf and place of each, when the frame begins at `offset`.
    pub(super) fn places(&self, offset: u64) -> impl Iterator<Item = (u64, Place)> + '_ {
        self.runs.iter().filter_map(move |(first, at, run)| {
            let (count, bytes) = (u16::try_from(run.count()).ok()?, u32::try_from(run.bytes()).ok()?);
            Some((*first, Place { offset: offset + u64::try_from(*at).ok()?, count, bytes }))
        })
    }
}

/// Reads the appends of a frame that begins with the first of `bytes`; `None` if they are not as we write them.
pub(super) fn read_body(bytes: &[u8]) -> Option<Vec<Framed<'_>>> {
    let header = Header::read(bytes)?;
    let body = bytes.get(..HEADER_BYTES.checked_add(header.body)?)?;
    let (count, _) = body.get(HEADER_BYTES..)?.split_first_chunk()?;
    let mut at = HEADER_BYTES + 4;
    let mut appends = Vec::new();
    for _ in 0..u32::from_be_bytes(*count) {
        let append = read_append(body, at)?;
        at = append.span.1;
        appends.push(append);
    }
    (at == body.len()).then_some(appends)
}

fn read_append(body: &[u8], from: usize) -> Option<Framed<'_>> {
    let (ledger, rest) = body.get(from..)?.split_first_chunk()?;
    let (before, rest) = rest.split_first_chunk()?;
    let (count, _) = rest.split_first_chunk()?;
    let ledger = LedgerId::new(Digest::from_bytes(*ledger));
    let before = TreeSize::new(u64::from_be_bytes(*before))?;
    let after = TreeSize::new(before.get().checked_add(u64::from(u32::from_be_bytes(*count)))?)?;
    let (mut at, mut next, mut runs) = (from + 44, before.get(), Vec::new());
    while next < after.get() {
        let run = Run::read(next, body.get(at..)?).filter(|run| run.count() > 0)?;
        runs.push((next, at, run));
        at += run.bytes();
        next += u64::try_from(run.count()).ok()?;
    }
    (next == after.get() && next > before.get()).then_some(Framed { ledger, before, after, span: (from, at), runs })
}

/// Where a note stands in its frame, and how long it is.
pub(super) type NoteSpan = (usize, u16);

/// Reads where the notes of a frame stand, whose body ends at `at`.
pub(super) fn read_notes(bytes: &[u8], at: usize) -> Option<(Vec<NoteSpan>, usize)> {
    let (length, _) = bytes.get(at..)?.split_first_chunk()?;
    let end = (at + 4).checked_add(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    let (mut next, mut notes) = (at + 4, Vec::new());
    while next < end {
        let (length, _) = bytes.get(next..end)?.split_first_chunk()?;
        let length = u16::from_be_bytes(*length);
        notes.push((next + 2, length));
        next += 2 + usize::from(length);
    }
    (next == end).then_some((notes, end))
}

/// A whole frame that was checked.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    pub(super) offset: u64,
    pub(super) sequence: u64,
    pub(super) check: Digest,
    pub(super) bytes: Bytes,
}

impl Frame {
    pub(super) fn end(&self) -> u64 {
        self.offset + u64::try_from(self.bytes.len()).unwrap_or(0)
    }

    /// Returns its appends, each with where its note stands; `None` if they are not as we write them.
    pub(super) fn appends(&self) -> Option<Vec<(Framed<'_>, NoteSpan)>> {
        let appends = read_body(&self.bytes)?;
        let body_end = HEADER_BYTES + Header::read(&self.bytes)?.body;
        let (notes, end) = read_notes(&self.bytes, body_end)?;
        (notes.len() == appends.len() && end + CHECK_BYTES == self.bytes.len())
            .then(|| appends.into_iter().zip(notes).collect())
    }

    pub(super) fn note(&self, (at, length): NoteSpan) -> Option<&str> {
        str::from_utf8(self.bytes.get(at..at + usize::from(length))?).ok()
    }
}
