//! Text forms of 32-byte values: bech32m with a prefix that says of what kind they are (BIP 350).
//!
//! Knows prefixes and checksums; never what a value is for.

use bech32::{Bech32m, Hrp, primitives::decode::CheckedHrpstring};
use zeroize::Zeroizing;

/// Writes `bytes` under the kind prefix `kind`: `agr1...`, `key1...`. `kind` is lower-case ASCII letters.
#[must_use]
pub fn encode(kind: &str, bytes: &[u8; 32]) -> String {
    let hrp = Hrp::parse(kind).expect("every kind is a literal of this crate in lower-case letters");
    bech32::encode::<Bech32m>(hrp, bytes).expect("32 bytes are far below the length limit")
}

/// Reads a text of the kind `kind`.
///
/// Errors: [`TextError`], which says whether the kind, the checksum or the length is wrong.
pub fn decode(kind: &'static str, text: &str) -> Result<[u8; 32], TextError> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(TextError::Length { kind });
    }
    // Only one spelling: BIP 350 also allows all upper-case, but then one id would have two texts.
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Err(TextError::UpperCase { kind });
    }
    let checked = CheckedHrpstring::new::<Bech32m>(text).map_err(|_| TextError::Checksum { kind })?;
    let found = checked.hrp().to_string();
    if found != kind {
        return Err(TextError::Kind { kind, found });
    }
    // Wiped, since the text may be that of a secret key.
    let bytes: Zeroizing<Vec<u8>> = Zeroizing::new(checked.byte_iter().collect());
    let bytes = bytes.as_slice().try_into().map_err(|_| TextError::Length { kind })?;
    let again = Zeroizing::new(encode(kind, &bytes));
    // Padding bits that are not zero would be a second spelling.
    if *again == text { Ok(bytes) } else { Err(TextError::Checksum { kind }) }
}

const TEXT_BYTES_MAX: usize = 90;

/// Why a text is not a value of the kind asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TextError {
    /// It is a value of another kind.
    #[error("expected a text that begins with {kind}1, found {found}1")]
    Kind {
        /// The kind asked for.
        kind: &'static str,
        /// The kind found.
        found: String,
    },
    /// A character is wrong or missing.
    #[error("not a valid {kind}1 text: a character is wrong or missing")]
    Checksum {
        /// The kind asked for.
        kind: &'static str,
    },
    /// It does not hold 32 bytes.
    #[error("not a valid {kind}1 text: it does not hold 32 bytes")]
    Length {
        /// The kind asked for.
        kind: &'static str,
    },
    /// It has upper-case letters.
    #[error("a {kind}1 text is written in lower case")]
    UpperCase {
        /// The kind asked for.
        kind: &'static str,
    },
}

#[cfg(test)]
mod tests {
    use super::{TextError, decode, encode};

    #[test]
    fn a_text_reads_back_as_its_bytes() {
        for byte in [0, 1, 0x7f, 0xff] {
            assert_eq!(decode("agr", &encode("agr", &[byte; 32])), Ok([byte; 32]));
        }
    }

    #[test]
    fn a_key_is_not_an_agreement() {
        let found = decode("agr", &encode("key", &[7; 32]));
        assert_eq!(found, Err(TextError::Kind { kind: "agr", found: "key".into() }));
    }

    #[test]
    fn any_changed_character_is_noticed() {
        let text = encode("agr", &[9; 32]);
        for at in 0..text.len() {
            for put in ["q", "p", "Q", "b", "1", "!"] {
                let mut changed = text.clone();
                changed.replace_range(at..=at, put);
                assert!(changed == text || decode("agr", &changed).is_err(), "{changed}");
            }
        }
    }

    #[test]
    fn odd_texts_are_errors_and_never_panics() {
        for text in ["", "1", "agr1", "AGR1QQQ", "ägr1qqqq", &"q".repeat(4_000)] {
            assert!(decode("agr", text).is_err(), "{text}");
        }
    }
}
