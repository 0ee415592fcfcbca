//! Abuses of disputes: at whose cost they end, and who decides them.

use counterfoil::{
    digest::Digest,
    statement::{
        Body,
        change::{MediatorConsent, MediatorReplacement},
        dispute::{Dispute, Offer, Outcome, Remedy, Ruling},
        id::StatementId,
        rules::Mediator,
    },
};

use super::refused;
use crate::{
    law::{
        Law, accept, confirm, hours, sales, terms,
        work::{THREE, agree},
    },
    stories::secret,
};

fn outcomes(of: &[(StatementId, Remedy)]) -> Vec<Outcome> {
    of.iter().map(|(subject, remedy)| Outcome { subject: *subject, remedy: remedy.clone() }).collect()
}

pub(in crate::law) fn dispute(of: &[(StatementId, Remedy)]) -> Body {
    Body::Dispute(Dispute { outcomes: outcomes(of), reason: "a reason".to_owned() })
}

pub(in crate::law) fn offer(dispute: StatementId, of: &[(StatementId, Remedy)]) -> Body {
    Body::Offer(Offer { dispute, outcomes: outcomes(of) })
}

/// A ruling with the effect that it has.
pub(in crate::law) fn ruling(law: &Law, dispute: StatementId, of: &[(StatementId, Remedy)]) -> Body {
    let outcomes = outcomes(of);
    let effect = law.agreement.effect(dispute, &outcomes, law.clock).map_or(Digest::of(&[]), |effect| effect.digest);
    Body::Ruling(Ruling { dispute, outcomes, effect, reasons: Digest::of(&[b"reasons"]) })
}

pub(super) fn quality(text: &str) -> Remedy {
    Remedy::Quality(text.parse().unwrap())
}

/// An agreement with a mediator that has consented, and an hour of work of half the quality.
pub(in crate::law) fn law() -> (Law, StatementId) {
    let mut law = Law::proposed(&terms(&format!("{THREE}\nmediator mediator\nstream sales enterprise 1")));
    for party in ["enterprise", "foundation"] {
        law.say(party, law.acceptance()).unwrap();
    }
    let consent = MediatorConsent { proposal: law.proposal.id(), conflicts: String::new() };
    law.say("mediator", Body::MediatorConsent(consent)).unwrap();
    let claim = law.say("community", hours("community", 8)).unwrap();
    let half = counterfoil::statement::Verdict::Accepted { quality: "1/2".parse().unwrap(), unplanned: false };
    law.say("enterprise", crate::law::judge(claim, half)).unwrap();
    let benefit = law.say("enterprise", sales(96_000)).unwrap();
    law.say("community", confirm(benefit)).unwrap();
    (law, claim)
}

#[test]
fn an_offer_at_the_cost_of_who_is_not_asked_needs_them_too() {
    let (mut law, claim) = law();
    let opened = law.say("enterprise", dispute(&[(claim, Remedy::Reject)])).unwrap();
    // The two sides would share out what the third has.
    let generous = law.say("community", offer(opened, &[(claim, quality("1"))])).unwrap();
    law.say("enterprise", agree(generous)).unwrap();
    assert!(law.agreement.dispute(&opened).is_some(), "not without the foundation");
    let modest = law.say("community", offer(opened, &[(claim, quality("1/4"))])).unwrap();
    law.say("enterprise", agree(modest)).unwrap();
    assert!(law.agreement.dispute(&opened).is_none(), "what takes from nobody else is the sides' own business");
    assert_eq!(refused(law.say("foundation", agree(generous))), "UNKNOWN_MOTION");
}

#[test]
fn less_of_a_benefit_is_everybodys_business() {
    let (mut law, _) = law();
    let benefit = law.say("enterprise", sales(1_000)).unwrap();
    law.say("community", confirm(benefit)).unwrap();
    let opened = law.say("community", dispute(&[(benefit, Remedy::Amount(10))])).unwrap();
    let settled = law.say("enterprise", offer(opened, &[(benefit, Remedy::Amount(10))])).unwrap();
    law.say("community", agree(settled)).unwrap();
    assert!(law.agreement.dispute(&opened).is_some());
    law.say("foundation", agree(settled)).unwrap();
    assert!(law.agreement.dispute(&opened).is_none());
}

#[test]
fn nobody_settles_with_itself() {
    let (mut law, claim) = law();
    let opened = law.say("community", dispute(&[(claim, quality("1"))])).unwrap();
    assert_eq!(law.agreement.dispute(&opened).unwrap().sides, [0, 1, 2]);
    law.say("community", offer(opened, &[(claim, quality("1"))])).unwrap();
    assert!(law.agreement.dispute(&opened).is_some());
    // Not even to its own loss, which others may have reasons to refuse.
    law.say("community", offer(opened, &[(claim, Remedy::Reject)])).unwrap();
    assert!(law.agreement.dispute(&opened).is_some());
}

#[test]
fn a_biased_mediator_stays_between_the_positions_and_says_beforehand_what_comes_of_it() {
    let (mut law, claim) = law();
    let opened = law.say("foundation", dispute(&[(claim, quality("1/4"))])).unwrap();
    for beyond in [Remedy::Reject, quality("1"), quality("1/5"), Remedy::Reassign("foundation".parse().unwrap())] {
        let body = ruling(&law, opened, &[(claim, beyond)]);
        assert_eq!(refused(law.say("mediator", body)), "OUTSIDE_POSITIONS");
    }
    let other = law.say("enterprise", hours("enterprise", 3)).unwrap();
    law.say("community", accept(other)).unwrap();
    let undisputed = ruling(&law, opened, &[(other, Remedy::Reject)]);
    assert_eq!(refused(law.say("mediator", undisputed)), "OTHER_SUBJECTS");
    let Body::Ruling(fair) = ruling(&law, opened, &[(claim, quality("1/3"))]) else { unreachable!("it rules") };
    let hidden = Ruling { effect: Digest::of(&[b"another effect"]), ..fair.clone() };
    assert_eq!(refused(law.say("mediator", Body::Ruling(hidden))), "EFFECT_MISMATCH");
    assert_eq!(refused(law.say("enterprise", Body::Ruling(fair.clone()))), "NOT_MEDIATOR");
    law.say("mediator", Body::Ruling(fair.clone())).unwrap();
    assert_eq!(refused(law.say("mediator", Body::Ruling(fair))), "UNKNOWN_DISPUTE");
    assert_eq!(refused(law.say("foundation", dispute(&[(claim, Remedy::Reject)]))), "ALREADY_DECIDED");
}

#[test]
fn a_mediator_is_nobodys_own_choice() {
    let (mut law, claim) = law();
    let opened = law.say("foundation", dispute(&[(claim, quality("1/4"))])).unwrap();
    let named = |key: &str| Mediator { display_name: "a friend".to_owned(), keys: vec![secret(key).public()] };
    let replace = |key: &str| Body::MediatorReplacement(MediatorReplacement { mediator: named(key) });
    assert_eq!(refused(law.say("foundation", replace("enterprise"))), "MEDIATOR_IS_PARTY");
    let moved = law.say("foundation", replace("friend")).unwrap();
    law.say("enterprise", agree(moved)).unwrap();
    let friend = ruling(&law, opened, &[(claim, quality("1/4"))]);
    assert_eq!(refused(law.say("friend", friend.clone())), "NOT_MEDIATOR");
    law.say("community", agree(moved)).unwrap();
    assert_eq!(refused(law.say("friend", friend)), "NOT_MEDIATOR", "it has not said what could make it partial");
}

/// What two settle, with the third not asked, about an hour of the community; then whether it is settled.
fn settled_by_two(law: &mut Law, claim: StatementId, remedy: &Remedy) -> bool {
    let opened = law.say("enterprise", dispute(&[(claim, Remedy::Reject)])).unwrap();
    let offered = law.say("community", offer(opened, &[(claim, remedy.clone())])).unwrap();
    law.say("enterprise", agree(offered)).unwrap();
    law.agreement.dispute(&opened).is_none()
}

fn accepted(law: &mut Law) -> StatementId {
    let claim = law.say("community", hours("community", 8)).unwrap();
    law.say("enterprise", accept(claim)).unwrap();
    claim
}

#[test]
fn where_party_coefficients_differ_no_work_is_the_sides_own_business() {
    // The less the community counts, the more the enterprise's share weighs: the foundation loses by it.
    let head = THREE.replace("party enterprise", "party enterprise kappa 3");
    let mut law = Law::in_force(&terms(&head));
    for remedy in [Remedy::Reject, quality("1/2")] {
        let claim = accepted(&mut law);
        assert!(!settled_by_two(&mut law, claim, &remedy), "{remedy:?}");
    }
}

#[test]
fn work_of_who_counts_by_a_part_only_is_not_reassigned_without_all() {
    for (factor, asked) in [("1/10", true), ("1", false)] {
        let mut law = Law::in_force(&terms(&format!("{THREE}\nexit-terms 0 {factor} {factor}")));
        let claim = accepted(&mut law);
        let leaves = crate::law::ms(law.clock.as_ms() + 2 * crate::law::MINUTE_MS);
        let exit = counterfoil::statement::change::Exit { leaves, reason: String::new() };
        law.say("community", Body::Exit(exit)).unwrap();
        law.clock = leaves;
        let remedy = Remedy::Reassign("enterprise".parse().unwrap());
        assert_eq!(settled_by_two(&mut law, claim, &remedy), !asked, "with {factor} of its points left");
    }
}
