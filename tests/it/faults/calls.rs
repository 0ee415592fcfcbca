//! System calls of a process, listed and spoilt by `strace`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt, fs,
    path::Path,
    thread,
    time::{Duration, Instant},
};

/// Every call that reaches a file system and may fail.
const CALLS: &str = "openat,read,pread64,readv,preadv,write,pwrite64,writev,pwritev,fsync,fdatasync,sync_file_range,\
ftruncate,fallocate,rename,renameat,renameat2,unlink,unlinkat,link,linkat,mkdir,mkdirat,rmdir,getdents64,statx,\
newfstatat,fstat,statfs,fstatfs,lseek,flock,chmod,fchmod";
/// Those that may find the disk full.
const CALLS_THAT_TAKE_ROOM: [&str; 15] = [
    "openat",
    "write",
    "pwrite64",
    "writev",
    "pwritev",
    "fsync",
    "fdatasync",
    "sync_file_range",
    "ftruncate",
    "fallocate",
    "rename",
    "renameat",
    "renameat2",
    "mkdir",
    "mkdirat",
];

/// What is done to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    /// It fails: the device is broken.
    Broken,
    /// It fails: the disk is full.
    Full,
    /// The process is killed before it.
    Killed,
}

impl Fault {
    pub(crate) const ALL: [Self; 3] = [Self::Broken, Self::Full, Self::Killed];

    pub(crate) fn fits(self, call: &str) -> bool {
        self != Self::Full || CALLS_THAT_TAKE_ROOM.contains(&call)
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Broken => "error=EIO",
            Self::Full => "error=ENOSPC",
            Self::Killed => "signal=SIGKILL",
        }
    }
}

/// A call to be spoilt: the `nth` of its kind that a thread makes to one file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Point {
    /// Below the folder of the server.
    pub(crate) file: String,
    pub(crate) call: String,
    pub(crate) nth: usize,
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} no. {}", self.call, if self.file.is_empty() { "the folder" } else { &self.file }, self.nth)
    }
}

/// Words that run a program so that all its calls below a folder are listed in `trace`.
pub(crate) fn listing(trace: &Path) -> Vec<String> {
    words(trace, &["--seccomp-bpf"])
}

/// Words that run a program so that one call is spoilt.
pub(crate) fn spoiling(trace: &Path, folder: &Path, point: &Point, fault: Fault) -> Vec<String> {
    let file = if point.file.is_empty() { folder.to_owned() } else { folder.join(&point.file) };
    let inject = format!("inject={}:{}:when={}", point.call, fault.words(), point.nth);
    let file = file.display().to_string();
    match fault {
        // A filter in the kernel is faster, but nobody is killed at the calls it reports.
        Fault::Killed => words(trace, &["-P", &file, "-e", &inject]),
        Fault::Broken | Fault::Full => words(trace, &["--seccomp-bpf", "-P", &file, "-e", &inject]),
    }
}

fn words(trace: &Path, more: &[&str]) -> Vec<String> {
    let trace = trace.display().to_string();
    // Run as a grandchild, so that the server stays the child that is signalled and waited for.
    let words = ["strace", "-D", "-f", "-q", "-Y", "-y", "-s", "0", "-e", "signal=SIGKILL", "-o", &trace];
    let calls = format!("trace={CALLS}");
    words.into_iter().chain(["-e", &calls]).chain(more.iter().copied()).chain(["--"]).map(str::to_owned).collect()
}

/// A call as the trace shows it: the thread's number and name, the call, the file.
struct Line<'a> {
    thread: &'a str,
    name: &'a str,
    call: &'a str,
    file: &'a str,
    spoilt: bool,
}

fn read<'a>(line: &'a str, folder: &str) -> Option<Line<'a>> {
    let (thread, rest) = line.split_once('<')?;
    let (name, rest) = rest.split_once("> ")?;
    let (call, arguments) = rest.trim_start().split_once('(')?;
    let at = arguments.match_indices(folder).map(|(at, _)| at).find(|at| {
        let before = arguments[..*at].chars().next_back();
        let after = arguments[at + folder.len()..].chars().next();
        matches!(before, Some('<' | '"')) && matches!(after, Some('/' | '>' | '"'))
    })?;
    let file = arguments[at + folder.len()..].split(['>', '"']).next()?.trim_start_matches('/');
    let spoilt = line.contains("(INJECTED)") || line.contains("(DELAYED)");
    call.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_').then_some(Line {
        thread: thread.trim(),
        name,
        call,
        file,
        spoilt,
    })
}

/// What a trace lists: every point, with the names of the threads that made it.
pub(crate) fn points(trace: &Path, folder: &Path) -> BTreeMap<Point, BTreeSet<String>> {
    let (text, folder) = (fs::read_to_string(trace).unwrap_or_default(), folder.display().to_string());
    let mut counts: BTreeMap<(&str, &str, &str), usize> = BTreeMap::new();
    let mut points: BTreeMap<Point, BTreeSet<String>> = BTreeMap::new();
    for line in text.lines().filter_map(|line| read(line, &folder)) {
        let nth = counts.entry((line.thread, line.file, line.call)).or_default();
        *nth += 1;
        let point = Point { file: line.file.to_owned(), call: line.call.to_owned(), nth: *nth };
        points.entry(point).or_default().insert(line.name.to_owned());
    }
    points
}

/// Whether the trace shows that something was spoilt; and in which threads.
pub(crate) fn spoilt_in(trace: &Path, folder: &Path, point: &Point, fault: Fault) -> BTreeSet<String> {
    let (text, shown) = (fs::read_to_string(trace).unwrap_or_default(), folder.display().to_string());
    if fault == Fault::Killed {
        // A killed process shows that it was at that call: it has no end.
        let killed = text.contains("+++ killed by SIGKILL");
        let reached = points(trace, folder).remove(point).unwrap_or_default();
        return if killed { reached } else { BTreeSet::new() };
    }
    let lines = text.lines().filter_map(|line| read(line, &shown));
    lines.filter(|line| line.spoilt).map(|line| line.name.to_owned()).collect()
}

/// Waits until the tracer has written all it will.
pub(crate) fn wait_for_end(trace: &Path, pid: u32) {
    let until = Instant::now() + Duration::from_secs(5);
    let pid = pid.to_string();
    while Instant::now() < until {
        let text = fs::read_to_string(trace).unwrap_or_default();
        let mut lines = text.lines().rev();
        if lines.any(|line| line.starts_with(&pid) && line.contains("+++ ")) {
            return;
        }
        thread::sleep(Duration::from_millis(5));
    }
}
