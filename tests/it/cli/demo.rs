//! The demonstration, from a server of its own to an audit that finds a changed byte.

use std::fs;

use serde_json::Value;

use super::machine::{Server, World};

fn left_behind(world: &World) -> Vec<String> {
    let files = fs::read_dir(world.directory.path()).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.starts_with("counterfoil-demo")).collect()
}

#[test]
fn it_runs_to_its_end_fits_the_screen_and_leaves_nothing_behind() {
    let world = World::new();
    let text = world.good("anybody", &["demo"]);
    for line in [
        "OWN_CONTRIBUTION  community attests its own commits",
        "OVERCLAIM         borealis claims the data sets of community",
        "SIGNER_NOT_PARTY  a stranger signs for aurora",
        "T = a1*C1 + a2*C2 + a3*C3 = 5/4*180 + 1*140 + 1*12 = 377 points",
        "S = b1*A1 + b2*A2 + b3*A3 = 1*50 + 1*40 + 1*25 = 115 points",
        "W = c1*P1 + c2*P2 = 1/10*50000.00 + 1/5*987654.32 = 202530.86 EUR",
        "sound: every entry follows from the entries before it",
        "Somebody turns the 24 commit of borealis into 96: one byte of the file",
        "LEAF_HASH_MISMATCH     entry 9 was changed, or the hash written beside it",
        "SIGNATURE_INVALID      entry 9 holds no statement that anybody signed",
        "ROOT_MISMATCH          the entries are not the ones the log signed",
        "counterfoil propose --example",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    assert!(text.lines().count() <= 100, "{} lines", text.lines().count());
    for line in text.lines() {
        assert!(line.chars().count() <= 120, "{line}");
    }
    assert_eq!(left_behind(&world), Vec::<String>::new());
}

#[test]
fn what_it_keeps_is_audited_read_and_gone_on_with() {
    let world = World::new();
    let told = world.json("anybody", &["demo", "--keep", "kept"]);
    assert_eq!(
        (&told["audit"]["sound"], &told["changed"]["audit"]["sound"]),
        (&Value::Bool(true), &Value::Bool(false))
    );
    world.good("anybody", &["audit", "kept/demo.counterfoil"]);
    let found = world.run("anybody", &["audit", "kept/changed.counterfoil"]);
    assert_eq!(found.code, 11, "{}{}", found.out, found.err);
    let settled = world.json("anybody", &["account", "kept/demo.counterfoil"]);
    assert_eq!(settled["accounts"], told["played"]["account"]["accounts"]);
    assert!(settled["accounts"].is_array(), "{settled:#}");
    assert!(world.bad(2, "anybody", &["demo", "--keep", "kept"]).contains("kept exists"));

    let server = Server::start(&world, "kept/store", "counterfoil.local");
    let settings = format!("server = '{}'\nkey = '../kept/borealis.key'\nhome = 'home'\n", server.url);
    world.write("borealis/counterfoil.toml", &settings);
    let agreement = told["agreement"].as_str().unwrap();
    let said = ["contribute", "1", "review-hour", "--worked", "2024-04-02", "--agreement", agreement, "--yes"];
    assert_eq!(world.json("borealis", &said)["recorded"][0]["entry"], 20);
    assert_eq!(server.stop(), 0);
}

#[test]
fn mistakes_about_a_history_are_told_before_anything_starts() {
    let world = World::new();
    world.write("history.csv", "party,time\ncommunity,2024-01-01\nacme,yesterday\n");
    let both = ["--party", "community=70%", "--party", "acme=30%"];
    for (args, says) in [
        (vec!["--party", "community=70%"], "1 parties are given, 2 to 8 are possible"),
        (vec!["--party", "community", "--party", "acme=30%"], "there is no `=`"),
        (vec!["--party", "community=0.7.1", "--party", "acme=30%"], "is not a fraction"),
        (both.to_vec(), "history.csv:3: time: `yesterday` is not a date"),
        ([&both[..], &["--column", "time=landed"]].concat(), "there is no column `landed`"),
        ([&both[..], &["--benefit", "many"]].concat(), "--benefit many"),
    ] {
        let args = [&["demo", "--history", "history.csv"][..], &args].concat();
        let said = world.bad(2, "anybody", &args);
        assert!(said.contains(says), "{said}\nis not\n{says}");
    }
    // Shares that are not the whole are the law's business.
    world.write("history.csv", "party,time\ncommunity,2024-01-01\n");
    let short = ["demo", "--history", "history.csv", "--party", "community=70%", "--party", "acme=20%"];
    let said = world.bad(12, "anybody", &short);
    assert!(said.contains("DEFAULT_SHARES_NOT_ONE"), "{said}");
    assert_eq!(left_behind(&world), Vec::<String>::new());
}
