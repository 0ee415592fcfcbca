//! How many of something each party has. What an agreement keeps is limited, and every party has a limit of its own: nobody uses up
//! what others may say.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// See [`self`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Tally(BTreeMap<usize, usize>);

impl Tally {
    /// Returns how many a party has.
    pub(super) fn of(&self, party: usize) -> usize {
        self.0.get(&party).copied().unwrap_or(0)
    }

    pub(super) fn add(&mut self, party: usize, more: usize) {
        *self.0.entry(party).or_default() += more;
    }

    pub(super) fn take(&mut self, party: usize, fewer: usize) {
        if let Some(count) = self.0.get_mut(&party) {
            *count = count.saturating_sub(fewer);
        }
    }
}
