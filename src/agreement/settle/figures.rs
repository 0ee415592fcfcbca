//! The figures of a settlement: amounts, pools, nets, digests, and how fine its fractions may be.

use crate::{
    agreement::settle::StreamSum,
    digest::Digest,
    split::{ENTITLEMENT_DENOMINATOR_BITS_MAX, Exact, FeeAccount, Fractions, Shares, SplitError, Tiers, exact_text},
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

/// What comes before the shares in one currency, and what is in doubt. Minor units, cumulative.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figures {
    /// What each fee has come to, in the order of the terms.
    pub fees: Vec<u64>,
    /// What is held back.
    pub held_back: u64,
    /// What caps leave over.
    pub reserve: u64,
    /// The same, exactly.
    pub exact_reserve: Exact,
    /// What is held because it is in doubt.
    pub disputed: u64,
    /// What is allocated to each party.
    pub allocations: Vec<i64>,
    /// What of its costs each party has back, exactly.
    pub recouped: Fractions,
    /// What of its costs each party does not have back yet, exactly.
    pub outstanding: Fractions,
    /// Who has a minimum from whom: party, guarantor, how much it is now.
    pub top_ups: Vec<(usize, usize, Exact)>,
    /// What each party has at least and at most, where there are doubts.
    pub limits: Option<(Vec<Exact>, Vec<Exact>)>,
}

impl Figures {
    pub(super) fn of(
        tiers: &Tiers,
        limits: Option<&(Vec<Exact>, Vec<Exact>)>,
        before: impl Fn(usize) -> i64,
    ) -> Result<Self, SplitError> {
        let mut allocations = tiers.allocations()?;
        let reserve = allocations.pop().ok_or(SplitError::NoParties)?;
        let mut disputed = 0;
        if let Some((low, high)) = limits {
            let shared = total(&allocations);
            allocations = certain(low, high, shared, before)?;
            disputed = shared - total(&allocations);
        }
        Ok(Self {
            fees: tiers.fees().iter().map(FeeAccount::charged).collect(),
            held_back: tiers.held().map(|(_, held)| held.left).sum(),
            exact_reserve: tiers.reserve().clone(),
            reserve: u64::try_from(reserve).map_err(|_| SplitError::AmountTooLarge)?,
            disputed: u64::try_from(disputed).map_err(|_| SplitError::AmountTooLarge)?,
            allocations,
            recouped: tiers.recouped_costs(),
            outstanding: tiers.outstanding_costs(),
            top_ups: tiers.top_ups().collect(),
            limits: limits.cloned(),
        })
    }
}

impl Figures {
    /// Returns the figures of the last settlement, which left the tiers so.
    pub(in crate::agreement) fn restored(
        tiers: &Tiers,
        limits: Option<(Vec<Exact>, Vec<Exact>)>,
        allocations: Vec<i64>,
    ) -> Result<Self, SplitError> {
        let mut all = tiers.allocations()?;
        all.truncate(tiers.parties());
        let disputed = total(&all) - total(&allocations);
        let mut figures = Self::of(tiers, None, |_| 0)?;
        figures.disputed = u64::try_from(disputed).map_err(|_| SplitError::AmountTooLarge)?;
        (figures.allocations, figures.limits) = (allocations, limits);
        Ok(figures)
    }
}

fn total(lines: &[i64]) -> i128 {
    lines.iter().copied().map(i128::from).sum()
}

/// Returns what is paid while something is in doubt: what each party has at least, and what it was paid before as long as it may
/// keep it and there is enough, in the order of the parties.
fn certain(low: &[Exact], high: &[Exact], shared: i128, before: impl Fn(usize) -> i64) -> Result<Vec<i64>, SplitError> {
    let whole = |exact: &Exact| i128::try_from(exact.floor()).map_err(|_| SplitError::AmountTooLarge);
    let mut allocations = low.iter().map(whole).collect::<Result<Vec<i128>, _>>()?;
    let mut left = shared - allocations.iter().sum::<i128>();
    if left < 0 {
        take_back(&mut allocations, -left, |party| low[party] < high[party]);
        left = 0;
    }
    for (party, allocation) in allocations.iter_mut().enumerate() {
        let keeps = i128::from(before(party)).min(whole(&high[party])?);
        let more = (keeps - *allocation).clamp(0, left);
        *allocation += more;
        left -= more;
    }
    allocations.into_iter().map(|line| i64::try_from(line).map_err(|_| SplitError::AmountTooLarge)).collect()
}

/// Takes units back that several are sure of at once: fees and what is held back are whole units, so that of a little less there may
/// be a unit more to share. One from each that is not sure of all it has, the last of them first, and again.
fn take_back(allocations: &mut [i128], units: i128, is_unsure: impl Fn(usize) -> bool) {
    let mut unsure: Vec<usize> = (0..allocations.len()).filter(|party| is_unsure(*party)).collect();
    if unsure.is_empty() {
        unsure = (0..allocations.len()).collect();
    }
    let mut left = units;
    let mut parties = i128::try_from(unsure.len()).unwrap_or(i128::MAX);
    for party in unsure.into_iter().rev() {
        let taken = (left + parties - 1) / parties;
        allocations[party] -= taken;
        left -= taken;
        parties -= 1;
    }
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
