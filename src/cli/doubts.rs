//! What is in doubt, by name: disputes, challenges, and claims that nobody judged in time. Figures say how much is held for it.

use crate::{
    agreement::Agreement,
    cli::words::{clause, span_of},
    time::Timestamp,
};

/// Returns a line for each kind of doubt that there is.
#[must_use]
pub fn lines(agreement: &Agreement, now: Timestamp) -> Vec<String> {
    let disputes: Vec<u64> = agreement.disputes().map(|case| case.index).collect();
    let challenged: Vec<u64> =
        agreement.contributions().filter(|view| view.challenged).map(|view| view.index).collect();
    let overdue: Vec<u64> =
        agreement.open_claims_at(now).iter().filter(|claim| claim.overdue).map(|claim| claim.index).collect();
    let mut lines = Vec::new();
    let mut say = |indexes: Vec<u64>, one: &str, several: &str| {
        if !indexes.is_empty() {
            let says = if indexes.len() == 1 { one } else { several };
            lines.push(clause(&span_of(&indexes), says));
        }
    };
    say(disputes, "is a dispute that is open", "are disputes that are open");
    say(challenged, "is challenged", "are challenged");
    say(overdue, "was not judged in time", "were not judged in time");
    lines
}
