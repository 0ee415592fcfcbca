//! A world in which all parties, a mediator and a newcomer say anything that may be said, and what holds after every entry.

use std::collections::BTreeMap;

use counterfoil::{
    agreement::{Agreement, refusal::Refusal, settle::Account},
    digest::Digest,
    envelope::Envelope,
    ledger::entry::Entry,
    merkle::{hash::leaf_hash, tree::Frontier},
    split::Exact,
    statement::{
        Body, Kind, SeenCheckpoint, Signed, Statement,
        change::{CounterProposal, MediatorConsent},
        id::StatementId,
        rules::Rounding,
        wire,
    },
    time::Timestamp,
};

use crate::{
    law::{Law, MINUTE_MS, START_MS, ms, terms, work::agree},
    stories::secret,
};

/// Three parties and whoever joins them.
pub(crate) const PARTIES: [&str; 4] = ["community", "enterprise", "foundation", "guest"];

const COMMON: &str = "
    currency EUR 2
    currency JPY 0
    dimension T weight 2/3 mass 20 defaults 1/2,3/10,1/5 coefficients 1,5/4,1
    dimension S weight 1/3 mass none defaults 1/3,1/3,1/3
    unit hour T 3/2
    unit dataset S 7 attestations 2
    stream sales enterprise 1/3
    stream support community 1
    mediator mediator
    exit-terms 5 1/2 1/4
    window attest 20
    window challenge 40
    tail 400";

const EQUAL: &str = "
    party community keys 2
    party enterprise
    party foundation";

const KAPPA: &str = "
    party community kappa 3/2
    party enterprise keys 2
    party foundation";

/// What is particular about each agreement.
pub(crate) const HEADS: [(&str, &str); 8] = [
    (EQUAL, ""),
    (EQUAL, "calendar month\nclosing-days 10\ndecay 1/10\nrecoups compute\nholdback 1/10 35"),
    (EQUAL, "fee card 3/100 EUR cap 0.90\nholdback 1/5 20\nrecoups compute,travel\ncorridor 1/2"),
    (EQUAL, "bound enterprise EUR cap 1/4 floor 0.50\nguarantee foundation community 1.00 EUR\nrecoups compute"),
    (EQUAL, "share-policy true-up\nfee card 1/50 JPY\nrecoups compute"),
    (EQUAL, "rounding never-negative\nholdback 1/10 30"),
    (KAPPA, "recoups compute\ncorridor 1/3\nholdback 1/10 15"),
    (EQUAL, "trial 30\nguarantee community enterprise 2.00 EUR\nbound foundation EUR cap 1/10"),
];

/// How many accounts of the past are computed again at a time.
const ACCOUNTS_AGAIN: usize = 12;

/// An agreement, everything that was said in it, and what became of it.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) law: Law,
    /// How far the clock goes with each statement, milliseconds.
    pub(crate) pace: u64,
    /// What entered, and when.
    pub(crate) entries: Vec<(Signed, Timestamp)>,
    /// What was signed, whether it entered or not.
    pub(crate) envelopes: BTreeMap<StatementId, Envelope>,
    /// Everything that was said since the parties accepted, when, and what became of it.
    pub(crate) attempts: Vec<(Signed, Timestamp, Result<StatementId, &'static str>)>,
    /// The ids of what entered and may be spoken of, by kind.
    pub(crate) named: BTreeMap<Kind, Vec<StatementId>>,
    /// Keys that were granted or are to be.
    pub(crate) keys: Vec<String>,
    /// The agreement when everybody had accepted.
    pub(crate) start: Agreement,
    root: Digest,
    /// The accounts since the last settlement, as they were when the ledger was that large.
    accounts: BTreeMap<u64, Account>,
    /// By currency and party: the sum of all dues.
    due: BTreeMap<(usize, usize), i128>,
}

impl World {
    /// Begins an agreement that all have accepted, and the mediator, too.
    pub(crate) fn begin(head: usize) -> Self {
        let (parties, particular) = HEADS[head % HEADS.len()];
        Self::countered(&format!("{parties}\n{COMMON}\n{particular}"), head % 2 == 1)
    }

    /// Begins an agreement with these terms.
    pub(crate) fn under(head: &str) -> Self {
        Self::countered(head, false)
    }

    /// Begins an agreement with these terms, or with others that were put in their place before anybody accepted.
    fn countered(head: &str, countered: bool) -> Self {
        let mut terms = terms(head);
        let law = Law::proposed(&terms);
        let (proposal, clock) = (law.proposal.clone(), law.clock);
        let envelope = wire::sign(proposal.statement(), &secret(terms.parties[0].name.as_str())).unwrap();
        let mut frontier = Frontier::empty();
        frontier.push(leaf_hash(&Entry { admitted: clock, envelope: envelope.clone() }.encode()), |_, _| {});
        let mut world = Self {
            start: law.agreement.clone(),
            law,
            pace: MINUTE_MS,
            entries: vec![(proposal.clone(), clock)],
            envelopes: BTreeMap::from([(proposal.id(), envelope)]),
            attempts: Vec::new(),
            named: BTreeMap::new(),
            keys: Vec::new(),
            root: frontier.root(),
            accounts: BTreeMap::new(),
            due: BTreeMap::new(),
        };
        let (mut live, mut counters) = (proposal.id(), 0);
        if countered {
            terms.title = "other terms".to_owned();
            let counter = CounterProposal { proposal: live, terms: terms.clone() };
            (live, counters) = (world.say("enterprise", Body::CounterProposal(counter)).unwrap(), 1);
        }
        for (_, party) in terms.parties.iter().enumerate().filter(|(party, _)| *party != counters) {
            world.say(party.name.as_str(), agree(live)).unwrap();
        }
        if terms.mediator.is_some() {
            let consent = MediatorConsent { proposal: live, conflicts: String::new() };
            world.say("mediator", Body::MediatorConsent(consent)).unwrap();
        }
        world.attempts.clear();
        world.start = world.law.agreement.clone();
        world
    }

    pub(crate) const fn agreement(&self) -> &Agreement {
        &self.law.agreement
    }

    pub(crate) fn sign(&mut self, who: &str, body: Body) -> Signed {
        self.law.spoken += 1;
        self.law.clock = Timestamp::from_ms(self.law.clock.as_ms() + self.pace).unwrap_or(self.law.clock);
        let key = secret(who);
        let mut nonce = [0; 16];
        nonce[..8].copy_from_slice(&self.law.spoken.to_be_bytes());
        let seen = Some(SeenCheckpoint { tree_size: 1, root: self.root });
        let agreement = Some(self.law.agreement.id());
        let statement = Statement { agreement, signer: key.public(), nonce, claimed_time: ms(START_MS), seen, body };
        let envelope = wire::sign(&statement, &key).unwrap();
        let signed = wire::open(&envelope).unwrap();
        self.envelopes.insert(signed.id(), envelope);
        signed
    }

    /// Says it; what entered may be spoken of.
    pub(crate) fn say(&mut self, who: &str, body: Body) -> Result<StatementId, Refusal> {
        let kind = body.kind();
        let id = self.say_aside(who, body)?;
        self.named.entry(kind).or_default().push(id);
        Ok(id)
    }

    /// Says it, and nobody comes back to it.
    pub(crate) fn say_aside(&mut self, who: &str, body: Body) -> Result<StatementId, Refusal> {
        let signed = self.sign(who, body);
        let entered = self.enter(&signed);
        let answer = entered.as_ref().map(|id| *id).map_err(Refusal::reason);
        self.attempts.push((signed, self.law.clock, answer));
        entered
    }

    fn enter(&mut self, signed: &Signed) -> Result<StatementId, Refusal> {
        let whole = self.law.spoken.is_multiple_of(16).then(|| format!("{:?}", self.law.agreement));
        let admission = match self.law.agreement.admit(signed, self.law.clock) {
            Ok(admission) => admission,
            Err(refusal) => {
                if let Some(whole) = whole {
                    assert_eq!(format!("{:?}", self.law.agreement), whole, "a refusal changes nothing");
                }
                return Err(refusal);
            }
        };
        let (settled, size) = (self.law.agreement.settlement_places().len(), self.law.agreement.size());
        if matches!(signed.statement().body, Body::Settlement(_)) {
            self.look_back();
        }
        self.law.agreement.apply(admission);
        assert_eq!((self.law.agreement.size(), self.law.agreement.last_admitted()), (size + 1, self.law.clock));
        self.entries.push((signed.clone(), self.law.clock));
        if self.law.agreement.settlement_places().len() > settled {
            self.accounts.clear();
            self.count(signed);
        }
        assert!(self.law.agreement.admit(signed, self.law.clock).is_err(), "it entered twice: {signed:?}");
        self.check();
        Ok(signed.id())
    }

    /// Dues add up to the allocation, whatever was corrected between.
    fn count(&mut self, signed: &Signed) {
        let Body::Settlement(settlement) = &signed.statement().body else { unreachable!("only settlements settle") };
        for (currency, account) in settlement.accounts.iter().enumerate() {
            for (party, line) in account.parties.iter().enumerate() {
                let due = self.due.entry((currency, party)).or_default();
                *due += i128::from(line.due);
                assert_eq!(*due, i128::from(line.allocation), "dues add up to the allocation");
            }
        }
        for balance in self.agreement().balances() {
            let account = self.agreement().last_account().unwrap();
            let line =
                account.settlement.accounts.get(balance.currency).and_then(|lines| lines.parties.get(balance.party));
            assert_eq!(balance.allocation, line.map_or(0, |line| i128::from(line.allocation)));
        }
    }

    /// Every account since the last settlement is what it was when the ledger was that large.
    pub(crate) fn look_back(&self) {
        for (size, account) in self.accounts.iter().rev().take(ACCOUNTS_AGAIN) {
            if *size > self.agreement().settlement_places().last().map_or(0, |place| place.tree_size) {
                let again = self.agreement().account_at(*size).unwrap();
                assert_eq!(&again, account, "the account at {size} changed afterwards");
            }
        }
    }

    fn check(&mut self) {
        let size = self.law.agreement.size();
        let account = self.law.agreement.account_at(size).expect("whatever was let in, the account can be computed");
        check_account(&self.law.agreement, &account);
        let paid: i128 = self.agreement().balances().iter().map(|line| line.balance).sum();
        let nets = self.agreement().last_account().map(|account| account.nets.iter().flatten().copied());
        assert_eq!(paid, nets.map_or(0, |nets| nets.map(i128::from).sum()), "payments move nothing out of the sum");
        self.accounts.insert(size, account);
    }
}

/// What every account says, however it came about.
pub(crate) fn check_account(agreement: &Agreement, account: &Account) {
    let last = agreement.last_account();
    for (currency, lines) in account.settlement.accounts.iter().enumerate() {
        let (figures, nets) = (&account.figures[currency], &account.nets[currency]);
        let sum: i128 = lines.parties.iter().map(|line| i128::from(line.allocation)).sum();
        let kept = [lines.fees, lines.held_back, lines.disputed, lines.reserve].map(i128::from);
        assert_eq!(sum + kept.iter().sum::<i128>(), i128::from(lines.pool), "all of the pool, and no more: {lines:?}");
        assert_eq!(nets.iter().map(|net| i128::from(*net)).sum::<i128>(), sum - i128::from(lines.pool));
        assert_eq!(figures.allocations, lines.parties.iter().map(|line| line.allocation).collect::<Vec<_>>());
        let before = |party: usize| {
            let lines = last.and_then(|last| last.settlement.accounts.get(currency));
            lines.and_then(|lines| lines.parties.get(party)).map_or(0, |line| line.allocation)
        };
        let exact: Vec<Exact> = account.entitlements[currency].iter().collect();
        // Pools, fees and what is held back are whole units: what comes in earlier or later may move one of them to another
        // settlement, and all may be sure of a unit more than there is, which is taken back.
        let off = Exact::from(agreement.settlement_places().len() + 1);
        let whole = |exact: &Exact| i64::try_from(exact.floor()).unwrap();
        let lows = figures.limits.iter().flat_map(|(low, _)| low).map(|low| i128::from(whole(low))).sum::<i128>();
        let shared = sum + i128::from(lines.disputed);
        let taken_back = i64::try_from((lows - shared).max(0)).unwrap();
        assert!(Exact::from(taken_back) <= off, "{taken_back} units are taken back");
        for (party, line) in lines.parties.iter().enumerate() {
            assert_eq!(line.due, line.allocation - before(party));
            let (paid, owed) = (Exact::from(line.allocation), &exact[party]);
            match &figures.limits {
                None if agreement.terms().rounding == Rounding::LargestRemainder => {
                    let off = owed - &paid;
                    assert!(off < Exact::ONE && off > -Exact::ONE, "party {party} is paid {paid} of {owed}");
                }
                None => assert!(line.due >= 0 || line.allocation >= 0),
                Some((low, high)) => {
                    let (least, most) = (&low[party] - &off, &high[party] + &off);
                    assert!(&least <= owed && owed <= &most, "{} <= {owed} <= {}", low[party], high[party]);
                    let most = whole(&low[party]).max(before(party).min(whole(&high[party])));
                    let least = whole(&low[party]) - taken_back;
                    assert!((least..=most).contains(&line.allocation), "{line:?} beyond {least} and {most}");
                }
            }
        }
        if let Some((low, high)) = &figures.limits {
            let total = |all: &[Exact]| all.iter().fold(Exact::ZERO, |sum, one| sum + one);
            let shared = Exact::from(shared);
            // What a cap leaves over is nobody's, whole units of it.
            assert!(total(low) <= &shared + &off && total(high) + Exact::from(lines.reserve) + off >= shared);
        }
    }
}
