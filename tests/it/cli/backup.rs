//! `backup` and `restore`, and going on with an older store: what an operator does, and what is refused.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::cli::{
    Parties, Server,
    machine::{World, day},
    parties,
    trust::copy,
};

const OPERATOR: &str = "log.example.org";

/// A running server that was backed up into `backup`, and then took in one contribution more, whose receipt is in `new.receipt`.
struct BackedUp {
    parties: Parties,
    /// A receipt from before the backup.
    old: PathBuf,
}

fn contribute(parties: &Parties, note: &str, receipt: &Path) {
    let receipt = receipt.to_str().unwrap();
    let what = ["contribute", "1", "commit", "--worked", &day(20), "--note", note, "--yes", "--receipt", receipt];
    let at = ["--agreement", &parties.agreement, "--server", &parties.server.url];
    parties.world.good("community", &[&what[..], &at].concat());
}

fn backed_up() -> BackedUp {
    let parties = parties();
    let world = &parties.world;
    let old = world.path("old.receipt");
    contribute(&parties, "before", &old);
    let done = back_up(world);
    assert_eq!((done["new_frames"].as_u64(), done["entries"].as_u64()), (Some(3), Some(3)), "{done:#}");
    contribute(&parties, "behind", &world.path("new.receipt"));
    BackedUp { parties, old }
}

fn back_up(world: &World) -> Value {
    world.json("server", &["backup", "--store", "store", "backup"])
}

const RESTORE: [&str; 4] = ["restore", "backup", "--store", "restored"];
const GUARDS: [&str; 4] = ["--guard", "log.guard", "--log-key-file", "log.key"];

fn restore<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&RESTORE[..], &GUARDS, more].concat()
}

fn serve<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["serve", "--listen", "127.0.0.1:0", "--store", "store", "--operator", OPERATOR][..], more].concat()
}

#[test]
fn a_backup_beside_a_running_server_holds_what_was_answered_and_is_restored() {
    let BackedUp { parties, old } = backed_up();
    let Parties { world, server, agreement } = parties;
    let done = back_up(&world);
    assert_eq!((done["new_frames"].as_u64(), done["frames"].as_u64()), (Some(1), Some(4)), "{done:#}");
    let text = world.good("server", &["backup", "--store", "store", "backup"]);
    assert!(text.contains("holds 4 frames, 1 ledgers, 4 entries") && text.contains("0 frames and 0 bytes"), "{text}");
    let checked = world.json("server", &["fsck", "--store", "backup", "--log-key-file", "log.key", "--no-guard"]);
    assert_eq!((checked["sound"].as_bool(), checked["entries"].as_u64()), (Some(true), Some(4)), "{checked:#}");
    // The machine is lost, but for the log key, its guard, and the backup.
    drop(server);
    fs::remove_dir_all(world.path("store")).unwrap();
    let held = ["--checkpoint", old.to_str().unwrap(), "--checkpoint", "new.receipt"];
    let done = world.json("server", &restore(&held));
    assert_eq!((done["entries"].as_u64(), done["checkpoints_held"].as_u64()), (Some(4), Some(2)), "{done:#}");
    assert_eq!(done["rollback_accepted"], false);
    assert!(!world.path("restored.restoring").exists());
    fs::rename(world.path("restored"), world.path("store")).unwrap();
    let server = Server::start(&world, "store", OPERATOR);
    let log = world.json("enterprise", &["log", &agreement, "--server", &server.url]);
    assert_eq!(log["entries"].as_array().map(Vec::len), Some(4), "{log:#}");
    let said = world.bad(14, "server", &["restore", "backup", "--store", "store"]);
    assert!(said.contains("is there already") && said.contains("new directory only"), "{said}");
    // And it is backed up further into the same place.
    let parties = Parties { world, server, agreement };
    contribute(&parties, "after", &parties.world.path("after.receipt"));
    assert_eq!(back_up(&parties.world)["new_frames"], 1);
}

#[test]
fn an_older_backup_is_restored_only_when_no_party_holds_more() {
    let BackedUp { parties, old } = backed_up();
    let Parties { world, server, agreement } = parties;
    world.good("community", &["export", &agreement, "--server", &server.url, "--out", "new.counterfoil"]);
    assert_eq!(server.stop(), 0);
    fs::remove_dir_all(world.path("store")).unwrap();
    let old = old.to_str().unwrap();
    // The guard remembers the frame that the backup does not have.
    let said = world.bad(10, "server", &restore(&[]));
    assert!(said.contains("STORE_OLDER_THAN_SIGNED") && said.contains("--accept-rollback"), "{said}");
    let said = world.bad(10, "server", &restore(&["--checkpoint", old]));
    assert!(said.contains("STORE_OLDER_THAN_SIGNED"), "{said}");
    let said = world.bad(10, "server", &restore(&["--accept-rollback"]));
    assert!(
        said.contains("needs a --checkpoint FILE") || said.contains("no --checkpoint FILE was given of agr1"),
        "{said}"
    );
    for newer in ["new.receipt", "new.counterfoil"] {
        let held = ["--accept-rollback", "--checkpoint", old, "--checkpoint", newer];
        let said = world.bad(10, "server", &restore(&held));
        assert!(said.contains("CHECKPOINT_NEWER") && said.contains(&agreement), "{said}");
        assert!(said.contains("says 4 entries") && said.contains("here are 3"), "{said}");
    }
    assert!(!world.path("restored").exists());
    // The guard is as it was: without it, a newer checkpoint is still refused.
    let elsewhere = ["restore", "backup", "--store", "restored", "--guard", "no.guard", "--log-key-file", "log.key"];
    let said = world.bad(10, "server", &[&elsewhere[..], &["--checkpoint", "new.receipt"]].concat());
    assert!(said.contains("CHECKPOINT_NEWER"), "{said}");
    let done = world.json("server", &restore(&["--accept-rollback", "--checkpoint", old]));
    assert_eq!((done["rollback_accepted"].as_bool(), done["entries"].as_u64()), (Some(true), Some(3)), "{done:#}");
    // From here on the server goes on, and the guard with it.
    fs::rename(world.path("restored"), world.path("store")).unwrap();
    assert_eq!(Server::start(&world, "store", OPERATOR).stop(), 0);
    assert_eq!(Server::start(&world, "store", OPERATOR).stop(), 0);
}

#[test]
fn serve_goes_on_with_an_older_store_only_when_no_party_holds_more() {
    let BackedUp { parties, old } = backed_up();
    let Parties { world, server, agreement } = parties;
    assert_eq!(server.stop(), 0);
    fs::rename(world.path("store"), world.path("newer")).unwrap();
    let old = old.to_str().unwrap();
    let without = ["restore", "backup", "--store", "store", "--guard", "no.guard", "--log-key-file", "log.key"];
    // A guard whose name was mistyped is no reason to take a backup of any age.
    let said = world.bad(10, "server", &without);
    assert!(said.contains("GUARD_MISSING") && said.contains("there is no guard no.guard"), "{said}");
    world.good("server", &[&without[..], &["--checkpoint", old]].concat());
    let guard = fs::read(world.path("log.guard")).unwrap();
    let said = world.bad(10, "server", &serve(&[]));
    assert!(
        said.contains("STORE_OLDER_THAN_SIGNED") && said.contains("--accept-rollback and a --checkpoint"),
        "{said}"
    );
    let said = world.bad(10, "server", &serve(&["--accept-rollback"]));
    assert!(said.contains("--checkpoint FILE"), "{said}");
    let said =
        world.bad(10, "server", &serve(&["--accept-rollback", "--checkpoint", old, "--checkpoint", "new.receipt"]));
    assert!(said.contains("CHECKPOINT_NEWER") && said.contains(&agreement), "{said}");
    // Somebody else's receipt speaks for no ledger of this log, and text that is none for nothing.
    let changed = fs::read_to_string(old).unwrap().replacen("\n3\n", "\n2\n", 1);
    world.write("changed.receipt", &changed);
    let said = world.bad(10, "server", &serve(&["--accept-rollback", "--checkpoint", "changed.receipt"]));
    assert!(said.contains("the log did not sign its checkpoint"), "{said}");
    assert_eq!(fs::read(world.path("log.guard")).unwrap(), guard, "refused, the guard stays");
    let run = Server::start_with(&world, "store", OPERATOR, &["--accept-rollback", "--checkpoint", old]);
    assert_eq!(run.stop(), 0);
    let log = fs::read_to_string(world.path("server.log")).unwrap();
    assert!(log.contains("WARN") && log.contains("accepted: none of 1 checkpoints"), "{log}");
    // The guard is written anew: the server starts without asking again, and the newer copy is another history from here on.
    let server = Server::start(&world, "store", OPERATOR);
    let parties = Parties { world, server, agreement };
    contribute(&parties, "another history", &parties.world.path("fork.receipt"));
    let Parties { world, server, .. } = parties;
    assert_eq!(server.stop(), 0);
    let said = world.bad(10, "server", &serve(&["--checkpoint", "new.receipt"]));
    assert!(said.contains("CHECKPOINT_CONTRADICTS") && said.contains("at 4 entries"), "{said}");
    // Their backups are not mixed.
    world.good("server", &["backup", "--store", "newer", "backup"]);
    let said = world.bad(10, "server", &["backup", "--store", "store", "backup"]);
    assert!(said.contains("BACKUP_FORKED") && said.contains("frame 4"), "{said}");
}

/// The guard does not know of which ledgers the lost frames were: somebody must speak for each.
#[test]
fn a_rollback_is_accepted_only_when_somebody_speaks_for_every_ledger() {
    let BackedUp { parties, old } = backed_up();
    let Parties { world, server, agreement } = parties;
    let second = world.json("community", &["propose", "agreement.toml", "--yes"]);
    let second = second["agreement"].as_str().unwrap().to_owned();
    assert_ne!(second, agreement);
    // The checkpoint that verbs leave on a party's own machine.
    world.good("community", &["show", &second]);
    let note = format!("community/home/agreements/{second}/checkpoint");
    back_up(&world);
    let parties = Parties { world, server, agreement };
    contribute(&parties, "lost", &parties.world.path("lost.receipt"));
    let Parties { world, server, .. } = parties;
    // Stopped, and not killed: the guard knows of the last frame.
    assert_eq!(server.stop(), 0);
    fs::rename(world.path("store"), world.path("lost")).unwrap();
    let old = old.to_str().unwrap();
    let said = world.bad(10, "server", &restore(&["--accept-rollback", "--checkpoint", old]));
    assert!(said.contains("STORE_OLDER_THAN_SIGNED"), "{said}");
    assert!(said.contains(&format!("no --checkpoint FILE was given of {second}: ask")), "{said}");
    let held = ["--accept-rollback", "--checkpoint", old, "--checkpoint", &note];
    let done = world.json("server", &restore(&held));
    assert_eq!((done["rollback_accepted"].as_bool(), done["ledgers"].as_u64()), (Some(true), Some(2)), "{done:#}");
    // An empty store is no older copy of anything.
    fs::create_dir(world.path("store")).unwrap();
    let said = world.bad(10, "server", &serve(&["--accept-rollback"]));
    assert!(said.contains("a store that has ledgers"), "{said}");
    let said = world.bad(10, "server", &serve(&["--accept-rollback", "--checkpoint", old]));
    assert!(said.contains("CHECKPOINT_NEWER") && said.contains("here are 0"), "{said}");
}

/// What an operator does to see that a backup is good: the index that it makes is no reason to refuse the next backup.
#[test]
fn a_backup_that_was_checked_with_an_index_is_gone_on_with() {
    let BackedUp { parties, .. } = backed_up();
    let world = &parties.world;
    let check = ["fsck", "--store", "backup", "--no-guard", "--log-key-file", "log.key", "--rebuild-index"];
    world.good("server", &check);
    assert!(world.path("backup/tables").is_dir());
    let done = back_up(world);
    assert_eq!(done["new_frames"].as_u64(), Some(1), "{done:#}");
}

#[test]
fn a_target_that_is_no_backup_of_this_store_is_refused_and_left_as_it_is() {
    let BackedUp { parties, .. } = backed_up();
    let Parties { world, server, .. } = parties;
    world.write("photos/holiday.jpg", "sun");
    let said = world.bad(14, "server", &["backup", "--store", "store", "photos"]);
    assert!(said.contains("NOT_A_BACKUP") && said.contains("holiday.jpg"), "{said}");
    assert_eq!(fs::read_dir(world.path("photos")).unwrap().count(), 1);
    for target in ["store", "store/backup", "./store/../store/deep/backup"] {
        let said = world.bad(14, "server", &["backup", "--store", "store", target]);
        assert!(said.contains("is the store store itself, or in it"), "{said}");
    }
    let said = world.bad(14, "server", &["backup", "--store", "nowhere", "backup"]);
    assert!(said.contains("there is no store nowhere"), "{said}");
    let said = world.bad(14, "server", &["restore", "nowhere", "--store", "restored"]);
    assert!(said.contains("there is no backup nowhere"), "{said}");
    assert_eq!(server.stop(), 0);
    // A store of another log.
    let other = Server::start(&world, "elsewhere/store", OPERATOR);
    assert_eq!(other.stop(), 0);
    let said = world.bad(14, "server", &["backup", "--store", "elsewhere/store", "backup"]);
    assert!(said.contains("is no backup of this log: it is of another log") && said.contains("hint"), "{said}");
    // The store was put back from an older copy: its backup has more.
    copy(&world.path("backup"), &world.path("older"));
    assert_eq!(back_up(&world)["new_frames"], 1);
    let said = world.bad(10, "server", &["backup", "--store", "older", "backup"]);
    assert!(
        said.contains("BACKUP_NEWER") && said.contains("has 4 frames") && said.contains("counterfoil restore"),
        "{said}"
    );
}

#[test]
fn a_damaged_backup_is_not_restored() {
    let BackedUp { parties, .. } = backed_up();
    let Parties { world, server, .. } = parties;
    back_up(&world);
    assert_eq!(server.stop(), 0);
    let path = world.path("backup/0000000000000000.log");
    let good = fs::read(&path).unwrap();
    let mut bytes = good.clone();
    let at = bytes.len() - 100;
    bytes[at] ^= 1;
    fs::write(&path, &bytes).unwrap();
    let said = world.bad(10, "server", &restore(&[]));
    assert!(said.contains("backup is damaged: frame 4"), "{said}");
    assert!(!world.path("restored").exists());
    // It goes on where it was broken off.
    fs::write(&path, &good).unwrap();
    world.good("server", &restore(&[]));
}
