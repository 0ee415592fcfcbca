//! How the state of a waterfall is written down beside a ledger, and read again without trust in what was written.

use std::collections::BTreeMap;

use dashu_int::{IBig, UBig};
use serde::{Deserialize, Serialize};

use crate::split::{
    Entitlements, Exact, Ratio,
    waterfall::{
        costs::Costs,
        fees::FeeAccount,
        tiers::{Borne, Held, Tiers},
    },
};

/// An exact number: numerator and denominator.
type Number = (IBig, UBig);

/// [`Tiers`] in plain numbers, to be written down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TiersForm {
    pooled: u64,
    fees: Vec<FeeForm>,
    /// How many instalments there were.
    instalments: usize,
    /// By instalment: what is held back of it, and what it left to be shared.
    held: BTreeMap<usize, (u64, Number)>,
    confirmed: Vec<u64>,
    weights: Vec<IBig>,
    outstanding: Number,
    entitlements: (UBig, Vec<IBig>),
    reserve: Number,
    /// Party, guarantor, and the numerator over the denominator of the entitlements.
    top_ups: Vec<(usize, usize, IBig)>,
    paid: Option<Vec<i64>>,
}

/// A fee: its rate, what came in under it, what rates before it came to, and what was charged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct FeeForm {
    rate: (u64, u64),
    pooled: u64,
    before: u64,
    charged: u64,
}

impl TiersForm {
    /// Returns how many parties it is of.
    #[must_use]
    pub fn parties(&self) -> usize {
        self.confirmed.len()
    }
}

impl Tiers {
    /// Returns everything in plain numbers.
    #[must_use]
    pub fn to_form(&self) -> TiersForm {
        let fee = |fee: &FeeAccount| FeeForm {
            rate: (fee.rate.numerator(), fee.rate.denominator()),
            pooled: fee.pooled,
            before: fee.before,
            charged: fee.charged,
        };
        let borne = |borne: &Borne| (borne.party, borne.guarantor, borne.amount.clone());
        TiersForm {
            pooled: self.pooled,
            fees: self.fees.iter().map(fee).collect(),
            instalments: self.instalments,
            held: self.held.iter().map(|(place, held)| (*place, (held.left, number(&held.remainder)))).collect(),
            confirmed: self.costs.confirmed.clone(),
            weights: self.costs.weights.clone(),
            outstanding: number(&self.costs.outstanding),
            entitlements: (self.entitlements.denominator().clone(), self.entitlements.numerators().to_vec()),
            reserve: number(&self.reserve),
            top_ups: self.top_ups.iter().map(borne).collect(),
            paid: self.paid.clone(),
        }
    }

    /// Takes what was written down before. `None` if it does not fit together for so many parties, or no state could be
    /// so; whether it is the right state is not checked.
    #[must_use]
    pub fn from_form(parties: usize, form: TiersForm) -> Option<Self> {
        let fee = |fee: FeeForm| {
            let rate = Ratio::new(fee.rate.0, fee.rate.1).ok().filter(|rate| rate.is_at_most_one())?;
            Some(FeeAccount { rate, pooled: fee.pooled, before: fee.before, charged: fee.charged })
        };
        let held = |(place, (left, remainder))| Some((place, Held { left, remainder: not_negative(remainder)? }));
        let outstanding = not_negative(form.outstanding)?;
        let weights_fit = form.weights.iter().all(|weight| *weight >= IBig::ZERO)
            && (outstanding.is_zero() || form.weights.iter().any(|weight| !weight.is_zero()));
        let top_ups_fit = form.top_ups.iter().all(|(party, guarantor, amount)| {
            *party < parties && *guarantor < parties && party != guarantor && *amount >= IBig::ZERO
        });
        let lengths = [form.confirmed.len(), form.weights.len(), form.entitlements.1.len()];
        let fits = weights_fit
            && top_ups_fit
            && form.held.iter().all(|(place, (left, _))| *place < form.instalments && *left > 0)
            && lengths == [parties; 3]
            && form.paid.as_ref().is_none_or(|paid| paid.len() == parties + 1);
        if !fits {
            return None;
        }
        let (denominator, numerators) = form.entitlements;
        let borne = |(party, guarantor, amount)| Borne { party, guarantor, amount };
        Some(Self {
            pooled: form.pooled,
            fees: form.fees.into_iter().map(fee).collect::<Option<_>>()?,
            instalments: form.instalments,
            held: form.held.into_iter().map(held).collect::<Option<_>>()?,
            costs: Costs { confirmed: form.confirmed, weights: form.weights, outstanding },
            entitlements: Entitlements::from_parts(denominator, numerators)?,
            reserve: not_negative(form.reserve)?,
            top_ups: form.top_ups.into_iter().map(borne).collect(),
            paid: form.paid,
        })
    }
}

fn number(exact: &Exact) -> Number {
    (exact.numerator().clone(), exact.denominator().clone())
}

fn not_negative((numerator, denominator): Number) -> Option<Exact> {
    let fits = numerator >= IBig::ZERO && !denominator.is_zero();
    fits.then(|| Exact::from_parts(numerator, denominator))
}
