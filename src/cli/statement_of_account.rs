//! The statement of account as people read it: the three sums of the formula under their names, then who gets what, then what
//! no ledger proves.
//!
//! Nothing is computed here: every number is the law's.

use serde_json::{Value, json};

use crate::{
    agreement::settle::Account,
    audit::NOT_SHOWN,
    cli::{
        output::{heading, plain},
        table::Table,
    },
    split::{DimensionShares, Exact, exact_text},
    statement::terms::{Dimension, Terms},
};

/// Writes a statement of account in words.
pub fn words(account: &Account, terms: &Terms) -> String {
    let mut text = heading(&format!("Statement of account, entries before {}", account.settlement.tree_size));
    text.push('\n');
    for (dimension, sums) in terms.dimensions.iter().zip(&account.shares.dimensions) {
        text.push_str(&dimension_words(dimension, sums, terms));
    }
    for currency in 0..terms.currencies.len() {
        text.push_str(&pool_words(account, terms, currency));
        text.push_str(&allocation_words(account, terms, currency));
    }
    text.push_str("\nThe ledger does not prove\n");
    NOT_SHOWN.iter().for_each(|not_shown| text.push_str(&format!("  {not_shown}\n")));
    text
}

/// T = a1*C1 + a2*C2, S = b1*A1 + b2*A2: one of the first two sums, or the parties' own.
fn dimension_words(dimension: &Dimension, sums: &DimensionShares, terms: &Terms) -> String {
    let parties = terms.parties.len();
    let term = |n: usize| format!("{}{n}*{}{n}", letters(dimension).0, letters(dimension).1);
    let formula = match parties {
        0..=FORMULA_TERMS_MAX => (1..=parties).map(term).collect::<Vec<_>>().join(" + "),
        _ => format!("{} + {} + ... + {}", term(1), term(2), term(parties)),
    };
    let mut text = format!(
        "\n{}  {} = {formula}, weight {}, floor mass {}\n",
        heading(dimension.name.as_str()),
        plain(&dimension.title),
        dimension.weight,
        dimension.floor_mass
    );
    let mut table = Table::new(&["PARTY", ">COEFFICIENT", ">POINTS", ">RATE", ">WEIGHTED", ">DEFAULT SHARE", ">SHARE"]);
    let rates = sums.rates();
    for (position, party) in terms.parties.iter().enumerate() {
        table.row([
            party.name.to_string(),
            dimension.coefficients[position].to_string(),
            at(sums.points.get(position)),
            rates.as_ref().map(|rates| at(rates.get(position))).unwrap_or_default(),
            at(sums.weighted.get(position)),
            dimension.default_shares[position].to_string(),
            at(sums.shares.get(position)),
        ]);
    }
    text.push_str(&table.text(3));
    text.push_str(&format!("   {} = {}", dimension.name, exact_text(&sums.total)));
    if sums.unfilled == Exact::ZERO {
        text.push('\n');
    } else {
        let unfilled = exact_text(&sums.unfilled);
        text.push_str(&format!("; the {unfilled} points short of the floor mass are filled by the default shares\n"));
    }
    text
}

/// W = c1*P1 + c2*P2: how much there is to share in one currency.
fn pool_words(account: &Account, terms: &Terms, currency: usize) -> String {
    let money = |minor: u64| terms.currencies[currency].amount(minor.into());
    let streams = account.streams.iter().filter(|sum| sum.currency == currency).count();
    let formula = (1..=streams.max(1)).map(|n| format!("c{n}*P{n}")).collect::<Vec<_>>().join(" + ");
    let mut text = format!("\n{}  win-win = {formula}\n", heading("W"));
    let mut table = Table::new(&["STREAM", "COLLECTED BY", ">POOL RATE", ">GROSS", ">POOLED"]);
    for sum in account.streams.iter().filter(|sum| sum.currency == currency) {
        let stream = &terms.streams[sum.stream];
        let (name, collector) = (stream.name.to_string(), stream.collector.to_string());
        table.row([name, collector, stream.pool_rate.to_string(), money(sum.gross), money(sum.pooled)]);
    }
    if !table.is_empty() {
        text.push_str(&table.text(3));
    }
    text.push_str(&format!("   W = {}\n", money(account.settlement.accounts[currency].pool)));
    text
}

/// Who gets what in one currency.
fn allocation_words(account: &Account, terms: &Terms, currency: usize) -> String {
    let unit = &terms.currencies[currency];
    let money = |minor: i64| unit.amount(minor.into());
    let scored = terms.parties.iter().any(|party| party.coefficient != crate::split::Ratio::ONE);
    let kappa = if scored { "; shares are corrected by the party coefficients" } else { "" };
    let mut text = format!("\n{}  in {}{kappa}\n", heading("Who gets what"), unit.code);
    let mut heads = vec!["PARTY", ">SHARE", ">ENTITLEMENT (MINOR UNITS)", ">ALLOCATION", ">DUE NOW", ">NET"];
    if scored {
        heads.insert(1, ">KAPPA");
    }
    let mut table = Table::new(&heads);
    let lines = &account.settlement.accounts[currency].parties;
    for (position, (party, line)) in terms.parties.iter().zip(lines).enumerate() {
        let entitlement = account.entitlements[currency].exact(position);
        let mut row = vec![
            party.name.to_string(),
            at(account.shares.shares.get(position)),
            entitlement.as_ref().map(shortened).unwrap_or_default(),
            money(line.allocation),
            money(line.due),
            money(account.nets[currency][position]),
        ];
        if scored {
            row.insert(1, party.coefficient.to_string());
        }
        table.row(row);
    }
    text.push_str(&table.text(3));
    text.push_str("   net: what a party gets less what it collected for the pool; below zero it pays, and all nets add up to zero\n");
    text
}

/// The letters of the formula's source: a and C for co-creation, b and A for sharing; for others, their own.
fn letters(dimension: &Dimension) -> (&'static str, &'static str) {
    match dimension.name.as_str() {
        "T" => ("a", "C"),
        "S" => ("b", "A"),
        _ => ("a", "X"),
    }
}

/// More parties than this make the formula longer than a line.
const FORMULA_TERMS_MAX: usize = 4;

fn at(number: Option<Exact>) -> String {
    number.as_ref().map(shortened).unwrap_or_default()
}

/// Writes an exact number; when it is longer than a column, its whole part, with a sign that says so.
fn shortened(number: &Exact) -> String {
    let text = exact_text(number);
    if text.len() <= EXACT_CHARS_MAX {
        return text;
    }
    // Shown to the thousandth, and only shown: what is allocated follows from the exact number, which --json has in full.
    let thousandths = (number * Exact::from(1_000)).trunc();
    let (sign, digits) = match thousandths.to_string() {
        text if text.starts_with('-') => ("-", text[1..].to_owned()),
        text => ("", text),
    };
    let digits = format!("{digits:0>4}");
    let (whole, part) = digits.split_at(digits.len() - 3);
    format!("{sign}{whole}.{part}...")
}

const EXACT_CHARS_MAX: usize = 20;

/// Returns a statement of account as JSON; every exact number in full.
pub fn json(account: &Account, terms: &Terms) -> Value {
    let party = |position: usize| terms.parties[position].name.as_str();
    let exact = |number: Option<Exact>| number.as_ref().map(exact_text);
    let dimensions = terms.dimensions.iter().zip(&account.shares.dimensions).map(|(dimension, sums)| {
        let rates = sums.rates();
        let parts = (0..terms.parties.len()).map(|position| {
            json!({
                "party": party(position),
                "coefficient": dimension.coefficients[position].to_string(),
                "points": exact(sums.points.get(position)),
                "rate": rates.as_ref().and_then(|rates| exact(rates.get(position))),
                "weighted": exact(sums.weighted.get(position)),
                "share": exact(sums.shares.get(position)),
            })
        });
        json!({
            "dimension": dimension.name.as_str(),
            "weight": dimension.weight.to_string(),
            "floor_mass": dimension.floor_mass.to_string(),
            "total": exact_text(&sums.total),
            "unfilled": exact_text(&sums.unfilled),
            "parties": parts.collect::<Vec<_>>(),
        })
    });
    let streams = account.streams.iter().map(|sum| {
        let stream = &terms.streams[sum.stream];
        json!({
            "stream": stream.name.as_str(),
            "collector": stream.collector.as_str(),
            "currency": terms.currencies[sum.currency].code.as_str(),
            "pool_rate": stream.pool_rate.to_string(),
            "gross_minor": sum.gross,
            "pooled_minor": sum.pooled,
        })
    });
    let accounts = account.settlement.accounts.iter().enumerate().map(|(currency, lines)| {
        let parties = lines.parties.iter().enumerate().map(|(position, line)| {
            json!({
                "party": party(position),
                "share": exact(account.shares.shares.get(position)),
                "entitlement": exact(account.entitlements[currency].exact(position)),
                "allocation_minor": line.allocation,
                "due_minor": line.due,
                "net_minor": account.nets[currency][position],
            })
        });
        json!({
            "currency": lines.currency.as_str(),
            "exponent": terms.currencies[currency].exponent,
            "pool_minor": lines.pool,
            "parties": parties.collect::<Vec<_>>(),
        })
    });
    json!({
        "tree_size": account.settlement.tree_size,
        "dimensions": dimensions.collect::<Vec<_>>(),
        "streams": streams.collect::<Vec<_>>(),
        "accounts": accounts.collect::<Vec<_>>(),
        "not_shown": NOT_SHOWN,
    })
}
