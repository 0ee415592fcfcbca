//! The law of an agreement: a pure fold over what its parties signed. See the state table in `agreement/table.rs`.
//!
//! Knows parties and what they may say; never where it is kept. No clock: every call is told the time.

pub mod refusal;
pub mod settle;

use crate::{
    agreement::{refusal::Refusal, settle::Account},
    statement::{Signed, id::AgreementId, terms::Terms},
    time::Timestamp,
};

/// An agreement as its ledger's entries made it. No `Default`: an agreement without a proposal does not exist.
#[derive(Clone, Debug)]
pub struct Agreement {
    id: AgreementId,
    terms: Terms,
}

/// Leave to change an agreement. Only [`Agreement::admit`] makes one.
#[must_use = "an admission changes nothing until applied"]
#[derive(Debug)]
pub struct Admission(());

impl Agreement {
    /// Founds an agreement by its first entry, admitted at `at`.
    pub fn found(signed: &Signed, at: Timestamp) -> Result<Self, Refusal> {
        let _ = (signed, at);
        unimplemented!()
    }

    /// Decides whether `signed` may enter at `at` as the next entry. Changes nothing.
    pub fn admit(&self, signed: &Signed, at: Timestamp) -> Result<Admission, Refusal> {
        let _ = (signed, at);
        unimplemented!()
    }

    /// Takes in what was admitted. Cannot fail: whatever could was checked in [`Self::admit`].
    pub fn apply(&mut self, admission: Admission) {
        let Admission(()) = admission;
        unimplemented!()
    }

    /// Returns the id.
    #[must_use]
    pub const fn id(&self) -> AgreementId {
        self.id
    }

    /// Returns the terms.
    #[must_use]
    pub const fn terms(&self) -> &Terms {
        &self.terms
    }

    /// Returns the number of entries taken in, the founding one included: the ledger's tree size.
    #[must_use]
    pub fn size(&self) -> u64 {
        unimplemented!()
    }

    /// Returns when the last entry was admitted; the next may not be earlier.
    #[must_use]
    pub fn last_admitted(&self) -> Timestamp {
        unimplemented!()
    }

    /// Computes what a settlement covering the entries before `tree_size` says.
    ///
    /// Errors: [`Refusal`], as a settlement at this size would get.
    pub fn account_at(&self, tree_size: u64) -> Result<Account, Refusal> {
        let _ = tree_size;
        unimplemented!()
    }
}
