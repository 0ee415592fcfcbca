//! The views of disputes over gRPC: what is disputed, what an outcome would do, and that it then does so.

use counterfoil::{
    client::Client,
    digest::Digest,
    envelope::Envelope,
    proto::counterfoil::v1::{
        self, ComputeSplitRequest, DisputeState, ExplainSplitRequest, GetAccountRequest, GetAgreementRequest,
        GetDisputeRequest, GetRegisterRequest, ListDisputesRequest, PreviewOutcomesRequest,
        agreement_service_client::AgreementServiceClient, disputed_entry::Stands,
    },
    statement::{
        Acceptance, Body,
        dispute::{Dispute, Evidence, Offer, Outcome, Remedy},
        id::{AgreementId, StatementId},
    },
};
use tonic::{Code, transport::Channel};

use crate::{
    parties::{attest, benefit, confirm, contribute, hours, id, say},
    service::reason,
    serving::{Serving, in_force},
};

type Views = AgreementServiceClient<Channel>;

async fn submit(client: &mut Client, envelope: Envelope) -> StatementId {
    client.submit(envelope.clone(), None).await.unwrap();
    id(&envelope)
}

/// Community claims 3 hours and enterprise 1, each attested; 100.00 EUR come in, of which half is pooled. Returns the first
/// claim, too.
async fn worked(client: &mut Client) -> (AgreementId, StatementId) {
    let agreement = in_force(client).await;
    let mut claims = Vec::new();
    for (party, other, amount) in [("community", "enterprise", 3), ("enterprise", "community", 1)] {
        let claim = submit(client, say(party, agreement, Body::Contribution(hours(party, amount)))).await;
        submit(client, attest(other, agreement, &[claim])).await;
        claims.push(claim);
    }
    let report = submit(client, benefit("enterprise", agreement, 10_000)).await;
    submit(client, confirm("community", agreement, &[report])).await;
    (agreement, claims[0])
}

fn dispute(agreement: AgreementId, subject: StatementId, remedy: Remedy) -> Envelope {
    let outcomes = vec![Outcome { subject, remedy }];
    say("enterprise", agreement, Body::Dispute(Dispute { outcomes, reason: "nobody worked".into() }))
}

fn bytes(id: StatementId) -> bytes::Bytes {
    id.digest().as_bytes().to_vec().into()
}

fn of(agreement: AgreementId, dispute: StatementId) -> GetDisputeRequest {
    GetDisputeRequest { agreement: agreement.to_string(), dispute_id: bytes(dispute) }
}

fn reject(subject: StatementId) -> v1::Outcome {
    (&Outcome { subject, remedy: Remedy::Reject }).into()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dispute_is_shown_previewed_and_settled_as_previewed() {
    let serving = Serving::in_memory().await;
    let mut client = serving.client().await;
    let mut views = Views::new(serving.channel().await);
    let (agreement, claim) = worked(&mut client).await;
    let case = submit(&mut client, dispute(agreement, claim, Remedy::Reject)).await;
    let evidence = Evidence {
        dispute: case,
        digest: Digest::of(&[b"photo"]),
        media_type: "image/png".into(),
        uri: String::new(),
        note: String::new(),
    };
    submit(&mut client, say("community", agreement, Body::Evidence(evidence))).await;
    let offered = vec![Outcome { subject: claim, remedy: Remedy::Reject }];
    let offer = Body::Offer(Offer { dispute: case, outcomes: offered });
    let offer = submit(&mut client, say("enterprise", agreement, offer)).await;

    let shown = views.get_dispute(of(agreement, case)).await.unwrap().into_inner();
    let summary = shown.summary.unwrap();
    assert_eq!((summary.index, summary.state(), summary.ended_index), (8, DisputeState::Evidence, 0));
    let open = shown.open.unwrap();
    assert_eq!(
        (open.party.as_str(), open.sides.as_slice()),
        ("enterprise", &["community".into(), "enterprise".into()][..])
    );
    let Some(Stands::Contribution(stands)) = &open.subjects[0].stands else { panic!("{:?}", open.subjects) };
    assert_eq!((stands.party.as_str(), stands.points.as_str(), stands.full_points.as_str()), ("community", "3", "3"));
    assert_eq!(open.subjects[0].sought, Some(reject(claim)));
    assert_eq!((open.evidence[0].index, open.evidence[0].party.as_str()), (9, "community"));
    assert_eq!(
        (open.offers[0].statement_id.clone(), open.offers[0].awaited.as_slice()),
        (bytes(offer), &["community".into()][..])
    );
    // Of 50.00 EUR, (3 + 3)/10 with the claim and (0 + 4.5)/10 without are the community's: so much for sure, and so much is held.
    let figures = &open.figures[0];
    let bounds: Vec<_> = figures.parties.iter().map(|party| (party.low_minor, party.high_minor)).collect();
    assert_eq!(bounds, [(2_250, 3_000), (2_000, 2_750)]);
    assert_eq!((figures.parties[0].low.as_str(), figures.disputed_minor), ("2250", 750));
    assert_eq!(open.at_stake, [v1::AtStake { currency: "EUR".into(), amount_minor: 750 }]);

    let preview = PreviewOutcomesRequest {
        agreement: agreement.to_string(),
        dispute_id: bytes(case),
        outcomes: vec![reject(claim)],
    };
    let effect = views.preview_outcomes(preview.clone()).await.unwrap().into_inner();
    assert!(effect.within_positions);
    let allocations = |settlement: &v1::Settlement| -> Vec<i64> {
        settlement.accounts[0].parties.iter().map(|line| line.allocation_minor).collect()
    };
    assert_eq!(allocations(effect.before.as_ref().unwrap()), [2_250, 2_000]);
    assert_eq!(allocations(effect.after.as_ref().unwrap()), [2_250, 2_750]);
    assert_eq!(effect.effect_digest.len(), 32);
    let unfit = v1::Outcome { remedy: v1::Remedy::Amount.into(), amount_minor: 1, ..reject(claim) };
    for (outcomes, wanted) in [
        (vec![reject(case)], "OUTCOMES_OTHER_SUBJECTS"),
        (vec![unfit], "REMEDY_UNFIT"),
        (Vec::new(), "LIST_TOO_SHORT"),
        (vec![v1::Outcome { remedy: 99, ..reject(claim) }], "FIELD_NOT_ONE_OF"),
    ] {
        let status = views.preview_outcomes(PreviewOutcomesRequest { outcomes, ..preview.clone() }).await.unwrap_err();
        let found = reason(&status).1;
        assert!(
            found == wanted || (wanted.starts_with("OUTCOMES") && status.code() == Code::FailedPrecondition),
            "{found}"
        );
    }

    submit(&mut client, say("community", agreement, Body::Acceptance(Acceptance { proposal: offer }))).await;
    let split = views.compute_split(ComputeSplitRequest { agreement: agreement.to_string(), tree_size: 0 });
    let settled = split.await.unwrap().into_inner().settlement.unwrap();
    assert_eq!(allocations(&settled), allocations(effect.after.as_ref().unwrap()));
    let over = views.get_dispute(of(agreement, case)).await.unwrap().into_inner();
    assert!(over.open.is_none());
    let summary = over.summary.unwrap();
    assert_eq!((summary.state(), summary.ended_index), (DisputeState::Settled, 11));
    let status = views.preview_outcomes(preview).await.unwrap_err();
    assert_eq!(reason(&status), (Code::NotFound, "DISPUTE_NOT_FOUND".to_owned()));
    let status = views.get_dispute(of(agreement, claim)).await.unwrap_err();
    assert_eq!(reason(&status), (Code::NotFound, "DISPUTE_NOT_FOUND".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_disputes_speak_of_one_size() {
    let serving = Serving::in_memory().await;
    let mut client = serving.client().await;
    let mut views = Views::new(serving.channel().await);
    let (agreement, _) = worked(&mut client).await;
    let mut cases = Vec::new();
    for _ in 0..5 {
        let claim = submit(&mut client, contribute("community", agreement)).await;
        submit(&mut client, attest("enterprise", agreement, &[claim])).await;
        cases.push(submit(&mut client, dispute(agreement, claim, Remedy::Reject)).await);
    }
    let withdrawal = |case| {
        say(
            "enterprise",
            agreement,
            Body::Withdrawal(counterfoil::statement::change::Withdrawal { statement: case, reason: String::new() }),
        )
    };
    submit(&mut client, withdrawal(cases[0])).await;
    let mut request = ListDisputesRequest { agreement: agreement.to_string(), page_size: 2, ..Default::default() };
    let (mut listed, mut sizes) = (Vec::new(), Vec::new());
    loop {
        let page = views.list_disputes(request.clone()).await.unwrap().into_inner();
        sizes.push(page.checkpoint.unwrap().tree_size);
        listed.extend(page.disputes);
        if page.next_page_token.is_empty() {
            break;
        }
        // What ends now is open in the pages that follow.
        submit(&mut client, withdrawal(cases[sizes.len() + 2])).await;
        request.page_token = page.next_page_token;
    }
    assert_eq!(sizes, [24, 24, 24]);
    let states: Vec<_> = listed.iter().map(v1::DisputeSummary::state).collect();
    let open = DisputeState::Open;
    assert_eq!(states, [DisputeState::Withdrawn, open, open, open, open]);
    let only = ListDisputesRequest { agreement: agreement.to_string(), open_only: true, ..Default::default() };
    let open: Vec<_> = views.list_disputes(only.clone()).await.unwrap().into_inner().disputes;
    assert_eq!(open.iter().map(|one| one.statement_id.clone()).collect::<Vec<_>>(), [bytes(cases[1]), bytes(cases[2])]);
    let wrong = ListDisputesRequest { page_token: request.page_token, ..only };
    let status = views.list_disputes(wrong).await.unwrap_err();
    assert_eq!(reason(&status).1, "PAGE_TOKEN_INVALID");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_without_a_contribution_is_what_a_rejection_gives() {
    let serving = Serving::in_memory().await;
    let mut client = serving.client().await;
    let mut views = Views::new(serving.channel().await);
    let (agreement, claim) = worked(&mut client).await;
    let request = |tree_size| ExplainSplitRequest {
        agreement: agreement.to_string(),
        party: "community".into(),
        currency: "EUR".into(),
        tree_size,
        without_statement_id: bytes(claim),
    };
    let without = |views: &Views, tree_size| {
        let (mut views, request) = (views.clone(), request(tree_size));
        async move {
            let without = views.explain_split(request).await.unwrap().into_inner().without.unwrap();
            (without.counts, without.allocation_minor, without.allocation_minor_without, without.entitlement_without)
        }
    };
    let before = (true, 3_000, 2_250, "2250".to_owned());
    assert_eq!(without(&views, 0).await, before);
    // Settled, it is told of the settlement and of everything since.
    let split = views.compute_split(ComputeSplitRequest { agreement: agreement.to_string(), tree_size: 8 }).await;
    let said = crate::service::views::settlement(&split.unwrap().into_inner().settlement.unwrap());
    submit(&mut client, crate::parties::settle("community", agreement, said)).await;
    for tree_size in [0, 8, 9] {
        assert_eq!(without(&views, tree_size).await, before, "{tree_size}");
    }
    // Before it counted, nothing changes.
    assert!(!without(&views, 3).await.0);
    let unknown = ExplainSplitRequest { without_statement_id: vec![7; 32].into(), ..request(0) };
    let status = views.explain_split(unknown).await.unwrap_err();
    assert_eq!(reason(&status), (Code::NotFound, "CONTRIBUTION_NOT_FOUND".to_owned()));
    let short = ExplainSplitRequest { without_statement_id: vec![7; 3].into(), ..request(0) };
    let status = views.explain_split(short).await.unwrap_err();
    assert_eq!(reason(&status).1, "REQUEST_MALFORMED");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_outline_names_what_waits_and_the_account_what_is_certain() {
    let serving = Serving::in_memory().await;
    let mut client = serving.client().await;
    let mut views = Views::new(serving.channel().await);
    let (agreement, _) = worked(&mut client).await;
    let suspension = counterfoil::statement::change::Suspension { reason: "flood".into() };
    let motion = submit(&mut client, say("community", agreement, Body::Suspension(suspension))).await;
    let asked = GetAgreementRequest { agreement: agreement.to_string() };
    let outline = views.get_agreement(asked).await.unwrap().into_inner();
    assert_eq!((outline.terms_id.as_ref(), outline.version_count), (agreement.digest().as_bytes().as_slice(), 1));
    assert_eq!((outline.mediator, outline.coming, outline.open_disputes), (None, None, 0));
    let [waiting] = outline.motions.as_slice() else { panic!("{:?}", outline.motions) };
    assert_eq!((waiting.statement_id.clone(), waiting.kind.as_str()), (bytes(motion), "suspension"));
    assert_eq!((waiting.mover.as_str(), waiting.awaited.as_slice()), ("community", &["enterprise".into()][..]));
    assert!(!waiting.any_of_awaited && !waiting.mediator_awaited);
    assert_eq!((waiting.accepted.len(), waiting.accepted[0].keys.len()), (1, 1));

    let split = views.compute_split(ComputeSplitRequest { agreement: agreement.to_string(), tree_size: 0 }).await;
    let split = split.unwrap().into_inner();
    let figures = &split.statement.unwrap().figures[0];
    let parties: Vec<_> =
        figures.parties.iter().map(|party| (party.low.as_str(), party.high.as_str(), party.net_minor)).collect();
    assert_eq!(parties, [("3000", "3000", 3_000), ("2000", "2000", -3_000)]);
    let said = crate::service::views::settlement(&split.settlement.unwrap());
    submit(&mut client, crate::parties::settle("community", agreement, said)).await;
    let asked = GetAccountRequest { agreement: agreement.to_string(), party: "enterprise".into() };
    let account = views.get_account(asked).await.unwrap().into_inner();
    assert_eq!((account.figures[0].parties.len(), account.figures[0].parties[0].net_minor), (1, -3_000));

    let register =
        views.get_register(GetRegisterRequest { agreement: agreement.to_string() }).await.unwrap().into_inner();
    assert_eq!((register.plan, register.risks.len(), register.open_claims), (None, 0, 0));
    assert_eq!(register.checkpoint.unwrap().tree_size, 10);
    for view in [
        views.get_register(GetRegisterRequest { agreement: "agr1".into() }).await.map(drop),
        views.list_disputes(ListDisputesRequest::default()).await.map(drop),
    ] {
        assert_eq!(reason(&view.unwrap_err()).1, "AGREEMENT_INVALID");
    }
}
