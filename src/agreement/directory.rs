//! Who and what the terms name, found by name and by key instead of by search.

use std::collections::BTreeMap;

use crate::{
    keys::PublicKey,
    statement::terms::{CurrencyCode, Name, Scope, Terms},
};

/// Positions in the terms, by what statements name.
#[derive(Clone, Debug)]
pub(super) struct Directory {
    keys: BTreeMap<PublicKey, (usize, Vec<Scope>)>,
    parties: BTreeMap<Name, usize>,
    units: BTreeMap<Name, UnitEntry>,
    streams: BTreeMap<Name, usize>,
    currencies: BTreeMap<CurrencyCode, usize>,
    dimensions: BTreeMap<Name, usize>,
}

/// A unit, with what it names found.
#[derive(Clone, Debug)]
pub(super) struct UnitEntry {
    pub(super) position: usize,
    pub(super) dimension: usize,
    /// Who may attest, ascending; empty: any other party.
    pub(super) attestors: Vec<usize>,
}

/// Who signed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Speaker<'a> {
    pub(super) key: PublicKey,
    pub(super) party: usize,
    pub(super) scopes: &'a [Scope],
}

impl Directory {
    /// Reads terms that fit together; of names and keys given twice, the first stands.
    pub(super) fn new(terms: &Terms) -> Self {
        let mut keys = BTreeMap::new();
        for (party, listed) in terms.parties.iter().enumerate() {
            for key in &listed.keys {
                keys.entry(key.key).or_insert_with(|| (party, key.scopes.clone()));
            }
        }
        let parties = positions(terms.parties.iter().map(|party| &party.name));
        let dimensions = positions(terms.dimensions.iter().map(|dimension| &dimension.name));
        let mut units = BTreeMap::new();
        for (position, unit) in terms.units.iter().enumerate() {
            let attestors = unit.attestors.iter().filter_map(|name| parties.get(name)).copied().collect();
            if let Some(dimension) = dimensions.get(&unit.dimension).copied() {
                units.entry(unit.name.clone()).or_insert(UnitEntry { position, dimension, attestors });
            }
        }
        let streams = positions(terms.streams.iter().map(|stream| &stream.name));
        let currencies = positions(terms.currencies.iter().map(|currency| &currency.code));
        Self { keys, parties, units, streams, currencies, dimensions }
    }

    pub(super) fn speaker(&self, key: PublicKey) -> Option<Speaker<'_>> {
        self.keys.get(&key).map(|(party, scopes)| Speaker { key, party: *party, scopes })
    }

    /// Returns the keys that the terms list for a party.
    pub(super) fn keys_of(&self, party: usize) -> impl Iterator<Item = (&PublicKey, &[Scope])> {
        self.keys.iter().filter(move |(_, (of, _))| *of == party).map(|(key, (_, scopes))| (key, scopes.as_slice()))
    }

    pub(super) fn party(&self, name: &Name) -> Option<usize> {
        self.parties.get(name).copied()
    }

    pub(super) fn unit(&self, name: &Name) -> Option<&UnitEntry> {
        self.units.get(name)
    }

    pub(super) fn stream(&self, name: &Name) -> Option<usize> {
        self.streams.get(name).copied()
    }

    pub(super) fn currency(&self, code: &CurrencyCode) -> Option<usize> {
        self.currencies.get(code).copied()
    }

    pub(super) fn dimension(&self, name: &Name) -> Option<usize> {
        self.dimensions.get(name).copied()
    }
}

fn positions<'a, T: Ord + Clone + 'a>(names: impl Iterator<Item = &'a T>) -> BTreeMap<T, usize> {
    let mut positions = BTreeMap::new();
    for (position, name) in names.enumerate() {
        positions.entry(name.clone()).or_insert(position);
    }
    positions
}
