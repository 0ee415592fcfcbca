//! `benefit`: the collecting party reports money that came in.

use clap::Args;

use crate::{
    cli::{
        amount,
        args::{AgreementArgs, SignArgs, Span},
        config::nearest,
        digests,
        error::{Exit, Failure},
        session::Session,
        signing::Signer,
    },
    statement::{Benefit, Body, terms::Terms},
};

/// Report money that a stream of benefit brought in
#[derive(Args, Debug)]
#[command(
    after_help = "The amount is the gross, in major units of its currency. The evidence is hashed; the file itself \
stays with you.

Example:
  counterfoil benefit sales 1234.50 EUR --period 2026-01-01..2026-03-31 --evidence report-q1.pdf --key enterprise.key"
)]
pub(super) struct BenefitArgs {
    /// The stream, as the terms name it
    stream: String,
    /// The gross amount and its currency
    #[arg(required = true, num_args = 1..=2, value_name = "AMOUNT", allow_negative_numbers = true)]
    amount: Vec<String>,
    /// When it was earned: a day, FIRST..LAST, or a period such as 2026-Q1 or 2026-03
    #[arg(long, value_name = "DAYS")]
    period: Span,
    /// What shows it: a file, which is hashed, or sha256:HEX
    #[arg(long, value_name = "FILE|DIGEST")]
    evidence: String,
    /// A line for people; the ledger keeps it for ever
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    note: String,
    #[command(flatten)]
    agreement: AgreementArgs,
    #[command(flatten)]
    sign: SignArgs,
}

pub(super) fn run(args: &BenefitArgs, session: &mut Session) -> Result<Exit, Failure> {
    let mut signer = Signer::begin(session, &args.sign, args.agreement.agreement.as_deref())?;
    let terms = signer.agreement().terms();
    let stream = terms.streams.iter().find(|stream| stream.name.as_str() == args.stream);
    let stream = stream.ok_or_else(|| unknown_stream(&args.stream, terms))?.name.clone();
    let (currency, amount) = amount::of_args(&args.amount, &terms.currencies)?;
    let body = Body::Benefit(Benefit {
        stream,
        currency: terms.currencies[currency].code.clone(),
        amount,
        period_start: args.period.start,
        period_end: args.period.end,
        evidence: digests::sha256(&args.evidence)?,
        note: args.note.clone(),
    });
    signer.say(vec![body], "", |_, entries| {
        let entry = entries.first()?;
        Some(format!("another party confirms it: counterfoil confirm {entry}"))
    })
}

fn unknown_stream(name: &str, terms: &Terms) -> Failure {
    Failure::new(Exit::Refused, format!("there is no stream `{name}` in the terms"))
        .reason("UNKNOWN_STREAM")
        .hint(nearest(name, terms.streams.iter().map(|stream| stream.name.as_str())))
}
