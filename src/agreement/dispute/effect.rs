//! The effect of a decision: what the account would be, computed before anybody signs it.

use std::sync::Arc;

use crate::{
    agreement::{
        Agreement,
        dispute::{Case, Subject, decide::correct},
        refusal::{Refusal, change::ChangeRefusal},
        settle::{Account, Books},
    },
    digest::Digest,
    split::exact_text,
    statement::{
        dispute::{Outcome, Remedy},
        id::StatementId,
        terms::Terms,
    },
    time::Timestamp,
};

/// What a decision would do.
#[derive(Clone, Debug, PartialEq)]
pub struct Effect {
    /// What a ruling, or a retroactive amendment, must carry. `proto/README.md`, "Effects".
    pub digest: Digest,
    /// The account of everything in the ledger and of what time alone has brought, as it stands.
    pub before: Account,
    /// The same after the decision.
    pub after: Account,
}

impl Agreement {
    /// Computes what outcomes would do in an open dispute, if an entry at `at` said so.
    ///
    /// Errors: those of an offer with these outcomes, but for artifacts that others have claimed since; as [`Self::account_at`].
    pub fn effect(&self, dispute: StatementId, outcomes: &[Outcome], at: Timestamp) -> Result<Effect, Refusal> {
        let law = self.by(at);
        let case = law.find_case(dispute)?;
        law.check_outcomes(case, outcomes)?;
        law.effect_of(case, outcomes)
    }

    pub(super) fn effect_of(&self, case: &Case, outcomes: &[Outcome]) -> Result<Effect, Refusal> {
        let mut books = self.books.clone();
        correct(&mut books, self.size, case, outcomes, self.terms());
        self.effect_in(&books, self.terms())
    }

    /// Computes the account of everything in the ledger with what outcomes decide.
    pub(super) fn account_after(&self, case: &Case, outcomes: &[Outcome]) -> Result<Account, Refusal> {
        let mut books = self.books.clone();
        correct(&mut books, self.size, case, outcomes, self.terms());
        Ok(books.account_at(self.shown_size())?)
    }

    /// Computes what terms would do if what was settled were shared anew under them, by an entry at `at`.
    ///
    /// Errors: as [`Self::account_at`].
    pub fn effect_of_terms(&self, terms: &Terms, at: Timestamp) -> Result<Effect, Refusal> {
        self.by(at).effect_of_enacting(terms, true)
    }

    /// Computes what terms would do if they were in force from an entry at `at` on and what was settled stood.
    ///
    /// Errors: as [`Self::account_at`].
    pub fn effect_of_terms_ahead(&self, terms: &Terms, at: Timestamp) -> Result<Effect, Refusal> {
        self.by(at).effect_of_enacting(terms, false)
    }

    fn effect_of_enacting(&self, terms: &Terms, retroactive: bool) -> Result<Effect, Refusal> {
        let mut books = self.books.clone();
        books.enact(self.size, Arc::new(terms.clone()), retroactive);
        self.effect_in(&books, terms)
    }

    /// Computes the effect of what the next entry does to the books. Both sides cover that entry, so that nothing shows as its effect
    /// which comes with it only in time.
    fn effect_in(&self, books: &Books, terms: &Terms) -> Result<Effect, Refusal> {
        let tree_size = self.shown_size();
        let (before, after) = (self.books.account_at(tree_size)?, books.account_at(tree_size)?);
        Ok(Effect { digest: effect_digest(&after, terms), before, after })
    }

    /// Computes what would be at `at` if a contribution, benefit or cost counted nothing; writes nothing.
    ///
    /// Errors: those of disputing it, but for its age; as [`Self::account_at`].
    pub fn effect_without(&self, subject: StatementId, at: Timestamp) -> Result<Effect, Refusal> {
        let law = self.by(at);
        let (index, _, stands) = law.what_stands(subject)?;
        let (id, party) = (subject, stands.owner());
        let subject = Subject { id, index, stands, sought: Remedy::Reject };
        let (sides, opened) = (vec![party], law.last_admitted);
        let (attestors, subjects, evidence) = (Vec::new(), vec![subject], Vec::new());
        let case = Case { id, index, opened, party, sides, attestors, subjects, evidence };
        law.effect_of(&case, &[Outcome { subject: id, remedy: Remedy::Reject }])
    }

    pub(in crate::agreement) fn check_retroactive(&self, terms: &Terms, stated: Digest) -> Result<(), Refusal> {
        let computed = self.effect_of_enacting(terms, true)?.digest;
        if computed == stated { Ok(()) } else { Err(ChangeRefusal::EffectMismatch { stated, computed }.into()) }
    }
}

/// SHA-256 of a heading and a line for each currency and party: what it is entitled to, exactly, and what it is allocated.
fn effect_digest(account: &Account, terms: &Terms) -> Digest {
    let mut text = "counterfoil effect v1\n".to_owned();
    for ((lines, entitlements), currency) in
        account.settlement.accounts.iter().zip(&account.entitlements).zip(&terms.currencies)
    {
        for ((line, exact), party) in lines.parties.iter().zip(entitlements.iter()).zip(&terms.parties) {
            let exact = exact_text(&exact);
            text.push_str(&format!("{} {} {exact} {}\n", currency.code, party.name, line.allocation));
        }
    }
    Digest::of(&[text.as_bytes()])
}
