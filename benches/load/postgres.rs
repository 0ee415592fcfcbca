//! The same job done by a table of PostgreSQL: the callers verify strictly, each entry holds the hash of the one before it
//! in its agreement, an id is there once, and an answer is given when the commit is on the disk.
//!
//! It does less: the answers are neither signed nor do they prove anything. The tool runs a
//! cluster of its own, in a folder that is gone afterwards, reached by a socket in that folder alone.

use std::{
    ffi::OsStr,
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use tempfile::TempDir;
use tokio_postgres::{Client, Config, NoTls};

use crate::parties::Failed;

/// A cluster that runs until it is dropped.
pub struct Cluster {
    programs: PathBuf,
    /// Whom the programs run as; `None`: as ourselves.
    user: Option<String>,
    folder: TempDir,
    pub version: String,
}

impl Cluster {
    /// Starts a cluster below a folder; `None` where PostgreSQL is not installed.
    pub fn start(below: &Path) -> Result<Option<Self>, Failed> {
        let Some(programs) = programs() else { return Ok(None) };
        let user = if fs::metadata("/proc/self")?.uid() == 0 { Some(unprivileged()?) } else { None };
        let folder = tempfile::Builder::new().prefix("pg-").tempdir_in(below)?;
        if let Some(user) = &user {
            run(Command::new("chown").arg(user).arg(folder.path()))?;
            // Whoever runs the cluster must reach the folder.
            fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755))?;
        }
        let mut cluster = Self { programs, user, folder, version: String::new() };
        cluster.version = cluster.program("postgres", ["--version"])?.trim().to_owned();
        let place = cluster.place();
        cluster.program("initdb", ["-D", &place, "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C"])?;
        // Nothing but the socket; what makes a commit durable stays as it is unless it is said here.
        let options = format!(
            "-c listen_addresses='' -k {} -c synchronous_commit=on -c fsync=on -c shared_buffers=256MB -c max_connections=100",
            cluster.folder.path().display()
        );
        let log = format!("{}/log", cluster.folder.path().display());
        cluster.program("pg_ctl", ["-D", &place, "-w", "-l", &log, "-o", &options, "start"])?;
        Ok(Some(cluster))
    }

    fn place(&self) -> String {
        format!("{}/cluster", self.folder.path().display())
    }

    fn program<I: AsRef<OsStr>>(&self, name: &str, args: impl IntoIterator<Item = I>) -> Result<String, Failed> {
        let program = self.programs.join(name);
        let mut command = match &self.user {
            Some(user) => {
                let mut command = Command::new("setpriv");
                command.args(["--reuid", user, "--regid", user, "--clear-groups", "--"]).arg(program);
                command
            }
            None => Command::new(program),
        };
        run(command.args(args).env("LC_ALL", "C").current_dir(self.folder.path()))
    }

    /// Opens a connection, which lives as long as the runtime.
    pub async fn connect(&self) -> Result<Client, Failed> {
        let mut config = Config::new();
        config.host_path(self.folder.path()).user(USER).dbname("postgres");
        let (client, connection) = config.connect(NoTls).await?;
        // Its end is told by the calls that then fail.
        tokio::spawn(connection);
        Ok(client)
    }

    /// Makes the tables anew.
    pub async fn fresh(&self, client: &Client) -> Result<(), Failed> {
        client.batch_execute(TABLES).await?;
        Ok(())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // Its folder goes whatever it says.
        let _ = self.program("pg_ctl", ["-D", &self.place(), "-m", "fast", "-w", "stop"]);
    }
}

const USER: &str = "load";

const TABLES: &str = "
    DROP TABLE IF EXISTS entries, heads;
    CREATE TABLE heads (agreement bytea PRIMARY KEY, size bigint NOT NULL, hash bytea NOT NULL);
    CREATE TABLE entries (
        agreement bytea NOT NULL,
        index bigint NOT NULL,
        id bytea NOT NULL UNIQUE,
        before bytea NOT NULL,
        hash bytea NOT NULL,
        leaf bytea NOT NULL,
        PRIMARY KEY (agreement, index)
    );
    -- The head's row is locked until the commit: those of one agreement wait for each other, those of many go together.
    CREATE OR REPLACE FUNCTION append(a bytea, i bytea, l bytea) RETURNS bigint LANGUAGE plpgsql AS $$
    DECLARE
        head heads;
        found bigint;
    BEGIN
        SELECT * INTO head FROM heads WHERE agreement = a FOR UPDATE;
        SELECT index INTO found FROM entries WHERE id = i;
        IF found IS NOT NULL THEN
            RETURN found;
        END IF;
        INSERT INTO entries VALUES (a, head.size, i, head.hash, sha256(head.hash || l), l);
        UPDATE heads SET size = size + 1, hash = sha256(head.hash || l) WHERE agreement = a;
        RETURN head.size;
    END $$";

/// Where the programs are: on the path, or where Debian keeps them, the newest first.
fn programs() -> Option<PathBuf> {
    let mut folders: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|version| Some(version.ok()?.path().join("bin")))
        .collect();
    folders.sort_unstable();
    folders.reverse();
    let path = std::env::var_os("PATH").unwrap_or_default();
    folders.extend(std::env::split_paths(&path));
    folders.into_iter().find(|folder| ["initdb", "pg_ctl", "postgres"].iter().all(|name| folder.join(name).is_file()))
}

/// A user who is not root, which PostgreSQL refuses to run as.
fn unprivileged() -> Result<String, Failed> {
    let users = fs::read_to_string("/etc/passwd")?;
    let known = |name: &&str| users.lines().any(|line| line.split(':').next() == Some(*name));
    let user = ["postgres", "nobody"].into_iter().find(known);
    let number = user.and_then(|user| {
        let line = users.lines().find(|line| line.split(':').next() == Some(user))?;
        line.split(':').nth(2)
    });
    Ok(number.ok_or("there is no user to run PostgreSQL as")?.to_owned())
}

fn run(command: &mut Command) -> Result<String, Failed> {
    // A daemon keeps what it inherits: only a file can be its output, or waiting for the end of a pipe would be for ever.
    let out = tempfile::tempfile()?;
    let ended = command.stdin(Stdio::null()).stdout(out.try_clone()?).stderr(out.try_clone()?).status()?;
    let mut said = String::new();
    let mut out = out;
    std::io::Seek::rewind(&mut out)?;
    std::io::Read::read_to_string(&mut out, &mut said)?;
    if ended.success() { Ok(said) } else { Err(format!("{command:?}: {ended}\n{said}").into()) }
}
