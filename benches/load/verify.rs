//! What strict verification costs alone, on every core: the most that any server can admit which verifies like this.

use std::{
    hint::black_box,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use counterfoil::envelope::pre_authentication_encoding;
use ed25519_dalek::{Signature, VerifyingKey};

use crate::parties::{Failed, Parties, Shape, on_every_core};

/// What there is to verify.
struct Signed {
    key: [u8; 32],
    prepared: VerifyingKey,
    message: Vec<u8>,
    signature: Signature,
}

/// Whether the point of a key is at hand.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Keys {
    /// It was found beforehand.
    Prepared,
    /// It is found from the key's bytes each time.
    Decompressed,
}

const SIGNED: usize = 512;

/// Verifies statements of a size over and over for so long; returns how many there were each second.
pub fn per_second(size: usize, keys: Keys, span: Duration) -> Result<f64, Failed> {
    let (agreement, _) = Arc::new(Parties::named("the verified")).found(0, 0)?;
    let shape = Shape::of(size)?;
    let signed = on_every_core(SIGNED, |number| {
        let envelope = agreement.contribution(u64::try_from(number)?, &shape)?;
        Ok(Signed {
            key: envelope.key,
            prepared: VerifyingKey::from_bytes(&envelope.key)?,
            message: pre_authentication_encoding(&envelope.payload_type, &envelope.payload),
            signature: Signature::from_bytes(&envelope.signature),
        })
    })?;
    let cores = thread::available_parallelism()?.get();
    let began = Instant::now();
    let counts: Vec<usize> = thread::scope(|scope| {
        let working: Vec<_> = (0..cores).map(|_| scope.spawn(|| verify(&signed, keys, began, span))).collect();
        working.into_iter().map(|thread| thread.join().unwrap_or(0)).collect()
    });
    Ok(crate::drive::number(counts.iter().sum()) / began.elapsed().as_secs_f64())
}

fn verify(signed: &[Signed], keys: Keys, began: Instant, span: Duration) -> usize {
    let mut count = 0;
    while began.elapsed() < span {
        for one in signed {
            let holds = match keys {
                Keys::Prepared => one.prepared.verify_strict(black_box(&one.message), &one.signature).is_ok(),
                Keys::Decompressed => VerifyingKey::from_bytes(black_box(&one.key))
                    .is_ok_and(|key| key.verify_strict(&one.message, &one.signature).is_ok()),
            };
            assert!(holds, "an honest signature verifies");
        }
        count += signed.len();
    }
    count
}
