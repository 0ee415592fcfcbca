//! Checkpoints: size and root of a ledger as a C2SP signed note (c2sp.org/tlog-checkpoint).
//!
//! Knows what a log says about a tree; never how the tree came to be.
//!
//! Each checkpoint has a signature of its own, though the ledgers of one flush could share one over a tree of their notes, with a path
//! in each signature line. A prototype that makes, keeps, sends and hashes such paths, and signs one note of 64, says what that
//! would bring: where each of 10,000 agreements gets one statement at a time, the rate goes from 0.57 to 0.69 of that of one agreement,
//! an entry of 256 bytes takes 2.8 bytes on disk for one instead of 2.2, and no other reader of signed notes could check such a
//! receipt. A receipt outlives the server that gave it, so it stays in the form that all of them read.

pub mod cosignature;
pub mod note;
pub mod policy;

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::{
    checkpoint::note::{Note, NoteError, NoteSignature, NoteSigner, NoteVerifier},
    digest::Digest,
    keys::KnownKeys,
    merkle::index::TreeSize,
};

/// Size and root of a ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which ledger: unique for ever.
    pub origin: String,
    /// Number of entries.
    pub size: TreeSize,
    /// RFC 6962 root.
    pub root: Digest,
}

impl Checkpoint {
    /// Reads the text of a checkpoint's note. Extension lines are allowed, as specified, and not kept.
    ///
    /// Errors: [`CheckpointError`], for the first line that is wrong.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let text = text.strip_suffix('\n').ok_or(CheckpointError::LastLineOpen)?;
        let mut lines = text.split('\n');
        let origin = lines.next().filter(|origin| !origin.is_empty()).ok_or(CheckpointError::OriginMissing)?;
        let size = lines.next().and_then(parse_decimal).and_then(TreeSize::new).ok_or(CheckpointError::Size)?;
        let root = lines.next().and_then(parse_digest).ok_or(CheckpointError::Root)?;
        if lines.any(str::is_empty) {
            return Err(CheckpointError::EmptyExtension);
        }
        Ok(Self { origin: origin.to_owned(), size, root })
    }
}

impl fmt::Display for Checkpoint {
    /// Writes the text that is signed: three lines.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{}\n{}\n", self.origin, self.size, STANDARD.encode(self.root.as_bytes()))
    }
}

/// A checkpoint and the note that says it, signed by the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedCheckpoint {
    checkpoint: Checkpoint,
    note: String,
}

impl SignedCheckpoint {
    /// Signs a checkpoint.
    ///
    /// Panics unless its origin is the signer's name: a log never signs for another.
    #[must_use]
    pub fn sign(checkpoint: Checkpoint, signer: &NoteSigner) -> Self {
        assert_eq!(checkpoint.origin, signer.name(), "the origin of a checkpoint is the name of the key that signs it");
        let note = signer.sign(&checkpoint.to_string()).expect("an origin that is a key name makes three short lines");
        Self { checkpoint, note }
    }

    /// Opens a note: valid signature of `verifier`, origin equal to the verifier's name, strict text.
    ///
    /// Lines of other keys are ignored: cosignatures are judged by [`policy::Policy`].
    ///
    /// Errors: [`NoteError`], with a [`CheckpointError`] as its source when the text is at fault.
    pub fn open(note: &str, verifier: &NoteVerifier) -> Result<Self, NoteError> {
        Self::open_with(note, verifier, &KnownKeys::new(1))
    }

    /// As [`Self::open`]; `known` makes it cheaper for a log of which many checkpoints are opened.
    ///
    /// Errors: as there.
    pub fn open_with(note: &str, verifier: &NoteVerifier, known: &KnownKeys) -> Result<Self, NoteError> {
        let parsed = Note::parse(note)?;
        parsed.verify_with(std::slice::from_ref(verifier), known)?;
        let checkpoint = Checkpoint::parse(parsed.text()).map_err(|source| NoteError::Checkpoint { source })?;
        if checkpoint.origin != verifier.name() {
            let source = CheckpointError::Origin { expected: verifier.name().to_owned(), found: checkpoint.origin };
            return Err(NoteError::Checkpoint { source });
        }
        Ok(Self { checkpoint, note: note.to_owned() })
    }

    /// Returns the same checkpoint with one more signature line, which nobody has verified.
    ///
    /// Errors: [`NoteError`] when the note would exceed a limit.
    pub fn with_signature(&self, line: &NoteSignature) -> Result<Self, NoteError> {
        let note = format!("{}{line}\n", self.note);
        Note::parse(&note)?;
        Ok(Self { checkpoint: self.checkpoint.clone(), note })
    }

    /// Returns size and root.
    #[must_use]
    pub const fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// Returns the text that the log signed, as it came: what a witness cosigns.
    #[must_use]
    pub fn text(&self) -> &str {
        let split = self.note.rfind("\n\n").expect("only a note that was parsed or signed is kept");
        &self.note[..=split]
    }

    /// Returns the note.
    #[must_use]
    pub fn note(&self) -> &str {
        &self.note
    }
}

/// Reads a decimal number that has one spelling: ASCII digits, no sign, no leading zero.
pub(crate) fn parse_decimal(text: &str) -> Option<u64> {
    let canonical = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if canonical { text.parse().ok() } else { None }
}

/// Reads a digest in standard base64 with padding and no stray bits.
pub(crate) fn parse_digest(text: &str) -> Option<Digest> {
    // 32 bytes are 44 letters: anything longer is not worth decoding.
    if text.len() != 44 {
        return None;
    }
    STANDARD.decode(text).ok().and_then(|bytes| Digest::try_from(bytes.as_slice()).ok())
}

/// Why a text is not the checkpoint asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The text does not end in a line feed.
    #[error("the last line has no line feed")]
    LastLineOpen,
    /// The first line is empty.
    #[error("the origin is missing")]
    OriginMissing,
    /// The second line is no size.
    #[error("the second line is not a tree size below 2^63")]
    Size,
    /// The third line is no root.
    #[error("the third line is not the base64 of a root")]
    Root,
    /// A further line is empty.
    #[error("an extension line is empty")]
    EmptyExtension,
    /// It is of another log.
    #[error("the checkpoint is of {found}, expected {expected}")]
    Origin {
        /// The log asked for.
        expected: String,
        /// The log that the checkpoint names.
        found: String,
    },
}

#[cfg(test)]
mod tests {
    use super::{Checkpoint, CheckpointError, SignedCheckpoint, parse_decimal};
    use crate::{
        checkpoint::note::{NoteError, NoteSigner},
        digest::Digest,
        keys::SecretKey,
        merkle::index::TreeSize,
    };

    fn signer(name: &str) -> NoteSigner {
        NoteSigner::new(name, SecretKey::from_seed(&[7; 32])).unwrap()
    }

    fn checkpoint(origin: &str) -> Checkpoint {
        Checkpoint { origin: origin.to_owned(), size: TreeSize::new(42).unwrap(), root: Digest::of(&[b"root"]) }
    }

    #[test]
    fn a_signed_checkpoint_opens_for_its_log_alone() {
        let signed = SignedCheckpoint::sign(checkpoint("log.example"), &signer("log.example"));
        assert_eq!(SignedCheckpoint::open(signed.note(), &signer("log.example").verifier()).as_ref(), Ok(&signed));
        let found = SignedCheckpoint::open(signed.note(), &signer("other.example").verifier());
        assert_eq!(found, Err(NoteError::Unsigned));
        let other_key = NoteSigner::new("log.example", SecretKey::from_seed(&[8; 32])).unwrap();
        assert_eq!(SignedCheckpoint::open(signed.note(), &other_key.verifier()), Err(NoteError::Unsigned));
    }

    #[test]
    fn a_note_of_the_same_key_over_another_origin_is_refused() {
        let note = signer("log.example").sign(&checkpoint("other.example").to_string()).unwrap();
        let found = SignedCheckpoint::open(&note, &signer("log.example").verifier());
        let source = CheckpointError::Origin { expected: "log.example".into(), found: "other.example".into() };
        assert_eq!(found, Err(NoteError::Checkpoint { source }));
    }

    #[test]
    fn threads_may_share_a_signer() {
        let signer = signer("log.example");
        let notes = std::thread::scope(|scope| {
            let sign = || SignedCheckpoint::sign(checkpoint("log.example"), &signer);
            let handles = [scope.spawn(sign), scope.spawn(sign)];
            handles.map(|handle| handle.join().unwrap())
        });
        assert_eq!(notes[0], notes[1]);
    }

    #[test]
    fn a_checkpoint_has_one_spelling() {
        let good = checkpoint("log.example").to_string();
        assert_eq!(Checkpoint::parse(&good), Ok(checkpoint("log.example")));
        assert_eq!(Checkpoint::parse(&format!("{good}extension\n")), Ok(checkpoint("log.example")));
        let root = good.lines().nth(2).unwrap();
        for (text, error) in [
            (String::new(), CheckpointError::LastLineOpen),
            (good.trim_end().to_owned(), CheckpointError::LastLineOpen),
            (good.replace("log.example", ""), CheckpointError::OriginMissing),
            (good.replace("42", "042"), CheckpointError::Size),
            (good.replace("42", "+42"), CheckpointError::Size),
            (good.replace("42", "-42"), CheckpointError::Size),
            (good.replace("42", " 42"), CheckpointError::Size),
            (good.replace("42", ""), CheckpointError::Size),
            (good.replace("42", "9223372036854775808"), CheckpointError::Size),
            (good.replace("42", "18446744073709551616"), CheckpointError::Size),
            ("log.example\n42\n".to_owned(), CheckpointError::Root),
            (good.replace('=', ""), CheckpointError::Root),
            (good.replace(root, &root[4..]), CheckpointError::Root),
            (good.replace(root, &root.replace('/', "_").replace('+', "-")), CheckpointError::Root),
            (format!("{good}\n"), CheckpointError::EmptyExtension),
        ] {
            assert_eq!(Checkpoint::parse(&text), Err(error), "{text:?}");
        }
    }

    #[test]
    fn stray_bits_in_base64_are_a_second_spelling() {
        // 32 bytes leave two stray bits in the last letter: of four letters only one is right.
        let good = format!("o\n1\n{}=\n", "A".repeat(43));
        assert!(Checkpoint::parse(&good).is_ok());
        for last in ["B", "C", "D"] {
            let text = format!("o\n1\n{}{last}=\n", "A".repeat(42));
            assert_eq!(Checkpoint::parse(&text), Err(CheckpointError::Root), "{last}");
        }
    }

    #[test]
    fn decimals_have_one_spelling() {
        assert_eq!(parse_decimal("0"), Some(0));
        assert_eq!(parse_decimal("18446744073709551615"), Some(u64::MAX));
        for text in ["", "00", "01", "+1", "-0", "1 ", "\u{661}", "18446744073709551616"] {
            assert_eq!(parse_decimal(text), None, "{text}");
        }
    }
}
