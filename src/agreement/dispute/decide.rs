//! What a decision does: the corrections follow from it.

use std::sync::Arc;

use crate::{
    agreement::{
        Agreement, Entry,
        contribution::Decided,
        dispute::{
            Case, Change, End, Ended,
            subject::{After, Stands, Subject},
        },
        settle::Books,
    },
    split::joint_denominator,
    statement::{dispute::Outcome, id::StatementId, terms::Terms},
};

impl Agreement {
    pub(in crate::agreement) fn apply_dispute(&mut self, entry: Entry, change: Change) {
        match change {
            Change::Opened(case) => {
                for subject in &case.subjects {
                    self.disputes.disputed.insert(subject.index, case.id);
                    let sought = subject.stands.after(&subject.sought, self.terms());
                    if let Some(doubt) = sought.and_then(|sought| subject.stands.doubt(&sought)) {
                        self.books.doubt(entry.index, subject.index, doubt);
                    }
                }
                self.disputes.made.add(case.party, 1);
                self.disputes.open.insert(case.id, *case);
            }
            Change::Evidence { dispute, given } => {
                if let Some(case) = self.disputes.open.get_mut(&dispute) {
                    case.evidence.push(given);
                }
            }
            Change::Withdrawn { dispute } => {
                if let Some(case) = self.end(entry, dispute, End::Withdrawn) {
                    for subject in &case.subjects {
                        self.books.no_doubt(entry.index, subject.index);
                        self.doubt_again(entry.index, subject.index);
                    }
                }
            }
            Change::Ruled { dispute, outcomes } => self.decide(entry, dispute, &outcomes, End::Ruled),
        }
    }

    fn end(&mut self, entry: Entry, dispute: StatementId, how: End) -> Option<Case> {
        let case = self.disputes.open.remove(&dispute)?;
        for subject in &case.subjects {
            self.disputes.disputed.remove(&subject.index);
        }
        let (id, index, at, party, entries) = (case.id, case.index, entry.index, case.party, case.subjects.len());
        self.disputes.over.push(Ended { id, index, at, how, party, entries });
        // Offers in a dispute that is over lead nowhere.
        self.motions.end_offers(dispute);
        Some(case)
    }

    /// Corrects what was decided in a dispute.
    pub(in crate::agreement) fn decide(&mut self, entry: Entry, dispute: StatementId, outcomes: &[Outcome], how: End) {
        let Some(case) = self.end(entry, dispute, how) else { return };
        let terms = Arc::clone(&self.versions.current().terms);
        let moved = self.claims_moved(&case, outcomes);
        correct(&mut self.books, entry.index, &case, outcomes, &terms);
        for (subject, outcome) in case.subjects.iter().zip(outcomes) {
            let Some(after) = subject.stands.after(&outcome.remedy, &terms) else { continue };
            self.correct_entry(entry, subject, after);
        }
        self.move_claims(moved);
    }

    fn correct_entry(&mut self, entry: Entry, subject: &Subject, after: After) {
        match (&subject.stands, after) {
            (Stands::Contribution { dimension, .. }, After::Points(counts)) => {
                let at = entry.index;
                if let Some((_, counts)) = &counts {
                    let denominator = &mut self.contributions.denominators[*dimension];
                    *denominator = joint_denominator(denominator, counts.denominator());
                }
                self.give_budget_back(subject.index);
                if let Some(slot) = self.contributions.slots.change(&subject.index) {
                    slot.decided = Some(Box::new(Decided { at, counts }));
                }
                self.use_budget_again(subject.index);
                self.close_claim(entry, subject.index);
                self.end_challenges(entry, subject.index);
            }
            (Stands::Benefit { came_in, amount, .. }, After::Amount(after)) => {
                if let Some(slot) = self.benefits.slots.change(&subject.index) {
                    (slot.amount, slot.decided) = (after, Some(entry.index));
                }
                let confirmed = &mut self.benefits.confirmed[came_in.currency];
                *confirmed = *confirmed - amount + after;
            }
            (Stands::Cost { .. }, After::Amount(after)) => self.money.decide_cost(subject.id, after),
            _ => {}
        }
    }
}

/// Lays what was decided into the books, from entry `at` on.
pub(super) fn correct(books: &mut Books, at: u64, case: &Case, outcomes: &[Outcome], terms: &Terms) {
    for (subject, outcome) in case.subjects.iter().zip(outcomes) {
        books.no_doubt(at, subject.index);
        let Some(after) = subject.stands.after(&outcome.remedy, terms) else { continue };
        match (&subject.stands, after) {
            (Stands::Contribution { party, dimension, from, points, .. }, After::Points(after)) => {
                let before = points.clone().map(|points| (*party, points));
                if before != after {
                    books.correct((at, from.unwrap_or(at)), *dimension, before, after);
                }
            }
            (Stands::Benefit { came_in, amount, .. }, After::Amount(after)) if *amount != after => {
                books.correct_benefit(at, *came_in, *amount, after);
            }
            (Stands::Cost { party, currency, from, amount }, After::Amount(after)) if *amount != after => {
                books.correct_cost((at, *from), *currency, *party, (*amount, after));
            }
            _ => {}
        }
    }
}
