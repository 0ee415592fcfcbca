//! What scripts say about money besides benefits.
//!
//! ```text
//! community   closes 2026-01 seen all
//! enterprise  reports-nothing sales 2026-01
//! community   spends K1 compute 100.00 EUR invoice bill-7
//! enterprise  confirms-cost K1
//! community   acknowledges                          # the last settlement
//! enterprise  pays P1 community 70.00 EUR
//! community   confirms-payment P1
//! enterprise  recalls P1
//! now         period 2026-01 is CLOSED at 7
//! now         missing 2026-01 is sales
//! now         balance community is 70.00 EUR
//! now         final is no
//! now         gain community is 138.50 EUR
//! ```
//!
//! `reports` takes `earned 2026-01-01..2026-02-01` besides. Periods are written as the month, or by their first one.

use counterfoil::{
    agreement::{Agreement, calendar::period_at, money::periods::PeriodState},
    digest::Digest,
    statement::{
        Body, Statement,
        change::Withdrawal,
        money::{Acknowledgement, Closing, Cost, CostConfirmation, NilReport, Payment, PaymentConfirmation},
        rules::Calendar,
        terms::Terms,
    },
};

use super::{Stage, same};
use crate::stories::script::{Words, minor, parse};

/// Reads what is said; `None`: it is not about money.
pub(super) fn body(stage: &Stage, verb: &str, words: &mut Words<'_>) -> Result<Option<(String, Body)>, String> {
    let mut label = String::new();
    let mut name = |words: &mut Words<'_>| words.next("a name").map(|name| label = name.to_owned());
    let ids = |words: &mut Words<'_>| words.all().into_iter().map(|name| stage.id(name)).collect();
    let body = match verb {
        "closes" => Body::Closing(Closing { period: period(&stage.terms, words.next("a period")?)? }),
        "reports-nothing" => {
            name(words)?;
            let stream = parse(words.next("a stream")?)?;
            Body::NilReport(NilReport { stream, period: period(&stage.terms, words.next("a period")?)? })
        }
        "spends" => {
            name(words)?;
            let invoice = words.option("invoice").ok_or("an invoice is missing")?;
            Body::Cost(Cost {
                category: parse(words.next("a category")?)?,
                amount: minor(words.next("an amount")?)?,
                currency: parse(words.next("a currency")?)?,
                invoice: Digest::of(&[invoice.as_bytes()]),
                note: String::new(),
            })
        }
        "confirms-cost" => Body::CostConfirmation(CostConfirmation { costs: ids(words) }),
        "acknowledges" => Body::Acknowledgement(Acknowledgement { tree_size: settled(stage, words)? }),
        "pays" => {
            name(words)?;
            Body::Payment(Payment {
                tree_size: settled(stage, words)?,
                payee: parse(words.next("a payee")?)?,
                amount: minor(words.next("an amount")?)?,
                currency: parse(words.next("a currency")?)?,
                evidence: Digest::of(&[b"a bank statement"]),
                note: String::new(),
            })
        }
        "confirms-payment" => Body::PaymentConfirmation(PaymentConfirmation { payments: ids(words) }),
        "recalls" => {
            let statement = stage.id(words.next("something")?);
            Body::Withdrawal(Withdrawal { statement, reason: "a slip".to_owned() })
        }
        _ => return Ok(None),
    };
    Ok(Some((label, body)))
}

/// Lets a statement name the last checkpoint: a closing must.
pub(super) fn see(stage: &Stage, statement: &mut Statement) -> Result<(), String> {
    if matches!(statement.body, Body::Closing(_)) && statement.seen.is_none() {
        let size = stage.agreement().map_or(1, Agreement::size);
        statement.seen = Some(stage.seen(&size.to_string())?);
    }
    Ok(())
}

/// The size of the last settlement, or of the one named.
fn settled(stage: &Stage, words: &mut Words<'_>) -> Result<u64, String> {
    let last = stage.agreement().and_then(|agreement| agreement.settlement_places().last());
    words.option("at").map_or(Ok(last.map_or(1, |place| place.tree_size)), parse)
}

fn period(terms: &Terms, text: &str) -> Result<u32, String> {
    Ok(period_at(terms.calendar.unwrap_or(Calendar::Month), parse(&format!("{text}-01"))?))
}

/// Whether `now` asks about money.
pub(super) fn is_checked(what: &str) -> bool {
    ["period", "missing", "balance", "final", "gain", "win-win"].contains(&what)
}

/// Holds the views to a line of `now`.
pub(super) fn check(stage: &Stage, agreement: &Agreement, what: &str, words: &mut Words<'_>) -> Result<(), String> {
    let subject = if ["final", "win-win"].contains(&what) { "" } else { words.next("what")? };
    words.next("is")?;
    let expected = words.all().join(" ");
    let yes = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
    let found = match what {
        "period" | "missing" => {
            let period = period(&stage.terms, subject)?;
            let view = agreement.periods(stage.clock).into_iter().find(|view| view.period == period);
            let view = view.ok_or("the period is not shown")?;
            if what == "missing" {
                let names = view.missing.iter().map(|stream| stage.terms.streams[*stream].name.to_string());
                let names = names.collect::<Vec<_>>().join(" ");
                if names.is_empty() { "nothing".to_owned() } else { names }
            } else {
                let state = match view.state {
                    PeriodState::Running => "RUNNING",
                    PeriodState::Over => "OVER",
                    PeriodState::Closed => "CLOSED",
                    PeriodState::Settled => "SETTLED",
                };
                view.cut_off.map_or_else(|| state.to_owned(), |cut_off| format!("{state} at {cut_off}"))
            }
        }
        "balance" => {
            let party = stage.party(subject)?;
            let owed = agreement.balances().into_iter().filter(|balance| balance.party == party);
            let owed = owed.filter(|balance| balance.balance != 0);
            let texts = owed.map(|balance| stage.terms.currencies[balance.currency].amount(balance.balance));
            let texts = texts.collect::<Vec<_>>().join(" ");
            if texts.is_empty() { "nothing".to_owned() } else { texts }
        }
        "final" => yes(agreement.last_statement(stage.clock).ok_or("no settlement")?.is_final),
        "gain" => {
            let party = stage.party(subject)?;
            let gains = agreement.gains().into_iter().filter(|gain| gain.party == party);
            let texts = gains.map(|gain| stage.terms.currencies[gain.currency].amount(gain.surplus));
            texts.collect::<Vec<_>>().join(" ")
        }
        _ => yes(agreement.is_win_win()),
    };
    same(&found, &expected)
}
