//! What is durable in the log and not yet in the index.

use std::collections::{BTreeMap, HashMap};

use crate::{
    digest::Digest,
    store::log::{ledgers::Update, run::Place},
};

/// What is not yet in the index, to be looked at before it.
#[derive(Default)]
pub(super) struct Recent {
    ids: HashMap<(u32, Digest), u64>,
    runs: BTreeMap<(u32, u64), Place>,
}

impl Recent {
    pub(super) fn put(&mut self, update: &Update) {
        self.ids.extend(update.ids.iter().map(|(number, id, index)| ((*number, *id), *index)));
        self.runs.extend(update.runs.iter().map(|(number, first, place)| ((*number, *first), *place)));
    }

    /// Forgets what is in the index.
    pub(super) fn forget(&mut self, update: &Update) {
        for (number, id, index) in &update.ids {
            if self.ids.get(&(*number, *id)) == Some(index) {
                self.ids.remove(&(*number, *id));
            }
        }
        for (number, first, _) in &update.runs {
            self.runs.remove(&(*number, *first));
        }
    }

    pub(super) fn find(&self, number: u32, id: Digest) -> Option<u64> {
        self.ids.get(&(number, id)).copied()
    }

    /// Returns the run that holds a leaf.
    pub(super) fn run(&self, number: u32, leaf: u64) -> Option<(u64, Place)> {
        let (key, place) = self.runs.range((number, 0)..=(number, leaf)).next_back()?;
        (leaf - key.1 < u64::from(place.count)).then_some((key.1, *place))
    }
}
