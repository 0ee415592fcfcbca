//! A batch: what queued for one ledger, admitted in order, and held until it is durable.

use std::collections::HashMap;

use bytes::Bytes;
use tokio::sync::oneshot;

use crate::{
    agreement::{Agreement, refusal::check_seen},
    checkpoint::SignedCheckpoint,
    digest::Digest,
    envelope::Envelope,
    ledger::{LedgerId, entry::Entry, receipt::Receipt},
    merkle::{
        hash::leaf_hash,
        index::{LeafIndex, NodeIndex, TreeSize},
        overlay::Overlay,
        proof::{prove_inclusion, root_at},
        tree::Frontier,
    },
    sequencer::{
        Submitted,
        error::SubmitError,
        is_founding,
        recovery::{Live, seen_root},
        task::Answer,
    },
    statement::{
        Signed,
        id::{AgreementId, StatementId},
    },
    store::{Append, Sign, Store},
    time::Timestamp,
};

/// A statement and who waits for its answer.
pub(super) struct Submission {
    pub(super) envelope: Box<Envelope>,
    pub(super) signed: Box<Signed>,
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
    agreement: Option<Agreement>,
    before: Frontier,
    frontier: Frontier,
    /// The old frontier and every node since: enough to prove the new entries without reading the store.
    overlay: Overlay,
    size_before: TreeSize,
    leaves: Vec<(Digest, Bytes)>,
    completed: Vec<(NodeIndex, Digest)>,
    new: HashMap<StatementId, usize>,
    admitted: Vec<(StatementId, Timestamp)>,
    waiting: Vec<(Waiter, Held)>,
}

/// What a waiter will be told once the batch is durable.
enum Held {
    /// The entry at this place of the batch; whether somebody else in the batch was first.
    New {
        place: usize,
        repeated: bool,
    },
    Before {
        index: u64,
    },
    Refused(SubmitError),
}

impl Batch {
    pub(super) fn new(agreement: Option<Agreement>, frontier: Frontier) -> Self {
        Self {
            agreement,
            overlay: Overlay::over(&frontier),
            size_before: frontier.size(),
            before: frontier.clone(),
            frontier,
            leaves: Vec::new(),
            completed: Vec::new(),
            new: HashMap::new(),
            admitted: Vec::new(),
            waiting: Vec::new(),
        }
    }

    /// Whether it has no new entry.
    pub(super) fn is_empty(&self) -> bool {
        self.leaves.is_empty()
    }

    pub(super) const fn frontier(&self) -> &Frontier {
        &self.frontier
    }

    pub(super) const fn nodes(&self) -> &Overlay {
        &self.overlay
    }

    /// Admits a statement as the next entry, or finds that it is one already, or holds its refusal.
    pub(super) fn take(&mut self, submission: Submission, store: &dyn Store, ledger: LedgerId, now: Timestamp) {
        let Submission { envelope, signed, answer } = submission;
        let held = match self.place(&signed, store, ledger) {
            Some(held) => held,
            None => match self.admit(*envelope, &signed, store, ledger, now) {
                Ok(place) => Held::New { place, repeated: false },
                Err(error) => Held::Refused(error),
            },
        };
        self.waiting.push((answer, held));
    }

    /// Says where a statement stands already.
    fn place(&self, signed: &Signed, store: &dyn Store, ledger: LedgerId) -> Option<Held> {
        if let Some(place) = self.new.get(&signed.id()) {
            return Some(Held::New { place: *place, repeated: true });
        }
        if self.size_before == TreeSize::ZERO {
            return None;
        }
        match store.find(ledger, signed.id().digest()) {
            Ok(Some(index)) if index.get() < self.size_before.get() => Some(Held::Before { index: index.get() }),
            Ok(_) => None,
            // Whether it is there already cannot be told, so it must not be put there.
            Err(_) => Some(Held::Refused(SubmitError::NotCommitted)),
        }
    }

    fn admit(
        &mut self,
        envelope: Envelope,
        signed: &Signed,
        store: &dyn Store,
        ledger: LedgerId,
        now: Timestamp,
    ) -> Result<usize, SubmitError> {
        if self.agreement.is_none() && !is_founding(signed) {
            return Err(SubmitError::AgreementNotFound);
        }
        let root = self.seen(signed, store, ledger)?;
        check_seen(signed, root)?;
        let admitted = match &mut self.agreement {
            Some(agreement) => {
                let admitted = now.max(agreement.last_admitted());
                let admission = agreement.admit(signed, admitted)?;
                agreement.apply(admission);
                admitted
            }
            None => {
                self.agreement = Some(Agreement::found(signed, now)?);
                now
            }
        };
        let id = envelope.id();
        let leaf = Bytes::from(Entry { admitted, envelope }.encode());
        let (overlay, completed) = (&mut self.overlay, &mut self.completed);
        self.frontier.push(leaf_hash(&leaf), |node, digest| {
            overlay.insert(node, digest);
            completed.push((node, digest));
        });
        let place = self.leaves.len();
        self.leaves.push((id, leaf));
        self.admitted.push((signed.id(), admitted));
        self.new.insert(signed.id(), place);
        Ok(place)
    }

    fn seen(&self, signed: &Signed, store: &dyn Store, ledger: LedgerId) -> Result<Option<Digest>, SubmitError> {
        let Some(seen) = signed.statement().seen else { return Ok(None) };
        let size = TreeSize::new(seen.tree_size);
        match size {
            Some(size) if size >= self.size_before && size <= self.frontier.size() && size > TreeSize::ZERO => {
                Ok(root_at(&self.overlay, size).ok())
            }
            _ => seen_root(store, ledger, self.size_before.get(), signed).map_err(|_| SubmitError::NotCommitted),
        }
    }

    /// Returns what is to be written.
    pub(super) fn append(&self, ledger: LedgerId, sign: Sign) -> Append {
        let (before, leaves, nodes) = (self.before.clone(), self.leaves.clone(), self.completed.clone());
        Append { ledger, before, leaves, nodes, sign }
    }

    /// Answers everybody: the batch is durable under `checkpoint`. Returns the ledger as it now is.
    pub(super) fn release(self, agreement: AgreementId, checkpoint: SignedCheckpoint) -> Option<Live> {
        let receipts = Receipts { batch: &self, agreement, checkpoint: &checkpoint };
        let answers: Vec<_> = self.waiting.iter().map(|(_, held)| receipts.answer(held)).collect();
        for ((waiter, held), answer) in self.waiting.into_iter().zip(answers) {
            let answer = match (answer, held) {
                (Some(answer), _) => Ok(answer),
                (None, Held::Refused(error)) => Err(error),
                (None, _) => Err(SubmitError::CommitUnclear),
            };
            // Who asked may have gone; the entry has not.
            let _ = waiter.send(answer);
        }
        Some(Live { agreement: self.agreement?, frontier: self.frontier, checkpoint })
    }

    /// Answers everybody of a batch without new entries: what it says rests on what was durable before it.
    pub(super) fn release_refusals(self, checkpoint: Option<&SignedCheckpoint>) -> Option<Live> {
        for (waiter, held) in self.waiting {
            let answer = match held {
                Held::Before { index } => Ok(Answer::Before { index }),
                Held::Refused(error) => Err(error),
                Held::New { .. } => Err(SubmitError::NotCommitted),
            };
            // Who asked may have gone.
            let _ = waiter.send(answer);
        }
        Some(Live { agreement: self.agreement?, frontier: self.frontier, checkpoint: checkpoint?.clone() })
    }

    /// Answers everybody that the batch is not known to be durable; refusals too, for they may rest on it.
    pub(super) fn fail(self, error: impl Fn() -> SubmitError) {
        for (waiter, _) in self.waiting {
            // Who asked may have gone.
            let _ = waiter.send(Err(error()));
        }
    }
}

struct Receipts<'a> {
    batch: &'a Batch,
    agreement: AgreementId,
    checkpoint: &'a SignedCheckpoint,
}

impl Receipts<'_> {
    /// `None` for a refusal, and for a receipt that cannot be made, which would be our fault.
    fn answer(&self, held: &Held) -> Option<Answer> {
        match *held {
            Held::New { place, repeated } => self.receipt(place, repeated),
            Held::Before { index } => Some(Answer::Before { index }),
            Held::Refused(_) => None,
        }
    }

    fn receipt(&self, place: usize, already_recorded: bool) -> Option<Answer> {
        let batch = self.batch;
        let (statement, admitted) = *batch.admitted.get(place)?;
        let (_, leaf) = batch.leaves.get(place)?;
        let index = batch.size_before.get() + u64::try_from(place).ok()?;
        let path = prove_inclusion(&batch.overlay, LeafIndex::new(index), self.checkpoint.checkpoint().size).ok()?;
        let note = self.checkpoint.note().to_owned();
        let receipt = Receipt { extra: Some(leaf.to_vec()), index: LeafIndex::new(index), path, note };
        let agreement = self.agreement;
        Some(Answer::Recorded(Box::new(Submitted { agreement, statement, index, admitted, receipt, already_recorded })))
    }
}
