//! What must be refused, each by its own reason, and nothing of it written.

use std::collections::BTreeMap;

use bytes::Bytes;
use counterfoil::{
    envelope::Envelope,
    proto::counterfoil::v1::{self, statement},
    statement::Body,
};
use prost::Message;
use tonic::{Code, transport::Channel};

use crate::{
    parties::{accept, contribute, hours, key, propose, say, say_raw, terms_between},
    service::{SUBMIT, reason, send_raw, size},
    serving::{Serving, in_force},
};

fn message(envelope: &Envelope) -> Bytes {
    let envelope = v1::Envelope {
        payload_type: envelope.payload_type.clone(),
        payload: envelope.payload.clone(),
        key: envelope.key.to_vec().into(),
        signature: envelope.signature.to_vec().into(),
    };
    v1::SubmitStatementRequest { envelope: Some(envelope), validate_only: false }.encode_to_vec().into()
}

async fn refused(channel: &Channel, message: Bytes) -> (Code, String) {
    reason(&send_raw(channel, SUBMIT, message).await.expect_err("this must be refused"))
}

fn contribution(raw: &mut v1::Statement) -> &mut v1::Contribution {
    match &mut raw.body {
        Some(statement::Body::Contribution(contribution)) => contribution,
        other => panic!("{other:?} is no contribution"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_hostile_statement_is_refused_by_its_own_reason_and_nothing_is_written() {
    let serving = Serving::in_memory().await;
    let (mut client, channel) = (serving.client().await, serving.channel().await);
    let agreement = in_force(&mut client).await;
    let (other, proposal) = propose("north", terms_between(["north", "south"]));
    client.submit(proposal, None).await.unwrap();
    client.submit(accept("south", other), None).await.unwrap();
    let (absent, _) = propose("north", terms_between(["north", "south"]));

    let claim = |party: &str| Body::Contribution(hours(party, 1));
    let raw = |change: fn(&mut v1::Statement)| say_raw("community", agreement, claim("community"), change);
    let huge = {
        // 2^64 as a varint where 2^64 - 1 was: nobody's integers hold it.
        let envelope = raw(|raw| contribution(raw).quantity = Some(v1::Ratio { numerator: u64::MAX, denominator: 1 }));
        let mut payload = envelope.payload.to_vec();
        let most = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
        let at = payload.windows(most.len()).position(|window| window == most).unwrap();
        payload[at..at + most.len()].copy_from_slice(&[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x02]);
        Envelope::sign(payload.into(), &key("community"))
    };
    let reordered = {
        let statement = contribute("community", agreement).payload;
        // An empty field of a number that is not there, appended.
        Envelope::sign([statement.as_ref(), &[0xf2, 0x3f, 0x00]].concat().into(), &key("community"))
    };
    let truncated = {
        let statement = contribute("community", agreement).payload;
        Envelope::sign(statement.slice(..statement.len() - 1), &key("community"))
    };
    let forged = Envelope { signature: [7; 64], ..contribute("community", agreement) };
    let of_another = Envelope { key: *key("enterprise").public().as_bytes(), ..contribute("community", agreement) };
    let weak = Envelope { key: [0; 32], ..contribute("community", agreement) };
    let large = Envelope::sign(vec![0; 60_001].into(), &key("community"));
    let other_type = Envelope { payload_type: "text/plain".into(), ..contribute("community", agreement) };
    let signed_for_another = {
        let envelope = contribute("enterprise", agreement);
        Envelope::sign(envelope.payload, &key("community"))
    };

    let cases = [
        ("a stranger", contribute("stranger", agreement), Code::PermissionDenied, "SIGNER_NOT_PARTY"),
        ("a signer of another agreement", contribute("north", agreement), Code::PermissionDenied, "SIGNER_NOT_PARTY"),
        (
            "a party for another party",
            say("community", agreement, claim("enterprise")),
            Code::PermissionDenied,
            "NOT_YOUR_PARTY",
        ),
        ("an agreement that is not here", contribute("north", absent), Code::NotFound, "AGREEMENT_NOT_FOUND"),
        (
            "an unknown unit",
            raw(|raw| contribution(raw).unit = "moon-hour".into()),
            Code::FailedPrecondition,
            "UNKNOWN_UNIT",
        ),
        (
            "a quantity of zero",
            raw(|raw| contribution(raw).quantity = Some(v1::Ratio { numerator: 0, denominator: 1 })),
            Code::InvalidArgument,
            "QUANTITY_ZERO",
        ),
        ("a quantity of 2^64", huge, Code::InvalidArgument, "STATEMENT_MALFORMED"),
        ("an encoding that is not canonical", reordered, Code::InvalidArgument, "NOT_CANONICAL"),
        ("a truncated statement", truncated, Code::InvalidArgument, "STATEMENT_MALFORMED"),
        ("another's signature", forged, Code::InvalidArgument, "SIGNATURE_INVALID"),
        ("another's key", of_another, Code::InvalidArgument, "SIGNATURE_INVALID"),
        ("a weak key", weak, Code::InvalidArgument, "KEY_WEAK"),
        ("a signer that the statement does not name", signed_for_another, Code::InvalidArgument, "SIGNER_MISMATCH"),
        ("a payload that is too large", large, Code::InvalidArgument, "PAYLOAD_TOO_LARGE"),
        ("a payload of another type", other_type, Code::InvalidArgument, "PAYLOAD_TYPE_UNKNOWN"),
        (
            "a field that is too long",
            raw(|raw| contribution(raw).note = "x".repeat(2_001)),
            Code::InvalidArgument,
            "FIELD_TOO_LONG",
        ),
    ];
    for (what, envelope, code, wanted) in cases {
        let found = refused(&channel, message(&envelope)).await;
        assert_eq!(found, (code, wanted.to_owned()), "{what}");
        assert_eq!(size(&mut client, agreement).await, 2, "{what}");
        assert_eq!(size(&mut client, other).await, 2, "{what}");
    }
    assert_eq!(client.agreements(10).await.unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_that_are_none_are_refused_before_a_handler_sees_them() {
    let serving = Serving::in_memory().await;
    let (mut client, channel) = (serving.client().await, serving.channel().await);
    let agreement = in_force(&mut client).await;
    let whole = message(&contribute("community", agreement));
    let wanted = |code, reason: &str| (code, reason.to_owned());

    let malformed = wanted(Code::InvalidArgument, "REQUEST_MALFORMED");
    assert_eq!(refused(&channel, whole.slice(..whole.len() - 1)).await, malformed);
    assert_eq!(refused(&channel, Bytes::from_static(b"\xff\xff\xff")).await, malformed);
    assert_eq!(refused(&channel, Bytes::new()).await, wanted(Code::InvalidArgument, "FIELD_MISSING"));
    let oversized = Bytes::from(vec![0; 128 * 1_024 + 1]);
    assert_eq!(refused(&channel, oversized).await, wanted(Code::InvalidArgument, "REQUEST_TOO_LARGE"));
    let unknown = send_raw(&channel, "/counterfoil.v1.LedgerService/DeleteEntry", Bytes::new()).await;
    assert_eq!(reason(&unknown.unwrap_err()), wanted(Code::Unimplemented, "METHOD_UNKNOWN"));
    let unknown = send_raw(&channel, "/counterfoil.v2.LedgerService/SubmitStatement", Bytes::new()).await;
    assert_eq!(reason(&unknown.unwrap_err()), wanted(Code::Unimplemented, "METHOD_UNKNOWN"));
    assert_eq!(size(&mut client, agreement).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_byte_anywhere_is_refused_and_nothing_is_written() {
    let serving = Serving::in_memory().await;
    let (mut client, channel) = (serving.client().await, serving.channel().await);
    let agreement = in_force(&mut client).await;
    let envelope = contribute("community", agreement);
    let whole = message(&envelope);
    let mut reasons = BTreeMap::new();
    for at in 0..whole.len() {
        for flip in [0x01, 0x80, 0xff] {
            let mut changed = whole.to_vec();
            changed[at] ^= flip;
            let status = match send_raw(&channel, SUBMIT, changed.into()).await {
                Err(status) => status,
                Ok(_) => panic!("byte {at} changed by {flip:#x} was taken"),
            };
            let (code, reason) = reason(&status);
            assert_eq!(code, Code::InvalidArgument, "byte {at} changed by {flip:#x}: {status:?}");
            *reasons.entry(reason).or_insert(0) += 1;
        }
    }
    assert_eq!(size(&mut client, agreement).await, 2);
    for expected in ["SIGNATURE_INVALID", "PAYLOAD_TYPE_UNKNOWN", "KEY_INVALID", "REQUEST_MALFORMED"] {
        assert!(reasons.contains_key(expected), "{expected} is not among {reasons:?}");
    }
    // It was not the envelope itself that was refused.
    assert_eq!(client.submit(envelope, None).await.unwrap().index, 2);
}
