//! Signed refusals judged again: an honest server is right, and one that refuses wrongly is convicted by its own signature.

use counterfoil::{
    audit::{
        Options,
        refusal::{JudgeError, Verdict, judge},
    },
    checkpoint::Checkpoint,
    keys::SecretKey,
    ledger::{
        entry::Entry,
        refusal::{Refusal, SignedRefusal},
    },
    merkle::{hash::empty_root, index::TreeSize},
    statement::{Signed, wire},
    time::Timestamp,
};

use crate::audit::{bundle, checkpoint, knowing_the_log, leaves, log_key, signer, story};
use crate::parties;

const STORY: &str = "a_refund_takes_back_with_the_original_shares 1";

/// An honest ledger whose entry 6 attests the contribution in entry 5.
fn entries() -> Vec<Entry> {
    story(STORY)
}

fn signed(entry: &Entry) -> Signed {
    wire::open(&entry.envelope).unwrap()
}

/// What the log signs who refuses `said` for `reason` after `entries`.
fn refused(entries: &[Entry], said: &Signed, reason: &str, at: Timestamp) -> SignedRefusal {
    let signer = signer(entries, log_key());
    let under = checkpoint(&leaves(entries), &signer).checkpoint().clone();
    let refusal = Refusal { under, statement: said.id().digest(), reason: reason.into(), judged: at };
    SignedRefusal::sign(refusal, &signer)
}

fn judged(refusal: &SignedRefusal, bundle: &[u8], said: &Signed) -> Result<Verdict, JudgeError> {
    judge(refusal, Some(bundle), Some(said), &knowing_the_log())
}

const RIGHT: Verdict = Verdict::Right { next_admitted_before: None };

#[test]
fn a_refusal_is_right_when_the_law_refuses_for_the_same_reason() {
    let all = entries();
    // The attestation came too early: its contribution is the entry before it.
    let (attestation, at) = (signed(&all[6]), all[4].admitted);
    let refusal = refused(&all[..5], &attestation, "UNKNOWN_CONTRIBUTION", at);
    // What came later, the attestation itself included, changes nothing.
    for bundle in [bundle(&all[..5]), bundle(&all)] {
        assert_eq!(judged(&refusal, &bundle, &attestation), Ok(RIGHT));
        let without = judge(&refusal, Some(bundle.as_slice()), None, &knowing_the_log());
        assert_eq!(without, Ok(Verdict::NotJudged));
    }
    assert!(!RIGHT.convicts() && !Verdict::NotJudged.convicts());
}

#[test]
fn a_server_that_refuses_wrongly_is_convicted() {
    let all = entries();
    let (attestation, at) = (signed(&all[6]), all[5].admitted);
    // The law admits it here.
    let refusal = refused(&all[..6], &attestation, "UNKNOWN_CONTRIBUTION", at);
    let verdict = judged(&refusal, &bundle(&all), &attestation).unwrap();
    assert_eq!(verdict, Verdict::Wrong { law: None });
    assert!(verdict.convicts());
    assert!(verdict.evidence(&refusal).contains("admits"), "{}", verdict.evidence(&refusal));
    // Here it refuses, for another reason.
    let refusal = refused(&all[..5], &attestation, "SIGNER_NOT_PARTY", at);
    let verdict = judged(&refusal, &bundle(&all), &attestation).unwrap();
    assert_eq!(verdict, Verdict::Wrong { law: Some("UNKNOWN_CONTRIBUTION") });
    // And here it stands in the ledger: the answer had to be the receipt.
    let refusal = refused(&all, &attestation, "ALREADY_ATTESTED", all[11].admitted);
    assert_eq!(judged(&refusal, &bundle(&all), &attestation), Ok(Verdict::Recorded));
    // A time before the last entry's is no admission time.
    let early = Timestamp::from_ms(all[4].admitted.as_ms() - 1).unwrap();
    let refusal = refused(&all[..5], &attestation, "UNKNOWN_CONTRIBUTION", early);
    let verdict = judged(&refusal, &bundle(&all), &attestation);
    assert_eq!(verdict, Ok(Verdict::Wrong { law: Some("TIME_RAN_BACK") }));
}

#[test]
fn a_refusal_judged_later_than_the_next_entry_is_said_to_be() {
    let all = entries();
    let (attestation, next) = (signed(&all[6]), all[5].admitted);
    let late = Timestamp::from_ms(next.as_ms() + 60_000).unwrap();
    let refusal = refused(&all[..5], &attestation, "UNKNOWN_CONTRIBUTION", late);
    let verdict = judged(&refusal, &bundle(&all), &attestation).unwrap();
    assert_eq!(verdict, Verdict::Right { next_admitted_before: Some(next) });
    assert!(verdict.evidence(&refusal).contains("clock"));
}

#[test]
fn a_refusal_under_another_ledger_than_the_signed_one_convicts_only_with_a_sound_bundle() {
    let all = entries();
    let attestation = signed(&all[6]);
    let signer = signer(&all, log_key());
    let mut under = checkpoint(&leaves(&all[..5]), &signer).checkpoint().clone();
    under.root = checkpoint(&leaves(&all[..4]), &signer).checkpoint().root;
    let refusal = Refusal {
        under,
        statement: attestation.id().digest(),
        reason: "UNKNOWN_CONTRIBUTION".into(),
        judged: all[4].admitted,
    };
    let refusal = SignedRefusal::sign(refusal, &signer);
    let verdict = judged(&refusal, &bundle(&all), &attestation).unwrap();
    assert!(matches!(&verdict, Verdict::Forked { .. }) && verdict.convicts(), "{verdict:?}");
    // A courier's bundle with a changed entry shows nothing against the log.
    let mut changed = all.clone();
    changed[2].admitted = Timestamp::from_ms(changed[2].admitted.as_ms() + 1).unwrap();
    let honest = refused(&all[..5], &attestation, "UNKNOWN_CONTRIBUTION", all[4].admitted);
    let forged = crate::audit::export(&leaves(&changed), &signer_of_another_key(&all));
    let found = judged(&honest, &forged, &attestation);
    assert!(matches!(found, Err(JudgeError::Unsound { .. })), "{found:?}");
}

fn signer_of_another_key(entries: &[Entry]) -> counterfoil::checkpoint::note::NoteSigner {
    signer(entries, SecretKey::from_seed(&[201; 32]))
}

#[test]
fn what_does_not_belong_together_is_not_judged() {
    let all = entries();
    let (attestation, at) = (signed(&all[6]), all[4].admitted);
    let refusal = refused(&all[..5], &attestation, "UNKNOWN_CONTRIBUTION", at);
    let found = judged(&refusal, &bundle(&all), &signed(&all[5]));
    assert_eq!(found, Err(JudgeError::OtherStatement));
    let found = judged(&refusal, &bundle(&all[..4]), &attestation);
    assert_eq!(found, Err(JudgeError::BundleTooShort { size: 5, entries: 4 }));
    let none: Option<&[u8]> = None;
    let found = judge(&refusal, none, Some(&attestation), &knowing_the_log());
    assert_eq!(found, Err(JudgeError::BundleMissing { size: 5 }));
    let others = story("cents_go_round_over_the_settlements 1");
    let found = judged(&refusal, &bundle(&others), &attestation);
    assert!(matches!(found, Err(JudgeError::OtherAgreement { .. })), "{found:?}");
    // A refusal in the name of one agreement of a statement in another.
    let elsewhere = refused(&others[..3], &attestation, "OTHER_AGREEMENT", at);
    let found = judged(&elsewhere, &bundle(&others), &attestation);
    assert!(matches!(found, Err(JudgeError::OtherAgreement { .. })), "{found:?}");
    // A ledger that the law does not let grow so is the first thing to be said.
    let mut unsound = all.clone();
    unsound.insert(3, Entry { admitted: all[2].admitted, ..all[1].clone() });
    let refusal = refused(&unsound[..6], &attestation, "UNKNOWN_CONTRIBUTION", at);
    let found = judged(&refusal, &bundle(&unsound), &attestation);
    assert_eq!(found, Err(JudgeError::Unsound { entry: Some(3), rule: "ENTRY_REPEATED" }));
}

#[test]
fn a_refused_proposal_needs_no_ledger() {
    let mut terms = parties::terms();
    terms.streams[0].collector = "nobody".parse().unwrap();
    let (_, wrong) = parties::propose("community", terms);
    let (_, good) = parties::propose("community", parties::terms());
    let at = Timestamp::from_ms(parties::NOW_MS).unwrap();
    let none: Option<&[u8]> = None;
    let options = Options { log_key: Some(log_key().public()), file: String::new() };
    for (envelope, law) in [(wrong, Some("COLLECTOR_UNKNOWN")), (good, None)] {
        let said = wire::open(&envelope).unwrap();
        let entry = Entry { admitted: at, envelope };
        let signer = signer(&[entry], log_key());
        let under = Checkpoint { origin: signer.name().into(), size: TreeSize::ZERO, root: empty_root() };
        let refusal = Refusal { under, statement: said.id().digest(), reason: "COLLECTOR_UNKNOWN".into(), judged: at };
        let refusal = SignedRefusal::sign(refusal, &signer);
        let expected = if law.is_some() { RIGHT } else { Verdict::Wrong { law: None } };
        assert_eq!(judge(&refusal, none, Some(&said), &options), Ok(expected));
    }
}
