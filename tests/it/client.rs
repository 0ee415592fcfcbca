//! The client against servers that lie, fail or go away: it believes only what it has proved to itself.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use counterfoil::{
    checkpoint::{
        Checkpoint, SignedCheckpoint,
        note::{NoteSigner, NoteVerifier},
    },
    client::{Client, ClientError, ClientOptions, Recorded, Refused},
    digest::Digest,
    envelope::Envelope,
    keys::SecretKey,
    ledger::{
        entry::Entry,
        receipt::Receipt,
        refusal::{Refusal, SignedRefusal},
    },
    merkle::{
        hash::{leaf_hash, node_hash},
        index::{LeafIndex, TreeSize},
    },
    proto::counterfoil::v1::{
        self, ExportBundleRequest, ExportBundleResponse, GetCheckpointRequest, GetCheckpointResponse, GetEntryRequest,
        GetEntryResponse, GetLogKeyRequest, GetLogKeyResponse, ListEntriesRequest, ListEntriesResponse,
        ProveConsistencyRequest, ProveConsistencyResponse, ProveInclusionRequest, ProveInclusionResponse, Statement,
        SubmitStatementRequest, SubmitStatementResponse, SubmitStatementsRequest, SubmitStatementsResponse,
        WatchEntriesRequest, WatchEntriesResponse,
        ledger_service_server::{LedgerService, LedgerServiceServer},
        submit_statements_response::Outcome,
    },
    statement::id::{AgreementId, StatementId},
    time::Timestamp,
};
use prost::Message;
use tokio::{net::TcpListener, sync::mpsc};
use tokio_stream::wrappers::{ReceiverStream, TcpListenerStream};
use tonic::{Code, Request, Response, Status, Streaming, transport::Server};
use tonic_types::{ErrorDetails, StatusExt};

/// A ledger of two entries: the statement submitted at index 1, something else before it.
struct Liar {
    log: SecretKey,
    operator: &'static str,
    /// What comes before an answer is made: one failure for each call.
    failures: Arc<Mutex<VecDeque<Status>>>,
    /// Spoils the answer.
    spoil: fn(&Liar, &mut v1::Receipt),
    /// How many submissions were heard.
    heard: Arc<Mutex<usize>>,
}

const ADMITTED: u64 = 1_700_000_000_000;

fn honest(_: &Liar, _: &mut v1::Receipt) {}

impl Liar {
    fn new(spoil: fn(&Liar, &mut v1::Receipt)) -> Self {
        let log = SecretKey::from_seed(&[77; 32]);
        let (failures, heard) = (Arc::default(), Arc::default());
        Self { log, operator: "counterfoil.local", failures, spoil, heard }
    }

    fn failing(failures: impl IntoIterator<Item = Status>) -> Self {
        let liar = Self::new(honest);
        liar.failures.lock().unwrap().extend(failures);
        liar
    }

    fn signer(&self, agreement: &str) -> NoteSigner {
        NoteSigner::new(&format!("{}/ledger/{agreement}", self.operator), self.log.clone()).unwrap()
    }

    /// The receipt of an envelope as the second entry of a ledger.
    fn receipt(&self, envelope: v1::Envelope) -> v1::Receipt {
        let envelope = Envelope {
            payload_type: envelope.payload_type,
            payload: envelope.payload,
            key: envelope.key.as_ref().try_into().unwrap(),
            signature: envelope.signature.as_ref().try_into().unwrap(),
        };
        let (agreement, id) = (agreement_of(&envelope).to_string(), envelope.id());
        let leaf = Entry { admitted: Timestamp::from_ms(ADMITTED).unwrap(), envelope }.encode();
        let first = leaf_hash(b"another entry");
        let signer = self.signer(&agreement);
        let checkpoint = Checkpoint {
            origin: signer.name().to_owned(),
            size: TreeSize::new(2).unwrap(),
            root: node_hash(&first, &leaf_hash(&leaf)),
        };
        let note = SignedCheckpoint::sign(checkpoint, &signer).note().to_owned();
        let file = Receipt { extra: None, index: LeafIndex::new(1), path: vec![first], note };
        let mut receipt = v1::Receipt {
            agreement,
            statement_id: id.as_bytes().to_vec().into(),
            index: 1,
            admitted_time_ms: ADMITTED,
            tlog_proof: file.to_text(),
            already_recorded: false,
        };
        (self.spoil)(self, &mut receipt);
        receipt
    }

    fn submit(&self, envelope: Option<v1::Envelope>) -> Result<v1::Receipt, Status> {
        *self.heard.lock().unwrap() += 1;
        match self.failures.lock().unwrap().pop_front() {
            Some(failure) if failure.code() != Code::Ok => Err(failure),
            _ => Ok(self.receipt(envelope.unwrap())),
        }
    }
}

fn agreement_of(envelope: &Envelope) -> AgreementId {
    let statement = Statement::decode(envelope.payload.clone()).unwrap();
    match Digest::try_from(statement.agreement_id.as_ref()) {
        Ok(digest) => AgreementId::from_digest(digest),
        Err(_) => StatementId::from_digest(envelope.id()).into(),
    }
}

type Out<T> = Result<Response<T>, Status>;
type Never<T> = ReceiverStream<Result<T, Status>>;

fn unasked<T>() -> Out<T> {
    Err(Status::unimplemented("nobody asks for it here"))
}

#[tonic::async_trait]
impl LedgerService for Liar {
    async fn submit_statement(&self, request: Request<SubmitStatementRequest>) -> Out<SubmitStatementResponse> {
        let receipt = self.submit(request.into_inner().envelope)?;
        Ok(Response::new(SubmitStatementResponse { receipt: Some(receipt) }))
    }

    type SubmitStatementsStream = ReceiverStream<Result<SubmitStatementsResponse, Status>>;

    /// Answers one by one; a failure `ABORTED` cuts the stream off, `CANCELLED` is silence, others are answers.
    async fn submit_statements(
        &self,
        request: Request<Streaming<SubmitStatementsRequest>>,
    ) -> Out<Self::SubmitStatementsStream> {
        let mut requests = request.into_inner();
        let (answers, stream) = mpsc::channel(1);
        let liar = Self {
            log: self.log.clone(),
            failures: Arc::clone(&self.failures),
            heard: Arc::clone(&self.heard),
            ..*self
        };
        tokio::spawn(async move {
            while let Ok(Some(request)) = requests.message().await {
                let outcome = match liar.submit(request.envelope) {
                    Ok(receipt) => Outcome::Receipt(receipt),
                    Err(status) if status.code() == Code::Aborted => {
                        let _ = answers.send(Err(Status::unavailable("gone"))).await;
                        return;
                    }
                    Err(status) if status.code() == Code::Cancelled => std::future::pending().await,
                    Err(status) => Outcome::Refused(v1::Refused {
                        code: i32::from(status.code()),
                        reason: status.message().to_owned(),
                        retry_after_ms: u64::from(status.code() == Code::ResourceExhausted),
                        ..v1::Refused::default()
                    }),
                };
                if answers.send(Ok(SubmitStatementsResponse { outcome: Some(outcome) })).await.is_err() {
                    return;
                }
            }
        });
        Ok(Response::new(ReceiverStream::new(stream)))
    }

    async fn get_log_key(&self, request: Request<GetLogKeyRequest>) -> Out<GetLogKeyResponse> {
        let verifier_key = self.signer(&request.get_ref().agreement).verifier().vkey();
        Ok(Response::new(GetLogKeyResponse { verifier_key }))
    }

    async fn get_entry(&self, _: Request<GetEntryRequest>) -> Out<GetEntryResponse> {
        unasked()
    }

    async fn list_entries(&self, _: Request<ListEntriesRequest>) -> Out<ListEntriesResponse> {
        unasked()
    }

    async fn get_checkpoint(&self, _: Request<GetCheckpointRequest>) -> Out<GetCheckpointResponse> {
        unasked()
    }

    async fn prove_inclusion(&self, _: Request<ProveInclusionRequest>) -> Out<ProveInclusionResponse> {
        unasked()
    }

    async fn prove_consistency(&self, _: Request<ProveConsistencyRequest>) -> Out<ProveConsistencyResponse> {
        unasked()
    }

    type WatchEntriesStream = Never<WatchEntriesResponse>;

    async fn watch_entries(&self, _: Request<WatchEntriesRequest>) -> Out<Self::WatchEntriesStream> {
        unasked()
    }

    type ExportBundleStream = Never<ExportBundleResponse>;

    async fn export_bundle(&self, _: Request<ExportBundleRequest>) -> Out<Self::ExportBundleStream> {
        unasked()
    }
}

/// Begins to serve, and connects to it.
async fn client_of(liar: Liar, options: ClientOptions) -> Client {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let service = LedgerServiceServer::new(liar);
    tokio::spawn(Server::builder().add_service(service).serve_with_incoming(TcpListenerStream::new(listener)));
    Client::connect(&url, options).await.unwrap()
}

fn options() -> ClientOptions {
    ClientOptions { tries_max: 3, ..ClientOptions::default() }
}

/// An envelope of the agreement `agreement`; the liar does not care what it says.
fn envelope(agreement: u8, nonce: u8) -> Envelope {
    let statement =
        Statement { agreement_id: vec![agreement; 32].into(), nonce: vec![nonce; 16].into(), ..Statement::default() };
    Envelope::sign(statement.encode_to_vec().into(), &SecretKey::from_seed(&[1; 32]))
}

async fn submit_to(liar: Liar, options: ClientOptions) -> Result<Recorded, ClientError> {
    client_of(liar, options).await.submit(envelope(3, 1), None).await
}

#[tokio::test]
async fn an_honest_receipt_is_believed_and_verifies_alone() {
    let recorded = submit_to(Liar::new(honest), options()).await.unwrap();
    assert_eq!((recorded.index, recorded.admitted.as_ms(), recorded.already_recorded), (1, ADMITTED, false));
    let liar = Liar::new(honest);
    let verifier = liar.signer(&recorded.agreement.to_string()).verifier();
    let file = Receipt::parse(&recorded.receipt.to_text()).unwrap();
    let leaf = file.extra.clone().unwrap();
    assert_eq!(file.check(&leaf, &verifier).unwrap(), recorded.checkpoint);
    assert_eq!(Entry::decode(&leaf).unwrap().envelope, envelope(3, 1));
}

#[tokio::test]
async fn a_receipt_of_anything_else_is_not_believed() {
    type Spoil = fn(&Liar, &mut v1::Receipt);
    let spoils: [(&str, Spoil); 6] = [
        ("another admission time", |_, receipt| receipt.admitted_time_ms += 1),
        ("another statement", |liar, receipt| {
            let mut honest = Liar::new(honest);
            honest.operator = liar.operator;
            let other = envelope(3, 2);
            *receipt = honest.receipt(v1::Envelope {
                payload_type: other.payload_type,
                payload: other.payload,
                key: other.key.to_vec().into(),
                signature: other.signature.to_vec().into(),
            });
        }),
        ("another index", |_, receipt| receipt.tlog_proof = receipt.tlog_proof.replace("index 1", "index 0")),
        ("no receipt at all", |_, receipt| receipt.tlog_proof = "c2sp.org/tlog-proof@v1\n".into()),
        ("another tree size", |_, receipt| receipt.tlog_proof = receipt.tlog_proof.replace("\n2\n", "\n3\n")),
        ("another log's signature", |_, receipt| {
            let stranger = Liar { log: SecretKey::from_seed(&[78; 32]), ..Liar::new(honest) };
            let lines: Vec<_> = receipt.tlog_proof.split("\n\n").collect();
            let text = format!("{}\n", lines[1]);
            let signer = stranger.signer(&receipt.agreement);
            receipt.tlog_proof = format!("{}\n\n{}", lines[0], signer.sign(&text).unwrap());
        }),
    ];
    for (what, spoil) in spoils {
        let error = submit_to(Liar::new(spoil), options()).await.unwrap_err();
        let is_disbelieved = matches!(
            error,
            ClientError::ReceiptInvalid { .. }
                | ClientError::ReceiptMalformed { .. }
                | ClientError::CheckpointInvalid { .. }
        );
        assert!(is_disbelieved, "{what}: {error:?}");
    }
}

#[tokio::test]
async fn a_signature_that_was_checked_once_is_checked_again_when_anything_differs() {
    // The note of the first receipt is remembered; the second has the same note and another signature line.
    let mut client = client_of(
        Liar::new(|liar, receipt| {
            if *liar.heard.lock().unwrap() == 2 {
                let at = receipt.tlog_proof.len() - 8;
                let changed = if receipt.tlog_proof.as_bytes()[at] == b'A' { "B" } else { "A" };
                receipt.tlog_proof.replace_range(at..=at, changed);
            }
        }),
        options(),
    )
    .await;
    client.submit(envelope(3, 1), None).await.unwrap();
    let error = client.submit(envelope(3, 1), None).await.unwrap_err();
    assert!(matches!(error, ClientError::CheckpointInvalid { .. }), "{error:?}");
    client.submit(envelope(3, 1), None).await.unwrap();
}

#[tokio::test]
async fn a_verifier_of_another_ledger_proves_nothing() {
    let liar = Liar::new(honest);
    let other = liar.signer(&agreement_of(&envelope(4, 1)).to_string()).verifier();
    let mut client = client_of(liar, options()).await;
    let error = client.submit(envelope(3, 1), Some(&other)).await.unwrap_err();
    assert!(matches!(error, ClientError::WrongLedger { .. }), "{error:?}");
}

#[tokio::test]
async fn the_pinned_log_key_is_held_against_the_server() {
    let liar = Liar::new(honest);
    let (right, wrong) = (liar.log.public(), SecretKey::from_seed(&[5; 32]).public());
    submit_to(liar, ClientOptions { log_key: Some(right), ..options() }).await.unwrap();
    let error = submit_to(Liar::new(honest), ClientOptions { log_key: Some(wrong), ..options() }).await.unwrap_err();
    assert!(matches!(error, ClientError::LogKeyChanged { pinned, found } if pinned == wrong && found == right));
    // A verifier in the hand of the caller is stronger than what the server says.
    let agreement = agreement_of(&envelope(3, 1));
    let verifier = NoteVerifier::new(&format!("counterfoil.local/ledger/{agreement}"), wrong).unwrap();
    let mut client = client_of(Liar::new(honest), options()).await;
    let error = client.submit(envelope(3, 1), Some(&verifier)).await.unwrap_err();
    assert!(matches!(error, ClientError::CheckpointInvalid { .. }), "{error:?}");
}

/// A no as the service says it.
fn no(code: Code, reason: &str, retry_after: Option<Duration>) -> Status {
    let mut details = ErrorDetails::with_error_info(reason, "counterfoil", [("field".to_owned(), "x".to_owned())]);
    if retry_after.is_some() {
        details.set_retry_info(retry_after);
    }
    Status::with_error_details(code, "no", details)
}

#[tokio::test]
async fn what_may_work_later_is_tried_again_with_the_same_envelope() {
    let short = Some(Duration::from_millis(1));
    let liar = Liar::failing([
        no(Code::Unavailable, "COMMIT_UNCLEAR", short),
        no(Code::ResourceExhausted, "LEDGER_BUSY", short),
    ]);
    let heard = Arc::clone(&liar.heard);
    submit_to(liar, options()).await.unwrap();
    assert_eq!(*heard.lock().unwrap(), 3);
}

#[tokio::test]
async fn trying_again_ends() {
    let busy = || no(Code::ResourceExhausted, "LEDGER_BUSY", Some(Duration::from_millis(1)));
    let error = submit_to(Liar::failing([busy(), busy(), busy()]), options()).await.unwrap_err();
    assert!(matches!(&error, ClientError::Busy { tries: 3, refused } if refused.reason == "LEDGER_BUSY"), "{error:?}");
    let gone = || Status::unavailable("a proxy says so");
    let error = submit_to(Liar::failing([gone(), gone(), gone()]), options()).await.unwrap_err();
    assert!(matches!(&error, ClientError::Unreachable { .. }), "{error:?}");
}

#[tokio::test]
async fn a_no_that_stays_is_not_tried_again() {
    let liar = Liar::failing([no(Code::FailedPrecondition, "NOT_IN_FORCE", None)]);
    let heard = Arc::clone(&liar.heard);
    let error = submit_to(liar, options()).await.unwrap_err();
    let ClientError::Refused(Refused { code, reason, metadata, .. }) = error else { panic!("{error:?}") };
    assert_eq!((code, reason.as_str(), metadata["field"].as_str()), (Code::FailedPrecondition, "NOT_IN_FORCE", "x"));
    assert_eq!(*heard.lock().unwrap(), 1);
    let error = submit_to(Liar::failing([no(Code::Internal, "INTERNAL", None)]), options()).await.unwrap_err();
    assert!(matches!(&error, ClientError::Server { refused } if refused.reason == "INTERNAL"), "{error:?}");
}

#[tokio::test]
async fn a_signed_refusal_that_is_not_the_logs_of_this_statement_and_reason_is_told() {
    let envelope = envelope(3, 1);
    let origin = format!("counterfoil.local/ledger/{}", agreement_of(&envelope));
    let signed = |seed: u8, statement: Digest, reason: &str| {
        let signer = NoteSigner::new(&origin, SecretKey::from_seed(&[seed; 32])).unwrap();
        let under = Checkpoint { origin: origin.clone(), size: TreeSize::ZERO, root: Digest::of(&[]) };
        let judged = Timestamp::from_ms(ADMITTED).unwrap();
        let refusal = Refusal { under, statement, reason: reason.into(), judged };
        SignedRefusal::sign(refusal, &signer).note().to_owned()
    };
    let answer = |note: String| {
        let details = ErrorDetails::with_error_info("NOT_IN_FORCE", "counterfoil", [("refusal".to_owned(), note)]);
        Status::with_error_details(Code::FailedPrecondition, "no", details)
    };
    let id = envelope.id();
    let good = signed(77, id, "NOT_IN_FORCE");
    let mut client = client_of(Liar::failing([answer(good.clone())]), options()).await;
    let Err(ClientError::Refused(refused)) = client.submit(envelope.clone(), None).await else { panic!("no refusal") };
    assert_eq!(refused.signed.unwrap().note(), good);
    for bad in [
        signed(78, id, "NOT_IN_FORCE"),
        signed(77, Digest::of(&[b"another"]), "NOT_IN_FORCE"),
        signed(77, id, "SIGNER_NOT_PARTY"),
        good.replace("judged 17", "judged 18"),
        String::new(),
    ] {
        let mut client = client_of(Liar::failing([answer(bad.clone())]), options()).await;
        let error = client.submit(envelope.clone(), None).await.unwrap_err();
        assert!(matches!(&error, ClientError::RefusalInvalid { .. }), "{bad}: {error:?}");
    }
}

#[tokio::test]
async fn a_stream_that_breaks_is_taken_up_at_the_first_answer_missing() {
    let ok = || Status::new(Code::Ok, "");
    let liar = Liar::failing([
        ok(),
        Status::aborted("cut off"),
        ok(),
        Status::failed_precondition("OWN_CONTRIBUTION"),
        Status::resource_exhausted("LEDGER_BUSY"),
    ]);
    let mut client = client_of(liar, options()).await;
    let envelopes: Vec<_> = (0..50).map(|nonce| envelope(3, nonce)).collect();
    let mut answers = Vec::new();
    let count =
        client.submit_all(envelopes.clone(), None, |position, answer| answers.push((position, answer))).await.unwrap();
    assert_eq!(count, 50);
    for (at, ((position, answer), envelope)) in answers.iter().zip(&envelopes).enumerate() {
        assert_eq!(*position, at);
        match answer {
            Ok(recorded) => assert_eq!(recorded.statement.digest(), envelope.id()),
            Err(refused) => assert_eq!((at, refused.reason.as_str()), (2, "OWN_CONTRIBUTION")),
        }
    }
    assert!(answers[2].1.is_err());
    assert_eq!(answers.len(), 50);
}

#[tokio::test]
async fn a_stream_that_falls_silent_is_taken_up_anew() {
    let liar = Liar::failing([Status::new(Code::Ok, ""), Status::cancelled("silence")]);
    let heard = Arc::clone(&liar.heard);
    let mut client = client_of(liar, ClientOptions { call_timeout: Duration::from_millis(300), ..options() }).await;
    let mut answers = Vec::new();
    let envelopes: Vec<_> = (0..3).map(|nonce| envelope(3, nonce)).collect();
    client.submit_all(envelopes, None, |position, answer| answers.push((position, answer.is_ok()))).await.unwrap();
    assert_eq!(answers, [(0, true), (1, true), (2, true)]);
    assert_eq!(*heard.lock().unwrap(), 4, "the second was sent twice");
}

#[tokio::test]
async fn a_stream_asks_for_no_more_envelopes_than_its_window() {
    let taken = Arc::new(Mutex::new(0_usize));
    let counter = Arc::clone(&taken);
    let envelopes = (0..3_000_usize).map(move |_| {
        *counter.lock().unwrap() += 1;
        envelope(3, 1)
    });
    let mut client = client_of(Liar::new(honest), options()).await;
    let mut most = 0;
    let count = client
        .submit_all(envelopes, None, |position, _| most = most.max(*taken.lock().unwrap() - position))
        .await
        .unwrap();
    assert_eq!(count, 3_000);
    assert!(most <= 1_024, "{most} were in flight");
}

#[tokio::test]
async fn a_payload_that_is_no_statement_is_sent_as_it_is() {
    // What is wrong with it, the server says; the client only has to ask for the right ledger.
    let liar = Liar::failing([no(Code::InvalidArgument, "STATEMENT_MALFORMED", None)]);
    let mut client = client_of(liar, options()).await;
    let envelope = Envelope::sign(Bytes::from_static(b"\xff\xff"), &SecretKey::from_seed(&[1; 32]));
    let error = client.submit(envelope, None).await.unwrap_err();
    assert!(matches!(&error, ClientError::Refused(refused) if refused.reason == "STATEMENT_MALFORMED"), "{error:?}");
}
