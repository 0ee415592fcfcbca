//! Money besides benefits: what only time, leaving and standstill show, statements that come twice, and what is put away.

use counterfoil::{
    agreement::{
        Agreement,
        calendar::period_at,
        money::periods::{PeriodState, PeriodView},
        refusal::Refusal,
        state::Phase,
    },
    digest::Digest,
    split::Ratio,
    statement::{
        Acceptance, ArtifactDigest, Body, SeenCheckpoint, Signed, Statement,
        change::{Close, Exit, Resumption, Suspension, Withdrawal},
        id::StatementId,
        money::{Acknowledgement, Closing, Cost, CostConfirmation, NilReport, Payment, PaymentConfirmation},
        rules::{Baseline, Calendar, ExitTerms},
        terms::Terms,
        wire,
    },
};

use crate::{
    keeper::Keeper,
    law::{Law, MINUTE_MS, confirm, contribution, hours, ms, sales, terms, unknown, withdraw},
    stories::secret,
};

pub(super) const THREE: &str = "
    party community
    party enterprise
    party foundation
    dimension T mass 10 defaults 1/2,3/10,1/5
    calendar month
    recoups compute";

pub(super) const PARTIES: [&str; 3] = ["community", "enterprise", "foundation"];

fn at(law: &mut Law, time: &str) {
    law.clock = time.parse().unwrap();
}

fn month(text: &str) -> u32 {
    period_at(Calendar::Month, text.parse().unwrap())
}

/// A closing names what its signer has seen; the law is told that it is so.
fn closing(law: &mut Law, who: &str, period: &str) -> Signed {
    closing_of(law, who, month(period))
}

pub(super) fn closing_of(law: &mut Law, who: &str, period: u32) -> Signed {
    law.spoken += 1;
    law.clock = ms(law.clock.as_ms() + MINUTE_MS);
    let key = secret(who);
    let mut nonce = [0; 16];
    nonce[..8].copy_from_slice(&law.spoken.to_be_bytes());
    let statement = Statement {
        agreement: Some(law.agreement.id()),
        signer: key.public(),
        nonce,
        claimed_time: law.clock,
        seen: Some(SeenCheckpoint { tree_size: law.agreement.size(), root: Digest::of(&[]) }),
        body: Body::Closing(Closing { period }),
    };
    wire::open(&wire::sign(&statement, &key).unwrap()).unwrap()
}

fn close(law: &mut Law, who: &str, period: &str) -> Result<StatementId, Refusal> {
    close_of(law, who, month(period))
}

pub(super) fn close_of(law: &mut Law, who: &str, period: u32) -> Result<StatementId, Refusal> {
    let signed = closing_of(law, who, period);
    law.enter(&signed)
}

fn reason(found: Result<StatementId, Refusal>) -> &'static str {
    found.expect_err("it is to be refused").reason()
}

fn view(law: &Law, period: &str) -> PeriodView {
    let found = law.agreement.periods(law.clock).into_iter().find(|view| view.period == month(period));
    found.expect("the period is shown")
}

/// All parties accept what one moves.
pub(super) fn agree(law: &mut Law, mover: &str, body: Body) {
    let motion = law.say(mover, body).unwrap();
    for party in PARTIES.into_iter().filter(|party| *party != mover) {
        law.say(party, Body::Acceptance(Acceptance { proposal: motion })).unwrap();
    }
}

pub(super) fn cost(amount: u64, invoice: &str) -> Body {
    let (category, currency) = ("compute".parse().unwrap(), "EUR".parse().unwrap());
    Body::Cost(Cost { category, currency, amount, invoice: Digest::of(&[invoice.as_bytes()]), note: String::new() })
}

fn nil(period: &str) -> Body {
    nil_of(month(period))
}

pub(super) fn nil_of(period: u32) -> Body {
    Body::NilReport(NilReport { stream: "sales".parse().unwrap(), period })
}

pub(super) fn pay(tree_size: u64, payee: &str, amount: u64) -> Body {
    let (payee, currency) = (payee.parse().unwrap(), "EUR".parse().unwrap());
    let evidence = Digest::of(&[b"a bank statement"]);
    Body::Payment(Payment { tree_size, payee, currency, amount, evidence, note: String::new() })
}

pub(super) fn take_back(statement: StatementId) -> Body {
    Body::Withdrawal(Withdrawal { statement, reason: String::new() })
}

fn settle_at(law: &mut Law, tree_size: u64) -> Result<StatementId, Refusal> {
    let settlement = law.settlement(tree_size);
    law.say("community", Body::Settlement(settlement))
}

fn with_exit(mut terms: Terms) -> Terms {
    terms.exit = Some(ExitTerms { notice_days: 0, factor: Ratio::ONE, factor_without_notice: Ratio::ONE });
    terms
}

#[test]
fn a_party_that_has_left_is_not_waited_for() {
    let mut law = Law::in_force(&with_exit(terms(THREE)));
    at(&mut law, "2026-02-01");
    close(&mut law, "community", "2026-01-01").unwrap();
    let leaves = ms(law.clock.as_ms() + 60 * MINUTE_MS);
    law.say("foundation", Body::Exit(Exit { leaves, reason: String::new() })).unwrap();
    assert_eq!(view(&law, "2026-01-01").state, PeriodState::Over);
    at(&mut law, "2026-02-02");
    close(&mut law, "enterprise", "2026-01-01").unwrap();
    assert_eq!(law.agreement.closed_periods().collect::<Vec<_>>(), [(month("2026-01-01"), law.agreement.size())]);
}

#[test]
fn a_period_that_only_waits_for_a_leaver_is_closed_once_it_has_left() {
    let mut law = Law::in_force(&with_exit(terms(THREE)));
    at(&mut law, "2026-02-01");
    let leaves = ms(law.clock.as_ms() + 60 * MINUTE_MS);
    law.say("foundation", Body::Exit(Exit { leaves, reason: String::new() })).unwrap();
    close(&mut law, "community", "2026-01-01").unwrap();
    close(&mut law, "enterprise", "2026-01-01").unwrap();
    assert_eq!(view(&law, "2026-01-01").state, PeriodState::Over);
    at(&mut law, "2026-02-02");
    let size = law.agreement.size();
    // Nobody could close it once more: without this it would stay open for ever.
    assert_eq!(view(&law, "2026-01-01").cut_off, Some(size));
    assert_eq!(law.agreement.closed_periods().len(), 0, "no entry shows it yet");
    law.say("enterprise", sales(100)).expect_err("its time lies in the closed period");
    settle_at(&mut law, size).unwrap();
    assert_eq!(law.agreement.closed_periods().collect::<Vec<_>>(), [(month("2026-01-01"), size)]);
}

#[test]
fn the_deadline_stands_still_while_the_agreement_does() {
    let mut terms = terms(THREE);
    terms.windows.closing = 10;
    let mut law = Law::in_force(&terms);
    at(&mut law, "2026-02-06");
    agree(&mut law, "community", Body::Suspension(Suspension { reason: "a review".into() }));
    at(&mut law, "2026-03-06");
    assert_eq!(view(&law, "2026-01-01").state, PeriodState::Over);
    assert_eq!(view(&law, "2026-01-01").deadline, None);
    agree(&mut law, "community", Body::Resumption(Resumption { reason: String::new() }));
    // It stood still for 28 days.
    assert_eq!(view(&law, "2026-01-01").deadline, Some("2026-03-11".parse().unwrap()));
    at(&mut law, "2026-03-10");
    assert_eq!(view(&law, "2026-01-01").state, PeriodState::Over);
    at(&mut law, "2026-03-12");
    assert_eq!(view(&law, "2026-01-01").state, PeriodState::Closed);
    assert_eq!(view(&law, "2026-02-01").state, PeriodState::Over, "its own window began later");
}

#[test]
fn an_agreement_that_is_wound_down_closes_its_running_period_together() {
    let mut terms = terms(THREE);
    terms.tail_days = 5;
    let mut law = Law::in_force(&terms);
    let benefit = law.say("enterprise", sales(1_000)).unwrap();
    law.say("community", confirm(benefit)).unwrap();
    assert_eq!(reason(close(&mut law, "community", "2026-01-01")), "PERIOD_NOT_OVER");
    agree(&mut law, "community", Body::Close(Close { reason: String::new() }));
    assert_eq!(law.agreement.phase_at(law.clock), Phase::WindingDown);
    assert_eq!(reason(close(&mut law, "community", "2026-02-01")), "PERIOD_NOT_OVER");
    close(&mut law, "community", "2026-01-01").unwrap();
    close(&mut law, "enterprise", "2026-01-01").unwrap();
    assert_eq!(view(&law, "2026-01-01").state, PeriodState::Running, "not without all");
    close(&mut law, "foundation", "2026-01-01").unwrap();
    let size = law.agreement.size();
    settle_at(&mut law, size).unwrap();
    assert_eq!(law.agreement.balances()[0].balance, 500);
    // Within the tail, what was stated is still paid.
    let payment = law.say("enterprise", pay(size, "community", 500)).unwrap();
    law.say("community", Body::PaymentConfirmation(PaymentConfirmation { payments: vec![payment] })).unwrap();
    assert_eq!(law.agreement.balances()[0].balance, 0);
}

#[test]
fn what_comes_a_second_time_is_refused_whatever_happened_between() {
    let mut law = Law::in_force(&terms(THREE));
    let twice = |law: &mut Law, who: &str, body: Body, expected: &str| {
        let signed = law.sign(who, body);
        let id = law.enter(&signed).unwrap();
        let (after, clock) = (law.agreement.size(), law.clock);
        assert_eq!(reason(law.enter(&signed)), expected);
        assert_eq!(law.agreement.size(), after);
        (signed, id, clock)
    };
    let (cost_said, cost_id, _) = twice(&mut law, "community", cost(500, "bill"), "ALREADY_RECORDED");
    let confirmed = Body::CostConfirmation(CostConfirmation { costs: vec![cost_id] });
    let benefit = law.say("enterprise", sales(1_000)).unwrap();
    law.say("community", confirm(benefit)).unwrap();
    let mistaken = law.say("enterprise", cost(700, "slip")).unwrap();
    twice(&mut law, "enterprise", take_back(mistaken), "COST_NOT_OPEN");
    twice(&mut law, "enterprise", confirmed, "COST_NOT_OPEN");
    assert_eq!(reason(law.enter(&cost_said)), "ALREADY_RECORDED");

    at(&mut law, "2026-03-01");
    let (nil_said, nil_id, _) = twice(&mut law, "enterprise", nil("2026-02-01"), "NIL_TWICE");
    assert_eq!(law.agreement.open_nil_reports(), [nil_id]);
    twice(&mut law, "enterprise", take_back(nil_id), "NOTHING_TO_TAKE_BACK");
    assert_eq!(law.agreement.open_nil_reports(), []);
    assert_eq!(reason(law.enter(&nil_said)), "NIL_TWICE", "a nil report that was taken back stays away");
    let first = closing(&mut law, "community", "2026-01-01");
    law.enter(&first).unwrap();
    assert_eq!(reason(law.enter(&first)), "ALREADY_CLOSED_BY_PARTY");
    close(&mut law, "enterprise", "2026-01-01").unwrap();
    close(&mut law, "foundation", "2026-01-01").unwrap();
    assert_eq!(reason(law.enter(&first)), "PERIOD_CLOSED");
    let size = law.agreement.size();
    settle_at(&mut law, size).unwrap();
    let agreed = Body::Acknowledgement(Acknowledgement { tree_size: size });
    twice(&mut law, "community", agreed, "ALREADY_ACKNOWLEDGED");
    let (paid, payment, _) = twice(&mut law, "enterprise", pay(size, "community", 1), "ALREADY_RECORDED");
    let received = Body::PaymentConfirmation(PaymentConfirmation { payments: vec![payment] });
    twice(&mut law, "community", received, "PAYMENT_NOT_OPEN");
    assert_eq!(reason(law.enter(&paid)), "ALREADY_RECORDED");
    let mistaken = law.say("enterprise", pay(size, "community", 1)).unwrap();
    twice(&mut law, "enterprise", take_back(mistaken), "PAYMENT_NOT_OPEN");
}

#[test]
fn nobody_else_confirms_takes_back_or_reports() {
    let mut law = Law::in_force(&terms(THREE));
    let spent = law.say("community", cost(500, "bill")).unwrap();
    for who in ["enterprise", "foundation"] {
        assert_eq!(reason(law.say(who, take_back(spent))), "NOT_YOURS");
    }
    assert_eq!(reason(law.say("community", take_back(unknown()))), "NOTHING_TO_TAKE_BACK");
    at(&mut law, "2026-02-01");
    assert_eq!(reason(law.say("foundation", nil("2026-01-01"))), "NOT_COLLECTOR");
    assert_eq!(reason(law.say("enterprise", nil("9999-12-01"))), "PERIOD_NOT_OVER", "a period without an end");
}

#[test]
fn old_reports_are_forgotten_and_a_settled_period_takes_a_few_bytes() {
    let law = Law::in_force(&terms(THREE));
    let mut keeper = Keeper::of(law.agreement.clone(), law.proposal.clone());
    let mut law = law;
    let mut lengths = Vec::new();
    for year in 2026..2030 {
        for of_year in 1..=12 {
            let (next, next_year) = if of_year == 12 { (1, year + 1) } else { (of_year + 1, year) };
            at(&mut law, &format!("{next_year}-{next:02}-01"));
            let period = format!("{year}-{of_year:02}-01");
            let report = law.sign("enterprise", nil(&period));
            let mut said = vec![report];
            said.extend(PARTIES.map(|party| closing(&mut law, party, &period)));
            for signed in said {
                law.enter(&signed).unwrap();
                keeper.enter(&signed, law.clock).unwrap();
            }
            let settlement = law.settlement(law.agreement.size());
            let signed = law.sign("community", Body::Settlement(settlement));
            law.enter(&signed).unwrap();
            keeper.enter(&signed, law.clock).unwrap();
            assert!(view(&law, &period).missing.is_empty());
        }
        keeper.put_away(1);
        lengths.push(keeper.summary.as_ref().unwrap().len());
    }
    assert_eq!(law.agreement.settled_periods(), 48);
    // Per period its cut-off, and the places of its settlement.
    assert!(lengths[3] - lengths[0] < 36 * 24, "{lengths:?}");
}

/// Everything that this room shows, in words.
pub(super) fn shown(agreement: &Agreement, law: &Law) -> String {
    format!(
        "{:?}\n{:?}\n{:?}\n{:?}\n{:?}\n{:?}\n{:?}",
        agreement.periods(law.clock),
        agreement.closed_periods().collect::<Vec<_>>(),
        agreement.costs(),
        agreement.last_statement(law.clock),
        agreement.open_payments(),
        agreement.balances(),
        agreement.gains(),
    )
}

#[test]
fn whoever_forgets_shows_and_says_the_same_of_the_money() {
    let mut terms = terms(THREE);
    terms.windows.closing = 10;
    let baseline =
        |party: &str| Baseline { party: party.parse().unwrap(), currency: "EUR".parse().unwrap(), amount: 7 };
    terms.baselines = PARTIES.map(baseline).to_vec();
    let mut law = Law::in_force(&terms);
    let mut keeper = Keeper::of(law.agreement.clone(), law.proposal.clone());
    let mut steps = 0;
    let mut both = |law: &mut Law, signed: Signed| {
        let here = law.enter(&signed);
        assert_eq!(keeper.enter(&signed, law.clock).map(|_| signed.id()), here);
        assert_eq!(shown(&keeper.agreement, law), shown(&law.agreement, law));
        steps += 1;
        match steps % 3 {
            0 => keeper.restore(),
            1 => {
                keeper.put_away(1);
                keeper.agreement.forget(0);
            }
            _ => {}
        }
        assert_eq!(shown(&keeper.agreement, law), shown(&law.agreement, law));
        here.map_err(|refusal| refusal.reason())
    };
    let mut say = |law: &mut Law, who: &str, body: Body| {
        let signed = law.sign(who, body);
        both(law, signed)
    };
    let claimed = |artifact: &str| {
        let mut said = contribution("community", Ratio::ONE);
        said.artifacts = vec![counterfoil::statement::Artifact {
            kind: counterfoil::statement::ArtifactKind::PullRequest,
            digest: ArtifactDigest::Sha256(Digest::of(&[artifact.as_bytes()])),
            media_type: String::new(),
            uri: String::new(),
            fraction: Ratio::ONE,
        }];
        Body::Contribution(said)
    };
    let law = &mut law;
    let work = say(law, "community", claimed("bill")).unwrap();
    for _ in 0..4 {
        say(law, "community", hours("community", 1)).unwrap();
    }
    // What is claimed of the artifact is put away by now, and has to be recalled.
    assert_eq!(say(law, "community", cost(5, "bill")), Err("ALSO_CLAIMED"));
    say(law, "community", withdraw(work)).unwrap();
    let spent = say(law, "community", cost(5, "bill")).unwrap();
    assert_eq!(say(law, "community", claimed("bill")), Err("ALSO_COST"));
    say(law, "enterprise", Body::CostConfirmation(CostConfirmation { costs: vec![spent] })).unwrap();
    let benefit = say(law, "enterprise", sales(1_000)).unwrap();
    say(law, "community", confirm(benefit)).unwrap();
    at(law, "2026-02-02");
    assert_eq!(say(law, "enterprise", nil("2026-01-01")), Err("NIL_BESIDE_BENEFIT"));
    at(law, "2026-03-05");
    say(law, "enterprise", nil("2026-02-01")).unwrap();
    assert_eq!(law.agreement.closed_periods().len(), 1);
    let cut_off = law.agreement.size() - 1;
    let settlement = law.settlement(cut_off);
    say(law, "community", Body::Settlement(settlement)).unwrap();
    say(law, "community", Body::Acknowledgement(Acknowledgement { tree_size: cut_off })).unwrap();
    let paid = say(law, "enterprise", pay(cut_off, "community", 100)).unwrap();
    say(law, "enterprise", pay(cut_off, "foundation", 100)).unwrap();
    say(law, "community", Body::PaymentConfirmation(PaymentConfirmation { payments: vec![paid] })).unwrap();
    assert_eq!(say(law, "enterprise", take_back(paid)), Err("PAYMENT_NOT_OPEN"));
    assert!(law.agreement.is_win_win());
}
