//! How many entries an audit checks in a second, and what memory it takes, beside the strict verification of such signatures
//! with prepared keys alone, on every core.
//!
//! `cargo bench --bench audit [-- --entries 1000000] [--rounds 5] [--folder DIRECTORY]`. The bundle is made in a file before
//! anything is measured; each figure is the best of several rounds, and rounds of both take turns, so that what else the
//! machine does meets both.

#![expect(clippy::print_stdout, reason = "a benchmark says what it measured")]

#[path = "load/machine.rs"]
#[expect(dead_code, reason = "the load tool asks the machine for more")]
mod machine;
#[path = "load/parties.rs"]
mod parties;

use std::{
    fs::File,
    hint::black_box,
    io::{BufReader, BufWriter, Write as _},
    num::NonZero,
    path::{Path, PathBuf},
    process,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use clap::Parser;
use counterfoil::{
    audit::{Options, audit},
    checkpoint::{Checkpoint, SignedCheckpoint, note::NoteSigner},
    envelope::{Envelope, pre_authentication_encoding},
    ledger::{bundle::BundleWriter, entry::Entry},
    merkle::{hash::leaf_hash, tree::Frontier},
    time::Timestamp,
};
use ed25519_dalek::{Signature, VerifyingKey};

use crate::parties::{Agreement, Failed, Parties, Shape, key, on_every_core};

/// What is audited, and how often.
#[derive(Parser)]
#[command(name = "audit")]
struct Asked {
    /// How many entries the bundle has, up to a million
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u64).range(2..=1_000_000))]
    entries: u64,
    /// How many bytes of payload each has
    #[arg(long, default_value_t = 300)]
    size: usize,
    /// How often each is measured
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Where the bundle is made [default: the folder for temporary files]
    #[arg(long)]
    folder: Option<PathBuf>,
    /// What cargo passes to every benchmark
    #[arg(long, hide = true)]
    bench: bool,
}

/// How many statements are signed, and kept in memory, at a time.
const PART: u64 = 20_000;

fn main() -> Result<(), Failed> {
    let asked = Asked::parse();
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let folder = tempfile::tempdir_in(asked.folder.clone().unwrap_or_else(std::env::temp_dir))?;
    let file = folder.path().join("bundle");
    let signed = bundle(&asked, &file)?;
    let before = machine::memory(process::id()).unwrap_or_default();
    let (mut auditing, mut verifying) = (Duration::MAX, Duration::MAX);
    for _ in 0..asked.rounds {
        // As many seconds of it as of the audit would be fair, and a part of them is enough.
        verifying = verifying.min(timed(|| verify(&signed, cores)));
        let bundle = BufReader::with_capacity(1 << 20, File::open(&file)?);
        auditing = auditing.min(timed(|| {
            let audit = audit(bundle, &Options::default());
            assert!(audit.report.is_sound(), "{}", audit.report);
        }));
    }
    let after = machine::memory(process::id()).unwrap_or_default();
    let number = |count: u64| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    let audited = number(asked.entries) / auditing.as_secs_f64();
    let verified = number(u64::try_from(signed.len())?) / verifying.as_secs_f64();
    println!("{}", machine::describe());
    println!(
        "{} entries of {} bytes, {} bytes, best of {} rounds",
        asked.entries,
        asked.size,
        file.metadata()?.len(),
        asked.rounds
    );
    println!("{:<52} {:>12} {:>8}", "", "entries/s", "ratio");
    println!("{:<52} {verified:>12.0} {:>8.3}", "verify_strict alone, every core, keys prepared", 1.0);
    println!("{:<52} {audited:>12.0} {:>8.3}", "audit of the bundle, from a file", audited / verified);
    let megabytes = |bytes: u64| number(bytes / 1_024) / 1_024.0;
    println!(
        "memory: {:.1} MB before the audit, {:.1} MB after, {:.1} MB at the most (of the making of the bundle, too)",
        megabytes(before.resident),
        megabytes(after.resident),
        megabytes(after.peak)
    );
    Ok(())
}

/// Writes a bundle of a proposal, its acceptance, and contributions; returns what the last part of it has signed.
fn bundle(asked: &Asked, file: &Path) -> Result<Vec<Signed>, Failed> {
    let (agreement, founding) = Arc::new(Parties::named("the audited")).found(0, 0)?;
    let shape = Shape::of(asked.size)?;
    let origin = format!("counterfoil.local/ledger/{}", agreement.id);
    let signer = NoteSigner::new(&origin, key("the log"))?;
    let mut frontier = Frontier::empty();
    let out = BufWriter::with_capacity(1 << 20, File::create(file)?);
    let mut writer = BundleWriter::begin(out, &signer.verifier(), asked.entries)?;
    let mut signed = Vec::new();
    let mut number = 0;
    while number < asked.entries {
        let envelopes = part(&agreement, &founding, &shape, number, (asked.entries - number).min(PART))?;
        signed = envelopes.iter().map(Signed::of).collect::<Result<_, _>>()?;
        for envelope in envelopes {
            let leaf = Entry { admitted: Timestamp::from_ms(ADMITTED_MS + number)?, envelope }.encode();
            frontier.push(leaf_hash(&leaf), |_, _| {});
            writer.entry(&leaf)?;
            number += 1;
        }
    }
    let checkpoint = Checkpoint { origin, size: frontier.size(), root: frontier.root() };
    writer.finish(&SignedCheckpoint::sign(checkpoint, &signer))?.flush()?;
    Ok(signed)
}

/// The envelopes from entry `first` on.
fn part(
    agreement: &Agreement,
    founding: &[Envelope; 2],
    shape: &Shape,
    first: u64,
    count: u64,
) -> Result<Vec<Envelope>, Failed> {
    on_every_core(usize::try_from(count)?, |place| {
        let number = first + u64::try_from(place)?;
        match founding.get(usize::try_from(number)?) {
            Some(envelope) => Ok(envelope.clone()),
            None => agreement.contribution(number, shape),
        }
    })
}

/// Later than any work that is claimed.
const ADMITTED_MS: u64 = 1_900_000_000_000;

struct Signed {
    key: VerifyingKey,
    message: Vec<u8>,
    signature: Signature,
}

impl Signed {
    fn of(envelope: &Envelope) -> Result<Self, Failed> {
        Ok(Self {
            key: VerifyingKey::from_bytes(&envelope.key)?,
            message: pre_authentication_encoding(&envelope.payload_type, &envelope.payload),
            signature: Signature::from_bytes(&envelope.signature),
        })
    }
}

fn verify(signed: &[Signed], cores: usize) {
    thread::scope(|scope| {
        for part in signed.chunks(signed.len().div_ceil(cores)) {
            scope.spawn(move || {
                for Signed { key, message, signature } in part {
                    assert!(key.verify_strict(black_box(message), signature).is_ok(), "an honest signature verifies");
                }
            });
        }
    });
}

fn timed(work: impl FnOnce()) -> Duration {
    let began = Instant::now();
    work();
    began.elapsed()
}
