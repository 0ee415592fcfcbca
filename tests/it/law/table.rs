//! Every row of the table of the law, driven against the fold.

use std::collections::BTreeSet;

use counterfoil::{
    agreement::{
        refusal::Refusal,
        state::{BenefitState, ContributionState, Phase},
        table::{BENEFITS, CONTRIBUTIONS, CUTS, Cut, KEYS, KeyState, Outcome, PHASES, REVERSALS, scope_needed},
    },
    statement::{Body, Kind, Verdict, id::StatementId, terms::Scope},
};

use crate::law::{
    Law, accept, confirm, confirm_reversal, hours, judge, reverse, sales, sign, terms, unknown, withdraw,
};

/// Three parties: a contribution of one can be judged by two, who each judge once.
const THREE: &str = "
    party community
    party enterprise
    party foundation
    dimension T mass 10 defaults 1/2,3/10,1/5";

fn is(outcome: Outcome, found: &Result<StatementId, Refusal>) -> bool {
    match (outcome, found) {
        (Outcome::Enters, Ok(_)) => true,
        (Outcome::Refused(reason), Err(refusal)) => refusal.reason() == reason,
        _ => false,
    }
}

fn in_phase(phase: Phase) -> Law {
    let mut terms = terms(THREE);
    terms.lapses_on_decline = true;
    match phase {
        Phase::Negotiating => Law::proposed(&terms),
        Phase::InForce => Law::in_force(&terms),
        Phase::Lapsed => {
            let mut law = Law::proposed(&terms);
            law.say("enterprise", law.decline()).unwrap();
            law
        }
    }
}

/// A statement of a kind, with nothing wrong about it but perhaps the phase, and who signs it.
fn statement(law: &mut Law, kind: Kind) -> (&'static str, Body) {
    let mut entered = |who: &str, body: Body| law.say(who, body).unwrap_or(unknown());
    match kind {
        Kind::Proposal => unreachable!("the founding proposal is sent as it was signed"),
        Kind::Acceptance => ("foundation", law.acceptance()),
        Kind::Decline => ("foundation", law.decline()),
        Kind::ProposalWithdrawal => ("community", law.proposal_withdrawal()),
        Kind::Contribution => ("community", hours("community", 1)),
        Kind::ContributionWithdrawal => ("community", withdraw(entered("community", hours("community", 1)))),
        Kind::Attestation => ("enterprise", accept(entered("community", hours("community", 1)))),
        Kind::Benefit => ("enterprise", sales(100)),
        Kind::BenefitConfirmation => ("community", confirm(entered("enterprise", sales(100)))),
        Kind::Reversal => {
            let benefit = entered("enterprise", sales(100));
            entered("community", confirm(benefit));
            ("enterprise", reverse(benefit, 1))
        }
        Kind::ReversalConfirmation => {
            let benefit = entered("enterprise", sales(100));
            entered("community", confirm(benefit));
            ("community", confirm_reversal(entered("enterprise", reverse(benefit, 1))))
        }
        Kind::Settlement => ("community", Body::Settlement(law.settlement(law.agreement.size()))),
    }
}

#[test]
fn every_phase_and_kind_of_statement_does_what_the_table_says() {
    let rows: BTreeSet<_> = PHASES.iter().map(|(phase, kind, _)| (*phase, *kind)).collect();
    let all: BTreeSet<_> = Phase::ALL.into_iter().flat_map(|phase| Kind::ALL.map(|kind| (phase, kind))).collect();
    assert_eq!((rows, PHASES.len()), (all, 36));
    for (phase, kind, outcome) in PHASES {
        let mut law = in_phase(phase);
        assert_eq!(law.agreement.phase_at(law.clock), phase);
        let found = if kind == Kind::Proposal {
            let proposal = law.proposal.clone();
            law.enter(&proposal)
        } else {
            let (who, body) = statement(&mut law, kind);
            law.say(who, body)
        };
        assert!(is(outcome, &found), "{kind} while {phase}: {outcome:?} is not {found:?}");
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
    let kinds = [Kind::Attestation, Kind::ContributionWithdrawal];
    let states = [None].into_iter().chain(ContributionState::ALL.map(Some));
    assert_eq!(rows, states.flat_map(|state| kinds.map(|kind| (state, kind))).collect());
    for (state, kind, outcome) in CONTRIBUTIONS {
        for verdict in [
            Verdict::Rejected,
            Verdict::ChangesRequested,
            Verdict::Accepted { quality: counterfoil::split::Ratio::ONE },
        ] {
            let mut law = Law::in_force(&terms(THREE));
            let contribution = state.map_or(unknown(), |state| contribution_in(&mut law, state));
            let found = match kind {
                Kind::Attestation => law.say("foundation", judge(contribution, verdict)),
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

#[test]
fn every_kind_of_statement_asks_for_its_scope() {
    for kind in Kind::ALL {
        for scope in [Scope::Govern, Scope::Claim, Scope::Attest, Scope::Report] {
            let allowed = scope_needed(kind).is_none_or(|needed| needed == scope);
            // The second key of each party has one scope only; the first acts where a statement needs others before it.
            let mut terms = terms(
                "party community keys 2
                 party enterprise keys 2
                 party foundation keys 2
                 dimension T mass 10 defaults 1/2,3/10,1/5",
            );
            for party in &mut terms.parties {
                party.keys[1].scopes = vec![scope];
            }
            if kind == Kind::Proposal {
                let proposal = sign("community.2", None, 0, Body::Proposal(terms));
                let found = counterfoil::agreement::Agreement::found(&proposal, proposal.statement().claimed_time);
                assert_eq!(found.is_ok(), allowed, "{kind} by a key with {scope}");
                continue;
            }
            let about_a_proposal = matches!(kind, Kind::Acceptance | Kind::Decline | Kind::ProposalWithdrawal);
            let mut law = if about_a_proposal { Law::proposed(&terms) } else { Law::in_force(&terms) };
            let (who, body) = statement(&mut law, kind);
            let found = law.say(&format!("{who}.2"), body);
            let outcome = if allowed { Outcome::Enters } else { Outcome::Refused("SCOPE_MISSING") };
            assert!(is(outcome, &found), "{kind} by a key with {scope}: {outcome:?} is not {found:?}");
        }
    }
}
