//! The stores on disk beside an append-only file, all durable after every batch: entries of 450 bytes over 100 ledgers.
//!
//! `cargo bench --bench store [-- FOLDER [ENTRIES]]`, by default in the folder for temporary files, which must be on a disk that
//! counts. All sides write the same entries; the stores also keep nodes, places and notes, and check every append. The log's
//! index is written behind it, on the same cores and the same disk, while it is measured.
//!
//! Then each store gets ENTRIES entries (by default 200,000) with something of 100 bytes that the law keeps beside each, and is
//! opened again: what it has on disk and in memory, and how long opening takes, with its index and without.

use std::{
    env,
    error::Error,
    fmt::Write as _,
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use bytes::Bytes;
use counterfoil::{
    digest::Digest,
    ledger::LedgerId,
    merkle::{hash::leaf_hash, tree::Frontier},
    store::{
        Append, Store,
        log::{IndexKind, LogStore, remove_index},
        sled::SledStore,
    },
};
use tempfile::tempdir_in;

const LEDGERS: u32 = 100;
const LEAF_BYTES: usize = 450;
const KEPT_BYTES: usize = 100;
const BATCHES: [usize; 4] = [1, 16, 256, 4_096];
const RUN_TIME: Duration = Duration::from_secs(3);
const CACHE_BYTES: u64 = 64 * 1024 * 1024;
const ENTRIES: usize = 200_000;

fn main() -> Result<(), Box<dyn Error>> {
    // Cargo hands `--bench` over, too.
    let mut arguments = env::args().skip(1).filter(|argument| !argument.starts_with('-'));
    let folder = arguments.next().map_or_else(env::temp_dir, PathBuf::from);
    let entries = arguments.next().map_or(Ok(ENTRIES), |number| number.parse())?;
    let mut out = std::io::stdout();
    writeln!(out, "{}", speeds(&folder)?)?;
    write!(out, "{}", sizes(&folder, entries)?)?;
    Ok(())
}

fn speeds(folder: &Path) -> Result<String, Box<dyn Error>> {
    let mut table = format!("entries of {LEAF_BYTES} bytes over {LEDGERS} ledgers, each batch durable\n\n");
    writeln!(table, "{:>8}{:>22}{:>12}{:>12}{:>10}{:>10}", "batch", "", "entries/s", "of file", "p50 ms", "p99 ms")?;
    for batch in BATCHES {
        let place = tempdir_in(folder)?;
        let file = of_file(&place.path().join("file"), batch)?;
        let of_log = |name: &str, kind| {
            let log = LogStore::open_with(&place.path().join(name), kind, CACHE_BYTES)?;
            of_store(&log, batch)
        };
        let (tables, of_sled) = (of_log("tables", IndexKind::Tables)?, of_log("log", IndexKind::Sled)?);
        let sled = of_store(&SledStore::open(&place.path().join("sled"), CACHE_BYTES)?, batch)?;
        let of_logs = [("log, tables as index", &tables), ("log, sled as index", &of_sled)];
        for (name, run) in [("append-only file", &file)].into_iter().chain(of_logs).chain([("sled as truth", &sled)]) {
            writeln!(
                table,
                "{batch:>8}{name:>22}{:>12}{:>12}{:>10}{:>10}",
                run.per_second(),
                thousandths(run.per_second() * 1_000 / file.per_second().max(1)),
                thousandths(run.quantile(50)),
                thousandths(run.quantile(99)),
            )?;
        }
    }
    Ok(table)
}

type Open = fn(&Path) -> Result<Box<dyn Store>, Box<dyn Error>>;

fn sizes(folder: &Path, entries: usize) -> Result<String, Box<dyn Error>> {
    let mut table =
        format!("{entries} entries of {LEAF_BYTES} bytes, and {KEPT_BYTES} bytes that the law keeps beside each\n\n");
    let titles = ["", "bytes/byte", "memory/entry", "open s", "without index"];
    writeln!(table, "{:>22}{:>12}{:>14}{:>10}{:>16}", titles[0], titles[1], titles[2], titles[3], titles[4])?;
    let place = tempdir_in(folder)?;
    let [tables, log, sled] = ["tables", "log", "sled"].map(|name| place.path().join(name));
    let stores: [(&str, &Path, Open); 3] = [
        ("log, tables as index", &tables, |path| {
            Ok(Box::new(LogStore::open_with(path, IndexKind::Tables, CACHE_BYTES)?))
        }),
        ("log, sled as index", &log, |path| Ok(Box::new(LogStore::open_with(path, IndexKind::Sled, CACHE_BYTES)?))),
        ("sled as truth", &sled, |path| Ok(Box::new(SledStore::open(path, CACHE_BYTES)?))),
    ];
    for (name, path, open) in stores {
        let before = resident_bytes();
        let store = open(path)?;
        fill(store.as_ref(), entries)?;
        drop(store);
        let kept = bytes_below(path)? * 1_000 / u64::try_from(entries * LEAF_BYTES)?.max(1);
        let began = Instant::now();
        let store = open(path)?;
        let opening = began.elapsed();
        read(store.as_ref(), entries)?;
        let memory = resident_bytes().saturating_sub(before) / u64::try_from(entries)?.max(1);
        drop(store);
        let anew = if path.join("tables").exists() || path.join("index").exists() {
            remove_index(path)?;
            let began = Instant::now();
            drop(open(path)?);
            thousandths(u64::try_from(began.elapsed().as_millis())?)
        } else {
            "-".into()
        };
        let opening = thousandths(u64::try_from(opening.as_millis())?);
        writeln!(table, "{name:>22}{:>12}{memory:>14}{opening:>10}{anew:>16}", thousandths(kept))?;
    }
    Ok(table)
}

/// What one side did.
struct Run {
    entries: usize,
    batches: Vec<Duration>,
}

impl Run {
    /// Repeats a batch until the time is over.
    fn of(batch: usize, mut write: impl FnMut() -> Result<(), Box<dyn Error>>) -> Result<Self, Box<dyn Error>> {
        let (began, mut batches) = (Instant::now(), Vec::new());
        while began.elapsed() < RUN_TIME {
            let begun = Instant::now();
            write()?;
            batches.push(begun.elapsed());
        }
        let entries = batches.len() * batch;
        batches.sort_unstable();
        Ok(Self { entries, batches })
    }

    fn per_second(&self) -> u64 {
        let micros = self.batches.iter().sum::<Duration>().as_micros().max(1);
        u64::try_from(u128::try_from(self.entries).unwrap_or(0) * 1_000_000 / micros).unwrap_or(u64::MAX)
    }

    /// Microseconds.
    fn quantile(&self, percent: usize) -> u64 {
        let at = (self.batches.len() * percent / 100).min(self.batches.len().saturating_sub(1));
        self.batches.get(at).map_or(0, |batch| u64::try_from(batch.as_micros()).unwrap_or(u64::MAX))
    }
}

fn thousandths(number: u64) -> String {
    format!("{}.{:02}", number / 1_000, number % 1_000 / 10)
}

/// The baseline: every entry behind its length, then one sync.
fn of_file(path: &Path, batch: usize) -> Result<Run, Box<dyn Error>> {
    let mut file = File::create(path)?;
    let mut number = 0;
    Run::of(batch, || {
        let mut bytes = Vec::with_capacity(batch * (LEAF_BYTES + 4));
        for _ in 0..batch {
            number += 1;
            bytes.extend_from_slice(&u32::try_from(LEAF_BYTES)?.to_be_bytes());
            bytes.extend_from_slice(&leaf(number));
        }
        file.write_all(&bytes)?;
        file.sync_data()?;
        Ok(())
    })
}

/// The ledgers of a store as they grow.
struct Ledgers {
    ledgers: Vec<(LedgerId, Frontier)>,
    number: u64,
    turn: usize,
}

impl Ledgers {
    fn new() -> Self {
        let id = |ledger: u32| LedgerId::new(Digest::of(&[b"a ledger", &ledger.to_be_bytes()]));
        let ledgers = (0..LEDGERS).map(|ledger| (id(ledger), Frontier::empty())).collect();
        Self { ledgers, number: 0, turn: 0 }
    }

    /// As the committer has it: few entries of each of many ledgers, or one entry of one.
    fn appends(&mut self, batch: usize) -> Vec<Append> {
        let shared = batch.min(self.ledgers.len());
        let mut appends = Vec::with_capacity(shared);
        for part in 0..shared {
            self.turn = (self.turn + 1) % self.ledgers.len();
            let (ledger, frontier) = &mut self.ledgers[self.turn];
            let leaves = batch / shared + usize::from(part < batch % shared);
            let before = frontier.clone();
            let (mut new, mut nodes) = (Vec::with_capacity(leaves), Vec::with_capacity(2 * leaves));
            for _ in 0..leaves {
                self.number += 1;
                let leaf = leaf(self.number);
                frontier.push(leaf_hash(&leaf), |node, digest| nodes.push((node, digest)));
                new.push((Digest::of(&[b"id", &leaf]), leaf));
            }
            let sign = Box::new(|size, root| Some(format!("bench.example/ledger\n{size}\n{root}\n\n{:0>120}\n", "")));
            appends.push(Append { ledger: *ledger, before, leaves: new, nodes, sign });
        }
        appends
    }
}

fn of_store(store: &dyn Store, batch: usize) -> Result<Run, Box<dyn Error>> {
    let mut ledgers = Ledgers::new();
    Run::of(batch, || commit(store, ledgers.appends(batch)))
}

fn commit(store: &dyn Store, appends: Vec<Append>) -> Result<(), Box<dyn Error>> {
    let outcomes = store.commit(appends)?;
    if let Some(refused) = outcomes.into_iter().find_map(Result::err) {
        return Err(refused.into());
    }
    Ok(())
}

/// Commits entries, and lets the law keep something beside each, as many at a time as a ledger got.
fn fill(store: &dyn Store, entries: usize) -> Result<(), Box<dyn Error>> {
    let mut ledgers = Ledgers::new();
    let mut put = 0;
    while put < entries {
        let appends = ledgers.appends(4_000.min(entries - put));
        let kept: Vec<_> = appends
            .iter()
            .map(|append| {
                let under = |(id, leaf): &(Digest, Bytes)| {
                    (Bytes::copy_from_slice(&id.as_bytes()[..]), leaf.slice(..KEPT_BYTES))
                };
                (append.ledger, append.leaves.iter().map(under).collect::<Vec<_>>())
            })
            .collect();
        put += appends.iter().map(|append| append.leaves.len()).sum::<usize>();
        commit(store, appends)?;
        for (ledger, kept) in kept {
            let under = kept.into_iter().map(|(key, value)| (key, Some(value))).collect();
            store.keep(ledger, Bytes::from_static(&[7; 400]), under)?;
        }
    }
    Ok(())
}

/// Looks for entries all over the store, so that its cache is as full as it gets.
fn read(store: &dyn Store, entries: usize) -> Result<(), Box<dyn Error>> {
    let ledgers = store.ledgers(None, usize::MAX)?;
    for number in 0..entries.min(100_000) {
        let leaf = leaf(u64::try_from(number * 7_919 % entries)? + 1);
        let id = Digest::of(&[b"id", &leaf]);
        store.find(ledgers[number % ledgers.len()].0, id)?;
    }
    Ok(())
}

fn leaf(number: u64) -> Bytes {
    let mut leaf = vec![0; LEAF_BYTES];
    // Like signatures and keys: nothing that could be packed.
    for (place, part) in (0_u64..).zip(leaf.chunks_mut(32)) {
        part.copy_from_slice(&Digest::of(&[&number.to_be_bytes(), &place.to_be_bytes()]).as_bytes()[..part.len()]);
    }
    leaf.into()
}

/// What the process has in memory, where the system tells.
fn resident_bytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok())
        .map_or(0, |kilobytes| kilobytes * 1024)
}

fn bytes_below(folder: &Path) -> Result<u64, Box<dyn Error>> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        bytes += if entry.file_type()?.is_dir() { bytes_below(&entry.path())? } else { entry.metadata()?.len() };
    }
    Ok(bytes)
}
