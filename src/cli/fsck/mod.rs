//! `fsck`: checks a store that no server has open, from bytes to law, and lists everything that does not hold.

mod check;
mod ledger;
mod report;

use std::{path::PathBuf, sync::Arc};

use clap::Args;

use crate::{
    cli::{
        args::{self, passphrase},
        config::Word,
        error::{Exit, Failure},
        fsck::{check::check, report::Report},
        key_file,
        session::Session,
        store_place::{beside, store_path},
    },
    keys::PublicKey,
    store::{
        StoreError,
        disk::{Disk, folder::FolderDisk},
        log::{
            LogStore,
            index::{Index, sled::SledIndex},
        },
    },
};

/// Check a store that no server has open, from bytes to law, and list everything that does not hold
#[derive(Args, Debug)]
#[command(
    after_help = "Every frame of the log is read with its check, every entry is held against its hashes, every checkpoint
that was ever signed against the entries before it, every signature is verified, every statement is judged again by the law,
and the index is held against the log. Nothing is written but an index, if one is asked for. For each ledger that is hurt the
first bad entry is named, and the last checkpoint before it that holds.

Ends with 0 when everything holds, with 11 when something was found, with 14 when there is no store or a server has it open.
An index that differs is no finding: it is only a cache, which --rebuild-index makes anew.

Examples:
  counterfoil fsck --store ./ledgers
  counterfoil fsck --store ./ledgers --log-key key1... --json
  counterfoil fsck --store ./ledgers --rebuild-index"
)]
pub(super) struct FsckArgs {
    /// The directory of the ledgers [setting: store; default: server/store in your home directory for receipts]
    #[arg(long, value_name = "DIRECTORY")]
    store: Option<String>,
    /// The log's public key: key1... or a verifier key; without, the log key file says it [setting: log_key]
    #[arg(long, value_name = "KEY")]
    log_key: Option<String>,
    /// The file of the log's secret key [setting: log_key_file; default: log.key beside the store]
    #[arg(long, value_name = "FILE")]
    log_key_file: Option<String>,
    /// The file that holds the passphrase of the log key file [setting: passphrase_file]
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<String>,
    /// Make the index anew from the log, if the log is whole
    #[arg(long)]
    rebuild_index: bool,
}

const CACHE_BYTES: u64 = 64 * 1024 * 1024;

pub(super) fn run(args: &FsckArgs, session: &mut Session) -> Result<Exit, Failure> {
    for (word, value) in [
        (Word::Store, &args.store),
        (Word::LogKey, &args.log_key),
        (Word::LogKeyFile, &args.log_key_file),
        (Word::PassphraseFile, &args.passphrase_file),
    ] {
        session.settings.flag(word, value.as_deref());
    }
    let path = store_path(session)?;
    if !path.is_dir() {
        return Err(Failure::configuration(format!("there is no store {}", path.display()))
            .hint("name its directory with --store"));
    }
    let key = known_key(session, &path)?;
    let disk: Arc<dyn Disk> = Arc::new(FolderDisk::at(&path));
    let held = disk.lock().map_err(|cause| Failure::io("the store's lock cannot be taken", cause))?;
    let held = held.ok_or_else(|| StoreError::InUse { path: path.display().to_string() })?;
    let index = SledIndex::open_existing(&path.join("index"), CACHE_BYTES);
    let mut report = Report::new(&path, key);
    let index: Option<Box<dyn Index>> = match index {
        Ok(Some(index)) => Some(Box::new(index)),
        Ok(None) => {
            report.index.push("there is none".into());
            None
        }
        Err(problem) => {
            report.index.push(problem);
            None
        }
    };
    check(&disk, index, &mut report)?;
    if args.rebuild_index && report.is_sound() {
        drop(held);
        SledIndex::open(&path.join("index"), CACHE_BYTES).and_then(|mut index| index.reset())?;
        LogStore::open(&path, CACHE_BYTES)?.settle();
        report.index_rebuilt = true;
    }
    session.output.answer(|| report.to_json(), || report.to_string())?;
    Ok(if report.is_sound() { Exit::Done } else { Exit::Findings })
}

/// The reader's own key, or that of the log key file; none if it is not there, or sealed and nobody can be asked.
fn known_key(session: &Session, store: &std::path::Path) -> Result<Option<PublicKey>, Failure> {
    if let Some(own) = args::log_key(session)? {
        return Ok(Some(own));
    }
    let set = session.settings.path(Word::LogKeyFile);
    let file: PathBuf = set.clone().unwrap_or_else(|| beside(store, "log.key"));
    if !file.exists() && set.is_none() {
        return Ok(None);
    }
    match key_file::load(&file, || passphrase(&session.settings, &file.display().to_string())) {
        Ok(key) => Ok(Some(key.public())),
        Err(error) if set.is_some() => Err(error.into()),
        Err(error) => {
            session.output.warn(format!("{}: {error}; the checkpoints' signatures are not checked", file.display()));
            Ok(None)
        }
    }
}
