//! The one path of everything that is signed: built, shown, asked, signed, sent, and its receipt checked and kept.

mod asked;
mod careful;
mod told;

use std::{
    ops::{Deref, DerefMut},
    path::PathBuf,
};

use serde_json::json;

use crate::{
    agreement::{Agreement, refusal::check_seen, state::Phase},
    audit::Audited,
    checkpoint::note::NoteVerifier,
    cli::{
        args::{SignArgs, secret_key},
        connection::Connection,
        envelope_file,
        error::{Exit, Failure},
        home::Home,
        ids::{self, Named},
        output::{heading, plain},
        refusals,
        session::{Session, now},
        verified::{self, VerifiedLedger, sound_or_failure},
        words::{self, Line, Teller},
    },
    client::{ClientError, Recorded},
    digest::Digest,
    envelope::Envelope,
    keys::{PublicKey, SecretKey},
    statement::{Body, Signed, Statement, id::AgreementId, terms::Party, wire},
    time::Timestamp,
};

pub use asked::{deadline_text, still_to_accept, waiting_for};
pub use told::Told;

use asked::{newcomer, no_party};

/// Somebody about to say something in an agreement that this machine has verified: a party, or the mediator.
pub struct Voice<'a> {
    session: &'a Session,
    args: &'a SignArgs,
    key: SecretKey,
    /// Who it is, as it is shown before signing.
    name: String,
    /// Where statements stand that the agreement does not list.
    learned: Vec<Named>,
    /// What is shown before signing beside what the statements say: what they name.
    details: Vec<Line>,
    /// The ledger as it was verified just now.
    pub ledger: VerifiedLedger,
}

/// A party about to say something.
pub struct Signer<'a> {
    /// The position of the party.
    pub party: usize,
    voice: Voice<'a>,
}

/// Something that was signed.
pub struct Said {
    /// The envelope.
    pub envelope: Envelope,
    /// What it says.
    pub signed: Signed,
}

impl<'a> Deref for Signer<'a> {
    type Target = Voice<'a>;

    fn deref(&self) -> &Voice<'a> {
        &self.voice
    }
}

impl<'a> DerefMut for Signer<'a> {
    fn deref_mut(&mut self) -> &mut Voice<'a> {
        &mut self.voice
    }
}

impl<'a> Signer<'a> {
    /// Loads the key and verifies the ledger; with `--offline`, this machine's own copy.
    ///
    /// Errors: nobody signs on top of an unsound ledger, or with a key that is no party's.
    pub fn begin(session: &'a mut Session, args: &'a SignArgs, agreement: Option<&str>) -> Result<Self, Failure> {
        Self::begin_each(session, args, agreement, |_| ())
    }

    /// As [`Self::begin`], and shows each entry of the ledger to `each`.
    pub fn begin_each(
        session: &'a mut Session,
        args: &'a SignArgs,
        agreement: Option<&str>,
        each: impl FnMut(Audited<'_>),
    ) -> Result<Self, Failure> {
        let mut voice = Voice::begin(session, args, agreement, each)?;
        let agreement = &voice.ledger.agreement;
        let party = agreement.party_of(voice.public()).ok_or_else(|| no_party(agreement, voice.public()))?;
        voice.name = agreement.terms().parties[party].name.to_string();
        Ok(Self { party, voice })
    }

    /// Returns the party that signs.
    #[must_use]
    pub fn party(&self) -> &Party {
        &self.ledger.agreement.terms().parties[self.party]
    }
}

impl<'a> Voice<'a> {
    /// Loads the mediator's key and verifies the ledger, showing each entry to `each`. Whether the key is the mediator's of what it
    /// speaks about, the law decides: several may be named at once.
    ///
    /// Errors: as [`Signer::begin`], but for the key of a party, who is no mediator.
    pub fn of_mediator(
        session: &'a mut Session,
        args: &'a SignArgs,
        agreement: Option<&str>,
        each: impl FnMut(Audited<'_>),
    ) -> Result<Self, Failure> {
        let mut voice = Self::begin(session, args, agreement, each)?;
        if let Some(party) = voice.agreement().party_of(voice.public()) {
            let name = &voice.agreement().terms().parties[party].name;
            return Err(Failure::new(
                Exit::Refused,
                format!("this is the key of {name}, a party; only the mediator says this"),
            )
            .reason("NOT_MEDIATOR")
            .hint("give the mediator's key with --key; `counterfoil show` names the mediator"));
        }
        voice.name = "the mediator".to_owned();
        Ok(voice)
    }

    /// Loads the key of a party or of the mediator, and verifies the ledger.
    ///
    /// Errors: as [`Signer::begin`].
    pub fn of_witness(session: &'a mut Session, args: &'a SignArgs, agreement: Option<&str>) -> Result<Self, Failure> {
        let mut voice = Self::begin(session, args, agreement, |_| ())?;
        let (agreement, key) = (voice.agreement(), voice.public());
        let mediates = agreement.appointed().is_some_and(|appointed| appointed.mediator.keys.contains(&key));
        voice.name = match agreement.party_of(key) {
            Some(party) => agreement.terms().parties[party].name.to_string(),
            None if mediates => "the mediator".to_owned(),
            None => return Err(no_party(agreement, key)),
        };
        Ok(voice)
    }

    /// Loads the key of a party, or of whom an amendment that waits lets join, and verifies the ledger; returns the position of that
    /// party, too.
    ///
    /// Errors: as [`Signer::begin`].
    pub fn of_invited(
        session: &'a mut Session,
        args: &'a SignArgs,
        agreement: Option<&str>,
    ) -> Result<(Self, usize), Failure> {
        let mut voice = Self::begin(session, args, agreement, |_| ())?;
        let (agreement, key) = (&voice.ledger.agreement, voice.public());
        let party = agreement.party_of(key).map(|party| (party, &agreement.terms().parties[party]));
        let Some((position, party)) = party.or_else(|| newcomer(agreement, key)) else {
            return Err(no_party(agreement, key));
        };
        voice.name = party.name.to_string();
        Ok((voice, position))
    }

    fn begin(
        session: &'a mut Session,
        args: &'a SignArgs,
        agreement: Option<&str>,
        each: impl FnMut(Audited<'_>),
    ) -> Result<Self, Failure> {
        args.apply(&mut session.settings);
        args.check_files()?;
        let session: &'a Session = session;
        let key = secret_key(session)?;
        let id = ids::agreement(session, agreement)?;
        let ledger = match args.offline {
            Some(_) => verified::open_own_copy(session, id, each)?,
            None => verified::open_agreement(session, id, each).map_err(name_offline)?,
        };
        sound_or_failure(&ledger.report, &ledger.file)?;
        Ok(Self { session, args, key, name: String::new(), learned: Vec::new(), details: Vec::new(), ledger })
    }

    /// Learns where statements stand that the agreement does not list.
    pub fn learn(&mut self, named: &[Named]) {
        self.learned.extend_from_slice(named);
    }

    /// Shows in full, before it signs, what the statements name that it is about to sign.
    pub fn show_named(&mut self, named: &[words::Named]) {
        self.details = self.teller().named_lines(named);
    }

    fn teller(&self) -> Teller<'_> {
        teller_of(&self.ledger.agreement, &self.learned)
    }

    /// Returns the agreement as it stands.
    #[must_use]
    pub fn agreement(&self) -> &Agreement {
        &self.ledger.agreement
    }

    /// Returns the session.
    #[must_use]
    pub const fn session(&self) -> &'a Session {
        self.session
    }

    /// Signs a statement; nobody is asked, and nothing is sent.
    pub fn sign(&self, body: Body, nonce: [u8; 16]) -> Result<Said, Failure> {
        let statement = Statement {
            agreement: Some(self.agreement().id()),
            signer: self.key.public(),
            nonce,
            claimed_time: now(),
            seen: self.ledger.seen(),
            body,
        };
        sign(&statement, &self.key)
    }

    /// Returns a number that only the holder of this key can compute, the same for the same bytes.
    #[must_use]
    pub fn secret_number(&self, of: &[u8]) -> [u8; 16] {
        let mut message = b"counterfoil nonce v1\n".to_vec();
        message.extend_from_slice(of);
        let digest = Digest::of(&[self.key.sign(&message).as_bytes()]);
        let mut number = [0; 16];
        number.copy_from_slice(&digest.as_bytes()[..16]);
        number
    }

    /// Says everything in `bodies`: shows it after `preface`, asks once, signs, sends, and tells what was recorded. `next` says what to
    /// do next, from the agreement as it then stands and the entries recorded.
    pub fn say(
        &mut self,
        bodies: Vec<Body>,
        preface: &str,
        next: impl FnOnce(&Agreement, &[u64]) -> Option<String>,
    ) -> Result<Exit, Failure> {
        if bodies.len() > 1 && self.args.receipt.is_some() {
            return Err(Failure::usage(format!("{} receipts do not go into one file", bodies.len()))
                .hint("leave --receipt out: each receipt is kept in your home, and its file is named"));
        }
        let said = bodies.into_iter().map(|body| self.sign(body, nonce()?)).collect::<Result<Vec<_>, _>>()?;
        let after = self.admitted(said.iter().map(|said| &said.signed)).map_err(|failure| {
            let says = self.teller().by_entries(&failure.says);
            // The cause says the same again, by ids.
            name_missing(Failure { says, cause: None, ..failure }, self.agreement())
        })?;
        let lines = self.lines(&said);
        let shown = format!("{preface}{}", shown(&self.name, self.key.public(), &lines));
        if self.args.dry_run {
            self.session.output.note(&shown);
            return self.dry_run(&said, &lines);
        }
        if !self.args.yes && !self.session.output.ask(&shown, "Sign it and send it?")? {
            return Err(Failure::usage("nothing was signed"));
        }
        if self.args.yes {
            self.session.output.note(&shown);
        }
        if let Some(path) = &self.args.offline {
            return self.hand_over(&said, path);
        }
        let connection = self.ledger.connection.as_mut().ok_or_else(|| Failure::usage("there is no server"))?;
        let verifier = connection.trust_log_of(self.session, self.ledger.agreement.id())?;
        let teller = teller_of(&self.ledger.agreement, &self.learned);
        let mut told = Told::new(self.session, self.args.receipt.clone());
        for said in &said {
            let recorded = match send(self.session, connection, &verifier, said) {
                Ok(recorded) => recorded,
                // What was recorded before stands, and is told.
                Err(failure) if !told.indexes.is_empty() => return told.answer(None).and(Err(failure)),
                Err(failure) => return Err(failure),
            };
            told.tell(&recorded, said, teller.line(&said.signed.statement().body))?;
        }
        let next = next(&after, &told.indexes);
        told.answer(next)?;
        Ok(Exit::Done)
    }

    /// Asks the law on this machine whether all of it would be admitted, one after the other; returns what it would make
    /// of the agreement.
    fn admitted<'s>(&self, said: impl Iterator<Item = &'s Signed>) -> Result<Agreement, Failure> {
        let mut trial = self.trial();
        for signed in said {
            trial.take(signed)?;
        }
        Ok(trial.agreement)
    }

    /// Begins a trial of what is about to be said.
    #[must_use]
    pub fn trial(&self) -> Trial {
        Trial {
            // The server's clock admits; ours may be behind it.
            at: now().max(self.ledger.agreement.last_admitted()),
            root: self.ledger.seen().map(|seen| seen.root),
            agreement: self.ledger.agreement.clone(),
        }
    }

    /// Returns the public half of the key.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        self.key.public()
    }

    fn lines(&self, said: &[Said]) -> Vec<Line> {
        let teller = self.teller();
        let mut lines =
            vec![("agreement", format!("\"{}\", {}", plain(&self.agreement().terms().title), self.agreement().id()))];
        let listed = said.len().min(SHOWN_MAX);
        for said in &said[..listed] {
            lines.extend(teller.lines(&said.signed.statement().body));
        }
        if said.len() > listed {
            lines.push(("", format!("and {} more", said.len() - listed)));
        }
        lines.extend_from_slice(&self.details);
        let bodies = said.iter().map(|said| &said.signed.statement().body);
        lines.extend(bodies.flat_map(|body| careful::lines(self.agreement(), body, now())));
        if let Some(seen) = self.ledger.seen() {
            lines.push(("seen", format!("the ledger of {} entries, root {}", seen.tree_size, seen.root)));
        }
        lines
    }

    /// Tells what the law on this machine says. Nothing goes to the server: it could keep what is signed.
    fn dry_run(&self, said: &[Said], lines: &[Line]) -> Result<Exit, Failure> {
        let teller = self.teller();
        let says: Vec<String> = said.iter().map(|said| teller.line(&said.signed.statement().body)).collect();
        would_be_admitted(self.session, Some(self.agreement().id()), &says, lines)
    }

    fn hand_over(&self, said: &[Said], path: &std::path::Path) -> Result<Exit, Failure> {
        let [said] = said else {
            return Err(Failure::usage(format!("{} statements do not go into one file", said.len()))
                .hint("say them one by one with --offline, or with a network"));
        };
        envelope_file::write_new(path, &said.envelope)?;
        self.session.output.answer(
            || json!({ "agreement": self.agreement().id().to_string(), "statement": said.signed.id().to_string(), "file": path }),
            || format!("signed, and written to {}", path.display()),
        )?;
        self.session.output.next(format!("anybody can send it: counterfoil submit {}", path.display()));
        Ok(Exit::Done)
    }
}

/// Who cannot reach the server can sign all the same, on what it verified last.
fn name_offline(failure: Failure) -> Failure {
    if failure.exit != Exit::Unreachable {
        return failure;
    }
    let before = failure.hint.as_ref().map(|hint| format!("{hint}; or ")).unwrap_or_default();
    failure.hint(format!("{before}sign without it, --offline FILE, and send that later: counterfoil submit FILE"))
}

/// Says what is missing of an agreement that is not in force yet, which the remedy of the law cannot know.
fn name_missing(failure: Failure, agreement: &Agreement) -> Failure {
    let waits = agreement.phase_at(now()) == Phase::Negotiating && failure.reason.as_deref() == Some("NOT_IN_FORCE");
    if waits { failure.hint(still_to_accept(agreement)) } else { failure }
}

fn teller_of<'a>(agreement: &'a Agreement, learned: &[Named]) -> Teller<'a> {
    let mut teller = Teller::of(agreement);
    learned.iter().for_each(|(index, id)| teller.learn(*id, *index));
    teller
}

/// What would become of an agreement; nothing of it is recorded.
pub struct Trial {
    at: Timestamp,
    root: Option<Digest>,
    agreement: Agreement,
}

impl Trial {
    /// Takes in a statement as the server would.
    ///
    /// Errors: as the server would refuse it.
    pub fn take(&mut self, signed: &Signed) -> Result<(), Failure> {
        check_seen(signed, self.root)?;
        // Time goes on while many are read: what was done by now is not in the future.
        self.at = self.at.max(now());
        let admission = self.agreement.admit(signed, self.at)?;
        self.agreement.apply(admission);
        Ok(())
    }
}

/// How many statements are shown in full before the rest is counted.
const SHOWN_MAX: usize = 20;

/// Signs a statement and reads it back as every other reader will.
pub fn sign(statement: &Statement, key: &SecretKey) -> Result<Said, Failure> {
    let envelope = wire::sign(statement, key)?;
    let signed = wire::open(&envelope)?;
    Ok(Said { envelope, signed })
}

/// Tells that everything would be admitted, and that nothing was done; `lines` are what a person is shown before signing.
pub fn would_be_admitted(
    session: &Session,
    agreement: Option<AgreementId>,
    says: &[String],
    lines: &[Line],
) -> Result<Exit, Failure> {
    let agreement = agreement.map(|id| id.to_string());
    let shown = || lines.iter().map(|(label, text)| json!({ "label": label, "text": text })).collect::<Vec<_>>();
    session.output.answer(
        || json!({ "agreement": agreement, "would_be_admitted": true, "says": says, "shown": shown() }),
        || "would be admitted; nothing was sent".to_owned(),
    )?;
    Ok(Exit::Done)
}

/// Returns what makes equal statements distinct.
pub fn nonce() -> Result<[u8; 16], Failure> {
    let mut nonce = [0; 16];
    let filled = getrandom::fill(&mut nonce);
    filled.map_err(|cause| Failure::new(Exit::Fault, format!("this machine gives no random numbers: {cause}")))?;
    Ok(nonce)
}

/// Returns what a person reads before signing.
#[must_use]
pub fn shown(party: &str, key: PublicKey, lines: &[(&'static str, String)]) -> String {
    let mut text = format!("{} as {party}, with {key}:\n\n", heading("You sign"));
    for (label, line) in lines {
        text.push_str(&format!("{label:>12}  {line}\n"));
    }
    text
}

/// Sends what was signed and checks its receipt. What cannot be sent is kept, so that the very same can be sent later.
pub fn send(
    session: &Session,
    connection: &mut Connection,
    verifier: &NoteVerifier,
    said: &Said,
) -> Result<Recorded, Failure> {
    let answer = session
        .wait(async { Ok::<_, Failure>(connection.client.submit(said.envelope.clone(), Some(verifier)).await) })?;
    answer.map_err(|error| {
        let is_unclear = matches!(error, ClientError::Unreachable { .. } | ClientError::Busy { .. });
        if let ClientError::Refused(refused) = &error {
            refusals::keep(session, said, refused);
        }
        let failure = Failure::from(error);
        if !is_unclear {
            return failure;
        }
        match keep_unsent(session, said) {
            Ok(path) => failure.hint(format!(
                "it may be recorded or not. Later, send the very same again, which is harmless: counterfoil submit {}",
                path.display()
            )),
            Err(_) => failure,
        }
    })
}

fn keep_unsent(session: &Session, said: &Said) -> Result<PathBuf, Failure> {
    let place = Home::of(&session.settings)?.agreement(said.signed.agreement());
    let path = place.unsent(&said.signed.id().to_string());
    envelope_file::write(&path, &said.envelope)?;
    Ok(path)
}
