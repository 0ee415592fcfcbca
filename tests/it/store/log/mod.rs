//! The log: the suite on every kind of disk and index, and what a log has to answer for.

mod crash;
mod damage;

use std::{path::Path, sync::Arc};

use counterfoil::store::{
    Store as _, StoreError,
    disk::memory::MemoryDisk,
    log::{
        LogConfig, LogId, LogStore, Settling,
        index::{Index, memory::MemoryIndex},
    },
};
use tempfile::tempdir;

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
