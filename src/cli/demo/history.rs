//! The reader's own history through the same server: every row a contribution signed by its party, attested by another,
//! a benefit and a settlement for each quarter.

use std::{collections::BTreeMap, path::PathBuf};

use clap::Args;
use serde_json::{Value, json};

use crate::{
    cli::{
        amount,
        csv_file::MappingArgs,
        csv_rows::{self, CONTRIBUTION_FIELDS, ContributionRow, Contributions},
        demo::{
            narrator::Narrator,
            stage::{Actor, Stage, cast, ours},
        },
        error::Failure,
        figures::percent,
        output::Output,
        period::{Every, Period},
        table::Table,
    },
    digest::Digest,
    split::{Exact, Ratio, exact_text},
    statement::{
        Acceptance, Attestation, Benefit, BenefitConfirmation, Body, Verdict,
        id::StatementId,
        terms::{Currency, Dimension, LegalText, Name, Party, Prevails, Role, Stream, Terms, Unit},
    },
};

/// A history of your own
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "A history of your own")]
pub(super) struct HistoryArgs {
    /// Play the rows of a CSV file, plain or gzip, instead of the story
    #[arg(long, value_name = "FILE.csv", requires = "parties")]
    history: Option<PathBuf>,
    /// A party of the file and its agreed default share: --party community=70%; rows of others are left out
    #[arg(long = "party", value_name = "NAME=SHARE", requires = "history")]
    parties: Vec<String>,
    /// The points that the plan expects; below them the default shares fill in [default: half of what the file holds]
    #[arg(long, value_name = "POINTS", requires = "history")]
    floor_mass: Option<Ratio>,
    /// What comes in each quarter
    #[arg(long, value_name = "AMOUNT", default_value = "100000.00EUR", requires = "history")]
    benefit: String,
    #[command(flatten)]
    mapping: MappingArgs,
}

/// What is to be played.
pub(super) struct History {
    terms: Terms,
    read: Contributions,
    benefit: u64,
    path: PathBuf,
}

impl HistoryArgs {
    /// Reads the file, if one is given.
    ///
    /// Errors: when the flags or the file cannot be read.
    pub(super) fn read(&self) -> Result<Option<History>, Failure> {
        let Some(path) = &self.history else { return Ok(None) };
        let currency = currency_of(&self.benefit)?;
        let benefit = amount::minor_units(&self.benefit, &currency);
        let benefit = benefit.map_err(|error| Failure::usage(format!("--benefit: {error}")))?;
        let mut terms = terms(&self.parties, currency, format!("The history in {}", path.display()))?;
        let mapping = self.mapping.mapping(&csv_rows::names(&CONTRIBUTION_FIELDS))?;
        let mapping = mapping.or_else("unit", UNIT).or_else("quantity", "1");
        let mut read = csv_rows::read_contributions(path, &mapping, &terms)?;
        if read.rows.is_empty() {
            return Err(Failure::usage(format!("{} has no row of these parties", path.display()))
                .hint(format!("{}", read.left_out)));
        }
        read.rows.sort_by_key(|row| row.contribution.work_end);
        let half = || Ratio::reduced(u64::try_from(read.rows.len().div_ceil(2)).unwrap_or(u64::MAX), 1);
        let floor_mass = self.floor_mass.map_or_else(half, Ok).map_err(|error| Failure::usage(error.to_string()))?;
        terms.dimensions[0].floor_mass = floor_mass;
        terms.dimensions[0].no_floor_mass = floor_mass.is_zero();
        Ok(Some(History { terms, read, benefit, path: path.clone() }))
    }
}

const UNIT: &str = "commit";
const STREAM: &str = "benefit";
const PARTIES_MAX: usize = 8;
/// How many contributions one attestation may name.
const ATTESTED_MAX: usize = 1_000;

/// Reads the currency off an amount, `100000.00EUR`.
fn currency_of(amount: &str) -> Result<Currency, Failure> {
    let code = amount.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.').trim();
    let exponent = exponent_of(code);
    let code = code
        .parse()
        .map_err(|error| Failure::usage(format!("--benefit {amount}: {error}")).hint("write it like 100000.00EUR"))?;
    Ok(Currency { code, exponent })
}

/// Returns how many decimal digits a currency has (ISO 4217), however an amount of it is written: two, but for these.
fn exponent_of(code: &str) -> u32 {
    const NONE: [&str; 16] = [
        "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF",
    ];
    const THREE: [&str; 7] = ["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"];
    match code {
        code if NONE.contains(&code) => 0,
        code if THREE.contains(&code) => 3,
        _ => 2,
    }
}

fn terms(parties: &[String], currency: Currency, title: String) -> Result<Terms, Failure> {
    let mut names: Vec<(Name, Ratio)> = Vec::new();
    for text in parties {
        let wrong = |says: String| {
            Failure::usage(format!("--party {text}: {says}")).hint("write it like --party community=70%")
        };
        let (name, share) = text.split_once('=').ok_or_else(|| wrong("there is no `=`".to_owned()))?;
        let name = name.trim().parse().map_err(|error| wrong(format!("{error}")))?;
        let share = share.parse().map_err(|error| wrong(format!("{error}")))?;
        names.push((name, share));
    }
    if !(2..=PARTIES_MAX).contains(&names.len()) {
        return Err(Failure::usage(format!("{} parties are given, 2 to {PARTIES_MAX} are possible", names.len()))
            .hint("--party community=70% --party enterprise=30%"));
    }
    let party = |(name, _): &(Name, Ratio)| Party {
        name: name.clone(),
        display_name: name.to_string(),
        role: if name.as_str() == "community" { Role::Community } else { Role::Other },
        keys: Vec::new(),
        govern_threshold: 1,
        coefficient: Ratio::ONE,
    };
    let dimension: Name = ours("T".parse())?;
    Ok(Terms {
        currencies: vec![currency],
        dimensions: vec![Dimension {
            name: dimension.clone(),
            title: "Co-creation".to_owned(),
            weight: Ratio::ONE,
            floor_mass: Ratio::ONE,
            default_shares: names.iter().map(|(_, share)| *share).collect(),
            coefficients: vec![Ratio::ONE; names.len()],
            no_floor_mass: false,
        }],
        units: vec![Unit {
            name: ours(UNIT.parse())?,
            dimension,
            points: Ratio::ONE,
            attestations: 1,
            attestors: Vec::new(),
        }],
        streams: vec![Stream {
            name: ours(STREAM.parse())?,
            title: "What it brings".to_owned(),
            collector: names[names.len() - 1].0.clone(),
            pool_rate: Ratio::ONE,
        }],
        parties: names.iter().map(party).collect(),
        ..Terms::titled(
            title.chars().take(TITLE_CHARACTERS_MAX).collect(),
            LegalText { digest: Digest::of(&[]), uri: String::new(), prevails: Prevails::Computation },
        )
    })
}

const TITLE_CHARACTERS_MAX: usize = 50;

/// Plays a history: an agreement, then quarter after quarter.
pub(super) async fn play(
    stage: &mut Stage,
    narrator: &mut Narrator,
    history: History,
    output: &Output,
) -> Result<Value, Failure> {
    let History { mut terms, read, benefit, path } = history;
    let actors = cast(&mut terms, &stage.folder)?;
    let proposed = stage.say(&actors[0], Body::Proposal(terms.clone())).await?;
    for actor in &actors[1..] {
        stage.say(actor, Body::Acceptance(Acceptance { proposal: proposed.statement })).await?;
    }
    let names: Vec<&str> = actors.iter().map(|actor| actor.name.as_str()).collect();
    narrator.step(&format!(
        "{} agree: what the plan expects is {} points.",
        names.join(", "),
        terms.dimensions[0].floor_mass
    ));
    narrator.line(&format!("the agreement is {}", stage.id()?));
    narrator.step(&format!(
        "{} rows of {}, each signed by its party, attested by another; {} and a settlement each quarter.",
        read.rows.len(),
        path.display(),
        terms.currencies[0].amount(benefit.into())
    ));
    if read.left_out.rows() > 0 {
        narrator.line(&read.left_out.to_string());
    }
    let mut quarters: BTreeMap<Period, Vec<ContributionRow>> = BTreeMap::new();
    let rows = read.rows.len();
    for row in read.rows {
        quarters.entry(Period::of(Every::Quarter, row.contribution.work_end)).or_default().push(row);
    }
    let bar = output.progress(u64::try_from(rows).unwrap_or(u64::MAX), "recording");
    let mut lines = vec![Line::agreed(&terms)];
    for (quarter, rows) in quarters {
        lines.push(play_quarter(stage, &actors, quarter, rows, benefit, || bar.inc(1)).await?);
    }
    bar.finish_and_clear();
    narrator.text(&table(&lines, &terms));
    let quarters: Vec<Value> = lines.iter().skip(1).map(|line| line.to_json(&terms)).collect();
    Ok(json!({ "rows": rows, "left_out": read.left_out.to_json(), "quarters": quarters }))
}

/// What one quarter came to, by party.
struct Line {
    period: String,
    rows: Vec<usize>,
    shares: Vec<Exact>,
    dues: Vec<i64>,
}

impl Line {
    /// What was agreed before anything was measured.
    fn agreed(terms: &Terms) -> Self {
        let shares = terms.dimensions[0].default_shares.iter().map(|share| share.exact()).collect();
        Self { period: "agreed".to_owned(), rows: Vec::new(), shares, dues: Vec::new() }
    }

    fn to_json(&self, terms: &Terms) -> Value {
        let party = |party: usize| {
            json!({
                "party": terms.parties[party].name.as_str(),
                "contributions": self.rows[party],
                "share": exact_text(&self.shares[party]),
                "due_minor": self.dues[party],
            })
        };
        json!({ "quarter": self.period, "parties": (0..terms.parties.len()).map(party).collect::<Vec<_>>() })
    }
}

async fn play_quarter(
    stage: &mut Stage,
    actors: &[Actor],
    quarter: Period,
    rows: Vec<ContributionRow>,
    benefit: u64,
    step: impl FnMut() + Send,
) -> Result<Line, Failure> {
    let mut envelopes = Vec::with_capacity(rows.len());
    let mut claimed: Vec<Vec<StatementId>> = vec![Vec::new(); actors.len()];
    for row in rows {
        let envelope = stage.sign(&actors[row.party], Body::Contribution(row.contribution))?;
        claimed[row.party].push(StatementId::from_digest(envelope.id()));
        envelopes.push(envelope);
    }
    stage.say_all(envelopes, step).await?;
    for (party, claimed) in claimed.iter().enumerate() {
        let another = &actors[(party + 1) % actors.len()];
        for claimed in claimed.chunks(ATTESTED_MAX) {
            let verdict = Verdict::Accepted { quality: Ratio::ONE, unplanned: false };
            let attestation = Attestation { contributions: claimed.to_vec(), verdict, reason: String::new() };
            stage.say(another, Body::Attestation(attestation)).await?;
        }
    }
    earn(stage, actors, quarter, benefit).await?;
    let agreement = stage.agreement()?;
    let account = agreement.account_at(agreement.size())?;
    let settlement = account.settlement.clone();
    stage.say(&actors[0], Body::Settlement(settlement)).await?;
    Ok(Line {
        period: quarter.to_string(),
        rows: claimed.iter().map(Vec::len).collect(),
        shares: account.shares.shares.iter().collect(),
        dues: account.settlement.accounts[0].parties.iter().map(|party| party.due).collect(),
    })
}

async fn earn(stage: &mut Stage, actors: &[Actor], quarter: Period, amount: u64) -> Result<(), Failure> {
    let terms = stage.agreement()?.terms();
    let body = Body::Benefit(Benefit {
        stream: terms.streams[0].name.clone(),
        currency: terms.currencies[0].code.clone(),
        amount,
        period_start: quarter.start(),
        period_end: quarter.end(),
        evidence: Digest::of(&[b"the books of ", quarter.to_string().as_bytes()]),
        note: quarter.to_string(),
    });
    let reported = stage.say(&actors[actors.len() - 1], body).await?;
    let confirmation = BenefitConfirmation { benefits: vec![reported.statement] };
    stage.say(&actors[0], Body::BenefitConfirmation(confirmation)).await?;
    Ok(())
}

/// One line for each quarter: for each party its contributions, its share, and what is due to it.
fn table(lines: &[Line], terms: &Terms) -> String {
    let currency = &terms.currencies[0];
    let mut heads = vec!["quarter".to_owned()];
    for party in &terms.parties {
        heads.extend([format!(">{}", party.name), ">share".to_owned(), format!(">due {}", currency.code)]);
    }
    let mut table = Table::new(&heads);
    let (mut rows, mut dues) = (vec![0; terms.parties.len()], vec![0_i128; terms.parties.len()]);
    for line in lines {
        let mut cells = vec![line.period.clone()];
        for party in 0..terms.parties.len() {
            rows[party] += line.rows.get(party).copied().unwrap_or(0);
            dues[party] += line.dues.get(party).copied().map_or(0, i128::from);
            cells.push(line.rows.get(party).map(ToString::to_string).unwrap_or_default());
            cells.push(percent(&line.shares[party]));
            cells.push(line.dues.get(party).map(|due| currency.decimal((*due).into())).unwrap_or_default());
        }
        table.row(cells);
    }
    let mut cells = vec!["in all".to_owned()];
    for (rows, due) in rows.iter().zip(&dues) {
        cells.extend([rows.to_string(), String::new(), currency.decimal(*due)]);
    }
    table.row(cells);
    table.text(5)
}
