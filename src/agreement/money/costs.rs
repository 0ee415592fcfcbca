//! Costs: what a party paid and the terms let it recoup, each by an invoice that is used once, and never for points as well.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde::{Deserialize, Serialize};

use crate::{
    agreement::{
        Agreement, Entry, Said,
        money::{Change, within_limit},
        refusal::{Refusal, money::MoneyRefusal},
    },
    digest::Digest,
    statement::{
        ArtifactDigest,
        id::StatementId,
        money::{Cost, CostConfirmation},
        terms::Name,
    },
    time::Timestamp,
};

/// How many costs one party may report over the life of an agreement, those taken back included.
pub const COSTS_MAX: usize = 2_000;

/// All costs of an agreement.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(in crate::agreement) struct Costs {
    all: BTreeMap<StatementId, CostSlot>,
    /// The costs that are not taken back, by the digests of their invoices.
    invoices: BTreeMap<Digest, StatementId>,
}

/// A cost as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::agreement) struct CostSlot {
    pub(in crate::agreement) index: u64,
    pub(in crate::agreement) reported: Timestamp,
    pub(in crate::agreement) party: usize,
    pub(in crate::agreement) category: Name,
    pub(in crate::agreement) currency: usize,
    pub(in crate::agreement) amount: u64,
    pub(in crate::agreement) invoice: Digest,
    /// The entry that confirmed it.
    pub(in crate::agreement) confirmed: Option<u64>,
    /// Whether a dispute decided what its amount is.
    pub(in crate::agreement) decided: bool,
    taken_back: bool,
}

/// Where a cost stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CostState {
    /// Reported; recoups nothing.
    Reported,
    /// Confirmed by another party.
    Confirmed,
    /// Taken back by its payer before anybody confirmed it.
    TakenBack,
}

impl CostState {
    /// Returns the state as it is written: `CONFIRMED`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reported => "REPORTED",
            Self::Confirmed => "CONFIRMED",
            Self::TakenBack => "TAKEN_BACK",
        }
    }
}

impl fmt::Display for CostState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A cost and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CostView {
    /// Its statement id.
    pub id: StatementId,
    /// The index of its entry.
    pub index: u64,
    /// When it was admitted.
    pub admitted: Timestamp,
    /// The position of the party that paid it.
    pub party: usize,
    /// Its category.
    pub category: Name,
    /// The position of its currency.
    pub currency: usize,
    /// Minor units.
    pub amount: u64,
    /// SHA-256 of the invoice.
    pub invoice: Digest,
    /// Where it stands.
    pub state: CostState,
    /// The index of the entry that confirmed it.
    pub confirmed: Option<u64>,
}

impl CostSlot {
    pub(in crate::agreement) const fn state(&self) -> CostState {
        match (self.taken_back, self.confirmed) {
            (true, _) => CostState::TakenBack,
            (false, Some(_)) => CostState::Confirmed,
            (false, None) => CostState::Reported,
        }
    }

    pub(super) const fn check_open(&self, cost: StatementId) -> Result<(), MoneyRefusal> {
        match self.state() {
            CostState::Reported => Ok(()),
            state @ (CostState::Confirmed | CostState::TakenBack) => Err(MoneyRefusal::CostNotOpen { cost, state }),
        }
    }

    fn view(&self, id: StatementId) -> CostView {
        CostView {
            id,
            index: self.index,
            admitted: self.reported,
            party: self.party,
            category: self.category.clone(),
            currency: self.currency,
            amount: self.amount,
            invoice: self.invoice,
            state: self.state(),
            confirmed: self.confirmed,
        }
    }
}

impl Costs {
    pub(in crate::agreement) fn get(&self, cost: StatementId) -> Option<&CostSlot> {
        self.all.get(&cost)
    }

    pub(super) fn index_of(&self, cost: StatementId) -> Option<u64> {
        self.all.get(&cost).map(|slot| slot.index)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (StatementId, &CostSlot)> {
        self.all.iter().map(|(id, slot)| (*id, slot))
    }

    fn has_room(&self, party: usize) -> bool {
        self.all.values().filter(|slot| slot.party == party).count() < COSTS_MAX
    }

    pub(super) fn put(&mut self, entry: Entry, slot: CostSlot) {
        self.invoices.insert(slot.invoice, entry.id);
        self.all.insert(entry.id, slot);
    }

    pub(super) fn confirm(&mut self, cost: StatementId, index: u64) -> Option<&CostSlot> {
        let slot = self.all.get_mut(&cost)?;
        slot.confirmed = Some(index);
        Some(slot)
    }

    pub(super) fn take_back(&mut self, cost: StatementId) {
        if let Some(slot) = self.all.get_mut(&cost) {
            slot.taken_back = true;
            self.invoices.remove(&slot.invoice);
        }
    }

    pub(in crate::agreement) fn decide(&mut self, cost: StatementId, amount: u64) {
        if let Some(slot) = self.all.get_mut(&cost) {
            (slot.amount, slot.decided) = (amount, true);
        }
    }

    /// Returns all that was confirmed in a currency, minor units.
    pub(in crate::agreement) fn confirmed_in(&self, currency: usize) -> u64 {
        let confirmed = self.all.values().filter(|slot| slot.currency == currency && slot.confirmed.is_some());
        // What was confirmed stays within its limit, so that the sum does.
        confirmed.fold(0, |sum, slot| sum.saturating_add(slot.amount))
    }
}

impl Agreement {
    /// Returns every cost in ledger order.
    #[must_use]
    pub fn costs(&self) -> Vec<CostView> {
        let mut costs: Vec<CostView> = self.money.costs.iter().map(|(id, slot)| slot.view(id)).collect();
        costs.sort_by_key(|cost| cost.index);
        costs
    }

    /// Returns one cost.
    #[must_use]
    pub fn cost(&self, id: StatementId) -> Option<CostView> {
        self.money.costs.get(id).map(|slot| slot.view(id))
    }

    pub(super) fn report_cost(&self, said: Said<'_>, body: &Cost) -> Result<Change, Refusal> {
        let categories = &self.terms().waterfall.cost_categories;
        if categories.is_empty() {
            return Err(MoneyRefusal::NoRecoupment.into());
        }
        if !categories.contains(&body.category) {
            return Err(MoneyRefusal::UnknownCategory { category: body.category.clone() }.into());
        }
        let currency = self.known_currency(&body.currency)?;
        within_limit(0, body.amount, &body.currency)?;
        let invoice = body.invoice;
        if let Some(cost) = self.money.costs.invoices.get(&invoice).copied() {
            return Err(MoneyRefusal::InvoiceTwice { invoice, cost }.into());
        }
        if self.contributions.claims.get(&ArtifactDigest::Sha256(invoice)).is_some() {
            return Err(MoneyRefusal::AlsoClaimed { invoice }.into());
        }
        let party = said.speaker.party;
        if !self.money.costs.has_room(party) {
            return Err(MoneyRefusal::CostsTooMany { party: self.party_name(party), max: COSTS_MAX }.into());
        }
        Ok(Change::Cost(Box::new(CostSlot {
            index: said.index,
            reported: said.at,
            party,
            category: body.category.clone(),
            currency,
            amount: body.amount,
            invoice,
            confirmed: None,
            decided: false,
            taken_back: false,
        })))
    }

    pub(super) fn confirm_costs(&self, said: Said<'_>, body: &CostConfirmation) -> Result<Change, MoneyRefusal> {
        let mut sums = BTreeMap::new();
        for cost in body.costs.iter().copied() {
            let slot = self.money.costs.get(cost).ok_or(MoneyRefusal::UnknownCost { cost })?;
            if slot.party == said.speaker.party {
                return Err(MoneyRefusal::OwnCost { cost, party: self.party_name(slot.party) });
            }
            slot.check_open(cost)?;
            let code = &self.terms().currencies[slot.currency].code;
            let sum = sums.entry(slot.currency).or_insert_with(|| self.money.costs.confirmed_in(slot.currency));
            *sum = within_limit(*sum, slot.amount, code)?;
        }
        let costs: BTreeSet<StatementId> = body.costs.iter().copied().collect();
        Ok(Change::CostsConfirmed { costs: costs.into_iter().collect() })
    }

    /// Checks that an artifact is not the invoice of a cost.
    pub(in crate::agreement) fn check_no_cost(&self, artifact: ArtifactDigest) -> Result<(), MoneyRefusal> {
        let ArtifactDigest::Sha256(digest) = artifact else { return Ok(()) };
        match self.money.costs.invoices.get(&digest) {
            Some(cost) => Err(MoneyRefusal::AlsoCost { artifact: digest, cost: *cost }),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{COSTS_MAX, CostSlot, Costs};
    use crate::{agreement::Entry, digest::Digest, statement::id::StatementId, time::Timestamp};

    #[test]
    fn costs_have_a_limit_that_taking_back_does_not_widen() {
        let mut costs = Costs::default();
        let id = |index: u64| StatementId::from_digest(Digest::of(&[&index.to_be_bytes()]));
        for index in 0..u64::try_from(COSTS_MAX).unwrap() {
            assert!(costs.has_room(0));
            let slot = CostSlot {
                index,
                reported: Timestamp::EPOCH,
                party: 0,
                category: "compute".parse().unwrap(),
                currency: 0,
                amount: 1,
                invoice: id(index).digest(),
                confirmed: None,
                decided: false,
                taken_back: false,
            };
            costs.put(Entry { id: id(index), index, at: Timestamp::EPOCH }, slot);
            costs.take_back(id(index));
        }
        assert!(!costs.has_room(0));
        assert!(costs.has_room(1), "nobody uses up what others may report");
        assert!(costs.invoices.is_empty(), "an invoice that was taken back may be reported anew");
    }
}
