//! Policies: each wrong line by its reason, and quorums over real cosignatures.

use proptest::{collection::vec, prelude::any, proptest};

use super::{LineProblem, POLICY_BYTES_MAX, Policy, PolicyError, Witnessed};
use crate::{
    checkpoint::{
        Checkpoint, SignedCheckpoint,
        cosignature::{CosignatureTime, Cosigner},
        note::{NoteError, NoteSigner},
    },
    digest::Digest,
    keys::SecretKey,
    merkle::index::TreeSize,
};

fn log(seed: u8) -> NoteSigner {
    NoteSigner::new(&format!("log{seed}.example"), SecretKey::from_seed(&[100 + seed; 32])).unwrap()
}

fn witness(seed: u8) -> Cosigner {
    Cosigner::new(&format!("witness{seed}.example"), SecretKey::from_seed(&[seed; 32])).unwrap()
}

/// A policy file in which `LOG1` and `W1` stand for vkeys.
fn file(text: &str) -> Vec<u8> {
    let mut text = text.to_owned();
    for seed in 1..=9 {
        text = text.replace(&format!("W{seed}"), &witness(seed).verifier().vkey());
        text = text.replace(&format!("LOG{seed}"), &log(seed).verifier().vkey());
    }
    text.into_bytes()
}

fn cosigned(log: &NoteSigner, by: &[u8]) -> SignedCheckpoint {
    let (origin, root) = (log.name().to_owned(), Digest::of(&[b"root"]));
    let plain = SignedCheckpoint::sign(Checkpoint { origin, size: TreeSize::new(9).unwrap(), root }, log);
    by.iter().fold(plain.clone(), |signed, seed| {
        let time = CosignatureTime::from_seconds(u64::from(*seed)).unwrap();
        signed.with_signature(&witness(*seed).cosign(&plain, time)).unwrap()
    })
}

/// The example of the specification: two of three, and any of three others.
const TWO_LEVELS: &str = "# two operators\nlog LOG1 https://log1.example/\n\n \t \n\
    witness x1 W1 https://w1.example/\nwitness x2 W2\n  witness\tx3   W3  \n\
    group xs 2 x1 x2 x3\n\
    witness y1 W4\nwitness y2 W5\nwitness y3 W6\ngroup ys any y1 y2 y3\n\
    group both all xs ys\nquorum both\n  # the end\n";

#[test]
fn a_quorum_of_two_levels_is_met_by_enough_of_each() {
    let policy = Policy::parse(&file(TWO_LEVELS)).unwrap();
    for (by, met) in [
        (vec![], false),
        (vec![1, 2], false),
        (vec![4, 5, 6], false),
        (vec![1, 4, 5, 6], false),
        (vec![1, 3, 6], true),
        (vec![6, 5, 4, 3, 2, 1], true),
        (vec![1, 2, 7], false),
    ] {
        let (checkpoint, witnessed) = policy.open(cosigned(&log(1), &by).note()).unwrap();
        assert_eq!(checkpoint.checkpoint().size.get(), 9);
        assert_eq!(witnessed.quorum_met, met, "{by:?}");
        assert_eq!(witnessed.cosigned.len(), by.iter().filter(|seed| **seed < 7).count());
    }
    let (_, Witnessed { cosigned, .. }) = policy.open(cosigned(&log(1), &[3, 1]).note()).unwrap();
    let names: Vec<_> = cosigned.iter().map(|(name, time)| (name.as_slice(), time.as_seconds())).collect();
    assert_eq!(names, [(b"x1".as_slice(), 1), (b"x3".as_slice(), 3)]);
}

#[test]
fn nobody_need_cosign_where_the_policy_says_none() {
    let policy = Policy::parse(&file("log LOG1\nquorum none\n")).unwrap();
    assert!(policy.open(cosigned(&log(1), &[]).note()).unwrap().1.quorum_met);
    assert_eq!(policy.open(cosigned(&log(2), &[]).note()), Err(NoteError::Unsigned));
    let no_log = Policy::parse(b"quorum none\n").unwrap();
    assert_eq!(no_log.open(cosigned(&log(1), &[]).note()), Err(NoteError::Unsigned));
    assert!(no_log.evaluate(&cosigned(&log(1), &[])).unwrap().quorum_met);
}

#[test]
fn a_listed_log_vouches_for_its_own_origin_alone() {
    let policy = Policy::parse(&file("log LOG1\nlog LOG2\nquorum none\n")).unwrap();
    let of_first = cosigned(&log(1), &[]);
    let forged = log(2).sign(of_first.text()).unwrap();
    assert_eq!(policy.open(&forged), Err(NoteError::Unsigned));
    assert!(policy.open(cosigned(&log(2), &[]).note()).is_ok());
}

#[test]
fn a_failing_cosignature_of_a_known_witness_refuses_the_checkpoint() {
    let policy = Policy::parse(&file("log LOG1\nwitness w W1\nquorum none\n")).unwrap();
    let other = cosigned(&log(2), &[]);
    let line = witness(1).cosign(&other, CosignatureTime::from_seconds(1).unwrap());
    let forged = cosigned(&log(1), &[]).with_signature(&line).unwrap();
    assert!(matches!(policy.open(forged.note()), Err(NoteError::SignatureInvalid { .. })));
}

#[test]
fn each_wrong_line_has_its_reason() {
    let vkey = |source| LineProblem::Vkey { source };
    for (text, number, problem) in [
        ("quorum none", 1, LineProblem::Open),
        ("quorum none\r\n", 1, LineProblem::ControlCharacter),
        ("quorum \u{7f}\n", 1, LineProblem::ControlCharacter),
        ("witnes a W1\n", 1, LineProblem::Keyword),
        ("log\n", 1, LineProblem::Items),
        ("log LOG1 url more\n", 1, LineProblem::Items),
        ("witness a\n", 1, LineProblem::Items),
        ("quorum none # not a comment\n", 1, LineProblem::Items),
        ("group a\n", 1, LineProblem::Items),
        ("log W1\n", 1, vkey(NoteError::KeyType { found: 4, expected: 1 })),
        ("witness a LOG1\n", 1, vkey(NoteError::KeyType { found: 1, expected: 4 })),
        ("log nonsense\n", 1, vkey(NoteError::Vkey)),
        ("log LOG1\nlog LOG1\n", 2, LineProblem::KeyTwice),
        ("witness a W1\nwitness b W1\n", 2, LineProblem::KeyTwice),
        ("witness a W1\nwitness a W2\n", 2, LineProblem::NameTaken),
        ("witness none W1\n", 1, LineProblem::NameTaken),
        ("witness a W1\ngroup a 1 a\n", 2, LineProblem::NameTaken),
        ("group a 1 b\nwitness b W1\n", 1, LineProblem::Undefined),
        ("witness a W1\ngroup b 1 none\n", 2, LineProblem::Undefined),
        ("witness a W1\ngroup b 1 b\n", 2, LineProblem::Undefined),
        ("witness a W1\nquorum b\n", 2, LineProblem::Undefined),
        ("witness a W1\ngroup b any a a\n", 2, LineProblem::MemberTwice),
        ("witness a W1\ngroup b 1 a\ngroup c 1 a\n", 3, LineProblem::MemberTwice),
        ("witness a W1\ngroup b 0 a\n", 2, LineProblem::Threshold),
        ("witness a W1\ngroup b 2 a\n", 2, LineProblem::Threshold),
        ("witness a W1\ngroup b 01 a\n", 2, LineProblem::Threshold),
        ("group b all\n", 1, LineProblem::Threshold),
        ("quorum none\nquorum none\n", 2, LineProblem::SecondQuorum),
    ] {
        assert_eq!(Policy::parse(&file(text)), Err(PolicyError::Line { number, problem }), "{text}");
    }
    assert_eq!(Policy::parse(&file("log LOG1\n")), Err(PolicyError::NoQuorum));
    let large = vec![b'\n'; POLICY_BYTES_MAX + 1];
    assert_eq!(Policy::parse(&large), Err(PolicyError::TooLarge { bytes: 65_537 }));
}

#[test]
fn names_are_octets() {
    let mut text = b"witness \xff\xfe ".to_vec();
    text.extend(file("W1\nquorum "));
    text.extend(b"\xff\xfe\n");
    let policy = Policy::parse(&text).unwrap();
    assert_eq!(policy.evaluate(&cosigned(&log(1), &[1])).unwrap().cosigned[0].0, b"\xff\xfe");
}

#[test]
fn thirty_two_logs_witnesses_and_groups_are_taken() {
    let mut text = String::new();
    for seed in 1..=32_u8 {
        text += &format!("log {}\nwitness w{seed} {}\n", log(seed).verifier().vkey(), witness(seed).verifier().vkey());
        text += &format!("group g{seed} any w{seed}\n");
    }
    assert!(Policy::parse((text + "quorum g32\n").as_bytes()).is_ok());
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic(file in vec(any::<u8>(), 0..400)) {
        let _ = Policy::parse(&file);
    }
}
