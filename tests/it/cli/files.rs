//! Files that a person names are never written over: one may be the only copy of a key, or of what was signed.

use std::fs;

use super::{machine::day, parties};

#[test]
fn no_verb_writes_over_a_file_that_is_there() {
    let parties = parties();
    let world = &parties.world;
    let lately = day(20);
    let work = ["contribute", "1", "commit", "--worked", &lately, "--yes"];
    let entries = || world.json("community", &["log"])["tree_size"].clone();
    let key = fs::read_to_string(world.path("community/community.key")).unwrap();
    let before = entries();
    let request = ["key", "request", "--key", "robot.key", "--party", "community", "--scopes", "CLAIM", "--out"];
    world.good("community", &["key", "new", "robot.key"]);
    let robot = fs::read_to_string(world.path("robot.key")).unwrap();
    for (flag, file) in [("--offline", "community/community.key"), ("--receipt", "community/community.key")] {
        let said = world.bad(2, "community", &[&work[..], &[flag, file]].concat());
        assert!(said.contains("community.key is there already") && said.contains("hint: give another file"), "{said}");
    }
    assert!(world.bad(2, "community", &[&request[..], &["robot.key"]].concat()).contains("is there already"));
    let propose = ["propose", "agreement.toml", "--yes", "--offline", "robot.key"];
    assert!(world.bad(2, "community", &propose).contains("is there already"));
    assert_eq!(fs::read_to_string(world.path("community/community.key")).unwrap(), key);
    assert_eq!(fs::read_to_string(world.path("robot.key")).unwrap(), robot);
    assert_eq!(entries(), before, "refused before anything was sent");

    // What was signed and not sent is the only one of its kind.
    world.good("community", &[&work[..], &["--offline", "signed.json"]].concat());
    let signed = fs::read_to_string(world.path("signed.json")).unwrap();
    assert!(world.bad(2, "community", &[&work[..], &["--offline", "signed.json"]].concat()).contains("is there"));
    assert!(world.bad(2, "community", &["submit", "signed.json", "--receipt", "signed.json"]).contains("is there"));
    assert_eq!(fs::read_to_string(world.path("signed.json")).unwrap(), signed);
    world.good("community", &["submit", "signed.json", "--receipt", "receipts/signed.receipt"]);
    world.good("community", &["verify", "receipts/signed.receipt"]);
    world.good("community", &[&request[..], &["robot.request"]].concat());
}

#[test]
fn two_receipts_do_not_go_into_one_file() {
    let parties = parties();
    let world = &parties.world;
    let evidence = ["--period", "2026-07-01", "--evidence", "agreement.md", "--yes"];
    world.good("enterprise", &[&["benefit", "support-sales", "50 EUR"][..], &evidence].concat());
    world.good("community", &["confirm", "--all", "--yes"]);
    world.good("enterprise", &["reverse", "2", "1 EUR", "--evidence", "agreement.md", "--yes"]);
    world.good("enterprise", &[&["benefit", "support-sales", "60 EUR"][..], &evidence].concat());
    let said = world.bad(2, "community", &["confirm", "--all", "--receipt", "both.receipt", "--yes"]);
    assert!(said.contains("2 receipts do not go into one file"), "{said}");
    assert!(!world.path("both.receipt").exists());
    world.good("community", &["confirm", "--all", "--yes"]);
}
