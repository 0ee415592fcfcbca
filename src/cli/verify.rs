//! `verify`: checks a receipt, offline.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::{
    checkpoint::note::NoteVerifier,
    cli::{
        args,
        config::Word,
        error::{Exit, Failure},
        home::Home,
        known_logs::KnownLogs,
        output::good,
        session::Session,
    },
    ledger::{
        entry::Entry,
        receipt::{RECEIPT_BYTES_MAX, Receipt},
    },
    statement::wire,
};

/// Check a receipt, offline: that its entry is in the ledger that the log signed
#[derive(Args, Debug)]
#[command(after_help = "Example:
  counterfoil verify 000012-benefit.receipt --log-key key1...

A receipt is a c2sp.org/tlog-proof@v1 file with the entry inside. Without --log-key the key that this machine has known for the
log is used. Ends with 0 when it holds, with 10 when it does not.")]
pub(super) struct VerifyArgs {
    /// The file of the receipt
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The log's public key as you know it: key1... or a verifier key [setting: log_key]
    #[arg(long, value_name = "KEY")]
    log_key: Option<String>,
}

pub(super) fn run(args: &VerifyArgs, session: &mut Session) -> Result<Exit, Failure> {
    session.settings.flag(Word::LogKey, args.log_key.as_deref());
    let text = args::read_text(&args.file, u64::try_from(RECEIPT_BYTES_MAX).unwrap_or(u64::MAX))?;
    let unverified = |says: &str| Failure::new(Exit::Unverified, format!("{}: {says}", args.file.display()));
    let receipt = Receipt::parse(&text).map_err(|cause| unverified("this is no receipt").because(cause))?;
    let leaf = receipt.extra.clone().ok_or_else(|| {
        unverified("the receipt does not carry its entry")
            .hint("take the file that counterfoil wrote when it was recorded")
    })?;
    let entry = Entry::decode(&leaf).map_err(|cause| unverified("the entry in it is malformed").because(cause))?;
    let signed =
        wire::open(&entry.envelope).map_err(|cause| unverified("nobody signed the entry in it").because(cause))?;
    // The origin is read before the signature is checked, only to find the key; `check` then holds both together.
    let origin = receipt.note.lines().next().unwrap_or_default();
    let key = match args::log_key(session)? {
        Some(own) => own,
        None => KnownLogs::new(Home::of(&session.settings)?.known_logs()).key_of(origin)?.ok_or_else(|| {
            unverified("the key of its log is not known on this machine")
                .hint("ask a party for it and pass it: --log-key key1...")
        })?,
    };
    let verifier =
        NoteVerifier::new(origin, key).map_err(|cause| unverified("its checkpoint names no log").because(cause))?;
    let checkpoint = receipt.check(&leaf, &verifier).map_err(|cause| {
        unverified("the receipt does not hold")
            .because(cause)
            .hint("keep it as evidence, and ask another party for the log's key")
    })?;
    let agreement = signed.agreement().to_string();
    if origin.rsplit('/').next() != Some(agreement.as_str()) {
        return Err(unverified("the entry is of another agreement than the ledger it is in"));
    }
    let (index, size) = (receipt.index.get(), checkpoint.checkpoint().size.get());
    let kind = signed.statement().body.kind();
    session.output.answer(
        || {
            json!({
                "holds": true, "agreement": agreement, "statement": signed.id().to_string(), "kind": kind.as_str(),
                "signer": signed.statement().signer.to_string(), "index": index, "admitted": entry.admitted.to_string(),
                "tree_size": size, "root": checkpoint.checkpoint().root.to_string(), "log_key": key.to_string(),
            })
        },
        || {
            format!(
                "{} this {kind} is entry {index} of {agreement}, admitted {}\n  signed by {}\n  in the ledger of {size} entries \
                 whose root the log signed as {}",
                good("holds:"), entry.admitted, signed.statement().signer, verifier.vkey()
            )
        },
    )?;
    Ok(Exit::Done)
}
