//! What parties say about the work, in words: needs, plans, challenges, risks, feedback and maintenance.

use crate::{
    agreement::{Agreement, work::risk::RiskSource},
    cli::{
        output::plain,
        words::{Line, Teller, counted, some, until_text, why},
    },
    split::exact_text,
    statement::{
        Body,
        id::StatementId,
        work::{
            Assessment, Challenge, Contingency, FeedbackResponse, Ground, MaintenanceCommitment, Plan, Risk,
            RiskAssessment,
        },
    },
};

impl Teller<'_> {
    /// Says what a statement about the work says; `None`: it is about something else.
    pub(super) fn work(&self, body: &Body) -> Option<String> {
        Some(match body {
            Body::Needs(body) => {
                let needs: Vec<String> = body.needs.iter().map(|need| plain(need)).collect();
                format!("says what is needed: {}", some(&needs))
            }
            Body::Plan(plan) => format!("moves a plan of {}", self.plan_text(plan)),
            Body::Challenge(body) => self.challenge(body),
            Body::Risk(body) => self.risk(body),
            Body::RiskAssessment(body) => format!("moves {}", self.assessment_text(body)),
            Body::Contingency(body) => format!("moves {}", self.contingency_text(body)),
            Body::Feedback(body) => format!("feeds back: {}", plain(&body.summary)),
            Body::FeedbackResponse(body) => self.response(body),
            Body::MaintenanceCommitment(body) => commitment(body),
            Body::MaintenanceFulfilment(body) => {
                let (of, due) = (self.entries_of(&[body.commitment]), until_text(body.due));
                format!("has kept the date {due} of its maintenance commitment, {of}")
            }
            _ => return None,
        })
    }

    pub(super) fn work_lines(&self, body: &Body) -> Vec<Line> {
        let evidence = |digest| ("evidence", format!("sha256 {digest}"));
        match body {
            Body::Needs(body) => {
                let needs = body.needs.iter().map(|need| ("need", plain(need)));
                needs.chain([("minutes", format!("sha256 {}", body.minutes))]).collect()
            }
            Body::Plan(plan) => self.plan_lines(plan),
            Body::Contingency(body) => self.plan_lines(&body.plan),
            Body::Risk(body) => {
                let mut lines = vec![("trigger", plain(&body.trigger))];
                lines.extend(body.plan.map(|plan| ("plan", format!("sha256 {plan}"))));
                lines
            }
            Body::Feedback(body) => vec![("document", format!("sha256 {}", body.digest))],
            Body::MaintenanceCommitment(body) => vec![("promise", format!("sha256 {}", body.criteria))],
            Body::MaintenanceFulfilment(body) => vec![evidence(body.evidence)],
            _ => Vec::new(),
        }
    }

    pub(super) fn plan_text(&self, plan: &Plan) -> String {
        let tasks: Vec<String> = plan.tasks.iter().map(|task| format!("{} by {}", task.name, task.owner)).collect();
        let milestones = match plan.milestones.len() {
            0 => String::new(),
            count => format!(", {}", counted(count, "milestone", "milestones")),
        };
        let feedback = match plan.feedback.as_slice() {
            [] => String::new(),
            feedback => format!(", takes in the feedback of {}", self.entries_of(feedback)),
        };
        format!("{} ({}){milestones}{feedback}", counted(tasks.len(), "task", "tasks"), some(&tasks))
    }

    pub(super) fn plan_lines(&self, plan: &Plan) -> Vec<Line> {
        let tasks = plan.tasks.iter().map(|task| {
            let (name, title, owner) = (&task.name, plain(&task.title), &task.owner);
            let (budget, dimension, due) = (task.budget, &task.dimension, until_text(task.due));
            let criteria = task.criteria;
            (
                "task",
                format!(
                    "{name} ({title}): {owner}, {budget} points of {dimension}, due {due}; done means sha256 {criteria}"
                ),
            )
        });
        let milestones = plan.milestones.iter().map(|milestone| {
            let tasks: Vec<String> = milestone.tasks.iter().map(ToString::to_string).collect();
            let (title, due) = (plain(&milestone.title), until_text(milestone.due));
            ("milestone", format!("{title}, due {due}: {}", some(&tasks)))
        });
        let feedback = (!plan.feedback.is_empty()).then(|| ("feedback", self.entries_of(&plan.feedback)));
        tasks.chain(milestones).chain(feedback).collect()
    }

    pub(super) fn contingency_text(&self, body: &Contingency) -> String {
        let (risk, plan) = (self.entries_of(&[body.risk]), self.plan_text(&body.plan));
        format!("that the risk of {risk} has come, and the plan is now {plan}")
    }

    pub(super) fn assessment_text(&self, body: &RiskAssessment) -> String {
        let risk = self.entries_of(&[body.risk]);
        let size = self.size(&body.assessment);
        match body.closed {
            true => format!("that the risk of {risk} is over, last assessed as {size}"),
            false => format!("that the risk of {risk} is now {size}"),
        }
    }

    fn challenge(&self, body: &Challenge) -> String {
        let (entries, ground) = (self.entries_of(&body.contributions), ground(body.ground));
        format!("challenges {entries}, because {ground}{}", why(&body.reason))
    }

    fn risk(&self, body: &Risk) -> String {
        let (title, size, owner) = (plain(&body.title), self.size(&body.assessment), &body.owner);
        format!("puts a risk on the register, \"{title}\": {size}, watched by {owner}")
    }

    /// Says how large a risk is.
    pub(super) fn size(&self, assessment: &Assessment) -> String {
        match assessment {
            Assessment::Graded { likelihood, impact } => {
                format!("likelihood {likelihood} of 5, impact {impact} of 5")
            }
            Assessment::Valued { probability, currency, amount } => {
                format!("{} with probability {}", self.amount(currency, *amount), exact_text(&probability.exact()))
            }
        }
    }

    fn response(&self, body: &FeedbackResponse) -> String {
        let feedback = self.entries_of(&[body.feedback]);
        match body.accepted {
            true => format!("takes the feedback of {feedback} into the next plan{}", why(&body.reason)),
            false => format!("declines the feedback of {feedback}{}", why(&body.reason)),
        }
    }
}

/// Returns where everything about the work stands that later statements may name.
pub(super) fn places(agreement: &Agreement) -> Vec<(StatementId, u64)> {
    let now = agreement.last_admitted();
    let risks = agreement.risks_at(now).into_iter().filter_map(|risk| match risk.source {
        RiskSource::Register { id, index } => Some((id, index)),
        RiskSource::Maintenance { .. } => None,
    });
    let feedback = agreement.feedback().into_iter().map(|view| (view.id, view.index));
    let commitments = agreement.commitments_at(now).into_iter().map(|view| (view.id, view.index));
    let challenges = agreement.challenges().map(|view| (view.id, view.index));
    let all: Vec<(StatementId, u64)> = risks.chain(feedback).chain(commitments).collect();
    all.into_iter().chain(challenges).collect()
}

fn commitment(body: &MaintenanceCommitment) -> String {
    let dates: Vec<String> = body.due.iter().map(|due| until_text(*due)).collect();
    format!("commits itself to maintenance, \"{}\", by {}", plain(&body.title), some(&dates))
}

/// The grounds of a challenge as people write them, and what each means.
pub const GROUNDS: [(Ground, &str, &str); 6] = [
    (Ground::NotDone, "not-done", "the work was not done as claimed"),
    (Ground::Quantity, "quantity", "the quantity is too high"),
    (Ground::Quality, "quality", "the quality is below what was accepted"),
    (Ground::Affiliation, "affiliation", "it is another party's work"),
    (Ground::Rights, "rights", "it may not be used"),
    (Ground::CountedTwice, "counted-twice", "it is counted elsewhere"),
];

/// Says what a ground means.
#[must_use]
pub fn ground(ground: Ground) -> &'static str {
    GROUNDS.iter().find(|(known, ..)| *known == ground).map_or("of an unknown ground", |(_, _, says)| says)
}
