//! Abuses of money: what is not reported, what is reported twice, what is paid twice; and of the ledger it stands in.

use counterfoil::{
    agreement::{money::views::NOT_PROVED, refusal::check_seen},
    digest::Digest,
    statement::{
        Body, SeenCheckpoint, Statement,
        money::{CostConfirmation, PaymentConfirmation},
        wire,
    },
};

use super::refused;
use crate::{
    law::{
        Law, accept, confirm, confirm_reversal, hours,
        money::{PARTIES, THREE, closing_of, cost, nil_of, pay, take_back},
        ms, reverse, sales, terms,
        work::{DAY_MS, feedback},
    },
    stories::secret,
};

/// An agreement that is 40 days old: its first month is over, its second goes on.
fn law() -> Law {
    let mut law = Law::in_force(&terms(THREE));
    law.clock = ms(law.clock.as_ms() + 40 * DAY_MS);
    law
}

fn first(law: &Law) -> u32 {
    law.agreement.periods(law.clock)[0].period
}

fn close_all(law: &mut Law) {
    let period = first(law);
    for party in PARTIES {
        let signed = closing_of(law, party, period);
        law.enter(&signed).unwrap();
    }
}

#[test]
fn under_reported_revenue_shows_as_missing_until_somebody_answers_for_it() {
    let mut law = law();
    let period = first(&law);
    let missing = |law: &Law| law.agreement.periods(law.clock)[0].missing.clone();
    assert_eq!(missing(&law), [0], "sales, of which nothing was said");
    assert_eq!(refused(law.say("community", nil_of(period))), "NOT_COLLECTOR");
    law.say("enterprise", nil_of(period)).unwrap();
    assert_eq!(missing(&law), [0_usize; 0]);
    // Who has said that nothing came in does not slip something in afterwards without taking that back.
    assert_eq!(refused(law.say("enterprise", sales(100))), "BENEFIT_BESIDE_NIL");
    assert!(NOT_PROVED[0].contains("complete"), "no ledger proves that revenue is complete: it is said");
}

#[test]
fn a_benefit_is_confirmed_by_another_and_counts_once() {
    let mut law = law();
    let benefit = law.say("enterprise", sales(100)).unwrap();
    assert_eq!(refused(law.say("enterprise", confirm(benefit))), "OWN_BENEFIT");
    law.say("community", confirm(benefit)).unwrap();
    assert_eq!(refused(law.say("foundation", confirm(benefit))), "ALREADY_CONFIRMED");
    let reversal = law.say("enterprise", reverse(benefit, 60)).unwrap();
    law.say("community", confirm_reversal(reversal)).unwrap();
    assert_eq!(refused(law.say("community", confirm_reversal(reversal))), "REVERSAL_ALREADY_CONFIRMED");
    assert_eq!(refused(law.say("enterprise", reverse(benefit, 41))), "REVERSAL_EXCEEDS");
}

#[test]
fn refusing_or_dropping_a_statement_shows_in_the_closings() {
    let mut law = law();
    let period = first(&law);
    // Whose statement the operator dropped does not close: nothing is settled without that party, or behind its back.
    for party in ["community", "enterprise"] {
        let signed = closing_of(&mut law, party, period);
        law.enter(&signed).unwrap();
    }
    let settlement = law.settlement(law.agreement.size());
    assert_eq!(refused(law.say("community", Body::Settlement(settlement))), "PERIOD_NOT_CLOSED");
    // It says how much of the ledger it has seen, so that what it misses can be told from what it did not send.
    let signed = closing_of(&mut law, "foundation", period);
    let seen = signed.statement().seen.unwrap().tree_size;
    assert_eq!(seen, law.agreement.size());
    law.enter(&signed).unwrap();
    let cut_off = law.agreement.size();
    assert_eq!(law.agreement.closed_periods().collect::<Vec<_>>(), [(period, cut_off)]);
    // And nobody picks another moment.
    law.say("community", feedback(1)).unwrap();
    let settlement = law.settlement(law.agreement.size());
    assert_eq!(refused(law.say("community", Body::Settlement(settlement))), "SETTLEMENT_NOT_AT_CUT_OFF");
    let settlement = law.settlement(cut_off);
    law.say("community", Body::Settlement(settlement)).unwrap();
}

#[test]
fn a_split_view_is_caught_by_the_first_statement_that_saw_the_other() {
    let law = law();
    let saw = |root: Digest| {
        let key = secret("community");
        let statement = Statement {
            agreement: Some(law.agreement.id()),
            signer: key.public(),
            nonce: [0; 16],
            claimed_time: law.clock,
            seen: Some(SeenCheckpoint { tree_size: 2, root }),
            body: hours("community", 1),
        };
        wire::open(&wire::sign(&statement, &key).unwrap()).unwrap()
    };
    let (shown, kept) = (Digest::of(&[b"shown to one"]), Digest::of(&[b"shown to others"]));
    assert_eq!(check_seen(&saw(shown), Some(kept)).unwrap_err().reason(), "SEEN_CHECKPOINT_WRONG");
    assert_eq!(check_seen(&saw(shown), None).unwrap_err().reason(), "SEEN_CHECKPOINT_WRONG");
    check_seen(&saw(kept), Some(kept)).unwrap();
}

#[test]
fn costs_payments_and_reports_that_are_decided_do_not_come_back() {
    let mut law = law();
    let enters = |law: &mut Law, who: &str, body: Body| {
        let signed = law.sign(who, body);
        law.enter(&signed).unwrap();
        signed
    };
    let mut old = vec![enters(&mut law, "community", cost(500, "bill"))];
    let costs = vec![old[0].id()];
    old.push(enters(&mut law, "enterprise", Body::CostConfirmation(CostConfirmation { costs })));
    let withdrawn = enters(&mut law, "enterprise", cost(700, "slip"));
    old.push(enters(&mut law, "enterprise", take_back(withdrawn.id())));
    old.push(withdrawn);
    let benefit = law.say("enterprise", {
        let Body::Benefit(mut body) = sales(9_000) else { unreachable!("sales are a benefit") };
        (body.period_start, body.period_end) = (ms(crate::law::START_MS), ms(crate::law::START_MS));
        Body::Benefit(body)
    });
    let benefit = benefit.unwrap();
    law.say("community", confirm(benefit)).unwrap();
    close_all(&mut law);
    let size = law.agreement.size();
    let settlement = law.settlement(size);
    old.push(enters(&mut law, "community", Body::Settlement(settlement)));
    let paid = enters(&mut law, "enterprise", pay(size, "community", 1_000));
    let payments = vec![paid.id()];
    old.push(enters(&mut law, "community", Body::PaymentConfirmation(PaymentConfirmation { payments })));
    old.push(paid);
    let shown = |law: &Law| format!("{:?} {:?}", law.agreement.balances(), law.agreement.costs());
    let before = shown(&law);
    for signed in &old {
        assert!(law.enter(signed).is_err(), "it comes back: {:?}", signed.statement().body);
    }
    assert_eq!(shown(&law), before);
    // The invoice of what was taken back is free, that of what stands is not.
    assert_eq!(refused(law.say("foundation", cost(1, "bill"))), "INVOICE_TWICE");
}

#[test]
fn nobody_pays_itself_or_more_than_it_owes() {
    let mut law = Law::in_force(&terms(""));
    let benefit = law.say("enterprise", sales(1_000)).unwrap();
    law.say("community", confirm(benefit)).unwrap();
    let size = law.agreement.size();
    law.settle("community");
    assert_eq!(refused(law.say("enterprise", pay(size, "enterprise", 1))), "PAYEE_IS_PAYER");
    assert_eq!(refused(law.say("enterprise", pay(size, "community", 701))), "PAYMENT_EXCEEDS");
    assert_eq!(refused(law.say("community", pay(size, "enterprise", 1))), "NOT_DEBTOR");
    let payment = law.say("enterprise", pay(size, "community", 700)).unwrap();
    let confirmed = Body::PaymentConfirmation(PaymentConfirmation { payments: vec![payment] });
    assert_eq!(refused(law.say("enterprise", confirmed)), "NOT_PAYEE");
}

#[test]
fn huge_costs_are_exact_or_refused() {
    let mut law = law();
    let largest = law.say("community", cost(u64::MAX >> 1, "all there is")).unwrap();
    law.say("enterprise", Body::CostConfirmation(CostConfirmation { costs: vec![largest] })).unwrap();
    let more = law.say("community", cost(u64::MAX >> 1, "and more"));
    let more =
        more.and_then(|more| law.say("enterprise", Body::CostConfirmation(CostConfirmation { costs: vec![more] })));
    assert!(more.is_err(), "sums of costs outgrow their limit");
    law.agreement.account_at(law.agreement.size()).unwrap();
}

#[test]
fn a_statement_of_one_agreement_says_nothing_in_another_of_the_same_parties() {
    let mut here = Law::in_force(&terms(THREE));
    let mut there = Law::in_force(&terms(&format!("{THREE}\ntail 1")));
    let claim = here.sign("community", hours("community", 1));
    here.enter(&claim).unwrap();
    let judged = here.sign("enterprise", accept(claim.id()));
    here.enter(&judged).unwrap();
    there.clock = here.clock;
    for signed in [&claim, &judged] {
        assert_eq!(there.enter(signed).unwrap_err().reason(), "OTHER_AGREEMENT");
    }
}
