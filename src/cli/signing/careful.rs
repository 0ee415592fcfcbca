//! What a person should look at twice before it signs: the law admits it, but it may be a slip.

use crate::{
    agreement::{Agreement, contribution::ContributionView, state::ContributionState},
    cli::words::{Line, time_text},
    statement::{Benefit, Body, Contribution},
    time::Timestamp,
};

/// Returns what to look at twice in a statement that is about to be signed at `now`.
pub(super) fn lines(agreement: &Agreement, body: &Body, now: Timestamp) -> Vec<Line> {
    let says = match body {
        Body::Benefit(body) => benefit(agreement, body, now),
        Body::Contribution(body) => contribution(agreement, body),
        _ => Vec::new(),
    };
    says.into_iter().map(|says| ("careful", says)).collect()
}

fn benefit(agreement: &Agreement, body: &Benefit, now: Timestamp) -> Vec<String> {
    let mut says = Vec::new();
    for view in agreement.benefits().filter(|view| view.benefit.stream == body.stream) {
        let known = view.benefit;
        let is_same = (&known.currency, known.amount) == (&body.currency, body.amount)
            && (known.period_start, known.period_end) == (body.period_start, body.period_end);
        let by_same = known.evidence == body.evidence;
        says.extend(match (is_same, by_same) {
            (true, true) => Some(format!("entry {} says the same, with the same evidence", view.index)),
            (true, false) => Some(format!("entry {} says the same", view.index)),
            (false, true) => Some(format!("entry {} reports from {} with the same evidence", view.index, body.stream)),
            (false, false) => None,
        });
    }
    if body.period_start > now {
        says.push(format!(
            "the time it was earned in begins on {}, which is still to come",
            time_text(body.period_start)
        ));
    }
    says
}

fn contribution(agreement: &Agreement, body: &Contribution) -> Vec<String> {
    let stands = |state| !matches!(state, ContributionState::Withdrawn | ContributionState::Rejected);
    let is_same = |view: &ContributionView<'_>| {
        let known = view.contribution;
        stands(view.state)
            && (&known.party, &known.unit, known.quantity) == (&body.party, &body.unit, body.quantity)
            // The end of work that was done today is the time at which it was claimed.
            && known.work_start == body.work_start
            && known.work_end.day() == body.work_end.day()
            && known.artifacts == body.artifacts
    };
    let same = agreement.contributions().filter(is_same);
    same.map(|view| format!("entry {} claims the same", view.index)).collect()
}
