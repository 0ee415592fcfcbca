//! Statements into a table of PostgreSQL, in two ways: by one writer that takes whatever queued while its last commit ran,
//! and each by itself, so that PostgreSQL puts the commits of many connections together.

use std::{collections::HashMap, sync::Arc};

use counterfoil::{digest::Digest, envelope::pre_authentication_encoding, ledger::entry::Entry};
use ed25519_dalek::{Signature, VerifyingKey};
use tokio::sync::{mpsc, oneshot};
use tokio_postgres::Client;

use crate::{
    check::Proved,
    drive::{Answer, Stretch, Timed, closed},
    machine::now,
    options::Options,
    parties::{Agreement, Failed},
    postgres::Cluster,
    work::{Item, Work},
};

/// The most that one commit takes.
const BATCH_MAX: usize = 4_096;

struct Submission {
    agreement: usize,
    id: Digest,
    leaf: Vec<u8>,
    answer: oneshot::Sender<u64>,
}

/// Submits `work` by a writer that makes batches.
pub async fn batched(
    cluster: &Cluster,
    in_flight: usize,
    work: &Arc<Work>,
    stretch: Arc<Stretch>,
) -> Result<Timed, Failed> {
    let client = cluster.connect().await?;
    cluster.fresh(&client).await?;
    let (queue, submissions) = mpsc::channel(8_192);
    let writing = tokio::spawn(write_all(client, submissions));
    let (known, work) = (Arc::new(Known::default()), Arc::clone(work));
    let timed = closed(in_flight, stretch, move |_, slot| {
        let (queue, known, work) = (queue.clone(), Arc::clone(&known), Arc::clone(&work));
        async move {
            let (id, leaf) = known.verify(work.item(slot))?;
            let (answer, answered) = oneshot::channel();
            queue.send(Submission { agreement: work.item(slot).agreement, id, leaf, answer }).await?;
            let index = answered.await?;
            work.keep(slot, &Proved { index })?;
            Ok(Answer::Proved)
        }
    })
    .await;
    // The writer says why when a caller was not answered; without callers it ends.
    writing.await??;
    timed
}

async fn write_all(client: Client, mut submissions: mpsc::Receiver<Submission>) -> Result<(), Failed> {
    let find = client.prepare("SELECT id, index FROM entries WHERE id = ANY($1)").await?;
    let insert = client
        .prepare(
            "INSERT INTO entries (agreement, index, id, before, hash, leaf)
             SELECT * FROM unnest($1::bytea[], $2::bigint[], $3::bytea[], $4::bytea[], $5::bytea[], $6::bytea[])",
        )
        .await?;
    // Nobody else writes: what the table ends with is known.
    let mut heads: HashMap<usize, (i64, Digest)> = HashMap::new();
    let mut taken = Vec::new();
    while submissions.recv_many(&mut taken, BATCH_MAX).await > 0 {
        let ids: Vec<&[u8]> = taken.iter().map(|one| one.id.as_bytes().as_slice()).collect();
        let found = client.query(&find, &[&ids]).await?;
        let mut indexes: HashMap<Vec<u8>, i64> = found.iter().map(|row| (row.get(0), row.get(1))).collect();
        let (mut agreements, mut places, mut fresh, mut befores, mut hashes, mut leaves) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for one in &taken {
            let id = one.id.as_bytes().to_vec();
            if indexes.contains_key(&id) {
                continue;
            }
            let (size, before) = heads.get(&one.agreement).copied().unwrap_or((0, Digest::of(&[])));
            let hash = Digest::of(&[before.as_bytes(), &one.leaf]);
            heads.insert(one.agreement, (size + 1, hash));
            agreements.push(one.agreement.to_be_bytes().to_vec());
            places.push(size);
            befores.push(before.as_bytes().to_vec());
            hashes.push(hash.as_bytes().to_vec());
            leaves.push(one.leaf.as_slice());
            fresh.push(id.clone());
            indexes.insert(id, size);
        }
        if !fresh.is_empty() {
            client.execute(&insert, &[&agreements, &places, &fresh, &befores, &hashes, &leaves]).await?;
        }
        for one in taken.drain(..) {
            if let Some(index) = indexes.get(one.id.as_bytes().as_slice()) {
                // Who asked may have gone.
                let _ = one.answer.send(u64::try_from(*index)?);
            }
        }
    }
    Ok(())
}

/// Submits `work`, each statement by a commit of its own, over as many connections as are in flight, at most 64.
pub async fn one_by_one(
    cluster: &Cluster,
    in_flight: usize,
    agreements: &[Agreement],
    work: &Arc<Work>,
    stretch: Arc<Stretch>,
) -> Result<Timed, Failed> {
    let client = cluster.connect().await?;
    cluster.fresh(&client).await?;
    for number in 0..agreements.len() {
        let first = Digest::of(&[]);
        let (agreement, hash) = (number.to_be_bytes().to_vec(), first.as_bytes().as_slice());
        client.execute("INSERT INTO heads VALUES ($1, 0, $2)", &[&agreement, &hash]).await?;
    }
    let mut connections = Vec::new();
    for _ in 0..in_flight.min(CONNECTIONS_MAX) {
        let client = cluster.connect().await?;
        let append = client.prepare("SELECT append($1, $2, $3)").await?;
        connections.push((client, append));
    }
    let (connections, known, work) = (Arc::new(connections), Arc::new(Known::default()), Arc::clone(work));
    closed(in_flight, stretch, move |caller, slot| {
        let (connections, known, work) = (Arc::clone(&connections), Arc::clone(&known), Arc::clone(&work));
        async move {
            let (client, append) = &connections[caller % connections.len()];
            let (id, leaf) = known.verify(work.item(slot))?;
            let agreement = work.item(slot).agreement.to_be_bytes().to_vec();
            let row = client.query_one(append, &[&agreement, &id.as_bytes().as_slice(), &leaf]).await?;
            let index = u64::try_from(row.get::<_, i64>(0))?;
            work.keep(slot, &Proved { index })?;
            Ok(Answer::Proved)
        }
    })
    .await
}

const CONNECTIONS_MAX: usize = 64;

/// The parties' keys, each prepared once.
#[derive(Default)]
struct Known(std::sync::RwLock<HashMap<[u8; 32], VerifyingKey>>);

impl Known {
    /// Verifies a statement strictly; returns its id, and the bytes that are kept.
    fn verify(&self, item: &Item) -> Result<(Digest, Vec<u8>), Failed> {
        let envelope = &item.envelope;
        let known = self.0.read().map_err(|_| "a caller panicked")?.get(&envelope.key).copied();
        let key = match known {
            Some(key) => key,
            None => {
                let key = VerifyingKey::from_bytes(&envelope.key)?;
                self.0.write().map_err(|_| "a caller panicked")?.insert(envelope.key, key);
                key
            }
        };
        let message = pre_authentication_encoding(&envelope.payload_type, &envelope.payload);
        key.verify_strict(&message, &Signature::from_bytes(&envelope.signature))?;
        Ok((envelope.id(), Entry { admitted: now(), envelope: envelope.clone() }.encode()))
    }
}

/// The ways that are measured: how many in flight, over how many agreements, and whether a writer makes batches.
pub fn ways(options: &Options) -> Vec<(usize, usize, bool)> {
    if options.smoke {
        return vec![(16, 5, true), (16, 5, false)];
    }
    vec![(1, 1, true), (64, 1, true), (512, 1, true), (64, 100, false), (512, 100, false)]
}
