//! Agreements as people write them: a TOML file to [`Terms`]. `examples/two-parties.toml` explains the keys that most need; those
//! of the other rules are the words of `terms.proto`.
//!
//! Looks that every name is one of the file's own, so that a slip is shown with its line; whether the terms fit
//! together, the law decides.

mod rules;

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use crate::{
    cli::{
        amount,
        toml_file::{Node, Problem, Table, TomlFile, TomlFileError},
    },
    digest::Digest,
    keys::{PublicKey, SecretKey},
    split::Ratio,
    statement::{
        rules::Mediator,
        terms::{
            Currency, CurrencyCode, Dimension, LegalText, Licence, Name, Party, PartyKey, Prevails, Role, Scope,
            Stream, Terms, Unit, WorkedExample,
        },
    },
};

/// A file that is ready to be filled in, with its keys explained.
pub const EXAMPLE: &str = include_str!("../../examples/two-parties.toml");

/// What the terms are read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To be signed: every party has its keys, and the legal text is hashed.
    Sign,
    /// To be tried out: a party without keys gets a stand-in that nobody holds, and the legal text is not looked at.
    Try,
}

/// Reads the terms in the file at `path`.
///
/// Errors: [`TomlFileError`]. That the terms fit together is not checked: see `agreement::terms::check`.
pub fn load(path: &Path, purpose: Purpose) -> Result<Terms, TomlFileError> {
    read(&TomlFile::read(path)?, purpose)
}

/// Reads the terms in a file; as [`load`].
///
/// Errors: as [`load`].
pub fn read(file: &TomlFile, purpose: Purpose) -> Result<Terms, TomlFileError> {
    let parsed = file.parse()?;
    let terms = parsed.root().table(&[
        "title",
        "acceptance_deadline",
        "lapses_on_decline",
        "back_date_days_max",
        "legal_text",
        "currencies",
        "parties",
        "dimensions",
        "units",
        "streams",
        "licences",
        "examples",
        "mediator",
        "calendar",
        "windows",
        "waterfall",
        "share_policy",
        "rounding",
        "decay",
        "trial",
        "exit",
        "tail_days",
        "baselines",
        "daily_claims_max",
    ])?;
    let parties = list(&terms, "parties", |node| party(node, purpose))?;
    let currencies = list(&terms, "currencies", currency)?;
    let names: Vec<&Name> = parties.iter().map(|party| &party.name).collect();
    let dimensions = list(&terms, "dimensions", |node| dimension(node, &names))?;
    let units = list(&terms, "units", |node| unit(node, &names, &dimensions))?;
    let streams = list(&terms, "streams", |node| stream(node, &names))?;
    let known = Known { parties: &names, currencies: &currencies, dimensions: &dimensions, streams: &streams };
    let examples = optional_list(&terms, "examples", |node| example(node, &known))?;
    let waterfall = terms.read("waterfall", |node| rules::waterfall(node, &known))?.unwrap_or_default();
    let baselines = optional_list(&terms, "baselines", |node| rules::baseline(node, &known))?;
    Ok(Terms {
        title: terms.need("title")?.text()?.to_owned(),
        legal_text: legal_text(&terms, file.path(), purpose)?,
        licences: optional_list(&terms, "licences", licence)?,
        acceptance_deadline: terms.read("acceptance_deadline", |node| node.until())?,
        lapses_on_decline: terms.read("lapses_on_decline", |node| node.flag())?.unwrap_or(false),
        back_date_days_max: terms.read("back_date_days_max", |node| node.count())?.filter(|days| *days > 0),
        examples,
        parties,
        currencies,
        dimensions,
        units,
        streams,
        mediator: terms.read("mediator", |node| rules::mediator(node, purpose))?,
        calendar: terms.read("calendar", |node| choice(&node, &rules::CALENDARS))?,
        windows: terms.read("windows", rules::windows)?.unwrap_or_default(),
        waterfall,
        share_policy: terms.read("share_policy", |node| choice(&node, &rules::SHARE_POLICIES))?.unwrap_or_default(),
        rounding: terms.read("rounding", |node| choice(&node, &rules::ROUNDINGS))?.unwrap_or_default(),
        decay: terms.read("decay", |node| node.ratio())?.unwrap_or(Ratio::ZERO),
        trial: terms.read("trial", |node| rules::trial(node, file.path(), purpose))?,
        exit: terms.read("exit", rules::exit)?,
        tail_days: terms.read("tail_days", |node| node.count())?.unwrap_or(0),
        baselines,
        daily_claims_max: terms.read("daily_claims_max", |node| node.count())?.filter(|claims| *claims > 0),
    })
}

/// Reads a file that names a mediator alone.
///
/// Errors: as [`load`].
pub fn read_mediator(file: &TomlFile) -> Result<Mediator, TomlFileError> {
    rules::mediator(file.parse()?.root(), Purpose::Sign)
}

/// What worked examples and rules may name.
struct Known<'a> {
    parties: &'a [&'a Name],
    currencies: &'a [Currency],
    dimensions: &'a [Dimension],
    streams: &'a [Stream],
}

pub(super) fn list<T>(
    table: &Table<'_>,
    key: &'static str,
    read: impl Fn(Node<'_>) -> Result<T, TomlFileError>,
) -> Result<Vec<T>, TomlFileError> {
    table.need(key)?.items()?.into_iter().map(read).collect()
}

pub(super) fn optional_list<T>(
    table: &Table<'_>,
    key: &'static str,
    read: impl Fn(Node<'_>) -> Result<T, TomlFileError>,
) -> Result<Vec<T>, TomlFileError> {
    if table.get(key).is_some() { list(table, key, read) } else { Ok(Vec::new()) }
}

fn party(node: Node<'_>, purpose: Purpose) -> Result<Party, TomlFileError> {
    let table = node.table(&["name", "display_name", "role", "keys", "govern_threshold", "coefficient"])?;
    let name: Name = table.need("name")?.parsed()?;
    let keys = optional_list(&table, "keys", party_key)?;
    let keys = match (keys.is_empty(), purpose) {
        (false, _) => keys,
        (true, Purpose::Try) => vec![PartyKey { key: stand_in(name.as_str()), scopes: ALL_SCOPES.to_vec() }],
        (true, Purpose::Sign) => return Err(table.missing("keys")),
    };
    Ok(Party {
        display_name: table
            .read("display_name", |node| Ok(node.text()?.to_owned()))?
            .unwrap_or_else(|| name.to_string()),
        role: choice(&table.need("role")?, &ROLES)?,
        keys,
        govern_threshold: table.read("govern_threshold", |node| node.count())?.unwrap_or(1),
        coefficient: table.read("coefficient", |node| node.ratio())?.unwrap_or(Ratio::ONE),
        name,
    })
}

/// Returns a key for trying terms out. Whoever runs this can compute its secret, so that it must never be signed for.
fn stand_in(whose: &str) -> PublicKey {
    SecretKey::from_seed(Digest::of(&[b"counterfoil stand-in\n", whose.as_bytes()]).as_bytes()).public()
}

fn party_key(node: Node<'_>) -> Result<PartyKey, TomlFileError> {
    if node.is_text() {
        return Ok(PartyKey { key: node.parsed()?, scopes: ALL_SCOPES.to_vec() });
    }
    let table = node.table(&["key", "scopes"])?;
    let mut scopes = list(&table, "scopes", |node| choice(&node, &SCOPES))?;
    // Their order means nothing to people, and everything to the one form that is signed.
    scopes.sort_unstable();
    scopes.dedup();
    Ok(PartyKey { key: table.need("key")?.parsed()?, scopes })
}

fn legal_text(terms: &Table<'_>, path: &Path, purpose: Purpose) -> Result<LegalText, TomlFileError> {
    if purpose == Purpose::Try && terms.get("legal_text").is_none() {
        let digest = Digest::of(&[]);
        return Ok(LegalText { digest, uri: String::new(), prevails: Prevails::Prose });
    }
    let table = terms.need("legal_text")?.table(&["file", "digest", "uri", "prevails"])?;
    let digest = file_or_digest(&table, ["file", "digest"], path, purpose)?;
    let uri = table.read("uri", |node| Ok(node.text()?.to_owned()))?.unwrap_or_default();
    Ok(LegalText { digest, uri, prevails: choice(&table.need("prevails")?, &PREVAILS)? })
}

/// Reads a digest, or hashes the file that is named in its place; `keys` are those of the file and of the digest.
pub(super) fn file_or_digest(
    table: &Table<'_>,
    keys: [&'static str; 2],
    path: &Path,
    purpose: Purpose,
) -> Result<Digest, TomlFileError> {
    match keys.map(|key| table.get(key)) {
        [Some(node), None] => match purpose {
            Purpose::Sign => digest_of_file(&node, path),
            Purpose::Try => Ok(Digest::of(&[])),
        },
        [None, Some(node)] => hex_digest(&node),
        [Some(_), Some(node)] => Err(node.wrong("give the file or its digest, not both")),
        [None, None] => Err(table.missing(keys[0])),
    }
}

fn hex_digest(node: &Node<'_>) -> Result<Digest, TomlFileError> {
    let bytes = hex::decode(node.text()?).map_err(|_| node.wrong("is not a SHA-256 digest: 64 digits 0-9 a-f"))?;
    Digest::try_from(bytes.as_slice()).map_err(|error| node.wrong(error))
}

fn digest_of_file(node: &Node<'_>, terms: &Path) -> Result<Digest, TomlFileError> {
    let named = terms.parent().unwrap_or(Path::new("")).join(node.text()?);
    digest_of(&named).map_err(|source| node.named(named, source))
}

/// Hashes the file at `path`.
///
/// Errors: those of reading; `FileTooLarge` beyond [`LEGAL_TEXT_BYTES_MAX`].
fn digest_of(path: &Path) -> io::Result<Digest> {
    let mut bytes = Vec::new();
    let read = File::open(path)?.take(LEGAL_TEXT_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if u64::try_from(read).is_ok_and(|read| read > LEGAL_TEXT_BYTES_MAX) {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("more than {LEGAL_TEXT_BYTES_MAX} bytes")));
    }
    Ok(Digest::of(&[&bytes]))
}

/// The most bytes a legal text may have: a scan of a long one on paper.
const LEGAL_TEXT_BYTES_MAX: u64 = 64 * 1_024 * 1_024;

fn currency(node: Node<'_>) -> Result<Currency, TomlFileError> {
    let table = node.table(&["code", "exponent"])?;
    Ok(Currency { code: table.need("code")?.parsed()?, exponent: table.need("exponent")?.count()? })
}

fn dimension(node: Node<'_>, parties: &[&Name]) -> Result<Dimension, TomlFileError> {
    let table =
        node.table(&["name", "title", "weight", "floor_mass", "no_floor_mass", "default_shares", "coefficients"])?;
    let name: Name = table.need("name")?.parsed()?;
    let coefficients = table.read("coefficients", |node| by_party(&node, parties, |node| node.ratio()))?;
    let coefficients = coefficients.unwrap_or_else(|| vec![None; parties.len()]);
    Ok(Dimension {
        title: table.read("title", |node| Ok(node.text()?.to_owned()))?.unwrap_or_else(|| name.to_string()),
        weight: table.need("weight")?.ratio()?,
        floor_mass: table.read("floor_mass", |node| node.ratio())?.unwrap_or(Ratio::ZERO),
        default_shares: each_party(&table.need("default_shares")?, parties, |node| node.ratio())?,
        coefficients: coefficients.into_iter().map(|coefficient| coefficient.unwrap_or(Ratio::ONE)).collect(),
        no_floor_mass: table.read("no_floor_mass", |node| node.flag())?.unwrap_or(false),
        name,
    })
}

fn unit(node: Node<'_>, parties: &[&Name], dimensions: &[Dimension]) -> Result<Unit, TomlFileError> {
    let table = node.table(&["name", "dimension", "points", "attestations", "attestors"])?;
    let names = || dimensions.iter().map(|dimension| &dimension.name);
    let dimension = table.need("dimension")?.name_among("dimension", names())?;
    let mut attestors = optional_list(&table, "attestors", |node| node.name_among("party", parties))?;
    attestors.sort_unstable();
    Ok(Unit {
        name: table.need("name")?.parsed()?,
        dimension: dimensions[dimension].name.clone(),
        points: table.need("points")?.ratio()?,
        attestations: table.read("attestations", |node| node.count())?.unwrap_or(1),
        attestors: attestors.into_iter().map(|party| parties[party].clone()).collect(),
    })
}

fn stream(node: Node<'_>, parties: &[&Name]) -> Result<Stream, TomlFileError> {
    let table = node.table(&["name", "title", "collector", "pool_rate"])?;
    let name: Name = table.need("name")?.parsed()?;
    let collector = table.need("collector")?.name_among("party", parties)?;
    Ok(Stream {
        title: table.read("title", |node| Ok(node.text()?.to_owned()))?.unwrap_or_else(|| name.to_string()),
        collector: parties[collector].clone(),
        pool_rate: table.need("pool_rate")?.ratio()?,
        name,
    })
}

fn licence(node: Node<'_>) -> Result<Licence, TomlFileError> {
    let table = node.table(&["deliverable", "spdx"])?;
    let text = |key| Ok(table.need(key)?.text()?.to_owned());
    Ok(Licence { deliverable: text("deliverable")?, spdx: text("spdx")? })
}

fn example(node: Node<'_>, known: &Known<'_>) -> Result<WorkedExample, TomlFileError> {
    let table = node.table(&["title", "points", "currency", "gross", "allocations"])?;
    let currency = currency_of(&table, known)?;
    let code: CurrencyCode = currency.code.clone();
    let amount = |node: &Node<'_>| amount_in(node, currency);
    let mut points = Vec::new();
    for (name, node) in entries(&table, "points")? {
        let dimension = node.among(name, "dimension", known.dimensions.iter().map(|dimension| &dimension.name))?;
        let of_parties = by_party(&node, known.parties, |node| node.ratio())?;
        let of_parties = of_parties.into_iter().map(|points| points.unwrap_or(Ratio::ZERO)).collect();
        points.push((known.dimensions[dimension].name.clone(), of_parties));
    }
    let mut gross = Vec::new();
    for (name, node) in entries(&table, "gross")? {
        let stream = node.among(name, "stream", known.streams.iter().map(|stream| &stream.name))?;
        gross.push((known.streams[stream].name.clone(), amount(&node)?));
    }
    Ok(WorkedExample {
        title: table.need("title")?.text()?.to_owned(),
        points,
        currency: code,
        gross,
        allocations: each_party(&table.need("allocations")?, known.parties, amount)?,
    })
}

/// Reads the name of a party.
fn party_among(table: &Table<'_>, key: &'static str, known: &Known<'_>) -> Result<Name, TomlFileError> {
    let party = table.need(key)?.name_among("party", known.parties)?;
    Ok(known.parties[party].clone())
}

/// Reads which currency an amount is in; it may be left out where there is only one.
fn currency_of<'k>(table: &Table<'_>, known: &Known<'k>) -> Result<&'k Currency, TomlFileError> {
    let codes = known.currencies.iter().map(|currency| &currency.code);
    let currency = match table.get("currency") {
        Some(node) => node.name_among("currency", codes)?,
        None if known.currencies.len() == 1 => 0,
        None => return Err(table.missing("currency")),
    };
    known.currencies.get(currency).ok_or_else(|| table.missing("currency"))
}

fn amount_in(node: &Node<'_>, currency: &Currency) -> Result<u64, TomlFileError> {
    amount::minor_units(node.text()?, currency).map_err(|error| node.wrong(error))
}

fn entries<'a>(table: &Table<'a>, key: &str) -> Result<Vec<(&'a str, Node<'a>)>, TomlFileError> {
    table.get(key).map_or(Ok(Vec::new()), |node| node.entries())
}

/// Reads a table by name of party, in the order of the parties; what is not listed is none.
fn by_party<T: Clone>(
    node: &Node<'_>,
    parties: &[&Name],
    read: impl Fn(&Node<'_>) -> Result<T, TomlFileError>,
) -> Result<Vec<Option<T>>, TomlFileError> {
    let mut values = vec![None; parties.len()];
    for (name, value) in node.entries()? {
        values[value.among(name, "party", parties)?] = Some(read(&value)?);
    }
    Ok(values)
}

/// Reads a table by name of party that lists every party.
fn each_party<T: Clone>(
    node: &Node<'_>,
    parties: &[&Name],
    read: impl Fn(&Node<'_>) -> Result<T, TomlFileError>,
) -> Result<Vec<T>, TomlFileError> {
    let values = by_party(node, parties, read)?;
    let listed = values.into_iter().zip(parties).map(|(value, party)| {
        value.ok_or_else(|| node.wrong(format!("`{party}` is missing; write \"0\" if that is meant")))
    });
    listed.collect()
}

fn choice<T: Copy>(node: &Node<'_>, words: &[(&str, T)]) -> Result<T, TomlFileError> {
    let found = node.text()?;
    let known = words.iter().find(|(word, _)| word.eq_ignore_ascii_case(found));
    known.map(|(_, value)| *value).ok_or_else(|| {
        let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        node.error(Problem::Wrong { says: format!("`{found}` is none of {}", words.join(", ")) })
    })
}

const ROLES: [(&str, Role); 6] = [
    ("community", Role::Community),
    ("enterprise", Role::Enterprise),
    ("foundation", Role::Foundation),
    ("individual", Role::Individual),
    ("academic", Role::Academic),
    ("other", Role::Other),
];
/// The scopes of keys as people write them.
pub const SCOPES: [(&str, Scope); 4] =
    [("GOVERN", Scope::Govern), ("CLAIM", Scope::Claim), ("ATTEST", Scope::Attest), ("REPORT", Scope::Report)];
const PREVAILS: [(&str, Prevails); 2] = [("prose", Prevails::Prose), ("computation", Prevails::Computation)];
const ALL_SCOPES: [Scope; 4] = [Scope::Govern, Scope::Claim, Scope::Attest, Scope::Report];

#[cfg(test)]
mod tests;
