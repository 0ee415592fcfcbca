//! The sequencer: where the log and the law meet to write. One task per ledger is its only writer.
//!
//! The path of a statement: [`Sequencer::submit`] hands it to its ledger's task; the task takes whatever queued while the
//! last flush ran, looks each up (seen before?), admits and applies it, signs one checkpoint for all, and hands one append to
//! the committer; the committer puts what many ledgers handed it into one durable write; then the task answers. Nothing is
//! answered before that, refusals included: a refusal may rest on an entry of the same batch. There is no timer.

mod batch;
mod committer;
mod error;
mod ledgers;
mod read;
mod recovery;
mod task;

use std::sync::Arc;

use tokio::sync::{Semaphore, mpsc, oneshot};

pub use error::{OpenError, ReadError, SubmitError};

use crate::{
    agreement::{Agreement, refusal::check_seen},
    checkpoint::{
        SignedCheckpoint,
        note::{NoteError, NoteSigner, NoteVerifier},
    },
    envelope::Envelope,
    keys::SecretKey,
    ledger::{LedgerId, receipt::Receipt},
    sequencer::{
        committer::Committer,
        ledgers::{Durable, Handle, Ledgers},
        recovery::{Live, recover_all},
        task::{Command, View},
    },
    statement::{
        Body, Signed,
        id::{AgreementId, StatementId},
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
}

impl SequencerConfig {
    /// Returns a configuration with the usual limits.
    #[must_use]
    pub fn new(operator: &str, log_key: SecretKey, clock: Clock) -> Self {
        Self { operator: operator.to_owned(), log_key, clock, queue_max: QUEUE_MAX, batch_max: BATCH_MAX }
    }
}

const QUEUE_MAX: usize = 8_192;
const BATCH_MAX: usize = 4_096;

/// A handle to the sequencer. Cheap to clone; clones are the same sequencer.
#[derive(Clone)]
pub struct Sequencer {
    inner: Arc<Inner>,
}

struct Inner {
    store: Arc<dyn Store>,
    config: SequencerConfig,
    committer: Committer,
    ledgers: Ledgers,
    /// Leave to fold a prefix of a ledger anew.
    folds: Arc<Semaphore>,
}

/// Folding verifies every signature anew, on every core: more at once would only keep each other, and admission, waiting.
const FOLDS_AT_ONCE: usize = 2;

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
    /// A fresh receipt.
    pub receipt: Receipt,
    /// Whether it was in the ledger before.
    pub already_recorded: bool,
}

impl Sequencer {
    /// Opens every ledger of a store: its entries must fold to its last checkpoint.
    ///
    /// Must be called within a tokio runtime. Errors: [`OpenError`], which names the ledger and the first bad index.
    pub async fn open(store: Arc<dyn Store>, config: SequencerConfig) -> Result<Self, OpenError> {
        // Fails here rather than at the first founding.
        signer(&config, "agr1").map_err(|source| OpenError::Operator { operator: config.operator.clone(), source })?;
        let committer = Committer::start(Arc::clone(&store)).map_err(|source| OpenError::Thread { source })?;
        let (ledgers, folds) = (Ledgers::new(), Arc::new(Semaphore::new(FOLDS_AT_ONCE)));
        let inner = Inner { store, config, committer, ledgers, folds };
        let sequencer = Self { inner: Arc::new(inner) };
        let opening = sequencer.clone();
        let recovered = tokio::task::spawn_blocking(move || {
            recover_all(opening.inner.store.as_ref(), |agreement| opening.verifier(agreement))
        });
        let recovered = recovered.await.map_err(|_| OpenError::Panicked)??;
        for (agreement, live) in recovered {
            let start = || sequencer.start_task(agreement, Start::Live(Box::new(live)));
            sequencer.inner.ledgers.get_or_start(agreement, start).map_err(|_| OpenError::Panicked)?;
        }
        Ok(sequencer)
    }

    /// Submits a statement: `signed` is what `statement::wire::open` made of `envelope`. Answers when it is durable.
    ///
    /// Errors: [`SubmitError`]. After [`SubmitError::NotCommitted`], [`SubmitError::CommitUnclear`] or a lost answer, the same
    /// envelope submitted again gets the receipt of the first time.
    ///
    /// # Panics
    ///
    /// If the two are not the same statement: one would be admitted and the other kept.
    pub async fn submit(&self, envelope: Envelope, signed: Signed) -> Result<Submitted, SubmitError> {
        let (agreement, statement) = (signed.agreement(), signed.id());
        assert_eq!(envelope.id(), statement.digest(), "a statement is submitted with its own envelope");
        let (answer, answered) = oneshot::channel();
        let command = Command::Submit { envelope: Box::new(envelope), signed: Box::new(signed), answer };
        self.send(agreement, command).await?;
        match answered.await.map_err(|_| self.lost())?? {
            task::Answer::Recorded(submitted) => Ok(*submitted),
            // Proving an old entry reads the store; the ledger's only writer does not wait for that.
            task::Answer::Before { index } => {
                let proved = self.prove_inclusion(agreement, index).await;
                let (receipt, entry) = proved.map_err(|error| match error {
                    ReadError::Stopped => SubmitError::ShuttingDown,
                    _ => SubmitError::NotCommitted,
                })?;
                let admitted = entry.admitted;
                Ok(Submitted { agreement, statement, index, admitted, receipt, already_recorded: true })
            }
        }
    }

    /// Asks whether a statement would be admitted now. Writes nothing.
    pub async fn validate(&self, signed: Signed) -> Result<(), SubmitError> {
        let agreement = signed.agreement();
        if is_founding(&signed) && matches!(self.durable(agreement), Err(ReadError::AgreementNotFound)) {
            return self.try_founding(&signed);
        }
        let (answer, answered) = oneshot::channel();
        self.send(agreement, Command::Validate { signed: Box::new(signed), answer }).await?;
        answered.await.map_err(|_| self.lost())?
    }

    /// Reads the agreement as it stands at its latest durable checkpoint.
    pub async fn view<R: Send + 'static>(
        &self,
        agreement: AgreementId,
        read: impl FnOnce(&Agreement, &SignedCheckpoint) -> R + Send + 'static,
    ) -> Result<R, ReadError> {
        let (answer, answered) = oneshot::channel();
        let read: View = Box::new(move |agreement, checkpoint| {
            // Who asked may have gone.
            let _ = answer.send(read(agreement, checkpoint));
        });
        let mut command = Command::View(read);
        loop {
            self.durable(agreement)?;
            let handle = self.inner.ledgers.get(agreement)?;
            match handle.queue.send(command).await {
                Ok(()) => break,
                Err(mpsc::error::SendError(back)) => command = back,
            }
            self.restart(agreement, &handle)?;
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

    /// Stops: what was taken is finished and answered, nothing more is taken.
    pub async fn shut_down(&self) {
        for Handle { queue, .. } in self.inner.ledgers.close() {
            let (answer, answered) = oneshot::channel();
            // A task that has ended already has nothing left to finish.
            if queue.send(Command::Stop(answer)).await.is_ok() {
                let _ = answered.await;
            }
        }
        self.inner.committer.stop().await;
    }

    fn signer(&self, agreement: AgreementId) -> NoteSigner {
        signer(&self.inner.config, &agreement.to_string()).expect("the operator's name was tried when opening")
    }

    /// Hands a command to a ledger's task, which is started if the statement founds the ledger.
    async fn send(&self, agreement: AgreementId, command: Command) -> Result<(), SubmitError> {
        let mut command = command;
        loop {
            let handle = match self.inner.ledgers.get(agreement) {
                Ok(handle) => handle,
                Err(ReadError::Stopped) => return Err(SubmitError::ShuttingDown),
                Err(_) => self.found(agreement, &command)?,
            };
            match handle.queue.try_send(command) {
                Ok(()) => return Ok(()),
                Err(mpsc::error::TrySendError::Full(_)) => return Err(SubmitError::Busy),
                Err(mpsc::error::TrySendError::Closed(back)) => command = back,
            }
            self.restart(agreement, &handle).map_err(|_| SubmitError::ShuttingDown)?;
        }
    }

    fn found(&self, agreement: AgreementId, command: &Command) -> Result<Handle, SubmitError> {
        match command {
            // Rests on no entry, so it can be refused at once, and a task is started only for what will stand.
            Command::Submit { signed, .. } if is_founding(signed) => self.try_founding(signed)?,
            _ => return Err(SubmitError::AgreementNotFound),
        }
        let start = || self.start_task(agreement, Start::Unfounded);
        self.inner.ledgers.get_or_start(agreement, start).map_err(|_| SubmitError::ShuttingDown)
    }

    /// Asks whether a statement could found its agreement now.
    fn try_founding(&self, signed: &Signed) -> Result<(), SubmitError> {
        check_seen(signed, None)?;
        Agreement::found(signed, self.now())?;
        Ok(())
    }

    /// Starts a task anew that ended: nothing was founded, or it failed. Then the new one recovers the ledger.
    fn restart(&self, agreement: AgreementId, ended: &Handle) -> Result<(), ReadError> {
        let start = |durable: &Arc<Durable>| self.start_task(agreement, Start::Recovering(Arc::clone(durable)));
        self.inner.ledgers.replace(agreement, ended, start)
    }

    fn start_task(&self, agreement: AgreementId, start: Start) -> Handle {
        let (queue, commands) = mpsc::channel(self.inner.config.queue_max);
        let (durable, founded, live) = match start {
            Start::Unfounded => (Arc::new(Durable::new(None)), false, None),
            Start::Live(live) => (Arc::new(Durable::new(Some(live.checkpoint.clone()))), true, Some(*live)),
            Start::Recovering(durable) => (durable, true, None),
        };
        let task = task::LedgerTask {
            agreement,
            ledger: LedgerId::new(agreement.digest()),
            store: Arc::clone(&self.inner.store),
            signer: self.signer(agreement),
            clock: Arc::clone(&self.inner.config.clock),
            batch_max: self.inner.config.batch_max,
            committer: self.inner.committer.clone(),
            durable: Arc::clone(&durable),
            founded,
            live,
        };
        tokio::spawn(task.run(commands));
        Handle { queue, durable }
    }

    /// What to say when a ledger's task did not answer: it failed, or was stopped before it came to the statement.
    fn lost(&self) -> SubmitError {
        if self.inner.ledgers.is_closed() { SubmitError::ShuttingDown } else { SubmitError::CommitUnclear }
    }
}

/// How a ledger's task begins.
enum Start {
    /// With a ledger that is not there yet.
    Unfounded,
    /// With one that was recovered.
    Live(Box<Live>),
    /// With one that it has to recover first.
    Recovering(Arc<Durable>),
}

fn is_founding(signed: &Signed) -> bool {
    matches!(signed.statement().body, Body::Proposal(_))
}

fn signer(config: &SequencerConfig, agreement: &str) -> Result<NoteSigner, NoteError> {
    NoteSigner::new(&format!("{}/ledger/{agreement}", config.operator), config.log_key.clone())
}
