//! What is said in disputes, in words.

use crate::{
    cli::{
        output::plain,
        remedies::{grouped, remedies_words, remedy_words},
        words::{Teller, clause, why},
    },
    statement::{
        dispute::{Dispute, Evidence, Offer, Outcome, Remedy, Ruling},
        id::StatementId,
    },
};

impl Teller<'_> {
    pub(super) fn dispute(&self, body: &Dispute) -> String {
        format!("disputes {}{}", self.sought(&body.outcomes), why(&body.reason))
    }

    pub(super) fn evidence(&self, body: &Evidence) -> String {
        let media_type =
            if body.media_type.is_empty() { String::new() } else { format!(" of {}", plain(&body.media_type)) };
        let dispute = self.entries_of(&[body.dispute]);
        format!("gives evidence{media_type} in the dispute of {dispute}{}", why(&body.note))
    }

    pub(super) fn offer(&self, body: &Offer) -> String {
        let dispute = self.entries_of(&[body.dispute]);
        format!("offers to settle the dispute of {dispute}: {}", self.outcomes(&body.outcomes))
    }

    pub(super) fn ruling(&self, body: &Ruling) -> String {
        let dispute = self.entries_of(&[body.dispute]);
        format!("decides the dispute of {dispute}: {}", self.outcomes(&body.outcomes))
    }

    pub(super) fn outcome_lines(&self, outcomes: &[Outcome]) -> Vec<(&'static str, String)> {
        let groups = grouped(outcomes).into_iter();
        groups.map(|(remedy, ids)| ("then", clause(&self.entries_of(&ids), &self.becomes(remedy, &ids)))).collect()
    }

    pub(super) fn ruling_lines(&self, body: &Ruling) -> Vec<(&'static str, String)> {
        let mut lines = self.outcome_lines(&body.outcomes);
        lines.push(("effect", format!("sha256 {}", body.effect)));
        lines.push(("reasons", format!("sha256 {}", body.reasons)));
        lines
    }

    /// `entry 3, which should count nothing`.
    fn sought(&self, outcomes: &[Outcome]) -> String {
        let sought = |remedy: &Remedy, ids: &[StatementId]| match remedy {
            Remedy::Stand => "stand".to_owned(),
            Remedy::Reject => "count nothing".to_owned(),
            Remedy::Quality(quality) => format!("count at quality {quality}"),
            Remedy::Reassign(party) => format!("count for {party}"),
            Remedy::Amount(minor) => format!("be {}", self.amount_of(ids, *minor)),
        };
        let groups = grouped(outcomes);
        let groups = groups
            .iter()
            .map(|(remedy, ids)| format!("{}, which should {}", self.entries_of(ids), sought(remedy, ids)));
        groups.collect::<Vec<_>>().join("; ")
    }

    /// `entry 3 counts nothing; entry 4 stands`.
    pub(super) fn outcomes(&self, outcomes: &[Outcome]) -> String {
        let groups = grouped(outcomes);
        let groups = groups.iter().map(|(remedy, ids)| clause(&self.entries_of(ids), &self.becomes(remedy, ids)));
        groups.collect::<Vec<_>>().join("; ")
    }

    fn becomes(&self, remedy: &Remedy, ids: &[StatementId]) -> String {
        let amount = |minor| self.amount_of(ids, minor);
        if ids.len() == 1 { remedy_words(remedy, amount) } else { remedies_words(remedy, amount) }
    }

    fn amount_of(&self, ids: &[StatementId], minor: u64) -> String {
        match ids.first().and_then(|id| self.currencies.get(id)) {
            Some(currency) => self.amount(currency, minor),
            None => format!("{minor} minor units"),
        }
    }
}
