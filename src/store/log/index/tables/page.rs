//! Pages: some keys in order with what stands under them, and a check over all of it.
//!
//! On disk: CRC-32 u32be of what follows; then for each key, as varints, how many bytes it shares with the key before, how many
//! follow, and 0 where the key is removed or the length of its value plus 1; then these bytes, and the value.

use bytes::Buf;
use prost::encoding::{decode_varint, encode_varint};

use crate::store::log::tail::long;

/// Collects keys that come in order.
#[derive(Debug, Default)]
pub(super) struct PageWriter {
    bytes: Vec<u8>,
    first: Vec<u8>,
    last: Vec<u8>,
}

impl PageWriter {
    /// Puts a key behind those that are there; no value: it is removed.
    pub(super) fn put(&mut self, key: &[u8], value: Option<&[u8]>) {
        if self.bytes.is_empty() {
            self.bytes.extend_from_slice(&[0; CHECK_BYTES]);
            self.first = key.to_vec();
            self.last.clear();
        }
        let shared = self.last.iter().zip(key).take_while(|(before, now)| before == now).count();
        let rest = key.get(shared..).unwrap_or_default();
        encode_varint(long(shared), &mut self.bytes);
        encode_varint(long(rest.len()), &mut self.bytes);
        encode_varint(value.map_or(0, |value| long(value.len()) + 1), &mut self.bytes);
        self.bytes.extend_from_slice(rest);
        self.bytes.extend_from_slice(value.unwrap_or_default());
        self.last.truncate(shared);
        self.last.extend_from_slice(rest);
    }

    /// Returns how many bytes there are.
    pub(super) const fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Ends the page and begins the next; returns its first key and its bytes, or none if there is no key.
    pub(super) fn finish(&mut self) -> Option<(Vec<u8>, Vec<u8>)> {
        if self.bytes.is_empty() {
            return None;
        }
        let mut bytes = std::mem::take(&mut self.bytes);
        let check = crc32fast::hash(bytes.get(CHECK_BYTES..).unwrap_or_default());
        if let Some(place) = bytes.first_chunk_mut() {
            *place = check.to_be_bytes();
        }
        Some((std::mem::take(&mut self.first), bytes))
    }
}

const CHECK_BYTES: usize = 4;

/// A page that was read: its keys in full, so that one is found by halving.
#[derive(Debug)]
pub(super) struct Page {
    /// Every key, and its value behind it.
    bytes: Vec<u8>,
    spans: Vec<Span>,
}

#[derive(Clone, Copy, Debug)]
struct Span {
    key: u32,
    value: u32,
    end: u32,
    removed: bool,
}

impl Page {
    /// Reads a page; `None` if its check fails, or it is none.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let (check, mut rest) = bytes.split_first_chunk()?;
        if crc32fast::hash(rest) != u32::from_be_bytes(*check) {
            return None;
        }
        let mut page = Self { bytes: Vec::with_capacity(2 * rest.len()), spans: Vec::new() };
        while rest.has_remaining() {
            let shared = number(&mut rest)?;
            let fresh = number(&mut rest)?;
            let value = number(&mut rest)?;
            let before = page.spans.last().map_or(0..0, |last| index(last.key)..index(last.value));
            if shared > before.len() {
                return None;
            }
            let key = page.bytes.len();
            page.bytes.extend_from_within(before.start..before.start + shared);
            page.bytes.extend_from_slice(rest.split_off(..fresh)?);
            let middle = page.bytes.len();
            page.bytes.extend_from_slice(rest.split_off(..value.saturating_sub(1))?);
            let (key, middle, end) = (u32::try_from(key), u32::try_from(middle), u32::try_from(page.bytes.len()));
            let span = Span { key: key.ok()?, value: middle.ok()?, end: end.ok()?, removed: value == 0 };
            if page.spans.last().is_some_and(|last| page.key_of(*last) >= page.key_of(span)) {
                return None;
            }
            page.spans.push(span);
        }
        Some(page)
    }

    /// Returns how many keys there are.
    pub(super) const fn len(&self) -> usize {
        self.spans.len()
    }

    /// Returns how much memory it takes.
    pub(super) fn memory(&self) -> usize {
        self.bytes.capacity() + self.spans.capacity() * size_of::<Span>()
    }

    /// Returns the key at a place and what stands under it; no value: it is removed.
    pub(super) fn at(&self, place: usize) -> Option<(&[u8], Option<&[u8]>)> {
        let span = self.spans.get(place)?;
        let value = self.bytes.get(index(span.value)..index(span.end)).filter(|_| !span.removed);
        Some((self.key_of(*span), value))
    }

    /// Returns how many keys are smaller than `key`.
    pub(super) fn below(&self, key: &[u8]) -> usize {
        self.spans.partition_point(|span| self.key_of(*span) < key)
    }

    /// Returns how many keys are not greater than `key`.
    pub(super) fn upto(&self, key: &[u8]) -> usize {
        self.spans.partition_point(|span| self.key_of(*span) <= key)
    }

    fn key_of(&self, span: Span) -> &[u8] {
        self.bytes.get(index(span.key)..index(span.value)).unwrap_or_default()
    }
}

fn number(rest: &mut &[u8]) -> Option<usize> {
    decode_varint(rest).ok().and_then(|number| usize::try_from(number).ok())
}

fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::{
        collection::btree_map, collection::vec, option, prelude::any, prop_assert, prop_assert_eq, proptest,
    };

    use super::{Page, PageWriter};

    fn written(keys: &BTreeMap<Vec<u8>, Option<Vec<u8>>>) -> Vec<u8> {
        let mut writer = PageWriter::default();
        keys.iter().for_each(|(key, value)| writer.put(key, value.as_deref()));
        let (first, bytes) = writer.finish().unwrap();
        assert_eq!(Some(&first), keys.keys().next());
        assert!(writer.finish().is_none(), "the next one is empty");
        bytes
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_and_found(
            keys in btree_map(vec(0..4_u8, 0..6), option::of(vec(any::<u8>(), 0..9)), 1..40), asked in vec(0..4_u8, 0..6),
        ) {
            let page = Page::read(&written(&keys)).unwrap();
            let read: BTreeMap<_, _> = (0..page.len())
                .map(|place| page.at(place).unwrap())
                .map(|(key, value)| (key.to_vec(), value.map(<[u8]>::to_vec)))
                .collect();
            prop_assert_eq!(&read, &keys);
            prop_assert_eq!(page.below(&asked), keys.range(..asked.clone()).count());
            prop_assert_eq!(page.upto(&asked), keys.range(..=asked).count());
            prop_assert!(page.at(page.len()).is_none());
        }

        #[test]
        fn a_flipped_bit_is_seen(keys in btree_map(vec(0..4_u8, 1..6), option::of(vec(any::<u8>(), 0..9)), 1..9), bit in any::<proptest::sample::Index>()) {
            let mut bytes = written(&keys);
            let bit = bit.index(8 * bytes.len());
            bytes[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(Page::read(&bytes).is_none());
        }

        #[test]
        fn nothing_that_fits_its_check_makes_it_panic(mut bytes in vec(any::<u8>(), 0..60)) {
            let check = crc32fast::hash(&bytes);
            bytes.splice(0..0, check.to_be_bytes());
            if let Some(page) = Page::read(&bytes) {
                prop_assert!((1..page.len()).all(|place| page.at(place - 1).unwrap().0 < page.at(place).unwrap().0));
            }
        }
    }
}
