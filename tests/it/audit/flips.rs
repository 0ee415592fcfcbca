//! Every byte of a bundle changed in turn: the audit notices each, and names the entry where the byte belongs to one.

use std::{num::NonZero, ops::Range, thread};

use counterfoil::audit::{Options, audit};

use crate::audit::{audited, bundle, knowing_the_log, leaves, log_key, signer, story};

/// Where each entry of a bundle stands: its length, its leaf bytes, its leaf hash.
fn places(leaves: &[Vec<u8>], head: usize) -> Vec<Range<usize>> {
    let mut at = head;
    let place = |leaf: &Vec<u8>| {
        let from = at;
        at += 4 + leaf.len() + 32;
        from..at
    };
    leaves.iter().map(place).collect()
}

struct Flips {
    bundle: Vec<u8>,
    places: Vec<Range<usize>>,
}

impl Flips {
    fn of(name: &str) -> Self {
        let entries = story(name);
        let bundle = bundle(&entries);
        let head = 22 + 2 + signer(&entries, log_key()).verifier().vkey().len() + 8;
        Self { bundle, places: places(&leaves(&entries), head) }
    }

    /// Flips one bit and says what the audit missed, if it missed something.
    fn missed(&self, at: usize, bit: usize, options: &Options) -> Option<String> {
        let mut changed = self.bundle.clone();
        changed[at] ^= 1 << bit;
        let found = audit(changed.as_slice(), options);
        if found.report.is_sound() {
            return Some(format!("byte {at}, bit {bit} was not noticed"));
        }
        let entry = u64::try_from(self.places.iter().position(|place| place.contains(&at))?).unwrap();
        let named = found.report.findings.iter().any(|finding| finding.entry == Some(entry));
        (!named).then(|| format!("byte {at}, bit {bit} is of entry {entry}, which is not named:\n{}", found.report))
    }

    /// Tries flips on all cores.
    fn all_noticed(&self, flips: &[(usize, usize)], options: &Options) {
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        thread::scope(|scope| {
            for part in flips.chunks(flips.len().div_ceil(cores)) {
                scope.spawn(move || {
                    let missed: Vec<_> = part.iter().filter_map(|(at, bit)| self.missed(*at, *bit, options)).collect();
                    assert!(missed.is_empty(), "{}", missed.join("\n"));
                });
            }
        });
    }
}

const STORY: &str = "a_settlement_says_exactly_what_the_rule_gives 1";

#[test]
fn one_flipped_bit_in_any_byte_is_noticed_and_its_entry_named() {
    let flips = Flips::of(STORY);
    assert!(audited(&flips.bundle).report.is_sound());
    assert_eq!(flips.places.len(), 6, "a few entries, so that one can be named wrongly");
    let all: Vec<_> = (0..flips.bundle.len()).map(|at| (at, at % 8)).collect();
    flips.all_noticed(&all, &knowing_the_log());
}

#[test]
fn any_flipped_bit_of_head_second_entry_and_checkpoint_is_noticed_without_the_readers_key_too() {
    let flips = Flips::of(STORY);
    let (head, tail) = (0..flips.places[0].start, flips.places.last().unwrap().end..flips.bundle.len());
    let bytes = head.chain(flips.places[1].clone()).chain(tail);
    let all: Vec<_> = bytes.flat_map(|at| (0..8).map(move |bit| (at, bit))).collect();
    flips.all_noticed(&all, &Options { log_key: None, file: String::new() });
}

#[test]
fn a_bundle_cut_anywhere_is_unsound() {
    let flips = Flips::of(STORY);
    for length in 0..flips.bundle.len() {
        let found = audited(&flips.bundle[..length]);
        assert!(!found.report.is_sound(), "{length} bytes");
    }
    let longer = [flips.bundle.as_slice(), b"\n"].concat();
    assert!(!audited(&longer).report.is_sound());
}
