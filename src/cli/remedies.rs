//! What is sought, offered or decided for disputed entries, as people give it: one remedy for all, or a CSV file of remedies.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use clap::Args;

use crate::{
    agreement::Agreement,
    cli::{
        amount,
        csv_file::MappingArgs,
        csv_rows::{self, OUTCOME_FIELDS, OutcomeRow, Which},
        error::Failure,
        ids::{self, Named},
    },
    split::Ratio,
    statement::{
        ArtifactDigest,
        dispute::{Outcome, Remedy},
        id::StatementId,
        terms::Currency,
    },
};

/// One remedy for all entries, or one for each in a file.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Remedy")]
pub struct RemedyArgs {
    /// It counts nothing
    #[arg(long, group = "remedy")]
    pub reject: bool,
    /// A contribution counts with this quality, from 0 to 1
    #[arg(long, value_name = "FRACTION", group = "remedy", allow_negative_numbers = true)]
    pub quality: Option<Ratio>,
    /// A contribution is this party's
    #[arg(long, value_name = "PARTY", group = "remedy")]
    pub reassign: Option<String>,
    /// A benefit or cost has this amount, in major units
    #[arg(long, value_name = "AMOUNT", group = "remedy")]
    pub amount: Option<String>,
    /// Entries by a CSV file, plain or gzip, with a remedy for each or the one given for all
    #[arg(long, value_name = "FILE.csv")]
    pub from: Option<PathBuf>,
    /// Where its fields are.
    #[command(flatten)]
    pub mapping: MappingArgs,
}

impl RemedyArgs {
    /// Returns the remedy that the flags name, if any, as people write it in files: `reassign community`.
    fn text(&self) -> Option<String> {
        if self.reject {
            return Some("reject".to_owned());
        }
        let quality = self.quality.map(|quality| format!("quality {quality}"));
        let reassign = self.reassign.as_ref().map(|party| format!("reassign {party}"));
        quality.or(reassign).or_else(|| self.amount.as_ref().map(|amount| format!("amount {amount}")))
    }

    fn rows(&self) -> Result<Option<(&Path, Vec<OutcomeRow>)>, Failure> {
        let Some(path) = &self.from else { return Ok(None) };
        let mapping = self.mapping.mapping(&csv_rows::names(&OUTCOME_FIELDS))?;
        Ok(Some((path, csv_rows::read_outcomes(path, &mapping)?)))
    }

    /// Returns what is sought for entries: those that `texts` name, or those of the file, in the order of the ledger.
    ///
    /// Errors: an entry that cannot be found, or for which nothing is sought.
    pub fn sought(&self, agreement: &Agreement, texts: &[String]) -> Result<Vec<Outcome>, Failure> {
        let known = disputable(agreement);
        let flag = self.text();
        let mut wanted: Vec<(StatementId, Option<String>)> = Vec::new();
        for text in texts {
            wanted.push((find_disputable(text, &known)?, None));
        }
        if let Some((path, rows)) = self.rows()? {
            let found = find_rows(agreement, &known, rows)?;
            if found.is_empty() {
                return Err(Failure::usage(format!("no row of {} is an entry of this ledger", path.display()))
                    .hint("its columns are entry, or artifact (a digest that contributions name), and remedy"));
            }
            wanted.extend(found);
        }
        let places: HashMap<StatementId, u64> = known.iter().map(|(index, id)| (*id, *index)).collect();
        wanted.sort_by_key(|(id, _)| places.get(id).copied());
        wanted.dedup_by_key(|(id, _)| *id);
        let outcome = |(subject, text): (StatementId, Option<String>)| {
            let text = text.or_else(|| flag.clone()).ok_or_else(|| no_remedy(places.get(&subject).copied()))?;
            if text == "stand" {
                return Err(Failure::usage("an entry that should stand is not disputed").hint(REMEDIES));
            }
            Ok(Outcome { subject, remedy: remedy(&text, subject, agreement)? })
        };
        wanted.into_iter().map(outcome).collect()
    }

    /// Returns one outcome for each of `subjects`, in their order; `stand`: entries that nothing else is said of stand.
    ///
    /// Errors: a row that names none of them, or a subject that nothing is said of.
    pub fn outcomes(&self, agreement: &Agreement, subjects: &[Named], stand: bool) -> Result<Vec<Outcome>, Failure> {
        let rest = self.text().or_else(|| stand.then(|| "stand".to_owned()));
        let mut said: HashMap<StatementId, String> = HashMap::new();
        if let Some((_, rows)) = self.rows()? {
            for (id, text) in find_rows(agreement, subjects, rows)? {
                let text = text.or_else(|| rest.clone());
                said.insert(id, text.ok_or_else(|| no_remedy(None))?);
            }
        }
        let missing = subjects.iter().filter(|(_, id)| rest.is_none() && !said.contains_key(id)).count();
        if missing > 0 {
            let of = subjects.len();
            return Err(Failure::usage(format!("{missing} of the {of} disputed entries have no outcome"))
                .hint("give one for the rest: --stand, --reject, --quality, --reassign or --amount"));
        }
        let outcome = |(_, subject): &Named| {
            let text = said.get(subject).or(rest.as_ref()).ok_or_else(|| no_remedy(None))?;
            Ok(Outcome { subject: *subject, remedy: remedy(text, *subject, agreement)? })
        };
        subjects.iter().map(outcome).collect()
    }

    /// Whether anything is said.
    #[must_use]
    pub fn is_given(&self) -> bool {
        self.from.is_some() || self.text().is_some()
    }
}

const REMEDIES: &str = "say what you seek: --reject, --quality 1/2, --reassign PARTY or --amount 100.00";

fn no_remedy(entry: Option<u64>) -> Failure {
    let of = entry.map(|entry| format!(" for entry {entry}")).unwrap_or_default();
    Failure::usage(format!("nothing is said{of}: what should become of it?")).hint(REMEDIES)
}

/// Finds what rows name among `known`, and the remedy written beside it. An artifact may be claimed by several contributions: each is meant.
fn find_rows(
    agreement: &Agreement,
    known: &[Named],
    rows: Vec<OutcomeRow>,
) -> Result<Vec<(StatementId, Option<String>)>, Failure> {
    let mut by_artifact: HashMap<ArtifactDigest, Vec<StatementId>> = HashMap::new();
    let ids: HashMap<StatementId, u64> = known.iter().map(|(index, id)| (*id, *index)).collect();
    for view in agreement.contributions().filter(|view| ids.contains_key(&view.id)) {
        for artifact in &view.contribution.artifacts {
            by_artifact.entry(artifact.digest).or_default().push(view.id);
        }
    }
    let mut found = Vec::new();
    for row in rows {
        match row.which {
            Which::Entry(text) => {
                let id = find_disputable(&text, known)
                    .map_err(|failure| Failure { says: format!("line {}: {}", row.line, failure.says), ..failure })?;
                found.push((id, row.remedy));
            }
            Which::Artifact(digest) => {
                let named = by_artifact.get(&digest).ok_or_else(|| {
                    Failure::usage(format!(
                        "line {}: no entry that is meant here names the artifact {digest}",
                        row.line
                    ))
                    .hint("leave out the rows of others; `counterfoil contributions --json` lists the artifacts")
                })?;
                found.extend(named.iter().map(|id| (*id, row.remedy.clone())));
            }
        }
    }
    Ok(found)
}

/// Finds an entry that could be disputed.
///
/// Errors: nothing, or several, are meant.
pub fn find_disputable(text: &str, known: &[Named]) -> Result<StatementId, Failure> {
    ids::find(text, "contribution", known.iter().copied()).map_err(|failure| {
        let says = failure.says.replace("no contribution", "nothing that is meant here");
        Failure { says, ..failure }.hint(
            "contributions, confirmed benefits and confirmed costs can be disputed; `counterfoil log` lists the entries",
        )
    })
}

/// Returns every entry that could be disputed: contributions, benefits and costs.
#[must_use]
pub fn disputable(agreement: &Agreement) -> Vec<Named> {
    let contributions = agreement.contributions().map(|view| (view.index, view.id));
    let benefits = agreement.benefits().map(|view| (view.index, view.id));
    let costs = agreement.costs().into_iter().map(|cost| (cost.index, cost.id));
    contributions.chain(benefits).chain(costs).collect()
}

/// Reads a remedy as people write it: `stand`, `reject`, `quality 1/2`, `reassign community`, `amount 100.00`.
fn remedy(text: &str, subject: StatementId, agreement: &Agreement) -> Result<Remedy, Failure> {
    let wrong = |says: String| Failure::usage(format!("`{text}` is no remedy: {says}")).hint(REMEDY_HINT);
    let (word, value) = text.split_once(' ').map_or((text, ""), |(word, value)| (word, value.trim()));
    match (word, value) {
        ("stand", "") => Ok(Remedy::Stand),
        ("reject", "") => Ok(Remedy::Reject),
        ("quality", value) => {
            let quality: Ratio = value.parse().map_err(|cause| wrong(format!("{cause}")))?;
            if quality.is_at_most_one() {
                Ok(Remedy::Quality(quality))
            } else {
                Err(wrong(format!("{quality} is more than 1")))
            }
        }
        ("reassign", name) => {
            let party = ids::party(agreement, name)?;
            Ok(Remedy::Reassign(agreement.terms().parties[party].name.clone()))
        }
        ("amount", value) => {
            let currency = currency_of(subject, agreement)
                .ok_or_else(|| wrong("the entry is a contribution, which has no amount".to_owned()))?;
            let minor = amount::minor_units(value, currency).map_err(|cause| wrong(cause.to_string()))?;
            Ok(Remedy::Amount(minor))
        }
        _ => Err(wrong("it is none of stand, reject, quality, reassign and amount".to_owned())),
    }
}

const REMEDY_HINT: &str = "write stand, reject, quality 1/2, reassign PARTY or amount 100.00";

/// Returns the currency of a benefit or cost.
#[must_use]
pub fn currency_of(subject: StatementId, agreement: &Agreement) -> Option<&Currency> {
    let currencies = &agreement.terms().currencies;
    if let Some(cost) = agreement.cost(subject) {
        return currencies.get(cost.currency);
    }
    let code = agreement.benefit(&subject)?.benefit.currency.clone();
    currencies.iter().find(|currency| currency.code == code)
}

/// Says in words what becomes of an entry; `amount` writes minor units of its currency.
#[must_use]
pub fn remedy_words(remedy: &Remedy, amount: impl Fn(u64) -> String) -> String {
    match remedy {
        Remedy::Stand => "stands".to_owned(),
        Remedy::Reject => "counts nothing".to_owned(),
        Remedy::Quality(quality) => format!("counts at quality {quality}"),
        Remedy::Reassign(party) => format!("counts for {party}"),
        Remedy::Amount(minor) => format!("is {}", amount(*minor)),
    }
}

/// Says in words what becomes of several entries: `count for community`.
#[must_use]
pub fn remedies_words(remedy: &Remedy, amount: impl Fn(u64) -> String) -> String {
    match remedy {
        Remedy::Stand => "stand".to_owned(),
        Remedy::Reject => "count nothing".to_owned(),
        Remedy::Quality(quality) => format!("count at quality {quality}"),
        Remedy::Reassign(party) => format!("count for {party}"),
        Remedy::Amount(minor) => format!("are {}", amount(*minor)),
    }
}

/// Returns a remedy in JSON.
#[must_use]
pub fn remedy_json(remedy: &Remedy) -> serde_json::Value {
    use serde_json::json;
    match remedy {
        Remedy::Stand => json!({ "remedy": "stand" }),
        Remedy::Reject => json!({ "remedy": "reject" }),
        Remedy::Quality(quality) => json!({ "remedy": "quality", "quality": quality.to_string() }),
        Remedy::Reassign(party) => json!({ "remedy": "reassign", "party": party.as_str() }),
        Remedy::Amount(minor) => json!({ "remedy": "amount", "amount_minor": minor }),
    }
}

/// Groups outcomes by their remedy, in the order in which the remedies come first.
#[must_use]
pub fn grouped(outcomes: &[Outcome]) -> Vec<(&Remedy, Vec<StatementId>)> {
    let mut groups: Vec<(&Remedy, Vec<StatementId>)> = Vec::new();
    for outcome in outcomes {
        match groups.iter_mut().find(|(remedy, _)| *remedy == &outcome.remedy) {
            Some((_, ids)) => ids.push(outcome.subject),
            None => groups.push((&outcome.remedy, vec![outcome.subject])),
        }
    }
    groups
}
