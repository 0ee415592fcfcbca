//! Abuses of limits: one party fills what is kept of it, and takes nothing from what others may say.

use counterfoil::{
    agreement::{
        dispute::{DISPUTED_ENTRIES_MAX, DISPUTES_MAX, EVIDENCE_MAX, OPEN_DISPUTES_MAX},
        motion::{MOTIONS_MAX, OPEN_MOTIONS_MAX},
        work::{
            NEEDS_MAX, challenge::CHALLENGED_MAX, feedback::FEEDBACK_MAX, maintenance::COMMITMENTS_MAX,
            open::OPEN_CLAIMS_MAX, risk::RISKS_MAX,
        },
    },
    digest::Digest,
    split::Ratio,
    statement::{
        Attestation, Body, Verdict,
        change::{KeyRevocation, MediatorConsent, Suspension},
        dispute::{Evidence, Remedy},
        id::StatementId,
        work::{Contingency, Ground},
    },
};

use super::{
    disputes::{self, dispute},
    keys::grant,
    refused,
};
use crate::{
    law::{
        Law, accept, hours, sales, terms,
        work::{THREE, agree, challenge, commit, feedback, needs, plan, risk, take_back},
    },
    stories::secret,
};

fn pause() -> Body {
    Body::Suspension(Suspension { reason: "a pause".to_owned() })
}

fn revocation(key: &str) -> Body {
    Body::KeyRevocation(KeyRevocation { key: secret(key).public(), reason: "stolen".to_owned() })
}

fn fill(law: &mut Law, who: &str, times: usize, body: impl Fn(u64) -> Body) -> Vec<StatementId> {
    (0..times).map(|number| law.say(who, body(u64::try_from(number).unwrap())).unwrap()).collect()
}

#[test]
fn motions_that_one_party_leaves_lying_about_keep_nobody_else_from_moving() {
    let mut law = Law::in_force(&terms(&THREE.replace("party community", "party community keys 2")));
    let own = law.say("community", risk("community")).unwrap();
    fill(&mut law, "community", OPEN_MOTIONS_MAX, |_| {
        Body::Contingency(Contingency { risk: own, plan: plan(&["build:community:10"], &[]) })
    });
    assert_eq!(refused(law.say("community", pause())), "TOO_MANY_MOTIONS");
    // A key that was stolen is revoked all the same: nobody is waited for.
    law.say("community.1", revocation("community.2")).unwrap();
    assert_eq!(refused(law.say("community.2", needs())), "KEY_REVOKED");
    law.all_agree("enterprise", pause());
    assert!(law.agreement.suspended_since().is_some());
}

#[test]
fn grants_that_one_key_of_two_leaves_lying_about_keep_nobody_else_from_moving() {
    let head = THREE.replace("party community", "party community keys 2 threshold 2");
    let mut law = Law::proposed(&terms(&head));
    for who in ["community.2", "enterprise", "foundation"] {
        law.say(who, law.acceptance()).unwrap();
    }
    for number in 0..OPEN_MOTIONS_MAX {
        let grant = grant(&law, "community", &format!("community.{}", number + 10));
        law.say("community.1", Body::KeyGrant(grant)).unwrap();
    }
    assert_eq!(refused(law.say("community.1", pause())), "TOO_MANY_MOTIONS");
    let moved = law.say("enterprise", pause()).unwrap();
    for who in ["community.1", "community.2", "foundation"] {
        law.say(who, agree(moved)).unwrap();
    }
    assert!(law.agreement.suspended_since().is_some());
}

#[test]
fn motions_that_one_party_has_used_up_for_life_are_not_used_up_for_others() {
    let mut law = Law::in_force(&terms(&THREE.replace("party community", "party community keys 2")));
    for _ in 0..MOTIONS_MAX {
        let moved = law.say("community", pause()).unwrap();
        law.say("community", take_back(moved)).unwrap();
    }
    assert_eq!(refused(law.say("community", pause())), "MOTIONS_USED_UP");
    law.say("community.1", revocation("community.2")).unwrap();
    law.all_agree("enterprise", pause());
}

/// An agreement with a mediator, and so many benefits that are confirmed.
fn collected(benefits: usize) -> (Law, Vec<StatementId>) {
    let (mut law, _) = disputes::law();
    let benefits = fill(&mut law, "enterprise", benefits, |_| sales(1));
    for benefits in benefits.chunks(1_000) {
        let benefits = benefits.to_vec();
        let confirmation = counterfoil::statement::BenefitConfirmation { benefits };
        law.say("community", Body::BenefitConfirmation(confirmation)).unwrap();
    }
    (law, benefits)
}

fn disputed(benefits: &[StatementId]) -> Body {
    dispute(&benefits.iter().map(|benefit| (*benefit, Remedy::Reject)).collect::<Vec<_>>())
}

#[test]
fn disputes_that_one_party_leaves_open_keep_nobody_else_from_disputing() {
    let (mut law, benefits) = collected(OPEN_DISPUTES_MAX + 2);
    let (more, all) = benefits.split_last().unwrap();
    for benefit in &all[1..] {
        law.say("community", disputed(&[*benefit])).unwrap();
    }
    assert_eq!(refused(law.say("community", disputed(&all[..1]))), "TOO_MANY_DISPUTES");
    law.say("foundation", disputed(&all[..1])).unwrap();
    law.say("enterprise", disputed(&[*more])).unwrap();
}

#[test]
fn disputes_that_one_party_has_used_up_for_life_are_not_used_up_for_others() {
    let (mut law, benefits) = collected(1);
    for _ in 0..DISPUTES_MAX {
        let opened = law.say("community", disputed(&benefits)).unwrap();
        law.say("community", take_back(opened)).unwrap();
        law.settle("community");
    }
    assert_eq!(refused(law.say("community", disputed(&benefits))), "TOO_MANY_DISPUTES");
    law.say("foundation", disputed(&benefits)).unwrap();
}

#[test]
fn disputes_that_come_and_go_leave_no_more_in_doubt_than_one_party_may_dispute() {
    let (mut law, benefits) = collected(1_000);
    for _ in 0..DISPUTED_ENTRIES_MAX / 1_000 {
        let opened = law.say("community", disputed(&benefits)).unwrap();
        law.say("community", take_back(opened)).unwrap();
    }
    assert_eq!(refused(law.say("community", disputed(&benefits))), "TOO_MANY_DISPUTED_ENTRIES");
    let opened = law.say("foundation", disputed(&benefits)).unwrap();
    law.say("foundation", take_back(opened)).unwrap();
    // What was in doubt before a settlement, nobody asks for any more.
    law.settle("community");
    law.say("community", disputed(&benefits)).unwrap();
}

fn evidence(dispute: StatementId, number: u64) -> Body {
    let digest = Digest::of(&[&number.to_be_bytes()]);
    let (media_type, uri, note) = (String::new(), String::new(), String::new());
    Body::Evidence(Evidence { dispute, digest, media_type, uri, note })
}

#[test]
fn evidence_comes_from_who_has_something_to_do_with_it_and_nobody_leaves_no_room_for_it() {
    let head = format!("{THREE}\nparty guest\nmediator mediator");
    let head = head.replace("1/2,1/4,1/4", "1/2,1/4,1/4,0").replace("1/3,1/3,1/3", "1/3,1/3,1/3,0");
    let mut law = Law::proposed(&terms(&head));
    for party in ["enterprise", "foundation", "guest"] {
        law.say(party, law.acceptance()).unwrap();
    }
    let consent = MediatorConsent { proposal: law.proposal.id(), conflicts: String::new() };
    law.say("mediator", Body::MediatorConsent(consent)).unwrap();
    let claim = law.say("community", hours("community", 8)).unwrap();
    law.say("enterprise", accept(claim)).unwrap();
    let opened = law.say("foundation", dispute(&[(claim, Remedy::Reject)])).unwrap();
    assert_eq!(law.agreement.dispute(&opened).unwrap().sides, [0, 2]);
    assert_eq!(refused(law.say("guest", evidence(opened, 0))), "NOT_A_SIDE");
    assert_eq!(refused(law.say("stranger", evidence(opened, 0))), "SIGNER_NOT_PARTY");
    fill(&mut law, "foundation", EVIDENCE_MAX, |number| evidence(opened, number));
    assert_eq!(refused(law.say("foundation", evidence(opened, u64::MAX))), "TOO_MUCH_EVIDENCE");
    // The other side, who has attested it, and the mediator.
    for who in ["community", "enterprise", "mediator"] {
        law.say(who, evidence(opened, 0)).unwrap();
        assert_eq!(refused(law.say(who, evidence(opened, 0))), "EVIDENCE_TWICE");
    }
    let given = |party: Option<usize>| {
        let case = law.agreement.dispute(&opened).unwrap();
        case.evidence.iter().filter(|given| given.party == party).count()
    };
    assert_eq!([given(Some(0)), given(Some(1)), given(Some(2)), given(None)], [1, 1, EVIDENCE_MAX, 1]);
}

#[test]
fn needs_commitments_risks_and_feedback_of_one_party_leave_room_for_those_of_others() {
    let mut law = Law::in_force(&terms(THREE));
    fill(&mut law, "community", NEEDS_MAX, |_| needs());
    assert_eq!(refused(law.say("community", needs())), "TOO_MANY_NEEDS");
    law.say("enterprise", needs()).unwrap();
    fill(&mut law, "community", COMMITMENTS_MAX, |_| commit(&[1]));
    assert_eq!(refused(law.say("community", commit(&[1]))), "TOO_MANY_COMMITMENTS");
    law.say("enterprise", commit(&[1])).unwrap();
    // Whoever is to watch them.
    fill(&mut law, "community", RISKS_MAX, |_| risk("enterprise"));
    assert_eq!(refused(law.say("community", risk("community"))), "TOO_MANY_RISKS");
    law.say("enterprise", risk("enterprise")).unwrap();
    fill(&mut law, "community", FEEDBACK_MAX, feedback);
    assert_eq!(refused(law.say("community", feedback(1))), "TOO_MUCH_FEEDBACK");
    law.say("enterprise", feedback(1)).unwrap();
}

#[test]
fn claims_and_challenges_of_one_party_leave_room_for_those_of_others() {
    let mut law = Law::in_force(&terms(THREE));
    let claims = fill(&mut law, "community", OPEN_CLAIMS_MAX, |_| hours("community", 1));
    assert_eq!(refused(law.say("community", hours("community", 1))), "TOO_MANY_OPEN_CLAIMS");
    law.say("enterprise", hours("enterprise", 1)).unwrap();
    for claims in claims.chunks(1_000) {
        let verdict = Verdict::Accepted { quality: Ratio::ONE, unplanned: false };
        let body = Attestation { contributions: claims.to_vec(), verdict, reason: String::new() };
        law.say("enterprise", Body::Attestation(body)).unwrap();
    }
    for claims in claims[..CHALLENGED_MAX].chunks(1_000) {
        law.say("foundation", challenge(claims, Ground::Quality)).unwrap();
    }
    assert_eq!(refused(law.say("foundation", challenge(&claims[..1], Ground::NotDone))), "TOO_MANY_CHALLENGED");
    law.say("enterprise", challenge(&claims[..1], Ground::NotDone)).unwrap();
}

#[test]
fn keys_that_one_party_was_granted_leave_room_for_those_of_others() {
    let mut law = Law::in_force(&terms(THREE));
    let mut granted = 0;
    loop {
        let grant = grant(&law, "community", &format!("community.{}", granted + 10));
        match law.say("community", Body::KeyGrant(grant)) {
            Ok(_) => granted += 1,
            Err(refusal) => break assert_eq!(refusal.reason(), "TOO_MANY_KEYS"),
        }
    }
    assert_eq!(granted, 1_000);
    let other = grant(&law, "enterprise", "enterprise.9");
    law.say("enterprise", Body::KeyGrant(other)).unwrap();
}
