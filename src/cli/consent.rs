//! `consent`: whom an agreement names as its mediator consents, and declares conflicts of interest.

use clap::Args;

use crate::{
    agreement::state::Phase,
    cli::{
        args::{AgreementArgs, SignArgs},
        error::{Exit, Failure},
        motions,
        session::{Session, now},
        signing::{Voice, waiting_for},
    },
    statement::{Body, change::MediatorConsent},
};

/// Consent to be the mediator of an agreement
#[derive(Args, Debug)]
#[command(
    after_help = "The terms name you; they come in force once all parties accepted and you consented. Say what a side \
should know: conflicts of interest stand in the ledger. A replacement is consented to by the entry that moves it.

Examples:
  counterfoil consent --agreement agr1... --key mediator.key
  counterfoil consent 31 --conflicts \"I advised community in 2019\" --key mediator.key"
)]
pub(super) struct ConsentArgs {
    /// What moves that you are the mediator: its entry, or st1... [default: what names your key, or the proposal]
    motion: Option<String>,
    /// Conflicts of interest, for the parties
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    conflicts: String,
    #[command(flatten)]
    agreement: AgreementArgs,
    #[command(flatten)]
    sign: SignArgs,
}

pub(super) fn run(args: &ConsentArgs, session: &mut Session) -> Result<Exit, Failure> {
    let mut voice = Voice::of_mediator(session, &args.sign, args.agreement.agreement.as_deref(), |_| ())?;
    let agreement = voice.agreement();
    let proposal = match &args.motion {
        Some(text) => motions::find(agreement, text)?,
        None => motions::naming_mediator(agreement, voice.public()).unwrap_or_else(|| agreement.terms_id()),
    };
    let body = Body::MediatorConsent(MediatorConsent { proposal, conflicts: args.conflicts.clone() });
    voice.say(vec![body], "", |after, _| {
        Some(match after.phase_at(now()) {
            Phase::Negotiating => format!("still to accept: {}", waiting_for(after)),
            _ => match after.motions().find(|motion| motion.id == proposal) {
                Some(motion) => format!("it still waits for {}", motions::awaited_text(after, motion)),
                None => "you decide disputes: counterfoil disputes lists them, counterfoil rule ENTRY decides one"
                    .to_owned(),
            },
        })
    })
}
