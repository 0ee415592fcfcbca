//! `disputes`: the disputes of an agreement, or the file of one.

use clap::Args;
use serde_json::{Value, json};

use crate::{
    agreement::Agreement,
    cli::{
        args::ServerArgs,
        case_file::{CaseFile, EndedFile, Heard, known},
        error::{Exit, Failure},
        ids,
        output::plain,
        session::{Session, now},
        table::Table,
        verified,
        words::{counted, short},
    },
};

/// List disputes, or show the file of one: what is at stake, evidence, offers, every party's interval
#[derive(Args, Debug)]
#[command(
    after_help = "The file of a dispute says what is disputed and sought, what every party gets at least and at most, what is \
payable now, and what each outcome comes to. All of it is computed here, from the entries.

Examples:
  counterfoil disputes agr1...
  counterfoil disputes 447
  counterfoil disputes dispute.counterfoil 447 --json"
)]
pub(super) struct DisputesArgs {
    /// The dispute (its entry, or st1...); the agreement, agr1... or its beginning, or the file of a bundle [setting: agreement]
    #[arg(value_name = "DISPUTE|AGREEMENT|FILE", num_args = 0..=2)]
    which: Vec<String>,
    #[command(flatten)]
    server: ServerArgs,
}

pub(super) fn run(args: &DisputesArgs, session: &mut Session) -> Result<Exit, Failure> {
    args.server.apply(&mut session.settings);
    let is_dispute = |text: &&String| text.starts_with("st1") || text.bytes().all(|byte| byte.is_ascii_digit());
    let dispute = args.which.iter().find(is_dispute);
    let place = args.which.iter().find(|text| !is_dispute(text));
    if args.which.len() == 2 && (dispute.is_none() || place.is_none()) {
        return Err(
            Failure::usage("one dispute and one agreement can be given").hint("counterfoil disputes agr1... 447")
        );
    }
    let mut heard = Heard::default();
    let ledger = verified::open_each(session, place.map(String::as_str), |entry| heard.take(&entry))?;
    let agreement = &ledger.agreement;
    heard.name(agreement);
    match dispute {
        Some(text) => show(session, agreement, &heard, text)?,
        None => list(session, agreement, &heard)?,
    }
    Ok(ledger.exit())
}

fn show(session: &Session, agreement: &Agreement, heard: &Heard, text: &str) -> Result<(), Failure> {
    let id = ids::find(text, "dispute", known(agreement).into_iter())?;
    if let Some(case) = agreement.dispute(&id) {
        let file = CaseFile::open(agreement, heard, case)?;
        session.output.answer(|| file.json(), || file.words())?;
        session.output.next(format!(
            "give evidence: counterfoil evidence {0} FILE; offer: counterfoil offer {0} ...; the mediator decides: \
             counterfoil rule {0} ...",
            case.index
        ));
        return Ok(());
    }
    let file = EndedFile::find(agreement, heard, id);
    let file = file.ok_or_else(|| Failure::usage(format!("there is no dispute {text}")))?;
    session.output.answer(|| file.json(), || file.words())
}

fn list(session: &Session, agreement: &Agreement, heard: &Heard) -> Result<(), Failure> {
    let mut lines = Vec::new();
    for (index, id) in known(agreement) {
        let case = agreement.dispute(&id);
        let ended = agreement.ended_disputes().iter().find(|ended| ended.id == id);
        let state = case.map(|case| case.state()).or_else(|| ended.map(|ended| ended.state()));
        let at_stake = match case {
            Some(case) => agreement.at_stake(case, now())?,
            None => Vec::new(),
        };
        lines.push((index, id, state, at_stake, ended.map(|ended| ended.at)));
    }
    lines.sort_by_key(|line| line.0);
    let currencies = &agreement.terms().currencies;
    let value = || {
        let lines: Vec<Value> = lines
            .iter()
            .map(|(index, id, state, at_stake, ended)| {
                let said = heard.disputes.get(id);
                let stakes = currencies.iter().zip(at_stake);
                json!({
                    "dispute": id.to_string(), "index": index, "state": state.map(|state| state.as_str()),
                    "by": said.map(|said| said.by.clone()), "reason": said.map(|said| said.reason.clone()),
                    "entries": said.map(|said| said.outcomes.len()), "ended_by_entry": ended,
                    "at_stake": stakes.map(|(currency, minor)| json!({ "currency": currency.code.as_str(), "minor": minor })).collect::<Vec<_>>(),
                })
            })
            .collect();
        json!({ "agreement": agreement.id().to_string(), "disputes": lines })
    };
    let words = || {
        if lines.is_empty() {
            return "nothing is disputed, and nothing was".to_owned();
        }
        let mut table = Table::new(&[">ENTRY", "BY", "STATE", "ABOUT", ">AT STAKE", "ID", "REASON"]);
        for (index, id, state, at_stake, _) in &lines {
            let said = heard.disputes.get(id);
            let stakes = currencies.iter().zip(at_stake).map(|(currency, minor)| currency.amount((*minor).into()));
            table.row([
                index.to_string(),
                said.map(|said| said.by.clone()).unwrap_or_default(),
                state.map(|state| state.to_string()).unwrap_or_default(),
                said.map(|said| counted(said.outcomes.len(), "entry", "entries")).unwrap_or_default(),
                stakes.collect::<Vec<_>>().join(", "),
                short(&id.to_string()),
                said.map(|said| plain(&said.reason)).unwrap_or_default(),
            ]);
        }
        table.text(0)
    };
    session.output.answer(value, words)
}
