//! A whole life by the command line, from what is needed to the end: everything that parties say about the agreement itself and
//! about the work.

use std::{fs, thread, time::Duration};

use super::{
    machine::{Server, World, day},
    settle_in,
};

const TERMS: &str = r#"
title = "A model for small boats"
tail_days = 1
[legal_text]
file = "agreement.md"
prevails = "prose"
[[currencies]]
code = "EUR"
exponent = 2
[[parties]]
name = "community"
role = "community"
keys = ["COMMUNITY"]
[[parties]]
name = "enterprise"
role = "enterprise"
keys = ["ENTERPRISE"]
[[parties]]
name = "university"
role = "academic"
keys = ["UNIVERSITY"]
[[dimensions]]
name = "T"
weight = 1
floor_mass = 100
default_shares = { community = "1/2", enterprise = "1/4", university = "1/4" }
[[units]]
name = "hour"
dimension = "T"
points = 10
[[streams]]
name = "sales"
collector = "enterprise"
pool_rate = "1/2"
[mediator]
display_name = "Ada Lovelace"
public_keys = ["MEDIATOR"]
[windows]
challenge_days = 30
[trial]
days = 30
criteria_file = "agreement.md"
[exit]
notice_days = 30
factor = "1/2"
factor_without_notice = "1/4"
"#;

const PLAN: &str = r#"
[[tasks]]
name = "hull"
owner = "community"
dimension = "T"
budget = 60
due = 2090-01-01
criteria_file = "agreement.md"
[[tasks]]
name = "sail"
owner = "enterprise"
dimension = "T"
budget = 40
due = 2020-01-01
criteria_file = "agreement.md"
[[milestones]]
title = "Launch"
due = 2090-01-01
tasks = ["hull", "sail"]
"#;

/// Three parties, a mediator, and their server.
pub(super) struct Life {
    pub(super) world: World,
    server: Server,
    agreement: String,
    pub(super) terms: String,
}

impl Life {
    /// Proposed, accepted by nobody else.
    pub(super) fn proposed() -> Self {
        let world = World::new();
        let server = Server::start(&world, "store", "log.example.org");
        let mut terms = TERMS.to_owned();
        for who in ["community", "enterprise", "university", "mediator", "umpire", "robot"] {
            let public = settle_in(&world, who, &server.url);
            terms = terms.replace(&who.to_uppercase(), &public);
        }
        world.write("agreement.md", "What is signed on paper.\n");
        world.write("agreement.toml", &terms);
        world.write("plan.toml", PLAN);
        let proposed = world.json("community", &["propose", "agreement.toml", "--yes"]);
        let agreement = proposed["agreement"].as_str().unwrap().to_owned();
        let life = Self { world, server, agreement, terms };
        for who in ["enterprise", "university", "mediator", "umpire", "robot"] {
            let settings = format!(
                "server = '{}'\nkey = '{who}.key'\nhome = 'home'\nagreement = '{}'\n",
                life.server.url, life.agreement
            );
            life.world.write(&format!("{who}/counterfoil.toml"), &settings);
        }
        life
    }

    /// In force, without counter-proposal; the trial is passed.
    pub(super) fn in_force() -> Self {
        let life = Self::proposed();
        life.accept(&["enterprise", "university"]);
        life.say("mediator", &["consent"]);
        life.say("community", &["trial", "passed", "--evidence", "agreement.md"]);
        life.accept(&["enterprise", "university"]);
        assert_eq!(life.phase(), "IN_FORCE");
        life
    }

    /// Says something; returns the number of its entry.
    pub(super) fn say(&self, who: &str, args: &[&str]) -> String {
        let args: Vec<&str> = args.iter().copied().chain(["--yes"]).collect();
        self.world.json(who, &args)["recorded"][0]["entry"].to_string()
    }

    /// Accepts the only thing that waits.
    pub(super) fn accept(&self, parties: &[&str]) {
        for who in parties {
            self.say(who, &["accept"]);
        }
    }

    pub(super) fn refused(&self, who: &str, args: &[&str], reason: &str) -> String {
        let args: Vec<&str> = args.iter().copied().chain(["--yes"]).collect();
        let said = self.world.bad(12, who, &args);
        assert!(said.contains(reason) && said.contains("\n hint: "), "{args:?} does not say {reason}:\n{said}");
        said
    }

    pub(super) fn show(&self) -> serde_json::Value {
        self.world.json("community", &["show"])
    }

    pub(super) fn phase(&self) -> String {
        self.show()["phase"].as_str().unwrap().to_owned()
    }
}

pub(super) fn says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "`{part}` is missing:\n{text}");
    }
}

#[test]
fn an_agreement_goes_from_needs_to_close() {
    let life = Life::proposed();
    negotiated_and_tried(&life);
    worked_by_a_plan(&life);
    learned_and_maintained(&life);
    amended(&life);
    keys_come_and_go(&life);
    one_leaves_and_all_stand_still(&life);
    ended(&life);
}

fn negotiated_and_tried(life: &Life) {
    let world = &life.world;
    life.say("enterprise", &["needs", "a hull", "a sail", "--minutes", "agreement.md"]);
    says(&world.good("community", &["needs"]), &["enterprise", "a hull", "a sail"]);
    world.write("counter.toml", &life.terms.replace("points = 10", "points = 5"));
    let shown = world.run("enterprise", &["counter", "counter.toml", "--dry-run"]);
    says(&shown.err, &["-  unit: hour: counts 10 of T", "+  unit: hour: counts 5 of T"]);
    assert!(!shown.err.contains("party:"), "what is the same is not shown:\n{}", shown.err);
    life.say("enterprise", &["counter", "counter.toml"]);
    assert!(world.bad(2, "enterprise", &["counter", "counter.toml", "--yes"]).contains("counterfoil accept"));
    let shown = world.run("community", &["accept", "--dry-run"]);
    says(&shown.err, &["hour: counts 5 of T", "trial", "30 days", "Ada Lovelace", "of a party that leaves"]);
    life.accept(&["community", "university"]);
    life.refused("community", &["consent"], "NOT_MEDIATOR");
    life.say("mediator", &["consent", "--conflicts", "I taught at the university"]);
    let show = life.show();
    assert_eq!(show["phase"], "TRIAL");
    assert_eq!(show["mediator"]["conflicts"], "I taught at the university");
    assert!(show["trial_until"].is_string(), "{show}");
    says(
        &world.good("community", &["show"]),
        &["Ada Lovelace, consented, and declared: I taught", "trial        until"],
    );

    let moved = life.say("community", &["plan", "plan.toml"]);
    let waiting = world.good("university", &["motions"]);
    says(&waiting, &["the plan", "hull by community", "enterprise and university"]);
    assert_eq!(
        world.json("university", &["motions"])["motions"][0]["awaited"],
        serde_json::json!(["enterprise", "university"])
    );
    let shown = world.run("enterprise", &["accept", "--dry-run"]);
    says(&shown.err, &["the plan of entry", "hull (hull): community, 60 points of T", "Launch"]);
    life.refused(
        "stranger_to_it",
        &["accept", &moved, "--key", "robot/robot.key", "--agreement", &life.agreement, "--server", &life.server.url],
        "SIGNER_NOT_PARTY",
    );
    life.say("enterprise", &["accept", &moved]);
    life.refused("enterprise", &["accept"], "UNKNOWN_MOTION");
    life.accept(&["university"]);
    says(&world.good("community", &["plan"]), &["hull", "60", "sail", "overdue", "Launch"]);
    life.say("community", &["trial", "extend", "--until", "2090-01-01", "--evidence", "agreement.md"]);
    life.say("enterprise", &["decline", "--reason", "it is good enough"]);
    assert_eq!(world.json("community", &["motions"])["motions"], serde_json::json!([]));
    life.say("community", &["trial", "passed", "--evidence", "agreement.md"]);
    life.accept(&["enterprise", "university"]);
    assert_eq!(life.phase(), "IN_FORCE");
    life.refused("community", &["trial", "passed", "--evidence", "agreement.md"], "NOT_IN_TRIAL");
}

fn worked_by_a_plan(life: &Life) {
    let world = &life.world;
    let yesterday = day(1);
    let work = |task: &[&str]| {
        let args = [&["contribute", "4", "hour", "--worked", yesterday.as_str()][..], task].concat();
        life.say("community", &args)
    };
    let planned = work(&["--task", "hull"]);
    let unplanned = work(&[]);
    let unknown = ["contribute", "4", "hour", "--worked", &yesterday, "--task", "hul"];
    says(&life.refused("community", &unknown, "UNKNOWN_TASK"), &["did you mean `hull`?"]);
    life.say("enterprise", &["attest", &planned]);
    says(&life.refused("enterprise", &["attest", &unplanned], "UNPLANNED_NOT_ACCEPTED"), &["entry"]);
    life.say("enterprise", &["attest", &unplanned, "--accepts-unplanned"]);
    assert_eq!(world.json("community", &["plan"])["plan"]["tasks"][0]["used"], "20");

    let challenged =
        life.say("enterprise", &["challenge", &planned, "--ground", "quantity", "--reason", "it took two"]);
    says(&world.good("university", &["challenge"]), &["enterprise", "the quantity is too high"]);
    assert_eq!(life.show()["open_challenges"], 1);
    life.say("enterprise", &["withdraw", &challenged]);
    assert!(world.good("university", &["challenge"]).contains("no challenge is open"));

    let risk = life.say(
        "university",
        &[
            "risk",
            "add",
            "No wind",
            "--owner",
            "community",
            "--trigger",
            "a week of calm",
            "--likelihood",
            "2",
            "--impact",
            "4",
        ],
    );
    let money = [
        "risk",
        "add",
        "No wood",
        "--owner",
        "enterprise",
        "--trigger",
        "no offer",
        "--probability",
        "1/10",
        "--amount",
        "5000.00EUR",
    ];
    life.say("community", &money);
    says(&world.good("enterprise", &["risks"]), &["8 of 25", "500 EUR"]);
    life.say("community", &["risk", "assess", &risk, "--likelihood", "5", "--impact", "4"]);
    life.refused("community", &["accept"], "UNKNOWN_MOTION");
    life.accept(&["university"]);
    world.write("calm.toml", &PLAN.replace("\"sail\"", "\"oars\""));
    let moved = life.say("community", &["contingency", &risk, "calm.toml"]);
    says(&world.good("enterprise", &["motions"]), &["enterprise or university"]);
    life.say("enterprise", &["accept", &moved]);
    let plan = &world.json("community", &["plan"])["plan"];
    assert_eq!(
        (&plan["revision"], &plan["tasks"][0]["used"], &plan["tasks"][1]["name"]),
        (&2.into(), &"20".into(), &"oars".into())
    );
    says(&world.good("university", &["show"]), &["2 open: No wind (20 of 25), No wood (500 EUR)", "overdue: oars"]);
}

fn learned_and_maintained(life: &Life) {
    let world = &life.world;
    let fed = life.say("community", &["feedback", "agreement.md", "--summary", "reviews come too late"]);
    says(&world.good("enterprise", &["feedback"]), &["reviews come too late", "waits for an answer"]);
    life.refused("community", &["respond", &fed, "accept"], "OWN_FEEDBACK");
    life.say("enterprise", &["respond", &fed, "accept"]);
    says(&world.good("enterprise", &["feedback"]), &["accepted: waits for a plan"]);
    world.write("next.toml", &format!("feedback = [{fed}]\n{PLAN}"));
    life.say("enterprise", &["plan", "next.toml"]);
    life.accept(&["community", "university"]);
    let plan = &world.json("community", &["plan"])["plan"];
    assert_eq!((&plan["revision"], plan["feedback"].as_array().unwrap().len()), (&3.into(), 1));
    assert!(world.good("enterprise", &["feedback"]).contains("no feedback waits"));

    let promise = ["maintain", "fixes", "--criteria", "agreement.md", "--due", "2090-06-30", "--due", "2090-01-01"];
    let promised = life.say("enterprise", &promise);
    life.say("enterprise", &["fulfil", &promised, "--due", "2090-01-01", "--evidence", "agreement.md"]);
    says(&world.good("community", &["maintain"]), &["kept, by entry", "to come"]);
    let wrong = life.world.bad(
        2,
        "enterprise",
        &["fulfil", "9999", "--due", "2090-01-01", "--evidence", "agreement.md", "--yes"],
    );
    says(&wrong, &["counterfoil maintain"]);
}

fn amended(life: &Life) {
    let world = &life.world;
    let sales = ["benefit", "sales", "1000.00", "EUR", "--period", "2026-07-01", "--evidence", "agreement.md"];
    life.say("enterprise", &sales);
    world.good("community", &["confirm", "--all", "--yes"]);
    life.say("community", &["settle"]);
    world.write(
        "amended.toml",
        &life.terms.replace("points = 10", "points = 5").replace("tail_days = 1", "tail_days = 2"),
    );
    let shown = world.run("community", &["amend", "amended.toml", "--dry-run"]);
    says(&shown.err, &["What was settled stands", "-  tail: after its end, 1 days", "+  tail: after its end, 2 days"]);
    world.write(
        "shares.toml",
        &life.terms.replace("points = 10", "points = 5").replace("pool_rate = \"1/2\"", "pool_rate = \"1/4\""),
    );
    let shown = world.run("community", &["amend", "shares.toml", "--retroactive", "--dry-run"]);
    assert_eq!(shown.code, 0, "{}", shown.err);
    says(&shown.err, &["What was settled is shared anew", "effect", "stream: sales"]);
    let moved = life.say("community", &["amend", "shares.toml", "--retroactive"]);
    // Who is asked sees the same effect.
    let shown = world.run("enterprise", &["accept", "--dry-run"]);
    says(&shown.err, &["What was settled is shared anew", "-175.00", "+  stream: sales"]);
    // What changes the effect in between makes it another amendment.
    life.say("enterprise", &sales);
    world.good("community", &["confirm", "--all", "--yes"]);
    life.refused("enterprise", &["accept"], "EFFECT_MISMATCH");
    life.say("community", &["withdraw", &moved]);
    life.say("community", &["amend", "shares.toml", "--retroactive"]);
    life.accept(&["enterprise", "university"]);
    let show = life.show();
    assert_eq!(show["terms_versions"].as_array().unwrap().len(), 2, "{show}");
    assert_eq!(show["streams"][0]["pool_rate"], "1/4");
    world.write(
        "keys.toml",
        &life
            .terms
            .replace("points = 10", "points = 5")
            .replace("\"UNIVERSITY\"", "\"x\"")
            .replacen("name = \"hour\"", "name = \"day\"", 1)
            .replacen("name = \"T\"", "name = \"U\"", 1)
            .replace("dimension = \"T\"", "dimension = \"U\""),
    );
    life.refused("community", &["amend", "keys.toml"], "TERMS_NOT_CONTINUED");
    world.good("community", &["amend", "amended.toml", "--effective", "2090-01-01", "--yes"]);
    life.accept(&["enterprise", "university"]);
    says(&world.good("community", &["show"]), &["to come", "2090-01-01"]);
}

fn keys_come_and_go(life: &Life) {
    let world = &life.world;
    let request = [
        "key",
        "request",
        "--party",
        "community",
        "--scopes",
        "attest,claim",
        "--daily-max",
        "5",
        "--out",
        "robot.request",
    ];
    says(&world.good("robot", &request), &["community for CLAIM and ATTEST"]);
    says(
        &life.refused("enterprise", &["key", "grant", "robot.request"], "KEY_PROOF_INVALID"),
        &["is for the party community"],
    );
    let stolen = fs::read_to_string(world.path("robot.request")).unwrap().replace("\"community\"", "\"enterprise\"");
    world.write("stolen.request", &stolen);
    life.refused("enterprise", &["key", "grant", "stolen.request"], "KEY_PROOF_INVALID");
    let work = ["contribute", "1", "hour", "--worked", &day(1), "--task", "hull"];
    life.refused("robot", &work, "SIGNER_NOT_PARTY");
    life.say("community", &["key", "grant", "robot.request"]);
    life.say("robot", &work);
    life.refused("robot", &["close"], "SCOPE_MISSING");
    let robot = world.good("robot", &["key", "show", "robot/robot.key"]);
    says(&world.good("community", &["show"]), &["granted: CLAIM and ATTEST, at most 5 statements a day"]);
    says(&world.bad(2, "community", &["key", "revoke", "key1zzzz", "--yes"]), &["its keys are", robot.trim()]);
    life.say("community", &["key", "revoke", &robot[..20], "--reason", "lost"]);
    life.refused("robot", &work, "KEY_REVOKED");
    says(&world.good("community", &["log"]), &["revokes its key key1", ": lost", "grants itself the key key1"]);
}

fn one_leaves_and_all_stand_still(life: &Life) {
    let world = &life.world;
    let soon = (std::time::SystemTime::now() + Duration::from_secs(3)).duration_since(std::time::UNIX_EPOCH).unwrap();
    let soon = counterfoil::time::Timestamp::from_ms(u64::try_from(soon.as_millis()).unwrap()).unwrap().to_string();
    let shown = world.run("university", &["exit", "--on", &soon, "--dry-run"]);
    says(&shown.err, &["WITHOUT the notice of 30 days", "1/4 of its points"]);
    life.say("university", &["exit", "--on", &soon, "--reason", "other plans"]);
    thread::sleep(Duration::from_secs(4));
    says(&world.good("community", &["show"]), &["university left on"]);
    let moved = life.say("community", &["suspend", "--reason", "the yard is flooded"]);
    says(&world.run("enterprise", &["accept", &moved, "--dry-run"]).err, &["the agreement stands still"]);
    life.accept(&["enterprise"]);
    assert_eq!(life.phase(), "SUSPENDED", "who has left is not asked");
    life.refused("community", &["contribute", "1", "hour", "--worked", &day(1)], "SUSPENDED");
    life.say("enterprise", &["resume"]);
    life.accept(&["community"]);
    assert_eq!(life.phase(), "IN_FORCE");
}

fn ended(life: &Life) {
    let world = &life.world;
    let umpire = world.good("umpire", &["key", "show", "umpire/umpire.key"]);
    let moved = life.say("community", &["mediator", "--name", "The umpire", "--public-key", umpire.trim()]);
    life.accept(&["enterprise"]);
    says(&world.good("community", &["motions"]), &["the mediator's consent"]);
    life.refused("mediator", &["consent", &moved], "NOT_MEDIATOR");
    life.say("umpire", &["consent"]);
    assert_eq!(life.show()["mediator"]["name"], "The umpire");

    life.say("community", &["close", "--reason", "the boat sails"]);
    let told = world.run("enterprise", &["accept", "--yes"]);
    assert_eq!(told.code, 0, "{}", told.err);
    let show = life.show();
    assert_eq!(show["phase"], "WINDING_DOWN");
    assert!(show["closes"].is_string());
    says(&world.good("community", &["show"]), &["when the tail is over"]);
    life.refused("community", &["contribute", "1", "hour", "--worked", &day(1)], "WINDING_DOWN");

    let log = world.good("community", &["log"]);
    says(
        &log,
        &[
            "says what is needed: a hull, a sail",
            "proposes other terms, \"A model for small boats\", in place of the proposal",
            "consents to be the mediator of",
            "moves a plan of 2 tasks (hull by community, sail by enterprise), 1 milestone",
            "declines what entry",
            "moves that the trial is passed",
            "contributes 4 hour to the task hull",
            "also as unplanned work",
            "because the quantity is too high: it took two",
            "puts a risk on the register, \"No wind\": likelihood 2 of 5, impact 4 of 5, watched by community",
            "has come, and the plan is now 2 tasks",
            "feeds back: reviews come too late",
            "into the next plan",
            "commits itself to maintenance, \"fixes\", by 2090-01-01, 2090-06-30",
            "has kept the date 2090-01-01",
            "what was settled is shared anew",
            "leaves the agreement on",
            "moves that the agreement stands still: the yard is flooded",
            "moves another mediator: The umpire",
            "moves that the agreement ends: the boat sails",
        ],
    );
    assert!(!log.contains("says a "), "a kind of statement has no words:\n{log}");
    world.good("community", &["export", &life.agreement, "--out", "life.counterfoil"]);
    for verb in ["motions", "risks", "show", "log"] {
        world.json("stranger", &[verb, "life.counterfoil"]);
    }
    for verb in ["needs", "plan", "challenge", "feedback", "maintain"] {
        let found = world.json("enterprise", &[verb]);
        assert_eq!(found["agreement"], life.agreement.as_str(), "{verb}");
    }
    assert!(world.good("stranger", &["audit", "life.counterfoil"]).contains("sound"));
}
