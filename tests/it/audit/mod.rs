//! The auditor: every story read from its exported bundle, every byte of a bundle flipped, and ledgers of dishonest servers.

mod flips;
mod histories;
mod hostile;
mod refusal;

use std::sync::LazyLock;

use counterfoil::{
    audit::{Audit, Options, audit},
    checkpoint::{Checkpoint, SignedCheckpoint, note::NoteSigner},
    keys::SecretKey,
    ledger::{bundle::BundleWriter, entry::Entry},
    merkle::{hash::leaf_hash, tree::Frontier},
};

use crate::stories::{self, Played, Reader, Reading, Submission};

/// The log key of the server in these tests.
fn log_key() -> SecretKey {
    SecretKey::from_seed(&[200; 32])
}

fn entry(submission: &Submission) -> Entry {
    Entry { admitted: submission.at, envelope: submission.envelope.clone() }
}

/// The entries of a story that were admitted.
fn story(name: &str) -> Vec<Entry> {
    static PLAYED: LazyLock<Vec<Played>> = LazyLock::new(stories::played);
    let story = PLAYED.iter().find(|story| story.name == name).unwrap();
    let admitted = story.submissions.iter().zip(&story.reading.answers).filter(|(_, answer)| answer.is_ok());
    admitted.map(|(submission, _)| entry(submission)).collect()
}

/// The signer of the ledger that the first of `entries` founds.
fn signer(entries: &[Entry], key: SecretKey) -> NoteSigner {
    let agreement = counterfoil::statement::wire::open(&entries[0].envelope).unwrap().agreement();
    NoteSigner::new(&format!("counterfoil.local/ledger/{agreement}"), key).unwrap()
}

fn leaves(entries: &[Entry]) -> Vec<Vec<u8>> {
    entries.iter().map(Entry::encode).collect()
}

/// What the log says of these leaves.
fn checkpoint(leaves: &[Vec<u8>], signer: &NoteSigner) -> SignedCheckpoint {
    let mut frontier = Frontier::empty();
    leaves.iter().for_each(|leaf| frontier.push(leaf_hash(leaf), |_, _| ()));
    let checkpoint = Checkpoint { origin: signer.name().into(), size: frontier.size(), root: frontier.root() };
    SignedCheckpoint::sign(checkpoint, signer)
}

fn export(leaves: &[Vec<u8>], signer: &NoteSigner) -> Vec<u8> {
    let count = u64::try_from(leaves.len()).unwrap();
    let mut bundle = BundleWriter::begin(Vec::new(), &signer.verifier(), count).unwrap();
    leaves.iter().for_each(|leaf| bundle.entry(leaf).unwrap());
    bundle.finish(&checkpoint(leaves, signer)).unwrap()
}

/// What a server exports that signs whatever these entries are.
pub(crate) fn bundle(entries: &[Entry]) -> Vec<u8> {
    export(&leaves(entries), &signer(entries, log_key()))
}

/// The options of a reader who knows the log's key.
fn knowing_the_log() -> Options {
    Options { log_key: Some(log_key().public()), file: "ledger.counterfoil".into() }
}

fn audited(bundle: &[u8]) -> Audit {
    audit(bundle, &knowing_the_log())
}

/// The entry and the rule of each finding.
fn found(audit: &Audit) -> Vec<(Option<u64>, &'static str)> {
    audit.report.findings.iter().map(|finding| (finding.entry, finding.rule)).collect()
}

/// Reads a session as an auditor would whose server had let each submission in: what the law refuses is a finding.
struct Auditor;

impl Reader for Auditor {
    fn name(&self) -> &'static str {
        "the auditor"
    }

    fn read(&self, submissions: &[Submission]) -> Reading {
        let mut entries: Vec<Entry> = Vec::new();
        let (mut answers, mut last) = (Vec::new(), None);
        for submission in submissions {
            let index = u64::try_from(entries.len()).unwrap();
            let tried = [entries.as_slice(), &[entry(submission)]].concat();
            // A ledger that nothing founds has a name all the same.
            let named = if counterfoil::statement::wire::open(&tried[0].envelope).is_ok() {
                signer(&tried, log_key())
            } else {
                NoteSigner::new("counterfoil.local/ledger/none", log_key()).unwrap()
            };
            let audit = audited(&export(&leaves(&tried), &named));
            match found(&audit).as_slice() {
                [] => {
                    answers.push(Ok(index));
                    entries = tried;
                    last = Some(audit);
                }
                [(Some(entry), rule)] if *entry == index => answers.push(Err((*rule).to_owned())),
                other => panic!("only entry {index} is new, but {other:?} was found"),
            }
        }
        let root = last.as_ref().map(|audit| audit.report.root);
        let agreement = last.and_then(|audit| audit.agreement);
        let account = agreement.and_then(|agreement| agreement.account_at(agreement.size()).ok());
        Reading { answers, root, split: account.map(|account| account.settlement) }
    }
}

#[test]
fn the_auditor_reads_every_story_as_the_fold_does() {
    stories::hold(&Auditor);
}
