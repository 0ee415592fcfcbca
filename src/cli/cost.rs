//! `cost`: a party reports what it paid and the terms let it recoup.

use clap::Args;

use crate::{
    cli::{
        amount,
        args::{AgreementArgs, SignArgs},
        config::nearest,
        digests,
        error::{Exit, Failure},
        session::Session,
        signing::Signer,
    },
    statement::{Body, money::Cost, terms::Terms},
};

/// Report a cost that is recouped from the pool, before the shares
#[derive(Args, Debug)]
#[command(
    after_help = "The invoice is hashed and used once in the whole agreement; it can be no artifact of a contribution as well. \
The cost is recouped once another party has confirmed it.

Example:
  counterfoil cost compute 12000.00 EUR --invoice gpu-march.pdf --key enterprise.key"
)]
pub(super) struct CostArgs {
    /// The category, as the terms name it
    category: String,
    /// The amount and its currency
    #[arg(required = true, num_args = 1..=2, value_name = "AMOUNT", allow_negative_numbers = true)]
    amount: Vec<String>,
    /// The invoice: a file, which is hashed, or sha256:HEX
    #[arg(long, value_name = "FILE|DIGEST")]
    invoice: String,
    /// A line for people; the ledger keeps it for ever
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    note: String,
    #[command(flatten)]
    agreement: AgreementArgs,
    #[command(flatten)]
    sign: SignArgs,
}

pub(super) fn run(args: &CostArgs, session: &mut Session) -> Result<Exit, Failure> {
    let mut signer = Signer::begin(session, &args.sign, args.agreement.agreement.as_deref())?;
    let terms = signer.agreement().terms();
    let known = terms.waterfall.cost_categories.iter().find(|known| known.as_str() == args.category);
    let category = known.ok_or_else(|| unknown_category(&args.category, terms))?.clone();
    let (currency, amount) = amount::of_args(&args.amount, &terms.currencies)?;
    let body = Body::Cost(Cost {
        category,
        currency: terms.currencies[currency].code.clone(),
        amount,
        invoice: digests::sha256(&args.invoice)?,
        note: args.note.clone(),
    });
    signer.say(vec![body], "", |_, entries| {
        let entry = entries.first()?;
        Some(format!("another party confirms it: counterfoil confirm {entry}"))
    })
}

fn unknown_category(name: &str, terms: &Terms) -> Failure {
    let categories = &terms.waterfall.cost_categories;
    if categories.is_empty() {
        return Failure::new(Exit::Refused, "the terms let nobody recoup costs")
            .reason("NO_RECOUPMENT")
            .hint("agree on categories first: cost_categories in [waterfall], by an amendment");
    }
    Failure::new(Exit::Refused, format!("there is no category `{name}` in the terms"))
        .reason("UNKNOWN_CATEGORY")
        .hint(nearest(name, categories.iter().map(|category| category.as_str())))
}
