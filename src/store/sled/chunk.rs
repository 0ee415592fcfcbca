//! Chunks: several leaves or nodes in one value. One key each would cost three times the time at batches of 256.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use sled::{Batch, Tree};

use crate::{
    ledger::LedgerId,
    merkle::index::{LeafIndex, TreeSize},
    store::{
        Append, StoreError,
        sled::{
            database,
            keys::{CHUNK_LEAVES_MAX, VALUE_BYTES_MAX, leaves_key, leaves_of_key, leaves_prefix, node_chunk},
        },
    },
};

/// Puts the leaves of an append behind those that are there, filling up the last chunk.
pub(super) fn append_leaves(tree: &Tree, append: &Append, batch: &mut Batch) -> Result<(), StoreError> {
    let size = append.size_before().get();
    let mut chunk = match last_chunk(tree, append.ledger, size)? {
        Some(last) if last.fits_more() => last,
        _ => Chunk { first: size, leaves: 0, bytes: Vec::new() },
    };
    for (_, leaf) in &append.leaves {
        if chunk.leaves > 0
            && (chunk.leaves >= CHUNK_LEAVES_MAX || chunk.bytes.len() + 4 + leaf.len() > VALUE_BYTES_MAX)
        {
            let next = chunk.first + u64::try_from(chunk.leaves).unwrap_or(0);
            chunk.put(append.ledger, batch)?;
            chunk = Chunk { first: next, leaves: 0, bytes: Vec::new() };
        }
        chunk.push(append.ledger, leaf)?;
    }
    chunk.put(append.ledger, batch)
}

/// Puts the nodes of an append behind those of their levels.
pub(super) fn append_nodes(tree: &Tree, append: &Append, batch: &mut Batch) -> Result<(), StoreError> {
    let mut chunks: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
    for (node, digest) in &append.nodes {
        let (key, at) = node_chunk(append.ledger, *node);
        if !chunks.contains_key(&key) {
            let there = if at == 0 { None } else { tree.get(&key).map_err(database)? };
            chunks.insert(key.clone(), there.map(|there| there.to_vec()).unwrap_or_default());
        }
        let chunk = chunks.entry(key).or_default();
        if chunk.len() != at {
            let what = format!("the node before node {} of level {}", node.index, node.level);
            return Err(StoreError::Damaged { ledger: append.ledger, what });
        }
        chunk.extend_from_slice(digest.as_bytes());
    }
    for (key, chunk) in chunks {
        batch.insert(key, chunk);
    }
    Ok(())
}

struct Chunk {
    first: u64,
    leaves: usize,
    bytes: Vec<u8>,
}

impl Chunk {
    const fn fits_more(&self) -> bool {
        self.leaves < CHUNK_LEAVES_MAX && self.bytes.len() < VALUE_BYTES_MAX
    }

    fn push(&mut self, ledger: LedgerId, leaf: &[u8]) -> Result<(), StoreError> {
        let too_large = |_| StoreError::AppendMalformed { ledger, problem: "a leaf is too large" };
        let length = u16::try_from(leaf.len()).map_err(too_large)?;
        self.bytes.extend_from_slice(&u32::from(length).to_be_bytes());
        self.bytes.extend_from_slice(leaf);
        self.leaves += 1;
        Ok(())
    }

    fn put(&self, ledger: LedgerId, batch: &mut Batch) -> Result<(), StoreError> {
        for (piece, bytes) in self.bytes.chunks(VALUE_BYTES_MAX).enumerate() {
            let piece = u8::try_from(piece)
                .map_err(|_| StoreError::AppendMalformed { ledger, problem: "a leaf is too large" })?;
            batch.insert(leaves_key(ledger, LeafIndex::new(self.first), piece), bytes);
        }
        Ok(())
    }
}

fn last_chunk(tree: &Tree, ledger: LedgerId, size: u64) -> Result<Option<Chunk>, StoreError> {
    let Some(last) = size.checked_sub(1) else { return Ok(None) };
    let mut chunks = LeafChunks::at(tree, ledger, last)?;
    let first = chunks.next_index;
    let mut chunk = Chunk { first, leaves: 0, bytes: Vec::new() };
    for _ in first..size {
        match chunks.next()? {
            Some(leaf) => chunk.push(ledger, &leaf)?,
            None => return Err(missing(ledger, last)),
        }
    }
    Ok(Some(chunk))
}

/// Reads leaves in order out of their chunks, one chunk in memory.
pub(super) struct LeafChunks {
    ledger: LedgerId,
    values: sled::Iter,
    size: u64,
    next_index: u64,
    read: VecDeque<Bytes>,
}

impl LeafChunks {
    /// Begins at leaf `from` of a ledger of `size` leaves.
    pub(super) fn from(tree: &Tree, ledger: LedgerId, from: LeafIndex, size: TreeSize) -> Result<Self, StoreError> {
        if from.get() >= size.get() {
            let values = tree.scan_prefix([]);
            return Ok(Self { ledger, values, size: 0, next_index: 0, read: VecDeque::new() });
        }
        let mut chunks = Self::at(tree, ledger, from.get())?;
        chunks.size = size.get();
        while chunks.next_index < from.get() {
            chunks.next()?;
        }
        Ok(chunks)
    }

    /// Begins at the chunk that holds leaf `index`, which must be there.
    fn at(tree: &Tree, ledger: LedgerId, index: u64) -> Result<Self, StoreError> {
        let upto = leaves_key(ledger, LeafIndex::new(index), u8::MAX);
        let found = tree.range(leaves_prefix(ledger)..=upto).next_back();
        let (key, _) = found.ok_or_else(|| missing(ledger, index))?.map_err(database)?;
        let (first, _) = leaves_of_key(&key).ok_or_else(|| missing(ledger, index))?;
        let values = tree.range(leaves_key(ledger, first, 0)..=leaves_key(ledger, LeafIndex::new(u64::MAX), u8::MAX));
        Ok(Self { ledger, values, size: index + 1, next_index: first.get(), read: VecDeque::new() })
    }

    /// Returns the next leaf; `None` at the end of the ledger.
    pub(super) fn next(&mut self) -> Result<Option<Bytes>, StoreError> {
        if self.next_index >= self.size {
            return Ok(None);
        }
        if self.read.is_empty() {
            self.read_chunk()?;
        }
        let leaf = self.read.pop_front().ok_or_else(|| missing(self.ledger, self.next_index))?;
        self.next_index += 1;
        Ok(Some(leaf))
    }

    fn read_chunk(&mut self) -> Result<(), StoreError> {
        let damaged = missing(self.ledger, self.next_index);
        let mut bytes = Vec::new();
        loop {
            let Some(found) = self.values.next() else { return Err(damaged) };
            let (key, value) = found.map_err(database)?;
            let expected = LeafIndex::new(self.next_index);
            let pieces = bytes.len() / VALUE_BYTES_MAX;
            if leaves_of_key(&key).map(|(first, piece)| (first, usize::from(piece))) != Some((expected, pieces)) {
                return Err(damaged);
            }
            bytes.extend_from_slice(&value);
            let whole = first_length(&bytes).is_some_and(|length| bytes.len() >= 4 + length);
            if whole {
                break;
            }
        }
        let bytes = Bytes::from(bytes);
        let mut rest = bytes;
        while !rest.is_empty() {
            let Some(length) = first_length(&rest).filter(|length| rest.len() >= 4 + length) else {
                return Err(damaged);
            };
            let mut leaf = rest.split_to(4 + length);
            self.read.push_back(leaf.split_off(4));
        }
        Ok(())
    }
}

fn first_length(bytes: &[u8]) -> Option<usize> {
    let (length, _) = bytes.split_first_chunk()?;
    usize::try_from(u32::from_be_bytes(*length)).ok()
}

fn missing(ledger: LedgerId, index: u64) -> StoreError {
    StoreError::Damaged { ledger, what: format!("entry {index}") }
}
