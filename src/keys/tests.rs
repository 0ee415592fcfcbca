//! The rules of [`super`] as they are written down, beside the shorter ways that decide them.

use std::collections::HashSet;

use curve25519_dalek::{
    constants::{ED25519_BASEPOINT_POINT, EIGHT_TORSION},
    scalar::Scalar,
};
use ed25519_dalek::{Signature as DalekSignature, VerifyingKey};
use proptest::{
    collection::vec,
    prelude::{Just, Strategy, any},
    prop_assert_eq, prop_oneof, proptest,
    sample::Index,
};
use sha2::{Digest as _, Sha512};

use super::{
    Claim, KeyError, KeyPoint, PublicKey, SMALL_ORDER, SecretKey, Signature, is_below_field_order, verify_each,
};

/// The rule as it is written down: decode, encode, compare; then look whether it is weak.
fn as_written(bytes: [u8; 32]) -> Result<(), KeyError> {
    let key = VerifyingKey::from_bytes(&bytes).map_err(|_| KeyError::NotAPoint)?;
    if key.to_edwards().compress().to_bytes() != bytes {
        return Err(KeyError::NotCanonical);
    }
    if key.is_weak() { Err(KeyError::Weak) } else { Ok(()) }
}

#[test]
fn every_spelling_near_the_field_order_is_judged_by_the_rule() {
    let mut judged = [0; 4];
    for highest in [0x00, 0x7f, 0x80, 0xff] {
        for lowest in 0..=0xff {
            let mut bytes = [if highest & 0x7f == 0 { 0 } else { 0xff }; 32];
            (bytes[0], bytes[31]) = (lowest, highest);
            let found = PublicKey::from_bytes(bytes).map(|_| ());
            assert_eq!(found, as_written(bytes), "{}", hex::encode(bytes));
            judged[match found {
                Ok(()) => 0,
                Err(KeyError::NotAPoint) => 1,
                Err(KeyError::NotCanonical) => 2,
                Err(_) => 3,
            }] += 1;
        }
    }
    assert!(judged.iter().all(|count| *count > 0), "{judged:?}");
}

#[test]
fn the_field_order_itself_is_not_below_it() {
    let mut order = [0xff; 32];
    (order[0], order[31]) = (0xed, 0x7f);
    assert!(!is_below_field_order(&order));
    order[0] = 0xec;
    assert!(is_below_field_order(&order));
}

proptest! {
    #[test]
    fn any_bytes_are_judged_by_the_rule(bytes in any::<[u8; 32]>()) {
        prop_assert_eq!(PublicKey::from_bytes(bytes).map(|_| ()), as_written(bytes));
    }
}

#[test]
fn the_points_of_small_order_are_the_eight_that_strict_verification_calls_weak() {
    let distinct: HashSet<[u8; 32]> = SMALL_ORDER.into_iter().collect();
    assert_eq!(distinct.len(), 8);
    for bytes in SMALL_ORDER {
        let key = VerifyingKey::from_bytes(&bytes).unwrap();
        assert!(key.is_weak() && key.to_edwards().compress().to_bytes() == bytes, "{}", hex::encode(bytes));
    }
}

/// What is done to a signature.
#[derive(Clone, Debug)]
enum Forgery {
    None,
    Bit(usize),
    /// R is of small order.
    Small(usize),
    /// s is greater by the order of the group: another spelling of the same.
    Order,
    S([u8; 32]),
}

fn forgery() -> impl Strategy<Value = Forgery> {
    prop_oneof![
        3 => Just(Forgery::None),
        2 => (0..512_usize).prop_map(Forgery::Bit),
        1 => (0..8_usize).prop_map(Forgery::Small),
        1 => Just(Forgery::Order),
        1 => any::<[u8; 32]>().prop_map(Forgery::S),
    ]
}

impl Forgery {
    fn of(&self, mut signature: [u8; 64]) -> [u8; 64] {
        match self {
            Self::None => {}
            Self::Bit(bit) => signature[bit / 8] ^= 1 << (bit % 8),
            Self::Small(point) => signature[..32].copy_from_slice(&SMALL_ORDER[*point]),
            Self::Order => {
                let mut carry = 0;
                for (byte, order) in signature[32..].iter_mut().zip(ORDER) {
                    carry += u16::from(*byte) + u16::from(order);
                    *byte = carry.to_le_bytes()[0];
                    carry >>= 8;
                }
            }
            Self::S(s) => signature[32..].copy_from_slice(s),
        }
        signature
    }
}

/// 2^252 + 27742317777372353535851937790883648493, the order of the group (RFC 8032, section 5.1).
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

fn strictly(key: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
    let key = VerifyingKey::from_bytes(key).unwrap();
    key.verify_strict(message, &DalekSignature::from_bytes(signature)).is_ok()
}

proptest! {
    #[test]
    fn a_signature_gets_the_strict_verdict_whatever_bit_of_it_is_flipped(
        seed in any::<[u8; 32]>(), message in vec(any::<u8>(), 0..200), bit in any::<Option<Index>>(),
    ) {
        let key = SecretKey::from_seed(&seed);
        let mut signature = *key.sign(&message).as_bytes();
        if let Some(bit) = bit {
            let bit = bit.index(512);
            signature[bit / 8] ^= 1 << (bit % 8);
        }
        let point = KeyPoint::from_bytes(*key.public().as_bytes()).unwrap();
        for point in [point.prepared(), point] {
            let found = point.verify(&message, &Signature::from_bytes(signature)).is_ok();
            prop_assert_eq!(found, bit.is_none());
            prop_assert_eq!(found, strictly(key.public().as_bytes(), &message, &signature));
        }
    }

    #[test]
    fn no_signature_holds_whose_r_is_of_small_order(seed in any::<[u8; 32]>(), point in 0..8_usize, s in any::<[u8; 32]>()) {
        let key = SecretKey::from_seed(&seed);
        let mut signature = [0; 64];
        signature[..32].copy_from_slice(&SMALL_ORDER[point]);
        signature[32..].copy_from_slice(&s);
        let point = KeyPoint::from_bytes(*key.public().as_bytes()).unwrap();
        for point in [point.prepared(), point] {
            let found = point.verify(b"", &Signature::from_bytes(signature));
            prop_assert_eq!(found.is_ok(), strictly(key.public().as_bytes(), b"", &signature));
        }
    }

    #[test]
    fn each_of_many_gets_the_strict_verdict_whatever_stands_beside_it(
        claims in vec((0..4_u8, vec(any::<u8>(), 0..100), forgery()), 0..20), prepared in any::<[bool; 4]>(),
    ) {
        let signed: Vec<_> = claims.iter().map(|(seed, message, forgery)| {
            let key = SecretKey::from_seed(&[*seed; 32]);
            (key.public(), message, forgery.of(*key.sign(message).as_bytes()))
        }).collect();
        let points: Vec<_> = signed.iter().zip(&claims).map(|((key, ..), (seed, ..))| {
            let point = KeyPoint::from_bytes(*key.as_bytes()).unwrap();
            if prepared[usize::from(*seed)] { point.prepared() } else { point }
        }).collect();
        let claims: Vec<_> = signed.iter().zip(&points).map(|((_, message, signature), key)| Claim {
            key,
            message,
            signature: Signature::from_bytes(*signature),
        }).collect();
        let found: Vec<_> = verify_each(&claims).into_iter().map(|verdict| verdict.is_ok()).collect();
        let strict: Vec<_> = signed.iter().map(|(key, message, signature)| strictly(key.as_bytes(), message, signature)).collect();
        prop_assert_eq!(found, strict);
    }
}

/// A signature that leaves parts of small order in the key and in R: some of them hold, some do not, and a shortcut that
/// multiplies by eight, or sums many into one equation, would not see which.
#[test]
fn a_key_and_a_signature_with_parts_of_small_order_get_the_strict_verdict() {
    let (a, r) = (Scalar::from(7_777_777_u32), Scalar::from(5_555_555_u32));
    let mut verdicts = [0; 2];
    for (in_key, in_r) in (0..8).flat_map(|in_key| (0..8).map(move |in_r| (in_key, in_r))) {
        let key = (a * ED25519_BASEPOINT_POINT + EIGHT_TORSION[in_key]).compress().to_bytes();
        let point = KeyPoint::from_bytes(key).unwrap();
        let points = [point.prepared(), point];
        let r_bytes = (r * ED25519_BASEPOINT_POINT + EIGHT_TORSION[in_r]).compress().to_bytes();
        for message in (0..8_u8).map(|message| [message]) {
            let hash = Sha512::new().chain_update(r_bytes).chain_update(key).chain_update(message);
            let s = r + Scalar::from_bytes_mod_order_wide(&hash.finalize().into()) * a;
            let mut signature = [0; 64];
            signature[..32].copy_from_slice(&r_bytes);
            signature[32..].copy_from_slice(s.as_bytes());
            let strict = strictly(&key, &message, &signature);
            verdicts[usize::from(strict)] += 1;
            let signature = Signature::from_bytes(signature);
            for key in &points {
                assert_eq!(key.verify(&message, &signature).is_ok(), strict, "{in_key} {in_r} {message:?}");
                let many = [Claim { key, message: &message, signature }; 3];
                assert!(verify_each(&many).iter().all(|found| found.is_ok() == strict), "{in_key} {in_r} {message:?}");
            }
        }
    }
    assert!(verdicts.iter().all(|count| *count > 50), "{verdicts:?}");
}
