//! The split of 1,000 parties in three dimensions, beside the same computation with every step a reduced fraction.
//!
//! `cargo bench --bench split`. Medians; both sides are computed from the same numbers, and must agree on every share
//! and every unit.

use std::{
    error::Error,
    fmt::Write as _,
    hint::black_box,
    io::Write as _,
    time::{Duration, Instant},
};

use counterfoil::split::{
    DimensionInput, ENTITLEMENT_DENOMINATOR_BITS_MAX, Entitlements, Exact, Fractions, Instalment, Ratio, SplitError,
    exact_text, shares,
};

const PARTIES: usize = 1_000;
const RUNS: usize = 31;
const POOL: i64 = 12_345_678_901;
const SEED: u64 = 20_261_123;

fn main() -> Result<(), Box<dyn Error>> {
    let mut table = format!("split of {PARTIES} parties in 3 dimensions, medians of {RUNS} runs, seed {SEED}\n\n");
    writeln!(table, "{:<28}{:>12}{:>12}{:>12}", "milliseconds", "10 bits", "40 bits", "63 bits")?;
    let inputs: Vec<Input> = [10, 40, 63].into_iter().map(Input::of_bits).collect::<Result<_, _>>()?;
    let mut line = |name: &str, times: &[Duration]| -> Result<(), std::fmt::Error> {
        write!(table, "{name:<28}")?;
        times.iter().try_for_each(|time| write!(table, "{:>12.2}", milliseconds(*time)))?;
        writeln!(table)
    };
    let mut sides = Vec::new();
    for input in &inputs {
        assert_same(input)?;
        let ours = median(|| input.split().and_then(|shares| allocate(&shares)));
        let shares = input.split()?;
        let rounding = median(|| allocate(&shares));
        let shown = median(|| shares.iter().collect::<Vec<_>>());
        let reduced = median(|| reduced_at_each_step(input));
        sides.push(([ours, rounding, shown, reduced], shares.denominator_bits()));
    }
    let column = |row: usize| sides.iter().map(|(times, _)| times[row]).collect::<Vec<_>>();
    line("shares, entitlements, units", &column(0))?;
    line("  of it after the shares", &column(1))?;
    line("baseline: reduced each step", &column(3))?;
    line("every share in lowest terms", &column(2))?;
    write!(table, "{:<28}", "bits of their denominator")?;
    sides.iter().try_for_each(|(_, bits)| write!(table, "{bits:>12}"))?;
    writeln!(table)?;
    write!(table, "{:<28}", "baseline / ours")?;
    sides
        .iter()
        .try_for_each(|(times, _)| write!(table, "{:>12.1}", milliseconds(times[3]) / milliseconds(times[0])))?;
    writeln!(table, "\n")?;
    at_the_limit(&mut table)?;
    std::io::stdout().write_all(table.as_bytes())?;
    Ok(())
}

/// What the dearest answer costs that is still given: entitlements nearly as fine as they may become.
fn at_the_limit(table: &mut String) -> Result<(), Box<dyn Error>> {
    let mut numbers = Numbers(SEED);
    let mut entitlements = Entitlements::new(PARTIES);
    let (mut instalments, mut adding) = (Vec::new(), Duration::ZERO);
    loop {
        let shares = finest(&mut numbers);
        let started = Instant::now();
        match entitlements.add(&shares, POOL) {
            Ok(()) => adding += started.elapsed(),
            Err(SplitError::EntitlementTooFine { .. }) => break,
            Err(error) => return Err(error.into()),
        }
        instalments.push(Instalment { shares, gross: vec![u64::try_from(POOL)?] });
    }
    let started = Instant::now();
    let anew = Entitlements::from_instalments(PARTIES, &[Ratio::ONE], &instalments)?;
    let rebuilding = started.elapsed();
    assert_eq!(anew, entitlements);
    let (settlements, first) = (instalments.len(), instalments[0].shares.clone());
    let again = median_of(5, || entitlements.add(&first, -1));
    let rounded = median_of(5, || entitlements.largest_remainder());
    let shown = median_of(5, || entitlements.exact(0).map(|exact| exact_text(&exact).len()));
    writeln!(
        table,
        "entitlements of {} bits (limit {ENTITLEMENT_DENOMINATOR_BITS_MAX}) after {settlements} settlements",
        entitlements.denominator_bits()
    )?;
    writeln!(
        table,
        "  one by one {:.0} ms, all anew {:.0} ms, the same shares again {:.1} ms, units {:.1} ms, one as text {:.1} ms",
        milliseconds(adding),
        milliseconds(rebuilding),
        milliseconds(again),
        milliseconds(rounded),
        milliseconds(shown)
    )?;
    Ok(())
}

struct Input {
    points: [Vec<Exact>; 3],
    coefficients: Vec<Ratio>,
    defaults: Vec<Ratio>,
    weights: [Ratio; 3],
    masses: [Ratio; 3],
    kappa: Vec<Ratio>,
}

impl Input {
    /// Points of so many bits in halves, quarters and tenths; the third dimension has not reached its floor mass.
    fn of_bits(bits: u32) -> Result<Self, Box<dyn Error>> {
        let mut numbers = Numbers(SEED + u64::from(bits));
        let mut points = || -> Result<Vec<Exact>, Box<dyn Error>> {
            (0..PARTIES)
                .map(|party| Ok(Ratio::reduced(numbers.of_bits(bits), [1, 2, 4, 10][party % 4])?.exact()))
                .collect()
        };
        let points = [points()?, points()?, points()?];
        let parties = u64::try_from(PARTIES)?;
        let coefficients =
            (0..parties).map(|party| Ratio::reduced(party % 7 + 1, party % 5 + 1)).collect::<Result<_, _>>()?;
        Ok(Self {
            points,
            coefficients,
            defaults: vec![Ratio::new(1, parties)?; PARTIES],
            weights: [Ratio::new(1, 2)?, Ratio::new(1, 3)?, Ratio::new(1, 6)?],
            masses: [Ratio::ZERO, Ratio::new(100, 1)?, Ratio::new(u64::MAX, 1)?],
            kappa: vec![Ratio::ONE; PARTIES],
        })
    }

    fn dimensions(&self) -> Vec<DimensionInput<'_>> {
        (0..3)
            .map(|dimension| DimensionInput {
                weight: self.weights[dimension],
                floor_mass: self.masses[dimension],
                default_shares: &self.defaults,
                coefficients: &self.coefficients,
                points: &self.points[dimension],
            })
            .collect()
    }

    fn split(&self) -> Result<Fractions, SplitError> {
        shares(&self.dimensions(), &self.kappa).map(|shares| shares.shares)
    }
}

fn allocate(shares: &Fractions) -> Result<Vec<i64>, SplitError> {
    let mut entitlements = Entitlements::new(shares.len());
    entitlements.add(shares, POOL)?;
    entitlements.largest_remainder()
}

/// The formula with a fraction in lowest terms after every step.
fn reduced_at_each_step(input: &Input) -> (Vec<Exact>, Vec<i64>) {
    let mut shares = vec![Exact::ZERO; PARTIES];
    for dimension in input.dimensions() {
        let weighted: Vec<Exact> =
            dimension.coefficients.iter().zip(dimension.points).map(|(a, x)| a.exact() * x).collect();
        let total = weighted.iter().fold(Exact::ZERO, |sum, y| sum + y);
        let (mass, weight) = (dimension.floor_mass.exact(), dimension.weight.exact());
        for ((sum, y), default) in shares.iter_mut().zip(&weighted).zip(dimension.default_shares) {
            let share = if total >= mass { y / &total } else { (y + (&mass - &total) * default.exact()) / &mass };
            *sum += &weight * share;
        }
    }
    let score = shares.iter().zip(&input.kappa).map(|(share, kappa)| share * kappa.exact());
    let scored: Vec<Exact> = score.collect();
    let total = scored.iter().fold(Exact::ZERO, |sum, score| sum + score);
    let shares: Vec<Exact> = scored.into_iter().map(|score| score / &total).collect();
    let entitlements: Vec<Exact> = shares.iter().map(|share| share * Exact::from(POOL)).collect();
    let wholes: Vec<i64> = entitlements.iter().map(|exact| i64::try_from(exact.floor()).unwrap_or(i64::MIN)).collect();
    let left = POOL - wholes.iter().sum::<i64>();
    let mut order: Vec<(usize, Exact)> =
        entitlements.iter().zip(&wholes).map(|(exact, whole)| exact - Exact::from(*whole)).enumerate().collect();
    order.sort_by(|a, b| b.1.cmp(&a.1));
    let mut units = wholes;
    for (party, _) in order.into_iter().take(usize::try_from(left).unwrap_or(0)) {
        units[party] += 1;
    }
    (shares, units)
}

fn assert_same(input: &Input) -> Result<(), SplitError> {
    let (shares, units) = reduced_at_each_step(input);
    let ours = input.split()?;
    assert_eq!(ours.iter().collect::<Vec<_>>(), shares);
    assert_eq!(allocate(&ours)?, units);
    Ok(())
}

/// Shares over a denominator of about 2,000 bits: finer than three dimensions within the limits make them.
fn finest(numbers: &mut Numbers) -> Fractions {
    let mut parts: Vec<Exact> = (1..PARTIES).map(|_| Exact::from(numbers.of_bits(50))).collect();
    let denominator = (0..32).fold(Exact::ONE, |product, _| product * Exact::from(numbers.of_bits(63) | 1));
    parts.iter_mut().for_each(|part| *part /= &denominator);
    let rest = parts.iter().fold(Exact::ONE, |rest, part| rest - part);
    parts.push(rest);
    Fractions::of(&parts)
}

/// splitmix64: the same numbers in every run.
struct Numbers(u64);

impl Numbers {
    fn of_bits(&mut self, bits: u32) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) >> (64 - bits)
    }
}

fn median<T>(work: impl FnMut() -> T) -> Duration {
    median_of(RUNS, work)
}

fn median_of<T>(runs: usize, mut work: impl FnMut() -> T) -> Duration {
    let mut times: Vec<Duration> = (0..runs)
        .map(|_| {
            let started = Instant::now();
            black_box(work());
            started.elapsed()
        })
        .collect();
    times.sort();
    times[runs / 2]
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}
