//! The verbs about the agreement itself and about the work; see [`super::Verb`] for the others.

use clap::Subcommand;

use crate::cli::{
    accept, amend, challenge, close, consent, counter, decline,
    error::{Exit, Failure},
    exit, feedback, maintain, mediator, motions, needs, plan, risk,
    session::Session,
    standstill, trial, withdraw,
};

/// What parties say about the agreement itself.
#[derive(Debug, Subcommand)]
pub(super) enum Governance {
    Counter(counter::CounterArgs),
    Accept(accept::AcceptArgs),
    Consent(consent::ConsentArgs),
    Decline(decline::DeclineArgs),
    Withdraw(withdraw::WithdrawArgs),
    Motions(motions::MotionsArgs),
    Amend(amend::AmendArgs),
    Trial(trial::TrialArgs),
    Exit(exit::ExitArgs),
    Suspend(standstill::SuspendArgs),
    Resume(standstill::ResumeArgs),
    Mediator(mediator::MediatorArgs),
    Close(close::CloseArgs),
}

impl Governance {
    pub(super) fn run(self, session: &mut Session) -> Result<Exit, Failure> {
        match self {
            Self::Counter(args) => counter::run(&args, session),
            Self::Accept(args) => accept::run(&args, session),
            Self::Consent(args) => consent::run(&args, session),
            Self::Decline(args) => decline::run(&args, session),
            Self::Withdraw(args) => withdraw::run(&args, session),
            Self::Motions(args) => motions::run(&args, session),
            Self::Amend(args) => amend::run(&args, session),
            Self::Trial(args) => trial::run(&args, session),
            Self::Exit(args) => exit::run(&args, session),
            Self::Suspend(args) => standstill::suspend(&args, session),
            Self::Resume(args) => standstill::resume(&args, session),
            Self::Mediator(args) => mediator::run(&args, session),
            Self::Close(args) => close::run(&args, session),
        }
    }
}

/// What parties say about the work, besides contributions and what others make of them.
#[derive(Debug, Subcommand)]
pub(super) enum Work {
    Needs(needs::NeedsArgs),
    Plan(plan::PlanArgs),
    Challenge(challenge::ChallengeArgs),
    Risk(risk::RiskArgs),
    Risks(risk::RisksArgs),
    Contingency(risk::ContingencyArgs),
    Feedback(feedback::FeedbackArgs),
    Respond(feedback::RespondArgs),
    Maintain(maintain::MaintainArgs),
    Fulfil(maintain::FulfilArgs),
}

impl Work {
    pub(super) fn run(self, session: &mut Session) -> Result<Exit, Failure> {
        match self {
            Self::Needs(args) => needs::run(&args, session),
            Self::Plan(args) => plan::run(&args, session),
            Self::Challenge(args) => challenge::run(&args, session),
            Self::Risk(args) => risk::run(&args, session),
            Self::Risks(args) => risk::list(&args, session),
            Self::Contingency(args) => risk::contingency(&args, session),
            Self::Feedback(args) => feedback::run(&args, session),
            Self::Respond(args) => feedback::respond(&args, session),
            Self::Maintain(args) => maintain::run(&args, session),
            Self::Fulfil(args) => maintain::fulfil(&args, session),
        }
    }
}
