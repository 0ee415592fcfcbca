//! What is said about money besides benefits, in words.

use crate::{
    cli::{
        output::plain,
        period::Period,
        words::{Teller, why},
    },
    statement::money::{Closing, Cost, NilReport, Payment},
};

impl Teller<'_> {
    pub(super) fn cost(&self, body: &Cost) -> String {
        let amount = self.amount(&body.currency, body.amount);
        format!("reports a cost of {amount} for {}{}", body.category, why(&body.note))
    }

    pub(super) fn nil_report(&self, body: &NilReport) -> String {
        format!("reports that {} brought nothing in {}", body.stream, self.period(body.period))
    }

    pub(super) fn closing(&self, body: Closing) -> String {
        format!("closes {}: everything it has for it is in the ledger", self.period(body.period))
    }

    pub(super) fn payment(&self, body: &Payment) -> String {
        let amount = self.amount(&body.currency, body.amount);
        let size = body.tree_size;
        format!(
            "says that it paid {amount} to {} for the settlement of the first {size} entries{}",
            body.payee,
            why(&body.note)
        )
    }

    /// Says what will follow from it, for who is about to sign.
    pub(super) fn cost_lines(&self, body: &Cost) -> Vec<(&'static str, String)> {
        let corridor = self.terms.waterfall.corridor.map(|part| format!(", from at most {part} of what is left"));
        let rule = format!("before the shares{}, once another party has confirmed it", corridor.unwrap_or_default());
        vec![("recouped", rule), ("invoice", format!("sha256 {}", body.invoice))]
    }

    pub(super) fn closing_lines(&self, body: Closing) -> Vec<(&'static str, String)> {
        let Some(calendar) = self.terms.calendar else { return Vec::new() };
        let period = Period::numbered(calendar, body.period);
        let from_to = format!("{} to {}", plain(&period.start().to_string()), plain(&period.end().to_string()));
        vec![
            ("period", from_to),
            ("then", "what was earned or worked in it is refused once all have closed it".to_owned()),
        ]
    }

    fn period(&self, number: u32) -> String {
        match self.terms.calendar {
            Some(calendar) => Period::numbered(calendar, number).to_string(),
            None => format!("period {number}"),
        }
    }
}
