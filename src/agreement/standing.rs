//! Where an agreement stands, for people: its versions of terms, its keys, trial, standstill and end.

use crate::{
    agreement::{Agreement, keyring::Granted, state::Phase},
    keys::PublicKey,
    statement::{
        id::StatementId,
        terms::{Scope, Terms},
    },
    time::Timestamp,
};

/// A version of the terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VersionView<'a> {
    /// What proposed it: the proposal, a counter-proposal or an amendment.
    pub id: StatementId,
    /// The index of the entry from which on it is in force, or proposed.
    pub from: u64,
    /// The terms.
    pub terms: &'a Terms,
}

/// Terms that all have accepted and whose time has not come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ComingView<'a> {
    /// The amendment.
    pub id: StatementId,
    /// From when on they are in force.
    pub effective: Timestamp,
    /// Whether what was settled is then shared anew.
    pub retroactive: bool,
    /// The terms.
    pub terms: &'a Terms,
}

/// A key of a party.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyView<'a> {
    /// The key.
    pub key: PublicKey,
    /// What it may sign.
    pub scopes: &'a [Scope],
    /// Whether it was granted later than the terms.
    pub granted: bool,
    /// Until when it signs.
    pub expires: Option<Timestamp>,
    /// How many statements it may sign in a day.
    pub daily_max: Option<u32>,
    /// Whether it signs nothing any more.
    pub revoked: bool,
}

impl Agreement {
    /// Returns every version of the terms, the one that is in force or proposed last. A counter-proposal takes the place of what was
    /// proposed before.
    pub fn terms_versions(&self) -> impl ExactSizeIterator<Item = VersionView<'_>> {
        self.versions.all().iter().map(|version| VersionView {
            id: version.id,
            from: version.from,
            terms: &version.terms,
        })
    }

    /// Returns the terms that wait for their date.
    #[must_use]
    pub fn coming_terms(&self) -> Option<ComingView<'_>> {
        let coming = self.versions.coming.as_ref()?;
        let (id, effective, retroactive) = (coming.id, coming.effective, coming.retroactive);
        Some(ComingView { id, effective, retroactive, terms: &coming.terms })
    }

    /// Returns every key of the party at a position: those that the terms list, then those granted since, in their own order.
    #[must_use]
    pub fn keys_of(&self, party: usize) -> Vec<KeyView<'_>> {
        let revoked = |key: PublicKey| self.keyring.revoked.contains(&key);
        let listed = self.directory().keys_of(party).map(|(key, scopes)| KeyView {
            key: *key,
            scopes,
            granted: false,
            expires: None,
            daily_max: None,
            revoked: revoked(*key),
        });
        let of_party = |(_, granted): &(&PublicKey, &Granted)| granted.party == party;
        let granted = self.keyring.granted.iter().filter(of_party).map(|(key, granted)| KeyView {
            key: *key,
            scopes: &granted.scopes,
            granted: true,
            expires: granted.expires,
            daily_max: granted.daily_max,
            revoked: revoked(*key),
        });
        listed.chain(granted).collect()
    }

    /// Returns until when a trial lasts.
    #[must_use]
    pub const fn trial_until(&self) -> Option<Timestamp> {
        self.course.trial_until
    }

    /// Returns in which phase the agreement was when it was suspended, and since when it stands still.
    #[must_use]
    pub const fn suspended_since(&self) -> Option<(Phase, Timestamp)> {
        self.course.suspended
    }

    /// Returns when an agreement that ends is closed: when its tail is over.
    #[must_use]
    pub fn closes(&self) -> Option<Timestamp> {
        self.course.winding_down.map(|since| since.days_later(self.terms().tail_days))
    }
}
