//! The work: what no story tells. Standstills, other terms, leavers, and servers that say things twice.

use counterfoil::{
    agreement::work::{open::OpenClaimView, risk::RiskSource},
    digest::Digest,
    split::{Ratio, exact_text},
    statement::{
        Acceptance, Attestation, Body, Contribution, Signed, Verdict,
        change::{Amendment, Exit, Resumption, Suspension, Withdrawal},
        id::StatementId,
        rules::ExitTerms,
        work::{
            Assessment, Challenge, Contingency, Feedback, FeedbackResponse, Ground, MaintenanceCommitment,
            MaintenanceFulfilment, Milestone, Needs, Plan, Risk, RiskAssessment, Task,
        },
    },
};

use crate::law::{Law, START_MS, accept, contribution, hours, judge, ms, terms, unknown, withdraw};

pub(super) const DAY_MS: u64 = 86_400_000;

pub(super) const THREE: &str = "
    party community
    party enterprise
    party foundation
    window attest 10
    window challenge 10
    dimension T weight 1/2 mass 10 defaults 1/2,1/4,1/4
    dimension S weight 1/2 mass none defaults 1/3,1/3,1/3
    unit hour T 1
    unit talk S 1";

pub(super) fn challenge(contributions: &[StatementId], ground: Ground) -> Body {
    let (contributions, reason) = (contributions.to_vec(), "a reason".to_owned());
    Body::Challenge(Challenge { contributions, ground, reason })
}

pub(super) fn take_back(statement: StatementId) -> Body {
    Body::Withdrawal(Withdrawal { statement, reason: String::new() })
}

pub(super) fn agree(proposal: StatementId) -> Body {
    Body::Acceptance(Acceptance { proposal })
}

/// A plan of `build:community:10`.
pub(super) fn plan(tasks: &[&str], feedback: &[StatementId]) -> Plan {
    let tasks = tasks.iter().map(|text| {
        let [name, owner, budget] = *text.split(':').collect::<Vec<_>>() else { panic!("{text} is no task") };
        Task {
            name: name.parse().unwrap(),
            title: name.to_owned(),
            owner: owner.parse().unwrap(),
            dimension: "T".parse().unwrap(),
            budget: budget.parse().unwrap(),
            due: ms(START_MS + DAY_MS),
            criteria: Digest::of(&[]),
        }
    });
    let tasks: Vec<Task> = tasks.collect();
    let names = tasks.iter().map(|task| task.name.clone()).collect();
    let milestone = Milestone { title: "beta".to_owned(), due: ms(START_MS + DAY_MS), tasks: names };
    Plan { tasks, milestones: vec![milestone], feedback: feedback.to_vec() }
}

pub(super) fn on(task: &str, party: &str, quantity: u64) -> Body {
    let said = contribution(party, Ratio::new(quantity, 1).unwrap());
    Body::Contribution(Contribution { task: Some(task.parse().unwrap()), ..said })
}

pub(super) fn risk(owner: &str) -> Body {
    Body::Risk(Risk {
        title: "a risk".to_owned(),
        assessment: graded(3),
        owner: owner.parse().unwrap(),
        trigger: "a sign".to_owned(),
        plan: Some(Digest::of(&[b"plan"])),
    })
}

pub(super) fn graded(impact: u32) -> Assessment {
    Assessment::Graded { likelihood: 2, impact }
}

pub(super) fn assess(risk: StatementId, impact: u32, closed: bool) -> Body {
    Body::RiskAssessment(RiskAssessment { risk, assessment: graded(impact), closed })
}

pub(super) fn feedback(number: u64) -> Body {
    let digest = Digest::of(&[&number.to_be_bytes()]);
    Body::Feedback(Feedback { digest, summary: "what was learned".to_owned() })
}

pub(super) fn answer(feedback: StatementId, accepted: bool) -> Body {
    Body::FeedbackResponse(FeedbackResponse { feedback, accepted, reason: "a reason".to_owned() })
}

pub(super) fn needs() -> Body {
    Body::Needs(Needs { minutes: Digest::of(&[]), needs: vec!["a release".to_owned(), "its documentation".to_owned()] })
}

pub(super) fn commit(days: &[u64]) -> Body {
    let due = days.iter().map(|day| ms(START_MS + day * DAY_MS)).collect();
    let criteria = Digest::of(&[]);
    Body::MaintenanceCommitment(MaintenanceCommitment { title: "maintenance".to_owned(), criteria, due })
}

pub(super) fn fulfil(commitment: StatementId, day: u64) -> Body {
    let (due, evidence) = (ms(START_MS + day * DAY_MS), Digest::of(&[]));
    Body::MaintenanceFulfilment(MaintenanceFulfilment { commitment, due, evidence })
}

impl Law {
    /// Moves something as `who`, and lets all others agree.
    pub(super) fn all_agree(&mut self, who: &str, body: Body) -> StatementId {
        let motion = self.say(who, body).unwrap();
        for other in ["community", "enterprise", "foundation"].into_iter().filter(|other| *other != who) {
            self.say(other, agree(motion)).unwrap();
        }
        motion
    }

    pub(super) fn day_comes(&mut self, day: u64) {
        self.clock = ms(START_MS + day * DAY_MS);
    }

    fn refused(&mut self, who: &str, body: Body) -> &'static str {
        let signed = self.sign(who, body);
        self.enter(&signed).unwrap_err().reason()
    }

    fn held(&self) -> Vec<u64> {
        let claims = self.agreement.open_claims_at(self.clock).into_iter();
        claims.filter(|claim| claim.held_from.is_some()).map(|claim| claim.index).collect()
    }

    fn used(&self) -> String {
        exact_text(self.agreement.plan_at(self.clock).unwrap().tasks[0].used)
    }
}

#[test]
fn the_attest_window_stands_still_with_the_agreement() {
    let mut law = Law::in_force(&terms(THREE));
    let claimed = law.agreement.size();
    law.say("community", hours("community", 3)).unwrap();
    let until = law.agreement.open_claims_at(law.clock)[0].until.unwrap();
    law.day_comes(5);
    law.all_agree("community", Body::Suspension(Suspension { reason: "a pause".to_owned() }));
    law.day_comes(50);
    let waiting = law.agreement.open_claims_at(law.clock);
    assert!(matches!(waiting[..], [OpenClaimView { until: None, overdue: false, held_from: None, .. }]));
    law.say("community", feedback(1)).unwrap();
    assert!(law.held().is_empty());
    law.all_agree("community", Body::Resumption(Resumption { reason: String::new() }));
    let later = law.agreement.open_claims_at(law.clock)[0].until.unwrap();
    let still = later.as_ms() - until.as_ms();
    assert!((45 * DAY_MS..45 * DAY_MS + 600_000).contains(&still), "stood still for {still} ms");
    // A claim made afterwards has the same number of days, and ends after it.
    law.say("community", hours("community", 4)).unwrap();
    law.clock = later;
    law.agreement.open_claims_at(law.clock).iter().for_each(|claim| assert!(!claim.overdue));
    law.say("community", feedback(2)).unwrap();
    assert_eq!(law.held(), [claimed]);
}

#[test]
fn each_claim_has_the_window_of_the_terms_at_its_place() {
    let mut law = Law::in_force(&terms(THREE));
    let mut claims = Vec::new();
    for window in [10, 2, 0, 5] {
        let mut terms = law.agreement.terms().clone();
        if terms.windows.attest != window {
            terms.windows.attest = window;
            let replaces = law.agreement.terms_id();
            let amendment = Amendment { replaces, terms, effective: None, retroactive: None };
            law.all_agree("community", Body::Amendment(amendment));
        }
        claims.push(law.agreement.size());
        law.say("community", hours("community", 1)).unwrap();
    }
    let mut held = Vec::new();
    for (day, fresh) in [(1, None), (3, Some(1)), (6, Some(3)), (11, Some(0)), (900, None)] {
        law.day_comes(day);
        law.say("enterprise", feedback(day)).unwrap();
        held.extend(fresh.map(|place: usize| claims[place]));
        held.sort_unstable();
        assert_eq!(law.held(), held, "on day {day}");
    }
}

#[test]
fn what_is_held_is_what_the_claim_may_count() {
    let mut law = Law::in_force(&terms(&format!("{THREE}\nstream sales enterprise 1")));
    let benefit = law.say("enterprise", crate::law::sales(96_000)).unwrap();
    law.say("community", crate::law::confirm(benefit)).unwrap();
    let claim = law.say("community", hours("community", 5)).unwrap();
    law.day_comes(11);
    let before = law.agreement.size();
    law.say("enterprise", feedback(1)).unwrap();
    assert_eq!(law.settlement(before).accounts[0].disputed, 0, "earlier accounts know nothing of it");
    // Half of all goes by T, which has a floor mass of 10: if the claim counts nothing, the community gets 1/2 of it, and 3/4 if
    // it counts 5; each of the others 1/4, or 1/8. So 1/4 of that half is nobody's yet.
    let account = law.settlement(law.agreement.size()).accounts.remove(0);
    assert_eq!(account.disputed, 12_000);
    law.say("enterprise", judge(claim, Verdict::Rejected)).unwrap();
    assert_eq!(law.settlement(law.agreement.size()).accounts[0].disputed, 0);
}

#[test]
fn a_plan_outlives_the_floor_mass_it_was_made_for_and_the_next_one_has_the_new_one() {
    let mut law = Law::in_force(&terms(THREE));
    law.all_agree("community", Body::Plan(plan(&["build:community:10"], &[])));
    let waiting = law.say("community", Body::Plan(plan(&["build:community:4", "test:enterprise:6"], &[]))).unwrap();
    let mut terms = law.agreement.terms().clone();
    terms.dimensions[0].floor_mass = "25/2".parse().unwrap();
    let replaces = law.agreement.terms_id();
    let amendment = Amendment { replaces, terms, effective: None, retroactive: None };
    law.all_agree("community", Body::Amendment(amendment));
    assert_eq!(law.agreement.plan_at(law.clock).unwrap().revision, 1);
    law.say("enterprise", agree(waiting)).unwrap();
    // What was possible when it was moved is not when it would be complete.
    assert_eq!(law.refused("foundation", agree(waiting)), "BUDGETS_NOT_FLOOR_MASS");
    law.all_agree("community", Body::Plan(plan(&["build:community:12", "test:enterprise:1/2"], &[])));
    assert_eq!(law.agreement.plan_at(law.clock).unwrap().revision, 2);
}

#[test]
fn a_batch_uses_a_budget_as_one_after_the_other_would() {
    let mut law = Law::in_force(&terms(THREE));
    law.all_agree("community", Body::Plan(plan(&["build:community:10"], &[])));
    let claims: Vec<_> = [4, 4, 3].map(|hours| law.say("community", on("build", "community", hours)).unwrap()).to_vec();
    let batch = |claims: &[StatementId], unplanned| {
        let verdict = Verdict::Accepted { quality: Ratio::ONE, unplanned };
        Body::Attestation(Attestation { contributions: claims.to_vec(), verdict, reason: String::new() })
    };
    assert_eq!(law.refused("enterprise", batch(&claims, false)), "TASK_BUDGET_EXCEEDED");
    assert_eq!(law.used(), "0");
    law.say("enterprise", batch(&claims[..2], false)).unwrap();
    assert_eq!(law.used(), "8");
    // With two thirds of the quality it fits exactly.
    let verdict = Verdict::Accepted { quality: "2/3".parse().unwrap(), unplanned: false };
    law.say("enterprise", judge(claims[2], verdict)).unwrap();
    assert_eq!(law.used(), "10");
    law.say("community", withdraw(claims[2])).unwrap();
    assert_eq!(law.used(), "8");
}

#[test]
fn a_task_of_the_same_name_that_another_does_or_that_counts_elsewhere_is_not_the_same() {
    let mut law = Law::in_force(&terms(THREE));
    law.all_agree("community", Body::Plan(plan(&["build:community:10"], &[])));
    let first = law.say("community", on("build", "community", 3)).unwrap();
    let second = law.say("community", on("build", "community", 3)).unwrap();
    law.say("enterprise", accept(first)).unwrap();
    law.all_agree("community", Body::Plan(plan(&["build:foundation:10"], &[])));
    assert_eq!(law.used(), "3", "the task is another's now, and its budget is used as before");
    assert_eq!(law.refused("enterprise", accept(second)), "UNPLANNED_NOT_ACCEPTED");
    assert_eq!(law.refused("community", on("build", "community", 1)), "NOT_TASK_OWNER");
    law.say("community", withdraw(first)).unwrap();
    assert_eq!(law.used(), "0");
}

#[test]
fn who_has_left_neither_challenges_nor_commits_nor_is_given_anything_to_do() {
    let mut agreed = terms(THREE);
    agreed.exit = Some(ExitTerms { notice_days: 0, factor: Ratio::ONE, factor_without_notice: Ratio::ONE });
    let mut law = Law::in_force(&agreed);
    let watched = law.say("community", risk("foundation")).unwrap();
    let claim = law.say("community", hours("community", 1)).unwrap();
    law.say("enterprise", accept(claim)).unwrap();
    let leaves = ms(law.clock.as_ms() + 10 * crate::law::MINUTE_MS);
    law.say("foundation", Body::Exit(Exit { leaves, reason: String::new() })).unwrap();
    law.clock = leaves;
    assert_eq!(law.refused("foundation", challenge(&[claim], Ground::NotDone)), "PARTY_LEFT");
    let waiting = law.say("enterprise", hours("enterprise", 1)).unwrap();
    assert_eq!(law.refused("foundation", accept(waiting)), "PARTY_LEFT");
    assert_eq!(law.refused("foundation", judge(waiting, Verdict::Rejected)), "PARTY_LEFT");
    assert_eq!(law.refused("foundation", commit(&[1])), "PARTY_LEFT");
    assert_eq!(law.refused("community", risk("foundation")), "PARTY_LEFT");
    assert_eq!(law.refused("community", Body::Plan(plan(&["build:foundation:10"], &[]))), "PARTY_LEFT");
    assert_eq!(law.refused("foundation", assess(watched, 1, true)), "PARTY_LEFT");
    // Somebody must be able to close what the leaver watched.
    let motion = law.say("community", assess(watched, 1, true)).unwrap();
    law.say("enterprise", agree(motion)).unwrap();
    assert!(law.agreement.risks_at(law.clock)[0].closed.is_some());
}

#[test]
fn a_missed_date_is_a_risk_and_nothing_else() {
    let mut law = Law::in_force(&terms(THREE));
    let commitment = law.say("enterprise", commit(&[1, 2])).unwrap();
    law.say("enterprise", fulfil(commitment, 2)).unwrap();
    law.day_comes(3);
    let settlement = law.settlement(law.agreement.size());
    let risks = law.agreement.risks_at(law.clock);
    let due = ms(START_MS + DAY_MS);
    assert_eq!(risks.iter().map(|risk| risk.source).collect::<Vec<_>>(), [RiskSource::Maintenance { commitment, due }]);
    assert_eq!(law.agreement.risks_at(due), [], "on the day itself it is not missed");
    assert_eq!(settlement, law.settlement(law.agreement.size()));
    let dates = &law.agreement.commitments_at(law.clock)[0].dates;
    assert_eq!(dates.iter().map(|date| date.missed).collect::<Vec<_>>(), [true, false]);
}

/// Everything that can be seen of the work.
pub(super) fn seen(law: &Law) -> String {
    let (agreement, now) = (&law.agreement, law.clock);
    let challenges: Vec<_> = agreement.challenges().collect();
    format!(
        "{:?}\n{:?}\n{:?}\n{:?}\n{:?}\n{:?}\n{challenges:?}",
        agreement.needs(),
        agreement.plan_at(now),
        agreement.risks_at(now),
        agreement.feedback(),
        agreement.commitments_at(now),
        agreement.open_claims_at(now),
    )
}

/// A server that lets old entries in once more would bring an old plan back, open a closed risk, or challenge anew what was
/// settled between the parties: the law refuses every one of them.
#[test]
fn nothing_that_was_said_about_the_work_has_its_effect_twice() {
    let mut law = Law::in_force(&terms(THREE));
    let mut entries: Vec<Signed> = Vec::new();
    let mut enter = |law: &mut Law, who: &str, body: Body| {
        let signed = law.sign(who, body);
        law.enter(&signed).unwrap();
        entries.push(signed.clone());
        signed.id()
    };
    enter(&mut law, "community", needs());
    let closed = enter(&mut law, "community", risk("enterprise"));
    let open = enter(&mut law, "community", risk("enterprise"));
    let (taken, declined) = (enter(&mut law, "community", feedback(1)), enter(&mut law, "community", feedback(2)));
    enter(&mut law, "enterprise", answer(taken, true));
    enter(&mut law, "enterprise", answer(declined, false));
    let first = enter(&mut law, "community", Body::Plan(plan(&["build:community:10"], &[taken])));
    enter(&mut law, "enterprise", agree(first));
    enter(&mut law, "foundation", agree(first));
    let claim = enter(&mut law, "community", on("build", "community", 2));
    enter(&mut law, "enterprise", accept(claim));
    let challenged = enter(&mut law, "foundation", challenge(&[claim], Ground::Quality));
    enter(&mut law, "foundation", take_back(challenged));
    let assessed = enter(&mut law, "enterprise", assess(closed, 5, true));
    enter(&mut law, "community", agree(assessed));
    let other = Contingency { risk: open, plan: plan(&["build:community:5", "test:foundation:5"], &[]) };
    let switched = enter(&mut law, "enterprise", Body::Contingency(other));
    enter(&mut law, "community", agree(switched));
    let withdrawn = enter(&mut law, "community", Body::Plan(plan(&["build:community:10"], &[])));
    enter(&mut law, "enterprise", agree(withdrawn));
    enter(&mut law, "community", take_back(withdrawn));
    let commitment = enter(&mut law, "community", commit(&[1, 2]));
    enter(&mut law, "community", fulfil(commitment, 1));
    let before = seen(&law);
    for round in 0..2 {
        for (place, signed) in entries.iter().enumerate() {
            let found = law.enter(signed).map_err(|refusal| refusal.reason());
            assert!(found.is_err(), "statement {place} entered again in round {round}: {signed:?}");
        }
    }
    assert_eq!(seen(&law), before);
    assert_eq!(law.refused("enterprise", answer(declined, true)), "FEEDBACK_ANSWERED");
    assert_eq!(law.refused("enterprise", assess(closed, 1, false)), "RISK_CLOSED");
    assert_eq!(law.refused("enterprise", assess(unknown(), 1, false)), "UNKNOWN_RISK");
}
