//! Filters: whether any key of a group begins as the one that is sought. One in a hundred says so in vain.
//!
//! A split Bloom filter over the first bytes of each key: every search that the store makes for one statement names that much,
//! and what is not there costs no read. Within 64 bytes, so that asking touches one line of memory.

use crate::digest::Digest;

/// How many bytes of a key are asked about: kind, number of the ledger, and the beginning of an envelope's id.
pub(super) const PREFIX_BYTES: usize = 13;
const LINE_BYTES: usize = 64;
const BITS_FOR_EACH: usize = 10;
/// How many bits stand for a key.
const BITS: u32 = 6;

/// Returns what stands for all keys that begin as this one does.
pub(super) fn beginning(key: &[u8]) -> u64 {
    let digest = Digest::of(&[key.get(..PREFIX_BYTES).unwrap_or(key)]);
    digest.as_bytes().first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

/// Returns what stands for all keys in a range, if they begin alike.
pub(super) fn beginning_of_all(from: &[u8], upto: &[u8]) -> Option<u64> {
    let alike = from.get(..PREFIX_BYTES)? == upto.get(..PREFIX_BYTES)?;
    alike.then(|| beginning(from))
}

/// Makes the filter of a group of keys out of their beginnings.
pub(super) fn write(beginnings: &[u64]) -> Vec<u8> {
    let lines = (beginnings.len() * BITS_FOR_EACH).div_ceil(8 * LINE_BYTES).max(1);
    let mut filter = vec![0; lines * LINE_BYTES];
    for beginning in beginnings {
        for bit in bits(*beginning, lines) {
            filter[bit / 8] |= 1 << (bit % 8);
        }
    }
    filter
}

/// Whether a key may be there that begins so.
pub(super) fn may_hold(filter: &[u8], beginning: u64) -> bool {
    let lines = filter.len() / LINE_BYTES;
    lines == 0 || bits(beginning, lines).all(|bit| filter.get(bit / 8).is_some_and(|byte| byte & (1 << (bit % 8)) != 0))
}

/// The upper half says in which line, nine bits each of the lower where in it, turned for the last.
fn bits(beginning: u64, lines: usize) -> impl Iterator<Item = usize> {
    let size = |number: u64| usize::try_from(number).unwrap_or(0);
    let line = size(beginning >> 32) % lines;
    let within = beginning.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (0..BITS).map(move |bit| line * 8 * LINE_BYTES + size((within >> (9 * bit + 10)) & 511))
}

#[cfg(test)]
mod tests {
    use super::{beginning, beginning_of_all, may_hold, write};

    #[test]
    fn what_is_there_is_always_found_and_what_is_not_seldom() {
        let of = |number: u32| beginning(&[b"i".as_slice(), &number.to_be_bytes(), &[7; 20]].concat());
        for count in [0, 1, 50, 5_000_u32] {
            let filter = write(&(0..count).map(of).collect::<Vec<_>>());
            assert!((0..count).all(|number| may_hold(&filter, of(number))));
            let vain = (10_000..20_000).filter(|number| may_hold(&filter, of(*number))).count();
            assert!(vain <= 250, "{vain} of 10,000 with {count}");
        }
    }

    #[test]
    fn a_range_is_asked_about_only_if_all_of_it_begins_alike() {
        let key = |end: u8| [[3; 13].as_slice(), &[end]].concat();
        assert_eq!(beginning_of_all(&key(1), &key(9)), Some(beginning(&key(4))));
        assert_eq!(beginning_of_all(&[3; 13], &key(9)), Some(beginning(&key(4))));
        assert_eq!(beginning_of_all(&[3; 12], &key(9)), None, "it begins before");
        let mut other = key(9);
        other[12] = 4;
        assert_eq!(beginning_of_all(&key(1), &other), None, "it ends behind");
    }
}
