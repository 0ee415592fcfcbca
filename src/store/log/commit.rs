//! A commit: one frame. Leaves and nodes are written, read back and hashed again; then signed; then the notes are written behind
//! them; then one sync.

use std::{collections::HashSet, io, mem};

use bytes::Bytes;

use crate::{
    digest::Digest,
    store::{
        Append, CommitError, Moved, NotAppended, Sign, StoreError,
        check::{check, differs, rehash, sign},
        log::{
            Buffers, End, LogStore, Settling,
            frame::{Frame, read_body, write_body, write_notes},
            keys::LEAVES_MAX,
            segments::Position,
            tail::{Failed, Tail, long},
            whole,
            writer::write_some,
        },
    },
};

/// So much is left free: the index needs room too, and a disk that is full to the last byte helps nobody.
const FREE_BYTES_MIN: u64 = 16 * 1024 * 1024;

/// An append on its way into a frame.
struct Asked {
    /// Its place among the appends of the commit.
    place: usize,
    append: Append,
    sign: Option<Sign>,
    /// The root that was signed, and the note.
    signed: Option<(Digest, String)>,
}

type Outcomes = Vec<Result<String, NotAppended>>;

impl LogStore {
    pub(super) fn commit_all(&self, appends: Vec<Append>) -> Result<Outcomes, CommitError> {
        let not_written = |source| CommitError::NotWritten { source };
        check(&appends).map_err(not_written)?;
        self.wait_for_room();
        let mut end = self.end.lock().map_err(|_| not_written(StoreError::Stopped))?;
        if self.inner.has_stopped() {
            return Err(not_written(StoreError::Stopped));
        }
        let (mut asked, mut outcomes) = self.that_fit(appends).map_err(not_written)?;
        if asked.is_empty() {
            return Ok(outcomes);
        }
        let End { tail, buffers, .. } = &mut *end;
        let offset = self.begin(tail, &asked).map_err(not_written)?;
        let written = self.write(tail, buffers, &mut asked, &mut outcomes);
        let frame = match written {
            Ok(Some(frame)) => Frame { offset, ..frame },
            Ok(None) => return Ok(outcomes),
            Err(source) => {
                self.cut(&mut end.tail);
                return Err(not_written(source));
            }
        };
        if let Err(source) = self.seal(&mut end, &frame) {
            // A failed sync may have dropped the pages and cleared the error: never tried again.
            self.inner.stop(&source);
            return Err(CommitError::Unclear { source });
        }
        end.buffers.take_back(frame.bytes);
        for one in asked {
            if let (Some(outcome), Some((_, note))) = (outcomes.get_mut(one.place), one.signed) {
                *outcome = Ok(note);
            }
        }
        Ok(outcomes)
    }

    fn wait_for_room(&self) {
        match self.settling {
            Settling::Behind => self.inner.queue.wait_for_room(|| self.inner.has_stopped()),
            Settling::WhenAsked => while self.inner.queue.is_full() && write_some(&self.inner) {},
        }
    }

    /// Sorts out the appends whose ledger has another size.
    fn that_fit(&self, appends: Vec<Append>) -> Result<(Vec<Asked>, Outcomes), StoreError> {
        let ledgers = whole(self.inner.ledgers.read());
        let (mut asked, mut outcomes) = (Vec::with_capacity(appends.len()), Vec::with_capacity(appends.len()));
        for (place, mut append) in appends.into_iter().enumerate() {
            let (expected, found) = (append.size_before(), ledgers.size(append.ledger));
            outcomes.push(Err(NotAppended::Moved(Moved { expected, found })));
            if expected != found {
                continue;
            }
            if append.size_after().is_none_or(|after| after.get() > LEAVES_MAX) {
                let problem = "the ledger would have too many entries";
                return Err(StoreError::AppendMalformed { ledger: append.ledger, problem });
            }
            let sign = mem::replace(&mut append.sign, Box::new(|_, _| None));
            asked.push(Asked { place, append, sign: Some(sign), signed: None });
        }
        Ok((asked, outcomes))
    }

    /// Makes room for a frame, and returns where it begins.
    fn begin(&self, tail: &mut Tail, asked: &[Asked]) -> Result<u64, StoreError> {
        let leaves = asked.iter().flat_map(|one| &one.append.leaves).map(|(_, leaf)| long(leaf.len()) + 128);
        let needed_bytes = FREE_BYTES_MIN + leaves.sum::<u64>();
        let disk = &self.inner.segments.disk;
        let free_bytes = disk.free_bytes().map_err(|source| StoreError::Disk { doing: "asking for room", source })?;
        if free_bytes < needed_bytes {
            return Err(StoreError::DiskFull { path: disk.place(), free_bytes, needed_bytes });
        }
        tail.roll(&self.inner.segments, self.segment_bytes).map_err(|failed| match failed {
            Failed::Harmless(source) => StoreError::Disk { doing: "beginning a file of the log", source },
            Failed::Fatal(source) => {
                let source = StoreError::Disk { doing: "ending a file of the log", source };
                self.inner.stop(&source);
                source
            }
        })?;
        Ok(tail.next())
    }

    /// Writes a frame, all but synced; `None` if nobody signs any of its roots.
    fn write(
        &self,
        tail: &mut Tail,
        buffers: &mut Buffers,
        asked: &mut Vec<Asked>,
        outcomes: &mut Outcomes,
    ) -> Result<Option<Frame>, StoreError> {
        let writing = |source| StoreError::Disk { doing: "writing the log", source };
        let (offset, sequence) = (tail.next(), tail.position.sequence + 1);
        loop {
            let Buffers { body, read } = buffers;
            let wrote = write_body(self.inner.segments.log, sequence, asked.iter().map(|one| &one.append), body);
            wrote.ok_or_else(|| too_large(asked))?;
            tail.write(offset, body).map_err(writing)?;
            read_back(tail, offset, body.len(), read)?;
            let refused = sign_all(body, read, asked).ok_or_else(unlike)?;
            if refused.is_empty() {
                let notes: Vec<&str> =
                    asked.iter().filter_map(|one| one.signed.as_ref()).map(|(_, note)| &**note).collect();
                let notes = write_notes(&tail.position.check, read, &notes);
                let (notes, check) = notes.ok_or_else(|| too_large(asked))?;
                let at = offset + long(read.len());
                tail.write(at, &notes).map_err(writing)?;
                // Over the body, which was compared and is not needed any more.
                read_back(tail, at, notes.len(), body)?;
                if *body != notes {
                    return Err(unlike());
                }
                read.extend_from_slice(&notes);
                return Ok(Some(Frame { offset, sequence, check, bytes: mem::take(read).into() }));
            }
            // Nothing of what is not signed stays, and nothing was promised of the others: the frame is written anew.
            tail.cut().map_err(writing)?;
            let left_out: HashSet<usize> = refused.iter().map(|(place, _)| *place).collect();
            for (place, differs) in refused {
                if let Some(outcome) = outcomes.get_mut(place) {
                    *outcome = Err(differs);
                }
            }
            asked.retain(|one| !left_out.contains(&one.place));
            if asked.is_empty() {
                return Ok(None);
            }
        }
    }

    /// Takes back what was written of a frame.
    fn cut(&self, tail: &mut Tail) {
        if let Err(source) = tail.cut() {
            self.inner.stop(&StoreError::Disk { doing: "taking back what was written of a frame", source });
        }
    }

    /// Makes a frame durable, and lets it be seen.
    fn seal(&self, end: &mut End, frame: &Frame) -> Result<(), StoreError> {
        let failed = |doing| move |source: io::Error| StoreError::Disk { doing, source };
        let inner = &self.inner;
        end.tail.file.sync_data().map_err(failed("syncing the log"))?;
        let position = Position { offset: frame.end(), sequence: frame.sequence, check: frame.check };
        end.tail.position = position;
        // Only now: the mark must never be ahead of what is durable.
        end.mark.write(inner.segments.log, &position).map_err(failed("writing the high-water mark"))?;
        // Readers learn of the new sizes last.
        let mut recent = whole(inner.recent.write());
        let update = whole(inner.ledgers.write()).take_with(frame, |update| recent.put(update));
        drop(recent);
        inner.queue.push(update.ok_or(StoreError::Stopped)?);
        Ok(())
    }
}

/// Reads over what is in `into`.
fn read_back(tail: &Tail, offset: u64, bytes: usize, into: &mut Vec<u8>) -> Result<(), StoreError> {
    into.clear();
    into.resize(bytes, 0);
    let reading = |source| StoreError::Disk { doing: "reading back the log", source };
    tail.file.read_at(into, offset - tail.start).map_err(reading)
}

/// Frames larger than this give their memory back.
const BUFFER_BYTES_MAX: usize = 4 * 1024 * 1024;

impl Buffers {
    /// Takes the memory of a frame back that nobody needs any more.
    fn take_back(&mut self, frame: Bytes) {
        // Copies nothing unless somebody still holds it.
        self.read = frame.into();
        for buffer in [&mut self.body, &mut self.read] {
            buffer.clear();
            buffer.shrink_to(BUFFER_BYTES_MAX);
        }
    }
}

/// Lets every append be signed whose leaves and nodes `read` holds; returns the others by their places. `None` if what was read
/// back is no frame.
fn sign_all(written: &[u8], read: &[u8], asked: &mut [Asked]) -> Option<Vec<(usize, NotAppended)>> {
    let framed = read_body(read).filter(|framed| framed.len() == asked.len())?;
    let mut refused = Vec::new();
    for (framed, one) in framed.iter().zip(asked) {
        let nodes = one.append.nodes.iter().map(|(_, digest)| *digest);
        let leaves = framed.leaves().map(|(_, leaf)| leaf);
        let hashed = rehash(one.append.before.clone(), leaves, nodes).and_then(|after| {
            let (from, upto) = framed.span;
            if read.get(from..upto) != written.get(from..upto) {
                return Err(differs(after.size(), after.root()));
            }
            match (&one.signed, one.sign.take()) {
                (Some((root, _)), _) if *root == after.root() => Ok(()),
                (None, Some(by)) => {
                    let note = sign(&after, by)?;
                    one.signed = Some((after.root(), note));
                    Ok(())
                }
                _ => Err(differs(after.size(), after.root())),
            }
        });
        refused.extend(hashed.err().map(|differs| (one.place, differs)));
    }
    // Beside the appends there is only the header.
    let header = framed.first().map_or(0, |first| first.span.0);
    (read.get(..header) == written.get(..header)).then_some(refused)
}

fn unlike() -> StoreError {
    let source = io::Error::new(io::ErrorKind::InvalidData, "it reads back unlike it was written");
    StoreError::Disk { doing: "writing the log", source }
}

fn too_large(asked: &[Asked]) -> StoreError {
    match asked.first() {
        Some(one) => StoreError::AppendMalformed { ledger: one.append.ledger, problem: "the commit is too large" },
        None => StoreError::Stopped,
    }
}
