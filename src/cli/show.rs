//! `show`: the terms of an agreement, where it stands, and who has accepted.

mod glance;

use clap::Args;
use serde_json::{Value, json};

use crate::{
    agreement::{Agreement, state::Phase},
    cli::{
        args::LedgerArgs,
        error::{Exit, Failure},
        output::{heading, plain},
        session::{self, Session},
        table::Table,
        verified,
        words::until_text,
    },
    statement::terms::{Dimension, Terms},
};

/// Show an agreement at a glance: where it stands, what waits for whom, and its terms
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  counterfoil show agr1...
  counterfoil show dispute.counterfoil --json")]
pub(super) struct ShowArgs {
    #[command(flatten)]
    ledger: LedgerArgs,
}

pub(super) fn run(args: &ShowArgs, session: &mut Session) -> Result<Exit, Failure> {
    let wanted = args.ledger.apply(&mut session.settings);
    let ledger = verified::open(session, wanted)?;
    let agreement = &ledger.agreement;
    session.output.answer(|| json_of(agreement), || words(agreement))?;
    Ok(ledger.exit())
}

fn words(agreement: &Agreement) -> String {
    let terms = agreement.terms();
    let phase = agreement.phase_at(session::now());
    let mut text = format!("{}\n{}\n\n", heading(&plain(&terms.title)), agreement.id());
    text.push_str(&format!("phase        {phase}\n"));
    text.push_str(&format!("entries      {}, the last admitted {}\n", agreement.size(), agreement.last_admitted()));
    text.push_str(&format!("legal text   sha256 {} {}\n", terms.legal_text.digest, plain(&terms.legal_text.uri)));
    if let Some(deadline) = terms.acceptance_deadline {
        text.push_str(&format!("accept until {}\n", until_text(deadline)));
    }
    text.push_str(&glance::words(agreement));
    let mut parties = Table::new(&["PARTY", "NAME", "ROLE", "ACCEPTED", "KEYS"]);
    for acceptance in agreement.acceptances() {
        let party = acceptance.party;
        let accepted = match (acceptance.keys.len(), phase) {
            (0, Phase::Negotiating | Phase::Lapsed) => format!("0 of {}", acceptance.needed),
            (0, _) => "by amendment".to_owned(),
            (keys, _) => format!("{keys} of {}", acceptance.needed),
        };
        let role = format!("{:?}", party.role).to_lowercase();
        parties.row([party.name.to_string(), plain(&party.display_name), role, accepted, party.keys.len().to_string()]);
    }
    text.push_str(&format!("\n{}", parties.text(0)));
    let mut dimensions =
        Table::new(&["DIMENSION", "TITLE", ">WEIGHT", ">FLOOR MASS", "DEFAULT SHARES", "COEFFICIENTS"]);
    for dimension in &terms.dimensions {
        dimensions.row(dimension_row(dimension, terms));
    }
    text.push_str(&format!("\n{}", dimensions.text(0)));
    let mut units = Table::new(&["UNIT", "DIMENSION", ">POINTS", ">ATTESTATIONS", "ATTESTORS"]);
    for unit in &terms.units {
        let attestors: Vec<String> = unit.attestors.iter().map(ToString::to_string).collect();
        let attestors = if attestors.is_empty() { "any other party".to_owned() } else { attestors.join(", ") };
        let (name, dimension) = (unit.name.to_string(), unit.dimension.to_string());
        units.row([name, dimension, unit.points.to_string(), unit.attestations.to_string(), attestors]);
    }
    text.push_str(&format!("\n{}", units.text(0)));
    let mut streams = Table::new(&["STREAM", "TITLE", "COLLECTED BY", ">POOL RATE"]);
    for stream in &terms.streams {
        let (name, collector) = (stream.name.to_string(), stream.collector.to_string());
        streams.row([name, plain(&stream.title), collector, stream.pool_rate.to_string()]);
    }
    text.push_str(&format!("\n{}", streams.text(0)));
    let licences =
        terms.licences.iter().map(|licence| format!("{}: {}", plain(&licence.deliverable), plain(&licence.spdx)));
    let licences: Vec<String> = licences.collect();
    if !licences.is_empty() {
        text.push_str(&format!("\nlicences     {}\n", licences.join("; ")));
    }
    text.push_str(&counts(agreement));
    text
}

fn dimension_row(dimension: &Dimension, terms: &Terms) -> [String; 6] {
    let by_party = |ratios: &[crate::split::Ratio]| {
        let parts = ratios.iter().zip(&terms.parties).map(|(ratio, party)| format!("{} {ratio}", party.name));
        parts.collect::<Vec<_>>().join(", ")
    };
    [
        dimension.name.to_string(),
        plain(&dimension.title),
        dimension.weight.to_string(),
        dimension.floor_mass.to_string(),
        by_party(&dimension.default_shares),
        by_party(&dimension.coefficients),
    ]
}

fn counts(agreement: &Agreement) -> String {
    let mut lines = Vec::new();
    let contributions = agreement.contributions().count();
    let benefits = agreement.benefits().count();
    lines.push(format!(
        "\ncontributions {contributions}, benefits {benefits}, settlements {}",
        agreement.settlements().len()
    ));
    lines.join("\n")
}

fn json_of(agreement: &Agreement) -> Value {
    let terms = agreement.terms();
    let parties: Vec<Value> = agreement
        .acceptances()
        .enumerate()
        .map(|(position, acceptance)| {
            let party = acceptance.party;
            let keys = glance::keys_json(agreement, position);
            json!({
                "name": party.name.as_str(), "display_name": party.display_name, "coefficient": party.coefficient.to_string(),
                "keys": keys, "accepted": acceptance.keys.len(), "needed": acceptance.needed,
            })
        })
        .collect();
    let texts = |ratios: &[crate::split::Ratio]| ratios.iter().map(ToString::to_string).collect::<Vec<_>>();
    let dimensions: Vec<Value> = terms
        .dimensions
        .iter()
        .map(|dimension| {
            json!({
                "name": dimension.name.as_str(), "title": dimension.title, "weight": dimension.weight.to_string(),
                "floor_mass": dimension.floor_mass.to_string(), "default_shares": texts(&dimension.default_shares),
                "coefficients": texts(&dimension.coefficients),
            })
        })
        .collect();
    let units: Vec<Value> = terms.units.iter().map(|unit| json!({
        "name": unit.name.as_str(), "dimension": unit.dimension.as_str(), "points": unit.points.to_string(),
        "attestations": unit.attestations, "attestors": unit.attestors.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })).collect();
    let streams: Vec<Value> = terms
        .streams
        .iter()
        .map(|stream| {
            json!({
                "name": stream.name.as_str(), "title": stream.title, "collector": stream.collector.as_str(),
                "pool_rate": stream.pool_rate.to_string(),
            })
        })
        .collect();
    let currencies: Vec<Value> = terms
        .currencies
        .iter()
        .map(|currency| {
            json!({
                "code": currency.code.as_str(), "exponent": currency.exponent,
            })
        })
        .collect();
    let licences: Vec<Value> = terms
        .licences
        .iter()
        .map(|licence| {
            json!({
                "deliverable": licence.deliverable, "spdx": licence.spdx,
            })
        })
        .collect();
    let mut all = json!({
        "agreement": agreement.id().to_string(),
        "title": terms.title,
        "phase": agreement.phase_at(session::now()).as_str(),
        "tree_size": agreement.size(),
        "last_admitted": agreement.last_admitted().to_string(),
        "legal_text": { "sha256": terms.legal_text.digest.to_string(), "uri": terms.legal_text.uri },
        "parties": parties, "dimensions": dimensions, "units": units, "streams": streams, "currencies": currencies,
        "licences": licences,
        "contributions": agreement.contributions().count(),
        "benefits": agreement.benefits().count(),
        "settlements": agreement.settlements().len(),
    });
    if let (Value::Object(all), Value::Object(glance)) = (&mut all, glance::to_json(agreement)) {
        all.extend(glance);
    }
    all
}
