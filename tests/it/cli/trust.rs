//! Whom the program believes: nobody whose log key changed, and no server that takes entries back.

use std::{fs, path::Path};

use super::{Server, machine::day, parties};

#[test]
fn another_log_key_is_not_accepted_silently() {
    let parties = parties();
    let (world, agreement) = (&parties.world, parties.agreement.as_str());
    let known = world.path("community/home/known_logs");
    let text = fs::read_to_string(&known).unwrap();
    assert!(text.contains("log.example.org key1"), "{text}");
    let other = world.good("community", &["key", "new", "other.key"]);
    fs::write(&known, format!("log.example.org {other}")).unwrap();
    let said = world.bad(10, "community", &["show", agreement]);
    assert!(said.contains("LOG_KEY_DIFFERS") && said.contains("known_logs"), "{said}");
    let said = world.bad(10, "enterprise", &["show", agreement, "--log-key", other.trim()]);
    assert!(said.contains("hint: "), "{said}");
}

#[test]
fn a_server_that_takes_entries_back_is_found_out() {
    let parties = parties();
    let (world, agreement) = (&parties.world, parties.agreement.clone());
    assert_eq!(parties.server.stop(), 0);
    copy(&world.path("store"), &world.path("before"));
    let server = Server::start(world, "store", "log.example.org");
    let work = |note: &'static str, url: &str| {
        let what = ["contribute", "1", "commit", "--worked", &day(20), "--note", note];
        world.run("community", &[&what[..], &["--agreement", &agreement, "--server", url, "--yes"]].concat())
    };
    assert_eq!(work("kept", &server.url).code, 0);
    world.good("enterprise", &["show", &agreement, "--server", &server.url]);
    assert_eq!(server.stop(), 0);

    // The server comes back as it was before the last entry.
    // Its own guard would keep an honest operator from this.
    fs::remove_file(world.path("log.guard")).unwrap();
    let server = Server::start(world, "before", "log.example.org");
    let said = world.bad(10, "enterprise", &["show", &agreement, "--server", &server.url]);
    assert!(said.contains("SPLIT_VIEW") && said.contains("ledger.counterfoil"), "{said}");

    // A party that never saw that entry goes on, and the server's ledger grows past what the other has seen.
    fs::remove_dir_all(world.path("community/home")).unwrap();
    for note in ["another", "history"] {
        let run = work(note, &server.url);
        assert_eq!(run.code, 0, "{}", run.err);
    }
    let said = world.bad(10, "enterprise", &["show", &agreement, "--server", &server.url]);
    assert!(said.contains("SPLIT_VIEW"), "{said}");
}

pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
