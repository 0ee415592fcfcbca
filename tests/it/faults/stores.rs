//! The stores under power cuts, without a server above them: a process of its own commits as fast as it can and says after each
//! commit how far it is; then the power goes.
//!
//! The ordinary run cuts the store that servers use once for each size of commit; `COUNTERFOIL_STORE_CUTS=50` cuts each store so
//! often for each size, and tells what came of it. What is acknowledged is acknowledged by the line that the process has written.

use std::{
    env,
    fs::{self, File},
    io::{BufRead, BufReader, Write, stdout},
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use bytes::Bytes;
use counterfoil::store::{Store, StoreError, log::LogStore, memory::MemoryStore, sled::SledStore};

use crate::{
    common::Chance,
    faults::disk::{Cut, CutDisk},
    store::model::{Model, leaf},
};

const CACHE_BYTES: u64 = 32 * 1024 * 1024;
const LEAF_BYTES: usize = 400;
/// Leaves of one commit, and the ledgers they are spread over.
const SIZES: [(u64, u64); 5] = [(1, 1), (16, 1), (16, 16), (256, 1), (256, 64)];
const WRITER: &str = "COUNTERFOIL_TEST_WRITER";
const CUTS_OF_A_DISK: usize = 10;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Log,
    Sled,
    /// No store: leaves at the end of a file, synced. What it loses, the cuts themselves are to blame for.
    File,
}

impl Kind {
    fn open(self, path: &Path) -> Result<Arc<dyn Store>, StoreError> {
        Ok(match self {
            Self::Log => Arc::new(LogStore::open(path, CACHE_BYTES)?),
            Self::Sled => Arc::new(SledStore::open(path, CACHE_BYTES)?),
            Self::File => Arc::new(MemoryStore::new()),
        })
    }
}

/// What came of the cuts of one store.
#[derive(Debug, Default)]
struct Outcome {
    cuts: usize,
    acknowledged: u64,
    /// Cuts that lost something, and commits lost.
    lost: (usize, u64),
    /// Cuts that lost only what was acknowledged while they were made.
    overtaken: usize,
    not_opened: usize,
    forked: usize,
    opening: Duration,
}

/// The ledgers as they must be, when each has so many leaves.
fn models(ledgers: u64) -> Vec<(u64, Model)> {
    (0..ledgers).map(|number| (number, Model::new(&format!("ledger {number}")))).collect()
}

/// The leaves of a ledger from one size to another: whoever asks gets the same.
fn leaves(ledger: u64, from: u64, upto: u64) -> impl Iterator<Item = Bytes> {
    (from..upto).map(move |index| leaf(ledger << 32 | index, LEAF_BYTES))
}

/// The process that commits; without its environment, nothing.
#[test]
fn in_another_process() {
    let Ok(words) = env::var(WRITER) else { return };
    let [kind, batch, ledgers, path] = words.splitn(4, ' ').collect::<Vec<_>>().try_into().unwrap();
    let kind = [Kind::Log, Kind::Sled, Kind::File].into_iter().find(|of| format!("{of:?}") == kind).unwrap();
    let (batch, ledgers): (u64, u64) = (batch.parse().unwrap(), ledgers.parse().unwrap());
    let store = kind.open(Path::new(path)).unwrap();
    let (mut models, each, mut size) = (models(ledgers), batch / ledgers, 0);
    if kind == Kind::File {
        append_to_a_file(Path::new(path), batch);
    }
    loop {
        let append = |(number, model): &mut (u64, Model)| model.append(leaves(*number, size, size + each));
        let appends = models.iter_mut().map(append).collect();
        // Once the power is gone, this is where it ends.
        let committed = store.commit(appends).unwrap();
        assert!(committed.iter().all(Result::is_ok));
        size += each;
        writeln!(stdout(), "acknowledged {size}").unwrap();
    }
}

fn append_to_a_file(path: &Path, batch: u64) -> ! {
    fs::create_dir_all(path).unwrap();
    let mut file = File::create(path.join("leaves")).unwrap();
    File::open(path).and_then(|folder| folder.sync_all()).unwrap();
    for size in (0..).step_by(usize::try_from(batch).unwrap()) {
        let bytes: Vec<u8> = leaves(0, size, size + batch).flatten().collect();
        file.write_all(&bytes).and_then(|()| file.sync_data()).unwrap();
        let mut told = stdout();
        writeln!(told, "acknowledged {}", size + batch).unwrap();
    }
    unreachable!("a power cut comes before the end of numbers")
}

/// Commits, cuts, and looks at what is there.
fn cut_once(disk: &CutDisk, kind: Kind, size: (u64, u64), cut: Cut, after: Duration, outcome: &mut Outcome) {
    let (batch, ledgers) = size;
    let path = disk.path().join("store");
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["faults::stores::in_another_process", "--exact", "--nocapture"])
        .env(WRITER, format!("{kind:?} {batch} {ledgers} {}", path.display()))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let acknowledged = Arc::new(AtomicU64::new(0));
    let (out, told) = (child.stdout.take().unwrap(), Arc::clone(&acknowledged));
    let reader = thread::spawn(move || {
        for line in BufReader::new(out).lines().map_while(Result::ok) {
            if let Some((_, size)) = line.split_once("acknowledged ") {
                told.store(size.trim().parse().unwrap(), Ordering::SeqCst);
            }
        }
    });
    let begun = Instant::now();
    while acknowledged.load(Ordering::SeqCst) == 0 && begun.elapsed() < Duration::from_secs(20) {
        thread::sleep(Duration::from_millis(1));
    }
    thread::sleep(after);
    // What is acknowledged by now was durable while there was power. A sync that the cut itself overtakes may return as if it had
    // been one: the system's own race, which no power cut has, for who would hear of it.
    let before = acknowledged.load(Ordering::SeqCst);
    disk.cut(cut);
    thread::sleep(Duration::from_millis(20));
    let _ = child.kill();
    let _ = child.wait();
    reader.join().unwrap();
    disk.mount_again();
    outcome.cuts += 1;
    let each = batch / ledgers;
    let told = acknowledged.load(Ordering::SeqCst);
    outcome.acknowledged += told / each;
    let held = if kind == Kind::File { length_of(&path) } else { look(kind, &path, (ledgers, each), outcome) };
    if let Some(held) = held {
        let lost = before.saturating_sub(held);
        outcome.lost.0 += usize::from(lost > 0);
        outcome.lost.1 += lost / each;
        outcome.overtaken += usize::from(lost == 0 && held < told);
        if held < told {
            eprintln!("  {kind:?} {size:?} {cut:?}: {before} acknowledged before, {told} in all, {held} held");
        }
    }
    let _ = fs::remove_dir_all(&path);
}

fn length_of(path: &Path) -> Option<u64> {
    let read = fs::read(path.join("leaves")).unwrap_or_default();
    let whole = read.chunks(LEAF_BYTES).zip(leaves(0, 0, u64::MAX)).take_while(|(read, leaf)| *read == leaf.as_ref());
    u64::try_from(whole.count()).ok()
}

/// Opens a store and holds it against what was committed; returns the size of its smallest ledger.
fn look(kind: Kind, path: &Path, (ledgers, each): (u64, u64), outcome: &mut Outcome) -> Option<u64> {
    let begun = Instant::now();
    let store = match catch_unwind(AssertUnwindSafe(|| kind.open(path))) {
        Ok(Ok(store)) => store,
        Ok(Err(error)) => {
            eprintln!("  {kind:?} does not open: {error}");
            outcome.not_opened += 1;
            return None;
        }
        Err(_) => {
            eprintln!("  {kind:?} does not open: it panics");
            outcome.not_opened += 1;
            return None;
        }
    };
    outcome.opening += begun.elapsed();
    let mut held = u64::MAX;
    let whole = catch_unwind(AssertUnwindSafe(|| {
        for (number, mut model) in models(ledgers) {
            let size = store.head(model.id).unwrap().map_or(0, |head| head.size.get());
            held = held.min(size);
            // As the process put it there, commit by commit: so that notes and roots are the same.
            for from in (0..size).step_by(usize::try_from(each).unwrap()) {
                drop(model.append(leaves(number, from, size.min(from + each))));
            }
            model.check(store.as_ref());
        }
    }));
    outcome.forked += usize::from(whole.is_err());
    Some(held)
}

fn cut_often(chance: &mut Chance, kind: Kind, size: (u64, u64), cuts: usize) -> Option<Outcome> {
    let mut outcome = Outcome::default();
    while outcome.cuts < cuts {
        let disk = CutDisk::make()?;
        for _ in 0..CUTS_OF_A_DISK.min(cuts - outcome.cuts) {
            let after = Duration::from_millis(chance.next() % 300);
            cut_once(&disk, kind, size, Cut::ALL[chance.below(2)], after, &mut outcome);
        }
    }
    Some(outcome)
}

#[test]
fn what_a_store_acknowledged_is_there_when_the_power_is_back() {
    let wanted: Option<usize> = env::var("COUNTERFOIL_STORE_CUTS").ok().map(|cuts| cuts.parse().unwrap());
    let kinds: &[Kind] = if wanted.is_some() { &[Kind::File, Kind::Log, Kind::Sled] } else { &[Kind::Log] };
    let mut chance = Chance::new("power cuts of stores");
    let mut failed = false;
    eprintln!(
        "store  leaves ledgers  cuts  acknowledged  lost: cuts commits  overtaken  not opened  forked  mean opening"
    );
    for kind in kinds {
        for size in SIZES {
            let Some(outcome) = cut_often(&mut chance, *kind, size, wanted.unwrap_or(1)) else { return };
            let opened = u32::try_from(outcome.cuts - outcome.not_opened).unwrap().max(1);
            eprintln!(
                "{:5}  {:6} {:7}  {:4}  {:12}  {:10} {:7}  {:9}  {:10}  {:6}  {:.1?}",
                format!("{kind:?}"),
                size.0,
                size.1,
                outcome.cuts,
                outcome.acknowledged,
                outcome.lost.0,
                outcome.lost.1,
                outcome.overtaken,
                outcome.not_opened,
                outcome.forked,
                outcome.opening / opened,
            );
            let bad = outcome.lost.0 + outcome.not_opened + outcome.forked;
            failed |= *kind == Kind::Log && bad > 0;
        }
    }
    assert!(!failed, "the store that servers use is not what it should be");
}
