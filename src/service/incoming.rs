//! Connections as they are accepted: at most so many, none without a word, and never a busy loop when there are no file
//! handles left.
//!
//! A few connections beyond the limit are accepted for as long as it takes to tell their calls why they are not answered;
//! the others wait in the queue of the system. A connection that was opened and does not begin to speak HTTP/2 is closed, so
//! that it takes nobody's place.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    time::{Sleep, sleep, sleep_until},
};
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::server::Connected;
use tracing::warn;

use crate::service::{
    ServiceConfig,
    unread::{Room, Unread},
};

/// Accepts connections within the limits of `config`. Stops listening when the stream is dropped.
pub(super) fn accept(listener: TcpListener, config: &ServiceConfig) -> ReceiverStream<io::Result<Connection>> {
    let (accepted, connections) = mpsc::channel(1);
    let gate = Gate {
        permits: Arc::new(Semaphore::new(config.connections_max)),
        spare: Arc::new(Semaphore::new(SPARE_CONNECTIONS_MAX)),
        long_streams_max: config.connection_long_streams_max,
        room: Room::new(config),
        reader_timeout: config.reader_timeout,
        preface_timeout: config.preface_timeout,
    };
    tokio::spawn(async move {
        tokio::select! {
            () = gate.accept_all(&listener, &accepted) => {}
            () = accepted.closed() => {}
        }
    });
    ReceiverStream::new(connections)
}

/// How many connections beyond the limit are told so at a time.
const SPARE_CONNECTIONS_MAX: usize = 32;
/// How long a connection beyond the limit may take to be told so.
const SPARE_LIFETIME: Duration = Duration::from_secs(2);
/// Long enough that a machine out of file handles is not kept busy by us, too.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

struct Gate {
    permits: Arc<Semaphore>,
    spare: Arc<Semaphore>,
    long_streams_max: usize,
    room: Arc<Room>,
    reader_timeout: Duration,
    preface_timeout: Duration,
}

impl Gate {
    async fn accept_all(&self, listener: &TcpListener, accepted: &mpsc::Sender<io::Result<Connection>>) {
        while let Some((permit, is_spare)) = self.place().await {
            match listener.accept().await {
                Ok((stream, peer)) => {
                    // Without it an answer may wait 40 ms for the other side's acknowledgement.
                    if let Err(cause) = stream.set_nodelay(true) {
                        warn!(%peer, %cause, "connection keeps its delays");
                    }
                    // A place may have become free while nobody came.
                    let free = if is_spare { Arc::clone(&self.permits).try_acquire_owned().ok() } else { None };
                    let (permit, is_spare) = free.map_or((permit, is_spare), |free| (free, false));
                    let connection = self.connection(stream, peer, permit, is_spare);
                    if accepted.send(Ok(connection)).await.is_err() {
                        return;
                    }
                }
                Err(cause) => {
                    warn!(%cause, "cannot accept a connection");
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    /// Waits for a place: one of those that count, or, when there is none, one beyond them. `None`: there are no more.
    async fn place(&self) -> Option<(OwnedSemaphorePermit, bool)> {
        if let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() {
            return Some((permit, false));
        }
        tokio::select! {
            biased;
            permit = Arc::clone(&self.permits).acquire_owned() => Some((permit.ok()?, false)),
            permit = Arc::clone(&self.spare).acquire_owned() => Some((permit.ok()?, true)),
        }
    }

    fn connection(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        permit: OwnedSemaphorePermit,
        is_spare: bool,
    ) -> Connection {
        let long_streams = Arc::new(Semaphore::new(self.long_streams_max));
        let (bytes, time) =
            if is_spare { (usize::MAX, SPARE_LIFETIME) } else { (PREFACE_BYTES_MIN, self.preface_timeout) };
        Connection {
            stream,
            peer: Peer { address: peer, long_streams, unread: self.room.connection(), is_spare },
            unproven: Some(Unproven { bytes, ends: Box::pin(sleep(time)) }),
            reader_timeout: self.reader_timeout,
            ends: None,
            _permit: permit,
        }
    }
}

/// Where a call comes from; each call of a connection is given the same.
#[derive(Clone)]
pub(super) struct Peer {
    address: SocketAddr,
    /// Leave for the long streams of this connection.
    long_streams: Arc<Semaphore>,
    /// What it was answered and has not read.
    unread: Arc<Unread>,
    /// Whether the connection is one beyond the limit.
    is_spare: bool,
}

impl Peer {
    pub(super) const fn is_spare(&self) -> bool {
        self.is_spare
    }

    pub(super) const fn unread(&self) -> &Arc<Unread> {
        &self.unread
    }

    /// Lets one more long stream open on this connection; `None` when it has as many as it may.
    pub(super) fn long_stream_permit(&self) -> Option<OwnedSemaphorePermit> {
        let permit = Arc::clone(&self.long_streams).try_acquire_owned().ok();
        if permit.is_none() {
            warn!(peer = %self.address, "connection has as many long streams as it may");
        }
        permit
    }
}

/// A connection that counts while it is open.
pub(super) struct Connection {
    stream: TcpStream,
    peer: Peer,
    /// `None` once it has begun to speak.
    unproven: Option<Unproven>,
    reader_timeout: Duration,
    /// When the oldest answer must have left; wakes whoever reads or writes.
    ends: Option<Pin<Box<Sleep>>>,
    _permit: OwnedSemaphorePermit,
}

impl Connection {
    /// Errors: an answer waits for its reader for too long. Without one, the caller is woken when that comes to be.
    fn poll_unread(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        let Some(oldest) = self.peer.unread.oldest() else { return Ok(()) };
        let at = oldest + self.reader_timeout;
        let ends = self.ends.get_or_insert_with(|| Box::pin(sleep_until(at)));
        if ends.deadline() != at {
            ends.as_mut().reset(at);
        }
        match ends.as_mut().poll(cx) {
            Poll::Pending => Ok(()),
            Poll::Ready(()) => {
                warn!(peer = %self.peer.address, "connection is closed: its client does not read what it was answered");
                Err(io::ErrorKind::TimedOut.into())
            }
        }
    }

    /// Writes, and while nothing can be written waits no longer than a reader may take.
    fn poll_written<T>(
        &mut self,
        cx: &mut Context<'_>,
        write: impl FnOnce(Pin<&mut TcpStream>, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        let written = write(Pin::new(&mut self.stream), cx);
        if written.is_pending() {
            self.poll_unread(cx)?;
        }
        written
    }
}

/// What a connection still has to say, and until when.
struct Unproven {
    bytes: usize,
    ends: Pin<Box<Sleep>>,
}

/// The 24 bytes that every HTTP/2 client begins with, and the head of the SETTINGS frame that must follow.
const PREFACE_BYTES_MIN: usize = 24 + 9;

impl Connected for Connection {
    type ConnectInfo = Peer;

    fn connect_info(&self) -> Peer {
        self.peer.clone()
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let Some(unproven) = &mut self.unproven else {
            self.poll_unread(cx)?;
            return Pin::new(&mut self.stream).poll_read(cx, buf);
        };
        if unproven.ends.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        let before = buf.filled().len();
        let read = ready!(Pin::new(&mut self.stream).poll_read(cx, buf));
        let bytes = buf.filled().len() - before;
        self.unproven = self.unproven.take().and_then(|unproven| unproven.after(bytes));
        Poll::Ready(read)
    }
}

impl Unproven {
    /// Returns what is still to be said after so many bytes.
    fn after(self, bytes: usize) -> Option<Self> {
        let left = self.bytes.saturating_sub(bytes);
        (left > 0).then_some(Self { bytes: left, ..self })
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_written(cx, |stream, cx| stream.poll_write(cx, buf))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_written(cx, |stream, cx| stream.poll_write_vectored(cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
