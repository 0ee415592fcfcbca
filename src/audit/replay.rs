//! The replay: the same `admit` and `apply` that let the entries in, and the tree they must hash to.
//!
//! What was found wrong has no effect but keeps its place, so that what follows is judged on its own.

use std::{collections::HashSet, convert::Infallible};

use crate::{
    agreement::{
        Agreement,
        explain::StepKind,
        refusal::{Refusal, check_seen, settlement::SettlementRefusal},
    },
    audit::{
        Audit,
        report::{Finding, KeySource, Report},
        verify::Opened,
    },
    causes::Causes,
    checkpoint::{
        SignedCheckpoint,
        note::{NoteError, NoteVerifier},
    },
    digest::Digest,
    keys::PublicKey,
    ledger::{
        bundle::BundleError,
        entry::{Entry, EntryError},
    },
    merkle::{
        index::{NodeIndex, TreeSize},
        proof::{Nodes, root_at},
        tree::Frontier,
    },
    statement::{Body, Kind, Signed, id::StatementId, wire::OpenError},
    time::Timestamp,
};

/// The state of an audit between two entries.
pub(super) struct Replay {
    report: Report,
    /// The tree of the entries as they stand in the bundle.
    tree: Tree,
    /// The tree of the hashes written beside them, once the two differ: if it is the log's, the named entries were changed,
    /// and what their signers saw can still be judged.
    beside: Option<Tree>,
    /// The first entry that was left without effect.
    without_effect: Option<u64>,
    known: HashSet<StatementId>,
    agreement: Option<Agreement>,
    checkpoint: Option<SignedCheckpoint>,
}

impl Replay {
    pub(super) fn new(file: String) -> Self {
        Self {
            report: Report::new(file),
            tree: Tree::default(),
            beside: None,
            without_effect: None,
            known: HashSet::new(),
            agreement: None,
            checkpoint: None,
        }
    }

    /// Returns the number of entries taken so far.
    pub(super) fn size(&self) -> u64 {
        self.tree.frontier.size().get()
    }

    pub(super) fn key_source(&mut self, source: KeySource) {
        self.report.key_source = Some(source);
    }

    pub(super) fn bad_log_key(&mut self, vkey: &str, error: &NoteError) {
        self.report.find(Finding {
            entry: None,
            rule: "LOG_KEY_MALFORMED",
            says: "the log key in the bundle cannot be read".into(),
            detail: error.to_string(),
            shows: format!("the bundle says `{vkey}`"),
            look: "ask a party for the log's key and pass it: counterfoil audit {file} --log-key KEY".into(),
        });
    }

    pub(super) fn other_log_key(&mut self, own: PublicKey, stated: &NoteVerifier) {
        self.report.find(Finding {
            entry: None,
            rule: "LOG_KEY_DIFFERS",
            says: "the bundle names another log key than yours".into(),
            detail: "the checkpoint is checked with your key".into(),
            shows: format!("the bundle says {}, you say {own}", stated.key()),
            look: "compare the key with the other parties': each receipt they keep was checked with it".into(),
        });
    }

    pub(super) fn broken_bundle(&mut self, entry: Option<u64>, error: &BundleError) {
        self.report.find(Finding {
            entry,
            rule: "BUNDLE_MALFORMED",
            says: match entry {
                Some(index) => format!("the bundle cannot be read from entry {index} on"),
                None => "the bundle cannot be read to its end".into(),
            },
            detail: Causes(error).to_string(),
            shows: format!("{} entries could be read before", self.size()),
            look: "export it again, or ask another party for its copy".into(),
        });
    }

    /// Takes the next entry; returns whether the law let it in.
    pub(super) fn entry(&mut self, opened: &Opened) -> bool {
        let (index, bundled) = (self.size(), &opened.bundled);
        if opened.leaf_hash != bundled.leaf_hash {
            self.report.find(Finding {
                entry: Some(index),
                rule: "LEAF_HASH_MISMATCH",
                says: format!("entry {index} was changed, or the hash written beside it"),
                detail: "the bytes of the entry do not hash to the leaf hash in the bundle".into(),
                shows: format!("hashes to {}, the bundle says {}", opened.leaf_hash, bundled.leaf_hash),
                look: format!("counterfoil log {{file}} --from {index}, and compare with a receipt for this entry"),
            });
        }
        if opened.leaf_hash != bundled.leaf_hash && self.beside.is_none() {
            self.beside = Some(self.tree.clone());
        }
        self.tree.push(opened.leaf_hash);
        if let Some(beside) = &mut self.beside {
            beside.push(bundled.leaf_hash);
        }
        let admitted = match &opened.entry {
            Ok((entry, Ok(signed))) => self.statement(index, entry, signed),
            Ok((_, Err(error))) => {
                self.unsigned(index, error);
                false
            }
            Err(error) => {
                self.no_entry(index, error, bundled.leaf.len());
                false
            }
        };
        if !admitted {
            self.without_effect.get_or_insert(index);
            if let Some(agreement) = &mut self.agreement {
                agreement.pass_over();
            }
        }
        self.report.entries = self.size();
        admitted
    }

    fn unsigned(&mut self, index: u64, error: &OpenError) {
        self.report.find(Finding {
            entry: Some(index),
            rule: error.reason(),
            says: format!("entry {index} holds no statement that anybody signed"),
            detail: Causes(error).to_string(),
            shows: "no honest server admits it; it has no effect on what follows".into(),
            look: format!("counterfoil log {{file}} --from {index}"),
        });
    }

    fn no_entry(&mut self, index: u64, error: &EntryError, bytes: usize) {
        self.report.find(Finding {
            entry: Some(index),
            rule: "ENTRY_MALFORMED",
            says: format!("entry {index} is not an entry"),
            detail: Causes(error).to_string(),
            shows: format!("its {bytes} bytes do not have the form of an entry; they have no effect on what follows"),
            look: format!("counterfoil log {{file}} --from {index}"),
        });
    }

    /// Judges a statement that somebody did sign; returns whether the law let it in.
    fn statement(&mut self, index: u64, entry: &Entry, signed: &Signed) -> bool {
        self.report.signatures += 1;
        if !self.known.insert(signed.id()) {
            self.report.find(Finding {
                entry: Some(index),
                rule: "ENTRY_REPEATED",
                says: format!("entry {index} says again what an entry before it said"),
                detail: format!("statement {} stands in the ledger twice", signed.id()),
                shows: "an honest server answers a repetition with the first entry's receipt".into(),
                look: format!("counterfoil log {{file}} --statement {}", signed.id()),
            });
            return false;
        }
        match self.judge(index, entry, signed) {
            Ok(()) => true,
            Err(refusal) => {
                self.report.find(Finding {
                    entry: Some(index),
                    rule: refusal.reason(),
                    says: format!("entry {index} does not follow from the entries before it"),
                    detail: refusal.to_string(),
                    shows: self.evidence(entry, signed, &refusal),
                    look: look_at(index, signed),
                });
                false
            }
        }
    }

    fn evidence(&self, entry: &Entry, signed: &Signed, refusal: &Refusal) -> String {
        let mut shows = self.working(signed, refusal).unwrap_or_else(|| {
            let (kind, signer) = (signed.statement().body.kind(), signed.statement().signer);
            format!("{kind} by {signer}, admitted {}", entry.admitted)
        });
        if let Some(earlier) = self.without_effect {
            shows.push_str(&format!("; entry {earlier}, named above, had no effect, which may be why"));
        }
        shows
    }

    /// How the rule comes to the figure that a settlement states wrongly: the exact entitlement, and whose each minor
    /// unit that is left over is.
    fn working(&self, signed: &Signed, refusal: &Refusal) -> Option<String> {
        let Body::Settlement(stated) = &signed.statement().body else { return None };
        let Refusal::Settlement(SettlementRefusal::SplitMismatch {
            party: Some(party), currency: Some(currency), ..
        }) = refusal
        else {
            return None;
        };
        let agreement = self.agreement.as_ref()?;
        let position = agreement.terms().parties.iter().position(|other| other.name == *party)?;
        let currency = agreement.terms().currencies.iter().position(|other| other.code == *currency)?;
        let steps = agreement.explain(position, currency, stated.tree_size).ok()?.steps;
        let rule = [StepKind::Entitlement, StepKind::Rounding, StepKind::Due];
        let texts: Vec<_> = steps.into_iter().filter(|step| rule.contains(&step.kind)).map(|step| step.text).collect();
        Some(format!("{party}: {}", texts.join("; ")))
    }

    fn judge(&mut self, index: u64, entry: &Entry, signed: &Signed) -> Result<(), Refusal> {
        check_seen(signed, self.seen_root(index, signed))?;
        match &mut self.agreement {
            Some(agreement) => {
                let admission = agreement.admit(signed, entry.admitted)?;
                if signed.statement().body.kind() == Kind::Settlement {
                    self.report.settlements += 1;
                }
                agreement.apply(admission);
            }
            None if index == 0 => {
                self.agreement = Some(Agreement::found(signed, entry.admitted)?);
                self.report.agreement = Some(signed.agreement());
            }
            // Entry 0 founds nothing, which is a finding already; nothing that follows can be judged by the law.
            None => {}
        }
        Ok(())
    }

    /// Asks the law about a statement that is not in the ledger, as the next entry at `at`; returns its reason. `None`: it
    /// would be admitted.
    pub(super) fn ask(&self, signed: &Signed, at: Timestamp) -> Option<&'static str> {
        let seen = check_seen(signed, self.seen_root(self.size(), signed));
        let judged = seen.and_then(|()| match &self.agreement {
            Some(agreement) => agreement.admit(signed, at).map(drop),
            None => Agreement::found(signed, at).map(drop),
        });
        judged.err().map(|refusal| refusal.reason())
    }

    /// Whether a statement is in the ledger.
    pub(super) fn has(&self, statement: StatementId) -> bool {
        self.known.contains(&statement)
    }

    /// Returns the root of the entries taken so far.
    pub(super) fn root(&self) -> Digest {
        self.tree.frontier.root()
    }

    /// Returns entry and rule of the first finding about an entry so far.
    pub(super) fn first_of_entries(&self) -> Option<(Option<u64>, &'static str)> {
        let mut findings = self.report.findings.iter();
        findings.find(|finding| finding.entry.is_some()).map(|finding| (finding.entry, finding.rule))
    }

    /// The root that the signer should have seen, if the ledger was ever of that size before this entry.
    fn seen_root(&self, index: u64, signed: &Signed) -> Option<Digest> {
        let seen = signed.statement().seen?;
        let size = TreeSize::new(seen.tree_size).filter(|_| (1..=index).contains(&seen.tree_size))?;
        let beside = self.beside.as_ref().map(|tree| tree.root_at(size)).filter(|root| *root == seen.root);
        Some(beside.unwrap_or_else(|| self.tree.root_at(size)))
    }

    /// Checks the checkpoint at the end of the bundle against the entries.
    pub(super) fn checkpoint(&mut self, note: &str, verifier: Option<&NoteVerifier>, announced: u64) {
        if announced != self.size() {
            self.sizes_differ("the bundle announces", announced);
        }
        let Some(verifier) = verifier else { return };
        let signed = match SignedCheckpoint::open(note, verifier) {
            Ok(signed) => signed,
            Err(error) => {
                self.report.find(Finding {
                    entry: None,
                    rule: "CHECKPOINT_INVALID",
                    says: "the checkpoint is not the log's".into(),
                    detail: Causes(&error).to_string(),
                    shows: format!("checked with {}", verifier.vkey()),
                    look: "compare with the checkpoint in any party's latest receipt".into(),
                });
                return;
            }
        };
        let checkpoint = signed.checkpoint();
        self.report.origin = Some(checkpoint.origin.clone());
        if let Some(agreement) = &self.agreement
            && checkpoint.origin.rsplit('/').next() != Some(agreement.id().to_string().as_str())
        {
            self.report.find(Finding {
                entry: None,
                rule: "ORIGIN_MISMATCH",
                says: "the checkpoint is another ledger's".into(),
                detail: format!("its origin is {}", checkpoint.origin),
                shows: format!("entry 0 founds {}", agreement.id()),
                look: "export the bundle of this agreement again".into(),
            });
        }
        if checkpoint.size != self.tree.frontier.size() {
            self.sizes_differ("the checkpoint covers", checkpoint.size.get());
        } else if checkpoint.root != self.tree.frontier.root() {
            self.report.find(Finding {
                entry: None,
                rule: "ROOT_MISMATCH",
                says: "the entries are not the ones the log signed".into(),
                detail: "they hash to another root than the checkpoint's".into(),
                shows: format!("they hash to {}, the checkpoint says {}", self.tree.frontier.root(), checkpoint.root),
                look: self.whose_root(checkpoint.root).into(),
            });
        }
        self.checkpoint = Some(signed);
    }

    fn whose_root(&self, root: Digest) -> &'static str {
        if self.beside.as_ref().is_some_and(|tree| tree.frontier.root() == root) {
            "the hashes beside the entries are the ones the log signed: the entries named above were changed"
        } else {
            "an entry named above was changed; if none is, the order was, or the log signed another history"
        }
    }

    fn sizes_differ(&mut self, who: &str, size: u64) {
        let there = self.size();
        self.report.find(Finding {
            entry: None,
            rule: "SIZE_MISMATCH",
            says: "entries are missing, or too many".into(),
            detail: format!("{who} {size} entries, {there} are there"),
            shows: format!("entries 0 to {} were checked", there.saturating_sub(1)),
            look: "export it again, or ask another party for its copy".into(),
        });
    }

    pub(super) fn finish(mut self) -> Audit {
        self.report.root = self.tree.frontier.root();
        if self.report.entries == 0 {
            self.report.find(Finding {
                entry: None,
                rule: "LEDGER_EMPTY",
                says: "there is no entry".into(),
                detail: "an agreement begins with its proposal".into(),
                shows: "nothing could be checked".into(),
                look: "export it again, or ask another party for its copy".into(),
            });
        }
        Audit { report: self.report, agreement: self.agreement, checkpoint: self.checkpoint }
    }
}

fn look_at(index: u64, signed: &Signed) -> String {
    match &signed.statement().body {
        Body::Settlement(settlement) => format!("counterfoil split {{file}} --at {}", settlement.tree_size),
        _ => format!("counterfoil log {{file}} --from {index}"),
    }
}

/// A tree in the making, of which every earlier root can be had again.
#[derive(Clone)]
struct Tree {
    frontier: Frontier,
    subtrees: Subtrees,
}

impl Default for Tree {
    fn default() -> Self {
        Self { frontier: Frontier::empty(), subtrees: Subtrees::default() }
    }
}

impl Tree {
    fn push(&mut self, leaf_hash: Digest) {
        let subtrees = &mut self.subtrees;
        self.frontier.push(leaf_hash, |node, digest| subtrees.put(node, digest));
    }

    /// Returns the root of the first `size` leaves, which must be there.
    fn root_at(&self, size: TreeSize) -> Digest {
        let Ok(root) = root_at(&self.subtrees, size);
        root
    }
}

/// The roots of the perfect subtrees so far, by level: what a remembered checkpoint is compared with.
#[derive(Clone, Default)]
struct Subtrees(Vec<Vec<Digest>>);

impl Subtrees {
    fn put(&mut self, node: NodeIndex, digest: Digest) {
        let level = usize::from(node.level);
        if self.0.len() <= level {
            self.0.resize_with(level + 1, Vec::new);
        }
        // Subtrees of a level are completed in the order of their index.
        self.0[level].push(digest);
    }
}

impl Nodes for Subtrees {
    type Error = Infallible;

    fn node(&self, node: NodeIndex) -> Result<Digest, Infallible> {
        let index = usize::try_from(node.index).expect("a subtree in memory has an index within memory");
        Ok(self.0[usize::from(node.level)][index])
    }
}
