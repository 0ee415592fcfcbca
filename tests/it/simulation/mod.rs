//! Deterministic simulation: the real sequencer on the real log, and everything else by one seed. Whatever happens, what anybody
//! was told stays true.
//!
//! `COUNTERFOIL_SEED` says where to begin, `COUNTERFOIL_SIMULATIONS` how many seeds from there on; one prints what happens.

mod cast;
mod client;
mod disk;
mod finish;
mod observed;
mod record;
mod world;

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use counterfoil::digest::Digest;

use crate::simulation::{
    record::{Check, Told, Violation},
    world::{Flaw, World},
};

/// What came of a simulation.
struct Run {
    violation: Option<Violation>,
    trace: Digest,
    roots: Vec<Digest>,
    told: Told,
    signed_anew: u64,
}

fn simulate(seed: u64, steps: usize, flaw: Option<Flaw>, verbose: bool) -> Run {
    let mut world = World::new(seed, steps, flaw, verbose);
    world.run();
    let record = world.record();
    let roots = record.ledgers.values().filter_map(|kept| kept.roots.last().copied()).collect();
    let violation = record.violation.clone();
    Run { violation, trace: record.trace, roots, told: record.told, signed_anew: record.signed_anew }
}

fn given(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| value.parse().unwrap())
}

fn first_seed() -> u64 {
    let mut fresh = [0; 8];
    getrandom::fill(&mut fresh).unwrap();
    given("COUNTERFOIL_SEED").unwrap_or_else(|| u64::from_be_bytes(fresh) >> 1)
}

const STEPS: usize = 200;

/// As many as there is time for in a test among others.
const SHORT: Duration = Duration::from_secs(8);

#[test]
fn whatever_happens_what_anybody_was_told_stays_true() {
    let (first, wanted) = (first_seed(), given("COUNTERFOIL_SIMULATIONS"));
    eprintln!("simulation: COUNTERFOIL_SEED={first}");
    let (began, mut count, mut all, mut signed_anew) = (Instant::now(), 0, Told::default(), 0);
    while wanted.map_or_else(|| began.elapsed() < SHORT, |wanted| count < wanted) {
        let seed = first.wrapping_add(count);
        let run = simulate(seed, STEPS, None, wanted == Some(1));
        if let Some(Violation { check, says }) = run.violation {
            panic!("COUNTERFOIL_SEED={seed} COUNTERFOIL_SIMULATIONS=1: {check:?}: {says}");
        }
        all.add(&run.told);
        signed_anew += run.signed_anew;
        count += 1;
    }
    eprintln!("{count} simulations in {:?}: {all:?}, signed anew {signed_anew}", began.elapsed());
    // Else they would prove little.
    if count >= 50 {
        let Told { receipts, again, refusals, validated, read, commits, failed, crashes, stops, found_again, .. } = all;
        let Told { damages, kept, restored, recalled, .. } = all;
        for seen in [receipts, again, refusals, validated, read, commits, failed, crashes, stops, found_again, damages]
        {
            assert!(seen > 0, "{all:?}");
        }
        for seen in [kept, restored, recalled] {
            assert!(seen > 0, "{all:?}");
        }
    }
}

#[test]
fn the_same_seed_makes_the_same_world() {
    let first = first_seed();
    for seed in first..first + 12 {
        let (once, twice) = (simulate(seed, STEPS, None, false), simulate(seed, STEPS, None, false));
        assert_eq!((once.trace, once.roots), (twice.trace, twice.roots), "COUNTERFOIL_SEED={seed}");
    }
    let (one, other) = (simulate(first, STEPS, None, false), simulate(first + 1, STEPS, None, false));
    assert_ne!(one.trace, other.trace);
}

/// Returns which check caught a flaw how often, in so many seeds.
fn caught(flaw: Flaw, seeds: u64) -> BTreeMap<Check, u64> {
    let mut caught = BTreeMap::new();
    for seed in 0..seeds {
        if let Some(Violation { check, .. }) = simulate(seed, STEPS, Some(flaw), false).violation {
            *caught.entry(check).or_default() += 1;
        }
    }
    eprintln!("{flaw:?} is caught in {} of {seeds} seeds: {caught:?}", caught.values().sum::<u64>());
    caught
}

/// Of few seeds, most show it: so of some hundred, one does.
const SEEDS: u64 = 12;

#[test]
fn a_disk_that_lies_about_its_syncs_is_caught() {
    let caught = caught(Flaw::SyncsLie, SEEDS);
    assert!(caught.values().sum::<u64>() >= SEEDS / 2);
    assert!(caught.keys().all(|check| [Check::Kept, Check::Opens].contains(check)), "{caught:?}");
}

#[test]
fn a_store_that_acknowledges_before_it_has_synced_is_caught() {
    let caught = caught(Flaw::SyncsLate, SEEDS);
    assert!(caught.values().sum::<u64>() >= SEEDS / 4);
    assert!(caught.keys().all(|check| [Check::Kept, Check::Opens].contains(check)), "{caught:?}");
}

#[test]
fn a_store_that_lets_one_size_be_signed_twice_is_caught() {
    let caught = caught(Flaw::SignsTwice, SEEDS);
    assert!(caught.values().sum::<u64>() >= SEEDS / 2);
    assert!(caught.contains_key(&Check::OneRoot), "{caught:?}");
}
