//! How many entries an audit checks in a second, beside the strict verification of the same signatures on all cores alone.
//!
//! `cargo bench --bench audit [-- ENTRIES]`. The bundle is made in memory before anything is measured; each figure is the best of
//! several rounds, and rounds of both take turns, so that what else the machine does meets both.

#![expect(clippy::print_stdout, reason = "a benchmark says what it measured")]

#[path = "service/parties.rs"]
mod parties;

use std::{
    env,
    error::Error,
    hint::black_box,
    num::NonZero,
    thread,
    time::{Duration, Instant},
};

use counterfoil::{
    audit::{Options, audit},
    checkpoint::{Checkpoint, SignedCheckpoint, note::NoteSigner},
    envelope::{Envelope, pre_authentication_encoding},
    keys::{PublicKey, Signature},
    ledger::{bundle::BundleWriter, entry::Entry},
    merkle::{hash::leaf_hash, tree::Frontier},
    time::Timestamp,
};

const ENTRIES: usize = 20_000;
const ROUNDS: usize = 5;

fn main() -> Result<(), Box<dyn Error>> {
    // cargo bench passes `--bench`, too.
    let entries = env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(ENTRIES);
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let envelopes = envelopes(entries)?;
    let bundle = bundle(&envelopes)?;
    let signed = envelopes.iter().map(signature_of).collect::<Result<Vec<_>, _>>()?;
    let (mut auditing, mut verifying) = (Duration::MAX, Duration::MAX);
    for _ in 0..ROUNDS {
        verifying = verifying.min(timed(|| verify(&signed, cores)));
        auditing = auditing.min(timed(|| {
            let audit = audit(black_box(bundle.as_slice()), &Options::default());
            assert!(audit.report.is_sound(), "{}", audit.report);
        }));
    }
    let rate = |took: Duration| f64::from(u32::try_from(envelopes.len()).unwrap_or(u32::MAX)) / took.as_secs_f64();
    println!("{} entries, {} bytes, {cores} cores, best of {ROUNDS} rounds", envelopes.len(), bundle.len());
    println!("{:<42} {:>12} {:>8}", "", "entries/s", "ratio");
    println!("{:<42} {:>12.0} {:>8.2}", "strict verification alone, all cores", rate(verifying), 1.0);
    println!("{:<42} {:>12.0} {:>8.2}", "audit of the bundle", rate(auditing), rate(auditing) / rate(verifying));
    Ok(())
}

/// A proposal, its acceptance, and contributions.
fn envelopes(entries: usize) -> Result<Vec<Envelope>, Box<dyn Error>> {
    let (agreement, founding) = parties::found(0)?;
    let mut envelopes = Vec::from(founding);
    let contributions = entries.saturating_sub(envelopes.len());
    envelopes.extend(parties::contributions(&[agreement], 0, contributions)?);
    Ok(envelopes)
}

fn bundle(envelopes: &[Envelope]) -> Result<Vec<u8>, Box<dyn Error>> {
    let agreement = counterfoil::statement::id::StatementId::from_digest(envelopes[0].id());
    let agreement = counterfoil::statement::id::AgreementId::from(agreement);
    let origin = format!("counterfoil.local/ledger/{agreement}");
    let signer = NoteSigner::new(&origin, parties::key("the log"))?;
    let mut frontier = Frontier::empty();
    let mut writer = BundleWriter::begin(Vec::new(), &signer.verifier(), u64::try_from(envelopes.len())?)?;
    for (number, envelope) in (0..).zip(envelopes) {
        let admitted = Timestamp::from_ms(ADMITTED_MS + number)?;
        let leaf = Entry { admitted, envelope: envelope.clone() }.encode();
        frontier.push(leaf_hash(&leaf), |_, _| {});
        writer.entry(&leaf)?;
    }
    let checkpoint = Checkpoint { origin, size: frontier.size(), root: frontier.root() };
    Ok(writer.finish(&SignedCheckpoint::sign(checkpoint, &signer))?)
}

/// Later than any work that is claimed.
const ADMITTED_MS: u64 = 1_900_000_000_000;

type Signed = (PublicKey, Vec<u8>, Signature);

fn signature_of(envelope: &Envelope) -> Result<Signed, Box<dyn Error>> {
    let key = PublicKey::from_bytes(envelope.key)?;
    let message = pre_authentication_encoding(&envelope.payload_type, &envelope.payload);
    Ok((key, message, Signature::from_bytes(envelope.signature)))
}

fn verify(signed: &[Signed], cores: usize) {
    thread::scope(|scope| {
        for part in signed.chunks(signed.len().div_ceil(cores)) {
            scope.spawn(move || {
                for (key, message, signature) in part {
                    assert!(black_box(key.verify(message, signature)).is_ok(), "an honest signature verifies");
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
