//! The registers of the work, written for the protocol.

use prost::Message;

use crate::{
    agreement::{
        Agreement,
        work::{
            challenge::ChallengeView,
            feedback::FeedbackView,
            maintenance::CommitmentView,
            plan::PlanView,
            risk::{Exposure, RiskSource, RiskView},
        },
    },
    checkpoint::SignedCheckpoint,
    digest::Digest,
    proto::counterfoil::v1,
    service::{
        status::No,
        view_dispute::count,
        view_figures::counted_text,
        views::{is_sendable, party, statement_id},
        wire,
    },
    statement::terms::Terms,
    time::Timestamp,
};

/// Writes every register as it stands at `now`.
///
/// Errors: `ANSWER_TOO_LARGE`.
pub(super) fn register(
    agreement: &Agreement,
    checkpoint: &SignedCheckpoint,
    now: Timestamp,
) -> Result<v1::GetRegisterResponse, No> {
    let (terms, mut characters) = (agreement.terms(), 0);
    let claims = agreement.open_claims_at(now);
    let plan = agreement.plan_at(now).map(|plan| plan_view(&plan, &mut characters)).transpose()?;
    let risks = agreement.risks_at(now);
    let risks = risks.iter().map(|risk| risk_view(risk, terms, &mut characters)).collect::<Result<_, _>>()?;
    let register = v1::GetRegisterResponse {
        needs: agreement
            .needs()
            .iter()
            .map(|needs| v1::NeedsSummary {
                statement_id: statement_id(needs.id),
                index: needs.index,
                count: count(needs.count),
            })
            .collect(),
        plan,
        risks,
        feedback: agreement.feedback().iter().map(|waiting| feedback_view(waiting, terms)).collect(),
        commitments: agreement.commitments_at(now).iter().map(|known| commitment_view(known, terms)).collect(),
        challenges: agreement.challenges().map(|open| challenge_view(&open, terms)).collect(),
        open_claims: count(claims.len()),
        overdue_claims: count(claims.iter().filter(|claim| claim.overdue).count()),
        checkpoint: Some(wire::checkpoint(checkpoint)),
    };
    is_sendable(register.encoded_len())?;
    Ok(register)
}

fn plan_view(plan: &PlanView<'_>, characters: &mut usize) -> Result<v1::PlanView, No> {
    let mut tasks = Vec::with_capacity(plan.tasks.len());
    for view in &plan.tasks {
        let used = counted_text(view.used, characters)?;
        tasks.push(v1::TaskView { task: Some(view.task.into()), used, done: view.done, overdue: view.overdue });
    }
    let milestones = plan.milestones.iter().map(|view| v1::MilestoneView {
        milestone: Some(view.milestone.into()),
        done: view.done,
        overdue: view.overdue,
    });
    Ok(v1::PlanView {
        statement_id: statement_id(plan.id),
        index: plan.index,
        revision: plan.revision,
        risk_id: plan.risk.map_or_else(Default::default, statement_id),
        feedback_ids: plan.feedback.iter().copied().map(statement_id).collect(),
        tasks,
        milestones: milestones.collect(),
    })
}

fn risk_view(risk: &RiskView<'_>, terms: &Terms, characters: &mut usize) -> Result<v1::RiskView, No> {
    use v1::risk_view::{Exposure as WireExposure, Source};
    let (source, missed) = match risk.source {
        RiskSource::Register { id, .. } => (Source::RiskId(statement_id(id)), 0),
        RiskSource::Maintenance { commitment, due } => (Source::CommitmentId(statement_id(commitment)), due.as_ms()),
    };
    let exposure = match &risk.exposure {
        Exposure::Graded(grade) => Some(WireExposure::Grade(*grade)),
        Exposure::Valued { currency, amount } => Some(WireExposure::Expected(v1::ExpectedAmount {
            currency: currency.to_string(),
            amount: counted_text(amount, characters)?,
        })),
        Exposure::Unassessed => None,
    };
    Ok(v1::RiskView {
        source: Some(source),
        missed_time_ms: missed,
        title: risk.title.to_owned(),
        owner: party(terms, risk.owner),
        exposure,
        plan_digest: risk.plan.map_or_else(Default::default, digest),
        closed_index: risk.closed.unwrap_or_default(),
    })
}

fn feedback_view(waiting: &FeedbackView, terms: &Terms) -> v1::FeedbackView {
    v1::FeedbackView {
        statement_id: statement_id(waiting.id),
        index: waiting.index,
        party: party(terms, waiting.party),
        digest: digest(waiting.digest),
        accepted_index: waiting.accepted.unwrap_or_default(),
    }
}

fn commitment_view(known: &CommitmentView<'_>, terms: &Terms) -> v1::CommitmentView {
    let dates = known.dates.iter().map(|date| v1::CommitmentDate {
        due_time_ms: date.due.as_ms(),
        fulfilled_index: date.fulfilled.unwrap_or_default(),
        missed: date.missed,
    });
    v1::CommitmentView {
        statement_id: statement_id(known.id),
        index: known.index,
        party: party(terms, known.party),
        title: known.title.to_owned(),
        criteria_digest: digest(known.criteria),
        dates: dates.collect(),
    }
}

fn challenge_view(open: &ChallengeView<'_>, terms: &Terms) -> v1::ChallengeView {
    v1::ChallengeView {
        statement_id: statement_id(open.id),
        index: open.index,
        party: party(terms, open.party),
        ground: v1::Ground::from(open.ground).into(),
        contribution_ids: open.contributions.iter().map(|(_, id)| statement_id(*id)).collect(),
    }
}

fn digest(digest: Digest) -> bytes::Bytes {
    digest.as_bytes().to_vec().into()
}
