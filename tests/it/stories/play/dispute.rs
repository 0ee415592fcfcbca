//! What scripts say in disputes.
//!
//! ```text
//! community   disputes D1 C1 reject C2 quality 1/2 C3 reassign community B1 amount 50.00
//! community   gives D1 email.txt
//! enterprise  offers O1 D1 C1 stand
//! community   accepts-motion O1
//! mediator    rules D1 C1 reject
//! now         D1 is OPEN
//! now         at-stake D1 11,868.14 EUR
//! now         between community EUR 7384615.38.. 8571428.57..
//! now         held EUR 1186814
//! ```

use counterfoil::{
    agreement::{Agreement, dispute::DisputeState},
    digest::Digest,
    split::exact_text,
    statement::{
        Body,
        dispute::{Dispute, Evidence, Offer, Outcome, Remedy, Ruling},
    },
};

use super::{Stage, same};
use crate::stories::script::{Words, minor, parse};

/// Reads what is said; `None`: it is not about a dispute.
pub(super) fn body(stage: &Stage, verb: &str, words: &mut Words<'_>) -> Result<Option<(String, Body)>, String> {
    let mut label = String::new();
    let mut name = |words: &mut Words<'_>| words.next("a name").map(|name| label = name.to_owned());
    let body = match verb {
        "disputes" => {
            name(words)?;
            Body::Dispute(Dispute { outcomes: outcomes(stage, words)?, reason: "a reason".to_owned() })
        }
        "gives" => {
            let dispute = stage.id(words.next("a dispute")?);
            let digest = Digest::of(&[words.next("a document")?.as_bytes()]);
            let (media_type, uri, note) = (String::new(), String::new(), String::new());
            Body::Evidence(Evidence { dispute, digest, media_type, uri, note })
        }
        "offers" => {
            name(words)?;
            let dispute = stage.id(words.next("a dispute")?);
            Body::Offer(Offer { dispute, outcomes: outcomes(stage, words)? })
        }
        "rules" => {
            let dispute = stage.id(words.next("a dispute")?);
            let wrong = words.flag("wrongly");
            let outcomes = outcomes(stage, words)?;
            let effect = stage.agreement().and_then(|agreement| agreement.effect(dispute, &outcomes, stage.now()).ok());
            let effect = effect.filter(|_| !wrong).map_or(Digest::of(&[b"wrong"]), |effect| effect.digest);
            Body::Ruling(Ruling { dispute, outcomes, effect, reasons: Digest::of(&[b"reasons"]) })
        }
        _ => return Ok(None),
    };
    Ok(Some((label, body)))
}

fn outcomes(stage: &Stage, words: &mut Words<'_>) -> Result<Vec<Outcome>, String> {
    let rest = words.all();
    let mut words = rest.into_iter();
    let mut outcomes = Vec::new();
    while let Some(subject) = words.next() {
        let mut next = || words.next().ok_or_else(|| "a word is missing".to_owned());
        let remedy = match next()? {
            "stand" => Remedy::Stand,
            "reject" => Remedy::Reject,
            "quality" => Remedy::Quality(parse(next()?)?),
            "reassign" => Remedy::Reassign(parse(next()?)?),
            "amount" => Remedy::Amount(minor(next()?)?),
            other => return Err(format!("`{other}` is no remedy")),
        };
        outcomes.push(Outcome { subject: stage.id(subject), remedy });
    }
    Ok(outcomes)
}

/// Whether `now` looks at something of disputes.
pub(super) fn is_checked(what: &str) -> bool {
    ["dispute", "at-stake", "between", "held-as-disputed"].contains(&what)
}

/// Looks at it.
pub(super) fn check(stage: &Stage, agreement: &Agreement, what: &str, words: &mut Words<'_>) -> Result<(), String> {
    match what {
        "dispute" => {
            let id = stage.id(words.next("a dispute")?);
            let open = agreement.dispute(&id).map(|case| case.state());
            let ended = agreement.ended_disputes().iter().find(|ended| ended.id == id).map(|ended| ended.state());
            words.next("is")?;
            same(open.or(ended).map_or("unknown", DisputeState::as_str), words.next("a state")?)
        }
        "at-stake" => {
            let case = agreement.dispute(&stage.id(words.next("a dispute")?)).ok_or("no such dispute is open")?;
            let stakes = agreement.at_stake(case, stage.now()).map_err(|refusal| refusal.to_string())?;
            let found: Vec<String> = stakes.iter().map(u64::to_string).collect();
            same(&found.join(" "), &words.all().join(" ").replace('.', ""))
        }
        "between" => {
            let account = stage.account()?;
            let party = stage.party(words.next("a party")?)?;
            let currency = stage.currency(words.next("a currency")?)?;
            let (low, high) = account.figures[currency].limits.as_ref().ok_or("nothing is in doubt")?;
            same(&format!("{} {}", exact_text(&low[party]), exact_text(&high[party])), &words.all().join(" "))
        }
        _ => {
            let account = stage.account()?;
            let currency = stage.currency(words.next("a currency")?)?;
            same(&account.figures[currency].disputed.to_string(), &words.next("an amount")?.replace('.', ""))
        }
    }
}
