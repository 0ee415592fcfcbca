//! `propose`: founds an agreement with the terms that people wrote in a TOML file.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

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
  counterfoil propose --example=foundation > agreement.toml
  counterfoil propose agreement.toml --key community.key
  counterfoil propose agreement.toml --key community.key --dry-run"
)]
pub(super) struct ProposeArgs {
    /// The terms
    #[arg(required_unless_present = "example", value_name = "FILE.toml")]
    terms: Option<PathBuf>,
    /// Print an agreement, ready to be filled in [default: the one that explains what every agreement needs]
    #[arg(
        long,
        conflicts_with = "terms",
        value_name = "WHICH",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "two-parties"
    )]
    example: Option<Example>,
    #[command(flatten)]
    sign: SignArgs,
}

/// The agreements to start from
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Example {
    /// What every agreement needs, explained
    TwoParties,
    /// A community and an enterprise, one stream, settled by the quarter
    Pair,
    /// A foundation that speaks with two of its three keys, and three enterprises
    Foundation,
    /// A model, its data and its compute, which has its costs back first
    Model,
}

impl Example {
    const fn text(self) -> &'static str {
        match self {
            Self::TwoParties => terms_toml::EXAMPLE,
            Self::Pair => include_str!("../../examples/start-pair.toml"),
            Self::Foundation => include_str!("../../examples/start-foundation.toml"),
            Self::Model => include_str!("../../examples/start-model.toml"),
        }
    }
}

pub(super) fn run(args: &ProposeArgs, session: &mut Session) -> Result<Exit, Failure> {
    let path = match (args.example, args.terms.as_ref()) {
        (None, Some(path)) => path,
        (example, _) => {
            let text = example.unwrap_or(Example::TwoParties).text();
            session.output.answer(|| serde_json::json!({ "example": text }), || text.to_owned())?;
            return Ok(Exit::Done);
        }
    };
    args.sign.apply(&mut session.settings);
    args.sign.check_files()?;
    let session: &Session = session;
    let terms = terms_toml::load(path, Purpose::Sign).map_err(|error| {
        let failure = Failure::from(error);
        if failure.hint.is_some() {
            failure
        } else {
            failure.hint("`counterfoil propose --example` prints terms to compare with; keys, key1..., come from `counterfoil key new`")
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
    lines.extend(teller.lines(&statement.body));
    let shown = shown(&teller.party(key.public()), key.public(), &lines);
    if args.sign.dry_run {
        session.output.note(&shown);
        return would_be_admitted(session, None, &[teller.line(&statement.body)], &lines);
    }
    if !args.sign.yes && !session.output.ask(&shown, "Sign it and send it?")? {
        return Err(Failure::usage("nothing was signed"));
    }
    if args.sign.yes {
        session.output.note(&shown);
    }
    if let Some(file) = &args.sign.offline {
        envelope_file::write_new(file, &said.envelope)?;
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
    told.tell(&recorded, &said, format!("{}; it founds {}", teller.line(&statement.body), agreement.id()))?;
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
