//! `withdraw`: a party takes back its proposal, or one of its contributions.

use clap::Args;

use crate::{
    cli::{
        accept::proposal_of,
        args::{AgreementArgs, SignArgs},
        error::{Exit, Failure},
        ids,
        session::Session,
        signing::Signer,
    },
    statement::{Body, ContributionWithdrawal, ProposalWithdrawal},
};

/// Take back your proposal, or a contribution of yours
#[derive(Args, Debug)]
#[command(
    after_help = "A contribution can be withdrawn until a settlement has counted it; its entry stays in the ledger.

Examples:
  counterfoil withdraw 12 --reason \"claimed twice\" --key community.key
  counterfoil withdraw agr1qqq... --key community.key"
)]
pub(super) struct WithdrawArgs {
    /// The contribution (its entry, or st1...), or the agreement whose proposal you take back (agr1...)
    id: String,
    /// Why, for the other parties
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    reason: String,
    #[command(flatten)]
    agreement: AgreementArgs,
    #[command(flatten)]
    sign: SignArgs,
}

pub(super) fn run(args: &WithdrawArgs, session: &mut Session) -> Result<Exit, Failure> {
    let reason = args.reason.clone();
    let whole = args.id.starts_with("agr1");
    let agreement = if whole { Some(args.id.as_str()) } else { args.agreement.agreement.as_deref() };
    let mut signer = Signer::begin(session, &args.sign, agreement)?;
    let proposal = proposal_of(signer.agreement());
    if whole || args.id == proposal.to_string() {
        let body = Body::ProposalWithdrawal(ProposalWithdrawal { proposal, reason });
        return signer.say(vec![body], "", |_, _| {
            Some("the proposal has lapsed; a new one founds a new agreement: counterfoil propose".to_owned())
        });
    }
    let known = signer.agreement().contributions().map(|view| (view.index, view.id));
    let contribution = ids::find(&args.id, "contribution", known)?;
    let body = Body::ContributionWithdrawal(ContributionWithdrawal { contribution, reason });
    signer.say(vec![body], "", |_, _| {
        Some(
            "it counts no more from here on; what settlements have counted stands: counterfoil contributions"
                .to_owned(),
        )
    })
}
