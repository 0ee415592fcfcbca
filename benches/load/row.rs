//! One row of the table: a server is started, brought to where the measuring begins, loaded, looked at and stopped.

use std::{
    path::PathBuf,
    process,
    sync::Arc,
    time::{Duration, Instant},
};

use counterfoil::client::{Client, ClientOptions};

use crate::{
    check::Checker,
    drive::{self, Stretch, Timed},
    machine::{self, Memory},
    options::{Load, Options, Plan},
    parties::{Agreement, Failed, Parties, Shape, on_every_core},
    sender::{Patience, Raw, Sender, connect},
    server::Server,
    work::{Item, Work},
};

/// What one row says.
pub struct Row {
    pub name: String,
    /// The bytes of a statement, and how many wait for their answer at a time; to find the baseline of the same kind.
    pub size: usize,
    pub agreements: usize,
    pub in_flight: Option<usize>,
    pub timed: Timed,
    /// What the server's process, and the tool's, spent meanwhile.
    pub server_cpu: Option<Duration>,
    pub tool_cpu: Option<Duration>,
    pub memory: Option<Memory>,
    /// How many statements shared a checkpoint, so a flush.
    pub batch: Option<usize>,
    /// Bytes on disk for each byte of entry, while the server ran and after it stopped.
    pub disk: [Option<f64>; 2],
    /// How often the server was too busy to take a statement.
    pub refused: usize,
    pub recovery: Option<Recovery>,
    /// What verification alone reached before and after it, each second.
    pub verify: Option<f64>,
}

/// What was seen after the server was killed under load.
pub struct Recovery {
    /// From its start to its line that it is ready.
    pub ready: Duration,
    /// How many receipts' checkpoints were proved to be continued, of how many.
    pub proved: (usize, usize),
    /// How many statements were submitted again and got their index again, or their first.
    pub again: usize,
}

/// A server with agreements in force, and connections to it.
pub struct Loaded<'a> {
    pub options: &'a Options,
    pub server: Server,
    pub client: Client,
    pub connections: Vec<Raw>,
    pub checker: Arc<Checker>,
    pub agreements: Vec<Agreement>,
    shape: Shape,
    /// The number of the next contribution; no two are the same.
    next: u64,
    /// The bytes of all entries that are there.
    entry_bytes: usize,
}

/// Founding goes through so many streams.
const FOUNDING_STREAMS: usize = 8;
/// What is there before the measuring is signed in parts of so many.
const PREFILL_PART: usize = 50_000;
/// Once this many bytes are signed beforehand, a row ends before its time.
const SIGNED_BYTES_MAX: usize = 2 * 1_024 * 1_024 * 1_024;
const CONSISTENCY_PROOFS_MAX: usize = 200;
const CONSISTENCY_PROOFS_AFTER_KILL_MAX: usize = 20_000;

impl<'a> Loaded<'a> {
    /// Starts a server, or takes the one given, and founds so many agreements.
    pub async fn begin(options: &'a Options, seed: u64, agreements: usize, size: usize) -> Result<Self, Failed> {
        let server = match &options.server {
            Some(url) => Server::at(url, options.pid),
            None => Server::start(&folder(options))?,
        };
        let (founded, proposals, acceptances) = found(options, seed, agreements)?;
        let mut client = client(&server).await?;
        let connections = connect(&server.url, options.connections.max(1)).await?;
        let checker = Arc::new(Checker::new(&mut client, &founded).await?);
        let mut loaded = Self {
            options,
            server,
            client,
            connections,
            checker,
            agreements: founded,
            shape: Shape::of(size)?,
            next: 1,
            entry_bytes: 0,
        };
        for wave in [proposals, acceptances] {
            loaded.fill(Arc::new(Work::once(wave))).await?;
        }
        let mut left = options.prefill;
        while left > 0 {
            let part = left.min(PREFILL_PART);
            let work = loaded.work(part, 0)?;
            loaded.fill(work).await?;
            loaded.checker.forget();
            left -= part;
        }
        Ok(loaded)
    }

    async fn fill(&mut self, work: Arc<Work>) -> Result<(), Failed> {
        self.run(Load::Streams { streams: FOUNDING_STREAMS }, &work, None).await?;
        self.entry_bytes += work.entry_bytes();
        Ok(())
    }

    /// Signs `count` submissions.
    pub fn work(&mut self, count: usize, again: u8) -> Result<Arc<Work>, Failed> {
        let work = Work::contributions(&self.agreements, self.next, count, again, &self.shape)?;
        self.next += u64::try_from(count)?;
        Ok(Arc::new(work))
    }

    /// Submits work, all of it or for so long; returns what was measured, and how often the server was busy.
    pub async fn run(&self, load: Load, work: &Arc<Work>, span: Option<Duration>) -> Result<(Timed, usize), Failed> {
        let patience = if matches!(load, Load::Open { .. }) { Patience::None } else { Patience::Waits };
        let sender = Sender::new(&self.connections, &self.checker, work, patience);
        let (counter, stretch) = (sender.clone(), Stretch::new(work.len(), span));
        let timed = match load {
            Load::Closed { in_flight } => {
                let call = move |caller, slot| {
                    let sender = sender.clone();
                    async move { sender.submit(caller, slot).await }
                };
                drive::closed(in_flight, stretch, call).await?
            }
            Load::Open { rate } => {
                let call = move |caller, slot| {
                    let sender = sender.clone();
                    async move { sender.submit(caller, slot).await }
                };
                drive::open(rate.ok_or("an open loop has a rate")?, stretch, call).await?
            }
            Load::Streams { streams } => {
                let window = self.options.window;
                drive::streams(streams, stretch, |number, stretch| sender.clone().stream(number, window, stretch))
                    .await?
            }
        };
        Ok((timed, counter.refused()))
    }

    /// Tries how fast it goes, and signs what there is time for.
    async fn fitting(&mut self, load: Load, again: u8) -> Result<(Arc<Work>, Option<Duration>), Failed> {
        let warm = match load {
            Load::Closed { in_flight } => 400.max(16 * in_flight),
            Load::Open { .. } => 2_000,
            Load::Streams { streams } => 2_000 * streams.min(4),
        };
        let warming = match load {
            Load::Open { .. } => Load::Closed { in_flight: 64 },
            load => load,
        };
        let trial = self.work(if self.options.smoke { 200 } else { warm }, again)?;
        let (tried, _) = self.run(warming, &trial, None).await?;
        self.entry_bytes += trial.entry_bytes();
        if let Some(count) = self.options.statements {
            return Ok((self.work(count, again)?, None));
        }
        let span = Duration::from_secs(self.options.span());
        let count = match load {
            Load::Open { rate: Some(rate) } => usize::try_from(rate.saturating_mul(span.as_secs()))?,
            _ => fits(&tried, span),
        };
        let bytes = trial.item(0).envelope.payload.len() + 300;
        Ok((self.work(count.clamp(200, SIGNED_BYTES_MAX / bytes), again)?, Some(span)))
    }

    /// Measures one row, and stops the server.
    pub async fn measure(mut self, plan: &Plan) -> Result<Row, Failed> {
        let (work, span) = self.fitting(plan.load, self.options.resubmitted).await?;
        let cpu = |pid: Option<u32>| pid.and_then(machine::cpu);
        let (server, tool) = (self.server.pid, Some(process::id()));
        let (server_before, tool_before, notes_before) = (cpu(server), cpu(tool), self.checker.notes());
        let (timed, refused) = self.run(plan.load, &work, span).await?;
        let spent = |before: Option<Duration>, now: Option<Duration>| Some(now?.saturating_sub(before?));
        let (server_cpu, tool_cpu) = (spent(server_before, cpu(server)), spent(tool_before, cpu(tool)));
        let notes = self.checker.notes() - notes_before;
        work.check_indexes()?;
        self.entry_bytes += work.entry_bytes();
        let memory = server.and_then(machine::memory);
        let running = self.server.store().map(|store| machine::on_disk(&store)).transpose()?;
        self.checker.everything_stands(&self.client, CONSISTENCY_PROOFS_MAX).await?;
        let recovery = if self.options.kill || self.options.smoke && self.options.server.is_none() {
            let (recovered, recovery) = self.kill(&work).await?;
            self = recovered;
            Some(recovery)
        } else {
            None
        };
        let bytes = self.entry_bytes;
        let settled = self.server.stop()?;
        let ratio = |disk: Option<u64>| {
            disk.map(|disk| drive::number(usize::try_from(disk / 64).unwrap_or(0)) * 64.0 / drive::number(bytes))
        };
        Ok(Row {
            name: plan.name(),
            size: plan.size,
            agreements: plan.agreements,
            in_flight: if let Load::Closed { in_flight } = plan.load { Some(in_flight) } else { None },
            batch: (notes > 0).then(|| work.answered().div_ceil(notes)),
            timed,
            server_cpu,
            tool_cpu,
            memory,
            disk: [ratio(running), ratio(settled)],
            refused,
            recovery,
            verify: None,
        })
    }

    /// Kills the server under load, starts it again, and holds it to everything it promised.
    async fn kill(mut self, measured: &Arc<Work>) -> Result<(Self, Recovery), Failed> {
        let work = self.work(if self.options.smoke { 2_000 } else { 20_000 }, self.options.resubmitted)?;
        let sender = Sender::new(&self.connections, &self.checker, &work, Patience::UntilKilled);
        let call = move |caller, slot| {
            let sender = sender.clone();
            async move { sender.submit(caller, slot).await }
        };
        let loading = tokio::spawn(drive::closed(64, Stretch::new(work.len(), None), call));
        let (begun, before) = (Instant::now(), work.answered());
        while work.answered() == before && begun.elapsed() < UNDER_LOAD_MAX {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        tokio::time::sleep(KILLED_AFTER).await;
        self.server.kill()?;
        loading.await??;
        let (server, ready) = self.server.restart()?;
        self.client = client(&server).await?;
        self.connections = connect(&server.url, self.options.connections).await?;
        self.server = server;
        let proved = self.checker.everything_stands(&self.client, CONSISTENCY_PROOFS_AFTER_KILL_MAX).await?;
        // Those whose answer the kill took get one now; those that were answered must get the same again.
        let mut again = 0;
        for work in [&work, measured] {
            let span = Some(AGAIN_FOR);
            again += self.run(Load::Streams { streams: FOUNDING_STREAMS }, work, span).await?.0.count;
            work.check_indexes()?;
        }
        self.entry_bytes += work.entry_bytes();
        Ok((self, Recovery { ready, proved, again }))
    }
}

const KILLED_AFTER: Duration = Duration::from_millis(200);
const UNDER_LOAD_MAX: Duration = Duration::from_secs(5);
/// Everything is submitted again for as long as this at most.
const AGAIN_FOR: Duration = Duration::from_secs(3);

async fn client(server: &Server) -> Result<Client, Failed> {
    let options = ClientOptions { log_key: server.log_key, ..ClientOptions::default() };
    Ok(Client::connect(&server.url, options).await?)
}

/// Where fresh stores are made.
pub fn folder(options: &Options) -> PathBuf {
    options.folder.clone().unwrap_or_else(std::env::temp_dir)
}

type Founded = (Vec<Agreement>, Vec<Item>, Vec<Item>);

fn found(options: &Options, seed: u64, agreements: usize) -> Result<Founded, Failed> {
    let shared = Arc::new(Parties::named("all"));
    let founded = on_every_core(agreements, |number| {
        let parties =
            if options.own_keys { Arc::new(Parties::named(&number.to_string())) } else { Arc::clone(&shared) };
        parties.found(seed, u64::try_from(number)?)
    })?;
    let (mut all, mut proposals, mut acceptances) = (Vec::new(), Vec::new(), Vec::new());
    for (number, (agreement, [proposal, acceptance])) in founded.into_iter().enumerate() {
        all.push(agreement);
        proposals.push(Item { agreement: number, envelope: proposal });
        acceptances.push(Item { agreement: number, envelope: acceptance });
    }
    Ok((all, proposals, acceptances))
}

/// How many submissions there is time for; a little more, so that it is the time that ends the row.
pub fn fits(tried: &Timed, span: Duration) -> usize {
    let nanos = tried.took.as_nanos().max(1);
    let fits = u128::try_from(tried.count).unwrap_or(0) * span.as_nanos() * 3 / (2 * nanos);
    usize::try_from(fits).unwrap_or(usize::MAX)
}
