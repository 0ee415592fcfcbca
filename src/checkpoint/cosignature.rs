//! Cosignatures (c2sp.org/tlog-cosignature, Ed25519 `cosignature/v1`, key type 0x04): what a witness says of a checkpoint.
//!
//! It says: at this time, the largest consistent tree of this origin that I have seen is this one. Knows nothing of how
//! a witness convinced itself. The message does not carry the witness's name, so a key must have one owner and one use.

use std::fmt;

use crate::{
    checkpoint::{
        Checkpoint, SignedCheckpoint,
        note::{KeyId, Note, NoteError, NoteSignature, check_key_name, parse_vkey, write_vkey},
    },
    keys::{PublicKey, SecretKey, Signature},
};

/// When a witness saw a checkpoint, by its own clock: seconds since 1970-01-01T00:00:00Z, at most 2^63 - 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CosignatureTime(u64);

impl CosignatureTime {
    /// Takes seconds since 1970-01-01T00:00:00Z; `None` above 2^63 - 1.
    #[must_use]
    pub const fn from_seconds(seconds: u64) -> Option<Self> {
        if seconds >> 63 == 0 { Some(Self(seconds)) } else { None }
    }

    /// Returns seconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn as_seconds(self) -> u64 {
        self.0
    }
}

impl fmt::Display for CosignatureTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A key that verifies cosignatures, with its name: a vkey of the type 0x04.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CosignatureVerifier {
    name: String,
    key: PublicKey,
    key_id: KeyId,
}

impl CosignatureVerifier {
    /// Takes a name and an Ed25519 key.
    ///
    /// Errors: [`NoteError::KeyName`].
    pub fn new(name: &str, key: PublicKey) -> Result<Self, NoteError> {
        check_key_name(name)?;
        Ok(Self { name: name.to_owned(), key, key_id: KeyId::of(name, COSIGNATURE_V1, key.as_bytes()) })
    }

    /// Reads a vkey: `<name>+<key id>+<base64>`.
    ///
    /// Errors: [`NoteError`] of the vkey.
    pub fn parse(vkey: &str) -> Result<Self, NoteError> {
        let (name, key) = parse_vkey(vkey, COSIGNATURE_V1)?;
        Self::new(name, key)
    }

    /// Returns the name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the key.
    #[must_use]
    pub const fn key(&self) -> PublicKey {
        self.key
    }

    /// Writes the vkey.
    #[must_use]
    pub fn vkey(&self) -> String {
        write_vkey(&self.name, COSIGNATURE_V1, self.key)
    }

    /// Verifies this witness's lines in a note and returns the latest time they say; `None` when there is no line.
    ///
    /// Errors: [`NoteError::SignatureInvalid`] when one line fails, as for every known key, and
    /// [`NoteError::Checkpoint`] when the note's text is no checkpoint, of which nothing can be said.
    pub fn verify(&self, note: &Note) -> Result<Option<CosignatureTime>, NoteError> {
        Checkpoint::parse(note.text()).map_err(|source| NoteError::Checkpoint { source })?;
        let own = note.signatures().iter().filter(|line| line.name() == self.name && line.key_id() == self.key_id);
        let mut latest = None;
        for line in own {
            latest = latest.max(Some(self.check(note.text(), line.signature())?));
        }
        Ok(latest)
    }

    fn check(&self, text: &str, signature: &[u8]) -> Result<CosignatureTime, NoteError> {
        let invalid = || NoteError::SignatureInvalid { name: self.name.clone(), key_id: self.key_id };
        let (seconds, signature) = signature.split_first_chunk().ok_or_else(invalid)?;
        let time = CosignatureTime::from_seconds(u64::from_be_bytes(*seconds)).ok_or_else(invalid)?;
        let signature = <[u8; 64]>::try_from(signature).map_err(|_| invalid())?;
        let message = message(time, text);
        self.key.verify(message.as_bytes(), &Signature::from_bytes(signature)).map_err(|_| invalid())?;
        Ok(time)
    }
}

/// A key that cosigns, with its name. Has no `Debug`: it holds a secret.
#[derive(Clone)]
pub struct Cosigner {
    key: SecretKey,
    verifier: CosignatureVerifier,
}

impl Cosigner {
    /// Takes a name and a key that is used for nothing else.
    ///
    /// Errors: [`NoteError::KeyName`].
    pub fn new(name: &str, key: SecretKey) -> Result<Self, NoteError> {
        let verifier = CosignatureVerifier::new(name, key.public())?;
        Ok(Self { key, verifier })
    }

    /// Returns the verifier of its cosignatures.
    #[must_use]
    pub fn verifier(&self) -> CosignatureVerifier {
        self.verifier.clone()
    }

    /// Signs that `checkpoint` was, at `time`, the largest consistent tree seen; put the line in by
    /// [`SignedCheckpoint::with_signature`]. Who calls it has checked that it is.
    #[must_use]
    pub fn cosign(&self, checkpoint: &SignedCheckpoint, time: CosignatureTime) -> NoteSignature {
        let signature = self.key.sign(message(time, checkpoint.text()).as_bytes());
        let bytes = [time.0.to_be_bytes().as_slice(), signature.as_bytes()].concat();
        NoteSignature::new(&self.verifier.name, self.verifier.key_id, bytes)
    }
}

/// Returns what is signed: a line that no checkpoint begins with, the time, and the checkpoint's text as it came.
fn message(time: CosignatureTime, text: &str) -> String {
    format!("cosignature/v1\ntime {time}\n{text}")
}

/// The type byte of a key that signs `cosignature/v1`.
const COSIGNATURE_V1: u8 = 0x04;

#[cfg(test)]
mod tests {
    use super::{CosignatureTime, CosignatureVerifier, Cosigner};
    use crate::{
        checkpoint::{
            Checkpoint, SignedCheckpoint,
            note::{Note, NoteError, NoteSigner},
        },
        digest::Digest,
        keys::SecretKey,
        merkle::index::TreeSize,
    };

    fn log() -> NoteSigner {
        NoteSigner::new("log.example", SecretKey::from_seed(&[7; 32])).unwrap()
    }

    fn checkpoint(size: u64) -> SignedCheckpoint {
        let (origin, root) = ("log.example".to_owned(), Digest::of(&[b"root"]));
        SignedCheckpoint::sign(Checkpoint { origin, size: TreeSize::new(size).unwrap(), root }, &log())
    }

    fn witness(seed: u8) -> Cosigner {
        Cosigner::new(&format!("witness{seed}.example"), SecretKey::from_seed(&[seed; 32])).unwrap()
    }

    fn at(seconds: u64) -> CosignatureTime {
        CosignatureTime::from_seconds(seconds).unwrap()
    }

    #[test]
    fn a_cosigned_checkpoint_verifies_for_log_and_witness() {
        let line = witness(1).cosign(&checkpoint(5), at(1_679_315_147));
        let cosigned = checkpoint(5).with_signature(&line).unwrap();
        assert_eq!(SignedCheckpoint::open(cosigned.note(), &log().verifier()).as_ref(), Ok(&cosigned));
        let note = Note::parse(cosigned.note()).unwrap();
        assert_eq!(witness(1).verifier().verify(&note), Ok(Some(at(1_679_315_147))));
        assert_eq!(witness(2).verifier().verify(&note), Ok(None));
    }

    #[test]
    fn the_latest_of_several_cosignatures_counts_and_each_must_verify() {
        let witness = witness(1);
        let mut cosigned = checkpoint(5);
        for seconds in [20, 30, 10] {
            cosigned = cosigned.with_signature(&witness.cosign(&checkpoint(5), at(seconds))).unwrap();
        }
        let found = witness.verifier().verify(&Note::parse(cosigned.note()).unwrap());
        assert_eq!(found, Ok(Some(at(30))));
        let wrong = cosigned.with_signature(&witness.cosign(&checkpoint(6), at(40))).unwrap();
        let found = witness.verifier().verify(&Note::parse(wrong.note()).unwrap());
        assert!(matches!(found, Err(NoteError::SignatureInvalid { .. })));
    }

    #[test]
    fn a_cosignature_is_of_one_text_and_one_time() {
        let witness = witness(1);
        let line = witness.cosign(&checkpoint(5), at(20));
        let moved = checkpoint(6).with_signature(&line).unwrap();
        assert!(witness.verifier().verify(&Note::parse(moved.note()).unwrap()).is_err());
        for byte in 0..line.signature().len() {
            let mut changed = line.signature().to_vec();
            changed[byte] ^= 1;
            assert!(witness.verifier().check(checkpoint(5).text(), &changed).is_err(), "byte {byte}");
        }
        for length in [0, 7, 8, 71, 73] {
            let changed: Vec<u8> = line.signature().iter().copied().chain([0; 8]).take(length).collect();
            assert!(witness.verifier().check(checkpoint(5).text(), &changed).is_err(), "{length} bytes");
        }
    }

    #[test]
    fn keys_of_logs_and_of_witnesses_are_not_each_others() {
        let vkey = witness(1).verifier().vkey();
        assert_eq!(CosignatureVerifier::parse(&vkey), Ok(witness(1).verifier()));
        let found = CosignatureVerifier::parse(&log().verifier().vkey());
        assert_eq!(found, Err(NoteError::KeyType { found: 0x01, expected: 0x04 }));
    }

    #[test]
    fn a_time_has_63_bits() {
        assert!(CosignatureTime::from_seconds(u64::MAX >> 1).is_some());
        assert_eq!(CosignatureTime::from_seconds(1 << 63), None);
    }
}
