//! Bytes that nobody thought of: every target over its seeds, and over thousands of changes to them. `fuzz/` runs the same targets
//! for as long as one likes.

mod changes;
mod seeds;
pub(crate) mod targets;

use std::{
    env, fs,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    path::Path,
};

use crate::{
    common::Chance,
    fuzz::{
        changes::change,
        targets::{Run, TARGETS},
    },
};

/// Runs a target, and says with which bytes it failed.
fn run(name: &str, target: Run, bytes: &[u8]) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| target(bytes))) {
        eprintln!("the target {name} fails with {}", hex::encode(bytes));
        resume_unwind(panic);
    }
}

#[test]
fn no_seed_and_no_change_to_one_breaks_what_must_always_hold() {
    let mut chance = Chance::new("fuzz");
    for (name, target) in TARGETS {
        let seeds = seeds::of(name);
        assert!(!seeds.is_empty(), "{name} has seeds");
        seeds.iter().for_each(|seed| run(name, target, seed));
        for _ in 0..changes_of(name) {
            let mut bytes = seeds[chance.below(seeds.len())].clone();
            for _ in 0..=chance.below(4) {
                let other = &seeds[chance.below(seeds.len())];
                change(&mut bytes, other, &mut chance);
            }
            run(name, target, &bytes);
        }
    }
}

/// As many as take a fraction of a second.
fn changes_of(name: &str) -> usize {
    match name {
        "law" => 24,
        "bundle" | "request" | "terms" => 150,
        "log" | "csv" => 300,
        _ => 2_000,
    }
}

#[test]
fn every_target_has_its_fuzzer() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
    for (name, _) in TARGETS {
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name} is not in fuzz/Cargo.toml");
        let source = fs::read_to_string(folder.join(format!("fuzz_targets/{name}.rs"))).unwrap();
        assert!(source.contains(&format!("\"{name}\"")), "fuzz_targets/{name}.rs runs another target");
    }
}

/// For the fuzzers: writes every seed to a file of its own, in a folder for each target.
#[test]
fn seeds_are_written_where_the_fuzzers_look_for_them() {
    let Some(folder) = env::var_os("COUNTERFOIL_FUZZ_SEEDS") else { return };
    for (name, _) in TARGETS {
        let folder = Path::new(&folder).join(name);
        fs::create_dir_all(&folder).unwrap();
        for (number, seed) in seeds::of(name).iter().enumerate() {
            fs::write(folder.join(format!("seed-{number}")), seed).unwrap();
        }
    }
}
