//! The rules that terms may set besides the formula's figures: mediator, calendar, windows, what comes before the shares, trial
//! and exit. Their keys are the words of `terms.proto`; amounts are in major units, as everywhere in the file.

use std::path::Path;

use crate::{
    cli::{
        terms_toml::{
            Known, Purpose, amount_in, currency_of, file_or_digest, list, optional_list, party_among, stand_in,
        },
        toml_file::{Node, TomlFileError},
    },
    statement::{
        rules::{
            Baseline, Bound, Calendar, ExitTerms, Fee, Guarantee, Mediator, Rounding, SharePolicy, Trial, Waterfall,
            Windows,
        },
        terms::Name,
    },
};

pub(super) const CALENDARS: [(&str, Calendar); 3] =
    [("month", Calendar::Month), ("quarter", Calendar::Quarter), ("year", Calendar::Year)];
pub(super) const SHARE_POLICIES: [(&str, SharePolicy); 2] =
    [("prospective", SharePolicy::Prospective), ("true_up", SharePolicy::TrueUp)];
pub(super) const ROUNDINGS: [(&str, Rounding); 2] =
    [("largest_remainder", Rounding::LargestRemainder), ("never_negative", Rounding::NeverNegative)];

pub(super) fn mediator(node: Node<'_>, purpose: Purpose) -> Result<Mediator, TomlFileError> {
    let table = node.table(&["display_name", "public_keys"])?;
    let keys = match (table.get("public_keys"), purpose) {
        (None, Purpose::Sign) => return Err(table.missing("public_keys")),
        // No party has this name: names have no spaces.
        (None, Purpose::Try) => vec![stand_in("the mediator")],
        (Some(_), _) => list(&table, "public_keys", |node| node.parsed())?,
    };
    Ok(Mediator { display_name: table.need("display_name")?.text()?.to_owned(), keys })
}

pub(super) fn windows(node: Node<'_>) -> Result<Windows, TomlFileError> {
    let table = node.table(&[
        "attest_days",
        "challenge_days",
        "closing_days",
        "statement_days",
        "evidence_days",
        "audit_days",
    ])?;
    let days = |key| Ok::<_, TomlFileError>(table.read(key, |node| node.count())?.unwrap_or(0));
    Ok(Windows {
        attest: days("attest_days")?,
        challenge: days("challenge_days")?,
        closing: days("closing_days")?,
        statement: days("statement_days")?,
        evidence: days("evidence_days")?,
        audit: days("audit_days")?,
    })
}

pub(super) fn waterfall(node: Node<'_>, known: &Known<'_>) -> Result<Waterfall, TomlFileError> {
    let table =
        node.table(&["fees", "holdback", "holdback_days", "cost_categories", "corridor", "bounds", "guarantees"])?;
    Ok(Waterfall {
        fees: optional_list(&table, "fees", |node| fee(node, known))?,
        holdback: table.read("holdback", |node| node.ratio())?,
        holdback_days: table.read("holdback_days", |node| node.count())?.unwrap_or(0),
        cost_categories: optional_list(&table, "cost_categories", |node| node.parsed::<Name>())?,
        corridor: table.read("corridor", |node| node.ratio())?,
        bounds: optional_list(&table, "bounds", |node| bound(node, known))?,
        guarantees: optional_list(&table, "guarantees", |node| guarantee(node, known))?,
    })
}

fn fee(node: Node<'_>, known: &Known<'_>) -> Result<Fee, TomlFileError> {
    let table = node.table(&["name", "payee", "rate", "currency", "cap"])?;
    let currency = currency_of(&table, known)?;
    Ok(Fee {
        name: table.need("name")?.parsed()?,
        payee: table.need("payee")?.text()?.to_owned(),
        rate: table.need("rate")?.ratio()?,
        cap: table.read("cap", |node| amount_in(&node, currency))?.filter(|cap| *cap > 0),
        currency: currency.code.clone(),
    })
}

fn bound(node: Node<'_>, known: &Known<'_>) -> Result<Bound, TomlFileError> {
    let table = node.table(&["party", "currency", "cap", "floor"])?;
    let currency = currency_of(&table, known)?;
    Ok(Bound {
        party: party_among(&table, "party", known)?,
        cap: table.read("cap", |node| node.ratio())?,
        floor: table.read("floor", |node| amount_in(&node, currency))?.unwrap_or(0),
        currency: currency.code.clone(),
    })
}

fn guarantee(node: Node<'_>, known: &Known<'_>) -> Result<Guarantee, TomlFileError> {
    let table = node.table(&["party", "guarantor", "currency", "amount"])?;
    let currency = currency_of(&table, known)?;
    Ok(Guarantee {
        party: party_among(&table, "party", known)?,
        guarantor: party_among(&table, "guarantor", known)?,
        amount: amount_in(&table.need("amount")?, currency)?,
        currency: currency.code.clone(),
    })
}

pub(super) fn trial(node: Node<'_>, path: &Path, purpose: Purpose) -> Result<Trial, TomlFileError> {
    let table = node.table(&["days", "criteria_file", "criteria_digest"])?;
    let criteria = file_or_digest(&table, ["criteria_file", "criteria_digest"], path, purpose)?;
    Ok(Trial { days: table.need("days")?.count()?, criteria })
}

pub(super) fn exit(node: Node<'_>) -> Result<ExitTerms, TomlFileError> {
    let table = node.table(&["notice_days", "factor", "factor_without_notice"])?;
    Ok(ExitTerms {
        notice_days: table.read("notice_days", |node| node.count())?.unwrap_or(0),
        factor: table.need("factor")?.ratio()?,
        factor_without_notice: table.need("factor_without_notice")?.ratio()?,
    })
}

pub(super) fn baseline(node: Node<'_>, known: &Known<'_>) -> Result<Baseline, TomlFileError> {
    let table = node.table(&["party", "currency", "amount"])?;
    let currency = currency_of(&table, known)?;
    Ok(Baseline {
        party: party_among(&table, "party", known)?,
        amount: amount_in(&table.need("amount")?, currency)?,
        currency: currency.code.clone(),
    })
}
