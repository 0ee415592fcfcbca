//! `key request`, `key grant` and `key revoke`: the keys of a party, after the terms listed the first.
//!
//! A grant has two steps, because the new key has a say of its own: its holder signs what it wants, into a file; the party grants
//! exactly that. The file holds no secret.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::{Deserialize, Serialize};

use crate::{
    cli::{
        args::{AgreementArgs, SignArgs, Until, read_text, secret_key},
        config::{Word, nearest},
        error::{Exit, Failure},
        home, ids,
        motions::after_moving,
        session::Session,
        signing::Signer,
        terms_toml::SCOPES,
        words::{scopes_text, until_text},
    },
    keys::{PublicKey, Signature},
    statement::{
        Body,
        change::{KeyGrant, KeyRevocation, key_grant_message},
        terms::{Name, Scope},
    },
    time::Timestamp,
};

/// Ask a party to grant your key: sign what you want into a file
#[derive(Args, Debug)]
#[command(
    after_help = "The holder of the new key runs this and gives the file to the party, which grants it with a key that may GOVERN. The \
file says which agreement, which party and which scopes: it is of no use for anything else. No server is needed.

Scopes: GOVERN (accept, amend, close), CLAIM (contributions), ATTEST (those of others), REPORT (benefits, payments).

Example:
  counterfoil key request --key robot.key --party community --scopes CLAIM,ATTEST --agreement agr1... --out robot.request"
)]
pub(super) struct RequestArgs {
    /// The new key [setting: key]
    #[arg(long, value_name = "FILE")]
    key: Option<String>,
    /// The file that holds its passphrase [setting: passphrase_file]
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<String>,
    /// The party that is to grant it, as the terms name it
    #[arg(long, value_name = "PARTY")]
    party: Name,
    /// What the key may sign, as a list: CLAIM,ATTEST
    #[arg(long, value_name = "SCOPES", value_delimiter = ',', required = true)]
    scopes: Vec<String>,
    /// Until when it signs [default: until it is revoked]
    #[arg(long, value_name = "DATE")]
    expires: Option<Until>,
    /// How many statements it may sign in a day [default: as many as the terms allow]
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    daily_max: Option<u32>,
    /// Where the request goes, a new file
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    agreement: AgreementArgs,
}

/// Grant a key that asks for it to your party
#[derive(Args, Debug)]
#[command(
    after_help = "The file comes from the holder of the new key: counterfoil key request. In force once as many keys of your party \
have signed as the terms say.

Example:
  counterfoil key grant robot.request --key community.key"
)]
pub(super) struct GrantArgs {
    /// The request
    file: PathBuf,
    #[command(flatten)]
    agreement: AgreementArgs,
    #[command(flatten)]
    sign: SignArgs,
}

/// Revoke a key of your party: it signs nothing any more
#[derive(Args, Debug)]
#[command(
    after_help = "What the key has signed before stands. In force once as many keys of your party have signed as the terms say.

Example:
  counterfoil key revoke key1qqq... --reason \"lost with a laptop\" --key community.key"
)]
pub(super) struct RevokeArgs {
    /// The key, key1... or its beginning
    #[arg(value_name = "KEY")]
    revoked: String,
    /// Why, for the other parties
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    reason: String,
    #[command(flatten)]
    agreement: AgreementArgs,
    #[command(flatten)]
    sign: SignArgs,
}

/// A request as it stands in its file.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Request {
    /// What the file is, for whoever finds it.
    about: String,
    agreement: String,
    party: String,
    key: String,
    scopes: Vec<String>,
    expires: Option<String>,
    daily_max: Option<u32>,
    /// In hexadecimal digits.
    proof: String,
}

const ABOUT: &str = "counterfoil key request v1";
const REQUEST_BYTES_MAX: u64 = 16 * 1024;

pub(super) fn request(args: &RequestArgs, session: &mut Session) -> Result<Exit, Failure> {
    session.settings.flag(Word::Key, args.key.as_deref());
    session.settings.flag(Word::PassphraseFile, args.passphrase_file.as_deref());
    let agreement = ids::agreement(session, args.agreement.agreement.as_deref())?;
    let scopes = scopes_of(&args.scopes)?;
    let key = secret_key(session)?;
    let expires = args.expires.map(|expires| expires.0);
    let message = key_grant_message(agreement, &args.party, key.public(), &scopes, expires, args.daily_max);
    let request = Request {
        about: ABOUT.to_owned(),
        agreement: agreement.to_string(),
        party: args.party.to_string(),
        key: key.public().to_string(),
        scopes: scopes.iter().map(ToString::to_string).collect(),
        expires: expires.map(|expires| expires.to_string()),
        daily_max: args.daily_max,
        proof: hex::encode(key.sign(&message).as_bytes()),
    };
    let text = serde_json::to_string_pretty(&request);
    let text = text.map_err(|cause| Failure::usage("the request cannot be written").because(cause))?;
    home::write_new(&args.out, format!("{text}\n").as_bytes())?;
    let says = format!("{} asks {} for {}", key.public(), args.party, scopes_text(&scopes));
    session.output.answer(
        || serde_json::json!({ "file": args.out, "key": key.public().to_string(), "party": args.party.as_str(), "says": says }),
        || format!("{says}; written to {}", args.out.display()),
    )?;
    session.output.next(format!(
        "give it to {}; it grants the key with: counterfoil key grant {}",
        args.party,
        args.out.display()
    ));
    Ok(Exit::Done)
}

/// Reads scopes in any order and case; returns them as they are signed, ascending and each once.
fn scopes_of(words: &[String]) -> Result<Vec<Scope>, Failure> {
    let scope = |word: &String| {
        let found = SCOPES.iter().find(|(known, _)| known.eq_ignore_ascii_case(word.trim()));
        found.map(|(_, scope)| *scope).ok_or_else(|| {
            Failure::usage(format!("`{word}` is no scope"))
                .hint(nearest(&word.to_uppercase(), SCOPES.iter().map(|(known, _)| *known)))
        })
    };
    let mut scopes = words.iter().map(scope).collect::<Result<Vec<_>, _>>()?;
    scopes.sort_unstable();
    scopes.dedup();
    Ok(scopes)
}

pub(super) fn grant(args: &GrantArgs, session: &mut Session) -> Result<Exit, Failure> {
    let request = read(&args.file)?;
    let given = args.agreement.agreement.as_deref().or(Some(request.agreement.as_str()));
    let mut signer = Signer::begin(session, &args.sign, given)?;
    let (agreement, party) = (signer.agreement().id().to_string(), signer.party().name.to_string());
    for (what, wants, found) in [("agreement", &request.agreement, &agreement), ("party", &request.party, &party)] {
        if wants != found {
            return Err(Failure::new(
                Exit::Refused,
                format!("the request is for the {what} {wants}, and this is {found}"),
            )
            .reason("KEY_PROOF_INVALID")
            .hint("only the holder of the new key can ask for another: counterfoil key request"));
        }
    }
    let grant = grant_of(&request, &args.file)?;
    let says = format!("{} signs for {} from here on", grant.key, signer.party().name);
    signer.say(vec![Body::KeyGrant(grant)], "", |after, entries| after_moving(after, entries, &says))
}

fn read(path: &Path) -> Result<Request, Failure> {
    let text = read_text(path, REQUEST_BYTES_MAX)?;
    let request: Request = serde_json::from_str(&text).map_err(|cause| wrong(path).because(cause))?;
    if request.about == ABOUT { Ok(request) } else { Err(wrong(path)) }
}

fn grant_of(request: &Request, path: &Path) -> Result<KeyGrant, Failure> {
    let expires = request.expires.as_deref().map(str::parse::<Timestamp>).transpose();
    let proof: [u8; 64] =
        hex::decode(&request.proof).ok().and_then(|bytes| bytes.try_into().ok()).ok_or_else(|| wrong(path))?;
    Ok(KeyGrant {
        key: request.key.parse().map_err(|cause| wrong(path).because(cause))?,
        scopes: scopes_of(&request.scopes)?,
        expires: expires.map_err(|cause| wrong(path).because(cause))?,
        daily_max: request.daily_max,
        proof: Signature::from_bytes(proof),
    })
}

fn wrong(path: &Path) -> Failure {
    Failure::usage(format!("{} is no request for a key", path.display()))
        .hint("the holder of the new key makes one: counterfoil key request")
}

pub(super) fn revoke(args: &RevokeArgs, session: &mut Session) -> Result<Exit, Failure> {
    let mut signer = Signer::begin(session, &args.sign, args.agreement.agreement.as_deref())?;
    let key = key_named(&signer, &args.revoked)?;
    let body = KeyRevocation { key, reason: args.reason.clone() };
    signer.say(vec![Body::KeyRevocation(body)], "", |after, entries| {
        after_moving(after, entries, &format!("{key} signs nothing any more; what it signed before stands"))
    })
}

fn key_named(signer: &Signer<'_>, text: &str) -> Result<PublicKey, Failure> {
    if let Ok(key) = text.parse() {
        return Ok(key);
    }
    let known = signer.agreement().keys_of(signer.party);
    let found: Vec<PublicKey> =
        known.iter().map(|view| view.key).filter(|key| key.to_string().starts_with(text)).collect();
    match found.as_slice() {
        [key] if text.len() >= BEGINNING_MIN => Ok(*key),
        _ => {
            let known: Vec<String> = known
                .iter()
                .filter(|view| !view.revoked)
                .map(|view| {
                    let until =
                        view.expires.map_or(String::new(), |expires| format!(", until {}", until_text(expires)));
                    format!("{} ({}{until})", view.key, scopes_text(view.scopes))
                })
                .collect();
            Err(Failure::usage(format!("`{text}` is no key of {}", signer.party().name))
                .hint(format!("its keys are {}", known.join(", "))))
        }
    }
}

/// `key1` and four characters more.
const BEGINNING_MIN: usize = 8;
