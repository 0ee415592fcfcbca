//! Signed refusals: kept when a server refuses, and judged again, offline.

use std::{
    fs::File,
    io::BufReader,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use crate::{
    audit::{
        Options,
        refusal::{JudgeError, Verdict, judge},
    },
    checkpoint::note::NoteVerifier,
    cli::{
        envelope_file,
        error::{Exit, Failure},
        home::{Home, cannot},
        known_logs::KnownLogs,
        output::{bad, good},
        session::Session,
        signing::Said,
        words::counted,
    },
    client::Refused,
    envelope::Envelope,
    ledger::refusal::SignedRefusal,
    statement::{
        id::{AgreementId, StatementId},
        wire,
    },
};

/// Keeps a signed refusal and the statement it is of, and says so; a no that the log did not sign is none of ours.
pub fn keep(session: &Session, said: &Said, refused: &Refused) {
    let id = said.signed.agreement();
    match keep_one(session, id, &said.envelope, refused) {
        Ok(Some((refusal, statement))) => session.output.note(format!(
            "the log signed its refusal, which anybody can judge: {}\n  counterfoil verify {} --statement {} --bundle LEDGER",
            refusal.display(),
            refusal.display(),
            statement.display()
        )),
        Ok(None) => {}
        Err(failure) => not_kept(session, &failure),
    }
}

/// As [`keep`], of many.
pub fn keep_all<'a>(session: &Session, id: AgreementId, refused: impl Iterator<Item = (&'a Envelope, &'a Refused)>) {
    let (mut kept, mut place) = (0_usize, None);
    for (envelope, refused) in refused {
        match keep_one(session, id, envelope, refused) {
            Ok(Some((file, _))) => (kept, place) = (kept + 1, Some(file)),
            Ok(None) => {}
            Err(failure) => return not_kept(session, &failure),
        }
    }
    if let Some(place) = place.as_deref().and_then(Path::parent) {
        session.output.note(format!(
            "the log signed {}, which anybody can judge with `counterfoil verify`: {}",
            counted(kept, "refusal", "refusals"),
            place.display()
        ));
    }
}

fn keep_one(session: &Session, id: AgreementId, envelope: &Envelope, refused: &Refused) -> Result<Kept, Failure> {
    let Some(signed) = &refused.signed else { return Ok(None) };
    let statement = StatementId::from_digest(signed.refusal().statement).to_string();
    let files = Home::of(&session.settings)?.agreement(id).keep_refusal(&statement, signed.note())?;
    envelope_file::write(&files.1, envelope)?;
    Ok(Some(files))
}

/// The files of a refusal and of its statement.
type Kept = Option<(PathBuf, PathBuf)>;

fn not_kept(session: &Session, failure: &Failure) {
    session.output.warn(format!("the log's signed refusal could not be kept: {}", failure.says));
}

/// What a refusal is judged with.
pub struct With<'a> {
    /// The file of the refusal.
    pub file: &'a Path,
    /// The ledger.
    pub bundle: Option<&'a PathBuf>,
    /// The statement that was refused.
    pub statement: Option<&'a PathBuf>,
}

/// Judges the refusal in `text`, whose log signs as `origin`.
///
/// Errors: it does not hold, or cannot be judged. A server that refused wrongly ends with [`Exit::Findings`].
pub fn verify(text: &str, origin: &str, with: &With<'_>, session: &Session) -> Result<Exit, Failure> {
    let unverified = |says: &str| Failure::new(Exit::Unverified, format!("{}: {says}", with.file.display()));
    let key = KnownLogs::key_to_check(session, origin, with.file)?;
    let verifier =
        NoteVerifier::new(origin, key).map_err(|cause| unverified("the refusal names no log").because(cause))?;
    let refusal = SignedRefusal::open(text, &verifier).map_err(|cause| {
        unverified("the refusal does not hold").because(cause).hint("ask another party for the log's key")
    })?;
    let signed = match with.statement {
        Some(path) => {
            let envelope = envelope_file::read(path)?;
            let wrong = || Failure::new(Exit::Unverified, format!("{}: nobody signed this", path.display()));
            Some(wire::open(&envelope).map_err(|cause| wrong().because(cause))?)
        }
        None => None,
    };
    let bundle = match with.bundle {
        Some(path) => Some(BufReader::new(File::open(path).map_err(|cause| cannot("read", path, cause))?)),
        None => None,
    };
    let name = with.bundle.map(|path| path.display().to_string()).unwrap_or_default();
    let options = Options { log_key: Some(key), file: name };
    let verdict = judge(&refusal, bundle, signed.as_ref(), &options).map_err(not_judged)?;
    tell(session, &refusal, &verdict)?;
    Ok(if verdict.convicts() { Exit::Findings } else { Exit::Done })
}

fn tell(session: &Session, refusal: &SignedRefusal, verdict: &Verdict) -> Result<(), Failure> {
    let refused = refusal.refusal();
    let statement = StatementId::from_digest(refused.statement);
    session.output.answer(
        || {
            let mut value = verdict.to_json(refusal);
            let of_refusal = json!({
                "refusal": true, "origin": refused.under.origin, "statement": statement.to_string(),
                "reason": refused.reason, "judged": refused.judged.to_string(),
                "tree_size": refused.under.size.get(), "root": refused.under.root.to_string(),
            });
            if let (Value::Object(value), Value::Object(more)) = (&mut value, of_refusal) {
                value.extend(more);
            }
            value
        },
        || {
            let word = match verdict {
                _ if verdict.convicts() => bad("wrong:"),
                Verdict::Right { .. } => good("right:"),
                _ => format!("{}:", verdict.as_str()),
            };
            format!(
                "{word} {}\n  {statement}\n  refused by the log of {}",
                verdict.evidence(refusal),
                refused.under.origin
            )
        },
    )?;
    match verdict {
        Verdict::NotJudged => session.output.next("give the statement that was refused: --statement FILE"),
        _ if verdict.convicts() => {
            session
                .output
                .next("show the refusal, the statement and the ledger to the other parties: each can see the same");
        }
        _ => {}
    }
    Ok(())
}

fn not_judged(error: JudgeError) -> Failure {
    let (exit, hint) = match &error {
        JudgeError::BundleMissing { .. } | JudgeError::BundleTooShort { .. } => {
            (Exit::Usage, "counterfoil export writes the ledger")
        }
        JudgeError::OtherAgreement { .. } | JudgeError::OtherStatement => {
            (Exit::Usage, "the refusal, the statement and the ledger belong together")
        }
        JudgeError::Unsound { .. } => (Exit::Findings, "counterfoil audit names everything that does not hold"),
        _ => (Exit::Unverified, "keep it, and ask the operator"),
    };
    Failure::new(exit, error.to_string()).hint(hint)
}
