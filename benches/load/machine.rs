//! What the system says of a process, a folder and the machine.

use std::{
    error::Error,
    fs, io,
    os::unix::fs::MetadataExt as _,
    path::Path,
    process::Command,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use counterfoil::time::Timestamp;

/// What a process has spent so far, on all cores; `None` where the system does not say.
pub fn cpu(pid: u32) -> Option<Duration> {
    // Fields 14 and 15 of proc(5)'s stat, hundredths of a second; the second field may contain spaces.
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, after_name) = stat.rsplit_once(')')?;
    let ticks: u64 = after_name.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    Some(Duration::from_millis(ticks * 10))
}

/// The memory of a process, in bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Memory {
    pub resident: u64,
    /// The most it ever was.
    pub peak: u64,
}

/// What a process has in memory; `None` where the system does not say.
pub fn memory(pid: u32) -> Option<Memory> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let kilobytes = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse::<u64>().ok()
    };
    Some(Memory { resident: kilobytes("VmRSS:")? * 1_024, peak: kilobytes("VmHWM:")? * 1_024 })
}

/// The bytes that the files of a folder take on disk.
pub fn on_disk(folder: &Path) -> io::Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        bytes += match entry.metadata() {
            Ok(about) if about.is_dir() => on_disk(&entry.path())?,
            Ok(about) => about.blocks() * 512,
            // A running server may put a file away between the two looks.
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => 0,
            Err(cause) => return Err(cause),
        };
    }
    Ok(bytes)
}

/// One line: cores, the processor's name, memory, the system.
pub fn describe() -> String {
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let cores = cpuinfo.lines().filter(|line| line.starts_with("processor")).count();
    let model = cpuinfo.lines().find(|line| line.starts_with("model name"));
    let model = model.and_then(|line| line.split_once(": ")).map_or("of an unknown kind", |(_, model)| model);
    let meminfo = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let total = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    let total = total.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0);
    let system = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("{cores} cores ({model}), {} MB of memory, Linux {}", total / 1_024, system.trim())
}

/// The time of this machine.
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_ms(u64::try_from(since.as_millis()).unwrap_or(0)).unwrap_or(Timestamp::EPOCH)
}

/// Two parts of the cores, as taskset(1) takes them; `None` where there is one core, or no taskset.
pub fn parts_of_cores() -> Option<[String; 2]> {
    let cores = std::thread::available_parallelism().ok()?.get();
    let known = Command::new("taskset").arg("--version").output().is_ok_and(|output| output.status.success());
    (known && cores > 1).then(|| [format!("0-{}", cores / 2 - 1), format!("{}-{}", cores / 2, cores - 1)])
}

/// Keeps a process, with all its threads, to some cores.
pub fn keep_to(pid: u32, cores: &str) -> Result<(), Box<dyn Error + Send + Sync>> {
    let kept = Command::new("taskset").args(["-a", "-p", "-c", cores, &pid.to_string()]).output()?;
    if kept.status.success() { Ok(()) } else { Err(format!("process {pid} cannot be kept to cores {cores}").into()) }
}

/// Asks a process to stop.
pub fn terminate(pid: u32) -> Result<(), Box<dyn Error + Send + Sync>> {
    let told = Command::new("kill").args(["-TERM", &pid.to_string()]).status()?;
    if told.success() { Ok(()) } else { Err(format!("process {pid} cannot be told to stop").into()) }
}
