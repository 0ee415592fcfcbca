//! `acknowledge`: a party agrees with the last settlement.

use clap::Args;

use crate::{
    cli::{
        args::{AgreementArgs, SignArgs},
        error::{Exit, Failure},
        session::{Session, now},
        signing::Signer,
        statement_of_account::words,
        words::and,
    },
    statement::{Body, money::Acknowledgement},
};

/// Agree with the last settlement: once all have, it is final for payment
#[derive(Args, Debug)]
#[command(
    after_help = "Silence is no yes, but does not hold up payment: after the days of the terms the settlement is final for \
payment. It can still be audited, and its entries disputed.

Example:
  counterfoil acknowledge --key community.key"
)]
pub(super) struct AcknowledgeArgs {
    #[command(flatten)]
    agreement: AgreementArgs,
    #[command(flatten)]
    sign: SignArgs,
}

pub(super) fn run(args: &AcknowledgeArgs, session: &mut Session) -> Result<Exit, Failure> {
    let mut signer = Signer::begin(session, &args.sign, args.agreement.agreement.as_deref())?;
    let agreement = signer.agreement();
    let Some(account) = agreement.last_account() else {
        return Err(Failure::new(Exit::Refused, "nothing is settled yet")
            .reason("UNKNOWN_SETTLEMENT")
            .hint("see what a settlement would say: counterfoil split"));
    };
    let tree_size = account.settlement.tree_size;
    let preface = format!("{}\n", words(account));
    signer.say(vec![Body::Acknowledgement(Acknowledgement { tree_size })], &preface, |after, _| {
        let view = after.last_statement(now())?;
        if view.is_final {
            return Some("it is final for payment: counterfoil balances, counterfoil pay".to_owned());
        }
        let names: Vec<&str> = view.silent.iter().map(|party| after.terms().parties[*party].name.as_str()).collect();
        let until = view.window_end.map(|end| format!(", or until {end}")).unwrap_or_default();
        Some(format!("waits for {}{until}", and(&names)))
    })
}
