//! A ledger: one agreement's append-only log of entries. Knows bytes and their order; never what they mean.

pub mod bundle;
pub mod entry;
pub mod receipt;
pub mod refusal;

use crate::digest::Digest;

/// Which ledger: the id of the envelope that founded it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LedgerId(Digest);

impl LedgerId {
    /// Takes the id of the founding envelope.
    #[must_use]
    pub const fn new(founding: Digest) -> Self {
        Self(founding)
    }

    /// Returns the digest.
    #[must_use]
    pub const fn digest(self) -> Digest {
        self.0
    }
}
