//! Clients that open a stream and never read it: they hold nobody up, and their places are given back.

use std::{sync::Arc, time::Duration};

use counterfoil::{
    client::Client,
    proto::counterfoil::v1::{
        self, ExportBundleRequest, ListEntriesRequest, SubmitStatementsRequest, WatchEntriesRequest,
        ledger_service_client::LedgerServiceClient,
    },
    service::ServiceConfig,
    statement::{Body, id::AgreementId},
    store::memory::MemoryStore,
};
use prost::Message as _;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::{Channel, Endpoint};

use crate::{
    overload::{
        in_time, is_busy,
        raw::{NO_WINDOW, PREFACE, Raw, Said},
    },
    parties::{contribute, hours, say},
    service::size,
    serving::{Serving, in_force},
};

const SOON: Duration = Duration::from_millis(300);

/// A connection that takes in little before its reader does.
async fn narrow(serving: &Serving) -> LedgerServiceClient<Channel> {
    let endpoint = Endpoint::from_shared(format!("http://{}", serving.address)).unwrap();
    let endpoint = endpoint.tcp_nodelay(true).initial_stream_window_size(65_535).initial_connection_window_size(65_535);
    LedgerServiceClient::new(endpoint.connect().await.unwrap())
}

/// A ledger of some megabytes.
async fn long(client: &mut Client) -> AgreementId {
    let agreement = in_force(client).await;
    let envelopes: Vec<_> = (0..1_500)
        .map(|_| {
            let mut claimed = hours("community", 1);
            claimed.note = "x".repeat(2_000);
            say("community", agreement, Body::Contribution(claimed))
        })
        .collect();
    client.submit_all(envelopes, None, |_, answer| assert!(answer.is_ok(), "{answer:?}")).await.unwrap();
    agreement
}

/// Sends statements, as many as the server takes, and never asks for an answer.
fn send_for_ever(agreement: AgreementId) -> ReceiverStream<SubmitStatementsRequest> {
    let (requests, queue) = tokio::sync::mpsc::channel(1);
    tokio::spawn(async move {
        loop {
            let envelope = contribute("enterprise", agreement);
            let envelope = v1::Envelope {
                payload_type: envelope.payload_type,
                payload: envelope.payload,
                key: envelope.key.to_vec().into(),
                signature: envelope.signature.to_vec().into(),
            };
            if requests.send(SubmitStatementsRequest { envelope: Some(envelope) }).await.is_err() {
                return;
            }
        }
    });
    ReceiverStream::new(queue)
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_who_never_read_hold_nobody_up() {
    // Less than what one stream may have in flight: what is counted must not wait for a reader.
    let config = ServiceConfig { stream_bytes_max: 64 * 1_024, ..ServiceConfig::default() };
    let serving = Serving::start(Arc::new(MemoryStore::new()), config).await;
    let mut client = serving.client().await;
    let agreement = in_time(long(&mut client)).await;
    let (mut watching, mut exporting, mut submitting) =
        (narrow(&serving).await, narrow(&serving).await, narrow(&serving).await);
    let name = agreement.to_string();
    let watch = WatchEntriesRequest { agreement: name.clone(), start_index: 0 };
    let _watch = in_time(watching.watch_entries(watch)).await.unwrap();
    let _export = in_time(exporting.export_bundle(ExportBundleRequest { agreement: name })).await.unwrap();
    let _answers = in_time(submitting.submit_statements(send_for_ever(agreement))).await.unwrap();

    // The stream without a reader comes to a stop by itself.
    let (mut before, mut after) = (0, 1);
    while before != after {
        tokio::time::sleep(SOON).await;
        (before, after) = (after, in_time(size(&mut client, agreement)).await);
    }
    let taken = after - 1_502;
    assert!((100..10_000).contains(&taken), "{taken} statements were taken of a client that reads no answer");

    // Everybody else goes on: calls, streams, watchers, exports.
    for _ in 0..20 {
        in_time(client.submit(contribute("community", agreement), None)).await.unwrap();
    }
    let envelopes: Vec<_> = (0..1_000).map(|_| contribute("community", agreement)).collect();
    in_time(client.submit_all(envelopes, None, |_, answer| assert!(answer.is_ok(), "{answer:?}"))).await.unwrap();
    let mut watch = client.watch(agreement, after, None).await.unwrap();
    in_time(watch.next()).await.unwrap();
    in_time(client.export(agreement, Vec::new())).await.unwrap();
}

/// What is not read stays in memory: only so much of it is made, nothing short waits behind it, and it ends.
#[tokio::test(flavor = "multi_thread")]
async fn answers_that_nobody_reads_are_bounded_and_end_their_connection() {
    const ASKED: u32 = 20;
    let patience = 5 * SOON;
    let config =
        ServiceConfig { answer_bytes_max: 2 * 1_024 * 1_024, reader_timeout: patience, ..ServiceConfig::default() };
    let serving = Serving::start(Arc::new(MemoryStore::new()), config).await;
    let mut client = serving.client().await;
    let agreement = in_time(long(&mut client)).await;
    let request = ListEntriesRequest { agreement: agreement.to_string(), page_size: 1_000, ..Default::default() };
    let message = request.encode_to_vec();
    let mut raw = Raw::open(serving.address).await;
    raw.say(&[PREFACE, NO_WINDOW].concat()).await;
    for number in 0..ASKED {
        raw.call(2 * number + 1, "/counterfoil.v1.LedgerService/ListEntries", &message).await;
    }
    let mut answered = 0;
    while answered < 1 {
        answered += u32::from(in_time(raw.hear()).await.unwrap().1 == Said::Headers);
    }
    // What is short is answered meanwhile, and what is long waits until they are gone.
    in_time(client.submit(contribute("community", agreement), None)).await.unwrap();
    let mut other = LedgerServiceClient::new(serving.channel().await);
    let asked = tokio::spawn(async move { other.list_entries(request).await });
    while let Some((_, said)) = in_time(raw.hear()).await {
        answered += u32::from(said == Said::Headers);
    }
    assert!(answered <= 2, "{answered} pages of a megabyte waited for their reader");
    in_time(asked).await.unwrap().unwrap();
}

/// Its connection may be busy otherwise: an answer is read in time, or it ends.
#[tokio::test(flavor = "multi_thread")]
async fn answers_that_are_read_slowly_but_in_time_end_nothing() {
    let config =
        ServiceConfig { connection_answer_bytes_max: 1_024 * 1_024, reader_timeout: SOON, ..ServiceConfig::default() };
    let serving = Serving::start(Arc::new(MemoryStore::new()), config).await;
    let mut client = serving.client().await;
    let agreement = in_time(long(&mut client)).await;
    let other = LedgerServiceClient::new(serving.channel().await);
    let pages: Vec<_> = (0..12)
        .map(|_| {
            let mut other = other.clone();
            let agreement = agreement.to_string();
            let request = ListEntriesRequest { agreement, page_size: 1_000, ..Default::default() };
            tokio::spawn(async move { other.list_entries(request).await })
        })
        .collect();
    for page in pages {
        assert!(in_time(page).await.unwrap().unwrap().into_inner().entries.len() > 100);
    }
    tokio::time::sleep(2 * SOON).await;
    in_time(client.submit(contribute("community", agreement), None)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_who_reads_nothing_for_too_long_gives_its_place_back() {
    let config = ServiceConfig { streams_max: 3, reader_timeout: SOON, ..ServiceConfig::default() };
    let serving = Serving::start(Arc::new(MemoryStore::new()), config).await;
    let mut client = serving.client().await;
    let agreement = in_time(long(&mut client)).await;
    let (mut watching, mut exporting, mut submitting) =
        (narrow(&serving).await, narrow(&serving).await, narrow(&serving).await);
    let watch = WatchEntriesRequest { agreement: agreement.to_string(), start_index: 0 };
    let export = ExportBundleRequest { agreement: agreement.to_string() };
    let _watch = in_time(watching.watch_entries(watch.clone())).await.unwrap();
    let _export = in_time(exporting.export_bundle(export.clone())).await.unwrap();
    let _answers = in_time(submitting.submit_statements(send_for_ever(agreement))).await.unwrap();
    let mut other = LedgerServiceClient::new(serving.channel().await);
    let status = in_time(other.export_bundle(export.clone())).await.unwrap_err();
    is_busy(&status, "SERVER_BUSY");
    // All three are given back: as many others open, and are read.
    let mut opened = Vec::new();
    for tried in 0.. {
        match in_time(other.watch_entries(watch.clone())).await {
            Ok(stream) => opened.push(stream),
            Err(status) => is_busy(&status, "SERVER_BUSY"),
        }
        if opened.len() == 3 {
            break;
        }
        assert!(tried < 100, "{} of 3 places were given back", opened.len());
        tokio::time::sleep(SOON / 3).await;
    }
}
