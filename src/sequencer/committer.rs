//! The committer: the one thread that writes. It puts the appends of all ledgers that queued while it was flushing into one
//! durable write.

use std::{
    io,
    panic::{self, AssertUnwindSafe},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
};

use tokio::sync::oneshot;
use tracing::error;

use crate::{
    causes::Causes,
    ledger::LedgerId,
    store::{Append, CommitError, NotAppended, Store},
};

/// What became of an append.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It is durable, under this note.
    Durable(String),
    /// Nothing of it was written.
    NotWritten,
    /// Nobody knows.
    Unclear,
}

/// An append on its way to the store.
pub(super) struct Job {
    pub(super) append: Append,
    pub(super) done: oneshot::Sender<Outcome>,
}

enum Message {
    Commit(Job),
    /// What was sent before is finished first.
    Stop(oneshot::Sender<()>),
}

/// A handle to the committer, which ends with the last handle.
#[derive(Clone)]
pub(super) struct Committer {
    messages: mpsc::Sender<Message>,
    /// Whether something is being written.
    writes: Arc<AtomicBool>,
}

impl Committer {
    /// Returns a committer that commits when it is told to.
    pub(super) fn stepped(store: Arc<dyn Store>) -> (Self, Commits) {
        let ((messages, queue), writes) = (mpsc::channel(), Arc::default());
        (Self { messages, writes: Arc::clone(&writes) }, Commits { store: Some(store), queue, writes })
    }

    /// Starts a thread that commits whenever something queued.
    pub(super) fn start(store: Arc<dyn Store>) -> io::Result<Self> {
        let (committer, mut commits) = Self::stepped(store);
        thread::Builder::new().name("committer".into()).spawn(move || while commits.wait() {})?;
        Ok(committer)
    }

    /// Hands over an append; what comes back tells when it is durable. At most one of a ledger is on its way at a time.
    pub(super) fn commit(&self, append: Append) -> oneshot::Receiver<Outcome> {
        let (done, outcome) = oneshot::channel();
        if let Err(mpsc::SendError(Message::Commit(job))) = self.messages.send(Message::Commit(Job { append, done })) {
            // Who waits has not gone: it is the caller.
            let _ = job.done.send(Outcome::NotWritten);
        }
        outcome
    }

    /// Whether an append that is handed over now has to wait for a write to end. May have changed meanwhile.
    pub(super) fn is_writing(&self) -> bool {
        self.writes.load(Ordering::Relaxed)
    }

    /// Waits until everything sent before is finished, and ends the thread.
    pub(super) async fn stop(&self) {
        let (done, stopped) = oneshot::channel();
        if self.messages.send(Message::Stop(done)).is_ok() {
            let _ = stopped.await;
        }
    }
}

/// Enough that the flush is a small part, few enough that nobody waits long for a batch that is not his.
const LEAVES_PER_FLUSH: usize = 16_384;
/// The same for large leaves.
const BYTES_PER_FLUSH: usize = 16 * 1024 * 1024;

/// What queued for the store, and the one who writes it.
pub struct Commits {
    /// `None` once it was told to stop.
    store: Option<Arc<dyn Store>>,
    queue: mpsc::Receiver<Message>,
    writes: Arc<AtomicBool>,
}

impl Commits {
    /// Commits what queued, in one durable write; `false` if nothing did. For simulations, which say when the disk is done.
    pub fn step(&mut self) -> bool {
        match self.queue.try_recv() {
            Ok(first) => {
                self.commit(first);
                true
            }
            Err(_) => false,
        }
    }

    /// Waits until something queues, and commits it; `false` when nothing more can.
    fn wait(&mut self) -> bool {
        match self.queue.recv() {
            Ok(first) => self.commit(first),
            Err(_) => self.store = None,
        }
        self.store.is_some()
    }

    fn commit(&mut self, first: Message) {
        let (mut jobs, mut leaves, mut bytes, mut stop) = (Vec::new(), 0, 0, None);
        let mut next = Some(first);
        while let Some(message) = next {
            match message {
                Message::Commit(job) => {
                    leaves += job.append.leaves.len();
                    bytes += job.append.leaves.iter().map(|(_, leaf)| leaf.len()).sum::<usize>();
                    jobs.push(job);
                }
                Message::Stop(done) => {
                    stop = Some(done);
                    break;
                }
            }
            let more = leaves < LEAVES_PER_FLUSH && bytes < BYTES_PER_FLUSH;
            next = if more { self.queue.try_recv().ok() } else { None };
        }
        if let Some(store) = &self.store {
            commit(store.as_ref(), jobs, &self.writes);
        }
        if let Some(done) = stop {
            // First: who asked may want to open the store again.
            self.store = None;
            // Who asked may have gone.
            let _ = done.send(());
        }
    }
}

fn commit(store: &dyn Store, jobs: Vec<Job>, writes: &AtomicBool) {
    if jobs.is_empty() {
        return;
    }
    let (appends, waiting): (Vec<Append>, Vec<_>) = jobs.into_iter().map(|job| (job.append, job.done)).unzip();
    let ledgers: Vec<_> = appends.iter().map(|append| append.ledger).collect();
    writes.store(true, Ordering::Relaxed);
    let committed = panic::catch_unwind(AssertUnwindSafe(|| store.commit(appends)));
    // Before anybody hears of it: who has just landed does not wait for its own write.
    writes.store(false, Ordering::Relaxed);
    let outcomes: Vec<Outcome> = match committed {
        Err(_) => {
            error!(ledgers = ledgers.len(), "the store panicked in a commit");
            vec![Outcome::Unclear; ledgers.len()]
        }
        Ok(Ok(outcomes)) => {
            outcomes.into_iter().zip(&ledgers).map(|(outcome, ledger)| of_one(outcome, *ledger)).collect()
        }
        Ok(Err(failed)) => {
            error!(ledgers = ledgers.len(), error = %Causes(&failed), "commit failed");
            let outcome = match failed {
                CommitError::NotWritten { .. } => Outcome::NotWritten,
                CommitError::Unclear { .. } => Outcome::Unclear,
            };
            vec![outcome; ledgers.len()]
        }
    };
    for (done, outcome) in waiting.into_iter().zip(outcomes) {
        // A ledger's task that has gone has nobody left to answer.
        let _ = done.send(outcome);
    }
}

fn of_one(outcome: Result<String, NotAppended>, ledger: LedgerId) -> Outcome {
    match outcome {
        Ok(note) => Outcome::Durable(note),
        Err(problem) => {
            error!(ledger = %ledger.digest(), error = %problem, "an append was not written");
            Outcome::NotWritten
        }
    }
}
