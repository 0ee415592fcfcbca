//! `decline`: a party declines the proposal.

use clap::Args;

use crate::{
    agreement::state::Phase,
    cli::{
        accept::proposal_of,
        args::SignArgs,
        error::{Exit, Failure},
        session::{Session, now},
        signing::Signer,
    },
    statement::{Body, Decline},
};

/// Decline a proposal
#[derive(Args, Debug)]
#[command(after_help = "Example:
  counterfoil decline agr1qqq... --reason \"the pool rate should be 15 %\" --key enterprise.key")]
pub(super) struct DeclineArgs {
    /// The agreement, agr1... or its beginning [setting: agreement]
    agreement: Option<String>,
    /// Why, for the other parties
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    reason: String,
    #[command(flatten)]
    sign: SignArgs,
}

pub(super) fn run(args: &DeclineArgs, session: &mut Session) -> Result<Exit, Failure> {
    let mut signer = Signer::begin(session, &args.sign, args.agreement.as_deref())?;
    let proposal = proposal_of(signer.agreement());
    let body = Body::Decline(Decline { proposal, reason: args.reason.clone() });
    signer.say(vec![body], "", |after, _| {
        Some(match after.phase_at(now()) {
            Phase::Lapsed => {
                "the proposal has lapsed; a new one founds a new agreement: counterfoil propose".to_owned()
            }
            _ => "the proposal can still be accepted, also by you; or propose other terms: counterfoil propose"
                .to_owned(),
        })
    })
}
