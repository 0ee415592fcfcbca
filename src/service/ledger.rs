//! `LedgerService`: one call, one function; what streams is in its own file.

use std::sync::Arc;

use bytes::Bytes;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};

use crate::{
    proto::counterfoil::v1::{
        ExportBundleRequest, ExportBundleResponse, GetCheckpointRequest, GetCheckpointResponse, GetEntryRequest,
        GetEntryResponse, GetLogKeyRequest, GetLogKeyResponse, ListEntriesRequest, ListEntriesResponse,
        ProveConsistencyRequest, ProveConsistencyResponse, ProveInclusionRequest, ProveInclusionResponse,
        SubmitStatementRequest, SubmitStatementResponse, SubmitStatementsRequest, SubmitStatementsResponse,
        WatchEntriesRequest, WatchEntriesResponse, get_entry_request, ledger_service_server::LedgerService,
    },
    service::{
        Shared, bulk,
        counted::counted,
        export,
        page::{self, PAGE_BYTES_MAX, Place},
        status::{ENTRY_NOT_FOUND, No},
        watch,
        wire::{self, agreement, beyond, malformed, missing, statement_id},
    },
    statement::{id::AgreementId, wire::Opened},
};

/// The service of the log.
pub(super) struct LedgerFace {
    shared: Shared,
}

impl LedgerFace {
    pub(super) const fn new(shared: Shared) -> Self {
        Self { shared }
    }
}

#[tonic::async_trait]
impl LedgerService for LedgerFace {
    async fn submit_statement(
        &self,
        request: Request<SubmitStatementRequest>,
    ) -> Result<Response<SubmitStatementResponse>, Status> {
        let SubmitStatementRequest { envelope, validate_only } = request.into_inner();
        let mut envelope = wire::envelope(envelope)?;
        // Before the signature is verified: who is refused costs nothing.
        let permit = self.shared.statement_permit()?;
        envelope.payload = counted(envelope.payload, Arc::new(permit));
        let opened = Opened::open(envelope, &self.shared.known).map_err(No::from)?;
        let sequencer = &self.shared.sequencer;
        if validate_only {
            // The envelope is held until then: it counts among the statements in flight.
            let (_envelope, signed) = opened.into_parts();
            sequencer.validate(signed).await.map_err(No::from)?;
            return Ok(Response::new(SubmitStatementResponse { receipt: None }));
        }
        let receipt = wire::receipt(&sequencer.submit(opened).await.map_err(No::from)?);
        Ok(Response::new(SubmitStatementResponse { receipt: Some(receipt) }))
    }

    type SubmitStatementsStream = ReceiverStream<Result<SubmitStatementsResponse, Status>>;

    async fn submit_statements(
        &self,
        request: Request<Streaming<SubmitStatementsRequest>>,
    ) -> Result<Response<Self::SubmitStatementsStream>, Status> {
        let (_, extensions, requests) = request.into_parts();
        Ok(Response::new(bulk::submit(&self.shared, &extensions, requests)?))
    }

    async fn get_log_key(&self, request: Request<GetLogKeyRequest>) -> Result<Response<GetLogKeyResponse>, Status> {
        let id = agreement(&request.get_ref().agreement)?;
        Ok(Response::new(GetLogKeyResponse { verifier_key: self.shared.sequencer.verifier(id).vkey() }))
    }

    async fn get_entry(&self, request: Request<GetEntryRequest>) -> Result<Response<GetEntryResponse>, Status> {
        let GetEntryRequest { agreement: id, entry } = request.into_inner();
        let (id, sequencer) = (agreement(&id)?, &self.shared.sequencer);
        let index = match entry.ok_or_else(|| missing("entry"))? {
            get_entry_request::Entry::Index(index) => index,
            get_entry_request::Entry::StatementId(bytes) => {
                let statement = statement_id(&bytes)?;
                let index = sequencer.index_of(id, statement).await.map_err(No::from)?;
                index.ok_or_else(|| No::new(ENTRY_NOT_FOUND, format!("the ledger has no entry of {statement}")))?
            }
        };
        // After the index was found, so that the checkpoint covers it.
        let checkpoint = sequencer.checkpoint(id).await.map_err(No::from)?;
        let leaf = self.leaf(id, index, checkpoint.checkpoint().size.get()).await?;
        let entry = Some(wire::entry(index, &leaf)?);
        Ok(Response::new(GetEntryResponse { entry, checkpoint: Some(wire::checkpoint(&checkpoint)) }))
    }

    async fn list_entries(
        &self,
        request: Request<ListEntriesRequest>,
    ) -> Result<Response<ListEntriesResponse>, Status> {
        let ListEntriesRequest { agreement: text, start_index, page_size, page_token } = request.into_inner();
        let (id, sequencer) = (agreement(&text)?, &self.shared.sequencer);
        let items_max = page::size(page_size)?;
        let bound = page::Request::new("ListEntries", &[&text]);
        let (place, checkpoint) = match Place::read(&page_token, &bound)? {
            Some(place) => (place, sequencer.checkpoint_at(id, place.tree_size).await.map_err(No::from)?),
            None => {
                let checkpoint = sequencer.checkpoint(id).await.map_err(No::from)?;
                let tree_size = checkpoint.checkpoint().size.get();
                if start_index > tree_size {
                    return Err(beyond(start_index, tree_size).into());
                }
                (Place { tree_size, next: start_index }, checkpoint)
            }
        };
        let left = usize::try_from(place.tree_size - place.next).unwrap_or(usize::MAX);
        let leaves = sequencer.entries(id, place.next, items_max.min(left)).await.map_err(No::from)?;
        let (mut entries, mut bytes, mut next) = (Vec::with_capacity(leaves.len()), 0, place.next);
        for leaf in leaves {
            bytes += leaf.len();
            if bytes > PAGE_BYTES_MAX && !entries.is_empty() {
                break;
            }
            entries.push(wire::entry(next, &leaf)?);
            next += 1;
        }
        let next = Place { next, ..place };
        let next_page_token = if next.next < next.tree_size { next.text(&bound) } else { String::new() };
        let checkpoint = Some(wire::checkpoint(&checkpoint));
        Ok(Response::new(ListEntriesResponse { entries, next_page_token, checkpoint }))
    }

    async fn get_checkpoint(
        &self,
        request: Request<GetCheckpointRequest>,
    ) -> Result<Response<GetCheckpointResponse>, Status> {
        let id = agreement(&request.get_ref().agreement)?;
        let checkpoint = self.shared.sequencer.checkpoint(id).await.map_err(No::from)?;
        Ok(Response::new(GetCheckpointResponse { checkpoint: Some(wire::checkpoint(&checkpoint)) }))
    }

    async fn prove_inclusion(
        &self,
        request: Request<ProveInclusionRequest>,
    ) -> Result<Response<ProveInclusionResponse>, Status> {
        let ProveInclusionRequest { agreement: id, index } = request.into_inner();
        let agreement = agreement(&id)?;
        let proved = self.shared.sequencer.prove_inclusion(agreement, index).await.map_err(No::from)?;
        let receipt = wire::receipt(&proved);
        Ok(Response::new(ProveInclusionResponse { receipt: Some(receipt) }))
    }

    async fn prove_consistency(
        &self,
        request: Request<ProveConsistencyRequest>,
    ) -> Result<Response<ProveConsistencyResponse>, Status> {
        let ProveConsistencyRequest { agreement: id, first_size, second_size } = request.into_inner();
        let (id, sequencer) = (agreement(&id)?, &self.shared.sequencer);
        let checkpoint = sequencer.checkpoint(id).await.map_err(No::from)?;
        let latest = checkpoint.checkpoint().size.get();
        let second_size = if second_size == 0 { latest } else { second_size };
        if first_size == 0 {
            return Err(malformed("first_size", "must be at least 1").into());
        }
        if second_size > latest || first_size > latest {
            return Err(beyond(first_size.max(second_size), latest).into());
        }
        if first_size > second_size {
            return Err(malformed("second_size", "must not be smaller than first_size").into());
        }
        let path = sequencer.prove_consistency(id, first_size, second_size).await.map_err(No::from)?;
        Ok(Response::new(ProveConsistencyResponse {
            path: path.iter().map(|hash| hash.as_bytes().to_vec().into()).collect(),
            second_size,
            checkpoint: Some(wire::checkpoint(&checkpoint)),
        }))
    }

    type WatchEntriesStream = ReceiverStream<Result<WatchEntriesResponse, Status>>;

    async fn watch_entries(
        &self,
        request: Request<WatchEntriesRequest>,
    ) -> Result<Response<Self::WatchEntriesStream>, Status> {
        let (_, extensions, WatchEntriesRequest { agreement: id, start_index }) = request.into_parts();
        Ok(Response::new(watch::watch(&self.shared, &extensions, agreement(&id)?, start_index).await?))
    }

    type ExportBundleStream = ReceiverStream<Result<ExportBundleResponse, Status>>;

    async fn export_bundle(
        &self,
        request: Request<ExportBundleRequest>,
    ) -> Result<Response<Self::ExportBundleStream>, Status> {
        let id = agreement(&request.get_ref().agreement)?;
        Ok(Response::new(export::export(&self.shared, request.extensions(), id).await?))
    }
}

impl LedgerFace {
    async fn leaf(&self, id: AgreementId, index: u64, size: u64) -> Result<Bytes, No> {
        if index >= size {
            return Err(beyond(index, size));
        }
        let leaves = self.shared.sequencer.entries(id, index, 1).await?;
        leaves.into_iter().next().ok_or_else(|| beyond(index, size))
    }
}
