//! The tree of a ledger in the making, of which every earlier root can be had again. Its nodes are in the scratch, in the order in
//! which leaves complete them, many under one key.

use std::convert::Infallible;

use bytes::Bytes;

use crate::{
    cli::fsck::scratch::{Kind, Own},
    digest::Digest,
    merkle::{
        index::{NodeIndex, TreeSize},
        proof::{Nodes, root_at},
        tree::Frontier,
    },
};

#[derive(Clone)]
pub(super) struct Tree {
    pub(super) frontier: Frontier,
    own: Own,
    kind: Kind,
    /// The newest nodes, which do not fill a row yet.
    newest: Vec<Digest>,
    /// How many rows are full.
    rows: u64,
}

/// How many nodes are under one key: there are two for each entry, and each key costs far more than a node.
const ROW: usize = 64;

impl Tree {
    pub(super) fn new(own: Own) -> Self {
        Self { frontier: Frontier::empty(), own, kind: Kind::Node, newest: Vec::new(), rows: 0 }
    }

    /// Returns the tree that is the same so far, and grows from here on by the hashes that stand beside the entries.
    pub(super) fn beside(&self) -> Self {
        Self { kind: Kind::NodeBeside, ..self.clone() }
    }

    /// Pushes a leaf; returns the nodes it completes.
    pub(super) fn push(&mut self, leaf_hash: Digest) -> Vec<Digest> {
        let mut completed = Vec::with_capacity(2);
        self.frontier.push(leaf_hash, |_, digest| completed.push(digest));
        for digest in &completed {
            self.newest.push(*digest);
            if self.newest.len() == ROW {
                let row: Vec<u8> = self.newest.drain(..).flat_map(|digest| *digest.as_bytes()).collect();
                self.own.put(self.kind, &self.rows.to_be_bytes(), Some(row.into()));
                self.rows += 1;
            }
        }
        completed
    }

    pub(super) fn root_at(&self, size: TreeSize) -> Digest {
        let Ok(root) = root_at(self, size);
        root
    }

    fn find(&self, node: NodeIndex) -> Option<Digest> {
        let place = place_of(node)?;
        let nodes = u64::try_from(ROW).ok()?;
        let (row, within) = (place / nodes, usize::try_from(place % nodes).ok()?);
        if row == self.rows {
            return self.newest.get(within).copied();
        }
        // What both trees have in common, the first one has.
        let key = row.to_be_bytes();
        let found: Bytes = self.own.get(self.kind, &key).or_else(|| self.own.get(Kind::Node, &key))?;
        Digest::try_from(found.chunks_exact(size_of::<Digest>()).nth(within)?).ok()
    }
}

impl Nodes for Tree {
    type Error = Infallible;

    fn node(&self, node: NodeIndex) -> Result<Digest, Infallible> {
        // It is missing only where the scratch has failed, and then nothing is said in the end.
        Ok(self.find(node).unwrap_or(Digest::from_bytes([0; 32])))
    }
}

/// Returns how many nodes are completed before this one: `n` leaves complete `2n` less the ones in `n` as a binary number, and the leaf
/// that completes this node completes those of lower levels first.
fn place_of(node: NodeIndex) -> Option<u64> {
    let leaves = node.index.checked_add(1)?.checked_mul(1_u64.checked_shl(node.level.into())?)? - 1;
    Some(leaves.checked_mul(2)? - u64::from(leaves.count_ones()) + u64::from(node.level))
}

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, rc::Rc};

    use super::Tree;
    use crate::{
        cli::fsck::scratch::{Own, Scratch},
        digest::Digest,
        merkle::{hash::leaf_hash, index::TreeSize},
    };

    #[test]
    fn every_earlier_root_can_be_had_again_of_both_trees() {
        let mut tree = Tree::new(Own::new(Rc::<RefCell<Scratch>>::default(), 7));
        let leaf = |number: u64| leaf_hash(&number.to_be_bytes());
        let (mut roots, mut beside) = (Vec::new(), None::<(Tree, Vec<Digest>)>);
        for number in 0..700 {
            if number == 333 {
                beside = Some((tree.beside(), roots.clone()));
            }
            tree.push(leaf(number));
            roots.push(tree.frontier.root());
            if let Some((beside, roots)) = &mut beside {
                beside.push(leaf(if number == 333 { 1_000_000 } else { number }));
                roots.push(beside.frontier.root());
            }
        }
        let (beside, roots_beside) = beside.unwrap();
        assert_ne!(roots, roots_beside);
        for size in 1..=700_u64 {
            let (at, size) = (usize::try_from(size).unwrap() - 1, TreeSize::new(size).unwrap());
            assert_eq!((tree.root_at(size), beside.root_at(size)), (roots[at], roots_beside[at]), "at {size}");
        }
    }
}
