//! Everything small that has a text form.

use std::{fmt::Display, str::FromStr};

use counterfoil::{
    cli::amount::{amount_among, minor_units},
    cli::csv_rows::artifact_digest,
    keys::{PublicKey, SecretKey},
    split::Ratio,
    statement::{
        id::{AgreementId, StatementId},
        terms::{Currency, CurrencyCode, Name},
    },
    time::Timestamp,
};

use super::feed::Feed;

/// What reads reads back, in one spelling if it has but one.
fn text<T: FromStr<Err: Display> + Display>(text: &str, one_spelling: bool) {
    match text.parse::<T>() {
        Ok(value) => {
            let written = value.to_string();
            assert!(!one_spelling || written == text, "{text} is {written}");
            let again = written.parse::<T>().ok().map(|value| value.to_string());
            assert_eq!(again.as_deref(), Some(written.as_str()));
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// A text that may be an id, a key, a fraction, a time, a name, or an amount; the first byte chooses decimals.
pub fn texts(bytes: &[u8]) {
    let mut feed = Feed::new(bytes);
    let exponent = u32::from(feed.byte()) % 19;
    let Ok(said) = str::from_utf8(feed.rest()) else { return };
    text::<AgreementId>(said, true);
    text::<StatementId>(said, true);
    text::<PublicKey>(said, true);
    text::<Name>(said, true);
    text::<CurrencyCode>(said, true);
    text::<Ratio>(said, false);
    text::<Timestamp>(said, false);
    let _ = (SecretKey::from_text(said).is_ok(), artifact_digest(said));
    let currency = |code: &str, exponent| Currency { code: code.parse().unwrap(), exponent };
    let currencies = [currency("EUR", exponent), currency("JPY", 0)];
    let _ = minor_units(said, &currencies[0]).map_err(|error| error.to_string());
    if let Ok((place, _)) = amount_among(said, &currencies) {
        assert!(place < currencies.len());
    }
}
