//! A client that checks every receipt it gets: nothing is called recorded that this machine has not proved to itself.
//!
//! The leaf is built from the envelope that was sent and the admission time of the receipt, never from a hash that the
//! server supplies. Generated types stay in here. Retries are free: the same envelope again gives the same index.

mod error;

use std::{io::Write, time::Duration};

pub use error::{ClientError, Refused};

use crate::{
    checkpoint::{Checkpoint, SignedCheckpoint, note::NoteVerifier},
    envelope::Envelope,
    keys::PublicKey,
    ledger::{entry::Entry, receipt::Receipt},
    statement::id::{AgreementId, StatementId},
    time::Timestamp,
};

/// A connection to a server. Cheap to clone; clones share the connection.
#[derive(Clone)]
pub struct Client {
    options: ClientOptions,
}

/// How a client behaves.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    /// The log key that the reader has pinned: whatever the server says its key is, it must be this one.
    /// Without, the server's own word is taken.
    pub log_key: Option<PublicKey>,
    /// How long connecting may take.
    pub connect_timeout: Duration,
    /// How long one call may take; streams are not bound by it.
    pub call_timeout: Duration,
    /// How often something is tried that the server says may work later.
    pub tries_max: u32,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            log_key: None,
            connect_timeout: Duration::from_secs(5),
            call_timeout: Duration::from_secs(30),
            tries_max: 8,
        }
    }
}

/// A statement is in the ledger, and this client has checked it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// The agreement.
    pub agreement: AgreementId,
    /// The statement.
    pub statement: StatementId,
    /// The index of its entry.
    pub index: u64,
    /// When it was admitted.
    pub admitted: Timestamp,
    /// Whether it was in the ledger before this call.
    pub already_recorded: bool,
    /// The receipt, checked; its extra data is the leaf, so that one file is enough to check it again.
    pub receipt: Receipt,
    /// The checkpoint of the receipt.
    pub checkpoint: SignedCheckpoint,
}

/// A part of a ledger's entries as the server lists them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryPage {
    /// The entries with their indexes. Not proved: that they stand under the checkpoint, a bundle or a receipt shows.
    pub entries: Vec<(u64, Entry)>,
    /// What [`Client::entries`] takes for the next page; `None` on the last.
    pub next: Option<String>,
    /// The checkpoint that all pages speak of; its signature is checked.
    pub checkpoint: SignedCheckpoint,
}

/// What a watcher hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// An entry.
    Entry {
        /// Its index.
        index: u64,
        /// The entry.
        entry: Entry,
    },
    /// A checkpoint that covers every entry heard before it; its signature is checked, and so is its root when the
    /// watcher began at index 0.
    Checkpoint(SignedCheckpoint),
}

/// Entries as they are admitted.
pub struct Watch {
    client: Client,
}

impl Watch {
    /// Waits for what is new. Resumes by itself, where it was, when the connection is lost; `None` when the server stops.
    pub async fn next(&mut self) -> Result<Option<Event>, ClientError> {
        let _ = &self.client;
        unimplemented!()
    }
}

impl Client {
    /// Connects to `http://host:port`.
    pub async fn connect(url: &str, options: ClientOptions) -> Result<Self, ClientError> {
        let _ = url;
        Ok(Self { options })
    }

    /// Asks for the key that the log signs the checkpoints of `agreement` with; its name is that of this agreement's
    /// ledger, and it is the pinned key if one is pinned. Works for agreements that are not founded yet.
    pub async fn log_key(&mut self, agreement: AgreementId) -> Result<NoteVerifier, ClientError> {
        let _ = (agreement, &self.options);
        unimplemented!()
    }

    /// Submits a statement and checks its receipt. Tries again what may work later, with the same envelope.
    ///
    /// With `verifier`, the receipt must be of that log; without, of the log the server says it is ([`Self::log_key`]).
    pub async fn submit(
        &mut self,
        envelope: Envelope,
        verifier: Option<&NoteVerifier>,
    ) -> Result<Recorded, ClientError> {
        let _ = (envelope, verifier);
        unimplemented!()
    }

    /// Asks whether a statement would be admitted now; writes nothing.
    pub async fn validate(&mut self, envelope: Envelope) -> Result<(), ClientError> {
        let _ = envelope;
        unimplemented!()
    }

    /// Submits many statements through one stream and hands each answer, in order, to `on_answer` with its position.
    /// A refusal is an answer and ends nothing. What may work later is tried again, from there on, with the same envelopes.
    ///
    /// `envelopes` is asked for the next one only as answers come in, so that it can sign as it goes.
    /// Returns how many answers there were. Errors: what keeps the stream from going on; answers given before it stand.
    pub async fn submit_all(
        &mut self,
        envelopes: impl IntoIterator<Item = Envelope, IntoIter: Send>,
        verifier: Option<&NoteVerifier>,
        on_answer: impl FnMut(usize, Result<Recorded, Refused>) + Send,
    ) -> Result<usize, ClientError> {
        let _ = (envelopes.into_iter(), verifier, on_answer);
        unimplemented!()
    }

    /// Asks for the latest checkpoint and checks its signature.
    pub async fn checkpoint(
        &mut self,
        agreement: AgreementId,
        verifier: Option<&NoteVerifier>,
    ) -> Result<SignedCheckpoint, ClientError> {
        let _ = (agreement, verifier);
        unimplemented!()
    }

    /// Lists entries from index `start` on, or, with `page`, from where the page before ended.
    pub async fn entries(
        &mut self,
        agreement: AgreementId,
        start: u64,
        page: Option<String>,
        verifier: Option<&NoteVerifier>,
    ) -> Result<EntryPage, ClientError> {
        let _ = (agreement, start, page, verifier);
        unimplemented!()
    }

    /// Fetches the entry at `index` with a fresh receipt, and checks it.
    pub async fn prove_inclusion(
        &mut self,
        agreement: AgreementId,
        index: u64,
        verifier: Option<&NoteVerifier>,
    ) -> Result<(Entry, Recorded), ClientError> {
        let _ = (agreement, index, verifier);
        unimplemented!()
    }

    /// Fetches the latest checkpoint and checks that the ledger at `first` is a prefix of it.
    pub async fn prove_consistency(
        &mut self,
        agreement: AgreementId,
        first: &Checkpoint,
        verifier: Option<&NoteVerifier>,
    ) -> Result<SignedCheckpoint, ClientError> {
        let _ = (agreement, first, verifier);
        unimplemented!()
    }

    /// Begins to watch an agreement's entries from index `start` on.
    pub async fn watch(
        &mut self,
        agreement: AgreementId,
        start: u64,
        verifier: Option<&NoteVerifier>,
    ) -> Result<Watch, ClientError> {
        let _ = (agreement, start, verifier);
        unimplemented!()
    }

    /// Writes the bundle of an agreement to `out` and returns its size in bytes. Checks nothing: that is the auditor's work.
    pub async fn export(&mut self, agreement: AgreementId, out: impl Write + Send) -> Result<u64, ClientError> {
        let _ = (agreement, out);
        unimplemented!()
    }

    /// Lists at most `max` agreements of the server, in the order of their ids, with the number of their entries.
    /// Nothing in it is proved.
    pub async fn agreements(&mut self, max: usize) -> Result<Vec<(AgreementId, u64)>, ClientError> {
        let _ = max;
        unimplemented!()
    }
}
