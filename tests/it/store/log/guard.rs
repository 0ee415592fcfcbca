//! The guard: what it says of logs that are as new as it, older, or others; and that it is written over by an older one only whole.

use std::{io::ErrorKind, sync::Arc};

use counterfoil::store::{
    Store as _,
    disk::{
        Disk,
        memory::{Fault, MemoryDisk},
    },
    log::{
        LogConfig, LogId, LogStore,
        guard::{Guard, Guarded, look},
        index::memory::MemoryIndex,
    },
};

use crate::store::{
    log::{config, open_in_memory, try_open_in_memory},
    model::{Model, leaf},
};

const NAME: &str = "log.guard";

fn says(guard: &MemoryDisk, log: &MemoryDisk) -> Guarded {
    let log: Arc<dyn Disk> = Arc::new(log.copy());
    look(&guard.copy(), NAME, &log).unwrap()
}

fn grow(store: &LogStore, model: &mut Model, frames: u64) {
    for _ in 0..frames {
        let append = model.append([leaf(model.size(), 100)]);
        store.commit(vec![append]).unwrap()[0].as_ref().unwrap();
    }
}

/// A log of two frames and the same with six, and the guard of the latter.
struct Rolled {
    older: MemoryDisk,
    newer: MemoryDisk,
    guard: MemoryDisk,
}

fn rolled() -> Rolled {
    let (newer, guard, mut model) = (MemoryDisk::new(), MemoryDisk::new(), Model::new("guarded"));
    let store = open_in_memory(&newer, &MemoryIndex::new());
    grow(&store, &mut model, 2);
    let older = newer.copy();
    let mut kept = Guard::make(&guard, NAME, &store).unwrap();
    grow(&store, &mut model, 3);
    kept.follow(&store).unwrap();
    grow(&store, &mut model, 1);
    kept.follow(&store).unwrap();
    Rolled { older, newer, guard }
}

#[test]
fn an_older_log_and_another_one_are_told_apart() {
    let Rolled { older, newer, guard } = rolled();
    assert_eq!(says(&guard, &newer), Guarded::Holds);
    assert_eq!(says(&guard, &older), Guarded::Older { sequence: 6 });
    assert_eq!(says(&guard, &MemoryDisk::new()), Guarded::Older { sequence: 6 });
    let other = MemoryDisk::new();
    let another = LogConfig { log: LogId([8; 8]), ..config() };
    let store = try_open_in_memory(&other, &MemoryIndex::new(), another).unwrap();
    grow(&store, &mut Model::new("another"), 9);
    assert_eq!(says(&guard, &other), Guarded::Another { sequence: 6 });
    assert_eq!(says(&MemoryDisk::new(), &newer), Guarded::Missing);
}

/// Lets nothing work from a call on, or that call fail half done, by turns.
fn spoil(disk: &MemoryDisk, call: u64, seed: u64) {
    if seed.is_multiple_of(2) {
        disk.die_at(call);
    } else {
        disk.plan(call, Fault::Tears(ErrorKind::Other));
    }
}

/// Written over once, the higher of two slots would still be believed; cut short anywhere, it says the old or the new.
#[test]
fn a_guard_that_is_rolled_back_says_the_old_or_the_new_wherever_it_is_cut_short() {
    let Rolled { older, guard, .. } = rolled();
    let store = open_in_memory(&older, &MemoryIndex::new());
    let calls = {
        let whole = guard.copy();
        drop(Guard::roll_back(&whole, NAME, &store).unwrap());
        assert_eq!(says(&whole, &older), Guarded::Holds);
        whole.calls()
    };
    let mut still = 0;
    for call in 0..calls {
        for seed in call * 10..call * 10 + 8 {
            let cut = guard.copy();
            spoil(&cut, call, seed);
            let done = Guard::roll_back(&cut, NAME, &store).is_ok();
            cut.crash(seed);
            let found = says(&cut, &older);
            assert!([Guarded::Holds, Guarded::Older { sequence: 6 }].contains(&found), "call {call}: {found:?}");
            assert!(!done || found == Guarded::Holds, "call {call}: said to be done");
            still += u64::from(found != Guarded::Holds);
            drop(Guard::roll_back(&cut, NAME, &store).unwrap());
            assert_eq!(says(&cut, &older), Guarded::Holds);
        }
    }
    assert!(still > 0);
}

#[test]
fn a_guard_that_is_damaged_or_missing_is_made_anew_when_it_is_rolled_back() {
    let Rolled { older, .. } = rolled();
    let store = open_in_memory(&older, &MemoryIndex::new());
    for spoilt in [None, Some(vec![0x55; 8_192])] {
        let guard = MemoryDisk::new();
        if let Some(bytes) = &spoilt {
            guard.put(NAME, bytes);
            assert_eq!(says(&guard, &older), Guarded::Unreadable);
        }
        drop(Guard::roll_back(&guard, NAME, &store).unwrap());
        assert_eq!(says(&guard, &older), Guarded::Holds);
    }
}

/// A disk that is full for a moment must not leave the guard behind for ever.
#[test]
fn a_guard_that_could_not_be_written_once_is_written_the_next_time() {
    let (disk, on, mut model) = (MemoryDisk::new(), MemoryDisk::new(), Model::new("guarded"));
    let store = open_in_memory(&disk, &MemoryIndex::new());
    let mut guard = Guard::make(&on, NAME, &store).unwrap();
    for call in 0..2 {
        grow(&store, &mut model, 1);
        on.plan(on.calls() + call, Fault::Fails(ErrorKind::StorageFull));
        assert!(guard.follow(&store).is_err());
        guard.follow(&store).unwrap();
        assert_eq!(says(&on, &disk), Guarded::Holds);
    }
    let ahead = disk.copy();
    grow(&store, &mut model, 1);
    guard.follow(&store).unwrap();
    assert!(matches!(says(&on, &ahead), Guarded::Older { .. }), "it follows to the end");
}

/// An empty one would be taken for one that somebody emptied, and the server would not start.
#[test]
fn a_guard_is_made_whole_or_not_at_all() {
    let Rolled { older, .. } = rolled();
    let store = open_in_memory(&older, &MemoryIndex::new());
    let calls = {
        let whole = MemoryDisk::new();
        drop(Guard::make(&whole, NAME, &store).unwrap());
        whole.calls()
    };
    let mut not_there = 0;
    for call in 0..calls {
        for seed in call * 10..call * 10 + 8 {
            let cut = MemoryDisk::new();
            spoil(&cut, call, seed);
            let done = Guard::make(&cut, NAME, &store).is_ok();
            // Each way to spoil it, with the power gone and with only the process killed.
            if seed % 4 < 2 {
                cut.crash(seed)
            } else {
                cut.kill()
            }
            let is_there = cut.files().iter().any(|(name, _)| name == NAME);
            assert_eq!(says(&cut, &older), if is_there { Guarded::Holds } else { Guarded::Missing }, "call {call}");
            assert!(is_there || !done, "call {call}: said to be done");
            not_there += u64::from(!is_there);
            drop(Guard::make(&cut, NAME, &store).unwrap());
            assert_eq!(says(&cut, &older), Guarded::Holds);
        }
    }
    assert!(not_there > 0);
}
