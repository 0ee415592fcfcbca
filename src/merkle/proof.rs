//! Proofs and their checkers (RFC 9162 sections 2.1.3 and 2.1.4): prover and checker side by side.

use crate::{
    digest::Digest,
    merkle::index::{LeafIndex, NodeIndex, TreeSize},
};

/// The most hashes a proof may have.
pub const PROOF_HASHES_MAX: usize = 63;

/// Where the provers find the roots of perfect subtrees.
pub trait Nodes {
    /// Why a node cannot be had.
    type Error;
    /// Returns the root of a perfect subtree.
    fn node(&self, node: NodeIndex) -> Result<Digest, Self::Error>;
}

/// Returns the path that proves leaf `index` in the tree of `size` leaves. `index < size` must hold.
pub fn prove_inclusion<N: Nodes>(nodes: &N, index: LeafIndex, size: TreeSize) -> Result<Vec<Digest>, N::Error> {
    let _ = (nodes, index, size);
    unimplemented!()
}

/// Returns the path that proves the tree of `first` leaves a prefix of that of `second`. `0 < first <= second` must hold.
pub fn prove_consistency<N: Nodes>(nodes: &N, first: TreeSize, second: TreeSize) -> Result<Vec<Digest>, N::Error> {
    let _ = (nodes, first, second);
    unimplemented!()
}

/// Returns the root of the tree of the first `size` leaves.
pub fn root_at<N: Nodes>(nodes: &N, size: TreeSize) -> Result<Digest, N::Error> {
    let _ = (nodes, size);
    unimplemented!()
}

/// Checks an inclusion proof.
pub fn check_inclusion(
    index: LeafIndex,
    size: TreeSize,
    leaf_hash: &Digest,
    path: &[Digest],
    root: &Digest,
) -> Result<(), ProofError> {
    let _ = (index, size, leaf_hash, path, root);
    unimplemented!()
}

/// Checks a consistency proof.
pub fn check_consistency(
    first: TreeSize,
    first_root: &Digest,
    second: TreeSize,
    second_root: &Digest,
    path: &[Digest],
) -> Result<(), ProofError> {
    let _ = (first, first_root, second, second_root, path);
    unimplemented!()
}

/// Why a proof does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProofError {
    /// It leads to another root.
    #[error("the proof does not lead to the root")]
    WrongRoot,
}
