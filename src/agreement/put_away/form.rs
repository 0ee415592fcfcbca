//! How what is put away is written: postcard, and a seal that tells damage and mistaken keys.

use dashu_int::{IBig, UBig};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    agreement::put_away::PutAwayError,
    digest::Digest,
    split::{Exact, Ratio},
};

/// The version of everything that is put away. Another one's is not read.
pub(super) const FORMAT: u8 = 3;

/// The first bytes of SHA-256 over key and value: enough against accidents, and there is nobody else to guard against.
const SEAL_BYTES: usize = 4;

/// Writes a value to be put away under a key.
pub(super) fn write(key: &[u8], value: &impl Serialize) -> Vec<u8> {
    // Only a value that says it cannot be written fails, and ours are plain.
    let mut bytes = postcard::to_stdvec(value).expect("plain numbers and lists can be written");
    bytes.extend_from_slice(&seal(key, &bytes));
    bytes
}

/// Reads what was put away under a key.
///
/// Errors: [`PutAwayError::Damaged`].
pub(super) fn read<T: DeserializeOwned>(key: &[u8], bytes: &[u8]) -> Result<T, PutAwayError> {
    let damaged = PutAwayError::Damaged { key: key.to_vec() };
    let Some((value, sealed)) = bytes.split_last_chunk::<SEAL_BYTES>() else { return Err(damaged) };
    if seal(key, value) != *sealed {
        return Err(damaged);
    }
    match postcard::take_from_bytes(value) {
        Ok((value, [])) => Ok(value),
        _ => Err(damaged),
    }
}

fn seal(key: &[u8], value: &[u8]) -> [u8; SEAL_BYTES] {
    let digest = Digest::of(&[b"counterfoil put away\n", &[FORMAT], key, value]);
    let [first, second, third, fourth, ..] = *digest.as_bytes();
    [first, second, third, fourth]
}

/// An exact number as it is written: numerator and denominator.
pub(super) type Number = (IBig, UBig);
/// A stated fraction as it is written.
pub(super) type Stated = (u64, u64);

pub(super) fn number(exact: &Exact) -> Number {
    (exact.numerator().clone(), exact.denominator().clone())
}

pub(super) fn exact((numerator, denominator): Number) -> Option<Exact> {
    (!denominator.is_zero()).then(|| Exact::from_parts(numerator, denominator))
}

pub(super) fn exacts(numbers: Vec<Number>) -> Option<Vec<Exact>> {
    numbers.into_iter().map(exact).collect()
}

pub(super) const fn stated(ratio: Ratio) -> Stated {
    (ratio.numerator(), ratio.denominator())
}

pub(super) fn ratio((numerator, denominator): Stated) -> Option<Ratio> {
    Ratio::new(numerator, denominator).ok()
}

/// Exact numbers as fields of what is kept whole, for `serde(with)`.
pub(in crate::agreement) mod plain {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    use crate::{
        agreement::put_away::form::{Number, exact, number},
        split::Exact,
    };

    pub(in crate::agreement) fn serialize<S: Serializer>(value: &Exact, serializer: S) -> Result<S::Ok, S::Error> {
        number(value).serialize(serializer)
    }

    pub(in crate::agreement) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Exact, D::Error> {
        exact(Number::deserialize(deserializer)?).ok_or_else(|| D::Error::custom("a denominator is zero"))
    }
}
