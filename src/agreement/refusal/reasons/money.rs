//! Reasons about money besides benefits, in the order of the guards.

use crate::agreement::refusal::reasons::{Reason, because};

/// See [`super::all`].
pub(super) const REASONS: &[Reason] = &[
    because(
        "NO_CALENDAR",
        "a period is closed or reported, but the terms name no calendar",
        "nothing is to do: settlements of this agreement follow no periods",
    ),
    because(
        "PERIOD_BEFORE_FIRST",
        "a period is closed or reported that was over before the agreement came in force",
        "begin with the period in which it came in force",
    ),
    because(
        "PERIOD_CLOSED",
        "the period is closed: nothing is reported, claimed or closed in it any more",
        "talk: what was forgotten comes with the time of a period that is open, or by a dispute",
    ),
    because("PERIOD_NOT_OVER", "a period is closed or reported empty while it goes on", "wait until it is over"),
    because(
        "PERIOD_NOT_BEGUN",
        "a benefit is reported for a period that has not begun",
        "report it when it has come in, and check the dates",
    ),
    because("PERIOD_OUT_OF_ORDER", "a period is closed before those in front of it", "close the next one first"),
    because(
        "ALREADY_CLOSED_BY_PARTY",
        "a party closes a period twice",
        "nothing is to do: the others close it, or the deadline does",
    ),
    because(
        "PERIOD_NOT_CLOSED",
        "a settlement comes before the period is closed",
        "close the period: every party does, or the closing window ends",
    ),
    because(
        "SETTLEMENT_NOT_AT_CUT_OFF",
        "a settlement covers something else than the next closed period",
        "settle at the cut-off of the next closed period: nobody chooses the moment",
    ),
    because(
        "NIL_BESIDE_BENEFIT",
        "a stream is reported empty in a period in which a benefit of it is reported",
        "nothing is to do: the benefit is the report",
    ),
    because(
        "BENEFIT_BESIDE_NIL",
        "a benefit is reported in a period for which its stream was reported empty",
        "take the nil report back by a withdrawal, as long as the period is open",
    ),
    because(
        "NIL_TWICE",
        "a stream is reported empty in a period twice",
        "nothing is to do; after a withdrawal report the benefit",
    ),
    because(
        "NO_RECOUPMENT",
        "a cost is reported, but the terms let none recoup",
        "move an amendment that names categories of costs",
    ),
    because("UNKNOWN_CATEGORY", "the category of a cost is not in the terms", "use a category of the terms"),
    because(
        "INVOICE_TWICE",
        "the invoice of a cost is that of another one",
        "nothing is to do: the cost is reported; to correct it, its payer takes it back first",
    ),
    because(
        "ALSO_CLAIMED",
        "the invoice of a cost is an artifact that a contribution claims points for",
        "choose: what is recouped brings no points; withdraw the contribution or leave the cost",
    ),
    because(
        "COSTS_TOO_MANY",
        "the party has reported 2,000 costs already",
        "gather several invoices in one, or make a new agreement",
    ),
    because(
        "ALSO_COST",
        "an artifact of a contribution is the invoice of a cost",
        "choose: what is recouped brings no points",
    ),
    because("UNKNOWN_COST", "no such cost in this ledger", "name the statement id of a cost of this agreement"),
    because("OWN_COST", "a party confirms its own cost", "let another party confirm it"),
    because("COST_NOT_OPEN", "the cost is confirmed or was taken back", "nothing is to do"),
    because(
        "COSTS_TOO_LARGE",
        "the confirmed costs of a currency would outgrow 2^63 - 1 minor units",
        "check the amount; it is in minor units",
    ),
    because(
        "UNKNOWN_SETTLEMENT",
        "no settlement covers exactly as many entries",
        "name the size that a settlement of this agreement covers",
    ),
    because(
        "NOT_LAST_SETTLEMENT",
        "an older settlement than the last one is acknowledged",
        "acknowledge the last one: amounts are cumulative, it says everything",
    ),
    because(
        "ACKNOWLEDGEMENT_LATE",
        "the window to acknowledge a settlement is over",
        "nothing is to do: it is final for payment",
    ),
    because("ALREADY_ACKNOWLEDGED", "a party acknowledges a settlement twice", "nothing is to do"),
    because("UNKNOWN_PAYEE", "a payment names a payee that is no party", "name a party of the terms"),
    because("PAYEE_IS_PAYER", "a party pays itself", "nothing is to do: only payments to others are reported"),
    because(
        "PAYMENTS_TOO_MANY",
        "the party has reported 10,000 payments already",
        "pay less often, or make a new agreement",
    ),
    because(
        "NOT_DEBTOR",
        "a party pays in a currency in which it owes nothing",
        "look at the balances: who has collected more than its allocation pays",
    ),
    because(
        "PAYMENT_EXCEEDS",
        "a payment is more than the payer owes or the payee is owed, payments that wait for confirmation included",
        "report at most that; take back a payment that was reported by mistake",
    ),
    because(
        "UNKNOWN_PAYMENT",
        "no such payment in this ledger",
        "name the statement id of a payment of this agreement",
    ),
    because(
        "NOT_PAYEE",
        "a payment is confirmed by another party than the one that was paid",
        "let the payee confirm it",
    ),
    because("PAYMENT_NOT_OPEN", "the payment is confirmed or was taken back", "nothing is to do"),
];
