//! `SubmitStatements`: many statements in flight, answers in order.
//!
//! Three stages, one task each, joined by queues that keep the order: statements are read and verified in parallel, those
//! that have arrived together in one go; what is verified enters the sequencer's queue one after the other, so that the
//! order of the stream is the order of the ledger; answers wait for their turn. The window counts bytes: a client that sends
//! faster than the ledger grows is held back by the flow control of its stream.

use std::{future::poll_fn, pin::Pin, sync::Arc, task::Poll, time::Duration};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    task::JoinHandle,
};
use tokio_stream::{Stream as _, wrappers::ReceiverStream};
use tonic::{Extensions, Status, Streaming};

use crate::{
    keys::KnownKeys,
    proto::counterfoil::v1::{
        self as v1, SubmitStatementsRequest, SubmitStatementsResponse, submit_statements_response::Outcome,
    },
    sequencer::{Entered, NotEntered, SubmitError},
    service::{
        Shared, StreamPermit,
        borders::said_by_library,
        counted::counted,
        reader::hand,
        status::No,
        stop::stopping,
        wire::{self, BUSY_RETRY_AFTER},
    },
    statement::wire::Opened,
};

/// The answers of one stream.
pub(super) type Answers = ReceiverStream<Result<SubmitStatementsResponse, Status>>;

/// The most bytes of one stream that are taken in and not answered.
const WINDOW_BYTES_MAX: u32 = 1_024 * 1_024;
/// What one statement takes of the window beyond its payload: keys, ids, proofs, and its place in three queues.
const STATEMENT_BYTES: u32 = 1_024;
/// As many statements as fit the window when they have no payload; the window fills first.
const QUEUE_MAX: usize = 1_024;
/// Statements that have arrived are verified together, up to so many or so many bytes: enough that waking a thread for them
/// is not felt, few enough that every core has some.
const TOGETHER_MAX: usize = 16;
const TOGETHER_BYTES_MAX: u32 = 64 * 1_024;
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

/// Statements that are being verified, or why the stream ends.
type Opening = Result<(JoinHandle<Vec<Result<Opened, No>>>, OwnedSemaphorePermit), No>;
/// Statements that have entered the sequencer's queue, or were refused, or why the stream ends.
type Entering = Result<(Vec<Answer>, OwnedSemaphorePermit), No>;
type Answer = Result<Entered, No>;

async fn read_all(mut shared: Shared, mut requests: Streaming<SubmitStatementsRequest>, opened: mpsc::Sender<Opening>) {
    let window = Arc::new(Semaphore::new(usize::try_from(WINDOW_BYTES_MAX).unwrap_or(usize::MAX)));
    // Of what all streams may have in flight, few take little.
    let together_bytes_max =
        u32::try_from(shared.config.stream_bytes_max / 8).unwrap_or(u32::MAX).min(TOGETHER_BYTES_MAX);
    loop {
        let request = tokio::select! {
            request = requests.message() => request.map_err(|status| said_by_library(&status)),
            () = shared.stop.stopped() => Err(Some(stopping())),
            // The client does not listen any more; what is in flight is recorded all the same.
            () = opened.closed() => return,
        };
        let first = match request {
            Ok(Some(request)) => request.envelope,
            Err(Some(no)) => {
                // Fails when the client has gone, who is then not told.
                let _ = opened.send(Err(no)).await;
                return;
            }
            // The client has said all, or has gone.
            Ok(None) | Err(None) => return,
        };
        let (together, end) = arrived(first, &mut requests, together_bytes_max).await;
        let bytes = together.iter().map(window_bytes).sum::<u32>().min(WINDOW_BYTES_MAX);
        let Ok(permit) = Arc::clone(&window).acquire_many_owned(bytes).await else { return };
        // After the window: whoever waits here has room for what it waits for, and what it has already goes on meanwhile.
        let Some(together) = count(&shared, together).await else { return };
        let known = Arc::clone(&shared.known);
        let opening = tokio::spawn(async move { open_together(together, &known) });
        if opened.send(Ok((opening, permit))).await.is_err() {
            return;
        }
        match end {
            Some(Some(no)) => return drop(opened.send(Err(no)).await),
            Some(None) => return,
            None => {}
        }
    }
}

fn open_together(together: Vec<Option<v1::Envelope>>, known: &KnownKeys) -> Vec<Result<Opened, No>> {
    Opened::open_each(together.into_iter().map(wire::envelope).collect(), known)
}

/// Takes what has arrived behind `first`, without waiting; also whether, and with which no, the stream ends there.
async fn arrived(
    first: Option<v1::Envelope>,
    requests: &mut Streaming<SubmitStatementsRequest>,
    bytes_max: u32,
) -> (Vec<Option<v1::Envelope>>, Option<Option<No>>) {
    let mut bytes = window_bytes(&first);
    let mut together = vec![first];
    while together.len() < TOGETHER_MAX && bytes < bytes_max {
        match poll_fn(|cx| Poll::Ready(Pin::new(&mut *requests).poll_next(cx))).await {
            Poll::Ready(Some(Ok(request))) => {
                bytes = bytes.saturating_add(window_bytes(&request.envelope));
                together.push(request.envelope);
            }
            Poll::Ready(Some(Err(status))) => return (together, Some(said_by_library(&status))),
            Poll::Ready(None) => return (together, Some(None)),
            Poll::Pending => break,
        }
    }
    (together, None)
}

/// What a statement takes of the window.
fn window_bytes(envelope: &Option<v1::Envelope>) -> u32 {
    let payload = envelope.as_ref().map_or(0, |envelope| envelope.payload.len());
    u32::try_from(payload).unwrap_or(u32::MAX).saturating_add(STATEMENT_BYTES)
}

/// Counts payloads among those of all streams until the last who holds one lets go of it: then it is in its ledger, or was
/// refused. Not until its answer is read: a client that reads nothing would hold up the others. `None`: the service ends.
async fn count(shared: &Shared, together: Vec<Option<v1::Envelope>>) -> Option<Vec<Option<v1::Envelope>>> {
    let bytes: usize = together.iter().flatten().map(|envelope| envelope.payload.len()).sum();
    let bytes = u32::try_from(bytes.min(shared.config.stream_bytes_max)).unwrap_or(u32::MAX);
    let permit = Arc::new(Arc::clone(&shared.stream_bytes).acquire_many_owned(bytes).await.ok()?);
    let with_permit = |mut envelope: v1::Envelope| {
        envelope.payload = counted(envelope.payload, Arc::clone(&permit));
        envelope
    };
    Some(together.into_iter().map(|envelope| envelope.map(with_permit)).collect())
}

async fn enter_all(shared: Shared, mut to_enter: mpsc::Receiver<Opening>, entered: mpsc::Sender<Entering>) {
    while let Some(opening) = to_enter.recv().await {
        let entering = match opening {
            Ok((opening, permit)) => match opening.await {
                Ok(opened) => Ok((enter_each(&shared, opened).await, permit)),
                // Answers are told apart by their order, so none may be missing: the stream ends.
                Err(cause) => Err(No::internal(&cause)),
            },
            Err(no) => Err(no),
        };
        if entered.send(entering).await.is_err() {
            return;
        }
    }
}

async fn enter_each(shared: &Shared, opened: Vec<Result<Opened, No>>) -> Vec<Answer> {
    let mut answers: Vec<Answer> = Vec::with_capacity(opened.len());
    for one in opened {
        answers.push(match one {
            Ok(opened) => enter(shared, Box::new(opened)).await,
            Err(no) => Err(no),
        });
    }
    answers
}

/// Puts a statement into the sequencer's queue, and waits while that is full.
async fn enter(shared: &Shared, mut opened: Box<Opened>) -> Answer {
    let mut tries = 1;
    loop {
        match shared.sequencer.enter(opened).await {
            Ok(entered) => return Ok(entered),
            Err(NotEntered::Full(back)) if tries < BUSY_TRIES_MAX => {
                (opened, tries) = (back, tries + 1);
                tokio::time::sleep(BUSY_RETRY_AFTER).await;
            }
            Err(not) => return Err(SubmitError::from(not).into()),
        }
    }
}

async fn answer_all(
    mut to_answer: mpsc::Receiver<Entering>,
    answers: mpsc::Sender<Result<SubmitStatementsResponse, Status>>,
    patience: Duration,
    _permit: StreamPermit,
) {
    while let Some(entering) = to_answer.recv().await {
        let (entered, _window) = match entering {
            Ok(entered) => entered,
            // The last: whoever does not listen any more is not told.
            Err(no) => return drop(hand(&answers, Err(no.into()), patience).await),
        };
        for answer in entered {
            let answered = match answer {
                Ok(entered) => entered.answer().await.map_err(No::from),
                Err(no) => Err(no),
            };
            let outcome = match answered {
                Ok(submitted) => Outcome::Receipt(wire::receipt(&submitted)),
                Err(no) => Outcome::Refused(no.into_refused()),
            };
            let answer = Ok(SubmitStatementsResponse { outcome: Some(outcome) });
            if hand(&answers, answer, patience).await.is_err() {
                return;
            }
        }
    }
}
