//! Explanations: every item, judgement, term and rounding step behind one party's minor units.
//!
//! Nothing is computed anew: the steps read the account and the books, and say in words where each number comes from.

use std::{borrow::Cow, fmt};

use crate::{
    agreement::{
        Agreement,
        contribution::Slot,
        refusal::{Refusal, settlement::SettlementRefusal},
        settle::{Account, StreamSum},
    },
    split::{Apportionment, DimensionShares, Exact, Fractions, exact_text},
    statement::{
        Verdict,
        terms::{Currency, Dimension},
    },
};

/// How one party's allocation in one currency comes about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The position of the party.
    pub party: usize,
    /// The position of the currency.
    pub currency: usize,
    /// The entries before this size are covered.
    pub tree_size: u64,
    /// The steps, from the items to the due.
    pub steps: Vec<Step>,
}

/// One step of an explanation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What kind of step it is.
    pub kind: StepKind,
    /// The step in words and numbers.
    pub text: String,
    /// What it arrives at, exact: `7/12`. Amounts are in minor units.
    pub value: String,
    /// The entries it rests on.
    pub indexes: Vec<u64>,
}

/// The kinds of step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StepKind {
    /// A contribution that counts.
    Item,
    /// The share in one dimension.
    Dimension,
    /// The share over all dimensions.
    Blend,
    /// What a stream put into the pool.
    Pool,
    /// The share of a pool.
    Entitlement,
    /// From the exact entitlement to whole minor units.
    Rounding,
    /// What is due now.
    Due,
}

impl StepKind {
    /// Returns the kind as it is written: `item`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Item => "item",
            Self::Dimension => "dimension",
            Self::Blend => "blend",
            Self::Pool => "pool",
            Self::Entitlement => "entitlement",
            Self::Rounding => "rounding",
            Self::Due => "due",
        }
    }
}

impl fmt::Display for StepKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Agreement {
    /// Explains one party's line in one currency, both by position, in the account at `tree_size`: the last
    /// settlement's, or any after it up to [`Self::size`]. Older ones are explained by folding fewer entries.
    ///
    /// Errors: as [`Self::account_at`].
    ///
    /// # Panics
    ///
    /// If there is no such party or currency.
    pub fn explain(&self, party: usize, currency: usize, tree_size: u64) -> Result<Explanation, Refusal> {
        let account = match self.last_account() {
            Some(last) if last.settlement.tree_size == tree_size => Cow::Borrowed(last),
            _ => Cow::Owned(self.account_at(tree_size)?),
        };
        let mut steps = self.items(party, tree_size);
        for (terms, dimension) in self.terms.dimensions.iter().zip(&account.shares.dimensions) {
            steps.push(dimension_step(terms, dimension, party));
        }
        steps.extend(self.blend_steps(&account, party));
        for sum in account.streams.iter().filter(|sum| sum.currency == currency) {
            steps.push(self.pool_step(sum, tree_size));
        }
        steps.extend(self.entitlement_steps(&account, party, currency)?);
        let not_computable = |source| SettlementRefusal::NotComputable { source: Box::new(source) };
        let apportionment = account.entitlements[currency].apportion().map_err(not_computable)?;
        steps.push(self.rounding_step(&apportionment, party, currency));
        steps.push(self.due_step(&account, party, currency));
        Ok(Explanation { party, currency, tree_size, steps })
    }

    fn items(&self, party: usize, tree_size: u64) -> Vec<Step> {
        let mine = self.contributions.list.iter().filter(|slot| slot.party == party);
        mine.filter_map(|slot| slot.counted_at(tree_size).map(|points| self.item_step(slot, points))).collect()
    }

    fn item_step(&self, slot: &Slot, points: &Exact) -> Step {
        let unit = &self.terms.units[slot.unit];
        let qualities = slot.judgements.iter().filter_map(|judgement| match judgement.verdict {
            Verdict::Accepted { quality } => Some(quality),
            Verdict::Rejected | Verdict::ChangesRequested => None,
        });
        let quality =
            qualities.min_by_key(|quality| quality.exact()).map_or_else(String::new, |quality| quality.to_string());
        let judges: Vec<&str> =
            slot.judgements.iter().map(|judgement| self.terms.parties[judgement.party].name.as_str()).collect();
        Step {
            kind: StepKind::Item,
            text: format!(
                "{} {} x {} points x quality {quality} (attested by {}) = {} points of {}",
                slot.contribution.quantity,
                unit.name,
                unit.points,
                judges.join(", "),
                exact_text(points),
                unit.dimension,
            ),
            value: exact_text(points),
            indexes: [slot.index].into_iter().chain(slot.judgements.iter().map(|judgement| judgement.index)).collect(),
        }
    }

    fn blend_steps(&self, account: &Account, party: usize) -> Vec<Step> {
        let at = |numbers: &Fractions| text_at(numbers.get(party));
        let parts: Vec<String> = self
            .terms
            .dimensions
            .iter()
            .zip(&account.shares.dimensions)
            .map(|(terms, dimension)| format!("{} x {} of {}", terms.weight, at(&dimension.shares), terms.name))
            .collect();
        let blend = at(&account.shares.blend);
        let mut steps = vec![Step {
            kind: StepKind::Blend,
            text: format!("{} = {blend}", parts.join(" + ")),
            value: blend.clone(),
            indexes: Vec::new(),
        }];
        if account.shares.shares != account.shares.blend {
            let share = at(&account.shares.shares);
            let kappa = self.terms.parties[party].coefficient;
            steps.push(Step {
                kind: StepKind::Blend,
                text: format!("coefficient {kappa} x {blend}, as a part of the same of all parties = {share}"),
                value: share,
                indexes: Vec::new(),
            });
        }
        steps
    }

    fn pool_step(&self, sum: &StreamSum, tree_size: u64) -> Step {
        let (stream, currency) = (&self.terms.streams[sum.stream], &self.terms.currencies[sum.currency]);
        let mut indexes = Vec::new();
        let counted = |at: Option<u64>| at.filter(|at| *at < tree_size);
        for benefit in self.benefits() {
            if benefit.benefit.stream != stream.name || benefit.benefit.currency != currency.code {
                continue;
            }
            let Some(confirmed) = counted(benefit.confirmed) else { continue };
            indexes.extend([benefit.index, confirmed]);
            for reversal in benefit.reversals() {
                indexes.extend(
                    counted(reversal.confirmed).map(|confirmed| [reversal.index, confirmed]).into_iter().flatten(),
                );
            }
        }
        Step {
            kind: StepKind::Pool,
            text: format!(
                "{}, collected by {}: {} of {} gross = {} pooled",
                stream.name,
                stream.collector,
                stream.pool_rate,
                currency.amount(sum.gross.into()),
                currency.amount(sum.pooled.into()),
            ),
            value: sum.pooled.to_string(),
            indexes,
        }
    }

    fn entitlement_steps(&self, account: &Account, party: usize, currency: usize) -> Result<Vec<Step>, Refusal> {
        let terms = &self.terms.currencies[currency];
        let mut steps = Vec::new();
        for line in self.books.pool_lines(&self.terms, account, currency)? {
            if line.pool == 0 {
                continue;
            }
            let share = line.shares.get(party).unwrap_or(Exact::ZERO);
            let value = exact_text(&(&share * Exact::from(line.pool)));
            steps.push(Step {
                kind: StepKind::Entitlement,
                text: format!(
                    "settlement of {} entries: {} of {} = {value} minor units",
                    line.cut_off,
                    exact_text(&share),
                    terms.amount(line.pool.into()),
                ),
                value,
                indexes: self.settlements.index_at(line.cut_off).into_iter().collect(),
            });
        }
        let value = text_at(account.entitlements[currency].exact(party));
        steps.push(Step {
            kind: StepKind::Entitlement,
            text: format!("entitled to {value} minor units of {} in all", terms.code),
            value,
            indexes: Vec::new(),
        });
        Ok(steps)
    }

    fn rounding_step(&self, apportionment: &Apportionment, party: usize, currency: usize) -> Step {
        let terms = &self.terms.currencies[currency];
        let left_over = apportionment.left_over();
        let winners: Vec<&str> =
            apportionment.order()[..left_over].iter().map(|winner| self.terms.parties[*winner].name.as_str()).collect();
        let (text, value) = match apportionment.rounding(party) {
            Some(rounding) => {
                let whole = terms.amount(rounding.whole.into());
                let remainder = exact_text(&rounding.remainder);
                let left = if left_over == 0 {
                    "nothing is left over".to_owned()
                } else {
                    let unit = if rounding.unit == 0 { "none comes here" } else { "one comes here" };
                    format!(
                        "remainder {remainder} is number {} of all; left over: {left_over}, one each to {}: {unit}",
                        rounding.rank,
                        winners.join(", "),
                    )
                };
                (format!("{whole} whole; {left}"), rounding.allocation.to_string())
            }
            None => (String::new(), String::new()),
        };
        Step { kind: StepKind::Rounding, text, value, indexes: Vec::new() }
    }

    fn due_step(&self, account: &Account, party: usize, currency: usize) -> Step {
        let terms: &Currency = &self.terms.currencies[currency];
        let line = account.settlement.accounts[currency].parties[party];
        let earlier =
            self.settlements().iter().rev().find(|entry| entry.settlement.tree_size < account.settlement.tree_size);
        Step {
            kind: StepKind::Due,
            text: format!(
                "{} allocated, less {} before = {} due",
                terms.amount(line.allocation.into()),
                terms.amount(i128::from(line.allocation) - i128::from(line.due)),
                terms.amount(line.due.into()),
            ),
            value: line.due.to_string(),
            indexes: earlier.map(|entry| entry.index).into_iter().collect(),
        }
    }
}

fn dimension_step(terms: &Dimension, dimension: &DimensionShares, party: usize) -> Step {
    let points = text_at(dimension.points.get(party));
    let weighted = text_at(dimension.weighted.get(party));
    let share = text_at(dimension.shares.get(party));
    let (name, title, coefficient, default) =
        (&terms.name, &terms.title, terms.coefficients[party], terms.default_shares[party]);
    let total = exact_text(&dimension.total);
    let text = if dimension.unfilled != Exact::ZERO {
        let (unfilled, mass) = (exact_text(&dimension.unfilled), terms.floor_mass);
        format!(
            "{name} ({title}): below the floor mass {mass}: ({points} points x coefficient {coefficient} + {unfilled} unfilled x \
             default share {default}) / {mass} = {share}"
        )
    } else if dimension.total == Exact::ZERO {
        format!("{name} ({title}): nothing is counted: default share {default}")
    } else {
        format!(
            "{name} ({title}): {points} points x coefficient {coefficient} = {weighted} of {total} in all = {share}"
        )
    };
    Step { kind: StepKind::Dimension, text, value: share, indexes: Vec::new() }
}

fn text_at(number: Option<Exact>) -> String {
    number.map_or_else(String::new, |number| exact_text(&number))
}
