//! Explanations: every item, judgement, term and rounding step behind one party's minor units.
//!
//! Nothing is computed anew: the steps read the account and the books, and say in words where each number comes from.

mod item;

use std::{borrow::Cow, collections::BTreeMap, fmt};

use crate::{
    agreement::{
        Agreement,
        benefit::{BenefitSlot, ReversalSlot},
        contribution::Slot,
        refusal::{Refusal, settlement::SettlementRefusal},
        settle::{Account, StreamSum},
    },
    split::{Apportionment, DimensionShares, Exact, Fractions, Step as Lines, exact_text},
    statement::{
        rules::Rounding,
        terms::{Currency, Dimension, Terms},
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

/// What an explanation rests on beside the books: the contributions of its party, and the benefits of its currency.
/// Gathered from all of them, each given once and in ledger order.
#[derive(Clone, Debug)]
pub struct Gathered {
    party: usize,
    currency: usize,
    tree_size: u64,
    items: Vec<Step>,
    /// By dimension: the points of the items.
    points: BTreeMap<usize, Exact>,
    /// By stream: the entries that brought in or gave back.
    came_in: BTreeMap<usize, Vec<u64>>,
    bytes: usize,
}

impl Gathered {
    /// Begins to gather for one party's line in one currency, both by position, in the account at `tree_size`.
    #[must_use]
    pub const fn new(party: usize, currency: usize, tree_size: u64) -> Self {
        Self {
            party,
            currency,
            tree_size,
            items: Vec::new(),
            points: BTreeMap::new(),
            came_in: BTreeMap::new(),
            bytes: 0,
        }
    }

    /// Returns about how many bytes were gathered, so that who gathers can stop.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn take_slot(&mut self, agreement: &Agreement, index: u64, slot: &Slot) {
        if let Some((party, points)) = slot.counted_at(self.tree_size)
            && party == self.party
        {
            *self.points.entry(slot.dimension).or_insert(Exact::ZERO) += points;
            let step = agreement.item_step(index, slot, self.tree_size, points);
            self.bytes += step.text.len() + step.value.len() + 8 * step.indexes.len();
            self.items.push(step);
        }
    }

    pub(super) fn take_benefit_slot<'a>(
        &mut self,
        index: u64,
        slot: &BenefitSlot,
        reversals: impl Iterator<Item = (u64, &'a ReversalSlot)>,
    ) {
        let counted = |at: Option<u64>| at.filter(|at| *at < self.tree_size);
        let Some(confirmed) = counted(slot.confirmed).filter(|_| slot.currency == self.currency) else { return };
        let mut indexes = vec![index, confirmed];
        for (index, slot) in reversals {
            indexes.extend(counted(slot.confirmed).map(|confirmed| [index, confirmed]).into_iter().flatten());
        }
        self.bytes += 8 * indexes.len();
        self.came_in.entry(slot.stream).or_default().extend(indexes);
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
    /// If there is no such party or currency, or something was forgotten.
    pub fn explain(&self, party: usize, currency: usize, tree_size: u64) -> Result<Explanation, Refusal> {
        self.assert_whole();
        let mut gathered = Gathered::new(party, currency, tree_size);
        for (index, slot) in self.contributions.slots.range(..) {
            gathered.take_slot(self, *index, slot);
        }
        for (index, slot) in self.benefits.slots.range(..) {
            gathered.take_benefit_slot(*index, slot, self.benefits.reversals_of(*index));
        }
        self.explain_from(gathered)
    }

    /// As [`Self::explain`], from what was gathered of every contribution and benefit.
    ///
    /// Errors, and panics: as [`Self::explain`]; and also if a sheet is wanted, see [`Self::wanted_at`].
    pub fn explain_from(&self, gathered: Gathered) -> Result<Explanation, Refusal> {
        let Gathered { party, currency, tree_size, items, points, came_in, .. } = gathered;
        let account = match self.last_account() {
            Some(last) if last.settlement.tree_size == tree_size => Cow::Borrowed(last),
            _ => Cow::Owned(self.account_at(tree_size)?),
        };
        let line = account.settlement.accounts.get(currency).and_then(|account| account.parties.get(party));
        if line.is_none() {
            let text = format!("the terms at {tree_size} entries do not have this party or currency yet");
            let step = Step { kind: StepKind::Due, text, value: "0".to_owned(), indexes: Vec::new() };
            return Ok(Explanation { party, currency, tree_size, steps: vec![step] });
        }
        let mut steps = items;
        for (place, (terms, dimension)) in account.terms.dimensions.iter().zip(&account.shares.dimensions).enumerate() {
            if let (Some(items), Some(left)) = (points.get(&place), dimension.points.get(party)) {
                steps.extend(self.left_steps(&terms.name, party, tree_size, (items, &left)));
            }
            steps.push(dimension_step(terms, dimension, party));
        }
        steps.extend(blend_steps(&account, party));
        for sum in account.streams.iter().filter(|sum| sum.currency == currency) {
            steps.push(pool_step(&account.terms, sum, came_in.get(&sum.stream).cloned().unwrap_or_default()));
        }
        steps.extend(self.entitlement_steps(&account, party, currency)?);
        steps.push(match unrounded_step(&account, party, currency) {
            Some(step) => step,
            None => {
                let not_computable = |source| SettlementRefusal::NotComputable { source: Box::new(source) };
                let reserve = &account.figures[currency].exact_reserve;
                let apportionment = account.entitlements[currency].apportion_with(reserve).map_err(not_computable)?;
                rounding_step(&account.terms, &apportionment, party, currency)
            }
        });
        steps.push(self.due_step(&account, party, currency));
        Ok(Explanation { party, currency, tree_size, steps })
    }

    fn entitlement_steps(&self, account: &Account, party: usize, currency: usize) -> Result<Vec<Step>, Refusal> {
        let terms = &account.terms.currencies[currency];
        let mut steps = Vec::new();
        self.books.steps_at(account.settlement.tree_size, |cut_off, of, step, shares| {
            if of == currency && (step.pool > 0 || step.released > 0) {
                steps.extend(self.money_step(cut_off, terms, step, shares, party));
            }
        })?;
        for (guaranteed, guarantor, amount) in &account.figures[currency].top_ups {
            if [*guaranteed, *guarantor].contains(&party) && *amount != Exact::ZERO {
                let (guaranteed, guarantor) = (self.party_name(*guaranteed), self.party_name(*guarantor));
                steps.push(Step {
                    kind: StepKind::Entitlement,
                    text: format!(
                        "{guarantor} guarantees {guaranteed} a minimum and bears {} of it now",
                        terms.exact_amount(amount)
                    ),
                    value: exact_text(amount),
                    indexes: Vec::new(),
                });
            }
        }
        let entitled = account.entitlements[currency].exact(party).unwrap_or(Exact::ZERO);
        steps.push(Step {
            kind: StepKind::Entitlement,
            text: format!("entitled to {} in all", terms.exact_amount(&entitled)),
            value: exact_text(&entitled),
            indexes: Vec::new(),
        });
        Ok(steps)
    }

    /// What one settlement, or the release of what it held back, brought a party.
    fn money_step(
        &self,
        cut_off: u64,
        currency: &Currency,
        step: &Lines,
        shares: &Fractions,
        party: usize,
    ) -> Option<Step> {
        let share = shares.get(party).unwrap_or(Exact::ZERO);
        let (recouped, part) = (step.recouped.get(party)?, step.parts.get(party)?);
        let amount = |minor: u64| currency.amount(minor.into());
        let mut text = format!("settlement of {cut_off} entries: ");
        if step.released > 0 {
            text.push_str(&format!("{} held back is released; ", amount(step.released)));
        }
        let fees: u64 = step.fees.iter().sum();
        if fees > 0 || step.held > 0 {
            text.push_str(&format!(
                "{} less {} fees and {} held back; ",
                amount(step.pool),
                amount(fees),
                amount(step.held)
            ));
        }
        if recouped != Exact::ZERO {
            text.push_str(&format!("{} of costs paid back; ", currency.exact_amount(&recouped)));
        }
        let by_share = &share * &step.remainder;
        let remainder = currency.exact_amount(&step.remainder);
        text.push_str(&format!("{} of {remainder} = {}", exact_text(&share), currency.exact_amount(&by_share)));
        if by_share != part {
            text.push_str(&format!(", {} within caps and floors", currency.exact_amount(&part)));
        }
        let costs =
            if recouped == Exact::ZERO { Vec::new() } else { self.costs_behind(cut_off, &currency.code, party) };
        let value = exact_text(&(part + recouped));
        Some(Step {
            kind: StepKind::Entitlement,
            text,
            value,
            indexes: costs.into_iter().chain(self.settlements.index_at(cut_off)).collect(),
        })
    }

    fn due_step(&self, account: &Account, party: usize, currency: usize) -> Step {
        let terms: &Currency = &account.terms.currencies[currency];
        let line = account.settlement.accounts[currency].parties[party];
        let places = self.settlements.places.iter().rev();
        let earlier = places.into_iter().find(|place| place.tree_size < account.settlement.tree_size);
        Step {
            kind: StepKind::Due,
            text: format!(
                "{} allocated, less {} before = {} due",
                terms.amount(line.allocation.into()),
                terms.amount(i128::from(line.allocation) - i128::from(line.due)),
                terms.amount(line.due.into()),
            ),
            value: line.due.to_string(),
            indexes: earlier.map(|place| place.index).into_iter().collect(),
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

fn blend_steps(account: &Account, party: usize) -> Vec<Step> {
    let at = |numbers: &Fractions| text_at(numbers.get(party));
    let dimensions = &account.terms.dimensions;
    let parts: Vec<String> = dimensions
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
        let kappa = account.terms.parties[party].coefficient;
        steps.push(Step {
            kind: StepKind::Blend,
            text: format!("coefficient {kappa} x {blend}, as a part of the same of all parties = {share}"),
            value: share,
            indexes: Vec::new(),
        });
    }
    steps
}

fn pool_step(terms: &Terms, sum: &StreamSum, indexes: Vec<u64>) -> Step {
    let (stream, currency) = (&terms.streams[sum.stream], &terms.currencies[sum.currency]);
    let came = sum.rates.iter().map(|(rate, gross)| format!("{rate} of {}", currency.amount((*gross).into())));
    Step {
        kind: StepKind::Pool,
        text: format!(
            "{}, collected by {}: {} gross = {} pooled",
            stream.name,
            stream.collector,
            came.collect::<Vec<_>>().join(" + "),
            currency.amount(sum.pooled.into()),
        ),
        value: sum.pooled.to_string(),
        indexes,
    }
}

/// Where whole minor units do not come from the largest remainder.
fn unrounded_step(account: &Account, party: usize, currency: usize) -> Option<Step> {
    let (terms, figures) = (&account.terms.currencies[currency], &account.figures[currency]);
    let allocated = figures.allocations.get(party)?;
    let text = match &figures.limits {
        Some((low, high)) => {
            let (low, high) = (terms.exact_amount(low.get(party)?), terms.exact_amount(high.get(party)?));
            let held = terms.amount(figures.disputed.into());
            format!(
                "something is in doubt: between {low} and {high}; {} is payable until it is decided, {held} is held \
                 for all",
                terms.amount((*allocated).into())
            )
        }
        None if account.terms.rounding == Rounding::NeverNegative => {
            format!("{} by the largest deficit, settlement by settlement", terms.amount((*allocated).into()))
        }
        None => return None,
    };
    Some(Step { kind: StepKind::Rounding, text, value: allocated.to_string(), indexes: Vec::new() })
}

fn rounding_step(terms: &Terms, apportionment: &Apportionment, party: usize, currency: usize) -> Step {
    let code = &terms.currencies[currency];
    let left_over = apportionment.left_over();
    let name = |winner: &usize| terms.parties.get(*winner).map_or("the reserve", |party| party.name.as_str());
    let winners: Vec<&str> = apportionment.order()[..left_over].iter().map(name).collect();
    let (text, value) = match apportionment.rounding(party) {
        Some(rounding) => {
            let whole = code.amount(rounding.whole.into());
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
            let allocated = code.amount(rounding.allocation.into());
            (format!("{whole} whole; {left} = {allocated}"), rounding.allocation.to_string())
        }
        None => (String::new(), String::new()),
    };
    Step { kind: StepKind::Rounding, text, value, indexes: Vec::new() }
}

fn text_at(number: Option<Exact>) -> String {
    number.map_or_else(String::new, |number| exact_text(&number))
}
