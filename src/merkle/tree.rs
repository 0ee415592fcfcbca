//! The frontier: what appending needs, O(log n) memory, one inner node per leaf on average.
//!
//! Never keeps a leaf, and never the ragged right edge: only perfect subtrees, which no later leaf changes
//! (the compact range of transparency-dev/merkle).

use crate::{
    digest::Digest,
    merkle::{
        hash::{empty_root, node_hash},
        index::{NodeIndex, TreeSize, peaks},
        proof::Nodes,
    },
};

/// The roots of the perfect subtrees of a tree, largest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    /// As many as `size` has one-bits.
    stack: Vec<Digest>,
}

impl Frontier {
    /// Returns the frontier of the tree without leaves.
    #[must_use]
    pub const fn empty() -> Self {
        Self { size: 0, stack: Vec::new() }
    }

    /// Gathers the frontier of the first `size` leaves from stored nodes; reads at most 63.
    ///
    /// Errors: those of `nodes`.
    pub fn gather<N: Nodes>(nodes: &N, size: TreeSize) -> Result<Self, N::Error> {
        let stack = peaks(size).map(|peak| nodes.node(peak)).collect::<Result<_, _>>()?;
        Ok(Self { size: size.get(), stack })
    }

    /// Appends a leaf by its hash, and hands every perfect subtree that it completes to `completed`, the leaf first.
    pub fn push(&mut self, leaf_hash: Digest, mut completed: impl FnMut(NodeIndex, Digest)) {
        let mut node = NodeIndex { level: 0, index: self.size };
        let mut root = leaf_hash;
        completed(node, root);
        // An odd index is a right child, whose sibling is what the stack ends in.
        while node.index & 1 == 1 {
            let left = self.stack.pop().expect("the stack has one root per one-bit of the size");
            root = node_hash(&left, &root);
            node = NodeIndex { level: node.level + 1, index: node.index >> 1 };
            completed(node, root);
        }
        self.stack.push(root);
        self.size += 1;
    }

    /// Returns the number of leaves.
    #[must_use]
    pub const fn size(&self) -> TreeSize {
        TreeSize::new(self.size).expect("nobody pushes 2^63 leaves one by one")
    }

    /// Returns the root.
    #[must_use]
    pub fn root(&self) -> Digest {
        let folded = self.stack.iter().rev().copied().reduce(|right, left| node_hash(&left, &right));
        folded.unwrap_or_else(empty_root)
    }

    /// Returns the perfect subtrees with their coordinates, largest first.
    pub fn nodes(&self) -> impl Iterator<Item = (NodeIndex, Digest)> + '_ {
        peaks(self.size()).zip(self.stack.iter().copied())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::Frontier;
    use crate::{
        digest::Digest,
        merkle::{
            hash::{empty_root, leaf_hash},
            index::NodeIndex,
            overlay::Overlay,
        },
    };

    #[test]
    fn the_eight_leaves_of_the_reference_have_their_known_root() {
        let leaves =
            ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
        let mut frontier = Frontier::empty();
        assert_eq!(frontier.root(), empty_root());
        for leaf in leaves {
            frontier.push(leaf_hash(&hex::decode(leaf).unwrap()), |_, _| ());
        }
        assert_eq!(frontier.root().to_string(), "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");
        assert_eq!(frontier.size().get(), 8);
    }

    #[test]
    fn each_perfect_subtree_is_completed_once_the_leaf_first() {
        let mut frontier = Frontier::empty();
        let mut completed = HashMap::new();
        for leaf in 0..64_u64 {
            let mut levels = Vec::new();
            frontier.push(Digest::of(&[&leaf.to_be_bytes()]), |node, digest| {
                levels.push(node.level);
                assert_eq!(completed.insert(node, digest), None, "{node:?}");
            });
            let ones = u8::try_from(leaf.trailing_ones()).unwrap();
            assert_eq!(levels, (0..=ones).collect::<Vec<_>>());
        }
        assert_eq!(completed.len(), 127);
        assert_eq!(completed[&NodeIndex { level: 6, index: 0 }], frontier.root());
    }

    #[test]
    fn a_frontier_gathered_from_its_nodes_goes_on_like_the_first() {
        let mut frontier = Frontier::empty();
        for leaf in 0..200_u64 {
            let overlay = Overlay::over(&frontier);
            let gathered = Frontier::gather(&overlay, frontier.size()).unwrap();
            assert_eq!(gathered, frontier);
            frontier.push(Digest::of(&[&leaf.to_be_bytes()]), |_, _| ());
        }
    }
}
