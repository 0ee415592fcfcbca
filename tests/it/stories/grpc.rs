//! A running server as a reader: every submission goes over gRPC, and every receipt is checked by the client.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use counterfoil::{
    client::{Client, ClientError, ClientOptions},
    digest::Digest,
    keys::SecretKey,
    proto::counterfoil::v1::{self, ComputeSplitRequest, agreement_service_client::AgreementServiceClient},
    sequencer::{Memory, Sequencer, SequencerConfig},
    service::{ServiceConfig, serve},
    statement::{CurrencyAccount, PartyAccount, Settlement, id::AgreementId},
    store::memory::MemoryStore,
    time::Timestamp,
};
use tokio::net::TcpListener;
use tonic::transport::Channel;

use crate::stories::{Reader, Reading, Submission};

/// Reads by a server of its own for each session, whose clock stands where the session says.
struct Grpc {
    memory: Memory,
}

impl Reader for Grpc {
    fn name(&self) -> &'static str {
        "the service"
    }

    fn read(&self, submissions: &[Submission]) -> Reading {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(read(submissions, self.memory))
    }
}

async fn read(submissions: &[Submission], memory: Memory) -> Reading {
    let clock = Arc::new(AtomicU64::new(0));
    let tells = Arc::clone(&clock);
    let log_key = SecretKey::from_seed(&[200; 32]);
    let config = SequencerConfig::new(
        "counterfoil.local",
        log_key.clone(),
        Arc::new(move || Timestamp::from_ms(tells.load(Ordering::SeqCst)).unwrap()),
    );
    let config = SequencerConfig { memory, ..config };
    let sequencer = Sequencer::open(Arc::new(MemoryStore::new()), config).await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let served = tokio::spawn(serve(sequencer, ServiceConfig::default(), listener, async {
        let _ = stopped.await;
    }));

    let options = ClientOptions { log_key: Some(log_key.public()), ..ClientOptions::default() };
    let mut client = Client::connect(&url, options).await.unwrap();
    let (mut answers, mut last) = (Vec::new(), None);
    for submission in submissions {
        clock.store(submission.at.as_ms(), Ordering::SeqCst);
        answers.push(match client.submit(submission.envelope.clone(), None).await {
            Ok(recorded) => {
                assert!(!recorded.already_recorded);
                assert_eq!(recorded.admitted, submission.at);
                last = Some(recorded.agreement);
                Ok(recorded.index)
            }
            Err(ClientError::Refused(refused)) => Err(refused.reason),
            Err(other) => panic!("no answer: {other}"),
        });
    }
    let mut reading = Reading { answers, root: None, split: None };
    if let Some(agreement) = last {
        reading.root = Some(client.checkpoint(agreement, None).await.unwrap().checkpoint().root);
        reading.split = split(Channel::from_shared(url).unwrap().connect().await.unwrap(), agreement).await;
    }
    drop(stop);
    served.await.unwrap().unwrap();
    reading
}

async fn split(channel: Channel, agreement: AgreementId) -> Option<Settlement> {
    let request = ComputeSplitRequest { agreement: agreement.to_string(), tree_size: 0 };
    let answer = AgreementServiceClient::new(channel).compute_split(request).await.ok()?.into_inner();
    Some(settlement(&answer.settlement.unwrap()))
}

fn settlement(view: &v1::Settlement) -> Settlement {
    let digest = |bytes: &[u8]| Digest::try_from(bytes).unwrap();
    let line = |line: &v1::PartyAccount| PartyAccount { allocation: line.allocation_minor, due: line.due_minor };
    let account = |account: &v1::CurrencyAccount| CurrencyAccount {
        currency: account.currency.parse().unwrap(),
        pool: account.pool_minor,
        entitlements: digest(&account.entitlements_digest),
        parties: account.parties.iter().map(line).collect(),
        fees: account.fees_minor,
        held_back: account.held_back_minor,
        disputed: account.disputed_minor,
        reserve: account.reserve_minor,
    };
    let (shares, accounts) = (digest(&view.shares_digest), view.accounts.iter().map(account).collect());
    Settlement { tree_size: view.tree_size, shares, accounts }
}

#[test]
fn the_service_reads_every_story_as_the_fold_does() {
    crate::stories::hold(&Grpc { memory: Memory::default() });
}

#[test]
fn a_service_that_puts_everything_away_reads_every_story_as_the_fold_does() {
    let memory = Memory { changed_max: 1, at_hand_max: 0, changes_max: 1, folded_max: 1 };
    crate::stories::hold(&Grpc { memory });
}
