//! The gRPC face: limits, translation, and one table from refusals to status codes.
//!
//! Says nothing that the sequencer has not made durable, and keeps no state of its own but what is counted: calls,
//! streams and connections. Signatures are verified here, on every core, before the single writer of a ledger is asked.

mod agreement;
mod borders;
mod bulk;
mod counted;
mod disputes;
mod explain;
mod export;
mod incoming;
mod ledger;
mod page;
mod reader;
pub mod status;
mod stop;
mod unread;
mod view_dispute;
mod view_figures;
mod view_money;
mod view_work;
mod views;
mod watch;
mod wire;

use std::{future::Future, sync::Arc, time::Duration};

use tokio::{
    net::TcpListener,
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tonic::{Extensions, transport::Server};
use tonic_reflection::server::Builder as ReflectionBuilder;
use tracing::{error, info, warn};

use crate::{
    keys::KnownKeys,
    proto::counterfoil::v1::{
        DESCRIPTORS, agreement_service_server::AgreementServiceServer, ledger_service_server::LedgerServiceServer,
    },
    sequencer::Sequencer,
    service::{
        agreement::AgreementFace,
        borders::BordersLayer,
        incoming::Peer,
        ledger::LedgerFace,
        status::{No, SERVER_BUSY},
        stop::Stop,
        wire::BUSY_RETRY_AFTER,
    },
};

/// The limits of a service.
#[derive(Clone, Debug)]
pub struct ServiceConfig {
    /// The most bytes of one request message. Payloads have a smaller limit, which says more precisely what is wrong.
    pub message_bytes_max: usize,
    /// The most calls that wait for their answer at a time.
    pub calls_max: usize,
    /// The most statements submitted by calls that were read and are in no ledger, whether or not their caller has gone. Who is
    /// admitted waits for no more than these; with the limit of a payload it bounds their bytes, too.
    pub statements_max: usize,
    /// The most payload bytes of statements submitted by streams that were read and are in no ledger; streams beyond wait.
    pub stream_bytes_max: usize,
    /// The most long streams (watching, bulk submission, export) that are open at a time.
    pub streams_max: usize,
    /// The most connections that are open at a time; calls of a few more are told so, and the rest wait to be accepted.
    pub connections_max: usize,
    /// The most calls and streams of one connection at a time; a client keeps to it by itself.
    pub connection_streams_max: u32,
    /// The most long streams of one connection at a time.
    pub connection_long_streams_max: usize,
    /// The most bytes of answers that are made or wait to be read by clients; calls that may have a long one wait for room.
    pub answer_bytes_max: usize,
    /// The same of one connection.
    pub connection_answer_bytes_max: usize,
    /// How many contributions or benefits are looked at for one page, listed or left out.
    pub looked_max: usize,
    /// How long a connection may take to begin to speak.
    pub preface_timeout: Duration,
    /// How long a client may take to take an answer, or the next message of a stream; one that is not taken by then ends its
    /// connection.
    pub reader_timeout: Duration,
    /// How long one call may take to its answer.
    pub call_timeout: Duration,
    /// A watcher hears a checkpoint at least so often.
    pub watch_interval: Duration,
    /// How long open calls and streams may go on after the service was told to stop.
    pub stop_grace: Duration,
}

impl Default for ServiceConfig {
    fn default() -> Self {
        Self {
            message_bytes_max: 128 * 1_024,
            calls_max: 4_096,
            statements_max: 1_024,
            stream_bytes_max: 64 * 1_024 * 1_024,
            streams_max: 1_024,
            connections_max: 1_024,
            connection_streams_max: 256,
            connection_long_streams_max: 128,
            answer_bytes_max: 512 * 1_024 * 1_024,
            connection_answer_bytes_max: 8 * 1_024 * 1_024,
            looked_max: 10_000,
            preface_timeout: Duration::from_secs(10),
            reader_timeout: Duration::from_secs(60),
            call_timeout: Duration::from_secs(30),
            watch_interval: Duration::from_secs(30),
            stop_grace: Duration::from_secs(10),
        }
    }
}

/// Serves `sequencer` on `listener` until `shutdown` completes; then takes in nothing new, answers what was taken in,
/// ends the streams, and shuts the sequencer down.
///
/// Errors: [`ServeError`], when the service cannot begin or go on.
pub async fn serve(
    sequencer: Sequencer,
    config: ServiceConfig,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), ServeError> {
    let (stopper, stop) = stop::channel();
    if let Ok(address) = listener.local_addr() {
        info!(%address, "serving");
    }
    let incoming = incoming::accept(listener, &config);
    let (health, health_service) = tonic_health::server::health_reporter();
    let shared = Shared {
        sequencer: sequencer.clone(),
        statements: Arc::new(Semaphore::new(config.statements_max)),
        stream_bytes: Arc::new(Semaphore::new(config.stream_bytes_max)),
        streams: Arc::new(Semaphore::new(config.streams_max)),
        stop,
        config: Arc::new(config.clone()),
        known: Arc::default(),
    };
    let agreements = AgreementServiceServer::new(AgreementFace::new(shared.clone()))
        .max_decoding_message_size(config.message_bytes_max);
    let ledgers = LedgerServiceServer::new(LedgerFace::new(shared)).max_decoding_message_size(config.message_bytes_max);
    health.set_serving::<LedgerServiceServer<LedgerFace>>().await;
    health.set_serving::<AgreementServiceServer<AgreementFace>>().await;
    let reflection = || {
        ReflectionBuilder::configure()
            .register_encoded_file_descriptor_set(DESCRIPTORS)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    let told = Arc::new(tokio::sync::Notify::new());
    let when_told = Arc::clone(&told);
    let serving = Server::builder()
        .layer(BordersLayer::new(config.calls_max, config.call_timeout))
        .max_concurrent_streams(config.connection_streams_max)
        .http2_max_header_list_size(HEADER_LIST_BYTES_MAX)
        .http2_keepalive_interval(Some(KEEP_ALIVE_INTERVAL))
        .http2_keepalive_timeout(Some(KEEP_ALIVE_TIMEOUT))
        .add_service(health_service)
        .add_service(reflection().build_v1().map_err(|source| ServeError::Reflection { source: source.into() })?)
        .add_service(reflection().build_v1alpha().map_err(|source| ServeError::Reflection { source: source.into() })?)
        .add_service(ledgers)
        .add_service(agreements)
        .serve_with_incoming_shutdown(incoming, async move { when_told.notified().await });
    let mut broken = None;
    let stopping = async {
        tokio::select! {
            () = shutdown => info!("stopping"),
            why = store_stopped(&sequencer) => {
                error!(%why, "the store has stopped, and nothing can be taken in or told any more: the server ends; start it again");
                broken = Some(why);
            }
        }
        health.set_not_serving::<LedgerServiceServer<LedgerFace>>().await;
        health.set_not_serving::<AgreementServiceServer<AgreementFace>>().await;
        told.notify_one();
        stopper.stop();
        tokio::time::sleep(config.stop_grace).await;
    };
    tokio::select! {
        served = serving => served.map_err(|source| ServeError::Transport { source: source.into() })?,
        () = stopping => warn!("some calls did not end in time"),
    }
    sequencer.shut_down().await;
    info!("stopped");
    broken.map_or(Ok(()), |why| Err(ServeError::StoreStopped { why }))
}

/// Waits until the store has stopped; returns why.
async fn store_stopped(sequencer: &Sequencer) -> String {
    loop {
        if let Some(why) = sequencer.store_stopped() {
            return why;
        }
        tokio::time::sleep(STORE_LOOK_INTERVAL).await;
    }
}

/// So long nobody is told that the store has stopped but who asks for something.
const STORE_LOOK_INTERVAL: Duration = Duration::from_millis(250);

/// Names, sizes and codes that a well-behaved client sends take a few hundred bytes.
const HEADER_LIST_BYTES_MAX: u32 = 16 * 1_024;
/// Finds out that a client is gone although its connection was never closed.
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(30);
const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(20);

/// What the calls of both services share.
#[derive(Clone)]
struct Shared {
    sequencer: Sequencer,
    statements: Arc<Semaphore>,
    stream_bytes: Arc<Semaphore>,
    streams: Arc<Semaphore>,
    stop: Stop,
    config: Arc<ServiceConfig>,
    /// The keys of those who sign here.
    known: Arc<KnownKeys>,
}

impl Shared {
    /// Lets one more statement be submitted by a call, until what it returns is dropped.
    fn statement_permit(&self) -> Result<OwnedSemaphorePermit, No> {
        Arc::clone(&self.statements)
            .try_acquire_owned()
            .map_err(|_| No::new(SERVER_BUSY, "too many statements at once").retry_after(BUSY_RETRY_AFTER))
    }

    /// Lets one more long stream open, until what it returns is dropped. One connection cannot take them all.
    fn stream_permit(&self, extensions: &Extensions) -> Result<StreamPermit, No> {
        let busy = |what| No::new(SERVER_BUSY, what).retry_after(STREAM_RETRY_AFTER);
        let of_connection = extensions.get().map(|peer: &Peer| {
            peer.long_stream_permit().ok_or_else(|| busy("too many streams are open on this connection"))
        });
        let of_all = Arc::clone(&self.streams).try_acquire_owned();
        Ok(StreamPermit {
            _of_connection: of_connection.transpose()?,
            _of_all: of_all.map_err(|_| busy("too many streams are open"))?,
        })
    }
}

/// Leave for one long stream.
struct StreamPermit {
    _of_connection: Option<OwnedSemaphorePermit>,
    _of_all: OwnedSemaphorePermit,
}

/// Streams are long; there is no use in asking sooner.
const STREAM_RETRY_AFTER: Duration = Duration::from_secs(1);

/// Why a service cannot begin or go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// A write or sync failed, so that nothing can be promised any more.
    #[error("the store has stopped ({why}): start the server again")]
    StoreStopped {
        /// What failed.
        why: String,
    },
    /// Connections cannot be served.
    #[error("connections cannot be served")]
    Transport {
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The description of the protocol that was built in is wrong.
    #[error("the protocol cannot be described to those who ask for it")]
    Reflection {
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}
