//! The power goes, the disk fails, once or twice, at every call of a short workload: what was acknowledged is there, what was not is
//! there whole or not at all, and the log goes on.

use std::io::ErrorKind;

use bytes::Bytes;
use counterfoil::{
    merkle::index::LeafIndex,
    store::{
        CommitError, Store, StoreError,
        disk::memory::{Fault, MemoryDisk},
        log::{LogConfig, LogStore, index::memory::MemoryIndex},
    },
};

use crate::{
    common::Chance,
    store::{
        log::{config, try_open_in_memory},
        model::{Model, leaf},
    },
};

/// What was said of a few ledgers: the last state of each that was acknowledged, and those after it that may be.
struct Promises {
    acknowledged: Vec<Model>,
    /// States after commits of which nobody knows, or that said that they were not written.
    possible: Vec<Vec<Model>>,
}

const LEDGERS: usize = 3;

impl Promises {
    fn new() -> Self {
        let acknowledged = (0..LEDGERS).map(|number| Model::new(&number.to_string())).collect();
        Self { acknowledged, possible: Vec::new() }
    }

    /// Commits a few leaves to some ledgers; returns whether the store takes more.
    fn commit(&mut self, store: &LogStore, round: u64) -> bool {
        let mut after = self.acknowledged.clone();
        let appends = (0..LEDGERS)
            .filter(|number| round == 0 || (usize::try_from(round).unwrap() + number) % 3 != 0)
            .map(|number| {
                let id = round << 16 | u64::try_from(number).unwrap() << 8;
                after[number].append((0..1 + round % 4).map(|place| leaf(id | place, 900)))
            })
            .collect();
        match store.commit(appends) {
            Ok(outcomes) => {
                assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
                self.acknowledged = after;
                self.possible.clear();
                true
            }
            Err(CommitError::NotWritten { source }) => {
                // Said not to be written: a crash before the next sync may bring it back, whole.
                self.possible.push(after);
                !matches!(source, StoreError::Stopped)
            }
            Err(CommitError::Unclear { .. }) => {
                self.possible.push(after);
                let refused = store.head(self.acknowledged[0].id);
                assert!(
                    matches!(refused, Err(StoreError::Stopped)),
                    "nothing is read after a failed sync: {refused:?}"
                );
                false
            }
            Err(other) => panic!("{other}"),
        }
    }

    /// Holds a store that was opened again to what was promised, and takes what it holds for what is promised from now on.
    fn hold(&mut self, store: &LogStore) {
        self.try_hold(store).unwrap();
        self.acknowledged.iter().for_each(|model| model.check(store));
    }

    /// The same, on a disk that may fail meanwhile.
    fn try_hold(&mut self, store: &LogStore) -> Result<(), StoreError> {
        let held = held(store, &self.acknowledged)?;
        let same = |models: &Vec<Model>| models.iter().zip(&held).all(|(model, leaves)| model.leaves == *leaves);
        let found = [&self.acknowledged].into_iter().chain(&self.possible).find(|models| same(models)).cloned();
        let sizes = |leaves: &[Vec<Bytes>]| leaves.iter().map(Vec::len).collect::<Vec<_>>();
        let acknowledged: Vec<_> = self.acknowledged.iter().map(Model::size).collect();
        self.acknowledged = found.unwrap_or_else(|| panic!("held {:?}, acknowledged {acknowledged:?}", sizes(&held)));
        self.possible.clear();
        Ok(())
    }
}

/// All leaves that a store has of ledgers.
fn held(store: &LogStore, models: &[Model]) -> Result<Vec<Vec<Bytes>>, StoreError> {
    models.iter().map(|model| store.leaves(model.id, LeafIndex::new(0), usize::MAX, usize::MAX)).collect()
}

/// A workload that begins files, and writes the index now and then.
fn work(promises: &mut Promises, disk: &MemoryDisk, index: &MemoryIndex, from: u64) {
    let Ok(store) = try_open_in_memory(disk, index, small()) else { return };
    if promises.try_hold(&store).is_err() {
        return;
    }
    for round in from..from + 8 {
        if !promises.commit(&store, round) {
            return;
        }
        if round % 3 == 1 {
            store.settle();
        }
    }
}

/// A new file every few commits.
fn small() -> LogConfig {
    LogConfig { segment_bytes: 12_000, ..config() }
}

/// How many calls the workload takes.
fn calls() -> u64 {
    let (disk, index) = (MemoryDisk::new(), MemoryIndex::new());
    work(&mut Promises::new(), &disk, &index, 0);
    assert!(disk.files().len() > 3, "it begins several files");
    disk.calls()
}

#[test]
fn the_power_may_go_at_every_call() {
    let mut chance = Chance::new("power cuts");
    for call in 0..calls() {
        for _ in 0..12 {
            let (disk, index, mut promises) = (MemoryDisk::new(), MemoryIndex::new(), Promises::new());
            disk.die_at(call);
            work(&mut promises, &disk, &index, 0);
            let seed = chance.next();
            disk.crash(seed);
            index.crash(chance.below(4));
            // And once more while it is opened, and after it went on.
            disk.die_at(disk.calls() + u64::try_from(chance.below(30)).unwrap());
            work(&mut promises, &disk, &index, 100);
            disk.crash(chance.next());
            index.crash(chance.below(4));
            let store = try_open_in_memory(&disk, &index, small());
            let store = store.unwrap_or_else(|error| panic!("at call {call}, seed {seed}: {error}"));
            promises.hold(&store);
            assert!(promises.commit(&store, 200), "it goes on");
            promises.hold(&store);
        }
    }
}

#[test]
fn a_killed_process_loses_nothing_that_was_written() {
    for call in 0..calls() {
        let (disk, index, mut promises) = (MemoryDisk::new(), MemoryIndex::new(), Promises::new());
        disk.die_at(call);
        work(&mut promises, &disk, &index, 0);
        disk.kill();
        let store =
            try_open_in_memory(&disk, &index, small()).unwrap_or_else(|error| panic!("at call {call}: {error}"));
        promises.hold(&store);
        drop(store);
        // What was found after the kill was made durable before it was shown.
        disk.crash(call);
        promises.hold(&try_open_in_memory(&disk, &index, small()).unwrap());
    }
}

const FAULTS: [Fault; 3] =
    [Fault::Fails(ErrorKind::Other), Fault::Fails(ErrorKind::StorageFull), Fault::Tears(ErrorKind::StorageFull)];

/// Every single fault, and pairs of neighbouring ones; then a crash, or only a kill.
#[test]
fn the_disk_may_fail_at_every_call_and_again_soon_after() {
    let mut chance = Chance::new("disk faults");
    let (mut tried, mut stopped) = (0, 0);
    for call in 0..calls() {
        for first in FAULTS {
            for second in [None, Some(1), Some(2), Some(3), Some(1 + u64::try_from(chance.below(20)).unwrap())] {
                let (disk, index, mut promises) = (MemoryDisk::new(), MemoryIndex::new(), Promises::new());
                disk.plan(call, first);
                if let Some(after) = second {
                    disk.plan(call + after, FAULTS[chance.below(FAULTS.len())]);
                }
                work(&mut promises, &disk, &index, 0);
                // Those that said `NotWritten` go on; a store that stopped is opened again.
                work(&mut promises, &disk, &index, 50);
                stopped += u32::from(!promises.possible.is_empty());
                if chance.below(2) == 0 {
                    disk.kill();
                } else {
                    disk.crash(chance.next());
                    index.crash(chance.below(4));
                }
                let store = try_open_in_memory(&disk, &index, small());
                let store = store.unwrap_or_else(|error| panic!("{first:?} at {call}, then {second:?}: {error}"));
                promises.hold(&store);
                assert!(promises.commit(&store, 200), "it goes on");
                promises.hold(&store);
                tried += 1;
            }
        }
    }
    eprintln!("{tried} runs, {stopped} of them ended in doubt");
}

/// A write that failed is taken back and the store goes on without being opened again.
#[test]
fn a_full_disk_keeps_out_one_commit_and_not_the_next() {
    let (disk, index, mut promises) = (MemoryDisk::new(), MemoryIndex::new(), Promises::new());
    let store = try_open_in_memory(&disk, &index, small()).unwrap();
    assert!(promises.commit(&store, 0));
    for (round, torn) in (1..).zip([false, true, true, false]) {
        // Asking for room, writing, reading back, writing, reading back, syncing.
        let ahead = [1, 1, 3, 3][usize::try_from(round).unwrap() - 1];
        let fault = if torn { Fault::Tears } else { Fault::Fails };
        disk.plan(disk.calls() + ahead, fault(ErrorKind::StorageFull));
        assert!(promises.commit(&store, round), "it takes more");
        assert_eq!(promises.possible.len(), 1, "round {round} was not written");
        assert!(promises.commit(&store, round + 10));
        promises.hold(&store);
    }
    disk.set_free_bytes(1_000_000);
    let one = promises.acknowledged[0].clone().append([leaf(9, 10)]);
    match store.commit(vec![one]) {
        Err(CommitError::NotWritten { source: source @ StoreError::DiskFull { free_bytes: 1_000_000, .. } }) => {
            assert!(source.to_string().contains("1000000 bytes are free"), "{source}");
        }
        other => panic!("{other:?}"),
    }
    disk.set_free_bytes(u64::MAX);
    assert!(promises.commit(&store, 99));
    promises.hold(&store);
}

#[test]
fn after_a_failed_sync_nothing_is_taken_or_read_until_it_is_opened_again() {
    let (disk, index, mut promises) = (MemoryDisk::new(), MemoryIndex::new(), Promises::new());
    let store = try_open_in_memory(&disk, &index, small()).unwrap();
    assert!(promises.commit(&store, 0));
    // Asking for room, writing, reading back, writing, reading back, syncing.
    disk.plan(disk.calls() + 5, Fault::Fails(ErrorKind::Other));
    assert!(!promises.commit(&store, 1));
    assert_eq!(promises.possible.len(), 1);
    assert!(!promises.commit(&store, 2), "never tried again");
    let id = promises.acknowledged[0].id;
    assert!(matches!(store.ledgers(None, 1), Err(StoreError::Stopped)));
    assert!(matches!(store.leaves(id, LeafIndex::new(0), 1, 1), Err(StoreError::Stopped)));
    assert!(matches!(store.snapshot(id), Err(StoreError::Stopped)));
    assert!(matches!(store.position(), Err(StoreError::Stopped)));
    drop(store);
    disk.crash(0);
    promises.hold(&try_open_in_memory(&disk, &index, small()).unwrap());
}

/// Else the tests above would prove nothing.
#[test]
fn a_disk_that_lies_about_its_syncs_is_caught() {
    let mut lost = 0;
    for seed in 0..20 {
        let (disk, index, mut promises) = (MemoryDisk::new(), MemoryIndex::new(), Promises::new());
        let store = try_open_in_memory(&disk, &index, small()).unwrap();
        assert!(promises.commit(&store, 0));
        disk.lie(true);
        assert!(promises.commit(&store, 1) && promises.commit(&store, 2));
        drop(store);
        disk.crash(seed);
        disk.lie(false);
        let opened = try_open_in_memory(&disk, &index, small());
        let there = opened.and_then(|store| held(&store, &promises.acknowledged));
        let promised: Vec<_> = promises.acknowledged.iter().map(|model| model.leaves.clone()).collect();
        lost += u32::from(!there.is_ok_and(|there| there == promised));
    }
    assert!(lost > 5, "of two commits that were never synced, something was lost in {lost} of 20 cuts");
}

#[test]
fn an_index_that_cannot_be_written_stops_the_store_and_is_made_anew() {
    let (disk, index, mut promises) = (MemoryDisk::new(), MemoryIndex::new(), Promises::new());
    let store = try_open_in_memory(&disk, &index, small()).unwrap();
    assert!(promises.commit(&store, 0) && promises.commit(&store, 1));
    index.fail(true);
    store.settle();
    assert!(!promises.commit(&store, 2));
    drop(store);
    index.crash(0);
    promises.hold(&try_open_in_memory(&disk, &index, small()).unwrap());
}
