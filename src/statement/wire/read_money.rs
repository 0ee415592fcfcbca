//! Statements about money besides benefits, from generated messages.

use crate::{
    proto::counterfoil::v1,
    statement::{
        money::{Acknowledgement, Closing, Cost, CostConfirmation, NilReport, Payment, PaymentConfirmation},
        wire::{
            problem::{FieldError, Within},
            read_field::{TEXT_BYTES_MAX, digest, ids, not_zero, required, text},
        },
    },
};

pub(super) fn cost(from: v1::Cost) -> Result<Cost, FieldError> {
    let category = required(from.category).within("category")?;
    let currency = required(from.currency).within("currency")?;
    let amount = not_zero(from.amount_minor).within("amount_minor")?;
    let invoice = digest(&from.invoice_digest).within("invoice_digest")?;
    Ok(Cost { category, currency, amount, invoice, note: text(from.note, TEXT_BYTES_MAX).within("note")? })
}

pub(super) fn cost_confirmation(from: v1::CostConfirmation) -> Result<CostConfirmation, FieldError> {
    Ok(CostConfirmation { costs: ids(&from.cost_ids).within("cost_ids")? })
}

pub(super) fn nil_report(from: v1::NilReport) -> Result<NilReport, FieldError> {
    Ok(NilReport { stream: required(from.stream).within("stream")?, period: from.period })
}

/// Reads a closing; that the statement names a checkpoint is checked where its head is read.
pub(super) const fn closing(from: &v1::Closing) -> Closing {
    Closing { period: from.period }
}

pub(super) fn acknowledgement(from: v1::Acknowledgement) -> Result<Acknowledgement, FieldError> {
    Ok(Acknowledgement { tree_size: not_zero(from.tree_size).within("tree_size")? })
}

pub(super) fn payment(from: v1::Payment) -> Result<Payment, FieldError> {
    let tree_size = not_zero(from.tree_size).within("tree_size")?;
    let payee = required(from.payee).within("payee")?;
    let currency = required(from.currency).within("currency")?;
    let amount = not_zero(from.amount_minor).within("amount_minor")?;
    let evidence = digest(&from.evidence_digest).within("evidence_digest")?;
    let note = text(from.note, TEXT_BYTES_MAX).within("note")?;
    Ok(Payment { tree_size, payee, currency, amount, evidence, note })
}

pub(super) fn payment_confirmation(from: v1::PaymentConfirmation) -> Result<PaymentConfirmation, FieldError> {
    Ok(PaymentConfirmation { payments: ids(&from.payment_ids).within("payment_ids")? })
}
