//! The sequencer: where the log and the law meet to write. One task per ledger is its only writer.
//!
//! The path of a statement: [`Sequencer::submit`] hands it to its ledger's task; the task looks it up (seen before?), admits
//! and applies it into a batch while the batch before is being flushed, and hands one append to the committer; the
//! committer puts what many ledgers handed it into one durable write, under one checkpoint each; then the task answers, and
//! who asked makes the receipt. Nothing is answered before that, refusals included: a refusal may rest on an entry of the
//! same batch. There is no timer.
//!
//! A ledger is in memory while it is used: it is opened when somebody asks for it, and leaves when it has been idle.

mod answer;
mod batch;
mod command;
mod committer;
mod entered;
mod error;
mod keeping;
mod kept;
mod ledgers;
mod proven;
mod read;
mod reader;
mod recovery;
mod task;
mod threads;

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::sync::{Semaphore, mpsc, oneshot};

pub use committer::Commits;
pub use entered::{Entered, NotEntered};
pub use error::{OpenError, ReadError, Refused, SubmitError};
pub use keeping::Memory;
pub use kept::{KeptError, KeptLaw, List};
pub use reader::{Part, Reader};
pub use threads::Threads;

use crate::{
    agreement::{
        Agreement,
        refusal::{Refusal, check_seen},
    },
    checkpoint::{
        Checkpoint, SignedCheckpoint,
        note::{NoteError, NoteSigner, NoteVerifier},
    },
    digest::Digest,
    keys::SecretKey,
    ledger::{
        LedgerId,
        receipt::Receipt,
        refusal::{self, SignedRefusal},
    },
    merkle::{
        hash::empty_root,
        index::{LeafIndex, TreeSize},
    },
    sequencer::{
        answer::Judged,
        command::{Command, Look, View},
        committer::Committer,
        entered::NotSent,
        keeping::Keeping,
        ledgers::{Durable, Handle, Ledgers},
        recovery::recover_all,
    },
    statement::{
        Body, Signed,
        id::{AgreementId, StatementId},
        wire::Opened,
    },
    store::Store,
    time::Timestamp,
};

/// Tells the time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// How a sequencer works.
pub struct SequencerConfig {
    /// The name of the operator: origins are `<operator>/ledger/<agreement>`.
    pub operator: String,
    /// The key that checkpoints are signed with; no party's.
    pub log_key: SecretKey,
    /// Tells the time of admission.
    pub clock: Clock,
    /// How many statements may wait for one ledger; beyond, callers are told to come again.
    pub queue_max: usize,
    /// How many statements make at most one batch of a ledger.
    pub batch_max: usize,
    /// How many ledgers may be in memory before those that are idle are asked to leave.
    pub live_max: usize,
    /// How long a ledger stays in memory when nobody asks for it.
    pub idle_after: Duration,
    /// How much of each agreement is in memory.
    pub memory: Memory,
    /// Where what waits for the disk runs.
    pub threads: Threads,
}

impl SequencerConfig {
    /// Returns a configuration with the usual limits.
    #[must_use]
    pub fn new(operator: &str, log_key: SecretKey, clock: Clock) -> Self {
        Self {
            operator: operator.to_owned(),
            log_key,
            clock,
            queue_max: 8_192,
            batch_max: 4_096,
            live_max: 16_384,
            idle_after: Duration::from_secs(60),
            memory: Memory::default(),
            threads: Threads::Own,
        }
    }
}

/// A handle to the sequencer. Cheap to clone; clones are the same sequencer.
#[derive(Clone)]
pub struct Sequencer {
    inner: Arc<Inner>,
}

struct Inner {
    store: Arc<dyn Store>,
    config: SequencerConfig,
    committer: Committer,
    ledgers: Arc<Ledgers>,
    /// Leave to fold a prefix of a ledger anew.
    folds: Arc<Semaphore>,
    /// Leave to read what is put away of a ledger.
    reads: Arc<Semaphore>,
}

/// Folding verifies every signature anew, on every core: more at once would only keep each other, and admission, waiting.
const FOLDS_AT_ONCE: usize = 2;
/// Reading may go through all that is put away of a ledger, and goes on when its caller has gone.
const READS_AT_ONCE: usize = 32;

/// So many questions of one ledger wait at most for its task, and for the time they take every statement behind them.
const QUESTIONS_MAX: usize = 64;

/// A statement that is in its ledger.
#[derive(Clone, Debug)]
pub struct Submitted {
    /// The agreement.
    pub agreement: AgreementId,
    /// The statement.
    pub statement: StatementId,
    /// The index of its entry.
    pub index: u64,
    /// When it was admitted.
    pub admitted: Timestamp,
    /// The leaf bytes.
    pub leaf: Bytes,
    /// The inclusion path, leaf side first.
    pub path: Vec<Digest>,
    /// The checkpoint that the path leads to.
    pub checkpoint: Arc<SignedCheckpoint>,
    /// Whether it was in the ledger before.
    pub already_recorded: bool,
}

impl Submitted {
    /// Returns the receipt, with the leaf in it.
    #[must_use]
    pub fn receipt(&self) -> Receipt {
        Receipt {
            extra: Some(self.leaf.to_vec()),
            index: LeafIndex::new(self.index),
            path: self.path.clone(),
            note: self.checkpoint.note().to_owned(),
        }
    }
}

impl Sequencer {
    /// Opens every ledger of a store: its entries must fold to its last checkpoint.
    ///
    /// Must be called within a tokio runtime. Errors: [`OpenError`], which names the ledger and the first bad index.
    pub async fn open(store: Arc<dyn Store>, config: SequencerConfig) -> Result<Self, OpenError> {
        let committer = Committer::start(Arc::clone(&store)).map_err(|source| OpenError::Thread { source })?;
        Self::with(store, config, committer).await
    }

    /// As [`Self::open`], but nothing is committed until [`Commits::step`] is told to: for simulations.
    pub async fn open_stepped(store: Arc<dyn Store>, config: SequencerConfig) -> Result<(Self, Commits), OpenError> {
        let (committer, commits) = Committer::stepped(Arc::clone(&store));
        Ok((Self::with(store, config, committer).await?, commits))
    }

    async fn with(store: Arc<dyn Store>, config: SequencerConfig, committer: Committer) -> Result<Self, OpenError> {
        // Fails here rather than at the first founding.
        // With the id of some agreement: names have a greatest length.
        let some = AgreementId::from_digest(empty_root());
        signer(&config, some).map_err(|source| OpenError::Operator { operator: config.operator.clone(), source })?;
        let ledgers = Arc::new(Ledgers::new(config.live_max));
        let [folds, reads] = [FOLDS_AT_ONCE, READS_AT_ONCE].map(|at_once| Arc::new(Semaphore::new(at_once)));
        let inner = Inner { store, config, committer, ledgers, folds, reads };
        let sequencer = Self { inner: Arc::new(inner) };
        let opening = sequencer.clone();
        let checked = sequencer.inner.config.threads.wait(move || {
            let inner = &opening.inner;
            recover_all(inner.store.as_ref(), inner.config.memory, |agreement| opening.verifier(agreement))
        });
        checked.await.unwrap_or(Err(OpenError::Panicked))?;
        Ok(sequencer)
    }

    /// Submits a statement. Answers when it is durable.
    ///
    /// Errors: [`SubmitError`]. After [`SubmitError::NotCommitted`], [`SubmitError::CommitUnclear`] or a lost answer, the same
    /// envelope submitted again gets the receipt of the first time.
    pub async fn submit(&self, opened: Opened) -> Result<Submitted, SubmitError> {
        self.enter(Box::new(opened)).await?.answer().await
    }

    /// Puts a statement into the queue of its ledger, as [`Self::submit`] does: who enters one after the other has them judged in
    /// that order.
    ///
    /// Errors: [`NotEntered`].
    pub async fn enter(&self, opened: Box<Opened>) -> Result<Entered, NotEntered> {
        let (agreement, statement) = (opened.signed().agreement(), opened.signed().id());
        let (answer, answered) = oneshot::channel();
        match self.send(agreement, Command::Submit { opened, answer }).await {
            Ok(()) => Ok(Entered { sequencer: self.clone(), agreement, statement, answered }),
            Err(NotSent::Full(Command::Submit { opened, .. })) => Err(NotEntered::Full(opened)),
            Err(failed) => Err(NotEntered::Failed(failed.into())),
        }
    }

    /// Asks whether a statement would be admitted now. Writes nothing.
    pub async fn validate(&self, signed: Signed) -> Result<(), SubmitError> {
        let agreement = signed.agreement();
        if is_founding(&signed) && matches!(self.durable(agreement).await, Err(ReadError::AgreementNotFound)) {
            let refused = self.try_founding(&signed, self.now());
            return refused.map_err(SubmitError::from);
        }
        let (answer, answered) = oneshot::channel();
        self.send(agreement, Command::Validate { signed: Box::new(signed), answer })
            .await
            .map_err(SubmitError::from)?;
        answered.await.map_err(|_| self.lost())?
    }

    /// Reads the agreement as it stands at its latest durable checkpoint: the books, but not what may be put away.
    pub async fn view<R: Send + 'static>(
        &self,
        agreement: AgreementId,
        read: impl FnOnce(&Agreement, &SignedCheckpoint) -> R + Send + 'static,
    ) -> Result<R, ReadError> {
        self.look(agreement, |agreement, _, checkpoint| read(agreement, checkpoint)).await
    }

    /// Looks at the state of the ledger's task when nothing is in the air.
    async fn look<R: Send + 'static>(
        &self,
        agreement: AgreementId,
        look: impl FnOnce(&Agreement, &Keeping, &Arc<SignedCheckpoint>) -> R + Send + 'static,
    ) -> Result<R, ReadError> {
        let (answer, answered) = oneshot::channel();
        let look: Look = Box::new(move |agreement, keeping, checkpoint| {
            // Who asked may have gone.
            let _ = answer.send(look(agreement, keeping, checkpoint));
        });
        let mut handle = self.handle(agreement).await?.ok_or(ReadError::AgreementNotFound)?;
        // Here, and not in front of statements, waits who asks when many do.
        let leave = Arc::clone(&handle.questions).acquire_owned().await.map_err(|_| ReadError::Failed)?;
        let (view, _asker) = View::new(look, leave);
        let mut command = Command::View(view);
        loop {
            match handle.queue.send(command).await {
                Ok(()) => break,
                Err(mpsc::error::SendError(back)) => command = back,
            }
            self.restart(agreement, &handle)?;
            handle = self.handle(agreement).await?.ok_or(ReadError::AgreementNotFound)?;
        }
        answered.await.map_err(|_| if self.inner.ledgers.is_closed() { ReadError::Stopped } else { ReadError::Failed })
    }

    /// Returns the verifier of an agreement's checkpoints, whether or not the agreement is there.
    #[must_use]
    pub fn verifier(&self, agreement: AgreementId) -> NoteVerifier {
        self.signer(agreement).verifier()
    }

    /// Returns the time of the clock that entries are admitted by.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        (self.inner.config.clock)()
    }

    /// Returns how many ledgers are in memory.
    #[must_use]
    pub fn live_ledgers(&self) -> usize {
        self.inner.ledgers.live()
    }

    /// Returns why its store has stopped, if it has: only opening it anew helps.
    #[must_use]
    pub fn store_stopped(&self) -> Option<String> {
        self.inner.store.stopped()
    }

    /// Stops: what was taken is finished and answered, nothing more is taken.
    pub async fn shut_down(&self) {
        let mut stopping = Vec::new();
        for Handle { queue, durable, .. } in self.inner.ledgers.close() {
            let (answer, answered) = oneshot::channel();
            // One that has ended has nothing left to finish, but may be finishing.
            let told = queue.send(Command::Stop(answer)).await.is_ok();
            stopping.push((told.then_some(answered), durable));
        }
        for (answered, durable) in stopping {
            match answered {
                Some(answered) => drop(answered.await),
                None => drop(durable.writer.lock().await),
            }
        }
        self.inner.committer.stop().await;
    }

    fn signer(&self, agreement: AgreementId) -> NoteSigner {
        signer(&self.inner.config, agreement).expect("the operator's name was tried when opening")
    }

    /// Hands a command to a ledger's task, which is started if the statement founds the ledger.
    async fn send(&self, agreement: AgreementId, command: Command) -> Result<(), NotSent> {
        let mut command = command;
        loop {
            let handle = match self.handle(agreement).await {
                Ok(Some(handle)) => handle,
                Ok(None) => self.found(agreement, &command)?,
                Err(ReadError::Stopped) => return Err(SubmitError::ShuttingDown.into()),
                // Whether the statement is in the ledger, nobody could look.
                Err(_) => return Err(SubmitError::CommitUnclear.into()),
            };
            match handle.queue.try_send(command) {
                Ok(()) => return Ok(()),
                Err(mpsc::error::TrySendError::Full(back)) => return Err(NotSent::Full(back)),
                Err(mpsc::error::TrySendError::Closed(back)) => command = back,
            }
            self.restart(agreement, &handle).map_err(|_| SubmitError::ShuttingDown)?;
        }
    }

    /// Returns the ledger's task, which is started if the ledger is in the store and not in memory.
    async fn handle(&self, agreement: AgreementId) -> Result<Option<Handle>, ReadError> {
        if let Some(handle) = self.inner.ledgers.get(agreement)? {
            return Ok(Some(handle));
        }
        let head =
            self.reading(agreement, |store, ledger| store.head(ledger).map_err(|source| ReadError::Store { source }));
        if head.await?.is_none() {
            return Ok(None);
        }
        let start = || self.start_task(agreement, Arc::new(Durable::new(true)), true);
        self.inner.ledgers.get_or_start(agreement, start).map(Some)
    }

    fn found(&self, agreement: AgreementId, command: &Command) -> Result<Handle, SubmitError> {
        match command {
            // Rests on no entry, so it can be refused at once, and a task is started only for what will stand.
            Command::Submit { opened, .. } if is_founding(opened.signed()) => {
                let (signed, at) = (opened.signed(), self.now());
                self.try_founding(signed, at).map_err(|refusal| {
                    self.refused(
                        agreement,
                        signed.id(),
                        refusal,
                        Judged { at, size: TreeSize::ZERO, root: empty_root() },
                    )
                })?;
            }
            _ => return Err(SubmitError::AgreementNotFound),
        }
        let start = || self.start_task(agreement, Arc::new(Durable::new(false)), false);
        self.inner.ledgers.get_or_start(agreement, start).map_err(|_| SubmitError::ShuttingDown)
    }

    /// Asks whether a statement could found its agreement at `at`.
    fn try_founding(&self, signed: &Signed, at: Timestamp) -> Result<(), Refusal> {
        check_seen(signed, None)?;
        Agreement::found(signed, at).map(drop)
    }

    /// Signs what the law said of a statement, where it was judged.
    fn refused(&self, agreement: AgreementId, id: StatementId, refusal: Refusal, judged: Judged) -> SubmitError {
        let signer = self.signer(agreement);
        let Judged { at, size, root } = judged;
        let signed = refusal::Refusal {
            under: Checkpoint { origin: signer.name().to_owned(), size, root },
            statement: id.digest(),
            reason: refusal.reason().to_owned(),
            judged: at,
        };
        let signed = Some(SignedRefusal::sign(signed, &signer));
        SubmitError::Refused(Box::new(Refused { refusal, signed }))
    }

    /// Starts a task in the place of one that takes nothing more: it failed, was idle, or founded nothing.
    fn restart(&self, agreement: AgreementId, ended: &Handle) -> Result<(), ReadError> {
        let start = |durable: &Arc<Durable>| self.start_task(agreement, Arc::clone(durable), true);
        self.inner.ledgers.replace(agreement, ended, start)
    }

    /// `founded`: whether the ledger may be in the store; then the task opens it from there first.
    fn start_task(&self, agreement: AgreementId, durable: Arc<Durable>, founded: bool) -> Handle {
        let config = &self.inner.config;
        let (queue, commands) = mpsc::channel(config.queue_max);
        let task = task::LedgerTask {
            agreement,
            ledger: LedgerId::new(agreement.digest()),
            store: Arc::clone(&self.inner.store),
            signer: self.signer(agreement),
            clock: Arc::clone(&config.clock),
            batch_max: config.batch_max,
            idle_after: config.idle_after,
            memory: config.memory,
            threads: config.threads,
            committer: self.inner.committer.clone(),
            durable: Arc::clone(&durable),
            ledgers: Arc::downgrade(&self.inner.ledgers),
            room: Arc::clone(&self.inner.ledgers.room),
            founded,
        };
        tokio::spawn(task.run(commands));
        Handle { queue, questions: Arc::new(Semaphore::new(QUESTIONS_MAX)), durable }
    }

    /// What to say when a ledger's task did not answer: it failed, or was stopped before it came to the statement.
    fn lost(&self) -> SubmitError {
        if self.inner.ledgers.is_closed() { SubmitError::ShuttingDown } else { SubmitError::CommitUnclear }
    }
}

fn is_founding(signed: &Signed) -> bool {
    matches!(signed.statement().body, Body::Proposal(_))
}

fn signer(config: &SequencerConfig, agreement: AgreementId) -> Result<NoteSigner, NoteError> {
    NoteSigner::new(&format!("{}/ledger/{agreement}", config.operator), config.log_key.clone())
}
