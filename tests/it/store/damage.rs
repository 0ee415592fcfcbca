//! A store whose values were damaged says so, and never returns what was not put there as if it were.

use counterfoil::{
    digest::Digest,
    merkle::index::{LeafIndex, NodeIndex},
    store::{CommitError, Store, StoreError},
};
use sled::Tree;
use std::{thread, time::Duration};

use tempfile::{TempDir, tempdir};

use crate::store::{
    model::{Model, leaf},
    sled::open,
};

/// A ledger of 100 entries in a store, and the store's one tree spoilt by `spoil`.
fn damaged(spoil: impl Fn(&Tree)) -> (TempDir, Model) {
    let folder = tempdir().unwrap();
    let mut model = Model::new("damaged");
    open(folder.path()).commit(vec![model.append((0..100).map(|number| leaf(number, 300)))]).unwrap();
    // It gives its lock back a moment after it was dropped.
    let opened =
        (0..250).find_map(|_| sled::open(folder.path()).inspect_err(|_| thread::sleep(Duration::from_millis(20))).ok());
    let db = opened.unwrap();
    spoil(&db.open_tree("counterfoil").unwrap());
    drop(db);
    (folder, model)
}

/// The keys of one kind of value, in order.
fn keys(tree: &Tree, kind: &str) -> Vec<sled::IVec> {
    tree.scan_prefix(kind).keys().map(Result::unwrap).collect()
}

#[test]
fn a_missing_or_shortened_value_of_leaves_is_named() {
    let remove: fn(&Tree, &[u8]) = |tree, key| drop(tree.remove(key).unwrap());
    let shorten: fn(&Tree, &[u8]) = |tree, key| {
        let value = tree.get(key).unwrap().unwrap();
        tree.insert(key, &value[..value.len() - 1]).unwrap();
    };
    for spoil in [remove, shorten] {
        let (folder, model) = damaged(|tree| spoil(tree, &keys(tree, "e")[4]));
        let store = open(folder.path());
        let all = store.leaves(model.id, LeafIndex::new(0), usize::MAX, usize::MAX);
        assert!(matches!(&all, Err(StoreError::Damaged { what, .. }) if what == "entry 48"), "{all:?}");
        let before = store.leaves(model.id, LeafIndex::new(0), 48, usize::MAX).unwrap();
        assert_eq!(before, model.leaves[..48]);
        let behind = store.leaves(model.id, LeafIndex::new(60), usize::MAX, usize::MAX).unwrap();
        assert_eq!(behind, model.leaves[60..]);
    }
}

#[test]
fn an_append_to_a_damaged_end_is_refused_and_nothing_is_written() {
    for kind in ["e", "n"] {
        let (folder, mut model) = damaged(|tree| {
            let last = if kind == "e" { keys(tree, "e").pop().unwrap() } else { keys(tree, "n")[3].clone() };
            tree.remove(last).unwrap();
        });
        let store = open(folder.path());
        let before = store.head(model.id).unwrap();
        let refused = store.commit(vec![model.append([leaf(100, 300)])]);
        let damaged = matches!(&refused, Err(CommitError::NotWritten { source: StoreError::Damaged { .. } }));
        assert!(damaged, "{kind}: {refused:?}");
        assert_eq!(store.head(model.id).unwrap(), before);
    }
}

#[test]
fn damaged_heads_places_and_nodes_are_errors() {
    let (folder, model) = damaged(|tree| {
        for kind in ["h", "i", "n"] {
            for key in keys(tree, kind) {
                tree.insert(key, "short").unwrap();
            }
        }
    });
    let store = open(folder.path());
    let node = NodeIndex { level: 0, index: 0 };
    assert!(matches!(store.head(model.id), Err(StoreError::Damaged { .. })));
    assert!(matches!(store.ledgers(None, 10), Err(StoreError::Damaged { .. })));
    assert!(matches!(store.leaves(model.id, LeafIndex::new(0), 1, 1), Err(StoreError::Damaged { .. })));
    assert!(matches!(store.nodes(model.id, &[node]), Err(StoreError::Damaged { .. })));
    assert!(matches!(store.find(model.id, Model::envelope(&model.leaves[0])), Err(StoreError::Damaged { .. })));
    assert_eq!(store.find(model.id, Digest::of(&[b"never submitted"])).unwrap(), None);
}
