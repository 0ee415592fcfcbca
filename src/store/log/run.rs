//! A run: a few neighbouring leaves of one ledger as they stand in the log, with their envelopes' ids and the nodes they complete.
//!
//! `count u16be`, then for each leaf its length u16be, then the nodes in the order they are completed, 32 bytes each, then the
//! ids, 32 bytes each, then the leaves. So the place of every part follows from the index of the first leaf and the count.

use crate::{
    digest::Digest,
    ledger::entry::ENTRY_BYTES_MAX,
    merkle::index::{NodeIndex, TreeSize},
};

/// The most leaves of a run: what reading one leaf reads along.
pub(super) const RUN_LEAVES_MAX: usize = 16;
/// A run takes no further leaf once its leaves have so many bytes.
const RUN_BYTES: usize = 8 * 1024;

const _: () = assert!(ENTRY_BYTES_MAX <= 0xffff, "the length of a leaf has two bytes");

/// Where a run stands in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Of its first byte.
    pub(super) offset: u64,
    /// How many leaves.
    pub(super) count: u16,
    /// How many bytes.
    pub(super) bytes: u32,
}

/// A run in memory.
#[derive(Clone, Copy)]
pub(super) struct Run<'a> {
    first: u64,
    count: usize,
    nodes: usize,
    bytes: &'a [u8],
}

impl<'a> Run<'a> {
    /// Reads the run that begins at leaf `first` and with the first of `bytes`; `None` if they are too few for it.
    pub(super) fn read(first: u64, bytes: &'a [u8]) -> Option<Self> {
        let (count, _) = bytes.split_first_chunk()?;
        let count = usize::from(u16::from_be_bytes(*count));
        let end = first.checked_add(u64::try_from(count).ok()?)?;
        TreeSize::new(end)?;
        let nodes = usize::try_from(nodes_of(end) - nodes_of(first)).ok()?;
        let mut run = Self { first, count, nodes, bytes };
        let leaves: usize = (0..count).map(|place| run.leaf_bytes(place)).sum::<Option<usize>>()?;
        run.bytes = bytes.get(..run.leaves_at() + leaves)?;
        Some(run)
    }

    pub(super) const fn count(&self) -> usize {
        self.count
    }

    pub(super) const fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Returns id and leaf at a place of the run. Whether it is the leaf whose hash stands there, [`Self::leaf_hash`] tells.
    pub(super) fn leaf(&self, place: usize) -> Option<(Digest, &'a [u8])> {
        let before = (0..place).map(|before| self.leaf_bytes(before)).sum::<Option<usize>>()?;
        let at = self.leaves_at() + before;
        let leaf = self.bytes.get(at..at + self.leaf_bytes(place)?)?;
        let id = self.digest(2 + 2 * self.count + 32 * self.nodes + 32 * place)?;
        Some((id, leaf))
    }

    /// Returns the hash that stands in the run for the leaf at a place of it.
    pub(super) fn leaf_hash(&self, place: usize) -> Option<Digest> {
        let index = self.first + u64::try_from(place).ok()?;
        self.digest(usize::try_from(node_at(self.first, self.count, NodeIndex { level: 0, index })?).ok()?)
    }

    /// Returns the nodes in the order they are completed.
    pub(super) fn nodes(self) -> impl Iterator<Item = Digest> + 'a {
        (0..self.nodes).filter_map(move |place| self.digest(2 + 2 * self.count + 32 * place))
    }

    /// Returns ids and leaves in order.
    pub(super) fn leaves(self) -> impl Iterator<Item = (Digest, &'a [u8])> {
        let mut at = self.leaves_at();
        (0..self.count).filter_map(move |place| {
            let from = at;
            at += self.leaf_bytes(place)?;
            Some((self.digest(2 + 2 * self.count + 32 * self.nodes + 32 * place)?, self.bytes.get(from..at)?))
        })
    }

    fn leaf_bytes(&self, place: usize) -> Option<usize> {
        let (length, _) = self.bytes.get(2 + 2 * place..)?.split_first_chunk()?;
        Some(usize::from(u16::from_be_bytes(*length)))
    }

    const fn leaves_at(&self) -> usize {
        2 + 2 * self.count + 32 * self.nodes + 32 * self.count
    }

    fn digest(&self, at: usize) -> Option<Digest> {
        Digest::try_from(self.bytes.get(at..at + 32)?).ok()
    }
}

/// Writes the runs of leaves from `first` on, with the nodes they complete.
pub(super) fn write_runs<L: AsRef<[u8]>>(
    first: u64,
    leaves: &[(Digest, L)],
    nodes: &[(NodeIndex, Digest)],
    into: &mut Vec<u8>,
) {
    let (mut first, mut leaves, mut nodes) = (first, leaves, nodes);
    while !leaves.is_empty() {
        let (mut count, mut bytes) = (0, 0);
        while count < leaves.len().min(RUN_LEAVES_MAX) && bytes < RUN_BYTES {
            bytes += leaves[count].1.as_ref().len();
            count += 1;
        }
        let (run, rest) = leaves.split_at(count);
        let end = first + u64::try_from(count).unwrap_or(0);
        let completed = usize::try_from(nodes_of(end) - nodes_of(first)).unwrap_or(0).min(nodes.len());
        let (run_nodes, rest_nodes) = nodes.split_at(completed);
        into.extend_from_slice(&u16::try_from(count).unwrap_or(0).to_be_bytes());
        for (_, leaf) in run {
            into.extend_from_slice(&u16::try_from(leaf.as_ref().len()).unwrap_or(0).to_be_bytes());
        }
        run_nodes.iter().for_each(|(_, digest)| into.extend_from_slice(digest.as_bytes()));
        run.iter().for_each(|(id, _)| into.extend_from_slice(id.as_bytes()));
        run.iter().for_each(|(_, leaf)| into.extend_from_slice(leaf.as_ref()));
        (first, leaves, nodes) = (end, rest, rest_nodes);
    }
}

/// Returns how many nodes the first `leaves` leaves complete: two for each, less one for each peak.
const fn nodes_of(leaves: u64) -> u64 {
    // A tree has fewer than 2^63 leaves.
    leaves.wrapping_mul(2).wrapping_sub(ones(leaves))
}

#[expect(clippy::as_conversions, reason = "u32 to u64 cannot lose bits, and `from` is not const")]
const fn ones(number: u64) -> u64 {
    number.count_ones() as u64
}

/// Returns the leaf that completes a node: the last that it covers.
pub(super) fn completed_by(node: NodeIndex) -> Option<u64> {
    let end = node.index.checked_add(1)?;
    // Shifted out bits would be another leaf.
    (node.level < 63 && end.leading_zeros() > u32::from(node.level)).then(|| (end << node.level) - 1)
}

/// Returns how far from its beginning a node stands in the run of `count` leaves from `first` on; the run must hold the leaf
/// that completes it.
pub(super) fn node_at(first: u64, count: usize, node: NodeIndex) -> Option<u64> {
    let leaf = completed_by(node)?;
    let before = nodes_of(leaf).checked_sub(nodes_of(first))? + u64::from(node.level);
    Some(2 + 2 * u64::try_from(count).ok()? + 32 * before)
}

/// Returns how far from its beginning the id of the leaf at a place stands in the run of `count` leaves from `first` on.
pub(super) fn id_at(first: u64, count: usize, place: u64) -> Option<u64> {
    let count = u64::try_from(count).ok()?;
    let nodes = nodes_of(first.checked_add(count)?).checked_sub(nodes_of(first))?;
    Some(2 + 2 * count + 32 * nodes + 32 * place)
}

#[cfg(test)]
mod tests {
    use super::{Run, completed_by, id_at, node_at, nodes_of, write_runs};
    use crate::{
        digest::Digest,
        merkle::{hash::leaf_hash, index::NodeIndex, tree::Frontier},
    };

    #[test]
    fn every_part_of_every_run_is_found_where_its_index_says() {
        for (before, count) in (0..40).flat_map(|before| (1..40).map(move |count| (before, count))) {
            let (mut frontier, mut nodes) = (Frontier::empty(), Vec::new());
            (0..before).for_each(|number: u64| frontier.push(leaf_hash(&number.to_be_bytes()), |_, _| ()));
            let leaf = |number: u64| vec![7; usize::try_from(number * 331 % 1_500).unwrap()];
            let leaves: Vec<_> =
                (before..before + count).map(|number| (Digest::of(&[&number.to_be_bytes()]), leaf(number))).collect();
            leaves.iter().for_each(|(_, leaf)| {
                frontier.push(leaf_hash(leaf), |node, digest| nodes.push((node, digest)));
            });
            let mut bytes = Vec::new();
            write_runs(before, &leaves, &nodes, &mut bytes);
            let (mut at, mut first, mut read) = (0, before, 0);
            while at < bytes.len() {
                let run = Run::read(first, &bytes[at..]).unwrap();
                assert!(Run::read(first, &bytes[at..at + run.bytes() - 1]).is_none());
                for (place, (id, leaf)) in run.leaves().enumerate() {
                    assert_eq!((id, leaf), (leaves[read].0, leaves[read].1.as_slice()));
                    assert_eq!(run.leaf(place), Some((id, leaf)));
                    assert_eq!(run.leaf_hash(place), Some(leaf_hash(leaf)));
                    let id_at =
                        at + usize::try_from(id_at(first, run.count(), place.try_into().unwrap()).unwrap()).unwrap();
                    assert_eq!(&bytes[id_at..id_at + 32], id.as_bytes());
                    read += 1;
                }
                let last = first + u64::try_from(run.count()).unwrap();
                for (node, digest) in
                    nodes.iter().filter(|(node, _)| (first..last).contains(&completed_by(*node).unwrap()))
                {
                    let at = at + usize::try_from(node_at(first, run.count(), *node).unwrap()).unwrap();
                    assert_eq!(&bytes[at..at + 32], digest.as_bytes(), "{node:?} of a run from {first}");
                }
                (at, first) = (at + run.bytes(), last);
            }
            assert_eq!(read, leaves.len());
            assert_eq!(u64::try_from(nodes.len()).unwrap(), nodes_of(before + count) - nodes_of(before));
        }
    }

    #[test]
    fn a_node_that_no_tree_has_is_completed_by_no_leaf() {
        assert_eq!(completed_by(NodeIndex { level: 3, index: 1 }), Some(15));
        assert_eq!(completed_by(NodeIndex { level: 62, index: 0 }), Some((1 << 62) - 1));
        for (level, index) in [(0, u64::MAX), (63, 0), (64, 0), (255, 1), (1, u64::MAX / 2), (40, 1 << 30)] {
            assert_eq!(completed_by(NodeIndex { level, index }), None, "level {level}, index {index}");
        }
    }
}
