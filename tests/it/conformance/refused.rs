//! Envelopes that every implementation must refuse, each with its reason.

use counterfoil::{
    envelope::Envelope,
    proto::counterfoil::v1,
    statement::{
        Statement,
        id::AgreementId,
        wire::{encode, open},
    },
};
use prost::Message;
use serde::Serialize;

use crate::conformance::{
    message,
    story::{COMMUNITY, ENTERPRISE, claim, key},
};

#[derive(Serialize)]
pub(super) struct Refused {
    what: &'static str,
    envelope_hex: String,
    reason: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
}

pub(super) fn all(agreement: AgreementId) -> Vec<Refused> {
    let claim = claim(agreement);
    let good = Envelope::sign(encode(&claim), &key(COMMUNITY));
    assert!(open(&good).is_ok());
    let mut refused = envelopes(&good);
    let payload = |what, payload: Vec<u8>| (what, Envelope::sign(payload.into(), &key(COMMUNITY)));
    refused.extend(payloads(&claim).into_iter().map(|(what, bytes)| payload(what, bytes)));
    refused.push(("signed by another key than it names", Envelope::sign(good.payload.clone(), &key(ENTERPRISE))));
    refused
        .into_iter()
        .map(|(what, envelope)| {
            let error = open(&envelope).unwrap_err();
            let field = error.field().map(str::to_owned);
            Refused { what, envelope_hex: hex::encode(message(&envelope)), reason: error.reason(), field }
        })
        .collect()
}

fn envelopes(good: &Envelope) -> Vec<(&'static str, Envelope)> {
    let changed = |change: fn(&mut Envelope)| {
        let mut envelope = good.clone();
        change(&mut envelope);
        envelope
    };
    vec![
        ("a byte of the payload changed", {
            let mut payload = good.payload.to_vec();
            *payload.last_mut().unwrap() ^= 1;
            Envelope { payload: payload.into(), ..good.clone() }
        }),
        ("a byte of the signature changed", changed(|envelope| envelope.signature[0] ^= 1)),
        ("s of the signature raised by the group order", changed(|envelope| raise_s(&mut envelope.signature))),
        ("another key", changed(|envelope| envelope.key = *key(ENTERPRISE).public().as_bytes())),
        ("a key of order one", changed(|envelope| (envelope.key, envelope.signature) = (neutral(), for_neutral()))),
        ("a key in another encoding", changed(|envelope| envelope.key = neutral_again())),
        ("bytes that are no key", changed(|envelope| envelope.key = [2; 32])),
        ("another payload type", changed(|envelope| envelope.payload_type = "text/plain".to_owned())),
    ]
}

/// L, little-endian: RFC 8032 section 5.1.
const GROUP_ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// s + L is the same number to a verifier that forgets to look.
fn raise_s(signature: &mut [u8; 64]) {
    let mut carry = 0;
    for (byte, order) in signature[32..].iter_mut().zip(GROUP_ORDER) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        [*byte, _] = sum.to_le_bytes();
        carry = sum >> 8;
    }
}

/// The neutral element: `R` equal to it and `s` zero hold for every message where weak keys are let in.
fn neutral() -> [u8; 32] {
    let mut key = [0; 32];
    key[0] = 1;
    key
}

fn for_neutral() -> [u8; 64] {
    [neutral(), [0; 32]].concat().try_into().unwrap()
}

/// y = p + 1: the neutral element in another encoding.
fn neutral_again() -> [u8; 32] {
    let mut key = [0xff; 32];
    (key[0], key[31]) = (0xee, 0x7f);
    key
}

/// A maintenance commitment that has nothing but one date: field 49, and in it field 3, packed.
const DATE_OF_TWO_TO_THE_64: [u8; 15] =
    [0x8a, 0x03, 12, 0x1a, 10, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x02];

fn payloads(claim: &Statement) -> Vec<(&'static str, Vec<u8>)> {
    let canonical = encode(claim).to_vec();
    // The quantity is 3/2: field 3 of the contribution, four bytes.
    let at = canonical.windows(6).position(|window| window == [0x1a, 4, 0x08, 3, 0x10, 2]).unwrap();
    // The contribution is what follows the head: a tag, its length in one byte, and its fields.
    let body = v1::Statement { body: None, ..v1::Statement::from(claim) }.encoded_len();
    let with = |quantity: &[u8]| {
        let mut payload = canonical.clone();
        let length = u8::try_from(quantity.len()).unwrap();
        payload[body + 1] = payload[body + 1] - 4 + length;
        payload.splice(at + 1..at + 6, [&[length], quantity].concat());
        payload
    };
    let two_to_the_64 = [0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x02, 0x10, 1];
    vec![
        ("cut off", canonical[..canonical.len() - 1].to_vec()),
        ("a field nobody knows", [&canonical[..], &[0xf8, 0x07, 1]].concat()),
        ("the body before the head", [&canonical[body..], &canonical[..body]].concat()),
        ("the body twice", [&canonical[..], &canonical[body..]].concat()),
        ("no body", canonical[..body].to_vec()),
        ("a number in more bytes than it needs", with(&[0x08, 0x83, 0x00, 0x10, 2])),
        ("a default written out", with(&[0x08, 0, 0x10, 1])),
        ("a quantity of 2^64", with(&two_to_the_64)),
        ("a date of 2^64 in a list", [&canonical[..body], &DATE_OF_TWO_TO_THE_64].concat()),
        ("a quantity of zero", with(&[0x10, 1])),
        ("a fraction not in lowest terms", with(&[0x08, 6, 0x10, 4])),
        ("a fraction without denominator", with(&[0x08, 3])),
    ]
}
