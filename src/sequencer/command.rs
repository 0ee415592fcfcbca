//! What a ledger's task is asked to do, and whether anybody still waits for it.

use std::sync::{Arc, Weak};

use tokio::sync::{OwnedSemaphorePermit, oneshot};

use crate::{
    agreement::Agreement,
    checkpoint::SignedCheckpoint,
    sequencer::{answer::Answer, error::SubmitError, keeping::Keeping},
    statement::{Signed, wire::Opened},
};

/// What a ledger's task is asked to do.
pub(super) enum Command {
    /// Take a statement in.
    Submit { opened: Box<Opened>, answer: oneshot::Sender<Result<Answer, SubmitError>> },
    /// Say whether it would be taken in.
    Validate { signed: Box<Signed>, answer: oneshot::Sender<Result<(), SubmitError>> },
    /// Show the agreement.
    View(View),
    /// Fold the ledger anew: something that is kept under this lineage could not be read.
    Spoilt { lineage: u32 },
    /// Finish what was asked before, and end.
    Stop(oneshot::Sender<()>),
}

impl Command {
    /// Whether it is to be done: a statement is, though its sender has gone, but nobody needs an answer that nobody hears.
    pub(super) fn is_wanted(&self) -> bool {
        match self {
            Self::Validate { answer, .. } => !answer.is_closed(),
            Self::View(view) => view.asker.strong_count() > 0,
            Self::Submit { .. } | Self::Spoilt { .. } | Self::Stop(_) => true,
        }
    }
}

/// Looks at an agreement, what is kept of it, and the checkpoint it stands at.
pub(super) type Look = Box<dyn FnOnce(&Agreement, &Keeping, &Arc<SignedCheckpoint>) + Send>;

/// A question for what a ledger's task has in memory.
pub(super) struct View {
    pub(super) look: Look,
    asker: Weak<Asker>,
    /// One of the questions that may stand in front of statements.
    _leave: OwnedSemaphorePermit,
}

/// Held by whoever waits for a view.
pub(super) struct Asker;

impl View {
    /// Returns the question, and what its asker holds.
    pub(super) fn new(look: Look, leave: OwnedSemaphorePermit) -> (Self, Arc<Asker>) {
        let asker = Arc::new(Asker);
        (Self { look, asker: Arc::downgrade(&asker), _leave: leave }, asker)
    }
}
