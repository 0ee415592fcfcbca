//! Where a server keeps its store, and what lies beside it.

use std::path::{Path, PathBuf};

use crate::{
    cli::{
        args::{self, passphrase},
        config::Word,
        error::Failure,
        key_file,
        session::Session,
    },
    keys::PublicKey,
};

/// Returns the directory of the store.
pub fn store_path(session: &Session) -> Result<PathBuf, Failure> {
    match session.settings.path(Word::Store) {
        Some(path) if path.exists() && !path.is_dir() => {
            Err(Failure::configuration(format!("{} is no directory, and so no store", path.display()))
                .hint("name the store's directory with --store"))
        }
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

/// Returns the file of the guard: beside the log's secret key, so that it is not in the store's folder.
#[must_use]
pub fn guard_path(session: &Session, store: &Path) -> PathBuf {
    let set = session.settings.path(Word::Guard);
    set.unwrap_or_else(|| beside(&log_key_path(session, store), "log.guard"))
}

/// Returns the log's public key: the reader's own, or that of the log key file; none if it is not there, or sealed and nobody can
/// be asked.
pub fn known_log_key(session: &Session, store: &Path) -> Result<Option<PublicKey>, Failure> {
    if let Some(own) = args::log_key(session)? {
        return Ok(Some(own));
    }
    let set = session.settings.path(Word::LogKeyFile);
    let file: PathBuf = set.clone().unwrap_or_else(|| beside(store, "log.key"));
    if !file.exists() && set.is_none() {
        return Ok(None);
    }
    match key_file::load(&file, || passphrase(&session.settings, &file.display().to_string())) {
        Ok(key) => Ok(Some(key.public())),
        Err(error) if set.is_some() => Err(error.into()),
        Err(error) => {
            session.output.warn(format!("{}: {error}; the checkpoints' signatures are not checked", file.display()));
            Ok(None)
        }
    }
}
