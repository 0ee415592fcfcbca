//! Reading an agreement whose old entries are put away: the books at hand, everything else page by page from the store.
//!
//! A reader takes a copy of the books from the ledger's task, with the slips that are not kept yet, and reads the rest
//! without it. What it finds may be newer than its size; the law leaves out what came later.

use std::{cell::Cell, collections::BTreeMap, ops::Range, sync::Arc};

use bytes::Bytes;

use crate::{
    agreement::{
        Agreement,
        explain::{Explanation, Gathered},
        put_away::{KeptBenefit, KeptContribution, PutAwayError, Slip, Standing, key},
        refusal::Refusal,
    },
    checkpoint::SignedCheckpoint,
    ledger::{LedgerId, entry::Entry},
    merkle::index::LeafIndex,
    sequencer::{
        Sequencer,
        command::Command,
        error::ReadError,
        keeping::{KeepingError, prefixed, recall_all, slip},
        proven::Proofs,
        read::past,
    },
    statement::{Signed, id::AgreementId, wire},
    store::{Store, StoreError},
    time::Timestamp,
};

/// What a reader wants of what may be put away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Nothing: the books.
    Books,
    /// Contributions in entries from this one on.
    Contributions(u64),
    /// Benefits in entries from this one on, and their reversals.
    Benefits(u64),
    /// Everything.
    All,
}

/// An agreement as it stood at a size, for whoever reads much of it.
pub struct Reader {
    store: Arc<dyn Store>,
    ledger: LedgerId,
    lineage: u32,
    agreement: Agreement,
    checkpoint: SignedCheckpoint,
    standing: Standing,
    /// Slips that are not kept; `None` is removed.
    fresh: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
    /// Whether something that is kept could not be read.
    spoilt: Cell<bool>,
}

impl Sequencer {
    /// Reads the agreement as it stands at its latest durable checkpoint, or as its entries stood at `size`, on a thread that
    /// may wait. The books are always those of the latest.
    ///
    /// Errors: [`ReadError::BeyondTree`] for a size that is not durable or zero, and when the store fails.
    pub async fn read<R: Send + 'static>(
        &self,
        agreement: AgreementId,
        size: Option<u64>,
        part: Part,
        read: impl FnOnce(&mut Reader) -> R + Send + 'static,
    ) -> Result<R, ReadError> {
        // Before the books are copied for it. Kept to the end of the work, which goes on when nobody waits for it any more.
        let leave = Arc::clone(&self.inner.reads).acquire_owned().await.map_err(|_| ReadError::Stopped)?;
        let taken = self.look(agreement, move |agreement, keeping, checkpoint| {
            let mut fresh = BTreeMap::new();
            for range in part.ranges() {
                fresh.extend(keeping.waiting(range).map(|(key, slip)| (key.to_vec(), slip.map(|slip| slip.to_vec()))));
            }
            fresh.extend(part.changed(agreement).into_iter().map(|(key, slip)| (key, Some(slip))));
            (agreement.without_slips(), keeping.lineage(), fresh, Arc::clone(checkpoint))
        });
        let (law, lineage, fresh, latest) = taken.await?;
        let (store, signer) = (Arc::clone(&self.inner.store), self.signer(agreement));
        let told = self.reading(agreement, move |nodes, ledger| {
            let _leave = leave;
            let checkpoint = match size {
                Some(size) if size != latest.checkpoint().size.get() => {
                    let known = latest.as_ref().into();
                    Proofs { store: nodes, ledger, known }.sign(past(size, &latest)?, &signer)?
                }
                _ => latest.as_ref().clone(),
            };
            let standing = law.standing_at(checkpoint.checkpoint().size.get());
            let spoilt = Cell::new(false);
            let mut reader = Reader { store, ledger, lineage, agreement: law, checkpoint, standing, fresh, spoilt };
            let told = read(&mut reader);
            Ok((told, reader.spoilt.get()))
        });
        let (told, spoilt) = told.await?;
        if spoilt {
            // Who asks again finds it folded anew; whether this is heard, the next one will see.
            let _ = self.send(agreement, Command::Spoilt { lineage }).await;
        }
        Ok(told)
    }
}

impl Part {
    fn ranges(self) -> Vec<Range<Vec<u8>>> {
        match self {
            Self::Books => Vec::new(),
            Self::Contributions(from) => vec![key::contributions_from(from)],
            Self::Benefits(from) => vec![key::benefits_from(from), key::reversals_from(from)],
            Self::All => vec![key::contributions_from(0), key::benefits_from(0), key::reversals_from(0)],
        }
    }

    fn changed(self, agreement: &Agreement) -> Vec<Slip> {
        let benefits = |from| {
            let benefits = agreement.changed_benefits(from).into_iter();
            benefits.chain(agreement.changed_reversals(from))
        };
        match self {
            Self::Books => Vec::new(),
            Self::Contributions(from) => agreement.changed_contributions(from),
            Self::Benefits(from) => benefits(from).collect(),
            Self::All => agreement.changed_contributions(0).into_iter().chain(benefits(0)).collect(),
        }
    }
}

impl Reader {
    /// Returns the books, as they stand at the latest durable checkpoint.
    #[must_use]
    pub const fn agreement(&self) -> &Agreement {
        &self.agreement
    }

    /// Returns the checkpoint of the size that is read.
    #[must_use]
    pub const fn checkpoint(&self) -> &SignedCheckpoint {
        &self.checkpoint
    }

    /// Returns how everything stood at that size.
    #[must_use]
    pub const fn standing(&self) -> Standing {
        self.standing
    }

    /// Returns the number of entries at that size.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.checkpoint.checkpoint().size.get()
    }

    /// Returns the statement in an entry, and when it was admitted.
    pub fn entry(&self, index: u64) -> Result<(Signed, Timestamp), ReadError> {
        let damaged = || StoreError::Damaged { ledger: self.ledger, what: format!("entry {index}") };
        let leaves = self.store.leaves(self.ledger, LeafIndex::new(index), 1, usize::MAX)?;
        let Entry { admitted, envelope } =
            leaves.first().and_then(|leaf| Entry::decode(leaf).ok()).ok_or_else(damaged)?;
        Ok((wire::open(&envelope).map_err(|_| damaged())?, admitted))
    }

    /// Returns the contribution in an entry, if one is there.
    pub fn contribution(&self, index: u64) -> Result<Option<KeptContribution>, ReadError> {
        let key = key::contribution(index);
        let found = match self.fresh.get(&key) {
            Some(slip) => slip.clone().map(Bytes::from),
            None => self.store.records(self.ledger, &[prefixed(self.lineage, &key)])?.pop().flatten(),
        };
        let within = found.filter(|_| index < self.size());
        let read = within.map(|slip| self.agreement.read_contribution(&key, &slip)).transpose();
        read.map_err(|error| self.damaged(error))
    }

    /// Returns the contributions in entries from `index` on, in their order.
    pub fn contributions(&self, index: u64) -> impl Iterator<Item = Result<KeptContribution, ReadError>> {
        let size = self.size();
        let read = |slip: Result<Slip, ReadError>| {
            let (key, slip) = slip?;
            self.agreement.read_contribution(&key, &slip).map_err(|error| self.damaged(error))
        };
        let within = move |kept: &Result<KeptContribution, _>| kept.as_ref().map_or(true, |kept| kept.index() < size);
        self.slips(key::contributions_from(index)).map(read).take_while(within)
    }

    /// Returns the benefits in entries from `index` on, in their order.
    pub fn benefits(&self, index: u64) -> impl Iterator<Item = Result<KeptBenefit, ReadError>> {
        let size = self.size();
        let read = |slip: Result<Slip, ReadError>| {
            let (key, slip) = slip?;
            let kept = self.agreement.read_benefit(&key, &slip, []).map_err(|error| self.damaged(error))?;
            if !kept.has_reversals() {
                return Ok(kept);
            }
            let reversals: Vec<Slip> = self.slips(key::reversals_of(kept.index())).collect::<Result<_, _>>()?;
            let reversals = reversals.iter().map(|(key, slip)| (key.as_slice(), slip.as_slice()));
            self.agreement.read_benefit(&key, &slip, reversals).map_err(|error| self.damaged(error))
        };
        let within = move |kept: &Result<KeptBenefit, _>| kept.as_ref().map_or(true, |kept| kept.index() < size);
        self.slips(key::benefits_from(index)).map(read).take_while(within)
    }

    /// Recalls what the account at `tree_size` needs: afterwards [`Agreement::account_at`] may be asked.
    pub fn recall_account(&mut self, tree_size: u64) -> Result<(), ReadError> {
        if let Some(wanted) = self.agreement.wanted_at(tree_size) {
            recall_all(self.store.as_ref(), self.ledger, self.lineage, &mut self.agreement, &[wanted]).map_err(
                |error| match error {
                    KeepingError::PutAway { source } => self.damaged(source),
                    KeepingError::Store { source } => ReadError::Store { source },
                    KeepingError::Unfit { .. } => ReadError::Failed,
                },
            )?;
        }
        Ok(())
    }

    /// Explains a line of the account at `tree_size`, as [`Agreement::explain`]. `None`: it would have more than `bytes_max`
    /// bytes, and was not finished.
    pub fn explain(
        &mut self,
        (party, currency): (usize, usize),
        tree_size: u64,
        bytes_max: usize,
    ) -> Result<Option<Result<Explanation, Refusal>>, ReadError> {
        self.recall_account(tree_size)?;
        let mut gathered = Gathered::new(party, currency, tree_size);
        for kept in self.contributions(0) {
            gathered.take_contribution(&self.agreement, &kept?);
            if gathered.bytes() > bytes_max {
                return Ok(None);
            }
        }
        for kept in self.benefits(0) {
            gathered.take_benefit(&kept?);
            if gathered.bytes() > bytes_max {
                return Ok(None);
            }
        }
        Ok(Some(self.agreement.explain_from(gathered)))
    }

    fn damaged(&self, source: PutAwayError) -> ReadError {
        self.spoilt.set(true);
        ReadError::PutAway { source }
    }

    /// Returns the slips of a range of keys, in their order.
    fn slips(&self, range: Range<Vec<u8>>) -> impl Iterator<Item = Result<Slip, ReadError>> {
        let mut left = Some(range);
        let mut page = Vec::new().into_iter();
        std::iter::from_fn(move || {
            loop {
                if let Some(slip) = page.next() {
                    return Some(Ok(slip));
                }
                match self.page(left.take()?) {
                    Ok((slips, rest)) => (page, left) = (slips.into_iter(), rest),
                    Err(error) => return Some(Err(error)),
                }
            }
        })
    }

    /// Returns the first slips of a range of keys, and the range that is left.
    fn page(&self, Range { start, end }: Range<Vec<u8>>) -> Result<PageOfSlips, ReadError> {
        let (from, upto) = (prefixed(self.lineage, &start), prefixed(self.lineage, &end));
        let kept = self.store.list_records(self.ledger, &from, &upto, false, PAGE_SLIPS)?;
        let full = kept.len() == PAGE_SLIPS;
        let mut slips: BTreeMap<Vec<u8>, Vec<u8>> = kept.iter().map(|(key, value)| slip(key, value)).collect();
        // The first key behind the last that was listed.
        let last = slips.last_key_value().filter(|_| full);
        let rest = last.map(|(key, _)| [key.as_slice(), &[0]].concat());
        let upto = rest.clone().unwrap_or_else(|| end.clone());
        for (key, slip) in self.fresh.range(start..upto) {
            match slip {
                Some(slip) => drop(slips.insert(key.clone(), slip.clone())),
                None => drop(slips.remove(key)),
            }
        }
        Ok((slips.into_iter().collect(), rest.map(|start| start..end)))
    }
}

/// Slips, and the range of keys that is left.
type PageOfSlips = (Vec<Slip>, Option<Range<Vec<u8>>>);

const PAGE_SLIPS: usize = 256;

impl From<StoreError> for ReadError {
    fn from(source: StoreError) -> Self {
        Self::Store { source }
    }
}
