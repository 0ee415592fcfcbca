//! What parties say about money besides benefits: costs, nil reports, closings of periods, payments.

use crate::{
    digest::Digest,
    statement::{
        id::StatementId,
        terms::{CurrencyCode, Name},
    },
};

/// Reports a cost that its payer recoups from the pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cost {
    /// A category that the terms let recoup.
    pub category: Name,
    /// The currency.
    pub currency: CurrencyCode,
    /// Minor units, greater than zero.
    pub amount: u64,
    /// SHA-256 of the invoice.
    pub invoice: Digest,
    /// A line for people.
    pub note: String,
}

/// Confirms costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CostConfirmation {
    /// The costs: at least one, each once.
    pub costs: Vec<StatementId>,
}

/// Reports that a stream brought nothing in a period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NilReport {
    /// The stream.
    pub stream: Name,
    /// The period, as the calendar of the terms counts.
    pub period: u32,
}

/// Says that everything the signer's party has for a period is in the ledger, as far as the signer has seen it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closing {
    /// The period, as the calendar of the terms counts.
    pub period: u32,
}

/// Agrees with a settlement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Acknowledgement {
    /// The size the settlement covers.
    pub tree_size: u64,
}

/// Reports that the signer's party paid another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// The size the settlement covers.
    pub tree_size: u64,
    /// The party that was paid.
    pub payee: Name,
    /// The currency.
    pub currency: CurrencyCode,
    /// Minor units, greater than zero.
    pub amount: u64,
    /// SHA-256 of the evidence.
    pub evidence: Digest,
    /// A line for people.
    pub note: String,
}

/// Confirms payments received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentConfirmation {
    /// The payments: at least one, each once.
    pub payments: Vec<StatementId>,
}
