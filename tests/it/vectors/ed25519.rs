//! Verdicts on signatures: Wycheproof's Ed25519 tests and the edge cases of CCTV, judged strictly.

use std::{collections::BTreeMap, fs};

use counterfoil::keys::{KeyPoint, PublicKey, Signature};
use ed25519_dalek::{Signature as DalekSignature, VerifyingKey};
use serde::Deserialize;
use serde_json::Value;

use crate::common;

/// Our one rule: a key that may be registered, a signature of 64 bytes, and the verdict of strict verification, which is
/// also asked here, and of the key when multiples of its point are at hand.
fn accepts(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let (Ok(key), Ok(signature)) = (PublicKey::from_slice(key), signature.try_into()) else { return false };
    let verdict = key.verify(message, &Signature::from_bytes(signature)).is_ok();
    let strict = VerifyingKey::from_bytes(key.as_bytes()).unwrap();
    assert_eq!(verdict, strict.verify_strict(message, &DalekSignature::from_bytes(&signature)).is_ok());
    let prepared = KeyPoint::from_bytes(*key.as_bytes()).unwrap().prepared();
    assert_eq!(verdict, prepared.verify(message, &Signature::from_bytes(signature)).is_ok());
    verdict
}

fn read(path: &str) -> Option<Value> {
    let path = common::shared(path)?;
    Some(serde_json::from_slice(&fs::read(path).unwrap()).unwrap())
}

#[derive(Deserialize)]
struct Wycheproof {
    #[serde(rename = "testGroups")]
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    #[serde(rename = "publicKey")]
    key: GroupKey,
    tests: Vec<Test>,
}

#[derive(Deserialize)]
struct GroupKey {
    pk: String,
}

#[derive(Deserialize)]
struct Test {
    #[serde(rename = "tcId")]
    id: u64,
    msg: String,
    sig: String,
    result: String,
}

#[test]
fn wycheproof_signatures_get_their_verdicts() {
    let Some(cases) = read("vectors/wycheproof-ed25519/ed25519_test.json") else { return };
    let measured = read("vectors/wycheproof-ed25519/expected_dalek.json").unwrap();
    let strict: BTreeMap<u64, bool> = measured
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["tcId"].as_u64().unwrap(), row["verify_strict"].as_bool().unwrap()))
        .collect();
    let cases: Wycheproof = serde_json::from_value(cases).unwrap();
    let (mut seen, mut accepted) = (0, 0);
    for group in &cases.groups {
        let key = hex::decode(&group.key.pk).unwrap();
        for test in &group.tests {
            let verdict = accepts(&key, &hex::decode(&test.msg).unwrap(), &hex::decode(&test.sig).unwrap());
            assert_eq!(verdict, test.result == "valid", "test {}", test.id);
            assert_eq!(verdict, strict[&test.id], "test {}", test.id);
            (seen, accepted) = (seen + 1, accepted + u32::from(verdict));
        }
    }
    assert_eq!((seen, accepted), (151, 88));
}

#[derive(Deserialize)]
struct EdgeCase {
    number: u64,
    key: String,
    sig: String,
    msg: String,
    flags: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Verdict {
    number: u64,
    key_is_weak: bool,
    verify_strict: bool,
}

#[test]
fn edge_cases_get_the_strict_verdict() {
    let Some(cases) = read("vectors/cctv-ed25519/ed25519vectors.json") else { return };
    let measured = read("vectors/cctv-ed25519/expected_dalek.json").unwrap();
    let cases: Vec<EdgeCase> = serde_json::from_value(cases).unwrap();
    let verdicts: Vec<Verdict> = serde_json::from_value(measured["results"].clone()).unwrap();
    assert_eq!(cases.len(), 914);
    assert_eq!(verdicts.len(), cases.len());
    let mut accepted = 0;
    for (case, expected) in cases.iter().zip(&verdicts) {
        assert_eq!(case.number, expected.number);
        let key = hex::decode(&case.key).unwrap();
        let verdict = accepts(&key, case.msg.as_bytes(), &hex::decode(&case.sig).unwrap());
        assert_eq!(verdict, expected.verify_strict, "case {}", case.number);
        let flags = case.flags.as_deref().unwrap_or_default();
        let doubtful = expected.key_is_weak || flags.iter().any(|flag| flag == "non_canonical_A");
        assert!(!doubtful || PublicKey::from_slice(&key).is_err(), "key of case {}", case.number);
        accepted += u32::from(verdict);
    }
    assert_eq!(accepted, 43);
}
