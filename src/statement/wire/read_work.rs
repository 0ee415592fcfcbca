//! Statements about the work, from generated messages.

use crate::{
    proto::counterfoil::v1,
    statement::{
        terms::Name,
        wire::{
            problem::{FieldError, FieldProblem, Within},
            read_field::{
                TEXT_BYTES_MAX, ascending, at_most, at_most_one, choice, digest, each, id, ids, not_given, once, ratio,
                required, some_text, text, title, within_counts,
            },
        },
        work::{
            Assessment, Challenge, Contingency, Feedback, FeedbackResponse, Ground, MaintenanceCommitment,
            MaintenanceFulfilment, Milestone, Needs, Plan, Risk, RiskAssessment, Task,
        },
    },
    time::Timestamp,
};

const NEEDS_MAX: usize = 64;
const TASKS_MAX: usize = 256;
const MILESTONES_MAX: usize = 64;
const FEEDBACK_MAX: usize = 64;
const DATES_MAX: usize = 64;
/// Likelihoods and impacts are graded from 1 to this.
const GRADE_MAX: u32 = 5;

pub(super) fn needs(from: v1::Needs) -> Result<Needs, FieldError> {
    let minutes = digest(&from.minutes_digest).within("minutes_digest")?;
    within_counts(from.needs.len(), 1, NEEDS_MAX).within("needs")?;
    Ok(Needs { minutes, needs: each(from.needs, |line| Ok(some_text(line)?)).within("needs")? })
}

pub(super) fn plan(from: v1::Plan) -> Result<Plan, FieldError> {
    within_counts(from.tasks.len(), 1, TASKS_MAX).within("tasks")?;
    let tasks = each(from.tasks, task).within("tasks")?;
    once(tasks.iter().map(|task| &task.name), "name").within("tasks")?;
    at_most(from.milestones.len(), MILESTONES_MAX).within("milestones")?;
    let milestones = each(from.milestones, milestone).within("milestones")?;
    at_most(from.feedback_ids.len(), FEEDBACK_MAX).within("feedback_ids")?;
    let feedback = each(from.feedback_ids, |bytes| Ok(id(&bytes)?)).within("feedback_ids")?;
    once(feedback.iter(), "").within("feedback_ids")?;
    Ok(Plan { tasks, milestones, feedback })
}

fn task(from: v1::Task) -> Result<Task, FieldError> {
    let name = required(from.name).within("name")?;
    let title = title(from.title).within("title")?;
    let owner = required(from.owner).within("owner")?;
    let dimension = required(from.dimension).within("dimension")?;
    let budget = ratio(from.budget).within("budget")?;
    let due = Timestamp::from_ms(from.due_ms).within("due_ms")?;
    let criteria = digest(&from.criteria_digest).within("criteria_digest")?;
    Ok(Task { name, title, owner, dimension, budget, due, criteria })
}

fn milestone(from: v1::Milestone) -> Result<Milestone, FieldError> {
    let title = title(from.title).within("title")?;
    let due = Timestamp::from_ms(from.due_ms).within("due_ms")?;
    at_most(from.tasks.len(), TASKS_MAX).within("tasks")?;
    let tasks = each(from.tasks, |name| Ok(required::<Name>(name)?)).within("tasks")?;
    once(tasks.iter(), "").within("tasks")?;
    Ok(Milestone { title, due, tasks })
}

pub(super) fn challenge(from: v1::Challenge) -> Result<Challenge, FieldError> {
    let contributions = ids(&from.contribution_ids).within("contribution_ids")?;
    let ground = ground(from.ground).within("ground")?;
    Ok(Challenge { contributions, ground, reason: some_text(from.reason).within("reason")? })
}

fn ground(number: i32) -> Result<Ground, FieldProblem> {
    Ok(match choice::<v1::Ground>(number)? {
        v1::Ground::Unspecified => return Err(FieldProblem::Missing),
        v1::Ground::NotDone => Ground::NotDone,
        v1::Ground::Quantity => Ground::Quantity,
        v1::Ground::Quality => Ground::Quality,
        v1::Ground::Affiliation => Ground::Affiliation,
        v1::Ground::Rights => Ground::Rights,
        v1::Ground::CountedTwice => Ground::CountedTwice,
    })
}

pub(super) fn risk(from: v1::Risk) -> Result<Risk, FieldError> {
    let title = title(from.title).within("title")?;
    let assessment = assessment(from.assessment).within("assessment")?;
    let owner = required(from.owner).within("owner")?;
    let trigger = some_text(from.trigger).within("trigger")?;
    let plan = if from.plan_digest.is_empty() { None } else { Some(digest(&from.plan_digest).within("plan_digest")?) };
    Ok(Risk { title, assessment, owner, trigger, plan })
}

fn assessment(from: Option<v1::Assessment>) -> Result<Assessment, FieldError> {
    let from = from.ok_or(FieldProblem::Missing)?;
    if from.probability.is_some() {
        not_given(from.likelihood != 0).within("likelihood")?;
        not_given(from.impact != 0).within("impact")?;
        let probability = at_most_one(from.probability).within("probability")?;
        let currency = required(from.currency).within("currency")?;
        return Ok(Assessment::Valued { probability, currency, amount: from.amount_minor });
    }
    let likelihood = grade(from.likelihood).within("likelihood")?;
    let impact = grade(from.impact).within("impact")?;
    not_given(!from.currency.is_empty()).within("currency")?;
    not_given(from.amount_minor != 0).within("amount_minor")?;
    Ok(Assessment::Graded { likelihood, impact })
}

fn grade(number: u32) -> Result<u32, FieldProblem> {
    if (1..=GRADE_MAX).contains(&number) {
        Ok(number)
    } else {
        Err(FieldProblem::OutOfRange { found: number.into(), min: 1, max: GRADE_MAX.into() })
    }
}

pub(super) fn risk_assessment(from: v1::RiskAssessment) -> Result<RiskAssessment, FieldError> {
    let risk = id(&from.risk_id).within("risk_id")?;
    Ok(RiskAssessment { risk, assessment: assessment(from.assessment).within("assessment")?, closed: from.closed })
}

pub(super) fn contingency(from: v1::Contingency) -> Result<Contingency, FieldError> {
    let risk = id(&from.risk_id).within("risk_id")?;
    let plan = from.plan.ok_or(FieldProblem::Missing.into()).and_then(plan).within("plan")?;
    Ok(Contingency { risk, plan })
}

pub(super) fn feedback(from: v1::Feedback) -> Result<Feedback, FieldError> {
    let digest = digest(&from.digest).within("digest")?;
    Ok(Feedback { digest, summary: some_text(from.summary).within("summary")? })
}

pub(super) fn feedback_response(from: v1::FeedbackResponse) -> Result<FeedbackResponse, FieldError> {
    let feedback = id(&from.feedback_id).within("feedback_id")?;
    let reason = if from.accepted { text(from.reason, TEXT_BYTES_MAX) } else { some_text(from.reason) };
    Ok(FeedbackResponse { feedback, accepted: from.accepted, reason: reason.within("reason")? })
}

pub(super) fn maintenance_commitment(from: v1::MaintenanceCommitment) -> Result<MaintenanceCommitment, FieldError> {
    let title = title(from.title).within("title")?;
    let criteria = digest(&from.criteria_digest).within("criteria_digest")?;
    within_counts(from.due_ms.len(), 1, DATES_MAX).within("due_ms")?;
    let due = each(from.due_ms, |ms| Ok(Timestamp::from_ms(ms)?)).within("due_ms")?;
    ascending(&due).within("due_ms")?;
    Ok(MaintenanceCommitment { title, criteria, due })
}

pub(super) fn maintenance_fulfilment(from: v1::MaintenanceFulfilment) -> Result<MaintenanceFulfilment, FieldError> {
    let commitment = id(&from.commitment_id).within("commitment_id")?;
    let due = Timestamp::from_ms(from.due_ms).within("due_ms")?;
    Ok(MaintenanceFulfilment { commitment, due, evidence: digest(&from.evidence_digest).within("evidence_digest")? })
}
