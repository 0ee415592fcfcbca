//! What is asked for on the command line, and the cells of the table that follow from it.

use std::path::PathBuf;

use clap::Parser;

/// Loads a Counterfoil server and says what it does: statements per second, how long each waited, what it took of the
/// machine; beside what the parts of it cost alone, measured in the same run.
///
/// The server is the program itself, in a process of its own, on a fresh store for each row. Everything is signed before a
/// row is measured. Every receipt is verified here: the leaf is built from what was sent, its path leads to the root of the
/// checkpoint, and the log has signed that; a statement submitted again must get its index again.
#[derive(Parser, Clone, Debug)]
#[command(
    name = "load",
    after_help = "Without --in-flight, --streams, --agreements, --size and --rate, a choice of rows is measured; with any of them, \
every combination of what is given.

Examples:
  cargo bench --bench load
  cargo bench --bench load -- --quick
  cargo bench --bench load -- --in-flight 64,512 --agreements 1,100 --seconds 10 --kill
  cargo bench --bench load -- --rate 5000 --no-baselines
  cargo bench --bench load -- --server http://127.0.0.1:7401 --streams 8 --no-baselines
  cargo bench --bench load -- --overload
  cargo bench --bench load -- --soak 600"
)]
pub struct Options {
    /// Measure a few rows, a second each
    #[arg(long, conflicts_with_all = ["full", "smoke"])]
    pub quick: bool,
    /// Measure every combination
    #[arg(long, conflicts_with = "smoke")]
    pub full: bool,
    /// Try everything at its smallest, in a few seconds; fails if anything is wrong
    #[arg(long)]
    pub smoke: bool,
    /// Offer twice what the server can do, and show what becomes of those it admits
    #[arg(long, conflicts_with_all = ["quick", "full", "smoke", "soak"])]
    pub overload: bool,
    /// Load the server so long, and print its memory every few seconds
    #[arg(long, value_name = "SECONDS", conflicts_with_all = ["quick", "full", "smoke"])]
    pub soak: Option<u64>,
    /// Load a server that runs already; it will keep what is submitted
    #[arg(long, value_name = "URL")]
    pub server: Option<String>,
    /// The process of that server, on this machine
    #[arg(long, value_name = "NUMBER", requires = "server")]
    pub pid: Option<u32>,
    /// Where the fresh stores are made: on the disk that is to be measured [default: the folder for temporary files]
    #[arg(long, value_name = "DIRECTORY")]
    pub folder: Option<PathBuf>,
    /// Closed loop: how many statements wait for their answer at a time
    #[arg(long, value_name = "NUMBERS", value_delimiter = ',')]
    pub in_flight: Vec<usize>,
    /// Closed loop: how many streams submit at a time
    #[arg(long, value_name = "NUMBERS", value_delimiter = ',')]
    pub streams: Vec<usize>,
    /// Open loop: so many statements each second, whether or not the server keeps up
    #[arg(long, value_name = "NUMBERS", value_delimiter = ',')]
    pub rate: Vec<u64>,
    /// How many agreements are submitted to, in turn
    #[arg(long, value_name = "NUMBERS", value_delimiter = ',')]
    pub agreements: Vec<usize>,
    /// How many bytes a statement has, which is the payload of its entry
    #[arg(long, value_name = "BYTES", value_delimiter = ',')]
    pub size: Vec<usize>,
    /// How many of 100 statements were submitted before
    #[arg(long, value_name = "PERCENT", default_value_t = 10, value_parser = clap::value_parser!(u8).range(0..=90))]
    pub resubmitted: u8,
    /// How long a row is measured [default: 3]
    #[arg(long, value_name = "NUMBER")]
    pub seconds: Option<u64>,
    /// How many statements make a row, instead of so many seconds
    #[arg(long, value_name = "NUMBER", conflicts_with = "seconds")]
    pub statements: Option<usize>,
    /// How many entries are there before a row is measured
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    pub prefill: usize,
    /// How many connections carry the calls
    #[arg(long, value_name = "NUMBER", default_value_t = 4)]
    pub connections: usize,
    /// How many statements of one stream wait for their answer at a time
    #[arg(long, value_name = "NUMBER", default_value_t = 512)]
    pub window: usize,
    /// Give each agreement parties of its own; else the same two are in all
    #[arg(long)]
    pub own_keys: bool,
    /// Kill the server under load at the end of each row, and see that nothing it promised is lost
    #[arg(long, conflicts_with = "server")]
    pub kill: bool,
    /// Measure only rows with this in their name
    #[arg(long, value_name = "WORD")]
    pub only: Option<String>,
    /// Measure the server alone
    #[arg(long)]
    pub no_baselines: bool,
    /// Leave PostgreSQL out although it is installed
    #[arg(long)]
    pub no_postgres: bool,
    /// Write the table into a file, too
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,
    /// The number that statements follow from [default: the time]
    #[arg(long, value_name = "NUMBER")]
    pub seed: Option<u64>,
    /// What cargo passes to every benchmark
    #[arg(long, hide = true)]
    pub bench: bool,
}

/// How statements are submitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Load {
    /// So many callers, each of which submits the next when its last is answered.
    Closed { in_flight: usize },
    /// So many each second; `None`: half of what the closed loop reached.
    Open { rate: Option<u64> },
    /// So many streams, each with a window of statements in flight.
    Streams { streams: usize },
}

/// A row that is to be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    pub load: Load,
    pub agreements: usize,
    pub size: usize,
}

impl Plan {
    /// Returns its name in the table.
    pub fn name(&self) -> String {
        let load = match self.load {
            Load::Closed { in_flight } => format!("unary, {in_flight} in flight"),
            Load::Open { rate: Some(rate) } => format!("open loop, {rate}/s"),
            Load::Open { rate: None } => "open loop, half of the most".to_owned(),
            Load::Streams { streams: 1 } => "1 stream".to_owned(),
            Load::Streams { streams } => format!("{streams} streams"),
        };
        let agreements = match self.agreements {
            1 => String::new(),
            agreements => format!(", {agreements} agreements"),
        };
        format!("{load}{agreements}, {} B", self.size)
    }
}

const IN_FLIGHT: [usize; 3] = [1, 64, 512];
const STREAMS: [usize; 2] = [1, 8];
const AGREEMENTS: [usize; 3] = [1, 100, 10_000];
const SIZES: [usize; 3] = [256, 1_024, 16_384];

impl Options {
    /// How many seconds a row is measured.
    pub fn span(&self) -> u64 {
        self.seconds.unwrap_or(if self.quick || self.smoke { 1 } else { 3 })
    }

    /// Returns the rows that are to be measured.
    pub fn plans(&self) -> Vec<Plan> {
        let given = [&self.in_flight, &self.streams, &self.agreements, &self.size];
        let plans = if given.iter().any(|numbers| !numbers.is_empty()) || !self.rate.is_empty() {
            self.asked_for()
        } else if self.smoke {
            smoke()
        } else if self.quick {
            combined(&closed(&[64, 512]), &[1], &SIZES[..1])
        } else if self.full {
            combined(&closed(&IN_FLIGHT), &AGREEMENTS, &SIZES)
        } else {
            chosen()
        };
        let word = self.only.as_deref().unwrap_or_default();
        plans.into_iter().filter(|plan| plan.name().contains(word)).collect()
    }

    fn asked_for(&self) -> Vec<Plan> {
        let mut loads: Vec<Load> = self.in_flight.iter().map(|&in_flight| Load::Closed { in_flight }).collect();
        loads.extend(self.streams.iter().map(|&streams| Load::Streams { streams }));
        loads.extend(self.rate.iter().map(|&rate| Load::Open { rate: Some(rate) }));
        if loads.is_empty() {
            loads = closed(&IN_FLIGHT);
        }
        let or = |given: &[usize], usual: usize| if given.is_empty() { vec![usual] } else { given.to_vec() };
        combined(&loads, &or(&self.agreements, AGREEMENTS[0]), &or(&self.size, SIZES[0]))
    }
}

/// Every way to submit: the open loop after the closed ones, which tell it the most there is.
fn closed(in_flight: &[usize]) -> Vec<Load> {
    let mut loads: Vec<Load> = in_flight.iter().map(|&in_flight| Load::Closed { in_flight }).collect();
    loads.extend(STREAMS.map(|streams| Load::Streams { streams }));
    loads.push(Load::Open { rate: None });
    loads
}

fn combined(loads: &[Load], agreements: &[usize], sizes: &[usize]) -> Vec<Plan> {
    let mut plans = Vec::new();
    for &size in sizes {
        for &agreements in agreements {
            plans.extend(loads.iter().map(|&load| Plan { load, agreements, size }));
        }
    }
    plans
}

fn chosen() -> Vec<Plan> {
    let most = [Load::Closed { in_flight: 512 }, Load::Streams { streams: 8 }];
    let mut plans = combined(&closed(&IN_FLIGHT), &[1], &SIZES[..1]);
    plans.extend(combined(&most, &AGREEMENTS[1..], &SIZES[..1]));
    plans.extend(combined(&most, &[1], &SIZES[1..]));
    plans
}

fn smoke() -> Vec<Plan> {
    let loads = [Load::Closed { in_flight: 16 }, Load::Streams { streams: 2 }, Load::Open { rate: Some(500) }];
    combined(&loads, &[5], &[300])
}
