//! Envelopes and statements.

use bytes::Bytes;
use counterfoil::{
    agreement::{Agreement, terms::check},
    envelope::Envelope,
    keys::{KnownKeys, SecretKey},
    ledger::entry::Entry,
    proto::counterfoil::v1,
    statement::{Body, wire},
    time::Timestamp,
};
use prost::Message as _;

use super::feed::Feed;

/// The key of whoever signs whatever is asked.
pub fn key() -> SecretKey {
    SecretKey::from_seed(&[7; 32])
}

/// An envelope as it comes over the wire, every field as it likes.
pub fn envelope(bytes: &[u8]) {
    let Ok(sent) = v1::Envelope::decode(bytes) else { return };
    let mut feed = Feed::new(&sent.key);
    let key = feed.array();
    let mut feed = Feed::new(&sent.signature);
    let envelope = Envelope { payload_type: sent.payload_type, payload: sent.payload, key, signature: feed.array() };
    let opened = wire::open(&envelope);
    let again = wire::open_with(&envelope, &KnownKeys::default());
    match opened {
        Ok(signed) => {
            assert_eq!(again.unwrap().statement(), signed.statement());
            assert_eq!(wire::encode(signed.statement()), envelope.payload);
            assert_eq!(signed.id().digest(), envelope.id());
            assert_eq!(signed.statement().signer.as_bytes(), &envelope.key);
            let entry = Entry { admitted: Timestamp::EPOCH, envelope };
            assert_eq!(Entry::decode(&entry.encode()), Ok(entry));
        }
        Err(error) => {
            assert!(!error.to_string().is_empty() && !error.reason().is_empty());
            assert_eq!(again.map(drop), Err(error));
        }
    }
}

/// A payload that somebody signed who signs anything.
pub fn statement(bytes: &[u8]) {
    let envelope = Envelope::sign(Bytes::copy_from_slice(bytes), &key());
    let signed = match wire::open(&envelope) {
        Ok(signed) => signed,
        Err(error) => {
            assert!(!error.to_string().is_empty() && !error.reason().is_empty());
            return;
        }
    };
    let statement = signed.statement();
    assert_eq!(wire::encode(statement), bytes, "what opens is canonical");
    assert_eq!(wire::sign(statement, &key()).unwrap(), envelope);
    // The law has an answer to whatever is well-formed, and founds nothing on terms that it finds fault with.
    let founded = Agreement::found(&signed, statement.claimed_time);
    if let Body::Proposal(terms) = &statement.body {
        let fault = check(terms);
        assert!(fault.is_ok() || founded.is_err());
        if let Ok(agreement) = founded {
            let account = agreement.account_at(1).unwrap();
            assert!(account.settlement.accounts.iter().all(|account| account.pool == 0));
        }
    } else {
        assert!(founded.is_err());
    }
}
