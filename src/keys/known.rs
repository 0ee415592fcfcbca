//! Keys whose points were found before: finding a point is a tenth of a verification, and most statements are signed by
//! the same few keys.

use std::{
    collections::HashMap,
    mem,
    sync::{PoisonError, RwLock, RwLockReadGuard},
};

use crate::keys::{KeyError, KeyPoint};

/// Points of keys that have signed something, a bounded number of them; shared between threads.
///
/// What is here decides nothing: a key that is not is read as if there were none.
#[derive(Debug)]
pub struct KnownKeys {
    points: RwLock<Generations>,
    /// How many keys make a generation.
    generation_keys: usize,
}

/// A key that was used since the older generation began is in the younger one; so what is dropped was not used for long.
#[derive(Debug, Default)]
struct Generations {
    younger: HashMap<[u8; 32], KeyPoint>,
    older: HashMap<[u8; 32], KeyPoint>,
}

impl KnownKeys {
    /// Returns an empty set that comes to hold at most `keys_max` keys, each of about 250 bytes.
    #[must_use]
    pub fn new(keys_max: usize) -> Self {
        Self { points: RwLock::default(), generation_keys: (keys_max / 2).max(1) }
    }

    /// Returns the point of a key, if it is known.
    #[must_use]
    pub fn get(&self, key: &[u8; 32]) -> Option<KeyPoint> {
        let points = self.read();
        if let Some(point) = points.younger.get(key) {
            return Some(*point);
        }
        let point = *points.older.get(key)?;
        drop(points);
        self.remember(point);
        Some(point)
    }

    /// Returns the point of a key.
    ///
    /// Errors: as [`KeyPoint::from_bytes`].
    pub fn point(&self, key: [u8; 32]) -> Result<KeyPoint, KeyError> {
        self.get(&key).map_or_else(|| KeyPoint::from_bytes(key), Ok)
    }

    /// Remembers a key. Only for one that has signed something: else anybody could fill the set with keys that nobody has.
    pub fn remember(&self, point: KeyPoint) {
        let key = *point.public().as_bytes();
        if self.read().younger.contains_key(&key) {
            return;
        }
        let mut points = self.points.write().unwrap_or_else(PoisonError::into_inner);
        if points.younger.len() >= self.generation_keys {
            points.older = mem::take(&mut points.younger);
        }
        points.younger.insert(key, point);
    }

    /// A panic cannot leave the maps half changed, so a poisoned lock is as good as any.
    fn read(&self) -> RwLockReadGuard<'_, Generations> {
        self.points.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for KnownKeys {
    /// Holds 8,192 keys: 2 MiB.
    fn default() -> Self {
        Self::new(8_192)
    }
}

#[cfg(test)]
mod tests {
    use super::KnownKeys;
    use crate::keys::{KeyError, KeyPoint, SecretKey};

    fn point(seed: u8) -> KeyPoint {
        KeyPoint::from_bytes(*SecretKey::from_seed(&[seed; 32]).public().as_bytes()).unwrap()
    }

    #[test]
    fn a_key_in_use_stays_known_and_one_that_is_not_is_forgotten() {
        let known = KnownKeys::new(4);
        for seed in 0..100 {
            known.remember(point(seed));
            // Used again and again.
            assert_eq!(known.get(point(0).public().as_bytes()).map(|point| point.public()), Some(point(0).public()));
            let points = known.points.read().unwrap();
            assert!(points.younger.len() + points.older.len() <= 4);
        }
        assert!(known.get(point(1).public().as_bytes()).is_none());
    }

    #[test]
    fn a_key_that_is_none_is_refused_as_without_the_set() {
        let known = KnownKeys::default();
        assert_eq!(known.point([0; 32]).map(|_| ()), Err(KeyError::Weak));
        assert!(known.get(&[0; 32]).is_none());
    }
}
