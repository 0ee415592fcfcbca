//! `offer`: a side of a dispute offers how to settle it.

use clap::Args;

use crate::{
    cli::{
        args::{AgreementArgs, SignArgs},
        case_file::{CaseFile, Heard, find_open},
        error::{Exit, Failure},
        remedies::RemedyArgs,
        session::Session,
        signing::Signer,
    },
    statement::{Body, dispute::Offer},
};

/// Offer the other sides of a dispute how to settle it
#[derive(Args, Debug)]
#[command(
    after_help = "One remedy for all disputed entries, or one for each in a CSV file (columns entry or artifact, and \
remedy); --stand is for those that nothing else is said of. What the offer comes to is shown before you sign. It settles the \
dispute once every side has accepted it: counterfoil accept ENTRY.

Examples:
  counterfoil offer 447 --quality 1/2 --key enterprise.key
  counterfoil offer 447 --from half.csv --stand --key enterprise.key"
)]
pub(super) struct OfferArgs {
    /// The dispute: its entry, or st1...
    dispute: String,
    /// Entries of which nothing else is said stand as they are
    #[arg(long, group = "remedy")]
    stand: bool,
    #[command(flatten)]
    remedy: RemedyArgs,
    #[command(flatten)]
    agreement: AgreementArgs,
    #[command(flatten)]
    sign: SignArgs,
}

pub(super) fn run(args: &OfferArgs, session: &mut Session) -> Result<Exit, Failure> {
    let mut heard = Heard::default();
    let agreement = args.agreement.agreement.as_deref();
    let mut signer = Signer::begin_each(session, &args.sign, agreement, |entry| heard.take(&entry))?;
    let agreement = signer.agreement();
    heard.name(agreement);
    let case = find_open(agreement, &args.dispute)?;
    let (dispute, mut file) = (case.id, CaseFile::open(agreement, &heard, case)?);
    let outcomes = args.remedy.outcomes(agreement, &file.subjects(), args.stand)?;
    file.choose("this offer", outcomes.clone())?;
    let preface = format!("{}\n", file.words());
    signer.say(vec![Body::Offer(Offer { dispute, outcomes })], &preface, |after, entries| {
        let offer = after.motions().find(|motion| Some(&motion.index) == entries.first())?;
        let awaited = after.awaited(offer);
        let names: Vec<&str> = awaited.iter().map(|party| after.terms().parties[*party].name.as_str()).collect();
        Some(format!(
            "it settles the dispute once {} accepted it: counterfoil accept {}",
            crate::cli::words::and(&names),
            offer.index
        ))
    })
}
