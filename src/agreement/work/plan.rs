//! Plans: tasks with budgets of points, and the work that is accepted on them.
//!
//! The floor mass of a dimension is the points that its plan expects (`formula.md`); so the budgets of a dimension add up
//! to exactly that. A dimension without floor mass expects nothing that could be planned: it has no tasks, and work in it
//! is accepted explicitly, as all unplanned work is.
//!
//! A budget is used by what is accepted on its task, unless the attestation that completes the acceptance says that it
//! accepts unplanned work. What a task has used goes over to the next plan if that has a task of the same name in the same
//! dimension, whoever does it then.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    agreement::{
        Agreement, Entry,
        contribution::{Outcome, Slot},
        put_away::form::plain,
        refusal::{Refusal, work::WorkRefusal},
    },
    split::{Exact, exact_text},
    statement::{
        Contribution, Verdict,
        id::StatementId,
        terms::Name,
        work::{Contingency, Milestone, Plan, Task},
    },
    time::Timestamp,
};

/// The plan in force.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::agreement) struct PlanInForce {
    /// The statement that moved it.
    id: StatementId,
    /// The entry that put it in force.
    index: u64,
    /// From 1.
    revision: u32,
    /// The risk for which it took the place of another.
    risk: Option<StatementId>,
    plan: Plan,
    tasks: BTreeMap<Name, TaskAccount>,
}

/// What a task has used of its budget.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct TaskAccount {
    /// Its position in the plan.
    position: usize,
    owner: usize,
    dimension: usize,
    /// The entry of the first of the plans that have had it without a break: what was accepted before is not counted.
    since: u64,
    #[serde(with = "plain")]
    used: Exact,
}

/// The plan in force, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanView<'a> {
    /// The statement that moved it: a plan or a contingency.
    pub id: StatementId,
    /// The index of the entry that put it in force.
    pub index: u64,
    /// How many plans there were up to this one.
    pub revision: u32,
    /// The risk that had come, if it is the plan for that.
    pub risk: Option<StatementId>,
    /// The feedback that it took in.
    pub feedback: &'a [StatementId],
    /// The tasks, in their order.
    pub tasks: Vec<TaskView<'a>>,
    /// The milestones, in their order.
    pub milestones: Vec<MilestoneView<'a>>,
}

/// A task of the plan in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskView<'a> {
    /// What the plan says.
    pub task: &'a Task,
    /// The position of the party that does it.
    pub owner: usize,
    /// The position of its dimension.
    pub dimension: usize,
    /// The points accepted within its budget.
    pub used: &'a Exact,
    /// Whether its budget is used up: all work that was planned is accepted.
    pub done: bool,
    /// Whether it should be done and is not.
    pub overdue: bool,
}

/// A milestone of the plan in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MilestoneView<'a> {
    /// What the plan says.
    pub milestone: &'a Milestone,
    /// Whether all its tasks are done.
    pub done: bool,
    /// Whether it should be reached and is not.
    pub overdue: bool,
}

/// What the contributions of one attestation use of budgets, by task.
pub(in crate::agreement) type Uses = BTreeMap<Name, Exact>;

impl PlanInForce {
    /// Returns the task that a contribution belongs to. What is another's task by now, or counts elsewhere, or is in the
    /// plan no more, is unplanned.
    fn task_of(&self, slot: &Slot) -> Option<(&Name, &TaskAccount)> {
        let (name, task) = self.tasks.get_key_value(slot.task.as_ref()?)?;
        (task.owner == slot.party && task.dimension == slot.dimension).then_some((name, task))
    }

    fn budget(&self, task: &TaskAccount) -> Exact {
        self.plan.tasks[task.position].budget.exact()
    }

    fn is_done(&self, task: &Name) -> bool {
        self.tasks.get(task).is_none_or(|task| task.used >= self.budget(task))
    }
}

impl Agreement {
    /// Returns the plan in force as it stands at `now`.
    #[must_use]
    pub fn plan_at(&self, now: Timestamp) -> Option<PlanView<'_>> {
        let plan = self.work.plan.as_ref()?;
        let tasks = plan.plan.tasks.iter().filter_map(|task| {
            let TaskAccount { owner, dimension, used, .. } = plan.tasks.get(&task.name)?;
            let done = plan.is_done(&task.name);
            let overdue = !done && task.due < now;
            Some(TaskView { task, owner: *owner, dimension: *dimension, used, done, overdue })
        });
        let milestones = plan.plan.milestones.iter().map(|milestone| {
            let done = milestone.tasks.iter().all(|task| plan.is_done(task));
            MilestoneView { milestone, done, overdue: !done && milestone.due < now }
        });
        Some(PlanView {
            id: plan.id,
            index: plan.index,
            revision: plan.revision,
            risk: plan.risk,
            feedback: &plan.plan.feedback,
            tasks: tasks.collect(),
            milestones: milestones.collect(),
        })
    }

    /// Checks a plan: tasks, then budgets, milestones and feedback.
    pub(in crate::agreement) fn check_plan(&self, plan: &Plan) -> Result<(), Refusal> {
        let mut sums: BTreeMap<usize, Exact> = BTreeMap::new();
        for task in &plan.tasks {
            let Some(owner) = self.directory().party(&task.owner) else {
                let (task, owner) = (task.name.clone(), task.owner.clone());
                return Err(WorkRefusal::TaskOwnerUnknown { task, owner }.into());
            };
            self.check_stays(owner)?;
            let Some(dimension) = self.directory().dimension(&task.dimension) else {
                let (task, dimension) = (task.name.clone(), task.dimension.clone());
                return Err(WorkRefusal::TaskDimensionUnknown { task, dimension }.into());
            };
            if self.terms().dimensions[dimension].floor_mass.is_zero() {
                let (task, dimension) = (task.name.clone(), task.dimension.clone());
                return Err(WorkRefusal::TaskWithoutFloorMass { task, dimension }.into());
            }
            *sums.entry(dimension).or_insert(Exact::ZERO) += task.budget.exact();
        }
        for (position, dimension) in self.terms().dimensions.iter().enumerate() {
            let sum = sums.remove(&position).unwrap_or(Exact::ZERO);
            if sum != dimension.floor_mass.exact() {
                let (dimension, floor_mass) = (dimension.name.clone(), dimension.floor_mass);
                return Err(WorkRefusal::BudgetsNotFloorMass { dimension, sum: exact_text(&sum), floor_mass }.into());
            }
        }
        for milestone in &plan.milestones {
            let known = |name: &Name| plan.tasks.iter().any(|task| task.name == *name);
            if let Some(task) = milestone.tasks.iter().find(|task| !known(task)) {
                let (milestone, task) = (milestone.title.clone(), task.clone());
                return Err(WorkRefusal::MilestoneTaskUnknown { milestone, task }.into());
            }
        }
        Ok(plan.feedback.iter().try_for_each(|feedback| self.work.feedback.check_accepted(*feedback))?)
    }

    pub(in crate::agreement) fn check_contingency(&self, mover: usize, body: &Contingency) -> Result<(), Refusal> {
        self.check_risk_owner(mover, body.risk)?;
        self.check_plan(&body.plan)
    }

    /// Puts a plan in force that `id` moved; `risk`: because that has come.
    pub(in crate::agreement) fn adopt(&mut self, entry: Entry, id: StatementId, plan: Plan, risk: Option<StatementId>) {
        let mut before = self.work.plan.take();
        let revision = before.as_ref().map_or(1, |plan| plan.revision.saturating_add(1));
        let mut tasks = BTreeMap::new();
        for (position, task) in plan.tasks.iter().enumerate() {
            let names = (self.directory().party(&task.owner), self.directory().dimension(&task.dimension));
            let (Some(owner), Some(dimension)) = names else { continue };
            let old = before.as_mut().and_then(|plan| plan.tasks.remove(&task.name));
            let (since, used) = match old.filter(|old| old.dimension == dimension) {
                Some(old) => (old.since, old.used),
                None => (entry.index, Exact::ZERO),
            };
            tasks.insert(task.name.clone(), TaskAccount { position, owner, dimension, since, used });
        }
        plan.feedback.iter().for_each(|feedback| self.work.feedback.take_in(*feedback));
        self.work.plan = Some(PlanInForce { id, index: entry.index, revision, risk, plan, tasks });
    }

    /// Checks that a contribution of `party` may name the task it does.
    pub(in crate::agreement) fn check_task(&self, party: usize, body: &Contribution) -> Result<(), WorkRefusal> {
        let Some(name) = &body.task else { return Ok(()) };
        let task = self.work.plan.as_ref().and_then(|plan| plan.tasks.get(name));
        let Some(task) = task else { return Err(WorkRefusal::UnknownTask { task: name.clone() }) };
        if task.owner != party {
            let (owner, party) = (self.party_name(task.owner), self.party_name(party));
            return Err(WorkRefusal::NotTaskOwner { task: name.clone(), owner, party });
        }
        if self.directory().unit(&body.unit).is_none_or(|unit| unit.dimension != task.dimension) {
            let dimension = self.terms().dimensions[task.dimension].name.clone();
            return Err(WorkRefusal::TaskDimensionOther { task: name.clone(), dimension, unit: body.unit.clone() });
        }
        Ok(())
    }

    /// Checks that a contribution may be accepted under the plan in force, if there is one. `points`: what it counts, if
    /// that completes its acceptance; `uses`: what the attestation uses of budgets so far.
    pub(in crate::agreement) fn check_budget(
        &self,
        contribution: StatementId,
        slot: &Slot,
        (unplanned, points): (bool, Option<&Exact>),
        uses: &mut Uses,
    ) -> Result<(), WorkRefusal> {
        let Some(plan) = self.work.plan.as_ref().filter(|_| !unplanned) else { return Ok(()) };
        let Some((name, task)) = plan.task_of(slot) else {
            return Err(WorkRefusal::UnplannedNotAccepted { contribution });
        };
        let Some(points) = points else { return Ok(()) };
        let left = plan.budget(task) - &task.used - uses.get(name).unwrap_or(&Exact::ZERO);
        if *points > left {
            let (left, points) = (exact_text(&left.max(Exact::ZERO)), exact_text(points));
            return Err(WorkRefusal::TaskBudgetExceeded { contribution, task: name.clone(), left, points });
        }
        *uses.entry(name.clone()).or_insert(Exact::ZERO) += points;
        Ok(())
    }

    pub(in crate::agreement) fn use_budgets(&mut self, uses: Uses) {
        let Some(plan) = &mut self.work.plan else { return };
        for (name, points) in uses {
            if let Some(task) = plan.tasks.get_mut(&name) {
                task.used += points;
            }
        }
    }

    /// Gives back what the contribution in entry `index` used of a budget, if it did: it counts no more, or something else.
    pub(in crate::agreement) fn give_budget_back(&mut self, index: u64) {
        let Some(slot) = self.contributions.slots.get(&index) else { return };
        if let Some((task, points)) = task_used(&mut self.work.plan, slot) {
            task.used -= points;
        }
    }

    /// The contribution in entry `index` was decided, and uses of a budget what it counts since, whether that is left or not.
    pub(in crate::agreement) fn use_budget_again(&mut self, index: u64) {
        let Some(slot) = self.contributions.slots.get(&index) else { return };
        if let Some((task, points)) = task_used(&mut self.work.plan, slot) {
            task.used += points;
        }
    }
}

/// Returns the task whose budget a contribution has used, and what of it.
fn task_used<'a>(plan: &'a mut Option<PlanInForce>, slot: &'a Slot) -> Option<(&'a mut TaskAccount, &'a Exact)> {
    let Outcome::Accepted { at, .. } = slot.outcome else { return None };
    // The last judgement is the one that decided.
    let verdict = slot.judgements.last()?.verdict;
    if !matches!(verdict, Verdict::Accepted { unplanned: false, .. }) {
        return None;
    }
    let (_, points) = slot.counted_at(u64::MAX).filter(|(party, _)| *party == slot.party)?;
    let task = plan.as_mut()?.tasks.get_mut(slot.task.as_ref()?)?;
    (task.dimension == slot.dimension && at > task.since).then_some((task, points))
}
