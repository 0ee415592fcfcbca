//! Batches: whatever queued while the last flush ran, and many ledgers in one flush.

use std::{collections::BTreeSet, sync::Arc};

use counterfoil::{
    checkpoint::SignedCheckpoint,
    sequencer::{Sequencer, SubmitError, Submitted},
    store::memory::MemoryStore,
};
use tokio::task::JoinSet;

use crate::sequencer::{
    Hands, NOON_MS, config, deal::Deal, enter_deal, enter_deal_of, open, reason, submit, watched::Watched,
};

/// Lets every task of this thread go as far as it can.
async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

fn sizes(sequencer: &Sequencer, answers: &[Submitted]) -> BTreeSet<u64> {
    let size = |answer: &Submitted| {
        let verifier = sequencer.verifier(answer.agreement);
        SignedCheckpoint::open(answer.checkpoint.note(), &verifier).unwrap().checkpoint().size.get()
    };
    answers.iter().map(size).collect()
}

#[tokio::test]
async fn what_queues_during_a_flush_makes_one_batch_under_one_checkpoint() {
    let store = Arc::new(Watched::new());
    let sequencer = open(&store).await;
    let deal = enter_deal(&sequencer).await;
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
    while sequencer.live_ledgers() < 100 {
        tokio::task::yield_now().await;
    }
    settle().await;
    store.let_go();
    let answers = waiting.join_all().await;
    assert_eq!(store.commits(), 2);
    assert!(answers.iter().all(|answer| answer.index == 0));
    assert_eq!(sequencer.agreements(None, 1_000).await.unwrap().len(), 100);
}

#[tokio::test]
async fn what_is_ready_goes_along_while_another_ledger_is_being_written() {
    let store = Arc::new(Watched::new());
    let sequencer = open(&store).await;
    let written = enter_deal(&sequencer).await;
    let deal = enter_deal_of(&sequencer, 2).await;
    store.hold();
    let commits = store.commits();
    let mut waiting = JoinSet::new();
    let of_written = (sequencer.clone(), written.contribution(0));
    waiting.spawn(async move { submit(&of_written.0, of_written.1).await.unwrap() });
    while store.commits() == commits {
        tokio::task::yield_now().await;
    }
    let mut together = JoinSet::new();
    for number in 0..3 {
        let (sequencer, envelope) = (sequencer.clone(), deal.contribution(number));
        together.spawn(async move {
            // It has something to do before it comes to the ledger, whose task was woken by the first.
            for _ in 0..3 * number {
                tokio::spawn(async {}).await.unwrap();
            }
            submit(&sequencer, envelope).await.unwrap()
        });
    }
    settle().await;
    store.let_go();
    assert_eq!(sizes(&sequencer, &together.join_all().await), [5].into());
    assert_eq!(sizes(&sequencer, &waiting.join_all().await), [3].into());
}

#[tokio::test]
async fn a_refusal_waits_for_the_entry_it_rests_on() {
    let store = Arc::new(Watched::new());
    let sequencer = open(&store).await;
    let deal = enter_deal(&sequencer).await;
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
    let deal = enter_deal(&sequencer).await;
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
    // One in the batch being written, three in the batch that forms meanwhile, five queued.
    assert_eq!((recorded, busy), (9, 11));
    assert_eq!(store.commits(), 2 + 1 + 3, "a batch has at most three");
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

/// While one batch is held on its way to the disk, the next forms; it is written as soon as the first was, and no statement
/// waits for a third.
#[tokio::test]
async fn a_batch_forms_while_the_one_before_is_being_written() {
    let store = Arc::new(Watched::new());
    let sequencer = open(&store).await;
    let deal = enter_deal(&sequencer).await;
    store.hold();
    let mut waiting = JoinSet::new();
    for number in 0..10 {
        let (sequencer, envelope) = (sequencer.clone(), deal.contribution(number));
        waiting.spawn(async move { submit(&sequencer, envelope).await.unwrap() });
        settle().await;
    }
    // The same again, of the batch that flies and of the one that forms.
    for number in [0, 5] {
        let (sequencer, envelope) = (sequencer.clone(), deal.contribution(number));
        waiting.spawn(async move { submit(&sequencer, envelope).await.unwrap() });
        settle().await;
    }
    while store.commits() < 3 {
        tokio::task::yield_now().await;
    }
    store.let_go();
    let answers = waiting.join_all().await;
    assert_eq!(store.commits(), 4);
    let indexes: BTreeSet<u64> = answers.iter().map(|answer| answer.index).collect();
    assert_eq!(indexes, (2..12).collect());
    assert_eq!(answers.iter().filter(|answer| answer.already_recorded).count(), 2);
    assert_eq!(sizes(&sequencer, &answers), [3, 12].into());
}

/// A view and a validation rest on nothing that may yet be lost.
#[tokio::test]
async fn a_question_waits_for_what_is_on_its_way() {
    let store = Arc::new(Watched::new());
    let sequencer = open(&store).await;
    let deal = enter_deal(&sequencer).await;
    store.hold();
    let submitting = tokio::spawn({
        let (sequencer, envelope) = (sequencer.clone(), deal.contribution(1));
        async move { submit(&sequencer, envelope).await.unwrap() }
    });
    settle().await;
    let viewing = tokio::spawn({
        let (sequencer, id) = (sequencer.clone(), deal.id);
        async move { sequencer.view(id, |agreement, at| (agreement.size(), at.checkpoint().size.get())).await.unwrap() }
    });
    settle().await;
    assert!(!viewing.is_finished(), "it speaks of nothing that may yet be lost");
    store.let_go();
    assert_eq!(viewing.await.unwrap(), (3, 3));
    submitting.await.unwrap();
}

#[tokio::test]
async fn an_idle_ledger_leaves_memory_and_comes_back_when_it_is_asked_for() {
    let store = Arc::new(Watched::new());
    let mut limits = config(&Hands::at(NOON_MS));
    limits.live_max = 2;
    let sequencer = Sequencer::open(store.clone(), limits).await.unwrap();
    let deals: Vec<_> = (0..6).map(Deal::new).collect();
    for round in 0..3 {
        for deal in &deals {
            let envelope = if round == 0 { deal.proposal.clone() } else { deal.opening()[1].clone() };
            let submitted = submit(&sequencer, envelope).await.unwrap();
            assert_eq!((submitted.index, submitted.already_recorded), (u64::from(round > 0), round == 2));
            for _ in 0..100 {
                if sequencer.live_ledgers() <= 2 {
                    break;
                }
                settle().await;
            }
            assert!(sequencer.live_ledgers() <= 2, "{} are in memory", sequencer.live_ledgers());
        }
    }
    for deal in &deals {
        // Not in memory, it is read all the same.
        assert_eq!(sequencer.checkpoint(deal.id).await.unwrap().checkpoint().size.get(), 2);
        assert_eq!(sequencer.view(deal.id, |agreement, _| agreement.size()).await.unwrap(), 2);
    }
}

/// A watcher must not be left behind with a ledger that somebody else opens anew.
#[tokio::test]
async fn a_ledger_that_is_watched_stays_in_memory() {
    let store = Arc::new(Watched::new());
    let mut limits = config(&Hands::at(NOON_MS));
    limits.live_max = 1;
    let sequencer = Sequencer::open(store.clone(), limits).await.unwrap();
    let watched = Deal::new(1);
    submit(&sequencer, watched.proposal.clone()).await.unwrap();
    let mut watch = sequencer.watch(watched.id).await.unwrap();
    for number in 2..6 {
        submit(&sequencer, Deal::new(number).proposal).await.unwrap();
        settle().await;
    }
    watch.borrow_and_update();
    submit(&sequencer, watched.acceptance()).await.unwrap();
    assert_eq!(*watch.borrow_and_update(), 2);
}
