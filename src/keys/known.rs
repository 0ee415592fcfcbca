//! Keys whose points were found before: finding a point is a tenth of a verification, and most statements are signed by
//! the same few keys. Of those that sign most, multiples of the point are at hand too: half of a verification.

use std::{
    collections::HashMap,
    mem,
    sync::{
        PoisonError, RwLock, RwLockReadGuard,
        atomic::{AtomicUsize, Ordering},
    },
};

use crate::keys::{KeyError, KeyPoint};

/// Points of keys that have signed something, a bounded number of them; shared between threads.
///
/// What is here decides nothing: a key that is not is read as if there were none.
#[derive(Debug)]
pub struct KnownKeys {
    points: Generations,
    /// Keys that are [prepared](KeyPoint::prepared).
    prepared: Generations,
    /// How many signatures were verified, of whichever key.
    verified: AtomicUsize,
}

/// The key of each of so many signatures is prepared, if it is not. So keys come to be prepared as they sign, without a
/// count for each; and however many keys there are, preparing takes a twentieth of the time at the most.
const PREPARED_EACH: usize = 256;

/// The most keys that are prepared: 32 MiB.
const PREPARED_MAX: usize = 256;

impl KnownKeys {
    /// Returns an empty set that comes to hold at most `keys_max` keys, each of about 250 bytes, and at most 256 of them
    /// prepared, with 128 KiB each.
    #[must_use]
    pub fn new(keys_max: usize) -> Self {
        let verified = AtomicUsize::new(0);
        Self { points: Generations::new(keys_max), prepared: Generations::new(keys_max.min(PREPARED_MAX)), verified }
    }

    /// Returns the point of a key, if it is known.
    #[must_use]
    pub fn get(&self, key: &[u8; 32]) -> Option<KeyPoint> {
        self.prepared.get(key).or_else(|| self.points.get(key))
    }

    /// Returns the point of a key.
    ///
    /// Errors: as [`KeyPoint::from_bytes`].
    pub fn point(&self, key: [u8; 32]) -> Result<KeyPoint, KeyError> {
        self.get(&key).map_or_else(|| KeyPoint::from_bytes(key), Ok)
    }

    /// Remembers a key. Only for one that has just signed something, each time: else anybody could fill the set with keys
    /// that nobody has.
    pub fn remember(&self, point: &KeyPoint) {
        self.points.keep(point);
        let verified = self.verified.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
        if verified.is_multiple_of(PREPARED_EACH) && !point.is_prepared() {
            self.prepared.keep(&point.prepared());
        }
    }
}

impl Default for KnownKeys {
    /// Holds 8,192 keys: 2 MiB, and 32 MiB for those that are prepared.
    fn default() -> Self {
        Self::new(8_192)
    }
}

/// A bounded number of keys, the older half of which is dropped when there are more: a key that was used since the older
/// generation began is in the younger one, so what is dropped was not used for long.
#[derive(Debug)]
struct Generations {
    both: RwLock<Both>,
    /// How many keys make a generation.
    generation_keys: usize,
}

#[derive(Debug, Default)]
struct Both {
    younger: HashMap<[u8; 32], KeyPoint>,
    older: HashMap<[u8; 32], KeyPoint>,
}

impl Generations {
    fn new(keys_max: usize) -> Self {
        Self { both: RwLock::default(), generation_keys: (keys_max / 2).max(1) }
    }

    fn get(&self, key: &[u8; 32]) -> Option<KeyPoint> {
        let both = self.read();
        if let Some(point) = both.younger.get(key) {
            return Some(point.clone());
        }
        let point = both.older.get(key)?.clone();
        drop(both);
        self.keep(&point);
        Some(point)
    }

    fn keep(&self, point: &KeyPoint) {
        let key = *point.public().as_bytes();
        if self.read().younger.contains_key(&key) {
            return;
        }
        let mut both = self.both.write().unwrap_or_else(PoisonError::into_inner);
        if both.younger.len() >= self.generation_keys {
            both.older = mem::take(&mut both.younger);
        }
        both.younger.insert(key, point.clone());
    }

    /// A panic cannot leave the maps half changed, so a poisoned lock is as good as any.
    fn read(&self) -> RwLockReadGuard<'_, Both> {
        self.both.read().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        let both = self.read();
        both.younger.len() + both.older.len()
    }
}

#[cfg(test)]
mod tests {
    use super::{KnownKeys, PREPARED_EACH};
    use crate::keys::{KeyError, KeyPoint, SecretKey};

    fn point(seed: u8) -> KeyPoint {
        KeyPoint::from_bytes(*SecretKey::from_seed(&[seed; 32]).public().as_bytes()).unwrap()
    }

    #[test]
    fn a_key_in_use_stays_known_and_one_that_is_not_is_forgotten() {
        let known = KnownKeys::new(4);
        for seed in 0..100 {
            known.remember(&point(seed));
            // Used again and again.
            assert_eq!(known.get(point(0).public().as_bytes()).map(|point| point.public()), Some(point(0).public()));
            assert!(known.points.len() <= 4);
        }
        assert!(known.get(point(1).public().as_bytes()).is_none());
    }

    #[test]
    fn keys_that_sign_much_come_to_be_prepared_and_stay_so_within_a_bound() {
        let known = KnownKeys::new(4);
        let prepared = |seed| known.get(point(seed).public().as_bytes()).is_some_and(|point| point.is_prepared());
        for _ in 1..PREPARED_EACH {
            known.remember(&point(0));
            assert!(!prepared(0));
        }
        known.remember(&point(0));
        assert!(prepared(0));
        for seed in 1..20 {
            for _ in 0..PREPARED_EACH {
                known.remember(&point(seed));
                assert!(prepared(0), "it is in use: {seed}");
            }
            assert!(known.prepared.len() <= 4);
            assert!(prepared(seed));
        }
        assert!(!prepared(1));
    }

    #[test]
    fn a_key_that_is_none_is_refused_as_without_the_set() {
        let known = KnownKeys::default();
        assert_eq!(known.point([0; 32]).map(|_| ()), Err(KeyError::Weak));
        assert!(known.get(&[0; 32]).is_none());
    }
}
