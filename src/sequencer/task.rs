//! The task of one ledger: admits what queued into a batch while the batch before is on its way to the disk, and answers
//! what is durable.
//!
//! Two batches at a time. One is *flying*: the committer has it. The other is *forming* on top of it: statements are
//! admitted, hashed and numbered as they come. When the first has landed, the second takes off, and only then is the first
//! answered, so that the disk never waits for receipts to be made. If the first fails, so does the second, for it rests on it;
//! what is in memory is then ahead of what is kept, is dropped, and the ledger is recovered.

use std::{
    panic::{self, AssertUnwindSafe},
    sync::{Arc, OnceLock, Weak},
    time::Duration,
};

use bytes::Bytes;
use tokio::sync::{Notify, mpsc, oneshot};
use tracing::{debug, error, info};

use crate::{
    agreement::{Agreement, refusal::check_seen},
    checkpoint::{SignedCheckpoint, note::NoteSigner},
    envelope::Envelope,
    ledger::LedgerId,
    merkle::{index::LeafIndex, overlay::SealedOverlay, tree::Frontier},
    sequencer::{
        Clock, Submitted,
        batch::{Batch, Place, Submission},
        committer::{Committer, Outcome},
        error::{OpenError, SubmitError},
        ledgers::{Durable, Ledgers},
        recovery::{recover, seen_root},
        threads::Threads,
    },
    statement::{
        Signed,
        id::{AgreementId, StatementId},
    },
    store::Store,
    time::Timestamp,
};

/// What a ledger's task is asked to do.
pub(super) enum Command {
    /// Take a statement in.
    Submit { envelope: Box<Envelope>, signed: Box<Signed>, answer: oneshot::Sender<Result<Answer, SubmitError>> },
    /// Say whether it would be taken in.
    Validate { signed: Box<Signed>, answer: oneshot::Sender<Result<(), SubmitError>> },
    /// Show the agreement.
    View(View),
    /// Finish what was asked before, and end.
    Stop(oneshot::Sender<()>),
}

/// Looks at an agreement and the checkpoint it stands at.
pub(super) type View = Box<dyn FnOnce(&Agreement, &SignedCheckpoint) + Send>;

/// What became of a statement.
pub(super) enum Answer {
    /// It is durable.
    Recorded(Recorded),
    /// It was durable before.
    Before {
        /// Where it stands.
        index: u64,
    },
}

/// A durable entry, and what proves it: who waits makes the receipt, and not the ledger's only writer.
pub(super) struct Recorded {
    pub(super) agreement: AgreementId,
    pub(super) statement: StatementId,
    pub(super) index: LeafIndex,
    pub(super) admitted: Timestamp,
    pub(super) leaf: Bytes,
    pub(super) checkpoint: Arc<SignedCheckpoint>,
    pub(super) nodes: Arc<SealedOverlay>,
    pub(super) already_recorded: bool,
}

impl Recorded {
    /// Errors: [`SubmitError::CommitUnclear`], if the path cannot be made, which would be our own fault.
    pub(super) fn prove(self) -> Result<Submitted, SubmitError> {
        let path = self.nodes.prove_inclusion(self.index).map_err(|_| SubmitError::CommitUnclear)?;
        let Self { agreement, statement, index, admitted, leaf, checkpoint, already_recorded, .. } = self;
        let index = index.get();
        Ok(Submitted { agreement, statement, index, admitted, leaf, path, checkpoint, already_recorded })
    }
}

/// The ledger with everything that was admitted, durable or not.
pub(super) struct State {
    /// `None` before the founding.
    pub(super) agreement: Option<Agreement>,
    pub(super) frontier: Frontier,
}

/// A batch on its way to the disk.
struct Flight {
    batch: Batch,
    outcome: oneshot::Receiver<Outcome>,
    /// What was signed for it, once it was.
    signed: Arc<OnceLock<SignedCheckpoint>>,
}

/// The only writer of one ledger.
pub(super) struct LedgerTask {
    pub(super) agreement: AgreementId,
    pub(super) ledger: LedgerId,
    pub(super) store: Arc<dyn Store>,
    pub(super) signer: NoteSigner,
    pub(super) clock: Clock,
    pub(super) batch_max: usize,
    pub(super) idle_after: Duration,
    pub(super) threads: Threads,
    pub(super) committer: Committer,
    pub(super) durable: Arc<Durable>,
    pub(super) ledgers: Weak<Ledgers>,
    /// Wakes the task that has been idle longest, when there are too many.
    pub(super) room: Arc<Notify>,
    /// Whether the ledger is in the store.
    pub(super) founded: bool,
}

impl LedgerTask {
    /// Works until everybody who could ask has gone, it is told to stop, or it has been idle for long.
    pub(super) async fn run(self, commands: mpsc::Receiver<Command>) {
        // The task before it may still be finishing.
        let writer = Arc::clone(&self.durable.writer).lock_owned().await;
        let state = (!self.founded).then(|| State { agreement: None, frontier: Frontier::empty() });
        let working = Working {
            forming: Batch::on(&Frontier::empty()),
            task: self,
            state,
            flying: None,
            questions: Vec::new(),
            stop: None,
        };
        let stopped = working.run(commands).await;
        drop(writer);
        if let Some(stopped) = stopped {
            // Who asked may have gone.
            let _ = stopped.send(());
        }
    }
}

/// A task at work.
struct Working {
    task: LedgerTask,
    /// `None` after a commit that did not clearly succeed, and before the ledger was opened: then it is recovered.
    state: Option<State>,
    forming: Batch,
    flying: Option<Flight>,
    /// Wait until nothing is in the air: they are answered from what is durable. Meanwhile nothing is taken in.
    questions: Vec<Command>,
    stop: Option<oneshot::Sender<()>>,
}

/// What a task wakes up for.
enum Event {
    Landed(Outcome),
    Asked(Command),
    /// Nobody can ask any more, or nobody has for long.
    Leave,
}

impl Working {
    async fn run(mut self, mut commands: mpsc::Receiver<Command>) -> Option<oneshot::Sender<()>> {
        let mut leaving = false;
        loop {
            match self.next(&mut commands, leaving).await {
                Event::Landed(outcome) => self.landed(outcome),
                Event::Asked(command) => self.take(command, &mut commands).await,
                Event::Leave if leaving => break,
                Event::Leave => {
                    // What comes from now on is another task's, which waits for the end of this one.
                    commands.close();
                    leaving = true;
                }
            }
            self.proceed();
            if self.stop.is_some() && self.is_at_rest() {
                break;
            }
            // Nothing was founded: what queued is answered, and whoever comes then starts anew.
            leaving |= self.is_at_rest() && !self.task.founded && self.state.is_some();
            if leaving {
                commands.close();
            }
        }
        if let Some(ledgers) = self.task.ledgers.upgrade() {
            ledgers.forget(self.task.agreement, &self.task.durable);
        }
        self.stop
    }

    async fn next(&mut self, commands: &mut mpsc::Receiver<Command>, leaving: bool) -> Event {
        let takes = self.questions.is_empty() && self.stop.is_none() && self.forming.has_room(self.task.batch_max);
        let asked = |command: Option<Command>| command.map_or(Event::Leave, Event::Asked);
        if let Some(flight) = &mut self.flying {
            return tokio::select! {
                biased;
                // The thread can only be gone by a panic, somewhere in the store.
                outcome = &mut flight.outcome => Event::Landed(outcome.unwrap_or(Outcome::Unclear)),
                Some(command) = commands.recv(), if takes => Event::Asked(command),
            };
        }
        if leaving {
            return asked(commands.recv().await);
        }
        match commands.try_recv() {
            Ok(command) => return Event::Asked(command),
            Err(mpsc::error::TryRecvError::Disconnected) => return Event::Leave,
            Err(mpsc::error::TryRecvError::Empty) => {}
        }
        loop {
            tokio::select! {
                biased;
                command = commands.recv() => return asked(command),
                () = tokio::time::sleep(self.task.idle_after) => {}
                () = self.task.room.notified() => {}
            }
            if self.task.ledgers.upgrade().is_none_or(|ledgers| ledgers.may_leave(&self.task.durable)) {
                return Event::Leave;
            }
        }
    }

    /// Takes what queued into the batch that is forming; a question ends it.
    async fn take(&mut self, first: Command, commands: &mut mpsc::Receiver<Command>) {
        if self.state.is_none() && self.task.founded {
            self.recover().await;
        }
        let (mut next, mut left) = (Some(first), TAKEN_AT_ONCE);
        while let Some(command) = next {
            match command {
                Command::Submit { envelope, signed, answer } => self.submit(Submission { envelope, signed, answer }),
                Command::Stop(done) => return self.stop = Some(done),
                question => return self.questions.push(question),
            }
            left -= 1;
            let more = left > 0 && self.forming.has_room(self.task.batch_max);
            next = if more { commands.try_recv().ok() } else { None };
        }
    }

    fn submit(&mut self, submission: Submission) {
        let Some(state) = &mut self.state else { return submission.answer(Err(SubmitError::NotCommitted)) };
        if self.forming.is_idle() {
            self.forming = Batch::on(&state.frontier);
        }
        let task = &self.task;
        let place = Place {
            store: task.store.as_ref(),
            ledger: task.ledger,
            flying: self.flying.as_ref().map(|flight| &flight.batch),
            now: (task.clock)(),
        };
        self.forming.take(submission, state, &place);
    }

    /// Lets the batch that has formed take off once nothing flies; then, or when there is none, answers what waits for rest.
    fn proceed(&mut self) {
        if self.flying.is_some() {
            return;
        }
        if let Some(state) = &self.state
            && !self.forming.is_idle()
        {
            let batch = std::mem::replace(&mut self.forming, Batch::on(&Frontier::empty()));
            if batch.is_empty() {
                batch.release_refusals();
            } else {
                let (append, signed) = batch.append(self.task.ledger, &self.task.signer, &state.frontier);
                let outcome = self.task.committer.commit(append);
                self.flying = Some(Flight { batch, outcome, signed });
                return;
            }
        }
        for question in std::mem::take(&mut self.questions) {
            self.answer(question);
        }
    }

    fn is_at_rest(&self) -> bool {
        self.flying.is_none() && self.forming.is_idle()
    }

    fn landed(&mut self, outcome: Outcome) {
        let Some(Flight { batch, signed, .. }) = self.flying.take() else { return };
        let unclear = match outcome {
            Outcome::Durable(note) => {
                self.task.founded = true;
                match Arc::try_unwrap(signed).ok().and_then(OnceLock::into_inner).filter(|signed| signed.note() == note)
                {
                    Some(checkpoint) => {
                        let checkpoint = Arc::new(checkpoint);
                        debug!(agreement = %self.task.agreement, size = %checkpoint.checkpoint().size, "committed batch");
                        self.task.durable.tell(Arc::clone(&checkpoint));
                        // First: the disk has nothing to do until the next batch is on its way.
                        self.proceed();
                        return batch.release(self.task.agreement, &checkpoint);
                    }
                    None => {
                        error!(agreement = %self.task.agreement, "the store gave back a note that was not signed for this batch");
                        true
                    }
                }
            }
            Outcome::NotWritten => false,
            Outcome::Unclear => {
                self.task.founded = true;
                true
            }
        };
        // What is in memory is, perhaps, ahead of what is kept: it is dropped, and the ledger recovered.
        self.state = (!self.task.founded).then(|| State { agreement: None, frontier: Frontier::empty() });
        batch.fail(|| if unclear { SubmitError::CommitUnclear } else { SubmitError::NotCommitted });
        std::mem::replace(&mut self.forming, Batch::on(&Frontier::empty())).fail(|| SubmitError::NotCommitted);
    }

    async fn recover(&mut self) {
        let task = &self.task;
        let (store, ledger, verifier) = (Arc::clone(&task.store), task.ledger, task.signer.verifier());
        let recovered = task.threads.wait(move || {
            let head = store.head(ledger).map_err(|source| OpenError::Store { source })?;
            head.map(|head| recover(store.as_ref(), ledger, &head, |_| verifier.clone())).transpose()
        });
        match recovered.await.unwrap_or(Err(OpenError::Panicked)) {
            Ok(Some((_, live))) => {
                debug!(agreement = %task.agreement, size = %live.frontier.size(), "opened ledger");
                task.durable.tell(Arc::new(live.checkpoint));
                self.state = Some(State { agreement: Some(live.agreement), frontier: live.frontier });
            }
            Ok(None) => {
                info!(agreement = %task.agreement, "the founding was not kept");
                self.task.founded = false;
                self.state = Some(State { agreement: None, frontier: Frontier::empty() });
            }
            Err(failed) => error!(agreement = %task.agreement, error = %failed, "cannot recover ledger"),
        }
    }

    /// Answers what does not change anything. Nothing is in the air, so what is in memory is durable.
    fn answer(&self, question: Command) {
        let founded = self.state.as_ref().and_then(|state| state.agreement.as_ref());
        match (question, founded, self.task.durable.checkpoint()) {
            (Command::View(view), Some(agreement), Some(checkpoint)) => {
                // It only looks: the ledger is whole whatever becomes of it.
                let seen = panic::catch_unwind(AssertUnwindSafe(|| view(agreement, &checkpoint)));
                if seen.is_err() {
                    error!(agreement = %self.task.agreement, "a view panicked");
                }
            }
            (Command::Validate { signed, answer }, Some(agreement), _) => {
                // Who asked may have gone.
                let _ = answer.send(self.validate(agreement, &signed));
            }
            (Command::Validate { answer, .. }, ..) => {
                let _ = answer.send(Err(SubmitError::NotCommitted));
            }
            // Whoever waits is told by the dropped sender.
            (Command::View(_) | Command::Submit { .. } | Command::Stop(_), ..) => {}
        }
    }

    fn validate(&self, agreement: &Agreement, signed: &Signed) -> Result<(), SubmitError> {
        let (store, ledger) = (self.task.store.as_ref(), self.task.ledger);
        let found = store.find(ledger, signed.id().digest()).map_err(|_| SubmitError::NotCommitted)?;
        if found.is_some() {
            return Ok(());
        }
        let seen = seen_root(store, ledger, agreement.size(), signed).map_err(|_| SubmitError::NotCommitted)?;
        check_seen(signed, seen)?;
        let at = (self.task.clock)().max(agreement.last_admitted());
        // Only asked for; what is not applied changes nothing.
        let _ = agreement.admit(signed, at)?;
        Ok(())
    }
}

/// So many statements are admitted before the task looks whether a batch has landed.
const TAKEN_AT_ONCE: usize = 64;
