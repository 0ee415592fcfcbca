//! Refusals are signed where they were judged: anybody who has the entries judges them again, and finds the server right.

use std::sync::Arc;

use counterfoil::{
    audit::{
        Options,
        refusal::{Verdict, judge},
    },
    envelope::Envelope,
    keys::SecretKey,
    ledger::{bundle::BundleWriter, refusal::SignedRefusal},
    sequencer::{Sequencer, SubmitError},
    split::Ratio,
    statement::{
        Attestation, Body, Verdict as Judged,
        id::{AgreementId, StatementId},
        wire,
    },
    store::memory::MemoryStore,
};

use crate::sequencer::{FORGETFUL, deal::Deal, enter_deal, open, open_with, opened, submit, watched::Watched};

async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

async fn bundle(sequencer: &Sequencer, agreement: AgreementId) -> Vec<u8> {
    let checkpoint = sequencer.checkpoint(agreement).await.unwrap();
    let leaves = sequencer.entries(agreement, 0, usize::MAX).await.unwrap();
    let count = checkpoint.checkpoint().size.get();
    let mut bundle = BundleWriter::begin(Vec::new(), &sequencer.verifier(agreement), count).unwrap();
    leaves.iter().for_each(|leaf| bundle.entry(leaf).unwrap());
    bundle.finish(&checkpoint).unwrap()
}

/// Takes the signed refusal of what was refused; it must open for the log.
fn signed(sequencer: &Sequencer, agreement: AgreementId, error: SubmitError) -> SignedRefusal {
    let SubmitError::Refused(refused) = error else { panic!("{error}") };
    let signed = refused.signed.unwrap();
    assert_eq!(signed.refusal().reason, refused.refusal.reason());
    assert_eq!(SignedRefusal::open(signed.note(), &sequencer.verifier(agreement)).as_ref(), Ok(&signed));
    signed
}

fn attestation(deal: &Deal, number: u64, of: &Envelope) -> Envelope {
    let verdict = Judged::Accepted { quality: Ratio::ONE, unplanned: false };
    let contributions = vec![StatementId::from_digest(of.id())];
    deal.say(
        "enterprise",
        number,
        None,
        Body::Attestation(Attestation { contributions, verdict, reason: String::new() }),
    )
}

fn judged(refusal: &SignedRefusal, bundle: &[u8], envelope: &Envelope) -> Verdict {
    let options = Options { log_key: Some(SecretKey::from_seed(&[9; 32]).public()), file: String::new() };
    judge(refusal, Some(bundle), Some(&wire::open(envelope).unwrap()), &options).unwrap()
}

#[tokio::test]
async fn a_refusal_stands_under_the_entries_before_it_and_not_under_those_of_its_batch_behind_it() {
    let store = Arc::new(Watched::new());
    let sequencer = open(&store).await;
    let deal = enter_deal(&sequencer).await;
    // One batch: an entry, an attestation that comes too early, and only then the contribution that it is of.
    let (first, contribution) = (deal.contribution(0), deal.contribution(1));
    let early = attestation(&deal, 2, &contribution);
    store.hold();
    let mut waiting = Vec::new();
    for envelope in [deal.contribution(9), first, early.clone(), contribution] {
        let sequencer = sequencer.clone();
        let opened = opened(&envelope);
        waiting.push(tokio::spawn(async move { sequencer.submit(opened).await }));
        settle().await;
    }
    store.let_go();
    let mut answers = Vec::new();
    for answer in waiting {
        answers.push(answer.await.unwrap());
    }
    let last = answers.pop().unwrap().unwrap();
    assert_eq!((last.index, last.checkpoint.checkpoint().size.get()), (4, 5));
    let refusal = signed(&sequencer, deal.id, answers.pop().unwrap().unwrap_err());
    assert_eq!((refusal.refusal().under.size.get(), refusal.refusal().reason.as_str()), (4, "UNKNOWN_CONTRIBUTION"));
    let bundle = bundle(&sequencer, deal.id).await;
    assert_eq!(judged(&refusal, &bundle, &early), Verdict::Right { next_admitted_before: None });
}

#[tokio::test]
async fn every_refusal_of_a_server_that_forgets_is_right() {
    let store = Arc::new(MemoryStore::new());
    let sequencer = open_with(&store, FORGETFUL).await;
    let deal = enter_deal(&sequencer).await;
    let mut refused = Vec::new();
    for number in 0..8 {
        let contribution = deal.contribution_of(10 * number, u8::try_from(number).unwrap());
        submit(&sequencer, contribution.clone()).await.unwrap();
        submit(&sequencer, attestation(&deal, 10 * number + 1, &contribution)).await.unwrap();
        for envelope in [
            attestation(&deal, 10 * number + 2, &contribution),
            deal.contribution_of(10 * number + 3, 0),
            attestation(&deal, 10 * number + 4, &deal.proposal),
        ] {
            let error = submit(&sequencer, envelope.clone()).await.unwrap_err();
            refused.push((signed(&sequencer, deal.id, error), envelope));
        }
    }
    let bundle = bundle(&sequencer, deal.id).await;
    for (refusal, envelope) in &refused {
        let verdict = judged(refusal, &bundle, envelope);
        assert_eq!(verdict, Verdict::Right { next_admitted_before: None }, "{refusal:?}");
    }
}

#[tokio::test]
async fn a_proposal_is_refused_under_the_empty_ledger_and_what_is_only_asked_gets_no_signature() {
    let store = Arc::new(MemoryStore::new());
    let sequencer = open(&store).await;
    let (agreement, envelope) = {
        let mut terms = crate::parties::terms();
        terms.streams[0].collector = "nobody".parse().unwrap();
        crate::parties::propose("community", terms)
    };
    let proposal = wire::open(&envelope).unwrap();
    let Err(SubmitError::Refused(asked)) = sequencer.validate(proposal.clone()).await else { panic!("admitted") };
    assert_eq!((asked.reason(), &asked.signed), ("COLLECTOR_UNKNOWN", &None));
    let error = sequencer.submit(opened(&envelope)).await.unwrap_err();
    let refusal = signed(&sequencer, agreement, error);
    assert_eq!(refusal.refusal().under.size.get(), 0);
    let none: Option<&[u8]> = None;
    let verdict = judge(&refusal, none, Some(&proposal), &Options::default());
    assert_eq!(verdict, Ok(Verdict::Right { next_admitted_before: None }));

    let deal = Deal::new(1);
    submit(&sequencer, deal.proposal.clone()).await.unwrap();
    let early = wire::open(&deal.contribution(1)).unwrap();
    let Err(SubmitError::Refused(asked)) = sequencer.validate(early).await else { panic!("admitted") };
    assert_eq!((asked.reason(), &asked.signed), ("NOT_IN_FORCE", &None));
}
