//! Why a benefit or a reversal may not be reported or confirmed.

use crate::{
    agreement::{benefit::GROSS_MAX, state::BenefitState},
    statement::{
        id::StatementId,
        terms::{CurrencyCode, Name},
    },
};

/// Why a benefit or a reversal may not be reported or confirmed now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BenefitRefusal {
    /// The stream is not in the terms.
    #[error("no stream `{stream}` in the terms")]
    UnknownStream {
        /// The stream named.
        stream: Name,
    },
    /// Only the collecting party reports a stream.
    #[error("{collector} collects `{stream}`; {party} cannot report it")]
    NotCollector {
        /// The stream.
        stream: Name,
        /// Who collects it.
        collector: Name,
        /// The party of the signer.
        party: Name,
    },
    /// The currency is not in the terms.
    #[error("no currency {currency} in the terms")]
    UnknownCurrency {
        /// The currency named.
        currency: CurrencyCode,
    },
    /// The gross amounts of a currency outgrow what is computed with.
    #[error("the gross amounts in {currency} would add up to more than {GROSS_MAX} minor units")]
    AmountTooLarge {
        /// The currency.
        currency: CurrencyCode,
    },
    /// No such benefit in this ledger.
    #[error("no benefit {benefit} in this ledger")]
    UnknownBenefit {
        /// The benefit named.
        benefit: StatementId,
    },
    /// A party does not confirm its own report.
    #[error("{party} reported {benefit} itself; another party must confirm it")]
    OwnBenefit {
        /// The benefit.
        benefit: StatementId,
        /// The party that reported it.
        party: Name,
    },
    /// It is confirmed already.
    #[error("{benefit} is {state}; only a REPORTED benefit can be confirmed")]
    AlreadyConfirmed {
        /// The benefit or reversal.
        benefit: StatementId,
        /// Where it stands.
        state: BenefitState,
    },
    /// Only the party that reported a benefit can reverse it.
    #[error("{reporter} reported {benefit}; {party} cannot reverse it")]
    NotReporter {
        /// The benefit.
        benefit: StatementId,
        /// The party that reported it.
        reporter: Name,
        /// The party of the signer.
        party: Name,
    },
    /// What was never confirmed cannot be given back.
    #[error("{benefit} is {state}; only a confirmed benefit can be reversed")]
    BenefitNotConfirmed {
        /// The benefit.
        benefit: StatementId,
        /// Where it stands.
        state: BenefitState,
    },
    /// More would be given back than came in.
    #[error("{benefit} came to {amount}, of which {reversed} are reversed; {requested} more is too much")]
    ReversalExceeds {
        /// The benefit.
        benefit: StatementId,
        /// Its amount, for people.
        amount: String,
        /// What reversals reported or confirmed take back of it, for people.
        reversed: String,
        /// What this one would, for people.
        requested: String,
    },
    /// No such reversal in this ledger.
    #[error("no reversal {reversal} in this ledger")]
    UnknownReversal {
        /// The reversal named.
        reversal: StatementId,
    },
    /// A party does not confirm its own reversal.
    #[error("{party} reported the reversal {reversal} itself; another party must confirm it")]
    OwnReversal {
        /// The reversal.
        reversal: StatementId,
        /// The party that reported it.
        party: Name,
    },
    /// It is confirmed already.
    #[error("{reversal} is {state}; only a REPORTED reversal can be confirmed")]
    ReversalAlreadyConfirmed {
        /// The reversal.
        reversal: StatementId,
        /// Where it stands.
        state: BenefitState,
    },
}

impl BenefitRefusal {
    /// Returns the reason code.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::UnknownStream { .. } => "UNKNOWN_STREAM",
            Self::NotCollector { .. } => "NOT_COLLECTOR",
            Self::UnknownCurrency { .. } => "UNKNOWN_CURRENCY",
            Self::AmountTooLarge { .. } => "AMOUNT_TOO_LARGE",
            Self::UnknownBenefit { .. } => "UNKNOWN_BENEFIT",
            Self::OwnBenefit { .. } => "OWN_BENEFIT",
            Self::AlreadyConfirmed { .. } => "ALREADY_CONFIRMED",
            Self::NotReporter { .. } => "NOT_REPORTER",
            Self::BenefitNotConfirmed { .. } => "BENEFIT_NOT_CONFIRMED",
            Self::ReversalExceeds { .. } => "REVERSAL_EXCEEDS",
            Self::UnknownReversal { .. } => "UNKNOWN_REVERSAL",
            Self::OwnReversal { .. } => "OWN_REVERSAL",
            Self::ReversalAlreadyConfirmed { .. } => "REVERSAL_ALREADY_CONFIRMED",
        }
    }
}
