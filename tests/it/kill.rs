//! A real server, killed at random moments under load: what it ever promised stands.

use std::{
    collections::{BTreeMap, HashMap},
    time::{Duration, Instant},
};

use counterfoil::{
    audit::{Options, audit_each},
    checkpoint::{Checkpoint, note::NoteVerifier},
    client::{Client, ClientOptions, Recorded},
    envelope::Envelope,
    keys::PublicKey,
    merkle::{hash::leaf_hash, tree::Frontier},
    statement::id::{AgreementId, StatementId},
};
use tokio::task::JoinSet;

use crate::{
    cli::machine::{Server, World},
    parties::{accept, contribute, id, propose, terms},
};

const KILLS: usize = 50;
const AGREEMENTS: usize = 3;
const WRITERS: usize = 6;
/// How many of the earlier checkpoints the server is asked to prove itself consistent with, after each restart.
const PROOFS: usize = 12;

/// What the server has promised in one agreement.
struct Promised {
    verifier: Option<NoteVerifier>,
    /// Receipts by statement.
    receipts: HashMap<StatementId, Recorded>,
    /// Every checkpoint that came with a receipt: size and root.
    checkpoints: BTreeMap<u64, Checkpoint>,
    /// Submitted, and never answered.
    unanswered: Vec<Envelope>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_kills_under_load_take_nothing_back() {
    let mut random = Random::seeded();
    let world = World::new();
    let mut promised: BTreeMap<AgreementId, Promised> = BTreeMap::new();
    let (mut answered, mut resubmitted, mut while_starting) = (0, 0, 0);
    for kill in 0..=KILLS {
        if kill > 0 && random.next().is_multiple_of(3) {
            Server::kill_while_starting(&world, "store", "kill.test", Duration::from_millis(random.next() % 60));
            while_starting += 1;
        }
        let server = Server::start(&world, "store", "kill.test");
        let log_key: PublicKey = server.ready.split_whitespace().last().unwrap().parse().unwrap();
        let client = connect(&server.url, log_key).await;
        if kill == 0 {
            found(&client, &mut promised).await;
        }
        for (agreement, promised) in &mut promised {
            everything_stands(&client, *agreement, promised, log_key).await;
            resubmitted += promised.unanswered.len();
            settle_unanswered(&client, promised).await;
        }
        if kill < KILLS {
            answered += load_and_kill(&client, server, &mut promised, random.next() % 120 + 5).await;
        }
    }
    eprintln!(
        "{KILLS} kills and {while_starting} while starting, {answered} receipts, {resubmitted} unanswered statements submitted again"
    );
    assert!(answered > KILLS, "there was hardly any load");
    assert!(resubmitted > 0, "no kill met a statement on its way");
}

async fn connect(url: &str, log_key: PublicKey) -> Client {
    // Under a kill nothing is tried again: what is unanswered is looked into after the restart.
    let options = ClientOptions { log_key: Some(log_key), tries_max: 1, ..ClientOptions::default() };
    Client::connect(url, options).await.unwrap()
}

async fn found(client: &Client, promised: &mut BTreeMap<AgreementId, Promised>) {
    let mut client = client.clone();
    for _ in 0..AGREEMENTS {
        let (agreement, proposal) = propose("community", terms());
        let mut kept =
            Promised { verifier: None, receipts: HashMap::new(), checkpoints: BTreeMap::new(), unanswered: Vec::new() };
        for envelope in [proposal, accept("enterprise", agreement)] {
            kept.keep(client.submit(envelope, None).await.unwrap());
        }
        kept.verifier = Some(client.log_key(agreement).await.unwrap());
        promised.insert(agreement, kept);
    }
}

/// Submits from several sides at once until the server is killed; returns how many were answered.
async fn load_and_kill(
    client: &Client,
    server: Server,
    promised: &mut BTreeMap<AgreementId, Promised>,
    after_ms: u64,
) -> usize {
    let mut writers = JoinSet::new();
    let agreements: Vec<AgreementId> = promised.keys().copied().collect();
    for writer in 0..WRITERS {
        let (mut client, agreement) = (client.clone(), agreements[writer % AGREEMENTS]);
        writers.spawn(async move {
            let (mut recorded, mut unanswered) = (Vec::new(), Vec::new());
            loop {
                let envelope = contribute("community", agreement);
                match client.submit(envelope.clone(), None).await {
                    Ok(answer) => recorded.push(answer),
                    Err(_) => {
                        unanswered.push(envelope);
                        return (agreement, recorded, unanswered);
                    }
                }
            }
        });
    }
    let killed = Instant::now() + Duration::from_millis(after_ms);
    tokio::time::sleep_until(killed.into()).await;
    // Dropping it sends SIGKILL to this one child, and waits until it is gone.
    drop(server);
    let mut answered = 0;
    while let Some(written) = writers.join_next().await {
        let (agreement, recorded, unanswered) = written.unwrap();
        answered += recorded.len();
        let promised = promised.get_mut(&agreement).unwrap();
        recorded.into_iter().for_each(|recorded| promised.keep(recorded));
        promised.unanswered.extend(unanswered);
    }
    answered
}

/// Holds the restarted server to everything it ever promised in one agreement.
async fn everything_stands(client: &Client, agreement: AgreementId, promised: &Promised, log_key: PublicKey) {
    let mut client = client.clone();
    let mut bundle = Vec::new();
    client.export(agreement, &mut bundle).await.unwrap();
    let options = Options { log_key: Some(log_key), file: "exported".into() };
    let (mut leaves, mut roots, mut frontier) = (Vec::new(), vec![None], Frontier::empty());
    let audit = audit_each(bundle.as_slice(), &options, |entry| {
        let leaf = entry.entry.encode();
        frontier.push(leaf_hash(&leaf), |_, _| {});
        roots.push(Some(frontier.root()));
        leaves.push(leaf);
    });
    assert!(audit.report.is_sound(), "{}", audit.report);
    let verifier = promised.verifier.as_ref().unwrap();
    for recorded in promised.receipts.values() {
        let index = usize::try_from(recorded.index).unwrap();
        assert_eq!(recorded.receipt.extra.as_ref(), leaves.get(index), "entry {index} is another one now");
        recorded.receipt.check(&leaves[index], verifier).unwrap();
    }
    // Each earlier root is the root of a prefix of what is there now: so each is consistent with each later one.
    for (size, checkpoint) in &promised.checkpoints {
        let root = roots.get(usize::try_from(*size).unwrap());
        assert_eq!(root, Some(&Some(checkpoint.root)), "the ledger of {size} entries is another one now");
    }
    // And the server proves it, too: the client checks the proof.
    for checkpoint in promised.checkpoints.values().step_by(promised.checkpoints.len().div_ceil(PROOFS)) {
        client.prove_consistency(agreement, checkpoint, Some(verifier)).await.unwrap();
    }
}

/// Submits again what was never answered: it is recorded once, whether or not it was before the kill.
async fn settle_unanswered(client: &Client, promised: &mut Promised) {
    let mut client = client.clone();
    for envelope in std::mem::take(&mut promised.unanswered) {
        let statement = id(&envelope);
        let first = client.submit(envelope.clone(), None).await.unwrap();
        let again = client.submit(envelope, None).await.unwrap();
        assert_eq!((first.index, first.statement, again.already_recorded), (again.index, statement, true));
        promised.keep(first);
    }
}

impl Promised {
    fn keep(&mut self, recorded: Recorded) {
        let checkpoint = recorded.checkpoint.checkpoint();
        let first = self.checkpoints.entry(checkpoint.size.get()).or_insert_with(|| checkpoint.clone());
        assert_eq!(first.root, checkpoint.root, "two roots of the size {}", checkpoint.size);
        self.receipts.insert(recorded.statement, recorded);
    }
}

/// Random enough for moments; the seed is printed, though the moments themselves depend on the machine.
struct Random(u64);

impl Random {
    fn seeded() -> Self {
        let seed = std::env::var("COUNTERFOIL_SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = seed.unwrap_or_else(|| u64::from(std::process::id()) * 2_654_435_761 + 1);
        eprintln!("seed {seed}");
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        // Xorshift.
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}
