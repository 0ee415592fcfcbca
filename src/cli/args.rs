//! Flags that several verbs share, put over the settings.

use std::{
    fs,
    io::{self, IsTerminal},
    path::PathBuf,
    str::FromStr,
};

use clap::Args;
use zeroize::Zeroizing;

use crate::{
    checkpoint::note::NoteVerifier,
    cli::{
        config::{Settings, Word},
        error::Failure,
        home, key_file,
        period::Period,
        session::Session,
    },
    keys::{PublicKey, SecretKey},
    time::{TimeError, Timestamp},
};

/// Which server, and whose log.
#[derive(Args, Clone, Debug, Default)]
pub struct ServerArgs {
    /// The server [setting: server; default: http://127.0.0.1:7401]
    #[arg(long, value_name = "URL", help_heading = "Server")]
    pub server: Option<String>,
    /// The log's public key as you know it: key1... or a verifier key [setting: log_key]
    #[arg(long, value_name = "KEY", help_heading = "Server")]
    pub log_key: Option<String>,
}

impl ServerArgs {
    /// Puts the flags over the settings.
    pub fn apply(&self, settings: &mut Settings) {
        settings.flag(Word::Server, self.server.as_deref());
        settings.flag(Word::LogKey, self.log_key.as_deref());
    }
}

/// Which ledger is read.
#[derive(Args, Clone, Debug, Default)]
pub struct LedgerArgs {
    /// The agreement, agr1... or its beginning; or the file of a bundle [setting: agreement]
    #[arg(value_name = "AGREEMENT|FILE")]
    pub ledger: Option<String>,
    #[command(flatten)]
    pub server: ServerArgs,
}

impl LedgerArgs {
    /// Puts the flags over the settings and returns what is to be read.
    pub fn apply(&self, settings: &mut Settings) -> Option<&str> {
        self.server.apply(settings);
        self.ledger.as_deref()
    }
}

/// In which agreement something is said.
#[derive(Args, Clone, Debug, Default)]
pub struct AgreementArgs {
    /// The agreement, agr1... or its beginning [setting: agreement]
    #[arg(long, short, value_name = "AGREEMENT")]
    pub agreement: Option<String>,
}

/// Who signs, and how.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Signing")]
pub struct SignArgs {
    /// The file of the key you sign with [setting: key]
    #[arg(long, value_name = "FILE")]
    pub key: Option<String>,
    /// The file that holds the passphrase of the key file [setting: passphrase_file]
    #[arg(long, value_name = "FILE")]
    pub passphrase_file: Option<String>,
    /// Sign without asking
    #[arg(long, short)]
    pub yes: bool,
    /// Show what would be signed and whether the law would admit it; send nothing
    #[arg(long, conflicts_with = "offline")]
    pub dry_run: bool,
    /// Sign without a network: write the signed envelope into FILE, a new one, for `counterfoil submit`
    #[arg(long, value_name = "FILE")]
    pub offline: Option<PathBuf>,
    /// Write the receipt into FILE, a new one, too
    #[arg(long, value_name = "FILE")]
    pub receipt: Option<PathBuf>,
    #[command(flatten)]
    pub server: ServerArgs,
}

impl SignArgs {
    /// Puts the flags over the settings.
    pub fn apply(&self, settings: &mut Settings) {
        self.server.apply(settings);
        settings.flag(Word::Key, self.key.as_deref());
        settings.flag(Word::PassphraseFile, self.passphrase_file.as_deref());
    }

    /// Sees that the files can be made that are to be written, before anything is signed or sent.
    ///
    /// Errors: one of them is there already.
    pub fn check_files(&self) -> Result<(), Failure> {
        [&self.offline, &self.receipt].into_iter().flatten().try_for_each(|path| home::must_be_new(path))
    }
}

/// Returns the log key that the reader has set.
pub fn log_key(session: &Session) -> Result<Option<PublicKey>, Failure> {
    let Some(setting) = session.settings.get(Word::LogKey) else { return Ok(None) };
    let text = setting.value.trim();
    if let Ok(verifier) = NoteVerifier::parse(text) {
        return Ok(Some(verifier.key()));
    }
    let key = text.parse::<PublicKey>();
    key.map(Some).map_err(|cause| {
        Failure::configuration(format!("{setting} is no log key"))
            .because(cause)
            .hint("it is key1..., or a verifier key NAME+ID+BASE64, as `counterfoil serve` prints it")
    })
}

/// Loads the key to sign with; asks for the passphrase of a sealed file.
pub fn secret_key(session: &Session) -> Result<SecretKey, Failure> {
    let path = PathBuf::from(&session.settings.needed(Word::Key)?.value);
    Ok(key_file::load(&path, || passphrase(&session.settings, &path.display().to_string()))?)
}

/// Reads a passphrase from its file, or asks on the terminal.
pub fn passphrase(settings: &Settings, of: &str) -> io::Result<Zeroizing<String>> {
    if let Some(path) = settings.path(Word::PassphraseFile) {
        let bytes = key_file::read_private_file(&path).map_err(io::Error::other)?;
        let text = std::str::from_utf8(&bytes).map_err(io::Error::other)?;
        return Ok(Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned()));
    }
    if !io::stdin().is_terminal() {
        return Err(io::Error::other("standard input is no terminal"));
    }
    rpassword::prompt_password(format!("Passphrase of {of}: ")).map(Zeroizing::new)
}

/// Reads a small text file of somebody else, at most `bytes_max` bytes.
pub fn read_text(path: &std::path::Path, bytes_max: u64) -> Result<String, Failure> {
    let failed = |cause: io::Error| Failure::usage(format!("{} cannot be read", path.display())).because(cause);
    let length = fs::metadata(path).map_err(failed)?.len();
    if length > bytes_max {
        return Err(Failure::usage(format!("{} has {length} bytes, at most {bytes_max} are read", path.display())));
    }
    fs::read_to_string(path).map_err(failed)
}

/// A stretch of time as people write it: a day, `2026-01-01..2026-03-31`, two times with their offset, or a period of the calendar,
/// `2026-Q1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// When it begins.
    pub start: Timestamp,
    /// When it ends; the last moment, if a day was written.
    pub end: Timestamp,
}

impl FromStr for Span {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        if let Ok(period) = text.trim().parse::<Period>()
            && period.start() < period.end()
        {
            return Ok(Self { start: period.start(), end: period.end() });
        }
        let (start, end) = text.split_once("..").unwrap_or((text, text));
        Ok(Self { start: start.trim().parse()?, end: end.trim().parse::<Until>()?.0 })
    }
}

/// A time until which something may be done or goes on, as people write it: a day means all of it, up to its last moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Until(pub Timestamp);

impl FromStr for Until {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        let time: Timestamp = text.parse()?;
        match text.len() {
            DATE_LENGTH => Timestamp::from_ms(time.as_ms() + DAY_MS - 1).map(Self),
            _ => Ok(Self(time)),
        }
    }
}

const DATE_LENGTH: usize = "2026-03-31".len();
const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

#[cfg(test)]
mod tests {
    use super::Span;

    #[test]
    fn a_span_of_days_ends_with_the_last_moment_of_its_last_day() {
        let text = |span: &str| span.parse::<Span>().map(|span| format!("{} {}", span.start, span.end));
        assert_eq!(text("2026-01-01..2026-03-31").unwrap(), "2026-01-01T00:00:00Z 2026-03-31T23:59:59.999Z");
        assert_eq!(text("2026-Q1").unwrap(), "2026-01-01T00:00:00Z 2026-03-31T23:59:59.999Z");
        assert_eq!(text("2026-02").unwrap(), "2026-02-01T00:00:00Z 2026-02-28T23:59:59.999Z");
        assert!(text("1969-Q1").is_err());
        assert_eq!(text("2026-02-03").unwrap(), "2026-02-03T00:00:00Z 2026-02-03T23:59:59.999Z");
        assert_eq!(
            text("2026-02-03T10:00:00+02:00..2026-02-03T18:30:00Z").unwrap(),
            "2026-02-03T08:00:00Z 2026-02-03T18:30:00Z"
        );
        assert!("..".parse::<Span>().is_err());
        assert!("2026-02-30".parse::<Span>().is_err());
    }
}
