//! One ledger on its way through a check of the store: its tree, its notes, and the law.
//!
//! What is bad has no effect but keeps its place, so that what follows is judged on its own.

use bytes::Bytes;

use crate::{
    agreement::refusal::{Refusal, check_seen},
    checkpoint::{Checkpoint, SignedCheckpoint, note::Note, note::NoteVerifier},
    cli::fsck::{
        kept::Kept,
        law::Law,
        report::{Finding, Good, Hurt, Place, Report, SNAPSHOT_DIFFERS},
        scratch::{Kind, Own},
        tree::Tree,
    },
    digest::Digest,
    keys::PublicKey,
    ledger::entry::Entry,
    merkle::index::{NodeIndex, TreeSize},
    sequencer::KeptError,
    statement::{Signed, id::AgreementId},
    store::log::survey::Beside,
};

/// An entry, and what stands in it, computed from its bytes alone.
pub(super) struct Opened {
    /// The id that the log keeps for it.
    pub(super) id: Digest,
    pub(super) leaf_hash: Digest,
    /// Rule and text, if nobody signed it or it is no entry.
    pub(super) entry: Result<(Entry, Signed), (&'static str, String)>,
}

/// What a frame appends to a ledger, opened.
pub(super) struct OpenedAppend {
    pub(super) ledger: AgreementId,
    pub(super) before: u64,
    pub(super) leaves: Vec<Opened>,
    pub(super) nodes: Vec<Digest>,
    pub(super) note: String,
    /// What is kept beside the ledger, if it begins here and there is an index.
    pub(super) beside: Option<Beside>,
}

/// A ledger as far as it was read.
pub(super) struct Ledger {
    id: AgreementId,
    tree: Tree,
    /// The tree of the hashes that stand beside the entries, once the two differ.
    beside: Option<Tree>,
    own: Own,
    law: Law,
    origin: Option<String>,
    last_good: Option<Good>,
    hurt: bool,
    /// Entries are missing: what follows cannot be held against a root or the law.
    gap: bool,
    next: u64,
    /// The last frame that appended to it.
    last_frame: u64,
    kept: Kept,
}

impl Ledger {
    /// Begins a ledger; `own` is where everything is remembered of its entries.
    pub(super) fn new(id: AgreementId, own: Own) -> Self {
        Self {
            id,
            tree: Tree::new(own.clone()),
            beside: None,
            law: Law::new(own.clone()),
            own,
            origin: None,
            last_good: None,
            hurt: false,
            gap: false,
            next: 0,
            last_frame: 0,
            kept: Kept::Nothing,
        }
    }

    pub(super) const fn size(&self) -> u64 {
        self.next
    }

    pub(super) const fn last_frame(&self) -> u64 {
        self.last_frame
    }

    /// Takes what a frame appends; `sure`: the frame's own check holds. `lost`: where something was lost since the last one.
    pub(super) fn take(
        &mut self,
        append: OpenedAppend,
        place: &Place,
        lost: Option<&Place>,
        sure: bool,
        report: &mut Report,
    ) {
        self.last_frame = place.frame;
        if append.before != self.next {
            let (next, before) = (self.next, append.before);
            let says = match before > next {
                true => format!("entries {next} to {} are missing, or cannot be read", before - 1),
                false => format!("{next} entries stand before what was written behind {before}"),
            };
            self.find(Some(next.min(before)), "ENTRIES_MISSING", says, lost.unwrap_or(place), report);
            self.gap = true;
            self.next = before;
        }
        if !sure {
            self.hurt_at(append.before, place, report);
        }
        if let Some(beside) = append.beside.filter(|_| self.next == 0) {
            self.kept = Kept::read(beside, self.id, report);
        }
        let mut nodes = append.nodes.into_iter();
        for opened in append.leaves {
            self.entry(opened, &mut nodes, place, report);
        }
        self.note(&append.note, place, report);
    }

    fn entry(&mut self, opened: Opened, nodes: &mut impl Iterator<Item = Digest>, place: &Place, report: &mut Report) {
        let index = self.next;
        self.next += 1;
        let at = NodeIndex { level: 0, index };
        let kept: Vec<Digest> = nodes.take(1 + usize::try_from(at.index.trailing_ones()).unwrap_or(0)).collect();
        if kept.first() != Some(&opened.leaf_hash) {
            let says = format!("entry {index} was changed, or the hash kept of it");
            self.find(Some(index), "LEAF_HASH_MISMATCH", says, place, report);
        }
        if !self.gap {
            self.grow(index, opened.leaf_hash, &kept, place, report);
        }
        let (entry, signed) = match opened.entry {
            Ok(opened) => opened,
            Err((rule, says)) => {
                self.find(Some(index), rule, format!("entry {index}: {says}"), place, report);
                self.law.pass_over();
                return;
            }
        };
        if signed.id().digest() != opened.id {
            let says = format!("entry {index} is kept under another id than its own");
            self.find(Some(index), "ID_MISMATCH", says, place, report);
        }
        if !self.is_new(signed.id().digest(), index) {
            let says = format!("entry {index} says again what an entry before it said");
            self.find(Some(index), "ENTRY_REPEATED", says, place, report);
            self.law.pass_over();
        } else if let Err(refusal) = self.judge(index, &entry, &signed) {
            let says = format!("entry {index} does not follow from the entries before it: {refusal}");
            self.find(Some(index), refusal.reason(), says, place, report);
            self.law.pass_over();
        }
        self.hold_kept(index, signed, place, report);
    }

    /// Holds what is kept of the law against what the entries up to here make, where it was put away.
    fn hold_kept(&mut self, index: u64, signed: Signed, place: &Place, report: &mut Report) {
        self.kept.founded(index, signed);
        if self.hurt || !self.kept.is_due(self.next) {
            return;
        }
        // All of it is to be held against what is kept.
        self.law.put_away();
        let Some(agreement) = self.law.agreement() else { return };
        match std::mem::take(&mut self.kept).check(agreement, &self.own, self.tree.frontier.root()) {
            Ok(()) => report.kept.hold += 1,
            Err(KeptError::Differs { problem }) => {
                let says = format!("what is kept beside the ledger is not what its entries make: {problem}");
                let finding =
                    Finding { ledger: Some(self.id), entry: None, place: place.clone(), rule: SNAPSHOT_DIFFERS, says };
                report.find(finding);
            }
            Err(error) => report.kept.unusable(self.id, &error.to_string()),
        }
    }

    /// Ends the ledger: whatever of what is kept was not reached is of no use.
    pub(super) fn end(&mut self, report: &mut Report) {
        if self.kept.is_there() {
            let says = if self.hurt { "the ledger is hurt before it" } else { "the ledger is shorter" };
            report.kept.unusable(self.id, says);
        }
    }

    /// Lets the tree grow, and holds the nodes above the leaf against those that are kept.
    fn grow(&mut self, index: u64, leaf_hash: Digest, kept: &[Digest], place: &Place, report: &mut Report) {
        let before = (self.beside.is_none() && kept.first() != Some(&leaf_hash)).then(|| self.tree.beside());
        let completed = self.tree.push(leaf_hash);
        let differs = completed != kept;
        if let Some(beside) = &mut self.beside {
            beside.push(kept.first().copied().unwrap_or(leaf_hash));
        } else if let Some(mut beside) = before {
            beside.push(kept.first().copied().unwrap_or(leaf_hash));
            self.beside = Some(beside);
        } else if differs {
            let says = format!("the nodes that entry {index} completes are not those kept");
            self.find(Some(index), "NODE_MISMATCH", says, place, report);
        }
    }

    /// Whether a statement stands in no entry before `index`, which it does from now on.
    fn is_new(&self, id: Digest, index: u64) -> bool {
        let is_new = self.own.get(Kind::Id, id.as_bytes()).is_none();
        if is_new {
            self.own.put(Kind::Id, id.as_bytes(), Some(Bytes::copy_from_slice(&index.to_be_bytes())));
        }
        is_new
    }

    fn judge(&mut self, index: u64, entry: &Entry, signed: &Signed) -> Result<(), Refusal> {
        if self.gap {
            return Ok(());
        }
        check_seen(signed, self.seen_root(index, signed))?;
        self.law.judge(index, entry, signed)
    }

    /// Returns how much of the entries is in memory.
    pub(super) fn held(&self) -> usize {
        self.law.held()
    }

    pub(super) fn put_away(&mut self) {
        self.law.put_away();
    }

    fn seen_root(&self, index: u64, signed: &Signed) -> Option<Digest> {
        let seen = signed.statement().seen?;
        let size = TreeSize::new(seen.tree_size).filter(|_| (1..=index).contains(&seen.tree_size))?;
        let beside = self.beside.as_ref().map(|tree| tree.root_at(size)).filter(|root| *root == seen.root);
        Some(beside.unwrap_or_else(|| self.tree.root_at(size)))
    }

    fn note(&mut self, note: &str, place: &Place, report: &mut Report) {
        report.checkpoints += 1;
        let checkpoint = match open(note, self.id, report.key) {
            Ok(checkpoint) => checkpoint,
            Err(says) => {
                let says = format!("the checkpoint of {} entries is not the log's: {says}", self.next);
                self.find(self.next.checked_sub(1), "CHECKPOINT_INVALID", says, place, report);
                return;
            }
        };
        if self.origin.get_or_insert_with(|| checkpoint.origin.clone()) != &checkpoint.origin {
            let says = format!("the checkpoint of {} entries is of another origin: {}", self.next, checkpoint.origin);
            self.find(self.next.checked_sub(1), "ORIGIN_MISMATCH", says, place, report);
        }
        if checkpoint.size.get() != self.next {
            let says = format!("the checkpoint behind entry {} says {} entries", self.next - 1, checkpoint.size);
            self.find(self.next.checked_sub(1), "SIZE_MISMATCH", says, place, report);
            return;
        }
        if self.gap {
            return;
        }
        let roots = [Some(&self.tree), self.beside.as_ref()];
        if !roots.into_iter().flatten().any(|tree| tree.frontier.root() == checkpoint.root) {
            let says = format!("the entries do not make the root that was signed for {} entries", self.next);
            let first = self.last_good.as_ref().map_or(0, |good| good.size);
            self.find(Some(first), "ROOT_MISMATCH", says, place, report);
        }
        if !self.hurt {
            self.last_good = Some(Good { size: self.next, root: checkpoint.root, note: note.to_owned() });
        }
    }

    fn find(&mut self, entry: Option<u64>, rule: &'static str, says: String, place: &Place, report: &mut Report) {
        report.find(Finding { ledger: Some(self.id), entry, place: place.clone(), rule, says });
        let first = entry.unwrap_or(0);
        self.hurt_at(first, place, report);
        // In the frame that was named first, the entry that is bad says more than that the frame is.
        let known = report.hurt.get_mut(&self.id).filter(|known| !known.exact && known.place.frame == place.frame);
        if let Some(known) = known {
            (known.first_bad, known.exact) = (first, true);
        }
    }

    /// Says that the next entry is bad, or gone.
    pub(super) fn hurt_next(&mut self, place: &Place, report: &mut Report) {
        self.hurt_at(self.next, place, report);
    }

    /// Says from where on the ledger is not proved good, unless that is said already.
    fn hurt_at(&mut self, first_bad: u64, place: &Place, report: &mut Report) {
        self.hurt = true;
        let last_good = self.last_good.clone();
        let hurt = || Hurt { first_bad, exact: false, place: place.clone(), last_good };
        report.hurt.entry(self.id).or_insert_with(hurt);
    }
}

/// Opens a note with the key, or without one reads only what it says.
fn open(note: &str, id: AgreementId, key: Option<PublicKey>) -> Result<Checkpoint, String> {
    let origin = note.lines().next().unwrap_or_default();
    if origin.rsplit('/').next() != Some(id.to_string().as_str()) {
        return Err("its origin names another agreement".into());
    }
    let Some(key) = key else {
        let parsed = Note::parse(note).map_err(|error| error.to_string())?;
        return Checkpoint::parse(parsed.text()).map_err(|error| error.to_string());
    };
    let verifier = NoteVerifier::new(origin, key).map_err(|error| error.to_string())?;
    let opened = SignedCheckpoint::open(note, &verifier).map_err(|error| error.to_string())?;
    Ok(opened.checkpoint().clone())
}
