//! What settlements share anew, what stays as it was shared, and what is left of old work.

use counterfoil::{
    split::Exact,
    statement::{
        Benefit, Body, Contribution, CurrencyAccount, change::Amendment, id::StatementId, rules::SharePolicy,
        terms::Terms, work::Ground,
    },
};

use crate::law::{
    Law, accept, confirm, confirm_reversal, contribution,
    money::{PARTIES, agree, close_of},
    reverse, sales, terms,
    work::challenge,
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
    law.clock = law.clock.max(counterfoil::agreement::calendar::period_end(calendar, open.period).unwrap());
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
    let retroactive = retroactive.then(|| law.agreement.effect_of_terms(&terms).unwrap().digest);
    let replaces = law.agreement.terms_id();
    agree(law, "community", Body::Amendment(Amendment { replaces, terms, effective: None, retroactive }));
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
