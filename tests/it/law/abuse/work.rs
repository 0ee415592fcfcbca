//! Abuses of the work: who judges it, how much of it there is, and when it was done.

use counterfoil::{
    split::Ratio,
    statement::{
        Body, Contribution, Verdict,
        change::KeyGrant,
        terms::Scope,
        work::{Ground, Needs},
    },
};

use super::refused;
use crate::{
    law::{
        Law, START_MS, accept, contribution, hours, judge, ms, sign, terms,
        work::{DAY_MS, THREE, challenge, on, plan},
    },
    stories::secret,
};

#[test]
fn self_attestation_by_a_key_that_was_granted_later_is_refused() {
    let mut law = Law::in_force(&terms(THREE));
    let claim = law.say("community", hours("community", 1)).unwrap();
    let key = secret("community.9");
    let scopes = vec![Scope::Attest];
    let mut grant = KeyGrant { key: key.public(), scopes, expires: None, daily_max: None, proof: key.sign(b"") };
    grant.proof = key.sign(&super::keys::message(&law, "community", &grant));
    law.say("community", Body::KeyGrant(grant)).unwrap();
    assert_eq!(refused(law.say("community.9", accept(claim))), "OWN_CONTRIBUTION");
    law.say("enterprise", accept(claim)).unwrap();
}

#[test]
fn back_dating_beyond_the_limit_is_refused_and_so_is_work_that_is_still_to_come() {
    let mut law = Law::in_force(&terms(&format!("{THREE}\nback-date 30")));
    law.day_comes(100);
    let done = |start: u64, end: u64| {
        let said = contribution("community", Ratio::ONE);
        Body::Contribution(Contribution { work_start: ms(start), work_end: ms(end), ..said })
    };
    assert_eq!(refused(law.say("community", done(START_MS, START_MS + 60 * DAY_MS))), "WORK_TOO_OLD");
    assert_eq!(refused(law.say("community", done(START_MS, START_MS + 200 * DAY_MS))), "WORK_IN_FUTURE");
    law.say("community", done(START_MS + 90 * DAY_MS, START_MS + 99 * DAY_MS)).unwrap();
}

#[test]
fn contribution_spam_ends_at_so_many_a_day_and_for_each_key() {
    let mut law = Law::in_force(&terms(&format!("{THREE}\ndaily-claims 3")));
    law.day_comes(1);
    for _ in 0..3 {
        law.say("community", hours("community", 1)).unwrap();
    }
    assert_eq!(refused(law.say("community", hours("community", 1))), "DAILY_CLAIMS");
    law.say("enterprise", hours("enterprise", 1)).unwrap();
    law.day_comes(2);
    law.say("community", hours("community", 1)).unwrap();
}

#[test]
fn contribution_spam_beside_a_plan_counts_nothing_unless_who_judges_it_wants_it_so() {
    let mut law = Law::in_force(&terms(THREE));
    law.all_agree("community", Body::Plan(plan(&["build:community:10"], &[])));
    let before = law.shares();
    let spam = law.say("community", hours("community", 1_000)).unwrap();
    assert_eq!(refused(law.say("enterprise", accept(spam))), "UNPLANNED_NOT_ACCEPTED");
    assert_eq!(law.shares(), before);
    law.say("enterprise", judge(spam, Verdict::Accepted { quality: Ratio::ONE, unplanned: true })).unwrap();
    assert_ne!(law.shares(), before);
}

#[test]
fn inflated_hours_end_at_the_budget_of_their_task() {
    let mut law = Law::in_force(&terms(THREE));
    law.all_agree("community", Body::Plan(plan(&["build:community:4", "test:enterprise:6"], &[])));
    let inflated = law.say("community", on("build", "community", 400)).unwrap();
    assert_eq!(refused(law.say("enterprise", accept(inflated))), "TASK_BUDGET_EXCEEDED");
    let honest = law.say("community", on("build", "community", 4)).unwrap();
    law.say("enterprise", accept(honest)).unwrap();
    let more = law.say("community", on("build", "community", 1)).unwrap();
    assert_eq!(refused(law.say("enterprise", accept(more))), "TASK_BUDGET_EXCEEDED");
    assert_eq!(refused(law.say("community", on("test", "community", 1))), "NOT_TASK_OWNER");
}

#[test]
fn inflated_hours_that_slipped_through_are_challenged_once_on_each_ground() {
    let mut law = Law::in_force(&terms(THREE));
    let claim = law.say("community", hours("community", 400)).unwrap();
    law.say("enterprise", accept(claim)).unwrap();
    assert_eq!(refused(law.say("community", challenge(&[claim], Ground::Quantity))), "OWN_CHALLENGE");
    law.say("foundation", challenge(&[claim], Ground::Quantity)).unwrap();
    assert_eq!(refused(law.say("foundation", challenge(&[claim], Ground::Quantity))), "CHALLENGED_BEFORE");
    law.day_comes(11);
    assert_eq!(refused(law.say("enterprise", challenge(&[claim], Ground::Quality))), "CHALLENGE_LATE");
}

#[test]
fn personal_data_stays_outside_and_a_nonce_keeps_it_from_being_guessed() {
    let law = Law::in_force(&terms(THREE));
    let needs = || {
        let minutes = counterfoil::digest::Digest::of(&[b"who said what"]);
        Body::Needs(Needs { minutes, needs: vec!["a release".to_owned()] })
    };
    // The ledger holds a digest; and the same words by the same signer have another id each time.
    let ids = [1, 2].map(|number| sign("community", Some(law.agreement.id()), number, needs()).id());
    assert_ne!(ids[0], ids[1]);
}

#[test]
fn sybil_contributors_gain_nothing_by_claiming_in_parts() {
    let mut one = Law::in_force(&terms(THREE));
    let mut many = one.clone();
    let claim = one.say("community", hours("community", 12)).unwrap();
    one.say("foundation", accept(claim)).unwrap();
    for part in [1, 2, 3, 6] {
        let claim = many.say("community", hours("community", part)).unwrap();
        many.say("foundation", accept(claim)).unwrap();
    }
    assert_eq!(one.shares(), many.shares());
}
