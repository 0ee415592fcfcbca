//! `accept`: a party accepts the proposal.

use clap::Args;

use crate::{
    agreement::{Agreement, state::Phase},
    cli::{
        args::SignArgs,
        error::{Exit, Failure},
        session::{Session, now},
        signing::{Signer, waiting_for},
    },
    statement::{Acceptance, Body, id::StatementId},
};

/// Accept a proposal
#[derive(Args, Debug)]
#[command(
    after_help = "The terms are shown before you are asked. Every party must accept, with as many keys as the terms \
say; then the agreement is in force.

Example:
  counterfoil accept agr1qqq... --key enterprise.key"
)]
pub(super) struct AcceptArgs {
    /// The agreement, agr1... or its beginning [setting: agreement]
    agreement: Option<String>,
    #[command(flatten)]
    sign: SignArgs,
}

pub(super) fn run(args: &AcceptArgs, session: &mut Session) -> Result<Exit, Failure> {
    let mut signer = Signer::begin(session, &args.sign, args.agreement.as_deref())?;
    let proposal = proposal_of(signer.agreement());
    signer.say(vec![Body::Acceptance(Acceptance { proposal })], "", |after, _| {
        Some(match after.phase_at(now()) {
            Phase::InForce => "all parties have accepted: the agreement is in force. \
                               Claim work with `counterfoil contribute`, report money with `counterfoil benefit`"
                .to_owned(),
            _ => format!("still to accept: {}", waiting_for(after)),
        })
    })
}

/// Returns the statement that founded an agreement: they have one digest.
pub(super) fn proposal_of(agreement: &Agreement) -> StatementId {
    StatementId::from_digest(agreement.id().digest())
}
