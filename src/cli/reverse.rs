//! `reverse`: the reporting party gives back (part of) a benefit.

use clap::Args;

use crate::{
    cli::{
        amount,
        args::{AgreementArgs, SignArgs},
        digests,
        error::{Exit, Failure},
        ids,
        session::Session,
        signing::Signer,
    },
    statement::{Body, Reversal},
};

/// Report that a benefit, or part of it, was given back
#[derive(Args, Debug)]
#[command(after_help = "A reversal takes back what the shares of that time gave, to the last minor unit.

Example:
  counterfoil reverse 7 100.00 EUR --evidence credit-note.pdf --key enterprise.key")]
pub(super) struct ReverseArgs {
    /// The benefit: its entry, or st1...
    benefit: String,
    /// How much of the gross amount, in major units
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

pub(super) fn run(args: &ReverseArgs, session: &mut Session) -> Result<Exit, Failure> {
    let mut signer = Signer::begin(session, &args.sign, args.agreement.agreement.as_deref())?;
    let agreement = signer.agreement();
    let known = agreement.benefits().map(|view| (view.index, view.id));
    let benefit = ids::find(&args.benefit, "benefit", known)?;
    let code = agreement.benefit(&benefit).map(|view| view.benefit.currency.clone());
    let currency = agreement.terms().currencies.iter().find(|currency| Some(&currency.code) == code.as_ref());
    let currency = currency.ok_or_else(|| Failure::usage(format!("the currency of {benefit} is not in the terms")))?;
    let text = args.amount.join(" ");
    let amount = amount::minor_units(&text, currency).map_err(|cause| {
        Failure::usage(cause.to_string()).hint(format!("write it in major units: 1234.50 {}", currency.code))
    })?;
    let evidence = digests::sha256(&args.evidence)?;
    let body = Body::Reversal(Reversal { benefit, amount, evidence, note: args.note.clone() });
    signer.say(vec![body], "", |_, entries| {
        let entry = entries.first()?;
        Some(format!("another party confirms it: counterfoil confirm {entry}"))
    })
}
