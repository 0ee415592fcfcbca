//! The stream of many statements: answers in order, refusals among them, ledger order as sent.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use counterfoil::{
    client::{Client, ClientError, Recorded, Refused},
    envelope::Envelope,
    proto::counterfoil::v1::{
        self, SubmitStatementsRequest, ledger_service_client::LedgerServiceClient, submit_statements_response::Outcome,
    },
    sequencer::SequencerConfig,
    service::ServiceConfig,
};
use tokio_stream::wrappers::ReceiverStream;
use tonic::Code;

use crate::{
    parties::{attest, contribute, id, key},
    service::{size, stop::Slow},
    serving::{Serving, in_force},
};

#[tokio::test(flavor = "multi_thread")]
async fn answers_come_in_order_with_refusals_among_them_and_entries_as_they_were_sent() {
    let serving = Serving::in_memory().await;
    let mut client = serving.client().await;
    let agreement = in_force(&mut client).await;
    // Each attestation rests on the contribution right before it in the same stream.
    let mut envelopes = Vec::new();
    for round in 0..200 {
        let claim = contribute("community", agreement);
        let by = if round % 5 == 0 { "community" } else { "enterprise" };
        let attestation = attest(by, agreement, &[id(&claim)]);
        envelopes.extend([claim, attestation]);
        if round % 10 == 0 {
            envelopes.push(contribute("stranger", agreement));
        }
    }
    let mut answers: Vec<Result<Recorded, Refused>> = Vec::new();
    let count = client.submit_all(envelopes.clone(), None, |at, answer| {
        assert_eq!(at, answers.len());
        answers.push(answer);
    });
    assert_eq!(count.await.unwrap(), envelopes.len());
    let mut next = 2;
    for (envelope, answer) in envelopes.iter().zip(&answers) {
        match answer {
            Ok(recorded) => {
                assert_eq!((recorded.index, recorded.statement), (next, id(envelope)));
                next += 1;
            }
            Err(refused) if refused.reason == "SIGNER_NOT_PARTY" => assert_eq!(refused.code, Code::PermissionDenied),
            Err(refused) => {
                assert_eq!((refused.code, refused.reason.as_str()), (Code::FailedPrecondition, "OWN_CONTRIBUTION"))
            }
        }
    }
    let refused = answers.iter().filter(|answer| answer.is_err()).count();
    assert_eq!(refused, 40 + 20);
    assert_eq!(size(&mut client, agreement).await, next);
    // All of it again changes nothing and is answered alike.
    let mut again = Vec::new();
    client.submit_all(envelopes, None, |_, answer| again.push(answer)).await.unwrap();
    for (first, second) in answers.iter().zip(&again) {
        match (first, second) {
            (Ok(first), Ok(second)) => assert_eq!((first.index, second.already_recorded), (second.index, true)),
            // Signed anew, under the ledger as it is now.
            (Err(first), Err(second)) => {
                assert!(first.signed.is_some() && second.signed.is_some());
                let unsigned = |refused: &Refused| Refused { signed: None, ..refused.clone() };
                assert_eq!(unsigned(first), unsigned(second));
            }
            (first, second) => assert_eq!(first, second),
        }
    }
    assert_eq!(size(&mut client, agreement).await, next);
}

fn whole(envelope: Envelope) -> v1::Envelope {
    v1::Envelope {
        payload_type: envelope.payload_type,
        payload: envelope.payload,
        key: envelope.key.to_vec().into(),
        signature: envelope.signature.to_vec().into(),
    }
}

/// Nothing of the ledger is in memory when the stream begins: what comes first waits for it, and nothing overtakes it.
#[tokio::test(flavor = "multi_thread")]
async fn the_order_of_a_stream_is_the_order_of_a_ledger_that_is_opened_for_it() {
    let store = Slow::new();
    let serving = Serving::start(Arc::<Slow>::clone(&store), ServiceConfig::default()).await;
    let agreement = in_force(&mut serving.client().await).await;
    serving.stop().await;
    let serving = Serving::start(Arc::<Slow>::clone(&store), ServiceConfig::default()).await;
    store.slow_to_open.store(true, Ordering::SeqCst);
    store.slow.store(true, Ordering::SeqCst);
    let claims: Vec<_> = (0..10).map(|_| contribute("community", agreement)).collect();
    let attested: Vec<_> = claims.iter().map(|claim| attest("enterprise", agreement, &[id(claim)])).collect();
    let (requests, queue) = tokio::sync::mpsc::channel(20);
    tokio::spawn(async move {
        for half in [claims, attested] {
            for envelope in half {
                requests.send(SubmitStatementsRequest { envelope: Some(whole(envelope)) }).await.unwrap();
            }
            // By then the ledger is open, and the first is on its way to the disk.
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    });
    let mut ledgers = LedgerServiceClient::new(serving.channel().await);
    let mut answers = ledgers.submit_statements(ReceiverStream::new(queue)).await.unwrap().into_inner();
    for index in 2..22 {
        match answers.message().await.unwrap().unwrap().outcome.unwrap() {
            Outcome::Receipt(receipt) => assert_eq!(receipt.index, index),
            Outcome::Refused(refused) => panic!("{index}: {refused:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_statement_in_a_stream_is_an_answer_and_ends_nothing() {
    let serving = Serving::in_memory().await;
    let mut client = serving.client().await;
    let agreement = in_force(&mut client).await;
    let short_key = v1::Envelope { key: vec![1; 31].into(), ..whole(contribute("community", agreement)) };
    let requests = [
        SubmitStatementsRequest { envelope: None },
        SubmitStatementsRequest { envelope: Some(short_key) },
        SubmitStatementsRequest { envelope: Some(whole(contribute("community", agreement))) },
    ];
    let mut ledgers = LedgerServiceClient::new(serving.channel().await);
    let mut answers = ledgers.submit_statements(tokio_stream::iter(requests)).await.unwrap().into_inner();
    let mut reasons = Vec::new();
    while let Some(answer) = answers.message().await.unwrap() {
        reasons.push(match answer.outcome.unwrap() {
            Outcome::Receipt(receipt) => receipt.index.to_string(),
            Outcome::Refused(refused) => refused.reason,
        });
    }
    assert_eq!(reasons, ["FIELD_MISSING", "KEY_INVALID", "2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_too_large_ends_the_stream_after_what_came_before_it() {
    let serving = Serving::in_memory().await;
    let mut client = serving.client().await;
    let agreement = in_force(&mut client).await;
    let large = Envelope::sign(vec![0; 200_000].into(), &key("community"));
    let envelopes = [contribute("community", agreement), large, contribute("community", agreement)];
    let mut answers = Vec::new();
    let error = client.submit_all(envelopes, None, |_, answer| answers.push(answer.unwrap().index)).await.unwrap_err();
    assert!(matches!(&error, ClientError::Refused(no) if no.reason == "REQUEST_TOO_LARGE"), "{error:?}");
    assert_eq!(answers, [2]);
    assert_eq!(size(&mut client, agreement).await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_waits_where_the_queue_of_a_ledger_is_full() {
    let serving = Serving::with_sequencer(|config| SequencerConfig { queue_max: 2, batch_max: 2, ..config }).await;
    let mut client = serving.client().await;
    let agreement = in_force(&mut client).await;
    let recorded = AtomicUsize::new(0);
    let envelopes: Vec<_> = (0..200).map(|_| contribute("community", agreement)).collect();
    let streams: Vec<Client> = vec![client.clone(), client.clone()];
    let recorded = Arc::new(recorded);
    let tasks: Vec<_> = streams
        .into_iter()
        .zip([envelopes[..100].to_vec(), envelopes[100..].to_vec()])
        .map(|(mut client, envelopes)| {
            let recorded = Arc::clone(&recorded);
            tokio::spawn(async move {
                client
                    .submit_all(envelopes, None, |_, answer| {
                        assert!(answer.is_ok(), "{answer:?}");
                        recorded.fetch_add(1, Ordering::SeqCst);
                    })
                    .await
                    .unwrap();
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(recorded.load(Ordering::SeqCst), 200);
    assert_eq!(size(&mut client, agreement).await, 202);
}
