//! Settings: a file, under the environment, under flags; the same words in all three.
//!
//! Secrets come only as paths of files. A word that is not known is an error that names the nearest one.

use std::{
    collections::BTreeMap,
    env,
    ffi::OsString,
    fmt, fs, io,
    path::{Path, PathBuf},
    str::FromStr,
};

use crate::cli::error::Failure;

/// The words of the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Word {
    /// Where the server is.
    Server,
    /// The file of the key to sign with.
    Key,
    /// The file that holds the passphrase of sealed key files.
    PassphraseFile,
    /// The agreement spoken of.
    Agreement,
    /// The log's public key, as the reader knows it.
    LogKey,
    /// Where receipts, checkpoints and known log keys are kept.
    Home,
    /// Where the server listens.
    Listen,
    /// Where the server keeps its ledgers.
    Store,
    /// The name under which the server signs checkpoints.
    Operator,
    /// The file of the server's secret log key.
    LogKeyFile,
    /// The file that remembers how far the server's log was.
    Guard,
    /// How much the server logs.
    Log,
}

impl Word {
    /// Every word, with what it means.
    pub const ALL: [(Self, &'static str, &'static str); 12] = [
        (Self::Server, "server", "the address of the server: http://127.0.0.1:7401"),
        (Self::Key, "key", "the file of the key you sign with"),
        (Self::PassphraseFile, "passphrase_file", "the file that holds the passphrase of your key file"),
        (Self::Agreement, "agreement", "the agreement you mostly speak of: agr1..."),
        (Self::LogKey, "log_key", "the log's public key as you know it: key1... or a verifier key"),
        (Self::Home, "home", "where your receipts, checkpoints and known log keys are kept"),
        (Self::Listen, "listen", "where the server listens: 127.0.0.1:7401"),
        (Self::Store, "store", "the directory in which the server keeps its ledgers"),
        (Self::Operator, "operator", "the name under which the server signs checkpoints"),
        (Self::LogKeyFile, "log_key_file", "the file of the server's secret log key"),
        (Self::Guard, "guard", "the file, outside the store, that remembers how far the server's log was"),
        (Self::Log, "log", "how much the server logs: error, warn, info, debug"),
    ];

    /// Returns the word as it stands in the file: `log_key_file`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(word, ..)| *word == self).map_or("", |(_, name, _)| name)
    }

    /// Returns the variable of the environment: `COUNTERFOIL_LOG_KEY_FILE`.
    #[must_use]
    pub fn variable(self) -> String {
        format!("{PREFIX}{}", self.as_str().to_ascii_uppercase())
    }

    /// Returns the flag: `--log-key-file`.
    #[must_use]
    pub fn flag(self) -> String {
        format!("--{}", self.as_str().replace('_', "-"))
    }

    const fn is_path(self) -> bool {
        matches!(self, Self::Key | Self::PassphraseFile | Self::Home | Self::Store | Self::LogKeyFile | Self::Guard)
    }

    fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known, _)| *known == name).map(|(word, ..)| *word)
    }
}

const PREFIX: &str = "COUNTERFOIL_";
const CONFIG_VARIABLE: &str = "COUNTERFOIL_CONFIG";
const CONFIG_FILE: &str = "counterfoil.toml";
const CONFIG_BYTES_MAX: u64 = 64 * 1024;

/// Where a setting comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The file.
    File(PathBuf),
    /// The environment.
    Environment,
    /// A flag.
    Flag,
}

/// A setting and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The word.
    pub word: Word,
    /// What is set.
    pub value: String,
    /// Where.
    pub source: Source,
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            Source::File(path) => write!(f, "`{}` in {}", self.word.as_str(), path.display()),
            Source::Environment => f.write_str(&self.word.variable()),
            Source::Flag => f.write_str(&self.word.flag()),
        }
    }
}

/// The settings of a run.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    set: BTreeMap<Word, Setting>,
}

impl Settings {
    /// Reads the file and the environment. The file is `config`, or what `COUNTERFOIL_CONFIG` names, or
    /// `counterfoil.toml` in the user's directory for configuration, where it may be absent.
    pub fn read(config: Option<&Path>) -> Result<Self, Failure> {
        let mut settings = Self::default();
        let named = config.map(Path::to_owned).or_else(|| env::var_os(CONFIG_VARIABLE).map(PathBuf::from));
        match named {
            Some(path) => settings.read_file(&path, true)?,
            None => {
                if let Some(directory) = user_directory() {
                    settings.read_file(&directory.join(CONFIG_FILE), false)?;
                }
            }
        }
        settings.read_environment(env::vars_os())?;
        Ok(settings)
    }

    /// Puts a flag over what was read, if it was given.
    pub fn flag(&mut self, word: Word, value: Option<&str>) {
        if let Some(value) = value {
            self.set.insert(word, Setting { word, value: value.to_owned(), source: Source::Flag });
        }
    }

    /// Returns a setting, if it is set.
    #[must_use]
    pub fn get(&self, word: Word) -> Option<&Setting> {
        self.set.get(&word)
    }

    /// Returns a setting as text.
    #[must_use]
    pub fn text(&self, word: Word) -> Option<&str> {
        self.get(word).map(|setting| setting.value.as_str())
    }

    /// Returns a setting as a path.
    #[must_use]
    pub fn path(&self, word: Word) -> Option<PathBuf> {
        self.text(word).map(PathBuf::from)
    }

    /// Returns a setting as a value of its own kind.
    pub fn parse<T: FromStr<Err: std::error::Error + Send + Sync + 'static>>(
        &self,
        word: Word,
    ) -> Result<Option<T>, Failure> {
        let Some(setting) = self.get(word) else { return Ok(None) };
        let value = setting.value.parse();
        value.map(Some).map_err(|cause| Failure::configuration(format!("{setting} is not understood")).because(cause))
    }

    /// Returns a setting, or says how to set it.
    pub fn needed(&self, word: Word) -> Result<&Setting, Failure> {
        self.get(word).ok_or_else(|| {
            let name = word.as_str();
            Failure::configuration(format!("no {} is set", name.replace('_', " "))).hint(format!(
                "give {} ..., or set {}, or put `{name} = \"...\"` into {CONFIG_FILE}",
                word.flag(),
                word.variable()
            ))
        })
    }

    /// Returns where receipts, checkpoints and known log keys are kept.
    pub fn home(&self) -> Result<PathBuf, Failure> {
        self.path(Word::Home).or_else(user_directory).ok_or_else(|| {
            Failure::configuration("there is no home directory").hint("give --home DIRECTORY, or set COUNTERFOIL_HOME")
        })
    }

    fn read_file(&mut self, path: &Path, must_exist: bool) -> Result<(), Failure> {
        let unreadable = |cause| Failure::configuration(format!("{} cannot be read", path.display())).because(cause);
        let length = match fs::metadata(path) {
            Ok(metadata) => metadata.len(),
            Err(error) if error.kind() == io::ErrorKind::NotFound && !must_exist => return Ok(()),
            Err(error) => return Err(unreadable(error)),
        };
        if length > CONFIG_BYTES_MAX {
            return Err(Failure::configuration(format!("{} is larger than {CONFIG_BYTES_MAX} bytes", path.display())));
        }
        let text = fs::read_to_string(path).map_err(unreadable)?;
        let table: toml::Table = text
            .parse()
            .map_err(|cause| Failure::configuration(format!("{} is not TOML", path.display())).because(cause))?;
        let beside = path.parent().unwrap_or(Path::new(""));
        for (name, value) in table {
            let word = Word::named(&name).ok_or_else(|| {
                let hint = nearest(&name, Word::ALL.iter().map(|(_, known, _)| *known));
                Failure::configuration(format!("{}: unknown setting `{name}`", path.display())).hint(hint)
            })?;
            let toml::Value::String(value) = value else {
                return Err(Failure::configuration(format!("{}: `{name}` is not a text", path.display()))
                    .hint(format!("write `{name} = \"{value}\"`")));
            };
            // As its author sees it: from the directory of the file, wherever the program is run.
            let value = if word.is_path() { joined(beside, &value) } else { value };
            self.set.insert(word, Setting { word, value, source: Source::File(path.to_owned()) });
        }
        Ok(())
    }

    fn read_environment(&mut self, variables: impl Iterator<Item = (OsString, OsString)>) -> Result<(), Failure> {
        for (name, value) in variables {
            let Some(name) = name.to_str().filter(|name| name.starts_with(PREFIX) && *name != CONFIG_VARIABLE) else {
                continue;
            };
            let lower = name[PREFIX.len()..].to_ascii_lowercase();
            let word = Word::named(&lower).filter(|word| word.variable() == name).ok_or_else(|| {
                let variables: Vec<String> = Word::ALL.iter().map(|(word, ..)| word.variable()).collect();
                let hint = nearest(name, variables.iter().map(String::as_str).chain([CONFIG_VARIABLE]));
                Failure::configuration(format!("unknown variable {name}")).hint(hint)
            })?;
            let value = value.into_string().map_err(|_| Failure::configuration(format!("{name} is not UTF-8")))?;
            self.set.insert(word, Setting { word, value, source: Source::Environment });
        }
        Ok(())
    }
}

/// Returns a hint that names the known word nearest to `found`, or all of them when none is near.
pub fn nearest<'a>(found: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    let near = known.iter().map(|word| (strsim::damerau_levenshtein(found, word), *word)).min();
    match near {
        Some((distance, word)) if distance <= found.chars().count().div_ceil(3).max(2) => {
            format!("did you mean `{word}`?")
        }
        _ => format!("known are: {}", known.join(", ")),
    }
}

/// The directory for configuration: `$XDG_CONFIG_HOME/counterfoil`, or `.config/counterfoil` at home.
fn user_directory() -> Option<PathBuf> {
    let named = |variable| env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from);
    let directory = named("XDG_CONFIG_HOME").or_else(|| Some(named("HOME")?.join(".config")))?;
    Some(directory.join("counterfoil"))
}

/// Joins a path of the file to the file's directory; `.` in it is left out, because the path is shown to people.
fn joined(beside: &Path, value: &str) -> String {
    let path: PathBuf = beside.join(expand_home(value)).components().collect();
    path.display().to_string()
}

fn expand_home(value: &str) -> PathBuf {
    match (value.strip_prefix("~/"), env::var_os("HOME")) {
        (Some(rest), Some(home)) => PathBuf::from(home).join(rest),
        _ => PathBuf::from(value),
    }
}

#[cfg(test)]
mod tests {
    use std::{ffi::OsString, fs};

    use tempfile::TempDir;

    use super::{Settings, Source, Word, nearest};
    use crate::cli::error::Exit;

    fn read(file: &str, environment: &[(&str, &str)]) -> Result<Settings, String> {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("counterfoil.toml");
        fs::write(&path, file).unwrap();
        let mut settings = Settings::default();
        let variables = environment.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
        let read = settings.read_file(&path, true).and_then(|()| settings.read_environment(variables));
        read.map(|()| settings).map_err(|failure| {
            assert_eq!(failure.exit, Exit::Configuration);
            format!("{} | {}", failure.says, failure.hint.unwrap_or_default())
        })
    }

    #[test]
    fn the_environment_goes_over_the_file_and_flags_over_both() {
        let mut settings =
            read("server = 'http://a:1'\noperator = 'a'", &[("COUNTERFOIL_SERVER", "http://b:2")]).unwrap();
        assert_eq!(settings.text(Word::Server), Some("http://b:2"));
        assert_eq!(settings.text(Word::Operator), Some("a"));
        settings.flag(Word::Server, Some("http://c:3"));
        settings.flag(Word::Operator, None);
        assert_eq!(settings.text(Word::Server), Some("http://c:3"));
        assert_eq!(settings.get(Word::Server).map(|setting| &setting.source), Some(&Source::Flag));
        assert_eq!(settings.text(Word::Operator), Some("a"));
    }

    #[test]
    fn unknown_words_name_the_nearest_known_one() {
        let error = read("sever = 'http://a:1'", &[]).unwrap_err();
        assert!(error.ends_with("unknown setting `sever` | did you mean `server`?"), "{error}");
        let error = read("", &[("COUNTERFOIL_AGREMENT", "agr1")]).unwrap_err();
        assert_eq!(error, "unknown variable COUNTERFOIL_AGREMENT | did you mean `COUNTERFOIL_AGREEMENT`?");
        let error = read("colour = 'x'", &[]).unwrap_err();
        assert!(error.contains("known are: server, key"), "{error}");
        assert_eq!(nearest("keys", ["key", "server"]), "did you mean `key`?");
    }

    #[test]
    fn other_values_than_texts_are_errors() {
        let error = read("listen = 7401", &[]).unwrap_err();
        assert!(error.ends_with("`listen` is not a text | write `listen = \"7401\"`"), "{error}");
        assert!(read("server", &[]).unwrap_err().contains("is not TOML"));
    }

    #[test]
    fn paths_in_the_file_are_meant_from_its_directory() {
        let settings = read("key = 'community.key'\nserver = 'http://a:1'", &[]).unwrap();
        assert!(settings.path(Word::Key).unwrap().is_absolute());
        assert!(settings.path(Word::Key).unwrap().ends_with("community.key"));
    }
}
