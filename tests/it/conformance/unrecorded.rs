//! One statement of every kind that the ledger of the conformance file has not: signed, but never submitted. They name ids that
//! fit their place, and need not hang together.

use counterfoil::{
    digest::Digest,
    envelope::Envelope,
    keys::Signature,
    split::Ratio,
    statement::{
        Body, Decline, ProposalWithdrawal,
        change::{
            Amendment, Close, CounterProposal, Exit, KeyGrant, KeyRevocation, MediatorConsent, MediatorReplacement,
            Resumption, Suspension, TrialResult, TrialVerdict, Withdrawal, key_grant_message,
        },
        dispute::{Dispute, Evidence, Offer, Outcome, Remedy, Ruling},
        id::{AgreementId, StatementId},
        money::{Acknowledgement, Closing, Cost, CostConfirmation, NilReport, Payment, PaymentConfirmation},
        rules::{
            Baseline, Bound, Calendar, ExitTerms, Fee, Guarantee, Mediator, Rounding, SharePolicy, Trial, Waterfall,
            Windows,
        },
        terms::{CurrencyCode, Name, Scope, Terms},
        work::{
            Assessment, Challenge, Contingency, Feedback, FeedbackResponse, Ground, MaintenanceCommitment,
            MaintenanceFulfilment, Milestone, Needs, Plan, Risk, RiskAssessment, Task,
        },
    },
    time::Timestamp,
};

use crate::conformance::story::{COMMUNITY, ENTERPRISE, NEW_YEAR_MS, Story, key, signed, terms};

pub(crate) const MEDIATOR: u8 = 21;
const NEW_KEY: u8 = 22;
const DAY_MS: u64 = 86_400_000;

/// The statements, in the order of the protocol.
pub(crate) fn unrecorded(story: &Story) -> Vec<Envelope> {
    let agreement = story.agreement.id();
    let of_the_parties =
        [before(story.statements[0]), works(), monies(), disputes(), changes(agreement), lessons(), ends()];
    let mut bodies: Vec<Body> = of_the_parties.into_iter().flatten().collect();
    bodies.sort_by_key(Body::kind);
    let mut position = 99;
    let envelopes = bodies.into_iter().map(|body| {
        position += 1;
        let signer = match body {
            Body::MediatorConsent(_) | Body::Ruling(_) => MEDIATOR,
            Body::Decline(_) => ENTERPRISE,
            _ => COMMUNITY,
        };
        // A closing says what it has seen.
        let seen = matches!(body, Body::Closing(_)).then(|| story.seen(4));
        signed(signer, position, Some(agreement), seen, body)
    });
    envelopes.collect()
}

fn id(what: &str) -> StatementId {
    StatementId::from_digest(digest(what))
}

fn digest(what: &str) -> Digest {
    Digest::of(&[what.as_bytes()])
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn euro() -> CurrencyCode {
    "EUR".parse().unwrap()
}

fn ratio(numerator: u64, denominator: u64) -> Ratio {
    Ratio::new(numerator, denominator).unwrap()
}

/// Midnight so many days after New Year.
fn day(days: u64) -> Timestamp {
    Timestamp::from_ms(NEW_YEAR_MS + days * DAY_MS).unwrap()
}

fn mediator() -> Mediator {
    Mediator { display_name: "The arbiter".to_owned(), keys: vec![key(MEDIATOR).public()] }
}

/// Terms with every rule set.
fn ruled() -> Terms {
    let (community, enterprise) = (|| name("community"), || name("enterprise"));
    Terms {
        mediator: Some(mediator()),
        calendar: Some(Calendar::Quarter),
        windows: Windows { attest: 30, challenge: 14, closing: 10, statement: 21, evidence: 28, audit: 365 },
        waterfall: Waterfall {
            fees: vec![Fee {
                name: name("hosting"),
                payee: "The host".to_owned(),
                rate: ratio(1, 50),
                currency: euro(),
                cap: Some(250_000),
            }],
            holdback: Some(ratio(1, 20)),
            holdback_days: 180,
            cost_categories: vec![name("compute"), name("travel")],
            corridor: Some(ratio(1, 2)),
            bounds: vec![Bound { party: enterprise(), currency: euro(), cap: Some(ratio(4, 5)), floor: 1_000 }],
            guarantees: vec![Guarantee {
                party: community(),
                guarantor: enterprise(),
                currency: euro(),
                amount: 5_000,
            }],
        },
        share_policy: SharePolicy::TrueUp,
        rounding: Rounding::NeverNegative,
        decay: ratio(1, 10),
        trial: Some(Trial { days: 14, criteria: digest("what has to be shown") }),
        exit: Some(ExitTerms { notice_days: 60, factor: ratio(3, 4), factor_without_notice: Ratio::ZERO }),
        tail_days: 90,
        baselines: vec![Baseline { party: community(), currency: euro(), amount: 1_000_000 }],
        daily_claims_max: Some(50),
        ..terms()
    }
}

fn before(proposal: StatementId) -> Vec<Body> {
    let reason = "Überlegt: not yet — 再考".to_owned();
    vec![
        Body::Decline(Decline { proposal, reason }),
        Body::ProposalWithdrawal(ProposalWithdrawal { proposal, reason: String::new() }),
        Body::CounterProposal(CounterProposal { proposal, terms: ruled() }),
        Body::MediatorConsent(MediatorConsent { proposal, conflicts: "Advised the enterprise in 2019".to_owned() }),
    ]
}

fn plan() -> Plan {
    Plan {
        tasks: vec![Task {
            name: name("loader"),
            title: "A loader that streams".to_owned(),
            owner: name("community"),
            dimension: name("T"),
            budget: ratio(10, 1),
            due: day(60),
            criteria: digest("criteria of the loader"),
        }],
        milestones: vec![Milestone { title: "First release".to_owned(), due: day(90), tasks: vec![name("loader")] }],
        feedback: vec![id("feedback")],
    }
}

fn works() -> Vec<Body> {
    let needs = vec!["More reviewers".to_owned(), "Weights under an open licence".to_owned()];
    vec![
        Body::Needs(Needs { minutes: digest("minutes"), needs }),
        Body::Plan(plan()),
        Body::Challenge(Challenge {
            contributions: vec![id("one contribution"), id("another contribution")],
            ground: Ground::CountedTwice,
            reason: "Paid for by a grant".to_owned(),
        }),
        Body::Withdrawal(Withdrawal { statement: id("challenge"), reason: String::new() }),
        Body::Risk(Risk {
            title: "The maintainer leaves".to_owned(),
            assessment: Assessment::Graded { likelihood: 2, impact: 5 },
            owner: name("community"),
            trigger: "No review for a month".to_owned(),
            plan: Some(digest("plan for that case")),
        }),
        Body::RiskAssessment(RiskAssessment {
            risk: id("risk"),
            assessment: Assessment::Valued { probability: ratio(1, 20), currency: euro(), amount: 4_000_000 },
            closed: true,
        }),
        Body::Contingency(Contingency { risk: id("risk"), plan: plan() }),
    ]
}

fn monies() -> Vec<Body> {
    vec![
        Body::Cost(Cost {
            category: name("compute"),
            currency: euro(),
            amount: 123_456,
            invoice: digest("invoice for compute"),
            note: "Training in March".to_owned(),
        }),
        Body::CostConfirmation(CostConfirmation { costs: vec![id("cost")] }),
        Body::NilReport(NilReport { stream: name("support"), period: 224 }),
        Body::Closing(Closing { period: 224 }),
        Body::Acknowledgement(Acknowledgement { tree_size: 6 }),
        Body::Payment(Payment {
            tree_size: 6,
            payee: name("community"),
            currency: euro(),
            amount: 700_001,
            evidence: digest("transfer"),
            note: String::new(),
        }),
        Body::PaymentConfirmation(PaymentConfirmation { payments: vec![id("payment")] }),
    ]
}

fn outcomes() -> Vec<Outcome> {
    let remedies = [
        Remedy::Stand,
        Remedy::Reject,
        Remedy::Quality(ratio(1, 2)),
        Remedy::Reassign(name("enterprise")),
        Remedy::Amount(900_000),
    ];
    let subjects = (1..).map(|number| id(&format!("entry {number}")));
    subjects.zip(remedies).map(|(subject, remedy)| Outcome { subject, remedy }).collect()
}

fn disputes() -> Vec<Body> {
    let dispute = id("dispute");
    vec![
        Body::Dispute(Dispute { outcomes: outcomes(), reason: "Not as it was done".to_owned() }),
        Body::Evidence(Evidence {
            dispute,
            digest: digest("log of the review"),
            media_type: "text/plain".to_owned(),
            uri: "https://git.example/tools/log".to_owned(),
            note: "See line 40".to_owned(),
        }),
        Body::Offer(Offer { dispute, outcomes: outcomes() }),
        Body::Ruling(Ruling {
            dispute,
            outcomes: outcomes(),
            effect: digest("recomputed effect"),
            reasons: digest("reasons"),
        }),
    ]
}

fn changes(agreement: AgreementId) -> Vec<Body> {
    let (new_key, scopes) = (key(NEW_KEY), vec![Scope::Claim, Scope::Attest]);
    let (expires, daily_max) = (Some(day(365)), Some(20));
    let message =
        key_grant_message(agreement, &"community".parse().unwrap(), new_key.public(), &scopes, expires, daily_max);
    let proof: Signature = new_key.sign(&message);
    vec![
        Body::Amendment(Amendment {
            replaces: id("proposal"),
            terms: ruled(),
            effective: Some(day(30)),
            retroactive: Some(digest("recomputed effect")),
        }),
        Body::KeyGrant(KeyGrant { key: new_key.public(), scopes, expires, daily_max, proof }),
        Body::KeyRevocation(KeyRevocation { key: new_key.public(), reason: "Lost with a laptop".to_owned() }),
        Body::Exit(Exit { leaves: day(120), reason: "Other plans".to_owned() }),
        Body::TrialResult(TrialResult {
            verdict: TrialVerdict::Extended { until: day(45) },
            evidence: digest("report of the trial"),
        }),
        Body::MediatorReplacement(MediatorReplacement { mediator: mediator() }),
    ]
}

fn lessons() -> Vec<Body> {
    vec![
        Body::Feedback(Feedback { digest: digest("what we learned"), summary: "Reviews come too late".to_owned() }),
        Body::FeedbackResponse(FeedbackResponse {
            feedback: id("feedback"),
            accepted: false,
            reason: "Not before the release".to_owned(),
        }),
        Body::MaintenanceCommitment(MaintenanceCommitment {
            title: "Security patches".to_owned(),
            criteria: digest("what is promised"),
            due: vec![day(90), day(180)],
        }),
        Body::MaintenanceFulfilment(MaintenanceFulfilment {
            commitment: id("commitment"),
            due: day(90),
            evidence: digest("advisory"),
        }),
    ]
}

fn ends() -> Vec<Body> {
    vec![
        Body::Suspension(Suspension { reason: "The data centre is flooded".to_owned() }),
        Body::Resumption(Resumption { reason: String::new() }),
        Body::Close(Close { reason: "The model is finished".to_owned() }),
    ]
}
