//! Where an agreement stands, at a glance: its terms' versions, the mediator, what waits, trial, standstill and end, who leaves, the
//! plan, risks, missed dates, disputes, the last settlement.

use serde_json::{Value, json};

use crate::{
    agreement::{
        Agreement,
        money::costs::CostState,
        state::{BenefitState, ContributionState, Phase},
        work::risk::{RiskSource, RiskView},
    },
    cli::{
        doubts, motions,
        output::{heading, plain},
        plan, risk,
        session::now,
        words::{counted, scopes_text, time_text, until_text},
    },
    split::exact_text,
    time::Timestamp,
};

/// Returns the lines, each a label and a text; what there is nothing of is left out.
pub(super) fn words(agreement: &Agreement) -> String {
    let mut lines: Vec<(&str, String)> = Vec::new();
    lines.push(("terms", versions(agreement)));
    lines.extend(coming(agreement).map(|text| ("to come", text)));
    lines.extend(course(agreement));
    lines.push(("mediator", mediator(agreement)));
    lines.extend(partings(agreement).into_iter().map(|text| ("leaves", text)));
    lines.extend(later_keys(agreement).into_iter().map(|text| ("key", text)));
    lines.extend(plan::glance(agreement).map(|text| ("plan", text)));
    lines.extend(risks(agreement).map(|text| ("risks", text)));
    lines.extend(missed(agreement).into_iter().map(|text| ("missed", text)));
    let challenges = agreement.challenges().len();
    if challenges > 0 {
        lines.push(("challenged", counted(challenges, "challenge is open", "challenges are open")));
    }
    let disputes = agreement.disputes().len();
    lines.push(("disputes", if disputes == 0 { "none open".to_owned() } else { format!("{disputes} open") }));
    lines.extend(doubts::lines(agreement, now()).into_iter().map(|text| ("in doubt", text)));
    lines.extend(unjudged(agreement).map(|text| ("to attest", text)));
    lines.extend(unconfirmed(agreement).map(|text| ("to confirm", text)));
    lines.push(("settled", settled(agreement)));
    let mut text: String = lines.iter().map(|(label, line)| format!("{label:<13}{line}\n")).collect();
    if let Some(table) = motions::listed(agreement) {
        text.push_str(&format!("\n{}\n{table}", heading("Waiting")));
    }
    text
}

fn versions(agreement: &Agreement) -> String {
    let versions: Vec<String> = agreement
        .terms_versions()
        .enumerate()
        .map(|(position, version)| format!("version {} from entry {}", position + 1, version.from))
        .collect();
    let live = agreement.terms_id();
    format!("{}; live: {live}", versions.join(", "))
}

fn coming(agreement: &Agreement) -> Option<String> {
    let coming = agreement.coming_terms()?;
    let back = if coming.retroactive { ", and what was settled is then shared anew" } else { "" };
    Some(format!("the terms of {} from {}{back}", coming.id, time_text(coming.effective)))
}

fn course(agreement: &Agreement) -> Vec<(&'static str, String)> {
    let mut lines = Vec::new();
    if let Some(until) = agreement.trial_until() {
        let over = if until < now() && agreement.phase_at(now()) == Phase::Trial {
            "; it is over: say how it came out with `counterfoil trial`"
        } else {
            ""
        };
        lines.push(("trial", format!("until {}{over}", until_text(until))));
    }
    if let Some((phase, since)) = agreement.suspended_since() {
        lines.push(("stands still", format!("since {}, was {phase}", time_text(since))));
    }
    if let Some(closes) = agreement.closes() {
        lines.push(("closes", format!("on {}, when the tail is over", time_text(closes))));
    }
    lines
}

fn mediator(agreement: &Agreement) -> String {
    let Some(appointed) = agreement.appointed() else { return "none".to_owned() };
    let says = match appointed.conflicts.as_deref() {
        None => "has not consented yet".to_owned(),
        Some("") => "consented, with no conflict of interest".to_owned(),
        Some(conflicts) => format!("consented, and declared: {}", plain(conflicts)),
    };
    format!("{}, {says}", plain(&appointed.mediator.display_name))
}

fn partings(agreement: &Agreement) -> Vec<String> {
    let text = |parting: &crate::agreement::change::Parting| {
        let party = &agreement.terms().parties[parting.party].name;
        let verb = if parting.leaves <= now() { "left" } else { "leaves" };
        format!("{party} {verb} on {}; {} of its points go on counting", time_text(parting.leaves), parting.factor)
    };
    agreement.partings().iter().map(text).collect()
}

/// Says what changed of the keys that the terms list.
fn later_keys(agreement: &Agreement) -> Vec<String> {
    let mut texts = Vec::new();
    for (position, party) in agreement.terms().parties.iter().enumerate() {
        for view in agreement.keys_of(position).into_iter().filter(|view| view.granted || view.revoked) {
            let until = view.expires.map_or(String::new(), |expires| format!(", until {}", until_text(expires)));
            let most = view.daily_max.map_or(String::new(), |max| format!(", at most {max} statements a day"));
            let how = if view.revoked { "revoked" } else { "granted" };
            let scopes = scopes_text(view.scopes);
            texts.push(format!("{} of {}, {how}: {scopes}{until}{most}", view.key, party.name));
        }
    }
    texts
}

fn open_risks(agreement: &Agreement, at: Timestamp) -> Vec<RiskView<'_>> {
    let listed = |risk: &RiskView<'_>| risk.closed.is_none() && matches!(risk.source, RiskSource::Register { .. });
    agreement.risks_at(at).into_iter().filter(listed).collect()
}

fn risks(agreement: &Agreement) -> Option<String> {
    let open = open_risks(agreement, now());
    let texts = open.iter().map(|view| format!("{} ({})", plain(view.title), risk::exposure(view, agreement.terms())));
    let texts: Vec<String> = texts.collect();
    (!texts.is_empty()).then(|| format!("{} open: {}", texts.len(), texts.join(", ")))
}

fn missed(agreement: &Agreement) -> Vec<String> {
    let all = agreement.risks_at(now());
    let missed = all.iter().filter_map(|view| match view.source {
        RiskSource::Maintenance { due, .. } => {
            let party = &agreement.terms().parties[view.owner].name;
            Some(format!("{} by {party}, due {}", plain(view.title), until_text(due)))
        }
        RiskSource::Register { .. } => None,
    });
    missed.collect()
}

/// Says how many claims wait for somebody to judge them.
fn unjudged(agreement: &Agreement) -> Option<String> {
    let claimed = agreement.contributions().filter(|view| view.state == ContributionState::Claimed).count();
    (claimed > 0).then(|| format!("{}: counterfoil attest", counted(claimed, "contribution", "contributions")))
}

/// Says what was reported and waits for another party to confirm it.
fn unconfirmed(agreement: &Agreement) -> Option<String> {
    let reported = |state: BenefitState| state == BenefitState::Reported;
    let benefits = agreement.benefits().filter(|view| reported(view.state)).count();
    let reversals = agreement.benefits().flat_map(|view| view.reversals).filter(|view| reported(view.state)).count();
    let costs = agreement.costs().iter().filter(|cost| cost.state == CostState::Reported).count();
    let kinds = [
        (benefits, "benefit", "benefits"),
        (reversals, "reversal", "reversals"),
        (costs, "cost", "costs"),
        (agreement.open_payments().len(), "payment", "payments"),
    ];
    let waiting = kinds.into_iter().filter(|(count, ..)| *count > 0);
    let waiting: Vec<String> = waiting.map(|(count, one, several)| counted(count, one, several)).collect();
    (!waiting.is_empty()).then(|| format!("{}: counterfoil confirm", waiting.join(", ")))
}

fn settled(agreement: &Agreement) -> String {
    let Some(account) = agreement.last_account() else { return "nothing yet".to_owned() };
    let shares = account.shares.shares.iter().zip(&agreement.terms().parties);
    let shares: Vec<String> = shares.map(|(share, party)| format!("{} {}", party.name, exact_text(&share))).collect();
    format!("the first {} entries; shares: {}", account.settlement.tree_size, shares.join(", "))
}

/// Returns the same as members of an object.
pub(super) fn to_json(agreement: &Agreement) -> Value {
    let versions: Vec<Value> = agreement
        .terms_versions()
        .map(|version| json!({ "statement": version.id.to_string(), "from_entry": version.from, "title": version.terms.title }))
        .collect();
    let coming = agreement.coming_terms().map(|coming| {
        json!({ "statement": coming.id.to_string(), "effective": coming.effective.to_string(), "retroactive": coming.retroactive })
    });
    let mediator = agreement.appointed().map(|appointed| {
        json!({
            "name": appointed.mediator.display_name,
            "keys": appointed.mediator.keys.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "consented": appointed.conflicts.is_some(), "conflicts": appointed.conflicts,
        })
    });
    let partings: Vec<Value> = agreement
        .partings()
        .iter()
        .map(|parting| {
            json!({
                "party": agreement.terms().parties[parting.party].name.as_str(),
                "leaves": parting.leaves.to_string(), "factor": parting.factor.to_string(),
            })
        })
        .collect();
    let suspended = agreement
        .suspended_since()
        .map(|(phase, since)| json!({ "phase_before": phase.as_str(), "since": since.to_string() }));
    let settled = agreement.last_account().map(|account| {
        let shares = account.shares.shares.iter().zip(&agreement.terms().parties);
        let shares: Vec<Value> =
            shares.map(|(share, party)| json!({ "party": party.name.as_str(), "share": exact_text(&share) })).collect();
        json!({ "tree_size": account.settlement.tree_size, "shares": shares })
    });
    json!({
        "terms_live": agreement.terms_id().to_string(),
        "terms_versions": versions,
        "terms_coming": coming,
        "mediator": mediator,
        "motions": motions::to_json(agreement),
        "trial_until": agreement.trial_until().map(|until| until.to_string()),
        "suspended": suspended,
        "closes": agreement.closes().map(|closes| closes.to_string()),
        "partings": partings,
        "plan": plan::to_json(agreement),
        "risks": risk::to_json(agreement),
        "missed_dates": missed(agreement),
        "open_challenges": agreement.challenges().len(),
        "open_disputes": agreement.disputes().len(),
        "last_settlement": settled,
    })
}

/// Returns the keys of the party at a position, those granted later included.
pub(super) fn keys_json(agreement: &Agreement, party: usize) -> Vec<Value> {
    let key = |view: crate::agreement::standing::KeyView<'_>| {
        json!({
            "key": view.key.to_string(),
            "scopes": view.scopes.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "granted": view.granted, "revoked": view.revoked,
            "expires": view.expires.map(|expires| expires.to_string()), "daily_max": view.daily_max,
        })
    };
    agreement.keys_of(party).into_iter().map(key).collect()
}
