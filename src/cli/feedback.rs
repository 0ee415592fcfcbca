//! `feedback` and `respond`: what was learned, and what another party makes of it.

use std::collections::HashMap;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use crate::{
    cli::{
        args::{AgreementArgs, SignArgs},
        digests,
        error::{Exit, Failure},
        ids,
        output::plain,
        session::Session,
        signing::Signer,
        table::Table,
        verified,
    },
    statement::{
        Body,
        work::{Feedback, FeedbackResponse},
    },
};

/// Feed back what was learned; without a file, list the feedback that waits
#[derive(Args, Debug)]
#[command(
    after_help = "Another party answers it: counterfoil respond. What is accepted waits for the next plan, which takes it in.

Examples:
  counterfoil feedback retrospective.md --summary \"reviews come too late\" --key community.key
  counterfoil feedback --agreement agr1..."
)]
pub(super) struct FeedbackArgs {
    /// The document: a file, which is hashed, or its digest as sha256:HEX
    #[arg(value_name = "FILE|DIGEST", requires = "summary")]
    document: Option<String>,
    /// What it says, in one line for everybody to read
    #[arg(long, value_name = "TEXT", requires = "document")]
    summary: Option<String>,
    #[command(flatten)]
    agreement: AgreementArgs,
    #[command(flatten)]
    sign: SignArgs,
}

/// Answer feedback of another party: take it into the next plan, or decline it
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  counterfoil respond 31 accept --key enterprise.key
  counterfoil respond 31 decline --reason \"not before the release\" --key enterprise.key")]
pub(super) struct RespondArgs {
    /// The feedback: its entry, or st1...
    #[arg(value_name = "ENTRY|ID")]
    feedback: String,
    /// What becomes of it
    #[arg(value_enum)]
    answer: Answer,
    /// Why, for the other parties; must be given unless it is accepted
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "",
        hide_default_value = true,
        required_if_eq("answer", "decline")
    )]
    reason: String,
    #[command(flatten)]
    agreement: AgreementArgs,
    #[command(flatten)]
    sign: SignArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Answer {
    /// The next plan takes it in
    Accept,
    /// It does not
    Decline,
}

pub(super) fn run(args: &FeedbackArgs, session: &mut Session) -> Result<Exit, Failure> {
    let agreement = args.agreement.agreement.as_deref();
    let (Some(document), Some(summary)) = (&args.document, &args.summary) else {
        args.sign.apply(&mut session.settings);
        return list(session, agreement);
    };
    let body = Feedback { digest: digests::sha256(document)?, summary: summary.clone() };
    let mut signer = Signer::begin(session, &args.sign, agreement)?;
    signer.say(vec![Body::Feedback(body)], "", |_, entries| {
        let entry = entries.first()?;
        Some(format!("another party answers it: counterfoil respond {entry} accept"))
    })
}

pub(super) fn respond(args: &RespondArgs, session: &mut Session) -> Result<Exit, Failure> {
    let mut signer = Signer::begin(session, &args.sign, args.agreement.agreement.as_deref())?;
    let known = signer.agreement().feedback().into_iter().map(|view| (view.index, view.id));
    let feedback = ids::find(&args.feedback, "feedback", known)?;
    let accepted = args.answer == Answer::Accept;
    let index = signer.agreement().feedback().iter().find(|view| view.id == feedback).map(|view| view.index);
    let body = FeedbackResponse { feedback, accepted, reason: args.reason.clone() };
    signer.say(vec![Body::FeedbackResponse(body)], "", |_, _| {
        Some(match (accepted, index) {
            (true, Some(index)) => format!("the next plan takes it in with: feedback = [{index}]"),
            _ => "it is answered".to_owned(),
        })
    })
}

fn list(session: &Session, agreement: Option<&str>) -> Result<Exit, Failure> {
    let mut summaries = HashMap::new();
    let ledger = verified::open_each(session, agreement, |entry| {
        if let Some(signed) = entry.signed
            && let Body::Feedback(feedback) = &signed.statement().body
        {
            summaries.insert(entry.index, feedback.summary.clone());
        }
    })?;
    let agreement = &ledger.agreement;
    let waiting = agreement.feedback();
    let name = |party: usize| agreement.terms().parties[party].name.to_string();
    let summary = |index: u64| summaries.get(&index).map_or_else(String::new, |text| plain(text));
    let value = || {
        let waiting: Vec<Value> = waiting
            .iter()
            .map(|view| {
                json!({
                    "entry": view.index, "statement": view.id.to_string(), "party": name(view.party),
                    "summary": summaries.get(&view.index), "sha256": view.digest.to_string(), "accepted_by": view.accepted,
                })
            })
            .collect();
        json!({ "agreement": agreement.id().to_string(), "feedback": waiting })
    };
    let words = || {
        let mut table = Table::new(&[">ENTRY", "BY", "SAYS", "STATE"]);
        for view in &waiting {
            let state = if view.accepted.is_some() { "accepted: waits for a plan" } else { "waits for an answer" };
            table.row([view.index.to_string(), name(view.party), summary(view.index), state.to_owned()]);
        }
        if table.is_empty() { "no feedback waits".to_owned() } else { table.text(0) }
    };
    session.output.answer(value, words)?;
    Ok(ledger.exit())
}
