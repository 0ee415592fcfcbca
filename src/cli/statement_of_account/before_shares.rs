//! What comes before the shares, and what is in doubt: fees, what is held back, costs, the reserve, guarantees, and between what every
//! party is while something is disputed. Nothing is said of what there is not.

use serde_json::{Value, json};

use crate::{
    agreement::settle::{Account, Figures},
    cli::{
        figures::decimal,
        output::{heading, plain},
        table::Table,
    },
    split::{Exact, Fractions, exact_text},
    statement::{
        rules::Fee,
        terms::{Currency, Terms},
    },
};

/// Returns the lines about one currency; empty if nothing comes before the shares and nothing is in doubt.
pub(super) fn words(account: &Account, terms: &Terms, position: usize) -> String {
    let (figures, currency) = (&account.figures[position], &terms.currencies[position]);
    let mut text = String::new();
    let lines = kept_back(account, terms, position);
    if !lines.is_empty() {
        text.push_str(&format!("{}\n", heading(&format!("Not shared out now, {}", currency.code))));
        let mut table = Table::new(&["", ">"]);
        for (name, minor) in lines {
            table.row([name, currency.decimal(minor.into())]);
        }
        text.push_str(&table.text(3));
    }
    text.push_str(&costs(figures, terms, currency));
    for (party, guarantor, amount) in figures.top_ups.iter().filter(|(.., amount)| *amount > Exact::ZERO) {
        let name = |party: &usize| &terms.parties[*party].name;
        let (party, guarantor, amount) = (name(party), name(guarantor), major(amount, currency));
        text.push_str(&format!(
            "   {party} has its minimum: {guarantor} bears {amount} {} of it, and gets it back first\n",
            currency.code
        ));
    }
    if let Some((low, high)) = &figures.limits {
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&format!("{}\n", heading(&format!("Until what is in doubt is decided, {}", currency.code))));
        let mut table = Table::new(&["", ">at least", ">at most"]);
        for ((party, low), high) in terms.parties.iter().zip(low).zip(high) {
            table.row([party.name.to_string(), major(low, currency), major(high, currency)]);
        }
        text.push_str(&table.text(3));
    }
    text
}

/// Returns what of the pool of one currency is not shared out now, and why; only what there is.
pub(in crate::cli) fn kept_back(account: &Account, terms: &Terms, position: usize) -> Vec<(String, u64)> {
    sums(&account.figures[position], terms).into_iter().filter(|(_, minor)| *minor > 0).collect()
}

/// Whether anything of the pool is not shared out.
pub(super) fn holds_back(account: &Account, position: usize) -> bool {
    let figures = &account.figures[position];
    figures.fees.iter().sum::<u64>() + figures.held_back + figures.reserve + figures.disputed > 0
}

fn sums(figures: &Figures, terms: &Terms) -> Vec<(String, u64)> {
    let fees = terms.waterfall.fees.iter().zip(&figures.fees);
    let fees = fees.map(|(fee, minor)| (format!("fee {}, {} to {}", fee.name, fee.rate, plain(&fee.payee)), *minor));
    let days = terms.waterfall.holdback_days;
    fees.chain([
        (format!("held back for {days} days after the settlement that took it in"), figures.held_back),
        ("held because it is in doubt".to_owned(), figures.disputed),
        ("reserve: what caps leave over".to_owned(), figures.reserve),
    ])
    .collect()
}

fn costs(figures: &Figures, terms: &Terms, currency: &Currency) -> String {
    let of = |numbers: &Fractions, party| numbers.get(party).unwrap_or(Exact::ZERO);
    let has =
        |party: &usize| of(&figures.recouped, *party) > Exact::ZERO || of(&figures.outstanding, *party) > Exact::ZERO;
    let parties: Vec<usize> = (0..terms.parties.len()).filter(has).collect();
    if parties.is_empty() {
        return String::new();
    }
    let mut table = Table::new(&["", ">has back", ">not yet"]);
    for party in parties {
        let (back, open) = (of(&figures.recouped, party), of(&figures.outstanding, party));
        table.row([terms.parties[party].name.to_string(), major(&back, currency), major(&open, currency)]);
    }
    format!("{}\n{}", heading(&format!("Costs recouped before the shares, {}", currency.code)), table.text(3))
}

/// Adds what stands here to the account of one currency in JSON.
pub(super) fn extend(value: &mut Value, account: &Account, terms: &Terms, position: usize) {
    let figures = &account.figures[position];
    let own = |fee: &&Fee| fee.currency == terms.currencies[position].code;
    let fees = terms.waterfall.fees.iter().zip(&figures.fees).filter(|(fee, _)| own(fee));
    value["fees"] =
        fees.map(|(fee, minor)| json!({ "fee": fee.name.as_str(), "payee": fee.payee, "minor": minor })).collect();
    value["held_back_minor"] = json!(figures.held_back);
    value["disputed_minor"] = json!(figures.disputed);
    value["reserve_minor"] = json!(figures.reserve);
    let name = |party: usize| terms.parties[party].name.as_str();
    let top_up = |(party, guarantor, amount): &(usize, usize, Exact)| json!({ "party": name(*party), "guarantor": name(*guarantor), "minor": exact_text(amount) });
    value["top_ups"] = figures.top_ups.iter().map(top_up).collect();
    let of = |numbers: &Fractions, party| numbers.get(party).map(|exact| exact_text(&exact));
    for party in 0..terms.parties.len() {
        let line = &mut value["parties"][party];
        line["recouped_minor"] = json!(of(&figures.recouped, party));
        line["to_be_recouped_minor"] = json!(of(&figures.outstanding, party));
        if let Some((low, high)) = &figures.limits {
            line["at_least_minor"] = json!(exact_text(&low[party]));
            line["at_most_minor"] = json!(exact_text(&high[party]));
        }
    }
}

/// Writes an exact number of minor units in major units.
pub(in crate::cli) fn major(minor: &Exact, currency: &Currency) -> String {
    let places = usize::try_from(currency.exponent).unwrap_or(0);
    let scale = dashu_int::IBig::from(10).pow(places);
    decimal(&(minor / Exact::from(scale)), places + 2)
}
