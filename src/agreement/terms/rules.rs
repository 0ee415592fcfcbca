//! Do the rules of terms fit together: the mediator, the calendar, what comes before the shares, and baselines?
//!
//! What is wrong with one rule alone, such as a rate above 1 or a party named twice, is found where the terms are read.

use std::collections::BTreeMap;

use crate::{
    agreement::{
        benefit::GROSS_MAX,
        directory::Directory,
        refusal::terms::TermsFault,
        terms::{fine_enough, unique},
    },
    split::{Exact, Ratio, exact_text},
    statement::{
        rules::{Rounding, SharePolicy, Waterfall},
        terms::{CurrencyCode, Name, Terms},
    },
};

/// The largest denominator of the decay: its powers are what points are multiplied by, period after period.
pub const DECAY_DENOMINATOR_MAX: u64 = 1_000;

/// Checks every rule, in the order of the fields.
pub(super) fn check(terms: &Terms, directory: &Directory) -> Result<(), TermsFault> {
    mediator(terms, directory)?;
    fees(terms, directory)?;
    holdback(&terms.waterfall)?;
    let waterfall = &terms.waterfall;
    if waterfall.corridor.is_some() && waterfall.cost_categories.is_empty() {
        return Err(TermsFault::CorridorWithoutCosts);
    }
    bounds(terms, directory)?;
    guarantees(terms, directory)?;
    rounding(terms)?;
    decay(terms)?;
    for baseline in &terms.baselines {
        let what = || format!("the baseline of `{}`", baseline.party);
        party(&what, &baseline.party, directory)?;
        currency(&what, &baseline.currency, directory)?;
        amount(&what, baseline.amount)?;
    }
    Ok(())
}

fn mediator(terms: &Terms, directory: &Directory) -> Result<(), TermsFault> {
    let keys = terms.mediator.iter().flat_map(|mediator| &mediator.keys);
    match keys.into_iter().find_map(|key| directory.speaker(*key)) {
        Some(speaker) => {
            let party = terms.parties[speaker.party].name.clone();
            Err(TermsFault::MediatorIsParty { key: speaker.key, party })
        }
        None => Ok(()),
    }
}

/// Fees and what is held back come out of the same pool, which must suffice for them.
fn fees(terms: &Terms, directory: &Directory) -> Result<(), TermsFault> {
    let Waterfall { fees, holdback, .. } = &terms.waterfall;
    unique("fee", fees.iter().map(|fee| &fee.name))?;
    let mut rates: BTreeMap<&CurrencyCode, Vec<Ratio>> = BTreeMap::new();
    for fee in fees {
        let what = || format!("fee `{}`", fee.name);
        currency(&what, &fee.currency, directory)?;
        amount(&what, fee.cap.unwrap_or(0))?;
        rates.entry(&fee.currency).or_default().push(fee.rate);
    }
    for (currency, mut rates) in rates {
        rates.extend(holdback);
        fine_enough(rates.iter().copied(), || format!("the fees in {currency} and the holdback"))?;
        let sum: Exact = rates.into_iter().map(Ratio::exact).fold(Exact::ZERO, |sum, rate| sum + rate);
        if sum > Exact::ONE {
            return Err(TermsFault::FeesAboveOne { currency: currency.clone(), sum: exact_text(&sum) });
        }
    }
    Ok(())
}

fn holdback(waterfall: &Waterfall) -> Result<(), TermsFault> {
    let (part, days) = (waterfall.holdback, waterfall.holdback_days);
    if part.map_or(days == 0, |part| !part.is_zero() && days > 0) {
        return Ok(());
    }
    Err(TermsFault::HoldbackUnfit { part: part.unwrap_or(Ratio::ZERO), days })
}

fn bounds(terms: &Terms, directory: &Directory) -> Result<(), TermsFault> {
    let bounds = &terms.waterfall.bounds;
    let mut floors: BTreeMap<&CurrencyCode, u64> = BTreeMap::new();
    for bound in bounds {
        let what = || format!("the bound of `{}`", bound.party);
        party(&what, &bound.party, directory)?;
        currency(&what, &bound.currency, directory)?;
        if bound.cap.is_none() && bound.floor == 0 {
            return Err(TermsFault::BoundEmpty { party: bound.party.clone() });
        }
        let floors = floors.entry(&bound.currency).or_default();
        *floors = floors.saturating_add(bound.floor);
        amount(&|| format!("the floors in {}", bound.currency), *floors)?;
    }
    fine_enough(bounds.iter().filter_map(|bound| bound.cap), || "the caps of the parties".to_owned())
}

fn guarantees(terms: &Terms, directory: &Directory) -> Result<(), TermsFault> {
    for guarantee in &terms.waterfall.guarantees {
        let what = || format!("the guarantee of `{}`", guarantee.party);
        party(&what, &guarantee.party, directory)?;
        party(&what, &guarantee.guarantor, directory)?;
        if guarantee.party == guarantee.guarantor {
            return Err(TermsFault::GuaranteesItself { party: guarantee.party.clone() });
        }
        currency(&what, &guarantee.currency, directory)?;
        amount(&what, guarantee.amount)?;
    }
    Ok(())
}

/// Largest deficit first hands out what came in, by shares that stay what they are, and never takes anything back. A
/// guarantor pays, which is a line below zero on purpose; and what is shared anew by the latest shares takes from some
/// what they had. What is held back comes later as a pool of its own, which fits.
fn rounding(terms: &Terms) -> Result<(), TermsFault> {
    let unfit = |beside| Err(TermsFault::RoundingUnfit { beside });
    match terms.rounding {
        Rounding::NeverNegative if !terms.waterfall.guarantees.is_empty() => unfit("a guarantee"),
        Rounding::NeverNegative if terms.share_policy == SharePolicy::TrueUp => {
            unfit("the latest shares for everything")
        }
        Rounding::NeverNegative | Rounding::LargestRemainder => Ok(()),
    }
}

fn decay(terms: &Terms) -> Result<(), TermsFault> {
    let decay = terms.decay;
    if decay.is_zero() {
        return Ok(());
    }
    if terms.calendar.is_none() {
        return Err(TermsFault::DecayWithoutCalendar);
    }
    if decay.denominator() > DECAY_DENOMINATOR_MAX {
        return Err(TermsFault::DecayTooFine { decay, max: DECAY_DENOMINATOR_MAX });
    }
    Ok(())
}

fn party(what: &impl Fn() -> String, name: &Name, directory: &Directory) -> Result<(), TermsFault> {
    match directory.party(name) {
        Some(_) => Ok(()),
        None => Err(TermsFault::PartyUnknown { what: what(), party: name.clone() }),
    }
}

fn currency(what: &impl Fn() -> String, code: &CurrencyCode, directory: &Directory) -> Result<(), TermsFault> {
    match directory.currency(code) {
        Some(_) => Ok(()),
        None => Err(TermsFault::CurrencyUnknown { what: what(), currency: code.clone() }),
    }
}

fn amount(what: &impl Fn() -> String, amount: u64) -> Result<(), TermsFault> {
    if amount > GROSS_MAX { Err(TermsFault::RuleTooLarge { what: what() }) } else { Ok(()) }
}
