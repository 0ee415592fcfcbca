//! The parties of a simulation, and what they say: most of it right, some of it refused, all of it by the seed.

use std::collections::BTreeMap;

use counterfoil::{
    digest::Digest,
    envelope::Envelope,
    keys::{KnownKeys, SecretKey},
    ledger::LedgerId,
    split::Ratio,
    statement::{
        Acceptance, Artifact, ArtifactDigest, ArtifactKind, Attestation, Benefit, BenefitConfirmation, Body,
        Contribution, ContributionWithdrawal, Reversal, SeenCheckpoint, Settlement, Signed, Statement, Verdict,
        id::{AgreementId, StatementId},
        wire::{self, Opened},
    },
    time::Timestamp,
};

use crate::{
    common::Chance,
    parties::{NOW_MS, key, terms_between},
    simulation::record::{Record, long, short},
};

pub(super) const NAMES: [&str; 2] = ["community", "enterprise"];
const STRANGER: &str = "stranger";

/// A statement as somebody submits it.
#[derive(Clone)]
pub(super) struct Said(pub(super) Opened);

impl Said {
    pub(super) fn envelope(&self) -> &Envelope {
        self.0.envelope()
    }

    pub(super) fn signed(&self) -> &Signed {
        self.0.signed()
    }

    pub(super) fn ledger(&self) -> LedgerId {
        LedgerId::new(self.signed().agreement().digest())
    }
}

/// One agreement, and everything that was ever said in it.
struct Deal {
    id: AgreementId,
    said: Vec<Said>,
    contributions: Vec<StatementId>,
    benefits: Vec<StatementId>,
    accepted: bool,
}

pub(super) struct Cast {
    keys: BTreeMap<&'static str, SecretKey>,
    deals: Vec<Deal>,
    said: u64,
}

impl Cast {
    /// Some agreements, whose proposals nobody has submitted yet.
    pub(super) fn new(deals: usize) -> Self {
        let keys = NAMES.into_iter().chain([STRANGER]).map(|name| (name, key(name))).collect();
        let mut cast = Self { keys, deals: Vec::new(), said: 0 };
        for _ in 0..deals {
            let said = cast.say(None, NAMES[0], None, Body::Proposal(terms_between(NAMES)));
            let id = said.signed().agreement();
            let (contributions, benefits) = (Vec::new(), Vec::new());
            cast.deals.push(Deal { id, said: vec![said], contributions, benefits, accepted: false });
        }
        cast
    }

    pub(super) fn agreements(&self) -> Vec<AgreementId> {
        self.deals.iter().map(|deal| deal.id).collect()
    }

    /// Something that was said before.
    pub(super) fn again(&self, chance: &mut Chance) -> Said {
        let deal = &self.deals[chance.below(self.deals.len())];
        deal.said[chance.below(deal.said.len())].clone()
    }

    /// Something new, or a founding that may have been tried before.
    pub(super) fn next(&mut self, chance: &mut Chance, record: &Record) -> Said {
        let number = chance.below(self.deals.len());
        let ledger = LedgerId::new(self.deals[number].id.digest());
        let size = record.size(ledger);
        if size == 0 && chance.below(8) > 0 {
            return self.deals[number].said[0].clone();
        }
        let mut who = NAMES[chance.below(NAMES.len())];
        let body = if size == 1 && !self.deals[number].accepted && chance.below(4) > 0 {
            who = NAMES[1];
            self.deals[number].accepted = true;
            self.acceptance(number)
        } else {
            self.body(number, who, chance, record)
        };
        if chance.below(24) == 0 {
            who = STRANGER;
        }
        let seen = (chance.below(4) == 0 && size > 0).then(|| seen(ledger, size, chance, record));
        let said = self.say(Some(self.deals[number].id), who, seen, body);
        let deal = &mut self.deals[number];
        match &said.signed().statement().body {
            Body::Contribution(_) => deal.contributions.push(said.signed().id()),
            Body::Benefit(_) => deal.benefits.push(said.signed().id()),
            _ => {}
        }
        deal.said.push(said.clone());
        said
    }

    fn acceptance(&self, number: usize) -> Body {
        let proposal = StatementId::from_digest(self.deals[number].id.digest());
        Body::Acceptance(Acceptance { proposal })
    }

    fn body(&mut self, number: usize, who: &str, chance: &mut Chance, record: &Record) -> Body {
        self.said += 1;
        let said = self.said;
        let deal = &self.deals[number];
        let some_of = |of: &[StatementId], chance: &mut Chance| {
            let mut some: Vec<_> = (0..1 + chance.below(3)).map(|_| of[chance.below(of.len())]).collect();
            some.sort();
            some.dedup();
            some
        };
        match chance.below(20) {
            8..12 if !deal.contributions.is_empty() => {
                let contributions = some_of(&deal.contributions, chance);
                let (verdict, reason) = match chance.below(6) {
                    0 => (Verdict::Rejected, "not done".to_owned()),
                    _ => (Verdict::Accepted { quality: Ratio::ONE, unplanned: false }, String::new()),
                };
                Body::Attestation(Attestation { contributions, verdict, reason })
            }
            12 if !deal.contributions.is_empty() => {
                let contribution = deal.contributions[chance.below(deal.contributions.len())];
                Body::ContributionWithdrawal(ContributionWithdrawal { contribution, reason: "a mistake".into() })
            }
            13..15 => Body::Benefit(Benefit {
                stream: "support".parse().unwrap(),
                currency: "EUR".parse().unwrap(),
                amount: 1 + chance.next() % 1_000_000,
                period_start: ms(1),
                period_end: ms(2),
                evidence: Digest::of(&[b"invoice", &said.to_be_bytes()]),
                note: String::new(),
            }),
            15..17 if !deal.benefits.is_empty() => {
                Body::BenefitConfirmation(BenefitConfirmation { benefits: some_of(&deal.benefits, chance) })
            }
            17 if !deal.benefits.is_empty() => Body::Reversal(Reversal {
                benefit: deal.benefits[chance.below(deal.benefits.len())],
                amount: 1 + chance.next() % 1_000,
                evidence: Digest::of(&[b"credit note", &said.to_be_bytes()]),
                note: String::new(),
            }),
            18 => settlement(deal, record).map_or_else(|| self.acceptance(number), Body::Settlement),
            19 if chance.below(4) == 0 => self.acceptance(number),
            _ => Body::Contribution(contribution(who, said, chance, record)),
        }
    }

    fn say(
        &mut self,
        agreement: Option<AgreementId>,
        who: &'static str,
        seen: Option<SeenCheckpoint>,
        body: Body,
    ) -> Said {
        self.said += 1;
        let mut nonce = [0; 16];
        nonce[..8].copy_from_slice(&self.said.to_be_bytes());
        let key = &self.keys[who];
        let statement = Statement { agreement, signer: key.public(), nonce, claimed_time: ms(NOW_MS), seen, body };
        let envelope = wire::sign(&statement, key).unwrap();
        Said(Opened::open(envelope, &KnownKeys::new(1)).unwrap())
    }
}

/// An hour of work; now and then of work that ends later than now, or whose artifact another claims too.
fn contribution(party: &str, said: u64, chance: &mut Chance, record: &Record) -> Contribution {
    let shared = chance.below(5) == 0;
    let artifact = if shared { chance.next() % 4 } else { 1_000 + said };
    let now = record.clock.last().map_or(NOW_MS, |now| now.as_ms());
    let work_end = if chance.below(6) == 0 { now + chance.next() % 7_200_000 } else { NOW_MS - 30 * DAY_MS };
    Contribution {
        party: party.parse().unwrap(),
        unit: "review-hour".parse().unwrap(),
        quantity: Ratio::new(1 + chance.next() % 5, 1).unwrap(),
        work_start: ms(NOW_MS - 31 * DAY_MS),
        work_end: ms(work_end),
        artifacts: vec![Artifact {
            kind: ArtifactKind::GitCommit,
            digest: ArtifactDigest::Sha256(Digest::of(&[&artifact.to_be_bytes()])),
            media_type: String::new(),
            uri: String::new(),
            fraction: if shared { Ratio::new(1, 2).unwrap() } else { Ratio::ONE },
        }],
        note: String::new(),
        task: None,
    }
}

/// What somebody remembers: mostly a checkpoint of this ledger.
fn seen(ledger: LedgerId, size: u64, chance: &mut Chance, record: &Record) -> SeenCheckpoint {
    let tree_size = 1 + chance.next() % size;
    let root = record.ledgers[&ledger].roots[short(tree_size) - 1];
    match chance.below(6) {
        0 => SeenCheckpoint { tree_size, root: Digest::of(&[b"another ledger"]) },
        // Not yet that long; it may be by the time it is admitted, and then of another root.
        1 => SeenCheckpoint { tree_size: size + 1 + chance.next() % 3, root },
        _ => SeenCheckpoint { tree_size, root },
    }
}

fn settlement(deal: &Deal, record: &Record) -> Option<Settlement> {
    let kept = record.ledgers.get(&LedgerId::new(deal.id.digest()))?;
    let size = long(kept.leaves.len());
    Some(kept.agreement(size)?.account_at(size).ok()?.settlement)
}

pub(super) const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

pub(super) fn ms(ms: u64) -> Timestamp {
    Timestamp::from_ms(ms).unwrap()
}
