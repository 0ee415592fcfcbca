//! Signed notes: the tests of Go's sumdb.

use std::fs;

use counterfoil::{
    checkpoint::note::{Note, NoteError, NoteSigner, NoteVerifier},
    keys::SecretKey,
};
use serde::Deserialize;

use crate::common;

#[derive(Deserialize)]
struct Vectors {
    keys: Vec<Key>,
    sign: Vec<Signed>,
    bad_vkeys: Vec<BadVkey>,
    open: Vec<Open>,
}

#[derive(Deserialize)]
struct Key {
    name: String,
    seed_hex: String,
    public_hex: Option<String>,
    vkey: String,
}

#[derive(Deserialize)]
struct Signed {
    seed_hex: String,
    key_name: String,
    text: String,
    signed_note: String,
}

#[derive(Deserialize)]
struct BadVkey {
    vkey: String,
}

#[derive(Deserialize)]
struct Open {
    desc: String,
    note_hex: String,
    vkeys: Vec<String>,
    result: String,
    #[serde(default)]
    verified: Vec<String>,
    #[serde(default)]
    unverified: Vec<String>,
}

fn vectors() -> Option<Vectors> {
    let path = common::shared("vectors/note-sumdb/note_vectors.json")?;
    Some(serde_json::from_slice(&fs::read(path).unwrap()).unwrap())
}

fn signer(name: &str, seed_hex: &str) -> NoteSigner {
    let seed = hex::decode(seed_hex).unwrap().try_into().unwrap();
    NoteSigner::new(name, SecretKey::from_seed(&seed)).unwrap()
}

#[test]
fn keys_have_their_published_vkeys() {
    let Some(Vectors { keys, .. }) = vectors() else { return };
    assert_eq!(keys.len(), 2);
    for key in keys {
        let verifier = NoteVerifier::parse(&key.vkey).unwrap();
        assert_eq!(verifier, signer(&key.name, &key.seed_hex).verifier());
        assert_eq!(verifier.vkey(), key.vkey);
        let public = hex::encode(verifier.key().as_bytes());
        assert!(key.public_hex.is_none_or(|published| published == public));
    }
}

#[test]
fn notes_are_signed_to_the_published_bytes() {
    let Some(Vectors { sign, .. }) = vectors() else { return };
    assert!(!sign.is_empty());
    for case in sign {
        assert_eq!(signer(&case.key_name, &case.seed_hex).sign(&case.text).as_deref(), Ok(case.signed_note.as_str()));
    }
}

#[test]
fn vkeys_that_are_none_are_refused() {
    let Some(Vectors { bad_vkeys, keys, .. }) = vectors() else { return };
    // Two of the four are given as such, two describe what to make of a good one.
    let (given, described): (Vec<_>, Vec<_>) = bad_vkeys.iter().partition(|bad| bad.vkey.contains('+'));
    assert_eq!((given.len(), described.len()), (2, 2));
    for bad in given {
        assert!(NoteVerifier::parse(&bad.vkey).is_err(), "{}", bad.vkey);
    }
    let good = &keys[0].vkey;
    for from in 0..good.len() {
        for to in from..=good.len() {
            assert_eq!(NoteVerifier::parse(&good[from..to]).is_ok(), to - from == good.len(), "{}", &good[from..to]);
        }
        let mut changed = good.clone().into_bytes();
        changed[from] += 1;
        assert!(NoteVerifier::parse(&String::from_utf8(changed).unwrap()).is_err(), "byte {from}");
    }
}

/// Opens a note and returns the names behind its verified and its unverified lines.
fn open(note: &[u8], verifiers: &[NoteVerifier]) -> Option<(Vec<String>, Vec<String>)> {
    let note = Note::parse(str::from_utf8(note).ok()?).ok()?;
    let verification = note.verify(verifiers).ok()?;
    let [verified, unverified] = [verification.verified, verification.unverified]
        .map(|lines| lines.iter().map(|line| line.name().to_owned()).collect());
    Some((verified, unverified))
}

#[test]
fn notes_get_their_published_verdict() {
    let Some(Vectors { open: cases, .. }) = vectors() else { return };
    assert_eq!(cases.len(), 15);
    for case in cases {
        let verifiers: Result<Vec<_>, NoteError> = case.vkeys.iter().map(|vkey| NoteVerifier::parse(vkey)).collect();
        let found = open(&hex::decode(&case.note_hex).unwrap(), &verifiers.unwrap());
        let expected = (case.result == "ok").then_some((case.verified, case.unverified));
        assert_eq!(found, expected, "{}", case.desc);
    }
}
