//! Proofs and their checkers (RFC 9162 sections 2.1.3 and 2.1.4): prover and checker side by side.
//!
//! A prover trusts its nodes; a checker trusts nothing but the roots it was given, which must come from a checkpoint
//! whose signature was verified. An inclusion proof must be checked with a leaf hash computed from the entry's own bytes.

use crate::{
    digest::Digest,
    merkle::{
        hash::{empty_root, node_hash},
        index::{LeafIndex, NodeIndex, TreeSize, peaks},
    },
};

/// The most hashes a proof may have (c2sp.org/tlog-witness): as many as any proof in a tree of up to 2^62 leaves needs.
pub const PROOF_HASHES_MAX: usize = 63;

/// Where the provers find the roots of perfect subtrees.
pub trait Nodes {
    /// Why a node cannot be had.
    type Error;
    /// Returns the root of a perfect subtree.
    fn node(&self, node: NodeIndex) -> Result<Digest, Self::Error>;
}

/// Returns the path that proves leaf `index` in the tree of `size` leaves: at most 63 hashes, leaf side first.
///
/// Panics unless `index < size`: who asks on behalf of a stranger checks first. Errors: those of `nodes`.
/// RFC 9162 section 2.1.3.1.
pub fn prove_inclusion<N: Nodes>(nodes: &N, index: LeafIndex, size: TreeSize) -> Result<Vec<Digest>, N::Error> {
    prove_inclusion_with(nodes, index, size, |low| range_root(nodes, low, size.get()))
}

/// Returns the same for a tree whose edge was gathered: who proves many leaves of one tree hashes its edge once.
///
/// Panics unless `index` is in the tree of `edge`. Errors: those of `nodes`.
pub fn prove_inclusion_at<N: Nodes>(nodes: &N, index: LeafIndex, edge: &Edge) -> Result<Vec<Digest>, N::Error> {
    let gathered = |low| edge.roots.binary_search_by_key(&low, |(low, _)| *low).ok().map(|at| edge.roots[at].1);
    prove_inclusion_with(nodes, index, edge.size, |low| {
        gathered(low).map_or_else(|| range_root(nodes, low, edge.size.get()), Ok)
    })
}

/// `edge` gives the root over the leaves from one on to the last.
fn prove_inclusion_with<N: Nodes>(
    nodes: &N,
    index: LeafIndex,
    size: TreeSize,
    edge: impl Fn(u64) -> Result<Digest, N::Error>,
) -> Result<Vec<Digest>, N::Error> {
    assert!(index.get() < size.get(), "leaf {index} is not in a tree of {size} leaves");
    let (mut low, mut high) = (0, size.get());
    let mut path = Vec::new();
    while high - low > 1 {
        let middle = low + left_leaves(high - low);
        if index.get() < middle {
            path.push(if high == size.get() { edge(middle)? } else { range_root(nodes, middle, high)? });
            high = middle;
        } else {
            path.push(range_root(nodes, low, middle)?);
            low = middle;
        }
    }
    path.reverse();
    Ok(path)
}

/// The right edge of a tree: the roots over what begins with each of its perfect subtrees and ends with its last leaf.
#[derive(Clone, Debug)]
pub struct Edge {
    size: TreeSize,
    /// By the first leaf, ascending.
    roots: Vec<(u64, Digest)>,
}

impl Edge {
    /// Gathers the edge of the tree of `size` leaves: one hash for each of its perfect subtrees but the last.
    ///
    /// Errors: those of `nodes`.
    pub fn gather<N: Nodes>(nodes: &N, size: TreeSize) -> Result<Self, N::Error> {
        let peaks: Vec<NodeIndex> = peaks(size).collect();
        let mut roots: Vec<(u64, Digest)> = Vec::with_capacity(peaks.len());
        for peak in peaks.into_iter().rev() {
            let root = nodes.node(peak)?;
            let root = roots.last().map_or(root, |(_, right)| node_hash(&root, right));
            roots.push((peak.index << peak.level, root));
        }
        roots.reverse();
        Ok(Self { size, roots })
    }
}

/// Checks that the leaf of hash `leaf_hash` is at `index` of the tree of `size` leaves that has `root`.
///
/// Errors: [`ProofError`]; a path of the wrong length is refused before anything is hashed.
/// RFC 9162 section 2.1.3.2.
pub fn check_inclusion(
    index: LeafIndex,
    size: TreeSize,
    leaf_hash: &Digest,
    path: &[Digest],
    root: &Digest,
) -> Result<(), ProofError> {
    check_length_limit(path)?;
    if index.get() >= size.get() {
        return Err(ProofError::NotInTree { index, size });
    }
    let (mut node, mut last) = (index.get(), size.get() - 1);
    // Below the level where the ways of this leaf and the last one part there is one hash per level; above it, one
    // where the way comes from the right.
    let inner = 64 - (node ^ last).leading_zeros();
    let border = node.checked_shr(inner).unwrap_or(0).count_ones();
    if u32::try_from(path.len()) != Ok(inner + border) {
        return Err(ProofError::WrongLength { expected: inner + border, found: path.len() });
    }
    let mut computed = *leaf_hash;
    for sibling in path {
        if node & 1 == 1 || node == last {
            computed = node_hash(sibling, &computed);
            // On the right edge: levels where the subtree stands alone have no hash in the path.
            while node & 1 == 0 && node != 0 {
                (node, last) = (node >> 1, last >> 1);
            }
        } else {
            computed = node_hash(&computed, sibling);
        }
        (node, last) = (node >> 1, last >> 1);
    }
    if computed == *root { Ok(()) } else { Err(ProofError::WrongRoot) }
}

/// Returns the path that proves the tree of `first` leaves a prefix of that of `second`: at most 63 hashes.
///
/// Panics unless `0 < first <= second`: who asks on behalf of a stranger checks first. Errors: those of `nodes`.
/// RFC 9162 section 2.1.4.1.
pub fn prove_consistency<N: Nodes>(nodes: &N, first: TreeSize, second: TreeSize) -> Result<Vec<Digest>, N::Error> {
    assert!(first > TreeSize::ZERO && first <= second, "{first} leaves are no prefix of {second} to prove");
    if first == second {
        return Ok(Vec::new());
    }
    let (mut low, mut high) = (0, second.get());
    let mut path = Vec::new();
    while first.get() != high {
        let middle = low + left_leaves(high - low);
        if first.get() <= middle {
            path.push(range_root(nodes, middle, high)?);
            high = middle;
        } else {
            path.push(range_root(nodes, low, middle)?);
            low = middle;
        }
    }
    // Where the first tree is a subtree of the second, the checker has its root already.
    if low > 0 {
        path.push(range_root(nodes, low, high)?);
    }
    path.reverse();
    Ok(path)
}

/// Checks that the tree of `first` leaves and `first_root` is a prefix of that of `second` leaves and `second_root`.
///
/// Errors: [`ProofError`]. `first` of 0 is refused even beside 0, as by the reference: everything extends the empty
/// tree, so there is nothing to prove. RFC 9162 section 2.1.4.2.
pub fn check_consistency(
    first: TreeSize,
    first_root: &Digest,
    second: TreeSize,
    second_root: &Digest,
    path: &[Digest],
) -> Result<(), ProofError> {
    check_length_limit(path)?;
    if first == TreeSize::ZERO {
        return Err(ProofError::FirstEmpty);
    }
    if first > second {
        return Err(ProofError::Shrunk { first, second });
    }
    if first == second {
        if !path.is_empty() {
            return Err(ProofError::WrongLength { expected: 0, found: path.len() });
        }
        return if first_root == second_root { Ok(()) } else { Err(ProofError::WrongRoot) };
    }
    let expected = consistency_path_length(first, second);
    if u32::try_from(path.len()) != Ok(expected) {
        return Err(ProofError::WrongLength { expected, found: path.len() });
    }
    let (seed, rest) = if first.get().is_power_of_two() {
        (first_root, path)
    } else {
        path.split_first().ok_or(ProofError::WrongLength { expected, found: 0 })?
    };
    let shared = (first.get() - 1).trailing_ones();
    let (mut node, mut last) = ((first.get() - 1) >> shared, (second.get() - 1) >> shared);
    let (mut old, mut new) = (*seed, *seed);
    for sibling in rest {
        if node & 1 == 1 || node == last {
            old = node_hash(sibling, &old);
            new = node_hash(sibling, &new);
            while node & 1 == 0 && node != 0 {
                (node, last) = (node >> 1, last >> 1);
            }
        } else {
            new = node_hash(&new, sibling);
        }
        (node, last) = (node >> 1, last >> 1);
    }
    if old == *first_root && new == *second_root { Ok(()) } else { Err(ProofError::WrongRoot) }
}

/// Returns the root of the tree of the first `size` leaves.
///
/// Errors: those of `nodes`.
pub fn root_at<N: Nodes>(nodes: &N, size: TreeSize) -> Result<Digest, N::Error> {
    if size == TreeSize::ZERO { Ok(empty_root()) } else { range_root(nodes, 0, size.get()) }
}

/// Returns the root over the leaves `low..high`, a non-empty range that occurs in the recursion of RFC 6962.
fn range_root<N: Nodes>(nodes: &N, low: u64, high: u64) -> Result<Digest, N::Error> {
    let mut parts = Vec::new();
    let mut at = low;
    while at < high {
        // The largest perfect subtree that begins here and does not reach beyond the range.
        let fits = (high - at).ilog2();
        let level = if at == 0 { fits } else { fits.min(at.trailing_zeros()) };
        let node = NodeIndex { level: u8::try_from(level).expect("a u64 has 64 bits"), index: at >> level };
        parts.push(nodes.node(node)?);
        at += 1 << level;
    }
    let folded = parts.into_iter().rev().reduce(|right, left| node_hash(&left, &right));
    Ok(folded.expect("the range is not empty"))
}

/// Returns how many of `leaves` leaves are in the left subtree: the largest power of two below `leaves`, which is over 1.
fn left_leaves(leaves: u64) -> u64 {
    1 << (leaves - 1).ilog2()
}

/// Returns how many hashes a consistency proof of `0 < first < second` has.
fn consistency_path_length(first: TreeSize, second: TreeSize) -> u32 {
    // It is the inclusion path of the last leaf of the first tree, begun at the largest subtree that ends there.
    let (node, last) = (first.get() - 1, second.get() - 1);
    let shared = node.trailing_ones();
    let (node, last) = (node >> shared, last >> shared);
    let inner = 64 - (node ^ last).leading_zeros();
    let border = node.checked_shr(inner).unwrap_or(0).count_ones();
    // The subtree itself is in the path unless it is the whole first tree.
    inner + border + u32::from(!first.get().is_power_of_two())
}

fn check_length_limit(path: &[Digest]) -> Result<(), ProofError> {
    if path.len() > PROOF_HASHES_MAX { Err(ProofError::TooLong { found: path.len() }) } else { Ok(()) }
}

/// Why a proof does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProofError {
    /// It has more hashes than any proof.
    #[error("the proof has {found} hashes, no proof has more than {PROOF_HASHES_MAX}")]
    TooLong {
        /// How many it has.
        found: usize,
    },
    /// It has another number of hashes than a proof for these sizes.
    #[error("the proof has {found} hashes, a proof for these sizes has {expected}")]
    WrongLength {
        /// How many it should have.
        expected: u32,
        /// How many it has.
        found: usize,
    },
    /// The tree has no such leaf.
    #[error("leaf {index} is not in a tree of {size} leaves")]
    NotInTree {
        /// The leaf.
        index: LeafIndex,
        /// The tree.
        size: TreeSize,
    },
    /// The first tree is empty.
    #[error("nothing is to be proved of the tree without leaves")]
    FirstEmpty,
    /// The second tree is smaller than the first.
    #[error("a tree of {second} leaves does not extend one of {first}")]
    Shrunk {
        /// The size of the first.
        first: TreeSize,
        /// The size of the second.
        second: TreeSize,
    },
    /// It leads to another root.
    #[error("the proof does not lead to the root")]
    WrongRoot,
}

#[cfg(test)]
mod tests;
