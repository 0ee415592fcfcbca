//! Stopping and limits: what was taken in is answered, streams end with their reason, a restart finds everything.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use counterfoil::{
    client::{ClientError, ClientOptions, Event},
    digest::Digest,
    ledger::LedgerId,
    merkle::index::{LeafIndex, NodeIndex},
    proto::counterfoil::v1::{
        SubmitStatementsRequest, WatchEntriesRequest, ledger_service_client::LedgerServiceClient,
    },
    service::{ServeError, ServiceConfig},
    store::{
        Append, CommitError, Head, NotAppended, Store, StoreError,
        disk::memory::MemoryDisk,
        log::{
            LogConfig, LogId, LogStore,
            index::{Index, memory::MemoryIndex},
        },
        memory::MemoryStore,
    },
};
use tokio_stream::wrappers::ReceiverStream;
use tonic::Code;
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient};

use crate::{
    parties::contribute,
    service::{reason, size},
    serving::{Serving, in_force},
};

/// A store whose commits take long once it is told so, or the opening of its ledgers.
pub struct Slow {
    inner: MemoryStore,
    pub slow: AtomicBool,
    pub slow_to_open: AtomicBool,
}

impl Slow {
    pub fn new() -> Arc<Self> {
        let (slow, slow_to_open) = (AtomicBool::new(false), AtomicBool::new(false));
        Arc::new(Self { inner: MemoryStore::new(), slow, slow_to_open })
    }
}

impl Store for Slow {
    fn ledgers(&self, after: Option<LedgerId>, max: usize) -> Result<Vec<(LedgerId, Head)>, StoreError> {
        self.inner.ledgers(after, max)
    }

    fn head(&self, ledger: LedgerId) -> Result<Option<Head>, StoreError> {
        if self.slow_to_open.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(100));
        }
        self.inner.head(ledger)
    }

    fn leaves(
        &self,
        ledger: LedgerId,
        from: LeafIndex,
        max: usize,
        bytes_max: usize,
    ) -> Result<Vec<Bytes>, StoreError> {
        self.inner.leaves(ledger, from, max, bytes_max)
    }

    fn nodes(&self, ledger: LedgerId, nodes: &[NodeIndex]) -> Result<Vec<Digest>, StoreError> {
        self.inner.nodes(ledger, nodes)
    }

    fn find(&self, ledger: LedgerId, envelope: Digest) -> Result<Option<LeafIndex>, StoreError> {
        self.inner.find(ledger, envelope)
    }

    fn commit(&self, appends: Vec<Append>) -> Result<Vec<Result<String, NotAppended>>, CommitError> {
        if self.slow.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(400));
        }
        self.inner.commit(appends)
    }

    fn snapshot(&self, ledger: LedgerId) -> Result<Option<Bytes>, StoreError> {
        self.inner.snapshot(ledger)
    }

    fn records(&self, ledger: LedgerId, keys: &[Bytes]) -> Result<Vec<Option<Bytes>>, StoreError> {
        self.inner.records(ledger, keys)
    }

    fn list_records(
        &self,
        ledger: LedgerId,
        from: &[u8],
        upto: &[u8],
        reverse: bool,
        max: usize,
    ) -> Result<Vec<(Bytes, Bytes)>, StoreError> {
        self.inner.list_records(ledger, from, upto, reverse, max)
    }

    fn keep(&self, ledger: LedgerId, snapshot: Bytes, records: Vec<(Bytes, Option<Bytes>)>) -> Result<(), StoreError> {
        self.inner.keep(ledger, snapshot, records)
    }
}

const SOON: Duration = Duration::from_millis(150);

fn hasty() -> ClientOptions {
    ClientOptions { tries_max: 1, ..ClientOptions::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_told_to_stop_answers_what_it_has_taken_in() {
    let store = Slow::new();
    let serving = Serving::start(Arc::<Slow>::clone(&store), ServiceConfig::default()).await;
    let mut client = serving.client_with(hasty()).await;
    let agreement = in_force(&mut client).await;
    store.slow.store(true, Ordering::SeqCst);

    let (mut one, mut many) = (client.clone(), client.clone());
    let unary = tokio::spawn(async move { one.submit(contribute("community", agreement), None).await });
    let envelopes: Vec<_> = (0..50).map(|_| contribute("enterprise", agreement)).collect();
    let bulk = tokio::spawn(async move {
        let mut answers = 0;
        // Ends once all are answered, while the server is already stopping.
        many.submit_all(envelopes, None, |_, answer| answers += usize::from(answer.is_ok())).await.map(|_| answers)
    });
    tokio::time::sleep(SOON).await;
    serving.stop().await;
    assert!(unary.await.unwrap().is_ok());
    assert_eq!(bulk.await.unwrap().unwrap(), 50);

    // Everything answered is there when the store is opened again.
    let serving = Serving::start(store, ServiceConfig::default()).await;
    let mut client = serving.client().await;
    assert_eq!(size(&mut client, agreement).await, 2 + 1 + 50);
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_end_with_their_reason_when_the_server_stops() {
    let serving = Serving::in_memory().await;
    let mut client = serving.client().await;
    let agreement = in_force(&mut client).await;
    let mut ledgers = LedgerServiceClient::new(serving.channel().await);
    let request = WatchEntriesRequest { agreement: agreement.to_string(), start_index: 2 };
    let mut events = ledgers.watch_entries(request).await.unwrap().into_inner();
    let (requests, queue) = tokio::sync::mpsc::channel::<SubmitStatementsRequest>(1);
    let mut answers = ledgers.submit_statements(ReceiverStream::new(queue)).await.unwrap().into_inner();
    events.message().await.unwrap().unwrap();

    let stopped = tokio::spawn(serving.stop());
    let stopping = (Code::Unavailable, "SERVER_STOPPING".to_owned());
    assert_eq!(reason(&events.message().await.unwrap_err()), stopping);
    assert_eq!(reason(&answers.message().await.unwrap_err()), stopping);
    stopped.await.unwrap();
    drop(requests);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_whose_store_has_stopped_says_so_to_its_health_and_ends() {
    let (disk, index) = (MemoryDisk::new(), MemoryIndex::new());
    let index: Box<dyn Index> = Box::new(index);
    let log = LogStore::open_on(Arc::new(disk.clone()), move || Ok(index), LogConfig::new(LogId([7; 8]))).unwrap();
    let config = ServiceConfig { stop_grace: SOON, ..ServiceConfig::default() };
    let serving = Serving::start(Arc::new(log), config).await;
    let mut client = serving.client_with(hasty()).await;
    let agreement = in_force(&mut client).await;
    let mut health = HealthClient::new(serving.channel().await);
    let service = "counterfoil.v1.LedgerService".to_owned();
    let mut told = health.watch(HealthCheckRequest { service }).await.unwrap().into_inner();
    assert_eq!(told.message().await.unwrap().unwrap().status(), ServingStatus::Serving);
    // There is still room for a commit, and then it can neither be written nor taken back.
    disk.die_at(disk.calls() + 1);
    client.submit(contribute("community", agreement), None).await.unwrap_err();
    let told = tokio::time::timeout(Duration::from_secs(20), told.message()).await.unwrap();
    assert_eq!(told.unwrap().unwrap().status(), ServingStatus::NotServing);
    match serving.ended().await {
        Err(ServeError::StoreStopped { why }) => assert!(why.contains("as planned"), "{why}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watcher_and_a_client_go_on_after_a_restart_at_the_same_address() {
    let folder = tempfile::tempdir().unwrap();
    let open = || Arc::new(LogStore::open(folder.path(), 1_048_576).unwrap());
    let serving = Serving::start(open(), ServiceConfig::default()).await;
    let address = serving.address;
    let mut client = serving.client().await;
    let agreement = in_force(&mut client).await;
    let mut watch = client.watch(agreement, 0, None).await.unwrap();
    while !matches!(watch.next().await.unwrap(), Event::Checkpoint(_)) {}
    serving.stop().await;

    let restarted = Serving::start_at(open(), ServiceConfig::default(), address).await;
    client.submit(contribute("community", agreement), None).await.unwrap();
    let event = loop {
        match watch.next().await.unwrap() {
            Event::Entry { index, .. } => break index,
            Event::Checkpoint(checkpoint) => assert_eq!(checkpoint.checkpoint().size.get(), 2),
        }
    };
    assert_eq!(event, 2);
    restarted.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_calls_than_the_limit_are_told_to_come_again() {
    let store = Slow::new();
    let config = ServiceConfig { calls_max: 1, ..ServiceConfig::default() };
    let serving = Serving::start(Arc::<Slow>::clone(&store), config).await;
    let mut client = serving.client_with(hasty()).await;
    let agreement = in_force(&mut client).await;
    store.slow.store(true, Ordering::SeqCst);
    let mut first = client.clone();
    let waiting = tokio::spawn(async move { first.submit(contribute("community", agreement), None).await });
    tokio::time::sleep(SOON).await;
    let error = client.checkpoint(agreement, None).await.unwrap_err();
    assert!(matches!(&error, ClientError::Busy { refused, .. } if refused.reason == "SERVER_BUSY"), "{error:?}");
    // A client that is patient comes through.
    serving.client().await.checkpoint(agreement, None).await.unwrap();
    waiting.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn more_streams_than_the_limit_are_told_to_come_again() {
    let config = ServiceConfig { streams_max: 1, ..ServiceConfig::default() };
    let serving = Serving::start(Arc::new(MemoryStore::new()), config).await;
    let mut client = serving.client_with(hasty()).await;
    let agreement = in_force(&mut client).await;
    let watch = client.watch(agreement, 0, None).await.unwrap();
    let error = client.watch(agreement, 0, None).await.err().unwrap();
    assert!(matches!(&error, ClientError::Busy { refused, .. } if refused.reason == "SERVER_BUSY"), "{error:?}");
    drop(watch);
    serving.client().await.export(agreement, Vec::new()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_takes_too_long_is_given_up_and_its_statement_is_found_by_submitting_again() {
    let store = Slow::new();
    let config = ServiceConfig { call_timeout: SOON, ..ServiceConfig::default() };
    let serving = Serving::start(Arc::<Slow>::clone(&store), config).await;
    let mut client = serving.client_with(hasty()).await;
    let agreement = in_force(&mut client).await;
    store.slow.store(true, Ordering::SeqCst);
    let envelope = contribute("community", agreement);
    let error = client.submit(envelope.clone(), None).await.unwrap_err();
    assert!(matches!(&error, ClientError::Busy { refused, .. } if refused.reason == "CALL_TIMED_OUT"), "{error:?}");
    store.slow.store(false, Ordering::SeqCst);
    let recorded = serving.client().await.submit(envelope, None).await.unwrap();
    assert_eq!((recorded.index, recorded.already_recorded), (2, true));
}
