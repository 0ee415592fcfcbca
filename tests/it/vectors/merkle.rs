//! Proofs of the Merkle tree: the mutations of transparency-dev/merkle, and a reference log of up to 300 leaves.

use std::{
    fs,
    path::{Path, PathBuf},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use counterfoil::{
    digest::Digest,
    merkle::{
        hash::leaf_hash,
        index::{LeafIndex, TreeSize},
        overlay::Overlay,
        proof::{check_consistency, check_inclusion, prove_consistency, prove_inclusion, root_at},
        tree::Frontier,
    },
};
use serde::{Deserialize, de::DeserializeOwned};

use crate::common;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Inclusion {
    leaf_idx: u64,
    tree_size: u64,
    root: Option<String>,
    leaf_hash: Option<String>,
    proof: Option<Vec<String>>,
    want_err: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Consistency {
    size1: u64,
    size2: u64,
    root1: Option<String>,
    root2: Option<String>,
    proof: Option<Vec<String>>,
    want_err: bool,
}

/// Reads a hash as the wire does: base64 of 32 bytes, or none.
fn digest(text: Option<&str>) -> Option<Digest> {
    Digest::try_from(STANDARD.decode(text?).ok()?.as_slice()).ok()
}

fn path(proof: Option<&[String]>) -> Option<Vec<Digest>> {
    proof.unwrap_or_default().iter().map(|hash| digest(Some(hash))).collect()
}

impl Inclusion {
    fn holds(&self) -> Option<()> {
        let (root, leaf_hash) = (digest(self.root.as_deref())?, digest(self.leaf_hash.as_deref())?);
        let (index, size) = (LeafIndex::new(self.leaf_idx), TreeSize::new(self.tree_size)?);
        check_inclusion(index, size, &leaf_hash, &path(self.proof.as_deref())?, &root).ok()
    }
}

impl Consistency {
    fn holds(&self, root: impl Fn(Option<&str>) -> Option<Digest>) -> Option<()> {
        let (first, second) = (TreeSize::new(self.size1)?, TreeSize::new(self.size2)?);
        let (first_root, second_root) = (root(self.root1.as_deref())?, root(self.root2.as_deref())?);
        check_consistency(first, &first_root, second, &second_root, &path(self.proof.as_deref())?).ok()
    }
}

fn read<T: DeserializeOwned>(path: &Path) -> T {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(files_below(&path)) } else { files.push(path) }
    }
    files
}

#[test]
fn mutated_inclusion_proofs_get_their_published_verdict() {
    let Some(folder) = common::shared("vectors/rfc6962-merkle/testdata/inclusion") else { return };
    let files = files_below(&folder);
    for file in &files {
        let case: Inclusion = read(file);
        assert_eq!(case.holds().is_none(), case.want_err, "{}", file.display());
    }
    assert_eq!(files.len(), 98);
}

#[test]
fn mutated_consistency_proofs_get_their_published_verdict() {
    let Some(folder) = common::shared("vectors/rfc6962-merkle/testdata/consistency") else { return };
    let files = files_below(&folder);
    for file in &files {
        let case: Consistency = read(file);
        // In this folder the roots are words ("don't care 2") that differ or not: their digests do the same.
        let words = file.parent().is_some_and(|folder| folder.ends_with("additional"));
        let word = |root: Option<&str>| Some(Digest::of(&[&STANDARD.decode(root?).ok()?]));
        let found = if words { case.holds(word) } else { case.holds(digest) };
        assert_eq!(found.is_none(), case.want_err, "{}", file.display());
    }
    assert_eq!(files.len(), 98);
}

#[derive(Deserialize)]
struct Roots {
    roots_hex: Vec<String>,
}

#[derive(Deserialize)]
struct Cases<T> {
    cases: Vec<T>,
}

#[derive(Deserialize)]
struct InclusionCase {
    size: u64,
    index: u64,
    proof_hex: Vec<String>,
}

#[derive(Deserialize)]
struct ConsistencyCase {
    first: u64,
    second: u64,
    proof_hex: Vec<String>,
}

fn reference_leaf(index: u64) -> Digest {
    leaf_hash(format!("entry-{index}").as_bytes())
}

/// Grows the reference log and returns its nodes; its root at every size must be the published one.
fn reference(roots: &[String]) -> Overlay {
    let (mut frontier, mut nodes) = (Frontier::empty(), Overlay::default());
    for (index, root) in (0..).zip(roots) {
        assert_eq!(frontier.root().to_string(), *root, "size {index}");
        assert_eq!(root_at(&nodes, TreeSize::new(index).unwrap()).unwrap(), frontier.root());
        frontier.push(reference_leaf(index), |node, digest| nodes.insert(node, digest));
    }
    nodes
}

fn hex(path: &[Digest]) -> Vec<String> {
    path.iter().map(ToString::to_string).collect()
}

#[test]
fn roots_and_proofs_of_the_reference_log_are_the_published_ones() {
    let Some(folder) = common::shared("vectors/generated") else { return };
    let roots = read::<Roots>(&folder.join("rfc6962_roots_0_300.json")).roots_hex;
    assert_eq!(roots.len(), 301);
    let nodes = reference(&roots);
    let root = |size: TreeSize| root_at(&nodes, size).unwrap();

    let inclusion = read::<Cases<InclusionCase>>(&folder.join("rfc6962_inclusion.json")).cases;
    assert_eq!(inclusion.len(), 141);
    for InclusionCase { size, index, proof_hex } in inclusion {
        let (index, size) = (LeafIndex::new(index), TreeSize::new(size).unwrap());
        let path = prove_inclusion(&nodes, index, size).unwrap();
        assert_eq!(hex(&path), proof_hex, "leaf {index} of {size}");
        assert_eq!(check_inclusion(index, size, &reference_leaf(index.get()), &path, &root(size)), Ok(()));
    }

    let consistency = read::<Cases<ConsistencyCase>>(&folder.join("rfc6962_consistency.json")).cases;
    assert_eq!(consistency.len(), 351);
    for ConsistencyCase { first, second, proof_hex } in consistency {
        let (first, second) = (TreeSize::new(first).unwrap(), TreeSize::new(second).unwrap());
        let path = prove_consistency(&nodes, first, second).unwrap();
        assert_eq!(hex(&path), proof_hex, "{first} to {second}");
        assert_eq!(check_consistency(first, &root(first), second, &root(second), &path), Ok(()));
    }
}
