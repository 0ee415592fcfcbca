//! The checkpoints that parties hold: their receipts, bundles and notes, held against a store that may be older than they are.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::{BufReader, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::Args;

use crate::{
    checkpoint::{
        Checkpoint, SignedCheckpoint,
        note::{NOTE_BYTES_MAX, NoteVerifier},
    },
    cli::{
        args,
        error::{Exit, Failure},
    },
    keys::PublicKey,
    ledger::{
        LedgerId,
        bundle::{self, BundleReader},
        receipt::{RECEIPT_BYTES_MAX, Receipt},
    },
    statement::id::AgreementId,
    store::{
        disk::{Disk, folder::FolderDisk},
        log::{
            Position,
            roots::{Asked, Standings, stand},
        },
    },
};

/// What parties hold, and whether an older store may be gone on with.
#[derive(Args, Clone, Debug, Default)]
pub struct RollbackArgs {
    /// A receipt, bundle or checkpoint that a party holds: refused if the store is older, or has another history; may be repeated
    #[arg(long = "checkpoint", value_name = "FILE")]
    pub checkpoints: Vec<PathBuf>,
    /// Go on with a store that is older than what its guard remembers: needs a --checkpoint of every ledger in it
    #[arg(long)]
    pub accept_rollback: bool,
}

/// A checkpoint that a party holds, signed by the log.
#[derive(Clone, Debug)]
pub struct PartyCheckpoint {
    file: PathBuf,
    agreement: AgreementId,
    checkpoint: Checkpoint,
}

impl PartyCheckpoint {
    /// Reads a receipt, a bundle or a note. Only what the log signed in it is believed.
    ///
    /// Errors: it cannot be read, or the log did not sign it.
    pub fn read(file: &Path, key: PublicKey) -> Result<Self, Failure> {
        let unverified = |says: &str| {
            Failure::new(Exit::Unverified, format!("{}: {says}", file.display())).hint(
                "give the receipts, bundles and checkpoints of this store's log; see that the log key is the right one",
            )
        };
        let note = read_note(file)?;
        let origin = note.lines().next().unwrap_or_default();
        let named = origin.rsplit('/').next().and_then(|name| name.parse().ok());
        let agreement: AgreementId = named.ok_or_else(|| unverified("its checkpoint names no ledger"))?;
        let verifier =
            NoteVerifier::new(origin, key).map_err(|cause| unverified("its checkpoint names no log").because(cause))?;
        let signed = SignedCheckpoint::open(&note, &verifier)
            .map_err(|cause| unverified("the log did not sign its checkpoint").because(cause))?;
        Ok(Self { file: file.to_owned(), agreement, checkpoint: signed.checkpoint().clone() })
    }

    /// Reads all of them.
    ///
    /// Errors: the first that cannot be used.
    pub fn read_all(files: &[PathBuf], key: PublicKey) -> Result<Vec<Self>, Failure> {
        files.iter().map(|file| Self::read(file, key)).collect()
    }

    fn ledger(&self) -> LedgerId {
        LedgerId::new(self.agreement.digest())
    }

    /// Holds it against the ledger as it stands.
    fn hold(&self, standings: &Standings, store: &str) -> Result<(), Failure> {
        let (agreement, size, file) = (self.agreement, self.checkpoint.size, self.file.display());
        let standing = standings.ledgers.get(&self.ledger());
        let found = standing.map_or(0, |standing| standing.size.get());
        if size.get() > found {
            let says = format!(
                "a party holds a newer checkpoint of {agreement} than {store} has: {file} says {size} entries, here are {found}"
            );
            return Err(Failure::new(Exit::Unverified, says).reason("CHECKPOINT_NEWER").hint(
                "find the newer store or a newer backup: to sign over what a party holds is a fork that its receipt proves",
            ));
        }
        let Some(standing) = standing else { return Ok(()) };
        let root = standing.roots.get(&size);
        if root != Some(&self.checkpoint.root) || standing.origin != self.checkpoint.origin {
            let here = root.map(ToString::to_string).unwrap_or_default();
            let says = format!(
                "a party holds another history of {agreement} than {store} has: {file} says root {} at {size} entries under \
                 {}, here it is {here} under {}, with {found} entries in all",
                self.checkpoint.root, self.checkpoint.origin, standing.origin
            );
            return Err(Failure::new(Exit::Unverified, says).reason("CHECKPOINT_CONTRADICTS").hint(
                "the log signed both, which is a fork: keep the file as evidence, and find the store it came from",
            ));
        }
        Ok(())
    }
}

/// Walks through the store in a folder with every check, and holds against it what parties hold.
///
/// Errors: the store is damaged, or the first checkpoint that is newer than it, or of another history.
pub fn hold_all(held: &[PartyCheckpoint], store: &Path) -> Result<Standings, Failure> {
    let mut asked = Asked::new();
    for one in held {
        asked.entry(one.ledger()).or_default().insert(one.checkpoint.size);
    }
    let disk: Arc<dyn Disk> = Arc::new(FolderDisk::at(store));
    let standings = match store.is_dir() {
        true => stand(&disk, &asked)?,
        false => Standings { end: Position::start(), ledgers: BTreeMap::new() },
    };
    held.iter().try_for_each(|one| one.hold(&standings, &store.display().to_string()))?;
    Ok(standings)
}

/// Returns the ledgers of which nobody's checkpoint was given.
#[must_use]
pub fn without_any(held: &[PartyCheckpoint], standings: &Standings) -> Vec<AgreementId> {
    let held: BTreeSet<LedgerId> = held.iter().map(PartyCheckpoint::ledger).collect();
    let ledgers = standings.ledgers.keys().filter(|ledger| !held.contains(ledger));
    ledgers.map(|ledger| AgreementId::from_digest(ledger.digest())).collect()
}

fn read_note(file: &Path) -> Result<String, Failure> {
    let cannot = |cause| Failure::usage(format!("{} cannot be read", file.display())).because(cause);
    let mut opened = BufReader::new(File::open(file).map_err(cannot)?);
    let mut start = [0; bundle::MAGIC.len()];
    let is_bundle = opened.read_exact(&mut start).is_ok() && start == *bundle::MAGIC;
    if is_bundle {
        let again = BufReader::new(File::open(file).map_err(cannot)?);
        return note_of_bundle(again).map_err(|cause| {
            Failure::new(Exit::Unverified, format!("{} is a damaged bundle", file.display())).because(cause)
        });
    }
    let bytes_max = u64::try_from(RECEIPT_BYTES_MAX.max(NOTE_BYTES_MAX)).unwrap_or(u64::MAX);
    let text = args::read_text(file, bytes_max)?;
    match Receipt::parse(&text) {
        Ok(receipt) => Ok(receipt.note),
        Err(cause) if text.starts_with(RECEIPT_START) => {
            Err(Failure::new(Exit::Unverified, format!("{} is a damaged receipt", file.display())).because(cause))
        }
        Err(_) => Ok(text),
    }
}

/// What the first line of every receipt begins with.
const RECEIPT_START: &str = "c2sp.org/tlog-proof@";

fn note_of_bundle(input: impl Read) -> Result<String, bundle::BundleError> {
    let mut reader = BundleReader::open(input)?;
    while reader.next_entry()?.is_some() {}
    reader.finish()
}
