//! Why a settlement may not enter, or an account cannot be computed.

use std::fmt;

use crate::{
    split::SplitError,
    statement::terms::{CurrencyCode, Name},
};

/// Why a settlement may not enter, or an account cannot be computed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SettlementRefusal {
    /// The last settlement covers as much or more.
    #[error("the last settlement covers {settled_size} entries; one at {tree_size} comes too late")]
    TooOld {
        /// The size asked for.
        tree_size: u64,
        /// The cut-off of the last settlement.
        settled_size: u64,
    },
    /// The ledger is not that large.
    #[error("the ledger has {size} entries; a settlement cannot cover {tree_size}")]
    TooNew {
        /// The size asked for.
        tree_size: u64,
        /// The entries there are.
        size: u64,
    },
    /// It does not say what the rule gives.
    #[error("{}; the rule gives {computed}", said(.line, .currency, .party, .stated))]
    SplitMismatch {
        /// Which figure differs.
        line: Line,
        /// In which currency.
        currency: Option<CurrencyCode>,
        /// For which party.
        party: Option<Name>,
        /// What the settlement says, as text.
        stated: String,
        /// What the rule gives, as text.
        computed: String,
    },
    /// The entitlements of a currency have no common denominator within the limit.
    #[error("the entitlements in {currency} need a common denominator of {bits} bits, at most {max} are allowed")]
    EntitlementTooFine {
        /// The currency.
        currency: CurrencyCode,
        /// The bits needed.
        bits: usize,
        /// The bits allowed.
        max: usize,
    },
    /// The split cannot be computed.
    #[error("the split cannot be computed")]
    NotComputable {
        /// Why.
        #[source]
        source: Box<SplitError>,
    },
}

impl SettlementRefusal {
    /// Returns the reason code.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::TooOld { .. } => "SETTLEMENT_TOO_OLD",
            Self::TooNew { .. } => "SETTLEMENT_TOO_NEW",
            Self::SplitMismatch { .. } => "SPLIT_MISMATCH",
            Self::EntitlementTooFine { .. } => "ENTITLEMENT_TOO_FINE",
            Self::NotComputable { .. } => "SPLIT_NOT_COMPUTABLE",
        }
    }
}

/// A figure of a settlement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// Which currencies have an account.
    Currencies,
    /// How many lines an account has.
    Parties,
    /// What is due to a party.
    Due,
    /// What is allocated to a party.
    Allocation,
    /// What was pooled.
    Pool,
    /// What goes to fees.
    Fees,
    /// What is held back.
    HeldBack,
    /// What is held because it is disputed.
    Disputed,
    /// What caps leave over.
    Reserve,
    /// The digest of the exact entitlements.
    Entitlements,
    /// The digest of the exact shares.
    Shares,
}

fn said(line: &Line, currency: &Option<CurrencyCode>, party: &Option<Name>, stated: &str) -> String {
    let currency: &dyn fmt::Display = currency.as_ref().map_or(&"any currency", |currency| currency);
    let party: &dyn fmt::Display = party.as_ref().map_or(&"all parties", |party| party);
    match line {
        Line::Currencies => format!("settlement has accounts in {stated}"),
        Line::Parties => format!("settlement has {stated} lines in {currency}"),
        Line::Due => format!("settlement pays {party} {stated}"),
        Line::Allocation => format!("settlement allocates {stated} to {party} in all"),
        Line::Pool => format!("settlement pools {stated}"),
        Line::Fees => format!("settlement takes fees of {stated}"),
        Line::HeldBack => format!("settlement holds {stated} back"),
        Line::Disputed => format!("settlement holds {stated} as disputed"),
        Line::Reserve => format!("settlement keeps {stated} in reserve"),
        Line::Entitlements => format!("settlement's digest of the entitlements in {currency} is {stated}"),
        Line::Shares => format!("settlement's digest of the shares is {stated}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Line, SettlementRefusal};

    #[test]
    fn a_mismatch_says_both_figures_as_people_write_them() {
        let text = |line, party: Option<&str>, stated: &str, computed: &str| {
            SettlementRefusal::SplitMismatch {
                line,
                currency: Some("EUR".parse().unwrap()),
                party: party.map(|name| name.parse().unwrap()),
                stated: stated.to_owned(),
                computed: computed.to_owned(),
            }
            .to_string()
        };
        assert_eq!(
            text(Line::Due, Some("community"), "60.00 EUR", "58.33 EUR"),
            "settlement pays community 60.00 EUR; the rule gives 58.33 EUR"
        );
        assert_eq!(
            text(Line::Allocation, Some("community"), "60.00 EUR", "58.33 EUR"),
            "settlement allocates 60.00 EUR to community in all; the rule gives 58.33 EUR"
        );
        assert_eq!(text(Line::Parties, None, "1", "2"), "settlement has 1 lines in EUR; the rule gives 2");
    }
}
