//! The parts that statements are made of: ids, texts, numbers, fractions, lists.

use std::collections::HashMap;

use bytes::Bytes;

use crate::{
    digest::Digest,
    keys::PublicKey,
    proto::counterfoil::v1,
    split::Ratio,
    statement::{
        id::StatementId,
        wire::problem::{FieldError, FieldProblem, Within},
    },
    time::Timestamp,
};

/// The most bytes of a reason, a note or a URI.
pub(super) const TEXT_BYTES_MAX: usize = 2_000;
/// The most bytes of a title or a name for people.
const TITLE_BYTES_MAX: usize = 200;
/// The most bytes of a media type.
pub(super) const MEDIA_TYPE_BYTES_MAX: usize = 255;
/// The most statements that one attestation or confirmation names.
pub(super) const NAMED_STATEMENTS_MAX: usize = 1_000;
/// The most parties of an agreement.
pub(super) const PARTIES_MAX: usize = 1_000;
/// The most currencies of an agreement.
pub(super) const CURRENCIES_MAX: usize = 16;

pub(super) fn reasoned(of: &Bytes, field: &str, reason: String) -> Result<(StatementId, String), FieldError> {
    Ok((id(of).within(field)?, text(reason, TEXT_BYTES_MAX).within("reason")?))
}

pub(super) fn period(start: (u64, &str), end: (u64, &str)) -> Result<(Timestamp, Timestamp), FieldError> {
    let from = Timestamp::from_ms(start.0).within(start.1)?;
    let to = Timestamp::from_ms(end.0).within(end.1)?;
    if to < from { Err(FieldProblem::EndBeforeBegin).within(end.1) } else { Ok((from, to)) }
}

pub(super) fn ids(from: &[Bytes]) -> Result<Vec<StatementId>, FieldError> {
    if from.is_empty() {
        return Err(FieldProblem::Missing.into());
    }
    at_most(from.len(), NAMED_STATEMENTS_MAX)?;
    let ids = each(from, |bytes| id(bytes).map_err(FieldError::from))?;
    once(ids.iter().copied(), "")?;
    Ok(ids)
}

pub(super) fn id(bytes: &[u8]) -> Result<StatementId, FieldProblem> {
    digest(bytes).map(StatementId::from_digest)
}

pub(super) fn digest(bytes: &[u8]) -> Result<Digest, FieldProblem> {
    fixed(bytes).map(Digest::from_bytes)
}

/// Reads bytes whose number is fixed. None at all are a missing field: on the wire the two are one.
pub(super) fn fixed<const N: usize>(bytes: &[u8]) -> Result<[u8; N], FieldProblem> {
    if bytes.is_empty() {
        return Err(FieldProblem::Missing);
    }
    bytes.try_into().map_err(|_| FieldProblem::Length { bytes: bytes.len(), expected: N })
}

pub(super) fn public_key(bytes: &[u8]) -> Result<PublicKey, FieldProblem> {
    Ok(PublicKey::from_bytes(fixed(bytes)?)?)
}

/// Reads a name or a code, of which the empty text is never one.
pub(super) fn required<T: std::str::FromStr>(from: String) -> Result<T, FieldProblem>
where
    FieldProblem: From<T::Err>,
{
    if from.is_empty() { Err(FieldProblem::Missing) } else { Ok(from.parse()?) }
}

pub(super) fn text(from: String, max: usize) -> Result<String, FieldProblem> {
    if from.len() > max { Err(FieldProblem::TooLong { bytes: from.len(), max }) } else { Ok(from) }
}

pub(super) fn ratio(from: Option<v1::Ratio>) -> Result<Ratio, FieldProblem> {
    let from = from.ok_or(FieldProblem::Missing)?;
    Ok(Ratio::new(from.numerator, from.denominator)?)
}

pub(super) fn at_most_one(from: Option<v1::Ratio>) -> Result<Ratio, FieldProblem> {
    let ratio = ratio(from)?;
    if ratio.is_at_most_one() { Ok(ratio) } else { Err(FieldProblem::AboveOne) }
}

pub(super) fn above_zero(ratio: Result<Ratio, FieldProblem>) -> Result<Ratio, FieldProblem> {
    let ratio = ratio?;
    if ratio.is_zero() { Err(FieldProblem::Zero) } else { Ok(ratio) }
}

pub(super) fn at_most(count: usize, max: usize) -> Result<(), FieldProblem> {
    if count > max { Err(FieldProblem::TooMany { count, max }) } else { Ok(()) }
}

/// Reads a choice of the protocol, which may still be the unspecified one.
pub(super) fn choice<T: TryFrom<i32>>(number: i32) -> Result<T, FieldProblem> {
    T::try_from(number).map_err(|_| FieldProblem::NotOneOf { number })
}

/// Reads every item of a list, and says which one is wrong.
pub(super) fn each<T, V>(
    from: impl IntoIterator<Item = T>,
    read: impl Fn(T) -> Result<V, FieldError>,
) -> Result<Vec<V>, FieldError> {
    from.into_iter().enumerate().map(|(position, item)| read(item).at(position)).collect()
}

/// Checks that no item stands in a list again; `field` is the part of the item that is compared.
pub(super) fn once<T: Eq + std::hash::Hash>(items: impl Iterator<Item = T>, field: &str) -> Result<(), FieldError> {
    let mut seen = HashMap::new();
    for (position, item) in items.enumerate() {
        if let Some(first) = seen.insert(item, position) {
            let duplicate = Err(FieldProblem::Duplicate { first });
            return if field.is_empty() { duplicate.at(position) } else { duplicate.within(field).at(position) };
        }
    }
    Ok(())
}

/// Reads a text for people that must be there.
pub(super) fn some_text(from: String) -> Result<String, FieldProblem> {
    if from.is_empty() { Err(FieldProblem::Missing) } else { text(from, TEXT_BYTES_MAX) }
}

/// Reads a title or a name for people, which must be there.
pub(super) fn title(from: String) -> Result<String, FieldProblem> {
    if from.is_empty() { Err(FieldProblem::Missing) } else { text(from, TITLE_BYTES_MAX) }
}

/// Reads a name that may be left out.
pub(super) fn optional<T: std::str::FromStr>(from: String) -> Result<Option<T>, FieldProblem>
where
    FieldProblem: From<T::Err>,
{
    if from.is_empty() { Ok(None) } else { Ok(Some(from.parse()?)) }
}

/// Reads a time of which zero is none.
pub(super) fn optional_time(ms: u64) -> Result<Option<Timestamp>, FieldProblem> {
    let time = Timestamp::from_ms(ms)?;
    Ok((time != Timestamp::EPOCH).then_some(time))
}

/// Reads an amount or a size that must not be zero.
pub(super) fn not_zero(number: u64) -> Result<u64, FieldProblem> {
    if number == 0 { Err(FieldProblem::Zero) } else { Ok(number) }
}

pub(super) fn within_counts(count: usize, min: usize, max: usize) -> Result<(), FieldProblem> {
    if count < min { Err(FieldProblem::TooFew { count, min }) } else { at_most(count, max) }
}

/// Checks that a list ascends, and has no item again.
pub(super) fn ascending<T: Ord + Eq + std::hash::Hash>(items: &[T]) -> Result<(), FieldError> {
    once(items.iter(), "")?;
    match items.windows(2).position(|pair| pair[0] > pair[1]) {
        Some(before) => Err(FieldProblem::NotAscending).at(before + 1),
        None => Ok(()),
    }
}

/// Checks that what belongs to another choice was not given.
pub(super) fn not_given(given: bool) -> Result<(), FieldProblem> {
    if given { Err(FieldProblem::NotAllowed) } else { Ok(()) }
}
