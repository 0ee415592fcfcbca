//! The versions of the terms: each in force from an entry on. What an entry said is read under the terms at its own place.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{
    agreement::directory::{Directory, UnitEntry},
    statement::{
        id::StatementId,
        terms::{Terms, Unit},
    },
    time::Timestamp,
};

/// Terms, and what they name.
#[derive(Clone, Debug)]
pub(super) struct Version {
    /// What proposed them.
    pub(super) id: StatementId,
    /// The index of the entry from which on they are in force.
    pub(super) from: u64,
    /// Shared with copies: terms never change.
    pub(super) terms: Arc<Terms>,
    pub(super) directory: Arc<Directory>,
}

/// Terms that all have accepted and whose time has not come.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Coming {
    pub(super) id: StatementId,
    pub(super) effective: Timestamp,
    pub(super) terms: Terms,
    pub(super) retroactive: bool,
    /// What a new mediator has declared.
    pub(super) conflicts: Option<String>,
}

/// Every version of an agreement's terms, at least one.
#[derive(Clone, Debug)]
pub(super) struct Versions {
    /// Ascending.
    all: Vec<Version>,
    pub(super) coming: Option<Box<Coming>>,
}

impl Version {
    pub(super) fn new(id: StatementId, from: u64, terms: Terms) -> Self {
        let directory = Arc::new(Directory::new(&terms));
        Self { id, from, terms: Arc::new(terms), directory }
    }
}

impl Versions {
    pub(super) fn new(first: Version) -> Self {
        Self { all: vec![first], coming: None }
    }

    /// Returns the version that is in force, or proposed.
    pub(super) fn current(&self) -> &Version {
        self.all.last().expect("there is a first version")
    }

    pub(super) fn all(&self) -> &[Version] {
        &self.all
    }

    /// Returns the position of the version under which an entry is read.
    pub(super) fn position_at(&self, index: u64) -> usize {
        self.all.partition_point(|version| version.from <= index).saturating_sub(1)
    }

    pub(super) fn at(&self, index: u64) -> &Version {
        &self.all[self.position_at(index)]
    }

    /// Returns the unit that a contribution in an entry names by its position.
    pub(super) fn unit(&self, index: u64, position: usize) -> Option<(&Unit, &UnitEntry)> {
        let version = self.at(index);
        let unit = version.terms.units.get(position)?;
        Some((unit, version.directory.unit(&unit.name)?))
    }

    /// Puts other terms in the place of those that nobody is bound by yet.
    pub(super) fn replace(&mut self, version: Version) {
        self.all = vec![version];
    }

    pub(super) fn push(&mut self, version: Version) {
        self.all.push(version);
    }
}
