//! What was recorded: its receipts are kept, and it is told.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::{
    cli::{
        error::Failure,
        home::{self, Home},
        session::Session,
        signing::Said,
    },
    client::Recorded,
    statement::id::AgreementId,
};

/// Keeps receipts and tells what was recorded.
pub struct Told<'a> {
    session: &'a Session,
    copy: Option<PathBuf>,
    /// The entries recorded so far.
    pub indexes: Vec<u64>,
    lines: Vec<String>,
    values: Vec<Value>,
    agreement: Option<AgreementId>,
}

impl<'a> Told<'a> {
    /// Begins; each receipt also goes into `copy`.
    #[must_use]
    pub const fn new(session: &'a Session, copy: Option<PathBuf>) -> Self {
        Self { session, copy, indexes: Vec::new(), lines: Vec::new(), values: Vec::new(), agreement: None }
    }

    /// Keeps the receipt of one statement.
    pub fn tell(&mut self, recorded: &Recorded, said: &Said, says: String) -> Result<(), Failure> {
        let kind = said.signed.statement().body.kind();
        let place = Home::of(&self.session.settings)?.agreement(recorded.agreement);
        let receipt = place.keep_receipt(kind, recorded)?;
        if let Some(copy) = &self.copy {
            home::write_new(copy, recorded.receipt.to_text().as_bytes())?;
        }
        let again = if recorded.already_recorded { " (it was there already)" } else { "" };
        self.lines.push(format!(
            "recorded as entry {}{again}: {says}\n receipt: {}",
            recorded.index,
            receipt.display()
        ));
        self.values.push(json!({
            "entry": recorded.index,
            "statement": recorded.statement.to_string(),
            "kind": kind.as_str(),
            "says": says,
            "admitted": recorded.admitted.to_string(),
            "already_recorded": recorded.already_recorded,
            "receipt": receipt,
        }));
        self.indexes.push(recorded.index);
        self.agreement = Some(recorded.agreement);
        Ok(())
    }

    /// Gives the answer.
    pub fn answer(self, next: Option<String>) -> Result<(), Failure> {
        let agreement = self.agreement.map(|id| id.to_string());
        self.session.output.answer(
            || json!({ "agreement": agreement, "recorded": self.values, "next": next }),
            || self.lines.join("\n"),
        )?;
        if let Some(next) = next {
            self.session.output.next(next);
        }
        Ok(())
    }
}
