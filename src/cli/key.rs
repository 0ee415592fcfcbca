//! `key`: makes keys, shows the public half of one, and has a party grant and revoke them.

mod grant;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use zeroize::Zeroizing;

use crate::{
    cli::{
        args::{passphrase, secret_key},
        config::Word,
        error::{Exit, Failure},
        key_file,
        session::Session,
    },
    keys::SecretKey,
};

/// Make a key, show the public half of one, ask for one to be granted, grant it, revoke it
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  counterfoil key new community.key
  counterfoil key show community.key
  counterfoil key request --key robot.key --party community --scopes CLAIM --agreement agr1... --out robot.request
  counterfoil key grant robot.request --key community.key")]
pub(super) struct KeyArgs {
    #[command(subcommand)]
    verb: KeyVerb,
}

#[derive(Debug, Subcommand)]
enum KeyVerb {
    New(NewArgs),
    Show(ShowArgs),
    Request(grant::RequestArgs),
    Grant(grant::GrantArgs),
    Revoke(grant::RevokeArgs),
}

/// Make a key and write it into a new file that only you can read
#[derive(Args, Debug)]
#[command(
    after_help = "The public half is printed: give it to the other parties for the terms. Keep the file, and a copy of \
it in another place: nobody can make it again.

Examples:
  counterfoil key new community.key
  counterfoil key new community.key --passphrase"
)]
struct NewArgs {
    /// The file to make
    file: PathBuf,
    /// Seal the file under a passphrase, asked on the terminal
    #[arg(long, conflicts_with = "passphrase_file")]
    passphrase: bool,
    /// Seal the file under the passphrase in FILE
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<String>,
}

/// Show the public half of a key
#[derive(Args, Debug)]
#[command(after_help = "Example:
  counterfoil key show community.key")]
struct ShowArgs {
    /// The file [setting: key]
    file: Option<String>,
    /// The file that holds its passphrase [setting: passphrase_file]
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<String>,
}

pub(super) fn run(args: &KeyArgs, session: &mut Session) -> Result<Exit, Failure> {
    match &args.verb {
        KeyVerb::New(args) => new(args, session),
        KeyVerb::Show(args) => show(args, session),
        KeyVerb::Request(args) => grant::request(args, session),
        KeyVerb::Grant(args) => grant::grant(args, session),
        KeyVerb::Revoke(args) => grant::revoke(args, session),
    }
}

fn new(args: &NewArgs, session: &mut Session) -> Result<Exit, Failure> {
    let sealed_under = match (&args.passphrase_file, args.passphrase) {
        (Some(file), _) => {
            session.settings.flag(Word::PassphraseFile, Some(file));
            Some(read_passphrase(session, args)?)
        }
        (None, true) => Some(new_passphrase()?),
        (None, false) => None,
    };
    let mut seed = Zeroizing::new([0; 32]);
    let filled = getrandom::fill(seed.as_mut_slice());
    filled.map_err(|cause| Failure::new(Exit::Fault, format!("this machine gives no random numbers: {cause}")))?;
    let key = SecretKey::from_seed(&seed);
    let is_sealed = sealed_under.is_some();
    key_file::create(&args.file, &key, sealed_under)?;
    let public = key.public().to_string();
    session.output.answer(
        || serde_json::json!({ "public": public, "file": args.file, "sealed": is_sealed }),
        || public.clone(),
    )?;
    let how = if is_sealed { ", sealed under your passphrase" } else { "" };
    session.output.note(format!("The secret half is in {}{how}; nobody can make it again.", args.file.display()));
    session.output.next("give the public half, above, to who writes the terms: `keys` in agreement.toml");
    Ok(Exit::Done)
}

fn show(args: &ShowArgs, session: &mut Session) -> Result<Exit, Failure> {
    session.settings.flag(Word::Key, args.file.as_deref());
    session.settings.flag(Word::PassphraseFile, args.passphrase_file.as_deref());
    let public = secret_key(session)?.public().to_string();
    let file = session.settings.path(Word::Key);
    session.output.answer(|| serde_json::json!({ "public": public, "file": file }), || public.clone())?;
    Ok(Exit::Done)
}

fn read_passphrase(session: &Session, args: &NewArgs) -> Result<Zeroizing<String>, Failure> {
    let read = passphrase(&session.settings, &args.file.display().to_string());
    read.map_err(|cause| Failure::configuration("the passphrase cannot be read").because(cause))
}

fn new_passphrase() -> Result<Zeroizing<String>, Failure> {
    let ask = |prompt| {
        rpassword::prompt_password(prompt).map(Zeroizing::new).map_err(|cause| {
            Failure::usage("nobody can be asked for a passphrase")
                .because(cause)
                .hint("run it on a terminal, or give --passphrase-file FILE")
        })
    };
    let first = ask("Passphrase: ")?;
    if *ask("The same again: ")? != *first {
        return Err(Failure::usage("the passphrases differ").hint("nothing was made; try again"));
    }
    Ok(first)
}
