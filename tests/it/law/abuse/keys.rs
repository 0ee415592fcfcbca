//! Abuses of keys and of the agreement itself: stolen keys, other people's grants, terms that not all agreed to.

use counterfoil::statement::{
    Body,
    change::{Amendment, CounterProposal, KeyGrant, KeyRevocation, Suspension},
    dispute::Remedy,
    terms::Scope,
};

use super::{disputes, refused};
use crate::{
    law::{
        Law, accept, hours, terms,
        work::{DAY_MS, THREE, agree, plan},
    },
    stories::secret,
};

/// What a new key signs over its grant to a party.
pub(super) fn message(law: &Law, party: &str, grant: &KeyGrant) -> Vec<u8> {
    grant.message(law.agreement.id(), &party.parse().unwrap())
}

pub(super) fn grant(law: &Law, party: &str, key: &str) -> KeyGrant {
    let secret = secret(key);
    let scopes = vec![Scope::Claim, Scope::Attest];
    let mut grant = KeyGrant { key: secret.public(), scopes, expires: None, daily_max: None, proof: secret.sign(b"") };
    grant.proof = secret.sign(&message(law, party, &grant));
    grant
}

#[test]
fn a_grant_that_another_party_saw_is_of_no_use_to_it() {
    let mut law = Law::in_force(&terms(THREE));
    let wanted = grant(&law, "community", "community.9");
    assert_eq!(refused(law.say("enterprise", Body::KeyGrant(wanted.clone()))), "KEY_PROOF_INVALID");
    let mut wider = wanted.clone();
    wider.scopes = vec![Scope::Govern, Scope::Claim, Scope::Attest];
    assert_eq!(refused(law.say("community", Body::KeyGrant(wider))), "KEY_PROOF_INVALID");
    law.say("community", Body::KeyGrant(wanted.clone())).unwrap();
    assert_eq!(refused(law.say("community", Body::KeyGrant(wanted))), "KEY_USED");
    let other = Law::in_force(&terms(&format!("{THREE}\ntail 1")));
    let elsewhere = grant(&other, "community", "community.8");
    assert_eq!(refused(law.say("community", Body::KeyGrant(elsewhere))), "KEY_PROOF_INVALID");
}

#[test]
fn a_stolen_key_ends_with_its_revocation_and_what_it_did_stands_until_it_is_decided() {
    let (mut law, _) = disputes::law();
    let granted = grant(&law, "enterprise", "enterprise.9");
    law.say("enterprise", Body::KeyGrant(granted)).unwrap();
    let claim = law.say("community", hours("community", 90)).unwrap();
    // The thief accepts for the enterprise.
    law.say("enterprise.9", accept(claim)).unwrap();
    let after_theft = law.shares();
    let revocation = KeyRevocation { key: secret("enterprise.9").public(), reason: "stolen".to_owned() };
    assert_eq!(refused(law.say("community", Body::KeyRevocation(revocation.clone()))), "KEY_NOT_YOURS");
    law.say("enterprise", Body::KeyRevocation(revocation.clone())).unwrap();
    assert_eq!(refused(law.say("enterprise.9", hours("enterprise", 1))), "KEY_REVOKED");
    assert_eq!(refused(law.say("enterprise", Body::KeyRevocation(revocation))), "KEY_REVOKED");
    assert_eq!(law.shares(), after_theft, "what it did stands");
    let again = grant(&law, "enterprise", "enterprise.9");
    assert_eq!(refused(law.say("enterprise", Body::KeyGrant(again))), "KEY_USED");
    let dispute = law.say("enterprise", disputes::dispute(&[(claim, Remedy::Reject)])).unwrap();
    let ruling = disputes::ruling(&law, dispute, &[(claim, Remedy::Reject)]);
    law.say("mediator", ruling).unwrap();
    assert_ne!(law.shares(), after_theft, "until it is decided");
}

#[test]
fn an_amendment_takes_all_over_one_digest_and_no_time_brings_it() {
    let mut law = Law::in_force(&terms(THREE));
    let amendment = |law: &Law, points: &str| {
        let mut terms = law.agreement.terms().clone();
        terms.units[0].points = points.parse().unwrap();
        Body::Amendment(Amendment { replaces: law.agreement.terms_id(), terms, effective: None, retroactive: None })
    };
    let before = law.agreement.terms_id();
    let mine = law.say("community", amendment(&law, "1000")).unwrap();
    let other = law.say("community", amendment(&law, "2")).unwrap();
    law.say("enterprise", agree(mine)).unwrap();
    law.say("foundation", agree(other)).unwrap();
    // Two of three for one, two of three for the other; and whoever is silent stays silent.
    law.clock = crate::law::ms(law.clock.as_ms() + 4_000 * DAY_MS);
    law.say("community", hours("community", 1)).unwrap();
    assert_eq!(law.agreement.terms_id(), before);
    assert_eq!(refused(law.say("enterprise", agree(mine))), "ALREADY_ACCEPTED");
    law.say("foundation", agree(mine)).unwrap();
    assert_eq!(law.agreement.terms_id(), mine);
    assert_eq!(refused(law.say("enterprise", agree(other))), "TERMS_REPLACED");
}

#[test]
fn motions_that_are_decided_do_not_come_back() {
    let mut law = Law::in_force(&terms(THREE));
    let mut old = Vec::new();
    for body in [Body::Plan(plan(&["build:community:10"], &[])), Body::Plan(plan(&["build:enterprise:10"], &[]))] {
        let moved = law.sign("community", body);
        law.enter(&moved).unwrap();
        for party in ["enterprise", "foundation"] {
            let accepted = law.sign(party, agree(moved.id()));
            law.enter(&accepted).unwrap();
            old.push(accepted);
        }
        old.push(moved);
    }
    let declined = law.sign("community", Body::Suspension(Suspension { reason: "a pause".to_owned() }));
    law.enter(&declined).unwrap();
    let no = Body::Decline(counterfoil::statement::Decline { proposal: declined.id(), reason: "no".to_owned() });
    law.say("enterprise", no).unwrap();
    old.push(declined);
    let shown = |law: &Law| format!("{:?} {}", law.agreement.plan_at(law.clock), law.agreement.motions().len());
    let before = shown(&law);
    for signed in &old {
        assert!(law.enter(signed).is_err(), "it comes back: {:?}", signed.statement().body);
    }
    assert_eq!(shown(&law), before);
}

#[test]
fn a_counter_proposal_puts_no_other_keys_in_the_place_of_a_partys() {
    let mut law = Law::proposed(&terms(THREE));
    let counter = |law: &Law, change: &dyn Fn(&mut counterfoil::statement::terms::Terms)| {
        let mut terms = law.agreement.terms().clone();
        change(&mut terms);
        Body::CounterProposal(CounterProposal { proposal: law.agreement.terms_id(), terms })
    };
    let taken = counter(&law, &|terms| terms.parties[2].keys[0].key = secret("enterprise.7").public());
    assert_eq!(refused(law.say("enterprise", taken)), "TERMS_NOT_CONTINUED");
    let renamed = counter(&law, &|terms| terms.parties[2].name = "holding".parse().unwrap());
    assert_eq!(refused(law.say("enterprise", renamed)), "TERMS_NOT_CONTINUED");
    // Nor does it keep what others accepted of the terms before.
    law.say("foundation", law.acceptance()).unwrap();
    let worse = counter(&law, &|terms| terms.units[0].points = "1000".parse().unwrap());
    law.say("enterprise", worse).unwrap();
    assert!(law.agreement.acceptances().filter(|of| !of.keys.is_empty()).count() == 1, "the counter-proposer's alone");
    assert_eq!(refused(law.say("community", law.acceptance())), "OTHER_PROPOSAL");
}

#[test]
fn a_key_that_has_expired_is_revoked_though_it_is_not_counted_any_more() {
    let mut law = Law::in_force(&terms(THREE));
    let mut brief = grant(&law, "community", "community.9");
    (brief.scopes, brief.expires) = (vec![Scope::Govern], Some(crate::law::ms(law.clock.as_ms() + DAY_MS)));
    brief.proof = secret("community.9").sign(&message(&law, "community", &brief));
    law.say("community", Body::KeyGrant(brief)).unwrap();
    let revocation = |key: &str| {
        let reason = "it is over".to_owned();
        Body::KeyRevocation(KeyRevocation { key: secret(key).public(), reason })
    };
    law.clock = crate::law::ms(law.clock.as_ms() + 2 * DAY_MS);
    assert_eq!(refused(law.say("community", revocation("community"))), "KEYS_TOO_FEW");
    law.say("community", revocation("community.9")).unwrap();
    assert_eq!(refused(law.say("community", revocation("community"))), "KEYS_TOO_FEW");
}

#[test]
fn no_amendment_asks_a_party_for_more_keys_than_it_has_left() {
    let mut law = Law::in_force(&terms(&THREE.replace("party enterprise", "party enterprise keys 3")));
    let revocation = KeyRevocation { key: secret("enterprise.3").public(), reason: "lost".to_owned() };
    law.say("enterprise.1", Body::KeyRevocation(revocation)).unwrap();
    let amendment = |law: &Law, threshold: u32| {
        let mut terms = law.agreement.terms().clone();
        terms.parties[1].govern_threshold = threshold;
        Body::Amendment(Amendment { replaces: law.agreement.terms_id(), terms, effective: None, retroactive: None })
    };
    assert_eq!(refused(law.say("enterprise.1", amendment(&law, 3))), "KEYS_TOO_FEW");
    let moved = law.say("enterprise.1", amendment(&law, 2)).unwrap();
    for party in ["community", "foundation"] {
        law.say(party, agree(moved)).unwrap();
    }
    assert_eq!(law.agreement.terms_id(), moved);
}

#[test]
fn an_offer_in_a_dispute_that_is_over_does_not_come_back() {
    let (mut law, claim) = disputes::law();
    let opened = law.say("foundation", disputes::dispute(&[(claim, Remedy::Reject)])).unwrap();
    let offer = law.sign("foundation", disputes::offer(opened, &[(claim, Remedy::Reject)]));
    law.enter(&offer).unwrap();
    law.say("foundation", crate::law::work::take_back(opened)).unwrap();
    assert_eq!(law.agreement.motions().len(), 0);
    assert_eq!(refused(law.enter(&offer)), "ALREADY_RECORDED");
}
