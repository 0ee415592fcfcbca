//! A ledger that this machine has verified from its first entry on: fetched from a server, or a bundle in a file.
//!
//! Nothing a server says about an agreement is believed. Its ledger is fetched whole, audited, compared with the
//! checkpoint verified last time, and kept; what a verb prints follows from the entries.

use std::{
    fs::{self, File},
    io::{BufReader, BufWriter, Write as _},
    path::{Path, PathBuf},
};

use crate::{
    agreement::Agreement,
    audit::{Audit, Audited, Options, Report, audit_each},
    checkpoint::{Checkpoint, SignedCheckpoint, note::NoteVerifier},
    cli::{
        args,
        connection::Connection,
        error::{Exit, Failure},
        home::{AgreementHome, Home, cannot},
        ids,
        known_logs::KnownLogs,
        session::Session,
    },
    keys::PublicKey,
    ledger::bundle::BundleReader,
    merkle::{hash::leaf_hash, tree::Frontier},
    statement::{Body, SeenCheckpoint, id::AgreementId},
};

/// A ledger that was read and audited on this machine.
pub struct VerifiedLedger {
    /// The agreement that follows from the entries; what was found wrong had no effect on it.
    pub agreement: Agreement,
    /// What the audit showed.
    pub report: Report,
    /// The checkpoint, if its signature holds.
    pub checkpoint: Option<SignedCheckpoint>,
    /// The bundle.
    pub file: PathBuf,
    /// The server it came from; none if it was a file.
    pub connection: Option<Connection>,
}

impl VerifiedLedger {
    /// Returns the checkpoint that statements signed now say they have seen.
    #[must_use]
    pub fn seen(&self) -> Option<SeenCheckpoint> {
        let checkpoint = self.checkpoint.as_ref()?.checkpoint();
        Some(SeenCheckpoint { tree_size: checkpoint.size.get(), root: checkpoint.root })
    }

    /// Returns how a verb ends that read it: an answer from an unsound ledger is no good end.
    #[must_use]
    pub fn exit(&self) -> Exit {
        if self.report.is_sound() { Exit::Done } else { Exit::Findings }
    }

    /// Returns the agreement as it was when a settlement at `tree_size` could be computed: before the first settlement
    /// that covers as much. Reads the bundle again if that is not now.
    pub fn agreement_for(&self, tree_size: u64) -> Result<Agreement, Failure> {
        let covers = |agreement: &Agreement| agreement.settlements().last().map(|entry| entry.settlement.tree_size);
        if covers(&self.agreement).is_none_or(|settled| settled < tree_size) {
            return Ok(self.agreement.clone());
        }
        let mut past = None;
        let mut ended = false;
        audit_file(&self.file, None, |entry| {
            let settles = entry.admitted
                && matches!(entry.signed.map(|signed| &signed.statement().body),
                    Some(Body::Settlement(settlement)) if settlement.tree_size >= tree_size);
            ended |= settles;
            if !ended {
                fold(&mut past, entry);
            }
        })?;
        past.ok_or_else(|| Failure::new(Exit::Findings, "the first entry founds no agreement"))
    }
}

/// Does again what the audit has just done with an entry.
fn fold(agreement: &mut Option<Agreement>, audited: Audited<'_>) {
    let admission = match (&agreement, audited.signed) {
        (Some(agreement), Some(signed)) if audited.admitted => agreement.admit(signed, audited.entry.admitted).ok(),
        (None, Some(signed)) if audited.admitted => {
            *agreement = Agreement::found(signed, audited.entry.admitted).ok();
            return;
        }
        _ => None,
    };
    match (agreement, admission) {
        (Some(agreement), Some(admission)) => agreement.apply(admission),
        (Some(agreement), None) => agreement.pass_over(),
        (None, _) => {}
    }
}

/// Where a ledger is to be read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A bundle.
    File(PathBuf),
    /// The server.
    Server(AgreementId),
}

/// Decides what `ledger` means: the file of a bundle, or an agreement; without it, the agreement of the settings.
pub fn place(session: &Session, ledger: Option<&str>) -> Result<Place, Failure> {
    match ledger {
        Some(text) if !text.starts_with("agr1") || Path::new(text).is_file() => {
            if Path::new(text).is_file() {
                Ok(Place::File(PathBuf::from(text)))
            } else {
                Err(Failure::usage(format!("there is no file {text}, and it is no agreement"))
                    .hint("give the file of a bundle, or an agreement: agr1..."))
            }
        }
        other => ids::agreement(session, other).map(Place::Server),
    }
}

/// Reads and audits a ledger; see [`place`].
pub fn open(session: &Session, ledger: Option<&str>) -> Result<VerifiedLedger, Failure> {
    open_each(session, ledger, |_| ())
}

/// Reads and audits a ledger, and shows each entry to `each`.
pub fn open_each(
    session: &Session,
    ledger: Option<&str>,
    each: impl FnMut(Audited<'_>),
) -> Result<VerifiedLedger, Failure> {
    match place(session, ledger)? {
        Place::File(path) => from_file(session, &path, each),
        Place::Server(id) => from_server(session, id, each),
    }
}

/// Fetches and audits the ledger of an agreement, and shows each entry to `each`.
pub fn open_agreement(
    session: &Session,
    id: AgreementId,
    each: impl FnMut(Audited<'_>),
) -> Result<VerifiedLedger, Failure> {
    from_server(session, id, each)
}

/// Reads this machine's own copy of a ledger, for who has no network, and shows each entry to `each`.
pub fn open_own_copy(
    session: &Session,
    id: AgreementId,
    each: impl FnMut(Audited<'_>),
) -> Result<VerifiedLedger, Failure> {
    let path = Home::of(&session.settings)?.agreement(id).ledger();
    if !path.is_file() {
        return Err(Failure::usage(format!("there is no copy of {id} on this machine yet"))
            .hint("read it once with a network: counterfoil show"));
    }
    let ledger = from_file(session, &path, each)?;
    sound_or_failure(&ledger.report, &path)?;
    Ok(ledger)
}

/// Reads a bundle. The log's key is the reader's own, or the one known for this log, or else the bundle's word.
pub fn from_file(session: &Session, path: &Path, each: impl FnMut(Audited<'_>)) -> Result<VerifiedLedger, Failure> {
    let own = reader_key(session, path)?;
    let audit = audit_file(path, own, each)?;
    let Audit { report, agreement, checkpoint } = audit;
    let Some(agreement) = agreement else {
        let failure = sound_or_failure(&report, path).err();
        return Err(failure.unwrap_or_else(|| Failure::new(Exit::Findings, "there is no agreement in the file")));
    };
    warn_of_findings(session, &report, path);
    Ok(VerifiedLedger { agreement, report, checkpoint, file: path.to_owned(), connection: None })
}

/// Returns the key of the log that wrote a bundle as this reader knows it: set, or seen before.
pub fn reader_key(session: &Session, path: &Path) -> Result<Option<PublicKey>, Failure> {
    if let Some(own) = args::log_key(session)? {
        return Ok(Some(own));
    }
    match vkey_of(path)? {
        Some(vkey) => KnownLogs::new(Home::of(&session.settings)?.known_logs()).key_of(vkey.name()),
        None => Ok(None),
    }
}

/// Audits a file; `own` is the log's key if the reader knows it.
pub fn audit_file(path: &Path, own: Option<PublicKey>, each: impl FnMut(Audited<'_>)) -> Result<Audit, Failure> {
    let file = File::open(path).map_err(|cause| Failure { exit: Exit::Usage, ..cannot("read", path, cause) })?;
    let options = Options { log_key: own, file: path.display().to_string() };
    Ok(audit_each(BufReader::with_capacity(READ_BYTES, file), &options, each))
}

const READ_BYTES: usize = 256 * 1024;

/// Returns the log key as a bundle says it, if it says one.
pub fn vkey_of(path: &Path) -> Result<Option<NoteVerifier>, Failure> {
    let file = File::open(path).map_err(|cause| Failure { exit: Exit::Usage, ..cannot("read", path, cause) })?;
    let bundle = BundleReader::open(BufReader::new(file)).ok();
    Ok(bundle.and_then(|bundle| NoteVerifier::parse(bundle.vkey()).ok()))
}

fn from_server(
    session: &Session,
    id: AgreementId,
    mut each: impl FnMut(Audited<'_>),
) -> Result<VerifiedLedger, Failure> {
    let place = Home::of(&session.settings)?.agreement(id);
    let mut connection = Connection::open(session).map_err(|failure| name_own_copy(failure, &place))?;
    let verifier = connection.trust_log_of(session, id)?;
    let last = last_verified(&place, &verifier)?;
    let latest = session.wait(connection.client.checkpoint(id, Some(&verifier)))?;
    let copy = place.ledger();
    if last.as_ref() == Some(latest.checkpoint()) && copy.is_file() {
        let audit = audit_file(&copy, Some(verifier.key()), &mut each)?;
        sound_or_failure(&audit.report, &copy).map_err(|failure| {
            failure
                .hint(format!("your own copy was changed on this machine: look at it, then remove {}", copy.display()))
        })?;
        return finished(session, audit, copy, connection);
    }
    if let Some(last) = last.as_ref().filter(|last| last.size > latest.checkpoint().size) {
        return Err(split_view(&place, last, latest.checkpoint()));
    }
    place.make()?;
    let part = place.ledger_in_the_making();
    let fetched =
        fetch(session, &mut connection, id, &part).and_then(|()| keep(&place, &part, &verifier, last.as_ref(), each));
    if fetched.is_err() {
        // What is not kept under a name of its own is of no use; that it is gone already is as good.
        let _ = fs::remove_file(&part);
    }
    let (audit, file) = fetched?;
    finished(session, audit, file, connection)
}

fn finished(session: &Session, audit: Audit, file: PathBuf, connection: Connection) -> Result<VerifiedLedger, Failure> {
    let Audit { report, agreement, checkpoint } = audit;
    warn_of_findings(session, &report, &file);
    let agreement = agreement.ok_or_else(|| Failure::new(Exit::Findings, "the first entry founds no agreement"))?;
    Ok(VerifiedLedger { agreement, report, checkpoint, file, connection: Some(connection) })
}

fn fetch(session: &Session, connection: &mut Connection, id: AgreementId, part: &Path) -> Result<(), Failure> {
    let file = File::create(part).map_err(|cause| cannot("written", part, cause))?;
    let mut out = BufWriter::new(file);
    session.wait(connection.client.export(id, &mut out))?;
    out.flush().map_err(|cause| cannot("written", part, cause))
}

/// Audits what was fetched, compares it with what was verified before, and keeps it.
fn keep(
    place: &AgreementHome,
    part: &Path,
    verifier: &NoteVerifier,
    last: Option<&Checkpoint>,
    mut each: impl FnMut(Audited<'_>),
) -> Result<(Audit, PathBuf), Failure> {
    let mut frontier = Frontier::empty();
    let mut root_then = None;
    let audit = audit_file(part, Some(verifier.key()), |entry| {
        frontier.push(leaf_hash(&entry.entry.encode()), |_, _| {});
        if last.is_some_and(|last| last.size == frontier.size()) {
            root_then = Some(frontier.root());
        }
        each(entry);
    })?;
    let (path, note) = match &audit.checkpoint {
        Some(checkpoint) if audit.report.is_sound() => {
            if let Some(last) = last.filter(|last| Some(last.root) != root_then) {
                return Err(split_view(place, last, checkpoint.checkpoint()));
            }
            (place.ledger(), Some(checkpoint.note()))
        }
        _ => (place.unsound_ledger(), None),
    };
    fs::rename(part, &path).map_err(|cause| cannot("written", &path, cause))?;
    if let Some(note) = note {
        place.keep_checkpoint(note)?;
    }
    Ok((audit, path))
}

fn last_verified(place: &AgreementHome, verifier: &NoteVerifier) -> Result<Option<Checkpoint>, Failure> {
    let Some(note) = place.checkpoint()? else { return Ok(None) };
    let opened = SignedCheckpoint::open(&note, verifier);
    let opened = opened.map_err(|cause| {
        Failure::new(Exit::Unverified, "the checkpoint you verified last is not signed by this log")
            .because(cause)
            .hint("is --server the same server as then? compare the log's key with another party's")
    })?;
    Ok(Some(opened.checkpoint().clone()))
}

fn split_view(place: &AgreementHome, last: &Checkpoint, latest: &Checkpoint) -> Failure {
    Failure::new(
        Exit::Unverified,
        format!(
            "the server shows another ledger than before: its {} entries do not continue the {} entries you verified",
            latest.size.get(),
            last.size.get()
        ),
    )
    .reason("SPLIT_VIEW")
    .hint(format!(
        "the server has taken entries back, or shows different ledgers to different parties. Your copy, {}, and its \
         signed checkpoint are the evidence: compare them with the other parties'",
        place.ledger().display()
    ))
}

/// An unsound ledger is still shown, entry by entry; but nobody signs on top of it.
pub fn sound_or_failure(report: &Report, file: &Path) -> Result<(), Failure> {
    match report.findings.as_slice() {
        [] => Ok(()),
        [first, rest @ ..] => {
            let more = if rest.is_empty() { String::new() } else { format!(", and {} more", rest.len()) };
            Err(Failure::new(Exit::Findings, format!("the ledger is unsound: {}{more}", first.says))
                .reason(first.rule)
                .hint(format!("counterfoil audit {}", file.display())))
        }
    }
}

fn warn_of_findings(session: &Session, report: &Report, file: &Path) {
    if let Err(failure) = sound_or_failure(report, file) {
        session.output.warn(format!("{}; see {}", failure.says, failure.hint.unwrap_or_default()));
    }
}

fn name_own_copy(failure: Failure, place: &AgreementHome) -> Failure {
    let copy = place.ledger();
    if failure.exit != Exit::Unreachable || !copy.is_file() {
        return failure;
    }
    let before = failure.hint.as_ref().map(|hint| format!("{hint}; or ")).unwrap_or_default();
    let hint = format!("{before}read your own copy as you verified it last: {}", copy.display());
    failure.hint(hint)
}
