//! `confirm`: a party confirms what another one reported: benefits and reversals.

use clap::Args;

use crate::{
    agreement::{Agreement, state::BenefitState},
    cli::{
        args::{AgreementArgs, SignArgs},
        error::{Exit, Failure},
        ids::{self, Named},
        session::Session,
        signing::Signer,
    },
    statement::{BenefitConfirmation, Body, ReversalConfirmation, id::StatementId},
};

/// Confirm benefits and reversals that another party reported
#[derive(Args, Debug)]
#[command(after_help = "Look at the evidence before you confirm: the ledger keeps its digest, the reporter the file.

Examples:
  counterfoil confirm 7 --key community.key
  counterfoil confirm --all --key community.key")]
pub(super) struct ConfirmArgs {
    /// The benefits and reversals: their entries, or st1...
    #[arg(required_unless_present = "all", value_name = "ENTRY|ID")]
    ids: Vec<String>,
    /// Everything that other parties reported and nobody has confirmed
    #[arg(long, conflicts_with = "ids")]
    all: bool,
    #[command(flatten)]
    agreement: AgreementArgs,
    #[command(flatten)]
    sign: SignArgs,
}

pub(super) fn run(args: &ConfirmArgs, session: &mut Session) -> Result<Exit, Failure> {
    let mut signer = Signer::begin(session, &args.sign, args.agreement.agreement.as_deref())?;
    let agreement = signer.agreement();
    let (benefits, reversals) = if args.all { waiting(agreement, signer.party) } else { named(agreement, &args.ids)? };
    if benefits.is_empty() && reversals.is_empty() {
        return Err(Failure::usage("nothing waits to be confirmed by you")
            .hint("`counterfoil benefits` lists what was reported"));
    }
    let parts = |ids: Vec<StatementId>| ids.chunks(NAMED_MAX).map(<[StatementId]>::to_vec).collect::<Vec<_>>();
    let benefits =
        parts(benefits).into_iter().map(|benefits| Body::BenefitConfirmation(BenefitConfirmation { benefits }));
    let reversals =
        parts(reversals).into_iter().map(|reversals| Body::ReversalConfirmation(ReversalConfirmation { reversals }));
    let bodies = benefits.chain(reversals).collect();
    signer.say(bodies, "", |_, _| {
        Some("it enters the next settlement: `counterfoil split` shows it, `counterfoil settle` states it".to_owned())
    })
}

/// How many one statement names.
const NAMED_MAX: usize = 1_000;

fn waiting(agreement: &Agreement, party: usize) -> (Vec<StatementId>, Vec<StatementId>) {
    let (mut benefits, mut reversals) = (Vec::new(), Vec::new());
    for view in agreement.benefits().filter(|view| view.reporter != party) {
        if view.state == BenefitState::Reported {
            benefits.push(view.id);
        }
        let waiting = view.reversals().filter(|reversal| reversal.state == BenefitState::Reported);
        reversals.extend(waiting.map(|reversal| reversal.id));
    }
    (benefits, reversals)
}

fn named(agreement: &Agreement, texts: &[String]) -> Result<(Vec<StatementId>, Vec<StatementId>), Failure> {
    let benefits: Vec<Named> = agreement.benefits().map(|view| (view.index, view.id)).collect();
    let reversals: Vec<Named> = agreement
        .benefits()
        .flat_map(|view| view.reversals.into_iter().map(|reversal| (reversal.index, reversal.id)))
        .collect();
    let (mut of_benefits, mut of_reversals) = (Vec::new(), Vec::new());
    for text in texts {
        let id = ids::find(text, "benefit", benefits.iter().chain(&reversals).copied())?;
        let list =
            if reversals.iter().any(|(_, reversal)| *reversal == id) { &mut of_reversals } else { &mut of_benefits };
        if !list.contains(&id) {
            list.push(id);
        }
    }
    Ok((of_benefits, of_reversals))
}
