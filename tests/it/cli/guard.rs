//! The guard: an older copy of the store is not signed over.

use std::{fs, thread, time::Duration};

use crate::cli::{
    Parties, Server,
    machine::{World, day},
    parties,
    trust::copy,
};

const SERVE: [&str; 7] = ["serve", "--listen", "127.0.0.1:0", "--store", "store", "--operator", "log.example.org"];

/// A stopped server's store, with a copy from before its last entry in `before`.
fn with_an_older_copy(killed: bool) -> World {
    let Parties { world, server, agreement } = parties();
    assert_eq!(server.stop(), 0);
    copy(&world.path("store"), &world.path("before"));
    let server = Server::start(&world, "store", "log.example.org");
    let what = ["contribute", "1", "commit", "--worked", &day(20), "--note", "kept", "--yes"];
    world.good("community", &[&what[..], &["--agreement", &agreement, "--server", &server.url]].concat());
    if killed {
        // The guard is at most a second behind.
        thread::sleep(Duration::from_secs(3));
        drop(server);
    } else {
        assert_eq!(server.stop(), 0);
    }
    world
}

fn put_the_older_copy_in_place(world: &World) {
    fs::rename(world.path("store"), world.path("newer")).unwrap();
    copy(&world.path("before"), &world.path("store"));
}

#[test]
fn an_older_copy_of_the_store_is_refused_and_the_newer_one_taken_again() {
    for killed in [false, true] {
        let world = with_an_older_copy(killed);
        put_the_older_copy_in_place(&world);
        let segment = world.path("store/0000000000000000.log");
        let before = fs::read(&segment).unwrap();
        let said = world.bad(10, "server", &SERVE);
        assert!(said.contains("STORE_OLDER_THAN_SIGNED") && said.contains("does not have frame 3"), "{said}");
        assert!(said.contains("ask every party for the checkpoint"), "{said}");
        assert_eq!(fs::read(&segment).unwrap(), before, "the older copy is left as it is");
        fs::remove_dir_all(world.path("store")).unwrap();
        fs::rename(world.path("newer"), world.path("store")).unwrap();
        assert_eq!(Server::start(&world, "store", "log.example.org").stop(), 0);
    }
}

#[test]
fn an_empty_store_in_the_place_of_one_that_signed_is_refused() {
    let Parties { world, server, .. } = parties();
    assert_eq!(server.stop(), 0);
    fs::remove_dir_all(world.path("store")).unwrap();
    let said = world.bad(10, "server", &SERVE);
    assert!(said.contains("STORE_OLDER_THAN_SIGNED") && said.contains("is empty, and"), "{said}");
    assert!(said.contains("A second store has a log key and a guard of its own"), "{said}");
}

#[test]
fn a_missing_guard_is_said_and_made_and_a_damaged_one_refused() {
    let Parties { world, server, .. } = parties();
    assert_eq!(server.stop(), 0);
    let guard = world.path("log.guard");
    let mut bytes = fs::read(&guard).unwrap();
    fs::remove_file(&guard).unwrap();
    assert_eq!(Server::start(&world, "store", "log.example.org").stop(), 0);
    let log = fs::read_to_string(world.path("server.log")).unwrap();
    assert!(log.contains("only the parties' checkpoints can tell"), "{log}");
    assert!(guard.exists());
    // One slot of two may be torn.
    bytes = fs::read(&guard).unwrap_or(bytes);
    bytes[4_096 + 3] ^= 1;
    fs::write(&guard, &bytes).unwrap();
    assert_eq!(Server::start(&world, "store", "log.example.org").stop(), 0);
    fs::write(&guard, "").unwrap();
    assert!(world.bad(10, "server", &SERVE).contains("GUARD_DAMAGED"));
    fs::write(&guard, vec![0x55; 8_192]).unwrap();
    let said = world.bad(10, "server", &SERVE);
    assert!(said.contains("GUARD_DAMAGED"), "{said}");
}
