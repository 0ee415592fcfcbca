//! `rule`: the mediator sees the file of a dispute and what every outcome comes to, and decides.

use clap::Args;

use crate::{
    agreement::{
        Agreement,
        dispute::{Case, Stands},
    },
    cli::{
        args::{AgreementArgs, SignArgs},
        case_file::{CaseFile, Heard, find_open},
        digests,
        error::{Exit, Failure},
        remedies::RemedyArgs,
        session::Session,
        signing::Voice,
    },
    statement::{
        Body,
        dispute::{Remedy, Ruling},
    },
};

/// Decide a dispute, as its mediator: see what each outcome comes to, then sign one
#[derive(Args, Debug)]
#[command(
    after_help = "Without a remedy nothing is signed: the file of the dispute is shown, with every party's interval and what each \
outcome comes to. With one, its effect is computed here and signed with the ruling; who recomputes it to anything else refuses \
the ruling. A ruling stays between what is and what is sought. It is binding at once: the next settlement pays the difference.

Examples:
  counterfoil rule 447 --key mediator.key
  counterfoil rule 447 --quality 3/4 --reasons reasons.md --key mediator.key
  counterfoil rule 447 --from decided.csv --stand --reasons reasons.md --key mediator.key"
)]
pub(super) struct RuleArgs {
    /// The dispute: its entry, or st1...
    dispute: String,
    /// Entries of which nothing else is said stand as they are
    #[arg(long, group = "remedy")]
    stand: bool,
    #[command(flatten)]
    remedy: RemedyArgs,
    /// Your reasons: a file, which is hashed, or sha256:HEX
    #[arg(long, value_name = "FILE|DIGEST")]
    reasons: Option<String>,
    #[command(flatten)]
    agreement: AgreementArgs,
    #[command(flatten)]
    sign: SignArgs,
}

pub(super) fn run(args: &RuleArgs, session: &mut Session) -> Result<Exit, Failure> {
    let mut heard = Heard::default();
    let agreement = args.agreement.agreement.as_deref();
    let mut voice = Voice::of_mediator(session, &args.sign, agreement, |entry| heard.take(&entry))?;
    let agreement = voice.agreement();
    heard.name(agreement);
    let case = find_open(agreement, &args.dispute)?;
    let (dispute, entry) = (case.id, case.index);
    let mut file = CaseFile::open(agreement, &heard, case)?;
    if !args.stand && !args.remedy.is_given() {
        let open = open_to(case, agreement);
        let output = voice.session().output;
        output.answer(|| file.json(), || format!("{}\n   Open to you: {open}\n", file.words()))?;
        output.next(format!("decide it: counterfoil rule {entry} REMEDY --reasons FILE; nothing was signed"));
        return Ok(Exit::Done);
    }
    let reasons = args.reasons.as_deref().ok_or_else(|| {
        Failure::usage("no reasons are given")
            .hint("--reasons FILE: the ledger keeps the digest, the sides get the file")
    })?;
    let reasons = digests::sha256(reasons)?;
    let outcomes = args.remedy.outcomes(agreement, &file.subjects(), args.stand)?;
    let effect = file.choose("this ruling", outcomes.clone())?.digest;
    let preface = format!("{}\n", file.words());
    let body = Body::Ruling(Ruling { dispute, outcomes, effect, reasons });
    voice.say(vec![body], &preface, |_, _| {
        Some(
            "it is binding: the next settlement pays the difference (counterfoil split). Give the sides your reasons"
                .to_owned(),
        )
    })
}

/// Says between what a ruling may decide.
fn open_to(case: &Case, agreement: &Agreement) -> String {
    let mut ways = vec!["--stand"];
    let sought = |is: fn(&Remedy) -> bool| case.subjects.iter().any(|subject| is(&subject.sought));
    if sought(|remedy| matches!(remedy, Remedy::Reject)) {
        ways.push("--reject");
    }
    if case.subjects.iter().any(|subject| {
        matches!(subject.stands, Stands::Contribution { .. })
            && matches!(subject.sought, Remedy::Reject | Remedy::Quality(_))
    }) {
        ways.push("--quality, between what is and what is sought");
    }
    if sought(|remedy| matches!(remedy, Remedy::Reassign(_))) {
        ways.push("--reassign to whom it is sought for");
    }
    if case.subjects.iter().any(|subject| !matches!(subject.stands, Stands::Contribution { .. })) {
        ways.push("--amount, between what is and what is sought");
    }
    let each = if case.subjects.len() > 1 { "; or for each entry by --from" } else { "" };
    let conflicts = agreement.appointed().and_then(|appointed| appointed.conflicts.as_deref()).unwrap_or_default();
    let declared = if conflicts.is_empty() {
        String::new()
    } else {
        format!("; you declared: {}", crate::cli::output::plain(conflicts))
    };
    format!("{}{each}{declared}", ways.join(", "))
}
