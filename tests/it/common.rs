//! What more than one area of tests needs.

use std::path::{Path, PathBuf};

use proptest::{prelude::ProptestConfig, test_runner::RngSeed};

/// Returns the file or folder `path` of the material beside the project; none, and says so, where there is none.
///
/// # Panics
///
/// If the material is there but `path` is not in it: a test must not pass because a file was moved.
pub fn shared(path: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    if !root.is_dir() {
        eprintln!("skipped: ../shared is absent");
        return None;
    }
    let found = root.join(path);
    assert!(found.exists(), "../shared is there, but {path} is not in it");
    Some(found)
}

/// How random cases are tried: so many, and the same ones each time, so that whoever changes something is told of what they changed
/// and not of what nobody had met before. With `COUNTERFOIL_TIMES` so many times as many, and others each time: that is how what
/// nobody has met yet is looked for.
pub fn cases(cases: u32) -> ProptestConfig {
    let times = std::env::var("COUNTERFOIL_TIMES").ok().map(|times| times.parse::<u32>().unwrap());
    let rng_seed = if times.is_some() { RngSeed::Random } else { RngSeed::Fixed(7) };
    ProptestConfig { cases: times.unwrap_or(1) * cases, rng_seed, ..ProptestConfig::default() }
}

/// A reproducible sequence of numbers (splitmix64), whose seed is printed. Set `COUNTERFOIL_SEED` to repeat it.
pub struct Chance(u64);

impl Chance {
    /// Begins a sequence for the test `of`.
    pub fn new(of: &str) -> Self {
        let mut fresh = [0; 8];
        getrandom::fill(&mut fresh).unwrap();
        let given = std::env::var("COUNTERFOIL_SEED").ok().map(|seed| seed.parse().unwrap());
        let seed = given.unwrap_or_else(|| u64::from_be_bytes(fresh));
        eprintln!("{of}: COUNTERFOIL_SEED={seed}");
        Self(seed)
    }

    /// Begins the sequence of a seed, which whoever gives it prints.
    pub const fn from_seed(seed: u64) -> Self {
        Self(seed)
    }

    /// Returns the next number.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(end).unwrap()).unwrap()
    }
}
