//! What settlements share anew, what stays as it was shared, and what is left of old work.

use counterfoil::{
    agreement::calendar::period_end,
    split::{Exact, Ratio},
    statement::{
        Benefit, Body, Contribution, CurrencyAccount, change::Amendment, dispute::Remedy, id::StatementId,
        rules::SharePolicy, terms::Terms, work::Ground,
    },
};

use crate::law::{
    Law,
    abuse::disputes::{dispute, offer},
    accept, confirm, confirm_reversal, contribution,
    money::{PARTIES, agree, close_of},
    ms, reverse, sales, terms, withdraw,
    work::{self, challenge},
};

/// All hours count, half of their points fades with each month, and every settlement shares anew what was shared before it.
const TRUE_UP: &str = "
    party community
    party enterprise
    party foundation
    calendar month
    window challenge 400
    share-policy true-up
    decay 1/2";

const NO_MASS: &str = "dimension T mass none defaults 1/3,1/3,1/3";

/// One works so many hours, which others accept.
pub(super) fn work(law: &mut Law, who: &str, worked: u64) -> StatementId {
    let (work_start, work_end) = (law.clock, law.clock);
    let said = Contribution { work_start, work_end, ..contribution(who, worked.to_string().parse().unwrap()) };
    let claim = law.say(who, Body::Contribution(said)).unwrap();
    let judge = if who == "community" { "enterprise" } else { "community" };
    law.say(judge, accept(claim)).unwrap();
    claim
}

pub(super) fn earn(law: &mut Law, amount: u64) -> StatementId {
    let Body::Benefit(body) = sales(amount) else { unreachable!("sales are a benefit") };
    let (period_start, period_end) = (law.clock, law.clock);
    let benefit = law.say("enterprise", Body::Benefit(Benefit { period_start, period_end, ..body })).unwrap();
    law.say("community", confirm(benefit)).unwrap();
    benefit
}

/// The month is over, all close it, and one settles it.
pub(super) fn settle_month(law: &mut Law) {
    let open = law.agreement.periods(law.clock).into_iter().find(|view| view.cut_off.is_none()).unwrap();
    let calendar = law.agreement.terms().calendar.unwrap();
    law.clock = law.clock.max(period_end(calendar, open.period).unwrap());
    for party in PARTIES {
        close_of(law, party, open.period).unwrap();
    }
    let size = law.agreement.next_settlement(law.clock).unwrap();
    let settlement = law.settlement(size);
    law.say("community", Body::Settlement(settlement)).unwrap();
}

/// All agree to other terms, from now on.
pub(super) fn amend(law: &mut Law, change: impl FnOnce(&mut Terms)) {
    amend_so(law, false, change);
}

/// All agree to other terms; `retroactive`: for what was settled, too.
fn amend_so(law: &mut Law, retroactive: bool, change: impl FnOnce(&mut Terms)) {
    let mut terms = law.agreement.terms().clone();
    change(&mut terms);
    let retroactive = retroactive.then(|| law.agreement.effect_of_terms(&terms, law.clock).unwrap().digest);
    let replaces = law.agreement.terms_id();
    agree(law, "community", Body::Amendment(Amendment { replaces, terms, effective: None, retroactive }));
}

/// All settle a dispute so.
fn settle_with(law: &mut Law, opened: StatementId, subject: StatementId, remedy: Remedy) {
    let offered = law.say("foundation", offer(opened, &[(subject, remedy)])).unwrap();
    for party in PARTIES {
        // Who is no side is not asked.
        let _ = law.say(party, work::agree(offered));
    }
    assert!(law.agreement.dispute(&opened).is_none(), "it is settled");
}

fn account(law: &Law) -> CurrencyAccount {
    law.settlement(law.agreement.size()).accounts.remove(0)
}

fn allocations(account: &CurrencyAccount) -> Vec<i64> {
    account.parties.iter().map(|line| line.allocation).collect()
}

fn limits(law: &Law) -> Vec<(Exact, Exact)> {
    let figures = law.agreement.account_at(law.agreement.size()).unwrap().figures.remove(0);
    figures.limits.map(|(low, high)| low.into_iter().zip(high).collect()).unwrap()
}

#[test]
fn what_was_shared_anew_stays_so_when_the_policy_becomes_prospective() {
    let mut law = Law::in_force(&terms(&format!("{TRUE_UP}\n{NO_MASS}")));
    work(&mut law, "community", 8);
    earn(&mut law, 60_000);
    settle_month(&mut law);
    work(&mut law, "enterprise", 4);
    let benefit = earn(&mut law, 60_000);
    settle_month(&mut law);
    let settled = law.agreement.last_account().unwrap().settlement.accounts.clone();
    // Half of 8 hours has faded: 4 stand beside 4, for both amounts.
    assert_eq!(allocations(&settled[0]), [60_000, 60_000, 0]);
    amend(&mut law, |terms| terms.share_policy = SharePolicy::Prospective);
    work(&mut law, "foundation", 4);
    earn(&mut law, 60_000);
    // 2 and 2 beside 4, for the third amount alone.
    assert_eq!(allocations(&account(&law)), [75_000, 75_000, 30_000]);
    // Whatever makes it necessary to lay out again what was settled comes to the same.
    let reversal = law.say("enterprise", reverse(benefit, 60_000)).unwrap();
    law.say("community", confirm_reversal(reversal)).unwrap();
    assert_eq!(allocations(&account(&law)), [45_000, 45_000, 30_000]);
    let claim = work(&mut law, "foundation", 8);
    law.say("community", challenge(&[claim], Ground::NotDone)).unwrap();
    // With the claim in doubt there are 2, 2 and 4, or 2, 2 and 12, for the third amount.
    let limits = limits(&law);
    assert_eq!(limits[0], (Exact::from(37_500), Exact::from(45_000)));
    assert_eq!(limits[2], (Exact::from(30_000), Exact::from(45_000)));
}

#[test]
fn the_last_settlement_is_explained_by_what_counted_then() {
    let mut law = Law::in_force(&terms(&format!("{TRUE_UP}\ndimension T mass 12 defaults 1/3,1/3,1/3")));
    for who in ["community", "enterprise"] {
        work(&mut law, who, if who == "community" { 8 } else { 4 });
        earn(&mut law, 60_000);
        settle_month(&mut law);
    }
    let account = law.agreement.last_account().unwrap();
    // 4 and 4 of a floor mass of 12: 4/9, 4/9 and 1/9 of both amounts.
    assert_eq!(allocations(&account.settlement.accounts[0]), [53_334, 53_333, 13_333]);
    for party in 0..PARTIES.len() {
        let explanation = law.agreement.explain(party, 0, account.settlement.tree_size).unwrap();
        let mut steps = explanation.steps.into_iter().filter(|step| step.kind.as_str() == "entitlement");
        let in_all = steps.next_back().unwrap();
        assert_eq!(in_all.value, counterfoil::split::exact_text(&account.entitlements[0].exact(party).unwrap()));
        let parts: Vec<Exact> = steps.map(|step| step.value.parse().unwrap()).collect();
        assert_eq!(parts.len(), 2, "each settlement brought something");
        let sum = parts.into_iter().fold(Exact::ZERO, |sum, part| sum + part);
        assert_eq!(counterfoil::split::exact_text(&sum), in_all.value, "party {party}");
    }
}

/// 200 months, in each of which all work a little and something comes in.
#[test]
fn old_work_fades_for_as_long_as_an_agreement_lives() {
    for decay in [(1, 20), (1, 1_000)] {
        let (lost, of) = decay;
        let head = format!("{NO_MASS}\ndecay {lost}/{of}\ncalendar month");
        let mut law = Law::in_force(&terms(&format!("party community\nparty enterprise\nparty foundation\n{head}")));
        // Whole 10^-12 of a point.
        let mut left = [0_u128; 3];
        for month in 0..200_u64 {
            for (party, left) in left.iter_mut().enumerate() {
                let worked = (month + u64::try_from(party).unwrap() * 7) % 11 + 1;
                if month % 3 == u64::try_from(party).unwrap() {
                    work(&mut law, PARTIES[party], worked);
                }
                let new = if month % 3 == u64::try_from(party).unwrap() { u128::from(worked) } else { 0 };
                *left = *left * (of - lost) / of + new * 1_000_000_000_000;
            }
            earn(&mut law, 10_000 + month);
            settle_month(&mut law);
        }
        let account = law.agreement.last_account().unwrap();
        let found = account.shares.dimensions[0].points.iter();
        let expected = left.map(|left| Exact::from(left) / Exact::from(1_000_000_000_000_u64));
        assert_eq!(found.collect::<Vec<_>>(), expected, "decay {lost}/{of}");
        assert_eq!(law.agreement.settlement_places().len(), 200);
    }
}

#[test]
fn work_of_long_ago_that_is_rejected_after_all_leaves_what_would_be_without_it() {
    let play = |rejected: bool| {
        let mut law = Law::in_force(&terms(&format!("{TRUE_UP}\n{NO_MASS}")));
        amend(&mut law, |terms| terms.decay = "1/7".parse().unwrap());
        let mut claim = None;
        for month in 0..12 {
            work(&mut law, PARTIES[month % 3], 5);
            if month == 2 && rejected {
                claim = Some(work(&mut law, "foundation", 3));
            }
            earn(&mut law, 10_000);
            settle_month(&mut law);
        }
        if let Some(claim) = claim {
            let opened = law.say("enterprise", dispute(&[(claim, Remedy::Reject)])).unwrap();
            settle_with(&mut law, opened, claim, Remedy::Reject);
        }
        law
    };
    let (with, without) = (play(true), play(false));
    let account = |law: &Law| law.agreement.account_at(law.agreement.size()).unwrap();
    assert_eq!(account(&with).shares, account(&without).shares);
    assert_eq!(account(&with).entitlements, account(&without).entitlements);
}

#[test]
fn points_stay_as_they_faded_when_the_decay_changes_for_what_was_settled_too() {
    let mut law = Law::in_force(&terms(&format!("{TRUE_UP}\n{NO_MASS}")));
    let claim = work(&mut law, "community", 10);
    work(&mut law, "foundation", 4);
    for _ in 0..2 {
        earn(&mut law, 10_000);
        settle_month(&mut law);
    }
    amend_so(&mut law, true, |terms| terms.decay = Ratio::ZERO);
    settle_month(&mut law);
    let opened = law.say("foundation", dispute(&[(claim, Remedy::Quality("1/10".parse().unwrap()))])).unwrap();
    // Half of 10 and of 4 is left, whatever the decay is now.
    let all = |law: &Law| limits(law)[0].clone();
    assert_eq!(all(&law), (Exact::from(4_000), Exact::from(100_000) / Exact::from(7)));
    settle_with(&mut law, opened, claim, Remedy::Reject);
    assert_eq!(allocations(&account(&law)), [0, 0, 20_000]);
}

#[test]
fn what_an_amendment_holds_back_of_settled_money_is_released_too() {
    let mut law = Law::in_force(&terms(&format!("party community\nparty enterprise\nparty foundation\n{NO_MASS}")));
    for _ in 0..3 {
        earn(&mut law, 30_000);
        law.settle("community");
    }
    amend_so(&mut law, true, |terms| {
        (terms.waterfall.holdback, terms.waterfall.holdback_days) = ("1/10".parse().ok(), 30);
    });
    earn(&mut law, 30_000);
    law.settle("community");
    assert_eq!(account(&law).held_back, 12_000);
    law.clock = ms(law.clock.as_ms() + 31 * 86_400_000);
    earn(&mut law, 1);
    assert_eq!(account(&law).held_back, 1, "all but of what is not settled");
    law.settle("community");
    assert_eq!(allocations(&account(&law)), [40_000; 3]);
}

#[test]
fn work_that_is_withdrawn_between_a_cut_off_and_its_settlement_is_gone_from_the_next_one() {
    let mut law = Law::in_force(&terms(&format!("{TRUE_UP}\n{NO_MASS}")));
    amend(&mut law, |terms| terms.share_policy = SharePolicy::Prospective);
    let claim = work(&mut law, "community", 10);
    let other = work(&mut law, "foundation", 4);
    earn(&mut law, 14_000);
    let open = law.agreement.periods(law.clock).into_iter().find(|view| view.cut_off.is_none()).unwrap();
    law.clock = period_end(law.agreement.terms().calendar.unwrap(), open.period).unwrap();
    for party in PARTIES {
        close_of(&mut law, party, open.period).unwrap();
    }
    law.say("community", withdraw(claim)).unwrap();
    let size = law.agreement.next_settlement(law.clock).unwrap();
    let settlement = law.settlement(size);
    assert_eq!(allocations(&settlement.accounts[0]), [10_000, 0, 4_000]);
    law.say("community", Body::Settlement(settlement)).unwrap();
    let points = |law: &Law| {
        let account = law.agreement.account_at(law.agreement.size()).unwrap();
        account.shares.dimensions[0].points.iter().collect::<Vec<_>>()
    };
    // Half of 4 is left, and nothing of 10.
    assert_eq!(points(&law), [0, 0, 2].map(Exact::from));
    let mut keeper = crate::keeper::Keeper::of(law.agreement.clone(), law.proposal.clone());
    keeper.put_away(1);
    keeper.restore();
    let size = law.agreement.size();
    assert_eq!(keeper.account_at(size), law.agreement.account_at(size));
    let opened = law.say("enterprise", dispute(&[(other, Remedy::Quality("1/2".parse().unwrap()))])).unwrap();
    settle_with(&mut law, opened, other, Remedy::Quality("1/2".parse().unwrap()));
    assert_eq!(points(&law), [0, 0, 1].map(Exact::from));
    work(&mut law, "community", 3);
    settle_month(&mut law);
    assert_eq!(points(&law), [Exact::from(3) / Exact::from(2), Exact::ZERO, Exact::ONE / Exact::from(2)]);
}
