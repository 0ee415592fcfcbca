//! Money besides benefits: periods and their closing, nil reports, costs, acknowledgements, payments and balances.
//!
//! Everything here is kept whole in the summary of an agreement: it grows with time, costs and payments, which have limits,
//! and never with contributions or benefits.

pub mod costs;
pub mod payments;
pub mod periods;
pub mod statements;
pub mod views;

use serde::{Deserialize, Serialize};

use crate::{
    agreement::{
        Agreement, Entry, Said,
        benefit::{self, GROSS_MAX},
        money::{
            costs::{CostSlot, Costs},
            payments::{Payments, Sent},
            periods::{ClosedBy, Periods, Report},
            statements::Stated,
        },
        refusal::{Refusal, change::ChangeRefusal, money::MoneyRefusal},
    },
    statement::{
        Benefit, Body,
        id::StatementId,
        terms::{CurrencyCode, Terms},
    },
    time::Timestamp,
};

/// See [`self`].
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Money {
    /// Once an agreement with a calendar is in force.
    pub(super) periods: Option<Periods>,
    pub(super) costs: Costs,
    /// The last settlement and who has acknowledged it.
    pub(super) stated: Option<Stated>,
    pub(super) payments: Payments,
}

#[derive(Debug)]
pub(super) enum Change {
    /// A party has closed a period; whether that closes it for all.
    Closed {
        party: usize,
        seen: Option<u64>,
        completes: bool,
    },
    /// A stream brought nothing.
    Nil {
        period: u32,
        stream: usize,
    },
    NilTakenBack {
        period: u32,
        stream: usize,
    },
    Cost(Box<CostSlot>),
    CostsConfirmed {
        costs: Vec<StatementId>,
    },
    CostTakenBack {
        cost: StatementId,
    },
    Acknowledged {
        party: usize,
    },
    Paid(Sent),
    PaymentsConfirmed {
        payments: Vec<StatementId>,
    },
    PaymentTakenBack {
        payment: StatementId,
    },
}

impl Money {
    /// The agreement has come in force at `at`.
    pub(super) fn begin(&mut self, terms: &Terms, at: Timestamp) {
        self.periods = terms.calendar.map(|calendar| Periods::begin(calendar, at));
    }

    /// Whether a period is closed by time alone until `at`, and no entry has shown it yet.
    pub(super) fn period_ends(&self, agreement: &Agreement, at: Timestamp) -> bool {
        self.periods.as_ref().is_some_and(|periods| agreement.closes_by_itself(periods, at))
    }

    pub(super) fn cost(&self, id: StatementId) -> Option<&CostSlot> {
        self.costs.get(id)
    }

    /// A dispute decided how much of a cost counts, minor units.
    pub(super) fn decide_cost(&mut self, id: StatementId, amount: u64) {
        self.costs.decide(id, amount);
    }

    /// Returns the entry of a cost or payment: what others could take for two if it came in twice.
    pub(super) fn index_of(&self, id: StatementId) -> Option<u64> {
        self.costs.index_of(id).or_else(|| self.payments.index_of(id))
    }
}

impl Agreement {
    pub(super) fn judge_money(&self, said: Said<'_>, body: &Body) -> Result<Change, Refusal> {
        match body {
            Body::Closing(body) => Ok(self.close(said, *body)?),
            Body::NilReport(body) => self.report_nil(said, body),
            Body::Cost(body) => self.report_cost(said, body),
            Body::CostConfirmation(body) => Ok(self.confirm_costs(said, body)?),
            Body::Acknowledgement(body) => Ok(self.acknowledge(said, *body)?),
            Body::Payment(body) => self.pay(said, body),
            Body::PaymentConfirmation(body) => Ok(self.confirm_payments(said, body)?),
            other => unreachable!("a {} is not about money", other.kind()),
        }
    }

    pub(super) fn apply_money(&mut self, entry: Entry, change: Change) {
        match change {
            Change::Closed { party, seen, completes } => {
                let Some(periods) = &mut self.money.periods else { return };
                periods.closers.insert(party, ClosedBy { index: entry.index, seen });
                if completes {
                    periods.close(entry.index + 1);
                }
            }
            Change::Nil { period, stream } => self.money.report(period, stream, Report::Nil(entry.id)),
            Change::NilTakenBack { period, stream } => self.money.report(period, stream, Report::NilTakenBack),
            Change::Cost(slot) => self.money.costs.put(entry, *slot),
            Change::CostsConfirmed { costs } => {
                for cost in costs {
                    if let Some(slot) = self.money.costs.confirm(cost, entry.index) {
                        self.books.cost(entry.index, slot.currency, slot.party, slot.amount);
                    }
                }
            }
            Change::CostTakenBack { cost } => self.money.costs.take_back(cost),
            Change::Acknowledged { party } => {
                if let Some(stated) = &mut self.money.stated {
                    stated.acknowledged.insert(party, entry.index);
                }
            }
            Change::Paid(sent) => self.money.payments.put(entry, sent),
            Change::PaymentsConfirmed { payments } => {
                payments.into_iter().for_each(|payment| self.money.payments.confirm(payment));
            }
            Change::PaymentTakenBack { payment } => drop(self.money.payments.take_back(payment)),
        }
    }

    /// Remembers what a benefit reports, for the period it was earned in.
    pub(super) fn note_benefit(&mut self, change: &benefit::Change) {
        if let benefit::Change::Reported { stream, benefit, .. } = change
            && let Some(period) = self.period_earned(benefit)
        {
            self.money.report(period, *stream, Report::Benefit);
        }
    }

    fn period_earned(&self, benefit: &Benefit) -> Option<u32> {
        let periods = self.money.periods.as_ref()?;
        Some(periods.of(benefit.period_start, benefit.period_end))
    }

    /// Remembers a settlement: what it leaves open, and that nobody has acknowledged it.
    pub(super) fn note_settlement(&mut self, entry: Entry, tree_size: u64) {
        self.money.stated = Some(Stated::new(tree_size, entry));
        if let Some(periods) = &mut self.money.periods {
            periods.forget_reports(tree_size);
        }
    }

    /// Takes back a cost, payment or nil report that the party has reported and that is still open; `None` if the statement is none.
    pub(super) fn take_money_back(&self, party: usize, statement: StatementId) -> Result<Option<Change>, Refusal> {
        let (of, change) = if let Some(slot) = self.money.costs.get(statement) {
            slot.check_open(statement)?;
            (slot.party, Change::CostTakenBack { cost: statement })
        } else if self.money.payments.index_of(statement).is_some() {
            let (_, sent) = self.money.payments.find_open(statement)?;
            (sent.payer, Change::PaymentTakenBack { payment: statement })
        } else if let Some((period, stream)) = self.money.periods.as_ref().and_then(|all| all.nil(statement)) {
            self.check_period_open(period)?;
            let collector = self.directory().party(&self.terms().streams[stream].collector);
            (collector.unwrap_or(party), Change::NilTakenBack { period, stream })
        } else {
            return Ok(None);
        };
        if of == party {
            return Ok(Some(change));
        }
        Err(ChangeRefusal::NotYours { statement, party: self.party_name(party) }.into())
    }
}

impl Money {
    fn report(&mut self, period: u32, stream: usize, report: Report) {
        if let Some(periods) = &mut self.periods {
            periods.reports.insert((period, stream), report);
        }
    }
}

/// Adds amounts of minor units as long as they stay within what a signed 64-bit amount holds.
fn within_limit(sum: u64, amount: u64, currency: &CurrencyCode) -> Result<u64, MoneyRefusal> {
    let too_large = || MoneyRefusal::CostsTooLarge { currency: currency.clone() };
    sum.checked_add(amount).filter(|sum| *sum <= GROSS_MAX).ok_or_else(too_large)
}
