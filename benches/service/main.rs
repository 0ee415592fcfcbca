//! Statements per second through gRPC: verified, durable on disk, with a receipt; beside what each part costs alone.
//!
//! `cargo bench --bench service [-- SECONDS WORD]`. Client and server are in one process and share its cores. Everything is
//! signed before the clock starts. A cell of the table takes about SECONDS (3); with WORD, only those cells are measured
//! whose name has it. `cpu us` is what both sides together spend on one, whatever else the machine does.

mod baseline;
mod load;
mod parties;

use std::{
    error::Error,
    fmt::Write as _,
    io::Write as _,
    time::{Duration, Instant},
};

use hdrhistogram::Histogram;
use load::{Checked, Server};
use tokio::runtime::{Builder, Runtime};

/// What one cell of the table measured.
struct Cell {
    name: String,
    count: usize,
    took: Duration,
    /// What the process spent on it, on all cores.
    cpu: Duration,
    /// Microseconds of each call; empty where calls are not apart.
    latency: Histogram<u64>,
    /// How many statements shared a checkpoint, so a flush; none where there is no store.
    batch: Option<usize>,
}

impl Cell {
    fn per_second(&self) -> f64 {
        number(self.count) / self.took.as_secs_f64()
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let seconds = args.iter().find_map(|arg| arg.parse().ok()).unwrap_or(3);
    let word = args.into_iter().find(|arg| arg.parse::<u64>().is_err()).unwrap_or_default();
    let cores = std::thread::available_parallelism()?.get();
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    let bench = Bench { runtime, span: Duration::from_secs(seconds), word, cells: Vec::new() };
    let cells = bench.run(cores)?;
    std::io::stdout().write_all(table(&cells, cores)?.as_bytes())?;
    Ok(())
}

struct Bench {
    runtime: Runtime,
    span: Duration,
    word: String,
    cells: Vec<Cell>,
}

impl Bench {
    fn run(mut self, cores: usize) -> Result<Vec<Cell>, Box<dyn Error>> {
        let span = self.span;
        self.cell(baseline::VERIFY, |_| Ok(baseline::verify(cores, span)))?;
        for in_flight in [1, 64, 512] {
            self.cell(&baseline::echo_name(in_flight), |runtime| runtime.block_on(baseline::echo(in_flight, span)))?;
        }
        for checked in [Checked::Not, Checked::Yes] {
            for in_flight in [1, 64, 512] {
                self.cell(&load::unary_name(in_flight, 1, checked), |runtime| {
                    runtime.block_on(Server::unary(in_flight, 1, checked, span))
                })?;
            }
            for streams in [1, 8] {
                self.cell(&load::streams_name(streams, checked), |runtime| {
                    runtime.block_on(Server::streams(streams, checked, span))
                })?;
            }
        }
        self.cell(&load::unary_name(512, 100, Checked::Not), |runtime| {
            runtime.block_on(Server::unary(512, 100, Checked::Not, span))
        })?;
        Ok(self.cells)
    }

    /// Measures one cell, and, if it has batches, the store with batches like them.
    fn cell(
        &mut self,
        name: &str,
        measure: impl FnOnce(&Runtime) -> Result<Cell, Box<dyn Error>>,
    ) -> Result<(), Box<dyn Error>> {
        if !name.contains(&self.word) {
            return Ok(());
        }
        let cell = measure(&self.runtime)?;
        self.store_alone(&cell)?;
        self.cells.push(cell);
        Ok(())
    }

    /// Measures the store with batches of the size that a cell had.
    fn store_alone(&mut self, cell: &Cell) -> Result<(), Box<dyn Error>> {
        let Some(batch) = cell.batch else { return Ok(()) };
        let name = format!("store alone, batches of {batch}");
        if self.word.is_empty() && self.cells.iter().all(|known| known.name != name) {
            self.cells.push(baseline::store(name, batch, self.span)?);
        }
        Ok(())
    }
}

fn table(cells: &[Cell], cores: usize) -> Result<String, std::fmt::Error> {
    let rate = |name: &str| cells.iter().find(|cell| cell.name == name).map(Cell::per_second);
    let verify = rate(baseline::VERIFY);
    let mut table = format!("statements of about 400 bytes, {cores} cores for client and server together\n\n");
    writeln!(
        table,
        "{:<44}{:>10}{:>9}{:>9}{:>9}{:>8}{:>10}{:>8}",
        "", "per s", "p50 ms", "p99 ms", "cpu us", "batch", "x verify", "x echo"
    )?;
    for cell in cells {
        let per_second = cell.per_second();
        write!(table, "{:<44}{per_second:>10.0}", cell.name)?;
        for quantile in [0.5, 0.99] {
            if cell.latency.is_empty() {
                write!(table, "{:>9}", "-")?;
            } else {
                let micros = u32::try_from(cell.latency.value_at_quantile(quantile)).unwrap_or(u32::MAX);
                write!(table, "{:>9.2}", f64::from(micros) / 1e3)?;
            }
        }
        write!(table, "{:>9.1}", cell.cpu.as_secs_f64() * 1e6 / number(cell.count))?;
        write!(table, "{:>8}", cell.batch.map_or_else(|| "-".to_owned(), |batch| batch.to_string()))?;
        write!(table, "{:>10}", ratio(per_second, verify))?;
        let echo = cell.name.split_once(" in flight").and_then(|(head, _)| {
            let in_flight = head.rsplit(' ').next()?;
            rate(&baseline::echo_name(in_flight.parse().ok()?))
        });
        writeln!(table, "{:>8}", ratio(per_second, echo))?;
    }
    Ok(table)
}

fn ratio(rate: f64, baseline: Option<f64>) -> String {
    baseline.map_or_else(|| "-".to_owned(), |baseline| format!("{:.2}", rate / baseline))
}

fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// What this process has spent so far, on all cores; zero where the system does not say.
fn cpu() -> Duration {
    // Fields 14 and 15 of proc(5)'s stat, hundredths of a second; the second field may contain spaces.
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks = after_name.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok());
    Duration::from_millis(ticks.sum::<u64>() * 10)
}

fn micros(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX)
}

/// From a microsecond to a minute, to three digits.
fn latency() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 60_000_000, 3).expect("the bounds are in order")
}
