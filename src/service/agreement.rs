//! `AgreementService`: views. Everything they say can be computed again from the entries.

use std::borrow::Cow;

use prost::Message;
use tonic::{Request, Response, Status};

use crate::{
    agreement::Agreement,
    checkpoint::SignedCheckpoint,
    proto::counterfoil::v1::{
        AgreementSummary, BenefitState, ComputeSplitRequest, ComputeSplitResponse, ContributionState,
        ExplainSplitRequest, ExplainSplitResponse, GetAccountRequest, GetAccountResponse, GetAgreementRequest,
        GetAgreementResponse, GetContributionRequest, GetContributionResponse, ListAgreementsRequest,
        ListAgreementsResponse, ListBenefitsRequest, ListBenefitsResponse, ListContributionsRequest,
        ListContributionsResponse, ListSettlementsRequest, ListSettlementsResponse, PartyAcceptance,
        agreement_service_server::AgreementService,
    },
    service::{
        Shared,
        page::{self, PAGE_BYTES_MAX, Place},
        status::{CONTRIBUTION_NOT_FOUND, CURRENCY_NOT_FOUND, FILTER_INVALID, No, PARTY_NOT_FOUND, STREAM_NOT_FOUND},
        views,
        wire::{self, agreement, beyond, statement_id},
    },
    statement::{id::AgreementId, terms::Terms},
};

/// The service of the views.
pub(super) struct AgreementFace {
    shared: Shared,
}

impl AgreementFace {
    pub(super) const fn new(shared: Shared) -> Self {
        Self { shared }
    }

    /// Reads the agreement as it is, or as it was at `tree_size`.
    async fn view<R: Send + 'static>(
        &self,
        id: AgreementId,
        tree_size: Option<u64>,
        read: impl FnOnce(&Agreement, &SignedCheckpoint) -> Result<R, No> + Send + 'static,
    ) -> Result<R, No> {
        let sequencer = &self.shared.sequencer;
        match tree_size {
            Some(tree_size) => sequencer.view_at(id, tree_size, read).await?,
            None => sequencer.view(id, read).await?,
        }
    }

    /// Reads the account at `tree_size`; 0: the latest. What the state now still knows is not computed by folding again.
    async fn account<R: Send + 'static>(
        &self,
        id: AgreementId,
        tree_size: u64,
        read: impl Fn(&Agreement, u64, &SignedCheckpoint) -> Result<R, No> + Send + Clone + 'static,
    ) -> Result<R, No> {
        let read_now = read.clone();
        let now = self.view(id, None, move |agreement, checkpoint| {
            let asked = if tree_size == 0 { agreement.size() } else { tree_size };
            if asked > agreement.size() {
                return Err(beyond(asked, agreement.size()));
            }
            if asked < settled_size(agreement) {
                return Ok(None);
            }
            read_now(agreement, asked, checkpoint).map(Some)
        });
        match now.await? {
            Some(now) => Ok(now),
            None => {
                self.view(id, Some(tree_size), move |agreement, checkpoint| read(agreement, tree_size, checkpoint))
                    .await
            }
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
        let answer = self.view(id, None, move |agreement, checkpoint| {
            let acceptances = agreement.acceptances().map(|acceptance| PartyAcceptance {
                party: acceptance.party.name.to_string(),
                keys: acceptance.keys.iter().map(|key| key.as_bytes().to_vec().into()).collect(),
                needed: acceptance.needed,
            });
            Ok(GetAgreementResponse {
                agreement: id.to_string(),
                phase: views::phase(agreement.phase_at(now)).into(),
                terms: Some(agreement.terms().into()),
                acceptances: acceptances.collect(),
                checkpoint: Some(wire::checkpoint(checkpoint)),
            })
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
        let answer = self.view(id, place.map(|place| place.tree_size), move |agreement, checkpoint| {
            let terms = agreement.terms();
            let party = if party.is_empty() { None } else { Some(party_position(terms, &party)?) };
            let wanted = agreement.contributions_from(place.map_or(0, |place| place.next)).filter(|view| {
                party.is_none_or(|party| party == view.party)
                    && (state == ContributionState::Unspecified || state == views::contribution_state(view.state))
            });
            let (contributions, next) =
                fill(wanted, items_max, |view| view.index, |view| views::contribution(view, terms));
            Ok(ListContributionsResponse {
                contributions,
                next_page_token: next_page(next, agreement, &bound),
                checkpoint: Some(wire::checkpoint(checkpoint)),
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
        let answer = self.view(id, None, move |agreement, checkpoint| {
            let view = agreement.contribution(&statement).ok_or_else(|| {
                No::new(CONTRIBUTION_NOT_FOUND, format!("the agreement has no contribution {statement}"))
            })?;
            Ok(GetContributionResponse {
                contribution: Some(views::contribution(&view, agreement.terms())),
                checkpoint: Some(wire::checkpoint(checkpoint)),
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
        let answer = self.view(id, place.map(|place| place.tree_size), move |agreement, checkpoint| {
            let terms = agreement.terms();
            if !stream.is_empty() && !terms.streams.iter().any(|known| known.name.as_str() == stream) {
                return Err(No::new(STREAM_NOT_FOUND, "the terms have no such stream").with("field", "stream"));
            }
            let wanted = agreement.benefits_from(place.map_or(0, |place| place.next)).filter(|view| {
                (stream.is_empty() || view.benefit.stream.as_str() == stream)
                    && (state == BenefitState::Unspecified || state == views::benefit_state(view.state))
            });
            let (benefits, next) = fill(wanted, items_max, |view| view.index, |view| views::benefit(view, terms));
            Ok(ListBenefitsResponse {
                benefits,
                next_page_token: next_page(next, agreement, &bound),
                checkpoint: Some(wire::checkpoint(checkpoint)),
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
        let answer = self.view(id, place.map(|place| place.tree_size), move |agreement, checkpoint| {
            let from = place.map_or(0, |place| place.next);
            let wanted = agreement.settlements().iter().filter(|entry| entry.index >= from);
            let (settlements, next) =
                fill(wanted, items_max, |entry| entry.index, |entry| views::settlement(entry, agreement.terms()));
            Ok(ListSettlementsResponse {
                settlements,
                next_page_token: next_page(next, agreement, &bound),
                checkpoint: Some(wire::checkpoint(checkpoint)),
            })
        });
        Ok(Response::new(answer.await?))
    }

    async fn get_account(&self, request: Request<GetAccountRequest>) -> Result<Response<GetAccountResponse>, Status> {
        let GetAccountRequest { agreement: text, party } = request.into_inner();
        let answer = self.view(agreement(&text)?, None, move |agreement, checkpoint| {
            let party = party_position(agreement.terms(), &party)?;
            let account = agreement.last_account();
            Ok(GetAccountResponse {
                lines: account.map_or_else(Vec::new, |account| views::account_lines(account, party, agreement.terms())),
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
        let answer = self.account(agreement(&text)?, tree_size, |agreement, tree_size, checkpoint| {
            let account = match agreement.last_account() {
                Some(last) if last.settlement.tree_size == tree_size => Cow::Borrowed(last),
                _ => Cow::Owned(agreement.account_at(tree_size)?),
            };
            Ok(ComputeSplitResponse {
                settlement: Some((&account.settlement).into()),
                statement: Some(views::statement_of_account(&account, agreement.terms())?),
                checkpoint: Some(wire::checkpoint(checkpoint)),
            })
        });
        Ok(Response::new(answer.await?))
    }

    async fn explain_split(
        &self,
        request: Request<ExplainSplitRequest>,
    ) -> Result<Response<ExplainSplitResponse>, Status> {
        let ExplainSplitRequest { agreement: text, party, currency, tree_size } = request.into_inner();
        let answer = self.account(agreement(&text)?, tree_size, move |agreement, tree_size, checkpoint| {
            let party = party_position(agreement.terms(), &party)?;
            let currencies = &agreement.terms().currencies;
            let currency = currencies.iter().position(|known| known.code.as_str() == currency).ok_or_else(|| {
                No::new(CURRENCY_NOT_FOUND, "the terms have no such currency").with("field", "currency")
            })?;
            let explanation = agreement.explain(party, currency, tree_size)?;
            Ok(ExplainSplitResponse {
                steps: views::explanation(explanation)?,
                checkpoint: Some(wire::checkpoint(checkpoint)),
            })
        });
        Ok(Response::new(answer.await?))
    }
}

/// Fills a page; also the index of the first item that did not fit.
fn fill<I, V: Message>(
    items: impl Iterator<Item = I>,
    items_max: usize,
    index: impl Fn(&I) -> u64,
    write: impl Fn(&I) -> V,
) -> (Vec<V>, Option<u64>) {
    let (mut page, mut bytes) = (Vec::new(), 0);
    for item in items {
        if page.len() == items_max {
            return (page, Some(index(&item)));
        }
        let view = write(&item);
        bytes += view.encoded_len();
        if bytes > PAGE_BYTES_MAX && !page.is_empty() {
            return (page, Some(index(&item)));
        }
        page.push(view);
    }
    (page, None)
}

fn next_page(next: Option<u64>, agreement: &Agreement, request: &page::Request) -> String {
    next.map_or_else(String::new, |next| Place { tree_size: agreement.size(), next }.text(request))
}

/// The size that the last settlement covers; 0 before the first.
fn settled_size(agreement: &Agreement) -> u64 {
    agreement.last_account().map_or(0, |account| account.settlement.tree_size)
}

fn party_position(terms: &Terms, name: &str) -> Result<usize, No> {
    terms
        .parties
        .iter()
        .position(|party| party.name.as_str() == name)
        .ok_or_else(|| No::new(PARTY_NOT_FOUND, "the terms have no such party").with("field", "party"))
}

fn filter(field: &'static str) -> No {
    No::new(FILTER_INVALID, format!("{field} is none of its values")).with("field", field)
}
