//! A server on a store on disk, and clients that submit to it.

use std::{
    collections::HashSet,
    error::Error,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use counterfoil::{
    client::{Client, ClientOptions},
    envelope::Envelope,
    keys::SecretKey,
    proto::counterfoil::v1::{
        self, SubmitStatementRequest, SubmitStatementsRequest, ledger_service_client::LedgerServiceClient,
        submit_statements_response::Outcome,
    },
    sequencer::{Sequencer, SequencerConfig},
    service::{ServeError, ServiceConfig, serve},
    statement::id::AgreementId,
    store::sled::SledStore,
    time::Timestamp,
};
use hdrhistogram::Histogram;
use tempfile::TempDir;
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::{Channel, Endpoint};

use crate::{Cell, cpu, latency, micros, parties};

type Failed = Box<dyn Error + Send + Sync>;

/// Whether the client checks the receipts it gets.
#[derive(Clone, Copy)]
pub enum Checked {
    /// It believes them.
    Not,
    /// It rebuilds the leaf, follows the path and verifies the checkpoint.
    Yes,
}

impl Checked {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Not => "",
            Self::Yes => ", receipts checked",
        }
    }
}

/// A server with agreements in force.
pub struct Server {
    address: SocketAddr,
    agreements: Vec<AgreementId>,
    stop: oneshot::Sender<()>,
    served: JoinHandle<Result<(), ServeError>>,
    _folder: TempDir,
}

impl Server {
    async fn start(agreements: u64) -> Result<Self, Box<dyn Error>> {
        let folder = tempfile::tempdir()?;
        let store = Arc::new(SledStore::open(folder.path(), 64 * 1_024 * 1_024)?);
        let clock = Arc::new(|| {
            let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
            Timestamp::from_ms(u64::try_from(since).unwrap_or(0)).unwrap_or(Timestamp::EPOCH)
        });
        let config = SequencerConfig::new("counterfoil.local", SecretKey::from_seed(&[9; 32]), clock);
        let sequencer = Sequencer::open(store, config).await?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel();
        let served = tokio::spawn(serve(sequencer, ServiceConfig::default(), listener, async {
            // Gone or told, it ends.
            let _ = stopped.await;
        }));
        let mut server = Self { address, agreements: Vec::new(), stop, served, _folder: folder };
        let mut client = server.client().await?;
        for number in 0..agreements {
            let (agreement, envelopes) = parties::found(number)?;
            for envelope in envelopes {
                client.submit(envelope, None).await?;
            }
            server.agreements.push(agreement);
        }
        Ok(server)
    }

    async fn client(&self) -> Result<Client, Box<dyn Error>> {
        Ok(Client::connect(&format!("http://{}", self.address), ClientOptions::default()).await?)
    }

    async fn channel(&self) -> Result<Channel, Box<dyn Error>> {
        Ok(Endpoint::from_shared(format!("http://{}", self.address))?.tcp_nodelay(true).connect().await?)
    }

    async fn stop(self) -> Result<(), Box<dyn Error>> {
        let _ = self.stop.send(());
        Ok(self.served.await??)
    }

    /// Submits one by one, so many at a time, to so many agreements in turn.
    pub async fn unary(
        in_flight: usize,
        agreements: u64,
        checked: Checked,
        span: Duration,
    ) -> Result<Cell, Box<dyn Error>> {
        let server = Self::start(agreements).await?;
        // A first, short round finds out how many there is time for.
        let trial = server.unary_round(in_flight, 20 * in_flight.max(20), 0, checked).await?;
        let count = fitting(&trial, span);
        let mut cell = server.unary_round(in_flight, count, 1 << 32, checked).await?;
        cell.name = unary_name(in_flight, agreements, checked);
        server.stop().await?;
        Ok(cell)
    }

    async fn unary_round(
        &self,
        in_flight: usize,
        count: usize,
        first: u64,
        checked: Checked,
    ) -> Result<Cell, Box<dyn Error>> {
        let envelopes = Arc::new(parties::contributions(&self.agreements, first, count)?);
        let next = Arc::new(AtomicUsize::new(0));
        let mut senders = Vec::new();
        for _ in 0..in_flight.min(4) {
            senders.push(Sender { client: self.client().await?, raw: LedgerServiceClient::new(self.channel().await?) });
        }
        let (began, cpu_before) = (Instant::now(), cpu());
        let tasks: Vec<_> = (0..in_flight)
            .map(|task| {
                let mut sender = senders[task % senders.len()].clone();
                let (envelopes, next) = (Arc::clone(&envelopes), Arc::clone(&next));
                tokio::spawn(async move {
                    let (mut latency, mut notes) = (latency(), HashSet::new());
                    while let Some(envelope) = envelopes.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let called = Instant::now();
                        notes.insert(sender.submit(envelope, checked).await?);
                        latency.saturating_record(micros(called));
                    }
                    Ok::<_, Failed>((latency, notes))
                })
            })
            .collect();
        let (mut all, mut notes): (Histogram<u64>, HashSet<String>) = (latency(), HashSet::new());
        let mut answers = Vec::new();
        for task in tasks {
            answers.push(task.await?.map_err(|error| error.to_string())?);
        }
        let (took, cpu) = (began.elapsed(), cpu() - cpu_before);
        for (latency, more) in answers {
            all.add(latency)?;
            notes.extend(more);
        }
        let batch = Some(count.div_ceil(notes.len().max(1)));
        Ok(Cell { name: String::new(), count, took, cpu, latency: all, batch })
    }

    /// Submits through so many streams at a time.
    pub async fn streams(streams: usize, checked: Checked, span: Duration) -> Result<Cell, Box<dyn Error>> {
        let server = Self::start(1).await?;
        let trial = server.stream_round(streams, 4_000, 0, checked).await?;
        let mut cell = server.stream_round(streams, fitting(&trial, span), 1 << 32, checked).await?;
        cell.name = streams_name(streams, checked);
        server.stop().await?;
        Ok(cell)
    }

    async fn stream_round(
        &self,
        streams: usize,
        count: usize,
        first: u64,
        checked: Checked,
    ) -> Result<Cell, Box<dyn Error>> {
        let envelopes = parties::contributions(&self.agreements, first, count)?;
        let mut senders = Vec::new();
        for part in envelopes.chunks(count.div_ceil(streams)) {
            let raw = LedgerServiceClient::new(self.channel().await?);
            senders.push((Sender { client: self.client().await?, raw }, part.to_vec()));
        }
        let (began, cpu_before) = (Instant::now(), cpu());
        let tasks: Vec<_> = senders
            .into_iter()
            .map(|(mut sender, part)| tokio::spawn(async move { sender.submit_all(part, checked).await }))
            .collect();
        let mut notes = HashSet::new();
        for task in tasks {
            notes.extend(task.await?.map_err(|error| error.to_string())?);
        }
        let (took, cpu) = (began.elapsed(), cpu() - cpu_before);
        let batch = Some(count.div_ceil(notes.len().max(1)));
        Ok(Cell { name: String::new(), count, took, cpu, latency: latency(), batch })
    }
}

pub fn unary_name(in_flight: usize, agreements: u64, checked: Checked) -> String {
    let several = if agreements > 1 { format!(", {agreements} agreements") } else { String::new() };
    format!("unary, {in_flight} in flight{several}{}", checked.as_str())
}

pub fn streams_name(streams: usize, checked: Checked) -> String {
    format!("stream, {streams} at a time{}", checked.as_str())
}

/// How many statements there is time for.
fn fitting(trial: &Cell, span: Duration) -> usize {
    let took = trial.took.as_micros().max(1);
    let fits = u128::try_from(trial.count).unwrap_or(0) * span.as_micros() / took;
    usize::try_from(fits).unwrap_or(usize::MAX).clamp(trial.count, 1_000_000)
}

/// One connection for each way to submit.
#[derive(Clone)]
struct Sender {
    client: Client,
    raw: LedgerServiceClient<Channel>,
}

impl Sender {
    /// Submits one; returns the note of its checkpoint.
    async fn submit(&mut self, envelope: &Envelope, checked: Checked) -> Result<String, Failed> {
        if let Checked::Yes = checked {
            return Ok(self.client.submit(envelope.clone(), None).await?.receipt.note);
        }
        let request = SubmitStatementRequest { envelope: Some(to_proto(envelope)), validate_only: false };
        let answer = self.raw.submit_statement(request).await?.into_inner();
        note(&answer.receipt.ok_or("there is no receipt")?)
    }

    async fn submit_all(&mut self, envelopes: Vec<Envelope>, checked: Checked) -> Result<HashSet<String>, Failed> {
        let mut notes = HashSet::new();
        if let Checked::Yes = checked {
            let mut refused = None;
            let on_answer = |_, answer: Result<counterfoil::client::Recorded, _>| match answer {
                Ok(recorded) => {
                    notes.insert(recorded.receipt.note);
                }
                Err(error) => refused = Some(error),
            };
            self.client.submit_all(envelopes, None, on_answer).await?;
            return refused.map_or(Ok(notes), |refused| Err(refused.into()));
        }
        let (requests, queue) = tokio::sync::mpsc::channel(1_024);
        tokio::spawn(async move {
            for envelope in envelopes {
                let request = SubmitStatementsRequest { envelope: Some(to_proto(&envelope)) };
                if requests.send(request).await.is_err() {
                    return;
                }
            }
        });
        let mut answers = self.raw.submit_statements(ReceiverStream::new(queue)).await?.into_inner();
        while let Some(answer) = answers.message().await? {
            match answer.outcome {
                Some(Outcome::Receipt(receipt)) => notes.insert(note(&receipt)?),
                other => return Err(format!("{other:?} is no receipt").into()),
            };
        }
        Ok(notes)
    }
}

fn note(receipt: &v1::Receipt) -> Result<String, Failed> {
    let (_, note) = receipt.tlog_proof.split_once("\n\n").ok_or("there is no checkpoint in the receipt")?;
    Ok(note.to_owned())
}

fn to_proto(envelope: &Envelope) -> v1::Envelope {
    v1::Envelope {
        payload_type: envelope.payload_type.clone(),
        payload: envelope.payload.clone(),
        key: envelope.key.to_vec().into(),
        signature: envelope.signature.to_vec().into(),
    }
}
