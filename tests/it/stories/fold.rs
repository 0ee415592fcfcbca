//! The pure fold as a reader.

use counterfoil::{
    agreement::{Agreement, refusal::check_seen},
    digest::Digest,
    ledger::entry::Entry,
    merkle::{hash::leaf_hash, tree::Frontier},
    statement::{Signed, wire},
};

use crate::{
    keeper::Keeper,
    stories::{Reader, Reading, Submission},
};

/// Reads by the law alone, which puts everything away behind each entry.
pub(crate) struct Forgetful;

/// Reads by the law alone.
pub(crate) struct Fold;

/// A ledger as it grows: what a sequencer or an auditor keeps, in the smallest form.
#[derive(Default)]
pub(crate) struct Ledger {
    pub(crate) agreement: Option<Agreement>,
    frontier: Option<Frontier>,
    /// The root at each size, from 1 on.
    pub(crate) roots: Vec<Digest>,
}

impl Ledger {
    /// Takes a submission in, or says for what reason not.
    pub(crate) fn submit(&mut self, submission: &Submission) -> Result<u64, String> {
        let signed = wire::open(&submission.envelope).map_err(|error| error.reason().to_owned())?;
        self.enter(&signed, submission).map_err(|refusal| refusal.reason().to_owned())
    }

    fn enter(
        &mut self,
        signed: &Signed,
        submission: &Submission,
    ) -> Result<u64, counterfoil::agreement::refusal::Refusal> {
        let seen = signed.statement().seen;
        check_seen(signed, seen.and_then(|seen| self.root_at(seen.tree_size)))?;
        match &mut self.agreement {
            None => self.agreement = Some(Agreement::found(signed, submission.at)?),
            Some(agreement) => {
                let admission = agreement.admit(signed, submission.at)?;
                agreement.apply(admission);
            }
        }
        let entry = Entry { admitted: submission.at, envelope: submission.envelope.clone() };
        let frontier = self.frontier.get_or_insert_with(Frontier::empty);
        frontier.push(leaf_hash(&entry.encode()), |_, _| {});
        self.roots.push(frontier.root());
        Ok(u64::try_from(self.roots.len()).unwrap() - 1)
    }

    pub(crate) fn root_at(&self, tree_size: u64) -> Option<Digest> {
        self.roots.get(usize::try_from(tree_size).unwrap().checked_sub(1)?).copied()
    }

    pub(crate) fn reading(&self, answers: Vec<Result<u64, String>>) -> Reading {
        let account = self.agreement.as_ref().and_then(|agreement| agreement.account_at(agreement.size()).ok());
        Reading { answers, root: self.roots.last().copied(), split: account.map(|account| account.settlement) }
    }
}

impl Reader for Fold {
    fn name(&self) -> &'static str {
        "the fold"
    }

    fn read(&self, submissions: &[Submission]) -> Reading {
        let mut ledger = Ledger::default();
        let answers = submissions.iter().map(|submission| ledger.submit(submission)).collect();
        ledger.reading(answers)
    }
}

impl Reader for Forgetful {
    fn name(&self) -> &'static str {
        "the fold that forgets"
    }

    fn read(&self, submissions: &[Submission]) -> Reading {
        // The roots are the log's, which nobody forgets: another fold has them.
        let mut log = Ledger::default();
        let mut keeper: Option<Keeper> = None;
        let mut answers = Vec::new();
        for (place, submission) in submissions.iter().enumerate() {
            let mut read = || {
                let signed = wire::open(&submission.envelope).map_err(|error| error.reason().to_owned())?;
                let seen = signed.statement().seen.and_then(|seen| log.root_at(seen.tree_size));
                check_seen(&signed, seen).map_err(|refusal| refusal.reason().to_owned())?;
                let index = match &mut keeper {
                    None => Agreement::found(&signed, submission.at).map(|agreement| {
                        keeper = Some(Keeper::of(agreement, signed.clone()));
                        0
                    }),
                    Some(keeper) => keeper.enter(&signed, submission.at),
                };
                index.map_err(|refusal| refusal.reason().to_owned())
            };
            let answer = read();
            if let Some(keeper) = &mut keeper {
                match place % 3 {
                    0 => keeper.restore(),
                    1 => {
                        keeper.put_away(1);
                        keeper.agreement.forget(0);
                    }
                    _ => {}
                }
            }
            if answer.is_ok() {
                log.submit(submission).unwrap();
            }
            answers.push(answer);
        }
        let split = keeper.and_then(|mut keeper| keeper.account_at(keeper.agreement.size()).ok());
        Reading { answers, root: log.roots.last().copied(), split: split.map(|account| account.settlement) }
    }
}
