//! What a ledger in a store must hold, kept beside it, and the appends that make it.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use counterfoil::{
    checkpoint::Checkpoint,
    digest::Digest,
    ledger::LedgerId,
    merkle::{
        hash::leaf_hash,
        index::{LeafIndex, NodeIndex, TreeSize},
        tree::Frontier,
    },
    store::{Append, Head, Store},
};

/// A ledger as it should be kept.
#[derive(Clone, Debug)]
pub(crate) struct Model {
    pub(crate) id: LedgerId,
    pub(crate) leaves: Vec<Bytes>,
    pub(crate) nodes: BTreeMap<(u8, u64), Digest>,
    pub(crate) note: String,
    frontier: Frontier,
}

impl Model {
    pub(crate) fn new(name: &str) -> Self {
        let id = LedgerId::new(Digest::of(&[b"ledger", name.as_bytes()]));
        Self { id, leaves: Vec::new(), nodes: BTreeMap::new(), note: String::new(), frontier: Frontier::empty() }
    }

    pub(crate) fn size(&self) -> u64 {
        u64::try_from(self.leaves.len()).unwrap()
    }

    /// The id of the envelope in a leaf of these tests.
    pub(crate) fn envelope(leaf: &[u8]) -> Digest {
        Digest::of(&[b"envelope", leaf])
    }

    /// Takes leaves in and returns the append that should bring a store there too.
    pub(crate) fn append(&mut self, leaves: impl IntoIterator<Item = Bytes>) -> Append {
        let before = self.frontier.clone();
        let (mut new, mut completed) = (Vec::new(), Vec::new());
        for leaf in leaves {
            self.frontier.push(leaf_hash(&leaf), |node, digest| completed.push((node, digest)));
            new.push((Self::envelope(&leaf), leaf.clone()));
            self.leaves.push(leaf);
        }
        self.nodes.extend(completed.iter().map(|(node, digest)| ((node.level, node.index), *digest)));
        self.note = note(self.id, self.frontier.size(), self.frontier.root());
        let (expected, note) = ((self.frontier.size(), self.frontier.root()), self.note.clone());
        let sign = Box::new(move |size, root| ((size, root) == expected).then_some(note));
        Append { ledger: self.id, before, leaves: new, nodes: completed, sign }
    }

    /// Holds everything a store says of this ledger against what it should be.
    ///
    /// # Panics
    ///
    /// If anything differs.
    pub(crate) fn check(&self, store: &dyn Store) {
        let head =
            (self.size() > 0).then(|| Head { size: TreeSize::new(self.size()).unwrap(), note: self.note.clone() });
        assert_eq!(store.head(self.id).unwrap(), head);
        let read = store.leaves(self.id, LeafIndex::new(0), usize::MAX, usize::MAX).unwrap();
        assert!(read == self.leaves, "{} leaves, {} expected", read.len(), self.leaves.len());
        let wanted: Vec<_> =
            self.nodes.keys().map(|(level, index)| NodeIndex { level: *level, index: *index }).collect();
        let nodes = store.nodes(self.id, &wanted).unwrap();
        assert!(nodes.iter().eq(self.nodes.values()));
        for (index, leaf) in (0..).zip(&self.leaves) {
            assert_eq!(store.find(self.id, Self::envelope(leaf)).unwrap(), Some(LeafIndex::new(index)));
        }
        assert_eq!(store.find(self.id, Digest::of(&[b"never submitted"])).unwrap(), None);
    }
}

/// A checkpoint's note, signed by nobody: stores do not look at signatures.
fn note(id: LedgerId, size: TreeSize, root: Digest) -> String {
    let checkpoint = Checkpoint { origin: format!("log/{:.24}", id.digest().to_string()), size, root };
    format!("{checkpoint}\n\u{2014} log {}\n", STANDARD.encode([0x5a; 5]))
}

/// A leaf that no other is equal to.
pub(crate) fn leaf(number: u64, bytes: usize) -> Bytes {
    let mut leaf = vec![0x5a; bytes.max(8)];
    leaf[..8].copy_from_slice(&number.to_be_bytes());
    leaf.into()
}
