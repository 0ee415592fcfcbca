//! Mistakes: each has its exit code and a hint that names the remedy; help has examples, and JSON is JSON everywhere.

use std::{fs, os::unix::fs::PermissionsExt, process::Command};

use counterfoil::{digest::Digest, statement::id::AgreementId};

use super::{
    machine::{PROGRAM, World, day},
    parties, parties_under, settle_in,
};

#[test]
fn every_mistake_has_its_exit_code_and_a_remedy() {
    let parties = parties();
    let world = &parties.world;
    world.good("community", &["contribute", "1", "commit", "--worked", &day(20), "--yes"]);
    settle_in(world, "stranger", &parties.server.url);
    let agreement = parties.agreement.as_str();
    let unknown = AgreementId::from_digest(Digest::of(&[b"nobody's"])).to_string();
    let lately = day(20);
    let money = |stream: &'static str, amount: &'static str| {
        ["benefit", stream, amount, "--period", "2026-07-01", "--evidence", "agreement.md", "--yes"]
    };
    let cases: Vec<(i32, &str, Vec<&str>, &str)> = vec![
        (2, "community", vec!["contrbute"], "similar subcommand"),
        (2, "community", vec!["attest", "1", "--yes"], "counterfoil contributions"),
        (2, "community", vec!["settle"], "--yes"),
        (2, "community", money("sponsoring", "12.345EUR").to_vec(), "1234.50 EUR"),
        (2, "community", vec!["show", "agr1qqqqqq"], "--server"),
        (2, "community", vec!["propose", "nowhere.toml", "--yes"], "nowhere.toml"),
        (12, "community", work("comit", &lately).to_vec(), "did you mean `commit`?"),
        (12, "community", work("commit", "2099-01-01").to_vec(), "WORK_IN_FUTURE"),
        (12, "community", work("commit", "2020-01-01").to_vec(), "WORK_TOO_OLD"),
        (12, "community", money("support-sales", "12.34").to_vec(), "NOT_COLLECTOR"),
        (12, "community", vec!["attest", "2", "--yes"], "OWN_CONTRIBUTION"),
        (12, "community", vec!["accept", "--yes"], "counterfoil motions"),
        (
            12,
            "stranger",
            vec!["contribute", "1", "commit", "--worked", &lately, "--agreement", agreement, "--yes"],
            "SIGNER_NOT_PARTY",
        ),
        (12, "community", vec!["show", &unknown], "--server"),
        (2, "community", vec!["show", &unknown[..61]], "a character is wrong or missing"),
        (13, "community", vec!["show", "--server", "http://127.0.0.1:1"], "your own copy"),
        (13, "newcomer", vec!["show", agreement, "--server", "http://127.0.0.1:1"], "counterfoil serve"),
        (14, "community", vec!["show", "--server", "127.0.0.1"], "http://HOST:PORT"),
        (14, "community", vec!["settle", "--key", "nowhere.key"], "counterfoil key new"),
        // To change the mode of what is no key would help nobody.
        (14, "community", vec!["settle", "--key", "agreement.md"], "a key file is what `counterfoil key new` writes"),
        (2, "enterprise", money("support-sales", "-5").to_vec(), "less than nothing"),
        (2, "community", vec!["log", "--statement", "entry"], "by its beginning"),
        (13, "community", vec!["settle", "--server", "http://127.0.0.1:1"], "counterfoil submit FILE"),
        (14, "community", vec!["serve", "--operator", ""], "--operator"),
        (14, "community", vec!["key", "new", "community/community.key"], "choose another file name"),
        (14, "community", vec!["serve", "--listen", "here"], "IP:PORT"),
        (14, "community", vec!["serve", "--store", "store", "--log-key-file", "other.key"], "--log-key-file"),
    ];
    for (code, who, args, remedy) in cases {
        let said = world.bad(code, who, &args);
        assert!(said.contains(remedy), "{args:?} does not say `{remedy}`:\n{said}");
        // What clap says about usage has its own form.
        if !said.contains("Usage:") && !said.contains("similar subcommand") {
            assert!(said.contains("\n hint: "), "{args:?} has no hint:\n{said}");
        }
    }
}

fn work<'a>(unit: &'a str, day: &'a str) -> [&'a str; 6] {
    ["contribute", "1", unit, "--worked", day, "--yes"]
}

#[test]
fn a_key_that_others_may_read_is_not_used() {
    let parties = parties();
    let key = parties.world.path("community/community.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let said = parties.world.bad(14, "community", &["settle", "--yes"]);
    assert!(said.contains("mode 644") && said.contains("hint: chmod 600"), "{said}");
}

#[test]
fn a_passphrase_file_that_others_may_read_is_what_the_hint_is_about() {
    let world = World::new();
    let passphrase = world.write("pass.txt", "correct horse");
    let mode = |mode| fs::set_permissions(&passphrase, fs::Permissions::from_mode(mode)).unwrap();
    mode(0o600);
    world.good("community", &["key", "new", "sealed.key", "--passphrase-file", "pass.txt"]);
    mode(0o644);
    let said = world.bad(14, "community", &["key", "show", "sealed.key", "--passphrase-file", "pass.txt"]);
    assert!(said.contains("pass.txt has mode 644") && said.contains("hint: chmod 600 pass.txt"), "{said}");
}

#[test]
fn who_has_not_consented_is_named_to_who_works_already() {
    let parties = parties_under("", true);
    let world = &parties.world;
    let key = world.good("mediator", &["key", "show", "mediator/mediator.key"]);
    let terms = fs::read_to_string(world.path("agreement.toml")).unwrap();
    assert!(terms.contains(key.trim()));
    world.write("other.toml", &terms.replacen("title = ", "tail_days = 3\ntitle = ", 1));
    let proposed = world.json("community", &["propose", "other.toml", "--yes"]);
    let agreement = proposed["agreement"].as_str().unwrap();
    world.good("enterprise", &["accept", agreement, "--yes"]);
    let lately = day(20);
    let work = [&work("commit", &lately)[..], &["--agreement", agreement]].concat();
    let said = world.bad(12, "community", &work);
    assert!(said.contains("NOT_IN_FORCE") && said.contains("the mediator counterfoil consent"), "{said}");
    assert!(world.good("community", &["motions", agreement]).contains("the mediator, who consents"));
}

#[test]
fn unknown_settings_name_the_nearest_known_one() {
    let world = World::new();
    world.write("community/counterfoil.toml", "sever = 'http://127.0.0.1:7401'\n");
    let said = world.bad(14, "community", &["show"]);
    assert!(said.contains("unknown setting `sever`") && said.contains("did you mean `server`?"), "{said}");
    let output = Command::new(PROGRAM).env_clear().env("COUNTERFOIL_KEYS", "x").arg("show").output().unwrap();
    assert_eq!(output.status.code(), Some(14));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("unknown variable COUNTERFOIL_KEYS") && said.contains("COUNTERFOIL_KEY`?"), "{said}");
}

#[test]
fn failures_are_json_too_when_json_is_asked_for() {
    let world = World::new();
    let said = world.bad(2, "community", &["contribute", "x", "commit", "--worked", "2026-11-01", "--json"]);
    let failure: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(failure["exit_code"], 2);
    assert!(failure["error"].as_str().unwrap().starts_with("invalid value 'x' for '[QUANTITY]'"), "{said}");
    let said = world.bad(14, "community", &["settle", "--json", "--yes"]);
    let failure: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(failure["exit_code"], 14);
    assert_eq!(failure["error"], "no key is set");
    assert!(failure["hint"].as_str().unwrap().contains("COUNTERFOIL_KEY"));
}

#[test]
fn every_verb_answers_in_json_when_asked() {
    let parties = parties();
    let world = &parties.world;
    world.good("community", &["contribute", "2", "commit", "--worked", &day(20), "--yes"]);
    world.good("enterprise", &["attest", "2", "--yes"]);
    let evidence = ["--period", "2026-07-01", "--evidence", "agreement.md", "--yes"];
    world.json("enterprise", &[&["benefit", "support-sales", "5 EUR"][..], &evidence].concat());
    world.json("community", &["confirm", "4", "--yes"]);
    world.json("community", &["settle", "--dry-run"]);
    world.json("community", &["settle", "--yes"]);
    world.json("enterprise", &["reverse", "4", "1 EUR", "--evidence", "agreement.md", "--yes"]);
    world.json("community", &["contribute", "1", "commit", "--worked", &day(20), "--yes"]);
    world.json("community", &["withdraw", "8", "--yes"]);
    world.json("community", &["key", "new", "another.key"]);
    world.json("community", &["key", "show"]);
    world.json("community", &["propose", "--example"]);
    world.json("community", &["export", "--out", "ledger.counterfoil"]);
    world.json("community", &["man", "--to", "man"]);
    let receipt = format!("community/home/agreements/{}/receipts/000000-proposal.receipt", parties.agreement);
    world.json("community", &["verify", &receipt]);
    for verb in ["show", "log", "contributions", "benefits", "settlements", "account", "split", "audit"] {
        world.json("stranger", &[verb, "ledger.counterfoil"]);
    }
    world.json("stranger", &["explain", "ledger.counterfoil", "--party", "community"]);
}

#[test]
fn the_help_of_every_verb_has_an_example() {
    let world = World::new();
    let overview = world.good("community", &["--help"]);
    let verbs = overview.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    // A verb stands two blanks in; what continues its line stands further in.
    let verbs = verbs.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let verbs: Vec<&str> = verbs.filter_map(|line| line.split_whitespace().next()).collect();
    assert!(verbs.len() >= 28, "{verbs:?}");
    for verb in verbs {
        let help = world.good("community", &[verb, "--help"]);
        assert!(help.contains("Example"), "{verb} has no example:\n{help}");
        assert!(help.contains(&format!("counterfoil {verb}")), "{verb} shows another verb:\n{help}");
    }
}
