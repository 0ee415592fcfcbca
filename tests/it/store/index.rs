//! Indexes: what every one of them must do, beside ordered keys in memory; and what the one in tables has to answer for alone.

use std::{
    collections::BTreeMap,
    fs,
    io::ErrorKind,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use bytes::Bytes;
use counterfoil::store::{
    StoreError,
    disk::memory::{Fault, MemoryDisk},
    log::index::{
        Change, Index,
        memory::MemoryIndex,
        sled::SledIndex,
        tables::{Merging, TablesConfig, TablesIndex},
    },
};
use proptest::{
    collection::vec,
    option,
    prelude::{Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest},
};
use tempfile::tempdir;

use crate::common::{Chance, cases};

type Keys = BTreeMap<Vec<u8>, Bytes>;

/// Few keys, so that they meet; some as long as those that filters know apart, and longer.
fn key() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        vec(0..4_u8, 0..4),
        (0..40_u8, 0..3_u8).prop_map(|(first, last)| [[first; 13].as_slice(), &[last; 6]].concat()),
        (0..40_u8).prop_map(|first| vec![first; 13]),
    ]
}

#[derive(Clone, Debug)]
enum Act {
    Apply(Vec<Change>),
    Sync,
    Get(Vec<u8>),
    Range(Vec<u8>, Vec<u8>, bool, usize),
    /// All keys that begin so.
    Beginning(u8, bool),
    Reset,
    Reopen,
}

fn act() -> impl Strategy<Value = Act> {
    let value = option::of(vec(any::<u8>(), 0..90).prop_map(Bytes::from));
    prop_oneof![
        12 => vec((key(), value), 1..20).prop_map(Act::Apply),
        2 => any::<bool>().prop_map(|_| Act::Sync),
        6 => key().prop_map(Act::Get),
        6 => (key(), key(), any::<bool>(), 0..12_usize).prop_map(|(from, upto, back, max)| Act::Range(from, upto, back, max)),
        6 => (0..44_u8, any::<bool>()).prop_map(|(first, back)| Act::Beginning(first, back)),
        1 => any::<bool>().prop_map(|_| Act::Reopen),
        1 => (0..4_u8).prop_map(|one| if one == 0 { Act::Reset } else { Act::Sync }),
    ]
}

fn put(keys: &mut Keys, changes: &[Change]) {
    for (key, value) in changes {
        match value {
            Some(value) => drop(keys.insert(key.clone(), value.clone())),
            None => drop(keys.remove(key)),
        }
    }
}

fn within(keys: &Keys, from: &[u8], upto: &[u8], reverse: bool, max: usize) -> Vec<(Bytes, Bytes)> {
    let mut found: Vec<_> = keys
        .iter()
        .filter(|(key, _)| (from..upto).contains(&key.as_slice()))
        .map(|(key, value)| (Bytes::from(key.clone()), value.clone()))
        .collect();
    if reverse {
        found.reverse();
    }
    found.truncate(max);
    found
}

fn all(index: &dyn Index) -> Result<Keys, StoreError> {
    let all = index.range(&[], &[0xff; 20], false, usize::MAX)?;
    Ok(all.into_iter().map(|(key, value)| (key.to_vec(), value)).collect())
}

/// Does everything to an index that `open` opens, again and again, and to keys in memory.
fn check(acts: &[Act], open: impl Fn() -> Box<dyn Index>) {
    let (mut index, mut keys) = (open(), Keys::new());
    for act in acts {
        match act {
            Act::Apply(changes) => {
                put(&mut keys, changes);
                index.apply(changes.clone()).unwrap();
            }
            Act::Sync => index.sync().unwrap(),
            Act::Get(key) => assert_eq!(index.get(key).unwrap().as_ref(), keys.get(key), "{key:?}"),
            Act::Range(from, upto, reverse, max) => {
                let found = index.range(from, upto, *reverse, *max).unwrap();
                assert_eq!(found, within(&keys, from, upto, *reverse, *max), "{from:?}..{upto:?}");
            }
            Act::Beginning(first, reverse) => {
                let (from, upto) = (vec![*first; 13], [[*first; 13].as_slice(), &[0xff; 7]].concat());
                let found = index.range(&from, &upto, *reverse, 2).unwrap();
                assert_eq!(found, within(&keys, &from, &upto, *reverse, 2), "all of {first}");
            }
            Act::Reset => {
                index.reset().unwrap();
                keys.clear();
            }
            Act::Reopen => {
                index.sync().unwrap();
                drop(index);
                index = open();
            }
        }
    }
    assert_eq!(all(index.as_ref()).unwrap(), keys);
}

/// A table after a few keys, merged as soon as there are four.
const SMALL: TablesConfig = TablesConfig { cache_bytes: 20_000, fresh_bytes: 900, merging: Merging::WhenWritten };

fn tables(disk: &MemoryDisk) -> Result<TablesIndex, StoreError> {
    TablesIndex::open_on(Arc::new(disk.clone()), SMALL)
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn tables_hold_what_ordered_keys_in_memory_hold(acts in vec(act(), 1..160)) {
        let disk = MemoryDisk::new();
        check(&acts, || Box::new(tables(&disk).unwrap()));
    }

    #[test]
    fn the_index_in_memory_holds_what_ordered_keys_hold(acts in vec(act(), 1..60)) {
        let index = MemoryIndex::new();
        check(&acts, || Box::new(index.clone()));
    }

    #[test]
    fn the_power_may_go_at_every_call_and_whole_batches_are_lost_the_last_first(
        batches in vec((vec((key(), option::of(vec(any::<u8>(), 0..60).prop_map(Bytes::from))), 1..12), any::<bool>()), 1..60),
        call in 0..400_u64, seed in any::<u64>(),
    ) {
        let disk = MemoryDisk::new();
        disk.die_at(call);
        let (mut states, mut durable) = (vec![Keys::new()], 0);
        if let Ok(index) = tables(&disk) {
            for (batch, sync) in &batches {
                let mut now = states.last().unwrap().clone();
                put(&mut now, batch);
                states.push(now);
                if index.apply(batch.clone()).is_err() || *sync && index.sync().is_err() {
                    break;
                }
                if *sync {
                    durable = states.len() - 1;
                }
            }
        }
        disk.crash(seed);
        let index = tables(&disk).unwrap();
        let found = all(&index).unwrap();
        prop_assert!(states[durable..].contains(&found), "{} batches were durable", durable);
        // And it goes on from there.
        index.apply(vec![(vec![9], Some(Bytes::from_static(b"on")))]).unwrap();
        index.sync().unwrap();
        drop(index);
        let on = tables(&disk).unwrap();
        prop_assert_eq!(on.get(&[9]).unwrap(), Some(Bytes::from_static(b"on")));
        prop_assert_eq!(all(&on).unwrap().len(), found.len() + 1 - usize::from(found.contains_key([9].as_slice())));
    }
}

proptest! {
    // sled syncs a real file each time.
    #![proptest_config(cases(6))]

    #[test]
    fn sled_holds_what_ordered_keys_in_memory_hold(acts in vec(act(), 1..60)) {
        let folder = tempdir().unwrap();
        check(&acts, || Box::new(SledIndex::open(folder.path(), 1 << 20).unwrap()));
    }
}

/// Enough of everything for several tables that were merged.
fn filled(disk: &MemoryDisk) -> Keys {
    let (index, mut keys) = (tables(disk).unwrap(), Keys::new());
    for number in 0..900_u32 {
        let key = [b"key".as_slice(), &(number * 7_919 % 600).to_be_bytes(), &[1; 9]].concat();
        let value = (number % 9 != 0).then(|| Bytes::from(number.to_string().repeat(3)));
        let batch = vec![(key, value)];
        put(&mut keys, &batch);
        index.apply(batch).unwrap();
    }
    index.sync().unwrap();
    keys
}

#[test]
fn what_was_removed_or_put_anew_gives_its_room_back() {
    let disk = MemoryDisk::new();
    let keys = filled(&disk);
    let index = tables(&disk).unwrap();
    assert_eq!(all(&index).unwrap(), keys);
    let bytes = |disk: &MemoryDisk| disk.files().iter().map(|(_, bytes)| bytes.len()).sum::<usize>();
    let before = bytes(&disk);
    for round in 0..40_u8 {
        let removed =
            keys.keys().map(|key| (key.clone(), (round < 39).then(|| Bytes::from(vec![round; 12])))).collect();
        index.apply(removed).unwrap();
        index.sync().unwrap();
    }
    assert_eq!(all(&index).unwrap(), Keys::new());
    assert!(bytes(&disk) < 5 * before, "{} of {before}", bytes(&disk));
    assert!(disk.files().len() < 24);
}

#[test]
fn a_damaged_table_is_an_error_or_makes_no_difference_and_the_next_start_begins_anew() {
    let whole = MemoryDisk::new();
    let keys = filled(&whole);
    let mut chance = Chance::new("damaged tables");
    let (mut seen, mut rounds) = (0, 0);
    while rounds < 400 {
        let disk = whole.copy();
        let files = disk.files();
        let (name, bytes) = &files[chance.below(files.len())];
        let mut bytes = bytes.clone();
        let bit = chance.below(8 * bytes.len());
        bytes[bit / 8] ^= 1 << (bit % 8);
        disk.put(name, &bytes);
        rounds += 1;
        let index = tables(&disk).unwrap();
        let looked = all(&index).and_then(|found| {
            let each: Result<Vec<_>, _> = keys.keys().map(|key| index.get(key)).collect();
            Ok((found, each?))
        });
        match looked {
            Ok((found, each)) if found.is_empty() => {
                assert!(each.iter().all(Option::is_none), "begun anew at once");
                seen += 1;
            }
            Ok((found, each)) => {
                assert_eq!(found, keys);
                assert_eq!(each, keys.values().cloned().map(Some).collect::<Vec<_>>());
            }
            Err(StoreError::Disk { source, .. }) => {
                assert!(source.to_string().contains("made anew"), "{source}");
                drop(index);
                assert_eq!(all(&tables(&disk).unwrap()).unwrap(), Keys::new());
                seen += 1;
            }
            Err(other) => panic!("{other}"),
        }
    }
    assert!(seen > 300, "{seen} of 400 were seen");
}

#[test]
fn what_cannot_be_written_is_an_error_and_stays_readable() {
    let mut chance = Chance::new("a full disk");
    for _ in 0..60 {
        let disk = MemoryDisk::new();
        let mut keys = filled(&disk);
        let index = tables(&disk).unwrap();
        let fault = if chance.below(2) == 0 {
            Fault::Fails(ErrorKind::StorageFull)
        } else {
            Fault::Tears(ErrorKind::StorageFull)
        };
        disk.plan(disk.calls() + u64::try_from(chance.below(6)).unwrap(), fault);
        let batch: Vec<Change> =
            (0..4_u8).map(|number| (vec![7, number], Some(Bytes::from(vec![number; 9])))).collect();
        put(&mut keys, &batch);
        index.apply(batch).unwrap();
        let _ = index.sync();
        assert_eq!(all(&index).unwrap(), keys, "whether or not it was written");
        index.sync().unwrap();
        drop(index);
        assert_eq!(all(&tables(&disk).unwrap()).unwrap(), keys);
    }
}

#[test]
fn tables_are_merged_beside_readers_and_whoever_writes() {
    let folder = tempdir().unwrap();
    let config = TablesConfig { fresh_bytes: 20_000, ..TablesConfig::new(1 << 20) };
    let index = TablesIndex::open(folder.path(), config).unwrap();
    let key = |number: u32| [b"i".as_slice(), &number.to_be_bytes(), &[5; 14]].concat();
    let done = AtomicU32::new(0);
    thread::scope(|scope| {
        let (done, index) = (&done, &index);
        scope.spawn(move || {
            for number in 0..20_000_u32 {
                index.apply(vec![(key(number), Some(Bytes::from(number.to_string())))]).unwrap();
                done.store(number, Ordering::SeqCst);
            }
        });
        scope.spawn(move || {
            let mut chance = Chance::new("readers beside merges");
            loop {
                let upto = done.load(Ordering::SeqCst);
                if upto == 0 {
                    continue;
                }
                let number = u32::try_from(chance.below(usize::try_from(upto).unwrap())).unwrap();
                assert_eq!(index.get(&key(number)).unwrap(), Some(Bytes::from(number.to_string())));
                let last = index.range(&key(0), &key(upto), true, 1).unwrap().pop();
                assert_eq!(last.unwrap().0, key(upto - 1), "the last below {upto}");
                if upto == 19_999 {
                    break;
                }
            }
        });
    });
    index.sync().unwrap();
    drop(index);
    let index = TablesIndex::open(folder.path(), config).unwrap();
    let all = index.range(&key(0), &key(u32::MAX), false, usize::MAX).unwrap();
    assert_eq!(all.len(), 20_000);
    let files = || fs::read_dir(folder.path()).unwrap().count();
    let begun = Instant::now();
    while files() >= 24 {
        assert!(begun.elapsed() < Duration::from_secs(60), "{} files are left", files());
        thread::sleep(Duration::from_millis(20));
    }
}
