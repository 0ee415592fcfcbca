//! One story, several readers: each rule of the agreement is written once, as a session in `scripts/*.story`, and read by
//! the fold, and by everything else that must come to the same refusals, the same split and the same root.
//!
//! A script begins with its terms (lines left out are those of [`terms`]), then says line by line who says what, and
//! what becomes of it:
//!
//! ```text
//! community   proposes
//! enterprise  accepts
//! community   contributes C1 3 hour
//! community   attests C1                  -> refused OWN_CONTRIBUTION
//! enterprise  attests C1 quality 1/2
//! now         C1 is ACCEPTED
//! enterprise  reports B1 sales 100.00 EUR
//! community   confirms B1
//! enterprise  settles                     -> due community 74.50 EUR enterprise 25.50 EUR
//! ```
//!
//! Behind a line of `---` a new session begins.

mod fold;
mod grpc;
mod play;
mod script;
pub(crate) mod terms;

use std::{collections::BTreeSet, fs, path::Path};

pub(crate) use terms::secret;

use counterfoil::{
    agreement::refusal::reasons,
    digest::Digest,
    envelope::Envelope,
    statement::{Kind, Settlement, wire},
    time::Timestamp,
};

/// What a reader is given: an envelope, and the time at which it is admitted if it is.
#[derive(Clone, Debug)]
pub(crate) struct Submission {
    /// The signed statement.
    pub(crate) envelope: Envelope,
    /// The admission time.
    pub(crate) at: Timestamp,
}

/// What a reader came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reading {
    /// For each submission: the index of its entry, or the reason of its refusal.
    pub(crate) answers: Vec<Result<u64, String>>,
    /// The root over the entries; none without any.
    pub(crate) root: Option<Digest>,
    /// What a settlement of all entries would say; none where none is possible.
    pub(crate) split: Option<Settlement>,
}

/// Something that reads a session: it starts without any agreement, and takes the submissions one after the other.
pub(crate) trait Reader {
    /// Its name, for failures.
    fn name(&self) -> &'static str;
    /// Reads one session from its beginning.
    fn read(&self, submissions: &[Submission]) -> Reading;
}

/// A story that was played: what was submitted, and what the script says becomes of it.
pub(crate) struct Played {
    /// The name of its file.
    pub(crate) name: String,
    /// Everything that was said.
    pub(crate) submissions: Vec<Submission>,
    /// What the fold, checked against the script, came to.
    pub(crate) reading: Reading,
}

/// Plays every story, in the order of their names.
///
/// # Panics
///
/// If the fold does not do what a script says.
pub(crate) fn played() -> Vec<Played> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/stories/scripts");
    let mut files: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut failures = Vec::new();
    let mut stories = Vec::new();
    for file in files {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(&file).unwrap();
        let mut lines_before = 0;
        for (place, script) in text.split_inclusive("---\n").enumerate() {
            match play::play(&format!("{name} {}", place + 1), script, lines_before) {
                Ok(story) => stories.push(story),
                Err(failure) => failures.push(format!("{name}, {failure}")),
            }
            lines_before += script.lines().count();
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    stories
}

/// Holds a reader to every story.
///
/// # Panics
///
/// If it comes to anything else than the fold.
pub(crate) fn hold(reader: &impl Reader) {
    for Played { name, submissions, reading } in played() {
        let found = reader.read(&submissions);
        for (place, (found, expected)) in found.answers.iter().zip(&reading.answers).enumerate() {
            assert_eq!(found, expected, "{name}: {} on submission {place}", reader.name());
        }
        assert_eq!(found, reading, "{name}: {}", reader.name());
    }
}

#[test]
fn the_fold_reads_every_story_as_it_is_written() {
    assert!(played().len() >= 20);
    hold(&fold::Fold);
}

#[test]
fn a_fold_that_forgets_everything_reads_every_story_as_it_is_written() {
    hold(&fold::Forgetful);
}

/// Refusals that no session with one server can show, because the log or the clock keeps them from the law, or that need
/// more than a session; each is tested beside its guard.
const NOT_IN_A_SESSION: [&str; 23] = [
    "ACCOUNT_LINES_TOO_MANY",
    "ALREADY_FOUNDED",
    "ALREADY_RECORDED",
    "COSTS_TOO_MANY",
    "ENTITLEMENT_TOO_FINE",
    "MOTIONS_USED_UP",
    "NOT_FOUNDED",
    "OTHER_AGREEMENT",
    "PARTIES_TOO_FEW",
    "PAYMENTS_TOO_MANY",
    "SPLIT_NOT_COMPUTABLE",
    "TIME_RAN_BACK",
    "TOO_MANY_CHALLENGED",
    "TOO_MANY_CHALLENGES",
    "TOO_MANY_COMMITMENTS",
    "TOO_MANY_DISPUTED_ENTRIES",
    "TOO_MANY_DISPUTES",
    "TOO_MANY_KEYS",
    "TOO_MANY_NEEDS",
    "TOO_MANY_OPEN_CLAIMS",
    "TOO_MANY_RISKS",
    "TOO_MUCH_EVIDENCE",
    "TOO_MUCH_FEEDBACK",
];

#[test]
fn every_reason_and_every_kind_of_statement_has_its_story() {
    let (mut told, mut kinds) = (BTreeSet::new(), BTreeSet::new());
    for Played { submissions, reading, .. } in played() {
        for (submission, answer) in submissions.iter().zip(reading.answers) {
            match answer {
                Ok(_) => drop(kinds.insert(wire::open(&submission.envelope).unwrap().statement().body.kind())),
                Err(reason) => drop(told.insert(reason)),
            }
        }
    }
    assert_eq!(kinds, Kind::ALL.into(), "kinds of statement that enter in a story");
    let untold: Vec<_> = reasons::all()
        .map(|reason| reason.code)
        .filter(|code| !told.contains(*code) && !NOT_IN_A_SESSION.contains(code))
        .collect();
    assert!(untold.is_empty(), "no story tells of {untold:?}");
}
