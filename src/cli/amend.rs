//! `amend`: a party moves other terms for an agreement that is in force, and sees what they do before it signs.

use std::path::PathBuf;

use clap::Args;

use crate::{
    agreement::{
        Agreement,
        dispute::Effect,
        motion::Matter,
        refusal::{Refusal, change::ChangeRefusal},
    },
    cli::{
        args::{AgreementArgs, SignArgs},
        error::{Exit, Failure},
        motions::after_moving,
        session::{Session, now},
        signing::Signer,
        table::Table,
        terms_toml::{self, Purpose},
        words::time_text,
    },
    split::exact_text,
    statement::{Body, change::Amendment, id::StatementId, terms::Terms},
    time::Timestamp,
};

/// Move other terms for an agreement that is in force
#[derive(Args, Debug)]
#[command(
    after_help = "Take the file of the terms, change it, and move it. What differs is shown line by line, and what it does to every \
party, computed from the entries as they are. Parties, dimensions, currencies and streams stay in their order; others may be added \
at the end; keys change by `counterfoil key grant` and `key revoke`. In force once all parties, newcomers included, have accepted, \
and a new mediator has consented.

What was settled stands. With --retroactive it is shared anew under the new terms, and the amendment carries the digest of exactly \
that effect: if anything is entered in between that changes it, it is refused, and has to be moved again.

Examples:
  counterfoil amend agreement.toml --effective 2027-01-01 --key community.key
  counterfoil amend agreement.toml --retroactive --dry-run --key community.key"
)]
pub(super) struct AmendArgs {
    /// The new terms, whole, as for `counterfoil propose`
    #[arg(value_name = "FILE.toml")]
    terms: PathBuf,
    /// From when on [default: from the entry on that completes it]
    #[arg(long, value_name = "DATE")]
    effective: Option<Timestamp>,
    /// Share anew what was settled
    #[arg(long)]
    retroactive: bool,
    #[command(flatten)]
    agreement: AgreementArgs,
    #[command(flatten)]
    sign: SignArgs,
}

pub(super) fn run(args: &AmendArgs, session: &mut Session) -> Result<Exit, Failure> {
    let terms = terms_toml::load(&args.terms, Purpose::Sign)?;
    let mut signer = Signer::begin(session, &args.sign, args.agreement.agreement.as_deref())?;
    let agreement = signer.agreement();
    if *agreement.terms() == terms {
        return Err(Failure::usage(format!("{} says what is in force already", args.terms.display()))
            .hint("change the file first; `counterfoil show --json` has the terms in force"));
    }
    let mut body = Amendment { replaces: agreement.terms_id(), terms, effective: args.effective, retroactive: None };
    // Whether the terms can be moved at all comes first: the effect of others is not defined. Nobody is sent this.
    let probe = signer.sign(Body::Amendment(body.clone()), [0; 16])?;
    signer.trial().take(&probe.signed)?;
    let effect = match args.retroactive {
        true => agreement.effect_of_terms(&body.terms, now())?,
        false => agreement.effect_of_terms_ahead(&body.terms, now())?,
    };
    if args.retroactive {
        body.retroactive = Some(effect.digest);
    }
    let preface = effect_text(agreement, &body.terms, &effect, args.retroactive);
    let from = body.effective;
    signer.say(vec![Body::Amendment(body)], &preface, |after, entries| {
        let done = match from {
            Some(from) => format!("all have accepted; the terms are in force from {}", time_text(from)),
            None => "all have accepted; the terms are in force: counterfoil show".to_owned(),
        };
        after_moving(after, entries, &done)
    })
}

/// Says what an amendment that waits does to every party, for who is asked to accept it; nothing for any other motion.
///
/// Errors: when its effect is not the one it was moved with any more.
pub(super) fn effect_of_motion(agreement: &Agreement, id: StatementId) -> Result<String, Failure> {
    let motion = agreement.motions().find(|motion| motion.id == id);
    let Some(Matter::Amendment(amended)) = motion.map(|motion| &motion.matter) else { return Ok(String::new()) };
    let effect = match amended.retroactive {
        Some(_) => agreement.effect_of_terms(&amended.terms, now())?,
        None => agreement.effect_of_terms_ahead(&amended.terms, now())?,
    };
    if let Some(stated) = amended.retroactive.filter(|stated| *stated != effect.digest) {
        return Err(Refusal::from(ChangeRefusal::EffectMismatch { stated, computed: effect.digest }).into());
    }
    Ok(effect_text(agreement, &amended.terms, &effect, amended.retroactive.is_some()))
}

/// Says what terms do to every party: what it would be allocated today, before and after.
fn effect_text(agreement: &Agreement, terms: &Terms, effect: &Effect, retroactive: bool) -> String {
    let what = match retroactive {
        true => "What was settled is shared anew. Of everything in the ledger, each party is allocated:",
        false => "What was settled stands. Of everything in the ledger, each party would be allocated:",
    };
    let mut table =
        Table::new(&["PARTY", "CURRENCY", ">BEFORE", ">AFTER", ">DIFFERENCE", "SHARE BEFORE", "SHARE AFTER"]);
    let share = |account: &crate::agreement::settle::Account, party: usize| {
        let share = account.shares.shares.iter().nth(party);
        share.map_or_else(|| "none".to_owned(), |share| exact_text(&share))
    };
    for (place, currency) in terms.currencies.iter().enumerate() {
        let after = effect.after.settlement.accounts.get(place);
        let before = effect.before.settlement.accounts.get(place);
        for (position, party) in terms.parties.iter().enumerate() {
            let allocation = |account: Option<&crate::statement::CurrencyAccount>| {
                account.and_then(|account| account.parties.get(position)).map_or(0, |line| line.allocation)
            };
            let (before, after) = (i128::from(allocation(before)), i128::from(allocation(after)));
            table.row([
                party.name.to_string(),
                currency.code.to_string(),
                currency.decimal(before),
                currency.decimal(after),
                currency.decimal(after - before),
                share(&effect.before, position),
                share(&effect.after, position),
            ]);
        }
    }
    let seen = agreement.size();
    format!("{what}\n\n{}\ncomputed from the first {seen} entries\n\n", table.text(2))
}
