//! Payments between parties, and what is left to pay.
//!
//! The balance of a party is its allocation, less what it has collected for the pool, less what it was paid, and what it has
//! paid: who is above zero is owed, who is below owes. A payment counts from its report on, so that nothing is reported
//! twice; the payer takes back what was reported by mistake, as long as the payee has not confirmed it. Nobody pays more
//! than it owes: else a party could, by payments that never arrive, keep others from paying their own debts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    agreement::{
        Agreement, Entry, Said,
        money::Change,
        refusal::{Refusal, money::MoneyRefusal},
        tally::Tally,
    },
    statement::{
        id::StatementId,
        money::{Payment, PaymentConfirmation},
    },
    time::Timestamp,
};

/// How many payments one party may report over the life of an agreement, those taken back included.
pub const PAYMENTS_MAX: usize = 10_000;

/// All payments of an agreement.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(in crate::agreement) struct Payments {
    /// The entry of every one.
    entries: BTreeMap<StatementId, u64>,
    /// Those that wait for the payee.
    open: BTreeMap<StatementId, (Timestamp, Sent)>,
    /// By currency and party.
    sums: BTreeMap<(usize, usize), Sums>,
    /// By payer: all that were ever reported.
    made: Tally,
}

/// A payment as it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::agreement) struct Sent {
    tree_size: u64,
    pub(super) payer: usize,
    payee: usize,
    currency: usize,
    amount: u64,
}

/// Minor units. Wider than an amount: what is given back is paid back, and over the years the same money may come and go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sums {
    /// Paid to others, and confirmed by them.
    pub(super) paid: u128,
    /// Received from others, and confirmed.
    pub(super) received: u128,
    /// Paid to others, who have not confirmed it.
    pub(super) paid_waiting: u128,
    /// Received from others, and not confirmed.
    pub(super) received_waiting: u128,
}

/// A payment that waits for the payee.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaymentView {
    /// Its statement id.
    pub id: StatementId,
    /// The index of its entry.
    pub index: u64,
    /// When it was admitted.
    pub admitted: Timestamp,
    /// The size the settlement it names covers.
    pub tree_size: u64,
    /// The position of the party that paid.
    pub payer: usize,
    /// The position of the party that was paid.
    pub payee: usize,
    /// The position of the currency.
    pub currency: usize,
    /// Minor units.
    pub amount: u64,
}

impl Payments {
    pub(super) fn index_of(&self, payment: StatementId) -> Option<u64> {
        self.entries.get(&payment).copied()
    }

    pub(super) fn find_open(&self, payment: StatementId) -> Result<(Timestamp, Sent), MoneyRefusal> {
        match self.open.get(&payment) {
            Some(open) => Ok(*open),
            None if self.entries.contains_key(&payment) => Err(MoneyRefusal::PaymentNotOpen { payment }),
            None => Err(MoneyRefusal::UnknownPayment { payment }),
        }
    }

    fn has_room(&self, payer: usize) -> bool {
        self.made.of(payer) < PAYMENTS_MAX
    }

    pub(super) fn put(&mut self, entry: Entry, sent: Sent) {
        self.made.add(sent.payer, 1);
        self.entries.insert(entry.id, entry.index);
        self.open.insert(entry.id, (entry.at, sent));
        let amount = u128::from(sent.amount);
        self.sums_of(sent.currency, sent.payer).paid_waiting += amount;
        self.sums_of(sent.currency, sent.payee).received_waiting += amount;
    }

    pub(super) fn confirm(&mut self, payment: StatementId) {
        let Some(sent) = self.take_back(payment) else { return };
        let amount = u128::from(sent.amount);
        self.sums_of(sent.currency, sent.payer).paid += amount;
        self.sums_of(sent.currency, sent.payee).received += amount;
    }

    pub(super) fn take_back(&mut self, payment: StatementId) -> Option<Sent> {
        let (_, sent) = self.open.remove(&payment)?;
        let amount = u128::from(sent.amount);
        self.sums_of(sent.currency, sent.payer).paid_waiting -= amount;
        self.sums_of(sent.currency, sent.payee).received_waiting -= amount;
        Some(sent)
    }

    fn sums_of(&mut self, currency: usize, party: usize) -> &mut Sums {
        self.sums.entry((currency, party)).or_default()
    }

    /// Returns what a party has paid and received.
    pub(super) fn sums(&self, currency: usize, party: usize) -> Sums {
        self.sums.get(&(currency, party)).copied().unwrap_or_default()
    }
}

impl Agreement {
    /// Returns the payments that wait for their payees, in ledger order.
    #[must_use]
    pub fn open_payments(&self) -> Vec<PaymentView> {
        let open = self.money.payments.open.iter().map(|(id, (admitted, sent))| PaymentView {
            id: *id,
            index: self.money.payments.index_of(*id).unwrap_or_default(),
            admitted: *admitted,
            tree_size: sent.tree_size,
            payer: sent.payer,
            payee: sent.payee,
            currency: sent.currency,
            amount: sent.amount,
        });
        let mut open: Vec<PaymentView> = open.collect();
        open.sort_by_key(|payment| payment.index);
        open
    }

    pub(super) fn pay(&self, said: Said<'_>, body: &Payment) -> Result<Change, Refusal> {
        let (tree_size, payer) = (body.tree_size, said.speaker.party);
        self.settlements.index_at(tree_size).ok_or(MoneyRefusal::UnknownSettlement { tree_size })?;
        let unknown = || MoneyRefusal::UnknownPayee { payee: body.payee.clone() };
        let payee = self.directory().party(&body.payee).ok_or_else(unknown)?;
        if payee == payer {
            return Err(MoneyRefusal::PayeeIsPayer { party: body.payee.clone() }.into());
        }
        let currency = self.known_currency(&body.currency)?;
        if !self.money.payments.has_room(payer) {
            return Err(MoneyRefusal::PaymentsTooMany { party: self.party_name(payer), max: PAYMENTS_MAX }.into());
        }
        let (owes, owed) = (-self.balance(currency, payer), self.balance(currency, payee));
        let text = |amount| self.terms().currencies[currency].amount(amount);
        if owes <= 0 {
            let (payer, currency) = (self.party_name(payer), body.currency.clone());
            return Err(MoneyRefusal::NotDebtor { payer, currency, balance: text(-owes) }.into());
        }
        let amount = i128::from(body.amount);
        if amount > owes || amount > owed {
            return Err(MoneyRefusal::PaymentExceeds {
                payer: self.party_name(payer),
                payee: body.payee.clone(),
                amount: text(amount),
                owes: text(owes),
                owed: text(owed.max(0)),
            }
            .into());
        }
        Ok(Change::Paid(Sent { tree_size, payer, payee, currency, amount: body.amount }))
    }

    pub(super) fn confirm_payments(&self, said: Said<'_>, body: &PaymentConfirmation) -> Result<Change, MoneyRefusal> {
        for payment in body.payments.iter().copied() {
            let (_, sent) = self.money.payments.find_open(payment)?;
            if sent.payee != said.speaker.party {
                let (payee, party) = (self.party_name(sent.payee), self.party_name(said.speaker.party));
                return Err(MoneyRefusal::NotPayee { payment, payee, party });
            }
        }
        Ok(Change::PaymentsConfirmed { payments: body.payments.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::{PAYMENTS_MAX, Payments, Sent, Sums};
    use crate::{agreement::Entry, digest::Digest, statement::id::StatementId, time::Timestamp};

    #[test]
    fn payments_have_a_limit_and_their_sums_never_overflow() {
        let mut payments = Payments::default();
        let sent = Sent { tree_size: 1, payer: 0, payee: 1, currency: 0, amount: u64::MAX };
        for index in 0..u64::try_from(PAYMENTS_MAX).unwrap() {
            assert!(payments.has_room(0));
            let id = StatementId::from_digest(Digest::of(&[&index.to_be_bytes()]));
            payments.put(Entry { id, index, at: Timestamp::EPOCH }, sent);
            match index % 3 {
                0 => payments.confirm(id),
                1 => drop(payments.take_back(id)),
                _ => {}
            }
        }
        assert!(!payments.has_room(0));
        assert!(payments.has_room(1), "nobody uses up what others may report");
        let third = |of: u128| u128::from(u64::MAX) * of;
        let payer = Sums { paid: third(3_334), paid_waiting: third(3_333), ..Sums::default() };
        assert_eq!(payments.sums(0, 0), payer);
    }
}
