//! Ids as people give them: in full, their unique beginning, or the number of the entry.

use crate::{
    agreement::Agreement,
    cli::{config::Word, connection::Connection, error::Failure, home::Home, session::Session},
    statement::id::{AgreementId, StatementId},
    text::TextError,
};

/// Something that can be named: the index of its entry and its id.
pub type Named = (u64, StatementId);

/// The verbs that list what can be named, where they are not its plural.
const LISTED_BY: [(&str, &str); 3] = [("feedback", "feedback"), ("challenge", "challenge"), ("commitment", "maintain")];

/// Returns the one among `known` that `text` names; `what` is what they are: `contribution`.
pub fn find(text: &str, what: &str, known: impl Iterator<Item = Named>) -> Result<StatementId, Failure> {
    let verb = LISTED_BY.iter().find(|(listed, _)| *listed == what).map(|(_, verb)| (*verb).to_owned());
    let verb = verb.unwrap_or_else(|| format!("{what}s"));
    let listed = || format!("`counterfoil {verb}` lists them");
    let none = || Failure::usage(format!("{what} {text} is not in this ledger")).hint(listed());
    if let Ok(index) = text.parse::<u64>() {
        let mut known = known;
        let found = known.find(|(at, _)| *at == index).map(|(_, id)| id);
        return found.ok_or_else(|| Failure::usage(format!("entry {index} is no {what}")).hint(listed()));
    }
    if !is_beginning(text) {
        return Err(Failure::usage(format!("`{text}` is no id")).hint(format!(
            "give the number of the entry, or {STATEMENT}... with at least {BEGINNING_MIN} more characters; {}",
            listed()
        )));
    }
    let found: Vec<Named> = known.filter(|(_, id)| id.to_string().starts_with(text)).take(2).collect();
    match found.as_slice() {
        [] => Err(none()),
        [(_, id)] => Ok(*id),
        [(first, _), (second, _), ..] => {
            Err(Failure::usage(format!("{text} is not unique: entries {first} and {second} begin like that"))
                .hint("give more of it, or the number of the entry"))
        }
    }
}

/// Whether a text may be a statement's id, or enough of its beginning.
#[must_use]
pub fn is_beginning(text: &str) -> bool {
    text.starts_with(STATEMENT) && text.len() >= STATEMENT.len() + BEGINNING_MIN
}

const STATEMENT: &str = "st1";
const AGREEMENT: &str = "agr1";
const BEGINNING_MIN: usize = 4;
/// An id that lacks a few characters was meant in full.
const FULL_LENGTH_ABOUT: usize = 56;
/// The most agreements of a server that a beginning is compared with.
const AGREEMENTS_MAX: usize = 100_000;

/// Returns the agreement that is meant: the one given, in full or by its beginning; or that of the settings; or the only
/// one on this machine.
pub fn agreement(session: &Session, given: Option<&str>) -> Result<AgreementId, Failure> {
    let text = match (given, session.settings.text(Word::Agreement)) {
        (Some(text), _) | (None, Some(text)) => text,
        (None, None) => return only_agreement(session),
    };
    let wrong: TextError = match text.parse() {
        Ok(id) => return Ok(id),
        Err(wrong) => wrong,
    };
    if text.starts_with(AGREEMENT) && text.len() >= FULL_LENGTH_ABOUT {
        return Err(
            Failure::usage(format!("{text} is no agreement: {wrong}")).hint("copy it again, or give its beginning")
        );
    }
    if !text.starts_with(AGREEMENT) || text.len() < AGREEMENT.len() + BEGINNING_MIN {
        return Err(Failure::usage(format!("`{text}` is no agreement")).hint(format!(
            "give {AGREEMENT}... in full, or its beginning with at least {BEGINNING_MIN} more characters"
        )));
    }
    let begins = |id: &AgreementId| id.to_string().starts_with(text);
    let mut found: Vec<AgreementId> = Home::of(&session.settings)?.agreements().into_iter().filter(begins).collect();
    if found.is_empty() {
        let mut connection = Connection::open(session)?;
        let listed = session.wait(connection.client.agreements(AGREEMENTS_MAX))?;
        found = listed.into_iter().map(|(id, _)| id).filter(begins).collect();
    }
    match found.as_slice() {
        [id] => Ok(*id),
        [] => Err(Failure::usage(format!("no agreement begins with {text}, on this machine or on the server"))
            .hint("see that all characters are right, and that --server is the right server")),
        [first, second, ..] => Err(Failure::usage(format!("{text} is not unique"))
            .hint(format!("give more of it: {first} and {second} begin like that"))),
    }
}

/// Returns the position of the party with this name.
pub fn party(agreement: &Agreement, name: &str) -> Result<usize, Failure> {
    let names = || agreement.terms().parties.iter().map(|party| party.name.as_str());
    names().position(|known| known == name).ok_or_else(|| {
        let known: Vec<&str> = names().collect();
        Failure::usage(format!("{name} is no party of this agreement"))
            .hint(format!("its parties are {}", known.join(", ")))
    })
}

fn only_agreement(session: &Session) -> Result<AgreementId, Failure> {
    let known = Home::of(&session.settings)?.agreements();
    match known.as_slice() {
        [id] => Ok(*id),
        [] => Err(Failure::usage("no agreement is given").hint("give it: agr1..., or `agreement` in counterfoil.toml")),
        several => {
            Err(Failure::usage(format!("no agreement is given, and there are {} on this machine", several.len()))
                .hint(format!("give one: {}", several.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::find;
    use crate::{digest::Digest, statement::id::StatementId};

    #[test]
    fn an_id_is_found_in_full_by_its_beginning_or_by_its_entry() {
        let ids: Vec<StatementId> = (0..40).map(|byte| StatementId::from_digest(Digest::of(&[&[byte]]))).collect();
        let known = || (0_u64..).zip(ids.iter().copied());
        let full = ids[7].to_string();
        for text in [full.as_str(), &full[..12], "7"] {
            assert_eq!(find(text, "contribution", known()).unwrap(), ids[7], "{text}");
        }
        assert!(find("40", "contribution", known()).unwrap_err().says.contains("entry 40 is no contribution"));
        assert!(find(&full[..5], "contribution", known()).unwrap_err().says.contains("is no id"));
        assert!(find("st1qqqqqqqqqqqq", "contribution", known()).unwrap_err().says.contains("not in this ledger"));
        let doubled = || known().chain([(99, ids[7])]);
        assert!(find(&full, "benefit", doubled()).unwrap_err().says.contains("not unique: entries 7 and 99"));
    }
}
