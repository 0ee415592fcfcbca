//! What is kept of the law beside a ledger, held against its entries by `fsck`: whole, spoilt, and sealed anew over a lie.

use std::{path::Path, process::Command, sync::Arc};

use bytes::Bytes;
use counterfoil::{
    digest::Digest,
    ledger::LedgerId,
    sequencer::Memory,
    store::{Store, log::LogStore},
};
use serde_json::Value;
use tempfile::{TempDir, tempdir};

use crate::{
    cli::machine::PROGRAM,
    sequencer::{
        FORGETFUL,
        kept::{Both, NEAR_NOTHING},
    },
};

const CACHE_BYTES: u64 = 16 * 1024 * 1024;

fn open(path: &Path) -> Arc<LogStore> {
    Arc::new(LogStore::open(path, CACHE_BYTES).unwrap())
}

/// A store with everything kept of a ledger with something of every kind, written by servers that came and went.
async fn kept(memory: Memory) -> (TempDir, LedgerId) {
    let folder = tempdir().unwrap();
    let path = folder.path().join("store");
    let store = open(&path);
    let mut both = Both::begin(&store, memory).await;
    for round in 0..4 {
        both.round(round).await;
        if round % 2 == 0 {
            both.reopen(&store, memory).await;
        }
    }
    // So many changes since the last settlement that some of them are in sheets.
    both.count(20).await;
    let ledger = both.ledger();
    both.sequencer.shut_down().await;
    store.settle();
    drop(both);
    (folder, ledger)
}

fn check(folder: &TempDir, code: i32, more: &[&str]) -> Value {
    let store = folder.path().join("store");
    let store = store.to_str().unwrap();
    let fsck = Command::new(PROGRAM).args(["fsck", "--json", "--store", store]).args(more).output().unwrap();
    let said = String::from_utf8(fsck.stdout).unwrap();
    let failed = String::from_utf8(fsck.stderr).unwrap();
    assert_eq!(fsck.status.code(), Some(code), "{said}{failed}");
    serde_json::from_str(&said).unwrap()
}

#[tokio::test]
async fn what_servers_kept_is_what_the_entries_make() {
    for memory in [FORGETFUL, NEAR_NOTHING, Memory { folded_max: 1, ..Memory::default() }] {
        let (folder, _) = kept(memory).await;
        let report = check(&folder, 0, &[]);
        assert_eq!((report["sound"].as_bool(), report["kept"]["hold"].as_u64()), (Some(true), Some(1)), "{report:#}");
        assert_eq!(report["kept"]["is"], "1 snapshots of the law are what the entries make");
    }
}

/// What is kept, and the same with one slip changed or gone.
fn slips(store: &LogStore, ledger: LedgerId) -> (Bytes, Vec<(Bytes, Bytes)>) {
    let slips = store.list_records(ledger, &[], &[0xff; 8], false, usize::MAX).unwrap();
    (store.snapshot(ledger).unwrap().unwrap(), slips)
}

#[tokio::test]
async fn a_slip_that_is_changed_missing_or_one_too_many_is_found_and_thrown_away() {
    let (folder, ledger) = kept(FORGETFUL).await;
    let path = folder.path().join("store");
    let store = open(&path);
    let (snapshot, slips) = slips(&store, ledger);
    drop(store);
    let kinds: std::collections::BTreeSet<u8> = slips.iter().map(|(key, _)| key[4]).collect();
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), b"abcors", "something of every kind");
    let keep = |slips: Vec<(Bytes, Option<Bytes>)>| {
        let store = open(&path);
        store.keep(ledger, snapshot.clone(), slips).unwrap();
        store.settle();
    };
    for kind in *b"abcor" {
        let (key, slip) = slips.iter().find(|(key, _)| key[4] == kind).unwrap();
        let more: Bytes = [&key[..], &[7]].concat().into();
        let changed: Bytes = [&slip[..1], &[slip[1] ^ 1], &slip[2..]].concat().into();
        for (key, with) in [(key, Some(changed)), (key, None), (&more, Some(slip.clone()))] {
            keep(vec![(key.clone(), with)]);
            let report = check(&folder, 11, &[]);
            let finding = &report["findings"][0];
            assert_eq!(finding["rule"], "SNAPSHOT_DIFFERS", "{report:#}");
            assert!(finding["says"].as_str().unwrap().contains(&hex::encode(&key[4..])), "{report:#}");
            let was = slips.iter().find(|(of, _)| of == key).map(|(_, slip)| slip.clone());
            keep(vec![(key.clone(), was)]);
        }
    }
    // Of the sheets those count that a settlement may still need: the last few.
    let sheets: Vec<_> = slips.iter().filter(|(key, _)| key[4] == b's').collect();
    assert!(sheets.len() > 6, "{} sheets", sheets.len());
    for (place, (key, slip)) in sheets.iter().enumerate().rev().take(4) {
        let other = &sheets[place - 1].1;
        for with in [None, Some(other.clone()), Some([&slip[..], &[0]].concat().into())] {
            keep(vec![(key.clone(), with)]);
            let report = check(&folder, 11, &[]);
            assert!(report["findings"][0]["says"].as_str().unwrap().contains("sheet"), "{report:#}");
        }
        keep(vec![(key.clone(), Some(slip.clone()))]);
    }
    assert_eq!(check(&folder, 0, &[])["kept"]["hold"], 1);
    keep(vec![(sheets[sheets.len() - 1].0.clone(), None)]);
    let report = check(&folder, 0, &["--rebuild-index"]);
    assert_eq!(report["kept"]["is"], "nothing is kept of the law", "{report:#}");
    assert_eq!(check(&folder, 0, &[])["index"]["is"], "as the log says");
}

/// A snapshot with one byte of its summary changed, under the seals that fit it.
fn sealed(snapshot: &[u8], place: usize) -> Bytes {
    let heading = b"counterfoil snapshot v1\n".len() + 4 + 8 + 32;
    let (head, summary) = snapshot[..snapshot.len() - 32].split_at(heading);
    let mut value = summary[1..summary.len() - 4].to_vec();
    let place = place % value.len();
    value[place] ^= 1;
    let seal = Digest::of(&[b"counterfoil put away\n", &summary[..1], &[], &value]);
    let body = [head, &summary[..1], &value, &seal.as_bytes()[..4]].concat();
    [&body[..], Digest::of(&[&body]).as_bytes()].concat().into()
}

#[tokio::test]
async fn a_snapshot_that_lies_is_found_and_one_that_cannot_be_read_is_not_used() {
    let (folder, ledger) = kept(FORGETFUL).await;
    let path = folder.path().join("store");
    let store = open(&path);
    let (snapshot, _) = slips(&store, ledger);
    drop(store);
    let keep = |snapshot: Bytes| {
        let store = open(&path);
        store.keep(ledger, snapshot, Vec::new()).unwrap();
        store.settle();
    };
    let (mut lies, mut unread) = (0, 0);
    // Not every byte lies: between the last change of a sheet and the first one behind it, the sheets may end anywhere.
    for place in (0..snapshot.len()).step_by(4) {
        keep(sealed(&snapshot, place));
        let store = path.to_str().unwrap();
        let fsck = Command::new(PROGRAM).args(["fsck", "--json", "--store", store]).output().unwrap();
        let report: Value = serde_json::from_slice(&fsck.stdout).unwrap();
        match fsck.status.code() {
            Some(11) => {
                assert_eq!(report["findings"][0]["rule"], "SNAPSHOT_DIFFERS", "{report:#}");
                lies += 1;
            }
            Some(0) => {
                let used = report["kept"]["not_used"].as_array().unwrap().is_empty();
                assert!(!used, "byte {place} is changed, and nothing is found: {report:#}");
                unread += 1;
            }
            other => panic!("{other:?}: {report:#}"),
        }
    }
    assert!(lies > 3 && unread > 0, "{lies} lies, {unread} that cannot be read");
    for spoilt in [snapshot.slice(..50), Bytes::new(), snapshot.slice(1..)] {
        keep(spoilt);
        let report = check(&folder, 0, &[]);
        assert!(report["kept"]["not_used"][0].as_str().unwrap().contains("damaged"), "{report:#}");
    }
    keep(snapshot);
    assert_eq!(check(&folder, 0, &[])["kept"]["hold"], 1);
}
