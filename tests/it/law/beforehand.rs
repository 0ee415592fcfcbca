//! What is shown before it is said: with what time alone has brought until then, as the law will judge it.

use counterfoil::{
    digest::Digest,
    statement::{
        Body,
        change::{Amendment, Exit, Suspension},
        dispute::{Dispute, Offer, Outcome, Remedy, Ruling},
        id::StatementId,
    },
};

use crate::law::{
    Law, MINUTE_MS,
    abuse::disputes,
    accept, confirm, hours, ms, sales, terms,
    work::{DAY_MS, THREE, agree, feedback},
};

fn rejected(subject: StatementId) -> Vec<Outcome> {
    vec![Outcome { subject, remedy: Remedy::Reject }]
}

/// An agreement with a disputed contribution, a settlement of which something is held back, and a party about to leave.
fn law() -> (Law, StatementId, StatementId) {
    let head = format!("{THREE}\nmediator mediator\nstream sales enterprise 1\nholdback 1/10 30\nexit-terms 0 1/2 1/2");
    let mut law = Law::proposed(&terms(&head));
    for party in ["enterprise", "foundation"] {
        law.say(party, law.acceptance()).unwrap();
    }
    let consent =
        counterfoil::statement::change::MediatorConsent { proposal: law.proposal.id(), conflicts: String::new() };
    law.say("mediator", Body::MediatorConsent(consent)).unwrap();
    let claim = law.say("community", hours("community", 8)).unwrap();
    law.say("enterprise", accept(claim)).unwrap();
    let benefit = law.say("enterprise", sales(96_000)).unwrap();
    law.say("community", confirm(benefit)).unwrap();
    law.settle("community");
    let more = law.say("enterprise", sales(1_000)).unwrap();
    law.say("community", confirm(more)).unwrap();
    let opened = law.say("enterprise", disputes::dispute(&[(claim, Remedy::Reject)])).unwrap();
    (law, opened, claim)
}

#[test]
fn a_ruling_after_a_release_was_due_is_shown_as_it_is_judged() {
    let (mut law, opened, claim) = law();
    law.clock = ms(law.clock.as_ms() + 40 * DAY_MS);
    let outcomes = rejected(claim);
    let now = ms(law.clock.as_ms() + MINUTE_MS);
    let effect = law.agreement.effect(opened, &outcomes, now).unwrap();
    // What is released is no effect of the ruling: it shows on both sides.
    let held = |account: &counterfoil::agreement::settle::Account| account.settlement.accounts[0].held_back;
    assert_eq!((held(&effect.before), held(&effect.after)), (100, 100));
    let reasons = Digest::of(&[b"reasons"]);
    let ruling = Ruling { dispute: opened, outcomes, effect: effect.digest, reasons };
    law.say("mediator", Body::Ruling(ruling)).unwrap();
}

#[test]
fn a_ruling_after_a_party_has_left_is_shown_as_it_is_judged() {
    let (mut law, opened, claim) = law();
    let leaves = ms(law.clock.as_ms() + DAY_MS);
    law.say("community", Body::Exit(Exit { leaves, reason: String::new() })).unwrap();
    law.clock = leaves;
    let outcomes = vec![Outcome { subject: claim, remedy: Remedy::Quality("1/2".parse().unwrap()) }];
    let effect = law.agreement.effect(opened, &outcomes, ms(leaves.as_ms() + MINUTE_MS)).unwrap().digest;
    let reasons = Digest::of(&[b"reasons"]);
    law.say("mediator", Body::Ruling(Ruling { dispute: opened, outcomes, effect, reasons })).unwrap();
}

#[test]
fn a_retroactive_amendment_after_a_release_was_due_is_shown_as_it_is_judged() {
    let (mut law, ..) = law();
    law.clock = ms(law.clock.as_ms() + 40 * DAY_MS);
    let mut terms = law.agreement.terms().clone();
    terms.tail_days += 1;
    let now = ms(law.clock.as_ms() + MINUTE_MS);
    let retroactive = Some(law.agreement.effect_of_terms(&terms, now).unwrap().digest);
    let replaces = law.agreement.terms_id();
    law.say("community", Body::Amendment(Amendment { replaces, terms, effective: None, retroactive })).unwrap();
}

#[test]
fn what_is_at_stake_is_shown_as_of_the_time_it_is_asked_at() {
    let (law, opened, _) = law();
    let case = law.agreement.dispute(&opened).unwrap();
    let today = law.agreement.at_stake(case, law.clock).unwrap();
    let later = law.agreement.at_stake(case, ms(law.clock.as_ms() + 40 * DAY_MS)).unwrap();
    assert!(later[0] > today[0], "what is released hangs on the dispute as well: {later:?} and {today:?}");
}

#[test]
fn a_claim_is_disputable_once_its_time_is_over_whoever_spoke_since() {
    let mut law = Law::in_force(&terms(THREE));
    let claim = law.say("community", hours("community", 5)).unwrap();
    let sought = |remedy| {
        let outcomes = vec![Outcome { subject: claim, remedy }];
        Body::Dispute(Dispute { outcomes, reason: "nobody has judged it".to_owned() })
    };
    let one = || Remedy::Quality("1".parse().unwrap());
    assert_eq!(law.say("community", sought(one())).unwrap_err().reason(), "NOT_DISPUTABLE");
    law.day_comes(20);
    assert!(law.agreement.open_claims_at(law.clock)[0].overdue);
    let opened = law.say("community", sought(one())).unwrap();
    // It is held from the entry on that said so, and no longer than the dispute lasts.
    let outcomes = rejected(claim);
    let offer = law.say("community", Body::Offer(Offer { dispute: opened, outcomes })).unwrap();
    for party in ["enterprise", "foundation"] {
        law.say(party, agree(offer)).unwrap();
    }
    assert_eq!(law.agreement.open_claims_at(law.clock), []);
    law.agreement.account_at(law.agreement.size()).unwrap();
}

#[test]
fn a_motion_that_only_waited_for_a_leaver_is_completed_by_who_has_accepted_it() {
    let mut law = Law::in_force(&terms(&format!("{THREE}\nexit-terms 0 1 1")));
    let moved = law.say("community", Body::Suspension(Suspension { reason: "a pause".to_owned() })).unwrap();
    law.say("enterprise", agree(moved)).unwrap();
    assert_eq!(law.say("enterprise", agree(moved)).unwrap_err().reason(), "ALREADY_ACCEPTED");
    let leaves = ms(law.clock.as_ms() + 2 * MINUTE_MS);
    law.say("foundation", Body::Exit(Exit { leaves, reason: String::new() })).unwrap();
    law.clock = leaves;
    // Nothing takes effect by time alone.
    law.say("community", feedback(1)).unwrap();
    assert_eq!(law.agreement.motions().len(), 1);
    law.say("enterprise", agree(moved)).unwrap();
    assert_eq!(law.agreement.motions().len(), 0);
    assert!(law.agreement.suspended_since().is_some());
}
