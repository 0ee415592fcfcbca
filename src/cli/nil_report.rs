//! `nil-report`: the collecting party says that a stream brought nothing in a period.

use clap::Args;

use crate::{
    cli::{
        args::{AgreementArgs, SignArgs},
        config::nearest,
        error::{Exit, Failure},
        period::{self, Period},
        session::Session,
        signing::Signer,
    },
    statement::{Body, money::NilReport, terms::Terms},
};

/// Report that a stream brought nothing in a period
#[derive(Args, Debug)]
#[command(
    after_help = "Silence is no zero: a stream of which neither a benefit nor a nil report came is printed as missing on the \
statement of account.

Example:
  counterfoil nil-report sales --period 2026-Q1 --key enterprise.key"
)]
pub(super) struct NilReportArgs {
    /// The stream, as the terms name it
    stream: String,
    /// The period of the agreement's calendar: 2026-Q1, 2026-03 or 2026
    #[arg(long, value_name = "PERIOD")]
    period: Period,
    #[command(flatten)]
    agreement: AgreementArgs,
    #[command(flatten)]
    sign: SignArgs,
}

pub(super) fn run(args: &NilReportArgs, session: &mut Session) -> Result<Exit, Failure> {
    let mut signer = Signer::begin(session, &args.sign, args.agreement.agreement.as_deref())?;
    let terms = signer.agreement().terms();
    let stream = terms.streams.iter().find(|stream| stream.name.as_str() == args.stream);
    let stream = stream.ok_or_else(|| unknown_stream(&args.stream, terms))?.name.clone();
    let period = period::number_in(args.period, terms)?;
    signer.say(vec![Body::NilReport(NilReport { stream, period })], "", |_, _| {
        Some("`counterfoil periods` shows which reports are still missing".to_owned())
    })
}

fn unknown_stream(name: &str, terms: &Terms) -> Failure {
    Failure::new(Exit::Refused, format!("there is no stream `{name}` in the terms"))
        .reason("UNKNOWN_STREAM")
        .hint(nearest(name, terms.streams.iter().map(|stream| stream.name.as_str())))
}
