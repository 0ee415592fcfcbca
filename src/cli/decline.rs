//! `decline`: a party declines the proposal, or what another party moved.

use clap::Args;

use crate::{
    agreement::state::Phase,
    cli::{
        accept::{agreement_or_motion, asked, is_negotiated},
        args::{AgreementArgs, SignArgs},
        error::{Exit, Failure},
        session::{Session, now},
        signing::Voice,
    },
    statement::{Body, Decline},
};

/// Decline a proposal, or what another party moved
#[derive(Args, Debug)]
#[command(
    after_help = "What was moved and needs you is over once you decline it; whoever moved it may move something else.

Examples:
  counterfoil decline agr1qqq... --reason \"the pool rate should be 15 %\" --key enterprise.key
  counterfoil decline 12 --reason \"not before spring\" --key enterprise.key"
)]
pub(super) struct DeclineArgs {
    /// The agreement (agr1...), or what was moved: its entry, or st1... [default: what waits for you]
    #[arg(value_name = "AGREEMENT|ENTRY|ID")]
    what: Option<String>,
    /// Why, for the other parties
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    reason: String,
    #[command(flatten)]
    agreement: AgreementArgs,
    #[command(flatten)]
    sign: SignArgs,
}

pub(super) fn run(args: &DeclineArgs, session: &mut Session) -> Result<Exit, Failure> {
    let (named, motion) = agreement_or_motion(args.what.as_deref(), &args.agreement);
    let (mut voice, party) = Voice::of_invited(session, &args.sign, named)?;
    let proposal = asked(&voice, party, motion, "decline")?;
    let body = Body::Decline(Decline { proposal, reason: args.reason.clone() });
    if !is_negotiated(voice.agreement()) {
        return voice.say(vec![body], "", |_, _| {
            Some("it is over, and nothing of it is in force; who wants something else moves it".to_owned())
        });
    }
    voice.say(vec![body], "", |after, _| {
        Some(match after.phase_at(now()) {
            Phase::Lapsed => {
                "the proposal has lapsed; a new one founds a new agreement: counterfoil propose".to_owned()
            }
            _ => "the proposal can still be accepted, also by you; or propose other terms: counterfoil counter"
                .to_owned(),
        })
    })
}
