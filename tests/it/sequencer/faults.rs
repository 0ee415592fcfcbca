//! Commits that fail, at every place and in pairs: nothing acknowledged is lost, nothing is in the ledger twice, and no two
//! roots are signed for one size.

use std::{
    collections::BTreeMap,
    panic,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use counterfoil::{
    digest::Digest,
    envelope::Envelope,
    sequencer::{Memory, Sequencer, SequencerConfig, SubmitError, Submitted},
    statement::id::AgreementId,
};
use tokio::task::JoinSet;

use crate::{
    common::Chance,
    sequencer::{
        FORGETFUL, Hands, NOON_MS, check_prefixes, config,
        deal::Deal,
        enter_deal, open, open_with, submit,
        watched::{FAULTS, Fault, Watched},
    },
};

/// Everything that was ever signed or promised.
#[derive(Default)]
struct Witness {
    roots: BTreeMap<(AgreementId, u64), Digest>,
    recorded: Vec<(Envelope, u64)>,
    notes: Vec<(AgreementId, String)>,
}

impl Witness {
    async fn look(&mut self, sequencer: &Sequencer, agreement: AgreementId) {
        let Ok(checkpoint) = sequencer.checkpoint(agreement).await else { return };
        self.signed(agreement, checkpoint.note(), sequencer);
    }

    fn signed(&mut self, agreement: AgreementId, note: &str, sequencer: &Sequencer) {
        let verifier = sequencer.verifier(agreement);
        let signed = counterfoil::checkpoint::SignedCheckpoint::open(note, &verifier).unwrap();
        let (size, root) = (signed.checkpoint().size.get(), signed.checkpoint().root);
        let before = *self.roots.entry((agreement, size)).or_insert(root);
        assert_eq!(before, root, "two roots for {size} entries");
        self.notes.push((agreement, note.to_owned()));
    }

    fn recorded(&mut self, envelope: Envelope, submitted: &Submitted, sequencer: &Sequencer) {
        self.signed(submitted.agreement, submitted.checkpoint.note(), sequencer);
        self.recorded.push((envelope, submitted.index));
    }

    /// Holds `sequencer` to everything that was promised; returns how many entries its ledgers have.
    async fn hold(&self, sequencer: &Sequencer) -> u64 {
        for (envelope, index) in &self.recorded {
            let again = submit(sequencer, envelope.clone()).await.unwrap();
            assert_eq!((again.index, again.already_recorded), (*index, true));
        }
        let mut entries = 0;
        for (agreement, _) in sequencer.agreements(None, usize::MAX).await.unwrap() {
            let notes = self.notes.iter().filter(|(of, _)| *of == agreement).map(|(_, note)| note.clone());
            entries += check_prefixes(sequencer, agreement, notes).await;
        }
        entries
    }
}

async fn until_recorded(sequencer: &Sequencer, envelope: &Envelope, witness: &mut Witness) -> Submitted {
    for _ in 0..10 {
        match submit(sequencer, envelope.clone()).await {
            Ok(submitted) => {
                witness.recorded(envelope.clone(), &submitted, sequencer);
                return submitted;
            }
            Err(SubmitError::NotCommitted | SubmitError::CommitUnclear) => {}
            Err(other) => panic!("{other}"),
        }
    }
    panic!("not recorded after ten times");
}

/// Every pair of faults at every pair of neighbouring commits, from the founding on.
#[tokio::test]
async fn a_retry_after_any_two_faults_gets_the_receipt() {
    for memory in [Memory::default(), FORGETFUL] {
        for first in FAULTS {
            for second in FAULTS {
                for place in 0..4 {
                    retry_after_two_faults(memory, first, second, place).await;
                }
            }
        }
    }
}

async fn retry_after_two_faults(memory: Memory, first: Fault, second: Fault, place: usize) {
    let store = Arc::new(Watched::new());
    store.plan(vec![Fault::Nothing; place].into_iter().chain([first, second]));
    let sequencer = open_with(&store, memory).await;
    let (deal, mut witness) = (Deal::new(1), Witness::default());
    let said = deal.opening().into_iter().chain((2..6).map(|number| deal.contribution(number)));
    for (index, envelope) in (0..).zip(said) {
        let submitted = until_recorded(&sequencer, &envelope, &mut witness).await;
        assert_eq!(submitted.index, index, "{first:?}, {second:?} at {place}");
        witness.look(&sequencer, deal.id).await;
    }
    assert_eq!(witness.hold(&sequencer).await, 6);
    let again = open_with(&Arc::new(Watched::over(store.kept())), memory).await;
    assert_eq!(witness.hold(&again).await, 6);
}

#[tokio::test]
async fn each_fault_has_its_answer() {
    for (fault, founded) in [
        (Fault::NotWritten, false),
        (Fault::UnclearButWritten, true),
        (Fault::UnclearAndLost, false),
        (Fault::Panic, false),
    ] {
        let store = Arc::new(Watched::new());
        store.plan([fault]);
        let sequencer = open(&store).await;
        let deal = Deal::new(1);
        let answer = submit(&sequencer, deal.proposal.clone()).await;
        match fault {
            Fault::NotWritten => assert!(matches!(answer, Err(SubmitError::NotCommitted))),
            _ => assert!(matches!(answer, Err(SubmitError::CommitUnclear))),
        }
        assert!(sequencer.checkpoint(deal.id).await.is_err(), "what is not known to be durable is not spoken of");
        let again = submit(&sequencer, deal.proposal.clone()).await.unwrap();
        assert_eq!((again.index, again.already_recorded), (0, founded), "{fault:?}");
    }
}

/// A refusal of the same batch may rest on what was lost.
#[tokio::test]
async fn a_refusal_is_not_given_when_what_it_rests_on_is_lost() {
    let store = Arc::new(Watched::new());
    let sequencer = open(&store).await;
    let deal = enter_deal(&sequencer).await;
    store.plan([Fault::NotWritten]);
    let (first, second) = (deal.contribution_of(1, 7), deal.contribution_of(2, 7));
    let (one, other) = tokio::join!(submit(&sequencer, first), submit(&sequencer, second.clone()));
    assert!(matches!((one, other), (Err(SubmitError::NotCommitted), Err(SubmitError::NotCommitted))));
    assert_eq!(submit(&sequencer, second).await.unwrap().index, 2, "nothing stands in its way");
}

/// What is said of one statement of a batch that was not written is not said of those that are recorded.
#[tokio::test]
async fn a_recorded_statement_is_never_said_not_to_be_written() {
    let store = Arc::new(Watched::new());
    let sequencer = open(&store).await;
    let deal = enter_deal(&sequencer).await;
    store.plan([Fault::NotWritten]);
    let (new, again) = (deal.contribution(1), deal.acceptance());
    let (new, again) = tokio::join!(submit(&sequencer, new), submit(&sequencer, again));
    assert!(matches!(new, Err(SubmitError::NotCommitted)), "{new:?}");
    assert!(matches!(again, Err(SubmitError::CommitUnclear)), "{again:?}");
    // Nor when it cannot be proved, or nobody can look.
    submit(&sequencer, deal.contribution(1)).await.unwrap();
    store.fail_reads(true);
    for _ in 0..2 {
        let again = submit(&sequencer, deal.acceptance()).await;
        assert!(matches!(again, Err(SubmitError::CommitUnclear)), "{again:?}");
    }
    store.fail_reads(false);
    assert_eq!(submit(&sequencer, deal.acceptance()).await.unwrap().index, 1);
}

/// A recovery that fails is tried again, and until then everything else about the ledger can be read.
#[tokio::test]
async fn a_ledger_that_cannot_be_recovered_yet_says_so_and_comes_back() {
    let store = Arc::new(Watched::new());
    let sequencer = open(&store).await;
    let (deal, mut witness) = (Deal::new(1), Witness::default());
    for envelope in deal.opening() {
        until_recorded(&sequencer, &envelope, &mut witness).await;
    }
    for fault in [Fault::NotWritten, Fault::UnclearButWritten, Fault::UnclearAndLost] {
        store.plan([fault]);
        let envelope = deal.contribution(u64::try_from(witness.recorded.len()).unwrap());
        assert!(submit(&sequencer, envelope.clone()).await.is_err());
        store.fail_reads(true);
        for _ in 0..3 {
            let refused = submit(&sequencer, envelope.clone()).await;
            // It may be recorded: who is told that it was not would sign it anew, and claim twice.
            assert!(matches!(refused, Err(SubmitError::CommitUnclear)), "{refused:?}");
            witness.look(&sequencer, deal.id).await;
        }
        store.fail_reads(false);
        until_recorded(&sequencer, &envelope, &mut witness).await;
    }
    assert_eq!(witness.hold(&sequencer).await, 5);
}

#[tokio::test]
async fn a_ledger_whose_task_panicked_is_recovered_by_whoever_comes_next() {
    let store = Arc::new(Watched::new());
    let mut limits = SequencerConfig { memory: FORGETFUL, ..config(&Hands::at(NOON_MS)) };
    let broken = Arc::new(AtomicBool::new(false));
    let (clock, breaks) = (Arc::clone(&limits.clock), Arc::clone(&broken));
    // Once: in the task, where the law could as well be what panics.
    limits.clock = Arc::new(move || match breaks.swap(false, Ordering::SeqCst) {
        true => panic::resume_unwind(Box::new("as planned")),
        false => clock(),
    });
    let sequencer = Sequencer::open(store, limits).await.unwrap();
    let deal = enter_deal(&sequencer).await;
    let mut watch = sequencer.watch(deal.id).await.unwrap();
    watch.borrow_and_update();
    for number in 0..3 {
        broken.store(true, Ordering::SeqCst);
        let answer = submit(&sequencer, deal.contribution(number)).await;
        assert!(matches!(answer, Err(SubmitError::CommitUnclear)), "{answer:?}");
        assert_eq!(sequencer.checkpoint(deal.id).await.unwrap().checkpoint().size.get(), 2 + number);
        if number != 1 {
            assert_eq!(sequencer.view(deal.id, |agreement, _| agreement.size()).await.unwrap(), 2 + number);
        }
        assert_eq!(submit(&sequencer, deal.contribution(number)).await.unwrap().index, 2 + number);
        watch.changed().await.unwrap();
    }
}

/// Two servers on one store by mistake: one is told that it did not write, and no size has two roots.
#[tokio::test]
async fn two_sequencers_on_one_store_do_not_fork_a_ledger() {
    for memory in [Memory::default(), FORGETFUL] {
        two_sequencers(memory).await;
    }
}

async fn two_sequencers(memory: Memory) {
    let store = Arc::new(Watched::new());
    let (left, right) = (open_with(&store, memory).await, open_with(&store, memory).await);
    let (deal, mut witness) = (Deal::new(1), Witness::default());
    until_recorded(&left, &deal.proposal, &mut witness).await;
    let mut moved = 0;
    for number in 0..20 {
        let envelope = if number == 0 { deal.acceptance() } else { deal.contribution(number) };
        let sequencer = if number % 3 == 0 { &right } else { &left };
        if number == 0 {
            until_recorded(&left, &envelope, &mut witness).await;
            // The other has never heard of the agreement: it finds out when it looks into the store.
            assert!(submit(&right, deal.proposal.clone()).await.unwrap().already_recorded);
            continue;
        }
        match submit(sequencer, envelope.clone()).await {
            Ok(submitted) => witness.recorded(envelope, &submitted, sequencer),
            Err(SubmitError::NotCommitted) => moved += 1,
            Err(other) => panic!("{other}"),
        }
        witness.look(&left, deal.id).await;
        witness.look(&right, deal.id).await;
    }
    assert!(moved > 5, "they were hardly ever in each other's way");
    let again = open(&Arc::new(Watched::over(store.kept()))).await;
    witness.hold(&again).await;
}

/// Many ledgers, many submitters, any faults, restarts in between; the seed is printed.
#[tokio::test(flavor = "multi_thread")]
async fn whatever_fails_nothing_promised_is_lost() {
    whatever_fails(Memory::default()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_fails_nothing_promised_is_lost_by_who_forgets() {
    whatever_fails(FORGETFUL).await;
}

async fn whatever_fails(memory: Memory) {
    let mut chance = Chance::new("sequencer faults");
    let mut store = Arc::new(Watched::new());
    let mut sequencer = open_with(&store, memory).await;
    let deals: Vec<_> = (0..5).map(Deal::new).collect();
    let (mut witness, mut said, mut failed) = (Witness::default(), BTreeMap::new(), 0);
    // Three are in force before any fault, so that there is always something to lose; the others are founded under faults.
    for deal in &deals[..3] {
        until_recorded(&sequencer, &deal.proposal, &mut witness).await;
        until_recorded(&sequencer, &deal.acceptance(), &mut witness).await;
    }
    for round in 0..40_u64 {
        store.plan((0..4).map(|_| FAULTS[chance.below(FAULTS.len())]));
        let mut waiting = JoinSet::new();
        for (number, deal) in (0_u64..).zip(&deals) {
            let new = (0..chance.below(6)).zip(0..).map(|(_, place)| match round {
                0 => deal.proposal.clone(),
                1..=5 => deal.acceptance(),
                _ => deal.contribution(round << 16 | number << 8 | place),
            });
            let again: Vec<Envelope> = said.values().filter(|_| chance.below(40) == 0).cloned().collect();
            for envelope in new.chain(again).collect::<Vec<_>>() {
                said.insert(envelope.id(), envelope.clone());
                let sequencer = sequencer.clone();
                waiting.spawn(async move { (submit(&sequencer, envelope.clone()).await, envelope) });
            }
        }
        for (answer, envelope) in waiting.join_all().await {
            match answer {
                Ok(submitted) => witness.recorded(envelope, &submitted, &sequencer),
                // Before the agreement is founded or in force.
                Err(SubmitError::AgreementNotFound | SubmitError::Refused(_)) => {}
                Err(SubmitError::NotCommitted | SubmitError::CommitUnclear) => failed += 1,
                Err(other) => panic!("{other}"),
            }
        }
        for deal in &deals {
            witness.look(&sequencer, deal.id).await;
        }
        if chance.below(10) == 0 {
            sequencer.shut_down().await;
            store = Arc::new(Watched::over(store.kept()));
            sequencer = open_with(&store, memory).await;
        }
    }
    let again = open(&Arc::new(Watched::over(store.kept()))).await;
    let entries = witness.hold(&again).await;
    eprintln!("{} promises kept, {failed} submissions not answered, {entries} entries", witness.recorded.len());
    assert!(failed > 20 && witness.recorded.len() > 50, "there was hardly anything to lose");
}
