//! Disputes by the command line: an amount that is settled by an offer, a claim whose dispute is taken back, and the mistakes that a
//! newcomer makes.

use super::{machine::day, parties_under};

const MEDIATOR: &str = "mediator";

#[test]
fn an_amount_is_disputed_offered_and_settled() {
    let parties = parties_under("", true);
    let world = &parties.world;
    let evidence = ["--period", "2026-07-01", "--evidence", "agreement.md", "--yes"];
    world.good("enterprise", &[&["benefit", "support-sales", "1000.00 EUR"][..], &evidence].concat());
    let benefit = world.json("community", &["benefits"])["benefits"][0]["index"].to_string();
    world.good("community", &["confirm", &benefit, "--yes"]);
    world.good("community", &["settle", "--yes"]);
    // A fifth is pooled; of it the default shares give 70 %.
    let reason = "two customers were forgotten";
    let said = world.json("community", &["dispute", &benefit, "--amount", "1500.00", "--reason", reason, "--yes"]);
    let dispute = said["recorded"][0]["entry"].to_string();
    assert_eq!(said["recorded"][0]["says"], format!("disputes entry {benefit}, which should be 1500.00 EUR: {reason}"));
    let file = world.json("enterprise", &["disputes", &dispute]);
    assert_eq!(file["subjects"][0]["sought"]["amount_minor"], 150_000);
    // What may come more is nobody's yet; what is settled stays payable.
    assert_eq!(file["currencies"][0]["parties"][0]["at_least_minor"], "14000");
    assert_eq!(file["currencies"][0]["parties"][0]["at_most_minor"], "21000");

    let offer = world.json("enterprise", &["offer", &dispute, "--amount", "1250.00", "--yes"]);
    let offer = offer["recorded"][0]["entry"].to_string();
    assert!(world.good("community", &["disputes", &dispute]).contains("waits for community"));
    let said = world.json("community", &["accept", &offer, "--yes"]);
    assert_eq!(said["recorded"][0]["says"], format!("accepts the offer of entry {offer}"));
    let file = world.json("community", &["disputes", &dispute]);
    assert_eq!((&file["state"], &file["decided"][0]["amount_minor"]), (&"SETTLED".into(), &125_000.into()));
    assert!(world.good("community", &["disputes", &dispute]).contains("is 1250.00 EUR"));
    world.good("community", &["settle", "--yes"]);
    let account = &world.json("community", &["account"])["accounts"][0];
    assert_eq!((&account["pool_minor"], &account["parties"][0]["due_minor"]), (&25_000.into(), &3_500.into()));
    let said = world.bad(12, "community", &["dispute", &benefit, "--reject", "--reason", "again", "--yes"]);
    assert!(said.contains("ALREADY_DECIDED"), "{said}");
}

#[test]
fn a_dispute_is_taken_back_and_an_item_is_explained_by_what_would_be_without_it() {
    let parties = parties_under("", true);
    let world = &parties.world;
    let claim = |who: &str, quantity: &str| {
        let said = world.json(who, &["contribute", quantity, "commit", "--worked", &day(20), "--yes"]);
        said["recorded"][0]["entry"].to_string()
    };
    let (first, second) = (claim("community", "300"), claim("enterprise", "100"));
    world.good("enterprise", &["attest", &first, "--yes"]);
    world.good("community", &["attest", &second, "--yes"]);
    let evidence = ["--period", "2026-07-01", "--evidence", "agreement.md", "--yes"];
    world.good("enterprise", &[&["benefit", "support-sales", "500.00 EUR"][..], &evidence].concat());
    world.good("community", &["confirm", "--all", "--yes"]);
    // T is 3/4, S is the default 7/10: 3/5 and 2/5 of 100.00 EUR.
    let told = world.json("community", &["explain", "--party", "community", "--without", &first]);
    assert_eq!(
        (&told["parties"][0]["share"], &told["parties"][0]["allocation_minor"]),
        (&"73/100".into(), &7_300.into())
    );
    // Without it 300 of the planned 400 are missing, of which the default shares hold 7/10.
    assert_eq!(
        (&told["parties"][0]["share_without"], &told["parties"][0]["allocation_without_minor"]),
        (&"119/200".into(), &5_950.into())
    );
    assert!(
        world
            .good("community", &["explain", "--party", "community", "--without", &first])
            .contains("makes 13.50 EUR for community")
    );

    let said =
        world.json("enterprise", &["dispute", &first, "--quality", "1/2", "--reason", "half is generated", "--yes"]);
    let dispute = said["recorded"][0]["entry"].to_string();
    // In doubt, less is payable; what the entry makes is what it was.
    let told = world.json("community", &["explain", "--party", "community", "--without", &first]);
    assert_eq!(
        (&told["in_doubt"], &told["parties"][0]["allocation_minor"], &told["parties"][0]["allocation_without_minor"]),
        (&true.into(), &7_300.into(), &5_950.into())
    );
    assert!(world.good("community", &["show"]).contains(&format!("entry {dispute} is a dispute that is open")));
    assert!(world.good(MEDIATOR, &["rule", &dispute]).contains("--quality, between what is and what is sought"));
    assert_eq!(world.json("community", &["disputes"])["disputes"][0]["state"], "OPEN");
    let said = world.bad(12, "community", &["withdraw", &dispute, "--yes"]);
    assert!(said.contains("NOT_YOURS"), "{said}");
    world.good("enterprise", &["withdraw", &dispute, "--reason", "we looked again", "--yes"]);
    let file = world.json("community", &["disputes", &dispute]);
    assert_eq!((&file["state"], &file["decided"]), (&"WITHDRAWN".into(), &serde_json::Value::Null));
    assert_eq!(world.json("community", &["split"])["accounts"][0]["disputed_minor"], 0);
}

#[test]
fn every_mistake_in_a_dispute_is_told_with_what_to_do() {
    let parties = parties_under("", true);
    let world = &parties.world;
    let claimed = world.json("community", &["contribute", "3", "commit", "--worked", &day(20), "--yes"]);
    let claimed = claimed["recorded"][0]["entry"].to_string();
    world.write("empty.csv", "artifact,remedy\n");
    world.write("others.csv", &format!("artifact,remedy\n{:040x},reject\n", 7));
    world.write("wrong.csv", &format!("entry,remedy\n{claimed},halve\n"));
    let cases: Vec<(i32, &str, Vec<&str>, &str)> = vec![
        (2, "enterprise", vec!["dispute", "99", "--reject", "--reason", "x", "--yes"], "counterfoil log"),
        (2, "enterprise", vec!["dispute", &claimed, "--reason", "x", "--yes"], "--quality 1/2"),
        (
            2,
            "enterprise",
            vec!["dispute", &claimed, "--reject", "--reason", " ", "--yes"],
            "must know what it is about",
        ),
        (2, "enterprise", vec!["dispute", &claimed, "--quality", "2", "--reason", "x", "--yes"], "quality 1/2"),
        (2, "enterprise", vec!["dispute", &claimed, "--amount", "3", "--reason", "x", "--yes"], "which has no amount"),
        (
            2,
            "enterprise",
            vec!["dispute", &claimed, "--reassign", "nobody", "--reason", "x", "--yes"],
            "its parties are",
        ),
        (2, "enterprise", vec!["dispute", "--from", "empty.csv", "--reason", "x", "--yes"], "its columns are"),
        (
            2,
            "enterprise",
            vec!["dispute", "--from", "others.csv", "--reason", "x", "--yes"],
            "leave out the rows of others",
        ),
        (2, "enterprise", vec!["dispute", "--from", "wrong.csv", "--reason", "x", "--yes"], "write stand, reject"),
        // Claimed only: it counts nothing that could be disputed.
        (12, "enterprise", vec!["dispute", &claimed, "--reject", "--reason", "x", "--yes"], "NOT_DISPUTABLE"),
        (2, "enterprise", vec!["disputes", "7"], "counterfoil disputes"),
        (2, "enterprise", vec!["disputes", "7", "8"], "counterfoil disputes agr1"),
        (2, "enterprise", vec!["evidence", "7", "agreement.md", "--yes"], "counterfoil disputes"),
        (2, "enterprise", vec!["offer", "7", "--stand", "--yes"], "counterfoil disputes"),
        (2, MEDIATOR, vec!["rule", "7", "--stand", "--reasons", "agreement.md", "--yes"], "counterfoil disputes"),
        (12, "community", vec!["rule", "7", "--stand", "--yes"], "counterfoil show"),
        (12, MEDIATOR, vec!["dispute", &claimed, "--reject", "--reason", "x", "--yes"], "the parties are"),
        (2, "community", vec!["accept", "7", "--yes"], "counterfoil disputes"),
        (2, "community", vec!["explain", "--party", "community", "--without", "99"], "counterfoil log"),
    ];
    for (code, who, args, remedy) in cases {
        let said = world.bad(code, who, &args);
        assert!(said.contains(remedy), "{args:?} does not say `{remedy}`:\n{said}");
        assert!(said.contains("\n hint: "), "{args:?} has no hint:\n{said}");
    }
    assert!(world.good("stranger", &["disputes", &world.exported()]).contains("nothing is disputed"));
}
