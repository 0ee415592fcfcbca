//! The program itself, `counterfoil serve`, as a process of its own; or a server that runs already.

use std::{
    fs::{self, File},
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use counterfoil::keys::PublicKey;
use tempfile::TempDir;

use crate::{machine, parties::Failed};

const PROGRAM: &str = env!("CARGO_BIN_EXE_counterfoil");

/// A server that is loaded.
pub struct Server {
    pub url: String,
    /// The key it must sign with, if that is known.
    pub log_key: Option<PublicKey>,
    /// `None` for a server on another machine, or one whose process is not named.
    pub pid: Option<u32>,
    ours: Option<Ours>,
}

/// What there is of a server that this tool started.
struct Ours {
    child: Child,
    folder: TempDir,
}

impl Server {
    /// Starts the program on a fresh store in a folder of its own below `below`.
    pub fn start(below: &Path) -> Result<Self, Failed> {
        Self::start_in(tempfile::Builder::new().prefix("counterfoil-load-").tempdir_in(below)?)
    }

    /// Takes a server that runs already.
    pub fn at(url: &str, pid: Option<u32>) -> Self {
        Self { url: url.to_owned(), log_key: None, pid, ours: None }
    }

    fn start_in(folder: TempDir) -> Result<Self, Failed> {
        let log = folder.path().join("server.log");
        let mut child = Command::new(PROGRAM)
            .args(["serve", "--listen", "127.0.0.1:0", "--operator", "load.test", "--log", "warn", "--json", "--store"])
            .arg(store(folder.path()))
            .env_clear()
            .env("XDG_CONFIG_HOME", folder.path())
            .env("XDG_STATE_HOME", folder.path())
            .env("XDG_DATA_HOME", folder.path())
            .env("HOME", folder.path())
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::options().create(true).append(true).open(&log)?)
            .spawn()?;
        let mut ready = String::new();
        if let Some(out) = child.stdout.take() {
            BufReader::new(out).read_line(&mut ready)?;
        }
        let pid = child.id();
        let said: serde_json::Value = serde_json::from_str(&ready).unwrap_or_default();
        let text = |name: &str| said.get(name).and_then(serde_json::Value::as_str);
        let (Some(url), Some(log_key)) = (text("address"), text("log_key")) else {
            let _ = child.kill();
            let ended = child.wait()?;
            let log = fs::read_to_string(log).unwrap_or_default();
            return Err(format!("the server is not ready: {ended}\n{log}").into());
        };
        let (url, log_key) = (url.to_owned(), Some(log_key.parse()?));
        Ok(Self { url, log_key, pid: Some(pid), ours: Some(Ours { child, folder }) })
    }

    /// Where its ledgers are, if it is ours.
    pub fn store(&self) -> Option<PathBuf> {
        self.ours.as_ref().map(|ours| store(ours.folder.path()))
    }

    /// Kills it without a word.
    pub fn kill(&mut self) -> Result<(), Failed> {
        if let Some(ours) = &mut self.ours {
            ours.child.kill()?;
            ours.child.wait()?;
        }
        Ok(())
    }

    /// Starts it again on the same store; returns how long it took to be ready.
    pub fn restart(mut self) -> Result<(Self, Duration), Failed> {
        let Some(ours) = self.ours.take() else { return Err("only our own server can be started again".into()) };
        let began = Instant::now();
        let server = Self::start_in(ours.folder)?;
        Ok((server, began.elapsed()))
    }

    /// Tells it to stop, waits until it has, and returns what its store then takes on disk. Not ours, it goes on.
    pub fn stop(mut self) -> Result<Option<u64>, Failed> {
        let Some(mut ours) = self.ours.take() else { return Ok(None) };
        machine::terminate(ours.child.id())?;
        let ended = ours.child.wait()?;
        if !ended.success() {
            return Err(format!("the server ended badly: {ended}").into());
        }
        Ok(Some(machine::on_disk(&store(ours.folder.path()))?))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Whatever went wrong before, no server is left behind.
        let _ = self.kill();
    }
}

fn store(folder: &Path) -> PathBuf {
    folder.join("store")
}
