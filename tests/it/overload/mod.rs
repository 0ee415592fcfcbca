//! More than the service can take, and callers who do not behave: what is bounded, who is told what, and that nobody is held
//! up by another.

mod half_open;
mod limits;
mod raw;
mod readers;

use std::{future::Future, time::Duration};

use tonic::Status;
use tonic_types::StatusExt;

use crate::service::reason;

/// Nothing here takes so long unless it is held up.
const HELD_UP: Duration = Duration::from_secs(20);

async fn in_time<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(HELD_UP, what).await.expect("it is held up")
}

/// That the server is busy, and says when to come again.
fn is_busy(status: &Status, with: &str) {
    let (code, reason) = reason(status);
    assert_eq!((code, reason.as_str()), (tonic::Code::ResourceExhausted, with), "{status:?}");
    let delay = status.get_details_retry_info().and_then(|info| info.retry_delay);
    assert!(delay.is_some_and(|delay| delay > Duration::ZERO), "no delay: {status:?}");
}
