//! A log that was damaged where it was durable is not opened, and says where it is bad; an index is made anew, whatever became
//! of it.

use std::{slice, sync::Arc};

use bytes::Bytes;
use counterfoil::{
    merkle::index::LeafIndex,
    store::{
        Store, StoreError,
        disk::{Disk, memory::MemoryDisk},
        log::{
            LogDamage, LogStore,
            index::memory::MemoryIndex,
            roots::{Asked, stand},
        },
    },
};

use crate::store::{
    log::{config, open_in_memory, try_open_in_memory},
    model::{Model, leaf},
};

const FRAMES: u64 = 12;
const MARK: &str = "high-water";

/// A log of a few files, settled, and what it holds after each frame.
struct Kept {
    disk: MemoryDisk,
    index: MemoryIndex,
    after: Vec<Vec<Model>>,
}

fn kept() -> Kept {
    let (disk, index) = (MemoryDisk::new(), MemoryIndex::new());
    let mut models = vec![Model::new("one"), Model::new("two")];
    let mut after = vec![models.clone()];
    let store = open_in_memory(&disk, &index);
    for number in 0..FRAMES {
        let appends = models
            .iter_mut()
            .enumerate()
            .filter(|(place, _)| number < 8 || *place == 0)
            .map(|(place, model)| {
                model.append((0..3).map(|at| leaf(number << 16 | u64::try_from(place).unwrap() << 8 | at, 700)))
            })
            .collect();
        assert!(store.commit(appends).unwrap().iter().all(Result::is_ok));
        after.push(models.clone());
    }
    store.settle();
    drop(store);
    Kept { disk, index, after }
}

impl Kept {
    fn models(&self) -> &[Model] {
        self.after.last().unwrap()
    }

    /// The files of the log in order.
    fn log(&self) -> Vec<(String, Vec<u8>)> {
        self.disk.files().into_iter().filter(|(name, _)| name.ends_with(".log")).collect()
    }

    /// Opens what `spoil` made of the disk, without the index: then all of it is read.
    fn open_spoilt(&self, spoil: impl FnOnce(&MemoryDisk)) -> Result<LogStore, StoreError> {
        let disk = self.disk.copy();
        spoil(&disk);
        try_open_in_memory(&disk, &MemoryIndex::new(), config())
    }

    fn check(&self, store: &LogStore) {
        self.models().iter().for_each(|model| model.check(store));
    }
}

fn damage(opened: Result<LogStore, StoreError>, what: &str) -> LogDamage {
    match opened {
        Err(StoreError::LogDamaged(damage)) => *damage,
        Err(other) => panic!("{what}: {other}"),
        Ok(_) => panic!("{what}: it was opened"),
    }
}

#[test]
fn a_flipped_bit_anywhere_keeps_the_log_closed_and_names_the_first_bad_frame() {
    let kept = kept();
    for (name, bytes) in kept.log() {
        // Every byte of the headers, and of the rest one here and there.
        for place in (0..bytes.len()).filter(|place| *place < 250 || place % 23 == 0) {
            let what = format!("byte {place} of {name}");
            let spoilt = |disk: &MemoryDisk| {
                let mut bytes = bytes.clone();
                bytes[place] ^= 1 << (place % 8);
                disk.put(&name, &bytes);
            };
            let opened = kept.open_spoilt(spoilt);
            // The version of a file is said by its own error.
            if let Err(StoreError::Format { .. }) = opened {
                assert!((16..20).contains(&place), "{what}");
                continue;
            }
            let found = damage(opened, &what);
            assert_eq!((found.file.as_str(), found.durable), (name.as_str(), FRAMES), "{what}");
            assert!(found.offset <= u64::try_from(place).unwrap(), "{what}: {found}");
            // Of every ledger that is named, the last good checkpoint is the one before the bad frame.
            let good = &kept.after[usize::try_from(found.sequence - 1).unwrap()];
            for (ledger, head) in &found.last_good {
                let model = good.iter().find(|model| model.id == *ledger).unwrap();
                assert_eq!((head.size.get(), &head.note), (model.size(), &model.note), "{what}");
            }
            let named = found.last_good.iter().any(|(ledger, _)| *ledger == kept.models()[0].id);
            assert!(named || found.sequence == 1 || found.sequence == FRAMES, "{what}: {found}");
        }
    }
}

/// As a running server has it: what is in the index is not read again by a start. It is found by whoever reads it.
#[test]
fn a_flipped_bit_under_an_index_is_never_read_as_a_leaf_and_named_by_who_reads_everything() {
    let kept = kept();
    let (mut opened, mut closed) = (0, 0);
    for (name, bytes) in kept.log() {
        for place in (0..bytes.len()).filter(|place| *place < 100 || place % 97 == 0) {
            let what = format!("byte {place} of {name}");
            let disk = kept.disk.copy();
            let mut bytes = bytes.clone();
            bytes[place] ^= 1 << (place % 8);
            disk.put(&name, &bytes);
            let all: Arc<dyn Disk> = Arc::new(disk.copy());
            assert!(stand(&all, &Asked::new()).is_err(), "{what}: it is not named");
            let Ok(store) = try_open_in_memory(&disk, &kept.index.copy(), config()) else {
                closed += 1;
                continue;
            };
            opened += 1;
            for model in kept.models() {
                for (index, leaf) in (0..).zip(&model.leaves) {
                    if let Ok(read) = store.leaves(model.id, LeafIndex::new(index), 1, usize::MAX) {
                        assert_eq!(read, slice::from_ref(leaf), "{what}: entry {index}");
                    }
                }
            }
        }
    }
    assert!(opened > 100 && closed > 10, "{opened} were opened, {closed} were not");
}

#[test]
fn a_log_cut_off_anywhere_is_not_opened() {
    let kept = kept();
    let files = kept.log();
    for (place, (name, bytes)) in files.iter().enumerate() {
        for length in (0..bytes.len()).step_by(7) {
            let opened = kept.open_spoilt(|disk| disk.put(name, &bytes[..length]));
            let found = damage(opened, &format!("{name} cut off at {length}"));
            assert_eq!(found.durable, FRAMES);
        }
        // With all that follow.
        let opened = kept.open_spoilt(|disk| {
            files[place..].iter().for_each(|(name, _)| disk.remove(name).unwrap());
        });
        assert!(damage(opened, &format!("without {name} and all that follow")).sequence <= FRAMES);
    }
}

#[test]
fn a_missing_or_swapped_file_keeps_the_log_closed() {
    let kept = kept();
    let files = kept.log();
    assert!(files.len() >= 3);
    for (name, _) in &files {
        damage(kept.open_spoilt(|disk| disk.remove(name).unwrap()), &format!("without {name}"));
    }
    for (one, other) in (0..files.len()).flat_map(|one| (0..one).map(move |other| (one, other))) {
        let opened = kept.open_spoilt(|disk| {
            disk.put(&files[one].0, &files[other].1);
            disk.put(&files[other].0, &files[one].1);
        });
        damage(opened, &format!("{one} and {other} in each other's place"));
    }
}

/// A frame that is whole, but of another history: as when an older copy was put back and written on.
#[test]
fn an_older_copy_that_was_put_back_is_not_opened() {
    let (disk, index) = (MemoryDisk::new(), MemoryIndex::new());
    let mut model = Model::new("one");
    let store = open_in_memory(&disk, &index);
    store.commit(vec![model.append([leaf(1, 100)])]).unwrap();
    let older = disk.copy();
    store.commit(vec![model.append([leaf(2, 100)])]).unwrap();
    store.settle();
    drop(store);
    let newer_mark = disk.files().into_iter().find(|(name, _)| name == MARK).unwrap().1;
    // Its own mark and no index: nothing here knows of what came after.
    drop(try_open_in_memory(&older.copy(), &MemoryIndex::new(), config()).unwrap());
    // The index knows.
    let found = damage(try_open_in_memory(&older.copy(), &index.copy(), config()), "the index is ahead");
    assert_eq!((found.sequence, found.durable), (2, 2));
    // The mark knows.
    older.put(MARK, &newer_mark);
    let found = damage(try_open_in_memory(&older, &MemoryIndex::new(), config()), "the mark is ahead");
    assert_eq!((found.sequence, found.durable), (2, 2));
}

#[test]
fn a_log_without_its_mark_or_with_anothers_is_not_opened() {
    let kept = kept();
    let mark = kept.disk.files().into_iter().find(|(name, _)| name == MARK).unwrap().1;
    for places in [&[][..], &[7], &[70], &[4_096 + 7], &[4_096 + 70]] {
        let opened = kept.open_spoilt(|disk| {
            let mut mark = mark.clone();
            places.iter().for_each(|place| mark[*place] ^= 1);
            disk.put(MARK, &mark);
        });
        kept.check(&opened.unwrap());
    }
    let spoilt: [&dyn Fn(&MemoryDisk); 3] =
        [&|disk| disk.remove(MARK).unwrap(), &|disk| disk.put(MARK, &[]), &|disk| disk.put(MARK, &vec![0; mark.len()])];
    for spoil in spoilt {
        let opened = kept.open_spoilt(spoil);
        assert!(matches!(opened.err(), Some(StoreError::Unopenable { .. })));
    }
}

#[test]
fn a_part_of_a_frame_that_was_never_acknowledged_is_cut_off() {
    let kept = kept();
    let (name, bytes) = kept.log().pop().unwrap();
    let whole = bytes.len();
    for garbage in [&[1][..], &[0, 0, 1], &[0xff, b'c', b'f', 1, 7, 7], &[0; 3_000], &[0x5a; 70_000]] {
        let disk = kept.disk.copy();
        disk.put(&name, &[&bytes, garbage].concat());
        let (index, mut model) = (MemoryIndex::new(), kept.models()[0].clone());
        let store = try_open_in_memory(&disk, &index, config()).unwrap();
        assert_eq!(disk.files().into_iter().find(|(of, _)| *of == name).unwrap().1.len(), whole);
        kept.check(&store);
        store.commit(vec![model.append([leaf(99, 10)])]).unwrap();
        drop(store);
        model.check(&open_in_memory(&disk, &index));
    }
}

#[test]
fn an_index_that_is_missing_older_spoilt_or_anothers_is_made_anew() {
    let kept = kept();
    let other = MemoryIndex::new();
    let store = try_open_in_memory(
        &MemoryDisk::new(),
        &other,
        counterfoil::store::log::LogConfig { log: counterfoil::store::log::LogId([8; 8]), ..config() },
    );
    let mut stranger = Model::new("another's");
    let store = store.unwrap();
    (0..30).for_each(|number| drop(store.commit(vec![stranger.append([leaf(number, 10)])]).unwrap()));
    store.settle();
    drop(store);
    let spoilt = |spoil: &dyn Fn(&mut std::collections::BTreeMap<Vec<u8>, Bytes>)| {
        let index = kept.index.copy();
        index.spoil(|keys| spoil(keys));
        index
    };
    let first = |keys: &std::collections::BTreeMap<Vec<u8>, Bytes>, kind: u8| {
        keys.keys().find(|key| key[0] == kind).cloned().unwrap()
    };
    let last = |keys: &std::collections::BTreeMap<Vec<u8>, Bytes>, kind: u8| {
        keys.keys().rfind(|key| key[0] == kind).cloned().unwrap()
    };
    let indexes = [
        ("missing", MemoryIndex::new()),
        ("another's", other),
        ("without its format", spoilt(&|keys| drop(keys.remove(&b"v"[..])))),
        ("of another format", spoilt(&|keys| drop(keys.insert(b"v".to_vec(), "counterfoil index 0".into())))),
        ("without saying how far it is", spoilt(&|keys| drop(keys.remove(&b"a"[..])))),
        ("without a ledger", spoilt(&|keys| drop(keys.remove(&first(keys, b'h'))))),
        ("with a short ledger", spoilt(&|keys| drop(keys.insert(first(keys, b'h'), "short".into())))),
        ("without the last run of a ledger", spoilt(&|keys| drop(keys.remove(&last(keys, b'r'))))),
        (
            "with other numbers",
            spoilt(&|keys| {
                let mut applied = keys[&b"a"[..]].to_vec();
                *applied.last_mut().unwrap() ^= 1;
                keys.insert(b"a".to_vec(), applied.into());
            }),
        ),
    ];
    for (what, index) in indexes {
        let store = try_open_in_memory(&kept.disk.copy(), &index, config());
        let store = store.unwrap_or_else(|error| panic!("{what}: {error}"));
        kept.check(&store);
        assert_eq!(store.find(kept.models()[0].id, Model::envelope(&stranger.leaves[0])).unwrap(), None, "{what}");
    }
}

/// What was in the index stays; only what came after is read.
#[test]
fn an_older_index_is_brought_to_where_the_log_stands() {
    let (disk, index) = (MemoryDisk::new(), MemoryIndex::new());
    let mut model = Model::new("one");
    let store = open_in_memory(&disk, &index);
    for number in 0..4 {
        store.commit(vec![model.append([leaf(number, 100)])]).unwrap();
    }
    let snapshot = Bytes::from_static(b"of four");
    store.keep(model.id, snapshot.clone(), Vec::new()).unwrap();
    store.settle();
    for number in 4..8 {
        store.commit(vec![model.append([leaf(number, 100)])]).unwrap();
    }
    drop(store);
    let store = open_in_memory(&disk, &index);
    model.check(&store);
    assert_eq!(store.snapshot(model.id).unwrap(), Some(snapshot));
}

#[test]
fn leaves_that_changed_under_an_open_store_are_not_given_out() {
    let kept = kept();
    let store = try_open_in_memory(&kept.disk, &kept.index, config()).unwrap();
    kept.check(&store);
    let needle = &kept.models()[0].leaves[4];
    for (name, mut bytes) in kept.log() {
        if let Some(at) = bytes.windows(needle.len()).position(|window| window == &needle[..]) {
            bytes[at + 50] ^= 1;
            kept.disk.put(&name, &bytes);
        }
    }
    let index = |index| counterfoil::merkle::index::LeafIndex::new(index);
    let bad = store.leaves(kept.models()[0].id, index(0), usize::MAX, usize::MAX);
    assert!(matches!(&bad, Err(StoreError::Damaged { what, .. }) if what == "entry 4"), "{bad:?}");
    assert_eq!(store.leaves(kept.models()[0].id, index(0), 4, usize::MAX).unwrap(), kept.models()[0].leaves[..4]);
}

#[test]
fn a_log_that_is_open_is_not_opened_a_second_time() {
    let (disk, index) = (MemoryDisk::new(), MemoryIndex::new());
    let store = open_in_memory(&disk, &index);
    let second = try_open_in_memory(&disk, &index, config());
    assert!(matches!(second.err(), Some(StoreError::InUse { .. })));
    drop(store);
    drop(open_in_memory(&disk, &index));
}
