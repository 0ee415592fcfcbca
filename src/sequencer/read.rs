//! Reading: everything speaks of what is durable, and names no size beyond it.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::watch;

use crate::{
    agreement::Agreement,
    checkpoint::SignedCheckpoint,
    digest::Digest,
    ledger::{LedgerId, entry::Entry},
    merkle::{
        index::{LeafIndex, NodeIndex, TreeSize},
        proof::Nodes,
    },
    sequencer::{Sequencer, Submitted, error::ReadError, ledgers::Handle, proven::Proofs, recovery::fold},
    statement::id::{AgreementId, StatementId},
    store::{Head, Store, StoreError},
};

impl Sequencer {
    /// Returns the latest durable checkpoint.
    pub async fn checkpoint(&self, agreement: AgreementId) -> Result<SignedCheckpoint, ReadError> {
        Ok(self.durable(agreement).await?.as_ref().clone())
    }

    /// Returns the checkpoint of the first `size` entries, signed anew unless it is the latest: pages of a listing all
    /// speak of one size, whatever comes in between.
    ///
    /// Errors: [`ReadError::BeyondTree`] for a size that is not durable or zero, and when the store fails.
    pub async fn checkpoint_at(&self, agreement: AgreementId, size: u64) -> Result<SignedCheckpoint, ReadError> {
        let latest = self.durable(agreement).await?;
        if size == latest.checkpoint().size.get() {
            return Ok(latest.as_ref().clone());
        }
        let size = past(size, &latest)?;
        let signer = self.signer(agreement);
        self.reading(agreement, move |store, ledger| {
            Ok(Proofs { store, ledger, known: latest.as_ref().into() }.sign(size, &signer)?)
        })
        .await
    }

    /// Returns leaves in order from `from` on: at most `max`, and not many more bytes than 4 MiB. None at the end.
    pub async fn entries(&self, agreement: AgreementId, from: u64, max: usize) -> Result<Vec<Bytes>, ReadError> {
        let size = self.durable(agreement).await?.checkpoint().size.get();
        let left = usize::try_from(size.saturating_sub(from)).unwrap_or(usize::MAX).min(max);
        if left == 0 {
            return Ok(Vec::new());
        }
        self.reading(agreement, move |store, ledger| {
            store.leaves(ledger, LeafIndex::new(from), left, PAGE_BYTES).map_err(|source| ReadError::Store { source })
        })
        .await
    }

    /// Returns the index of a statement, if it is in the durable ledger.
    pub async fn index_of(&self, agreement: AgreementId, statement: StatementId) -> Result<Option<u64>, ReadError> {
        let size = self.durable(agreement).await?.checkpoint().size.get();
        let found = self.reading(agreement, move |store, ledger| {
            store.find(ledger, statement.digest()).map_err(|source| ReadError::Store { source })
        });
        Ok(found.await?.map(LeafIndex::get).filter(|index| *index < size))
    }

    /// Proves an entry at the latest durable checkpoint.
    ///
    /// Errors: [`ReadError::BeyondTree`], and when the store fails.
    pub async fn prove_inclusion(&self, agreement: AgreementId, index: u64) -> Result<Submitted, ReadError> {
        let checkpoint = self.durable(agreement).await?;
        let size = checkpoint.checkpoint().size;
        if index >= size.get() {
            return Err(ReadError::BeyondTree { asked: index, size: size.get() });
        }
        self.reading(agreement, move |store, ledger| {
            let damaged =
                || ReadError::Store { source: StoreError::Damaged { ledger, what: format!("entry {index}") } };
            let leaf_index = LeafIndex::new(index);
            let leaves =
                store.leaves(ledger, leaf_index, 1, usize::MAX).map_err(|source| ReadError::Store { source })?;
            let leaf = leaves.into_iter().next().ok_or_else(damaged)?;
            let Entry { admitted, envelope } = Entry::decode(&leaf).map_err(|_| damaged())?;
            let path = Proofs { store, ledger, known: checkpoint.as_ref().into() }.inclusion(leaf_index, &leaf)?;
            let statement = StatementId::from_digest(envelope.id());
            Ok(Submitted { agreement, statement, index, admitted, leaf, path, checkpoint, already_recorded: true })
        })
        .await
    }

    /// Proves the ledger of `first` entries a prefix of the ledger of `second`; `0 < first <= second`.
    ///
    /// Errors: [`ReadError::BeyondTree`] for sizes that are not durable or zero, and when the store fails.
    pub async fn prove_consistency(
        &self,
        agreement: AgreementId,
        first: u64,
        second: u64,
    ) -> Result<Vec<Digest>, ReadError> {
        let latest = self.durable(agreement).await?;
        let size = latest.checkpoint().size.get();
        let beyond = |asked| ReadError::BeyondTree { asked, size };
        let fits = |asked: u64, max: u64| TreeSize::new(asked).filter(|_| (1..=max).contains(&asked));
        let second = fits(second, size).ok_or(beyond(second))?;
        let first = fits(first, second.get()).ok_or(beyond(first))?;
        self.reading(agreement, move |store, ledger| {
            Ok(Proofs { store, ledger, known: latest.as_ref().into() }.consistency(first, second)?)
        })
        .await
    }

    /// Reads the agreement as it stood at `size` entries, folded anew from them, with the checkpoint of that size.
    ///
    /// Errors: [`ReadError::BeyondTree`] for a size that is not durable or zero, and when the store fails.
    pub async fn view_at<R: Send + 'static>(
        &self,
        agreement: AgreementId,
        size: u64,
        read: impl FnOnce(&Agreement, &SignedCheckpoint) -> R + Send + 'static,
    ) -> Result<R, ReadError> {
        let checkpoint = self.durable(agreement).await?;
        let latest = checkpoint.checkpoint().size.get();
        if size == latest {
            return self.view(agreement, read).await;
        }
        let size = past(size, &checkpoint)?;
        let signer = self.signer(agreement);
        let leave = Arc::clone(&self.inner.folds).acquire_owned().await.map_err(|_| ReadError::Stopped)?;
        self.reading(agreement, move |store, ledger| {
            // Kept to the end of the work, which goes on when nobody waits for it any more.
            let _leave = leave;
            let folded = fold(store, ledger, size).map_err(|source| ReadError::Fold { source: Box::new(source) })?;
            let known = checkpoint.as_ref().into();
            Ok(read(&folded.agreement, &Proofs { store, ledger, known }.sign(size, &signer)?))
        })
        .await
    }

    /// Lists agreements with their latest durable checkpoints, in the order of their ids, from the one after `after` on.
    pub async fn agreements(
        &self,
        after: Option<AgreementId>,
        max: usize,
    ) -> Result<Vec<(AgreementId, SignedCheckpoint)>, ReadError> {
        let after = after.map(|agreement| LedgerId::new(agreement.digest()));
        if self.inner.ledgers.is_closed() {
            return Err(ReadError::Stopped);
        }
        let sequencer = self.clone();
        // With their signatures, which keep a core busy: ledgers' tasks share the threads that answer.
        let opened = self.inner.config.threads.wait(move || {
            let heads = sequencer.inner.store.ledgers(after, max)?.into_iter().map(|(ledger, head)| {
                let agreement = AgreementId::from_digest(ledger.digest());
                Ok((agreement, sequencer.open_head(agreement, &head)?))
            });
            heads.collect()
        });
        opened.await.unwrap_or(Err(ReadError::Failed))
    }

    /// Returns a watch of the durable size: it changes with every batch. The ledger stays in memory for as long as it lives.
    pub async fn watch(&self, agreement: AgreementId) -> Result<watch::Receiver<u64>, ReadError> {
        loop {
            self.handle(agreement).await?.ok_or(ReadError::AgreementNotFound)?;
            // Between the two it may have left.
            if let Some(watch) = self.inner.ledgers.watch(agreement)? {
                return Ok(watch);
            }
        }
    }

    /// Returns the latest durable checkpoint: what the ledger's task told last, or what the store has of one not in memory.
    pub(super) async fn durable(&self, agreement: AgreementId) -> Result<Arc<SignedCheckpoint>, ReadError> {
        if let Some(Handle { durable, .. }) = self.inner.ledgers.get(agreement)? {
            match durable.checkpoint() {
                Some(told) => return Ok(told),
                // Being founded: what the store shows may be of a commit that nobody knows to be durable.
                None if !durable.founded => return Err(ReadError::AgreementNotFound),
                None => {}
            }
        }
        let head =
            self.reading(agreement, |store, ledger| store.head(ledger).map_err(|source| ReadError::Store { source }));
        let head = head.await?.ok_or(ReadError::AgreementNotFound)?;
        Ok(Arc::new(self.open_head(agreement, &head)?))
    }

    fn open_head(&self, agreement: AgreementId, head: &Head) -> Result<SignedCheckpoint, ReadError> {
        let ledger = LedgerId::new(agreement.digest());
        let damaged = |_| ReadError::Store { source: StoreError::Damaged { ledger, what: "the checkpoint".into() } };
        SignedCheckpoint::open(&head.note, &self.verifier(agreement)).map_err(damaged)
    }

    /// Reads the store on a thread that may wait.
    pub(super) async fn reading<R: Send + 'static>(
        &self,
        agreement: AgreementId,
        read: impl FnOnce(&dyn Store, LedgerId) -> Result<R, ReadError> + Send + 'static,
    ) -> Result<R, ReadError> {
        let store = Arc::clone(&self.inner.store);
        let ledger = LedgerId::new(agreement.digest());
        self.inner.config.threads.wait(move || read(store.as_ref(), ledger)).await.unwrap_or(Err(ReadError::Failed))
    }
}

/// Takes a size that lies before the latest.
pub(super) fn past(size: u64, latest: &SignedCheckpoint) -> Result<TreeSize, ReadError> {
    let end = latest.checkpoint().size.get();
    TreeSize::new(size).filter(|_| (1..end).contains(&size)).ok_or(ReadError::BeyondTree { asked: size, size: end })
}

const PAGE_BYTES: usize = 4 * 1024 * 1024;

/// The kept nodes of a ledger.
pub(super) struct StoreNodes<'a> {
    pub(super) store: &'a dyn Store,
    pub(super) ledger: LedgerId,
}

impl Nodes for StoreNodes<'_> {
    type Error = StoreError;

    fn node(&self, node: NodeIndex) -> Result<Digest, StoreError> {
        let found = self.store.nodes(self.ledger, &[node])?;
        let missing = || StoreError::Damaged {
            ledger: self.ledger,
            what: format!("node {} of level {}", node.index, node.level),
        };
        found.first().copied().ok_or_else(missing)
    }
}
