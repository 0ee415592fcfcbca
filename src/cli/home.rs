//! The directory in which a party keeps its own counterfoils: by agreement its copy of the ledger, the checkpoint it
//! verified last, its receipts, and what it signed but could not send.
//!
//! ```text
//! known_logs                        log keys, trusted when they were first seen
//! agreements/agr1.../
//!    ledger.counterfoil             the ledger as it was verified last
//!    checkpoint                     its checkpoint: what later ones must continue
//!    receipts/000012-benefit.receipt
//!    refused/st1....refusal         what the log signed when it refused, and st1....json, what it refused
//!    unsent/st1....json             signed envelopes; `counterfoil submit FILE` sends them
//! ```

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    process,
};

use crate::{
    cli::{config::Settings, error::Failure},
    client::Recorded,
    statement::{Kind, id::AgreementId},
};

/// The directory of all agreements.
#[derive(Clone, Debug)]
pub struct Home(PathBuf);

impl Home {
    /// Returns the directory that is set; it need not exist yet.
    pub fn of(settings: &Settings) -> Result<Self, Failure> {
        settings.home().map(Self)
    }

    /// Returns the file of known log keys.
    #[must_use]
    pub fn known_logs(&self) -> PathBuf {
        self.0.join("known_logs")
    }

    /// Returns the place of one agreement.
    #[must_use]
    pub fn agreement(&self, id: AgreementId) -> AgreementHome {
        AgreementHome(self.0.join(AGREEMENTS).join(id.to_string()))
    }

    /// Lists the agreements that have a place here, in the order of their ids.
    #[must_use]
    pub fn agreements(&self) -> Vec<AgreementId> {
        let Ok(entries) = fs::read_dir(self.0.join(AGREEMENTS)) else { return Vec::new() };
        let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
        let mut ids: Vec<AgreementId> = names.filter_map(|name| name.parse().ok()).collect();
        ids.sort_by_key(ToString::to_string);
        ids
    }
}

const AGREEMENTS: &str = "agreements";

/// The place of one agreement.
#[derive(Clone, Debug)]
pub struct AgreementHome(PathBuf);

impl AgreementHome {
    /// Makes the directory.
    pub fn make(&self) -> Result<(), Failure> {
        fs::create_dir_all(&self.0).map_err(|cause| cannot("made", &self.0, cause))
    }

    /// Returns the copy of the ledger.
    #[must_use]
    pub fn ledger(&self) -> PathBuf {
        self.0.join("ledger.counterfoil")
    }

    /// Returns a name for a copy that was not verified yet; each process has its own.
    #[must_use]
    pub fn ledger_in_the_making(&self) -> PathBuf {
        self.0.join(format!("ledger.{}.part", process::id()))
    }

    /// Returns where a ledger goes that is not sound: evidence, kept beside the last sound copy.
    #[must_use]
    pub fn unsound_ledger(&self) -> PathBuf {
        self.0.join("unsound.counterfoil")
    }

    /// Returns the note of the checkpoint verified last.
    pub fn checkpoint(&self) -> Result<Option<String>, Failure> {
        let path = self.0.join(CHECKPOINT);
        match fs::read_to_string(&path) {
            Ok(note) => Ok(Some(note)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(cannot("read", &path, error)),
        }
    }

    /// Keeps the note of a checkpoint that was verified.
    pub fn keep_checkpoint(&self, note: &str) -> Result<(), Failure> {
        write(&self.0.join(CHECKPOINT), note.as_bytes())
    }

    /// Keeps a receipt; returns its file.
    pub fn keep_receipt(&self, kind: Kind, recorded: &Recorded) -> Result<PathBuf, Failure> {
        let name = format!("{:06}-{}.receipt", recorded.index, kind.as_str().replace(' ', "-"));
        let path = self.0.join("receipts").join(name);
        write(&path, recorded.receipt.to_text().as_bytes())?;
        Ok(path)
    }

    /// Keeps the note of a signed refusal; returns its file, and the one for the statement beside it.
    pub fn keep_refusal(&self, statement: &str, note: &str) -> Result<(PathBuf, PathBuf), Failure> {
        let path = self.0.join("refused").join(format!("{statement}.refusal"));
        write(&path, note.as_bytes())?;
        Ok((path.clone(), path.with_extension("json")))
    }

    /// Returns where a signed envelope waits until it can be sent.
    #[must_use]
    pub fn unsent(&self, name: &str) -> PathBuf {
        self.0.join("unsent").join(format!("{name}.json"))
    }
}

const CHECKPOINT: &str = "checkpoint";

/// Writes a file whole or not at all, making its directory.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.part", process::id()));
    let part = path.with_file_name(name);
    let directory = path.parent().unwrap_or(Path::new(""));
    let made = if directory.as_os_str().is_empty() { Ok(()) } else { fs::create_dir_all(directory) };
    let written = made.and_then(|()| fs::write(&part, bytes)).and_then(|()| fs::rename(&part, path));
    written.map_err(|cause| cannot("written", path, cause))
}

/// Writes a file that a person named, making its directory; what is there is never written over, since it may be a key.
///
/// Errors: as [`must_be_new`].
pub fn write_new(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    must_be_new(path)?;
    let directory = path.parent().unwrap_or(Path::new(""));
    let made = if directory.as_os_str().is_empty() { Ok(()) } else { fs::create_dir_all(directory) };
    // Asks again in one step with making it: somebody may have been faster.
    let file = made.and_then(|()| OpenOptions::new().write(true).create_new(true).open(path));
    let mut file = file.map_err(|cause| match cause.kind() {
        io::ErrorKind::AlreadyExists => is_there(path),
        _ => cannot("written", path, cause),
    })?;
    file.write_all(bytes).map_err(|cause| {
        // Half a file is none; that it could not be removed either changes nothing about what went wrong.
        let _ = fs::remove_file(path);
        cannot("written", path, cause)
    })
}

/// Sees that a file can be made that a person named, before anything is signed or sent for it.
///
/// Errors: there is something of that name, be it a link to nowhere.
pub fn must_be_new(path: &Path) -> Result<(), Failure> {
    if fs::symlink_metadata(path).is_ok() { Err(is_there(path)) } else { Ok(()) }
}

fn is_there(path: &Path) -> Failure {
    Failure::usage(format!("{} is there already", path.display())).hint("give another file: none is written over")
}

/// Says which file could not be made, read or written.
pub fn cannot(done: &str, path: &Path, cause: io::Error) -> Failure {
    Failure::io(format!("{} cannot be {done}", path.display()), cause)
}
