//! Every limit has its clear no: messages, headers, statements, streams, connections.

use std::{
    collections::BTreeSet,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use counterfoil::{
    client::{Client, ClientError, ClientOptions},
    envelope::Envelope,
    proto::counterfoil::v1::{
        self, GetCheckpointRequest, SubmitStatementRequest, SubmitStatementResponse, SubmitStatementsRequest,
        WatchEntriesRequest, ledger_service_client::LedgerServiceClient,
    },
    service::ServiceConfig,
    statement::{Body, Contribution, id::AgreementId},
    store::memory::MemoryStore,
};
use tokio::task::{JoinHandle, JoinSet};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Request, Response, Status, metadata::MetadataValue};

use crate::{
    overload::{in_time, is_busy},
    parties::{contribute, hours, say},
    service::{reason, size, stop::Slow},
    serving::{Serving, in_force},
};

const SOON: Duration = Duration::from_millis(150);

async fn with(config: ServiceConfig) -> Serving {
    Serving::start(Arc::new(MemoryStore::new()), config).await
}

/// Serves an agreement that is in force from a store that has become slow.
async fn slow(config: ServiceConfig) -> (Arc<Slow>, Serving, Client, AgreementId) {
    let store = Slow::new();
    let serving = Serving::start(Arc::<Slow>::clone(&store), config).await;
    let mut client = serving.client().await;
    let agreement = in_force(&mut client).await;
    store.slow.store(true, Ordering::SeqCst);
    (store, serving, client, agreement)
}

/// Ten statements on connections of their own, submitted or only judged.
async fn ten_at_once(serving: &Serving, agreement: AgreementId, validate_only: bool) -> Vec<JoinHandle<Submitted>> {
    let mut submitting = Vec::new();
    for _ in 0..10 {
        let mut ledgers = LedgerServiceClient::new(serving.channel().await);
        let envelope = Some(message(&contribute("community", agreement)));
        let request = SubmitStatementRequest { envelope, validate_only };
        submitting.push(tokio::spawn(async move { ledgers.submit_statement(request).await }));
    }
    submitting
}

type Submitted = Result<Response<SubmitStatementResponse>, Status>;

fn message(envelope: &Envelope) -> v1::Envelope {
    v1::Envelope {
        payload_type: envelope.payload_type.clone(),
        payload: envelope.payload.clone(),
        key: envelope.key.to_vec().into(),
        signature: envelope.signature.to_vec().into(),
    }
}

fn watch(agreement: AgreementId) -> WatchEntriesRequest {
    WatchEntriesRequest { agreement: agreement.to_string(), start_index: 0 }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_in_a_stream_that_is_too_large_ends_it_with_its_reason() {
    let serving = Serving::in_memory().await;
    let mut client = serving.client().await;
    let agreement = in_force(&mut client).await;
    let large = Envelope { payload: vec![0; 128 * 1_024].into(), ..contribute("community", agreement) };
    let (requests, queue) = tokio::sync::mpsc::channel(2);
    for envelope in [contribute("community", agreement), large] {
        requests.send(SubmitStatementsRequest { envelope: Some(message(&envelope)) }).await.unwrap();
    }
    let mut ledgers = LedgerServiceClient::new(serving.channel().await);
    let mut answers = ledgers.submit_statements(ReceiverStream::new(queue)).await.unwrap().into_inner();
    // What came before it has its answer.
    assert!(in_time(answers.message()).await.unwrap().is_some());
    let status = in_time(answers.message()).await.unwrap_err();
    assert_eq!(reason(&status), (Code::InvalidArgument, "REQUEST_TOO_LARGE".to_owned()));
    assert_eq!(size(&mut client, agreement).await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_that_are_too_large_are_refused_and_the_connection_goes_on() {
    let serving = Serving::in_memory().await;
    let mut client = serving.client().await;
    let agreement = in_force(&mut client).await;
    let mut ledgers = LedgerServiceClient::new(serving.channel().await);
    let asked = |letters: usize| {
        let mut request = Request::new(GetCheckpointRequest { agreement: agreement.to_string() });
        let value = MetadataValue::try_from("x".repeat(letters)).unwrap();
        request.metadata_mut().insert("letters", value);
        request
    };
    in_time(ledgers.get_checkpoint(asked(8_000))).await.unwrap();
    let status = in_time(ledgers.get_checkpoint(asked(20_000))).await.unwrap_err();
    // The answer to a request that was not read wholly is one of HTTP: 431, Request Header Fields Too Large.
    assert!(status.message().contains("431"), "{status:?}");
    in_time(ledgers.get_checkpoint(asked(8_000))).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn more_statements_than_the_limit_are_told_to_come_again_and_the_admitted_are_answered() {
    let config = ServiceConfig { statements_max: 3, ..ServiceConfig::default() };
    let (store, serving, mut client, agreement) = slow(config).await;
    let submitting = ten_at_once(&serving, agreement, false).await;
    tokio::time::sleep(SOON).await;
    // Readers wait for none of it.
    assert_eq!(in_time(size(&mut client, agreement)).await, 2);
    let mut admitted = 0;
    for submitted in submitting {
        match in_time(submitted).await.unwrap() {
            Ok(_) => admitted += 1,
            Err(status) => is_busy(&status, "SERVER_BUSY"),
        }
    }
    assert!((3..10).contains(&admitted), "{admitted} of 10 were admitted");
    assert_eq!(size(&mut client, agreement).await, 2 + admitted);
    // Who comes again is admitted.
    store.slow.store(false, Ordering::SeqCst);
    in_time(client.submit(contribute("community", agreement), None)).await.unwrap();
}

/// They wait for the flush as long as what is submitted does.
#[tokio::test(flavor = "multi_thread")]
async fn statements_that_are_only_judged_count_until_they_are() {
    let config = ServiceConfig { statements_max: 3, ..ServiceConfig::default() };
    let (_store, serving, mut client, agreement) = slow(config).await;
    let submitted = tokio::spawn(async move { client.submit(contribute("community", agreement), None).await });
    tokio::time::sleep(SOON / 3).await;
    let judging = ten_at_once(&serving, agreement, true).await;
    let mut judged = 0;
    for one in judging {
        match in_time(one).await.unwrap() {
            Ok(_) => judged += 1,
            Err(status) => is_busy(&status, "SERVER_BUSY"),
        }
    }
    assert!((2..10).contains(&judged), "{judged} of 10 were judged");
    in_time(submitted).await.unwrap().unwrap();
}

/// A statement is taken in although whoever submitted it has hung up, so it counts until then.
#[tokio::test(flavor = "multi_thread")]
async fn statements_of_those_who_have_gone_are_counted_until_they_are_in_the_ledger() {
    let config = ServiceConfig { statements_max: 3, ..ServiceConfig::default() };
    let (store, serving, mut client, agreement) = slow(config).await;
    let mut admitted = 2;
    for _ in 0..12 {
        let mut ledgers = LedgerServiceClient::new(serving.channel().await);
        let envelope = Some(message(&contribute("community", agreement)));
        let request = SubmitStatementRequest { envelope, validate_only: false };
        match tokio::time::timeout(SOON / 10, ledgers.submit_statement(request)).await {
            Err(_) | Ok(Ok(_)) => admitted += 1,
            Ok(Err(status)) => is_busy(&status, "SERVER_BUSY"),
        }
    }
    assert!(admitted < 2 + 12, "nobody was one too many");
    store.slow.store(false, Ordering::SeqCst);
    in_time(client.submit(contribute("community", agreement), None)).await.unwrap();
    assert_eq!(size(&mut client, agreement).await, admitted + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_streams_have_in_flight_is_bounded_by_its_bytes() {
    const STATEMENTS: usize = 24;
    // Four of these statements, of all streams together.
    let config = ServiceConfig { stream_bytes_max: 4 * 2_300, ..ServiceConfig::default() };
    let (_store, serving, _client, agreement) = slow(config).await;
    let mut submitting = JoinSet::new();
    for _ in 0..3 {
        let mut client = serving.client().await;
        let claim = || Contribution { note: "x".repeat(2_000), ..hours("community", 1) };
        let envelopes: Vec<_> =
            (0..STATEMENTS / 3).map(|_| say("community", agreement, Body::Contribution(claim()))).collect();
        submitting.spawn(async move {
            let mut sizes = Vec::new();
            let answered = client.submit_all(envelopes, None, |_, answer| {
                sizes.push(answer.unwrap().checkpoint.checkpoint().size.get());
            });
            answered.await.unwrap();
            sizes
        });
    }
    let sizes: BTreeSet<u64> = in_time(submitting.join_all()).await.into_iter().flatten().collect();
    // Whatever is in flight when a flush ends is one batch: none has more than there is room for.
    let batches: Vec<u64> = [2].iter().chain(&sizes).zip(&sizes).map(|(before, after)| after - before).collect();
    assert_eq!(batches.iter().sum::<u64>(), u64::try_from(STATEMENTS).unwrap());
    assert!(batches.iter().all(|batch| *batch <= 4), "{batches:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_of_a_ledger_says_when_to_come_again() {
    let serving = Serving::with_sequencer(|config| counterfoil::sequencer::SequencerConfig {
        queue_max: 1,
        batch_max: 1,
        ..config
    })
    .await;
    let mut client = serving.client().await;
    let agreement = in_force(&mut client).await;
    let (mut admitted, mut refused) = (0, 0);
    for _ in 0..20 {
        let mut submitting = Vec::new();
        for _ in 0..200 {
            let mut ledgers = LedgerServiceClient::new(serving.channel().await);
            let envelope = Some(message(&contribute("community", agreement)));
            let request = SubmitStatementRequest { envelope, validate_only: false };
            submitting.push(tokio::spawn(async move { ledgers.submit_statement(request).await }));
        }
        for submitted in submitting {
            match in_time(submitted).await.unwrap() {
                Ok(_) => admitted += 1,
                Err(status) => {
                    is_busy(&status, "LEDGER_BUSY");
                    refused += 1;
                }
            }
        }
        if refused > 0 {
            break;
        }
    }
    assert!(refused > 0, "{admitted} at once were never too many");
    assert_eq!(size(&mut client, agreement).await, 2 + admitted);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_connection_cannot_take_the_long_streams_of_all() {
    let config = ServiceConfig { streams_max: 4, connection_long_streams_max: 2, ..ServiceConfig::default() };
    let serving = with(config).await;
    let mut client = serving.client().await;
    let agreement = in_force(&mut client).await;
    let mut greedy = LedgerServiceClient::new(serving.channel().await);
    let mut open = Vec::new();
    for _ in 0..2 {
        open.push(in_time(greedy.watch_entries(watch(agreement))).await.unwrap());
    }
    for _ in 0..3 {
        let status = in_time(greedy.watch_entries(watch(agreement))).await.unwrap_err();
        is_busy(&status, "SERVER_BUSY");
        assert!(status.message().contains("on this connection"), "{status:?}");
    }
    // Its calls go on, and so do the streams of others.
    let request = GetCheckpointRequest { agreement: agreement.to_string() };
    in_time(greedy.get_checkpoint(request)).await.unwrap();
    in_time(client.export(agreement, Vec::new())).await.unwrap();
    let mut other = LedgerServiceClient::new(serving.channel().await);
    let _others = in_time(other.watch_entries(watch(agreement))).await.unwrap();
    // A stream that ends gives its place back.
    drop(open);
    for tried in 0.. {
        match greedy.watch_entries(watch(agreement)).await {
            Ok(_) => break,
            Err(status) => is_busy(&status, "SERVER_BUSY"),
        }
        assert!(tried < 100, "no place was given back");
        tokio::time::sleep(SOON / 5).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn more_calls_on_a_connection_than_it_may_have_wait_until_one_ends() {
    let serving = with(ServiceConfig { connection_streams_max: 1, ..ServiceConfig::default() }).await;
    let mut client = serving.client().await;
    let agreement = in_force(&mut client).await;
    let mut ledgers = LedgerServiceClient::new(serving.channel().await);
    let open = in_time(ledgers.watch_entries(watch(agreement))).await.unwrap();
    let request = GetCheckpointRequest { agreement: agreement.to_string() };
    let waiting = tokio::spawn(async move { ledgers.get_checkpoint(request).await });
    tokio::time::sleep(SOON).await;
    assert!(!waiting.is_finished());
    in_time(client.checkpoint(agreement, None)).await.unwrap();
    drop(open);
    in_time(waiting).await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn more_connections_than_the_limit_are_told_so_and_come_in_when_one_is_closed() {
    let serving = with(ServiceConfig { connections_max: 1, ..ServiceConfig::default() }).await;
    let mut first = serving.client().await;
    let agreement = in_force(&mut first).await;
    let hasty = ClientOptions { tries_max: 1, ..ClientOptions::default() };
    let error = in_time(serving.client_with(hasty).await.checkpoint(agreement, None)).await.unwrap_err();
    let ClientError::Busy { refused, .. } = &error else { panic!("{error:?}") };
    assert_eq!((refused.code, refused.reason.as_str()), (Code::ResourceExhausted, "SERVER_BUSY"));
    assert!(refused.message.contains("connections") && refused.retry_after.is_some(), "{refused:?}");
    // Who has a connection is not disturbed.
    in_time(first.checkpoint(agreement, None)).await.unwrap();
    let mut patient = serving.client().await;
    let waiting = tokio::spawn(async move { patient.checkpoint(agreement, None).await });
    tokio::time::sleep(SOON).await;
    assert!(!waiting.is_finished());
    drop(first);
    in_time(waiting).await.unwrap().unwrap();
}
