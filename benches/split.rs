//! The split of 1,000 parties in three dimensions, beside the same computation with every step a reduced fraction; then
//! the money of 100 instalments down the waterfall, and the intervals of a dispute among all parties, beside the same by
//! the book.
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
    Bounds, DimensionInput, Disputed, ENTITLEMENT_DENOMINATOR_BITS_MAX, End, Entitlements, Exact, Fee, Fractions,
    Guarantee, Inflow, Instalment, Intervals, Ratio, RoundingRule, ShareIntervals, SplitError, Step, Tiers, Waterfall,
    exact_text, scenarios, share_intervals, shares,
};

const PARTIES: usize = 1_000;
const INSTALMENTS: usize = 100;
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
    let money = Money::new()?;
    waterfall(&mut table, &money)?;
    intervals(&mut table, &money)?;
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

/// Instalments, each with its own points.
struct Money {
    inputs: Vec<Input>,
    shares: Vec<Fractions>,
    /// By instalment and party.
    costs: Vec<Vec<u64>>,
}

impl Money {
    /// New costs of every tenth party at every tenth instalment.
    fn new() -> Result<Self, Box<dyn Error>> {
        let inputs: Vec<Input> =
            (0..INSTALMENTS).map(|at| Input::of(24, SEED ^ u64::try_from(at)?)).collect::<Result<_, _>>()?;
        let shares = inputs.iter().map(Input::split).collect::<Result<_, _>>()?;
        let cost = |at: usize, party: usize| {
            let due = u64::from(at.is_multiple_of(10) && party.is_multiple_of(10));
            Ok::<_, std::num::TryFromIntError>(due * (50_000_000 + u64::try_from(party)?))
        };
        let costs =
            (0..INSTALMENTS).map(|at| (0..PARTIES).map(|party| cost(at, party)).collect()).collect::<Result<_, _>>()?;
        Ok(Self { inputs, shares, costs })
    }

    fn lay(&self, waterfall: &Waterfall) -> Result<(Tiers, Vec<Step>), SplitError> {
        let mut tiers = Tiers::new(PARTIES);
        let inflow = |at: usize| Inflow { shares: &self.shares[at], pool: POOL, costs: &self.costs[at], waterfall };
        let steps = (0..INSTALMENTS).map(|at| tiers.take(&inflow(at))).collect::<Result<_, _>>()?;
        tiers.allocations()?;
        Ok((tiers, steps))
    }

    /// Recoupment and shares by the book: each number of each party a fraction in lowest terms.
    fn reduced_at_each_step(&self, corridor: Ratio) -> Vec<Exact> {
        let (mut entitlements, mut outstanding) = (vec![Exact::ZERO; PARTIES], vec![Exact::ZERO; PARTIES]);
        for (shares, costs) in self.shares.iter().zip(&self.costs) {
            outstanding.iter_mut().zip(costs).for_each(|(sum, cost)| *sum += Exact::from(*cost));
            let total = outstanding.iter().fold(Exact::ZERO, |sum, cost| sum + cost);
            let recouped = (corridor.exact() * Exact::from(POOL)).min(total.clone());
            let remainder = Exact::from(POOL) - &recouped;
            for ((entitlement, outstanding), share) in entitlements.iter_mut().zip(&mut outstanding).zip(shares.iter())
            {
                if !outstanding.is_zero() {
                    let part = &*outstanding * &recouped / &total;
                    *outstanding -= &part;
                    *entitlement += part;
                }
                *entitlement += share * &remainder;
            }
        }
        entitlements
    }
}

/// What all instalments cost on their way down: without a waterfall, with costs recouped, and with everything.
fn waterfall(table: &mut String, money: &Money) -> Result<(), Box<dyn Error>> {
    let corridor = Ratio::new(1, 2)?;
    let recoupment = Waterfall { corridor: Some(corridor), ..Waterfall::default() };
    let caps = Waterfall {
        fees: vec![Fee { rate: Ratio::new(1, 50)?, cap: None }],
        holdback: Some(Ratio::new(1, 10)?),
        bounds: (0..PARTIES)
            .map(|party| Bounds { cap: Ratio::new(1, 700).ok(), floor: u64::from(party.is_multiple_of(3)) * 1_000_000 })
            .collect(),
        guarantees: (0..10).map(|party| Guarantee { party, guarantor: 999 - party, amount: 15_000_000 }).collect(),
        ..recoupment.clone()
    };
    let never = Waterfall { rounding: RoundingRule::NeverNegative, ..recoupment.clone() };
    let bits = money.lay(&recoupment)?.0.entitlements().denominator_bits();
    writeln!(
        table,
        "waterfall of {INSTALMENTS} instalments of {PARTIES} parties (entitlements of {bits} bits), all of it, in milliseconds"
    )?;
    for (name, waterfall) in [
        ("no waterfall", &Waterfall::default()),
        ("half of it to costs first", &recoupment),
        ("  and never a unit back", &never),
        ("every tier, all with limits", &caps),
    ] {
        let time = median_of(5, || money.lay(waterfall));
        writeln!(table, "  {name:<28}{:>12.0}", milliseconds(time))?;
    }
    let started = Instant::now();
    let baseline = money.reduced_at_each_step(corridor);
    writeln!(table, "  {:<28}{:>12.0}", "baseline: costs, reduced", milliseconds(started.elapsed()))?;
    assert_eq!(money.lay(&recoupment)?.0.entitlements().iter().collect::<Vec<_>>(), baseline);
    writeln!(table)?;
    Ok(())
}

/// What it costs to know what each party is sure of while every party has a disputed item.
fn intervals(table: &mut String, money: &Money) -> Result<(), Box<dyn Error>> {
    let disputed: Vec<Disputed> = (0..PARTIES)
        .map(|party| Disputed {
            party,
            dimension: party % 3,
            points: Exact::from(u64::from(party.is_multiple_of(7)) * 1_000 + 500),
        })
        .collect();
    let all = |at: usize| share_intervals(&money.inputs[at].dimensions(), &money.inputs[at].kappa, &disputed, &[]);
    let ends: Vec<ShareIntervals> = (0..INSTALMENTS).map(all).collect::<Result<_, _>>()?;
    let one = median_of(5, || all(0));
    let started = Instant::now();
    let baseline = by_scenarios(&money.inputs[0], &disputed)?;
    let replayed = started.elapsed();
    assert_eq!(baseline, ends[0]);
    let waterfall = Waterfall { corridor: Ratio::new(1, 2).ok(), ..Waterfall::default() };
    let steps = money.lay(&waterfall)?.1;
    let added = median_of(5, || {
        let mut intervals = Intervals::new(PARTIES);
        ends.iter()
            .zip(&steps)
            .try_for_each(|(ends, step)| intervals.add(ends, &waterfall, step))
            .map(|()| intervals.low())
    });
    writeln!(table, "intervals of {PARTIES} parties, each with a disputed item, in milliseconds")?;
    writeln!(table, "  {:<28}{:>12.1}", "shares of one instalment", milliseconds(one))?;
    writeln!(table, "  {:<28}{:>12.1}", "baseline: every scenario", milliseconds(replayed))?;
    writeln!(table, "  {:<28}{:>12.0}", "amounts of 100 instalments", milliseconds(added))?;
    Ok(())
}

/// A whole split for each end of each party.
fn by_scenarios(input: &Input, disputed: &[Disputed]) -> Result<ShareIntervals, SplitError> {
    let mut ends = ShareIntervals { low: vec![Exact::ZERO; PARTIES], high: vec![Exact::ZERO; PARTIES] };
    for scenario in scenarios(&input.kappa, disputed)? {
        let points = scenario.points(&input.points, disputed)?;
        let dimensions = input.dimensions();
        let dimensions: Vec<DimensionInput<'_>> = dimensions
            .into_iter()
            .zip(&points)
            .map(|(dimension, points)| DimensionInput { points, ..dimension })
            .collect();
        let shares = shares(&dimensions, &input.kappa)?.shares;
        let end = if scenario.end == End::Low { &mut ends.low } else { &mut ends.high };
        if let Some((party, share)) = scenario.party.and_then(|party| Some((party, shares.get(party)?))) {
            end[party] = share;
        }
    }
    Ok(ends)
}

struct Input {
    points: Vec<Vec<Exact>>,
    coefficients: Vec<Ratio>,
    defaults: Vec<Ratio>,
    weights: [Ratio; 3],
    masses: [Ratio; 3],
    kappa: Vec<Ratio>,
}

impl Input {
    /// Points of so many bits in halves, quarters and tenths; the third dimension has not reached its floor mass.
    fn of_bits(bits: u32) -> Result<Self, Box<dyn Error>> {
        Self::of(bits, SEED + u64::from(bits))
    }

    fn of(bits: u32, seed: u64) -> Result<Self, Box<dyn Error>> {
        let mut numbers = Numbers(seed);
        let mut points = || -> Result<Vec<Exact>, Box<dyn Error>> {
            (0..PARTIES)
                .map(|party| Ok(Ratio::reduced(numbers.of_bits(bits), [1, 2, 4, 10][party % 4])?.exact()))
                .collect()
        };
        let points = vec![points()?, points()?, points()?];
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
