//! Statements in words: what a person is shown before signing, and each entry of a ledger in one line.

mod changes;
mod disputes;
mod money;
mod named;
mod terms;
mod work;

use std::collections::HashMap;

use crate::{
    agreement::Agreement,
    cli::output::plain,
    keys::PublicKey,
    split::{Ratio, exact_text},
    statement::{
        Artifact, ArtifactKind, Attestation, Benefit, Body, Contribution, Reversal, Settlement, Verdict,
        id::StatementId,
        terms::{Currency, CurrencyCode, Terms},
    },
    time::Timestamp,
};

pub use changes::{matter_name, party_name};
pub use named::Named;
pub use terms::{Line, mediator_text, scopes_text, terms_diff};
pub use work::{GROUNDS, ground};

use terms::terms_lines;

/// Tells what statements say, with the names of one agreement.
pub struct Teller<'a> {
    terms: &'a Terms,
    /// Who knows later keys than the terms.
    agreement: Option<&'a Agreement>,
    /// Where statements that others name stand.
    entries: HashMap<StatementId, u64>,
    /// The currencies of benefits, which their reversals do not repeat.
    currencies: HashMap<StatementId, CurrencyCode>,
}

impl<'a> Teller<'a> {
    /// Takes the names of terms whose ledger is not known.
    #[must_use]
    pub fn new(terms: &'a Terms) -> Self {
        Self { terms, agreement: None, entries: HashMap::new(), currencies: HashMap::new() }
    }

    /// Takes the names of an agreement.
    #[must_use]
    pub fn of(agreement: &'a Agreement) -> Self {
        let mut teller = Self { agreement: Some(agreement), ..Self::new(agreement.terms()) };
        teller.entries.extend(agreement.contributions().map(|view| (view.id, view.index)));
        for view in agreement.benefits() {
            teller.entries.insert(view.id, view.index);
            teller.currencies.insert(view.id, view.benefit.currency.clone());
            teller.entries.extend(view.reversals().map(|reversal| (reversal.id, reversal.index)));
        }
        teller.entries.extend(agreement.disputes().map(|case| (case.id, case.index)));
        teller.entries.extend(agreement.ended_disputes().iter().map(|ended| (ended.id, ended.index)));
        let code = |currency: usize| agreement.terms().currencies[currency].code.clone();
        teller.currencies.extend(agreement.costs().iter().map(|cost| (cost.id, code(cost.currency))));
        teller.entries.extend(agreement.costs().iter().map(|cost| (cost.id, cost.index)));
        teller.entries.extend(agreement.open_payments().iter().map(|payment| (payment.id, payment.index)));
        teller.entries.extend(agreement.motions().map(|motion| (motion.id, motion.index)));
        teller.entries.extend(work::places(agreement));
        teller
    }

    /// Learns where a statement stands, for those that later ones name and the agreement has forgotten.
    pub fn learn(&mut self, id: StatementId, index: u64) {
        self.entries.entry(id).or_insert(index);
    }

    /// Returns the party of a key: its name, `mediator`, or the key when it is nobody's.
    #[must_use]
    pub fn party(&self, key: PublicKey) -> String {
        let appointed = self.agreement.and_then(Agreement::appointed).map(|appointed| &appointed.mediator);
        if appointed.or(self.terms.mediator.as_ref()).is_some_and(|mediator| mediator.keys.contains(&key)) {
            return "mediator".to_owned();
        }
        if let Some(party) = self.agreement.and_then(|agreement| agreement.party_of(key)) {
            return self.terms.parties[party].name.to_string();
        }
        let party = self.terms.parties.iter().find(|party| party.keys.iter().any(|of_party| of_party.key == key));
        party.map_or_else(|| key.to_string(), |party| party.name.to_string())
    }

    /// Says in one line what a statement says, without who says it.
    #[must_use]
    pub fn line(&self, body: &Body) -> String {
        match body {
            Body::Proposal(terms) => {
                let parties: Vec<&str> = terms.parties.iter().map(|party| party.name.as_str()).collect();
                format!("proposes \"{}\" to {}", plain(&terms.title), and(&parties))
            }
            Body::Acceptance(body) => format!("accepts {}", self.moved(body.proposal)),
            Body::Decline(body) => format!("declines {}{}", self.moved(body.proposal), why(&body.reason)),
            Body::ProposalWithdrawal(body) => format!("withdraws the proposal{}", why(&body.reason)),
            Body::Contribution(body) => self.contribution(body),
            Body::ContributionWithdrawal(body) => {
                format!("withdraws {}{}", self.entries_of(&[body.contribution]), why(&body.reason))
            }
            Body::Attestation(body) => self.attestation(body),
            Body::Benefit(body) => self.benefit(body),
            Body::BenefitConfirmation(body) => format!("confirms the benefit of {}", self.entries_of(&body.benefits)),
            Body::Reversal(body) => self.reversal(body),
            Body::ReversalConfirmation(body) => {
                format!("confirms the reversal of {}", self.entries_of(&body.reversals))
            }
            Body::Settlement(body) => self.settlement(body),
            Body::Cost(body) => self.cost(body),
            Body::CostConfirmation(body) => format!("confirms the cost of {}", self.entries_of(&body.costs)),
            Body::NilReport(body) => self.nil_report(body),
            Body::Closing(body) => self.closing(*body),
            Body::Acknowledgement(body) => {
                format!("agrees with the settlement of the first {} entries", body.tree_size)
            }
            Body::Payment(body) => self.payment(body),
            Body::PaymentConfirmation(body) => {
                format!("confirms that it received the payment of {}", self.entries_of(&body.payments))
            }
            Body::Dispute(body) => self.dispute(body),
            Body::Evidence(body) => self.evidence(body),
            Body::Offer(body) => self.offer(body),
            Body::Ruling(body) => self.ruling(body),
            other => match self.change(other).or_else(|| self.work(other)) {
                Some(says) => says,
                None => format!("says {}", other.kind().with_article()),
            },
        }
    }

    fn contribution(&self, body: &Contribution) -> String {
        let artifacts = match body.artifacts.len() {
            0 => String::new(),
            count => format!(", {}", counted(count, "artifact", "artifacts")),
        };
        let task = body.task.as_ref().map_or(String::new(), |task| format!(" to the task {task}"));
        format!(
            "contributes {} {}{task}, worked {}{artifacts}{}",
            body.quantity,
            body.unit,
            span_text(body.work_start, body.work_end),
            why(&body.note)
        )
    }

    fn attestation(&self, body: &Attestation) -> String {
        let entries = self.entries_of(&body.contributions);
        let says = match body.verdict {
            Verdict::Accepted { quality, unplanned } => {
                let unplanned = if unplanned { ", also as unplanned work" } else { "" };
                format!("accepts {entries} at quality {quality}{unplanned}")
            }
            Verdict::Rejected => format!("rejects {entries}"),
            Verdict::ChangesRequested => format!("asks for changes of {entries}"),
        };
        says + &why(&body.reason)
    }

    fn benefit(&self, body: &Benefit) -> String {
        format!(
            "reports {} from {} in {}{}",
            self.amount(&body.currency, body.amount),
            body.stream,
            span_text(body.period_start, body.period_end),
            why(&body.note)
        )
    }

    fn reversal(&self, body: &Reversal) -> String {
        let amount = match self.currencies.get(&body.benefit) {
            Some(currency) => self.amount(currency, body.amount),
            None => format!("{} minor units", body.amount),
        };
        format!("reverses {amount} of {}{}", self.entries_of(&[body.benefit]), why(&body.note))
    }

    fn settlement(&self, body: &Settlement) -> String {
        let mut dues = Vec::new();
        for account in &body.accounts {
            for (party, line) in self.terms.parties.iter().zip(&account.parties).filter(|(_, line)| line.due != 0) {
                dues.push(format!("{} {}", party.name, self.signed_amount(&account.currency, line.due)));
            }
        }
        let dues = if dues.is_empty() { "nothing due".to_owned() } else { format!("due: {}", some(&dues)) };
        format!("settles the first {} entries; {dues}", body.tree_size)
    }

    /// Says what a statement says in lines of a label and a text, as a person is shown it before signing.
    #[must_use]
    pub fn lines(&self, body: &Body) -> Vec<(&'static str, String)> {
        let mut lines = vec![("says", self.line(body))];
        match body {
            Body::Proposal(terms) => lines.extend(terms_lines(terms)),
            Body::Dispute(body) => lines.extend(self.outcome_lines(&body.outcomes)),
            Body::Cost(body) => lines.extend(self.cost_lines(body)),
            Body::Closing(body) => lines.extend(self.closing_lines(*body)),
            Body::Payment(body) => lines.push(("evidence", format!("sha256 {}", body.evidence))),
            Body::Evidence(body) => lines.push(("evidence", format!("sha256 {}", body.digest))),
            Body::Offer(body) => lines.extend(self.outcome_lines(&body.outcomes)),
            Body::Ruling(body) => lines.extend(self.ruling_lines(body)),
            Body::Contribution(body) => {
                let unit = self.terms.units.iter().find(|unit| unit.name == body.unit);
                if let Some(unit) = unit {
                    let points = exact_text(&(body.quantity.exact() * unit.points.exact()));
                    let parties = counted(
                        usize::try_from(unit.attestations).unwrap_or(usize::MAX),
                        "other party",
                        "other parties",
                    );
                    lines.push((
                        "counts",
                        format!(
                            "{} x {} = {points} points of {} at full quality, once {parties} attested it",
                            body.quantity, unit.points, unit.dimension
                        ),
                    ));
                }
                lines.extend(body.artifacts.iter().map(|artifact| ("artifact", artifact_text(artifact))));
            }
            Body::Benefit(Benefit { evidence, .. }) | Body::Reversal(Reversal { evidence, .. }) => {
                lines.push(("evidence", format!("sha256 {evidence}")));
            }
            other => lines.extend(self.change_lines(other)),
        }
        lines
    }

    /// Returns a text in which statements are named by their entries: `entry 3` instead of `st1...`.
    #[must_use]
    pub fn by_entries(&self, text: &str) -> String {
        let name = |word: &str| {
            let id = word.trim_end_matches([',', ';', ':', '.']);
            let entry = self.entries.get(&id.parse().ok()?)?;
            Some(format!("entry {entry}{}", &word[id.len()..]))
        };
        let words = text.split(' ').map(|word| name(word).unwrap_or_else(|| word.to_owned()));
        words.collect::<Vec<_>>().join(" ")
    }

    fn entries_of(&self, ids: &[StatementId]) -> String {
        let places: Vec<String> = ids
            .iter()
            .map(|id| self.entries.get(id).map_or_else(|| short(&id.to_string()), ToString::to_string))
            .collect();
        span_of(&places)
    }

    fn amount(&self, code: &CurrencyCode, minor: u64) -> String {
        match self.currency(code) {
            Some(currency) => currency.amount(minor.into()),
            None => format!("{minor} minor units of {code}"),
        }
    }

    fn signed_amount(&self, code: &CurrencyCode, minor: i64) -> String {
        match self.currency(code) {
            Some(currency) => currency.amount(minor.into()),
            None => format!("{minor} minor units of {code}"),
        }
    }

    fn currency(&self, code: &CurrencyCode) -> Option<&Currency> {
        self.terms.currencies.iter().find(|currency| currency.code == *code)
    }
}

/// How many names are listed before the rest is counted.
const LISTED_MAX: usize = 8;

fn artifact_text(artifact: &Artifact) -> String {
    let part = if artifact.fraction == Ratio::ONE { String::new() } else { format!(", {} of it", artifact.fraction) };
    let uri = if artifact.uri.is_empty() { String::new() } else { format!(", {}", plain(&artifact.uri)) };
    format!("{} {}{part}{uri}", artifact_kind(artifact.kind), artifact.digest)
}

/// The kinds of artifact as people write them.
pub const ARTIFACT_KINDS: [(ArtifactKind, &str); 12] = [
    (ArtifactKind::GitCommit, "git-commit"),
    (ArtifactKind::PullRequest, "pull-request"),
    (ArtifactKind::Release, "release"),
    (ArtifactKind::Dataset, "dataset"),
    (ArtifactKind::ModelWeights, "model-weights"),
    (ArtifactKind::Evaluation, "evaluation"),
    (ArtifactKind::ComputeInvoice, "compute-invoice"),
    (ArtifactKind::Grant, "grant"),
    (ArtifactKind::Documentation, "documentation"),
    (ArtifactKind::Support, "support"),
    (ArtifactKind::SecurityAdvisory, "security-advisory"),
    (ArtifactKind::Other, "other"),
];

/// Returns the kind of artifact as people write it: `git-commit`.
#[must_use]
pub fn artifact_kind(kind: ArtifactKind) -> &'static str {
    ARTIFACT_KINDS.iter().find(|(known, _)| *known == kind).map_or("other", |(_, name)| name)
}

/// Counts things: `1 row`, `2 rows`.
#[must_use]
pub fn counted(count: usize, one: &str, several: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {several}") }
}

fn why(reason: &str) -> String {
    if reason.is_empty() { String::new() } else { format!(": {}", plain(reason)) }
}

/// Lists names: `a, b and c`.
#[must_use]
pub fn and(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] if names.len() <= LISTED_MAX => format!("{} and {last}", first.join(", ")),
        [first, .., last] => format!("{first} ... {last} ({} in all)", names.len()),
    }
}

fn some(texts: &[String]) -> String {
    if texts.len() <= LISTED_MAX {
        return texts.join(", ");
    }
    format!("{} and {} more", texts[..LISTED_MAX].join(", "), texts.len() - LISTED_MAX)
}

/// Names entries: `entry 3`, `entries 3, 4`, `36 entries, 120 to 341`.
#[must_use]
pub fn span_of(places: &[impl ToString]) -> String {
    let places: Vec<String> = places.iter().map(ToString::to_string).collect();
    match places.as_slice() {
        [one] => format!("entry {one}"),
        several if several.len() <= LISTED_MAX => format!("entries {}", several.join(", ")),
        several => format!("{} entries, {} to {}", several.len(), several[0], several[several.len() - 1]),
    }
}

/// Says something of entries: `entry 3 stands`, `36 entries, 120 to 341, count for community`.
#[must_use]
pub fn clause(entries: &str, says: &str) -> String {
    let comma = if entries.starts_with("entr") { "" } else { "," };
    format!("{entries}{comma} {says}")
}

/// Shortens an id for a table; it stays long enough to be given back to a verb.
#[must_use]
pub fn short(id: &str) -> String {
    id.chars().take(SHORT_ID).collect()
}

const SHORT_ID: usize = 12;

/// Writes a time as people do: the day alone at its first moment, otherwise to the second.
#[must_use]
pub fn time_text(time: Timestamp) -> String {
    let text = time.to_string();
    if let Some(day) = text.strip_suffix("T00:00:00Z") {
        return day.to_owned();
    }
    match text.split_once('.') {
        Some((seconds, _)) => format!("{seconds}Z"),
        None => text,
    }
}

/// Writes a time until which something may be done or goes on: the day alone at its last moment, otherwise as [`time_text`].
#[must_use]
pub fn until_text(time: Timestamp) -> String {
    match time.to_string().strip_suffix("T23:59:59.999Z") {
        Some(day) => day.to_owned(),
        None => time_text(time),
    }
}

/// Writes a stretch of time: whole days as days.
#[must_use]
pub fn span_text(start: Timestamp, end: Timestamp) -> String {
    let (from, to) = (time_text(start), until_text(end));
    if from == to { from } else { format!("{from} to {to}") }
}

#[cfg(test)]
mod tests {
    use super::{and, span_text, time_text, until_text};
    use crate::time::Timestamp;

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn times_are_as_short_as_they_can_be() {
        assert_eq!(time_text(time("2026-03-31")), "2026-03-31");
        assert_eq!(time_text(time("2026-03-31T18:00:00.250Z")), "2026-03-31T18:00:00Z");
        assert_eq!(until_text(time("2026-03-31T23:59:59.999Z")), "2026-03-31");
        assert_eq!(until_text(time("2026-03-31T18:00:00Z")), "2026-03-31T18:00:00Z");
        assert_eq!(span_text(time("2026-01-01"), time("2026-03-31T23:59:59.999Z")), "2026-01-01 to 2026-03-31");
        assert_eq!(span_text(time("2026-01-01"), time("2026-01-01T23:59:59.999Z")), "2026-01-01");
    }

    #[test]
    fn many_names_are_counted() {
        assert_eq!(and(&["a"]), "a");
        assert_eq!(and(&["a", "b", "c"]), "a, b and c");
        assert_eq!(and(&["a"; 9]), "a ... a (9 in all)");
    }
}
