//! What a check of a store shows.

use std::{collections::BTreeMap, fmt, path::Path};

use serde_json::{Value, json};

use crate::{
    cli::output::{bad, good, plain},
    digest::Digest,
    keys::PublicKey,
    statement::id::AgreementId,
};

/// Everything that was checked and found.
pub(in crate::cli) struct Report {
    store: String,
    /// The key that checkpoints were checked with; none: their signatures were not.
    pub(super) key: Option<PublicKey>,
    pub(super) frames: u64,
    pub(super) ledgers: u64,
    pub(super) entries: u64,
    pub(super) checkpoints: u64,
    pub(super) findings: Vec<Finding>,
    /// How many findings are not in the list any more.
    pub(super) more: u64,
    pub(super) hurt: BTreeMap<AgreementId, Hurt>,
    /// The log ends in a part of a frame that was never acknowledged.
    pub(super) torn: bool,
    /// What of the index is not as the log says.
    pub(super) index: Vec<String>,
    pub(super) index_rebuilt: bool,
    pub(super) kept: KeptReport,
    pub(super) guard: GuardReport,
}

/// What is kept of the law beside ledgers.
#[derive(Default)]
pub(super) struct KeptReport {
    /// How many snapshots, with their slips, are what the entries make.
    pub(super) hold: u64,
    /// Those that a server does not use, in words.
    unusable: Vec<String>,
    more: u64,
}

/// So many snapshots of no use are named; the others are counted.
const UNUSABLE_MAX: usize = 20;

impl KeptReport {
    pub(super) fn unusable(&mut self, ledger: AgreementId, says: &str) {
        if self.unusable.len() < UNUSABLE_MAX {
            self.unusable.push(format!("beside {ledger}: {says}"));
        } else {
            self.more += 1;
        }
    }

    fn count_unusable(&self) -> u64 {
        u64::try_from(self.unusable.len()).unwrap_or(u64::MAX).saturating_add(self.more)
    }
}

/// What the guard says of the store.
#[derive(Default)]
pub(super) enum GuardReport {
    /// It was not asked.
    #[default]
    NotAsked,
    /// In words.
    Says { file: String, says: &'static str },
}

/// What is kept beside a ledger is not what its entries make.
pub(super) const SNAPSHOT_DIFFERS: &str = "SNAPSHOT_DIFFERS";

/// So many findings are listed; the others are counted, and their ledgers still named.
const FINDINGS_MAX: usize = 10_000;

/// Something that does not hold.
#[derive(Clone, Debug)]
pub(super) struct Finding {
    pub(super) ledger: Option<AgreementId>,
    pub(super) entry: Option<u64>,
    pub(super) place: Place,
    pub(super) rule: &'static str,
    pub(super) says: String,
}

/// Where in the log.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) frame: u64,
    pub(super) file: String,
    pub(super) offset: u64,
}

/// A ledger in which something does not hold.
#[derive(Clone, Debug)]
pub(super) struct Hurt {
    /// The first entry that is bad, or not proved good.
    pub(super) first_bad: u64,
    /// Whether that entry itself was found bad, and not only the frame it is in.
    pub(super) exact: bool,
    pub(super) place: Place,
    pub(super) last_good: Option<Good>,
}

/// A checkpoint up to which everything holds.
#[derive(Clone, Debug)]
pub(super) struct Good {
    pub(super) size: u64,
    pub(super) root: Digest,
    pub(super) note: String,
}

impl Report {
    pub(super) fn new(store: &Path, key: Option<PublicKey>) -> Self {
        Self {
            store: store.display().to_string(),
            key,
            frames: 0,
            ledgers: 0,
            entries: 0,
            checkpoints: 0,
            findings: Vec::new(),
            more: 0,
            hurt: BTreeMap::new(),
            torn: false,
            index: Vec::new(),
            index_rebuilt: false,
            kept: KeptReport::default(),
            guard: GuardReport::NotAsked,
        }
    }

    pub(super) fn find(&mut self, finding: Finding) {
        if self.findings.len() < FINDINGS_MAX { self.findings.push(finding) } else { self.more += 1 }
    }

    pub(in crate::cli) fn is_sound(&self) -> bool {
        self.findings.is_empty()
    }

    /// Whether there is nothing but what making the index anew mends.
    pub(super) fn is_mendable(&self) -> bool {
        self.more == 0 && self.findings.iter().all(|finding| finding.rule == SNAPSHOT_DIFFERS)
    }

    /// The index was made anew, and with it went everything that was kept beside ledgers.
    pub(super) fn rebuilt(&mut self) {
        self.findings.retain(|finding| finding.rule != SNAPSHOT_DIFFERS);
        (self.index_rebuilt, self.kept) = (true, KeptReport::default());
    }

    fn kept_words(&self) -> String {
        let differ = self.findings.iter().filter(|finding| finding.rule == SNAPSHOT_DIFFERS).count();
        let KeptReport { hold, .. } = self.kept;
        let unusable = self.kept.count_unusable();
        if hold == 0 && unusable == 0 && differ == 0 {
            return "nothing is kept of the law".into();
        }
        let mut words = format!("{hold} snapshots of the law are what the entries make");
        if differ > 0 {
            words.push_str(&format!("; {differ} are not: --rebuild-index throws them away"));
        }
        if unusable > 0 {
            words.push_str(&format!("; {unusable} are not used, and made anew"));
        }
        words
    }

    fn index_words(&self) -> &'static str {
        match (self.index.is_empty(), self.index_rebuilt) {
            (_, true) => "made anew from the log",
            (true, false) => "as the log says",
            (false, false) => "differs; it is only a cache, and --rebuild-index makes it anew",
        }
    }

    pub(in crate::cli) fn to_json(&self) -> Value {
        let findings = self.findings.iter().map(|finding| {
            json!({
                "agreement": finding.ledger.map(|id| id.to_string()), "entry": finding.entry, "rule": finding.rule,
                "says": finding.says, "frame": finding.place.frame, "file": finding.place.file,
                "offset": finding.place.offset,
            })
        });
        let hurt = self.hurt.iter().map(|(id, hurt)| {
            let good = hurt.last_good.as_ref();
            json!({
                "agreement": id.to_string(), "first_bad_entry": hurt.first_bad, "frame": hurt.place.frame,
                "file": hurt.place.file, "offset": hurt.place.offset,
                "last_good": good.map(|good| json!({
                    "size": good.size, "root": good.root.to_string(), "note": good.note,
                })),
            })
        });
        json!({
            "sound": self.is_sound(), "store": self.store, "frames": self.frames, "ledgers": self.ledgers,
            "entries": self.entries, "checkpoints": self.checkpoints,
            "log_key": self.key.map(|key| key.to_string()), "findings": findings.collect::<Vec<_>>(),
            "findings_not_listed": self.more, "hurt": hurt.collect::<Vec<_>>(), "torn_end": self.torn,
            "index": { "differs": self.index, "is": self.index_words() },
            "kept": { "hold": self.kept.hold, "not_used": self.kept.unusable, "is": self.kept_words() },
            "guard": match &self.guard {
                GuardReport::NotAsked => Value::Null,
                GuardReport::Says { file, says } => json!({ "file": file, "is": says }),
            },
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in &self.findings {
            let Place { frame, file, offset } = &finding.place;
            writeln!(f, "{} {}", bad("unsound:"), plain(&finding.says))?;
            writeln!(f, "   rule: {}", finding.rule)?;
            if let Some(id) = finding.ledger {
                let entry = finding.entry.map(|entry| format!(", entry {entry}")).unwrap_or_default();
                writeln!(f, " ledger: {id}{entry}")?;
            }
            writeln!(f, "  where: frame {frame}, file {file}, byte {offset}\n")?;
        }
        for (id, hurt) in &self.hurt {
            let Place { frame, file, offset } = &hurt.place;
            writeln!(f, "{} {id}", bad("hurt:"))?;
            writeln!(f, "   first bad entry: {} (frame {frame}, file {file}, byte {offset})", hurt.first_bad)?;
            match &hurt.last_good {
                None => writeln!(f, "   no checkpoint before it holds\n")?,
                Some(good) => {
                    writeln!(f, "   last good checkpoint: {} entries, root {}", good.size, good.root)?;
                    for line in good.note.lines() {
                        writeln!(f, "     | {}", plain(line))?;
                    }
                    writeln!(f)?;
                }
            }
        }
        match self.findings.len() {
            0 => writeln!(f, "{} every frame, entry and checkpoint of the store holds", good("sound:"))?,
            count if self.more > 0 => writeln!(f, "{count} findings listed, {} more not", self.more)?,
            1 => writeln!(f, "1 finding")?,
            count => writeln!(f, "{count} findings")?,
        }
        writeln!(f, "       store: {}", self.store)?;
        writeln!(f, "      frames: {}, {} ledgers, {} entries", self.frames, self.ledgers, self.entries)?;
        match self.key {
            Some(key) => writeln!(f, " checkpoints: {} signed with {key}", self.checkpoints)?,
            None => writeln!(f, " checkpoints: {}, signatures not checked: give --log-key", self.checkpoints)?,
        }
        if self.torn {
            writeln!(f, "         end: a part of a frame that was never acknowledged; the server cuts it off")?;
        }
        write!(f, "       index: {}", self.index_words())?;
        for problem in &self.index {
            write!(f, "\n              {problem}")?;
        }
        write!(f, "\n        kept: {}", self.kept_words())?;
        for problem in &self.kept.unusable {
            write!(f, "\n              {problem}")?;
        }
        if let GuardReport::Says { file, says } = &self.guard {
            write!(f, "\n       guard: {says} ({file})")?;
        }
        Ok(())
    }
}
