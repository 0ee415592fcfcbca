//! What a submitter is told, and when.

use std::{collections::BTreeSet, sync::Arc};

use counterfoil::{
    digest::Digest,
    sequencer::{Sequencer, SubmitError},
    statement::{Body, SeenCheckpoint, wire},
    store::{log::LogStore, memory::MemoryStore},
};
use tokio::task::JoinSet;

use crate::{
    sequencer::{
        Hands, NOON_MS, config,
        deal::{Deal, hour},
        enter_deal, ms, open, reason, submit,
        watched::Watched,
    },
    stories::terms,
};

#[tokio::test(flavor = "multi_thread")]
async fn the_same_envelope_a_hundred_times_at_once_gets_one_index() {
    let sequencer = open(&Arc::new(MemoryStore::new())).await;
    let deal = Deal::new(1);
    for (index, envelope) in (0..).zip([deal.proposal.clone(), deal.acceptance(), deal.contribution(1)]) {
        let mut at_once = JoinSet::new();
        for _ in 0..100 {
            let (sequencer, envelope) = (sequencer.clone(), envelope.clone());
            at_once.spawn(async move { submit(&sequencer, envelope).await.unwrap() });
        }
        let answers = at_once.join_all().await;
        assert_eq!(answers.iter().map(|answer| answer.index).collect::<BTreeSet<_>>(), [index].into());
        assert_eq!(answers.iter().filter(|answer| !answer.already_recorded).count(), 1);
        assert_eq!(answers.iter().map(|answer| answer.admitted.as_ms()).collect::<BTreeSet<_>>().len(), 1);
    }
    assert_eq!(sequencer.checkpoint(deal.id).await.unwrap().checkpoint().size.get(), 3);
}

#[tokio::test]
async fn a_statement_to_an_agreement_that_is_not_there_founds_nothing() {
    let store = Arc::new(Watched::new());
    let sequencer = open(&store).await;
    let deal = Deal::new(1);
    for envelope in [deal.acceptance(), deal.contribution(1)] {
        assert!(matches!(submit(&sequencer, envelope.clone()).await, Err(SubmitError::AgreementNotFound)));
        let validated = sequencer.validate(wire::open(&envelope).unwrap()).await;
        assert!(matches!(validated, Err(SubmitError::AgreementNotFound)));
    }
    // Also while the founding is on its way, and is then lost.
    store.plan([crate::sequencer::watched::Fault::NotWritten]);
    store.hold();
    let mut waiting = JoinSet::new();
    for envelope in deal.opening() {
        let sequencer = sequencer.clone();
        waiting.spawn(async move { submit(&sequencer, envelope).await });
        tokio::task::yield_now().await;
    }
    while store.commits() == 0 {
        tokio::task::yield_now().await;
    }
    let acceptance = sequencer.clone();
    let envelope = deal.contribution(1);
    waiting.spawn(async move { submit(&acceptance, envelope).await });
    tokio::task::yield_now().await;
    store.let_go();
    for answer in waiting.join_all().await {
        assert!(matches!(answer, Err(SubmitError::NotCommitted | SubmitError::AgreementNotFound)), "{answer:?}");
    }
    assert!(sequencer.checkpoint(deal.id).await.is_err());
    assert_eq!(submit(&sequencer, deal.proposal.clone()).await.unwrap().index, 0);
}

#[tokio::test]
async fn what_the_law_refuses_is_refused_by_its_reason_and_not_written() {
    let store = Arc::new(Watched::new());
    let sequencer = open(&store).await;
    let deal = enter_deal(&sequencer).await;
    let commits = store.commits();
    let claimed = |who: &str, party: &str| deal.say(who, 7, None, Body::Contribution(hour(party, Vec::new())));
    for (envelope, expected) in [
        (claimed("stranger", "community"), "SIGNER_NOT_PARTY"),
        (claimed("enterprise", "community"), "NOT_YOUR_PARTY"),
        (deal.acceptance_by("community"), "NOT_NEGOTIATING"),
    ] {
        assert_eq!(reason(&submit(&sequencer, envelope.clone()).await.unwrap_err()), expected);
        assert_eq!(reason(&sequencer.validate(wire::open(&envelope).unwrap()).await.unwrap_err()), expected);
    }
    assert_eq!(store.commits(), commits);
    assert_eq!(sequencer.checkpoint(deal.id).await.unwrap().checkpoint().size.get(), 2);
}

#[tokio::test]
async fn validating_writes_nothing() {
    let store = Arc::new(Watched::new());
    let sequencer = open(&store).await;
    let deal = Deal::new(1);
    let proposal = wire::open(&deal.proposal).unwrap();
    sequencer.validate(proposal.clone()).await.unwrap();
    assert_eq!((store.commits(), sequencer.checkpoint(deal.id).await.is_err()), (0, true));
    submit(&sequencer, deal.proposal.clone()).await.unwrap();
    // What is recorded would be answered with its receipt.
    sequencer.validate(proposal).await.unwrap();
    sequencer.validate(wire::open(&deal.acceptance()).unwrap()).await.unwrap();
    let early = sequencer.validate(wire::open(&deal.contribution(1)).unwrap()).await;
    assert_eq!(reason(&early.unwrap_err()), "NOT_IN_FORCE");
    assert_eq!(store.commits(), 1);
}

#[tokio::test]
async fn the_checkpoint_a_signer_saw_must_be_one_of_the_ledger() {
    let sequencer = open(&Arc::new(MemoryStore::new())).await;
    let deal = Deal::new(1);
    let other = Digest::of(&[b"another ledger"]);
    let mut roots = Vec::new();
    for envelope in deal.opening().into_iter().chain((0..9).map(|number| deal.contribution(number))) {
        submit(&sequencer, envelope).await.unwrap();
        roots.push(sequencer.checkpoint(deal.id).await.unwrap().checkpoint().root);
    }
    let claim = |number: u64, tree_size: u64, root: Digest| {
        let seen = Some(SeenCheckpoint { tree_size, root });
        deal.say("community", number, seen, Body::Contribution(hour("community", Vec::new())))
    };
    for (tree_size, root) in (1..).zip(&roots) {
        let wrong = submit(&sequencer, claim(100 + tree_size, tree_size, other)).await.unwrap_err();
        assert_eq!(reason(&wrong), "SEEN_CHECKPOINT_WRONG");
        let right = claim(200 + tree_size, tree_size, *root);
        sequencer.validate(wire::open(&right).unwrap()).await.unwrap();
        submit(&sequencer, right).await.unwrap();
    }
    let beyond = submit(&sequencer, claim(300, 1_000, roots[0])).await.unwrap_err();
    assert_eq!(reason(&beyond), "SEEN_CHECKPOINT_WRONG");
}

#[tokio::test]
async fn admission_time_never_runs_back() {
    let store = Arc::new(MemoryStore::new());
    let hands = Hands::at(NOON_MS);
    let sequencer = Sequencer::open(store.clone(), config(&hands)).await.unwrap();
    let deal = Deal::new(1);
    let mut admitted = Vec::new();
    let mut said = deal.opening().into_iter().chain((0..).map(|number| deal.contribution(number)));
    for clock in [10, 20, 5, 0, 20, 21, 3] {
        hands.set(NOON_MS + clock);
        admitted.push(submit(&sequencer, said.next().unwrap()).await.unwrap().admitted);
    }
    assert_eq!(admitted, [10, 20, 20, 20, 20, 21, 21].map(|clock| ms(NOON_MS + clock)));
    // Nor over a restart of the server.
    drop(sequencer);
    hands.set(NOON_MS - 1_000_000);
    let sequencer = Sequencer::open(store, config(&hands)).await.unwrap();
    assert_eq!(submit(&sequencer, said.next().unwrap()).await.unwrap().admitted, ms(NOON_MS + 21));
}

#[tokio::test]
async fn a_founding_proposal_cannot_have_seen_anything() {
    let sequencer = open(&Arc::new(MemoryStore::new())).await;
    let mut statement = wire::open(&Deal::new(1).proposal).unwrap().statement().clone();
    statement.seen = Some(SeenCheckpoint { tree_size: 1, root: Digest::of(&[]) });
    // Refused for what was seen even if there is more that is wrong: the order of guards is part of the format.
    let mut worse = statement.clone();
    if let Body::Proposal(terms) = &mut worse.body {
        terms.dimensions[0].default_shares.pop();
    }
    for statement in [statement, worse] {
        let envelope = wire::sign(&statement, &terms::secret("community")).unwrap();
        let validated = sequencer.validate(wire::open(&envelope).unwrap()).await.unwrap_err();
        assert_eq!(reason(&validated), "SEEN_CHECKPOINT_WRONG");
        assert_eq!(reason(&submit(&sequencer, envelope).await.unwrap_err()), "SEEN_CHECKPOINT_WRONG");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_finishes_what_was_taken_and_gives_the_store_back() {
    let folder = tempfile::tempdir().unwrap();
    let deal = Deal::new(1);
    let mut recorded = 0;
    for round in 0..3_u64 {
        let store = Arc::new(LogStore::open(folder.path(), 1 << 24).unwrap());
        let sequencer = open(&store).await;
        drop(store);
        for envelope in deal.opening() {
            submit(&sequencer, envelope).await.unwrap();
        }
        let mut waiting = JoinSet::new();
        for number in 0..200 {
            let (sequencer, envelope) = (sequencer.clone(), deal.contribution(round * 1_000 + number));
            waiting.spawn(async move { submit(&sequencer, envelope).await });
        }
        tokio::task::yield_now().await;
        sequencer.shut_down().await;
        for answer in waiting.join_all().await {
            match answer {
                Ok(_) => recorded += 1,
                Err(SubmitError::ShuttingDown) => {}
                Err(other) => panic!("{other}"),
            }
        }
        let after = submit(&sequencer, deal.contribution(round * 1_000 + 999)).await;
        assert!(matches!(after, Err(SubmitError::ShuttingDown)), "{after:?}");
        assert!(sequencer.checkpoint(deal.id).await.is_err());
    }
    let sequencer = open(&Arc::new(LogStore::open(folder.path(), 1 << 24).unwrap())).await;
    let size = sequencer.checkpoint(deal.id).await.unwrap().checkpoint().size.get();
    assert_eq!(size, 2 + recorded);
}
