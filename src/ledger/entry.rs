//! Entries: an admitted envelope with its time, and the leaf bytes that are hashed.
//!
//! Leaf bytes, all numbers big-endian: a version byte 0x01, the admission time as u64 milliseconds, then payload type,
//! payload, key (32 bytes) and signature (64 bytes), each behind its length as u16. A value has one encoding.

use bytes::Bytes;

use crate::{
    envelope::Envelope,
    time::{TimeError, Timestamp},
};

/// The most bytes an entry may have (c2sp.org/tlog-tiles).
pub const ENTRY_BYTES_MAX: usize = 65_535;

/// An admitted envelope with its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When it was admitted.
    pub admitted: Timestamp,
    /// As it was submitted.
    pub envelope: Envelope,
}

impl Entry {
    /// Writes the leaf bytes. The envelope was verified, so its parts are within their limits.
    ///
    /// Panics when payload type or payload have more than 65,535 bytes, which no verified envelope has.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let Envelope { payload_type, payload, key, signature } = &self.envelope;
        let parts: [&[u8]; 4] = [payload_type.as_bytes(), payload, key, signature];
        let mut leaf =
            Vec::with_capacity(HEAD_BYTES + parts.iter().map(|part| LENGTH_BYTES + part.len()).sum::<usize>());
        leaf.push(VERSION);
        leaf.extend(self.admitted.as_ms().to_be_bytes());
        for part in parts {
            let length = u16::try_from(part.len()).expect("a verified envelope has at most 60,000 bytes of payload");
            leaf.extend(length.to_be_bytes());
            leaf.extend(part);
        }
        leaf
    }

    /// Reads leaf bytes; only bytes that [`Self::encode`] writes are an entry.
    ///
    /// Errors: [`EntryError`], for the first part that is wrong. The envelope is not verified.
    pub fn decode(leaf: &[u8]) -> Result<Self, EntryError> {
        if leaf.len() > ENTRY_BYTES_MAX {
            return Err(EntryError::TooLarge { bytes: leaf.len() });
        }
        let mut rest = leaf;
        let [version] = take_array(&mut rest, Part::Version)?;
        if version != VERSION {
            return Err(EntryError::Version { found: version });
        }
        let admitted = u64::from_be_bytes(take_array(&mut rest, Part::AdmissionTime)?);
        let admitted = Timestamp::from_ms(admitted).map_err(|source| EntryError::AdmissionTime { source })?;
        let payload_type = take_part(&mut rest, Part::PayloadType)?;
        let payload_type = str::from_utf8(payload_type).map_err(|_| EntryError::PayloadType)?.to_owned();
        let payload = Bytes::copy_from_slice(take_part(&mut rest, Part::Payload)?);
        let key = take_sized(&mut rest, Part::Key)?;
        let signature = take_sized(&mut rest, Part::Signature)?;
        if !rest.is_empty() {
            return Err(EntryError::Trailing { bytes: rest.len() });
        }
        Ok(Self { admitted, envelope: Envelope { payload_type, payload, key, signature } })
    }
}

fn take<'a>(rest: &mut &'a [u8], length: usize, part: Part) -> Result<&'a [u8], EntryError> {
    let (taken, left) = rest.split_at_checked(length).ok_or(EntryError::Truncated { part })?;
    *rest = left;
    Ok(taken)
}

fn take_array<const LENGTH: usize>(rest: &mut &[u8], part: Part) -> Result<[u8; LENGTH], EntryError> {
    let (taken, left) = rest.split_first_chunk().ok_or(EntryError::Truncated { part })?;
    *rest = left;
    Ok(*taken)
}

/// Takes what stands behind its length.
fn take_part<'a>(rest: &mut &'a [u8], part: Part) -> Result<&'a [u8], EntryError> {
    let length = u16::from_be_bytes(take_array(rest, part)?);
    take(rest, usize::from(length), part)
}

/// Takes what stands behind its length, which can only be one.
fn take_sized<const LENGTH: usize>(rest: &mut &[u8], part: Part) -> Result<[u8; LENGTH], EntryError> {
    let found = usize::from(u16::from_be_bytes(take_array(rest, part)?));
    if found != LENGTH {
        return Err(EntryError::Length { part, found, expected: LENGTH });
    }
    take_array(rest, part)
}

const VERSION: u8 = 0x01;
const HEAD_BYTES: usize = 1 + 8;
const LENGTH_BYTES: usize = 2;

/// A part of the leaf bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The version byte.
    Version,
    /// The admission time.
    AdmissionTime,
    /// The payload type.
    PayloadType,
    /// The payload.
    Payload,
    /// The signer's key.
    Key,
    /// The signature.
    Signature,
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Version => "version",
            Self::AdmissionTime => "admission time",
            Self::PayloadType => "payload type",
            Self::Payload => "payload",
            Self::Key => "key",
            Self::Signature => "signature",
        })
    }
}

/// Why bytes are no entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EntryError {
    /// There are too many.
    #[error("the entry has {bytes} bytes, at most {ENTRY_BYTES_MAX} are allowed")]
    TooLarge {
        /// How many there are.
        bytes: usize,
    },
    /// They are of another version.
    #[error("the entry is of version {found}, this reader knows version {VERSION}")]
    Version {
        /// The version found.
        found: u8,
    },
    /// They end too early.
    #[error("the entry ends within its {part}")]
    Truncated {
        /// In which part.
        part: Part,
    },
    /// The admission time is none.
    #[error("the admission time is out of range")]
    AdmissionTime {
        /// Why.
        #[source]
        source: TimeError,
    },
    /// The payload type is no UTF-8.
    #[error("the payload type is not UTF-8")]
    PayloadType,
    /// Key or signature have another length than theirs.
    #[error("the {part} has {found} bytes, not {expected}")]
    Length {
        /// Which.
        part: Part,
        /// How many bytes it has.
        found: usize,
        /// How many it must have.
        expected: usize,
    },
    /// Something follows.
    #[error("{bytes} bytes follow the entry")]
    Trailing {
        /// How many.
        bytes: usize,
    },
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::{collection::vec, prelude::any, prop_assert_eq, proptest};

    use super::{ENTRY_BYTES_MAX, Entry, EntryError, Part};
    use crate::{envelope::Envelope, time::Timestamp};

    fn entry(payload: &[u8]) -> Entry {
        let envelope = Envelope {
            payload_type: "application/x".into(),
            payload: Bytes::copy_from_slice(payload),
            key: [0xaa; 32],
            signature: [0xbb; 64],
        };
        Entry { admitted: Timestamp::from_ms(0x0102_0304_0506).unwrap(), envelope }
    }

    #[test]
    fn leaf_bytes_are_laid_out_as_documented() {
        let expected = [
            hex::decode("010000010203040506000d").unwrap(),
            b"application/x".to_vec(),
            hex::decode("0002").unwrap(),
            b"hi".to_vec(),
            hex::decode("0020").unwrap(),
            vec![0xaa; 32],
            hex::decode("0040").unwrap(),
            vec![0xbb; 64],
        ];
        assert_eq!(entry(b"hi").encode(), expected.concat());
    }

    #[test]
    fn an_entry_cut_anywhere_or_followed_by_anything_is_refused() {
        let leaf = entry(b"hi").encode();
        for length in 0..leaf.len() {
            assert!(matches!(Entry::decode(&leaf[..length]), Err(EntryError::Truncated { .. })), "{length}");
        }
        assert_eq!(Entry::decode(&[leaf.as_slice(), &[0]].concat()), Err(EntryError::Trailing { bytes: 1 }));
    }

    #[test]
    fn each_wrong_part_has_its_reason() {
        let leaf = entry(b"hi").encode();
        let with = |at: usize, byte: u8| {
            let mut changed = leaf.clone();
            changed[at] = byte;
            Entry::decode(&changed).unwrap_err()
        };
        assert_eq!(with(0, 2), EntryError::Version { found: 2 });
        assert!(matches!(with(1, 0xff), EntryError::AdmissionTime { .. }));
        assert_eq!(with(11, 0xff), EntryError::PayloadType);
        assert_eq!(with(29, 0x21), EntryError::Length { part: Part::Key, found: 33, expected: 32 });
        assert_eq!(with(63, 0x41), EntryError::Length { part: Part::Signature, found: 65, expected: 64 });
        let large = vec![0; ENTRY_BYTES_MAX + 1];
        assert_eq!(Entry::decode(&large), Err(EntryError::TooLarge { bytes: 65_536 }));
    }

    proptest! {
        #[test]
        fn entries_read_back_as_themselves(payload in vec(any::<u8>(), 0..2_000)) {
            let entry = entry(&payload);
            prop_assert_eq!(Entry::decode(&entry.encode()), Ok(entry));
        }

        #[test]
        fn what_decodes_encodes_to_the_same_bytes(at in 0_usize..130, byte in any::<u8>()) {
            let mut leaf = entry(b"hi").encode();
            if let Some(changed) = leaf.get_mut(at) {
                *changed = byte;
            }
            if let Ok(entry) = Entry::decode(&leaf) {
                prop_assert_eq!(entry.encode(), leaf);
            }
        }

        #[test]
        fn any_bytes_are_decoded_without_panic(leaf in vec(any::<u8>(), 0..300)) {
            if let Ok(entry) = Entry::decode(&leaf) {
                prop_assert_eq!(entry.encode(), leaf);
            }
        }
    }
}
