//! The rules that terms set besides the formula's figures: the mediator, the calendar, windows, what comes before the shares,
//! trial and exit. Every field is within its limits; whether they fit together, the law decides.

use serde::{Deserialize, Serialize};

use crate::{
    digest::Digest,
    keys::PublicKey,
    split::Ratio,
    statement::terms::{CurrencyCode, Name},
};

/// Who decides disputes: no party.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mediator {
    /// Its name for people.
    pub display_name: String,
    /// Its keys, each of which signs alone: at least one, each once.
    pub keys: Vec<PublicKey>,
}

/// How settlements follow the calendar (UTC). A period is numbered by how many began since 1970, that year's first being 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Calendar {
    /// By the month.
    Month,
    /// By the quarter.
    Quarter,
    /// By the year.
    Year,
}

/// How long things may take, days.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Windows {
    /// Within which contributions are attested; 0: for ever.
    pub attest: u32,
    /// Within which an accepted contribution may be challenged; 0: not at all.
    pub challenge: u32,
    /// Within which parties close a period that is over; 0: until the last one has.
    pub closing: u32,
    /// Within which a settlement is acknowledged; 0: for ever.
    pub statement: u32,
    /// Within which evidence is given in a dispute; 0: for ever.
    pub evidence: u32,
    /// Within which entries may be disputed, from their admission; 0: [`Windows::AUDIT_DAYS`].
    pub audit: u32,
}

impl Windows {
    /// How long entries may be disputed where the terms say nothing.
    pub const AUDIT_DAYS: u32 = 730;
}

/// What comes before the shares, in this order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waterfall {
    /// Fees.
    pub fees: Vec<Fee>,
    /// The part of the pool that is held back.
    pub holdback: Option<Ratio>,
    /// For how many days after the settlement that took it in.
    pub holdback_days: u32,
    /// The categories of costs that are recouped.
    pub cost_categories: Vec<Name>,
    /// The most of what is left that goes to costs; without, all of it.
    pub corridor: Option<Ratio>,
    /// Caps and floors.
    pub bounds: Vec<Bound>,
    /// Minimum guarantees.
    pub guarantees: Vec<Guarantee>,
}

/// A fee.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fee {
    /// Its name.
    pub name: Name,
    /// Who gets it, for people.
    pub payee: String,
    /// The part of the pool.
    pub rate: Ratio,
    /// The currency it is taken in.
    pub currency: CurrencyCode,
    /// The most it may ever come to, minor units.
    pub cap: Option<u64>,
}

/// What a party gets at most and at least of a settlement's remainder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bound {
    /// The party.
    pub party: Name,
    /// The currency.
    pub currency: CurrencyCode,
    /// The most, as a part of the remainder.
    pub cap: Option<Ratio>,
    /// The least, minor units.
    pub floor: u64,
}

/// What a party gets at least with each settlement, whoever pays it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guarantee {
    /// The party.
    pub party: Name,
    /// The party that pays what is missing, and gets it back when more comes in.
    pub guarantor: Name,
    /// The currency.
    pub currency: CurrencyCode,
    /// Minor units.
    pub amount: u64,
}

/// Which shares apply.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum SharePolicy {
    /// Those at the cut-off of the settlement that first takes a benefit in.
    #[default]
    Prospective,
    /// The latest, for everything.
    TrueUp,
}

/// How entitlements become whole minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Rounding {
    /// By the largest remainder of the cumulative entitlements.
    #[default]
    LargestRemainder,
    /// Largest deficit first.
    NeverNegative,
}

/// A trial before the agreement is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trial {
    /// How many days it lasts, at least 1.
    pub days: u32,
    /// SHA-256 of what has to be shown.
    pub criteria: Digest,
}

/// What leaving means for points, from then on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExitTerms {
    /// How many days before it leaves a party says so.
    pub notice_days: u32,
    /// What of its points counts after that, in [0, 1].
    pub factor: Ratio,
    /// What of its points counts if it leaves without notice, in [0, 1].
    pub factor_without_notice: Ratio,
}

/// What a party would have alone in a year, or in a period where settlements follow the calendar.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Baseline {
    /// The party.
    pub party: Name,
    /// The currency.
    pub currency: CurrencyCode,
    /// Minor units.
    pub amount: u64,
}
