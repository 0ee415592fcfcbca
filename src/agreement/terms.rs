//! Do the terms of a proposal fit together? Every rule in the order of the fields; the first that fails is named.
//!
//! Who can attest: a party needs a key with the scope `ATTEST`. A unit that any other party may attest must be possible
//! for each party that can claim, so that nobody works in vain. A unit that names its attestors needs only one claimant
//! for whom it is possible: those who are named may be kept from claiming it on purpose.
//!
//! Licences: identifiers of the SPDX list, also deprecated ones (an identifier that is deprecated one day must not turn
//! an old ledger unsound), `LicenseRef-...` and `AdditionRef-...`.

pub mod rules;

use std::collections::BTreeSet;

use crate::{
    agreement::{directory::Directory, example, refusal::terms::TermsFault},
    split::{Exact, Ratio, TERMS_DENOMINATOR_BITS_MAX, common_denominator_bits, exact_text},
    statement::terms::{Dimension, Licence, Name, Party, Scope, Stream, Terms, Unit},
};

/// The most lines a settlement may have: parties times currencies, so that it fits into one statement.
pub const ACCOUNT_LINES_MAX: usize = 2_000;

/// Checks that `terms` fit together and reproduce their own worked examples.
///
/// Errors: [`TermsFault`], for the first rule that fails.
pub fn check(terms: &Terms) -> Result<(), TermsFault> {
    check_with(terms, &Directory::new(terms))
}

pub(super) fn check_with(terms: &Terms, directory: &Directory) -> Result<(), TermsFault> {
    parties(&terms.parties)?;
    currencies(terms)?;
    dimensions(terms)?;
    unique("unit", terms.units.iter().map(|unit| &unit.name))?;
    terms.units.iter().try_for_each(|unit| self::unit(unit, terms, directory))?;
    unique("stream", terms.streams.iter().map(|stream| &stream.name))?;
    terms.streams.iter().try_for_each(|stream| self::stream(stream, terms, directory))?;
    terms.licences.iter().try_for_each(licence)?;
    rules::check(terms, directory)?;
    // Last: they are computed by everything else.
    terms.examples.iter().try_for_each(|example| example::check(terms, directory, example))
}

fn parties(parties: &[Party]) -> Result<(), TermsFault> {
    if parties.len() < 2 {
        return Err(TermsFault::PartiesTooFew { found: parties.len() });
    }
    unique("party", parties.iter().map(|party| &party.name))?;
    let mut keys = std::collections::BTreeMap::new();
    for party in parties {
        for key in &party.keys {
            if let Some(first) = keys.insert(key.key, &party.name) {
                let (party, first) = (party.name.clone(), first.clone());
                return Err(TermsFault::KeyTwice { key: key.key, party, first });
            }
        }
        let keys = party.keys.iter().filter(|key| key.scopes.contains(&Scope::Govern)).count();
        if keys == 0 {
            return Err(TermsFault::GovernKeyMissing { party: party.name.clone() });
        }
        let threshold = party.govern_threshold;
        if threshold == 0 || usize::try_from(threshold).is_ok_and(|threshold| threshold > keys) {
            return Err(TermsFault::GovernThresholdOutOfRange { party: party.name.clone(), threshold, keys });
        }
        if party.coefficient.is_zero() {
            return Err(TermsFault::PartyCoefficientZero { party: party.name.clone() });
        }
    }
    let coefficients = parties.iter().map(|party| party.coefficient);
    fine_enough(coefficients, || "the coefficients of the parties".to_owned())
}

fn currencies(terms: &Terms) -> Result<(), TermsFault> {
    let mut seen = BTreeSet::new();
    if let Some(twice) = terms.currencies.iter().find(|currency| !seen.insert(&currency.code)) {
        return Err(TermsFault::CurrencyTwice { currency: twice.code.clone() });
    }
    let (parties, currencies) = (terms.parties.len(), terms.currencies.len());
    if parties.saturating_mul(currencies) > ACCOUNT_LINES_MAX {
        return Err(TermsFault::AccountLinesTooMany { parties, currencies, max: ACCOUNT_LINES_MAX });
    }
    Ok(())
}

fn dimensions(terms: &Terms) -> Result<(), TermsFault> {
    unique("dimension", terms.dimensions.iter().map(|dimension| &dimension.name))?;
    let weights = || terms.dimensions.iter().map(|dimension| dimension.weight);
    fine_enough(weights(), || "the weights of the dimensions".to_owned())?;
    if let Some(sum) = not_one(weights()) {
        return Err(TermsFault::WeightsNotOne { sum });
    }
    terms.dimensions.iter().try_for_each(|dimension| self::dimension(dimension, &terms.parties))
}

fn dimension(dimension: &Dimension, parties: &[Party]) -> Result<(), TermsFault> {
    let name = || dimension.name.clone();
    let (floor_mass, none_wanted) = (dimension.floor_mass, dimension.no_floor_mass);
    if floor_mass.is_zero() && !none_wanted {
        return Err(TermsFault::FloorMassZero { dimension: name() });
    }
    if !floor_mass.is_zero() && none_wanted {
        return Err(TermsFault::FloorMassUnwanted { dimension: name() });
    }
    let (defaults, coefficients) = (&dimension.default_shares, &dimension.coefficients);
    if defaults.len() != parties.len() {
        let found = defaults.len();
        return Err(TermsFault::DefaultSharesMissing { dimension: name(), found, parties: parties.len() });
    }
    fine_enough(defaults.iter().copied(), || format!("the default shares of `{}`", dimension.name))?;
    if let Some(sum) = not_one(defaults.iter().copied()) {
        return Err(TermsFault::DefaultSharesNotOne { dimension: name(), sum });
    }
    if coefficients.len() != parties.len() {
        let found = coefficients.len();
        return Err(TermsFault::CoefficientsMissing { dimension: name(), found, parties: parties.len() });
    }
    if let Some(party) = coefficients.iter().position(|coefficient| coefficient.is_zero()) {
        return Err(TermsFault::CoefficientZero { dimension: name(), party: parties[party].name.clone() });
    }
    fine_enough(coefficients.iter().copied(), || format!("the coefficients of `{}`", dimension.name))
}

fn unit(unit: &Unit, terms: &Terms, directory: &Directory) -> Result<(), TermsFault> {
    let name = || unit.name.clone();
    if directory.dimension(&unit.dimension).is_none() {
        return Err(TermsFault::UnitDimensionUnknown { unit: name(), dimension: unit.dimension.clone() });
    }
    if unit.points.is_zero() {
        return Err(TermsFault::UnitPointsZero { unit: name() });
    }
    if unit.attestations == 0 {
        return Err(TermsFault::UnitAttestationsZero { unit: name() });
    }
    let mut listed = Vec::with_capacity(unit.attestors.len());
    for attestor in &unit.attestors {
        let Some(party) = directory.party(attestor) else {
            return Err(TermsFault::AttestorUnknown { unit: name(), attestor: attestor.clone() });
        };
        if listed.last().is_some_and(|last| *last >= party) {
            return Err(TermsFault::AttestorsNotInOrder { unit: name(), attestor: attestor.clone() });
        }
        listed.push(party);
    }
    attestations_possible(unit, &listed, &terms.parties)
}

fn attestations_possible(unit: &Unit, listed: &[usize], parties: &[Party]) -> Result<(), TermsFault> {
    let may_attest = |party: usize| listed.is_empty() || listed.contains(&party);
    let attestors: BTreeSet<usize> =
        (0..parties.len()).filter(|party| may_attest(*party) && has_scope(&parties[*party], Scope::Attest)).collect();
    let needed = usize::try_from(unit.attestations).unwrap_or(usize::MAX);
    let claimants = || (0..parties.len()).filter(|party| has_scope(&parties[*party], Scope::Claim));
    let possible = |claimant: usize| attestors.len() - usize::from(attestors.contains(&claimant));
    let out_of_reach = |claimant: &usize| possible(*claimant) < needed;
    let in_vain = if listed.is_empty() || claimants().all(|claimant| out_of_reach(&claimant)) {
        claimants().find(out_of_reach)
    } else {
        None
    };
    match in_vain {
        None => Ok(()),
        Some(claimant) => Err(TermsFault::AttestationsImpossible {
            unit: unit.name.clone(),
            claimant: parties[claimant].name.clone(),
            needed: unit.attestations,
            possible: possible(claimant),
        }),
    }
}

fn stream(stream: &Stream, terms: &Terms, directory: &Directory) -> Result<(), TermsFault> {
    let names = || (stream.name.clone(), stream.collector.clone());
    let Some(collector) = directory.party(&stream.collector) else {
        let (stream, collector) = names();
        return Err(TermsFault::CollectorUnknown { stream, collector });
    };
    let reports = |party: usize| has_scope(&terms.parties[party], Scope::Report);
    if !reports(collector) {
        let (stream, collector) = names();
        return Err(TermsFault::CollectorCannotReport { stream, collector });
    }
    if !(0..terms.parties.len()).any(|party| party != collector && reports(party)) {
        let (stream, collector) = names();
        return Err(TermsFault::ConfirmationImpossible { stream, collector });
    }
    if !stream.pool_rate.is_at_most_one() {
        return Err(TermsFault::PoolRateAboveOne { stream: stream.name.clone() });
    }
    Ok(())
}

fn licence(licence: &Licence) -> Result<(), TermsFault> {
    let mode = spdx::ParseMode { allow_deprecated: true, ..spdx::ParseMode::STRICT };
    match spdx::Expression::parse_mode(&licence.spdx, mode) {
        Ok(_) => Ok(()),
        Err(error) => Err(TermsFault::LicenceUnknown {
            deliverable: licence.deliverable.clone(),
            spdx: licence.spdx.clone(),
            problem: error.reason.to_string(),
        }),
    }
}

fn has_scope(party: &Party, scope: Scope) -> bool {
    party.keys.iter().any(|key| key.scopes.contains(&scope))
}

fn unique<'a>(kind: &'static str, names: impl Iterator<Item = &'a Name>) -> Result<(), TermsFault> {
    let mut seen = BTreeSet::new();
    for name in names {
        if !seen.insert(name) {
            return Err(TermsFault::NameTwice { kind, name: name.clone() });
        }
    }
    Ok(())
}

fn fine_enough(ratios: impl Iterator<Item = Ratio>, what: impl Fn() -> String) -> Result<(), TermsFault> {
    let exact: Vec<Exact> = ratios.map(Ratio::exact).collect();
    let bits = common_denominator_bits(&exact);
    if bits > TERMS_DENOMINATOR_BITS_MAX {
        return Err(TermsFault::TermsTooFine { what: what(), bits, max: TERMS_DENOMINATOR_BITS_MAX });
    }
    Ok(())
}

/// Returns the sum as text unless it is exactly 1.
fn not_one(ratios: impl Iterator<Item = Ratio>) -> Option<String> {
    let sum: Exact = ratios.map(Ratio::exact).fold(Exact::ZERO, |sum, ratio| sum + ratio);
    (sum != Exact::ONE).then(|| exact_text(&sum))
}
