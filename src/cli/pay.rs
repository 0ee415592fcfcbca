//! `pay`: a party says that it paid another what a settlement makes due.

use clap::Args;

use crate::{
    agreement::money::views::Balance,
    cli::{
        amount,
        args::{AgreementArgs, SignArgs},
        digests,
        error::{Exit, Failure},
        ids,
        session::Session,
        signing::Signer,
    },
    statement::{Body, money::Payment},
};

/// Say that you paid another party what is due to it
#[derive(Args, Debug)]
#[command(
    after_help = "No money moves: you say that it did, and the payee confirms it. `counterfoil balances` says who is owed \
what. Nobody pays more than it owes, or more than the payee is owed.

Example:
  counterfoil pay community 27020.78 EUR --evidence transfer.pdf --key enterprise.key"
)]
pub(super) struct PayArgs {
    /// The party that was paid
    payee: String,
    /// The amount and its currency
    #[arg(required = true, num_args = 1..=2, value_name = "AMOUNT", allow_negative_numbers = true)]
    amount: Vec<String>,
    /// What shows it: a file, which is hashed, or sha256:HEX
    #[arg(long, value_name = "FILE|DIGEST")]
    evidence: String,
    /// A line for people; the ledger keeps it for ever
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    note: String,
    #[command(flatten)]
    agreement: AgreementArgs,
    #[command(flatten)]
    sign: SignArgs,
}

pub(super) fn run(args: &PayArgs, session: &mut Session) -> Result<Exit, Failure> {
    let mut signer = Signer::begin(session, &args.sign, args.agreement.agreement.as_deref())?;
    let (agreement, payer) = (signer.agreement(), signer.party);
    let terms = agreement.terms();
    let payee = ids::party(agreement, &args.payee)?;
    let (currency, amount) = amount::of_args(&args.amount, &terms.currencies)?;
    let Some(last) = agreement.settlement_places().last() else {
        return Err(Failure::new(Exit::Refused, "nothing is settled yet, so that nothing is due")
            .reason("UNKNOWN_SETTLEMENT")
            .hint("see what a settlement would say: counterfoil split"));
    };
    let body = Body::Payment(Payment {
        tree_size: last.tree_size,
        payee: terms.parties[payee].name.clone(),
        currency: terms.currencies[currency].code.clone(),
        amount,
        evidence: digests::sha256(&args.evidence)?,
        note: args.note.clone(),
    });
    signer.say(vec![body], "", |after, entries| {
        let entry = entries.first()?;
        let is_mine = |balance: &Balance| (balance.currency, balance.party) == (currency, payer);
        let left = after.balances().into_iter().find(is_mine).map_or(0, |balance| (-balance.balance).max(0));
        let left = after.terms().currencies[currency].amount(left);
        Some(format!(
            "{} confirms it: counterfoil confirm {entry}; you still owe {left}",
            after.terms().parties[payee].name
        ))
    })
}
