//! Disputes: what is disputed, what is sought, evidence, offers and rulings, and the corrections that follow.
//!
//! A dispute names entries and, for each, what it seeks; until it is decided every party gets what it would get at least whatever
//! comes of it (`settle::doubt`). It ends by an offer that all sides accept, by the mediator's ruling, which stays between what is
//! and what is sought and carries the digest of its effect, or by withdrawal. Corrections are derived from what was decided; no
//! entry is ever edited.

mod artifacts;
mod decide;
mod effect;
mod judge;
mod subject;
mod together;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use effect::Effect;
pub use subject::{Stands, Subject};

use crate::{
    agreement::{
        Agreement,
        motion::Matter,
        refusal::Refusal,
        settle::{Account, Books},
        tally::Tally,
    },
    digest::Digest,
    statement::{dispute::Outcome, id::StatementId},
    time::Timestamp,
};

/// How many disputes one party may open over the life of an agreement.
pub const DISPUTES_MAX: usize = 1_000;
/// How many disputes that one party opened may be open at once.
pub const OPEN_DISPUTES_MAX: usize = 16;
/// How many entries one party may dispute between two settlements, over all its disputes: until the next one, accounts may be asked for
/// at every size at which they were in doubt.
pub const DISPUTED_ENTRIES_MAX: usize = 2_048;
/// How many pieces of evidence one party, or the mediator, may give in a dispute.
pub const EVIDENCE_MAX: usize = 64;

/// All disputes of an agreement.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Disputes {
    pub(super) open: BTreeMap<StatementId, Case>,
    /// By entry: the open dispute about it.
    pub(super) disputed: BTreeMap<u64, StatementId>,
    /// In the order in which they ended.
    pub(super) over: Vec<Ended>,
    /// By who opened them: all that there ever were.
    pub(super) made: Tally,
}

/// An open dispute.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// The statement id of the dispute.
    pub id: StatementId,
    /// The index of its entry.
    pub index: u64,
    /// When it was admitted.
    pub opened: Timestamp,
    /// The position of the party that disputes.
    pub party: usize,
    /// The parties to the dispute, ascending: who disputes, whose entries they are, and whose they should be.
    pub sides: Vec<usize>,
    /// The parties that have attested what is disputed, ascending: they may give evidence, too.
    pub attestors: Vec<usize>,
    /// What is disputed.
    pub subjects: Vec<Subject>,
    /// The evidence so far, in ledger order.
    pub evidence: Vec<Given>,
}

/// A piece of evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Given {
    /// The index of its entry.
    pub index: u64,
    /// The position of the party that gave it; none: the mediator.
    pub party: Option<usize>,
    /// SHA-256 of the document.
    pub digest: Digest,
}

/// A dispute that is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// The statement id of the dispute.
    pub id: StatementId,
    /// The index of its entry.
    pub index: u64,
    /// The index of the entry that ended it.
    pub at: u64,
    /// How it ended.
    pub how: End,
    /// The position of the party that disputed.
    pub party: usize,
    /// How many entries were disputed.
    pub entries: usize,
}

/// How a dispute ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum End {
    /// All sides accepted an offer.
    Settled,
    /// The mediator decided.
    Ruled,
    /// Who disputed took it back.
    Withdrawn,
}

/// Where a dispute stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DisputeState {
    /// Opened; nobody has given evidence.
    Open,
    /// There is evidence.
    Evidence,
    /// All sides accepted an offer.
    Settled,
    /// The mediator decided.
    Ruled,
    /// Who disputed took it back.
    Withdrawn,
}

#[derive(Debug)]
pub(super) enum Change {
    Opened(Box<Case>),
    Evidence { dispute: StatementId, given: Given },
    Withdrawn { dispute: StatementId },
    Ruled { dispute: StatementId, outcomes: Vec<Outcome> },
}

impl DisputeState {
    /// Every state.
    pub const ALL: [Self; 5] = [Self::Open, Self::Evidence, Self::Settled, Self::Ruled, Self::Withdrawn];

    /// Returns the state as it is written: `RULED`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "OPEN",
            Self::Evidence => "EVIDENCE",
            Self::Settled => "SETTLED",
            Self::Ruled => "RULED",
            Self::Withdrawn => "WITHDRAWN",
        }
    }
}

impl std::fmt::Display for DisputeState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

impl Case {
    /// Returns where it stands.
    #[must_use]
    pub const fn state(&self) -> DisputeState {
        if self.evidence.is_empty() { DisputeState::Open } else { DisputeState::Evidence }
    }
}

impl Ended {
    /// Returns where it stands.
    #[must_use]
    pub const fn state(&self) -> DisputeState {
        match self.how {
            End::Settled => DisputeState::Settled,
            End::Ruled => DisputeState::Ruled,
            End::Withdrawn => DisputeState::Withdrawn,
        }
    }
}

impl Agreement {
    /// Returns every open dispute, in the order of their ids.
    pub fn disputes(&self) -> impl ExactSizeIterator<Item = &Case> {
        self.disputes.open.values()
    }

    /// Returns every dispute that is over, in the order in which they ended.
    #[must_use]
    pub fn ended_disputes(&self) -> &[Ended] {
        &self.disputes.over
    }

    /// Returns an open dispute.
    #[must_use]
    pub fn dispute(&self, id: &StatementId) -> Option<&Case> {
        self.disputes.open.get(id)
    }

    /// Returns until when evidence may be given; none: as long as the dispute is open, or the agreement stands still.
    #[must_use]
    pub fn evidence_until(&self, case: &Case) -> Option<Timestamp> {
        let days = self.terms().windows.evidence;
        if days == 0 { None } else { self.course.window_end(case.opened, days) }
    }

    /// Returns by currency what is at stake in a dispute at `at`, minor units: what would be held for it alone.
    ///
    /// Errors: as [`Self::account_at`].
    pub fn at_stake(&self, case: &Case, at: Timestamp) -> Result<Vec<u64>, Refusal> {
        let account = self.in_doubt(case, at)?;
        Ok(account.figures.iter().map(|figures| figures.disputed).collect())
    }

    /// Returns the account of everything in the ledger and of what time has brought until `at`, as if nothing else were in doubt and
    /// nobody had been paid: it has what every party gets at least and at most, and the difference is held.
    ///
    /// Errors: as [`Self::account_at`].
    pub fn in_doubt(&self, case: &Case, at: Timestamp) -> Result<Account, Refusal> {
        let indexes: Vec<u64> = case.subjects.iter().map(|subject| subject.index).collect();
        let law = self.by(at);
        let mut books: Books = law.books.clone();
        books.doubt_only(&indexes);
        books.forget_allocations();
        Ok(books.account_at(law.shown_size())?)
    }

    /// Returns the account of everything in the ledger, at the size that the next settlement may cover; what is in doubt is held. What
    /// time alone has brought since comes with the next entry, which that does not cover.
    ///
    /// Errors: as [`Self::account_at`].
    pub fn account_now(&self) -> Result<Account, Refusal> {
        Ok(self.books.account_at(self.next_size())?)
    }

    /// Whether outcomes lie between what stands and what is sought: only then may a ruling decide so.
    #[must_use]
    pub fn is_within_positions(&self, case: &Case, outcomes: &[Outcome]) -> bool {
        let pairs = case.subjects.iter().zip(outcomes);
        case.subjects.len() == outcomes.len()
            && pairs.into_iter().all(|(subject, outcome)| subject.allows(&outcome.remedy, self.terms()))
    }

    /// Returns the offers that wait in a dispute.
    pub fn offers_in(&self, dispute: StatementId) -> impl Iterator<Item = &super::motion::Motion> {
        self.motions()
            .filter(move |motion| matches!(&motion.matter, Matter::Offer { dispute: about, .. } if *about == dispute))
    }

    pub(super) fn open_disputes(&self) -> usize {
        self.disputes.open.len()
    }

    /// The size of an account of everything in the ledger and of what time alone has brought, which comes with the next entry.
    pub(super) const fn shown_size(&self) -> u64 {
        self.size + 1
    }

    /// The size of an account of everything that is in the ledger: more than was settled.
    pub(super) fn next_size(&self) -> u64 {
        self.size.max(self.books.cut_off() + 1)
    }
}
