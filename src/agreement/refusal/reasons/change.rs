//! Reasons about changes of the agreement itself, in the order of the guards.

use crate::agreement::refusal::reasons::{Reason, because};

/// See [`super::all`].
pub(super) const REASONS: &[Reason] = &[
    because("NOT_MEDIATOR", "a key that is not the mediator's consents or rules", "let the mediator sign"),
    because("NO_MEDIATOR", "the terms name no mediator", "move a mediator replacement or an amendment that names one"),
    because("ALREADY_CONSENTED", "the mediator has consented", "nothing is to do"),
    because("MEDIATOR_IS_PARTY", "a key of the mediator is a party's", "name a mediator who is no party"),
    because(
        "UNKNOWN_MOTION",
        "what is accepted, declined or consented to does not wait for it",
        "name the statement id of something that was moved and is not decided",
    ),
    because("NOT_ASKED", "a motion does not need the signer's party", "nothing is to do: others decide it"),
    because(
        "TOO_MANY_MOTIONS",
        "16 motions of the party wait already",
        "withdraw some first, or let others accept or decline them; what is complete as it is moved is not counted",
    ),
    because(
        "MOTIONS_USED_UP",
        "the party has made 2,000 motions over the life of the agreement",
        "let another party move it, or found a new agreement; a key can be revoked all the same where one key is enough",
    ),
    because(
        "NOTHING_TO_TAKE_BACK",
        "the statement named is no open challenge, dispute, offer or motion",
        "name one that is open",
    ),
    because("NOT_YOURS", "a party takes back what another has said", "let the party take it back that said it"),
    because(
        "TERMS_REPLACED",
        "an amendment replaces other terms than those in force",
        "move it anew over the terms in force",
    ),
    because("AMENDMENT_PENDING", "other terms are accepted and wait for their date", "wait until they are in force"),
    because(
        "EFFECTIVE_IN_PAST",
        "an amendment would be in force before it is accepted",
        "leave the date out, or give a later one; what was settled is only shared anew by a retroactive amendment",
    ),
    because(
        "TERMS_NOT_CONTINUED",
        "new terms change or reorder parties with their keys, dimensions, currencies, streams and their collectors, fees, or the calendar",
        "keep those that are there in their order and append others; keys change by grants and revocations",
    ),
    because(
        "EFFECT_MISMATCH",
        "a ruling or a retroactive amendment does not carry the digest of its effect",
        "compute the effect from the entries as they are now, look at it, and sign exactly that",
    ),
    because("KEY_USED", "a new key is or was a party's or the mediator's", "make a new key"),
    because(
        "KEY_PROOF_INVALID",
        "the new key's own signature over its grant does not verify",
        "sign the grant with the new key",
    ),
    because("TOO_MANY_KEYS", "the party was granted 1,000 keys already", "list further keys in a new agreement"),
    because("EXPIRY_IN_PAST", "a key would have expired before it is granted", "give a later time"),
    because("KEY_NOT_YOURS", "a party revokes a key that is not its own", "name a key of your own party"),
    because(
        "KEYS_TOO_FEW",
        "without the key, or with the threshold of an amendment, a party could accept nothing any more",
        "grant another key with the scope GOVERN first, or amend to a lower threshold",
    ),
    because("KEY_REVOKED", "the key is revoked", "sign with another key of the party"),
    because("KEY_EXPIRED", "the key has expired", "sign with another key of the party, or let it grant one"),
    because(
        "KEY_DAILY_LIMIT",
        "the key has signed as many statements as it may in a day (UTC)",
        "wait for the next day, or sign with another key",
    ),
    because(
        "DAILY_CLAIMS",
        "the key has claimed as many contributions as the terms allow in a day (UTC)",
        "wait for the next day",
    ),
    because("NO_EXIT_TERMS", "the terms have no exit terms", "move an amendment that says what leaving means"),
    because("ALREADY_LEAVING", "the party leaves or has left", "nothing is to do"),
    because("LEAVES_IN_PAST", "a party would have left before it says so", "give a later time"),
    because(
        "PARTY_LEFT",
        "a party that has left claims, attests or moves something, or would guarantee more than it did",
        "nothing is to do: what it is entitled to stays, and it may still report, dispute, pay and confirm",
    ),
    because("TRIAL_OVER", "the trial is over", "move a trial result: passed, failed or extended"),
    because("EXTENSION_NOT_LATER", "a trial would be extended to an earlier time", "give a later time"),
    because(
        "DISPUTES_OPEN",
        "an agreement would end while disputes are open",
        "let them be settled, ruled or withdrawn first",
    ),
];
