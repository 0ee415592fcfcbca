//! Everything that is kept about the work is bounded, and says so when it is full.

use counterfoil::{
    agreement::{
        motion::MOTIONS_MAX,
        work::{
            NEEDS_MAX,
            challenge::{CHALLENGED_MAX, CHALLENGES_MAX},
            feedback::{FEEDBACK_EVER_MAX, FEEDBACK_MAX},
            maintenance::COMMITMENTS_MAX,
            open::OPEN_CLAIMS_MAX,
            risk::{CLOSED_RISKS_MAX, RISKS_MAX},
        },
    },
    split::Ratio,
    statement::{Attestation, Body, Verdict, id::StatementId, work::Ground},
};

use crate::law::{
    Law, hours, judge, terms,
    work::{THREE, agree, answer, assess, challenge, commit, feedback, needs, risk, take_back},
};

fn fill(law: &mut Law, max: usize, who: &str, body: impl Fn(u64) -> Body) -> Vec<StatementId> {
    (0..max).map(|number| law.say(who, body(u64::try_from(number).unwrap())).unwrap()).collect()
}

fn full(law: &mut Law, who: &str, body: Body, reason: &str) {
    assert_eq!(law.say(who, body).unwrap_err().reason(), reason);
}

/// Attests so many at once as an attestation may name.
fn judge_all(law: &mut Law, who: &str, claims: &[StatementId], verdict: Verdict) {
    for claims in claims.chunks(1_000) {
        let body = Attestation { contributions: claims.to_vec(), verdict, reason: "a reason".to_owned() };
        law.say(who, Body::Attestation(body)).unwrap();
    }
}

#[test]
fn needs_and_commitments_are_as_many_as_they_may_be() {
    let mut law = Law::in_force(&terms(THREE));
    fill(&mut law, NEEDS_MAX, "community", |_| needs());
    full(&mut law, "community", needs(), "TOO_MANY_NEEDS");
    fill(&mut law, COMMITMENTS_MAX, "community", |_| commit(&[1]));
    full(&mut law, "community", commit(&[1]), "TOO_MANY_COMMITMENTS");
}

#[test]
fn a_flood_of_claims_ends_at_the_limit_and_is_cleared_by_rejecting_it() {
    let mut law = Law::in_force(&terms(THREE));
    let claims = fill(&mut law, OPEN_CLAIMS_MAX, "community", |_| hours("community", 1));
    full(&mut law, "community", hours("community", 1), "TOO_MANY_OPEN_CLAIMS");
    // They are held as one, and still count against the limit.
    law.day_comes(20);
    full(&mut law, "community", hours("community", 1), "TOO_MANY_OPEN_CLAIMS");
    law.say("enterprise", feedback(1)).unwrap();
    full(&mut law, "community", hours("community", 1), "TOO_MANY_OPEN_CLAIMS");
    law.say("enterprise", judge(claims[0], Verdict::Rejected)).unwrap();
    law.say("community", hours("community", 1)).unwrap();
    full(&mut law, "community", hours("community", 1), "TOO_MANY_OPEN_CLAIMS");
    judge_all(&mut law, "enterprise", &claims[1..], Verdict::Rejected);
    assert_eq!(law.agreement.open_claims_at(law.clock).len(), 1);
}

#[test]
fn without_an_attest_window_nothing_is_kept_about_open_claims() {
    let mut terms = terms(THREE);
    terms.windows.attest = 0;
    let mut law = Law::in_force(&terms);
    fill(&mut law, 5, "community", |_| hours("community", 1));
    assert_eq!(law.agreement.open_claims_at(law.clock), []);
}

#[test]
fn challenges_are_bounded_for_one_contribution_and_for_all() {
    let parties: Vec<String> = (0..12).map(|number| format!("p{number}")).collect();
    let shares = ["1/12"; 12].join(",");
    let head: String = parties.iter().map(|party| format!("party {party}\n")).collect();
    let head = format!("{head}window challenge 30\ndimension T mass 10 defaults {shares}\nstream sales p0 1");
    let mut law = Law::in_force(&terms(&head));
    let claims = fill(&mut law, 1_000, "p0", |_| hours("p0", 1));
    judge_all(&mut law, "p1", &claims, Verdict::Accepted { quality: Ratio::ONE, unplanned: false });
    let mut times = 0;
    for party in &parties[1..] {
        for ground in Ground::ALL {
            let found = law.say(party, challenge(&claims[..1], ground)).map_err(|refusal| refusal.reason());
            assert_eq!(found.err(), (times >= CHALLENGES_MAX).then_some("TOO_MANY_CHALLENGES"));
            times += 1;
        }
    }
    // Of the first, p1 challenges all grounds there are.
    let rest = CHALLENGED_MAX - Ground::ALL.len();
    let open: Vec<_> =
        Ground::ALL[..3].iter().map(|ground| law.say("p1", challenge(&claims[1..], *ground)).unwrap()).collect();
    let left = rest - 3 * 999;
    full(&mut law, "p1", challenge(&claims[1..left + 2], Ground::ALL[3]), "TOO_MANY_CHALLENGED");
    law.say("p1", challenge(&claims[1..=left], Ground::ALL[3])).unwrap();
    full(&mut law, "p1", challenge(&claims[998..], Ground::ALL[4]), "TOO_MANY_CHALLENGED");
    law.say("p1", take_back(open[0])).unwrap();
    law.say("p1", challenge(&claims[998..], Ground::ALL[4])).unwrap();
}

#[test]
fn the_register_holds_so_many_open_risks_and_forgets_no_closed_one() {
    let mut law = Law::in_force(&terms(THREE));
    let mut risks = Vec::new();
    let close = |law: &mut Law, risk: StatementId| {
        let motion = law.say("enterprise", assess(risk, 1, true)).unwrap();
        law.say("community", agree(motion)).unwrap();
    };
    for _ in 0..CLOSED_RISKS_MAX / RISKS_MAX {
        let open = fill(&mut law, RISKS_MAX, "community", |_| risk("enterprise"));
        full(&mut law, "community", risk("enterprise"), "TOO_MANY_RISKS");
        open.iter().for_each(|risk| close(&mut law, *risk));
        risks.extend(open);
    }
    let signed = law.sign("community", risk("enterprise"));
    law.enter(&signed).unwrap();
    close(&mut law, signed.id());
    let more = law.say("community", risk("enterprise")).unwrap();
    close(&mut law, more);
    // The oldest two are listed no more, and known all the same.
    assert_eq!(law.agreement.risks_at(law.clock).len(), CLOSED_RISKS_MAX);
    full(&mut law, "enterprise", assess(risks[0], 1, false), "RISK_CLOSED");
    assert_eq!(law.enter(&signed).unwrap_err().reason(), "ALREADY_RECORDED");
}

#[test]
fn feedback_waits_up_to_a_limit_and_is_given_up_to_another() {
    let mut law = Law::in_force(&terms(THREE));
    for round in 0..FEEDBACK_EVER_MAX / FEEDBACK_MAX {
        let given = fill(&mut law, FEEDBACK_MAX, "community", feedback);
        full(&mut law, "community", feedback(1), "TOO_MUCH_FEEDBACK");
        if round < 9 {
            for feedback in given {
                law.say("enterprise", answer(feedback, false)).unwrap();
            }
            assert_eq!(law.agreement.feedback(), []);
        } else {
            law.say("enterprise", answer(given[0], false)).unwrap();
            full(&mut law, "community", feedback(1), "TOO_MUCH_FEEDBACK");
        }
    }
}

#[test]
fn motions_are_made_up_to_a_limit_so_that_none_comes_back() {
    let mut law = Law::in_force(&terms(THREE));
    let risk = law.say("community", risk("enterprise")).unwrap();
    for _ in 0..MOTIONS_MAX {
        let motion = law.say("enterprise", assess(risk, 1, false)).unwrap();
        law.say("enterprise", take_back(motion)).unwrap();
    }
    full(&mut law, "enterprise", assess(risk, 1, false), "MOTIONS_USED_UP");
}
