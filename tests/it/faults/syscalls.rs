//! Every file-system call of a short life fails, finds the disk full, or is the last one: nothing promised is lost.
//!
//! A first run lists the calls that the server makes to each of its files; then the same life is lived once for each of them, and
//! each fault. Afterwards the server is started where nothing is spoilt, and held to all it promised. The ordinary run takes a
//! sample by lot; `COUNTERFOIL_FAULTS=all` takes everything.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::{
    common::Chance,
    faults::{
        calls::{Fault, Point, listing, points, spoiling, spoilt_in, wait_for_end},
        promises::{Failures, Promises, connect, shuffled},
        server::{Ended, Place, copy, is_installed},
    },
};

/// How long the ordinary run samples.
const SAMPLE: Duration = Duration::from_secs(12);
/// So many pairs in the full run, if not said otherwise.
const PAIRS: usize = 300;

/// What a server had behind it when it was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Life {
    /// Nothing.
    First,
    /// A life that ended as it should.
    Second,
    /// A life that ended by a kill, in the middle.
    AfterKill,
}

const LIVES: [Life; 3] = [Life::First, Life::Second, Life::AfterKill];

/// The folder of a server, what it promised, and what is beside it.
struct Bench {
    beside: TempDir,
    promises: Promises,
}

/// What was seen in all runs.
#[derive(Default)]
struct Seen {
    runs: usize,
    spoilt: usize,
    /// How many faults of each kind met a call.
    met: BTreeMap<Fault, usize>,
    receipts: usize,
    settled: usize,
    /// How the spoilt server ended: did not start, was killed, stopped with a code.
    ends: BTreeMap<String, usize>,
    reasons: BTreeMap<String, usize>,
    unclear: Vec<String>,
    failures: Failures,
}

impl Bench {
    fn new() -> Self {
        Self { beside: TempDir::new().unwrap(), promises: Promises::default() }
    }

    /// A copy of this one as it stands.
    fn again(&self) -> Self {
        let beside = TempDir::new().unwrap();
        if self.folder().exists() {
            copy(&self.folder(), &beside.path().join("server"));
        }
        Self { beside, promises: self.promises.clone() }
    }

    fn folder(&self) -> PathBuf {
        self.beside.path().join("server")
    }

    fn trace(&self) -> PathBuf {
        self.beside.path().join("trace")
    }

    fn place(&self) -> Place {
        std::fs::create_dir_all(self.folder().join("home")).unwrap();
        Place { folder: self.folder(), said: self.beside.path().join("said") }
    }

    /// One life under `under`; returns how it ended.
    async fn live(&mut self, under: &[String]) -> (String, Ended) {
        let running = match self.place().start(under) {
            Ok(running) => running,
            Err(ended) => {
                let how = ended.code.map_or("killed while starting".into(), |code| format!("did not start: {code}"));
                return (how, ended);
            }
        };
        let pid = running.pid();
        if let Ok(client) = connect(&running.url, running.log_key).await {
            self.promises.short_life(&client).await;
        }
        let ended = running.stop();
        if !under.is_empty() {
            wait_for_end(&self.trace(), pid);
        }
        (ended.code.map_or("killed".into(), |code| format!("stopped: {code}")), ended)
    }

    /// Lives once with one call spoilt.
    async fn live_spoilt(&mut self, point: &Point, fault: Fault, seen: &mut Seen) -> BTreeSet<String> {
        let under = spoiling(&self.trace(), &self.folder(), point, fault);
        let (how, ended) = self.live(&under).await;
        let threads = spoilt_in(&self.trace(), &self.folder(), point, fault);
        seen.spoilt += usize::from(!threads.is_empty());
        if !threads.is_empty() {
            *seen.met.entry(fault).or_default() += 1;
            let line = ended.said.lines().find(|line| line.contains("error: ")).unwrap_or_default();
            let line = line.replace(&self.folder().display().to_string(), "..");
            // Without the time that a line of the log begins with, and names that are others each time.
            let line = line.split_once("Z ").map_or(line.as_str(), |(_, said)| said).trim_start();
            let line = line.split(' ').filter(|word| !word.starts_with("agr1")).collect::<Vec<_>>().join(" ");
            *seen.ends.entry(format!("{how} {line}")).or_default() += 1;
        }
        if !ended.is_clear() {
            seen.unclear.push(format!("{fault:?} at {point}: {how}: {}", ended.said));
        }
        threads
    }

    /// Starts where nothing is spoilt, and holds the server to all it promised.
    async fn hold(mut self, what: &str, seen: &mut Seen) {
        let held = tokio::spawn(async move {
            let running = self.place().must_start();
            let client = connect(&running.url, running.log_key).await.unwrap();
            self.promises.hold(&client, running.log_key).await;
            let ended = running.stop();
            assert_eq!(ended.code, Some(0), "broken: it does not stop as it should: {}", ended.said);
            self.promises
        });
        seen.runs += 1;
        match held.await {
            Err(panicked) => seen.failures.took(what, panicked),
            Ok(promises) => {
                seen.receipts += promises.receipts();
                seen.settled += promises.settled;
                for (reason, count) in promises.reasons {
                    *seen.reasons.entry(reason).or_default() += count;
                }
            }
        }
    }
}

impl Seen {
    fn tell(&self, what: &str) {
        eprintln!(
            "{what}: {} runs, {} of them spoilt, {} receipts, {} unanswered submitted again; {}",
            self.runs, self.spoilt, self.receipts, self.settled, self.failures
        );
        self.ends.iter().for_each(|(how, count)| eprintln!("  the spoilt server, {count} times: {how}"));
        eprintln!("  its answers beside receipts: {:?}", self.reasons);
        assert!(self.failures.are_none(), "what was promised is not kept");
        assert!(self.unclear.is_empty(), "ended without a clear word:\n{}", self.unclear.join("\n"));
    }
}

/// The state each life begins with.
async fn begin(life: Life) -> Bench {
    let mut bench = Bench::new();
    if life == Life::First {
        return bench;
    }
    let (how, ended) = bench.live(&[]).await;
    assert_eq!(ended.code, Some(0), "{how}: {}", ended.said);
    if life == Life::AfterKill {
        let running = bench.place().must_start();
        let client = connect(&running.url, running.log_key).await.unwrap();
        let load = bench.promises.load(&client, 3, async {
            tokio::time::sleep(Duration::from_millis(60)).await;
            running.kill();
        });
        load.await;
    }
    bench
}

/// Every point of every life, with the names of the threads that come by.
async fn list(benches: &[(Life, Bench)]) -> Vec<(Life, Point, BTreeSet<String>)> {
    let mut all = Vec::new();
    for (life, bench) in benches {
        let mut bench = bench.again();
        let (how, ended) = bench.live(&listing(&bench.trace())).await;
        assert_eq!(ended.code, Some(0), "{how}: {}", ended.said);
        let points = points(&bench.trace(), &bench.folder());
        assert!(points.len() > 20, "the trace shows hardly a call: {points:?}");
        eprintln!("{life:?}: {} points", points.len());
        all.extend(points.into_iter().map(|(point, threads)| (*life, point, threads)));
    }
    all
}

async fn benches() -> Vec<(Life, Bench)> {
    let mut benches = Vec::new();
    for life in LIVES {
        benches.push((life, begin(life).await));
    }
    benches
}

fn of(benches: &[(Life, Bench)], life: Life) -> Bench {
    benches.iter().find(|(of, _)| *of == life).unwrap().1.again()
}

fn is_here() -> bool {
    let here = is_installed("strace");
    if !here {
        eprintln!("skipped: strace is not installed");
    }
    here
}

fn everything() -> bool {
    env::var("COUNTERFOIL_FAULTS").is_ok_and(|what| what == "all")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fault_at_any_call_takes_nothing_back() {
    if !is_here() {
        return;
    }
    let mut chance = Chance::new("faults at system calls");
    let benches = benches().await;
    let listed = list(&benches).await;
    let mut cases = Vec::new();
    for (life, point, threads) in &listed {
        for fault in Fault::ALL.into_iter().filter(|fault| fault.fits(&point.call)) {
            cases.push((*life, point, threads, fault));
        }
    }
    let (mut seen, mut missed, until) = (Seen::default(), Vec::new(), Instant::now() + SAMPLE);
    for place in shuffled(&mut chance, cases.len()) {
        if !everything() && Instant::now() > until {
            break;
        }
        let (life, point, threads, fault) = cases[place];
        let mut bench = of(&benches, life);
        let spoilt = bench.live_spoilt(point, fault, &mut seen).await;
        if !threads.is_subset(&spoilt) {
            missed.push(format!("{life:?} {fault:?} {point}: {:?}", threads.difference(&spoilt).collect::<Vec<_>>()));
        }
        bench.hold(&format!("{life:?} {fault:?} {point}"), &mut seen).await;
    }
    eprintln!("{} points, {} with their faults; not met: {}", listed.len(), cases.len(), missed.len());
    missed.iter().for_each(|missed| eprintln!("  not met: {missed}"));
    seen.tell("faults one by one");
    // A sample of a few may by chance be of those that come too late.
    assert!(seen.runs < 10 || seen.spoilt * 2 > seen.runs, "most faults met nobody");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fault_while_recovering_from_a_fault_takes_nothing_back() {
    if !is_here() {
        return;
    }
    let mut chance = Chance::new("pairs of faults");
    let benches = benches().await;
    let listed = list(&benches).await;
    let wanted = env::var("COUNTERFOIL_PAIRS").ok().and_then(|pairs| pairs.parse().ok()).unwrap_or(PAIRS);
    let (mut seen, until) = (Seen::default(), Instant::now() + SAMPLE);
    let drawn = |chance: &mut Chance, life: Option<Life>| loop {
        let (of, point, _) = &listed[chance.below(listed.len())];
        let fault = Fault::ALL[chance.below(3)];
        if life.is_none_or(|life| life == *of) && fault.fits(&point.call) {
            return (*of, point.clone(), fault);
        }
    };
    while if everything() { seen.runs < wanted } else { Instant::now() < until } {
        let (life, first, fault) = drawn(&mut chance, None);
        let (_, second, again) = drawn(&mut chance, Some(Life::AfterKill));
        let mut bench = of(&benches, life);
        bench.live_spoilt(&first, fault, &mut seen).await;
        bench.live_spoilt(&second, again, &mut seen).await;
        bench.hold(&format!("{life:?} {fault:?} {first}, then {again:?} {second}"), &mut seen).await;
    }
    seen.tell("pairs of faults");
}

/// A trace is read as `strace` writes it.
#[test]
fn calls_are_read_from_a_trace() {
    let folder = Path::new("/srv/a-server");
    let beside = TempDir::new().unwrap();
    let trace = beside.path().join("trace");
    let text = "12<counterfoil> openat(AT_FDCWD</>, \"/srv/a-server/store/db\", O_RDWR) = 3</srv/a-server/store/db>\n\
        13<committer> pwrite64(3</srv/a-server/store/db>, \"\"..., 31, 168 <unfinished ...>\n\
        12<counterfoil> openat(AT_FDCWD</>, \"/srv/a-servers\", O_RDWR) = 3</srv/a-servers>\n\
        13<committer> <... pwrite64 resumed>) = 31\n\
        13<committer> pwrite64(3</srv/a-server/store/db>, \"\"..., 31, 168) = -1 EIO (Input/output error) (INJECTED)\n";
    std::fs::write(&trace, text).unwrap();
    let found: Vec<String> = points(&trace, folder).keys().map(Point::to_string).collect();
    assert_eq!(found, ["openat of store/db no. 1", "pwrite64 of store/db no. 1", "pwrite64 of store/db no. 2"]);
    let second = Point { file: "store/db".into(), call: "pwrite64".into(), nth: 2 };
    assert_eq!(spoilt_in(&trace, folder, &second, Fault::Broken), BTreeSet::from(["committer".to_owned()]));
}
