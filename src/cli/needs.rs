//! `needs`: a party says what the cooperation needs, and everybody reads it.

use clap::Args;
use serde_json::{Value, json};

use crate::{
    cli::{
        args::{AgreementArgs, SignArgs},
        digests,
        error::{Exit, Failure},
        output::plain,
        session::Session,
        signing::Signer,
        table::Table,
        verified,
        words::{Teller, time_text},
    },
    statement::{Body, work::Needs},
};

/// Say what the cooperation needs; without a line, list what was said
#[derive(Args, Debug)]
#[command(
    after_help = "The first step: what is needed, line by line, and the minutes of the meeting by their digest. A plan shares it out to \
tasks.

Examples:
  counterfoil needs \"a parser for old files\" \"two data sets\" --minutes kickoff.pdf --key community.key
  counterfoil needs --agreement agr1..."
)]
pub(super) struct NeedsArgs {
    /// What is needed, each in quotes; for everybody to read, for ever
    #[arg(value_name = "LINE", requires = "minutes")]
    needs: Vec<String>,
    /// The minutes: a file, which is hashed, or its digest as sha256:HEX
    #[arg(long, value_name = "FILE|DIGEST", requires = "needs")]
    minutes: Option<String>,
    #[command(flatten)]
    agreement: AgreementArgs,
    #[command(flatten)]
    sign: SignArgs,
}

pub(super) fn run(args: &NeedsArgs, session: &mut Session) -> Result<Exit, Failure> {
    let agreement = args.agreement.agreement.as_deref();
    let Some(minutes) = args.minutes.as_ref().filter(|_| !args.needs.is_empty()) else {
        args.sign.apply(&mut session.settings);
        return list(session, agreement);
    };
    let body = Needs { minutes: digests::sha256(minutes)?, needs: args.needs.clone() };
    let mut signer = Signer::begin(session, &args.sign, agreement)?;
    signer.say(vec![Body::Needs(body)], "", |_, _| {
        Some("share it out to tasks: `counterfoil plan --example` prints a plan to fill in".to_owned())
    })
}

fn list(session: &Session, agreement: Option<&str>) -> Result<Exit, Failure> {
    let mut said = Vec::new();
    let ledger = verified::open_each(session, agreement, |entry| {
        if let (true, Some(signed)) = (entry.admitted, entry.signed)
            && let Body::Needs(needs) = &signed.statement().body
        {
            said.push((entry.index, entry.entry.admitted, signed.statement().signer, needs.clone()));
        }
    })?;
    let teller = Teller::of(&ledger.agreement);
    let value = || {
        let said: Vec<Value> = said
            .iter()
            .map(|(index, at, signer, needs)| {
                json!({
                    "entry": index, "admitted": at.to_string(), "party": teller.party(*signer),
                    "minutes_sha256": needs.minutes.to_string(), "needs": needs.needs,
                })
            })
            .collect();
        json!({ "agreement": ledger.agreement.id().to_string(), "needs": said })
    };
    let words = || {
        let mut table = Table::new(&[">ENTRY", "SINCE", "BY", "NEEDED"]);
        for (index, at, signer, needs) in &said {
            for need in &needs.needs {
                table.row([index.to_string(), time_text(*at), teller.party(*signer), plain(need)]);
            }
        }
        if table.is_empty() {
            "nobody has said what is needed: counterfoil needs \"...\" --minutes FILE".to_owned()
        } else {
            table.text(0)
        }
    };
    session.output.answer(value, words)?;
    Ok(ledger.exit())
}
