//! The store on disk beside an append-only file, both durable after every batch: entries of about 400 bytes over 100 ledgers.
//!
//! `cargo bench --bench store [FOLDER]`, by default in the folder for temporary files, which must be on a disk that counts.
//! Both sides write the same entries; the store also keeps nodes, places and notes, and checks every append.

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
    store::{Append, Store, sled::SledStore},
};
use tempfile::tempdir_in;

const LEDGERS: u32 = 100;
const LEAF_BYTES: usize = 400;
const BATCHES: [usize; 4] = [1, 16, 256, 4_096];
const RUN_TIME: Duration = Duration::from_secs(3);
const CACHE_BYTES: u64 = 256 * 1024 * 1024;

fn main() -> Result<(), Box<dyn Error>> {
    // Cargo hands `--bench` over, too.
    let folder =
        env::args().skip(1).find(|argument| !argument.starts_with('-')).map_or_else(env::temp_dir, PathBuf::from);
    let mut table = format!("entries of {LEAF_BYTES} bytes over {LEDGERS} ledgers, each batch durable\n\n");
    let titles = ["batch", "file/s", "store/s", "ratio", "store p50 ms", "p99 ms", "bytes kept per entry byte"];
    writeln!(
        table,
        "{:>8}{:>12}{:>12}{:>8}{:>14}{:>10}{:>28}",
        titles[0], titles[1], titles[2], titles[3], titles[4], titles[5], titles[6]
    )?;
    for batch in BATCHES {
        let place = tempdir_in(&folder)?;
        let file = of_file(&place.path().join("file"), batch)?;
        let path = place.path().join("store");
        let store = of_store(&path, batch)?;
        let kept = bytes_below(&path)? * 1_000 / (u64::try_from(store.entries * LEAF_BYTES)?).max(1);
        writeln!(
            table,
            "{batch:>8}{:>12}{:>12}{:>8}{:>14}{:>10}{:>28}",
            file.per_second(),
            store.per_second(),
            thousandths(store.per_second() * 1_000 / file.per_second().max(1)),
            thousandths(store.quantile(50)),
            thousandths(store.quantile(99)),
            thousandths(kept),
        )?;
    }
    std::io::stdout().write_all(table.as_bytes())?;
    Ok(())
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

fn of_store(path: &Path, batch: usize) -> Result<Run, Box<dyn Error>> {
    let store = SledStore::open(path, CACHE_BYTES)?;
    let id = |ledger: u32| LedgerId::new(Digest::of(&[b"a ledger", &ledger.to_be_bytes()]));
    let mut ledgers: Vec<_> = (0..LEDGERS).map(|ledger| (id(ledger), Frontier::empty())).collect();
    let (mut number, mut turn) = (0_u64, 0);
    Run::of(batch, || {
        // As the committer has it: few entries of each of many ledgers, or one entry of one.
        let shared = batch.min(ledgers.len());
        let mut appends = Vec::with_capacity(shared);
        for part in 0..shared {
            turn = (turn + 1) % ledgers.len();
            let (ledger, frontier) = &mut ledgers[turn];
            let leaves = batch / shared + usize::from(part < batch % shared);
            let before = frontier.clone();
            let (mut new, mut nodes) = (Vec::with_capacity(leaves), Vec::with_capacity(2 * leaves));
            for _ in 0..leaves {
                number += 1;
                let leaf = leaf(number);
                frontier.push(leaf_hash(&leaf), |node, digest| nodes.push((node, digest)));
                new.push((Digest::of(&[b"id", &leaf]), leaf));
            }
            let sign = Box::new(|size, root| Some(format!("bench.example/ledger\n{size}\n{root}\n\n{:0>120}\n", "")));
            appends.push(Append { ledger: *ledger, before, leaves: new, nodes, sign });
        }
        let outcomes = store.commit(appends)?;
        if let Some(moved) = outcomes.into_iter().find_map(Result::err) {
            return Err(moved.into());
        }
        Ok(())
    })
}

fn leaf(number: u64) -> Bytes {
    let mut leaf = vec![0; LEAF_BYTES];
    // Like signatures and keys: nothing that could be packed.
    for (place, part) in (0_u64..).zip(leaf.chunks_mut(32)) {
        part.copy_from_slice(&Digest::of(&[&number.to_be_bytes(), &place.to_be_bytes()]).as_bytes()[..part.len()]);
    }
    leaf.into()
}

fn bytes_below(folder: &Path) -> Result<u64, Box<dyn Error>> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        bytes += if entry.file_type()?.is_dir() { bytes_below(&entry.path())? } else { entry.metadata()?.len() };
    }
    Ok(bytes)
}
