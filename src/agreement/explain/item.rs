//! What stands behind the points of a party: its items, who judged or decided them, and what of them is left.

use crate::{
    agreement::{
        Agreement,
        contribution::{Decided, Slot},
        explain::{Step, StepKind},
    },
    split::{Exact, exact_text},
    statement::{
        Verdict,
        terms::{CurrencyCode, Name},
    },
};

impl Agreement {
    /// Says where the points of a contribution come from that it counts in an account at `tree_size`.
    pub(super) fn item_step(&self, index: u64, slot: &Slot, tree_size: u64, points: &Exact) -> Step {
        let (unit, _) = self.unit_of(index, slot);
        let in_full = slot.claimed.quantity().exact() * unit.points.exact();
        let decided = slot.decided.as_deref().filter(|decided| decided.at < tree_size);
        let (quality, by) = match decided {
            Some(decided) => (self.decided_quality(&in_full, points), self.decided_by(slot, decided)),
            None => self.attested(slot),
        };
        let judgements = slot.judgements.iter().map(|judgement| judgement.index);
        Step {
            kind: StepKind::Item,
            text: format!(
                "{} {} x {} points x quality {quality} ({by}) = {} points of {}",
                slot.claimed.quantity(),
                unit.name,
                unit.points,
                exact_text(points),
                unit.dimension,
            ),
            value: exact_text(points),
            indexes: [index].into_iter().chain(judgements).chain(decided.map(|decided| decided.at)).collect(),
        }
    }

    /// Returns the quality that others attested, the least of all, and who they are.
    fn attested(&self, slot: &Slot) -> (String, String) {
        let qualities = slot.judgements.iter().filter_map(|judgement| match judgement.verdict {
            Verdict::Accepted { quality, .. } => Some(quality),
            Verdict::Rejected | Verdict::ChangesRequested => None,
        });
        let quality =
            qualities.min_by_key(|quality| quality.exact()).map_or_else(String::new, |quality| quality.to_string());
        let judges: Vec<&str> =
            slot.judgements.iter().map(|judgement| self.terms().parties[judgement.party].name.as_str()).collect();
        (quality, format!("attested by {}", judges.join(", ")))
    }

    fn decided_quality(&self, in_full: &Exact, points: &Exact) -> String {
        if *in_full == Exact::ZERO { "0".to_owned() } else { exact_text(&(points / in_full)) }
    }

    fn decided_by(&self, slot: &Slot, decided: &Decided) -> String {
        let claimed_by = match &decided.counts {
            Some((party, _)) if *party != slot.party => {
                format!(", claimed by {}", self.terms().parties[slot.party].name)
            }
            _ => String::new(),
        };
        format!("decided by entry {}{claimed_by}", decided.at)
    }

    /// Says what of the points of a party's items is left in an account at `tree_size`: after the decay, and after it has left the
    /// agreement. `of`: the points of its items, and those that count.
    pub(super) fn left_steps(&self, dimension: &Name, party: usize, tree_size: u64, of: (&Exact, &Exact)) -> Vec<Step> {
        let (items, counted) = of;
        let mut steps = Vec::new();
        let mut say = |text: String, value: &Exact| {
            let (kind, value) = (StepKind::Dimension, exact_text(value));
            steps.push(Step {
                kind,
                text: format!("{dimension}: {text} = {value} points"),
                value,
                indexes: Vec::new(),
            });
        };
        let factor = self.books.left_of_leaver(party, tree_size);
        let stayed = if factor == Exact::ZERO { items.clone() } else { counted / &factor };
        // What is in doubt may be less as well; that is no decay.
        if stayed < *items && self.books.decays() {
            say(
                format!("{} points of items, less what has decayed since they were settled", exact_text(items)),
                &stayed,
            );
        }
        if factor != Exact::ONE {
            let (stayed, factor) = (exact_text(&stayed), exact_text(&factor));
            say(format!("{stayed} points x {factor}, the part that counts since it has left"), counted);
        }
        steps
    }

    /// Returns the entries of a party's costs, and of their confirmations, that a settlement of `cut_off` entries could pay back.
    pub(super) fn costs_behind(&self, cut_off: u64, code: &CurrencyCode, party: usize) -> Vec<u64> {
        let costs = self.costs().into_iter().filter(|cost| {
            cost.party == party && self.terms().currencies.get(cost.currency).is_some_and(|known| known.code == *code)
        });
        costs.filter_map(|cost| Some([cost.index, cost.confirmed.filter(|at| *at < cut_off)?])).flatten().collect()
    }
}
