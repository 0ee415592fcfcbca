//! Who the mediator is, after a replacement and further terms.

use counterfoil::statement::{
    Body,
    change::{Amendment, KeyGrant, MediatorConsent, MediatorReplacement},
    id::StatementId,
    rules::Mediator,
    terms::{Scope, Terms},
};

use crate::{
    law::{
        Law, ms, terms,
        work::{DAY_MS, THREE},
    },
    stories::secret,
};

fn named(key: &str) -> Mediator {
    Mediator { display_name: key.to_owned(), keys: vec![secret(key).public()] }
}

fn consent(law: &mut Law, who: &str, proposal: StatementId) {
    let conflicts = "none".to_owned();
    law.say(who, Body::MediatorConsent(MediatorConsent { proposal, conflicts })).unwrap();
}

fn amend(law: &Law, effective: Option<u64>, change: impl Fn(&mut Terms)) -> Body {
    let mut terms = law.agreement.terms().clone();
    change(&mut terms);
    let effective = effective.map(ms);
    Body::Amendment(Amendment { replaces: law.agreement.terms_id(), terms, effective, retroactive: None })
}

/// The name of the mediator that is appointed and has consented.
fn mediator(law: &Law) -> Option<&str> {
    let appointed = law.agreement.appointed().filter(|appointed| appointed.conflicts.is_some());
    appointed.map(|appointed| appointed.mediator.display_name.as_str())
}

/// An agreement whose terms name `first`, or nobody, and in which `second` was appointed later.
fn replaced(first: Option<&str>) -> Law {
    let mut agreed = terms(THREE);
    agreed.mediator = first.map(named);
    let mut law = Law::proposed(&agreed);
    for party in ["enterprise", "foundation"] {
        law.say(party, law.acceptance()).unwrap();
    }
    if let Some(first) = first {
        let proposal = law.proposal.id();
        consent(&mut law, first, proposal);
    }
    let moved =
        law.all_agree("community", Body::MediatorReplacement(MediatorReplacement { mediator: named("second") }));
    consent(&mut law, "second", moved);
    assert_eq!(mediator(&law), Some("second"));
    law
}

#[test]
fn a_replacement_outlives_terms_that_say_of_the_mediator_what_they_said() {
    for first in [Some("first"), None] {
        let mut law = replaced(first);
        let body = amend(&law, None, |terms| terms.tail_days += 1);
        let moved = law.all_agree("community", body);
        assert_eq!((law.agreement.terms_id(), mediator(&law)), (moved, Some("second")), "after {first:?}");
        let later = law.clock.as_ms() + DAY_MS;
        let body = amend(&law, Some(later), |terms| terms.tail_days += 1);
        let moved = law.all_agree("community", body);
        law.clock = ms(later);
        law.say("community", crate::law::work::feedback(1)).unwrap();
        assert_eq!((law.agreement.terms_id(), mediator(&law)), (moved, Some("second")), "after {first:?}");
    }
}

#[test]
fn terms_that_name_who_is_appointed_need_no_other_consent() {
    let mut law = replaced(Some("first"));
    let body = amend(&law, None, |terms| terms.mediator = Some(named("second")));
    let moved = law.all_agree("community", body);
    assert_eq!((law.agreement.terms_id(), mediator(&law)), (moved, Some("second")));
}

#[test]
fn other_terms_name_another_mediator_or_none() {
    let mut law = replaced(Some("first"));
    let body = amend(&law, None, |terms| terms.mediator = Some(named("third")));
    let moved = law.all_agree("community", body);
    assert_eq!(mediator(&law), Some("second"), "until the third has consented");
    consent(&mut law, "third", moved);
    assert_eq!((law.agreement.terms_id(), mediator(&law)), (moved, Some("third")));
    let body = amend(&law, None, |terms| terms.mediator = None);
    law.all_agree("community", body);
    assert_eq!(law.agreement.appointed(), None);
}

#[test]
fn who_has_not_consented_does_not_come_with_terms_whose_time_has_come() {
    let mut law = replaced(Some("first"));
    let later = law.clock.as_ms() + DAY_MS;
    let body = amend(&law, Some(later), |terms| terms.mediator = Some(named("second")));
    law.all_agree("community", body);
    let third = Body::MediatorReplacement(MediatorReplacement { mediator: named("third") });
    let moved = law.all_agree("community", third);
    consent(&mut law, "third", moved);
    law.clock = ms(later);
    law.say("community", crate::law::work::feedback(1)).unwrap();
    assert_eq!(mediator(&law), Some("third"), "the second was dismissed, and nobody has asked it since");
}

#[test]
fn the_keys_of_who_is_appointed_are_no_newcomers() {
    let mut law = replaced(Some("first"));
    let body = amend(&law, None, |terms| {
        let mut newcomer = terms.parties[2].clone();
        newcomer.name = "guest".parse().unwrap();
        newcomer.keys[0].key = secret("second").public();
        terms.parties.push(newcomer);
        for dimension in &mut terms.dimensions {
            dimension.default_shares.push("0".parse().unwrap());
            dimension.coefficients.push("1".parse().unwrap());
        }
    });
    assert_eq!(law.say("community", body).unwrap_err().reason(), "MEDIATOR_IS_PARTY");
    let key = secret("second");
    let scopes = vec![Scope::Claim];
    let mut grant = KeyGrant { key: key.public(), scopes, expires: None, daily_max: None, proof: key.sign(b"") };
    grant.proof = key.sign(&grant.message(law.agreement.id(), &"community".parse().unwrap()));
    assert_eq!(law.say("community", Body::KeyGrant(grant)).unwrap_err().reason(), "KEY_USED");
}
