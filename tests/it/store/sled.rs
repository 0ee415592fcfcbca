//! The embedded store: the suite, and what a store on disk has to answer for.

use std::{
    env,
    fs::{self, File},
    path::Path,
    process::Command,
};

use counterfoil::store::{Store, StoreError, sled::SledStore};
use tempfile::tempdir;

use crate::store::{
    model::{Model, leaf},
    suite,
};

const CACHE_BYTES: u64 = 16 * 1024 * 1024;

pub(super) fn open(path: &Path) -> SledStore {
    SledStore::open(path, CACHE_BYTES).unwrap()
}

/// Pages over about 128 KB go to files that are never synced: there must be none.
fn assert_no_blobs(path: &Path) {
    let blobs = fs::read_dir(path.join("blobs")).unwrap().count();
    assert_eq!(blobs, 0, "files in blobs/ are never synced");
}

#[test]
fn the_store_on_disk_passes_the_suite_and_puts_nothing_into_unsynced_files() {
    let folder = tempdir().unwrap();
    let store = open(folder.path());
    suite::all(|check| check(&store));
    assert_no_blobs(folder.path());
    drop(store);
    assert_no_blobs(folder.path());
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
        drop(store);
        assert_no_blobs(&path);
    }
    models.iter().for_each(|model| model.check(&open(&path)));
}

/// All leaves of the largest size, in many ledgers side by side: whole pages of full values.
#[test]
fn pages_of_the_largest_leaves_stay_out_of_unsynced_files() {
    let folder = tempdir().unwrap();
    let store = open(folder.path());
    let mut models: Vec<_> = (0..3).map(|number| Model::new(&number.to_string())).collect();
    for round in 0..20 {
        let appends: Vec<_> =
            models
                .iter_mut()
                .map(|model| {
                    model.append((0..3).map(|place| {
                        leaf(round << 16 | place, [65_535, 5_990, 65_000][usize::try_from(place).unwrap()])
                    }))
                })
                .collect();
        assert!(store.commit(appends).unwrap().iter().all(Result::is_ok));
    }
    models.iter().for_each(|model| model.check(&store));
    assert_no_blobs(folder.path());
}

#[test]
fn a_store_that_is_open_is_not_opened_a_second_time() {
    let folder = tempdir().unwrap();
    let store = open(folder.path());
    let found = SledStore::open(folder.path(), CACHE_BYTES).err().unwrap();
    assert!(matches!(&found, StoreError::InUse { .. }), "{found}");
    drop(store);
    drop(open(folder.path()));
}

const CHILD_STORE: &str = "COUNTERFOIL_TEST_STORE_OF_PARENT";

#[test]
fn another_process_is_told_who_has_the_store() {
    let folder = tempdir().unwrap();
    let mut model = Model::new("shared");
    let store = open(folder.path());
    store.commit(vec![model.append([leaf(0, 100)])]).unwrap();
    let child = || {
        Command::new(env::current_exe().unwrap())
            .args(["store::sled::in_another_process", "--exact", "--nocapture"])
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
    match SledStore::open(Path::new(&path), CACHE_BYTES) {
        Ok(_) => eprintln!("said: opened"),
        Err(error) => eprintln!("said: {error}"),
    }
}

#[test]
fn a_store_of_another_format_is_named_and_left_alone() {
    let folder = tempdir().unwrap();
    drop(open(folder.path()));
    let with_format = |format: &str| {
        let db = sled::open(folder.path()).unwrap();
        db.open_tree("counterfoil").unwrap().insert("v", format).unwrap();
    };
    with_format("counterfoil store 2");
    match SledStore::open(folder.path(), CACHE_BYTES) {
        Err(StoreError::Format { found, known, .. }) => {
            assert_eq!((found.as_str(), known), ("counterfoil store 2", "counterfoil store 1"));
        }
        other => panic!("{:?}", other.err()),
    }
    with_format("counterfoil store 1");
    drop(open(folder.path()));
}

/// A store of five commits in a folder of its own.
fn of_five_commits(folder: &Path) -> Model {
    let (store, mut model) = (open(folder), Model::new("five"));
    for number in 0..5 {
        store.commit(vec![model.append([leaf(number, 400)])]).unwrap();
    }
    model
}

#[test]
fn a_store_that_was_put_back_to_an_earlier_state_is_not_opened() {
    let (folder, before) = (tempdir().unwrap(), tempdir().unwrap());
    let mut model = of_five_commits(folder.path());
    let copy = |from: &Path, to: &Path| {
        for file in fs::read_dir(from).unwrap().map(Result::unwrap).filter(|file| file.path().is_file()) {
            fs::copy(file.path(), to.join(file.file_name())).unwrap();
        }
    };
    copy(folder.path(), before.path());
    for number in 5..8 {
        open(folder.path()).commit(vec![model.append([leaf(number, 400)])]).unwrap();
    }
    let mark = fs::read(folder.path().join("high-water")).unwrap();
    fs::remove_dir_all(folder.path()).unwrap();
    fs::create_dir_all(folder.path().join("blobs")).unwrap();
    copy(before.path(), folder.path());
    fs::write(folder.path().join("high-water"), mark).unwrap();
    for _ in 0..2 {
        match SledStore::open(folder.path(), CACHE_BYTES) {
            Err(StoreError::Behind { held, durable: 8, .. }) => assert_eq!(held, 5),
            other => panic!("{:?}", other.err()),
        }
    }
}

#[test]
fn one_of_two_slots_is_mark_enough_and_a_store_without_a_mark_is_not_opened() {
    let folder = tempdir().unwrap();
    let model = of_five_commits(folder.path());
    let file = folder.path().join("high-water");
    let mark = fs::read(&file).unwrap();
    let spoilt = |places: &[usize]| {
        let mut spoilt = mark.clone();
        places.iter().for_each(|place| spoilt[*place] ^= 1);
        fs::write(&file, spoilt).unwrap();
        SledStore::open(folder.path(), CACHE_BYTES)
    };
    for places in [&[][..], &[7], &[20], &[4_096 + 7], &[4_096 + 20]] {
        model.check(&spoilt(places).unwrap());
    }
    assert!(matches!(spoilt(&[7, 4_096 + 7]), Err(StoreError::Unopenable { .. })));
    fs::write(&file, []).unwrap();
    assert!(matches!(SledStore::open(folder.path(), CACHE_BYTES), Err(StoreError::Unopenable { .. })));
    fs::remove_file(&file).unwrap();
    assert!(matches!(SledStore::open(folder.path(), CACHE_BYTES), Err(StoreError::Unopenable { .. })));
    fs::write(&file, mark).unwrap();
    model.check(&open(folder.path()));
}

#[test]
fn a_folder_that_cannot_be_a_store_is_an_error_with_its_path() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("file");
    File::create(&file).unwrap();
    for path in [file.clone(), file.join("below")] {
        let error = SledStore::open(&path, CACHE_BYTES).err().unwrap();
        assert!(matches!(error, StoreError::Disk { .. }), "{error}");
    }
}
