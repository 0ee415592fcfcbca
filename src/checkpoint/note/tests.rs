//! Notes and vkeys by bytes.

use super::{NOTE_BYTES_MAX, NOTE_SIGNATURES_MAX, Note, NoteError, NoteSigner, NoteVerifier};
use crate::keys::SecretKey;

const EXAMPLE_VKEY: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
const EXAMPLE: &str = "This is an example message.\n\n\u{2014} example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

fn signer(name: &str, seed: u8) -> NoteSigner {
    NoteSigner::new(name, SecretKey::from_seed(&[seed; 32])).unwrap()
}

#[test]
fn the_example_of_the_specification_verifies() {
    let verifier = NoteVerifier::parse(EXAMPLE_VKEY).unwrap();
    assert_eq!(verifier.vkey(), EXAMPLE_VKEY);
    let note = Note::parse(EXAMPLE).unwrap();
    assert_eq!(note.verify(&[verifier]).unwrap().verified.len(), 1);
    assert_eq!(note.text(), "This is an example message.\n");
}

#[test]
fn the_text_may_have_empty_lines_and_ends_before_the_last() {
    let signer = signer("a", 1);
    let note = signer.sign("one\n\ntwo\n\n\n").unwrap();
    let note = Note::parse(&note).unwrap();
    assert_eq!(note.text(), "one\n\ntwo\n\n\n");
    note.verify(&[signer.verifier()]).unwrap();
}

#[test]
fn what_would_not_read_back_is_not_signed() {
    let signer = signer("a", 1);
    assert_eq!(signer.sign("open"), Err(NoteError::LastLineOpen));
    assert_eq!(signer.sign("tab\t\n"), Err(NoteError::ControlCharacter { at: 3 }));
    let large = "x".repeat(NOTE_BYTES_MAX) + "\n";
    assert!(matches!(signer.sign(&large), Err(NoteError::TooLarge { .. })));
}

#[test]
fn lines_of_strangers_are_ignored_and_those_of_known_keys_must_verify() {
    let (known, stranger) = (signer("known", 1), signer("stranger", 2));
    let note = known.sign("text\n").unwrap();
    let of_stranger = stranger.sign("text\n").unwrap();
    let both = format!("{note}{}", of_stranger.strip_prefix("text\n\n").unwrap());
    let parsed = Note::parse(&both).unwrap();
    let verification = parsed.verify(&[known.verifier()]).unwrap();
    assert_eq!((verification.verified.len(), verification.unverified.len()), (1, 1));

    let of_other_text = stranger.sign("other\n").unwrap();
    let both = format!("{note}{}", of_other_text.strip_prefix("other\n\n").unwrap());
    let parsed = Note::parse(&both).unwrap();
    parsed.verify(&[known.verifier()]).unwrap();
    let found = parsed.verify(&[known.verifier(), stranger.verifier()]);
    assert!(matches!(found, Err(NoteError::SignatureInvalid { name, .. }) if name == "stranger"));
    assert_eq!(parsed.verify(&[signer("third", 3).verifier()]), Err(NoteError::Unsigned));
}

#[test]
fn a_note_may_have_a_hundred_signatures_and_no_more() {
    let lines = |count: u8| {
        let lines = (0..count).map(|seed| signer(&format!("k{seed}"), seed).sign("t\n").unwrap());
        format!("t\n\n{}", lines.map(|note| note.replace("t\n\n", "")).collect::<String>())
    };
    assert_eq!(Note::parse(&lines(100)).unwrap().signatures().len(), NOTE_SIGNATURES_MAX);
    assert_eq!(Note::parse(&lines(101)), Err(NoteError::TooManySignatures));
}

#[test]
fn names_that_would_not_read_back_are_refused() {
    let key = SecretKey::from_seed(&[1; 32]).public();
    for name in ["", "a b", "a+b", "a\u{a0}b", "a\nb", "a\u{7}b", &"x".repeat(256)] {
        assert_eq!(NoteVerifier::new(name, key), Err(NoteError::KeyName), "{name:?}");
    }
    assert!(NoteVerifier::new(&"x".repeat(255), key).is_ok());
}

#[test]
fn every_changed_letter_of_a_note_and_of_a_vkey_is_noticed() {
    let verifier = NoteVerifier::parse(EXAMPLE_VKEY).unwrap();
    for (at, _) in EXAMPLE.char_indices() {
        let mut changed = EXAMPLE.as_bytes().to_vec();
        changed[at] ^= 0x01;
        let Ok(changed) = String::from_utf8(changed) else { continue };
        let opened = Note::parse(&changed).and_then(|note| note.verify(std::slice::from_ref(&verifier)).map(drop));
        assert!(opened.is_err(), "{changed}");
    }
    for at in 0..EXAMPLE_VKEY.len() {
        let mut changed = EXAMPLE_VKEY.as_bytes().to_vec();
        changed[at] ^= 0x01;
        assert!(NoteVerifier::parse(&String::from_utf8(changed).unwrap()).is_err(), "byte {at}");
    }
}
