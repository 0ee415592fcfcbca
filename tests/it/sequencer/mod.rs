//! The sequencer over real agreements: what it answers, what it withholds until it is durable, and how it opens again.

mod answers;
mod batches;
mod checked;
pub(crate) mod deal;
mod faults;
mod kept;
mod opening;
mod reads;
mod refused;
mod rot;
mod watched;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use counterfoil::{
    envelope::Envelope,
    keys::{KnownKeys, SecretKey},
    merkle::proof::check_consistency,
    sequencer::{Memory, OpenError, Sequencer, SequencerConfig, SubmitError, Submitted},
    statement::{id::AgreementId, wire::Opened},
    store::Store,
    time::Timestamp,
};

use crate::sequencer::deal::Deal;

/// A clock that a test sets.
#[derive(Clone)]
struct Hands(Arc<AtomicU64>);

impl Hands {
    fn at(ms: u64) -> Self {
        Self(Arc::new(AtomicU64::new(ms)))
    }

    fn set(&self, ms: u64) {
        self.0.store(ms, Ordering::SeqCst);
    }
}

pub(crate) fn ms(ms: u64) -> Timestamp {
    Timestamp::from_ms(ms).unwrap()
}

/// Later than all work that these tests claim.
pub(crate) const NOON_MS: u64 = 1_767_268_800_000;

fn config(hands: &Hands) -> SequencerConfig {
    let hands = Arc::clone(&hands.0);
    let clock = Arc::new(move || ms(hands.load(Ordering::SeqCst)));
    SequencerConfig::new("log.example", SecretKey::from_seed(&[9; 32]), clock)
}

async fn try_open(store: &Arc<impl Store>) -> Result<Sequencer, OpenError> {
    let store: Arc<dyn Store> = store.clone();
    Sequencer::open(store, config(&Hands::at(NOON_MS))).await
}

/// Next to nothing stays in memory: everything is put away and recalled all the time.
const FORGETFUL: Memory = Memory { changed_max: 2, at_hand_max: 0, changes_max: 1, folded_max: 1 };

async fn open_with(store: &Arc<impl Store>, memory: Memory) -> Sequencer {
    let store: Arc<dyn Store> = store.clone();
    Sequencer::open(store, SequencerConfig { memory, ..config(&Hands::at(NOON_MS)) }).await.unwrap()
}

async fn open(store: &Arc<impl Store>) -> Sequencer {
    try_open(store).await.unwrap()
}

async fn enter_deal(sequencer: &Sequencer) -> Deal {
    enter_deal_of(sequencer, 1).await
}

/// Enters the deal of a number and its acceptance: from here on it is in force.
async fn enter_deal_of(sequencer: &Sequencer, number: u64) -> Deal {
    let deal = Deal::new(number);
    for envelope in deal.opening() {
        submit(sequencer, envelope).await.unwrap();
    }
    deal
}

fn opened(envelope: &Envelope) -> Opened {
    Opened::open(envelope.clone(), &KnownKeys::new(1)).unwrap()
}

pub(crate) async fn submit(sequencer: &Sequencer, envelope: Envelope) -> Result<Submitted, SubmitError> {
    let opened = opened(&envelope);
    let id = opened.signed().agreement();
    let submitted = sequencer.submit(opened).await?;
    assert_eq!(submitted.agreement, id);
    check_receipt(sequencer, &envelope, &submitted);
    Ok(submitted)
}

/// Builds the leaf from the envelope that was submitted, as a client does, and checks the receipt over it.
fn check_receipt(sequencer: &Sequencer, envelope: &Envelope, submitted: &Submitted) {
    let entry = counterfoil::ledger::entry::Entry { admitted: submitted.admitted, envelope: envelope.clone() };
    let leaf = entry.encode();
    let receipt = submitted.receipt();
    assert_eq!(receipt.extra.as_deref(), Some(leaf.as_slice()));
    assert_eq!(receipt.index.get(), submitted.index);
    assert_eq!(submitted.statement.digest(), envelope.id());
    receipt.check(&leaf, &sequencer.verifier(submitted.agreement)).unwrap();
}

fn reason(error: &SubmitError) -> &'static str {
    match error {
        SubmitError::Refused(refusal) => refusal.reason(),
        other => panic!("{other}"),
    }
}

/// Checks that the ledger of each note is a prefix of the ledger as it is, and returns its size.
async fn check_prefixes(sequencer: &Sequencer, agreement: AgreementId, notes: impl IntoIterator<Item = String>) -> u64 {
    let latest = sequencer.checkpoint(agreement).await.unwrap();
    let verifier = sequencer.verifier(agreement);
    for note in notes {
        let earlier = counterfoil::checkpoint::SignedCheckpoint::open(&note, &verifier).unwrap();
        let (earlier, latest) = (earlier.checkpoint(), latest.checkpoint());
        let path = sequencer.prove_consistency(agreement, earlier.size.get(), latest.size.get()).await.unwrap();
        check_consistency(earlier.size, &earlier.root, latest.size, &latest.root, &path).unwrap();
    }
    latest.checkpoint().size.get()
}
