//! Bundles: a whole ledger in one file, for who audits it. See `proto/README.md` for the bytes.
//!
//! All numbers big-endian: a magic line, the log's vkey behind its length (u16), the number of entries (u64), each entry's
//! leaf bytes behind their length (u32) and with their leaf hash behind them, the checkpoint's note behind its length
//! (u32), and nothing more. Knows where each byte belongs; never whether it is right: that is the auditor's part.

use std::{
    fmt,
    io::{self, Read, Write},
};

use crate::{
    checkpoint::{
        SignedCheckpoint,
        note::{NOTE_BYTES_MAX, NoteVerifier, VKEY_BYTES_MAX},
    },
    digest::Digest,
    ledger::entry::ENTRY_BYTES_MAX,
    merkle::hash::leaf_hash,
};

/// The first line of a bundle.
pub const MAGIC: &[u8; 22] = b"counterfoil/bundle/v1\n";

/// What a bundle's file name ends in, without the dot.
pub const FILE_EXTENSION: &str = "counterfoil";

/// Writes a bundle: the log's key, then entries in order, then the checkpoint. Keeps no entry.
#[derive(Debug)]
pub struct BundleWriter<W: Write> {
    out: W,
    announced: u64,
    written: u64,
}

impl<W: Write> BundleWriter<W> {
    /// Begins a bundle of exactly `count` entries.
    ///
    /// Errors: those of `out`.
    pub fn begin(mut out: W, verifier: &NoteVerifier, count: u64) -> io::Result<Self> {
        let vkey = verifier.vkey();
        let length = u16::try_from(vkey.len()).expect("a vkey has a few hundred bytes at most");
        out.write_all(MAGIC)?;
        out.write_all(&length.to_be_bytes())?;
        out.write_all(vkey.as_bytes())?;
        out.write_all(&count.to_be_bytes())?;
        Ok(Self { out, announced: count, written: 0 })
    }

    /// Writes the next entry's leaf bytes, and their hash beside them.
    ///
    /// Errors: those of `out`, and `InvalidInput` with a [`BundleWriteError`] when the entry is too large or one too many.
    pub fn entry(&mut self, leaf: &[u8]) -> io::Result<()> {
        if self.written == self.announced {
            return Err(BundleWriteError::Count { announced: self.announced, written: self.written + 1 }.into());
        }
        if leaf.len() > ENTRY_BYTES_MAX {
            return Err(BundleWriteError::EntryTooLarge { bytes: leaf.len() }.into());
        }
        let length = u32::try_from(leaf.len()).expect("an entry has at most 65,535 bytes");
        self.out.write_all(&length.to_be_bytes())?;
        self.out.write_all(leaf)?;
        self.out.write_all(leaf_hash(leaf).as_bytes())?;
        self.written += 1;
        Ok(())
    }

    /// Returns where the bundle is written, to hand on what is there so far.
    pub const fn get_mut(&mut self) -> &mut W {
        &mut self.out
    }

    /// Writes the checkpoint and ends the bundle.
    ///
    /// Errors: those of `out`, and `InvalidInput` with a [`BundleWriteError`] when fewer entries were written than
    /// announced, or when the checkpoint is of another number of entries.
    pub fn finish(mut self, checkpoint: &SignedCheckpoint) -> io::Result<W> {
        let size = checkpoint.checkpoint().size.get();
        if self.written != self.announced {
            return Err(BundleWriteError::Count { announced: self.announced, written: self.written }.into());
        }
        if size != self.written {
            return Err(BundleWriteError::CheckpointSize { size, written: self.written }.into());
        }
        let length = u32::try_from(checkpoint.note().len()).expect("a note has at most half a megabyte");
        self.out.write_all(&length.to_be_bytes())?;
        self.out.write_all(checkpoint.note().as_bytes())?;
        self.out.flush()?;
        Ok(self.out)
    }
}

/// Why a bundle would not be one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BundleWriteError {
    /// More or fewer entries than announced.
    #[error("the bundle announces {announced} entries, but {written} were to be written")]
    Count {
        /// How many it announces.
        announced: u64,
        /// How many there were.
        written: u64,
    },
    /// An entry is too large.
    #[error("the entry has {bytes} bytes, at most {ENTRY_BYTES_MAX} are allowed")]
    EntryTooLarge {
        /// How many it has.
        bytes: usize,
    },
    /// The checkpoint is of another number of entries.
    #[error("the checkpoint is of {size} entries, the bundle has {written}")]
    CheckpointSize {
        /// The checkpoint's size.
        size: u64,
        /// How many entries were written.
        written: u64,
    },
}

impl From<BundleWriteError> for io::Error {
    fn from(error: BundleWriteError) -> Self {
        Self::new(io::ErrorKind::InvalidInput, error)
    }
}

/// Reads a bundle with limits, in order, believing nothing; memory is that of one entry.
///
/// After an error nothing more can be read that makes sense.
#[derive(Debug)]
pub struct BundleReader<R: Read> {
    input: R,
    /// How many bytes were read.
    at: u64,
    vkey: String,
    count: u64,
    next: u64,
}

/// One entry of a bundle as it stands there: neither decoded nor compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BundledEntry {
    /// Leaf bytes.
    pub leaf: Vec<u8>,
    /// The leaf hash that was written beside them, so that a changed entry can be named.
    pub leaf_hash: Digest,
}

impl<R: Read> BundleReader<R> {
    /// Reads the head of a bundle.
    ///
    /// Errors: [`BundleError`], for the part that is wrong.
    pub fn open(input: R) -> Result<Self, BundleError> {
        let mut reader = Self { input, at: 0, vkey: String::new(), count: 0, next: 0 };
        if reader.array(Part::Magic)? != *MAGIC {
            return Err(BundleError::NotABundle);
        }
        let length = u16::from_be_bytes(reader.array(Part::Vkey)?);
        let vkey = reader.part(Part::Vkey, usize::from(length), VKEY_BYTES_MAX)?;
        reader.vkey = String::from_utf8(vkey).map_err(|_| BundleError::NotUtf8 { part: Part::Vkey })?;
        reader.count = u64::from_be_bytes(reader.array(Part::Count)?);
        Ok(reader)
    }

    /// Returns the vkey of the log as the bundle says it; believe your own if you have it.
    #[must_use]
    pub fn vkey(&self) -> &str {
        &self.vkey
    }

    /// Returns how many entries the bundle announces.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// Returns how many bytes were read: the offset of what comes next.
    #[must_use]
    pub const fn offset(&self) -> u64 {
        self.at
    }

    /// Reads the next entry; `None` after the last.
    ///
    /// Errors: [`BundleError`], which names the entry.
    pub fn next_entry(&mut self) -> Result<Option<BundledEntry>, BundleError> {
        if self.next == self.count {
            return Ok(None);
        }
        let part = Part::Entry { index: self.next };
        let length = self.length(part)?;
        let leaf = self.part(part, length, ENTRY_BYTES_MAX)?;
        let leaf_hash = Digest::from_bytes(self.array(part)?);
        self.next += 1;
        Ok(Some(BundledEntry { leaf, leaf_hash }))
    }

    /// Reads the checkpoint's note and sees that nothing follows it.
    ///
    /// Errors: [`BundleError`]; [`BundleError::Unread`] before the last entry was read.
    pub fn finish(mut self) -> Result<String, BundleError> {
        if self.next < self.count {
            return Err(BundleError::Unread { next: self.next, count: self.count });
        }
        let length = self.length(Part::Checkpoint)?;
        let note = self.part(Part::Checkpoint, length, NOTE_BYTES_MAX)?;
        let note = String::from_utf8(note).map_err(|_| BundleError::NotUtf8 { part: Part::Checkpoint })?;
        if self.fill(&mut [0])? == 0 { Ok(note) } else { Err(BundleError::Trailing { at: self.at - 1 }) }
    }

    /// Reads a length of four bytes.
    fn length(&mut self, part: Part) -> Result<usize, BundleError> {
        let length = u32::from_be_bytes(self.array(part)?);
        // Where usize is smaller, what does not fit is beyond every limit too.
        Ok(usize::try_from(length).unwrap_or(usize::MAX))
    }

    fn array<const LENGTH: usize>(&mut self, part: Part) -> Result<[u8; LENGTH], BundleError> {
        let mut bytes = [0; LENGTH];
        self.exact(part, &mut bytes)?;
        Ok(bytes)
    }

    /// Reads `length` bytes; nothing is allocated for a length above the limit.
    fn part(&mut self, part: Part, length: usize, limit: usize) -> Result<Vec<u8>, BundleError> {
        if length > limit {
            return Err(BundleError::TooLarge { part, at: self.at, bytes: length, limit });
        }
        let mut bytes = vec![0; length];
        self.exact(part, &mut bytes)?;
        Ok(bytes)
    }

    fn exact(&mut self, part: Part, bytes: &mut [u8]) -> Result<(), BundleError> {
        if self.fill(bytes)? == bytes.len() { Ok(()) } else { Err(BundleError::Truncated { part, at: self.at }) }
    }

    /// Reads until `bytes` is full or the input ends, and returns how many were read.
    fn fill(&mut self, bytes: &mut [u8]) -> Result<usize, BundleError> {
        let mut filled = 0;
        while filled < bytes.len() {
            match self.input.read(&mut bytes[filled..]) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(source) if source.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => return Err(BundleError::Read { at: self.at, source }),
            }
        }
        self.at += u64::try_from(filled).expect("a buffer's length fits");
        Ok(filled)
    }
}

/// A part of a bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Part {
    /// The first line.
    Magic,
    /// The log's key.
    Vkey,
    /// The number of entries.
    Count,
    /// An entry: length, leaf bytes, leaf hash.
    Entry {
        /// Which.
        index: u64,
    },
    /// The checkpoint's note with its length.
    Checkpoint,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Magic => f.write_str("first line"),
            Self::Vkey => f.write_str("log key"),
            Self::Count => f.write_str("number of entries"),
            Self::Entry { index } => write!(f, "entry {index}"),
            Self::Checkpoint => f.write_str("checkpoint"),
        }
    }
}

/// Why bytes are no bundle.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BundleError {
    /// It could not be read.
    #[error("cannot be read at byte {at}")]
    Read {
        /// Where.
        at: u64,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It begins with something else.
    #[error("not a bundle: it does not begin with `counterfoil/bundle/v1`")]
    NotABundle,
    /// It ends too early.
    #[error("the bundle ends at byte {at}, within its {part}")]
    Truncated {
        /// Within which part.
        part: Part,
        /// How many bytes it has.
        at: u64,
    },
    /// A part is too large.
    #[error("the {part} at byte {at} has {bytes} bytes, at most {limit} are allowed")]
    TooLarge {
        /// Which.
        part: Part,
        /// Where it begins, behind its length.
        at: u64,
        /// How many it has.
        bytes: usize,
        /// How many are allowed.
        limit: usize,
    },
    /// A part that is text is not UTF-8.
    #[error("the {part} is not UTF-8")]
    NotUtf8 {
        /// Which.
        part: Part,
    },
    /// Entries come before the checkpoint.
    #[error("the checkpoint was asked for before entry {next} of {count} was read")]
    Unread {
        /// The next entry.
        next: u64,
        /// How many there are.
        count: u64,
    },
    /// Something follows the checkpoint.
    #[error("bytes follow the checkpoint, from byte {at}")]
    Trailing {
        /// Where they begin.
        at: u64,
    },
}

impl BundleError {
    /// Returns the entry that is at fault, if one is.
    #[must_use]
    pub const fn entry(&self) -> Option<u64> {
        match self {
            Self::Truncated { part: Part::Entry { index }, .. }
            | Self::TooLarge { part: Part::Entry { index }, .. } => Some(*index),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
