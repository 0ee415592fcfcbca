//! Statements in words: what a person is shown before signing, and each entry of a ledger in one line.

use std::collections::HashMap;

use crate::{
    agreement::Agreement,
    cli::output::plain,
    keys::PublicKey,
    split::{Ratio, exact_text},
    statement::{
        Artifact, ArtifactKind, Attestation, Benefit, Body, Contribution, Reversal, Settlement, Statement, Verdict,
        id::StatementId,
        terms::{Currency, CurrencyCode, Prevails, Terms},
    },
    time::Timestamp,
};

/// Tells what statements say, with the names of one agreement.
pub struct Teller<'a> {
    terms: &'a Terms,
    /// Where statements that others name stand.
    entries: HashMap<StatementId, u64>,
    /// The currencies of benefits, which their reversals do not repeat.
    currencies: HashMap<StatementId, CurrencyCode>,
}

impl<'a> Teller<'a> {
    /// Takes the names of terms whose ledger is not known.
    #[must_use]
    pub fn new(terms: &'a Terms) -> Self {
        Self { terms, entries: HashMap::new(), currencies: HashMap::new() }
    }

    /// Takes the names of an agreement.
    #[must_use]
    pub fn of(agreement: &'a Agreement) -> Self {
        let mut teller = Self::new(agreement.terms());
        teller.entries.extend(agreement.contributions().map(|view| (view.id, view.index)));
        for view in agreement.benefits() {
            teller.entries.insert(view.id, view.index);
            teller.currencies.insert(view.id, view.benefit.currency.clone());
            teller.entries.extend(view.reversals().map(|reversal| (reversal.id, reversal.index)));
        }
        teller
    }

    /// Returns the party of a key: its name, or the key when it is nobody's.
    #[must_use]
    pub fn party(&self, key: PublicKey) -> String {
        let party = self.terms.parties.iter().find(|party| party.keys.iter().any(|of_party| of_party.key == key));
        party.map_or_else(|| key.to_string(), |party| party.name.to_string())
    }

    /// Says in one line what a statement says, without who says it.
    #[must_use]
    pub fn line(&self, statement: &Statement) -> String {
        match &statement.body {
            Body::Proposal(terms) => {
                let parties: Vec<&str> = terms.parties.iter().map(|party| party.name.as_str()).collect();
                format!("proposes \"{}\" to {}", plain(&terms.title), and(&parties))
            }
            Body::Acceptance(_) => "accepts the proposal".to_owned(),
            Body::Decline(body) => format!("declines the proposal{}", why(&body.reason)),
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
        }
    }

    fn contribution(&self, body: &Contribution) -> String {
        let artifacts = match body.artifacts.len() {
            0 => String::new(),
            count => format!(", {}", counted(count, "artifact", "artifacts")),
        };
        format!(
            "contributes {} {}, worked {}{artifacts}{}",
            body.quantity,
            body.unit,
            span_text(body.work_start, body.work_end),
            why(&body.note)
        )
    }

    fn attestation(&self, body: &Attestation) -> String {
        let entries = self.entries_of(&body.contributions);
        let says = match body.verdict {
            Verdict::Accepted { quality } => format!("accepts {entries} at quality {quality}"),
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
    pub fn lines(&self, statement: &Statement) -> Vec<(&'static str, String)> {
        let mut lines = vec![("says", self.line(statement))];
        match &statement.body {
            Body::Proposal(terms) => lines.extend(proposal_lines(terms)),
            Body::Acceptance(_) => lines.extend(proposal_lines(self.terms)),
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
            _ => {}
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
        match places.as_slice() {
            [one] => format!("entry {one}"),
            several if several.len() <= LISTED_MAX => format!("entries {}", several.join(", ")),
            several => format!("{} entries, {} to {}", several.len(), several[0], several[several.len() - 1]),
        }
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

fn proposal_lines(terms: &Terms) -> Vec<(&'static str, String)> {
    let mut lines = Vec::new();
    for party in &terms.parties {
        let kappa = if party.coefficient == Ratio::ONE {
            String::new()
        } else {
            format!(", coefficient {}", party.coefficient)
        };
        let display = plain(&party.display_name);
        let keys = match party.keys.len() {
            1 => "1 key".to_owned(),
            count => format!("{} of {count} keys", party.govern_threshold),
        };
        lines.push(("party", format!("{}: {display}, {keys}{kappa}", party.name)));
    }
    for dimension in &terms.dimensions {
        let shares: Vec<String> = dimension.default_shares.iter().map(ToString::to_string).collect();
        let coefficients: Vec<String> = dimension.coefficients.iter().map(ToString::to_string).collect();
        lines.push((
            "dimension",
            format!(
                "{} ({}): weight {}, floor mass {}, default shares {}, coefficients {}",
                dimension.name,
                plain(&dimension.title),
                dimension.weight,
                dimension.floor_mass,
                shares.join(" : "),
                coefficients.join(" : ")
            ),
        ));
    }
    for unit in &terms.units {
        let by = match unit.attestors.as_slice() {
            [] => String::new(),
            attestors => format!(" out of {}", and(&attestors.iter().map(|name| name.as_str()).collect::<Vec<_>>())),
        };
        lines.push((
            "unit",
            format!(
                "{}: counts {} of {}, once attested by {}{by}",
                unit.name,
                unit.points,
                unit.dimension,
                counted(usize::try_from(unit.attestations).unwrap_or(usize::MAX), "other party", "other parties")
            ),
        ));
    }
    for stream in &terms.streams {
        lines.push((
            "stream",
            format!(
                "{} ({}): collected by {}, {} of the gross is pooled",
                stream.name,
                plain(&stream.title),
                stream.collector,
                stream.pool_rate
            ),
        ));
    }
    for licence in &terms.licences {
        lines.push(("licence", format!("{}: {}", plain(&licence.deliverable), plain(&licence.spdx))));
    }
    let prevails = match terms.legal_text.prevails {
        Prevails::Prose => "the text prevails over the computation",
        Prevails::Computation => "the computation prevails over the text",
    };
    lines.push(("legal text", format!("sha256 {}; {prevails}", terms.legal_text.digest)));
    lines.push((
        "examples",
        counted(terms.examples.len(), "worked example", "worked examples") + ", which come out to the last minor unit",
    ));
    if let Some(deadline) = terms.acceptance_deadline {
        lines.push(("deadline", format!("to be accepted until {}", time_text(deadline))));
    }
    if let Some(days) = terms.back_date_days_max {
        lines.push(("back-dating", format!("work may have ended {days} days before it is claimed")));
    }
    lines
}

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

/// Writes a stretch of time: whole days as days.
#[must_use]
pub fn span_text(start: Timestamp, end: Timestamp) -> String {
    let (from, to) = (time_text(start), end.to_string());
    let to = match to.strip_suffix("T23:59:59.999Z") {
        Some(day) => day.to_owned(),
        None => time_text(end),
    };
    if from == to { from } else { format!("{from} to {to}") }
}

#[cfg(test)]
mod tests {
    use super::{and, span_text, time_text};
    use crate::time::Timestamp;

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn times_are_as_short_as_they_can_be() {
        assert_eq!(time_text(time("2026-03-31")), "2026-03-31");
        assert_eq!(time_text(time("2026-03-31T18:00:00.250Z")), "2026-03-31T18:00:00Z");
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
