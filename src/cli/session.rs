//! What every verb is given: where to speak, what is set, the clock, and a way to wait.

use std::{
    future::Future,
    time::{SystemTime, UNIX_EPOCH},
};

use tokio::runtime::Builder;

use crate::{
    cli::{config::Settings, error::Failure, output::Output},
    time::Timestamp,
};

/// One run of the program.
#[derive(Clone, Debug)]
pub struct Session {
    /// Where to speak.
    pub output: Output,
    /// What is set by file, environment and the flags that every verb has; a verb puts its own flags over it.
    pub settings: Settings,
}

impl Session {
    /// Waits for what the network answers.
    ///
    /// Errors: what the future fails with; or that this machine gives no threads.
    pub fn wait<T>(&self, future: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        let runtime = Builder::new_multi_thread().enable_all().build();
        runtime.map_err(|cause| Failure::io("no threads can be started", cause))?.block_on(future)
    }
}

/// Asks the clock of this machine. A clock before 1970 or after 9999 counts as 1970.
#[must_use]
pub fn now() -> Timestamp {
    let ms = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_millis());
    u64::try_from(ms).ok().and_then(|ms| Timestamp::from_ms(ms).ok()).unwrap_or(Timestamp::EPOCH)
}
