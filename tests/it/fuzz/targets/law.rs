//! The law: anybody says anything in any order, with any fields. What must hold whatever was said is checked here; how an account is
//! computed, the oracle says. In half of the sessions everything is spoken of that may be, and what must hold is what
//! [`crate::law::whole`] holds histories to.

use counterfoil::{
    agreement::{Agreement, refusal::reasons},
    digest::Digest,
    split::Ratio,
    statement::{
        Acceptance, Artifact, ArtifactDigest, ArtifactKind, Attestation, Benefit, BenefitConfirmation, Body,
        Contribution, ContributionWithdrawal, Decline, ProposalWithdrawal, Reversal, ReversalConfirmation, Settlement,
        Signed, Statement, Verdict, id::StatementId, terms::Terms, wire,
    },
    time::Timestamp,
};

use super::feed::Feed;
use crate::{
    law::{
        history::{Oracle, check_account},
        whole::{ACTS, Step, World, folded},
    },
    stories::terms,
};

const HEADS: [&str; 3] = [
    "party community kappa 3/2
     party enterprise
     party foundation
     currency EUR 2
     currency JPY 0
     dimension T weight 2/3 mass 20 defaults 1/2,3/10,1/5 coefficients 1,5/4,1
     dimension S weight 1/3 mass none defaults 1/3,1/3,1/3
     unit hour T 3/2
     unit dataset S 7 attestations 2
     stream sales enterprise 1/3
     stream support community 1",
    "party community keys 2 threshold 2
     party enterprise keys 2
     key enterprise.2 ATTEST,REPORT
     unit hour T 1
     unit dataset T 1/3 by enterprise
     deadline 2026-01-02T00:00:00Z
     lapses-on-decline
     back-date 30",
    "party community
     party enterprise kappa 18446744073709551615
     dimension T mass 1/18446744073709551615 defaults 1,0
     unit hour T 18446744073709551615
     unit dataset T 1/18446744073709551615
     stream sales enterprise 18446744073709551614/18446744073709551615
     stream support community 1",
];
const WHO: [&str; 6] = ["community", "enterprise", "foundation", "community.2", "enterprise.2", "stranger"];
const START_MS: u64 = 1_767_268_800_000;
/// More would take too long.
const STATEMENTS_MAX: u8 = 40;

/// A session: under which terms, in force or not, and then statement by statement.
pub fn law(bytes: &[u8]) {
    let mut feed = Feed::new(bytes);
    let Some(head) = HEADS.get(usize::from(feed.byte() % 6)) else { return whole(&mut feed) };
    let mut session = Session::begin(head);
    if !feed.byte().is_multiple_of(4) {
        for who in WHO {
            let proposal = session.entries[0].0.id();
            session.say(who, Body::Acceptance(Acceptance { proposal }), false);
        }
    }
    for _ in 0..STATEMENTS_MAX {
        if feed.is_empty() {
            break;
        }
        session.step(&mut feed);
    }
    session.check();
}

/// A session over every kind of statement.
fn whole(feed: &mut Feed<'_>) {
    let mut world = World::begin(usize::from(feed.byte()));
    for _ in 0..STATEMENTS_MAX {
        if feed.is_empty() {
            break;
        }
        let (act, _) = *feed.one_of(&ACTS);
        world.play(Step { who: feed.below(4), act, of: feed.byte(), number: feed.number() });
    }
    world.look_back();
    assert!(folded(&world).is_like(world.agreement()), "the fold is a function of the entries");
}

struct Session {
    agreement: Agreement,
    clock: Timestamp,
    spoken: u64,
    /// What entered, and when.
    entries: Vec<(Signed, Timestamp)>,
    /// Everything that anybody may speak of, whether it entered or not.
    said: Vec<StatementId>,
    /// By currency and party: the sum of all dues.
    due: Vec<Vec<i128>>,
}

fn signed(who: &str, statement: Statement) -> Option<Signed> {
    let key = terms::secret(who);
    let envelope = wire::sign(&Statement { signer: key.public(), ..statement }, &key).ok()?;
    Some(wire::open(&envelope).unwrap())
}

fn nonce(number: u64) -> [u8; 16] {
    let mut nonce = [0; 16];
    nonce[..8].copy_from_slice(&number.to_be_bytes());
    nonce
}

fn time(ms: u64) -> Timestamp {
    Timestamp::from_ms(ms).unwrap_or(Timestamp::EPOCH)
}

impl Session {
    fn begin(head: &str) -> Self {
        let lines: Vec<Vec<&str>> = head.lines().map(|line| line.split_whitespace().collect()).collect();
        let terms: Terms = terms::read(lines.iter().map(Vec::as_slice)).unwrap();
        let due = vec![vec![0; terms.parties.len()]; terms.currencies.len()];
        let statement = Statement {
            agreement: None,
            signer: terms::secret(WHO[0]).public(),
            nonce: nonce(0),
            claimed_time: time(START_MS),
            seen: None,
            body: Body::Proposal(terms),
        };
        let proposal = signed(WHO[0], statement).unwrap();
        let clock = time(START_MS);
        let agreement = Agreement::found(&proposal, clock).unwrap();
        let said = vec![proposal.id()];
        Self { agreement, clock, spoken: 0, entries: vec![(proposal, clock)], said, due }
    }

    fn step(&mut self, feed: &mut Feed<'_>) {
        const MINUTE_MS: u64 = 60_000;
        const ADVANCES_MS: [u64; 6] = [0, 1, MINUTE_MS, 86_400_000, 40 * 86_400_000, 4_000 * 86_400_000];
        let how = feed.byte();
        let advance = ADVANCES_MS[usize::from(how % 16).min(5)];
        self.clock = Timestamp::from_ms(self.clock.as_ms() + advance).unwrap_or(self.clock);
        let who = *feed.one_of(&WHO);
        let body = self.body(feed);
        self.say(who, body, how >= 240);
    }

    /// Says it, and checks what is due whatever the answer is.
    fn say(&mut self, who: &str, body: Body, too_early: bool) {
        self.spoken += 1;
        let statement = Statement {
            agreement: Some(self.agreement.id()),
            signer: terms::secret(who).public(),
            nonce: nonce(self.spoken),
            claimed_time: self.clock,
            seen: None,
            body,
        };
        // What nobody would take is not signed.
        let Some(signed) = signed(who, statement) else { return };
        self.said.push(signed.id());
        let at = if too_early { time(START_MS - 1) } else { self.clock };
        let whole = self.spoken.is_multiple_of(8).then(|| format!("{:?}", self.agreement));
        match self.agreement.admit(&signed, at) {
            Err(refusal) => {
                assert!(reasons::all().any(|reason| reason.code == refusal.reason()), "{refusal}");
                if let Some(whole) = whole {
                    assert_eq!(format!("{:?}", self.agreement), whole, "a refusal changes nothing");
                }
            }
            Ok(admission) => {
                assert!(!too_early);
                let size = self.agreement.size();
                self.agreement.apply(admission);
                assert_eq!((self.agreement.size(), self.agreement.last_admitted()), (size + 1, at));
                self.count(&signed);
                assert!(self.agreement.admit(&signed, at).is_err(), "the same statement entered twice");
                self.entries.push((signed, at));
            }
        }
    }

    /// Adds up what a settlement pays: all that was ever paid is what is allocated.
    fn count(&mut self, signed: &Signed) {
        let Body::Settlement(settlement) = &signed.statement().body else { return };
        for (account, due) in settlement.accounts.iter().zip(&mut self.due) {
            for (line, due) in account.parties.iter().zip(due.iter_mut()) {
                *due += i128::from(line.due);
                assert_eq!(*due, i128::from(line.allocation), "dues add up to the allocation");
            }
            assert_eq!(due.iter().sum::<i128>(), i128::from(account.pool), "all of the pool is paid, and no more");
        }
    }

    fn body(&self, feed: &mut Feed<'_>) -> Body {
        match feed.byte() % 20 {
            0 => Body::Acceptance(Acceptance { proposal: self.id(feed) }),
            1 => Body::Decline(Decline { proposal: self.id(feed), reason: String::new() }),
            2 => Body::ProposalWithdrawal(ProposalWithdrawal { proposal: self.id(feed), reason: String::new() }),
            3 => self.entries[0].0.statement().body.clone(),
            4..8 => Body::Contribution(self.contribution(feed)),
            8 => Body::ContributionWithdrawal(ContributionWithdrawal {
                contribution: self.id(feed),
                reason: String::new(),
            }),
            9..12 => {
                let verdict = match feed.byte() % 8 {
                    0 => Verdict::Rejected,
                    1 => Verdict::ChangesRequested,
                    2 => Verdict::Accepted { quality: part(feed), unplanned: false },
                    _ => Verdict::Accepted { quality: Ratio::ONE, unplanned: false },
                };
                Body::Attestation(Attestation { contributions: self.ids(feed), verdict, reason: "said".to_owned() })
            }
            12 | 13 => {
                let (start, end) = period(feed, self.clock);
                Body::Benefit(Benefit {
                    stream: feed.one_of(&["sales", "support", "none"]).parse().unwrap(),
                    currency: feed.one_of(&["EUR", "JPY", "CHF"]).parse().unwrap(),
                    amount: feed.number(),
                    period_start: start,
                    period_end: end,
                    evidence: Digest::of(&[]),
                    note: String::new(),
                })
            }
            14 | 15 => Body::BenefitConfirmation(BenefitConfirmation { benefits: self.ids(feed) }),
            16 => Body::Reversal(Reversal {
                benefit: self.id(feed),
                amount: feed.number(),
                evidence: Digest::of(&[]),
                note: String::new(),
            }),
            17 => Body::ReversalConfirmation(ReversalConfirmation { reversals: self.ids(feed) }),
            _ => Body::Settlement(self.settlement(feed)),
        }
    }

    /// Something that was said, the last more often; or something that never was.
    fn id(&self, feed: &mut Feed<'_>) -> StatementId {
        let back = usize::from(feed.byte());
        match self.said.len().checked_sub(back + 1) {
            Some(place) => self.said[place],
            None => StatementId::from_digest(Digest::of(&[b"nothing"])),
        }
    }

    fn ids(&self, feed: &mut Feed<'_>) -> Vec<StatementId> {
        let count = if feed.byte() < 200 { 1 } else { 4 };
        let mut ids: Vec<_> = (0..count).map(|_| self.id(feed)).collect();
        ids.sort();
        ids.dedup();
        ids
    }

    fn contribution(&self, feed: &mut Feed<'_>) -> Contribution {
        let (work_start, work_end) = period(feed, self.clock);
        let artifacts = (0..feed.byte() % 3).map(|_| Artifact {
            kind: ArtifactKind::Other,
            digest: ArtifactDigest::Sha256(Digest::of(&[&[feed.byte() % 4]])),
            media_type: String::new(),
            uri: String::new(),
            fraction: part(feed),
        });
        let mut artifacts: Vec<_> = artifacts.collect();
        artifacts.sort_by_key(|artifact| artifact.digest);
        artifacts.dedup_by_key(|artifact| artifact.digest);
        Contribution {
            party: feed.one_of(&["community", "enterprise", "foundation", "nobody"]).parse().unwrap(),
            unit: feed.one_of(&["hour", "dataset", "none"]).parse().unwrap(),
            quantity: Ratio::reduced(feed.number(), feed.number().max(1)).unwrap(),
            work_start,
            work_end,
            artifacts,
            note: String::new(),
            task: None,
        }
    }

    /// The settlement at a size as it must be, or with one number changed.
    fn settlement(&self, feed: &mut Feed<'_>) -> Settlement {
        let tree_size = match feed.byte() {
            back @ 0..250 => self.agreement.size().saturating_sub(u64::from(back % 8)),
            _ => feed.number(),
        };
        let mut settlement = match self.agreement.account_at(tree_size) {
            Ok(account) => account.settlement,
            Err(_) => Settlement { tree_size, shares: Digest::of(&[]), accounts: Vec::new() },
        };
        let by = i64::from(feed.byte() % 3) - 1;
        match (feed.byte() % 16, settlement.accounts.first_mut()) {
            (0, _) => settlement.tree_size = settlement.tree_size.wrapping_add_signed(by),
            (1, _) => settlement.shares = Digest::of(&[&[feed.byte()]]),
            (2, Some(account)) => account.pool = account.pool.wrapping_add_signed(by),
            (3, Some(account)) => account.parties.iter_mut().for_each(|line| line.due += by),
            (4, Some(account)) => account.parties.iter_mut().for_each(|line| line.allocation += by),
            (5, Some(account)) => account.parties.truncate(1),
            (6, _) => settlement.accounts.truncate(1),
            (7, Some(account)) => account.entitlements = Digest::of(&[&[feed.byte()]]),
            _ => {}
        }
        settlement
    }

    /// Holds accounts against the oracle, and the whole against what folding anew makes of it.
    fn check(&self) {
        let terms = self.agreement.terms();
        let entries: Vec<Signed> = self.entries.iter().map(|(signed, _)| signed.clone()).collect();
        let mut again = Agreement::found(&entries[0], self.entries[0].1).unwrap();
        for (signed, at) in &self.entries[1..] {
            let admission = again.admit(signed, *at).unwrap();
            again.apply(admission);
        }
        assert_eq!(again.size(), self.agreement.size());
        assert_eq!(again.phase_at(self.clock), self.agreement.phase_at(self.clock));
        let oracle = Oracle::of(terms, &entries);
        // The last sizes, where most happened, and a few before.
        let last = self.agreement.size();
        for size in (1..=last).filter(|size| last - size < 4 || size.is_multiple_of(7)) {
            let account = self.agreement.account_at(size);
            assert_eq!(again.account_at(size), account);
            if let Ok(account) = account {
                check_account(&account, &oracle, terms).unwrap();
            }
        }
    }
}

fn part(feed: &mut Feed<'_>) -> Ratio {
    let ratio = Ratio::reduced(feed.number(), feed.number().max(1)).unwrap();
    if ratio.is_at_most_one() { ratio } else { Ratio::ONE }
}

/// Mostly now, sometimes any time.
fn period(feed: &mut Feed<'_>, now: Timestamp) -> (Timestamp, Timestamp) {
    match feed.byte() {
        0..220 => (now, now),
        days @ 220..250 => (time(now.as_ms().saturating_sub(u64::from(days - 219) * 86_400_000)), now),
        _ => (time(feed.number()), time(feed.number())),
    }
}
