//! Where the work and disputes meet: what a dispute leaves of challenges, of silence, and of budgets.

use counterfoil::statement::{
    Body,
    dispute::{Dispute, Offer, Outcome, Remedy},
    id::StatementId,
    work::Ground,
};

use crate::law::{
    Law, accept, confirm, hours, sales, terms,
    work::{THREE, agree, challenge, feedback, on, plan, take_back},
};

fn law() -> Law {
    let mut law = Law::in_force(&terms(&format!("{THREE}\nstream sales enterprise 1")));
    let benefit = law.say("enterprise", sales(96_000)).unwrap();
    law.say("community", confirm(benefit)).unwrap();
    law
}

impl Law {
    fn disputed(&self) -> u64 {
        self.settlement(self.agreement.size()).accounts[0].disputed
    }

    fn dispute(&mut self, who: &str, subject: StatementId, remedy: Remedy) -> StatementId {
        let outcomes = vec![Outcome { subject, remedy }];
        self.say(who, Body::Dispute(Dispute { outcomes, reason: "a reason".to_owned() })).unwrap()
    }

    /// Settles a dispute between the foundation and the community.
    fn settled(&mut self, dispute: StatementId, subject: StatementId, remedy: Remedy) {
        let outcomes = vec![Outcome { subject, remedy }];
        let offer = self.say("foundation", Body::Offer(Offer { dispute, outcomes })).unwrap();
        self.say("community", agree(offer)).unwrap();
        // More points for somebody are less for others: then they are asked, too.
        if self.agreement.dispute(&dispute).is_some() {
            self.say("enterprise", agree(offer)).unwrap();
        }
    }
}

/// Five hours of the community, accepted: 12,000 of the 96,000 hang on them (`work::what_is_held_is_what_the_claim_may_count`).
fn accepted(law: &mut Law) -> StatementId {
    let claim = law.say("community", hours("community", 5)).unwrap();
    law.say("enterprise", accept(claim)).unwrap();
    assert_eq!(law.disputed(), 0);
    claim
}

#[test]
fn a_challenge_holds_as_much_as_hangs_on_the_contribution() {
    let mut law = law();
    let claim = accepted(&mut law);
    let challenged = law.say("foundation", challenge(&[claim], Ground::NotDone)).unwrap();
    assert_eq!(law.disputed(), 12_000);
    assert!(law.agreement.contribution(&claim).unwrap().challenged);
    law.say("foundation", take_back(challenged)).unwrap();
    assert_eq!(law.disputed(), 0);
}

#[test]
fn a_dispute_that_is_withdrawn_leaves_the_challenge_and_a_challenge_the_dispute() {
    let mut law = law();
    let claim = accepted(&mut law);
    let challenged = law.say("foundation", challenge(&[claim], Ground::NotDone)).unwrap();
    let disputed = law.dispute("foundation", claim, Remedy::Quality("1/2".parse().unwrap()));
    let half = law.disputed();
    assert!((1..12_000).contains(&half), "half of it is sure: {half}");
    law.say("foundation", take_back(disputed)).unwrap();
    assert_eq!(law.disputed(), 12_000);
    law.dispute("foundation", claim, Remedy::Quality("1/2".parse().unwrap()));
    law.say("foundation", take_back(challenged)).unwrap();
    assert_eq!(law.disputed(), half);
    law.say("enterprise", challenge(&[claim], Ground::Rights)).unwrap();
    assert_eq!(law.disputed(), half);
}

#[test]
fn a_decision_ends_every_challenge() {
    let mut law = law();
    let claim = accepted(&mut law);
    let challenged = law.say("foundation", challenge(&[claim], Ground::NotDone)).unwrap();
    let disputed = law.dispute("foundation", claim, Remedy::Reject);
    law.settled(disputed, claim, Remedy::Stand);
    assert_eq!(law.disputed(), 0);
    assert!(!law.agreement.contribution(&claim).unwrap().challenged);
    assert_eq!(law.agreement.challenges().len(), 0);
    assert_eq!(law.say("foundation", take_back(challenged)).unwrap_err().reason(), "NOTHING_TO_TAKE_BACK");
}

#[test]
fn a_claim_that_nobody_judged_in_time_is_decided_by_a_dispute_or_waits_on() {
    let mut law = law();
    let claim = law.say("community", hours("community", 5)).unwrap();
    law.day_comes(11);
    law.say("enterprise", feedback(1)).unwrap();
    assert_eq!(law.disputed(), 12_000);
    let disputed = law.dispute("community", claim, Remedy::Quality(counterfoil::split::Ratio::ONE));
    assert_eq!(law.disputed(), 12_000);
    law.say("community", take_back(disputed)).unwrap();
    assert_eq!((law.disputed(), law.agreement.open_claims_at(law.clock).len()), (12_000, 1));
    let disputed = law.dispute("foundation", claim, Remedy::Quality("1/2".parse().unwrap()));
    law.settled(disputed, claim, Remedy::Quality("1/2".parse().unwrap()));
    assert_eq!((law.disputed(), law.agreement.open_claims_at(law.clock).len()), (0, 0));
}

#[test]
fn a_decision_gives_back_of_a_budget_what_no_longer_counts() {
    let mut law = law();
    law.all_agree("community", Body::Plan(plan(&["build:community:10"], &[])));
    let claims = [4, 6].map(|hours| law.say("community", on("build", "community", hours)).unwrap());
    for claim in claims {
        law.say("enterprise", accept(claim)).unwrap();
    }
    for (place, remedy, used) in
        [(0, Remedy::Quality("1/2".parse().unwrap()), "8"), (1, Remedy::Reassign("foundation".parse().unwrap()), "2")]
    {
        let disputed = law.dispute("foundation", claims[place], remedy.clone());
        law.settled(disputed, claims[place], remedy);
        let plan = law.agreement.plan_at(law.clock).unwrap();
        assert_eq!(counterfoil::split::exact_text(plan.tasks[0].used), used);
    }
}
