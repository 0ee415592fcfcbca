//! Answers that a client has not read yet: they are in memory until it does, so their bytes are bounded, and their time.
//!
//! A call that may have a long answer is let in when there is room for one, of its connection and of all; it is counted by the
//! bytes it has once they are known, until the last of them has left for the client. What has not left in time ends the connection.

use std::{
    collections::BTreeMap,
    mem,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Instant,
};
use tonic::{Status, body::Body};

use crate::service::{ServiceConfig, page::PAGE_BYTES_MAX};

/// Room for the answers of all connections.
pub(super) struct Room {
    bytes: Arc<Semaphore>,
    bytes_max: usize,
    connection_bytes_max: usize,
}

/// The answers of one connection that have not left for its client.
pub(super) struct Unread {
    room: Arc<Room>,
    bytes: Arc<Semaphore>,
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    next: u64,
    /// When each was ready to leave, in that order.
    since: BTreeMap<u64, Instant>,
}

impl Room {
    pub(super) fn new(config: &ServiceConfig) -> Arc<Self> {
        let (bytes_max, connection_bytes_max) = (config.answer_bytes_max, config.connection_answer_bytes_max);
        Arc::new(Self { bytes: Arc::new(Semaphore::new(bytes_max)), bytes_max, connection_bytes_max })
    }

    pub(super) fn connection(self: &Arc<Self>) -> Arc<Unread> {
        let bytes = Arc::new(Semaphore::new(self.connection_bytes_max));
        Arc::new(Unread { room: Arc::clone(self), bytes, waiting: Mutex::default() })
    }
}

impl Unread {
    /// Waits until there is room for the answer of a call. `None` for one whose answer is always short, or a stream.
    pub(super) async fn reserve(self: &Arc<Self>, path: &str) -> Option<Reserved> {
        let method = path.rsplit_once('/').map_or(path, |(_, method)| method);
        if SHORT.contains(&method) || STREAMS.contains(&method) {
            return None;
        }
        let bytes = PAGE_BYTES_MAX.min(self.room.bytes_max).min(self.room.connection_bytes_max);
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        // First that of the connection: whoever has much unread does not wait in front of others.
        let of_connection = Arc::clone(&self.bytes).acquire_many_owned(bytes).await.ok()?;
        let of_all = Arc::clone(&self.room.bytes).acquire_many_owned(bytes).await.ok()?;
        Some(Reserved { of_connection, of_all })
    }

    /// Counts what is in an answer until it has left for the client.
    pub(super) fn answer(self: &Arc<Self>, body: Body, reserved: Option<Reserved>) -> Body {
        Body::new(Counted { body, unread: Arc::clone(self), reserved })
    }

    /// Returns since when the oldest answer waits to leave.
    pub(super) fn oldest(&self) -> Option<Instant> {
        self.waiting().since.first_key_value().map(|(_, since)| *since)
    }

    /// It is never left half changed, so a poisoned lock is as good as any.
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Methods whose answer has a few kilobytes at most.
const SHORT: [&str; 6] =
    ["SubmitStatement", "GetLogKey", "GetCheckpoint", "ProveInclusion", "ProveConsistency", "Check"];
/// Methods that answer as long as somebody reads, piece by piece.
const STREAMS: [&str; 5] = ["SubmitStatements", "WatchEntries", "ExportBundle", "Watch", "ServerReflectionInfo"];

/// Room for an answer.
pub(super) struct Reserved {
    of_connection: OwnedSemaphorePermit,
    of_all: OwnedSemaphorePermit,
}

impl Reserved {
    /// Gives back what more was reserved than so many bytes.
    fn shrink(&mut self, bytes: usize) {
        for permit in [&mut self.of_connection, &mut self.of_all] {
            drop(permit.split(permit.num_permits().saturating_sub(bytes)));
        }
    }
}

/// An answer whose bytes are counted.
struct Counted {
    body: Body,
    unread: Arc<Unread>,
    reserved: Option<Reserved>,
}

impl HttpBody for Counted {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let frame = match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
            Some(Ok(frame)) => frame,
            ended => return Poll::Ready(ended),
        };
        let counted = frame.into_data().map(|data| {
            let mut reserved = mem::take(&mut self.reserved);
            reserved.iter_mut().for_each(|reserved| reserved.shrink(data.len()));
            Frame::data(Bytes::from_owner(Piece::new(data, &self.unread, reserved)))
        });
        Poll::Ready(Some(Ok(counted.unwrap_or_else(|trailers| trailers))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A piece of an answer that has not left for the client.
struct Piece {
    data: Bytes,
    unread: Arc<Unread>,
    place: u64,
    _reserved: Option<Reserved>,
}

impl Piece {
    fn new(data: Bytes, unread: &Arc<Unread>, reserved: Option<Reserved>) -> Self {
        let place = {
            let mut waiting = unread.waiting();
            let place = waiting.next;
            waiting.next += 1;
            waiting.since.insert(place, Instant::now());
            place
        };
        Self { data, unread: Arc::clone(unread), place, _reserved: reserved }
    }
}

impl AsRef<[u8]> for Piece {
    fn as_ref(&self) -> &[u8] {
        &self.data
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        self.unread.waiting().since.remove(&self.place);
    }
}
