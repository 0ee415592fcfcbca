//! Statements about money besides benefits, to generated messages.

use crate::{
    proto::counterfoil::v1,
    statement::{
        money::{Acknowledgement, Closing, Cost, CostConfirmation, NilReport, Payment, PaymentConfirmation},
        wire::write::{digest, ids},
    },
};

impl From<&Cost> for v1::Cost {
    fn from(from: &Cost) -> Self {
        Self {
            category: from.category.to_string(),
            currency: from.currency.to_string(),
            amount_minor: from.amount,
            invoice_digest: digest(from.invoice),
            note: from.note.clone(),
        }
    }
}

impl From<&CostConfirmation> for v1::CostConfirmation {
    fn from(from: &CostConfirmation) -> Self {
        Self { cost_ids: ids(&from.costs) }
    }
}

impl From<&NilReport> for v1::NilReport {
    fn from(from: &NilReport) -> Self {
        Self { stream: from.stream.to_string(), period: from.period }
    }
}

impl From<&Closing> for v1::Closing {
    fn from(from: &Closing) -> Self {
        Self { period: from.period }
    }
}

impl From<&Acknowledgement> for v1::Acknowledgement {
    fn from(from: &Acknowledgement) -> Self {
        Self { tree_size: from.tree_size }
    }
}

impl From<&Payment> for v1::Payment {
    fn from(from: &Payment) -> Self {
        Self {
            tree_size: from.tree_size,
            payee: from.payee.to_string(),
            currency: from.currency.to_string(),
            amount_minor: from.amount,
            evidence_digest: digest(from.evidence),
            note: from.note.clone(),
        }
    }
}

impl From<&PaymentConfirmation> for v1::PaymentConfirmation {
    fn from(from: &PaymentConfirmation) -> Self {
        Self { payment_ids: ids(&from.payments) }
    }
}
