//! Where what waits for the disk runs.

/// Runs what waits for the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Threads {
    /// On threads of their own, so that others need not wait.
    Own,
    /// Where it is asked for. For simulations, in which the order of everything follows from a seed.
    Inline,
}

impl Threads {
    /// Runs `work`. `None` if it panicked.
    pub(super) async fn wait<R: Send + 'static>(self, work: impl FnOnce() -> R + Send + 'static) -> Option<R> {
        match self {
            Self::Own => tokio::task::spawn_blocking(work).await.ok(),
            Self::Inline => Some(work()),
        }
    }
}
