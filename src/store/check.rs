//! What every store refuses before it writes: appends that no sequencer sends. Written, they could not be taken back.

use std::collections::HashSet;

use crate::{
    ledger::entry::ENTRY_BYTES_MAX,
    merkle::{hash::leaf_hash, index::NodeIndex},
    store::{Append, StoreError},
};

/// Checks that each ledger comes once, and that leaves and nodes fit together.
///
/// Leaves are hashed once more: a bit that flipped since they were hashed first must not be kept under a signed root.
/// Errors: [`StoreError::AppendMalformed`].
pub(super) fn check(appends: &[Append]) -> Result<(), StoreError> {
    let mut ledgers = HashSet::with_capacity(appends.len());
    for append in appends {
        let malformed = |problem| StoreError::AppendMalformed { ledger: append.ledger, problem };
        if !ledgers.insert(append.ledger) {
            return Err(malformed("it is the second to this ledger"));
        }
        check_one(append).map_err(malformed)?;
    }
    Ok(())
}

fn check_one(append: &Append) -> Result<(), &'static str> {
    if append.leaves.is_empty() {
        return Err("it has no leaves");
    }
    append.size_after().ok_or("the ledger would have too many entries")?;
    let mut nodes = append.nodes.iter();
    for (index, (_, leaf)) in (append.size_before.get()..).zip(&append.leaves) {
        if leaf.len() > ENTRY_BYTES_MAX {
            return Err("a leaf is too large");
        }
        let mut expected = NodeIndex { level: 0, index };
        let (node, digest) = nodes.next().ok_or("a node is missing")?;
        if *node != expected || *digest != leaf_hash(leaf) {
            return Err("a node is not the hash of its leaf");
        }
        while expected.index & 1 == 1 {
            expected = NodeIndex { level: expected.level + 1, index: expected.index >> 1 };
            if nodes.next().is_none_or(|(node, _)| *node != expected) {
                return Err("a node is not one that the leaves complete");
            }
        }
    }
    if nodes.next().is_some() { Err("it has more nodes than its leaves complete") } else { Ok(()) }
}
