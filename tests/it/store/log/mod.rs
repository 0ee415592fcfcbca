//! The log: the suite on every kind of disk and index, and what a log has to answer for.

mod backup;
mod crash;
mod damage;
mod guard;
mod stopping;

use std::{
    env,
    fs::{self, File},
    path::Path,
    process::Command,
    sync::Arc,
};

use counterfoil::{
    merkle::index::LeafIndex,
    store::{
        Store as _, StoreError,
        disk::memory::MemoryDisk,
        log::{
            IndexKind, LogConfig, LogId, LogStore, Settling,
            index::{Index, memory::MemoryIndex},
        },
        sled::SledStore,
    },
};
use tempfile::{TempDir, tempdir};

use crate::store::{
    model::{Model, leaf},
    suite,
};

pub(super) const CACHE_BYTES: u64 = 16 * 1024 * 1024;

pub(super) fn open(path: &Path) -> LogStore {
    LogStore::open(path, CACHE_BYTES).unwrap()
}

/// Small files, nothing written ahead, and the index only when asked.
pub(super) fn config() -> LogConfig {
    let usual = LogConfig::new(LogId([7; 8]));
    LogConfig { segment_bytes: 20_000, ahead_bytes: 0, settling: Settling::WhenAsked, ..usual }
}

pub(super) fn try_open_in_memory(
    disk: &MemoryDisk,
    index: &MemoryIndex,
    config: LogConfig,
) -> Result<LogStore, StoreError> {
    let index: Box<dyn Index> = Box::new(index.clone());
    LogStore::open_on(Arc::new(disk.clone()), move || Ok(index), config)
}

pub(super) fn open_in_memory(disk: &MemoryDisk, index: &MemoryIndex) -> LogStore {
    try_open_in_memory(disk, index, config()).unwrap()
}

#[test]
fn the_log_on_disk_passes_the_suite() {
    let folder = tempdir().unwrap();
    let store = open(folder.path());
    suite::all(|check| check(&store));
}

#[test]
fn the_log_on_disk_passes_the_suite_with_sled_as_its_index() {
    let folder = tempdir().unwrap();
    let store = with(folder.path(), IndexKind::Sled);
    suite::all(|check| check(&store));
}

#[test]
fn the_log_in_memory_passes_the_suite_with_an_index_that_is_never_written_by_itself() {
    let (disk, index) = (MemoryDisk::new(), MemoryIndex::new());
    let store = open_in_memory(&disk, &index);
    suite::all(|check| check(&store));
}

#[test]
fn the_log_passes_the_suite_when_the_index_is_written_behind_every_commit() {
    let usual = LogConfig { settling: Settling::Behind, ..config() };
    suite::all(|check| {
        let store = try_open_in_memory(&MemoryDisk::new(), &MemoryIndex::new(), usual).unwrap();
        check(&store);
        store.settle();
    });
}

#[test]
fn what_was_committed_is_there_after_reopening_many_times() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("not/yet/there");
    let mut models = [Model::new("small"), Model::new("large")];
    for round in 0..12 {
        let store = open(&path);
        models.iter().for_each(|model| model.check(&store));
        let [small, large] = &mut models;
        let appends = vec![
            small.append((0..40).map(|place| leaf(round << 16 | place, 400))),
            large.append([leaf(round, 65_535)]),
        ];
        assert!(store.commit(appends).unwrap().iter().all(Result::is_ok));
        models.iter().for_each(|model| model.check(&store));
        store.settle();
        models.iter().for_each(|model| model.check(&store));
    }
    models.iter().for_each(|model| model.check(&open(&path)));
}

#[test]
fn sixteen_thousand_ledgers_are_founded_in_one_commit() {
    let (disk, index) = (MemoryDisk::new(), MemoryIndex::new());
    let store = open_in_memory(&disk, &index);
    let mut models: Vec<_> = (0..16_000).map(|number| Model::new(&format!("of many {number}"))).collect();
    for round in 0..2_u64 {
        let appends = models.iter_mut().zip(0..).map(|(model, number)| model.append([leaf(number << 8 | round, 60)]));
        assert!(store.commit(appends.collect()).unwrap().iter().all(Result::is_ok));
    }
    models.iter().step_by(501).for_each(|model| model.check(&store));
    drop(store);
    let store = open_in_memory(&disk, &index);
    assert_eq!(store.ledgers(None, usize::MAX).unwrap().len(), 16_000);
    models.iter().step_by(501).for_each(|model| model.check(&store));
}

const CHILD_STORE: &str = "COUNTERFOIL_TEST_LOG_OF_PARENT";

#[test]
fn another_process_is_told_who_has_the_store() {
    let folder = tempdir().unwrap();
    let mut model = Model::new("shared");
    let store = open(folder.path());
    store.commit(vec![model.append([leaf(0, 100)])]).unwrap();
    let child = || {
        Command::new(env::current_exe().unwrap())
            .args(["store::log::in_another_process", "--exact", "--nocapture"])
            .env(CHILD_STORE, folder.path())
            .output()
            .unwrap()
    };
    let told = String::from_utf8(child().stderr).unwrap();
    assert!(told.contains("said: another process has the store"), "{told}");
    model.check(&store);
    drop(store);
    let told = String::from_utf8(child().stderr).unwrap();
    assert!(told.contains("said: opened"), "{told}");
}

/// The other process of [`another_process_is_told_who_has_the_store`]; without it, nothing.
#[test]
fn in_another_process() {
    let Some(path) = env::var_os(CHILD_STORE) else { return };
    match LogStore::open(Path::new(&path), CACHE_BYTES) {
        Ok(_) => eprintln!("said: opened"),
        Err(error) => eprintln!("said: {error}"),
    }
}

#[test]
fn a_store_of_the_earlier_format_is_named_and_left_alone() {
    let folder = tempdir().unwrap();
    drop(SledStore::open(folder.path(), CACHE_BYTES).unwrap());
    match LogStore::open(folder.path(), CACHE_BYTES) {
        Err(StoreError::Format { found, .. }) => assert_eq!(found, "counterfoil store 1"),
        other => panic!("{:?}", other.err()),
    }
    drop(SledStore::open(folder.path(), CACHE_BYTES).unwrap());
}

#[test]
fn a_folder_that_cannot_be_a_store_is_an_error() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("file");
    File::create(&file).unwrap();
    for path in [file.clone(), file.join("below")] {
        let error = LogStore::open(&path, CACHE_BYTES).err().unwrap();
        assert!(matches!(error, StoreError::Disk { .. }), "{error}");
    }
}

fn with(path: &Path, kind: IndexKind) -> LogStore {
    LogStore::open_with(path, kind, CACHE_BYTES).unwrap()
}

/// A log of 200 commits and its index in a folder of its own.
fn indexed(kind: IndexKind) -> (TempDir, Model) {
    let folder = tempdir().unwrap();
    let mut model = Model::new("indexed");
    let store = with(folder.path(), kind);
    for number in 0..200 {
        store.commit(vec![model.append([leaf(number, 100)])]).unwrap();
    }
    drop(store);
    (folder, model)
}

/// Whatever became of the folder of the index: gone, spoilt, or no database at all.
#[test]
fn an_index_in_sled_that_does_not_open_is_made_anew() {
    let (folder, model) = indexed(IndexKind::Sled);
    let index = folder.path().join("index");
    let db = fs::read(index.join("db")).unwrap();
    let places = (0..40).map(|step| step * db.len() / 40 + 3);
    for place in places {
        let mut spoilt = db.clone();
        spoilt[place] ^= 0x20;
        fs::write(index.join("db"), spoilt).unwrap();
        model.check(&with(folder.path(), IndexKind::Sled));
    }
    for spoil in [Path::new("db"), Path::new("conf")] {
        fs::write(index.join(spoil), b"no database").unwrap();
        model.check(&with(folder.path(), IndexKind::Sled));
    }
    fs::remove_dir_all(&index).unwrap();
    fs::write(&index, b"not even a folder").unwrap();
    model.check(&with(folder.path(), IndexKind::Sled));
}

#[test]
fn an_index_in_tables_that_is_damaged_is_made_anew_at_the_latest_when_it_is_opened_again() {
    let (folder, model) = indexed(IndexKind::Tables);
    let index = folder.path().join("tables");
    let mut again = 0;
    for step in 0..40 {
        let files: Vec<_> = fs::read_dir(&index).unwrap().map(|entry| entry.unwrap().path()).collect();
        let file = &files[step % files.len()];
        let mut bytes = fs::read(file).unwrap();
        let place = (step * bytes.len() / 40 + 3) % bytes.len();
        bytes[place] ^= 0x20;
        fs::write(file, bytes).unwrap();
        let store = open(folder.path());
        if (0..200).any(|number| store.leaves(model.id, LeafIndex::new(number), 1, usize::MAX).is_err()) {
            again += 1;
        }
        drop(store);
        model.check(&open(folder.path()));
    }
    assert!(again < 40, "what the start looks at is mended at once");
    fs::remove_dir_all(&index).unwrap();
    model.check(&open(folder.path()));
    fs::remove_dir_all(&index).unwrap();
    fs::write(&index, b"not even a folder").unwrap();
    model.check(&open(folder.path()));
}

#[test]
fn a_log_may_change_its_index() {
    let (folder, mut model) = indexed(IndexKind::Sled);
    let store = with(folder.path(), IndexKind::Tables);
    model.check(&store);
    store.commit(vec![model.append([leaf(900, 100)])]).unwrap();
    drop(store);
    assert!(!folder.path().join("index").exists(), "it was of use to nobody");
    model.check(&with(folder.path(), IndexKind::Sled));
    assert!(!folder.path().join("tables").exists());
}

#[test]
fn files_behind_the_end_that_nobody_was_killed_over_are_refused_and_left_there() {
    let (disk, index) = (MemoryDisk::new(), MemoryIndex::new());
    drop(open_in_memory(&disk, &index));
    let header = disk.files().into_iter().find(|(name, _)| name.ends_with("0.log")).unwrap().1;
    // One is what a kill leaves.
    disk.put("0000000000000032.log", &header[..50]);
    drop(open_in_memory(&disk, &index));
    disk.put("0000000000000032.log", &header[..50]);
    disk.put("0000000000001f1f.log", &header);
    let before = disk.files();
    assert!(try_open_in_memory(&disk, &index, config()).is_err());
    assert!(disk.files() == before);
    // A name at the end of all offsets is one of them.
    disk.put("ffffffffffffffff.log", &header);
    assert!(try_open_in_memory(&disk, &index, config()).is_err());
}
