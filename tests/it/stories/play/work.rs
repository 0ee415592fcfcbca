//! What scripts say about the work.
//!
//! ```text
//! community   needs N1 a-release,documentation
//! community   plans P1 task build:community:T:6:2026-03-01 task test:enterprise:T:4:2026-04-01 milestone beta:build+test takes F1
//! enterprise  agrees P1
//! community   contributes C1 3 hour on build
//! enterprise  attests C1 unplanned
//! enterprise  challenges X1 QUALITY C1
//! enterprise  takes-back X1
//! community   raises R1 enterprise graded 3x4
//! community   raises R2 enterprise valued 1/10 500.00 EUR
//! enterprise  assesses A1 R1 graded 1x4 closed
//! enterprise  switches K1 R1 task build:community:T:10:2026-05-01
//! enterprise  feeds-back F1
//! community   answers F1 yes
//! community   commits M1 2026-02-01 2026-03-01
//! community   fulfils M1 2026-02-01
//! now         task build used 3 open
//! now         held C1
//! now         disputed 10.00
//! ```

use counterfoil::{
    agreement::{
        Agreement,
        work::risk::{Exposure, RiskSource},
    },
    digest::Digest,
    split::exact_text,
    statement::{
        Acceptance, Body,
        change::Withdrawal,
        terms::Name,
        work::{
            Assessment, Challenge, Contingency, Feedback, FeedbackResponse, Ground, MaintenanceCommitment,
            MaintenanceFulfilment, Milestone, Needs, Plan, Risk, RiskAssessment, Task,
        },
    },
};

use super::{Stage, same};
use crate::stories::script::{Words, list, minor, parse};

/// Reads what is said; `None`: it is no verb of the work.
pub(super) fn body(stage: &Stage, verb: &str, words: &mut Words<'_>) -> Result<Option<(String, Body)>, String> {
    let mut label = String::new();
    let mut name = |words: &mut Words<'_>| words.next("a name").map(|name| label = name.to_owned());
    let body = match verb {
        "agrees" => Body::Acceptance(Acceptance { proposal: stage.id(words.next("a motion")?) }),
        "takes-back" => {
            let statement = stage.id(words.next("something")?);
            Body::Withdrawal(Withdrawal { statement, reason: String::new() })
        }
        "needs" => {
            name(words)?;
            let needs = words.next("needs")?.split(',').map(str::to_owned).collect();
            Body::Needs(Needs { minutes: digest(), needs })
        }
        "plans" => {
            name(words)?;
            Body::Plan(plan(stage, words)?)
        }
        "switches" => {
            name(words)?;
            let risk = stage.id(words.next("a risk")?);
            Body::Contingency(Contingency { risk, plan: plan(stage, words)? })
        }
        "challenges" => {
            name(words)?;
            let ground = words.next("a ground")?;
            let ground = Ground::ALL.into_iter().find(|known| known.as_str() == ground).ok_or("no such ground")?;
            let contributions = words.all().into_iter().map(|name| stage.id(name)).collect();
            Body::Challenge(Challenge { contributions, ground, reason: "a reason".to_owned() })
        }
        "raises" => {
            name(words)?;
            let owner = parse(words.next("an owner")?)?;
            let (title, trigger) = ("a risk".to_owned(), "a sign".to_owned());
            Body::Risk(Risk { title, assessment: assessment(words)?, owner, trigger, plan: None })
        }
        "assesses" => {
            name(words)?;
            let (risk, closed) = (stage.id(words.next("a risk")?), words.flag("closed"));
            Body::RiskAssessment(RiskAssessment { risk, assessment: assessment(words)?, closed })
        }
        "feeds-back" => {
            name(words)?;
            Body::Feedback(Feedback { digest: digest(), summary: "what was learned".to_owned() })
        }
        "answers" => {
            let feedback = stage.id(words.next("feedback")?);
            let accepted = words.next("yes or no")? == "yes";
            Body::FeedbackResponse(FeedbackResponse { feedback, accepted, reason: "a reason".to_owned() })
        }
        "commits" => {
            name(words)?;
            let due = words.all().into_iter().map(parse).collect::<Result<_, _>>()?;
            let (title, criteria) = ("maintenance".to_owned(), digest());
            Body::MaintenanceCommitment(MaintenanceCommitment { title, criteria, due })
        }
        "fulfils" => {
            let commitment = stage.id(words.next("a commitment")?);
            let due = parse(words.next("a date")?)?;
            Body::MaintenanceFulfilment(MaintenanceFulfilment { commitment, due, evidence: digest() })
        }
        _ => return Ok(None),
    };
    Ok(Some((label, body)))
}

fn digest() -> Digest {
    Digest::of(&[b"a document"])
}

fn plan(stage: &Stage, words: &mut Words<'_>) -> Result<Plan, String> {
    let (mut tasks, mut milestones) = (Vec::new(), Vec::new());
    while let Some(text) = words.option("task") {
        let [name, owner, dimension, budget, due] = *text.split(':').collect::<Vec<_>>() else {
            return Err(format!("`{text}` is no task"));
        };
        tasks.push(Task {
            name: parse(name)?,
            title: name.to_owned(),
            owner: parse(owner)?,
            dimension: parse(dimension)?,
            budget: parse(budget)?,
            due: parse(due)?,
            criteria: digest(),
        });
    }
    while let Some(text) = words.option("milestone") {
        let (title, of) = text.split_once(':').ok_or("a milestone names tasks")?;
        let due = tasks.last().map(|task| task.due).ok_or("a milestone has tasks")?;
        milestones.push(Milestone { title: title.to_owned(), due, tasks: list(&of.replace('+', ","))? });
    }
    let feedback = words.option("takes").into_iter().flat_map(|names| names.split(','));
    let feedback = feedback.map(|name| stage.id(name)).collect();
    Ok(Plan { tasks, milestones, feedback })
}

fn assessment(words: &mut Words<'_>) -> Result<Assessment, String> {
    Ok(match words.next("graded or valued")? {
        "graded" => {
            let (likelihood, impact) = words.next("grades")?.split_once('x').ok_or("grades are 3x4")?;
            Assessment::Graded { likelihood: parse(likelihood)?, impact: parse(impact)? }
        }
        _ => Assessment::Valued {
            probability: parse(words.next("a probability")?)?,
            amount: minor(words.next("an amount")?)?,
            currency: parse(words.next("a currency")?)?,
        },
    })
}

/// Whether `now` can ask for it here.
pub(super) fn is_checked(what: &str) -> bool {
    const WORDS: [&str; 10] =
        ["needs", "plan", "task", "milestone", "held", "challenged", "disputed", "risk", "missed", "waiting"];
    WORDS.contains(&what)
}

/// Holds the agreement to what a script says.
pub(super) fn check(stage: &Stage, agreement: &Agreement, what: &str, words: &mut Words<'_>) -> Result<(), String> {
    let now = stage.clock;
    let mut known: Vec<_> = stage.ids.iter().collect();
    known.sort();
    let name_of = |id| known.iter().find(|(_, known)| **known == id).map_or("?", |(name, _)| name.as_str());
    let found = match what {
        "needs" => agreement.needs().iter().map(|needs| needs.count).sum::<usize>().to_string(),
        "plan" => {
            agreement.plan_at(now).map_or("none".to_owned(), |plan| format!("{} {}", name_of(plan.id), plan.revision))
        }
        "task" => {
            let name: Name = parse(words.next("a task")?)?;
            let plan = agreement.plan_at(now).ok_or("there is no plan")?;
            let task = plan.tasks.iter().find(|task| task.task.name == name).ok_or("no such task")?;
            let state = [("done", task.done), ("overdue", task.overdue), ("open", true)];
            let state = state.into_iter().find(|(_, is)| *is).map_or("", |(state, _)| state);
            format!("used {} {state}", exact_text(task.used))
        }
        "milestone" => {
            let title = words.next("a milestone")?;
            let plan = agreement.plan_at(now).ok_or("there is no plan")?;
            let milestones = plan.milestones.iter().find(|milestone| milestone.milestone.title == title);
            let milestone = milestones.ok_or("no such milestone")?;
            let state = [("done", milestone.done), ("overdue", milestone.overdue), ("open", true)];
            state.into_iter().find(|(_, is)| *is).map_or("", |(state, _)| state).to_owned()
        }
        "held" => {
            let held = agreement.open_claims_at(now).into_iter().filter(|claim| claim.held_from.is_some());
            let index = |claim: counterfoil::agreement::work::open::OpenClaimView| {
                agreement.contributions_from(claim.index).next().map_or("?", |view| name_of(view.id)).to_owned()
            };
            held.map(index).collect::<Vec<_>>().join(" ")
        }
        "challenged" => {
            let challenged = agreement.contributions().filter(|view| view.challenged);
            challenged.map(|view| name_of(view.id)).collect::<Vec<_>>().join(" ")
        }
        "disputed" => {
            let lines = stage.account()?.settlement.accounts;
            let lines = stage.terms.currencies.iter().zip(lines);
            lines.map(|(currency, line)| currency.decimal(line.disputed.into())).collect::<Vec<_>>().join(" ")
        }
        "risk" => {
            let id = stage.id(words.next("a risk")?);
            let is = |source: RiskSource| matches!(source, RiskSource::Register { id: of, .. } if of == id);
            let risks = agreement.risks_at(now);
            let risk = risks.iter().find(|risk| is(risk.source)).ok_or("no such risk")?;
            let exposure = match &risk.exposure {
                Exposure::Graded(grade) => grade.to_string(),
                Exposure::Valued { currency, amount } => format!("{} {currency}", exact_text(amount)),
                Exposure::Unassessed => "unassessed".to_owned(),
            };
            if risk.closed.is_some() { format!("{exposure} closed") } else { exposure }
        }
        "missed" => {
            let risks = agreement.risks_at(now);
            let missed = risks.iter().filter_map(|risk| match risk.source {
                RiskSource::Maintenance { commitment, .. } => Some(name_of(commitment)),
                RiskSource::Register { .. } => None,
            });
            missed.collect::<Vec<_>>().join(" ")
        }
        _ => {
            let waiting = agreement.feedback().into_iter().map(|feedback| {
                format!("{}{}", name_of(feedback.id), if feedback.accepted.is_some() { "+" } else { "" })
            });
            waiting.collect::<Vec<_>>().join(" ")
        }
    };
    same(if found.is_empty() { "none" } else { &found }, &words.all().join(" "))
}
