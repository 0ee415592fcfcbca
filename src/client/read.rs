//! Reading: checkpoints, entries, proofs, bundles.

use std::io::Write;

use tonic::Status;

use crate::{
    checkpoint::{Checkpoint, SignedCheckpoint, note::NoteVerifier},
    client::{
        Client, ClientError, EntryPage, Recorded,
        check::{self, Sent, is_ledger_of},
        retry::failure,
    },
    digest::Digest,
    ledger::entry::Entry,
    merkle::proof::check_consistency,
    proto::counterfoil::v1::{
        ExportBundleRequest, GetCheckpointRequest, GetEntryRequest, GetLogKeyRequest, ListAgreementsRequest,
        ListEntriesRequest, ProveConsistencyRequest, ProveInclusionRequest, get_entry_request,
    },
    statement::id::{AgreementId, StatementId},
};

impl Client {
    /// Asks for the key that the log signs the checkpoints of `agreement` with; its name is that of this agreement's
    /// ledger, and it is the pinned key if one is pinned. Works for agreements that are not founded yet.
    ///
    /// Errors: [`ClientError::LogKeyChanged`], [`ClientError::WrongLedger`], or no answer.
    pub async fn log_key(&mut self, agreement: AgreementId) -> Result<NoteVerifier, ClientError> {
        if let Some(known) = self.log_keys.get(&agreement) {
            return Ok(known.clone());
        }
        let mut ledgers = self.ledgers.clone();
        let mut tries = self.tries();
        let answer = loop {
            match ledgers.get_log_key(GetLogKeyRequest { agreement: agreement.to_string() }).await {
                Ok(response) => break response.into_inner(),
                Err(status) => tries.again(status).await?,
            }
        };
        let verifier = NoteVerifier::parse(&answer.verifier_key)
            .map_err(|_| ClientError::Answer { call: "GetLogKey", what: "verifier_key is no vkey" })?;
        is_ledger_of(&verifier, agreement)?;
        if let Some(pinned) = self.options.log_key
            && pinned != verifier.key()
        {
            return Err(ClientError::LogKeyChanged { pinned, found: verifier.key() });
        }
        if self.log_keys.len() >= LOG_KEYS_MAX {
            self.log_keys.clear();
        }
        self.log_keys.insert(agreement, verifier.clone());
        Ok(verifier)
    }

    /// Returns the caller's verifier, or the one the server names.
    pub(super) async fn verifier(
        &mut self,
        agreement: AgreementId,
        verifier: Option<&NoteVerifier>,
    ) -> Result<NoteVerifier, ClientError> {
        match verifier {
            Some(verifier) => Ok(verifier.clone()),
            None => self.log_key(agreement).await,
        }
    }

    /// Asks for the latest checkpoint and checks its signature.
    ///
    /// Errors: [`ClientError::CheckpointInvalid`], [`ClientError::WrongLedger`], or no answer.
    pub async fn checkpoint(
        &mut self,
        agreement: AgreementId,
        verifier: Option<&NoteVerifier>,
    ) -> Result<SignedCheckpoint, ClientError> {
        let verifier = self.verifier(agreement, verifier).await?;
        let mut ledgers = self.ledgers.clone();
        let mut tries = self.tries();
        loop {
            match ledgers.get_checkpoint(GetCheckpointRequest { agreement: agreement.to_string() }).await {
                Ok(response) => {
                    let checkpoint = response.into_inner().checkpoint;
                    return self.open_checkpoint("GetCheckpoint", checkpoint, agreement, &verifier);
                }
                Err(status) => tries.again(status).await?,
            }
        }
    }

    /// Lists entries from index `start` on, or, with `page`, from where the page before ended.
    ///
    /// Errors: as [`Self::checkpoint`].
    pub async fn entries(
        &mut self,
        agreement: AgreementId,
        start: u64,
        page: Option<String>,
        verifier: Option<&NoteVerifier>,
    ) -> Result<EntryPage, ClientError> {
        const CALL: &str = "ListEntries";
        let verifier = self.verifier(agreement, verifier).await?;
        let request = ListEntriesRequest {
            agreement: agreement.to_string(),
            start_index: start,
            page_size: PAGE_SIZE,
            page_token: page.unwrap_or_default(),
        };
        let mut ledgers = self.ledgers.clone();
        let mut tries = self.tries();
        let answer = loop {
            match ledgers.list_entries(request.clone()).await {
                Ok(response) => break response.into_inner(),
                Err(status) => tries.again(status).await?,
            }
        };
        let checkpoint = self.open_checkpoint(CALL, answer.checkpoint, agreement, &verifier)?;
        let entries = answer.entries.into_iter().map(|entry| check::entry(CALL, entry)).collect::<Result<_, _>>()?;
        let next = (!answer.next_page_token.is_empty()).then_some(answer.next_page_token);
        Ok(EntryPage { entries, next, checkpoint })
    }

    /// Fetches the entry at `index` with a fresh receipt, and checks it.
    ///
    /// Errors: [`ClientError::ReceiptInvalid`], [`ClientError::WrongLedger`], a refusal, or no answer.
    pub async fn prove_inclusion(
        &mut self,
        agreement: AgreementId,
        index: u64,
        verifier: Option<&NoteVerifier>,
    ) -> Result<(Entry, Recorded), ClientError> {
        self.prove_entry(agreement, get_entry_request::Entry::Index(index), verifier).await
    }

    /// Fetches the entry of `statement` with a fresh receipt, and checks it.
    ///
    /// Errors: as [`Self::prove_inclusion`].
    pub async fn prove_statement(
        &mut self,
        agreement: AgreementId,
        statement: StatementId,
        verifier: Option<&NoteVerifier>,
    ) -> Result<(Entry, Recorded), ClientError> {
        let by_id = get_entry_request::Entry::StatementId(statement.digest().as_bytes().to_vec().into());
        let (entry, recorded) = self.prove_entry(agreement, by_id, verifier).await?;
        if recorded.statement != statement {
            return Err(ClientError::Answer { call: "GetEntry", what: "the entry is of another statement" });
        }
        Ok((entry, recorded))
    }

    async fn prove_entry(
        &mut self,
        agreement: AgreementId,
        which: get_entry_request::Entry,
        verifier: Option<&NoteVerifier>,
    ) -> Result<(Entry, Recorded), ClientError> {
        let verifier = self.verifier(agreement, verifier).await?;
        let mut ledgers = self.ledgers.clone();
        let mut tries = self.tries();
        let request = GetEntryRequest { agreement: agreement.to_string(), entry: Some(which.clone()) };
        let entry = loop {
            match ledgers.get_entry(request.clone()).await {
                Ok(response) => break response.into_inner().entry,
                Err(status) => tries.again(status).await?,
            }
        };
        let entry = entry.ok_or(ClientError::Answer { call: "GetEntry", what: "the entry is missing" })?;
        let (index, entry) = check::entry("GetEntry", entry)?;
        let request = ProveInclusionRequest { agreement: agreement.to_string(), index };
        let mut receipt = loop {
            match ledgers.prove_inclusion(request.clone()).await {
                Ok(response) => {
                    let receipt = response.into_inner().receipt;
                    break receipt
                        .ok_or(ClientError::Answer { call: "ProveInclusion", what: "the receipt is missing" })?;
                }
                Err(status) => tries.again(status).await?,
            }
        };
        // The leaf is that of the entry fetched, at the time the entry says: the receipt proves both or neither.
        receipt.admitted_time_ms = entry.admitted.as_ms();
        let sent = Sent { agreement, ..Sent::new(entry.envelope.clone()) };
        let recorded = self.check_receipt(&sent, receipt, &verifier)?;
        let is_other = matches!(which, get_entry_request::Entry::Index(wanted) if wanted != recorded.index);
        if is_other || recorded.index != index {
            return Err(ClientError::Answer { call: "ProveInclusion", what: "the receipt is of another entry" });
        }
        Ok((entry, recorded))
    }

    /// Fetches the latest checkpoint and checks that the ledger at `first` is a prefix of it.
    ///
    /// Errors: [`ClientError::Inconsistent`], or as [`Self::checkpoint`].
    pub async fn prove_consistency(
        &mut self,
        agreement: AgreementId,
        first: &Checkpoint,
        verifier: Option<&NoteVerifier>,
    ) -> Result<SignedCheckpoint, ClientError> {
        const CALL: &str = "ProveConsistency";
        let verifier = self.verifier(agreement, verifier).await?;
        let request =
            ProveConsistencyRequest { agreement: agreement.to_string(), first_size: first.size.get(), second_size: 0 };
        let mut ledgers = self.ledgers.clone();
        let mut tries = self.tries();
        let answer = loop {
            match ledgers.prove_consistency(request.clone()).await {
                Ok(response) => break response.into_inner(),
                Err(status) => tries.again(status).await?,
            }
        };
        let latest = self.open_checkpoint(CALL, answer.checkpoint, agreement, &verifier)?;
        let path = answer.path.iter().map(|hash| Digest::try_from(hash.as_ref())).collect::<Result<Vec<_>, _>>();
        let path = path.map_err(|_| ClientError::Answer { call: CALL, what: "a hash has not 32 bytes" })?;
        let second = latest.checkpoint();
        check_consistency(first.size, &first.root, second.size, &second.root, &path).map_err(|source| {
            ClientError::Inconsistent { first: first.size.get(), second: second.size.get(), source }
        })?;
        Ok(latest)
    }

    /// Writes the bundle of an agreement to `out` and returns its size in bytes. Checks nothing: that is the auditor's work.
    ///
    /// Errors: [`ClientError::Write`], a refusal, or no answer; `out` may then hold a part of a bundle, which no auditor
    /// takes for a whole one.
    pub async fn export(&mut self, agreement: AgreementId, mut out: impl Write + Send) -> Result<u64, ClientError> {
        let mut ledgers = self.ledgers.clone();
        let mut tries = self.tries();
        let request = ExportBundleRequest { agreement: agreement.to_string() };
        let mut chunks = loop {
            match ledgers.export_bundle(request.clone()).await {
                Ok(response) => break response.into_inner(),
                Err(status) => tries.again(status).await?,
            }
        };
        let mut bytes = 0;
        let lost = |status: Status| failure(&self.url, status);
        while let Some(message) = self.in_time(chunks.message()).await.map_err(lost)? {
            out.write_all(&message.chunk).map_err(|source| ClientError::Write { source })?;
            bytes += u64::try_from(message.chunk.len()).unwrap_or(u64::MAX);
        }
        out.flush().map_err(|source| ClientError::Write { source })?;
        Ok(bytes)
    }

    /// Lists at most `max` agreements of the server, in the order of their ids, with the number of their entries.
    /// Nothing in it is proved.
    ///
    /// Errors: no answer.
    pub async fn agreements(&mut self, max: usize) -> Result<Vec<(AgreementId, u64)>, ClientError> {
        const CALL: &str = "ListAgreements";
        let wrong = |what| ClientError::Answer { call: CALL, what };
        let mut service = self.agreements.clone();
        let mut request = ListAgreementsRequest { page_size: PAGE_SIZE, page_token: String::new() };
        let mut listed = Vec::new();
        while listed.len() < max {
            let mut tries = self.tries();
            let page = loop {
                match service.list_agreements(request.clone()).await {
                    Ok(response) => break response.into_inner(),
                    Err(status) => tries.again(status).await?,
                }
            };
            for summary in page.agreements {
                let id = summary.agreement.parse().map_err(|_| wrong("an id is none"))?;
                let checkpoint = summary.checkpoint.ok_or(wrong("checkpoint is missing"))?;
                listed.push((id, checkpoint.tree_size));
            }
            if page.next_page_token.is_empty() {
                break;
            }
            request.page_token = page.next_page_token;
        }
        listed.truncate(max);
        Ok(listed)
    }
}

/// The most log keys remembered; they are asked for again when needed.
const LOG_KEYS_MAX: usize = 10_000;
const PAGE_SIZE: u32 = 1_000;
