//! The task of one ledger: takes what queued, makes a batch of it, waits until it is durable, and answers.

use std::{
    panic::{self, AssertUnwindSafe},
    sync::Arc,
};

use tokio::sync::{mpsc, oneshot};
use tracing::{debug, error, info};

use crate::{
    agreement::{Agreement, refusal::check_seen},
    checkpoint::{Checkpoint, SignedCheckpoint, note::NoteSigner},
    envelope::Envelope,
    ledger::LedgerId,
    merkle::{proof::root_at, tree::Frontier},
    sequencer::{
        Clock, Submitted,
        batch::{Batch, Submission},
        committer::{Committer, Outcome},
        error::{OpenError, SubmitError},
        ledgers::Durable,
        recovery::{Live, recover, seen_root},
    },
    statement::{Signed, id::AgreementId},
    store::{Sign, Store},
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
    /// It is durable, and this is its receipt.
    Recorded(Box<Submitted>),
    /// It was durable before.
    Before {
        /// Where it stands.
        index: u64,
    },
}

/// The only writer of one ledger.
pub(super) struct LedgerTask {
    pub(super) agreement: AgreementId,
    pub(super) ledger: LedgerId,
    pub(super) store: Arc<dyn Store>,
    pub(super) signer: NoteSigner,
    pub(super) clock: Clock,
    pub(super) batch_max: usize,
    pub(super) committer: Committer,
    pub(super) durable: Arc<Durable>,
    /// Whether the ledger is in the store.
    pub(super) founded: bool,
    /// `None` before the founding, and after a commit that did not clearly succeed.
    pub(super) live: Option<Live>,
}

impl LedgerTask {
    /// Works until everybody who could ask has gone, or it is told to stop.
    pub(super) async fn run(mut self, mut commands: mpsc::Receiver<Command>) {
        while let Some(first) = commands.recv().await {
            let Taken { submissions, questions, stop } = take(first, &mut commands, self.batch_max);
            if self.live.is_none() && self.founded {
                self.recover().await;
            }
            if !submissions.is_empty() {
                self.batch(submissions).await;
            }
            for question in questions {
                self.answer(question);
            }
            if let Some(done) = stop {
                // First: who asked may want to open the store again.
                drop(self);
                // Who asked may have gone.
                let _ = done.send(());
                return;
            }
            // Nothing was founded: what queued is answered, and whoever comes then starts anew.
            if self.live.is_none() && !self.founded {
                commands.close();
            }
        }
    }

    /// Takes statements in, waits until they are durable, and answers.
    async fn batch(&mut self, submissions: Vec<Submission>) {
        let (agreement, frontier) = match self.live.take() {
            Some(live) => (Some(live.agreement), live.frontier),
            None if self.founded => {
                return submissions.into_iter().for_each(|one| one.answer(Err(SubmitError::NotCommitted)));
            }
            None => (None, Frontier::empty()),
        };
        let mut batch = Batch::new(agreement, frontier);
        for submission in submissions {
            batch.take(submission, self.store.as_ref(), self.ledger, (self.clock)());
        }
        let last = self.durable.checkpoint();
        if batch.is_empty() {
            self.live = batch.release_refusals(last.as_deref());
            return;
        }
        let append = batch.append(self.ledger, self.sign(&batch));
        match self.committer.commit(append).await {
            Outcome::Durable(note) => {
                self.founded = true;
                let Ok(checkpoint) = SignedCheckpoint::open(&note, &self.signer.verifier()) else {
                    error!(agreement = %self.agreement, "the store gave back a note that this log did not sign");
                    return batch.fail(|| SubmitError::CommitUnclear);
                };
                debug!(agreement = %self.agreement, size = %checkpoint.checkpoint().size, "committed batch");
                self.durable.tell(checkpoint.clone());
                self.live = batch.release(self.agreement, checkpoint);
            }
            // What is in memory is, perhaps, ahead of what is kept: it is dropped, and the ledger recovered.
            Outcome::NotWritten => batch.fail(|| SubmitError::NotCommitted),
            Outcome::Unclear => {
                self.founded = true;
                batch.fail(|| SubmitError::CommitUnclear);
            }
        }
    }

    /// Returns what signs the checkpoint after a batch, once the store has read back what it wrote. It signs only when that
    /// makes the same root as two computations here: a signature over a wrong root cannot be taken back.
    fn sign(&self, batch: &Batch) -> Sign {
        let (agreement, signer) = (self.agreement, self.signer.clone());
        let (size, root) = (batch.frontier().size(), batch.frontier().root());
        let again = root_at(batch.nodes(), size).ok();
        Box::new(move |kept_size, kept_root| {
            if again != Some(root) || (kept_size, kept_root) != (size, root) {
                error!(%agreement, %size, %root, %kept_size, %kept_root, "computations of the root disagree");
                return None;
            }
            let origin = signer.name().to_owned();
            Some(SignedCheckpoint::sign(Checkpoint { origin, size, root }, &signer).note().to_owned())
        })
    }

    async fn recover(&mut self) {
        let (store, ledger) = (Arc::clone(&self.store), self.ledger);
        let verifier = self.signer.verifier();
        let recovered = tokio::task::spawn_blocking(move || {
            let head = store.head(ledger).map_err(|source| OpenError::Store { source })?;
            head.map(|head| recover(store.as_ref(), ledger, &head, |_| verifier.clone())).transpose()
        });
        match recovered.await.unwrap_or(Err(OpenError::Panicked)) {
            Ok(Some((_, live))) => {
                info!(agreement = %self.agreement, size = %live.frontier.size(), "recovered ledger");
                self.durable.tell(live.checkpoint.clone());
                self.live = Some(live);
            }
            Ok(None) => self.founded = false,
            Err(failed) => error!(agreement = %self.agreement, error = %failed, "cannot recover ledger"),
        }
    }

    /// Answers what does not change anything, from what is durable.
    fn answer(&self, question: Command) {
        match (question, &self.live) {
            (Command::View(view), Some(live)) => {
                // It only looks: the ledger is whole whatever becomes of it.
                let seen = panic::catch_unwind(AssertUnwindSafe(|| view(&live.agreement, &live.checkpoint)));
                if seen.is_err() {
                    error!(agreement = %self.agreement, "a view panicked");
                }
            }
            (Command::Validate { signed, answer }, Some(live)) => {
                // Who asked may have gone.
                let _ = answer.send(self.validate(live, &signed));
            }
            (Command::Validate { answer, .. }, None) => {
                let _ = answer.send(Err(SubmitError::NotCommitted));
            }
            // Whoever waits is told by the dropped sender.
            (Command::View(_) | Command::Submit { .. } | Command::Stop(_), _) => {}
        }
    }

    fn validate(&self, live: &Live, signed: &Signed) -> Result<(), SubmitError> {
        let found = self.store.find(self.ledger, signed.id().digest()).map_err(|_| SubmitError::NotCommitted)?;
        if found.is_some() {
            return Ok(());
        }
        let size = live.agreement.size();
        let seen = seen_root(self.store.as_ref(), self.ledger, size, signed).map_err(|_| SubmitError::NotCommitted)?;
        check_seen(signed, seen)?;
        let at = (self.clock)().max(live.agreement.last_admitted());
        // Only asked for; what is not applied changes nothing.
        let _ = live.agreement.admit(signed, at)?;
        Ok(())
    }
}

/// What queued, up to the limits of one batch.
struct Taken {
    submissions: Vec<Submission>,
    questions: Vec<Command>,
    stop: Option<oneshot::Sender<()>>,
}

fn take(first: Command, commands: &mut mpsc::Receiver<Command>, batch_max: usize) -> Taken {
    let mut taken = Taken { submissions: Vec::new(), questions: Vec::new(), stop: None };
    let (mut next, mut bytes) = (Some(first), 0);
    while let Some(command) = next {
        match command {
            Command::Submit { envelope, signed, answer } => {
                bytes += envelope.payload.len();
                taken.submissions.push(Submission { envelope, signed, answer });
            }
            Command::Stop(done) => {
                taken.stop = Some(done);
                return taken;
            }
            question => taken.questions.push(question),
        }
        let more =
            taken.submissions.len() < batch_max && bytes < BATCH_BYTES_MAX && taken.questions.len() < QUESTIONS_MAX;
        next = if more { commands.try_recv().ok() } else { None };
    }
    taken
}

/// A batch takes no further statement once its payloads have so many bytes: it is kept in memory until it is durable.
const BATCH_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Views run between batches and are short; this many at once still let the next batch begin soon.
const QUESTIONS_MAX: usize = 256;
