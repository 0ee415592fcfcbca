//! Notes, checkpoints, cosignatures, and who is believed.

use counterfoil::{
    checkpoint::{
        Checkpoint, SignedCheckpoint,
        cosignature::{CosignatureTime, CosignatureVerifier, Cosigner},
        note::{Note, NoteSigner, NoteVerifier},
        policy::Policy,
    },
    keys::SecretKey,
    ledger::refusal::{Refusal, SignedRefusal},
};

use super::feed::Feed;

const LOG: &str = "counterfoil.local/ledger/fuzz";

fn log() -> NoteSigner {
    NoteSigner::new(LOG, SecretKey::from_seed(&[200; 32])).unwrap()
}

fn witness() -> Cosigner {
    Cosigner::new("witness.example", SecretKey::from_seed(&[202; 32])).unwrap()
}

/// Logs that may have signed a seed.
pub fn verifiers() -> Vec<NoteVerifier> {
    let published = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    vec![log().verifier(), NoteVerifier::parse(published).unwrap()]
}

/// A note as a text, or a key's line.
pub fn note(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    refusal(text);
    if let Ok(verifier) = NoteVerifier::parse(text) {
        assert_eq!(NoteVerifier::parse(&verifier.vkey()).unwrap().vkey(), verifier.vkey());
    }
    match Note::parse(text) {
        Ok(note) => {
            assert!(note.text().ends_with('\n') && text.starts_with(note.text()) && !note.signatures().is_empty());
            if let Ok(verified) = note.verify(&verifiers()) {
                let _ = format!("{verified:?}");
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    // What a log signs can be read by whoever believes it.
    if let Ok(signed) = log().sign(text) {
        let note = Note::parse(&signed).unwrap();
        assert_eq!(note.text(), text);
        assert!(note.verify(&[log().verifier()]).is_ok());
    }
}

/// A signed refusal, as a whole note and as a text.
fn refusal(text: &str) {
    if let Ok(signed) = SignedRefusal::open(text, &log().verifier()) {
        assert_eq!(signed.note(), text);
    }
    if let Ok(refusal) = Refusal::parse(text) {
        assert_eq!(refusal.to_string(), text, "a refusal has one spelling");
        assert!(Checkpoint::parse(text).is_err(), "and is no checkpoint");
    }
}

/// A checkpoint: as a text, as a whole note, and as a text that the log itself signed.
pub fn checkpoint(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let parsed = Checkpoint::parse(text);
    if let Ok(checkpoint) = &parsed {
        let written = checkpoint.to_string();
        assert!(text.starts_with(written.trim_end()));
        assert_eq!(&Checkpoint::parse(&written).unwrap(), checkpoint);
    }
    for verifier in verifiers() {
        if let Ok(signed) = SignedCheckpoint::open(text, &verifier) {
            assert_eq!(signed.note(), text);
            assert_eq!(signed.checkpoint().origin, verifier.name());
        }
    }
    if let Ok(note) = log().sign(text) {
        let opened = SignedCheckpoint::open(&note, &log().verifier());
        let right = parsed.is_ok_and(|checkpoint| checkpoint.origin == LOG);
        assert_eq!(opened.is_ok(), right);
        if let Ok(signed) = opened {
            let line = witness().cosign(&signed, CosignatureTime::from_seconds(1).unwrap());
            let both = signed.with_signature(&line).unwrap();
            let time = witness().verifier().verify(&Note::parse(both.note()).unwrap()).unwrap();
            assert_eq!(time.map(CosignatureTime::as_seconds), Some(1));
        }
    }
}

/// A witness's key, a policy, and a cosigned note under them.
pub fn cosignature(bytes: &[u8]) {
    let mut feed = Feed::new(bytes);
    let (vkey, policy, note) = (feed.part(), feed.part(), feed.rest());
    let policy = Policy::parse(policy);
    if let Ok(policy) = &policy {
        let _ = format!("{policy:?}");
    }
    let Ok(note) = str::from_utf8(note) else { return };
    let vkey = str::from_utf8(vkey).ok().and_then(|vkey| CosignatureVerifier::parse(vkey).ok());
    if let Some(verifier) = &vkey {
        assert_eq!(CosignatureVerifier::parse(&verifier.vkey()).unwrap().vkey(), verifier.vkey());
    }
    let parsed = Note::parse(note);
    if let Ok(parsed) = &parsed {
        for verifier in vkey.iter().chain([&witness().verifier()]) {
            let _ = verifier.verify(parsed);
        }
    }
    if let Ok(policy) = policy {
        match policy.open(note) {
            Ok((signed, _)) => assert!(parsed.is_ok() && signed.note() == note),
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
}
