//! The keys that were granted and revoked since the terms listed theirs, and how much each has signed today.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{
    agreement::{
        directory::{Directory, Speaker},
        refusal::{Refusal, change::ChangeRefusal},
    },
    keys::PublicKey,
    statement::terms::Scope,
    time::Timestamp,
};

/// How many keys one party may be granted over the life of an agreement.
pub const GRANTED_KEYS_MAX: usize = 1_000;

/// See [`self`].
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Keyring {
    pub(super) granted: BTreeMap<PublicKey, Granted>,
    pub(super) revoked: BTreeSet<PublicKey>,
    /// By key whose number of statements a day is limited: the day of the last, and how many that day.
    said: BTreeMap<PublicKey, (u64, u32)>,
    /// The same for contributions, where the terms limit those.
    claimed: BTreeMap<PublicKey, (u64, u32)>,
}

/// A key that a party was granted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Granted {
    pub(super) party: usize,
    pub(super) scopes: Vec<Scope>,
    pub(super) expires: Option<Timestamp>,
    pub(super) daily_max: Option<u32>,
}

impl Keyring {
    /// Returns who speaks with a key, whatever it may say now.
    pub(super) fn speaker<'a>(&'a self, directory: &'a Directory, key: PublicKey) -> Option<Speaker<'a>> {
        let granted = || self.granted.get(&key).map(|granted| (granted.party, granted.scopes.as_slice()));
        directory.speaker(key).or_else(|| granted().map(|(party, scopes)| Speaker { key, party, scopes }))
    }

    /// Whether a key was ever a party's.
    pub(super) fn knows(&self, directory: &Directory, key: PublicKey) -> bool {
        self.speaker(directory, key).is_some() || self.revoked.contains(&key)
    }

    /// Checks that a key may sign at `at`, whatever it says.
    pub(super) fn check(&self, key: PublicKey, at: Timestamp) -> Result<(), Refusal> {
        if self.revoked.contains(&key) {
            return Err(ChangeRefusal::KeyRevoked { key }.into());
        }
        let Some(granted) = self.granted.get(&key) else { return Ok(()) };
        if let Some(expires) = granted.expires.filter(|expires| *expires < at) {
            return Err(ChangeRefusal::KeyExpired { key, expires }.into());
        }
        match granted.daily_max {
            Some(max) if said_on(&self.said, key, at) >= max => {
                Err(ChangeRefusal::KeyDailyLimit { key, max, day: at.day() }.into())
            }
            _ => Ok(()),
        }
    }

    /// Checks that a key may claim once more at `at`, where so many are allowed in a day.
    pub(super) fn check_claims(&self, key: PublicKey, at: Timestamp, max: Option<u32>) -> Result<(), ChangeRefusal> {
        match max {
            Some(max) if said_on(&self.claimed, key, at) >= max => Err(ChangeRefusal::DailyClaims { key, max }),
            _ => Ok(()),
        }
    }

    pub(super) fn said(&mut self, key: PublicKey, at: Timestamp) {
        if self.granted.get(&key).is_some_and(|granted| granted.daily_max.is_some()) {
            note(&mut self.said, key, at);
        }
    }

    pub(super) fn claimed(&mut self, key: PublicKey, at: Timestamp, max: Option<u32>) {
        if max.is_some() {
            note(&mut self.claimed, key, at);
        }
    }

    pub(super) fn grant(&mut self, key: PublicKey, granted: Granted) {
        self.granted.insert(key, granted);
    }

    /// Returns how many keys a party was ever granted.
    pub(super) fn granted_to(&self, party: usize) -> usize {
        self.granted.values().filter(|granted| granted.party == party).count()
    }

    pub(super) fn revoke(&mut self, key: PublicKey) {
        self.revoked.insert(key);
    }

    /// Returns the keys of a party that may govern at `at`.
    pub(super) fn govern_keys<'a>(
        &'a self,
        directory: &'a Directory,
        party: usize,
        at: Timestamp,
    ) -> impl Iterator<Item = PublicKey> + 'a {
        let listed = directory
            .keys_of(party)
            .filter(|(key, scopes)| scopes.contains(&Scope::Govern) && !self.revoked.contains(key));
        let granted = self.granted.iter().filter(move |(key, granted)| {
            granted.party == party
                && granted.scopes.contains(&Scope::Govern)
                && !self.revoked.contains(key)
                && granted.expires.is_none_or(|expires| expires >= at)
        });
        listed.map(|(key, _)| *key).chain(granted.map(|(key, _)| *key))
    }
}

fn said_on(said: &BTreeMap<PublicKey, (u64, u32)>, key: PublicKey, at: Timestamp) -> u32 {
    said.get(&key).filter(|(day, _)| *day == at.day()).map_or(0, |(_, count)| *count)
}

fn note(said: &mut BTreeMap<PublicKey, (u64, u32)>, key: PublicKey, at: Timestamp) {
    let count = said_on(said, key, at);
    said.insert(key, (at.day(), count + 1));
}
