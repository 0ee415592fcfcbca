//! One statement at a time: receipts, and that the same statement has one place for ever.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use bytes::Bytes;
use counterfoil::{
    client::ClientError,
    digest::Digest,
    ledger::{LedgerId, entry::Entry, receipt::Receipt},
    merkle::index::{LeafIndex, NodeIndex},
    service::ServiceConfig,
    store::{Append, CommitError, Head, NotAppended, Store, StoreError, log::LogStore, memory::MemoryStore},
};

use crate::{
    parties::{accept, attest, contribute, id, propose, terms},
    service::size,
    serving::{Serving, in_force},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_contribution_goes_from_the_envelope_to_a_receipt_that_verifies_alone() {
    let folder = tempfile::tempdir().unwrap();
    let stores: [Arc<dyn Store>; 2] =
        [Arc::new(MemoryStore::new()), Arc::new(LogStore::open(folder.path(), 1_048_576).unwrap())];
    for store in stores {
        let serving = Serving::start(store, ServiceConfig::default()).await;
        let mut client = serving.client().await;
        let agreement = in_force(&mut client).await;
        let envelope = contribute("community", agreement);
        let recorded = client.submit(envelope.clone(), None).await.unwrap();
        assert_eq!((recorded.index, recorded.agreement), (2, agreement));
        assert!(!recorded.already_recorded);

        let file = Receipt::parse(&recorded.receipt.to_text()).unwrap();
        let leaf = file.extra.clone().unwrap();
        let verifier = client.log_key(agreement).await.unwrap();
        let checkpoint = file.check(&leaf, &verifier).unwrap();
        assert_eq!(checkpoint.checkpoint().size.get(), 3);
        assert_eq!(checkpoint.checkpoint().origin, format!("counterfoil.local/ledger/{agreement}"));
        assert_eq!(Entry::decode(&leaf).unwrap().envelope, envelope);
        serving.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_envelope_submitted_100_times_at_once_has_one_index() {
    let serving = Serving::in_memory().await;
    let mut client = serving.client().await;
    let agreement = in_force(&mut client).await;
    let envelope = contribute("enterprise", agreement);
    let tasks: Vec<_> = (0..100)
        .map(|_| {
            let (mut client, envelope) = (client.clone(), envelope.clone());
            tokio::spawn(async move { client.submit(envelope, None).await.unwrap() })
        })
        .collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    let indexes: BTreeSet<_> = answers.iter().map(|recorded| recorded.index).collect();
    assert_eq!(indexes, BTreeSet::from([2]));
    assert_eq!(answers.iter().filter(|recorded| !recorded.already_recorded).count(), 1);
    assert_eq!(size(&mut client, agreement).await, 3);
    // And for ever after, with a fresh receipt.
    client.submit(contribute("community", agreement), None).await.unwrap();
    let again = client.submit(envelope, None).await.unwrap();
    assert_eq!((again.index, again.already_recorded, again.checkpoint.checkpoint().size.get()), (2, true, 4));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proposal_submitted_100_times_at_once_founds_one_agreement() {
    let serving = Serving::in_memory().await;
    let client = serving.client().await;
    let (agreement, proposal) = propose("community", terms());
    let tasks: Vec<_> = (0..100)
        .map(|_| {
            let (mut client, proposal) = (client.clone(), proposal.clone());
            tokio::spawn(async move { client.submit(proposal, None).await.unwrap().index })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap(), 0);
    }
    assert_eq!(client.clone().agreements(10).await.unwrap(), [(agreement, 1)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn asking_whether_it_would_be_admitted_writes_nothing() {
    let serving = Serving::in_memory().await;
    let mut client = serving.client().await;
    let (agreement, proposal) = propose("community", terms());
    client.validate(proposal.clone()).await.unwrap();
    assert_eq!(client.agreements(10).await.unwrap(), []);
    client.submit(proposal, None).await.unwrap();
    let acceptance = accept("enterprise", agreement);
    client.validate(acceptance.clone()).await.unwrap();
    let early = contribute("community", agreement);
    let refused = client.validate(early).await.unwrap_err();
    assert!(matches!(&refused, ClientError::Refused(no) if no.reason == "NOT_IN_FORCE"), "{refused:?}");
    assert_eq!(size(&mut client, agreement).await, 1);
    client.submit(acceptance, None).await.unwrap();
    let claim = contribute("community", agreement);
    client.submit(claim.clone(), None).await.unwrap();
    let own = attest("community", agreement, &[id(&claim)]);
    let refused = client.validate(own).await.unwrap_err();
    assert!(matches!(&refused, ClientError::Refused(no) if no.reason == "OWN_CONTRIBUTION"), "{refused:?}");
    assert_eq!(size(&mut client, agreement).await, 3);
}

/// A store that writes and then says that it does not know, or does not write and says so.
struct Faulty {
    inner: MemoryStore,
    unclear: AtomicUsize,
    not_written: AtomicUsize,
}

fn one_less(left: &AtomicUsize) -> bool {
    left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
}

fn why() -> StoreError {
    StoreError::AppendMalformed { ledger: LedgerId::new(Digest::of(&[])), problem: "the test wants it so" }
}

impl Store for Faulty {
    fn ledgers(&self, after: Option<LedgerId>, max: usize) -> Result<Vec<(LedgerId, Head)>, StoreError> {
        self.inner.ledgers(after, max)
    }

    fn head(&self, ledger: LedgerId) -> Result<Option<Head>, StoreError> {
        self.inner.head(ledger)
    }

    fn leaves(
        &self,
        ledger: LedgerId,
        from: LeafIndex,
        max: usize,
        bytes_max: usize,
    ) -> Result<Vec<Bytes>, StoreError> {
        self.inner.leaves(ledger, from, max, bytes_max)
    }

    fn nodes(&self, ledger: LedgerId, nodes: &[NodeIndex]) -> Result<Vec<Digest>, StoreError> {
        self.inner.nodes(ledger, nodes)
    }

    fn find(&self, ledger: LedgerId, envelope: Digest) -> Result<Option<LeafIndex>, StoreError> {
        self.inner.find(ledger, envelope)
    }

    fn commit(&self, appends: Vec<Append>) -> Result<Vec<Result<String, NotAppended>>, CommitError> {
        if one_less(&self.not_written) {
            return Err(CommitError::NotWritten { source: why() });
        }
        let outcome = self.inner.commit(appends);
        if one_less(&self.unclear) { Err(CommitError::Unclear { source: why() }) } else { outcome }
    }

    fn snapshot(&self, ledger: LedgerId) -> Result<Option<Bytes>, StoreError> {
        self.inner.snapshot(ledger)
    }

    fn records(&self, ledger: LedgerId, keys: &[Bytes]) -> Result<Vec<Option<Bytes>>, StoreError> {
        self.inner.records(ledger, keys)
    }

    fn list_records(
        &self,
        ledger: LedgerId,
        from: &[u8],
        upto: &[u8],
        reverse: bool,
        max: usize,
    ) -> Result<Vec<(Bytes, Bytes)>, StoreError> {
        self.inner.list_records(ledger, from, upto, reverse, max)
    }

    fn keep(&self, ledger: LedgerId, snapshot: Bytes, records: Vec<(Bytes, Option<Bytes>)>) -> Result<(), StoreError> {
        self.inner.keep(ledger, snapshot, records)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_or_unclear_commit_is_mended_by_submitting_again() {
    let store =
        Arc::new(Faulty { inner: MemoryStore::new(), unclear: AtomicUsize::new(0), not_written: AtomicUsize::new(0) });
    let serving = Serving::start(Arc::<Faulty>::clone(&store), ServiceConfig::default()).await;
    let mut client = serving.client().await;
    let agreement = in_force(&mut client).await;

    store.unclear.store(1, Ordering::SeqCst);
    let recorded = client.submit(contribute("community", agreement), None).await.unwrap();
    assert_eq!((recorded.index, recorded.already_recorded), (2, true), "written by the first try");

    store.not_written.store(2, Ordering::SeqCst);
    let recorded = client.submit(contribute("community", agreement), None).await.unwrap();
    assert_eq!((recorded.index, recorded.already_recorded), (3, false), "written by the third try");

    store.not_written.store(usize::MAX, Ordering::SeqCst);
    let mut hasty =
        serving.client_with(counterfoil::client::ClientOptions { tries_max: 1, ..Default::default() }).await;
    let error = hasty.submit(contribute("community", agreement), None).await.unwrap_err();
    assert!(matches!(&error, ClientError::Busy { refused, .. } if refused.reason == "NOT_COMMITTED"), "{error:?}");
    assert_eq!(size(&mut client, agreement).await, 4);
}
