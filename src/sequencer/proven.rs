//! What is read of a tree, proved against the last root that was signed: a bit that went bad on the disk since is never signed,
//! nor handed out as a proof.
//!
//! A store holds leaves against their hashes, and those against nothing; when a server starts, it does not read again what is
//! under a snapshot. So every root and path that is made of kept hashes must lead to the checkpoint that covers them all.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use tracing::error;

use crate::{
    checkpoint::{Checkpoint, SignedCheckpoint, note::NoteSigner},
    digest::Digest,
    ledger::LedgerId,
    merkle::{
        hash::{empty_root, leaf_hash},
        index::{LeafIndex, NodeIndex, TreeSize},
        proof::{Nodes, ProofError, check_consistency, check_inclusion, prove_consistency, prove_inclusion, root_at},
    },
    store::{Store, StoreError},
};

/// The size and root of a ledger that were signed, or follow from what was.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    pub(super) size: TreeSize,
    pub(super) root: Digest,
}

impl From<&SignedCheckpoint> for Known {
    fn from(signed: &SignedCheckpoint) -> Self {
        let Checkpoint { size, root, .. } = *signed.checkpoint();
        Self { size, root }
    }
}

/// Makes roots and proofs of the kept hashes of a ledger.
pub(super) struct Proofs<'a> {
    pub(super) store: &'a dyn Store,
    pub(super) ledger: LedgerId,
    /// What they must lead to; it covers everything that is asked for.
    pub(super) known: Known,
}

impl Proofs<'_> {
    /// Returns the root of the first `size` entries; `0 < size`, which is covered.
    ///
    /// Errors: [`StoreError::Damaged`] if what is kept leads elsewhere.
    pub(super) fn root(&self, size: TreeSize) -> Result<Digest, StoreError> {
        let (root, path) =
            self.gather(|kept| Ok((root_at(kept, size)?, prove_consistency(kept, size, self.known.size)?)))?;
        let proved = check_consistency(size, &root, self.known.size, &self.known.root, &path);
        proved.map_err(|error| self.damaged(format!("a hash that the root of {size} entries leads over"), &error))?;
        Ok(root)
    }

    /// Signs a checkpoint of the first `size` entries. Errors: as [`Self::root`].
    pub(super) fn sign(&self, size: TreeSize, signer: &NoteSigner) -> Result<SignedCheckpoint, StoreError> {
        let (origin, root) = (signer.name().to_owned(), self.root(size)?);
        Ok(SignedCheckpoint::sign(Checkpoint { origin, size, root }, signer))
    }

    /// Returns the path that proves a covered leaf. Errors: as [`Self::root`].
    pub(super) fn inclusion(&self, index: LeafIndex, leaf: &[u8]) -> Result<Vec<Digest>, StoreError> {
        let Known { size, root } = self.known;
        let path = self.gather(|kept| prove_inclusion(kept, index, size))?;
        let proved = check_inclusion(index, size, &leaf_hash(leaf), &path, &root);
        proved.map_err(|error| self.damaged(format!("a hash that proves entry {index}"), &error))?;
        Ok(path)
    }

    /// Returns the path that proves one covered size a prefix of another; `0 < first <= second`. Errors: as [`Self::root`].
    pub(super) fn consistency(&self, first: TreeSize, second: TreeSize) -> Result<Vec<Digest>, StoreError> {
        let (before, after) = (self.root(first)?, self.root(second)?);
        let path = self.gather(|kept| prove_consistency(kept, first, second))?;
        let proved = check_consistency(first, &before, second, &after, &path);
        proved.map_err(|error| self.damaged(format!("a hash that leads from {first} to {second} entries"), &error))?;
        Ok(path)
    }

    /// Makes something of hashes that are read in one go: `make` is asked twice, first only for which they are.
    fn gather<R>(&self, make: impl Fn(&Hashes) -> Result<R, StoreError>) -> Result<R, StoreError> {
        let asked = RefCell::default();
        make(&Hashes { ledger: self.ledger, read: Read::NotYet(&asked) })?;
        let places = asked.into_inner();
        let nodes: Vec<NodeIndex> = places.iter().map(|place| place.node()).collect();
        let read = places.into_iter().zip(self.store.nodes(self.ledger, &nodes)?).collect();
        make(&Hashes { ledger: self.ledger, read: Read::Read(&read) })
    }

    fn damaged(&self, what: String, error: &ProofError) -> StoreError {
        let ledger = self.ledger;
        error!(ledger = %ledger.digest(), what, %error, "what is kept does not lead to what was signed, and is not signed: run fsck");
        StoreError::Damaged { ledger, what }
    }
}

/// The leaf that completes a perfect subtree, and the subtree's level: neighbours stand in one place of the disk.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place(u64, u8);

impl Place {
    const fn of(node: NodeIndex) -> Self {
        Self(((node.index + 1) << node.level) - 1, node.level)
    }

    const fn node(self) -> NodeIndex {
        NodeIndex { level: self.1, index: self.0 >> self.1 }
    }
}

/// The hashes of a ledger that something is made of.
struct Hashes<'a> {
    ledger: LedgerId,
    read: Read<'a>,
}

enum Read<'a> {
    NotYet(&'a RefCell<BTreeSet<Place>>),
    Read(&'a BTreeMap<Place, Digest>),
}

impl Nodes for Hashes<'_> {
    type Error = StoreError;

    fn node(&self, node: NodeIndex) -> Result<Digest, StoreError> {
        match self.read {
            Read::NotYet(asked) => {
                asked.borrow_mut().insert(Place::of(node));
                Ok(empty_root())
            }
            Read::Read(read) => {
                let missing = || StoreError::Damaged { ledger: self.ledger, what: format!("the hash at {node}") };
                read.get(&Place::of(node)).copied().ok_or_else(missing)
            }
        }
    }
}
