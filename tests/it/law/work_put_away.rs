//! Agreements that forget say about the work what those say that have everything at hand, whatever happens in whatever order.

use counterfoil::{
    split::Ratio,
    statement::{
        Body, Contribution, Verdict,
        id::StatementId,
        work::{Contingency, Ground},
    },
};
use proptest::{
    collection::vec,
    prelude::{Just, Strategy, any, prop_assert_eq, prop_oneof, proptest},
    sample::Index,
};

use crate::{
    common::cases,
    keeper::{Keeper, views},
    law::{
        Law, contribution, judge, ms, terms, withdraw,
        work::{
            DAY_MS, THREE, agree, answer, assess, challenge, commit, feedback, fulfil, needs, plan, risk, seen,
            take_back,
        },
    },
};

const PARTIES: [&str; 3] = ["community", "enterprise", "foundation"];

const PLANS: [&[&str]; 3] = [
    &["build:community:6", "test:enterprise:4"],
    &["build:community:7/2", "test:foundation:13/2"],
    &["release:community:10"],
];

#[derive(Clone, Debug)]
enum Said {
    Claim { quantity: u64, task: Option<&'static str> },
    Withdraw(Index),
    Judge { of: Index, verdict: Verdict },
    Plan { which: usize, feedback: Option<Index>, for_risk: Option<Index> },
    Agree(Index),
    Challenge { of: Vec<Index>, ground: usize },
    TakeBack(Index),
    Risk { owner: usize },
    Assess { of: Index, impact: u32, closed: bool },
    Feedback(u64),
    Answer { of: Index, accepted: bool },
    Commit(u64),
    Fulfil { of: Index, day: u64 },
    Needs,
    Settle,
    Wait(u64),
}

fn said() -> impl Strategy<Value = Said> {
    let index = any::<Index>;
    let verdict = prop_oneof![
        6 => (1..=2_u64, any::<bool>()).prop_map(|(halves, unplanned)| {
            Verdict::Accepted { quality: Ratio::reduced(halves, 2).unwrap(), unplanned }
        }),
        1 => Just(Verdict::Rejected),
        1 => Just(Verdict::ChangesRequested),
    ];
    let task = proptest::option::of(proptest::sample::select(vec!["build", "test", "release"]));
    prop_oneof![
        6 => (1..5_u64, task).prop_map(|(quantity, task)| Said::Claim { quantity, task }),
        2 => index().prop_map(Said::Withdraw),
        6 => (index(), verdict).prop_map(|(of, verdict)| Said::Judge { of, verdict }),
        2 => (0..3_usize, proptest::option::of(index()), proptest::option::of(index()))
            .prop_map(|(which, feedback, for_risk)| Said::Plan { which, feedback, for_risk }),
        8 => index().prop_map(Said::Agree),
        5 => (vec(index(), 1..3), 0..6_usize).prop_map(|(of, ground)| Said::Challenge { of, ground }),
        3 => index().prop_map(Said::TakeBack),
        1 => (0..3_usize).prop_map(|owner| Said::Risk { owner }),
        2 => (index(), 1..=5_u32, any::<bool>()).prop_map(|(of, impact, closed)| Said::Assess { of, impact, closed }),
        1 => any::<u64>().prop_map(Said::Feedback),
        2 => (index(), any::<bool>()).prop_map(|(of, accepted)| Said::Answer { of, accepted }),
        1 => (1..9_u64).prop_map(Said::Commit),
        1 => (index(), 1..9_u64).prop_map(|(of, day)| Said::Fulfil { of, day }),
        1 => Just(Said::Needs),
        1 => Just(Said::Settle),
        3 => (1..5_u64).prop_map(Said::Wait),
    ]
}

/// What was said so far that can be named, by what it is.
#[derive(Default)]
struct Named {
    claims: Vec<StatementId>,
    motions: Vec<StatementId>,
    challenges: Vec<StatementId>,
    risks: Vec<StatementId>,
    feedback: Vec<StatementId>,
    commitments: Vec<StatementId>,
}

fn body(said: &Said, who: &str, named: &Named, law: &Law) -> Option<Body> {
    let pick = |of: &Index, among: &[StatementId]| (!among.is_empty()).then(|| *of.get(among));
    Some(match said {
        Said::Claim { quantity, task } => Body::Contribution(Contribution {
            task: task.map(|task| task.parse().unwrap()),
            ..contribution(who, Ratio::reduced(*quantity, 2).unwrap())
        }),
        Said::Withdraw(of) => withdraw(pick(of, &named.claims)?),
        Said::Judge { of, verdict } => judge(pick(of, &named.claims)?, *verdict),
        Said::Plan { which, feedback, for_risk } => {
            let feedback: Vec<_> = feedback.iter().filter_map(|of| pick(of, &named.feedback)).collect();
            let plan = plan(PLANS[*which], &feedback);
            match for_risk.as_ref().and_then(|of| pick(of, &named.risks)) {
                Some(risk) => Body::Contingency(Contingency { risk, plan }),
                None => Body::Plan(plan),
            }
        }
        Said::Agree(of) => agree(pick(of, &named.motions)?),
        Said::Challenge { of, ground } => {
            let mut claims: Vec<_> = of.iter().filter_map(|of| pick(of, &named.claims)).collect();
            claims.sort();
            claims.dedup();
            (!claims.is_empty()).then(|| challenge(&claims, Ground::ALL[*ground]))?
        }
        Said::TakeBack(of) => take_back(pick(of, &[named.challenges.as_slice(), &named.motions].concat())?),
        Said::Risk { owner } => risk(PARTIES[*owner]),
        Said::Assess { of, impact, closed } => assess(pick(of, &named.risks)?, *impact, *closed),
        Said::Feedback(number) => feedback(*number),
        Said::Answer { of, accepted } => answer(pick(of, &named.feedback)?, *accepted),
        Said::Commit(day) => commit(&[*day, 9]),
        Said::Fulfil { of, day } => fulfil(pick(of, &named.commitments)?, *day),
        Said::Needs => needs(),
        Said::Settle => Body::Settlement(law.agreement.account_at(law.agreement.size()).ok()?.settlement),
        Said::Wait(_) => return None,
    })
}

impl Named {
    fn note(&mut self, id: StatementId, body: &Body) {
        match body {
            Body::Contribution(_) => self.claims.push(id),
            Body::Plan(_) | Body::Contingency(_) | Body::RiskAssessment(_) => self.motions.push(id),
            Body::Challenge(_) => self.challenges.push(id),
            Body::Risk(_) => self.risks.push(id),
            Body::Feedback(_) => self.feedback.push(id),
            Body::MaintenanceCommitment(_) => self.commitments.push(id),
            _ => {}
        }
    }
}

proptest! {
    #![proptest_config(cases(96))]

    #[test]
    fn whoever_forgets_judges_the_work_as_whoever_remembers(
        history in vec((0..3_usize, said()), 1..160),
        pauses in vec(0..6_u8, 7..23),
    ) {
        let mut law = Law::in_force(&terms(THREE));
        let mut keeper = Keeper::of(law.agreement.clone(), law.proposal.clone());
        let mut named = Named::default();
        for ((party, said), pause) in history.iter().zip(pauses.iter().cycle()) {
            if let Said::Wait(days) = said {
                law.clock = ms(law.clock.as_ms() + days * DAY_MS);
            }
            let who = PARTIES[*party];
            let Some(body) = body(said, who, &named, &law) else { continue };
            let signed = law.sign(who, body);
            let expected = law.enter(&signed);
            prop_assert_eq!(&keeper.enter(&signed, law.clock).map(|_| signed.id()), &expected);
            if let Ok(id) = expected {
                named.note(id, &signed.statement().body);
            }
            match pause {
                0 => keeper.restore(),
                1 => {
                    keeper.put_away(1);
                    keeper.agreement.forget(0);
                }
                _ => {}
            }
            let kept = Law { agreement: keeper.agreement.clone(), ..law.clone() };
            prop_assert_eq!(seen(&kept), seen(&law));
        }
        prop_assert_eq!(keeper.views_at(law.agreement.size()), views(&law.agreement));
        for size in 1..=law.agreement.size() {
            prop_assert_eq!(keeper.account_at(size), law.agreement.account_at(size), "at {}", size);
        }
    }
}
