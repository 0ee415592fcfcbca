//! Where a server keeps its store, and what lies beside it.

use std::path::{Path, PathBuf};

use crate::cli::{config::Word, error::Failure, session::Session};

/// Returns the directory of the store.
pub fn store_path(session: &Session) -> Result<PathBuf, Failure> {
    match session.settings.path(Word::Store) {
        Some(path) => Ok(path),
        None => Ok(session.settings.home()?.join("server").join("store")),
    }
}

/// Returns the place of a file beside the store.
#[must_use]
pub fn beside(store: &Path, name: &str) -> PathBuf {
    store.parent().unwrap_or(Path::new("")).join(name)
}

/// Returns the file of the log's secret key.
#[must_use]
pub fn log_key_path(session: &Session, store: &Path) -> PathBuf {
    session.settings.path(Word::LogKeyFile).unwrap_or_else(|| beside(store, "log.key"))
}
