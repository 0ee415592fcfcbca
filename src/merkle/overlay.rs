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

use std::collections::HashMap;

use crate::{
    digest::Digest,
    merkle::{index::NodeIndex, proof::Nodes, tree::Frontier},
};

/// Nodes in memory; one that was not put in is missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overlay {
    nodes: HashMap<NodeIndex, Digest>,
}

impl Overlay {
    /// Begins with the nodes of `frontier`.
    #[must_use]
    pub fn over(frontier: &Frontier) -> Self {
        Self { nodes: frontier.nodes().collect() }
    }

    /// Puts a node in.
    pub fn insert(&mut self, node: NodeIndex, digest: Digest) {
        self.nodes.insert(node, digest);
    }
}

impl Nodes for Overlay {
    type Error = NodeMissing;

    fn node(&self, node: NodeIndex) -> Result<Digest, NodeMissing> {
        self.nodes.get(&node).copied().ok_or(NodeMissing { node })
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
                for index in (old..new).map(LeafIndex::new) {
                    let path = prove_inclusion(&overlay, index, size).unwrap();
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
