//! The agreements to start from: each is tried on a history by the program, and lives from what it needs to its close, over the fold; its
//! bundle is audited in the end.

mod life;

use std::path::{Path, PathBuf};

use life::{Life, Work};

use crate::cli::machine::World;

/// Each with the unit and stream that a history of it is about.
const STARTS: [(&str, &str, &str, &str); 3] = [
    ("start-pair.toml", "community", "commit", "support"),
    ("start-foundation.toml", "aurora", "commit", "membership"),
    ("start-model.toml", "lab", "evaluation", "access"),
];

fn path(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(file)
}

#[test]
fn every_agreement_to_start_from_is_tried_on_a_history() {
    let world = World::new();
    for (file, party, unit, stream) in STARTS {
        world.write(
            "history.csv",
            &format!("party,unit,quantity,time\n{party},{unit},4,2026-01-15\n{party},{unit},2,2026-05-15\n"),
        );
        let benefit = format!("{stream}=1000.00EUR");
        let terms = path(file);
        let args =
            ["simulate", terms.to_str().unwrap(), "--contributions", "history.csv", "--benefit-per-period", &benefit];
        let told = world.json("anybody", &args);
        let which = file.trim_start_matches("start-").trim_end_matches(".toml");
        let printed = world.good("anybody", &["propose", &format!("--example={which}")]);
        assert_eq!(printed, std::fs::read_to_string(&terms).unwrap());
        let periods = told["simulations"][0]["periods"].as_array().unwrap();
        assert!(periods.len() >= 2, "{file}: {periods:?}");
        assert!(periods.iter().all(|period| period["parties"].as_array().unwrap().len() >= 2));
    }
}

#[test]
fn a_pair_lives_from_its_needs_to_its_close() {
    let mut life = Life::begin(&path("start-pair.toml"));
    life.needs_and_plan();
    let work: [Work; 3] =
        [("community", "commit", 90), ("enterprise", "review-hour", 10), ("enterprise", "commit", 15)];
    life.works(&work);
    life.earns("support", 5_000_000);
    life.period_is_over();
    life.all_close_and_settle();
    // 90 and 30 of 120 points: the shares of the second worked example.
    assert_eq!(life.allocations(), [750_000, 250_000]);
    assert!(life.agreement.is_win_win(), "{:?}", life.agreement.gains());
    life.all_agree_and_pay();
    life.ends();
}

#[test]
fn a_foundation_lives_by_two_of_three_keys() {
    let mut life = Life::begin(&path("start-foundation.toml"));
    life.needs_and_plan();
    let work: [Work; 4] = [
        ("aurora", "commit", 300),
        ("borealis", "review-hour", 40),
        ("cumulus", "dataset", 2),
        ("foundation", "maintenance-month", 2),
    ];
    life.works(&work);
    life.earns("membership", 10_000_000);
    life.earns("aurora-sales", 100_000_000);
    life.period_is_over();
    life.all_close_and_settle();
    let figures = &life.agreement.last_account().unwrap().figures[0];
    // 100000 are pooled: a twentieth is the fee, a tenth of the rest is held back.
    assert_eq!((figures.fees.clone(), figures.held_back), (vec![500_000], 950_000));
    assert_eq!(life.allocations().iter().sum::<i64>(), 8_550_000);
    let missing: Vec<usize> = life.missing();
    assert_eq!(missing, [2, 3], "what Borealis and Cumulus sold, nobody has reported");
    life.all_agree_and_pay();
    life.ends();
}

#[test]
fn a_model_pays_its_compute_first() {
    let mut life = Life::begin(&path("start-model.toml"));
    life.needs_and_plan();
    let work: [Work; 4] =
        [("lab", "training-run", 6), ("archive", "dataset", 4), ("grid", "gpu-hour", 2_000), ("lab", "evaluation", 10)];
    life.works(&work);
    life.spends("grid", "compute", 120_000);
    life.earns("access", 1_000_000);
    life.period_is_over();
    life.brought_nothing("licences");
    life.all_close_and_settle();
    let figures = &life.agreement.last_account().unwrap().figures[0];
    assert_eq!(figures.held_back, 20_000, "a twentieth of the 4000 that are pooled");
    let back = figures.recouped.get(2).unwrap();
    assert_eq!(
        back,
        counterfoil::split::Exact::from(120_000),
        "less than half of the rest: all of it comes back at once"
    );
    assert!(life.missing().is_empty());
    assert!(life.agreement.is_win_win(), "{:?}", life.agreement.gains());
    life.all_agree_and_pay();
    life.ends();
}
