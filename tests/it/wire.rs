//! Opening envelopes: what is written reads back, and whatever else is refused by its own reason.

use bytes::Bytes;
use counterfoil::{
    envelope::{Envelope, PAYLOAD_BYTES_MAX},
    keys::SecretKey,
    split::Ratio,
    statement::{
        Body, Contribution, Statement,
        change::{KeyGrant, key_grant_message},
        id::AgreementId,
        terms::{Name, Scope},
        wire::{OpenError, encode, open, sign},
    },
    time::Timestamp,
};
use proptest::{
    prelude::{any, prop_assert, prop_assert_eq, proptest},
    sample::Index,
    test_runner::Config,
};

use crate::arbitrary;

const SEED: [u8; 32] = [7; 32];

fn key() -> SecretKey {
    SecretKey::from_seed(&SEED)
}

proptest! {
    #![proptest_config(Config { cases: 400, ..Config::default() })]

    #[test]
    fn every_statement_reads_back_as_it_was_written(statement in arbitrary::statement(&key())) {
        let envelope = sign(&statement, &key()).unwrap();
        let signed = open(&envelope).unwrap();
        prop_assert_eq!(signed.statement(), &statement);
        prop_assert_eq!(signed.id().digest(), envelope.id());
        prop_assert_eq!(encode(&statement), envelope.payload);
    }

    #[test]
    fn a_changed_byte_is_never_believed_and_never_a_panic(
        statement in arbitrary::statement(&key()), at in any::<Index>(), flip in 1..=u8::MAX,
    ) {
        let envelope = sign(&statement, &key()).unwrap();
        let mut payload = envelope.payload.to_vec();
        let at = at.index(payload.len());
        payload[at] ^= flip;
        let changed = Envelope { payload: payload.clone().into(), ..envelope };
        prop_assert_eq!(open(&changed).unwrap_err().reason(), "SIGNATURE_INVALID");
        // Signed anew, the bytes are some other statement, or refused; what opens is canonical.
        if let Ok(signed) = open(&Envelope::sign(payload.clone().into(), &key())) {
            prop_assert_eq!(encode(signed.statement()), payload);
        }
    }

    #[test]
    fn a_truncated_statement_is_refused(statement in arbitrary::statement(&key()), at in any::<Index>()) {
        let payload = encode(&statement);
        let cut = payload.slice(..at.index(payload.len()));
        let error = open(&Envelope::sign(cut, &key())).unwrap_err();
        prop_assert!(["STATEMENT_MALFORMED", "FIELD_MISSING"].contains(&error.reason()), "{}", error.reason());
    }

    #[test]
    fn any_bytes_are_opened_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = open(&Envelope::sign(bytes.into(), &key()));
    }
}

/// A contribution with everything in it that can be wrong, and nothing wrong.
fn contribution() -> Statement {
    Statement {
        agreement: Some(AgreementId::from_digest(counterfoil::digest::Digest::of(&[b"agreement"]))),
        signer: key().public(),
        nonce: [1; 16],
        claimed_time: Timestamp::from_ms(1_000).unwrap(),
        seen: None,
        body: Body::Contribution(Contribution {
            party: "community".parse().unwrap(),
            unit: "review-hour".parse().unwrap(),
            quantity: Ratio::new(3, 2).unwrap(),
            work_start: Timestamp::from_ms(500).unwrap(),
            work_end: Timestamp::from_ms(900).unwrap(),
            artifacts: Vec::new(),
            note: String::new(),
            task: None,
        }),
    }
}

fn reason_of(payload: impl Into<Bytes>) -> (String, Option<String>) {
    let error = open(&Envelope::sign(payload.into(), &key())).unwrap_err();
    (error.reason().to_owned(), error.field().map(str::to_owned))
}

/// Writes one field in protobuf's wire format: what no generated code would write.
fn length_delimited(number: u8, bytes: &[u8]) -> Vec<u8> {
    [&[number << 3 | 2, u8::try_from(bytes.len()).unwrap()], bytes].concat()
}

/// The parts of a contribution by hand: its head, and its body with the quantity in the middle.
fn by_hand(quantity: &[u8]) -> Vec<u8> {
    let body = [
        length_delimited(1, b"community"),
        length_delimited(2, b"review-hour"),
        length_delimited(3, quantity),
        vec![4 << 3, 0xf4, 0x03, 5 << 3, 0x84, 0x07],
    ];
    let head = [
        length_delimited(1, counterfoil::digest::Digest::of(&[b"agreement"]).as_bytes()),
        length_delimited(2, key().public().as_bytes()),
        length_delimited(3, &[1; 16]),
        vec![4 << 3, 0xe8, 0x07],
    ];
    [head.concat(), length_delimited(14, &body.concat())].concat()
}

#[test]
fn bytes_written_by_hand_are_the_canonical_ones() {
    assert_eq!(by_hand(&[0x08, 3, 0x10, 2]), encode(&contribution()));
}

#[test]
fn numbers_of_two_to_the_64_and_more_are_malformed_and_never_wrap() {
    // 2^64 and 2^64 + 3, which would wrap to 0 and to 3; then eleven bytes.
    for too_large in [
        &[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x02][..],
        &[0x83, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x02][..],
        &[0x83, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00][..],
    ] {
        let quantity = [&[0x08], too_large, &[0x10, 2]].concat();
        assert_eq!(reason_of(by_hand(&quantity)), ("STATEMENT_MALFORMED".to_owned(), None));
    }
    let largest = [0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0x10, 2];
    let signed = open(&Envelope::sign(by_hand(&largest).into(), &key())).unwrap();
    let Body::Contribution(contribution) = &signed.statement().body else { panic!("a contribution") };
    assert_eq!(contribution.quantity.numerator(), u64::MAX);
}

#[test]
fn other_encodings_of_the_same_value_are_not_canonical() {
    let canonical = encode(&contribution()).to_vec();
    let head_ends =
        canonical.len() - usize::from(canonical[canonical.iter().position(|b| *b == 14 << 3 | 2).unwrap() + 1]) - 2;
    let (head, body) = canonical.split_at(head_ends);
    let unknown = [&canonical[..], &[0xf8, 0x07, 1]].concat();
    let default_written = [head, &[0x2a, 0], body].concat();
    let wrong_order = [body, head].concat();
    let twice = [&canonical[..], body].concat();
    let long_number = by_hand(&[0x08, 0x83, 0x00, 0x10, 2]);
    let zero_written = by_hand(&[0x08, 0, 0x10, 1]);
    let parts_reversed = by_hand(&[0x10, 2, 0x08, 3]);
    for (what, payload) in [
        ("unknown field", unknown),
        ("wrong order", wrong_order),
        ("field twice", twice),
        ("number in more bytes than it needs", long_number),
        ("default written out", zero_written),
        ("wrong order within", parts_reversed),
    ] {
        assert_eq!(reason_of(payload).0, "NOT_CANONICAL", "{what}");
    }
    // An empty message that is written is not a default: it is there, and its fields are missing.
    assert_eq!(reason_of(default_written), ("FIELD_ZERO".to_owned(), Some("seen.tree_size".to_owned())));
}

#[test]
fn fractions_have_one_form_and_a_quantity_is_not_zero() {
    let field = Some("contribution.quantity".to_owned());
    for (quantity, reason) in [
        (&[0x08, 2, 0x10, 4][..], "RATIO_NOT_REDUCED"),
        (&[0x08, 2][..], "RATIO_DENOMINATOR_ZERO"),
        (&[][..], "RATIO_DENOMINATOR_ZERO"),
        (&[0x10, 1][..], "QUANTITY_ZERO"),
        (&[0x10, 2][..], "RATIO_NOT_REDUCED"),
    ] {
        assert_eq!(reason_of(by_hand(quantity)), (reason.to_owned(), field.clone()));
    }
}

#[test]
fn the_signer_named_is_the_one_who_signs() {
    let stranger = SecretKey::from_seed(&[8; 32]);
    let envelope = Envelope::sign(encode(&contribution()), &stranger);
    let error = open(&envelope).unwrap_err();
    assert!(matches!(error, OpenError::SignerMismatch { .. }));
    assert_eq!((error.reason(), error.field()), ("SIGNER_MISMATCH", Some("signer")));
    assert_eq!(sign(&contribution(), &stranger), Err(error));
}

#[test]
fn the_envelope_is_judged_before_what_is_in_it() {
    let good = sign(&contribution(), &key()).unwrap();
    let open = |change: &dyn Fn(&mut Envelope)| {
        let mut envelope = good.clone();
        change(&mut envelope);
        open(&envelope).unwrap_err().reason()
    };
    let large = Bytes::from(vec![0; PAYLOAD_BYTES_MAX + 1]);
    assert_eq!(open(&|e| (e.payload, e.payload_type) = (large.clone(), String::new())), "PAYLOAD_TOO_LARGE");
    assert_eq!(open(&|e| (e.payload_type, e.key) = ("text/plain".to_owned(), [0; 32])), "PAYLOAD_TYPE_UNKNOWN");
    // The neutral element: of order one, so that signatures hold for it that nobody made.
    let neutral = {
        let mut key = [0; 32];
        key[0] = 1;
        key
    };
    assert_eq!(open(&|e| (e.key, e.signature) = (neutral, [0; 64])), "KEY_WEAK");
    // y = p + 1: the neutral element again, in another encoding.
    let other_encoding = {
        let mut key = [0xff; 32];
        (key[0], key[31]) = (0xee, 0x7f);
        key
    };
    assert_eq!(open(&|e| e.key = other_encoding), "KEY_NOT_CANONICAL");
    assert_eq!(open(&|e| e.key = [2; 32]), "KEY_INVALID");
    assert_eq!(open(&|e| (e.signature[63], e.payload) = (0xff, Bytes::new())), "SIGNATURE_INVALID");
    assert_eq!(open(&|e| e.key = *SecretKey::from_seed(&[8; 32]).public().as_bytes()), "SIGNATURE_INVALID");
}

#[test]
fn nobody_signs_what_nobody_would_open() {
    let Statement { body: Body::Contribution(contribution), .. } = self::contribution() else { panic!("is one") };
    let changed = |change: &dyn Fn(&mut Contribution)| {
        let mut contribution = contribution.clone();
        change(&mut contribution);
        let statement = Statement { body: Body::Contribution(contribution), ..self::contribution() };
        let error = sign(&statement, &key()).unwrap_err();
        (error.reason(), error.to_string())
    };
    assert_eq!(
        changed(&|c| c.note = "x".repeat(2_001)),
        ("FIELD_TOO_LONG", "contribution.note: has 2001 bytes, at most 2000 are allowed".to_owned())
    );
    assert_eq!(
        changed(&|c| c.work_end = Timestamp::EPOCH),
        ("END_BEFORE_BEGIN", "contribution.work_end_ms: lies before the begin".to_owned())
    );
    assert_eq!(changed(&|c| c.quantity = Ratio::ZERO).0, "QUANTITY_ZERO");
    assert_eq!(changed(&|c| c.note = "x".repeat(60_000)).0, "PAYLOAD_TOO_LARGE");
}

#[test]
fn what_a_new_key_signs_over_its_grant_is_frozen() {
    let agreement = AgreementId::from_digest(counterfoil::digest::Digest::from_bytes([0xa6; 32]));
    let (new_key, scopes) = (SecretKey::from_seed(&[2; 32]), [Scope::Govern, Scope::Report]);
    let expires = Some(Timestamp::from_ms(1_795_456_800_000).unwrap());
    let party: Name = "community".parse().unwrap();
    let message = key_grant_message(agreement, &party, new_key.public(), &scopes, expires, Some(20));
    let expected = [
        hex::encode(b"counterfoil key grant v1\n"),
        "a6".repeat(32),
        hex::encode(b"community\n"),
        "8139770ea87d175f56a35466c34c7ecccb8d8a91b4ee37a25df60f5b8fc9b394".to_owned(),
        "0104".to_owned(),
        "000001a209909500".to_owned(),
        "00000014".to_owned(),
    ];
    assert_eq!(hex::encode(&message), expected.concat());
    let proof = new_key.sign(&message);
    let grant = KeyGrant { key: new_key.public(), scopes: scopes.to_vec(), expires, daily_max: Some(20), proof };
    assert_eq!(grant.message(agreement, &party), message);
    new_key.public().verify(&message, &grant.proof).unwrap();
    // What is not said is zero.
    let message = key_grant_message(agreement, &party, new_key.public(), &[Scope::Claim], None, None);
    assert!(hex::encode(message).ends_with(&format!("9402{}", "00".repeat(12))));
}
