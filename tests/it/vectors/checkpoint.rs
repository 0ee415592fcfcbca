//! Checkpoints and cosignatures: the examples of the specifications, and signed ones of a running log and its witnesses.

use std::{fs, path::Path};

use counterfoil::checkpoint::{
    Checkpoint,
    cosignature::CosignatureVerifier,
    note::{Note, NoteVerifier},
};
use serde::Deserialize;

use crate::common;

#[derive(Deserialize)]
struct Specification {
    signed_note: SignedNote,
    checkpoint_parse_only: ParseOnly,
    add_checkpoint_request_parse_only: String,
}

#[derive(Deserialize)]
struct SignedNote {
    vkey: String,
    note: String,
    valid: bool,
}

#[derive(Deserialize)]
struct ParseOnly {
    note: String,
    origin: String,
    size: u64,
    cosignature_timestamp: u64,
}

fn specification() -> Option<Specification> {
    let path = common::shared("vectors/c2sp-specs/spec_examples.json")?;
    Some(serde_json::from_slice(&fs::read(path).unwrap()).unwrap())
}

#[test]
fn the_note_of_the_specification_verifies() {
    let Some(Specification { signed_note, .. }) = specification() else { return };
    let verifier = NoteVerifier::parse(&signed_note.vkey).unwrap();
    let verified = Note::parse(&signed_note.note).unwrap().verify(&[verifier]).is_ok();
    assert_eq!(verified, signed_note.valid);
}

#[test]
fn the_checkpoint_of_the_specification_reads() {
    let Some(Specification { checkpoint_parse_only: case, .. }) = specification() else { return };
    let note = Note::parse(&case.note).unwrap();
    let checkpoint = Checkpoint::parse(note.text()).unwrap();
    assert_eq!((checkpoint.origin.as_str(), checkpoint.size.get()), (case.origin.as_str(), case.size));
    assert_eq!(checkpoint.to_string(), note.text());
    let [of_log, of_witness] = note.signatures() else { panic!("two lines") };
    assert_eq!((of_log.name(), of_log.signature().len()), (case.origin.as_str(), 64));
    let (time, signature) = of_witness.signature().split_first_chunk().unwrap();
    assert_eq!((u64::from_be_bytes(*time), signature.len()), (case.cosignature_timestamp, 64));
}

#[test]
fn the_checkpoint_in_the_request_of_the_specification_reads() {
    let Some(Specification { add_checkpoint_request_parse_only: request, .. }) = specification() else { return };
    let (_, note) = request.split_once("\n\n").unwrap();
    let note = Note::parse(note).unwrap();
    assert_eq!(Checkpoint::parse(note.text()).unwrap().size.get(), 20_852_163);
    assert_eq!(note.signatures().len(), 2);
}

#[derive(Deserialize)]
struct Witness {
    name: String,
    verifier_keys: Vec<String>,
}

fn witness(file: &Path) -> CosignatureVerifier {
    let witness: Witness = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    let verifier = CosignatureVerifier::parse(&witness.verifier_keys[0]).unwrap();
    assert_eq!((verifier.name(), verifier.vkey()), (witness.name.as_str(), witness.verifier_keys[0].clone()));
    verifier
}

#[test]
fn cosignatures_of_running_witnesses_verify_and_each_changed_letter_is_noticed() {
    let Some(folder) = common::shared("vectors/cosignature") else { return };
    for (note, json, lines) in [
        ("checkpoint-cosignature-only.txt", "witness2.v0.json", 1),
        ("checkpoint-with-witness-cosignature.txt", "witness.v0.json", 2),
        ("checkpoint-mirror-cosignature.txt", "mirror.v0.json", 1),
    ] {
        let text = fs::read_to_string(folder.join(note)).unwrap();
        let verifier = witness(&folder.join(json));
        let parsed = Note::parse(&text).unwrap();
        assert_eq!(parsed.signatures().len(), lines, "{note}");
        let time = verifier.verify(&parsed).unwrap().unwrap();
        assert_eq!(time.as_seconds(), 0x6954_6780, "{note}");
        assert_eq!(Checkpoint::parse(parsed.text()).unwrap().size.get(), 300);
        changed_letters_are_noticed(&text, &verifier);
        for other in
            ["witness.v0.json", "witness2.v0.json", "mirror.v0.json"].into_iter().filter(|other| *other != json)
        {
            assert_eq!(witness(&folder.join(other)).verify(&parsed), Ok(None), "{note} has no line of {other}");
        }
    }
}

/// Every letter of the checkpoint's text and of the last line, which is the witness's, changed in turn.
fn changed_letters_are_noticed(text: &str, verifier: &CosignatureVerifier) {
    let last_line = text.trim_end().rfind('\n').unwrap();
    let end_of_text = text.find("\n\n").unwrap();
    for at in (0..end_of_text).chain(last_line + 1..text.len()) {
        let mut changed = text.as_bytes().to_vec();
        changed[at] ^= 1;
        let Ok(changed) = String::from_utf8(changed) else { continue };
        let found = Note::parse(&changed).and_then(|note| verifier.verify(&note));
        assert!(!matches!(found, Ok(Some(_))), "byte {at}");
    }
}
