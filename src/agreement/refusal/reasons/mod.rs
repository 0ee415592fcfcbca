//! Every reason the law refuses for, in words: when, and what helps.

mod change;
mod dispute;
mod money;
mod work;

/// A reason code, when it is given, and what helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reason {
    /// The code: `OWN_CONTRIBUTION`.
    pub code: &'static str,
    /// When it is given.
    pub when: &'static str,
    /// What helps.
    pub remedy: &'static str,
}

/// Returns the reason with a code that the law gives.
#[must_use]
pub fn reason(code: &str) -> Option<&'static Reason> {
    all().find(|reason| reason.code == code)
}

/// Returns every reason the law refuses for, each once; those that concern every statement first.
pub fn all() -> impl Iterator<Item = &'static Reason> {
    let lists: [&'static [Reason]; 5] = [REASONS, work::REASONS, money::REASONS, dispute::REASONS, change::REASONS];
    lists.into_iter().flatten()
}

const fn because(code: &'static str, when: &'static str, remedy: &'static str) -> Reason {
    Reason { code, when, remedy }
}

/// In the order of the guards.
const REASONS: &[Reason] = &[
    because("NOT_FOUNDED", "the first entry of a ledger is no proposal", "begin with a proposal"),
    because(
        "ALREADY_FOUNDED",
        "a proposal comes to the agreement it founded",
        "nothing is to do: the agreement exists",
    ),
    because(
        "OTHER_AGREEMENT",
        "the statement names another agreement than the ledger's",
        "send it to the agreement it names, or sign it anew for this one",
    ),
    because(
        "SEEN_CHECKPOINT_WRONG",
        "the checkpoint the signer remembers is not one of this ledger",
        "compare checkpoints with the other parties: the server may have shown two ledgers; if the mistake is yours, sign with the checkpoint you verified",
    ),
    because(
        "ALREADY_RECORDED",
        "a statement that has an effect of its own, such as a contribution or a motion, comes a second time",
        "nothing is to do: it is in the ledger; to say the same again, sign it with a new nonce",
    ),
    because(
        "TIME_RAN_BACK",
        "the admission time lies before that of the entry in front of it",
        "admit with a clock that never runs back",
    ),
    because("CLOSED", "the agreement is closed", "make a new proposal"),
    because(
        "WINDING_DOWN",
        "the agreement is being wound down, and the statement would begin something",
        "nothing is to do: what is left is reported, settled and paid",
    ),
    because("SUSPENDED", "the agreement stands still", "move a resumption, which all parties accept"),
    because("NOT_SUSPENDED", "an agreement that does not stand still would go on", "nothing is to do"),
    because("NOT_IN_TRIAL", "a trial result is moved where no trial is", "nothing is to do"),
    because(
        "SIGNER_NOT_PARTY",
        "the signer's key belongs to no party of the agreement",
        "sign with a key that the terms list",
    ),
    because(
        "SCOPE_MISSING",
        "the signer's key may not sign this kind of statement",
        "sign with a key of your party that has the scope",
    ),
    because(
        "NOT_NEGOTIATING",
        "an acceptance, decline or withdrawal of a proposal comes after the negotiation",
        "make a new proposal",
    ),
    because(
        "PROPOSAL_EXPIRED",
        "an acceptance, decline or withdrawal comes after the deadline of the proposal",
        "make a new proposal with a later deadline",
    ),
    because(
        "NOT_IN_FORCE",
        "the statement needs an agreement that all parties have accepted",
        "let every party accept first; if the proposal has lapsed, make a new one",
    ),
    because(
        "OTHER_PROPOSAL",
        "the statement names another proposal than the live one",
        "read the live proposal and name its id",
    ),
    because(
        "ALREADY_ACCEPTED",
        "the key has accepted before",
        "nothing is to do; an acceptance binds, and only the proposer can take the proposal back",
    ),
    because("ALREADY_DECLINED", "the key has declined before", "nothing is to do; the key may still accept"),
    because("NOT_PROPOSER", "a party other than the proposer withdraws the proposal", "decline instead"),
    because("PARTIES_TOO_FEW", "the terms have fewer than two parties", "name at least two parties"),
    because("NAME_TWICE", "two parties, dimensions, units or streams have the same name", "give each its own name"),
    because("KEY_TWICE", "a key is listed twice, for one party or for two", "list every key once, with all its scopes"),
    because("GOVERN_KEY_MISSING", "a party has no key with the scope GOVERN", "give one of its keys the scope GOVERN"),
    because(
        "GOVERN_THRESHOLD_OUT_OF_RANGE",
        "a party asks for none, or for more of its GOVERN keys than it has",
        "choose a threshold from 1 to the number of its GOVERN keys",
    ),
    because("PARTY_COEFFICIENT_ZERO", "the coefficient of a party is zero", "use 1, or any other fraction above zero"),
    because("CURRENCY_TWICE", "a currency is listed twice", "list it once"),
    because("ACCOUNT_LINES_TOO_MANY", "parties times currencies are more than 2,000", "make several agreements"),
    because(
        "WEIGHTS_NOT_ONE",
        "the weights of the dimensions do not sum to exactly 1",
        "make them sum to 1; write thirds as 1/3",
    ),
    because(
        "FLOOR_MASS_ZERO",
        "a dimension has no floor mass and does not say that none is wanted",
        "give the points the plan expects, or say no_floor_mass: then the first tiny contribution takes the whole dimension",
    ),
    because(
        "FLOOR_MASS_UNWANTED",
        "a dimension has a floor mass and says that none is wanted",
        "leave out one of the two",
    ),
    because(
        "DEFAULT_SHARES_MISSING",
        "a dimension has not one default share for each party",
        "give one for each party, in their order",
    ),
    because(
        "DEFAULT_SHARES_NOT_ONE",
        "the default shares of a dimension do not sum to exactly 1",
        "make them sum to 1; write thirds as 1/3",
    ),
    because(
        "COEFFICIENTS_MISSING",
        "a dimension has not one coefficient for each party",
        "give one for each party, in their order",
    ),
    because("COEFFICIENT_ZERO", "a coefficient of a dimension is zero", "use 1, or any other fraction above zero"),
    because(
        "UNIT_DIMENSION_UNKNOWN",
        "a unit counts in a dimension that the terms do not have",
        "name one of the dimensions",
    ),
    because("UNIT_POINTS_ZERO", "a unit is worth no points", "give a value above zero"),
    because("UNIT_ATTESTATIONS_ZERO", "a unit asks for no attestation", "ask for at least one"),
    because("ATTESTOR_UNKNOWN", "a unit names an attestor that is no party", "name parties"),
    because(
        "ATTESTORS_NOT_IN_ORDER",
        "a unit names its attestors out of the order of the parties, or one twice",
        "name each once, in the order of the parties",
    ),
    because(
        "ATTESTATIONS_IMPOSSIBLE",
        "a unit asks for more attestations than other parties could give",
        "ask for fewer, or give more parties a key with the scope ATTEST",
    ),
    because("COLLECTOR_UNKNOWN", "a stream names a collector that is no party", "name a party"),
    because(
        "COLLECTOR_CANNOT_REPORT",
        "the collector of a stream has no key with the scope REPORT",
        "give one of its keys the scope REPORT",
    ),
    because(
        "CONFIRMATION_IMPOSSIBLE",
        "no party but the collector of a stream has a key with the scope REPORT",
        "give a key of another party the scope REPORT",
    ),
    because("POOL_RATE_ABOVE_ONE", "the pool rate of a stream is above 1", "use a fraction from 0 to 1"),
    because(
        "LICENCE_UNKNOWN",
        "a licence of the IP schedule is no SPDX expression",
        "use identifiers of the SPDX list, joined by AND, OR and WITH; for others a name that begins with LicenseRef-",
    ),
    because("PARTY_UNKNOWN", "a rule of the terms names a party that there is not", "name a party of the terms"),
    because(
        "CURRENCY_UNKNOWN",
        "a rule of the terms names a currency that there is not",
        "name a currency of the terms",
    ),
    because(
        "RULE_TOO_LARGE",
        "a cap, floor, guarantee or baseline is more than 2^63 - 1 minor units, or the floors of a currency together are",
        "check the amount; it is in minor units",
    ),
    because(
        "FEES_ABOVE_ONE",
        "the fees of a currency and the holdback sum to more than 1",
        "make them sum to at most 1: they come out of the same pool",
    ),
    because(
        "HOLDBACK_UNFIT",
        "a holdback of nothing, or for no days, or days without a holdback",
        "give both, above zero, or leave both out",
    ),
    because(
        "CORRIDOR_WITHOUT_COSTS",
        "the terms limit what goes to costs, but let none recoup",
        "name categories of costs, or leave the corridor out",
    ),
    because("BOUND_EMPTY", "a bound has neither a cap nor a floor", "give one of the two, or leave the bound out"),
    because("GUARANTEES_ITSELF", "a party is named as its own guarantor", "name another party as guarantor"),
    because(
        "ROUNDING_UNFIT",
        "the rounding that keeps lines above zero stands beside a guarantee or the latest shares for everything",
        "choose: a guarantor pays and the latest shares take back, so that lines below zero are meant",
    ),
    because(
        "DECAY_WITHOUT_CALENDAR",
        "points decay, but settlements follow no calendar",
        "name a calendar: without it a party could wear points away by settling often",
    ),
    because("DECAY_TOO_FINE", "the decay has a denominator above 1,000", "use a plain fraction, such as 1/20"),
    because(
        "TERMS_TOO_FINE",
        "fractions of the terms need a common denominator of more than 256 bits",
        "use fractions with a common denominator: hundredths, sevenths",
    ),
    because(
        "EXAMPLE_UNFIT",
        "a worked example names something unknown, or has not one number for each party",
        "correct the example",
    ),
    because(
        "EXAMPLE_MISMATCH",
        "the terms do not give the allocations that a worked example expects",
        "talk: either the example or the terms are not what was meant",
    ),
    because("DEADLINE_PASSED", "the deadline for acceptance is over when the proposal is made", "set a later deadline"),
    because(
        "NOT_YOUR_PARTY",
        "a contribution is claimed for another party than the signer's",
        "claim for your own party",
    ),
    because("UNKNOWN_UNIT", "the unit is not in the unit table", "use a unit of the terms"),
    because("WORK_IN_FUTURE", "the work ends after its admission", "claim when the work is done, and check the clock"),
    because(
        "WORK_TOO_OLD",
        "the work ended earlier than the terms allow at its admission",
        "claim sooner; what is too old does not count under these terms",
    ),
    because(
        "OVERCLAIM",
        "the claims of one artifact would add up to more than the whole of it",
        "claim a smaller fraction, or let the other claim be withdrawn or rejected",
    ),
    because(
        "ARTIFACT_TOO_FINE",
        "the claims of one artifact need a common denominator of more than 256 bits",
        "claim a fraction with a denominator that others use",
    ),
    because(
        "UNKNOWN_CONTRIBUTION",
        "no such contribution in this ledger",
        "name the statement id of a contribution of this agreement",
    ),
    because("OWN_CONTRIBUTION", "a party attests its own contribution", "let another party attest it"),
    because(
        "NOT_ATTESTOR",
        "the unit names who may attest, and the signer's party is not among them",
        "let one of the named parties attest it",
    ),
    because(
        "ALREADY_ATTESTED",
        "the party has judged the contribution before",
        "nothing is to do: each party judges once",
    ),
    because(
        "NOT_CLAIMED",
        "the contribution is decided or withdrawn and cannot be attested",
        "nothing is to do; work that is to be judged anew is claimed anew",
    ),
    because(
        "POINTS_TOO_FINE",
        "the points of a dimension would need a common denominator of more than 256 bits",
        "attest or decide with a quality that is a plain fraction, such as 9/10",
    ),
    because("NOT_CLAIMANT", "a party withdraws the contribution of another", "reject it, or let its party withdraw it"),
    because(
        "CONTRIBUTION_FINAL",
        "a settlement has counted the contribution",
        "nothing is to do: what was settled stands",
    ),
    because(
        "CONTRIBUTION_GONE",
        "the contribution was rejected or withdrawn before",
        "nothing is to do: it counts nothing",
    ),
    because("UNKNOWN_STREAM", "the stream is not in the terms", "use a stream of the terms"),
    because("NOT_COLLECTOR", "a party reports a stream that another collects", "let the collector report it"),
    because("UNKNOWN_CURRENCY", "the currency is not in the terms", "use a currency of the terms"),
    because(
        "AMOUNT_TOO_LARGE",
        "the gross amounts of a currency would outgrow 2^63 - 1 minor units",
        "check the amount; it is in minor units",
    ),
    because(
        "UNKNOWN_BENEFIT",
        "no such benefit in this ledger",
        "name the statement id of a benefit of this agreement",
    ),
    because("OWN_BENEFIT", "a party confirms its own report", "let another party confirm it"),
    because("ALREADY_CONFIRMED", "the benefit is confirmed", "nothing is to do"),
    because("NOT_REPORTER", "a party reverses a benefit that another reported", "let its reporter reverse it"),
    because(
        "BENEFIT_NOT_CONFIRMED",
        "a benefit is reversed that nobody confirmed",
        "nothing is to do: it counts nothing; or let it be confirmed first",
    ),
    because(
        "REVERSAL_EXCEEDS",
        "the reversals of a benefit would exceed its amount",
        "reverse at most what is left of it",
    ),
    because(
        "UNKNOWN_REVERSAL",
        "no such reversal in this ledger",
        "name the statement id of a reversal of this agreement",
    ),
    because("OWN_REVERSAL", "a party confirms its own reversal", "let another party confirm it"),
    because("REVERSAL_ALREADY_CONFIRMED", "the reversal is confirmed", "nothing is to do"),
    because(
        "SETTLEMENT_TOO_NEW",
        "a settlement covers more entries than there are",
        "settle at the size of the ledger, or at one after the last settlement's",
    ),
    because(
        "SETTLEMENT_TOO_OLD",
        "a settlement covers no more entries than the last one",
        "settle at a larger size; the last settlement stands",
    ),
    because(
        "SPLIT_MISMATCH",
        "a settlement does not say what the rule gives",
        "compute it from the entries, and sign exactly that",
    ),
    because(
        "ENTITLEMENT_TOO_FINE",
        "the entitlements of a currency would need too fine a common denominator: more than 262,144 bits, and fewer where parties times currencies are more than 16 (their number times the square of the bits is at most 2^40)",
        "settle less often, or found a new agreement with plainer fractions",
    ),
    because(
        "SPLIT_NOT_COMPUTABLE",
        "numbers of the split outgrow their limits",
        "report it: admitted entries should never lead here",
    ),
];
