//! `AgreementService`: views. Everything they say can be computed again from the entries.

use std::borrow::Cow;

use prost::Message;
use tonic::{Request, Response, Status};

use crate::{
    agreement::{
        Agreement,
        put_away::{KeptBenefit, KeptContribution},
        settlement::SettlementEntry,
    },
    checkpoint::SignedCheckpoint,
    proto::counterfoil::v1::{
        AgreementSummary, BenefitState, BenefitView, ComputeSplitRequest, ComputeSplitResponse, ContributionState,
        ContributionView, ExplainSplitRequest, ExplainSplitResponse, GetAccountRequest, GetAccountResponse,
        GetAgreementRequest, GetAgreementResponse, GetBalancesRequest, GetBalancesResponse, GetContributionRequest,
        GetContributionResponse, GetDisputeRequest, GetDisputeResponse, GetRegisterRequest, GetRegisterResponse,
        ListAgreementsRequest, ListAgreementsResponse, ListBenefitsRequest, ListBenefitsResponse,
        ListContributionsRequest, ListContributionsResponse, ListDisputesRequest, ListDisputesResponse,
        ListPeriodsRequest, ListPeriodsResponse, ListSettlementsRequest, ListSettlementsResponse, PartyAcceptance,
        PreviewOutcomesRequest, PreviewOutcomesResponse, SettlementView, agreement_service_server::AgreementService,
    },
    sequencer::{Part, ReadError, Reader},
    service::{
        Shared, disputes, explain,
        page::{self, PAGE_BYTES_MAX, Place},
        status::{CONTRIBUTION_NOT_FOUND, FILTER_INVALID, No, PARTY_NOT_FOUND, STREAM_NOT_FOUND},
        view_dispute,
        view_figures::figures,
        views,
        wire::{self, agreement, beyond, statement_id},
    },
    statement::{
        Body,
        id::{AgreementId, StatementId},
        terms::Terms,
    },
    time::Timestamp,
};

/// The service of the views.
pub(super) struct AgreementFace {
    shared: Shared,
}

impl AgreementFace {
    pub(super) const fn new(shared: Shared) -> Self {
        Self { shared }
    }

    /// Reads the books as they are.
    async fn books<R: Send + 'static>(
        &self,
        id: AgreementId,
        read: impl FnOnce(&Agreement, &SignedCheckpoint) -> Result<R, No> + Send + 'static,
    ) -> Result<R, No> {
        self.shared.sequencer.view(id, read).await?
    }

    /// Reads what may be put away, as it is, or as it was at `tree_size`.
    pub(super) async fn read<R: Send + 'static>(
        &self,
        id: AgreementId,
        tree_size: Option<u64>,
        part: Part,
        read: impl FnOnce(&mut Reader) -> Result<R, No> + Send + 'static,
    ) -> Result<R, No> {
        self.shared.sequencer.read(id, tree_size, part, read).await?
    }

    /// Returns the time of the server's clock.
    pub(super) fn now(&self) -> Timestamp {
        self.shared.sequencer.now()
    }

    /// Returns the entry of a statement.
    pub(super) async fn index_of(&self, id: AgreementId, statement: StatementId) -> Result<Option<u64>, No> {
        self.shared.sequencer.index_of(id, statement).await.map_err(No::from)
    }

    /// Reads the account at a size; 0: the latest. What the books now still tell is read by `now`, what they do not is
    /// folded again and read by `then`.
    pub(super) async fn account<R: Send + 'static>(
        &self,
        id: AgreementId,
        sizes: Sizes,
        part: Part,
        now: impl FnOnce(&mut Reader, u64) -> Result<R, No> + Send + 'static,
        then: impl FnOnce(&Agreement, &SignedCheckpoint) -> Result<R, No> + Send + 'static,
    ) -> Result<R, No> {
        let (Sizes::Settled { asked: tree_size } | Sizes::Later { asked: tree_size }) = sizes;
        let told = self.read(id, None, part, move |reader| {
            let asked = if tree_size == 0 { reader.size() } else { tree_size };
            if asked > reader.size() {
                return Err(beyond(asked, reader.size()));
            }
            let settled = settled_size(reader.agreement());
            if asked < settled || (asked == settled && matches!(sizes, Sizes::Later { .. })) {
                return Ok(None);
            }
            now(reader, asked).map(Some)
        });
        match told.await? {
            Some(told) => Ok(told),
            None => self.shared.sequencer.view_at(id, tree_size, then).await?,
        }
    }
}

#[tonic::async_trait]
impl AgreementService for AgreementFace {
    async fn get_agreement(
        &self,
        request: Request<GetAgreementRequest>,
    ) -> Result<Response<GetAgreementResponse>, Status> {
        let id = agreement(&request.get_ref().agreement)?;
        let now = self.shared.sequencer.now();
        let answer = self.books(id, move |agreement, checkpoint| {
            let acceptances = agreement.acceptances().map(|acceptance| PartyAcceptance {
                party: acceptance.party.name.to_string(),
                keys: acceptance.keys.iter().map(|key| key.as_bytes().to_vec().into()).collect(),
                needed: acceptance.needed,
            });
            let mut answer = GetAgreementResponse {
                agreement: id.to_string(),
                phase: views::phase(agreement.phase_at(now)).into(),
                terms: Some(agreement.terms().into()),
                acceptances: acceptances.collect(),
                checkpoint: Some(wire::checkpoint(checkpoint)),
                ..Default::default()
            };
            view_dispute::outline(agreement, &mut answer);
            Ok(answer)
        });
        Ok(Response::new(answer.await?))
    }

    async fn list_agreements(
        &self,
        request: Request<ListAgreementsRequest>,
    ) -> Result<Response<ListAgreementsResponse>, Status> {
        let ListAgreementsRequest { page_size, page_token } = request.into_inner();
        let items_max = page::size(page_size)?;
        let bound = page::Request::new("ListAgreements", &[]);
        let after = page::open(&bound, &page_token)?;
        let after = after.map(|bytes| String::from_utf8(bytes).ok().and_then(|text| text.parse().ok()));
        let after: Option<AgreementId> = after.map(|id| id.ok_or_else(page::wrong)).transpose()?;
        let listed = self.shared.sequencer.agreements(after, items_max).await.map_err(No::from)?;
        let next_page_token = match listed.last() {
            Some((last, _)) if listed.len() == items_max => page::seal(&bound, last.to_string().as_bytes()),
            _ => String::new(),
        };
        let agreements = listed.iter().map(|(id, checkpoint)| AgreementSummary {
            agreement: id.to_string(),
            checkpoint: Some(wire::checkpoint(checkpoint)),
        });
        Ok(Response::new(ListAgreementsResponse { agreements: agreements.collect(), next_page_token }))
    }

    async fn list_contributions(
        &self,
        request: Request<ListContributionsRequest>,
    ) -> Result<Response<ListContributionsResponse>, Status> {
        let ListContributionsRequest { agreement: text, party, state, page_size, page_token } = request.into_inner();
        let (id, items_max) = (agreement(&text)?, page::size(page_size)?);
        let state = ContributionState::try_from(state).map_err(|_| filter("state"))?;
        let bound = page::Request::new("ListContributions", &[&text, &party, state.as_str_name()]);
        let place = Place::read(&page_token, &bound)?;
        let from = place.map_or(0, |place| place.next);
        let (tree_size, part) = (place.map(|place| place.tree_size), Part::Contributions(from));
        // Whatever the filter leaves out: the next page goes on from there.
        let mut looked = 0..self.shared.config.looked_max;
        let answer = self.read(id, tree_size, part, move |reader| {
            let (terms, standing) = (reader.agreement().terms(), reader.standing());
            let party = if party.is_empty() { None } else { Some(party_position(terms, &party)?) };
            let mut page = Page::of(items_max);
            for kept in reader.contributions(from) {
                let kept = kept.map_err(No::from)?;
                if looked.next().is_none() {
                    page.next = Some(kept.index());
                    break;
                }
                let known = views::contribution_state(kept.state(standing));
                if party.is_some_and(|party| party != kept.party())
                    || (state != ContributionState::Unspecified && state != known)
                {
                    continue;
                }
                if !page.has_room() || !page.push(contribution_view(reader, &kept)?) {
                    page.next = Some(kept.index());
                    break;
                }
            }
            Ok(ListContributionsResponse {
                next_page_token: page.next_token(reader, &bound),
                contributions: page.items,
                checkpoint: Some(wire::checkpoint(reader.checkpoint())),
            })
        });
        Ok(Response::new(answer.await?))
    }

    async fn get_contribution(
        &self,
        request: Request<GetContributionRequest>,
    ) -> Result<Response<GetContributionResponse>, Status> {
        let GetContributionRequest { agreement: text, statement_id: bytes } = request.into_inner();
        let (id, statement) = (agreement(&text)?, statement_id(&bytes)?);
        let none = move || No::new(CONTRIBUTION_NOT_FOUND, format!("the agreement has no contribution {statement}"));
        let index = self.shared.sequencer.index_of(id, statement).await.map_err(No::from)?.ok_or_else(none)?;
        let answer = self.read(id, None, Part::Contributions(index), move |reader| {
            let kept = reader.contribution(index).map_err(No::from)?.ok_or_else(none)?;
            Ok(GetContributionResponse {
                contribution: Some(contribution_view(reader, &kept)?),
                checkpoint: Some(wire::checkpoint(reader.checkpoint())),
            })
        });
        Ok(Response::new(answer.await?))
    }

    async fn list_benefits(
        &self,
        request: Request<ListBenefitsRequest>,
    ) -> Result<Response<ListBenefitsResponse>, Status> {
        let ListBenefitsRequest { agreement: text, stream, state, page_size, page_token } = request.into_inner();
        let (id, items_max) = (agreement(&text)?, page::size(page_size)?);
        let state = BenefitState::try_from(state).map_err(|_| filter("state"))?;
        let bound = page::Request::new("ListBenefits", &[&text, &stream, state.as_str_name()]);
        let place = Place::read(&page_token, &bound)?;
        let from = place.map_or(0, |place| place.next);
        let (tree_size, part) = (place.map(|place| place.tree_size), Part::Benefits(from));
        let mut looked = 0..self.shared.config.looked_max;
        let answer = self.read(id, tree_size, part, move |reader| {
            let (terms, standing) = (reader.agreement().terms(), reader.standing());
            let wanted = terms.streams.iter().position(|known| known.name.as_str() == stream);
            if !stream.is_empty() && wanted.is_none() {
                return Err(No::new(STREAM_NOT_FOUND, "the terms have no such stream").with("field", "stream"));
            }
            let mut page = Page::of(items_max);
            for kept in reader.benefits(from) {
                let kept = kept.map_err(No::from)?;
                if looked.next().is_none() {
                    page.next = Some(kept.index());
                    break;
                }
                let known = views::benefit_state(kept.state(standing));
                if wanted.is_some_and(|stream| stream != kept.stream())
                    || (state != BenefitState::Unspecified && state != known)
                {
                    continue;
                }
                if !page.has_room() || !page.push(benefit_view(reader, &kept)?) {
                    page.next = Some(kept.index());
                    break;
                }
            }
            Ok(ListBenefitsResponse {
                next_page_token: page.next_token(reader, &bound),
                benefits: page.items,
                checkpoint: Some(wire::checkpoint(reader.checkpoint())),
            })
        });
        Ok(Response::new(answer.await?))
    }

    async fn list_settlements(
        &self,
        request: Request<ListSettlementsRequest>,
    ) -> Result<Response<ListSettlementsResponse>, Status> {
        let ListSettlementsRequest { agreement: text, page_size, page_token } = request.into_inner();
        let (id, items_max) = (agreement(&text)?, page::size(page_size)?);
        let bound = page::Request::new("ListSettlements", &[&text]);
        let place = Place::read(&page_token, &bound)?;
        let from = place.map_or(0, |place| place.next);
        let answer = self.read(id, place.map(|place| place.tree_size), Part::Books, move |reader| {
            let places = reader.agreement().settlement_places();
            let first = places.partition_point(|place| place.index < from);
            let mut page = Page::of(items_max);
            for place in places[first..].iter().take_while(|place| place.index < reader.size()) {
                if !page.has_room() || !page.push(settlement_view(reader, place.index)?) {
                    page.next = Some(place.index);
                    break;
                }
            }
            Ok(ListSettlementsResponse {
                next_page_token: page.next_token(reader, &bound),
                settlements: page.items,
                checkpoint: Some(wire::checkpoint(reader.checkpoint())),
            })
        });
        Ok(Response::new(answer.await?))
    }

    async fn get_account(&self, request: Request<GetAccountRequest>) -> Result<Response<GetAccountResponse>, Status> {
        let GetAccountRequest { agreement: text, party } = request.into_inner();
        let answer = self.books(agreement(&text)?, move |agreement, checkpoint| {
            let party = party_position(agreement.terms(), &party)?;
            let account = agreement.last_account();
            Ok(GetAccountResponse {
                lines: account.map_or_else(Vec::new, |account| views::account_lines(account, party)),
                figures: account.map_or(Ok(Vec::new()), |account| figures(account, Some(party)))?,
                settled_size: settled_size(agreement),
                checkpoint: Some(wire::checkpoint(checkpoint)),
            })
        });
        Ok(Response::new(answer.await?))
    }

    async fn compute_split(
        &self,
        request: Request<ComputeSplitRequest>,
    ) -> Result<Response<ComputeSplitResponse>, Status> {
        let ComputeSplitRequest { agreement: text, tree_size } = request.into_inner();
        let split = |agreement: &Agreement, tree_size: u64, checkpoint: &SignedCheckpoint| {
            let account = match agreement.last_account() {
                Some(last) if last.settlement.tree_size == tree_size => Cow::Borrowed(last),
                _ => Cow::Owned(agreement.account_at(tree_size)?),
            };
            Ok(ComputeSplitResponse {
                settlement: Some((&account.settlement).into()),
                statement: Some(views::statement_of_account(&account)?),
                checkpoint: Some(wire::checkpoint(checkpoint)),
            })
        };
        let now = move |reader: &mut Reader, asked| {
            reader.recall_account(asked).map_err(No::from)?;
            split(reader.agreement(), asked, reader.checkpoint())
        };
        let then = move |agreement: &Agreement, checkpoint: &SignedCheckpoint| split(agreement, tree_size, checkpoint);
        Ok(Response::new(
            self.account(agreement(&text)?, Sizes::Settled { asked: tree_size }, Part::Books, now, then).await?,
        ))
    }

    async fn explain_split(
        &self,
        request: Request<ExplainSplitRequest>,
    ) -> Result<Response<ExplainSplitResponse>, Status> {
        Ok(Response::new(explain::explain(self, request.into_inner()).await?))
    }

    async fn list_disputes(
        &self,
        request: Request<ListDisputesRequest>,
    ) -> Result<Response<ListDisputesResponse>, Status> {
        Ok(Response::new(disputes::list(self, request.into_inner()).await?))
    }

    async fn get_dispute(&self, request: Request<GetDisputeRequest>) -> Result<Response<GetDisputeResponse>, Status> {
        Ok(Response::new(disputes::get(self, request.into_inner()).await?))
    }

    async fn preview_outcomes(
        &self,
        request: Request<PreviewOutcomesRequest>,
    ) -> Result<Response<PreviewOutcomesResponse>, Status> {
        Ok(Response::new(disputes::preview(self, request.into_inner()).await?))
    }

    async fn get_register(
        &self,
        request: Request<GetRegisterRequest>,
    ) -> Result<Response<GetRegisterResponse>, Status> {
        Ok(Response::new(disputes::register(self, request.into_inner()).await?))
    }

    async fn list_periods(
        &self,
        request: Request<ListPeriodsRequest>,
    ) -> Result<Response<ListPeriodsResponse>, Status> {
        Ok(Response::new(disputes::periods(self, request.into_inner()).await?))
    }

    async fn get_balances(
        &self,
        request: Request<GetBalancesRequest>,
    ) -> Result<Response<GetBalancesResponse>, Status> {
        Ok(Response::new(disputes::balances(self, request.into_inner()).await?))
    }
}

/// A size that was asked for, and which the books now tell: the last settlement's and later ones, or only later ones.
#[derive(Clone, Copy)]
pub(super) enum Sizes {
    Settled { asked: u64 },
    Later { asked: u64 },
}

/// A page of a listing.
pub(super) struct Page<V> {
    pub(super) items: Vec<V>,
    items_max: usize,
    bytes: usize,
    /// The index of the first item that did not fit.
    pub(super) next: Option<u64>,
}

impl<V: Message> Page<V> {
    pub(super) const fn of(items_max: usize) -> Self {
        Self { items: Vec::new(), items_max, bytes: 0, next: None }
    }

    pub(super) const fn has_room(&self) -> bool {
        self.items.len() < self.items_max
    }

    /// Puts an item on the page if its bytes fit.
    pub(super) fn push(&mut self, item: V) -> bool {
        self.bytes += item.encoded_len();
        let fits = self.bytes <= PAGE_BYTES_MAX || self.items.is_empty();
        if fits {
            self.items.push(item);
        }
        fits
    }

    pub(super) fn next_token(&self, reader: &Reader, request: &page::Request) -> String {
        self.next.map_or_else(String::new, |next| Place { tree_size: reader.size(), next }.text(request))
    }
}

fn contribution_view(reader: &Reader, kept: &KeptContribution) -> Result<ContributionView, No> {
    let (signed, admitted) = reader.entry(kept.index()).map_err(No::from)?;
    let Body::Contribution(said) = &signed.statement().body else { return Err(unlike(kept.index())) };
    let view = kept.view(signed.id(), admitted, said, reader.standing());
    Ok(views::contribution(&view, reader.agreement().terms()))
}

fn benefit_view(reader: &Reader, kept: &KeptBenefit) -> Result<BenefitView, No> {
    let (signed, admitted) = reader.entry(kept.index()).map_err(No::from)?;
    let Body::Benefit(said) = &signed.statement().body else { return Err(unlike(kept.index())) };
    let view = kept.view(signed.id(), admitted, said, reader.standing());
    Ok(views::benefit(&view, reader.agreement().terms()))
}

fn settlement_view(reader: &Reader, index: u64) -> Result<SettlementView, No> {
    let (signed, admitted) = reader.entry(index).map_err(No::from)?;
    let statement = signed.statement();
    let (Body::Settlement(settlement), Some(party)) = (&statement.body, reader.agreement().party_of(statement.signer))
    else {
        return Err(unlike(index));
    };
    let (id, settlement) = (signed.id(), settlement.clone());
    let entry = SettlementEntry { id, index, admitted, party, settlement };
    Ok(views::settlement(&entry, reader.agreement().terms()))
}

/// The no when what is kept of an entry is not what the entry says, which would be our own fault.
fn unlike(index: u64) -> No {
    No::internal(&ReadError::Unlike { index })
}

/// The size that the last settlement covers; 0 before the first.
fn settled_size(agreement: &Agreement) -> u64 {
    agreement.last_account().map_or(0, |account| account.settlement.tree_size)
}

/// Returns the position of a party.
pub(super) fn party_position(terms: &Terms, name: &str) -> Result<usize, No> {
    terms
        .parties
        .iter()
        .position(|party| party.name.as_str() == name)
        .ok_or_else(|| No::new(PARTY_NOT_FOUND, "the terms have no such party").with("field", "party"))
}

fn filter(field: &'static str) -> No {
    No::new(FILTER_INVALID, format!("{field} is none of its values")).with("field", field)
}
