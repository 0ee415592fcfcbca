//! The keys of the index: a letter for each kind of value, the short number of a ledger, and where in it. Numbers are given in the
//! order in which ledgers stand in the log, so they are the same whenever the index is made anew.

use bytes::Bytes;

use crate::{
    digest::Digest,
    ledger::LedgerId,
    merkle::index::TreeSize,
    store::log::{frame::LogId, ledgers::Kept, run::Place, segments::Position},
};

/// How far the log is in the index: log, offset, number and check of the last frame, count of ledgers and of entries.
pub(super) const APPLIED_KEY: &[u8] = b"a";
/// The format of the index.
pub(super) const FORMAT_KEY: &[u8] = b"v";
pub(super) const FORMAT: &[u8] = b"counterfoil index 1";

/// The most leaves of one ledger: an index has six bytes in the keys.
pub(super) const LEAVES_MAX: u64 = 1 << 48;
/// The most bytes of one piece of a snapshot: sled puts large pages into files of their own that are never synced.
pub(super) const PIECE_BYTES: usize = 6_000;
/// How much of an envelope's id is in a key; the rest is held against the log.
const ID_BYTES: usize = 8;

/// How far the log is in the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Applied {
    pub(super) log: LogId,
    pub(super) position: Position,
    pub(super) ledgers: u32,
    pub(super) entries: u64,
}

impl Applied {
    pub(super) fn write(&self) -> Bytes {
        let mut bytes = self.log.0.to_vec();
        bytes.extend_from_slice(&self.position.offset.to_be_bytes());
        bytes.extend_from_slice(&self.position.sequence.to_be_bytes());
        bytes.extend_from_slice(self.position.check.as_bytes());
        bytes.extend_from_slice(&self.ledgers.to_be_bytes());
        bytes.extend_from_slice(&self.entries.to_be_bytes());
        bytes.into()
    }

    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let (log, rest) = bytes.split_first_chunk()?;
        let (offset, rest) = rest.split_first_chunk()?;
        let (sequence, rest) = rest.split_first_chunk()?;
        let (check, rest) = rest.split_first_chunk()?;
        let (ledgers, entries) = rest.split_first_chunk()?;
        let (offset, sequence) = (u64::from_be_bytes(*offset), u64::from_be_bytes(*sequence));
        Some(Self {
            log: LogId(*log),
            position: Position { offset, sequence, check: Digest::from_bytes(*check) },
            ledgers: u32::from_be_bytes(*ledgers),
            entries: u64::from_be_bytes(entries.try_into().ok()?),
        })
    }
}

/// Ledger: `h`, id. Value: number u32be, size u64be, offset of the note u64be, its length u16be.
pub(super) fn ledger_key(ledger: LedgerId) -> Vec<u8> {
    [b"h", ledger.digest().as_bytes().as_slice()].concat()
}

/// What every ledger's key begins with, and the first key behind them.
pub(super) const LEDGERS: (&[u8], &[u8]) = (b"h", b"i");

pub(super) fn write_kept(kept: &Kept) -> Bytes {
    let mut bytes = kept.number.to_be_bytes().to_vec();
    bytes.extend_from_slice(&kept.size.get().to_be_bytes());
    bytes.extend_from_slice(&kept.note_offset.to_be_bytes());
    bytes.extend_from_slice(&kept.note_bytes.to_be_bytes());
    bytes.into()
}

pub(super) fn read_ledger(key: &[u8], value: &[u8]) -> Option<(LedgerId, Kept)> {
    let id = LedgerId::new(Digest::try_from(key.get(1..)?).ok()?);
    let (number, rest) = value.split_first_chunk()?;
    let (size, rest) = rest.split_first_chunk()?;
    let (note_offset, note_bytes) = rest.split_first_chunk()?;
    let kept = Kept {
        number: u32::from_be_bytes(*number),
        size: TreeSize::new(u64::from_be_bytes(*size))?,
        note_offset: u64::from_be_bytes(*note_offset),
        note_bytes: u16::from_be_bytes(note_bytes.try_into().ok()?),
    };
    Some((id, kept))
}

/// Run: `r`, number, index of its first leaf. Value: offset in six bytes, count u8, length in three bytes.
pub(super) fn run_key(number: u32, first: u64) -> Vec<u8> {
    key(b'r', number, &[&six(first)])
}

pub(super) fn first_of_run(key: &[u8]) -> Option<u64> {
    of_six(key.get(5..)?)
}

pub(super) fn write_place(place: &Place) -> Bytes {
    let count = place.count.to_be_bytes();
    [&six(place.offset)[..], &count[1..], &place.bytes.to_be_bytes()[1..]].concat().into()
}

pub(super) fn read_place(value: &[u8]) -> Option<Place> {
    let [offset @ .., count, b0, b1, b2] = value else { return None };
    let bytes = u32::from_be_bytes([0, *b0, *b1, *b2]);
    Some(Place { offset: of_six(offset)?, count: u16::from(*count), bytes })
}

/// Place of an envelope: `i`, number, the first bytes of its id, index. No value.
pub(super) fn id_key(number: u32, id: &Digest, index: u64) -> Vec<u8> {
    key(b'i', number, &[id_start(id), &six(index)])
}

/// What the keys of all envelopes begin with whose ids begin as this does, and the first key behind them.
pub(super) fn id_keys(number: u32, id: &Digest) -> (Vec<u8>, Vec<u8>) {
    let from = key(b'i', number, &[id_start(id)]);
    let upto = [&from[..], &[0xff; 7]].concat();
    (from, upto)
}

fn id_start(id: &Digest) -> &[u8] {
    id.as_bytes().first_chunk::<ID_BYTES>().expect("a digest is longer")
}

pub(super) fn index_of_id(key: &[u8]) -> Option<u64> {
    of_six(key.get(5 + ID_BYTES..)?)
}

/// A piece of the snapshot beside a ledger: `s`, number, number of the piece u16be. The first begins with the length u32be.
pub(super) fn piece_key(number: u32, piece: u16) -> Vec<u8> {
    key(b's', number, &[&piece.to_be_bytes()])
}

/// What the law keeps beside a ledger: `k`, number, the law's key.
pub(super) fn under_key(number: u32, under: &[u8]) -> Vec<u8> {
    key(b'k', number, &[under])
}

/// Returns the law's key.
pub(super) fn under_of(key: &Bytes) -> Bytes {
    key.slice(key.len().min(5)..)
}

fn key(kind: u8, number: u32, parts: &[&[u8]]) -> Vec<u8> {
    let mut key = Vec::with_capacity(5 + parts.iter().map(|part| part.len()).sum::<usize>());
    key.push(kind);
    key.extend_from_slice(&number.to_be_bytes());
    parts.iter().for_each(|part| key.extend_from_slice(part));
    key
}

/// The last six bytes: neither indexes nor offsets need more.
fn six(number: u64) -> [u8; 6] {
    let [_, _, six @ ..] = number.to_be_bytes();
    six
}

fn of_six(bytes: &[u8]) -> Option<u64> {
    let [a, b, c, d, e, f] = bytes else { return None };
    Some(u64::from_be_bytes([0, 0, *a, *b, *c, *d, *e, *f]))
}

#[cfg(test)]
mod tests {
    use super::{Applied, first_of_run, id_key, id_keys, index_of_id, read_ledger, read_place, run_key};
    use crate::{
        digest::Digest,
        ledger::LedgerId,
        merkle::index::TreeSize,
        store::log::{frame::LogId, ledgers::Kept, run::Place, segments::Position},
    };

    #[test]
    fn what_is_written_is_read() {
        let digest = Digest::of(&[b"x"]);
        let position = Position { offset: 77, sequence: 5, check: digest };
        let applied = Applied { log: LogId([3; 8]), position, ledgers: 9, entries: 1 << 40 };
        assert_eq!(Applied::read(&applied.write()), Some(applied));
        let kept = Kept { number: 7, size: TreeSize::new(1 << 40).unwrap(), note_offset: 1 << 50, note_bytes: 240 };
        let id = LedgerId::new(digest);
        assert_eq!(read_ledger(&super::ledger_key(id), &super::write_kept(&kept)), Some((id, kept)));
        for place in
            [Place { offset: (1 << 48) - 1, count: 16, bytes: 16 * 65_700 }, Place { offset: 0, count: 1, bytes: 130 }]
        {
            assert_eq!(read_place(&super::write_place(&place)), Some(place));
        }
        assert_eq!(first_of_run(&run_key(1, 1 << 47)), Some(1 << 47));
        for index in [0, 5, (1 << 48) - 1] {
            let key = id_key(4, &digest, index);
            let (from, upto) = id_keys(4, &digest);
            assert!((from..upto).contains(&key));
            assert_eq!(index_of_id(&key), Some(index));
        }
    }
}
