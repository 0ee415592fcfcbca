//! `challenge`: a party puts contributions in doubt that were accepted.

use clap::Args;
use serde_json::{Value, json};

use crate::{
    cli::{
        args::{AgreementArgs, SignArgs},
        config::nearest,
        error::{Exit, Failure},
        ids,
        session::Session,
        signing::Signer,
        table::Table,
        verified,
        words::{GROUNDS, ground, span_of},
    },
    statement::{
        Body,
        work::{Challenge, Ground},
    },
};

/// Challenge contributions that were accepted; without any, list the challenges that are open
#[derive(Args, Debug)]
#[command(
    after_help = "Within the challenge window of the terms. What the contributions count is held until you take the challenge back \
(counterfoil withdraw), the claimant takes the contribution back, or it is decided in a dispute.

Grounds: not-done, quantity, quality, affiliation, rights, counted-twice.

Examples:
  counterfoil challenge 12 13 --ground quantity --reason \"the meeting took one hour\" --key enterprise.key
  counterfoil challenge --agreement agr1..."
)]
pub(super) struct ChallengeArgs {
    /// The contributions: their entries, or st1...
    #[arg(value_name = "ENTRY|ID", requires = "ground", requires = "reason")]
    ids: Vec<String>,
    /// Why, out of the closed list
    #[arg(long, value_name = "GROUND", requires = "ids")]
    ground: Option<String>,
    /// Why, for the other parties
    #[arg(long, value_name = "TEXT", requires = "ids")]
    reason: Option<String>,
    #[command(flatten)]
    agreement: AgreementArgs,
    #[command(flatten)]
    sign: SignArgs,
}

pub(super) fn run(args: &ChallengeArgs, session: &mut Session) -> Result<Exit, Failure> {
    let agreement = args.agreement.agreement.as_deref();
    let (Some(ground), Some(reason)) = (&args.ground, &args.reason) else {
        args.sign.apply(&mut session.settings);
        return list(session, agreement);
    };
    let ground = ground_of(ground)?;
    let mut signer = Signer::begin(session, &args.sign, agreement)?;
    let known = || signer.agreement().contributions().map(|view| (view.index, view.id));
    let contributions = args.ids.iter().map(|text| ids::find(text, "contribution", known()));
    let contributions = contributions.collect::<Result<_, _>>()?;
    let body = Challenge { contributions, ground, reason: reason.clone() };
    signer.say(vec![Body::Challenge(body)], "", |_, entries| {
        let entry = entries.first()?;
        Some(format!(
            "what they count is held; take it back with `counterfoil withdraw {entry}`, or have it decided: counterfoil dispute"
        ))
    })
}

fn ground_of(word: &str) -> Result<Ground, Failure> {
    let found = GROUNDS.iter().find(|(_, known, _)| *known == word).map(|(ground, ..)| *ground);
    found.ok_or_else(|| {
        Failure::usage(format!("`{word}` is no ground")).hint(nearest(word, GROUNDS.iter().map(|(_, known, _)| *known)))
    })
}

fn list(session: &Session, agreement: Option<&str>) -> Result<Exit, Failure> {
    let ledger = verified::open(session, agreement)?;
    let agreement = &ledger.agreement;
    let name = |party: usize| agreement.terms().parties[party].name.to_string();
    let mut open: Vec<_> = agreement.challenges().collect();
    open.sort_by_key(|challenge| challenge.index);
    let entries = |places: &[(u64, crate::statement::id::StatementId)]| {
        places.iter().map(|(index, _)| *index).collect::<Vec<u64>>()
    };
    let value = || {
        let open: Vec<Value> = open
            .iter()
            .map(|view| {
                json!({
                    "entry": view.index, "statement": view.id.to_string(), "party": name(view.party),
                    "ground": ground(view.ground), "contributions": entries(view.contributions),
                })
            })
            .collect();
        json!({ "agreement": agreement.id().to_string(), "challenges": open })
    };
    let words = || {
        let mut table = Table::new(&[">ENTRY", "BY", "CHALLENGES", "BECAUSE"]);
        for view in &open {
            let challenged = span_of(&entries(view.contributions));
            table.row([view.index.to_string(), name(view.party), challenged, ground(view.ground).to_owned()]);
        }
        if table.is_empty() { "no challenge is open".to_owned() } else { table.text(0) }
    };
    session.output.answer(value, words)?;
    Ok(ledger.exit())
}
