//! What is submitted: statements that were signed beforehand, the order they go in, and the index that each was given.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use bytes::Bytes;
use counterfoil::{envelope::Envelope, proto::counterfoil::v1};
use prost::Message as _;

use crate::{
    check::Proved,
    parties::{Agreement, Failed, Shape, on_every_core},
};

/// A statement, and the agreement it belongs to by its place among all.
pub struct Item {
    pub agreement: usize,
    pub envelope: Envelope,
}

impl Item {
    pub fn to_proto(&self) -> v1::Envelope {
        let Envelope { payload_type, payload, key, signature } = &self.envelope;
        v1::Envelope {
            payload_type: payload_type.clone(),
            payload: payload.clone(),
            key: key.to_vec().into(),
            signature: signature.to_vec().into(),
        }
    }

    /// Reads a statement as it comes over the wire. Errors: it is none.
    pub fn from_wire(agreement: usize, message: Bytes) -> Result<Self, Failed> {
        let v1::Envelope { payload_type, payload, key, signature } = v1::Envelope::decode(message)?;
        let (key, signature) = (key.as_ref().try_into()?, signature.as_ref().try_into()?);
        Ok(Self { agreement, envelope: Envelope { payload_type, payload, key, signature } })
    }

    /// The bytes of its entry: version, time, four lengths, and what they are of.
    fn entry_bytes(&self) -> usize {
        1 + 8 + 4 * 2 + self.envelope.payload_type.len() + self.envelope.payload.len() + 32 + 64
    }
}

/// Statements in the order they are submitted in, some of them more than once.
pub struct Work {
    items: Vec<Item>,
    /// Which of the items is submitted next.
    slots: Vec<usize>,
    /// The index that the log gave each item; [`NONE`] before it did.
    indexes: Vec<AtomicU64>,
    /// How many items have an index.
    answered: AtomicUsize,
}

const NONE: u64 = u64::MAX;
/// A statement is submitted again within so many: some are then still on their way, some long recorded.
const AGAIN_WITHIN: usize = 8_192;

impl Work {
    /// Submits each item once.
    pub fn once(items: Vec<Item>) -> Self {
        let slots = (0..items.len()).collect();
        Self::new(items, slots)
    }

    fn new(items: Vec<Item>, slots: Vec<usize>) -> Self {
        let indexes = items.iter().map(|_| AtomicU64::new(NONE)).collect();
        Self { items, slots, indexes, answered: AtomicUsize::new(0) }
    }

    /// Signs contributions to agreements in turn, on every core, for `count` submissions of which `again` of 100 are of
    /// statements that were submitted before.
    pub fn contributions(
        agreements: &[Agreement],
        first: u64,
        count: usize,
        again: u8,
        shape: &Shape,
    ) -> Result<Self, Failed> {
        let mut random = Random(first | 1);
        let (mut slots, mut fresh) = (Vec::with_capacity(count), 0);
        for _ in 0..count {
            if fresh > 0 && random.below(100) < usize::from(again) {
                slots.push(fresh - 1 - random.below(fresh.min(AGAIN_WITHIN)));
            } else {
                slots.push(fresh);
                fresh += 1;
            }
        }
        let items = on_every_core(fresh, |item| {
            let agreement = item % agreements.len();
            let envelope = agreements[agreement].contribution(first + u64::try_from(item)?, shape)?;
            Ok(Item { agreement, envelope })
        })?;
        Ok(Self::new(items, slots))
    }

    /// How many submissions there are.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// How many different statements were answered.
    pub fn answered(&self) -> usize {
        self.answered.load(Ordering::Relaxed)
    }

    pub fn item(&self, slot: usize) -> &Item {
        &self.items[self.slots[slot]]
    }

    /// Takes the answer to a submission. Errors: the statement had another index before.
    pub fn keep(&self, slot: usize, proved: &Proved) -> Result<(), Failed> {
        let place = &self.indexes[self.slots[slot]];
        let before = place.swap(proved.index, Ordering::Relaxed);
        if before == NONE {
            self.answered.fetch_add(1, Ordering::Relaxed);
        } else if before != proved.index {
            return Err(format!("one statement was given the indexes {before} and {}", proved.index).into());
        }
        Ok(())
    }

    /// The bytes of the entries that were answered.
    pub fn entry_bytes(&self) -> usize {
        let answered = self.items.iter().zip(&self.indexes).filter(|(_, index)| index.load(Ordering::Relaxed) != NONE);
        answered.map(|(item, _)| item.entry_bytes()).sum()
    }

    /// Checks that no two statements share an index of one agreement.
    pub fn check_indexes(&self) -> Result<(), Failed> {
        let given = self.items.iter().zip(&self.indexes);
        let mut given: Vec<(usize, u64)> =
            given.map(|(item, index)| (item.agreement, index.load(Ordering::Relaxed))).collect();
        given.retain(|(_, index)| *index != NONE);
        given.sort_unstable();
        match given.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(format!("two statements share the index {}", pair[0].1).into()),
            None => Ok(()),
        }
    }
}

/// Xorshift: random enough to choose what is submitted again.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap_or(0) % end.max(1)
    }
}
