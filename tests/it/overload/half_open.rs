//! Connections that were opened and say nothing, or half of something.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use counterfoil::{service::ServiceConfig, store::memory::MemoryStore};

use crate::{
    overload::{
        in_time,
        raw::{PREFACE, Raw, SETTINGS, Said},
    },
    parties::contribute,
    serving::{Serving, in_force},
};

const SOON: Duration = Duration::from_millis(200);
const SUBMIT: &str = "/counterfoil.v1.LedgerService/SubmitStatement";

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_never_begin_are_closed_and_take_nobodys_place() {
    let config = ServiceConfig { connections_max: 4, preface_timeout: SOON, ..ServiceConfig::default() };
    let serving = Serving::start(Arc::new(MemoryStore::new()), config).await;
    let mut silent = Vec::new();
    for said in [&[][..], &PREFACE[..20], PREFACE, &[PREFACE, &SETTINGS[..5]].concat()] {
        let mut raw = Raw::open(serving.address).await;
        raw.say(said).await;
        silent.push(raw);
    }
    // Every place is taken, and each is given back.
    let mut client = in_time(serving.client()).await;
    let agreement = in_time(in_force(&mut client)).await;
    for raw in silent {
        in_time(raw.closed()).await;
    }
    in_time(client.submit(contribute("community", agreement), None)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_has_begun_may_be_silent() {
    let config = ServiceConfig { preface_timeout: SOON, ..ServiceConfig::default() };
    let serving = Serving::start(Arc::new(MemoryStore::new()), config).await;
    let mut client = serving.client().await;
    let agreement = in_force(&mut client).await;
    let mut raw = Raw::open(serving.address).await;
    raw.say(&[PREFACE, SETTINGS].concat()).await;
    tokio::time::sleep(3 * SOON).await;
    raw.begin_call(1, SUBMIT).await;
    // The client's connection, which was as long silent, goes on, too.
    in_time(client.submit(contribute("community", agreement), None)).await.unwrap();
    let closed = tokio::time::timeout(SOON, raw.closed()).await;
    assert!(closed.is_err(), "the connection was closed although it had begun");
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_never_end_hold_nobody_up_and_are_given_up() {
    const STREAMS_MAX: u32 = 20;
    let config = ServiceConfig {
        calls_max: 30,
        connection_streams_max: STREAMS_MAX,
        call_timeout: Duration::from_secs(2),
        ..ServiceConfig::default()
    };
    let serving = Serving::start(Arc::new(MemoryStore::new()), config).await;
    let mut client = serving.client().await;
    let agreement = in_force(&mut client).await;
    let mut raw = Raw::open(serving.address).await;
    raw.say(&[PREFACE, SETTINGS].concat()).await;
    let streams: Vec<u32> = (0..STREAMS_MAX + 5).map(|number| 2 * number + 1).collect();
    for stream in &streams {
        raw.begin_call(*stream, SUBMIT).await;
    }
    // One connection cannot take the places of all calls: those it may not have are refused at once.
    let mut said: BTreeMap<u32, Said> = BTreeMap::new();
    while said.values().filter(|said| **said == Said::Refused).count() < 5 {
        let (stream, heard) = in_time(raw.hear()).await.unwrap();
        said.insert(stream, heard);
    }
    for _ in 0..10 {
        in_time(client.submit(contribute("community", agreement), None)).await.unwrap();
    }
    let answered = |said: &BTreeMap<u32, Said>| said.values().filter(|said| **said == Said::Headers).count();
    assert_eq!(answered(&said), 0, "the calls were not there while others were answered");
    // The others are answered when their time is over.
    while answered(&said) < usize::try_from(STREAMS_MAX).unwrap() {
        let (stream, heard) = in_time(raw.hear()).await.unwrap();
        if heard == Said::Headers {
            said.insert(stream, heard);
        }
    }
}
