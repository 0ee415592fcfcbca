//! `submit`: sends what was signed elsewhere, or could not be sent before.

use std::{fs, path::PathBuf};

use clap::Args;

use crate::{
    cli::{
        args::ServerArgs,
        connection::Connection,
        envelope_file,
        error::{Exit, Failure},
        home::{self, Home},
        output::plain,
        session::Session,
        signing::{Said, Told, send, shown},
        verified,
        words::Teller,
    },
    statement::{Body, wire},
};

/// Send what was signed elsewhere, or could not be sent before
#[derive(Args, Debug)]
#[command(
    after_help = "A statement says the same whoever sends it: its signature covers every byte. To send it twice is \
harmless; the answer is the receipt of the first time.

Example:
  counterfoil submit attestation.json"
)]
pub(super) struct SubmitArgs {
    /// The signed envelope, as a signing verb writes it with --offline
    file: PathBuf,
    /// Write the receipt into FILE, a new one, too
    #[arg(long, value_name = "FILE")]
    receipt: Option<PathBuf>,
    #[command(flatten)]
    server: ServerArgs,
}

pub(super) fn run(args: &SubmitArgs, session: &mut Session) -> Result<Exit, Failure> {
    args.server.apply(&mut session.settings);
    let session: &Session = session;
    args.receipt.as_deref().map_or(Ok(()), home::must_be_new)?;
    let envelope = envelope_file::read(&args.file)?;
    let signed = wire::open(&envelope)?;
    let said = Said { envelope, signed };
    let id = said.signed.agreement();
    let statement = said.signed.statement();
    let (mut connection, says) = match &statement.body {
        Body::Proposal(terms) => (Connection::open(session)?, Teller::new(terms).line(&statement.body)),
        _ => {
            // For the names in the words below; and nobody sends anything to a ledger that is not sound.
            let ledger = verified::open_agreement(session, id, |_| ())?;
            let teller = Teller::of(&ledger.agreement);
            let title = plain(&ledger.agreement.terms().title);
            let mut lines = vec![("agreement", format!("\"{title}\", {id}"))];
            lines.extend(teller.lines(&statement.body));
            session
                .output
                .note(shown(&teller.party(statement.signer), statement.signer, &lines).replace("You sign", "Signed"));
            let says = teller.line(&statement.body);
            let connection = ledger.connection.ok_or_else(|| Failure::usage("there is no server"))?;
            (connection, says)
        }
    };
    let verifier = connection.trust_log_of(session, id)?;
    let recorded = send(session, &mut connection, &verifier, &said)?;
    let mut told = Told::new(session, args.receipt.clone());
    told.tell(&recorded, &said, says)?;
    let waited = Home::of(&session.settings)?.agreement(id).unsent(&recorded.statement.to_string());
    if waited.is_file() {
        // It is recorded: what waited in our own place waits no more. A file of the reader's own is left alone.
        let _ = fs::remove_file(waited);
    }
    told.answer(None)?;
    Ok(Exit::Done)
}
