//! A dispute on real input, by the program itself: whose work are the 36 commits of the author who wrote ONNX's first one, from an
//! academic address, while the same name used an enterprise's elsewhere? Every number is asserted; they were computed from the
//! history apart from this program, by the formula of the terms.

use std::{collections::BTreeMap, fs, path::Path};

use serde_json::Value;

use crate::{
    cli::{
        machine::{Server, World},
        settle_in,
    },
    common::shared,
};

const PARTIES: [&str; 3] = ["community", "Microsoft", "Meta"];
const MEDIATOR: &str = "mediator";
const AUTHOR: &str = "97d948cd5910";
const QUARTERS: [&str; 5] = ["2018-Q3", "2018-Q4", "2019-Q1", "2019-Q2", "2019-Q3"];

type Row = BTreeMap<String, String>;

#[test]
fn the_affiliation_of_an_author_is_disputed_decided_and_paid() {
    let Some(history) = shared("data/contributions/onnx-quickstart.csv") else { return };
    let rows = rows_of(&history);
    let disputed: Vec<&Row> = rows.iter().filter(|row| row["author"] == AUTHOR).collect();
    assert_eq!(disputed.len(), 36);
    assert!(disputed.iter().all(|row| row["party"] == "Meta" && row["basis"] == "linked-elsewhere"));
    let story = Story::agreed();
    for (number, quarter) in QUARTERS.iter().enumerate() {
        let of_quarter: Vec<&Row> = rows.iter().filter(|row| quarter_of(&row["landed"]) == *quarter).collect();
        story.quarter(quarter, &of_quarter);
        if number < 4 {
            story.world.good("community", &["settle", "--yes"]);
        }
    }
    let dispute = story.dispute(&disputed);
    story.what_is_certain_is_paid(&dispute);
    story.evidence_and_an_offer_that_is_not_taken(&dispute, &disputed);
    story.the_mediator_decides(&dispute, &disputed);
    story.the_difference_is_paid();
    story.anybody_audits_it();
}

/// The parties, each on a machine of its own, and their server.
struct Story {
    world: World,
    _server: Server,
}

impl Story {
    fn agreed() -> Self {
        let world = World::new();
        let server = Server::start(&world, "store", "log.example.org");
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/onnx.toml");
        let mut terms = fs::read_to_string(file).unwrap();
        for party in PARTIES {
            let key = settle_in(&world, party, &server.url);
            let head = format!("name = \"{party}\"\n");
            assert!(terms.contains(&head), "the example has changed: mend this test");
            terms = terms.replacen(&head, &format!("{head}keys = [\"{key}\"]\n"), 1);
        }
        let key = settle_in(&world, MEDIATOR, &server.url);
        terms = terms.replacen(
            "[legal_text]",
            &format!("[mediator]\ndisplay_name = \"A mediator both know\"\npublic_keys = [\"{key}\"]\n\n[windows]\nevidence_days = 21\n\n[legal_text]"),
            1,
        );
        world.write("agreement.toml", &terms);
        let proposed = world.json("community", &["propose", "agreement.toml", "--yes"]);
        let agreement = proposed["agreement"].as_str().unwrap();
        for party in &PARTIES[1..] {
            world.good(party, &["accept", agreement, "--yes"]);
        }
        world.good(MEDIATOR, &["consent", "--agreement", agreement, "--conflicts", "none", "--yes"]);
        assert_eq!(world.json("community", &["show"])["phase"], "IN_FORCE");
        Self { world, _server: server }
    }

    /// Everybody claims, another party attests, Meta reports what came in.
    fn quarter(&self, quarter: &str, rows: &[&Row]) {
        let name = format!("{quarter}.csv");
        self.write(&name, rows);
        for party in PARTIES {
            let columns =
                ["--column", "artifact=id", "--column", "time=landed", "--set", "unit=commit", "--set", "quantity=1"];
            self.world.good(party, &[&["contribute", "--from", &name, "--yes"][..], &columns].concat());
            let another = if party == "Meta" { "Microsoft" } else { "Meta" };
            self.world.good(another, &["attest", "--all-of", party, "--yes"]);
        }
        let evidence = ["--period", "2018-07-01", "--evidence", &name, "--note", quarter, "--yes"];
        self.world.good("Meta", &[&["benefit", "benefit", "100000.00 EUR"][..], &evidence].concat());
        self.world.good("community", &["confirm", "--all", "--yes"]);
    }

    fn dispute(&self, rows: &[&Row]) -> String {
        self.write("disputed.csv", rows);
        let reason = "this author wrote from an academic address and was nobody's employee";
        let args = [
            "dispute",
            "--from",
            "disputed.csv",
            "--column",
            "artifact=id",
            "--reassign",
            "community",
            "--reason",
            reason,
        ];
        let said = self.world.json("community", &[&args[..], &["--yes"]].concat());
        said["recorded"][0]["entry"].to_string()
    }

    fn what_is_certain_is_paid(&self, dispute: &str) {
        let file = self.world.json("Microsoft", &["disputes", dispute]);
        assert_eq!(file["state"], "OPEN");
        assert_eq!(file["sides"], serde_json::json!(["community", "Meta"]));
        assert_eq!(file["subjects"].as_array().unwrap().len(), 36);
        let euro = &file["currencies"][0];
        assert_eq!(
            (&euro["at_stake_minor"], &euro["held_for_all_doubts_minor"]),
            (&5_257_788.into(), &3_810_624.into())
        );
        // Whoever did it, Microsoft's share is the same.
        let lines = [
            ("community", 11_258_201, 16_515_988, 8_556_123, 2_702_078),
            ("Microsoft", 13_881_340, 13_881_340, 10_394_042, 3_487_298),
            ("Meta", 19_602_671, 24_860_458, 21_049_835, 0),
        ];
        for (line, (party, low, high, settled, payable)) in euro["parties"].as_array().unwrap().iter().zip(lines) {
            assert_eq!(line["party"], party);
            assert_eq!((floor(&line["at_least_minor"]), floor(&line["at_most_minor"])), (low, high), "{party}");
            assert_eq!(
                (&line["settled_minor"], &line["payable_now_minor"]),
                (&settled.into(), &payable.into()),
                "{party}"
            );
        }
        self.world.good("Microsoft", &["settle", "--yes"]);
        let account = &self.world.json("Meta", &["account"])["accounts"][0];
        assert_eq!(amounts(account, "due_minor"), [2_702_078, 3_487_298, 0]);
        assert_eq!(account["disputed_minor"], 3_810_624);
        assert_eq!(account["parties"][0]["at_most_minor"], file["currencies"][0]["parties"][0]["at_most_minor"]);
        let said = self.world.bad(12, "Meta", &["withdraw", &self.first_disputed(), "--yes"]);
        assert!(said.contains("DISPUTED"), "{said}");
    }

    fn first_disputed(&self) -> String {
        let file = self.world.json("community", &["disputes"]);
        let dispute = file["disputes"][0]["dispute"].as_str().unwrap().to_owned();
        self.world.json("community", &["disputes", &dispute])["subjects"][0]["index"].to_string()
    }

    fn evidence_and_an_offer_that_is_not_taken(&self, dispute: &str, rows: &[&Row]) {
        self.world.write("addresses.csv", "year,address\n2018,academic\n");
        self.world.good("community", &["evidence", dispute, "addresses.csv", "--note", "addresses by year", "--yes"]);
        let said = self.world.bad(12, "community", &["evidence", dispute, "addresses.csv", "--yes"]);
        assert!(said.contains("EVIDENCE_TWICE"), "{said}");
        self.world.write("payroll.txt", "employed since 2019-01-01\n");
        self.world.good("Meta", &["evidence", dispute, "payroll.txt", "--yes"]);
        let early: Vec<&Row> = rows.iter().copied().filter(|row| quarter_of(&row["landed"]) == "2018-Q3").collect();
        self.write("half.csv", &early);
        let offer = [
            "offer",
            dispute,
            "--from",
            "half.csv",
            "--column",
            "artifact=id",
            "--set",
            "remedy=reassign community",
            "--stand",
        ];
        self.world.good("Meta", &[&offer[..], &["--yes"]].concat());
        let said = self.world.bad(12, "Microsoft", &[&offer[..], &["--yes"]].concat());
        assert!(said.contains("NOT_A_SIDE"), "{said}");
        let file = self.world.json(MEDIATOR, &["disputes", dispute]);
        assert_eq!(file["state"], "EVIDENCE");
        let evidence = file["evidence"].as_array().unwrap();
        assert_eq!(evidence.len(), 2);
        let digest = counterfoil::digest::Digest::of(&[b"employed since 2019-01-01\n"]).to_string();
        assert_eq!((&evidence[1]["digest"], &evidence[1]["by"]), (&digest.into(), &"Meta".into()));
        assert_eq!(evidence[0]["media_type"], "text/csv");
        assert_eq!(file["offers"][0]["waits_for"], serde_json::json!(["community"]));
        assert_eq!(file["outcomes"].as_array().unwrap().len(), 3, "all stands, as sought, the offer");
    }

    fn the_mediator_decides(&self, dispute: &str, rows: &[&Row]) {
        // Without a remedy nothing is signed.
        let shown = self.world.good(MEDIATOR, &["rule", dispute]);
        for line in [
            "52577.88 EUR are at stake until it is decided; 38106.24 EUR are held for all that is in doubt",
            "Open to you: --stand, --reassign",
            "165159.88",
            "196026.71",
        ] {
            assert!(shown.contains(line), "`{line}` is not in\n{shown}");
        }
        let decided: Vec<&Row> = rows.iter().copied().filter(|row| row["landed"].as_str() < "2019").collect();
        assert_eq!(decided.len(), 32);
        self.write("decided.csv", &decided);
        self.world.write("reasons.md", "Until the end of 2018 nobody employed the author.\n");
        let ruling = |file: &str| {
            [
                "rule",
                dispute,
                "--from",
                file,
                "--column",
                "artifact=id",
                "--set",
                "remedy=reassign community",
                "--stand",
            ]
            .map(str::to_owned)
        };
        let ruling = ruling("decided.csv");
        let ruling: Vec<&str> = ruling.iter().map(String::as_str).collect();
        let said = self.world.bad(2, MEDIATOR, &[&ruling[..], &["--yes"]].concat());
        assert!(said.contains("--reasons FILE"), "{said}");
        let said = self.world.bad(12, "Meta", &[&ruling[..], &["--reasons", "reasons.md", "--yes"]].concat());
        assert!(said.contains("this is the key of Meta, a party"), "{said}");
        let outside = ["rule", dispute, "--reassign", "Microsoft", "--reasons", "reasons.md", "--yes"];
        let said = self.world.bad(12, MEDIATOR, &outside);
        assert!(said.contains("OUTSIDE_POSITIONS"), "{said}");
        let run = self.world.run(MEDIATOR, &[&ruling[..], &["--reasons", "reasons.md", "--yes"]].concat());
        assert_eq!(run.code, 0, "{}", run.err);
        // He has seen the effect before he signed it.
        for number in ["this ruling", "163059.14", "50477.13", "198127.46", "-12370.89"] {
            assert!(run.err.contains(number), "{number} is not in\n{}", run.err);
        }
        let file = self.world.json("Meta", &["disputes", dispute]);
        assert_eq!(file["state"], "RULED");
        let of_community = |outcome: &&Value| outcome["remedy"] == "reassign" && outcome["party"] == "community";
        assert_eq!(file["decided"].as_array().unwrap().iter().filter(of_community).count(), 32);
        let said = self.world.bad(2, "community", &["evidence", dispute, "reasons.md", "--yes"]);
        assert!(said.contains("is over") && said.contains("hint"), "{said}");
    }

    fn the_difference_is_paid(&self) {
        let due = self.world.json("community", &["split"]);
        self.world.good("community", &["settle", "--yes"]);
        let account = self.world.json("Meta", &["account"]);
        assert_eq!((&account["accounts"], &account["dimensions"]), (&due["accounts"], &due["dimensions"]));
        let euro = &account["accounts"][0];
        assert_eq!(amounts(euro, "allocation_minor"), [16_305_914, 13_881_340, 19_812_746]);
        assert_eq!(amounts(euro, "due_minor"), [5_047_713, 0, -1_237_089]);
        assert_eq!(euro["disputed_minor"], 0);
        let corrected = self.world.json("community", &["contributions", "--state", "corrected"]);
        assert_eq!(corrected["contributions"].as_array().unwrap().len(), 36);
        let log = self.world.good("community", &["log"]);
        for says in [
            "disputes 36 entries, ",
            "gives evidence of text/csv in the dispute of entry",
            "mediator",
            ", count for community; ",
        ] {
            assert!(log.contains(says), "`{says}` is not in\n{log}");
        }
    }

    fn anybody_audits_it(&self) {
        self.world.good("community", &["export", "--out", "ours.counterfoil"]);
        assert_eq!(self.world.json("stranger", &["audit", "ours.counterfoil"])["sound"], true);
        let listed = self.world.json("stranger", &["disputes", "ours.counterfoil"]);
        assert_eq!(listed["disputes"][0]["state"], "RULED");
    }

    fn write(&self, name: &str, rows: &[&Row]) {
        let mut text = "id,landed,party,author\n".to_owned();
        for row in rows {
            text += &format!("{},{},{},{}\n", row["id"], row["landed"], row["party"], row["author"]);
        }
        self.world.write(name, &text);
    }
}

fn rows_of(history: &Path) -> Vec<Row> {
    let mut reader = csv::Reader::from_path(history).unwrap();
    let rows = reader.deserialize::<Row>().map(Result::unwrap);
    rows.filter(|row| PARTIES.contains(&row["party"].as_str())).collect()
}

fn quarter_of(landed: &str) -> String {
    let month: u32 = landed[5..7].parse().unwrap();
    format!("{}-Q{}", &landed[..4], month.div_ceil(3))
}

fn amounts(account: &Value, name: &str) -> Vec<i64> {
    account["parties"].as_array().unwrap().iter().map(|party| party[name].as_i64().unwrap()).collect()
}

/// The whole minor units of an exact number.
fn floor(exact: &Value) -> i128 {
    let text = exact.as_str().unwrap();
    let (numerator, denominator) = text.split_once('/').unwrap_or((text, "1"));
    numerator.parse::<i128>().unwrap() / denominator.parse::<i128>().unwrap()
}
