//! A batch: what queued for one ledger, admitted in order, and held until it is durable.

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
};

use bytes::Bytes;
use tokio::sync::oneshot;
use tracing::error;

use crate::{
    agreement::{
        Agreement,
        refusal::{Refusal, check_seen},
    },
    causes::Causes,
    checkpoint::{Checkpoint, SignedCheckpoint, note::NoteSigner},
    digest::Digest,
    envelope::Envelope,
    ledger::{LedgerId, entry::Entry},
    merkle::{
        hash::leaf_hash,
        index::{LeafIndex, NodeIndex, TreeSize},
        overlay::Overlay,
        proof::root_at,
        tree::Frontier,
    },
    sequencer::{
        answer::{Answer, Judged, Recorded},
        error::SubmitError,
        is_founding,
        proven::{Known, Proofs},
        task::State,
    },
    statement::{
        Signed,
        id::{AgreementId, StatementId},
        wire::Opened,
    },
    store::{Append, Sign, Store},
    time::Timestamp,
};

/// A statement and who waits for its answer.
pub(super) struct Submission {
    pub(super) opened: Box<Opened>,
    pub(super) answer: Waiter,
}

type Waiter = oneshot::Sender<Result<Answer, SubmitError>>;

impl Submission {
    pub(super) fn answer(self, answer: Result<Answer, SubmitError>) {
        // Who asked may have gone; the entry has not.
        let _ = self.answer.send(answer);
    }
}

/// Statements admitted and refused, on their way to being durable.
pub(super) struct Batch {
    before: Frontier,
    /// The old frontier and every node since: enough to prove the new entries without reading the store.
    overlay: Overlay,
    leaves: Vec<(Digest, Bytes)>,
    completed: Vec<(NodeIndex, Digest)>,
    new: HashMap<StatementId, usize>,
    admitted: Vec<Timestamp>,
    waiting: Vec<(Waiter, Held)>,
    bytes: usize,
    /// What was submitted, until it is durable: who counts what is in flight counts its bytes for as long as they are held.
    payloads: Vec<Bytes>,
}

/// What a waiter will be told once the batch is durable.
enum Held {
    /// The entry at this place of the batch; whether somebody else in the batch was first.
    New {
        place: usize,
        repeated: bool,
    },
    /// An entry that was durable before, or is in the batch before, which will be by then.
    Before {
        index: u64,
    },
    Refused {
        refusal: Box<Refusal>,
        judged: Judged,
    },
    Failed(SubmitError),
}

/// Where the ledger and its keeper are, for a statement that is to be admitted.
pub(super) struct Place<'a> {
    pub(super) store: &'a dyn Store,
    pub(super) ledger: LedgerId,
    /// The batch before, if it is on its way to the disk: the store does not have it yet.
    pub(super) flying: Option<&'a Batch>,
    pub(super) now: Timestamp,
}

impl Batch {
    /// Begins a batch on top of `frontier`.
    pub(super) fn on(frontier: &Frontier) -> Self {
        Self {
            before: frontier.clone(),
            overlay: Overlay::over(frontier),
            leaves: Vec::new(),
            completed: Vec::new(),
            new: HashMap::new(),
            admitted: Vec::new(),
            waiting: Vec::new(),
            bytes: 0,
            payloads: Vec::new(),
        }
    }

    /// Whether it has no new entry.
    pub(super) fn is_empty(&self) -> bool {
        self.leaves.is_empty()
    }

    /// Whether nobody waits for it.
    pub(super) fn is_idle(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Whether it takes more; what it holds is in memory until it is durable.
    pub(super) fn has_room(&self, batch_max: usize) -> bool {
        self.waiting.len() < batch_max && self.bytes < BATCH_BYTES_MAX
    }

    fn size_before(&self) -> TreeSize {
        self.before.size()
    }

    /// Admits a statement as the next entry, or finds that it is one already, or holds its refusal.
    pub(super) fn take(&mut self, submission: Submission, state: &mut State, place: &Place<'_>) {
        let Submission { opened, answer } = submission;
        let (envelope, signed) = opened.into_parts();
        self.bytes += envelope.payload.len();
        self.payloads.push(envelope.payload.clone());
        let held = match self.find(&signed, place) {
            Some(held) => held,
            None => match self.admit(envelope, &signed, state, place) {
                Ok(place) => Held::New { place, repeated: false },
                Err(SubmitError::Refused(refused)) => {
                    Held::Refused { refusal: Box::new(refused.refusal), judged: judged(state, place) }
                }
                Err(error) => Held::Failed(error),
            },
        };
        self.waiting.push((answer, held));
    }

    /// Says where a statement stands already.
    fn find(&self, signed: &Signed, place: &Place<'_>) -> Option<Held> {
        if let Some(place) = self.new.get(&signed.id()) {
            return Some(Held::New { place: *place, repeated: true });
        }
        if let Some(index) = place.flying.and_then(|flying| flying.index_of(signed.id())) {
            return Some(Held::Before { index });
        }
        if self.size_before() == TreeSize::ZERO {
            return None;
        }
        match place.store.find(place.ledger, signed.id().digest()) {
            Ok(Some(index)) if index.get() < self.size_before().get() => Some(Held::Before { index: index.get() }),
            Ok(_) => None,
            // Whether it is there already cannot be told, so it must not be put there.
            Err(error) => {
                error!(ledger = %place.ledger.digest(), error = %Causes(&error), "whether a statement is recorded cannot be told");
                Some(Held::Failed(SubmitError::CommitUnclear))
            }
        }
    }

    fn index_of(&self, statement: StatementId) -> Option<u64> {
        let place = u64::try_from(*self.new.get(&statement)?).ok()?;
        Some(self.size_before().get() + place)
    }

    fn admit(
        &mut self,
        envelope: Envelope,
        signed: &Signed,
        state: &mut State,
        place: &Place<'_>,
    ) -> Result<usize, SubmitError> {
        if state.agreement.is_none() && !is_founding(signed) {
            return Err(SubmitError::AgreementNotFound);
        }
        let root = self.seen(signed, state, place)?;
        check_seen(signed, root)?;
        let admitted = match &mut state.agreement {
            Some(agreement) => {
                let admitted = admitted_at(agreement, place.now);
                let recalled = state.keeping.recall(place.store, place.ledger, agreement, signed, admitted);
                recalled.map_err(|error| {
                    error!(ledger = %place.ledger.digest(), %error, "what a statement needs cannot be recalled");
                    SubmitError::NotCommitted
                })?;
                let admission = agreement.admit(signed, admitted)?;
                agreement.apply(admission);
                admitted
            }
            None => {
                // Nothing is put away yet; but from the start, no whole statement is remembered.
                state.agreement.insert(Agreement::found(signed, place.now)?).forget(0);
                place.now
            }
        };
        let leaf = Bytes::from(Entry { admitted, envelope }.encode());
        let (overlay, completed) = (&mut self.overlay, &mut self.completed);
        state.frontier.push(leaf_hash(&leaf), |node, digest| {
            overlay.insert(node, digest);
            completed.push((node, digest));
        });
        let at = self.leaves.len();
        self.leaves.push((signed.id().digest(), leaf));
        self.admitted.push(admitted);
        self.new.insert(signed.id(), at);
        Ok(at)
    }

    /// Returns the root at the size that the signer says it has seen.
    fn seen(&self, signed: &Signed, state: &State, place: &Place<'_>) -> Result<Option<Digest>, SubmitError> {
        let Some(seen) = signed.statement().seen else { return Ok(None) };
        let Some(size) = TreeSize::new(seen.tree_size) else { return Ok(None) };
        let (now, mine) = (state.frontier.size(), self.size_before());
        let stored = place.flying.map_or(&self.before, |flying| &flying.before);
        match place.flying {
            _ if size == TreeSize::ZERO || size > now => Ok(None),
            _ if size >= mine => Ok(root_at(&self.overlay, size).ok()),
            Some(flying) if size >= stored.size() => Ok(root_at(&flying.overlay, size).ok()),
            _ => {
                let known = Known { size: stored.size(), root: stored.root() };
                let proofs = Proofs { store: place.store, ledger: place.ledger, known };
                proofs.root(size).map(Some).map_err(|_| SubmitError::NotCommitted)
            }
        }
    }

    /// Returns what is to be written, and where the checkpoint will be once it was signed.
    pub(super) fn append(
        &self,
        ledger: LedgerId,
        signer: &NoteSigner,
        after: &Frontier,
    ) -> (Append, Arc<OnceLock<SignedCheckpoint>>) {
        let signed = Arc::new(OnceLock::new());
        let sign = self.sign(signer.clone(), after, Arc::clone(&signed));
        let (before, leaves, nodes) = (self.before.clone(), self.leaves.clone(), self.completed.clone());
        (Append { ledger, before, leaves, nodes, sign }, signed)
    }

    /// Returns what signs the checkpoint after the batch, once the store has read back what it wrote. It signs only when that
    /// makes the same root as two computations here: a signature over a wrong root cannot be taken back.
    fn sign(&self, signer: NoteSigner, after: &Frontier, signed: Arc<OnceLock<SignedCheckpoint>>) -> Sign {
        let (size, root) = (after.size(), after.root());
        let again = root_at(&self.overlay, size).ok();
        Box::new(move |kept_size, kept_root| {
            if again != Some(root) || (kept_size, kept_root) != (size, root) {
                let origin = signer.name();
                error!(%origin, %size, %root, %kept_size, %kept_root, "computations of the root disagree");
                return None;
            }
            let origin = signer.name().to_owned();
            let checkpoint = SignedCheckpoint::sign(Checkpoint { origin, size, root }, &signer);
            let note = checkpoint.note().to_owned();
            signed.set(checkpoint).ok()?;
            Some(note)
        })
    }

    /// Answers everybody: the batch is durable under `checkpoint`.
    pub(super) fn release(self, agreement: AgreementId, checkpoint: &Arc<SignedCheckpoint>) {
        let Self { before, overlay, leaves, admitted, waiting, .. } = self;
        let nodes = overlay.seal(checkpoint.checkpoint().size).map(Arc::new).ok();
        for (waiter, held) in waiting {
            let answer = match held {
                Held::New { place, repeated } => match (&nodes, u64::try_from(place)) {
                    (Some(nodes), Ok(at)) => Ok(Answer::Recorded(Recorded {
                        agreement,
                        statement: StatementId::from_digest(leaves[place].0),
                        index: LeafIndex::new(before.size().get() + at),
                        admitted: admitted[place],
                        leaf: leaves[place].1.clone(),
                        checkpoint: Arc::clone(checkpoint),
                        nodes: Arc::clone(nodes),
                        already_recorded: repeated,
                    })),
                    // Would be our own fault; the entry is durable all the same.
                    _ => Err(SubmitError::CommitUnclear),
                },
                Held::Before { index } => Ok(Answer::Before { index }),
                Held::Refused { refusal, judged } => Ok(Answer::Refused { refusal, judged }),
                Held::Failed(error) => Err(error),
            };
            // Who asked may have gone; the entry has not.
            let _ = waiter.send(answer);
        }
    }

    /// Answers everybody of a batch without new entries: what it says rests on what is durable now.
    pub(super) fn release_refusals(self) {
        for (waiter, held) in self.waiting {
            let answer = match held {
                Held::Before { index } => Ok(Answer::Before { index }),
                Held::Refused { refusal, judged } => Ok(Answer::Refused { refusal, judged }),
                Held::Failed(error) => Err(error),
                Held::New { .. } => Err(SubmitError::NotCommitted),
            };
            // Who asked may have gone.
            let _ = waiter.send(answer);
        }
    }

    /// Answers everybody that the batch is not known to be durable; refusals too, for they may rest on it.
    pub(super) fn fail(self, error: impl Fn() -> SubmitError) {
        for (waiter, held) in self.waiting {
            let error = match held {
                // Recorded, or in the batch before: that this one was not written says nothing of it.
                Held::Before { .. } => SubmitError::CommitUnclear,
                Held::Failed(error) => error,
                Held::New { .. } | Held::Refused { .. } => error(),
            };
            // Who asked may have gone.
            let _ = waiter.send(Err(error));
        }
    }
}

/// Where a statement is judged that comes next. Not where its batch ends: what is admitted behind it must not change what it
/// was refused for.
fn judged(state: &State, place: &Place<'_>) -> Judged {
    let at = state.agreement.as_ref().map_or(place.now, |agreement| admitted_at(agreement, place.now));
    Judged { at, size: state.frontier.size(), root: state.frontier.root() }
}

/// Admission times never run back.
fn admitted_at(agreement: &Agreement, now: Timestamp) -> Timestamp {
    now.max(agreement.last_admitted())
}

/// A batch takes no further statement once its payloads have so many bytes.
const BATCH_BYTES_MAX: usize = 8 * 1024 * 1024;
