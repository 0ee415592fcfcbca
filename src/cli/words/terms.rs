//! Terms in words, line by line: what a person signs, and what differs between two versions of them.

use crate::{
    cli::{
        output::plain,
        words::{and, counted, until_text},
    },
    split::Ratio,
    statement::{
        rules::{Calendar, Mediator, Rounding, SharePolicy, Waterfall, Windows},
        terms::{CurrencyCode, Dimension, Party, Prevails, Scope, Terms, Unit, WorkedExample},
    },
};

/// A label and what it says.
pub type Line = (&'static str, String);

/// Returns everything that terms say, in lines of a label and a text.
#[must_use]
pub fn terms_lines(terms: &Terms) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for party in &terms.parties {
        lines.push(("party", party_text(party)));
        let key = |key: &crate::statement::terms::PartyKey| {
            ("key", format!("of {}: {} for {}", party.name, key.key, scopes_text(&key.scopes)))
        };
        lines.extend(party.keys.iter().map(key));
    }
    for currency in &terms.currencies {
        lines.push(("currency", format!("{}, {} decimal digits", currency.code, currency.exponent)));
    }
    lines.extend(terms.dimensions.iter().map(|dimension| ("dimension", dimension_text(dimension))));
    lines.extend(terms.units.iter().map(|unit| ("unit", unit_text(unit))));
    for stream in &terms.streams {
        let (name, title) = (&stream.name, plain(&stream.title));
        let (collector, rate) = (&stream.collector, stream.pool_rate);
        lines.push(("stream", format!("{name} ({title}): collected by {collector}, {rate} of the gross is pooled")));
    }
    lines.extend(waterfall_lines(&terms.waterfall, terms));
    for licence in &terms.licences {
        lines.push(("licence", format!("{}: {}", plain(&licence.deliverable), plain(&licence.spdx))));
    }
    let prevails = match terms.legal_text.prevails {
        Prevails::Prose => "the text prevails over the computation",
        Prevails::Computation => "the computation prevails over the text",
    };
    let uri = match terms.legal_text.uri.as_str() {
        "" => String::new(),
        uri => format!(", {}", plain(uri)),
    };
    lines.push(("legal text", format!("sha256 {}{uri}; {prevails}", terms.legal_text.digest)));
    lines.extend(rule_lines(terms));
    let count = terms.examples.len();
    let all = counted(count, "worked example", "worked examples");
    lines.push((
        "examples",
        all + if count == 1 { ", which comes" } else { ", which come" } + " out to the last minor unit",
    ));
    lines.extend(terms.examples.iter().map(|example| ("example", example_text(example, terms))));
    lines
}

/// Returns what differs between two versions of terms: lines that begin with `-` for what falls away and `+` for what comes.
#[must_use]
pub fn terms_diff(before: &Terms, after: &Terms) -> Vec<Line> {
    let mut lines = Vec::new();
    if before.title != after.title {
        lines.push(("- title", plain(&before.title)));
        lines.push(("+ title", plain(&after.title)));
    }
    let (old, new) = (terms_lines(before), terms_lines(after));
    let gone = old.iter().filter(|line| !new.contains(line)).map(|(label, text)| ("-", format!("{label}: {text}")));
    let come = new.iter().filter(|line| !old.contains(line)).map(|(label, text)| ("+", format!("{label}: {text}")));
    lines.extend(gone);
    lines.extend(come);
    match (lines.is_empty(), before == after) {
        (true, true) => lines.push(("differs", "in nothing".to_owned())),
        // The lines say everything but the order in which things stand; who reads them must not think that nothing changed.
        (true, false) => lines.push(("differs", "in the order in which things stand".to_owned())),
        (false, _) => {}
    }
    lines
}

fn party_text(party: &Party) -> String {
    let kappa =
        if party.coefficient == Ratio::ONE { String::new() } else { format!(", coefficient {}", party.coefficient) };
    let role = format!("{:?}", party.role).to_lowercase();
    let keys = match party.keys.len() {
        1 => "1 key".to_owned(),
        count => format!("{} of {count} keys", party.govern_threshold),
    };
    format!("{}: {}, {role}, {keys}{kappa}", party.name, plain(&party.display_name))
}

/// Lists scopes: `GOVERN and CLAIM`.
#[must_use]
pub fn scopes_text(scopes: &[Scope]) -> String {
    let names: Vec<String> = scopes.iter().map(ToString::to_string).collect();
    and(&names.iter().map(String::as_str).collect::<Vec<_>>())
}

fn dimension_text(dimension: &Dimension) -> String {
    let list = |ratios: &[Ratio]| ratios.iter().map(ToString::to_string).collect::<Vec<_>>().join(" : ");
    let none = if dimension.no_floor_mass { ", on purpose" } else { "" };
    format!(
        "{} ({}): weight {}, floor mass {}{none}, default shares {}, coefficients {}",
        dimension.name,
        plain(&dimension.title),
        dimension.weight,
        dimension.floor_mass,
        list(&dimension.default_shares),
        list(&dimension.coefficients)
    )
}

fn unit_text(unit: &Unit) -> String {
    let by = match unit.attestors.as_slice() {
        [] => String::new(),
        attestors => format!(" out of {}", and(&attestors.iter().map(|name| name.as_str()).collect::<Vec<_>>())),
    };
    let parties = usize::try_from(unit.attestations).unwrap_or(usize::MAX);
    let parties = counted(parties, "other party", "other parties");
    format!("{}: counts {} of {}, once attested by {parties}{by}", unit.name, unit.points, unit.dimension)
}

fn amount(terms: &Terms, code: &CurrencyCode, minor: u64) -> String {
    let currency = terms.currencies.iter().find(|currency| currency.code == *code);
    currency.map_or_else(|| format!("{minor} minor units of {code}"), |currency| currency.amount(minor.into()))
}

fn waterfall_lines(waterfall: &Waterfall, terms: &Terms) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for fee in &waterfall.fees {
        let cap = fee.cap.map_or(String::new(), |cap| format!(", at most {} ever", amount(terms, &fee.currency, cap)));
        let (name, payee) = (&fee.name, plain(&fee.payee));
        lines.push(("fee", format!("{name}: {} of the pool in {} to {payee}{cap}", fee.rate, fee.currency)));
    }
    if let Some(part) = waterfall.holdback {
        lines.push(("held back", format!("{part} of the pool, for {} days", waterfall.holdback_days)));
    }
    if !waterfall.cost_categories.is_empty() {
        let names: Vec<&str> = waterfall.cost_categories.iter().map(|name| name.as_str()).collect();
        let most = waterfall.corridor.map_or(String::new(), |part| format!(", with at most {part} of what is left"));
        lines.push(("costs", format!("{} are recouped{most}", and(&names))));
    }
    for bound in &waterfall.bounds {
        let mut says = Vec::new();
        says.extend(bound.cap.map(|cap| format!("at most {cap} of the remainder")));
        says.extend((bound.floor > 0).then(|| format!("at least {}", amount(terms, &bound.currency, bound.floor))));
        lines.push(("bound", format!("{} gets {} in {}", bound.party, says.join(" and "), bound.currency)));
    }
    for guarantee in &waterfall.guarantees {
        let least = amount(terms, &guarantee.currency, guarantee.amount);
        lines.push((
            "guarantee",
            format!("{} gets at least {least} with each settlement, from {}", guarantee.party, guarantee.guarantor),
        ));
    }
    lines
}

fn rule_lines(terms: &Terms) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    if let Some(deadline) = terms.acceptance_deadline {
        lines.push(("deadline", format!("to be accepted until {}", until_text(deadline))));
    }
    if terms.lapses_on_decline {
        lines.push(("decline", "one party's no ends the negotiation".to_owned()));
    }
    if let Some(days) = terms.back_date_days_max {
        lines.push(("back-dating", format!("work may have ended {days} days before it is claimed")));
    }
    lines.extend(terms.mediator.as_ref().map(|mediator| ("mediator", mediator_text(mediator))));
    if let Some(trial) = terms.trial {
        let (days, criteria) = (trial.days, trial.criteria);
        lines.push(("trial", format!("{days} days before it is in force; what has to be shown: sha256 {criteria}")));
    }
    let period = |calendar| match calendar {
        Calendar::Month => "month",
        Calendar::Quarter => "quarter",
        Calendar::Year => "year",
    };
    lines.extend(terms.calendar.map(|calendar| ("calendar", format!("settled by the {}, UTC", period(calendar)))));
    lines.extend(window_lines(terms.windows));
    match terms.share_policy {
        SharePolicy::Prospective => {}
        SharePolicy::TrueUp => {
            lines.push(("shares", "the latest apply to everything, also to what was settled".to_owned()))
        }
    }
    match terms.rounding {
        Rounding::LargestRemainder => {}
        Rounding::NeverNegative => {
            lines.push(("rounding", "largest deficit first: nobody pays back a cent".to_owned()))
        }
    }
    if !terms.decay.is_zero() {
        lines.push((
            "decay",
            format!("each settlement takes {} of the points so far away before it counts new ones", terms.decay),
        ));
    }
    if let Some(exit) = terms.exit {
        let (factor, without) = (exit.factor, exit.factor_without_notice);
        lines.push((
            "exit",
            format!("of a party that leaves, {factor} of its points go on counting with {} days of notice, {without} without", exit.notice_days),
        ));
    }
    if terms.tail_days > 0 {
        lines.push(("tail", format!("after its end, {} days to report, settle and pay", terms.tail_days)));
    }
    let each = if terms.calendar.is_some() { "period" } else { "year" };
    for baseline in &terms.baselines {
        let alone = amount(terms, &baseline.currency, baseline.amount);
        lines.push(("alone", format!("{} would have {alone} in a {each} without this agreement", baseline.party)));
    }
    if let Some(max) = terms.daily_claims_max {
        lines.push(("claims", format!("a key claims at most {max} contributions in a day")));
    }
    lines
}

fn window_lines(windows: Windows) -> Vec<Line> {
    let all = [
        ("contributions are attested", windows.attest),
        ("what was accepted may be challenged", windows.challenge),
        ("a period that is over is closed", windows.closing),
        ("a settlement is acknowledged", windows.statement),
        ("evidence is given in a dispute", windows.evidence),
        ("entries may be disputed", windows.audit),
    ];
    let set = all.into_iter().filter(|(_, days)| *days > 0);
    set.map(|(what, days)| ("window", format!("{what} within {days} days"))).collect()
}

/// Says who a mediator is.
#[must_use]
pub fn mediator_text(mediator: &Mediator) -> String {
    let keys: Vec<String> = mediator.keys.iter().map(ToString::to_string).collect();
    format!("{}, {}", plain(&mediator.display_name), keys.join(", "))
}

fn example_text(example: &WorkedExample, terms: &Terms) -> String {
    let points = example.points.iter().map(|(dimension, points)| {
        let points: Vec<String> = points.iter().map(ToString::to_string).collect();
        format!("{dimension} {}", points.join(" : "))
    });
    let gross =
        example.gross.iter().map(|(stream, minor)| format!("{stream} {}", amount(terms, &example.currency, *minor)));
    let given: Vec<String> = points.chain(gross).collect();
    let allocated = example.allocations.iter().zip(&terms.parties);
    let allocated: Vec<String> = allocated
        .map(|(minor, party)| format!("{} {}", party.name, amount(terms, &example.currency, *minor)))
        .collect();
    format!("{}: {}; gives {}", plain(&example.title), given.join(", "), allocated.join(", "))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::terms_diff;
    use crate::cli::{
        terms_toml::{EXAMPLE, Purpose, read},
        toml_file::TomlFile,
    };

    #[test]
    fn what_differs_is_told_line_by_line() {
        let terms = |text: String| read(&TomlFile::new(Path::new("terms.toml"), text), Purpose::Try).unwrap();
        let before = terms(EXAMPLE.to_owned());
        assert_eq!(terms_diff(&before, &before), [("differs", "in nothing".to_owned())]);
        let after = terms(EXAMPLE.replace("points = 25", "points = 30") + "\n[trial]\ndays = 9\ncriteria_file = 'x'\n");
        let lines = terms_diff(&before, &after);
        assert_eq!(lines[0], ("-", "unit: dataset: counts 25 of S, once attested by 1 other party".to_owned()));
        assert_eq!(lines[1], ("+", "unit: dataset: counts 30 of S, once attested by 1 other party".to_owned()));
        assert!(lines[2].1.starts_with("trial: 9 days before it is in force"), "{lines:?}");
        assert_eq!(lines.len(), 3);
        let mut turned = before.clone();
        turned.units.reverse();
        assert_eq!(terms_diff(&before, &turned), [("differs", "in the order in which things stand".to_owned())]);
    }
}
