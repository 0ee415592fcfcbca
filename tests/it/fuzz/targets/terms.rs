//! Agreements as people write them.

use std::path::Path;

use counterfoil::{
    agreement::{Agreement, terms::check},
    cli::{
        terms_toml::{Purpose, read},
        toml_file::TomlFile,
    },
    statement::{Body, Statement, wire},
    time::Timestamp,
};

use super::statements::key;

/// A TOML file of terms, to be tried and to be signed.
pub fn terms(bytes: &[u8]) {
    let Ok(text) = String::from_utf8(bytes.to_vec()) else { return };
    let file = TomlFile::new(Path::new("/nowhere/agreement.toml"), text);
    for purpose in [Purpose::Sign, Purpose::Try] {
        let terms = match read(&file, purpose) {
            Ok(terms) => terms,
            Err(error) => {
                let _ = (error.to_string(), error.hint());
                continue;
            }
        };
        let fault = check(&terms);
        let statement = Statement {
            agreement: None,
            signer: key().public(),
            nonce: [1; 16],
            claimed_time: Timestamp::EPOCH,
            seen: None,
            body: Body::Proposal(terms),
        };
        // What cannot travel is refused before it is signed; what can says the same after it.
        if let Ok(envelope) = wire::sign(&statement, &key()) {
            let signed = wire::open(&envelope).unwrap();
            assert_eq!(signed.statement(), &statement);
            assert!(fault.is_ok() || Agreement::found(&signed, Timestamp::EPOCH).is_err());
        }
    }
}
