//! `simulate`: what terms make of a history, without server, key or signature; two formulas or more side by side.

mod compare;
mod compute;

use std::path::{Path, PathBuf};

use clap::Args;

use crate::{
    agreement::terms::check,
    cli::{
        csv_file::{MappingArgs, Prefix},
        csv_rows::{self, BENEFIT_FIELDS, CONTRIBUTION_FIELDS},
        error::{Exit, Failure},
        output::plain,
        period::Every,
        session::Session,
        simulate::compute::{Benefits, Simulation, compute},
        terms_toml::{self, Purpose},
    },
    statement::terms::Terms,
};

/// Compute what terms make of a history, before anybody signs them
#[derive(Args, Debug)]
#[command(
    after_help = "The same TOML and CSV files as `propose` and `contribute --from` read, computed by the same law, without any \
server, key or signature. Every contribution counts on the day its work ended, in full, or with the file's `quality`; each \
period ends with a settlement. With several TOML files the formulas stand side by side, with the differences to the first.

Benefits have the columns stream, currency, amount and time; stream and currency may be missing where there is only one.

Examples:
  counterfoil simulate agreement.toml --contributions work.csv --benefits sales.csv
  counterfoil simulate ours.toml theirs.toml --contributions git.csv --column time=landed --set unit=commit \\
      --set quantity=1 --benefit-per-period 100000.00EUR --period year"
)]
pub(super) struct SimulateArgs {
    /// The terms; of several, the first is what the others are compared with
    #[arg(required = true, value_name = "AGREEMENT.toml")]
    terms: Vec<PathBuf>,
    /// The contributions, a CSV file, plain or gzip
    #[arg(long, value_name = "FILE.csv")]
    contributions: PathBuf,
    #[command(flatten)]
    mapping: MappingArgs,
    /// The benefits, a CSV file, plain or gzip
    #[arg(long, value_name = "FILE.csv")]
    benefits: Option<PathBuf>,
    /// Read FIELD of benefits from the column of another name
    #[arg(long, value_name = "FIELD=COLUMN", requires = "benefits")]
    benefit_column: Vec<String>,
    /// Take VALUE for FIELD in every benefit
    #[arg(long, value_name = "FIELD=VALUE", requires = "benefits")]
    benefit_set: Vec<String>,
    /// The same benefit in each period, instead of a file; STREAM may be left out where there is only one
    #[arg(long, value_name = "[STREAM=]AMOUNT", conflicts_with = "benefits")]
    benefit_per_period: Option<String>,
    /// How often is settled [default: by the calendar of the terms; without one, every quarter]
    #[arg(long, value_enum)]
    period: Option<Every>,
}

pub(super) fn run(args: &SimulateArgs, session: &mut Session) -> Result<Exit, Failure> {
    if args.terms.len() > TERMS_MAX {
        return Err(Failure::usage(format!("{} files of terms are given, at most {TERMS_MAX}", args.terms.len())));
    }
    let simulations = args.terms.iter().map(|path| simulate(args, path, session)).collect::<Result<Vec<_>, _>>()?;
    session.output.answer(|| compare::json(&simulations), || compare::words(&simulations))?;
    if args.benefits.is_none() && args.benefit_per_period.is_none() {
        session
            .output
            .next("nothing came in, so nothing is due: add --benefits FILE.csv or --benefit-per-period 100000.00EUR");
    }
    Ok(Exit::Done)
}

/// More would not fit beside each other.
const TERMS_MAX: usize = 6;

fn simulate(args: &SimulateArgs, path: &PathBuf, session: &Session) -> Result<Simulation, Failure> {
    let terms = terms_toml::load(path, Purpose::Try)?;
    let of_file = |failure: Failure| Failure { says: format!("{}: {}", path.display(), failure.says), ..failure };
    check(&terms).map_err(|fault| {
        let reason = fault.reason();
        of_file(Failure::new(Exit::Refused, "nobody could agree to these terms").because(fault).reason(reason))
    })?;
    let mapping = args.mapping.mapping(&csv_rows::names(&CONTRIBUTION_FIELDS))?;
    let read =
        csv_rows::read_contributions(&args.contributions, &mapping, &terms).map_err(Failure::from).map_err(of_file)?;
    if read.rows.is_empty() {
        let said = format!("{} has no row of a party of {}", args.contributions.display(), path.display());
        let hint =
            if read.left_out.rows() > 0 { read.left_out.to_string() } else { "the file has no row at all".to_owned() };
        return Err(Failure::usage(said).hint(hint));
    }
    let benefits = benefits(args, &terms).map_err(of_file)?;
    if args.terms.first() == Some(path) && !read.left_out.columns.is_empty() {
        session.output.note(format!("Columns that are not read: {}.", plain(&read.left_out.columns.join(", "))));
    }
    let every = settled_every(args, &terms, path, session);
    let simulation = compute(path.clone(), terms, read, &benefits, every).map_err(of_file)?;
    for left_out in simulation.left_out_words() {
        session.output.note(format!("{}: {left_out}.", path.display()));
    }
    Ok(simulation)
}

/// Returns how often is settled: as the terms say, unless something else was asked for, which is said.
fn settled_every(args: &SimulateArgs, terms: &Terms, path: &Path, session: &Session) -> Every {
    let by_terms = terms.calendar.map(Every::of);
    let every = args.period.or(by_terms).unwrap_or(Every::Quarter);
    if let Some(by_terms) = by_terms.filter(|by_terms| *by_terms != every) {
        session.output.warn(format!(
            "{}: these terms are settled every {by_terms}, not every {every}: decay, guarantees and cents go by settlements, so that \
             no settlement under them will be like this",
            path.display()
        ));
    }
    every
}

fn benefits(args: &SimulateArgs, terms: &Terms) -> Result<Benefits, Failure> {
    if let Some(path) = &args.benefits {
        let flags = MappingArgs { columns: args.benefit_column.clone(), fixed: args.benefit_set.clone() };
        let mapping = flags.mapping_of(Prefix::Benefit, &csv_rows::names(&BENEFIT_FIELDS))?;
        return Ok(Benefits::Listed(csv_rows::read_benefits(path, &mapping, terms)?.rows));
    }
    let Some(text) = &args.benefit_per_period else { return Ok(Benefits::Listed(Vec::new())) };
    Benefits::each_period(text, terms)
}
