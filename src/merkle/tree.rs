//! The frontier: what appending needs, O(log n) memory.

use crate::{
    digest::Digest,
    merkle::index::{NodeIndex, TreeSize},
};

/// The roots of the perfect subtrees of a tree, largest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    stack: Vec<Digest>,
}

impl Frontier {
    /// Returns the frontier of the tree without leaves.
    #[must_use]
    pub const fn empty() -> Self {
        Self { size: 0, stack: Vec::new() }
    }

    /// Appends a leaf by its hash, and hands every perfect subtree that it completes to `completed`, the leaf first.
    pub fn push(&mut self, leaf_hash: Digest, completed: impl FnMut(NodeIndex, Digest)) {
        let _ = (leaf_hash, completed);
        unimplemented!()
    }

    /// Returns the number of leaves.
    #[must_use]
    pub fn size(&self) -> TreeSize {
        unimplemented!()
    }

    /// Returns the root.
    #[must_use]
    pub fn root(&self) -> Digest {
        unimplemented!()
    }
}
