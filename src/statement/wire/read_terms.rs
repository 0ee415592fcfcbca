//! Generated terms to values: how long a text or a list may be, what a name or a fraction looks like. What the terms mean,
//! and so whether a number may be zero or a name stand twice, the law decides: it judges terms that were never on the
//! wire by the same rules.

use crate::{
    proto::counterfoil::v1,
    split::Ratio,
    statement::{
        terms::{
            Currency, CurrencyCode, Dimension, LegalText, Licence, Name, Party, PartyKey, Prevails, Role, Scope,
            Stream, Terms, Unit, WorkedExample,
        },
        wire::{
            problem::{FieldError, FieldProblem, Within},
            read_field::{
                CURRENCIES_MAX, PARTIES_MAX, TEXT_BYTES_MAX, ascending, at_most, choice, digest, each, optional_time,
                public_key, ratio, required, text, title, within_counts,
            },
            read_rules,
        },
    },
};

const DIMENSIONS_MAX: usize = 16;
const UNITS_MAX: usize = 1_000;
const STREAMS_MAX: usize = 64;
const LICENCES_MAX: usize = 64;
const EXAMPLES_MAX: usize = 64;
const KEYS_MAX: usize = 64;
const EXPONENT_MAX: u32 = 18;

/// Reads terms that must be there.
pub(super) fn needed(from: Option<v1::Terms>) -> Result<Terms, FieldError> {
    terms(from.ok_or(FieldProblem::Missing)?)
}

fn terms(from: v1::Terms) -> Result<Terms, FieldError> {
    let title = title(from.title).within("title")?;
    at_most(from.parties.len(), PARTIES_MAX).within("parties")?;
    let parties = each(from.parties, party).within("parties")?;
    let legal_text = from.legal_text.ok_or(FieldProblem::Missing.into()).and_then(legal_text).within("legal_text")?;
    within_counts(from.currencies.len(), 1, CURRENCIES_MAX).within("currencies")?;
    let currencies = each(from.currencies, currency).within("currencies")?;
    within_counts(from.dimensions.len(), 1, DIMENSIONS_MAX).within("dimensions")?;
    let dimensions = each(from.dimensions, dimension).within("dimensions")?;
    within_counts(from.units.len(), 1, UNITS_MAX).within("units")?;
    let units = each(from.units, unit).within("units")?;
    within_counts(from.streams.len(), 1, STREAMS_MAX).within("streams")?;
    let streams = each(from.streams, stream).within("streams")?;
    at_most(from.licences.len(), LICENCES_MAX).within("licences")?;
    let licences = each(from.licences, licence).within("licences")?;
    at_most(from.examples.len(), EXAMPLES_MAX).within("examples")?;
    let examples = each(from.examples, example).within("examples")?;
    let acceptance_deadline = optional_time(from.acceptance_deadline_ms).within("acceptance_deadline_ms")?;
    let mediator = from.mediator.map(read_rules::mediator).transpose().within("mediator")?;
    let calendar = read_rules::calendar(from.calendar).within("calendar")?;
    let windows = read_rules::windows(from.windows).within("windows")?;
    let waterfall = read_rules::waterfall(from.waterfall).within("waterfall")?;
    let share_policy = read_rules::share_policy(from.share_policy).within("share_policy")?;
    let rounding = read_rules::rounding(from.rounding).within("rounding")?;
    let decay = read_rules::decay(from.decay).within("decay")?;
    let trial = from.trial.map(|from| read_rules::trial(&from)).transpose().within("trial")?;
    let exit = from.exit.map(|from| read_rules::exit(&from)).transpose().within("exit")?;
    let baselines = read_rules::baselines(from.baselines).within("baselines")?;
    Ok(Terms {
        title,
        parties,
        legal_text,
        currencies,
        dimensions,
        units,
        streams,
        licences,
        examples,
        acceptance_deadline,
        lapses_on_decline: from.lapses_on_decline,
        back_date_days_max: (from.back_date_days_max != 0).then_some(from.back_date_days_max),
        mediator,
        calendar,
        windows,
        waterfall,
        share_policy,
        rounding,
        decay,
        trial,
        exit,
        tail_days: from.tail_days,
        baselines,
        daily_claims_max: (from.daily_claims_max != 0).then_some(from.daily_claims_max),
    })
}

fn party(from: v1::Party) -> Result<Party, FieldError> {
    let name = required(from.name).within("name")?;
    let display_name = title(from.display_name).within("display_name")?;
    let role = role(from.role).within("role")?;
    at_most(from.keys.len(), KEYS_MAX).within("keys")?;
    let keys = each(from.keys, party_key).within("keys")?;
    let coefficient = ratio(from.coefficient).within("coefficient")?;
    Ok(Party { name, display_name, role, keys, govern_threshold: from.govern_threshold, coefficient })
}

fn role(number: i32) -> Result<Role, FieldProblem> {
    Ok(match choice::<v1::Role>(number)? {
        v1::Role::Unspecified => return Err(FieldProblem::Missing),
        v1::Role::Community => Role::Community,
        v1::Role::Enterprise => Role::Enterprise,
        v1::Role::Foundation => Role::Foundation,
        v1::Role::Individual => Role::Individual,
        v1::Role::Academic => Role::Academic,
        v1::Role::Other => Role::Other,
    })
}

fn party_key(from: v1::PartyKey) -> Result<PartyKey, FieldError> {
    let key = public_key(&from.public_key).within("public_key")?;
    Ok(PartyKey { key, scopes: scopes(from.scopes).within("scopes")? })
}

/// Reads what a key may sign.
pub(super) fn scopes(from: Vec<i32>) -> Result<Vec<Scope>, FieldError> {
    if from.is_empty() {
        return Err(FieldProblem::Missing.into());
    }
    let scopes = each(from, |number| Ok(scope(number)?))?;
    ascending(&scopes)?;
    Ok(scopes)
}

fn scope(number: i32) -> Result<Scope, FieldProblem> {
    Ok(match choice::<v1::Scope>(number)? {
        v1::Scope::Unspecified => return Err(FieldProblem::Missing),
        v1::Scope::Govern => Scope::Govern,
        v1::Scope::Claim => Scope::Claim,
        v1::Scope::Attest => Scope::Attest,
        v1::Scope::Report => Scope::Report,
    })
}

fn legal_text(from: v1::LegalText) -> Result<LegalText, FieldError> {
    let digest = digest(&from.digest).within("digest")?;
    let uri = text(from.uri, TEXT_BYTES_MAX).within("uri")?;
    let prevails = match choice::<v1::Prevails>(from.prevails).within("prevails")? {
        v1::Prevails::Unspecified => return Err(FieldProblem::Missing).within("prevails"),
        v1::Prevails::Prose => Prevails::Prose,
        v1::Prevails::Computation => Prevails::Computation,
    };
    Ok(LegalText { digest, uri, prevails })
}

fn currency(from: v1::Currency) -> Result<Currency, FieldError> {
    let code = required(from.code).within("code")?;
    if from.exponent > EXPONENT_MAX {
        let (found, max) = (u64::from(from.exponent), u64::from(EXPONENT_MAX));
        return Err(FieldProblem::OutOfRange { found, min: 0, max }).within("exponent");
    }
    Ok(Currency { code, exponent: from.exponent })
}

fn dimension(from: v1::Dimension) -> Result<Dimension, FieldError> {
    let name = required(from.name).within("name")?;
    let title = title(from.title).within("title")?;
    let weight = ratio(from.weight).within("weight")?;
    let floor_mass = ratio(from.floor_mass).within("floor_mass")?;
    at_most(from.default_shares.len(), PARTIES_MAX).within("default_shares")?;
    let default_shares = each(from.default_shares, |share| Ok(ratio(Some(share))?)).within("default_shares")?;
    at_most(from.coefficients.len(), PARTIES_MAX).within("coefficients")?;
    let coefficients = each(from.coefficients, |coefficient| Ok(ratio(Some(coefficient))?)).within("coefficients")?;
    let no_floor_mass = from.no_floor_mass;
    Ok(Dimension { name, title, weight, floor_mass, default_shares, coefficients, no_floor_mass })
}

fn unit(from: v1::Unit) -> Result<Unit, FieldError> {
    let name = required(from.name).within("name")?;
    let dimension = required(from.dimension).within("dimension")?;
    let points = ratio(from.points).within("points")?;
    at_most(from.attestors.len(), PARTIES_MAX).within("attestors")?;
    let attestors = each(from.attestors, |name| Ok(required::<Name>(name)?)).within("attestors")?;
    Ok(Unit { name, dimension, points, attestations: from.attestations, attestors })
}

fn stream(from: v1::Stream) -> Result<Stream, FieldError> {
    let name = required(from.name).within("name")?;
    let title = title(from.title).within("title")?;
    let collector = required(from.collector).within("collector")?;
    let pool_rate = ratio(from.pool_rate).within("pool_rate")?;
    Ok(Stream { name, title, collector, pool_rate })
}

fn licence(from: v1::Licence) -> Result<Licence, FieldError> {
    let deliverable = title(from.deliverable).within("deliverable")?;
    Ok(Licence { deliverable, spdx: title(from.spdx).within("spdx")? })
}

fn example(from: v1::WorkedExample) -> Result<WorkedExample, FieldError> {
    let title = title(from.title).within("title")?;
    at_most(from.points.len(), DIMENSIONS_MAX).within("points")?;
    let points = each(from.points, example_points).within("points")?;
    let currency: CurrencyCode = required(from.currency).within("currency")?;
    at_most(from.gross.len(), STREAMS_MAX).within("gross")?;
    let gross = each(from.gross, |from| Ok((required::<Name>(from.stream).within("stream")?, from.amount_minor)));
    let gross = gross.within("gross")?;
    at_most(from.allocations_minor.len(), PARTIES_MAX).within("allocations_minor")?;
    Ok(WorkedExample { title, points, currency, gross, allocations: from.allocations_minor })
}

fn example_points(from: v1::ExamplePoints) -> Result<(Name, Vec<Ratio>), FieldError> {
    let dimension = required(from.dimension).within("dimension")?;
    at_most(from.points.len(), PARTIES_MAX).within("points")?;
    Ok((dimension, each(from.points, |points| Ok(ratio(Some(points))?)).within("points")?))
}
