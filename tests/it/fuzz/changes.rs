//! Changes to bytes, as fuzzers make them, but without looking what they lead to.

use crate::common::Chance;

/// Numbers at the borders of what formats and arithmetic allow.
const BORDERS: [&[u8]; 8] =
    [&[0; 8], &[0xff; 8], &[0xff; 2], &[0x7f, 0xff, 0xff, 0xff], &[0x80], b"0", b"18446744073709551615", b"\n\n"];

/// Changes `bytes` once, perhaps with a part of `other`.
pub(super) fn change(bytes: &mut Vec<u8>, other: &[u8], chance: &mut Chance) {
    let at = chance.below(bytes.len() + 1);
    let upto = at + chance.below(bytes.len() - at + 1).min(chance.below(64) + 1);
    match chance.below(9) {
        0 if at < bytes.len() => bytes[at] ^= 1 << chance.below(8),
        1 if at < bytes.len() => bytes[at] = any(chance),
        2 => drop(bytes.drain(at..upto)),
        3 => bytes.truncate(at),
        4 => bytes.insert(at, any(chance)),
        5 => {
            let again = bytes[at..upto].to_vec();
            bytes.splice(at..at, again);
        }
        6 => drop(bytes.splice(at..upto, BORDERS[chance.below(BORDERS.len())].iter().copied())),
        7 => bytes.extend((0..chance.below(40)).map(|_| any(chance))),
        _ => {
            let from = chance.below(other.len() + 1);
            let length = chance.below(other.len() - from + 1);
            bytes.splice(at..upto, other[from..from + length].iter().copied());
        }
    }
}

fn any(chance: &mut Chance) -> u8 {
    u8::try_from(chance.below(256)).unwrap()
}
