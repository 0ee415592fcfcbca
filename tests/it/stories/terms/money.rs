//! Terms about money: the calendar and its windows, what comes before the shares, baselines.

use counterfoil::{
    split::Ratio,
    statement::{
        rules::{Baseline, Bound, Calendar, Fee, Guarantee, Mediator, Rounding, SharePolicy},
        terms::Terms,
    },
};

use crate::stories::{
    script::{Words, list, minor, parse},
    terms::public,
};

/// The kinds of line.
pub(super) const WORDS: [&str; 14] = [
    "calendar",
    "closing-days",
    "statement-days",
    "fee",
    "holdback",
    "recoups",
    "corridor",
    "bound",
    "guarantee",
    "rounding",
    "share-policy",
    "decay",
    "baseline",
    "mediator",
];

/// Reads a line of the kind `kind`.
pub(super) fn line(terms: &mut Terms, kind: &str, words: &mut Words<'_>) -> Result<(), String> {
    let waterfall = &mut terms.waterfall;
    match kind {
        "calendar" => {
            terms.calendar = Some(match words.next("which")? {
                "month" => Calendar::Month,
                "quarter" => Calendar::Quarter,
                "year" => Calendar::Year,
                other => return Err(format!("`{other}` is no calendar")),
            });
        }
        "closing-days" => terms.windows.closing = parse(words.next("days")?)?,
        "statement-days" => terms.windows.statement = parse(words.next("days")?)?,
        "fee" => {
            let cap = words.option("cap").map(minor).transpose()?;
            let (name, rate) = (parse(words.next("name")?)?, parse(words.next("rate")?)?);
            let currency = parse(words.next("currency")?)?;
            waterfall.fees.push(Fee { name, payee: "a bank".to_owned(), rate, currency, cap });
        }
        "holdback" => {
            let part: Ratio = parse(words.next("part")?)?;
            // A part of zero stands for none, which is all that can be written.
            waterfall.holdback = (!part.is_zero()).then_some(part);
            waterfall.holdback_days = parse(words.next("days")?)?;
        }
        "recoups" => waterfall.cost_categories = list(words.next("categories")?)?,
        "corridor" => waterfall.corridor = Some(parse(words.next("part")?)?),
        "bound" => {
            let cap = words.option("cap").map(parse).transpose()?;
            let floor = words.option("floor").map_or(Ok(0), minor)?;
            let (party, currency) = (parse(words.next("party")?)?, parse(words.next("currency")?)?);
            waterfall.bounds.push(Bound { party, currency, cap, floor });
        }
        "guarantee" => {
            let (party, guarantor) = (parse(words.next("party")?)?, parse(words.next("guarantor")?)?);
            let (amount, currency) = (minor(words.next("amount")?)?, parse(words.next("currency")?)?);
            waterfall.guarantees.push(Guarantee { party, guarantor, currency, amount });
        }
        "rounding" => {
            words.next("never-negative")?;
            terms.rounding = Rounding::NeverNegative;
        }
        "share-policy" => {
            words.next("true-up")?;
            terms.share_policy = SharePolicy::TrueUp;
        }
        "decay" => terms.decay = parse(words.next("part")?)?,
        "baseline" => {
            let party = parse(words.next("party")?)?;
            let (amount, currency) = (minor(words.next("amount")?)?, parse(words.next("currency")?)?);
            terms.baselines.push(Baseline { party, currency, amount });
        }
        "mediator" => {
            let keys = vec![public(words.next("key")?)];
            terms.mediator = Some(Mediator { display_name: "a mediator".to_owned(), keys });
        }
        other => return Err(format!("`{other}` is no term")),
    }
    Ok(())
}
