//! Trying again what may work later: bounded, and never sooner than the server asks.

use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::client::{Client, ClientError, Refused};

/// Counts the tries of one call.
pub(super) struct Tries<'a> {
    client: &'a Client,
    tries: u32,
}

impl Client {
    pub(super) const fn tries(&self) -> Tries<'_> {
        Tries { client: self, tries: 1 }
    }
}

impl Tries<'_> {
    /// Begins to count anew, because something worked.
    pub(super) const fn reset(&mut self) {
        self.tries = 1;
    }

    /// Waits until the call may be tried again. Errors: what it failed with, when it may not.
    pub(super) async fn again(&mut self, status: Status) -> Result<(), ClientError> {
        let error = failure(&self.client.url, status);
        let retry_after = match &error {
            ClientError::Refused(refused) | ClientError::Server { refused } => refused.retry_after,
            ClientError::Unreachable { .. } => Some(Duration::ZERO),
            _ => None,
        };
        let Some(retry_after) = retry_after else { return Err(error) };
        self.wait(error, retry_after).await
    }

    /// Waits until an answer of a stream may be asked for again. Errors: [`ClientError::Busy`] after the last try.
    pub(super) async fn again_refused(&mut self, refused: Refused) -> Result<(), ClientError> {
        let retry_after = refused.retry_after.unwrap_or_default();
        self.wait(ClientError::Refused(refused), retry_after).await
    }

    async fn wait(&mut self, error: ClientError, retry_after: Duration) -> Result<(), ClientError> {
        if self.tries >= self.client.options.tries_max {
            return Err(match error {
                ClientError::Refused(refused) => ClientError::Busy { tries: self.tries, refused },
                other => other,
            });
        }
        let backoff = BACKOFF.saturating_mul(2_u32.saturating_pow(self.tries - 1)).min(BACKOFF_MAX);
        self.tries += 1;
        tokio::time::sleep(backoff.max(retry_after.min(RETRY_AFTER_MAX))).await;
        Ok(())
    }
}

const BACKOFF: Duration = Duration::from_millis(20);
const BACKOFF_MAX: Duration = Duration::from_secs(2);
/// A server that asks for more than this is not waited for in full; asking again is free.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(30);

impl Client {
    /// Waits for the next message of a stream, but not longer than for the answer to a call.
    pub(super) async fn in_time<T>(&self, next: impl Future<Output = Result<T, Status>>) -> Result<T, Status> {
        let in_time = tokio::time::timeout(self.options.call_timeout, next).await;
        in_time.unwrap_or_else(|_| Err(Status::unavailable("the server has gone silent")))
    }
}

/// Tells a server's no from a server that is not there.
pub(super) fn failure(url: &str, status: Status) -> ClientError {
    let details = status.get_error_details();
    let Some(info) = details.error_info() else {
        return match status.code() {
            // Made by this side of the connection, or by a proxy before the server: nobody has answered.
            Code::Unavailable | Code::Cancelled | Code::DeadlineExceeded | Code::Unknown => {
                ClientError::Unreachable { url: url.to_owned(), source: Box::new(status) }
            }
            code => ClientError::Refused(Refused {
                code,
                reason: String::new(),
                message: status.message().to_owned(),
                metadata: Default::default(),
                retry_after: None,
                signed: None,
            }),
        };
    };
    let refused = Refused {
        code: status.code(),
        reason: info.reason.clone(),
        message: status.message().to_owned(),
        metadata: info.metadata.clone().into_iter().collect(),
        retry_after: details.retry_info().and_then(|retry| retry.retry_delay),
        signed: None,
    };
    match refused.code {
        Code::Internal => ClientError::Server { refused },
        _ => ClientError::Refused(refused),
    }
}
