//! Who is asked, and who is not: parties, newcomers, the mediator.

use crate::{
    agreement::{Agreement, motion::Matter},
    cli::{
        error::{Exit, Failure},
        words::{and, until_text},
    },
    keys::PublicKey,
    statement::terms::{Party, Terms},
    time::Timestamp,
};

/// Returns the party that a key would belong to if an amendment that waits were in force.
pub(super) fn newcomer(agreement: &Agreement, key: PublicKey) -> Option<(usize, &Party)> {
    agreement.motions().find_map(|motion| {
        let Matter::Amendment(amended) = &motion.matter else { return None };
        let mut parties = amended.terms.parties.iter().enumerate();
        parties.find(|(_, party)| party.keys.iter().any(|listed| listed.key == key))
    })
}

/// Says that a key is nobody's.
pub(super) fn no_party(agreement: &Agreement, key: PublicKey) -> Failure {
    let names: Vec<&str> = agreement.terms().parties.iter().map(|party| party.name.as_str()).collect();
    Failure::new(Exit::Refused, format!("{key} is the key of no party of this agreement"))
        .reason("SIGNER_NOT_PARTY")
        .hint(format!("sign with a key that the terms list; the parties are {}", and(&names)))
}

/// Says who still has to accept, or that nobody has.
#[must_use]
pub fn waiting_for(agreement: &Agreement) -> String {
    let mut missing: Vec<String> = agreement
        .acceptances()
        .filter(|acceptance| u32::try_from(acceptance.keys.len()).is_ok_and(|signed| signed < acceptance.needed))
        .map(|acceptance| match acceptance.needed {
            1 => acceptance.party.name.to_string(),
            needed => format!("{} ({} of {needed} keys)", acceptance.party.name, acceptance.keys.len()),
        })
        .collect();
    if agreement.appointed().is_some_and(|appointed| appointed.conflicts.is_none()) {
        missing.push("the mediator, who consents".to_owned());
    }
    let missing: Vec<&str> = missing.iter().map(String::as_str).collect();
    and(&missing)
}

/// Says what is missing of a proposal that is negotiated, and who says it how.
#[must_use]
pub fn still_to_accept(agreement: &Agreement) -> String {
    let consents = agreement.appointed().is_some_and(|appointed| appointed.conflicts.is_none());
    let how = if consents { "counterfoil accept, and the mediator counterfoil consent" } else { "counterfoil accept" };
    format!("in force once they have accepted that have not yet: {}: {how}", waiting_for(agreement))
}

/// Says until when a proposal can be accepted.
#[must_use]
pub fn deadline_text(terms: &Terms) -> String {
    let until = |deadline: Timestamp| format!(" until {}", until_text(deadline));
    terms.acceptance_deadline.map(until).unwrap_or_default()
}
