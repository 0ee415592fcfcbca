//! The figures of a settlement: amounts, pools, nets, digests, and how fine its fractions may be.

use crate::{
    agreement::settle::StreamSum,
    digest::Digest,
    split::{ENTITLEMENT_DENOMINATOR_BITS_MAX, Exact, Ratio, Shares, SplitError, exact_text, pool},
    statement::terms::Terms,
};

/// What all lines of a settlement may cost: their number times the square of the bits of their common denominator, which
/// is what reducing and writing so many fractions costs. A settlement at this limit takes about a second.
const LINES_BY_SQUARED_BITS_MAX: u64 = 1 << 40;

/// Returns the bits that the common denominator of the entitlements of one currency may have under `terms`.
pub(super) fn entitlement_bits_max(terms: &Terms) -> usize {
    let lines = terms.parties.len().saturating_mul(terms.currencies.len()).max(1);
    let bits = u64::try_from(lines).map_or(0, |lines| (LINES_BY_SQUARED_BITS_MAX / lines).isqrt());
    usize::try_from(bits).unwrap_or(usize::MAX).min(ENTITLEMENT_DENOMINATOR_BITS_MAX)
}

pub(in crate::agreement) fn nets_of<'a>(
    terms: &Terms,
    allocations: &[i64],
    mut streams: impl Iterator<Item = &'a StreamSum>,
) -> Result<Vec<i64>, SplitError> {
    let mut nets = allocations.to_vec();
    streams.try_for_each(|sum| {
        let collector = &terms.streams[sum.stream].collector;
        let party = terms.parties.iter().position(|party| party.name == *collector);
        let net = party.and_then(|party| nets.get_mut(party)).ok_or(SplitError::NoParties)?;
        *net = net.checked_sub_unsigned(sum.pooled).ok_or(SplitError::AmountTooLarge)?;
        Ok(())
    })?;
    Ok(nets)
}

pub(super) fn amount(sum: u128) -> Result<u64, SplitError> {
    u64::try_from(sum).map_err(|_| SplitError::AmountTooLarge)
}

pub(super) fn pool_of(rate: Ratio, gross: u128) -> Result<i64, SplitError> {
    pool(rate, amount(gross)?)
}

pub(super) fn pooled(rate: Ratio, gross: u128) -> Result<u64, SplitError> {
    u64::try_from(pool_of(rate, gross)?).map_err(|_| SplitError::AmountTooLarge)
}

/// Returns what a settlement says of the shares.
pub(in crate::agreement) fn shares_digest(shares: &Shares) -> Digest {
    digest_of("counterfoil shares v1", shares.shares.iter())
}

/// SHA-256 of a heading and exact numbers, one a line; see `Settlement` in `statement.proto`.
pub(super) fn digest_of(heading: &str, numbers: impl Iterator<Item = Exact>) -> Digest {
    let mut text = format!("{heading}\n");
    for number in numbers {
        text.push_str(&exact_text(&number));
        text.push('\n');
    }
    Digest::of(&[text.as_bytes()])
}
