//! Batches: whatever queued while the last flush ran, and many ledgers in one flush.

use std::{collections::BTreeSet, sync::Arc};

use counterfoil::{
    checkpoint::SignedCheckpoint,
    sequencer::{Sequencer, SubmitError, Submitted},
    store::memory::MemoryStore,
};
use tokio::task::JoinSet;

use crate::sequencer::{Hands, NOON_MS, config, deal::Deal, open, reason, submit, watched::Watched};

/// Lets every task of this thread go as far as it can.
async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

fn sizes(sequencer: &Sequencer, answers: &[Submitted]) -> BTreeSet<u64> {
    let size = |answer: &Submitted| {
        let verifier = sequencer.verifier(answer.agreement);
        SignedCheckpoint::open(&answer.receipt.note, &verifier).unwrap().checkpoint().size.get()
    };
    answers.iter().map(size).collect()
}

#[tokio::test]
async fn what_queues_during_a_flush_makes_one_batch_under_one_checkpoint() {
    let store = Arc::new(Watched::new());
    let sequencer = open(&store).await;
    let deal = Deal::new(1);
    for envelope in deal.opening() {
        submit(&sequencer, envelope).await.unwrap();
    }
    store.hold();
    let mut waiting = JoinSet::new();
    for number in 0..21 {
        let (sequencer, envelope) = (sequencer.clone(), deal.contribution(number));
        waiting.spawn(async move { submit(&sequencer, envelope).await.unwrap() });
        if number == 0 {
            settle().await;
        }
    }
    settle().await;
    assert!(waiting.try_join_next().is_none(), "nothing is answered before it is durable");
    store.let_go();
    let answers = waiting.join_all().await;
    assert_eq!(store.commits(), 4, "one for each of the opening, one for the first, one for the rest");
    assert_eq!(answers.iter().map(|answer| answer.index).collect::<BTreeSet<_>>(), (2..23).collect());
    assert_eq!(sizes(&sequencer, &answers), [3, 23].into());
}

#[tokio::test]
async fn many_ledgers_share_one_flush() {
    let store = Arc::new(Watched::new());
    let sequencer = open(&store).await;
    store.hold();
    let mut waiting = JoinSet::new();
    for number in 0..100 {
        let (sequencer, deal) = (sequencer.clone(), Deal::new(number));
        waiting.spawn(async move { submit(&sequencer, deal.proposal).await.unwrap() });
        if number == 0 {
            settle().await;
            while store.commits() == 0 {
                tokio::task::yield_now().await;
            }
        }
    }
    settle().await;
    store.let_go();
    let answers = waiting.join_all().await;
    assert_eq!(store.commits(), 2);
    assert!(answers.iter().all(|answer| answer.index == 0));
    assert_eq!(sequencer.agreements(None, 1_000).await.unwrap().len(), 100);
}

#[tokio::test]
async fn a_refusal_waits_for_the_entry_it_rests_on() {
    let store = Arc::new(Watched::new());
    let sequencer = open(&store).await;
    let deal = Deal::new(1);
    for envelope in deal.opening() {
        submit(&sequencer, envelope).await.unwrap();
    }
    store.hold();
    let (first, second) = (deal.contribution_of(1, 7), deal.contribution_of(2, 7));
    let (mut claims, mut waiting) = (JoinSet::new(), JoinSet::new());
    let of_first = sequencer.clone();
    claims.spawn(async move { submit(&of_first, first).await });
    let of_second = sequencer.clone();
    waiting.spawn(async move { submit(&of_second, second).await });
    settle().await;
    assert!(waiting.try_join_next().is_none(), "the refusal is held");
    store.let_go();
    assert!(claims.join_next().await.unwrap().unwrap().is_ok());
    let refused = waiting.join_next().await.unwrap().unwrap().unwrap_err();
    assert_eq!(reason(&refused), "OVERCLAIM");
}

#[tokio::test]
async fn a_full_queue_says_so() {
    let store = Arc::new(Watched::new());
    let mut limits = config(&Hands::at(NOON_MS));
    (limits.queue_max, limits.batch_max) = (5, 3);
    let sequencer = Sequencer::open(store.clone(), limits).await.unwrap();
    let deal = Deal::new(1);
    for envelope in deal.opening() {
        submit(&sequencer, envelope).await.unwrap();
    }
    store.hold();
    let mut waiting = JoinSet::new();
    for number in 0..20 {
        let (sequencer, envelope) = (sequencer.clone(), deal.contribution(number));
        waiting.spawn(async move { submit(&sequencer, envelope).await });
        settle().await;
    }
    store.let_go();
    let (mut recorded, mut busy) = (0, 0);
    for answer in waiting.join_all().await {
        match answer {
            Ok(_) => recorded += 1,
            Err(SubmitError::Busy) => busy += 1,
            Err(other) => panic!("{other}"),
        }
    }
    // One in the batch being written, five queued.
    assert_eq!((recorded, busy), (6, 14));
    assert_eq!(store.commits(), 2 + 1 + 2, "a batch has at most three");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_ledgers_are_founded_and_opened_again() {
    let store = Arc::new(MemoryStore::new());
    let sequencer = open(&store).await;
    let mut waiting = JoinSet::new();
    for number in 0..1_000 {
        let (sequencer, deal) = (sequencer.clone(), Deal::new(number));
        waiting.spawn(async move { submit(&sequencer, deal.proposal).await.unwrap().agreement });
    }
    let founded: BTreeSet<_> = waiting.join_all().await.into_iter().collect();
    assert_eq!(founded.len(), 1_000);
    sequencer.shut_down().await;
    let sequencer = open(&store).await;
    let mut listed = Vec::new();
    loop {
        let page = sequencer.agreements(listed.last().copied(), 300).await.unwrap();
        if page.is_empty() {
            break;
        }
        listed.extend(page.into_iter().map(|(id, _)| id));
    }
    assert!(listed.iter().eq(&founded));
}
