//! Random histories of money: whatever is said in whatever order, nobody is paid more than it is owed, nothing is paid
//! twice, periods are settled one after the other, and whoever forgets shows the same.

use counterfoil::{
    agreement::{Agreement, money::costs::CostState},
    statement::{
        Body, Signed,
        id::StatementId,
        money::{Acknowledgement, CostConfirmation, PaymentConfirmation},
    },
};
use proptest::{
    collection::vec,
    prelude::{Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest},
    sample::Index,
    test_runner::TestCaseError,
};

use crate::{
    common::cases,
    keeper::Keeper,
    law::{
        Law, MINUTE_MS, confirm, confirm_reversal,
        money::{PARTIES, THREE, closing_of, cost, nil_of, pay, shown, take_back},
        ms, reverse, sales, terms,
    },
};

const DAY_MS: u64 = 24 * 60 * MINUTE_MS;

#[derive(Clone, Debug)]
enum Step {
    Wait { days: u64 },
    Earn { amount: u64 },
    GiveBack { of: Index, amount: u64 },
    Nil,
    Spend { party: usize, invoice: u8, amount: u64 },
    ConfirmCost { party: usize, of: Index },
    TakeBack { party: usize, of: Index },
    Close { party: usize },
    Settle,
    Acknowledge { party: usize },
    Pay { payer: usize, payee: usize, amount: u64 },
    ConfirmPayment { party: usize, of: Index },
}

fn step() -> impl Strategy<Value = Step> {
    let party = || 0..3_usize;
    prop_oneof![
        3 => (1..20_u64).prop_map(|days| Step::Wait { days }),
        2 => (1..1_000_u64).prop_map(|amount| Step::Earn { amount }),
        1 => (any::<Index>(), 1..600_u64).prop_map(|(of, amount)| Step::GiveBack { of, amount }),
        1 => proptest::prelude::Just(Step::Nil),
        2 => (party(), 0..5_u8, 1..200_u64).prop_map(|(party, invoice, amount)| Step::Spend { party, invoice, amount }),
        2 => (party(), any::<Index>()).prop_map(|(party, of)| Step::ConfirmCost { party, of }),
        2 => (party(), any::<Index>()).prop_map(|(party, of)| Step::TakeBack { party, of }),
        5 => party().prop_map(|party| Step::Close { party }),
        4 => proptest::prelude::Just(Step::Settle),
        1 => party().prop_map(|party| Step::Acknowledge { party }),
        6 => (party(), party(), 1..300_u64).prop_map(|(payer, payee, amount)| Step::Pay { payer, payee, amount }),
        4 => (party(), any::<Index>()).prop_map(|(party, of)| Step::ConfirmPayment { party, of }),
    ]
}

/// What was said so far, to be picked from; and the clock of the log.
struct Said {
    law: Law,
    all: Vec<StatementId>,
    benefits: Vec<StatementId>,
}

impl Said {
    fn pick(of: Index, among: &[StatementId]) -> Option<StatementId> {
        (!among.is_empty()).then(|| *of.get(among))
    }

    /// The statements of a step, in their order; whether they enter is the law's to say.
    fn signed(&mut self, step: &Step) -> Vec<Signed> {
        let last = self.law.agreement.settlement_places().last().map_or(1, |place| place.tree_size);
        let next = self.law.agreement.periods(self.law.clock).into_iter().find(|view| view.cut_off.is_none());
        let (who, body) = match *step {
            Step::Wait { days } => {
                self.law.clock = ms(self.law.clock.as_ms() + days * DAY_MS);
                return Vec::new();
            }
            Step::Earn { amount } => {
                let Body::Benefit(mut benefit) = sales(amount) else { unreachable!("sales are a benefit") };
                (benefit.period_start, benefit.period_end) = (self.law.clock, self.law.clock);
                let report = self.law.sign("enterprise", Body::Benefit(benefit));
                self.benefits.push(report.id());
                let confirmed = self.law.sign("community", confirm(report.id()));
                return vec![report, confirmed];
            }
            Step::GiveBack { of, amount } => {
                let Some(benefit) = Self::pick(of, &self.benefits) else { return Vec::new() };
                let reversal = self.law.sign("enterprise", reverse(benefit, amount));
                let confirmed = self.law.sign("community", confirm_reversal(reversal.id()));
                return vec![reversal, confirmed];
            }
            Step::Nil => ("enterprise", nil_of(next.map_or(0, |view| view.period))),
            Step::Spend { party, invoice, amount } => (PARTIES[party], cost(amount, &invoice.to_string())),
            Step::ConfirmCost { party, of } => match Self::pick(of, &self.all) {
                Some(cost) => (PARTIES[party], Body::CostConfirmation(CostConfirmation { costs: vec![cost] })),
                None => return Vec::new(),
            },
            Step::TakeBack { party, of } => match Self::pick(of, &self.all) {
                Some(statement) => (PARTIES[party], take_back(statement)),
                None => return Vec::new(),
            },
            Step::Close { party } => {
                return vec![closing_of(&mut self.law, PARTIES[party], next.map_or(0, |view| view.period))];
            }
            Step::Settle => {
                let Some(tree_size) = self.law.agreement.next_settlement(self.law.clock) else { return Vec::new() };
                ("foundation", Body::Settlement(self.law.settlement(tree_size)))
            }
            Step::Acknowledge { party } => (PARTIES[party], Body::Acknowledgement(Acknowledgement { tree_size: last })),
            Step::Pay { payer, payee, amount } => (PARTIES[payer], pay(last, PARTIES[payee], amount)),
            Step::ConfirmPayment { party, of } => match Self::pick(of, &self.all) {
                Some(payment) => {
                    (PARTIES[party], Body::PaymentConfirmation(PaymentConfirmation { payments: vec![payment] }))
                }
                None => return Vec::new(),
            },
        };
        vec![self.law.sign(who, body)]
    }
}

/// Balances sum to what the last account pays in all; payments bring nobody across zero, in either direction.
fn check(agreement: &Agreement, before: &Agreement) -> Result<(), TestCaseError> {
    let (now, then) = (agreement.balances(), before.balances());
    let paid: u128 = now.iter().map(|balance| balance.paid).sum();
    let received: u128 = now.iter().map(|balance| balance.received).sum();
    prop_assert_eq!(paid, received);
    let nets: i128 = now.iter().map(|balance| balance.allocation - balance.collected).sum();
    prop_assert_eq!(now.iter().map(|balance| balance.balance).sum::<i128>(), nets);
    let open: u128 = agreement.open_payments().iter().map(|payment| u128::from(payment.amount)).sum();
    prop_assert_eq!(now.iter().map(|balance| balance.paid_unconfirmed).sum::<u128>(), open);
    if agreement.settlement_places().len() == before.settlement_places().len()
        && agreement.open_payments().len() > before.open_payments().len()
    {
        for (now, then) in now.iter().zip(&then) {
            prop_assert!(now.balance.signum() * then.balance.signum() >= 0, "{then:?} became {now:?}");
            prop_assert!(now.balance.abs() <= then.balance.abs(), "{then:?} became {now:?}");
        }
    }
    let (mut invoices, mut confirmed) = (Vec::new(), 0);
    for cost in agreement.costs() {
        if cost.state != CostState::TakenBack {
            prop_assert!(!invoices.contains(&cost.invoice), "an invoice stands twice");
            invoices.push(cost.invoice);
        }
        confirmed += u64::from(cost.state == CostState::Confirmed);
    }
    prop_assert!(confirmed <= 5);
    let cut_offs: Vec<u64> = agreement.closed_periods().map(|(_, cut_off)| cut_off).collect();
    prop_assert!(cut_offs.is_sorted());
    for place in agreement.settlement_places() {
        prop_assert!(cut_offs.contains(&place.tree_size), "settled beside the calendar");
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases(48))]

    #[test]
    fn money_is_paid_once_and_periods_follow_each_other(steps in vec(step(), 1..90), closing_days in 0..12_u32) {
        let mut terms = terms(THREE);
        terms.windows.closing = closing_days;
        let law = Law::in_force(&terms);
        let mut keeper = Keeper::of(law.agreement.clone(), law.proposal.clone());
        let mut said = Said { law, all: Vec::new(), benefits: Vec::new() };
        let mut again: Vec<Signed> = Vec::new();
        for (place, step) in steps.iter().enumerate() {
            for signed in said.signed(step) {
                let before = said.law.agreement.clone();
                let here = said.law.enter(&signed);
                prop_assert_eq!(keeper.enter(&signed, said.law.clock).map(|_| signed.id()), here.clone());
                if here.is_ok() {
                    check(&said.law.agreement, &before)?;
                    said.all.push(signed.id());
                    again.push(signed);
                }
            }
            match place % 4 {
                0 => keeper.restore(),
                2 => {
                    keeper.put_away(1);
                    keeper.agreement.forget(0);
                }
                _ => {}
            }
            prop_assert_eq!(shown(&keeper.agreement, &said.law), shown(&said.law.agreement, &said.law));
        }
        // A server that enters again what it has entered gets nowhere.
        for signed in &again {
            prop_assert!(said.law.agreement.admit(signed, said.law.clock).is_err(), "{signed:?} comes twice");
        }
    }
}
