//! What follows a statement of account: who is owed what, what was paid, who agrees, which reports are missing, and whether every party
//! is better off than alone.

use serde_json::{Value, json};

use crate::{
    agreement::{
        Agreement,
        money::{
            periods::{PeriodState, PeriodView},
            statements::StatementView,
            views::{Balance, Gain},
        },
    },
    cli::{doubts, figures::minor_json, output::heading, period::Period, table::Table, words::and},
    time::Timestamp,
};

/// Returns it in words, in lines that end with a line end.
#[must_use]
pub fn words(agreement: &Agreement, now: Timestamp) -> String {
    let mut text = String::new();
    let balances = agreement.balances();
    for (position, currency) in agreement.terms().currencies.iter().enumerate() {
        text.push_str(&format!("{}\n", heading(&format!("Who owes and is owed, {}", currency.code))));
        let mut table =
            Table::new(&["", ">allocated", ">collected", ">paid", ">received", ">not confirmed", ">balance"]);
        for balance in balances.iter().filter(|balance| balance.currency == position) {
            table.row([
                name(agreement, balance.party).to_owned(),
                currency.decimal(balance.allocation),
                currency.decimal(balance.collected),
                currency.decimal(wide(balance.paid)),
                currency.decimal(wide(balance.received)),
                currency.decimal(waiting(balance)),
                currency.decimal(balance.balance),
            ]);
        }
        text.push_str(&table.text(3));
    }
    if let Some(statement) = agreement.last_statement(now) {
        text.push_str(&format!("   {}\n", agreed(&statement, agreement)));
    }
    for line in missing(agreement, now) {
        text.push_str(&format!("   {line}\n"));
    }
    for line in doubts::lines(agreement, now) {
        text.push_str(&format!("   in doubt: {line}\n"));
    }
    text.push_str(&gains(agreement));
    text
}

fn wide(sum: u128) -> i128 {
    i128::try_from(sum).unwrap_or(i128::MAX)
}

/// What a party paid and was paid that nobody has confirmed: what it received is less, what it paid more.
fn waiting(balance: &Balance) -> i128 {
    wide(balance.paid_unconfirmed) - wide(balance.received_unconfirmed)
}

fn agreed(statement: &StatementView, agreement: &Agreement) -> String {
    let names = |parties: &[usize]| and(&parties.iter().map(|party| name(agreement, *party)).collect::<Vec<_>>());
    let size = statement.tree_size;
    if statement.silent.is_empty() {
        return format!("all agree with the settlement of the first {size} entries: it is final for payment");
    }
    let silent = names(&statement.silent);
    if statement.is_final {
        return format!("{silent} kept silent on the settlement of the first {size} entries: it is final for payment");
    }
    let until = statement.window_end.map(|end| format!(" until {end}")).unwrap_or_default();
    format!("the settlement of the first {size} entries waits for {silent}{until}: counterfoil acknowledge")
}

fn missing(agreement: &Agreement, now: Timestamp) -> Vec<String> {
    let Some(calendar) = agreement.terms().calendar else { return Vec::new() };
    let line = |view: PeriodView| {
        let streams = view.missing.iter().map(|stream| agreement.terms().streams[*stream].name.as_str());
        let streams: Vec<&str> = streams.collect();
        let period = Period::numbered(calendar, view.period);
        (!streams.is_empty())
            .then(|| format!("no report of {} in {period}: neither a benefit nor a nil report", and(&streams)))
    };
    let over = |view: &PeriodView| view.state != PeriodState::Running;
    agreement.periods(now).into_iter().filter(over).filter_map(line).collect()
}

fn gains(agreement: &Agreement) -> String {
    let gains = agreement.gains();
    if gains.is_empty() {
        return String::new();
    }
    let terms = agreement.terms();
    let mut table = Table::new(&["", ">kept", ">allocated", ">costs", ">alone", ">better by", ""]);
    for gain in &gains {
        let currency = &terms.currencies[gain.currency];
        let amount = |minor: i128| currency.decimal(minor);
        table.row([
            format!("{} {}", name(agreement, gain.party), currency.code),
            amount(gain.retained),
            amount(gain.allocation),
            amount(gain.costs),
            amount(gain.baseline),
            amount(gain.surplus),
            if gain.wins() { "better off".to_owned() } else { "WORSE OFF than alone".to_owned() },
        ]);
    }
    let verdict = if gains.iter().all(Gain::wins) {
        "every party that signed what it would have alone is better off together"
    } else {
        "not every party is better off than alone: talk about it before it leaves"
    };
    format!("{}\n{}   {verdict}\n", heading("Together or alone"), table.text(3))
}

fn name(agreement: &Agreement, party: usize) -> &str {
    agreement.terms().parties[party].name.as_str()
}

/// Adds it to an answer in JSON.
pub fn extend(value: &mut Value, agreement: &Agreement, now: Timestamp) {
    let terms = agreement.terms();
    let balances = agreement.balances();
    let balances = balances.iter().map(|balance| {
        json!({
            "party": name(agreement, balance.party), "currency": terms.currencies[balance.currency].code.as_str(),
            "allocation_minor": minor_json(balance.allocation), "collected_minor": minor_json(balance.collected),
            "paid_minor": minor_json(wide(balance.paid)), "received_minor": minor_json(wide(balance.received)),
            "paid_unconfirmed_minor": minor_json(wide(balance.paid_unconfirmed)),
            "received_unconfirmed_minor": minor_json(wide(balance.received_unconfirmed)),
            "balance_minor": minor_json(balance.balance),
        })
    });
    value["balances"] = balances.collect();
    if let Some(statement) = agreement.last_statement(now) {
        let names =
            |parties: &mut dyn Iterator<Item = usize>| parties.map(|party| name(agreement, party)).collect::<Vec<_>>();
        value["acknowledged"] = json!({
            "settlement": statement.tree_size, "final_for_payment": statement.is_final,
            "by": names(&mut statement.acknowledged.keys().copied()), "silent": names(&mut statement.silent.iter().copied()),
            "until": statement.window_end.map(|end| end.to_string()),
        });
    }
    let periods = agreement.periods(now);
    let periods = periods.iter().filter(|view| view.state != PeriodState::Running && !view.missing.is_empty());
    let missing = periods.flat_map(|view| {
        let period = terms.calendar.map(|calendar| Period::numbered(calendar, view.period).to_string());
        view.missing
            .iter()
            .map(move |stream| json!({ "period": period, "stream": terms.streams[*stream].name.as_str() }))
    });
    value["missing_reports"] = missing.collect();
    value["in_doubt"] = json!(doubts::lines(agreement, now));
    let gains = agreement.gains();
    let gains = gains.iter().map(|gain| {
        json!({
            "party": name(agreement, gain.party), "currency": terms.currencies[gain.currency].code.as_str(),
            "retained_minor": minor_json(gain.retained), "allocation_minor": minor_json(gain.allocation), "costs_minor": minor_json(gain.costs),
            "baseline_minor": minor_json(gain.baseline), "periods": gain.periods, "surplus_minor": minor_json(gain.surplus), "wins": gain.wins(),
        })
    });
    value["win_win"] = gains.collect();
}
