//! Readers: everything they are told is durable, provable, and of the size they asked for.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use counterfoil::{
    checkpoint::SignedCheckpoint,
    merkle::{index::TreeSize, proof::check_consistency},
    sequencer::{ReadError, Sequencer},
    statement::wire,
    store::memory::MemoryStore,
};

use crate::sequencer::{deal::Deal, open, submit, watched::Watched};

/// A ledger of `size` entries, with the checkpoint after each.
async fn ledger(sequencer: &Sequencer, deal: &Deal, size: u64) -> Vec<SignedCheckpoint> {
    let mut checkpoints = Vec::new();
    for envelope in deal.opening().into_iter().chain((2..size).map(|number| deal.contribution(number))) {
        submit(sequencer, envelope).await.unwrap();
        checkpoints.push(sequencer.checkpoint(deal.id).await.unwrap());
    }
    checkpoints
}

#[tokio::test]
async fn every_entry_and_every_pair_of_sizes_is_proved() {
    let sequencer = open(&Arc::new(MemoryStore::new())).await;
    let deal = Deal::new(1);
    let checkpoints = ledger(&sequencer, &deal, 20).await;
    let leaves = sequencer.entries(deal.id, 0, 100).await.unwrap();
    assert_eq!(leaves.len(), 20);
    for (index, leaf) in (0..).zip(&leaves) {
        let proved = sequencer.prove_inclusion(deal.id, index).await.unwrap();
        let receipt = proved.receipt();
        let of = receipt.check(leaf, &sequencer.verifier(deal.id)).unwrap();
        assert_eq!((of.checkpoint().size.get(), receipt.index.get()), (20, index));
        assert_eq!((proved.leaf, proved.already_recorded), (leaf.clone(), true));
        assert_eq!(sequencer.index_of(deal.id, proved.statement).await.unwrap(), Some(index));
    }
    for (first, earlier) in (1..).zip(&checkpoints) {
        assert_eq!(sequencer.checkpoint_at(deal.id, first).await.unwrap().note(), earlier.note());
        for (second, later) in (first..).zip(&checkpoints[usize::try_from(first).unwrap() - 1..]) {
            let path = sequencer.prove_consistency(deal.id, first, second).await.unwrap();
            let (earlier, later) = (earlier.checkpoint(), later.checkpoint());
            check_consistency(earlier.size, &earlier.root, later.size, &later.root, &path).unwrap();
            assert_eq!(later.size, TreeSize::new(second).unwrap());
        }
    }
    let beyond = |found: ReadError| matches!(found, ReadError::BeyondTree { size: 20, .. });
    assert!(beyond(sequencer.prove_inclusion(deal.id, 20).await.unwrap_err()));
    assert!(beyond(sequencer.prove_consistency(deal.id, 0, 20).await.unwrap_err()));
    assert!(beyond(sequencer.prove_consistency(deal.id, 5, 21).await.unwrap_err()));
    assert!(beyond(sequencer.prove_consistency(deal.id, 6, 5).await.unwrap_err()));
    assert!(beyond(sequencer.view_at(deal.id, 0, |_, _| ()).await.unwrap_err()));
    assert!(beyond(sequencer.view_at(deal.id, u64::MAX, |_, _| ()).await.unwrap_err()));
    assert_eq!(sequencer.entries(deal.id, 20, 10).await.unwrap().len(), 0);
    assert_eq!(sequencer.entries(deal.id, u64::MAX, 10).await.unwrap().len(), 0);
    assert_eq!(sequencer.entries(deal.id, 18, 10).await.unwrap(), leaves[18..]);
    let unknown = sequencer.checkpoint(Deal::new(2).id).await.unwrap_err();
    assert!(matches!(unknown, ReadError::AgreementNotFound));
}

#[tokio::test]
async fn a_view_of_the_past_is_the_view_that_was() {
    let sequencer = open(&Arc::new(MemoryStore::new())).await;
    let deal = Deal::new(1);
    let checkpoints = ledger(&sequencer, &deal, 12).await;
    for (size, then) in (1..).zip(&checkpoints) {
        let (entries, note) = sequencer
            .view_at(deal.id, size, |agreement, checkpoint| (agreement.size(), checkpoint.note().to_owned()))
            .await
            .unwrap();
        assert_eq!((entries, note.as_str()), (size, then.note()));
    }
}

#[tokio::test]
async fn a_watcher_hears_of_every_batch_and_finds_what_it_was_told_of() {
    let store = Arc::new(Watched::new());
    let sequencer = open(&store).await;
    let deal = Deal::new(1);
    assert!(matches!(sequencer.watch(deal.id).await, Err(ReadError::AgreementNotFound)));
    submit(&sequencer, deal.proposal.clone()).await.unwrap();
    let mut watch = sequencer.watch(deal.id).await.unwrap();
    assert_eq!(*watch.borrow_and_update(), 1);
    store.hold();
    let acceptance = tokio::spawn({
        let (sequencer, envelope) = (sequencer.clone(), deal.acceptance());
        async move { submit(&sequencer, envelope).await.unwrap() }
    });
    while store.commits() < 2 {
        tokio::task::yield_now().await;
    }
    assert!(!watch.has_changed().unwrap(), "what is not durable is not told");
    let size = sequencer.checkpoint(deal.id).await.unwrap().checkpoint().size.get();
    assert_eq!((size, sequencer.entries(deal.id, 0, 9).await.unwrap().len()), (1, 1));
    store.let_go();
    watch.changed().await.unwrap();
    let told = *watch.borrow_and_update();
    let size = sequencer.checkpoint(deal.id).await.unwrap().checkpoint().size.get();
    assert_eq!((told, size, sequencer.entries(deal.id, 0, 9).await.unwrap().len()), (2, 2, 2));
    acceptance.await.unwrap();
    sequencer.shut_down().await;
    assert!(watch.changed().await.is_err(), "a watch ends with the sequencer");
}

/// They would stand in front of statements, one behind the other, whoever has hung up since.
#[tokio::test]
async fn a_question_that_nobody_waits_for_any_more_is_not_worked_on() {
    let store = Arc::new(Watched::new());
    let sequencer = open(&store).await;
    let deal = Deal::new(1);
    ledger(&sequencer, &deal, 3).await;
    store.hold();
    let waiting = tokio::spawn({
        let (sequencer, envelope) = (sequencer.clone(), deal.contribution(9));
        async move { submit(&sequencer, envelope).await.unwrap() }
    });
    while store.commits() < 4 {
        tokio::task::yield_now().await;
    }
    let worked = Arc::new(AtomicUsize::new(0));
    let asked: Vec<_> = (0..500)
        .map(|_| {
            let (sequencer, worked) = (sequencer.clone(), Arc::clone(&worked));
            tokio::spawn(
                async move { sequencer.view(deal.id, move |_, _| worked.fetch_add(1, Ordering::SeqCst)).await },
            )
        })
        .collect();
    let validated = tokio::spawn({
        let (sequencer, signed) = (sequencer.clone(), wire::open(&deal.contribution(10)).unwrap());
        async move { sequencer.validate(signed).await }
    });
    tokio::task::yield_now().await;
    // A few of them are waited for.
    let mut asked = asked.into_iter();
    let heard: Vec<_> = asked.by_ref().take(5).collect();
    for given_up in asked {
        given_up.abort();
        // Until then it may still be waiting.
        let _ = given_up.await;
    }
    validated.abort();
    let _ = validated.await;
    store.let_go();
    assert_eq!(waiting.await.unwrap().index, 3);
    assert_eq!(submit(&sequencer, deal.contribution(11)).await.unwrap().index, 4);
    for told in heard {
        told.await.unwrap().unwrap();
    }
    assert_eq!(worked.load(Ordering::SeqCst), 5);
}

#[tokio::test]
async fn a_view_that_panics_harms_nobody_else() {
    let sequencer = open(&Arc::new(MemoryStore::new())).await;
    let deal = Deal::new(1);
    ledger(&sequencer, &deal, 3).await;
    let watch = sequencer.watch(deal.id).await.unwrap();
    for size in [3, 2] {
        let panicked = sequencer.view_at(deal.id, size, |_, _| panic!("as planned")).await;
        assert!(matches!(panicked, Err(ReadError::Failed)), "{panicked:?}");
        assert_eq!(sequencer.view(deal.id, |agreement, _| agreement.size()).await.unwrap(), 3);
    }
    submit(&sequencer, deal.contribution(9)).await.unwrap();
    assert_eq!(*watch.borrow(), 4);
}
