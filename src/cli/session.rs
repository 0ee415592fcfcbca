//! What every verb is given: where to speak, what is set, the clock, and a way to wait.

use std::{
    cell::OnceCell,
    future::Future,
    time::{SystemTime, UNIX_EPOCH},
};

use tokio::runtime::{Builder, Runtime};

use crate::{
    cli::{config::Settings, error::Failure, output::Output},
    time::Timestamp,
};

/// One run of the program.
#[derive(Debug)]
pub struct Session {
    /// Where to speak.
    pub output: Output,
    /// What is set by file, environment and the flags that every verb has; a verb puts its own flags over it.
    pub settings: Settings,
    /// Started by the first verb that waits; one for the whole run, because connections live on it.
    runtime: OnceCell<Runtime>,
}

impl Session {
    /// Begins a run.
    #[must_use]
    pub const fn new(output: Output, settings: Settings) -> Self {
        Self { output, settings, runtime: OnceCell::new() }
    }

    /// Waits for what the network answers.
    ///
    /// Errors: what the future fails with; or that this machine gives no threads.
    pub fn wait<T, E: Into<Failure>>(&self, future: impl Future<Output = Result<T, E>>) -> Result<T, Failure> {
        if self.runtime.get().is_none() {
            let runtime = Builder::new_multi_thread().enable_all().build();
            let runtime = runtime.map_err(|cause| Failure::io("no threads can be started", cause))?;
            // Set by nobody else in between: the cell is not shared between threads.
            let _ = self.runtime.set(runtime);
        }
        let runtime = self.runtime.get().expect("set above");
        runtime.block_on(future).map_err(Into::into)
    }
}

/// Asks the clock of this machine. A clock before 1970 or after 9999 counts as 1970.
#[must_use]
pub fn now() -> Timestamp {
    let ms = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_millis());
    u64::try_from(ms).ok().and_then(|ms| Timestamp::from_ms(ms).ok()).unwrap_or(Timestamp::EPOCH)
}
