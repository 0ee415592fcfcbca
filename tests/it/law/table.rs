//! Every row of the table of the law, driven against the fold.

use std::collections::BTreeSet;

use counterfoil::{
    agreement::{
        refusal::Refusal,
        state::{BenefitState, ContributionState},
        table::{self, BENEFITS, CONTRIBUTIONS, CUTS, Cut, KEYS, KeyState, REVERSALS},
    },
    statement::{
        Acceptance, Body, Kind, Verdict,
        dispute::{Dispute, Offer, Outcome, Remedy},
        id::StatementId,
        work::Ground,
    },
};

use crate::law::{
    Law, accept, confirm, confirm_reversal, hours, judge, reverse, sales, terms, unknown, withdraw, work::challenge,
};

/// Three parties: a contribution of one can be judged by two, who each judge once.
const THREE: &str = "
    party community
    party enterprise
    party foundation
    dimension T mass 10 defaults 1/2,3/10,1/5";

fn is(outcome: table::Outcome, found: &Result<StatementId, Refusal>) -> bool {
    match (outcome, found) {
        (table::Outcome::Enters, Ok(_)) => true,
        (table::Outcome::Refused(reason), Err(refusal)) => refusal.reason() == reason,
        _ => false,
    }
}

#[test]
fn every_key_and_kind_of_statement_about_a_proposal_does_what_the_table_says() {
    for (state, kind, outcome) in KEYS {
        let mut law = Law::proposed(&terms(THREE));
        let who = if state == KeyState::Proposed { "community" } else { "enterprise" };
        match state {
            KeyState::Silent | KeyState::Proposed => {}
            KeyState::Accepted => drop(law.say(who, law.acceptance()).unwrap()),
            KeyState::Declined => drop(law.say(who, law.decline()).unwrap()),
        }
        let body = match kind {
            Kind::Acceptance => law.acceptance(),
            Kind::Decline => law.decline(),
            _ => law.proposal_withdrawal(),
        };
        let found = law.say(who, body);
        assert!(is(outcome, &found), "{kind} by a key that is {state:?}: {outcome:?} is not {found:?}");
    }
}

fn contribution_in(law: &mut Law, state: ContributionState) -> StatementId {
    let contribution = law.say("community", hours("community", 1)).unwrap();
    let next = match state {
        ContributionState::Claimed => None,
        ContributionState::Accepted | ContributionState::Final => Some(("enterprise", accept(contribution))),
        ContributionState::Rejected => Some(("enterprise", judge(contribution, Verdict::Rejected))),
        ContributionState::ChangesRequested => Some(("enterprise", judge(contribution, Verdict::ChangesRequested))),
        ContributionState::Withdrawn => Some(("community", withdraw(contribution))),
        ContributionState::Corrected => {
            law.say("enterprise", accept(contribution)).unwrap();
            let outcomes = vec![Outcome { subject: contribution, remedy: Remedy::Reject }];
            let dispute = Body::Dispute(Dispute { outcomes: outcomes.clone(), reason: "a reason".to_owned() });
            let dispute = law.say("foundation", dispute).unwrap();
            let offer = law.say("community", Body::Offer(Offer { dispute, outcomes })).unwrap();
            law.say("foundation", Body::Acceptance(Acceptance { proposal: offer })).unwrap();
            None
        }
    };
    if let Some((who, body)) = next {
        law.say(who, body).unwrap();
    }
    if state == ContributionState::Final {
        law.settle("community");
    }
    assert_eq!(law.agreement.contribution(&contribution).unwrap().state, state);
    contribution
}

#[test]
fn every_state_of_a_contribution_and_kind_of_statement_does_what_the_table_says() {
    let rows: BTreeSet<_> = CONTRIBUTIONS.iter().map(|(state, kind, _)| (*state, *kind)).collect();
    let kinds = [Kind::Attestation, Kind::ContributionWithdrawal, Kind::Challenge];
    let states = [None].into_iter().chain(ContributionState::ALL.map(Some));
    assert_eq!(rows, states.flat_map(|state| kinds.map(|kind| (state, kind))).collect());
    for (state, kind, outcome) in CONTRIBUTIONS {
        for verdict in [
            Verdict::Rejected,
            Verdict::ChangesRequested,
            Verdict::Accepted { quality: counterfoil::split::Ratio::ONE, unplanned: false },
        ] {
            let mut terms = terms(THREE);
            terms.windows.challenge = 30;
            let mut law = Law::in_force(&terms);
            let contribution = state.map_or(unknown(), |state| contribution_in(&mut law, state));
            let found = match kind {
                Kind::Attestation => law.say("foundation", judge(contribution, verdict)),
                Kind::Challenge => law.say("foundation", challenge(&[contribution], Ground::Quality)),
                _ => law.say("community", withdraw(contribution)),
            };
            assert!(is(outcome, &found), "{kind} of a contribution that is {state:?}: {outcome:?} is not {found:?}");
        }
    }
}

fn benefit_in(law: &mut Law, state: BenefitState) -> StatementId {
    let benefit = law.say("enterprise", sales(100)).unwrap();
    if state != BenefitState::Reported {
        law.say("community", confirm(benefit)).unwrap();
    }
    if state == BenefitState::Settled {
        law.settle("community");
    }
    assert_eq!(law.agreement.benefit(&benefit).unwrap().state, state);
    benefit
}

#[test]
fn every_state_of_a_benefit_and_kind_of_statement_does_what_the_table_says() {
    let rows: BTreeSet<_> = BENEFITS.iter().map(|(state, kind, _)| (*state, *kind)).collect();
    let kinds = [Kind::BenefitConfirmation, Kind::Reversal];
    let states = [None].into_iter().chain(BenefitState::ALL.map(Some));
    assert_eq!(rows, states.flat_map(|state| kinds.map(|kind| (state, kind))).collect());
    for (state, kind, outcome) in BENEFITS {
        let mut law = Law::in_force(&terms(THREE));
        let benefit = state.map_or(unknown(), |state| benefit_in(&mut law, state));
        let found = match kind {
            Kind::BenefitConfirmation => law.say("foundation", confirm(benefit)),
            _ => law.say("enterprise", reverse(benefit, 100)),
        };
        assert!(is(outcome, &found), "{kind} of a benefit that is {state:?}: {outcome:?} is not {found:?}");
    }
}

#[test]
fn every_state_of_a_reversal_does_what_the_table_says() {
    let rows: Vec<_> = REVERSALS.iter().map(|(state, ..)| *state).collect();
    assert_eq!(rows, [None].into_iter().chain(BenefitState::ALL.map(Some)).collect::<Vec<_>>());
    for (state, kind, outcome) in REVERSALS {
        // A reversal goes its way alone, whether its benefit is settled already or not.
        for of in [BenefitState::Confirmed, BenefitState::Settled] {
            let mut law = Law::in_force(&terms(THREE));
            let benefit = benefit_in(&mut law, of);
            let reversal = match state {
                None => unknown(),
                Some(state) => {
                    let reversal = law.say("enterprise", reverse(benefit, 60)).unwrap();
                    if state != BenefitState::Reported {
                        law.say("community", confirm_reversal(reversal)).unwrap();
                    }
                    if state == BenefitState::Settled {
                        law.settle("foundation");
                    }
                    let view = law.agreement.benefit(&benefit).unwrap().reversals().next().unwrap();
                    assert_eq!((view.id, view.state), (reversal, state));
                    reversal
                }
            };
            let found = law.say("foundation", confirm_reversal(reversal));
            assert!(is(outcome, &found), "{kind} that is {state:?}: {outcome:?} is not {found:?}");
        }
    }
}

#[test]
fn every_cut_off_of_a_settlement_does_what_the_table_says() {
    for (cut, outcome) in CUTS {
        let mut law = Law::in_force(&terms(THREE));
        law.settle("community");
        law.say("enterprise", sales(100)).unwrap();
        let (last, size) = (law.agreement.size() - 2, law.agreement.size());
        let mut settlement = law.settlement(size);
        settlement.tree_size = match cut {
            Cut::NotNew => last,
            Cut::Past => last + 1,
            Cut::Now => size,
            Cut::Beyond => size + 1,
        };
        let found = law.say("foundation", Body::Settlement(settlement));
        assert!(is(outcome, &found), "a settlement {cut:?}: {outcome:?} is not {found:?}");
    }
}
