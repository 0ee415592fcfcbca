//! A whole life of an agreement over the fold: every step is said by who says it in the terms, and every entry is kept for the audit.

use std::path::Path;

use counterfoil::{
    agreement::{Agreement, state::Phase},
    audit::{Options, audit},
    cli::terms_toml::{Purpose, load},
    digest::Digest,
    ledger::entry::Entry,
    merkle::{hash::leaf_hash, tree::Frontier},
    split::Ratio,
    statement::{
        Acceptance, Attestation, Benefit, BenefitConfirmation, Body, Contribution, SeenCheckpoint, Statement, Verdict,
        change::{Close, MediatorConsent, TrialResult, TrialVerdict},
        id::StatementId,
        money::{Acknowledgement, Closing, Cost, CostConfirmation, NilReport, Payment, PaymentConfirmation},
        terms::{Scope, Terms},
        wire,
        work::{Needs, Plan, Task},
    },
    time::Timestamp,
};

use crate::{audit::bundle, stories::terms::secret};

/// Who contributes how many of which unit.
pub type Work = (&'static str, &'static str, u64);

const START: &str = "2026-01-05";
const MEDIATOR: &str = "mediator";

pub struct Life {
    pub agreement: Agreement,
    entries: Vec<Entry>,
    frontier: Frontier,
    clock: Timestamp,
    spoken: u64,
}

impl Life {
    /// The terms of a file, with keys of ours: proposed, accepted, consented to, and tried out if they say so.
    pub fn begin(file: &Path) -> Self {
        let mut terms = load(file, Purpose::Try).unwrap();
        for party in &mut terms.parties {
            for (number, key) in party.keys.iter_mut().enumerate() {
                key.key = secret(&format!("{}.{}", party.name, number + 1)).public();
            }
        }
        if let Some(mediator) = &mut terms.mediator {
            mediator.keys = vec![secret(MEDIATOR).public()];
        }
        let clock: Timestamp = START.parse().unwrap();
        let key = key_of(&terms, 0, Scope::Govern, 0);
        let (envelope, signed) = signed(&key, None, 0, None, Body::Proposal(terms.clone()));
        let agreement = Agreement::found(&signed, clock).unwrap();
        let mut life = Self { agreement, entries: Vec::new(), frontier: Frontier::empty(), clock, spoken: 0 };
        life.keep(envelope);
        life.all_accept(signed.id(), 0);
        life.say(MEDIATOR, Body::MediatorConsent(MediatorConsent { proposal: signed.id(), conflicts: String::new() }));
        if terms.trial.is_some() {
            assert_eq!(life.phase(), Phase::Trial);
            let body =
                Body::TrialResult(TrialResult { verdict: TrialVerdict::Passed, evidence: Digest::of(&[b"tried"]) });
            let moved = life.say_as(0, Scope::Govern, body);
            life.all_accept(moved, 0);
        }
        assert_eq!(life.phase(), Phase::InForce);
        life
    }

    pub fn needs_and_plan(&mut self) {
        let needs = Needs { minutes: Digest::of(&[b"minutes"]), needs: vec!["what both lack".to_owned()] };
        self.say_as(0, Scope::Govern, Body::Needs(needs));
        let terms = self.terms().clone();
        let task = |(position, dimension): (usize, &counterfoil::statement::terms::Dimension)| Task {
            name: dimension.name.clone(),
            title: dimension.title.clone(),
            owner: terms.parties[position % terms.parties.len()].name.clone(),
            dimension: dimension.name.clone(),
            budget: dimension.floor_mass,
            due: "2026-12-31".parse().unwrap(),
            criteria: Digest::of(&[b"criteria"]),
        };
        let tasks = terms.dimensions.iter().enumerate().map(task).collect();
        let plan =
            self.say_as(0, Scope::Govern, Body::Plan(Plan { tasks, milestones: Vec::new(), feedback: Vec::new() }));
        self.all_accept(plan, 0);
    }

    /// Claimed by who did it, and attested by as many others as its unit asks.
    pub fn works(&mut self, work: &[Work]) {
        for (party, unit, quantity) in work {
            let terms = self.terms().clone();
            let position = self.party(party);
            let unit = terms.units.iter().find(|known| known.name.as_str() == *unit).unwrap().clone();
            let dimension = terms.dimensions.iter().position(|known| known.name == unit.dimension).unwrap();
            // The task of a dimension is its party's; what others do there is welcome all the same.
            let planned = dimension % terms.parties.len() == position;
            let body = Body::Contribution(Contribution {
                party: terms.parties[position].name.clone(),
                unit: unit.name.clone(),
                quantity: Ratio::new(*quantity, 1).unwrap(),
                work_start: START.parse().unwrap(),
                work_end: START.parse().unwrap(),
                artifacts: Vec::new(),
                note: String::new(),
                task: planned.then(|| unit.dimension.clone()),
            });
            let claimed = self.say_as(position, Scope::Claim, body);
            let may = |other: &usize| {
                *other != position
                    && (unit.attestors.is_empty() || unit.attestors.contains(&terms.parties[*other].name))
            };
            let needed = usize::try_from(unit.attestations).unwrap();
            let attestors: Vec<usize> = (0..terms.parties.len()).filter(may).take(needed).collect();
            for attestor in attestors {
                let verdict = Verdict::Accepted { quality: Ratio::ONE, unplanned: !planned };
                let body = Attestation { contributions: vec![claimed], verdict, reason: "seen".to_owned() };
                self.say_as(attestor, Scope::Attest, Body::Attestation(body));
            }
        }
    }

    pub fn earns(&mut self, stream: &str, amount: u64) {
        let stream = self.terms().streams.iter().find(|known| known.name.as_str() == stream).unwrap().clone();
        let collector = self.party(stream.collector.as_str());
        let body = Body::Benefit(Benefit {
            stream: stream.name,
            currency: "EUR".parse().unwrap(),
            amount,
            period_start: START.parse().unwrap(),
            period_end: START.parse().unwrap(),
            evidence: Digest::of(&[b"books"]),
            note: String::new(),
        });
        let reported = self.say_as(collector, Scope::Report, body);
        let body = BenefitConfirmation { benefits: vec![reported] };
        self.say_as(self.another(collector), Scope::Report, Body::BenefitConfirmation(body));
    }

    pub fn spends(&mut self, party: &str, category: &str, amount: u64) {
        let payer = self.party(party);
        let body = Body::Cost(Cost {
            category: category.parse().unwrap(),
            currency: "EUR".parse().unwrap(),
            amount,
            invoice: Digest::of(&[b"invoice"]),
            note: String::new(),
        });
        let reported = self.say_as(payer, Scope::Report, body);
        let body = Body::CostConfirmation(CostConfirmation { costs: vec![reported] });
        self.say_as(self.another(payer), Scope::Report, body);
    }

    pub fn brought_nothing(&mut self, stream: &str) {
        let stream = self.terms().streams.iter().find(|known| known.name.as_str() == stream).unwrap().clone();
        let (collector, period) = (self.party(stream.collector.as_str()), self.open_period());
        self.say_as(collector, Scope::Report, Body::NilReport(NilReport { stream: stream.name, period }));
    }

    /// The end of the period comes.
    pub fn period_is_over(&mut self) {
        let period = self.open_period();
        let view = self.agreement.periods(self.clock).into_iter().find(|view| view.period == period).unwrap();
        self.clock = view.end.unwrap();
    }

    pub fn all_close_and_settle(&mut self) {
        let period = self.open_period();
        for party in 0..self.terms().parties.len() {
            assert_eq!(self.agreement.next_settlement(self.clock), None, "not before all have closed it");
            self.say_as(party, Scope::Govern, Body::Closing(Closing { period }));
        }
        let size = self.agreement.next_settlement(self.clock).unwrap();
        let settlement = self.agreement.account_at(size).unwrap().settlement;
        self.say_as(0, Scope::Govern, Body::Settlement(settlement));
    }

    pub fn allocations(&self) -> Vec<i64> {
        let account = self.agreement.last_account().unwrap();
        account.settlement.accounts[0].parties.iter().map(|line| line.allocation).collect()
    }

    /// The streams of which the settled period lacks a report.
    pub fn missing(&self) -> Vec<usize> {
        self.agreement.periods(self.clock)[0].missing.clone()
    }

    /// All acknowledge; who owes pays whoever is owed, until nobody is.
    pub fn all_agree_and_pay(&mut self) {
        let tree_size = self.agreement.last_account().unwrap().settlement.tree_size;
        for party in 0..self.terms().parties.len() {
            self.say_as(party, Scope::Govern, Body::Acknowledgement(Acknowledgement { tree_size }));
        }
        assert!(self.agreement.last_statement(self.clock).unwrap().is_final);
        loop {
            let balances = self.agreement.balances();
            let Some(owed) = balances.iter().find(|balance| balance.balance > 0) else { break };
            let owes = balances.iter().min_by_key(|balance| balance.balance).unwrap();
            let amount = u64::try_from(owed.balance.min(-owes.balance)).unwrap();
            let (payer, payee) = (owes.party, owed.party);
            let body = Body::Payment(Payment {
                tree_size,
                payee: self.terms().parties[payee].name.clone(),
                currency: "EUR".parse().unwrap(),
                amount,
                evidence: Digest::of(&[b"transfer"]),
                note: String::new(),
            });
            let paid = self.say_as(payer, Scope::Report, body);
            let body = Body::PaymentConfirmation(PaymentConfirmation { payments: vec![paid] });
            self.say_as(payee, Scope::Report, body);
        }
    }

    /// All close it; what is left is settled; the tail passes; and its bundle is sound.
    pub fn ends(mut self) {
        let moved = self.say_as(0, Scope::Govern, Body::Close(Close { reason: "done".to_owned() }));
        self.all_accept(moved, 0);
        assert_eq!(self.phase(), Phase::WindingDown);
        self.all_close_and_settle();
        self.clock = self.clock.days_later(self.terms().tail_days + 1);
        assert_eq!(self.phase(), Phase::Closed);
        let audit = audit(&bundle(&self.entries)[..], &Options::default());
        assert!(audit.report.is_sound(), "{}", audit.report);
        let audited = audit.agreement.unwrap();
        assert_eq!((audited.size(), audited.last_account()), (self.agreement.size(), self.agreement.last_account()));
    }

    fn open_period(&self) -> u32 {
        let closed = self.agreement.closed_periods().last();
        closed.map_or_else(|| self.agreement.periods(self.clock)[0].period, |(period, _)| period + 1)
    }

    fn all_accept(&mut self, moved: StatementId, mover: usize) {
        for party in 0..self.terms().parties.len() {
            let threshold = usize::try_from(self.terms().parties[party].govern_threshold).unwrap();
            // Who moves has accepted with the key it moved with.
            for number in usize::from(party == mover)..threshold {
                let key = key_of(self.terms(), party, Scope::Govern, number);
                self.say_with(&key, Body::Acceptance(Acceptance { proposal: moved }));
            }
        }
    }

    fn say_as(&mut self, party: usize, scope: Scope, body: Body) -> StatementId {
        let key = key_of(self.terms(), party, scope, 0);
        self.say_with(&key, body)
    }

    fn say(&mut self, who: &str, body: Body) -> StatementId {
        self.say_with(&secret(who), body)
    }

    fn say_with(&mut self, key: &counterfoil::keys::SecretKey, body: Body) -> StatementId {
        self.spoken += 1;
        self.clock = self.clock.ms_later(60_000);
        let seen = SeenCheckpoint { tree_size: self.frontier.size().get(), root: self.frontier.root() };
        let (envelope, signed) = signed(key, Some(self.agreement.id()), self.spoken, Some(seen), body);
        let kind = signed.statement().body.kind();
        let admission = self.agreement.admit(&signed, self.clock).unwrap_or_else(|refusal| panic!("{kind}: {refusal}"));
        self.agreement.apply(admission);
        self.keep(envelope);
        signed.id()
    }

    fn keep(&mut self, envelope: counterfoil::envelope::Envelope) {
        let entry = Entry { admitted: self.clock, envelope };
        self.frontier.push(leaf_hash(&entry.encode()), |_, _| ());
        self.entries.push(entry);
    }

    fn terms(&self) -> &Terms {
        self.agreement.terms()
    }

    fn phase(&self) -> Phase {
        self.agreement.phase_at(self.clock)
    }

    fn party(&self, name: &str) -> usize {
        self.terms().parties.iter().position(|party| party.name.as_str() == name).unwrap()
    }

    fn another(&self, party: usize) -> usize {
        (party + 1) % self.terms().parties.len()
    }
}

/// The key of a party that may sign such a thing; of several the one with this number.
fn key_of(terms: &Terms, party: usize, scope: Scope, number: usize) -> counterfoil::keys::SecretKey {
    let party = &terms.parties[party];
    let may = party.keys.iter().enumerate().filter(|(_, key)| key.scopes.contains(&scope));
    let (position, _) = may.clone().nth(number).unwrap_or_else(|| panic!("{} has no key for {scope}", party.name));
    secret(&format!("{}.{}", party.name, position + 1))
}

fn signed(
    key: &counterfoil::keys::SecretKey,
    agreement: Option<counterfoil::statement::id::AgreementId>,
    number: u64,
    seen: Option<SeenCheckpoint>,
    body: Body,
) -> (counterfoil::envelope::Envelope, counterfoil::statement::Signed) {
    let mut nonce = [0; 16];
    nonce[..8].copy_from_slice(&number.to_be_bytes());
    let signer = key.public();
    let statement = Statement { agreement, signer, nonce, claimed_time: START.parse().unwrap(), seen, body };
    let envelope = wire::sign(&statement, key).unwrap();
    let signed = wire::open(&envelope).unwrap();
    (envelope, signed)
}
