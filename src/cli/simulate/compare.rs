//! Simulations for people: what one formula gives in each period, and several beside each other.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::{
    cli::{
        figures::{minor_json, percent},
        output::{heading, plain},
        period::Period,
        simulate::compute::{Settled, Simulation},
        statement_of_account,
        table::Table,
    },
    split::{Exact, exact_text},
    statement::terms::{Currency, Name},
};

/// Tells what the formulas give: a line for each period and party, then the sums; of a single one its statement of account.
pub(super) fn words(simulations: &[Simulation]) -> String {
    let mut text = String::new();
    for (letter, simulation) in LETTERS.iter().zip(simulations) {
        let title = plain(&simulation.terms.title);
        let letter = if simulations.len() > 1 { format!("{letter}  ") } else { String::new() };
        let every = simulation.every;
        text.push_str(&format!(
            "{letter}{}  {title}, settled every {every}\n",
            heading(&simulation.path.display().to_string())
        ));
    }
    text.push('\n');
    text.push_str(&table(simulations).text(0));
    if let [only] = simulations {
        let end = only.periods.last().map(|settled| format!(" at the end of {}", settled.period)).unwrap_or_default();
        let title = format!("Statement of account{end}");
        text.push_str(&format!("\n{}", statement_of_account::words_under(&title, &only.account)));
    } else {
        text.push_str("\ndifferences are to A; `simulate` with a single file shows its statement of account\n");
    }
    text
}

const LETTERS: [&str; 6] = ["A", "B", "C", "D", "E", "F"];

/// The parties of all formulas, those of the first one first.
fn parties(simulations: &[Simulation]) -> Vec<Name> {
    let mut names: Vec<Name> = Vec::new();
    for party in simulations.iter().flat_map(|simulation| &simulation.terms.parties) {
        if !names.contains(&party.name) {
            names.push(party.name.clone());
        }
    }
    names
}

/// The currencies of all formulas. One of the same code is the same one, if it has as many decimal digits.
fn currencies(simulations: &[Simulation]) -> Vec<Currency> {
    let mut currencies: Vec<Currency> = Vec::new();
    for currency in simulations.iter().flat_map(|simulation| &simulation.terms.currencies) {
        if !currencies.contains(currency) {
            currencies.push(currency.clone());
        }
    }
    currencies
}

fn table(simulations: &[Simulation]) -> Table {
    let (parties, currencies) = (parties(simulations), currencies(simulations));
    let mut table = Table::new(&heads(simulations, &currencies));
    let periods: BTreeSet<Period> =
        simulations.iter().flat_map(|simulation| simulation.periods.iter().map(|settled| settled.period)).collect();
    for period in periods {
        for (position, party) in parties.iter().enumerate() {
            let name = if position == 0 { period.to_string() } else { String::new() };
            let cells: Vec<Cell<'_>> =
                simulations.iter().map(|simulation| Cell::of_period(simulation, party, period)).collect();
            table.row([name, party.to_string()].into_iter().chain(line(&cells, &currencies)));
        }
    }
    for (position, party) in parties.iter().enumerate() {
        let name = if position == 0 { "in all" } else { "" };
        let cells: Vec<Cell<'_>> = simulations.iter().map(|simulation| Cell::in_all(simulation, party)).collect();
        table.row([name.to_owned(), party.to_string()].into_iter().chain(line(&cells, &currencies)));
    }
    table
}

fn heads(simulations: &[Simulation], currencies: &[Currency]) -> Vec<String> {
    let mut heads = vec!["period".to_owned(), "party".to_owned()];
    for (position, letter) in LETTERS.iter().take(simulations.len()).enumerate() {
        let of = if simulations.len() > 1 { format!(" {letter}") } else { String::new() };
        heads.push(format!(">counted{of}"));
        heads.push(format!(">share{of}"));
        for currency in currencies {
            heads.push(format!(">due {}{of}", currency.code));
            if position > 0 {
                heads.push(format!(">{letter}-A"));
            }
        }
    }
    heads
}

/// What one formula gives one party, in one period or in all.
struct Cell<'a> {
    simulation: &'a Simulation,
    counted: usize,
    share: Option<Exact>,
    /// By currency of the formula.
    dues: Vec<i128>,
}

impl<'a> Cell<'a> {
    fn of_period(simulation: &'a Simulation, party: &Name, period: Period) -> Self {
        let settled: Vec<&Settled> = simulation.periods.iter().filter(|settled| settled.period == period).collect();
        Self::of(simulation, party, &settled)
    }

    fn in_all(simulation: &'a Simulation, party: &Name) -> Self {
        Self { share: None, ..Self::of(simulation, party, &simulation.periods.iter().collect::<Vec<_>>()) }
    }

    fn of(simulation: &'a Simulation, party: &Name, settled: &[&Settled]) -> Self {
        let none = Self { simulation, counted: 0, share: None, dues: vec![0; simulation.terms.currencies.len()] };
        let Some(position) = simulation.terms.parties.iter().position(|known| known.name == *party) else {
            return none;
        };
        let due = |currency: usize| settled.iter().map(|settled| i128::from(settled.dues[currency][position])).sum();
        Self {
            counted: settled.iter().map(|settled| settled.counted[position]).sum(),
            share: settled.last().map(|settled| settled.shares[position].clone()),
            dues: (0..simulation.terms.currencies.len()).map(due).collect(),
            ..none
        }
    }

    fn due(&self, currency: &Currency) -> i128 {
        let position = self.simulation.terms.currencies.iter().position(|known| known == currency);
        position.map_or(0, |position| self.dues[position])
    }
}

fn line(cells: &[Cell<'_>], currencies: &[Currency]) -> Vec<String> {
    let mut line = Vec::new();
    for (position, cell) in cells.iter().enumerate() {
        line.push(cell.counted.to_string());
        line.push(cell.share.as_ref().map(percent).unwrap_or_default());
        for currency in currencies {
            line.push(currency.decimal(cell.due(currency)));
            if position > 0 {
                line.push(signed(currency, cell.due(currency) - cells[0].due(currency)));
            }
        }
    }
    line
}

fn signed(currency: &Currency, difference: i128) -> String {
    let sign = if difference > 0 { "+" } else { "" };
    format!("{sign}{}", currency.decimal(difference))
}

/// Returns the same in JSON: shares exact, amounts in minor units.
pub(super) fn json(simulations: &[Simulation]) -> Value {
    json!({ "simulations": simulations.iter().map(one).collect::<Vec<_>>() })
}

fn one(simulation: &Simulation) -> Value {
    let (left_out, overclaimed) = simulation.left_out();
    let cell_json = |cell: &Cell<'_>, party: &Name| {
        let dues = simulation.terms.currencies.iter().zip(&cell.dues);
        let dues: BTreeMap<&str, Value> =
            dues.map(|(currency, due)| (currency.code.as_str(), minor_json(*due))).collect();
        json!({
            "party": party.as_str(),
            "counted": cell.counted,
            "share": cell.share.as_ref().map(exact_text),
            "due_minor": dues,
        })
    };
    let parties = || simulation.terms.parties.iter().map(|party| &party.name);
    let periods = simulation.periods.iter().map(|settled| {
        let cells = parties().map(|party| cell_json(&Cell::of_period(simulation, party, settled.period), party));
        json!({ "period": settled.period.to_string(), "parties": cells.collect::<Vec<_>>() })
    });
    json!({
        "file": simulation.path,
        "title": simulation.terms.title,
        "period": simulation.every.to_string(),
        "left_out": left_out.to_json(),
        "overclaimed": overclaimed,
        "periods": periods.collect::<Vec<_>>(),
        "in_all": parties().map(|party| cell_json(&Cell::in_all(simulation, party), party)).collect::<Vec<_>>(),
        "account": statement_of_account::json(&simulation.account),
    })
}
