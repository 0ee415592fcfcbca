//! `dispute`: a party disputes entries and says what should become of them.

use clap::Args;

use crate::{
    cli::{
        args::{AgreementArgs, SignArgs},
        error::{Exit, Failure},
        remedies::RemedyArgs,
        session::Session,
        signing::Signer,
    },
    statement::{Body, dispute::Dispute},
};

/// Dispute entries: say what should become of them, and why
#[derive(Args, Debug)]
#[command(
    after_help = "Contributions, confirmed benefits and costs can be disputed, within the audit period. Until it is decided \
every party gets what it would get at least; what is at stake is held, all else is paid. A dispute ends by an offer that all \
sides accept, by the mediator's ruling, or when you withdraw it.

With --from, the entries come from a CSV file: its column is entry (a number or st1...) or artifact (a digest that \
contributions name), and, if you like, remedy. A file of contributions will do.

Examples:
  counterfoil dispute 12 --quality 1/2 --reason \"half of it is generated\" --key enterprise.key
  counterfoil dispute 12 13 --reject --reason \"counted elsewhere\" --key enterprise.key
  counterfoil dispute 40 --amount 900.00 --reason \"the invoice says 900\" --key community.key
  counterfoil dispute --from rows.csv --column artifact=commit --reassign community --reason \"private work\""
)]
pub(super) struct DisputeArgs {
    /// The entries: their numbers, or st1...
    #[arg(required_unless_present = "from", value_name = "ENTRY|ID")]
    ids: Vec<String>,
    #[command(flatten)]
    remedy: RemedyArgs,
    /// Why, for the other parties and the mediator
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    agreement: AgreementArgs,
    #[command(flatten)]
    sign: SignArgs,
}

pub(super) fn run(args: &DisputeArgs, session: &mut Session) -> Result<Exit, Failure> {
    let mut signer = Signer::begin(session, &args.sign, args.agreement.agreement.as_deref())?;
    let outcomes = args.remedy.sought(signer.agreement(), &args.ids)?;
    if args.reason.trim().is_empty() {
        return Err(Failure::usage("no reason is given")
            .hint("--reason \"...\": the other parties and the mediator must know what it is about"));
    }
    let body = Body::Dispute(Dispute { outcomes, reason: args.reason.clone() });
    signer.say(vec![body], "", |_, entries| {
        let entry = entries.first()?;
        Some(format!(
            "`counterfoil disputes {entry}` shows what is at stake; give evidence: counterfoil evidence {entry} FILE; \
             offer to settle it: counterfoil offer {entry} ..."
        ))
    })
}
