//! Abuses of a party that has left: what it is entitled to is taken from nobody, and nothing is laid on it that it did not agree to.

use counterfoil::statement::{
    Body,
    change::{Amendment, Exit},
    dispute::Remedy,
    id::StatementId,
    rules::{Guarantee, SharePolicy},
    terms::Terms,
};

use super::{
    disputes::{dispute, offer},
    refused,
};
use crate::law::{Law, MINUTE_MS, confirm, hours, judge, ms, sales, terms, work::agree};

const HEAD: &str = "
    party community
    party enterprise
    dimension T mass 10 defaults 1/2,1/2
    exit-terms 0 1 1";

/// The community has left, after a settlement.
fn law(agreed: &Terms) -> (Law, StatementId, StatementId) {
    let mut law = Law::in_force(agreed);
    let rejected = law.say("enterprise", hours("enterprise", 50)).unwrap();
    law.say("community", judge(rejected, counterfoil::statement::Verdict::Rejected)).unwrap();
    let benefit = law.say("enterprise", sales(10_000)).unwrap();
    law.say("community", confirm(benefit)).unwrap();
    law.settle("community");
    let leaves = ms(law.clock.as_ms() + 2 * MINUTE_MS);
    law.say("community", Body::Exit(Exit { leaves, reason: String::new() })).unwrap();
    law.clock = leaves;
    law.say("enterprise", hours("enterprise", 1)).unwrap();
    assert!(law.agreement.has_left(0));
    (law, benefit, rejected)
}

fn amended(law: &Law, retroactive: bool, change: impl Fn(&mut Terms)) -> Body {
    let mut terms = law.agreement.terms().clone();
    change(&mut terms);
    let effect = retroactive.then(|| law.agreement.effect_of_terms(&terms, law.clock).unwrap().digest);
    Body::Amendment(Amendment { replaces: law.agreement.terms_id(), terms, effective: None, retroactive: effect })
}

/// It is no law before who has left agrees, whose keys still sign.
fn waits_for_the_leaver(law: &mut Law, moved: StatementId) {
    let waiting = law.agreement.motions().find(|motion| motion.id == moved).cloned();
    assert_eq!(law.agreement.awaited(&waiting.expect("nobody decides it alone")), [0]);
    law.say("community", agree(moved)).unwrap();
    assert_eq!(law.agreement.motions().len(), 0);
}

#[test]
fn who_stays_behind_takes_no_benefit_back_that_was_settled() {
    let (mut law, benefit, _) = law(&terms(HEAD));
    let opened = law.say("enterprise", dispute(&[(benefit, Remedy::Reject)])).unwrap();
    assert_eq!(law.agreement.dispute(&opened).unwrap().sides, [0, 1]);
    let moved = law.say("enterprise", offer(opened, &[(benefit, Remedy::Reject)])).unwrap();
    waits_for_the_leaver(&mut law, moved);
}

#[test]
fn who_stays_behind_counts_no_work_of_its_own_that_was_rejected() {
    let (mut law, _, rejected) = law(&terms(HEAD));
    let all = || [(rejected, Remedy::Quality("1".parse().unwrap()))];
    let opened = law.say("enterprise", dispute(&all())).unwrap();
    let moved = law.say("enterprise", offer(opened, &all())).unwrap();
    waits_for_the_leaver(&mut law, moved);
}

#[test]
fn who_stays_behind_shares_nothing_anew_that_was_settled() {
    for retroactive in [true, false] {
        let (mut law, ..) = law(&terms(HEAD));
        let body = amended(&law, retroactive, |terms| {
            terms.dimensions[0].default_shares = ["0".parse().unwrap(), "1".parse().unwrap()].to_vec();
            // By the latest shares all is shared anew that ever came in, whether the amendment says so or not.
            terms.share_policy = if retroactive { SharePolicy::Prospective } else { SharePolicy::TrueUp };
        });
        let moved = law.say("enterprise", body).unwrap();
        waits_for_the_leaver(&mut law, moved);
    }
    // What is still to come is the business of who is left.
    let (mut law, ..) = law(&terms(HEAD));
    let body = amended(&law, false, |terms| terms.tail_days += 1);
    let moved = law.say("enterprise", body).unwrap();
    assert_eq!(law.agreement.terms_id(), moved);
}

#[test]
fn nobody_guarantees_anything_after_it_has_left_unless_it_did_before() {
    let guarantee = |amount| Guarantee {
        party: "enterprise".parse().unwrap(),
        guarantor: "community".parse().unwrap(),
        currency: "EUR".parse().unwrap(),
        amount,
    };
    let (mut free, ..) = law(&terms(HEAD));
    let body = amended(&free, false, |terms| terms.waterfall.guarantees = vec![guarantee(1)]);
    assert_eq!(refused(free.say("enterprise", body)), "PARTY_LEFT");
    let mut agreed = terms(HEAD);
    agreed.waterfall.guarantees = vec![guarantee(500)];
    let (mut bound, ..) = law(&agreed);
    let body = amended(&bound, false, |terms| terms.waterfall.guarantees[0].amount = 501);
    assert_eq!(refused(bound.say("enterprise", body)), "PARTY_LEFT");
    let body = amended(&bound, false, |terms| terms.waterfall.guarantees[0].amount = 499);
    bound.say("enterprise", body).unwrap();
    assert_eq!(bound.agreement.terms().waterfall.guarantees[0].amount, 499);
}
