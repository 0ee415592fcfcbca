//! What parties say about the agreement itself, in words: other terms, keys, the mediator, trial, standstill and end; and what
//! waits for others.

use crate::{
    agreement::{
        Agreement,
        motion::{Amended, Matter},
    },
    cli::{
        output::plain,
        words::{Line, Teller, mediator_text, scopes_text, terms_diff, terms_lines, time_text, until_text, why},
    },
    keys::PublicKey,
    statement::{
        Body,
        change::{Amendment, TrialVerdict},
        id::StatementId,
        rules::Mediator,
        terms::{Scope, Terms},
    },
    time::Timestamp,
};

impl Teller<'_> {
    /// Says what a statement about the agreement itself says; `None`: it is about something else.
    pub(super) fn change(&self, body: &Body) -> Option<String> {
        Some(match body {
            Body::CounterProposal(body) => {
                format!(
                    "proposes other terms, \"{}\", in place of {}",
                    plain(&body.terms.title),
                    self.moved(body.proposal)
                )
            }
            Body::MediatorConsent(body) => {
                let declares = match body.conflicts.as_str() {
                    "" => "declares no conflict of interest".to_owned(),
                    conflicts => format!("declares: {}", plain(conflicts)),
                };
                format!("consents to be the mediator of {}, and {declares}", self.moved(body.proposal))
            }
            Body::Withdrawal(body) => format!("takes back {}{}", self.entries_of(&[body.statement]), why(&body.reason)),
            Body::Amendment(body) => amendment_text(body),
            Body::KeyGrant(body) => {
                format!("grants itself {}", grant_text(body.key, &body.scopes, body.expires, body.daily_max))
            }
            Body::KeyRevocation(body) => format!("revokes its key {}{}", body.key, why(&body.reason)),
            Body::Exit(body) => format!("leaves the agreement on {}{}", time_text(body.leaves), why(&body.reason)),
            Body::TrialResult(body) => format!("moves that {}", trial_text(body.verdict)),
            Body::Suspension(body) => format!("moves that the agreement stands still{}", why(&body.reason)),
            Body::Resumption(body) => format!("moves that the agreement goes on{}", why(&body.reason)),
            Body::MediatorReplacement(body) => format!("moves another mediator: {}", named(&body.mediator)),
            Body::Close(body) => format!("moves that the agreement ends{}", why(&body.reason)),
            _ => return None,
        })
    }

    /// Names what waits for others, or the terms: `the plan of entry 12`.
    pub(super) fn moved(&self, id: StatementId) -> String {
        let Some(agreement) = self.agreement else { return "the proposal".to_owned() };
        if let Some(motion) = agreement.motions().find(|motion| motion.id == id) {
            return format!("{} of entry {}", matter_name(&motion.matter), motion.index);
        }
        let founded = StatementId::from_digest(agreement.id().digest());
        match self.entries.get(&id) {
            _ if id == founded => "the proposal".to_owned(),
            Some(entry) => format!("what entry {entry} moves"),
            None if id == agreement.terms_id() => "the proposal".to_owned(),
            None => self.entries_of(&[id]),
        }
    }

    /// Returns what a person is shown before signing, besides what a statement says.
    pub(super) fn change_lines(&self, body: &Body) -> Vec<Line> {
        match body {
            Body::Acceptance(body) => self.accepted_lines(body.proposal),
            Body::MediatorConsent(body) => self.accepted_lines(body.proposal),
            Body::CounterProposal(body) => terms_diff(self.terms, &body.terms),
            Body::Amendment(body) => {
                let amended = Amended {
                    replaces: body.replaces,
                    terms: body.terms.clone(),
                    effective: body.effective,
                    retroactive: body.retroactive,
                };
                amended_lines(self.terms, &amended)
            }
            Body::TrialResult(body) => vec![("evidence", format!("sha256 {}", body.evidence))],
            Body::MediatorReplacement(body) => vec![("mediator", mediator_text(&body.mediator))],
            other => self.work_lines(other),
        }
    }

    fn accepted_lines(&self, id: StatementId) -> Vec<Line> {
        let motion = self.agreement.and_then(|agreement| agreement.motions().find(|motion| motion.id == id));
        match motion {
            Some(motion) => {
                let mover = party_in(self.terms, motion.mover);
                let mut lines = vec![("moved", format!("by {mover} on {}", time_text(motion.moved)))];
                lines.push(("moves", self.matter_text(&motion.matter)));
                lines.extend(self.matter_lines(&motion.matter));
                lines
            }
            None => terms_lines(self.terms),
        }
    }

    /// Says in one line what a motion moves.
    #[must_use]
    pub fn matter_text(&self, matter: &Matter) -> String {
        match matter {
            Matter::Plan(plan) => self.plan_text(plan),
            Matter::Contingency(body) => self.contingency_text(body),
            Matter::RiskAssessment(body) => self.assessment_text(body),
            Matter::Amendment(amended) => when_text(amended.effective, amended.retroactive.is_some()),
            Matter::KeyGrant { key, scopes, expires, daily_max } => grant_text(*key, scopes, *expires, *daily_max),
            Matter::KeyRevocation { key } => format!("the key {key} signs nothing any more"),
            Matter::Exit { leaves } => format!("it leaves on {}", time_text(*leaves)),
            Matter::TrialResult(verdict) => trial_text(*verdict),
            Matter::Suspension => "the agreement stands still".to_owned(),
            Matter::Resumption => "the agreement goes on".to_owned(),
            Matter::MediatorReplacement(mediator) => format!("another mediator: {}", named(mediator)),
            Matter::Close => "the agreement ends".to_owned(),
            Matter::Offer { dispute, outcomes } => {
                format!("to settle the dispute of {}: {}", self.entries_of(&[*dispute]), self.outcomes(outcomes))
            }
        }
    }

    /// Says the whole of what a motion moves, in lines.
    #[must_use]
    pub fn matter_lines(&self, matter: &Matter) -> Vec<Line> {
        match matter {
            Matter::Plan(plan) => self.plan_lines(plan),
            Matter::Contingency(body) => self.plan_lines(&body.plan),
            Matter::Amendment(amended) => amended_lines(self.terms, amended),
            Matter::MediatorReplacement(mediator) => vec![("mediator", mediator_text(mediator))],
            Matter::Offer { outcomes, .. } => self.outcome_lines(outcomes),
            _ => Vec::new(),
        }
    }
}

/// Names what is moved: `the plan`.
#[must_use]
pub const fn matter_name(matter: &Matter) -> &'static str {
    match matter {
        Matter::Plan(_) => "the plan",
        Matter::Contingency(_) => "the plan for a risk",
        Matter::RiskAssessment(_) => "the assessment of a risk",
        Matter::Amendment(_) => "the amendment",
        Matter::KeyGrant { .. } => "the key grant",
        Matter::KeyRevocation { .. } => "the key revocation",
        Matter::Exit { .. } => "the exit",
        Matter::TrialResult(_) => "the trial result",
        Matter::Suspension => "the suspension",
        Matter::Resumption => "the resumption",
        Matter::MediatorReplacement(_) => "the replacement of the mediator",
        Matter::Close => "the close",
        Matter::Offer { .. } => "the offer",
    }
}

fn party_in(terms: &Terms, party: usize) -> String {
    terms.parties.get(party).map_or_else(|| "a newcomer".to_owned(), |party| party.name.to_string())
}

fn amendment_text(body: &Amendment) -> String {
    let title = plain(&body.terms.title);
    format!("moves other terms, \"{title}\", {}", when_text(body.effective, body.retroactive.is_some()))
}

fn when_text(effective: Option<Timestamp>, retroactive: bool) -> String {
    let from = match effective {
        Some(effective) => format!("in force from {}", time_text(effective)),
        None => "in force once all have accepted".to_owned(),
    };
    let back = if retroactive { ", and what was settled is shared anew under them" } else { "" };
    from + back
}

fn amended_lines(before: &Terms, amended: &Amended) -> Vec<Line> {
    let mut lines = terms_diff(before, &amended.terms);
    let newcomers = amended.terms.parties.iter().skip(before.parties.len());
    lines.extend(newcomers.map(|party| ("joins", party.name.to_string())));
    lines.extend(amended.retroactive.map(|digest| ("effect", format!("sha256 {digest}"))));
    lines
}

fn grant_text(key: PublicKey, scopes: &[Scope], expires: Option<Timestamp>, daily_max: Option<u32>) -> String {
    let until = expires.map_or(String::new(), |expires| format!(", until {}", until_text(expires)));
    let most = daily_max.map_or(String::new(), |max| format!(", at most {max} statements a day"));
    format!("the key {key} for {}{until}{most}", scopes_text(scopes))
}

fn trial_text(verdict: TrialVerdict) -> String {
    match verdict {
        TrialVerdict::Passed => "the trial is passed: the agreement is in force".to_owned(),
        TrialVerdict::Failed => "the trial has failed: the agreement is wound down".to_owned(),
        TrialVerdict::Extended { until } => format!("the trial goes on until {}", until_text(until)),
    }
}

fn named(mediator: &Mediator) -> String {
    plain(&mediator.display_name)
}

/// Names a party by its position, newcomers of an amendment included.
#[must_use]
pub fn party_name(agreement: &Agreement, matter: &Matter, party: usize) -> String {
    match matter {
        Matter::Amendment(amended) => party_in(&amended.terms, party),
        _ => party_in(agreement.terms(), party),
    }
}
