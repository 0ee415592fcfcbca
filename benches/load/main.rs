//! The load tool: what a Counterfoil server does, and what it takes, beside what the parts cost alone.
//!
//! `cargo bench --bench load -- --help` says what can be asked for. It starts `counterfoil serve` as users do, on fresh stores,
//! or loads a server that runs already. Every receipt is checked, and every fault found ends the run with an error; how fast
//! anything was never does.

#![expect(clippy::print_stdout, reason = "a tool says what it measured")]
#![expect(clippy::print_stderr, reason = "and, apart from that, what it is doing")]

mod baselines;
mod check;
mod drive;
mod echo;
mod file;
mod machine;
mod options;
mod parties;
mod postgres;
mod report;
mod row;
mod sender;
mod server;
mod stress;
mod table;
mod verify;
mod work;

use std::{fs, process::ExitCode, time::Duration};

use clap::Parser as _;
use tokio::runtime::Builder;

use crate::{
    options::{Load, Options, Plan},
    parties::Failed,
    report::Report,
    row::{Loaded, Row},
    verify::Keys,
};

fn main() -> ExitCode {
    let options = Options::parse();
    let seed = options.seed.unwrap_or_else(|| machine::now().as_ms());
    match run(&options, seed) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failed) => {
            eprintln!("load: failed, seed {seed}: {failed}");
            let mut cause = failed.source();
            while let Some(error) = cause {
                eprintln!("  because: {error}");
                cause = error.source();
            }
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options, seed: u64) -> Result<(), Failed> {
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        if let Some(seconds) = options.soak {
            return stress::soak(options, seed, seconds).await;
        }
        let report =
            if options.overload { stress::overload(options, seed).await? } else { measure(options, seed).await? };
        print!("{}", report.text()?);
        if let Some(path) = &options.csv {
            fs::write(path, report.csv()?)?;
        }
        Ok(())
    })
}

async fn measure(options: &Options, seed: u64) -> Result<Report, Failed> {
    let plans = options.plans();
    if plans.is_empty() {
        return Err("no row has that in its name".into());
    }
    let mut report = Report { rows: Vec::new(), baselines: Vec::new(), said: about(seed) };
    if !options.no_baselines {
        eprintln!("baselines");
        report.baselines = baselines::before(options, &plans).await?;
    }
    for (number, plan) in (0_u64..).zip(&plans) {
        let plan = match plan.load {
            Load::Open { rate: None } => match half_of_the_most(&report.rows, plan) {
                Some(rate) => Plan { load: Load::Open { rate: Some(rate) }, ..*plan },
                None => {
                    eprintln!("{}: left out, for no closed loop was measured", plan.name());
                    continue;
                }
            },
            _ => *plan,
        };
        eprintln!("{}", plan.name());
        // A server that goes on has the rows before; what is new to it has another seed.
        let loaded = Loaded::begin(options, seed.wrapping_add(number << 48), plan.agreements, plan.size).await?;
        let before = beside(options, plan.size)?;
        let mut row = loaded.measure(&plan).await?;
        row.verify = before.zip(beside(options, plan.size)?).map(|(before, after)| f64::midpoint(before, after));
        report.rows.push(row);
    }
    if !options.no_baselines {
        eprintln!("baselines");
        let (baselines, said) = baselines::after(options, &report.rows, seed).await?;
        report.baselines.extend(baselines);
        report.said.push(said);
    }
    Ok(report)
}

/// What verification alone reaches right now: what else the machine does changes from row to row.
fn beside(options: &Options, size: usize) -> Result<Option<f64>, Failed> {
    if options.no_baselines {
        return Ok(None);
    }
    verify::per_second(size, Keys::Prepared, BESIDE).map(Some)
}

const BESIDE: Duration = Duration::from_millis(500);

/// Half of what the closed loop reached, of the rows with the same agreements and sizes.
fn half_of_the_most(rows: &[Row], plan: &Plan) -> Option<u64> {
    let alike =
        rows.iter().filter(|row| row.in_flight.is_some() && row.size == plan.size && row.agreements == plan.agreements);
    let most = alike.map(|row| row.timed.per_second()).fold(0.0, f64::max);
    let half = Duration::from_secs_f64(most / 2.0).as_secs();
    (half > 0).then_some(half)
}

/// What was measured, on what, and when.
fn about(seed: u64) -> Vec<String> {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    vec![
        format!("command: cargo bench --bench load -- {}", args.join(" ")),
        format!("counterfoil {}, {}, seed {seed}", env!("CARGO_PKG_VERSION"), machine::now()),
        machine::describe(),
    ]
}
