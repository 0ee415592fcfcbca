//! `fsck`: what it says of a store that is whole, and of one that is hurt at every kind of place.

use std::{fs, path::PathBuf};

use serde_json::Value;

use crate::cli::{Parties, machine::World, parties};

const SEGMENT: &str = "store/0000000000000000.log";

/// A stopped server's store of two entries: the proposal in frame 1, the acceptance in frame 2.
fn stopped() -> World {
    let Parties { world, server, .. } = parties();
    assert_eq!(server.stop(), 0);
    world
}

fn check(world: &World, code: i32) -> Value {
    let run = world.run("server", &["fsck", "--store", "store", "--json"]);
    assert_eq!(run.code, code, "{}{}", run.out, run.err);
    serde_json::from_str(&run.out).unwrap()
}

/// Where the frames begin.
fn frames(bytes: &[u8]) -> Vec<usize> {
    (0..bytes.len()).filter(|at| bytes[*at..].starts_with(&[0xff, b'c', b'f', 0x01])).collect()
}

/// Flips a byte of the log, sees what `fsck` says, and flips it back.
fn flipped(world: &World, at: usize) -> Value {
    let path = world.path(SEGMENT);
    let mut bytes = fs::read(&path).unwrap();
    bytes[at] ^= 0x10;
    fs::write(&path, &bytes).unwrap();
    let report = check(world, 11);
    bytes[at] ^= 0x10;
    fs::write(&path, &bytes).unwrap();
    report
}

#[test]
fn a_store_that_is_whole_is_sound_and_stays_as_it_is() {
    let world = stopped();
    let before = fs::read(world.path(SEGMENT)).unwrap();
    let report = check(&world, 0);
    assert_eq!(report["sound"], true);
    assert_eq!(report["entries"], 2, "{report:#}");
    assert_eq!(report["checkpoints"], 2);
    assert!(report["log_key"].as_str().unwrap().starts_with("key1"), "{report:#}");
    assert_eq!(report["index"]["is"], "as the log says", "{report:#}");
    assert_eq!(fs::read(world.path(SEGMENT)).unwrap(), before);
    let text = world.good("server", &["fsck", "--store", "store"]);
    assert!(text.starts_with("sound: every frame"), "{text}");
    // Without the key the checkpoints' signatures are not checked, and that is said.
    fs::rename(world.path("log.key"), world.path("elsewhere.key")).unwrap();
    let text = world.good("server", &["fsck", "--store", "store"]);
    assert!(text.contains("signatures not checked"), "{text}");
    let other = world.good("server", &["key", "new", "other.key"]);
    let run = world.run("server", &["fsck", "--store", "store", "--log-key", other.trim()]);
    assert_eq!(run.code, 11);
    assert!(run.out.contains("CHECKPOINT_INVALID"), "{}", run.out);
}

#[test]
fn a_flipped_byte_is_named_with_the_first_bad_entry_and_the_last_good_checkpoint() {
    let world = stopped();
    let bytes = fs::read(world.path(SEGMENT)).unwrap();
    let starts = frames(&bytes);
    assert_eq!(starts.len(), 2, "a frame for each entry");
    let end = bytes.iter().rposition(|byte| *byte != 0).unwrap();
    // Into the leaf, the notes, the check, and the header of the second frame.
    for at in [starts[1] + 240, end - 60, end - 5, starts[1] + 8] {
        let report = flipped(&world, at);
        let rules: Vec<&str> =
            report["findings"].as_array().unwrap().iter().map(|f| f["rule"].as_str().unwrap()).collect();
        assert!(rules.contains(&"FRAME_DAMAGED"), "byte {at}: {report:#}");
        assert_eq!(report["findings"][0]["frame"], 2, "byte {at}: {report:#}");
        assert_eq!(report["findings"][0]["offset"], starts[1], "byte {at}: {report:#}");
        if at != starts[1] + 8 {
            assert_eq!(report["hurt"][0]["first_bad_entry"], 1, "byte {at}: {report:#}");
            let good = &report["hurt"][0]["last_good"];
            assert_eq!(good["size"], 1, "byte {at}: {report:#}");
            assert!(
                good["note"].as_str().unwrap().contains(good["root"].as_str().unwrap()) || good["root"].is_string()
            );
        }
    }
    let report = flipped(&world, starts[0] + 400);
    assert_eq!(report["hurt"][0]["first_bad_entry"], 0, "{report:#}");
    assert!(report["hurt"][0]["last_good"].is_null(), "{report:#}");
    // What stands behind it is still read.
    assert_eq!(report["entries"], 2, "{report:#}");
    let text = world.run("server", &["fsck", "--store", "store"]);
    assert_eq!(text.code, 0, "{}", text.out);
}

#[test]
fn a_log_whose_end_is_gone_is_named() {
    let world = stopped();
    let path = world.path(SEGMENT);
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..frames(&bytes)[1]]).unwrap();
    let report = check(&world, 11);
    assert_eq!(report["findings"][0]["rule"], "FRAME_DAMAGED", "{report:#}");
    assert_eq!(report["hurt"].as_array().map(Vec::len), Some(0), "{report:#}");
}

#[test]
fn an_index_that_differs_is_only_a_cache_and_is_made_anew() {
    let world = stopped();
    let aside: PathBuf = world.path("aside");
    fs::rename(world.path("store/tables"), &aside).unwrap();
    let report = check(&world, 0);
    assert_eq!(report["index"]["differs"][0], "there is none", "{report:#}");
    let rebuilt = world.json("server", &["fsck", "--store", "store", "--rebuild-index"]);
    assert_eq!(rebuilt["index"]["is"], "made anew from the log");
    assert_eq!(check(&world, 0)["index"]["is"], "as the log says");
}

#[test]
fn the_guard_is_held_against_the_store() {
    let world = stopped();
    let report = check(&world, 0);
    assert_eq!(report["guard"]["is"], "the store has what it remembers", "{report:#}");
    assert!(report["guard"]["file"].as_str().unwrap().ends_with("log.guard"), "{report:#}");
    assert_eq!(report["kept"]["is"], "nothing is kept of the law", "a ledger so short is folded anew: {report:#}");
    let text = world.good("server", &["fsck", "--store", "store"]);
    assert!(text.contains("guard: the store has what it remembers"), "{text}");
    let good = fs::read(world.path("log.guard")).unwrap();
    fs::remove_file(world.path("log.guard")).unwrap();
    assert!(check(&world, 0)["guard"]["is"].as_str().unwrap().starts_with("there is none"));
    fs::write(world.path("log.guard"), vec![0x55; 8_192]).unwrap();
    let rule = |report: &Value| report["findings"][0]["rule"].as_str().unwrap().to_owned();
    assert_eq!(rule(&check(&world, 11)), "GUARD_DAMAGED");
    // An older copy, and the store of another log.
    fs::write(world.path("log.guard"), &good).unwrap();
    let segment = world.path(SEGMENT);
    let bytes = fs::read(&segment).unwrap();
    let other = crate::cli::Server::start(&world, "elsewhere/store", "log.example.org");
    assert_eq!(other.stop(), 0);
    let guarded = ["fsck", "--store", "elsewhere/store", "--guard", "log.guard", "--json"];
    let run = world.run("server", &guarded);
    assert_eq!(rule(&serde_json::from_str(&run.out).unwrap()), "STORE_IS_ANOTHER", "{}", run.out);
    fs::write(&segment, &bytes[..frames(&bytes)[1]]).unwrap();
    fs::remove_file(world.path("store/high-water")).unwrap();
    let report = check(&world, 11);
    let found: Vec<&str> = report["findings"].as_array().unwrap().iter().map(|f| f["rule"].as_str().unwrap()).collect();
    assert!(found.contains(&"STORE_OLDER_THAN_SIGNED"), "{report:#}");
    let run = world.run("server", &["fsck", "--store", "store", "--no-guard", "--json"]);
    assert!(!run.out.contains("STORE_OLDER_THAN_SIGNED") && run.out.contains("\"guard\": null"), "{}", run.out);
}

#[test]
fn a_store_in_use_or_missing_is_not_checked() {
    let Parties { world, server, .. } = parties();
    let said = world.bad(14, "server", &["fsck", "--store", "store"]);
    assert!(said.contains("another process has the store"), "{said}");
    drop(server);
    let said = world.bad(14, "server", &["fsck", "--store", "nowhere"]);
    assert!(said.contains("there is no store nowhere"), "{said}");
}
