//! Files of secret keys: one `secret1...` line, in the clear or sealed under a passphrase as an age file (age-encryption.org/v1).
//!
//! A file is made once, readable by its owner alone, and never written over. What is sealed is the same text, so that
//! any age program opens it.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use age::{
    DecryptError, Decryptor, EncryptError, Encryptor, Identity, Recipient,
    scrypt::{Identity as ScryptIdentity, Recipient as ScryptRecipient},
    secrecy::SecretString,
};
use zeroize::Zeroizing;

use crate::{keys::SecretKey, text::TextError};

/// Writes `key` into a new file at `path`, readable by its owner alone, and makes it durable before it returns.
///
/// Errors: [`KeyFileError::Exists`] if there is something at `path`; it is never written over.
pub fn create(path: &Path, key: &SecretKey, passphrase: Option<Zeroizing<String>>) -> Result<(), KeyFileError> {
    let clear = clear_text(key);
    let sealed = passphrase.map(|passphrase| seal(path, &clear, passphrase)).transpose()?;
    let bytes = sealed.as_deref().unwrap_or(clear.as_bytes());
    let failed = |doing| move |source| KeyFileError::Io { path: path.to_owned(), doing, source };
    let exists = || KeyFileError::Exists { path: path.to_owned() };
    if fs::symlink_metadata(path).is_ok() {
        return Err(exists());
    }
    // Under another name first: a file that was begun and never finished would be taken for a key, and for none.
    let unfinished = unfinished_name(path);
    match fs::remove_file(&unfinished) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => return Err(failed("create")(source)),
        _ => {}
    }
    let mut file = new_private_file(&unfinished).map_err(failed("create"))?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    let named = written.and_then(|()| name_finally(&unfinished, path)).and_then(|()| sync_folder(path));
    named.map_err(|source| {
        // Half a key is no key; that it could not be removed either changes nothing about what went wrong.
        let _ = fs::remove_file(&unfinished);
        if source.kind() == io::ErrorKind::AlreadyExists { exists() } else { failed("write")(source) }
    })
}

/// Where a key file stands until it is whole.
fn unfinished_name(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".unfinished");
    path.with_file_name(name)
}

/// Gives a file its name, unless somebody has it.
fn name_finally(unfinished: &Path, path: &Path) -> io::Result<()> {
    fs::hard_link(unfinished, path)?;
    fs::remove_file(unfinished)
}

fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

/// Reads the key in the file at `path`; asks for the passphrase only if the file is sealed under one.
///
/// Errors: [`KeyFileError`], also when others than the owner may read the file.
pub fn load(
    path: &Path,
    ask_passphrase: impl FnOnce() -> io::Result<Zeroizing<String>>,
) -> Result<SecretKey, KeyFileError> {
    let (bytes, mode) = read_file(path)?;
    if !bytes.starts_with(AGE_MAGIC) {
        // What is no key is nobody's secret: to change the mode of such a file would help nobody, and may break the machine.
        let key = parse(path, &bytes)?;
        return check_mode(path, mode).map(|()| key);
    }
    check_mode(path, mode)?;
    let unanswered = |source| KeyFileError::PassphraseUnanswered { path: path.to_owned(), source };
    let clear = open(path, &bytes, ask_passphrase().map_err(unanswered)?)?;
    parse(path, &clear)
}

/// The first bytes of every age file.
const AGE_MAGIC: &[u8] = b"age-encryption.org/v1\n";
/// What every secret key begins with.
const SECRET: &str = "secret1";
const KEY_FILE_BYTES_MAX: u64 = 16 * 1024;
/// 2^18 rounds of scrypt: about a second, and what other age programs use.
const WORK_FACTOR: u8 = 18;
/// 16 times as much; a file that asks for more would hold the program up, and was not made by us.
const WORK_FACTOR_MAX: u8 = 22;

fn clear_text(key: &SecretKey) -> Zeroizing<String> {
    let (public, secret) = (key.public(), key.to_text());
    Zeroizing::new(format!(
        "# A counterfoil secret key. Whoever can read this file signs in your name.\n# public: {public}\n{}\n",
        secret.as_str()
    ))
}

fn parse(path: &Path, bytes: &[u8]) -> Result<SecretKey, KeyFileError> {
    let no_key = || KeyFileError::NoKey { path: path.to_owned() };
    let text = std::str::from_utf8(bytes).map_err(|_| no_key())?;
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let line = lines.next().filter(|line| line.starts_with(SECRET)).ok_or_else(no_key)?;
    if lines.next().is_some() {
        return Err(KeyFileError::ManyLines { path: path.to_owned() });
    }
    SecretKey::from_text(line).map_err(|source| KeyFileError::Key { path: path.to_owned(), source })
}

fn seal(path: &Path, clear: &str, passphrase: Zeroizing<String>) -> Result<Vec<u8>, KeyFileError> {
    if passphrase.is_empty() {
        return Err(KeyFileError::PassphraseEmpty { path: path.to_owned() });
    }
    let mut recipient = ScryptRecipient::new(SecretString::from(passphrase.as_str()));
    recipient.set_work_factor(WORK_FACTOR);
    let failed = |source| KeyFileError::Seal { path: path.to_owned(), source: Box::new(source) };
    let encryptor = Encryptor::with_recipients(std::iter::once::<&dyn Recipient>(&recipient)).map_err(failed)?;
    let mut sealed = Vec::new();
    let written = encryptor.wrap_output(&mut sealed).and_then(|mut writer| {
        writer.write_all(clear.as_bytes())?;
        writer.finish()
    });
    written.map_err(|source| failed(EncryptError::Io(source)))?;
    Ok(sealed)
}

fn open(path: &Path, sealed: &[u8], passphrase: Zeroizing<String>) -> Result<Zeroizing<Vec<u8>>, KeyFileError> {
    let failed = |source| match source {
        DecryptError::NoMatchingKeys => KeyFileError::OtherRecipient { path: path.to_owned() },
        DecryptError::DecryptionFailed | DecryptError::KeyDecryptionFailed => {
            KeyFileError::PassphraseWrong { path: path.to_owned() }
        }
        source => KeyFileError::Sealed { path: path.to_owned(), source },
    };
    let mut identity = ScryptIdentity::new(SecretString::from(passphrase.as_str()));
    identity.set_max_work_factor(WORK_FACTOR_MAX);
    let decryptor = Decryptor::new(sealed).map_err(failed)?;
    let mut reader = decryptor.decrypt(std::iter::once::<&dyn Identity>(&identity)).map_err(failed)?;
    // As large as it can get, so that growing leaves no copies behind.
    let mut clear = Zeroizing::new(Vec::with_capacity(sealed.len()));
    reader.read_to_end(&mut clear).map_err(|source| failed(DecryptError::Io(source)))?;
    Ok(clear)
}

fn new_private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Reads a file that only its owner may read: a passphrase.
pub(super) fn read_private_file(path: &Path) -> Result<Zeroizing<Vec<u8>>, KeyFileError> {
    let (bytes, mode) = read_file(path)?;
    check_mode(path, mode)?;
    Ok(bytes)
}

fn check_mode(path: &Path, mode: u32) -> Result<(), KeyFileError> {
    let others = mode & 0o077;
    if others == 0 { Ok(()) } else { Err(KeyFileError::OthersMayRead { path: path.to_owned(), mode }) }
}

/// Returns what is in a small file, and its permission bits: none where there are none.
fn read_file(path: &Path) -> Result<(Zeroizing<Vec<u8>>, u32), KeyFileError> {
    let failed = |source| KeyFileError::Io { path: path.to_owned(), doing: "read", source };
    // Asked before opening, which would wait for a writer if this were a pipe.
    if !fs::metadata(path).map_err(failed)?.is_file() {
        return Err(KeyFileError::NotAFile { path: path.to_owned() });
    }
    let file = File::open(path).map_err(failed)?;
    // Of the open file: the name may mean another one by now.
    let metadata = file.metadata().map_err(failed)?;
    #[cfg(unix)]
    let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o777;
    #[cfg(not(unix))]
    let mode = 0;
    if metadata.len() > KEY_FILE_BYTES_MAX {
        return Err(KeyFileError::NoKey { path: path.to_owned() });
    }
    let capacity = usize::try_from(KEY_FILE_BYTES_MAX).expect("a few thousand bytes");
    let mut bytes = Zeroizing::new(Vec::with_capacity(capacity));
    file.take(KEY_FILE_BYTES_MAX).read_to_end(&mut bytes).map_err(failed)?;
    Ok((bytes, mode))
}

/// Why there is no key in a file, or no file of a key. Each is settled by the person at the keyboard: exit code 14.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// There is something at the path.
    #[error("{} exists, and a key file is never written over", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be made, written or read.
    #[error("cannot {doing} the file {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What was tried: `read`.
        doing: &'static str,
        /// What failed.
        #[source]
        source: io::Error,
    },
    /// It is a directory, a pipe or a device.
    #[error("{} is not a file", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// Others than its owner may read or write it.
    #[error("{} has mode {mode:03o}: others than its owner have access", path.display())]
    OthersMayRead {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// There is no key in it.
    #[error("{} is not a key file", path.display())]
    NoKey {
        /// The file.
        path: PathBuf,
    },
    /// There is more than one line in it.
    #[error("key file {} has more than one line that is not a comment", path.display())]
    ManyLines {
        /// The file.
        path: PathBuf,
    },
    /// Its line is no secret key.
    #[error("the line in key file {} is not a secret key", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: TextError,
    },
    /// Nobody gave the passphrase.
    #[error("key file {} is sealed, and no passphrase was given", path.display())]
    PassphraseUnanswered {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The passphrase is another one.
    #[error("the passphrase does not open key file {}", path.display())]
    PassphraseWrong {
        /// The file.
        path: PathBuf,
    },
    /// A file was to be sealed under nothing.
    #[error("an empty passphrase seals nothing")]
    PassphraseEmpty {
        /// The file.
        path: PathBuf,
    },
    /// It is sealed, but not under a passphrase.
    #[error("key file {} is sealed to a recipient, not under a passphrase", path.display())]
    OtherRecipient {
        /// The file.
        path: PathBuf,
    },
    /// It is sealed, but damaged or of a kind that is not opened here.
    #[error("key file {} cannot be opened", path.display())]
    Sealed {
        /// The file.
        path: PathBuf,
        /// What failed.
        #[source]
        source: DecryptError,
    },
    /// It could not be sealed.
    #[error("cannot seal key file {}", path.display())]
    Seal {
        /// The file.
        path: PathBuf,
        /// What failed.
        #[source]
        source: Box<EncryptError>,
    },
}

/// Returns why the file of a passphrase could not be read, if that is why there is none.
fn of_passphrase_file(source: &io::Error) -> Option<&KeyFileError> {
    source.get_ref().and_then(|source| source.downcast_ref())
}

impl KeyFileError {
    /// Returns what the person at the keyboard can do: a sentence for the `hint:` line.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Exists { .. } => "choose another file name, or move the old key away yourself".to_owned(),
            Self::Io { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                "make a key with `counterfoil key new`, or check the path".to_owned()
            }
            Self::OthersMayRead { path, .. } => format!("chmod 600 {}", path.display()),
            Self::NoKey { .. } | Self::ManyLines { .. } | Self::Key { .. } | Self::NotAFile { .. } => {
                "a key file is what `counterfoil key new` writes: one line, beside comments".to_owned()
            }
            Self::PassphraseUnanswered { source, .. } => match of_passphrase_file(source) {
                Some(Self::OthersMayRead { path, .. }) => format!("chmod 600 {}", path.display()),
                Some(_) => "see that --passphrase-file names the file of the passphrase".to_owned(),
                None => "run it on a terminal, or give the passphrase in a file: --passphrase-file FILE".to_owned(),
            },
            Self::PassphraseWrong { .. } => "try again; nobody can open the file without its passphrase".to_owned(),
            Self::PassphraseEmpty { .. } => "give a passphrase, or none at all".to_owned(),
            Self::OtherRecipient { .. } => "open it with age and store the line it prints".to_owned(),
            Self::Io { .. } | Self::Sealed { .. } | Self::Seal { .. } => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, io, path::PathBuf};

    use tempfile::TempDir;
    use zeroize::Zeroizing;

    use super::{KEY_FILE_BYTES_MAX, KeyFileError, create, load, unfinished_name};
    use crate::keys::SecretKey;

    fn key() -> SecretKey {
        SecretKey::from_seed(&[3; 32])
    }

    fn place() -> (TempDir, PathBuf) {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("community.key");
        (directory, path)
    }

    fn never_asked() -> io::Result<Zeroizing<String>> {
        panic!("a file in the clear needs no passphrase")
    }

    fn passphrase(text: &str) -> Zeroizing<String> {
        Zeroizing::new(text.to_owned())
    }

    #[test]
    fn a_key_in_the_clear_is_read_without_asking() {
        let (_directory, path) = place();
        create(&path, &key(), None).unwrap();
        assert_eq!(load(&path, never_asked).unwrap().public(), key().public());
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(&format!("# public: {}\n", key().public())), "{text}");
    }

    #[test]
    fn a_sealed_key_opens_with_its_passphrase_alone() {
        let (_directory, path) = place();
        create(&path, &key(), Some(passphrase("correct horse"))).unwrap();
        let bytes = fs::read(&path).unwrap();
        assert!(bytes.starts_with(b"age-encryption.org/v1\n-> scrypt "));
        assert!(!bytes.windows(7).any(|window| window == b"secret1"));
        assert_eq!(load(&path, || Ok(passphrase("correct horse"))).unwrap().public(), key().public());
        let wrong = load(&path, || Ok(passphrase("correct house"))).map(|_| ());
        assert!(matches!(wrong, Err(KeyFileError::PassphraseWrong { .. })), "{wrong:?}");
        let nobody = load(&path, || Err(io::Error::other("no terminal"))).map(|_| ());
        assert!(matches!(nobody, Err(KeyFileError::PassphraseUnanswered { .. })), "{nobody:?}");
    }

    #[test]
    fn damaged_sealed_files_are_errors() {
        let (_directory, path) = place();
        for bytes in [
            &b"age-encryption.org/v1\n"[..],
            b"age-encryption.org/v1\n-> scrypt AAAA 64\n",
            b"age-encryption.org/v1\n--- ",
        ] {
            fs::write(&path, bytes).unwrap();
            make_private(&path);
            let found = load(&path, || Ok(passphrase("correct horse"))).map(|_| ());
            assert!(matches!(found, Err(KeyFileError::Sealed { .. })), "{found:?}");
        }
        let found = create(&path.with_extension("empty"), &key(), Some(passphrase("")));
        assert!(matches!(found, Err(KeyFileError::PassphraseEmpty { .. })), "{found:?}");
    }

    #[test]
    fn a_key_file_is_never_written_over() {
        let (_directory, path) = place();
        fs::write(&path, "mine").unwrap();
        let found = create(&path, &key(), None);
        assert!(matches!(found, Err(KeyFileError::Exists { .. })), "{found:?}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
    }

    #[test]
    fn a_key_file_that_was_begun_and_never_finished_is_no_key_file() {
        let (_directory, path) = place();
        let unfinished = unfinished_name(&path);
        fs::write(&unfinished, "# A counterfoil sec").unwrap();
        create(&path, &key(), None).unwrap();
        assert_eq!(load(&path, never_asked).unwrap().public(), key().public());
        assert!(!unfinished.exists());
    }

    #[cfg(unix)]
    #[test]
    fn a_key_file_is_its_owners_alone() {
        use std::os::unix::fs::PermissionsExt;
        let (_directory, path) = place();
        create(&path, &key(), None).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        for mode in [0o640, 0o604, 0o620, 0o601] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let error = load(&path, never_asked).map(|_| ()).unwrap_err();
            assert!(matches!(error, KeyFileError::OthersMayRead { mode: found, .. } if found == mode), "{error:?}");
            assert_eq!(error.hint(), Some(format!("chmod 600 {}", path.display())));
        }
    }

    #[test]
    fn what_is_no_key_file_is_refused_and_never_shown() {
        let (directory, path) = place();
        let secret = key().to_text();
        let two = format!("{}\n{}\n", secret.as_str(), secret.as_str());
        let large = " ".repeat(usize::try_from(KEY_FILE_BYTES_MAX).unwrap()) + secret.as_str();
        let changed = format!("{}x", secret.as_str());
        for text in ["", "# nothing\n", &two, &large, &changed, &key().public().to_string()] {
            fs::write(&path, text).unwrap();
            make_private(&path);
            let error = load(&path, never_asked).map(|_| ()).unwrap_err();
            assert!(!format!("{error} {error:?}").contains(&secret[7..20]), "{error:?}");
        }
        fs::write(&path, [0xff, 0xfe]).unwrap();
        assert!(matches!(load(&path, never_asked).map(|_| ()), Err(KeyFileError::NoKey { .. })));
        assert!(matches!(load(directory.path(), never_asked).map(|_| ()), Err(KeyFileError::NotAFile { .. })));
        let missing = load(&path.with_extension("missing"), never_asked).map(|_| ()).unwrap_err();
        assert!(missing.hint().unwrap().contains("key new"));
    }

    fn make_private(path: &std::path::Path) {
        #[cfg(unix)]
        fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        #[cfg(not(unix))]
        let _ = path;
    }
}
