//! Machines to run the program on: each party has its own, with its own home, settings and key; one runs the server.

use std::{
    cell::RefCell,
    fs::{self, File},
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use counterfoil::time::Timestamp;
use tempfile::TempDir;

/// The program.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_counterfoil");

/// Everything one test needs on disk.
pub struct World {
    pub directory: TempDir,
    /// Everything any run has printed, to look for what must not be in it.
    pub said: RefCell<String>,
}

/// What a run came to.
pub struct Run {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl World {
    pub fn new() -> Self {
        Self { directory: TempDir::new().unwrap(), said: RefCell::default() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    /// Runs the program with the settings of `who`, who has a directory of that name.
    pub fn run(&self, who: &str, args: &[&str]) -> Run {
        let home = self.path(who);
        fs::create_dir_all(&home).unwrap();
        let output = command(&home, self.directory.path()).args(args).stdin(Stdio::null()).output().unwrap();
        let run = Run::of(&output);
        self.said.borrow_mut().push_str(&format!("{}{}", run.out, run.err));
        run
    }

    /// Runs a verb that must succeed; returns the answer.
    pub fn good(&self, who: &str, args: &[&str]) -> String {
        let run = self.run(who, args);
        assert_eq!(run.code, 0, "{who}: {args:?}\n{}{}", run.out, run.err);
        run.out
    }

    /// Runs a verb that must succeed with `--json`; returns the answer.
    pub fn json(&self, who: &str, args: &[&str]) -> serde_json::Value {
        let args: Vec<&str> = args.iter().copied().chain(["--json"]).collect();
        serde_json::from_str(&self.good(who, &args)).unwrap()
    }

    /// Exports the only ledger of the community; returns the file.
    pub fn exported(&self) -> String {
        self.good("community", &["export", "--out", "exported.counterfoil"]);
        "exported.counterfoil".to_owned()
    }

    /// Runs a verb that must fail; returns what it said.
    pub fn bad(&self, code: i32, who: &str, args: &[&str]) -> String {
        let run = self.run(who, args);
        assert_eq!(run.code, code, "{who}: {args:?}\n{}{}", run.out, run.err);
        run.err
    }
}

impl Run {
    fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        Self { code: output.status.code().unwrap(), out: text(&output.stdout), err: text(&output.stderr) }
    }
}

/// Returns a day so many days ago: work must have ended, and not too long ago, whenever the tests run.
pub fn day(ago: u64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let then = Timestamp::from_ms((now - ago * 24 * 60 * 60) * 1_000).unwrap();
    then.to_string()[..10].to_owned()
}

/// The program with nothing of the surroundings but what is given: `home` has the settings, and runs are in `at`.
pub fn command(home: &Path, at: &Path) -> Command {
    let mut command = Command::new(PROGRAM);
    command.env_clear().env("XDG_CONFIG_HOME", home).env("TMPDIR", at).current_dir(at);
    if home.join("counterfoil.toml").exists() {
        command.env("COUNTERFOIL_CONFIG", home.join("counterfoil.toml"));
    }
    command
}

/// A running server.
pub struct Server {
    child: Child,
    pub url: String,
    pub ready: String,
}

impl Server {
    pub fn start(world: &World, store: &str, operator: &str) -> Self {
        Self::start_with(world, store, operator, &[])
    }

    /// The same with more on its command line.
    pub fn start_with(world: &World, store: &str, operator: &str, more: &[&str]) -> Self {
        let mut child = Self::spawn(world, store, operator, more);
        let mut ready = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut ready).unwrap();
        let url = ready.split_whitespace().find(|word| word.starts_with("http://"));
        let url = url.unwrap_or_else(|| panic!("{}", fs::read_to_string(world.path("server.log")).unwrap()));
        Self { child, url: url.to_owned(), ready: ready.clone() }
    }

    fn spawn(world: &World, store: &str, operator: &str, more: &[&str]) -> Child {
        let log = File::create(world.path("server.log")).unwrap();
        command(&world.path("server"), world.directory.path())
            .args(["serve", "--listen", "127.0.0.1:0", "--store", store, "--operator", operator])
            .args(more)
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap()
    }

    /// Starts it, and kills it before it is ready, or a little later.
    pub fn kill_while_starting(world: &World, store: &str, operator: &str, after: Duration) {
        let mut child = Self::spawn(world, store, operator, &[]);
        thread::sleep(after);
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Tells it to stop, and waits until it has.
    pub fn stop(mut self) -> i32 {
        let killed = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(killed.success());
        self.child.wait().unwrap().code().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
