//! Settlements: what the books say at a cut-off.

use crate::statement::Settlement;

/// A statement of account: what a settlement says, and the sums behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// What a settlement must say to be admitted.
    pub settlement: Settlement,
}
