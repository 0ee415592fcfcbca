//! `verify`: checks a receipt, or judges a signed refusal again, offline.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::{
    checkpoint::note::NoteVerifier,
    cli::{
        args,
        config::Word,
        error::{Exit, Failure},
        known_logs::KnownLogs,
        output::good,
        refusals::{self, With},
        session::Session,
    },
    ledger::{
        entry::Entry,
        receipt::{RECEIPT_BYTES_MAX, Receipt},
        refusal::SignedRefusal,
    },
    statement::wire,
};

/// Check a receipt, or judge a refusal that the log signed, offline
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  counterfoil verify 000012-benefit.receipt --log-key key1...
  counterfoil verify st1....refusal --statement st1....json --bundle ledger.counterfoil

A receipt is a c2sp.org/tlog-proof@v1 file with the entry inside. Without --log-key the key that this machine has known for the \
log is used. Ends with 0 when it holds, with 10 when it does not.

A refusal names the ledger and the time that a statement was judged at. With the ledger and the statement the law is asked again: \
ends with 0 when the refusal was right, with 11 when the law admits the statement or refuses it for another reason. A refusal of a \
proposal needs no ledger. What a server refuses is kept in the home directory, with its statement, under refused/.")]
pub(super) struct VerifyArgs {
    /// The file of the receipt, or of the refusal
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// For a refusal: the ledger, as `counterfoil export` writes it
    #[arg(long, value_name = "FILE")]
    bundle: Option<PathBuf>,
    /// For a refusal: the signed statement that was refused
    #[arg(long, value_name = "FILE")]
    statement: Option<PathBuf>,
    /// The log's public key as you know it: key1... or a verifier key [setting: log_key]
    #[arg(long, value_name = "KEY")]
    log_key: Option<String>,
}

pub(super) fn run(args: &VerifyArgs, session: &mut Session) -> Result<Exit, Failure> {
    session.settings.flag(Word::LogKey, args.log_key.as_deref());
    let text = args::read_text(&args.file, u64::try_from(RECEIPT_BYTES_MAX).unwrap_or(u64::MAX))?;
    if let Some(origin) = SignedRefusal::stated_origin(&text) {
        let (bundle, statement) = (args.bundle.as_ref(), args.statement.as_ref());
        return refusals::verify(&text, origin, &With { file: &args.file, bundle, statement }, session);
    }
    if args.bundle.is_some() || args.statement.is_some() {
        return Err(Failure::usage(format!("{} is no refusal", args.file.display()))
            .hint("--bundle and --statement are for refusals; a receipt has its entry inside"));
    }
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
    let key = KnownLogs::key_to_check(session, origin, &args.file)?;
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
