//! What is kept of the law beside a ledger: opened from, recalled, read, and never believed when it does not fit.

use std::sync::Arc;

use bytes::Bytes;
use counterfoil::{
    agreement::Agreement,
    ledger::LedgerId,
    sequencer::{Memory, Part, ReadError, Sequencer, SubmitError},
    statement::{
        Attestation, Benefit, BenefitConfirmation, Body, Contribution, ContributionWithdrawal, Reversal,
        ReversalConfirmation, Verdict, id::StatementId, wire,
    },
    store::{Store, memory::MemoryStore},
};

use crate::{
    keeper::{read_views, views},
    sequencer::{
        FORGETFUL, NOON_MS,
        deal::{Deal, hour},
        ms, open_with, submit,
        watched::Watched,
    },
};

/// A server that forgets, and the same agreement with everything at hand.
pub(super) struct Both {
    pub(super) sequencer: Sequencer,
    whole: Agreement,
    deal: Deal,
    spoken: u64,
}

pub(super) const NEAR_NOTHING: Memory = Memory { changed_max: 3, at_hand_max: 1, changes_max: 1, folded_max: 1 };

impl Both {
    pub(super) async fn begin(store: &Arc<impl Store>, memory: Memory) -> Self {
        let sequencer = open_with(store, memory).await;
        let deal = Deal::new(1);
        let founded = submit(&sequencer, deal.proposal.clone()).await.unwrap();
        let whole = Agreement::found(&wire::open(&deal.proposal).unwrap(), founded.admitted).unwrap();
        let mut both = Self { sequencer, whole, deal, spoken: 0 };
        both.submit(both.deal.acceptance()).await.unwrap();
        both
    }

    async fn submit(&mut self, envelope: counterfoil::envelope::Envelope) -> Result<StatementId, SubmitError> {
        let signed = wire::open(&envelope).unwrap();
        let submitted = submit(&self.sequencer, envelope).await?;
        let admission = self.whole.admit(&signed, submitted.admitted).unwrap();
        assert_eq!(submitted.index, self.whole.size());
        self.whole.apply(admission);
        Ok(signed.id())
    }

    async fn say(&mut self, who: &str, body: Body) -> StatementId {
        self.spoken += 1;
        self.submit(self.deal.say(who, self.spoken, None, body)).await.unwrap()
    }

    async fn settle(&mut self, entries_back: u64) {
        let settlement = self.whole.account_at(self.whole.size() - entries_back).unwrap().settlement;
        self.say("enterprise", Body::Settlement(settlement)).await;
    }

    /// Something of every kind; a settlement at an older size when `round` is odd.
    pub(super) async fn round(&mut self, round: u64) -> Vec<StatementId> {
        let mut claims = Vec::new();
        for number in 0..8_u64 {
            let quantity = (number + 1 + round).to_string().parse().unwrap();
            let mut said = Contribution { quantity, ..hour("community", Vec::new()) };
            if number < 3 {
                said.artifacts = wire_artifacts(&self.deal, u8::try_from(round * 8 + number).unwrap());
            }
            claims.push(self.say("community", Body::Contribution(said)).await);
        }
        for claim in &claims[..5] {
            self.say(
                "enterprise",
                judge(*claim, Verdict::Accepted { quality: "1/2".parse().unwrap(), unplanned: false }),
            )
            .await;
        }
        self.say("enterprise", judge(claims[5], Verdict::Rejected)).await;
        for claim in [claims[0], claims[6]] {
            let withdrawal = ContributionWithdrawal { contribution: claim, reason: String::new() };
            self.say("community", Body::ContributionWithdrawal(withdrawal)).await;
        }
        let benefit = self.say("enterprise", Body::Benefit(sales(10_000 + round))).await;
        self.say("community", Body::BenefitConfirmation(BenefitConfirmation { benefits: vec![benefit] })).await;
        self.settle(if round % 2 == 1 { 7 } else { 0 }).await;
        let evidence = counterfoil::digest::Digest::of(&[b"evidence"]);
        let reversal = Reversal { benefit, amount: 3_000, evidence, note: "a line".into() };
        let reversal = self.say("enterprise", Body::Reversal(reversal)).await;
        let body = Body::ReversalConfirmation(ReversalConfirmation { reversals: vec![reversal] });
        self.say("community", body).await;
        claims
    }

    /// Contributions that count, and no settlement.
    pub(super) async fn count(&mut self, contributions: u64) {
        for number in 0..contributions {
            let quantity = (number + 1).to_string().parse().unwrap();
            let claim = Body::Contribution(Contribution { quantity, ..hour("community", Vec::new()) });
            let claim = self.say("community", claim).await;
            self.say(
                "enterprise",
                judge(claim, Verdict::Accepted { quality: "1/2".parse().unwrap(), unplanned: false }),
            )
            .await;
        }
    }

    /// Holds everything that can be read to what follows from the entries.
    async fn check(&self) {
        let size = self.whole.size();
        let expected = (views(&self.whole), self.whole.account_at(size).unwrap());
        let explained = [0, 1].map(|party| self.whole.explain(party, 0, size).unwrap());
        let read = self.sequencer.read(self.deal.id, None, Part::All, move |reader| {
            reader.recall_account(size).unwrap();
            let account = reader.agreement().account_at(size).unwrap();
            let explained = [0, 1].map(|party| reader.explain((party, 0), size, usize::MAX).unwrap().unwrap().unwrap());
            ((read_views(reader).unwrap(), account), explained)
        });
        let (found, found_explained) = read.await.unwrap();
        assert_eq!(found, expected);
        assert_eq!(found_explained, explained);
        assert_eq!(self.at_hand().await, 0, "a view sees no more than the books");
    }

    /// How many slips a view would be given: none, for they may be anywhere.
    async fn at_hand(&self) -> usize {
        self.sequencer.view(self.deal.id, |agreement, _| usize::from(!agreement.has_forgotten())).await.unwrap()
    }

    pub(super) async fn reopen(&mut self, store: &Arc<impl Store>, memory: Memory) {
        self.sequencer.shut_down().await;
        self.sequencer = open_with(store, memory).await;
    }

    pub(super) fn ledger(&self) -> LedgerId {
        LedgerId::new(self.deal.id.digest())
    }
}

fn wire_artifacts(deal: &Deal, artifact: u8) -> Vec<counterfoil::statement::Artifact> {
    let envelope = deal.contribution_of(0, artifact);
    let signed = wire::open(&envelope).unwrap();
    let Body::Contribution(said) = &signed.statement().body else { panic!("no contribution") };
    said.artifacts.clone()
}

fn judge(claim: StatementId, verdict: Verdict) -> Body {
    Body::Attestation(Attestation { contributions: vec![claim], verdict, reason: "a reason".into() })
}

fn sales(amount: u64) -> Benefit {
    let day_before = ms(NOON_MS - 24 * 60 * 60 * 1_000);
    Benefit {
        stream: "sales".parse().unwrap(),
        currency: "EUR".parse().unwrap(),
        amount,
        period_start: day_before,
        period_end: day_before,
        evidence: counterfoil::digest::Digest::of(&[b"evidence"]),
        note: "a line".into(),
    }
}

#[tokio::test]
async fn a_server_that_forgets_says_what_follows_from_all_entries() {
    for memory in [Memory::default(), NEAR_NOTHING, FORGETFUL] {
        let store = Arc::new(MemoryStore::new());
        let mut both = Both::begin(&store, memory).await;
        let mut earlier = Vec::new();
        for round in 0..4 {
            earlier.extend(both.round(round).await);
            both.check().await;
            if round % 2 == 1 {
                both.reopen(&store, memory).await;
                both.check().await;
            }
            // What is old is still judged as what it is.
            let again = Contribution {
                artifacts: wire_artifacts(&both.deal, u8::try_from(round * 8 + 1).unwrap()),
                ..hour("community", Vec::new())
            };
            both.spoken += 1;
            let overclaim = both.deal.say("community", both.spoken, None, Body::Contribution(again));
            let late = both.deal.say("enterprise", both.spoken, None, judge(earlier[0], Verdict::Rejected));
            for (envelope, expected) in [(overclaim, "OVERCLAIM"), (late, "ALREADY_ATTESTED")] {
                let refused = submit(&both.sequencer, envelope).await.unwrap_err();
                assert!(matches!(&refused, SubmitError::Refused(why) if why.reason() == expected), "{refused:?}");
            }
        }
    }
}

#[tokio::test]
async fn pages_of_an_older_size_say_what_stood_then() {
    let store = Arc::new(MemoryStore::new());
    let mut both = Both::begin(&store, NEAR_NOTHING).await;
    let mut stood = Vec::new();
    for round in 0..3 {
        both.round(round).await;
        stood.push((both.whole.size(), views(&both.whole)));
    }
    for (size, expected) in stood {
        let read = both
            .sequencer
            .read(both.deal.id, Some(size), Part::All, |reader| (reader.size(), read_views(reader).unwrap()));
        assert_eq!(read.await.unwrap(), (size, expected));
    }
    for size in [0, both.whole.size() + 1] {
        let beyond = both.sequencer.read(both.deal.id, Some(size), Part::Books, |_| ()).await;
        assert!(matches!(beyond, Err(ReadError::BeyondTree { .. })));
    }
}

#[tokio::test]
async fn a_ledger_opens_from_its_snapshot_and_reads_only_what_came_after() {
    let store = Arc::new(Watched::new());
    let mut both = Both::begin(&store, NEAR_NOTHING).await;
    for round in 0..3 {
        both.round(round).await;
    }
    both.sequencer.shut_down().await;
    let store = Arc::new(Watched::over(store.kept()));
    both.sequencer = open_with(&store, NEAR_NOTHING).await;
    assert_eq!(*store.leaves_read.lock().unwrap(), [0], "the founding entry has the terms");
    both.check().await;
    // Without a stop the snapshot is older, though not older than the stop before, and what came after it is folded.
    let stopped = both.whole.size();
    both.round(3).await;
    let crashed = Arc::new(Watched::over(store.kept()));
    both.sequencer = open_with(&crashed, NEAR_NOTHING).await;
    let read = crashed.leaves_read.lock().unwrap().len();
    let since = usize::try_from(both.whole.size() - stopped).unwrap();
    assert!((1..=1 + since).contains(&read), "{read} leaves were read, {since} came since");
    both.check().await;
}

/// Everything kept beside a ledger, and how it is kept again with a change.
fn kept(store: &MemoryStore, ledger: LedgerId) -> (Bytes, Vec<(Bytes, Bytes)>) {
    let slips = store.list_records(ledger, &[], &[0xff; 8], false, usize::MAX).unwrap();
    (store.snapshot(ledger).unwrap().unwrap(), slips)
}

#[tokio::test]
async fn a_snapshot_that_does_not_fit_is_not_believed() {
    let store = Arc::new(MemoryStore::new());
    let mut both = Both::begin(&store, NEAR_NOTHING).await;
    both.round(0).await;
    both.sequencer.shut_down().await;
    let ledger = both.ledger();
    let (older, _) = kept(&store, ledger);
    both.sequencer = open_with(&store, NEAR_NOTHING).await;
    both.round(1).await;
    both.sequencer.shut_down().await;
    let (snapshot, _) = kept(&store, ledger);
    let flipped = |place: usize| {
        let mut bytes = snapshot.to_vec();
        bytes[place] ^= 1;
        Bytes::from(bytes)
    };
    let mut spoilt: Vec<Bytes> = (0..snapshot.len()).step_by(snapshot.len() / 9).map(flipped).collect();
    spoilt.extend([Bytes::new(), snapshot.slice(..40), snapshot.slice(..snapshot.len() - 1)]);
    for bytes in spoilt {
        store.keep(ledger, bytes, Vec::new()).unwrap();
        both.sequencer = open_with(&store, NEAR_NOTHING).await;
        both.check().await;
        both.sequencer.shut_down().await;
        // A new lineage; of the old ones nothing is left in the end.
        let (_, slips) = kept(&store, ledger);
        let lineages: std::collections::BTreeSet<_> = slips.iter().map(|(key, _)| key[..4].to_vec()).collect();
        assert_eq!(lineages.len(), 1, "{lineages:?}");
    }
    // An older snapshot beside newer slips: what it says twice is noticed, or it is not wrong.
    let (_, slips) = kept(&store, ledger);
    let moved = slips.iter().map(|(key, slip)| ([&[0; 4], &key[4..]].concat().into(), Some(slip.clone())));
    store.keep(ledger, older, moved.collect()).unwrap();
    both.sequencer = open_with(&store, NEAR_NOTHING).await;
    both.check().await;
    both.round(2).await;
    both.check().await;
}

#[tokio::test]
async fn a_slip_that_is_damaged_or_lost_has_the_ledger_folded_anew() {
    for (lost, listed) in [(false, false), (false, true), (true, false)] {
        let store = Arc::new(MemoryStore::new());
        let mut both = Both::begin(&store, NEAR_NOTHING).await;
        let claims = both.round(0).await;
        both.sequencer.shut_down().await;
        let ledger = both.ledger();
        let (snapshot, slips) = kept(&store, ledger);
        let spoilt = slips.into_iter().map(|(key, slip)| {
            let mut bytes = slip.to_vec();
            bytes[0] ^= 1;
            (key, (!lost).then(|| bytes.into()))
        });
        store.keep(ledger, snapshot, spoilt.collect()).unwrap();
        both.sequencer = open_with(&store, NEAR_NOTHING).await;
        if listed {
            // Whoever lists it is told so, and whoever lists it next gets it.
            let listed = |sequencer: &Sequencer| {
                let sequencer = sequencer.clone();
                let id = both.deal.id;
                async move {
                    sequencer.read(id, None, Part::All, |reader| reader.benefits(0).all(|kept| kept.is_ok())).await
                }
            };
            assert!(!listed(&both.sequencer).await.unwrap());
            assert!(listed(&both.sequencer).await.unwrap());
            both.check().await;
            continue;
        }
        let late = both.deal.say("enterprise", 999, None, judge(claims[7], Verdict::Rejected));
        let refused = both.submit(late.clone()).await;
        assert!(matches!(refused, Err(SubmitError::NotCommitted)), "{refused:?}");
        both.submit(late).await.unwrap();
        both.check().await;
    }
}

#[tokio::test]
async fn what_cannot_be_kept_stays_in_memory_until_it_can() {
    let store = Arc::new(Watched::new());
    let mut both = Both::begin(&store, NEAR_NOTHING).await;
    both.round(0).await;
    store.fail_keeps(true);
    both.round(1).await;
    both.check().await;
    store.fail_keeps(false);
    both.round(2).await;
    both.check().await;
    both.sequencer.shut_down().await;
    let store = Arc::new(Watched::over(store.kept()));
    both.sequencer = open_with(&store, NEAR_NOTHING).await;
    assert_eq!(*store.leaves_read.lock().unwrap(), [0]);
    both.check().await;
}

#[tokio::test]
async fn what_was_recalled_for_statements_that_are_refused_does_not_stay() {
    const AT_HAND: usize = 8;
    let store = Arc::new(MemoryStore::new());
    let mut both = Both::begin(&store, Memory { at_hand_max: AT_HAND, ..NEAR_NOTHING }).await;
    both.count(60).await;
    let claims: Vec<StatementId> = both.whole.contributions().map(|view| view.id).collect();
    for round in 0..40_u64 {
        let unknown = StatementId::from_digest(counterfoil::digest::Digest::of(&[&round.to_be_bytes()]));
        let few = claims.iter().copied().cycle().skip(usize::try_from(round).unwrap() * 7 % claims.len()).take(5);
        let verdict = Verdict::Rejected;
        let body = Attestation { contributions: few.chain([unknown]).collect(), verdict, reason: "none".into() };
        both.spoken += 1;
        let envelope = both.deal.say("community", both.spoken, None, Body::Attestation(body));
        if round % 2 == 0 {
            let asked = both.sequencer.validate(wire::open(&envelope).unwrap()).await;
            assert!(matches!(asked, Err(SubmitError::Refused(_))), "{asked:?}");
        }
        let refused = both.submit(envelope).await.unwrap_err();
        assert_eq!(crate::sequencer::reason(&refused), "OWN_CONTRIBUTION");
        // And sheets: those of older sizes, for settlements that are wrong.
        let mut settlement = both.whole.account_at(both.whole.size()).unwrap().settlement;
        settlement.tree_size = 10 + round * 2;
        settlement.shares = counterfoil::digest::Digest::of(&[b"of another"]);
        both.spoken += 1;
        let settlement = both.deal.say("community", both.spoken, None, Body::Settlement(settlement));
        let refused = both.submit(settlement).await.unwrap_err();
        assert_eq!(crate::sequencer::reason(&refused), "SPLIT_MISMATCH");
        let recalled = both.sequencer.view(both.deal.id, |agreement, _| agreement.recalled()).await.unwrap();
        // As many as may stay, and what the last statement named: claims, or the changes of a sheet.
        assert!(recalled <= AT_HAND + 6, "{recalled} are at hand after {} statements", 2 * round + 2);
    }
    both.check().await;
}
