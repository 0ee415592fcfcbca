//! The log keys this machine knows: trusted when first seen, and never exchanged silently.
//!
//! A line of the file is `NAME KEY`, where the name is the operator's. An operator that was never named (the server's
//! default) names nobody: its logs are known one by one, by the whole origin.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::{
    checkpoint::note::NoteVerifier,
    cli::{
        args,
        error::{Exit, Failure},
        home::{self, Home, cannot},
        session::Session,
    },
    keys::PublicKey,
};

/// The file of known log keys.
#[derive(Clone, Debug)]
pub struct KnownLogs(PathBuf);

/// Why a log's key is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// The reader set it.
    Own,
    /// It was seen before.
    Known,
    /// It is seen for the first time.
    New,
}

/// The name of a server that nobody gave a name.
pub const OPERATOR_DEFAULT: &str = "counterfoil.local";

impl KnownLogs {
    /// Takes the file, which need not exist.
    #[must_use]
    pub const fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// Returns the key known for the log with this origin.
    pub fn key_of(&self, origin: &str) -> Result<Option<PublicKey>, Failure> {
        let name = name_of(origin);
        let known = self.lines()?.into_iter().find(|(known, _)| known == name);
        Ok(known.map(|(_, key)| key))
    }

    /// Returns the key of the log with this origin: the one the reader set, or the one known on this machine. `file`: what is checked
    /// with it.
    ///
    /// Errors: none is known.
    pub fn key_to_check(session: &Session, origin: &str, file: &Path) -> Result<PublicKey, Failure> {
        if let Some(own) = args::log_key(session)? {
            return Ok(own);
        }
        let known = Self::new(Home::of(&session.settings)?.known_logs()).key_of(origin)?;
        known.ok_or_else(|| {
            let says = format!("{}: the key of its log is not known on this machine", file.display());
            Failure::new(Exit::Unverified, says).hint("ask a party for it and pass it: --log-key key1...")
        })
    }

    /// Decides whether the key of a log is believed. `own` is the key that the reader has set.
    ///
    /// Errors: another key is known, or set.
    pub fn check(&self, verifier: &NoteVerifier, own: Option<PublicKey>) -> Result<Trust, Failure> {
        let found = verifier.key();
        let name = name_of(verifier.name());
        if let Some(own) = own {
            return if own == found {
                Ok(Trust::Own)
            } else {
                Err(changed(name, found, own).hint("the key you set is in --log-key, COUNTERFOIL_LOG_KEY or counterfoil.toml; ask another party which key is right"))
            };
        }
        match self.key_of(verifier.name())? {
            None => Ok(Trust::New),
            Some(known) if known == found => Ok(Trust::Known),
            Some(known) => Err(changed(name, found, known).hint(format!(
                "somebody may be standing between you and the log. Ask the operator and another party; if the key \
                 rightly changed, remove the line of {name} from {}",
                self.0.display()
            ))),
        }
    }

    /// Remembers the key of a log.
    pub fn remember(&self, verifier: &NoteVerifier) -> Result<(), Failure> {
        let mut text = self.text()?;
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        if text.is_empty() {
            text.push_str("# Log keys, trusted when they were first seen: NAME KEY\n");
        }
        text.push_str(&format!("{} {}\n", name_of(verifier.name()), verifier.key()));
        home::write(&self.0, text.as_bytes())
    }

    fn text(&self) -> Result<String, Failure> {
        match fs::read_to_string(&self.0) {
            Ok(text) => Ok(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
            Err(error) => Err(cannot("read", &self.0, error)),
        }
    }

    fn lines(&self) -> Result<Vec<(String, PublicKey)>, Failure> {
        let text = self.text()?;
        let lines = text.lines().enumerate().map(|(number, line)| (number + 1, line.trim()));
        let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        lines
            .map(|(number, line)| {
                let wrong =
                    || Failure::configuration(format!("line {number} of {} is not `NAME KEY`", self.0.display()));
                let (name, key) = line.split_once(char::is_whitespace).ok_or_else(wrong)?;
                let key = key.trim().parse::<PublicKey>().map_err(|cause| wrong().because(cause))?;
                Ok((name.to_owned(), key))
            })
            .collect()
    }
}

fn changed(name: &str, found: PublicKey, known: PublicKey) -> Failure {
    Failure::new(Exit::Unverified, format!("the log of {name} signs with {found}, but the key known for it is {known}"))
        .reason("LOG_KEY_DIFFERS")
}

/// Returns what a log is known by.
fn name_of(origin: &str) -> &str {
    match origin.split_once("/ledger/") {
        Some((operator, _)) if operator != OPERATOR_DEFAULT => operator,
        _ => origin,
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::{KnownLogs, Trust};
    use crate::{checkpoint::note::NoteVerifier, cli::error::Exit, keys::SecretKey};

    fn verifier(name: &str, seed: u8) -> NoteVerifier {
        NoteVerifier::new(name, SecretKey::from_seed(&[seed; 32]).public()).unwrap()
    }

    #[test]
    fn a_key_is_trusted_when_first_seen_and_then_kept() {
        let directory = TempDir::new().unwrap();
        let logs = KnownLogs::new(directory.path().join("deep/known_logs"));
        let first = verifier("log.example.org/ledger/agr1a", 1);
        assert_eq!(logs.check(&first, None).unwrap(), Trust::New);
        logs.remember(&first).unwrap();
        assert_eq!(logs.check(&first, None).unwrap(), Trust::Known);
        // The operator's key is one for all its ledgers.
        assert_eq!(logs.check(&verifier("log.example.org/ledger/agr1b", 1), None).unwrap(), Trust::Known);
        let failure = logs.check(&verifier("log.example.org/ledger/agr1b", 2), None).unwrap_err();
        assert_eq!(failure.exit, Exit::Unverified);
        assert!(failure.hint.unwrap().contains("known_logs"));
    }

    #[test]
    fn servers_without_a_name_are_known_by_ledger() {
        let directory = TempDir::new().unwrap();
        let logs = KnownLogs::new(directory.path().join("known_logs"));
        logs.remember(&verifier("counterfoil.local/ledger/agr1a", 1)).unwrap();
        assert_eq!(logs.check(&verifier("counterfoil.local/ledger/agr1b", 2), None).unwrap(), Trust::New);
        assert!(logs.check(&verifier("counterfoil.local/ledger/agr1a", 2), None).is_err());
    }

    #[test]
    fn the_readers_own_key_stands_above_what_is_known() {
        let directory = TempDir::new().unwrap();
        let logs = KnownLogs::new(directory.path().join("known_logs"));
        let log = verifier("log.example.org/ledger/agr1a", 1);
        assert_eq!(logs.check(&log, Some(log.key())).unwrap(), Trust::Own);
        let other = SecretKey::from_seed(&[2; 32]).public();
        assert_eq!(logs.check(&log, Some(other)).unwrap_err().exit, Exit::Unverified);
    }
}
