//! The keys of what is put away: one letter for the kind, then numbers whose greatest digits come first, so that keys stand
//! in ledger order.

use std::ops::Range;

use crate::{agreement::benefit::ReversalPlace, statement::ArtifactDigest};

const CLAIMS: u8 = b'a';
const BENEFIT: u8 = b'b';
const CONTRIBUTION: u8 = b'c';
/// Reversals by the entry of their benefit.
const REVERSAL_OF: u8 = b'o';
/// Reversals by their own entry.
const REVERSAL: u8 = b'r';
const SHEET: u8 = b's';

/// The key of the summary, which stands apart from the others.
pub(super) const SUMMARY: &[u8] = b"";

/// Returns the key of the contribution in an entry.
#[must_use]
pub fn contribution(index: u64) -> Vec<u8> {
    numbered(CONTRIBUTION, &[index])
}

pub(super) fn benefit(index: u64) -> Vec<u8> {
    numbered(BENEFIT, &[index])
}

pub(super) fn reversal(index: u64) -> Vec<u8> {
    numbered(REVERSAL, &[index])
}

pub(super) fn reversal_of((benefit, index): ReversalPlace) -> Vec<u8> {
    numbered(REVERSAL_OF, &[benefit, index])
}

pub(super) fn sheet(first: u64) -> Vec<u8> {
    numbered(SHEET, &[first])
}

pub(super) fn claims(artifact: &ArtifactDigest) -> Vec<u8> {
    // Their lengths tell the two kinds of digest apart.
    [&[CLAIMS], artifact.as_bytes()].concat()
}

/// Returns the keys of all contributions from an entry on.
#[must_use]
pub fn contributions_from(index: u64) -> Range<Vec<u8>> {
    contribution(index)..vec![CONTRIBUTION + 1]
}

/// Returns the keys of all benefits from an entry on.
#[must_use]
pub fn benefits_from(index: u64) -> Range<Vec<u8>> {
    benefit(index)..vec![BENEFIT + 1]
}

/// Returns the keys of all reversals of benefits from an entry on.
#[must_use]
pub fn reversals_from(benefit: u64) -> Range<Vec<u8>> {
    numbered(REVERSAL_OF, &[benefit])..vec![REVERSAL_OF + 1]
}

/// Returns the keys of all reversals of the benefit in an entry.
#[must_use]
pub fn reversals_of(benefit: u64) -> Range<Vec<u8>> {
    let upto = benefit.checked_add(1).map_or_else(|| vec![REVERSAL_OF + 1], |next| numbered(REVERSAL_OF, &[next]));
    numbered(REVERSAL_OF, &[benefit])..upto
}

/// Reads the last number of a key.
pub(super) fn last_number(key: &[u8]) -> Option<u64> {
    key.last_chunk().map(|bytes| u64::from_be_bytes(*bytes))
}

fn numbered(kind: u8, numbers: &[u64]) -> Vec<u8> {
    let mut key = vec![kind];
    numbers.iter().for_each(|number| key.extend_from_slice(&number.to_be_bytes()));
    key
}
