//! What can be wrong with terms whose every field is within its limits.

use crate::{
    agreement::example::ExampleFault,
    keys::PublicKey,
    split::Ratio,
    statement::terms::{CurrencyCode, Name},
    time::Timestamp,
};

/// Why terms do not fit together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TermsFault {
    /// Fewer than two parties.
    #[error("an agreement needs at least 2 parties, not {found}")]
    PartiesTooFew {
        /// How many there are.
        found: usize,
    },
    /// A name is used twice among its kind.
    #[error("{kind} `{name}` is named twice")]
    NameTwice {
        /// What is named: `party`.
        kind: &'static str,
        /// The name.
        name: Name,
    },
    /// A key is listed twice, for one party or for two.
    #[error("key {key} of {party} is listed for {first} already")]
    KeyTwice {
        /// The key.
        key: PublicKey,
        /// The party that lists it again.
        party: Name,
        /// The party that listed it first.
        first: Name,
    },
    /// A party that cannot accept anything.
    #[error("{party} has no key with the scope GOVERN: it could never accept")]
    GovernKeyMissing {
        /// The party.
        party: Name,
    },
    /// A threshold that is zero or can never be reached.
    #[error("{party} asks for {threshold} of its {keys} GOVERN keys; 1 to {keys} are possible")]
    GovernThresholdOutOfRange {
        /// The party.
        party: Name,
        /// The threshold.
        threshold: u32,
        /// How many GOVERN keys it has.
        keys: usize,
    },
    /// kappa is zero.
    #[error("the coefficient of {party} is zero: it would get nothing whatever it does")]
    PartyCoefficientZero {
        /// The party.
        party: Name,
    },
    /// A currency is listed twice.
    #[error("currency {currency} is listed twice")]
    CurrencyTwice {
        /// Its code.
        currency: CurrencyCode,
    },
    /// A settlement would not fit into a statement.
    #[error("{parties} parties in {currencies} currencies make {} lines, at most {max} are allowed", parties * currencies)]
    AccountLinesTooMany {
        /// How many parties.
        parties: usize,
        /// How many currencies.
        currencies: usize,
        /// How many lines are allowed.
        max: usize,
    },
    /// The weights of the dimensions do not sum to one.
    #[error("the weights of the dimensions sum to {sum}, not to 1")]
    WeightsNotOne {
        /// Their sum, exact.
        sum: String,
    },
    /// A dimension has not one default share for each party.
    #[error("`{dimension}` has {found} default shares for {parties} parties")]
    DefaultSharesMissing {
        /// The dimension.
        dimension: Name,
        /// How many it has.
        found: usize,
        /// How many parties there are.
        parties: usize,
    },
    /// The default shares of a dimension do not sum to one.
    #[error("the default shares of `{dimension}` sum to {sum}, not to 1")]
    DefaultSharesNotOne {
        /// The dimension.
        dimension: Name,
        /// Their sum, exact.
        sum: String,
    },
    /// A dimension has not one coefficient for each party.
    #[error("`{dimension}` has {found} coefficients for {parties} parties")]
    CoefficientsMissing {
        /// The dimension.
        dimension: Name,
        /// How many it has.
        found: usize,
        /// How many parties there are.
        parties: usize,
    },
    /// A coefficient is zero.
    #[error("the coefficient of {party} in `{dimension}` is zero: its work would never count")]
    CoefficientZero {
        /// The dimension.
        dimension: Name,
        /// The party.
        party: Name,
    },
    /// Without a floor mass the first tiny contribution takes the whole dimension; who wants that must say so.
    #[error("`{dimension}` has no floor mass, and does not say that none is wanted")]
    FloorMassZero {
        /// The dimension.
        dimension: Name,
    },
    /// It is said that no floor mass is wanted, and yet there is one.
    #[error("`{dimension}` has a floor mass, but says that none is wanted")]
    FloorMassUnwanted {
        /// The dimension.
        dimension: Name,
    },
    /// A unit counts in a dimension that there is not.
    #[error("unit `{unit}` counts in `{dimension}`, which is no dimension of these terms")]
    UnitDimensionUnknown {
        /// The unit.
        unit: Name,
        /// The dimension named.
        dimension: Name,
    },
    /// A unit is worth nothing.
    #[error("unit `{unit}` is worth no points")]
    UnitPointsZero {
        /// The unit.
        unit: Name,
    },
    /// A unit would count without anybody's judgement.
    #[error("unit `{unit}` asks for no attestation; at least one other party must judge")]
    UnitAttestationsZero {
        /// The unit.
        unit: Name,
    },
    /// An attestor is no party.
    #[error("unit `{unit}` names `{attestor}` as attestor, which is no party")]
    AttestorUnknown {
        /// The unit.
        unit: Name,
        /// The name.
        attestor: Name,
    },
    /// Attestors stand once each, in the order of the parties.
    #[error("unit `{unit}` names `{attestor}` out of the order of the parties, or again")]
    AttestorsNotInOrder {
        /// The unit.
        unit: Name,
        /// The name.
        attestor: Name,
    },
    /// No claim in this unit could ever be accepted, or none of one party.
    #[error("unit `{unit}` asks for {needed} attestations; {claimant} could get {possible}")]
    AttestationsImpossible {
        /// The unit.
        unit: Name,
        /// The party in whose view it is impossible.
        claimant: Name,
        /// How many are asked for.
        needed: u32,
        /// How many other parties can attest.
        possible: usize,
    },
    /// A stream is collected by nobody.
    #[error("stream `{stream}` names `{collector}` as collector, which is no party")]
    CollectorUnknown {
        /// The stream.
        stream: Name,
        /// The name.
        collector: Name,
    },
    /// The collector could never report.
    #[error("{collector} collects `{stream}`, but has no key with the scope REPORT")]
    CollectorCannotReport {
        /// The stream.
        stream: Name,
        /// The collector.
        collector: Name,
    },
    /// Nobody could confirm a report.
    #[error(
        "no party but {collector}, which collects `{stream}`, has a key with the scope REPORT: nobody could confirm"
    )]
    ConfirmationImpossible {
        /// The stream.
        stream: Name,
        /// The collector.
        collector: Name,
    },
    /// More than the gross would be shared.
    #[error("the pool rate of `{stream}` is above 1")]
    PoolRateAboveOne {
        /// The stream.
        stream: Name,
    },
    /// A licence is no SPDX expression.
    #[error("the licence of `{deliverable}` is no SPDX expression: {problem} in `{spdx}`")]
    LicenceUnknown {
        /// What it is for.
        deliverable: String,
        /// The expression.
        spdx: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Fractions of the terms have no common denominator within the limit.
    #[error("{what} need a common denominator of {bits} bits, at most {max} are allowed")]
    TermsTooFine {
        /// Which fractions.
        what: String,
        /// The bits needed.
        bits: usize,
        /// The bits allowed.
        max: usize,
    },
    /// A worked example cannot be computed.
    #[error("worked example `{title}` cannot be computed")]
    ExampleUnfit {
        /// Its title.
        title: String,
        /// Why.
        #[source]
        source: Box<ExampleFault>,
    },
    /// A worked example is not reproduced.
    #[error("worked example `{title}` expects {expected} {currency}; these terms give {computed}")]
    ExampleMismatch {
        /// Its title.
        title: String,
        /// What it expects for each party, in their order: `70.00, 30.00`.
        expected: String,
        /// What the terms give.
        computed: String,
        /// The currency.
        currency: CurrencyCode,
    },
    /// A key of the mediator is a party's.
    #[error("key {key} of the mediator is one of {party}: a mediator is no party")]
    MediatorIsParty {
        /// The key.
        key: PublicKey,
        /// The party.
        party: Name,
    },
    /// A rule names a party that there is not.
    #[error("{what} names `{party}`, which is no party")]
    PartyUnknown {
        /// Which rule.
        what: String,
        /// The name.
        party: Name,
    },
    /// A rule names a currency that there is not.
    #[error("{what} is in {currency}, which is no currency of these terms")]
    CurrencyUnknown {
        /// Which rule.
        what: String,
        /// The code.
        currency: CurrencyCode,
    },
    /// An amount of a rule can never be reached.
    #[error("{what} come to more than 2^63 - 1 minor units")]
    RuleTooLarge {
        /// Which rule.
        what: String,
    },
    /// More is taken from the pool than there is.
    #[error("the fees in {currency} and the holdback sum to {sum}, more than the pool")]
    FeesAboveOne {
        /// The currency.
        currency: CurrencyCode,
        /// Their sum, exact.
        sum: String,
    },
    /// What is held back is nothing, or for no time.
    #[error("holdback is {part} for holdback_days {days}; both are above zero, or both are left out")]
    HoldbackUnfit {
        /// The part held back.
        part: Ratio,
        /// For how many days.
        days: u32,
    },
    /// A corridor for costs that nobody may recoup.
    #[error("corridor limits what goes to costs, but cost_categories is empty")]
    CorridorWithoutCosts,
    /// A bound that binds nobody.
    #[error("the bound of {party} has neither a cap nor a floor")]
    BoundEmpty {
        /// The party.
        party: Name,
    },
    /// A party is its own guarantor.
    #[error("{party} guarantees something to itself")]
    GuaranteesItself {
        /// The party.
        party: Name,
    },
    /// Lines cannot be kept above zero under these rules.
    #[error("rounding cannot keep every line above zero beside {beside}")]
    RoundingUnfit {
        /// Beside what.
        beside: &'static str,
    },
    /// Points decay by the period, and there is none.
    #[error("decay takes away by the period, but there is no calendar")]
    DecayWithoutCalendar,
    /// The powers of the decay would grow too fine.
    #[error("decay is {decay}; a denominator of at most {max} is allowed")]
    DecayTooFine {
        /// The decay.
        decay: Ratio,
        /// The largest denominator.
        max: u64,
    },
    /// Nobody could accept in time.
    #[error("acceptance is possible until {deadline}, which was over at {at}")]
    DeadlinePassed {
        /// The end of the time for acceptance.
        deadline: Timestamp,
        /// The admission time.
        at: Timestamp,
    },
}

impl TermsFault {
    /// Returns the reason code.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::PartiesTooFew { .. } => "PARTIES_TOO_FEW",
            Self::NameTwice { .. } => "NAME_TWICE",
            Self::KeyTwice { .. } => "KEY_TWICE",
            Self::GovernKeyMissing { .. } => "GOVERN_KEY_MISSING",
            Self::GovernThresholdOutOfRange { .. } => "GOVERN_THRESHOLD_OUT_OF_RANGE",
            Self::PartyCoefficientZero { .. } => "PARTY_COEFFICIENT_ZERO",
            Self::CurrencyTwice { .. } => "CURRENCY_TWICE",
            Self::AccountLinesTooMany { .. } => "ACCOUNT_LINES_TOO_MANY",
            Self::WeightsNotOne { .. } => "WEIGHTS_NOT_ONE",
            Self::DefaultSharesMissing { .. } => "DEFAULT_SHARES_MISSING",
            Self::DefaultSharesNotOne { .. } => "DEFAULT_SHARES_NOT_ONE",
            Self::CoefficientsMissing { .. } => "COEFFICIENTS_MISSING",
            Self::CoefficientZero { .. } => "COEFFICIENT_ZERO",
            Self::FloorMassZero { .. } => "FLOOR_MASS_ZERO",
            Self::FloorMassUnwanted { .. } => "FLOOR_MASS_UNWANTED",
            Self::UnitDimensionUnknown { .. } => "UNIT_DIMENSION_UNKNOWN",
            Self::UnitPointsZero { .. } => "UNIT_POINTS_ZERO",
            Self::UnitAttestationsZero { .. } => "UNIT_ATTESTATIONS_ZERO",
            Self::AttestorUnknown { .. } => "ATTESTOR_UNKNOWN",
            Self::AttestorsNotInOrder { .. } => "ATTESTORS_NOT_IN_ORDER",
            Self::AttestationsImpossible { .. } => "ATTESTATIONS_IMPOSSIBLE",
            Self::CollectorUnknown { .. } => "COLLECTOR_UNKNOWN",
            Self::CollectorCannotReport { .. } => "COLLECTOR_CANNOT_REPORT",
            Self::ConfirmationImpossible { .. } => "CONFIRMATION_IMPOSSIBLE",
            Self::PoolRateAboveOne { .. } => "POOL_RATE_ABOVE_ONE",
            Self::LicenceUnknown { .. } => "LICENCE_UNKNOWN",
            Self::TermsTooFine { .. } => "TERMS_TOO_FINE",
            Self::ExampleUnfit { .. } => "EXAMPLE_UNFIT",
            Self::ExampleMismatch { .. } => "EXAMPLE_MISMATCH",
            Self::MediatorIsParty { .. } => "MEDIATOR_IS_PARTY",
            Self::PartyUnknown { .. } => "PARTY_UNKNOWN",
            Self::CurrencyUnknown { .. } => "CURRENCY_UNKNOWN",
            Self::RuleTooLarge { .. } => "RULE_TOO_LARGE",
            Self::FeesAboveOne { .. } => "FEES_ABOVE_ONE",
            Self::HoldbackUnfit { .. } => "HOLDBACK_UNFIT",
            Self::CorridorWithoutCosts => "CORRIDOR_WITHOUT_COSTS",
            Self::BoundEmpty { .. } => "BOUND_EMPTY",
            Self::GuaranteesItself { .. } => "GUARANTEES_ITSELF",
            Self::RoundingUnfit { .. } => "ROUNDING_UNFIT",
            Self::DecayWithoutCalendar => "DECAY_WITHOUT_CALENDAR",
            Self::DecayTooFine { .. } => "DECAY_TOO_FINE",
            Self::DeadlinePassed { .. } => "DEADLINE_PASSED",
        }
    }
}
