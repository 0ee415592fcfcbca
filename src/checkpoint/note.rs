//! Signed notes (c2sp.org/signed-note v1.0.0): a text, and lines with signatures over it.
//!
//! Knows names, keys and lines; never what a text says. A line of an unknown key is ignored, as the specification
//! demands; a line of a known key must verify, or the whole note is refused.

use std::{collections::HashSet, fmt};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::{
    checkpoint::CheckpointError,
    digest::Digest,
    keys::{KeyError, KnownKeys, PublicKey, SecretKey, Signature},
};

/// The most bytes a note may have: 100 post-quantum signatures would still fit.
pub const NOTE_BYTES_MAX: usize = 524_288;
/// The most signature lines a note may have. The specification asks for at least 16; Go's reader stops at 100 too.
pub const NOTE_SIGNATURES_MAX: usize = 100;
/// The most bytes a key's name may have here: as many as c2sp.org/tlog-cosignature can carry.
pub const KEY_NAME_BYTES_MAX: usize = 255;

/// A note as it was read: nothing in it is verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<NoteSignature>,
}

/// One signature line.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NoteSignature {
    name: String,
    key_id: KeyId,
    signature: Vec<u8>,
}

/// The first four bytes of a key's hash: finds a key, and vouches for nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyId([u8; 4]);

/// Which lines of a note were verified and which belong to keys that nobody knows. Only [`Note::verify`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification<'a> {
    /// Lines of known keys; all of them verify, and there is at least one.
    pub verified: Vec<&'a NoteSignature>,
    /// Lines of unknown keys.
    pub unverified: Vec<&'a NoteSignature>,
}

impl Note {
    /// Reads a note strictly, within the limits.
    ///
    /// Errors: [`NoteError`], which says what is wrong with the text or in which line.
    pub fn parse(note: &str) -> Result<Self, NoteError> {
        if note.len() > NOTE_BYTES_MAX {
            return Err(NoteError::TooLarge { bytes: note.len() });
        }
        if let Some(at) = note.bytes().position(|byte| byte < 0x20 && byte != b'\n') {
            return Err(NoteError::ControlCharacter { at });
        }
        // The last one: the text itself may have empty lines.
        let split = note.rfind("\n\n").ok_or(NoteError::NoSignatures)?;
        let (text, lines) = (&note[..=split], &note[split + 2..]);
        if lines.is_empty() {
            return Err(NoteError::NoSignatures);
        }
        let lines = lines.strip_suffix('\n').ok_or(NoteError::LastLineOpen)?;
        let mut signatures = Vec::new();
        let mut seen = HashSet::new();
        for (line, number) in lines.split('\n').zip(1..) {
            if number > NOTE_SIGNATURES_MAX {
                return Err(NoteError::TooManySignatures);
            }
            let signature = NoteSignature::parse(line).ok_or(NoteError::SignatureLine { number })?;
            if seen.insert(line) {
                signatures.push(signature);
            }
        }
        Ok(Self { text: text.to_owned(), signatures })
    }

    /// Returns the text with its final line feed. Nobody has verified it.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the signature lines in their order, one of each.
    #[must_use]
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }

    /// Verifies every line that belongs to one of `verifiers`.
    ///
    /// Errors: [`NoteError::Unsigned`] when there is none, [`NoteError::SignatureInvalid`] when one fails, and
    /// [`NoteError::AmbiguousKey`] when one belongs to two of `verifiers`.
    pub fn verify(&self, verifiers: &[NoteVerifier]) -> Result<Verification<'_>, NoteError> {
        self.verify_with(verifiers, &KnownKeys::new(1))
    }

    /// As [`Self::verify`]; `known` makes it cheaper for a key that signs much.
    ///
    /// Errors: as there.
    pub fn verify_with(&self, verifiers: &[NoteVerifier], known: &KnownKeys) -> Result<Verification<'_>, NoteError> {
        let mut verification = Verification { verified: Vec::new(), unverified: Vec::new() };
        for line in &self.signatures {
            let mut whose = verifiers.iter().filter(|whose| whose.name == line.name && whose.key_id == line.key_id);
            match (whose.next(), whose.next()) {
                (None, _) => verification.unverified.push(line),
                (Some(whose), None) => {
                    whose.check(&self.text, line, known)?;
                    verification.verified.push(line);
                }
                (Some(_), Some(_)) => {
                    return Err(NoteError::AmbiguousKey { name: line.name.clone(), key_id: line.key_id });
                }
            }
        }
        if verification.verified.is_empty() { Err(NoteError::Unsigned) } else { Ok(verification) }
    }
}

impl NoteSignature {
    /// Takes a line's parts; `signature` is what stands behind the key id.
    pub(in crate::checkpoint) fn new(name: &str, key_id: KeyId, signature: Vec<u8>) -> Self {
        Self { name: name.to_owned(), key_id, signature }
    }

    /// Returns the name of the key that should have signed.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the id of the key that should have signed.
    #[must_use]
    pub const fn key_id(&self) -> KeyId {
        self.key_id
    }

    /// Returns the bytes behind the key id; what they are depends on the key's type.
    #[must_use]
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    fn parse(line: &str) -> Option<Self> {
        let (name, bytes) = line.strip_prefix("\u{2014} ")?.split_once(' ')?;
        let bytes = STANDARD.decode(bytes).ok()?;
        let (key_id, signature) = bytes.split_first_chunk()?;
        if !is_key_name(name) || signature.is_empty() {
            return None;
        }
        Some(Self::new(name, KeyId(*key_id), signature.to_vec()))
    }
}

impl fmt::Display for NoteSignature {
    /// Writes the line without its line feed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [&self.key_id.0, self.signature.as_slice()].concat();
        write!(f, "\u{2014} {} {}", self.name, STANDARD.encode(bytes))
    }
}

impl KeyId {
    /// Computes the id of a key of the type `kind`: SHA-256(name || LF || type || key), its first four bytes.
    #[must_use]
    pub(in crate::checkpoint) fn of(name: &str, kind: u8, key: &[u8]) -> Self {
        let [first, second, third, fourth, ..] = *Digest::of(&[name.as_bytes(), b"\n", &[kind], key]).as_bytes();
        Self([first, second, third, fourth])
    }

    /// Computes the id of an Ed25519 key in a use of our own: the type 0xff, then what names the use.
    fn private(name: &str, private: &str, key: PublicKey) -> Self {
        Self::of(name, PRIVATE, &[private.as_bytes(), key.as_bytes()].concat())
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// A key that verifies notes, with its name: a vkey of the type Ed25519 (0x01).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteVerifier {
    name: String,
    key: PublicKey,
    key_id: KeyId,
}

impl NoteVerifier {
    /// Takes a name and an Ed25519 key.
    ///
    /// Errors: [`NoteError::KeyName`].
    pub fn new(name: &str, key: PublicKey) -> Result<Self, NoteError> {
        check_key_name(name)?;
        Ok(Self { name: name.to_owned(), key, key_id: KeyId::of(name, ED25519, key.as_bytes()) })
    }

    /// Reads a vkey: `<name>+<key id>+<base64>`.
    ///
    /// Errors: [`NoteError`] of the vkey: its form, its name, its type, its key, its key id.
    pub fn parse(vkey: &str) -> Result<Self, NoteError> {
        let (name, key) = parse_vkey(vkey, ED25519)?;
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

    /// Returns the key's id in a signature line.
    #[must_use]
    pub const fn key_id(&self) -> KeyId {
        self.key_id
    }

    /// Writes the vkey.
    #[must_use]
    pub fn vkey(&self) -> String {
        write_vkey(&self.name, ED25519, self.key)
    }

    /// Verifies every line of this key's use `private` in a note: see [`NoteSigner::sign_as`].
    ///
    /// Errors: [`NoteError::Unsigned`] when there is none, [`NoteError::SignatureInvalid`] when one fails.
    pub(crate) fn verify_as(&self, private: &str, note: &Note) -> Result<(), NoteError> {
        let key_id = KeyId::private(&self.name, private, self.key);
        let mut own = note.signatures.iter().filter(|line| line.name == self.name && line.key_id == key_id).peekable();
        if own.peek().is_none() {
            return Err(NoteError::Unsigned);
        }
        own.try_for_each(|line| self.check(&note.text, line, &KnownKeys::new(1)))
    }

    fn check(&self, text: &str, line: &NoteSignature, known: &KnownKeys) -> Result<(), NoteError> {
        let invalid = || NoteError::SignatureInvalid { name: self.name.clone(), key_id: line.key_id };
        let signature = <[u8; 64]>::try_from(line.signature.as_slice()).map_err(|_| invalid())?;
        let point = known.point(*self.key.as_bytes()).map_err(|_| invalid())?;
        point.verify(text.as_bytes(), &Signature::from_bytes(signature)).map_err(|_| invalid())?;
        known.remember(&point);
        Ok(())
    }
}

/// A key that signs notes, with its name. Has no `Debug`: it holds a secret.
#[derive(Clone)]
pub struct NoteSigner {
    key: SecretKey,
    verifier: NoteVerifier,
}

impl NoteSigner {
    /// Takes a name and a key.
    ///
    /// Errors: [`NoteError::KeyName`].
    pub fn new(name: &str, key: SecretKey) -> Result<Self, NoteError> {
        let verifier = NoteVerifier::new(name, key.public())?;
        Ok(Self { key, verifier })
    }

    /// Returns the verifier of its signatures.
    #[must_use]
    pub fn verifier(&self) -> NoteVerifier {
        self.verifier.clone()
    }

    /// Returns the name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.verifier.name()
    }

    /// Signs `text` and returns the note: the text, an empty line, one signature line.
    ///
    /// Errors: [`NoteError`] when the text would not read back: it does not end in a line feed, has a control
    /// character, or is too large.
    pub fn sign(&self, text: &str) -> Result<String, NoteError> {
        self.sign_line(text, self.verifier.key_id)
    }

    /// As [`Self::sign`], for a use of the key that the specification does not know and `private` names: the line has
    /// another key id, and is nothing to who looks for signatures of the type Ed25519. What is signed is the text all the
    /// same: it must begin as no text of another use does.
    ///
    /// Errors: as [`Self::sign`].
    pub(crate) fn sign_as(&self, private: &str, text: &str) -> Result<String, NoteError> {
        self.sign_line(text, KeyId::private(self.name(), private, self.verifier.key))
    }

    fn sign_line(&self, text: &str, key_id: KeyId) -> Result<String, NoteError> {
        if !text.ends_with('\n') {
            return Err(NoteError::LastLineOpen);
        }
        let signature = self.key.sign(text.as_bytes()).as_bytes().to_vec();
        let line = NoteSignature::new(self.name(), key_id, signature);
        let note = format!("{text}\n{line}\n");
        Note::parse(&note)?;
        Ok(note)
    }
}

/// The type byte of an Ed25519 key that signs the text of notes.
const ED25519: u8 = 0x01;

/// The type byte of uses that the specification does not know; a long name that is used once follows.
const PRIVATE: u8 = 0xff;

/// Reads a vkey of the type `kind`.
pub(in crate::checkpoint) fn parse_vkey(vkey: &str, kind: u8) -> Result<(&str, PublicKey), NoteError> {
    if vkey.len() > VKEY_BYTES_MAX {
        return Err(NoteError::Vkey);
    }
    // Only the first two: base64 has plus signs of its own.
    let (name, rest) = vkey.split_once('+').ok_or(NoteError::Vkey)?;
    let (stated, key) = rest.split_once('+').ok_or(NoteError::Vkey)?;
    check_key_name(name)?;
    let bytes = STANDARD.decode(key).map_err(|_| NoteError::Vkey)?;
    let (&found, key) = bytes.split_first().ok_or(NoteError::Vkey)?;
    if found != kind {
        return Err(NoteError::KeyType { found, expected: kind });
    }
    let key = PublicKey::from_slice(key).map_err(|source| NoteError::Key { source })?;
    let computed = KeyId::of(name, kind, key.as_bytes());
    // Compared as text: upper-case digits would be a second spelling of the same vkey.
    if stated == computed.to_string() { Ok((name, key)) } else { Err(NoteError::KeyIdWrong { computed }) }
}

pub(in crate::checkpoint) fn write_vkey(name: &str, kind: u8, key: PublicKey) -> String {
    let bytes = [&[kind], key.as_bytes().as_slice()].concat();
    format!("{name}+{}+{}", KeyId::of(name, kind, key.as_bytes()), STANDARD.encode(bytes))
}

/// Checks that a name can be that of a key: it has characters, none of them blank, `+` or one that steers a terminal, and not too many.
///
/// Errors: [`NoteError::KeyName`].
pub fn check_key_name(name: &str) -> Result<(), NoteError> {
    let readable = is_key_name(name) && !name.chars().any(char::is_control);
    if readable && name.len() <= KEY_NAME_BYTES_MAX { Ok(()) } else { Err(NoteError::KeyName) }
}

fn is_key_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|letter: char| letter.is_whitespace() || letter == '+')
}

/// The most bytes a vkey may have: the longest name, two signs, the key id, and base64 of 33 bytes.
pub const VKEY_BYTES_MAX: usize = KEY_NAME_BYTES_MAX + 2 + 8 + 44;

/// Why a note is not believed, or a vkey is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoteError {
    /// It is too large.
    #[error("the note has {bytes} bytes, at most {NOTE_BYTES_MAX} are allowed")]
    TooLarge {
        /// How many it has.
        bytes: usize,
    },
    /// It has a control character that is no line feed.
    #[error("the note has a control character at byte {at}")]
    ControlCharacter {
        /// Where.
        at: usize,
    },
    /// There are no signature lines behind an empty line.
    #[error("not a signed note: no empty line with signatures behind it")]
    NoSignatures,
    /// The last line does not end in a line feed.
    #[error("not a signed note: the last line has no line feed")]
    LastLineOpen,
    /// A line behind the text is no signature.
    #[error("not a signed note: signature line {number} is malformed")]
    SignatureLine {
        /// Which, from 1.
        number: usize,
    },
    /// There are too many signature lines.
    #[error("the note has more than {NOTE_SIGNATURES_MAX} signature lines")]
    TooManySignatures,
    /// No line belongs to a known key.
    #[error("no signature of a known key")]
    Unsigned,
    /// Two known keys share name and id.
    #[error("two known keys have the name {name} and the id {key_id}")]
    AmbiguousKey {
        /// Their name.
        name: String,
        /// Their id.
        key_id: KeyId,
    },
    /// A line of a known key does not verify.
    #[error("the signature of {name} (key id {key_id}) does not verify")]
    SignatureInvalid {
        /// The key's name.
        name: String,
        /// The key's id.
        key_id: KeyId,
    },
    /// A key's name is empty or too long, or has a space, a plus sign or a control character.
    #[error("a key name has 1 to {KEY_NAME_BYTES_MAX} bytes and neither space, plus sign nor control character")]
    KeyName,
    /// A text is no vkey.
    #[error("not a verifier key of the form name+id+base64")]
    Vkey,
    /// A vkey is of another type.
    #[error("the verifier key is of type {found:#04x}, expected {expected:#04x}")]
    KeyType {
        /// Its type.
        found: u8,
        /// The type needed here.
        expected: u8,
    },
    /// A vkey's key is none.
    #[error("the verifier key holds no acceptable key")]
    Key {
        /// Why.
        #[source]
        source: KeyError,
    },
    /// A vkey states another id than its key has.
    #[error("the verifier key states another id than {computed}, which its name and key have")]
    KeyIdWrong {
        /// The id it has.
        computed: KeyId,
    },
    /// The text is no checkpoint, or one of another log.
    #[error("the text is not the checkpoint asked for")]
    Checkpoint {
        /// Why.
        #[source]
        source: CheckpointError,
    },
}

#[cfg(test)]
mod tests;
