//! Sizes, indexes and node coordinates.

use std::fmt;

/// Number of leaves, at most 2^63 - 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TreeSize(u64);

/// Position of a leaf, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LeafIndex(u64);

/// Coordinate of a perfect subtree: covers leaves `[index * 2^level, (index + 1) * 2^level)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeIndex {
    /// Height above the leaves.
    pub level: u8,
    /// Position among the nodes of its level, from 0.
    pub index: u64,
}

impl TreeSize {
    /// No leaves.
    pub const ZERO: Self = Self(0);

    /// Takes a number of leaves; `None` above 2^63 - 1.
    #[must_use]
    pub const fn new(size: u64) -> Option<Self> {
        if size >> 63 == 0 { Some(Self(size)) } else { None }
    }

    /// Returns the number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl LeafIndex {
    /// Takes a position.
    #[must_use]
    pub const fn new(index: u64) -> Self {
        Self(index)
    }

    /// Returns the position.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

/// Returns the perfect subtrees that the tree of `size` leaves consists of, largest first: one per one-bit of `size`.
pub fn peaks(size: TreeSize) -> impl Iterator<Item = NodeIndex> {
    let size = size.get();
    (0..63_u8).rev().filter(move |level| size >> level & 1 == 1).map(move |level| {
        // What lies left of a peak is the sum of the larger ones: the size without its lower bits.
        NodeIndex { level, index: (size >> level) - 1 }
    })
}

impl fmt::Display for NodeIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "level {}, index {}", self.level, self.index)
    }
}

impl fmt::Display for TreeSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for LeafIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::{NodeIndex, TreeSize, peaks};

    #[test]
    fn the_peaks_cover_all_leaves_from_left_to_right() {
        for size in (0..300).chain([(1 << 63) - 1, 1 << 62, (1 << 62) + 5]) {
            let mut covered = 0;
            for NodeIndex { level, index } in peaks(TreeSize::new(size).unwrap()) {
                assert_eq!(index << level, covered, "size {size}");
                covered += 1 << level;
            }
            assert_eq!(covered, size);
        }
    }

    #[test]
    fn a_size_has_63_bits() {
        assert_eq!(TreeSize::new((1 << 63) - 1).map(TreeSize::get), Some((1 << 63) - 1));
        assert_eq!(TreeSize::new(1 << 63), None);
    }
}
