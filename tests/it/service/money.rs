//! The views of the money over gRPC, and the client's methods for every view.

use counterfoil::{
    client::{Client, Line},
    proto::counterfoil::v1::{self, ListBenefitsRequest, ListContributionsRequest, PeriodState},
    statement::{
        Body,
        dispute::{Dispute, Outcome, Remedy},
        id::{AgreementId, StatementId},
        rules::{Baseline, Calendar},
    },
};

use crate::{
    parties::{accept, attest, benefit, confirm, hours, id, propose, say, settle, terms},
    serving::Serving,
};

async fn submit(client: &mut Client, envelope: counterfoil::envelope::Envelope) -> StatementId {
    client.submit(envelope.clone(), None).await.unwrap();
    id(&envelope)
}

/// As elsewhere, with a baseline for the community.
async fn settled(client: &mut Client) -> (AgreementId, StatementId) {
    let mut terms = terms();
    let amount = 2_900;
    terms.baselines.push(Baseline { party: "community".parse().unwrap(), currency: "EUR".parse().unwrap(), amount });
    let (agreement, proposal) = propose("community", terms);
    submit(client, proposal).await;
    submit(client, accept("enterprise", agreement)).await;
    let claim = submit(client, say("community", agreement, Body::Contribution(hours("community", 3)))).await;
    submit(client, attest("enterprise", agreement, &[claim])).await;
    let report = submit(client, benefit("enterprise", agreement, 10_000)).await;
    submit(client, confirm("community", agreement, &[report])).await;
    let split = client.compute_split(agreement, 0, None).await.unwrap().view;
    let said = crate::service::views::settlement(&split.settlement.unwrap());
    submit(client, settle("enterprise", agreement, said)).await;
    (agreement, claim)
}

#[tokio::test(flavor = "multi_thread")]
async fn balances_say_who_owes_whom_whether_all_win_and_what_is_not_proved() {
    let serving = Serving::in_memory().await;
    let mut client = serving.client().await;
    let (agreement, _) = settled(&mut client).await;
    let answer = client.balances(agreement, None).await.unwrap();
    assert_eq!(answer.checkpoint.checkpoint().size.get(), 7);
    let view = answer.view;
    // (3 + 3.5)/10 of 50.00 EUR are the community's; the enterprise has collected all of it.
    let lines: Vec<_> =
        view.balances.iter().map(|one| (one.party.as_str(), one.collected.as_str(), one.balance.as_str())).collect();
    assert_eq!(lines, [("community", "0", "3250"), ("enterprise", "5000", "-3250")]);
    let gain = &view.gains[0];
    assert_eq!(
        (gain.party.as_str(), gain.baseline.as_str(), gain.surplus.as_str(), view.win_win),
        ("community", "2900", "350", true)
    );
    assert_eq!((view.open_payments.len(), view.open_payment_count), (0, 0));
    assert!(view.not_proved.len() >= 5 && view.not_proved[0].contains("complete"));

    let periods = client.periods(agreement, None, None).await.unwrap().view;
    assert_eq!((periods.periods.len(), periods.next_settlement_size), (0, 7));
    let statement = periods.last_statement.unwrap();
    assert_eq!((statement.tree_size, statement.index), (6, 6));
    assert_eq!(statement.silent.len() + statement.acknowledged.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn periods_show_what_is_missing() {
    let serving = Serving::in_memory().await;
    let mut client = serving.client().await;
    let mut terms = terms();
    terms.calendar = Some(Calendar::Month);
    let (agreement, proposal) = propose("community", terms);
    submit(&mut client, proposal).await;
    submit(&mut client, accept("enterprise", agreement)).await;
    let periods = client.periods(agreement, None, None).await.unwrap().view;
    let [running] = periods.periods.as_slice() else { panic!("{:?}", periods.periods) };
    assert_eq!((running.state(), running.missing_streams.len()), (PeriodState::Running, 0));
    assert!(running.start_time_ms < running.end_time_ms);
    assert_eq!(periods.next_settlement_size, 0);
    assert_eq!(periods.last_statement, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_client_asks_for_every_view_and_checks_its_checkpoint() {
    let serving = Serving::in_memory().await;
    let mut client = serving.client().await;
    let (agreement, claim) = settled(&mut client).await;
    let outcomes = vec![Outcome { subject: claim, remedy: Remedy::Reject }];
    let reason = "nobody worked".to_owned();
    let case = Body::Dispute(Dispute { outcomes: outcomes.clone(), reason });
    let case = submit(&mut client, say("enterprise", agreement, case)).await;
    let size = |checkpoint: &counterfoil::checkpoint::SignedCheckpoint| checkpoint.checkpoint().size.get();
    let none = None;
    let line = Line { party: "community".into(), currency: "EUR".into(), tree_size: 0, without: Some(claim) };
    let sizes = [
        size(&client.agreement(agreement, none).await.unwrap().checkpoint),
        size(&client.contributions(agreement, ListContributionsRequest::default(), none).await.unwrap().checkpoint),
        size(&client.contribution(agreement, claim, none).await.unwrap().checkpoint),
        size(&client.benefits(agreement, ListBenefitsRequest::default(), none).await.unwrap().checkpoint),
        size(&client.settlements(agreement, None, none).await.unwrap().checkpoint),
        size(&client.account(agreement, "community", none).await.unwrap().checkpoint),
        size(&client.compute_split(agreement, 0, none).await.unwrap().checkpoint),
        size(&client.explain_split(agreement, line, none).await.unwrap().checkpoint),
        size(&client.disputes(agreement, true, None, none).await.unwrap().checkpoint),
        size(&client.dispute(agreement, case, none).await.unwrap().checkpoint),
        size(&client.register(agreement, none).await.unwrap().checkpoint),
        size(&client.periods(agreement, None, none).await.unwrap().checkpoint),
        size(&client.balances(agreement, none).await.unwrap().checkpoint),
    ];
    assert_eq!(sizes, [8; 13]);
    let effect = client.preview_outcomes(agreement, case, &outcomes, none).await.unwrap().view;
    let after: &v1::Settlement = effect.after.as_ref().unwrap();
    assert_eq!(after.accounts[0].parties[0].allocation_minor, 2_500);
    // Another log's key is not believed.
    let other = counterfoil::checkpoint::note::NoteVerifier::new(
        client.log_key(agreement).await.unwrap().name(),
        crate::parties::key("stranger").public(),
    );
    assert!(client.register(agreement, Some(&other.unwrap())).await.is_err());
}
