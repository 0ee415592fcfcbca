//! Signed refusals over gRPC: in the details of a status, in a stream, and never for what is only asked.

use counterfoil::{
    client::ClientError,
    ledger::refusal::SignedRefusal,
    proto::counterfoil::v1::{self, SubmitStatementRequest, ledger_service_client::LedgerServiceClient},
};
use tonic_types::StatusExt;

use crate::{
    parties::{attest, contribute, id},
    serving::{Serving, in_force},
};

#[tokio::test(flavor = "multi_thread")]
async fn what_the_law_refuses_comes_with_the_logs_signature() {
    let serving = Serving::in_memory().await;
    let mut client = serving.client().await;
    let agreement = in_force(&mut client).await;
    let claim = contribute("community", agreement);
    client.submit(claim.clone(), None).await.unwrap();
    let own = attest("community", agreement, &[id(&claim)]);
    let Err(ClientError::Refused(refused)) = client.submit(own.clone(), None).await else { panic!("admitted") };
    let signed = refused.signed.unwrap();
    let said = signed.refusal();
    assert_eq!((said.reason.as_str(), said.under.size.get()), ("OWN_CONTRIBUTION", 3));
    assert_eq!(said.statement, id(&own).digest());
    assert_eq!(said.under, *client.checkpoint(agreement, None).await.unwrap().checkpoint());
    assert!(!refused.metadata.contains_key("refusal"), "it was checked and is kept once");
    let verifier = client.log_key(agreement).await.unwrap();
    assert_eq!(SignedRefusal::open(signed.note(), &verifier).as_ref(), Ok(&*signed));

    // Without a signature: what is only asked, and what nobody could open.
    let Err(ClientError::Refused(refused)) = client.validate(own.clone()).await else { panic!("admitted") };
    assert_eq!((refused.reason.as_str(), refused.signed), ("OWN_CONTRIBUTION", None));
    let mut spoilt = own;
    spoilt.signature[0] ^= 1;
    let Err(ClientError::Refused(refused)) = client.submit(spoilt, None).await else { panic!("admitted") };
    assert_eq!((refused.reason.as_str(), refused.signed), ("SIGNATURE_INVALID", None));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_refusal_of_a_stream_is_signed_for_its_own_statement() {
    let serving = Serving::in_memory().await;
    let mut client = serving.client().await;
    let agreement = in_force(&mut client).await;
    let envelopes: Vec<_> =
        (0..40).map(|number| contribute(if number % 2 == 0 { "community" } else { "stranger" }, agreement)).collect();
    let mut refused = Vec::new();
    let answered = client.submit_all(envelopes.clone(), None, |at, answer| {
        if let Err(no) = answer {
            refused.push((at, no.signed.unwrap()));
        }
    });
    answered.await.unwrap();
    assert_eq!(refused.len(), 20);
    for (at, signed) in refused {
        let said = signed.refusal();
        assert_eq!((said.statement, said.reason.as_str()), (id(&envelopes[at]).digest(), "SIGNER_NOT_PARTY"));
        // Before it came the agreement's two entries, and the community's half of what was sent.
        assert_eq!(said.under.size.get(), 2 + u64::try_from(at).unwrap().div_ceil(2));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_signed_refusal_stands_in_the_one_error_info() {
    let serving = Serving::in_memory().await;
    let mut client = serving.client().await;
    let agreement = in_force(&mut client).await;
    let mut raw = LedgerServiceClient::new(serving.channel().await);
    let stranger = contribute("stranger", agreement);
    let envelope = v1::Envelope {
        payload_type: stranger.payload_type.clone(),
        payload: stranger.payload.clone(),
        key: stranger.key.to_vec().into(),
        signature: stranger.signature.to_vec().into(),
    };
    for (validate_only, signed) in [(true, false), (false, true)] {
        let request = SubmitStatementRequest { envelope: Some(envelope.clone()), validate_only };
        let status = raw.submit_statement(request).await.unwrap_err();
        assert_eq!(crate::service::reason(&status).1, "SIGNER_NOT_PARTY");
        let info = status.get_details_error_info().unwrap();
        let note = info.metadata.get("refusal");
        assert_eq!(note.is_some(), signed);
        let verifier = client.log_key(agreement).await.unwrap();
        assert!(note.is_none_or(|note| SignedRefusal::open(note, &verifier).is_ok()));
    }
}
