//! `WatchEntries`: a watcher is a reader that waits. Told that the head moved, it reads the store; a slow one holds
//! nobody up, because nothing is kept for it.

use tokio::sync::{mpsc, watch::Receiver};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Extensions, Status};

use crate::{
    proto::counterfoil::v1::{WatchEntriesResponse, watch_entries_response::Event},
    service::{
        Shared, StreamPermit,
        reader::{Gone, hand},
        status::No,
        stop::stopping,
        wire::{self, beyond},
    },
    statement::id::AgreementId,
};

/// What one watcher hears.
pub(super) type Events = ReceiverStream<Result<WatchEntriesResponse, Status>>;

/// How many events wait for a reader who does not take them.
const EVENTS_WAITING_MAX: usize = 16;
/// How many entries are read from the store at once.
const ENTRIES_READ_MAX: usize = 16;

/// Begins to watch from `start` on.
pub(super) async fn watch(
    shared: &Shared,
    extensions: &Extensions,
    agreement: AgreementId,
    start: u64,
) -> Result<Events, No> {
    let permit = shared.stream_permit(extensions)?;
    // Before the checkpoint is read: what comes in between is then heard twice rather than never.
    let head = shared.sequencer.watch(agreement).await?;
    let checkpoint = shared.sequencer.checkpoint(agreement).await?;
    let size = checkpoint.checkpoint().size.get();
    if start > size {
        return Err(beyond(start, size));
    }
    let (events, stream) = mpsc::channel(EVENTS_WAITING_MAX);
    let watcher = Watcher { shared: shared.clone(), agreement, next: start, head, events, _permit: permit };
    tokio::spawn(watcher.run());
    Ok(ReceiverStream::new(stream))
}

struct Watcher {
    shared: Shared,
    agreement: AgreementId,
    /// The index of the entry that is sent next.
    next: u64,
    head: Receiver<u64>,
    events: mpsc::Sender<Result<WatchEntriesResponse, Status>>,
    _permit: StreamPermit,
}

impl Watcher {
    async fn run(mut self) {
        let events = self.events.clone();
        let mut stop = self.shared.stop.clone();
        let last = tokio::select! {
            ended = self.watch() => ended.err(),
            () = stop.stopped() => Some(stopping()),
            () = events.closed() => None,
        };
        if let Some(no) = last {
            // Nobody is left to be told when this fails.
            let _ = hand(&events, Err(no.into()), self.shared.config.reader_timeout).await;
        }
    }

    async fn watch(&mut self) -> Result<(), No> {
        loop {
            self.head.borrow_and_update();
            let checkpoint = self.shared.sequencer.checkpoint(self.agreement).await?;
            if self.send_entries(checkpoint.checkpoint().size.get()).await?.is_err() {
                return Ok(());
            }
            let event = Event::Checkpoint(wire::checkpoint(&checkpoint));
            if self.send(event).await.is_err() {
                return Ok(());
            }
            // Whether it moved or the time is over, the checkpoint is read and sent; an error means that the sequencer
            // has gone, and the next read says so.
            let _ = tokio::time::timeout(self.shared.config.watch_interval, self.head.changed()).await;
        }
    }

    async fn send_entries(&mut self, size: u64) -> Result<Result<(), Gone>, No> {
        while self.next < size {
            let left = usize::try_from(size - self.next).unwrap_or(usize::MAX);
            let leaves = self.shared.sequencer.entries(self.agreement, self.next, left.min(ENTRIES_READ_MAX)).await?;
            for leaf in leaves {
                let entry = wire::entry(self.next, &leaf)?;
                if self.send(Event::Entry(entry)).await.is_err() {
                    return Ok(Err(Gone));
                }
                self.next += 1;
            }
        }
        Ok(Ok(()))
    }

    async fn send(&self, event: Event) -> Result<(), Gone> {
        let event = Ok(WatchEntriesResponse { event: Some(event) });
        hand(&self.events, event, self.shared.config.reader_timeout).await
    }
}
