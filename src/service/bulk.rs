//! `SubmitStatements`: many statements in flight, answers in order.
//!
//! Three stages, one task each, joined by queues that keep the order: statements are read and verified in parallel;
//! what is verified enters the sequencer's queue one after the other, so that the order of the stream is the order of
//! the ledger; answers wait for their turn. The window counts bytes: a client that sends faster than the ledger grows is
//! held back by the flow control of its stream.

use std::{future::poll_fn, pin::Pin, sync::Arc, task::Poll, time::Duration};

use bytes::Bytes;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    task::JoinHandle,
};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Extensions, Status, Streaming};

use crate::{
    envelope::Envelope,
    proto::counterfoil::v1::{
        self as v1, Receipt, SubmitStatementsRequest, SubmitStatementsResponse, submit_statements_response::Outcome,
    },
    sequencer::SubmitError,
    service::{
        Shared, StreamPermit,
        borders::said_by_library,
        reader::hand,
        status::No,
        stop::stopping,
        wire::{self, BUSY_RETRY_AFTER},
    },
    statement::{Signed, wire::open_with},
};

/// The answers of one stream.
pub(super) type Answers = ReceiverStream<Result<SubmitStatementsResponse, Status>>;

/// The most bytes of one stream that are taken in and not answered.
const WINDOW_BYTES_MAX: u32 = 1_024 * 1_024;
/// What one statement takes of the window beyond its payload: keys, ids, proofs, and its place in three queues.
const STATEMENT_BYTES: u32 = 1_024;
/// As many statements as fit the window when they have no payload; the window fills first.
const QUEUE_MAX: usize = 1_024;
/// How often a full ledger queue is waited for before the statement is refused with a delay.
const BUSY_TRIES_MAX: u32 = 100;

/// Begins to take in statements.
pub(super) fn submit(
    shared: &Shared,
    extensions: &Extensions,
    requests: Streaming<SubmitStatementsRequest>,
) -> Result<Answers, No> {
    let permit = shared.stream_permit(extensions)?;
    let (opened, to_enter) = mpsc::channel(QUEUE_MAX);
    let (entered, to_answer) = mpsc::channel(QUEUE_MAX);
    let (answers, stream) = mpsc::channel(QUEUE_MAX);
    tokio::spawn(read_all(shared.clone(), requests, opened));
    tokio::spawn(enter_all(shared.clone(), to_enter, entered));
    tokio::spawn(answer_all(to_answer, answers, shared.config.reader_timeout, permit));
    Ok(ReceiverStream::new(stream))
}

/// A statement that is being verified, or why the stream ends.
type Opening = Result<(JoinHandle<Result<(Envelope, Signed), No>>, OwnedSemaphorePermit), No>;
/// A statement that has entered the sequencer's queue, or was refused, or why the stream ends.
type Entering = Result<(Answer, OwnedSemaphorePermit), No>;
type Answer = Pin<Box<dyn Future<Output = Result<Receipt, No>> + Send>>;

async fn read_all(mut shared: Shared, mut requests: Streaming<SubmitStatementsRequest>, opened: mpsc::Sender<Opening>) {
    let window = Arc::new(Semaphore::new(usize::try_from(WINDOW_BYTES_MAX).unwrap_or(usize::MAX)));
    loop {
        let request = tokio::select! {
            request = requests.message() => request.map_err(|status| said_by_library(&status)),
            () = shared.stop.stopped() => Err(Some(stopping())),
            // The client does not listen any more; what is in flight is recorded all the same.
            () = opened.closed() => return,
        };
        let envelope = match request {
            Ok(Some(request)) => request.envelope,
            Err(Some(no)) => {
                // Fails when the client has gone, who is then not told.
                let _ = opened.send(Err(no)).await;
                return;
            }
            // The client has said all, or has gone.
            Ok(None) | Err(None) => return,
        };
        let payload = envelope.as_ref().map_or(0, |envelope| envelope.payload.len());
        let bytes = u32::try_from(payload).unwrap_or(u32::MAX).saturating_add(STATEMENT_BYTES);
        let Ok(permit) = Arc::clone(&window).acquire_many_owned(bytes.min(WINDOW_BYTES_MAX)).await else { return };
        // After the window: whoever waits here has room for what it waits for, and what it has already goes on meanwhile.
        let Some(envelope) = counted(&shared, envelope).await else { return };
        let known = Arc::clone(&shared.known);
        let opening = tokio::spawn(async move {
            let envelope = wire::envelope(envelope)?;
            let signed = open_with(&envelope, &known).map_err(|error| No::not_opened(&error))?;
            Ok((envelope, signed))
        });
        if opened.send(Ok((opening, permit))).await.is_err() {
            return;
        }
    }
}

/// Counts a payload among those of all streams until the last who holds it lets go of it: then it is in its ledger, or was
/// refused. Not until its answer is read: a client that reads nothing would hold up the others. `None`: the service ends.
async fn counted(shared: &Shared, envelope: Option<v1::Envelope>) -> Option<Option<v1::Envelope>> {
    let Some(mut envelope) = envelope else { return Some(None) };
    let bytes = envelope.payload.len().min(shared.config.stream_bytes_max);
    let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
    let permit = Arc::clone(&shared.stream_bytes).acquire_many_owned(bytes).await.ok()?;
    envelope.payload = Bytes::from_owner(Counted { payload: envelope.payload, _permit: permit });
    Some(Some(envelope))
}

struct Counted {
    payload: Bytes,
    _permit: OwnedSemaphorePermit,
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.payload
    }
}

async fn enter_all(shared: Shared, mut to_enter: mpsc::Receiver<Opening>, entered: mpsc::Sender<Entering>) {
    while let Some(opening) = to_enter.recv().await {
        let entering = match opening {
            Ok((opening, permit)) => {
                let opened = opening.await.unwrap_or_else(|cause| Err(No::internal(&cause)));
                let answer: Answer = match opened {
                    Ok((envelope, signed)) => enter(&shared, envelope, signed).await,
                    Err(no) => Box::pin(async move { Err(no) }),
                };
                Ok((answer, permit))
            }
            Err(no) => Err(no),
        };
        if entered.send(entering).await.is_err() {
            return;
        }
    }
}

/// Puts a statement into the sequencer's queue, and waits while that is full. Returns what waits for its answer.
async fn enter(shared: &Shared, envelope: Envelope, signed: Signed) -> Answer {
    // The queue takes the statement with it, even when it is full; opening it again is cheaper than a copy for each.
    let kept = envelope.clone();
    let (mut envelope, mut signed, mut tries) = (envelope, signed, 1);
    loop {
        let sequencer = shared.sequencer.clone();
        let mut submitting = Box::pin(async move { sequencer.submit(envelope, signed).await });
        // Asked once, it is in the queue, or the queue is full.
        let asked = poll_fn(|cx| Poll::Ready(submitting.as_mut().poll(cx))).await;
        if let Poll::Ready(Err(SubmitError::Busy)) = asked
            && tries < BUSY_TRIES_MAX
            && let Ok(opened) = open_with(&kept, &shared.known)
        {
            (envelope, signed, tries) = (kept.clone(), opened, tries + 1);
            tokio::time::sleep(BUSY_RETRY_AFTER).await;
            continue;
        }
        return Box::pin(async move {
            let submitted = match asked {
                Poll::Ready(submitted) => submitted,
                Poll::Pending => submitting.await,
            };
            submitted.map(|submitted| wire::receipt(&submitted)).map_err(No::from)
        });
    }
}

async fn answer_all(
    mut to_answer: mpsc::Receiver<Entering>,
    answers: mpsc::Sender<Result<SubmitStatementsResponse, Status>>,
    patience: Duration,
    _permit: StreamPermit,
) {
    while let Some(entering) = to_answer.recv().await {
        let sent = match entering {
            Ok((answer, _window)) => {
                let outcome = match answer.await {
                    Ok(receipt) => Outcome::Receipt(receipt),
                    Err(no) => Outcome::Refused(no.into_refused()),
                };
                hand(&answers, Ok(SubmitStatementsResponse { outcome: Some(outcome) }), patience).await
            }
            Err(no) => hand(&answers, Err(no.into()), patience).await,
        };
        // The client does not listen any more.
        if sent.is_err() {
            return;
        }
    }
}
