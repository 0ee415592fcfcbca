//! What a ledger's task answers: who asked makes the receipt, or signs the refusal, and not the ledger's only writer.

use std::sync::Arc;

use bytes::Bytes;

use crate::{
    agreement::refusal::Refusal,
    checkpoint::SignedCheckpoint,
    digest::Digest,
    merkle::{
        index::{LeafIndex, TreeSize},
        overlay::SealedOverlay,
    },
    sequencer::{Submitted, error::SubmitError},
    statement::id::{AgreementId, StatementId},
    time::Timestamp,
};

/// What became of a statement.
pub(super) enum Answer {
    /// It is durable.
    Recorded(Recorded),
    /// It was durable before.
    Before {
        /// Where it stands.
        index: u64,
    },
    /// The law refuses it; what it rests on is durable.
    Refused {
        /// Why.
        refusal: Box<Refusal>,
        /// Where it was judged.
        judged: Judged,
    },
}

/// Where a statement was judged: who submitted it signs for that, and not the ledger's only writer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Judged {
    pub(super) at: Timestamp,
    /// The number of entries before it, and their root.
    pub(super) size: TreeSize,
    pub(super) root: Digest,
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
