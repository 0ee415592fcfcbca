//! The limits of what is said about the work.

use bytes::Bytes;
use counterfoil::proto::counterfoil::v1::{
    Assessment, Challenge, Contingency, Feedback, FeedbackResponse, MaintenanceCommitment, MaintenanceFulfilment,
    Milestone, Needs, Plan, Risk, RiskAssessment, Task, statement::Body,
};

use super::{LATE, Reasons, digest, numbered, ratio, statement, table};

fn long() -> String {
    "x".repeat(2_001)
}

pub(super) fn limits(met: &mut Reasons) {
    plans(met);
    judgements(met);
    risks(met);
    lessons(met);
}

fn task(name: &str) -> Task {
    Task {
        name: name.into(),
        title: "The loader".into(),
        owner: "community".into(),
        dimension: "T".into(),
        budget: ratio(10, 1),
        due_ms: 1,
        criteria_digest: digest(1),
    }
}

fn plan() -> Plan {
    let milestone = Milestone { title: "First".into(), due_ms: 1, tasks: vec!["loader".into(), "report".into()] };
    Plan {
        tasks: vec![task("loader"), task("report")],
        milestones: vec![milestone],
        feedback_ids: vec![digest(1), digest(2)],
    }
}

fn plans(met: &mut Reasons) {
    table(
        Needs { minutes_digest: digest(1), needs: vec!["More eyes".into(), "More hands".into()] },
        |n| statement(Body::Needs(n)),
        &[
            ("needs.minutes_digest", "FIELD_MISSING", |n| n.minutes_digest = Bytes::new()),
            ("needs.needs", "LIST_TOO_SHORT", |n| n.needs.clear()),
            ("needs.needs", "LIST_TOO_LONG", |n| n.needs = vec![String::new(); 65]),
            ("needs.needs[1]", "FIELD_MISSING", |n| n.needs[1].clear()),
            ("needs.needs[1]", "FIELD_TOO_LONG", |n| n.needs[1] = long()),
        ],
        met,
    );
    table(
        plan(),
        |p| statement(Body::Plan(p)),
        &[
            ("plan.tasks", "LIST_TOO_SHORT", |p| p.tasks.clear()),
            ("plan.tasks", "LIST_TOO_LONG", |p| p.tasks = vec![Task::default(); 257]),
            ("plan.tasks[1].name", "FIELD_MISSING", |p| p.tasks[1].name.clear()),
            ("plan.tasks[1].name", "LIST_DUPLICATE", |p| p.tasks[1].name = "loader".into()),
            ("plan.tasks[0].title", "FIELD_MISSING", |p| p.tasks[0].title.clear()),
            ("plan.tasks[0].title", "FIELD_TOO_LONG", |p| p.tasks[0].title = "x".repeat(201)),
            ("plan.tasks[0].owner", "FIELD_MISSING", |p| p.tasks[0].owner.clear()),
            ("plan.tasks[0].dimension", "NAME_INVALID", |p| p.tasks[0].dimension = "T S".into()),
            ("plan.tasks[0].budget", "FIELD_MISSING", |p| p.tasks[0].budget = None),
            ("plan.tasks[0].budget", "RATIO_NOT_REDUCED", |p| p.tasks[0].budget = ratio(2, 2)),
            ("plan.tasks[0].due_ms", "TIME_TOO_LATE", |p| p.tasks[0].due_ms = LATE),
            ("plan.tasks[0].criteria_digest", "FIELD_LENGTH", |p| p.tasks[0].criteria_digest = vec![1; 33].into()),
            ("plan.milestones", "LIST_TOO_LONG", |p| p.milestones = vec![Milestone::default(); 65]),
            ("plan.milestones[0].title", "FIELD_MISSING", |p| p.milestones[0].title.clear()),
            ("plan.milestones[0].due_ms", "TIME_TOO_LATE", |p| p.milestones[0].due_ms = LATE),
            ("plan.milestones[0].tasks", "LIST_TOO_LONG", |p| p.milestones[0].tasks = vec![String::new(); 257]),
            ("plan.milestones[0].tasks[1]", "NAME_INVALID", |p| p.milestones[0].tasks[1] = "the report".into()),
            ("plan.milestones[0].tasks[1]", "LIST_DUPLICATE", |p| p.milestones[0].tasks[1] = "loader".into()),
            ("plan.feedback_ids", "LIST_TOO_LONG", |p| p.feedback_ids = vec![Bytes::new(); 65]),
            ("plan.feedback_ids[1]", "FIELD_LENGTH", |p| p.feedback_ids[1] = vec![1].into()),
            ("plan.feedback_ids[1]", "LIST_DUPLICATE", |p| p.feedback_ids[1] = digest(1)),
        ],
        met,
    );
}

fn judgements(met: &mut Reasons) {
    table(
        Challenge { contribution_ids: vec![digest(1), digest(2)], ground: 6, reason: "Paid for elsewhere".into() },
        |c| statement(Body::Challenge(c)),
        &[
            ("challenge.contribution_ids", "FIELD_MISSING", |c| c.contribution_ids.clear()),
            ("challenge.contribution_ids", "LIST_TOO_LONG", |c| {
                c.contribution_ids = (0..1_001).map(numbered).collect();
            }),
            ("challenge.contribution_ids[1]", "LIST_DUPLICATE", |c| c.contribution_ids[1] = digest(1)),
            ("challenge.ground", "FIELD_MISSING", |c| c.ground = 0),
            ("challenge.ground", "FIELD_NOT_ONE_OF", |c| c.ground = 7),
            ("challenge.reason", "FIELD_MISSING", |c| c.reason.clear()),
            ("challenge.reason", "FIELD_TOO_LONG", |c| c.reason = long()),
        ],
        met,
    );
}

fn graded() -> Assessment {
    Assessment { likelihood: 1, impact: 5, ..Assessment::default() }
}

fn valued() -> Assessment {
    Assessment { probability: ratio(0, 1), currency: "EUR".into(), amount_minor: 1, ..Assessment::default() }
}

fn risks(met: &mut Reasons) {
    let risk = Risk {
        title: "The maintainer leaves".into(),
        assessment: Some(graded()),
        owner: "community".into(),
        trigger: "No review for a month".into(),
        plan_digest: digest(1),
    };
    table(
        risk,
        |r| statement(Body::Risk(r)),
        &[
            ("risk.title", "FIELD_MISSING", |r| r.title.clear()),
            ("risk.title", "FIELD_TOO_LONG", |r| r.title = "x".repeat(201)),
            ("risk.assessment", "FIELD_MISSING", |r| r.assessment = None),
            ("risk.owner", "NAME_INVALID", |r| r.owner = "no body".into()),
            ("risk.trigger", "FIELD_MISSING", |r| r.trigger.clear()),
            ("risk.trigger", "FIELD_TOO_LONG", |r| r.trigger = long()),
            ("risk.plan_digest", "FIELD_LENGTH", |r| r.plan_digest = vec![1; 31].into()),
        ],
        met,
    );
    let assessed = |assessment| {
        let assessment = Some(assessment);
        statement(Body::RiskAssessment(RiskAssessment { risk_id: digest(1), assessment, closed: false }))
    };
    table(
        graded(),
        assessed,
        &[
            ("risk_assessment.assessment.likelihood", "FIELD_OUT_OF_RANGE", |a| a.likelihood = 0),
            ("risk_assessment.assessment.likelihood", "FIELD_OUT_OF_RANGE", |a| a.likelihood = 6),
            ("risk_assessment.assessment.impact", "FIELD_OUT_OF_RANGE", |a| a.impact = 0),
            ("risk_assessment.assessment.impact", "FIELD_OUT_OF_RANGE", |a| a.impact = 6),
            ("risk_assessment.assessment.currency", "FIELD_NOT_ALLOWED", |a| a.currency = "EUR".into()),
            ("risk_assessment.assessment.amount_minor", "FIELD_NOT_ALLOWED", |a| a.amount_minor = 1),
        ],
        met,
    );
    table(
        valued(),
        assessed,
        &[
            ("risk_assessment.assessment.likelihood", "FIELD_NOT_ALLOWED", |a| a.likelihood = 1),
            ("risk_assessment.assessment.impact", "FIELD_NOT_ALLOWED", |a| a.impact = 1),
            ("risk_assessment.assessment.probability", "FIELD_OUT_OF_RANGE", |a| a.probability = ratio(2, 1)),
            ("risk_assessment.assessment.currency", "FIELD_MISSING", |a| a.currency.clear()),
        ],
        met,
    );
    table(
        RiskAssessment { risk_id: digest(1), assessment: Some(valued()), closed: true },
        |r| statement(Body::RiskAssessment(r)),
        &[
            ("risk_assessment.risk_id", "FIELD_MISSING", |r| r.risk_id = Bytes::new()),
            ("risk_assessment.assessment", "FIELD_MISSING", |r| r.assessment = None),
        ],
        met,
    );
    table(
        Contingency { risk_id: digest(1), plan: Some(plan()) },
        |c| statement(Body::Contingency(c)),
        &[
            ("contingency.risk_id", "FIELD_LENGTH", |c| c.risk_id = vec![1].into()),
            ("contingency.plan", "FIELD_MISSING", |c| c.plan = None),
            ("contingency.plan.tasks[0].title", "FIELD_MISSING", |c| c.plan.as_mut().unwrap().tasks[0].title.clear()),
        ],
        met,
    );
}

fn lessons(met: &mut Reasons) {
    table(
        Feedback { digest: digest(1), summary: "Reviews come too late".into() },
        |f| statement(Body::Feedback(f)),
        &[
            ("feedback.digest", "FIELD_MISSING", |f| f.digest = Bytes::new()),
            ("feedback.summary", "FIELD_MISSING", |f| f.summary.clear()),
            ("feedback.summary", "FIELD_TOO_LONG", |f| f.summary = long()),
        ],
        met,
    );
    table(
        FeedbackResponse { feedback_id: digest(1), accepted: true, reason: String::new() },
        |f| statement(Body::FeedbackResponse(f)),
        &[
            ("feedback_response.feedback_id", "FIELD_MISSING", |f| f.feedback_id = Bytes::new()),
            ("feedback_response.reason", "FIELD_MISSING", |f| f.accepted = false),
            ("feedback_response.reason", "FIELD_TOO_LONG", |f| f.reason = long()),
        ],
        met,
    );
    table(
        MaintenanceCommitment { title: "Patches".into(), criteria_digest: digest(1), due_ms: vec![1, 2] },
        |m| statement(Body::MaintenanceCommitment(m)),
        &[
            ("maintenance_commitment.title", "FIELD_MISSING", |m| m.title.clear()),
            ("maintenance_commitment.criteria_digest", "FIELD_MISSING", |m| m.criteria_digest = Bytes::new()),
            ("maintenance_commitment.due_ms", "LIST_TOO_SHORT", |m| m.due_ms.clear()),
            ("maintenance_commitment.due_ms", "LIST_TOO_LONG", |m| m.due_ms = (1..=65).collect()),
            ("maintenance_commitment.due_ms[1]", "TIME_TOO_LATE", |m| m.due_ms[1] = LATE),
            ("maintenance_commitment.due_ms[1]", "LIST_DUPLICATE", |m| m.due_ms[1] = 1),
            ("maintenance_commitment.due_ms[1]", "LIST_NOT_ASCENDING", |m| m.due_ms[1] = 0),
        ],
        met,
    );
    table(
        MaintenanceFulfilment { commitment_id: digest(1), due_ms: 1, evidence_digest: digest(2) },
        |m| statement(Body::MaintenanceFulfilment(m)),
        &[
            ("maintenance_fulfilment.commitment_id", "FIELD_MISSING", |m| m.commitment_id = Bytes::new()),
            ("maintenance_fulfilment.due_ms", "TIME_TOO_LATE", |m| m.due_ms = LATE),
            ("maintenance_fulfilment.evidence_digest", "FIELD_MISSING", |m| m.evidence_digest = Bytes::new()),
        ],
        met,
    );
}
