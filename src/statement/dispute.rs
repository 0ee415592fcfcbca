//! What parties and the mediator say in a dispute.

use serde::{Deserialize, Serialize};

use crate::{
    digest::Digest,
    split::Ratio,
    statement::{id::StatementId, terms::Name},
};

/// Disputes entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dispute {
    /// What is disputed and what is sought for it: at least one, each entry once.
    pub outcomes: Vec<Outcome>,
    /// Why, for people; not empty.
    pub reason: String,
}

/// What becomes of one disputed entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// The contribution, benefit or cost.
    pub subject: StatementId,
    /// What becomes of it.
    pub remedy: Remedy,
}

/// What may become of a disputed entry: the closed list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Remedy {
    /// It stands as it is.
    Stand,
    /// It counts nothing.
    Reject,
    /// A contribution counts with another quality, in [0, 1].
    Quality(Ratio),
    /// A contribution is another party's.
    Reassign(Name),
    /// A benefit or cost has another amount, minor units.
    Amount(u64),
}

/// Adds evidence to a dispute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The dispute.
    pub dispute: StatementId,
    /// SHA-256 of the document.
    pub digest: Digest,
    /// Its media type.
    pub media_type: String,
    /// Where it may be found; nobody trusts it.
    pub uri: String,
    /// A line for people.
    pub note: String,
}

/// Offers how to settle a dispute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The dispute.
    pub dispute: StatementId,
    /// One for each disputed entry, in the order of the dispute.
    pub outcomes: Vec<Outcome>,
}

/// The mediator decides a dispute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ruling {
    /// The dispute.
    pub dispute: StatementId,
    /// One for each disputed entry, in the order of the dispute.
    pub outcomes: Vec<Outcome>,
    /// Covers the recomputed effect.
    pub effect: Digest,
    /// SHA-256 of the reasons.
    pub reasons: Digest,
}
