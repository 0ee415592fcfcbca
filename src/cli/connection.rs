//! The server, and whether its log is believed.

use crate::{
    checkpoint::note::NoteVerifier,
    cli::{
        args,
        config::Word,
        error::Failure,
        home::Home,
        known_logs::{KnownLogs, Trust},
        session::Session,
    },
    client::{Client, ClientOptions},
    statement::id::AgreementId,
};

/// A connection to the server of the settings.
pub struct Connection {
    /// The client.
    pub client: Client,
}

/// Where the server is when nobody says otherwise.
pub const SERVER_DEFAULT: &str = "http://127.0.0.1:7401";

impl Connection {
    /// Connects.
    pub fn open(session: &Session) -> Result<Self, Failure> {
        let url = session.settings.text(Word::Server).unwrap_or(SERVER_DEFAULT);
        let options = ClientOptions { log_key: args::log_key(session)?, ..ClientOptions::default() };
        let client = session.wait(Client::connect(url, options)).map_err(|failure| {
            match session.settings.get(Word::Server) {
                Some(_) => failure,
                None => failure.hint(format!(
                    "no server is set: {SERVER_DEFAULT} was tried. Give --server, or start one with `counterfoil serve`"
                )),
            }
        })?;
        Ok(Self { client })
    }

    /// Asks for the log key of an agreement and decides whether it is believed: it must be the reader's own, or the one
    /// known; a key that is seen for the first time is remembered, and said aloud.
    pub fn trust_log_of(&mut self, session: &Session, id: AgreementId) -> Result<NoteVerifier, Failure> {
        let verifier = session.wait(self.client.log_key(id))?;
        let logs = KnownLogs::new(Home::of(&session.settings)?.known_logs());
        if logs.check(&verifier, args::log_key(session)?)? == Trust::New {
            logs.remember(&verifier)?;
            session.output.note(format!(
                "The log key {} is seen for the first time and is trusted from now on; compare it with another party's.",
                verifier.key()
            ));
        }
        Ok(verifier)
    }
}
