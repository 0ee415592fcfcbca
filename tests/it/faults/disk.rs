//! A disk whose power can go: a file system on a loop device, whose image stands on another file system on a loop device.
//!
//! Two kinds of cut:
//!
//! - [`Cut::FileSystem`]: the inner file system is shut down without flushing its journal. What was written and not synced is gone,
//!   the metadata too; what had reached the device stays, whether or not the device was told to flush.
//! - [`Cut::Device`]: the outer file system is shut down, on which the device's own bytes stand: what the device was not told to
//!   flush is gone as well, as with a disk that has a volatile cache. So a sync that only waits for writing is told from one that
//!   also empties the cache.
//!
//! Neither tears a sector, nor drops some of the unflushed writes and keeps others that came later, except where the system's own
//! writing back has done so.

use std::{
    env,
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::Duration,
};

use crate::faults::server::is_installed;

const NAME: &str = "counterfoil-cut";
const INNER_MB: usize = 96;
const OUTER_MB: usize = 144;
/// `EXT4_IOC_SHUTDOWN` with the flag that leaves the journal unflushed.
const SHUT_DOWN: &str = "open(my $at, '<', $ARGV[0]) or die qq(open: $!); my $how = pack('L', 2); \
    ioctl($at, 0x8004587D, $how) or die qq(ioctl: $!);";

/// What goes with the power.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Cut {
    /// The unsynced part of the file system.
    FileSystem,
    /// That, and what the device was not told to flush.
    Device,
}

impl Cut {
    pub(crate) const ALL: [Self; 2] = [Self::FileSystem, Self::Device];
}

/// The disk; dropped, it is taken apart, also when a test panics.
pub(crate) struct CutDisk {
    folder: PathBuf,
}

impl CutDisk {
    /// Makes one; `None`, and says why, where this cannot be done.
    pub(crate) fn make() -> Option<Self> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let absent = ["mkfs.ext4", "mount", "umount", "perl"].into_iter().find(|program| !is_installed(program));
        if let Some(program) = absent {
            eprintln!("skipped: {program} is not installed");
            return None;
        }
        remove_leftovers();
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = env::temp_dir().join(format!("{NAME}-{}-{number}", std::process::id()));
        let disk = Self { folder };
        for folder in ["outer", "inner"] {
            fs::create_dir_all(disk.folder.join(folder)).unwrap();
        }
        match disk.build() {
            Ok(()) => Some(disk),
            Err(problem) => {
                eprintln!("skipped: no file system can be mounted here: {problem}");
                None
            }
        }
    }

    /// Where files are written.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.join("inner")
    }

    /// A place beside the disk that no cut reaches.
    pub(crate) fn beside(&self) -> &Path {
        &self.folder
    }

    fn outer(&self) -> PathBuf {
        self.folder.join("outer")
    }

    fn build(&self) -> Result<(), String> {
        let image = self.folder.join("outer.img");
        File::create(&image).and_then(|file| file.set_len(bytes(OUTER_MB))).map_err(|error| error.to_string())?;
        make_file_system(&image)?;
        run("mount", &["-o", "loop", &text(&image), &text(&self.outer())])?;
        // Written, not only sized: every later write to it must be one in place, that no metadata of the outer one goes with.
        let device = self.outer().join("device.img");
        let mut file = File::create(&device).map_err(|error| error.to_string())?;
        for _ in 0..INNER_MB {
            file.write_all(&vec![0; 1024 * 1024]).map_err(|error| error.to_string())?;
        }
        make_file_system(&device)?;
        file.sync_all().map_err(|error| error.to_string())?;
        run("sync", &["-f", &text(&device)])?;
        self.mount_inner()
    }

    fn mount_inner(&self) -> Result<(), String> {
        run("mount", &["-o", "loop", &text(&self.outer().join("device.img")), &text(&self.path())])
    }

    /// Cuts the power; what writes to the disk gets errors from now on.
    pub(crate) fn cut(&self, cut: Cut) {
        let at = if cut == Cut::FileSystem { self.path() } else { self.outer() };
        run("perl", &["-e", SHUT_DOWN, &text(&at)]).unwrap();
    }

    /// Gives the power back; nobody may have a file of it open any more.
    pub(crate) fn mount_again(&self) {
        unmount(&self.path()).unwrap();
        unmount(&self.outer()).unwrap();
        run("mount", &["-o", "loop", &text(&self.folder.join("outer.img")), &text(&self.outer())]).unwrap();
        self.mount_inner().unwrap();
    }
}

impl Drop for CutDisk {
    fn drop(&mut self) {
        take_apart(&self.folder);
    }
}

fn make_file_system(image: &Path) -> Result<(), String> {
    let options = ["-q", "-F", "-b", "4096", "-E", "nodiscard,lazy_itable_init=0,lazy_journal_init=0"];
    run("mkfs.ext4", &options.into_iter().chain([text(image).as_str()]).collect::<Vec<_>>())
}

/// What a process left behind that did not come to its end.
fn remove_leftovers() {
    for entry in fs::read_dir(env::temp_dir()).unwrap().filter_map(Result::ok) {
        let name = entry.file_name().to_string_lossy().into_owned();
        let pid = name.strip_prefix(NAME).and_then(|rest| rest.split('-').nth(1)).map(str::to_owned);
        if pid.is_some_and(|pid| !Path::new("/proc").join(pid).exists()) {
            take_apart(&entry.path());
        }
    }
}

fn take_apart(folder: &Path) {
    for mounted in ["inner", "outer"] {
        let _ = unmount(&folder.join(mounted));
    }
    // Never through a mount that would not go.
    if !is_mounted(&folder.join("inner")) && !is_mounted(&folder.join("outer")) {
        let _ = fs::remove_dir_all(folder);
    }
}

fn is_mounted(path: &Path) -> bool {
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    mounts.lines().any(|line| line.split(' ').nth(1) == Some(text(path).as_str()))
}

fn unmount(path: &Path) -> Result<(), String> {
    let mut problem = String::new();
    for _ in 0..100 {
        if !is_mounted(path) {
            return Ok(());
        }
        match run("umount", &[&text(path)]) {
            Ok(()) => return Ok(()),
            // A process that was killed a moment ago may still be giving its files back.
            Err(said) => problem = said,
        }
        thread::sleep(Duration::from_millis(50));
    }
    Err(problem)
}

fn run(program: &str, words: &[&str]) -> Result<(), String> {
    let output = Command::new(program).args(words).output().map_err(|error| format!("{program}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{program} {}: {}", words.join(" "), String::from_utf8_lossy(&output.stderr)))
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

fn bytes(megabytes: usize) -> u64 {
    u64::try_from(megabytes).unwrap() * 1024 * 1024
}
