//! Why something may not be said now about money besides benefits.

use crate::{
    agreement::{calendar::NumberedPeriod, money::costs::CostState},
    digest::Digest,
    statement::{
        id::StatementId,
        terms::{CurrencyCode, Name},
    },
    time::Timestamp,
};

/// Why something may not be said now about money besides benefits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MoneyRefusal {
    /// Settlements do not follow the calendar.
    #[error("settlements of this agreement follow no calendar; there are no periods")]
    NoCalendar,
    /// The agreement was not in force in the period.
    #[error("the agreement came in force in {first}; {period} lies before it")]
    PeriodBeforeFirst {
        /// The period.
        period: NumberedPeriod,
        /// The first one.
        first: NumberedPeriod,
    },
    /// The period is closed.
    #[error("{period} is closed{}; the next period to close is {next}", before_text(*.is_first))]
    PeriodClosed {
        /// The period.
        period: NumberedPeriod,
        /// The first one that is not closed.
        next: NumberedPeriod,
        /// Whether it is the first one of the agreement, to which all belongs that was before.
        is_first: bool,
    },
    /// The period goes on.
    #[error("{period} goes on at {at}; it is over at {}", end_text(.end))]
    PeriodNotOver {
        /// The period.
        period: NumberedPeriod,
        /// When it is over; none: never in the range of times.
        end: Option<Timestamp>,
        /// The admission time.
        at: Timestamp,
    },
    /// What came in in a period is reported before the period begins.
    #[error("period_end lies in {period}, which has not begun at {at}")]
    PeriodNotBegun {
        /// The period.
        period: NumberedPeriod,
        /// The admission time.
        at: Timestamp,
    },
    /// Periods are closed one after the other.
    #[error("{period} is not the next period to close, that is {next}")]
    PeriodOutOfOrder {
        /// The period.
        period: NumberedPeriod,
        /// The next one.
        next: NumberedPeriod,
    },
    /// The party has closed the period.
    #[error("{party} has closed {period} already")]
    AlreadyClosedByParty {
        /// The period.
        period: NumberedPeriod,
        /// The party.
        party: Name,
    },
    /// No closed period waits for its settlement.
    #[error("a settlement follows the closing of a period; the next one to close is {next}")]
    PeriodNotClosed {
        /// The next one to close.
        next: NumberedPeriod,
    },
    /// A settlement is to cover something else than the next period.
    #[error("tree_size is {tree_size}; the settlement of {period} covers {cut_off} entries")]
    SettlementNotAtCutOff {
        /// The size asked for.
        tree_size: u64,
        /// The next period to be settled.
        period: NumberedPeriod,
        /// Its cut-off.
        cut_off: u64,
    },
    /// A benefit is reported for the same stream and period.
    #[error("a benefit of `{stream}` is reported for {period}")]
    NilBesideBenefit {
        /// The stream.
        stream: Name,
        /// The period.
        period: NumberedPeriod,
    },
    /// It was reported that nothing came in.
    #[error("period_end lies in {period}, for which was reported that `{stream}` brought nothing")]
    BenefitBesideNil {
        /// The stream.
        stream: Name,
        /// The period.
        period: NumberedPeriod,
    },
    /// The same nil report comes again.
    #[error("that `{stream}` brought nothing in {period} is reported already")]
    NilTwice {
        /// The stream.
        stream: Name,
        /// The period.
        period: NumberedPeriod,
    },
    /// Costs are not recouped.
    #[error("these terms let no costs recoup")]
    NoRecoupment,
    /// Costs of this kind are not recouped.
    #[error("category `{category}` is none that these terms let recoup")]
    UnknownCategory {
        /// The category.
        category: Name,
    },
    /// The confirmed costs of a currency outgrow their limit.
    #[error("the confirmed costs in {currency} would come to more than 2^63 - 1 minor units")]
    CostsTooLarge {
        /// The currency.
        currency: CurrencyCode,
    },
    /// The invoice was reported before.
    #[error("invoice {invoice} is that of cost {cost}")]
    InvoiceTwice {
        /// The digest of the invoice.
        invoice: Digest,
        /// The cost reported before.
        cost: StatementId,
    },
    /// The invoice is claimed as a contribution.
    #[error("invoice {invoice} is an artifact that a contribution claims points for")]
    AlsoClaimed {
        /// The digest of the invoice.
        invoice: Digest,
    },
    /// An artifact is the invoice of a cost.
    #[error("artifact {artifact} is the invoice of cost {cost}")]
    AlsoCost {
        /// The digest of the artifact.
        artifact: Digest,
        /// The cost.
        cost: StatementId,
    },
    /// The party has reported too many costs.
    #[error("{party} has reported {max} costs already")]
    CostsTooMany {
        /// The party.
        party: Name,
        /// How many are allowed.
        max: usize,
    },
    /// There is no such cost.
    #[error("no cost {cost} in this ledger")]
    UnknownCost {
        /// The cost named.
        cost: StatementId,
    },
    /// A party confirms its own cost.
    #[error("{cost} is a cost of {party} itself")]
    OwnCost {
        /// The cost.
        cost: StatementId,
        /// The party.
        party: Name,
    },
    /// The cost is decided.
    #[error("cost {cost} is {state}")]
    CostNotOpen {
        /// The cost.
        cost: StatementId,
        /// Where it stands.
        state: CostState,
    },
    /// There is no settlement of this size.
    #[error("no settlement covers exactly {tree_size} entries")]
    UnknownSettlement {
        /// The size named.
        tree_size: u64,
    },
    /// A later settlement stands in its place.
    #[error("the last settlement covers {last} entries, not {tree_size}")]
    NotLastSettlement {
        /// The size named.
        tree_size: u64,
        /// The size of the last one.
        last: u64,
    },
    /// The time to acknowledge is over.
    #[error("the settlement could be acknowledged within {days} days of {settled}; {at} comes too late")]
    AcknowledgementLate {
        /// When the settlement was admitted.
        settled: Timestamp,
        /// The window, days.
        days: u32,
        /// The admission time.
        at: Timestamp,
    },
    /// The party has acknowledged the settlement.
    #[error("{party} has acknowledged the settlement already")]
    AlreadyAcknowledged {
        /// The party.
        party: Name,
    },
    /// The payee is no party.
    #[error("payee `{payee}` is no party")]
    UnknownPayee {
        /// The name.
        payee: Name,
    },
    /// A party pays itself.
    #[error("payee `{party}` is the payer itself")]
    PayeeIsPayer {
        /// The party.
        party: Name,
    },
    /// The payer owes nothing.
    #[error("{payer} owes nothing in {currency}: its balance is {balance}")]
    NotDebtor {
        /// The payer.
        payer: Name,
        /// The currency.
        currency: CurrencyCode,
        /// Its balance, for people.
        balance: String,
    },
    /// More is paid than is owed.
    #[error("amount is {amount}; {payer} owes {owes}, {payee} is owed {owed}")]
    PaymentExceeds {
        /// The payer.
        payer: Name,
        /// The payee.
        payee: Name,
        /// The amount paid, for people.
        amount: String,
        /// What the payer owes, for people.
        owes: String,
        /// What the payee is owed, for people.
        owed: String,
    },
    /// The party has reported too many payments.
    #[error("{party} has reported {max} payments already")]
    PaymentsTooMany {
        /// The party.
        party: Name,
        /// How many are allowed.
        max: usize,
    },
    /// There is no such payment.
    #[error("no payment {payment} in this ledger")]
    UnknownPayment {
        /// The payment named.
        payment: StatementId,
    },
    /// Only the payee confirms a payment.
    #[error("{payment} was paid to {payee}; {party} cannot confirm it")]
    NotPayee {
        /// The payment.
        payment: StatementId,
        /// The party that was paid.
        payee: Name,
        /// The party of the signer.
        party: Name,
    },
    /// The payment is confirmed or was taken back.
    #[error("payment {payment} is confirmed or was taken back")]
    PaymentNotOpen {
        /// The payment.
        payment: StatementId,
    },
}

impl MoneyRefusal {
    /// Returns the reason code.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::NoCalendar => "NO_CALENDAR",
            Self::PeriodBeforeFirst { .. } => "PERIOD_BEFORE_FIRST",
            Self::PeriodClosed { .. } => "PERIOD_CLOSED",
            Self::PeriodNotOver { .. } => "PERIOD_NOT_OVER",
            Self::PeriodNotBegun { .. } => "PERIOD_NOT_BEGUN",
            Self::PeriodOutOfOrder { .. } => "PERIOD_OUT_OF_ORDER",
            Self::AlreadyClosedByParty { .. } => "ALREADY_CLOSED_BY_PARTY",
            Self::PeriodNotClosed { .. } => "PERIOD_NOT_CLOSED",
            Self::SettlementNotAtCutOff { .. } => "SETTLEMENT_NOT_AT_CUT_OFF",
            Self::NilBesideBenefit { .. } => "NIL_BESIDE_BENEFIT",
            Self::BenefitBesideNil { .. } => "BENEFIT_BESIDE_NIL",
            Self::NilTwice { .. } => "NIL_TWICE",
            Self::NoRecoupment => "NO_RECOUPMENT",
            Self::UnknownCategory { .. } => "UNKNOWN_CATEGORY",
            Self::CostsTooLarge { .. } => "COSTS_TOO_LARGE",
            Self::InvoiceTwice { .. } => "INVOICE_TWICE",
            Self::AlsoClaimed { .. } => "ALSO_CLAIMED",
            Self::AlsoCost { .. } => "ALSO_COST",
            Self::CostsTooMany { .. } => "COSTS_TOO_MANY",
            Self::UnknownCost { .. } => "UNKNOWN_COST",
            Self::OwnCost { .. } => "OWN_COST",
            Self::CostNotOpen { .. } => "COST_NOT_OPEN",
            Self::UnknownSettlement { .. } => "UNKNOWN_SETTLEMENT",
            Self::NotLastSettlement { .. } => "NOT_LAST_SETTLEMENT",
            Self::AcknowledgementLate { .. } => "ACKNOWLEDGEMENT_LATE",
            Self::AlreadyAcknowledged { .. } => "ALREADY_ACKNOWLEDGED",
            Self::UnknownPayee { .. } => "UNKNOWN_PAYEE",
            Self::PayeeIsPayer { .. } => "PAYEE_IS_PAYER",
            Self::NotDebtor { .. } => "NOT_DEBTOR",
            Self::PaymentExceeds { .. } => "PAYMENT_EXCEEDS",
            Self::PaymentsTooMany { .. } => "PAYMENTS_TOO_MANY",
            Self::UnknownPayment { .. } => "UNKNOWN_PAYMENT",
            Self::NotPayee { .. } => "NOT_PAYEE",
            Self::PaymentNotOpen { .. } => "PAYMENT_NOT_OPEN",
        }
    }
}

fn end_text(end: &Option<Timestamp>) -> String {
    end.map_or_else(|| "no time there is".to_owned(), |end| end.to_string())
}

const fn before_text(is_first: bool) -> &'static str {
    if is_first { ", and what was before it belongs to it" } else { "" }
}
