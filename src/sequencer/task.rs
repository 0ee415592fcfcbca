//! The task of one ledger: admits what queued into a batch while the batch before is on its way to the disk, and answers
//! what is durable.
//!
//! Two batches at a time. One is *flying*: the committer has it. The other is *forming* on top of it: statements are
//! admitted, hashed and numbered as they come. When the first has landed, the second takes off, and only then is the first
//! answered, so that the disk never waits for receipts to be made. If the first fails, so does the second, for it rests on it;
//! what is in memory is then ahead of what is kept, is dropped, and the ledger is recovered.
//!
//! While the committer is at the write of other ledgers nothing is gained by taking off: then what is ready to be taken in is
//! waited for, and no longer.
//!
//! When much has changed, the law's state is put away as a batch takes off, and kept when it has landed; only then is it
//! forgotten. One snapshot is on its way at a time, and never while the ledger is recovered.

use std::{
    future,
    panic::{self, AssertUnwindSafe},
    pin::Pin,
    sync::{Arc, OnceLock, Weak},
    time::Duration,
};

use tokio::sync::{Notify, OwnedMutexGuard, mpsc, oneshot};
use tracing::{debug, error, info, warn};

use crate::{
    agreement::{Agreement, refusal::check_seen},
    causes::Causes,
    checkpoint::{SignedCheckpoint, note::NoteSigner},
    ledger::LedgerId,
    merkle::tree::Frontier,
    sequencer::{
        Clock,
        batch::{Batch, Place, Submission},
        command::Command,
        committer::{Committer, Outcome},
        error::{OpenError, SubmitError},
        keeping::{Done, Keeping, KeepingError, Kept, Memory},
        ledgers::{Durable, Ledgers},
        proven::Proofs,
        recovery::{Begin, recover, seen_size},
        threads::Threads,
    },
    statement::{Signed, id::AgreementId},
    store::Store,
};

/// The ledger with everything that was admitted, durable or not.
pub(super) struct State {
    /// `None` before the founding.
    pub(super) agreement: Option<Agreement>,
    pub(super) frontier: Frontier,
    pub(super) keeping: Keeping,
}

impl State {
    fn unfounded(memory: Memory) -> Self {
        Self { agreement: None, frontier: Frontier::empty(), keeping: Keeping::new(memory) }
    }
}

/// A batch on its way to the disk.
struct Flight {
    batch: Batch,
    outcome: oneshot::Receiver<Outcome>,
    /// What was signed for it, once it was.
    signed: Arc<OnceLock<SignedCheckpoint>>,
    /// The law's state after it, if that was put away.
    put_away: Option<Kept>,
}

/// A snapshot that is being written. `None` if that panicked.
type Writing = Pin<Box<dyn Future<Output = Written> + Send>>;
type Written = Option<Result<Done, KeepingError>>;

/// The only writer of one ledger.
pub(super) struct LedgerTask {
    pub(super) agreement: AgreementId,
    pub(super) ledger: LedgerId,
    pub(super) store: Arc<dyn Store>,
    pub(super) signer: NoteSigner,
    pub(super) clock: Clock,
    pub(super) batch_max: usize,
    pub(super) idle_after: Duration,
    pub(super) memory: Memory,
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
        let writer = Arc::new(writer);
        let state = (!self.founded).then(|| State::unfounded(self.memory));
        let working = Working {
            forming: Batch::on(&Frontier::empty()),
            task: self,
            state,
            flying: None,
            writing: None,
            anew: false,
            writer: Arc::clone(&writer),
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
    writing: Option<Writing>,
    /// Whether what is kept could not be read, so that the ledger is to be folded from its first entry.
    anew: bool,
    /// Shared with whoever writes a snapshot: no other task begins before that is done.
    writer: Arc<OwnedMutexGuard<()>>,
    /// Wait until nothing is in the air: they are answered from what is durable. Meanwhile nothing is taken in.
    questions: Vec<Command>,
    stop: Option<oneshot::Sender<()>>,
}

/// What a task wakes up for.
enum Event {
    Landed(Outcome),
    Kept(Written),
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
                Event::Kept(kept) => self.kept(kept),
                Event::Asked(command) => self.take(command, &mut commands).await,
                Event::Leave if leaving => break,
                Event::Leave => {
                    // What comes from now on is another task's, which waits for the end of this one.
                    commands.close();
                    leaving = true;
                }
            }
            self.gather(&mut commands).await;
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
        self.leave().await;
        if let Some(ledgers) = self.task.ledgers.upgrade() {
            ledgers.forget(self.task.agreement, &self.task.durable);
        }
        self.stop
    }

    /// Whether statements are taken in now.
    fn takes(&self) -> bool {
        let spoilt = self.state.as_ref().is_some_and(|state| state.keeping.is_spoilt());
        let waits = !self.questions.is_empty() || self.stop.is_some() || spoilt;
        !waits && self.forming.has_room(self.task.batch_max)
    }

    /// Lets a batch that could take off grow by what is ready to be taken in, if the committer is at the write of other
    /// ledgers: it would only wait there, and what comes behind it for a second write. No longer than what is ready takes to
    /// run: nobody waits for what may come.
    async fn gather(&mut self, commands: &mut mpsc::Receiver<Command>) {
        let could_take_off = self.flying.is_none() && !self.forming.is_idle();
        if !could_take_off || !self.task.committer.is_writing() {
            return;
        }
        tokio::task::yield_now().await;
        if self.takes()
            && let Ok(command) = commands.try_recv()
        {
            self.take(command, commands).await;
        }
    }

    async fn next(&mut self, commands: &mut mpsc::Receiver<Command>, leaving: bool) -> Event {
        let takes = self.takes();
        let asked = |command: Option<Command>| command.map_or(Event::Leave, Event::Asked);
        if let Some(flight) = &mut self.flying {
            return tokio::select! {
                biased;
                // The thread can only be gone by a panic, somewhere in the store.
                outcome = &mut flight.outcome => Event::Landed(outcome.unwrap_or(Outcome::Unclear)),
                kept = written(&mut self.writing) => Event::Kept(kept),
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
                kept = written(&mut self.writing) => return Event::Kept(kept),
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
        // Neither of them is worth opening a ledger for.
        let first = match first {
            Command::Stop(done) => return self.stop = Some(done),
            unwanted if !unwanted.is_wanted() => return,
            wanted => wanted,
        };
        if self.state.is_none() && self.task.founded {
            self.recover().await;
        }
        let (mut next, mut left) = (Some(first), TAKEN_AT_ONCE);
        while let Some(command) = next {
            match command {
                Command::Submit { opened, answer } => self.submit(Submission { opened, answer }),
                Command::Stop(done) => return self.stop = Some(done),
                question if question.is_wanted() => return self.questions.push(question),
                _ => {}
            }
            left -= 1;
            let more = left > 0 && self.forming.has_room(self.task.batch_max);
            next = if more { commands.try_recv().ok() } else { None };
        }
    }

    fn submit(&mut self, submission: Submission) {
        // Not recovered: whether it is in the ledger, nobody could look.
        let Some(state) = &mut self.state else { return submission.answer(Err(SubmitError::CommitUnclear)) };
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
        if let Some(state) = &mut self.state
            && !self.forming.is_idle()
        {
            let batch = std::mem::replace(&mut self.forming, Batch::on(&Frontier::empty()));
            if batch.is_empty() {
                batch.release_refusals();
            } else {
                let (append, signed) = batch.append(self.task.ledger, &self.task.signer, &state.frontier);
                let outcome = self.task.committer.commit(append);
                // What is in memory now is what there will be when the batch has landed: nothing has formed on top of it.
                let put_away = state.put_away_if(self.writing.is_none(), Keeping::is_full);
                self.flying = Some(Flight { batch, outcome, signed, put_away });
                return;
            }
        }
        // Whoever asked may have gone meanwhile.
        for question in std::mem::take(&mut self.questions).into_iter().filter(Command::is_wanted) {
            self.answer(question);
        }
        // Everything taken in is durable and answered; what is next asked for is answered from the entries.
        if self.state.as_ref().is_some_and(|state| state.keeping.is_spoilt()) {
            (self.state, self.anew) = (None, true);
        }
    }

    /// Writes a snapshot of what is durable.
    fn write(&mut self, put_away: Kept) {
        let (store, ledger, threads) = (Arc::clone(&self.task.store), self.task.ledger, self.task.threads);
        let writer = Arc::clone(&self.writer);
        let keep = move || {
            let kept = put_away.keep(store.as_ref(), ledger);
            drop(writer);
            kept
        };
        self.writing = Some(Box::pin(threads.wait(keep)));
    }

    fn kept(&mut self, kept: Written) {
        self.writing = None;
        match (kept, &mut self.state) {
            (Some(Ok(done)), Some(State { agreement: Some(agreement), keeping, .. })) => {
                debug!(agreement = %self.task.agreement, "kept a snapshot");
                keeping.kept(agreement, done);
            }
            (Some(Ok(_)), _) => {}
            // It stays in memory, and is kept with the next.
            (Some(Err(error)), state) => {
                warn!(agreement = %self.task.agreement, %error, "cannot keep a snapshot");
                state.iter_mut().for_each(|state| state.keeping.not_kept(&error));
            }
            // It may be there or not: the next is not written over it blindly.
            (None, _) => error!(agreement = %self.task.agreement, "the store panicked when it kept a snapshot"),
        }
    }

    async fn settle(&mut self) {
        if let Some(writing) = self.writing.take() {
            self.kept(writing.await);
        }
    }

    /// Keeps what would have to be folded again, if it is much.
    async fn leave(&mut self) {
        self.settle().await;
        let put_away = self.state.as_mut().and_then(|state| state.put_away_if(self.task.founded, Keeping::is_worth_it));
        if let Some(put_away) = put_away {
            self.write(put_away);
            self.settle().await;
        }
    }

    fn is_at_rest(&self) -> bool {
        self.flying.is_none() && self.forming.is_idle()
    }

    fn landed(&mut self, outcome: Outcome) {
        let Some(Flight { batch, signed, put_away, .. }) = self.flying.take() else { return };
        let unclear = match outcome {
            Outcome::Durable(note) => {
                self.task.founded = true;
                match Arc::try_unwrap(signed).ok().and_then(OnceLock::into_inner).filter(|signed| signed.note() == note)
                {
                    Some(checkpoint) => {
                        let checkpoint = Arc::new(checkpoint);
                        debug!(agreement = %self.task.agreement, size = %checkpoint.checkpoint().size, "committed batch");
                        self.task.durable.tell(Arc::clone(&checkpoint));
                        put_away.into_iter().for_each(|put_away| self.write(put_away));
                        // First, unless it is at other ledgers: the disk has nothing to do until the next batch is on its way.
                        if !self.task.committer.is_writing() {
                            self.proceed();
                        }
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
        self.state = (!self.task.founded).then(|| State::unfounded(self.task.memory));
        batch.fail(|| if unclear { SubmitError::CommitUnclear } else { SubmitError::NotCommitted });
        std::mem::replace(&mut self.forming, Batch::on(&Frontier::empty())).fail(|| SubmitError::NotCommitted);
    }

    async fn recover(&mut self) {
        // Else slips could be newer than the snapshot that is opened.
        self.settle().await;
        let task = &self.task;
        let begin = if self.anew { Begin::AtFounding } else { Begin::AtSnapshot };
        let from = (task.memory, begin);
        let (store, ledger, verifier) = (Arc::clone(&task.store), task.ledger, task.signer.verifier());
        let recovered = task.threads.wait(move || {
            let head = store.head(ledger).map_err(|source| OpenError::Store { source })?;
            head.map(|head| recover(store.as_ref(), ledger, &head, from, |_| verifier.clone())).transpose()
        });
        match recovered.await.unwrap_or(Err(OpenError::Panicked)) {
            Ok(Some((_, live))) => {
                debug!(agreement = %task.agreement, size = %live.frontier.size(), "opened ledger");
                task.durable.tell(Arc::new(live.checkpoint));
                let (agreement, frontier, keeping) = (Some(live.agreement), live.frontier, live.keeping);
                (self.state, self.anew) = (Some(State { agreement, frontier, keeping }), false);
            }
            Ok(None) => {
                info!(agreement = %task.agreement, "the founding was not kept");
                self.task.founded = false;
                self.state = Some(State::unfounded(self.task.memory));
            }
            Err(failed) => error!(agreement = %task.agreement, error = %Causes(&failed), "cannot recover ledger"),
        }
    }

    /// Answers what does not change anything. Nothing is in the air, so what is in memory is durable.
    fn answer(&mut self, question: Command) {
        let founded = self.state.as_mut().and_then(|state| Some((state.agreement.as_mut()?, &mut state.keeping)));
        match (question, founded, self.task.durable.checkpoint()) {
            (Command::View(view), Some((agreement, keeping)), Some(checkpoint)) => {
                // It only looks: the ledger is whole whatever becomes of it.
                let seen = panic::catch_unwind(AssertUnwindSafe(|| (view.look)(agreement, keeping, &checkpoint)));
                if seen.is_err() {
                    error!(agreement = %self.task.agreement, "a view panicked");
                }
            }
            (Command::Validate { signed, answer }, Some(law), Some(checkpoint)) => {
                // Who asked may have gone.
                let _ = answer.send(self.task.validate(law, &checkpoint, &signed));
            }
            (Command::Spoilt { lineage }, Some((_, keeping)), _) => keeping.spoil(lineage),
            (Command::Validate { answer, .. }, ..) => {
                let _ = answer.send(Err(SubmitError::CommitUnclear));
            }
            // Whoever waits is told by the dropped sender.
            (Command::View(_) | Command::Spoilt { .. } | Command::Submit { .. } | Command::Stop(_), ..) => {}
        }
    }
}

impl State {
    /// Puts the law's state away if that may be, and is called for.
    fn put_away_if(&mut self, may: bool, called_for: impl Fn(&Keeping, &Agreement) -> bool) -> Option<Kept> {
        let agreement = self.agreement.as_mut().filter(|_| may && !self.keeping.is_spoilt())?;
        called_for(&self.keeping, agreement).then(|| self.keeping.put_away(agreement, self.frontier.root()))
    }
}

impl LedgerTask {
    fn validate(
        &self,
        (agreement, keeping): (&mut Agreement, &mut Keeping),
        checkpoint: &SignedCheckpoint,
        signed: &Signed,
    ) -> Result<(), SubmitError> {
        let (store, ledger) = (self.store.as_ref(), self.ledger);
        let found = store.find(ledger, signed.id().digest()).map_err(|_| SubmitError::CommitUnclear)?;
        if found.is_some() {
            return Ok(());
        }
        let proofs = Proofs { store, ledger, known: checkpoint.into() };
        let seen = seen_size(signed, agreement.size()).map(|size| proofs.root(size)).transpose();
        check_seen(signed, seen.map_err(|_| SubmitError::NotCommitted)?)?;
        let at = (self.clock)().max(agreement.last_admitted());
        keeping.recall(store, ledger, agreement, signed, at).map_err(|_| SubmitError::NotCommitted)?;
        // Only asked for; what is not applied changes nothing.
        let _ = agreement.admit(signed, at)?;
        Ok(())
    }
}

/// Waits until a snapshot is written, for ever if none is being written.
async fn written(writing: &mut Option<Writing>) -> Written {
    match writing {
        Some(writing) => writing.await,
        None => future::pending().await,
    }
}

/// So many statements are admitted before the task looks whether a batch has landed.
const TAKEN_AT_ONCE: usize = 64;
