//! `accept`: a party accepts the proposal, or what another party moved.

use clap::Args;

use crate::{
    agreement::{Agreement, state::Phase},
    cli::{
        amend,
        args::{AgreementArgs, SignArgs},
        error::{Exit, Failure},
        motions,
        session::{Session, now},
        signing::{Voice, waiting_for},
    },
    statement::{Acceptance, Body, id::StatementId},
};

/// Accept a proposal, or what another party moved: a plan, an amendment, an offer
#[derive(Args, Debug)]
#[command(
    after_help = "What you accept is shown in full before you are asked. Every party must accept a proposal, with as many keys as \
the terms say; then the agreement is in force. What was moved later is accepted by its entry; without one, by the only thing that \
waits for you. Whom an amendment lets join accepts it, too.

Examples:
  counterfoil accept agr1qqq... --key enterprise.key
  counterfoil accept 12 --key enterprise.key
  counterfoil accept --key enterprise.key"
)]
pub(super) struct AcceptArgs {
    /// The agreement (agr1...), or what was moved: its entry, or st1... [default: what waits for you]
    #[arg(value_name = "AGREEMENT|ENTRY|ID")]
    what: Option<String>,
    #[command(flatten)]
    agreement: AgreementArgs,
    #[command(flatten)]
    sign: SignArgs,
}

pub(super) fn run(args: &AcceptArgs, session: &mut Session) -> Result<Exit, Failure> {
    let (named, motion) = agreement_or_motion(args.what.as_deref(), &args.agreement);
    let (mut voice, party) = Voice::of_invited(session, &args.sign, named)?;
    let proposal = asked(&voice, party, motion, "accept")?;
    let body = Body::Acceptance(Acceptance { proposal });
    if !is_negotiated(voice.agreement()) {
        let preface = amend::effect_of_motion(voice.agreement(), proposal)?;
        return voice.say(vec![body], &preface, |after, _| Some(motions::after_accepting(after, proposal)));
    }
    voice.say(vec![body], "", |after, _| {
        Some(match after.phase_at(now()) {
            Phase::InForce => "all parties have accepted: the agreement is in force. \
                               Claim work with `counterfoil contribute`, report money with `counterfoil benefit`"
                .to_owned(),
            Phase::Trial => {
                "all parties have accepted: the agreement is on trial. Work as agreed, and say how it came out: \
                             counterfoil trial passed"
                    .to_owned()
            }
            _ => format!("still to accept: {}", waiting_for(after)),
        })
    })
}

/// Tells an agreement from what was moved in one.
pub(super) fn agreement_or_motion<'a>(
    what: Option<&'a str>,
    args: &'a AgreementArgs,
) -> (Option<&'a str>, Option<&'a str>) {
    match what {
        Some(text) if text.starts_with("agr1") => (Some(text), None),
        other => (args.agreement.as_deref(), other),
    }
}

/// Returns what a party is asked about: what `motion` names, or the proposal while it is negotiated, or what waits for it alone.
pub(super) fn asked(voice: &Voice<'_>, party: usize, motion: Option<&str>, verb: &str) -> Result<StatementId, Failure> {
    let agreement = voice.agreement();
    match motion {
        Some(text) if is_negotiated(agreement) && is_named(agreement.terms_id(), text) => Ok(agreement.terms_id()),
        Some(text) => motions::find(agreement, text),
        // The live terms: a counter-proposal takes the place of the proposal.
        None if is_negotiated(agreement) => Ok(agreement.terms_id()),
        None => motions::the_one_for(agreement, party, voice.public(), verb),
    }
}

fn is_named(id: StatementId, text: &str) -> bool {
    text.parse::<StatementId>().is_ok_and(|named| named == id)
}

pub(super) fn is_negotiated(agreement: &Agreement) -> bool {
    matches!(agreement.phase_at(now()), Phase::Negotiating | Phase::Lapsed)
}
