//! Many statements through one stream: a window in flight, answers in order.

use std::{collections::VecDeque, iter::Fuse, time::Duration};

use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Status, Streaming};

use crate::{
    checkpoint::note::NoteVerifier,
    client::{Client, ClientError, Recorded, Refused, check::Sent},
    envelope::Envelope,
    proto::counterfoil::v1::{SubmitStatementsRequest, SubmitStatementsResponse, submit_statements_response::Outcome},
};

/// The most statements that are sent and not answered.
const WINDOW_STATEMENTS_MAX: usize = 1_024;
/// The most payload bytes that are sent and not answered, if that is more than one statement.
const WINDOW_BYTES_MAX: usize = 4 * 1_024 * 1_024;

impl Client {
    /// Submits many statements through one stream and hands each answer, in order, to `on_answer` with its position.
    /// A refusal is an answer and ends nothing. What may work later is tried again, from there on, with the same envelopes.
    ///
    /// `envelopes` is asked for the next one only as answers come in, so that it can sign as it goes.
    /// Returns how many answers there were. Errors: what keeps the stream from going on; answers given before it stand.
    pub async fn submit_all(
        &mut self,
        envelopes: impl IntoIterator<Item = Envelope, IntoIter: Send>,
        verifier: Option<&NoteVerifier>,
        mut on_answer: impl FnMut(usize, Result<Recorded, Refused>) + Send,
    ) -> Result<usize, ClientError> {
        let mut window = Window::new(envelopes.into_iter());
        let counter = self.clone();
        let mut tries = counter.tries();
        let mut answered = 0;
        while window.is_open() {
            // From the first one without an answer: whatever of it was recorded already gives its index again.
            let mut stream = match self.open_stream(&mut window).await {
                Ok(stream) => stream,
                Err(status) => {
                    tries.again(status).await?;
                    continue;
                }
            };
            while let Some(sent) = window.first() {
                match counter.in_time(stream.next()).await {
                    Ok(Outcome::Receipt(receipt)) => {
                        let log = self.verifier(sent.agreement, verifier).await?;
                        on_answer(answered, Ok(self.check_receipt(sent, receipt, &log)?));
                    }
                    Ok(Outcome::Refused(refused)) => {
                        let refused = read_refused(refused);
                        match refused.code {
                            _ if refused.retry_after.is_some() => {
                                tries.again_refused(refused).await?;
                                break;
                            }
                            Code::Internal => return Err(ClientError::Server { refused }),
                            _ => on_answer(answered, Err(self.with_signed(&sent.clone(), refused, verifier).await?)),
                        }
                    }
                    Err(status) => {
                        tries.again(status).await?;
                        break;
                    }
                }
                answered += 1;
                tries.reset();
                window.answered();
                stream.send(&mut window);
            }
        }
        Ok(answered)
    }

    async fn open_stream(&self, window: &mut Window<impl Iterator<Item = Envelope>>) -> Result<Stream, Status> {
        // As wide as the window, so that sending never waits.
        let (requests, queue) = mpsc::channel(WINDOW_STATEMENTS_MAX);
        let answers = self.ledgers.clone().submit_statements(ReceiverStream::new(queue)).await?.into_inner();
        let mut stream = Stream { requests: Some(requests), answers, sent: 0 };
        stream.send(window);
        Ok(stream)
    }
}

/// One stream, from its opening to its end or the first thing that breaks it.
struct Stream {
    /// Dropped after the last statement, which tells the server that there are no more.
    requests: Option<mpsc::Sender<SubmitStatementsRequest>>,
    answers: Streaming<SubmitStatementsResponse>,
    /// How many of the window were sent through this stream.
    sent: usize,
}

impl Stream {
    /// Sends what is in the window and was not yet sent. When the server is gone, the next answer says so.
    fn send(&mut self, window: &mut Window<impl Iterator<Item = Envelope>>) {
        window.fill();
        if let Some(requests) = &self.requests {
            for sent in window.waiting.range(self.sent..) {
                if requests.try_send(SubmitStatementsRequest { envelope: Some(sent.to_proto()) }).is_err() {
                    break;
                }
                self.sent += 1;
            }
        }
        if window.is_exhausted {
            self.requests = None;
        }
    }

    async fn next(&mut self) -> Result<Outcome, Status> {
        match self.answers.message().await? {
            Some(SubmitStatementsResponse { outcome: Some(outcome) }) => {
                self.sent = self.sent.saturating_sub(1);
                Ok(outcome)
            }
            // An end before the last answer, or an answer of nothing: as good as a lost connection.
            Some(_) | None => Err(Status::unavailable("the stream ended before its last answer")),
        }
    }
}

/// What was taken from the caller and has no answer, oldest first.
struct Window<I: Iterator<Item = Envelope>> {
    envelopes: Fuse<I>,
    waiting: VecDeque<Sent>,
    bytes: usize,
    is_exhausted: bool,
}

impl<I: Iterator<Item = Envelope>> Window<I> {
    fn new(envelopes: I) -> Self {
        let mut window = Self { envelopes: envelopes.fuse(), waiting: VecDeque::new(), bytes: 0, is_exhausted: false };
        window.fill();
        window
    }

    fn is_open(&self) -> bool {
        !self.waiting.is_empty()
    }

    fn first(&self) -> Option<&Sent> {
        self.waiting.front()
    }

    fn answered(&mut self) {
        if let Some(sent) = self.waiting.pop_front() {
            self.bytes -= sent.envelope.payload.len();
        }
    }

    fn fill(&mut self) {
        while self.waiting.len() < WINDOW_STATEMENTS_MAX && self.bytes < WINDOW_BYTES_MAX {
            let Some(envelope) = self.envelopes.next() else {
                self.is_exhausted = true;
                return;
            };
            self.bytes += envelope.payload.len();
            self.waiting.push_back(Sent::new(envelope));
        }
    }
}

fn read_refused(refused: crate::proto::counterfoil::v1::Refused) -> Refused {
    Refused {
        code: Code::from_i32(refused.code),
        reason: refused.reason,
        message: refused.message,
        metadata: refused.metadata.into_iter().collect(),
        retry_after: (refused.retry_after_ms > 0).then(|| Duration::from_millis(refused.retry_after_ms)),
        signed: None,
    }
}
