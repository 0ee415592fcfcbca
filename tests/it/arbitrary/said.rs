//! Any valid body of the kinds that change an agreement, its work, its money and its disputes.

use counterfoil::{
    keys::Signature,
    statement::{
        Body,
        change::{
            Amendment, Close, CounterProposal, Exit, KeyGrant, KeyRevocation, MediatorConsent, MediatorReplacement,
            Resumption, Suspension, TrialResult, TrialVerdict, Withdrawal,
        },
        dispute::{Dispute, Evidence, Offer, Outcome, Remedy, Ruling},
        money::{Acknowledgement, Closing, Cost, CostConfirmation, NilReport, Payment, PaymentConfirmation},
        terms::Scope,
        work::{
            Assessment, Challenge, Contingency, Feedback, FeedbackResponse, Ground, MaintenanceCommitment,
            MaintenanceFulfilment, Milestone, Needs, Plan, Risk, RiskAssessment, Task,
        },
    },
    time::Timestamp,
};
use proptest::{
    collection::{btree_set, hash_set, vec},
    option,
    prelude::{Just, Strategy, any, prop_oneof},
    sample::{select, subsequence},
};

use super::{at_most_one, code, digest, id, ids, name, ratio, rules, some_text, terms, text, time};

/// What changes the agreement: 12 kinds.
pub(super) fn change() -> impl Strategy<Value = Body> {
    prop_oneof![
        (id(), terms().boxed())
            .prop_map(|(proposal, terms)| Body::CounterProposal(CounterProposal { proposal, terms })),
        (id(), text(2_000))
            .prop_map(|(proposal, conflicts)| Body::MediatorConsent(MediatorConsent { proposal, conflicts })),
        (id(), text(2_000)).prop_map(|(statement, reason)| Body::Withdrawal(Withdrawal { statement, reason })),
        (id(), terms().boxed(), option::of(some_time()), option::of(digest())).prop_map(
            |(replaces, terms, effective, retroactive)| {
                Body::Amendment(Amendment { replaces, terms, effective, retroactive })
            }
        ),
        key_grant().prop_map(Body::KeyGrant),
        (rules::key(), text(2_000)).prop_map(|(key, reason)| Body::KeyRevocation(KeyRevocation { key, reason })),
        (time(), text(2_000)).prop_map(|(leaves, reason)| Body::Exit(Exit { leaves, reason })),
        (trial_verdict(), digest())
            .prop_map(|(verdict, evidence)| Body::TrialResult(TrialResult { verdict, evidence })),
        some_text(2_000).prop_map(|reason| Body::Suspension(Suspension { reason })),
        text(2_000).prop_map(|reason| Body::Resumption(Resumption { reason })),
        rules::mediator().prop_map(|mediator| Body::MediatorReplacement(MediatorReplacement { mediator })),
        text(2_000).prop_map(|reason| Body::Close(Close { reason })),
    ]
}

fn key_grant() -> impl Strategy<Value = KeyGrant> {
    let scopes = subsequence(vec![Scope::Govern, Scope::Claim, Scope::Attest, Scope::Report], 1..=4);
    let limits = (option::of(some_time()), option::of(1..=u32::MAX));
    let proof = (any::<[u8; 32]>(), any::<[u8; 32]>())
        .prop_map(|halves| Signature::from_bytes([halves.0, halves.1].concat().try_into().unwrap()));
    (rules::key(), scopes, limits, proof).prop_map(|(key, scopes, (expires, daily_max), proof)| KeyGrant {
        key,
        scopes,
        expires,
        daily_max,
        proof,
    })
}

fn trial_verdict() -> impl Strategy<Value = TrialVerdict> {
    prop_oneof![
        Just(TrialVerdict::Passed),
        Just(TrialVerdict::Failed),
        some_time().prop_map(|until| TrialVerdict::Extended { until }),
    ]
}

/// What is said about the work: 10 kinds.
pub(super) fn work() -> impl Strategy<Value = Body> {
    let reason = prop_oneof![
        text(2_000).prop_map(|reason| (true, reason)),
        some_text(2_000).prop_map(|reason| (false, reason)),
    ];
    let dates = btree_set(time(), 1..6).prop_map(|due| due.into_iter().collect::<Vec<_>>());
    prop_oneof![
        (digest(), vec(some_text(2_000), 1..4)).prop_map(|(minutes, needs)| Body::Needs(Needs { minutes, needs })),
        plan().boxed().prop_map(Body::Plan),
        (ids(), ground(), some_text(2_000)).prop_map(|(contributions, ground, reason)| {
            Body::Challenge(Challenge { contributions, ground, reason })
        }),
        (some_text(200), assessment(), name(), some_text(2_000), option::of(digest())).prop_map(
            |(title, assessment, owner, trigger, plan)| Body::Risk(Risk { title, assessment, owner, trigger, plan })
        ),
        (id(), assessment(), any::<bool>()).prop_map(|(risk, assessment, closed)| {
            Body::RiskAssessment(RiskAssessment { risk, assessment, closed })
        }),
        (id(), plan().boxed()).prop_map(|(risk, plan)| Body::Contingency(Contingency { risk, plan })),
        (digest(), some_text(2_000)).prop_map(|(digest, summary)| Body::Feedback(Feedback { digest, summary })),
        (id(), reason).prop_map(|(feedback, (accepted, reason))| {
            Body::FeedbackResponse(FeedbackResponse { feedback, accepted, reason })
        }),
        (some_text(200), digest(), dates).prop_map(|(title, criteria, due)| {
            Body::MaintenanceCommitment(MaintenanceCommitment { title, criteria, due })
        }),
        (id(), time(), digest()).prop_map(|(commitment, due, evidence)| {
            Body::MaintenanceFulfilment(MaintenanceFulfilment { commitment, due, evidence })
        }),
    ]
}

fn ground() -> impl Strategy<Value = Ground> {
    select(vec![
        Ground::NotDone,
        Ground::Quantity,
        Ground::Quality,
        Ground::Affiliation,
        Ground::Rights,
        Ground::CountedTwice,
    ])
}

fn plan() -> impl Strategy<Value = Plan> {
    let task = (some_text(200), name(), name(), ratio(), time(), digest());
    let tasks = (hash_set(name(), 1..4), vec(task, 4)).prop_map(|(names, tasks)| {
        let named = names.into_iter().zip(tasks);
        named
            .map(|(name, (title, owner, dimension, budget, due, criteria))| Task {
                name,
                title,
                owner,
                dimension,
                budget,
                due,
                criteria,
            })
            .collect()
    });
    let milestone = (some_text(200), time(), hash_set(name(), 0..3)).prop_map(|(title, due, tasks)| Milestone {
        title,
        due,
        tasks: tasks.into_iter().collect(),
    });
    (tasks, vec(milestone, 0..3), hash_set(id(), 0..3)).prop_map(|(tasks, milestones, feedback)| Plan {
        tasks,
        milestones,
        feedback: feedback.into_iter().collect(),
    })
}

fn assessment() -> impl Strategy<Value = Assessment> {
    prop_oneof![
        (1..=5_u32, 1..=5_u32).prop_map(|(likelihood, impact)| Assessment::Graded { likelihood, impact }),
        (at_most_one(), code(), any::<u64>()).prop_map(|(probability, currency, amount)| Assessment::Valued {
            probability,
            currency,
            amount
        }),
    ]
}

/// What is said about money besides benefits: 7 kinds.
pub(super) fn money() -> impl Strategy<Value = Body> {
    prop_oneof![
        (name(), code(), 1..=u64::MAX, digest(), text(2_000)).prop_map(
            |(category, currency, amount, invoice, note)| Body::Cost(Cost {
                category,
                currency,
                amount,
                invoice,
                note
            })
        ),
        ids().prop_map(|costs| Body::CostConfirmation(CostConfirmation { costs })),
        (name(), any::<u32>()).prop_map(|(stream, period)| Body::NilReport(NilReport { stream, period })),
        any::<u32>().prop_map(|period| Body::Closing(Closing { period })),
        (1..=u64::MAX).prop_map(|tree_size| Body::Acknowledgement(Acknowledgement { tree_size })),
        (1..=u64::MAX, name(), code(), 1..=u64::MAX, digest(), text(2_000)).prop_map(
            |(tree_size, payee, currency, amount, evidence, note)| {
                Body::Payment(Payment { tree_size, payee, currency, amount, evidence, note })
            }
        ),
        ids().prop_map(|payments| Body::PaymentConfirmation(PaymentConfirmation { payments })),
    ]
}

/// What is said in a dispute: 4 kinds.
pub(super) fn dispute() -> impl Strategy<Value = Body> {
    prop_oneof![
        (outcomes(), some_text(2_000)).prop_map(|(outcomes, reason)| Body::Dispute(Dispute { outcomes, reason })),
        (id(), digest(), text(255), text(2_000), text(2_000)).prop_map(|(dispute, digest, media_type, uri, note)| {
            Body::Evidence(Evidence { dispute, digest, media_type, uri, note })
        }),
        (id(), outcomes()).prop_map(|(dispute, outcomes)| Body::Offer(Offer { dispute, outcomes })),
        (id(), outcomes(), digest(), digest()).prop_map(|(dispute, outcomes, effect, reasons)| {
            Body::Ruling(Ruling { dispute, outcomes, effect, reasons })
        }),
    ]
}

fn outcomes() -> impl Strategy<Value = Vec<Outcome>> {
    let remedy = prop_oneof![
        Just(Remedy::Stand),
        Just(Remedy::Reject),
        at_most_one().prop_map(Remedy::Quality),
        name().prop_map(Remedy::Reassign),
        any::<u64>().prop_map(Remedy::Amount),
    ];
    (ids(), vec(remedy, 8)).prop_map(|(subjects, remedies)| {
        subjects.into_iter().zip(remedies).map(|(subject, remedy)| Outcome { subject, remedy }).collect()
    })
}

/// A time that is not the one that stands for none.
fn some_time() -> impl Strategy<Value = Timestamp> {
    time().prop_filter("zero is no time here", |time| *time != Timestamp::EPOCH)
}
