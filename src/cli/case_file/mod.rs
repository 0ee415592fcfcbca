//! The file of a dispute, as every party and the mediator see it: what is disputed and what is sought, the evidence, the offers, what
//! is at stake, what every party gets at least and at most, and what is payable without it.
//!
//! What was said is read from the entries; what it comes to, the law computes on this machine.

pub mod heard;
mod shown;

use std::collections::BTreeMap;

use serde_json::{Value, json};

pub use heard::Heard;

use crate::{
    agreement::{
        Agreement,
        dispute::{Case, Effect, Ended, Stands, Subject},
        motion::{Matter, Motion},
        settle::Account,
    },
    cli::{
        error::Failure,
        ids::{self, Named},
        remedies::remedy_json,
        session::now,
    },
    split::{Exact, exact_text},
    statement::{
        dispute::{Outcome, Remedy},
        id::StatementId,
    },
    time::Timestamp,
};

/// An open dispute with everything that a party or the mediator wants to see of it.
pub struct CaseFile<'a> {
    agreement: &'a Agreement,
    heard: &'a Heard,
    /// The dispute.
    pub case: &'a Case,
    /// What it would come to if nothing else were in doubt.
    alone: Account,
    /// What a settlement would say now.
    now: Account,
    /// What each outcome that is on the table comes to.
    options: Vec<Choice>,
}

/// An outcome that is on the table.
struct Choice {
    name: String,
    outcomes: Vec<Outcome>,
    effect: Effect,
}

impl<'a> CaseFile<'a> {
    /// Reads the file of an open dispute, and computes what its outcomes come to: that all stands, that all becomes as sought, and
    /// every offer that waits.
    ///
    /// Errors: when an account cannot be computed.
    pub fn open(agreement: &'a Agreement, heard: &'a Heard, case: &'a Case) -> Result<Self, Failure> {
        let (alone, now) = (agreement.in_doubt(case, now())?, agreement.account_now()?);
        let mut file = Self { agreement, heard, case, alone, now, options: Vec::new() };
        file.choose("all stands", file.each(|_| Remedy::Stand))?;
        file.choose("all as sought", file.each(|subject| subject.sought.clone()))?;
        for motion in agreement.offers_in(case.id) {
            if let Matter::Offer { outcomes, .. } = &motion.matter {
                file.choose(&format!("offer of entry {}", motion.index), outcomes.clone())?;
            }
        }
        Ok(file)
    }

    /// Adds an outcome to those whose effect is shown; returns its effect.
    ///
    /// Errors: as the law would refuse it.
    pub fn choose(&mut self, name: &str, outcomes: Vec<Outcome>) -> Result<&Effect, Failure> {
        let effect = self.agreement.effect(self.case.id, &outcomes, now())?;
        self.options.push(Choice { name: name.to_owned(), outcomes, effect });
        Ok(&self.options[self.options.len() - 1].effect)
    }

    /// Returns the disputed entries, in the order of the dispute.
    #[must_use]
    pub fn subjects(&self) -> Vec<Named> {
        self.case.subjects.iter().map(|subject| (subject.index, subject.id)).collect()
    }

    fn each(&self, remedy: impl Fn(&Subject) -> Remedy) -> Vec<Outcome> {
        let outcome = |subject: &Subject| Outcome { subject: subject.id, remedy: remedy(subject) };
        self.case.subjects.iter().map(outcome).collect()
    }

    fn name(&self, party: usize) -> &'a str {
        self.agreement.terms().parties[party].name.as_str()
    }

    /// Returns the reason that was given.
    fn reason(&self) -> &'a str {
        self.heard.disputes.get(&self.case.id).map_or("", |said| said.reason.as_str())
    }

    fn offers(&self) -> impl Iterator<Item = (&'a Motion, &'a [Outcome])> {
        self.agreement.offers_in(self.case.id).filter_map(|motion| match &motion.matter {
            Matter::Offer { outcomes, .. } => Some((motion, outcomes.as_slice())),
            _ => None,
        })
    }

    /// Returns what a party gets at least and at most of a currency, minor units.
    fn interval(&self, currency: usize, party: usize) -> (Exact, Exact) {
        let figures = &self.alone.figures[currency];
        let entitled = || self.alone.entitlements[currency].exact(party).unwrap_or(Exact::ZERO);
        match &figures.limits {
            Some((low, high)) => (low[party].clone(), high[party].clone()),
            None => (entitled(), entitled()),
        }
    }

    /// Returns what was settled for a party so far, minor units.
    fn settled(&self, currency: usize, party: usize) -> i64 {
        let account = self.agreement.last_account().and_then(|account| account.settlement.accounts.get(currency));
        account.and_then(|account| account.parties.get(party)).map_or(0, |line| line.allocation)
    }

    fn payable(&self, currency: usize, party: usize) -> i64 {
        self.now.settlement.accounts[currency].parties[party].due
    }

    /// Returns the file in JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        let case = self.case;
        let evidence: Vec<Value> = self.heard.evidence_in(case.id).map(|given| given.json(self.agreement)).collect();
        let offers: Vec<Value> = self.offers().map(|(motion, outcomes)| self.offer_json(motion, outcomes)).collect();
        json!({
            "agreement": self.agreement.id().to_string(),
            "dispute": case.id.to_string(),
            "index": case.index,
            "opened": case.opened.to_string(),
            "state": case.state().as_str(),
            "by": self.name(case.party),
            "reason": self.reason(),
            "sides": case.sides.iter().map(|party| self.name(*party)).collect::<Vec<_>>(),
            "subjects": case.subjects.iter().map(|subject| self.subject_json(subject)).collect::<Vec<_>>(),
            "evidence": evidence,
            "evidence_until": self.agreement.evidence_until(case).map(|until| until.to_string()),
            "offers": offers,
            "currencies": (0..self.agreement.terms().currencies.len()).map(|at| self.currency_json(at)).collect::<Vec<_>>(),
            "outcomes": self.options.iter().map(|choice| self.choice_json(choice)).collect::<Vec<_>>(),
        })
    }

    fn subject_json(&self, subject: &Subject) -> Value {
        json!({
            "statement": subject.id.to_string(), "index": subject.index,
            "stands": stands_json(&subject.stands, self.agreement), "sought": remedy_json(&subject.sought),
        })
    }

    fn offer_json(&self, motion: &Motion, outcomes: &[Outcome]) -> Value {
        json!({
            "statement": motion.id.to_string(), "index": motion.index, "by": self.name(motion.mover),
            "waits_for": self.agreement.awaited(motion).into_iter().map(|party| self.name(party)).collect::<Vec<_>>(),
            "outcomes": outcomes_json(outcomes),
        })
    }

    fn currency_json(&self, currency: usize) -> Value {
        let parties = (0..self.agreement.terms().parties.len()).map(|party| {
            let (low, high) = self.interval(currency, party);
            json!({
                "party": self.name(party), "at_least_minor": exact_text(&low), "at_most_minor": exact_text(&high),
                "settled_minor": self.settled(currency, party), "payable_now_minor": self.payable(currency, party),
            })
        });
        json!({
            "currency": self.agreement.terms().currencies[currency].code.as_str(),
            "at_stake_minor": self.alone.figures[currency].disputed,
            "held_for_all_doubts_minor": self.now.figures[currency].disputed,
            "parties": parties.collect::<Vec<_>>(),
        })
    }

    fn choice_json(&self, choice: &Choice) -> Value {
        let accounts = &choice.effect.after.settlement.accounts;
        let accounts = accounts.iter().zip(&choice.effect.after.entitlements).map(|(account, exact)| {
            let parties = account.parties.iter().enumerate().map(|(party, line)| {
                json!({
                    "party": self.name(party), "entitlement_minor": exact.exact(party).map(|exact| exact_text(&exact)),
                    "allocation_minor": line.allocation, "due_minor": line.due,
                })
            });
            json!({ "currency": account.currency.as_str(), "parties": parties.collect::<Vec<_>>() })
        });
        json!({
            "name": choice.name, "effect": choice.effect.digest.to_string(),
            "outcomes": outcomes_json(&choice.outcomes), "accounts": accounts.collect::<Vec<_>>(),
        })
    }
}

/// Returns outcomes in JSON.
#[must_use]
pub fn outcomes_json(outcomes: &[Outcome]) -> Vec<Value> {
    let outcome = |outcome: &Outcome| {
        let mut value = remedy_json(&outcome.remedy);
        value["statement"] = json!(outcome.subject.to_string());
        value
    };
    outcomes.iter().map(outcome).collect()
}

fn stands_json(stands: &Stands, agreement: &Agreement) -> Value {
    let party = |party: usize| agreement.terms().parties[party].name.as_str();
    match stands {
        Stands::Contribution { party: of, dimension, points, full, .. } => json!({
            "kind": "contribution", "party": party(*of),
            "dimension": agreement.terms().dimensions[*dimension].name.as_str(),
            "points": points.as_ref().map(exact_text), "points_at_full_quality": exact_text(full),
        }),
        Stands::Benefit { reporter, came_in, amount, reversed } => json!({
            "kind": "benefit", "party": party(*reporter),
            "currency": agreement.terms().currencies[came_in.currency].code.as_str(),
            "amount_minor": amount, "reversed_minor": reversed,
        }),
        Stands::Cost { party: of, currency, amount, .. } => json!({
            "kind": "cost", "party": party(*of),
            "currency": agreement.terms().currencies[*currency].code.as_str(), "amount_minor": amount,
        }),
    }
}

/// Where every dispute of an agreement is found: open ones and those that are over.
#[must_use]
pub fn known(agreement: &Agreement) -> Vec<Named> {
    let open = agreement.disputes().map(|case| (case.index, case.id));
    open.chain(agreement.ended_disputes().iter().map(|ended| (ended.index, ended.id))).collect()
}

/// Finds an open dispute.
///
/// Errors: there is none such, or it is over.
pub fn find_open<'a>(agreement: &'a Agreement, text: &str) -> Result<&'a Case, Failure> {
    let id = ids::find(text, "dispute", known(agreement).into_iter())?;
    agreement.dispute(&id).ok_or_else(|| {
        let ended = agreement.ended_disputes().iter().find(|ended| ended.id == id);
        let how = ended.map(|ended| format!(": entry {} ended it", ended.at)).unwrap_or_default();
        Failure::usage(format!("the dispute {text} is over{how}"))
            .reason("UNKNOWN_DISPUTE")
            .hint("what was decided stands; `counterfoil disputes` lists all of them")
    })
}

/// A dispute that is over, as it is read from the entries.
pub struct EndedFile<'a> {
    agreement: &'a Agreement,
    heard: &'a Heard,
    ended: &'a Ended,
}

impl<'a> EndedFile<'a> {
    /// Finds a dispute that is over.
    #[must_use]
    pub fn find(agreement: &'a Agreement, heard: &'a Heard, id: StatementId) -> Option<Self> {
        let ended = agreement.ended_disputes().iter().find(|ended| ended.id == id)?;
        Some(Self { agreement, heard, ended })
    }

    /// Returns what was decided, if anything was.
    fn decided(&self) -> Option<&'a [Outcome]> {
        self.heard.decided(self.ended)
    }

    /// Returns it in JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        let said = self.heard.disputes.get(&self.ended.id);
        let evidence: Vec<Value> =
            self.heard.evidence_in(self.ended.id).map(|given| given.json(self.agreement)).collect();
        json!({
            "agreement": self.agreement.id().to_string(),
            "dispute": self.ended.id.to_string(),
            "index": self.ended.index,
            "state": self.ended.state().as_str(),
            "by": said.map(|said| said.by.clone()),
            "opened": said.map(|said| said.at.to_string()),
            "reason": said.map(|said| said.reason.clone()),
            "sought": said.map(|said| outcomes_json(&said.outcomes)),
            "evidence": evidence,
            "ended_by_entry": self.ended.at,
            "decided": self.decided().map(outcomes_json),
        })
    }
}

/// Says how long evidence may be given.
fn evidence_text(until: Option<Timestamp>) -> String {
    match until {
        None => "may be given as long as the dispute is open".to_owned(),
        Some(until) if until < now() => format!("could be given until {until}"),
        Some(until) => format!("may be given until {until}"),
    }
}

/// Sums of points by who has them and what they count in.
type PointSums = BTreeMap<(usize, usize), Exact>;
