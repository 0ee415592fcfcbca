//! The views of a server: for programs that ask it instead of reading the ledger themselves.
//!
//! What a view says is the server's word, in the protocol's messages; the checkpoint it speaks of is checked. Who wants proof
//! takes the bundle, and asks the law.

use tonic::{Response, Status, transport::Channel};

use crate::{
    checkpoint::{SignedCheckpoint, note::NoteVerifier},
    client::{Client, ClientError},
    proto::counterfoil::v1::{self, agreement_service_client::AgreementServiceClient},
    statement::{
        dispute::Outcome,
        id::{AgreementId, StatementId},
    },
};

/// What a server says of an agreement, and the checkpoint that it speaks of, whose signature was checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Viewed<V> {
    /// The answer; its own checkpoint is taken out.
    pub view: V,
    /// The checkpoint.
    pub checkpoint: SignedCheckpoint,
}

/// Which line [`Client::explain_split`] explains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The party's name.
    pub party: String,
    /// The currency's code.
    pub currency: String,
    /// The tree size; 0: the latest.
    pub tree_size: u64,
    /// Also say what it would be if this contribution were rejected.
    pub without: Option<StatementId>,
}

/// An answer with a checkpoint in it.
trait Speaks {
    fn take_checkpoint(&mut self) -> Option<v1::Checkpoint>;
}

macro_rules! speaks {
    ($($answer:ident),* $(,)?) => {
        $(impl Speaks for v1::$answer {
            fn take_checkpoint(&mut self) -> Option<v1::Checkpoint> {
                self.checkpoint.take()
            }
        })*
    };
}

speaks!(
    GetAgreementResponse,
    ListContributionsResponse,
    GetContributionResponse,
    ListBenefitsResponse,
    ListSettlementsResponse,
    GetAccountResponse,
    ComputeSplitResponse,
    ExplainSplitResponse,
    ListDisputesResponse,
    GetDisputeResponse,
    PreviewOutcomesResponse,
    GetRegisterResponse,
    ListPeriodsResponse,
    GetBalancesResponse,
);

impl Client {
    /// Asks for terms, phase, acceptances and everything that waits.
    ///
    /// Errors, of this and the other views: [`ClientError::CheckpointInvalid`], [`ClientError::WrongLedger`], a refusal, or no
    /// answer.
    pub async fn agreement(
        &mut self,
        agreement: AgreementId,
        verifier: Option<&NoteVerifier>,
    ) -> Result<Viewed<v1::GetAgreementResponse>, ClientError> {
        let request = v1::GetAgreementRequest { agreement: agreement.to_string() };
        let call = async |mut service: Service, request| service.get_agreement(request).await;
        self.view("GetAgreement", agreement, verifier, request, call).await
    }

    /// Lists contributions; a request with the page token of the answer before goes on there.
    pub async fn contributions(
        &mut self,
        agreement: AgreementId,
        request: v1::ListContributionsRequest,
        verifier: Option<&NoteVerifier>,
    ) -> Result<Viewed<v1::ListContributionsResponse>, ClientError> {
        let request = v1::ListContributionsRequest { agreement: agreement.to_string(), ..request };
        let call = async |mut service: Service, request| service.list_contributions(request).await;
        self.view("ListContributions", agreement, verifier, request, call).await
    }

    /// Asks for one contribution.
    pub async fn contribution(
        &mut self,
        agreement: AgreementId,
        contribution: StatementId,
        verifier: Option<&NoteVerifier>,
    ) -> Result<Viewed<v1::GetContributionResponse>, ClientError> {
        let request =
            v1::GetContributionRequest { agreement: agreement.to_string(), statement_id: bytes(contribution) };
        let call = async |mut service: Service, request| service.get_contribution(request).await;
        self.view("GetContribution", agreement, verifier, request, call).await
    }

    /// Lists benefits; a request with the page token of the answer before goes on there.
    pub async fn benefits(
        &mut self,
        agreement: AgreementId,
        request: v1::ListBenefitsRequest,
        verifier: Option<&NoteVerifier>,
    ) -> Result<Viewed<v1::ListBenefitsResponse>, ClientError> {
        let request = v1::ListBenefitsRequest { agreement: agreement.to_string(), ..request };
        let call = async |mut service: Service, request| service.list_benefits(request).await;
        self.view("ListBenefits", agreement, verifier, request, call).await
    }

    /// Lists settlements, from where the page before ended.
    pub async fn settlements(
        &mut self,
        agreement: AgreementId,
        page: Option<String>,
        verifier: Option<&NoteVerifier>,
    ) -> Result<Viewed<v1::ListSettlementsResponse>, ClientError> {
        let page_token = page.unwrap_or_default();
        let request = v1::ListSettlementsRequest { agreement: agreement.to_string(), page_size: 0, page_token };
        let call = async |mut service: Service, request| service.list_settlements(request).await;
        self.view("ListSettlements", agreement, verifier, request, call).await
    }

    /// Asks for a party's account as of the last settlement.
    pub async fn account(
        &mut self,
        agreement: AgreementId,
        party: &str,
        verifier: Option<&NoteVerifier>,
    ) -> Result<Viewed<v1::GetAccountResponse>, ClientError> {
        let request = v1::GetAccountRequest { agreement: agreement.to_string(), party: party.to_owned() };
        let call = async |mut service: Service, request| service.get_account(request).await;
        self.view("GetAccount", agreement, verifier, request, call).await
    }

    /// Asks what a settlement would say at `tree_size`; 0: at the latest.
    pub async fn compute_split(
        &mut self,
        agreement: AgreementId,
        tree_size: u64,
        verifier: Option<&NoteVerifier>,
    ) -> Result<Viewed<v1::ComputeSplitResponse>, ClientError> {
        let request = v1::ComputeSplitRequest { agreement: agreement.to_string(), tree_size };
        let call = async |mut service: Service, request| service.compute_split(request).await;
        self.view("ComputeSplit", agreement, verifier, request, call).await
    }

    /// Asks how a line comes about, and what it would be without a contribution.
    pub async fn explain_split(
        &mut self,
        agreement: AgreementId,
        line: Line,
        verifier: Option<&NoteVerifier>,
    ) -> Result<Viewed<v1::ExplainSplitResponse>, ClientError> {
        let Line { party, currency, tree_size, without } = line;
        let without_statement_id = without.map_or_else(Default::default, bytes);
        let agreement_text = agreement.to_string();
        let request =
            v1::ExplainSplitRequest { agreement: agreement_text, party, currency, tree_size, without_statement_id };
        let call = async |mut service: Service, request| service.explain_split(request).await;
        self.view("ExplainSplit", agreement, verifier, request, call).await
    }

    /// Lists disputes, or only the open ones, from where the page before ended.
    pub async fn disputes(
        &mut self,
        agreement: AgreementId,
        open_only: bool,
        page: Option<String>,
        verifier: Option<&NoteVerifier>,
    ) -> Result<Viewed<v1::ListDisputesResponse>, ClientError> {
        let page_token = page.unwrap_or_default();
        let request = v1::ListDisputesRequest { agreement: agreement.to_string(), open_only, page_size: 0, page_token };
        let call = async |mut service: Service, request| service.list_disputes(request).await;
        self.view("ListDisputes", agreement, verifier, request, call).await
    }

    /// Asks for one dispute.
    pub async fn dispute(
        &mut self,
        agreement: AgreementId,
        dispute: StatementId,
        verifier: Option<&NoteVerifier>,
    ) -> Result<Viewed<v1::GetDisputeResponse>, ClientError> {
        let request = v1::GetDisputeRequest { agreement: agreement.to_string(), dispute_id: bytes(dispute) };
        let call = async |mut service: Service, request| service.get_dispute(request).await;
        self.view("GetDispute", agreement, verifier, request, call).await
    }

    /// Asks what outcomes would do in an open dispute.
    pub async fn preview_outcomes(
        &mut self,
        agreement: AgreementId,
        dispute: StatementId,
        outcomes: &[Outcome],
        verifier: Option<&NoteVerifier>,
    ) -> Result<Viewed<v1::PreviewOutcomesResponse>, ClientError> {
        let outcomes = outcomes.iter().map(v1::Outcome::from).collect();
        let request =
            v1::PreviewOutcomesRequest { agreement: agreement.to_string(), dispute_id: bytes(dispute), outcomes };
        let call = async |mut service: Service, request| service.preview_outcomes(request).await;
        self.view("PreviewOutcomes", agreement, verifier, request, call).await
    }

    /// Asks for the registers of the work.
    pub async fn register(
        &mut self,
        agreement: AgreementId,
        verifier: Option<&NoteVerifier>,
    ) -> Result<Viewed<v1::GetRegisterResponse>, ClientError> {
        let request = v1::GetRegisterRequest { agreement: agreement.to_string() };
        let call = async |mut service: Service, request| service.get_register(request).await;
        self.view("GetRegister", agreement, verifier, request, call).await
    }

    /// Lists periods, from where the page before ended; with the reports that are missing.
    pub async fn periods(
        &mut self,
        agreement: AgreementId,
        page: Option<String>,
        verifier: Option<&NoteVerifier>,
    ) -> Result<Viewed<v1::ListPeriodsResponse>, ClientError> {
        let page_token = page.unwrap_or_default();
        let request = v1::ListPeriodsRequest { agreement: agreement.to_string(), page_size: 0, page_token };
        let call = async |mut service: Service, request| service.list_periods(request).await;
        self.view("ListPeriods", agreement, verifier, request, call).await
    }

    /// Asks what every party has and is owed.
    pub async fn balances(
        &mut self,
        agreement: AgreementId,
        verifier: Option<&NoteVerifier>,
    ) -> Result<Viewed<v1::GetBalancesResponse>, ClientError> {
        let request = v1::GetBalancesRequest { agreement: agreement.to_string() };
        let call = async |mut service: Service, request| service.get_balances(request).await;
        self.view("GetBalances", agreement, verifier, request, call).await
    }

    async fn view<Q: Clone, A: Speaks>(
        &mut self,
        name: &'static str,
        agreement: AgreementId,
        verifier: Option<&NoteVerifier>,
        request: Q,
        call: impl AsyncFn(Service, Q) -> Result<Response<A>, Status>,
    ) -> Result<Viewed<A>, ClientError> {
        let verifier = self.verifier(agreement, verifier).await?;
        let mut tries = self.tries();
        let mut view = loop {
            match call(self.agreements.clone(), request.clone()).await {
                Ok(response) => break response.into_inner(),
                Err(status) => tries.again(status).await?,
            }
        };
        let checkpoint = self.open_checkpoint(name, view.take_checkpoint(), agreement, &verifier)?;
        Ok(Viewed { view, checkpoint })
    }
}

type Service = AgreementServiceClient<Channel>;

fn bytes(id: StatementId) -> bytes::Bytes {
    id.digest().as_bytes().to_vec().into()
}
