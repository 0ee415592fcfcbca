//! The provers against the recursive definition of RFC 6962 section 2.1, and the checkers against the provers.

use proptest::{prelude::any, prop_assert, prop_assert_eq, proptest};

use super::{Nodes, ProofError, check_consistency, check_inclusion, prove_consistency, prove_inclusion, root_at};
use crate::{
    digest::Digest,
    merkle::{
        hash::{empty_root, node_hash},
        index::{LeafIndex, NodeIndex, TreeSize},
        overlay::Overlay,
        tree::Frontier,
    },
};

/// Every pair of sizes up to this one is tried.
const EXHAUSTIVE_SIZE: usize = 132;

fn leaves(count: usize) -> Vec<Digest> {
    (0..count).map(|index| Digest::of(&[&index.to_be_bytes()])).collect()
}

fn grown(leaves: &[Digest]) -> Overlay {
    let mut frontier = Frontier::empty();
    let mut overlay = Overlay::default();
    for leaf in leaves {
        frontier.push(*leaf, |node, digest| overlay.insert(node, digest));
    }
    overlay
}

fn size(leaves: usize) -> TreeSize {
    TreeSize::new(u64::try_from(leaves).unwrap()).unwrap()
}

fn index(leaf: usize) -> LeafIndex {
    LeafIndex::new(u64::try_from(leaf).unwrap())
}

fn split(leaves: &[Digest]) -> usize {
    leaves.len().next_power_of_two() / 2
}

/// MTH of RFC 6962 section 2.1.
fn root(leaves: &[Digest]) -> Digest {
    match leaves {
        [] => empty_root(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(split(leaves));
            node_hash(&root(left), &root(right))
        }
    }
}

/// PATH of RFC 6962 section 2.1.1.
fn path(leaf: usize, leaves: &[Digest]) -> Vec<Digest> {
    if leaves.len() == 1 {
        return Vec::new();
    }
    let (left, right) = leaves.split_at(split(leaves));
    let (mut below, sibling) =
        if leaf < left.len() { (path(leaf, left), root(right)) } else { (path(leaf - left.len(), right), root(left)) };
    below.push(sibling);
    below
}

/// SUBPROOF of RFC 6962 section 2.1.2.
fn subproof(first: usize, leaves: &[Digest], whole: bool) -> Vec<Digest> {
    if first == leaves.len() {
        return if whole { Vec::new() } else { vec![root(leaves)] };
    }
    let (left, right) = leaves.split_at(split(leaves));
    let (mut below, sibling) = if first <= left.len() {
        (subproof(first, left, whole), root(right))
    } else {
        (subproof(first - left.len(), right, false), root(left))
    };
    below.push(sibling);
    below
}

/// What every proof of this pair must be, and what no changed one may be.
fn agrees(nodes: &Overlay, leaves: &[Digest], first: usize, second: usize) {
    let (tree, leaf) = (&leaves[..second], first - 1);
    let second_root = root(tree);
    assert_eq!(root_at(nodes, size(second)), Ok(second_root));

    let inclusion = prove_inclusion(nodes, index(leaf), size(second)).unwrap();
    assert_eq!(inclusion, path(leaf, tree), "leaf {leaf} of {second}");
    assert_eq!(check_inclusion(index(leaf), size(second), &leaves[leaf], &inclusion, &second_root), Ok(()));

    let first_root = root(&tree[..first]);
    let consistency = prove_consistency(nodes, size(first), size(second)).unwrap();
    assert_eq!(consistency, subproof(first, tree, true), "{first} to {second}");
    assert_eq!(check_consistency(size(first), &first_root, size(second), &second_root, &consistency), Ok(()));
}

#[test]
fn every_pair_of_small_sizes_agrees_with_the_recursive_definition() {
    let leaves = leaves(EXHAUSTIVE_SIZE);
    let nodes = grown(&leaves);
    for second in 1..=EXHAUSTIVE_SIZE {
        for first in 1..=second {
            agrees(&nodes, &leaves, first, second);
        }
    }
}

#[test]
fn a_path_of_any_other_length_is_refused() {
    let leaves = leaves(70);
    let nodes = grown(&leaves);
    for second in 1..=70 {
        let second_root = root(&leaves[..second]);
        for first in 1..=second {
            let inclusion = prove_inclusion(&nodes, index(first - 1), size(second)).unwrap();
            let consistency = prove_consistency(&nodes, size(first), size(second)).unwrap();
            let first_root = root(&leaves[..first]);
            for length in (0..10).chain([63]) {
                let resized = |path: &[Digest]| [path, &[leaves[0]; 70]].concat()[..length].to_vec();
                let checked = check_inclusion(
                    index(first - 1),
                    size(second),
                    &leaves[first - 1],
                    &resized(&inclusion),
                    &second_root,
                );
                assert_eq!(checked.is_ok(), length == inclusion.len(), "leaf {} of {second}: {length}", first - 1);
                let checked =
                    check_consistency(size(first), &first_root, size(second), &second_root, &resized(&consistency));
                assert_eq!(checked.is_ok(), length == consistency.len(), "{first} to {second}: {length}");
                assert!(!matches!(checked, Err(ProofError::WrongRoot)), "the length is checked before the root");
            }
        }
    }
}

#[test]
fn what_no_tree_has_is_refused_by_its_own_reason() {
    let digest = empty_root();
    let long = [digest; 64];
    assert_eq!(check_inclusion(index(0), size(1), &digest, &long, &digest), Err(ProofError::TooLong { found: 64 }));
    assert_eq!(check_consistency(size(1), &digest, size(2), &digest, &long), Err(ProofError::TooLong { found: 64 }));
    assert_eq!(
        check_inclusion(index(3), size(3), &digest, &[], &digest),
        Err(ProofError::NotInTree { index: index(3), size: size(3) })
    );
    assert_eq!(check_consistency(size(0), &digest, size(0), &digest, &[]), Err(ProofError::FirstEmpty));
    assert_eq!(
        check_consistency(size(2), &digest, size(1), &digest, &[]),
        Err(ProofError::Shrunk { first: size(2), second: size(1) })
    );
}

/// A tree of equal leaves: huge without a leaf being looked at, because all subtrees of one height are equal.
struct Equal(Vec<Digest>);

impl Equal {
    fn new() -> Self {
        Self(std::iter::successors(Some(empty_root()), |below| Some(node_hash(below, below))).take(63).collect())
    }
}

impl Nodes for Equal {
    type Error = std::convert::Infallible;

    fn node(&self, node: NodeIndex) -> Result<Digest, Self::Error> {
        Ok(self.0[usize::from(node.level)])
    }
}

proptest! {
    #[test]
    fn any_pair_of_sizes_agrees_with_the_recursive_definition(count in 1_usize..700, part in any::<proptest::sample::Index>()) {
        let leaves = leaves(count);
        agrees(&grown(&leaves), &leaves, part.index(count) + 1, count);
    }

    #[test]
    fn no_changed_proof_holds(count in 2_usize..300, part in any::<proptest::sample::Index>(),
                              at in any::<proptest::sample::Index>(), bit in 0_u8..8, byte in 0_usize..32) {
        let leaves = leaves(count);
        let nodes = grown(&leaves);
        let first = part.index(count - 1) + 1;
        let flip = |path: &mut Vec<Digest>| {
            let at = at.index(path.len());
            let mut bytes = *path[at].as_bytes();
            bytes[byte] ^= 1 << bit;
            path[at] = Digest::from_bytes(bytes);
        };
        let (first_root, second_root) = (root(&leaves[..first]), root(&leaves));
        let mut inclusion = prove_inclusion(&nodes, index(first), size(count)).unwrap();
        flip(&mut inclusion);
        let found = check_inclusion(index(first), size(count), &leaves[first], &inclusion, &second_root);
        prop_assert_eq!(found, Err(ProofError::WrongRoot));
        let mut consistency = prove_consistency(&nodes, size(first), size(count)).unwrap();
        flip(&mut consistency);
        let found = check_consistency(size(first), &first_root, size(count), &second_root, &consistency);
        prop_assert_eq!(found, Err(ProofError::WrongRoot));
    }

    #[test]
    fn proofs_of_huge_trees_hold_within_the_limit(sizes in (1_u64..=1 << 62, 1_u64..=1 << 62)) {
        let (first, second) = (sizes.0.min(sizes.1), sizes.0.max(sizes.1));
        let (leaf, first, second) = (LeafIndex::new(first - 1), TreeSize::new(first).unwrap(), TreeSize::new(second).unwrap());
        let nodes = Equal::new();
        let (first_root, second_root) = (root_at(&nodes, first).unwrap(), root_at(&nodes, second).unwrap());
        let path = prove_inclusion(&nodes, leaf, second).unwrap();
        prop_assert_eq!(check_inclusion(leaf, second, &empty_root(), &path, &second_root), Ok(()));
        let path = prove_consistency(&nodes, first, second).unwrap();
        prop_assert_eq!(check_consistency(first, &first_root, second, &second_root, &path), Ok(()));
    }

    #[test]
    fn checkers_take_anything(leaf in any::<u64>(), first in 0_u64..1 << 63, second in 0_u64..1 << 63, hashes in 0_usize..70) {
        let digest = empty_root();
        let path = vec![digest; hashes];
        let (first, second) = (TreeSize::new(first).unwrap(), TreeSize::new(second).unwrap());
        prop_assert!(check_inclusion(LeafIndex::new(leaf), second, &digest, &path, &digest).is_err());
        prop_assert!(first == second || check_consistency(first, &digest, second, &digest, &path).is_err());
    }
}
