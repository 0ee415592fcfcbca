//! Signed refusals: what the log says of a statement that it did not take in, so that anybody can judge it again.
//!
//! A refusal is a signed note of its own kind: its text begins with a line that no checkpoint begins with, and its signature
//! line has the key id of another use of the log's key. It names the ledger's size and root when the statement was judged,
//! and the time it was judged at; who has the entries up to there and the statement can ask the law the same question.
//!
//! Knows reason codes as words; what they mean, the law knows.

use crate::{
    checkpoint::{
        Checkpoint,
        note::{Note, NoteError, NoteSigner, NoteVerifier},
        parse_decimal, parse_digest,
    },
    digest::Digest,
    merkle::index::TreeSize,
    time::Timestamp,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};

/// The most bytes a refusal may have: the longest origin, twice, leaves room to spare.
pub const REFUSAL_BYTES_MAX: usize = 2_048;
/// The most bytes of a reason code.
pub const REASON_BYTES_MAX: usize = 64;

/// A statement was judged, and refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The ledger as it was when the statement was judged: of size 0 before the founding.
    pub under: Checkpoint,
    /// The statement's id.
    pub statement: Digest,
    /// The reason code: `SIGNER_NOT_PARTY`.
    pub reason: String,
    /// The admission time it was judged at.
    pub judged: Timestamp,
}

/// A refusal and the note that says it, signed by the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedRefusal {
    refusal: Refusal,
    note: String,
}

impl Refusal {
    /// Reads the text of a refusal's note.
    ///
    /// Errors: [`RefusalError`], for the first line that is wrong.
    pub fn parse(text: &str) -> Result<Self, RefusalError> {
        let text = text.strip_suffix('\n').ok_or(RefusalError::Line { number: 1 })?;
        let mut lines = text.split('\n').zip(1..);
        let mut line = || lines.next().ok_or(RefusalError::Short);
        if line()?.0 != HEADER {
            return Err(RefusalError::Header);
        }
        let (origin, number) = line()?;
        let origin = Some(origin).filter(|origin| !origin.is_empty()).ok_or(RefusalError::Line { number })?.to_owned();
        let (size, number) = line()?;
        let size = parse_decimal(size).and_then(TreeSize::new).ok_or(RefusalError::Line { number })?;
        let (root, number) = line()?;
        let root = parse_digest(root).ok_or(RefusalError::Line { number })?;
        let (statement, number) = line()?;
        let statement = statement.strip_prefix(STATEMENT).and_then(parse_digest);
        let statement = statement.ok_or(RefusalError::Line { number })?;
        let (reason, number) = line()?;
        let reason = reason.strip_prefix(REASON).filter(|reason| is_reason(reason));
        let reason = reason.ok_or(RefusalError::Line { number })?.to_owned();
        let (judged, number) = line()?;
        let judged = judged.strip_prefix(JUDGED).and_then(parse_decimal);
        let judged = judged.and_then(|ms| Timestamp::from_ms(ms).ok()).ok_or(RefusalError::Line { number })?;
        match lines.next() {
            Some((_, number)) => Err(RefusalError::Line { number }),
            None => Ok(Self { under: Checkpoint { origin, size, root }, statement, reason, judged }),
        }
    }
}

impl std::fmt::Display for Refusal {
    /// Writes the text that is signed: seven lines.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { under, statement, reason, judged } = self;
        let statement = STANDARD.encode(statement.as_bytes());
        write!(f, "{HEADER}\n{under}{STATEMENT}{statement}\n{REASON}{reason}\n{JUDGED}{}\n", judged.as_ms())
    }
}

impl SignedRefusal {
    /// Signs a refusal.
    ///
    /// # Panics
    ///
    /// Unless its origin is the signer's name, and its reason is a reason code: a log never signs for another, nor what it
    /// could not read.
    #[must_use]
    pub fn sign(refusal: Refusal, signer: &NoteSigner) -> Self {
        assert_eq!(refusal.under.origin, signer.name(), "a log refuses in its own name");
        assert!(is_reason(&refusal.reason), "a reason is a code");
        let note = signer.sign_as(USE, &refusal.to_string()).expect("a key name and a code make seven short lines");
        Self { refusal, note }
    }

    /// Opens a note: valid signature of `verifier` as a refusal, origin equal to the verifier's name, strict text.
    ///
    /// Errors: [`RefusalError`].
    pub fn open(note: &str, verifier: &NoteVerifier) -> Result<Self, RefusalError> {
        if note.len() > REFUSAL_BYTES_MAX {
            return Err(RefusalError::TooLarge { bytes: note.len() });
        }
        let malformed = |source| RefusalError::Note { source };
        let parsed = Note::parse(note).map_err(malformed)?;
        verifier.verify_as(USE, &parsed).map_err(malformed)?;
        let refusal = Refusal::parse(parsed.text())?;
        if refusal.under.origin != verifier.name() {
            return Err(RefusalError::Origin { expected: verifier.name().to_owned(), found: refusal.under.origin });
        }
        Ok(Self { refusal, note: note.to_owned() })
    }

    /// Returns the origin that a note names, verified by nobody: whose key it should be signed with. `None`: it is no
    /// refusal.
    #[must_use]
    pub fn stated_origin(note: &str) -> Option<&str> {
        let mut lines = note.lines();
        (lines.next() == Some(HEADER)).then(|| lines.next())?.filter(|origin| !origin.is_empty())
    }

    /// Returns what it says.
    #[must_use]
    pub const fn refusal(&self) -> &Refusal {
        &self.refusal
    }

    /// Returns the note.
    #[must_use]
    pub fn note(&self) -> &str {
        &self.note
    }
}

/// The first line. An origin has a `/ledger/` in it, so no checkpoint begins so; and the second line of a checkpoint is a
/// number.
const HEADER: &str = "counterfoil/refusal/v1";
/// What names this use of a log's key in key ids.
const USE: &str = "counterfoil/refusal/v1";
const STATEMENT: &str = "statement ";
const REASON: &str = "reason ";
const JUDGED: &str = "judged ";

fn is_reason(text: &str) -> bool {
    let code = text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
    (1..=REASON_BYTES_MAX).contains(&text.len()) && code
}

/// Why a text is not the refusal asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RefusalError {
    /// It is too large.
    #[error("the refusal has {bytes} bytes, at most {REFUSAL_BYTES_MAX} are allowed")]
    TooLarge {
        /// How many it has.
        bytes: usize,
    },
    /// It is no signed note, or the log has not signed it as a refusal.
    #[error("not a refusal that the log signed")]
    Note {
        /// Why.
        #[source]
        source: NoteError,
    },
    /// The first line is another.
    #[error("not a refusal: the first line is not {HEADER}")]
    Header,
    /// Lines are missing.
    #[error("not a refusal: lines are missing")]
    Short,
    /// A line is malformed, or one too many.
    #[error("not a refusal: line {number} is malformed")]
    Line {
        /// Which, from 1.
        number: usize,
    },
    /// It is of another log.
    #[error("the refusal is of {found}, expected {expected}")]
    Origin {
        /// The log asked for.
        expected: String,
        /// The log that the refusal names.
        found: String,
    },
}

#[cfg(test)]
mod tests {
    use proptest::{prelude::any, proptest, sample::Index};

    use super::{REFUSAL_BYTES_MAX, Refusal, RefusalError, SignedRefusal};
    use crate::{
        checkpoint::{
            Checkpoint, SignedCheckpoint,
            note::{Note, NoteError, NoteSigner},
        },
        digest::Digest,
        keys::SecretKey,
        merkle::index::TreeSize,
        time::Timestamp,
    };

    fn signer(seed: u8) -> NoteSigner {
        NoteSigner::new("log.example/ledger/agr1x", SecretKey::from_seed(&[seed; 32])).unwrap()
    }

    fn under() -> Checkpoint {
        let origin = "log.example/ledger/agr1x".to_owned();
        Checkpoint { origin, size: TreeSize::new(42).unwrap(), root: Digest::of(&[b"root"]) }
    }

    fn refusal() -> Refusal {
        let judged = Timestamp::from_ms(1_767_268_800_000).unwrap();
        Refusal { under: under(), statement: Digest::of(&[b"said"]), reason: "NOT_IN_FORCE".into(), judged }
    }

    #[test]
    fn a_refusal_opens_for_its_log_alone() {
        let signed = SignedRefusal::sign(refusal(), &signer(7));
        assert_eq!(SignedRefusal::open(signed.note(), &signer(7).verifier()).as_ref(), Ok(&signed));
        assert_eq!(signed.refusal(), &refusal());
        assert_eq!(SignedRefusal::stated_origin(signed.note()), Some("log.example/ledger/agr1x"));
        let unsigned = Err(RefusalError::Note { source: NoteError::Unsigned });
        assert_eq!(SignedRefusal::open(signed.note(), &signer(8).verifier()), unsigned);
        let other = NoteSigner::new("log.example/ledger/agr1y", SecretKey::from_seed(&[7; 32])).unwrap();
        assert_eq!(SignedRefusal::open(signed.note(), &other.verifier()), unsigned);
    }

    #[test]
    fn a_refusal_never_passes_for_a_checkpoint_nor_the_reverse() {
        let (log, refused) = (signer(7), SignedRefusal::sign(refusal(), &signer(7)));
        assert_eq!(SignedCheckpoint::open(refused.note(), &log.verifier()), Err(NoteError::Unsigned));
        assert!(Checkpoint::parse(&refusal().to_string()).is_err());
        let checkpoint = SignedCheckpoint::sign(under(), &log);
        let found = SignedRefusal::open(checkpoint.note(), &log.verifier());
        assert_eq!(found, Err(RefusalError::Note { source: NoteError::Unsigned }));
        assert_eq!(Refusal::parse(&under().to_string()), Err(RefusalError::Header));
        // Not even the bytes of one signature in a line of the other kind: what is signed differs from the first line on.
        let text_as_checkpoint = log.sign(&refusal().to_string()).unwrap();
        let found = SignedRefusal::open(&text_as_checkpoint, &log.verifier());
        assert_eq!(found, Err(RefusalError::Note { source: NoteError::Unsigned }));
        assert!(SignedCheckpoint::open(&text_as_checkpoint, &log.verifier()).is_err());
        let (ours, theirs) = (Note::parse(refused.note()).unwrap(), Note::parse(checkpoint.note()).unwrap());
        assert_ne!(ours.signatures()[0].key_id(), theirs.signatures()[0].key_id());
    }

    #[test]
    fn a_refusal_has_one_spelling() {
        let good = refusal().to_string();
        assert_eq!(Refusal::parse(&good), Ok(refusal()));
        for (from, to, error) in [
            ("refusal/v1", "refusal/v2", RefusalError::Header),
            ("log.example/ledger/agr1x\n", "\n", RefusalError::Line { number: 2 }),
            ("\n42\n", "\n042\n", RefusalError::Line { number: 3 }),
            ("=\nstatement", "\nstatement", RefusalError::Line { number: 4 }),
            ("statement ", "statement  ", RefusalError::Line { number: 5 }),
            ("NOT_IN_FORCE", "not in force", RefusalError::Line { number: 6 }),
            ("NOT_IN_FORCE", "", RefusalError::Line { number: 6 }),
            ("judged 1", "judged 01", RefusalError::Line { number: 7 }),
            ("judged 1767268800000\n", "", RefusalError::Short),
            ("judged 1767268800000\n", "judged 1767268800000\nmore\n", RefusalError::Line { number: 8 }),
        ] {
            assert_eq!(Refusal::parse(&good.replacen(from, to, 1)), Err(error), "{from:?}");
        }
        let large = format!("{}{}", good, "x".repeat(REFUSAL_BYTES_MAX));
        let found = SignedRefusal::open(&large, &signer(7).verifier());
        assert!(matches!(found, Err(RefusalError::TooLarge { .. })));
    }

    #[test]
    fn every_changed_bit_is_noticed() {
        let signed = SignedRefusal::sign(refusal(), &signer(7));
        for at in 0..signed.note().len() {
            for bit in 0..8 {
                let mut changed = signed.note().as_bytes().to_vec();
                changed[at] ^= 1 << bit;
                let Ok(changed) = String::from_utf8(changed) else { continue };
                assert!(SignedRefusal::open(&changed, &signer(7).verifier()).is_err(), "byte {at}, bit {bit}");
            }
        }
    }

    proptest! {
        #[test]
        fn mutated_refusals_are_read_without_panic(at in any::<Index>(), text in ".{0,40}", cut in any::<Index>()) {
            let mut letters: Vec<char> = SignedRefusal::sign(refusal(), &signer(7)).note().chars().collect();
            let at = at.index(letters.len());
            let end = (at + cut.index(50)).min(letters.len());
            letters.splice(at..end, text.chars());
            let _ = SignedRefusal::open(&letters.into_iter().collect::<String>(), &signer(7).verifier());
        }
    }
}
