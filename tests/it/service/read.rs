//! Reading: pages, proofs, watching, bundles, health and reflection.

use std::time::Duration;

use counterfoil::{
    client::{Client, ClientError, ClientOptions, Event},
    ledger::{bundle::BundleReader, entry::Entry},
    proto::counterfoil::v1::{
        ListEntriesRequest, ProveConsistencyRequest, WatchEntriesRequest, ledger_service_client::LedgerServiceClient,
        watch_entries_response,
    },
    service::ServiceConfig,
    statement::id::{AgreementId, StatementId},
    store::memory::MemoryStore,
};
use tonic::Code;
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient};
use tonic_reflection::pb::v1::{
    ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
    server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
};

use crate::{
    parties::{contribute, id, propose, terms},
    service::reason,
    serving::{Serving, in_force},
};

async fn contribute_many(client: &mut Client, agreement: AgreementId, count: usize) {
    let envelopes: Vec<_> = (0..count).map(|_| contribute("community", agreement)).collect();
    let answered = client.submit_all(envelopes, None, |_, answer| assert!(answer.is_ok(), "{answer:?}")).await;
    assert_eq!(answered.unwrap(), count);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_pages_speak_of_the_tree_size_of_the_first() {
    let serving = Serving::in_memory().await;
    let mut client = serving.client().await;
    let agreement = in_force(&mut client).await;
    contribute_many(&mut client, agreement, 248).await;
    let mut ledgers = LedgerServiceClient::new(serving.channel().await);
    let mut request =
        ListEntriesRequest { agreement: agreement.to_string(), page_size: 100, ..ListEntriesRequest::default() };
    let (mut indexes, mut notes) = (Vec::new(), Vec::new());
    loop {
        let page = ledgers.list_entries(request.clone()).await.unwrap().into_inner();
        indexes.extend(page.entries.iter().map(|entry| entry.index));
        let checkpoint = page.checkpoint.unwrap();
        assert_eq!(checkpoint.tree_size, 250);
        notes.push(checkpoint.note);
        // What comes in between is not of this listing.
        client.submit(contribute("enterprise", agreement), None).await.unwrap();
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    assert_eq!(indexes, (0..250).collect::<Vec<_>>());
    assert_eq!(notes.len(), 3);
    assert!(notes.iter().all(|note| *note == notes[0]), "{notes:?}");

    // A page token is of this listing of this agreement.
    let page_token = request.page_token;
    let (other, proposal) = propose("community", terms());
    client.submit(proposal, None).await.unwrap();
    let wrong = [
        (
            ListEntriesRequest { agreement: other.to_string(), page_token: page_token.clone(), ..Default::default() },
            "PAGE_TOKEN_INVALID",
        ),
        (
            ListEntriesRequest {
                agreement: agreement.to_string(),
                page_token: format!("{page_token}A"),
                ..Default::default()
            },
            "PAGE_TOKEN_INVALID",
        ),
        (
            ListEntriesRequest { agreement: agreement.to_string(), page_size: 1_001, ..Default::default() },
            "PAGE_SIZE_TOO_LARGE",
        ),
        (ListEntriesRequest { agreement: "agr1".into(), ..Default::default() }, "AGREEMENT_INVALID"),
    ];
    for (request, wanted) in wrong {
        let status = ledgers.list_entries(request).await.unwrap_err();
        assert_eq!(reason(&status), (Code::InvalidArgument, wanted.to_owned()));
    }
    let beyond = ListEntriesRequest { agreement: agreement.to_string(), start_index: 1_000, ..Default::default() };
    let status = ledgers.list_entries(beyond).await.unwrap_err();
    assert_eq!(reason(&status), (Code::OutOfRange, "INDEX_BEYOND_TREE".to_owned()));
    let end = ListEntriesRequest { agreement: agreement.to_string(), start_index: 253, ..Default::default() };
    assert_eq!(ledgers.list_entries(end).await.unwrap().into_inner().entries, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_client_reads_entries_proves_them_and_sees_that_the_ledger_only_grows() {
    let serving = Serving::in_memory().await;
    let mut client = serving.client().await;
    let agreement = in_force(&mut client).await;
    let before = client.checkpoint(agreement, None).await.unwrap();
    let envelope = contribute("community", agreement);
    client.submit(envelope.clone(), None).await.unwrap();
    contribute_many(&mut client, agreement, 30).await;

    let page = client.entries(agreement, 2, None, None).await.unwrap();
    assert_eq!((page.entries.len(), page.next), (31, None));
    assert_eq!((page.entries[0].0, &page.entries[0].1.envelope), (2, &envelope));

    let (entry, recorded) = client.prove_inclusion(agreement, 2, None).await.unwrap();
    assert_eq!((&entry.envelope, recorded.statement), (&envelope, id(&envelope)));
    let (_, by_id) = client.prove_statement(agreement, id(&envelope), None).await.unwrap();
    assert_eq!(by_id.index, 2);
    let unknown = StatementId::from_digest(agreement.digest());
    assert_eq!(client.prove_statement(agreement, unknown, None).await.unwrap().1.index, 0);
    let unknown = id(&contribute("community", agreement));
    let error = client.prove_statement(agreement, unknown, None).await.unwrap_err();
    assert!(matches!(&error, ClientError::Refused(no) if no.reason == "ENTRY_NOT_FOUND"), "{error:?}");
    let error = client.prove_inclusion(agreement, 33, None).await.unwrap_err();
    assert!(matches!(&error, ClientError::Refused(no) if no.reason == "INDEX_BEYOND_TREE"), "{error:?}");

    let latest = client.prove_consistency(agreement, before.checkpoint(), None).await.unwrap();
    assert_eq!(latest.checkpoint().size.get(), 33);
    let mut forged = before.checkpoint().clone();
    forged.root = agreement.digest();
    let error = client.prove_consistency(agreement, &forged, None).await.unwrap_err();
    assert!(matches!(error, ClientError::Inconsistent { first: 2, second: 33, .. }), "{error:?}");

    let mut ledgers = LedgerServiceClient::new(serving.channel().await);
    for (first_size, second_size, wanted) in [
        (0, 5, "REQUEST_MALFORMED"),
        (6, 5, "REQUEST_MALFORMED"),
        (5, 34, "INDEX_BEYOND_TREE"),
        (34, 0, "INDEX_BEYOND_TREE"),
    ] {
        let request = ProveConsistencyRequest { agreement: agreement.to_string(), first_size, second_size };
        let status = ledgers.prove_consistency(request).await.unwrap_err();
        assert_eq!(reason(&status).1, wanted, "{first_size} {second_size}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watcher_hears_everything_once_in_order_and_the_checkpoints_cover_it() {
    let serving = Serving::in_memory().await;
    let mut client = serving.client().await;
    let agreement = in_force(&mut client).await;
    let mut watch = client.watch(agreement, 0, None).await.unwrap();
    let mut late = client.watch(agreement, 2, None).await.unwrap();
    let mut writer = client.clone();
    let writing = tokio::spawn(async move {
        for _ in 0..20 {
            writer.submit(contribute("community", agreement), None).await.unwrap();
        }
    });
    for (watch, from) in [(&mut watch, 0), (&mut late, 2)] {
        let mut next = from;
        loop {
            match watch.next().await.unwrap() {
                Event::Entry { index, .. } => {
                    assert_eq!(index, next);
                    next += 1;
                }
                Event::Checkpoint(checkpoint) => {
                    assert_eq!(checkpoint.checkpoint().size.get(), next);
                    if next == 22 {
                        break;
                    }
                }
            }
        }
    }
    writing.await.unwrap();
    let error = client.watch(agreement, 23, None).await.err().unwrap();
    assert!(matches!(&error, ClientError::Refused(no) if no.reason == "INDEX_BEYOND_TREE"), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watcher_of_a_quiet_ledger_hears_a_checkpoint_now_and_then() {
    let config = ServiceConfig { watch_interval: Duration::from_millis(50), ..ServiceConfig::default() };
    let serving = Serving::start(std::sync::Arc::new(MemoryStore::new()), config).await;
    let mut client = serving.client().await;
    let agreement = in_force(&mut client).await;
    let mut watch = client.watch(agreement, 2, None).await.unwrap();
    for _ in 0..3 {
        assert!(matches!(watch.next().await.unwrap(), Event::Checkpoint(_)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watcher_that_does_not_listen_holds_nobody_up() {
    let serving = Serving::in_memory().await;
    let mut client = serving.client().await;
    let agreement = in_force(&mut client).await;
    let mut ledgers = LedgerServiceClient::new(serving.channel().await);
    let request = WatchEntriesRequest { agreement: agreement.to_string(), start_index: 0 };
    let mut events = ledgers.watch_entries(request).await.unwrap().into_inner();
    contribute_many(&mut client, agreement, 2_000).await;
    // Only now it listens, and misses nothing.
    let mut next = 0;
    while next < 2_002 {
        match events.message().await.unwrap().unwrap().event.unwrap() {
            watch_entries_response::Event::Entry(entry) => {
                assert_eq!(entry.index, next);
                next += 1;
            }
            watch_entries_response::Event::Checkpoint(checkpoint) => assert!(checkpoint.tree_size <= 2_002),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bundle_holds_the_entries_under_the_checkpoint() {
    let serving = Serving::in_memory().await;
    let mut client = serving.client().await;
    let agreement = in_force(&mut client).await;
    contribute_many(&mut client, agreement, 500).await;
    let mut bundle = Vec::new();
    let bytes = client.export(agreement, &mut bundle).await.unwrap();
    assert_eq!(bytes, u64::try_from(bundle.len()).unwrap());
    let listed = client.entries(agreement, 0, None, None).await.unwrap();

    let mut reader = BundleReader::open(bundle.as_slice()).unwrap();
    assert_eq!(reader.vkey(), client.log_key(agreement).await.unwrap().vkey());
    assert_eq!(reader.count(), 502);
    for (_, entry) in &listed.entries {
        assert_eq!(Entry::decode(&reader.next_entry().unwrap().unwrap().leaf).unwrap(), *entry);
    }
    assert_eq!(reader.next_entry().unwrap(), None);
    assert_eq!(reader.finish().unwrap(), listed.checkpoint.note());
    let audit = counterfoil::audit::audit(bundle.as_slice(), &counterfoil::audit::Options::default());
    assert!(audit.report.is_sound(), "{}", audit.report);

    let (absent, _) = propose("community", terms());
    let error = client.export(absent, Vec::new()).await.unwrap_err();
    assert!(matches!(&error, ClientError::Refused(no) if no.reason == "AGREEMENT_NOT_FOUND"), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn agreements_are_listed_over_pages() {
    let serving = Serving::in_memory().await;
    let mut client = serving.client().await;
    let mut founded = Vec::new();
    for _ in 0..7 {
        let (agreement, proposal) = propose("community", terms());
        client.submit(proposal, None).await.unwrap();
        founded.push((agreement, 1));
    }
    founded.sort_unstable();
    assert_eq!(client.agreements(100).await.unwrap(), founded);
    assert_eq!(client.agreements(3).await.unwrap(), founded[..3]);
    let mut views = counterfoil::proto::counterfoil::v1::agreement_service_client::AgreementServiceClient::new(
        serving.channel().await,
    );
    let mut request =
        counterfoil::proto::counterfoil::v1::ListAgreementsRequest { page_size: 3, page_token: String::new() };
    let mut listed = Vec::new();
    loop {
        let page = views.list_agreements(request.clone()).await.unwrap().into_inner();
        listed.extend(page.agreements.into_iter().map(|summary| summary.agreement));
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    assert_eq!(listed, founded.iter().map(|(id, _)| id.to_string()).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn health_says_serving_and_reflection_lists_the_services() {
    let serving = Serving::in_memory().await;
    let mut health = HealthClient::new(serving.channel().await);
    for service in ["", "counterfoil.v1.LedgerService", "counterfoil.v1.AgreementService"] {
        let answer = health.check(HealthCheckRequest { service: service.into() }).await.unwrap().into_inner();
        assert_eq!(answer.status(), ServingStatus::Serving, "{service}");
    }
    let unknown = health.check(HealthCheckRequest { service: "counterfoil.v1.None".into() }).await.unwrap_err();
    assert_eq!(unknown.code(), Code::NotFound);

    let mut reflection = ServerReflectionClient::new(serving.channel().await);
    let request = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let mut answers = reflection.server_reflection_info(tokio_stream::iter([request])).await.unwrap().into_inner();
    let answer = answers.message().await.unwrap().unwrap().message_response.unwrap();
    let MessageResponse::ListServicesResponse(services) = answer else { panic!("{answer:?}") };
    let names: Vec<_> = services.service.iter().map(|service| service.name.as_str()).collect();
    for name in ["counterfoil.v1.LedgerService", "counterfoil.v1.AgreementService", "grpc.health.v1.Health"] {
        assert!(names.contains(&name), "{name} is not among {names:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_not_there_and_one_with_another_key_are_told_apart() {
    let serving = Serving::in_memory().await;
    let wrong = ClientOptions { log_key: Some(crate::parties::key("stranger").public()), ..ClientOptions::default() };
    let url = format!("http://{}", serving.address);
    let mut client = Client::connect(&url, wrong).await.unwrap();
    let (agreement, _) = propose("community", terms());
    let error = client.log_key(agreement).await.unwrap_err();
    assert!(matches!(error, ClientError::LogKeyChanged { .. }), "{error:?}");
    serving.stop().await;
    let error = Client::connect(&url, ClientOptions::default()).await.err().unwrap();
    assert!(matches!(error, ClientError::Unreachable { .. }), "{error:?}");
}
