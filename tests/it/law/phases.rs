//! Every phase and kind of statement, with nothing wrong about the statement but perhaps the phase.

use std::collections::BTreeSet;

use counterfoil::{
    agreement::{
        Agreement,
        refusal::Refusal,
        state::Phase,
        table::{Outcome, PHASES, is_mediators, scope_needed},
    },
    digest::Digest,
    split::Ratio,
    statement::{
        Acceptance, Body, Decline, Kind,
        change::{
            Amendment, Close, CounterProposal, Exit, KeyGrant, KeyRevocation, MediatorConsent, MediatorReplacement,
            Resumption, Suspension, TrialResult, TrialVerdict, Withdrawal,
        },
        dispute::{Dispute, Evidence, Offer, Outcome as Sought, Remedy, Ruling},
        id::StatementId,
        money::{Acknowledgement, Cost, CostConfirmation, NilReport, Payment, PaymentConfirmation},
        rules::{Calendar, ExitTerms, Mediator, Trial},
        terms::{PartyKey, Scope, Terms},
        work::{
            Assessment, Challenge, Contingency, Feedback, FeedbackResponse, Ground, MaintenanceCommitment,
            MaintenanceFulfilment, Needs, Plan, Risk, RiskAssessment, Task,
        },
    },
    time::Timestamp,
};

use crate::{
    law::{
        Law, START_MS, accept, confirm, confirm_reversal, hours, money::closing_of, ms, reverse, sales, sign, terms,
        unknown, withdraw,
    },
    stories::secret,
};

const THREE: &str = "
    party community
    party enterprise
    party foundation
    dimension T mass 10 defaults 1/2,3/10,1/5";

const DAY_MS: u64 = 86_400_000;

/// Everything that a kind of statement could need is in these terms.
pub(super) fn rich(kind: Kind, phase: Phase) -> Terms {
    let mut terms = terms(THREE);
    terms.lapses_on_decline = phase == Phase::Lapsed;
    terms.mediator = Some(Mediator { display_name: "a judge".to_owned(), keys: vec![secret("judge").public()] });
    terms.exit = Some(ExitTerms { notice_days: 30, factor: Ratio::ONE, factor_without_notice: Ratio::ZERO });
    terms.tail_days = 60;
    terms.windows.challenge = 90;
    terms.waterfall.cost_categories = vec!["compute".parse().unwrap()];
    // Settlements follow the calendar only where there is one, and there is little else to say then.
    terms.calendar = matches!(kind, Kind::Closing | Kind::NilReport).then_some(Calendar::Month);
    terms.trial = (phase == Phase::Trial).then_some(Trial { days: 90, criteria: Digest::of(&[]) });
    terms
}

/// What others have said before, as a kind of statement needs it. What the phase does not let in is not there.
pub(super) fn before(law: &mut Law, kind: Kind) -> Vec<StatementId> {
    let mut say = |who: &str, body: Body| law.say(who, body).unwrap_or(unknown());
    match kind {
        Kind::Acceptance | Kind::Decline | Kind::MediatorConsent | Kind::Withdrawal => {
            vec![say("community", another())]
        }
        Kind::ContributionWithdrawal | Kind::Attestation => vec![say("community", hours("community", 1))],
        Kind::Challenge | Kind::Dispute => {
            let claim = say("community", hours("community", 1));
            say("enterprise", accept(claim));
            vec![claim]
        }
        Kind::Evidence | Kind::Offer | Kind::Ruling => {
            let claim = say("community", hours("community", 1));
            say("enterprise", accept(claim));
            let outcomes = vec![Sought { subject: claim, remedy: Remedy::Reject }];
            vec![say("foundation", Body::Dispute(Dispute { outcomes, reason: "a reason".to_owned() })), claim]
        }
        Kind::BenefitConfirmation => vec![say("enterprise", sales(100))],
        Kind::Reversal | Kind::ReversalConfirmation => {
            let benefit = say("enterprise", sales(100));
            say("community", confirm(benefit));
            vec![benefit, if kind == Kind::Reversal { benefit } else { say("enterprise", reverse(benefit, 1)) }]
        }
        Kind::CostConfirmation => vec![say("enterprise", cost())],
        Kind::Acknowledgement | Kind::Payment | Kind::PaymentConfirmation => {
            let benefit = say("enterprise", sales(100));
            say("community", confirm(benefit));
            if law.agreement.phase_at(law.clock) == Phase::InForce {
                law.settle("community");
            }
            let paid = if kind == Kind::PaymentConfirmation { payment(law) } else { None };
            vec![paid.map_or(unknown(), |payment| law.say("enterprise", payment).unwrap_or(unknown()))]
        }
        Kind::RiskAssessment | Kind::Contingency => vec![say("community", risk())],
        Kind::FeedbackResponse => vec![say("enterprise", feedback())],
        Kind::MaintenanceFulfilment => vec![say("community", commitment())],
        _ => Vec::new(),
    }
}

fn another() -> Body {
    let mediator = Mediator { display_name: "another".to_owned(), keys: vec![secret("arbiter").public()] };
    Body::MediatorReplacement(MediatorReplacement { mediator })
}

fn cost() -> Body {
    let (category, currency) = ("compute".parse().unwrap(), "EUR".parse().unwrap());
    Body::Cost(Cost { category, currency, amount: 10, invoice: Digest::of(&[b"bill"]), note: String::new() })
}

fn risk() -> Body {
    Body::Risk(Risk {
        title: "a risk".to_owned(),
        assessment: Assessment::Graded { likelihood: 2, impact: 3 },
        owner: "community".parse().unwrap(),
        trigger: "it comes".to_owned(),
        plan: None,
    })
}

fn feedback() -> Body {
    Body::Feedback(Feedback { digest: Digest::of(&[b"feedback"]), summary: "more tests".to_owned() })
}

const DUE_MS: u64 = START_MS + 30 * DAY_MS;

fn commitment() -> Body {
    let (title, due) = ("releases".to_owned(), vec![ms(DUE_MS)]);
    Body::MaintenanceCommitment(MaintenanceCommitment { title, criteria: Digest::of(&[]), due })
}

fn payment(law: &Law) -> Option<Body> {
    let tree_size = law.agreement.settlement_places().last()?.tree_size;
    let (payee, currency) = ("community".parse().unwrap(), "EUR".parse().unwrap());
    let (evidence, note) = (Digest::of(&[b"evidence"]), String::new());
    Some(Body::Payment(Payment { tree_size, payee, currency, amount: 1, evidence, note }))
}

fn plan() -> Plan {
    let task = Task {
        name: "build".parse().unwrap(),
        title: "build".to_owned(),
        owner: "community".parse().unwrap(),
        dimension: "T".parse().unwrap(),
        budget: Ratio::new(10, 1).unwrap(),
        due: ms(START_MS + DAY_MS),
        criteria: Digest::of(&[]),
    };
    Plan { tasks: vec![task], milestones: Vec::new(), feedback: Vec::new() }
}

/// A statement of a kind, and who signs it, with nothing wrong about it in a phase that lets it in.
pub(super) fn statement(law: &mut Law, kind: Kind, before: &[StatementId]) -> (&'static str, Body) {
    let first = before.first().copied().unwrap_or(unknown());
    let last = before.last().copied().unwrap_or(unknown());
    let negotiating = law.agreement.phase_at(law.clock) == Phase::Negotiating;
    let reason = "a reason".to_owned();
    let size = law.agreement.settlement_places().last().map_or(1, |place| place.tree_size);
    match kind {
        Kind::Proposal | Kind::Closing => unreachable!("signed in a way of their own"),
        Kind::Acceptance if negotiating => ("foundation", law.acceptance()),
        Kind::Decline if negotiating => ("foundation", law.decline()),
        Kind::Acceptance => ("foundation", Body::Acceptance(Acceptance { proposal: first })),
        Kind::Decline => ("foundation", Body::Decline(Decline { proposal: first, reason })),
        Kind::ProposalWithdrawal => ("community", law.proposal_withdrawal()),
        Kind::MediatorConsent => {
            let (who, proposal) = if negotiating { ("judge", law.proposal.id()) } else { ("arbiter", first) };
            (who, Body::MediatorConsent(MediatorConsent { proposal, conflicts: String::new() }))
        }
        Kind::CounterProposal => {
            let mut terms = law.agreement.terms().clone();
            terms.tail_days += 1;
            ("enterprise", Body::CounterProposal(CounterProposal { proposal: law.proposal.id(), terms }))
        }
        Kind::Contribution => ("community", hours("community", 1)),
        Kind::ContributionWithdrawal => ("community", withdraw(first)),
        Kind::Attestation => ("enterprise", accept(first)),
        Kind::Benefit => ("enterprise", sales(100)),
        Kind::BenefitConfirmation => ("community", confirm(first)),
        Kind::Reversal => ("enterprise", reverse(first, 1)),
        Kind::ReversalConfirmation => ("community", confirm_reversal(last)),
        Kind::Settlement => ("community", Body::Settlement(law.settlement(law.agreement.size()))),
        Kind::Withdrawal => ("community", Body::Withdrawal(Withdrawal { statement: first, reason })),
        Kind::Cost => ("enterprise", cost()),
        Kind::CostConfirmation => ("community", Body::CostConfirmation(CostConfirmation { costs: vec![first] })),
        Kind::NilReport => {
            let (stream, period) = ("sales".parse().unwrap(), month(START_MS));
            ("enterprise", Body::NilReport(NilReport { stream, period }))
        }
        Kind::Acknowledgement => ("community", Body::Acknowledgement(Acknowledgement { tree_size: size })),
        Kind::Payment => ("enterprise", payment(law).unwrap_or_else(|| some_payment(size))),
        Kind::PaymentConfirmation => {
            ("community", Body::PaymentConfirmation(PaymentConfirmation { payments: vec![first] }))
        }
        Kind::Dispute | Kind::Evidence | Kind::Offer | Kind::Ruling => in_dispute(law, kind, first, last),
        _ => of_the_agreement(law, kind, first),
    }
}

fn some_payment(tree_size: u64) -> Body {
    let (payee, currency) = ("community".parse().unwrap(), "EUR".parse().unwrap());
    Body::Payment(Payment { tree_size, payee, currency, amount: 1, evidence: Digest::of(&[]), note: String::new() })
}

fn in_dispute(law: &Law, kind: Kind, first: StatementId, last: StatementId) -> (&'static str, Body) {
    let outcomes = vec![Sought { subject: last, remedy: Remedy::Reject }];
    match kind {
        Kind::Dispute => ("foundation", Body::Dispute(Dispute { outcomes, reason: "a reason".to_owned() })),
        Kind::Evidence => {
            let (media_type, uri, note) = (String::new(), String::new(), String::new());
            let digest = Digest::of(&[b"a document"]);
            ("community", Body::Evidence(Evidence { dispute: first, digest, media_type, uri, note }))
        }
        Kind::Offer => ("community", Body::Offer(Offer { dispute: first, outcomes })),
        _ => {
            let effect =
                law.agreement.effect(first, &outcomes, law.clock).map_or(Digest::of(&[]), |effect| effect.digest);
            ("judge", Body::Ruling(Ruling { dispute: first, outcomes, effect, reasons: Digest::of(&[]) }))
        }
    }
}

fn of_the_agreement(law: &Law, kind: Kind, first: StatementId) -> (&'static str, Body) {
    let reason = "a reason".to_owned();
    let body = match kind {
        Kind::Needs => Body::Needs(Needs { minutes: Digest::of(&[]), needs: vec!["a release".to_owned()] }),
        Kind::Plan => Body::Plan(plan()),
        Kind::Challenge => {
            let challenge = Challenge { contributions: vec![first], ground: Ground::Quality, reason };
            return ("foundation", Body::Challenge(challenge));
        }
        Kind::Amendment => {
            let mut terms = law.agreement.terms().clone();
            terms.tail_days += 1;
            let (replaces, effective, retroactive) = (law.agreement.terms_id(), None, None);
            Body::Amendment(Amendment { replaces, terms, effective, retroactive })
        }
        Kind::KeyGrant => Body::KeyGrant(grant(law)),
        Kind::KeyRevocation => Body::KeyRevocation(KeyRevocation { key: secret("community.4").public(), reason }),
        Kind::Exit => Body::Exit(Exit { leaves: ms(law.clock.as_ms() + 40 * DAY_MS), reason }),
        Kind::Risk => risk(),
        Kind::RiskAssessment => {
            let assessment = Assessment::Graded { likelihood: 1, impact: 1 };
            Body::RiskAssessment(RiskAssessment { risk: first, assessment, closed: false })
        }
        Kind::Contingency => Body::Contingency(Contingency { risk: first, plan: plan() }),
        Kind::TrialResult => {
            Body::TrialResult(TrialResult { verdict: TrialVerdict::Passed, evidence: Digest::of(&[]) })
        }
        Kind::Feedback => feedback(),
        Kind::FeedbackResponse => {
            Body::FeedbackResponse(FeedbackResponse { feedback: first, accepted: true, reason: String::new() })
        }
        Kind::MaintenanceCommitment => commitment(),
        Kind::MaintenanceFulfilment => {
            let (due, evidence) = (ms(DUE_MS), Digest::of(&[]));
            Body::MaintenanceFulfilment(MaintenanceFulfilment { commitment: first, due, evidence })
        }
        Kind::Suspension => Body::Suspension(Suspension { reason }),
        Kind::Resumption => Body::Resumption(Resumption { reason }),
        Kind::MediatorReplacement => another(),
        Kind::Close => Body::Close(Close { reason }),
        other => unreachable!("{other} is made elsewhere"),
    };
    ("community", body)
}

fn grant(law: &Law) -> KeyGrant {
    let key = secret("community.3");
    let scopes = vec![Scope::Claim];
    let mut grant =
        KeyGrant { key: key.public(), scopes, expires: None, daily_max: None, proof: key.sign(b"nothing yet") };
    grant.proof = key.sign(&grant.message(law.agreement.id(), &"community".parse().unwrap()));
    grant
}

fn month(at_ms: u64) -> u32 {
    counterfoil::agreement::calendar::period_at(Calendar::Month, ms(at_ms))
}

fn all_accept(law: &mut Law, motion: Body) {
    let motion = law.say("community", motion).unwrap();
    for who in ["enterprise", "foundation"] {
        law.say(who, Body::Acceptance(Acceptance { proposal: motion })).unwrap();
    }
}

/// An agreement in a phase, in which everything has been said that a kind of statement needs. Each party has a second key with
/// these scopes; community has one more that may be revoked.
fn in_phase(phase: Phase, kind: Kind, scopes: &[Scope]) -> (Law, Vec<StatementId>) {
    let mut terms = rich(kind, phase);
    let all = terms.parties[0].keys[0].scopes.clone();
    let key = |name: &str, scopes: &[Scope]| PartyKey { key: secret(name).public(), scopes: scopes.to_vec() };
    for party in &mut terms.parties {
        party.keys.push(key(&format!("{}.2", party.name), scopes));
    }
    terms.parties[0].keys.push(key("community.4", &all));
    let mut law = Law::proposed(&terms);
    if phase == Phase::Lapsed {
        law.say("foundation", law.decline()).unwrap();
    }
    if matches!(phase, Phase::Negotiating | Phase::Lapsed) {
        let before = before(&mut law, kind);
        return (law, before);
    }
    for who in ["enterprise", "foundation"] {
        law.say(who, law.acceptance()).unwrap();
    }
    let consent = MediatorConsent { proposal: law.proposal.id(), conflicts: String::new() };
    law.say("judge", Body::MediatorConsent(consent)).unwrap();
    let in_dispute = matches!(kind, Kind::Evidence | Kind::Offer | Kind::Ruling);
    let ends = matches!(phase, Phase::WindingDown | Phase::Closed);
    // An agreement does not end with an open dispute; but one may be opened afterwards.
    let mut said = if in_dispute && ends { Vec::new() } else { before(&mut law, kind) };
    match phase {
        Phase::Suspended => all_accept(&mut law, Body::Suspension(Suspension { reason: "a reason".to_owned() })),
        Phase::WindingDown | Phase::Closed => {
            let claim = (in_dispute && ends).then(|| law.say("community", hours("community", 1)).unwrap());
            all_accept(&mut law, Body::Close(Close { reason: String::new() }));
            if let Some(claim) = claim {
                law.say("enterprise", accept(claim)).unwrap();
                let outcomes = vec![Sought { subject: claim, remedy: Remedy::Reject }];
                let dispute = Body::Dispute(Dispute { outcomes, reason: "a reason".to_owned() });
                said = vec![law.say("foundation", dispute).unwrap(), claim];
            }
            if phase == Phase::Closed {
                law.clock = ms(law.clock.as_ms() + 70 * DAY_MS);
            }
        }
        _ => {}
    }
    (law, said)
}

/// What becomes of the statement when the party's key of this number signs it.
fn found(law: &mut Law, kind: Kind, before: &[StatementId], number: u32) -> Result<StatementId, Refusal> {
    if matches!(kind, Kind::Closing | Kind::NilReport) && law.clock.as_ms() < DUE_MS {
        // The first month is over.
        law.clock = "2026-02-03".parse::<Timestamp>().unwrap();
    }
    match kind {
        Kind::Proposal => {
            let proposal = law.proposal.clone();
            law.enter(&proposal)
        }
        Kind::Closing => {
            let signed = closing_of(law, &format!("community.{number}"), month(START_MS));
            law.enter(&signed)
        }
        _ => {
            let (who, body) = statement(law, kind, before);
            law.say(&format!("{who}.{number}"), body)
        }
    }
}

#[test]
fn every_phase_and_kind_of_statement_does_what_the_table_says() {
    let rows: BTreeSet<_> = PHASES.iter().map(|(kind, _)| *kind).collect();
    assert_eq!((rows, PHASES.len()), (Kind::ALL.into(), Kind::ALL.len()));
    let mut wrong = Vec::new();
    for (kind, outcomes) in PHASES {
        for (phase, outcome) in Phase::ALL.into_iter().zip(outcomes) {
            let (mut law, before) = in_phase(phase, kind, &Scope::ALL);
            assert_eq!(law.agreement.phase_at(law.clock), phase, "{kind}");
            let found = found(&mut law, kind, &before, 1);
            let is = match (outcome, &found) {
                (Outcome::Enters, Ok(_)) => true,
                (Outcome::Refused(reason), Err(refusal)) => refusal.reason() == reason,
                _ => false,
            };
            if !is {
                wrong.push(format!("{kind} while {phase}: {outcome:?} is not {found:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_kind_of_statement_asks_for_its_scope() {
    for kind in Kind::ALL.into_iter().filter(|kind| !is_mediators(*kind)) {
        for scope in Scope::ALL {
            let allowed = scope_needed(kind).is_none_or(|needed| needed == scope);
            if kind == Kind::Proposal {
                let mut terms = terms("party community keys 2\nparty enterprise");
                terms.parties[0].keys[1].scopes = vec![scope];
                let proposal = sign("community.2", None, 0, Body::Proposal(terms));
                let found = Agreement::found(&proposal, proposal.statement().claimed_time);
                assert_eq!(found.is_ok(), allowed, "{kind} by a key with {scope}");
                continue;
            }
            let phase = match kind {
                Kind::Acceptance | Kind::Decline | Kind::ProposalWithdrawal | Kind::CounterProposal => {
                    Phase::Negotiating
                }
                Kind::TrialResult => Phase::Trial,
                Kind::Resumption => Phase::Suspended,
                _ => Phase::InForce,
            };
            let (mut law, before) = in_phase(phase, kind, &[scope]);
            let found = found(&mut law, kind, &before, 2);
            let is = match &found {
                Ok(_) => allowed,
                Err(refusal) => !allowed && refusal.reason() == "SCOPE_MISSING",
            };
            assert!(is, "{kind} by a key with {scope}: {found:?}");
        }
    }
}
