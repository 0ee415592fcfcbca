//! The word to stop, for streams that would otherwise go on for ever.

use std::time::Duration;

use tokio::sync::watch;

use crate::service::status::{No, SERVER_STOPPING};

/// Says that it is time to stop.
pub(super) struct Stopper(watch::Sender<bool>);

/// Hears that it is time to stop.
#[derive(Clone)]
pub(super) struct Stop(watch::Receiver<bool>);

/// Returns the two ends.
pub(super) fn channel() -> (Stopper, Stop) {
    let (sender, receiver) = watch::channel(false);
    (Stopper(sender), Stop(receiver))
}

impl Stopper {
    /// Tells every stream.
    pub(super) fn stop(&self) {
        self.0.send_replace(true);
    }
}

impl Stop {
    /// Waits until it is time to stop.
    pub(super) async fn stopped(&mut self) {
        // An error means that the service is already gone.
        let _ = self.0.wait_for(|stopped| *stopped).await;
    }
}

/// What a stream that ends early says last.
pub(super) fn stopping() -> No {
    No::new(SERVER_STOPPING, "the server stops").retry_after(RETRY_AFTER)
}

/// About as long as a restart takes.
const RETRY_AFTER: Duration = Duration::from_secs(1);
