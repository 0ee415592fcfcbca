//! What every store refuses before it writes, and what it holds against itself before it signs. Written, a wrong append could
//! not be taken back.

use std::collections::HashSet;

use crate::{
    digest::Digest,
    ledger::{LedgerId, entry::ENTRY_BYTES_MAX},
    merkle::{
        hash::leaf_hash,
        index::{NodeIndex, TreeSize},
        tree::Frontier,
    },
    store::{Append, KEY_BYTES_MAX, NotAppended, Sign, StoreError},
};

/// Checks that each ledger comes once, and that leaves and nodes fit together; [`sign`] holds their hashes against each other.
///
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
    let mut nodes = append.nodes.iter().map(|(node, _)| *node);
    for (index, (_, leaf)) in (append.size_before().get()..).zip(&append.leaves) {
        if leaf.len() > ENTRY_BYTES_MAX {
            return Err("a leaf is too large");
        }
        let mut expected = NodeIndex { level: 0, index };
        if nodes.next() != Some(expected) {
            return Err("a node is not one that the leaves complete");
        }
        while expected.index & 1 == 1 {
            expected = NodeIndex { level: expected.level + 1, index: expected.index >> 1 };
            if nodes.next() != Some(expected) {
                return Err("a node is not one that the leaves complete");
            }
        }
    }
    if nodes.next().is_some() { Err("it has more nodes than its leaves complete") } else { Ok(()) }
}

/// Hashes leaves that were read back, pushes them onto the tree before, and returns the tree after.
///
/// Errors: the size and root that they make, if the nodes they complete are not `nodes`: a bit that flipped on the way to the
/// disk or back must not be kept under a signed root.
pub(super) fn rehash<'a>(
    before: Frontier,
    leaves: impl IntoIterator<Item = &'a [u8]>,
    nodes: impl IntoIterator<Item = Digest>,
) -> Result<Frontier, NotAppended> {
    let (mut frontier, mut nodes, mut same) = (before, nodes.into_iter(), true);
    for leaf in leaves {
        frontier.push(leaf_hash(leaf), |_, digest| same &= nodes.next() == Some(digest));
    }
    if same && nodes.next().is_none() { Ok(frontier) } else { Err(differs(frontier.size(), frontier.root())) }
}

/// Lets the tree after an append be signed.
pub(super) fn sign(after: &Frontier, sign: Sign) -> Result<String, NotAppended> {
    let (size, root) = (after.size(), after.root());
    sign(size, root).ok_or(differs(size, root))
}

pub(super) fn differs(size: TreeSize, root: Digest) -> NotAppended {
    NotAppended::RootDiffers { size, root }
}

/// Checks the keys of what is to be kept beside a ledger.
pub(super) fn check_keys<'a>(ledger: LedgerId, keys: impl IntoIterator<Item = &'a [u8]>) -> Result<(), StoreError> {
    match keys.into_iter().find(|key| key.len() > KEY_BYTES_MAX) {
        Some(key) => Err(StoreError::KeyTooLong { ledger, bytes: key.len() }),
        None => Ok(()),
    }
}
