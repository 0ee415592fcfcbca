//! What is shown before something is signed: whoever judges or confirms sees what, in full, and what may be a slip.

use super::{machine::day, parties};

#[test]
fn who_confirms_or_judges_sees_what() {
    let parties = parties();
    let world = &parties.world;
    let report = |amount: &str, note: &str| {
        let period = ["--period", "2026-07-01..2026-09-30", "--evidence", "agreement.md", "--note", note, "--yes"];
        world.run("enterprise", &[&["benefit", "support-sales", amount][..], &period].concat()).err
    };
    assert!(!report("1000 EUR", "the third quarter").contains("careful"));
    assert!(report("1000 EUR", "again").contains("careful  entry 2 says the same, with the same evidence"));
    assert!(report("30 EUR", "").contains("careful  entry 3 reports from support-sales with the same evidence"));
    let said = world.run("community", &["confirm", "--all", "--dry-run", "--json"]);
    for line in [
        "says  confirms the benefit of entries 2, 3, 4",
        "namely  entry 2, enterprise: reports 1000.00 EUR from support-sales in 2026-07-01 to 2026-09-30: the third quarter",
        "evidence  sha256 ",
        "in all  3 benefits, 2030.00 EUR",
    ] {
        assert!(said.err.contains(line), "`{line}` is not in\n{}", said.err);
    }
    let answer: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    let shown: Vec<&str> =
        answer["shown"].as_array().unwrap().iter().filter_map(|line| line["label"].as_str()).collect();
    assert!(shown.starts_with(&["agreement", "says", "namely", "evidence"]), "{shown:?}");

    let lately = day(20);
    let work = ["contribute", "18446744073709551615", "commit", "--worked", &lately, "--yes"];
    assert!(!world.run("community", &work).err.contains("careful"));
    assert!(world.run("community", &work).err.contains("careful  entry 5 claims the same"));
    let said = world.run("enterprise", &["attest", "--all-of", "community", "--dry-run"]);
    for line in [
        "says  accepts entries 5, 6 at quality 1",
        "namely  entry 5, community: contributes 18446744073709551615 commit, worked ",
        "in all  2 contributions, 36893488147419103230 commit",
    ] {
        assert!(said.err.contains(line), "`{line}` is not in\n{}", said.err);
    }
}

#[test]
fn a_payment_is_shown_to_who_confirms_it() {
    let parties = parties();
    let world = &parties.world;
    let evidence = ["--period", "2099-07-01", "--evidence", "agreement.md", "--yes"];
    let ahead = world.run("enterprise", &[&["benefit", "support-sales", "1000 EUR"][..], &evidence].concat());
    assert!(ahead.err.contains("begins on 2099-07-01, which is still to come"), "{}", ahead.err);
    world.good("community", &["confirm", "--all", "--yes"]);
    world.good("community", &["settle", "--yes"]);
    world.good("enterprise", &["pay", "community", "7 EUR", "--evidence", "agreement.md", "--note", "bank", "--yes"]);
    let said = world.run("community", &["confirm", "--all", "--dry-run"]).err;
    assert!(said.contains("namely  entry 5, enterprise: says that it paid 7.00 EUR to community"), "{said}");
    assert!(said.contains("evidence  sha256 "), "{said}");
}
