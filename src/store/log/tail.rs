//! The end of the log, where frames are written.

use std::{
    io::{self, ErrorKind},
    sync::Arc,
};

use crate::store::{
    disk::DiskFile,
    log::{
        scan::SEGMENT_HEADER_LENGTH,
        segments::{Position, SegmentHeader, Segments, name_of},
    },
};

/// Zeros are written ahead of frames smaller than this: a sync that need not also write a new length takes half as long.
const AHEAD_FOR_BYTES: usize = 64 * 1024;
/// Of the program, not of memory that is taken for each: the system would clear that first.
const ZEROS: &[u8] = &[0; 512 * 1024];

/// The segment that is written.
pub(super) struct Tail {
    pub(super) start: u64,
    pub(super) file: Arc<dyn DiskFile>,
    /// Up to where the file has bytes, as an offset of the log.
    pub(super) filled: u64,
    /// Behind the last frame.
    pub(super) position: Position,
    /// How many zeros are written ahead.
    pub(super) ahead_bytes: usize,
}

/// Why something was not written.
pub(super) enum Failed {
    /// And the log is as before.
    Harmless(io::Error),
    /// And nobody knows how the log stands.
    Fatal(io::Error),
}

impl Tail {
    /// Returns where the next frame begins.
    pub(super) fn next(&self) -> u64 {
        if self.position.offset == self.start { self.start + SEGMENT_HEADER_LENGTH } else { self.position.offset }
    }

    /// Writes bytes at an offset.
    pub(super) fn write(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let end = offset + long(bytes.len());
        if end > self.filled && self.ahead_bytes > 0 && bytes.len() < AHEAD_FOR_BYTES {
            let mut left = self.ahead_bytes + bytes.len();
            while left > 0 {
                let zeros = ZEROS.get(..left).unwrap_or(ZEROS);
                self.file.write_at(zeros, self.filled - self.start)?;
                self.filled += long(zeros.len());
                left -= zeros.len();
            }
        }
        self.file.write_at(bytes, offset - self.start)?;
        self.filled = self.filled.max(end);
        Ok(())
    }

    /// Cuts off everything behind the last frame.
    pub(super) fn cut(&mut self) -> io::Result<()> {
        let end = self.next();
        self.file.set_length(end - self.start)?;
        self.filled = end;
        Ok(())
    }

    /// Ends this segment and begins the next, if this one has so many bytes.
    pub(super) fn roll(&mut self, segments: &Segments, segment_bytes: u64) -> Result<(), Failed> {
        let start = self.position.offset;
        if start - self.start < segment_bytes {
            return Ok(());
        }
        self.cut().map_err(Failed::Fatal)?;
        self.file.sync_data().map_err(Failed::Fatal)?;
        let name = name_of(start);
        let file = segments.disk.create(&name).map_err(Failed::Harmless)?;
        if let Err(error) = file.write_at(&SegmentHeader::write(segments.log, self.position), 0) {
            return match segments.disk.remove(&name) {
                Err(again) if again.kind() != ErrorKind::NotFound => Err(Failed::Fatal(again)),
                _ => Err(Failed::Harmless(error)),
            };
        }
        file.sync_data().and_then(|()| segments.disk.sync_folder()).map_err(Failed::Fatal)?;
        segments.add(start);
        (self.start, self.file, self.filled) = (start, file, start + SEGMENT_HEADER_LENGTH);
        Ok(())
    }
}

pub(super) fn long(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
