//! The head of a script: terms, one line each. A kind of line that is left out is as in [`DEFAULTS`].

mod change;
mod money;
mod work;

use counterfoil::{
    digest::Digest,
    keys::{PublicKey, SecretKey},
    split::Ratio,
    statement::terms::{
        Currency, Dimension, LegalText, Licence, Party, PartyKey, Prevails, Role, Scope, Stream, Terms, Unit,
        WorkedExample,
    },
};

use crate::stories::script::{Words, list, minor, parse};

/// What stands in a script without terms.
pub(super) const DEFAULTS: [&str; 6] = [
    "party community",
    "party enterprise",
    "currency EUR 2",
    "dimension T mass 10 defaults 7/10,3/10",
    "unit hour T 1",
    "stream sales enterprise 1",
];

/// The key of a name: `enterprise.2` is the second key of `enterprise`, and `enterprise` is `enterprise.1`.
pub(crate) fn secret(name: &str) -> SecretKey {
    let name = if name.contains('.') { name.to_owned() } else { format!("{name}.1") };
    SecretKey::from_seed(Digest::of(&[b"story", name.as_bytes()]).as_bytes())
}

fn public(name: &str) -> PublicKey {
    secret(name).public()
}

/// Whether a line belongs to the head.
pub(super) fn is_term(word: &str) -> bool {
    const WORDS: [&str; 11] = [
        "party",
        "key",
        "currency",
        "dimension",
        "unit",
        "stream",
        "licence",
        "example",
        "deadline",
        "lapses-on-decline",
        "back-date",
    ];
    let rooms = [&work::WORDS[..], &money::WORDS, &change::WORDS];
    WORDS.contains(&word) || rooms.iter().any(|words| words.contains(&word))
}

/// Terms without anything.
pub(super) fn empty() -> Terms {
    let (digest, uri, prevails) = (Digest::of(&[b"the text on paper"]), String::new(), Prevails::Computation);
    Terms::titled("a story".to_owned(), LegalText { digest, uri, prevails })
}

/// Reads the terms of a head.
pub(crate) fn read<'a>(lines: impl Iterator<Item = &'a [&'a str]> + Clone) -> Result<Terms, String> {
    let mut terms = empty();
    for default in DEFAULTS {
        let words: Vec<_> = default.split_whitespace().collect();
        if !lines.clone().any(|line| line[0] == words[0]) {
            line(&mut terms, &words)?;
        }
    }
    // Parties first: the lists of dimensions are as long as there are parties.
    for of_parties in [true, false] {
        for words in lines.clone().filter(|words| (words[0] == "party") == of_parties) {
            line(&mut terms, words).map_err(|error| format!("{}: {error}", words.join(" ")))?;
        }
    }
    let parties = terms.parties.len();
    for dimension in terms.dimensions.iter_mut().filter(|dimension| dimension.coefficients.is_empty()) {
        dimension.coefficients = vec![Ratio::ONE; parties];
    }
    Ok(terms)
}

/// Puts a line of a further version in the place of that of the same name; a party is appended.
pub(super) fn change(terms: &mut Terms, words: &[&str]) -> Result<(), String> {
    let mut added = empty();
    if ["party", "dimension", "unit", "stream"].contains(&words[0]) {
        line(&mut added, words)?;
    }
    let parties = terms.parties.len();
    match words[0] {
        "party" => {
            terms.parties.append(&mut added.parties);
            for dimension in &mut terms.dimensions {
                dimension.default_shares.resize(parties + 1, Ratio::ZERO);
                dimension.coefficients.resize(parties + 1, Ratio::ONE);
            }
        }
        "dimension" => {
            let dimension = added.dimensions.remove(0);
            terms.dimensions.retain(|other| other.name != dimension.name);
            let coefficients = vec![Ratio::ONE; parties];
            terms.dimensions.push(Dimension { coefficients, ..dimension });
        }
        "unit" => {
            let unit = added.units.remove(0);
            terms.units.retain(|other| other.name != unit.name);
            terms.units.push(unit);
        }
        "stream" => {
            let stream = added.streams.remove(0);
            match terms.streams.iter_mut().find(|other| other.name == stream.name) {
                Some(other) => *other = stream,
                None => terms.streams.push(stream),
            }
        }
        _ => line(terms, words)?,
    }
    Ok(())
}

fn line(terms: &mut Terms, words: &[&str]) -> Result<(), String> {
    let mut words = Words::new(words);
    match words.next("a kind of term")? {
        "party" => terms.parties.push(party(&mut words)?),
        "key" => key(terms, &mut words)?,
        "currency" => {
            let (code, exponent) = (parse(words.next("code")?)?, parse(words.next("exponent")?)?);
            terms.currencies.push(Currency { code, exponent });
        }
        "dimension" => terms.dimensions.push(dimension(&mut words)?),
        "unit" => {
            let attestations = words.option("attestations").map_or(Ok(1), parse)?;
            let attestors = words.option("by").map_or(Ok(Vec::new()), list)?;
            let (name, dimension) = (parse(words.next("name")?)?, parse(words.next("dimension")?)?);
            let points = parse(words.next("points")?)?;
            terms.units.push(Unit { name, dimension, points, attestations, attestors });
        }
        "stream" => {
            let (name, collector) = (words.next("name")?, parse(words.next("collector")?)?);
            let pool_rate = parse(words.next("rate")?)?;
            terms.streams.push(Stream { name: parse(name)?, title: name.to_owned(), collector, pool_rate });
        }
        "licence" => {
            let deliverable = words.next("deliverable")?.to_owned();
            terms.licences.push(Licence { deliverable, spdx: words.all().join(" ") });
        }
        "example" => terms.examples.push(example(&mut words)?),
        "deadline" => terms.acceptance_deadline = Some(parse(words.next("time")?)?),
        "lapses-on-decline" => terms.lapses_on_decline = true,
        "back-date" => terms.back_date_days_max = Some(parse(words.next("days")?)?),
        other if work::WORDS.contains(&other) => work::line(terms, other, &mut words)?,
        other if change::WORDS.contains(&other) => change::line(terms, other, &mut words)?,
        other => money::line(terms, other, &mut words)?,
    }
    words.end()
}

fn party(words: &mut Words<'_>) -> Result<Party, String> {
    let keys: usize = words.option("keys").map_or(Ok(1), parse)?;
    let govern_threshold = words.option("threshold").map_or(Ok(1), parse)?;
    let coefficient = words.option("kappa").map_or(Ok(Ratio::ONE), parse)?;
    let name = words.next("name")?;
    let key = |number| PartyKey {
        key: public(&format!("{name}.{number}")),
        scopes: vec![Scope::Govern, Scope::Claim, Scope::Attest, Scope::Report],
    };
    Ok(Party {
        name: parse(name)?,
        display_name: name.to_owned(),
        role: Role::Other,
        keys: (1..=keys).map(key).collect(),
        govern_threshold,
        coefficient,
    })
}

/// `key enterprise.2 CLAIM,ATTEST` narrows a key; `key enterprise.2 is community.1` takes another's.
fn key(terms: &mut Terms, words: &mut Words<'_>) -> Result<(), String> {
    let other = words.option("is");
    let name = public(words.next("key")?);
    let listed = terms.parties.iter_mut().flat_map(|party| &mut party.keys).find(|key| key.key == name);
    let listed = listed.ok_or("no such key")?;
    match other {
        Some(other) => listed.key = public(other),
        None => {
            let scope = |text: &str| match text {
                "GOVERN" => Ok(Scope::Govern),
                "CLAIM" => Ok(Scope::Claim),
                "ATTEST" => Ok(Scope::Attest),
                "REPORT" => Ok(Scope::Report),
                other => Err(format!("`{other}` is no scope")),
            };
            listed.scopes = words.next("scopes")?.split(',').map(scope).collect::<Result<_, _>>()?;
        }
    }
    Ok(())
}

fn dimension(words: &mut Words<'_>) -> Result<Dimension, String> {
    let weight = words.option("weight").map_or(Ok(Ratio::ONE), parse)?;
    let mass = words.option("mass").unwrap_or("none");
    let contradicting = words.flag("unwanted");
    let default_shares = list(words.option("defaults").ok_or("defaults are missing")?)?;
    let coefficients = words.option("coefficients").map_or(Ok(Vec::new()), list)?;
    let name = words.next("name")?;
    Ok(Dimension {
        name: parse(name)?,
        title: name.to_owned(),
        weight,
        floor_mass: if mass == "none" { Ratio::ZERO } else { parse(mass)? },
        default_shares,
        coefficients,
        no_floor_mass: (mass == "none") != contradicting,
    })
}

/// `example TITLE points T 1,2 points S 0,1 gross sales 100.00 allocates 58.33,41.67 EUR`
fn example(words: &mut Words<'_>) -> Result<WorkedExample, String> {
    let title = words.next("title")?.to_owned();
    let (mut points, mut gross) = (Vec::new(), Vec::new());
    loop {
        match words.next("allocates")? {
            "points" => points.push((parse(words.next("dimension")?)?, list(words.next("points")?)?)),
            "gross" => {
                gross.push((parse(words.next("stream")?)?, minor(words.next("amount")?)?));
            }
            "allocates" => break,
            other => return Err(format!("`{other}` is not of an example")),
        }
    }
    let allocations = words.next("amounts")?.split(',').map(minor).collect::<Result<_, _>>()?;
    Ok(WorkedExample { title, points, currency: parse(words.next("currency")?)?, gross, allocations })
}
