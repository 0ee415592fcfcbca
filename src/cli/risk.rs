//! `risk`, `risks` and `contingency`: the register of risks, and the plan for the day that one comes.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::{
    agreement::{
        Agreement,
        work::risk::{Exposure, RiskSource, RiskView},
    },
    cli::{
        amount,
        args::{AgreementArgs, LedgerArgs, SignArgs},
        digests,
        error::{Exit, Failure},
        ids,
        motions::after_moving,
        output::plain,
        plan_toml,
        session::{Session, now},
        signing::Signer,
        table::Table,
        verified,
        words::until_text,
    },
    split::{Exact, Ratio, exact_text},
    statement::{
        Body,
        id::StatementId,
        terms::Terms,
        work::{Assessment, Contingency, Risk, RiskAssessment},
    },
};

/// Keep the register of risks
#[derive(Args, Debug)]
#[command(
    after_help = "Any key of a party puts a risk on the register. Its owner assesses it anew, or says that it is over; that is in force \
once one other party has accepted it.

Examples:
  counterfoil risk add \"The maintainer leaves\" --owner community --trigger \"no release for 90 days\" --likelihood 2 --impact 4
  counterfoil risk assess 14 --likelihood 3 --impact 4 --key community.key
  counterfoil risk list"
)]
pub(super) struct RiskArgs {
    #[command(subcommand)]
    verb: RiskVerb,
}

#[derive(Debug, Subcommand)]
enum RiskVerb {
    Add(AddArgs),
    Assess(AssessArgs),
    List(RisksArgs),
}

/// How large a risk is.
#[derive(Args, Debug)]
struct SizeArgs {
    /// From 1 (rare) to 5 (almost certain)
    #[arg(long, value_name = "1-5", value_parser = clap::value_parser!(u32).range(1..=5), requires = "impact", required_unless_present = "probability")]
    likelihood: Option<u32>,
    /// From 1 (negligible) to 5 (severe)
    #[arg(long, value_name = "1-5", value_parser = clap::value_parser!(u32).range(1..=5), requires = "likelihood")]
    impact: Option<u32>,
    /// Instead of them: from 0 to 1, with --amount
    #[arg(long, value_name = "FRACTION", requires = "amount", conflicts_with = "likelihood")]
    probability: Option<Ratio>,
    /// What it would cost: 5000.00EUR
    #[arg(long, value_name = "AMOUNT", requires = "probability")]
    amount: Option<String>,
}

/// Put a risk on the register
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  counterfoil risk add \"The maintainer leaves\" --owner community --trigger \"no release for 90 days\" --likelihood 2 --impact 4
  counterfoil risk add \"The GPUs fail\" --owner enterprise --trigger \"no run for a week\" --probability 1/10 --amount 5000.00EUR")]
struct AddArgs {
    /// What may come
    title: String,
    /// The party that watches it
    #[arg(long, value_name = "PARTY")]
    owner: String,
    /// What shows that it has come
    #[arg(long, value_name = "TEXT")]
    trigger: String,
    /// The plan for that case: a file, which is hashed, or its digest as sha256:HEX
    #[arg(long, value_name = "FILE|DIGEST")]
    plan: Option<String>,
    #[command(flatten)]
    size: SizeArgs,
    #[command(flatten)]
    agreement: AgreementArgs,
    #[command(flatten)]
    sign: SignArgs,
}

/// Move another assessment of a risk that your party watches
#[derive(Args, Debug)]
#[command(after_help = "Example:
  counterfoil risk assess 14 --likelihood 1 --impact 4 --closed --key community.key")]
struct AssessArgs {
    /// The risk: its entry, or st1...
    #[arg(value_name = "ENTRY|ID")]
    risk: String,
    /// It is over
    #[arg(long)]
    closed: bool,
    #[command(flatten)]
    size: SizeArgs,
    #[command(flatten)]
    agreement: AgreementArgs,
    #[command(flatten)]
    sign: SignArgs,
}

/// List the risks, and the dates of maintenance that were missed
#[derive(Args, Debug)]
#[command(after_help = "Example:
  counterfoil risks agr1...")]
pub(super) struct RisksArgs {
    #[command(flatten)]
    ledger: LedgerArgs,
}

/// Move the plan for a risk that has come
#[derive(Args, Debug)]
#[command(
    after_help = "The owner of the risk moves it; in force once one other party has accepted it: it then takes the place of the plan.

Example:
  counterfoil contingency 14 plan-b.toml --key community.key"
)]
pub(super) struct ContingencyArgs {
    /// The risk: its entry, or st1...
    #[arg(value_name = "ENTRY|ID")]
    risk: String,
    /// The plan, as for `counterfoil plan`
    #[arg(value_name = "FILE.toml")]
    plan: PathBuf,
    #[command(flatten)]
    agreement: AgreementArgs,
    #[command(flatten)]
    sign: SignArgs,
}

pub(super) fn run(args: &RiskArgs, session: &mut Session) -> Result<Exit, Failure> {
    match &args.verb {
        RiskVerb::Add(args) => add(args, session),
        RiskVerb::Assess(args) => assess(args, session),
        RiskVerb::List(args) => list(args, session),
    }
}

fn add(args: &AddArgs, session: &mut Session) -> Result<Exit, Failure> {
    let plan = args.plan.as_deref().map(digests::sha256).transpose()?;
    let mut signer = Signer::begin(session, &args.sign, args.agreement.agreement.as_deref())?;
    let agreement = signer.agreement();
    let owner = agreement.terms().parties[ids::party(agreement, &args.owner)?].name.clone();
    let assessment = size_of(&args.size, agreement.terms())?;
    let body = Risk { title: args.title.clone(), assessment, owner, trigger: args.trigger.clone(), plan };
    signer.say(vec![Body::Risk(body)], "", |_, entries| {
        let entry = entries.first()?;
        Some(format!("when it has come, its owner moves the plan for it: counterfoil contingency {entry} FILE.toml"))
    })
}

fn assess(args: &AssessArgs, session: &mut Session) -> Result<Exit, Failure> {
    let mut signer = Signer::begin(session, &args.sign, args.agreement.agreement.as_deref())?;
    let risk = find(signer.agreement(), &args.risk)?;
    let assessment = size_of(&args.size, signer.agreement().terms())?;
    let body = RiskAssessment { risk, assessment, closed: args.closed };
    signer.say(vec![Body::RiskAssessment(body)], "", |after, entries| {
        after_moving(after, entries, "the register has it: counterfoil risks")
    })
}

pub(super) fn contingency(args: &ContingencyArgs, session: &mut Session) -> Result<Exit, Failure> {
    let mut signer = Signer::begin(session, &args.sign, args.agreement.agreement.as_deref())?;
    let risk = find(signer.agreement(), &args.risk)?;
    let plan = plan_toml::load(&args.plan, signer.agreement())?;
    signer.say(vec![Body::Contingency(Contingency { risk, plan })], "", |after, entries| {
        after_moving(after, entries, "it is the plan in force: counterfoil plan")
    })
}

fn size_of(args: &SizeArgs, terms: &Terms) -> Result<Assessment, Failure> {
    match (args.likelihood, args.impact, args.probability, &args.amount) {
        (Some(likelihood), Some(impact), ..) => Ok(Assessment::Graded { likelihood, impact }),
        (_, _, Some(probability), Some(text)) => {
            let (currency, amount) = amount::amount_among(text, &terms.currencies)
                .map_err(|error| Failure::usage(format!("--amount {error}")).hint("write it as 5000.00EUR"))?;
            Ok(Assessment::Valued { probability, currency: terms.currencies[currency].code.clone(), amount })
        }
        _ => Err(Failure::usage("nobody knows how large the risk is")
            .hint("give --likelihood and --impact, or --probability and --amount")),
    }
}

fn find(agreement: &Agreement, text: &str) -> Result<StatementId, Failure> {
    let known = agreement.risks_at(now()).into_iter().filter_map(|risk| match risk.source {
        RiskSource::Register { id, index } => Some((index, id)),
        RiskSource::Maintenance { .. } => None,
    });
    ids::find(text, "risk", known)
}

pub(super) fn list(args: &RisksArgs, session: &mut Session) -> Result<Exit, Failure> {
    let wanted = args.ledger.apply(&mut session.settings);
    let ledger = verified::open(session, wanted)?;
    let agreement = &ledger.agreement;
    let risks = agreement.risks_at(now());
    let value = || json!({ "agreement": agreement.id().to_string(), "risks": to_json(agreement) });
    let words = || {
        let mut table = Table::new(&[">ENTRY", "RISK", "OWNER", ">EXPOSURE", "STATE"]);
        for risk in &risks {
            let owner = agreement.terms().parties[risk.owner].name.to_string();
            table.row([entry(risk), plain(risk.title), owner, exposure(risk, agreement.terms()), state(risk)]);
        }
        if table.is_empty() { "no risk is on the register".to_owned() } else { table.text(0) }
    };
    session.output.answer(value, words)?;
    Ok(ledger.exit())
}

fn entry(risk: &RiskView<'_>) -> String {
    match risk.source {
        RiskSource::Register { index, .. } => index.to_string(),
        RiskSource::Maintenance { .. } => String::new(),
    }
}

fn state(risk: &RiskView<'_>) -> String {
    match (risk.closed, risk.source) {
        (Some(at), _) => format!("over, by entry {at}"),
        (None, RiskSource::Maintenance { due, .. }) => format!("maintenance missed on {}", until_text(due)),
        (None, RiskSource::Register { .. }) => {
            (if risk.plan.is_some() { "open, with a plan" } else { "open" }).to_owned()
        }
    }
}

/// Says how large a risk is: `8 of 25`, `500.00 EUR`.
pub(super) fn exposure(risk: &RiskView<'_>, terms: &Terms) -> String {
    match &risk.exposure {
        Exposure::Graded(size) => format!("{size} of 25"),
        Exposure::Valued { currency, amount } => {
            let digits =
                terms.currencies.iter().find(|known| known.code == *currency).map_or(0, |known| known.exponent);
            let unit = Exact::from(10_u64.saturating_pow(digits));
            format!("{} {currency}", exact_text(&(amount / &unit)))
        }
        Exposure::Unassessed => "not assessed".to_owned(),
    }
}

/// Returns every risk.
pub(super) fn to_json(agreement: &Agreement) -> Vec<Value> {
    let one = |risk: RiskView<'_>| {
        let (entry, statement, missed) = match risk.source {
            RiskSource::Register { id, index } => (Some(index), id, None),
            RiskSource::Maintenance { commitment, due } => (None, commitment, Some(due.to_string())),
        };
        json!({
            "entry": entry, "statement": statement.to_string(), "maintenance_missed": missed, "title": risk.title,
            "owner": agreement.terms().parties[risk.owner].name.as_str(), "exposure": exposure(&risk, agreement.terms()),
            "plan_sha256": risk.plan.map(|plan| plan.to_string()), "closed_by": risk.closed,
        })
    };
    agreement.risks_at(now()).into_iter().map(one).collect()
}
