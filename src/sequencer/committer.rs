//! The committer: the one thread that writes. It puts the appends of all ledgers that queued while it was flushing into one
//! durable write.

use std::{
    error::Error,
    fmt, io,
    panic::{self, AssertUnwindSafe},
    sync::{Arc, mpsc},
    thread,
};

use tokio::sync::oneshot;
use tracing::error;

use crate::{
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

/// A handle to the committer's thread, which ends with the last handle.
#[derive(Clone)]
pub(super) struct Committer {
    messages: mpsc::Sender<Message>,
}

impl Committer {
    /// Starts the thread.
    pub(super) fn start(store: Arc<dyn Store>) -> io::Result<Self> {
        let (messages, queue) = mpsc::channel();
        thread::Builder::new().name("committer".into()).spawn(move || run(store, &queue))?;
        Ok(Self { messages })
    }

    /// Makes an append durable.
    pub(super) async fn commit(&self, append: Append) -> Outcome {
        let (done, outcome) = oneshot::channel();
        if self.messages.send(Message::Commit(Job { append, done })).is_err() {
            return Outcome::NotWritten;
        }
        // The thread can only be gone by a panic, somewhere in the store.
        outcome.await.unwrap_or(Outcome::Unclear)
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

fn run(store: Arc<dyn Store>, queue: &mpsc::Receiver<Message>) {
    while let Ok(first) = queue.recv() {
        let mut jobs = Vec::new();
        let (mut leaves, mut bytes, mut stop) = (0, 0, None);
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
            next = if more { queue.try_recv().ok() } else { None };
        }
        commit(store.as_ref(), jobs);
        if let Some(done) = stop {
            // First: who asked may want to open the store again.
            drop(store);
            // Who asked may have gone.
            let _ = done.send(());
            return;
        }
    }
}

fn commit(store: &dyn Store, jobs: Vec<Job>) {
    if jobs.is_empty() {
        return;
    }
    let (appends, waiting): (Vec<Append>, Vec<_>) = jobs.into_iter().map(|job| (job.append, job.done)).unzip();
    let ledgers: Vec<_> = appends.iter().map(|append| append.ledger).collect();
    let committed = panic::catch_unwind(AssertUnwindSafe(|| store.commit(appends)));
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

/// An error with its causes, in one line.
struct Causes<'a>(&'a dyn Error);

impl fmt::Display for Causes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}
