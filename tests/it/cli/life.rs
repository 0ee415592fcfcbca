//! A whole life by the command line, from two keys to an audit that finds a changed byte.

use std::fs;

use super::{machine::day, parties};

#[test]
fn two_parties_go_from_their_keys_to_an_audited_split() {
    let parties = parties();
    let (world, agreement) = (&parties.world, parties.agreement.as_str());
    let said = world.json(
        "community",
        &[
            "contribute",
            "3",
            "review-hour",
            "--worked",
            &format!("{}..{}", day(3), day(2)),
            "--note",
            "parser",
            "--yes",
        ],
    );
    assert_eq!(said["recorded"][0]["entry"], 2);
    let contribution = said["recorded"][0]["statement"].as_str().unwrap().to_owned();
    world.good(
        "community",
        &["contribute", "1", "dataset", "--worked", &day(2), "--artifact", "dataset:agreement.md", "--yes"],
    );
    // By its beginning and by its entry.
    world.good("enterprise", &["attest", &contribution[..12], "3", "--yes"]);
    world.good(
        "enterprise",
        &[
            "benefit",
            "support-sales",
            "1000.00",
            "EUR",
            "--period",
            "2026-07-01..2026-09-30",
            "--evidence",
            "agreement.md",
            "--yes",
        ],
    );
    world.good("community", &["confirm", "--all", "--yes"]);
    let split = world.json("community", &["split", agreement]);
    world.good("community", &["settle", "--yes"]);
    let account = world.json("enterprise", &["account"]);
    let said = split.as_object().unwrap().iter().all(|(name, said)| account[name] == *said);
    assert!(said, "a settlement says what the split said: {account}");
    world.good("enterprise", &["reverse", "5", "100", "EUR", "--evidence", "agreement.md", "--yes"]);
    world.good("community", &["confirm", "8", "--yes"]);
    world.good("enterprise", &["settle", "--yes"]);

    let account = world.good("enterprise", &["account"]);
    for line in ["1/5*900.00 = 180.00 EUR", "that reported revenue is complete", "that an hour was worked"] {
        assert!(account.contains(line), "{line} is missing:\n{account}");
    }
    let log = world.good("community", &["log"]);
    assert!(log.contains("reverses 100.00 EUR of entry 5"), "{log}");
    assert_eq!(log.lines().count(), 12, "{log}");

    let receipts = world.path("community/home/agreements").join(agreement).join("receipts");
    let mut files: Vec<_> = fs::read_dir(receipts).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    assert_eq!(files.len(), 6);
    for file in &files {
        world.good("community", &["verify", file.to_str().unwrap()]);
    }

    world.good("community", &["export", agreement, "--out", "ours.counterfoil"]);
    assert!(world.good("stranger", &["audit", "ours.counterfoil"]).contains("sound"));
    assert_eq!(world.json("stranger", &["audit", "ours.counterfoil"])["sound"], true);
    let mut bytes = fs::read(world.path("ours.counterfoil")).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(world.path("changed.counterfoil"), bytes).unwrap();
    let run = world.run("stranger", &["audit", "changed.counterfoil"]);
    assert_eq!(run.code, 11, "{}", run.out);
    assert!(run.out.contains("unsound: entry"), "{}", run.out);
}

#[test]
fn a_history_goes_in_once_however_often_it_is_sent() {
    let parties = parties();
    let world = &parties.world;
    let mut history = String::from("party,unit,quantity,landed,commit\n");
    for row in 0..40_u64 {
        let party = ["community", "enterprise", "elsewhere"][usize::try_from(row % 3).unwrap()];
        history.push_str(&format!("{party},commit,1,{},{row:040x}\n", day(50 - row)));
    }
    // Two that are the same in everything are two.
    let same = format!("community,review-hour,3/2,{},\n", day(60));
    history.push_str(&same.repeat(2));
    world.write("history.csv", &history);
    let columns = ["--from", "history.csv", "--column", "time=landed", "--column", "artifact=commit", "--yes"];
    let send = |who: &str| world.json(who, &[&["contribute"][..], &columns].concat());
    let first = send("community");
    assert_eq!((&first["recorded"], &first["of_other_parties"]), (&16.into(), &13.into()));
    assert_eq!(first["left_out"]["rows"], 13);
    let second = send("community");
    assert_eq!((&second["recorded"], &second["recorded_before"]), (&0.into(), &16.into()));
    world.write("history.csv", &(history + &format!("community,commit,1,{},{}\n", day(5), "f".repeat(40)) + &same));
    let third = send("community");
    assert_eq!((&third["recorded"], &third["recorded_before"]), (&2.into(), &16.into()));

    let judge = ["attest", "--from", "history.csv", "--column", "artifact=commit", "--yes"];
    let judged = world.json("enterprise", &judge);
    assert_eq!(judged["recorded"][0]["says"], "15 entries, 2 to 18".replace("15", "accepts 15") + " at quality 1");
    assert!(world.bad(2, "enterprise", &judge).contains("nothing waits for your judgement"));
    world.good("enterprise", &["attest", "--all-of", "community", "--yes"]);
    let counted = world.json("enterprise", &["contributions"]);
    let counted = counted["contributions"].as_array().unwrap();
    assert_eq!(counted.len(), 18);
    assert!(counted.iter().all(|contribution| contribution["state"] == "ACCEPTED"), "{counted:?}");
}

#[test]
fn a_proposal_is_declined_accepted_after_all_or_taken_back() {
    let parties = parties();
    let world = &parties.world;
    let propose = || world.json("community", &["propose", "agreement.toml", "--yes"])["agreement"].clone();
    let phase = |id: &str| world.json("enterprise", &["show", id])["phase"].clone();
    let first = propose();
    let first = first.as_str().unwrap();
    world.good("enterprise", &["decline", first, "--reason", "the rate is too low", "--yes"]);
    assert!(world.good("community", &["log", first]).contains("declines the proposal: the rate is too low"));
    assert_eq!(phase(first), "NEGOTIATING");
    // By its beginning: there are two agreements on this machine by now.
    world.good("enterprise", &["accept", &first[..16], "--yes"]);
    assert_eq!(phase(first), "IN_FORCE");
    let second = propose();
    let second = second.as_str().unwrap();
    assert!(world.bad(12, "enterprise", &["withdraw", second, "--yes"]).contains("NOT_PROPOSER"));
    world.good("community", &["withdraw", second, "--yes"]);
    assert_eq!(phase(second), "LAPSED");
    assert!(world.bad(2, "community", &["account"]).contains("there are 3 on this machine"));
    let said = world.run("community", &["propose", "agreement.toml", "--dry-run"]);
    assert!(said.code == 0 && said.out.contains("nothing was sent"), "{}{}", said.out, said.err);
}

#[test]
fn what_is_signed_without_a_network_is_sent_by_a_courier() {
    let parties = parties();
    let world = &parties.world;
    let offline = ["contribute", "1", "commit", "--worked", &day(20), "--offline", "said.json", "--yes"];
    let said = world.bad(2, "community", &offline);
    assert!(said.contains("no copy of agr1") && said.contains("counterfoil show"), "{said}");
    world.good("community", &["show"]);
    world.good("community", &offline);
    let mut courier = world.path("courier");
    fs::create_dir_all(&courier).unwrap();
    courier.push("counterfoil.toml");
    fs::write(&courier, format!("server = '{}'\n", parties.server.url)).unwrap();
    let first = world.json("courier", &["submit", "said.json"]);
    let second = world.json("courier", &["submit", "said.json"]);
    assert_eq!(first["recorded"][0]["entry"], second["recorded"][0]["entry"]);
    assert_eq!(second["recorded"][0]["already_recorded"], true);
    let changed =
        fs::read_to_string(world.path("said.json")).unwrap().replacen("\"payload\": \"", "\"payload\": \"AAAA", 1);
    world.write("changed.json", &changed);
    assert!(world.bad(10, "courier", &["submit", "changed.json"]).contains("SIGNATURE_INVALID"));
}

#[test]
fn the_server_stops_when_told_and_goes_on_where_it_was() {
    let parties = parties();
    let (world, agreement) = (&parties.world, parties.agreement.as_str());
    assert!(parties.server.ready.starts_with("ready: http://127.0.0.1:"), "{}", parties.server.ready);
    assert!(parties.server.ready.contains("operator log.example.org"), "{}", parties.server.ready);
    assert_eq!(parties.server.stop(), 0);
    let said = world.bad(13, "enterprise", &["show", agreement]);
    assert!(said.contains("ledger.counterfoil"), "an own copy is at hand, and is not named:\n{said}");
    let copy = world.path("enterprise/home/agreements").join(agreement).join("ledger.counterfoil");
    assert!(world.good("enterprise", &["show", copy.to_str().unwrap()]).contains(agreement));

    let server = super::Server::start(world, "store", "log.example.org");
    let again = ["contribute", "1", "commit", "--worked", &day(20), "--yes", "--server", &server.url];
    assert_eq!(world.json("community", &again)["recorded"][0]["entry"], 2);
}

#[test]
fn nothing_that_is_printed_holds_a_secret() {
    let parties = parties();
    let world = &parties.world;
    world.write("passphrase", "correct horse battery staple\n");
    fs::set_permissions(world.path("passphrase"), std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    world.good("community", &["key", "new", "sealed.key", "--passphrase-file", "passphrase"]);
    let public = world.good("community", &["key", "show", "sealed.key", "--passphrase-file", "passphrase"]);
    assert!(public.starts_with("key1"));
    world.bad(14, "community", &["key", "show", "sealed.key"]);
    world.good("community", &["contribute", "1", "commit", "--worked", &day(20), "--yes", "--json"]);
    world.bad(14, "community", &["key", "show", "agreement.md"]);
    let said = world.said.borrow().clone() + &fs::read_to_string(world.path("server.log")).unwrap();
    for file in ["community/community.key", "enterprise/enterprise.key", "log.key"] {
        let text = fs::read_to_string(world.path(file)).unwrap();
        let secret = text.lines().find(|line| line.starts_with("secret1")).unwrap();
        assert!(!said.contains(secret), "the key of {file} was printed");
    }
    assert!(!said.contains("secret1") && !said.contains("correct horse"), "{said}");
}
