//! The terms of an agreement as values: every field is within its limits; whether they fit together, the law decides.
//!
//! They can be written down for whoever keeps an agreement's state; what parties sign is written by [`super::wire`] alone.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{
    digest::Digest,
    keys::PublicKey,
    split::{Exact, Ratio, exact_text},
    statement::rules::{Baseline, Calendar, ExitTerms, Mediator, Rounding, SharePolicy, Trial, Waterfall, Windows},
    time::Timestamp,
};

/// The terms of an agreement: everything that decides who gets what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// The title.
    pub title: String,
    /// The parties; their order breaks ties and never changes.
    pub parties: Vec<Party>,
    /// The text on paper.
    pub legal_text: LegalText,
    /// The currencies benefits come in.
    pub currencies: Vec<Currency>,
    /// The dimensions of contribution.
    pub dimensions: Vec<Dimension>,
    /// The unit table.
    pub units: Vec<Unit>,
    /// The streams of benefit.
    pub streams: Vec<Stream>,
    /// The IP schedule.
    pub licences: Vec<Licence>,
    /// Inputs with the allocations all parties expect.
    pub examples: Vec<WorkedExample>,
    /// Until when acceptance is possible; without, for ever.
    pub acceptance_deadline: Option<Timestamp>,
    /// Whether one party's decline ends the negotiation.
    pub lapses_on_decline: bool,
    /// How many days a contribution's work may have ended before its admission; without, any.
    pub back_date_days_max: Option<u32>,
    /// Who decides disputes.
    pub mediator: Option<Mediator>,
    /// How settlements follow the calendar, if they do.
    pub calendar: Option<Calendar>,
    /// How long things may take.
    pub windows: Windows,
    /// What comes before the shares.
    pub waterfall: Waterfall,
    /// Which shares apply.
    pub share_policy: SharePolicy,
    /// How entitlements become whole minor units.
    pub rounding: Rounding,
    /// What of the points so far each settlement takes away before it counts new ones; zero: nothing.
    pub decay: Ratio,
    /// A trial before the agreement is in force.
    pub trial: Option<Trial>,
    /// What leaving means; without, nobody leaves but by amendment.
    pub exit: Option<ExitTerms>,
    /// How many days after its close the agreement still takes in reports and payments.
    pub tail_days: u32,
    /// What each party would have alone.
    pub baselines: Vec<Baseline>,
    /// How many contributions a key may claim in a day; without, any.
    pub daily_claims_max: Option<u32>,
}

impl Terms {
    /// Returns terms that say nothing yet but their title and the text on paper: every list is empty, and every rule is as it is where
    /// terms are silent. A start for who fills them in; the law takes none without parties.
    #[must_use]
    pub fn titled(title: String, legal_text: LegalText) -> Self {
        Self {
            title,
            parties: Vec::new(),
            legal_text,
            currencies: Vec::new(),
            dimensions: Vec::new(),
            units: Vec::new(),
            streams: Vec::new(),
            licences: Vec::new(),
            examples: Vec::new(),
            acceptance_deadline: None,
            lapses_on_decline: false,
            back_date_days_max: None,
            mediator: None,
            calendar: None,
            windows: Windows::default(),
            waterfall: Waterfall::default(),
            share_policy: SharePolicy::default(),
            rounding: Rounding::default(),
            decay: Ratio::ZERO,
            trial: None,
            exit: None,
            tail_days: 0,
            baselines: Vec::new(),
            daily_claims_max: None,
        }
    }
}

/// A party.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// Its short name, used in statements.
    pub name: Name,
    /// Its name for people.
    pub display_name: String,
    /// What it is.
    pub role: Role,
    /// Its keys and what each may sign.
    pub keys: Vec<PartyKey>,
    /// How many of its GOVERN keys must sign for the party to have accepted.
    pub govern_threshold: u32,
    /// kappa, the score reading of c1, c2.
    pub coefficient: Ratio,
}

/// A key of a party.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartyKey {
    /// The key.
    pub key: PublicKey,
    /// What it may sign, ascending.
    pub scopes: Vec<Scope>,
}

/// What a party is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Role {
    /// An open-source community.
    Community,
    /// A company.
    Enterprise,
    /// A foundation.
    Foundation,
    /// A person.
    Individual,
    /// A university or institute.
    Academic,
    /// Anything else.
    Other,
}

/// What a key may sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Scope {
    /// Propose, accept, decline, withdraw a proposal.
    Govern,
    /// Claim contributions.
    Claim,
    /// Attest contributions of others.
    Attest,
    /// Report and confirm benefits and reversals.
    Report,
}

impl Scope {
    /// Every scope, in the order of the protocol.
    pub const ALL: [Self; 4] = [Self::Govern, Self::Claim, Self::Attest, Self::Report];

    /// Returns the number of the scope in the protocol, from 1.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Govern => 1,
            Self::Claim => 2,
            Self::Attest => 3,
            Self::Report => 4,
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Govern => "GOVERN",
            Self::Claim => "CLAIM",
            Self::Attest => "ATTEST",
            Self::Report => "REPORT",
        })
    }
}

/// The text on paper beside the terms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LegalText {
    /// SHA-256 of the text.
    pub digest: Digest,
    /// Where it may be found; nobody trusts it.
    pub uri: String,
    /// Which prevails where text and computation differ.
    pub prevails: Prevails,
}

/// Which prevails where text and computation differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Prevails {
    /// The text on paper.
    Prose,
    /// The computation.
    Computation,
}

/// A currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Currency {
    /// Its code.
    pub code: CurrencyCode,
    /// Decimal digits of the minor unit, at most 18.
    pub exponent: u32,
}

impl Currency {
    /// Writes an amount of minor units as people do: `58.33`, `-0.05`; `7` without decimal digits.
    #[must_use]
    pub fn decimal(&self, minor: i128) -> String {
        let sign = if minor < 0 { "-" } else { "" };
        let magnitude = minor.unsigned_abs();
        let Ok(places) = usize::try_from(self.exponent) else { return minor.to_string() };
        let Some(unit) = 10_u128.checked_pow(self.exponent).filter(|_| places > 0) else { return minor.to_string() };
        format!("{sign}{}.{:0places$}", magnitude / unit, magnitude % unit)
    }

    /// Writes an amount of minor units with the currency's code: `58.33 EUR`.
    #[must_use]
    pub fn amount(&self, minor: i128) -> String {
        format!("{} {}", self.decimal(minor), self.code)
    }

    /// Writes an exact amount of minor units as people do, and what is beyond the last digit as the fraction it is:
    /// `58.33 EUR and 1/3 minor units`.
    #[must_use]
    pub fn exact_amount(&self, minor: &Exact) -> String {
        let whole = minor.trunc();
        let rest = minor - Exact::from(whole.clone());
        match i128::try_from(whole) {
            Ok(whole) if rest == Exact::ZERO => self.amount(whole),
            Ok(whole) => format!("{} and {} minor units", self.amount(whole), exact_text(&rest)),
            Err(_) => format!("{} minor units of {}", exact_text(minor), self.code),
        }
    }
}

/// A dimension of contribution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dimension {
    /// Its name: T, S, G or the parties' own.
    pub name: Name,
    /// Its name for people.
    pub title: String,
    /// omega.
    pub weight: Ratio,
    /// M.
    pub floor_mass: Ratio,
    /// d, in the order of the parties.
    pub default_shares: Vec<Ratio>,
    /// a, b, in the order of the parties.
    pub coefficients: Vec<Ratio>,
    /// Whether the parties want no floor mass.
    pub no_floor_mass: bool,
}

/// A line of the unit table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unit {
    /// Its name.
    pub name: Name,
    /// The dimension it counts in.
    pub dimension: Name,
    /// Points for one unit.
    pub points: Ratio,
    /// How many other parties must attest.
    pub attestations: u32,
    /// Who may attest; empty: any other party.
    pub attestors: Vec<Name>,
}

/// A stream of benefit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stream {
    /// Its name.
    pub name: Name,
    /// Its name for people.
    pub title: String,
    /// The party that collects and reports it.
    pub collector: Name,
    /// rho: the part of the gross that is pooled.
    pub pool_rate: Ratio,
}

/// A line of the IP schedule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Licence {
    /// What it is for.
    pub deliverable: String,
    /// The SPDX expression.
    pub spdx: String,
}

/// Inputs with the allocations all parties expect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkedExample {
    /// Its name for people.
    pub title: String,
    /// Counted points by dimension, in the order of the parties.
    pub points: Vec<(Name, Vec<Ratio>)>,
    /// The currency of the amounts.
    pub currency: CurrencyCode,
    /// Gross amounts by stream, minor units.
    pub gross: Vec<(Name, u64)>,
    /// What each party is allocated, in the order of the parties, minor units.
    pub allocations: Vec<u64>,
}

/// A name of a party, dimension, unit or stream: 1 to 64 characters out of a-z A-Z 0-9 . _ -
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Name(String);

impl Name {
    /// Returns the name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

const NAME_BYTES_MAX: usize = 64;

impl FromStr for Name {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let fits = (1..=NAME_BYTES_MAX).contains(&text.len());
        if fits && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte)) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NameError)
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// A text is not a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a name has 1 to 64 characters out of a-z A-Z 0-9 . _ -")]
pub struct NameError;

/// The code of a currency: 3 to 8 characters A-Z 0-9.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CurrencyCode(String);

impl CurrencyCode {
    /// Returns the code as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for CurrencyCode {
    type Err = CurrencyCodeError;

    fn from_str(text: &str) -> Result<Self, CurrencyCodeError> {
        let fits = (3..=8).contains(&text.len());
        if fits && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(CurrencyCodeError)
        }
    }
}

impl fmt::Display for CurrencyCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for CurrencyCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// A text is not a currency code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a currency code has 3 to 8 characters out of A-Z 0-9")]
pub struct CurrencyCodeError;

#[cfg(test)]
mod tests {
    use super::Currency;

    #[test]
    fn amounts_have_the_decimal_digits_of_their_currency() {
        let text = |code: &str, exponent, minor| Currency { code: code.parse().unwrap(), exponent }.amount(minor);
        assert_eq!(text("EUR", 2, 5833), "58.33 EUR");
        assert_eq!(text("EUR", 2, -5), "-0.05 EUR");
        assert_eq!(text("JPY", 0, 1234), "1234 JPY");
        assert_eq!(text("ETH", 18, 1), "0.000000000000000001 ETH");
        assert_eq!(text("BHD", 3, i128::from(i64::MIN)), "-9223372036854775.808 BHD");
    }
}
