//! Reasons about the work, in the order of the guards.

use crate::agreement::refusal::reasons::{Reason, because};

/// See [`super::all`].
pub(super) const REASONS: &[Reason] = &[
    because(
        "TOO_MANY_NEEDS",
        "the party has said needs 64 times already",
        "say further needs in feedback, or in a plan",
    ),
    because(
        "UNKNOWN_TASK",
        "a contribution names a task that the plan in force does not have",
        "name a task of the plan, or none: then it is unplanned work",
    ),
    because(
        "NOT_TASK_OWNER",
        "a contribution names a task that another party does",
        "name a task of your own party, or none: then it is unplanned work",
    ),
    because(
        "TASK_DIMENSION_OTHER",
        "a contribution names a task that counts in another dimension than its unit",
        "claim a unit of the task's dimension, or name another task",
    ),
    because(
        "TOO_MANY_OPEN_CLAIMS",
        "5,000 contributions of the party wait for judgement already, under terms with an attest window",
        "let some be attested, rejected or withdrawn first; one attestation judges a thousand",
    ),
    because(
        "UNPLANNED_NOT_ACCEPTED",
        "a contribution is accepted that is in no task of the plan in force",
        "attest it with accepts_unplanned, if the work is wanted all the same",
    ),
    because(
        "TASK_BUDGET_EXCEEDED",
        "the points accepted on a task would go beyond its budget",
        "attest it with accepts_unplanned, if the work is wanted all the same; or adopt a plan with another budget",
    ),
    because("TASK_OWNER_UNKNOWN", "a plan gives a task to somebody who is no party", "name a party"),
    because("TASK_DIMENSION_UNKNOWN", "a task counts in a dimension that the terms do not have", "name a dimension"),
    because(
        "TASK_WITHOUT_FLOOR_MASS",
        "a task counts in a dimension without floor mass: no points are expected there that a plan could share out",
        "leave the task out; work in that dimension is attested with accepts_unplanned",
    ),
    because(
        "BUDGETS_NOT_FLOOR_MASS",
        "the budgets of a dimension do not add up to exactly its floor mass under the terms in force",
        "change the budgets, or amend the floor mass first",
    ),
    because("MILESTONE_TASK_UNKNOWN", "a milestone names a task that the plan does not have", "name tasks of the plan"),
    because(
        "FEEDBACK_NOT_ACCEPTED",
        "a plan takes in feedback that is unknown, not accepted, or taken in before",
        "let another party accept it first, or leave it out",
    ),
    because("OWN_CHALLENGE", "a party challenges its own contribution", "withdraw it instead, while it is not final"),
    because(
        "NOT_ACCEPTED",
        "a contribution is challenged that counts nothing",
        "reject it instead, while it is claimed; otherwise nothing is to do",
    ),
    because(
        "CHALLENGE_NOT_FORESEEN",
        "the terms at the place of the contribution have no challenge window",
        "dispute it instead, or amend the terms for what is claimed later",
    ),
    because(
        "CHALLENGE_LATE",
        "the challenge window is over since the contribution was accepted",
        "dispute it instead, within the audit period",
    ),
    because(
        "CHALLENGED_BEFORE",
        "the party has challenged the contribution on the same ground before",
        "nothing is to do: each ground counts once; dispute it if nobody gives in",
    ),
    because("TOO_MANY_CHALLENGES", "the contribution was challenged 64 times already", "dispute it instead"),
    because(
        "TOO_MANY_CHALLENGED",
        "open challenges of the party would name more than 4,000 contributions",
        "withdraw some first, or wait until they are conceded or decided",
    ),
    because("RISK_OWNER_UNKNOWN", "a risk is to be watched by somebody who is no party", "name a party"),
    because(
        "TOO_MANY_RISKS",
        "250 risks that the party put on the register are open already, or it has put 2,500 on it altogether",
        "close some by a risk assessment first",
    ),
    because("UNKNOWN_RISK", "no such risk is on the register", "name the statement id of a risk of this agreement"),
    because("RISK_CLOSED", "the risk is closed", "put it on the register anew, if it is back"),
    because(
        "NOT_RISK_OWNER",
        "a party other than the one that watches a risk assesses it, or moves its contingency",
        "let its owner move it, and accept",
    ),
    because(
        "TOO_MUCH_FEEDBACK",
        "250 pieces of the party's feedback wait for an answer or a plan already, or it has given 2,500 altogether",
        "let others answer some, and take the accepted ones into a plan",
    ),
    because(
        "UNKNOWN_FEEDBACK",
        "no such feedback in this ledger",
        "name the statement id of feedback of this agreement",
    ),
    because("OWN_FEEDBACK", "a party answers its own feedback", "let another party answer it"),
    because("FEEDBACK_ANSWERED", "the feedback is answered", "nothing is to do: feedback is answered once"),
    because(
        "TOO_MANY_COMMITMENTS",
        "the party has made 64 maintenance commitments already",
        "fulfil those that are there",
    ),
    because(
        "UNKNOWN_COMMITMENT",
        "no such maintenance commitment in this ledger",
        "name the statement id of a commitment of this agreement",
    ),
    because(
        "NOT_YOUR_COMMITMENT",
        "a party fulfils what another has committed itself to",
        "let the party say it that has committed itself",
    ),
    because("UNKNOWN_DUE_DATE", "the date is none of the commitment's", "name one of its dates exactly"),
    because("ALREADY_FULFILLED", "the date was fulfilled before", "nothing is to do"),
];
