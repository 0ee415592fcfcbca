//! The views: what they say of an agreement, over pages, at past sizes, and that a party can sign what they compute.

use std::sync::Arc;

use counterfoil::{
    client::Client,
    envelope::Envelope,
    proto::counterfoil::v1::{
        self, BenefitState, ComputeSplitRequest, ContributionState, ExplainSplitRequest, GetAccountRequest,
        GetAgreementRequest, GetContributionRequest, ListBenefitsRequest, ListContributionsRequest,
        ListSettlementsRequest, Phase, agreement_service_client::AgreementServiceClient,
    },
    service::ServiceConfig,
    statement::{Settlement, id::AgreementId},
    store::memory::MemoryStore,
};
use tonic::{Code, transport::Channel};

use crate::{
    parties::{accept, attest, benefit, confirm, contribute, hours, id, propose, say, settle, terms},
    service::{reason, size},
    serving::{Serving, in_force},
};

type Views = AgreementServiceClient<Channel>;

async fn submit(client: &mut Client, envelope: Envelope) {
    client.submit(envelope, None).await.unwrap();
}

/// Community claims 3 hours and enterprise 1, each attested by the other; 100.00 EUR come in, of which half is pooled.
async fn worked(client: &mut Client) -> AgreementId {
    let agreement = in_force(client).await;
    for (party, other, amount) in [("community", "enterprise", 3), ("enterprise", "community", 1)] {
        let claim = say(party, agreement, counterfoil::statement::Body::Contribution(hours(party, amount)));
        submit(client, claim.clone()).await;
        submit(client, attest(other, agreement, &[id(&claim)])).await;
    }
    let report = benefit("enterprise", agreement, 10_000);
    submit(client, report.clone()).await;
    submit(client, confirm("community", agreement, &[id(&report)])).await;
    agreement
}

/// What the view computes, as a party reads it out of its answer.
pub(super) fn settlement(view: &v1::Settlement) -> Settlement {
    use counterfoil::{
        digest::Digest,
        statement::{CurrencyAccount, PartyAccount},
    };
    let digest = |bytes: &[u8]| Digest::try_from(bytes).unwrap();
    let accounts = view.accounts.iter().map(|account| CurrencyAccount {
        currency: account.currency.parse().unwrap(),
        pool: account.pool_minor,
        entitlements: digest(&account.entitlements_digest),
        parties: account
            .parties
            .iter()
            .map(|line| PartyAccount { allocation: line.allocation_minor, due: line.due_minor })
            .collect(),
        fees: account.fees_minor,
        held_back: account.held_back_minor,
        disputed: account.disputed_minor,
        reserve: account.reserve_minor,
    });
    Settlement { tree_size: view.tree_size, shares: digest(&view.shares_digest), accounts: accounts.collect() }
}

fn compute(agreement: AgreementId, tree_size: u64) -> ComputeSplitRequest {
    ComputeSplitRequest { agreement: agreement.to_string(), tree_size }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agreement_shows_its_terms_its_phase_and_who_has_accepted() {
    let serving = Serving::in_memory().await;
    let mut client = serving.client().await;
    let mut views = Views::new(serving.channel().await);
    let (agreement, proposal) = propose("community", terms());
    submit(&mut client, proposal).await;
    let request = GetAgreementRequest { agreement: agreement.to_string() };
    let seen = views.get_agreement(request.clone()).await.unwrap().into_inner();
    assert_eq!((seen.phase(), seen.checkpoint.unwrap().tree_size), (Phase::Negotiating, 1));
    assert_eq!(seen.terms, Some((&terms()).into()));
    let accepted = |view: &[v1::PartyAcceptance]| -> Vec<(String, usize, u32)> {
        view.iter().map(|party| (party.party.clone(), party.keys.len(), party.needed)).collect()
    };
    assert_eq!(accepted(&seen.acceptances), [("community".into(), 1, 1), ("enterprise".into(), 0, 1)]);
    submit(&mut client, accept("enterprise", agreement)).await;
    let seen = views.get_agreement(request).await.unwrap().into_inner();
    assert_eq!(seen.phase(), Phase::InForce);
    assert_eq!(accepted(&seen.acceptances), [("community".into(), 1, 1), ("enterprise".into(), 1, 1)]);

    let (absent, _) = propose("community", terms());
    let status = views.get_agreement(GetAgreementRequest { agreement: absent.to_string() }).await.unwrap_err();
    assert_eq!(reason(&status), (Code::NotFound, "AGREEMENT_NOT_FOUND".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn contributions_are_listed_by_party_and_state_over_pages_of_one_size() {
    let serving = Serving::in_memory().await;
    let mut client = serving.client().await;
    let mut views = Views::new(serving.channel().await);
    let agreement = in_force(&mut client).await;
    let mut claims = Vec::new();
    for round in 0..12 {
        let party = if round % 3 == 0 { "enterprise" } else { "community" };
        let claim = contribute(party, agreement);
        claims.push(id(&claim));
        submit(&mut client, claim).await;
    }
    submit(&mut client, attest("enterprise", agreement, &[claims[1], claims[2]])).await;

    let all = ListContributionsRequest { agreement: agreement.to_string(), page_size: 5, ..Default::default() };
    let mut request = all.clone();
    let (mut listed, mut sizes) = (Vec::new(), Vec::new());
    loop {
        let page = views.list_contributions(request.clone()).await.unwrap().into_inner();
        sizes.push(page.checkpoint.unwrap().tree_size);
        listed.extend(page.contributions);
        // Neither a new claim nor a new attestation shows in the pages that follow.
        let more = contribute("community", agreement);
        submit(&mut client, more.clone()).await;
        submit(&mut client, attest("enterprise", agreement, &[claims[[7, 8, 10][sizes.len() - 1]]])).await;
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    assert_eq!(sizes, [15, 15, 15]);
    assert_eq!(listed.len(), 12);
    for (position, view) in listed.iter().enumerate() {
        let accepted = position == 1 || position == 2;
        let state = if accepted { ContributionState::Accepted } else { ContributionState::Claimed };
        assert_eq!((view.index, view.state()), (2 + u64::try_from(position).unwrap(), state));
        assert_eq!((view.points.as_str(), view.attestations.len()), if accepted { ("1", 1) } else { ("", 0) });
    }
    let filtered = |party: &str, state: ContributionState| ListContributionsRequest {
        party: party.into(),
        state: state.into(),
        page_size: 100,
        ..all.clone()
    };
    for (party, state, count) in
        [("enterprise", ContributionState::Unspecified, 4), ("", ContributionState::Rejected, 0)]
    {
        let page = views.list_contributions(filtered(party, state)).await.unwrap().into_inner();
        assert_eq!((page.contributions.len(), page.next_page_token.as_str()), (count, ""), "{party} {state:?}");
    }
    // A page token belongs to the filters it came with.
    let wrong = ListContributionsRequest { party: "community".into(), ..request };
    let status = views.list_contributions(wrong).await.unwrap_err();
    assert_eq!(reason(&status).1, "PAGE_TOKEN_INVALID");
    let status = views.list_contributions(filtered("nobody", ContributionState::Unspecified)).await.unwrap_err();
    assert_eq!(reason(&status), (Code::NotFound, "PARTY_NOT_FOUND".to_owned()));
    let status = views.list_contributions(ListContributionsRequest { state: 99, ..all }).await.unwrap_err();
    assert_eq!(reason(&status), (Code::InvalidArgument, "FILTER_INVALID".to_owned()));

    let statement_id: bytes::Bytes = claims[1].digest().as_bytes().to_vec().into();
    let one = GetContributionRequest { agreement: agreement.to_string(), statement_id: statement_id.clone() };
    let view = views.get_contribution(one).await.unwrap().into_inner().contribution.unwrap();
    assert_eq!((view.statement_id, view.attestations[0].party.as_str()), (statement_id, "enterprise"));
    let none = agreement.digest().as_bytes().to_vec();
    let none = GetContributionRequest { agreement: agreement.to_string(), statement_id: none.into() };
    let status = views.get_contribution(none).await.unwrap_err();
    assert_eq!(reason(&status), (Code::NotFound, "CONTRIBUTION_NOT_FOUND".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_party_signs_what_the_view_computes_and_it_is_admitted() {
    let serving = Serving::in_memory().await;
    let mut client = serving.client().await;
    let mut views = Views::new(serving.channel().await);
    let agreement = worked(&mut client).await;
    let before = views
        .get_account(GetAccountRequest { agreement: agreement.to_string(), party: "community".into() })
        .await
        .unwrap()
        .into_inner();
    assert_eq!((before.settled_size, before.lines.len()), (0, 0));

    let split = views.compute_split(compute(agreement, 0)).await.unwrap().into_inner();
    let said = split.settlement.unwrap();
    assert_eq!((said.tree_size, split.checkpoint.unwrap().tree_size), (8, 8));
    // T = 3 + 1 of the 10 expected; the default shares fill the other 6: (3 + 3)/10 and (1 + 3)/10 of 50.00 EUR.
    let allocations: Vec<_> = said.accounts[0].parties.iter().map(|line| line.allocation_minor).collect();
    assert_eq!((said.accounts[0].pool_minor, allocations), (5_000, vec![3_000, 2_000]));
    let sums = split.statement.unwrap();
    assert_eq!((sums.dimensions[0].total.as_str(), sums.dimensions[0].unfilled.as_str()), ("4", "6"));
    assert_eq!(sums.dimensions[0].parts[0].rate, "3/4");
    assert_eq!(sums.shares, ["3/5", "2/5"]);
    assert_eq!(sums.entitlements[0].entitlements, ["3000", "2000"]);
    let stream = &sums.streams[0];
    assert_eq!((stream.stream.as_str(), stream.collector.as_str()), ("support", "enterprise"));
    assert_eq!((stream.gross_minor, stream.pooled_minor), (10_000, 5_000));

    submit(&mut client, settle("enterprise", agreement, settlement(&said))).await;
    let account = views
        .get_account(GetAccountRequest { agreement: agreement.to_string(), party: "community".into() })
        .await
        .unwrap()
        .into_inner();
    assert_eq!(account.settled_size, 8);
    assert_eq!((account.lines[0].entitlement.as_str(), account.lines[0].exponent), ("3000", 2));
    assert_eq!(account.lines[0].account.unwrap().due_minor, 3_000);
    let listed = views
        .list_settlements(ListSettlementsRequest { agreement: agreement.to_string(), ..Default::default() })
        .await
        .unwrap()
        .into_inner();
    assert_eq!((listed.settlements.len(), listed.settlements[0].party.as_str()), (1, "enterprise"));
    assert_eq!(listed.settlements[0].settlement.as_ref(), Some(&said));

    // The same again, from the settlement itself, from before it, and from a size at which the first claim had just counted.
    let again = views.compute_split(compute(agreement, 8)).await.unwrap().into_inner();
    assert_eq!(again.settlement, Some(said));
    let early = views.compute_split(compute(agreement, 4)).await.unwrap().into_inner();
    assert_eq!(early.statement.unwrap().shares, ["13/20", "7/20"]);
    assert_eq!(early.checkpoint.unwrap().tree_size, 4);
    let status = views.compute_split(compute(agreement, 10)).await.unwrap_err();
    assert_eq!(reason(&status), (Code::OutOfRange, "INDEX_BEYOND_TREE".to_owned()));
    assert_eq!(size(&mut client, agreement).await, 9);
}

#[tokio::test(flavor = "multi_thread")]
async fn benefits_show_where_they_stand() {
    let serving = Serving::in_memory().await;
    let mut client = serving.client().await;
    let mut views = Views::new(serving.channel().await);
    let agreement = worked(&mut client).await;
    submit(&mut client, benefit("enterprise", agreement, 1)).await;
    let request = ListBenefitsRequest { agreement: agreement.to_string(), ..Default::default() };
    let listed = views.list_benefits(request.clone()).await.unwrap().into_inner().benefits;
    let states: Vec<_> = listed.iter().map(|view| (view.index, view.state(), view.reporter.as_str())).collect();
    assert_eq!(states, [(6, BenefitState::Confirmed, "enterprise"), (8, BenefitState::Reported, "enterprise")]);
    let reported = ListBenefitsRequest { state: BenefitState::Reported.into(), ..request.clone() };
    assert_eq!(views.list_benefits(reported).await.unwrap().into_inner().benefits.len(), 1);
    let other = ListBenefitsRequest { stream: "licences".into(), ..request };
    let status = views.list_benefits(other).await.unwrap_err();
    assert_eq!(reason(&status), (Code::NotFound, "STREAM_NOT_FOUND".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_explanation_leads_from_the_items_to_the_due() {
    let serving = Serving::in_memory().await;
    let mut client = serving.client().await;
    let mut views = Views::new(serving.channel().await);
    let agreement = worked(&mut client).await;
    let request = ExplainSplitRequest {
        agreement: agreement.to_string(),
        party: "community".into(),
        currency: "EUR".into(),
        tree_size: 0,
        without_statement_id: Default::default(),
    };
    let steps = views.explain_split(request.clone()).await.unwrap().into_inner().steps;
    assert_eq!((steps[0].kind.as_str(), steps[0].indexes.contains(&2)), ("item", true));
    let last = steps.last().unwrap();
    assert_eq!((last.kind.as_str(), last.value.as_str()), ("due", "3000"));
    for (wrong, wanted) in [
        (ExplainSplitRequest { party: "nobody".into(), ..request.clone() }, "PARTY_NOT_FOUND"),
        (ExplainSplitRequest { currency: "USD".into(), ..request.clone() }, "CURRENCY_NOT_FOUND"),
    ] {
        let status = views.explain_split(wrong).await.unwrap_err();
        assert_eq!(reason(&status), (Code::NotFound, wanted.to_owned()));
    }
}

/// What a filter leaves out is work, too: a page ends after so much of it, and the next goes on from there.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_leaves_out_much_ends_and_the_next_goes_on() {
    let config = ServiceConfig { looked_max: 10, ..ServiceConfig::default() };
    let serving = Serving::start(Arc::new(MemoryStore::new()), config).await;
    let mut client = serving.client().await;
    let agreement = in_force(&mut client).await;
    let claims = (0..25).map(|_| contribute("community", agreement)).chain([contribute("enterprise", agreement)]);
    let claims: Vec<_> = claims.collect();
    let last = id(claims.last().unwrap());
    client.submit_all(claims, None, |_, answer| drop(answer.unwrap())).await.unwrap();
    let mut views = Views::new(serving.channel().await);
    let (agreement, party) = (agreement.to_string(), "enterprise".to_owned());
    let mut request = ListContributionsRequest { agreement, party, page_size: 5, ..Default::default() };
    let mut pages = Vec::new();
    loop {
        let page = views.list_contributions(request.clone()).await.unwrap().into_inner();
        pages.push(page.contributions.iter().map(|view| view.statement_id.to_vec()).collect::<Vec<_>>());
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    assert_eq!(pages, [vec![], vec![], vec![last.digest().as_bytes().to_vec()]]);
}
