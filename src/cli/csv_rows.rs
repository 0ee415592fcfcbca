//! What the rows of CSV files say: contributions, benefits, judgements. Each list of fields is the documentation of its
//! file; a field without its column is missing unless the list says otherwise.

mod outcomes;

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    path::Path,
    str::FromStr,
};

use serde_json::{Value, json};

pub use outcomes::{OutcomeRow, Which, read_outcomes};

use crate::{
    cli::{
        amount,
        args::Until,
        csv_file::{CsvError, Field, Mapping, Row, Sheet},
        toml_file::nearest,
        words::ARTIFACT_KINDS,
    },
    digest::Digest,
    split::Ratio,
    statement::{
        Artifact, ArtifactDigest, ArtifactKind, Contribution, Verdict,
        id::StatementId,
        terms::{Name, Terms},
    },
    time::Timestamp,
};

/// The fields of a contribution, and what each means.
pub const CONTRIBUTION_FIELDS: [(&str, &str); 13] = [
    ("party", "the contributing party; rows of others than the agreement's parties are left out and counted"),
    ("unit", "a unit of the agreement's unit table"),
    ("quantity", "how many units: 3, 3/2 or 1.5"),
    ("time", "when the work was done; or, instead of it, work_start and work_end"),
    ("work_start", "when the work began: a date, or a time with its offset"),
    ("work_end", "when the work ended"),
    ("artifact", "the digest of what shows the work: SHA-256, or the object id of a git commit. May be left out"),
    ("artifact_kind", "what it is: git-commit, release, dataset ...; 40 digits are a git commit without being told"),
    ("artifact_fraction", "the part of it that is claimed; without, all of it"),
    ("artifact_uri", "where it may be found. May be left out"),
    ("task", "the task of the plan that the work belongs to. May be left out, or be empty: unplanned work"),
    ("note", "a line for people, never personal data. May be left out"),
    ("quality", "read by `simulate` alone: how much of the work counts, 0 to 1; without, all of it"),
];

/// The fields of a benefit, and what each means.
pub const BENEFIT_FIELDS: [(&str, &str); 4] = [
    ("stream", "a stream of the agreement; may be left out where there is only one"),
    ("currency", "its currency; may be left out where there is only one, or when the amount names it"),
    ("amount", "the gross amount in major units: 100.00 or 100.00EUR"),
    ("time", "when it came in"),
];

/// The fields of a judgement, and what each means.
pub const JUDGEMENT_FIELDS: [(&str, &str); 6] = [
    ("contribution", "the id of the contribution, st1...; or, instead of it, artifact"),
    ("artifact", "the digest of an artifact that the contribution names"),
    ("verdict", "accepted, rejected or changes-requested; without, accepted"),
    ("quality", "how much of the work counts, 0 to 1; without, all of it"),
    ("accepts_unplanned", "yes: also as work in no task of the plan, or beyond its budget; without, no"),
    ("reason", "why; must be given unless the verdict is accepted"),
];

/// The fields of what is sought, offered or decided for disputed entries, and what each means.
pub const OUTCOME_FIELDS: [(&str, &str); 3] = [
    ("entry", "the number of the entry, or its id, st1...; or, instead of it, artifact"),
    ("artifact", "the digest of an artifact that the contribution names"),
    ("remedy", "stand, reject, quality 1/2, reassign PARTY or amount 100.00; without, the one given for all"),
];

/// Returns the names of fields, for [`MappingArgs::mapping`](crate::cli::csv_file::MappingArgs::mapping).
#[must_use]
pub fn names(fields: &[(&'static str, &'static str)]) -> Vec<&'static str> {
    fields.iter().map(|(name, _)| *name).collect()
}

/// What a file of contributions holds.
#[derive(Clone, Debug, Default)]
pub struct Contributions {
    /// Those of parties of the agreement, in the order of the file.
    pub rows: Vec<ContributionRow>,
    /// What was left out.
    pub left_out: LeftOut,
}

/// A row of a file of contributions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContributionRow {
    /// The line it begins in, from 1.
    pub line: u64,
    /// The position of its party.
    pub party: usize,
    /// The position of its unit.
    pub unit: usize,
    /// What would be claimed.
    pub contribution: Contribution,
    /// How much of it would count.
    pub quality: Ratio,
}

/// What of a file was not read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// How many rows there are of parties that are not the agreement's.
    pub parties: BTreeMap<String, usize>,
    /// The columns that no field reads.
    pub columns: Vec<String>,
}

impl LeftOut {
    /// Returns how many rows were left out.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.parties.values().sum()
    }

    /// Returns it by party.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({ "rows": self.rows(), "by_party": self.parties, "columns": self.columns })
    }
}

impl fmt::Display for LeftOut {
    /// `58 rows of other parties left out (unknown 55, IBM 2, Intel 1)`; nothing if nothing was.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.parties.is_empty() {
            return Ok(());
        }
        let mut parties: Vec<_> = self.parties.iter().collect();
        parties.sort_by_key(|(_, rows)| std::cmp::Reverse(**rows));
        let shown = parties.iter().take(PARTIES_SHOWN).map(|(party, rows)| format!("{} {rows}", named(party)));
        let mut shown: Vec<String> = shown.collect();
        if parties.len() > PARTIES_SHOWN {
            let rest: usize = parties[PARTIES_SHOWN..].iter().map(|(_, rows)| **rows).sum();
            shown.push(format!("{} others {rest}", parties.len() - PARTIES_SHOWN));
        }
        write!(f, "{} rows of other parties left out ({})", self.rows(), shown.join(", "))
    }
}

const PARTIES_SHOWN: usize = 8;

fn named(party: &str) -> String {
    if party.is_empty() { "no party".to_owned() } else { crate::cli::output::plain(party) }
}

/// Reads a file of contributions under `terms`.
///
/// Errors: [`CsvError`], for the first row of a party of the agreement that cannot be read.
pub fn read_contributions(path: &Path, mapping: &Mapping, terms: &Terms) -> Result<Contributions, CsvError> {
    let mut sheet = Sheet::open(path, mapping.clone())?;
    let fields = ContributionFields::find(&mut sheet)?;
    let parties = positions(terms.parties.iter().map(|party| &party.name));
    let units = positions(terms.units.iter().map(|unit| &unit.name));
    let mut found = Contributions::default();
    found.left_out.columns = sheet.unused_columns();
    while let Some(row) = sheet.next_row()? {
        let party = row.get(&fields.party);
        let Some(party) = parties.get(party).copied() else {
            *found.left_out.parties.entry(party.to_owned()).or_default() += 1;
            continue;
        };
        let unit = among(&sheet, &row, &fields.unit, "unit", &units)?;
        let (work_start, work_end) = match &fields.time {
            Times::One(time) => (parsed(&sheet, &row, time)?, parsed::<Until>(&sheet, &row, time)?.0),
            Times::Both { start, end } => (parsed(&sheet, &row, start)?, parsed::<Until>(&sheet, &row, end)?.0),
        };
        let quantity: Ratio = parsed(&sheet, &row, &fields.quantity)?;
        if quantity.is_zero() {
            return Err(sheet.wrong(&row, &fields.quantity, "is zero: nothing was contributed"));
        }
        let text = |field: &Option<Field>| field.as_ref().map_or(String::new(), |field| row.get(field).to_owned());
        let contribution = Contribution {
            party: terms.parties[party].name.clone(),
            unit: terms.units[unit].name.clone(),
            quantity,
            work_start,
            work_end,
            artifacts: fields.artifact(&sheet, &row)?.into_iter().collect(),
            note: text(&fields.note),
            task: match given(&row, fields.task.as_ref()) {
                Some((field, text)) => Some(text.parse().map_err(|error| sheet.wrong(&row, field, error))?),
                None => None,
            },
        };
        let quality = part(&sheet, &row, fields.quality.as_ref())?;
        found.rows.push(ContributionRow { line: row.line, party, unit, contribution, quality });
    }
    Ok(found)
}

struct ContributionFields {
    party: Field,
    unit: Field,
    quantity: Field,
    time: Times,
    artifact: Option<Field>,
    artifact_kind: Option<Field>,
    artifact_fraction: Option<Field>,
    artifact_uri: Option<Field>,
    task: Option<Field>,
    note: Option<Field>,
    quality: Option<Field>,
}

enum Times {
    One(Field),
    Both { start: Field, end: Field },
}

impl ContributionFields {
    fn find(sheet: &mut Sheet) -> Result<Self, CsvError> {
        Ok(Self {
            party: sheet.need("party")?,
            unit: sheet.need("unit")?,
            quantity: sheet.need("quantity")?,
            time: match sheet.field("work_start")? {
                Some(start) => Times::Both { start, end: sheet.need("work_end")? },
                None => Times::One(sheet.need("time")?),
            },
            artifact: sheet.field("artifact")?,
            artifact_kind: sheet.field("artifact_kind")?,
            artifact_fraction: sheet.field("artifact_fraction")?,
            artifact_uri: sheet.field("artifact_uri")?,
            task: sheet.field("task")?,
            note: sheet.field("note")?,
            quality: sheet.field("quality")?,
        })
    }

    fn artifact(&self, sheet: &Sheet, row: &Row) -> Result<Option<Artifact>, CsvError> {
        let Some((field, text)) = given(row, self.artifact.as_ref()) else { return Ok(None) };
        let digest: ArtifactDigest = artifact_digest(text).ok_or_else(|| sheet.wrong(row, field, NO_DIGEST))?;
        let is_commit = matches!(digest, ArtifactDigest::GitSha1(_));
        let kind = match given(row, self.artifact_kind.as_ref()) {
            Some((field, text)) => {
                let known = ARTIFACT_KINDS.iter().find(|(_, word)| *word == text).map(|(kind, _)| *kind);
                let words: Vec<&str> = ARTIFACT_KINDS.iter().map(|(_, word)| *word).collect();
                known.ok_or_else(|| sheet.wrong(row, field, format!("`{text}` is none of {}", words.join(", "))))?
            }
            None if is_commit => ArtifactKind::GitCommit,
            None => return Err(sheet.wrong(row, field, "what the artifact is, artifact_kind must say")),
        };
        if is_commit && kind != ArtifactKind::GitCommit {
            return Err(sheet.wrong(row, field, "only a git commit is named by 40 digits; give its SHA-256"));
        }
        let uri = given(row, self.artifact_uri.as_ref()).map_or(String::new(), |(_, uri)| uri.to_owned());
        let fraction = part(sheet, row, self.artifact_fraction.as_ref())?;
        Ok(Some(Artifact { kind, digest, media_type: String::new(), uri, fraction }))
    }
}

const NO_DIGEST: &str = "is not a digest: 64 digits 0-9 a-f, or 40 for a git commit";

/// Reads the digest of an artifact in hexadecimal digits, of which there are 64 or 40.
#[must_use]
pub fn artifact_digest(text: &str) -> Option<ArtifactDigest> {
    let bytes = hex::decode(text).ok()?;
    match <[u8; 20]>::try_from(bytes.as_slice()) {
        Ok(commit) => Some(ArtifactDigest::GitSha1(commit)),
        Err(_) => Digest::try_from(bytes.as_slice()).ok().map(ArtifactDigest::Sha256),
    }
}

/// What a file of benefits holds.
#[derive(Clone, Debug, Default)]
pub struct Benefits {
    /// In the order of the file.
    pub rows: Vec<BenefitRow>,
    /// The columns that no field reads.
    pub unused_columns: Vec<String>,
}

/// A row of a file of benefits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BenefitRow {
    /// The line it begins in, from 1.
    pub line: u64,
    /// The position of its stream.
    pub stream: usize,
    /// The position of its currency.
    pub currency: usize,
    /// The gross amount, minor units.
    pub amount: u64,
    /// When it came in.
    pub time: Timestamp,
}

/// Reads a file of benefits under `terms`.
///
/// Errors: [`CsvError`], for the first row that cannot be read.
pub fn read_benefits(path: &Path, mapping: &Mapping, terms: &Terms) -> Result<Benefits, CsvError> {
    let mut sheet = Sheet::open(path, mapping.clone())?;
    let amount_field = sheet.need("amount")?;
    let time = sheet.need("time")?;
    let stream = if terms.streams.len() == 1 { sheet.field("stream")? } else { Some(sheet.need("stream")?) };
    let currency = sheet.field("currency")?;
    let streams = positions(terms.streams.iter().map(|stream| &stream.name));
    let mut found = Benefits { rows: Vec::new(), unused_columns: sheet.unused_columns() };
    while let Some(row) = sheet.next_row()? {
        let stream = match &stream {
            Some(field) => among(&sheet, &row, field, "stream", &streams)?,
            None => 0,
        };
        let code = given(&row, currency.as_ref()).map_or("", |(_, code)| code);
        let text = format!("{}{code}", row.get(&amount_field));
        let amount = amount::amount_among(&text, &terms.currencies);
        let (currency, amount) = amount.map_err(|error| sheet.wrong(&row, &amount_field, error))?;
        let time = parsed(&sheet, &row, &time)?;
        found.rows.push(BenefitRow { line: row.line, stream, currency, amount, time });
    }
    Ok(found)
}

/// Reads yes or no; without a column, or with an empty cell: no.
fn flag(sheet: &Sheet, row: &Row, field: Option<&Field>) -> Result<bool, CsvError> {
    match given(row, field) {
        None | Some((_, "no" | "false")) => Ok(false),
        Some((_, "yes" | "true")) => Ok(true),
        Some((field, other)) => Err(sheet.wrong(row, field, format!("`{other}` is neither yes nor no"))),
    }
}

/// A row of a file of judgements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JudgementRow {
    /// The line it begins in, from 1.
    pub line: u64,
    /// What is judged.
    pub judged: Judged,
    /// The judgement.
    pub verdict: Verdict,
    /// Why.
    pub reason: String,
}

/// What a judgement names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judged {
    /// A contribution.
    Contribution(StatementId),
    /// Every contribution that names this artifact.
    Artifact(ArtifactDigest),
}

/// Reads a file of judgements. A file of contributions is one, too: each is then accepted in full by its artifact.
///
/// Errors: [`CsvError`], for the first row that cannot be read.
pub fn read_judgements(path: &Path, mapping: &Mapping) -> Result<Vec<JudgementRow>, CsvError> {
    let mut sheet = Sheet::open(path, mapping.clone())?;
    let contribution = sheet.field("contribution")?;
    let artifact = if contribution.is_some() { sheet.field("artifact")? } else { Some(sheet.need("artifact")?) };
    let (verdict, quality, reason) = (sheet.field("verdict")?, sheet.field("quality")?, sheet.field("reason")?);
    let unplanned = sheet.field("accepts_unplanned")?;
    let mut found = Vec::new();
    while let Some(row) = sheet.next_row()? {
        let judged = match (given(&row, contribution.as_ref()), given(&row, artifact.as_ref())) {
            (Some((field, text)), _) => {
                Judged::Contribution(text.parse().map_err(|error| sheet.wrong(&row, field, error))?)
            }
            (None, Some((field, text))) => {
                Judged::Artifact(artifact_digest(text).ok_or_else(|| sheet.wrong(&row, field, NO_DIGEST))?)
            }
            // There is nothing to judge in a row of work that names no artifact.
            (None, None) => continue,
        };
        let reason_text = given(&row, reason.as_ref()).map_or("", |(_, reason)| reason);
        let verdict = match given(&row, verdict.as_ref()) {
            None | Some((_, "accepted")) => {
                let quality = part(&sheet, &row, quality.as_ref())?;
                Verdict::Accepted { quality, unplanned: flag(&sheet, &row, unplanned.as_ref())? }
            }
            Some((_, "rejected")) => Verdict::Rejected,
            Some((_, "changes-requested")) => Verdict::ChangesRequested,
            Some((field, other)) => {
                let says = format!("`{other}` is none of accepted, rejected, changes-requested");
                return Err(sheet.wrong(&row, field, says));
            }
        };
        found.push(JudgementRow { line: row.line, judged, verdict, reason: reason_text.to_owned() });
    }
    Ok(found)
}

fn given<'a>(row: &'a Row, field: Option<&'a Field>) -> Option<(&'a Field, &'a str)> {
    field.map(|field| (field, row.get(field))).filter(|(_, text)| !text.is_empty())
}

fn parsed<T: FromStr<Err: fmt::Display>>(sheet: &Sheet, row: &Row, field: &Field) -> Result<T, CsvError> {
    row.get(field).parse().map_err(|error: T::Err| sheet.wrong(row, field, error))
}

/// Reads a part of a whole: 0 to 1; all of it where nothing is given.
fn part(sheet: &Sheet, row: &Row, field: Option<&Field>) -> Result<Ratio, CsvError> {
    let Some((field, _)) = given(row, field) else { return Ok(Ratio::ONE) };
    let part: Ratio = parsed(sheet, row, field)?;
    if part.is_at_most_one() { Ok(part) } else { Err(sheet.wrong(row, field, format!("{part} is more than 1"))) }
}

fn positions<'a>(names: impl Iterator<Item = &'a Name>) -> HashMap<&'a str, usize> {
    names.enumerate().map(|(position, name)| (name.as_str(), position)).collect()
}

fn among(sheet: &Sheet, row: &Row, field: &Field, kind: &str, known: &HashMap<&str, usize>) -> Result<usize, CsvError> {
    let name = row.get(field);
    known.get(name).copied().ok_or_else(|| {
        let mut names: Vec<&str> = known.keys().copied().collect();
        names.sort_unstable();
        let meant = nearest(name, &names).map_or_else(|| names.join(", "), |nearest| format!("`{nearest}`?"));
        sheet.wrong(row, field, format!("`{name}` is no {kind} of this agreement; {meant}"))
    })
}

#[cfg(test)]
mod tests;
