//! A few nodes in memory: what proving the entries of a batch needs, without asking a store.
//!
//! Let `old` be the size before a batch and `new` the size after it. The frontier at `old` and the nodes that the batch
//! completes are all that these proofs need, because a subtree left of a new leaf is either a root of the old frontier
//! or was completed by the batch, and one right of it is of the batch:
//!
//! - inclusion of every leaf in `old..new` in the tree of `new` leaves;
//! - consistency of `old` and `new`, and of any two sizes between them;
//! - the roots of all sizes in `old..=new`.
//!
//! ```
//! # use counterfoil::merkle::{hash::leaf_hash, overlay::Overlay, proof::{check_inclusion, prove_inclusion}, tree::Frontier};
//! # use counterfoil::merkle::index::LeafIndex;
//! # let mut frontier = Frontier::empty();
//! # for leaf in 0..5_u8 { frontier.push(leaf_hash(&[leaf]), |_, _| ()); }
//! # let batch = [[5_u8], [6], [7]];
//! let mut overlay = Overlay::over(&frontier);
//! for leaf in &batch {
//!     frontier.push(leaf_hash(leaf), |node, digest| overlay.insert(node, digest));
//! }
//! let index = LeafIndex::new(6);
//! let path = prove_inclusion(&overlay, index, frontier.size())?;
//! check_inclusion(index, frontier.size(), &leaf_hash(&batch[1]), &path, &frontier.root()).unwrap();
//! # Ok::<(), counterfoil::merkle::overlay::NodeMissing>(())
//! ```

use crate::{
    digest::Digest,
    merkle::{
        index::{LeafIndex, NodeIndex, TreeSize},
        proof::{Edge, Nodes, prove_inclusion_at},
        tree::Frontier,
    },
};

/// Nodes in memory; one that was not put in is missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overlay {
    /// By level. The nodes of a level are completed from left to right, so they are neighbours.
    levels: Vec<Level>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Level {
    /// The index of the first node.
    first: u64,
    /// The node of the frontier. Beside the others, so that a level to which nothing is added costs no allocation.
    frontier: Option<Digest>,
    more: Vec<Digest>,
}

impl Overlay {
    /// Begins with the nodes of `frontier`.
    #[must_use]
    pub fn over(frontier: &Frontier) -> Self {
        let size = frontier.size().get();
        let empty = |level: u32| Level { first: size >> level, frontier: None, more: Vec::new() };
        let mut overlay = Self { levels: (0..u64::BITS - size.leading_zeros()).map(empty).collect() };
        for (node, digest) in frontier.nodes() {
            if let Some(level) = overlay.levels.get_mut(usize::from(node.level)) {
                (level.first, level.frontier) = (node.index, Some(digest));
            }
        }
        overlay
    }

    /// Puts a node in. Those of a level come from left to right, as a [`Frontier`] completes them; one that does not follow
    /// is left out.
    pub fn insert(&mut self, node: NodeIndex, digest: Digest) {
        let level = usize::from(node.level);
        if self.levels.len() <= level {
            self.levels.resize_with(level + 1, Level::default);
        }
        if let Some(level) = self.levels.get_mut(level)
            && level.next() == Some(node.index)
        {
            level.more.push(digest);
        }
    }

    /// Returns what proves inclusion in the tree of `size` leaves.
    ///
    /// Errors: [`NodeMissing`], when it is not one of those that can be proved.
    pub fn seal(self, size: TreeSize) -> Result<SealedOverlay, NodeMissing> {
        let edge = Edge::gather(&self, size)?;
        Ok(SealedOverlay { overlay: self, edge })
    }
}

impl Level {
    /// Returns the index of the node that comes next.
    fn next(&self) -> Option<u64> {
        let count = u64::try_from(self.more.len()).ok()?.checked_add(u64::from(self.frontier.is_some()))?;
        self.first.checked_add(count)
    }

    fn get(&self, index: u64) -> Option<Digest> {
        let at = usize::try_from(index.checked_sub(self.first)?).ok()?;
        match self.frontier {
            Some(frontier) if at == 0 => Some(frontier),
            Some(_) => self.more.get(at - 1).copied(),
            None => self.more.get(at).copied(),
        }
    }
}

/// An overlay under one tree: proves many entries, and hashes its right edge once.
#[derive(Clone, Debug)]
pub struct SealedOverlay {
    overlay: Overlay,
    edge: Edge,
}

impl SealedOverlay {
    /// Returns the path of a leaf, as [`crate::merkle::proof::prove_inclusion`].
    ///
    /// Errors: [`NodeMissing`], for a leaf that was there before the batch. Panics for one that is not in the tree.
    pub fn prove_inclusion(&self, index: LeafIndex) -> Result<Vec<Digest>, NodeMissing> {
        prove_inclusion_at(&self.overlay, index, &self.edge)
    }
}

impl Nodes for Overlay {
    type Error = NodeMissing;

    fn node(&self, node: NodeIndex) -> Result<Digest, NodeMissing> {
        let level = self.levels.get(usize::from(node.level));
        level.and_then(|level| level.get(node.index)).ok_or(NodeMissing { node })
    }
}

/// A node that a proof needs is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the node at {node} is missing")]
pub struct NodeMissing {
    /// Which.
    pub node: NodeIndex,
}

#[cfg(test)]
mod tests {
    use super::Overlay;
    use crate::{
        digest::Digest,
        merkle::{
            index::{LeafIndex, TreeSize},
            proof::{check_consistency, check_inclusion, prove_consistency, prove_inclusion, root_at},
            tree::Frontier,
        },
    };

    #[test]
    fn frontier_and_batch_prove_all_entries_of_the_batch() {
        for old in 0..40_u64 {
            for new in old..=old + 20 {
                let leaf = |index: u64| Digest::of(&[&index.to_be_bytes()]);
                let mut frontier = Frontier::empty();
                for index in 0..old {
                    frontier.push(leaf(index), |_, _| ());
                }
                let old_root = frontier.root();
                let mut overlay = Overlay::over(&frontier);
                for index in old..new {
                    frontier.push(leaf(index), |node, digest| overlay.insert(node, digest));
                }
                let size = TreeSize::new(new).unwrap();
                assert_eq!(root_at(&overlay, size), Ok(frontier.root()));
                let sealed = overlay.clone().seal(size).unwrap();
                for index in (old..new).map(LeafIndex::new) {
                    let path = prove_inclusion(&overlay, index, size).unwrap();
                    assert_eq!(sealed.prove_inclusion(index).as_ref(), Ok(&path));
                    check_inclusion(index, size, &leaf(index.get()), &path, &frontier.root()).unwrap();
                }
                for first in (old.max(1)..=new).map(|first| TreeSize::new(first).unwrap()) {
                    let path = prove_consistency(&overlay, first, size).unwrap();
                    let root = root_at(&overlay, first).unwrap();
                    assert!(first.get() != old || root == old_root);
                    check_consistency(first, &root, size, &frontier.root(), &path).unwrap();
                }
            }
        }
    }
}
