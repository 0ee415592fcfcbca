//! Instalments: what each settlement took in, and the points and terms it is shared by.

use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

use crate::{
    agreement::settle::pending::FlowKey,
    split::{
        Bounds, DimensionInput, Exact, Fee, Guarantee, Ratio, RoundingRule, Shares, SplitError, Waterfall, after_exit,
        shares,
    },
    statement::{
        rules,
        terms::{CurrencyCode, Name, Terms},
    },
};

/// Points by dimension and party.
pub(in crate::agreement) type Points = Vec<Vec<Exact>>;

/// What one settlement took in, and what it is shared by.
#[derive(Clone, Debug)]
pub(in crate::agreement) struct Instalment {
    /// It covers the entries before this size.
    pub(in crate::agreement) cut_off: u64,
    /// The position of the version of the terms it is shared under.
    pub(in crate::agreement) version: usize,
    /// What part of the points before it had faded when it counted new ones. Later terms may say otherwise, also of what was settled:
    /// its points stay as they faded.
    pub(in crate::agreement) decay: Ratio,
    /// What counts at its cut-off; shared between settlements with the same points.
    pub(in crate::agreement) points: Arc<Points>,
    /// Gross by currency and stream, less what was given back of it. Wider than an amount, so that sums cannot fail
    /// before they are used.
    pub(in crate::agreement) net: BTreeMap<FlowKey, u128>,
    /// By currency and party: the costs that were confirmed since the settlement before, minor units.
    pub(in crate::agreement) costs: BTreeMap<(usize, usize), u64>,
}

impl Instalment {
    /// Takes `amount` from what came in, or gives it where it is below zero.
    pub(super) fn take(&mut self, flow: FlowKey, amount: i128) -> Result<(), SplitError> {
        let net = self.net.entry(flow).or_default();
        let left = i128::try_from(*net).ok().and_then(|net| net.checked_sub(amount));
        *net = left.and_then(|left| u128::try_from(left).ok()).ok_or(SplitError::AmountTooLarge)?;
        Ok(())
    }
}

/// The instalments of an account: those that were settled, and the next one.
#[derive(Clone, Debug)]
pub(super) struct Instalments<'a> {
    /// A copy only where something of what was settled is otherwise now.
    pub(super) settled: Cow<'a, [Instalment]>,
    pub(super) next: Instalment,
}

impl Instalments<'_> {
    /// Returns the place of the last one.
    pub(super) fn last(&self) -> usize {
        self.settled.len()
    }

    /// Returns the instalment at a place, the last one beyond it.
    pub(super) fn get(&self, place: usize) -> &Instalment {
        self.settled.get(place).unwrap_or(&self.next)
    }

    /// Returns all of them in their order.
    pub(super) fn all(&self) -> impl Iterator<Item = &Instalment> {
        self.settled.iter().chain([&self.next])
    }

    /// Returns it to be changed.
    pub(super) fn change(&mut self, place: usize) -> &mut Instalment {
        if place < self.settled.len() { &mut self.settled.to_mut()[place] } else { &mut self.next }
    }

    /// Whether what was settled is as it was.
    pub(super) const fn untouched(&self) -> bool {
        matches!(self.settled, Cow::Borrowed(_))
    }
}

/// A party that has left: from entry `at` on only a part of its points counts.
#[derive(Clone, Copy, Debug, serde::Serialize, serde::Deserialize)]
pub(in crate::agreement) struct Leaver {
    pub(in crate::agreement) at: u64,
    pub(in crate::agreement) party: usize,
    pub(in crate::agreement) factor: Ratio,
}

/// Returns `points` with a place for every dimension and party of `terms`, where those of leavers before `cut_off` count in part.
///
/// Errors: as [`after_exit`].
pub(super) fn fitted(points: &Points, terms: &Terms, leavers: &[Leaver], cut_off: u64) -> Result<Points, SplitError> {
    let mut fitted = widened(points.clone(), terms);
    for leaver in leavers.iter().filter(|leaver| leaver.at < cut_off) {
        for dimension in &mut fitted {
            if let Some(points) = dimension.get_mut(leaver.party) {
                *points = after_exit(points, leaver.factor)?;
            }
        }
    }
    Ok(fitted)
}

/// Returns `points` with a place for every dimension and party of `terms`, and no other.
pub(super) fn widened(mut points: Points, terms: &Terms) -> Points {
    points.resize_with(terms.dimensions.len(), Vec::new);
    for dimension in &mut points {
        dimension.resize(terms.parties.len(), Exact::ZERO);
    }
    points
}

/// Returns what the shares are computed from.
pub(super) fn inputs<'a>(terms: &'a Terms, points: &'a Points) -> Vec<DimensionInput<'a>> {
    let dimensions = terms.dimensions.iter().zip(points);
    dimensions
        .map(|(dimension, points)| DimensionInput {
            weight: dimension.weight,
            floor_mass: dimension.floor_mass,
            default_shares: &dimension.default_shares,
            coefficients: &dimension.coefficients,
            points,
        })
        .collect()
}

/// Returns the coefficients of the parties.
pub(super) fn party_coefficients(terms: &Terms) -> Vec<Ratio> {
    terms.parties.iter().map(|party| party.coefficient).collect()
}

/// Returns the shares that points, by dimension and party, come to under `terms`.
pub(in crate::agreement) fn shares_of(terms: &Terms, points: &Points) -> Result<Shares, SplitError> {
    shares(&inputs(terms, points), &party_coefficients(terms))
}

/// Returns what `terms` say of the money of one currency, for so many parties: at least as many as the terms have.
pub(super) fn waterfall_of(terms: &Terms, currency: usize, parties: usize) -> Waterfall {
    let code = &terms.currencies[currency].code;
    let rules = &terms.waterfall;
    let party = |name: &Name| terms.parties.iter().position(|party| party.name == *name);
    let fees = rules.fees.iter().map(|fee| Fee {
        // A fee keeps its place in every currency, and takes nothing of others than its own.
        rate: if fee.currency == *code { fee.rate } else { Ratio::ZERO },
        cap: fee.cap,
    });
    let guarantees = rules.guarantees.iter().filter(|guarantee| guarantee.currency == *code).filter_map(|guarantee| {
        let (party, guarantor) = (party(&guarantee.party)?, party(&guarantee.guarantor)?);
        Some(Guarantee { party, guarantor, amount: guarantee.amount })
    });
    Waterfall {
        fees: fees.collect(),
        holdback: rules.holdback,
        corridor: (!rules.cost_categories.is_empty()).then(|| rules.corridor.unwrap_or(Ratio::ONE)),
        bounds: bounds_of(&rules.bounds, code, parties, party),
        guarantees: guarantees.collect(),
        rounding: match terms.rounding {
            rules::Rounding::LargestRemainder => RoundingRule::LargestRemainder,
            rules::Rounding::NeverNegative => RoundingRule::NeverNegative,
        },
    }
}

fn bounds_of(
    listed: &[rules::Bound],
    code: &CurrencyCode,
    parties: usize,
    party: impl Fn(&Name) -> Option<usize>,
) -> Vec<Bounds> {
    let mut bounds = Vec::new();
    for bound in listed.iter().filter(|bound| bound.currency == *code) {
        bounds.resize(parties, Bounds::default());
        if let Some(place) = party(&bound.party) {
            bounds[place] = Bounds { cap: bound.cap, floor: bound.floor };
        }
    }
    bounds
}
