//! `plan`: a party moves a plan; and the plan in force: budgets used, what is due, what is overdue.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use crate::{
    agreement::{Agreement, work::plan::PlanView},
    cli::{
        args::{AgreementArgs, SignArgs},
        error::{Exit, Failure},
        motions::{self, after_moving},
        output::{bad, good, plain},
        plan_toml,
        session::{Session, now},
        signing::Signer,
        table::Table,
        verified,
        words::{span_of, until_text},
    },
    split::exact_text,
    statement::Body,
};

/// Move a plan; without a file, show the plan in force
#[derive(Args, Debug)]
#[command(
    after_help = "A plan shares the floor mass of every dimension out to tasks. In force once all parties have accepted it; the next one \
takes its place, and tasks that keep their name keep what they have used.

Examples:
  counterfoil plan --example > plan.toml
  counterfoil plan plan.toml --key community.key
  counterfoil plan --agreement agr1..."
)]
pub(super) struct PlanArgs {
    /// The plan to move
    #[arg(value_name = "FILE.toml")]
    file: Option<PathBuf>,
    /// Print a plan with every key explained, ready to be filled in
    #[arg(long, conflicts_with = "file")]
    example: bool,
    #[command(flatten)]
    agreement: AgreementArgs,
    #[command(flatten)]
    sign: SignArgs,
}

pub(super) fn run(args: &PlanArgs, session: &mut Session) -> Result<Exit, Failure> {
    let agreement = args.agreement.agreement.as_deref();
    if args.example {
        let value = || json!({ "example": plan_toml::EXAMPLE });
        session.output.answer(value, || plan_toml::EXAMPLE.to_owned())?;
        return Ok(Exit::Done);
    }
    let Some(file) = &args.file else {
        args.sign.apply(&mut session.settings);
        return show(session, agreement);
    };
    let mut signer = Signer::begin(session, &args.sign, agreement)?;
    let plan = plan_toml::load(file, signer.agreement())?;
    signer.say(vec![Body::Plan(plan)], "", |after, entries| {
        after_moving(after, entries, "the plan is in force: counterfoil contribute --task NAME")
    })
}

fn show(session: &Session, agreement: Option<&str>) -> Result<Exit, Failure> {
    let ledger = verified::open(session, agreement)?;
    let agreement = &ledger.agreement;
    let value = || json!({ "agreement": agreement.id().to_string(), "plan": to_json(agreement) });
    session.output.answer(value, || match agreement.plan_at(now()) {
        Some(plan) => words(agreement, &plan),
        None => format!("no plan is in force{}", waits(agreement)),
    })?;
    Ok(ledger.exit())
}

fn waits(agreement: &Agreement) -> String {
    let waiting = motions::waiting(agreement);
    match waiting.iter().find(|motion| motion.matter.kind() == crate::statement::Kind::Plan) {
        Some(motion) => {
            format!("; the one of entry {} waits for {}", motion.index, motions::awaited_text(agreement, motion))
        }
        None => "; move one: counterfoil plan FILE.toml".to_owned(),
    }
}

fn words(agreement: &Agreement, plan: &PlanView<'_>) -> String {
    let because = plan.risk.map_or(String::new(), |_| ", because a risk has come".to_owned());
    let mut text = format!("plan {} of entry {}{because}\n\n", plan.revision, plan.index);
    let mut tasks = Table::new(&["TASK", "TITLE", "OWNER", "DIMENSION", ">USED", ">BUDGET", "DUE", ""]);
    for view in &plan.tasks {
        let task = view.task;
        tasks.row([
            task.name.to_string(),
            plain(&task.title),
            agreement.terms().parties[view.owner].name.to_string(),
            task.dimension.to_string(),
            exact_text(view.used),
            task.budget.to_string(),
            until_text(task.due),
            state_words(view.done, view.overdue),
        ]);
    }
    text.push_str(&tasks.text(0));
    let mut milestones = Table::new(&["MILESTONE", "DUE", "TASKS", ""]);
    for view in &plan.milestones {
        let names: Vec<String> = view.milestone.tasks.iter().map(ToString::to_string).collect();
        milestones.row([
            plain(&view.milestone.title),
            until_text(view.milestone.due),
            names.join(", "),
            state_words(view.done, view.overdue),
        ]);
    }
    if !milestones.is_empty() {
        text.push_str(&format!("\n{}", milestones.text(0)));
    }
    if !plan.feedback.is_empty() {
        text.push_str(&format!("\nit takes in feedback: {}\n", plan.feedback.len()));
    }
    text
}

fn state_words(done: bool, overdue: bool) -> String {
    match (done, overdue) {
        (true, _) => good("done"),
        (_, true) => bad("overdue"),
        _ => String::new(),
    }
}

/// Returns the plan in force; null without one.
pub(super) fn to_json(agreement: &Agreement) -> Value {
    let Some(plan) = agreement.plan_at(now()) else { return Value::Null };
    let tasks: Vec<Value> = plan
        .tasks
        .iter()
        .map(|view| {
            json!({
                "name": view.task.name.as_str(), "title": view.task.title, "owner": view.task.owner.as_str(),
                "dimension": view.task.dimension.as_str(), "budget": view.task.budget.to_string(),
                "used": exact_text(view.used), "due": view.task.due.to_string(),
                "criteria_sha256": view.task.criteria.to_string(), "done": view.done, "overdue": view.overdue,
            })
        })
        .collect();
    let milestones: Vec<Value> = plan
        .milestones
        .iter()
        .map(|view| {
            json!({
                "title": view.milestone.title, "due": view.milestone.due.to_string(),
                "tasks": view.milestone.tasks.iter().map(ToString::to_string).collect::<Vec<_>>(),
                "done": view.done, "overdue": view.overdue,
            })
        })
        .collect();
    json!({
        "entry": plan.index, "statement": plan.id.to_string(), "revision": plan.revision,
        "risk": plan.risk.map(|risk| risk.to_string()),
        "feedback": plan.feedback.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "tasks": tasks, "milestones": milestones,
    })
}

/// Says in one line how far the plan in force is; `None`: there is none.
pub(super) fn glance(agreement: &Agreement) -> Option<String> {
    let plan = agreement.plan_at(now())?;
    let done = plan.tasks.iter().filter(|task| task.done).count();
    let overdue: Vec<&str> =
        plan.tasks.iter().filter(|task| task.overdue).map(|task| task.task.name.as_str()).collect();
    let overdue = if overdue.is_empty() { String::new() } else { format!(", overdue: {}", overdue.join(", ")) };
    Some(format!("{} of {} tasks done{overdue} ({})", done, plan.tasks.len(), span_of(&[plan.index])))
}
