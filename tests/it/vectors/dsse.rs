//! The pre-authentication encoding of DSSE, and signatures over it.

use std::fs;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use counterfoil::{
    envelope::pre_authentication_encoding,
    keys::{SecretKey, Signature},
};
use serde::Deserialize;

use crate::common;

#[derive(Deserialize)]
struct Vectors {
    spec_example: Example,
    pae: Vec<Pae>,
    ed25519: Vec<Signed>,
}

#[derive(Deserialize)]
struct Example {
    payload_utf8: String,
    payload_type: String,
    pae_utf8: String,
    pae_hex: String,
}

#[derive(Deserialize)]
struct Pae {
    type_hex: String,
    body_hex: String,
    pae_hex: String,
}

#[derive(Deserialize)]
struct Signed {
    seed_hex: String,
    public_hex: String,
    payload_type: String,
    payload_utf8: String,
    sig_b64: String,
}

fn vectors() -> Option<Vectors> {
    let path = common::shared("vectors/dsse/dsse_vectors.json")?;
    Some(serde_json::from_slice(&fs::read(path).unwrap()).unwrap())
}

#[test]
fn the_encoding_is_that_of_the_specification() {
    let Some(Vectors { spec_example, pae, .. }) = vectors() else { return };
    let found = pre_authentication_encoding(&spec_example.payload_type, spec_example.payload_utf8.as_bytes());
    assert_eq!(found, spec_example.pae_utf8.as_bytes());
    assert_eq!(hex::encode(found), spec_example.pae_hex);
    assert_eq!(pae.len(), 7);
    for case in pae {
        let payload_type = String::from_utf8(hex::decode(&case.type_hex).unwrap()).unwrap();
        let found = pre_authentication_encoding(&payload_type, &hex::decode(&case.body_hex).unwrap());
        assert_eq!(hex::encode(found), case.pae_hex);
    }
}

#[test]
fn signatures_over_it_are_made_and_verified() {
    let Some(Vectors { ed25519, .. }) = vectors() else { return };
    assert_eq!(ed25519.len(), 3);
    for case in ed25519 {
        let key = SecretKey::from_seed(&hex::decode(&case.seed_hex).unwrap().try_into().unwrap());
        assert_eq!(hex::encode(key.public().as_bytes()), case.public_hex);
        let pae = pre_authentication_encoding(&case.payload_type, case.payload_utf8.as_bytes());
        let signature = Signature::from_bytes(STANDARD.decode(&case.sig_b64).unwrap().try_into().unwrap());
        assert_eq!(key.sign(&pae), signature);
        assert!(key.public().verify(&pae, &signature).is_ok());
        assert!(key.public().verify(case.payload_utf8.as_bytes(), &signature).is_err());
    }
}
