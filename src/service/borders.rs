//! The border of every call: how many at once, how long, and that every no has its reason, also those that are said
//! before a handler is reached.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use tokio::sync::Semaphore;
use tonic::{
    Code, Status,
    body::Body,
    codegen::http::{Request, Response},
};
use tower::{Layer, Service};
use tracing::{Level, debug, enabled};

use crate::service::{
    incoming::Peer,
    status::{CALL_TIMED_OUT, METHOD_UNKNOWN, No, REQUEST_MALFORMED, REQUEST_TOO_LARGE, SERVER_BUSY},
};

/// Puts the border around the routes.
#[derive(Clone)]
pub(super) struct BordersLayer {
    calls: Arc<Semaphore>,
    timeout: Duration,
}

impl BordersLayer {
    /// Lets at most `calls_max` calls in at a time, and none take longer than `timeout` to its answer, or, if it is
    /// answered by a stream, to the stream's beginning.
    pub(super) fn new(calls_max: usize, timeout: Duration) -> Self {
        Self { calls: Arc::new(Semaphore::new(calls_max)), timeout }
    }
}

impl<S> Layer<S> for BordersLayer {
    type Service = Borders<S>;

    fn layer(&self, inner: S) -> Borders<S> {
        Borders { inner, limits: self.clone() }
    }
}

/// The routes within the border.
#[derive(Clone)]
pub(super) struct Borders<S> {
    inner: S,
    limits: BordersLayer,
}

impl<S> Service<Request<Body>> for Borders<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Future: Send + 'static>,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        if request.extensions().get().is_some_and(Peer::is_spare) {
            let no = No::new(SERVER_BUSY, "too many connections are open").retry_after(CONNECTION_DELAY);
            return Box::pin(async move { Ok(Status::from(no).into_http()) });
        }
        let (calls, timeout) = (Arc::clone(&self.limits.calls), self.limits.timeout);
        let unread = request.extensions().get().map(|peer: &Peer| Arc::clone(peer.unread()));
        let path = request.uri().path().to_owned();
        let began = enabled!(Level::DEBUG).then(Instant::now);
        let answer = self.inner.call(request);
        Box::pin(async move {
            let answered = tokio::time::timeout(timeout, async {
                // Before it is worked on, and before it is one of the calls: who waits for room must not take their places.
                let reserved = match &unread {
                    Some(unread) => unread.reserve(&path).await,
                    None => None,
                };
                let Ok(_permit) = calls.try_acquire_owned() else {
                    return Err(No::new(SERVER_BUSY, "too many calls at once").retry_after(BUSY_DELAY));
                };
                Ok((answer.await, reserved))
            });
            let timed_out = || No::new(CALL_TIMED_OUT, "the call took too long").retry_after(BUSY_DELAY);
            let answer = match answered.await.unwrap_or_else(|_| Err(timed_out())) {
                Ok((response, reserved)) => {
                    let counted = |body| match unread {
                        Some(unread) => unread.answer(body, reserved),
                        None => body,
                    };
                    response.map(|response| with_reason(response).map(counted))
                }
                Err(no) => Ok(Status::from(no).into_http()),
            };
            if let (Some(began), Ok(response)) = (began, &answer) {
                // A stream's end, and a call's answer with a message, have their status behind the body.
                let status = response.headers().get(Status::GRPC_STATUS).and_then(|code| code.to_str().ok());
                debug!(call = path, micros = began.elapsed().as_micros(), status = status.unwrap_or("0"), "answered");
            }
            answer
        })
    }
}

const BUSY_DELAY: Duration = Duration::from_millis(100);
/// Connections are long; there is no use in asking sooner.
const CONNECTION_DELAY: Duration = Duration::from_secs(1);

/// Gives a reason to a no that has none: one said by the gRPC library, which decodes requests before we see them.
fn with_reason(response: Response<Body>) -> Response<Body> {
    let headers = response.headers();
    let is_bare = headers.contains_key(Status::GRPC_STATUS) && !headers.contains_key(Status::GRPC_STATUS_DETAILS);
    let said = if is_bare { Status::from_header_map(headers) } else { None };
    match said.as_ref().and_then(said_by_library) {
        Some(no) => Status::from(no).into_http(),
        None => response,
    }
}

/// Translates a no of the gRPC library; `None` for one that it does not say, such as that of the health service to a
/// service it does not know.
pub(super) fn said_by_library(status: &Status) -> Option<No> {
    let reason = match status.code() {
        Code::Unimplemented => METHOD_UNKNOWN,
        Code::OutOfRange | Code::ResourceExhausted => REQUEST_TOO_LARGE,
        Code::Internal => REQUEST_MALFORMED,
        _ => return None,
    };
    let message = if status.message().is_empty() { "no such method" } else { status.message() };
    Some(No::new(reason, message))
}
