//! `propose`: founds an agreement with the terms that people wrote in a TOML file.

use std::path::PathBuf;

use clap::Args;

use crate::{
    agreement::{Agreement, state::Phase},
    cli::{
        args::{SignArgs, secret_key},
        connection::Connection,
        envelope_file,
        error::{Exit, Failure},
        home::Home,
        output::plain,
        session::{Session, now},
        signing::{Told, deadline_text, nonce, send, shown, sign, waiting_for, would_be_admitted},
        terms_toml::{self, Purpose},
        words::Teller,
    },
    statement::{Body, Statement},
};

/// Propose the terms of an agreement
#[derive(Args, Debug)]
#[command(
    after_help = "The terms are written by people, in TOML. They are checked before you are asked: names, sums, and \
every worked example, to the last minor unit.

Examples:
  counterfoil propose --example > agreement.toml
  counterfoil propose agreement.toml --key community.key
  counterfoil propose agreement.toml --key community.key --dry-run"
)]
pub(super) struct ProposeArgs {
    /// The terms
    #[arg(required_unless_present = "example", value_name = "FILE.toml")]
    terms: Option<PathBuf>,
    /// Print an agreement with every key explained, ready to be filled in
    #[arg(long, conflicts_with = "terms")]
    example: bool,
    #[command(flatten)]
    sign: SignArgs,
}

pub(super) fn run(args: &ProposeArgs, session: &mut Session) -> Result<Exit, Failure> {
    let Some(path) = args.terms.as_ref().filter(|_| !args.example) else {
        session
            .output
            .answer(|| serde_json::json!({ "example": terms_toml::EXAMPLE }), || terms_toml::EXAMPLE.to_owned())?;
        return Ok(Exit::Done);
    };
    args.sign.apply(&mut session.settings);
    let session: &Session = session;
    let terms = terms_toml::load(path, Purpose::Sign).map_err(|error| {
        let failure = Failure::from(error);
        if failure.hint.is_some() {
            failure
        } else {
            failure.hint("`counterfoil propose --example` prints terms that are right")
        }
    })?;
    let key = secret_key(session)?;
    let statement = Statement {
        agreement: None,
        signer: key.public(),
        nonce: nonce()?,
        claimed_time: now(),
        seen: None,
        body: Body::Proposal(terms.clone()),
    };
    let said = sign(&statement, &key)?;
    let agreement = Agreement::found(&said.signed, now())?;
    let teller = Teller::new(&terms);
    let mut lines = vec![("agreement", format!("\"{}\", {}", plain(&terms.title), agreement.id()))];
    lines.extend(teller.lines(&statement));
    let shown = shown(&teller.party(key.public()), key.public(), &lines);
    if args.sign.dry_run {
        session.output.note(&shown);
        return would_be_admitted(session, None, &[teller.line(&statement)]);
    }
    if !args.sign.yes && !session.output.ask(&shown, "Sign it and send it?")? {
        return Err(Failure::usage("nothing was signed"));
    }
    if args.sign.yes {
        session.output.note(&shown);
    }
    if let Some(file) = &args.sign.offline {
        envelope_file::write(file, &said.envelope)?;
        session.output.answer(
            || serde_json::json!({ "agreement": agreement.id().to_string(), "statement": said.signed.id().to_string(), "file": file }),
            || format!("{} is signed, and written to {}", agreement.id(), file.display()),
        )?;
        session.output.next(format!("anybody can send it: counterfoil submit {}", file.display()));
        return Ok(Exit::Done);
    }
    let mut connection = Connection::open(session)?;
    let verifier = connection.trust_log_of(session, agreement.id())?;
    let recorded = send(session, &mut connection, &verifier, &said)?;
    Home::of(&session.settings)?.agreement(agreement.id()).make()?;
    let mut told = Told::new(session, args.sign.receipt.clone());
    told.tell(&recorded, &said, format!("{}; it founds {}", teller.line(&statement), agreement.id()))?;
    told.answer(Some(next(&agreement)))?;
    Ok(Exit::Done)
}

fn next(agreement: &Agreement) -> String {
    match agreement.phase_at(now()) {
        Phase::InForce => "all parties have accepted: the agreement is in force".to_owned(),
        _ => format!(
            "give {} to {}; each accepts{} with: counterfoil accept {} --key THEIR.key",
            agreement.id(),
            waiting_for(agreement),
            deadline_text(agreement.terms()),
            agreement.id()
        ),
    }
}
