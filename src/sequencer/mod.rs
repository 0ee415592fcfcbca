//! The sequencer: where the log and the law meet to write. One task per ledger is its only writer.
//!
//! The path of a statement: [`Sequencer::submit`] hands it to its ledger's task; the task takes whatever queued while the
//! last flush ran, looks each up (seen before?), admits and applies it, signs one checkpoint for all, and hands one append to
//! the committer; the committer puts what many ledgers handed it into one durable write; then the task answers. Nothing is
//! answered before that, refusals included: a refusal may rest on an entry of the same batch. There is no timer.

mod batch;
mod committer;
mod error;
mod read;
mod recovery;
mod task;

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::sync::{mpsc, oneshot, watch};

pub use error::{OpenError, ReadError, SubmitError};

use crate::{
    agreement::Agreement,
    checkpoint::{
        SignedCheckpoint,
        note::{NoteError, NoteSigner, NoteVerifier},
    },
    envelope::Envelope,
    keys::SecretKey,
    ledger::{LedgerId, receipt::Receipt},
    sequencer::{
        committer::Committer,
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
    /// Every ledger of the store, and those being founded.
    ledgers: Mutex<BTreeMap<AgreementId, Handle>>,
    closing: AtomicBool,
}

/// What others hold of a ledger's task.
#[derive(Clone)]
struct Handle {
    queue: mpsc::Sender<Command>,
    /// The checkpoint of what is durable; `None` while the ledger is being founded.
    durable: watch::Receiver<Option<Arc<SignedCheckpoint>>>,
    /// The size of what is durable.
    size: watch::Receiver<u64>,
}

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
        let inner = Inner { store, config, committer, ledgers: Mutex::default(), closing: AtomicBool::new(false) };
        let sequencer = Self { inner: Arc::new(inner) };
        let opening = sequencer.clone();
        let recovered = tokio::task::spawn_blocking(move || {
            recover_all(opening.inner.store.as_ref(), |agreement| opening.verifier(agreement))
        });
        let recovered = recovered.await.map_err(|_| OpenError::Panicked)??;
        for (agreement, live) in recovered {
            let handle = sequencer.start_task(agreement, Some(live));
            sequencer.ledgers().insert(agreement, handle);
        }
        Ok(sequencer)
    }

    /// Submits a statement: `signed` is what `statement::wire::open` made of `envelope`. Answers when it is durable.
    ///
    /// Errors: [`SubmitError`]. After [`SubmitError::NotCommitted`], [`SubmitError::CommitUnclear`] or a lost answer, the same
    /// envelope submitted again gets the receipt of the first time.
    pub async fn submit(&self, envelope: Envelope, signed: Signed) -> Result<Submitted, SubmitError> {
        let (agreement, statement) = (signed.agreement(), signed.id());
        let (answer, answered) = oneshot::channel();
        let command = Command::Submit { envelope: Box::new(envelope), signed: Box::new(signed), answer };
        self.send(agreement, command).await?;
        match answered.await.map_err(|_| SubmitError::NotCommitted)?? {
            task::Answer::Recorded(submitted) => Ok(*submitted),
            // Proving an old entry reads the store; the ledger's only writer does not wait for that.
            task::Answer::Before { index } => {
                let (receipt, entry) =
                    self.prove_inclusion(agreement, index).await.map_err(|_| SubmitError::NotCommitted)?;
                let admitted = entry.admitted;
                Ok(Submitted { agreement, statement, index, admitted, receipt, already_recorded: true })
            }
        }
    }

    /// Asks whether a statement would be admitted now. Writes nothing.
    pub async fn validate(&self, signed: Signed) -> Result<(), SubmitError> {
        let (answer, answered) = oneshot::channel();
        if matches!(signed.statement().body, Body::Proposal(_)) && self.handle(signed.agreement()).is_err() {
            Agreement::found(&signed, (self.inner.config.clock)()).map_err(SubmitError::from)?;
            return Ok(());
        }
        self.send(signed.agreement(), Command::Validate { signed: Box::new(signed), answer }).await?;
        answered.await.map_err(|_| SubmitError::NotCommitted)?
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
        let handle = self.handle(agreement)?;
        handle.queue.send(Command::View(read)).await.map_err(|_| ReadError::Stopped)?;
        answered.await.map_err(|_| ReadError::Stopped)
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
        self.inner.closing.store(true, Ordering::SeqCst);
        let handles: Vec<Handle> = std::mem::take(&mut *self.ledgers()).into_values().collect();
        let queues: Vec<_> = handles.into_iter().map(|handle| handle.queue).collect();
        for queue in queues {
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
        if self.inner.closing.load(Ordering::SeqCst) {
            return Err(SubmitError::ShuttingDown);
        }
        let mut command = command;
        loop {
            let handle = match self.handle(agreement) {
                Ok(handle) => handle,
                Err(_) => self.found(agreement, &command)?,
            };
            match handle.queue.try_send(command) {
                Ok(()) => return Ok(()),
                Err(mpsc::error::TrySendError::Full(_)) => return Err(SubmitError::Busy),
                // The task ended because nothing was founded; the next may found it.
                Err(mpsc::error::TrySendError::Closed(back)) => {
                    if self.inner.closing.load(Ordering::SeqCst) {
                        return Err(SubmitError::ShuttingDown);
                    }
                    command = back;
                    self.forget(agreement, &handle.queue);
                }
            }
        }
    }

    fn found(&self, agreement: AgreementId, command: &Command) -> Result<Handle, SubmitError> {
        let Command::Submit { signed, .. } = command else { return Err(SubmitError::AgreementNotFound) };
        if !matches!(signed.statement().body, Body::Proposal(_)) {
            return Err(SubmitError::AgreementNotFound);
        }
        // Rests on no entry, so it can be refused at once, and a task is started only for what will stand.
        Agreement::found(signed, (self.inner.config.clock)()).map_err(SubmitError::from)?;
        let mut ledgers = self.ledgers();
        if let Some(handle) = ledgers.get(&agreement) {
            return Ok(handle.clone());
        }
        let handle = self.start_task(agreement, None);
        ledgers.insert(agreement, handle.clone());
        Ok(handle)
    }

    fn start_task(&self, agreement: AgreementId, live: Option<Live>) -> Handle {
        let (queue, commands) = mpsc::channel(self.inner.config.queue_max);
        let checkpoint = live.as_ref().map(|live| Arc::new(live.checkpoint.clone()));
        let size = checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.checkpoint().size.get());
        let (durable_sender, durable) = watch::channel(checkpoint);
        let (size_sender, size) = watch::channel(size);
        let task = task::LedgerTask {
            agreement,
            ledger: LedgerId::new(agreement.digest()),
            store: Arc::clone(&self.inner.store),
            signer: self.signer(agreement),
            clock: Arc::clone(&self.inner.config.clock),
            batch_max: self.inner.config.batch_max,
            committer: self.inner.committer.clone(),
            durable: durable_sender,
            size: size_sender,
            founded: live.is_some(),
            live,
        };
        tokio::spawn(task.run(commands));
        Handle { queue, durable, size }
    }

    fn forget(&self, agreement: AgreementId, queue: &mpsc::Sender<Command>) {
        let mut ledgers = self.ledgers();
        if ledgers.get(&agreement).is_some_and(|handle| handle.queue.same_channel(queue)) {
            ledgers.remove(&agreement);
        }
    }

    fn handle(&self, agreement: AgreementId) -> Result<Handle, ReadError> {
        self.ledgers().get(&agreement).cloned().ok_or(ReadError::AgreementNotFound)
    }

    /// The map is never left half changed, so a poisoned lock is as good as any.
    fn ledgers(&self) -> MutexGuard<'_, BTreeMap<AgreementId, Handle>> {
        self.inner.ledgers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn signer(config: &SequencerConfig, agreement: &str) -> Result<NoteSigner, NoteError> {
    NoteSigner::new(&format!("{}/ledger/{agreement}", config.operator), config.log_key.clone())
}
