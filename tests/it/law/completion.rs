//! Every kind of motion, completed in every phase that may come while it waits: the statement that completes it does what the table
//! says of the kind that was moved.

use counterfoil::{
    agreement::{
        state::Phase,
        table::{Outcome, in_phase},
    },
    digest::Digest,
    statement::{
        Body, Kind,
        change::{
            Amendment, Close, Exit, MediatorConsent, MediatorReplacement, Resumption, Suspension, TrialResult,
            TrialVerdict,
        },
        id::StatementId,
        rules::Mediator,
        terms::{PartyKey, Scope},
    },
};

use crate::{
    law::{
        Law, MINUTE_MS, ms,
        phases::{before, rich, statement},
        whole::MOTIONS,
        work::agree,
    },
    stories::secret,
};

/// From phase to phase, all of them while a motion may wait.
const WAYS: [(Phase, Phase); 8] = [
    (Phase::Trial, Phase::Trial),
    (Phase::Trial, Phase::InForce),
    (Phase::Trial, Phase::Suspended),
    (Phase::Trial, Phase::WindingDown),
    (Phase::InForce, Phase::Suspended),
    (Phase::InForce, Phase::WindingDown),
    (Phase::Suspended, Phase::InForce),
    (Phase::Suspended, Phase::WindingDown),
];

/// Who accepts last: without its second key the community has accepted nothing.
const LAST: &str = "community.2";

fn suspension() -> Body {
    Body::Suspension(Suspension { reason: "a reason".to_owned() })
}

fn resumption() -> Body {
    Body::Resumption(Resumption { reason: String::new() })
}

fn close() -> Body {
    Body::Close(Close { reason: String::new() })
}

fn trial_result(verdict: TrialVerdict) -> Body {
    Body::TrialResult(TrialResult { verdict, evidence: Digest::of(&[]) })
}

fn consent(proposal: StatementId) -> Body {
    Body::MediatorConsent(MediatorConsent { proposal, conflicts: String::new() })
}

/// Everybody but one key of the community, which is asked for two, accepts.
fn all_but_one(law: &mut Law, motion: StatementId) {
    for who in ["enterprise", "foundation"] {
        // Who is not asked is refused, and need not be.
        drop(law.say(who, agree(motion)));
    }
    drop(law.say("arbiter", consent(motion)));
}

fn all(law: &mut Law, motion: Body) {
    let motion = law.say("community.1", motion).unwrap();
    all_but_one(law, motion);
    law.say(LAST, agree(motion)).unwrap();
}

/// An agreement on trial or in force, with all that a kind of motion needs.
fn begun(kind: Kind, phase: Phase) -> (Law, Vec<StatementId>) {
    let mut terms = rich(kind, phase);
    let scopes = Scope::ALL.to_vec();
    for name in ["community.2", "community.4"] {
        terms.parties[0].keys.push(PartyKey { key: secret(name).public(), scopes: scopes.clone() });
    }
    terms.parties[0].govern_threshold = 2;
    let mut law = Law::proposed(&terms);
    for who in [LAST, "enterprise", "foundation"] {
        law.say(who, law.acceptance()).unwrap();
    }
    law.say("judge", consent(law.proposal.id())).unwrap();
    let before = before(&mut law, kind);
    (law, before)
}

fn goes_to(law: &mut Law, from: Phase, to: Phase) {
    match (from, to) {
        (Phase::Trial, Phase::InForce) => all(law, trial_result(TrialVerdict::Passed)),
        (Phase::Suspended, Phase::InForce) => all(law, resumption()),
        (_, Phase::Suspended) => all(law, suspension()),
        (_, Phase::WindingDown) => all(law, close()),
        _ => {}
    }
    assert_eq!(law.agreement.phase_at(law.clock), to);
}

#[test]
fn every_motion_is_completed_in_every_phase_as_the_table_says_of_its_kind() {
    let mut wrong = Vec::new();
    let mut driven = 0;
    for kind in MOTIONS {
        for (from, to) in WAYS {
            // An agreement does not end while there is a dispute that somebody could offer in.
            let never = kind == Kind::Offer && to == Phase::WindingDown;
            if in_phase(kind, from) != Outcome::Enters || never {
                continue;
            }
            let (mut law, before) = begun(kind, from);
            if from == Phase::Suspended {
                goes_to(&mut law, Phase::InForce, from);
            }
            let (_, body) = statement(&mut law, kind, &before);
            let motion = law.say("community.1", body).unwrap();
            all_but_one(&mut law, motion);
            goes_to(&mut law, from, to);
            let found = law.say(LAST, agree(motion));
            let is = match (in_phase(kind, to), &found) {
                (Outcome::Enters, Ok(_)) => !law.agreement.motions().any(|waiting| waiting.id == motion),
                (Outcome::Refused(reason), Err(refusal)) => refusal.reason() == reason,
                _ => false,
            };
            if !is {
                wrong.push(format!("{kind} moved in {from}, completed in {to}: {found:?}"));
            }
            driven += 1;
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(driven, 83);
}

#[test]
fn a_suspension_that_was_forgotten_does_not_suspend_once_more() {
    let (mut law, _) = begun(Kind::Suspension, Phase::InForce);
    let forgotten = law.say("community.1", suspension()).unwrap();
    all_but_one(&mut law, forgotten);
    goes_to(&mut law, Phase::InForce, Phase::Suspended);
    assert_eq!(law.say(LAST, agree(forgotten)).unwrap_err().reason(), "SUSPENDED");
    goes_to(&mut law, Phase::Suspended, Phase::InForce);
    assert_eq!(law.agreement.suspended_since(), None);
}

#[test]
fn a_trial_that_is_over_is_judged_by_nothing_that_was_said_before() {
    let (mut law, _) = begun(Kind::TrialResult, Phase::Trial);
    let failed = law.say("community.1", trial_result(TrialVerdict::Failed)).unwrap();
    all_but_one(&mut law, failed);
    goes_to(&mut law, Phase::Trial, Phase::InForce);
    assert_eq!(law.say(LAST, agree(failed)).unwrap_err().reason(), "NOT_IN_TRIAL");
    assert_eq!(law.agreement.phase_at(law.clock), Phase::InForce);
}

#[test]
fn a_trial_that_nobody_has_judged_lets_nothing_else_be_completed() {
    let (mut law, _) = begun(Kind::Exit, Phase::Trial);
    let leaves = ms(law.clock.as_ms() + 1_000 * crate::law::work::DAY_MS);
    let exit = law.say("community.1", Body::Exit(Exit { leaves, reason: String::new() })).unwrap();
    law.clock = ms(law.agreement.trial_until().unwrap().as_ms() + MINUTE_MS);
    assert_eq!(law.say(LAST, agree(exit)).unwrap_err().reason(), "TRIAL_OVER");
}

#[test]
fn a_mediator_that_consents_late_completes_no_amendment_of_what_ends() {
    let (mut law, _) = begun(Kind::Amendment, Phase::InForce);
    let mut terms = law.agreement.terms().clone();
    terms.mediator = Some(Mediator { display_name: "another".to_owned(), keys: vec![secret("arbiter").public()] });
    let (replaces, effective, retroactive) = (law.agreement.terms_id(), None, None);
    let moved = Body::Amendment(Amendment { replaces, terms: terms.clone(), effective, retroactive });
    let moved = law.say("community.1", moved).unwrap();
    for who in [LAST, "enterprise", "foundation"] {
        law.say(who, agree(moved)).unwrap();
    }
    goes_to(&mut law, Phase::InForce, Phase::WindingDown);
    assert_eq!(law.say("arbiter", consent(moved)).unwrap_err().reason(), "WINDING_DOWN");
    // A replacement is talked about to the end.
    let mediator = terms.mediator.unwrap();
    let replaced = law.say("community.1", Body::MediatorReplacement(MediatorReplacement { mediator })).unwrap();
    for who in [LAST, "enterprise", "foundation"] {
        law.say(who, agree(replaced)).unwrap();
    }
    law.say("arbiter", consent(replaced)).unwrap();
    assert_eq!(law.agreement.appointed().unwrap().mediator.display_name, "another");
}
