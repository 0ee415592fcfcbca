//! The nodes that many proofs lead over: those high in a tree, each of which stands in a run of its own.
//!
//! A node never changes once it is durable, so nothing kept here is ever out of date. What was read wrongly is as wrong here as it
//! is on the disk: whoever makes a proof holds it against what was signed.

use quick_cache::sync::Cache;

use crate::{digest::Digest, merkle::index::NodeIndex};

/// Nodes below stand in one run with the leaf that they are read for.
const LEVEL_MIN: u8 = 4;
/// Some 3 MB. All that is above 16 leaves in a ledger of half a million entries.
const NODES_MAX: usize = 32 * 1024;

/// Nodes that were read last, of all ledgers.
pub(super) struct HighNodes {
    kept: Cache<(u32, NodeIndex), Digest>,
}

impl HighNodes {
    pub(super) fn new() -> Self {
        Self { kept: Cache::new(NODES_MAX) }
    }

    /// Returns a node of the ledger with this number.
    pub(super) fn get(&self, ledger: u32, node: NodeIndex) -> Option<Digest> {
        if node.level < LEVEL_MIN { None } else { self.kept.get(&(ledger, node)) }
    }

    /// Keeps a node that is durable, if it is high.
    pub(super) fn put(&self, ledger: u32, node: NodeIndex, digest: Digest) {
        if node.level >= LEVEL_MIN {
            self.kept.insert((ledger, node), digest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::HighNodes;
    use crate::{digest::Digest, merkle::index::NodeIndex};

    #[test]
    fn a_node_is_kept_for_its_own_ledger_and_only_if_it_is_high() {
        let (kept, digest) = (HighNodes::new(), Digest::of(&[b"x"]));
        let [low, high] = [3, 4].map(|level| NodeIndex { level, index: 7 });
        [low, high].iter().for_each(|node| kept.put(1, *node, digest));
        assert_eq!(kept.get(1, high), Some(digest));
        assert_eq!(kept.get(2, high), None, "another ledger's");
        assert_eq!(kept.get(1, NodeIndex { index: 6, ..high }), None, "another place");
        assert_eq!(kept.get(1, low), None, "it is not high");
    }
}
