//! Acknowledgements: who agrees with the last settlement, and from when on it is final for payment.
//!
//! Silence is no yes, but it does not hold up payment: after the window the settlement is final for payment, and still may be
//! audited. Any GOVERN key speaks for its party here, however many its party needs to accept other terms: nothing is given
//! away by it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    agreement::{Agreement, Entry, Said, money::Change, refusal::money::MoneyRefusal},
    statement::money::Acknowledgement,
    time::Timestamp,
};

/// The last settlement.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::agreement) struct Stated {
    tree_size: u64,
    index: u64,
    admitted: Timestamp,
    /// By party: the entry in which it agreed.
    pub(super) acknowledged: BTreeMap<usize, u64>,
}

/// The last settlement and who agrees with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementView {
    /// The size it covers.
    pub tree_size: u64,
    /// The index of its entry.
    pub index: u64,
    /// When it was admitted.
    pub admitted: Timestamp,
    /// By party: the entry in which it agreed.
    pub acknowledged: BTreeMap<usize, u64>,
    /// The parties that have said nothing and have not left; ascending.
    pub silent: Vec<usize>,
    /// When it is final for payment whoever is silent; none: only once all have agreed, or while the agreement stands still.
    pub window_end: Option<Timestamp>,
    /// Whether it is final for payment.
    pub is_final: bool,
}

impl Stated {
    pub(super) const fn new(tree_size: u64, entry: Entry) -> Self {
        Self { tree_size, index: entry.index, admitted: entry.at, acknowledged: BTreeMap::new() }
    }
}

impl Agreement {
    /// Returns the last settlement and who agrees with it at `now`.
    #[must_use]
    pub fn last_statement(&self, now: Timestamp) -> Option<StatementView> {
        let Stated { tree_size, index, admitted, acknowledged } = self.money.stated.clone()?;
        let days = self.terms().windows.statement;
        let waits = |party: &usize| !acknowledged.contains_key(party) && !self.has_left(*party);
        let silent: Vec<usize> = (0..self.terms().parties.len()).filter(waits).collect();
        let window_end = (days > 0).then(|| self.course.window_end(admitted, days)).flatten();
        let is_final = silent.is_empty() || window_end.is_some_and(|end| end < now);
        Some(StatementView { tree_size, index, admitted, acknowledged, silent, window_end, is_final })
    }

    pub(super) fn acknowledge(&self, said: Said<'_>, body: Acknowledgement) -> Result<Change, MoneyRefusal> {
        let (tree_size, party) = (body.tree_size, said.speaker.party);
        self.settlements.index_at(tree_size).ok_or(MoneyRefusal::UnknownSettlement { tree_size })?;
        let stated = self.money.stated.as_ref().ok_or(MoneyRefusal::UnknownSettlement { tree_size })?;
        if stated.tree_size != tree_size {
            return Err(MoneyRefusal::NotLastSettlement { tree_size, last: stated.tree_size });
        }
        let (settled, days) = (stated.admitted, self.terms().windows.statement);
        if days > 0 && self.course.window_over(settled, days, said.at) {
            return Err(MoneyRefusal::AcknowledgementLate { settled, days, at: said.at });
        }
        if stated.acknowledged.contains_key(&party) {
            return Err(MoneyRefusal::AlreadyAcknowledged { party: self.party_name(party) });
        }
        Ok(Change::Acknowledged { party })
    }
}
