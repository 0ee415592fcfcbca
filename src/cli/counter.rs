//! `counter`: a party proposes other terms in place of the live proposal.

use std::path::PathBuf;

use clap::Args;

use crate::{
    agreement::state::Phase,
    cli::{
        args::{AgreementArgs, SignArgs},
        error::{Exit, Failure},
        session::{Session, now},
        signing::{Signer, waiting_for},
        terms_toml::{self, Purpose},
    },
    statement::{Body, change::CounterProposal},
};

/// Propose other terms in place of those that are proposed
#[derive(Args, Debug)]
#[command(
    after_help = "While an agreement is negotiated, any party may propose other terms: take the file of the proposal, change it, and \
give it back. What differs is shown line by line. Every acceptance so far is void; signing counts as your own. The parties so far \
stay with their names and keys, in their order; others may be added at the end. Once the agreement is in force, terms change by \
`counterfoil amend`.

Example:
  counterfoil counter agreement.toml --agreement agr1qqq... --key enterprise.key"
)]
pub(super) struct CounterArgs {
    /// The terms, as for `counterfoil propose`
    #[arg(value_name = "FILE.toml")]
    terms: PathBuf,
    #[command(flatten)]
    agreement: AgreementArgs,
    #[command(flatten)]
    sign: SignArgs,
}

pub(super) fn run(args: &CounterArgs, session: &mut Session) -> Result<Exit, Failure> {
    let terms = terms_toml::load(&args.terms, Purpose::Sign)?;
    let mut signer = Signer::begin(session, &args.sign, args.agreement.agreement.as_deref())?;
    if *signer.agreement().terms() == terms {
        return Err(Failure::usage(format!("{} says what is proposed already", args.terms.display()))
            .hint("accept it: counterfoil accept; or change the file first"));
    }
    let body = CounterProposal { proposal: signer.agreement().terms_id(), terms };
    signer.say(vec![Body::CounterProposal(body)], "", |after, _| {
        Some(match after.phase_at(now()) {
            Phase::Negotiating => format!("these are the terms now; still to accept: {}", waiting_for(after)),
            _ => "these are the terms, and all parties have accepted them".to_owned(),
        })
    })
}
