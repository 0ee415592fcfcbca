//! A shelf: what is remembered under keys, of which a part is at hand and the rest may be put away.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    ops::RangeBounds,
};

/// What is at hand. As long as nothing was ever forgotten, that is everything.
#[derive(Clone, Debug)]
pub(in crate::agreement) struct Shelf<K, V> {
    places: BTreeMap<K, Place<V>>,
    /// How many places differ from what is put away.
    changed: usize,
    /// How many are as they were recalled.
    recalled: usize,
    /// Whether something was put away, so that what is removed has to be removed there, too.
    put_away: bool,
}

#[derive(Clone, Debug)]
struct Place<V> {
    /// `None`: known not to be there.
    value: Option<V>,
    is: Is,
}

/// What a place is beside what is put away under its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Is {
    /// Another.
    Changed,
    /// The same, once it is kept: until then it is nowhere else.
    PutAway,
    /// The same, and kept.
    Recalled,
}

impl<K, V> Default for Shelf<K, V> {
    fn default() -> Self {
        Self { places: BTreeMap::new(), changed: 0, recalled: 0, put_away: false }
    }
}

impl<K: Ord + Clone, V> Shelf<K, V> {
    /// Returns what is at hand under a key.
    pub(in crate::agreement) fn get(&self, key: &K) -> Option<&V> {
        self.places.get(key)?.value.as_ref()
    }

    /// Whether it is known what is under a key, or that nothing is.
    pub(in crate::agreement) fn knows(&self, key: &K) -> bool {
        self.places.contains_key(key)
    }

    /// Returns what is at hand in a range of keys, in their order.
    pub(in crate::agreement) fn range(
        &self,
        range: impl RangeBounds<K>,
    ) -> impl DoubleEndedIterator<Item = (&K, &V)> + Clone {
        self.places.range(range).filter_map(|(key, place)| Some((key, place.value.as_ref()?)))
    }

    /// Returns what was changed in a range of keys and not put away since, in their order; `None` was removed.
    pub(in crate::agreement) fn changes(&self, range: impl RangeBounds<K>) -> impl Iterator<Item = (&K, Option<&V>)> {
        self.places
            .range(range)
            .filter(|(_, place)| place.is == Is::Changed)
            .map(|(key, place)| (key, place.value.as_ref()))
    }

    /// Returns how many places were changed and not put away since.
    pub(in crate::agreement) const fn changed(&self) -> usize {
        self.changed
    }

    /// Returns how many places are at hand only because they were recalled.
    pub(in crate::agreement) const fn recalled(&self) -> usize {
        self.recalled
    }

    /// Puts a value under a key.
    pub(in crate::agreement) fn put(&mut self, key: K, value: V) {
        let before = self.places.insert(key, Place { value: Some(value), is: Is::Changed });
        self.count_changed(before.map(|place| place.is));
    }

    /// Returns what is at hand under a key to be changed.
    pub(in crate::agreement) fn change(&mut self, key: &K) -> Option<&mut V> {
        let place = self.places.get_mut(key).filter(|place| place.value.is_some())?;
        let before = std::mem::replace(&mut place.is, Is::Changed);
        self.count_changed(Some(before));
        self.places.get_mut(key)?.value.as_mut()
    }

    /// Counts a place that is changed now and was something else before.
    fn count_changed(&mut self, before: Option<Is>) {
        self.changed += usize::from(before != Some(Is::Changed));
        self.recalled -= usize::from(before == Some(Is::Recalled));
    }

    /// Removes what is under a key.
    pub(in crate::agreement) fn remove(&mut self, key: &K) {
        let Some(place) = self.places.get_mut(key) else { return };
        if !self.put_away {
            self.changed -= usize::from(place.is == Is::Changed);
            self.places.remove(key);
            return;
        }
        let before = std::mem::replace(place, Place { value: None, is: Is::Changed });
        self.count_changed(Some(before.is));
    }

    /// Takes in what was put away under a key, or that nothing was; what is at hand stands.
    pub(in crate::agreement) fn recall(&mut self, key: K, value: Option<V>) {
        if let Entry::Vacant(place) = self.places.entry(key) {
            place.insert(Place { value, is: Is::Recalled });
            self.recalled += 1;
        }
    }

    /// Calls that what is changed is put away.
    pub(in crate::agreement) fn put_away(&mut self, mut write: impl FnMut(&K, Option<&V>)) {
        if self.changed > 0 {
            for (key, place) in self.places.iter_mut().filter(|(_, place)| place.is == Is::Changed) {
                write(key, place.value.as_ref());
                place.is = Is::PutAway;
            }
        }
        self.changed = 0;
        self.put_away = true;
    }

    /// Drops what is put away but for the `keep` greatest keys of it, and all that was recalled.
    pub(in crate::agreement) fn forget(&mut self, keep: usize) {
        self.forget_recalled();
        let mut left = (self.places.len() - self.changed).saturating_sub(keep);
        self.places.retain(|_, place| {
            let drops = left > 0 && place.is != Is::Changed;
            left -= usize::from(drops);
            !drops
        });
        self.put_away = true;
    }

    /// Drops what is at hand only because it was recalled.
    pub(in crate::agreement) fn forget_recalled(&mut self) {
        if self.recalled > 0 {
            self.places.retain(|_, place| place.is != Is::Recalled);
            self.recalled = 0;
        }
    }

    /// Shows every value at hand to `change`, which leaves what it means as it is.
    pub(in crate::agreement) fn each(&mut self, change: impl FnMut(&mut V)) {
        self.places.values_mut().filter_map(|place| place.value.as_mut()).for_each(change);
    }

    /// Returns a shelf of something that was put away, with nothing at hand.
    pub(in crate::agreement) fn restored() -> Self {
        Self { put_away: true, ..Self::default() }
    }
}
