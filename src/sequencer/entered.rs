//! A statement that is in the queue of its ledger, and what comes of one that is not.

use tokio::sync::oneshot;

use crate::{
    sequencer::{
        Sequencer, Submitted,
        answer::Answer,
        command::Command,
        error::{ReadError, SubmitError},
    },
    statement::{
        id::{AgreementId, StatementId},
        wire::Opened,
    },
};

/// A statement in the queue of its ledger: what was entered after it is judged after it.
pub struct Entered {
    pub(super) sequencer: Sequencer,
    pub(super) agreement: AgreementId,
    pub(super) statement: StatementId,
    pub(super) answered: oneshot::Receiver<Result<Answer, SubmitError>>,
}

impl Entered {
    /// Waits until what became of it is durable. Errors: [`SubmitError`].
    pub async fn answer(self) -> Result<Submitted, SubmitError> {
        let Self { sequencer, agreement, statement, answered } = self;
        match answered.await.map_err(|_| sequencer.lost())?? {
            Answer::Recorded(recorded) => recorded.prove(),
            Answer::Refused { refusal, judged } => Err(sequencer.refused(agreement, statement, *refusal, judged)),
            // Proving an old entry reads the store; the ledger's only writer does not wait for that.
            Answer::Before { index } => {
                sequencer.prove_inclusion(agreement, index).await.map_err(|error| match error {
                    ReadError::Stopped => SubmitError::ShuttingDown,
                    // It is there, and cannot be shown.
                    _ => SubmitError::CommitUnclear,
                })
            }
        }
    }
}

/// Why a statement is in no queue.
#[derive(Debug, thiserror::Error)]
pub enum NotEntered {
    /// Too many wait for its ledger; it may be entered again.
    #[error("too many statements wait for this ledger")]
    Full(
        /// The statement as it came.
        Box<Opened>,
    ),
    /// Entering it again would not help.
    #[error(transparent)]
    Failed(SubmitError),
}

impl From<NotEntered> for SubmitError {
    fn from(not: NotEntered) -> Self {
        match not {
            NotEntered::Full(_) => Self::Busy,
            NotEntered::Failed(error) => error,
        }
    }
}

/// Why a ledger's task was not told something.
pub(super) enum NotSent {
    Full(Command),
    Failed(SubmitError),
}

impl From<SubmitError> for NotSent {
    fn from(error: SubmitError) -> Self {
        Self::Failed(error)
    }
}

impl From<NotSent> for SubmitError {
    fn from(not: NotSent) -> Self {
        match not {
            NotSent::Full(_) => Self::Busy,
            NotSent::Failed(error) => error,
        }
    }
}
