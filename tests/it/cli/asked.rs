//! Who is asked about what was moved, who joins, and what a new user does wrong.

use super::{
    governance::{Life, says},
    machine::day,
};

#[test]
fn mistakes_about_the_agreement_and_the_work_have_a_remedy() {
    let life = Life::in_force();
    life.world.write("other.toml", &life.terms.replace("points = 10", "points = 5"));
    let cases: Vec<(i32, &str, Vec<&str>, &str)> = vec![
        (12, "community", vec!["resume"], "NOT_SUSPENDED"),
        (12, "community", vec!["counter", "other.toml"], "NOT_NEGOTIATING"),
        (2, "community", vec!["counter", "agreement.toml"], "counterfoil accept"),
        (12, "community", vec!["accept"], "counterfoil motions"),
        (12, "community", vec!["exit", "--on", "2020-01-01"], "LEAVES_IN_PAST"),
        (
            12,
            "community",
            vec!["contribute", "1", "hour", "--worked", "2026-01-01", "--task", "hull"],
            "counterfoil plan FILE.toml",
        ),
        (2, "community", vec!["accept", "999"], "counterfoil motions"),
        (2, "community", vec!["decline", "st1qqqqqqqqqq"], "counterfoil motions"),
        (2, "community", vec!["withdraw", "999"], "counterfoil motions"),
        (2, "community", vec!["amend", "agreement.toml"], "change the file first"),
        (2, "community", vec!["respond", "999", "accept"], "counterfoil feedback"),
        (2, "community", vec!["contingency", "999", "plan.toml"], "counterfoil risks"),
        (
            2,
            "community",
            vec!["challenge", "999", "--ground", "quantity", "--reason", "x"],
            "counterfoil contributions",
        ),
        (2, "community", vec!["challenge", "1", "--ground", "quantty", "--reason", "x"], "did you mean `quantity`?"),
        (
            2,
            "community",
            vec!["risk", "add", "x", "--owner", "nobody", "--trigger", "y", "--likelihood", "1", "--impact", "1"],
            "its parties are",
        ),
        (2, "community", vec!["plan", "agreement.toml"], "known are"),
        (
            2,
            "robot",
            vec!["key", "request", "--party", "community", "--scopes", "CLAM", "--out", "x"],
            "did you mean `CLAIM`?",
        ),
        (2, "community", vec!["key", "grant", "agreement.md"], "counterfoil key request"),
        (2, "community", vec!["key", "revoke", "key1q"], "its keys are"),
    ];
    for (code, who, args, remedy) in cases {
        let args: Vec<&str> =
            if args[0] == "key" && args[1] == "request" { args } else { args.into_iter().chain(["--yes"]).collect() };
        let said = life.world.bad(code, who, &args);
        assert!(said.contains(remedy), "{args:?} does not say `{remedy}`:\n{said}");
        assert!(said.contains("\n hint: "), "{args:?} has no hint:\n{said}");
    }
    // What waits for several reasons is named, not guessed.
    let first = life.say("community", &["suspend", "--reason", "a storm"]);
    life.say("community", &["close"]);
    let said = life.world.bad(2, "enterprise", &["accept", "--yes"]);
    says(&said, &["2 things wait for you: the suspension", &format!("counterfoil accept {first}")]);
    life.refused("university", &["withdraw", &first], "NOT_YOURS");
    life.say("community", &["withdraw", &first]);
    life.refused("community", &["accept"], "UNKNOWN_MOTION");
}

#[test]
fn a_newcomer_joins_by_an_amendment_that_it_accepts_itself() {
    let life = Life::in_force();
    let world = &life.world;
    let robot = world.good("robot", &["key", "show", "robot/robot.key"]);
    let party =
        format!("[[parties]]\nname = \"harbour\"\nrole = \"other\"\nkeys = [\"{}\"]\n[[dimensions]]", robot.trim());
    let terms = life
        .terms
        .replacen("[[dimensions]]", &party, 1)
        .replace("university = \"1/4\" }", "university = \"1/8\", harbour = \"1/8\" }");
    world.write("joined.toml", &terms);
    life.say("community", &["amend", "joined.toml"]);
    says(&world.good("community", &["motions"]), &["enterprise, university and harbour"]);
    life.accept(&["enterprise", "university", "robot"]);
    let parties = life.show()["parties"].clone();
    assert_eq!(parties[3]["name"], "harbour");
    says(&world.good("community", &["show"]), &["by amendment"]);
    life.say("robot", &["contribute", "1", "hour", "--worked", &day(1)]);
}
