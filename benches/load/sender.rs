//! Callers: they submit, check what comes back, and wait as long as the server asks when it is busy.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use counterfoil::proto::counterfoil::v1::{
    Receipt, SubmitStatementRequest, SubmitStatementsRequest, ledger_service_client::LedgerServiceClient,
    submit_statements_response::Outcome,
};
use tokio::sync::{Semaphore, mpsc};
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::{
    Code, Status,
    transport::{Channel, Endpoint},
};
use tonic_types::StatusExt as _;

use crate::{
    check::Checker,
    drive::{Answer, Stretch, micros},
    parties::Failed,
    work::Work,
};

pub type Raw = LedgerServiceClient<Channel>;

/// Opens so many connections.
pub async fn connect(url: &str, connections: usize) -> Result<Vec<Raw>, Failed> {
    let mut opened = Vec::new();
    for _ in 0..connections.max(1) {
        let channel = Endpoint::from_shared(url.to_owned())?.tcp_nodelay(true).connect().await?;
        opened.push(LedgerServiceClient::new(channel));
    }
    Ok(opened)
}

/// What a caller does when the server does not take a statement.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// It waits as long as it is told and submits again.
    Waits,
    /// It goes away.
    None,
    /// It goes away, also when the server does, which is about to be killed.
    UntilKilled,
}

/// Submits the statements of some work.
#[derive(Clone)]
pub struct Sender {
    connections: Arc<Vec<Raw>>,
    checker: Arc<Checker>,
    work: Arc<Work>,
    refused: Arc<AtomicUsize>,
    patience: Patience,
}

impl Sender {
    pub fn new(connections: &[Raw], checker: &Arc<Checker>, work: &Arc<Work>, patience: Patience) -> Self {
        Self {
            connections: Arc::new(connections.to_vec()),
            checker: Arc::clone(checker),
            work: Arc::clone(work),
            refused: Arc::default(),
            patience,
        }
    }

    /// How often the server did not take a statement because it was busy.
    pub fn refused(&self) -> usize {
        self.refused.load(Ordering::Relaxed)
    }

    /// Submits one statement and checks its receipt.
    pub async fn submit(&self, caller: usize, slot: usize) -> Result<Answer, Failed> {
        let mut client = self.connections[caller % self.connections.len()].clone();
        loop {
            let envelope = Some(self.work.item(slot).to_proto());
            match client.submit_statement(SubmitStatementRequest { envelope, validate_only: false }).await {
                Ok(answer) => {
                    let receipt = answer.into_inner().receipt.ok_or("an answer without a receipt")?;
                    self.keep(slot, &receipt)?;
                    return Ok(Answer::Proved);
                }
                Err(status) => {
                    let delay = match self.busy(&status) {
                        Some(delay) => delay,
                        None if self.patience == Patience::UntilKilled => return Ok(Answer::None),
                        None => return Err(status.into()),
                    };
                    if self.patience != Patience::Waits {
                        return Ok(Answer::Refused);
                    }
                    tokio::time::sleep(delay).await;
                }
            }
        }
    }

    /// Says how long to wait when the server is busy; it must say so itself.
    fn busy(&self, status: &Status) -> Option<Duration> {
        if status.code() != Code::ResourceExhausted {
            return None;
        }
        let delay = status.get_details_retry_info()?.retry_delay?;
        self.refused.fetch_add(1, Ordering::Relaxed);
        Some(delay)
    }

    fn keep(&self, slot: usize, receipt: &Receipt) -> Result<(), Failed> {
        let proved = self.checker.check(self.work.item(slot), receipt)?;
        self.work.keep(slot, &proved)
    }

    /// Submits through one stream whatever slots it gets, at most `window` of them unanswered; returns what each waited.
    pub async fn stream(self, number: usize, window: usize, stretch: Arc<Stretch>) -> Result<Vec<u32>, Failed> {
        let mut client = self.connections[number % self.connections.len()].clone();
        let (requests, queue) = mpsc::unbounded_channel();
        let (sent, mut in_order) = mpsc::unbounded_channel();
        let room = Arc::new(Semaphore::new(window.max(1)));
        let (filling, work, slots) = (Arc::clone(&room), Arc::clone(&self.work), Arc::clone(&stretch));
        tokio::spawn(async move {
            // Ends with the last statement, or when the stream does; what it holds tells the server that there are no more.
            while let Ok(permit) = filling.acquire().await {
                permit.forget();
                let Some(slot) = slots.next() else { return };
                let request = SubmitStatementsRequest { envelope: Some(work.item(slot).to_proto()) };
                if sent.send((slot, Instant::now())).is_err() || requests.send(request).is_err() {
                    return;
                }
            }
        });
        let mut answers = client.submit_statements(UnboundedReceiverStream::new(queue)).await?.into_inner();
        let mut waited = Vec::new();
        while let Some((slot, began)) = in_order.recv().await {
            let answer = answers.message().await?.ok_or("the stream ended before its last answer")?;
            match answer.outcome.ok_or("an answer of nothing")? {
                Outcome::Receipt(receipt) => self.keep(slot, &receipt)?,
                Outcome::Refused(no) if no.retry_after_ms > 0 => {
                    self.refused.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(Duration::from_millis(no.retry_after_ms)).await;
                    self.submit(number, slot).await?;
                }
                Outcome::Refused(no) => return Err(format!("{}: {}", no.reason, no.message).into()),
            }
            waited.push(micros(began));
            room.add_permits(1);
        }
        Ok(waited)
    }
}
