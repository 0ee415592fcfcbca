//! Statements into a table of PostgreSQL, in two ways: by one writer that takes whatever queued while its last commit ran,
//! and each by itself, so that PostgreSQL puts the commits of many connections together.

use std::{collections::HashMap, sync::Arc, time::Duration};

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use counterfoil::{digest::Digest, envelope::pre_authentication_encoding, ledger::entry::Entry};
use ed25519_dalek::{Signature, VerifyingKey};
use prost::Message as _;
use tokio::sync::{mpsc, oneshot};
use tokio_postgres::Client;
use tonic::Status;

use crate::{
    check::Proved,
    drive::{Answer, Stretch, Timed, closed},
    echo::Face,
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

/// Who asks the writer: callers in the tool itself, or callers of a service before it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    Directly,
    /// So many connections carry the calls.
    ByGrpc(usize),
}

/// Submits `work` by a writer that makes batches.
pub async fn batched(
    cluster: &Cluster,
    asked: Asked,
    in_flight: usize,
    work: &Arc<Work>,
    span: Option<Duration>,
) -> Result<Timed, Failed> {
    let client = cluster.connect().await?;
    cluster.fresh(&client).await?;
    let (queue, submissions) = mpsc::channel(8_192);
    let writing = tokio::spawn(write_all(client, submissions));
    let asking = Asking { queue, known: Arc::default() };
    let timed = match asked {
        Asked::Directly => {
            let (work, stretch) = (Arc::clone(work), Stretch::new(work.len(), span));
            closed(in_flight, stretch, move |_, slot| {
                let (asking, work) = (asking.clone(), Arc::clone(&work));
                async move {
                    let index = asking.submit(work.item(slot)).await?;
                    work.keep(slot, &Proved { index })?;
                    Ok(Answer::Proved)
                }
            })
            .await
        }
        Asked::ByGrpc(connections) => by_grpc(asking, connections, in_flight, Arc::clone(work), span).await,
    };
    // The writer says why when a caller was not answered; without callers it ends.
    writing.await??;
    timed
}

async fn by_grpc(
    asking: Asking,
    connections: usize,
    in_flight: usize,
    work: Arc<Work>,
    span: Option<Duration>,
) -> Result<Timed, Failed> {
    let face = Face::serve(connections, move |mut message: Bytes| {
        let asking = asking.clone();
        async move {
            let wrong = |failed: Failed| Status::internal(failed.to_string());
            let agreement = usize::try_from(message.try_get_u64().unwrap_or(0)).unwrap_or(0);
            let item = Item::from_wire(agreement, message).map_err(wrong)?;
            let index = asking.submit(&item).await.map_err(wrong)?;
            Ok(Bytes::copy_from_slice(&index.to_be_bytes()))
        }
    })
    .await?;
    let (calls, stretch) = (face.calls.clone(), Stretch::new(work.len(), span));
    closed(in_flight, stretch, move |caller, slot| {
        let (calls, work) = (calls.clone(), Arc::clone(&work));
        async move {
            let item = work.item(slot);
            // A service would read the agreement from the statement; here it is written before it.
            let mut message = BytesMut::with_capacity(8 + item.envelope.payload.len() + 200);
            message.put_u64(u64::try_from(item.agreement)?);
            item.to_proto().encode(&mut message)?;
            let index = calls.call(caller, message.freeze()).await?.try_get_u64()?;
            work.keep(slot, &Proved { index })?;
            Ok(Answer::Proved)
        }
    })
    .await
}

/// Verifies, and asks the writer.
#[derive(Clone)]
struct Asking {
    queue: mpsc::Sender<Submission>,
    known: Arc<Known>,
}

impl Asking {
    async fn submit(&self, item: &Item) -> Result<u64, Failed> {
        let (id, leaf) = self.known.verify(item)?;
        let (answer, answered) = oneshot::channel();
        self.queue.send(Submission { agreement: item.agreement, id, leaf, answer }).await?;
        Ok(answered.await?)
    }
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
    span: Option<Duration>,
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
    // Not before: what was prepared takes its time, too.
    let stretch = Stretch::new(work.len(), span);
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

/// How PostgreSQL is asked to do it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// By a writer that makes batches.
    Batched(Asked),
    /// Each by a commit of its own.
    OneByOne,
}

/// The ways that are measured: how, how many in flight, over how many agreements.
pub fn ways(options: &Options) -> Vec<(Way, usize, usize)> {
    let by_grpc = Way::Batched(Asked::ByGrpc(options.connections));
    if options.smoke {
        return vec![(by_grpc, 16, 5), (Way::OneByOne, 16, 5)];
    }
    let direct = Way::Batched(Asked::Directly);
    vec![
        (by_grpc, 1, 1),
        (by_grpc, 64, 1),
        (by_grpc, 512, 1),
        (direct, 1, 1),
        (direct, 64, 1),
        (direct, 512, 1),
        (Way::OneByOne, 64, 100),
        (Way::OneByOne, 512, 100),
    ]
}
