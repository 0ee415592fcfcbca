//! Reasons about disputes, in the order of the guards.

use crate::agreement::refusal::reasons::{Reason, because};

/// See [`super::all`].
pub(super) const REASONS: &[Reason] = &[
    because(
        "TOO_MANY_DISPUTES",
        "16 disputes of the party are open, or it has opened 1,000 altogether",
        "end some first: by an offer, a ruling or a withdrawal",
    ),
    because(
        "TOO_MANY_DISPUTED_ENTRIES",
        "the party would dispute more than 2,048 entries between two settlements, those of disputes that ended included",
        "end some disputes and settle first",
    ),
    because(
        "UNKNOWN_SUBJECT",
        "what is disputed is no contribution, benefit or cost of this ledger",
        "name the statement id of one",
    ),
    because(
        "ALREADY_DECIDED",
        "what is disputed was decided in a dispute before",
        "nothing is to do: what was decided stands",
    ),
    because(
        "NOT_DISPUTABLE",
        "what is disputed is withdrawn, waits for judgement within its time, or is not confirmed",
        "attest it or wait until its time is over; confirm a benefit or cost first",
    ),
    because(
        "ALREADY_DISPUTED",
        "what is disputed is disputed already",
        "give evidence or make an offer in that dispute",
    ),
    because("BEYOND_AUDIT", "the audit period of what is disputed is over", "nothing is to do: it stands"),
    because(
        "REMEDY_UNFIT",
        "a remedy does not fit its entry: a quality or another party is for contributions, an amount for benefits and costs, and nothing goes to who joined later",
        "choose another remedy",
    ),
    because("NOTHING_SOUGHT", "what is sought is what stands", "say what should become of the entry"),
    because(
        "AMOUNT_UNFIT",
        "an amount is less than was given back of the benefit, or all that is sought together outgrows 2^63 - 1 minor units",
        "check the amount; it is in minor units",
    ),
    because("UNKNOWN_DISPUTE", "no such dispute is open", "name the statement id of an open dispute"),
    because("EVIDENCE_LATE", "the time for evidence is over", "make an offer; the mediator rules on what was given"),
    because("EVIDENCE_TWICE", "the party has given the same document before", "nothing is to do"),
    because(
        "TOO_MUCH_EVIDENCE",
        "the party, or the mediator, has given 64 pieces of evidence in the dispute",
        "put several documents into one",
    ),
    because(
        "NOT_A_SIDE",
        "who makes an offer is no side of the dispute; who gives evidence neither, nor has it attested what is disputed",
        "let a side make the offer, or give the evidence",
    ),
    because(
        "OTHER_SUBJECTS",
        "the outcomes are not one for each disputed entry, in the order of the dispute",
        "give one outcome for each, and none for what is not disputed",
    ),
    because(
        "OUTSIDE_POSITIONS",
        "a ruling goes beyond what is and what is sought",
        "decide for one of the two, or between them",
    ),
    because(
        "DISPUTED",
        "an entry is withdrawn, attested, challenged or reversed while it is disputed",
        "end the dispute first",
    ),
];
