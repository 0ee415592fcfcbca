//! What must hold: the ledgers as they were acknowledged, folded by the law, and everything that anybody was ever told.

use std::collections::BTreeMap;

use bytes::Bytes;
use counterfoil::{
    agreement::{
        Agreement,
        refusal::{Refusal, check_seen},
    },
    digest::Digest,
    ledger::{LedgerId, entry::Entry},
    merkle::{hash::leaf_hash, tree::Frontier},
    statement::{Body, Signed, wire},
    time::Timestamp,
};

/// What is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Check {
    /// The store and the sequencer open.
    Opens,
    /// What was acknowledged is there after a crash, and what was not is there whole or not at all.
    Kept,
    /// No two roots are signed for one size.
    OneRoot,
    /// What is told is durable, and never less than was told before.
    Told,
    /// A receipt verifies, and speaks of the entry at its index.
    Receipt,
    /// A refusal rests on what is durable.
    Refusal,
    /// Everybody is answered, and not with a failure when nothing failed.
    Answer,
    /// The law takes what is in the ledgers, at times that never run back.
    Law,
    /// A proof leads to the roots that were signed.
    Proof,
    /// A damaged store is not opened.
    Damage,
    /// The exported ledger passes the audit.
    Audit,
}

/// What did not hold.
#[derive(Clone, Debug)]
pub(super) struct Violation {
    pub(super) check: Check,
    pub(super) says: String,
}

/// What a commit appends to ledgers: the size before of each, and the leaves.
pub(super) type Attempt = Vec<(LedgerId, u64, Vec<Bytes>)>;

/// One ledger as it was acknowledged.
#[derive(Default)]
pub(super) struct Kept {
    pub(super) leaves: Vec<Bytes>,
    pub(super) places: BTreeMap<Digest, u64>,
    /// The root and the agreement of every size, beginning with 1.
    pub(super) roots: Vec<Digest>,
    pub(super) agreements: Vec<Agreement>,
    frontier: Option<Frontier>,
    /// The largest size that anybody was told.
    pub(super) told: u64,
}

impl Kept {
    pub(super) fn size(&self) -> u64 {
        long(self.leaves.len())
    }

    pub(super) fn agreement(&self, size: u64) -> Option<&Agreement> {
        self.agreements.get(short(size).checked_sub(1)?)
    }

    fn root(&self, size: u64) -> Option<Digest> {
        self.roots.get(short(size).checked_sub(1)?).copied()
    }

    fn take(&mut self, leaf: &Bytes) -> Result<(), String> {
        let entry = Entry::decode(leaf).map_err(|error| error.to_string())?;
        let signed = wire::open(&entry.envelope).map_err(|error| error.to_string())?;
        let size = self.size();
        if let Some(before) = self.places.insert(signed.id().digest(), size) {
            return Err(format!("entry {size} was entry {before} before"));
        }
        self.refuses(&signed, size, entry.admitted).map_or(Ok(()), |refusal| Err(refusal.to_string()))?;
        let agreement = match self.agreement(size) {
            None => Agreement::found(&signed, entry.admitted).map_err(|refusal| refusal.to_string())?,
            Some(agreement) => {
                let mut agreement = agreement.clone();
                if entry.admitted < agreement.last_admitted() {
                    return Err(format!("entry {size} was admitted before the one before it"));
                }
                let admission = agreement.admit(&signed, entry.admitted).map_err(|refusal| refusal.to_string())?;
                agreement.apply(admission);
                agreement
            }
        };
        let frontier = self.frontier.get_or_insert_with(Frontier::empty);
        frontier.push(leaf_hash(leaf), |_, _| ());
        self.roots.push(frontier.root());
        self.agreements.push(agreement);
        self.leaves.push(leaf.clone());
        Ok(())
    }

    /// Returns why a statement is refused by the first `size` entries, at a time or the last that was admitted.
    fn refuses(&self, signed: &Signed, size: u64, at: Timestamp) -> Option<Refusal> {
        let seen = signed.statement().seen.map(|seen| seen.tree_size).filter(|seen| *seen <= size);
        if let Err(refusal) = check_seen(signed, seen.and_then(|seen| self.root(seen))) {
            return Some(refusal);
        }
        match self.agreement(size) {
            None => Agreement::found(signed, at).err(),
            Some(agreement) => agreement.admit(signed, at.max(agreement.last_admitted())).err(),
        }
    }
}

/// When somebody asked: what he is told may rest on anything that was so since.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    pub(super) ledger: LedgerId,
    /// The durable size, and the largest that anybody had been told.
    pub(super) size: u64,
    pub(super) told: u64,
    /// How often the clock had been set.
    pub(super) clock: usize,
}

/// Everything that was acknowledged, signed and told.
pub(super) struct Record {
    pub(super) ledgers: BTreeMap<LedgerId, Kept>,
    /// Commits since the last that was acknowledged; of each nobody knows.
    possible: Vec<Attempt>,
    /// Every root that was signed in the log's name, with what nobody received.
    signed: BTreeMap<(LedgerId, u64), Digest>,
    /// How many signatures were lost before anybody could have them, and others made in their place.
    pub(super) signed_anew: u64,
    /// Every time the clock was set to.
    pub(super) clock: Vec<Timestamp>,
    pub(super) violation: Option<Violation>,
    pub(super) trace: Digest,
    pub(super) told: Told,
    verbose: bool,
}

/// What a run has been through, to see that it was through everything.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Told {
    pub(super) receipts: u64,
    pub(super) again: u64,
    pub(super) refusals: u64,
    pub(super) validated: u64,
    pub(super) read: u64,
    pub(super) commits: u64,
    pub(super) failed: u64,
    pub(super) crashes: u64,
    pub(super) stops: u64,
    pub(super) found_again: u64,
    pub(super) damages: u64,
    /// Snapshots that were kept, and that could not be.
    pub(super) kept: u64,
    pub(super) not_kept: u64,
    /// Ledgers that were opened from a snapshot, and slips that were recalled or listed.
    pub(super) restored: u64,
    pub(super) recalled: u64,
}

impl Told {
    pub(super) fn add(&mut self, other: &Self) {
        self.receipts += other.receipts;
        self.again += other.again;
        self.refusals += other.refusals;
        self.validated += other.validated;
        self.read += other.read;
        self.commits += other.commits;
        self.failed += other.failed;
        self.crashes += other.crashes;
        self.stops += other.stops;
        self.found_again += other.found_again;
        self.damages += other.damages;
        self.kept += other.kept;
        self.not_kept += other.not_kept;
        self.restored += other.restored;
        self.recalled += other.recalled;
    }
}

impl Record {
    pub(super) fn new(verbose: bool) -> Self {
        Self {
            ledgers: BTreeMap::new(),
            possible: Vec::new(),
            signed: BTreeMap::new(),
            signed_anew: 0,
            clock: Vec::new(),
            violation: None,
            trace: Digest::of(&[]),
            told: Told::default(),
            verbose,
        }
    }

    pub(super) fn trace(&mut self, says: &str) {
        if self.verbose {
            eprintln!("{says}");
        }
        self.trace = Digest::of(&[self.trace.as_bytes(), says.as_bytes()]);
    }

    /// Takes down what does not hold; the first is what counts.
    pub(super) fn violate(&mut self, check: Check, says: impl Into<String>) {
        let says = says.into();
        self.trace(&format!("{check:?}: {says}"));
        self.violation.get_or_insert(Violation { check, says });
    }

    pub(super) fn hold(&mut self, check: Check, holds: bool, says: impl FnOnce() -> String) {
        if !holds {
            self.violate(check, says());
        }
    }

    pub(super) fn size(&self, ledger: LedgerId) -> u64 {
        self.ledgers.get(&ledger).map_or(0, Kept::size)
    }

    pub(super) fn asked(&self, ledger: LedgerId) -> Asked {
        let told = self.ledgers.get(&ledger).map_or(0, |kept| kept.told);
        Asked { ledger, size: self.size(ledger), told, clock: self.clock.len().saturating_sub(1) }
    }

    /// A checkpoint is signed.
    pub(super) fn sign(&mut self, ledger: LedgerId, size: u64, root: Digest) {
        if let Some(kept) = self.ledgers.get(&ledger).and_then(|kept| kept.root(size)) {
            let same = kept == root;
            self.hold(Check::OneRoot, same, || format!("size {size} is signed again with another root"));
        }
        if self.signed.insert((ledger, size), root).is_some_and(|before| before != root) {
            self.signed_anew += 1;
        }
    }

    /// A commit was acknowledged.
    pub(super) fn acknowledge(&mut self, attempt: &Attempt) {
        self.possible.clear();
        self.take(attempt);
        self.told.commits += 1;
    }

    /// A commit was not acknowledged; the store may have it nevertheless.
    pub(super) fn doubt(&mut self, attempt: Attempt) {
        self.told.failed += 1;
        self.possible.push(attempt);
    }

    fn take(&mut self, attempt: &Attempt) {
        for (ledger, before, leaves) in attempt {
            let kept = self.ledgers.entry(*ledger).or_default();
            let size = kept.size();
            let mut problem = (size != *before).then(|| format!("an append at {before} follows {size} entries"));
            for leaf in leaves {
                problem = problem.or_else(|| kept.take(leaf).err());
            }
            if let Some(problem) = problem {
                self.violate(Check::Law, problem);
            }
        }
    }

    /// Holds what an opened store has against what was acknowledged, and what may be.
    pub(super) fn reconcile(&mut self, held: &BTreeMap<LedgerId, Vec<Bytes>>) {
        let leaves = |kept: &Kept| kept.leaves.clone();
        let acknowledged: BTreeMap<_, _> = self
            .ledgers
            .iter()
            .map(|(id, kept)| (*id, leaves(kept)))
            .filter(|(_, leaves)| !leaves.is_empty())
            .collect();
        let possible = std::mem::take(&mut self.possible);
        if acknowledged == *held {
            return;
        }
        let with = |attempt: &&Attempt| {
            let mut with = acknowledged.clone();
            attempt.iter().for_each(|(id, _, leaves)| with.entry(*id).or_default().extend_from_slice(leaves));
            with == *held
        };
        match possible.iter().find(with) {
            Some(attempt) => {
                self.told.found_again += 1;
                self.trace("a commit that was not acknowledged is there");
                self.take(attempt);
            }
            None => {
                let sizes = |of: &BTreeMap<LedgerId, Vec<Bytes>>| of.values().map(Vec::len).collect::<Vec<_>>();
                let says = format!(
                    "acknowledged {:?} entries, the store has {:?}, and {} commits are in doubt",
                    sizes(&acknowledged),
                    sizes(held),
                    possible.len()
                );
                self.violate(Check::Kept, says);
            }
        }
    }

    /// Somebody was told a checkpoint.
    pub(super) fn tell(&mut self, ledger: LedgerId, size: u64, root: Digest) {
        self.compare(ledger, size, root);
        let kept = self.ledgers.entry(ledger).or_default();
        kept.told = kept.told.max(size);
    }

    /// Holds a checkpoint against what is durable.
    pub(super) fn compare(&mut self, ledger: LedgerId, size: u64, root: Digest) {
        match self.ledgers.get(&ledger).and_then(|kept| kept.root(size)) {
            None => self.violate(Check::Told, format!("size {size} was told and is not durable")),
            Some(known) => self.hold(Check::OneRoot, known == root, || format!("another root was told for {size}")),
        }
    }

    /// Holds a refusal, or the leave, of a statement against every durable state and time since it was asked.
    pub(super) fn rests(&mut self, asked: Asked, signed: &Signed, said: Option<&Refusal>) {
        let empty = Kept::default();
        let kept = self.ledgers.get(&asked.ledger).unwrap_or(&empty);
        let times = &self.clock[asked.clock..];
        let mut sizes = asked.size..=kept.size();
        let founding = matches!(signed.statement().body, Body::Proposal(_));
        // A founding is looked at before anything is founded, whoever founds it meanwhile.
        let before_founding = founding && asked.told == 0;
        let rests = sizes.any(|size| times.iter().any(|at| kept.refuses(signed, size, *at).as_ref() == said))
            || before_founding && times.iter().any(|at| kept.refuses(signed, 0, *at).as_ref() == said);
        let span = (asked.size, kept.size());
        self.hold(Check::Refusal, rests, || match said {
            Some(refusal) => format!("`{refusal}` at none of the sizes {span:?}"),
            None => format!("leave at none of the sizes {span:?}"),
        });
    }
}

pub(super) fn long(length: usize) -> u64 {
    u64::try_from(length).unwrap()
}

pub(super) fn short(size: u64) -> usize {
    usize::try_from(size).unwrap()
}
