//! `trial`: a party moves how the trial came out.

use clap::{Args, Subcommand};

use crate::{
    cli::{
        args::{AgreementArgs, SignArgs, Until},
        digests,
        error::{Exit, Failure},
        motions::after_moving,
        session::Session,
        signing::Signer,
        words::until_text,
    },
    statement::{
        Body,
        change::{TrialResult, TrialVerdict},
    },
};

/// Say how the trial came out: passed, failed, or to be extended
#[derive(Args, Debug)]
#[command(
    after_help = "In force once all parties have accepted it. When a trial is over and nobody has said how it came out, nothing is \
worked on until they have.

Examples:
  counterfoil trial passed --evidence report.pdf --key community.key
  counterfoil trial extend --until 2027-03-31 --evidence report.pdf --key community.key"
)]
pub(super) struct TrialArgs {
    #[command(subcommand)]
    verb: TrialVerb,
}

#[derive(Debug, Subcommand)]
enum TrialVerb {
    /// What had to be shown was shown: the agreement is in force
    #[command(after_help = "Example:
  counterfoil trial passed --evidence report.pdf --key community.key")]
    Passed(ResultArgs),
    /// It was not: the agreement is wound down
    #[command(after_help = "Example:
  counterfoil trial failed --evidence report.pdf --key community.key")]
    Failed(ResultArgs),
    /// The trial goes on
    #[command(after_help = "Example:
  counterfoil trial extend --until 2027-03-31 --evidence report.pdf --key community.key")]
    Extend(ExtendArgs),
}

#[derive(Args, Debug)]
struct ResultArgs {
    /// What shows it: a file, which is hashed, or its digest as sha256:HEX
    #[arg(long, value_name = "FILE|DIGEST")]
    evidence: String,
    #[command(flatten)]
    agreement: AgreementArgs,
    #[command(flatten)]
    sign: SignArgs,
}

#[derive(Args, Debug)]
struct ExtendArgs {
    /// Until when, later than now agreed
    #[arg(long, value_name = "DATE")]
    until: Until,
    #[command(flatten)]
    result: ResultArgs,
}

pub(super) fn run(args: &TrialArgs, session: &mut Session) -> Result<Exit, Failure> {
    let (args, verdict, done) = match &args.verb {
        TrialVerb::Passed(args) => {
            (args, TrialVerdict::Passed, "all have accepted: the agreement is in force".to_owned())
        }
        TrialVerb::Failed(args) => {
            (args, TrialVerdict::Failed, "all have accepted: the agreement is wound down".to_owned())
        }
        TrialVerb::Extend(args) => {
            let done = format!("all have accepted: the trial goes on until {}", until_text(args.until.0));
            (&args.result, TrialVerdict::Extended { until: args.until.0 }, done)
        }
    };
    let evidence = digests::sha256(&args.evidence)?;
    let mut signer = Signer::begin(session, &args.sign, args.agreement.agreement.as_deref())?;
    let body = Body::TrialResult(TrialResult { verdict, evidence });
    signer.say(vec![body], "", |after, entries| after_moving(after, entries, &done))
}
