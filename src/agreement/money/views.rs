//! What people want to see of the money: balances, whether all win, and what a ledger does not prove.

use crate::{
    agreement::{Agreement, settle::StreamSum},
    split::surplus,
    statement::rules::Baseline,
};

/// What an agreement's ledger does not prove, whoever reads it: every statement of account says so.
pub const NOT_PROVED: [&str; 5] = [
    "The ledger does not prove that reported revenue is complete: it shows who reported and confirmed it, and which reports are missing.",
    "The ledger does not prove that an hour was worked or that work is good: it shows who claimed it and who attested it.",
    "Documents are known by their digests only: whether an invoice, a text or evidence is genuine, its reader decides.",
    "Payments are what payer and payee say: no bank was asked.",
    "Times inside statements are claims; only the order of the entries and their admission times are the log's own.",
];

/// What a party has and is owed in one currency, minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Balance {
    /// The position of the currency.
    pub currency: usize,
    /// The position of the party.
    pub party: usize,
    /// What the last settlement allocates to it in all.
    pub allocation: i128,
    /// What it has collected for the pool.
    pub collected: i128,
    /// What it has paid to others, confirmed.
    pub paid: u128,
    /// What it was paid by others, confirmed.
    pub received: u128,
    /// What it has paid and nobody has confirmed.
    pub paid_unconfirmed: u128,
    /// What it was paid and has not confirmed.
    pub received_unconfirmed: u128,
    /// What it is owed, payments that wait for confirmation included; below zero: what it owes. All balances of a currency sum to
    /// what it owes to nobody here, below zero: fees, and what is held back, disputed or in reserve.
    pub balance: i128,
}

/// Whether a party is better off than it would be alone, in one currency; minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gain {
    /// The position of the party.
    pub party: usize,
    /// The position of the currency.
    pub currency: usize,
    /// What it keeps of the streams it collects.
    pub retained: i128,
    /// What the last settlement allocates to it in all.
    pub allocation: i128,
    /// Its confirmed costs that the last settlement covers.
    pub costs: i128,
    /// What it would have alone, for as many periods.
    pub baseline: i128,
    /// How many periods that is: those that are settled, or 1 without a calendar.
    pub periods: usize,
    /// `retained + allocation - costs - baseline`.
    pub surplus: i128,
}

impl Gain {
    /// Whether the party is not worse off.
    #[must_use]
    pub const fn wins(&self) -> bool {
        self.surplus >= 0
    }
}

impl Agreement {
    /// Returns what a party is owed; below zero: what it owes. Payments that wait for confirmation count.
    pub(super) fn balance(&self, currency: usize, party: usize) -> i128 {
        let sums = self.money.payments.sums(currency, party);
        // 2^16 payments of less than 2^64 each are far from the limit.
        let wide = |sum: u128| i128::try_from(sum).unwrap_or(i128::MAX);
        self.net(currency, party) + wide(sums.paid + sums.paid_waiting) - wide(sums.received + sums.received_waiting)
    }

    /// Returns what the last settlement says a party gets from others in all; below zero: what it passes on.
    fn net(&self, currency: usize, party: usize) -> i128 {
        let account = self.settlements.last.as_ref();
        // Who or what came in with later terms has nothing yet.
        let net = account.and_then(|account| account.nets.get(currency)?.get(party).copied());
        net.map_or(0, i128::from)
    }

    fn allocation(&self, currency: usize, party: usize) -> i128 {
        let account = self.settlements.last.as_ref();
        let line = account.and_then(|account| account.settlement.accounts.get(currency)?.parties.get(party));
        line.map_or(0, |line| i128::from(line.allocation))
    }

    /// Returns what every party has and is owed in every currency, by currency, then party.
    #[must_use]
    pub fn balances(&self) -> Vec<Balance> {
        let parties = 0..self.terms().parties.len();
        let currencies = 0..self.terms().currencies.len();
        let places = currencies.flat_map(|currency| parties.clone().map(move |party| (currency, party)));
        let balance = |(currency, party)| {
            let sums = self.money.payments.sums(currency, party);
            let allocation = self.allocation(currency, party);
            Balance {
                currency,
                party,
                allocation,
                collected: allocation - self.net(currency, party),
                paid: sums.paid,
                received: sums.received,
                paid_unconfirmed: sums.paid_waiting,
                received_unconfirmed: sums.received_waiting,
                balance: self.balance(currency, party),
            }
        };
        places.map(balance).collect()
    }

    /// Returns for every party and currency with a baseline whether the party is better off than alone, as far as settlements go.
    /// Empty before the first settlement.
    #[must_use]
    pub fn gains(&self) -> Vec<Gain> {
        let Some(account) = &self.settlements.last else { return Vec::new() };
        let tree_size = account.settlement.tree_size;
        let periods = if self.terms().calendar.is_some() { self.settled_periods() } else { 1 };
        let times = i128::try_from(periods).unwrap_or(i128::MAX);
        let gain = |baseline: &Baseline| {
            let party = self.directory().party(&baseline.party)?;
            let currency = self.directory().currency(&baseline.currency)?;
            let collects = |sum: &&StreamSum| {
                sum.currency == currency && self.terms().streams[sum.stream].collector == baseline.party
            };
            let kept = account.streams.iter().filter(collects);
            let retained: i128 = kept.map(|sum| i128::from(sum.gross) - i128::from(sum.pooled)).sum();
            let covered = |at: u64| at < tree_size;
            let costs =
                self.money.costs.iter().map(|(_, slot)| slot).filter(|slot| {
                    (slot.party, slot.currency) == (party, currency) && slot.confirmed.is_some_and(covered)
                });
            let costs: i128 = costs.map(|slot| i128::from(slot.amount)).sum();
            let allocation = self.allocation(currency, party);
            let baseline = i128::from(baseline.amount).saturating_mul(times);
            let surplus = surplus(retained, allocation, costs, baseline);
            Some(Gain { party, currency, retained, allocation, costs, baseline, periods, surplus })
        };
        self.terms().baselines.iter().filter_map(gain).collect()
    }

    /// Whether every party with a baseline is better off than alone in every currency.
    #[must_use]
    pub fn is_win_win(&self) -> bool {
        self.gains().iter().all(Gain::wins)
    }
}
