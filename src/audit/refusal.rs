//! Judges a signed refusal again: the entries up to where it was judged, the statement, and the same law.
//!
//! A server that refuses what the law admits, or for another reason, has signed the proof of it.

use std::io::Read;

use serde_json::{Value, json};

use crate::{
    audit::{Options, audit_at, replay::Replay},
    ledger::refusal::SignedRefusal,
    merkle::hash::empty_root,
    statement::Signed,
    time::Timestamp,
};

/// What came of judging a refusal again.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// The law refuses the statement there for the same reason.
    Right {
        /// The next entry was admitted earlier than the refusal was judged: the server's clock ran back, or was set forward to
        /// refuse.
        next_admitted_before: Option<Timestamp>,
    },
    /// The law admits it, or refuses it for another reason.
    Wrong {
        /// What the law says there; `None`: it admits.
        law: Option<&'static str>,
    },
    /// The statement was in the ledger: the answer should have been its receipt.
    Recorded,
    /// The log signed this ledger and, in the refusal, another one.
    Forked {
        /// The root of the bundle's entries at that size.
        root: String,
    },
    /// The ledger is the one the refusal speaks of; without the statement nobody can say more.
    NotJudged,
}

/// Why a refusal cannot be judged with what is there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JudgeError {
    /// There is no bundle, and the refusal rests on entries.
    #[error("the refusal rests on {size} entries: give the ledger with --bundle")]
    BundleMissing {
        /// How many.
        size: u64,
    },
    /// The bundle is of another agreement.
    #[error("the bundle is of {found}, the refusal is of {expected}")]
    OtherAgreement {
        /// Of which the refusal is: its origin.
        expected: String,
        /// Of which the bundle is.
        found: String,
    },
    /// The statement is another.
    #[error("the refusal is of another statement than the one given")]
    OtherStatement,
    /// The bundle is too short.
    #[error("the refusal rests on {size} entries, the bundle has {entries}: export a newer one")]
    BundleTooShort {
        /// How many entries the refusal rests on.
        size: u64,
        /// How many are there.
        entries: u64,
    },
    /// The ledger itself is not sound.
    #[error("the ledger of the bundle is not sound (entry {}, {rule}): audit it first", entry_text(.entry))]
    Unsound {
        /// The first finding's entry.
        entry: Option<u64>,
        /// Its rule.
        rule: &'static str,
    },
    /// A refusal of a size that no ledger has at that root.
    #[error("the refusal speaks of an empty ledger with another root than the empty one")]
    NotEmptyRoot,
}

fn entry_text(entry: &Option<u64>) -> String {
    entry.map_or_else(|| "-".to_owned(), |entry| entry.to_string())
}

impl Verdict {
    /// Whether the server is convicted.
    #[must_use]
    pub const fn convicts(&self) -> bool {
        matches!(self, Self::Wrong { .. } | Self::Recorded | Self::Forked { .. })
    }

    /// Returns the verdict as a word: `right`, `wrong`, `not judged`.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Right { .. } => "right",
            Self::NotJudged => "not judged",
            Self::Wrong { .. } | Self::Recorded | Self::Forked { .. } => "wrong",
        }
    }

    /// Says what shows it, in one line.
    #[must_use]
    pub fn evidence(&self, refusal: &SignedRefusal) -> String {
        let refused = refusal.refusal();
        let there = format!("after {} entries at {}", refused.under.size, refused.judged);
        match self {
            Self::Right { next_admitted_before: None } => {
                format!("the law refuses the statement {there}: {}", refused.reason)
            }
            Self::Right { next_admitted_before: Some(next) } => format!(
                "the law refuses the statement {there}: {}; but the next entry was admitted earlier, at {next}: was the clock \
                 right?",
                refused.reason
            ),
            Self::Wrong { law: None } => {
                format!("the law admits the statement {there}; the log signed {}", refused.reason)
            }
            Self::Wrong { law: Some(law) } => {
                format!("the law refuses the statement {there} for {law}; the log signed {}", refused.reason)
            }
            Self::Recorded => {
                format!(
                    "the statement stood in the ledger of {} entries; the answer is its receipt",
                    refused.under.size
                )
            }
            Self::Forked { root } => format!(
                "the log signed a ledger whose first {} entries have the root {root}, and refused under the root {}",
                refused.under.size, refused.under.root
            ),
            Self::NotJudged => "the ledger is the one the refusal speaks of; the statement is not given".to_owned(),
        }
    }

    /// Returns the verdict as JSON.
    #[must_use]
    pub fn to_json(&self, refusal: &SignedRefusal) -> Value {
        let law = match self {
            Self::Wrong { law } => json!(law.unwrap_or("ADMITTED")),
            Self::Right { .. } => json!(refusal.refusal().reason),
            Self::Recorded | Self::Forked { .. } | Self::NotJudged => Value::Null,
        };
        json!({ "verdict": self.as_str(), "law": law, "evidence": self.evidence(refusal) })
    }
}

/// Judges a refusal, whose signature was checked, again. `bundle` is not needed for a refusal before the founding.
///
/// `options.log_key` should be the key the refusal was checked with: only then does another root convict the log.
/// Errors: [`JudgeError`], which says what is missing.
pub fn judge(
    refusal: &SignedRefusal,
    bundle: Option<impl Read>,
    signed: Option<&Signed>,
    options: &Options,
) -> Result<Verdict, JudgeError> {
    let refused = refusal.refusal();
    let (size, at) = (refused.under.size.get(), refused.judged);
    if let Some(signed) = signed
        && signed.id().digest() != refused.statement
    {
        return Err(JudgeError::OtherStatement);
    }
    if let Some(signed) = signed {
        let expected = refused.under.origin.rsplit('/').next().unwrap_or_default();
        let found = signed.agreement().to_string();
        if expected != found {
            return Err(JudgeError::OtherAgreement { expected: expected.to_owned(), found });
        }
    }
    if size == 0 {
        if refused.under.root != empty_root() {
            return Err(JudgeError::NotEmptyRoot);
        }
        return Ok(verdict(&Replay::new(options.file.clone()), refusal, signed, at));
    }
    let bundle = bundle.ok_or(JudgeError::BundleMissing { size })?;
    let (mut found, mut next) = (None, None);
    let looked = |replay: &Replay| found = Some(Looked::at(replay, refusal, signed));
    let each = |audited: super::Audited<'_>| {
        if audited.index == size {
            next = Some(audited.entry.admitted);
        }
    };
    let audit = audit_at(bundle, options, Some(size), each, looked);
    let expected = refused.under.origin.rsplit('/').next().unwrap_or_default();
    if let Some(agreement) = audit.report.agreement.map(|id| id.to_string())
        && agreement != expected
    {
        return Err(JudgeError::OtherAgreement { expected: expected.to_owned(), found: agreement });
    }
    let unsound = |(entry, rule)| JudgeError::Unsound { entry, rule };
    let first = audit.report.findings.first().map(|finding| (finding.entry, finding.rule));
    let Some(Looked { root, unsound: before, verdict }) = found else {
        return match first {
            Some(first) => Err(unsound(first)),
            None => Err(JudgeError::BundleTooShort { size, entries: audit.report.entries }),
        };
    };
    if root != refused.under.root.to_string() {
        // Only a whole ledger that the same key signed stands against the refusal.
        return match first {
            Some(first) => Err(unsound(first)),
            None => Ok(Verdict::Forked { root }),
        };
    }
    // The root shows that these are the entries; what is wrong behind them changes nothing.
    match (before, verdict) {
        (Some(before), _) => Err(unsound(before)),
        (None, Verdict::Right { .. }) => Ok(Verdict::Right { next_admitted_before: next.filter(|next| *next < at) }),
        (None, verdict) => Ok(verdict),
    }
}

/// What the replay shows where the refusal was judged.
struct Looked {
    root: String,
    /// The first finding so far.
    unsound: Option<(Option<u64>, &'static str)>,
    verdict: Verdict,
}

impl Looked {
    fn at(replay: &Replay, refusal: &SignedRefusal, signed: Option<&Signed>) -> Self {
        let unsound = replay.first_of_entries();
        let verdict = match unsound {
            Some(_) => Verdict::NotJudged,
            None => verdict(replay, refusal, signed, refusal.refusal().judged),
        };
        Self { root: replay.root().to_string(), unsound, verdict }
    }
}

fn verdict(replay: &Replay, refusal: &SignedRefusal, signed: Option<&Signed>, at: Timestamp) -> Verdict {
    let Some(signed) = signed else { return Verdict::NotJudged };
    if replay.has(signed.id()) {
        return Verdict::Recorded;
    }
    match replay.ask(signed, at) {
        Some(law) if law == refusal.refusal().reason => Verdict::Right { next_admitted_before: None },
        law => Verdict::Wrong { law },
    }
}
