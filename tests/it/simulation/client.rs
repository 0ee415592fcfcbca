//! Those who ask: each is a task that asks one thing, and is held against what was acknowledged when it is answered.

use std::sync::{Arc, Mutex};

use counterfoil::{
    checkpoint::SignedCheckpoint,
    digest::Digest,
    ledger::{LedgerId, entry::Entry},
    merkle::{index::TreeSize, proof::check_consistency},
    sequencer::{Part, ReadError, Sequencer, SubmitError, Submitted},
    statement::id::AgreementId,
    time::Timestamp,
};
use tokio::task::AbortHandle;

use crate::{
    common::Chance,
    keeper::{read_views, views},
    simulation::{
        cast::Said,
        record::{Asked, Check, Record, short},
    },
};

/// What somebody was told.
pub(super) enum Answer {
    Submitted(Said, Result<Submitted, SubmitError>),
    Validated(Said, Result<(), SubmitError>),
    Checkpoint(Result<SignedCheckpoint, ReadError>),
    /// An old checkpoint, signed anew.
    CheckpointAt(u64, Result<SignedCheckpoint, ReadError>),
    /// Size and time of last admission of the agreement, and the checkpoint it stands at.
    Viewed(Result<(u64, Timestamp, SignedCheckpoint), ReadError>),
    Proved(u64, Result<Submitted, ReadError>),
    Consistent(u64, u64, Result<Vec<Digest>, ReadError>),
    Entries(u64, Result<Vec<Digest>, ReadError>),
    Listed(Result<Vec<(AgreementId, SignedCheckpoint)>, ReadError>),
    /// Every contribution and benefit as it stood at a size, in words.
    Slips(u64, Result<Vec<String>, ReadError>),
}

/// Somebody who waits.
pub(super) struct Client {
    pub(super) asked: Asked,
    pub(super) task: AbortHandle,
}

pub(super) type Answers = Arc<Mutex<Vec<(u64, Answer)>>>;

/// Asks something about an agreement, by lot.
pub(super) async fn look(sequencer: Sequencer, agreement: AgreementId, size: u64, lot: (u64, u64)) -> Answer {
    let (kind, number) = lot;
    let some = 1 + number % size.max(1);
    match kind % 9 {
        0 => Answer::Checkpoint(sequencer.checkpoint(agreement).await),
        1 => Answer::CheckpointAt(some, sequencer.checkpoint_at(agreement, some).await),
        2 => Answer::Viewed(sequencer.view(agreement, see).await),
        3 => Answer::Viewed(sequencer.view_at(agreement, some, see).await),
        4 => Answer::Proved(some - 1, sequencer.prove_inclusion(agreement, some - 1).await),
        5 => {
            let first = 1 + number / 7 % some;
            Answer::Consistent(first, some, sequencer.prove_consistency(agreement, first, some).await)
        }
        6 => {
            let leaves = sequencer.entries(agreement, some - 1, 5).await;
            Answer::Entries(some - 1, leaves.map(|leaves| leaves.iter().map(|leaf| Digest::of(&[leaf])).collect()))
        }
        7 => Answer::Listed(sequencer.agreements(None, 100).await),
        _ => {
            let read = sequencer.read(agreement, Some(some), Part::All, |reader| read_views(reader)).await;
            Answer::Slips(some, read.and_then(|views| views))
        }
    }
}

fn see(
    agreement: &counterfoil::agreement::Agreement,
    checkpoint: &SignedCheckpoint,
) -> (u64, Timestamp, SignedCheckpoint) {
    (agreement.size(), agreement.last_admitted(), checkpoint.clone())
}

/// What a client remembers: `troubled` if something failed meanwhile, `stopping` if the server is.
#[derive(Clone, Copy)]
pub(super) struct Weather {
    pub(super) troubled: bool,
    pub(super) stopping: bool,
}

/// Holds an answer against what was acknowledged and told.
pub(super) fn hold(record: &mut Record, sequencer: &Sequencer, asked: Asked, answer: Answer, weather: Weather) {
    match answer {
        Answer::Submitted(said, Ok(submitted)) => recorded(record, sequencer, asked, &said, &submitted),
        Answer::Submitted(said, Err(error)) => refused(record, asked, &said, &error, weather),
        Answer::Validated(said, Ok(())) => {
            record.trace("leave");
            record.told.validated += 1;
            let id = said.signed().id().digest();
            if !record.ledgers.get(&asked.ledger).is_some_and(|kept| kept.places.contains_key(&id)) {
                record.rests(asked, said.signed(), None);
            }
        }
        Answer::Validated(said, Err(error)) => refused(record, asked, &said, &error, weather),
        other => read(record, asked, other, weather),
    }
}

fn recorded(record: &mut Record, sequencer: &Sequencer, asked: Asked, said: &Said, submitted: &Submitted) {
    let Submitted { index, admitted, already_recorded, .. } = submitted;
    record.trace(&format!("recorded {index} at {} again {already_recorded}", admitted.as_ms()));
    record.told.receipts += 1;
    record.told.again += u64::from(*already_recorded);
    let leaf = Entry { admitted: *admitted, envelope: said.envelope().clone() }.encode();
    let verifier = sequencer.verifier(said.signed().agreement());
    match submitted.receipt().check(&leaf, &verifier) {
        Ok(checkpoint) => tell(record, asked.ledger, &checkpoint),
        Err(error) => record.violate(Check::Receipt, error.to_string()),
    }
    let kept = record.ledgers.get(&asked.ledger);
    let place = kept.and_then(|kept| kept.places.get(&said.signed().id().digest()).copied());
    let same = kept.and_then(|kept| kept.leaves.get(short(*index))).is_some_and(|kept| **kept == leaf);
    record.hold(Check::Receipt, place == Some(*index) && same, || {
        format!("the receipt says entry {index}, the statement is entry {place:?}")
    });
}

fn refused(record: &mut Record, asked: Asked, said: &Said, error: &SubmitError, weather: Weather) {
    record.trace(&format!("not recorded: {error}"));
    let id = said.signed().id().digest();
    let place = record.ledgers.get(&asked.ledger).and_then(|kept| kept.places.get(&id).copied());
    let recorded = place.is_some_and(|place| place < asked.size);
    match error {
        SubmitError::Refused(refused) => {
            record.told.refusals += 1;
            record.hold(Check::Refusal, !recorded, || format!("entry {place:?} is refused: {refused}"));
            record.rests(asked, said.signed(), Some(&refused.refusal));
        }
        SubmitError::AgreementNotFound => {
            record.hold(Check::Refusal, asked.told == 0, || "an agreement that was told is not found".into());
        }
        SubmitError::ShuttingDown => {
            record.hold(Check::Answer, weather.stopping, || "it says that it stops, and does not".into());
        }
        SubmitError::Busy => {}
        other => record.hold(Check::Answer, weather.troubled, || format!("nothing failed, and it says: {other}")),
    }
}

fn tell(record: &mut Record, ledger: LedgerId, checkpoint: &SignedCheckpoint) {
    record.tell(ledger, checkpoint.checkpoint().size.get(), checkpoint.checkpoint().root);
}

fn tell_latest(record: &mut Record, asked: Asked, checkpoint: &SignedCheckpoint) {
    let size = checkpoint.checkpoint().size.get();
    record.hold(Check::Told, size >= asked.told, || format!("size {size} was told after {}", asked.told));
    tell(record, asked.ledger, checkpoint);
}

fn read(record: &mut Record, asked: Asked, answer: Answer, weather: Weather) {
    record.told.read += 1;
    let failed = match answer {
        Answer::Checkpoint(Ok(checkpoint)) => {
            record.trace(checkpoint.text());
            return tell_latest(record, asked, &checkpoint);
        }
        Answer::CheckpointAt(size, Ok(checkpoint)) => {
            record.hold(Check::Told, size == checkpoint.checkpoint().size.get(), || "another size".into());
            return tell(record, asked.ledger, &checkpoint);
        }
        Answer::Viewed(Ok((size, last, checkpoint))) => {
            record.trace(&format!("seen at {size}"));
            tell(record, asked.ledger, &checkpoint);
            let kept = record.ledgers.get(&asked.ledger).and_then(|kept| kept.agreement(size));
            let same = kept.is_some_and(|kept| kept.last_admitted() == last);
            return record.hold(Check::Told, same && size == checkpoint.checkpoint().size.get(), || {
                format!("the agreement as it is shown at size {size} is another")
            });
        }
        Answer::Proved(index, Ok(proved)) => return proved_leaf(record, asked, index, &proved),
        Answer::Consistent(first, second, Ok(path)) => {
            let roots = record.ledgers.get(&asked.ledger).map_or(&[][..], |kept| &kept.roots);
            let root = |size: u64| roots.get(short(size) - 1).map(|root| (TreeSize::new(size).unwrap(), root));
            let holds = root(first)
                .zip(root(second))
                .is_some_and(|((first, old), (second, new))| check_consistency(first, old, second, new, &path).is_ok());
            return record.hold(Check::Proof, holds, || format!("{first} is not proved a prefix of {second}"));
        }
        Answer::Entries(from, Ok(leaves)) => {
            let kept = record.ledgers.get(&asked.ledger).map_or(&[][..], |kept| &kept.leaves);
            let mut kept = kept.iter().skip(short(from)).map(|leaf| Digest::of(&[leaf]));
            let same = leaves.iter().all(|leaf| kept.next() == Some(*leaf));
            return record.hold(Check::Told, same, || format!("the entries from {from} on are others"));
        }
        Answer::Listed(Ok(listed)) => {
            for (id, checkpoint) in &listed {
                let (ledger, checkpoint) = (LedgerId::new(id.digest()), checkpoint.checkpoint());
                // The list comes from the store, which may be ahead of what the ledgers' tasks tell, and not of what is durable.
                record.compare(ledger, checkpoint.size.get(), checkpoint.root);
            }
            return;
        }
        Answer::Slips(size, Ok(found)) => {
            let expected = record.ledgers.get(&asked.ledger).and_then(|kept| kept.agreement(size)).map(views);
            return record.hold(Check::Told, expected.as_ref() == Some(&found), || {
                format!("what is kept at size {size} is {found:#?} and should be {expected:#?}")
            });
        }
        Answer::Checkpoint(Err(error))
        | Answer::CheckpointAt(_, Err(error))
        | Answer::Viewed(Err(error))
        | Answer::Proved(_, Err(error))
        | Answer::Consistent(_, _, Err(error))
        | Answer::Entries(_, Err(error))
        | Answer::Listed(Err(error))
        | Answer::Slips(_, Err(error)) => error,
        Answer::Submitted(..) | Answer::Validated(..) => return,
    };
    record.trace(&format!("not read: {failed}"));
    let holds = match failed {
        ReadError::AgreementNotFound => asked.told == 0,
        ReadError::BeyondTree { size, .. } => size >= asked.told,
        ReadError::Stopped => weather.stopping,
        _ => weather.troubled || weather.stopping,
    };
    record.hold(Check::Answer, holds, || format!("nothing failed, and it says: {failed}"));
}

fn proved_leaf(record: &mut Record, asked: Asked, index: u64, proved: &Submitted) {
    let kept = record.ledgers.get(&asked.ledger).and_then(|kept| kept.leaves.get(short(index)));
    let same = kept.is_some_and(|kept| *kept == proved.leaf);
    record.hold(Check::Proof, same, || format!("entry {index} is proved with another leaf"));
    tell(record, asked.ledger, &proved.checkpoint);
    let (size, root) = (proved.checkpoint.checkpoint().size, proved.checkpoint.checkpoint().root);
    let index = counterfoil::merkle::index::LeafIndex::new(index);
    let leaf = counterfoil::merkle::hash::leaf_hash(&proved.leaf);
    let checked = counterfoil::merkle::proof::check_inclusion(index, size, &leaf, &proved.path, &root);
    record.hold(Check::Proof, checked.is_ok(), || format!("{checked:?}"));
}

/// Two numbers by lot.
pub(super) fn lot(chance: &mut Chance) -> (u64, u64) {
    (chance.next(), chance.next())
}
