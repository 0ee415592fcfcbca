//! Watching a ledger grow.

use std::time::Duration;

use tonic::{Status, Streaming};

use crate::{
    checkpoint::{SignedCheckpoint, note::NoteVerifier},
    client::{Client, ClientError, Event, check},
    ledger::entry::Entry,
    merkle::{hash::leaf_hash, proof::ProofError, tree::Frontier},
    proto::counterfoil::v1::{WatchEntriesRequest, WatchEntriesResponse, watch_entries_response},
    statement::id::AgreementId,
};

/// Entries as they are admitted.
pub struct Watch {
    client: Client,
    agreement: AgreementId,
    verifier: NoteVerifier,
    /// The index of the entry that comes next.
    next: u64,
    /// The tree of the entries heard, when they were heard from the first on.
    tree: Option<Frontier>,
    /// The size of the last checkpoint heard; it never runs back.
    size: u64,
    events: Option<Streaming<WatchEntriesResponse>>,
}

/// The server says something at least every 30 s; a connection that is silent for longer than this is a dead one.
const SILENCE_MAX: Duration = Duration::from_secs(90);

impl Client {
    /// Begins to watch an agreement's entries from index `start` on.
    ///
    /// Errors: a refusal, or no answer.
    pub async fn watch(
        &mut self,
        agreement: AgreementId,
        start: u64,
        verifier: Option<&NoteVerifier>,
    ) -> Result<Watch, ClientError> {
        let verifier = self.verifier(agreement, verifier).await?;
        let tree = (start == 0).then(Frontier::empty);
        let mut watch = Watch { client: self.clone(), agreement, verifier, next: start, tree, size: 0, events: None };
        watch.events = Some(watch.open().await?);
        Ok(watch)
    }
}

impl Watch {
    /// Waits for what is new. Resumes by itself, where it was, when the connection is lost.
    ///
    /// Errors: what keeps it from resuming, or what is not believed.
    pub async fn next(&mut self) -> Result<Event, ClientError> {
        let client = self.client.clone();
        let mut tries = client.tries();
        loop {
            let mut events = match self.events.take() {
                Some(events) => events,
                None => self.open().await?,
            };
            let heard = match tokio::time::timeout(SILENCE_MAX, events.message()).await {
                Ok(Ok(Some(WatchEntriesResponse { event: Some(heard) }))) => heard,
                Ok(Ok(_)) => {
                    tries.again(Status::unavailable("the server ended the stream")).await?;
                    continue;
                }
                Ok(Err(status)) => {
                    tries.again(status).await?;
                    continue;
                }
                Err(_) => {
                    tries.again(Status::unavailable("the server has gone silent")).await?;
                    continue;
                }
            };
            self.events = Some(events);
            return match heard {
                watch_entries_response::Event::Entry(entry) => {
                    let (index, entry) = check::entry(CALL, entry)?;
                    self.take_entry(index, entry)
                }
                watch_entries_response::Event::Checkpoint(checkpoint) => {
                    let opened = client.open_checkpoint(CALL, Some(checkpoint), self.agreement, &self.verifier)?;
                    self.take_checkpoint(opened)
                }
            };
        }
    }

    fn take_entry(&mut self, index: u64, entry: Entry) -> Result<Event, ClientError> {
        if index != self.next {
            return Err(ClientError::Answer { call: CALL, what: "an entry is out of order" });
        }
        self.next += 1;
        if let Some(tree) = &mut self.tree {
            tree.push(leaf_hash(&entry.encode()), |_, _| {});
        }
        Ok(Event::Entry { index, entry })
    }

    fn take_checkpoint(&mut self, opened: SignedCheckpoint) -> Result<Event, ClientError> {
        let checkpoint = opened.checkpoint();
        let size = checkpoint.size.get();
        if size < self.size {
            return Err(ClientError::Answer { call: CALL, what: "a checkpoint is older than the one before" });
        }
        if let Some(tree) = &self.tree
            && (tree.size() != checkpoint.size || tree.root() != checkpoint.root)
        {
            let source = ProofError::WrongRoot;
            return Err(ClientError::Inconsistent { first: tree.size().get(), second: size, source });
        }
        self.size = size;
        Ok(Event::Checkpoint(opened))
    }

    async fn open(&self) -> Result<Streaming<WatchEntriesResponse>, ClientError> {
        let mut ledgers = self.client.ledgers.clone();
        let mut tries = self.client.tries();
        let request = WatchEntriesRequest { agreement: self.agreement.to_string(), start_index: self.next };
        loop {
            match ledgers.watch_entries(request.clone()).await {
                Ok(response) => return Ok(response.into_inner()),
                Err(status) => tries.again(status).await?,
            }
        }
    }
}

const CALL: &str = "WatchEntries";
