//! What an operator does by mistake, or a machine does by itself: a second server on one store, and a disk that fills up.

use std::{
    fs::{self, File},
    io::Write,
    path::Path,
};

use tempfile::TempDir;

use crate::faults::{
    disk::CutDisk,
    promises::{Promises, connect},
    server::Place,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_server_on_one_store_is_told_so_and_the_first_goes_on() {
    let beside = TempDir::new().unwrap();
    let folder = beside.path().join("server");
    fs::create_dir_all(folder.join("home")).unwrap();
    let first = Place { folder: folder.clone(), said: beside.path().join("first") };
    let second = Place { folder, said: beside.path().join("second") };
    let running = first.must_start();
    let client = connect(&running.url, running.log_key).await.unwrap();
    let mut promises = Promises::default();
    promises.short_life(&client).await;
    let ended = second.start(&[]).err().unwrap();
    assert_eq!(ended.code, Some(14), "{ended:?}");
    assert!(ended.said.contains("another process has the store"), "{ended:?}");
    assert!(ended.said.contains("stop it, or use another store"), "{ended:?}");
    promises.short_life(&client).await;
    assert!(promises.reasons.is_empty(), "{:?}", promises.reasons);
    promises.hold(&client, running.log_key).await;
    assert_eq!(running.stop().code, Some(0));
    let running = second.must_start();
    let client = connect(&running.url, running.log_key).await.unwrap();
    promises.hold(&client, running.log_key).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_a_clear_answer_and_the_server_goes_on_once_there_is_room() {
    let Some(disk) = CutDisk::make() else { return };
    let place = Place { folder: disk.path().join("server"), said: disk.beside().join("said") };
    fs::create_dir_all(place.folder.join("home")).unwrap();
    let running = place.must_start();
    let client = connect(&running.url, running.log_key).await.unwrap();
    let mut promises = Promises::default();
    promises.short_life(&client).await;
    assert!(promises.reasons.is_empty(), "{:?}", promises.reasons);
    let ballast = disk.path().join("ballast");
    fill(&ballast);
    let receipts = promises.receipts();
    for _ in 0..3 {
        promises.short_life(&client).await;
    }
    let said = fs::read_to_string(&place.said).unwrap();
    assert_eq!(promises.reasons.keys().collect::<Vec<_>>(), ["Unavailable NOT_COMMITTED"], "{said}");
    // The same envelope again is still answered: nothing is written for it.
    assert_eq!(promises.receipts(), receipts);
    assert!(said.contains("is full"), "the operator is not told that the disk is full: {said}");
    fs::remove_file(&ballast).unwrap();
    promises.hold(&client, running.log_key).await;
    assert_eq!(running.stop().code, Some(0));
    let running = place.must_start();
    let client = connect(&running.url, running.log_key).await.unwrap();
    promises.hold(&client, running.log_key).await;
    drop(running);
}

/// Writes until there is no room for another byte.
fn fill(path: &Path) {
    let mut file = File::create(path).unwrap();
    for length in [1024 * 1024, 4096, 1] {
        while file.write_all(&vec![1; length]).and_then(|()| file.sync_data()).is_ok() {}
    }
}
