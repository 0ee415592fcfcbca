//! What an audit shows: every finding, with its entry, rule, evidence, and how to see it oneself.

use std::fmt;

use serde_json::{Value, json};

use crate::{digest::Digest, keys::PublicKey, merkle::hash::empty_root, statement::id::AgreementId};

/// Everything that was checked and found.
#[derive(Clone, Debug)]
pub struct Report {
    /// What the file is called, for the hints.
    file: String,
    /// The agreement that entry 0 founds, if it founds one.
    pub agreement: Option<AgreementId>,
    /// The origin of the checkpoint, if its signature holds.
    pub origin: Option<String>,
    /// Number of entries read.
    pub entries: u64,
    /// Number of entries whose signature holds and whose bytes are canonical.
    pub signatures: u64,
    /// Number of settlements that equal their recomputation to the last minor unit.
    pub settlements: u64,
    /// The root that the entries hash to.
    pub root: Digest,
    /// Whose word for the log's key was taken; `None` when there was no readable key.
    pub key_source: Option<KeySource>,
    /// Everything that does not hold, in the order it was found.
    pub findings: Vec<Finding>,
}

/// Whose word for the log's key was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// The reader's own.
    Reader(PublicKey),
    /// The bundle's: that it is the log's, nobody has shown.
    Bundle(PublicKey),
}

/// Something that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The entry, where one can be named.
    pub entry: Option<u64>,
    /// The rule that is broken: a reason code, or one of [`RULES`].
    pub rule: &'static str,
    /// What is wrong, in one line.
    pub says: String,
    /// The rule in this case: what stands there, what should.
    pub detail: String,
    /// The evidence.
    pub shows: String,
    /// How to see it oneself; `{file}` stands for the bundle.
    pub look: String,
}

/// The auditor's own rules beside the reason codes of statements and refusals: rule, what it means, and what to do.
pub const RULES: [(&str, &str, &str); 11] = [
    (
        "BUNDLE_MALFORMED",
        "the file is not a bundle, or ends too early",
        "export it again, or ask another party for its copy",
    ),
    ("LOG_KEY_MALFORMED", "the log key in the bundle cannot be read", "pass the log's key with --log-key"),
    (
        "LOG_KEY_DIFFERS",
        "the bundle names another log key than the reader's",
        "compare the key with the other parties'",
    ),
    ("LEAF_HASH_MISMATCH", "an entry was changed, or the hash beside it", "compare with a receipt for this entry"),
    ("ENTRY_MALFORMED", "the bytes of an entry do not have its form", "compare with a receipt for this entry"),
    ("ENTRY_REPEATED", "a statement stands in the ledger twice", "ask the operator: an honest server does not do this"),
    (
        "CHECKPOINT_INVALID",
        "the checkpoint is not signed by the log, or malformed",
        "compare with any party's latest receipt",
    ),
    ("ORIGIN_MISMATCH", "the checkpoint is another ledger's", "export the bundle of this agreement again"),
    ("SIZE_MISMATCH", "the checkpoint or the head speaks of another number of entries", "export it again"),
    ("ROOT_MISMATCH", "the entries do not hash to the root that the log signed", "compare with another party's copy"),
    ("LEDGER_EMPTY", "there is no entry", "export it again"),
];

impl Report {
    pub(super) fn new(file: String) -> Self {
        Self {
            file,
            agreement: None,
            origin: None,
            entries: 0,
            signatures: 0,
            settlements: 0,
            root: empty_root(),
            key_source: None,
            findings: Vec::new(),
        }
    }

    pub(super) fn find(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// Whether nothing was found.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.findings.is_empty()
    }

    /// Returns the report as JSON, with the fields of the text.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let findings: Vec<Value> = self.findings.iter().map(|finding| self.finding_json(finding)).collect();
        json!({
            "sound": self.is_sound(),
            "file": self.file,
            "agreement": self.agreement.map(|agreement| agreement.to_string()),
            "origin": self.origin,
            "entries": self.entries,
            "signatures": self.signatures,
            "settlements": self.settlements,
            "root": self.root.to_string(),
            "log_key": self.key_source.map(|source| source.key().to_string()),
            "log_key_from": self.key_source.map(|source| match source {
                KeySource::Reader(_) => "reader",
                KeySource::Bundle(_) => "bundle",
            }),
            "findings": findings,
            "not_shown": NOT_SHOWN,
        })
    }

    fn finding_json(&self, finding: &Finding) -> Value {
        json!({
            "entry": finding.entry,
            "rule": finding.rule,
            "says": finding.says,
            "detail": finding.detail,
            "shows": finding.shows,
            "look": self.hint(finding),
        })
    }

    fn hint(&self, finding: &Finding) -> String {
        finding.look.replace("{file}", &self.file)
    }
}

impl KeySource {
    /// Returns the key.
    #[must_use]
    pub const fn key(self) -> PublicKey {
        match self {
            Self::Reader(key) | Self::Bundle(key) => key,
        }
    }
}

/// What no ledger can prove.
pub const NOT_SHOWN: [&str; 2] = ["that reported revenue is complete", "that an hour was worked"];

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in &self.findings {
            writeln!(f, "unsound: {}", finding.says)?;
            writeln!(f, "   rule: {}   {}", finding.rule, finding.detail)?;
            writeln!(f, "  shows: {}", finding.shows)?;
            writeln!(f, "   look: {}", self.hint(finding))?;
            writeln!(f)?;
        }
        match self.findings.len() {
            0 => writeln!(f, "sound: every entry follows from the entries before it")?,
            1 => writeln!(f, "1 finding")?,
            count => writeln!(f, "{count} findings")?,
        }
        let ledger = self.origin.clone().or_else(|| self.agreement.map(|id| id.to_string()));
        writeln!(f, "      ledger: {}", ledger.as_deref().unwrap_or("unknown"))?;
        writeln!(f, "     entries: {}, root {}", self.entries, self.root)?;
        writeln!(f, "  signatures: {} of {} hold", self.signatures, self.entries)?;
        writeln!(f, " settlements: {} equal their recomputation to the last minor unit", self.settlements)?;
        match self.key_source {
            Some(KeySource::Reader(key)) => writeln!(f, "     log key: {key}, as you know it")?,
            Some(KeySource::Bundle(key)) => {
                writeln!(
                    f,
                    "     log key: {key}, by the bundle's own word; with --log-key it is checked against yours"
                )?;
            }
            None => writeln!(f, "     log key: none could be read")?,
        }
        write!(f, "   not shown: {}", NOT_SHOWN.join(", or "))
    }
}
