//! What a server has promised to its clients, and whether it keeps it: every receipt, every checkpoint, whatever was done to it
//! in between.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fmt,
    time::Duration,
};

use counterfoil::{
    audit::{Options, audit_each},
    checkpoint::{Checkpoint, note::NoteVerifier},
    client::{Client, ClientError, ClientOptions, Recorded},
    envelope::Envelope,
    keys::PublicKey,
    merkle::{hash::leaf_hash, tree::Frontier},
    statement::id::{AgreementId, StatementId},
};
use tokio::task::{JoinError, JoinSet};

use crate::{
    common::Chance,
    parties::{accept, contribute, id, propose, terms},
};

/// How many of the earlier checkpoints the server is asked to prove itself consistent with, after each restart.
const PROOFS: usize = 12;
/// So many statements go through one stream of the load.
const STREAMED: usize = 32;

/// Everything that a server has promised.
#[derive(Clone, Default)]
pub(crate) struct Promises {
    agreements: BTreeMap<AgreementId, Promised>,
    /// Why statements were not answered by a receipt, and how often.
    pub(crate) reasons: BTreeMap<String, usize>,
    /// How many statements were submitted again because they were never answered.
    pub(crate) settled: usize,
}

/// What it has promised in one agreement.
#[derive(Clone, Default)]
struct Promised {
    verifier: Option<NoteVerifier>,
    /// Receipts by statement.
    receipts: HashMap<StatementId, (Envelope, Recorded)>,
    /// Every checkpoint that came with a receipt: size and root.
    checkpoints: BTreeMap<u64, Checkpoint>,
    /// Submitted, and never answered.
    unanswered: Vec<Envelope>,
}

/// Connects as who tries nothing again: what is unanswered is looked into after the restart.
pub(crate) async fn connect(url: &str, log_key: PublicKey) -> Result<Client, ClientError> {
    let call_timeout = Duration::from_secs(20);
    Client::connect(url, ClientOptions { log_key: Some(log_key), tries_max: 1, call_timeout, ..Default::default() })
        .await
}

impl Promises {
    /// Returns how many receipts were given.
    pub(crate) fn receipts(&self) -> usize {
        self.agreements.values().map(|promised| promised.receipts.len()).sum()
    }

    /// Proposes an agreement and accepts it.
    pub(crate) async fn found(&mut self, client: &Client) -> AgreementId {
        let (agreement, proposal) = propose("community", terms());
        self.agreements.insert(agreement, Promised::default());
        for envelope in [proposal, accept("enterprise", agreement)] {
            self.submit(client, agreement, vec![envelope]).await;
        }
        agreement
    }

    /// Submits at once, and waits for all answers.
    async fn submit(&mut self, client: &Client, agreement: AgreementId, envelopes: Vec<Envelope>) {
        let mut calls = JoinSet::new();
        for envelope in envelopes {
            let mut client = client.clone();
            calls.spawn(async move { (client.submit(envelope.clone(), None).await, envelope) });
        }
        for (answer, envelope) in calls.join_all().await {
            self.answered(agreement, envelope, answer);
        }
    }

    fn answered(&mut self, agreement: AgreementId, envelope: Envelope, answer: Result<Recorded, ClientError>) {
        let promised = self.agreements.get_mut(&agreement).unwrap();
        match answer {
            Ok(recorded) => promised.keep(envelope, recorded),
            Err(error) => {
                promised.unanswered.push(envelope);
                *self.reasons.entry(reason_of(&error)).or_default() += 1;
            }
        }
    }

    /// A short life of one agreement: a few batches, and one statement for the second time.
    pub(crate) async fn short_life(&mut self, client: &Client) {
        let agreement = match self.agreements.keys().next() {
            Some(agreement) => *agreement,
            None => self.found(client).await,
        };
        for batch in [4, 1, 4] {
            let envelopes: Vec<_> = (0..batch).map(|_| contribute("community", agreement)).collect();
            self.submit(client, agreement, envelopes).await;
        }
        let promised = &self.agreements[&agreement];
        let again = promised.receipts.values().next().map(|(envelope, _)| envelope.clone());
        self.submit(client, agreement, again.into_iter().collect()).await;
    }

    /// Submits from many sides at once, one by one and by streams, until the server is gone or refuses; returns how many were
    /// answered.
    pub(crate) async fn load(&mut self, client: &Client, writers: usize, until: impl Future<Output = ()>) -> usize {
        let agreements: Vec<AgreementId> = self.agreements.keys().copied().collect();
        let mut load = JoinSet::new();
        for writer in 0..writers {
            let (client, agreement) = (client.clone(), agreements[writer % agreements.len()]);
            load.spawn(async move { (agreement, write(client, agreement, writer.is_multiple_of(3)).await) });
        }
        until.await;
        let mut answered = 0;
        while let Some(written) = load.join_next().await {
            let (agreement, written) = written.unwrap();
            for (envelope, answer) in written {
                answered += usize::from(answer.is_ok());
                self.answered(agreement, envelope, answer);
            }
        }
        answered
    }

    /// Holds a restarted server to everything it ever promised; then submits what was never answered, everything else again, and
    /// something new.
    pub(crate) async fn hold(&mut self, client: &Client, log_key: PublicKey) {
        for (agreement, promised) in &mut self.agreements {
            let mut client = client.clone();
            if promised.verifier.is_none() {
                promised.verifier = Some(client.log_key(*agreement).await.unwrap());
            }
            promised.stands(&client, *agreement, log_key).await;
            self.settled += promised.unanswered.len();
            promised.settle_unanswered(&client).await;
            promised.again(&client).await;
            if promised.receipts.len() >= 2 {
                let envelope = contribute("community", *agreement);
                let recorded = client.submit(envelope.clone(), None).await.unwrap();
                assert!(!recorded.already_recorded);
                promised.keep(envelope, recorded);
            }
        }
    }
}

/// Submits until something is not answered by a receipt.
async fn write(
    mut client: Client,
    agreement: AgreementId,
    streamed: bool,
) -> Vec<(Envelope, Result<Recorded, ClientError>)> {
    let mut written = Vec::new();
    loop {
        let envelopes: Vec<_> =
            (0..if streamed { STREAMED } else { 1 }).map(|_| contribute("community", agreement)).collect();
        let mut answers = Vec::new();
        let ended = match envelopes.as_slice() {
            [one] => client.submit(one.clone(), None).await.map(|recorded| answers.push(Ok(recorded))),
            _ => {
                let keep = |_, answer: Result<Recorded, _>| answers.push(answer.map_err(ClientError::Refused));
                client.submit_all(envelopes.clone(), None, keep).await.map(drop)
            }
        };
        let mut failed = ended.err();
        let mut gone = failed.is_some();
        for envelope in envelopes {
            if answers.is_empty() {
                answers.push(Err(failed.take().unwrap_or(ClientError::Answer { call: "all", what: "no answer" })));
            }
            let answer = answers.remove(0);
            gone |= answer.is_err();
            written.push((envelope, answer));
        }
        if gone {
            return written;
        }
    }
}

impl Promised {
    fn keep(&mut self, envelope: Envelope, recorded: Recorded) {
        let checkpoint = recorded.checkpoint.checkpoint();
        let first = self.checkpoints.entry(checkpoint.size.get()).or_insert_with(|| checkpoint.clone());
        assert_eq!(first.root, checkpoint.root, "forked: two roots of the size {}", checkpoint.size);
        let index = recorded.index;
        let before = self.receipts.insert(recorded.statement, (envelope, recorded));
        assert!(before.is_none_or(|(_, before)| before.index == index), "forked: two places of one statement");
    }

    /// Holds the server to everything it ever promised in this agreement.
    async fn stands(&self, client: &Client, agreement: AgreementId, log_key: PublicKey) {
        let mut client = client.clone();
        let mut bundle = Vec::new();
        match client.export(agreement, &mut bundle).await {
            Err(ClientError::Refused(refused)) if refused.reason == "AGREEMENT_NOT_FOUND" => {
                assert!(self.receipts.is_empty(), "lost: the agreement with {} receipts", self.receipts.len());
                return;
            }
            exported => drop(exported.unwrap()),
        }
        let options = Options { log_key: Some(log_key), file: "exported".into() };
        let (mut leaves, mut roots, mut frontier) = (Vec::new(), vec![None], Frontier::empty());
        let audit = audit_each(bundle.as_slice(), &options, |entry| {
            let leaf = entry.entry.encode();
            frontier.push(leaf_hash(&leaf), |_, _| {});
            roots.push(Some(frontier.root()));
            leaves.push(leaf);
        });
        assert!(audit.report.is_sound(), "broken: {}", audit.report);
        let verifier = self.verifier.as_ref().unwrap();
        for (_, recorded) in self.receipts.values() {
            let index = usize::try_from(recorded.index).unwrap();
            let leaf = leaves.get(index).unwrap_or_else(|| panic!("lost: entry {index} of {}", leaves.len()));
            assert_eq!(recorded.receipt.extra.as_ref(), Some(leaf), "forked: entry {index} is another one now");
            recorded.receipt.check(leaf, verifier).unwrap();
        }
        // Each earlier root is the root of a prefix of what is there now: so each is consistent with each later one.
        for (size, checkpoint) in &self.checkpoints {
            let root = roots.get(usize::try_from(*size).unwrap());
            assert_eq!(root, Some(&Some(checkpoint.root)), "forked: the ledger of {size} entries is another one now");
        }
        // And the server proves it, too: the client checks the proof.
        for checkpoint in self.checkpoints.values().step_by(self.checkpoints.len().div_ceil(PROOFS).max(1)) {
            client.prove_consistency(agreement, checkpoint, Some(verifier)).await.unwrap();
        }
    }

    /// Submits again what was never answered, twice: it is recorded once, whether or not it was before.
    async fn settle_unanswered(&mut self, client: &Client) {
        let unanswered = std::mem::take(&mut self.unanswered);
        let mut answers = [Vec::new(), Vec::new()];
        let mut client = client.clone();
        for answers in &mut answers {
            // A stream may admit them side by side: proposal and acceptance come before what rests on them.
            let founding = if self.receipts.len() < 2 { unanswered.len().min(2) } else { 0 };
            for envelope in &unanswered[..founding] {
                answers.push(client.submit(envelope.clone(), None).await.unwrap());
            }
            let keep = |_, answer: Result<Recorded, _>| answers.push(answer.unwrap());
            client.submit_all(unanswered[founding..].to_vec(), self.verifier.as_ref(), keep).await.unwrap();
        }
        let [first, again] = answers;
        for ((envelope, first), again) in unanswered.into_iter().zip(first).zip(again) {
            assert_eq!((first.index, first.statement, again.already_recorded), (again.index, id(&envelope), true));
            self.keep(envelope, first);
        }
    }

    /// Submits again what was answered: it has the same place, and no second one.
    async fn again(&mut self, client: &Client) {
        let mut client = client.clone();
        let (envelopes, indexes): (Vec<_>, Vec<_>) =
            self.receipts.values().map(|(envelope, recorded)| (envelope.clone(), recorded.index)).unzip();
        assert_eq!(indexes.iter().collect::<HashSet<_>>().len(), indexes.len(), "forked: one place for two statements");
        let (mut wrong, mut checkpoints) = (Vec::new(), Vec::new());
        let answered = client.submit_all(envelopes, self.verifier.as_ref(), |at, answer| match answer {
            Ok(recorded) if recorded.already_recorded && recorded.index == indexes[at] => {
                checkpoints.push(recorded.checkpoint.checkpoint().clone());
            }
            other => wrong.push(other),
        });
        assert_eq!(answered.await.unwrap(), indexes.len());
        assert!(wrong.is_empty(), "what was recorded before is not answered by its place: {wrong:?}");
        for checkpoint in checkpoints {
            let first = self.checkpoints.entry(checkpoint.size.get()).or_insert_with(|| checkpoint.clone());
            assert_eq!(first.root, checkpoint.root, "forked: two roots of the size {}", checkpoint.size);
        }
    }
}

/// How often promises were not kept, by the first word of what was wrong.
#[derive(Default)]
pub(crate) struct Failures(BTreeMap<String, usize>);

impl Failures {
    /// Counts a check that panicked, and says where.
    pub(crate) fn took(&mut self, what: &str, panicked: JoinError) {
        let panicked = panicked.into_panic();
        let said = panicked.downcast_ref::<String>().cloned();
        let said = said.or_else(|| panicked.downcast_ref::<&str>().map(|said| (*said).to_owned())).unwrap_or_default();
        eprintln!("FAILED {what}: {said}");
        let words = ["lost", "forked", "not opened", "broken"];
        let word = words.into_iter().find(|word| said.starts_with(&format!("{word}:"))).unwrap_or("other");
        *self.0.entry(word.to_owned()).or_default() += 1;
    }

    pub(crate) fn are_none(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Failures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |word: &str| self.0.get(word).copied().unwrap_or_default();
        let [lost, forked, closed] = ["lost", "forked", "not opened"].map(of);
        write!(f, "{lost} lost, {forked} forked, {closed} not opened, {} else", of("broken") + of("other"))
    }
}

/// The reason code of a failure, or what kind of failure it is.
pub(crate) fn reason_of(error: &ClientError) -> String {
    match error {
        ClientError::Busy { refused, .. } | ClientError::Refused(refused) | ClientError::Server { refused } => {
            format!("{:?} {}", refused.code, refused.reason)
        }
        ClientError::Unreachable { .. } => "not reachable".into(),
        other => other.to_string(),
    }
}

/// Returns the places of `0..length` in an order drawn by lot.
pub(crate) fn shuffled(chance: &mut Chance, length: usize) -> Vec<usize> {
    let mut places: Vec<usize> = (0..length).collect();
    for at in (1..length).rev() {
        places.swap(at, chance.below(at + 1));
    }
    places
}
