//! Who reads a stream: what waits for a reader is little, and a reader who takes nothing for too long has gone.

use std::time::Duration;

use tokio::sync::mpsc::{Sender, error::TrySendError};

/// The reader has gone away, or takes nothing.
pub(super) struct Gone;

/// Hands over the next message, and waits while the reader is slow, but no longer than `timeout`.
pub(super) async fn hand<T>(messages: &Sender<T>, message: T, timeout: Duration) -> Result<(), Gone> {
    // Most readers keep up, and a timer is not free.
    let message = match messages.try_send(message) {
        Ok(()) => return Ok(()),
        Err(TrySendError::Closed(_)) => return Err(Gone),
        Err(TrySendError::Full(message)) => message,
    };
    messages.send_timeout(message, timeout).await.map_err(|_| Gone)
}
