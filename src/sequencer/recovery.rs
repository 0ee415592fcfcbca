//! The one recovery path: a ledger is folded from its entries, and must make its last checkpoint. Taken at every start, and
//! after every commit that did not clearly succeed.
//!
//! The fold begins at the snapshot that is kept beside the ledger, if it fits it; whatever is wrong on the way from there,
//! the ledger is folded from its first entry on before anything is said against it.

use bytes::Bytes;
use tracing::warn;

use crate::{
    agreement::{Agreement, refusal::check_seen},
    causes::Causes,
    checkpoint::{SignedCheckpoint, note::NoteVerifier},
    digest::Digest,
    keys::KnownKeys,
    ledger::{LedgerId, entry::Entry},
    merkle::{
        hash::leaf_hash,
        index::{LeafIndex, NodeIndex, TreeSize},
        proof::root_at,
        tree::Frontier,
    },
    parallel,
    sequencer::{
        error::OpenError,
        keeping::{Keeping, Memory, Opened, warn_unusable},
        read::StoreNodes,
    },
    statement::{Signed, id::AgreementId, wire},
    store::{Head, Store},
};

/// A ledger in memory, as its task holds it.
pub(super) struct Live {
    /// The law's state.
    pub(super) agreement: Agreement,
    /// What appending needs.
    pub(super) frontier: Frontier,
    /// Covers every entry.
    pub(super) checkpoint: SignedCheckpoint,
    /// What is kept of it.
    pub(super) keeping: Keeping,
}

/// Checks every ledger of a store, on all cores, and keeps none in memory.
///
/// Errors: [`OpenError`], for the first that does not hold.
pub(super) fn recover_all(
    store: &dyn Store,
    memory: Memory,
    verifier: impl Fn(AgreementId) -> NoteVerifier + Sync,
) -> Result<(), OpenError> {
    let (mut after, mut failed) = (None, None);
    let mut heads = Vec::new().into_iter();
    let verifier = &verifier;
    let mut checked = Ok(());
    parallel::in_order(
        || {
            if heads.len() == 0 {
                match store.ledgers(after, PAGE_LEDGERS) {
                    Ok(page) => heads = page.into_iter(),
                    Err(source) => failed = Some(OpenError::Store { source }),
                }
            }
            let (ledger, head) = heads.next()?;
            after = Some(ledger);
            Some((ledger, head))
        },
        |(ledger, head)| recover(store, ledger, &head, (memory, Begin::AtSnapshot), verifier).map(drop),
        |one| {
            checked = one;
            checked.is_ok()
        },
    );
    checked.and(failed.map_or(Ok(()), Err))
}

const PAGE_LEDGERS: usize = 1_000;

/// Where a ledger is folded from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Begin {
    /// From its snapshot, if there is one that fits.
    AtSnapshot,
    /// From its first entry.
    AtFounding,
}

/// Folds one ledger and holds it against its head.
///
/// Errors: [`OpenError`], which names the first bad index.
pub(super) fn recover(
    store: &dyn Store,
    ledger: LedgerId,
    head: &Head,
    (memory, begin): (Memory, Begin),
    verifier: impl Fn(AgreementId) -> NoteVerifier,
) -> Result<(AgreementId, Live), OpenError> {
    let agreement = AgreementId::from_digest(ledger.digest());
    let verifier = verifier(agreement);
    let checkpoint = SignedCheckpoint::open(&head.note, &verifier).map_err(|source| {
        let origin = verifier.name().to_owned();
        OpenError::Checkpoint { agreement, origin, source }
    })?;
    let (size, root) = (checkpoint.checkpoint().size, checkpoint.checkpoint().root);
    let opened = match begin {
        Begin::AtSnapshot => Keeping::open(store, ledger, size, memory).unwrap_or_else(|error| {
            warn_unusable(ledger, &error);
            None
        }),
        Begin::AtFounding => None,
    };
    let is_right = |frontier: &Frontier| frontier.root() == root && head.size == size;
    if let Some(Opened { agreement: law, frontier, keeping }) = opened {
        let folding = Folding { store, ledger, agreement: Some(law), frontier, keeping: Some(keeping) };
        match folding.up_to(size) {
            Ok((law, frontier, Some(keeping))) if is_right(&frontier) => {
                return Ok((agreement, Live { agreement: law, frontier, checkpoint, keeping }));
            }
            Ok(_) => warn!(%agreement, "from its snapshot on, the ledger makes another root: it is folded anew"),
            Err(error) => warn!(%agreement, %error, "the ledger does not fold from its snapshot: it is folded anew"),
        }
    }
    let keeping = Keeping::anew(store, ledger, memory).map_err(|source| OpenError::Store { source })?;
    let frontier = Frontier::empty();
    let folding = Folding { store, ledger, agreement: None, frontier, keeping: Some(keeping) };
    match folding.up_to(size)? {
        (law, frontier, Some(keeping)) if is_right(&frontier) => {
            Ok((agreement, Live { agreement: law, frontier, checkpoint, keeping }))
        }
        (_, frontier, _) => Err(OpenError::Root { agreement, size: frontier.size().get() }),
    }
}

/// The first entries of a ledger, folded, with everything at hand.
pub(super) struct Folded {
    /// The law's state after them.
    pub(super) agreement: Agreement,
}

/// Folds the first `size` entries of a ledger; `size` is at least 1.
///
/// Errors: [`OpenError::Entry`], which names the first index that is missing, that does not hash to the node kept for it, or
/// that the law refuses.
pub(super) fn fold(store: &dyn Store, ledger: LedgerId, size: TreeSize) -> Result<Folded, OpenError> {
    let frontier = Frontier::empty();
    let folding = Folding { store, ledger, agreement: None, frontier, keeping: None };
    let (agreement, _, _) = folding.up_to(size)?;
    Ok(Folded { agreement })
}

const PAGE_ENTRIES: usize = 4_096;
const PAGE_BYTES: usize = 8 * 1024 * 1024;

struct Folding<'a> {
    store: &'a dyn Store,
    ledger: LedgerId,
    agreement: Option<Agreement>,
    frontier: Frontier,
    /// `None`: everything stays at hand, and nothing is kept.
    keeping: Option<Keeping>,
}

impl Folding<'_> {
    fn up_to(mut self, size: TreeSize) -> Result<(Agreement, Frontier, Option<Keeping>), OpenError> {
        let mut page_max = PAGE_ENTRIES;
        while self.frontier.size() < size {
            let from = self.frontier.size().get();
            let wanted = usize::try_from(size.get() - from).unwrap_or(usize::MAX).min(page_max);
            match self.store.leaves(self.ledger, LeafIndex::new(from), wanted, PAGE_BYTES) {
                Ok(leaves) if leaves.is_empty() => return Err(self.bad(from, "it is missing".into())),
                Ok(leaves) => self.page(&leaves)?,
                // Somewhere in the page: a smaller one ends before it, down to the first that cannot be read.
                Err(_) if wanted > 1 => page_max = wanted / 2,
                Err(source) => return Err(self.bad(from, Causes(&source).to_string())),
            }
            self.keep();
        }
        match self.agreement.take() {
            Some(agreement) => Ok((agreement, self.frontier, self.keeping)),
            None => Err(self.bad(0, "it is missing".into())),
        }
    }

    /// Keeps what was folded so far, if that is much: what is in memory stays small, and the next fold begins here.
    fn keep(&mut self) {
        let (Some(keeping), Some(agreement)) = (&mut self.keeping, &mut self.agreement) else { return };
        if !keeping.is_full(agreement) {
            return;
        }
        match keeping.put_away(agreement, self.frontier.root()).keep(self.store, self.ledger) {
            Ok(done) => keeping.kept(agreement, done),
            Err(error) => {
                warn!(ledger = %self.ledger.digest(), %error, "cannot keep a snapshot beside a ledger");
                keeping.not_kept(&error);
            }
        }
    }

    fn page(&mut self, leaves: &[Bytes]) -> Result<(), OpenError> {
        let first = self.frontier.size().get();
        let opened = open_all(self.store, self.ledger, first, leaves);
        let unlike = self.first_unlike(leaves);
        for (index, opened) in (first..).zip(opened) {
            if unlike == Some(index) {
                return Err(self.bad(index, "it does not hash to what is kept of it".into()));
            }
            let (entry, signed) = opened.map_err(|problem| self.bad(index, problem))?;
            self.admit(index, &entry, &signed).map_err(|problem| self.bad(index, problem))?;
        }
        Ok(())
    }

    /// Pushes leaves, and holds the nodes that each completes against those that are kept: so a bad entry has a name, and
    /// not only a wrong root. Returns the first that completes others.
    fn first_unlike(&mut self, leaves: &[Bytes]) -> Option<u64> {
        let mut completed: Vec<(u64, NodeIndex, Digest)> = Vec::with_capacity(2 * leaves.len());
        for leaf in leaves {
            let index = self.frontier.size().get();
            self.frontier.push(leaf_hash(leaf), |node, digest| completed.push((index, node, digest)));
        }
        let wanted: Vec<NodeIndex> = completed.iter().map(|(_, node, _)| *node).collect();
        let kept = self.store.nodes(self.ledger, &wanted);
        let is_kept = |place: usize, node: NodeIndex, digest: Digest| match &kept {
            Ok(kept) => kept.get(place) == Some(&digest),
            // One of them is missing; which, only asking for each tells.
            Err(_) => self.store.nodes(self.ledger, &[node]).is_ok_and(|kept| kept == [digest]),
        };
        let unlike = completed.iter().enumerate().find(|(place, (_, node, digest))| !is_kept(*place, *node, *digest));
        unlike.map(|(_, (index, _, _))| *index)
    }

    fn admit(&mut self, index: u64, entry: &Entry, signed: &Signed) -> Result<(), String> {
        // Not proved: where it is wrong, what was admitted is refused, and the fold from the first entry names the bad hash.
        let nodes = StoreNodes { store: self.store, ledger: self.ledger };
        let seen = seen_size(signed, index).map(|size| root_at(&nodes, size));
        let seen = seen.transpose().map_err(|source| Causes(&source).to_string())?;
        check_seen(signed, seen).map_err(|refusal| refusal.to_string())?;
        match &mut self.agreement {
            None => {
                let founded = Agreement::found(signed, entry.admitted).map_err(|refusal| refusal.to_string())?;
                let agreement = self.agreement.insert(founded);
                if self.keeping.is_some() {
                    agreement.forget(0);
                }
            }
            Some(agreement) => {
                if let Some(keeping) = &mut self.keeping {
                    let recalled = keeping.recall(self.store, self.ledger, agreement, signed, entry.admitted);
                    recalled.map_err(|error| error.to_string())?;
                }
                let admission = agreement.admit(signed, entry.admitted).map_err(|refusal| refusal.to_string())?;
                agreement.apply(admission);
            }
        }
        Ok(())
    }

    fn bad(&self, index: u64, problem: String) -> OpenError {
        OpenError::Entry { agreement: AgreementId::from_digest(self.ledger.digest()), index, problem }
    }
}

/// Returns the size that the signer says it has seen; `None` if the ledger was never of that size before `index`.
pub(super) fn seen_size(signed: &Signed, index: u64) -> Option<TreeSize> {
    let seen = signed.statement().seen.map(|seen| seen.tree_size).filter(|size| (1..=index).contains(size));
    seen.and_then(TreeSize::new)
}

type OpenedLeaf = Result<(Entry, Signed), String>;

/// Opens a page of entries on all cores: signatures take nearly all of the time.
fn open_all(store: &dyn Store, ledger: LedgerId, first: u64, leaves: &[Bytes]) -> Vec<OpenedLeaf> {
    let (leaves, known): (Vec<(u64, &Bytes)>, _) = ((first..).zip(leaves).collect(), KnownKeys::default());
    parallel::map(&leaves, |(index, leaf)| open(store, ledger, *index, leaf, &known))
}

/// Opens an entry, which must also be found under its id: else the same statement could be taken in a second time.
fn open(store: &dyn Store, ledger: LedgerId, index: u64, leaf: &[u8], known: &KnownKeys) -> OpenedLeaf {
    let entry = Entry::decode(leaf).map_err(|error| error.to_string())?;
    let signed = wire::open_with(&entry.envelope, known).map_err(|error| error.to_string())?;
    match store.find(ledger, signed.id().digest()) {
        Ok(Some(found)) if found.get() == index => Ok((entry, signed)),
        Ok(Some(found)) => Err(format!("its statement is kept as entry {found}")),
        Ok(None) => Err("its statement is not found under its id".into()),
        Err(source) => Err(Causes(&source).to_string()),
    }
}
