//! Roots: every checkpoint of a log held against the leaves before it, and the roots that ledgers had at sizes one asks for.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::{
    checkpoint::{Checkpoint, note::Note},
    digest::Digest,
    ledger::LedgerId,
    merkle::{hash::leaf_hash, index::TreeSize, tree::Frontier},
    store::{
        StoreError,
        disk::Disk,
        log::{
            segments::Position,
            walk::{WalkedAppend, WalkedFrame, Walker},
        },
    },
};

/// The sizes of ledgers whose roots are asked for.
pub type Asked = BTreeMap<LedgerId, BTreeSet<TreeSize>>;

/// How the ledgers of a log stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standings {
    /// Where the log ends.
    pub end: Position,
    /// Every ledger that has an entry.
    pub ledgers: BTreeMap<LedgerId, Standing>,
}

/// How a ledger stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Number of entries.
    pub size: TreeSize,
    /// The origin that its checkpoints name.
    pub origin: String,
    /// The roots at the sizes that were asked for, as far as it has so many entries.
    pub roots: BTreeMap<TreeSize, Digest>,
}

impl Standings {
    /// Returns how many entries there are in all ledgers.
    #[must_use]
    pub fn entries(&self) -> u64 {
        self.ledgers.values().map(|standing| standing.size.get()).sum()
    }
}

/// Walks through the whole log on a disk, with every check, and holds every checkpoint against the entries before it. Writes
/// nothing. The signatures of the checkpoints are not looked at: nothing here knows the key.
///
/// Errors: [`StoreError`]; [`StoreError::Damaged`] names the first checkpoint or entry that does not hold.
pub fn stand(disk: &Arc<dyn Disk>, asked: &Asked) -> Result<Standings, StoreError> {
    stand_in(&mut Walker::open(Arc::clone(disk))?, asked, None)
}

/// The same up to a frame.
pub(super) fn stand_in(walker: &mut Walker, asked: &Asked, upto: Option<Position>) -> Result<Standings, StoreError> {
    let mut trees: BTreeMap<LedgerId, Tree> = BTreeMap::new();
    while upto.is_none_or(|upto| walker.position().sequence < upto.sequence) {
        let Some(WalkedFrame { appends, .. }) = walker.next_frame()? else { break };
        for append in appends {
            let tree = trees.entry(append.ledger).or_insert_with(|| Tree::new(asked.get(&append.ledger)));
            let what = tree.take(&append);
            what.map_err(|what| StoreError::Damaged { ledger: append.ledger, what })?;
        }
    }
    let standing = |tree: Tree| Standing { size: tree.frontier.size(), origin: tree.origin, roots: tree.roots };
    let ledgers = trees.into_iter().map(|(ledger, tree)| (ledger, standing(tree))).collect();
    Ok(Standings { end: walker.position(), ledgers })
}

struct Tree {
    frontier: Frontier,
    origin: String,
    /// Not reached yet.
    asked: BTreeSet<TreeSize>,
    roots: BTreeMap<TreeSize, Digest>,
}

impl Tree {
    fn new(asked: Option<&BTreeSet<TreeSize>>) -> Self {
        let asked = asked.cloned().unwrap_or_default();
        let mut tree = Self { frontier: Frontier::empty(), origin: String::new(), asked, roots: BTreeMap::new() };
        tree.answer();
        tree
    }

    fn answer(&mut self) {
        if self.asked.remove(&self.frontier.size()) {
            self.roots.insert(self.frontier.size(), self.frontier.root());
        }
    }

    /// Takes what a frame appends. Errors: what does not hold.
    fn take(&mut self, append: &WalkedAppend) -> Result<(), String> {
        let mut nodes = append.nodes.iter();
        for (_, leaf) in &append.leaves {
            let (index, mut same) = (self.frontier.size(), true);
            self.frontier.push(leaf_hash(leaf), |_, digest| same &= nodes.next() == Some(&digest));
            if !same {
                return Err(format!("entry {index}, or a hash kept of it,"));
            }
            self.answer();
        }
        let says = Note::parse(&append.note).ok().and_then(|note| Checkpoint::parse(note.text()).ok());
        let says = says.filter(|says| says.size == self.frontier.size() && says.root == self.frontier.root());
        let says = says.ok_or_else(|| format!("the checkpoint of {} entries", self.frontier.size()))?;
        if nodes.next().is_some() {
            return Err(format!("what is kept beside entry {}", self.frontier.size()));
        }
        self.origin = says.origin;
        Ok(())
    }
}
