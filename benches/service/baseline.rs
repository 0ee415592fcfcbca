//! What the parts cost alone: verifying signatures, flushing the store, calling over gRPC.

use std::{
    convert::Infallible,
    error::Error,
    future::{Ready, ready},
    hint::black_box,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    thread,
    time::{Duration, Instant},
};

use bytes::{Buf as _, BufMut as _, Bytes};
use counterfoil::{
    digest::Digest,
    envelope::pre_authentication_encoding,
    keys::{PublicKey, Signature},
    ledger::{LedgerId, entry::Entry},
    merkle::{hash::leaf_hash, index::TreeSize, tree::Frontier},
    store::{Append, Store as _, sled::SledStore},
    time::Timestamp,
};
use tokio::net::TcpListener;
use tonic::{
    Request, Response, Status,
    body::Body,
    client::Grpc,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    codegen::{BoxFuture, Service, http},
    server::{Grpc as ServerGrpc, NamedService, UnaryService},
    transport::{Channel, Endpoint, Server, server::TcpIncoming},
};

use crate::{Cell, cpu, latency, micros, parties};

pub const VERIFY: &str = "bare strict verification, every core";

/// Verifies signatures over statements, as the service must, and nothing else.
pub fn verify(cores: usize, span: Duration) -> Cell {
    let (agreement, _) = parties::found(0).expect("the terms are in order");
    let envelopes = parties::contributions(&[agreement], 0, 512).expect("contributions are in order");
    let signed: Vec<_> = envelopes
        .iter()
        .map(|envelope| {
            let key = PublicKey::from_bytes(envelope.key).expect("a party's key is one");
            let message = pre_authentication_encoding(&envelope.payload_type, &envelope.payload);
            (key, message, Signature::from_bytes(envelope.signature))
        })
        .collect();
    let (began, cpu_before) = (Instant::now(), cpu());
    let counts: Vec<usize> = thread::scope(|scope| {
        let working: Vec<_> = (0..cores)
            .map(|_| {
                scope.spawn(|| {
                    let mut count = 0;
                    while began.elapsed() < span {
                        for (key, message, signature) in &signed {
                            assert!(black_box(key.verify(message, signature)).is_ok(), "an honest signature verifies");
                        }
                        count += signed.len();
                    }
                    count
                })
            })
            .collect();
        working.into_iter().map(|thread| thread.join().unwrap_or(0)).collect()
    });
    let (took, cpu) = (began.elapsed(), cpu() - cpu_before);
    Cell { name: VERIFY.into(), count: counts.iter().sum(), took, cpu, latency: latency(), batch: None }
}

/// Commits batches of one ledger to a store on disk, one after the other, with their nodes and a checkpoint's note.
pub fn store(name: String, batch: usize, span: Duration) -> Result<Cell, Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let store = SledStore::open(folder.path(), 64 * 1_024 * 1_024)?;
    let (agreement, _) = parties::found(0)?;
    let envelope = parties::contribution(agreement, 0)?;
    let ledger = LedgerId::new(agreement.digest());
    let leaf = Entry { admitted: Timestamp::EPOCH, envelope }.encode();
    let (mut frontier, mut number) = (Frontier::empty(), 0_u64);
    let (mut took, mut count, mut latency) = (Duration::ZERO, 0, latency());
    let cpu_before = cpu();
    while took < span {
        let sign = Box::new(|_, _| Some("n".repeat(240)));
        let mut append = Append { ledger, before: frontier.clone(), leaves: Vec::new(), nodes: Vec::new(), sign };
        for _ in 0..batch {
            number += 1;
            let mut leaf = leaf.clone();
            leaf[1..9].copy_from_slice(&number.to_be_bytes());
            frontier.push(leaf_hash(&leaf), |node, digest| append.nodes.push((node, digest)));
            append.leaves.push((Digest::of(&[&number.to_be_bytes()]), leaf.into()));
        }
        let began = Instant::now();
        let outcomes = store.commit(vec![append])?;
        took += began.elapsed();
        latency.record(micros(began))?;
        assert!(matches!(outcomes.as_slice(), [Ok(_)]) && frontier.size() > TreeSize::ZERO, "nobody else writes");
        count += batch;
    }
    Ok(Cell { name, count, took, cpu: cpu() - cpu_before, latency, batch: Some(batch) })
}

pub fn echo_name(in_flight: usize) -> String {
    format!("gRPC echo, {in_flight} in flight")
}

/// Calls a service that gives back what it gets: the bytes of a statement.
pub async fn echo(in_flight: usize, span: Duration) -> Result<Cell, Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    let serving = tokio::spawn(Server::builder().add_service(Echo).serve_with_incoming(incoming));
    let (agreement, _) = parties::found(0)?;
    let message = parties::contribution(agreement, 0)?.payload;
    let cpu_before = cpu();
    let (began, next, longest) = (Instant::now(), Arc::new(AtomicUsize::new(0)), Arc::new(AtomicU64::new(0)));
    let mut channels = Vec::new();
    for _ in 0..in_flight.min(4) {
        channels.push(Endpoint::from_shared(format!("http://{address}"))?.tcp_nodelay(true).connect().await?);
    }
    let tasks: Vec<_> = (0..in_flight)
        .map(|task| {
            let (channel, message) = (channels[task % channels.len()].clone(), message.clone());
            let (next, longest) = (Arc::clone(&next), Arc::clone(&longest));
            tokio::spawn(async move {
                let mut latency = latency();
                while began.elapsed() < span {
                    let called = Instant::now();
                    call(&channel, message.clone()).await?;
                    latency.saturating_record(micros(called));
                    next.fetch_add(1, Ordering::Relaxed);
                }
                longest.fetch_max(micros(began), Ordering::Relaxed);
                Ok::<_, Status>(latency)
            })
        })
        .collect();
    let mut all = latency();
    for task in tasks {
        all.add(task.await??)?;
    }
    serving.abort();
    let took = Duration::from_micros(longest.load(Ordering::Relaxed));
    let count = next.load(Ordering::Relaxed);
    Ok(Cell { name: echo_name(in_flight), count, took, cpu: cpu() - cpu_before, latency: all, batch: None })
}

async fn call(channel: &Channel, message: Bytes) -> Result<Bytes, Status> {
    let mut grpc = Grpc::new(channel.clone());
    grpc.ready().await.map_err(|_| Status::unavailable("the echo is gone"))?;
    let path = http::uri::PathAndQuery::from_static("/echo.Echo/Echo");
    Ok(grpc.unary(Request::new(message), path, Raw).await?.into_inner())
}

#[derive(Clone)]
struct Echo;

impl NamedService for Echo {
    const NAME: &'static str = "echo.Echo";
}

impl Service<http::Request<Body>> for Echo {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<http::Response<Body>, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        Box::pin(async move { Ok(ServerGrpc::new(Raw).unary(Self, request).await) })
    }
}

impl UnaryService<Bytes> for Echo {
    type Response = Bytes;
    type Future = Ready<Result<Response<Bytes>, Status>>;

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        ready(Ok(Response::new(request.into_inner())))
    }
}

/// Messages as bytes.
struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, into: &mut EncodeBuf<'_>) -> Result<(), Status> {
        into.put(item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(from.copy_to_bytes(from.remaining())))
    }
}
