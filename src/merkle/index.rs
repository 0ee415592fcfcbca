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
