//! `account`: the statement of account of the last settlement.

use clap::Args;

use crate::cli::{
    args::LedgerArgs,
    error::{Exit, Failure},
    session::{Session, now},
    standing,
    statement_of_account::{json, words_and},
    verified,
};

/// Show the statement of account of the last settlement: T, S, W, who gets what, and who owes whom
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  counterfoil account agr1...
  counterfoil account dispute.counterfoil --json")]
pub(super) struct AccountArgs {
    #[command(flatten)]
    ledger: LedgerArgs,
}

pub(super) fn run(args: &AccountArgs, session: &mut Session) -> Result<Exit, Failure> {
    let wanted = args.ledger.apply(&mut session.settings);
    let ledger = verified::open(session, wanted)?;
    let agreement = &ledger.agreement;
    let Some(account) = agreement.last_account() else {
        return Err(Failure::usage("nothing is settled yet").hint("see what a settlement would say: counterfoil split"));
    };
    let at = now();
    session.output.answer(
        || {
            let mut value = json(account);
            standing::extend(&mut value, agreement, at);
            value
        },
        || words_and(account, &standing::words(agreement, at)),
    )?;
    Ok(ledger.exit())
}
