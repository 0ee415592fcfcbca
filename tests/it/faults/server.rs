//! The server as a process whose files all stand in one folder, started plainly or under somebody who spoils its calls.

use std::{
    env,
    fs::{self, File},
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use counterfoil::keys::PublicKey;
use tokio::task::block_in_place;

use crate::cli::machine::PROGRAM;

/// Starting and stopping must be over by then; much of it is the tracer's.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where a server is at home.
pub(crate) struct Place {
    /// Everything the server writes stands below it.
    pub(crate) folder: PathBuf,
    /// What it says stands here, outside.
    pub(crate) said: PathBuf,
}

/// A running server; dropped, it is killed.
pub(crate) struct Running {
    child: Child,
    said: PathBuf,
    pub(crate) url: String,
    pub(crate) log_key: PublicKey,
}

/// A server that did not become ready, or how a server ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// `None`: it was killed, or had to be.
    pub(crate) code: Option<i32>,
    pub(crate) hung: bool,
    pub(crate) said: String,
}

impl Place {
    /// Starts the server; `under` are the words of a program that runs it.
    pub(crate) fn start(&self, under: &[String]) -> Result<Running, Ended> {
        let words = under.iter().map(String::as_str).chain([PROGRAM]).collect::<Vec<_>>();
        let home = self.folder.join("home");
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).args(["serve", "--listen", "127.0.0.1:0", "--operator", "faults.test", "--store"]);
        command.arg(self.folder.join("store")).env_clear().env("PATH", env::var_os("PATH").unwrap_or_default());
        for word in ["HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "TMPDIR"] {
            command.env(word, &home);
        }
        let said = File::create(&self.said).unwrap();
        let mut child = command.current_dir("/").stdout(Stdio::piped()).stderr(said).spawn().unwrap();
        let (ready, line) = mpsc::channel();
        let out = child.stdout.take().unwrap();
        thread::spawn(move || {
            let mut line = String::new();
            let _ = BufReader::new(out).read_line(&mut line);
            // Who waited may have given up.
            let _ = ready.send(line);
        });
        let line = block_in_place(|| line.recv_timeout(PATIENCE)).unwrap_or_default();
        let url = line.split_whitespace().find(|word| word.starts_with("http://")).map(str::to_owned);
        let log_key = line.split_whitespace().last().and_then(|word| word.parse().ok());
        let mut running = Running { child, said: self.said.clone(), url: String::new(), log_key: any_key() };
        match (url, log_key) {
            (Some(url), Some(log_key)) => {
                (running.url, running.log_key) = (url, log_key);
                Ok(running)
            }
            _ => Err(running.ended()),
        }
    }

    /// Starts the server where nothing spoils its calls any more: it must start.
    pub(crate) fn must_start(&self) -> Running {
        self.start(&[]).unwrap_or_else(|ended| panic!("not opened: {ended:?}"))
    }
}

/// Stands in until the server has told its own.
fn any_key() -> PublicKey {
    crate::parties::key("nobody").public()
}

impl Running {
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Tells it to stop, and waits until it has.
    pub(crate) fn stop(self) -> Ended {
        signal(self.pid(), "-TERM");
        self.ended()
    }

    /// Kills it, and waits until it is gone.
    pub(crate) fn kill(mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    fn ended(mut self) -> Ended {
        // Connections of this process must go on being served, or the server waits for them.
        let status = block_in_place(|| self.wait(PATIENCE));
        let said = fs::read_to_string(&self.said).unwrap_or_default();
        Ended { code: status.and_then(|status| status.code()), hung: status.is_none(), said }
    }

    fn wait(&mut self, patience: Duration) -> Option<ExitStatus> {
        let until = Instant::now() + patience;
        while Instant::now() < until {
            if let Some(status) = self.child.try_wait().unwrap() {
                return Some(status);
            }
            thread::sleep(Duration::from_millis(5));
        }
        None
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Ended {
    /// Whether it ended as a program should that cannot go on: it said so, with one of its exit codes, and did not panic.
    pub(crate) fn is_clear(&self) -> bool {
        !self.hung && self.code.is_none_or(|code| code == 0 || self.said.contains("error: ") && code != 101)
    }
}

/// Sends a signal to one process.
pub(crate) fn signal(pid: u32, which: &str) {
    let sent = Command::new("kill").args([which, &pid.to_string()]).status().unwrap();
    assert!(sent.success());
}

/// Whether a program can be found to run.
pub(crate) fn is_installed(program: &str) -> bool {
    let paths = env::var_os("PATH").unwrap_or_default();
    let mut places = env::split_paths(&paths).chain([PathBuf::from("/usr/sbin"), PathBuf::from("/sbin")]);
    places.any(|place| place.join(program).is_file())
}

/// Copies a folder with everything below it.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
