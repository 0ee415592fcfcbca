//! What a statement names, in lines: who judges or confirms something sees what it is before it signs, not only its number.

use std::collections::BTreeMap;

use crate::{
    cli::words::{LISTED_MAX, Line, Teller, counted},
    split::{Exact, exact_text},
    statement::{Body, terms::CurrencyCode},
};

/// Something that a statement names.
#[derive(Clone, Debug)]
pub struct Named {
    /// The index of its entry.
    pub index: u64,
    /// Who said it.
    pub party: String,
    /// What it says.
    pub body: Body,
}

/// How many are shown in full before the rest is counted; the sums are of all.
const SHOWN_MAX: usize = 20;

/// What is shown beside what something says: what shows it.
const EVIDENCE: [&str; 3] = ["evidence", "invoice", "artifact"];

impl Teller<'_> {
    /// Returns what each of `named` says and what shows it, and of many what they come to.
    #[must_use]
    pub fn named_lines(&self, named: &[Named]) -> Vec<Line> {
        let mut lines = Vec::new();
        for Named { index, party, body } in named.iter().take(SHOWN_MAX) {
            lines.push(("namely", format!("entry {index}, {party}: {}", self.line(body))));
            let evidence = self.lines(body).into_iter().filter(|(label, _)| EVIDENCE.contains(label));
            lines.extend(evidence.take(LISTED_MAX));
        }
        if named.len() > SHOWN_MAX {
            lines.push(("", format!("and {} more: counterfoil log shows them", named.len() - SHOWN_MAX)));
        }
        if named.len() > 1 {
            lines.extend(self.sums(named).into_iter().map(|sum| ("in all", sum)));
        }
        lines
    }

    /// Says what many come to: by unit, and by currency.
    fn sums(&self, named: &[Named]) -> Vec<String> {
        let mut units: BTreeMap<&str, (usize, Exact)> = BTreeMap::new();
        let mut money: BTreeMap<(&'static str, &'static str, &CurrencyCode), (usize, i128)> = BTreeMap::new();
        let mut add = |one, several, code, minor: u64| {
            let sum = money.entry((one, several, code)).or_default();
            *sum = (sum.0 + 1, sum.1 + i128::from(minor));
        };
        for Named { body, .. } in named {
            match body {
                Body::Contribution(body) => {
                    let sum = units.entry(body.unit.as_str()).or_insert((0, Exact::ZERO));
                    *sum = (sum.0 + 1, &sum.1 + body.quantity.exact());
                }
                Body::Benefit(body) => add("benefit", "benefits", &body.currency, body.amount),
                Body::Cost(body) => add("cost", "costs", &body.currency, body.amount),
                Body::Payment(body) => add("payment", "payments", &body.currency, body.amount),
                Body::Reversal(body) => {
                    if let Some(code) = self.currencies.get(&body.benefit) {
                        add("reversal", "reversals", code, body.amount);
                    }
                }
                _ => {}
            }
        }
        let units = units.into_iter().map(|(unit, (count, sum))| {
            format!("{}, {} {unit}", counted(count, "contribution", "contributions"), exact_text(&sum))
        });
        let money = money.into_iter().filter_map(|((one, several, code), (count, sum))| {
            Some(format!("{}, {}", counted(count, one, several), self.currency(code)?.amount(sum)))
        });
        units.chain(money).collect()
    }
}
