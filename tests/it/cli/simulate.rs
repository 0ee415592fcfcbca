//! Terms tried out on a history: the same files, the same law, no server and no key.

use super::machine::World;

/// The program's own example, and a history that is the second of its worked examples.
fn world() -> World {
    let world = World::new();
    let example = world.good("anybody", &["propose", "--example"]);
    world.write("agreement.toml", &example);
    let half = example.replace("floor_mass = 400", "floor_mass = 200").replace("\"12.80\"", "\"11.60\"");
    world.write("half.toml", &half.replace("\"7.20\"", "\"8.40\""));
    world.write(
        "work.csv",
        "party,unit,quantity,time\ncommunity,commit,60,2026-01-15\nenterprise,commit,100,2026-02-15\n\
         community,commit,40,2026-03-31T23:59:59Z\nstranger,commit,7,2026-03-01\n",
    );
    world
}

const WORK: [&str; 3] = ["agreement.toml", "--contributions", "work.csv"];

#[test]
fn a_worked_example_comes_out_of_a_history_too() {
    let world = world();
    let args = [&["simulate"], &WORK[..], &["--benefit-per-period", "support-sales=100.00EUR"]].concat();
    let told = world.json("anybody", &args);
    let simulation = &told["simulations"][0];
    assert_eq!(simulation["periods"].as_array().unwrap().len(), 1);
    let parties = &simulation["periods"][0]["parties"];
    assert_eq!((&parties[0]["share"], &parties[0]["due_minor"]["EUR"]), (&"16/25".into(), &1_280.into()));
    assert_eq!((&parties[1]["share"], &parties[1]["due_minor"]["EUR"]), (&"9/25".into(), &720.into()));
    assert_eq!(simulation["left_out"]["by_party"]["stranger"], 1);
    let text = world.good("anybody", &args);
    for line in ["2026-Q1  community         2  64.00 %    12.80", "T = a1*C1 + a2*C2 = 1*100 + 1*100 = 200 points"] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
}

#[test]
fn formulas_stand_side_by_side_with_their_differences() {
    let world = world();
    let both = ["simulate", "agreement.toml", "half.toml", "--contributions", "work.csv"];
    let text = world.good("anybody", &[&both[..], &["--benefit-per-period", "support-sales=100.00"]].concat());
    for line in
        ["B  half.toml", "12.80          2  58.00 %      11.60  -1.20", "7.20          1  42.00 %       8.40  +1.20"]
    {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
}

#[test]
fn benefits_come_from_a_file_at_their_own_time_and_every_period_is_settled() {
    let world = world();
    world.write("sales.csv", "source,gross,booked\nsupport-sales,50.00EUR,2026-01-02\nsponsoring,1.05,2026-06-30\n");
    let columns =
        ["--benefit-column", "stream=source", "--benefit-column", "amount=gross", "--benefit-column", "time=booked"];
    let args = [&["simulate"], &WORK[..], &["--benefits", "sales.csv", "--period", "month"], &columns].concat();
    let told = world.json("anybody", &args);
    let simulation = &told["simulations"][0];
    let periods = simulation["periods"].as_array().unwrap();
    let names: Vec<&str> = periods.iter().map(|period| period["period"].as_str().unwrap()).collect();
    assert_eq!(names, ["2026-01", "2026-02", "2026-03", "2026-06"]);
    // 10.00 EUR under the shares of January, then a tenth of 1.05 EUR, cut to 10 cents, under those of June.
    let due = |period: usize, party: usize| periods[period]["parties"][party]["due_minor"]["EUR"].as_i64().unwrap();
    assert_eq!([due(0, 0), due(0, 1), due(1, 0), due(3, 0), due(3, 1)], [727, 273, 0, 6, 4]);
    let account = &simulation["account"]["accounts"][0];
    assert_eq!((&account["pool_minor"], &account["parties"][0]["allocation_minor"]), (&1_010.into(), &733.into()));
    assert_eq!(simulation["in_all"][0]["due_minor"]["EUR"], 733);
}

#[test]
fn a_history_is_settled_as_the_calendar_of_the_terms_says() {
    let world = world();
    let terms = std::fs::read_to_string(world.path("agreement.toml")).unwrap();
    world.write("agreement.toml", &terms.replacen("title = ", "calendar = \"month\"\ntitle = ", 1));
    let args = [&["simulate"], &WORK[..], &["--benefit-per-period", "support-sales=100.00EUR"]].concat();
    let run = world.run("anybody", &args);
    assert!(run.out.contains("settled every month") && run.out.contains("2026-02"), "{}", run.out);
    assert!(!run.err.contains("warning"), "{}", run.err);
    let run = world.run("anybody", &[&args[..], &["--period", "quarter"]].concat());
    assert!(run.err.contains("these terms are settled every month, not every quarter"), "{}", run.err);
    world.write("empty.csv", "party,unit,quantity,time\n");
    let said = world.bad(2, "anybody", &["simulate", "agreement.toml", "--contributions", "empty.csv"]);
    assert!(said.contains("hint: the file has no row at all"), "{said}");
}

#[test]
fn quality_counts_and_what_others_claimed_is_left_out() {
    let world = world();
    let id = "72a358d1a585f32f186f7b585e9b9ce31827364b";
    world.write(
        "work.csv",
        &format!(
            "party,unit,quantity,time,artifact,quality\ncommunity,commit,100,2026-01-15,{id},1/2\n\
             enterprise,commit,100,2026-02-15,{id},1\nenterprise,commit,30,2026-02-16,,\n"
        ),
    );
    let told = world.json("anybody", &[&["simulate"], &WORK[..]].concat());
    let simulation = &told["simulations"][0];
    assert_eq!(simulation["overclaimed"], 1);
    let parties = &simulation["account"]["dimensions"][0]["parties"];
    assert_eq!((&parties[0]["points"], &parties[1]["points"]), (&"50".into(), &"30".into()));
    let run = world.run("anybody", &[&["simulate"], &WORK[..]].concat());
    assert!(run.err.contains("1 rows left out that claim an artifact others claim already"), "{}", run.err);
    assert!(run.err.contains("nothing is due: add --benefits"), "{}", run.err);
}

#[test]
fn mistakes_name_their_file_and_line() {
    let world = world();
    let said = |code, args: &[&str]| world.bad(code, "anybody", &[&["simulate"], args].concat());
    let none = said(2, &["missing.toml", "--contributions", "work.csv"]);
    assert!(none.contains("cannot read missing.toml"), "{none}");
    let several = said(2, &[&WORK[..], &["--benefit-per-period", "100.00"]].concat());
    assert!(several.contains("the streams are sponsoring, support-sales"), "{several}");
    world.write("bad.csv", "party,unit,quantity,time\ncommunity,comit,1,2026-01-15\n");
    let unit = said(2, &["agreement.toml", "--contributions", "bad.csv"]);
    assert!(
        unit.contains("agreement.toml: bad.csv:2: unit: `comit` is no unit of this agreement; `commit`?"),
        "{unit}"
    );
    world.write("sales.csv", "stream,amount\nsupport-sales,1\n");
    let time = said(2, &[&WORK[..], &["--benefits", "sales.csv"]].concat());
    assert!(
        time.contains("sales.csv:1: there is no column `time`") && time.contains("--benefit-column time="),
        "{time}"
    );
    let example = world.good("anybody", &["propose", "--example"]);
    world.write("agreement.toml", &example.replace("\"7.20\"", "\"7.21\""));
    let refused = said(12, &WORK);
    assert!(refused.contains("EXAMPLE_MISMATCH") && refused.contains("these terms give 12.80, 7.20"), "{refused}");
}
